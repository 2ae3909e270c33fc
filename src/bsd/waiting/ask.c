/* SPDX-License-Identifier: MIT */
#include "ask.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <wasock/clock.h>
#include <wasock/err.h>
#include <wasock/fd.h>

/* The size of a group of doubtful ones that is polled together. */
#define CHUNK 8

/* preview1's, in an event. */
#define EVENT_IS_READ 1
#define EVENT_HANGUP 1

/* Longest sleep of a host's clock, where nothing can end the wait. */
#define SLEEP_MAX_NS (UINT64_C(3600) * WASOCK_NS_PER_S)

static struct ask spare;

void wasock_bsd__ask_take(struct ask *ask)
{
    *ask = spare;
    memset(&spare, 0, sizeof(spare));
    ask->n = 0;
}

void wasock_bsd__ask_give_back(struct ask *ask)
{
    if (spare.capacity == 0) {
        spare = *ask;
        return;
    }
    free(ask->subscriptions);
    free(ask->events);
    free(ask->answers);
    free(ask->owners);
}

void wasock_bsd__ask_clear(struct ask *ask)
{
    ask->n = 0;
}

/* Room for one more question, and for the clock behind it. */
static bool grow(struct ask *ask)
{
    const size_t capacity = ask->capacity == 0 ? 32 : 2 * ask->capacity;
    void *memory =
        realloc(ask->subscriptions, capacity * sizeof(*ask->subscriptions));

    if (memory == NULL) {
        return false;
    }
    ask->subscriptions = (struct wasock__subscription *)memory;
    memory = realloc(ask->events, capacity * sizeof(*ask->events));
    if (memory == NULL) {
        return false;
    }
    ask->events = (struct wasock__event *)memory;
    memory = realloc(ask->answers, capacity * sizeof(*ask->answers));
    if (memory == NULL) {
        return false;
    }
    ask->answers = (uint16_t *)memory;
    memory = realloc(ask->owners, capacity * sizeof(*ask->owners));
    if (memory == NULL) {
        return false;
    }
    ask->owners = (void **)memory;
    ask->capacity = capacity;
    return true;
}

int wasock_bsd__ask_add(struct ask *ask, int host_fd, unsigned direction,
                        void *owner)
{
    if (ask->n + 1 >= ask->capacity && !grow(ask)) {
        return -ENOMEM;
    }
    wasock__fd_subscribe(&ask->subscriptions[ask->n], host_fd, direction,
                         ask->n);
    ask->answers[ask->n] = 0;
    ask->owners[ask->n] = owner;
    ask->n++;
    return 0;
}

/* The result of a subscription's event. */
static uint16_t answer_of(const struct wasock__event *event)
{
    const unsigned direction = event->type == EVENT_IS_READ ? POLLIN : POLLOUT;

    if (event->error == WASOCK_ENOTSUP) {
        return (uint16_t)direction; /* it cannot be waited for: try it */
    }
    if (event->error != 0) {
        return (uint16_t)(direction | POLLERR | POLLHUP);
    }
    return (uint16_t)((event->flags & EVENT_HANGUP) != 0 ? direction | POLLHUP
                                                         : direction);
}

/* Whether an event is about something for certain, in a poll that reported
 * everything: wasmtime says 1 byte for none, for one and at the end, and 0 for
 * all that is written. */
static bool is_certain(const struct wasock__event *event)
{
    return event->error != 0 || (event->flags & EVENT_HANGUP) != 0 ||
           (event->type == EVENT_IS_READ && event->n_bytes != 1);
}

/* A host fails the whole poll for a dead descriptor and does not say which. */
static int find_dead(struct ask *ask)
{
    int n_dead = 0;

    for (size_t i = 0; i < ask->n; i++) {
        const struct wasock__subscription *asked = &ask->subscriptions[i];
        struct wasock_fd_stat stat;
        if (wasock_fd_stat((int)asked->of.fd, &stat) < 0) {
            ask->answers[asked->userdata] = POLLERR | POLLHUP;
            n_dead++;
        }
    }
    return n_dead;
}

