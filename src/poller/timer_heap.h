/* SPDX-License-Identifier: MIT */
/*
 * timer_heap.h - a binary heap of timers, the earliest first.
 *
 * An owner is a number below the capacity and has at most one timer. Setting,
 * moving and removing one cost O(log n). The poller and the in-process network
 * each have a heap.
 */
#ifndef WASOCK_POLLER_TIMER_HEAP_H
#define WASOCK_POLLER_TIMER_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An owner without a timer. */
#define WASOCK__NO_TIMER UINT32_MAX

struct wasock__timer {
    uint64_t at_ns;
    uint32_t owner;
};

/* Both arrays have room for all owners; they are the user's. */
struct wasock__timer_heap {
    struct wasock__timer *timers;
    uint32_t *places; /* by owner: index in `timers`, or WASOCK__NO_TIMER */
    uint32_t count;   /* timers that are set */
};

/* Make an empty heap for owners 0 to `capacity` - 1. */
void wasock__timer_heap_init(struct wasock__timer_heap *heap,
                             struct wasock__timer *timers, uint32_t *places,
                             uint32_t capacity);

/* Set or move the timer of an owner. */
void wasock__timer_heap_set(struct wasock__timer_heap *heap, uint32_t owner,
                            uint64_t at_ns);

/* Remove the timer of an owner, if it has one. */
void wasock__timer_heap_remove(struct wasock__timer_heap *heap, uint32_t owner);

static inline bool wasock__timer_heap_has(const struct wasock__timer_heap *heap,
                                          uint32_t owner)
{
    return heap->places[owner] != WASOCK__NO_TIMER;
}

/* The earliest timer, or NULL. */
static inline const struct wasock__timer *
wasock__timer_heap_first(const struct wasock__timer_heap *heap)
{
    return heap->count > 0 ? &heap->timers[0] : NULL;
}

#endif
