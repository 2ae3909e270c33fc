/* SPDX-License-Identifier: MIT */
/*
 * The limit: a native, single-threaded echo server on epoll. It serves the
 * listener it inherits as descriptor 3, as the guests do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTENER_FD = 3, BUFFER_SIZE = 65536, EVENTS_PER_WAIT = 256 };

struct connection {
    int fd;
    size_t unsent_length;
    size_t unsent_offset;
    char *unsent; /* NULL unless the client does not take its answer */
};

static char buffer[BUFFER_SIZE];

static void watch(int epoll, int operation, struct connection *connection,
                  uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.ptr = connection};

    if (epoll_ctl(epoll, operation, connection->fd, &event) != 0) {
        perror("epoll_ctl");
        exit(1);
    }
}

static void drop(struct connection *connection)
{
    close(connection->fd);
    free(connection->unsent);
    free(connection);
}

static void accept_all(int epoll)
{
    for (;;) {
        int fd = accept4(LISTENER_FD, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        struct connection *connection =
            (struct connection *)calloc(1, sizeof *connection);
        if (connection == NULL) {
            close(fd);
            return;
        }
        connection->fd = fd;
        watch(epoll, EPOLL_CTL_ADD, connection, EPOLLIN);
    }
}

/* Keeps what the client does not take, and reads no more until it does. */
static bool keep_unsent(int epoll, struct connection *connection,
                        const char *bytes, size_t length)
{
    connection->unsent = (char *)malloc(length);
    if (connection->unsent == NULL) {
        return false;
    }
    memcpy(connection->unsent, bytes, length);
    connection->unsent_length = length;
    connection->unsent_offset = 0;
    watch(epoll, EPOLL_CTL_MOD, connection, EPOLLOUT);
    return true;
}

static bool flush_unsent(int epoll, struct connection *connection)
{
    ssize_t n = send(
        connection->fd, connection->unsent + connection->unsent_offset,
        connection->unsent_length - connection->unsent_offset, MSG_NOSIGNAL);
    if (n < 0) {
        return errno == EAGAIN;
    }
    connection->unsent_offset += (size_t)n;
    if (connection->unsent_offset == connection->unsent_length) {
        free(connection->unsent);
        connection->unsent = NULL;
        watch(epoll, EPOLL_CTL_MOD, connection, EPOLLIN);
    }
    return true;
}

static bool echo(int epoll, struct connection *connection)
{
    ssize_t received = recv(connection->fd, buffer, sizeof buffer, 0);
    if (received <= 0) {
        return received < 0 && errno == EAGAIN;
    }
    ssize_t sent = send(connection->fd, buffer, (size_t)received, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) {
            return false;
        }
        sent = 0;
    }
    if (sent == received) {
        return true;
    }
    return keep_unsent(epoll, connection, buffer + sent,
                       (size_t)(received - sent));
}

static void serve(int epoll, struct connection *connection)
{
    bool alive = connection->unsent != NULL ? flush_unsent(epoll, connection)
                                            : echo(epoll, connection);
    if (!alive) {
        drop(connection);
    }
}

int main(void)
{
    struct connection listener = {.fd = LISTENER_FD};
    struct epoll_event events[EVENTS_PER_WAIT];
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll < 0 || fcntl(LISTENER_FD, F_SETFL, O_NONBLOCK) != 0) {
        perror("epoll_echo");
        return 1;
    }
    watch(epoll, EPOLL_CTL_ADD, &listener, EPOLLIN);
    for (;;) {
        int n_events = epoll_wait(epoll, events, EVENTS_PER_WAIT, -1);
        for (int i = 0; i < n_events; i++) {
            if (events[i].data.ptr == &listener) {
                accept_all(epoll);
            } else {
                serve(epoll, (struct connection *)events[i].data.ptr);
            }
        }
    }
}
