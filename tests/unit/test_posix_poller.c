/* SPDX-License-Identifier: MIT */
/* The poller on the native host: sockets, pipes and signals of the system. */
#define _GNU_SOURCE

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include <wasock/wasock.h>

#define MS WASOCK_NS_PER_MS
#define N 40

static _Alignas(WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(N)];
static struct wasock_poller poller;

struct client {
    struct wasock_conn conn;
    int peer; /* the other end */
};

static struct client *new_client(unsigned interest)
{
    struct client *client = calloc(1, sizeof(*client));
    int ends[2];

    assert_non_null(client);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(wasock_conn_from_fd(&client->conn, ends[0]), 0);
    client->peer = ends[1];
    assert_int_equal(
        wasock_poller_add(&poller, &client->conn.socket, interest, client), 0);
    return client;
}

static void free_client(struct client *client)
{
    assert_int_equal(wasock_conn_close(&client->conn), 0);
    assert_int_equal(close(client->peer), 0);
    free(client);
}

static void send_to(const struct client *client)
{
    assert_int_equal(write(client->peer, "hello", 5), 5);
}

static void set_read_deadline(struct client *client, uint64_t deadline_ns)
{
    assert_int_equal(wasock_socket_set_deadline_ns(
                         &client->conn.socket, WASOCK_READABLE, deadline_ns),
                     0);
}

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

/* One always readable, one always writable: both in each of 800 waits, used or
 * not. */
static void test_reader_and_writer_in_every_wait(void **unused)
{
    struct client *reader = new_client(WASOCK_READABLE);
    struct client *writer = new_client(WASOCK_WRITABLE);

    (void)unused;
    for (int wait = 0; wait < 800; wait++) {
        struct wasock_poller_event event;
        unsigned n_reader = 0;
        unsigned n_writer = 0;
        char buffer[8];
        if (wait == 0 || wait > 200) {
            send_to(reader);
        }
        assert_int_equal(wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS),
                         2);
        while (wasock_poller_next(&poller, &event)) {
            n_reader += event.token == reader;
            n_writer += event.token == writer;
        }
        assert_int_equal(n_reader, 1);
        assert_int_equal(n_writer, 1);
        if (wait >= 200) {
            assert_int_equal(wasock_conn_try_read(&reader->conn, buffer, 5), 5);
        }
    }
    free_client(reader);
    free_client(writer);
}

/* Readable, writable, hung up and past its deadline: one event, after which
 * the client is freed. */
static void test_one_event_of_a_freed_client(void **unused)
{
    struct client *client = new_client(WASOCK_READABLE | WASOCK_WRITABLE);
    struct wasock_poller_event event;

    (void)unused;
    set_read_deadline(client, WASOCK_DEADLINE_PAST);
    send_to(client);
    assert_int_equal(shutdown(client->peer, SHUT_WR), 0);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS), 1);
    assert_true(wasock_poller_next(&poller, &event));
    assert_ptr_equal(event.token, client);
    assert_int_equal(event.ready, WASOCK_READABLE | WASOCK_WRITABLE);
    assert_int_equal(event.deadline, WASOCK_READABLE);
    free_client(client);
    assert_false(wasock_poller_next(&poller, &event));
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 0), 0);
}

/* A handler frees all clients whose events are pending, but its own. */
static void test_clients_freed_in_the_loop(void **unused)
{
    struct client *clients[N];
    struct wasock_poller_event event;

    (void)unused;
    for (size_t i = 0; i < N; i++) {
        clients[i] = new_client(WASOCK_READABLE);
        send_to(clients[i]);
    }
    assert_int_equal(wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS), N);
    assert_true(wasock_poller_next(&poller, &event));
    for (size_t i = 0; i < N; i++) {
        if (event.token != clients[i]) {
            free_client(clients[i]);
        }
    }
    assert_int_equal(wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS), 1);
    free_client(event.token);
    assert_false(wasock_poller_next(&poller, &event));
}

/* A wait ends at its deadline, not before. */
static void test_deadline_is_met(void **unused)
{
    struct client *client = new_client(WASOCK_READABLE);

    (void)unused;
    for (uint64_t wait = 0; wait < 50; wait += 7) {
        const uint64_t end_ns = wasock_clock_now_ns() + wait * MS + 100;
        assert_int_equal(wasock_poller_wait_until_ns(&poller, end_ns), 0);
        assert_in_range(wasock_clock_now_ns(), end_ns, end_ns + 1000 * MS);
    }
    const uint64_t start_ns = wasock_clock_now_ns();
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 20 * MS), 0);
    assert_in_range(wasock_clock_now_ns() - start_ns, 20 * MS, 1000 * MS);
    free_client(client);
}

/* A pipe, as stdin is one, beside a socket. */
static void test_pipe_beside_a_socket(void **unused)
{
    struct client *client = new_client(WASOCK_READABLE);
    struct wasock_pollable input = {0};
    struct wasock_poller_event event;
    int ends[2];

    (void)unused;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(wasock_pollable_from_fd(&input, ends[0]), 0);
    assert_int_equal(
        wasock_poller_add(&poller, &input.socket, WASOCK_READABLE, &input), 0);
    send_to(client);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 20 * MS), 1);
    assert_true(wasock_poller_next(&poller, &event));
    assert_ptr_equal(event.token, client);
    assert_int_equal(write(ends[1], "quit", 4), 4);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 20 * MS), 2);
    assert_int_equal(wasock_pollable_close(&input), 0);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 20 * MS), 1);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(close(ends[1]), 0);
    free_client(client);
}

/* The memory of a closed poller may be freed before its objects are closed. */
static void test_closing_the_poller_first(void **unused)
{
    struct wasock_poller other;
    struct client *client = new_client(WASOCK_READABLE);
    void *heap = malloc(WASOCK_POLLER_SIZE(4));

    (void)unused;
    assert_int_equal(wasock_poller_init(&other, heap, WASOCK_POLLER_SIZE(4)),
                     0);
    assert_int_equal(wasock_poller_add(&other, &client->conn.socket,
                                       WASOCK_READABLE, client),
                     0);
    send_to(client);
    assert_int_equal(wasock_poller_wait_for_ns(&other, WASOCK_FOREVER_NS), 1);
    wasock_poller_close(&other);
    free(heap);
    set_read_deadline(client, WASOCK_DEADLINE_PAST);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS), 1);
    free_client(client);
}

static volatile sig_atomic_t n_signals;

static void count_signal(int number)
{
    (void)number;
    n_signals++;
}

/* A timer's signals do not end a wait; they end an interruptible one. */
static void test_signals(void **unused)
{
    const struct sigaction counting = {.sa_handler = count_signal};
    const struct itimerval every_5_ms = {{0, 5000}, {0, 5000}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    struct client *client = new_client(WASOCK_READABLE);

    (void)unused;
    n_signals = 0;
    assert_int_equal(sigaction(SIGALRM, &counting, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &every_5_ms, NULL), 0);
    const uint64_t start_ns = wasock_clock_now_ns();
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 100 * MS), 0);
    assert_in_range(wasock_clock_now_ns() - start_ns, 100 * MS, 1000 * MS);
    assert_true(n_signals >= 5);
    assert_int_equal(wasock_poller_set_interruptible(&poller, true), 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS),
                         -WASOCK_EINTR);
    }
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    free_client(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reader_and_writer_in_every_wait,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_event_of_a_freed_client,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clients_freed_in_the_loop, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_deadline_is_met, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_pipe_beside_a_socket, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_closing_the_poller_first, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_signals, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
