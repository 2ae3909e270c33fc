/* SPDX-License-Identifier: MIT */
/* What listeners and connections share: watches, addresses, odd hosts. */
#include "worlds.h"

#include "socket_internal.h"

static void test_watches(void **unused)
{
    struct wasock_watch watches[3];
    struct wasock_watch *inboxes[3] = {NULL, NULL, NULL};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    struct wasock_socket *socket = &pair.conn.socket;
    for (size_t i = 0; i < 3; i++) {
        wasock__socket_watch(socket, &watches[i], &inboxes[i]);
    }
    wasock_socket_set_deadline_ns(socket, WASOCK_READABLE, 5);
    wasock_socket_set_deadline_ns(socket, WASOCK_WRITABLE, 5);
    for (size_t i = 0; i < 3; i++) {
        assert_ptr_equal(inboxes[i], &watches[i]);
        assert_int_equal(watches[i].changes_,
                         WASOCK__CHANGE_READ_DEADLINE |
                             WASOCK__CHANGE_WRITE_DEADLINE);
        assert_null(watches[i].next_changed_);
    }
    wasock__socket_unwatch(&watches[1]);
    wasock__socket_unwatch(&watches[1]);
    close_pair(&pair);
    assert_int_equal(watches[0].changes_ & WASOCK__CHANGE_CLOSED,
                     WASOCK__CHANGE_CLOSED);
    assert_int_equal(watches[1].changes_ & WASOCK__CHANGE_CLOSED, 0);
    assert_int_equal(watches[2].changes_ & WASOCK__CHANGE_CLOSED,
                     WASOCK__CHANGE_CLOSED);
    assert_null(watches[0].socket_);
    assert_null(watches[2].socket_);
}

/* I1: unspecified, with the label as far as it fits. */
static void test_addresses(void **unused)
{
    static const char label[] =
        "a label that is longer than the room for names is cut to fit into it, "
        "whatever that is, and it is by now long enough to be too long for it";
    struct wasock_addr addr;
    char text[WASOCK_ADDR_TEXT_CAPACITY];

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    assert_int_equal(wasock_socket_local_addr(&pair.conn.socket, &addr), 0);
    assert_int_equal(addr.family, WASOCK_ADDR_UNSPECIFIED);
    wasock_addr_format(&addr, text, sizeof(text));
    assert_string_equal(text, ":0");
    assert_int_equal(wasock_socket_set_label(&pair.conn.socket, label), 0);
    assert_int_equal(wasock_socket_local_addr(&pair.conn.socket, &addr), 0);
    assert_int_equal(strlen(addr.name), sizeof(addr.name) - 1);
    assert_memory_equal(addr.name, label, sizeof(addr.name) - 1);
    assert_int_equal(wasock_socket_remote_addr(&pair.conn.socket, &addr), 0);
    assert_int_equal(addr.family, WASOCK_ADDR_UNSPECIFIED);
    assert_int_equal(addr.name[0], 0);
    close_pair(&pair);
}

/* Whether a poll can be trusted is asked once a descriptor. */
static void test_the_hosts_poll_is_probed_once(void **unused)
{
    char byte = 0;

    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        simhost_reset(host + 1, simhost_profiles[host]);
        struct wasock_listener listener = {0};
        struct wasock_conn conn = {0};
        const int fd = simhost_preopen(SIMHOST_LISTENER);
        assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
        struct simhost_peer *peer = simhost_connect(fd, SIMHOST_MS(1));
        assert_int_equal(wasock_listener_accept(&listener, &conn), 0);
        assert_int_equal(listener.socket.facts_.host_poll,
                         is_host(&simhost_wazero) ? WASOCK__HOST_POLL_FAKE
                                                  : WASOCK__HOST_POLL_HONEST);
        assert_int_equal(conn.socket.facts_.host_poll,
                         listener.socket.facts_.host_poll);
        const uint64_t before = simhost_calls(SIMHOST_POLL_ONEOFF);
        simhost_peer_send(peer, "x", 1, SIMHOST_MS(1));
        assert_int_equal(wasock_conn_read(&conn, &byte, 1), 1);
        assert_int_equal(simhost_calls(SIMHOST_POLL_ONEOFF) - before, 1);
        assert_int_equal(wasock_conn_close(&conn), 0);
        assert_int_equal(wasock_listener_close(&listener), 0);
        simhost_check();
    }
}

