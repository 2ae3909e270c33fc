/* SPDX-License-Identifier: MIT */
/*
 * seeds.h - run random worlds: each is made by its seed alone. The seeds are
 * the same in every run, unless the environment says otherwise:
 *
 * WORLDS_SECONDS=n  fresh worlds for n seconds; the clock gives the first seed
 * WORLDS_SEED=n     the first seed
 */
#ifndef SEEDS_H
#define SEEDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

static inline uint64_t number_in_environment(const char *name,
                                             uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static inline uint64_t seed_of_the_clock(void)
{
    struct timespec now = {0};

    timespec_get(&now, TIME_UTC);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Run `n` worlds, or fresh ones. The last seed printed is of the world that
 * failed. Returns the number of worlds. */
static inline uint64_t run_worlds(void (*run)(uint64_t seed), uint64_t n)
{
    const uint64_t n_seconds = number_in_environment("WORLDS_SECONDS", 0);
    const uint64_t first = number_in_environment(
        "WORLDS_SEED", n_seconds > 0 ? seed_of_the_clock() : 1);
    const time_t end = time(NULL) + (time_t)n_seconds;
    uint64_t n_run = 0;

    while (n_seconds > 0 ? time(NULL) < end : n_run < n) {
        print_message("WORLDS_SEED=%llu\n",
                      (unsigned long long)(first + n_run));
        run(first + n_run);
        n_run++;
    }
    print_message("%llu worlds\n", (unsigned long long)n_run);
    return n_run;
}

#endif
