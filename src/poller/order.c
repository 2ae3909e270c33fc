/* SPDX-License-Identifier: MIT */
#include "internal.h"

/*
 * Who is asked about first:
 *
 *     hot                                 cold
 *     +---------------------------+      +------------------------------------+
 *     | new ones, found ones …    |      | longest unasked … just asked       |
 *     +---------------------------+      +------------------------------------+
 *       asked about in every wait          asked about in groups, from the front
 *              |                                  ^        |
 *              +--- credit used up ---------------+        |
 *              ^                                           |
 *              +--- found ready ---------------------------+
 *
 * A hot one that is used doubles its credit, so that a busy one survives a
 * pause; one that was found once turns cold after two fruitless questions.
 */

/* Credit of a connection that is used again and again: misses that it may
 * have in a row, as many as a busy client's pause lasts. */
#define CREDIT_MAX 15

void wasock__ring_append(struct wasock__poller *poller,
                         struct wasock__ring *ring, enum wasock__chain chain,
                         uint32_t index)
{
    struct wasock__registration *all = poller->registrations;
    const uint32_t first = ring->count > 0 ? ring->first : index;
    const uint32_t last =
        ring->count > 0 ? all[first].links[chain].previous : index;

    all[last].links[chain].next = index;
    all[index].links[chain].previous = last;
    all[index].links[chain].next = first;
    all[first].links[chain].previous = index;
    ring->first = first;
    ring->count++;
}

void wasock__ring_remove(struct wasock__poller *poller,
                         struct wasock__ring *ring, enum wasock__chain chain,
                         uint32_t index)
{
    struct wasock__registration *all = poller->registrations;
    const struct wasock__link link = all[index].links[chain];

    all[link.previous].links[chain].next = link.next;
    all[link.next].links[chain].previous = link.previous;
    if (ring->first == index) {
        ring->first = link.next;
    }
    ring->count--;
}

void wasock__order_move(struct wasock__poller *poller, uint32_t index,
                        enum wasock__queue queue)
{
    struct wasock__registration *registration = &poller->registrations[index];

    wasock__ring_remove(poller, &poller->queues[registration->queue],
                        WASOCK__CHAIN_QUEUE, index);
    registration->queue = (uint8_t)queue;
    wasock__ring_append(poller, &poller->queues[queue], WASOCK__CHAIN_QUEUE,
                        index);
}

void wasock__order_rotate(struct wasock__poller *poller, uint32_t count,
                          bool is_doubted)
{
    struct wasock__ring *cold = &poller->queues[WASOCK__QUEUE_COLD];

    for (uint32_t i = 0; i < count && cold->count > 0; i++) {
        struct wasock__registration *registration =
            &poller->registrations[cold->first];
        registration->credit = 0;
        registration->is_doubted = is_doubted;
        cold->first = registration->links[WASOCK__CHAIN_QUEUE].next;
    }
}

void wasock__order_miss(struct wasock__poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations[index];

    if (registration->queue != WASOCK__QUEUE_HOT ||
        wasock__count(poller, WASOCK__QUEUE_HOT) +
                wasock__count(poller, WASOCK__QUEUE_COLD) <=
            WASOCK__HOT_MIN) {
        return;
    }
    if (registration->credit > 0) {
        registration->credit--;
    } else {
        wasock__order_move(poller, index, WASOCK__QUEUE_COLD);
    }
}

static void hit(struct wasock__poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations[index];

    registration->credit = registration->credit < CREDIT_MAX / 2
                               ? (uint8_t)(2 * registration->credit + 1)
                               : CREDIT_MAX;
    if (poller->kind == WASOCK__HOST_BLIND) {
        wasock__order_move(poller, index, WASOCK__QUEUE_HOT);
    }
}

/* Learn from one event that was taken. */
static void review(struct wasock__poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations[index];
    struct wasock_socket *socket = registration->watch.socket_;
    const unsigned activity = socket->activity_;
    const bool is_used = (activity & WASOCK__ACTIVITY_MOVED) != 0;
    const bool is_regular = registration->credit > 0;

    socket->activity_ = 0;
    registration->is_doubted = 0;
    poller->n_regular += is_regular;
    if (is_used) {
        poller->n_used++;
        poller->n_regular_used += is_regular;
        hit(poller, index);
    } else if (activity != 0) {
        registration->is_doubted = 1;
        wasock__order_miss(poller, index);
    } else {
        /* Not tried, so ready still; or the object does not see its use. */
        poller->n_used += socket->role_ == WASOCK__ROLE_NONE ||
                          socket->role_ == WASOCK__ROLE_PLAIN;
        if (registration->queue == WASOCK__QUEUE_COLD &&
            poller->kind != WASOCK__HOST_BLIND) {
            wasock__order_move(poller, index, WASOCK__QUEUE_HOT);
        }
    }
}

void wasock__order_review(struct wasock__poller *poller)
{
    struct wasock__ring *taken = &poller->reports[WASOCK__REPORT_TAKEN];

    poller->n_used = 0;
    poller->n_regular = 0;
    poller->n_regular_used = 0;
    while (taken->count > 0) {
        const uint32_t index = taken->first;
        wasock__ring_remove(poller, taken, WASOCK__CHAIN_REPORT, index);
        poller->registrations[index].report = WASOCK__REPORT_NONE;
        review(poller, index);
    }
}

uint32_t wasock__order_due(const struct wasock__poller *poller,
                           uint64_t period_ns, uint64_t now_ns)
{
    const uint32_t n = wasock__count(poller, WASOCK__QUEUE_COLD);
    const uint64_t elapsed_ns = wasock_ns_subtract(now_ns, poller->swept_ns);

    /* Swept in the future: the clock failed. */
    return elapsed_ns >= period_ns || now_ns < poller->swept_ns
               ? n
               : (uint32_t)(n * elapsed_ns / period_ns);
}
