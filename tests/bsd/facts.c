/* SPDX-License-Identifier: MIT */
/*
 * facts - what POSIX and Linux say of descriptors, sockets and waiting, in
 * small facts. The same program runs natively, against the system's libc, and
 * in the sandbox, against the BSD layer, where it talks to itself
 * (WASOCK_BSD_LOOPBACK=1). Prints each fact that does not hold, and a count.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"

int n_facts;
int n_failed;

static void numbers(void)
{
    const int first = open("/dev/null", O_RDWR);
    const int second = open("/dev/null", O_RDONLY);
    struct stat status;

    FACT(first > 2 && second == first + 1);
    FACT(close(first) == 0);
    FAILS(close(first), EBADF);
    FAILS(read(first, &status, 1), EBADF);
    FAILS(fcntl(first, F_GETFL), EBADF);
    FAILS(fstat(first, &status), EBADF);
    FACT(dup(second) == first); /* the lowest that is free */
    FACT(dup2(second, second) == second);
    FACT(dup2(second, first + 120) == first + 120);
    FAILS(dup2(first + 110, first), EBADF);
    FAILS(dup(-1), EBADF);
    FACT(fcntl(second, F_DUPFD, first + 100) == first + 100);
    FACT(fcntl(second, F_DUPFD_CLOEXEC, first + 100) == first + 101);
    FACT(fcntl(first + 101, F_GETFD) == FD_CLOEXEC);
    FACT(fcntl(first + 100, F_GETFD) == 0);
    FACT(fcntl(first + 100, F_SETFD, FD_CLOEXEC) == 0);
    FACT(fcntl(first + 100, F_GETFD) == FD_CLOEXEC);
    FACT(fcntl(second, F_GETFD) == 0); /* the flag is the number's */
    FACT((fcntl(second, F_GETFL) & O_ACCMODE) == O_RDONLY);
    FACT(fstat(second, &status) == 0 && S_ISCHR(status.st_mode));
    FACT(isatty(second) == 0);
    FACT(close(first + 120) == 0);
    FACT(close(first + 101) == 0);
    FACT(close(first + 100) == 0);
    FACT(close(first) == 0);
    FACT(close(second) == 0);
}

