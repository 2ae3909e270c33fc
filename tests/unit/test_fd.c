/* SPDX-License-Identifier: MIT */
/* The thin layer: one host call a function, and the polls of a few. */
#include "worlds.h"

#define GIB ((size_t)1 << 30)

static void test_stat_and_names(void **unused)
{
    static const struct {
        enum simhost_kind kind;
        enum wasock_fd_kind expected;
        const char *name;
    } rows[] = {
        {SIMHOST_UNKNOWN, WASOCK_FD_UNKNOWN, "unknown"},
        {SIMHOST_BLOCK_DEVICE, WASOCK_FD_BLOCK_DEVICE, "block device"},
        {SIMHOST_CHARACTER_DEVICE, WASOCK_FD_CHARACTER_DEVICE,
         "character device"},
        {SIMHOST_DIRECTORY, WASOCK_FD_DIRECTORY, "directory"},
        {SIMHOST_FILE, WASOCK_FD_FILE, "file"},
        {SIMHOST_DATAGRAM, WASOCK_FD_SOCKET_DGRAM, "datagram socket"},
        {SIMHOST_LISTENER, WASOCK_FD_SOCKET_STREAM, "stream socket"},
        {SIMHOST_CONNECTION, WASOCK_FD_SOCKET_STREAM, "stream socket"},
        {SIMHOST_SYMBOLIC_LINK, WASOCK_FD_SYMBOLIC_LINK, "symbolic link"},
    };
    struct wasock_fd_stat stat;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int fd = simhost_preopen(rows[i].kind);
        assert_int_equal(wasock_fd_stat(fd, &stat), 0);
        assert_int_equal(stat.kind, rows[i].expected);
        assert_string_equal(wasock_fd_kind_name(stat.kind), rows[i].name);
    }
    assert_int_equal(wasock_fd_stat(999, &stat), -WASOCK_EBADF);
    assert_string_equal(wasock_fd_kind_name((enum wasock_fd_kind)200),
                        "unknown");
}

static void test_mode_is_verified(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_wazero);
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_fd_set_nonblocking(fd), 0);
    simhost_set_nonblocking(fd, false);
    simhost_lie(SIMHOST_FD_FDSTAT_SET_FLAGS, 1, SIMHOST_LIE_NOTHING, 1);
    assert_int_equal(wasock_fd_set_nonblocking(fd), -WASOCK_ENOTSUP);
    simhost_fail(SIMHOST_FD_FDSTAT_SET_FLAGS, 1, WASOCK_EINVAL, 1);
    assert_int_equal(wasock_fd_set_nonblocking(fd), -WASOCK_EINVAL);
    simhost_fail(SIMHOST_FD_FDSTAT_GET, 1, WASOCK_EIO, 1);
    assert_int_equal(wasock_fd_set_nonblocking(fd), -WASOCK_EIO);
}

/* Lengths: nothing is no call, too much is cut, many slices as well. */
static void test_lengths(void **unused)
{
    static struct wasock_slice slices[1100];
    static struct wasock_buffer buffers[1100];
    static char bytes[1100];

    (void)unused;
    simhost_reset(1, &simhost_wasi_go);
    struct pair pair = open_pair();
    const int fd = wasock_socket_fd(&pair.conn.socket);
    const uint64_t before = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(wasock_fd_send(fd, bytes, 0), 0);
    assert_int_equal(wasock_fd_recv(fd, bytes, 0), 0);
    assert_int_equal(wasock_fd_read(fd, bytes, 0), 0);
    assert_int_equal(wasock_fd_write(fd, bytes, 0), 0);
    assert_int_equal(wasock_fd_sendv(fd, slices, 10), 0);
    assert_int_equal(wasock_fd_recvv(fd, buffers, 10), 0);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), before);
    for (size_t i = 0; i < 1100; i++) {
        bytes[i] = (char)i;
        slices[i].data = &bytes[i];
        slices[i].length = i > 9;
        buffers[i].data = &bytes[i];
        buffers[i].capacity = i > 9;
    }
    assert_int_equal(wasock_fd_sendv(fd, slices, 1100), 1024);
    simhost_peer_send(pair.peer, bytes, sizeof(bytes), SIMHOST_NOW);
    assert_int_equal(wasock_fd_recvv(fd, buffers, 1100), 1024);
    assert_int_equal(wasock_fd_read(fd, bytes, 1100), 1100 - 1024);
    assert_int_equal(wasock_fd_write(fd, bytes, 10), 10);
    close_pair(&pair);
    simhost_check();
}

