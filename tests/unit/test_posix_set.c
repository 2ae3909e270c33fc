/* SPDX-License-Identifier: MIT */
/* Pollers whose set the system keeps: descriptors that are shared, copied,
 * reused, files, or too many. */
#define _GNU_SOURCE

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <wasock/wasock.h>

#include "taken.h"

#define MS WASOCK_NS_PER_MS
#define N 300 /* more than one wait of the system reports */

static _Alignas(WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(N)];
static struct wasock_poller poller;

static int set_up(void **unused)
{
    (void)unused;
    return wasock_poller_init(&poller, memory, sizeof(memory));
}

static int tear_down(void **unused)
{
    (void)unused;
    wasock_poller_close(&poller);
    return 0;
}

/* Open a connection. Returns the other end. */
static int open_conn(struct wasock_conn *conn)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    memset(conn, 0, sizeof(*conn));
    assert_int_equal(wasock_conn_from_fd(conn, ends[0]), 0);
    return ends[1];
}

static void watch(struct wasock_socket *socket)
{
    assert_int_equal(
        wasock_poller_add(&poller, socket, WASOCK_READABLE, socket), 0);
}

static void send_to(int peer)
{
    assert_int_equal(write(peer, "hello", 5), 5);
}

static void receive(struct wasock_conn *conn)
{
    char buffer[8];

    assert_int_equal(wasock_conn_try_read(conn, buffer, sizeof(buffer)), 5);
}

static bool is_at_end(int peer)
{
    char byte = 0;

    return recv(peer, &byte, 1, MSG_DONTWAIT) == 0;
}

/* The number that the next descriptor gets. */
static int next_number(void)
{
    const int fd = open("/dev/null", O_RDONLY);

    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    return fd;
}

/* How many of `n` sockets a wait reports; no other is. */
static size_t n_reported(struct wasock_socket *const *sockets, size_t n)
{
    struct wasock_poller_event events[8];
    const ptrdiff_t n_events = take_events(&poller, events, 8, 1);
    size_t n_found = 0;

    assert_true(n_events >= 0);
    for (size_t i = 0; i < n; i++) {
        for (ptrdiff_t j = 0; j < n_events; j++) {
            n_found += events[j].token == sockets[i];
        }
    }
    assert_int_equal(n_found, n_events);
    return n_found;
}

/* Three objects on one descriptor, closed in each order: the others are
 * reported. */
static void test_sharers(void **unused)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    (void)unused;
    for (size_t i = 0; i < 6; i++) {
        struct wasock_conn conns[3] = {0};
        struct wasock_socket *open[3] = {&conns[0].socket, &conns[1].socket,
                                         &conns[2].socket};
        const int peer = open_conn(&conns[0]);
        for (size_t j = 1; j < 3; j++) {
            assert_int_equal(wasock_conn_share(&conns[0], &conns[j]), 0);
        }
        watch(open[0]);
        const int copy = next_number();
        watch(open[1]);
        watch(open[2]);
        assert_int_equal(n_reported(open, 3), 0);
        send_to(peer);
        for (size_t j = 0; j < 3; j++) {
            assert_int_equal(n_reported(open, 3), 3 - j);
            assert_false(is_at_end(peer));
            assert_int_equal(wasock_conn_close(&conns[orders[i][j]]), 0);
        }
        assert_int_equal(n_reported(open, 3), 0);
        assert_int_equal(fcntl(copy, F_GETFD), -1); /* no copy is left */
        assert_int_equal(fcntl(copy + 1, F_GETFD), -1);
        assert_int_equal(close(peer), 0);
    }
}

/* As above, and EOF comes without another call of the poller. */
static void test_last_sharer_delivers_eof(void **unused)
{
    struct wasock_conn conns[2] = {0};
    const int peer = open_conn(&conns[0]);

    (void)unused;
    assert_int_equal(wasock_conn_share(&conns[0], &conns[1]), 0);
    watch(&conns[0].socket);
    watch(&conns[1].socket);
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    assert_false(is_at_end(peer));
    assert_int_equal(wasock_conn_close(&conns[1]), 0);
    assert_true(is_at_end(peer));
    assert_int_equal(close(peer), 0);
}

