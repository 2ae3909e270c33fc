/* SPDX-License-Identifier: MIT */
/* facts_kinds - what every kind of descriptor says of the same calls. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "facts.h"

enum kind {
    NULL_DEVICE,
    ZERO_DEVICE,
    FILE_KIND,
    READ_END,
    WRITE_END,
    LOCAL_STREAM,
    LOCAL_DATAGRAM,
    TCP,
    UDP,
    EVENTS,
    TIMER,
    EPOLL,
    N_KINDS
};

static const char *const names[N_KINDS] = {
    "null",          "zero",         "file",           "pipe",
    "pipe to write", "local stream", "local datagram", "tcp",
    "udp",           "eventfd",      "timerfd",        "epoll"};

/* Open one of a kind. other: the other end, or -1. */
static int open_kind(enum kind kind, int *other)
{
    char name[] = "/tmp/wasock-facts-XXXXXX";
    int ends[2] = {-1, -1};
    int fd = -1;

    *other = -1;
    switch (kind) {
    case NULL_DEVICE:
        return open("/dev/null", O_RDWR);
    case ZERO_DEVICE:
        return open("/dev/zero", O_RDWR);
    case FILE_KIND:
        fd = mkstemp(name);
        return unlink(name) == 0 ? fd : -1;
    case READ_END:
    case WRITE_END:
        fd = pipe(ends);
        *other = ends[kind == READ_END];
        return fd < 0 ? fd : ends[kind == WRITE_END];
    case LOCAL_STREAM:
    case LOCAL_DATAGRAM:
        fd = socketpair(
            AF_UNIX, kind == LOCAL_STREAM ? SOCK_STREAM : SOCK_DGRAM, 0, ends);
        *other = ends[1];
        return fd < 0 ? fd : ends[0];
    case TCP:
        return socket(AF_INET, SOCK_STREAM, 0);
    case UDP:
        return socket(AF_INET, SOCK_DGRAM, 0);
    case EVENTS:
        return eventfd(0, 0);
    case TIMER:
        return timerfd_create(CLOCK_MONOTONIC, 0);
    case EPOLL:
    default:
        return epoll_create1(0);
    }
}

static int is_socket(enum kind kind)
{
    return kind >= LOCAL_STREAM && kind <= UDP;
}

/* A fact of a kind, which is named if it does not hold. */
#define OF_KIND(c)                                                             \
    do {                                                                       \
        const int n_before = n_failed;                                         \
        FACT(c);                                                               \
        if (n_failed > n_before) {                                             \
            printf("    of kind: %s\n", names[kind]);                          \
        }                                                                      \
    } while (0)
#define KIND_FAILS(call, error)                                                \
    OF_KIND((errno = 0, (call) == -1 && errno == (error)))