static void devices(void)
{
    char bytes[16] = "x";
    const int null = open("/dev/null", O_RDWR);

    FACT(write(null, "hello", 5) == 5);
    FACT(read(null, bytes, 16) == 0);
    FACT(lseek(null, 5, SEEK_SET) == 0 && lseek(null, 0, SEEK_END) == 0);
    FAILS(lseek(null, 0, 99), EINVAL);
    FACT(close(null) == 0);
    const int zero = open("/dev/zero", O_RDONLY);
    FACT(read(zero, bytes, 16) == 16 && bytes[0] == 0);
    FACT(close(zero) == 0);
    const int random = open("/dev/urandom", O_RDONLY);
    FACT(read(random, bytes, 16) == 16);
    FACT(close(random) == 0);
    FAILS(open("/nonexistent/file", O_RDONLY), ENOENT);
    FAILS(open("/dev/null", O_RDONLY | O_DIRECTORY), ENOTDIR);
    FAILS(open("/dev/null", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
}

static short polled(int fd, short events)
{
    struct pollfd one = {fd, events, 0};

    return poll(&one, 1, 0) < 0 ? -1 : one.revents;
}

static void pipes(void)
{
    static char big[70000];
    char bytes[16];
    int ends[2];
    struct stat status;

    FACT(pipe(ends) == 0);
    FACT(fstat(ends[0], &status) == 0 && S_ISFIFO(status.st_mode));
    FACT(!S_ISSOCK(status.st_mode) && !S_ISREG(status.st_mode));
    FACT(polled(ends[0], POLLIN) == 0);
    FACT(polled(ends[1], POLLOUT) == POLLOUT);
    FACT(write(ends[1], "hello", 5) == 5);
    FACT(polled(ends[0], POLLIN) == POLLIN);
    FACT(read(ends[0], bytes, 2) == 2 && memcmp(bytes, "he", 2) == 0);
    FACT(read(ends[0], bytes, 16) == 3 && memcmp(bytes, "llo", 3) == 0);
    FAILS(lseek(ends[0], 0, SEEK_SET), ESPIPE);
    FAILS(write(ends[0], "x", 1), EBADF);
    FAILS(read(ends[1], bytes, 1), EBADF);
    FACT(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    FACT(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
    FAILS(read(ends[0], bytes, 1), EAGAIN);
    FACT(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    const ssize_t n = write(ends[1], big, sizeof(big));
    FACT(n == 65536);
    FAILS(write(ends[1], big, 1), EAGAIN);
    FACT(polled(ends[1], POLLOUT) == 0);
    FACT(close(ends[1]) == 0);
    FACT(polled(ends[0], POLLIN) == (POLLIN | POLLHUP));
    FACT(read(ends[0], big, sizeof(big)) == 65536);
    FACT(polled(ends[0], POLLIN) == POLLHUP);
    FACT(read(ends[0], bytes, 1) == 0);
    FACT(close(ends[0]) == 0);
    FACT(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
    FACT(fcntl(ends[0], F_GETFD) == FD_CLOEXEC);
    FACT(close(ends[0]) == 0);
    FACT(polled(ends[1], POLLOUT) & POLLERR);
    FAILS(write(ends[1], "x", 1), EPIPE);
    FACT(close(ends[1]) == 0);
}

static void shared_state(void)
{
    char byte = 0;
    int ends[2];

    FACT(pipe(ends) == 0);
    const int copy = dup(ends[0]);
    FACT(fcntl(copy, F_SETFL, O_NONBLOCK) == 0);
    FACT(fcntl(ends[0], F_GETFL) & O_NONBLOCK); /* of what is open */
    FACT(close(ends[0]) == 0);
    FACT(write(ends[1], "x", 1) == 1);
    FACT(read(copy, &byte, 1) == 1 && byte == 'x');
    FACT(close(copy) == 0);
    FAILS(write(ends[1], "x", 1), EPIPE); /* the last has gone */
    FACT(close(ends[1]) == 0);
}

static void socket_pairs(void)
{
    char bytes[16];
    int s[2];
    struct stat status;

    FACT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) == 0);
    FACT(fstat(s[0], &status) == 0 && S_ISSOCK(status.st_mode));
    FAILS(read(s[0], bytes, 1), EAGAIN);
    FACT(send(s[0], "abc", 3, MSG_NOSIGNAL) == 3);
    FACT(write(s[1], "xyz", 3) == 3);
    FACT(recv(s[1], bytes, 16, MSG_PEEK) == 3);
    FACT(recv(s[1], bytes, 2, 0) == 2 && memcmp(bytes, "ab", 2) == 0);
    FACT(recv(s[1], bytes, 16, 0) == 1 && bytes[0] == 'c');
    FACT(read(s[0], bytes, 16) == 3);
    FACT(shutdown(s[0], SHUT_WR) == 0);
    FACT(read(s[1], bytes, 1) == 0);
    FAILS(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    FACT(send(s[1], "x", 1, MSG_NOSIGNAL) == 1);
    FACT(polled(s[0], POLLIN) == POLLIN);
    FACT(close(s[1]) == 0);
    FACT(read(s[0], bytes, 16) == 1);
    FACT(read(s[0], bytes, 16) == 0);
    FACT(close(s[0]) == 0);
}

/* A listener on loopback with a port of its own; its number. */
static int listen_on(struct sockaddr_in *address)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int one = 1;
    socklen_t length = sizeof(*address);

    memset(address, 0, sizeof(*address));
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FACT(fd >= 0);
    FACT(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
    FACT(bind(fd, (struct sockaddr *)address, sizeof(*address)) == 0);
    FACT(listen(fd, 8) == 0);
    FACT(getsockname(fd, (struct sockaddr *)address, &length) == 0);
    FACT(length == sizeof(*address) && address->sin_port != 0);
    return fd;
}

static void options(int listener)
{
    int value = -1;
    socklen_t length = sizeof(value);
    int ends[2];

    FACT(getsockopt(listener, SOL_SOCKET, SO_TYPE, &value, &length) == 0);
    FACT(value == SOCK_STREAM && length == sizeof(value));
    FACT(getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0);
    FACT(value == 1);
    FACT(getsockopt(listener, SOL_SOCKET, SO_ERROR, &value, &length) == 0);
    FACT(value == 0);
    value = 1;
    FACT(setsockopt(listener, SOL_SOCKET, SO_KEEPALIVE, &value,
                    sizeof(value)) == 0);
    FACT(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &value,
                    sizeof(value)) == 0);
    FAILS(setsockopt(listener, SOL_SOCKET, 9999, &value, sizeof(value)),
          ENOPROTOOPT);
    FACT(pipe(ends) == 0);
    FAILS(getsockopt(ends[0], SOL_SOCKET, SO_TYPE, &value, &length), ENOTSOCK);
    FAILS(listen(ends[0], 1), ENOTSOCK);
    FAILS(accept(ends[0], NULL, NULL), ENOTSOCK);
    FAILS(send(ends[1], "x", 1, 0), ENOTSOCK);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void bad_sockets(const struct sockaddr_in *taken)
{
    struct sockaddr_in address = *taken;
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    char byte = 0;

    FAILS(socket(9999, SOCK_STREAM, 0), EAFNOSUPPORT);
    FAILS(accept(-1, NULL, NULL), EBADF);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    FAILS(bind(fd, (struct sockaddr *)&address, sizeof(address)), EADDRINUSE);
    FAILS(bind(fd, (struct sockaddr *)&address, 3), EINVAL);
    FAILS(getpeername(fd, (struct sockaddr *)&peer, &length), ENOTCONN);
    FAILS(recv(fd, &byte, 1, 0), ENOTCONN);
    FAILS(shutdown(fd, SHUT_WR), ENOTCONN);
    FAILS(accept(fd, NULL, NULL), EINVAL);
    address.sin_port = htons(1); /* nobody */
    FAILS(connect(fd, (struct sockaddr *)&address, sizeof(address)),
          ECONNREFUSED);
    FACT(close(fd) == 0);
}

/* A connection with who accepted it. */
static void connect_to(int listener, const struct sockaddr_in *address,
                       int *client, int *server)
{
    struct sockaddr_in from;
    socklen_t length = sizeof(from);

    FAILS(accept(listener, NULL, NULL), EAGAIN);
    FACT(polled(listener, POLLIN) == 0);
    *client = socket(AF_INET, SOCK_STREAM, 0);
    FACT(connect(*client, (const struct sockaddr *)address, sizeof(*address)) ==
         0);
    FAILS(connect(*client, (const struct sockaddr *)address, sizeof(*address)),
          EISCONN);
    struct pollfd wait = {listener, POLLIN, 0};
    FACT(poll(&wait, 1, 5000) == 1 && wait.revents == POLLIN);
    *server =
        accept4(listener, (struct sockaddr *)&from, &length, SOCK_NONBLOCK);
    FACT(*server >= 0 && length == sizeof(from));
    FACT(from.sin_family == AF_INET);
    FACT(fcntl(*server, F_GETFL) & O_NONBLOCK);
    FACT((fcntl(*client, F_GETFL) & O_NONBLOCK) == 0);
    FACT(getsockname(*server, (struct sockaddr *)&from, &length) == 0);
    FACT(from.sin_port == address->sin_port);
    FACT(getpeername(*client, (struct sockaddr *)&from, &length) == 0);
    FACT(from.sin_port == address->sin_port);
}

/* It takes a moment, unless in the process. */
static void arrives(int fd)
{
    FACT(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 5000) == 1);
}

static void transfers(int client, int server)
{
    char bytes[16] = "";
    char first[2];
    char rest[14];
    struct iovec out[2] = {{bytes, 3}, {bytes + 3, 4}};
    struct iovec in[2] = {{first, 2}, {rest, 14}};
    struct msghdr message = {.msg_iov = in, .msg_iovlen = 2};

    FAILS(recv(server, bytes, 1, 0), EAGAIN);
    FAILS(recv(client, bytes, 1, MSG_DONTWAIT), EAGAIN);
    FACT(send(client, "hello", 5, 0) == 5);
    arrives(server);
    FACT(polled(server, POLLIN | POLLOUT) == (POLLIN | POLLOUT));
    FACT(recv(server, bytes, 16, MSG_PEEK) == 5);
    FACT(recv(server, bytes, 3, MSG_PEEK) == 3);
    FACT(recv(server, bytes, 16, 0) == 5 && memcmp(bytes, "hello", 5) == 0);
    memcpy(bytes, "1234567", 7);
    FACT(writev(client, out, 2) == 7);
    arrives(server);
    FACT(recvmsg(server, &message, 0) == 7 && memcmp(rest, "34567", 5) == 0);
    message.msg_iov = out;
    FACT(sendmsg(server, &message, MSG_NOSIGNAL) == 7);
    FACT(recv(client, rest, 4, MSG_WAITALL) == 4);
    FACT(memcmp(rest, "1234", 4) == 0);
    FACT(readv(client, in, 2) == 3 && first[0] == '5' && rest[0] == '7');
    FACT(send(client, "", 0, 0) == 0);
    FACT(dprintf(client, "%d-%s", 42, "x") == 4);
    arrives(server);
    FACT(recvfrom(server, bytes, 16, 0, NULL, NULL) == 4);
    FACT(memcmp(bytes, "42-x", 4) == 0);
    FAILS(lseek(client, 0, SEEK_CUR), ESPIPE);
}

static void timeouts(int client)
{
    struct timeval limit = {0, 50000};
    struct timespec before;
    struct timespec after;
    char byte = 0;

    FACT(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ==
         0);
    clock_gettime(CLOCK_MONOTONIC, &before);
    FAILS(recv(client, &byte, 1, 0), EAGAIN);
    clock_gettime(CLOCK_MONOTONIC, &after);
    FACT((after.tv_sec - before.tv_sec) * 1000 +
             (after.tv_nsec - before.tv_nsec) / 1000000 >=
         45);
    FACT(poll(NULL, 0, 10) == 0);
    limit.tv_usec = 0;
    FACT(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ==
         0);
}

static void endings(int client, int server)
{
    char byte = 0;

    FACT(send(client, "z", 1, 0) == 1);
    FACT(shutdown(client, SHUT_WR) == 0);
    FAILS(send(client, "x", 1, MSG_NOSIGNAL), EPIPE);
    FACT(recv(server, &byte, 1, 0) == 1 && byte == 'z');
    FACT(recv(server, &byte, 1, 0) == 0);
    FACT(polled(server, POLLIN) & POLLIN);
    FACT(send(server, "y", 1, 0) == 1);
    FACT(recv(client, &byte, 1, 0) == 1 && byte == 'y');
    FACT(close(server) == 0);
    FACT(recv(client, &byte, 1, 0) == 0);
    FACT(close(client) == 0);
    FAILS(send(client, "x", 1, 0), EBADF);
}

/* One is ready of many: exactly that one is told, by each way to wait. */
static void one_of_many(void)
{
    enum { N = 50 };
    struct pollfd polls[N + 2];
    int ends[N][2];
    fd_set set;
    int highest = 0;
    struct timeval now = {0, 0};

    FD_ZERO(&set);
    for (int i = 0; i < N; i++) {
        FACT(pipe(ends[i]) == 0);
        polls[i].fd = ends[i][0];
        polls[i].events = POLLIN;
        FD_SET(ends[i][0], &set);
        highest = ends[i][0] > highest ? ends[i][0] : highest;
    }
    polls[N].fd = -1; /* is passed over */
    polls[N].events = POLLIN;
    polls[N].revents = POLLIN;
    polls[N + 1].fd = 9999; /* is not open */
    polls[N + 1].events = POLLIN;
    FACT(write(ends[33][1], "x", 1) == 1);
    FACT(poll(polls, N + 1, -1) == 1);
    FACT(polls[N].revents == 0);
    for (int i = 0; i < N; i++) {
        FACT(polls[i].revents == (i == 33 ? POLLIN : 0));
    }
    FACT(poll(polls, N + 2, -1) == 2 && polls[N + 1].revents == POLLNVAL);
    FACT(select(highest + 1, &set, NULL, NULL, NULL) == 1);
    FACT(FD_ISSET(ends[33][0], &set) && !FD_ISSET(ends[32][0], &set));
    char byte = 0;
    FACT(read(ends[33][0], &byte, 1) == 1);
    FD_ZERO(&set);
    FD_SET(ends[33][0], &set);
    FACT(select(highest + 1, &set, NULL, NULL, &now) == 0);
    FACT(!FD_ISSET(ends[33][0], &set));
    FD_SET(ends[33][1], &set);
    FACT(select(ends[33][1] + 1, NULL, &set, NULL, NULL) == 1);
    for (int i = 0; i < N; i++) {
        FACT(close(ends[i][0]) == 0 && close(ends[i][1]) == 0);
    }
    FD_ZERO(&set);
    FD_SET(ends[1][0], &set);
    FAILS(select(ends[1][0] + 1, &set, NULL, NULL, &now), EBADF);
    FAILS(select(-1, &set, NULL, NULL, &now), EINVAL);
}

static int waited(int epoll, struct epoll_event *events, int capacity)
{
    return epoll_wait(epoll, events, capacity, 0);
}

static void epolls(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x123456789};
    struct epoll_event events[8];
    char bytes[8];
    int ends[2];
    const int epoll = epoll_create1(EPOLL_CLOEXEC);

    FACT(epoll >= 0 && fcntl(epoll, F_GETFD) == FD_CLOEXEC);
    FAILS(epoll_create(0), EINVAL);
    FACT(pipe2(ends, O_NONBLOCK) == 0);
    FAILS(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event), ENOENT);
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
    FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), EEXIST);
    FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, 9999, &event), EBADF);
    FAILS(epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[1], &event), EINVAL);
    FAILS(epoll_wait(epoll, events, 0, 0), EINVAL);
    FAILS(epoll_wait(ends[0], events, 1, 0), EINVAL);
    FACT(waited(epoll, events, 8) == 0);
    FACT(write(ends[1], "ab", 2) == 2);
    FACT(waited(epoll, events, 8) == 1);
    FACT(events[0].events == EPOLLIN);
    FACT(events[0].data.u64 == 0x123456789);
    FACT(waited(epoll, events, 8) == 1); /* as long as it is ready */
    FACT(polled(epoll, POLLIN) == POLLIN);
    event.events = EPOLLIN | EPOLLET;
    FACT(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event) == 0);
    FACT(waited(epoll, events, 8) == 1);
    FACT(waited(epoll, events, 8) == 0); /* once a change */
    FACT(write(ends[1], "c", 1) == 1);
    FACT(waited(epoll, events, 8) == 1);
    event.events = EPOLLIN | EPOLLONESHOT;
    FACT(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event) == 0);
    FACT(waited(epoll, events, 8) == 1);
    FACT(waited(epoll, events, 8) == 0); /* until it is armed again */
    FACT(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event) == 0);
    FACT(waited(epoll, events, 8) == 1);
    FACT(read(ends[0], bytes, 8) == 3);
    event.events = EPOLLIN;
    FACT(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event) == 0);
    FACT(close(ends[1]) == 0);
    FACT(waited(epoll, events, 8) == 1 && (events[0].events & EPOLLHUP));
    FACT(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], NULL) == 0);
    FAILS(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], NULL), ENOENT);
    FACT(waited(epoll, events, 8) == 0);
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
    FACT(close(ends[0]) == 0); /* which ends its registration */
    FACT(waited(epoll, events, 8) == 0);
    FACT(close(epoll) == 0);
    FAILS(epoll_wait(epoll, events, 8, 0), EBADF);
}

