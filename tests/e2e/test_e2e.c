/* SPDX-License-Identifier: MIT */
/* The examples on real hosts: one list of scenarios, and which host runs it. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "host.h"
#include "scenarios.h"

#define BULK_BYTES (10 << 20)

/* N2: the reference's own test. */
static void tcpecho_by_option(enum host host)
{
    struct program echo = start(host, "wasm", "tcpecho", BY_OPTION, NULL, NULL);
    const int fd = client_connect(echo.port);

    client_echo(fd, "foobar");
    close(fd);
    end(&echo);
}

static void readme_server(enum host host)
{
    struct program server =
        start(host, "wasm", "server", INHERITED, NULL, NULL);

    for (int i = 0; i < 2; i++) {
        const int fd = client_connect(server.port);
        client_echo(fd, "one after the other");
        shutdown(fd, SHUT_WR);
        client_expect_end(fd);
        close(fd);
    }
    end(&server);
}

static void clients_in_turn(enum host host)
{
    struct program echo = start(host, "wasm", "tcpecho", INHERITED, NULL, NULL);

    for (int i = 0; i < 200; i++) {
        const int fd = client_connect(echo.port);
        client_echo(fd, "one of many");
        shutdown(fd, SHUT_WR);
        client_expect_end(fd);
        close(fd);
    }
    end(&echo);
}

