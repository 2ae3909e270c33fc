/* SPDX-License-Identifier: MIT */
/*
 * files - send a file. The client sends the name in one line.
 *
 *   wasock-run --listen 127.0.0.1:8080 --dir DIR::/ files.wasm
 *   echo hello.txt | nc 127.0.0.1 8080
 *
 * In a preview1 module, wasi-libc does not find a directory behind a listener:
 * link wasock::directories (see CMakeLists.txt), which registers it. Clients
 * can read only files that the host preopened.
 *
 * Exit code: 1 no listener, 2 accept failed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <wasock/wasock.h>

#define IDLE_MAX_NS (5 * WASOCK_NS_PER_S)
#define LINE_MAX 256

/* Read a line into `line`, without its end. Returns its length, or -1. */
static int read_line(struct wasock_conn *conn, char *line)
{
    int length = 0;

    while (length < LINE_MAX) {
        const ptrdiff_t n =
            wasock_conn_read(conn, line + length, (size_t)(LINE_MAX - length));
        if (n <= 0) {
            return -1;
        }
        char *end = memchr(line + length, '\n', (size_t)n);
        length += (int)n;
        if (end != NULL) {
            length = (int)(end - line);
            length -= length > 0 && line[length - 1] == '\r';
            line[length] = '\0';
            return length;
        }
    }
    return -1;
}

static void send_file(struct wasock_conn *conn, FILE *file)
{
    static char buffer[65536];
    size_t n = 0;

    do {
        n = fread(buffer, 1, sizeof(buffer), file);
        /* A new deadline for each write: a slow client may take its time. */
        wasock_socket_set_timeout_ns(
            &conn->socket, WASOCK_READABLE | WASOCK_WRITABLE, IDLE_MAX_NS);
        if (wasock_conn_write(conn, buffer, n) != (ptrdiff_t)n) {
            return;
        }
    } while (n == sizeof(buffer));
}

static void serve(struct wasock_conn *conn)
{
    char line[LINE_MAX];
    char answer[LINE_MAX];

    wasock_socket_set_timeout_ns(
        &conn->socket, WASOCK_READABLE | WASOCK_WRITABLE, IDLE_MAX_NS);
    if (read_line(conn, line) < 0) {
        return;
    }
    FILE *file = fopen(line, "rb");
    if (file != NULL) {
        send_file(conn, file);
        fclose(file);
        return;
    }
    const int n =
        snprintf(answer, sizeof(answer), "error: %s\n", strerror(errno));
    wasock_conn_write(conn, answer, (size_t)n);
}

int main(void)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    int error = wasock_preopen_listener(0, &listener);

    if (error < 0) {
        wasock_preopen_print_error("files", error);
        return 1;
    }
    while ((error = wasock_listener_accept(&listener, &conn)) == 0) {
        serve(&conn);
        wasock_conn_close(&conn);
    }
    fprintf(stderr, "files: %s\n", wasock_err_text(error));
    return 2;
}