/* Exactly the directions are reported that are ready. */
static void test_directions(void **unused)
{
    struct wasock_poller_event event;
    struct wasock_conn conn;
    const int peer = open_conn(&conn);

    (void)unused;
    assert_int_equal(wasock_poller_add(&poller, &conn.socket,
                                       WASOCK_READABLE | WASOCK_WRITABLE, NULL),
                     0);
    assert_int_equal(take_events(&poller, &event, 1, 1), 1);
    assert_int_equal(event.ready, WASOCK_WRITABLE);
    while (wasock_conn_try_write(&conn, "hello", 5) > 0) {
    }
    assert_int_equal(take_events(&poller, &event, 1, 1), 0);
    send_to(peer);
    assert_int_equal(take_events(&poller, &event, 1, 1), 1);
    assert_int_equal(event.ready, WASOCK_READABLE);
    assert_int_equal(close(peer), 0);
    assert_int_equal(take_events(&poller, &event, 1, 1), 1);
    assert_int_equal(event.ready, WASOCK_READABLE | WASOCK_WRITABLE);
    assert_int_equal(wasock_conn_close(&conn), 0);
}

/* One object in two pollers, each with a set of its own. */
static void test_two_pollers(void **unused)
{
    static _Alignas(WASOCK_POLLER_ALIGNMENT) char other[WASOCK_POLLER_SIZE(1)];
    struct wasock_poller second;
    struct wasock_poller_event event;
    struct wasock_conn conn;
    struct wasock_socket *socket = &conn.socket;
    const int peer = open_conn(&conn);

    (void)unused;
    assert_int_equal(wasock_poller_init(&second, other, sizeof(other)), 0);
    watch(socket);
    assert_int_equal(
        wasock_poller_add(&second, socket, WASOCK_READABLE, socket), 0);
    send_to(peer);
    assert_int_equal(n_reported(&socket, 1), 1);
    assert_int_equal(take_events(&second, &event, 1, 1), 1);
    assert_int_equal(wasock_poller_remove(&second, socket), 0);
    assert_int_equal(n_reported(&socket, 1), 1);
    wasock_poller_close(&second);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(close(peer), 0);
}

/* A file is ready in each wait; it neither hides sockets nor is hidden. */
static void test_file(void **unused)
{
    FILE *file = tmpfile();
    struct wasock_pollable pollable = {0};
    struct wasock_conn conn;
    struct wasock_socket *sockets[2] = {&pollable.socket, &conn.socket};
    const int peer = open_conn(&conn);

    (void)unused;
    assert_non_null(file);
    assert_int_equal(wasock_pollable_from_fd(&pollable, fileno(file)), 0);
    watch(&pollable.socket);
    assert_int_equal(n_reported(sockets, 2), 1);
    watch(&conn.socket);
    assert_int_equal(n_reported(sockets, 2), 1);
    send_to(peer);
    assert_int_equal(n_reported(sockets, 2), 2);
    assert_int_equal(n_reported(sockets, 2), 2);
    receive(&conn);
    assert_int_equal(n_reported(sockets, 2), 1);
    assert_int_equal(wasock_poller_modify(&poller, &pollable.socket, 0, NULL),
                     0);
    assert_int_equal(n_reported(sockets, 2), 0);
    assert_int_equal(
        wasock_poller_modify(&poller, &pollable.socket, 2, &pollable.socket),
        0);
    assert_int_equal(n_reported(sockets, 2), 1);
    assert_int_equal(wasock_pollable_close(&pollable), 0);
    assert_int_equal(n_reported(sockets, 2), 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(close(peer), 0);
}

/* A new connection with the number of a closed one. */
static void test_reused_number(void **unused)
{
    (void)unused;
    for (int i = 0; i < 50; i++) {
        struct wasock_conn old;
        struct wasock_conn new;
        struct wasock_socket *socket = &new.socket;
        const int old_peer = open_conn(&old);
        watch(&old.socket);
        assert_int_equal(n_reported(NULL, 0), 0);
        send_to(old_peer);
        const int number = wasock_socket_fd(&old.socket);
        assert_int_equal(wasock_conn_close(&old), 0);
        const int peer = open_conn(&new);
        assert_int_equal(wasock_socket_fd(&new.socket), number);
        watch(&new.socket);
        assert_int_equal(n_reported(&socket, 1), 0);
        send_to(peer);
        assert_int_equal(n_reported(&socket, 1), 1);
        assert_int_equal(close(old_peer), 0);
        assert_int_equal(wasock_conn_close(&new), 0);
        assert_int_equal(close(peer), 0);
    }
}

/* A copy of the descriptor, as a child process has, outlives the object: it is
 * not reported, and waits do not spin. */
static void test_copy_outlives_the_object(void **unused)
{
    struct wasock_conn conn;
    const int peer = open_conn(&conn);
    const int copy = dup(wasock_socket_fd(&conn.socket));

    (void)unused;
    watch(&conn.socket);
    assert_int_equal(n_reported(NULL, 0), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    send_to(peer);
    const uint64_t start_ns = wasock_clock_now_ns();
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 30 * MS), 0);
    assert_in_range(wasock_clock_now_ns() - start_ns, 30 * MS, 1000 * MS);
    assert_int_equal(close(copy), 0);
    assert_int_equal(close(peer), 0);
}

