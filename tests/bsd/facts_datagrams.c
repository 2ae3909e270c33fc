/* SPDX-License-Identifier: MIT */
/* facts_datagrams - datagrams by IPv4, where there is a network. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"

#define WAIT_MS 5000

static struct sockaddr_in own; /* of the receiver */
static struct sockaddr_in from;
static int sender;
static int receiver;

static const struct sockaddr *any(const struct sockaddr_in *address)
{
    return (const struct sockaddr *)address;
}

static bool is_at(const struct sockaddr_in *address,
                  const struct sockaddr_in *expected)
{
    return address->sin_family == AF_INET &&
           address->sin_port == expected->sin_port &&
           address->sin_addr.s_addr == expected->sin_addr.s_addr;
}

static bool bind_to_loopback(int fd, struct sockaddr_in *address)
{
    socklen_t length = sizeof(*address);

    memset(address, 0, sizeof(*address));
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return bind(fd, any(address), sizeof(*address)) == 0 &&
           getsockname(fd, (struct sockaddr *)address, &length) == 0;
}

static short polled(int fd, short events, int timeout_ms)
{
    struct pollfd one = {fd, events, 0};

    return poll(&one, 1, timeout_ms) < 0 ? -1 : one.revents;
}

static void send_text(const char *text)
{
    const size_t length = strlen(text);

    FACT(sendto(sender, text, length, 0, any(&own), sizeof(own)) ==
         (ssize_t)length);
    FACT(polled(receiver, POLLIN, WAIT_MS) == POLLIN);
}

/* A datagram in parts, looked at and taken. */
static void parts(void)
{
    static const struct {
        int flags;
        size_t lengths[3];
        ssize_t result;
    } cases[] = {
        {MSG_PEEK, {3, 4, 0}, 7},
        {MSG_PEEK, {0, 2, 1}, 3},
        {MSG_PEEK, {10, 6, 0}, 10},
        {MSG_PEEK, {4, 6, 6}, 10},
        {MSG_PEEK | MSG_TRUNC, {3, 0, 0}, 10},
        {MSG_PEEK, {3, 16, 16}, 10},
        {0, {3, 4, 0}, 7},
        {0, {1, 2, 16}, 10},
        {MSG_TRUNC, {2, 0, 0}, 10},
        {0, {16, 0, 0}, 10},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char bytes[3][20];
        struct iovec room[3];
        struct sockaddr_in peer = {0};
        struct msghdr message = {.msg_name = &peer,
                                 .msg_namelen = sizeof(peer),
                                 .msg_iov = room,
                                 .msg_iovlen = 3,
                                 .msg_flags = 77};
        const bool is_peek = (cases[i].flags & MSG_PEEK) != 0;
        size_t at = 0;
        memset(bytes, '#', sizeof(bytes));
        for (int j = 0; j < 3; j++) {
            room[j] = (struct iovec){bytes[j], cases[i].lengths[j]};
        }
        if (i == 0 || (cases[i - 1].flags & MSG_PEEK) == 0) {
            send_text("abcdefghij");
        }
        FACT(recvmsg(receiver, &message, cases[i].flags) == cases[i].result);
        for (int j = 0; j < 3; j++) {
            const size_t left = 10 - at;
            const size_t n = room[j].iov_len < left ? room[j].iov_len : left;
            FACT(memcmp(bytes[j], &"abcdefghij"[at], n) == 0);
            FACT(bytes[j][n] == '#');
            at += n;
        }
        FACT(((message.msg_flags & MSG_TRUNC) != 0) == (at < 10));
        FACT(message.msg_namelen == sizeof(peer) && is_at(&peer, &from));
        FACT(message.msg_controllen == 0);
        FACT(polled(receiver, POLLIN | POLLOUT, 0) ==
             (is_peek ? POLLIN | POLLOUT : POLLOUT));
    }
}

