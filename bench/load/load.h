/* SPDX-License-Identifier: MIT */
/* The load generator's state, and what its ways to measure share. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "shape.h"

enum { MAX_CLIENTS = 65536, MAX_LATENCIES = 65536, NS_PER_MS = 1000000 };
static const uint64_t NS_PER_S = 1000000000;

struct options {
    uint64_t port;
    uint64_t busy;
    uint64_t idle;
    uint64_t in_flight; /* a busy connection; with a shape: in total */
    uint64_t size;
    uint64_t joining; /* how many may be on their way in at a time */
    uint64_t join_limit_ms;
    uint64_t warm_up_ms;
    uint64_t measure_ms;
    uint64_t probes_per_s;
    uint64_t churn;
    enum shape_order shape;
};

struct load {
    struct options options;
    int epoll;
    struct client *clients; /* the busy ones first, then the idle ones */
    size_t n_clients;
    size_t n_opened;
    size_t n_joined;
    uint64_t start_ns;   /* of measuring */
    uint64_t n_requests; /* answered while measuring */
    uint64_t random_state;
    uint64_t latencies_ns[MAX_LATENCIES];
    size_t n_latencies;
};

/* Serves an event of a client. Returns NULL, or what failed. */
typedef const char *load_handler(struct load *load, struct client *client);

uint64_t load_now_ns(void);

/* Wait until `until_ns` at most, and let `handle` serve the events. */
const char *load_turn(struct load *load, uint64_t until_ns,
                      load_handler *handle);

/* Start measuring: print the marker "begin" and forget all figures. */
void load_begin(struct load *load);

/* End measuring: print the marker "end" and add the rate to the answer. */
void load_end(struct load *load);

/* Record the time since `since_ns`. */
void load_record_latency(struct load *load, uint64_t since_ns);

/* Add the percentiles to the answer as `name`_p50_us and so on. */
void load_print_latencies(struct load *load, const char *name);

#endif
