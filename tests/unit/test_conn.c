/* SPDX-License-Identifier: MIT */
/* Connections: every stream test on every host with every chunk size. */
#include "worlds.h"

#include "socket_internal.h"

#define BIG_BYTES 100000

static void test_read_in(void)
{
    struct pair pair = open_pair();
    char buffer[16] = "";
    size_t n = 0;

    simhost_peer_send(pair.peer, "foobar", 6, SIMHOST_MS(20));
    while (n < 6) {
        const ptrdiff_t result =
            wasock_conn_read(&pair.conn, buffer + n, sizeof(buffer) - n);
        assert_true(result > 0);
        n += (size_t)result;
    }
    assert_memory_equal(buffer, "foobar", 6);
    assert_int_equal(wasock_conn_try_read(&pair.conn, buffer, 1),
                     -WASOCK_EAGAIN);
    simhost_peer_shutdown(pair.peer, SIMHOST_MS(5));
    assert_int_equal(wasock_conn_read(&pair.conn, buffer, 1), 0);
    assert_int_equal(wasock_conn_read(&pair.conn, buffer, 1), 0);
    assert_int_equal(wasock_conn_try_read(&pair.conn, buffer, 1), 0);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_read)

static void test_readv_in(void)
{
    struct pair pair = open_pair();
    char bytes[10] = "";
    const struct wasock_buffer buffers[] = {
        {bytes, 0}, {bytes, 2}, {bytes + 2, 0}, {bytes + 2, 3}, {bytes + 5, 5}};
    size_t n = 0;

    simhost_peer_send(pair.peer, "0123456789", 10, SIMHOST_MS(1));
    while (n < 10) {
        char before[10];
        memcpy(before, bytes, sizeof(before));
        const ptrdiff_t result = wasock_conn_readv(&pair.conn, buffers, 5);
        assert_in_range(result, 1, 10);
        assert_memory_equal(bytes, &"0123456789"[n], (size_t)result);
        n += (size_t)result;
    }
    assert_int_equal(wasock_conn_try_readv(&pair.conn, buffers, 5),
                     -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_try_readv(&pair.conn, buffers, 1), 0);
    assert_int_equal(wasock_conn_readv(&pair.conn, buffers, 0), 0);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_readv)

static void test_write_in(void)
{
    static char big[BIG_BYTES];
    struct pair pair = open_pair();

    for (size_t i = 0; i < BIG_BYTES; i++) {
        big[i] = (char)(i * 31 % 251);
    }
    simhost_peer_set_window(pair.peer, 5000);
    simhost_peer_set_reading(pair.peer, 1000);
    assert_int_equal(wasock_conn_write(&pair.conn, big, BIG_BYTES), BIG_BYTES);
    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_WRITE),
                     0);
    simhost_settle();
    assert_received(pair.peer, big, BIG_BYTES);
    assert_int_equal(simhost_peer_end(pair.peer), SIMHOST_END_STREAM);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_write)

/* On a truthful host a long write polls to the end, once for each wait: no wait
 * becomes a nap, or a poll more, only because others came before it. */
static void test_a_long_write_does_not_nap(void **unused)
{
    static char big[BIG_BYTES];
    const struct wasock_slice slices[] = {{big, BIG_BYTES / 2},
                                          {big, BIG_BYTES / 2}};

    (void)unused;
    for (int i = 0; i < 2; i++) {
        simhost_reset(1, &simhost_ideal);
        struct pair pair = open_pair();
        simhost_peer_set_window(pair.peer, 1000);
        simhost_peer_set_reading(pair.peer, 1000);
        const uint64_t before_ns = simhost_now_ns();
        const uint64_t n_sends = simhost_calls(SIMHOST_SOCK_SEND);
        const uint64_t n_polls = simhost_calls(SIMHOST_POLL_ONEOFF);
        assert_int_equal(i == 0 ? wasock_conn_write(&pair.conn, big, BIG_BYTES)
                                : wasock_conn_writev(&pair.conn, slices, 2),
                         BIG_BYTES);
        assert_in_range(simhost_now_ns() - before_ns, 0,
                        2 * BIG_BYTES * MS / 1000);
        /* A send that moves bytes and one that returns EAGAIN for each. */
        assert_true(2 * (simhost_calls(SIMHOST_POLL_ONEOFF) - n_polls) <=
                    simhost_calls(SIMHOST_SOCK_SEND) - n_sends + 2);
        close_pair(&pair);
        simhost_check();
    }
}

/* Every way to cut 10 bytes into three slices with empty ones among them. */
static void test_writev_in(void)
{
    static const char text[] = "0123456789";
    struct pair pair = open_pair();
    size_t n_sent = 0;

    simhost_peer_set_window(pair.peer, 7);
    simhost_peer_set_reading(pair.peer, 2);
    for (size_t a = 0; a <= 10; a++) {
        for (size_t b = a; b <= 10; b++) {
            const struct wasock_slice slices[] = {
                {text, 0},     {text, a},          {text + a, b - a},
                {text + b, 0}, {text + b, 10 - b}, {text, 0}};
            struct wasock_slice copy[6];
            memcpy(copy, slices, sizeof(copy));
            assert_int_equal(wasock_conn_writev(&pair.conn, slices, 6), 10);
            assert_memory_equal(slices, copy, sizeof(copy));
            n_sent += 10;
        }
    }
    simhost_settle();
    size_t n = 0;
    const uint8_t *bytes = simhost_peer_received(pair.peer, &n);
    assert_int_equal(n, n_sent);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(bytes[i], text[i % 10]);
    }
    const struct wasock_slice none[] = {{text, 0}, {text, 0}};
    assert_int_equal(wasock_conn_writev(&pair.conn, none, 2), 0);
    assert_int_equal(wasock_conn_try_writev(&pair.conn, none, 0), 0);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_writev)

