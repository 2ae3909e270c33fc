/* SPDX-License-Identifier: MIT */
/*
 * tcpecho - a blocking echo server: one client at a time.
 *
 *   wasock-run --listen 127.0.0.1:8080 tcpecho.wasm
 *
 * or by hand, as a component (WASI 0.2, 0.3) and as a preview1 module:
 *
 *   wasmtime run -S inherit-network --env WASOCK_LISTEN=127.0.0.1:8080 \
 *       tcpecho.wasm
 *   wasmtime run -S preview2=n -S tcplisten=127.0.0.1:8080 tcpecho.wasm
 *
 * Without a listener it serves the preopened connections, then exits (native
 * build: systemd's Accept=yes).
 *
 * Exit code: 1 neither listener nor connection, 2 accept failed.
 */
#include <stdio.h>

#include <wasock/wasock.h>

/* Close an idle client after this time: the others wait for it. */
#define IDLE_MAX_NS (5 * WASOCK_NS_PER_S)

/* The pause between accepts while the host is out of descriptors. */
#define BACK_OFF_NS (100 * WASOCK_NS_PER_MS)

/* Echo until EOF, an error or the deadline. */
static ptrdiff_t echo(struct wasock_conn *conn)
{
    static char buffer[65536];
    ptrdiff_t n = 0;

    do {
        /* One deadline for the read and for the write that answers it. */
        wasock_socket_set_timeout_ns(
            &conn->socket, WASOCK_READABLE | WASOCK_WRITABLE, IDLE_MAX_NS);
        n = wasock_conn_read(conn, buffer, sizeof(buffer));
        if (n > 0) {
            n = wasock_conn_write(conn, buffer, (size_t)n);
        }
    } while (n > 0);
    return n;
}

static void serve(struct wasock_conn *conn)
{
    const ptrdiff_t result = echo(conn);

    if (result < 0) {
        fprintf(stderr, "tcpecho: client closed: %s\n",
                wasock_err_text(result));
    }
    wasock_conn_close(conn);
}

/* Serve preopened connections. Returns their number. */
static unsigned serve_preopened(void)
{
    struct wasock_preopen preopen = {0};
    unsigned n_served = 0;

    while (wasock_preopen_next(&preopen) == 1) {
        struct wasock_conn conn = {0};
        if (preopen.role == WASOCK_PREOPEN_CONNECTION &&
            wasock_conn_from_fd(&conn, preopen.fd) == 0) {
            serve(&conn);
            n_served++;
        }
    }
    return n_served;
}

/* Wait if the host is out of descriptors. Returns an error if accept can never
 * succeed again. */
static int back_off(int error)
{
    if (error == -WASOCK_EBADF || error == -WASOCK_ENOTLISTENER) {
        return error;
    }
    fprintf(stderr, "tcpecho: accept: %s\n", wasock_err_text(error));
    return wasock_fd_sleep_for_ns(BACK_OFF_NS);
}

int main(void)
{
    struct wasock_listener listener = {0};
    int error = wasock_preopen_listener(0, &listener);

    if (error < 0) {
        if (serve_preopened() > 0) {
            return 0;
        }
        wasock_preopen_print_error("tcpecho", error);
        return 1;
    }
    while (error == 0) {
        struct wasock_conn conn = {0};
        error = wasock_listener_accept(&listener, &conn);
        if (error == 0) {
            serve(&conn);
        } else {
            error = back_off(error);
        }
    }
    fprintf(stderr, "tcpecho: accept: %s\n", wasock_err_text(error));
    wasock_listener_close(&listener);
    return 2;
}
