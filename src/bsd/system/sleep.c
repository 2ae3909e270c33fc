/* SPDX-License-Identifier: MIT */
/*
 * sleep.c - nanosleep, clock_nanosleep, usleep, sleep.
 *
 * True: any length, also for ever; absolute times of each clock, which hosts
 * cannot wait for. Only a signal of another thread interrupts a sleep.
 */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <wasock/clock.h>

#include "../table.h"
#include "../waiting/wait.h"

/* left: written if a signal interrupts it; or NULL. */
static int sleep_for(const struct timespec *time, struct timespec *left)
{
    uint64_t deadline_ns = 0;
    int result = wasock_bsd__deadline_of(time, &deadline_ns);

    if (result == 0) {
        result = wasock_bsd__poll(NULL, 0, deadline_ns);
    }
    if (result == -EINTR && left != NULL) {
        const uint64_t left_ns = wasock__time_left_ns(deadline_ns);
        left->tv_sec = (time_t)(left_ns / WASOCK_NS_PER_S);
        left->tv_nsec = (long)(left_ns % WASOCK_NS_PER_S);
    }
    return -result;
}

/* The host may set its clock meanwhile. */
static int sleep_until(clockid_t clock, const struct timespec *moment)
{
    struct timespec now;

    while (clock_gettime(clock, &now) == 0 &&
           (now.tv_sec < moment->tv_sec ||
            (now.tv_sec == moment->tv_sec && now.tv_nsec < moment->tv_nsec))) {
        struct timespec left = {moment->tv_sec - now.tv_sec,
                                moment->tv_nsec - now.tv_nsec};
        if (left.tv_nsec < 0) {
            left.tv_sec--;
            left.tv_nsec += (long)WASOCK_NS_PER_S;
        }
        const int error = sleep_for(&left, NULL);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/* Whether a clock can be waited for: 0, EINVAL or ENOTSUP. */
static int check_clock(clockid_t clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI:
    case CLOCK_PROCESS_CPUTIME_ID:
        return 0;
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_BOOTTIME_ALARM:
        return ENOTSUP;
    default:
        return EINVAL;
    }
}

/*
 * clock_nanosleep(2). Returns the error.
 * Errors: EINVAL: no time, no clock to wait for; ENOTSUP: a clock to read
 *   only; EINTR.
 */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                    struct timespec *left)
{
    const int error = check_clock(clock);

    if (error != 0) {
        return error;
    }
    if (time->tv_sec < 0 || time->tv_nsec < 0 ||
        time->tv_nsec >= (long)WASOCK_NS_PER_S) {
        return EINVAL;
    }
    return (flags & TIMER_ABSTIME) != 0 ? sleep_until(clock, time)
                                        : sleep_for(time, left);
}

/* nanosleep(2). Errors: EINVAL: no time; EINTR. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
    const int error = clock_nanosleep(CLOCK_MONOTONIC, 0, time, left);

    return (int)wasock_bsd__result(-error);
}

int usleep(useconds_t time_us)
{
    const struct timespec time = {(time_t)(time_us / 1000000),
                                  (long)(time_us % 1000000) * 1000};

    return nanosleep(&time, NULL);
}

/* Returns the seconds that are left if a signal interrupts it. */
unsigned sleep(unsigned seconds)
{
    const struct timespec time = {(time_t)seconds, 0};
    struct timespec left = {0, 0};

    return nanosleep(&time, &left) < 0 ? (unsigned)left.tv_sec : 0;
}
