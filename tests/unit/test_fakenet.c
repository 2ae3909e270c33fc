/* SPDX-License-Identifier: MIT */
/* Streams of the in-process network. Also built as a guest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include <wasock/fakenet.h>
#include <wasock/wasock.h>

#include "../../src/backend.h"
#include "../../src/poller/timer_heap.h"
#include "../../src/socket_internal.h"
#include "taken.h"

#define MS WASOCK_NS_PER_MS
#define N_SOCKETS 400
#define BUFFER_BYTES 400000

static _Alignas(WASOCK_FAKENET_ALIGNMENT) char memory[WASOCK_FAKENET_SIZE(
    N_SOCKETS, BUFFER_BYTES)];
static struct wasock_fakenet net;
static char big[300000];

static void begin(void)
{
    memset(memory, 0xa5, sizeof(memory)); /* as a caller may hand it over */
    memset(&net, 0xa5, sizeof(net));
    assert_int_equal(
        wasock_fakenet_init(&net, memory, sizeof(memory), N_SOCKETS, NULL), 0);
    for (size_t i = 0; i < sizeof(big); i++) {
        big[i] = (char)(i * 7 + i / 251);
    }
}

/* All that was opened must be closed. */
static void end(void)
{
    assert_int_equal(net.n_free_sockets_, N_SOCKETS);
    assert_int_equal(net.arrivals_->count, 0);
    assert_int_equal(net.n_waiting_, 0);
    assert_true(net.n_free_blocks_ * WASOCK__FAKENET_BLOCK_BYTES >=
                BUFFER_BYTES);
}

static struct wasock_addr addr(const char *text)
{
    struct wasock_addr parsed;

    assert_int_equal(wasock_addr_parse(text, strlen(text), &parsed), 0);
    return parsed;
}

static void assert_addr(const struct wasock_addr *actual, const char *expected)
{
    char text[WASOCK_ADDR_TEXT_CAPACITY];

    wasock_addr_format(actual, text, sizeof(text));
    assert_string_equal(text, expected);
}

static void assert_local(struct wasock_socket *socket, const char *expected)
{
    struct wasock_addr local;

    assert_int_equal(wasock_socket_local_addr(socket, &local), 0);
    assert_addr(&local, expected);
}

static void assert_remote(struct wasock_socket *socket, const char *expected)
{
    struct wasock_addr remote;

    assert_int_equal(wasock_socket_remote_addr(socket, &remote), 0);
    assert_addr(&remote, expected);
}

static int listen_at(const char *text, struct wasock_listener *listener)
{
    const struct wasock_addr at = addr(text);

    return wasock_listener_listen(listener, &net.network, &at, 0);
}

/* Connect without waiting. EAGAIN: the connect has no result yet. */
static int dial(const char *text, struct wasock_conn *conn)
{
    const struct wasock_addr to = addr(text);
    int result = wasock_conn_start_connect(conn, &net.network, &to);

    if (result == 0) {
        result = wasock_conn_try_finish_connect(conn);
        if (result < 0) {
            assert_int_equal(wasock_conn_close(conn), 0);
        }
    }
    return result;
}

/* A connection and who accepted it. */
struct connected {
    struct wasock_listener listener;
    struct wasock_conn client;
    struct wasock_conn server;
};

static void connect_pair(struct connected *c)
{
    memset(c, 0, sizeof(*c));
    assert_int_equal(listen_at("127.0.0.1:80", &c->listener), 0);
    assert_int_equal(dial("127.0.0.1:80", &c->client), 0);
    assert_int_equal(wasock_listener_accept(&c->listener, &c->server), 0);
}

static void close_conn(struct wasock_conn *conn)
{
    if (wasock_socket_is_open(&conn->socket)) {
        assert_int_equal(wasock_conn_close(conn), 0);
    }
}

/* Close what is open of a connection; then nothing may be left. */
static void close_pair(struct connected *c)
{
    close_conn(&c->client);
    close_conn(&c->server);
    assert_int_equal(wasock_listener_close(&c->listener), 0);
    end();
}

static void write_all(struct wasock_conn *conn, const char *text)
{
    assert_int_equal(wasock_conn_try_write(conn, text, strlen(text)),
                     strlen(text));
}

static void assert_reads(struct wasock_conn *conn, const char *text)
{
    char buffer[64];
    const ptrdiff_t n = wasock_conn_try_read(conn, buffer, sizeof(buffer));

    assert_int_equal(n, strlen(text));
    assert_memory_equal(buffer, text, strlen(text));
}

static ptrdiff_t try_read(struct wasock_conn *conn)
{
    char byte = 0;

    return wasock_conn_try_read(conn, &byte, 1);
}

static void test_memory(void **unused)
{
    struct wasock_listener listeners[2] = {0};
    struct wasock_conn conns[4] = {0};

    (void)unused;
    assert_int_equal(wasock_fakenet_init(&net, memory + 1, 9999, 1, NULL),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_fakenet_init(&net, memory, 9999, 0, NULL),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_fakenet_init(&net, memory, 100, 1, NULL),
                     -WASOCK_ESTORAGE);
    assert_int_equal(
        wasock_fakenet_init(&net, memory, sizeof(memory), SIZE_MAX, NULL),
        -WASOCK_ESTORAGE);
    assert_int_equal(wasock_fakenet_init(&net, memory,
                                         WASOCK_FAKENET_SIZE(3, 1000), 3, NULL),
                     0);
    assert_int_equal(listen_at(":80", &listeners[0]), 0);
    assert_int_equal(dial(":80", &conns[0]), 0);
    assert_int_equal(dial(":80", &conns[1]), -WASOCK_ESTORAGE);
    assert_int_equal(wasock_fakenet_pair(&net, &conns[1], &conns[2]),
                     -WASOCK_ESTORAGE);
    assert_int_equal(listen_at(":81", &listeners[1]), -WASOCK_ESTORAGE);
    /* The room that was asked for is there, to the byte, and more is not. */
    assert_int_equal(wasock_fakenet_set_unread_max(&conns[0].socket, SIZE_MAX),
                     0);
    assert_int_equal(wasock_listener_accept(&listeners[0], &conns[3]), 0);
    ptrdiff_t n_written = 0;
    ptrdiff_t n = 0;
    do {
        n_written += n;
        n = wasock_conn_try_write(&conns[3], big, 300);
    } while (n > 0);
    assert_int_equal(n, -WASOCK_ESTORAGE);
    assert_true(n_written >= 1000);
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    assert_int_equal(wasock_conn_close(&conns[3]), 0);
    assert_int_equal(wasock_listener_close(&listeners[0]), 0);
}

