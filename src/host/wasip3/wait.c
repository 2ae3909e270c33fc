/* SPDX-License-Identifier: MIT */
/*
 * wait.c - sets, and poll_oneoff.
 *
 * A set is a ring of the watches that may be ready; set->first is its last one,
 * set->count their number. A watch that was reported stays in it, at the end,
 * until its socket is found not to be ready. A change that may make a socket
 * ready puts its watches into the rings of their sets.
 */
#include "internal.h"

#include <wasock/err.h>
#include <wasock/fd.h>

/* ---- Readiness ---- */

static unsigned connection_ready(struct wasock__p3_socket *socket,
                                 unsigned directions)
{
    unsigned ready = 0;

    if ((directions & WASOCK_READABLE) != 0) {
        wasock__p3_start_read(socket);
        if (socket->n_landed > 0 || socket->is_ended) {
            ready |= WASOCK_READABLE;
        }
    }
    if ((directions & WASOCK_WRITABLE) != 0) {
        wasock__p3_start_probe(socket);
        /* Standard input has neither, and is never writable. */
        if (!socket->is_full && (socket->handle != 0 || socket->sending != 0)) {
            ready |= WASOCK_WRITABLE;
        }
    }
    return ready;
}

unsigned wasock__p3_ready(struct wasock__p3_socket *socket, unsigned directions)
{
    switch (socket->base.kind) {
    case WASOCK__SOCKET_CONNECTION:
        return connection_ready(socket, directions);
    case WASOCK__SOCKET_LISTENER:
        wasock__p3_listener_start_read(socket);
        return socket->has_result || socket->is_ended
                   ? directions & WASOCK_READABLE
                   : 0;
    case WASOCK__SOCKET_CONNECTING:
        return socket->has_result ? directions : 0;
    case WASOCK__SOCKET_DGRAM:
        if ((directions & WASOCK_READABLE) != 0) {
            wasock__p3_dgram->start_read(socket);
        }
        return directions &
               (socket->has_result ? WASOCK_READABLE | WASOCK_WRITABLE
                                   : WASOCK_WRITABLE);
    default:
        return 0;
    }
}

/* ---- Watches ---- */

static void ring_add(struct wasock__host_watch *watch)
{
    struct wasock__host_set *set = watch->set;
    struct wasock__host_watch *last = set->first;

    if (watch->state != 0) {
        return;
    }
    if (last == NULL) {
        last = watch;
        watch->next_ready = watch;
    }
    watch->state = 1;
    watch->previous_ready = last;
    watch->next_ready = last->next_ready;
    last->next_ready->previous_ready = watch;
    last->next_ready = watch;
    set->first = watch;
    set->count++;
}

static void ring_remove(struct wasock__host_watch *watch)
{
    struct wasock__host_set *set = watch->set;

    if (watch->state == 0) {
        return;
    }
    watch->state = 0;
    watch->previous_ready->next_ready = watch->next_ready;
    watch->next_ready->previous_ready = watch->previous_ready;
    set->count--;
    if (set->count == 0) {
        set->first = NULL;
    } else if (set->first == watch) {
        set->first = watch->previous_ready;
    }
}

void wasock__p3_changed(struct wasock__p3_socket *socket, unsigned directions)
{
    struct wasock__host_watch *watch = socket->watches;

    for (; watch != NULL; watch = watch->next) {
        if ((watch->directions & directions) != 0) {
            ring_add(watch);
        }
    }
}

void wasock__p3_forget_watches(struct wasock__p3_socket *socket)
{
    while (socket->watches != NULL) {
        struct wasock__host_watch *watch = socket->watches;
        socket->watches = watch->next;
        ring_remove(watch);
        watch->next = NULL;
        watch->fd = -1;
    }
}

static struct wasock__p3_socket *find(int32_t fd)
{
    return fd == 0 ? wasock__p3_input() : wasock__p3_find(fd);
}

int32_t wasock__host_set_open(struct wasock__host_set *set)
{
    *set = (struct wasock__host_set){NULL, 0, 0};
    return 0;
}

