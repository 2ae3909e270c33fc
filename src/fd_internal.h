/* SPDX-License-Identifier: MIT */
/* fd_internal.h - poll_oneoff in the one form that all hosts understand. */
#ifndef WASOCK_FD_INTERNAL_H
#define WASOCK_FD_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include <wasock/fd.h>

/* The userdata of a clock's event. */
#define WASOCK__USERDATA_CLOCK UINT64_MAX

/*
 * Poll one descriptor, or only the clock if `direction` is 0. One poll_oneoff.
 * timeout_ns: UINT64_MAX: no clock subscription.
 * Returns 1: it may be ready; 0: the time is up, or an hour has passed.
 * Errors: EINTR; EBADF; ENOTSUP: the host cannot wait for this direction
 *   (writability on wazero); any other code of the host.
 */
int wasock__fd_wait_once(int fd, unsigned direction, uint64_t timeout_ns);

/*
 * Poll `n` subscriptions and, unless `timeout_ns` is UINT64_MAX, the clock. One
 * poll_oneoff.
 * subscriptions, events: room for `n` + 1, as the clock needs one.
 * Returns the number of events, the clock's included.
 * Errors: any code of the host.
 */
int wasock__fd_poll_once(struct wasock__subscription *subscriptions, size_t n,
                         struct wasock__event *events, uint64_t timeout_ns);

/* The time left until a deadline of the host's clock: UINT64_MAX if there is
 * none, 0 if it is past. Reads the clock only if it must. */
uint64_t wasock__time_left_ns(uint64_t deadline_ns);

/* Fill in a subscription; `direction` is WASOCK_READABLE or WASOCK_WRITABLE. */
void wasock__fd_subscribe(struct wasock__subscription *subscription, int fd,
                          unsigned direction, uint64_t userdata);

#endif
