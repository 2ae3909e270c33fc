/* SPDX-License-Identifier: MIT */
/* facts_arguments - what calls say of bad arguments, and that a call that fails
 * leaves what it was given as it was. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "facts.h"

/* Not a constant, so that no compiler sees that it is NULL. */
static void *volatile nothing;

/* libc's headers say of many that NULL is not allowed: the kernel answers. */
__attribute__((no_sanitize("undefined"))) static void null_pointers(void)
{
    const int epoll = epoll_create1(0);
    const int tcp = socket(AF_INET, SOCK_STREAM, 0);
    const int zero = open("/dev/zero", O_RDONLY);
    struct epoll_event event = {.events = EPOLLIN};
    struct iovec vector = {nothing, 4};
    struct msghdr message = {.msg_iov = nothing, .msg_iovlen = 1};
    struct sockaddr_in address;
    socklen_t length = sizeof(int);
    socklen_t negative = (socklen_t)-1;
    int ends[2];

    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    FACT(write(ends[1], "abc", 3) == 3);
    FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], nothing), EFAULT);
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
    FAILS(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], nothing), EFAULT);
    FAILS(epoll_wait(epoll, nothing, 1, 0), EFAULT);
    FACT(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], nothing) == 0);
    FAILS(poll(nothing, 1, 0), EFAULT);
    FACT(poll(nothing, 0, 0) == 0);
    FAILS(setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, nothing, 4), EFAULT);
    FAILS(setsockopt(tcp, SOL_SOCKET, SO_RCVTIMEO, nothing,
                     sizeof(struct timeval)),
          EFAULT);
    FAILS(setsockopt(ends[0], SOL_SOCKET, SO_REUSEADDR, nothing, 4), EFAULT);
    FAILS(getsockopt(tcp, SOL_SOCKET, SO_TYPE, nothing, &length), EFAULT);
    FAILS(getsockopt(tcp, SOL_SOCKET, SO_TYPE, ends, nothing), EFAULT);
    FAILS(getsockname(tcp, nothing, &length), EFAULT);
    FAILS(getsockname(tcp, (struct sockaddr *)&address, nothing), EFAULT);
    FAILS(getsockname(tcp, (struct sockaddr *)&address, &negative), EINVAL);
    FAILS(getsockname(ends[0], (struct sockaddr *)&address, &negative), EINVAL);
    FAILS(getpeername(ends[0], nothing, &length), EFAULT);
    FAILS(bind(tcp, nothing, 0), EINVAL);
    FAILS(bind(tcp, nothing, sizeof(address)), EFAULT);
    FAILS(connect(tcp, nothing, sizeof(address)), EFAULT);
    FAILS(read(zero, nothing, 1), EFAULT);
    FAILS(read(ends[0], nothing, 1), EFAULT);
    FAILS(recv(ends[0], nothing, 1, 0), EFAULT);
    FAILS(readv(ends[0], &vector, 1), EFAULT);
    FAILS(readv(ends[0], nothing, 1), EFAULT);
    FAILS(recvmsg(ends[0], nothing, 0), EFAULT);
    FAILS(recvmsg(ends[0], &message, 0), EFAULT);
    FAILS(write(ends[0], nothing, 1), EFAULT);
    FAILS(send(ends[0], nothing, 1, 0), EFAULT);
    FAILS(sendmsg(ends[0], nothing, 0), EFAULT);
    FACT(write(ends[0], nothing, 0) == 0 && read(ends[0], nothing, 0) == 0);
    FAILS(ioctl(ends[0], FIONREAD, nothing), EFAULT);
    FAILS(ioctl(ends[0], FIONBIO, nothing), EFAULT);
    FAILS(pipe(nothing), EFAULT);
    FAILS(socketpair(AF_UNIX, SOCK_STREAM, 0, nothing), EFAULT);
    FAILS(fstat(ends[0], nothing), EFAULT);
    FAILS(stat("/", nothing), EFAULT);
    FAILS(open(nothing, O_RDONLY), EFAULT);
    FAILS(access(nothing, F_OK), EFAULT);
    FAILS(unlink(nothing), EFAULT);
    FAILS(rename("a", nothing), EFAULT);
    FAILS(mkdir(nothing, 0755), EFAULT);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0 && close(epoll) == 0);
    FACT(close(tcp) == 0 && close(zero) == 0);
}

