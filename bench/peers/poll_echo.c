/* SPDX-License-Identifier: MIT */
/*
 * The peer a C programmer writes first: poll(), accept(), recv() and send(),
 * and one array of pollfd for all clients. It is built for WASI and natively.
 * With OPENS_LISTENER, for WASI 0.2, it opens its listener itself, at the
 * address in WASOCK_LISTEN. The headers of wasi-libc for preview1 do not
 * declare what the libc.a for 0.2 has.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* wasi-libc's send() takes no flags, and WASI has no SIGPIPE. */
#ifdef __wasi__
enum { SEND_FLAGS = 0 };
#else
enum { SEND_FLAGS = MSG_NOSIGNAL };
#endif

enum {
    LISTENER_FD = 3,
    LISTEN_BACKLOG = 4096,
    BUFFER_SIZE = 65536,
    MAX_CONNECTIONS = 16384
};

struct answer {
    size_t unsent_length;
    size_t unsent_offset;
    char *unsent; /* NULL unless the client does not take its answer */
};

/* Slot 0 is the listener; the connections fill the slots after it. */
static struct pollfd slots[1 + MAX_CONNECTIONS];
static struct answer answers[1 + MAX_CONNECTIONS];
static nfds_t n_slots = 1;
static char buffer[BUFFER_SIZE];

#ifdef OPENS_LISTENER
int socket(int domain, int type, int protocol);
int bind(int fd, const void *address, unsigned length);
int listen(int fd, int backlog);

static int open_listener(void)
{
    const char *text = getenv("WASOCK_LISTEN");
    const char *port = text != NULL ? strrchr(text, ':') : NULL;
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_port = htons((in_port_t)(port != NULL ? atoi(port + 1) : 0));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, &address, sizeof address) != 0 ||
        listen(fd, LISTEN_BACKLOG) != 0) {
        perror("listen");
        exit(1);
    }
    return fd;
}
#else
static int open_listener(void)
{
    return LISTENER_FD;
}
#endif

static void accept_all(void)
{
    while (n_slots <= MAX_CONNECTIONS) {
        int fd = accept4(slots[0].fd, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0) {
            return;
        }
        slots[n_slots].fd = fd;
        slots[n_slots].events = POLLIN;
        slots[n_slots].revents = 0;
        answers[n_slots].unsent = NULL;
        n_slots++;
    }
}

static void drop(nfds_t slot)
{
    close(slots[slot].fd);
    free(answers[slot].unsent);
    n_slots--;
    slots[slot] = slots[n_slots];
    answers[slot] = answers[n_slots];
}

/* Keeps what the client does not take, and reads no more until it does. */
static bool keep_unsent(nfds_t slot, const char *bytes, size_t length)
{
    struct answer *answer = &answers[slot];

    answer->unsent = (char *)malloc(length);
    if (answer->unsent == NULL) {
        return false;
    }
    memcpy(answer->unsent, bytes, length);
    answer->unsent_length = length;
    answer->unsent_offset = 0;
    slots[slot].events = POLLOUT;
    return true;
}

static bool flush_unsent(nfds_t slot)
{
    struct answer *answer = &answers[slot];
    ssize_t n = send(slots[slot].fd, answer->unsent + answer->unsent_offset,
                     answer->unsent_length - answer->unsent_offset, SEND_FLAGS);

    if (n < 0) {
        return errno == EAGAIN;
    }
    answer->unsent_offset += (size_t)n;
    if (answer->unsent_offset == answer->unsent_length) {
        free(answer->unsent);
        answer->unsent = NULL;
        slots[slot].events = POLLIN;
    }
    return true;
}

static bool echo(nfds_t slot)
{
    ssize_t received = recv(slots[slot].fd, buffer, sizeof buffer, 0);
    if (received <= 0) {
        return received < 0 && errno == EAGAIN;
    }
    ssize_t sent = send(slots[slot].fd, buffer, (size_t)received, SEND_FLAGS);
    if (sent < 0) {
        if (errno != EAGAIN) {
            return false;
        }
        sent = 0;
    }
    if (sent == received) {
        return true;
    }
    return keep_unsent(slot, buffer + sent, (size_t)(received - sent));
}

static void serve_ready(void)
{
    /* Downwards, so that drop() fills a hole with a slot already served. */
    for (nfds_t slot = n_slots - 1; slot > 0; slot--) {
        if (slots[slot].revents == 0) {
            continue;
        }
        bool alive =
            answers[slot].unsent != NULL ? flush_unsent(slot) : echo(slot);
        if (!alive) {
            drop(slot);
        }
    }
}

int main(void)
{
    slots[0].fd = open_listener();
    slots[0].events = POLLIN;
    if (fcntl(slots[0].fd, F_SETFL, O_NONBLOCK) != 0) {
        perror("fcntl");
        return 1;
    }
    for (;;) {
        if (poll(slots, n_slots, -1) < 0) {
            perror("poll");
            return 1;
        }
        serve_ready();
        if (slots[0].revents != 0) {
            accept_all();
        }
    }
}
