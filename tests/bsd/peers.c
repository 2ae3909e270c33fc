/* SPDX-License-Identifier: MIT */
/*
 * peers WHAT PORT... - what the program is told of clients that come and go;
 * peers.py is the client.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_MS 10000

static int listen_on(int family, const char *port)
{
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    const int fd = socket(family, SOCK_STREAM, 0);
    int one = 1;

    ipv4.sin_port = htons((uint16_t)atoi(port));
    ipv6.sin6_port = ipv4.sin_port;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    }
    const int result = family == AF_INET6
                           ? bind(fd, (struct sockaddr *)&ipv6, sizeof(ipv6))
                           : bind(fd, (struct sockaddr *)&ipv4, sizeof(ipv4));
    if (result < 0 || listen(fd, 8) < 0) {
        perror("listen");
        exit(1);
    }
    return fd;
}

/* Poll until an event comes. */
static int wait_for(int fd, short events, short awaited)
{
    struct pollfd one = {fd, events, 0};

    while (poll(&one, 1, LIMIT_MS) == 1 && (one.revents & awaited) == 0) {
    }
    return one.revents;
}

static int polled(int fd, short events)
{
    struct pollfd one = {fd, events, 0};

    return poll(&one, 1, 0) < 0 ? -1 : one.revents;
}

static unsigned told(int epoll, int timeout_ms)
{
    struct epoll_event event = {0};

    return epoll_wait(epoll, &event, 1, timeout_ms) == 1 ? event.events : 0;
}

