/* SPDX-License-Identifier: MIT */
/* time.h - clocks with Linux's numbers; one time zone, UTC. */
#ifndef WASOCK_BSD_TIME_H
#define WASOCK_BSD_TIME_H

#pragma GCC system_header

#include <sys/types.h>
#include <wasock_bsd_rename.h>

#include_next <time.h>

#undef CLOCK_REALTIME
#undef CLOCK_MONOTONIC
#undef CLOCK_PROCESS_CPUTIME_ID
#undef CLOCK_THREAD_CPUTIME_ID
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_MONOTONIC_COARSE 6
#define CLOCK_BOOTTIME 7
#define CLOCK_REALTIME_ALARM 8
#define CLOCK_BOOTTIME_ALARM 9
#define CLOCK_TAI 11

#ifdef __cplusplus
extern "C" {
#endif

struct sigevent;
struct itimerspec;

extern char *tzname[2] WASOCK_BSD(tzname);
extern long timezone WASOCK_BSD(timezone);
extern int daylight WASOCK_BSD(daylight);
void tzset(void) WASOCK_BSD(tzset);
int clock_settime(clockid_t clock, const struct timespec *time)
    WASOCK_BSD(clock_settime);
int clock_gettime(clockid_t clock, struct timespec *now)
    WASOCK_BSD(clock_gettime);
int clock_getres(clockid_t clock, struct timespec *resolution)
    WASOCK_BSD(clock_getres);
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                    struct timespec *left) WASOCK_BSD(clock_nanosleep);
int clock_getcpuclockid(pid_t pid, clockid_t *clock)
    WASOCK_BSD(clock_getcpuclockid);
int nanosleep(const struct timespec *time, struct timespec *left)
    WASOCK_BSD(nanosleep);

/* Timers that raise a signal fail with ENOSYS: sys/timerfd.h has some that are
 * polled. */
int timer_create(clockid_t clock, struct sigevent *__restrict event,
                 timer_t *__restrict timer) WASOCK_BSD(timer_create);
int timer_delete(timer_t timer) WASOCK_BSD(timer_delete);
int timer_settime(timer_t timer, int flags,
                  const struct itimerspec *__restrict value,
                  struct itimerspec *__restrict old) WASOCK_BSD(timer_settime);
int timer_gettime(timer_t timer, struct itimerspec *value)
    WASOCK_BSD(timer_gettime);
int timer_getoverrun(timer_t timer) WASOCK_BSD(timer_getoverrun);

#ifdef __cplusplus
}
#endif

#endif
