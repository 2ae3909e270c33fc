/* SPDX-License-Identifier: MIT */
/* Quirks of hosts that no other test meets: see tests/quirks.md. */
#include "worlds.h"

#include "socket_internal.h"
#include "taken.h"

/* Quirk 2: sockets anywhere, with holes between; taken by their numbers. */
static void test_scattered_sockets_are_adopted_by_number(void **unused)
{
    struct wasock_listener listeners[3] = {0};
    struct wasock_conn conn = {0};
    int fds[3];

    (void)unused;
    simhost_reset(1, &simhost_wamr);
    simhost_preopen_layout(3, 2, fds);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(wasock_listener_from_fd(&listeners[i], fds[i]), 0);
        simhost_connect(fds[i], SIMHOST_MS(1));
        assert_int_equal(wasock_listener_accept(&listeners[i], &conn), 0);
        assert_int_equal(wasock_conn_close(&conn), 0);
        assert_int_equal(wasock_listener_close(&listeners[i]), 0);
    }
    simhost_check();
}

/* Quirk 7: no sockets at all is one clean error, with an explanation. */
static void test_a_host_without_sockets(void **unused)
{
    struct wasock_preopen_counts counts;
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    char text[1024];

    (void)unused;
    simhost_reset(1, &simhost_without_sockets);
    const int fd = simhost_preopen(SIMHOST_DIRECTORY);
    assert_int_equal(wasock_preopen_listener(0, &listener), -WASOCK_ENOPREOPEN);
    assert_int_equal(wasock_preopen_listeners(&listener, 1),
                     -WASOCK_ENOPREOPEN);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), -WASOCK_ENOTSOCK);
    assert_int_equal(wasock_conn_from_fd(&conn, fd), -WASOCK_ENOTSOCK);
    assert_int_equal(wasock_preopen_count(&counts), 0);
    assert_int_equal(counts.host, WASOCK_PREOPEN_HOST_HAS_NO_SOCKETS);
    wasock_preopen_explain(&counts, text, sizeof(text));
    assert_non_null(strstr(text, "has no preview1 sockets"));
    assert_int_equal(simhost_calls(SIMHOST_SOCK_ACCEPT), 0);
}

/* Quirk 11: a poll that calls all ready at once makes no wait a busy loop, and
 * keeps deadlines. */
static void test_a_fake_poll(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    simhost_knobs.profile.poll_style = SIMHOST_POLL_NEVER_LOOKS;
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    struct simhost_peer *peer = simhost_connect(fd, SIMHOST_MS(500));
    uint64_t before = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(wasock_listener_accept(&listener, &conn), 0);
    assert_in_range(simhost_calls(SIMHOST_ANY_CALL) - before, 1, 150);
    assert_int_equal(listener.socket.facts_.host_poll, WASOCK__HOST_POLL_FAKE);

    const uint64_t deadline_ns = wasock_deadline_after_ms(500);
    before = simhost_calls(SIMHOST_ANY_CALL);
    wasock_socket_set_deadline_ns(&conn.socket, WASOCK_READABLE, deadline_ns);
    assert_int_equal(wasock_conn_read(&conn, &byte, 1), -WASOCK_EDEADLINE);
    assert_in_range(simhost_now_ns(), deadline_ns, deadline_ns + 20 * MS);
    assert_in_range(simhost_calls(SIMHOST_ANY_CALL) - before, 1, 150);
    assert_non_null(peer);
    assert_int_equal(wasock_conn_close(&conn), 0);

    /* Nobody has asked the listener's poll: the connection finds out. */
    simhost_reset(2, &simhost_wasi_common);
    simhost_knobs.profile.poll_style = SIMHOST_POLL_NEVER_LOOKS;
    struct pair pair = open_pair();
    simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(500));
    before = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 1);
    assert_in_range(simhost_calls(SIMHOST_ANY_CALL) - before, 1, 150);
    close_pair(&pair);
    simhost_check();
}

/* Quirk 11: nor does a poller spin there. Now and then it reports a spurious
 * readiness, and a real one in time. */
static void test_a_poller_on_a_fake_poll(void **unused)
{
    static _Alignas(WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(2)];
    struct wasock_poller_event events[2];
    struct wasock_poller poller = {0};
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    char byte = 0;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    simhost_knobs.profile.poll_style = SIMHOST_POLL_NEVER_LOOKS;
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)), 0);
    assert_int_equal(wasock_poller_add(&poller, &listener.socket,
                                       WASOCK_READABLE, &listener),
                     0);
    struct simhost_peer *peer = simhost_connect(fd, SIMHOST_NOW);
    assert_int_equal(wasock_listener_accept(&listener, &conn), 0);
    assert_int_equal(
        wasock_poller_add(&poller, &conn.socket, WASOCK_READABLE, &conn), 0);
    simhost_peer_send(peer, "x", 1, SIMHOST_MS(1000));
    const uint64_t due_ns = wasock_deadline_after_ms(1000);
    const uint64_t before = simhost_calls(SIMHOST_ANY_CALL);
    ptrdiff_t n_read = -WASOCK_EAGAIN;
    while (n_read == -WASOCK_EAGAIN) {
        const ptrdiff_t n = take_events(&poller, events, 2, WASOCK_NO_DEADLINE);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            if (events[i].token == &conn) {
                n_read = wasock_conn_try_read(&conn, &byte, 1);
            }
        }
    }
    assert_int_equal(n_read, 1);
    assert_in_range(simhost_now_ns(), due_ns, due_ns + 20 * MS);
    assert_in_range(simhost_calls(SIMHOST_ANY_CALL) - before, 1, 600);
    wasock_conn_close(&conn);
    wasock_poller_close(&poller);
    wasock_listener_close(&listener);
    simhost_check();
}

