/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/err.h>

#include "../wasip1.h"

/*
 * One poll of the host, and which of its events are certain.
 *
 * wasmtime reports all that it polls once one of them is ready. Of these events
 * the ones that count more than one byte, or an error, or a hang-up, are
 * certain. One byte may be none, one, or the end of the stream. A host that
 * once reports a part of what it polls is truthful.
 */

/* A userdata: the registration and the direction. */
static uint64_t userdata_of(uint32_t index, unsigned side)
{
    return (uint64_t)index << 1 | side;
}

static inline bool is_asked(const struct wasock__registration *registration)
{
    return registration->queue == WASOCK__QUEUE_HOT ||
           registration->queue == WASOCK__QUEUE_COLD;
}

/* Subscribe to a registration, after `n` others. This is most of what a poll
 * costs the guest. */
static inline uint32_t subscribe(struct wasock__poller *poller, uint32_t n,
                                 uint32_t index)
{
    const struct wasock__registration *registration =
        &poller->registrations[index];
    const struct wasock_socket *socket = registration->watch.socket_;
    const uint32_t fd = (uint32_t)socket->fd_;
    struct wasock__subscription *next = &poller->subscriptions[n];

    if (registration->interest & WASOCK_READABLE) {
        next->userdata = userdata_of(index, 0);
        next->tag = (uint8_t)(WASIP1_EVENTTYPE_FD_READ + socket->never_waits_);
        next->of.fd = fd;
        next++;
    }
    if (registration->interest & WASOCK_WRITABLE) {
        next->userdata = userdata_of(index, 1);
        next->tag = WASIP1_EVENTTYPE_FD_WRITE;
        next->of.fd = fd;
        next++;
    }
    return (uint32_t)(next - poller->subscriptions);
}

/* Subscribe to the first `count` of a queue, after `n` others. */
static uint32_t subscribe_first(struct wasock__poller *poller, uint32_t n,
                                enum wasock__queue queue, uint32_t count)
{
    uint32_t index = poller->queues[queue].first;

    for (; count > 0; count--) {
        n = subscribe(poller, n, index);
        index = poller->registrations[index].links[WASOCK__CHAIN_QUEUE].next;
    }
    return n;
}

/* Subscribe to all hot and cold ones, in the order of their memory and, mostly,
 * of their descriptors: any other costs a fifth more, here and in the host. */
static uint32_t subscribe_all(struct wasock__poller *poller, uint32_t count)
{
    uint32_t n = 0;

    for (uint32_t index = 0; count > 0; index++) {
        if (is_asked(&poller->registrations[index])) {
            n = subscribe(poller, n, index);
            count--;
        }
    }
    return n;
}

/* The registration of an event, or NONE for the clock and what is no answer to
 * the poll. */
static uint32_t index_of(const struct wasock__poller *poller,
                         const struct wasock__event *event)
{
    const uint64_t index = event->userdata >> 1;

    if (index >= poller->capacity) {
        return WASOCK__NONE;
    }
    const struct wasock__registration *registration =
        &poller->registrations[index];
    const unsigned direction = 1U << (event->userdata & 1);
    return is_asked(registration) && (registration->interest & direction)
               ? (uint32_t)index
               : WASOCK__NONE;
}

static bool is_certain(const struct wasock__event *event)
{
    return event->error != 0 ||
           (event->flags & WASIP1_EVENTRWFLAGS_HANGUP) != 0 ||
           (event->type == WASIP1_EVENTTYPE_FD_READ && event->n_bytes != 1);
}

/* Move the events of registrations to the front, and count them. */
static void sort_out(struct wasock__poller *poller, uint32_t n_events,
                     struct wasock__answer *answer)
{
    uint32_t n_reported = 0; /* the clock is not polled */

    for (uint32_t i = 0; i < n_events; i++) {
        const struct wasock__event *event = &poller->events[i];
        n_reported += event->userdata != WASOCK__USERDATA_CLOCK;
        if (index_of(poller, event) == WASOCK__NONE) {
            continue;
        }
        answer->n_certain += is_certain(event);
        answer->n_writes += event->type == WASIP1_EVENTTYPE_FD_WRITE;
        if (answer->n_ready != i) {
            poller->events[answer->n_ready] = *event;
        }
        answer->n_ready++;
    }
    if (answer->n_ready > 0 && n_reported < answer->n_asked) {
        wasock__learn_truthful(poller);
    }
    if (answer->n_asked == 1 || poller->kind == WASOCK__HOST_TRUTHFUL) {
        answer->n_certain = answer->n_ready;
    }
}

/* wasmtime fails a whole poll for one dead descriptor, or a directory, and
 * does not say which. Returns 0 if one was found. */
static int report_dead(struct wasock__poller *poller, uint32_t n_asked)
{
    int result = -WASOCK_EBADF;

    for (uint32_t i = 0; i < n_asked; i++) {
        struct wasock_fd_stat stat;
        const struct wasock__subscription *subscription =
            &poller->subscriptions[i];
        const int error = wasock_fd_stat((int)subscription->of.fd, &stat);
        if (error < 0 || stat.kind == WASOCK_FD_DIRECTORY) {
            wasock__report_error(
                poller, (uint32_t)(subscription->userdata >> 1), -WASOCK_EBADF);
            result = 0;
        }
    }
    return result;
}

