/* SPDX-License-Identifier: MIT */
/* threads_waiting.c - threads that wait for what other threads, and the
 * network, bring. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "facts.h"
#include "threads.h"

#define N_CLIENTS 8
#define LARGE 300000

static int pair[2];
static int pipe_ends[2];
static int counter;
static int epoll;

static void *read_pair(void *argument)
{
    char bytes[8] = {0};

    FACT(read(pair[0], bytes, sizeof(bytes)) == 5);
    FACT(strcmp(bytes, "hello") == 0);
    return argument;
}

static void *poll_pair(void *argument)
{
    struct pollfd fd = {.fd = pair[0], .events = POLLIN};

    FACT(poll(&fd, 1, 10000) == 1 && fd.revents == POLLIN);
    return argument;
}

static void *select_pair(void *argument)
{
    fd_set readable;

    FD_ZERO(&readable);
    FD_SET(pair[0], &readable);
    FACT(select(pair[0] + 1, &readable, NULL, NULL, NULL) == 1);
    FACT(FD_ISSET(pair[0], &readable));
    return argument;
}

static void *epoll_pair(void *argument)
{
    struct epoll_event event = {0};

    FACT(epoll_wait(epoll, &event, 1, 10000) == 1);
    FACT(event.events == EPOLLIN && event.data.u32 == 77);
    return argument;
}

static void *read_counter(void *argument)
{
    eventfd_t value = 0;

    FACT(eventfd_read(counter, &value) == 0 && value == 3);
    return argument;
}

/* Each waits first, and then comes what it waits for. */
static void pair_facts(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 77};
    char bytes[8];

    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    epoll = epoll_create1(0);
    const pthread_t waiting[3] = {start(poll_pair, NULL),
                                  start(select_pair, NULL),
                                  start(epoll_pair, NULL)};
    usleep(2000);
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event) ==
         0); /* as it waits */
    usleep(2000);
    FACT(write(pair[1], "x", 1) == 1);
    for (int i = 0; i < 3; i++) {
        result_of(waiting[i]);
    }
    FACT(read(pair[0], bytes, sizeof(bytes)) == 1);

    const pthread_t reader = start(read_pair, NULL);
    usleep(2000);
    FACT(write(pair[1], "hello", 5) == 5);
    result_of(reader);

    counter = eventfd(0, 0);
    const pthread_t counting = start(read_counter, NULL);
    usleep(2000);
    FACT(eventfd_write(counter, 3) == 0);
    result_of(counting);
    close(counter);
    close(epoll);
    close(pair[0]);
    close(pair[1]);
}

static void *epoll_outer(void *argument)
{
    struct epoll_event event = {0};

    FACT(epoll_wait(*(int *)argument, &event, 1, 10000) == 1);
    FACT(event.events == EPOLLIN && event.data.u32 == 5);
    return argument;
}

/* An instance that watches one in which another thread makes news. */
static void nested_facts(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 5};
    int outer = epoll_create1(0);

    epoll = epoll_create1(0);
    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event) == 0);
    FACT(epoll_ctl(outer, EPOLL_CTL_ADD, epoll, &event) == 0);
    const pthread_t waiting = start(epoll_outer, &outer);
    usleep(2000);
    FACT(write(pair[1], "x", 1) == 1);
    result_of(waiting);
    close(outer);
    close(epoll);
    close(pair[0]);
    close(pair[1]);
}

static void *write_large(void *argument)
{
    char *bytes = malloc(LARGE);

    memset(bytes, 'z', LARGE);
    FACT(write(pipe_ends[1], bytes, LARGE) == LARGE); /* all of it */
    free(bytes);
    close(pipe_ends[1]);
    return argument;
}

static void pipe_facts(void)
{
    char bytes[1000];
    size_t total = 0;
    ssize_t n = 0;

    FACT(pipe(pipe_ends) == 0);
    const pthread_t writer = start(write_large, NULL);
    while ((n = read(pipe_ends[0], bytes, sizeof(bytes))) > 0) {
        FACT(bytes[0] == 'z' && bytes[n - 1] == 'z');
        total += (size_t)n;
    }
    FACT(n == 0 && total == LARGE);
    result_of(writer);
    close(pipe_ends[0]);
}

/* ---- A server with a thread for each connection ---- */

static int listener;
static struct sockaddr_in address;

static void *echo(void *argument)
{
    const int fd = (int)(intptr_t)argument;
    char bytes[1000];
    ssize_t n = 0;

    while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
        FACT(write(fd, bytes, (size_t)n) == n);
    }
    FACT(n == 0);
    FACT(close(fd) == 0);
    return NULL;
}

