/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../fd_internal.h"

/*
 * A block has arrived once its time is past; nothing moves it. Timers only wake
 * those who wait: a socket without arrived bytes has one, for its next arrival.
 */

void wasock__fakenet_expect_nothing(struct wasock_fakenet *net,
                                    const struct wasock__fakenet_socket *socket)
{
    wasock__timer_heap_remove(net->arrivals_,
                              wasock__fakenet_index(net, socket));
}

/* The next arrival at a socket: bytes, EOF, a reset, or a connect's answer. */
static uint64_t next_arrival(const struct wasock_fakenet *net,
                             const struct wasock__fakenet_socket *socket)
{
    if (socket->kind == WASOCK__FAKENET_CONNECTING) {
        return socket->end_ns;
    }
    if (socket->unread.first != WASOCK__FAKENET_NONE) {
        return net->blocks_[socket->unread.first].due_ns;
    }
    return socket->ending != WASOCK__FAKENET_OPEN ? socket->end_ns
                                                  : WASOCK__FAKENET_NEVER;
}

void wasock__fakenet_expect(struct wasock_fakenet *net,
                            const struct wasock__fakenet_socket *socket)
{
    const uint64_t next_ns = next_arrival(net, socket);

    if (next_ns <= net->now_ns_ || next_ns == WASOCK__FAKENET_NEVER) {
        wasock__fakenet_expect_nothing(net, socket);
        return;
    }
    wasock__timer_heap_set(net->arrivals_, wasock__fakenet_index(net, socket),
                           next_ns);
}

/* Notify the sockets to which something has arrived. Returns whether there
 * are any. */
static bool deliver(struct wasock_fakenet *net)
{
    const struct wasock__timer *first =
        wasock__timer_heap_first(net->arrivals_);
    bool has_arrived = false;

    while (first != NULL && first->at_ns <= net->now_ns_) {
        struct wasock__fakenet_socket *socket = &net->sockets_[first->owner];
        wasock__fakenet_expect_nothing(net, socket);
        if (socket->kind == WASOCK__FAKENET_CONNECTING) {
            wasock__fakenet_answer(net, socket);
        } else {
            wasock__fakenet_notify(socket);
        }
        has_arrived = true;
        first = wasock__timer_heap_first(net->arrivals_);
    }
    return has_arrived;
}

uint64_t wasock__fakenet_now(struct wasock_fakenet *net)
{
    if (!net->is_virtual_) {
        net->now_ns_ = wasock_clock_now_ns();
        (void)deliver(net);
    }
    return net->now_ns_;
}

void wasock__fakenet_catch_up(struct wasock_fakenet *net)
{
    if (wasock__timer_heap_first(net->arrivals_) != NULL) {
        (void)wasock__fakenet_now(net);
    }
}

/* When a link is free for the next transmission. */
static uint64_t free_at(const struct wasock__fakenet_link *link,
                        uint64_t now_ns)
{
    return link->free_ns > now_ns ? link->free_ns : now_ns;
}

/* The arrival of bytes that leave at a time. A link keeps their order. */
static uint64_t due_at(const struct wasock__fakenet_link *link,
                       uint64_t left_ns, uint64_t latency_ns)
{
    const uint64_t due_ns = wasock_ns_add(left_ns, latency_ns);

    return due_ns < link->last_due_ns ? link->last_due_ns : due_ns;
}

uint64_t wasock__fakenet_arrival(struct wasock_fakenet *net,
                                 struct wasock__fakenet_socket *socket,
                                 size_t n_bytes)
{
    const struct wasock_fakenet_faults *faults =
        wasock__fakenet_faults(net, socket);

    if (faults->latency_ns == 0 && faults->bytes_per_s == 0 &&
        socket->link.last_due_ns == 0) {
        return 0;
    }
    const uint64_t now_ns = wasock__fakenet_now(net);
    uint64_t left_ns = free_at(&socket->link, now_ns);
    if (faults->bytes_per_s > 0) {
        left_ns = wasock_ns_add(left_ns, n_bytes * WASOCK_NS_PER_S /
                                             faults->bytes_per_s);
    }
    if (wasock_ns_add(left_ns, faults->latency_ns) >=
        socket->link.stalled_until_ns) {
        socket->link.stalled_until_ns = 0; /* the stall is over */
    }
    const uint64_t due_ns = due_at(&socket->link, left_ns, faults->latency_ns);
    socket->link.free_ns = left_ns;
    socket->link.last_due_ns = due_ns;
    return due_ns <= now_ns ? 0 : due_ns;
}

