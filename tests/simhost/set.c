/* SPDX-License-Identifier: MIT */
/*
 * A set of descriptors, as epoll keeps it: level-triggered; a watch of a
 * descriptor that is closed goes silent, and is judged.
 *
 * `next` links the watches of one descriptor, `next_ready` those of one set.
 */
#include "poll.h"

#include <wasock/fd.h>

#include "host.h"

#define NEVER UINT64_MAX

enum { STATE_IN_SET = 1, STATE_SILENT };

const struct wasock__poll_cost *wasock__host_poll_cost(void)
{
    return simhost_knobs.profile.poll_cost;
}

int32_t wasock__host_set_open(struct wasock__host_set *set)
{
    if (!simhost_knobs.profile.keeps_sets) {
        return WASOCK_ENOSYS;
    }
    const struct sim_fault fault = sim_begin(SIMHOST_SET_OPEN, -1, 0);
    if (fault.error == 0) {
        set->first = NULL;
        set->count = 0;
    }
    return sim_end(fault.error, 0);
}

void wasock__host_set_close(struct wasock__host_set *set)
{
    (void)sim_begin(SIMHOST_SET_CLOSE, -1, set->count);
    if (set->count != 0) {
        sim_judge(SIMHOST_WATCHED, "a set with %u watches is closed",
                  (unsigned)set->count);
    }
    (void)sim_end(0, 0);
}

int32_t wasock__host_set_add(struct wasock__host_set *set,
                             struct wasock__host_watch *watch, int32_t fd,
                             unsigned directions)
{
    const struct sim_fault fault = sim_begin(SIMHOST_SET_ADD, fd, directions);
    struct sim_descriptor *const target = sim_lookup(fd);

    if (directions == 0 || watch->state == STATE_IN_SET) {
        sim_judge(SIMHOST_WATCHED, "added for %u in state %u", directions,
                  (unsigned)watch->state);
    }
    if (fault.error != 0 || target == NULL) {
        return sim_end(fault.error != 0 ? fault.error : WASOCK_EBADF, 0);
    }
    if (target->kind == SIMHOST_FILE || target->kind == SIMHOST_DIRECTORY) {
        return sim_end(WASOCK_ENOTSUP, 0);
    }
    watch->set = set;
    watch->fd = fd;
    watch->directions = (uint8_t)directions;
    watch->state = STATE_IN_SET;
    watch->next = target->watches;
    target->watches = watch;
    watch->next_ready = set->first;
    set->first = watch;
    set->count++;
    return sim_end(0, set->count);
}

int32_t wasock__host_set_modify(struct wasock__host_watch *watch,
                                unsigned directions)
{
    const struct sim_fault fault =
        sim_begin(SIMHOST_SET_MODIFY, watch->fd, directions);

    if (directions == 0 || watch->state == 0) {
        sim_judge(SIMHOST_WATCHED, "modified to %u in state %u", directions,
                  (unsigned)watch->state);
    }
    if (fault.error != 0 || watch->state == STATE_SILENT) {
        return sim_end(fault.error != 0 ? fault.error : WASOCK_EBADF, 0);
    }
    watch->directions = (uint8_t)directions;
    return sim_end(0, 0);
}

void wasock__host_set_remove(struct wasock__host_watch *watch)
{
    struct sim_descriptor *const target = sim_descriptor(watch->fd);
    struct wasock__host_watch **link = &watch->set->first;

    (void)sim_begin(SIMHOST_SET_REMOVE, watch->fd, 0);
    if (watch->state == 0) {
        sim_judge(SIMHOST_WATCHED, "removed, and in no set");
        return;
    }
    while (*link != watch) {
        link = &(*link)->next_ready;
    }
    *link = watch->next_ready;
    watch->set->count--;
    if (watch->state == STATE_IN_SET) {
        link = &target->watches;
        while (*link != watch) {
            link = &(*link)->next;
        }
        *link = watch->next;
    }
    watch->state = 0;
    (void)sim_end(0, 0);
}

void sim_set_close_descriptor(struct sim_descriptor *descriptor, int fd)
{
    if (descriptor->watches != NULL) {
        sim_judge(SIMHOST_WATCHED, "descriptor %d is closed", fd);
    }
    while (descriptor->watches != NULL) {
        descriptor->watches->state = STATE_SILENT;
        descriptor->watches = descriptor->watches->next;
    }
}

