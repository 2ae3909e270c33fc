/* SPDX-License-Identifier: MIT */
/*
 * clock.c - the time: in UTC, as the host has it, and not to be set.
 *
 * True: the real and the monotonic clock, of which the raw, coarse, boot-time,
 * alarm and TAI clocks are other names. The clocks of CPU time return the time
 * that has passed since the program began.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "../libc.h"
#include "../plain.h"

/* There is UTC, and nothing to be set. */
static char utc[] = "UTC";
char *tzname[2] = {utc, utc};
long timezone;
int daylight;

void tzset(void)
{
}
WASOCK_BSD_PLAIN(tzset);

/* Only the host sets its clocks. Errors: EPERM. */
int settimeofday(const struct timeval *time, const struct timezone *zone)
{
    (void)time;
    (void)zone;
    errno = EPERM;
    return -1;
}
WASOCK_BSD_PLAIN(settimeofday);

int clock_settime(clockid_t clock, const struct timespec *time)
{
    (void)clock;
    (void)time;
    errno = EPERM;
    return -1;
}
WASOCK_BSD_PLAIN(clock_settime);

/* The host's clock; NULL where there is none. */
static const struct __clockid *host_clock(clockid_t clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI: /* Linux's is that, too, until NTP sets an offset */
        return &_CLOCK_REALTIME;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
        return &_CLOCK_MONOTONIC;
    default:
        errno = EINVAL;
        return NULL;
    }
}

/* clock_gettime(2), clock_getres(2). Errors: EINVAL: no such clock. */
int clock_gettime(clockid_t clock_number, struct timespec *now)
{
    const struct __clockid *its = host_clock(clock_number);

    if (its == NULL) {
        return -1;
    }
    if (clock_number == CLOCK_PROCESS_CPUTIME_ID ||
        clock_number == CLOCK_THREAD_CPUTIME_ID) {
        const clock_t used = clock();
        now->tv_sec = used / CLOCKS_PER_SEC;
        now->tv_nsec =
            (long)(used % CLOCKS_PER_SEC * (1000000000 / CLOCKS_PER_SEC));
        return 0;
    }
    return wasock_libc_clock_gettime(its, now);
}

int clock_getres(clockid_t clock_number, struct timespec *resolution)
{
    const struct __clockid *its = host_clock(clock_number);

    if (its == NULL || resolution == NULL) {
        return its == NULL ? -1 : 0;
    }
    return wasock_libc_clock_getres(its, resolution);
}

static clock_t ticks_of(clockid_t clock_number)
{
    const long per_s = sysconf(_SC_CLK_TCK);
    struct timespec time = {0, 0};

    clock_gettime(clock_number, &time);
    return (clock_t)time.tv_sec * per_s + time.tv_nsec / (1000000000 / per_s);
}

/* times(2). wasi-libc's are nanoseconds, and of an unknown time. */
clock_t times(struct tms *used)
{
    const struct tms own = {.tms_utime = ticks_of(CLOCK_PROCESS_CPUTIME_ID)};

    if (used != NULL) {
        *used = own;
    }
    return ticks_of(CLOCK_MONOTONIC);
}

/* Returns the error: ESRCH: another process. */
int clock_getcpuclockid(pid_t pid, clockid_t *clock_number)
{
    if (pid != 0 && pid != getpid()) {
        return ESRCH;
    }
    *clock_number = CLOCK_PROCESS_CPUTIME_ID;
    return 0;
}
WASOCK_BSD_PLAIN(clock_getcpuclockid);

/* gettimeofday(2); the zone is UTC. Errors: EINVAL. */
int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    const struct timezone none = {0, 0};
    struct timespec time;

    if (zone != NULL) {
        memcpy(zone, &none, sizeof(none));
    }
    if (now != NULL) {
        if (clock_gettime(CLOCK_REALTIME, &time) < 0) {
            return -1;
        }
        now->tv_sec = time.tv_sec;
        now->tv_usec = (suseconds_t)(time.tv_nsec / 1000);
    }
    return 0;
}
