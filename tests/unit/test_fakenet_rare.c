/* SPDX-License-Identifier: MIT */
/* The in-process network where addresses of several kinds and families share
 * ports, where memory ends, and where time goes wrong. */
#include "worlds.h"

#include <wasock/fakenet.h>

#include "poller/timer_heap.h"

#define N_SOCKETS 8
#define BUFFER_BYTES 60000
#define HOUR_NS (UINT64_C(3600) * WASOCK_NS_PER_S)

static _Alignas(WASOCK_FAKENET_ALIGNMENT) char memory[WASOCK_FAKENET_SIZE(
    N_SOCKETS, BUFFER_BYTES)];
static struct wasock_fakenet net;
static char bytes[20000];

static void begin(size_t n_sockets, enum wasock_fakenet_clock clock)
{
    const struct wasock_fakenet_options options = {.clock = clock};

    simhost_reset(1, &simhost_ideal);
    memset(memory, 0xa5, sizeof(memory)); /* as a caller may hand it over */
    assert_int_equal(
        wasock_fakenet_init(&net, memory, sizeof(memory), n_sockets, &options),
        0);
}

static void end(void)
{
    assert_int_equal(net.n_free_sockets_, net.n_sockets_);
    assert_int_equal(net.arrivals_->count, 0);
    simhost_check();
}

static struct wasock_addr addr(const char *text)
{
    struct wasock_addr parsed;

    assert_int_equal(wasock_addr_parse(text, strlen(text), &parsed), 0);
    return parsed;
}

static void listen_at(const struct wasock_addr *at,
                      struct wasock_listener *listener, size_t backlog)
{
    memset(listener, 0, sizeof(*listener));
    assert_int_equal(
        wasock_listener_listen(listener, &net.network, at, backlog), 0);
}

static uint16_t port_of(struct wasock_socket *socket)
{
    struct wasock_addr at;

    assert_int_equal(wasock_socket_local_addr(socket, &at), 0);
    return at.port;
}

static struct wasock_addr with_port(const char *text, uint16_t port)
{
    struct wasock_addr at = addr(text);

    at.port = port;
    return at;
}

static int connect_to(const struct wasock_addr *to, struct wasock_conn *conn)
{
    memset(conn, 0, sizeof(*conn));
    return wasock_conn_connect_for_ns(conn, &net.network, to, MS);
}

/* ---- Ports ---- */

/* Port 0 on any address is one that no stream of the family has on any address:
 * datagrams, names and the other family do not count, but for [::], which takes
 * both. */
static void test_ports_of_several_kinds(void **unused)
{
    struct wasock_listener listeners[5];
    struct wasock_conn datagrams = {0};
    const struct wasock_addr any = addr(":0");
    const struct wasock_addr any6 = addr("[::]:0");
    struct wasock_addr at = addr("unix:/name");

    (void)unused;
    begin(N_SOCKETS, WASOCK_FAKENET_VIRTUAL);
    listen_at(&at, &listeners[0], 0);
    const uint16_t first = (uint16_t)(net.last_port_ + 1);
    at = with_port("127.0.0.1:0", first);
    assert_int_equal(wasock_fakenet_bind(&net, &at, &datagrams), 0);
    at = with_port("[::1]:0", first);
    listen_at(&at, &listeners[1], 0);
    struct wasock_addr any4 = any;
    any4.family = WASOCK_ADDR_IPV4;
    listen_at(&any4, &listeners[2], 0);
    assert_int_equal(port_of(&listeners[2].socket), first);
    at = with_port("127.0.0.1:0", (uint16_t)(first + 1));
    listen_at(&at, &listeners[3], 0);
    listen_at(&any6, &listeners[4], 0);
    assert_int_equal(port_of(&listeners[4].socket), first + 2);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(wasock_listener_close(&listeners[i]), 0);
    }
    assert_int_equal(wasock_conn_close(&datagrams), 0);
    end();
}

