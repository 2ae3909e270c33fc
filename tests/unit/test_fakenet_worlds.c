/* SPDX-License-Identifier: MIT */
/*
 * The in-process network in random worlds, beside an oracle: each end reads
 * what the other wrote, in order and to the end; nobody is reset without a
 * reason; nothing is left; a seed is the same world again. Also built as a
 * guest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include <wasock/fakenet.h>
#include <wasock/wasock.h>

#include "../../src/poller/timer_heap.h"

#include "random.h"
#include "seeds.h"
#include "taken.h"

#define MS WASOCK_NS_PER_MS
#define N_PAIRS 24
#define N_SOCKETS (2 * N_PAIRS + 1)
#define BUFFER_BYTES (4 << 20)
#define N_WORLDS 200
#define N_TURNS_MAX 3000
#define WRITE_BYTES_MAX 9000
#define PATTERN_BYTES (251 * 256)

/* One end, as the oracle knows it. */
struct end {
    struct wasock_conn conn;
    size_t n_written;
    size_t n_read;
    size_t n_unread_max;
    bool is_shut;  /* it writes no more */
    bool may_fail; /* one of both was closed, or may be cut */
    bool is_over;  /* it has read EOF, or a reset */
};

static const struct wasock_fakenet_faults faults[] = {
    {0},
    {.latency_ns = 5 * MS},
    {.bytes_per_s = 1000000},
    {.chunk_bytes = 7},
    {.latency_ns = 2 * MS, .bytes_per_s = 500000, .chunk_bytes = 900},
    {.stall_after_bytes = 1000, .stall_ns = 50 * MS},
    {.latency_ns = MS, .stall_after_bytes = 1, .stall_ns = WASOCK_FOREVER_NS},
    {.latency_ns = MS, .reset_after_bytes = 5000}, /* the last */
};

#define N_FAULTS (sizeof(faults) / sizeof(faults[0]))

static _Alignas(WASOCK_FAKENET_ALIGNMENT) char net_memory[WASOCK_FAKENET_SIZE(
    N_SOCKETS, BUFFER_BYTES)];
static _Alignas(
    WASOCK_POLLER_ALIGNMENT) char poller_memory[WASOCK_POLLER_SIZE(N_SOCKETS)];
static struct wasock_fakenet net;
static struct wasock_poller poller;
static struct wasock_listener listener;
static struct wasock_addr at;
static struct end ends[2 * N_PAIRS];
static uint64_t seed;
static uint64_t history; /* of all results, in one number */
static uint32_t n_blocks;
static uint64_t n_ends_seen;
static uint64_t n_failures_seen;
static uint64_t n_full_seen;

static struct end *peer_of(struct end *end)
{
    return &ends[(size_t)(end - ends) ^ 1];
}

static bool is_open(const struct end *end)
{
    return wasock_socket_is_open(&end->conn.socket);
}

/* The bytes that all ends write, each from another place on, over and over. */
static char pattern[PATTERN_BYTES + WRITE_BYTES_MAX];

static void fill_pattern(void)
{
    for (size_t i = 0; i < sizeof(pattern); i++) {
        pattern[i] = (char)(i * 131 + i / 251);
    }
}

/* What an end writes from a position on: up to WRITE_BYTES_MAX. */
static const char *bytes_at(const struct end *end, size_t position)
{
    return &pattern[((size_t)(end - ends) * 1327 + position) % PATTERN_BYTES];
}

static ptrdiff_t note(ptrdiff_t result)
{
    history = (history ^ (uint64_t)result) * UINT64_C(0x100000001b3);
    return result;
}

static void note_failure(const struct end *end, ptrdiff_t error)
{
    assert_true(error == -WASOCK_ECONNRESET || error == -WASOCK_EPIPE);
    assert_true(end->may_fail);
    n_failures_seen++;
}

