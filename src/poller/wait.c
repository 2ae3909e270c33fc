/* SPDX-License-Identifier: MIT */
#include "../backend.h"
#include "internal.h"

#include <wasock/err.h>

/* How long a wait lasts while it is unknown whether the host's poll checks
 * sockets, and how often an in-process network on the host's clock runs beside
 * real sockets. */
#define STEP_NS WASOCK__NAP_NS

/* As long as a host can be asked to wait. */
#define LONG_NS (UINT64_C(3600) * WASOCK_NS_PER_S)

static uint64_t now_of(const struct wasock__poller *poller)
{
    return poller->is_virtual
               ? poller->network->operations_->now_ns(poller->network)
               : wasock_clock_now_ns();
}

uint64_t wasock_poller_now_ns(const struct wasock_poller *opaque_poller)
{
    return now_of((const struct wasock__poller *)(const void *)opaque_poller);
}

/* Look at the in-process sockets that may be ready. */
static void report_network(struct wasock__poller *poller)
{
    for (uint32_t n = wasock__count(poller, WASOCK__QUEUE_CHANGED); n > 0;
         n--) {
        const uint32_t index = poller->queues[WASOCK__QUEUE_CHANGED].first;
        struct wasock_socket *socket =
            poller->registrations[index].watch.socket_;
        wasock__report_ready(poller, index,
                             socket->backend_->operations_->ready(socket));
        wasock__order_move(poller, index,
                           poller->registrations[index].ready != 0
                               ? WASOCK__QUEUE_CHANGED
                               : WASOCK__QUEUE_RESTING);
    }
}

static int run_network(const struct wasock__poller *poller, uint64_t until_ns)
{
    const int result =
        poller->network->operations_->run(poller->network, until_ns);

    return result == -WASOCK_EDEADLINE ? 0 : result;
}

/* Wait for something to happen, at most until `until_ns`. */
static int wait_for_any(struct wasock__poller *poller, uint64_t until_ns,
                        uint64_t now_ns)
{
    if (poller->network != NULL && !wasock__is_any_hosted(poller)) {
        return run_network(poller, until_ns);
    }
    if (poller->network != NULL) {
        const int result = run_network(poller, WASOCK_DEADLINE_PAST);
        if (result < 0) {
            return result;
        }
        until_ns =
            wasock_deadline_earlier(until_ns, wasock_ns_add(now_ns, STEP_NS));
    }
    if (until_ns == WASOCK_NO_DEADLINE && !wasock__is_any_hosted(poller)) {
        return -WASOCK_EDEADLOCK;
    }
    if (poller->swept_ns > now_ns) { /* the clock failed: all are due */
        poller->swept_ns = 0;
    }
    switch (poller->kind) {
    case WASOCK__HOST_BLIND:
        return wasock__blind_step(poller, until_ns, now_ns);
    case WASOCK__HOST_KEEPING:
        return wasock__kept_step(poller, until_ns, now_ns);
    default:
        return wasock__schedule_step(poller, until_ns, now_ns);
    }
}

static bool needs_time(const struct wasock__poller *poller,
                       uint64_t deadline_ns)
{
    return deadline_ns > WASOCK_DEADLINE_PAST || poller->timers.count > 0 ||
           wasock__n_cold(poller) > 0 ||
           wasock__count(poller, WASOCK__QUEUE_STARVED) > 0;
}

/* Until when to wait, if there is a deadline and for the poller's own needs. */
static uint64_t limit(struct wasock__poller *poller, uint64_t until_ns,
                      uint64_t now_ns)
{
    const struct wasock__timer *timer =
        wasock__timer_heap_first(&poller->timers);

    if (wasock__is_pending(poller)) {
        return WASOCK_DEADLINE_PAST;
    }
    if (timer != NULL) {
        until_ns = wasock_deadline_earlier(until_ns, timer->at_ns);
    }
    if (wasock__count(poller, WASOCK__QUEUE_STARVED) > 0) {
        until_ns = wasock_deadline_earlier(until_ns, poller->starved_until_ns);
    }
    if (poller->kind == WASOCK__HOST_UNKNOWN &&
        wasock__n_hot_and_cold(poller) > 0) {
        /* If it is blind, a poll without a clock never returns. */
        until_ns = wasock_deadline_earlier(
            until_ns,
            wasock_ns_add(now_ns, poller->is_kind_needed ? STEP_NS : LONG_NS));
    }
    return until_ns;
}

