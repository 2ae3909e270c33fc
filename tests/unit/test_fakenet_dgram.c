/* SPDX-License-Identifier: MIT */
/* Datagrams of the in-process network. Also built as a guest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <wasock/fakenet.h>
#include <wasock/wasock.h>

#include "../../src/poller/timer_heap.h"

#define MS WASOCK_NS_PER_MS

static _Alignas(
    WASOCK_FAKENET_ALIGNMENT) char memory[WASOCK_FAKENET_SIZE(8, 200000)];
static struct wasock_fakenet net;
static struct wasock_conn a;
static struct wasock_conn b;
static char big[WASOCK_FAKENET_DATAGRAM_BYTES_MAX + 1];

static struct wasock_addr addr(const char *text)
{
    struct wasock_addr parsed;

    assert_int_equal(wasock_addr_parse(text, strlen(text), &parsed), 0);
    return parsed;
}

static int bind_to(const char *text, struct wasock_conn *conn)
{
    const struct wasock_addr at = addr(text);

    return wasock_fakenet_bind(&net, &at, conn);
}

static void begin(const char *at_a, const char *at_b, uint64_t seed)
{
    const struct wasock_fakenet_options options = {.seed = seed};

    memset(memory, 0xa5, sizeof(memory)); /* as a caller may hand it over */
    assert_int_equal(
        wasock_fakenet_init(&net, memory, sizeof(memory), 8, &options), 0);
    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    assert_int_equal(bind_to(at_a, &a), 0);
    assert_int_equal(bind_to(at_b, &b), 0);
}

static void end(void)
{
    assert_int_equal(wasock_conn_close(&a), 0);
    assert_int_equal(wasock_conn_close(&b), 0);
    assert_int_equal(net.n_free_sockets_, 8);
    assert_int_equal(net.arrivals_->count, 0);
}

static ptrdiff_t send_to(struct wasock_conn *conn, const char *text,
                         const char *to)
{
    const struct wasock_addr at = addr(to);

    return wasock_fakenet_send_to(conn, text, strlen(text), &at);
}

/* The next datagram, or what else comes of asking; whoever sent it. */
static ptrdiff_t receive(struct wasock_conn *conn, char *buffer,
                         size_t capacity)
{
    struct wasock_addr from;

    return wasock_fakenet_try_recv_from(conn, buffer, capacity, &from);
}

/* M14: what is sent arrives whole, with its source; what is too long for the
 * buffer is dropped. */
static void test_datagrams(void **unused)
{
    char text[WASOCK_ADDR_TEXT_CAPACITY];
    struct wasock_addr from;
    char buffer[8];

    (void)unused;
    begin("127.0.0.1:1000", ":2000", 0);
    assert_int_equal(receive(&b, buffer, 8), -WASOCK_EAGAIN);
    assert_int_equal(send_to(&a, "hello", "127.0.0.1:2000"), 5);
    assert_int_equal(send_to(&a, "", "127.0.0.1:2000"), 0);
    assert_int_equal(send_to(&a, "again", "10.1.1.1:2000"), 5);
    assert_int_equal(wasock_fakenet_try_recv_from(&b, buffer, 3, &from), 3);
    assert_memory_equal(buffer, "hel", 3);
    wasock_addr_format(&from, text, sizeof(text));
    assert_string_equal(text, "127.0.0.1:1000");
    assert_int_equal(receive(&b, buffer, 8), 0);
    assert_int_equal(wasock_conn_try_read(&b, buffer, 8), 5);
    assert_memory_equal(buffer, "again", 5);
    assert_int_equal(receive(&b, buffer, 8), -WASOCK_EAGAIN);
    /* From any address is from loopback. */
    assert_int_equal(send_to(&b, "back", "127.0.0.1:1000"), 4);
    assert_int_equal(wasock_fakenet_try_recv_from(&a, buffer, 8, &from), 4);
    wasock_addr_format(&from, text, sizeof(text));
    assert_string_equal(text, "127.0.0.1:2000");
    end();
}

