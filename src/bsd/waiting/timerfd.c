/* SPDX-License-Identifier: MIT */
/*
 * timerfd.c - timerfd: timers that can be polled.
 *
 * True: one-shot and periodic timers, relative and absolute, of the real and
 * the monotonic clock; the count of expirations; an edge in epoll for the first
 * after each read, as on Linux.
 * Accepted and never reported: TFD_TIMER_CANCEL_ON_SET. A real clock that the
 * host sets while the program waits is detected after the wait.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>

#include <wasock/clock.h>

#include "../plain.h"
#include "../threads/layer.h"
#include "wait.h"
#include "watch.h"

struct timer {
    struct description description;
    clockid_t clock;
    uint64_t next_ns; /* by the clock; 0: not set */
    uint64_t interval_ns;
    uint64_t n_expirations; /* since the last read */
};

static const struct operations timer_operations;

/* A time that is far away stays so. */
static uint64_t ns_of(const struct timespec *time)
{
    const uint64_t ns_max = INT64_MAX;
    const uint64_t seconds = (uint64_t)time->tv_sec;

    return seconds >= ns_max / WASOCK_NS_PER_S
               ? ns_max
               : seconds * WASOCK_NS_PER_S + (uint64_t)time->tv_nsec;
}

static struct timespec time_of(uint64_t ns)
{
    const struct timespec time = {
        .tv_sec = (time_t)(ns / WASOCK_NS_PER_S),
        .tv_nsec = (long)(ns % WASOCK_NS_PER_S),
    };

    return time;
}

static uint64_t now_ns(const struct timer *timer)
{
    struct timespec now = {0, 0};

    clock_gettime(timer->clock, &now); /* one that was checked */
    return ns_of(&now);
}

/* Count what has expired. */
static void expire(struct timer *timer, uint64_t time_ns)
{
    uint64_t n = 1;

    if (timer->next_ns == 0 || time_ns < timer->next_ns) {
        return;
    }
    if (timer->interval_ns == 0) {
        timer->next_ns = 0;
    } else {
        n += (time_ns - timer->next_ns) / timer->interval_ns;
        timer->next_ns += n * timer->interval_ns;
    }
    if (timer->n_expirations == 0) {
        wasock_bsd__changed(&timer->description, POLLIN);
    }
    timer->n_expirations += n;
}

static uint64_t timer_due_ns(struct description *description)
{
    struct timer *timer = (struct timer *)description;
    const uint64_t time_ns = now_ns(timer);

    expire(timer, time_ns);
    return timer->next_ns == 0 || timer->n_expirations > 0
               ? WASOCK_NO_DEADLINE
               : wasock_deadline_after_ns(timer->next_ns - time_ns);
}

static unsigned timer_known(struct description *description)
{
    return ((const struct timer *)description)->n_expirations > 0 ? POLLIN : 0;
}

/* Wait until it expires. Returns 0, -EAGAIN, -EDEADLK, a code of the host. */
static int wait_for(struct timer *timer)
{
    uint64_t due_ns = timer_due_ns(&timer->description);

    while (timer->n_expirations == 0) {
        if ((timer->description.flags & O_NONBLOCK) != 0) {
            return -EAGAIN;
        }
        const int result =
            due_ns == WASOCK_NO_DEADLINE
                ? wasock_bsd__await(&timer->description, WASOCK_READABLE)
                : wasock_bsd__poll(NULL, 0, due_ns);
        if (result < 0) {
            return result;
        }
        due_ns = timer_due_ns(&timer->description);
    }
    return 0;
}

static ssize_t timer_read(struct description *description,
                          const struct iovec *buffers, int n_buffers, int flags)
{
    struct timer *timer = (struct timer *)description;

    (void)flags;
    if (n_buffers != 1 || buffers[0].iov_len < sizeof(timer->n_expirations)) {
        return -EINVAL;
    }
    const int result = wait_for(timer);
    if (result < 0) {
        return result;
    }
    memcpy(buffers[0].iov_base, &timer->n_expirations,
           sizeof(timer->n_expirations));
    timer->n_expirations = 0;
    wasock_bsd__changed(description, 0);
    return sizeof(timer->n_expirations);
}

