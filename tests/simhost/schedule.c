/* SPDX-License-Identifier: MIT */
/* The virtual clock, and a heap of events by time. */
#include "world.h"

#include <stdlib.h>

#define WORLD_START_NS UINT64_C(1000000000000)

struct item {
    uint64_t due_ns;
    uint64_t tie;
    uint64_t sequence;
    void (*action)(void *context);
    void *context;
};

static struct {
    uint64_t now_ns;
    uint64_t sequence;
    struct item *heap;
    size_t length;
    size_t capacity;
} schedule;

void sim_schedule_reset(void)
{
    schedule.now_ns = WORLD_START_NS;
    schedule.sequence = 0;
    schedule.length = 0;
}

static bool is_before(const struct item *a, const struct item *b)
{
    if (a->due_ns != b->due_ns) {
        return a->due_ns < b->due_ns;
    }
    return a->tie != b->tie ? a->tie < b->tie : a->sequence < b->sequence;
}

void sim_schedule_at(uint64_t due_ns, uint64_t tie,
                     void (*action)(void *context), void *context)
{
    const struct item item = {due_ns, tie, schedule.sequence++, action,
                              context};
    size_t hole = schedule.length++;

    schedule.heap =
        (struct item *)sim_grow(schedule.heap, &schedule.capacity,
                                schedule.length, sizeof(struct item));
    while (hole > 0 && is_before(&item, &schedule.heap[(hole - 1) / 2])) {
        schedule.heap[hole] = schedule.heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    schedule.heap[hole] = item;
}

static struct item take_first(void)
{
    const struct item first = schedule.heap[0];
    const struct item last = schedule.heap[--schedule.length];
    size_t hole = 0;

    for (;;) {
        size_t child = 2 * hole + 1;
        if (child + 1 < schedule.length &&
            is_before(&schedule.heap[child + 1], &schedule.heap[child])) {
            child++;
        }
        if (child >= schedule.length ||
            !is_before(&schedule.heap[child], &last)) {
            break;
        }
        schedule.heap[hole] = schedule.heap[child];
        hole = child;
    }
    schedule.heap[hole] = last;
    return first;
}

uint64_t sim_next_due_ns(void)
{
    return schedule.length == 0 ? UINT64_MAX : schedule.heap[0].due_ns;
}

void sim_advance_to(uint64_t time_ns)
{
    while (sim_next_due_ns() <= time_ns) {
        const struct item item = take_first();
        if (item.due_ns > schedule.now_ns) {
            schedule.now_ns = item.due_ns;
        }
        item.action(item.context);
        sim_progress();
    }
    if (time_ns > schedule.now_ns) {
        schedule.now_ns = time_ns;
    }
}

uint64_t simhost_now_ns(void)
{
    return schedule.now_ns;
}

void simhost_advance_ns(uint64_t duration_ns)
{
    sim_advance_to(schedule.now_ns + duration_ns);
}

void simhost_settle(void)
{
    while (schedule.length > 0) {
        sim_advance_to(sim_next_due_ns());
    }
}

void simhost_schedule(void (*action)(void *context), void *context,
                      uint64_t after_ns)
{
    sim_schedule_at(schedule.now_ns + after_ns,
                    simhost_knobs.shuffle ? sim_random() : 0, action, context);
}
