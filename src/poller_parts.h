/* SPDX-License-Identifier: MIT */
/*
 * poller_parts.h - what the parts of the poller know of each other.
 *
 *   poller.c            registrations, changes of objects, the wait
 *   poller_deadlines.c  the heap of deadlines
 *   poller_host.c       which subscriptions the host is asked about, and when
 */
#ifndef WASOCK_POLLER_PARTS_H
#define WASOCK_POLLER_PARTS_H

#include <stdbool.h>

#include <wasock/poller.h>

/* No place, no registration. */
#define WASOCK__NOWHERE UINT32_MAX

/* Flags of a registration. */
enum {
    WASOCK__FLAG_NETWORKED = 1 << 0,     /* of a network in the process */
    WASOCK__FLAG_LISTED = 1 << 1,        /* place[] are links of a list */
    WASOCK__FLAG_MUTED = 1 << 2,         /* a starved listener */
    WASOCK__FLAG_READ_REPORTED = 1 << 3, /* by side: its deadline was told */
    WASOCK__FLAG_WRITE_REPORTED = 1 << 4
};
#define WASOCK__FLAG_REPORTED(side)                                            \
    ((unsigned)WASOCK__FLAG_READ_REPORTED << (side))

/* Where the events of one wait go. */
struct wasock__report {
    struct wasock_poller_event *events;
    size_t capacity;
    size_t n;
};

static inline bool wasock__report_is_full(const struct wasock__report *report)
{
    return report->n == report->capacity;
}

/* One more event; the report must not be full. Returns it, zero but for its
 * token. */
struct wasock_poller_event *
wasock__report_add(struct wasock__report *report,
                   const struct wasock__registration *registration);

/* poller_deadlines.c */

/* A deadline of the registration's object was set: take note of it. */
void wasock__deadlines_update(struct wasock_poller *poller, uint32_t index);

/* Forget the registration's deadlines. */
void wasock__deadlines_remove(struct wasock_poller *poller, uint32_t index);

/* Report deadlines that are past at `now_ns`. */
void wasock__deadlines_report(struct wasock_poller *poller,
                              struct wasock__report *report, uint64_t now_ns);

/* A time no later than the next deadline; WASOCK_NO_DEADLINE if there is
 * none. */
uint64_t wasock__deadlines_next(const struct wasock_poller *poller);

/* poller_host.c */

/* Begin and end to ask the host about the directions of `interest`. */
void wasock__host_subscribe(struct wasock_poller *poller, uint32_t index);
void wasock__host_unsubscribe(struct wasock_poller *poller, uint32_t index);

/* Report what the last poll found and the report before had no room for. */
void wasock__host_report_kept(struct wasock_poller *poller,
                              struct wasock__report *report);

/*
 * Ask the host and report what is ready. Waits at most until `until_ns`
 * (WASOCK_DEADLINE_PAST: not at all, WASOCK_NO_DEADLINE: for ever), and only
 * while there is nothing to report; it may return earlier without any.
 * now_ns: the time, or 0 when nothing needs it.
 * Errors: any code of the host.
 */
int wasock__host_ask(struct wasock_poller *poller,
                     struct wasock__report *report, uint64_t until_ns,
                     uint64_t now_ns) __attribute__((warn_unused_result));

/* Whether asking the host takes the time. */
bool wasock__host_needs_time(const struct wasock_poller *poller);

#endif
