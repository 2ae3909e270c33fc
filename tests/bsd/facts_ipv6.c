/* SPDX-License-Identifier: MIT */
/* facts_ipv6 - connections and datagrams by IPv6, and their addresses. */
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
#include <sys/socket.h>
#include <unistd.h>

#include "facts.h"

static bool is_loopback(const struct sockaddr_in6 *address, socklen_t length,
                        in_port_t port)
{
    return length == sizeof(*address) && address->sin6_family == AF_INET6 &&
           memcmp(&address->sin6_addr, &in6addr_loopback,
                  sizeof(in6addr_loopback)) == 0 &&
           (port == 0 ? address->sin6_port != 0 : address->sin6_port == port);
}

/* A socket of the type that is bound to an address, IPv6 only; -1: this machine
 * has no IPv6. */
static int bind_to(int type, const struct in6_addr *ip,
                   struct sockaddr_in6 *address)
{
    socklen_t length = sizeof(*address);
    const int fd = socket(AF_INET6, type, 0);
    int one = 1;

    memset(address, 0, sizeof(*address));
    address->sin6_family = AF_INET6;
    address->sin6_addr = *ip;
    if (fd < 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0 ||
        bind(fd, (struct sockaddr *)address, length) < 0) {
        close(fd);
        return -1;
    }
    FACT(getsockname(fd, (struct sockaddr *)address, &length) == 0);
    FACT(length == sizeof(*address) && address->sin6_port != 0);
    return fd;
}

static void exchange(int client, int server)
{
    char bytes[8];

    FACT(send(client, "ping", 4, 0) == 4 && recv(server, bytes, 8, 0) == 4);
    FACT(send(server, "pong", 4, 0) == 4 && recv(client, bytes, 8, 0) == 4);
    FACT(memcmp(bytes, "pong", 4) == 0 && shutdown(client, SHUT_WR) == 0);
    FACT(recv(server, bytes, 8, 0) == 0);
}

static void connections(void)
{
    struct sockaddr_in6 address;
    struct sockaddr_in6 local;
    struct sockaddr_in6 peer;
    struct sockaddr_in other = {.sin_family = AF_INET};
    socklen_t length = sizeof(peer);
    const int listener = bind_to(SOCK_STREAM, &in6addr_loopback, &address);

    if (listener < 0) {
        return;
    }
    FACT(is_loopback(&address, sizeof(address), 0) && listen(listener, 4) == 0);
    const int client = socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP);
    FACT(connect(client, (struct sockaddr *)&address, sizeof(address)) == 0);
    FACT(getpeername(client, (struct sockaddr *)&peer, &length) == 0);
    FACT(is_loopback(&peer, length, address.sin6_port));
    FACT(getsockname(client, (struct sockaddr *)&local, &length) == 0);
    FACT(is_loopback(&local, length, 0));
    const int server = accept(listener, (struct sockaddr *)&peer, &length);
    FACT(server >= 0 && is_loopback(&peer, length, local.sin6_port));
    FACT(getpeername(server, (struct sockaddr *)&peer, &length) == 0);
    FACT(is_loopback(&peer, length, local.sin6_port));
    FACT(getsockname(server, (struct sockaddr *)&peer, &length) == 0);
    FACT(is_loopback(&peer, length, address.sin6_port));
    exchange(client, server);
    FACT(close(client) == 0 && close(server) == 0);

    const int ipv4 = socket(AF_INET, SOCK_STREAM, 0); /* a port of its own */
    other.sin_port = address.sin6_port;
    other.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FAILS(connect(ipv4, (struct sockaddr *)&other, sizeof(other)),
          ECONNREFUSED);
    FAILS(bind(ipv4, (struct sockaddr *)&address, sizeof(address)),
          EAFNOSUPPORT);
    FACT(close(ipv4) == 0 && close(listener) == 0);
    const int late = socket(AF_INET6, SOCK_STREAM, 0);
    FAILS(bind(late, (struct sockaddr *)&address, sizeof(other)), EINVAL);
    FAILS(connect(late, (struct sockaddr *)&address, sizeof(address)),
          ECONNREFUSED);
    FACT(close(late) == 0);
}

/* Any address is reached by loopback; a port of both families. */
static void any_address(void)
{
    struct sockaddr_in6 address;
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    const int listener = bind_to(SOCK_STREAM, &in6addr_any, &address);

    if (listener < 0) {
        return;
    }
    FACT(listen(listener, 4) == 0);
    FACT(memcmp(&address.sin6_addr, &in6addr_any, sizeof(in6addr_any)) == 0);
    const int other = socket(AF_INET, SOCK_STREAM, 0);
    ipv4.sin_port = address.sin6_port;
    FACT(bind(other, (struct sockaddr *)&ipv4, sizeof(ipv4)) == 0);
    FACT(listen(other, 4) == 0);
    address.sin6_addr = in6addr_loopback;
    const int client = socket(AF_INET6, SOCK_STREAM, 0);
    FACT(connect(client, (struct sockaddr *)&address, sizeof(address)) == 0);
    struct pollfd both[2] = {{listener, POLLIN, 0}, {other, POLLIN, 0}};
    FACT(poll(both, 2, 5000) == 1 && both[0].revents == POLLIN);
    const int server = accept(listener, NULL, NULL);
    exchange(client, server);
    FACT(close(client) == 0 && close(server) == 0);
    FACT(close(listener) == 0 && close(other) == 0);
}

static void datagrams(void)
{
    struct sockaddr_in6 address;
    struct sockaddr_in6 own;
    struct sockaddr_in6 from;
    socklen_t length = sizeof(from);
    char bytes[8];

    const int first = bind_to(SOCK_DGRAM, &in6addr_loopback, &address);
    if (first < 0) {
        return; /* preview1 has no datagrams */
    }
    const int second = bind_to(SOCK_DGRAM, &in6addr_loopback, &own);
    FACT(sendto(second, "abc", 3, 0, (struct sockaddr *)&address,
                sizeof(address)) == 3);
    FACT(recvfrom(first, bytes, 8, 0, (struct sockaddr *)&from, &length) == 3);
    FACT(is_loopback(&from, length, own.sin6_port));
    FACT(connect(first, (struct sockaddr *)&from, sizeof(from)) == 0);
    FACT(getpeername(first, (struct sockaddr *)&from, &length) == 0);
    FACT(is_loopback(&from, length, own.sin6_port));
    FACT(send(first, "defg", 4, 0) == 4 && recv(second, bytes, 8, 0) == 4);
    FACT(close(first) == 0 && close(second) == 0);
}

void ipv6_facts(void)
{
    connections();
    any_address();
    datagrams();
}
