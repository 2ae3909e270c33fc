/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A prime period: no request size hides a shifted or repeated answer. */
enum { STREAM_PERIOD = 65521, CHUNK_SIZE = 262144 };

static unsigned char stream_bytes[STREAM_PERIOD + CHUNK_SIZE];
static unsigned char received_bytes[CHUNK_SIZE];

void client_init_streams(void)
{
    uint32_t state = 2463534242;

    for (size_t i = 0; i < STREAM_PERIOD; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        stream_bytes[i] = (unsigned char)state;
    }
    for (size_t i = STREAM_PERIOD; i < sizeof stream_bytes; i++) {
        stream_bytes[i] = stream_bytes[i - STREAM_PERIOD];
    }
}

static const unsigned char *stream_at(const struct client *client,
                                      uint64_t offset)
{
    return stream_bytes + (client->stream_seed + offset) % STREAM_PERIOD;
}

static const char *watch(struct client *client, int epoll, int operation,
                         bool for_sending)
{
    struct epoll_event event = {.data.ptr = client};

    event.events = for_sending ? EPOLLIN | EPOLLOUT : EPOLLIN;
    client->waits_to_send = for_sending;
    if (epoll_ctl(epoll, operation, client->fd, &event) != 0) {
        return strerror(errno);
    }
    return NULL;
}

static const char *bind_source(int fd, unsigned source)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int on = 1;

    address.sin_addr.s_addr = htonl(0x7f000000u | source);
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) !=
            0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        return strerror(errno);
    }
    return NULL;
}

static const char *start_connect(int fd, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        return strerror(errno);
    }
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 &&
        errno != EINPROGRESS) {
        return strerror(errno);
    }
    return NULL;
}

const char *client_open(struct client *client, int epoll, uint16_t port,
                        unsigned source)
{
    const char *failure = NULL;

    client->allowed = 0;
    client->sent = 0;
    client->received = 0;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0) {
        return strerror(errno);
    }
    if (source != 0) {
        failure = bind_source(client->fd, source);
    }
    if (failure == NULL) {
        failure = start_connect(client->fd, port);
    }
    if (failure == NULL) {
        failure = watch(client, epoll, EPOLL_CTL_ADD, false);
    }
    return failure;
}

static const char *send_allowed(struct client *client, int epoll)
{
    while (client->sent < client->allowed) {
        uint64_t length = client->allowed - client->sent;
        if (length > CHUNK_SIZE) {
            length = CHUNK_SIZE;
        }
        ssize_t n = send(client->fd, stream_at(client, client->sent),
                         (size_t)length, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN) {
                return strerror(errno);
            }
            return client->waits_to_send
                       ? NULL
                       : watch(client, epoll, EPOLL_CTL_MOD, true);
        }
        client->sent += (uint64_t)n;
    }
    return client->waits_to_send ? watch(client, epoll, EPOLL_CTL_MOD, false)
                                 : NULL;
}

const char *client_allow(struct client *client, int epoll, uint64_t length)
{
    client->allowed += length;
    return send_allowed(client, epoll);
}

const char *client_exchange(struct client *client, int epoll)
{
    ssize_t n = recv(client->fd, received_bytes, sizeof received_bytes, 0);

    if (n == 0) {
        return "the server closed a connection";
    }
    if (n < 0 && errno != EAGAIN) {
        return strerror(errno);
    }
    if (n > 0) {
        uint64_t end = client->received + (uint64_t)n;
        if (end > client->sent ||
            memcmp(received_bytes, stream_at(client, client->received),
                   (size_t)n) != 0) {
            return "wrong bytes came back";
        }
        client->received = end;
    }
    return client->waits_to_send ? send_allowed(client, epoll) : NULL;
}

bool client_is_answered(const struct client *client)
{
    return client->received == client->allowed;
}

void client_close(struct client *client)
{
    if (client->fd >= 0) {
        close(client->fd);
        client->fd = -1;
    }
}