static void test_try_write_in(void)
{
    static char big[BIG_BYTES];
    struct pair pair = open_pair();
    const struct wasock_slice slice = {big, sizeof(big)};

    simhost_peer_set_window(pair.peer, 10);
    simhost_peer_set_reading(pair.peer, 0);
    size_t n_written = 0;
    ptrdiff_t n = 0;
    while ((n = wasock_conn_try_write(&pair.conn, big, sizeof(big))) > 0) {
        n_written += (size_t)n;
    }
    assert_int_equal(n, -WASOCK_EAGAIN);
    assert_int_equal(n_written, 10);
    assert_int_equal(wasock_conn_try_writev(&pair.conn, &slice, 1),
                     -WASOCK_EAGAIN);
    simhost_peer_read(pair.peer, 10, SIMHOST_NOW);
    assert_in_range(wasock_conn_try_writev(&pair.conn, &slice, 1), 1, 10);
    simhost_peer_set_reading(pair.peer, SIZE_MAX);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_try_write)

/* H: a deadline is sticky, beats data, and can be lifted. */
static void test_deadlines_in(void)
{
    struct pair pair = open_pair();
    struct wasock_socket *socket = &pair.conn.socket;
    char buffer[8];

    const uint64_t deadline_ns = wasock_deadline_after_ms(50);
    assert_int_equal(
        wasock_socket_set_deadline_ns(socket, WASOCK_READABLE, deadline_ns), 0);
    assert_int_equal(wasock_conn_read(&pair.conn, buffer, 8),
                     -WASOCK_EDEADLINE);
    assert_in_range(simhost_now_ns(), deadline_ns, deadline_ns + 20 * MS);
    simhost_peer_send(pair.peer, "x", 1, SIMHOST_NOW);
    assert_int_equal(wasock_conn_read(&pair.conn, buffer, 8),
                     -WASOCK_EDEADLINE);
    assert_int_equal(wasock_conn_write(&pair.conn, "y", 1), 1);
    assert_int_equal(wasock_conn_try_read(&pair.conn, buffer, 8), 1);
    wasock_socket_set_deadline_ns(socket, WASOCK_READABLE, WASOCK_NO_DEADLINE);
    simhost_peer_send(pair.peer, "z", 1, SIMHOST_MS(30));
    assert_int_equal(wasock_conn_read(&pair.conn, buffer, 8), 1);
    wasock_socket_set_deadline_ns(socket, WASOCK_READABLE | WASOCK_WRITABLE,
                                  WASOCK_DEADLINE_PAST);
    assert_int_equal(wasock_conn_write(&pair.conn, "y", 1), -WASOCK_EDEADLINE);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_deadlines)

/* Transfer nothing, in each way; the first result that is not `expected`. */
static ptrdiff_t transfer_nothing(struct wasock_conn *conn, ptrdiff_t expected)
{
    char byte = 0;
    const struct wasock_slice slice = {"x", 0};
    const struct wasock_buffer room = {&byte, 0};
    const ptrdiff_t results[] = {
        wasock_conn_read(conn, &byte, 0),
        wasock_conn_try_read(conn, &byte, 0),
        wasock_conn_readv(conn, &room, 1),
        wasock_conn_try_readv(conn, &room, 1),
        wasock_conn_write(conn, "x", 0),
        wasock_conn_try_write(conn, "x", 0),
        wasock_conn_writev(conn, &slice, 1),
        wasock_conn_try_writev(conn, &slice, 1),
    };

    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        if (results[i] != expected) {
            return results[i];
        }
    }
    return expected;
}

/* A transfer of nothing is decided here: before deadlines, ends and errors. */
static void test_nothing_is_transferred(void **unused)
{
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    simhost_peer_send(pair.peer, "x", 1, SIMHOST_NOW);
    uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(transfer_nothing(&pair.conn, 0), 0);
    wasock_socket_set_deadline_ns(&pair.conn.socket,
                                  WASOCK_READABLE | WASOCK_WRITABLE,
                                  WASOCK_DEADLINE_PAST);
    assert_int_equal(transfer_nothing(&pair.conn, 0), 0);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), n_calls);
    simhost_fail(SIMHOST_SOCK_RECV, 1, WASOCK_ECONNRESET, 1);
    assert_int_equal(wasock_conn_try_read(&pair.conn, &byte, 1),
                     -WASOCK_ECONNRESET);
    n_calls = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(transfer_nothing(&pair.conn, 0), 0);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), n_calls);
    close_pair(&pair);
    assert_int_equal(transfer_nothing(&pair.conn, -WASOCK_ECLOSED),
                     -WASOCK_ECLOSED);
}

/* E2: stopped halfway it returns the count, and stays usable. */
static void test_write_stopped_by_its_deadline_in(void)
{
    struct pair pair = open_pair();

    simhost_peer_set_window(pair.peer, 4);
    simhost_peer_set_reading(pair.peer, 0);
    wasock_socket_set_deadline_ns(&pair.conn.socket, WASOCK_WRITABLE,
                                  wasock_deadline_after_ms(30));
    assert_int_equal(wasock_conn_write(&pair.conn, "0123456789", 10), 4);
    assert_int_equal(wasock_conn_write(&pair.conn, "456789", 6),
                     -WASOCK_EDEADLINE);
    wasock_socket_set_deadline_ns(&pair.conn.socket, WASOCK_WRITABLE,
                                  WASOCK_NO_DEADLINE);
    simhost_peer_set_reading(pair.peer, SIZE_MAX);
    assert_int_equal(wasock_conn_write(&pair.conn, "456789", 6), 6);
    simhost_settle();
    assert_received(pair.peer, "0123456789", 10);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_write_stopped_by_its_deadline)

