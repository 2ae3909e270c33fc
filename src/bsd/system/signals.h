/* SPDX-License-Identifier: MIT */
/* signals.h - what calls that write or wait have to do with signals. */
#ifndef WASOCK_BSD_SYSTEM_SIGNALS_H
#define WASOCK_BSD_SYSTEM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* A write has no reader: raise SIGPIPE, if the program handles it. */
void wasock_bsd__broken_pipe(void);

/* Whether a signal is pending that a wait with this mask lets in; NULL: the
 * mask that there is. */
bool wasock_bsd__is_to_come(const sigset_t *mask);

/* The end of a wait with a mask: if it came to nothing, what is to come comes.
 * Returns `result`, or -EINTR. */
int wasock_bsd__let_come(int result, const sigset_t *mask);

#endif