/* A length above 1 GiB is cut to it; the memory need not exist. */
static void test_huge_lengths_are_cut(void **unused)
{
    static char bytes[16];
    const struct wasock_slice huge[] = {{bytes, 3 * GIB}, {bytes, 1}};
    const struct wasock_slice together[] = {{bytes, 8}, {bytes, GIB}};
    const struct wasock_buffer room[] = {{bytes, 3 * GIB}, {bytes, 1}};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    simhost_allow(SIMHOST_BAD_POINTER, true);
    struct pair pair = open_pair();
    const int fd = wasock_socket_fd(&pair.conn.socket);
    simhost_knobs.chunk_bytes = 4;
    assert_int_equal(wasock_fd_send(fd, bytes, 3 * GIB), 4);
    assert_int_equal(wasock_fd_sendv(fd, huge, 2), 4);
    assert_int_equal(wasock_fd_sendv(fd, together, 2), 4);
    simhost_peer_send(pair.peer, "01234567", 8, SIMHOST_NOW);
    assert_int_equal(wasock_fd_recv(fd, bytes, 3 * GIB), 4);
    assert_int_equal(wasock_fd_recvv(fd, room, 2), 4);
    assert_int_equal(wasock_fd_sendv(fd, huge, 1), 4);
    simhost_peer_send(pair.peer, "0123", 4, SIMHOST_NOW);
    assert_int_equal(wasock_fd_recvv(fd, room, 1), 4);
    close_pair(&pair);
}

/* Several slices go into one call as far as they are 1 GiB together. */
static void test_gib_of_slices(void **unused)
{
    static char bytes[32];
    static const size_t lengths[][3] = {
        {8, GIB - 8, 0}, {8, GIB - 7, 0}, {8, 8, GIB - 15}};
    static const ptrdiff_t counts[] = {20, 8, 16};

    (void)unused;
    for (size_t i = 0; i < 3; i++) {
        struct wasock_slice slices[3];
        struct wasock_buffer buffers[3];
        for (size_t j = 0; j < 3; j++) {
            slices[j] = (struct wasock_slice){bytes, lengths[i][j]};
            buffers[j] = (struct wasock_buffer){bytes, lengths[i][j]};
        }
        simhost_reset(1, &simhost_ideal);
        simhost_allow(SIMHOST_BAD_POINTER, true);
        struct pair pair = open_pair();
        const int fd = wasock_socket_fd(&pair.conn.socket);
        simhost_knobs.chunk_bytes = 20;
        simhost_peer_send(pair.peer, bytes, 20, SIMHOST_NOW);
        assert_int_equal(wasock_fd_sendv(fd, slices, 3), counts[i]);
        assert_int_equal(wasock_fd_recvv(fd, buffers, 3), counts[i]);
        close_pair(&pair);
    }
}

/* Transfer 4 bytes, in one of six ways. */
static ptrdiff_t transfer(int way, int fd)
{
    static char bytes[4];
    const struct wasock_slice slices[] = {{bytes, 2}, {bytes, 2}};
    const struct wasock_buffer buffers[] = {{bytes, 2}, {bytes, 2}};

    switch (way) {
    case 0:
        return wasock_fd_recv(fd, bytes, 4);
    case 1:
        return wasock_fd_recvv(fd, buffers, 2);
    case 2:
        return wasock_fd_read(fd, bytes, 4);
    case 3:
        return wasock_fd_send(fd, bytes, 4);
    case 4:
        return wasock_fd_sendv(fd, slices, 2);
    default:
        return wasock_fd_write(fd, bytes, 4);
    }
}

