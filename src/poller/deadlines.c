/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/clock.h>

/*
 * A binary heap of registrations by their earliest deadline. A deadline that
 * moves to a later time, as with every request of a busy connection, is left
 * where it stands and looked at again when its old time comes: so a deadline
 * costs nothing until then.
 */

/* The earliest deadline of a registration that was not reported yet. */
static uint64_t earliest_of(const struct wasock__registration *registration)
{
    uint64_t earliest_ns = WASOCK_NO_DEADLINE;

    for (unsigned side = 0; side < 2; side++) {
        if ((registration->flags & WASOCK__FLAG_REPORTED(side)) == 0) {
            earliest_ns = wasock_deadline_earlier(
                earliest_ns, registration->watch.socket_->deadline_ns_[side]);
        }
    }
    return earliest_ns;
}

static void put(struct wasock_poller *poller, uint32_t at,
                struct wasock__deadline deadline)
{
    poller->deadlines_[at] = deadline;
    poller->registrations_[deadline.registration].deadline_index = at;
}

/* Move an entry up, then down, to where it belongs. */
static void settle(struct wasock_poller *poller, uint32_t at)
{
    struct wasock__deadline *heap = poller->deadlines_;
    const struct wasock__deadline moving = heap[at];

    while (at > 0 && heap[(at - 1) / 2].at_ns > moving.at_ns) {
        put(poller, at, heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < poller->n_deadlines_ &&
            heap[child + 1].at_ns < heap[child].at_ns) {
            child++;
        }
        if (child >= poller->n_deadlines_ ||
            heap[child].at_ns >= moving.at_ns) {
            break;
        }
        put(poller, at, heap[child]);
        at = child;
    }
    put(poller, at, moving);
}

void wasock__deadlines_update(struct wasock_poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations_[index];
    const struct wasock__deadline deadline = {earliest_of(registration), index};
    uint32_t at = registration->deadline_index;

    if (deadline.at_ns == WASOCK_NO_DEADLINE) {
        return; /* an entry that is left finds this out in its time */
    }
    if (at == WASOCK__NOWHERE) {
        at = poller->n_deadlines_++;
        poller->deadlines_[at] = deadline;
        settle(poller, at);
    } else if (deadline.at_ns < poller->deadlines_[at].at_ns) {
        poller->deadlines_[at] = deadline;
        settle(poller, at);
    }
}

void wasock__deadlines_remove(struct wasock_poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations_[index];
    const uint32_t at = registration->deadline_index;

    if (at == WASOCK__NOWHERE) {
        return;
    }
    registration->deadline_index = WASOCK__NOWHERE;
    poller->n_deadlines_--;
    if (at < poller->n_deadlines_) {
        poller->deadlines_[at] = poller->deadlines_[poller->n_deadlines_];
        settle(poller, at);
    }
}

/* Report one past deadline, of whichever side has it. */
static void report_one(struct wasock__registration *registration,
                       struct wasock__report *report, uint64_t now_ns)
{
    struct wasock_poller_event *event =
        wasock__report_add(report, registration);

    for (unsigned side = 0; side < 2; side++) {
        const unsigned flag = WASOCK__FLAG_REPORTED(side);
        if ((registration->flags & flag) == 0 &&
            wasock_deadline_is_past(
                registration->watch.socket_->deadline_ns_[side], now_ns)) {
            registration->flags |= (uint8_t)flag;
            event->deadline |= (uint8_t)(1U << side);
        }
    }
}

void wasock__deadlines_report(struct wasock_poller *poller,
                              struct wasock__report *report, uint64_t now_ns)
{
    while (poller->n_deadlines_ > 0 && poller->deadlines_[0].at_ns <= now_ns &&
           !wasock__report_is_full(report)) {
        const uint32_t index = poller->deadlines_[0].registration;
        struct wasock__registration *registration =
            &poller->registrations_[index];
        if (wasock_deadline_is_past(earliest_of(registration), now_ns)) {
            report_one(registration, report, now_ns);
        }
        wasock__deadlines_remove(poller, index);
        wasock__deadlines_update(poller, index);
    }
}

uint64_t wasock__deadlines_next(const struct wasock_poller *poller)
{
    return poller->n_deadlines_ > 0 ? poller->deadlines_[0].at_ns
                                    : WASOCK_NO_DEADLINE;
}
