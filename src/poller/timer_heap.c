/* SPDX-License-Identifier: MIT */
#include "timer_heap.h"

static void put(struct wasock__timer_heap *heap, uint32_t at,
                struct wasock__timer timer)
{
    heap->timers[at] = timer;
    heap->places[timer.owner] = at;
}

/* Move a timer up, then down, until the heap is in order again. */
static void settle(struct wasock__timer_heap *heap, uint32_t at,
                   struct wasock__timer moving)
{
    const struct wasock__timer *timers = heap->timers;

    while (at > 0 && timers[(at - 1) / 2].at_ns > moving.at_ns) {
        put(heap, at, timers[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < heap->count &&
            timers[child + 1].at_ns < timers[child].at_ns) {
            child++;
        }
        if (child >= heap->count || timers[child].at_ns >= moving.at_ns) {
            break;
        }
        put(heap, at, timers[child]);
        at = child;
    }
    put(heap, at, moving);
}

void wasock__timer_heap_init(struct wasock__timer_heap *heap,
                             struct wasock__timer *timers, uint32_t *places,
                             uint32_t capacity)
{
    heap->timers = timers;
    heap->places = places;
    heap->count = 0;
    for (uint32_t owner = 0; owner < capacity; owner++) {
        places[owner] = WASOCK__NO_TIMER;
    }
}

void wasock__timer_heap_set(struct wasock__timer_heap *heap, uint32_t owner,
                            uint64_t at_ns)
{
    const struct wasock__timer timer = {at_ns, owner};
    const uint32_t at = heap->places[owner];

    settle(heap, at == WASOCK__NO_TIMER ? heap->count++ : at, timer);
}

void wasock__timer_heap_remove(struct wasock__timer_heap *heap, uint32_t owner)
{
    const uint32_t at = heap->places[owner];

    if (at == WASOCK__NO_TIMER) {
        return;
    }
    heap->places[owner] = WASOCK__NO_TIMER;
    heap->count--;
    if (at < heap->count) {
        settle(heap, at, heap->timers[heap->count]);
    }
}