/* What a host must not say: more bytes than were asked for, or nothing. */
static void test_counts_of_a_host_that_lies(void **unused)
{
    static const enum simhost_call calls[] = {
        SIMHOST_SOCK_RECV, SIMHOST_SOCK_RECV, SIMHOST_FD_READ,
        SIMHOST_SOCK_SEND, SIMHOST_SOCK_SEND, SIMHOST_FD_WRITE};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    const int fd = wasock_socket_fd(&pair.conn.socket);
    for (int way = 0; way < 6; way++) {
        simhost_lie(calls[way], 1, SIMHOST_LIE_TOO_MUCH, 1);
        assert_int_equal(transfer(way, fd), -WASOCK_EHOST);
        simhost_lie(calls[way], 1, SIMHOST_LIE_NOTHING, 1);
        assert_int_equal(transfer(way, fd), 0);
        simhost_fail(calls[way], 1, 1, 1);
        assert_int_equal(transfer(way, fd), -1);
        simhost_clear_faults();
    }
    close_pair(&pair);
}

static void test_waits_for_one(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        simhost_reset(host + 1, simhost_profiles[host]);
        simhost_allow(SIMHOST_FAKE_POLL_WRITE, true);
        struct pair pair = open_pair();
        const int fd = wasock_socket_fd(&pair.conn.socket);
        char byte = 0;
        assert_int_equal(wasock_fd_wait_until_ns(fd, WASOCK_WRITABLE,
                                                 wasock_deadline_after_ms(100)),
                         0);
        assert_int_equal(wasock_fd_wait_until_ns(fd, 0, WASOCK_NO_DEADLINE),
                         -WASOCK_EINVAL);
        assert_int_equal(wasock_fd_wait_until_ns(fd, 3, WASOCK_NO_DEADLINE),
                         -WASOCK_EINVAL);
        const uint64_t deadline_ns = wasock_deadline_after_ms(100);
        int result = 0;
        if (is_host(&simhost_wazero)) {
            /* Fake: it comes by the clock, and soon. */
            assert_int_equal(wasock_fd_wait_until_ns(fd, WASOCK_READABLE,
                                                     WASOCK_NO_DEADLINE),
                             0);
            assert_true(simhost_now_ns() < deadline_ns);
        } else {
            assert_int_equal(
                wasock_fd_wait_until_ns(fd, WASOCK_READABLE, deadline_ns),
                -WASOCK_EDEADLINE);
            assert_true(simhost_now_ns() >= deadline_ns);
        }
        simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(50));
        while ((result = wasock_fd_wait_until_ns(fd, WASOCK_READABLE,
                                                 WASOCK_NO_DEADLINE)) == 0 &&
               wasock_fd_recv(fd, &byte, 1) == -WASOCK_EAGAIN) {
        }
        assert_int_equal(result, 0);
        assert_int_equal(byte, 'x');
        close_pair(&pair);
        simhost_check();
    }
}

static void test_sleep(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        simhost_reset(host + 1, simhost_profiles[host]);
        const uint64_t deadline_ns = wasock_deadline_after_ms(70);
        assert_int_equal(wasock_fd_sleep_until_ns(deadline_ns), 0);
        assert_in_range(simhost_now_ns(), deadline_ns, deadline_ns + 3 * MS);
        assert_int_equal(wasock_fd_sleep_until_ns(WASOCK_DEADLINE_PAST), 0);
        assert_int_equal(wasock_fd_sleep_until_ns(WASOCK_NO_DEADLINE),
                         -WASOCK_EDEADLOCK);
        const uint64_t start_ns = wasock_clock_now_ns();
        assert_int_equal(wasock_fd_sleep_for_ns(70 * MS), 0);
        assert_in_range(simhost_now_ns(), start_ns + 70 * MS,
                        start_ns + 73 * MS);
        assert_int_equal(wasock_fd_sleep_for_ns(0), 0);
        assert_int_equal(wasock_fd_sleep_for_ns(WASOCK_FOREVER_NS),
                         -WASOCK_EDEADLOCK);
        simhost_check();
    }
}

static uint64_t n_polls(void)
{
    return simhost_calls(SIMHOST_POLL_ONEOFF);
}

