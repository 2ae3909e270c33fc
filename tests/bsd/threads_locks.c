/* SPDX-License-Identifier: MIT */
/* threads_locks.c - threads that wait for a lock of a file, for a message, and
 * for a timer that another sets. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"
#include "threads.h"

static char path[] = "/tmp/wasock-locks-XXXXXX";
static volatile int is_tried, is_free;

static void *take_lock(void *argument)
{
    const int fd = open(path, O_RDWR);

    FAILS(flock(fd, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    is_tried = 1;
    FACT(flock(fd, LOCK_EX) == 0 && is_free == 1);
    FACT(close(fd) == 0);
    return argument;
}

static void lock_facts(void)
{
    const int fd = mkstemp(path);

    FACT(flock(fd, LOCK_EX) == 0);
    const pthread_t waiting = start(take_lock, NULL);
    while (is_tried == 0) {
        usleep(1000);
    }
    is_free = 1;
    FACT(flock(fd, LOCK_UN) == 0);
    result_of(waiting);
    FACT(flock(fd, LOCK_EX | LOCK_NB) == 0); /* closed, and free */
    FACT(close(fd) == 0 && unlink(path) == 0);
}

static void *read_message(void *fd)
{
    char bytes[8];

    FACT(read(*(const int *)fd, bytes, sizeof(bytes)) == 3);
    return fd;
}

static void message_facts(void)
{
    int pair[2];

    FACT(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    const pthread_t waiting = start(read_message, &pair[0]);
    usleep(2000);
    FACT(send(pair[1], "abc", 3, 0) == 3 && send(pair[1], "de", 2, 0) == 2);
    result_of(waiting);
    FACT(close(pair[0]) == 0 && close(pair[1]) == 0);
}

static void *read_timer(void *fd)
{
    uint64_t n = 0;

    FACT(read(*(const int *)fd, &n, sizeof(n)) == 8 && n == 1);
    return fd;
}

static void timer_facts(void)
{
    const struct itimerspec soon = {.it_value = {.tv_nsec = 5000000}};
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    const pthread_t waiting = start(read_timer, &fd);

    usleep(2000);
    FACT(timerfd_settime(fd, 0, &soon, NULL) == 0);
    result_of(waiting);
    FACT(close(fd) == 0);
}

void lock_and_timer_facts(void)
{
    lock_facts();
    message_facts();
    timer_facts();
}
