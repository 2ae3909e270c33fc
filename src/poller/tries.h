/* SPDX-License-Identifier: MIT */
/* tries.h - what the BSD layer asks of a poller. */
#ifndef WASOCK_POLLER_TRIES_H
#define WASOCK_POLLER_TRIES_H

#include <stdbool.h>

#include <wasock/poller.h>

/* Whether a poller finds some of its sockets ready only by trying: the host's
 * poll does not check them, or they are in the process. */
bool wasock__poller_needs_tries(const struct wasock_poller *poller);

#endif
