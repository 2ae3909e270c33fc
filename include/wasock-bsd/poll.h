/* SPDX-License-Identifier: MIT */
/* poll.h - poll and ppoll without false events, with Linux's numbers, which
 * servers rely on. */
#ifndef WASOCK_BSD_POLL_H
#define WASOCK_BSD_POLL_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <poll.h>

#include <__typedef_sigset_t.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#undef POLLIN
#undef POLLPRI
#undef POLLOUT
#undef POLLERR
#undef POLLHUP
#undef POLLNVAL
#undef POLLRDNORM
#undef POLLRDBAND
#undef POLLWRNORM
#undef POLLWRBAND
#undef POLLMSG
#undef POLLRDHUP
#define POLLIN 0x001
#define POLLPRI 0x002
#define POLLOUT 0x004
#define POLLERR 0x008
#define POLLHUP 0x010
#define POLLNVAL 0x020
#define POLLRDNORM 0x040
#define POLLRDBAND 0x080
#define POLLWRNORM 0x100
#define POLLWRBAND 0x200
#define POLLMSG 0x400
#define POLLRDHUP 0x2000

int poll(struct pollfd *fds, nfds_t n_fds, int timeout_ms) WASOCK_BSD(poll);
int ppoll(struct pollfd *fds, nfds_t n_fds, const struct timespec *timeout,
          const sigset_t *mask) WASOCK_BSD(ppoll);

#ifdef __cplusplus
}
#endif

#endif