/* The same after a single byte, of a write from the first on. */
static void test_a_write_of_one_byte_is_stopped(void **unused)
{
    const struct wasock_slice slices[] = {{"01", 2}, {"234", 3}};

    (void)unused;
    for (int i = 0; i < 2; i++) {
        simhost_reset(1, &simhost_ideal);
        struct pair pair = open_pair();
        simhost_peer_set_window(pair.peer, 1);
        simhost_peer_set_reading(pair.peer, 0);
        wasock_socket_set_timeout_ns(&pair.conn.socket, WASOCK_WRITABLE,
                                     30 * MS);
        assert_int_equal(i == 0 ? wasock_conn_write(&pair.conn, "01234", 5)
                                : wasock_conn_writev(&pair.conn, slices, 2),
                         1);
        simhost_peer_set_reading(pair.peer, SIZE_MAX);
        close_pair(&pair);
    }
}

/* A reset is returned again and again, by whatever code of the host. */
static void test_reset_in(void)
{
    struct pair pair = open_pair();
    struct wasock_conn sharer = {0};
    char buffer[8];

    assert_int_equal(wasock_conn_share(&pair.conn, &sharer), 0);
    simhost_peer_reset(pair.peer, SIMHOST_NOW);
    const ptrdiff_t cause = wasock_conn_read(&pair.conn, buffer, 8);
    assert_true(cause < 0 && wasock_err_is_disconnect(cause));
    assert_int_equal(wasock_conn_read(&pair.conn, buffer, 8), cause);
    assert_int_equal(wasock_conn_try_read(&pair.conn, buffer, 8), cause);
    const struct wasock_buffer room = {buffer, 8};
    const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(wasock_conn_try_readv(&pair.conn, &room, 1), cause);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), n_calls);
    assert_int_equal(wasock_conn_try_read(&sharer, buffer, 8), cause);
    assert_int_equal(wasock_conn_close(&sharer), 0);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_reset)

/* E5: after our own shutdown it is EPIPE on every host, decided here. */
static void test_half_close_in(void)
{
    struct pair pair = open_pair();
    const struct wasock_slice slice = {"x", 1};
    char buffer[8];

    assert_int_equal(wasock_conn_write(&pair.conn, "bye", 3), 3);
    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_WRITE),
                     0);
    const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(wasock_conn_write(&pair.conn, "x", 1), -WASOCK_EPIPE);
    assert_int_equal(wasock_conn_try_write(&pair.conn, "x", 1), -WASOCK_EPIPE);
    assert_int_equal(wasock_conn_try_writev(&pair.conn, &slice, 1),
                     -WASOCK_EPIPE);
    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_WRITE),
                     0);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), n_calls);
    simhost_settle();
    assert_received(pair.peer, "bye", 3);
    assert_int_equal(simhost_peer_end(pair.peer), SIMHOST_END_STREAM);
    if (!is_host(&simhost_wamr)) { /* quirk 35: it shuts both halves */
        simhost_peer_send(pair.peer, "ok", 2, SIMHOST_MS(1));
        assert_true(wasock_conn_read(&pair.conn, buffer, 8) > 0);
    }
    simhost_peer_close(pair.peer, SIMHOST_NOW);
    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_BOTH), 0);
    assert_int_equal(wasock_conn_shutdown(&pair.conn, (enum wasock_shutdown)0),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_conn_shutdown(&pair.conn, (enum wasock_shutdown)4),
                     -WASOCK_EINVAL);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_half_close)

/* F1: to shut the reading half leaves the other one. */
static void test_shut_reading_in(void)
{
    struct pair pair = open_pair();
    char byte = 0;

    if (is_host(&simhost_wamr)) {
        close_pair(&pair);
        return; /* quirk 35: it shuts both halves */
    }
    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_READ), 0);
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 0);
    assert_int_equal(wasock_conn_write(&pair.conn, "still", 5), 5);
    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_BOTH), 0);
    assert_int_equal(wasock_conn_write(&pair.conn, "x", 1), -WASOCK_EPIPE);
    simhost_settle();
    assert_received(pair.peer, "still", 5);
    assert_int_equal(simhost_peer_end(pair.peer), SIMHOST_END_STREAM);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_shut_reading)

/* To shut both halves ends reading, though wazero leaves that half open. */
static void test_shut_both_in(void)
{
    struct pair pair = open_pair();
    char byte = 0;

    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_BOTH), 0);
    assert_int_equal(wasock_conn_try_read(&pair.conn, &byte, 1), 0);
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 0);
    assert_int_equal(wasock_conn_write(&pair.conn, "x", 1), -WASOCK_EPIPE);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_shut_both)

/* Halves that are shut one after the other are both shut, and are not shut
 * again. */
static void test_shut_one_by_one(void **unused)
{
    struct wasock_conn sharer = {0};
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_wazero);
    struct pair pair = open_pair();
    assert_int_equal(wasock_conn_share(&pair.conn, &sharer), 0);
    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_READ), 0);
    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_WRITE),
                     0);
    const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_BOTH), 0);
    assert_int_equal(wasock_conn_shutdown(&sharer, WASOCK_SHUTDOWN_BOTH), 0);
    assert_int_equal(wasock_conn_write(&sharer, "x", 1), -WASOCK_EPIPE);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), n_calls);
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 0);
    assert_int_equal(wasock_conn_close(&sharer), 0);
    close_pair(&pair);
}

/* A shutdown that fails leaves the halves open, unless the peer is gone. */
static void test_failing_shutdowns(void **unused)
{
    struct wasock_conn conn = {0};

    (void)unused;
    simhost_reset(1, &simhost_wamr);
    struct pair pair = open_pair();
    simhost_fail(SIMHOST_SOCK_SHUTDOWN, 1, WASOCK_ENOBUFS, 1);
    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_WRITE),
                     -WASOCK_ENOBUFS);
    assert_int_equal(wasock_conn_write(&pair.conn, "x", 1), 1);
    simhost_fail(SIMHOST_SOCK_SHUTDOWN, 1, WASOCK_ENOTCONN, 1);
    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_WRITE),
                     0);
    assert_int_equal(wasock_conn_write(&pair.conn, "x", 1), -WASOCK_EPIPE);
    close_pair(&pair);
    /* On WAMR only use shows that it is a listener. */
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_conn_from_fd(&conn, fd), 0);
    simhost_fail(SIMHOST_SOCK_SHUTDOWN, 1, WASOCK_ENOTCAPABLE, 1);
    assert_int_equal(wasock_conn_shutdown(&conn, WASOCK_SHUTDOWN_WRITE),
                     -WASOCK_ENOTCONNECTION);
    assert_int_equal(wasock_conn_into_fd(&conn), fd);
}

