/* SPDX-License-Identifier: MIT */
/* facts_epoll - epoll instances that watch others. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"

static void watch(int epoll, int operation, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    FACT(epoll_ctl(epoll, operation, fd, &event) == 0);
}

/* The events of a registration, 0 for none. */
static unsigned told(int epoll, int timeout_ms)
{
    struct epoll_event event = {0};

    return epoll_wait(epoll, &event, 1, timeout_ms) == 1 ? event.events : 0;
}

/* An instance is readable while it has something to report. */
static void levels(void)
{
    const int inner = epoll_create1(0);
    const int outer = epoll_create1(0);
    char byte = 0;
    int ends[2];

    FACT(pipe(ends) == 0);
    watch(outer, EPOLL_CTL_ADD, inner, EPOLLIN);
    FACT(told(outer, 0) == 0);
    watch(inner, EPOLL_CTL_ADD, ends[0], EPOLLIN);
    FACT(told(outer, 0) == 0 && write(ends[1], "x", 1) == 1);
    FACT(told(outer, 0) == EPOLLIN && told(outer, 0) == EPOLLIN);
    FACT(poll(&(struct pollfd){outer, POLLIN, 0}, 1, 0) == 1);
    FACT(told(inner, 0) == EPOLLIN && told(outer, 0) == EPOLLIN);
    FACT(read(ends[0], &byte, 1) == 1);
    FACT(told(outer, 0) == 0 && told(inner, 0) == 0);
    FACT(poll(&(struct pollfd){outer, POLLIN, 0}, 1, 0) == 0);
    FACT(close(ends[1]) == 0 && told(outer, 0) == EPOLLIN);
    FACT(close(ends[0]) == 0 && told(outer, 0) == 0);
    FACT(close(inner) == 0 && told(outer, 0) == 0);
    FACT(close(outer) == 0);
}

/* What was ready and is closed makes its instance no longer ready, for one that
 * begins to watch it either. */
static void closed_while_ready(void)
{
    const int inner = epoll_create1(0);
    const int outer = epoll_create1(0);
    const int counter = eventfd(1, 0);

    watch(inner, EPOLL_CTL_ADD, counter, EPOLLIN);
    FACT(close(counter) == 0);
    watch(outer, EPOLL_CTL_ADD, inner, EPOLLIN | EPOLLET);
    watch(outer, EPOLL_CTL_MOD, inner, EPOLLIN);
    FACT(told(outer, 0) == 0);
    FACT(close(inner) == 0 && close(outer) == 0);
}

/* Each arrival below is an edge above. */
static void edges(void)
{
    const int inner = epoll_create1(0);
    const int outer = epoll_create1(0);
    const int counter = eventfd(0, EFD_NONBLOCK);

    watch(inner, EPOLL_CTL_ADD, counter, EPOLLIN);
    watch(outer, EPOLL_CTL_ADD, inner, EPOLLIN | EPOLLET);
    FACT(told(outer, 0) == 0);
    FACT(eventfd_write(counter, 1) == 0);
    FACT(told(outer, 0) == EPOLLIN && told(outer, 0) == 0);
    FACT(eventfd_write(counter, 1) == 0);
    FACT(told(outer, 0) == EPOLLIN && told(outer, 0) == 0);
    watch(outer, EPOLL_CTL_MOD, inner, EPOLLIN | EPOLLONESHOT);
    FACT(told(outer, 0) == EPOLLIN && told(outer, 0) == 0);
    FACT(close(counter) == 0 && close(inner) == 0 && close(outer) == 0);
}

/* No instance watches itself, through others neither; nor are there many
 * levels. */
static void loops(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int row[7];

    for (int i = 0; i < 7; i++) {
        row[i] = epoll_create1(0);
    }
    FAILS(epoll_ctl(row[0], EPOLL_CTL_ADD, row[0], &event), EINVAL);
    watch(row[1], EPOLL_CTL_ADD, row[0], EPOLLIN);
    FAILS(epoll_ctl(row[0], EPOLL_CTL_ADD, row[1], &event), ELOOP);
    watch(row[2], EPOLL_CTL_ADD, row[1], EPOLLIN);
    FAILS(epoll_ctl(row[0], EPOLL_CTL_ADD, row[2], &event), ELOOP);
    watch(row[3], EPOLL_CTL_ADD, row[2], EPOLLIN);
    watch(row[4], EPOLL_CTL_ADD, row[3], EPOLLIN);
    FAILS(epoll_ctl(row[5], EPOLL_CTL_ADD, row[4], &event), ELOOP);
    FAILS(epoll_ctl(row[0], EPOLL_CTL_ADD, row[6], &event), ELOOP);
    const int counter = eventfd(1, 0);
    watch(row[0], EPOLL_CTL_ADD, counter, EPOLLIN);
    FACT(told(row[4], 0) == EPOLLIN);
    FACT(epoll_ctl(row[2], EPOLL_CTL_DEL, row[1], NULL) == 0);
    FACT(told(row[4], 0) == 0 && told(row[1], 0) == EPOLLIN);
    for (int i = 0; i < 7; i++) {
        FACT(close(row[i]) == 0);
    }
    FACT(close(counter) == 0);
}

/* A wait above ends with what comes below, of many as well as of few. */
static void waits(int n_idle)
{
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    const int inner = epoll_create1(0);
    const int outer = epoll_create1(0);
    int idle[100][2];

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FACT(bind(listener, (struct sockaddr *)&address, length) == 0);
    FACT(listen(listener, 4) == 0);
    FACT(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    watch(inner, EPOLL_CTL_ADD, listener, EPOLLIN);
    watch(outer, EPOLL_CTL_ADD, inner, EPOLLIN);
    for (int i = 0; i < n_idle; i++) {
        FACT(pipe(idle[i]) == 0);
        watch(inner, EPOLL_CTL_ADD, idle[i][0], EPOLLIN);
    }
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    FACT(told(outer, 20) == 0);
    FACT(connect(client, (struct sockaddr *)&address, length) == 0);
    FACT(told(outer, 5000) == EPOLLIN && told(inner, 5000) == EPOLLIN);
    const int server = accept(listener, NULL, NULL);
    FACT(server >= 0 && told(outer, 20) == 0);
    watch(inner, EPOLL_CTL_ADD, server, EPOLLIN);
    FACT(send(client, "x", 1, 0) == 1 && told(outer, 5000) == EPOLLIN);
    for (int i = 0; i < n_idle; i++) {
        FACT(close(idle[i][0]) == 0 && close(idle[i][1]) == 0);
    }
    FACT(close(client) == 0 && close(server) == 0 && close(listener) == 0);
    FACT(close(inner) == 0 && close(outer) == 0);
}

void epoll_facts(void)
{
    levels();
    closed_while_ready();
    edges();
    loops();
    waits(0);
    waits(100);
}
