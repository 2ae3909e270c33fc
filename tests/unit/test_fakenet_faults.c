/* SPDX-License-Identifier: MIT */
/* Streams over the in-process network with faults. Also built as a guest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <wasock/fakenet.h>
#include <wasock/wasock.h>

#include "../../src/poller/timer_heap.h"
#include "taken.h"

#define MS WASOCK_NS_PER_MS

static _Alignas(
    WASOCK_FAKENET_ALIGNMENT) char memory[WASOCK_FAKENET_SIZE(8, 400000)];
static struct wasock_fakenet net;
static struct wasock_listener listener;
static struct wasock_conn a;
static struct wasock_conn b;
static struct wasock_addr at;
static char big[200000];

static void begin(uint64_t seed)
{
    const struct wasock_fakenet_options options = {.seed = seed};

    memset(memory, 0xa5, sizeof(memory)); /* as a caller may hand it over */
    assert_int_equal(
        wasock_fakenet_init(&net, memory, sizeof(memory), 8, &options), 0);
    memset(&listener, 0, sizeof(listener));
    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    for (size_t i = 0; i < sizeof(big); i++) {
        big[i] = (char)(i * 7 + i / 251);
    }
    assert_int_equal(wasock_addr_parse("127.0.0.1:80", 12, &at), 0);
    assert_int_equal(wasock_listener_listen(&listener, &net.network, &at, 0),
                     0);
    assert_int_equal(wasock_conn_start_connect(&a, &net.network, &at), 0);
    assert_int_equal(wasock_listener_accept(&listener, &b), 0);
}

static void end(void)
{
    if (wasock_socket_is_open(&a.socket)) {
        assert_int_equal(wasock_conn_close(&a), 0);
    }
    if (wasock_socket_is_open(&b.socket)) {
        assert_int_equal(wasock_conn_close(&b), 0);
    }
    assert_int_equal(wasock_listener_close(&listener), 0);
    assert_int_equal(net.n_free_sockets_, 8);
    assert_int_equal(net.arrivals_->count, 0);
}

static uint64_t now_ns(void)
{
    return wasock_fakenet_now_ns(&net);
}

static void test_latency(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};
    struct wasock_conn c = {0};
    char buffer[8];

    (void)unused;
    begin(0);
    wasock_fakenet_set_faults(&net, &slow);
    uint64_t start_ns = now_ns();
    assert_int_equal(wasock_conn_write(&a, "ping", 4), 4);
    assert_int_equal(wasock_conn_try_read(&b, buffer, 8), -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_read(&b, buffer, 8), 4);
    assert_true(now_ns() == start_ns + 10 * MS);
    assert_int_equal(wasock_conn_close(&a), 0); /* its end needs as long */
    assert_int_equal(wasock_conn_try_read(&b, buffer, 8), -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_read(&b, buffer, 8), 0);
    assert_true(now_ns() == start_ns + 20 * MS);
    /* A dial takes a round trip, or its deadline. */
    start_ns = now_ns();
    assert_int_equal(
        wasock_conn_connect_until_ns(&c, &net.network, &at, start_ns + 15 * MS),
        -WASOCK_EDEADLINE);
    assert_true(now_ns() == start_ns + 15 * MS);
    assert_int_equal(
        wasock_conn_connect_until_ns(&c, &net.network, &at, WASOCK_NO_DEADLINE),
        0);
    assert_true(now_ns() == start_ns + 35 * MS);
    assert_int_equal(wasock_conn_close(&c), 0);
    end();
}

static void test_bandwidth(void **unused)
{
    const struct wasock_fakenet_faults slow = {.bytes_per_s = 100000};
    char buffer[1000];
    size_t n_read = 0;

    (void)unused;
    begin(0);
    wasock_fakenet_set_faults(&net, &slow);
    const uint64_t start_ns = now_ns();
    assert_int_equal(wasock_conn_try_write(&a, big, 50000), 50000);
    while (n_read < 50000) {
        const ptrdiff_t n = wasock_conn_read(&b, buffer, sizeof(buffer));
        assert_true(n > 0);
        assert_memory_equal(buffer, big + n_read, (size_t)n);
        n_read += (size_t)n;
        /* Never earlier than the link allows. */
        assert_true(n_read * 10000 <= now_ns() - start_ns + 10000);
    }
    assert_in_range(now_ns() - start_ns, 499 * MS, 501 * MS);
    end();
}