/* M2, M4: forms of addresses, and who gets what is sent to them. */
static void test_addresses(void **unused)
{
    static const struct {
        const char *listen, *dial, *local, *remote;
    } cases[] = {
        {"127.0.0.1:80", "127.0.0.1:80", "127.0.0.1:80", "127.0.0.1:80"},
        {"10.1.2.3:80", "10.1.2.3:80", "10.1.2.3:80", "10.1.2.3:80"},
        {"[::1]:80", "[::1]:80", "[::1]:80", "[::1]:80"},
        {":80", "127.0.0.1:80", "0.0.0.0:80", "127.0.0.1:80"},
        {":80", "10.9.9.9:80", "0.0.0.0:80", "10.9.9.9:80"},
        {"127.0.0.1:80", ":80", "127.0.0.1:80", "127.0.0.1:80"},
        {"[::]:80", "[2001:db8::1]:80", "[::]:80", "[2001:db8::1]:80"},
        {"[::]:80", "10.1.2.3:80", "[::]:80", "10.1.2.3:80"},
        {"[::ffff:127.0.0.1]:80", "127.0.0.1:80", "127.0.0.1:80",
         "127.0.0.1:80"},
        {"[::]:80", "[::]:80", "[::]:80", "[::1]:80"},
        {"[::]:80", "[0:1::]:80", "[::]:80", "[0:1::]:80"},
        {"[::]:80", "[0:0:0:1::]:80", "[::]:80", "[0:0:0:1::]:80"},
        {"[::]:80", "[::1:0:0]:80", "[::]:80", "[::1:0:0]:80"},
        {"unix:/run/x.sock", "unix:/run/x.sock", "unix:/run/x.sock",
         "unix:/run/x.sock"},
        {"unix:x", "unix:x", "unix:x", "unix:x"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct connected c = {0};
        begin();
        assert_int_equal(listen_at(cases[i].listen, &c.listener), 0);
        assert_local(&c.listener.socket, cases[i].local);
        assert_int_equal(dial(cases[i].dial, &c.client), 0);
        assert_remote(&c.client.socket, cases[i].remote);
        assert_int_equal(wasock_listener_accept(&c.listener, &c.server), 0);
        assert_local(&c.server.socket, cases[i].remote);
        struct wasock_addr here;
        struct wasock_addr there;
        assert_int_equal(wasock_socket_local_addr(&c.client.socket, &here), 0);
        assert_int_equal(wasock_socket_remote_addr(&c.server.socket, &there),
                         0);
        assert_memory_equal(&here, &there, offsetof(struct wasock_addr, name));
        const bool has_port = here.family != WASOCK_ADDR_UNSPECIFIED;
        assert_int_equal(here.port >= 49152, has_port);
        close_pair(&c);
    }
}

/* A network holds the bytes that it has room for, in however small pieces they
 * come; fewer than it has sockets, too. */
static void test_room_in_small_pieces(void **unused)
{
    static const size_t rooms[] = {1, 2, 4, 1000};
    struct wasock_conn ends[2] = {0};

    (void)unused;
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        const size_t size = WASOCK_FAKENET_SIZE(3, rooms[i]);
        size_t n_written = 0;
        memset(memory, 0xa5, sizeof(memory));
        assert_int_equal(wasock_fakenet_init(&net, memory, size, 3, NULL), 0);
        assert_int_equal(wasock_fakenet_pair(&net, &ends[0], &ends[1]), 0);
        while (wasock_conn_try_write(&ends[0], "x", 1) == 1) {
            n_written++;
        }
        assert_true(n_written >= rooms[i]);
        assert_int_equal(wasock_conn_close(&ends[0]), 0);
        assert_int_equal(wasock_conn_close(&ends[1]), 0);
    }
}

/* It stays within its memory. */
static void test_bounds_of_memory(void **unused)
{
    const size_t size = WASOCK_FAKENET_SIZE(3, 1000);

    (void)unused;
    for (size_t more = 0; more < 2000; more += 8) {
        memset(memory, 0xa5, size + 20000);
        assert_int_equal(
            wasock_fakenet_init(&net, memory, size + more, 3, NULL), 0);
        /* All of the rest is as it was. */
        assert_int_equal((unsigned char)memory[size + more], 0xa5);
        assert_memory_equal(memory + size + more, memory + size + more + 1,
                            20000 - more - 1);
    }
}

/* The longest chain of bound addresses. n_used: written: chains of any. */
static size_t longest_chain(size_t *n_used)
{
    size_t longest = 0;

    *n_used = 0;
    for (size_t i = 0; i < N_SOCKETS; i++) {
        size_t length = 0;
        for (uint32_t at = net.bound_[i]; at < N_SOCKETS;
             at = net.sockets_[at].next_bound) {
            length++;
        }
        longest = length > longest ? length : longest;
        *n_used += length > 0;
    }
    return longest;
}

/* However many addresses differ in only one place, few share a chain. */
static void test_chains_are_short(void **unused)
{
    static struct wasock_listener listeners[N_SOCKETS - 1];

    (void)unused;
    for (size_t place = 0; place < 7; place++) {
        begin();
        memset(listeners, 0, sizeof(listeners));
        for (size_t i = 0; i < N_SOCKETS - 1; i++) {
            struct wasock_addr at =
                addr(place < 5 ? "[1:1:1:1:1:1:1:1]:80" : "unix:name--");
            if (place == 4) {
                at.port = (uint16_t)(1000 + i);
            } else {
                uint8_t *bytes = place < 4 ? &at.ip[4 * place]
                                           : (uint8_t *)&at.name[place == 5];
                bytes[0] = (uint8_t)(1 + i % 20);
                bytes[1] = (uint8_t)(1 + i / 20);
            }
            assert_int_equal(
                wasock_listener_listen(&listeners[i], &net.network, &at, 0), 0);
        }
        size_t n_used = 0;
        assert_in_range(longest_chain(&n_used), 1, 8);
        assert_in_range(n_used, N_SOCKETS * 55 / 100, N_SOCKETS);
        for (size_t i = 0; i < N_SOCKETS - 1; i++) {
            assert_int_equal(wasock_listener_close(&listeners[i]), 0);
        }
        end();
    }
}

/* Of an address only what belongs to its family counts. */
static void test_fields_of_other_families(void **unused)
{
    struct wasock_addr at = addr("1.2.3.4:80");
    struct wasock_addr named = addr("unix:name");
    struct wasock_listener listeners[2] = {0};
    struct wasock_conn conns[2] = {0};

    (void)unused;
    begin();
    memset(at.ip + 4, 0xff, sizeof(at.ip) - 4);
    assert_int_equal(
        wasock_listener_listen(&listeners[0], &net.network, &at, 0), 0);
    assert_int_equal(dial("1.2.3.4:80", &conns[0]), 0);
    named.port = 7;
    named.ip[0] = 7;
    assert_int_equal(
        wasock_listener_listen(&listeners[1], &net.network, &named, 0), 0);
    assert_int_equal(dial("unix:name", &conns[1]), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
        assert_int_equal(wasock_listener_close(&listeners[i]), 0);
    }
    end();
}

/* Whether an address is refused by a small network, which keeps several in one
 * chain, in which only another address listens. */
static void assert_refused(const struct wasock_addr *at,
                           const struct wasock_addr *other)
{
    static _Alignas(WASOCK_FAKENET_ALIGNMENT) char
        small_memory[WASOCK_FAKENET_SIZE(3, 1000)];
    struct wasock_fakenet small;
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};

    assert_int_equal(wasock_fakenet_init(&small, small_memory,
                                         sizeof(small_memory), 3, NULL),
                     0);
    assert_int_equal(wasock_listener_listen(&listener, &small.network, at, 0),
                     0);
    assert_int_equal(wasock_conn_start_connect(&conn, &small.network, other),
                     -WASOCK_ECONNREFUSED);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

/* Addresses that differ in one place only are two, in whatever place. */
static void test_addresses_that_differ(void **unused)
{
    static const char *const others[] = {
        "[1:2:3:4:5:6:7:9]:80",   "[1:2:3:4:5:7:7:8]:80",
        "[1:2:3:5:5:6:7:8]:80",   "[2:2:3:4:5:6:7:8]:80",
        "[1:2:3:4:5:6:7:8]:81",   "1.2.3.4:80",
        "[100::ffff:102:304]:80", "[::fffe:102:304]:80"};
    const struct wasock_addr ipv6 = addr("[1:2:3:4:5:6:7:8]:80");
    const struct wasock_addr ipv4 = addr("1.2.3.4:80");
    const struct wasock_addr name = addr("unix:name-0");

    (void)unused;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const struct wasock_addr other = addr(others[i]);
        assert_refused(i < 6 ? &ipv6 : &ipv4, &other);
    }
    for (int i = 2; i < 60; i++) {
        struct wasock_addr other = ipv4;
        other.ip[0] = (uint8_t)i;
        assert_refused(&ipv4, &other);
    }
    for (int i = 0; i < 26; i++) {
        struct wasock_addr other = name;
        other.name[5] = (char)('A' + i);
        assert_refused(&name, &other);
        other = name;
        other.name[0] = (char)('A' + i);
        assert_refused(&name, &other);
    }
}

