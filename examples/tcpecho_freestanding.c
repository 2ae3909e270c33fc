/* SPDX-License-Identifier: MIT */
/*
 * tcpecho_freestanding - tcpecho without libc: no main, no printf, no malloc. A
 * preview1 module of at most 4,096 bytes. wasm only.
 *
 *   wasock-run --listen 127.0.0.1:8080 tcpecho_freestanding.wasm
 */
#include <wasock/wasock.h>

#define IDLE_MAX_NS (5 * WASOCK_NS_PER_S)

#define STDERR_FD 2

/* Exit. wasock has no call for it. */
_Noreturn void host_exit(uint32_t code)
    __attribute__((__import_module__("wasi_snapshot_preview1"),
                   __import_name__("proc_exit")));

/* Compilers call these for large structures, even without libc. */
void *memset(void *to, int byte, size_t length);
void *memcpy(void *restrict to, const void *restrict from, size_t length);

void *memset(void *to, int byte, size_t length)
{
    unsigned char *bytes = to;

    for (size_t i = 0; i < length; i++) {
        bytes[i] = (unsigned char)byte;
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    unsigned char *bytes = to;
    const unsigned char *source = from;

    for (size_t i = 0; i < length; i++) {
        bytes[i] = source[i];
    }
    return to;
}

static void echo(struct wasock_conn *conn)
{
    static char buffer[16384];
    ptrdiff_t n = 0;

    do {
        wasock_socket_set_timeout_ns(
            &conn->socket, WASOCK_READABLE | WASOCK_WRITABLE, IDLE_MAX_NS);
        n = wasock_conn_read(conn, buffer, sizeof(buffer));
        if (n > 0) {
            n = wasock_conn_write(conn, buffer, (size_t)n);
        }
    } while (n > 0);
}

/* Serve until accept fails. With one client at a time, descriptors do not run
 * out; tcpecho.c shows how to back off when they do. */
static void serve(struct wasock_listener *listener)
{
    struct wasock_conn conn = {0};

    while (wasock_listener_accept(listener, &conn) == 0) {
        echo(&conn);
        wasock_conn_close(&conn);
    }
}

void _start(void);

void _start(void)
{
    static const char no_listener[] = "no listener\n";
    struct wasock_listener listener = {0};

    if (wasock_preopen_listener(0, &listener) < 0) {
        wasock_fd_write(STDERR_FD, no_listener, sizeof(no_listener) - 1);
        host_exit(1);
    }
    serve(&listener);
    host_exit(2);
}
