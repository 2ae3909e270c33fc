/* SPDX-License-Identifier: MIT */
/* Listening, connecting and names on the native host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#ifndef __wasm__ /* Unix sockets */
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#endif

#include <cmocka.h>

#include <wasock/wasock.h>

#include "taken.h"

static struct wasock_addr addr_of(const char *text)
{
    struct wasock_addr addr;

    assert_int_equal(wasock_addr_parse(text, strlen(text), &addr), 0);
    return addr;
}

static void assert_same_addr(const struct wasock_addr *a,
                             const struct wasock_addr *b)
{
    char a_text[WASOCK_ADDR_TEXT_CAPACITY];
    char b_text[WASOCK_ADDR_TEXT_CAPACITY];

    wasock_addr_format(a, a_text, sizeof(a_text));
    wasock_addr_format(b, b_text, sizeof(b_text));
    assert_string_equal(a_text, b_text);
}

/* Both ends know both addresses, by IPv4 and IPv6, and bytes go both ways. */
static void test_both_ends(void **unused)
{
    static const char *const hosts[] = {"127.0.0.1:0", "[::1]:0"};

    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        struct wasock_listener listener = {0};
        struct wasock_conn client = {0};
        struct wasock_conn server = {0};
        struct wasock_addr at = addr_of(hosts[i]);
        struct wasock_addr one;
        struct wasock_addr other;
        char byte = 0;
        assert_int_equal(wasock_listener_listen(&listener, NULL, &at, 0), 0);
        assert_int_equal(wasock_socket_local_addr(&listener.socket, &at), 0);
        assert_true(at.port != 0);
        assert_int_equal(
            wasock_conn_connect_for_ns(&client, NULL, &at, WASOCK_NS_PER_S), 0);
        assert_int_equal(wasock_listener_accept(&listener, &server), 0);
        assert_int_equal(wasock_socket_local_addr(&client.socket, &one), 0);
        assert_int_equal(wasock_socket_remote_addr(&server.socket, &other), 0);
        assert_same_addr(&one, &other);
        assert_int_equal(wasock_socket_remote_addr(&client.socket, &one), 0);
        assert_same_addr(&one, &at);
        assert_int_equal(wasock_socket_local_addr(&server.socket, &other), 0);
        assert_same_addr(&at, &other);
        assert_int_equal(wasock_conn_write(&client, "a", 1), 1);
        assert_int_equal(wasock_conn_read(&server, &byte, 1), 1);
        assert_int_equal(wasock_conn_write(&server, "b", 1), 1);
        assert_int_equal(wasock_conn_read(&client, &byte, 1), 1);
        assert_int_equal(byte, 'b');
        assert_int_equal(wasock_conn_close(&client), 0);
        assert_int_equal(wasock_conn_close(&server), 0);
        assert_int_equal(wasock_listener_close(&listener), 0);
    }
}

/* A port that was in use a moment ago, and is free now. */
static struct wasock_addr free_addr(void)
{
    struct wasock_listener listener = {0};
    struct wasock_addr at = addr_of("127.0.0.1:0");

    assert_int_equal(wasock_listener_listen(&listener, NULL, &at, 0), 0);
    assert_int_equal(wasock_socket_local_addr(&listener.socket, &at), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
    return at;
}

static void test_refused(void **unused)
{
    const struct wasock_addr at = free_addr();
    const struct wasock_addr name = addr_of("unix:/nowhere");
    struct wasock_conn conn = {0};

    (void)unused;
    assert_int_equal(
        wasock_conn_connect_for_ns(&conn, NULL, &at, WASOCK_NS_PER_S),
        -WASOCK_ECONNREFUSED);
    assert_false(wasock_socket_is_open(&conn.socket));
    assert_int_equal(wasock_conn_start_connect(&conn, NULL, &name),
                     -WASOCK_EAFNOSUPPORT);
}

static void test_a_port_in_use(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_listener second = {0};
    struct wasock_addr at = addr_of("127.0.0.1:0");
    const struct wasock_addr foreign = addr_of("192.0.2.1:0");

    (void)unused;
    assert_int_equal(wasock_listener_listen(&listener, NULL, &at, 0), 0);
    assert_int_equal(wasock_socket_local_addr(&listener.socket, &at), 0);
    assert_int_equal(wasock_listener_listen(&second, NULL, &at, 0),
                     -WASOCK_EADDRINUSE);
    assert_int_equal(wasock_listener_listen(&second, NULL, &foreign, 0),
                     -WASOCK_EADDRNOTAVAIL);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

/* In two steps, with a poller; a connect that failed as well. */
static void test_two_steps(void **unused)
{
    static _Alignas(WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(2)];
    struct wasock_poller poller;
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    struct wasock_addr at = addr_of("127.0.0.1:0");
    struct wasock_poller_event event;
    int result = -WASOCK_EAGAIN;

    (void)unused;
    assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)), 0);
    assert_int_equal(wasock_listener_listen(&listener, NULL, &at, 0), 0);
    assert_int_equal(wasock_socket_local_addr(&listener.socket, &at), 0);
    assert_int_equal(wasock_conn_start_connect(&conn, NULL, &at), 0);
    assert_int_equal(
        wasock_poller_add(&poller, &conn.socket, WASOCK_WRITABLE, &conn), 0);
    while (result == -WASOCK_EAGAIN) {
        assert_int_equal(take_events(&poller, &event, 1, WASOCK_NO_DEADLINE),
                         1);
        assert_int_equal(event.ready, WASOCK_WRITABLE);
        result = wasock_conn_try_finish_connect(&conn);
    }
    assert_int_equal(result, 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
    wasock_poller_close(&poller);
}

#ifndef __wasm__

/* The host knows a name: no label stands in for it. */
static void test_a_name_of_the_host_is_no_label(void **unused)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct wasock_listener listener = {0};
    struct wasock_addr addr;
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)unused;
    snprintf(name.sun_path, sizeof(name.sun_path), "test_posix_connect-%d.sock",
             (int)getpid());
    assert_int_equal(bind(fd, (struct sockaddr *)(void *)&name, sizeof(name)),
                     0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(unlink(name.sun_path), 0);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    assert_int_equal(wasock_socket_set_label(&listener.socket, "web"), 0);
    assert_int_equal(wasock_socket_local_addr(&listener.socket, &addr), 0);
    assert_int_equal(addr.family, WASOCK_ADDR_NAME);
    assert_string_equal(addr.name, name.sun_path);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

#endif

static void test_lookup(void **unused)
{
    struct wasock_addr addrs[8];

    (void)unused;
    assert_int_equal(wasock_lookup("127.0.0.1", 80, addrs, 8), 1);
    const struct wasock_addr expected = addr_of("127.0.0.1:80");
    assert_same_addr(&addrs[0], &expected);
    const ptrdiff_t n = wasock_lookup("localhost", 81, addrs, 8);
    assert_in_range(n, 1, 8);
    for (ptrdiff_t i = 0; i < n; i++) {
        assert_int_equal(addrs[i].port, 81);
        assert_true(addrs[i].family != WASOCK_ADDR_UNSPECIFIED);
    }
    assert_true(wasock_lookup("", 80, addrs, 8) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ends),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_a_port_in_use),
        cmocka_unit_test(test_two_steps),
#ifndef __wasm__
        cmocka_unit_test(test_a_name_of_the_host_is_no_label),
#endif
        cmocka_unit_test(test_lookup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
