/* SPDX-License-Identifier: MIT */
/*
 * serving.h - what clients send to a server, on the in-process network.
 *
 * The bytes are commands, each a byte and its arguments: a client sends the
 * next N bytes, reads, shuts its half, resets or connects again; time passes.
 * The server is judged by its answers, which `check` gets in order.
 */
#ifndef FUZZ_SERVING_H
#define FUZZ_SERVING_H

#include <string.h>

#include <wasock/fakenet.h>
#include <wasock/wasock.h>

#include "input.h"

#define N_FUZZ_CLIENTS 3
#define N_FUZZ_SOCKETS 64 /* some connections end late */
#define FUZZ_NET_BYTES (4 << 20)

static const struct wasock_addr fuzz_at = {
    .family = WASOCK_ADDR_IPV4, .port = 80, .ip = {127, 0, 0, 1}};
static _Alignas(WASOCK_FAKENET_ALIGNMENT) char fuzz_net_memory
    [WASOCK_FAKENET_SIZE(N_FUZZ_SOCKETS, FUZZ_NET_BYTES)];

struct serving {
    struct input input;
    struct wasock_fakenet net;
    struct wasock_listener listener;
    struct wasock_server *server;
    struct wasock_conn clients[N_FUZZ_CLIENTS];
    /* Check what a client has read; `is_first`: of its connection. */
    void (*check)(const char *bytes, size_t n, bool is_first);
    bool has_read[N_FUZZ_CLIENTS];
};

static inline void fuzz_serve(struct serving *serving, uint64_t time_ns)
{
    for (int i = 0; i < 4; i++) {
        CHECK(wasock_server_run_for_ns(serving->server, i < 3 ? 0 : time_ns) ==
              -WASOCK_EDEADLINE);
    }
}

/* Returns false while too many connections have not ended yet. */
static inline bool fuzz_connect(struct serving *serving, size_t i)
{
    if (wasock_socket_is_open(&serving->clients[i].socket)) {
        return true;
    }
    serving->has_read[i] = false;
    return wasock_conn_connect_for_ns(&serving->clients[i],
                                      &serving->net.network, &fuzz_at,
                                      WASOCK_NS_PER_S) == 0;
}

/* Read all that there is. Returns the result of the last read. */
static inline ptrdiff_t fuzz_read(struct serving *serving, size_t i)
{
    static char bytes[65536];
    ptrdiff_t n = 0;

    do {
        n = wasock_conn_try_read(&serving->clients[i], bytes, sizeof(bytes));
        if (n > 0) {
            serving->check(bytes, (size_t)n, !serving->has_read[i]);
            serving->has_read[i] = true;
        }
    } while (n > 0);
    return n;
}

static inline void fuzz_send(struct serving *serving, size_t i)
{
    const size_t left = (size_t)(serving->input.end - serving->input.at);
    size_t n = input_size(&serving->input, 4000);

    n = n < left ? n : left > 0 ? left - 1 : 0;
    const ptrdiff_t result =
        wasock_conn_try_write(&serving->clients[i], serving->input.at, n);
    CHECK(result <= (ptrdiff_t)n);
    serving->input.at += n;
}

static inline void fuzz_command(struct serving *serving)
{
    const uint8_t command = input_byte(&serving->input);
    const size_t i = command / 8 % N_FUZZ_CLIENTS;

    if (!fuzz_connect(serving, i)) {
        fuzz_serve(serving, WASOCK_NS_PER_S);
        return;
    }
    switch (command % 8) {
    case 0:
        (void)wasock_conn_shutdown(&serving->clients[i], WASOCK_SHUTDOWN_WRITE);
        break;
    case 1:
        (void)wasock_fakenet_reset(&serving->clients[i]);
        break;
    case 2:
        fuzz_serve(serving, WASOCK_NS_PER_S * input_byte(&serving->input) / 8);
        break;
    case 3:
        if (fuzz_read(serving, i) != -WASOCK_EAGAIN) {
            wasock_conn_close(&serving->clients[i]);
        }
        break;
    default:
        fuzz_send(serving, i);
        fuzz_serve(serving, 0);
    }
}

/* After the last command each client shuts its half, and gets an end. */
static inline void fuzz_end(struct serving *serving)
{
    for (size_t i = 0; i < N_FUZZ_CLIENTS; i++) {
        if (!wasock_socket_is_open(&serving->clients[i].socket)) {
            continue;
        }
        (void)wasock_conn_shutdown(&serving->clients[i], WASOCK_SHUTDOWN_WRITE);
        ptrdiff_t n = -WASOCK_EAGAIN;
        for (int k = 0; k < 1000 && n == -WASOCK_EAGAIN; k++) {
            fuzz_serve(serving, WASOCK_NS_PER_S);
            n = fuzz_read(serving, i);
        }
        CHECK(n != -WASOCK_EAGAIN);
        wasock_conn_close(&serving->clients[i]);
    }
    fuzz_serve(serving, 100 * WASOCK_NS_PER_S);
    CHECK(wasock_server_n_clients(serving->server) == 0);
    wasock_server_close(serving->server);
    wasock_listener_close(&serving->listener);
    CHECK(serving->net.n_free_sockets_ == serving->net.n_sockets_);
}

/* Run one input against a server. */
static inline void fuzz_server(struct serving *serving, void *storage,
                               size_t storage_bytes,
                               const struct wasock_server_options *options)
{
    CHECK(wasock_fakenet_init(&serving->net, fuzz_net_memory,
                              sizeof(fuzz_net_memory), N_FUZZ_SOCKETS,
                              NULL) == 0);
    CHECK(wasock_listener_listen(&serving->listener, &serving->net.network,
                                 &fuzz_at, 0) == 0);
    CHECK(wasock_server_init(serving->server, storage, storage_bytes,
                             options) == 0);
    CHECK(wasock_server_add_listener(serving->server, &serving->listener) == 0);
    if (options->handler->start != NULL) {
        CHECK(options->handler->start(serving->server) == 0);
    }
    while (!input_is_empty(&serving->input)) {
        fuzz_command(serving);
    }
    fuzz_end(serving);
}

#endif