static void counters(void)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    struct epoll_event events[2];
    uint64_t value = 0;
    uint32_t half = 0;
    const int epoll = epoll_create1(0);
    int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);

    FACT(fd >= 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK));
    FACT(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    FACT(polled(fd, POLLIN | POLLOUT) == (POLLIN | POLLOUT));
    FAILS(read(fd, &half, sizeof(half)), EINVAL);
    FACT(read(fd, &value, sizeof(value)) == 8 && value == 3);
    FACT(polled(fd, POLLIN | POLLOUT) == POLLOUT);
    FAILS(read(fd, &value, sizeof(value)), EAGAIN);
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
    FACT(waited(epoll, events, 2) == 0);
    value = 5;
    FACT(write(fd, &value, sizeof(value)) == 8);
    FACT(waited(epoll, events, 2) == 1 && events[0].events == EPOLLIN);
    FACT(waited(epoll, events, 2) == 0);
    FACT(eventfd_write(fd, 2) == 0 && eventfd_read(fd, &value) == 0);
    FACT(value == 7);
    FACT(eventfd_write(fd, UINT64_MAX - 1) == 0);
    FACT(polled(fd, POLLIN | POLLOUT) == POLLIN);
    FAILS(eventfd_write(fd, 1), EAGAIN);
    FAILS(eventfd_write(fd, UINT64_MAX), EINVAL);
    FACT(close(fd) == 0 && close(epoll) == 0);
    fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    FACT(eventfd_read(fd, &value) == 0 && value == 1);
    FACT(eventfd_read(fd, &value) == 0 && value == 1);
    FAILS(eventfd_read(fd, &value), EAGAIN);
    FAILS(eventfd(0, 0x100), EINVAL);
    FACT(close(fd) == 0);
}