/* How a stream was cut up: the length of each read. */
static size_t read_in_chunks(uint64_t seed, size_t *lengths, size_t n_max)
{
    const struct wasock_fakenet_faults chunky = {.chunk_bytes = 10};
    size_t n_read = 0;
    size_t n_chunks = 0;
    char buffer[100];

    begin(seed);
    wasock_fakenet_set_socket_faults(&b.socket, &chunky);
    assert_int_equal(wasock_conn_try_write(&a, big, 500), 500);
    while (n_read < 500) {
        const ptrdiff_t n = wasock_conn_try_read(&b, buffer, sizeof(buffer));
        assert_in_range(n, 1, 10);
        assert_memory_equal(buffer, big + n_read, (size_t)n);
        assert_true(n_chunks < n_max);
        lengths[n_chunks++] = (size_t)n;
        n_read += (size_t)n;
    }
    assert_in_range(wasock_conn_try_write(&b, big, 500), 1, 10);
    end();
    return n_chunks;
}

static void test_chunks(void **unused)
{
    size_t first[500];
    size_t second[500];

    (void)unused;
    const size_t n_chunks = read_in_chunks(1, first, 500);
    assert_int_equal(read_in_chunks(1, second, 500), n_chunks);
    assert_memory_equal(first, second, n_chunks * sizeof(first[0]));
    assert_true(read_in_chunks(2, second, 500) != n_chunks ||
                memcmp(first, second, n_chunks * sizeof(first[0])) != 0);
}

static void test_reset_after_bytes(void **unused)
{
    const struct wasock_fakenet_faults cut = {.reset_after_bytes = 1000};
    char buffer[2000];

    (void)unused;
    begin(0);
    wasock_fakenet_set_faults(&net, &cut);
    assert_int_equal(wasock_conn_try_write(&a, big, 600), 600);
    assert_int_equal(wasock_conn_try_write(&a, big + 600, 600), 400);
    assert_int_equal(wasock_conn_try_write(&a, big, 1), -WASOCK_ECONNRESET);
    assert_int_equal(wasock_conn_try_read(&a, buffer, 1), -WASOCK_ECONNRESET);
    assert_int_equal(wasock_conn_try_read(&b, buffer, sizeof(buffer)), 1000);
    assert_memory_equal(buffer, big, 1000);
    assert_int_equal(wasock_conn_try_read(&b, buffer, 1), -WASOCK_ECONNRESET);
    assert_int_equal(wasock_conn_try_write(&b, big, 1), -WASOCK_EPIPE);
    end();
}

/* What was on its way when the network cut the connection still comes. */
static void test_reset_arrives_after_bytes_in_flight(void **unused)
{
    const struct wasock_fakenet_faults cut = {.latency_ns = 10 * MS,
                                              .reset_after_bytes = 4};
    char buffer[8];

    (void)unused;
    begin(0);
    wasock_fakenet_set_faults(&net, &cut);
    assert_int_equal(wasock_conn_write(&b, "in", 2), 2);
    assert_int_equal(wasock_conn_write(&a, "1234", 4), 4);
    wasock_socket_set_deadline_ns(&a.socket, WASOCK_READABLE | WASOCK_WRITABLE,
                                  now_ns() + 1000 * MS);
    assert_int_equal(wasock_conn_read(&a, buffer, sizeof(buffer)), 2);
    assert_int_equal(wasock_conn_read(&a, buffer, sizeof(buffer)),
                     -WASOCK_ECONNRESET);
    wasock_socket_set_deadline_ns(&b.socket, WASOCK_READABLE | WASOCK_WRITABLE,
                                  now_ns() + 1000 * MS);
    assert_int_equal(wasock_conn_read(&b, buffer, sizeof(buffer)), 4);
    assert_int_equal(wasock_conn_read(&b, buffer, sizeof(buffer)),
                     -WASOCK_ECONNRESET);
    end();
}

