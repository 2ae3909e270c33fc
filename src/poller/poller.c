/* SPDX-License-Identifier: MIT */
#include <wasock/poller.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../backend.h"
#include "internal.h"

/* How long a starved listener is left alone, unless something is closed. */
#define MUTE_NS (20 * WASOCK_NS_PER_MS)

/* How long a wait lasts while nobody knows whether the host's poll is fake. */
#define UNKNOWN_POLL_MAX_NS WASOCK_NS_PER_MS

/* Beside real sockets, how often a network on the host's clock is run. */
#define NETWORK_STEP_NS WASOCK_NS_PER_MS

/*
 * Lists of registrations: rings, linked through place[], which a registration
 * has no other use for while it is in one.
 */

static void list_append(struct wasock_poller *poller, uint32_t *first,
                        uint32_t index)
{
    struct wasock__registration *all = poller->registrations_;
    const uint32_t next = *first == WASOCK__NOWHERE ? index : *first;
    const uint32_t last =
        *first == WASOCK__NOWHERE ? index : all[*first].place[1];

    all[index].place[0] = next;
    all[index].place[1] = last;
    all[last].place[0] = index;
    all[next].place[1] = index;
    all[index].flags |= WASOCK__FLAG_LISTED;
    if (*first == WASOCK__NOWHERE) {
        *first = index;
    }
}

static void list_remove(struct wasock_poller *poller, uint32_t *first,
                        uint32_t index)
{
    struct wasock__registration *all = poller->registrations_;
    const uint32_t next = all[index].place[0];
    const uint32_t last = all[index].place[1];

    all[last].place[0] = next;
    all[next].place[1] = last;
    if (*first == index) {
        *first = next == index ? WASOCK__NOWHERE : next;
    }
    all[index].place[0] = WASOCK__NOWHERE;
    all[index].place[1] = WASOCK__NOWHERE;
    all[index].flags &= (uint8_t)~WASOCK__FLAG_LISTED;
}

struct wasock_poller_event *
wasock__report_add(struct wasock__report *report,
                   const struct wasock__registration *registration)
{
    struct wasock_poller_event *event = &report->events[report->n++];
    const struct wasock_poller_event empty = {.token = registration->token};

    *event = empty;
    return event;
}

int wasock_poller_init(struct wasock_poller *poller, void *memory, size_t size)
{
    const size_t overhead = WASOCK_POLLER_SIZE(0);
    const size_t each = WASOCK_POLLER_SIZE(1) - overhead;
    const struct wasock_poller none = {
        .free_ = WASOCK__NOWHERE,
        .ready_ = WASOCK__NOWHERE,
        .muted_ = WASOCK__NOWHERE,
    };

    if ((uintptr_t)memory % WASOCK_POLLER_ALIGNMENT != 0) {
        return -WASOCK_EINVAL;
    }
    if (size < overhead + each) {
        return -WASOCK_ESTORAGE;
    }
    const size_t room = (size - overhead) / each;
    const uint32_t capacity =
        room < WASOCK__NOWHERE / 2 ? (uint32_t)room : WASOCK__NOWHERE / 2;
    *poller = none;
    poller->capacity_ = capacity;
    poller->subscriptions_ = (struct wasock__subscription *)memory;
    poller->events_ =
        (struct wasock__event *)(void *)(poller->subscriptions_ + capacity + 2);
    poller->deadlines_ =
        (struct wasock__deadline *)(void *)(poller->events_ + capacity + 2);
    poller->registrations_ =
        (struct wasock__registration *)(void *)(poller->deadlines_ + capacity);
    for (uint32_t i = 0; i < capacity; i++) {
        const struct wasock__registration unused = {0};
        poller->registrations_[i] = unused;
        list_append(poller, &poller->free_, i);
    }
    return 0;
}

static bool is_closed(const struct wasock_poller *poller)
{
    return poller->capacity_ == 0;
}

