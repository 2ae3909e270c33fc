/* SPDX-License-Identifier: MIT */
/* facts_epoll - epoll instances: many registrations, several of one descriptor,
 * and instances that watch others. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
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

/* Add or modify with an index as data. */
static void watch_as(int epoll, int operation, int fd, unsigned events,
                     uint32_t index)
{
    struct epoll_event event = {.events = events, .data.u32 = index};

    FACT(epoll_ctl(epoll, operation, fd, &event) == 0);
}

#define N_MAX 8

/* Whether a wait comes to report exactly these events by index. */
static bool reports(int epoll, const unsigned expected[N_MAX])
{
    for (int i = 0; i < 200; i++) {
        struct epoll_event events[2 * N_MAX];
        unsigned got[N_MAX] = {0};
        const int n = epoll_wait(epoll, events, 2 * N_MAX, i > 0 ? 10 : 0);
        bool is_same = n >= 0;
        for (int j = 0; j < n; j++) {
            is_same = is_same && events[j].data.u32 < N_MAX &&
                      got[events[j].data.u32] == 0;
            got[events[j].data.u32 % N_MAX] |= events[j].events;
        }
        for (int j = 0; j < N_MAX; j++) {
            is_same = is_same && got[j] == expected[j];
        }
        if (is_same) {
            return true;
        }
        usleep(1000);
    }
    return false;
}

/* One of the events by data, of a wait for one. */
static uint32_t next_of(int epoll)
{
    struct epoll_event event = {.data.u32 = N_MAX};

    FACT(epoll_wait(epoll, &event, 1, 0) == 1);
    return event.data.u32;
}

/* Ready descriptors take turns, also when one of them leaves. */
static void turns(int removed, bool is_closed)
{
    enum { N = 5 };
    const int epoll = epoll_create(1);
    uint32_t order[N];
    unsigned expected[N_MAX] = {0};
    unsigned seen = 0;
    int fds[N];

    for (int i = 0; i < N; i++) {
        fds[i] = eventfd(1, 0);
        watch_as(epoll, EPOLL_CTL_ADD, fds[i], EPOLLIN, (uint32_t)i);
        expected[i] = i == removed ? 0 : EPOLLIN;
    }
    for (int i = 0; i < N; i++) {
        order[i] = next_of(epoll);
        seen |= 1U << order[i];
    }
    FACT(seen == (1U << N) - 1);
    for (int i = 0; i < 2 * N; i++) {
        FACT(next_of(epoll) == order[i % N]);
    }
    FACT(next_of(epoll) == order[0] && next_of(epoll) == order[1]);
    FACT(is_closed ? close(fds[removed]) == 0
                   : epoll_ctl(epoll, EPOLL_CTL_DEL, fds[removed], NULL) == 0);
    for (int i = 0; i < 3; i++) {
        FACT(reports(epoll, expected));
    }
    for (int i = 0; i < N; i++) {
        if (i != removed) {
            uint64_t value = 0;
            FACT(read(fds[i], &value, 8) == 8 && value == 1);
            expected[i] = 0;
            FACT(reports(epoll, expected));
        }
    }
    for (int i = 0; i < N; i++) {
        FACT((i == removed && is_closed) || close(fds[i]) == 0);
    }
    FACT(close(epoll) == 0);
}

/* Several instances watch one descriptor: each reports each arrival, also
 * when others have left. */
static void several_instances(int first_out, int second_out)
{
    const int counter = eventfd(0, 0);
    int epolls[3];

    for (int i = 0; i < 3; i++) {
        epolls[i] = epoll_create1(0);
        watch(epolls[i], EPOLL_CTL_ADD, counter, EPOLLIN | EPOLLET);
    }
    for (int round = 0; round < 3; round++) {
        FACT(eventfd_write(counter, 1) == 0);
        for (int i = 0; i < 3; i++) {
            const bool is_out =
                (round > 0 && i == first_out) || (round > 1 && i == second_out);
            FACT(told(epolls[i], 0) == (is_out ? 0 : EPOLLIN));
            FACT(told(epolls[i], 0) == 0);
        }
        const int out = round == 0 ? first_out : second_out;
        if (round < 2) {
            FACT(epoll_ctl(epolls[out], EPOLL_CTL_DEL, counter, NULL) == 0);
        }
    }
    FACT(close(counter) == 0);
    for (int i = 0; i < 3; i++) {
        FACT(told(epolls[i], 0) == 0 && close(epolls[i]) == 0);
    }
}

