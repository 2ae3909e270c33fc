/* SPDX-License-Identifier: MIT */
#include "internal.h"

/*
 * The order of polls:
 *
 *     hot                           cold
 *     +---------------------+      +-------------------------------+
 *     | new and busy ones   |      | least recent … most recent    |
 *     +---------------------+      +-------------------------------+
 *       all in every wait            in groups, from the front
 *              |                            ^        |
 *              +--- credit used up ---------+        |
 *              ^                                     |
 *              +--- found twice in a row ------------+
 *
 * A hot one that is used doubles its credit, so that a busy one survives a
 * pause. A new one turns cold after one or two empty polls. On a blind host the
 * one used last stays hot: its client needs longer to ask again than the first
 * tries take.
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

void wasock__order_rotate(struct wasock__poller *poller,
                          enum wasock__queue queue, uint32_t count,
                          bool is_doubted)
{
    struct wasock__registration *all = poller->registrations;
    struct wasock__ring *ring = &poller->queues[queue];
    uint32_t index = ring->first;

    for (count = wasock__lesser(count, ring->count); count > 0; count--) {
        struct wasock__registration *registration = &all[index];
        if (queue == WASOCK__QUEUE_COLD) { /* hot ones have credit to lose */
            registration->credit = 0;
        }
        registration->is_doubted = is_doubted;
        index = registration->links[WASOCK__CHAIN_QUEUE].next;
    }
    ring->first = index;
}

void wasock__order_miss(struct wasock__poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations[index];

    if (registration->queue != WASOCK__QUEUE_HOT ||
        wasock__n_hot_and_cold(poller) <= 4 * WASOCK__FEW) {
        return;
    }
    if (registration->credit > 0) {
        registration->credit--;
    } else if (poller->kind != WASOCK__HOST_BLIND ||
               poller->last_used != index) {
        wasock__order_move(poller, index, WASOCK__QUEUE_COLD);
    }
}

/*
 * Learn from one event that was taken. A cold one that was found turns hot if
 * it is still ready, or was found twice in a row: where events come from
 * everywhere, one that was used once is no more likely to be found again soon
 * than the others. A blind host does not know what is ready.
 */
static void review(struct wasock__poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations[index];
    struct wasock_socket *socket = registration->watch.socket_;
    const unsigned activity = socket->activity_;
    const bool is_used = (activity & WASOCK__ACTIVITY_MOVED) != 0;
    const bool is_ready =
        activity == 0 || (activity & WASOCK__ACTIVITY_MORE) != 0;
    const bool is_cold = registration->queue == WASOCK__QUEUE_COLD;
    const bool is_regular =
        registration->queue == WASOCK__QUEUE_HOT && registration->credit > 0;

    socket->activity_ = 0;
    registration->is_doubted = is_ready;
    poller->n_regular += is_regular;
    if (is_cold && (poller->kind == WASOCK__HOST_BLIND
                        ? is_used
                        : is_ready || (is_used && registration->credit > 0))) {
        wasock__order_move(poller, index, WASOCK__QUEUE_HOT);
    }
    if (is_used) {
        poller->last_used = index;
        poller->n_used++;
        poller->n_cold_used += is_cold;
        poller->n_found += is_cold;
        poller->n_regular_used += is_regular;
        registration->credit =
            (uint8_t)wasock__lesser(2U * registration->credit + 1, CREDIT_MAX);
    } else if (activity != 0) {
        wasock__order_miss(poller, index);
    } else if (socket->role_ == WASOCK__ROLE_NONE ||
               socket->role_ == WASOCK__ROLE_PLAIN) {
        poller->n_used++; /* the object does not see its use */
    }
}

void wasock__order_review(struct wasock__poller *poller)
{
    struct wasock__ring *taken = &poller->reports[WASOCK__REPORT_TAKEN];

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
    const uint32_t n = wasock__n_cold(poller);
    const uint64_t elapsed_ns = wasock_ns_subtract(now_ns, poller->swept_ns);

    return elapsed_ns >= period_ns ? n : (uint32_t)(n * elapsed_ns / period_ns);
}
