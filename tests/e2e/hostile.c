/* SPDX-License-Identifier: MIT */
/* Clients that mean harm, on echo_many: the others are served meanwhile, and
 * nothing of them stays. */
#define _GNU_SOURCE
#include "scenarios.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

#define GIVE_UP_MS 10000

static size_t count_descriptors(const struct program *program)
{
    char path[64];
    size_t n = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)program->pid);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        n++;
    }
    closedir(folder);
    return n;
}

/* The host has closed all but what it had before. */
static void expect_descriptors(const struct program *program, size_t expected)
{
    const struct timespec pause = {0, 10000000};
    size_t n = count_descriptors(program);

    for (int i = 0; i < GIVE_UP_MS / 10 && n > expected; i++) {
        nanosleep(&pause, NULL);
        n = count_descriptors(program);
    }
    assert_in_range(n, 1, expected);
}

/* An echo server that has served, and so has opened all that it needs. */
static struct program start_server(enum host host, int *friend,
                                   size_t *n_descriptors)
{
    struct program echo =
        start(host, "wasm", "echo_many", INHERITED, NULL, NULL);

    *friend = client_connect(echo.port);
    client_echo(*friend, "a friend");
    *n_descriptors = count_descriptors(&echo);
    return echo;
}

void reset_storm(enum host host)
{
    enum { N = 3000, BULK_BYTES = 100000 };
    static const char bulk[BULK_BYTES];
    int friend = -1;
    size_t n_descriptors = 0;
    struct program echo = start_server(host, &friend, &n_descriptors);

    for (int i = 0; i < N; i++) {
        const int rude = client_connect(echo.port);
        client_send(rude, "x", (size_t)(i % 3 != 0));
        if (i % 100 == 2) { /* it is not read, nor is its echo */
            client_send(rude, bulk, sizeof(bulk));
        }
        client_reset(rude);
    }
    client_echo(friend, "still here");
    expect_descriptors(&echo, n_descriptors);
    close(friend);
    end(&echo);
}

void never_read(enum host host)
{
    enum { N_RUDE = 20, N = 500, N_ROUNDS = 10 };
    static char junk[1 << 16];
    int rude[N_RUDE];
    int fds[N];
    int friend = -1;
    size_t n_descriptors = 0;
    struct program echo = start_server(host, &friend, &n_descriptors);

    for (int i = 0; i < N_RUDE; i++) {
        rude[i] = client_connect(echo.port);
        fcntl(rude[i], F_SETFL, O_NONBLOCK);
        while (send(rude[i], junk, sizeof(junk), MSG_NOSIGNAL) > 0) {
        }
    }
    for (int i = 0; i < N; i++) {
        fds[i] = client_connect(echo.port);
    }
    for (int i = 0; i < N * N_ROUNDS; i++) {
        client_echo(fds[i % N], "one of those that read");
    }
    for (int i = 0; i < N; i++) {
        close(fds[i]);
    }
    for (int i = 0; i < N_RUDE; i++) {
        client_reset(rude[i]);
    }
    client_echo(friend, "still here");
    expect_descriptors(&echo, n_descriptors);
    close(friend);
    end(&echo);
}

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