/* Quirk 14: a deadline further off than a timeout may be. */
static void test_a_wait_beyond_the_longest_timeout_in(void)
{
    static const uint64_t deadlines_ns[] = {WASOCK_NO_DEADLINE, UINT64_MAX,
                                            UINT64_MAX / 2};
    struct pair pair = open_pair();
    char byte = 0;

    for (size_t i = 0; i < 3; i++) {
        wasock_socket_set_deadline_ns(&pair.conn.socket, WASOCK_READABLE,
                                      deadlines_ns[i]);
        simhost_peer_send(pair.peer, "x", 1, SIMHOST_MS(65 * 60 * 1000));
        assert_int_equal(wasock_conn_read(&pair.conn, &byte, 1), 1);
        assert_false(
            simhost_truth(wasock_socket_fd(&pair.conn.socket)).is_readable);
    }
    close_pair(&pair);
}
IN_EVERY_WORLD(test_a_wait_beyond_the_longest_timeout)

/* Quirk 23: a first poll that lacks a descriptor of its own is an error which
 * passes, and is not taken for the connection's end. */
static void test_a_first_poll_without_a_slot(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};

    (void)unused;
    simhost_reset(1, &simhost_wasi_go);
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    simhost_knobs.n_descriptors_max = simhost_n_open();
    assert_int_equal(wasock_listener_accept(&listener, &conn), -WASOCK_EMFILE);
    simhost_knobs.n_descriptors_max = 0;
    simhost_connect(fd, SIMHOST_MS(1));
    assert_int_equal(wasock_listener_accept(&listener, &conn), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
    simhost_check();
}

/* Quirk 31: who has read of a reset is not asked to send again: it would kill
 * iwasm. The judge of simhost watches. */
static void test_no_send_after_a_reset_was_read_in(void)
{
    struct pair pair = open_pair();
    char byte = 0;

    simhost_peer_reset(pair.peer, SIMHOST_NOW);
    const ptrdiff_t cause = wasock_conn_read(&pair.conn, &byte, 1);
    assert_true(wasock_err_is_disconnect(cause));
    const uint64_t before = simhost_calls(SIMHOST_ANY_CALL);
    assert_int_equal(wasock_conn_write(&pair.conn, "x", 1), -WASOCK_EPIPE);
    assert_int_equal(wasock_conn_try_write(&pair.conn, "x", 1), -WASOCK_EPIPE);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), before);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_no_send_after_a_reset_was_read)

/* Quirk 39: a new connection may have the number of one that was just closed;
 * what was reported of the old one is not said of the new. */
static void test_a_number_that_is_used_again(void **unused)
{
    struct wasock_poller_event events[4];
    static _Alignas(WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(2)];

    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        const bool is_honest =
            simhost_profiles[host]->poll_style == SIMHOST_POLL_HONEST;
        struct wasock_listener listener = {0};
        struct wasock_conn conns[3] = {0};
        struct wasock_poller poller = {0};
        struct simhost_peer *peers[3];
        simhost_reset(host + 1, simhost_profiles[host]);
        simhost_knobs.profile.numbering = SIMHOST_NUMBER_LOWEST_FREE;
        simhost_knobs.profile.closed_sockets_keep_their_slot = false;
        const int fd = simhost_preopen(SIMHOST_LISTENER);
        assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
        assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)),
                         0);
        for (size_t i = 0; i < 2; i++) {
            peers[i] = simhost_connect(fd, SIMHOST_NOW);
            assert_int_equal(wasock_listener_accept(&listener, &conns[i]), 0);
            assert_int_equal(wasock_poller_add(&poller, &conns[i].socket,
                                               WASOCK_READABLE, &conns[i]),
                             0);
            simhost_peer_send(peers[i], "x", 1, SIMHOST_NOW);
        }
        /* Both are ready and one is reported; then the other's number
         * becomes that of a third, which is silent. */
        assert_int_equal(take_events(&poller, events, 1, WASOCK_NO_DEADLINE),
                         1);
        struct wasock_conn *other =
            events[0].token == &conns[0] ? &conns[1] : &conns[0];
        const int number = wasock_socket_fd(&other->socket);
        assert_int_equal(wasock_conn_close(other), 0);
        simhost_connect(fd, SIMHOST_NOW);
        assert_int_equal(wasock_listener_accept(&listener, &conns[2]), 0);
        assert_int_equal(wasock_socket_fd(&conns[2].socket), number);
        assert_int_equal(wasock_poller_add(&poller, &conns[2].socket,
                                           WASOCK_READABLE, &conns[2]),
                         0);
        const ptrdiff_t n =
            take_events(&poller, events, 4, WASOCK_DEADLINE_PAST);
        assert_true(n >= 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            assert_ptr_not_equal(events[i].token, other);
            assert_true(events[i].token != &conns[2] || !is_honest);
        }
        wasock_conn_close(&conns[0]);
        wasock_conn_close(&conns[1]);
        wasock_conn_close(&conns[2]);
        wasock_poller_close(&poller);
        wasock_listener_close(&listener);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scattered_sockets_are_adopted_by_number),
        cmocka_unit_test(test_a_host_without_sockets),
        cmocka_unit_test(test_a_fake_poll),
        cmocka_unit_test(test_a_poller_on_a_fake_poll),
        cmocka_unit_test(test_a_wait_beyond_the_longest_timeout),
        cmocka_unit_test(test_a_first_poll_without_a_slot),
        cmocka_unit_test(test_no_send_after_a_reset_was_read),
        cmocka_unit_test(test_a_number_that_is_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