/* The sender's address, as far as there is room for it. */
static void senders(void)
{
    struct sockaddr_in peer;
    socklen_t length = 4;
    char byte = 0;

    memset(&peer, 0xff, sizeof(peer));
    send_text("x");
    FACT(recvfrom(receiver, &byte, 1, 0, (struct sockaddr *)&peer, &length) ==
         1);
    FACT(byte == 'x' && length == sizeof(peer));
    FACT(peer.sin_family == AF_INET && peer.sin_port == from.sin_port);
    FACT(((unsigned char *)&peer)[4] == 0xff);
    send_text("y");
    FACT(recvfrom(receiver, &byte, 1, MSG_PEEK, NULL, NULL) == 1);
    length = sizeof(peer);
    FACT(recvfrom(receiver, &byte, 1, 0, (struct sockaddr *)&peer, &length) ==
         1);
    FACT(byte == 'y' && length == sizeof(peer) && is_at(&peer, &from));
    send_text("z");
    FACT(recvfrom(receiver, &byte, 1, 0, NULL, NULL) == 1 && byte == 'z');
    send_text("w");
    FACT(read(receiver, &byte, 1) == 1 && byte == 'w');
}

/* Without a datagram: what does not wait, and what waits a while. */
static void waits(void)
{
    const struct timeval limit = {0, 20000};
    const struct timeval none = {0, 0};
    struct timespec before;
    struct timespec after;
    struct sockaddr_in peer = {0};
    socklen_t length = 3;
    char byte = 0;
    int n_unread = -1;

    FAILS(recv(receiver, &byte, 1, MSG_DONTWAIT), EAGAIN);
    FAILS(recv(receiver, &byte, 1, MSG_DONTWAIT | MSG_PEEK), EAGAIN);
    FAILS(recvfrom(receiver, &byte, 1, MSG_DONTWAIT, (struct sockaddr *)&peer,
                   &length),
          EAGAIN);
    FACT(length == 3 && polled(receiver, POLLIN, 0) == 0);
    FACT(ioctl(receiver, FIONREAD, &n_unread) == 0 && n_unread == 0);
    FACT(setsockopt(receiver, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ==
         0);
    for (int i = 0; i < 2; i++) {
        clock_gettime(CLOCK_MONOTONIC, &before);
        FAILS(recv(receiver, &byte, 1, i == 0 ? 0 : MSG_PEEK), EAGAIN);
        clock_gettime(CLOCK_MONOTONIC, &after);
        FACT((after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec -
                 before.tv_nsec >=
             20000000);
    }
    FACT(setsockopt(receiver, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none)) ==
         0);
    send_text("12345");
    FACT(ioctl(receiver, FIONREAD, &n_unread) == 0 && n_unread == 5);
    FACT(recv(receiver, &byte, 1, 0) == 1 && byte == '1');
    FACT(ioctl(receiver, FIONREAD, &n_unread) == 0 && n_unread == 0);
}

static void bad_sends(void)
{
    static char large[70000];
    const struct sockaddr_in6 other = {.sin6_family = AF_INET6};
    struct sockaddr_in address = own;
    struct iovec vector = {NULL, 1};
    struct msghdr message = {.msg_name = &address,
                             .msg_namelen = sizeof(address),
                             .msg_iov = &vector,
                             .msg_iovlen = 1};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    char byte = 0;

    FAILS(send(fd, "x", 1, 0), EDESTADDRREQ);
    FAILS(write(fd, "x", 1), EDESTADDRREQ);
    FAILS(sendto(fd, "x", 1, 0, any(&own), 3), EINVAL);
    FAILS(sendto(fd, "x", 1, 0, (const struct sockaddr *)&other, sizeof(other)),
          EAFNOSUPPORT);
    FAILS(sendto(fd, "x", 1, MSG_OOB, any(&own), sizeof(own)), EOPNOTSUPP);
    FAILS(sendmsg(fd, &message, 0), EFAULT);
    FAILS(sendto(fd, large, sizeof(large), 0, any(&own), sizeof(own)),
          EMSGSIZE);
    address.sin_port = 0;
    FAILS(sendto(fd, "x", 1, 0, any(&address), sizeof(address)), EINVAL);
    FAILS(recv(fd, &byte, 1, MSG_DONTWAIT), EAGAIN);
    FAILS(shutdown(fd, SHUT_RDWR), ENOTCONN);
    FAILS(bind(receiver, any(&address), sizeof(address)), EINVAL);
    FACT(close(fd) == 0);
}

/* The largest that there can be. */
static void large(void)
{
    static char sent[65507];
    static char received[sizeof(sent) + 1];

    for (size_t i = 0; i < sizeof(sent); i++) {
        sent[i] = (char)(i % 251);
    }
    for (int i = 0; i < 2; i++) { /* taken at once, and after a look at it */
        FACT(sendto(sender, sent, sizeof(sent), 0, any(&own), sizeof(own)) ==
             (ssize_t)sizeof(sent));
        FACT(polled(receiver, POLLIN, WAIT_MS) == POLLIN);
        FACT(i == 0 || recv(receiver, received, 1, MSG_PEEK) == 1);
        memset(received, 0, sizeof(received));
        FACT(recv(receiver, received, sizeof(received), 0) ==
             (ssize_t)sizeof(sent));
        FACT(memcmp(sent, received, sizeof(sent)) == 0);
    }
}

/* An address comes with the first use, and a registration stays. */
static void late_addresses(void)
{
    struct sockaddr_in address = {0};
    struct epoll_event event = {.events = EPOLLIN};
    socklen_t length = sizeof(address);
    const int epoll = epoll_create1(0);
    const int fds[] = {socket(AF_INET, SOCK_DGRAM, 0),
                       socket(AF_INET, SOCK_DGRAM, 0)};
    char byte = 0;

    FACT(getsockname(fds[0], (struct sockaddr *)&address, &length) == 0);
    FACT(address.sin_family == AF_INET && address.sin_port == 0);
    FACT(polled(fds[0], POLLIN | POLLOUT, 0) == POLLOUT);
    for (int i = 0; i < 2; i++) {
        FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event) == 0);
        FACT(epoll_wait(epoll, &event, 1, 0) == 0);
        if (i == 0) {
            FACT(bind_to_loopback(fds[i], &address));
        } else {
            FACT(connect(fds[i], any(&from), sizeof(from)) == 0);
            FACT(getsockname(fds[i], (struct sockaddr *)&address, &length) ==
                 0);
        }
        FACT(address.sin_port != 0);
        FACT(epoll_wait(epoll, &event, 1, 0) == 0);
        FACT(sendto(sender, "x", 1, 0, any(&address), length) == 1);
        FACT(epoll_wait(epoll, &event, 1, WAIT_MS) == 1);
        FACT(event.events == EPOLLIN);
        FACT(recv(fds[i], &byte, 1, 0) == 1 && byte == 'x');
        FACT(epoll_wait(epoll, &event, 1, 0) == 0);
        event.events = EPOLLIN;
    }
    FACT(close(fds[0]) == 0 && close(fds[1]) == 0 && close(epoll) == 0);
}

