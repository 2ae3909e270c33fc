/* SPDX-License-Identifier: MIT */
/* sys/file.h - flock, between the descriptions of the program. */
#ifndef WASOCK_BSD_SYS_FILE_H
#define WASOCK_BSD_SYS_FILE_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <sys/file.h>

#ifdef __cplusplus
extern "C" {
#endif

int flock(int fd, int operation) WASOCK_BSD(flock);

#ifdef __cplusplus
}
#endif

#endif
