/* SPDX-License-Identifier: MIT */
/* sys/select.h - select and pselect on bitmaps, without false events. */
#ifndef WASOCK_BSD_SYS_SELECT_H
#define WASOCK_BSD_SYS_SELECT_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include <__fd_set.h>
#include_next <sys/select.h>

#ifdef __cplusplus
extern "C" {
#endif

int select(int n_fds, fd_set *__restrict readable, fd_set *__restrict writable,
           fd_set *__restrict exceptional, struct timeval *__restrict timeout)
    WASOCK_BSD(select);
int pselect(int n_fds, fd_set *__restrict readable, fd_set *__restrict writable,
            fd_set *__restrict exceptional,
            const struct timespec *__restrict timeout,
            const sigset_t *__restrict mask) WASOCK_BSD(pselect);

#ifdef __cplusplus
}
#endif

#endif