/* A connection of this machine with itself. */
static void connect_pair(int pair[2])
{
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FACT(bind(listener, (struct sockaddr *)&address, length) == 0);
    FACT(listen(listener, 4) == 0);
    FACT(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    FACT(connect(pair[0], (struct sockaddr *)&address, length) == 0);
    pair[1] = accept(listener, NULL, NULL);
    FACT(pair[1] >= 0 && close(listener) == 0);
}

/* Each registration of a description has events, triggers and data of its
 * own. */
static void several_numbers(const int pair[2])
{
    const int copy = dup(pair[1]);
    const int epoll = epoll_create1(0);
    char byte = 0;

    watch_as(epoll, EPOLL_CTL_ADD, pair[1], EPOLLIN, 0);
    FACT(reports(epoll, (unsigned[N_MAX]){0}));
    watch_as(epoll, EPOLL_CTL_ADD, copy, EPOLLOUT, 1);
    FACT(reports(epoll, (unsigned[N_MAX]){0, EPOLLOUT}));
    FACT(write(pair[0], "x", 1) == 1);
    FACT(reports(epoll, (unsigned[N_MAX]){EPOLLIN, EPOLLOUT}));
    watch_as(epoll, EPOLL_CTL_MOD, copy, EPOLLIN | EPOLLOUT, 2);
    FACT(reports(epoll, (unsigned[N_MAX]){EPOLLIN, 0, EPOLLIN | EPOLLOUT}));
    watch_as(epoll, EPOLL_CTL_MOD, pair[1], EPOLLIN | EPOLLONESHOT, 3);
    FACT(reports(epoll, (unsigned[N_MAX]){0, 0, EPOLLIN | EPOLLOUT, EPOLLIN}));
    FACT(reports(epoll, (unsigned[N_MAX]){0, 0, EPOLLIN | EPOLLOUT}));
    FACT(write(pair[0], "y", 1) == 1); /* not for who has had its one shot */
    FACT(reports(epoll, (unsigned[N_MAX]){0, 0, EPOLLIN | EPOLLOUT}));
    FACT(read(copy, &byte, 1) == 1 && byte == 'x');
    FACT(read(copy, &byte, 1) == 1 && byte == 'y');
    FACT(reports(epoll, (unsigned[N_MAX]){0, 0, EPOLLOUT}));
    FACT(epoll_ctl(epoll, EPOLL_CTL_DEL, copy, NULL) == 0);
    FACT(reports(epoll, (unsigned[N_MAX]){0}));
    watch_as(epoll, EPOLL_CTL_MOD, pair[1], EPOLLIN, 4);
    FACT(reports(epoll, (unsigned[N_MAX]){0}));
    FACT(write(pair[0], "z", 1) == 1);
    FACT(reports(epoll, (unsigned[N_MAX]){0, 0, 0, 0, EPOLLIN}));
    FACT(read(copy, &byte, 1) == 1 && byte == 'z');
    FACT(close(copy) == 0 && close(epoll) == 0);
}

/* The names that POSIX has for the same events. */
static void other_names(const int pair[2])
{
    static const unsigned events[] = {
        EPOLLRDNORM, EPOLLWRNORM, EPOLLIN | EPOLLRDNORM,
        EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM,
        EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM};
    const int epoll = epoll_create1(0);
    char byte = 0;

    FACT(write(pair[0], "x", 1) == 1);
    watch_as(epoll, EPOLL_CTL_ADD, pair[1], 0, 0);
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        watch_as(epoll, EPOLL_CTL_MOD, pair[1], events[i], 0);
        FACT(reports(epoll, (unsigned[N_MAX]){events[i]}));
        watch_as(epoll, EPOLL_CTL_MOD, pair[1], events[i] | EPOLLET, 0);
        FACT(reports(epoll, (unsigned[N_MAX]){events[i]}));
        FACT(reports(epoll, (unsigned[N_MAX]){0}));
    }
    FACT(read(pair[1], &byte, 1) == 1 && close(epoll) == 0);
}

/* Timers of one instance, of which one leaves. */
static void timers(int removed)
{
    const int epoll = epoll_create1(0);
    unsigned expected[N_MAX] = {0};
    int fds[3];

    for (int i = 0; i < 3; i++) {
        const struct itimerspec soon = {.it_value = {0, 1000000 * (i + 1)}};
        fds[i] = timerfd_create(CLOCK_MONOTONIC, 0);
        watch_as(epoll, EPOLL_CTL_ADD, fds[i], EPOLLIN, (uint32_t)i);
        FACT(timerfd_settime(fds[i], 0, &soon, NULL) == 0);
        expected[i] = i == removed ? 0 : EPOLLIN;
    }
    FACT(epoll_ctl(epoll, EPOLL_CTL_DEL, fds[removed], NULL) == 0);
    FACT(reports(epoll, expected));
    for (int i = 0; i < 3; i++) {
        FACT(close(fds[i]) == 0);
    }
    FACT(close(epoll) == 0);
}

