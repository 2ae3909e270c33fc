/* SPDX-License-Identifier: MIT */
/* facts_sockets - how connections end, what their options say, and what epoll
 * makes of it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"

#define ALL (POLLIN | POLLOUT | POLLRDHUP)

static int listener;
static struct sockaddr_in address;

/*
 * Whether the program talks to itself by a sandbox's network. Then there is no
 * AF_UNIX; and a host shuts a connection before it closes it, so that what is
 * closed with bytes unread ends rather than being reset.
 */
static bool is_on_the_network(void)
{
    return getenv("FACTS_ON_THE_NETWORK") != NULL;
}

static short polled(int fd, short events)
{
    struct pollfd one = {fd, events, 0};

    return poll(&one, 1, 0) < 0 ? -1 : one.revents;
}

static void listen_on_any_port(void)
{
    socklen_t length = sizeof(address);

    listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FACT(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
    FACT(listen(listener, 8) == 0);
    FACT(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
}

static void connect_both(int *client, int *server)
{
    *client = socket(AF_INET, SOCK_STREAM, 0);
    FACT(connect(*client, (struct sockaddr *)&address, sizeof(address)) == 0);
    *server = accept(listener, NULL, NULL);
    FACT(*server >= 0);
}

/* An address that is bound is taken, and answers once it is listened on. */
static void bound_only(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    struct sockaddr_in here = address;
    socklen_t length = sizeof(here);
    const int silent = socket(AF_INET, SOCK_STREAM, 0);
    const int other = socket(AF_INET, SOCK_STREAM, 0);
    const int client = socket(AF_INET, SOCK_STREAM, 0);

    here.sin_port = 0;
    FACT(bind(silent, (struct sockaddr *)&here, length) == 0);
    FACT(getsockname(silent, (struct sockaddr *)&here, &length) == 0);
    any.sin_port = here.sin_port;
    FAILS(bind(other, (struct sockaddr *)&here, length), EADDRINUSE);
    FAILS(bind(other, (struct sockaddr *)&any, length), EADDRINUSE);
    FAILS(connect(client, (struct sockaddr *)&here, length), ECONNREFUSED);
    FACT(listen(silent, 1) == 0);
    FACT(connect(client, (struct sockaddr *)&here, length) == 0);
    FACT(close(silent) == 0);
    FACT(close(other) == 0 && close(client) == 0);
}

/* Events of a registration, 0 for none. */
static unsigned told(int epoll)
{
    struct epoll_event event = {0};

    return epoll_wait(epoll, &event, 1, 0) == 1 ? event.events : 0;
}

static void watch(int epoll, int operation, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    FACT(epoll_ctl(epoll, operation, fd, &event) == 0);
}

/* A connection that its other end has reset: it left something unread. */
static int reset_connection(void)
{
    struct pollfd wait = {-1, POLLIN, 0};
    int server = -1;

    connect_both(&wait.fd, &server);
    FACT(send(wait.fd, "unread", 6, 0) == 6);
    FACT(close(server) == 0);
    FACT(poll(&wait, 1, 5000) == 1);
    return wait.fd;
}

static int error_of(int fd)
{
    int error = -1;
    socklen_t length = sizeof(error);

    FACT(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0);
    return error;
}

/* After the error was told. */
static void is_over(int fd)
{
    char byte = 0;

    FACT(polled(fd, ALL) == (ALL | POLLHUP));
    FACT(error_of(fd) == 0);
    FACT(recv(fd, &byte, 1, 0) == 0);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    FACT(close(fd) == 0);
}

/* What ended a connection is told once: by a read, SO_ERROR or a write. */
static void resets(void)
{
    char byte = 0;
    int fd = reset_connection();

    FACT(polled(fd, ALL) == (ALL | POLLHUP | POLLERR));
    FACT(polled(fd, 0) == (POLLHUP | POLLERR));
    FAILS(recv(fd, &byte, 1, 0), ECONNRESET);
    is_over(fd);
    fd = reset_connection();
    FACT(polled(fd, ALL) == (ALL | POLLHUP | POLLERR));
    FACT(error_of(fd) == ECONNRESET);
    is_over(fd);
    fd = reset_connection();
    FACT(polled(fd, ALL) == (ALL | POLLHUP | POLLERR));
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), ECONNRESET);
    is_over(fd);
}