/* A host is asked no more often than needed: a sleep is one poll, a wait two,
 * of which the first is short; one without a deadline has no clock. */
static void test_polls_of_a_wait(void **unused)
{
    struct wasock_poll_scratch scratch[WASOCK_POLL_SCRATCH_LENGTH(1)];

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    const int fd = wasock_socket_fd(&pair.conn.socket);
    struct wasock_poll_item item = {.fd = fd, .interest = WASOCK_READABLE};
    uint64_t before = n_polls();
    assert_int_equal(wasock_fd_sleep_for_ns(100 * MS), 0);
    assert_int_equal(n_polls() - before, 1);
    /* Hosts round a timeout down to milliseconds, so it is rounded up. */
    assert_int_equal(wasock_fd_sleep_for_ns(1), 0);
    assert_int_equal(n_polls() - before, 2);
    assert_int_equal(wasock_fd_sleep_for_ns(MS + 1), 0);
    assert_int_equal(n_polls() - before, 3);
    before = n_polls();
    assert_int_equal(wasock_fd_wait_for_ns(fd, WASOCK_READABLE, 100 * MS),
                     -WASOCK_EDEADLINE);
    assert_int_equal(n_polls() - before, 3); /* and a look at the deadline */
    before = n_polls();
    assert_int_equal(wasock_poll_for_ns(&item, 1, scratch, 100 * MS), 0);
    assert_int_equal(n_polls() - before, 3);
    simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(50));
    before = simhost_calls(SIMHOST_CLOCK_TIME_GET);
    assert_int_equal(
        wasock_fd_wait_for_ns(fd, WASOCK_READABLE, WASOCK_FOREVER_NS), 0);
    assert_int_equal(simhost_last_n_subscriptions(), 1);
    assert_int_equal(wasock_fd_wait_for_ns(fd, WASOCK_READABLE, 0), 0);
    assert_int_equal(simhost_calls(SIMHOST_CLOCK_TIME_GET), before);
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_ENOMEM, 3);
    assert_int_equal(wasock_fd_sleep_for_ns(MS), -WASOCK_ENOMEM);
    assert_int_equal(wasock_fd_wait_for_ns(fd, WASOCK_READABLE, MS),
                     -WASOCK_ENOMEM);
    assert_int_equal(wasock_poll_for_ns(&item, 1, scratch, MS), -WASOCK_ENOMEM);
    close_pair(&pair);
    simhost_check();
}

/* Each item has its own events, and one behind the array has none. */
static void test_items_of_a_poll(void **unused)
{
    struct wasock_poll_item items[5] = {
        {.fd = 0, .interest = 0},
        {.fd = -1, .interest = WASOCK_READABLE},
        {.fd = 4, .interest = WASOCK_WRITABLE},
        {.fd = 5, .interest = WASOCK_READABLE | WASOCK_WRITABLE},
        {.fd = 6, .interest = WASOCK_WRITABLE}};
    struct wasock_poll_scratch scratch[WASOCK_POLL_SCRATCH_LENGTH(4)];

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    for (int fd = 4; fd <= 6; fd++) {
        assert_int_equal(simhost_preopen_at(fd, SIMHOST_CONNECTION), fd);
        assert_int_equal(wasock_fd_set_nonblocking(fd), 0);
    }
    assert_int_equal(
        wasock_poll_until_ns(items, 2, scratch, WASOCK_NO_DEADLINE),
        -WASOCK_EDEADLOCK);
    assert_int_equal(
        wasock_poll_until_ns(items, 4, scratch, WASOCK_NO_DEADLINE), 2);
    assert_int_equal(simhost_last_n_subscriptions(), 3 + 1);
    assert_int_equal(items[0].ready, 0);
    assert_int_equal(items[1].ready, 0);
    assert_int_equal(items[2].ready, WASOCK_WRITABLE);
    assert_int_equal(items[3].ready, WASOCK_WRITABLE);
    simhost_peer_send(simhost_peer_of(5), "x", 1, SIMHOST_NOW);
    assert_int_equal(
        wasock_poll_until_ns(items, 4, scratch, WASOCK_DEADLINE_PAST), 2);
    assert_int_equal(items[3].ready, WASOCK_READABLE | WASOCK_WRITABLE);
    assert_int_equal(items[2].ready, WASOCK_WRITABLE);
    /* Standard input as well. */
    items[0].interest = WASOCK_READABLE;
    simhost_peer_send(simhost_peer_of(0), "x", 1, SIMHOST_MS(50));
    assert_int_equal(
        wasock_poll_until_ns(items, 2, scratch, WASOCK_NO_DEADLINE), 1);
    assert_int_equal(items[0].ready, WASOCK_READABLE);
}