static void test_stalled(void **unused)
{
    const struct wasock_fakenet_faults stalling = {.stall_after_bytes = 10,
                                                   .stall_ns = 3000 * MS};
    const struct wasock_fakenet_faults dead = {.stall_after_bytes = 1,
                                               .stall_ns = UINT64_MAX};
    char buffer[100];

    (void)unused;
    begin(0);
    wasock_fakenet_set_socket_faults(&a.socket, &stalling);
    const uint64_t start_ns = now_ns();
    assert_int_equal(wasock_conn_write(&a, big, 30), 30);
    assert_int_equal(wasock_conn_try_read(&b, buffer, 100), 10);
    wasock_socket_set_deadline_ns(&b.socket, WASOCK_READABLE | WASOCK_WRITABLE,
                                  start_ns + 1000 * MS);
    assert_int_equal(wasock_conn_read(&b, buffer, 100), -WASOCK_EDEADLINE);
    wasock_socket_set_deadline_ns(&b.socket, WASOCK_READABLE | WASOCK_WRITABLE,
                                  WASOCK_NO_DEADLINE);
    assert_int_equal(wasock_conn_read(&b, buffer, 100), 20);
    assert_true(now_ns() == start_ns + 3000 * MS);
    wasock_fakenet_set_socket_faults(&b.socket, &dead);
    assert_int_equal(wasock_conn_write(&b, big, 2), 2);
    assert_int_equal(wasock_conn_read(&a, buffer, 100), 1);
    assert_int_equal(wasock_conn_read(&a, buffer, 100), -WASOCK_EDEADLOCK);
    end();
}

/* Dial `n` times. Returns how many dials were refused. */
static unsigned dial_refused(unsigned n, uint16_t refused_permille)
{
    const struct wasock_fakenet_faults bad = {.refused_permille =
                                                  refused_permille};
    unsigned n_refused = 0;

    begin(0);
    wasock_fakenet_set_faults(&net, &bad);
    for (unsigned i = 0; i < n; i++) {
        struct wasock_conn c = {0};
        struct wasock_conn d = {0};
        const int result = wasock_conn_start_connect(&c, &net.network, &at);
        assert_true(result == 0 || result == -WASOCK_ECONNREFUSED);
        n_refused += result != 0;
        if (result == 0) {
            assert_int_equal(wasock_listener_accept(&listener, &d), 0);
            assert_int_equal(wasock_conn_close(&c), 0);
            assert_int_equal(wasock_conn_close(&d), 0);
        }
    }
    end();
    return n_refused;
}

static void test_refused_dials(void **unused)
{
    (void)unused;
    assert_in_range(dial_refused(1000, 300), 200, 400);
    assert_in_range(dial_refused(10000, 1), 1, 30);
}

/* What is lost is answered by a reset, after a round trip. */
static void test_late_answer(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};

    (void)unused;
    begin(0);
    wasock_fakenet_set_faults(&net, &slow);
    assert_int_equal(wasock_conn_close(&b), 0);
    assert_int_equal(wasock_conn_write(&a, "x", 1), 1);
    assert_int_equal(wasock_conn_write(&a, "x", 1), 1);
    assert_int_equal(wasock_fakenet_sleep_until_ns(&net, now_ns() + 19 * MS),
                     0);
    assert_int_equal(wasock_conn_write(&a, "x", 1), 1);
    assert_int_equal(wasock_fakenet_sleep_until_ns(&net, now_ns() + MS), 0);
    assert_int_equal(wasock_conn_write(&a, "x", 1), -WASOCK_EPIPE);
    end();
}

