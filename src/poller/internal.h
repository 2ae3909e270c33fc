/* SPDX-License-Identifier: MIT */
/*
 * poller/internal.h - what the parts of the poller know of each other.
 *
 *   poller.c            registrations, changes of objects, the wait
 *   poller_deadlines.c  the heap of deadlines
 *   poller_sets.c       subscriptions, the active and the idle ones
 *   poller_host.c       which of them the host is asked about, and when
 *   poller_fake.c       the same where the host's answers are worth nothing
 */
#ifndef WASOCK_POLLER_INTERNAL_H
#define WASOCK_POLLER_INTERNAL_H

#include <stdbool.h>

#include <wasock/clock.h>
#include <wasock/poller.h>

#include "../fd_internal.h"
#include "../socket_internal.h"

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

/* poller_sets.c */

static inline unsigned wasock__side_of(uint64_t userdata)
{
    return (unsigned)(userdata & 1);
}

static inline struct wasock__registration *
wasock__registration_of(const struct wasock_poller *poller, uint64_t userdata)
{
    return &poller->registrations_[(uint32_t)(userdata >> 1)];
}

static inline struct wasock__registration *
wasock__registration_at(const struct wasock_poller *poller, uint32_t place)
{
    return wasock__registration_of(poller,
                                   poller->subscriptions_[place].userdata);
}

static inline uint32_t wasock__n_idle(const struct wasock_poller *poller)
{
    return poller->n_subscriptions_ - poller->n_active_;
}

/* Whether an event is of a subscription that still stands. */
bool wasock__is_current(const struct wasock_poller *poller, uint64_t userdata);

/* Begin and end to ask the host about the directions of `interest`. */
void wasock__host_subscribe(struct wasock_poller *poller, uint32_t index);
void wasock__host_unsubscribe(struct wasock_poller *poller, uint32_t index);

/* Move a subscription to the other set, if it is not there. */
void wasock__sets_promote(struct wasock_poller *poller, uint32_t place);
void wasock__sets_demote(struct wasock_poller *poller, uint32_t place);

/* Whether one has moved since this was asked with this bit, enum
 * wasock__moved. */
bool wasock__take_moved(const struct wasock_poller *poller, uint32_t place,
                        unsigned bit);

/* Whether a try cannot wait. Of what is no socket, and may be blocking, each
 * host tells the truth where it is asked about that alone. */
bool wasock__may_be_tried(const struct wasock_poller *poller,
                          uint64_t userdata);

/* How many idle ones are due to be swept, if all are within `period_ns`. */
uint32_t wasock__idle_due(const struct wasock_poller *poller,
                          uint64_t period_ns, uint64_t now_ns);

/* Let the sweep go on, from the front again if it came to the end. Returns how
 * many idle ones there are from there on, `count` at most. */
uint32_t wasock__idle_next_group(struct wasock_poller *poller, uint32_t count);

/* A timeout for the host. now_ns: 0 where only a look needs no time. */
static inline uint64_t wasock__timeout_of(uint64_t until_ns, uint64_t now_ns)
{
    if (until_ns == WASOCK_NO_DEADLINE) {
        return UINT64_MAX;
    }
    return until_ns == WASOCK_DEADLINE_PAST
               ? 0
               : wasock_ns_subtract(until_ns, now_ns);
}

/* poller_fake.c */

/* As wasock__host_ask. */
int wasock__fake_ask(struct wasock_poller *poller,
                     struct wasock__report *report, uint64_t until_ns,
                     uint64_t now_ns) __attribute__((warn_unused_result));

/* Report the rest of a round: active ones, then idle ones that are due. */
void wasock__fake_report_round(struct wasock_poller *poller,
                               struct wasock__report *report);

/* poller_host.c */

/* Find out whether the host's poll looks at sockets, unless that is known.
 * Returns whether it was asked in vain. */
bool wasock__host_find_out_poll(struct wasock_poller *poller);

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