/* Byte-exact, in tiny writes, with a reader that takes its time. */
static void bulk(enum host host)
{
    struct program echo = start(host, "wasm", "tcpecho", INHERITED, NULL, NULL);
    const int fd = client_connect(echo.port);
    char *sent = malloc(BULK_BYTES);
    char *received = malloc(BULK_BYTES);
    size_t n_sent = 0;
    size_t n_received = 0;

    for (size_t i = 0; i < BULK_BYTES; i++) {
        sent[i] = (char)((i * 2654435761U) >> 13);
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (n_received < BULK_BYTES) {
        struct pollfd wait = {
            fd, (short)(POLLIN | (n_sent < BULK_BYTES ? POLLOUT : 0)), 0};
        assert_int_equal(poll(&wait, 1, 15000), 1);
        if (wait.revents & POLLOUT) {
            const size_t left = BULK_BYTES - n_sent;
            const size_t want = 1 + (n_sent % 4001);
            const ssize_t n = send(fd, sent + n_sent, want < left ? want : left,
                                   MSG_NOSIGNAL);
            n_sent += n > 0 ? (size_t)n : 0;
        }
        /* A slow reader: not before much is under way. */
        if ((wait.revents & POLLIN) &&
            (n_sent == BULK_BYTES || n_sent - n_received > 200000 ||
             !(wait.revents & POLLOUT))) {
            const ssize_t n =
                recv(fd, received + n_received, BULK_BYTES - n_received, 0);
            assert_true(n > 0);
            n_received += (size_t)n;
        }
    }
    assert_memory_equal(sent, received, BULK_BYTES);
    free(sent);
    free(received);
    close(fd);
    end(&echo);
}

static void half_close(enum host host)
{
    struct program echo = start(host, "wasm", "tcpecho", INHERITED, NULL, NULL);
    const int fd = client_connect(echo.port);
    char text[5];

    client_send(fd, "hello", 5);
    shutdown(fd, SHUT_WR);
    client_receive(fd, text, 5);
    assert_memory_equal(text, "hello", 5);
    client_expect_end(fd);
    close(fd);
    end(&echo);
}

static void client_that_resets(enum host host)
{
    struct program echo = start(host, "wasm", "tcpecho", INHERITED, NULL, NULL);

    for (int i = 0; i < 20; i++) {
        const int rude = client_connect(echo.port);
        client_send(rude, "x", (size_t)(i % 2));
        client_reset(rude);
    }
    const int fd = client_connect(echo.port);
    client_echo(fd, "still there");
    close(fd);
    end(&echo);
}

/* The silent client is closed, and the next one is served. */
static void silent_client(enum host host)
{
    struct program echo = start(host, "wasm", "tcpecho", INHERITED, NULL, NULL);
    const int silent = client_connect(echo.port);
    const int fd = client_connect(echo.port);

    client_send(fd, "next", 4);
    client_expect_end(silent);
    char text[4];
    client_receive(fd, text, 4);
    close(fd);
    close(silent);
    end(&echo);
}

/* As a service manager passes one. */
static void passed_listener(enum host host)
{
    char text[4096];
    struct program echo = start(host, "wasm", "tcpecho", PASSED, NULL, NULL);

    if (host == WASMI || host == WAZERO) { /* quirk 6 */
        assert_int_equal(wait_for_end(&echo, text, sizeof(text)), 1);
        assert_non_null(strstr(text, "the host opened no such listener"));
        return;
    }
    const int fd = client_connect(echo.port);
    client_echo(fd, "passed on");
    close(fd);
    end(&echo);
}

/* One after the other, more of them than the host may have descriptors. */
static void few_descriptors(enum host host)
{
    enum { N = 200 };
    const struct rlimit few = {64, 64};
    struct program echo = start(host, "wasm", "tcpecho", INHERITED, NULL, NULL);
    int n_served = 0;

    assert_int_equal(prlimit(echo.pid, RLIMIT_NOFILE, &few, NULL), 0);
    while (n_served < N) {
        const int fd = client_connect(echo.port);
        const bool is_served = client_is_served(fd);
        close(fd);
        if (!is_served) {
            break;
        }
        n_served++;
    }
    if (host == WAZERO) { /* quirk 37: those of closed connections are kept */
        assert_in_range(n_served, 40, N - 1);
        assert_int_equal(waitpid(echo.pid, NULL, WNOHANG), 0);
    } else {
        assert_int_equal(n_served, N);
    }
    end(&echo);
}

static void two_listeners(enum host host)
{
    char text[4096];
    struct program preopens =
        start(host, "wasm", "preopens", TWICE, NULL, NULL);

    assert_int_equal(wait_for_end(&preopens, text, sizeof(text)), 0);
    assert_non_null(strstr(text, "2 listeners, 2 in all."));
}

static void directory_too(enum host host)
{
    char text[4096];
    const char *option = host == WAZERO  ? "-mount=/tmp:/"
                         : host == WASMI ? "--dir=/tmp"
                                         : "--dir=/tmp::/";
    struct program preopens =
        start(host, "wasm", "preopens", BY_OPTION, option, NULL);

    assert_int_equal(wait_for_end(&preopens, text, sizeof(text)), 0);
    /* A component's sockets have numbers of their own. */
    assert_non_null(strstr(
        text,
        is_component(host)
            ? "from descriptor 65536 on: 1 listener, 1 in all."
            : "from descriptor 3 on: 1 listener, 1 directory, 2 in all."));
    struct program echo =
        start(host, "wasm", "tcpecho", BY_OPTION, option, NULL);
    const int fd = client_connect(echo.port);
    client_echo(fd, "found beside a directory");
    close(fd);
    end(&echo);
}

static void no_listener(enum host host)
{
    char text[4096];
    struct program echo = start(host, "wasm", "tcpecho", NOWHERE, NULL, NULL);

    assert_int_equal(wait_for_end(&echo, text, sizeof(text)), 1);
    assert_non_null(strstr(text, "the host opened no such listener"));
    assert_non_null(strstr(text, can_connect(host)
                                     ? "WASOCK_LISTEN=127.0.0.1:8080"
                                     : "-S tcplisten=127.0.0.1:8080"));
}

/* wasmtime without -S preview2=n: a later -S wins over the one before. */
static void host_without_sockets(enum host host)
{
    char text[4096];
    struct program echo =
        start(host, "wasm", "tcpecho", NOWHERE, "-Spreview2=y", NULL);

    assert_int_equal(wait_for_end(&echo, text, sizeof(text)), 1);
    assert_non_null(strstr(text, "This host has no preview1 sockets"));
}

static void freestanding(enum host host)
{
    struct program echo =
        start(host, "wasm", "tcpecho_freestanding", INHERITED, NULL, NULL);
    const int fd = client_connect(echo.port);

    client_echo(fd, "without any libc");
    close(fd);
    end(&echo);
}

static void newer_wasi_libc(enum host host)
{
    struct program echo = start(host, "zig", "tcpecho", INHERITED, NULL, NULL);
    const int fd = client_connect(echo.port);

    client_echo(fd, "with a newer wasi-libc");
    close(fd);
    end(&echo);
}

/* What a client says in a round: nobody else says it, nor in another. */
static const char *words_of(int client, int round)
{
    static char text[32]; /* of which the first 15 are said */

    snprintf(text, sizeof(text), "%06d, round %d", client, round);
    return text;
}

/* 2,000 at once: fast ones, slow ones, silent ones, some that close one half
 * or reset, and one that never reads. Every byte comes back, to who sent it. */
static void many(enum host host)
{
    enum { N = 2000 };
    static int fds[N];
    struct program echo =
        start(host, "wasm", "echo_many", INHERITED, NULL, NULL);
    const int stuck = client_connect(echo.port);
    static char junk[1 << 16];

    fcntl(stuck, F_SETFL, O_NONBLOCK);
    while (send(stuck, junk, sizeof(junk), MSG_NOSIGNAL) > 0) {
    }
    for (int i = 0; i < N; i++) {
        fds[i] = client_connect(echo.port);
    }
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++) {
            if (i % 5 != 0) { /* else silent */
                client_send(fds[i], words_of(i, round), 15);
            }
        }
        for (int i = N - 1; i >= 0; i--) {
            char text[15];
            if (i % 5 != 0 && (i % 7 != 0 || round == 2)) { /* else slow */
                for (int j = i % 7 == 0 ? 0 : round; j <= round; j++) {
                    client_receive(fds[i], text, 15);
                    assert_memory_equal(text, words_of(i, j), 15);
                }
            }
        }
    }
    for (int i = 0; i < N; i++) {
        if (i % 3 == 0) {
            client_reset(fds[i]);
        } else if (i % 3 == 1) {
            shutdown(fds[i], SHUT_WR);
            client_expect_end(fds[i]);
            close(fds[i]);
        } else {
            client_echo(fds[i], "and out");
            close(fds[i]);
        }
    }
    close(stuck);
    end(&echo);
}