/* Bytes that are on their way to a socket that closes are answered when they
 * arrive, not before. */
static void test_answer_to_bytes_on_their_way(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};

    (void)unused;
    begin(0);
    wasock_fakenet_set_faults(&net, &slow);
    assert_int_equal(wasock_conn_write(&a, "x", 1), 1);
    assert_int_equal(wasock_fakenet_sleep_until_ns(&net, now_ns() + 5 * MS), 0);
    assert_int_equal(wasock_conn_close(&b), 0);
    assert_int_equal(wasock_fakenet_sleep_until_ns(&net, now_ns() + 13 * MS),
                     0);
    assert_int_equal(wasock_conn_write(&a, "x", 1), 1);
    assert_int_equal(wasock_fakenet_sleep_until_ns(&net, now_ns() + 2 * MS), 0);
    assert_int_equal(wasock_conn_write(&a, "x", 1), -WASOCK_EPIPE);
    end();
}

/* What is on its way arrives in the order of its times, whatever the order it
 * was sent in, and whoever goes away meanwhile. */
static void test_order_of_arrivals(void **unused)
{
    enum { N = 40 };
    static _Alignas(WASOCK_FAKENET_ALIGNMENT) char
        many_memory[WASOCK_FAKENET_SIZE(2 * N, 10000)];
    static _Alignas(
        WASOCK_POLLER_ALIGNMENT) char poller_memory[WASOCK_POLLER_SIZE(N)];
    static struct wasock_conn from[N];
    static struct wasock_conn to[N];
    struct wasock_fakenet_faults faults[N];
    struct wasock_poller poller;

    (void)unused;
    memset(from, 0, sizeof(from));
    memset(to, 0, sizeof(to));
    assert_int_equal(wasock_fakenet_init(&net, many_memory, sizeof(many_memory),
                                         2 * N, NULL),
                     0);
    assert_int_equal(
        wasock_poller_init(&poller, poller_memory, sizeof(poller_memory)), 0);
    const uint64_t start_ns = now_ns();
    for (size_t i = 0; i < N; i++) {
        memset(&faults[i], 0, sizeof(faults[i]));
        faults[i].latency_ns = (1 + i * 17 % N) * MS;
        assert_int_equal(wasock_fakenet_pair(&net, &from[i], &to[i]), 0);
        wasock_fakenet_set_socket_faults(&from[i].socket, &faults[i]);
        assert_int_equal(wasock_conn_write(&from[i], "x", 1), 1);
        assert_int_equal(
            wasock_poller_add(&poller, &to[i].socket, WASOCK_READABLE, &to[i]),
            0);
    }
    for (size_t i = 0; i < N; i += 3) {
        assert_int_equal(wasock_conn_close(&to[i]), 0);
    }
    size_t n_arrived = 0;
    struct wasock_poller_event event;
    while (take_events(&poller, &event, 1, WASOCK_NO_DEADLINE) == 1) {
        struct wasock_conn *conn = event.token;
        char byte = 0;
        assert_int_equal(wasock_conn_try_read(conn, &byte, 1), 1);
        assert_true(now_ns() - start_ns == faults[conn - to].latency_ns);
        n_arrived++;
    }
    assert_int_equal(n_arrived, N - (N + 2) / 3);
    wasock_poller_close(&poller);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(wasock_conn_close(&from[i]), 0);
        if (i % 3 != 0) {
            assert_int_equal(wasock_conn_close(&to[i]), 0);
        }
    }
    assert_int_equal(net.n_free_sockets_, 2 * N);
    assert_int_equal(net.arrivals_->count, 0);
}

