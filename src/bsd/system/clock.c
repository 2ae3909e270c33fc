/* SPDX-License-Identifier: MIT */
/*
 * clock.c - the time: in UTC, as the host has it, and not to be set.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

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
