/* SPDX-License-Identifier: MIT */
/*
 * network.c - what holds where the host opens sockets: network.py's peers, and
 * the program itself, at the other end.
 *
 *   network ECHO FULL RESETTING TAKEN UDP [NAME]    ports, a name of loopback
 *   network denied
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "facts.h"

#define WAIT_MS 10000

int n_facts;
int n_failed;

static int echo_port;
static int full_port;
static int resetting_port;
static int taken_port;
static int udp_port;

static struct sockaddr_in at(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    return address;
}

static int open_tcp(int flags)
{
    const int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

    FACT(fd >= 0);
    return fd;
}

static int connect_to(int fd, int port)
{
    const struct sockaddr_in address = at(port);

    return connect(fd, (const struct sockaddr *)&address, sizeof(address));
}

static int bind_to(int fd, int port)
{
    const struct sockaddr_in address = at(port);

    return bind(fd, (const struct sockaddr *)&address, sizeof(address));
}

static int port_of(int fd, int (*name)(int, struct sockaddr *restrict,
                                       socklen_t *restrict))
{
    struct sockaddr_in address = {0};
    socklen_t length = sizeof(address);

    FACT(name(fd, (struct sockaddr *)&address, &length) == 0);
    FACT(length == sizeof(address) && address.sin_family == AF_INET);
    FACT(address.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    return ntohs(address.sin_port);
}

static int option_of(int fd, int option)
{
    int value = -1;
    socklen_t length = sizeof(value);

    FACT(getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0);
    return value;
}

static short polled(int fd, short events, int timeout_ms)
{
    struct pollfd one = {fd, events, 0};

    return poll(&one, 1, timeout_ms) < 0 ? -1 : one.revents;
}

/* A port at which nobody listens, for now. */
static int closed_port(void)
{
    const int fd = open_tcp(0);

    FACT(bind_to(fd, 0) == 0);
    const int port = port_of(fd, getsockname);
    FACT(close(fd) == 0);
    return port;
}

/* The peer sends first the address that it sees, and then what it received. */
static void echoes(int fd)
{
    char text[32] = "";
    size_t n = 0;

    while (n == 0 || text[n - 1] != '\n') {
        const ssize_t got = recv(fd, text + n, 1, 0);
        if (got != 1 && errno == EAGAIN && polled(fd, POLLIN, WAIT_MS) > 0) {
            continue;
        }
        FACT(got == 1);
        if (got != 1) {
            return;
        }
        n++;
    }
    FACT(atoi(text) == port_of(fd, getsockname));
    FACT(send(fd, "hello", 5, MSG_NOSIGNAL) == 5);
    FACT(polled(fd, POLLIN, WAIT_MS) == POLLIN);
    FACT(recv(fd, text, sizeof(text), 0) == 5 && memcmp(text, "hello", 5) == 0);
}

static void blocking_connects(void)
{
    const struct timeval limit = {0, 50000};
    int fd = open_tcp(0);

    FAILS(connect_to(fd, closed_port()), ECONNREFUSED);
    FACT(option_of(fd, SO_ERROR) == 0);
    FACT(connect_to(fd, echo_port) == 0); /* the same socket, once more */
    FACT(port_of(fd, getpeername) == echo_port);
    FACT(port_of(fd, getsockname) != 0);
    FAILS(connect_to(fd, echo_port), EISCONN);
    echoes(fd);
    FACT(close(fd) == 0);

    fd = open_tcp(0);
    FACT(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0);
    FAILS(connect_to(fd, full_port), EINPROGRESS);
    FAILS(connect_to(fd, full_port), EALREADY);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EAGAIN);
    FACT(close(fd) == 0);
}