static void peers(void)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    struct sockaddr_in address = {0};
    struct sockaddr_in peer = {0};
    socklen_t length = sizeof(peer);
    char text[8] = "";
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    FACT(connect(fd, &nobody, sizeof(nobody)) == 0); /* it has none */
    FACT(bind_to_loopback(fd, &address));
    FACT(connect(fd, any(&from), sizeof(from)) == 0);
    FACT(getpeername(fd, (struct sockaddr *)&peer, &length) == 0);
    FACT(is_at(&peer, &from));
    FACT(sendto(sender, "abc", 3, 0, any(&address), sizeof(address)) == 3);
    FACT(recv(fd, text, 8, 0) == 3 && memcmp(text, "abc", 3) == 0);
    FACT(sendto(fd, "to", 2, 0, any(&from), sizeof(from)) == 2);
    FACT(recv(sender, text, 8, 0) == 2);
#ifdef __wasm__ /* natively it is sent */
    FAILS(sendto(fd, "x", 1, 0, any(&own), sizeof(own)), EISCONN);
#endif
    FACT(connect(fd, &nobody, sizeof(nobody)) == 0);
    FAILS(getpeername(fd, (struct sockaddr *)&peer, &length), ENOTCONN);
#ifdef __wasm__ /* natively a port that the system chose is lost */
    FACT(getsockname(fd, (struct sockaddr *)&peer, &length) == 0);
    FACT(is_at(&peer, &address));
    FACT(sendto(receiver, "defg", 4, 0, any(&address), sizeof(address)) == 4);
    FACT(recv(fd, text, 8, 0) == 4 && memcmp(text, "defg", 4) == 0);