/* A host that calls everything ready does not make a wait a busy loop. */
static void test_ready_without_end_naps(void **unused)
{
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(300));
    const uint64_t before = simhost_calls(SIMHOST_POLL_ONEOFF);
    simhost_set_event(wasock_socket_fd(&pair.conn.socket), WASOCK_EIO, 0);
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 1);
    assert_in_range(simhost_calls(SIMHOST_POLL_ONEOFF) - before, 20, 60);
    close_pair(&pair);
    simhost_check();
}

/* However many signals arrive, a wait goes on until data or its deadline. */
static void test_signals_do_not_end_a_wait(void **unused)
{
    char byte = 0;

    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        simhost_reset(host + 1, simhost_profiles[host]);
        struct pair pair = open_pair();
        simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(5));
        simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EINTR, 1000);
        assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 1);
        close_pair(&pair);
        simhost_check();
    }
}

/* A socket with interruptible waits returns EINTR for each signal. */
static void test_interruptible_waits(void **unused)
{
    struct wasock_conn conn = {0};
    char byte = 0;

    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        simhost_reset(host + 1, simhost_profiles[host]);
        struct pair pair = open_pair();
        struct wasock_socket *socket = &pair.conn.socket;
        assert_int_equal(wasock_socket_set_interruptible(socket, true), 0);
        for (int i = 0; i < 12; i++) {
            simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EINTR, 1);
            assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1),
                             -WASOCK_EINTR);
        }
        assert_int_equal(wasock_socket_set_interruptible(socket, false), 0);
        simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EINTR, 1);
        simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(5));
        assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 1);
        close_pair(&pair);
        simhost_check();
    }
    assert_int_equal(wasock_socket_set_interruptible(&conn.socket, true),
                     -WASOCK_ECLOSED);
}

/* Whichever poll of a wait it is: of the detection, the wait, the verification
 * after spurious wake-ups, or a nap. */
static void test_each_poll_that_fails_ends_a_wait(void **unused)
{
    char byte = 0;

    (void)unused;
    for (uint64_t nth = 1; nth < 12; nth++) {
        simhost_reset(nth, &simhost_ideal);
        struct pair pair = open_pair();
        simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(300));
        simhost_set_event(wasock_socket_fd(&pair.conn.socket), WASOCK_EIO, 0);
        simhost_fail(SIMHOST_POLL_ONEOFF, nth, WASOCK_ENOMEM, 1);
        assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1),
                         -WASOCK_ENOMEM);
        assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 1);
        close_pair(&pair);
        simhost_check();
    }
}

/* A descriptor that is called ready without end, and then no more. */
static void turn_event_on(void *context)
{
    simhost_set_event(*(int *)context, WASOCK_EIO, 0);
}

static void turn_event_off(void *context)
{
    simhost_set_event(*(int *)context, 0, 0);
}

/* Once the poll was right, the next nap is short again. */
static void test_naps_start_anew(void **unused)
{
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    int fd = wasock_socket_fd(&pair.conn.socket);
    const uint64_t start_ns = simhost_now_ns();
    turn_event_on(&fd);
    simhost_schedule(turn_event_off, &fd, SIMHOST_MS(100));
    simhost_schedule(turn_event_on, &fd, SIMHOST_MS(200));
    simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(200) + MS / 2);
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 1);
    assert_in_range(simhost_now_ns() - start_ns, 200 * MS,
                    200 * MS + MS * 3 / 2);
    close_pair(&pair);
    simhost_check();
}

/* Where the host's poll is fake, no data waits longer than the longest nap. */
static void test_the_longest_nap(void **unused)
{
    char byte = 0;

    (void)unused;
    for (uint64_t i = 0; i < 400; i++) {
        simhost_reset(1, &simhost_wazero);
        struct pair pair = open_pair();
        const uint64_t due_ns = simhost_now_ns() + i * MS / 2;
        simhost_peer_send(pair.peer, "x", 1, i * MS / 2);
        assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 1);
        assert_in_range(simhost_now_ns() - due_ns, 0, 15 * MS);
        close_pair(&pair);
        simhost_check();
    }
}

/* The first wait detects the host's poll, and waits then: it does not try
 * again before. Its sharers need not detect it. */
static void test_detection_costs_one_poll(void **unused)
{
    struct wasock_conn sharer = {0};
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    assert_int_equal(wasock_conn_share(&pair.conn, &sharer), 0);
    simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(5));
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 1);
    assert_int_equal(simhost_calls(SIMHOST_SOCK_RECV), 2);
    assert_int_equal(simhost_calls(SIMHOST_POLL_ONEOFF), 2);
    simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(5));
    assert_int_equal(wasock_conn_read(&sharer, &byte, 1), 1);
    assert_int_equal(simhost_calls(SIMHOST_POLL_ONEOFF), 3);
    assert_int_equal(wasock_conn_close(&sharer), 0);
    close_pair(&pair);
    simhost_check();
}