static void connects_in_steps(void)
{
    int fd = open_tcp(SOCK_NONBLOCK);

    FAILS(connect_to(fd, echo_port), EINPROGRESS);
    FACT(polled(fd, POLLOUT, WAIT_MS) == POLLOUT);
    FACT(option_of(fd, SO_ERROR) == 0);
    FACT(port_of(fd, getpeername) == echo_port);
    FACT(connect_to(fd, echo_port) == 0); /* as Linux: how it ended, once */
    FAILS(connect_to(fd, echo_port), EISCONN);
    echoes(fd);
    FACT(close(fd) == 0);

    fd = open_tcp(SOCK_NONBLOCK);
    FAILS(connect_to(fd, full_port), EINPROGRESS);
    FAILS(connect_to(fd, full_port), EALREADY);
    FAILS(getpeername(fd, NULL, NULL), ENOTCONN);
    FAILS(listen(fd, 1), EINVAL);
    char byte = 0;
    FAILS(recv(fd, &byte, 1, 0), EAGAIN);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EAGAIN);
    FACT(polled(fd, POLLIN | POLLOUT, 20) == 0);
    FACT(option_of(fd, SO_ERROR) == 0);
    FACT(close(fd) == 0);
}

static void refused_in_steps(void)
{
    const short all = POLLIN | POLLOUT | POLLRDHUP | POLLERR | POLLHUP;
    const int port = closed_port();
    int fd = open_tcp(SOCK_NONBLOCK);
    char byte = 0;

    FAILS(connect_to(fd, port), EINPROGRESS);
    FACT(polled(fd, POLLOUT, WAIT_MS) == (POLLOUT | POLLERR | POLLHUP));
    FACT(polled(fd, POLLIN | POLLOUT | POLLRDHUP, 0) == all);
    FACT(option_of(fd, SO_ERROR) == ECONNREFUSED);
    FACT(option_of(fd, SO_ERROR) == 0);
    FACT(polled(fd, POLLOUT, 0) == (POLLOUT | POLLHUP));
    FACT(close(fd) == 0);

    fd = open_tcp(SOCK_NONBLOCK);
    FAILS(connect_to(fd, port), EINPROGRESS);
    FACT(polled(fd, 0, WAIT_MS) == (POLLERR | POLLHUP));
    FAILS(connect_to(fd, port), ECONNREFUSED); /* told by it */
    FACT(option_of(fd, SO_ERROR) == 0);
    FAILS(connect_to(fd, port), EINPROGRESS);
    FACT(polled(fd, POLLOUT, WAIT_MS) == (POLLOUT | POLLERR | POLLHUP));
    FAILS(recv(fd, &byte, 1, 0), ECONNREFUSED);
    FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    FACT(close(fd) == 0);
}

static void selects(void)
{
    const int port = closed_port();
    struct timeval limit = {WAIT_MS / 1000, 0};
    fd_set readable;
    fd_set writable;

    for (int turn = 0; turn < 2; turn++) {
        const int fd = open_tcp(SOCK_NONBLOCK);
        FAILS(connect_to(fd, turn == 0 ? echo_port : port), EINPROGRESS);
        FD_ZERO(&writable);
        FD_SET(fd, &writable);
        FACT(select(fd + 1, NULL, &writable, NULL, &limit) == 1);
        FACT(FD_ISSET(fd, &writable));
        if (turn == 1) {
            FD_ZERO(&readable);
            FD_SET(fd, &readable);
            FACT(select(fd + 1, &readable, NULL, NULL, &limit) == 1);
        }
        FACT(option_of(fd, SO_ERROR) == (turn == 0 ? 0 : ECONNREFUSED));
        FACT(close(fd) == 0);
    }
}

/* The events of the next wait, 0 for none. */
static unsigned waited(int epoll, int timeout_ms)
{
    struct epoll_event event = {0};

    return epoll_wait(epoll, &event, 1, timeout_ms) == 1 ? event.events : 0;
}

static void watch(int epoll, int operation, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    FACT(epoll_ctl(epoll, operation, fd, &event) == 0);
}