/* A descriptor that is given back stays open, and is not watched. */
static void test_descriptor_is_given_back(void **unused)
{
    struct wasock_conn conn;
    const int peer = open_conn(&conn);

    (void)unused;
    watch(&conn.socket);
    const int fd = wasock_conn_into_fd(&conn);
    send_to(peer);
    assert_int_equal(n_reported(NULL, 0), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(close(peer), 0);
}

static void set_limit(rlim_t limit)
{
    struct rlimit now;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
    now.rlim_cur = limit;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}

/* Out of descriptors, the poller has no set, or no copy for a sharer: it asks,
 * and goes on to do so. has_set: the set is open by then. */
static void run_out(bool has_set)
{
    struct rlimit limit;
    struct wasock_conn conns[3] = {0};
    struct wasock_socket *sockets[3] = {&conns[0].socket, &conns[1].socket,
                                        &conns[2].socket};
    const int peers[2] = {open_conn(&conns[0]), open_conn(&conns[2])};

    assert_int_equal(wasock_conn_share(&conns[0], &conns[1]), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (has_set) {
        watch(sockets[0]);
        watch(sockets[2]);
    }
    set_limit((rlim_t)next_number());
    if (!has_set) {
        watch(sockets[0]);
        watch(sockets[2]);
    }
    watch(sockets[1]);
    set_limit(limit.rlim_cur);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(n_reported(sockets, 3), 0);
        send_to(peers[0]);
        assert_int_equal(n_reported(sockets, 3), 2);
        send_to(peers[1]);
        assert_int_equal(n_reported(sockets, 3), 3);
        receive(&conns[i % 2]);
        receive(&conns[2]);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
    }
    assert_int_equal(close(peers[0]) + close(peers[1]), 0);
}

static void test_no_descriptor_for_the_set(void **unused)
{
    (void)unused;
    run_out(false);
}

static void test_no_descriptor_for_a_copy(void **unused)
{
    (void)unused;
    run_out(true);
}

/* A descriptor that is closed already is an event of the object alone. */
static void test_dead_descriptor(void **unused)
{
    struct wasock_pollable pollable = {0};
    struct wasock_poller_event event;
    int ends[2];

    (void)unused;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(wasock_pollable_from_fd(&pollable, ends[0]), 0);
    assert_int_equal(close(ends[0]) + close(ends[1]), 0);
    watch(&pollable.socket);
    assert_int_equal(take_events(&poller, &event, 1, WASOCK_NO_DEADLINE), 1);
    assert_int_equal(event.error, -WASOCK_EBADF);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, MS), 0);
    assert_int_equal(wasock_pollable_close(&pollable), 0);
}

/* Where more are ready than the system reports at once, each has its turn. */
static void test_many_ready(void **unused)
{
    static struct wasock_conn conns[N];
    static int peers[N];
    static unsigned n_events[N];

    (void)unused;
    for (size_t i = 0; i < N; i++) {
        n_events[i] = 0;
        peers[i] = open_conn(&conns[i]);
        send_to(peers[i]);
        assert_int_equal(wasock_poller_add(&poller, &conns[i].socket,
                                           WASOCK_READABLE, &n_events[i]),
                         0);
    }
    for (int wait = 0; wait < 20; wait++) {
        struct wasock_poller_event event;
        assert_true(wasock_poller_wait_until_ns(&poller, 1) > 0);
        while (wasock_poller_next(&poller, &event)) {
            ++*(unsigned *)event.token;
        }
    }
    for (size_t i = 0; i < N; i++) {
        assert_in_range(n_events[i], 10, 20);
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
        assert_int_equal(close(peers[i]), 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sharers),
        TEST(test_last_sharer_delivers_eof),
        TEST(test_directions),
        TEST(test_two_pollers),
        TEST(test_file),
        TEST(test_reused_number),
        TEST(test_copy_outlives_the_object),
        TEST(test_descriptor_is_given_back),
        TEST(test_no_descriptor_for_the_set),
        TEST(test_no_descriptor_for_a_copy),
        TEST(test_dead_descriptor),
        TEST(test_many_ready),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
