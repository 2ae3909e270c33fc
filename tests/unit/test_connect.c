/* SPDX-License-Identifier: MIT */
/* Listening and connecting on the simulated host, in every world. */
#include "taken.h"
#include "worlds.h"

static const struct wasock_addr there = {
    .family = WASOCK_ADDR_IPV4, .port = 80, .ip = {127, 0, 0, 1}};
static const struct wasock_addr nowhere = {.family = WASOCK_ADDR_UNSPECIFIED};

static void test_connect_in(void)
{
    struct wasock_conn conn = {0};
    char buffer[4];

    simhost_knobs.can_open = true;
    simhost_set_connect(0, SIMHOST_MS(20));
    const uint64_t start_ns = simhost_now_ns();
    assert_int_equal(
        wasock_conn_connect_for_ns(&conn, NULL, &there, WASOCK_NS_PER_S), 0);
    assert_in_range(simhost_now_ns() - start_ns, 20 * MS, 40 * MS);
    struct simhost_peer *peer = simhost_peer_of(wasock_socket_fd(&conn.socket));
    simhost_peer_send(peer, "yes", 3, SIMHOST_MS(2000));
    for (size_t n = 0; n < 3;) { /* no deadline is left */
        const ptrdiff_t result =
            wasock_conn_read(&conn, buffer + n, sizeof(buffer) - n);
        assert_true(result > 0);
        n += (size_t)result;
    }
    assert_memory_equal(buffer, "yes", 3);
    assert_int_equal(wasock_conn_write(&conn, "no", 2), 2);
    assert_int_equal(wasock_conn_finish_connect(&conn), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
}
IN_EVERY_WORLD(test_connect)

static void test_refused_in(void)
{
    struct wasock_conn conn = {0};

    simhost_knobs.can_open = true;
    simhost_set_connect(WASOCK_ECONNREFUSED, SIMHOST_NOW);
    assert_int_equal(wasock_conn_start_connect(&conn, NULL, &there),
                     -WASOCK_ECONNREFUSED);
    assert_false(wasock_socket_is_open(&conn.socket));
    simhost_set_connect(WASOCK_EHOSTUNREACH, SIMHOST_MS(20));
    assert_int_equal(
        wasock_conn_connect_until_ns(&conn, NULL, &there, WASOCK_NO_DEADLINE),
        -WASOCK_EHOSTUNREACH);
    assert_false(wasock_socket_is_open(&conn.socket));
}
IN_EVERY_WORLD(test_refused)

static void test_deadline_in(void)
{
    struct wasock_conn conn = {0};

    simhost_knobs.can_open = true;
    simhost_set_connect(0, SIMHOST_MS(2000));
    assert_int_equal(wasock_conn_connect_for_ns(&conn, NULL, &there, 20 * MS),
                     -WASOCK_EDEADLINE);
    assert_false(wasock_socket_is_open(&conn.socket));
    assert_int_equal(
        wasock_conn_connect_until_ns(&conn, NULL, &there, WASOCK_DEADLINE_PAST),
        -WASOCK_EDEADLINE);
    assert_false(wasock_socket_is_open(&conn.socket));
}
IN_EVERY_WORLD(test_deadline)

/* A failed connect is returned by every later call, though the host reports it
 * once. */
static void test_a_failed_connect_stays_failed_in(void)
{
    struct wasock_conn conn = {0};
    char byte = 0;

    simhost_knobs.can_open = true;
    simhost_set_connect(WASOCK_ECONNREFUSED, SIMHOST_MS(20));
    assert_int_equal(wasock_conn_start_connect(&conn, NULL, &there), 0);
    assert_int_equal(wasock_conn_start_connect(&conn, NULL, &there),
                     -WASOCK_EOPEN);
    assert_int_equal(wasock_conn_try_finish_connect(&conn), -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_try_read(&conn, &byte, 1), -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_try_write(&conn, "x", 1), -WASOCK_EAGAIN);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wasock_conn_finish_connect(&conn),
                         -WASOCK_ECONNREFUSED);
        assert_int_equal(wasock_conn_read(&conn, &byte, 1),
                         -WASOCK_ECONNREFUSED);
        assert_int_equal(wasock_conn_write(&conn, "x", 1),
                         -WASOCK_ECONNREFUSED);
    }
    assert_int_equal(wasock_conn_close(&conn), 0);
}
IN_EVERY_WORLD(test_a_failed_connect_stays_failed)

/* A read that takes the error from the host does not hide it from the connect.
 */