/* Only what was reported is asked about again, and each direction for itself.
 */
static void test_what_is_confirmed(void **unused)
{
    struct wasock_poll_item items[2] = {
        {.fd = 4, .interest = WASOCK_READABLE | WASOCK_WRITABLE},
        {.fd = 5, .interest = WASOCK_READABLE}};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    for (int fd = 4; fd <= 5; fd++) {
        assert_int_equal(simhost_preopen_at(fd, SIMHOST_CONNECTION), fd);
        assert_int_equal(wasock_fd_set_nonblocking(fd), 0);
    }
    assert_int_equal(wasock_poll_confirm(items, 2), 0);
    assert_int_equal(n_polls(), 0);
    items[0].ready = WASOCK_READABLE | WASOCK_WRITABLE;
    const uint64_t start_ns = simhost_now_ns();
    assert_int_equal(wasock_poll_confirm(items, 2), 1);
    assert_int_equal(simhost_now_ns(), start_ns);
    assert_int_equal(n_polls(), 2);
    assert_int_equal(items[0].ready, WASOCK_WRITABLE);
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_ENOMEM, 1);
    assert_int_equal(wasock_poll_confirm(items, 2), 1);
    assert_int_equal(items[0].ready, WASOCK_WRITABLE); /* it stands */
    assert_int_equal(items[0].error, 0);
}

/* Where one bad descriptor fails the whole poll, only those are blamed that are
 * waited for and closed. */
static void test_who_is_to_blame(void **unused)
{
    struct wasock_poll_item items[6] = {
        {.fd = 78, .interest = WASOCK_READABLE},
        {.fd = -1, .interest = WASOCK_READABLE},
        {.fd = 77, .interest = 0},
        {.fd = 0, .interest = WASOCK_READABLE},
        {.fd = 4, .interest = WASOCK_READABLE},
        {.fd = 79, .interest = WASOCK_READABLE}};
    struct wasock_poll_scratch scratch[WASOCK_POLL_SCRATCH_LENGTH(5)];

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    simhost_allow(SIMHOST_BAD_FD, true);
    assert_int_equal(simhost_preopen_at(4, SIMHOST_CONNECTION), 4);
    assert_int_equal(wasock_fd_close(0), 0);
    assert_int_equal(
        wasock_poll_until_ns(items, 5, scratch, WASOCK_NO_DEADLINE), 2);
    assert_int_equal(items[0].error, -WASOCK_EBADF);
    assert_int_equal(items[1].error, 0);
    assert_int_equal(items[2].error, 0);
    assert_int_equal(items[3].error, -WASOCK_EBADF);
    assert_int_equal(items[4].error, 0);
    assert_int_equal(items[5].error, 0); /* behind the polled ones */
    /* The next wait forgets it. */
    items[0].fd = 4;
    items[3].fd = 4;
    assert_int_equal(
        wasock_poll_until_ns(items, 5, scratch, wasock_deadline_after_ms(1)),
        0);
    assert_int_equal(items[0].error, 0);
}

