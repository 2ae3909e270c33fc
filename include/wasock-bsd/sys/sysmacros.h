/* SPDX-License-Identifier: MIT */
/* sys/sysmacros.h - the two numbers of a device, in Linux's places. */
#ifndef WASOCK_BSD_SYS_SYSMACROS_H
#define WASOCK_BSD_SYS_SYSMACROS_H

#pragma GCC system_header

#include <sys/types.h>

#define major(device)                                                          \
    ((unsigned)((((device) >> 32) & 0xfffff000U) | (((device) >> 8) & 0xfffU)))
#define minor(device)                                                          \
    ((unsigned)((((device) >> 12) & 0xffffff00U) | ((device) & 0xffU)))
#define makedev(high, low)                                                     \
    (((dev_t)((high) & 0xfffff000U) << 32) | ((dev_t)((high) & 0xfffU) << 8) | \
     ((dev_t)((low) & 0xffffff00U) << 12) | (dev_t)((low) & 0xffU))
#define gnu_dev_major(device) major(device)
#define gnu_dev_minor(device) minor(device)
#define gnu_dev_makedev(high, low) makedev(high, low)

#endif