/* [::] as a destination is [::1], and a client's own address is refused. */
static void test_destinations(void **unused)
{
    struct wasock_listener listener;
    struct wasock_conn conn;
    struct wasock_conn other;
    struct wasock_addr at = addr("[::1]:80");
    const struct wasock_addr any = addr("[::]:80");

    (void)unused;
    begin(N_SOCKETS, WASOCK_FAKENET_VIRTUAL);
    listen_at(&at, &listener, 0);
    assert_int_equal(connect_to(&any, &conn), 0);
    assert_int_equal(wasock_socket_remote_addr(&conn.socket, &at), 0);
    assert_int_equal(at.family, WASOCK_ADDR_IPV6);
    assert_int_equal(at.ip[15], 1);
    assert_int_equal(wasock_socket_local_addr(&conn.socket, &at), 0);
    assert_int_equal(connect_to(&at, &other), -WASOCK_ECONNREFUSED);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
    end();
}

/* Each name is its own listener's, though many share a hash chain and a
 * beginning; the longest too. */
static void test_names(void **unused)
{
    struct wasock_listener listeners[6];
    struct wasock_addr names[6];

    (void)unused;
    begin(N_SOCKETS, WASOCK_FAKENET_VIRTUAL);
    for (size_t i = 0; i < 6; i++) {
        memset(&names[i], 0, sizeof(names[i]));
        names[i].family = WASOCK_ADDR_NAME;
        memset(names[i].name, 'n', sizeof(names[i].name) - 1 - i);
        listen_at(&names[i], &listeners[i], 0);
    }
    for (size_t i = 0; i < 6; i++) {
        struct wasock_conn client;
        struct wasock_conn server = {0};
        struct wasock_addr at;
        assert_int_equal(connect_to(&names[i], &client), 0);
        assert_int_equal(wasock_listener_try_accept(&listeners[i], &server), 0);
        assert_int_equal(wasock_socket_local_addr(&server.socket, &at), 0);
        assert_string_equal(at.name, names[i].name);
        assert_int_equal(wasock_conn_close(&client), 0);
        assert_int_equal(wasock_conn_close(&server), 0);
    }
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(wasock_listener_close(&listeners[i]), 0);
    }
    end();
}

/* ---- Memory ---- */

static void test_more_sockets_than_memory(void **unused)
{
    (void)unused;
    assert_int_equal(
        wasock_fakenet_init(&net, memory, sizeof(memory), SIZE_MAX, NULL),
        -WASOCK_ESTORAGE);
    assert_int_equal(wasock_fakenet_init(&net, memory, 1, 1, NULL),
                     -WASOCK_ESTORAGE);
    assert_int_equal(wasock_fakenet_init(
                         &net, memory, WASOCK_FAKENET_SIZE(2, 0) - 1, 2, NULL),
                     -WASOCK_ESTORAGE);
    assert_int_equal(
        wasock_fakenet_init(&net, memory, WASOCK_FAKENET_SIZE(2, 0), 2, NULL),
        0);
}

/* Small writes take no more room than a large one, also on their way. */
static void test_small_writes(void **unused)
{
    const struct wasock_fakenet_faults faults[] = {{.latency_ns = MS}, {0}};

    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        struct wasock_conn ends[2] = {0};
        assert_int_equal(wasock_fakenet_init(&net, memory,
                                             WASOCK_FAKENET_SIZE(2, 1000), 2,
                                             NULL),
                         0);
        wasock_fakenet_set_faults(&net, &faults[i]);
        assert_int_equal(wasock_fakenet_pair(&net, &ends[0], &ends[1]), 0);
        assert_int_equal(
            wasock_fakenet_set_unread_max(&ends[1].socket, SIZE_MAX), 0);
        for (int n = 0; n < 1000; n++) {
            assert_int_equal(wasock_conn_try_write(&ends[0], "x", 1), 1);
        }
        assert_int_equal(wasock_conn_close(&ends[0]), 0);
        assert_int_equal(wasock_conn_close(&ends[1]), 0);
    }
}

