/* SPDX-License-Identifier: MIT */
/* stropts.h - isastream: no descriptor is a STREAM. */
#ifndef WASOCK_BSD_STROPTS_H
#define WASOCK_BSD_STROPTS_H

#pragma GCC system_header

#include <sys/ioctl.h>

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

int isastream(int fd) WASOCK_BSD(isastream);

#ifdef __cplusplus
}
#endif

#endif