/* Adoption leaves alone what is non-blocking, and fails where the mode cannot
 * be set. What the host says of the role is kept. */
static void test_adoption(void **unused)
{
    struct wasock_conn conn = {0};
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    const int fd = simhost_preopen(SIMHOST_CONNECTION);
    simhost_set_nonblocking(fd, false);
    simhost_fail(SIMHOST_FD_FDSTAT_SET_FLAGS, 1, WASOCK_EIO, 1);
    assert_int_equal(wasock_conn_from_fd(&conn, fd), -WASOCK_EIO);
    assert_false(wasock_socket_is_open(&conn.socket));
    assert_int_equal(wasock_conn_from_fd(&conn, fd), 0);
    const uint64_t n_sets = simhost_calls(SIMHOST_FD_FDSTAT_SET_FLAGS);
    assert_int_equal(wasock_conn_into_fd(&conn), fd);
    assert_int_equal(wasock_conn_from_fd(&conn, fd), 0);
    assert_int_equal(simhost_calls(SIMHOST_FD_FDSTAT_SET_FLAGS), n_sets);
    simhost_fail(SIMHOST_SOCK_RECV, 1, WASOCK_ENOTCONN, 1);
    assert_int_equal(wasock_conn_try_read(&conn, &byte, 1), -WASOCK_ENOTCONN);
    assert_int_equal(wasock_conn_close(&conn), 0);
    const int datagrams = simhost_preopen(SIMHOST_DATAGRAM);
    assert_int_equal(wasock_conn_from_fd(&conn, datagrams), 0);
    simhost_fail(SIMHOST_SOCK_RECV, 1, WASOCK_ENOTCONN, 1);
    assert_int_equal(wasock_conn_try_read(&conn, &byte, 1), -WASOCK_ENOTCONN);
    assert_int_equal(wasock_conn_close(&conn), 0);
}

static void test_a_poll_that_fails_ends_a_wait(void **unused)
{
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(5));
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_ENOMEM, 1);
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), -WASOCK_ENOMEM);
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 1);
    close_pair(&pair);
    simhost_check();
}

/* A timeout is a duration from now; the deadline it sets is the socket's. */
static void test_timeouts(void **unused)
{
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    struct wasock_socket *socket = &pair.conn.socket;
    const unsigned both = WASOCK_READABLE | WASOCK_WRITABLE;
    assert_int_equal(wasock_socket_now_ns(socket), wasock_clock_now_ns());
    const uint64_t start_ns = wasock_clock_now_ns();
    assert_int_equal(wasock_socket_set_timeout_ns(socket, both, 30 * MS), 0);
    assert_int_equal(socket->deadline_ns_[0], start_ns + 30 * MS);
    assert_int_equal(socket->deadline_ns_[1], start_ns + 30 * MS);
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), -WASOCK_EDEADLINE);
    assert_in_range(wasock_clock_now_ns(), start_ns + 30 * MS,
                    start_ns + 33 * MS);
    assert_int_equal(wasock_socket_set_timeout_ns(socket, WASOCK_READABLE, 0),
                     0);
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), -WASOCK_EDEADLINE);
    assert_int_equal(wasock_socket_set_timeout_ns(socket, WASOCK_READABLE,
                                                  WASOCK_FOREVER_NS),
                     0);
    assert_int_equal(socket->deadline_ns_[0], WASOCK_NO_DEADLINE);
    assert_int_equal(socket->deadline_ns_[1], start_ns + 30 * MS);
    simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(5));
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 1);
    for (unsigned directions = 0; directions < 9; directions += 4) {
        assert_int_equal(wasock_socket_set_timeout_ns(socket, directions, 1),
                         -WASOCK_EINVAL);
        assert_int_equal(wasock_socket_set_deadline_ns(socket, directions, 1),
                         -WASOCK_EINVAL);
    }
    close_pair(&pair);
    assert_int_equal(wasock_socket_set_timeout_ns(socket, both, 1),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock_socket_now_ns(socket), wasock_clock_now_ns());
    simhost_check();
}