/* A name has room for 107 bytes, and one that is not ended is cut there. */
static void test_long_names(void **unused)
{
    struct wasock_addr at = {.family = WASOCK_ADDR_NAME};
    struct wasock_addr local;
    struct wasock_listener listener = {0};

    (void)unused;
    for (size_t length = sizeof(at.name) - 2; length <= sizeof(at.name);
         length++) {
        begin();
        memset(at.name, 'n', length);
        assert_int_equal(
            wasock_listener_listen(&listener, &net.network, &at, 0), 0);
        assert_int_equal(wasock_socket_local_addr(&listener.socket, &local), 0);
        assert_int_equal(strnlen(local.name, sizeof(local.name)),
                         length < sizeof(at.name) ? length
                                                  : sizeof(at.name) - 1);
        assert_int_equal(wasock_listener_close(&listener), 0);
        end();
    }
}

static void test_addresses_that_are_none(void **unused)
{
    struct wasock_addr none = {0};
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};

    (void)unused;
    begin();
    assert_int_equal(wasock_listener_listen(&listener, &net.network, &none, 0),
                     -WASOCK_EAFNOSUPPORT);
    assert_int_equal(wasock_conn_start_connect(&conn, &net.network, &none),
                     -WASOCK_EAFNOSUPPORT);
    none.family = WASOCK_ADDR_NAME; /* M5: an empty name */
    assert_int_equal(wasock_listener_listen(&listener, &net.network, &none, 0),
                     -WASOCK_EAFNOSUPPORT);
    none.family = 77;
    assert_int_equal(wasock_listener_listen(&listener, &net.network, &none, 0),
                     -WASOCK_EAFNOSUPPORT);
    assert_false(wasock_socket_is_open(&listener.socket));
    end();
}

/* M3, M4: an address has one owner, and is free again at once. */
static void test_address_in_use(void **unused)
{
    struct wasock_listener a = {0};
    struct wasock_listener b = {0};
    struct wasock_conn conn = {0};

    (void)unused;
    begin();
    assert_int_equal(listen_at("127.0.0.1:80", &a), 0);
    assert_int_equal(listen_at("127.0.0.1:80", &b), -WASOCK_EADDRINUSE);
    assert_int_equal(listen_at(":80", &b), 0); /* the wider one, beside it */
    assert_int_equal(dial("127.0.0.1:80", &conn), 0);
    struct wasock_conn accepted = {0};
    assert_int_equal(wasock_listener_try_accept(&b, &accepted), -WASOCK_EAGAIN);
    assert_int_equal(wasock_listener_try_accept(&a, &accepted), 0);
    assert_int_equal(wasock_listener_close(&a), 0);
    assert_int_equal(listen_at("127.0.0.1:80", &a), 0);
    assert_int_equal(wasock_listener_close(&b), 0);
    assert_int_equal(listen_at("unix:x", &b), 0);
    struct wasock_listener c = {0};
    assert_int_equal(listen_at("unix:x", &c), -WASOCK_EADDRINUSE);
    assert_int_equal(listen_at("unix:xy", &c), 0);
    close_conn(&conn);
    close_conn(&accepted);
    assert_int_equal(wasock_listener_close(&a), 0);
    assert_int_equal(wasock_listener_close(&b), 0);
    assert_int_equal(wasock_listener_close(&c), 0);
    end();
}

/* M3: port 0 gives one that nobody has. */
static void test_port_zero(void **unused)
{
    struct wasock_listener taken = {0};
    struct wasock_listener listeners[3] = {0};

    (void)unused;
    begin();
    assert_int_equal(listen_at(":49153", &taken), 0);
    assert_int_equal(listen_at("127.0.0.1:0", &listeners[0]), 0);
    assert_int_equal(listen_at("127.0.0.1:0", &listeners[1]), 0);
    assert_int_equal(listen_at("[::1]:0", &listeners[2]), 0);
    assert_local(&listeners[0].socket, "127.0.0.1:49152");
    assert_local(&listeners[1].socket, "127.0.0.1:49154");
    assert_local(&listeners[2].socket, "[::1]:49155");
    assert_int_equal(wasock_listener_close(&taken), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(wasock_listener_close(&listeners[i]), 0);
    }
    end();
}

/* M6: nobody there, one of another kind, a deadline that is past. */
static void test_failing_connects(void **unused)
{
    const struct wasock_addr nobody = addr("127.0.0.1:80");
    const struct wasock_addr somebody = addr("127.0.0.1:53");
    struct wasock_conn conn = {0};
    struct wasock_conn datagrams = {0};

    (void)unused;
    begin();
    assert_int_equal(dial("127.0.0.1:80", &conn), -WASOCK_ECONNREFUSED);
    assert_int_equal(dial("127.0.0.1:0", &conn), -WASOCK_ECONNREFUSED);
    assert_int_equal(dial("unix:x", &conn), -WASOCK_ECONNREFUSED);
    assert_int_equal(wasock_conn_connect_until_ns(&conn, &net.network, &nobody,
                                                  WASOCK_NO_DEADLINE),
                     -WASOCK_ECONNREFUSED);
    assert_int_equal(wasock_conn_connect_until_ns(&conn, &net.network, &nobody,
                                                  WASOCK_DEADLINE_PAST),
                     -WASOCK_EDEADLINE);
    assert_int_equal(wasock_fakenet_bind(&net, &somebody, &datagrams), 0);
    assert_int_equal(dial("127.0.0.1:53", &conn), -WASOCK_EPROTOTYPE);
    assert_false(wasock_socket_is_open(&conn.socket));
    close_conn(&datagrams);
    end();
}

/* M7: a connection is established before it is accepted, and can be written
 * to. */
static void test_writing_before_accept(void **unused)
{
    struct connected c = {0};

    (void)unused;
    begin();
    assert_int_equal(listen_at(":80", &c.listener), 0);
    assert_int_equal(dial(":80", &c.client), 0);
    write_all(&c.client, "early");
    assert_int_equal(wasock_listener_accept(&c.listener, &c.server), 0);
    assert_reads(&c.server, "early");
    write_all(&c.server, "late");
    assert_reads(&c.client, "late");
    close_pair(&c);
}

/* M8: `backlog` clients wait, in order; the next one waits for room. */
static void test_backlog(void **unused)
{
    static struct wasock_conn clients[WASOCK_BACKLOG + 1];
    const struct wasock_addr at = addr("127.0.0.1:80");
    struct connected c = {0};

    (void)unused;
    begin();
    memset(clients, 0, sizeof(clients));
    assert_int_equal(listen_at("127.0.0.1:80", &c.listener), 0);
    for (size_t i = 0; i < WASOCK_BACKLOG; i++) {
        assert_int_equal(dial("127.0.0.1:80", &clients[i]), 0);
    }
    assert_int_equal(dial("127.0.0.1:80", &c.client), -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_connect_until_ns(&c.client, &net.network, &at,
                                                  WASOCK_NO_DEADLINE),
                     -WASOCK_EDEADLOCK);
    const uint64_t deadline_ns = wasock_fakenet_now_ns(&net) + 30000 * MS;
    assert_int_equal(
        wasock_conn_connect_until_ns(&c.client, &net.network, &at, deadline_ns),
        -WASOCK_EDEADLINE);
    assert_true(wasock_fakenet_now_ns(&net) == deadline_ns);
    for (size_t i = 0; i < WASOCK_BACKLOG; i++) {
        const char byte = (char)i;
        assert_int_equal(wasock_conn_try_write(&clients[i], &byte, 1), 1);
    }
    for (size_t i = 0; i < WASOCK_BACKLOG; i++) {
        char byte = 0;
        assert_int_equal(wasock_listener_accept(&c.listener, &c.server), 0);
        assert_int_equal(wasock_conn_try_read(&c.server, &byte, 1), 1);
        assert_int_equal(byte, (char)i);
        close_conn(&c.server);
        close_conn(&clients[i]);
    }
    assert_int_equal(dial("127.0.0.1:80", &c.client), 0);
    assert_int_equal(wasock_listener_close(&c.listener), 0);
    assert_int_equal(wasock_listener_listen(&c.listener, &net.network, &at, 1),
                     0);
    assert_int_equal(dial("127.0.0.1:80", &clients[0]), 0);
    assert_int_equal(dial("127.0.0.1:80", &clients[1]), -WASOCK_EAGAIN);
    close_conn(&clients[0]);
    close_pair(&c);
}

