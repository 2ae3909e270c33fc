/* SPDX-License-Identifier: MIT */
/*
 * served.h - a server on the in-process network, whose clock is virtual, with
 * handlers that note what they were called with.
 */
#ifndef SERVED_H
#define SERVED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <wasock/fakenet.h>
#include <wasock/wasock.h>

#ifndef NET_BYTES
#define NET_BYTES 60000
#endif

#define MS WASOCK_NS_PER_MS
#define N_CLIENTS 4
#define INPUT_BYTES 64
#define OUTPUT_BYTES 256

/* The sizes of the server, for options. */
#define SIZES                                                                  \
    .n_clients = N_CLIENTS, .input_bytes = INPUT_BYTES,                        \
    .output_bytes = OUTPUT_BYTES

static _Alignas(WASOCK_FAKENET_ALIGNMENT) char net_memory[WASOCK_FAKENET_SIZE(
    24, NET_BYTES)];
static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char server_memory
    [WASOCK_SERVER_SIZE(N_CLIENTS, INPUT_BYTES, OUTPUT_BYTES)];
static struct wasock_fakenet net;
static struct wasock_server server;
static struct wasock_listener listener;
static const struct wasock_addr at = {
    .family = WASOCK_ADDR_IPV4, .port = 80, .ip = {127, 0, 0, 1}};

/* What the handlers were called with. */
static char events[1024];

static inline void note(const char *format, ...)
{
    const size_t length = strlen(events);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(events + length, sizeof(events) - length, format, arguments);
    va_end(arguments);
}

static inline void append(char *text, size_t capacity, const char *more)
{
    const size_t length = strlen(text);

    snprintf(text + length, capacity - length, "%s", more);
}

static inline void assert_events(const char *expected)
{
    assert_string_equal(events, expected);
    events[0] = '\0';
}

static inline void on_open(struct wasock_client *client)
{
    client->user = client;
    note("open ");
}

static inline void on_close(struct wasock_client *client, int reason)
{
    assert_ptr_equal(client->user, client);
    note("close:%s ", wasock_err_name(reason));
}

static inline void on_drain(struct wasock_client *client)
{
    (void)client;
    note("drain ");
}

static inline void on_eof(struct wasock_client *client)
{
    note("eof ");
    assert_int_equal(wasock_client_send(client, "bye", 3), 0);
    wasock_client_close(client);
}

/* One line a call, answered by itself. */
static inline size_t on_lines(struct wasock_client *client, const void *data,
                              size_t length)
{
    const char *end = (const char *)memchr(data, '\n', length);

    if (end == NULL) {
        return 0;
    }
    const size_t n = (size_t)(end - (const char *)data) + 1;
    note("line:%.*s ", (int)n - 1, (const char *)data);
    assert_int_equal(wasock_client_send(client, data, n), 0);
    return n;
}

static const struct wasock_handler lines = {
    .open = on_open, .data = on_lines, .close = on_close};

static inline void begin_with(const struct wasock_server_options *options)
{
    memset(&listener, 0, sizeof(listener));
    events[0] = '\0';
    /* Dirty memory, as a caller may hand it over. */
    memset(net_memory, 0xa5, sizeof(net_memory));
    memset(server_memory, 0xa5, sizeof(server_memory));
    memset(&server, 0xa5, sizeof(server));
    assert_int_equal(
        wasock_fakenet_init(&net, net_memory, sizeof(net_memory), 24, NULL), 0);
    assert_int_equal(wasock_listener_listen(&listener, &net.network, &at, 0),
                     0);
    assert_int_equal(wasock_server_init(&server, server_memory,
                                        sizeof(server_memory), options),
                     0);
    assert_int_equal(wasock_server_add_listener(&server, &listener), 0);
}

static inline void begin(const struct wasock_handler *handler)
{
    const struct wasock_server_options options = {.handler = handler, SIZES};

    begin_with(&options);
}

static inline void end(void)
{
    wasock_server_close(&server);
    assert_int_equal(wasock_server_n_clients(&server), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

/* Serve for a time. The server does not stop meanwhile. */
static inline void run_for_ns(uint64_t timeout_ns)
{
    assert_int_equal(wasock_server_run_for_ns(&server, timeout_ns),
                     -WASOCK_EDEADLINE);
}

/* Let the server work until it has nothing to do. */
static inline void work(void)
{
    for (int i = 0; i < 20; i++) {
        run_for_ns(0);
    }
}

static inline void connect_to(struct wasock_conn *conn)
{
    memset(conn, 0, sizeof(*conn));
    assert_int_equal(
        wasock_conn_connect_for_ns(conn, &net.network, &at, WASOCK_NS_PER_S),
        0);
}

static inline void write_all(struct wasock_conn *conn, const char *text)
{
    assert_int_equal(wasock_conn_write(conn, text, strlen(text)), strlen(text));
}

static inline void assert_reads(struct wasock_conn *conn, const char *expected)
{
    char text[2000];
    size_t n = 0;
    ptrdiff_t result = 0;

    while (n < sizeof(text) - 1 &&
           (result = wasock_conn_try_read(conn, text + n,
                                          sizeof(text) - 1 - n)) > 0) {
        n += (size_t)result;
    }
    text[n] = '\0';
    assert_string_equal(text, expected);
}

/* A transport that changes nothing. */

static inline ptrdiff_t read_plainly(struct wasock_client *client, void *buffer,
                                     size_t capacity)
{
    return wasock_conn_try_read(&client->conn, buffer, capacity);
}

static inline ptrdiff_t write_plainly(struct wasock_client *client,
                                      const void *data, size_t length)
{
    return wasock_conn_try_write(&client->conn, data, length);
}

#endif