struct wasock__answer wasock__probe(struct wasock__poller *poller,
                                    uint32_t n_hot, uint32_t n_cold,
                                    uint64_t timeout_ns)
{
    struct wasock__answer answer = {0};
    const uint32_t n_all = wasock__n_hot_and_cold(poller);
    uint32_t n = 0;

    if (n_hot + n_cold == n_all && poller->capacity / 16 <= n_all) {
        n = subscribe_all(poller, n_all);
    } else {
        n = subscribe_first(poller, n, WASOCK__QUEUE_HOT, n_hot);
        n = subscribe_first(poller, n, WASOCK__QUEUE_COLD, n_cold);
    }
    answer.n_asked = n;
    const int result = wasock__fd_poll_once(poller->subscriptions, n,
                                            poller->events, timeout_ns);
    if (result == -WASOCK_EBADF) {
        answer.error = report_dead(poller, n);
    } else if (result < 0) {
        answer.error = result;
    } else {
        sort_out(poller, (uint32_t)result, &answer);
    }
    return answer;
}

/* Report an event. A registration that was not reported before goes to the end
 * of its queue. */
static void report_event(struct wasock__poller *poller,
                         const struct wasock__event *event,
                         struct wasock__answer *answer)
{
    const uint32_t index = index_of(poller, event);

    if (index == WASOCK__NONE) {
        return; /* a dead one before it in the answer */
    }
    if (event->error == WASOCK_EBADF) {
        wasock__report_error(poller, index, -WASOCK_EBADF);
        return;
    }
    const struct wasock__registration *registration =
        &poller->registrations[index];
    const bool was_ready = registration->ready != 0;
    wasock__report_ready(poller, index, 1U << (event->userdata & 1));
    if (was_ready || registration->ready == 0) {
        return;
    }
    answer->n_hot_found += registration->queue == WASOCK__QUEUE_HOT;
    answer->n_cold_found += registration->queue == WASOCK__QUEUE_COLD;
    wasock__order_move(poller, index, (enum wasock__queue)registration->queue);
}

void wasock__probe_report(struct wasock__poller *poller,
                          struct wasock__answer *answer, bool with_doubtful)
{
    const bool is_all = with_doubtful || answer->n_certain == answer->n_ready;

    for (uint32_t i = 0; i < answer->n_ready; i++) {
        if (is_all || is_certain(&poller->events[i])) {
            report_event(poller, &poller->events[i], answer);
        }
    }
    /* The other direction of what was reported: trying it costs no more than
     * asking about it. */
    const uint32_t n_left =
        is_all || answer->n_writes == 0 ? 0 : answer->n_ready;
    for (uint32_t i = 0; i < n_left; i++) {
        const uint32_t index = index_of(poller, &poller->events[i]);
        if (index != WASOCK__NONE && poller->registrations[index].ready != 0) {
            report_event(poller, &poller->events[i], answer);
        }
    }
}

/* A plain descriptor whose writing cannot be waited for: on such a host nothing
 * can. */
static bool is_blind_to(const struct wasock__registration *registration)
{
    const struct wasock_socket *socket = registration->watch.socket_;

    return socket->role_ == WASOCK__ROLE_PLAIN &&
           (registration->interest & WASOCK_WRITABLE) &&
           wasock__fd_wait_once(socket->fd_, WASOCK_WRITABLE, 0) ==
               -WASOCK_ENOTSUP;
}

static enum wasock__host_kind
kind_by(const struct wasock__registration *registration)
{
    switch (wasock__socket_host_poll(registration->watch.socket_)) {
    case WASOCK__HOST_POLL_HONEST:
        return WASOCK__HOST_BROADCAST;
    case WASOCK__HOST_POLL_FAKE:
        return WASOCK__HOST_BLIND;
    case WASOCK__HOST_POLL_UNKNOWN:
    default:
        return is_blind_to(registration) ? WASOCK__HOST_BLIND
                                         : WASOCK__HOST_UNKNOWN;
    }
}

void wasock__probe_kind(struct wasock__poller *poller)
{
    static const enum wasock__queue queues[] = {WASOCK__QUEUE_HOT,
                                                WASOCK__QUEUE_COLD};

    for (unsigned i = 0; i < 2; i++) {
        const struct wasock__ring *ring = &poller->queues[queues[i]];
        uint32_t index = ring->first;
        for (uint32_t n = 0;
             n < ring->count && poller->kind == WASOCK__HOST_UNKNOWN; n++) {
            const struct wasock__registration *registration =
                &poller->registrations[index];
            poller->kind = (uint8_t)kind_by(registration);
            poller->is_kind_needed |=
                registration->watch.socket_->role_ != WASOCK__ROLE_PLAIN;
            index = registration->links[WASOCK__CHAIN_QUEUE].next;
        }
    }
}