/* A signal ends no wait of this layer either. */
static void test_signals_do_not_end_a_wait(void **unused)
{
    struct wasock_poll_scratch scratch[WASOCK_POLL_SCRATCH_LENGTH(1)];

    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        simhost_reset(host + 1, simhost_profiles[host]);
        struct pair pair = open_pair();
        const int fd = wasock_socket_fd(&pair.conn.socket);
        struct wasock_poll_item item = {.fd = fd, .interest = WASOCK_READABLE};
        simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(5));
        simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EINTR, 100);
        assert_int_equal(
            wasock_fd_wait_for_ns(fd, WASOCK_READABLE, WASOCK_FOREVER_NS), 0);
        simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EINTR, 100);
        assert_int_equal(
            wasock_poll_for_ns(&item, 1, scratch, WASOCK_FOREVER_NS), 1);
        simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EINTR, 100);
        const uint64_t start_ns = simhost_now_ns();
        assert_int_equal(wasock_fd_sleep_for_ns(70 * MS), 0);
        assert_true(simhost_now_ns() >= start_ns + 70 * MS);
        close_pair(&pair);
        simhost_check();
    }
}

static void test_the_verdicts_of_hosts(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        simhost_reset(host + 1, simhost_profiles[host]);
        const int listener = simhost_preopen_at(3, SIMHOST_LISTENER);
        const int conn = simhost_preopen_at(4, SIMHOST_CONNECTION);
        const bool is_silent = is_host(&simhost_wamr);
        assert_int_equal(wasock_fd_is_listener(listener),
                         is_silent ? -WASOCK_ENOTSUP : 1);
        assert_int_equal(wasock_fd_is_listener(conn),
                         is_silent ? -WASOCK_ENOTSUP : 0);
        assert_int_equal(wasock_fd_set_nonblocking(listener), 0);
        assert_int_equal(wasock_fd_set_nonblocking(conn), 0);
        const bool is_fake = is_host(&simhost_wazero);
        assert_int_equal(wasock_fd_poll_is_fake(listener, true), is_fake);
        assert_int_equal(wasock_fd_poll_is_fake(conn, false), is_fake);
        simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_ENOMEM, 1);
        assert_int_equal(wasock_fd_poll_is_fake(conn, false), -WASOCK_ENOMEM);
    }
}

/* One that is ready, and several that are not. */
static void test_poll_and_confirm(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        struct wasock_poll_item items[4];
        struct wasock_poll_scratch scratch[WASOCK_POLL_SCRATCH_LENGTH(4)];
        simhost_reset(host + 1, simhost_profiles[host]);
        simhost_allow(SIMHOST_FAKE_POLL_WRITE, true);
        for (size_t i = 0; i < 4; i++) {
            items[i].fd = simhost_preopen_at(3 + (int)i, SIMHOST_CONNECTION);
            items[i].interest = WASOCK_READABLE;
            assert_int_equal(wasock_fd_set_nonblocking(items[i].fd), 0);
        }
        items[3].fd = -1;
        simhost_peer_send(simhost_peer_of(4), "x", 1, SIMHOST_MS(40));
        const bool is_fake = is_host(&simhost_wazero);
        const uint64_t deadline_ns = wasock_deadline_after_ms(100);
        int n = 0;
        do {
            n = wasock_poll_until_ns(items, 4, scratch, deadline_ns);
            assert_true(n > 0);
            n = wasock_poll_confirm(items, 4);
        } while (n == 0 || (is_fake && !simhost_truth(4).is_readable));
        assert_int_equal(n, is_fake ? 3 : 1);
        assert_int_equal(items[0].ready, is_fake ? WASOCK_READABLE : 0);
        assert_int_equal(items[1].ready, WASOCK_READABLE);
        assert_int_equal(items[3].ready, 0);
        /* Both directions of one. */
        items[1].interest = WASOCK_READABLE | WASOCK_WRITABLE;
        n = wasock_poll_until_ns(items, 4, scratch, WASOCK_DEADLINE_PAST);
        assert_true(n > 0);
        assert_int_equal(items[1].ready, WASOCK_READABLE | WASOCK_WRITABLE);
    }
}

static void test_poll_of_nothing(void **unused)
{
    struct wasock_poll_item item = {.fd = 3, .interest = 0};
    struct wasock_poll_scratch scratch[WASOCK_POLL_SCRATCH_LENGTH(1)];

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    assert_int_equal(
        wasock_poll_until_ns(&item, 1, scratch, WASOCK_NO_DEADLINE),
        -WASOCK_EDEADLOCK);
    const uint64_t deadline_ns = wasock_deadline_after_ms(30);
    assert_int_equal(wasock_poll_until_ns(&item, 1, scratch, deadline_ns), 0);
    assert_true(simhost_now_ns() >= deadline_ns);
    simhost_lie(SIMHOST_POLL_ONEOFF, 1, SIMHOST_LIE_TOO_MUCH, 1);
    assert_int_equal(
        wasock_poll_until_ns(&item, 1, scratch, WASOCK_DEADLINE_PAST),
        -WASOCK_EHOST);
}