static int timer_stat(struct description *description, struct stat *status)
{
    (void)description;
    status->st_mode = 0600; /* of no type, as on Linux */
    status->st_nlink = 1;
    return 0;
}

static int timer_close(struct description *description)
{
    wasock_bsd__end_watches(description);
    free(description);
    return 0;
}

static const struct operations timer_operations = {
    .read = timer_read,
    .known = timer_known,
    .due_ns = timer_due_ns,
    .stat = timer_stat,
    .is_waitable = true,
    .close = timer_close,
};

static bool has_clock(int clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ||
           clock == CLOCK_BOOTTIME;
}

/*
 * timerfd_create(2).
 * Errors: EINVAL: another clock, an unknown flag; EPERM: a clock that wakes a
 *   machine up; EMFILE; ENOMEM.
 */
int timerfd_create(int clock, int flags)
{
    if (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) {
        errno = EPERM;
        return -1;
    }
    if (!has_clock(clock) || (flags & ~(TFD_NONBLOCK | TFD_CLOEXEC)) != 0) {
        errno = EINVAL;
        return -1;
    }
    struct timer *timer = (struct timer *)calloc(1, sizeof(*timer));
    if (timer == NULL) {
        return -1;
    }
    timer->description.operations = &timer_operations;
    timer->description.flags = O_RDWR | (flags & TFD_NONBLOCK);
    timer->clock = clock;
    return wasock_bsd__open(&timer->description,
                            (flags & TFD_CLOEXEC) != 0 ? FD_CLOEXEC : 0);
}
WASOCK_BSD_PLAIN(timerfd_create);

/* The timer of a number; NULL with errno EBADF or EINVAL. */
static struct timer *find_timer(int fd)
{
    struct description *description = wasock_bsd__find(fd);

    if (description != NULL && description->operations != &timer_operations) {
        errno = EINVAL;
        return NULL;
    }
    return (struct timer *)description;
}

static bool is_time(const struct timespec *time)
{
    return time->tv_sec >= 0 && time->tv_nsec >= 0 &&
           time->tv_nsec < (long)WASOCK_NS_PER_S;
}

static void get_time(const struct timer *timer, uint64_t time_ns,
                     struct itimerspec *value)
{
    value->it_interval = time_of(timer->interval_ns);
    value->it_value =
        time_of(timer->next_ns == 0 ? 0 : timer->next_ns - time_ns);
}

/* timerfd_settime(2). Errors: EBADF; EINVAL: no timer, no time, an unknown
 * flag. */
int timerfd_settime(int fd, int flags, const struct itimerspec *value,
                    struct itimerspec *old)
{
    struct timer *timer = find_timer(fd);

    if (timer == NULL) {
        return -1;
    }
    if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) != 0 ||
        !is_time(&value->it_value) || !is_time(&value->it_interval)) {
        errno = EINVAL;
        return -1;
    }
    const uint64_t time_ns = now_ns(timer);
    const uint64_t value_ns = ns_of(&value->it_value);
    expire(timer, time_ns);
    if (old != NULL) {
        get_time(timer, time_ns, old);
    }
    timer->next_ns = value_ns == 0 || (flags & TFD_TIMER_ABSTIME) != 0
                         ? value_ns
                         : time_ns + value_ns;
    timer->interval_ns = value_ns == 0 ? 0 : ns_of(&value->it_interval);
    timer->n_expirations = 0;
    wasock_bsd__changed(&timer->description, 0);
    return 0;
}
WASOCK_BSD_PLAIN(timerfd_settime);

/* timerfd_gettime(2). Errors: EBADF; EINVAL: no timer. */
int timerfd_gettime(int fd, struct itimerspec *value)
{
    struct timer *timer = find_timer(fd);

    if (timer == NULL) {
        return -1;
    }
    const uint64_t time_ns = now_ns(timer);
    expire(timer, time_ns);
    get_time(timer, time_ns, value);
    return 0;
}
WASOCK_BSD_PLAIN(timerfd_gettime);