static void *serve(void *argument)
{
    pthread_t threads[N_CLIENTS];

    for (int i = 0; i < N_CLIENTS; i++) {
        const int fd = accept(listener, NULL, NULL);
        FACT(fd >= 0);
        threads[i] = start(echo, (void *)(intptr_t)fd);
    }
    for (int i = 0; i < N_CLIENTS; i++) {
        result_of(threads[i]);
    }
    return argument;
}

static void *talk(void *argument)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    char bytes[200];

    FACT(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    for (int round = 0; round < 20; round++) {
        memset(bytes, 'a' + round, sizeof(bytes));
        FACT(write(fd, bytes, sizeof(bytes)) == sizeof(bytes));
        memset(bytes, 0, sizeof(bytes));
        FACT(recv(fd, bytes, sizeof(bytes), MSG_WAITALL) == sizeof(bytes));
        FACT(bytes[0] == 'a' + round && bytes[199] == 'a' + round);
    }
    FACT(close(fd) == 0);
    return argument;
}

static void listen_anywhere(void)
{
    socklen_t length = sizeof(address);

    listener = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FACT(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
    FACT(listen(listener, 64) == 0);
    FACT(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
}

static void server_facts(void)
{
    pthread_t clients[N_CLIENTS];

    listen_anywhere();
    const pthread_t server = start(serve, NULL);
    for (int i = 0; i < N_CLIENTS; i++) {
        clients[i] = start(talk, NULL);
    }
    for (int i = 0; i < N_CLIENTS; i++) {
        result_of(clients[i]);
    }
    result_of(server);
    close(listener);
}

/* Threads that share a listener. */
static void *accept_and_close(void *argument)
{
    const int fd = accept(listener, NULL, NULL);

    FACT(fd >= 0);
    FACT(close(fd) == 0);
    return argument;
}

static void shared_listener_facts(void)
{
    pthread_t threads[4];
    char byte = 0;

    listen_anywhere();
    for (int i = 0; i < 4; i++) {
        threads[i] = start(accept_and_close, NULL);
    }
    for (int i = 0; i < 4; i++) {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        FACT(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
        FACT(read(fd, &byte, 1) == 0);
        close(fd);
    }
    for (int i = 0; i < 4; i++) {
        result_of(threads[i]);
    }
    close(listener);
}

/* ---- What is closed or shut while a thread waits ---- */

static void *read_to_end(void *argument)
{
    char byte = 0;

    FACT(read((int)(intptr_t)argument, &byte, 1) == 0);
    return NULL;
}

static void *poll_for_end(void *argument)
{
    struct pollfd fd = {.fd = (int)(intptr_t)argument, .events = POLLIN};

    FACT(poll(&fd, 1, 10000) == 1 && (fd.revents & POLLIN) != 0);
    return NULL;
}

static void shut_facts(void)
{
    int fds[2];

    for (int i = 0; i < 2; i++) {
        FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
        const pthread_t reader = start(i == 0 ? read_to_end : poll_for_end,
                                       (void *)(intptr_t)fds[0]);
        usleep(2000);
        FACT(shutdown(fds[1], SHUT_WR) == 0);
        result_of(reader);
        close(fds[0]);
        close(fds[1]);
    }
    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    const pthread_t reader = start(read_to_end, (void *)(intptr_t)fds[0]);
    usleep(2000);
    FACT(close(fds[1]) == 0);
    result_of(reader);
    close(fds[0]);
}

/* ---- Time ---- */

static void *sleep_ms(void *argument)
{
    usleep((unsigned)(intptr_t)argument * 1000U);
    return argument;
}

static void sleeping_facts(void)
{
    pthread_t threads[5];
    const long before_ms = now_ms();

    for (intptr_t i = 0; i < 5; i++) {
        threads[i] = start(sleep_ms, (void *)(50 - 5 * i));
    }
    FACT(poll(NULL, 0, 30) == 0); /* main waits as well */
    FACT(now_ms() - before_ms >= 29);
    for (intptr_t i = 0; i < 5; i++) {
        FACT(result_of(threads[i]) == (void *)(50 - 5 * i));
    }
    const long passed_ms = now_ms() - before_ms;
    FACT(passed_ms >= 49 && passed_ms < 1000); /* all at once, not in turn */
}

/* A poll that need not wait lets others run. */
static volatile int has_run;

static void *run_once(void *argument)
{
    has_run = 1;
    return argument;
}

static void yield_facts(void)
{
    const pthread_t thread = start(run_once, NULL);

    while (!has_run) {
        poll(NULL, 0, 0);
    }
    result_of(thread);
}

void waiting_facts(void)
{
    pair_facts();
    nested_facts();
    pipe_facts();
    server_facts();
    shared_listener_facts();
    shut_facts();
    sleeping_facts();
    yield_facts();
}
