/* SPDX-License-Identifier: MIT */
/*
 * ask.h - poll many descriptors at once, without false events.
 *
 * wasmtime reports all subscriptions as soon as one is ready. The doubtful ones
 * are polled again, together, without waiting: if none is ready, one more call
 * settles all.
 */
#ifndef WASOCK_BSD_WAITING_ASK_H
#define WASOCK_BSD_WAITING_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "../../fd_internal.h"

/* All zero bytes are an empty one. Members but `answers` are ask.c's. */
struct ask {
    struct wasock__subscription *subscriptions;
    struct wasock__event *events;
    uint16_t *answers; /* by question: POLL's bits, 0 while it is not ready */
    void **owners;     /* by question: the caller's */
    size_t n;
    size_t capacity;
};

/* Begin with memory that was given back, if there is some, and give it back:
 * another thread may ask while this one waits. */
void wasock_bsd__ask_take(struct ask *ask);
void wasock_bsd__ask_give_back(struct ask *ask);

/* Begin anew; the memory is kept. */
void wasock_bsd__ask_clear(struct ask *ask);

/* Ask for a direction of one descriptor of the host. The first question is
 * number 0. Returns 0 or -ENOMEM. */
int wasock_bsd__ask_add(struct ask *ask, int host_fd, unsigned direction,
                        void *owner);

/*
 * Poll, and wait for at most a timeout; UINT64_MAX: no limit, or an hour if
 * there is no question.
 * Returns the number of ready ones; 0: the time is up, or poll again; or an
 * error.
 */
int wasock_bsd__ask_host(struct ask *ask, uint64_t timeout_ns);

#endif
