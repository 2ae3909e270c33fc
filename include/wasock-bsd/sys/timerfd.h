/* SPDX-License-Identifier: MIT */
/* sys/timerfd.h - timers that can be polled. */
#ifndef WASOCK_BSD_SYS_TIMERFD_H
#define WASOCK_BSD_SYS_TIMERFD_H

#pragma GCC system_header

#include <fcntl.h>
#include <time.h>

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TFD_NONBLOCK O_NONBLOCK
#define TFD_CLOEXEC O_CLOEXEC
#define TFD_TIMER_ABSTIME 1
#define TFD_TIMER_CANCEL_ON_SET 2

int timerfd_create(int clock, int flags) WASOCK_BSD(timerfd_create);
int timerfd_settime(int fd, int flags, const struct itimerspec *value,
                    struct itimerspec *old) WASOCK_BSD(timerfd_settime);
int timerfd_gettime(int fd, struct itimerspec *value)
    WASOCK_BSD(timerfd_gettime);

#ifdef __cplusplus
}
#endif

#endif
