/* SPDX-License-Identifier: MIT */
/*
 * poll.c - poll_oneoff by wasi:io/poll.
 *
 * The host checks each pollable on its own: the cost of a poll follows its
 * pollables, and its report is exact.
 */
#include "internal.h"

#include <wasock/err.h>

#include "../component/type.h"

WASOCK__LINK_IMPORTS;

/*
 * tokio reports at most 128 ready sockets at a time, and wasmtime checks in the
 * order of handles: the lowest ones would starve the others. So a poll that
 * reports this number begins a round: reported ones are left out until a poll
 * reports fewer.
 */
#define FULL_POLL 100

/*
 * After many polls in a row without a connection, the host may have reached
 * tokio's limit, which polls that do not wait do not reset, nor does a listener
 * that stays ready. Or it checks its sockets only if a poll waits.
 */
#define EMPTY_POLLS_TO_REFRESH 16
#define EMPTY_POLLS_TO_WAIT 256

/* Owners of pollables without a subscription. */
#define OWNER_TIMER UINT32_MAX
#define OWNER_NOBODY (UINT32_MAX - 1)

/* Arrays of one length: pollables, their owners, and the ready ones. */
static struct {
    uint32_t *pollables;
    uint32_t *owners;
    uint32_t *ready;
    size_t capacity;
} scratch;

static struct {
    uint32_t number;
    bool is_active;
} round;

static size_t n_last_ready;    /* pollables that the last poll reported */
static uint32_t n_empty_polls; /* since one reported a connection */

size_t wasock__p2_n_asked;

/* A poll. */
struct question {
    const struct wasock__subscription *subscriptions;
    size_t n_subscriptions;
    uint64_t timeout_ns; /* UINT64_MAX: none */
    uint32_t timer;      /* a pollable, or 0 */
    size_t n_asked;      /* of the scratch */
    size_t n_left_out;   /* by a round */
    size_t n_known;      /* ready without being asked about */
};

/* Make room for pollables. The memory that was too small stays unused. */
static bool reserve(size_t n)
{
    if (n <= scratch.capacity) {
        return true;
    }
    size_t n_pages = 1;
    while (n_pages * WASOCK__PAGE_BYTES / (3 * sizeof(uint32_t)) < n) {
        n_pages *= 2;
    }
    uint32_t *memory = (uint32_t *)wasock__grow(n_pages);
    if (memory == NULL) {
        return false;
    }
    scratch.capacity = n_pages * WASOCK__PAGE_BYTES / (3 * sizeof(uint32_t));
    scratch.pollables = memory;
    scratch.owners = memory + scratch.capacity;
    scratch.ready = scratch.owners + scratch.capacity;
    return true;
}

static uint32_t pollable_of_socket(struct wasip2_socket *socket, bool is_read)
{
    switch (socket->base.kind) {
    case WASOCK__SOCKET_BOUND:
        return 0;
    case WASOCK__SOCKET_LISTENER:
        return is_read ? socket->pollable : 0;
    case WASOCK__SOCKET_CONNECTING:
        return socket->error != 0 ? wasock__p2_always() : socket->pollable;
    case WASOCK__SOCKET_DGRAM:
        return is_read ? socket->input_pollable : socket->output_pollable;
    default:
        break;
    }
    if (!is_read) { /* what stays ready takes no part of tokio's limit */
        return socket->is_writable ? wasock__p2_always()
                                   : wasock__p2_output_pollable(socket);
    }
    return socket->is_eof ? wasock__p2_always()
                          : wasock__p2_input_pollable(socket);
}

/* The pollable of a subscription, or 0: it is never ready. A bad descriptor is
 * reported at once. */
static uint32_t pollable_of(const struct wasock__subscription *subscription,
                            struct wasip2_socket *socket)
{
    const bool is_read = subscription->tag == WASIP1_EVENTTYPE_FD_READ;

    if (socket != NULL) {
        return pollable_of_socket(socket, is_read);
    }
    if (subscription->of.fd == 0) { /* a reading end: see never_waits */
        return is_read ? wasock__p2_stdin_pollable() : 0;
    }
    return wasock__p2_always();
}

static void ask(struct question *question, uint32_t pollable, uint32_t owner)
{
    question->n_known += pollable == wasock__p2_always();
    scratch.pollables[question->n_asked] = pollable;
    scratch.owners[question->n_asked++] = owner;
}

