/* SPDX-License-Identifier: MIT */
#include <wasock/poller.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../backend.h"
#include "internal.h"

_Static_assert(sizeof(struct wasock__poller) <= sizeof(struct wasock_poller),
               "wasock_poller is too small");
_Static_assert(2 * sizeof(struct wasock__subscription) +
                       2 * sizeof(struct wasock__event) +
                       sizeof(struct wasock__timer) +
                       sizeof(struct wasock__registration) + sizeof(uint32_t) ==
                   WASOCK__POLLER_EACH_BYTES,
               "WASOCK__POLLER_EACH_BYTES is wrong");
_Static_assert(sizeof(struct wasock__subscription) +
                       sizeof(struct wasock__event) ==
                   WASOCK__POLLER_BASE_BYTES,
               "WASOCK__POLLER_BASE_BYTES is wrong");

int wasock_poller_init(struct wasock_poller *opaque_poller, void *memory,
                       size_t size)
{
    struct wasock__poller *poller = wasock__poller_of(opaque_poller);
    const struct wasock__poller none = {
        .n_asked = 1,
        .is_try_owed = 1,
    };

    if (memory == NULL || (uintptr_t)memory % WASOCK_POLLER_ALIGNMENT != 0) {
        return -WASOCK_EINVAL;
    }
    if (size < WASOCK_POLLER_SIZE(1)) {
        return -WASOCK_ESTORAGE;
    }
    const size_t room =
        (size - WASOCK__POLLER_BASE_BYTES) / WASOCK__POLLER_EACH_BYTES;
    const uint32_t capacity =
        room < WASOCK__NONE / 2 ? (uint32_t)room : WASOCK__NONE / 2;
    *poller = none;
    wasock__begin_asking(poller);
    poller->capacity = capacity;
    poller->subscriptions = (struct wasock__subscription *)memory;
    poller->events = (struct wasock__event *)(void *)(poller->subscriptions +
                                                      2 * (size_t)capacity + 1);
    struct wasock__timer *timers =
        (struct wasock__timer *)(void *)(poller->events + 2 * (size_t)capacity +
                                         1);
    poller->registrations =
        (struct wasock__registration *)(void *)(timers + capacity);
    wasock__timer_heap_init(
        &poller->timers, timers,
        (uint32_t *)(void *)(poller->registrations + capacity), capacity);
    for (uint32_t i = 0; i < capacity; i++) {
        const struct wasock__registration unused = {0};
        poller->registrations[i] = unused;
        wasock__ring_append(poller, &poller->queues[WASOCK__QUEUE_FREE],
                            WASOCK__CHAIN_QUEUE, i);
    }
    return 0;
}

/* ---- Changes of objects ---- */

/* The registration that a watch is the first member of. */
static uint32_t index_of(const struct wasock__poller *poller,
                         const struct wasock_watch *watch)
{
    return (uint32_t)((const struct wasock__registration *)(const void *)watch -
                      poller->registrations);
}

/* The registration of an object with this poller, or NONE. */
static uint32_t find(const struct wasock__poller *poller,
                     const struct wasock_socket *socket)
{
    const struct wasock_watch *watch = socket->watches_;

    while (watch != NULL && watch->inbox_ != &poller->inbox) {
        watch = watch->next_;
    }
    return watch == NULL ? WASOCK__NONE : index_of(poller, watch);
}

static bool is_networked(const struct wasock_socket *socket)
{
    return socket->role_ == WASOCK__ROLE_NONE;
}

/* Enter the queue in which to wait for what a registration is interested in. */
static void enter_queue(struct wasock__poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations[index];
    enum wasock__queue queue = WASOCK__QUEUE_RESTING;

    if (registration->interest == 0) {
        wasock__socket_unkeep(&registration->watch);
    } else {
        queue = is_networked(registration->watch.socket_)
                    ? WASOCK__QUEUE_CHANGED
                    : wasock__kept_add(poller, index);
    }
    wasock__order_move(poller, index, queue);
}

/* Begin to wait for what a registration is interested in. */
static void start_waiting(struct wasock__poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations[index];

    poller->n_used += registration->report == WASOCK__REPORT_TAKEN;
    registration->credit = 0;
    registration->is_doubted = 1;
    registration->watch.socket_->activity_ = 0;
    enter_queue(poller, index);
    poller->nap_ms = 0; /* a new object is likely to have data */
}

void wasock__end_starving(struct wasock__poller *poller)
{
    while (wasock__count(poller, WASOCK__QUEUE_STARVED) > 0) {
        enter_queue(poller, poller->queues[WASOCK__QUEUE_STARVED].first);
    }
}