static void epolls(unsigned triggers)
{
    const int epoll = epoll_create1(0);
    const int port = closed_port();
    int fd = open_tcp(SOCK_NONBLOCK);

    FAILS(connect_to(fd, echo_port), EINPROGRESS);
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLOUT | triggers);
    FACT(waited(epoll, WAIT_MS) == EPOLLOUT);
    FACT(waited(epoll, 0) == (triggers != 0 ? 0 : EPOLLOUT));
    watch(epoll, EPOLL_CTL_MOD, fd, EPOLLIN | triggers);
    FACT(waited(epoll, WAIT_MS) == EPOLLIN); /* the greeting */
    echoes(fd);
    FACT(close(fd) == 0);

    fd = open_tcp(SOCK_NONBLOCK);
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | triggers);
    FACT(waited(epoll, 0) == (EPOLLOUT | EPOLLHUP)); /* as of any new one */
    FAILS(connect_to(fd, port), EINPROGRESS);
    unsigned events = waited(epoll, WAIT_MS);
    FACT((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) ==
         (EPOLLOUT | EPOLLERR | EPOLLHUP));
    FAILS(connect_to(fd, port), ECONNREFUSED); /* told by it */
    FAILS(connect_to(fd, echo_port), EINPROGRESS);
    FACT((waited(epoll, WAIT_MS) & ~(unsigned)EPOLLIN) == EPOLLOUT);
    echoes(fd);
    FACT(close(fd) == 0 && close(epoll) == 0);
}

/* A registration for nothing but errors, or for reading alone, tells of a
 * connect that fails. */
static void epolls_of_little(void)
{
    const int epoll = epoll_create1(0);
    const int port = closed_port();

    for (int turn = 0; turn < 2; turn++) {
        const unsigned events = turn == 0 ? 0 : EPOLLIN;
        const int fd = open_tcp(SOCK_NONBLOCK);
        FAILS(connect_to(fd, port), EINPROGRESS);
        watch(epoll, EPOLL_CTL_ADD, fd, events);
        FACT(waited(epoll, WAIT_MS) == (events | EPOLLERR | EPOLLHUP));
        FACT(close(fd) == 0);
    }
    FACT(close(epoll) == 0);
}

static void binds(void)
{
    struct sockaddr_in foreign = at(0);
    const int one = 1;
    const int fd = open_tcp(0);
    int other = open_tcp(0);
    int client = open_tcp(0);

    FAILS(bind_to(fd, taken_port), EADDRINUSE);
    inet_pton(AF_INET, "192.0.2.1", &foreign.sin_addr);
    FAILS(bind(fd, (struct sockaddr *)&foreign, sizeof(foreign)),
          EADDRNOTAVAIL);
    FACT(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
    FACT(bind_to(fd, 0) == 0);
    const int port = port_of(fd, getsockname);
    FACT(port != 0);
    FAILS(bind_to(other, port), EADDRINUSE);
    FAILS(bind_to(fd, 0), EINVAL);
    FAILS(connect_to(client, port), ECONNREFUSED); /* it does not listen yet */
    FACT(listen(fd, 4) == 0);
    FACT(connect_to(client, port) == 0);
    struct sockaddr_in from = {0};
    socklen_t length = sizeof(from);
    const int server = accept(fd, (struct sockaddr *)&from, &length);
    FACT(server >= 0 && length == sizeof(from));
    FACT(ntohs(from.sin_port) == port_of(client, getsockname));
    FACT(port_of(server, getpeername) == port_of(client, getsockname));
    FACT(port_of(server, getsockname) == port);
    FACT(close(client) == 0 && close(server) == 0 && close(fd) == 0);
    FACT(bind_to(other, port) == 0 && listen(other, 1) == 0); /* free again */
    FACT(port_of(other, getsockname) == port);
    FACT(close(other) == 0);

    client = open_tcp(0);
    FACT(bind_to(client, 0) == 0);
    const int own_port = port_of(client, getsockname);
    FACT(connect_to(client, echo_port) == 0);
    FACT(port_of(client, getsockname) == own_port);
    echoes(client);
    FACT(close(client) == 0);
    other = open_tcp(0);
    FACT(listen(other, 1) == 0); /* at any address, at a port of its own */
    length = sizeof(from);
    FACT(getsockname(other, (struct sockaddr *)&from, &length) == 0);
    FACT(from.sin_port != 0 && from.sin_addr.s_addr == htonl(INADDR_ANY));
    FACT(close(other) == 0);
}

static void resets(void)
{
    const int fd = open_tcp(0);
    char byte = 0;

    FACT(connect_to(fd, resetting_port) == 0);
    FACT(send(fd, "x", 1, MSG_NOSIGNAL) == 1);
    FAILS(recv(fd, &byte, 1, 0), ECONNRESET);
    FACT(recv(fd, &byte, 1, 0) == 0);
    FACT(close(fd) == 0);
}

static int open_udp(int flags)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | flags, 0);

    FACT(fd >= 0);
    return fd;
}