/* The registration that a watch is of, which begins with it. */
static uint32_t index_of(const struct wasock_poller *poller,
                         const struct wasock_watch *watch)
{
    return (uint32_t)((const struct wasock__registration *)(const void *)watch -
                      poller->registrations_);
}

/* The registration of an object with this poller, or NOWHERE. */
static uint32_t find(const struct wasock_poller *poller,
                     const struct wasock_socket *socket)
{
    const struct wasock_watch *watch = socket->watches_;

    while (watch != NULL && watch->inbox_ != &poller->inbox_) {
        watch = watch->next_;
    }
    return watch == NULL ? WASOCK__NOWHERE : index_of(poller, watch);
}

/* How many an interest counts for the poller's capacity. */
static uint32_t weight(unsigned interest)
{
    return interest == (WASOCK_READABLE | WASOCK_WRITABLE) ? 2 : 1;
}

static bool is_interest(unsigned interest)
{
    return (interest & ~(unsigned)(WASOCK_READABLE | WASOCK_WRITABLE)) == 0;
}

static void mute(struct wasock_poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations_[index];

    if (registration->flags & (WASOCK__FLAG_MUTED | WASOCK__FLAG_NETWORKED)) {
        return;
    }
    wasock__host_unsubscribe(poller, index);
    registration->flags |= WASOCK__FLAG_MUTED;
    if (poller->muted_ == WASOCK__NOWHERE) {
        poller->muted_until_ns_ = wasock_ns_add(wasock_clock_now_ns(), MUTE_NS);
    }
    list_append(poller, &poller->muted_, index);
}

static void unmute(struct wasock_poller *poller, uint32_t index)
{
    list_remove(poller, &poller->muted_, index);
    poller->registrations_[index].flags &= (uint8_t)~WASOCK__FLAG_MUTED;
    wasock__host_subscribe(poller, index);
}

static void unmute_all(struct wasock_poller *poller)
{
    while (poller->muted_ != WASOCK__NOWHERE) {
        unmute(poller, poller->muted_);
    }
}

/* Begin to wait for what the registration is interested in. */
static void arm(struct wasock_poller *poller, uint32_t index)
{
    if (poller->registrations_[index].flags & WASOCK__FLAG_NETWORKED) {
        list_append(poller, &poller->ready_, index); /* it may be: look */
    } else {
        wasock__host_subscribe(poller, index);
    }
}

static void disarm(struct wasock_poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations_[index];

    if (registration->flags & WASOCK__FLAG_MUTED) {
        list_remove(poller, &poller->muted_, index);
        registration->flags &= (uint8_t)~WASOCK__FLAG_MUTED;
    } else if (registration->flags & WASOCK__FLAG_LISTED) {
        list_remove(poller, &poller->ready_, index);
    } else if ((registration->flags & WASOCK__FLAG_NETWORKED) == 0) {
        wasock__host_unsubscribe(poller, index);
    }
}

/* End a registration, whether its object still is open or not. */
static void release(struct wasock_poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations_[index];
    const uint16_t generation = registration->generation;
    const struct wasock__registration unused = {
        .generation = (uint16_t)(generation + 1),
    };

    disarm(poller, index);
    wasock__deadlines_remove(poller, index);
    wasock__socket_unwatch(&registration->watch);
    poller->n_counted_ -= weight(registration->interest);
    if (registration->flags & WASOCK__FLAG_NETWORKED) {
        poller->n_networked_--;
        poller->network_ = poller->n_networked_ ? poller->network_ : NULL;
    } else {
        poller->n_hosted_--;
    }
    *registration = unused;
    if (unused.generation == 0) { /* what is kept may be of an earlier one */
        poller->n_kept_ = 0;
        poller->next_kept_ = 0;
    }
    list_append(poller, &poller->free_, index);
}