/* A connect that waits for a backlog is established when there is room, also
 * where its socket is the first one of the network. */
static void test_a_waiting_connect_of_the_first_socket(void **unused)
{
    const struct wasock_addr at = addr("127.0.0.1:80");
    const struct wasock_addr unrelated = addr("127.0.0.1:81");
    struct wasock_listener listener;
    struct wasock_listener oldest;
    struct wasock_conn conns[3] = {0};

    (void)unused;
    begin(6, WASOCK_FAKENET_VIRTUAL);
    listen_at(&unrelated, &oldest, 1);
    listen_at(&at, &listener, 1);
    assert_int_equal(wasock_conn_start_connect(&conns[0], &net.network, &at),
                     0);
    assert_int_equal(wasock_listener_close(&oldest), 0);
    assert_int_equal(wasock_conn_start_connect(&conns[1], &net.network, &at),
                     0);
    assert_int_equal(wasock_conn_try_finish_connect(&conns[1]), -WASOCK_EAGAIN);
    assert_int_equal(wasock_listener_try_accept(&listener, &conns[2]), 0);
    assert_int_equal(wasock_conn_try_finish_connect(&conns[1]), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
    }
    assert_int_equal(wasock_listener_close(&listener), 0);
    end();
}

/* A connect that waits for a backlog fails if no socket is left for its other
 * end. */