/* An object that is open stays as it is, with what watches it; no host call. */
static void test_opening_an_open_object(void **unused)
{
    struct wasock_listener listeners[3] = {0};
    struct wasock_names names;
    char labels[] = "web";
    struct wasock_watch watch;
    struct wasock_watch *inbox = NULL;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    struct wasock_conn other = {0};
    const int fd = wasock_socket_fd(&pair.conn.socket);
    const int other_fd = simhost_preopen(SIMHOST_CONNECTION);
    const int listener_fd = simhost_preopen(SIMHOST_LISTENER);
    simhost_connect(listener_fd, SIMHOST_NOW);
    simhost_connect(wasock_socket_fd(&pair.listener.socket), SIMHOST_NOW);
    assert_int_equal(wasock_conn_from_fd(&other, other_fd), 0);
    wasock_names_parse(&names, labels);
    wasock__socket_watch(&pair.conn.socket, &watch, &inbox);
    const uint64_t before = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(wasock_conn_from_fd(&pair.conn, other_fd), -WASOCK_EOPEN);
    assert_int_equal(wasock_conn_share(&other, &pair.conn), -WASOCK_EOPEN);
    assert_int_equal(wasock_conn_share(&pair.conn, &pair.conn), -WASOCK_EOPEN);
    assert_int_equal(wasock_listener_try_accept(&pair.listener, &pair.conn),
                     -WASOCK_EOPEN);
    assert_int_equal(wasock_listener_accept(&pair.listener, &pair.conn),
                     -WASOCK_EOPEN);
    assert_int_equal(wasock_listener_from_fd(&pair.listener, listener_fd),
                     -WASOCK_EOPEN);
    assert_int_equal(wasock_listener_share(&pair.listener, &pair.listener),
                     -WASOCK_EOPEN);
    assert_int_equal(wasock_preopen_listener(1, &pair.listener), -WASOCK_EOPEN);
    assert_int_equal(wasock_names_listener(&names, "web", &pair.listener),
                     -WASOCK_EOPEN);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), before);
    assert_int_equal(wasock_listener_from_fd(&listeners[1], listener_fd), 0);
    assert_int_equal(wasock_preopen_listeners(listeners, 3), -WASOCK_EOPEN);
    assert_false(wasock_socket_is_open(&listeners[0].socket));
    assert_int_equal(wasock_socket_fd(&pair.conn.socket), fd);
    assert_ptr_equal(pair.conn.socket.watches_, &watch);
    assert_null(inbox);
    assert_int_equal(wasock_conn_close(&other), 0);
    assert_int_equal(wasock_listener_close(&listeners[1]), 0);
    close_pair(&pair);
    simhost_check();
}

/* F7: the last sharer closes; deadlines are each object's own. */
static void test_sharers(void **unused)
{
    struct wasock_conn sharers[2] = {0};
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    struct pair pair = open_pair();
    assert_int_equal(wasock_conn_share(&pair.conn, &sharers[0]), 0);
    assert_int_equal(wasock_conn_share(&sharers[0], &sharers[1]), 0);
    assert_int_equal(wasock_conn_into_fd(&pair.conn), -WASOCK_EBUSY);
    wasock_socket_set_deadline_ns(&sharers[0].socket,
                                  WASOCK_READABLE | WASOCK_WRITABLE,
                                  WASOCK_DEADLINE_PAST);
    assert_int_equal(wasock_conn_read(&sharers[0], &byte, 1),
                     -WASOCK_EDEADLINE);
    assert_int_equal(wasock_conn_shutdown(&sharers[1], WASOCK_SHUTDOWN_WRITE),
                     0);
    assert_int_equal(wasock_conn_write(&pair.conn, "x", 1), -WASOCK_EPIPE);
    assert_int_equal(wasock_conn_close(&sharers[0]), 0);
    assert_int_equal(wasock_conn_close(&pair.conn), 0);
    simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(1));
    assert_int_equal(wasock_conn_read(&sharers[1], &byte, 1), 1);
    assert_int_equal(simhost_calls(SIMHOST_FD_CLOSE), 0);
    assert_int_equal(wasock_conn_close(&sharers[1]), 0);
    assert_int_equal(simhost_calls(SIMHOST_FD_CLOSE), 1);
    close_pair(&pair);
    simhost_check();
}

/*
 * The sweep: whichever host call fails, with whatever error, once or for ever:
 * the scenario ends, everything can be closed, nothing leaks, and bytes are
 * lost only where an error was returned.
 */