/* A read of parts takes one datagram, too. */
static void test_parts(void **unused)
{
    const struct wasock_slice slices[3] = {{"ab", 2}, {NULL, 0}, {"cde", 3}};
    const struct wasock_addr to = addr("127.0.0.1:2000");
    char first[1];
    char second[9];
    const struct wasock_buffer buffers[2] = {{first, 1}, {second, 9}};

    (void)unused;
    begin("127.0.0.1:1000", "127.0.0.1:2000", 0);
    assert_int_equal(wasock_fakenet_connect(&a, &to), 0);
    assert_int_equal(wasock_conn_try_writev(&a, slices, 3), 5);
    assert_int_equal(wasock_conn_try_write(&a, "next", 4), 4);
    assert_int_equal(wasock_conn_try_readv(&b, buffers, 2), 5);
    assert_int_equal(first[0], 'a');
    assert_memory_equal(second, "bcde", 4);
    assert_int_equal(wasock_conn_try_read(&b, second, 9), 4);
    end();
}

/* M14: limits. Nothing waits for room. */
static void test_limits(void **unused)
{
    const struct wasock_addr to = addr("127.0.0.1:2000");

    (void)unused;
    begin("127.0.0.1:1000", "127.0.0.1:2000", 0);
    assert_int_equal(wasock_fakenet_send_to(&a, big, sizeof(big), &to),
                     -WASOCK_EMSGSIZE);
    assert_int_equal(wasock_fakenet_send_to(&a, big, sizeof(big) - 1, &to),
                     sizeof(big) - 1);
    assert_int_equal(wasock_fakenet_send_to(&a, big, 1, &to), -WASOCK_ENOBUFS);
    assert_int_equal(receive(&b, big, 1), 1);
    assert_int_equal(wasock_fakenet_send_to(&a, big, 1, &to), 1);
    assert_int_equal(wasock_fakenet_set_unread_max(&b.socket, SIZE_MAX), 0);
    ptrdiff_t n = 0;
    for (unsigned i = 0; i < 8 && n >= 0; i++) {
        n = wasock_fakenet_send_to(&a, big, 60000, &to);
    }
    assert_int_equal(n, -WASOCK_ESTORAGE);
    const uint32_t n_free_blocks = net.n_free_blocks_;
    assert_int_equal(wasock_fakenet_send_to(&a, big, 60000, &to),
                     -WASOCK_ESTORAGE);
    assert_int_equal(net.n_free_blocks_, n_free_blocks);
    end();
}

