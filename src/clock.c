/* SPDX-License-Identifier: MIT */
#include <wasock/clock.h>

#include "wasip1.h"

uint64_t wasock_clock_now_ns(void)
{
    uint64_t now_ns = 0;

    if (wasip1_clock_time_get(WASIP1_CLOCKID_MONOTONIC, 0, &now_ns) != 0) {
        return UINT64_MAX;
    }
    return now_ns == 0 ? 1 : now_ns;
}