/* The line "quit": no more clients, and an end by itself. */
static void quit(enum host host)
{
    static const char *const arguments[] = {"--stdin", NULL};
    char text[4096];
    struct program echo =
        start(host, "wasm", "echo_many", INHERITED, NULL, arguments);
    const int fd = client_connect(echo.port);

    for (int i = 0; i < 200; i++) { /* the input is not taken for ready */
        client_echo(fd, "before");
    }
    assert_int_equal(write(echo.input, "quit\n", 5), 5);
    client_echo(fd, "draining");
    close(fd);
    assert_int_equal(wait_for_end(&echo, text, sizeof(text)), 0);
}

/*
 * All run on wasmtime 36, wazero and native, and as components on wasmtime 49.
 * On those that share another's code, enough to see it run: wasmtime 46 and
 * wasmi that of 36, components on 46 that on 49. Where a host has a quirk, what
 * that makes of the scenario is what is expected, and the table says which.
 * Where a scenario says nothing about a host, the table says why.
 */
#define OK NULL
#define QUIRK "quirk "
#define ENOSYS_ "ENOSYS"

struct scenario {
    const char *name;
    void (*run)(enum host host);
    const char *outcome[N_HOSTS]; /* NULL: ok */
};

static bool is_run(const char *outcome)
{
    return outcome == OK || strncmp(outcome, QUIRK, strlen(QUIRK)) == 0 ||
           strcmp(outcome, ENOSYS_) == 0;
}

/* The columns: preview1 on wasmtime 36 and 46, wasmi, wazero; native; 0.2 on
 * wasmtime 49 and 46; 0.3 on them. */
#define EACH(w36, w46, wasmi, wazero, native, p2_49, p2_46, p3_49, p3_46)      \
    {w36, w46, wasmi, wazero, native, p2_49, p2_46, p3_49, p3_46}
#define ALL EACH(OK, OK, OK, OK, OK, OK, OK, OK, OK)
#define CODE_BASES EACH(OK, "as 36", "as 36", OK, OK, OK, "as 49", OK, "as 49")
#define COMPONENTS(preview1, native)                                           \
    EACH(preview1, preview1, preview1, preview1, native, OK, OK, OK, OK)
#define PREVIEW1(w36, w46, wasmi, wazero, native, component)                   \
    EACH(w36, w46, wasmi, wazero, native, component, component, component,     \
         component)
/* Connections in both directions, where there are any. */
#define BOTH_WAYS EACH(ENOSYS_, "as 36", "as 36", ENOSYS_, OK, OK, OK, OK, OK)
#define BOTH_WAYS_ONLY COMPONENTS("no connect", OK)