/* Quirk 34: every peer sees the end of the stream. */
static void test_close_is_seen_in(void)
{
    struct pair pair = open_pair();

    assert_int_equal(wasock_conn_write(&pair.conn, "bye", 3), 3);
    close_pair(&pair);
    simhost_settle();
    assert_received(pair.peer, "bye", 3);
    assert_int_equal(simhost_peer_end(pair.peer), SIMHOST_END_STREAM);
}
IN_EVERY_WORLD(test_close_is_seen)

/* The same where the listener has waited, so that the host is known: where its
 * close is enough, that is all it is asked for. */
static void test_close_on_a_known_host_is_seen_in(void)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    const int fd = simhost_preopen(SIMHOST_LISTENER);

    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    struct simhost_peer *peer = simhost_connect(fd, SIMHOST_MS(30));
    assert_int_equal(wasock_listener_accept(&listener, &conn), 0);
    assert_int_equal(wasock_conn_write(&conn, "bye", 3), 3);
    const uint64_t n_shutdowns = simhost_calls(SIMHOST_SOCK_SHUTDOWN);
    assert_int_equal(wasock_conn_close(&conn), 0);
    const bool is_shut = simhost_calls(SIMHOST_SOCK_SHUTDOWN) > n_shutdowns;
    simhost_settle();
    assert_received(peer, "bye", 3);
    assert_int_equal(simhost_peer_end(peer), SIMHOST_END_STREAM);
    assert_int_equal(is_shut,
                     simhost_knobs.profile.close != SIMHOST_CLOSE_SENDS_END);
    assert_int_equal(wasock_listener_close(&listener), 0);
}
IN_EVERY_WORLD(test_close_on_a_known_host_is_seen)

/* K5: a write that had to wait, on hosts that know no readiness for writing as
 * on others, does not end reading. */
static void test_a_write_that_waited_does_not_end_reading_in(void)
{
    struct pair pair = open_pair();
    char buffer[8];

    simhost_peer_set_window(pair.peer, 4);
    simhost_peer_set_reading(pair.peer, 0);
    wasock_socket_set_deadline_ns(&pair.conn.socket, WASOCK_WRITABLE,
                                  wasock_deadline_after_ms(30));
    assert_int_equal(wasock_conn_write(&pair.conn, "0123456789", 10), 4);
    simhost_peer_send(pair.peer, "x", 1, SIMHOST_NOW);
    assert_int_equal(wasock_conn_read(&pair.conn, buffer, 8), 1);
    simhost_peer_send(pair.peer, "y", 1, SIMHOST_MS(30));
    assert_int_equal(wasock_conn_read(&pair.conn, buffer, 8), 1);
    assert_int_equal(buffer[0], 'y');
    simhost_peer_set_reading(pair.peer, SIZE_MAX);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_a_write_that_waited_does_not_end_reading)

static void assert_closed(struct wasock_conn *conn)
{
    struct wasock_conn other = {0};
    const struct wasock_slice slice = {"x", 1};
    struct wasock_addr addr;
    char byte = 0;
    const struct wasock_buffer room = {&byte, 1};
    struct wasock_socket *socket = &conn->socket;
    const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);

    assert_false(wasock_socket_is_open(socket));
    assert_int_equal(wasock_conn_read(conn, &byte, 1), -WASOCK_ECLOSED);
    assert_int_equal(transfer_nothing(conn, -WASOCK_ECLOSED), -WASOCK_ECLOSED);
    assert_int_equal(wasock_conn_try_read(conn, &byte, 1), -WASOCK_ECLOSED);
    assert_int_equal(wasock_conn_readv(conn, &room, 1), -WASOCK_ECLOSED);
    assert_int_equal(wasock_conn_try_readv(conn, &room, 1), -WASOCK_ECLOSED);
    assert_int_equal(wasock_conn_write(conn, "x", 1), -WASOCK_ECLOSED);
    assert_int_equal(wasock_conn_try_write(conn, "x", 1), -WASOCK_ECLOSED);
    assert_int_equal(wasock_conn_writev(conn, &slice, 1), -WASOCK_ECLOSED);
    assert_int_equal(wasock_conn_try_writev(conn, &slice, 1), -WASOCK_ECLOSED);
    assert_int_equal(wasock_conn_shutdown(conn, WASOCK_SHUTDOWN_BOTH),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock_conn_share(conn, &other), -WASOCK_ECLOSED);
    assert_int_equal(wasock_conn_into_fd(conn), -WASOCK_ECLOSED);
    assert_int_equal(wasock_conn_close(conn), -WASOCK_ECLOSED);
    assert_int_equal(wasock_socket_set_deadline_ns(
                         socket, WASOCK_READABLE | WASOCK_WRITABLE, 1),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock_socket_set_deadline_ns(socket, WASOCK_READABLE, 1),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock_socket_set_deadline_ns(socket, WASOCK_WRITABLE, 1),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock_socket_set_label(socket, "x"), -WASOCK_ECLOSED);
    assert_int_equal(wasock_socket_fd(socket), -WASOCK_ECLOSED);
    assert_int_equal(wasock_socket_local_addr(socket, &addr), -WASOCK_ECLOSED);
    assert_int_equal(wasock_socket_remote_addr(socket, &addr), -WASOCK_ECLOSED);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), n_calls);
}

/* G1, A8: one code for the use of anything closed, however it came to be, and
 * no host call: F6, another connection has the number by now. */
