/* SPDX-License-Identifier: MIT */
/*
 * bare - what is said to a program that was given a pipe as standard input, and
 * no directory. Writes a line for each part of the input that it has dealt
 * with, and waits for the next: "abcdef", nothing for a while, and the end.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include "facts.h"

int n_facts;
int n_failed;

static int polled(int timeout_ms)
{
    struct pollfd one = {0, POLLIN, 0};

    return poll(&one, 1, timeout_ms) == 1 && (one.revents & (POLLIN | POLLHUP));
}

static int watched(int epoll)
{
    struct epoll_event event;

    return epoll_wait(epoll, &event, 1, 0);
}

static void part_is_done(void)
{
    FACT(write(1, ".\n", 2) == 2);
}

/* What cannot be seen is not there. */
static void paths(void)
{
    static const char nowhere[] = "/nonexistent/file";
    struct stat status;
    char bytes[16];

    FAILS(open(nowhere, O_RDONLY), ENOENT);
    FAILS(open(nowhere, O_WRONLY | O_CREAT, 0644), ENOENT);
    FACT(fopen(nowhere, "r") == NULL && errno == ENOENT);
    FACT(opendir(nowhere) == NULL && errno == ENOENT);
    FAILS(stat(nowhere, &status), ENOENT);
    FAILS(lstat(nowhere, &status), ENOENT);
    FAILS(access(nowhere, R_OK), ENOENT);
    FAILS(mkdir(nowhere, 0755), ENOENT);
    FAILS(rmdir(nowhere), ENOENT);
    FAILS(unlink(nowhere), ENOENT);
    FAILS(remove(nowhere), ENOENT);
    FAILS(rename(nowhere, nowhere), ENOENT);
    FAILS(link(nowhere, nowhere), ENOENT);
    FAILS(symlink("x", nowhere), ENOENT);
    FAILS(readlink(nowhere, bytes, sizeof(bytes)), ENOENT);
    FAILS(truncate(nowhere, 0), ENOENT);
    FAILS(utimensat(AT_FDCWD, nowhere, NULL, 0), ENOENT);
    FAILS(chmod(nowhere, 0644), ENOENT);
    FAILS(chdir(nowhere), ENOENT);
    FACT(chdir("/") == 0); /* as daemons do */
}

int main(void)
{
    char bytes[16] = "";
    struct iovec buffers[2] = {{bytes, 2}, {bytes + 2, 8}};
    struct epoll_event event = {.events = EPOLLIN};
    const int epoll = epoll_create1(0);

    paths();
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event) == 0);
    part_is_done();
    FACT(polled(5000));
    FACT(read(0, bytes, 0) == 0);
    FACT(read(0, bytes, 2) == 2 && memcmp(bytes, "ab", 2) == 0);
    FACT(polled(0) && watched(epoll) == 1); /* of what is left */
    FACT(readv(0, buffers, 2) == 4 && memcmp(bytes, "cdef", 4) == 0);
    FACT(!polled(0) && watched(epoll) == 0);
    FACT(fcntl(0, F_SETFL, O_NONBLOCK) == 0);
    FAILS(read(0, bytes, 2), EAGAIN);
    part_is_done();
    FACT(polled(5000) && watched(epoll) == 1);
    FACT(read(0, bytes, 2) == 0 && read(0, bytes, 2) == 0);
    FACT(polled(0) && watched(epoll) == 1);
#ifdef __wasm__ /* natively somebody might read it */
    FACT(close(2) == 0 && open("/dev/null", O_WRONLY) == 2);
    openlog("bare", 0, LOG_USER);
    errno = ENOENT;
    syslog(LOG_INFO, "part %d: %m", 3);
#endif
    printf("%d facts, %d do not hold\n", n_facts, n_failed);
    return n_failed == 0 ? 0 : 1;
}