static void watch(int epoll, int fd, unsigned events)
{
    struct epoll_event event = {.events = events};

    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static const char *name_of(int error)
{
    switch (error) {
    case 0:
        return "none";
    case EPIPE:
        return "EPIPE";
    case ENOTCONN:
        return "ENOTCONN";
    case ECONNRESET:
        return "ECONNRESET";
    default:
        return strerror(error);
    }
}

static int error_of(int fd)
{
    int error = -1;
    socklen_t length = sizeof(error);

    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    return error;
}

/* The client half-closes, and goes with the answer unread; then one is reset
 * while nothing but an edge of room is asked for. */
static void resets(const char *port)
{
    const int listener = listen_on(AF_INET, port);
    const int silent = epoll_create1(0);
    const int reading = epoll_create1(0);
    char bytes[16];
    int fd = accept(listener, NULL, NULL);

    while (read(fd, bytes, sizeof(bytes)) > 0) {
    }
    watch(silent, fd, 0);
    watch(reading, fd, EPOLLIN);
    printf("at the end %d ", polled(fd, 0));
    printf("%d, ", (int)told(silent, 0));
    send(fd, "answer", 6, MSG_NOSIGNAL);
    /* With no interest, as while a program works on the answer. */
    printf("then %d, ", (int)told(silent, LIMIT_MS));
    printf("poll %d ", polled(fd, POLLIN));
    printf("%d, ", polled(fd, 0));
    printf("epoll %d, ", (int)told(reading, 0));
    printf("SO_ERROR %s, ", name_of(error_of(fd)));
    const ssize_t n = send(fd, "x", 1, MSG_NOSIGNAL);
    printf("send %s\n", name_of(n < 0 ? errno : 0));
    close(fd);
    fd = accept(listener, NULL, NULL);
    const int edges = epoll_create1(0);
    watch(edges, fd, EPOLLOUT | EPOLLET);
    printf("room %d, ", (int)told(edges, LIMIT_MS));
    fflush(stdout);
    send(fd, "go", 2, MSG_NOSIGNAL);
    printf("reset %d\n", (int)told(edges, LIMIT_MS));
}

/* The client was reset before it was accepted, or as soon as it was. */
static void gone(const char *port)
{
    const int listener = listen_on(AF_INET, port);
    struct sockaddr_in peer;
    socklen_t length = sizeof(peer);
    char byte = 0;
    const int fd = accept(listener, NULL, NULL);

    printf("revents %d, ", wait_for(fd, POLLIN, POLLERR));
    errno = 0;
    getpeername(fd, (struct sockaddr *)&peer, &length);
    printf("getpeername %s, ", name_of(errno));
    errno = 0;
    recv(fd, &byte, 1, 0);
    printf("recv %s, ", name_of(errno));
    errno = 0;
    shutdown(fd, SHUT_WR);
    printf("shutdown %s\n", name_of(errno));
}

/* After shutdown of both halves reads are at the end. */
static void shut_both(const char *port)
{
    const int listener = listen_on(AF_INET, port);
    const int fd = accept(listener, NULL, NULL);
    const int epoll = epoll_create1(0);
    char bytes[8];

    const ssize_t n_read = read(fd, bytes, 2);
    const int result = shutdown(fd, SHUT_RDWR);
    const ssize_t at_end = read(fd, bytes, sizeof(bytes));
    watch(epoll, fd, EPOLLIN);
    const unsigned events = told(epoll, LIMIT_MS);
    const ssize_t again = read(fd, bytes, sizeof(bytes));
    printf("%zd %d %zd, epoll %d, read %zd\n", n_read, result, at_end,
           (int)(events & EPOLLIN), again);
}

/* Two listeners of one port and two families, IPv6 first. */
static void families(const char *port)
{
    struct pollfd both[2] = {{listen_on(AF_INET6, port), POLLIN, 0},
                             {listen_on(AF_INET, port), POLLIN, 0}};

    for (int i = 0; i < 2; i++) {
        if (poll(both, 2, LIMIT_MS) <= 0) {
            exit(2);
        }
        const int which = both[0].revents != 0 ? 0 : 1;
        const int fd = accept(both[which].fd, NULL, NULL);
        send(fd, which == 0 ? "6" : "4", 1, 0);
        close(fd);
    }
}

/* Serve so many clients at once, by epoll; while there is no room others may
 * take them. Ends with its client. */
static void share(const char *port, const char *name, int room)
{
    const int listener = listen_on(AF_INET, port);
    const int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    char byte = 0;

    fcntl(listener, F_SETFL, O_NONBLOCK);
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    puts("ready");
    fflush(stdout);
    while (epoll_wait(epoll, &event, 1, LIMIT_MS) == 1) {
        if (event.data.fd != listener) {
            if (read(event.data.fd, &byte, 1) <= 0) {
                return;
            }
        } else if (room == 0) {
            epoll_ctl(epoll, EPOLL_CTL_DEL, listener, NULL);
            puts("full");
            fflush(stdout);
        } else if ((event.data.fd = accept(listener, NULL, NULL)) >= 0) {
            room--;
            send(event.data.fd, name, 1, 0);
            event.events = EPOLLIN;
            epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
        }
    }
}

/* The listener was opened by who started the program, and is number 3, as
 * sd_listen_fds(3) has it. */
static void inherited(const char *port)
{
    const char *pid = getenv("LISTEN_PID");
    const char *n = getenv("LISTEN_FDS");
    struct sockaddr_in local = {.sin_family = AF_INET};
    socklen_t length = sizeof(local);
    int is_listener = 0;

    printf("%s for %s, ", n == NULL ? "none" : n,
           pid != NULL && atoi(pid) == getpid() ? "this" : "another");
    printf("next %d, ", dup(2));
    length = sizeof(is_listener);
    getsockopt(3, SOL_SOCKET, SO_ACCEPTCONN, &is_listener, &length);
    length = sizeof(local);
    getsockname(3, (struct sockaddr *)&local, &length);
    printf("listens %d %d, ", is_listener, ntohs(local.sin_port) == atoi(port));
    const int second = socket(AF_INET, SOCK_STREAM, 0);
    errno = 0;
    bind(second, (struct sockaddr *)&local, sizeof(local));
    printf("bind %s, ", errno == EADDRINUSE ? "in use" : name_of(errno));
    fflush(stdout);
    const int fd = accept(3, NULL, NULL);
    send(fd, "3", 1, 0);
    close(fd);
    close(3);
    errno = 0;
    accept(3, NULL, NULL);
    printf("then %s\n", errno == EBADF ? "closed" : name_of(errno));
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";

    if (strcmp(what, "resets") == 0) {
        resets(argv[2]);
    } else if (strcmp(what, "gone") == 0) {
        gone(argv[2]);
    } else if (strcmp(what, "shut") == 0) {
        shut_both(argv[2]);
    } else if (strcmp(what, "families") == 0) {
        families(argv[2]);
    } else if (strcmp(what, "inherited") == 0) {
        inherited(argv[2]);
    } else if (strcmp(what, "share") == 0 && argc > 4) {
        share(argv[2], argv[3], atoi(argv[4]));
    } else {
        return 99;
    }
    return 0;
}