static void test_use_after_close(void **unused)
{
    struct wasock_conn adopted = {0};
    struct wasock_conn datagrams = {0};
    struct wasock_conn sharer = {0};
    struct wasock_conn next = {0};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    assert_closed(&adopted); /* all bytes are zero */
    const int datagram_fd = simhost_preopen(SIMHOST_DATAGRAM);
    const int conn_fd = simhost_preopen(SIMHOST_CONNECTION);
    struct pair pair = open_pair();
    const int accepted_fd = wasock_socket_fd(&pair.conn.socket);
    assert_int_equal(wasock_conn_from_fd(&adopted, conn_fd), 0);
    assert_int_equal(wasock_conn_from_fd(&datagrams, datagram_fd), 0);
    assert_int_equal(wasock_conn_share(&pair.conn, &sharer), 0);
    assert_int_equal(wasock_conn_close(&pair.conn), 0);
    assert_closed(&pair.conn);
    assert_int_equal(wasock_conn_close(&sharer), 0);
    assert_int_equal(wasock_conn_close(&adopted), 0);
    assert_int_equal(wasock_conn_close(&datagrams), 0);
    for (int fd = datagram_fd; fd <= accepted_fd; fd++) {
        if (fd != wasock_socket_fd(&pair.listener.socket)) {
            simhost_connect(wasock_socket_fd(&pair.listener.socket),
                            SIMHOST_NOW);
            assert_int_equal(wasock_listener_accept(&pair.listener, &next), 0);
            assert_int_equal(wasock_conn_into_fd(&next), fd);
        }
    }
    assert_closed(&sharer);
    assert_closed(&adopted);
    assert_closed(&datagrams);
    assert_closed(&next);
}

/* Design section 5: what is ready costs one host call. */
static void test_calls_an_operation(void **unused)
{
    char buffer[8];

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    struct pair pair = open_pair();
    struct wasock_socket *socket = &pair.conn.socket;
    const struct wasock_slice slices[] = {{"a", 1}, {"b", 1}};
    const struct wasock_buffer buffers[] = {{buffer, 2}, {buffer + 2, 2}};

#define COSTS(n, expression)                                                   \
    do {                                                                       \
        const uint64_t before = simhost_calls(SIMHOST_ANY_CALL);               \
        assert_true((expression) >= 0);                                        \
        assert_int_equal(simhost_calls(SIMHOST_ANY_CALL) - before, n);         \
    } while (0)
    simhost_peer_send(pair.peer, "0123456789", 10, SIMHOST_NOW);
    COSTS(1, wasock_conn_try_read(&pair.conn, buffer, 1));
    COSTS(1, wasock_conn_read(&pair.conn, buffer, 1));
    COSTS(1, wasock_conn_readv(&pair.conn, buffers, 2));
    COSTS(1, wasock_conn_try_readv(&pair.conn, buffers, 2));
    COSTS(1, wasock_conn_try_write(&pair.conn, "x", 1));
    COSTS(1, wasock_conn_write(&pair.conn, "x", 1));
    COSTS(1, wasock_conn_writev(&pair.conn, slices, 1));
    COSTS(2, wasock_conn_writev(&pair.conn, slices, 2)); /* which host? */
    COSTS(1, wasock_conn_writev(&pair.conn, slices, 2));
    COSTS(1, wasock_conn_try_writev(&pair.conn, slices, 2));
    COSTS(0, wasock_conn_write(&pair.conn, "", 0));
    COSTS(0, wasock_conn_read(&pair.conn, buffer, 0));
    wasock_socket_set_deadline_ns(socket, WASOCK_READABLE | WASOCK_WRITABLE,
                                  wasock_deadline_after_ms(100));
    COSTS(2, wasock_conn_read(&pair.conn, buffer, 1));
    COSTS(2, wasock_conn_write(&pair.conn, "x", 1));
    COSTS(1, wasock_conn_try_write(&pair.conn, "x", 1));
    simhost_peer_read(pair.peer, 100, SIMHOST_NOW);
    while (wasock_conn_try_read(&pair.conn, buffer, 8) > 0) {
    }
    close_pair(&pair);
    simhost_check();
}

/* A9/H8: adoption makes it non-blocking, whatever it was. */
static void test_adoption(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        struct wasock_conn conn = {0};
        struct wasock_fd_stat stat;
        simhost_reset(host + 1, simhost_profiles[host]);
        const int fd = simhost_preopen(SIMHOST_CONNECTION);
        simhost_set_nonblocking(fd, false);
        assert_int_equal(wasock_conn_from_fd(&conn, fd), 0);
        assert_int_equal(wasock_fd_stat(fd, &stat), 0);
        assert_true(stat.is_nonblocking);
        assert_int_equal(wasock_socket_fd(&conn.socket), fd);
        assert_int_equal(wasock_conn_into_fd(&conn), fd);
        assert_false(wasock_socket_is_open(&conn.socket));
        assert_int_equal(wasock_conn_from_fd(&conn, fd), 0);
        assert_int_equal(wasock_conn_close(&conn), 0);
        simhost_allow(SIMHOST_BAD_FD, true);
        assert_int_equal(wasock_conn_from_fd(&conn, 99), -WASOCK_EBADF);
        simhost_check();
    }
}

