/* SPDX-License-Identifier: MIT */
/* timers.h - timers that send a signal, for calls that wait. */
#ifndef WASOCK_BSD_SYSTEM_TIMERS_H
#define WASOCK_BSD_SYSTEM_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include <wasock/clock.h>

/* When the next one expires; WASOCK_NO_DEADLINE: none is set. */
extern uint64_t wasock_bsd__timer_due_ns;

/* Send the signals of expired timers. */
void wasock_bsd__expire_timers(void);

/* The end of a wait for a deadline, or for a timer. */
static inline uint64_t wasock_bsd__until_timer(uint64_t deadline_ns)
{
    return wasock_deadline_earlier(deadline_ns, wasock_bsd__timer_due_ns);
}

static inline void wasock_bsd__look_at_timers(void)
{
    if (wasock_bsd__timer_due_ns != WASOCK_NO_DEADLINE) {
        wasock_bsd__expire_timers();
    }
}

#endif
