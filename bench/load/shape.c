/* SPDX-License-Identifier: MIT */
#include "shape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "xorshift.h"

static const uint64_t SEED = 88172645463325252;

enum shape_order shape_order_from(const char *name)
{
    static const char *const names[] = {
        [SHAPE_UNIFORM] = "uniform", [SHAPE_ZIPF] = "zipf",
        [SHAPE_BURST] = "burst",     [SHAPE_RING] = "ring",
        [SHAPE_OPEN] = "open",
    };
    size_t order = sizeof names / sizeof names[0] - 1;

    while (order > SHAPE_NONE && strcmp(names[order], name) != 0) {
        order--;
    }
    return (enum shape_order)order;
}

size_t shape_draw(struct shape *shape)
{
    return xorshift_next(&shape->random_state) % shape->n_connections;
}

/* Scatter, so that neighbours in the order are not neighbours in the server's
 * tables, which are filled in the order of the connects. */
static void scatter(struct shape *shape)
{
    for (size_t i = 0; i < shape->n_connections; i++) {
        size_t other = xorshift_next(&shape->random_state) % (i + 1);
        shape->scattered[i] = shape->scattered[other];
        shape->scattered[other] = (uint32_t)i;
    }
}

static void sum_weights(struct shape *shape)
{
    double sum = 0;

    for (size_t i = 0; i < shape->n_connections; i++) {
        sum += 1 / (double)(i + 1);
        shape->weight_sums[i] = sum;
    }
}

bool shape_init(struct shape *shape, enum shape_order order,
                size_t n_connections)
{
    *shape = (struct shape){
        .order = order,
        .random_state = SEED,
        .n_connections = n_connections,
        .is_in_flight = (bool *)calloc(n_connections, sizeof(bool)),
        .scattered = (uint32_t *)calloc(n_connections, sizeof(uint32_t)),
        .weight_sums = (double *)calloc(n_connections, sizeof(double)),
    };
    if (shape->is_in_flight == NULL || shape->scattered == NULL ||
        shape->weight_sums == NULL) {
        return false;
    }
    scatter(shape);
    sum_weights(shape);
    return true;
}

static size_t draw_zipf(struct shape *shape)
{
    const double *sums = shape->weight_sums;
    double wanted = xorshift_fraction(&shape->random_state) *
                    sums[shape->n_connections - 1];
    size_t low = 0;
    size_t high = shape->n_connections - 1;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sums[middle] < wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return shape->scattered[low];
}

static size_t next_in_ring(struct shape *shape)
{
    size_t connection = shape->scattered[shape->ring_next];

    shape->ring_next = (shape->ring_next + 1) % shape->n_connections;
    return connection;
}

static size_t next_in_order(struct shape *shape)
{
    switch (shape->order) {
    case SHAPE_ZIPF:
        return draw_zipf(shape);
    case SHAPE_RING:
        return next_in_ring(shape);
    default:
        return shape_draw(shape);
    }
}

size_t shape_take(struct shape *shape)
{
    size_t connection = next_in_order(shape);

    while (shape->is_in_flight[connection]) {
        connection = next_in_order(shape);
    }
    shape->is_in_flight[connection] = true;
    shape->n_in_flight++;
    return connection;
}

bool shape_release(struct shape *shape, size_t connection)
{
    if (!shape->is_in_flight[connection]) {
        return false;
    }
    shape->is_in_flight[connection] = false;
    shape->n_in_flight--;
    return true;
}

uint64_t shape_gap_ns(struct shape *shape, uint64_t mean_ns)
{
    return (uint64_t)(-log(xorshift_fraction(&shape->random_state)) *
                      (double)mean_ns);
}