/* A2, A3: each kind of descriptor has its answer, and is left as it was. */
static void test_adoption_of_each_kind(void **unused)
{
    static const struct {
        enum simhost_kind kind;
        int as_conn;
        int as_listener;
    } rows[] = {
        {SIMHOST_UNKNOWN, -WASOCK_ENOTSOCK, -WASOCK_ENOTSOCK},
        {SIMHOST_BLOCK_DEVICE, -WASOCK_ENOTSOCK, -WASOCK_ENOTSOCK},
        {SIMHOST_CHARACTER_DEVICE, -WASOCK_ENOTSOCK, -WASOCK_ENOTSOCK},
        {SIMHOST_DIRECTORY, -WASOCK_ENOTSOCK, -WASOCK_ENOTSOCK},
        {SIMHOST_FILE, -WASOCK_ENOTSOCK, -WASOCK_ENOTSOCK},
        {SIMHOST_SYMBOLIC_LINK, -WASOCK_ENOTSOCK, -WASOCK_ENOTSOCK},
        {SIMHOST_DATAGRAM, 0, -WASOCK_ENOTSUP},
        {SIMHOST_CONNECTION, 0, -WASOCK_ENOTLISTENER},
        {SIMHOST_LISTENER, -WASOCK_ENOTCONNECTION, 0},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wasock_conn conn = {0};
        struct wasock_listener listener = {0};
        simhost_reset(i + 1, &simhost_wazero);
        const int fd = simhost_preopen(rows[i].kind);
        const int fd2 = simhost_preopen(rows[i].kind);
        assert_int_equal(wasock_conn_from_fd(&conn, fd), rows[i].as_conn);
        assert_int_equal(wasock_listener_from_fd(&listener, fd2),
                         rows[i].as_listener);
        if (rows[i].as_conn < 0 && rows[i].as_listener < 0) {
            assert_int_equal(simhost_calls(SIMHOST_FD_FDSTAT_SET_FLAGS), 0);
        }
    }
}

/* Where the host does not tell, the first use does, with the same code. */
static void test_the_first_use_detects_the_role_on_wamr(void **unused)
{
    struct wasock_conn conn = {0};
    struct wasock_conn accepted = {0};
    struct wasock_listener listener = {0};
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_wamr);
    const int listener_fd = simhost_preopen_at(3, SIMHOST_LISTENER);
    const int conn_fd = simhost_preopen_at(4, SIMHOST_CONNECTION);
    assert_int_equal(wasock_conn_from_fd(&conn, listener_fd), 0);
    assert_int_equal(wasock_conn_read(&conn, &byte, 1), -WASOCK_ENOTCONNECTION);
    assert_int_equal(wasock_listener_from_fd(&listener, conn_fd), 0);
    assert_int_equal(wasock_listener_accept(&listener, &accepted),
                     -WASOCK_ENOTLISTENER);
}

static void test_datagrams(void **unused)
{
    struct wasock_conn conn = {0};
    char buffer[8];

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    const int fd = simhost_preopen(SIMHOST_DATAGRAM);
    struct simhost_peer *peer = simhost_peer_of(fd);
    assert_int_equal(wasock_conn_from_fd(&conn, fd), 0);
    simhost_peer_send(peer, "12345", 5, SIMHOST_MS(1));
    assert_int_equal(wasock_conn_read(&conn, buffer, 3), 3);
    assert_int_equal(wasock_conn_try_read(&conn, buffer, 3), -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_write(&conn, "abc", 3), 3);
    assert_int_equal(simhost_peer_n_datagrams(peer), 1);
    assert_int_equal(wasock_conn_shutdown(&conn, WASOCK_SHUTDOWN_WRITE),
                     -WASOCK_ENOTSUP);
    simhost_fail(SIMHOST_SOCK_SEND, 1, WASOCK_EMSGSIZE, 1);
    assert_int_equal(wasock_conn_write(&conn, "abc", 3), -WASOCK_EMSGSIZE);
    assert_int_equal(wasock_conn_write(&conn, "abc", 3), 3);
    /* What one send cannot take would be a datagram cut, or two. */
    struct wasock_slice slices[WASOCK_SLICES_MAX + 1];
    for (size_t i = 0; i < WASOCK_SLICES_MAX + 1; i++) {
        slices[i] = (struct wasock_slice){"x", 1};
    }
    assert_int_equal(
        wasock_conn_try_writev(&conn, slices, WASOCK_SLICES_MAX + 1),
        -WASOCK_EMSGSIZE);
    assert_int_equal(wasock_conn_writev(&conn, slices, WASOCK_SLICES_MAX + 1),
                     -WASOCK_EMSGSIZE);
    assert_int_equal(simhost_peer_n_datagrams(peer), 2);
    assert_int_equal(wasock_conn_writev(&conn, slices, WASOCK_SLICES_MAX),
                     WASOCK_SLICES_MAX);
    assert_int_equal(simhost_peer_n_datagrams(peer), 3);
    assert_int_equal(wasock_conn_close(&conn), 0);
    simhost_check();
}

/* What no count could tell of is not begun. */
static void test_counts_above_the_maximum(void **unused)
{
    const size_t too_long = (size_t)PTRDIFF_MAX + 1;
    const struct wasock_slice half = {"x", too_long / 2};
    const struct wasock_slice all = {"x", SIZE_MAX};
    const struct wasock_slice halves[] = {half, half};
    const struct wasock_slice alls[] = {all, all};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(wasock_conn_write(&pair.conn, "x", too_long),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_conn_writev(&pair.conn, halves, 2), -WASOCK_EINVAL);
    assert_int_equal(wasock_conn_writev(&pair.conn, alls, 2), -WASOCK_EINVAL);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), n_calls);
    /* The maximum itself is. */
    const struct wasock_slice largest = {"x", PTRDIFF_MAX};
    simhost_fail(SIMHOST_SOCK_SEND, 1, WASOCK_ENOMEM, 2);
    assert_int_equal(wasock_conn_write(&pair.conn, "x", PTRDIFF_MAX),
                     -WASOCK_ENOMEM);
    assert_int_equal(wasock_conn_writev(&pair.conn, &largest, 1),
                     -WASOCK_ENOMEM);
    close_pair(&pair);
    simhost_check();
}

/* A send after any failure that ended reading kills iwasm. */
static void test_a_read_that_failed_ends_writing(void **unused)
{
    static const int errors[] = {WASOCK_ECONNRESET, WASOCK_ETIMEDOUT,
                                 WASOCK_EIO};
    char byte = 0;

    (void)unused;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        simhost_reset(1, &simhost_ideal);
        struct pair pair = open_pair();
        simhost_fail(SIMHOST_SOCK_RECV, 1, errors[i], 1);
        assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), -errors[i]);
        const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
        assert_int_equal(wasock_conn_write(&pair.conn, "x", 1), -WASOCK_EPIPE);
        assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), n_calls);
        close_pair(&pair);
        simhost_check();
    }
}

