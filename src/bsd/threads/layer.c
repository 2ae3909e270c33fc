/* SPDX-License-Identifier: MIT */
#include "layer.h"

#include <pthread.h>
#include <stdlib.h>

#include <wasock/clock.h>

#include "../sockets/socket.h"
#include "../system/timers.h"
#include "../waiting/epoll_internal.h"
#include "../waiting/watch.h"
#include "notices.h"
#include "thread.h"

/* An end of a wait that is inside the program. */
struct source {
    struct epoll_watch watch;
    struct notice notice;
    bool is_watched;
    bool is_noticed;
};

/* What a waiting call watches. */
struct watching {
    struct source *sources;
    size_t n;
    struct epoll_watch *inbox;
};

unsigned wasock_bsd__n_changes;

void wasock_bsd__note_change(void)
{
    wasock_bsd__n_changes++;
}

bool wasock_bsd__is_alone(void)
{
    return wasock_bsd__n_threads == 1;
}

bool wasock_bsd__is_interrupted(void)
{
    wasock_bsd__look_at_timers();
    return wasock_bsd__is_canceled() ||
           (wasock_bsd__current->n_calls > 0 && wasock_bsd__is_deliverable());
}

void wasock_bsd__end_turn(void)
{
    wasock_bsd__yield_seldom(WASOCK_BSD_CALL_WEIGHT);
}

/* A call on a file takes no part: stdio is in the middle of something. */
void wasock_bsd__begin_call(struct description *description)
{
    pthread_testcancel();
    wasock_bsd__current->n_calls++;
    wasock_bsd__current->signals.is_cut = false;
    if (description == NULL) {
        return;
    }
    wasock_bsd__hold(description);
    if (wasock_bsd__socket_of(description) != NULL ||
        description->operations->is_waitable) {
        wasock_bsd__end_turn();
    }
}

ptrdiff_t wasock_bsd__end_call(struct description *description,
                               unsigned direction, ptrdiff_t result)
{
    const bool may_restart = wasock_bsd__may_restart(description, direction);

    if (description != NULL) {
        const int ignored = wasock_bsd__release(description);
        (void)ignored; /* the close that came meanwhile has succeeded */
    }
    return wasock_bsd__end_interruptible(may_restart, result);
}

int wasock_bsd__await(struct description *description, unsigned direction)
{
    struct epoll_watch *inbox = NULL;
    struct epoll_watch watch;
    struct wait wait = {.key = &inbox,
                        .deadline_ns = wasock_bsd__deadline(
                            wasock_bsd__timeout_us(description, direction)),
                        .is_point = true};

    wasock_bsd__watch(description, &watch, &inbox);
    const int result = wasock_bsd__wait(&wait);
    wasock_bsd__unwatch(&watch);
    return result == -ETIMEDOUT ? -EAGAIN : result;
}

void wasock_bsd__wake_inbox(struct epoll_watch **inbox)
{
    wasock_bsd__wake(inbox, SIZE_MAX);
}

/* ---- poll and epoll ---- */

/* Room for watching `n` descriptions: an array for the time of one wait. */
static bool begin_watching(struct watching *watching, size_t n)
{
    watching->n = 0;
    watching->inbox = NULL;
    watching->sources =
        (struct source *)malloc(n * sizeof(*watching->sources) + 1);
    return watching->sources != NULL;
}

/* inbox: of the caller that waits; NULL: it has the news anyway. */
static void watch(struct watching *watching, struct description *description,
                  struct epoll_watch **inbox)
{
    struct source *source = &watching->sources[watching->n];
    struct wasock_socket *host =
        description->operations->host == NULL
            ? NULL
            : description->operations->host(description);

    source->is_watched = inbox != NULL;
    source->is_noticed = host != NULL && host->role_ == WASOCK__ROLE_NONE &&
                         wasock_socket_is_open(host);
    if (source->is_watched) {
        wasock_bsd__watch(description, &source->watch, inbox);
    }
    if (source->is_noticed) {
        wasock_bsd__notice(host, &source->notice);
    }
    watching->n += source->is_watched || source->is_noticed;
}

static void end_watching(struct watching *watching)
{
    for (size_t i = 0; i < watching->n; i++) {
        struct source *source = &watching->sources[i];
        if (source->is_watched) {
            wasock_bsd__unwatch(&source->watch);
        }
        if (source->is_noticed) {
            wasock_bsd__unnotice(&source->notice);
        }
    }
    free(watching->sources);
}

/* Wait to be woken for a key. The caller looks what is ready. */
static void await_key(const void *key, uint64_t deadline_ns)
{
    struct wait wait = {.key = key,
                        .deadline_ns = deadline_ns,
                        .what = "in poll, select or epoll_wait, for nothing",
                        .is_point = true};
    const int ignored = wasock_bsd__wait(&wait);

    (void)ignored;
}

/* Ask the host, or be woken for a key. */
static int ask_or_wake(struct ask *ask, uint64_t timeout_ns, const void *key)
{
    struct thread *self = wasock_bsd__current;

    if (ask->n == 0 && timeout_ns == UINT64_MAX) {
        await_key(key, WASOCK_NO_DEADLINE);
        return 0;
    }
    self->also_key = key;
    const int result = wasock_bsd__ask_host(ask, timeout_ns);
    self->also_key = NULL;
    return result;
}

int wasock_bsd__ask_in_poll(struct ask *ask, uint64_t timeout_ns,
                            const struct pollfd *fds, size_t n_fds)
{
    struct watching watching;

    if (timeout_ns == 0 || wasock_bsd__n_threads == 1) {
        return wasock_bsd__ask_host(ask, timeout_ns);
    }
    if (!begin_watching(&watching, n_fds)) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n_fds; i++) {
        struct description *description =
            fds[i].fd < 0 ? NULL : wasock_bsd__find(fds[i].fd);
        if (description != NULL) {
            watch(&watching, description, &watching.inbox);
        }
    }
    const int result = ask_or_wake(ask, timeout_ns, &watching.inbox);
    end_watching(&watching);
    return result;
}

/* What is registered has watches whose inbox is the instance's already. */
int wasock_bsd__ask_in_epoll(struct ask *ask, uint64_t timeout_ns,
                             struct epoll *epoll)
{
    struct watching watching;

    if (timeout_ns == 0 || wasock_bsd__n_threads == 1) {
        return wasock_bsd__ask_host(ask, timeout_ns);
    }
    if (!begin_watching(&watching, epoll->n_items)) {
        return -ENOMEM;
    }
    for (const struct item *item = epoll->items; item != NULL;
         item = item->next) {
        if (item->watch.description != NULL) {
            watch(&watching, item->watch.description, NULL);
        }
    }
    const int result = ask_or_wake(ask, timeout_ns, &epoll->inbox);
    end_watching(&watching);
    return result;
}

void wasock_bsd__await_news(struct epoll *epoll, uint64_t deadline_ns)
{
    await_key(&epoll->inbox, deadline_ns);
}

/* The poller's polls of the host are waits of this thread; a thread that would
 * ask at the same time waits until they are over. */
void wasock_bsd__begin_asking(struct epoll *epoll)
{
    struct thread *self = wasock_bsd__current;

    self->also_key = &epoll->inbox;
    self->is_in_poller = true;
    epoll->is_asked = true;
}

void wasock_bsd__end_asking(struct epoll *epoll)
{
    struct thread *self = wasock_bsd__current;

    epoll->is_asked = false;
    self->is_in_poller = false;
    self->also_key = NULL;
    wasock_bsd__wake_inbox(&epoll->inbox);
}