/* Quirk 17: a dead one fails alone, whatever the host does. */
static void test_poll_with_a_dead_one(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        struct wasock_poll_item items[3];
        struct wasock_poll_scratch scratch[WASOCK_POLL_SCRATCH_LENGTH(3)];
        simhost_reset(host + 1, simhost_profiles[host]);
        simhost_allow(SIMHOST_BAD_FD, true);
        for (size_t i = 0; i < 3; i++) {
            items[i].fd = simhost_preopen_at(3 + (int)i, SIMHOST_CONNECTION);
            items[i].interest = WASOCK_READABLE;
            assert_int_equal(wasock_fd_set_nonblocking(items[i].fd), 0);
        }
        assert_int_equal(wasock_fd_close(4), 0);
        const int n = wasock_poll_until_ns(items, 3, scratch,
                                           wasock_deadline_after_ms(100));
        assert_true(n > 0);
        assert_int_equal(items[1].error, -WASOCK_EBADF);
        assert_int_equal(items[0].error, 0);
        assert_int_equal(items[2].error, 0);
        items[0].ready = WASOCK_READABLE;
        items[1].ready = WASOCK_READABLE;
        items[1].error = 0;
        assert_true(wasock_poll_confirm(items, 2) >= 1);
        assert_int_equal(items[1].error, -WASOCK_EBADF);
        assert_int_equal(items[1].ready, 0);
    }
}

static void test_poll_with_a_directory_on_wasmtime(void **unused)
{
    struct wasock_poll_item items[2] = {{.interest = WASOCK_READABLE},
                                        {.interest = WASOCK_READABLE}};
    struct wasock_poll_scratch scratch[WASOCK_POLL_SCRATCH_LENGTH(2)];

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    items[0].fd = simhost_preopen(SIMHOST_CONNECTION);
    items[1].fd = simhost_preopen(SIMHOST_DIRECTORY);
    assert_int_equal(
        wasock_poll_until_ns(items, 2, scratch, WASOCK_NO_DEADLINE), 1);
    assert_int_equal(items[0].error, 0);
    assert_int_equal(items[1].error, -WASOCK_EBADF);
    /* Nobody is to blame: the host's word stands. */
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EBADF, 1);
    assert_int_equal(
        wasock_poll_until_ns(items, 1, scratch, WASOCK_NO_DEADLINE),
        -WASOCK_EBADF);
}

static void test_shutdown_of_no_half(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_ideal);
    assert_int_equal(wasock_fd_shutdown(3, (enum wasock_shutdown)0),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_fd_shutdown(3, (enum wasock_shutdown)4),
                     -WASOCK_EINVAL);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stat_and_names),
        cmocka_unit_test(test_mode_is_verified),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_huge_lengths_are_cut),
        cmocka_unit_test(test_gib_of_slices),
        cmocka_unit_test(test_counts_of_a_host_that_lies),
        cmocka_unit_test(test_waits_for_one),
        cmocka_unit_test(test_sleep),
        cmocka_unit_test(test_polls_of_a_wait),
        cmocka_unit_test(test_items_of_a_poll),
        cmocka_unit_test(test_what_is_confirmed),
        cmocka_unit_test(test_who_is_to_blame),
        cmocka_unit_test(test_signals_do_not_end_a_wait),
        cmocka_unit_test(test_the_verdicts_of_hosts),
        cmocka_unit_test(test_poll_and_confirm),
        cmocka_unit_test(test_poll_of_nothing),
        cmocka_unit_test(test_poll_with_a_dead_one),
        cmocka_unit_test(test_poll_with_a_directory_on_wasmtime),
        cmocka_unit_test(test_shutdown_of_no_half),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