void wasock__host_set_close(struct wasock__host_set *set)
{
    *set = (struct wasock__host_set){NULL, 0, 0};
}

int32_t wasock__host_set_add(struct wasock__host_set *set,
                             struct wasock__host_watch *watch, int32_t fd,
                             unsigned directions)
{
    struct wasock__p3_socket *socket = find(fd);

    if (socket == NULL) {
        return fd == 1 || fd == 2 ? WASOCK_ENOTSUP : WASOCK_EBADF;
    }
    *watch = (struct wasock__host_watch){
        .next = socket->watches,
        .set = set,
        .fd = fd,
        .directions = (uint8_t)directions,
    };
    socket->watches = watch;
    ring_add(watch); /* it may be ready */
    return 0;
}

int32_t wasock__host_set_modify(struct wasock__host_watch *watch,
                                unsigned directions)
{
    if (watch->fd < 0) {
        return WASOCK_EBADF;
    }
    watch->directions = (uint8_t)directions;
    ring_add(watch);
    return 0;
}

void wasock__host_set_remove(struct wasock__host_watch *watch)
{
    struct wasock__p3_socket *socket = watch->fd < 0 ? NULL : find(watch->fd);

    if (socket != NULL) {
        struct wasock__host_watch **link = &socket->watches;
        while (*link != NULL && *link != watch) {
            link = &(*link)->next;
        }
        if (*link != NULL) {
            *link = watch->next;
            ring_remove(watch);
        }
    }
    *watch = (struct wasock__host_watch){.set = NULL};
}

/* Report watches of the ring that are ready; others leave it. */
static uint32_t report(struct wasock__host_set *set,
                       struct wasock__host_watch **ready, uint32_t capacity)
{
    uint32_t n_ready = 0;

    for (uint32_t n = set->count; n > 0 && n_ready < capacity; n--) {
        struct wasock__host_watch *watch = set->first->next_ready;
        watch->ready =
            (uint8_t)wasock__p3_ready(find(watch->fd), watch->directions);
        if (watch->ready != 0) {
            set->first = watch; /* now the last one */
            ready[n_ready++] = watch;
        } else {
            ring_remove(watch);
        }
    }
    return n_ready;
}

static uint64_t end_of(uint64_t timeout_ns)
{
    const uint64_t now = timeout_ns == 0 ? 0 : wasock__version_now_ns();

    return timeout_ns > UINT64_MAX - 1 - now ? UINT64_MAX : now + timeout_ns;
}

int32_t wasock__host_set_wait(struct wasock__host_set *set,
                              struct wasock__host_watch **ready,
                              uint32_t capacity, uint64_t timeout_ns,
                              uint32_t *n_ready)
{
    *n_ready = report(set, ready, capacity);
    if (*n_ready > 0) {
        if (wasock__p3_yield_seldom()) {
            *n_ready = report(set, ready, capacity);
        }
        return 0;
    }
    if (timeout_ns == 0) {
        wasock__p3_yield();
        *n_ready = report(set, ready, capacity);
        return 0;
    }
    const uint64_t until_ns = end_of(timeout_ns);
    do {
        wasock__p3_suspend(until_ns);
        *n_ready = report(set, ready, capacity);
    } while (*n_ready == 0 &&
             (until_ns == UINT64_MAX || wasock__version_now_ns() < until_ns));
    return 0;
}

const struct wasock__poll_cost *wasock__host_poll_cost(void)
{
    return NULL; /* sets are used */
}

/* ---- poll_oneoff ---- */

/* Answer a subscription, if it is ready. n_bytes 1 would count as a hint. */
static bool answer(const struct wasock__subscription *subscription,
                   struct wasock__event *event)
{
    const int32_t fd = (int32_t)subscription->of.fd;
    const bool is_read = subscription->tag == WASIP1_EVENTTYPE_FD_READ;
    struct wasock__p3_socket *socket = find(fd);
    uint32_t n_landed = 0;
    bool is_hangup = false;