/* What cannot be watched, whatever the operation. */
static void refusals(void)
{
    static const int operations[] = {EPOLL_CTL_ADD, EPOLL_CTL_MOD,
                                     EPOLL_CTL_DEL};
    struct epoll_event event = {.events = EPOLLIN};
    char name[] = "/tmp/wasock-facts-XXXXXX";
    struct stat status;
    const int epoll = epoll_create1(0);
    const int counter = eventfd(0, 0);
    const int file = mkstemp(name);
    const int folder = open("/tmp", O_RDONLY | O_DIRECTORY);

    FACT(file >= 0 && unlink(name) == 0 && folder >= 0);
    for (int i = 0; i < 3; i++) {
        FAILS(epoll_ctl(epoll, operations[i], file, &event), EPERM);
        FAILS(epoll_ctl(epoll, operations[i], folder, &event), EPERM);
        FAILS(epoll_ctl(epoll, operations[i], epoll, &event), EINVAL);
    }
    FAILS(epoll_ctl(epoll, 99, counter, &event), EINVAL);
    FACT(close(counter) == 0);
    FAILS(epoll_create1(~EPOLL_CLOEXEC), EINVAL);
    FACT((fcntl(epoll, F_GETFL) & O_ACCMODE) == O_RDWR);
    FACT(fstat(epoll, &status) == 0 && (status.st_mode & 07777) == 0600);
    FACT(status.st_nlink == 1);
    FACT(close(epoll) == 0 && close(file) == 0 && close(folder) == 0);
}

/* More connections than an instance begins with room for. */
enum { N_CROWD = 70 };

static int crowd[N_CROWD][2];

/* Those whose index is a multiple have something to read. */
static int write_to(int multiple, struct pollfd *polls, fd_set *set,
                    int *highest)
{
    int n_ready = 0;

    FD_ZERO(set);
    *highest = 0;
    for (int i = 0; i < N_CROWD; i++) {
        polls[i] = (struct pollfd){crowd[i][1], POLLIN, 0};
        FD_SET(crowd[i][1], set);
        *highest = crowd[i][1] > *highest ? crowd[i][1] : *highest;
        if (i % multiple == 0) {
            FACT(write(crowd[i][0], "x", 1) == 1);
            FACT(poll(&polls[i], 1, 5000) == 1);
            n_ready++;
        }
    }
    return n_ready;
}

/* Exactly those are reported, by each way to wait. */
static void ready_in_crowd(int epoll, int multiple)
{
    static struct pollfd polls[N_CROWD];
    struct epoll_event events[16];
    fd_set set;
    int highest = 0;
    const int n_ready = write_to(multiple, polls, &set, &highest);
    char byte = 0;

    FACT(poll(polls, N_CROWD, 5000) == n_ready);
    FACT(select(highest + 1, &set, NULL, NULL, NULL) == n_ready);
    for (int i = 0; i < N_CROWD; i++) {
        const bool is_ready = i % multiple == 0;
        FACT(polls[i].revents == (is_ready ? POLLIN : 0));
        FACT((FD_ISSET(crowd[i][1], &set) != 0) == is_ready);
    }
    for (int n_left = n_ready; n_left > 0;) {
        const int n = epoll_wait(epoll, events, 16, 5000);
        FACT(n > 0);
        for (int i = 0; i < n; i++) {
            const uint32_t index = events[i].data.u32 % N_CROWD;
            FACT(events[i].events == EPOLLIN && index % multiple == 0);
            FACT(recv(crowd[index][1], &byte, 1, MSG_DONTWAIT) == 1);
        }
        n_left -= n > 0 ? n : n_left;
    }
    FACT(epoll_wait(epoll, events, 16, 0) == 0);
}

