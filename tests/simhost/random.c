/* SPDX-License-Identifier: MIT */
#include "world.h"

static uint64_t state;

void sim_random_seed(uint64_t seed)
{
    state = seed;
}

/* splitmix64: any seed is a good one, and neighbours differ at once. */
uint64_t sim_random(void)
{
    state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

uint64_t sim_random_below(uint64_t limit)
{
    return limit == 0 ? 0 : sim_random() % limit;
}

bool sim_chance(unsigned per_mille)
{
    /* Nothing is drawn for a knob that is off: turning one on does not change
     * what the others do in a world where it never strikes. */
    return per_mille != 0 && sim_random_below(1000) < per_mille;
}
