/* SPDX-License-Identifier: MIT */
/*
 * clock.h - monotonic time, deadlines and timeouts, in nanoseconds.
 *
 * A deadline is an absolute time of a monotonic clock, a timeout a duration.
 * Calls that take a deadline end in _until_ns or set_deadline_ns, calls that
 * take a timeout end in _for_ns or set_timeout_ns. Never pass one for the
 * other.
 */
#ifndef WASOCK_CLOCK_H
#define WASOCK_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* No deadline: wait for ever. */
#define WASOCK_NO_DEADLINE UINT64_C(0)

/* A deadline in the past: check, do not wait. Costs no clock read. */
#define WASOCK_DEADLINE_PAST UINT64_C(1)

/* A timeout: wait for ever. A timeout of 0 checks and does not wait. */
#define WASOCK_FOREVER_NS UINT64_MAX

#define WASOCK_NS_PER_US UINT64_C(1000)
#define WASOCK_NS_PER_MS UINT64_C(1000000)
#define WASOCK_NS_PER_S UINT64_C(1000000000)

/*
 * Read the host's monotonic clock. Costs one host call.
 * Returns nanoseconds since an arbitrary start, never 0. Returns UINT64_MAX if
 * the host's clock fails, so that deadlines are exceeded rather than ignored.
 * Source: preview1 clock_time_get(monotonic).
 */
uint64_t wasock_clock_now_ns(void);

/* Add; UINT64_MAX on overflow. */
static inline uint64_t wasock_ns_add(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns > UINT64_MAX - b_ns ? UINT64_MAX : a_ns + b_ns;
}

/* Subtract; 0 if b is larger. */
static inline uint64_t wasock_ns_subtract(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns > b_ns ? a_ns - b_ns : 0;
}

/* Convert milliseconds to nanoseconds; UINT64_MAX on overflow. */
static inline uint64_t wasock_ns_from_ms(uint64_t time_ms)
{
    return time_ms > UINT64_MAX / WASOCK_NS_PER_MS ? UINT64_MAX
                                                   : time_ms * WASOCK_NS_PER_MS;
}

/* Private: `timeout_ns` after `now_ns`; past if the clock has failed: added to
 * UINT64_MAX it would never be exceeded. */
static inline uint64_t wasock__ns_after(uint64_t now_ns, uint64_t timeout_ns)
{
    return now_ns == UINT64_MAX ? WASOCK_DEADLINE_PAST
                                : wasock_ns_add(now_ns, timeout_ns);
}

/*
 * Compute the deadline: now plus a timeout, by the host's clock. Costs one host
 * call. Sockets of an in-process network have another clock: use
 * wasock_socket_set_timeout_ns, which works for both.
 * Returns UINT64_MAX on overflow.
 */
static inline uint64_t wasock_deadline_after_ns(uint64_t timeout_ns)
{
    return wasock__ns_after(wasock_clock_now_ns(), timeout_ns);
}
static inline uint64_t wasock_deadline_after_ms(uint64_t timeout_ms)
{
    return wasock_deadline_after_ns(wasock_ns_from_ms(timeout_ms));
}

/* Private: the deadline of a timeout that starts at `now_ns`. */
static inline uint64_t wasock__deadline_after(uint64_t timeout_ns,
                                              uint64_t now_ns)
{
    if (timeout_ns == WASOCK_FOREVER_NS) {
        return WASOCK_NO_DEADLINE;
    }
    return timeout_ns == 0 ? WASOCK_DEADLINE_PAST
                           : wasock__ns_after(now_ns, timeout_ns);
}

/*
 * Check whether a deadline is exceeded at `now_ns`. A deadline equal to
 * `now_ns` is exceeded; WASOCK_NO_DEADLINE never is.
 */
static inline bool wasock_deadline_is_past(uint64_t deadline_ns,
                                           uint64_t now_ns)
{
    return deadline_ns != WASOCK_NO_DEADLINE && deadline_ns <= now_ns;
}

/* Choose the earlier of two deadlines. Either may be WASOCK_NO_DEADLINE. */
static inline uint64_t wasock_deadline_earlier(uint64_t a_ns, uint64_t b_ns)
{
    /* Minus one makes WASOCK_NO_DEADLINE the latest of all. */
    return (a_ns - 1 < b_ns - 1) ? a_ns : b_ns;
}

#ifdef __cplusplus
}
#endif

#endif
