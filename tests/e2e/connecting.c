/* SPDX-License-Identifier: MIT */
/* Programs that open their sockets themselves: peer.c, on hosts that let
 * them. */
#define _GNU_SOURCE
#include "scenarios.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

#define PEER "../tests/e2e/peer"
#define TEXT_CAPACITY 4096
#define GIVE_UP_MS 15000

/* A listener, and its address as text. */
struct partner {
    int fd;
    char address[64];
};

static void format(const struct sockaddr_storage *addr, char *text,
                   size_t capacity)
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)addr;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)addr;
    char host[INET6_ADDRSTRLEN] = "";

    if (addr->ss_family == AF_INET) {
        inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
        snprintf(text, capacity, "%s:%u", host, ntohs(four->sin_port));
    } else {
        inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
        snprintf(text, capacity, "[%s]:%u", host, ntohs(six->sin6_port));
    }
}

/* The address of an end of a socket. */
static void end_of(int fd, int (*get)(int, struct sockaddr *, socklen_t *),
                   char *text, size_t capacity)
{
    struct sockaddr_storage addr = {0};
    socklen_t length = sizeof(addr);

    assert_int_equal(get(fd, (struct sockaddr *)&addr, &length), 0);
    format(&addr, text, capacity);
}

static struct partner start_listening(int family, int backlog)
{
    struct partner partner = {.fd = -1};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6,
                               .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in four = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr *addr = family == AF_INET
                                      ? (const struct sockaddr *)&four
                                      : (const struct sockaddr *)&six;

    partner.fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(partner.fd >= 0);
    assert_int_equal(
        bind(partner.fd, addr, family == AF_INET ? sizeof(four) : sizeof(six)),
        0);
    assert_int_equal(listen(partner.fd, backlog), 0);
    end_of(partner.fd, getsockname, partner.address, sizeof(partner.address));
    return partner;
}

