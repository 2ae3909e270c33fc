/* SPDX-License-Identifier: MIT */
/* sys/eventfd.h - counters that can be polled. */
#ifndef WASOCK_BSD_SYS_EVENTFD_H
#define WASOCK_BSD_SYS_EVENTFD_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <sys/eventfd.h>

#ifdef __cplusplus
extern "C" {
#endif

#undef EFD_CLOEXEC
#define EFD_CLOEXEC 0x80000
#undef EFD_NONBLOCK
#define EFD_NONBLOCK O_NONBLOCK

int eventfd(unsigned value, int flags) WASOCK_BSD(eventfd);
int eventfd_read(int fd, eventfd_t *value) WASOCK_BSD(eventfd_read);
int eventfd_write(int fd, eventfd_t value) WASOCK_BSD(eventfd_write);

#ifdef __cplusplus
}
#endif

#endif
