/* SPDX-License-Identifier: MIT */
/* limits.h - also the bytes that a write to a pipe keeps together. */
#ifndef WASOCK_BSD_LIMITS_H
#define WASOCK_BSD_LIMITS_H

#pragma GCC system_header

#include_next <limits.h>

#ifndef PIPE_BUF
#define PIPE_BUF 4096
#endif

#endif