/* One that is no disconnect does not, and an error of writing stays. */
static void test_a_read_that_failed_leaves_writing(void **unused)
{
    const struct wasock_slice slice = {"x", 1};
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    simhost_fail(SIMHOST_SOCK_RECV, 1, WASOCK_EFAULT, 1);
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), -WASOCK_EFAULT);
    assert_int_equal(wasock_conn_write(&pair.conn, "x", 1), 1);
    close_pair(&pair);
    pair = open_pair();
    simhost_fail(SIMHOST_SOCK_SEND, 1, WASOCK_ETIMEDOUT, 1);
    assert_int_equal(wasock_conn_write(&pair.conn, "x", 1), -WASOCK_ETIMEDOUT);
    simhost_fail(SIMHOST_SOCK_RECV, 1, WASOCK_ECONNRESET, 1);
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1),
                     -WASOCK_ECONNRESET);
    assert_int_equal(wasock_conn_try_write(&pair.conn, "x", 1),
                     -WASOCK_ETIMEDOUT);
    assert_int_equal(wasock_conn_try_writev(&pair.conn, &slice, 1),
                     -WASOCK_ETIMEDOUT);
    close_pair(&pair);
}

/* E1: what a host must not say. */
static void test_impossible_counts_of_a_host(void **unused)
{
    char buffer[8];

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    simhost_lie(SIMHOST_SOCK_SEND, 1, SIMHOST_LIE_NOTHING, 1);
    assert_int_equal(wasock_conn_write(&pair.conn, "abc", 3), -WASOCK_EHOST);
    assert_int_equal(wasock_conn_write(&pair.conn, "abc", 3), -WASOCK_EHOST);
    simhost_lie(SIMHOST_SOCK_RECV, 1, SIMHOST_LIE_TOO_MUCH, 1);
    assert_int_equal(wasock_conn_read(&pair.conn, buffer, 8), -WASOCK_EHOST);
    close_pair(&pair);
    simhost_check();
}

/* A host that is short of memory for a moment does not end a connection. */
static void test_transient_errors_are_not_remembered(void **unused)
{
    static const int32_t errors[] = {WASOCK_ENOMEM, WASOCK_ENOBUFS};
    struct wasock_slice slices[] = {{"a", 1}, {"b", 1}};
    char bytes[8];
    struct wasock_buffer room = {bytes, sizeof(bytes)};

    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        simhost_reset(i + 1, &simhost_ideal);
        struct pair pair = open_pair();
        struct wasock_conn *conn = &pair.conn;
        simhost_peer_send(pair.peer, "abc", 3, SIMHOST_NOW);
        simhost_fail(SIMHOST_SOCK_RECV, 1, errors[i], 2);
        assert_int_equal(wasock_conn_try_read(conn, bytes, 8), -errors[i]);
        assert_int_equal(wasock_conn_readv(conn, &room, 1), -errors[i]);
        assert_int_equal(wasock_conn_read(conn, bytes, 8), 3);
        simhost_fail(SIMHOST_SOCK_SEND, 1, errors[i], 2);
        assert_int_equal(wasock_conn_try_write(conn, "x", 1), -errors[i]);
        assert_int_equal(wasock_conn_writev(conn, slices, 2), -errors[i]);
        assert_int_equal(wasock_conn_write(conn, "yz", 2), 2);
        assert_received(pair.peer, "yz", 2);
        /* A permanent one is. */
        simhost_fail(SIMHOST_SOCK_RECV, 1, WASOCK_ECONNRESET, 1);
        assert_int_equal(wasock_conn_try_read(conn, bytes, 8),
                         -WASOCK_ECONNRESET);
        assert_int_equal(wasock_conn_try_read(conn, bytes, 8),
                         -WASOCK_ECONNRESET);
        close_pair(&pair);
        simhost_check();
    }
}

/* Read with room for `capacity` bytes. Returns the activity that shows. */
static unsigned activity_of_read(struct pair *pair, size_t capacity)
{
    char buffer[8];
    const ptrdiff_t n = wasock_conn_try_read(&pair->conn, buffer, capacity);
    const unsigned activity = pair->conn.socket.activity_;

    assert_true(n >= 0 || n == -WASOCK_EAGAIN);
    pair->conn.socket.activity_ = 0;
    return activity;
}

/* What a poller learns from the calls on a connection, until it looks. */
static void test_activity(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    simhost_peer_send(pair.peer, "123456", 6, SIMHOST_NOW);
    assert_int_equal(activity_of_read(&pair, 4),
                     WASOCK__ACTIVITY_MOVED | WASOCK__ACTIVITY_MORE);
    assert_int_equal(activity_of_read(&pair, 4), WASOCK__ACTIVITY_MOVED);
    assert_int_equal(activity_of_read(&pair, 4), WASOCK__ACTIVITY_DRY);
    /* It adds up. */
    simhost_peer_send(pair.peer, "1", 1, SIMHOST_NOW);
    pair.conn.socket.activity_ = WASOCK__ACTIVITY_DRY;
    assert_int_equal(activity_of_read(&pair, 4),
                     WASOCK__ACTIVITY_DRY | WASOCK__ACTIVITY_MOVED);
    pair.conn.socket.activity_ = WASOCK__ACTIVITY_MOVED;
    assert_int_equal(activity_of_read(&pair, 4),
                     WASOCK__ACTIVITY_DRY | WASOCK__ACTIVITY_MOVED);
    pair.conn.socket.activity_ = WASOCK__ACTIVITY_DRY;
    assert_int_equal(wasock_conn_try_write(&pair.conn, "x", 1), 1);
    assert_int_equal(pair.conn.socket.activity_,
                     WASOCK__ACTIVITY_DRY | WASOCK__ACTIVITY_MOVED);
    /* EOF is read as bytes are, though wazero never returns it. */
    pair.conn.socket.activity_ = 0;
    simhost_peer_shutdown(pair.peer, SIMHOST_NOW);
    assert_int_equal(activity_of_read(&pair, 4), WASOCK__ACTIVITY_MOVED);
    close_pair(&pair);
    simhost_reset(1, &simhost_wazero);
    pair = open_pair();
    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_BOTH), 0);
    pair.conn.socket.activity_ = WASOCK__ACTIVITY_DRY;
    assert_int_equal(activity_of_read(&pair, 4),
                     WASOCK__ACTIVITY_DRY | WASOCK__ACTIVITY_MOVED);
    close_pair(&pair);
    simhost_check();
}

