/* SPDX-License-Identifier: MIT */
/* Xorshift random numbers: a seed gives the same numbers on every machine. */
#ifndef BENCH_XORSHIFT_H
#define BENCH_XORSHIFT_H

#include <stdint.h>

/* Return the next number, never 0. Seed `*state` with anything but 0. */
static inline uint64_t xorshift_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Return a number in (0, 1). */
static inline double xorshift_fraction(uint64_t *state)
{
    return ((double)(xorshift_next(state) >> 11) + 0.5) / (double)(1ull << 53);
}

#endif
