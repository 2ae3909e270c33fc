/* SPDX-License-Identifier: MIT */
/*
 * One client of an echo server: it sends a stream of known bytes as far as it
 * is allowed to, and checks every byte that comes back.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client {
    int fd; /* -1 while closed */
    bool waits_to_send;
    uint64_t stream_seed; /* makes the client's bytes differ from others' */
    uint64_t allowed;     /* stream offset up to which it may send */
    uint64_t sent;
    uint64_t received;
    uint64_t asked_at_ns; /* when the request of a probe went out */
};

/* Fills the table of bytes that all streams are cut from. Call it first. */
void client_init_streams(void);

/*
 * Starts to connect from 127.0.0.`source` (0: any address) to 127.0.0.1:port
 * and joins the epoll set.
 * Returns NULL, or what failed.
 */
const char *client_open(struct client *client, int epoll, uint16_t port,
                        unsigned source);

/* Allows `length` more bytes and sends what the socket takes of them. */
const char *client_allow(struct client *client, int epoll, uint64_t length);

/* Sends and receives all it can. Returns NULL, or what failed. */
const char *client_exchange(struct client *client, int epoll);

/* Everything allowed has been sent and has come back. */
bool client_is_answered(const struct client *client);

void client_close(struct client *client);

#endif
