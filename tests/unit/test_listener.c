/* SPDX-License-Identifier: MIT */
/* Listeners: accept on every host. */
#include "worlds.h"

#include "socket_internal.h"

static void test_accept_in(void)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    const int fd = simhost_preopen(SIMHOST_LISTENER);

    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    assert_int_equal(wasock_listener_try_accept(&listener, &conn),
                     -WASOCK_EAGAIN);
    assert_false(wasock_socket_is_open(&conn.socket));
    for (int i = 0; i < 3; i++) {
        struct wasock_fd_stat stat;
        struct simhost_peer *peer = simhost_connect(fd, SIMHOST_MS(30));
        assert_int_equal(wasock_listener_accept(&listener, &conn), 0);
        assert_int_equal(simhost_peer_fd(peer), wasock_socket_fd(&conn.socket));
        assert_int_equal(wasock_fd_stat(wasock_socket_fd(&conn.socket), &stat),
                         0);
        assert_true(stat.is_nonblocking);
        assert_int_equal(wasock_conn_close(&conn), 0);
    }
    assert_int_equal(wasock_listener_close(&listener), 0);
    assert_int_equal(wasock_listener_accept(&listener, &conn), -WASOCK_ECLOSED);
}
IN_EVERY_WORLD(test_accept)

/* A9/H8: wazero hands listeners over blocking, and nothing freezes. */
static void test_accept_deadline_in(void)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    const int fd = simhost_preopen(SIMHOST_LISTENER);

    simhost_set_nonblocking(fd, false);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    const uint64_t deadline_ns = wasock_deadline_after_ms(200);
    assert_int_equal(wasock_socket_set_deadline_ns(
                         &listener.socket, WASOCK_READABLE, deadline_ns),
                     0);
    assert_int_equal(wasock_listener_accept(&listener, &conn),
                     -WASOCK_EDEADLINE);
    assert_in_range(simhost_now_ns(), deadline_ns, deadline_ns + 20 * MS);
    assert_int_equal(wasock_listener_accept(&listener, &conn),
                     -WASOCK_EDEADLINE);
    assert_int_equal(wasock_listener_close(&listener), 0);
}
IN_EVERY_WORLD(test_accept_deadline)

/* C5: those that were accepted stay; A8: what is closed says so by the one
 * code of all objects, without a host call. */
static void test_closing_in(void)
{
    struct pair pair = open_pair();
    struct wasock_listener *listener = &pair.listener;
    struct wasock_listener sharer = {0};
    struct wasock_conn conn = {0};
    char byte = 0;

    assert_int_equal(wasock_listener_close(listener), 0);
    const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(wasock_listener_accept(listener, &conn), -WASOCK_ECLOSED);
    assert_int_equal(wasock_listener_try_accept(listener, &conn),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock_listener_share(listener, &sharer), -WASOCK_ECLOSED);
    assert_int_equal(wasock_listener_into_fd(listener), -WASOCK_ECLOSED);
    assert_int_equal(wasock_listener_close(listener), -WASOCK_ECLOSED);
    assert_int_equal(
        wasock_socket_set_deadline_ns(&listener->socket,
                                      WASOCK_READABLE | WASOCK_WRITABLE, 1),
        -WASOCK_ECLOSED);
    assert_int_equal(wasock_socket_fd(&listener->socket), -WASOCK_ECLOSED);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), n_calls);
    simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(5));
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 1);
    assert_int_equal(wasock_conn_write(&pair.conn, "y", 1), 1);
    assert_int_equal(wasock_conn_close(&pair.conn), 0);
}
IN_EVERY_WORLD(test_closing)

/* A wait on a host whose poll is fake costs little: naps, not turns. */
static void test_idle_accept_is_cheap_in(void)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};

    assert_int_equal(
        wasock_listener_from_fd(&listener, simhost_preopen(SIMHOST_LISTENER)),
        0);
    wasock_socket_set_deadline_ns(&listener.socket, WASOCK_READABLE,
                                  wasock_deadline_after_ms(10000));
    const uint64_t before = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(wasock_listener_accept(&listener, &conn),
                     -WASOCK_EDEADLINE);
    assert_in_range(simhost_calls(SIMHOST_ANY_CALL) - before, 1,
                    is_host(&simhost_wazero) ? 2500 : 20);
    assert_int_equal(wasock_listener_close(&listener), 0);
}
IN_EVERY_WORLD(test_idle_accept_is_cheap)

