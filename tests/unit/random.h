/* SPDX-License-Identifier: MIT */
/* random.h - chance that is the same in every run, and texts made by it. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* splitmix64. */
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline size_t random_below(uint64_t *state, size_t limit)
{
    return (size_t)(next_random(state) % limit);
}

/* `length` characters of an alphabet of `n_letters`. */
static inline void random_text(uint64_t *state, const char *alphabet,
                               size_t n_letters, char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        text[i] = alphabet[random_below(state, n_letters)];
    }
}

#endif