#endif
    FACT(connect(fd, any(&from), sizeof(from)) == 0);
    FACT(shutdown(fd, SHUT_WR) == 0);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    FAILS(recv(fd, text, 1, MSG_DONTWAIT), EAGAIN);
    FACT(shutdown(fd, SHUT_RD) == 0 && recv(fd, text, 8, 0) == 0);
    FACT((polled(fd, POLLIN | POLLRDHUP, 0) & (POLLIN | POLLRDHUP)) ==
         (POLLIN | POLLRDHUP));
    FACT(close(fd) == 0);
}

/* Several in one call. */
static void several(void)
{
    char bytes[3][4] = {"abc", "de", "f"};
    struct iovec vectors[3];
    struct mmsghdr messages[3];

    memset(messages, 0, sizeof(messages));
    for (int i = 0; i < 3; i++) {
        vectors[i] = (struct iovec){bytes[i], strlen(bytes[i])};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_name = &own;
        messages[i].msg_hdr.msg_namelen = sizeof(own);
    }
    FACT(sendmmsg(sender, messages, 3, 0) == 3);
    for (int i = 0; i < 3; i++) {
        FACT(messages[i].msg_len == 3U - (unsigned)i);
        vectors[i].iov_len = 4;
        messages[i].msg_hdr.msg_name = NULL;
        messages[i].msg_hdr.msg_namelen = 0;
        memset(bytes[i], '#', 4);
    }
    FACT(recvmmsg(receiver, messages, 2, 0, NULL) == 2);
    FACT(messages[0].msg_len == 3 && memcmp(bytes[0], "abc#", 4) == 0);
    FACT(messages[1].msg_len == 2 && memcmp(bytes[1], "de##", 4) == 0);
    FACT(recvmmsg(receiver, messages, 3, MSG_WAITFORONE, NULL) == 1);
    FACT(messages[0].msg_len == 1 && memcmp(bytes[0], "fbc#", 4) == 0);
    FAILS(recvmmsg(receiver, messages, 3, MSG_DONTWAIT, NULL), EAGAIN);
    FACT(recvmmsg(receiver, messages, 0, MSG_DONTWAIT, NULL) == 0);
}

/* A socket that may share its address, bound to it. */
static int bind_to(const struct sockaddr_in *address)
{
    const struct timeval limit = {WAIT_MS / 1000, 0};
    const int one = 1;
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    FACT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0);
    FACT(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
    FACT(bind(fd, any(address), sizeof(*address)) == 0);
    return fd;
}

/* Send from a socket; only one of two others receives it. */
static bool reaches(int source, int target, int other, const char *text)
{
    char bytes[8] = "";

    return send(source, text, 4, 0) == 4 &&
           polled(target, POLLIN, WAIT_MS) == POLLIN &&
           polled(other, POLLIN, 0) == 0 &&
           recv(target, bytes, 8, MSG_DONTWAIT) == 4 &&
           strcmp(bytes, text) == 0 &&
           recv(other, bytes, 8, MSG_DONTWAIT) == -1 && errno == EAGAIN;
}

