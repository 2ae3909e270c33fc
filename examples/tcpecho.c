/* SPDX-License-Identifier: MIT */
/*
 * tcpecho - serve clients one after another: send back what each sends until
 * it stops.
 *
 *   tools/wasock-run --listen 127.0.0.1:8080 tcpecho.wasm
 *
 * or by hand, as a component (WASI 0.2, 0.3), which opens the listener, and as
 * a preview1 module, whose host opens it and preopens it as descriptor 3:
 *
 *   wasmtime run -S inherit-network --env WASOCK_LISTEN=127.0.0.1:8080 \
 *       tcpecho.wasm
 *   wasmtime run -S preview2=n -S tcplisten=127.0.0.1:8080 tcpecho.wasm
 *
 * Connections that are preopened instead (as by systemd's Accept=yes, to the
 * native build) are served, and that is all.
 *
 * Exit code: 1 there is neither, 2 accepting failed for good.
 */
#include <stdio.h>

#include <wasock/wasock.h>

/* A client that says nothing for so long is let go: it would block the rest. */
#define SILENCE_MAX_NS (5 * WASOCK_NS_PER_S)

/* What to wait when the host has no descriptors left for another client. */
#define BACK_OFF_NS (100 * WASOCK_NS_PER_MS)

static int explain_missing_listener(int error)
{
    struct wasock_preopen_counts counts = {0};
    char text[1024];

    fprintf(stderr, "tcpecho: no listener: %s\n", wasock_err_text(error));
    if (wasock_preopen_count(&counts) == 0) {
        wasock_preopen_explain(&counts, text, sizeof(text));
        fputs(text, stderr);
    }
    return 1;
}

/* Echo until EOF, an error or silence. */
static ptrdiff_t echo(struct wasock_conn *conn)
{
    static char buffer[65536];
    ptrdiff_t n = 0;

    do {
        /* One deadline for the read and for the write that answers it. */
        wasock_socket_set_timeout_ns(
            &conn->socket, WASOCK_READABLE | WASOCK_WRITABLE, SILENCE_MAX_NS);
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
        fprintf(stderr, "tcpecho: client dropped: %s\n",
                wasock_err_text(result));
    }
    wasock_conn_close(conn);
}

/* Serve preopened connections. Returns how many there were. */
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

/* Accepting fails for a while when descriptors run out, and for good else. */
static int wait_out(int error)
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
        return serve_preopened() > 0 ? 0 : explain_missing_listener(error);
    }
    while (error == 0) {
        struct wasock_conn conn = {0};
        error = wasock_listener_accept(&listener, &conn);
        if (error == 0) {
            serve(&conn);
        } else {
            error = wait_out(error);
        }
    }
    fprintf(stderr, "tcpecho: accept: %s\n", wasock_err_text(error));
    wasock_listener_close(&listener);
    return 2;
}