static void streams(void)
{
    char line[32] = "";
    int ends[2];

    FACT(pipe(ends) == 0);
    FILE *out = fdopen(ends[1], "w");
    FILE *in = fdopen(ends[0], "r");
    FACT(out != NULL && in != NULL);
    FACT(fileno(out) == ends[1] && fileno(in) == ends[0]);
    FACT(fprintf(out, "line %d\n", 7) == 7 && fflush(out) == 0);
    FACT(fgets(line, sizeof(line), in) != NULL &&
         strcmp(line, "line 7\n") == 0);
    FACT(fclose(out) == 0);
    FACT(fgets(line, sizeof(line), in) == NULL && feof(in));
    FACT(fclose(in) == 0);
    FAILS(close(ends[0]), EBADF);
    FACT(fileno(stdin) == 0 && fileno(stdout) == 1 && fileno(stderr) == 2);
}

static void names(void)
{
    const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST,
                                     .ai_socktype = SOCK_STREAM};
    const struct addrinfo named = {.ai_flags = AI_CANONNAME};
    const struct addrinfo unknown = {.ai_flags = 0x40000000};
    struct addrinfo *info = NULL;
    struct in_addr address;
    char host[64];
    char service[16];

    FACT(getaddrinfo("192.0.2.7", "80", &numeric, &info) == 0);
    const struct sockaddr_in *ipv4 =
        (const struct sockaddr_in *)(void *)info->ai_addr;
    FACT(info->ai_family == AF_INET && ipv4->sin_port == htons(80));
    FACT(info->ai_protocol == IPPROTO_TCP);
    FACT(ntohl(ipv4->sin_addr.s_addr) == 0xC0000207);
    FACT(getnameinfo(info->ai_addr, info->ai_addrlen, host, sizeof(host),
                     service, sizeof(service),
                     NI_NUMERICHOST | NI_NUMERICSERV) == 0);
    FACT(strcmp(host, "192.0.2.7") == 0 && strcmp(service, "80") == 0);
    freeaddrinfo(info);
    FACT(getaddrinfo("::1", "8080", &numeric, &info) == 0);
    FACT(info->ai_family == AF_INET6);
    freeaddrinfo(info);
    FACT(getaddrinfo("no number", "80", &numeric, &info) == EAI_NONAME);
    FACT(getaddrinfo("127.1", "80", &numeric, &info) == 0); /* as inet_addr */
    ipv4 = (struct sockaddr_in *)(void *)info->ai_addr;
    FACT(ipv4->sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    freeaddrinfo(info);
    FACT(getaddrinfo("127.1 ", "80", &numeric, &info) == EAI_NONAME);
    FACT(getaddrinfo(NULL, "80", &named, &info) == EAI_BADFLAGS);
    FACT(getaddrinfo("127.0.0.1", "80", &unknown, &info) == EAI_BADFLAGS);
    FACT(inet_aton("10.1.2.3", &address) == 1);
    FACT(strcmp(inet_ntoa(address), "10.1.2.3") == 0);
    FACT(inet_addr("255.255.255.255") == INADDR_NONE);
    FACT(inet_addr("1.2.3.4") == htonl(0x01020304));
    FACT(inet_addr("127.1") == htonl(0x7f000001));
    FACT(inet_addr("0x7f.010.65535 ") == htonl(0x7f08ffff));
    FACT(inet_aton("1.2.65536", &address) == 0);
    FACT(inet_aton("256.1", &address) == 0 && inet_aton("", &address) == 0);
    FACT(inet_aton("1.2.3.4.5", &address) == 0);
    FACT(inet_aton("1..2", &address) == 0 && inet_aton(" 1", &address) == 0);
    FACT(inet_aton("1.2.3.4x", &address) == 0);
    FACT(getprotobyname("tcp")->p_proto == IPPROTO_TCP);
}