static ssize_t send_to(int fd, const char *text, int port)
{
    const struct sockaddr_in address = at(port);

    return sendto(fd, text, strlen(text), 0, (const struct sockaddr *)&address,
                  sizeof(address));
}

static void datagrams(void)
{
    struct sockaddr_in from = {0};
    socklen_t length = sizeof(from);
    char text[16] = "";
    int n_unread = -1;
    const int fd = open_udp(0);

    FACT(option_of(fd, SO_TYPE) == SOCK_DGRAM);
    FACT(option_of(fd, SO_PROTOCOL) == IPPROTO_UDP);
    FAILS(send(fd, "x", 1, 0), EDESTADDRREQ);
    FAILS(listen(fd, 1), EOPNOTSUPP);
    FAILS(accept(fd, NULL, NULL), EOPNOTSUPP);
    FACT(send_to(fd, "first", udp_port) == 5);
    FACT(polled(fd, POLLIN, WAIT_MS) == POLLIN);
    FACT(ioctl(fd, FIONREAD, &n_unread) == 0 && n_unread == 5);
    FACT(polled(fd, POLLIN | POLLOUT, 0) == (POLLIN | POLLOUT));
    FACT(recv(fd, text, 3, MSG_PEEK) == 3 && memcmp(text, "fir", 3) == 0);
    FACT(recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&from,
                  &length) == 5);
    FACT(memcmp(text, "first", 5) == 0 && length == sizeof(from));
    FACT(ntohs(from.sin_port) == udp_port);
    FACT(from.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    FAILS(recv(fd, text, 1, MSG_DONTWAIT), EAGAIN);
    FACT(send_to(fd, "second", udp_port) == 6);
    FACT(recv(fd, text, 3, MSG_TRUNC) == 6); /* it waits */
    FACT(memcmp(text, "sec", 3) == 0);
    FAILS(recv(fd, text, 1, MSG_DONTWAIT), EAGAIN); /* the rest is lost */
    FACT(send_to(fd, "", udp_port) == 0);
    FACT(polled(fd, POLLIN, WAIT_MS) == POLLIN);
    FACT(recv(fd, text, sizeof(text), 0) == 0);
    FACT(close(fd) == 0);
}

static void datagram_messages(void)
{
    struct sockaddr_in address = at(udp_port);
    char first[3];
    char rest[2];
    struct iovec out[2] = {{"abc", 3}, {"defg", 4}};
    struct iovec in[2] = {{first, 3}, {rest, 2}};
    struct msghdr message = {.msg_name = &address,
                             .msg_namelen = sizeof(address),
                             .msg_iov = out,
                             .msg_iovlen = 2};
    const int fd = open_udp(0);

    FACT(sendmsg(fd, &message, 0) == 7);
    message.msg_iov = in;
    memset(&address, 0, sizeof(address));
    FACT(recvmsg(fd, &message, 0) == 5);
    FACT((message.msg_flags & MSG_TRUNC) != 0);
    FACT(memcmp(first, "abc", 3) == 0 && memcmp(rest, "de", 2) == 0);
    FACT(message.msg_namelen == sizeof(address));
    FACT(ntohs(address.sin_port) == udp_port);
    FACT(close(fd) == 0);
}