static int32_t read_clock(struct question *question,
                          const struct wasock__subscription *subscription)
{
    if (subscription->of.clock.id != WASIP1_CLOCKID_MONOTONIC) {
        return WASOCK_EINVAL;
    }
    if (subscription->of.clock.flags != 0) {
        return WASOCK_ENOTSUP; /* a point in time */
    }
    if (subscription->of.clock.timeout_ns < question->timeout_ns) {
        question->timeout_ns = subscription->of.clock.timeout_ns;
    }
    return 0;
}

/* Check the subscriptions, and get the timeout. */
static int32_t read_subscriptions(struct question *question)
{
    int32_t error = 0;

    for (size_t i = 0; i < question->n_subscriptions && error == 0; i++) {
        switch (question->subscriptions[i].tag) {
        case WASIP1_EVENTTYPE_CLOCK:
            error = read_clock(question, &question->subscriptions[i]);
            break;
        case WASIP1_EVENTTYPE_FD_READ:
        case WASIP1_EVENTTYPE_FD_WRITE:
            break;
        default:
            error = WASOCK_EINVAL;
            break;
        }
    }
    return error;
}

/* The pollable of a timeout. A poll that does not wait may wait a little after
 * one that reported many: they are reported together. */
static uint32_t make_timer(uint64_t timeout_ns)
{
    if (timeout_ns == 0 && n_last_ready < WASIP2_MANY_ANSWERS &&
        (n_empty_polls + 1) % EMPTY_POLLS_TO_WAIT != 0) {
        return 0;
    }
    return wasip2_subscribe_duration(timeout_ns > 0 ? timeout_ns : 1);
}

/* Collect the pollables of all subscriptions. */
static void collect(struct question *question)
{
    question->n_asked = 0;
    question->n_left_out = 0;
    question->n_known = 0;
    if (!round.is_active) {
        round.number++;
    }
    for (size_t i = 0; i < question->n_subscriptions; i++) {
        const struct wasock__subscription *subscription =
            &question->subscriptions[i];
        if (subscription->tag == WASIP1_EVENTTYPE_CLOCK) {
            continue;
        }
        struct wasip2_socket *socket =
            wasock__p2_find((int32_t)subscription->of.fd);
        if (round.is_active && socket != NULL &&
            socket->round == round.number) {
            question->n_left_out++;
            continue;
        }
        const uint32_t pollable = pollable_of(subscription, socket);
        if (pollable != 0) {
            ask(question, pollable, (uint32_t)i);
        }
    }
    if (question->timeout_ns != UINT64_MAX) {
        ask(question,
            question->timer != 0 ? question->timer : wasock__p2_always(),
            OWNER_TIMER);
    }
}

/* Poll the host. Returns the number of ready ones, in scratch.ready. */
static size_t poll(struct question *question)
{
    struct {
        uint32_t *indexes;
        size_t n_indexes;
    } result;
    const struct wasock__piece piece = {scratch.ready,
                                        scratch.capacity * sizeof(uint32_t)};
    const struct wasock__piece none = {NULL, 0};

    if (question->n_left_out > 0) { /* they are ready: do not wait for others */
        ask(question, wasock__p2_always(), OWNER_NOBODY);
    }
    wasock__land(piece, none);
    wasip2_poll(scratch.pollables, question->n_asked, &result);
    wasock__land_end();
    if (result.n_indexes > question->n_asked) {
        __builtin_trap(); /* more than the host may return */
    }
    if (result.indexes != scratch.ready) {
        __builtin_memmove(scratch.ready, result.indexes,
                          result.n_indexes * sizeof(uint32_t));
    }
    wasock__p2_n_answers += (uint32_t)(result.n_indexes - question->n_known);
    wasock__p2_n_asked = question->n_asked;
    n_last_ready = result.n_indexes;
    return result.n_indexes;
}

static bool is_of_fd(uint32_t owner)
{
    return owner != OWNER_TIMER && owner != OWNER_NOBODY;
}

static void start_event(const struct wasock__subscription *subscription,
                        struct wasock__event *event)
{
    __builtin_memset(event, 0, sizeof(*event));
    event->userdata = subscription->userdata;
    event->type = subscription->tag;
}

/* Write the event of a subscription whose pollable is ready. Returns whether
 * there is one. */
static bool write_event(const struct wasock__subscription *subscription,
                        struct wasock__event *event)
{
    struct wasip2_socket *socket =
        wasock__p2_find((int32_t)subscription->of.fd);

