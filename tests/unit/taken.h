/* SPDX-License-Identifier: MIT */
/* taken.h - a wait and the events that it reports, in an array. */
#ifndef TAKEN_H
#define TAKEN_H

#include <stddef.h>
#include <stdint.h>

#include <wasock/poller.h>

/* Wait, then take up to `capacity` events; the others stay pending. Returns the
 * number taken, or the error of the wait. */
static inline ptrdiff_t take_events(struct wasock_poller *poller,
                                    struct wasock_poller_event *events,
                                    size_t capacity, uint64_t deadline_ns)
{
    const ptrdiff_t result = wasock_poller_wait_until_ns(poller, deadline_ns);
    size_t n = 0;

    while (n < capacity && wasock_poller_next(poller, &events[n])) {
        n++;
    }
    return result < 0 ? result : (ptrdiff_t)n;
}

#endif