static void crowds(void)
{
    static struct pollfd polls[N_CROWD];
    struct epoll_event event;
    const int epoll = epoll_create1(0);

    for (int i = 0; i < N_CROWD; i++) {
        connect_pair(crowd[i]);
        watch_as(epoll, EPOLL_CTL_ADD, crowd[i][1], EPOLLIN, (uint32_t)i);
        polls[i] = (struct pollfd){crowd[i][1], POLLIN, 0};
    }
    const int copy = dup(crowd[0][1]);
    watch_as(epoll, EPOLL_CTL_ADD, copy, EPOLLPRI, 0);
    FACT(epoll_wait(epoll, &event, 1, 0) == 0 && poll(polls, N_CROWD, 0) == 0);
    ready_in_crowd(epoll, N_CROWD);
    ready_in_crowd(epoll, 23);
    ready_in_crowd(epoll, 7);
    ready_in_crowd(epoll, 1);
    for (int i = 0; i < N_CROWD; i++) {
        polls[i].events = POLLOUT;
    }
    /* A component's host hides some of so many from a poll, none for ever. */
    const int n_polls = getenv("FACTS_ON_THE_NETWORK") == NULL ? 1 : 40;
    int n_ready = 0;
    for (int i = 0; i < n_polls && n_ready < N_CROWD; i++) {
        n_ready = poll(polls, N_CROWD, 5000);
    }
    FACT(n_ready == N_CROWD);
    for (int i = 0; i < N_CROWD; i++) {
        FACT(polls[i].revents == POLLOUT);
        FACT(close(crowd[i][0]) == 0 && close(crowd[i][1]) == 0);
    }
    FACT(close(copy) == 0 && close(epoll) == 0);
}

/* Whether an instance reports one event of another within some time, and no
 * more. */
static bool reports_once(int outer)
{
    return told(outer, 5000) == EPOLLIN && told(outer, 20) == 0;
}

/* An edge is an event of the inner instance, not its being ready: on a
 * connection, beside idle ones. */
static void edges_of_connection(const int pair[2], int n_idle)
{
    const int inner = epoll_create1(0);
    const int outer = epoll_create1(0);
    int idle[100][2];
    char bytes[4];

    for (int i = 0; i < n_idle; i++) {
        FACT(pipe(idle[i]) == 0);
        watch(inner, EPOLL_CTL_ADD, idle[i][0], EPOLLIN);
    }
    watch(inner, EPOLL_CTL_ADD, pair[1], EPOLLIN);
    watch(outer, EPOLL_CTL_ADD, inner, EPOLLIN | EPOLLET);
    FACT(told(outer, 20) == 0);
    FACT(write(pair[0], "x", 1) == 1 && reports_once(outer));
    FACT(write(pair[0], "y", 1) == 1 && reports_once(outer));
    FACT(told(inner, 0) == EPOLLIN && told(outer, 20) == 0);
    watch(inner, EPOLL_CTL_MOD, pair[1], EPOLLIN | EPOLLOUT);
    FACT(told(inner, 5000) != 0);
    told(outer, 20);
    FACT(told(outer, 20) == 0);
    FACT(read(pair[1], bytes, 4) == 2 && told(outer, 20) == 0);
    watch(inner, EPOLL_CTL_MOD, pair[1], EPOLLOUT);
    FACT(told(inner, 5000) == EPOLLOUT);
    told(outer, 20);
    FACT(told(outer, 20) == 0 && told(inner, 5000) == EPOLLOUT);
    FACT(told(outer, 20) == 0);
    watch(inner, EPOLL_CTL_MOD, pair[1], EPOLLIN | EPOLLOUT);
    told(outer, 20);
    FACT(write(pair[0], "z", 1) == 1 && reports_once(outer));
    FACT(read(pair[1], bytes, 4) == 1);
    for (int i = 0; i < n_idle; i++) {
        FACT(close(idle[i][0]) == 0 && close(idle[i][1]) == 0);
    }
    FACT(close(inner) == 0 && close(outer) == 0);
}

void epoll_facts(void)
{
    int pair[2];

    for (int i = 0; i < 5; i++) {
        turns(i, false);
        turns(i, true);
    }
    for (int i = 0; i < 3; i++) {
        several_instances(i, (i + 1) % 3);
        several_instances(i, (i + 2) % 3);
        timers(i);
    }
    connect_pair(pair);
    several_numbers(pair);
    other_names(pair);
    edges_of_connection(pair, 0);
    edges_of_connection(pair, 100);
    FACT(close(pair[0]) == 0 && close(pair[1]) == 0);
    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    several_numbers(pair);
    other_names(pair);
    edges_of_connection(pair, 0);
    edges_of_connection(pair, 100);
    FACT(close(pair[0]) == 0 && close(pair[1]) == 0);
    refusals();
    crowds();
    levels();
    closed_while_ready();
    edges();
    loops();
    waits(0);
    waits(100);
}