/* A connect to a full backlog is established when there is room, first come
 * first served, and refused when the listener closes. */
static void test_connects_wait_for_room(void **unused)
{
    const struct wasock_addr at = addr("127.0.0.1:80");
    struct wasock_conn clients[4];
    struct connected c = {0};

    (void)unused;
    begin();
    memset(clients, 0, sizeof(clients));
    assert_int_equal(wasock_listener_listen(&c.listener, &net.network, &at, 1),
                     0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(
            wasock_conn_start_connect(&clients[i], &net.network, &at), 0);
    }
    assert_int_equal(wasock_conn_try_finish_connect(&clients[0]), 0);
    assert_int_equal(wasock_conn_try_finish_connect(&clients[1]),
                     -WASOCK_EAGAIN);
    assert_int_equal(wasock_listener_accept(&c.listener, &c.server), 0);
    assert_int_equal(wasock_conn_try_finish_connect(&clients[1]), 0);
    assert_int_equal(wasock_conn_try_finish_connect(&clients[2]),
                     -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_close(&clients[2]), 0);
    assert_int_equal(wasock_listener_close(&c.listener), 0);
    assert_int_equal(wasock_conn_try_finish_connect(&clients[3]),
                     -WASOCK_ECONNREFUSED);
    close_conn(&clients[0]);
    close_conn(&clients[1]);
    close_conn(&clients[3]);
    close_conn(&c.server);
    end();
}

/* Before its result a connection has nothing to read and no room to write, is
 * not ready, and cannot be shut. */
static void test_a_connecting_connection(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};
    const struct wasock_addr at = addr("127.0.0.1:80");
    struct connected c = {0};
    char byte = 0;

    (void)unused;
    begin();
    assert_int_equal(listen_at("127.0.0.1:80", &c.listener), 0);
    wasock_fakenet_set_faults(&net, &slow);
    const uint64_t start_ns = wasock_fakenet_now_ns(&net);
    assert_int_equal(wasock_conn_start_connect(&c.client, &net.network, &at),
                     0);
    assert_int_equal(wasock_conn_start_connect(&c.client, &net.network, &at),
                     -WASOCK_EOPEN);
    assert_int_equal(wasock_conn_try_read(&c.client, &byte, 1), -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_try_write(&c.client, "x", 1), -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_shutdown(&c.client, WASOCK_SHUTDOWN_WRITE),
                     -WASOCK_ENOTCONN);
    assert_int_equal(wasock_listener_try_accept(&c.listener, &c.server),
                     -WASOCK_EAGAIN);
    assert_int_equal(wasock_conn_write(&c.client, "x", 1), 1); /* waits */
    assert_true(wasock_fakenet_now_ns(&net) == start_ns + 20 * MS);
    assert_int_equal(wasock_conn_finish_connect(&c.client), 0);
    assert_int_equal(wasock_listener_accept(&c.listener, &c.server), 0);
    assert_int_equal(wasock_conn_read(&c.server, &byte, 1), 1);
    wasock_fakenet_set_faults(&net, NULL);
    close_pair(&c);
}

/* A failed connect stays failed: reads and writes return its error. */
static void test_a_failed_connection(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};
    const struct wasock_addr at = addr("127.0.0.1:80");
    struct wasock_conn conn = {0};
    char byte = 0;

    (void)unused;
    begin();
    wasock_fakenet_set_faults(&net, &slow);
    assert_int_equal(wasock_conn_start_connect(&conn, &net.network, &at), 0);
    assert_int_equal(wasock_conn_finish_connect(&conn), -WASOCK_ECONNREFUSED);
    assert_int_equal(wasock_conn_finish_connect(&conn), -WASOCK_ECONNREFUSED);
    assert_int_equal(wasock_conn_read(&conn, &byte, 1), -WASOCK_ECONNREFUSED);
    assert_int_equal(wasock_conn_write(&conn, "x", 1), -WASOCK_ECONNREFUSED);
    close_conn(&conn);
    wasock_fakenet_set_faults(&net, NULL);
    end();
}

/* M9: what was not accepted is reset, the address is free. */
static void test_closing_a_listener(void **unused)
{
    struct connected c = {0};
    struct wasock_conn late = {0};

    (void)unused;
    begin();
    assert_int_equal(listen_at(":80", &c.listener), 0);
    assert_int_equal(dial(":80", &c.client), 0);
    write_all(&c.client, "lost");
    assert_int_equal(wasock_listener_close(&c.listener), 0);
    assert_int_equal(wasock_listener_close(&c.listener), -WASOCK_ECLOSED);
    assert_int_equal(wasock_listener_accept(&c.listener, &c.server),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock_conn_try_write(&c.client, "x", 1),
                     -WASOCK_ECONNRESET);
    assert_int_equal(try_read(&c.client), -WASOCK_ECONNRESET);
    assert_int_equal(wasock_conn_try_write(&c.client, "x", 1), -WASOCK_EPIPE);
    assert_int_equal(dial(":80", &late), -WASOCK_ECONNREFUSED);
    assert_int_equal(listen_at(":80", &c.listener), 0);
    close_pair(&c);
}

/* M10: reads take what several writes gave. */
static void test_reads_coalesce(void **unused)
{
    struct wasock_slice slices[2] = {{"a", 1}, {"bc", 2}};
    char first = 0;
    char rest[64];
    struct wasock_buffer buffers[2] = {{&first, 1}, {rest, sizeof(rest)}};

    (void)unused;
    begin();
    struct connected c;
    connect_pair(&c);
    write_all(&c.client, "12");
    write_all(&c.client, "34");
    assert_reads(&c.server, "1234");
    assert_int_equal(wasock_conn_try_writev(&c.client, slices, 2), 3);
    write_all(&c.client, "de");
    assert_int_equal(wasock_conn_try_readv(&c.server, buffers, 2), 5);
    assert_int_equal(first, 'a');
    assert_memory_equal(rest, "bcde", 4);
    assert_int_equal(try_read(&c.server), -WASOCK_EAGAIN);
    close_pair(&c);
}

/* M11: what is unread has a limit, to the byte. */
static void test_flow_control(void **unused)
{
    static char read_back[sizeof(big)];

    (void)unused;
    begin();
    struct connected c;
    connect_pair(&c);
    assert_int_equal(wasock_conn_try_write(&c.client, big, sizeof(big)), 65535);
    assert_int_equal(wasock_conn_try_write(&c.client, big, 1), -WASOCK_EAGAIN);
    wasock_socket_set_deadline_ns(&c.client.socket,
                                  WASOCK_READABLE | WASOCK_WRITABLE,
                                  wasock_fakenet_now_ns(&net) + 100 * MS);
    assert_int_equal(wasock_conn_write(&c.client, big, 1), -WASOCK_EDEADLINE);
    wasock_socket_set_deadline_ns(&c.client.socket,
                                  WASOCK_READABLE | WASOCK_WRITABLE,
                                  WASOCK_NO_DEADLINE);
    assert_int_equal(wasock_conn_write(&c.client, big, 1), -WASOCK_EDEADLOCK);
    assert_int_equal(try_read(&c.server), 1);
    assert_int_equal(wasock_conn_try_write(&c.client, big + 65535, 9), 1);
    size_t n_sent = 65536;
    size_t n_read = 1;
    while (n_read < sizeof(big)) {
        const ptrdiff_t n = wasock_conn_try_read(&c.server, read_back + n_read,
                                                 1 + n_read % 5000);
        assert_true(n > 0);
        n_read += (size_t)n;
        if (n_sent < sizeof(big)) {
            const ptrdiff_t n_now = wasock_conn_try_write(
                &c.client, big + n_sent, sizeof(big) - n_sent);
            assert_true(n_now > 0);
            n_sent += (size_t)n_now;
            assert_true(n_sent - n_read <= 65535);
        }
    }
    assert_memory_equal(read_back + 1, big + 1, sizeof(big) - 1);
    assert_int_equal(wasock_fakenet_set_unread_max(&c.client.socket, 0),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_fakenet_set_unread_max(&c.client.socket, 3), 0);
    assert_int_equal(wasock_conn_try_write(&c.server, big, 9), 3);
    assert_int_equal(wasock_conn_write(&c.server, big, 0), 0);
    close_pair(&c);
}