/* The outcome of one poll of `n` questions from `first` on. */
struct outcome {
    int error;
    size_t n_ready;   /* questions the host reported */
    size_t n_certain; /* of them; all, unless everything was reported */
};

/* Poll once, and answer the questions of which the answer is certain. */
static struct outcome poll_range(struct ask *ask, size_t first, size_t n,
                                 uint64_t timeout_ns)
{
    struct wasock__subscription *end = &ask->subscriptions[first + n];
    const struct wasock__subscription saved = *end; /* the clock goes there */
    struct outcome outcome = {0, 0, 0};
    const int n_events = wasock__fd_poll_once(&ask->subscriptions[first], n,
                                              ask->events, timeout_ns);

    *end = saved;
    if (n_events < 0) {
        outcome.error = n_events;
        return outcome;
    }
    for (int i = 0; i < n_events; i++) {
        outcome.n_ready += ask->events[i].userdata < ask->n;
    }
    const bool is_doubtful = outcome.n_ready == n && n > 1;
    for (int i = 0; i < n_events; i++) {
        const struct wasock__event *event = &ask->events[i];
        if (event->userdata < ask->n && (!is_doubtful || is_certain(event))) {
            ask->answers[event->userdata] = answer_of(event);
            outcome.n_certain++;
        }
    }
    return outcome;
}

/* Leave out questions that are answered. Returns the number left. */
static size_t leave_out_answered(struct ask *ask, size_t first, size_t n)
{
    size_t n_left = 0;

    for (size_t i = first; i < first + n; i++) {
        const struct wasock__subscription asked = ask->subscriptions[i];
        if (ask->answers[asked.userdata] == 0) {
            ask->subscriptions[first + n_left++] = asked;
        }
    }
    return n_left;
}

/* Ask for each of a few alone. */
static void ask_each(struct ask *ask, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++) {
        if (ask->answers[ask->subscriptions[i].userdata] == 0) {
            const struct outcome alone = poll_range(ask, i, 1, 0);
            (void)alone; /* it answered */
        }
    }
}

/* Everything was reported: poll again in small groups. */
static void search(struct ask *ask, size_t n)
{
    for (size_t i = 0; i < n; i += CHUNK) {
        const size_t n_chunk = n - i < CHUNK ? n - i : CHUNK;
        const struct outcome outcome = poll_range(ask, i, n_chunk, 0);
        if (outcome.n_certain < outcome.n_ready) {
            ask_each(ask, i, n_chunk);
        }
    }
}

/* Ask again until no question is in doubt. */
static void resolve(struct ask *ask, struct outcome outcome)
{
    size_t n = ask->n;

    while (outcome.n_certain > 0 && outcome.n_certain < outcome.n_ready) {
        n = leave_out_answered(ask, 0, n);
        outcome = poll_range(ask, 0, n, 0);
    }
    if (outcome.n_ready > 0 && outcome.n_certain == 0) {
        search(ask, n);
    }
}

static int count_answers(const struct ask *ask)
{
    int n_answers = 0;

    for (size_t i = 0; i < ask->n; i++) {
        n_answers += ask->answers[i] != 0;
    }
    return n_answers;
}

int wasock_bsd__ask_host(struct ask *ask, uint64_t timeout_ns)
{
    if (ask->capacity == 0 && !grow(ask)) {
        return -ENOMEM;
    }
    if (ask->n == 0 && timeout_ns > SLEEP_MAX_NS) {
        timeout_ns = SLEEP_MAX_NS;
    }
    const struct outcome outcome = poll_range(ask, 0, ask->n, timeout_ns);
    if (outcome.error == -WASOCK_EBADF) {
        return find_dead(ask);
    }
    if (outcome.error == -WASOCK_EINTR) {
        return 0;
    }
    if (outcome.error < 0) {
        return outcome.error;
    }
    resolve(ask, outcome);
    return outcome.n_ready > 0 ? count_answers(ask) : 0;
}