/* Flags are a description's, FD_CLOEXEC a number's, and both stay. */
static void flags(enum kind kind, int fd)
{
    int is_on = 1;

    OF_KIND(fcntl(fd, F_GETFD) == 0);
    OF_KIND(fcntl(fd, F_SETFD, FD_CLOEXEC) == 0);
    OF_KIND(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    OF_KIND((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
    const int copy = dup(fd);
    OF_KIND(copy > fd && fcntl(copy, F_GETFD) == 0);
    OF_KIND(ioctl(fd, FIONBIO, &is_on) == 0);
    OF_KIND((fcntl(copy, F_GETFL) & O_NONBLOCK) != 0);
    is_on = 0;
    OF_KIND(ioctl(copy, FIONBIO, &is_on) == 0);
    OF_KIND((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
    OF_KIND(fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) | O_NONBLOCK) == 0);
    OF_KIND((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    OF_KIND(close(copy) == 0);
    KIND_FAILS(close(copy), EBADF);
    OF_KIND(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    OF_KIND(fcntl(fd, F_SETFD, 0) == 0 && fcntl(fd, F_GETFD) == 0);
}

/* What is for one kind only fails for the others. */
static void foreign_calls(enum kind kind, int fd)
{
    struct epoll_event event = {EPOLLIN, {0}};
    struct itimerspec timer;
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    int value = 0;
    struct stat status;

    OF_KIND(fstat(fd, &status) == 0);
    OF_KIND(S_ISSOCK(status.st_mode) == is_socket(kind));
    OF_KIND(S_ISFIFO(status.st_mode) ==
            (kind == READ_END || kind == WRITE_END));
    OF_KIND(S_ISREG(status.st_mode) == (kind == FILE_KIND));
    OF_KIND(S_ISCHR(status.st_mode) == (kind <= ZERO_DEVICE));
    OF_KIND(isatty(fd) == 0);
    KIND_FAILS(fchdir(fd), ENOTDIR);
    if (!is_socket(kind)) {
        KIND_FAILS(listen(fd, 1), ENOTSOCK);
        KIND_FAILS(accept(fd, NULL, NULL), ENOTSOCK);
        KIND_FAILS(shutdown(fd, SHUT_RD), ENOTSOCK);
        KIND_FAILS(send(fd, "x", 1, 0), ENOTSOCK);
        KIND_FAILS(recv(fd, &value, 1, 0), ENOTSOCK);
        KIND_FAILS(getsockname(fd, (struct sockaddr *)&address, &length),
                   ENOTSOCK);
        KIND_FAILS(getpeername(fd, (struct sockaddr *)&address, &length),
                   ENOTSOCK);
        length = sizeof(value);
        KIND_FAILS(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length),
                   ENOTSOCK);
        KIND_FAILS(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, length),
                   ENOTSOCK);
    } else {
        length = sizeof(value);
        OF_KIND(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length) == 0);
        OF_KIND(value == (kind == TCP || kind == LOCAL_STREAM ? SOCK_STREAM
                                                              : SOCK_DGRAM));
        OF_KIND(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length) == 0);
        OF_KIND(value == 0 && length == sizeof(value));
    }
    if (kind >= READ_END && kind <= UDP) {
        KIND_FAILS(lseek(fd, 0, SEEK_SET), ESPIPE);
        KIND_FAILS(pread(fd, &value, 1, 0), ESPIPE);
        KIND_FAILS(pwrite(fd, "x", 1, 0), ESPIPE);
    }
    if (kind != TIMER) {
        KIND_FAILS(timerfd_gettime(fd, &timer), EINVAL);
    }
    if (kind != EPOLL) {
        KIND_FAILS(epoll_wait(fd, &event, 1, 0), EINVAL);
    }
}

/* Reads and writes of kinds that keep no bytes, or only count. */
static void reads_of_none(enum kind kind, int fd, int other)
{
    unsigned char bytes[16];
    struct iovec parts[] = {{bytes, 1}, {bytes + 4, 2}};
    const uint64_t one = 1;

    memset(bytes, '#', sizeof(bytes));
    switch (kind) {
    case ZERO_DEVICE:
        OF_KIND(read(fd, bytes, 3) == 3 && memcmp(bytes, "\0\0\0#", 4) == 0);
        OF_KIND(write(fd, bytes, 16) == 16);
        break;
    case EVENTS:
        KIND_FAILS(read(fd, bytes, 7), EINVAL);
        KIND_FAILS(write(fd, bytes, 7), EINVAL);
        OF_KIND(write(fd, &one, 8) == 8 && write(fd, &one, 8) == 8);
        OF_KIND(read(fd, bytes, 16) == 8);
        OF_KIND(bytes[0] == 2 && bytes[7] == 0 && bytes[8] == '#');
        KIND_FAILS(read(fd, bytes, 8), EAGAIN);
        break;
    case TIMER:
        KIND_FAILS(read(fd, bytes, 7), EINVAL);
        KIND_FAILS(read(fd, bytes, 8), EAGAIN);
        KIND_FAILS(write(fd, bytes, 8), EINVAL);
        break;
    case EPOLL:
        KIND_FAILS(read(fd, bytes, 8), EINVAL);
        KIND_FAILS(write(fd, bytes, 8), EINVAL);
        break;
    case WRITE_END:
        KIND_FAILS(read(fd, bytes, 8), EBADF);
        OF_KIND(writev(fd, parts, 2) == 3);
        OF_KIND(read(other, bytes, 16) == 3);
        break;
    case NULL_DEVICE:
        OF_KIND(read(fd, bytes, 8) == 0 && bytes[0] == '#');
        OF_KIND(writev(fd, parts, 2) == 3);
        break;
    case FILE_KIND:
    case READ_END:
    case LOCAL_STREAM:
    case LOCAL_DATAGRAM:
    case TCP:
    case UDP:
    case N_KINDS:
    default:
        break;
    }
}

/* A read writes what it returns and no byte more; one of nothing is nothing. */
static void reads(enum kind kind, int fd, int other)
{
    unsigned char bytes[16];
    struct iovec parts[] = {{bytes, 1}, {bytes + 4, 2}};

    memset(bytes, '#', sizeof(bytes));
    switch (kind) {
    case READ_END:
    case LOCAL_STREAM:
        OF_KIND(write(other, "abcdefg", 7) == 7);
        OF_KIND(read(fd, bytes, 0) == 0 && bytes[0] == '#');
        OF_KIND(read(fd, bytes, 3) == 3 && memcmp(bytes, "abc#", 4) == 0);
        OF_KIND(readv(fd, parts, 2) == 3);
        OF_KIND(memcmp(bytes, "dbc#ef#", 7) == 0);
        OF_KIND(read(fd, bytes, 16) == 1 && memcmp(bytes, "gbc#", 4) == 0);
        break;
    case LOCAL_DATAGRAM:
        OF_KIND(write(other, "abcdefg", 7) == 7 && write(other, "h", 1) == 1);
        OF_KIND(read(fd, bytes, 3) == 3 && memcmp(bytes, "abc#", 4) == 0);
        OF_KIND(readv(fd, parts, 2) == 1 && memcmp(bytes, "hbc##", 5) == 0);
        break;
    case FILE_KIND:
        OF_KIND(write(fd, "abcdefg", 7) == 7 && lseek(fd, 0, SEEK_SET) == 0);
        OF_KIND(read(fd, bytes, 3) == 3 && memcmp(bytes, "abc#", 4) == 0);
        OF_KIND(readv(fd, parts, 2) == 3);
        OF_KIND(memcmp(bytes, "dbc#ef#", 7) == 0);
        OF_KIND(pread(fd, bytes, 2, 5) == 2 && memcmp(bytes, "fgc#", 4) == 0);
        OF_KIND(lseek(fd, 0, SEEK_CUR) == 6);
        OF_KIND(pwrite(fd, "XY", 2, 1) == 2 && lseek(fd, 0, SEEK_CUR) == 6);
        OF_KIND(lseek(fd, -6, SEEK_END) == 1);
        OF_KIND(read(fd, bytes, 3) == 3 && memcmp(bytes, "XYd#", 4) == 0);
        break;
    case NULL_DEVICE:
    case ZERO_DEVICE:
    case WRITE_END:
    case EVENTS:
    case TIMER:
    case EPOLL:
        reads_of_none(kind, fd, other);
        break;
    case TCP:
    case UDP:
    case N_KINDS:
    default:
        break;
    }
}

void kind_facts(void)
{
    for (enum kind kind = NULL_DEVICE; kind < N_KINDS; kind++) {
        int other = -1;
        const int fd = open_kind(kind, &other);
        /* Without a network there are no datagrams. */
        OF_KIND(fd > 2 || (kind == UDP && errno == EPROTONOSUPPORT));
        if (fd < 0) {
            continue;
        }
        flags(kind, fd);
        foreign_calls(kind, fd);
        reads(kind, fd, other);
        OF_KIND(close(fd) == 0);
        KIND_FAILS(close(fd), EBADF);
        KIND_FAILS(read(fd, NULL, 0), EBADF);
        OF_KIND(other < 0 || close(other) == 0);
    }
}
