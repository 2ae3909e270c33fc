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

void tzset(void) WASOCK_BSD(tzset);

#ifdef __cplusplus
}
#endif

#endif
