/* SPDX-License-Identifier: MIT */
/*
 * server - the README's: the least that echoes. It waits for a silent client
 * for ever; tcpecho.c does not.
 *
 *   tools/wasock-run --listen 127.0.0.1:8080 server.wasm
 */
#include <stdio.h>

#include <wasock/wasock.h>

int main(void)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    char buffer[4096];
    ptrdiff_t n = 0;

    int error = wasock_preopen_listener(0, &listener);
    while (error == 0) {
        error = wasock_listener_accept(&listener, &conn);
        while ((n = wasock_conn_read(&conn, buffer, sizeof(buffer))) > 0 &&
               wasock_conn_write(&conn, buffer, (size_t)n) == n) {
        }
        wasock_conn_close(&conn);
    }
    fprintf(stderr, "%s\n", wasock_err_text(error));
    return 1;
}
