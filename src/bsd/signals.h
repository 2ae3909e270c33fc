/* SPDX-License-Identifier: MIT */
/* signals.h - the signal that a write raises. */
#ifndef WASOCK_BSD_SIGNALS_H
#define WASOCK_BSD_SIGNALS_H

/* A write found that nobody reads: SIGPIPE, if the program handles it. */
void wasock_bsd__broken_pipe(void);

#endif