static void starve(struct wasock__poller *poller, uint32_t index)
{
    const unsigned queue = poller->registrations[index].queue;

    if (queue != WASOCK__QUEUE_HOT && queue != WASOCK__QUEUE_COLD &&
        queue != WASOCK__QUEUE_KEPT) {
        return;
    }
    wasock__socket_unkeep(&poller->registrations[index].watch);
    wasock__order_move(poller, index, WASOCK__QUEUE_STARVED);
    if (wasock__count(poller, WASOCK__QUEUE_STARVED) == 1) {
        poller->starved_until_ns =
            wasock_ns_add(wasock_clock_now_ns(), wasock__back_off_ns(poller));
    }
}

/* End a registration; its object may be closed. */
static void release(struct wasock__poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations[index];

    poller->n_used += registration->report != WASOCK__REPORT_NONE;
    wasock__set_report(poller, index, WASOCK__REPORT_NONE);
    wasock__timer_heap_remove(&poller->timers, index);
    wasock__socket_unwatch(&registration->watch);
    wasock__order_move(poller, index, WASOCK__QUEUE_FREE);
    if (registration->is_hosted) {
        poller->n_hosted--;
    } else if (--poller->n_networked == 0) {
        poller->network = NULL;
        poller->is_virtual = 0;
    }
}

static void take_change(struct wasock__poller *poller, uint32_t index,
                        unsigned changes)
{
    struct wasock__registration *registration = &poller->registrations[index];
    const unsigned deadlines = changes & (WASOCK__CHANGE_READ_DEADLINE |
                                          WASOCK__CHANGE_WRITE_DEADLINE);

    if (deadlines != 0) { /* set anew: what was exceeded is another one */
        registration->reported_exceeded &= (uint8_t)~deadlines;
        registration->exceeded &= (uint8_t)~deadlines;
        wasock__update_pending(poller, index);
        wasock__update_timer(poller, index);
    }
    if (changes & WASOCK__CHANGE_STARVED) {
        starve(poller, index);
    }
    if ((changes & WASOCK__CHANGE_READY) &&
        registration->queue == WASOCK__QUEUE_RESTING &&
        registration->interest != 0) {
        wasock__order_move(poller, index, WASOCK__QUEUE_CHANGED);
    }
}

/* Read the changes of objects since the last call. */
void wasock__take_changes(struct wasock__poller *poller)
{
    bool is_any_closed = false;

    while (poller->inbox != NULL) {
        struct wasock_watch *watch = poller->inbox;
        const uint8_t changes = watch->changes_;
        poller->inbox = watch->next_changed_;
        watch->changes_ = 0;
        if (changes & WASOCK__CHANGE_CLOSED) {
            release(poller, index_of(poller, watch));
            is_any_closed = true;
        } else {
            take_change(poller, index_of(poller, watch), changes);
        }
    }
    if (is_any_closed) { /* a descriptor has come free */
        wasock__end_starving(poller);
    }
}

/* ---- Registrations ---- */

/* Whether an object can be waited for beside the others: 0 or an error. */
static int join(struct wasock__poller *poller,
                const struct wasock_socket *socket)
{
    const struct wasock_network *network = socket->backend_;

    if (!is_networked(socket)) {
        return poller->is_virtual ? -WASOCK_ECLOCK : 0;
    }
    if (poller->network != NULL && poller->network != network) {
        return -WASOCK_ECLOCK;
    }
    const bool is_virtual = network->operations_->has_own_clock(network);
    if (is_virtual && poller->n_hosted > 0) {
        return -WASOCK_ECLOCK;
    }
    poller->network = network;
    poller->is_virtual = is_virtual;
    return 0;
}

static bool is_interest(unsigned interest)
{
    return (interest & ~(unsigned)(WASOCK_READABLE | WASOCK_WRITABLE)) == 0;
}

