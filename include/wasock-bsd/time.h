/* SPDX-License-Identifier: MIT */
/* time.h - time zones: UTC alone. */
#ifndef WASOCK_BSD_TIME_H
#define WASOCK_BSD_TIME_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <time.h>

#ifdef __cplusplus
extern "C" {
#endif

extern char *tzname[2] WASOCK_BSD(tzname);
extern long timezone WASOCK_BSD(timezone);
extern int daylight WASOCK_BSD(daylight);
void tzset(void) WASOCK_BSD(tzset);
int clock_settime(clockid_t clock, const struct timespec *time)
    WASOCK_BSD(clock_settime);

#ifdef __cplusplus
}
#endif

#endif