static void test_a_read_first_in(void)
{
    struct wasock_conn conn = {0};
    char byte = 0;

    simhost_knobs.can_open = true;
    simhost_set_connect(WASOCK_ECONNREFUSED, SIMHOST_MS(20));
    assert_int_equal(wasock_conn_start_connect(&conn, NULL, &there), 0);
    simhost_advance_ns(30 * MS);
    assert_int_equal(wasock_conn_read(&conn, &byte, 1), -WASOCK_ECONNREFUSED);
    assert_int_equal(wasock_conn_try_finish_connect(&conn),
                     -WASOCK_ECONNREFUSED);
    assert_int_equal(wasock_conn_close(&conn), 0);
}
IN_EVERY_WORLD(test_a_read_first)

/* Nor does a write. */
static void test_a_write_first_in(void)
{
    struct wasock_conn conn = {0};

    simhost_knobs.can_open = true;
    simhost_set_connect(WASOCK_ECONNREFUSED, SIMHOST_MS(20));
    assert_int_equal(wasock_conn_start_connect(&conn, NULL, &there), 0);
    simhost_advance_ns(30 * MS);
    assert_int_equal(wasock_conn_write(&conn, "x", 1), -WASOCK_ECONNREFUSED);
    assert_int_equal(wasock_conn_try_finish_connect(&conn),
                     -WASOCK_ECONNREFUSED);
    assert_int_equal(wasock_conn_close(&conn), 0);
}
IN_EVERY_WORLD(test_a_write_first)

/* What was connected is a connection, and what listens a listener: an error
 * that would show another role on a fresh descriptor is only an error. */
static void test_roles_are_known_in(void)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    char byte = 0;

    simhost_knobs.can_open = true;
    assert_int_equal(wasock_conn_start_connect(&conn, NULL, &there), 0);
    simhost_fail(SIMHOST_SOCK_RECV, 1, WASOCK_ENOTCONN, 1);
    assert_int_equal(wasock_conn_try_read(&conn, &byte, 1), -WASOCK_ENOTCONN);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_listen(&listener, NULL, &there, 0), 0);
    simhost_fail(SIMHOST_SOCK_ACCEPT, 1, WASOCK_ENOTCAPABLE, 1);
    assert_int_equal(wasock_listener_try_accept(&listener, &conn),
                     -WASOCK_ENOTCAPABLE);
    assert_int_equal(wasock_listener_close(&listener), 0);
}
IN_EVERY_WORLD(test_roles_are_known)

/* A guest that has closed its standard input may get its number. */
static void test_descriptor_0(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    simhost_knobs.can_open = true;
    assert_int_equal(wasock_fd_close(0), 0);
    assert_int_equal(wasock_conn_start_connect(&conn, NULL, &there), 0);
    assert_int_equal(wasock_socket_fd(&conn.socket), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_listen(&listener, NULL, &there, 0), 0);
    assert_int_equal(wasock_socket_fd(&listener.socket), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

/* For a poller a connection is writable once its connect has a result. */
static void test_poller_in(void)
{
    static _Alignas(WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(2)];
    static const int32_t results[] = {0, WASOCK_ETIMEDOUT};

    for (size_t i = 0; i < 2; i++) {
        struct wasock_poller poller;
        struct wasock_conn conn = {0};
        struct wasock_poller_event event;
        int result = -WASOCK_EAGAIN;
        simhost_knobs.can_open = true;
        simhost_set_connect(results[i], SIMHOST_MS(20));
        assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)),
                         0);
        assert_int_equal(wasock_conn_start_connect(&conn, NULL, &there), 0);
        assert_int_equal(
            wasock_poller_add(&poller, &conn.socket, WASOCK_WRITABLE, &conn),
            0);
        while (result == -WASOCK_EAGAIN) { /* readiness is a hint */
            assert_int_equal(
                take_events(&poller, &event, 1, WASOCK_NO_DEADLINE), 1);
            assert_true(event.ready & WASOCK_WRITABLE);
            result = wasock_conn_try_finish_connect(&conn);
        }
        assert_int_equal(result, -results[i]);
        assert_int_equal(wasock_conn_close(&conn), 0);
        wasock_poller_close(&poller);
    }
}
IN_EVERY_WORLD(test_poller)