/* A megabyte through all of it at once comes byte by byte as it was sent. */
static void test_all_at_once(void **unused)
{
    const struct wasock_fakenet_faults bad = {
        .latency_ns = 3 * MS, .bytes_per_s = 1000000, .chunk_bytes = 3000};
    size_t n_sent = 0;
    size_t n_read = 0;
    char buffer[5000];

    (void)unused;
    begin(5);
    wasock_fakenet_set_faults(&net, &bad);
    while (n_read < sizeof(big)) {
        if (n_sent < sizeof(big)) {
            const ptrdiff_t n =
                wasock_conn_try_write(&a, big + n_sent, sizeof(big) - n_sent);
            assert_true(n > 0 || n == -WASOCK_EAGAIN);
            n_sent += n > 0 ? (size_t)n : 0;
        }
        const ptrdiff_t n = wasock_conn_read(&b, buffer, sizeof(buffer));
        assert_true(n > 0);
        assert_memory_equal(buffer, big + n_read, (size_t)n);
        n_read += (size_t)n;
    }
    end();
}

/* A stall delays what comes after it, with a bandwidth, too. */
static void test_stall_with_a_bandwidth(void **unused)
{
    const struct wasock_fakenet_faults stalling = {
        .bytes_per_s = 1000, .stall_after_bytes = 5000, .stall_ns = 3000 * MS};
    char buffer[100];
    size_t n_read = 0;

    (void)unused;
    begin(0);
    wasock_fakenet_set_socket_faults(&a.socket, &stalling);
    const uint64_t start_ns = now_ns();
    assert_int_equal(wasock_conn_try_write(&a, big, 5000), 5000);
    assert_int_equal(wasock_conn_try_write(&a, big, 1), 1);
    while (n_read < 5001) {
        const ptrdiff_t n = wasock_conn_read(&b, buffer, sizeof(buffer));
        assert_true(n > 0);
        n_read += (size_t)n;
    }
    /* 5 s for the first 5,000 bytes, then 3 s more. */
    assert_true(now_ns() - start_ns >= 8000 * MS);
    end();
}

/* What found no memory takes no time of the link. */
static void test_unsent_bytes_take_no_time(void **unused)
{
    static _Alignas(
        WASOCK_FAKENET_ALIGNMENT) char small[WASOCK_FAKENET_SIZE(4, 1)];
    const struct wasock_fakenet_faults slow = {.bytes_per_s = 1000};
    struct wasock_conn c = {0};
    struct wasock_conn d = {0};
    char buffer[2000];

    (void)unused;
    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    assert_int_equal(wasock_fakenet_init(&net, small, sizeof(small), 4, NULL),
                     0);
    assert_int_equal(wasock_fakenet_pair(&net, &a, &b), 0);
    assert_int_equal(wasock_fakenet_pair(&net, &c, &d), 0);
    while (wasock_conn_try_write(&c, big, 400) > 0) {
    }
    wasock_fakenet_set_socket_faults(&a.socket, &slow);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(wasock_conn_try_write(&a, big, 1000),
                         -WASOCK_ESTORAGE);
    }
    while (wasock_conn_try_read(&d, buffer, sizeof(buffer)) > 0) {
    }
    const uint64_t start_ns = now_ns();
    assert_int_equal(wasock_conn_try_write(&a, "x", 1), 1);
    assert_int_equal(wasock_conn_read(&b, buffer, 1), 1);
    assert_in_range(now_ns() - start_ns, MS, MS);
}

/* Data in flight when its reader closes is lost: later writes fail. */
static void test_lost_in_flight(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};

    (void)unused;
    begin(0);
    wasock_fakenet_set_faults(&net, &slow);
    assert_int_equal(wasock_conn_write(&a, "x", 1), 1);
    assert_int_equal(wasock_conn_close(&b), 0);
    assert_int_equal(wasock_fakenet_sleep_until_ns(&net, now_ns() + 1000 * MS),
                     0);
    assert_int_equal(wasock_conn_write(&a, "x", 1), -WASOCK_EPIPE);
    end();
}

