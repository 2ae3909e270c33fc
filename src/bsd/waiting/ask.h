/* SPDX-License-Identifier: MIT */
/*
 * ask.h - ask the host about many descriptors at once, and get the truth.
 *
 * wasmtime reports everything that is asked for as soon as one thing is ready.
 * What such a report leaves in doubt is asked again, together, without waiting:
 * if nothing is ready then, all are told apart by one more call.
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
    size_t n;
    size_t capacity;
};

/* Begin anew; the memory is kept. */
void wasock_bsd__ask_clear(struct ask *ask);

/* Ask for a direction of one descriptor of the host. The first question is
 * number 0. Returns 0 or -ENOMEM. */
int wasock_bsd__ask_add(struct ask *ask, int host_fd, unsigned direction);

/*
 * Ask, and wait at most so long; UINT64_MAX is for ever, and then there must
 * be a question.
 * Returns how many are ready; 0: time is up, or look again; or an error.
 */
int wasock_bsd__ask_host(struct ask *ask, uint64_t timeout_ns);

#endif