static void open_pair(struct end *a)
{
    struct end *b = a + 1;

    memset(a, 0, 2 * sizeof(*a));
    if (random_below(&seed, 2) == 0) {
        assert_int_equal(wasock_fakenet_pair(&net, &a->conn, &b->conn), 0);
    } else {
        assert_int_equal(wasock_conn_start_connect(&a->conn, &net.network, &at),
                         0);
        assert_int_equal(wasock_listener_try_accept(&listener, &b->conn), 0);
    }
    for (struct end *end = a; end <= b; end++) {
        const size_t which = random_below(&seed, N_FAULTS);
        wasock_fakenet_set_socket_faults(&end->conn.socket, &faults[which]);
        end->n_unread_max = 1 + random_below(&seed, 20000);
        assert_int_equal(
            wasock_fakenet_set_unread_max(&end->conn.socket, end->n_unread_max),
            0);
        a->may_fail = a->may_fail || faults[which].reset_after_bytes > 0;
        assert_int_equal(
            wasock_poller_add(&poller, &end->conn.socket, WASOCK_READABLE, end),
            0);
    }
    b->may_fail = a->may_fail;
}

static void write_some(struct end *end)
{
    const size_t length = 1 + random_below(&seed, WRITE_BYTES_MAX);
    const struct end *peer = peer_of(end);
    const size_t n_unread = end->n_written - peer->n_read;
    const ptrdiff_t n = note(wasock_conn_try_write(
        &end->conn, bytes_at(end, end->n_written), length));

    if (n > 0) {
        end->n_written += (size_t)n;
        assert_true(end->may_fail ||
                    n_unread + (size_t)n <= peer->n_unread_max);
    } else if (n == -WASOCK_EAGAIN) {
        assert_true(end->may_fail || n_unread == peer->n_unread_max);
        n_full_seen++;
    } else if (end->is_shut) {
        assert_int_equal(n, -WASOCK_EPIPE);
    } else {
        note_failure(end, n);
    }
}

/* Returns whether there may be more. */
static bool read_some(struct end *end)
{
    char bytes[5000];
    const struct end *peer = peer_of(end);
    const ptrdiff_t n = note(wasock_conn_try_read(
        &end->conn, bytes, 1 + random_below(&seed, sizeof(bytes))));

    if (n > 0) {
        assert_memory_equal(bytes, bytes_at(peer, end->n_read), (size_t)n);
        end->n_read += (size_t)n;
        assert_true(end->n_read <= peer->n_written);
    } else if (n == 0) {
        assert_true(peer->is_shut);
        assert_int_equal(end->n_read, peer->n_written);
        end->is_over = true;
        n_ends_seen++;
    } else if (n != -WASOCK_EAGAIN) {
        end->is_over = true;
        note_failure(end, n);
    }
    return n > 0;
}

static void close_end(struct end *end)
{
    end->may_fail = true;
    peer_of(end)->may_fail = true;
    end->is_shut = true;
    assert_int_equal(random_below(&seed, 3) == 0
                         ? wasock_fakenet_reset(&end->conn)
                         : wasock_conn_close(&end->conn),
                     0);
}

static void happen(void)
{
    struct end *end = &ends[random_below(&seed, 2 * N_PAIRS)];

    if (!is_open(end)) {
        if (!is_open(peer_of(end))) {
            open_pair(end < peer_of(end) ? end : peer_of(end));
        }
        return;
    }
    switch (random_below(&seed, 100)) {
    case 0:
        close_end(end);
        break;
    case 1:
    case 2:
        wasock_fakenet_set_socket_faults(
            &end->conn.socket, &faults[random_below(&seed, N_FAULTS - 1)]);
        break;
    case 3:
        end->is_shut = true;
        assert_int_equal(
            wasock_conn_shutdown(&end->conn, WASOCK_SHUTDOWN_WRITE), 0);
        break;
    default:
        if (random_below(&seed, 2) == 0) {
            write_some(end);
        } else {
            (void)read_some(end);
        }
    }
}