/* C1: the flag is checked once, and then trusted or made up for. */
static void test_calls_an_accept(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        struct wasock_listener listener = {0};
        struct wasock_conn conns[3] = {0};
        simhost_reset(host + 1, simhost_profiles[host]);
        const int fd = simhost_preopen(SIMHOST_LISTENER);
        const uint64_t more = is_host(&simhost_wamr) ? 2 : 0;
        assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
        for (size_t i = 0; i < 3; i++) {
            simhost_connect(fd, SIMHOST_NOW);
            const uint64_t before = simhost_calls(SIMHOST_ANY_CALL);
            assert_int_equal(wasock_listener_accept(&listener, &conns[i]), 0);
            assert_int_equal(simhost_calls(SIMHOST_ANY_CALL) - before,
                             1 + more + (i == 0));
        }
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(wasock_conn_close(&conns[i]), 0);
        }
        assert_int_equal(wasock_listener_close(&listener), 0);
        simhost_check();
    }
}

/* C2: those who went away meanwhile are passed over. */
static void test_aborted_connections(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    for (int i = 0; i < 5; i++) {
        simhost_peer_abort(simhost_connect(fd, SIMHOST_NOW), SIMHOST_NOW);
    }
    simhost_connect(fd, SIMHOST_MS(20));
    simhost_fail(SIMHOST_SOCK_ACCEPT, 3, WASOCK_EINTR, 1);
    assert_int_equal(wasock_listener_accept(&listener, &conn), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
    simhost_check();
}

/* The errors of a pending connection end that one, not the listener. */
static void test_pending_network_errors(void **unused)
{
    static const int32_t errors[] = {WASOCK_ECONNABORTED, WASOCK_ECONNRESET,
                                     WASOCK_EHOSTUNREACH, WASOCK_EINTR,
                                     WASOCK_ENETDOWN,     WASOCK_ENETRESET,
                                     WASOCK_ENETUNREACH,  WASOCK_ENOPROTOOPT,
                                     WASOCK_EPROTO,       WASOCK_ETIMEDOUT};

    (void)unused;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        struct wasock_listener listener = {0};
        struct wasock_conn conn = {0};
        struct wasock_watch watch;
        struct wasock_watch *inbox = NULL;
        simhost_reset(i + 1, &simhost_ideal);
        const int fd = simhost_preopen(SIMHOST_LISTENER);
        assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
        wasock__socket_watch(&listener.socket, &watch, &inbox);
        simhost_connect(fd, SIMHOST_NOW);
        simhost_fail(SIMHOST_SOCK_ACCEPT, 1, errors[i], 1);
        assert_int_equal(wasock_listener_try_accept(&listener, &conn),
                         -WASOCK_EAGAIN);
        assert_null(inbox);
        simhost_fail(SIMHOST_SOCK_ACCEPT, 1, errors[i], 2);
        assert_int_equal(wasock_listener_accept(&listener, &conn), 0);
        assert_int_equal(wasock_conn_close(&conn), 0);
        assert_int_equal(wasock_listener_close(&listener), 0);
        simhost_check();
    }
}

/* The host calls of a listener that loses a race for each of some connections,
 * 100 ms apart, and is silent then. */
static uint64_t polls_of_lost_races(int n_races, uint64_t silence_ns)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};

    simhost_reset(1, &simhost_ideal);
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    /* One accept finds out about the host. */
    simhost_connect(fd, SIMHOST_MS(1));
    assert_int_equal(wasock_listener_accept(&listener, &conn), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    for (int i = 0; i < n_races; i++) {
        simhost_peer_abort(simhost_connect(fd, SIMHOST_MS(100 * (i + 1))),
                           SIMHOST_NOW);
    }
    const uint64_t before = simhost_calls(SIMHOST_POLL_ONEOFF);
    wasock_socket_set_timeout_ns(&listener.socket, WASOCK_READABLE,
                                 SIMHOST_MS(100 * n_races) + silence_ns);
    assert_int_equal(wasock_listener_accept(&listener, &conn),
                     -WASOCK_EDEADLINE);
    const uint64_t n_polls = simhost_calls(SIMHOST_POLL_ONEOFF) - before;
    assert_int_equal(wasock_listener_close(&listener), 0);
    simhost_check();
    return n_polls;
}