/* wazero, given two buffers, loses what it has read into the first if that
 * stays short: it is given one. */
static void test_a_readv_loses_nothing(void **unused)
{
    char bytes[4];
    const struct wasock_buffer buffers[] = {{bytes, 2}, {bytes + 2, 2}};

    (void)unused;
    simhost_reset(1, &simhost_wazero);
    struct pair pair = open_pair();
    simhost_peer_send(pair.peer, "1", 1, SIMHOST_NOW);
    assert_int_equal(wasock_conn_try_readv(&pair.conn, buffers, 2), 1);
    simhost_peer_send(pair.peer, "234", 3, SIMHOST_NOW);
    assert_int_equal(wasock_conn_try_readv(&pair.conn, buffers, 2), 2);
    assert_int_equal(wasock_conn_try_readv(&pair.conn, buffers, 2), 1);
    assert_int_equal(bytes[0], '4');
    close_pair(&pair);
    simhost_check();
}

/* A host may fill only the first buffer: then there may be more. */
static void test_a_readv_fills_or_not(void **unused)
{
    char first[2];
    char second[8];
    const struct wasock_buffer buffers[] = {
        {first, 0}, {first, 2}, {second, 8}};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    simhost_peer_send(pair.peer, "1", 1, SIMHOST_NOW);
    assert_int_equal(wasock_conn_try_readv(&pair.conn, buffers, 3), 1);
    assert_int_equal(pair.conn.socket.activity_, WASOCK__ACTIVITY_MOVED);
    simhost_peer_send(pair.peer, "12", 2, SIMHOST_NOW);
    assert_int_equal(wasock_conn_try_readv(&pair.conn, buffers, 3), 2);
    assert_int_equal(pair.conn.socket.activity_,
                     WASOCK__ACTIVITY_MOVED | WASOCK__ACTIVITY_MORE);
    close_pair(&pair);
    simhost_check();
}

/* Halves that are shut, errors and roles belong to the descriptor. */
static void test_a_sharer_knows_what_was_known(void **unused)
{
    struct wasock_conn sharer = {0};
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    assert_int_equal(wasock_conn_shutdown(&pair.conn, WASOCK_SHUTDOWN_WRITE),
                     0);
    simhost_fail(SIMHOST_SOCK_RECV, 1, WASOCK_ECONNRESET, 1);
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1),
                     -WASOCK_ECONNRESET);
    assert_int_equal(wasock_conn_share(&pair.conn, &sharer), 0);
    const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(wasock_conn_write(&sharer, "x", 1), -WASOCK_EPIPE);
    assert_int_equal(wasock_conn_read(&sharer, &byte, 1), -WASOCK_ECONNRESET);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), n_calls);
    assert_int_equal(wasock_conn_close(&sharer), 0);
    close_pair(&pair);
    simhost_check();
}

/* On a host whose poll is fake, what comes at once is read at once, by each of
 * the calls that wait. */
static void test_the_first_nap_is_a_millisecond(void **unused)
{
    char byte = 0;
    const struct wasock_buffer buffer = {&byte, 1};

    (void)unused;
    for (int is_vectored = 0; is_vectored < 2; is_vectored++) {
        simhost_reset(1, &simhost_wazero);
        struct pair pair = open_pair();
        const uint64_t start_ns = simhost_now_ns();
        simhost_peer_send(pair.peer, "x", 1, MS / 2);
        assert_int_equal(is_vectored ? wasock_conn_readv(&pair.conn, &buffer, 1)
                                     : wasock_conn_read(&pair.conn, &byte, 1),
                         1);
        assert_in_range(simhost_now_ns() - start_ns, MS / 2, MS);
        close_pair(&pair);
        simhost_check();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_readv),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_a_long_write_does_not_nap),
        cmocka_unit_test(test_writev),
        cmocka_unit_test(test_try_write),
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_nothing_is_transferred),
        cmocka_unit_test(test_write_stopped_by_its_deadline),
        cmocka_unit_test(test_a_write_of_one_byte_is_stopped),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_shut_reading),
        cmocka_unit_test(test_shut_both),
        cmocka_unit_test(test_shut_one_by_one),
        cmocka_unit_test(test_failing_shutdowns),
        cmocka_unit_test(test_close_is_seen),
        cmocka_unit_test(test_close_on_a_known_host_is_seen),
        cmocka_unit_test(test_a_write_that_waited_does_not_end_reading),
        cmocka_unit_test(test_use_after_close),
        cmocka_unit_test(test_calls_an_operation),
        cmocka_unit_test(test_adoption),
        cmocka_unit_test(test_adoption_of_each_kind),
        cmocka_unit_test(test_the_first_use_detects_the_role_on_wamr),
        cmocka_unit_test(test_datagrams),
        cmocka_unit_test(test_counts_above_the_maximum),
        cmocka_unit_test(test_a_read_that_failed_ends_writing),
        cmocka_unit_test(test_a_read_that_failed_leaves_writing),
        cmocka_unit_test(test_transient_errors_are_not_remembered),
        cmocka_unit_test(test_impossible_counts_of_a_host),
        cmocka_unit_test(test_activity),
        cmocka_unit_test(test_a_sharer_knows_what_was_known),
        cmocka_unit_test(test_a_readv_loses_nothing),
        cmocka_unit_test(test_a_readv_fills_or_not),
        cmocka_unit_test(test_the_first_nap_is_a_millisecond),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