/* Of another level Linux has its own words, for each family. */
static void option_levels(void)
{
    const int families[] = {AF_INET, AF_INET6};
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    socklen_t length = sizeof(int);
    int value = 1;
    int ends[2];

    for (int i = 0; i < 2; i++) {
        const int tcp = socket(families[i], SOCK_STREAM, 0);
        FACT(tcp >= 0 || errno == EAFNOSUPPORT);
        if (tcp < 0) {
            continue;
        }
        const bool is_ipv6 = families[i] == AF_INET6;
        const int result =
            setsockopt(tcp, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof(value));
        FACT(is_ipv6 ? result == 0 : result < 0 && errno == ENOPROTOOPT);
        errno = 0;
        const int got =
            getsockopt(tcp, IPPROTO_IPV6, IPV6_V6ONLY, &value, &length);
        FACT(is_ipv6 ? got == 0 && value == 1 : got < 0 && errno == EOPNOTSUPP);
        FACT(setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value)) ==
             0);
        FAILS(setsockopt(tcp, 500, 1, &value, sizeof(value)), ENOPROTOOPT);
        FAILS(getsockopt(tcp, 500, 1, &value, &length),
              is_ipv6 ? ENOPROTOOPT : EOPNOTSUPP);
        FACT(close(tcp) == 0);
        value = 1;
    }
    const int bound = socket(AF_INET6, SOCK_STREAM, 0);
    if (bound >= 0 && bind(bound, (struct sockaddr *)&any, sizeof(any)) == 0) {
        FAILS(
            setsockopt(bound, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof(value)),
            EINVAL);
    }
    close(bound);
    const int udp = socket(AF_INET, SOCK_DGRAM, 0);
    if (udp >= 0) {
        FAILS(setsockopt(udp, IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value)),
              ENOPROTOOPT);
        FACT(close(udp) == 0);
    }
    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    FAILS(setsockopt(ends[0], IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value)),
          EOPNOTSUPP);
    FAILS(getsockopt(ends[0], IPPROTO_TCP, TCP_NODELAY, &value, &length),
          EOPNOTSUPP);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
}

/* A timeout too long for a clock is long, or none. */
static void long_timeouts(void)
{
    const long long seconds[] = {1, 18446744074LL, 36893488148LL, INT64_MAX};
    const int tcp = socket(AF_INET, SOCK_STREAM, 0);

    for (int i = 0; i < 4; i++) {
        const struct timeval set = {.tv_sec = (time_t)seconds[i],
                                    .tv_usec = 500000};
        for (int option = 0; option < 2; option++) {
            const int name = option == 0 ? SO_RCVTIMEO : SO_SNDTIMEO;
            struct timeval got = {-1, -1};
            socklen_t length = sizeof(got);
            FACT(setsockopt(tcp, SOL_SOCKET, name, &set, sizeof(set)) == 0);
            FACT(getsockopt(tcp, SOL_SOCKET, name, &got, &length) == 0);
            FACT(i == 3 ? got.tv_sec == 0 && got.tv_usec == 0
                        : got.tv_sec == set.tv_sec && got.tv_usec == 500000);
        }
    }
    FACT(close(tcp) == 0);
}

static int get_option(int fd, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof(value);

    FACT(getsockopt(fd, level, name, &value, &length) == 0);
    FACT(length == sizeof(value));
    return value;
}

/* Each option has its own value, the one that was set last. */
static void option_values(void)
{
    static const struct {
        int level;
        int name;
        int values[2];
    } options[] = {
        {SOL_SOCKET, SO_KEEPALIVE, {1, 0}}, {SOL_SOCKET, SO_BROADCAST, {0, 1}},
        {SOL_SOCKET, SO_OOBINLINE, {1, 1}}, {IPPROTO_TCP, TCP_NODELAY, {1, 0}},
        {IPPROTO_TCP, TCP_KEEPCNT, {3, 5}}, {IPPROTO_IP, IP_TTL, {17, 18}},
    };
    const size_t n = sizeof(options) / sizeof(options[0]);
    const int tcp = socket(AF_INET, SOCK_STREAM, 0);

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < n; i++) {
            FACT(setsockopt(tcp, options[i].level, options[i].name,
                            &options[i].values[round], sizeof(int)) == 0);
        }
        for (size_t i = 0; i < n; i++) {
            FACT(get_option(tcp, options[i].level, options[i].name) ==
                 options[i].values[round]);
        }
    }
    FACT(get_option(tcp, SOL_SOCKET, SO_ACCEPTCONN) == 0);
    FACT(get_option(tcp, SOL_SOCKET, SO_DONTROUTE) == 0);
    FACT(close(tcp) == 0);
}