/* One object has changed, and is open. */
static void take_change(struct wasock_poller *poller, uint32_t index,
                        uint8_t changes)
{
    struct wasock__registration *registration = &poller->registrations_[index];

    for (unsigned side = 0; side < 2; side++) {
        if (changes & (WASOCK__CHANGE_READ_DEADLINE << side)) {
            registration->flags &= (uint8_t)~WASOCK__FLAG_REPORTED(side);
        }
    }
    if (changes &
        (WASOCK__CHANGE_READ_DEADLINE | WASOCK__CHANGE_WRITE_DEADLINE)) {
        wasock__deadlines_update(poller, index);
    }
    if (changes & WASOCK__CHANGE_STARVED) {
        mute(poller, index);
    }
    if ((changes & WASOCK__CHANGE_READY) &&
        (registration->flags & WASOCK__FLAG_LISTED) == 0) {
        list_append(poller, &poller->ready_, index);
    }
}

/* Take note of all that objects were told since the last call. */
static void take_changes(struct wasock_poller *poller)
{
    bool is_any_closed = false;

    while (poller->inbox_ != NULL) {
        struct wasock_watch *watch = poller->inbox_;
        const uint8_t changes = watch->changes_;
        poller->inbox_ = watch->next_changed_;
        watch->changes_ = 0;
        if (changes & WASOCK__CHANGE_CLOSED) {
            release(poller, index_of(poller, watch));
            is_any_closed = true;
        } else {
            take_change(poller, index_of(poller, watch), changes);
        }
    }
    if (is_any_closed) { /* so a descriptor has come free */
        unmute_all(poller);
    }
}

/* Whether an object can be waited for beside the others: 0 or an error. */
static int join(struct wasock_poller *poller, struct wasock_socket *socket)
{
    if (socket->role_ != WASOCK__ROLE_NONE) {
        return poller->is_virtual_ && poller->n_networked_ > 0 ? -WASOCK_ECLOCK
                                                               : 0;
    }
    if (poller->network_ != NULL && poller->network_ != socket->backend_) {
        return -WASOCK_ECLOCK;
    }
    const bool is_virtual =
        socket->backend_->operations->has_own_clock(socket->backend_);
    if (is_virtual && poller->n_hosted_ > 0) {
        return -WASOCK_ECLOCK;
    }
    poller->network_ = socket->backend_;
    poller->is_virtual_ = is_virtual;
    return 0;
}

int wasock_poller_add(struct wasock_poller *poller,
                      struct wasock_socket *socket, unsigned interest,
                      void *token)
{
    take_changes(poller);
    if (is_closed(poller) || !wasock_socket_is_open(socket)) {
        return -WASOCK_ECLOSED;
    }
    if (!is_interest(interest)) {
        return -WASOCK_EINVAL;
    }
    if (find(poller, socket) != WASOCK__NOWHERE) {
        return -WASOCK_EEXIST;
    }
    if (poller->n_counted_ + weight(interest) > poller->capacity_) {
        return -WASOCK_ESTORAGE;
    }
    const int result = join(poller, socket);
    if (result < 0) {
        return result;
    }
    const uint32_t index = poller->free_;
    struct wasock__registration *registration = &poller->registrations_[index];
    list_remove(poller, &poller->free_, index);
    registration->token = token;
    registration->interest = (uint8_t)interest;
    registration->deadline_index = WASOCK__NOWHERE;
    wasock__socket_watch(socket, &registration->watch, &poller->inbox_);
    poller->n_counted_ += weight(interest);
    if (socket->role_ == WASOCK__ROLE_NONE) {
        registration->flags |= WASOCK__FLAG_NETWORKED;
        poller->n_networked_++;
    } else {
        poller->n_hosted_++;
    }
    arm(poller, index);
    wasock__deadlines_update(poller, index);
    return 0;
}

