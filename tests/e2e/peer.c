/* SPDX-License-Identifier: MIT */
/*
 * peer - open one connection, by a call of the program's own, and echo on it.
 *
 *   peer connect HOST:PORT [TIMEOUT_MS]
 *   peer listen HOST:PORT
 *
 * Each step is a line on standard output. Exit code: 0 EOF; 1 no connection;
 * 2 the connection failed later.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wasock/wasock.h>

#define TIMEOUT_MS 15000

static _Alignas(WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(1)];

static int fail(const char *what, ptrdiff_t error, int exit_code)
{
    printf("%s: %s\n", what, wasock_err_name(error));
    return exit_code;
}

static void print_ends(struct wasock_socket *socket)
{
    struct wasock_addr addr;
    char local[WASOCK_ADDR_TEXT_CAPACITY] = "?";
    char remote[WASOCK_ADDR_TEXT_CAPACITY] = "?";

    if (wasock_socket_local_addr(socket, &addr) == 0) {
        wasock_addr_format(&addr, local, sizeof(local));
    }
    if (wasock_socket_remote_addr(socket, &addr) == 0) {
        wasock_addr_format(&addr, remote, sizeof(remote));
    }
    printf("local %s remote %s.\n", local, remote);
}

static int echo(struct wasock_conn *conn)
{
    static char buffer[65536];
    ptrdiff_t n = 0;

    print_ends(&conn->socket);
    do {
        n = wasock_conn_read(conn, buffer, sizeof(buffer));
        if (n > 0) {
            n = wasock_conn_write(conn, buffer, (size_t)n);
        }
    } while (n > 0);
    if (n < 0) {
        return fail("echo", n, 2);
    }
    wasock_conn_close(conn);
    puts("EOF");
    return 0;
}

/* In two steps: what is under way is waited for by a poller. */
static int finish(struct wasock_conn *conn, uint64_t timeout_ns)
{
    struct wasock_poller poller = {0};
    int result = wasock_conn_try_finish_connect(conn);

    if (result != -WASOCK_EAGAIN) {
        return result;
    }
    puts("in progress");
    result = wasock_poller_init(&poller, memory, sizeof(memory));
    if (result == 0) {
        result =
            wasock_poller_add(&poller, &conn->socket, WASOCK_WRITABLE, NULL);
    }
    if (result == 0) {
        result = (int)wasock_poller_wait_for_ns(&poller, timeout_ns);
    }
    wasock_poller_close(&poller);
    if (result < 0) {
        return result;
    }
    return wasock_conn_try_finish_connect(conn);
}

static int run_connect(const struct wasock_addr *addr, uint64_t timeout_ns)
{
    struct wasock_conn conn = {0};
    int error = wasock_conn_start_connect(&conn, NULL, addr);

    if (error == 0) {
        error = finish(&conn, timeout_ns);
    }
    return error == 0 ? echo(&conn) : fail("connect", error, 1);
}

static int run_listen(const struct wasock_addr *addr)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    struct wasock_addr bound;
    char text[WASOCK_ADDR_TEXT_CAPACITY];
    int error = wasock_listener_listen(&listener, NULL, addr, 16);

    if (error == 0) {
        error = wasock_socket_local_addr(&listener.socket, &bound);
    }
    if (error < 0) {
        return fail("listen", error, 1);
    }
    wasock_addr_format(&bound, text, sizeof(text));
    printf("listening on %s\n", text);
    error = wasock_listener_accept(&listener, &conn);
    wasock_listener_close(&listener);
    return error == 0 ? echo(&conn) : fail("accept", error, 1);
}

int main(int argc, char **argv)
{
    struct wasock_addr addr;
    uint64_t timeout_ms = TIMEOUT_MS;

    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc < 3 || wasock_addr_parse(argv[2], strlen(argv[2]), &addr) < 0) {
        return fail("usage: peer connect|listen HOST:PORT", 0, 3);
    }
    if (strcmp(argv[1], "listen") == 0) {
        return run_listen(&addr);
    }
    if (argc > 3) {
        timeout_ms = strtoul(argv[3], NULL, 10);
    }
    return run_connect(&addr, timeout_ms * WASOCK_NS_PER_MS);
}