/* The address that a datagram was sent to, and the one to answer from. */
static void datagram_addresses(void)
{
    struct sockaddr_in address = at(udp_port);
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control;
    char text[8];
    struct iovec slice = {text, 4};
    struct msghdr message = {.msg_name = &address,
                             .msg_namelen = sizeof(address),
                             .msg_iov = &slice,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr_in own = at(0);
    const int on = 1;
    const int fd = open_udp(0);

    FACT(bind(fd, (const struct sockaddr *)&own, sizeof(own)) == 0);
    FACT(setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) == 0);
    memset(&control, 0, sizeof(control));
    control.header.cmsg_level = IPPROTO_IP;
    control.header.cmsg_type = IP_PKTINFO;
    control.header.cmsg_len = CMSG_LEN(sizeof(info));
    memcpy(CMSG_DATA(&control.header), &info, sizeof(info));
    FACT(sendmsg(fd, &message, 0) == 4);
    memset(&control, 0, sizeof(control));
    FACT(recvmsg(fd, &message, 0) == 4);
    FACT(message.msg_controllen == sizeof(control) && message.msg_flags == 0);
    FACT(control.header.cmsg_level == IPPROTO_IP &&
         control.header.cmsg_type == IP_PKTINFO &&
         control.header.cmsg_len == CMSG_LEN(sizeof(info)));
    memcpy(&info, CMSG_DATA(&control.header), sizeof(info));
    FACT(info.ipi_addr.s_addr == htonl(INADDR_LOOPBACK));
    FACT(info.ipi_spec_dst.s_addr == htonl(INADDR_LOOPBACK));
    FACT(sendmsg(fd, &message, 0) == 4); /* what was received, sent back */
    message.msg_controllen = 1;
    FACT(recvmsg(fd, &message, 0) == 4);
    FACT(message.msg_controllen == 0 && message.msg_flags == MSG_CTRUNC);
    info.ipi_spec_dst.s_addr = htonl(0xC0000201); /* not its own */
    memcpy(CMSG_DATA(&control.header), &info, sizeof(info));
    message.msg_controllen = sizeof(control);
    FACT(sendmsg(fd, &message, 0) == -1);
    control.header.cmsg_len = 1;
    FAILS(sendmsg(fd, &message, 0), EINVAL);
    FACT(close(fd) == 0);
}

static void connected_datagrams(void)
{
    const struct timeval limit = {0, 20000};
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    char text[16] = "";
    const int fd = open_udp(0);
    const int server = open_udp(0);

    FACT(bind_to(server, 0) == 0);
    FAILS(bind_to(fd, port_of(server, getsockname)), EADDRINUSE);
    FAILS(getpeername(fd, NULL, NULL), ENOTCONN);
    FACT(bind_to(fd, 0) == 0);
    const int port = port_of(fd, getsockname);
    FACT(connect_to(fd, udp_port) == 0);
    FACT(port_of(fd, getpeername) == udp_port);
    FACT(port_of(fd, getsockname) == port);
    FACT(write(fd, "hello", 5) == 5);
    FACT(read(fd, text, sizeof(text)) == 5 && memcmp(text, "hello", 5) == 0);
    FACT(send_to(fd, "again", udp_port) == 5); /* to the peer */
    FACT(recv(fd, text, sizeof(text), 0) == 5);
    FACT(send_to(server, "stray", port) == 5); /* from another: dropped */
    FACT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0);
    FAILS(recv(fd, text, sizeof(text), 0), EAGAIN);
    FACT(connect(fd, &nobody, sizeof(nobody)) == 0);
    FAILS(send(fd, "x", 1, 0), EDESTADDRREQ);
    FACT(close(fd) == 0 && close(server) == 0);
}