static int accept_one(const struct partner *partner)
{
    struct pollfd wait = {partner->fd, POLLIN, 0};

    assert_int_equal(poll(&wait, 1, GIVE_UP_MS), 1);
    const int fd = accept4(partner->fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static struct program start_peer(enum host host, const char *verb,
                                 const char *address, const char *timeout_ms,
                                 const char *option)
{
    const char *const arguments[] = {verb, address, timeout_ms, NULL};

    return start(host, "wasm", PEER, NOWHERE, option, arguments);
}

/* The program ends with a last line. */
static void expect_last(struct program *peer, const char *line, int exit_code)
{
    char text[TEXT_CAPACITY];
    const int code = wait_for_end(peer, text, sizeof(text));
    const size_t length = strlen(text);
    const size_t line_length = strlen(line);

    if (length <= line_length ||
        strncmp(text + length - line_length - 1, line, line_length) != 0) {
        fail_msg("\"%s\" does not end with \"%s\"", text, line);
    }
    assert_int_equal(code, exit_code);
}

/* Both ends know both addresses. */
static void expect_ends(struct program *peer, int fd)
{
    char expected[160];
    char local[64];
    char remote[64];
    const char *said = wait_for_line(peer, "local ");

    end_of(fd, getpeername, local, sizeof(local));
    end_of(fd, getsockname, remote, sizeof(remote));
    snprintf(expected, sizeof(expected), "%s remote %s.\n", local, remote);
    assert_non_null(said);
    assert_string_equal(said, expected);
}

/* Both directions at once, more than any buffer holds. */
static void exchange(int fd)
{
    enum { N_BYTES = 8 << 20 };
    char *sent = malloc(N_BYTES);
    char *received = malloc(N_BYTES);
    size_t n_sent = 0;
    size_t n_received = 0;

    for (size_t i = 0; i < N_BYTES; i++) {
        sent[i] = (char)((i * 2654435761U) >> 13);
    }
    while (n_received < N_BYTES) {
        struct pollfd wait = {
            fd, (short)(POLLIN | (n_sent < N_BYTES ? POLLOUT : 0)), 0};
        assert_int_equal(poll(&wait, 1, GIVE_UP_MS), 1);
        if (wait.revents & POLLOUT) {
            const ssize_t n = send(fd, sent + n_sent, N_BYTES - n_sent,
                                   MSG_NOSIGNAL | MSG_DONTWAIT);
            n_sent += n > 0 ? (size_t)n : 0;
        }
        if (wait.revents & ~POLLOUT) {
            const ssize_t n =
                recv(fd, received + n_received, N_BYTES - n_received, 0);
            assert_true(n > 0);
            n_received += (size_t)n;
        }
    }
    assert_memory_equal(sent, received, N_BYTES);
    free(sent);
    free(received);
}

static void serve_to_the_end(struct program *peer, int fd)
{
    expect_ends(peer, fd);
    client_echo(fd, "there and back");
    exchange(fd);
    shutdown(fd, SHUT_WR);
    client_expect_end(fd);
    expect_last(peer, "EOF", 0);
    close(fd);
}

void connect_out(enum host host)
{
    static const int families[] = {AF_INET, AF_INET6};

    for (size_t i = 0; i < 2; i++) {
        const struct partner partner = start_listening(families[i], 16);
        struct program peer =
            start_peer(host, "connect", partner.address, NULL, NULL);
        if (!can_connect(host)) {
            expect_last(&peer, "connect: ENOSYS", 1);
        } else {
            serve_to_the_end(&peer, accept_one(&partner));
        }
        close(partner.fd);
    }
}

/* Bound, but not listening: nobody else listens there, either. */
void connect_refused(enum host host)
{
    uint16_t port = 0;
    char address[64];
    const int keeper = take_port(&port);

    snprintf(address, sizeof(address), "127.0.0.1:%u", port);
    struct program peer = start_peer(host, "connect", address, NULL, NULL);
    expect_last(&peer, "connect: ECONNREFUSED", 1);
    close(keeper);
}

/* A backlog with no room: who comes now waits until the kernel tries again. */
static struct partner start_being_full(int *first)
{
    const struct partner partner = start_listening(AF_INET, 0);
    const char *port = strrchr(partner.address, ':') + 1;

    *first = client_connect((uint16_t)strtoul(port, NULL, 10));
    return partner;
}

/* It is neither established nor refused until the listener goes. */
void connect_in_progress(enum host host)
{
    int first = -1;
    const struct partner partner = start_being_full(&first);
    struct program peer =
        start_peer(host, "connect", partner.address, NULL, NULL);

    assert_non_null(wait_for_line(&peer, "in progress"));
    close(partner.fd);
    expect_last(&peer, "connect: ECONNREFUSED", 1);
    close(first);
}

/* The program closes what it has not waited for. */
void connect_given_up(enum host host)
{
    int first = -1;
    const struct partner partner = start_being_full(&first);
    struct program peer =
        start_peer(host, "connect", partner.address, "100", NULL);

    expect_last(&peer, "connect: EAGAIN", 1);
    close(first);
    close(partner.fd);
}

/* The kernel establishes it, and it is reset before anybody looks. */
void connect_and_reset(enum host host)
{
    for (int i = 0; i < 5; i++) {
        char text[TEXT_CAPACITY];
        const struct partner partner = start_listening(AF_INET, 16);
        struct program peer =
            start_peer(host, "connect", partner.address, NULL, NULL);
        client_reset(accept_one(&partner));
        const int code = wait_for_end(&peer, text, sizeof(text));
        /* Which of them finds it is a matter of time. */
        if (strstr(text, "\necho: ECONNRESET\n") != NULL) {
            /* Of a component the host knows only whether it failed. */
            assert_int_equal(code, is_component(host) ? 1 : 2);
        } else {
            assert_non_null(strstr(text, "connect: ECONNRESET\n"));
            assert_int_equal(code, 1);
        }
        close(partner.fd);
    }
}

void connect_denied(enum host host)
{
    const struct partner partner = start_listening(AF_INET, 16);
    struct program peer = start_peer(host, "connect", partner.address, NULL,
                                     "-Sinherit-network=n");

    expect_last(&peer, "connect: EACCES", 1);
    close(partner.fd);
}

void listen_by_call(enum host host)
{
    struct program peer = start_peer(host, "listen", "127.0.0.1:0", NULL, NULL);

    if (!can_connect(host)) {
        expect_last(&peer, "listen: ENOSYS", 1);
        return;
    }
    const char *port = wait_for_line(&peer, "listening on 127.0.0.1:");
    assert_non_null(port);
    serve_to_the_end(&peer, client_connect((uint16_t)strtoul(port, NULL, 10)));
}

/* A person reads what is missing. */
void listen_denied(enum host host)
{
    char text[TEXT_CAPACITY];
    struct program echo =
        start(host, NULL, "tcpecho", BY_OPTION, "-Sinherit-network=n", NULL);

    assert_int_equal(wait_for_end(&echo, text, sizeof(text)), 1);
    assert_non_null(strstr(text, "cannot listen on \"127.0.0.1:0\""));
    assert_non_null(strstr(text, "-S inherit-network"));
}

void listen_in_use(enum host host)
{
    char text[TEXT_CAPACITY];
    char option[128];
    const struct partner partner = start_listening(AF_INET, 16);

    snprintf(option, sizeof(option), "--env=WASOCK_LISTEN=%s", partner.address);
    struct program echo = start(host, NULL, "tcpecho", NOWHERE, option, NULL);
    assert_int_equal(wait_for_end(&echo, text, sizeof(text)), 1);
    assert_non_null(strstr(text, partner.address));
    assert_non_null(strstr(text, "address already in use"));
    close(partner.fd);
}