static void test_no_socket_for_the_other_end(void **unused)
{
    struct wasock_listener listener;
    struct wasock_conn first = {0};
    struct wasock_conn second = {0};
    struct wasock_conn server = {0};
    const struct wasock_addr at = addr("127.0.0.1:80");

    (void)unused;
    begin(4, WASOCK_FAKENET_VIRTUAL);
    listen_at(&at, &listener, 1);
    assert_int_equal(wasock_conn_start_connect(&first, &net.network, &at), 0);
    assert_int_equal(wasock_conn_start_connect(&second, &net.network, &at), 0);
    assert_int_equal(wasock_conn_try_finish_connect(&second), -WASOCK_EAGAIN);
    assert_int_equal(wasock_listener_try_accept(&listener, &server), 0);
    assert_int_equal(wasock_conn_try_finish_connect(&second), -WASOCK_ESTORAGE);
    assert_int_equal(wasock_conn_close(&first), 0);
    assert_int_equal(wasock_conn_close(&second), 0);
    assert_int_equal(wasock_conn_close(&server), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
    end();
}

/* Two datagram sockets. */
static void bind_two(struct wasock_conn *a, struct wasock_conn *b)
{
    const struct wasock_addr at_a = addr("127.0.0.1:1");
    const struct wasock_addr at_b = addr("127.0.0.1:2");

    memset(a, 0, sizeof(*a));
    memset(b, 0, sizeof(*b));
    assert_int_equal(wasock_fakenet_bind(&net, &at_a, a), 0);
    assert_int_equal(wasock_fakenet_bind(&net, &at_b, b), 0);
    assert_int_equal(wasock_fakenet_connect(a, &at_b), 0);
}

static void test_no_memory_for_a_datagram(void **unused)
{
    struct wasock_conn a;
    struct wasock_conn b;
    ptrdiff_t n = 0;

    (void)unused;
    begin(N_SOCKETS, WASOCK_FAKENET_VIRTUAL);
    bind_two(&a, &b);
    while ((n = wasock_conn_try_write(&a, "x", 1)) == 1) {
    }
    assert_int_equal(n, -WASOCK_ESTORAGE);
    assert_int_equal(net.n_free_blocks_, 0);
    assert_int_equal(wasock_conn_close(&a), 0);
    assert_int_equal(wasock_conn_close(&b), 0);
    end();
}

/* ---- Datagrams ---- */

/* From [::] to IPv4 too, from [::1] not; and no address is none. */
static void test_families_of_datagrams(void **unused)
{
    struct wasock_conn any = {0};
    struct wasock_conn one = {0};
    const struct wasock_addr at_any = addr("[::]:1");
    const struct wasock_addr at_one = addr("[::1]:2");
    const struct wasock_addr to = addr("127.0.0.1:3");
    const struct wasock_addr none = {0};

    (void)unused;
    begin(N_SOCKETS, WASOCK_FAKENET_VIRTUAL);
    assert_int_equal(wasock_fakenet_bind(&net, &none, &any),
                     -WASOCK_EAFNOSUPPORT);
    assert_int_equal(wasock_fakenet_bind(&net, &at_any, &any), 0);
    assert_int_equal(wasock_fakenet_bind(&net, &at_one, &one), 0);
    assert_int_equal(wasock_fakenet_send_to(&any, "x", 1, &to), 1);
    assert_int_equal(wasock_fakenet_send_to(&one, "x", 1, &to),
                     -WASOCK_EAFNOSUPPORT);
    assert_int_equal(wasock_fakenet_send_to(&one, "x", 1, &none),
                     -WASOCK_EAFNOSUPPORT);
    assert_int_equal(wasock_conn_close(&any), 0);
    assert_int_equal(wasock_conn_close(&one), 0);
    end();
}

static void receive(struct wasock_conn *conn, const char *expected,
                    size_t length)
{
    char buffer[sizeof(bytes)];

    assert_int_equal(wasock_conn_try_read(conn, buffer, sizeof(buffer)),
                     length);
    assert_memory_equal(buffer, expected, length);
}

/* Datagrams of several blocks, of which the second stalls, are healed and
 * sorted: after those on their way, unless nobody knows their sender. */
static void test_large_datagrams_heal(void **unused)
{
    const struct wasock_fakenet_faults stalled = {
        .latency_ns = MS, .stall_after_bytes = 1, .stall_ns = HOUR_NS};
    struct wasock_conn a;
    struct wasock_conn b;

    (void)unused;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)(i * 7 + i / 251);
    }
    for (int closes = 0; closes < 2; closes++) {
        begin(N_SOCKETS, WASOCK_FAKENET_VIRTUAL);
        bind_two(&a, &b);
        wasock_fakenet_set_faults(&net, &stalled);
        assert_int_equal(wasock_conn_try_write(&a, bytes, 9000), 9000);
        assert_int_equal(wasock_conn_try_write(&a, bytes + 1, 7000), 7000);
        if (closes) {
            assert_int_equal(wasock_conn_close(&a), 0);
        }
        wasock_fakenet_set_faults(&net, NULL);
        assert_int_equal(wasock_fakenet_sleep_for_ns(&net, 2 * MS), 0);
        receive(&b, closes ? bytes + 1 : bytes, closes ? 7000 : 9000);
        receive(&b, closes ? bytes : bytes + 1, closes ? 9000 : 7000);
        if (!closes) {
            assert_int_equal(wasock_conn_close(&a), 0);
        }
        assert_int_equal(wasock_conn_close(&b), 0);
        end();
    }
}

/* A datagram that overtakes one on its way arrives before it. */
static void test_overtaking_on_the_way(void **unused)
{
    const struct wasock_fakenet_faults bad = {.latency_ns = 5 * MS,
                                              .overtaking_permille = 1000};
    struct wasock_conn a;
    struct wasock_conn b;

    (void)unused;
    begin(N_SOCKETS, WASOCK_FAKENET_VIRTUAL);
    bind_two(&a, &b);
    wasock_fakenet_set_faults(&net, &bad);
    assert_int_equal(wasock_conn_try_write(&a, "1", 1), 1);
    assert_int_equal(wasock_fakenet_sleep_for_ns(&net, MS), 0);
    assert_int_equal(wasock_conn_try_write(&a, "2", 1), 1);
    assert_int_equal(wasock_fakenet_sleep_for_ns(&net, 4 * MS), 0);
    receive(&b, "2", 1);
    receive(&b, "1", 1);
    assert_int_equal(wasock_conn_close(&a), 0);
    assert_int_equal(wasock_conn_close(&b), 0);
    end();
}

