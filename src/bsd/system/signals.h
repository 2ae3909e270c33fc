/* SPDX-License-Identifier: MIT */
/* signals.h - what calls that write or wait have to do with signals. */
#ifndef WASOCK_BSD_SYSTEM_SIGNALS_H
#define WASOCK_BSD_SYSTEM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "../table.h"

struct thread;

/* A description that can be read while signals of a set are pending. */
struct signal_watch {
    struct signal_watch *next;
    struct description *description;
    sigset_t set;
};

void wasock_bsd__watch_signals(struct signal_watch *watch);
void wasock_bsd__unwatch_signals(struct signal_watch *watch);

/* A thread's. */
struct signals {
    sigset_t blocked;
    sigset_t pending; /* of this thread alone */
    sigset_t awaited; /* by sigwait */
    bool is_masked;   /* from begin_mask to end_mask */
    bool is_cut;      /* the call's deadline is that of a timer */
};

/* A deadline of the current call, or when a timer interrupts it. */
uint64_t wasock_bsd__cut_deadline(uint64_t deadline_ns);

/* The signals' part of wasock_bsd__end_call of layer.h. */
ptrdiff_t wasock_bsd__end_interruptible(bool may_restart, ptrdiff_t result);

/* What handlers were run: all of them with SA_RESTART, or not. */
enum delivered { DELIVERED_NONE, DELIVERED_RESTART, DELIVERED_INTERRUPT };

/* Run the handlers of pending signals that the current thread does not block.
 * And whether there are any. */
enum delivered wasock_bsd__deliver(void);
bool wasock_bsd__is_deliverable(void);

/* Send a signal to a thread. */
void wasock_bsd__send_to(struct thread *thread, int number, int code,
                         union sigval value);

/* Send one to the process: to `taker` if it takes it, or else another thread
 * that does, or until one does. */
void wasock_bsd__send_to_process(struct thread *taker, int number, int code,
                                 union sigval value);

/* Whether a signal of a set is pending. */
bool wasock_bsd__is_pending(sigset_t set);

/* Take the lowest pending signal of a set. Returns its number, or 0. info:
 * written, unless NULL. */
int wasock_bsd__take_signal(sigset_t set, siginfo_t *info);

/* A write has no reader: raise SIGPIPE, if the program handles it. */
void wasock_bsd__broken_pipe(void);

/*
 * A wait with a mask of its own; NULL: none. Begin returns whether a signal is
 * to come, so that the wait must not wait. End lets it come if the wait came to
 * nothing, and returns `result`, or -EINTR.
 */
bool wasock_bsd__begin_mask(const sigset_t *mask, sigset_t *before);
int wasock_bsd__end_mask(const sigset_t *mask, const sigset_t *before,
                         int result);

#endif