static void test_listen_in(void)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    struct wasock_addr addr;

    simhost_knobs.can_open = true;
    assert_int_equal(wasock_listener_listen(&listener, NULL, &nowhere, 0),
                     -WASOCK_EAFNOSUPPORT);
    simhost_set_listen(WASOCK_EADDRINUSE);
    assert_int_equal(wasock_listener_listen(&listener, NULL, &there, 0),
                     -WASOCK_EADDRINUSE);
    assert_false(wasock_socket_is_open(&listener.socket));
    simhost_set_listen(0);
    assert_int_equal(wasock_listener_listen(&listener, NULL, &there, 0), 0);
    assert_int_equal(wasock_listener_listen(&listener, NULL, &there, 0),
                     -WASOCK_EOPEN);
    assert_int_equal(wasock_socket_set_label(&listener.socket, "http"), 0);
    assert_int_equal(wasock_socket_local_addr(&listener.socket, &addr), 0);
    const int fd = wasock_socket_fd(&listener.socket);
    assert_int_equal(addr.family, WASOCK_ADDR_IPV4);
    assert_int_equal(addr.port, 1000 + fd);
    assert_string_equal(addr.name, "http");
    assert_int_equal(wasock_socket_remote_addr(&listener.socket, &addr), 0);
    assert_int_equal(addr.family, WASOCK_ADDR_UNSPECIFIED);
    simhost_connect(fd, SIMHOST_MS(5));
    assert_int_equal(wasock_listener_accept(&listener, &conn), 0);
    assert_int_equal(wasock_socket_remote_addr(&conn.socket, &addr), 0);
    assert_int_equal(addr.ip[3], 2);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
}
IN_EVERY_WORLD(test_listen)

/* As many may wait to be accepted as the program says, or 128. */
static void test_backlogs(void **unused)
{
    static const size_t backlogs[] = {0, 1, 20, SIZE_MAX};
    static const size_t expected[] = {WASOCK_BACKLOG, 1, 20, 300};

    (void)unused;
    for (size_t i = 0; i < sizeof(backlogs) / sizeof(backlogs[0]); i++) {
        struct wasock_listener listener = {0};
        size_t n = 0;
        simhost_reset(1, &simhost_ideal);
        simhost_knobs.can_open = true;
        assert_int_equal(
            wasock_listener_listen(&listener, NULL, &there, backlogs[i]), 0);
        const int fd = wasock_socket_fd(&listener.socket);
        while (n < 300 &&
               simhost_peer_is_connected(simhost_connect(fd, SIMHOST_NOW))) {
            n++;
        }
        assert_in_range(n, expected[i], expected[i] + 1);
        assert_int_equal(wasock_listener_close(&listener), 0);
    }
}

static void test_out_of_descriptors_in(void)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};

    simhost_knobs.can_open = true;
    simhost_knobs.n_descriptors_max = simhost_n_open();
    assert_int_equal(wasock_listener_listen(&listener, NULL, &there, 0),
                     -WASOCK_EMFILE);
    assert_int_equal(wasock_conn_start_connect(&conn, NULL, &there),
                     -WASOCK_EMFILE);
    assert_false(wasock_socket_is_open(&listener.socket));
    assert_false(wasock_socket_is_open(&conn.socket));
}
IN_EVERY_WORLD(test_out_of_descriptors)

/* A preview1 host can do nothing of this. An adopted connection is
 * established. */
static void test_a_preview1_host_in(void)
{
    struct pair pair = open_pair();
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    struct wasock_addr addr;

    assert_int_equal(wasock_listener_listen(&listener, NULL, &there, 0),
                     -WASOCK_ENOSYS);
    assert_int_equal(wasock_conn_start_connect(&conn, NULL, &there),
                     -WASOCK_ENOSYS);
    assert_int_equal(
        wasock_conn_connect_for_ns(&conn, NULL, &there, WASOCK_FOREVER_NS),
        -WASOCK_ENOSYS);
    assert_int_equal(wasock_conn_finish_connect(&pair.conn), 0);
    assert_int_equal(wasock_conn_finish_connect(&conn), -WASOCK_ECLOSED);
    assert_int_equal(wasock_socket_remote_addr(&pair.conn.socket, &addr), 0);
    assert_int_equal(addr.family, WASOCK_ADDR_UNSPECIFIED);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_a_preview1_host)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connect),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_a_failed_connect_stays_failed),
        cmocka_unit_test(test_a_read_first),
        cmocka_unit_test(test_a_write_first),
        cmocka_unit_test(test_roles_are_known),
        cmocka_unit_test(test_descriptor_0),
        cmocka_unit_test(test_poller),
        cmocka_unit_test(test_listen),
        cmocka_unit_test(test_backlogs),
        cmocka_unit_test(test_out_of_descriptors),
        cmocka_unit_test(test_a_preview1_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