static void watched_datagrams(unsigned triggers)
{
    const int epoll = epoll_create1(0);
    const int fd = open_udp(SOCK_NONBLOCK);
    char text[16] = "";

    FACT(bind_to(fd, 0) == 0);
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | triggers);
    FACT(waited(epoll, 20) == 0);
    for (int i = 0; i < 3; i++) {
        FACT(send_to(fd, "hello", udp_port) == 5);
        FACT(waited(epoll, WAIT_MS) == EPOLLIN);
        FACT(recv(fd, text, sizeof(text), 0) == 5);
        FACT(waited(epoll, 0) == 0);
    }
    watch(epoll, EPOLL_CTL_MOD, fd, EPOLLOUT | triggers);
    FACT(waited(epoll, WAIT_MS) == EPOLLOUT);
    FACT(close(fd) == 0 && waited(epoll, 0) == 0 && close(epoll) == 0);
}

/* ---- Streams and datagrams in one poller ---- */

#define N_MIXED 32
#define N_ROUNDS 20
#define MESSAGE_LENGTH 7

static struct {
    int fd;
    int round;
    size_t n_received; /* of this round */
    char received[MESSAGE_LENGTH];
} mixed[N_MIXED];

static void compose(int i, char text[static MESSAGE_LENGTH + 1])
{
    const unsigned numbers[] = {(unsigned)i, (unsigned)mixed[i].round};

    snprintf(text, MESSAGE_LENGTH + 1, "%3u %3u", numbers[0] % 1000,
             numbers[1] % 1000);
}

static void send_mixed(int i)
{
    char text[MESSAGE_LENGTH + 1];

    compose(i, text);
    FACT(send(mixed[i].fd, text, MESSAGE_LENGTH, 0) == MESSAGE_LENGTH);
}

/* Every other one is a datagram socket. */
static void open_mixed(int i)
{
    const int fd = i % 2 == 1 ? open_udp(0) : open_tcp(0);

    memset(&mixed[i], 0, sizeof(mixed[i]));
    mixed[i].fd = fd;
    FACT(connect_to(fd, i % 2 == 1 ? udp_port : echo_port) == 0);
    if (i % 2 == 0) {
        echoes(fd);
    }
    FACT(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
}

/* Returns whether a round has ended. */
static bool receive_mixed(int i)
{
    char text[MESSAGE_LENGTH + 1];
    const ssize_t n = recv(mixed[i].fd, mixed[i].received + mixed[i].n_received,
                           MESSAGE_LENGTH - mixed[i].n_received, 0);

    FACT(n > 0);
    mixed[i].n_received += n > 0 ? (size_t)n : 0;
    if (mixed[i].n_received < MESSAGE_LENGTH) {
        return false;
    }
    compose(i, text);
    FACT(memcmp(mixed[i].received, text, MESSAGE_LENGTH) == 0);
    mixed[i].n_received = 0;
    mixed[i].round++;
    return true;
}

static void mixes(unsigned triggers)
{
    struct epoll_event events[5]; /* fewer than are ready */
    const int epoll = epoll_create1(0);
    int n_left = N_MIXED * N_ROUNDS;

    for (int i = 0; i < N_MIXED; i++) {
        struct epoll_event event = {EPOLLIN | triggers, {.u32 = (uint32_t)i}};
        open_mixed(i);
        FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, mixed[i].fd, &event) == 0);
    }
    for (int i = 0; i < N_MIXED; i++) {
        send_mixed(i);
    }
    while (n_left > 0) {
        const int n = epoll_wait(epoll, events, 5, WAIT_MS);
        FACT(n > 0);
        for (int j = 0; j < n; j++) {
            const int i = (int)events[j].data.u32;
            FACT(events[j].events == EPOLLIN);
            if (receive_mixed(i)) {
                n_left--;
                if (mixed[i].round < N_ROUNDS) {
                    send_mixed(i);
                }
            }
        }
        n_left = n > 0 ? n_left : 0;
    }
    FACT(waited(epoll, 0) == 0);
    for (int i = 0; i < N_MIXED; i++) {
        FACT(mixed[i].round == N_ROUNDS && close(mixed[i].fd) == 0);
    }
    FACT(close(epoll) == 0);
}

