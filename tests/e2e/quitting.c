/* SPDX-License-Identifier: MIT */
/* A program that ends by itself while clients wait. */
#define _GNU_SOURCE
#include "scenarios.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

/* The program closes its listener and ends while clients wait. Each of them
 * is served or gets an end. */
void quit_before_accepts(enum host host)
{
    enum { N = 200 };
    static const char *const arguments[] = {"--stdin", NULL};
    char text[4096];
    int fds[N];
    struct program echo =
        start(host, "wasm", "echo_many", INHERITED, NULL, arguments);

    for (int i = 0; i < N; i++) {
        fds[i] = client_connect(echo.port);
    }
    assert_int_equal(write(echo.input, "quit\n", 5), 5);
    for (int i = 0; i < N; i++) {
        shutdown(fds[i], SHUT_WR);
        client_expect_end(fds[i]);
        close(fds[i]);
    }
    assert_int_equal(wait_for_end(&echo, text, sizeof(text)), 0);
}