int wasock_poller_modify(struct wasock_poller *poller,
                         struct wasock_socket *socket, unsigned interest,
                         void *token)
{
    take_changes(poller);
    const uint32_t index = find(poller, socket);
    if (index == WASOCK__NOWHERE) {
        return is_closed(poller) ? -WASOCK_ECLOSED : -WASOCK_ENOENT;
    }
    struct wasock__registration *registration = &poller->registrations_[index];
    const uint32_t others = poller->n_counted_ - weight(registration->interest);
    if (!is_interest(interest)) {
        return -WASOCK_EINVAL;
    }
    if (others + weight(interest) > poller->capacity_) {
        return -WASOCK_ESTORAGE;
    }
    registration->token = token;
    if (interest != registration->interest) {
        disarm(poller, index);
        poller->n_counted_ = others + weight(interest);
        registration->interest = (uint8_t)interest;
        arm(poller, index);
    }
    return 0;
}

int wasock_poller_remove(struct wasock_poller *poller,
                         struct wasock_socket *socket)
{
    take_changes(poller);
    const uint32_t index = find(poller, socket);

    if (index == WASOCK__NOWHERE) {
        return is_closed(poller) ? -WASOCK_ECLOSED : -WASOCK_ENOENT;
    }
    release(poller, index);
    return 0;
}

void wasock_poller_close(struct wasock_poller *poller)
{
    take_changes(poller);
    for (uint32_t i = 0; i < poller->capacity_; i++) {
        wasock__socket_unwatch(&poller->registrations_[i].watch);
    }
    const struct wasock_poller closed = {0};
    *poller = closed;
}

/* Report what is ready in the network: each of those that may be, once. */
static void report_networked(struct wasock_poller *poller,
                             struct wasock__report *report)
{
    struct wasock__registration *all = poller->registrations_;
    const uint32_t last = poller->ready_ == WASOCK__NOWHERE
                              ? WASOCK__NOWHERE
                              : all[poller->ready_].place[1];
    bool is_last = last == WASOCK__NOWHERE;

    while (!is_last && !wasock__report_is_full(report)) {
        const uint32_t index = poller->ready_;
        const unsigned reported =
            poller->network_->operations->ready(all[index].watch.socket_) &
            all[index].interest;
        is_last = index == last;
        list_remove(poller, &poller->ready_, index);
        if (reported != 0) {
            wasock__report_add(report, &all[index])->ready = (uint8_t)reported;
            list_append(poller, &poller->ready_, index);
        }
    }
}

/* The time by the clock of what is watched. */
static uint64_t now_of(const struct wasock_poller *poller)
{
    if (poller->network_ == NULL || !poller->is_virtual_) {
        return wasock_clock_now_ns();
    }
    return poller->network_->operations->now_ns(poller->network_);
}

/* Let the network in the process run until a time. */
static int run_network(const struct wasock_poller *poller, uint64_t until_ns)
{
    return poller->network_->operations->run(poller->network_, until_ns);
}

/* Wait for something to happen, at most until `until_ns`. */
static int wait_for_any(struct wasock_poller *poller,
                        struct wasock__report *report, uint64_t until_ns,
                        uint64_t now_ns)
{
    if (poller->network_ != NULL && poller->n_hosted_ == 0) {
        if (report->n > 0) {
            until_ns = WASOCK_DEADLINE_PAST;
        }
        const int result = run_network(poller, until_ns);
        return result == -WASOCK_EDEADLINE ? 0 : result;
    }
    if (poller->network_ != NULL) {
        const int result = run_network(poller, WASOCK_DEADLINE_PAST);
        if (result < 0 && result != -WASOCK_EDEADLINE &&
            result != -WASOCK_EDEADLOCK) {
            return result;
        }
        until_ns = wasock_deadline_earlier(
            until_ns, wasock_ns_add(now_ns, NETWORK_STEP_NS));
    }
    if (poller->n_subscriptions_ == 0 && until_ns == WASOCK_NO_DEADLINE) {
        return -WASOCK_EDEADLOCK;
    }
    return wasock__host_ask(poller, report, until_ns, now_ns);
}