    start_event(subscription, event);
    if (socket == NULL) {
        event->error = subscription->of.fd > 2 ? WASOCK_EBADF : 0;
        return true;
    }
    if (socket->base.kind == WASOCK__SOCKET_CONNECTING) {
        const int32_t error = wasock__p2_finish_connect(socket);
        if (error == WASOCK_EAGAIN ||
            (error == 0 && subscription->tag == WASIP1_EVENTTYPE_FD_READ)) {
            return false; /* connected: that is no data yet */
        }
    }
    const bool is_write = subscription->tag == WASIP1_EVENTTYPE_FD_WRITE;
    if (socket->base.kind != WASOCK__SOCKET_LISTENER && !socket->is_eof &&
        !(is_write && socket->is_writable)) {
        n_empty_polls = 0;
    }
    socket->round = round.number;
    socket->is_reported |= !is_write;
    socket->is_writable |= is_write;
    event->flags = socket->is_eof ? WASIP1_EVENTRWFLAGS_HANGUP : 0;
    return true;
}

/* Write the events of the first `n_ready` of scratch.ready. */
static uint32_t report(const struct question *question, size_t n_ready,
                       struct wasock__event *events)
{
    uint32_t n_events = 0;

    n_empty_polls++;
    for (size_t i = 0; i < n_ready; i++) {
        const uint32_t owner = scratch.owners[scratch.ready[i]];
        if (is_of_fd(owner)) {
            n_events +=
                write_event(&question->subscriptions[owner], &events[n_events]);
        }
    }
    round.is_active = n_events >= FULL_POLL;
    return n_events;
}

/* Whether the time is up. */
static bool is_over(size_t n_ready)
{
    for (size_t i = 0; i < n_ready; i++) {
        if (scratch.owners[scratch.ready[i]] == OWNER_TIMER) {
            return true;
        }
    }
    return false;
}

/* Write the events of the clocks whose time is up. */
static uint32_t report_clocks(const struct question *question,
                              struct wasock__event *events)
{
    uint32_t n_events = 0;

    for (size_t i = 0; i < question->n_subscriptions; i++) {
        const struct wasock__subscription *subscription =
            &question->subscriptions[i];
        if (subscription->tag == WASIP1_EVENTTYPE_CLOCK &&
            subscription->of.clock.timeout_ns <= question->timeout_ns) {
            start_event(subscription, &events[n_events++]);
        }
    }
    return n_events;
}

/* Let the host report what it may hide. A poll of some that are known to be
 * ready does not wait, so that it would hide others for ever. */
static void refresh(const struct question *question)
{
    const bool is_late = n_empty_polls >= EMPTY_POLLS_TO_REFRESH;

    if (question->n_known > 0 && is_late) {
        wasock__p2_pause(0);
        n_empty_polls = 0;
    } else if (wasock__p2_n_answers >= WASIP2_MANY_ANSWERS &&
               (question->n_left_out > 0 || is_late)) {
        wasock__p2_refresh();
    }
}

/* Poll until something is reported. */
static int32_t wait_for(struct question *question, struct wasock__event *events,
                        uint32_t *n_events)
{
    for (;;) {
        collect(question);
        refresh(question);
        if (question->n_asked + question->n_left_out == 0) {
            return WASOCK_ENOTSUP; /* a listener, to write to, for ever */
        }
        const size_t n_ready = poll(question);
        const bool has_left_out = question->n_left_out > 0;
        uint32_t n = report(question, n_ready, events);
        if (n == 0 && has_left_out) {
            continue; /* the round is over: poll all of them */
        }
        if (is_over(n_ready)) {
            n += report_clocks(question, events + n);
        }
        if (n > 0) {
            *n_events = n;
            return 0;
        }
    }
}

int32_t wasip1_poll_oneoff(const struct wasock__subscription *subscriptions,
                           struct wasock__event *events, size_t n_subscriptions,
                           uint32_t *n_events)
{
    struct question question = {
        .subscriptions = subscriptions,
        .n_subscriptions = n_subscriptions,
        .timeout_ns = UINT64_MAX,
    };

    if (n_subscriptions == 0) {
        return WASOCK_EINVAL; /* nothing would ever happen */
    }
    if (!reserve(n_subscriptions + 2)) { /* the timer, an unowned one */
        return WASOCK_ENOMEM;
    }
    int32_t error = read_subscriptions(&question);
    if (error != 0) {
        return error;
    }
    wasock__p2_reap();
    if (question.timeout_ns != UINT64_MAX) {
        question.timer = make_timer(question.timeout_ns);
    }
    error = wait_for(&question, events, n_events);
    wasock__p2_drop_pollable(&question.timer);
    return error;
}