void wasock__fakenet_count_sent(struct wasock_fakenet *net,
                                struct wasock__fakenet_socket *socket,
                                size_t n_bytes)
{
    const struct wasock_fakenet_faults *faults =
        wasock__fakenet_faults(net, socket);
    const uint64_t n_before = socket->n_sent;

    socket->n_sent += n_bytes;
    if (n_before < faults->stall_after_bytes &&
        socket->n_sent >= faults->stall_after_bytes) {
        /* Delay later bytes: none arrives before last_due_ns. */
        const uint64_t left_ns =
            free_at(&socket->link, wasock__fakenet_now(net));
        const uint64_t due_ns =
            due_at(&socket->link, left_ns, faults->latency_ns);
        socket->link.unstalled_due_ns = due_ns;
        socket->link.last_due_ns = wasock_ns_add(due_ns, faults->stall_ns);
        socket->link.stalled_until_ns =
            faults->stall_ns > 0 ? socket->link.last_due_ns : 0;
    }
}

bool wasock__fakenet_is_stalled(const struct wasock__fakenet_socket *sender,
                                uint64_t due_ns)
{
    return sender->link.stalled_until_ns != 0 &&
           due_ns >= sender->link.stalled_until_ns;
}

void wasock__fakenet_mark_stalled(struct wasock_fakenet *net,
                                  const struct wasock__fakenet_socket *sender,
                                  const struct wasock__fakenet_queue *queue)
{
    uint32_t index = queue->last;

    while (index != WASOCK__FAKENET_NONE && !net->blocks_[index].is_stalled &&
           wasock__fakenet_is_stalled(sender, net->blocks_[index].due_ns)) {
        net->blocks_[index].is_stalled = 1;
        index = net->blocks_[index].previous;
    }
}

bool wasock__fakenet_has_ended(const struct wasock_fakenet *net,
                               const struct wasock__fakenet_socket *socket)
{
    return socket->ending != WASOCK__FAKENET_OPEN &&
           socket->end_ns <= net->now_ns_;
}

/* Let time pass until `until_ns`, or less. EINTR: a signal. */
static int pass_time(struct wasock_fakenet *net, uint64_t until_ns)
{
    if (net->is_virtual_) {
        if (net->now_ns_ < until_ns) {
            net->now_ns_ = until_ns;
        }
        return 0;
    }
    const uint64_t left_ns =
        wasock_ns_subtract(until_ns, wasock_clock_now_ns());
    const int result = left_ns > 0 ? wasock__fd_wait_once(-1, 0, left_ns) : 0;
    net->now_ns_ = wasock_clock_now_ns();
    return result;
}

int wasock__fakenet_run(struct wasock_fakenet *net, uint64_t deadline_ns)
{
    const struct wasock__timer *first =
        wasock__timer_heap_first(net->arrivals_);
    const uint64_t until_ns = wasock_deadline_earlier(
        first == NULL ? WASOCK_NO_DEADLINE : first->at_ns, deadline_ns);

    if (until_ns == WASOCK_NO_DEADLINE) {
        return -WASOCK_EDEADLOCK;
    }
    const int result = pass_time(net, until_ns);
    if (deliver(net)) {
        return 0;
    }
    if (result < 0) {
        return result;
    }
    return wasock_deadline_is_past(deadline_ns, net->now_ns_)
               ? -WASOCK_EDEADLINE
               : 0;
}

int wasock__fakenet_wait(struct wasock_fakenet *net,
                         struct wasock__fakenet_socket *socket,
                         unsigned direction, uint64_t deadline_ns)
{
    const uint32_t index = wasock__fakenet_index(net, socket);
    int result = 0;

    while (result == 0 &&
           (wasock__fakenet_ready(net, socket) & direction) == 0) {
        /* Only an arrival at this socket can make it ready. */
        result = !wasock__timer_heap_has(net->arrivals_, index) &&
                         deadline_ns == WASOCK_NO_DEADLINE
                     ? -WASOCK_EDEADLOCK
                     : wasock__fakenet_run(net, deadline_ns);
    }
    return result;
}