static void clocks(void)
{
    struct timeval now = {0, 0};
    struct timezone zone = {12345, 0};

    FACT(gettimeofday(&now, NULL) == 0 && now.tv_sec > 1600000000);
    FACT(now.tv_usec >= 0 && now.tv_usec < 1000000);
    FACT(gettimeofday(&now, &zone) == 0 && zone.tz_minuteswest != 12345);
    tzset();
    FACT(tzname[0] != NULL && tzname[0][0] != '\0');
    FACT(timezone % 60 == 0 && (daylight == 0 || daylight == 1));
}

static void no_async(void)
{
    int ends[2];
    int off = 0;
    Dl_info info;

    FACT(pipe(ends) == 0);
    FACT(ioctl(ends[0], FIOASYNC, &off) == 0);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
    FACT(dladdr(ends, &info) == 0); /* no function: on a stack */
}

static volatile int n_signals;

static void on_signal(int number)
{
    n_signals += number == SIGUSR1;
}

static void signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction old;
    sigset_t set;
    sigset_t none;
    int number = 0;

    sigemptyset(&action.sa_mask);
    FACT(sigaction(SIGUSR1, &action, NULL) == 0);
    FACT(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == on_signal);
    FACT(kill(getpid(), SIGUSR1) == 0 && n_signals == 1);
    FACT(raise(SIGUSR1) == 0 && n_signals == 2);
    sigemptyset(&set);
    FACT(sigaddset(&set, SIGUSR1) == 0 && sigismember(&set, SIGUSR1) == 1);
    FACT(sigismember(&set, SIGUSR2) == 0);
    FACT(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    FACT(kill(getpid(), SIGUSR1) == 0 && n_signals == 2);
    FACT(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && n_signals == 3);
    FACT(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    FACT(kill(getpid(), SIGUSR1) == 0);
    sigemptyset(&none);
    FAILS(sigsuspend(&none), EINTR); /* what waited came */
    FACT(n_signals == 4);
    FACT(kill(getpid(), SIGUSR1) == 0 && n_signals == 4); /* blocked again */
    FACT(sigwait(&set, &number) == 0 && number == SIGUSR1);
    FACT(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && n_signals == 4);
    FACT(pthread_kill(pthread_self(), SIGUSR1) == 0 && n_signals == 5);
    action.sa_flags = SA_ONSTACK | SA_RESTART;
    FACT(sigaction(SIGUSR1, &action, NULL) == 0);
    FAILS(sigaction(SIGKILL, &action, NULL), EINVAL);
    FACT(kill(getpid(), 0) == 0);
}

static void system_facts(void)
{
    struct rlimit limit;
    struct rusage usage;
    char name[256];
    const int null = open("/dev/null", O_RDWR);

    FACT(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 256);
    FACT(sysconf(_SC_OPEN_MAX) >= 256);
    FACT(gethostname(name, sizeof(name)) == 0 && name[0] != '\0');
    FAILS(waitpid(-1, NULL, WNOHANG), ECHILD);
    FACT(getpwnam("nobody of this name") == NULL);
    FACT(getppid() >= 0 && getpid() > 0);
    FACT(getpgid(0) == getpgrp());
    FAILS(tcgetpgrp(null), ENOTTY);
    FACT(ttyname(null) == NULL && errno == ENOTTY);
    FACT(close(null) == 0);
    FACT(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_nswap == 0);
    FAILS(getrusage(99, &usage), EINVAL);
    FACT(getpagesize() >= 4096 && getdtablesize() >= 256);
    errno = 0;
    const int priority = getpriority(PRIO_PROCESS, 0); /* of who runs this */
    FACT(errno == 0 && setpriority(PRIO_PROCESS, 0, priority) == 0);
    FACT(nice(0) == priority);
    FAILS(getpriority(99, 0), EINVAL);
    FACT(ESOCKTNOSUPPORT != EPROTONOSUPPORT && ESHUTDOWN != EPIPE);
    FACT(AF_MAX > AF_INET6 && PF_MAX == AF_MAX);
#ifdef _POSIX_SOURCE
    FACT(_POSIX_C_SOURCE >= 200809L && _XOPEN_SOURCE >= 600);
#else
    FACT(!"_GNU_SOURCE implies _POSIX_SOURCE");
#endif
}

static void entropy(void)
{
    unsigned char random[600] = {0};
    int n_zeros = 0;

    FACT(getrandom(random, sizeof(random), 0) == 600);
    for (size_t i = 0; i < sizeof(random); i++) {
        n_zeros += random[i] == 0;
    }
    FACT(n_zeros < 60);
    FAILS(getrandom(random, 1, 0x100), EINVAL);
}

/* What only root or the host may do, and what nothing comes of. */
static void refusals(void)
{
#ifdef __wasm__ /* natively it depends on who runs this */
    const struct timespec time = {0, 0};
    const struct timeval now = {0, 0};

    FAILS(clock_settime(CLOCK_REALTIME, &time), EPERM);
    FAILS(settimeofday(&now, NULL), EPERM);
    FAILS(mknod("/tmp/facts.node", S_IFCHR | 0600, 0), EPERM);
    FAILS(fchownat(AT_FDCWD, "/tmp", 0, 0, 0), EPERM);
#endif
    FACT(pthread_setname_np(pthread_self(), "facts") == 0);
    FACT(posix_madvise(NULL, 0, POSIX_MADV_NORMAL) == 0);
    FACT(gethostbyname2("127.0.0.1", AF_INET) != NULL);
    endhostent();
    endservent();
    sync();
}

static void users(void)
{
    char text[4096];
    struct passwd user;
    struct passwd *found = &user;
    gid_t groups[64];
    int n_groups = 64;

    FACT(getpwnam_r("nobody of this name", &user, text, sizeof(text), &found) ==
         0);
    FACT(found == NULL);
    FACT(getgrouplist("nobody of this name", 7, groups, &n_groups) == 1);
    FACT(n_groups == 1 && groups[0] == 7);
    flockfile(stdout);
    FACT(ftrylockfile(stdout) == 0);
    funlockfile(stdout);
    funlockfile(stdout);
}

/* Files and paths; the folder has to be one that can be written to. */
static void files(void)
{
    char folder[] = "/tmp/wasock-facts-XXXXXX";
    char path[PATH_MAX];
    char link[PATH_MAX];
    char resolved[PATH_MAX];
    struct stat status;

    FACT(mkdtemp(folder) == folder);
    FACT(stat(folder, &status) == 0 && S_ISDIR(status.st_mode));
    FACT((status.st_mode & S_IRWXU) == S_IRWXU && status.st_uid == getuid());
    snprintf(path, sizeof(path), "%s/file", folder);
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0644);
    FACT(fd >= 0 && write(fd, "text", 4) == 4);
    FACT(fstat(fd, &status) == 0 && S_ISREG(status.st_mode));
    FACT((status.st_mode & 07777) == 0644 && status.st_size == 4);
    FACT(status.st_uid == getuid() && status.st_gid == getgid());
    FACT(close(fd) == 0);
    FACT(lstat(path, &status) == 0 && (status.st_mode & 07777) == 0644);
    FACT(DT_SOCK != DT_FIFO && DT_REG != DT_SOCK && DT_WHT != DT_DIR);
    FACT(fstatat(AT_FDCWD, path, &status, 0) == 0 &&
         (status.st_mode & 07777) == 0644);
    snprintf(link, sizeof(link), "%s/link", folder);
    FACT(symlink("file", link) == 0);
    FACT(realpath(link, resolved) == resolved && strcmp(resolved, path) == 0);
    snprintf(link, sizeof(link), "%s/.//../%s/./file", folder,
             strrchr(folder, '/'));
    FACT(realpath(link, resolved) == resolved && strcmp(resolved, path) == 0);
    char *own = realpath(path, NULL);
    FACT(own != NULL && strcmp(own, path) == 0);
    free(own);
    FACT(realpath("/", resolved) != NULL && strcmp(resolved, "/") == 0);
    snprintf(link, sizeof(link), "%s/nobody/..", folder);
    FACT(realpath(link, resolved) == NULL && errno == ENOENT);
    snprintf(link, sizeof(link), "%s/file/..", folder);
    FACT(realpath(link, resolved) == NULL && errno == ENOTDIR);
    FACT(realpath("", resolved) == NULL && errno == ENOENT);
    snprintf(link, sizeof(link), "%s/link", folder);
    FACT(unlink(link) == 0);
    FACT(symlink("link", link) == 0);
    FACT(realpath(link, resolved) == NULL && errno == ELOOP);
    FACT(unlink(link) == 0);
    FACT(unlink(path) == 0 && rmdir(folder) == 0);
    memcpy(folder, "short", 6);
    FACT(mkdtemp(folder) == NULL && errno == EINVAL);
}