/* Several processes on one listener: silence after lost races costs a poll. */
static void test_lost_races_leave_no_naps(void **unused)
{
    (void)unused;
    for (int n_races = 0; n_races < 12; n_races++) {
        const uint64_t n = polls_of_lost_races(n_races, 1 * MS);
        /* A poll a race, one that ends by the deadline, and a look now and
         * then whether the host's poll is true. */
        assert_in_range(n, n_races + 1, n_races + 1 + n_races / 3);
        assert_int_equal(polls_of_lost_races(n_races, 3000 * MS), n);
    }
}

/* A host that always calls a listener ready is asked 67 times a second. */
static void test_fake_poll_is_not_a_busy_loop(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    listener.socket.facts_.host_poll =
        WASOCK__HOST_POLL_HONEST; /* so it seemed */
    simhost_knobs.profile.poll_style = SIMHOST_POLL_NEVER_LOOKS;
    const uint64_t before = simhost_calls(SIMHOST_ANY_CALL);
    wasock_socket_set_timeout_ns(&listener.socket, WASOCK_READABLE, 3000 * MS);
    assert_int_equal(wasock_listener_accept(&listener, &conn),
                     -WASOCK_EDEADLINE);
    /* Of each nap: the clock, a look, the nap, an accept. */
    assert_in_range(simhost_calls(SIMHOST_ANY_CALL) - before, 100, 4 * 220);
    assert_int_equal(wasock_listener_close(&listener), 0);
    simhost_check();
}

/* C6: no descriptors left is the caller's to wait out; it passes. */
static void test_descriptors_run_out(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        struct wasock_listener listener = {0};
        struct wasock_conn conns[2] = {0};
        struct wasock_watch watch;
        struct wasock_watch *inbox = NULL;
        simhost_reset(host + 1, simhost_profiles[host]);
        const int fd = simhost_preopen(SIMHOST_LISTENER);
        assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
        wasock__socket_watch(&listener.socket, &watch, &inbox);
        simhost_connect(fd, SIMHOST_NOW);
        simhost_connect(fd, SIMHOST_NOW);
        assert_int_equal(wasock_listener_accept(&listener, &conns[0]), 0);
        simhost_knobs.n_descriptors_max = simhost_n_open();
        const int error = wasock_listener_try_accept(&listener, &conns[1]);
        assert_true(error == -WASOCK_EMFILE || error == -WASOCK_EIO);
        assert_false(wasock_socket_is_open(&conns[1].socket));
        assert_ptr_equal(inbox, &watch);
        assert_int_equal(watch.changes_, WASOCK__CHANGE_STARVED);
        simhost_knobs.n_descriptors_max = 0;
        assert_int_equal(wasock_listener_accept(&listener, &conns[1]), 0);
        assert_int_equal(wasock_conn_close(&conns[0]), 0);
        assert_int_equal(wasock_conn_close(&conns[1]), 0);
        assert_int_equal(wasock_listener_close(&listener), 0);
        simhost_check();
    }
}

/* A connection that cannot be made non-blocking is closed again. */
static void test_failing_mode_leaks_nothing(void **unused)
{
    static const enum simhost_call calls[] = {SIMHOST_FD_FDSTAT_GET,
                                              SIMHOST_FD_FDSTAT_SET_FLAGS};

    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        struct wasock_listener listener = {0};
        struct wasock_conn conn = {0};
        simhost_reset(i + 1, &simhost_wamr);
        const int fd = simhost_preopen(SIMHOST_LISTENER);
        assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
        simhost_connect(fd, SIMHOST_NOW);
        simhost_fail(calls[i], 1, WASOCK_EIO, 1);
        assert_int_equal(wasock_listener_try_accept(&listener, &conn),
                         -WASOCK_EIO);
        assert_false(wasock_socket_is_open(&conn.socket));
        assert_int_equal(wasock_listener_close(&listener), 0);
        simhost_check();
    }
}

