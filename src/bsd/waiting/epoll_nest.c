/* SPDX-License-Identifier: MIT */
/*
 * epoll_nest.c - instances that watch others, and connections that read EOF.
 *
 * A call on an instance asks for all instances below it as well. What becomes
 * ready below is news of the instances above, as of any other description.
 */
#include <errno.h>
#include <stddef.h>

#include <wasock/clock.h>

#include "../sockets/socket.h"
#include "epoll_internal.h"

/* The steps from an instance to the last one below it, at most: Linux's. */
#define STEPS_MAX 4

/* Connections at their end that one call looks at. */
#define ENDED_MAX 8

/* Put instances that `at` watches behind `last`. Returns the new last. */
static struct epoll *gather_below(const struct epoll *at, struct epoll *last)
{
    for (const struct item *item = at->items; item != NULL; item = item->next) {
        struct epoll *inner =
            item->is_nested && item->watch.description != NULL
                ? wasock_bsd__epoll_of(item->watch.description)
                : NULL;
        if (inner != NULL && !inner->is_below) {
            inner->is_below = true;
            inner->next_below = NULL;
            last->next_below = inner;
            last = inner;
        }
    }
    return last;
}

void wasock_bsd__epoll_gather(struct epoll *epoll)
{
    struct epoll *last = epoll;

    epoll->next_below = NULL;
    epoll->is_below = true;
    for (struct epoll *at = epoll; at != NULL; at = at->next_below) {
        if (at->n_nested > 0) {
            last = gather_below(at, last);
        }
    }
    for (struct epoll *at = epoll; at != NULL; at = at->next_below) {
        at->is_below = false;
    }
}

uint64_t wasock_bsd__epoll_settle(struct epoll *epoll)
{
    uint64_t due_ns = WASOCK_NO_DEADLINE;
    bool is_settled = false;

    wasock_bsd__epoll_gather(epoll);
    while (!is_settled) {
        is_settled = true;
        due_ns = WASOCK_NO_DEADLINE;
        for (struct epoll *at = epoll; at != NULL; at = at->next_below) {
            due_ns = wasock_deadline_earlier(due_ns,
                                             wasock_bsd__epoll_take_news(at));
        }
        /* News of one are news of those above, which come first. */
        for (struct epoll *at = epoll; at != NULL; at = at->next_below) {
            is_settled = is_settled && at->inbox == NULL;
        }
    }
    return due_ns;
}

/* ---- Which may watch which ---- */

/* The instance that a watch belongs to. */
static struct epoll *owner_of(const struct epoll_watch *watch)
{
    char *inbox = (char *)(void *)watch->inbox;

    return (struct epoll *)(void *)(inbox - offsetof(struct epoll, inbox));
}

/* Mark an instance that is reached by `n_steps`; the list ends in `last`.
 * Returns the new last. */
static struct epoll *reach(struct epoll *reached, unsigned n_steps,
                           struct epoll *last)
{
    if (reached->marks == 0) {
        reached->next_below = NULL;
        last->next_below = reached;
        last = reached;
    }
    reached->marks |= 1U << n_steps;
    return last;
}

/* Reach what is one step from an instance, down or up. */
static struct epoll *step(struct epoll *at, bool is_up, unsigned n_steps,
                          struct epoll *last)
{
    for (const struct epoll_watch *watch = at->description.watches;
         is_up && watch != NULL; watch = watch->next) {
        last = reach(owner_of(watch), n_steps, last);
    }
    for (const struct item *item = at->items; !is_up && item != NULL;
         item = item->next) {
        if (item->is_nested && item->watch.description != NULL) {
            last = reach(wasock_bsd__epoll_of(item->watch.description), n_steps,
                         last);
        }
    }
    return last;
}

/* Reach the neighbours of the instances that are `n` steps away. */
static struct epoll *step_all(struct epoll *first, bool is_up, unsigned n,
                              struct epoll *last)
{
    for (struct epoll *at = first; at != NULL; at = at->next_below) {
        if ((at->marks & (1U << n)) != 0) {
            last = step(at, is_up, n + 1, last);
        }
    }
    return last;
}

/* Clear the marks of a list. Returns all of them. */
static unsigned take_marks(struct epoll *first)
{
    unsigned marks = 0;

    for (struct epoll *at = first; at != NULL; at = at->next_below) {
        marks |= at->marks;
        at->marks = 0;
    }
    return marks;
}

/* The steps of the longest way up or down, STEPS_MAX + 1 at most. */
static unsigned longest_way(struct epoll *epoll, bool is_up)
{
    struct epoll *last = epoll;

    epoll->next_below = NULL;
    epoll->marks = 1;
    for (unsigned n = 0; n <= STEPS_MAX; n++) {
        last = step_all(epoll, is_up, n, last);
    }
    return 31U - (unsigned)__builtin_clz(take_marks(epoll));
}

int wasock_bsd__epoll_check_nesting(struct epoll *outer, struct epoll *inner)
{
    if (outer == inner) {
        return -EINVAL;
    }
    wasock_bsd__epoll_gather(inner);
    for (const struct epoll *at = inner; at != NULL; at = at->next_below) {
        if (at == outer) {
            return -ELOOP;
        }
    }
    return longest_way(outer, true) + 1 + longest_way(inner, false) > STEPS_MAX
               ? -ELOOP
               : 0;
}

/* ---- Connections that read EOF ---- */

void wasock_bsd__epoll_forget_end(struct epoll *epoll, struct item *item)
{
    if (item->next_ended == NULL) {
        return;
    }
    item->previous_ended->next_ended = item->next_ended;
    item->next_ended->previous_ended = item->previous_ended;
    if (epoll->ended == item) {
        epoll->ended = item->next_ended == item ? NULL : item->next_ended;
    }
    item->next_ended = NULL;
    item->previous_ended = NULL;
}

void wasock_bsd__epoll_mind_end(struct epoll *epoll, struct item *item)
{
    if (item->is_over || !wasock_bsd__may_be_reset(item->watch.description)) {
        wasock_bsd__epoll_forget_end(epoll, item);
        return;
    }
    if (item->next_ended != NULL) {
        return;
    }
    if (epoll->ended == NULL) {
        epoll->ended = item;
        item->next_ended = item;
        item->previous_ended = item;
        return;
    }
    item->next_ended = epoll->ended;
    item->previous_ended = epoll->ended->previous_ended;
    item->previous_ended->next_ended = item;
    item->next_ended->previous_ended = item;
}

void wasock_bsd__epoll_look_at_ended(struct epoll *epoll)
{
    const struct item *first = epoll->ended;

    for (int n = 0; n < ENDED_MAX && first != NULL; n++) {
        struct description *description = epoll->ended->watch.description;
        epoll->ended = epoll->ended->next_ended;
        if (description != NULL) { /* it is not closed */
            description->operations->look(description);
        }
        first = epoll->ended == first ? NULL : first;
    }
}