static void test_errors(void **unused)
{
    const struct wasock_addr name = addr("unix:x");
    const struct wasock_addr any6 = addr("[::1]:9");
    const struct wasock_addr stream = addr("127.0.0.1:2000");
    struct wasock_conn c = {0};
    struct wasock_conn pair[2] = {0};
    struct wasock_addr from;
    char byte = 0;

    (void)unused;
    begin("127.0.0.1:1000", "127.0.0.1:2000", 0);
    assert_int_equal(bind_to("127.0.0.1:1000", &c), -WASOCK_EADDRINUSE);
    assert_int_equal(wasock_fakenet_bind(&net, &name, &c),
                     -WASOCK_EAFNOSUPPORT);
    assert_int_equal(wasock_fakenet_connect(&a, &name), -WASOCK_EAFNOSUPPORT);
    assert_int_equal(wasock_fakenet_connect(&a, &any6), -WASOCK_EAFNOSUPPORT);
    assert_int_equal(send_to(&a, "x", "[::1]:9"), -WASOCK_EAFNOSUPPORT);
    assert_int_equal(send_to(&a, "x", "unix:x"), -WASOCK_EAFNOSUPPORT);
    assert_int_equal(wasock_conn_try_write(&a, "x", 1), -WASOCK_ENOTCONN);
    assert_int_equal(wasock_conn_shutdown(&a, WASOCK_SHUTDOWN_WRITE),
                     -WASOCK_ENOTSUP);
    /* M14: nobody is there: lost. A stream is somebody else. */
    struct wasock_listener listener = {0};
    assert_int_equal(
        wasock_listener_listen(&listener, &net.network, &stream, 0), 0);
    assert_int_equal(wasock_conn_close(&b), 0);
    assert_int_equal(send_to(&a, "x", "127.0.0.1:2000"), 1);
    assert_int_equal(wasock_listener_close(&listener), 0);
    assert_int_equal(bind_to("127.0.0.1:2000", &b), 0);
    /* Not of datagrams, not of a network, closed. */
    assert_int_equal(wasock_fakenet_pair(&net, &pair[0], &pair[1]), 0);
    assert_int_equal(send_to(&pair[0], "x", "127.0.0.1:2000"),
                     -WASOCK_EPROTOTYPE);
    assert_int_equal(wasock_fakenet_connect(&pair[0], &stream),
                     -WASOCK_EPROTOTYPE);
    assert_int_equal(receive(&pair[0], &byte, 1), -WASOCK_EPROTOTYPE);
    assert_int_equal(wasock_fakenet_reset(&a), -WASOCK_EPROTOTYPE);
    assert_int_equal(wasock_conn_close(&pair[0]), 0);
    assert_int_equal(wasock_conn_close(&pair[1]), 0);
    assert_int_equal(receive(&c, &byte, 1), -WASOCK_ECLOSED);
    assert_int_equal(wasock_fakenet_recv_from(&c, &byte, 1, &from),
                     -WASOCK_ECLOSED);
    for (size_t i = 0; i < 6; i++) {
        struct wasock_conn more = {0};
        assert_int_equal(bind_to(":0", &more), 0);
    }
    assert_int_equal(bind_to(":0", &c), -WASOCK_ESTORAGE);
}

/* M14, improved: a connected socket receives from its peer only, and gets an
 * error if there is none. */
static void test_connected(void **unused)
{
    const struct wasock_addr at_b = addr("127.0.0.1:2000");
    struct wasock_conn c = {0};
    char buffer[8];

    (void)unused;
    begin(":0", "127.0.0.1:2000", 0);
    assert_int_equal(bind_to(":3000", &c), 0);
    assert_int_equal(wasock_fakenet_connect(&a, &at_b), 0);
    struct wasock_addr at_a;
    assert_int_equal(wasock_socket_local_addr(&a.socket, &at_a), 0);
    assert_int_equal(wasock_fakenet_send_to(&a, "x", 1, &at_b),
                     -WASOCK_EISCONN);
    assert_int_equal(wasock_conn_try_write(&a, "hello", 5), 5);
    assert_int_equal(receive(&b, buffer, 8), 5);
    assert_int_equal(wasock_fakenet_send_to(&c, "noise", 5, &at_a), 5);
    assert_int_equal(wasock_fakenet_send_to(&b, "word", 4, &at_a), 4);
    assert_int_equal(wasock_conn_try_read(&a, buffer, 8), 4);
    assert_memory_equal(buffer, "word", 4);
    assert_int_equal(wasock_conn_try_read(&a, buffer, 8), -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_close(&b), 0);
    assert_int_equal(wasock_conn_try_write(&a, "x", 1), -WASOCK_ECONNREFUSED);
    assert_int_equal(wasock_conn_close(&c), 0);
    assert_int_equal(bind_to(":0", &b), 0);
    end();
}

/* M4, improved: a socket of any address; an IPv6 socket that receives IPv4. */
static void test_any_address(void **unused)
{
    char text[WASOCK_ADDR_TEXT_CAPACITY];
    struct wasock_addr from;
    char buffer[8];

    (void)unused;
    begin("127.0.0.1:1000", "[::]:2000", 0);
    assert_int_equal(send_to(&a, "four", "127.0.0.1:2000"), 4);
    assert_int_equal(wasock_fakenet_try_recv_from(&b, buffer, 8, &from), 4);
    wasock_addr_format(&from, text, sizeof(text));
    assert_string_equal(text, "127.0.0.1:1000");
    assert_int_equal(wasock_fakenet_send_to(&b, "back", 4, &from), 4);
    assert_int_equal(wasock_fakenet_try_recv_from(&a, buffer, 8, &from), 4);
    wasock_addr_format(&from, text, sizeof(text));
    assert_string_equal(text, "127.0.0.1:2000");
    end();
}