/* M11, M13: stopped halfway a write returns its count, then the cause. */
static void test_write_stopped_by_its_deadline(void **unused)
{
    (void)unused;
    begin();
    struct connected c;
    connect_pair(&c);
    const uint64_t deadline_ns = wasock_fakenet_now_ns(&net) + 100 * MS;
    wasock_socket_set_deadline_ns(&c.client.socket, WASOCK_WRITABLE,
                                  deadline_ns);
    assert_int_equal(wasock_conn_write(&c.client, big, sizeof(big)), 65535);
    assert_true(wasock_fakenet_now_ns(&net) == deadline_ns);
    assert_int_equal(wasock_conn_write(&c.client, big, 1), -WASOCK_EDEADLINE);
    assert_int_equal(try_read(&c.server), 1);
    assert_int_equal(wasock_conn_write(&c.client, big, 1), -WASOCK_EDEADLINE);
    wasock_socket_set_deadline_ns(&c.client.socket, WASOCK_WRITABLE,
                                  WASOCK_NO_DEADLINE);
    assert_int_equal(wasock_conn_write(&c.client, big, 1), 1);
    close_pair(&c);
}

/* A connection has the limit of its listener. */
static void test_limit_is_inherited(void **unused)
{
    struct connected c = {0};

    (void)unused;
    begin();
    assert_int_equal(listen_at(":80", &c.listener), 0);
    assert_int_equal(wasock_fakenet_set_unread_max(&c.listener.socket, 7), 0);
    assert_int_equal(dial(":80", &c.client), 0);
    assert_int_equal(wasock_conn_try_write(&c.client, big, 100), 7);
    close_pair(&c);
}

/* M12: halves, and what the other side sees of them. */
static void test_half_close(void **unused)
{
    (void)unused;
    begin();
    struct connected c;
    connect_pair(&c);
    write_all(&c.client, "bye");
    assert_int_equal(wasock_conn_shutdown(&c.client, WASOCK_SHUTDOWN_WRITE), 0);
    assert_int_equal(wasock_conn_try_write(&c.client, "x", 1), -WASOCK_EPIPE);
    assert_reads(&c.server, "bye");
    assert_int_equal(try_read(&c.server), 0);
    write_all(&c.server, "answer");
    assert_reads(&c.client, "answer");
    assert_int_equal(wasock_conn_shutdown(&c.client, WASOCK_SHUTDOWN_READ), 0);
    assert_int_equal(try_read(&c.client), 0);
    /* Lost, and answered by a reset. */
    assert_int_equal(wasock_conn_try_write(&c.server, "x", 1), 1);
    assert_int_equal(wasock_conn_try_write(&c.server, "x", 1), -WASOCK_EPIPE);
    assert_int_equal(wasock_conn_shutdown(&c.client, WASOCK_SHUTDOWN_BOTH), 0);
    close_pair(&c);

    begin();
    connect_pair(&c);
    assert_int_equal(wasock_conn_shutdown(&c.client, WASOCK_SHUTDOWN_READ), 0);
    assert_int_equal(wasock_conn_try_write(&c.server, "x", 1), 1);
    assert_int_equal(wasock_conn_try_write(&c.server, "x", 1),
                     -WASOCK_ECONNRESET);
    close_pair(&c);
}

static bool is_broken(struct wasock_conn *conn)
{
    struct wasock_socket *socket = &conn->socket;

    return socket->backend_->operations_->is_broken(socket);
}

/* A reset after EOF is no news for a read; it can be asked for. */
static void test_reset_after_eof(void **unused)
{
    (void)unused;
    begin();
    struct connected c;
    connect_pair(&c);
    assert_false(is_broken(&c.server));
    assert_int_equal(wasock_conn_shutdown(&c.client, WASOCK_SHUTDOWN_WRITE), 0);
    assert_int_equal(try_read(&c.server), 0);
    assert_false(is_broken(&c.server));
    write_all(&c.server, "answer");
    assert_int_equal(wasock_conn_close(&c.client), 0); /* unread */
    assert_true(is_broken(&c.server));
    assert_int_equal(try_read(&c.server), 0);
    assert_int_equal(wasock_conn_try_write(&c.server, "x", 1), -WASOCK_EPIPE);
    close_pair(&c);
}

/* M12: close ends the stream behind the data; reset as well, but by a reset. */
static void test_close_and_reset(void **unused)
{
    (void)unused;
    begin();
    struct connected c;
    connect_pair(&c);
    write_all(&c.client, "last");
    assert_int_equal(wasock_conn_close(&c.client), 0);
    assert_int_equal(wasock_conn_close(&c.client), -WASOCK_ECLOSED);
    assert_reads(&c.server, "last");
    assert_int_equal(try_read(&c.server), 0);
    assert_int_equal(try_read(&c.server), 0);
    assert_int_equal(wasock_conn_try_write(&c.server, "x", 1), 1);
    assert_int_equal(wasock_conn_try_write(&c.server, "x", 1), -WASOCK_EPIPE);
    close_pair(&c);

    begin();
    connect_pair(&c);
    write_all(&c.client, "last");
    assert_int_equal(wasock_fakenet_reset(&c.client), 0);
    assert_int_equal(wasock_fakenet_reset(&c.client), -WASOCK_ECLOSED);
    assert_reads(&c.server, "last");
    assert_int_equal(try_read(&c.server), -WASOCK_ECONNRESET);
    assert_int_equal(wasock_conn_try_write(&c.server, "x", 1), -WASOCK_EPIPE);
    close_pair(&c);

    /* Data that the closed end has not read is lost: the writer's next call
     * fails. */
    begin();
    connect_pair(&c);
    write_all(&c.client, "lost");
    write_all(&c.server, "last");
    assert_int_equal(wasock_conn_close(&c.server), 0);
    assert_reads(&c.client, "last");
    assert_int_equal(try_read(&c.client), -WASOCK_ECONNRESET);
    close_pair(&c);
}

/* EOF stays EOF, whatever is sent after it. */
static void test_eof_stays(void **unused)
{
    struct connected c = {0};

    (void)unused;
    begin();
    connect_pair(&c);
    assert_int_equal(wasock_conn_shutdown(&c.client, WASOCK_SHUTDOWN_WRITE), 0);
    assert_int_equal(try_read(&c.server), 0);
    write_all(&c.server, "answer");
    assert_int_equal(wasock_conn_close(&c.client), 0); /* it is unread */
    assert_int_equal(try_read(&c.server), 0);
    assert_int_equal(wasock_conn_try_write(&c.server, "x", 1), -WASOCK_EPIPE);
    close_pair(&c);
}

/* A port of its own is nobody else's, on a narrower address neither. */
static void test_port_zero_on_any_address(void **unused)
{
    struct connected c = {0};
    struct wasock_listener other = {0};
    struct wasock_addr local;

    (void)unused;
    begin();
    assert_int_equal(listen_at("127.0.0.1:49152", &other), 0);
    assert_int_equal(listen_at(":0", &c.listener), 0);
    assert_int_equal(wasock_socket_local_addr(&c.listener.socket, &local), 0);
    assert_int_equal(wasock_conn_start_connect(&c.client, &net.network, &local),
                     0);
    assert_int_equal(wasock_listener_try_accept(&c.listener, &c.server), 0);
    assert_int_equal(wasock_listener_close(&other), 0);
    close_pair(&c);
}

static void test_pair(void **unused)
{
    struct wasock_conn a = {0};
    struct wasock_conn b = {0};
    struct wasock_addr local;

    (void)unused;
    begin();
    assert_int_equal(wasock_fakenet_pair(&net, &a, &b), 0);
    write_all(&a, "to b");
    write_all(&b, "to a");
    assert_reads(&a, "to a");
    assert_reads(&b, "to b");
    assert_int_equal(wasock_socket_local_addr(&a.socket, &local), 0);
    assert_int_equal(local.family, WASOCK_ADDR_UNSPECIFIED);
    close_conn(&a);
    assert_int_equal(try_read(&b), 0);
    close_conn(&b);
    end();
}