/* What the first client sends waits while the others are served. */
static void served_apart(const int clients[2], const int servers[3])
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = servers[0]};
    const int epoll = epoll_create1(0);
    char bytes[8];

    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, servers[0], &event) == 0);
    FACT(send(clients[0], "1", 1, 0) == 1 && send(clients[0], "2", 1, 0) == 1);
    FACT(send(clients[1], "3", 1, 0) == 1);
    FACT(recv(servers[1], bytes, 8, 0) == 1 && bytes[0] == '3');
    FACT(epoll_wait(epoll, &event, 1, WAIT_MS) == 1);
    FACT(recv(servers[0], bytes, 8, 0) == 1 && bytes[0] == '1');
    FACT(epoll_wait(epoll, &event, 1, WAIT_MS) == 1);
    FACT(recv(servers[0], bytes, 8, 0) == 1 && bytes[0] == '2');
    FACT(epoll_wait(epoll, &event, 1, 0) == 0 && close(epoll) == 0);
}

/* A server that has a socket for each client, all at one address: a datagram is
 * for the one whose peer sent it, or else for the last one that was bound. */
static void shared_addresses(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct sockaddr_in ends[2];
    socklen_t length = sizeof(address);
    int refused = 0;
    socklen_t n = sizeof(refused);
    int clients[2];
    int servers[3];

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    servers[0] = bind_to(&address);
    FACT(getsockname(servers[0], (struct sockaddr *)&address, &length) == 0);
    for (int i = 0; i < 2; i++) {
        clients[i] = socket(AF_INET, SOCK_DGRAM, 0);
        FACT(bind_to_loopback(clients[i], &ends[i]));
        FACT(connect(clients[i], any(&address), sizeof(address)) == 0);
    }
    const int other = socket(AF_INET, SOCK_DGRAM, 0);
    FAILS(bind(other, any(&address), sizeof(address)), EADDRINUSE);
    FACT(close(other) == 0);
    FACT(connect(servers[0], any(&ends[0]), sizeof(ends[0])) == 0);
    servers[1] = bind_to(&address);
    FACT(reaches(clients[0], servers[0], servers[1], "abc"));
    FACT(reaches(clients[1], servers[1], servers[0], "def"));
    FACT(send(servers[0], "x", 1, 0) == 1 &&
         polled(clients[0], POLLIN, WAIT_MS));
    FAILS(sendto(servers[1], "x", 1, 0, NULL, 0), EDESTADDRREQ);
    served_apart(clients, servers);
    servers[2] = bind_to(&address);
    FACT(reaches(clients[1], servers[2], servers[1], "ghi"));
    FACT(connect(servers[1], any(&ends[1]), sizeof(ends[1])) == 0);
    FACT(getpeername(servers[1], (struct sockaddr *)&address, &length) == 0);
    FACT(is_at(&address, &ends[1]));
    FACT(reaches(clients[1], servers[1], servers[2], "jkl"));
    FACT(close(servers[0]) == 0);
    FACT(reaches(clients[0], servers[2], servers[1], "mno"));
    FACT(close(servers[2]) == 0 && send(clients[0], "lost", 4, 0) == 4);
    FACT(reaches(clients[1], servers[1], clients[1], "pqr"));
    address.sin_family = AF_UNSPEC;
    FACT(connect(servers[1], any(&address), sizeof(address)) == 0);
    FAILS(getpeername(servers[1], (struct sockaddr *)&address, &length),
          ENOTCONN);
    FACT(getsockopt(clients[0], SOL_SOCKET, SO_ERROR, &refused, &n) == 0);
    FACT(reaches(clients[0], servers[1], clients[1], "stu"));
    FACT(close(servers[1]) == 0);
    FACT(close(clients[0]) == 0 && close(clients[1]) == 0);
}

void datagram_facts(void)
{
    receiver = socket(AF_INET, SOCK_DGRAM, 0);
    if (receiver < 0 || !bind_to_loopback(receiver, &own)) {
        close(receiver); /* there is none, or it is denied */
        return;
    }
    sender = socket(AF_INET, SOCK_DGRAM, 0);
    FACT(bind_to_loopback(sender, &from));
    parts();
    senders();
    waits();
    bad_sends();
    large();
    late_addresses();
    peers();
    several();
    shared_addresses();
    FACT(close(sender) == 0 && close(receiver) == 0);
}