    if (socket != NULL) {
        if (wasock__p3_ready(socket, is_read ? WASOCK_READABLE
                                             : WASOCK_WRITABLE) == 0) {
            return false;
        }
        n_landed = is_read ? socket->n_landed : 0;
        is_hangup = socket->base.kind == WASOCK__SOCKET_CONNECTION &&
                    socket->is_ended && socket->n_landed == 0;
    }
    *event = (struct wasock__event){
        .userdata = subscription->userdata,
        .error = socket != NULL || fd == 1 || fd == 2 ? 0 : WASOCK_EBADF,
        .type = subscription->tag,
        .n_bytes = n_landed == 1 ? 0 : n_landed,
        .flags = is_hangup ? WASIP1_EVENTRWFLAGS_HANGUP : 0};
    return true;
}

static uint32_t answer_all(const struct wasock__subscription *subscriptions,
                           struct wasock__event *events, size_t n)
{
    uint32_t n_events = 0;

    for (size_t i = 0; i < n; i++) {
        if (subscriptions[i].tag != WASIP1_EVENTTYPE_CLOCK &&
            answer(&subscriptions[i], &events[n_events])) {
            n_events++;
        }
    }
    return n_events;
}

/* The time left on a clock's subscription. */
static uint64_t time_left(const struct wasock__subscription *clock)
{
    const uint64_t time_ns = clock->of.clock.timeout_ns;

    if ((clock->of.clock.flags & WASIP1_SUBCLOCKFLAGS_ABSTIME) == 0) {
        return time_ns;
    }
    const uint64_t now_ns = wasock__version_now_ns();
    return time_ns > now_ns ? time_ns - now_ns : 0;
}

/* Find the clock that rings first. clock: written: NULL: there is none.
 * timeout_ns: written: UINT64_MAX for none. Returns a preview1 errno. */
static int32_t find_clock(const struct wasock__subscription *subscriptions,
                          size_t n, const struct wasock__subscription **clock,
                          uint64_t *timeout_ns)
{
    *clock = NULL;
    *timeout_ns = UINT64_MAX;
    for (size_t i = 0; i < n; i++) {
        if (subscriptions[i].tag > WASIP1_EVENTTYPE_FD_WRITE) {
            return WASOCK_EINVAL;
        }
        if (subscriptions[i].tag != WASIP1_EVENTTYPE_CLOCK) {
            continue;
        }
        if (subscriptions[i].of.clock.id != WASIP1_CLOCKID_MONOTONIC) {
            return WASOCK_EINVAL;
        }
        const uint64_t left_ns = time_left(&subscriptions[i]);
        if (*clock == NULL || left_ns < *timeout_ns) {
            *clock = &subscriptions[i];
            *timeout_ns = left_ns;
        }
    }
    return n == 0 ? WASOCK_EINVAL : 0;
}

int32_t wasip1_poll_oneoff(const struct wasock__subscription *subscriptions,
                           struct wasock__event *events, size_t n_subscriptions,
                           uint32_t *n_events)
{
    const struct wasock__subscription *clock = NULL;
    uint64_t timeout_ns = UINT64_MAX;
    const int32_t error =
        find_clock(subscriptions, n_subscriptions, &clock, &timeout_ns);

    if (error != 0) {
        return error;
    }
    uint32_t n = answer_all(subscriptions, events, n_subscriptions);
    if (n > 0 ? wasock__p3_yield_seldom() : timeout_ns == 0) {
        if (n == 0) {
            wasock__p3_yield();
        }
        n = answer_all(subscriptions, events, n_subscriptions);
    }
    const uint64_t until_ns = n > 0 || timeout_ns == 0 ? 0 : end_of(timeout_ns);
    while (n == 0 &&
           (until_ns == UINT64_MAX || wasock__version_now_ns() < until_ns)) {
        wasock__p3_suspend(until_ns);
        n = answer_all(subscriptions, events, n_subscriptions);
    }
    if (n == 0 && clock != NULL) {
        events[n++] = (struct wasock__event){.userdata = clock->userdata,
                                             .type = WASIP1_EVENTTYPE_CLOCK};
    }
    *n_events = n;
    return 0;
}
