/* SPDX-License-Identifier: MIT */
/* deadline.c - moments of the real clock as deadlines. */
#include <errno.h>

#include <wasock/clock.h>

#include "../threads/thread.h"

int wasock_bsd__deadline_at(clockid_t clock, const struct timespec *moment,
                            uint64_t *deadline_ns)
{
    struct timespec now;

    if (moment->tv_nsec < 0 || moment->tv_nsec >= (long)WASOCK_NS_PER_S) {
        return EINVAL;
    }
    if (clock_gettime(clock, &now) < 0) {
        return errno;
    }
    const int64_t left_s = moment->tv_sec - now.tv_sec;
    if (left_s < 0 || (left_s == 0 && moment->tv_nsec <= now.tv_nsec)) {
        *deadline_ns = WASOCK_DEADLINE_PAST;
        return 0;
    }
    if ((uint64_t)left_s > UINT64_MAX / 2 / WASOCK_NS_PER_S) {
        *deadline_ns = WASOCK_NO_DEADLINE;
        return 0;
    }
    *deadline_ns = wasock_deadline_after_ns((uint64_t)left_s * WASOCK_NS_PER_S +
                                            (uint64_t)moment->tv_nsec -
                                            (uint64_t)now.tv_nsec);
    return 0;
}