/* The address of a name is loopback. */
static int look_up(const char *host, const char *service, int flags, int family,
                   struct addrinfo **found)
{
    const struct addrinfo hints = {
        .ai_flags = flags, .ai_family = family, .ai_socktype = SOCK_STREAM};

    return getaddrinfo(host, service, &hints, found);
}

static void is_local(const char *name)
{
    struct addrinfo *found = NULL;
    struct sockaddr_in address;

    FACT(look_up(name, "80", 0, AF_INET, &found) == 0);
    if (found == NULL) {
        return;
    }
    FACT(found->ai_family == AF_INET && found->ai_socktype == SOCK_STREAM);
    FACT(found->ai_addrlen == sizeof(address));
    memcpy(&address, found->ai_addr, sizeof(address));
    FACT(ntohs(address.sin_port) == 80);
    FACT((ntohl(address.sin_addr.s_addr) >> 24) == 127);
    freeaddrinfo(found);
    const struct hostent *host = gethostbyname(name);
    FACT(host != NULL && host->h_addrtype == AF_INET && host->h_length == 4);
    FACT(host != NULL && (unsigned char)host->h_addr_list[0][0] == 127);
}

static void names(const char *name)
{
    struct addrinfo *found = NULL;

    is_local("localhost");
    is_local("127.0.0.1");
    FACT(look_up("localhost", NULL, AI_NUMERICHOST, AF_INET, &found) ==
         EAI_NONAME);
    FACT(look_up("::1", NULL, 0, AF_INET, &found) < 0);
    FACT(look_up("", NULL, 0, AF_INET, &found) == EAI_NONAME);
    if (name == NULL) {
        return;
    }
    is_local(name);
    FACT(look_up(name, NULL, AI_NUMERICHOST, AF_INET, &found) == EAI_NONAME);
    const int error = look_up("wasock.invalid", NULL, 0, AF_UNSPEC, &found);
    FACT(error == EAI_NONAME || error == EAI_AGAIN || error == EAI_FAIL);
    FACT(gethostbyname("wasock.invalid") == NULL);
}

/* What the host denies is EACCES; it has sockets all the same. */
static void denied(void)
{
    const int fd = open_tcp(0);
    struct addrinfo *found = NULL;

    FAILS(connect_to(fd, 1), EACCES);
    FAILS(bind_to(fd, 0), EACCES);
    FAILS(send_to(open_udp(0), "x", 1), EACCES);
    FACT(look_up("wasock.invalid", NULL, 0, AF_UNSPEC, &found) < 0);
    FACT(look_up("localhost", NULL, 0, AF_UNSPEC, &found) == 0);
    freeaddrinfo(found);
}

/* A component says that clients of IPv4 do not reach it. */
static void any_of_ipv6(void)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    const int fd = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd >= 0) {
        FACT(bind(fd, (const struct sockaddr *)&any, sizeof(any)) == 0 ||
             errno == EADDRNOTAVAIL);
        FACT(close(fd) == 0);
    }
}

static void all(const char *name)
{
    any_of_ipv6();
    blocking_connects();
    connects_in_steps();
    refused_in_steps();
    selects();
    epolls(0);
    epolls(EPOLLET);
    epolls_of_little();
    binds();
    resets();
    datagrams();
    datagram_messages();
    datagram_addresses();
    connected_datagrams();
    watched_datagrams(0);
    watched_datagrams(EPOLLET);
    mixes(0);
    mixes(EPOLLET);
    names(name);
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        denied();
    } else {
        echo_port = atoi(argv[1]);
        full_port = atoi(argv[2]);
        resetting_port = atoi(argv[3]);
        taken_port = atoi(argv[4]);
        udp_port = atoi(argv[5]);
        all(argc > 6 ? argv[6] : NULL);
    }
    printf("%d facts, %d do not hold\n", n_facts, n_failed);
    return n_failed != 0;
}