/* A client that is closed because of its mode is not reported as EAGAIN. */
static void test_a_lost_client_is_reported(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};

    (void)unused;
    simhost_reset(1, &simhost_wamr);
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    simhost_connect(fd, SIMHOST_NOW);
    simhost_fail(SIMHOST_FD_FDSTAT_SET_FLAGS, 1, WASOCK_EAGAIN, 1);
    const int result = wasock_listener_try_accept(&listener, &conn);
    assert_true(result < 0 && result != -WASOCK_EAGAIN);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

/* A host that accepts -1 has not run out of arguments: E2BIG is 1. */
static void test_accepted_minus_one(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    simhost_lie(SIMHOST_SOCK_ACCEPT, 1, SIMHOST_LIE_NOTHING, 1);
    assert_int_equal(wasock_listener_try_accept(&listener, &conn),
                     -WASOCK_EHOST);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

/* wasmtime takes a connection that it inherits for a listener: that it is none
 * shows when it is asked for connections. */
static void test_a_connection_passed_off_as_a_listener(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    simhost_fail(SIMHOST_SOCK_ACCEPT, 1, WASOCK_EINVAL, 1);
    assert_int_equal(wasock_listener_accept(&listener, &conn),
                     -WASOCK_ENOTLISTENER);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

static void test_sharing(void **unused)
{
    struct wasock_listener first = {0};
    struct wasock_listener second = {0};
    struct wasock_listener third = {0};
    struct wasock_conn conn = {0};

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&first, fd), 0);
    assert_int_equal(wasock_socket_set_label(&first.socket, "web"), 0);
    assert_int_equal(wasock_listener_share(&first, &second), 0);
    assert_int_equal(wasock_listener_share(&second, &third), 0);
    assert_int_equal(wasock_listener_into_fd(&second), -WASOCK_EBUSY);
    wasock_socket_set_deadline_ns(
        &first.socket, WASOCK_READABLE | WASOCK_WRITABLE, WASOCK_DEADLINE_PAST);
    simhost_connect(fd, SIMHOST_MS(3));
    assert_int_equal(wasock_listener_accept(&third, &conn), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    /* What the first accept showed is known to all: one call an accept. */
    simhost_connect(fd, SIMHOST_NOW);
    const uint64_t before = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(wasock_listener_try_accept(&first, &conn), 0);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL) - before, 1);
    struct wasock_addr addr;
    assert_int_equal(wasock_socket_local_addr(&conn.socket, &addr), 0);
    assert_string_equal(addr.name, "web");
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_close(&second), 0);
    assert_int_equal(wasock_listener_close(&first), 0);
    assert_int_equal(simhost_calls(SIMHOST_FD_CLOSE), 2);
    assert_int_equal(wasock_listener_into_fd(&third), fd);
    assert_int_equal(wasock_listener_from_fd(&third, fd), 0);
    assert_int_equal(wasock_listener_close(&third), 0);
    assert_int_equal(simhost_calls(SIMHOST_FD_CLOSE), 3);
    assert_int_equal(wasock_listener_share(&third, &first), -WASOCK_ECLOSED);
    simhost_check();
}