/* An element of each of the lists of sys/queue.h. */
struct item {
    int number;
    SLIST_ENTRY(item) slist;
    LIST_ENTRY(item) list;
    STAILQ_ENTRY(item) stailq;
    SIMPLEQ_ENTRY(item) simpleq;
    TAILQ_ENTRY(item) tailq;
};
SLIST_HEAD(slist, item);
LIST_HEAD(list, item);
STAILQ_HEAD(stailq, item);
SIMPLEQ_HEAD(simpleq, item);
TAILQ_HEAD(tailq, item);

/* The numbers of a list as digits; EACH is its FOREACH. */
#define DIGITS(EACH, head, field)                                              \
    do {                                                                       \
        int n = 0;                                                             \
        struct item *item = NULL;                                              \
        EACH(item, head, field)                                                \
        {                                                                      \
            digits[n++] = (char)('0' + item->number);                          \
        }                                                                      \
        digits[n] = '\0';                                                      \
    } while (0)

static void chains(struct item items[5])
{
    char digits[8];
    struct slist slist = SLIST_HEAD_INITIALIZER(slist);
    struct list list = LIST_HEAD_INITIALIZER(list);

    FACT(SLIST_EMPTY(&slist) && SLIST_FIRST(&slist) == NULL);
    SLIST_INSERT_HEAD(&slist, &items[1], slist);
    SLIST_INSERT_HEAD(&slist, &items[0], slist);
    SLIST_INSERT_AFTER(&items[1], &items[2], slist);
    DIGITS(SLIST_FOREACH, &slist, slist);
    FACT(strcmp(digits, "012") == 0);
    SLIST_REMOVE(&slist, &items[2], item, slist);
    SLIST_REMOVE_HEAD(&slist, slist);
    DIGITS(SLIST_FOREACH, &slist, slist);
    FACT(strcmp(digits, "1") == 0);

    LIST_INIT(&list);
    LIST_INSERT_HEAD(&list, &items[2], list);
    LIST_INSERT_BEFORE(&items[2], &items[0], list);
    LIST_INSERT_AFTER(&items[0], &items[1], list);
    LIST_INSERT_AFTER(&items[2], &items[3], list);
    DIGITS(LIST_FOREACH, &list, list);
    FACT(strcmp(digits, "0123") == 0);
    LIST_REMOVE(&items[0], list);
    LIST_REMOVE(&items[2], list);
    DIGITS(LIST_FOREACH, &list, list);
    FACT(strcmp(digits, "13") == 0);
    LIST_REMOVE(&items[3], list);
    LIST_REMOVE(&items[1], list);
    FACT(LIST_EMPTY(&list));
}