static void test_waiting(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 7 * MS};
    struct wasock_addr from;
    char buffer[8];

    (void)unused;
    begin("127.0.0.1:1000", "127.0.0.1:2000", 0);
    assert_int_equal(wasock_fakenet_recv_from(&b, buffer, 8, &from),
                     -WASOCK_EDEADLOCK);
    wasock_fakenet_set_faults(&net, &slow);
    const uint64_t start_ns = wasock_fakenet_now_ns(&net);
    assert_int_equal(send_to(&a, "hello", "127.0.0.1:2000"), 5);
    assert_int_equal(receive(&b, buffer, 8), -WASOCK_EAGAIN);
    assert_int_equal(wasock_fakenet_recv_from(&b, buffer, 8, &from), 5);
    assert_true(wasock_fakenet_now_ns(&net) == start_ns + 7 * MS);
    wasock_socket_set_deadline_ns(&b.socket, WASOCK_READABLE | WASOCK_WRITABLE,
                                  start_ns + 9 * MS);
    assert_int_equal(wasock_fakenet_recv_from(&b, buffer, 8, &from),
                     -WASOCK_EDEADLINE);
    end();
}

/* Send 1,000 numbered datagrams over a bad network; which of them came, and
 * how many came before one with a lower number. */
static unsigned run_bad(uint64_t seed, const struct wasock_fakenet_faults *bad,
                        unsigned char *came, unsigned *n_overtaken)
{
    struct wasock_addr from;
    unsigned n_came = 0;
    unsigned highest = 0;

    begin("127.0.0.1:1000", "127.0.0.1:2000", seed);
    wasock_fakenet_set_faults(&net, bad);
    *n_overtaken = 0;
    memset(came, 0, 1000);
    for (unsigned sent = 0; sent < 1000; sent += 20) {
        for (unsigned i = sent; i < sent + 20; i++) {
            const struct wasock_addr to = addr("127.0.0.1:2000");
            assert_int_equal(wasock_fakenet_send_to(&a, &i, sizeof(i), &to),
                             sizeof(i));
        }
        wasock_socket_set_deadline_ns(&b.socket,
                                      WASOCK_READABLE | WASOCK_WRITABLE,
                                      wasock_fakenet_now_ns(&net) + 50 * MS);
        unsigned number = 0;
        while (wasock_fakenet_recv_from(&b, &number, sizeof(number), &from) ==
               sizeof(number)) {
            assert_int_equal(came[number]++, 0);
            *n_overtaken += number < highest;
            highest = number > highest ? number : highest;
            n_came++;
        }
    }
    end();
    return n_came;
}

static void test_bad_network(void **unused)
{
    const struct wasock_fakenet_faults bad = {
        .latency_ns = MS, .lost_permille = 200, .overtaking_permille = 200};
    static unsigned char first[1000];
    static unsigned char second[1000];
    unsigned n_overtaken = 0;
    unsigned n_overtaken_again = 0;

    (void)unused;
    const unsigned n_came = run_bad(1, &bad, first, &n_overtaken);
    assert_in_range(n_came, 700, 900);
    assert_in_range(n_overtaken, 50, 300);
    assert_int_equal(run_bad(1, &bad, second, &n_overtaken_again), n_came);
    assert_int_equal(n_overtaken_again, n_overtaken);
    assert_memory_equal(first, second, sizeof(first));
    run_bad(2, &bad, second, &n_overtaken);
    assert_true(memcmp(first, second, sizeof(first)) != 0);
    assert_int_equal(run_bad(1, NULL, first, &n_overtaken), 1000);
    assert_int_equal(n_overtaken, 0);
}