/* Echo until the end of the stream, or an error, which is returned. */
static ptrdiff_t echo(struct wasock_conn *conn)
{
    char buffer[16];
    ptrdiff_t n = 0;

    while ((n = wasock_conn_read(conn, buffer, sizeof(buffer))) > 0) {
        assert_in_range(n, 1, sizeof(buffer));
        const ptrdiff_t n_written = wasock_conn_write(conn, buffer, (size_t)n);
        if (n_written != n) {
            return n_written < 0 ? n_written : -WASOCK_EDEADLINE;
        }
    }
    return n;
}

/* Returns the error that the guest got. */
static ptrdiff_t scenario(struct simhost_peer **peer)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    struct wasock_conn sharer = {0};
    const int fd = simhost_preopen(SIMHOST_LISTENER);

    *peer = simhost_connect(fd, SIMHOST_MS(1));
    simhost_peer_send(*peer, "0123456789", 10, SIMHOST_MS(2));
    simhost_peer_shutdown(*peer, SIMHOST_MS(5));
    ptrdiff_t result = wasock_listener_from_fd(&listener, fd);
    if (result == 0) {
        wasock_socket_set_deadline_ns(&listener.socket,
                                      WASOCK_READABLE | WASOCK_WRITABLE,
                                      wasock_deadline_after_ms(50));
        result = wasock_listener_accept(&listener, &conn);
    }
    if (result == 0) {
        assert_int_equal(wasock_conn_share(&conn, &sharer), 0);
        wasock_socket_set_deadline_ns(&conn.socket,
                                      WASOCK_READABLE | WASOCK_WRITABLE,
                                      wasock_deadline_after_ms(50));
        result = echo(&conn);
    }
    if (result == 0) {
        result = wasock_conn_shutdown(&conn, WASOCK_SHUTDOWN_WRITE);
    }
    wasock_conn_close(&sharer);
    wasock_conn_close(&conn);
    wasock_listener_close(&listener);
    assert_false(wasock_socket_is_open(&conn.socket));
    assert_int_equal(wasock_conn_close(&conn), -WASOCK_ECLOSED);
    return result;
}

static void test_each_call_fails_in_turn(void **unused)
{
    static const int32_t errors[] = {
        WASOCK_EAGAIN,      WASOCK_EBADF,    WASOCK_ECONNABORTED,
        WASOCK_ECONNRESET,  WASOCK_EINTR,    WASOCK_EINVAL,
        WASOCK_EIO,         WASOCK_EMFILE,   WASOCK_ENOMEM,
        WASOCK_ENOTCAPABLE, WASOCK_ENOTCONN, WASOCK_ENOTSOCK,
        WASOCK_ENOTSUP,     WASOCK_EPIPE};
    static const uint64_t times[] = {1, SIMHOST_FOR_EVER};
    struct simhost_peer *peer = NULL;
    uint64_t n_worlds = 0;

    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        for (size_t e = 0; e < 2 * sizeof(errors) / sizeof(errors[0]); e++) {
            bool has_failed = true;
            for (uint64_t nth = 1; has_failed; nth++) {
                simhost_reset(nth, simhost_profiles[host]);
                simhost_allow(SIMHOST_SIGPIPE, true);
                simhost_knobs.costs.call_ns[SIMHOST_CLOCK_TIME_GET] = 1000000;
                simhost_fail(SIMHOST_ANY_CALL, nth, errors[e / 2],
                             times[e % 2]);
                const ptrdiff_t error = scenario(&peer);
                has_failed = simhost_n_faults() > 0;
                assert_true(error == 0 ||
                            strcmp(wasock_err_name(error), "E?") != 0);
                if (error == 0) {
                    simhost_settle();
                    assert_received(peer, "0123456789", 10);
                }
                simhost_check();
                n_worlds++;
            }
        }
    }
    assert_true(n_worlds > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watches),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_the_hosts_poll_is_probed_once),
        cmocka_unit_test(test_ready_without_end_naps),
        cmocka_unit_test(test_signals_do_not_end_a_wait),
        cmocka_unit_test(test_interruptible_waits),
        cmocka_unit_test(test_a_poll_that_fails_ends_a_wait),
        cmocka_unit_test(test_each_poll_that_fails_ends_a_wait),
        cmocka_unit_test(test_naps_start_anew),
        cmocka_unit_test(test_the_longest_nap),
        cmocka_unit_test(test_detection_costs_one_poll),
        cmocka_unit_test(test_adoption),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_opening_an_open_object),
        cmocka_unit_test(test_sharers),
        cmocka_unit_test(test_each_call_fails_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
