/* SPDX-License-Identifier: MIT */
/*
 * scheduler.h - which thread runs, and what the others wait for.
 *
 * A thread runs until it waits. Then the first ready thread runs.
 * If none is, the thread that would wait asks the host, once, for what all
 * threads wait for; it goes on without a switch if the answer is its own. A
 * poller that waits for very many is left out while other threads get answers.
 *
 *   scheduler.c  threads that are ready, threads that wait
 *   host.c       asking the host; what takes the place of poll_oneoff
 *   thread.c     threads from pthread_create to pthread_join
 *   layer.c      what the rest of the layer calls, see layer.h
 */
#ifndef WASOCK_BSD_THREADS_SCHEDULER_H
#define WASOCK_BSD_THREADS_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../fd_internal.h"
#include "switch.h"

/* What a thread asks the host for. */
struct host_wait {
    const struct wasock__subscription *subscriptions; /* clocks are skipped */
    struct wasock__event *events;                     /* written */
    size_t n;
    uint32_t n_events; /* written */
};

/* A wait of a thread, in its own memory. All ends of it may be missing. */
struct wait {
    const void *key; /* wasock_bsd__wake of it ends the wait */
    struct host_wait *host;
    uint64_t deadline_ns;
    const char *what; /* for the message of a deadlock; NULL: it fails */
    bool is_point;    /* of cancellation */
    /* The scheduler's. */
    struct thread *thread;
    struct wait *next; /* in the list of its key */
    struct wait *previous;
    int result;
};

struct thread;

extern struct thread *wasock_bsd__current;
extern size_t wasock_bsd__n_threads;

/* How often the answer to a wait that was under way became stale: see
 * wasock_bsd__note_change. */
extern unsigned wasock_bsd__n_changes;

/*
 * Wait. Returns 0: woken, or the host has answered; -ETIMEDOUT; -EDEADLK:
 * nothing can end the wait; -EINTR: the thread is canceled, or, in a call of
 * the layer, gets a signal.
 */
int wasock_bsd__wait(struct wait *wait);

/* End waits for a key, at most `n`, the oldest first. */
void wasock_bsd__wake(const void *key, size_t n);

/* End the wait of a thread, if it waits, with a result. */
void wasock_bsd__wake_thread(struct thread *thread, int result);

/* As wasock_bsd__yield of layer.h, but for calls that need not wait, most of
 * which do nothing. */
#define WASOCK_BSD_CALL_WEIGHT 16
#define WASOCK_BSD_LOCK_WEIGHT 1
void wasock_bsd__yield_seldom(unsigned added);

/* A new thread is ready. */
void wasock_bsd__make_ready(struct thread *thread);

/* The current thread ends: run another one. Does not return, as switch_end. */
void wasock_bsd__leave(void);

/* ---- host.c ---- */

/*
 * Ask the host for what all threads wait for, and make those ready that have
 * an answer, or whose deadline is past. may_wait: until there is one.
 * Returns false if no thread waits for the host, or for a deadline.
 */
bool wasock_bsd__ask_for_all(bool may_wait);

#endif
