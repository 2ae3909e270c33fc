/* SPDX-License-Identifier: MIT */
/* sys/poll.h - another name of poll.h, without wasi-libc's warning. */
#ifndef WASOCK_BSD_SYS_POLL_H
#define WASOCK_BSD_SYS_POLL_H

#include <poll.h>

#endif