static bool needs_time(const struct wasock_poller *poller, uint64_t deadline_ns)
{
    return deadline_ns > WASOCK_DEADLINE_PAST || poller->n_deadlines_ > 0 ||
           poller->muted_ != WASOCK__NOWHERE || poller->network_ != NULL ||
           wasock__host_needs_time(poller);
}

/* Until when a wait may last, because of the poller's own affairs as well. */
static uint64_t wait_until(struct wasock_poller *poller, uint64_t deadline_ns,
                           uint64_t now_ns)
{
    if (poller->muted_ != WASOCK__NOWHERE &&
        (poller->muted_until_ns_ <= now_ns ||
         poller->muted_until_ns_ - now_ns > MUTE_NS)) { /* the clock failed */
        unmute_all(poller);
    }
    if (poller->muted_ != WASOCK__NOWHERE) {
        deadline_ns =
            wasock_deadline_earlier(deadline_ns, poller->muted_until_ns_);
    }
    return wasock_deadline_earlier(deadline_ns, wasock__deadlines_next(poller));
}

/* Whether a wait that found nothing is over. */
static bool is_over(const struct wasock_poller *poller, uint64_t deadline_ns)
{
    if (deadline_ns == WASOCK_NO_DEADLINE || poller->inbox_ != NULL ||
        poller->ready_ != WASOCK__NOWHERE) {
        return false;
    }
    return deadline_ns == WASOCK_DEADLINE_PAST || deadline_ns <= now_of(poller);
}

/* One turn of a wait: report what there is, else wait for something. */
static int turn(struct wasock_poller *poller, struct wasock__report *report,
                uint64_t deadline_ns)
{
    take_changes(poller);
    const bool is_poll_unknown = wasock__host_find_out_poll(poller);
    const uint64_t now_ns =
        is_poll_unknown || needs_time(poller, deadline_ns) ? now_of(poller) : 0;
    /* First, as each is told only once: what is ready would never end. */
    wasock__deadlines_report(poller, report, now_ns);
    const size_t n_before = report->n;
    wasock__host_report_kept(poller, report);
    const bool is_rest = report->n > n_before;
    if (!poller->is_host_owed_) {
        report_networked(poller, report);
    }
    const bool is_full = wasock__report_is_full(report);
    if (is_rest || is_full || poller->inbox_ != NULL) {
        poller->is_host_owed_ = is_full && !is_rest && poller->n_hosted_ > 0;
        return 0; /* what comes of it is seen before more is asked for */
    }
    uint64_t until_ns = wait_until(poller, deadline_ns, now_ns);
    if (is_poll_unknown) {
        until_ns = wasock_deadline_earlier(
            until_ns, wasock_ns_add(now_ns, UNKNOWN_POLL_MAX_NS));
    }
    if (poller->is_host_owed_ && poller->ready_ != WASOCK__NOWHERE) {
        until_ns = WASOCK_DEADLINE_PAST;
    }
    poller->is_host_owed_ = false;
    return wait_for_any(poller, report, until_ns, now_ns);
}

ptrdiff_t wasock_poller_wait(struct wasock_poller *poller,
                             struct wasock_poller_event *events,
                             size_t capacity, uint64_t deadline_ns)
{
    struct wasock__report report = {events, capacity, 0};
    int result = 0;

    if (is_closed(poller)) {
        return -WASOCK_ECLOSED;
    }
    if (capacity == 0) {
        return -WASOCK_EINVAL;
    }
    do {
        result = turn(poller, &report, deadline_ns);
    } while (result == 0 && report.n == 0 && !is_over(poller, deadline_ns));
    return report.n > 0 ? (ptrdiff_t)report.n : result;
}

int wasock_pollable_from_fd(struct wasock_pollable *pollable, int fd)
{
    struct wasock_fd_stat stat;
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