/* What a link carries arrives bit by bit, not all of it at the end. */
static void test_bandwidth_is_even(void **unused)
{
    const struct wasock_fakenet_faults slow = {.bytes_per_s = 100000};
    static char buffer[20000];
    size_t n_read = 0;
    ptrdiff_t n = 0;

    (void)unused;
    begin(0);
    wasock_fakenet_set_faults(&net, &slow);
    assert_int_equal(wasock_conn_try_write(&a, big, 10000), 10000);
    assert_int_equal(wasock_fakenet_sleep_until_ns(&net, now_ns() + 50 * MS),
                     0);
    while ((n = wasock_conn_try_read(&b, buffer, sizeof(buffer))) > 0) {
        n_read += (size_t)n;
    }
    assert_int_equal(n, -WASOCK_EAGAIN);
    assert_in_range(n_read, 4000, 5000);
    end();
}

/* An accepted connection has the faults of its listener. */
static void test_faults_of_a_listener(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};
    struct wasock_conn client = {0};
    struct wasock_conn server = {0};
    char byte = 0;

    (void)unused;
    begin(0);
    assert_int_equal(wasock_fakenet_set_socket_faults(&listener.socket, &slow),
                     0);
    assert_int_equal(wasock_conn_start_connect(&client, &net.network, &at), 0);
    assert_int_equal(wasock_listener_accept(&listener, &server), 0);
    assert_int_equal(wasock_conn_try_write(&client, "x", 1), 1);
    assert_int_equal(wasock_conn_try_read(&server, &byte, 1), 1);
    assert_int_equal(wasock_conn_try_write(&server, "x", 1), 1);
    assert_int_equal(wasock_conn_try_read(&client, &byte, 1), -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_read(&client, &byte, 1), 1);
    assert_int_equal(wasock_conn_close(&client), 0);
    assert_int_equal(wasock_conn_close(&server), 0);
    end();
}

/* Nothing arrives from now on, whatever is sent, beyond the next byte. */
static const struct wasock_fakenet_faults partition = {
    .stall_after_bytes = 1, .stall_ns = WASOCK_FOREVER_NS};

/* What was sent into a partition arrives when it ends, in order, and so does
 * what is sent then. */
static void test_a_partition_heals(void **unused)
{
    char buffer[100];

    (void)unused;
    begin(0);
    wasock_fakenet_set_faults(&net, &partition);
    assert_int_equal(wasock_conn_write(&a, "0123", 4), 4);
    assert_int_equal(wasock_conn_read(&b, buffer, 100), 1);
    assert_int_equal(wasock_conn_read(&b, buffer, 100), -WASOCK_EDEADLOCK);
    assert_int_equal(wasock_fakenet_sleep_for_ns(&net, 1000 * MS), 0);
    assert_int_equal(wasock_conn_write(&a, "456", 3), 3);
    assert_int_equal(wasock_conn_shutdown(&a, WASOCK_SHUTDOWN_WRITE), 0);
    assert_int_equal(wasock_conn_try_read(&b, buffer, 100), -WASOCK_EAGAIN);
    const uint64_t start_ns = now_ns();
    wasock_fakenet_set_faults(&net, NULL);
    assert_int_equal(wasock_conn_try_read(&b, buffer, 100), 6);
    assert_memory_equal(buffer, "123456", 6);
    assert_int_equal(wasock_conn_try_read(&b, buffer, 100), 0);
    assert_int_equal(now_ns(), start_ns);
    assert_int_equal(wasock_conn_write(&b, "back", 4), 4);
    assert_int_equal(wasock_conn_try_read(&a, buffer, 100), 4);
    end();
}

/* Faults that replace the partition's decide how long it takes then; a reader
 * that waits is woken; a partition can be repeated. */
static void test_a_partition_is_replaced(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};
    char buffer[100];

    (void)unused;
    begin(0);
    for (int i = 0; i < 3; i++) {
        wasock_fakenet_set_socket_faults(&a.socket, &partition);
        assert_int_equal(wasock_conn_write(&a, "0123", 4), 4);
        assert_int_equal(wasock_conn_read(&b, buffer, 100), 1);
        const uint64_t start_ns = now_ns();
        wasock_fakenet_set_socket_faults(&a.socket, &slow);
        assert_int_equal(wasock_conn_write(&a, "45", 2), 2);
        assert_int_equal(wasock_conn_read(&b, buffer, 100), 5);
        assert_memory_equal(buffer, "12345", 5);
        assert_int_equal(now_ns(), start_ns + 10 * MS);
    }
    end();
}