/* What is no time is refused, and leaves the timeout as it was. */
static void bad_timeouts(void)
{
    static const struct {
        struct timeval time;
        socklen_t length;
        int error;
    } cases[] = {
        {{0, -1}, sizeof(struct timeval), EDOM},
        {{0, 1000000}, sizeof(struct timeval), EDOM},
        {{-1, 1000000}, sizeof(struct timeval), EDOM},
        {{1, 0}, sizeof(struct timeval) - 1, EINVAL},
        {{1, 0}, 0, EINVAL},
    };
    const int names[] = {SO_RCVTIMEO, SO_SNDTIMEO};
    const struct timeval usual = {7, 0};
    const int tcp = socket(AF_INET, SOCK_STREAM, 0);

    for (int i = 0; i < 2; i++) {
        struct timeval got = {0, 0};
        socklen_t length = sizeof(got);
        FACT(setsockopt(tcp, SOL_SOCKET, names[i], &usual, sizeof(usual)) == 0);
        for (size_t j = 0; j < sizeof(cases) / sizeof(cases[0]); j++) {
            FAILS(setsockopt(tcp, SOL_SOCKET, names[i], &cases[j].time,
                             cases[j].length),
                  cases[j].error);
        }
        FACT(getsockopt(tcp, SOL_SOCKET, names[i], &got, &length) == 0);
        FACT(length == sizeof(got) && got.tv_sec == 7 && got.tv_usec == 0);
    }
    FACT(close(tcp) == 0);
}

static void handle(int number)
{
    (void)number;
}

/* A loop that retries with the same sets relies on it. */
static void interrupted_select(void)
{
    const struct timespec limit = {5, 0};
    sigset_t block;
    sigset_t none;
    fd_set set;
    int ends[2];

    FACT(pipe(ends) == 0);
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    signal(SIGUSR1, handle);
    FACT(sigprocmask(SIG_BLOCK, &block, NULL) == 0 && raise(SIGUSR1) == 0);
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    FAILS(pselect(ends[0] + 1, &set, NULL, NULL, NULL, &none), EINTR);
    FACT(FD_ISSET(ends[0], &set));
    FACT(write(ends[1], "x", 1) == 1);
    FACT(pselect(ends[0] + 1, &set, NULL, NULL, &limit, &none) == 1);
    FACT(FD_ISSET(ends[0], &set));
    FD_SET(ends[1] + 1, &set);
    FAILS(select(ends[1] + 2, &set, NULL, NULL, NULL), EBADF);
    FACT(FD_ISSET(ends[0], &set) && FD_ISSET(ends[1] + 1, &set));
    FACT(sigprocmask(SIG_UNBLOCK, &block, NULL) == 0);
    signal(SIGUSR1, SIG_DFL);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void failed_messages(void)
{
    char bytes[4];
    char control[64];
    struct sockaddr_un name;
    struct iovec room = {bytes, sizeof(bytes)};
    struct msghdr message = {.msg_name = &name,
                             .msg_namelen = sizeof(name),
                             .msg_iov = &room,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control),
                             .msg_flags = 77};
    socklen_t length = sizeof(name);
    int ends[2];

    FACT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    FAILS(recvmsg(ends[0], &message, 0), EAGAIN);
    FACT(message.msg_namelen == sizeof(name) && message.msg_flags == 77);
    FACT(message.msg_controllen == sizeof(control));
    FAILS(recvfrom(ends[0], bytes, 4, 0, (struct sockaddr *)&name, &length),
          EAGAIN);
    FACT(length == sizeof(name));
    FACT(write(ends[1], "abc", 3) == 3);
    FACT(recvmsg(ends[0], &message, 0) == 3);
    FACT(message.msg_namelen == 0 && message.msg_controllen == 0);
    FACT(message.msg_flags == 0);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
}

/* recv without room is a probe; read without room says nothing. */
static void empty_receives(void)
{
    int ends[2];

    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    FAILS(recv(ends[0], NULL, 0, MSG_DONTWAIT), EAGAIN);
    FACT(read(ends[0], NULL, 0) == 0);
    FACT(write(ends[1], "x", 1) == 1);
    FACT(recv(ends[0], NULL, 0, MSG_DONTWAIT) == 0);
    FACT(recv(ends[0], NULL, 0, 0) == 0);
    char byte = 0;
    FACT(recv(ends[0], &byte, 1, 0) == 1 && byte == 'x');
    FACT(close(ends[1]) == 0 && recv(ends[0], NULL, 0, 0) == 0);
    FACT(close(ends[0]) == 0);
}

/* What a pipe holds is to be had at either end. */
static void unread_of_pipes(void)
{
    int n_unread = -1;
    int ends[2];

    FACT(pipe(ends) == 0 && write(ends[1], "12345", 5) == 5);
    FACT(ioctl(ends[0], FIONREAD, &n_unread) == 0 && n_unread == 5);
    n_unread = -1;
    FACT(ioctl(ends[1], FIONREAD, &n_unread) == 0 && n_unread == 5);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    FACT(write(ends[1], "12345", 5) == 5);
    FACT(ioctl(ends[0], FIONREAD, &n_unread) == 0 && n_unread == 5);
    FACT(ioctl(ends[1], FIONREAD, &n_unread) == 0 && n_unread == 0);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
}

void argument_facts(void)
{
    null_pointers();
    option_levels();
    long_timeouts();
    option_values();
    bad_timeouts();
    interrupted_select();
    failed_messages();
    empty_receives();
    unread_of_pipes();
}
