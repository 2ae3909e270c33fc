/* SPDX-License-Identifier: MIT */
/* sys/time.h - the time, in UTC; the timer of SIGALRM. */
#ifndef WASOCK_BSD_SYS_TIME_H
#define WASOCK_BSD_SYS_TIME_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <sys/time.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ITIMER_REAL
#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2
struct itimerval {
    struct timeval it_interval;
    struct timeval it_value;
};
#endif

int gettimeofday(struct timeval *__restrict now, void *__restrict zone)
    WASOCK_BSD(gettimeofday);
int settimeofday(const struct timeval *time, const struct timezone *zone)
    WASOCK_BSD(settimeofday);
int getitimer(int which, struct itimerval *value) WASOCK_BSD(getitimer);
int setitimer(int which, const struct itimerval *__restrict value,
              struct itimerval *__restrict old) WASOCK_BSD(setitimer);

#ifdef __cplusplus
}
#endif

#endif