/* An EOF that no longer stalls is on its way: later faults do not hasten it. */
static void test_a_healed_eof_keeps_its_time(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};
    char buffer[100];

    (void)unused;
    begin(0);
    wasock_fakenet_set_faults(&net, &partition);
    assert_int_equal(wasock_conn_write(&a, "0", 1), 1);
    assert_int_equal(wasock_conn_shutdown(&a, WASOCK_SHUTDOWN_WRITE), 0);
    assert_int_equal(wasock_conn_read(&b, buffer, 100), 1);
    assert_int_equal(wasock_conn_read(&b, buffer, 100), -WASOCK_EDEADLOCK);
    const uint64_t start_ns = now_ns();
    wasock_fakenet_set_faults(&net, &slow);
    wasock_fakenet_set_faults(&net, NULL);
    assert_int_equal(wasock_conn_read(&b, buffer, 100), 0);
    assert_int_equal(now_ns(), start_ns + 10 * MS);
    end();
}

/* A stall that would end by itself ends early. What is on its way for another
 * reason arrives when it would have. */
static void test_a_stall_ends_early(void **unused)
{
    const struct wasock_fakenet_faults stalling = {
        .latency_ns = 10 * MS, .stall_after_bytes = 2, .stall_ns = 5000 * MS};
    char buffer[100];

    (void)unused;
    begin(0);
    wasock_fakenet_set_faults(&net, &stalling);
    const uint64_t start_ns = now_ns();
    assert_int_equal(wasock_conn_write(&a, "0123", 4), 4);
    assert_int_equal(wasock_conn_write(&b, "x", 1), 1);
    wasock_fakenet_set_faults(&net, NULL);
    assert_int_equal(wasock_conn_try_read(&b, buffer, 100), -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_read(&b, buffer, 100), 4);
    assert_memory_equal(buffer, "0123", 4);
    assert_int_equal(now_ns(), start_ns + 10 * MS);
    assert_int_equal(wasock_conn_try_read(&a, buffer, 100), 1);
    /* What is lost now has no answer yet. */
    assert_int_equal(wasock_conn_close(&b), 0);
    assert_int_equal(wasock_conn_write(&a, "x", 1), 1);
    end();
}

/* One direction heals without the other, and whoever has gone meanwhile. */
static void test_a_partition_heals_by_socket(void **unused)
{
    char buffer[100];

    (void)unused;
    begin(0);
    wasock_fakenet_set_socket_faults(&a.socket, &partition);
    wasock_fakenet_set_socket_faults(&b.socket, &partition);
    assert_int_equal(wasock_conn_write(&a, "to b", 4), 4);
    assert_int_equal(wasock_conn_write(&b, "to a", 4), 4);
    wasock_fakenet_set_faults(&net, NULL); /* not theirs */
    assert_int_equal(wasock_conn_read(&b, buffer, 100), 1);
    assert_int_equal(wasock_conn_read(&b, buffer, 100), -WASOCK_EDEADLOCK);
    wasock_fakenet_set_socket_faults(&a.socket, NULL);
    assert_int_equal(wasock_conn_try_read(&b, buffer, 100), 3);
    assert_int_equal(wasock_conn_read(&a, buffer, 100), 1);
    assert_int_equal(wasock_conn_read(&a, buffer, 100), -WASOCK_EDEADLOCK);
    assert_int_equal(wasock_conn_close(&b), 0);
    assert_int_equal(wasock_conn_read(&a, buffer, 100), -WASOCK_EDEADLOCK);
    wasock_fakenet_set_faults(&net, NULL);
    assert_int_equal(wasock_conn_try_read(&a, buffer, 100), 3);
    assert_memory_equal(buffer, "o a", 3);
    assert_int_equal(wasock_conn_try_read(&a, buffer, 100), 0);
    end();
}

