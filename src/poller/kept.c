/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/err.h>

/*
 * A host that keeps the set of what is waited for, as epoll does: a change of a
 * registration costs a call, a wait costs what is ready.
 *
 * A poller has a set, or it asks. If the host cannot watch one descriptor for
 * want of memory or descriptors, the poller asks about all from then on. So the
 * watches need no memory of their own: they lie in that of the polls, and what
 * is ready in that of the answers.
 */

_Static_assert(sizeof(struct wasock__host_watch) <=
                   2 * sizeof(struct wasock__subscription),
               "a watch is larger than two subscriptions");
_Static_assert(sizeof(struct wasock__host_watch *) <=
                   2 * sizeof(struct wasock__event),
               "a pointer is larger than two events");

static struct wasock__host_watch *watches_of(struct wasock__poller *poller)
{
    return (struct wasock__host_watch *)(void *)poller->subscriptions;
}

void wasock__socket_unkeep(struct wasock_watch *watch)
{
    if (watch->kept_ != NULL) {
        wasock__host_set_remove(watch->kept_);
        watch->kept_ = NULL;
    }
}

static void open_set(struct wasock__poller *poller)
{
    poller->is_set_tried = 1;
    if (wasock__host_set_open(&poller->set) == 0) {
        poller->kind = WASOCK__HOST_KEEPING;
        poller->when_taken = WASOCK__REPORT_NONE; /* nothing to learn */
    }
}

/* Poll all that the set watches. */
static void give_up(struct wasock__poller *poller)
{
    static const enum wasock__queue queues[] = {WASOCK__QUEUE_KEPT,
                                                WASOCK__QUEUE_ALWAYS};

    for (unsigned i = 0; i < 2; i++) {
        while (wasock__count(poller, queues[i]) > 0) {
            const uint32_t index = poller->queues[queues[i]].first;
            wasock__socket_unkeep(&poller->registrations[index].watch);
            wasock__order_move(poller, index, WASOCK__QUEUE_HOT);
        }
    }
    wasock__host_set_close(&poller->set);
    wasock__begin_asking(poller);
}

/* Add a registration to the set, or change its directions there. */
static int32_t watch(struct wasock__poller *poller, uint32_t index)
{
    static const struct wasock__host_watch none = {0};
    struct wasock__registration *registration = &poller->registrations[index];
    struct wasock__host_watch *kept = &watches_of(poller)[index];

    if (registration->watch.kept_ != NULL) {
        return wasock__host_set_modify(kept, registration->interest);
    }
    *kept = none;
    const int32_t error = wasock__host_set_add(&poller->set, kept,
                                               registration->watch.socket_->fd_,
                                               registration->interest);
    if (error == 0) {
        registration->watch.kept_ = kept;
    }
    return error;
}

enum wasock__queue wasock__kept_add(struct wasock__poller *poller,
                                    uint32_t index)
{
    if (!poller->is_set_tried) {
        open_set(poller);
    }
    if (poller->kind != WASOCK__HOST_KEEPING) {
        return WASOCK__QUEUE_HOT;
    }
    const int32_t error = watch(poller, index);
    if (error == 0) {
        return WASOCK__QUEUE_KEPT;
    }
    wasock__socket_unkeep(&poller->registrations[index].watch);
    switch (error) {
    case WASOCK_ENOTSUP:
        return WASOCK__QUEUE_ALWAYS;
    case WASOCK_EBADF:
        wasock__report_error(poller, index, -WASOCK_EBADF);
        return WASOCK__QUEUE_RESTING;
    default:
        give_up(poller);
        return WASOCK__QUEUE_HOT;
    }
}

int wasock__kept_step(struct wasock__poller *poller, uint64_t until_ns,
                      uint64_t now_ns)
{
    struct wasock__host_watch **ready =
        (struct wasock__host_watch **)(void *)poller->events;
    uint32_t n_ready = 0;

    wasock__report_first(poller, WASOCK__QUEUE_ALWAYS,
                         wasock__count(poller, WASOCK__QUEUE_ALWAYS));
    const uint64_t timeout_ns =
        wasock__is_pending(poller) ? 0 : wasock__timeout_of(until_ns, now_ns);
    const int32_t error = wasock__host_set_wait(
        &poller->set, ready, poller->capacity, timeout_ns, &n_ready);
    if (error != 0) {
        return -error;
    }
    for (uint32_t i = 0; i < n_ready; i++) {
        wasock__report_ready(poller, (uint32_t)(ready[i] - watches_of(poller)),
                             ready[i]->ready);
    }
    return 0;
}
