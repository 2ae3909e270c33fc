/* SPDX-License-Identifier: MIT */
/*
 * two_ports - two listeners with names. A client of "echo" receives the address
 * of the server and an echo of what it sends; a client of "status" receives the
 * number of echo clients served.
 *
 *   wasock-run --listen echo=127.0.0.1:8080 \
 *       --listen status=127.0.0.1:8081 two_ports.wasm
 *
 * Exit code: 1 a listener is missing, 2 a wait failed.
 */
#include <stdio.h>
#include <string.h>

#include <wasock/wasock.h>

#define IDLE_MAX_NS (5 * WASOCK_NS_PER_S)

static char environment[4096];
static struct wasock_names names;
static struct wasock_listener echo_listener;
static struct wasock_listener status_listener;
static struct wasock_poller poller;
static _Alignas(
    WASOCK_POLLER_ALIGNMENT) char poller_memory[WASOCK_POLLER_SIZE(2)];
static unsigned n_served;

static int find(const char *name, struct wasock_listener *listener)
{
    char text[1024];
    const int error = wasock_names_listener(&names, name, listener);

    if (error < 0) {
        wasock_names_explain(&names, name, text, sizeof(text));
        fputs(text, stderr);
    }
    return error;
}

static void echo(struct wasock_conn *conn)
{
    char text[WASOCK_ADDR_TEXT_CAPACITY + 1] = "";
    char buffer[1024];
    struct wasock_addr local;
    ptrdiff_t n = 0;

    if (wasock_socket_local_addr(&conn->socket, &local) == 0) {
        const size_t length =
            wasock_addr_format(&local, text, WASOCK_ADDR_TEXT_CAPACITY);
        memcpy(text + length, "\n", 2);
    }
    wasock_conn_write(conn, text, strlen(text));
    while ((n = wasock_conn_read(conn, buffer, sizeof(buffer))) > 0 &&
           wasock_conn_write(conn, buffer, (size_t)n) == n) {
    }
}

static void report_status(struct wasock_conn *conn)
{
    char text[64];

    const int n = snprintf(text, sizeof(text), "%u served\n", n_served);
    wasock_conn_write(conn, text, (size_t)n);
}

static void serve(struct wasock_listener *listener)
{
    struct wasock_conn conn = {0};

    if (wasock_listener_try_accept(listener, &conn) < 0) {
        return; /* readiness is a hint: no connection is pending */
    }
    wasock_socket_set_timeout_ns(
        &conn.socket, WASOCK_READABLE | WASOCK_WRITABLE, IDLE_MAX_NS);
    if (listener == &status_listener) {
        report_status(&conn);
    } else {
        echo(&conn);
        n_served++;
    }
    wasock_conn_close(&conn);
}

static int start(void)
{
    int error =
        wasock_names_read(&names, environment, sizeof(environment), NULL);

    if (error < 0 && error != -WASOCK_ENOENT) {
        return error;
    }
    error = find("echo", &echo_listener);
    if (error == 0) {
        error = find("status", &status_listener);
    }
    if (error == 0) {
        error =
            wasock_poller_init(&poller, poller_memory, sizeof(poller_memory));
    }
    if (error == 0) {
        error = wasock_poller_add(&poller, &echo_listener.socket,
                                  WASOCK_READABLE, &echo_listener);
    }
    if (error == 0) {
        error = wasock_poller_add(&poller, &status_listener.socket,
                                  WASOCK_READABLE, &status_listener);
    }
    return error;
}

int main(void)
{
    struct wasock_poller_event event;
    ptrdiff_t n = start();

    if (n < 0) {
        fprintf(stderr, "two_ports: %s\n", wasock_err_text(n));
        return 1;
    }
    while ((n = wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS)) > 0) {
        while (wasock_poller_next(&poller, &event)) {
            serve(event.token);
        }
    }
    fprintf(stderr, "two_ports: %s\n", wasock_err_text(n));
    return 2;
}