/* M13: deadlines are times of the network's clock; no wait is for ever. */
static void test_deadlines(void **unused)
{
    char byte = 0;

    (void)unused;
    begin();
    struct connected c;
    connect_pair(&c);
    const uint64_t start_ns = wasock_fakenet_now_ns(&net);
    wasock_socket_set_deadline_ns(&c.server.socket, WASOCK_READABLE,
                                  start_ns + 30000 * MS);
    assert_int_equal(wasock_conn_read(&c.server, &byte, 1), -WASOCK_EDEADLINE);
    assert_true(wasock_fakenet_now_ns(&net) == start_ns + 30000 * MS);
    write_all(&c.client, "x");
    assert_int_equal(wasock_conn_read(&c.server, &byte, 1), -WASOCK_EDEADLINE);
    assert_int_equal(wasock_conn_write(&c.server, "y", 1), 1);
    wasock_socket_set_deadline_ns(&c.server.socket, WASOCK_READABLE,
                                  WASOCK_NO_DEADLINE);
    assert_int_equal(wasock_conn_read(&c.server, &byte, 1), 1);
    assert_int_equal(wasock_conn_read(&c.server, &byte, 1), -WASOCK_EDEADLOCK);
    assert_int_equal(wasock_conn_read(&c.server, &byte, 0), 0);
    struct wasock_conn none = {0};
    assert_int_equal(wasock_listener_accept(&c.listener, &none),
                     -WASOCK_EDEADLOCK);
    wasock_socket_set_deadline_ns(&c.listener.socket,
                                  WASOCK_READABLE | WASOCK_WRITABLE,
                                  wasock_fakenet_now_ns(&net) + MS);
    assert_int_equal(wasock_listener_accept(&c.listener, &none),
                     -WASOCK_EDEADLINE);
    assert_int_equal(wasock_fakenet_sleep_until_ns(&net, WASOCK_NO_DEADLINE),
                     -WASOCK_EDEADLOCK);
    assert_int_equal(wasock_fakenet_sleep_until_ns(&net, start_ns + 60000 * MS),
                     0);
    assert_true(wasock_fakenet_now_ns(&net) == start_ns + 60000 * MS);
    close_pair(&c);
}

/* What objects of a network cannot do, and its calls on none of its objects. */
static void test_wrong_objects(void **unused)
{
    struct wasock_conn closed = {0};
    struct wasock_conn sharer = {0};

    (void)unused;
    begin();
    struct connected c;
    connect_pair(&c);
    assert_int_equal(wasock_conn_share(&c.client, &sharer), -WASOCK_ENOTSUP);
    assert_int_equal(wasock_conn_into_fd(&c.client), -WASOCK_ENOTSUP);
    assert_int_equal(wasock_socket_fd(&c.client.socket), -WASOCK_ENOTSUP);
    assert_int_equal(wasock__backend_wait(&closed.socket, WASOCK_READABLE),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock_fakenet_reset(&closed), -WASOCK_ECLOSED);
    assert_int_equal(wasock_fakenet_set_unread_max(&closed.socket, 1),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock_fakenet_set_socket_faults(&closed.socket, NULL),
                     -WASOCK_ECLOSED);
    struct wasock_conn other = {0};
    other.socket.role_ = 1; /* as if of the host */
    assert_int_equal(wasock_fakenet_reset(&other), -WASOCK_ENOTSUP);
    close_pair(&c);
}

/* Serve what is ready until `n_wanted` bytes came back. */
static size_t echo_by_poller(struct wasock_poller *poller, struct connected *c,
                             size_t n_wanted)
{
    struct wasock_poller_event events[4];
    size_t n_back = 0;
    char buffer[100];

    while (n_back < n_wanted) {
        const ptrdiff_t n = take_events(poller, events, 4, WASOCK_NO_DEADLINE);
        if (n < 0) {
            assert_int_equal(n, -WASOCK_EDEADLOCK);
            return n_back;
        }
        for (ptrdiff_t i = 0; i < n; i++) {
            if (events[i].token == &c->listener) {
                assert_int_equal(
                    wasock_listener_try_accept(&c->listener, &c->server), 0);
                assert_int_equal(wasock_poller_add(poller, &c->server.socket,
                                                   WASOCK_READABLE, &c->server),
                                 0);
                continue;
            }
            const ptrdiff_t n_read =
                wasock_conn_try_read(events[i].token, buffer, sizeof(buffer));
            assert_true(n_read > 0);
            if (events[i].token == &c->client) {
                n_back += (size_t)n_read;
            } else {
                assert_int_equal(
                    wasock_conn_try_write(&c->server, buffer, (size_t)n_read),
                    n_read);
            }
        }
    }
    return n_back;
}

/* What a poller says of a connection when it looks; 0: nothing. */
static unsigned look_for(struct wasock_poller *poller)
{
    struct wasock_poller_event event = {0};
    const ptrdiff_t n = take_events(poller, &event, 1, WASOCK_DEADLINE_PAST);

    assert_true(n >= 0);
    return event.ready;
}

/* A poller that found nothing gets an event for each change. */
static void test_changes_notify_the_poller(void **unused)
{
    static _Alignas(
        WASOCK_POLLER_ALIGNMENT) char poller_memory[WASOCK_POLLER_SIZE(4)];
    struct wasock_poller poller;
    struct connected c = {0};

    (void)unused;
    for (unsigned what = 0; what < 5; what++) {
        const bool is_about_room = what < 2;
        begin();
        connect_pair(&c);
        assert_int_equal(
            wasock_poller_init(&poller, poller_memory, sizeof(poller_memory)),
            0);
        assert_int_equal(wasock_fakenet_set_unread_max(&c.server.socket, 4), 0);
        assert_int_equal(wasock_conn_try_write(&c.client, "12345", 5), 4);
        assert_int_equal(is_about_room
                             ? wasock_poller_add(&poller, &c.client.socket,
                                                 WASOCK_WRITABLE, NULL)
                             : wasock_poller_add(&poller, &c.client.socket,
                                                 WASOCK_READABLE, NULL),
                         0);
        assert_int_equal(look_for(&poller), 0);
        if (what == 0) {
            assert_int_equal(wasock_fakenet_set_unread_max(&c.server.socket, 8),
                             0);
        } else if (what == 1) {
            assert_int_equal(
                wasock_conn_shutdown(&c.server, WASOCK_SHUTDOWN_READ), 0);
        } else if (what == 2) {
            assert_int_equal(
                wasock_conn_shutdown(&c.server, WASOCK_SHUTDOWN_WRITE), 0);
        } else if (what == 3) {
            assert_int_equal(
                wasock_conn_shutdown(&c.client, WASOCK_SHUTDOWN_READ), 0);
        } else {
            assert_int_equal(wasock_conn_close(&c.server), 0);
        }
        assert_int_equal(look_for(&poller),
                         is_about_room ? WASOCK_WRITABLE : WASOCK_READABLE);
        wasock_poller_close(&poller);
        close_pair(&c);
    }
}

