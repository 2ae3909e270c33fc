/* SPDX-License-Identifier: MIT */
/* signals.h - what calls that write or wait have to do with signals. */
#ifndef WASOCK_BSD_SYSTEM_SIGNALS_H
#define WASOCK_BSD_SYSTEM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "../table.h"

/* A description that can be read while signals of a set are pending. */
struct signal_watch {
    struct signal_watch *next;
    struct description *description;
    sigset_t set;
};

void wasock_bsd__watch_signals(struct signal_watch *watch);
void wasock_bsd__unwatch_signals(struct signal_watch *watch);

/* Run the handlers of pending signals that are not blocked. */
void wasock_bsd__deliver(void);

/* The mask of the thread that runs. */
sigset_t *wasock_bsd__blocked(void);

/* Whether a signal of a set is pending. */
bool wasock_bsd__is_pending(sigset_t set);

/* Take the lowest pending signal of a set. Returns its number, or 0. info:
 * written, unless NULL. */
int wasock_bsd__take_signal(sigset_t set, siginfo_t *info);

/* A write has no reader: raise SIGPIPE, if the program handles it. */
void wasock_bsd__broken_pipe(void);

/* Whether a signal is pending that a wait with this mask lets in; NULL: the
 * mask that there is. */
bool wasock_bsd__is_to_come(const sigset_t *mask);

/* The end of a wait with a mask: if it came to nothing, what is to come comes.
 * Returns `result`, or -EINTR. */
int wasock_bsd__let_come(int result, const sigset_t *mask);

#endif