/* After a reset, or once both ends are shut, there is no peer any more. */
static void gone_peers(void)
{
    struct sockaddr_in peer;
    socklen_t length = sizeof(peer);
    char byte = 0;
    int client = -1;
    int server = -1;
    int ends[2];

    if (!is_on_the_network()) {
        const int fd = reset_connection();
        FAILS(getpeername(fd, (struct sockaddr *)&peer, &length), ENOTCONN);
        FAILS(shutdown(fd, SHUT_WR), ENOTCONN);
        FAILS(recv(fd, &byte, 1, 0), ECONNRESET);
        FAILS(getpeername(fd, (struct sockaddr *)&peer, &length), ENOTCONN);
        FAILS(shutdown(fd, SHUT_RDWR), ENOTCONN);
        FACT(close(fd) == 0);
    }
    connect_both(&client, &server);
    FACT(getpeername(server, (struct sockaddr *)&peer, &length) == 0);
    FACT(shutdown(client, SHUT_WR) == 0 && recv(server, &byte, 1, 0) == 0);
    FACT(getpeername(server, (struct sockaddr *)&peer, &length) == 0);
    FACT(shutdown(server, SHUT_WR) == 0 && recv(client, &byte, 1, 0) == 0);
    FAILS(getpeername(server, (struct sockaddr *)&peer, &length), ENOTCONN);
    FAILS(shutdown(client, SHUT_WR), ENOTCONN);
    FACT(close(client) == 0 && close(server) == 0);
    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && close(ends[1]) == 0);
    length = sizeof(peer);
    FACT(getpeername(ends[0], (struct sockaddr *)&peer, &length) == 0);
    FACT(shutdown(ends[0], SHUT_RDWR) == 0 && close(ends[0]) == 0);
}

/* poll reports a reset after EOF, whether asked for or not. */
static void resets_after_eof(int epoll)
{
    char byte = 0;
    int client = -1;
    int server = -1;

    connect_both(&client, &server);
    FACT(shutdown(client, SHUT_WR) == 0 && recv(server, &byte, 1, 0) == 0);
    FACT(polled(server, 0) == 0);
    watch(epoll, EPOLL_CTL_ADD, server, EPOLLIN);
    FACT(told(epoll) == EPOLLIN && send(server, "answer", 6, 0) == 6);
    FACT(close(client) == 0); /* with the answer unread */
    FACT(poll(&(struct pollfd){server, 0, 0}, 1, 5000) == 1);
    FACT(polled(server, POLLIN) == (POLLIN | POLLERR | POLLHUP));
    FACT(polled(server, 0) == (POLLERR | POLLHUP));
    FACT(told(epoll) == (EPOLLIN | EPOLLERR | EPOLLHUP));
    watch(epoll, EPOLL_CTL_MOD, server, 0);
    FACT(told(epoll) == (EPOLLERR | EPOLLHUP));
    FACT(error_of(server) == EPIPE);
    FACT(polled(server, 0) == POLLHUP && recv(server, &byte, 1, 0) == 0);
    FAILS(send(server, "x", 1, MSG_NOSIGNAL), EPIPE);
    FACT(close(server) == 0);
    connect_both(&client, &server);
    watch(epoll, EPOLL_CTL_ADD, server, EPOLLOUT | EPOLLET);
    FACT(told(epoll) == EPOLLOUT && told(epoll) == 0);
    FACT(send(server, "unread", 6, 0) == 6 && close(client) == 0);
    FACT(poll(&(struct pollfd){server, 0, 0}, 1, 5000) == 1);
    FACT(told(epoll) == (EPOLLOUT | EPOLLERR | EPOLLHUP));
    FACT(close(server) == 0);
}

/* recv without room is a probe: it takes nothing, and says whether a recv would
 * wait. */
static void probes(void)
{
    char bytes[4];
    int client = -1;
    int server = -1;

    connect_both(&client, &server);
    FAILS(recv(server, NULL, 0, MSG_DONTWAIT), EAGAIN);
    FACT(read(server, NULL, 0) == 0);
    FACT(send(client, "abc", 3, 0) == 3);
    FACT(recv(server, NULL, 0, 0) == 0);
    FACT(recv(server, bytes, 1, MSG_PEEK) == 1);
    FACT(recv(server, bytes, 4, 0) == 3 && memcmp(bytes, "abc", 3) == 0);
    FACT(shutdown(client, SHUT_WR) == 0 && recv(server, NULL, 0, 0) == 0);
    FACT(close(client) == 0 && close(server) == 0);
}