/* Whether time is up. */
static bool is_over(const struct wasock__poller *poller, uint64_t deadline_ns)
{
    if (deadline_ns == WASOCK_NO_DEADLINE) {
        return false;
    }
    return deadline_ns == WASOCK_DEADLINE_PAST || deadline_ns <= now_of(poller);
}

/* On a blind host a wait gives one round of hints before it returns 0, and no
 * second one: otherwise it would never return 0. */
static bool owes_try(const struct wasock__poller *poller)
{
    return poller->kind == WASOCK__HOST_BLIND && poller->is_try_owed &&
           wasock__n_hot_and_cold(poller) > 0;
}

/* One turn of a wait: report what there is, and wait if that is nothing. */
static int turn(struct wasock__poller *poller, uint64_t deadline_ns)
{
    do { /* looking at one in-process socket may make others ready */
        wasock__take_changes(poller);
        report_network(poller);
    } while (poller->inbox != NULL);
    const uint64_t now_ns =
        needs_time(poller, deadline_ns) ? now_of(poller) : 0;
    if (wasock__count(poller, WASOCK__QUEUE_STARVED) > 0 &&
        (poller->starved_until_ns <= now_ns ||
         poller->starved_until_ns - now_ns >
             wasock__back_off_ns(poller))) { /* clock failed */
        wasock__end_starving(poller);
    }
    if (poller->kind == WASOCK__HOST_UNKNOWN) {
        wasock__probe_kind(poller);
    }
    wasock__report_deadlines(poller, now_ns);
    if (poller->kind == WASOCK__HOST_BLIND && !poller->is_try_owed &&
        is_over(poller, deadline_ns)) {
        return 0;
    }
    return wait_for_any(poller, limit(poller, deadline_ns, now_ns), now_ns);
}

static ptrdiff_t wait_until(struct wasock__poller *poller, uint64_t deadline_ns)
{
    int result = 0;

    while (result == 0 && !wasock__is_pending(poller)) {
        result = turn(poller, deadline_ns);
        if (result == -WASOCK_EINTR && !poller->is_interruptible) {
            result = 0;
        }
        if (!wasock__is_pending(poller) && !owes_try(poller) &&
            is_over(poller, deadline_ns)) {
            break;
        }
    }
    poller->n_used = 0;
    poller->n_cold_used = 0;
    if (wasock__is_pending(poller)) {
        return (ptrdiff_t)wasock__n_pending(poller);
    }
    poller->is_try_owed = 1;
    return result;
}

/* At the start of a wait: the results of the last wait's events */
static void begin(struct wasock__poller *poller)
{
    wasock__take_changes(poller);
    if (wasock__is_pending(poller)) {
        return;
    }
    wasock__order_review(poller);
    if (poller->n_used > 0 || poller->kind != WASOCK__HOST_BLIND) {
        poller->is_try_owed = 1;
        poller->timeout_ns = 0; /* a new wait, not one that goes on */
    }
}

ptrdiff_t wasock_poller_wait_until_ns(struct wasock_poller *opaque_poller,
                                      uint64_t deadline_ns)
{
    struct wasock__poller *poller = wasock__poller_of(opaque_poller);

    if (wasock__is_closed(poller)) {
        return -WASOCK_ECLOSED;
    }
    begin(poller);
    poller->timeout_ns = 0;
    return wait_until(poller, deadline_ns);
}

ptrdiff_t wasock_poller_wait_for_ns(struct wasock_poller *opaque_poller,
                                    uint64_t timeout_ns)
{
    struct wasock__poller *poller = wasock__poller_of(opaque_poller);

    if (timeout_ns == 0 || timeout_ns == WASOCK_FOREVER_NS ||
        wasock__is_closed(poller)) {
        return wasock_poller_wait_until_ns(
            opaque_poller,
            timeout_ns == 0 ? WASOCK_DEADLINE_PAST : WASOCK_NO_DEADLINE);
    }
    begin(poller);
    if (timeout_ns != poller->timeout_ns) { /* else that wait goes on */
        poller->timeout_ns = timeout_ns;
        poller->timeout_end_ns = wasock__ns_after(now_of(poller), timeout_ns);
    }
    const ptrdiff_t result = wait_until(poller, poller->timeout_end_ns);
    if (result <= 0) {
        poller->timeout_ns = 0;
    }
    return result;
}