static const struct scenario scenarios[] = {
    {"tcpecho by the host's option", tcpecho_by_option, ALL},
    {"the README's server", readme_server, ALL},
    {"a listener that is passed", passed_listener,
     PREVIEW1(OK, OK, "quirk 6", "quirk 6", OK, "by address")},
    {"200 clients in turn", clients_in_turn, CODE_BASES},
    {"200 by 64 descriptors", few_descriptors,
     EACH(OK, "as 36", "as 36", "quirk 37", OK, OK, "as 49", OK, "as 49")},
    {"10 MiB, byte-exact", bulk, CODE_BASES},
    {"half-close", half_close, ALL},
    {"clients that reset", client_that_resets, CODE_BASES},
    {"a silent client", silent_client, CODE_BASES},
    {"two listeners", two_listeners,
     EACH(OK, "as 36", OK, OK, OK, OK, OK, OK, OK)},
    {"a directory too", directory_too,
     EACH(OK, "as 36", OK, OK, "has all", OK, OK, OK, OK)},
    {"no listener", no_listener, ALL},
    {"a host without sockets", host_without_sockets,
     PREVIEW1("quirk 7", "quirk 7", "has them", "has them", "has them",
              "has them")},
    {"a listener, not allowed", listen_denied,
     COMPONENTS("the host's", "no limits")},
    {"a listener, address in use", listen_in_use,
     COMPONENTS("the host's", "unit tests")},
    {"freestanding", freestanding,
     EACH(OK, OK, OK, OK, "has a libc", OK, OK, OK, OK)},
    {"a newer wasi-libc", newer_wasi_libc,
     PREVIEW1(OK, OK, OK, OK, "no wasm", "component")},
    {"2,000 at once, some rude", many,
     EACH(OK, OK, "as 36", OK, OK, OK, OK, OK, OK)},
    {"quit by standard input", quit,
     EACH(OK, OK, "as 36", OK, OK, OK, OK, OK, OK)},
    {"quit before 200 accepts", quit_before_accepts, CODE_BASES},
    {"connect, both directions", connect_out, BOTH_WAYS},
    {"connect, refused", connect_refused, BOTH_WAYS_ONLY},
    {"connect, refused much later", connect_in_progress, BOTH_WAYS_ONLY},
    {"connect, given up", connect_given_up, BOTH_WAYS_ONLY},
    {"connect, reset at once", connect_and_reset, BOTH_WAYS_ONLY},
    {"connect, not allowed", connect_denied,
     COMPONENTS("no connect", "no limits")},
    {"listen by a call", listen_by_call, BOTH_WAYS},
};

struct run {
    const struct scenario *scenario;
    enum host host;
    const char *outcome;
};

static void run_scenario(void **state)
{
    struct run *run = *state;

    run->outcome = "skipped";
    need_host(run->host);
    run->outcome = "FAILED";
    run->scenario->run(run->host);
    const char *expected = run->scenario->outcome[run->host];
    run->outcome = expected != NULL ? expected : "ok";
}

/* A line a scenario, a column a host. */
static void write_table(const struct run *runs, size_t n_scenarios)
{
    FILE *table = fopen(E2E_TABLE, "w");

    assert_non_null(table);
    fprintf(table, "%-30s", "scenario");
    for (enum host host = 0; host < N_HOSTS; host++) {
        fprintf(table, " %-12s", host_name(host));
    }
    for (size_t i = 0; i < n_scenarios; i++) {
        fprintf(table, "\n%-30s", scenarios[i].name);
        for (enum host host = 0; host < N_HOSTS; host++) {
            fprintf(table, " %-12s", runs[i * N_HOSTS + host].outcome);
        }
    }
    fputs("\n", table);
    assert_int_equal(fclose(table), 0);
}

/* test_e2e [PATTERN]: run those whose name matches: "*half-close*0.2*". */
int main(int argc, char **argv)
{
    enum { N = sizeof(scenarios) / sizeof(scenarios[0]) };
    static struct run runs[N * N_HOSTS];
    static char names[N * N_HOSTS][80];
    static struct CMUnitTest tests[N * N_HOSTS];
    const struct rlimit many_files = {8192, 8192};
    size_t n = 0;

    setrlimit(RLIMIT_NOFILE, &many_files);
    for (size_t i = 0; i < N * N_HOSTS; i++) {
        struct run *run = &runs[i];
        run->scenario = &scenarios[i / N_HOSTS];
        run->host = (enum host)(i % N_HOSTS);
        run->outcome = run->scenario->outcome[run->host];
        if (!is_run(run->outcome)) {
            continue;
        }
        snprintf(names[n], sizeof(names[n]), "%-28s %s", run->scenario->name,
                 host_name(run->host));
        tests[n].name = names[n];
        tests[n].test_func = run_scenario;
        tests[n].initial_state = run;
        n++;
    }
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    const int n_failed = _cmocka_run_group_tests("e2e", tests, n, NULL, NULL);
    if (argc == 1) {
        write_table(runs, N);
    }
    return n_failed;
}