static void test_poller(void **unused)
{
    static _Alignas(
        WASOCK_POLLER_ALIGNMENT) char poller_memory[WASOCK_POLLER_SIZE(4)];
    struct wasock_poller poller;
    struct wasock_poller_event event;
    struct connected c = {0};

    (void)unused;
    begin();
    assert_int_equal(
        wasock_poller_init(&poller, poller_memory, sizeof(poller_memory)), 0);
    assert_int_equal(listen_at(":80", &c.listener), 0);
    assert_int_equal(wasock_poller_add(&poller, &c.listener.socket,
                                       WASOCK_READABLE, &c.listener),
                     0);
    assert_int_equal(take_events(&poller, &event, 1, WASOCK_NO_DEADLINE),
                     -WASOCK_EDEADLOCK);
    assert_int_equal(dial(":80", &c.client), 0);
    assert_int_equal(wasock_poller_add(&poller, &c.client.socket,
                                       WASOCK_READABLE, &c.client),
                     0);
    assert_int_equal(wasock_conn_try_write(&c.client, big, 1000), 1000);
    assert_int_equal(echo_by_poller(&poller, &c, 1000), 1000);
    assert_int_equal(echo_by_poller(&poller, &c, 1), 0);
    /* A deadline is an event, at its time. */
    const uint64_t deadline_ns = wasock_fakenet_now_ns(&net) + 5 * MS;
    wasock_socket_set_deadline_ns(&c.client.socket, WASOCK_READABLE,
                                  deadline_ns);
    assert_int_equal(take_events(&poller, &event, 1, WASOCK_NO_DEADLINE), 1);
    assert_ptr_equal(event.token, &c.client);
    assert_int_equal(event.deadline, WASOCK_READABLE);
    assert_true(wasock_fakenet_now_ns(&net) == deadline_ns);
    /* Room to write comes when the peer reads. */
    assert_int_equal(wasock_poller_modify(&poller, &c.client.socket,
                                          WASOCK_WRITABLE, &c.client),
                     0);
    assert_int_equal(wasock_conn_try_write(&c.client, big, 99999), 65535);
    assert_int_equal(
        wasock_poller_modify(&poller, &c.server.socket, 0, &c.server), 0);
    assert_int_equal(take_events(&poller, &event, 1, deadline_ns + MS), 0);
    assert_int_equal(try_read(&c.server), 1);
    assert_int_equal(take_events(&poller, &event, 1, WASOCK_NO_DEADLINE), 1);
    assert_int_equal(event.ready, WASOCK_WRITABLE);
    close_pair(&c);
    assert_int_equal(take_events(&poller, &event, 1, WASOCK_NO_DEADLINE),
                     -WASOCK_EDEADLOCK);
    wasock_poller_close(&poller);
}

/* M18: all ports of an address, in bounded time. */
static void test_port_exhaustion(void **unused)
{
    static struct wasock_conn clients[65535];
    static _Alignas(WASOCK_FAKENET_ALIGNMENT) char
        large_memory[WASOCK_FAKENET_SIZE(65540, 100)];
    struct wasock_listener listener = {0};
    struct wasock_listener other = {0};
    struct wasock_conn server = {0};
    const size_t n_free = 65534; /* the listener has one */

    (void)unused;
    assert_int_equal(wasock_fakenet_init(&net, large_memory,
                                         sizeof(large_memory), 65540, NULL),
                     0);
    assert_int_equal(listen_at("127.0.0.1:80", &listener), 0);
    for (size_t i = 0; i < n_free; i++) {
        /* Accepted and closed at once: only the client's end has a port. */
        assert_int_equal(dial("127.0.0.1:80", &clients[i]), 0);
        assert_int_equal(wasock_listener_accept(&listener, &server), 0);
        assert_int_equal(wasock_conn_close(&server), 0);
    }
    assert_int_equal(dial("127.0.0.1:80", &clients[n_free]),
                     -WASOCK_EADDRINUSE);
    assert_int_equal(listen_at("127.0.0.1:0", &other), -WASOCK_EADDRINUSE);
    struct wasock_addr freed;
    assert_int_equal(wasock_socket_local_addr(&clients[777].socket, &freed), 0);
    assert_int_equal(wasock_conn_close(&clients[777]), 0);
    assert_int_equal(listen_at("127.0.0.1:0", &other), 0);
    struct wasock_addr given;
    assert_int_equal(wasock_socket_local_addr(&other.socket, &given), 0);
    assert_int_equal(given.port, freed.port);
    /* The only free port is the one that was given last. */
    assert_int_equal(wasock_listener_close(&other), 0);
    assert_int_equal(listen_at("127.0.0.1:0", &other), 0);
}

/* Memory at address 0 is no memory, in wasm as well, which can write there. */
static void test_null_memory_is_refused(void **unused)
{
    (void)unused;
    assert_int_equal(
        wasock_fakenet_init(&net, NULL, sizeof(memory), N_SOCKETS, NULL),
        -WASOCK_EINVAL);
}

/* An object that is open stays as it is; nothing else is opened. */
static void test_opening_an_open_object(void **unused)
{
    struct wasock_conn fresh = {0};
    const struct wasock_addr at = addr("127.0.0.1:81");
    const struct wasock_addr used = addr("127.0.0.1:80");

    (void)unused;
    begin();
    struct connected c;
    connect_pair(&c);
    const uint32_t n_free = net.n_free_sockets_;
    assert_int_equal(dial("127.0.0.1:80", &fresh), 0); /* to be accepted */
    assert_int_equal(wasock_listener_try_accept(&c.listener, &c.server),
                     -WASOCK_EOPEN);
    assert_int_equal(wasock_listener_listen(&c.listener, &net.network, &at, 0),
                     -WASOCK_EOPEN);
    assert_int_equal(wasock_conn_start_connect(&c.client, &net.network, &used),
                     -WASOCK_EOPEN);
    const uint64_t start_ns = wasock_fakenet_now_ns(&net);
    assert_int_equal(
        wasock_conn_connect_for_ns(&c.client, &net.network, &used, 100 * MS),
        -WASOCK_EOPEN);
    assert_int_equal(wasock_fakenet_now_ns(&net), start_ns);
    assert_int_equal(wasock_fakenet_bind(&net, &at, &c.client), -WASOCK_EOPEN);
    close_conn(&fresh);
    assert_int_equal(wasock_fakenet_pair(&net, &fresh, &c.client),
                     -WASOCK_EOPEN);
    assert_int_equal(wasock_fakenet_pair(&net, &c.client, &fresh),
                     -WASOCK_EOPEN);
    assert_int_equal(wasock_fakenet_pair(&net, &fresh, &fresh), -WASOCK_EOPEN);
    assert_false(wasock_socket_is_open(&fresh.socket));
    assert_int_equal(wasock_listener_accept(&c.listener, &fresh), 0);
    close_conn(&fresh);
    assert_int_equal(net.n_free_sockets_, n_free);
    write_all(&c.client, "as it was");
    assert_reads(&c.server, "as it was");
    close_pair(&c);
}

/* A timeout is a duration by the network's clock on its sockets. */
static void test_timeouts(void **unused)
{
    char byte = 0;

    (void)unused;
    begin();
    struct connected c;
    connect_pair(&c);
    const uint64_t start_ns = wasock_fakenet_now_ns(&net);
    assert_int_equal(wasock_socket_now_ns(&c.client.socket), start_ns);
    assert_int_equal(wasock_socket_set_timeout_ns(&c.client.socket,
                                                  WASOCK_READABLE, 30000 * MS),
                     0);
    assert_int_equal(wasock_conn_read(&c.client, &byte, 1), -WASOCK_EDEADLINE);
    assert_int_equal(wasock_socket_now_ns(&c.client.socket),
                     start_ns + 30000 * MS);
    assert_int_equal(wasock_fakenet_sleep_for_ns(&net, 5 * MS), 0);
    assert_int_equal(wasock_fakenet_now_ns(&net), start_ns + 30005 * MS);
    assert_int_equal(wasock_fakenet_sleep_for_ns(&net, WASOCK_FOREVER_NS),
                     -WASOCK_EDEADLOCK);
    close_pair(&c);
}

/* As on Linux: what arrived before the half was shut is read, then EOF. */
static void test_shut_read_keeps_arrived_bytes(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};

    (void)unused;
    begin();
    struct connected c;
    connect_pair(&c);
    write_all(&c.client, "arrived");
    wasock_fakenet_set_faults(&net, &slow);
    write_all(&c.client, "on its way");
    assert_int_equal(wasock_conn_shutdown(&c.server, WASOCK_SHUTDOWN_READ), 0);
    assert_reads(&c.server, "arrived");
    assert_int_equal(try_read(&c.server), 0);
    assert_int_equal(wasock_fakenet_sleep_for_ns(&net, 50 * MS), 0);
    assert_int_equal(try_read(&c.server), 0);
    close_pair(&c);
    /* Nobody is woken for bytes that are dropped. */
    begin();
    connect_pair(&c);
    wasock_fakenet_set_faults(&net, &slow);
    write_all(&c.client, "on its way");
    assert_int_equal(net.arrivals_->count, 1);
    assert_int_equal(wasock_conn_shutdown(&c.server, WASOCK_SHUTDOWN_READ), 0);
    assert_int_equal(net.arrivals_->count, 0);
    close_pair(&c);
}