/* ---- Time ---- */

/* On the host's clock a sleep is longer than one poll, outlasts signals, and
 * fails with the host. */
static void test_sleeps_on_the_hosts_clock(void **unused)
{
    (void)unused;
    begin(N_SOCKETS, WASOCK_FAKENET_HOST);
    const uint64_t start_ns = simhost_now_ns();
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EINTR, 3);
    assert_int_equal(wasock_fakenet_sleep_for_ns(&net, 3 * HOUR_NS), 0);
    simhost_clear_faults();
    assert_in_range(simhost_now_ns() - start_ns, 3 * HOUR_NS, 3 * HOUR_NS + MS);
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EIO, 1);
    assert_int_equal(wasock_fakenet_sleep_for_ns(&net, MS), -WASOCK_EIO);
    simhost_clear_faults();
    end();
}

/* A poller that has learned that its host is blind, and watches only sockets of
 * the network now, waits as any other. */
static void test_a_blind_host_watches_none(void **unused)
{
    const struct wasock_fakenet_options options = {.clock =
                                                       WASOCK_FAKENET_HOST};
    static _Alignas(WASOCK_POLLER_ALIGNMENT) char polled[WASOCK_POLLER_SIZE(2)];
    struct wasock_poller poller;
    struct wasock_poller_event event;
    struct wasock_conn a = {0};
    struct wasock_conn b = {0};

    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        simhost_reset(host + 1, simhost_profiles[host]);
        struct pair pair = open_pair();
        assert_int_equal(wasock_poller_init(&poller, polled, sizeof(polled)),
                         0);
        assert_int_equal(wasock_poller_add(&poller, &pair.conn.socket,
                                           WASOCK_READABLE, &pair),
                         0);
        assert_true(wasock_poller_wait_for_ns(&poller, 50 * MS) >= 0);
        while (wasock_poller_next(&poller, &event)) {
            /* A blind host's are hints. */
        }
        close_pair(&pair);
        assert_int_equal(wasock_fakenet_init(&net, memory, sizeof(memory),
                                             N_SOCKETS, &options),
                         0);
        assert_int_equal(wasock_fakenet_pair(&net, &a, &b), 0);
        assert_int_equal(
            wasock_poller_add(&poller, &a.socket, WASOCK_READABLE, &a), 0);
        for (unsigned timeout_ms = 0; timeout_ms < 40; timeout_ms += 20) {
            assert_int_equal(
                wasock_poller_wait_for_ns(&poller, timeout_ms * MS), 0);
        }
        assert_int_equal(wasock_conn_try_write(&b, "x", 1), 1);
        assert_int_equal(wasock_poller_wait_for_ns(&poller, 0), 1);
        assert_true(wasock_poller_next(&poller, &event));
        assert_ptr_equal(event.token, &a);
        assert_int_equal(wasock_conn_close(&a), 0);
        assert_int_equal(wasock_conn_close(&b), 0);
        wasock_poller_close(&poller);
        simhost_check();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports_of_several_kinds),
        cmocka_unit_test(test_destinations),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_more_sockets_than_memory),
        cmocka_unit_test(test_small_writes),
        cmocka_unit_test(test_a_waiting_connect_of_the_first_socket),
        cmocka_unit_test(test_no_socket_for_the_other_end),
        cmocka_unit_test(test_no_memory_for_a_datagram),
        cmocka_unit_test(test_families_of_datagrams),
        cmocka_unit_test(test_large_datagrams_heal),
        cmocka_unit_test(test_overtaking_on_the_way),
        cmocka_unit_test(test_sleeps_on_the_hosts_clock),
        cmocka_unit_test(test_a_blind_host_watches_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
