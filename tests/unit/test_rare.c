/* SPDX-License-Identifier: MIT */
/* Calls that programs rarely make: on closed objects of another backend, after
 * an error that another call returned, with sizes beyond all memory. */
#include "worlds.h"

#include "socket_internal.h"

/* A zeroed object is closed for each call of a backend. */
static void test_a_closed_backend(void **unused)
{
    struct wasock_socket socket = {0};
    struct wasock_addr addr;
    const struct wasock_slice slice = {"x", 1};
    char byte = 0;
    const struct wasock_buffer room = {&byte, 1};

    (void)unused;
    assert_int_equal(wasock__backend_accept(&socket, &socket), -WASOCK_ECLOSED);
    assert_int_equal(wasock__backend_readv(&socket, &room, 1), -WASOCK_ECLOSED);
    assert_int_equal(wasock__backend_writev(&socket, &slice, 1),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock__backend_shutdown(&socket, 1), -WASOCK_ECLOSED);
    assert_int_equal(wasock__backend_close(&socket), -WASOCK_ECLOSED);
    assert_int_equal(wasock__backend_connect_result(&socket), -WASOCK_ECLOSED);
    assert_int_equal(wasock__backend_local_addr(&socket, &addr),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock__backend_remote_addr(&socket, &addr),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock__backend_wait(&socket, WASOCK_READABLE),
                     -WASOCK_ECLOSED);
}

/* A reset that one call returns is returned by those of slices as well, and
 * by a connect, although the host returns it once. */
static void test_after_a_reset_in(void)
{
    struct pair pair = open_pair();
    struct wasock_conn *conn = &pair.conn;
    const struct wasock_slice slices[2] = {{"x", 1}, {"y", 1}};
    char byte = 0;
    const struct wasock_buffer rooms[2] = {{&byte, 1}, {&byte, 1}};

    simhost_peer_reset(pair.peer, SIMHOST_NOW);
    const ptrdiff_t error = wasock_conn_read(conn, &byte, 1);
    if (error < 0) { /* some hosts tell it as EOF */
        assert_true(wasock_err_is_disconnect((int)error));
        assert_int_equal(wasock_conn_try_readv(conn, rooms, 2), error);
        assert_int_equal(wasock_conn_readv(conn, rooms, 2), error);
        assert_int_equal(wasock_conn_try_writev(conn, slices, 2),
                         -WASOCK_EPIPE);
        assert_int_equal(wasock_conn_writev(conn, slices, 2), -WASOCK_EPIPE);
        assert_int_equal(wasock_conn_try_finish_connect(conn), error);
    }
    close_pair(&pair);
}
IN_EVERY_WORLD(test_after_a_reset)

/* A write's error alone is a connect's, too. */
static void test_a_connect_after_a_shutdown_in(void)
{
    struct pair pair = open_pair();

    simhost_fail(SIMHOST_SOCK_SEND, 1, WASOCK_EIO, 1);
    assert_int_equal(wasock_conn_try_write(&pair.conn, "x", 1), -WASOCK_EIO);
    simhost_clear_faults();
    assert_int_equal(wasock_conn_try_finish_connect(&pair.conn), -WASOCK_EIO);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_a_connect_after_a_shutdown)

static void test_slices_after_the_deadline_in(void)
{
    struct pair pair = open_pair();
    const struct wasock_slice slices[2] = {{"x", 1}, {"y", 1}};
    char byte = 0;
    const struct wasock_buffer rooms[2] = {{&byte, 1}, {&byte, 1}};

    set_read_deadline(&pair.conn.socket, WASOCK_DEADLINE_PAST);
    set_write_deadline(&pair.conn.socket, WASOCK_DEADLINE_PAST);
    assert_int_equal(wasock_conn_readv(&pair.conn, rooms, 2),
                     -WASOCK_EDEADLINE);
    assert_int_equal(wasock_conn_writev(&pair.conn, slices, 2),
                     -WASOCK_EDEADLINE);
    assert_int_equal(wasock_conn_finish_connect(&pair.conn), -WASOCK_EDEADLINE);
    close_pair(&pair);
}
IN_EVERY_WORLD(test_slices_after_the_deadline)

static void test_a_huge_backlog(void **unused)
{
    const struct wasock_addr at = {
        .family = WASOCK_ADDR_IPV4, .port = 80, .ip = {127, 0, 0, 1}};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    simhost_knobs.can_open = true;
    const int fd = wasock_fd_listen(&at, SIZE_MAX);
    assert_true(fd >= 0);
    assert_int_equal(wasock_fd_close(fd), 0);
    simhost_check();
}

/* A wait and a sleep return what the host fails with. */
static void test_a_failing_poll(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_ideal);
    struct pair pair = open_pair();
    const int fd = wasock_socket_fd(&pair.conn.socket);
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EIO, 2);
    assert_int_equal(wasock_fd_wait_for_ns(fd, WASOCK_READABLE, MS),
                     -WASOCK_EIO);
    assert_int_equal(wasock_fd_sleep_for_ns(MS), -WASOCK_EIO);
    simhost_clear_faults();
    close_pair(&pair);
    simhost_check();
}

/* Ignored items are never found dead, beside one that is. */
static void test_ignored_items_beside_a_dead_one(void **unused)
{
    struct wasock_poll_scratch scratch[WASOCK_POLL_SCRATCH_LENGTH(4)];

    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        simhost_reset(host + 1, simhost_profiles[host]);
        simhost_allow(SIMHOST_BAD_FD, true);
        struct pair pair = open_pair();
        const int fd = wasock_socket_fd(&pair.conn.socket);
        struct wasock_poll_item items[4] = {
            {.fd = -1, .interest = WASOCK_READABLE},
            {.fd = 9999, .interest = 0},
            {.fd = fd, .interest = WASOCK_READABLE},
            {.fd = 9999, .interest = WASOCK_READABLE},
        };
        assert_true(wasock_poll_for_ns(items, 4, scratch, 0) >= 1);
        assert_int_equal(items[0].error, 0);
        assert_int_equal(items[1].error, 0);
        assert_int_equal(items[2].error, 0);
        assert_int_equal(items[3].error, is_host(&simhost_wazero)
                                             ? items[3].error
                                             : -WASOCK_EBADF);
        /* Nothing but ignored ones: it would be for ever. */
        assert_int_equal(
            wasock_poll_until_ns(items, 2, scratch, WASOCK_NO_DEADLINE),
            -WASOCK_EDEADLOCK);
        close_pair(&pair);
        simhost_check();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_closed_backend),
        cmocka_unit_test(test_after_a_reset),
        cmocka_unit_test(test_a_connect_after_a_shutdown),
        cmocka_unit_test(test_slices_after_the_deadline),
        cmocka_unit_test(test_a_huge_backlog),
        cmocka_unit_test(test_a_failing_poll),
        cmocka_unit_test(test_ignored_items_beside_a_dead_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