/* What has arrived has arrived: a datagram that takes no time is behind it. */
static void test_latency_that_ends(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = MS};
    const struct wasock_addr to = addr("127.0.0.1:2000");
    struct wasock_addr from;
    char byte = 0;

    (void)unused;
    begin("127.0.0.1:1000", "127.0.0.1:2000", 1);
    wasock_fakenet_set_faults(&net, &slow);
    assert_int_equal(wasock_fakenet_send_to(&a, "1", 1, &to), 1);
    assert_int_equal(wasock_fakenet_send_to(&a, "2", 1, &to), 1);
    assert_int_equal(wasock_fakenet_recv_from(&b, &byte, 1, &from), 1);
    assert_int_equal(byte, '1');
    wasock_fakenet_set_faults(&net, NULL);
    assert_int_equal(wasock_fakenet_send_to(&a, "3", 1, &to), 1);
    assert_int_equal(wasock_fakenet_recv_from(&b, &byte, 1, &from), 1);
    assert_int_equal(byte, '2');
    assert_int_equal(wasock_fakenet_recv_from(&b, &byte, 1, &from), 1);
    assert_int_equal(byte, '3');
    end();
}

/* A stall delays what comes after it, and hastens nothing. */
static void test_a_stall_lets_nothing_overtake(void **unused)
{
    struct wasock_fakenet_faults faults = {.latency_ns = 10000 * MS};
    char byte = 0;

    (void)unused;
    begin("127.0.0.1:1000", "127.0.0.1:2000", 0);
    wasock_fakenet_set_faults(&net, &faults);
    assert_int_equal(send_to(&a, "1", "127.0.0.1:2000"), 1);
    faults.latency_ns = 0;
    faults.stall_after_bytes = 2;
    faults.stall_ns = MS;
    assert_int_equal(send_to(&a, "2", "127.0.0.1:2000"), 1);
    assert_int_equal(send_to(&a, "3", "127.0.0.1:2000"), 1);
    assert_int_equal(wasock_conn_read(&b, &byte, 1), 1);
    assert_int_equal(byte, '1');
    end();
}

/* Datagrams of a partition arrive when it heals, where their time puts them. */
static void test_a_partition_heals(void **unused)
{
    const struct wasock_fakenet_faults partition = {
        .stall_after_bytes = 1, .stall_ns = WASOCK_FOREVER_NS};
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};
    struct wasock_conn c = {0};
    struct wasock_addr from;
    char buffer[16];

    (void)unused;
    begin("127.0.0.1:1", "127.0.0.1:2", 0);
    assert_int_equal(bind_to("127.0.0.1:3", &c), 0);
    wasock_fakenet_set_socket_faults(&a.socket, &partition);
    assert_int_equal(send_to(&a, "a0", "127.0.0.1:2"), 2);
    assert_int_equal(send_to(&a, "a1", "127.0.0.1:2"), 2);
    wasock_fakenet_set_socket_faults(&c.socket, &slow);
    assert_int_equal(send_to(&c, "c0", "127.0.0.1:2"), 2);
    assert_int_equal(send_to(&a, "a2", "127.0.0.1:2"), 2);
    assert_int_equal(wasock_fakenet_try_recv_from(&b, buffer, 16, &from), 2);
    assert_memory_equal(buffer, "a0", 2);
    assert_int_equal(wasock_fakenet_try_recv_from(&b, buffer, 16, &from),
                     -WASOCK_EAGAIN);
    wasock_fakenet_set_socket_faults(&a.socket, NULL);
    static const char *const expected[] = {"a1", "a2", "c0"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(wasock_fakenet_recv_from(&b, buffer, 16, &from), 2);
        assert_memory_equal(buffer, expected[i], 2);
    }
    assert_int_equal(wasock_conn_close(&c), 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_datagrams),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_connected),
        cmocka_unit_test(test_any_address),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_bad_network),
        cmocka_unit_test(test_latency_that_ends),
        cmocka_unit_test(test_a_stall_lets_nothing_overtake),
        cmocka_unit_test(test_a_partition_heals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