/* No address of this machine: the network in the process has loopback alone. */
static void foreign_addresses(void)
{
    struct sockaddr_in there = {.sin_family = AF_INET};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, "10.255.254.253", &there.sin_addr);
    FAILS(bind(fd, (struct sockaddr *)&there, sizeof(there)), EADDRNOTAVAIL);
    FACT(close(fd) == 0);
}

/* What poll says of each half that was shut down. */
static void halves(void)
{
    char bytes[8];
    int client = -1;
    int server = -1;

    connect_both(&client, &server);
    FACT(polled(client, ALL) == POLLOUT);
    FACT(shutdown(client, SHUT_WR) == 0);
    FACT(polled(client, ALL) == POLLOUT);
    FACT(poll(&(struct pollfd){server, POLLRDHUP, 0}, 1, 5000) == 1);
    FACT(polled(server, ALL) == ALL);
    FACT(send(server, "abc", 3, 0) == 3 && recv(client, bytes, 8, 0) == 3);
    FACT(recv(server, bytes, 8, 0) == 0 && recv(server, bytes, 8, 0) == 0);
    FACT(shutdown(server, SHUT_WR) == 0);
    FACT(poll(&(struct pollfd){client, 0, 0}, 1, 0) == 0 ||
         polled(client, 0) == POLLHUP);
    FACT(recv(client, bytes, 8, 0) == 0);
    FACT(polled(client, ALL) == (ALL | POLLHUP));
    FACT(polled(server, ALL) == (ALL | POLLHUP));
    FACT(close(client) == 0 && close(server) == 0);
}

/* The end of a stream is told behind what is unread to those who ask for it. */
static void unread_ends(void)
{
    const struct timeval past = {-1, 0};
    char bytes[8];
    int client = -1;
    int server = -1;

    connect_both(&client, &server);
    FACT(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &past, sizeof(past)) == 0);
    FACT(send(client, "abc", 3, 0) == 3);
    FACT(recv(server, bytes, 8, 0) == 3); /* it did not have to wait */
    FACT(send(client, "abc", 3, 0) == 3 && shutdown(client, SHUT_WR) == 0);
    FACT(polled(server, POLLIN | POLLRDHUP) == (POLLIN | POLLRDHUP));
    FACT(polled(server, POLLRDHUP) == POLLRDHUP);
    FACT(polled(server, POLLIN) == POLLIN);
    FACT(polled(server, 0) == 0);
    FACT(close(client) == 0 && close(server) == 0);
}

/* A reset is told to those who ask for nothing, and to SO_ERROR, though nobody
 * waited for it before. */
static void unasked_resets(int epoll)
{
    int client = -1;
    int server = -1;

    connect_both(&client, &server);
    watch(epoll, EPOLL_CTL_ADD, client, 0);
    FACT(send(client, "unread", 6, 0) == 6 && told(epoll) == 0);
    FACT(close(server) == 0);
    FACT(told(epoll) == (EPOLLERR | EPOLLHUP));
    FACT(close(client) == 0);
    connect_both(&client, &server);
    FACT(send(client, "unread", 6, 0) == 6 && close(server) == 0);
    FACT(polled(client, 0) == (POLLERR | POLLHUP));
    FACT(close(client) == 0);
    connect_both(&client, &server);
    FACT(send(client, "unread", 6, 0) == 6 && close(server) == 0);
    FACT(error_of(client) == ECONNRESET);
    FACT(close(client) == 0);
}

/* Unread bytes: it may take a moment until all have arrived. */
static int unread_bytes(int fd, int n_expected)
{
    int n = -1;

    for (int i = 0; i < 5000 && n < n_expected; i++) {
        FACT(ioctl(fd, FIONREAD, &n) == 0);
        usleep(n < n_expected ? 1000 : 0);
    }
    return n;
}