static void queues_of_one_direction(struct item items[5])
{
    char digits[8];
    struct stailq stailq = STAILQ_HEAD_INITIALIZER(stailq);
    struct stailq other = STAILQ_HEAD_INITIALIZER(other);
    struct simpleq simpleq = SIMPLEQ_HEAD_INITIALIZER(simpleq);

    STAILQ_INSERT_TAIL(&stailq, &items[1], stailq);
    STAILQ_INSERT_HEAD(&stailq, &items[0], stailq);
    STAILQ_INSERT_AFTER(&stailq, &items[1], &items[2], stailq);
    STAILQ_INSERT_TAIL(&other, &items[3], stailq);
    STAILQ_CONCAT(&stailq, &other);
    FACT(STAILQ_EMPTY(&other));
    STAILQ_INSERT_TAIL(&stailq, &items[4], stailq);
    DIGITS(STAILQ_FOREACH, &stailq, stailq);
    FACT(strcmp(digits, "01234") == 0);
    STAILQ_REMOVE(&stailq, &items[4], item, stailq);
    STAILQ_REMOVE(&stailq, &items[1], item, stailq);
    STAILQ_REMOVE_HEAD(&stailq, stailq);
    STAILQ_INSERT_TAIL(&stailq, &items[0], stailq);
    DIGITS(STAILQ_FOREACH, &stailq, stailq);
    FACT(strcmp(digits, "230") == 0);

    SIMPLEQ_INSERT_TAIL(&simpleq, &items[1], simpleq);
    SIMPLEQ_INSERT_HEAD(&simpleq, &items[0], simpleq);
    SIMPLEQ_INSERT_AFTER(&simpleq, &items[1], &items[2], simpleq);
    SIMPLEQ_INSERT_TAIL(&simpleq, &items[3], simpleq);
    SIMPLEQ_REMOVE_HEAD(&simpleq, simpleq);
    DIGITS(SIMPLEQ_FOREACH, &simpleq, simpleq);
    FACT(strcmp(digits, "123") == 0);
}

static void queues_of_both_directions(struct item items[5])
{
    char digits[8];
    struct tailq tailq = TAILQ_HEAD_INITIALIZER(tailq);
    struct tailq other = TAILQ_HEAD_INITIALIZER(other);
    struct item *item = NULL;
    int sum = 0;

    FACT(TAILQ_EMPTY(&tailq) && TAILQ_LAST(&tailq, tailq) == NULL);
    TAILQ_INSERT_TAIL(&tailq, &items[2], tailq);
    TAILQ_INSERT_HEAD(&tailq, &items[0], tailq);
    TAILQ_INSERT_BEFORE(&items[2], &items[1], tailq);
    TAILQ_INSERT_AFTER(&tailq, &items[2], &items[3], tailq);
    TAILQ_INSERT_TAIL(&other, &items[4], tailq);
    TAILQ_CONCAT(&tailq, &other, tailq);
    DIGITS(TAILQ_FOREACH, &tailq, tailq);
    FACT(strcmp(digits, "01234") == 0 && TAILQ_EMPTY(&other));
    FACT(TAILQ_LAST(&tailq, tailq) == &items[4]);
    FACT(TAILQ_PREV(&items[4], tailq, tailq) == &items[3]);
    FACT(TAILQ_PREV(&items[0], tailq, tailq) == NULL);
    TAILQ_FOREACH_REVERSE(item, &tailq, tailq, tailq)
    {
        sum = sum * 10 + item->number;
    }
    FACT(sum == 43210);
    TAILQ_REMOVE(&tailq, &items[4], tailq);
    TAILQ_REMOVE(&tailq, &items[0], tailq);
    TAILQ_REMOVE(&tailq, &items[2], tailq);
    DIGITS(TAILQ_FOREACH, &tailq, tailq);
    FACT(strcmp(digits, "13") == 0);
    FACT(TAILQ_LAST(&tailq, tailq) == &items[3]);
}

#ifdef TAILQ_FOREACH_SAFE /* which glibc has not */
static void safe_loops(struct item items[5])
{
    struct tailq tailq = TAILQ_HEAD_INITIALIZER(tailq);
    struct list list = LIST_HEAD_INITIALIZER(list);
    struct item *item = NULL;
    struct item *after = NULL;

    for (int i = 0; i < 5; i++) {
        TAILQ_INSERT_TAIL(&tailq, &items[i], tailq);
        LIST_INSERT_HEAD(&list, &items[i], list);
    }
    TAILQ_FOREACH_SAFE(item, &tailq, tailq, after)
    {
        TAILQ_REMOVE(&tailq, item, tailq);
        memset(&item->tailq, 0xff, sizeof(item->tailq));
    }
    LIST_FOREACH_SAFE(item, &list, list, after)
    {
        LIST_REMOVE(item, list);
        memset(&item->list, 0xff, sizeof(item->list));
    }
    FACT(TAILQ_EMPTY(&tailq) && LIST_EMPTY(&list));
}
#endif

static void lists(void)
{
    struct item items[5];

    memset(items, 0, sizeof(items));
    for (int i = 0; i < 5; i++) {
        items[i].number = i;
    }
    chains(items);
    queues_of_one_direction(items);
    queues_of_both_directions(items);
#ifdef TAILQ_FOREACH_SAFE
    safe_loops(items);
#endif
}

static int n_initialised;

static void initialise(void)
{
    n_initialised++;
}

static void thread_facts(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutexattr_t attributes;
    pthread_key_t key;
    jmp_buf place;

    FACT(pthread_mutex_lock(&mutex) == 0);
    FACT(pthread_mutex_trylock(&mutex) == EBUSY);
    FACT(pthread_mutex_unlock(&mutex) == 0);
    FACT(pthread_mutex_destroy(&mutex) == 0);
    FACT(pthread_mutexattr_init(&attributes) == 0);
    FACT(pthread_mutexattr_settype(&attributes, 99) == EINVAL);
    FACT(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE) == 0);
    FACT(pthread_mutex_init(&mutex, &attributes) == 0);
    FACT(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_lock(&mutex) == 0);
    FACT(pthread_mutex_unlock(&mutex) == 0 &&
         pthread_mutex_unlock(&mutex) == 0);
    FACT(pthread_mutex_unlock(&mutex) == EPERM);
    FACT(pthread_once(&once, initialise) == 0);
    FACT(pthread_once(&once, initialise) == 0 && n_initialised == 1);
    FACT(pthread_key_create(&key, NULL) == 0);
    FACT(pthread_getspecific(key) == NULL);
    FACT(pthread_setspecific(key, &key) == 0);
    FACT(pthread_getspecific(key) == &key);
    FACT(pthread_key_delete(key) == 0);
    FACT(pthread_equal(pthread_self(), pthread_self()) != 0);
    FACT(setjmp(place) == 0);
}

static int n_cleaned;

static void clean_up(void *by)
{
    n_cleaned += *(int *)by;
}

