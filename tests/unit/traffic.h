/* SPDX-License-Identifier: MIT */
/*
 * traffic.h - simulated clients of an echo server on simhost, in shapes.
 *
 * A client sends traffic.request_bytes and waits for the answer. Closed shapes
 * have k requests in flight: the answer to one triggers the next, of a client
 * that the shape chooses, 20 to 40 us later.
 */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "random.h"
#include "simhost.h"

#define CLIENTS_MAX 9064
#define REQUEST_BYTES_MAX 64
#define ANSWERS_MAX 8192

enum shape {
    SHAPE_UNIFORM, /* any client, all equally likely */
    SHAPE_ZIPF,    /* any client, the ith with a chance of 1/i */
    SHAPE_BURST,   /* k clients at a time, chosen once all are answered */
    SHAPE_RING,    /* one after the other, in a scattered order */
    SHAPE_BUSY,    /* the same k clients all the time */
    SHAPE_OPEN,    /* every client, on average once a second */
    N_SHAPES
};

static const char *const shape_names[N_SHAPES] = {"uniform", "zipf", "burst",
                                                  "ring",    "busy", "open"};

struct client {
    struct simhost_peer *peer;
    uint64_t sent_ns;
    bool is_waiting; /* for an answer */
};

static struct {
    enum shape shape;
    size_t n;
    size_t k;
    size_t request_bytes;
    uint64_t random;
    size_t order[CLIENTS_MAX]; /* a permutation: scattered clients */
    double weight_sums[CLIENTS_MAX];
    size_t next_in_order;
    size_t n_in_burst; /* unanswered */
    struct client clients[CLIENTS_MAX];
    size_t n_answers;
    uint64_t latencies_ns[ANSWERS_MAX]; /* of the first answers */
} traffic = {.request_bytes = REQUEST_BYTES_MAX};

static inline uint64_t pause_ns(void)
{
    return traffic.shape == SHAPE_OPEN
               ? SIMHOST_MS(500) + random_below(&traffic.random, 1000000000)
               : 20000 + random_below(&traffic.random, 20000);
}

static inline void send_after(struct client *client, uint64_t after_ns)
{
    static const uint8_t request[REQUEST_BYTES_MAX] = {1};

    client->is_waiting = true;
    client->sent_ns = simhost_now_ns() + after_ns;
    simhost_peer_send(client->peer, request, traffic.request_bytes, after_ns);
}

/* The first place whose sum of weights is above a random one. */
static inline size_t choose_by_weight(void)
{
    const double part = (double)(next_random(&traffic.random) >> 11) *
                        (1.0 / 9007199254740992.0); /* 2^53 */
    const double wanted = part * traffic.weight_sums[traffic.n - 1];
    size_t low = 0;
    size_t high = traffic.n - 1;

    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (traffic.weight_sums[middle] > wanted) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static inline size_t choose_place(void)
{
    switch (traffic.shape) {
    case SHAPE_ZIPF:
        return choose_by_weight();
    case SHAPE_RING:
        return traffic.next_in_order++ % traffic.n;
    case SHAPE_UNIFORM:
    case SHAPE_BURST:
    default:
        return random_below(&traffic.random, traffic.n);
    }
}

/* Let one client that has nothing in flight send a request. */
static inline void send_next(void)
{
    struct client *client = NULL;

    do {
        client = &traffic.clients[traffic.order[choose_place()]];
    } while (client->is_waiting);
    send_after(client, pause_ns());
}

static inline void send_burst(void)
{
    traffic.n_in_burst = traffic.k;
    for (size_t i = 0; i < traffic.k; i++) {
        send_next();
    }
}

static inline void on_answer(struct simhost_peer *peer, const uint8_t *data,
                             size_t length, void *context)
{
    struct client *client = (struct client *)context;

    (void)peer;
    (void)data;
    (void)length; /* always a whole answer */
    if (traffic.n_answers < ANSWERS_MAX) {
        traffic.latencies_ns[traffic.n_answers] =
            simhost_now_ns() - client->sent_ns;
    }
    traffic.n_answers++;
    client->is_waiting = false;
    if (traffic.shape == SHAPE_BUSY || traffic.shape == SHAPE_OPEN) {
        send_after(client, pause_ns());
    } else if (traffic.shape != SHAPE_BURST) {
        send_next();
    } else if (--traffic.n_in_burst == 0) {
        send_burst();
    }
}

static inline void scatter_order(void)
{
    double sum = 0;

    for (size_t i = 0; i < traffic.n; i++) {
        const size_t j = random_below(&traffic.random, i + 1);
        traffic.order[i] = traffic.order[j];
        traffic.order[j] = i;
        sum += 1.0 / (double)(i + 1);
        traffic.weight_sums[i] = sum;
    }
}

/* Begin, once traffic.clients[0..n) have their peers. seed: decides all. */
static inline void start_traffic(enum shape shape, size_t n, size_t k,
                                 uint64_t seed)
{
    traffic.shape = shape;
    traffic.n = n;
    traffic.k = k;
    traffic.random = seed;
    traffic.next_in_order = 0;
    traffic.n_answers = 0;
    scatter_order();
    for (size_t i = 0; i < n; i++) {
        traffic.clients[i].is_waiting = false;
        simhost_peer_on_read(traffic.clients[i].peer, on_answer,
                             &traffic.clients[i]);
    }
    for (size_t i = 0; shape == SHAPE_OPEN && i < n; i++) {
        send_after(&traffic.clients[i],
                   random_below(&traffic.random, 1000000000));
    }
    for (size_t i = 0; shape == SHAPE_BUSY && i < k; i++) {
        send_after(&traffic.clients[traffic.order[i]], pause_ns());
    }
    if (shape == SHAPE_BURST) {
        send_burst();
        return;
    }
    for (size_t i = 0; shape < SHAPE_BUSY && i < k; i++) {
        send_next();
    }
}

/* Forget the answers so far. */
static inline void restart_answers(void)
{
    traffic.n_answers = 0;
}

static inline int compare_times(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The time within which 99 % of the answers came. */
static inline uint64_t latency_p99_ns(void)
{
    const size_t n =
        traffic.n_answers < ANSWERS_MAX ? traffic.n_answers : ANSWERS_MAX;

    qsort(traffic.latencies_ns, n, sizeof(traffic.latencies_ns[0]),
          compare_times);
    return n == 0 ? 0 : traffic.latencies_ns[n * 99 / 100];
}

#endif