/* What was read ahead is neither all there is nor in the way. */
static void reads_ahead(void)
{
    char bytes[9] = "--------";
    int n_unread = -1;
    int client = -1;
    int server = -1;

    client = socket(AF_INET, SOCK_STREAM, 0);
    FACT(ioctl(client, FIONREAD, &n_unread) == 0 && n_unread == 0);
    FACT(close(client) == 0);
    connect_both(&client, &server);
    for (int n = 4; n <= 12; n += 4) {
        FACT(send(client, "head", 4, 0) == 4);
        FACT(unread_bytes(server, n) == n);
    }
    FACT(recv(server, bytes, 4, MSG_TRUNC) == 4); /* tcp(7): it goes nowhere */
    FACT(recv(server, NULL, 4, MSG_TRUNC) == 4 && bytes[0] == '-');
    FACT(recv(server, bytes, 8, 0) == 4 && memcmp(bytes, "head", 4) == 0);
    FACT(send(server, "x", 1, 0) == 1 && send(client, "abc", 3, 0) == 3);
    FACT(close(client) == 0);
    FACT(is_on_the_network() || error_of(server) == ECONNRESET);
    FACT(recv(server, bytes, 8, 0) == 3 && recv(server, bytes, 8, 0) == 0);
    FACT(close(server) == 0);
}

/* An accepted connection has its listener's options. */
static void inherited_options(void)
{
    struct timeval limit = {5, 0};
    struct timeval none = {0, 0};
    socklen_t length = sizeof(none);
    int client = -1;
    int server = -1;
    int value = 1;

    FACT(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ==
         0);
    FACT(setsockopt(listener, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ==
         0);
    limit.tv_sec = 0;
    FACT(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &value,
                    sizeof(value)) == 0);
    connect_both(&client, &server);
    FACT(getsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &limit, &length) == 0);
    FACT(limit.tv_sec == 5 && limit.tv_usec == 0);
    limit.tv_sec = 0;
    FACT(getsockopt(server, SOL_SOCKET, SO_SNDTIMEO, &limit, &length) == 0);
    FACT(limit.tv_sec == 5 && limit.tv_usec == 0);
    value = 0;
    length = sizeof(value);
    FACT(getsockopt(server, IPPROTO_TCP, TCP_NODELAY, &value, &length) == 0);
    FACT(value == 1 && close(client) == 0 && close(server) == 0);
    FACT(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none)) ==
         0);
    FACT(setsockopt(listener, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none)) ==
         0);
}

static void pair_timeouts(void)
{
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    struct timeval limit = {0, 20000};
    socklen_t length = sizeof(limit);
    char byte = 0;
    int ends[2];

    for (int i = 0; i < 3; i++) {
        FACT(socketpair(AF_UNIX, types[i], 0, ends) == 0);
        FACT(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit,
                        sizeof(limit)) == 0);
        FAILS(recv(ends[0], &byte, 1, 0), EAGAIN);
        FACT(getsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, &length) ==
             0);
        FACT(limit.tv_sec == 0 && limit.tv_usec == 20000);
        FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
    }
}

