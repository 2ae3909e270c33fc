/* SPDX-License-Identifier: MIT */
/*
 * timers.c - alarm, setitimer: the timer that sends SIGALRM.
 *
 * True: one-shot and periodic ones. The signal comes in calls that wait, which
 * it interrupts, and at the end of others that may wait: no host interrupts a
 * program that computes.
 * Refused: ITIMER_VIRTUAL and ITIMER_PROF with ENOSYS, as hosts do not count
 * the time that a program computes.
 */
#include "timers.h"

#include <errno.h>
#include <stddef.h>
#include <sys/time.h>
#include <unistd.h>

#include "../plain.h"
#include "../threads/thread.h"
#include "signals.h"

#define US_PER_S 1000000

uint64_t wasock_bsd__timer_due_ns = WASOCK_NO_DEADLINE;

static uint64_t interval_ns;

void wasock_bsd__expire_timers(void)
{
    const union sigval none = {0};
    const uint64_t now_ns = wasock_clock_now_ns();

    if (now_ns < wasock_bsd__timer_due_ns) {
        return;
    }
    /* The next expiry in the future: missed ones count once. */
    wasock_bsd__timer_due_ns =
        interval_ns == 0
            ? WASOCK_NO_DEADLINE
            : wasock_ns_add(now_ns,
                            interval_ns - (now_ns - wasock_bsd__timer_due_ns) %
                                              interval_ns);
    wasock_bsd__send_to_process(&wasock_bsd__main_thread, SIGALRM, SI_KERNEL,
                                none);
}

static uint64_t ns_of(const struct timeval *time)
{
    const uint64_t seconds = (uint64_t)time->tv_sec;

    return seconds >= INT64_MAX / WASOCK_NS_PER_S
               ? INT64_MAX
               : seconds * WASOCK_NS_PER_S +
                     (uint64_t)time->tv_usec * WASOCK_NS_PER_US;
}

static struct timeval time_of(uint64_t ns)
{
    const struct timeval time = {
        .tv_sec = (time_t)(ns / WASOCK_NS_PER_S),
        .tv_usec = (suseconds_t)(ns % WASOCK_NS_PER_S / WASOCK_NS_PER_US)};

    return time;
}

static bool is_time(const struct timeval *time)
{
    return time->tv_sec >= 0 && time->tv_usec >= 0 && time->tv_usec < US_PER_S;
}

static bool is_timer(int which)
{
    errno = EINVAL;
    return which == ITIMER_REAL || which == ITIMER_VIRTUAL ||
           which == ITIMER_PROF;
}

/* getitimer(2). Errors: EINVAL: no timer. */
int getitimer(int which, struct itimerval *value)
{
    const bool is_set =
        which == ITIMER_REAL && wasock_bsd__timer_due_ns != WASOCK_NO_DEADLINE;

    if (!is_timer(which)) {
        return -1;
    }
    value->it_interval = time_of(is_set ? interval_ns : 0);
    value->it_value =
        time_of(is_set ? wasock_ns_subtract(wasock_bsd__timer_due_ns,
                                            wasock_clock_now_ns())
                       : 0);
    return 0;
}
WASOCK_BSD_PLAIN(getitimer);

/* setitimer(2). Errors: EINVAL: no timer, no time; ENOSYS: ITIMER_VIRTUAL or
 * ITIMER_PROF, unless it is to stop. */
int setitimer(int which, const struct itimerval *restrict value,
              struct itimerval *restrict old)
{
    if (!is_timer(which) || !is_time(&value->it_value) ||
        !is_time(&value->it_interval)) {
        errno = EINVAL;
        return -1;
    }
    wasock_bsd__look_at_timers();
    if (old != NULL) {
        getitimer(which, old);
    }
    const uint64_t value_ns = ns_of(&value->it_value);
    if (which != ITIMER_REAL) {
        errno = ENOSYS;
        return value_ns == 0 ? 0 : -1;
    }
    wasock_bsd__timer_due_ns =
        value_ns == 0 ? WASOCK_NO_DEADLINE : wasock_deadline_after_ns(value_ns);
    interval_ns = value_ns == 0 ? 0 : ns_of(&value->it_interval);
    return 0;
}
WASOCK_BSD_PLAIN(setitimer);

static useconds_t us_of(const struct timeval *time)
{
    return (useconds_t)(time->tv_sec * US_PER_S + time->tv_usec);
}

/* ualarm(3). Returns what was left of the one before. */
useconds_t ualarm(useconds_t value_us, useconds_t interval_us)
{
    const struct itimerval value = {
        .it_value = time_of((uint64_t)value_us * WASOCK_NS_PER_US),
        .it_interval = time_of((uint64_t)interval_us * WASOCK_NS_PER_US)};
    struct itimerval old = {0};

    setitimer(ITIMER_REAL, &value, &old);
    return us_of(&old.it_value);
}
WASOCK_BSD_PLAIN(ualarm);

/* alarm(2). Returns what was left of the one before, in full seconds, but at
 * least one. */
unsigned alarm(unsigned seconds)
{
    const struct itimerval value = {.it_value = {.tv_sec = seconds}};
    struct itimerval old = {0};

    setitimer(ITIMER_REAL, &value, &old);
    const bool rounds_up =
        old.it_value.tv_usec >= US_PER_S / 2 ||
        (old.it_value.tv_sec == 0 && old.it_value.tv_usec > 0);
    return (unsigned)old.it_value.tv_sec + (rounds_up ? 1 : 0);
}
WASOCK_BSD_PLAIN(alarm);
