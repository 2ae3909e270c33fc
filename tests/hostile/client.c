/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RECEIVE_BYTES 65536
#define N_SOURCES 200 /* addresses, so that ports do not run out */

uint64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static struct sockaddr_in loopback(unsigned last, uint16_t port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};

    addr.sin_addr.s_addr = htonl((INADDR_LOOPBACK & 0xffffff00U) | last);
    return addr;
}

bool client_start(struct client *client, const struct protocol *protocol,
                  const struct behaviour *how, uint16_t port, uint64_t id)
{
    const int one = 1;
    const struct sockaddr_in to = loopback(1, port);
    const struct sockaddr_in from = loopback(2 + (unsigned)(id % N_SOURCES), 0);

    memset(client, 0, sizeof(*client));
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (client->fd < 0) {
        return false;
    }
    client->protocol = protocol;
    client->how = *how;
    client->answers.stream.client = id;
    client->answers.stream.payload_max = protocol->payload_max;
    if (how->payload_max > 0 && how->payload_max < protocol->payload_max) {
        client->answers.stream.payload_max = how->payload_max;
    }
    client->progress_ns = clock_ns();
    if (how->receive_buffer > 0) {
        setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &how->receive_buffer,
                   sizeof(how->receive_buffer));
    }
    setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
               sizeof(one));
    if (bind(client->fd, (const struct sockaddr *)&from, sizeof(from)) != 0) {
        close(client->fd);
        return false;
    }
    /* Its result is that of the first send or receive. */
    (void)!connect(client->fd, (const struct sockaddr *)&to, sizeof(to));
    return true;
}

bool client_is_answered(const struct client *client)
{
    return client->answers.n >= client->how.n_requests;
}

static bool has_to_send(const struct client *client)
{
    return client->request != NULL ||
           (client->n_asked < client->how.n_requests &&
            client->n_asked - client->answers.n < client->how.n_in_flight);
}

uint32_t client_interest(const struct client *client, uint64_t now_ns)
{
    if (!client->is_connected) {
        return EPOLLOUT;
    }
    if (client->resume_ns > now_ns) {
        return 0;
    }
    return has_to_send(client) ? EPOLLIN | EPOLLOUT : EPOLLIN;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Make the next request. */
static void ask(struct client *client)
{
    const struct stream *stream = &client->answers.stream;

    client->request = malloc(stream->payload_max + REQUEST_OVERHEAD);
    if (client->request == NULL) {
        abort();
    }
    client->request_at = 0;
    client->request_length =
        client->protocol->ask(stream, client->n_asked++, client->request);
}

static void forget_request(struct client *client)
{
    free(client->request);
    client->request = NULL;
}

static bool is_last_sent(const struct client *client)
{
    return client->request == NULL && client->n_asked == client->how.n_requests;
}

/* Send once. Returns false: the server has closed. */
static bool send_some(struct client *client)
{
    if (client->request == NULL) {
        ask(client);
    }
    const size_t left = client->request_length - client->request_at;
    const size_t most =
        client->how.send_bytes_max > 0 ? client->how.send_bytes_max : left;
    const ssize_t n = send(client->fd, client->request + client->request_at,
                           smaller(left, most), MSG_NOSIGNAL);
    if (n < 0) {
        return errno == EAGAIN;
    }
    client->request_at += (size_t)n;
    if (client->request_at == client->request_length) {
        forget_request(client);
    }
    if (is_last_sent(client) && client->how.ending == END_HALF &&
        !client->is_shut) {
        shutdown(client->fd, SHUT_WR);
        client->is_shut = true;
    }
    return true;
}

/* The outcome of EOF or an error. */
static enum outcome at_end(const struct client *client, ssize_t n_received)
{
    return n_received == 0 && client->is_shut && client_is_answered(client)
               ? OUTCOME_DONE
               : OUTCOME_CUT;
}

/* Receive once, and check it. */
static enum outcome receive_some(struct client *client)
{
    static char bytes[RECEIVE_BYTES];
    const size_t most = client->how.receive_bytes_max > 0
                            ? client->how.receive_bytes_max
                            : sizeof(bytes);
    const ssize_t n = recv(client->fd, bytes, smaller(most, sizeof(bytes)), 0);

    if (n <= 0) {
        return n < 0 && errno == EAGAIN ? OUTCOME_NONE : at_end(client, n);
    }
    client->n_received += (size_t)n;
    if (!client->protocol->check(&client->answers, bytes, (size_t)n) ||
        client->answers.n > client->n_asked) {
        return OUTCOME_WRONG;
    }
    if (client->how.ending == END_RESET &&
        (client->n_received > client->how.reset_after_bytes ||
         client_is_answered(client))) {
        return OUTCOME_DONE;
    }
    return client->how.ending == END_CLOSE && client_is_answered(client)
               ? OUTCOME_DONE
               : OUTCOME_NONE;
}

enum outcome client_step(struct client *client, uint32_t events,
                         uint64_t now_ns)
{
    enum outcome outcome = OUTCOME_NONE;
    bool is_open = true;

    if (client->resume_ns > now_ns) {
        return OUTCOME_NONE;
    }
    if (!client->is_connected && (events & (EPOLLERR | EPOLLHUP)) != 0) {
        return OUTCOME_CUT;
    }
    client->is_connected = true;
    client->progress_ns = now_ns;
    client->resume_ns =
        client->how.pause_ns > 0 ? now_ns + client->how.pause_ns : 0;
    if ((events & EPOLLOUT) != 0 && has_to_send(client)) {
        is_open = send_some(client);
    }
    if (client->how.ending == END_RESET && is_last_sent(client) &&
        client->how.reset_after_bytes == 0) {
        return OUTCOME_DONE;
    }
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
        outcome = receive_some(client);
    }
    return is_open || outcome != OUTCOME_NONE ? outcome : OUTCOME_CUT;
}

void client_ask_more(struct client *client, unsigned n_requests)
{
    client->how.n_requests += n_requests;
    client->progress_ns = clock_ns();
}

void client_end(struct client *client, bool is_reset)
{
    const struct linger at_once = {1, 0};

    if (is_reset) {
        setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once,
                   sizeof(at_once));
    }
    forget_request(client);
    close(client->fd);
    client->protocol = NULL;
}