static unsigned ready_of(const struct wasock__host_watch *watch)
{
    const struct sim_descriptor *const target = sim_descriptor(watch->fd);

    if (watch->state == STATE_SILENT || target == NULL) {
        return 0;
    }
    if (target->has_event) {
        return watch->directions;
    }
    return watch->directions & ((target->is_readable ? WASOCK_READABLE : 0U) |
                                (target->is_writable ? WASOCK_WRITABLE : 0U));
}

/* Look at all watches, of which the one at `spurious_at` counts as ready. The
 * reported ones come last in the next look. */
static uint32_t look(struct wasock__host_set *set,
                     struct wasock__host_watch **ready, uint32_t capacity,
                     uint64_t spurious_at)
{
    struct wasock__host_watch *watch = set->first;
    struct wasock__host_watch **last = &set->first;
    uint32_t n_ready = 0;

    for (uint64_t i = 0; watch != NULL && n_ready < capacity; i++) {
        watch->ready =
            (uint8_t)(i == spurious_at ? watch->directions : ready_of(watch));
        if (watch->ready != 0) {
            ready[n_ready++] = watch;
        }
        last = &watch->next_ready;
        watch = watch->next_ready;
    }
    if (watch != NULL) { /* there was no room for it */
        struct wasock__host_watch *const first = set->first;
        set->first = watch;
        *last = NULL;
        for (last = &set->first; *last != NULL;) {
            last = &(*last)->next_ready;
        }
        *last = first;
    }
    return n_ready;
}

static void shuffle(struct wasock__host_watch **ready, uint32_t n)
{
    for (; simhost_knobs.shuffle && n > 1; n--) {
        const uint32_t j = (uint32_t)sim_random_below(n);
        struct wasock__host_watch *const other = ready[n - 1];
        ready[n - 1] = ready[j];
        ready[j] = other;
    }
}

static uint64_t deadline_of(uint64_t timeout_ns)
{
    return timeout_ns == 0 ? simhost_now_ns()
           : timeout_ns == UINT64_MAX
               ? NEVER
               : simhost_now_ns() + timeout_ns + simhost_knobs.late_wake_ns;
}

static int32_t wait(struct wasock__host_set *set,
                    struct wasock__host_watch **ready, uint32_t capacity,
                    uint64_t timeout_ns, uint32_t *n_ready)
{
    const uint64_t deadline_ns = deadline_of(timeout_ns);
    const uint64_t spurious_at =
        sim_chance(simhost_knobs.spurious_ready_per_mille)
            ? sim_random_below(set->count)
            : NEVER;
    bool has_slept = false;

    for (;;) {
        *n_ready = look(set, ready, capacity, spurious_at);
        if (*n_ready > 0 || simhost_now_ns() >= deadline_ns) {
            break;
        }
        const uint64_t serial = sim_sleep_serial();
        for (struct wasock__host_watch *watch = set->first; watch != NULL;
             watch = watch->next_ready) {
            struct sim_descriptor *const target = sim_descriptor(watch->fd);
            if (target != NULL && watch->state == STATE_IN_SET) {
                target->poll_serial = serial;
            }
        }
        if (!sim_sleep(deadline_ns, set->count)) {
            return WASOCK_EIO;
        }
        has_slept = true;
    }
    if (has_slept) {
        simhost_advance_ns(simhost_knobs.costs.wake_ns);
    }
    shuffle(ready, *n_ready);
    return 0;
}

int32_t wasock__host_set_wait(struct wasock__host_set *set,
                              struct wasock__host_watch **ready,
                              uint32_t capacity, uint64_t timeout_ns,
                              uint32_t *n_ready)
{
    const struct sim_fault fault = sim_begin(SIMHOST_POLL_ONEOFF, -1, capacity);

    sim_count_subscriptions(0);
    if (capacity == 0) {
        sim_judge(SIMHOST_BAD_POINTER, "no room for what is ready");
    }
    if (fault.error != 0 || sim_chance(simhost_knobs.interrupted_per_mille)) {
        return sim_end(fault.error != 0 ? fault.error : WASOCK_EINTR, 0);
    }
    *n_ready = 0;
    if (fault.lie != 0) { /* it is no host that lies, it is wasock's own */
        return sim_end(0, 0);
    }
    const int32_t error = wait(set, ready, capacity, timeout_ns, n_ready);
    return sim_end(error, *n_ready);
}