/* The other end of a connection: the object that its owner opened. */
static void test_peer(void **unused)
{
    struct connected c = {0};
    struct wasock_conn first = {0};
    struct wasock_conn second = {0};
    const struct wasock_addr at = addr("127.0.0.1:99");

    (void)unused;
    begin();
    assert_null(wasock_fakenet_peer(&first));
    assert_int_equal(wasock_fakenet_pair(&net, &first, &second), 0);
    assert_ptr_equal(wasock_fakenet_peer(&first), &second);
    assert_ptr_equal(wasock_fakenet_peer(&second), &first);
    assert_int_equal(wasock_conn_close(&second), 0);
    assert_null(wasock_fakenet_peer(&first));
    assert_int_equal(wasock_fakenet_bind(&net, &at, &second), 0);
    assert_null(wasock_fakenet_peer(&second));
    close_conn(&first);
    close_conn(&second);
    assert_int_equal(listen_at("127.0.0.1:80", &c.listener), 0);
    assert_int_equal(dial("127.0.0.1:80", &c.client), 0);
    assert_null(wasock_fakenet_peer(&c.client)); /* not accepted yet */
    assert_int_equal(wasock_listener_accept(&c.listener, &c.server), 0);
    assert_ptr_equal(wasock_fakenet_peer(&c.client), &c.server);
    assert_ptr_equal(wasock_fakenet_peer(&c.server), &c.client);
    assert_int_equal(wasock_fakenet_reset(&c.server), 0);
    assert_null(wasock_fakenet_peer(&c.client));
    close_pair(&c);
}

/* A reset after EOF: reads stay at EOF, and writes fail at once. */
static void test_writes_after_eof_and_reset(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};
    struct connected c = {0};

    (void)unused;
    begin();
    connect_pair(&c);
    assert_int_equal(wasock_conn_shutdown(&c.client, WASOCK_SHUTDOWN_WRITE), 0);
    assert_int_equal(wasock_fakenet_reset(&c.client), 0);
    assert_int_equal(try_read(&c.server), 0);
    assert_int_equal(wasock_conn_try_write(&c.server, "x", 1), -WASOCK_EPIPE);
    close_pair(&c);

    begin();
    connect_pair(&c);
    wasock_fakenet_set_faults(&net, &slow);
    assert_int_equal(wasock_conn_shutdown(&c.client, WASOCK_SHUTDOWN_WRITE), 0);
    assert_int_equal(wasock_fakenet_reset(&c.client), 0);
    assert_int_equal(wasock_fakenet_sleep_for_ns(&net, 9 * MS), 0);
    write_all(&c.server, "lost");
    assert_int_equal(wasock_fakenet_sleep_for_ns(&net, MS), 0);
    assert_int_equal(try_read(&c.server), 0);
    assert_int_equal(wasock_conn_try_write(&c.server, "x", 1), -WASOCK_EPIPE);
    close_pair(&c);
}

/* A close after EOF says nothing new: only what is sent to it is answered. */
static void test_close_after_eof(void **unused)
{
    struct connected c = {0};

    (void)unused;
    begin();
    connect_pair(&c);
    assert_int_equal(wasock_conn_shutdown(&c.client, WASOCK_SHUTDOWN_WRITE), 0);
    assert_int_equal(wasock_conn_close(&c.client), 0);
    assert_int_equal(try_read(&c.server), 0);
    write_all(&c.server, "lost");
    assert_int_equal(wasock_conn_try_write(&c.server, "x", 1), -WASOCK_EPIPE);
    close_pair(&c);
}

/* A write of slices stops at the window, wherever that is. */
static void test_slices_fill_the_window(void **unused)
{
    const struct wasock_slice slices[] = {{"abc", 3}, {"def", 3}, {"ghi", 3}};
    struct connected c = {0};

    (void)unused;
    begin();
    connect_pair(&c);
    assert_int_equal(wasock_fakenet_set_unread_max(&c.server.socket, 5), 0);
    assert_int_equal(wasock_conn_try_writev(&c.client, slices, 3), 5);
    assert_int_equal(wasock_conn_try_writev(&c.client, slices, 3),
                     -WASOCK_EAGAIN);
    assert_reads(&c.server, "abcde");
    close_pair(&c);
}

/* A poller is not woken for what it knows: that there are bytes, or room. */
static void test_only_changes_are_notified(void **unused)
{
    struct wasock_watch watch;
    struct wasock_watch *inbox = NULL;
    struct connected c = {0};

    (void)unused;
    begin();
    connect_pair(&c);
    assert_int_equal(wasock_fakenet_set_unread_max(&c.server.socket, 3), 0);
    wasock__socket_watch(&c.server.socket, &watch, &inbox);
    write_all(&c.client, "a");
    assert_ptr_equal(inbox, &watch);
    inbox = NULL;
    watch.changes_ = 0;
    write_all(&c.client, "b");
    assert_null(inbox);
    wasock__socket_unwatch(&watch);
    wasock__socket_watch(&c.client.socket, &watch, &inbox);
    assert_int_equal(try_read(&c.server), 1); /* there was room */
    assert_null(inbox);
    write_all(&c.client, "cd");
    assert_int_equal(try_read(&c.server), 1);
    assert_ptr_equal(inbox, &watch);
    inbox = NULL;
    watch.changes_ = 0;
    assert_int_equal(wasock_fakenet_set_unread_max(&c.server.socket, 1), 0);
    inbox = NULL;
    watch.changes_ = 0;
    assert_int_equal(try_read(&c.server), 1); /* still more than the limit */
    assert_null(inbox);
    wasock__socket_unwatch(&watch);
    close_pair(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_null_memory_is_refused),
        cmocka_unit_test(test_opening_an_open_object),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_room_in_small_pieces),
        cmocka_unit_test(test_bounds_of_memory),
        cmocka_unit_test(test_chains_are_short),
        cmocka_unit_test(test_fields_of_other_families),
        cmocka_unit_test(test_addresses_that_differ),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_addresses_that_are_none),
        cmocka_unit_test(test_address_in_use),
        cmocka_unit_test(test_port_zero),
        cmocka_unit_test(test_failing_connects),
        cmocka_unit_test(test_writing_before_accept),
        cmocka_unit_test(test_backlog),
        cmocka_unit_test(test_connects_wait_for_room),
        cmocka_unit_test(test_a_connecting_connection),
        cmocka_unit_test(test_a_failed_connection),
        cmocka_unit_test(test_closing_a_listener),
        cmocka_unit_test(test_reads_coalesce),
        cmocka_unit_test(test_flow_control),
        cmocka_unit_test(test_write_stopped_by_its_deadline),
        cmocka_unit_test(test_limit_is_inherited),
        cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_reset_after_eof),
        cmocka_unit_test(test_shut_read_keeps_arrived_bytes),
        cmocka_unit_test(test_peer),
        cmocka_unit_test(test_close_and_reset),
        cmocka_unit_test(test_eof_stays),
        cmocka_unit_test(test_port_zero_on_any_address),
        cmocka_unit_test(test_pair),
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_wrong_objects),
        cmocka_unit_test(test_changes_notify_the_poller),
        cmocka_unit_test(test_poller),
        cmocka_unit_test(test_port_exhaustion),
        cmocka_unit_test(test_writes_after_eof_and_reset),
        cmocka_unit_test(test_close_after_eof),
        cmocka_unit_test(test_only_changes_are_notified),
        cmocka_unit_test(test_slices_fill_the_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