/* A guest that has closed its standard input may get its number. */
static void test_a_connection_on_descriptor_0(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    struct wasock_conn sharer = {0};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    assert_int_equal(wasock_fd_close(0), 0);
    simhost_connect(fd, SIMHOST_NOW);
    assert_int_equal(wasock_listener_accept(&listener, &conn), 0);
    assert_int_equal(wasock_socket_fd(&conn.socket), 0);
    assert_int_equal(wasock_conn_share(&conn, &sharer), 0);
    assert_int_equal(wasock_conn_into_fd(&conn), -WASOCK_EBUSY);
    assert_int_equal(wasock_conn_close(&sharer), 0);
    assert_int_equal(wasock_conn_into_fd(&conn), 0);
    assert_int_equal(wasock_conn_from_fd(&conn, 0), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
    simhost_check();
}

/* On WAMR only use proves a role. Once proven, a failure is what it is. */
static void test_a_proven_role_is_remembered(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_listener sharer = {0};
    struct wasock_conn conn = {0};
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_wamr);
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    assert_int_equal(wasock_listener_share(&listener, &sharer), 0);
    simhost_fail(SIMHOST_SOCK_ACCEPT, 1, WASOCK_ENOTCAPABLE, 1);
    assert_int_equal(wasock_listener_try_accept(&listener, &conn),
                     -WASOCK_ENOTLISTENER);
    simhost_connect(fd, SIMHOST_NOW);
    assert_int_equal(wasock_listener_accept(&listener, &conn), 0);
    simhost_fail(SIMHOST_SOCK_RECV, 1, WASOCK_ENOTCONN, 1);
    assert_int_equal(wasock_conn_try_read(&conn, &byte, 1), -WASOCK_ENOTCONN);
    assert_int_equal(wasock_conn_close(&conn), 0);
    simhost_fail(SIMHOST_SOCK_ACCEPT, 1, WASOCK_ENOTCAPABLE, 2);
    assert_int_equal(wasock_listener_try_accept(&listener, &conn),
                     -WASOCK_ENOTCAPABLE);
    assert_int_equal(wasock_listener_try_accept(&sharer, &conn),
                     -WASOCK_ENOTCAPABLE);
    assert_int_equal(wasock_listener_close(&sharer), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
    simhost_check();
}

/* What a poller learns from the calls on a listener, until it looks. */
static void test_activity(void **unused)
{
    const unsigned accepted = WASOCK__ACTIVITY_MOVED | WASOCK__ACTIVITY_MORE;
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    struct wasock_conn other = {0};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    assert_int_equal(wasock_listener_try_accept(&listener, &conn),
                     -WASOCK_EAGAIN);
    assert_int_equal(listener.socket.activity_, WASOCK__ACTIVITY_DRY);
    simhost_connect(fd, SIMHOST_NOW);
    assert_int_equal(wasock_listener_try_accept(&listener, &conn), 0);
    assert_int_equal(listener.socket.activity_,
                     WASOCK__ACTIVITY_DRY | accepted);
    listener.socket.activity_ = accepted;
    assert_int_equal(wasock_listener_try_accept(&listener, &other),
                     -WASOCK_EAGAIN);
    assert_int_equal(listener.socket.activity_,
                     WASOCK__ACTIVITY_DRY | accepted);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

/* On a host whose poll is fake, who comes at once is accepted at once. */
static void test_the_first_nap_is_a_millisecond(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};

    (void)unused;
    simhost_reset(1, &simhost_wazero);
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    const uint64_t start_ns = simhost_now_ns();
    simhost_connect(fd, MS / 2);
    assert_int_equal(wasock_listener_accept(&listener, &conn), 0);
    assert_in_range(simhost_now_ns() - start_ns, MS / 2, 2 * MS);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_accept_deadline),
        cmocka_unit_test(test_closing),
        cmocka_unit_test(test_idle_accept_is_cheap),
        cmocka_unit_test(test_calls_an_accept),
        cmocka_unit_test(test_aborted_connections),
        cmocka_unit_test(test_pending_network_errors),
        cmocka_unit_test(test_lost_races_leave_no_naps),
        cmocka_unit_test(test_fake_poll_is_not_a_busy_loop),
        cmocka_unit_test(test_descriptors_run_out),
        cmocka_unit_test(test_failing_mode_leaks_nothing),
        cmocka_unit_test(test_a_lost_client_is_reported),
        cmocka_unit_test(test_accepted_minus_one),
        cmocka_unit_test(test_a_connection_passed_off_as_a_listener),
        cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_a_connection_on_descriptor_0),
        cmocka_unit_test(test_a_proven_role_is_remembered),
        cmocka_unit_test(test_activity),
        cmocka_unit_test(test_the_first_nap_is_a_millisecond),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
