/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/err.h>

/*
 * Pending events. A registration has at most one: what is ready, which
 * deadlines were exceeded and an error are merged in it until it is taken.
 */

/* Move a registration to another report list. */
void wasock__set_report(struct wasock__poller *poller, uint32_t index,
                        enum wasock__report report)
{
    struct wasock__registration *registration = &poller->registrations[index];

    if (registration->report != WASOCK__REPORT_NONE) {
        wasock__ring_remove(poller, &poller->reports[registration->report],
                            WASOCK__CHAIN_REPORT, index);
    }
    registration->report = (uint8_t)report;
    if (report != WASOCK__REPORT_NONE) {
        wasock__ring_append(poller, &poller->reports[report],
                            WASOCK__CHAIN_REPORT, index);
    }
}

/* The pending events of a registration changed. */
void wasock__update_pending(struct wasock__poller *poller, uint32_t index)
{
    const struct wasock__registration *registration =
        &poller->registrations[index];
    const bool is_pending = registration->ready != 0 ||
                            registration->exceeded != 0 ||
                            registration->error != 0;

    if (is_pending && registration->report != WASOCK__REPORT_PENDING) {
        wasock__set_report(poller, index, WASOCK__REPORT_PENDING);
    } else if (!is_pending && registration->report == WASOCK__REPORT_PENDING) {
        wasock__set_report(poller, index, WASOCK__REPORT_NONE);
    }
}

/* Whether a poll of a descriptor alone reports that it is ready or cannot be
 * waited for. */
static bool is_confirmed(const struct wasock_socket *socket, unsigned direction)
{
    const int result = wasock__fd_wait_once(
        socket->fd_, wasock__question_of(socket, direction), 0);

    return result == 1 || result == -WASOCK_EBADF || result == -WASOCK_ENOTSUP;
}

/* What is no socket may block, so it is reported only if it is confirmed; not
 * after an interruption. */
static unsigned confirm(const struct wasock_socket *socket, unsigned directions)
{
    if (socket->role_ != WASOCK__ROLE_PLAIN) {
        return directions;
    }
    for (unsigned side = 0; side < 2; side++) {
        const unsigned direction = 1U << side;
        if ((directions & direction) && !is_confirmed(socket, direction)) {
            directions &= ~direction;
        }
    }
    return directions;
}

void wasock__report_ready(struct wasock__poller *poller, uint32_t index,
                          unsigned directions)
{
    struct wasock__registration *registration = &poller->registrations[index];

    registration->ready |= (uint8_t)confirm(
        registration->watch.socket_, directions & registration->interest);
    wasock__update_pending(poller, index);
}

void wasock__report_first(struct wasock__poller *poller,
                          enum wasock__queue queue, uint32_t count)
{
    uint32_t index = poller->queues[queue].first;

    for (; count > 0; count--) {
        const struct wasock__registration *registration =
            &poller->registrations[index];
        const uint32_t next = registration->links[WASOCK__CHAIN_QUEUE].next;
        wasock__report_ready(poller, index, registration->interest);
        index = next;
    }
}

void wasock__report_error(struct wasock__poller *poller, uint32_t index,
                          int error)
{
    poller->registrations[index].error = (int16_t)error;
    wasock__order_move(poller, index, WASOCK__QUEUE_RESTING);
    wasock__update_pending(poller, index);
}

/* ---- Deadlines ---- */

/* The earliest deadline of a registration that was not reported. */
static uint64_t earliest_of(const struct wasock__registration *registration)
{
    uint64_t earliest_ns = WASOCK_NO_DEADLINE;

    for (unsigned side = 0; side < 2; side++) {
        if ((registration->reported_exceeded & (1U << side)) == 0) {
            earliest_ns = wasock_deadline_earlier(
                earliest_ns, registration->watch.socket_->deadline_ns_[side]);
        }
    }
    return earliest_ns;
}

/*
 * A deadline that moves to a later time, as with every request of a busy
 * connection, stays where it is in the heap and is looked at again when its
 * old time comes: until then it costs nothing.
 */
void wasock__update_timer(struct wasock__poller *poller, uint32_t index)
{
    struct wasock__timer_heap *timers = &poller->timers;
    const uint64_t at_ns = earliest_of(&poller->registrations[index]);

    if (at_ns != WASOCK_NO_DEADLINE &&
        (!wasock__timer_heap_has(timers, index) ||
         at_ns < timers->timers[timers->places[index]].at_ns)) {
        wasock__timer_heap_set(timers, index, at_ns);
    }
}

/* Let the deadlines of a registration be pending that are newly exceeded. */
static void report_exceeded(struct wasock__poller *poller, uint32_t index,
                            uint64_t now_ns)
{
    struct wasock__registration *registration = &poller->registrations[index];
    const uint64_t *deadlines_ns = registration->watch.socket_->deadline_ns_;
    unsigned exceeded = 0;

    for (unsigned side = 0; side < 2; side++) {
        if (wasock_deadline_is_past(deadlines_ns[side], now_ns)) {
            exceeded |= 1U << side;
        }
    }
    exceeded &= ~(unsigned)registration->reported_exceeded;
    registration->exceeded |= (uint8_t)exceeded;
    registration->reported_exceeded |= (uint8_t)exceeded;
    wasock__update_pending(poller, index);
}

void wasock__report_deadlines(struct wasock__poller *poller, uint64_t now_ns)
{
    const struct wasock__timer *first = NULL;

    while ((first = wasock__timer_heap_first(&poller->timers)) != NULL &&
           first->at_ns <= now_ns) {
        const uint32_t index = first->owner;
        report_exceeded(poller, index, now_ns);
        wasock__timer_heap_remove(&poller->timers, index);
        wasock__update_timer(poller, index);
    }
}

/* ---- Taking ---- */

bool wasock_poller_next(struct wasock_poller *opaque_poller,
                        struct wasock_poller_event *event)
{
    struct wasock__poller *poller = wasock__poller_of(opaque_poller);

    if (wasock__is_closed(poller)) {
        return false;
    }
    wasock__take_changes(poller);
    if (!wasock__is_pending(poller)) {
        return false;
    }
    const uint32_t index = poller->reports[WASOCK__REPORT_PENDING].first;
    struct wasock__registration *registration = &poller->registrations[index];
    const struct wasock_poller_event taken = {
        .token = registration->token,
        .ready = registration->ready,
        .deadline = registration->exceeded,
        .error = registration->error,
    };
    *event = taken;
    registration->ready = 0;
    registration->exceeded = 0;
    registration->error = 0;
    if (taken.deadline != 0 || taken.error != 0) {
        poller->timeout_ns = 0; /* this event was right */
    }
    wasock__set_report(poller, index,
                       taken.ready != 0
                           ? (enum wasock__report)poller->when_taken
                           : WASOCK__REPORT_NONE);
    return true;
}
