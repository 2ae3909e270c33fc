/* SPDX-License-Identifier: MIT */
/* sys/times.h - times, in the ticks of sysconf(_SC_CLK_TCK). */
#ifndef WASOCK_BSD_SYS_TIMES_H
#define WASOCK_BSD_SYS_TIMES_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <sys/times.h>

#ifdef __cplusplus
extern "C" {
#endif

clock_t times(struct tms *used) WASOCK_BSD(times);

#ifdef __cplusplus
}
#endif

#endif