/* A reset or a stall after N bytes counts what was sent before, in a small
 * window as well. */
static void test_limits_count_earlier_sends(void **unused)
{
    const struct wasock_fakenet_faults faults[] = {
        {.reset_after_bytes = 1000},
        {.stall_after_bytes = 1000, .stall_ns = MS}};

    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        begin(0);
        wasock_fakenet_set_faults(&net, &faults[i]);
        assert_int_equal(wasock_fakenet_set_unread_max(&b.socket, 1200), 0);
        assert_int_equal(wasock_conn_try_write(&a, big, 600), 600);
        assert_int_equal(wasock_conn_try_write(&a, big, 600), 400);
        end();
    }
}

/* The smallest chunks and the smallest bandwidth. */
static void test_single_bytes(void **unused)
{
    const struct wasock_fakenet_faults chunky = {.chunk_bytes = 1};
    const struct wasock_fakenet_faults slow = {.bytes_per_s = 1};
    char buffer[1000];

    (void)unused;
    begin(0);
    wasock_fakenet_set_faults(&net, &chunky);
    assert_int_equal(wasock_conn_try_write(&a, big, 100), 1);
    assert_int_equal(wasock_conn_try_write(&a, big, 100), 1);
    assert_int_equal(wasock_conn_try_read(&b, buffer, 100), 1);
    end();
    begin(0);
    wasock_fakenet_set_faults(&net, &slow);
    const uint64_t start_ns = now_ns();
    assert_int_equal(wasock_conn_try_write(&a, big, 1000), 1000);
    const ptrdiff_t n = wasock_conn_read(&b, buffer, sizeof(buffer));
    assert_in_range(n, 1, 999); /* a part arrives before the rest */
    assert_int_equal(now_ns() - start_ns, (uint64_t)n * WASOCK_NS_PER_S);
    end();
}

static void test_eof_takes_no_bandwidth(void **unused)
{
    const struct wasock_fakenet_faults slow = {.bytes_per_s = 1};
    char byte = 0;

    (void)unused;
    begin(0);
    wasock_fakenet_set_faults(&net, &slow);
    assert_int_equal(wasock_conn_try_write(&a, big, 1), 1);
    assert_int_equal(wasock_conn_shutdown(&a, WASOCK_SHUTDOWN_WRITE), 0);
    const uint64_t start_ns = now_ns();
    assert_int_equal(wasock_conn_read(&b, &byte, 1), 1);
    assert_int_equal(wasock_conn_read(&b, &byte, 1), 0);
    assert_int_equal(now_ns() - start_ns, WASOCK_NS_PER_S);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latency),
        cmocka_unit_test(test_bandwidth),
        cmocka_unit_test(test_bandwidth_is_even),
        cmocka_unit_test(test_faults_of_a_listener),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_reset_after_bytes),
        cmocka_unit_test(test_reset_arrives_after_bytes_in_flight),
        cmocka_unit_test(test_stalled),
        cmocka_unit_test(test_a_partition_heals),
        cmocka_unit_test(test_a_healed_eof_keeps_its_time),
        cmocka_unit_test(test_a_partition_is_replaced),
        cmocka_unit_test(test_a_stall_ends_early),
        cmocka_unit_test(test_a_partition_heals_by_socket),
        cmocka_unit_test(test_refused_dials),
        cmocka_unit_test(test_late_answer),
        cmocka_unit_test(test_answer_to_bytes_on_their_way),
        cmocka_unit_test(test_order_of_arrivals),
        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_stall_with_a_bandwidth),
        cmocka_unit_test(test_unsent_bytes_take_no_time),
        cmocka_unit_test(test_lost_in_flight),
        cmocka_unit_test(test_limits_count_earlier_sends),
        cmocka_unit_test(test_single_bytes),
        cmocka_unit_test(test_eof_takes_no_bandwidth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