static void locks(void)
{
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    pthread_spinlock_t spin;
    pthread_barrier_t barrier;
    sem_t semaphore;
    int value = -1;

    FACT(pthread_rwlock_rdlock(&lock) == 0);
    FACT(pthread_rwlock_tryrdlock(&lock) == 0);
    FACT(pthread_rwlock_trywrlock(&lock) == EBUSY);
    FACT(pthread_rwlock_unlock(&lock) == 0);
    FACT(pthread_rwlock_unlock(&lock) == 0);
    FACT(pthread_rwlock_wrlock(&lock) == 0);
    FACT(pthread_rwlock_tryrdlock(&lock) == EBUSY);
    FACT(pthread_rwlock_rdlock(&lock) == EDEADLK);
    FACT(pthread_rwlock_wrlock(&lock) == EDEADLK);
    FACT(pthread_rwlock_unlock(&lock) == 0);
    FACT(pthread_rwlock_destroy(&lock) == 0);
    FACT(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    FACT(pthread_spin_lock(&spin) == 0);
    FACT(pthread_spin_trylock(&spin) == EBUSY);
    FACT(pthread_spin_unlock(&spin) == 0 && pthread_spin_destroy(&spin) == 0);
    FACT(pthread_barrier_init(&barrier, NULL, 0) == EINVAL);
    FACT(pthread_barrier_init(&barrier, NULL, 1) == 0);
    FACT(pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD);
    FACT(pthread_barrier_destroy(&barrier) == 0);
    FACT(sem_init(&semaphore, 0, 1) == 0);
    FACT(sem_wait(&semaphore) == 0);
    FAILS(sem_trywait(&semaphore), EAGAIN);
    FACT(sem_post(&semaphore) == 0 && sem_post(&semaphore) == 0);
    FACT(sem_getvalue(&semaphore, &value) == 0 && value == 2);
    FACT(sem_destroy(&semaphore) == 0);
    FAILS(sem_init(&semaphore, 0, 0x80000000U), EINVAL);
}

/* Deadlines that nothing comes before: each is waited for. */
static void deadlines(void)
{
    pthread_cond_t condition;
    pthread_condattr_t attributes;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    clockid_t clock = CLOCK_REALTIME;
    struct timespec deadline;
    struct timespec now;
    sem_t semaphore;

    FACT(pthread_condattr_init(&attributes) == 0);
    FACT(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    FACT(pthread_condattr_getclock(&attributes, &clock) == 0 &&
         clock == CLOCK_MONOTONIC);
    FACT(pthread_cond_init(&condition, &attributes) == 0);
    FACT(pthread_mutex_lock(&mutex) == 0);
    FACT(pthread_cond_signal(&condition) == 0); /* to nobody */
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += (deadline.tv_nsec + 20000000) / 1000000000;
    deadline.tv_nsec = (deadline.tv_nsec + 20000000) % 1000000000;
    FACT(pthread_cond_timedwait(&condition, &mutex, &deadline) == ETIMEDOUT);
    clock_gettime(CLOCK_MONOTONIC, &now);
    FACT(now.tv_sec > deadline.tv_sec ||
         (now.tv_sec == deadline.tv_sec && now.tv_nsec >= deadline.tv_nsec));
    deadline.tv_nsec = 1000000000;
    FACT(pthread_cond_timedwait(&condition, &mutex, &deadline) == EINVAL);
    FACT(pthread_mutex_trylock(&mutex) == EBUSY);
    clock_gettime(CLOCK_REALTIME, &deadline);
    FACT(pthread_mutex_timedlock(&mutex, &deadline) == ETIMEDOUT);
    FACT(pthread_mutex_unlock(&mutex) == 0);
    FACT(pthread_cond_destroy(&condition) == 0);
    FACT(sem_init(&semaphore, 0, 0) == 0);
    FAILS(sem_timedwait(&semaphore, &deadline), ETIMEDOUT);
}

static void cleanups(void)
{
    pthread_attr_t attributes;
    int one = 1;
    int ten = 10;
    int state = -1;

    pthread_cleanup_push(clean_up, &one);
    pthread_cleanup_push(clean_up, &ten);
    pthread_cleanup_pop(1);
    FACT(n_cleaned == 10);
    pthread_cleanup_pop(0);
    FACT(n_cleaned == 10);
    FACT(pthread_attr_init(&attributes) == 0);
    FACT(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) ==
         0);
    FACT(pthread_attr_getdetachstate(&attributes, &state) == 0 &&
         state == PTHREAD_CREATE_DETACHED);
    FACT(pthread_attr_setdetachstate(&attributes, 99) == EINVAL);
    FACT(pthread_attr_destroy(&attributes) == 0);
    FACT(pthread_atfork(NULL, NULL, NULL) == 0);
}

static void facts_of_other_files(void)
{
    io_facts();
    file_facts();
    path_facts();
    end_facts();
    socket_facts();
    signal_facts();
    limit_facts();
    number_facts();
    time_facts();
    alarm_facts();
    argument_facts();
    kind_facts();
    epoll_facts();
    ipv6_facts();
    name_facts();
    lookup_facts();
    datagram_facts();
    self_facts();
    pipe_kind_facts();
    lone_lock_facts();
}

int main(void)
{
    struct sockaddr_in address;
    int client = -1;
    int server = -1;

    signal(SIGPIPE, SIG_IGN);
    numbers();
    devices();
    pipes();
    shared_state();
    socket_pairs();
    const int listener = listen_on(&address);
    options(listener);
    bad_sockets(&address);
    connect_to(listener, &address, &client, &server);
    transfers(client, server);
    endings(client, server);
    connect_to(listener, &address, &client, &server);
#ifndef __wasm__ /* there nobody else could ever send: it says so at once */
    timeouts(client);
#else
    (void)timeouts;
#endif
    FACT(close(client) == 0 && close(server) == 0);
    FACT(close(listener) == 0);
    one_of_many();
    epolls();
    counters();
    streams();
    names();
    signals();
    system_facts();
    entropy();
    refusals();
    users();
    files();
    lists();
    clocks();
    no_async();
    thread_facts();
    locks();
    deadlines();
    cleanups();
    facts_of_other_files();
    printf("%d facts, %d do not hold\n", n_facts, n_failed);
    return n_failed == 0 ? 0 : 1;
}