/* Serve what is ready until a time. Returns why no more is. */
static ptrdiff_t serve(uint64_t deadline_ns)
{
    struct wasock_poller_event events[8];
    ptrdiff_t n = 0;

    do {
        n = note(take_events(&poller, events, 8, deadline_ns));
        for (ptrdiff_t i = 0; i < n; i++) {
            struct end *end = events[i].token;
            assert_int_equal(events[i].ready, WASOCK_READABLE);
            while (read_some(end)) {
            }
            if (end->is_over) { /* and would be ready for ever */
                assert_int_equal(
                    wasock_poller_remove(&poller, &end->conn.socket), 0);
            }
        }
    } while (n > 0);
    return n;
}

static void begin(uint64_t number)
{
    const struct wasock_fakenet_options options = {.seed = number};

    seed = number;
    history = 0;
    memset(ends, 0, sizeof(ends));
    memset(&listener, 0, sizeof(listener));
    assert_int_equal(wasock_fakenet_init(&net, net_memory, sizeof(net_memory),
                                         N_SOCKETS, &options),
                     0);
    n_blocks = net.n_free_blocks_;
    assert_int_equal(
        wasock_poller_init(&poller, poller_memory, sizeof(poller_memory)), 0);
    assert_int_equal(wasock_addr_parse("127.0.0.1:80", 12, &at), 0);
    assert_int_equal(wasock_listener_listen(&listener, &net.network, &at, 0),
                     0);
    /* A poller that watches nothing goes by the host's clock. */
    assert_int_equal(
        wasock_poller_add(&poller, &listener.socket, WASOCK_READABLE, NULL), 0);
}

/* After all partitions have healed, nothing that was written is lost, but where
 * there is a reason. */
static void end_world(void)
{
    for (size_t i = 0; i < 2 * N_PAIRS; i++) {
        if (is_open(&ends[i])) {
            wasock_fakenet_set_socket_faults(&ends[i].conn.socket, NULL);
        }
    }
    wasock_fakenet_set_faults(&net, NULL);
    assert_int_equal(serve(WASOCK_NO_DEADLINE), -WASOCK_EDEADLOCK);
    for (size_t i = 0; i < 2 * N_PAIRS; i++) {
        struct end *end = &ends[i];
        const struct end *peer = peer_of(end);
        if (is_open(end) && !end->may_fail) {
            assert_int_equal(end->n_read, peer->n_written);
            assert_int_equal(end->is_over, peer->is_shut);
        }
    }
    for (size_t i = 0; i < 2 * N_PAIRS; i++) {
        if (is_open(&ends[i])) {
            assert_int_equal(wasock_conn_close(&ends[i].conn), 0);
        }
    }
    assert_int_equal(wasock_listener_close(&listener), 0);
    wasock_poller_close(&poller);
    assert_int_equal(net.n_free_sockets_, N_SOCKETS);
    assert_int_equal(net.arrivals_->count, 0);
    assert_int_equal(net.n_free_blocks_, n_blocks);
}

static uint64_t live(uint64_t number)
{
    begin(number);
    /* Most worlds are short. */
    const size_t n_turns =
        1 + random_below(&seed, 1 + random_below(&seed, N_TURNS_MAX));
    for (size_t turn = 0; turn < n_turns; turn++) {
        happen();
        if (random_below(&seed, 30) == 0) {
            const uint64_t now_ns = wasock_fakenet_now_ns(&net);
            const ptrdiff_t n = serve(now_ns + random_below(&seed, 8 * MS));
            assert_true(n == 0 || n == -WASOCK_EDEADLOCK);
        }
    }
    end_world();
    return history;
}

static void run_world(uint64_t number)
{
    (void)live(number);
}

static void test_random_worlds(void **unused)
{
    (void)unused;
    n_ends_seen = 0;
    n_failures_seen = 0;
    n_full_seen = 0;
    const uint64_t n_worlds = run_worlds(run_world, N_WORLDS);
    assert_true(n_ends_seen > n_worlds);
    assert_true(n_failures_seen > n_worlds);
    assert_true(n_full_seen > n_worlds);
}

static void test_a_seed_is_a_world(void **unused)
{
    (void)unused;
    const uint64_t first = live(1);
    assert_true(live(1) == first);
    assert_true(live(2) != first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_worlds),
        cmocka_unit_test(test_a_seed_is_a_world),
    };

    fill_pattern();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