/* To select the end of a stream is no exceptional condition. */
static void exceptions(void)
{
    struct timeval limit = {0, 20000};
    struct timespec before;
    struct timespec after;
    fd_set exceptional;
    int ends[2];

    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && close(ends[1]) == 0);
    FD_ZERO(&exceptional);
    FD_SET(ends[0], &exceptional);
    clock_gettime(CLOCK_MONOTONIC, &before);
    FACT(select(ends[0] + 1, NULL, NULL, &exceptional, &limit) == 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    FACT((after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec -
             before.tv_nsec >=
         20000000);
    FACT(!FD_ISSET(ends[0], &exceptional));
    FACT(close(ends[0]) == 0);
    FD_SET(ends[0], &exceptional);
    FAILS(select(ends[0] + 1, NULL, NULL, &exceptional, &limit), EBADF);
}

/* A listener takes no bytes, and listens until it is shut. */
static void shut_listener(void)
{
    struct sockaddr *any = (struct sockaddr *)&address;

    FACT(fcntl(listener, F_SETFL, O_NONBLOCK) == 0);
    FAILS(send(listener, "x", 1, MSG_NOSIGNAL), EPIPE);
    FAILS(connect(listener, any, sizeof(address)), EISCONN);
    FACT(shutdown(listener, SHUT_WR) == 0);
    FAILS(accept(listener, NULL, NULL), EAGAIN);
    FACT(shutdown(listener, SHUT_RD) == 0);
    FAILS(accept(listener, NULL, NULL), EINVAL);
    FACT(polled(listener, POLLIN | POLLOUT) == (POLLOUT | POLLHUP));
    FAILS(shutdown(listener, SHUT_RD), ENOTCONN);
    FACT(listen(listener, 8) == 0);
    FAILS(accept(listener, NULL, NULL), EAGAIN);
}

static void option_lengths(void)
{
    struct linger linger = {1, 3};
    socklen_t length = sizeof(linger);
    char large[100] = {1};
    int value = 1;

    FAILS(setsockopt(listener, SOL_SOCKET, SO_LINGER, &linger, sizeof(int)),
          EINVAL);
    FACT(setsockopt(listener, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) ==
         0);
    linger.l_linger = 0;
    FACT(getsockopt(listener, SOL_SOCKET, SO_LINGER, &linger, &length) == 0);
    FACT(length == sizeof(linger) && linger.l_linger == 3);
    FAILS(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &value, 1), EINVAL);
    length = (socklen_t)-1;
    FAILS(getsockopt(listener, SOL_SOCKET, SO_TYPE, &value, &length), EINVAL);
    length = sizeof(large);
    FACT(getsockopt(listener, SOL_SOCKET, SO_TYPE, large, &length) == 0);
    FACT(length == sizeof(int));
    length = sizeof(value);
    FACT(getsockopt(listener, SOL_SOCKET, SO_DOMAIN, &value, &length) == 0 &&
         value == AF_INET);
    FACT(getsockopt(listener, SOL_SOCKET, SO_PROTOCOL, &value, &length) == 0 &&
         value == IPPROTO_TCP);
    FAILS(setsockopt(listener, SOL_SOCKET, SO_TYPE, &value, sizeof(value)),
          ENOPROTOOPT);
}

static void addresses(void)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX,
                               .sun_path = "/tmp/wasock-facts.socket"};
    const socklen_t exact = offsetof(struct sockaddr_un, sun_path) +
                            (socklen_t)strlen(path.sun_path) + 1;
    struct sockaddr_un name;
    socklen_t length = 4;
    int value = -1;

    memset(&name, 0xff, sizeof(name));
    FACT(getsockname(listener, (struct sockaddr *)&name, &length) == 0);
    FACT(length == sizeof(address) && ((unsigned char *)&name)[4] == 0xff);
    if (is_on_the_network()) {
        FAILS(socket(AF_UNIX, SOCK_STREAM, 0), EAFNOSUPPORT);
        return;
    }
    unlink(path.sun_path); /* natively it may be there */
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    FACT(bind(fd, (struct sockaddr *)&path, sizeof(path)) == 0);
    FACT(listen(fd, 1) == 0);
    length = sizeof(name);
    FACT(getsockname(fd, (struct sockaddr *)&name, &length) == 0);
    FACT(length == exact && strcmp(name.sun_path, path.sun_path) == 0);
    const int client = socket(AF_UNIX, SOCK_STREAM, 0);
    FACT(connect(client, (struct sockaddr *)&path, sizeof(path)) == 0);
    FACT(getpeername(client, (struct sockaddr *)&name, &length) == 0);
    FACT(length == exact);
    length = sizeof(value);
    FACT(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &value, &length) == 0 &&
         value == 0);
    FACT(close(client) == 0 && close(fd) == 0);
    unlink(path.sun_path);
}

/* Who asks for nothing hears of the end; who was told a ONESHOT does not. */
static void silent_registrations(int epoll)
{
    int pair[2];

    FACT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    FACT(fcntl(pair[0], F_GETFD) == FD_CLOEXEC);
    FACT(fcntl(pair[1], F_GETFD) == FD_CLOEXEC);
    watch(epoll, EPOLL_CTL_ADD, pair[0], 0);
    FACT(write(pair[1], "x", 1) == 1 && told(epoll) == 0);
    FACT(close(pair[1]) == 0);
    FACT(told(epoll) == EPOLLHUP && told(epoll) == EPOLLHUP);
    watch(epoll, EPOLL_CTL_MOD, pair[0], EPOLLIN | EPOLLONESHOT);
    FACT(told(epoll) == (EPOLLIN | EPOLLHUP) && told(epoll) == 0);
    FACT(close(pair[0]) == 0);
}

