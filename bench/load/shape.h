/* SPDX-License-Identifier: MIT */
/* The traffic shapes: which connection sends the next request. */
#ifndef BENCH_SHAPE_H
#define BENCH_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shape_order {
    SHAPE_NONE,
    SHAPE_UNIFORM, /* at random */
    SHAPE_ZIPF,    /* at random, the rank r with a probability like 1 / r */
    SHAPE_BURST,   /* as SHAPE_UNIFORM, K at once */
    SHAPE_RING,    /* one after the other, in a fixed random order */
    SHAPE_OPEN,    /* at random, at random times, without waiting for answers */
};

struct shape {
    enum shape_order order;
    uint64_t random_state;
    size_t n_connections;
    size_t n_in_flight;
    bool *is_in_flight;  /* by connection */
    uint32_t *scattered; /* a random permutation of the connections */
    double *weight_sums; /* of the ranks up to each; SHAPE_ZIPF only */
    size_t ring_next;    /* index in `scattered` */
};

/* Return the order of this name, or SHAPE_NONE. */
enum shape_order shape_order_from(const char *name);

/* Initialise from a fixed seed. Returns false when out of memory. */
bool shape_init(struct shape *shape, enum shape_order order,
                size_t n_connections);

/*
 * Choose a connection without a request in flight and put one in flight.
 * At least one connection must have none.
 */
size_t shape_take(struct shape *shape);

/*
 * End the connection's request.
 * Returns false if it has none in flight.
 */
bool shape_release(struct shape *shape, size_t connection);

/* Return any connection at random, in flight or not. */
size_t shape_draw(struct shape *shape);

/* Return the time to the next event of a Poisson process. */
uint64_t shape_gap_ns(struct shape *shape, uint64_t mean_ns);

#endif
