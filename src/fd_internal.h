/* SPDX-License-Identifier: MIT */
/* fd_internal.h - waiting, in the form that all hosts understand. */
#ifndef WASOCK_FD_INTERNAL_H
#define WASOCK_FD_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include <wasock/fd.h>

/*
 * One poll_oneoff for one descriptor, or for the clock alone when `direction`
 * is 0: the step of which the waits of fd.c and socket.c are made.
 * timeout_ns: relative; UINT64_MAX leaves the clock out.
 * Returns 1: may be ready, 0: time is up.
 * Errors: EINTR, EBADF, any other code of the host; ENOTSUP also where only
 *   this direction cannot be waited for, as on a host whose poll is fake.
 */
int wasock__fd_wait_once(int fd, unsigned direction, uint64_t timeout_ns);

/*
 * One poll_oneoff of `n` subscriptions and, unless `timeout_ns` is UINT64_MAX,
 * the clock, in the one form that all hosts understand.
 * subscriptions, events: have room for one more than `n`, for the clock.
 * Returns the number of events, the clock's among them.
 * Errors: any code of the host.
 */
int wasock__fd_poll_once(struct wasock__subscription *subscriptions, size_t n,
                         struct wasock__event *events, uint64_t timeout_ns);

/* The time left until a deadline: UINT64_MAX without one, 0 once it is past.
 * Reads the clock only where it must. */
uint64_t wasock__time_left_ns(uint64_t deadline_ns);

/* Fill in a subscription; `direction` is WASOCK_READABLE or WASOCK_WRITABLE. */
void wasock__fd_subscribe(struct wasock__subscription *subscription, int fd,
                          unsigned direction, uint64_t userdata);

#endif
