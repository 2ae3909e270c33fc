/* SPDX-License-Identifier: MIT */
/* sys/syscall.h - the numbers that programs name; there are no system calls, so
 * that syscall fails with ENOSYS. */
#ifndef WASOCK_BSD_SYS_SYSCALL_H
#define WASOCK_BSD_SYS_SYSCALL_H

#pragma GCC system_header

#define SYS_read 0
#define SYS_write 1
#define SYS_open 2
#define SYS_close 3
#define SYS_getpid 39
#define SYS_gettid 186
#define SYS_futex 202
#define SYS_getrandom 318
#define SYS_memfd_create 319
#define SYS_close_range 436

#define __NR_gettid SYS_gettid
#define __NR_getrandom SYS_getrandom

#endif
