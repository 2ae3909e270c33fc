/* SPDX-License-Identifier: MIT */
/* wait.h - shared by poll, select and their like. */
#ifndef WASOCK_BSD_WAITING_WAIT_H
#define WASOCK_BSD_WAITING_WAIT_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include <time.h>

#include "../../fd_internal.h"
#include "../../socket_internal.h"

/* As poll(2), with a deadline of wasock's. Returns a count or a negative
 * code. */
int wasock_bsd__poll(struct pollfd *fds, size_t n_fds, uint64_t deadline_ns);

/* A timeout in ms, -1 for none, as a deadline. */
uint64_t wasock_bsd__deadline_of_ms(int timeout_ms);

/* A timeout, NULL for none, as a deadline. Returns 0 or -EINVAL. */
int wasock_bsd__deadline_of(const struct timespec *timeout,
                            uint64_t *deadline_ns);

/* Whether the host's poll does not cover an object. */
bool wasock_bsd__is_mute(struct wasock_socket *socket);

/* The longest naps: 1, 3, 7, 15, 15, ... if only a try detects readiness;
 * longer if all that may come is a reset after EOF. */
#define WASOCK_BSD_NAP_MAX_MS 15
#define WASOCK_BSD_RESET_NAP_MAX_MS 255

/* The next nap, in nanoseconds: short ones first. */
uint64_t wasock_bsd__nap_ns(unsigned *nap_ms, unsigned nap_max_ms);

#endif
