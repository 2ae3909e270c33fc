/* SPDX-License-Identifier: MIT */
#include <wasock/poller.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../backend.h"
#include "internal.h"

/* How long a listener out of descriptors is left alone, unless something is
 * closed. */
#define STARVED_NS WASOCK__BOUND_MIN_NS

/* How long a wait lasts while it is unknown whether the host's poll looks at
 * sockets, and how often an in-process network on the host's clock runs beside
 * real sockets. */
#define STEP_NS WASOCK__NAP_NS

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

static struct wasock__poller *state_of(struct wasock_poller *poller)
{
    return (struct wasock__poller *)(void *)poller;
}

int wasock_poller_init(struct wasock_poller *opaque, void *memory, size_t size)
{
    struct wasock__poller *poller = state_of(opaque);
    const struct wasock__poller none = {
        .spread = 64,
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
    poller->capacity = capacity;
    poller->subscriptions = (struct wasock__subscription *)memory;
    poller->events = (struct wasock__event *)(void *)(poller->subscriptions +
                                                      2 * (size_t)capacity + 1);
    poller->registrations =
        (struct wasock__registration *)(void *)(poller->events +
                                                2 * (size_t)capacity + 1);
    struct wasock__timer *timers =
        (struct wasock__timer *)(void *)(poller->registrations + capacity);
    wasock__timer_heap_init(&poller->timers, timers,
                            (uint32_t *)(void *)(timers + capacity), capacity);
    for (uint32_t i = 0; i < capacity; i++) {
        const struct wasock__registration unused = {0};
        poller->registrations[i] = unused;
        wasock__ring_append(poller, &poller->queues[WASOCK__QUEUE_FREE],
                            WASOCK__CHAIN_QUEUE, i);
    }
    return 0;
}

static bool is_closed(const struct wasock__poller *poller)
{
    return poller->capacity == 0;
}

/* ---- Pending events ---- */

/* Move a registration to another report list. */
static void set_report(struct wasock__poller *poller, uint32_t index,
                       enum wasock__report report)
{
    struct wasock__registration *registration = &poller->registrations[index];

    if (registration->report != WASOCK__REPORT_NONE) {
        wasock__ring_remove(poller, &poller->reports[registration->report],
                            WASOCK__CHAIN_REPORT, index);
    }
    registration->report = (uint8_t)report;
    if (report != WASOCK__REPORT_NONE) {
        wasock__ring_append(poller, &poller->reports[report],
                            WASOCK__CHAIN_REPORT, index);
    }
}

/* Something was added to or taken from what is pending of a registration. */
static void update_pending(struct wasock__poller *poller, uint32_t index)
{
    const struct wasock__registration *registration =
        &poller->registrations[index];
    const bool is_pending = registration->ready != 0 ||
                            registration->exceeded != 0 ||
                            registration->error != 0;

    if (is_pending && registration->report != WASOCK__REPORT_PENDING) {
        set_report(poller, index, WASOCK__REPORT_PENDING);
    } else if (!is_pending && registration->report == WASOCK__REPORT_PENDING) {
        set_report(poller, index, WASOCK__REPORT_NONE);
    }
}

/* Whether the host, asked about a descriptor alone, says that it is ready or
 * cannot be waited for. */
static bool is_confirmed(const struct wasock_socket *socket, unsigned direction)
{
    const int result = wasock__fd_wait_once(socket->fd_, direction, 0);

    return result == 1 || result == -WASOCK_EBADF || result == -WASOCK_ENOTSUP;
}

/* What is no socket may block, so it is reported only if it is confirmed; not
 * after an interruption. */
static unsigned confirm(const struct wasock_socket *socket, unsigned directions)
{
    if (socket->role_ != WASOCK__ROLE_PLAIN) {
        return directions;
    }
    for (unsigned side = 0; side < 2; side++) {
        const unsigned direction = 1U << side;
        if ((directions & direction) && !is_confirmed(socket, direction)) {
            directions &= ~direction;
        }
    }
    return directions;
}

void wasock__report_ready(struct wasock__poller *poller, uint32_t index,
                          unsigned directions)
{
    struct wasock__registration *registration = &poller->registrations[index];

    registration->ready |= (uint8_t)confirm(
        registration->watch.socket_, directions & registration->interest);
    update_pending(poller, index);
}

void wasock__report_error(struct wasock__poller *poller, uint32_t index,
                          int error)
{
    poller->registrations[index].error = (int16_t)error;
    wasock__order_move(poller, index, WASOCK__QUEUE_RESTING);
    update_pending(poller, index);
}

/* ---- Deadlines ---- */

/* The earliest deadline of a registration that was not reported. */
static uint64_t earliest_of(const struct wasock__registration *registration)
{
    uint64_t earliest_ns = WASOCK_NO_DEADLINE;

    for (unsigned side = 0; side < 2; side++) {
        if ((registration->reported_exceeded & (1U << side)) == 0) {
            earliest_ns = wasock_deadline_earlier(
                earliest_ns, registration->watch.socket_->deadline_ns_[side]);
        }
    }
    return earliest_ns;
}

/*
 * A deadline that moves to a later time, as with every request of a busy
 * connection, stays where it is in the heap and is looked at again when its
 * old time comes: until then it costs nothing.
 */
static void update_timer(struct wasock__poller *poller, uint32_t index)
{
    struct wasock__timer_heap *timers = &poller->timers;
    const uint64_t at_ns = earliest_of(&poller->registrations[index]);

    if (at_ns != WASOCK_NO_DEADLINE &&
        (!wasock__timer_heap_has(timers, index) ||
         at_ns < timers->timers[timers->places[index]].at_ns)) {
        wasock__timer_heap_set(timers, index, at_ns);
    }
}

static void report_deadlines(struct wasock__poller *poller, uint64_t now_ns)
{
    const struct wasock__timer *first = NULL;

    while ((first = wasock__timer_heap_first(&poller->timers)) != NULL &&
           first->at_ns <= now_ns) {
        const uint32_t index = first->owner;
        struct wasock__registration *registration =
            &poller->registrations[index];
        for (unsigned side = 0; side < 2; side++) {
            if (wasock_deadline_is_past(
                    registration->watch.socket_->deadline_ns_[side], now_ns)) {
                registration->exceeded |= (uint8_t)(1U << side);
            }
        }
        registration->exceeded &= (uint8_t)~registration->reported_exceeded;
        registration->reported_exceeded |= registration->exceeded;
        update_pending(poller, index);
        wasock__timer_heap_remove(&poller->timers, index);
        update_timer(poller, index);
    }
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

/* Begin to wait for what a registration is interested in. */
static void start_waiting(struct wasock__poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations[index];
    enum wasock__queue queue = WASOCK__QUEUE_RESTING;

    if (registration->interest != 0) {
        queue = is_networked(registration->watch.socket_)
                    ? WASOCK__QUEUE_CHANGED
                    : WASOCK__QUEUE_HOT;
    }
    registration->credit = 0;
    registration->is_doubted = 1;
    registration->watch.socket_->activity_ = 0;
    wasock__order_move(poller, index, queue);
    poller->nap_ms = 0; /* what is new is likely to have something to say */
}

static void end_starving(struct wasock__poller *poller)
{
    while (wasock__count(poller, WASOCK__QUEUE_STARVED) > 0) {
        wasock__order_move(poller, poller->queues[WASOCK__QUEUE_STARVED].first,
                           WASOCK__QUEUE_HOT);
    }
}

static void starve(struct wasock__poller *poller, uint32_t index)
{
    const unsigned queue = poller->registrations[index].queue;

    if (queue != WASOCK__QUEUE_HOT && queue != WASOCK__QUEUE_COLD) {
        return;
    }
    if (wasock__count(poller, WASOCK__QUEUE_STARVED) == 0) {
        poller->starved_until_ns =
            wasock_ns_add(wasock_clock_now_ns(), STARVED_NS);
    }
    wasock__order_move(poller, index, WASOCK__QUEUE_STARVED);
}

/* End a registration; its object may be closed. */
static void release(struct wasock__poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations[index];
    const bool is_hosted = registration->is_hosted;

    set_report(poller, index, WASOCK__REPORT_NONE);
    wasock__timer_heap_remove(&poller->timers, index);
    wasock__socket_unwatch(&registration->watch);
    wasock__order_move(poller, index, WASOCK__QUEUE_FREE);
    if (is_hosted) {
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
        update_pending(poller, index);
        update_timer(poller, index);
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

/* Take note of what happened to objects since the last call. */
static void take_changes(struct wasock__poller *poller)
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
        end_starving(poller);
    }
}

/* ---- Registrations ---- */

/* Whether an object can be waited for beside the others: 0 or an error. */
static int join(struct wasock__poller *poller,
                const struct wasock_socket *socket)
{
    const struct wasock__backend *network = socket->backend_;

    if (!is_networked(socket)) {
        return poller->is_virtual ? -WASOCK_ECLOCK : 0;
    }
    if (poller->network != NULL && poller->network != network) {
        return -WASOCK_ECLOCK;
    }
    const bool is_virtual = network->operations->has_own_clock(network);
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

int wasock_poller_add(struct wasock_poller *opaque,
                      struct wasock_socket *socket, unsigned interest,
                      void *token)
{
    struct wasock__poller *poller = state_of(opaque);

    take_changes(poller);
    if (is_closed(poller) || !wasock_socket_is_open(socket)) {
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
    update_timer(poller, index);
    return 0;
}

int wasock_poller_modify(struct wasock_poller *opaque,
                         struct wasock_socket *socket, unsigned interest,
                         void *token)
{
    struct wasock__poller *poller = state_of(opaque);

    take_changes(poller);
    const uint32_t index = find(poller, socket);
    if (index == WASOCK__NONE) {
        return is_closed(poller) ? -WASOCK_ECLOSED : -WASOCK_ENOENT;
    }
    if (!is_interest(interest)) {
        return -WASOCK_EINVAL;
    }
    struct wasock__registration *registration = &poller->registrations[index];
    registration->token = token;
    if (interest != registration->interest) {
        registration->interest = (uint8_t)interest;
        registration->ready &= (uint8_t)interest;
        update_pending(poller, index);
        start_waiting(poller, index);
    }
    return 0;
}

int wasock_poller_remove(struct wasock_poller *opaque,
                         struct wasock_socket *socket)
{
    struct wasock__poller *poller = state_of(opaque);

    take_changes(poller);
    const uint32_t index = find(poller, socket);
    if (index == WASOCK__NONE) {
        return is_closed(poller) ? -WASOCK_ECLOSED : -WASOCK_ENOENT;
    }
    release(poller, index);
    return 0;
}

void wasock_poller_close(struct wasock_poller *opaque)
{
    struct wasock__poller *poller = state_of(opaque);
    const struct wasock__poller closed = {0};

    take_changes(poller);
    for (uint32_t i = 0; i < poller->capacity; i++) {
        wasock__socket_unwatch(&poller->registrations[i].watch);
    }
    *poller = closed;
}

int wasock_poller_set_interruptible(struct wasock_poller *opaque,
                                    bool is_interruptible)
{
    struct wasock__poller *poller = state_of(opaque);

    if (is_closed(poller)) {
        return -WASOCK_ECLOSED;
    }
    poller->is_interruptible = is_interruptible;
    return 0;
}

/* ---- The wait ---- */

static uint64_t now_of(const struct wasock__poller *poller)
{
    return poller->is_virtual
               ? poller->network->operations->now_ns(poller->network)
               : wasock_clock_now_ns();
}

uint64_t wasock_poller_now_ns(const struct wasock_poller *opaque)
{
    return now_of((const struct wasock__poller *)(const void *)opaque);
}

/* Look at the in-process sockets that may be ready. */
static void report_network(struct wasock__poller *poller)
{
    for (uint32_t n = wasock__count(poller, WASOCK__QUEUE_CHANGED); n > 0;
         n--) {
        const uint32_t index = poller->queues[WASOCK__QUEUE_CHANGED].first;
        struct wasock_socket *socket =
            poller->registrations[index].watch.socket_;
        wasock__report_ready(poller, index,
                             socket->backend_->operations->ready(socket));
        wasock__order_move(poller, index,
                           poller->registrations[index].ready != 0
                               ? WASOCK__QUEUE_CHANGED
                               : WASOCK__QUEUE_RESTING);
    }
}

static int run_network(const struct wasock__poller *poller, uint64_t until_ns)
{
    const int result =
        poller->network->operations->run(poller->network, until_ns);

    return result == -WASOCK_EDEADLINE ? 0 : result;
}

/* Wait for something to happen, at most until `until_ns`. */
static int wait_for_any(struct wasock__poller *poller, uint64_t until_ns,
                        uint64_t now_ns)
{
    if (poller->network != NULL && poller->n_hosted == 0) {
        return run_network(poller, until_ns);
    }
    if (poller->network != NULL) {
        const int result = run_network(poller, WASOCK_DEADLINE_PAST);
        if (result < 0 && result != -WASOCK_EDEADLOCK) {
            return result;
        }
        until_ns =
            wasock_deadline_earlier(until_ns, wasock_ns_add(now_ns, STEP_NS));
    }
    if (until_ns == WASOCK_NO_DEADLINE &&
        wasock__count(poller, WASOCK__QUEUE_HOT) +
                wasock__count(poller, WASOCK__QUEUE_COLD) ==
            0) {
        return -WASOCK_EDEADLOCK;
    }
    return poller->kind == WASOCK__HOST_BLIND
               ? wasock__blind_step(poller, until_ns, now_ns)
               : wasock__schedule_step(poller, until_ns, now_ns);
}

static bool needs_time(const struct wasock__poller *poller,
                       uint64_t deadline_ns)
{
    return deadline_ns > WASOCK_DEADLINE_PAST || poller->timers.count > 0 ||
           wasock__count(poller, WASOCK__QUEUE_COLD) > 0 ||
           wasock__count(poller, WASOCK__QUEUE_STARVED) > 0 ||
           poller->network != NULL ||
           (poller->n_hosted > 0 && (poller->kind == WASOCK__HOST_BLIND ||
                                     poller->kind == WASOCK__HOST_UNKNOWN));
}

/* Until when to wait, if there is a deadline and for the poller's own needs. */
static uint64_t limit(struct wasock__poller *poller, uint64_t until_ns,
                      uint64_t now_ns)
{
    const struct wasock__timer *timer =
        wasock__timer_heap_first(&poller->timers);

    if (wasock__is_pending(poller)) {
        return WASOCK_DEADLINE_PAST;
    }
    if (timer != NULL) {
        until_ns = wasock_deadline_earlier(until_ns, timer->at_ns);
    }
    if (wasock__count(poller, WASOCK__QUEUE_STARVED) > 0) {
        until_ns = wasock_deadline_earlier(until_ns, poller->starved_until_ns);
    }
    if (poller->kind == WASOCK__HOST_UNKNOWN && poller->n_hosted > 0) {
        until_ns =
            wasock_deadline_earlier(until_ns, wasock_ns_add(now_ns, STEP_NS));
    }
    return until_ns;
}

/* Whether time is up. now_ns: 0 if it is not known and not needed. */
static bool is_over(const struct wasock__poller *poller, uint64_t deadline_ns)
{
    if (deadline_ns == WASOCK_NO_DEADLINE) {
        return false;
    }
    return deadline_ns == WASOCK_DEADLINE_PAST || deadline_ns <= now_of(poller);
}

/* On a blind host a wait gives one round of hints before it returns 0, and no
 * second one: otherwise it would never return 0. */
static bool owes_try(const struct wasock__poller *poller)
{
    return poller->kind == WASOCK__HOST_BLIND && poller->is_try_owed;
}

/* One turn of a wait: report what there is, and wait if that is nothing. */
static int turn(struct wasock__poller *poller, uint64_t deadline_ns)
{
    do { /* looking at one in-process socket may make others ready */
        take_changes(poller);
        report_network(poller);
    } while (poller->inbox != NULL);
    if (poller->kind == WASOCK__HOST_UNKNOWN) {
        wasock__probe_kind(poller);
    }
    const uint64_t now_ns =
        needs_time(poller, deadline_ns) ? now_of(poller) : 0;
    if (wasock__count(poller, WASOCK__QUEUE_STARVED) > 0 &&
        (poller->starved_until_ns <= now_ns ||
         poller->starved_until_ns - now_ns > STARVED_NS)) { /* clock failed */
        end_starving(poller);
    }
    report_deadlines(poller, now_ns);
    if (poller->kind == WASOCK__HOST_BLIND && !poller->is_try_owed &&
        is_over(poller, deadline_ns)) {
        return 0;
    }
    return wait_for_any(poller, limit(poller, deadline_ns, now_ns), now_ns);
}

static ptrdiff_t wait_until(struct wasock__poller *poller, uint64_t deadline_ns)
{
    int result = 0;

    while (result == 0 && !wasock__is_pending(poller)) {
        result = turn(poller, deadline_ns);
        if (result == -WASOCK_EINTR && !poller->is_interruptible) {
            result = 0;
        }
        if (!wasock__is_pending(poller) && !owes_try(poller) &&
            is_over(poller, deadline_ns)) {
            break;
        }
    }
    if (wasock__is_pending(poller)) {
        return (ptrdiff_t)poller->reports[WASOCK__REPORT_PENDING].count;
    }
    poller->is_try_owed = 1;
    return result;
}

/* At the start of a wait: what came of the events of the last one? */
static void begin(struct wasock__poller *poller)
{
    take_changes(poller);
    if (!wasock__is_pending(poller)) {
        wasock__order_review(poller);
        if (poller->n_used > 0) {
            poller->is_try_owed = 1;
            poller->timeout_ns = 0;
        }
    }
}

ptrdiff_t wasock_poller_wait_until_ns(struct wasock_poller *opaque,
                                      uint64_t deadline_ns)
{
    struct wasock__poller *poller = state_of(opaque);

    if (is_closed(poller)) {
        return -WASOCK_ECLOSED;
    }
    begin(poller);
    poller->timeout_ns = 0;
    return wait_until(poller, deadline_ns);
}

ptrdiff_t wasock_poller_wait_for_ns(struct wasock_poller *opaque,
                                    uint64_t timeout_ns)
{
    struct wasock__poller *poller = state_of(opaque);

    if (timeout_ns == 0 || timeout_ns == WASOCK_FOREVER_NS ||
        is_closed(poller)) {
        return wasock_poller_wait_until_ns(opaque, timeout_ns == 0
                                                       ? WASOCK_DEADLINE_PAST
                                                       : WASOCK_NO_DEADLINE);
    }
    begin(poller);
    if (timeout_ns != poller->timeout_ns) { /* else all were wrong: go on */
        poller->timeout_ns = timeout_ns;
        poller->timeout_end_ns = wasock_ns_add(now_of(poller), timeout_ns);
    }
    const ptrdiff_t result = wait_until(poller, poller->timeout_end_ns);
    if (result <= 0) {
        poller->timeout_ns = 0;
    }
    return result;
}

bool wasock_poller_next(struct wasock_poller *opaque,
                        struct wasock_poller_event *event)
{
    struct wasock__poller *poller = state_of(opaque);

    if (is_closed(poller)) {
        return false;
    }
    take_changes(poller);
    if (!wasock__is_pending(poller)) {
        return false;
    }
    const uint32_t index = poller->reports[WASOCK__REPORT_PENDING].first;
    struct wasock__registration *registration = &poller->registrations[index];
    const struct wasock_poller_event taken = {
        .token = registration->token,
        .ready = registration->ready,
        .deadline = registration->exceeded,
        .error = registration->error,
    };
    *event = taken;
    registration->ready = 0;
    registration->exceeded = 0;
    registration->error = 0;
    if (taken.deadline != 0 || taken.error != 0) {
        poller->timeout_ns = 0; /* this event was right */
    }
    set_report(poller, index,
               taken.ready != 0 ? WASOCK__REPORT_TAKEN : WASOCK__REPORT_NONE);
    return true;
}

/* ---- Descriptors that are no sockets ---- */

int wasock_pollable_from_fd(struct wasock_pollable *pollable, int fd)
{
    struct wasock_fd_stat stat;

    if (wasock_socket_is_open(&pollable->socket)) {
        return -WASOCK_EOPEN;
    }
    const int result = wasock_fd_stat(fd, &stat);
    if (result == 0) {
        wasock__socket_open(&pollable->socket, fd, WASOCK__ROLE_PLAIN);
    }
    return result;
}

int wasock_pollable_close(struct wasock_pollable *pollable)
{
    const int fd = wasock__socket_into_fd(&pollable->socket);

    return fd < 0 ? fd : 0;
}