/* Room is news only where there was none. */
static void edges(int epoll)
{
    static char bytes[65536];
    int ends[2];

    FACT(pipe2(ends, O_NONBLOCK) == 0);
    watch(epoll, EPOLL_CTL_ADD, ends[1], EPOLLOUT | EPOLLET);
    FACT(told(epoll) == EPOLLOUT && told(epoll) == 0);
    FACT(write(ends[1], "ab", 2) == 2 && read(ends[0], bytes, 1) == 1);
    FACT(told(epoll) == 0);
    while (write(ends[1], bytes, sizeof(bytes)) > 0) {
    }
    FACT(errno == EAGAIN && told(epoll) == 0);
    while (read(ends[0], bytes, sizeof(bytes)) > 0) {
    }
    FACT(told(epoll) == EPOLLOUT && told(epoll) == 0);
    FACT(close(ends[0]) == 0 && (told(epoll) & EPOLLERR));
    FACT(close(ends[1]) == 0 && told(epoll) == 0);
}

/* Write until there is no room, nor any that comes of itself. */
static void fill(int fd)
{
    static const char bytes[65536];

    for (int i = 0; i < 20; i++) {
        while (write(fd, bytes, sizeof(bytes)) > 0 || write(fd, bytes, 1) > 0) {
        }
        usleep(2000);
    }
}

/* Room that there was when there was no place to say so is not told later. */
static void stale_room(int epoll)
{
    int clients[2];
    int servers[2];
    struct epoll_event event = {0};

    for (int i = 0; i < 2; i++) {
        connect_both(&clients[i], &servers[i]);
        FACT(fcntl(servers[i], F_SETFL, O_NONBLOCK) == 0);
        watch(epoll, EPOLL_CTL_ADD, servers[i], EPOLLOUT);
    }
    FACT(epoll_wait(epoll, &event, 1, 1000) == 1);
    const int other = event.data.fd == servers[0] ? servers[1] : servers[0];
    fill(other);
    for (int i = 0; i < 4; i++) {
        FACT(epoll_wait(epoll, &event, 1, 0) == 1 && event.data.fd != other);
    }
    for (int i = 0; i < 2; i++) {
        FACT(close(clients[i]) == 0 && close(servers[i]) == 0);
    }
}

/* A registration is of a number and what it stood for: it goes when the last
 * number does. */
static void duplicates(int epoll)
{
    struct epoll_event event = {.events = EPOLLIN};
    char byte = 0;
    int ends[2];

    FACT(pipe(ends) == 0);
    const int copy = dup(ends[0]);
    watch(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN);
    FAILS(epoll_ctl(epoll, EPOLL_CTL_MOD, copy, &event), ENOENT);
    FACT(write(ends[1], "x", 1) == 1 && close(ends[0]) == 0);
    FACT(told(epoll) == EPOLLIN); /* by the number that was closed */
    FAILS(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], NULL), EBADF);
    FACT(read(copy, &byte, 1) == 1 && told(epoll) == 0);
    FACT(dup(ends[1]) == ends[0]);
    watch(epoll, EPOLL_CTL_ADD, ends[0], EPOLLOUT);
    FACT(told(epoll) == EPOLLOUT);
    FACT(close(ends[0]) == 0 && told(epoll) == EPOLLOUT);
    FACT(close(ends[1]) == 0 && told(epoll) == EPOLLHUP);
    FACT(close(copy) == 0 && told(epoll) == 0);
    FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event), EINVAL);
}

void socket_facts(void)
{
    const int epoll = epoll_create1(0);

    listen_on_any_port();
    bound_only();
    if (!is_on_the_network()) {
        resets();
        unasked_resets(epoll);
        resets_after_eof(epoll);
    }
    gone_peers();
    probes();
    foreign_addresses();
    halves();
    option_lengths();
    addresses();
    silent_registrations(epoll);
    edges(epoll);
    duplicates(epoll);
    stale_room(epoll);
    reads_ahead();
    inherited_options();
    pair_timeouts();
    exceptions();
    unread_ends();
    shut_listener();
    FACT(close(epoll) == 0 && close(listener) == 0);
}