int wasock_poller_add(struct wasock_poller *opaque_poller,
                      struct wasock_socket *socket, unsigned interest,
                      void *token)
{
    struct wasock__poller *poller = wasock__poller_of(opaque_poller);

    wasock__take_changes(poller);
    if (wasock__is_closed(poller) || !wasock_socket_is_open(socket)) {
        return -WASOCK_ECLOSED;
    }
    if (!is_interest(interest)) {
        return -WASOCK_EINVAL;
    }
    if (find(poller, socket) != WASOCK__NONE) {
        return -WASOCK_EEXIST;
    }
    if (wasock__count(poller, WASOCK__QUEUE_FREE) == 0) {
        return -WASOCK_ESTORAGE;
    }
    const int result = join(poller, socket);
    if (result < 0) {
        return result;
    }
    const uint32_t index = poller->queues[WASOCK__QUEUE_FREE].first;
    struct wasock__registration *registration = &poller->registrations[index];
    wasock__socket_watch(socket, &registration->watch, &poller->inbox);
    registration->token = token;
    registration->error = 0;
    registration->ready = 0;
    registration->exceeded = 0;
    registration->reported_exceeded = 0;
    registration->interest = (uint8_t)interest;
    registration->is_hosted = !is_networked(socket);
    poller->n_hosted += registration->is_hosted;
    poller->n_networked += !registration->is_hosted;
    start_waiting(poller, index);
    wasock__update_timer(poller, index);
    return 0;
}

int wasock_poller_modify(struct wasock_poller *opaque_poller,
                         struct wasock_socket *socket, unsigned interest,
                         void *token)
{
    struct wasock__poller *poller = wasock__poller_of(opaque_poller);

    wasock__take_changes(poller);
    const uint32_t index = find(poller, socket);
    if (index == WASOCK__NONE) {
        return wasock__is_closed(poller) ? -WASOCK_ECLOSED : -WASOCK_ENOENT;
    }
    if (!is_interest(interest)) {
        return -WASOCK_EINVAL;
    }
    struct wasock__registration *registration = &poller->registrations[index];
    registration->token = token;
    if (interest != registration->interest) {
        registration->interest = (uint8_t)interest;
        registration->ready &= (uint8_t)interest;
        wasock__update_pending(poller, index);
        start_waiting(poller, index);
    }
    return 0;
}

int wasock_poller_remove(struct wasock_poller *opaque_poller,
                         struct wasock_socket *socket)
{
    struct wasock__poller *poller = wasock__poller_of(opaque_poller);

    wasock__take_changes(poller);
    const uint32_t index = find(poller, socket);
    if (index == WASOCK__NONE) {
        return wasock__is_closed(poller) ? -WASOCK_ECLOSED : -WASOCK_ENOENT;
    }
    release(poller, index);
    return 0;
}

void wasock_poller_close(struct wasock_poller *opaque_poller)
{
    struct wasock__poller *poller = wasock__poller_of(opaque_poller);
    const struct wasock__poller closed = {0};

    wasock__take_changes(poller);
    for (uint32_t i = 0; i < poller->capacity; i++) {
        wasock__socket_unwatch(&poller->registrations[i].watch);
    }
    if (poller->kind == WASOCK__HOST_KEEPING) {
        wasock__host_set_close(&poller->set);
    }
    *poller = closed;
}

bool wasock__poller_needs_tries(const struct wasock_poller *opaque_poller)
{
    const struct wasock__poller *poller =
        (const struct wasock__poller *)(const void *)opaque_poller;

    return poller->n_networked > 0 || poller->kind == WASOCK__HOST_BLIND;
}

int wasock_poller_set_interruptible(struct wasock_poller *opaque_poller,
                                    bool is_interruptible)
{
    struct wasock__poller *poller = wasock__poller_of(opaque_poller);

    if (wasock__is_closed(poller)) {
        return -WASOCK_ECLOSED;
    }
    poller->is_interruptible = is_interruptible;
    return 0;
}

/* ---- Descriptors that are no sockets ---- */

/*
 * wasmtime and wasmi end the guest if it polls /dev/null for reading: they
 * count its bytes, and the count fails. Only a poll for writing distinguishes
 * it from a pipe: the reading end of a pipe is never writable, unless the
 * writer is gone. In that case, as with /dev/null, a read returns at once.
 */
static bool never_waits(int fd, const struct wasock_fd_stat *stat)
{
    return stat->kind == WASOCK_FD_UNKNOWN &&
           wasock__fd_wait_once(fd, WASOCK_WRITABLE, 0) == 1;
}

int wasock_pollable_from_fd(struct wasock_pollable *pollable, int fd)
{
    struct wasock_fd_stat stat;

    if (wasock_socket_is_open(&pollable->socket)) {
        return -WASOCK_EOPEN;
    }
    const int result = wasock_fd_stat(fd, &stat);
    if (result == 0) {
        wasock__socket_open(&pollable->socket, fd, WASOCK__ROLE_PLAIN);
        pollable->socket.never_waits_ = never_waits(fd, &stat);
    }
    return result;
}

int wasock_pollable_close(struct wasock_pollable *pollable)
{
    const int fd = wasock__socket_into_fd(&pollable->socket);

    return fd < 0 ? fd : 0;
}
