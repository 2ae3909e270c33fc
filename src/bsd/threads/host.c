/* SPDX-License-Identifier: MIT */
/*
 * host.c - ask the host, once, for what all threads wait for.
 *
 * The linker's --wrap lets the functions here stand before poll_oneoff, the
 * library's and wasi-libc's: a thread that would sleep in the host waits here
 * instead. So all calls that wait take part, those of wasock.h as well.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../../host.h"
#include "../../wasip1.h"
#include "../system/timers.h"
#include "../waiting/ask.h"
#include "layer.h"
#include "notices.h"
#include "thread.h"

int32_t
__real_wasip1_poll_oneoff(const struct wasock__subscription *subscriptions,
                          struct wasock__event *events, size_t n,
                          uint32_t *n_events);
int32_t
__wrap_wasip1_poll_oneoff(const struct wasock__subscription *subscriptions,
                          struct wasock__event *events, size_t n,
                          uint32_t *n_events);
int __real_wasock__socket_wait(struct wasock_socket *socket, unsigned direction,
                               struct wasock__wait *wait);
int __wrap_wasock__socket_wait(struct wasock_socket *socket, unsigned direction,
                               struct wasock__wait *wait);
int32_t __wrap_wasock__host_set_open(struct wasock__host_set *set);

/* wasi-libc's imports. */
int32_t __wrap___imported_wasi_snapshot_preview1_poll_oneoff(
    const struct wasock__subscription *subscriptions,
    struct wasock__event *events, size_t n, uint32_t *n_events);
int32_t __wrap___imported_wasi_snapshot_preview1_sched_yield(void);

/* The time is absolute, not from now on. */
#define CLOCK_IS_ABSOLUTE 1

/* What is asked now; an owner is a thread. Its memory serves all. */
static struct ask questions;
static bool is_asking;

/*
 * A poller that waits for very many costs each poll of the other threads as
 * much as its own. While these get answers it is asked about now and then, as
 * the poller does with what is idle; once none has come for as long as a wait
 * for all costs, all threads are waited for.
 */
static struct {
    size_t n;                           /* questions */
    bool is_asked;                      /* now */
    uint64_t asked_ns;                  /* last */
    uint64_t answered_ns;               /* when any thread got an answer */
    const struct thread *last_answered; /* not followed: it may be freed */
} lagging;

/* As in poller/learn.c, on wasmtime. */
#define LARGE 64
#define WAKE_NS 1100
#define SWEEP_NS 8000
#define QUIET_MIN_NS WASOCK_NS_PER_MS
#define SWEEP_MIN_NS (5 * WASOCK_NS_PER_MS)

/* Which waits to collect. */
enum which { PROMPT = 1, LAGGING = 2, ALL = PROMPT | LAGGING };

static bool is_clock(const struct wasock__subscription *subscription)
{
    return subscription->tag == WASIP1_EVENTTYPE_CLOCK;
}

/* ---- The union of what threads wait for ---- */

static bool put_questions(struct thread *thread)
{
    const struct host_wait *host = thread->wait->host;

    for (size_t i = 0; i < host->n; i++) {
        const struct wasock__subscription *asked = &host->subscriptions[i];
        if (is_clock(asked)) {
            continue;
        }
        const unsigned direction = asked->tag == WASIP1_EVENTTYPE_FD_READ
                                       ? WASOCK_READABLE
                                       : WASOCK_WRITABLE;
        if (wasock_bsd__ask_add(&questions, (int)asked->of.fd, direction,
                                thread) < 0) {
            return false;
        }
    }
    return true;
}

/* Whether a wait need not be asked about each time: a poller's for very many,
 * of another thread than the one that was answered last. */
static bool can_lag(const struct thread *thread)
{
    return thread->is_in_poller && thread->wait->host->n > LARGE &&
           thread != lagging.last_answered;
}

/* Collect questions, and the earliest deadline. Returns whether any thread
 * waits for the host, or for a deadline. */
static bool collect(enum which which, uint64_t *deadline_ns)
{
    bool is_any = false;

    *deadline_ns = wasock_bsd__timer_due_ns;
    is_any = *deadline_ns != WASOCK_NO_DEADLINE;
    lagging.n = 0;
    lagging.is_asked = (which & LAGGING) != 0;
    wasock_bsd__ask_clear(&questions);
    for (struct thread *thread = &wasock_bsd__main_thread; thread != NULL;
         thread = thread->next) {
        const struct wait *wait = thread->wait;
        if (wait == NULL) {
            continue;
        }
        *deadline_ns = wasock_deadline_earlier(*deadline_ns, wait->deadline_ns);
        is_any = is_any || wait->host != NULL ||
                 wait->deadline_ns != WASOCK_NO_DEADLINE;
        if (wait->host == NULL) {
            continue;
        }
        const bool lags = can_lag(thread);
        lagging.n += lags ? wait->host->n : 0;
        if ((which & (lags ? LAGGING : PROMPT)) != 0 &&
            !put_questions(thread)) {
            wasock_bsd__die("no memory to wait\n");
        }
    }
    return is_any;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Some waits were left out. Collect them, alone or with the others, if it is
 * time to. Returns the timeout of the poll. */
static uint64_t limit(uint64_t timeout_ns)
{
    const uint64_t now_ns = wasock_clock_now_ns();
    const uint64_t quiet_ns =
        lagging.answered_ns +
        larger((uint64_t)lagging.n * WAKE_NS, QUIET_MIN_NS);
    const uint64_t due_ns =
        lagging.asked_ns + larger((uint64_t)lagging.n * SWEEP_NS, SWEEP_MIN_NS);
    uint64_t ignored_ns = 0;

    if (timeout_ns > 0 && (questions.n == 0 || quiet_ns <= now_ns)) {
        collect(ALL, &ignored_ns);
        return timeout_ns;
    }
    if (due_ns <= now_ns) {
        /* Alone: beside one that is ready each of them costs more. */
        collect(LAGGING, &ignored_ns);
        return 0;
    }
    return timeout_ns < quiet_ns - now_ns ? timeout_ns : quiet_ns - now_ns;
}

/* Give a thread the answer to one of its questions. The second of two
 * directions comes while it is ready already. */
static void give_answer(struct thread *thread, struct host_wait *host,
                        const struct wasock__subscription *asked,
                        unsigned answer)
{
    struct wasock__event *event = &host->events[host->n_events++];

    memset(event, 0, sizeof(*event));
    event->userdata = asked->userdata;
    event->type = asked->tag;
    if ((answer & POLLERR) != 0) {
        event->error =
            (answer & (POLLIN | POLLOUT)) != 0 ? WASOCK_EIO : WASOCK_EBADF;
    } else if ((answer & POLLHUP) != 0) {
        event->flags = WASIP1_EVENTRWFLAGS_HANGUP;
    }
    lagging.last_answered = thread;
    wasock_bsd__wake_thread(thread, 0);
}

/* Give a thread the answers to its questions, which stand together from `first`
 * on, in its own order. Returns the number of the one behind them. */
static size_t give_answers_to(struct thread *thread, size_t first)
{
    struct host_wait *host = thread->wait->host;

    for (size_t i = 0; i < host->n; i++) {
        const struct wasock__subscription *asked = &host->subscriptions[i];
        if (is_clock(asked)) {
            continue;
        }
        if (questions.answers[first] != 0) {
            give_answer(thread, host, asked, questions.answers[first]);
        }
        first++;
    }
    return first;
}

static void give_answers(void)
{
    size_t i = 0;

    while (i < questions.n) {
        i = give_answers_to((struct thread *)questions.owners[i], i);
    }
}

/* Remember when lagging ones were asked about, and when there was an answer. */
static void note_answers(bool has_answers)
{
    const uint64_t now_ns = wasock_clock_now_ns();

    lagging.asked_ns = lagging.is_asked ? now_ns : lagging.asked_ns;
    lagging.answered_ns = has_answers ? now_ns : lagging.answered_ns;
}

/* End the waits whose deadline is past. */
static void end_late_waits(void)
{
    const uint64_t now_ns = wasock_clock_now_ns();

    for (struct thread *thread = &wasock_bsd__main_thread; thread != NULL;
         thread = thread->next) {
        if (thread->wait != NULL &&
            thread->wait->deadline_ns != WASOCK_NO_DEADLINE &&
            thread->wait->deadline_ns <= now_ns) {
            wasock_bsd__wake_thread(thread, -ETIMEDOUT);
        }
    }
}

/* The current thread is choosing one that runs: no handler runs now. */
static void let_timers_expire(void)
{
    wasock_bsd__current->n_calls++;
    wasock_bsd__look_at_timers();
    wasock_bsd__current->n_calls--;
}

bool wasock_bsd__ask_for_all(bool may_wait)
{
    uint64_t deadline_ns = 0;

    if (!collect(PROMPT, &deadline_ns)) {
        return false;
    }
    uint64_t timeout_ns = may_wait ? wasock__time_left_ns(deadline_ns) : 0;
    const bool lags = lagging.n > 0;
    if (lags) {
        timeout_ns = limit(timeout_ns);
    }
    if (questions.n > 0 || timeout_ns > 0) {
        is_asking = true;
        const int result = wasock_bsd__ask_host(&questions, timeout_ns);
        is_asking = false;
        if (lags) {
            note_answers(result > 0);
        }
        if (result > 0) {
            give_answers();
        }
    }
    if (deadline_ns != WASOCK_NO_DEADLINE) {
        end_late_waits();
        let_timers_expire();
    }
    return true;
}

/* ---- In place of poll_oneoff ---- */

/* When a clock's subscription is over, on the monotonic clock. */
static uint64_t deadline_of(const struct wasock__subscription *subscription)
{
    const uint64_t time_ns = subscription->of.clock.timeout_ns;
    uint64_t clock_now_ns = 0;

    if ((subscription->of.clock.flags & CLOCK_IS_ABSOLUTE) == 0) {
        return wasock_deadline_after_ns(time_ns);
    }
    if (subscription->of.clock.id == WASIP1_CLOCKID_MONOTONIC) {
        return time_ns;
    }
    if (wasip1_clock_time_get(subscription->of.clock.id, 0, &clock_now_ns) !=
        0) {
        return WASOCK_DEADLINE_PAST;
    }
    return wasock_deadline_after_ns(wasock_ns_subtract(time_ns, clock_now_ns));
}

/* The clock's subscription, of which at most one is used; or NULL. */
static const struct wasock__subscription *
clock_of(const struct wasock__subscription *subscriptions, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_clock(&subscriptions[i])) {
            return &subscriptions[i];
        }
    }
    return NULL;
}

/* Whether the host itself is to be asked: there is nothing to wait for, or no
 * thread that could run meanwhile. */
static bool is_for_host(const struct wasock__subscription *clock)
{
    return is_asking || wasock_bsd__n_threads == 1 ||
           (clock != NULL && clock->of.clock.timeout_ns == 0);
}

/* Whether a wait that a key can end must be begun anew: the key has ended it,
 * or the answer is stale. */
static bool is_stale(const struct wait *wait, unsigned n_changes)
{
    const bool is_woken =
        wait->result == 0 && (wait->host == NULL || wait->host->n_events == 0);

    return wait->key != NULL &&
           (is_woken || n_changes != wasock_bsd__n_changes);
}

/* Returns a preview1 errno. */
static int32_t poll_as_thread(const struct wasock__subscription *subscriptions,
                              struct wasock__event *events, size_t n,
                              uint32_t *n_events, bool is_point)
{
    const struct wasock__subscription *clock = clock_of(subscriptions, n);
    struct host_wait host = {
        .subscriptions = subscriptions, .events = events, .n = n};
    struct wait wait = {.key = wasock_bsd__current->also_key,
                        .host = n > (clock != NULL) ? &host : NULL,
                        .deadline_ns = clock != NULL ? deadline_of(clock)
                                                     : WASOCK_NO_DEADLINE,
                        .is_point = is_point};
    const unsigned n_changes = wasock_bsd__n_changes;
    const int result = wasock_bsd__wait(&wait);

    if (result == -EINTR || is_stale(&wait, n_changes)) {
        return WASOCK_EINTR;
    }
    if (result == -ETIMEDOUT && clock != NULL) {
        struct wasock__event *event = &events[host.n_events++];
        memset(event, 0, sizeof(*event));
        event->userdata = clock->userdata;
        event->type = clock->tag;
    }
    *n_events = host.n_events;
    return 0;
}

int32_t
__wrap_wasip1_poll_oneoff(const struct wasock__subscription *subscriptions,
                          struct wasock__event *events, size_t n,
                          uint32_t *n_events)
{
    if (is_for_host(clock_of(subscriptions, n))) {
        return __real_wasip1_poll_oneoff(subscriptions, events, n, n_events);
    }
    return poll_as_thread(subscriptions, events, n, n_events,
                          wasock_bsd__current->n_calls > 0);
}

/* What libc waits for: to sleep, or in its own poll. */
int32_t __wrap___imported_wasi_snapshot_preview1_poll_oneoff(
    const struct wasock__subscription *subscriptions,
    struct wasock__event *events, size_t n, uint32_t *n_events)
{
    const struct wasock__subscription *clock = clock_of(subscriptions, n);

    if (clock != NULL && clock->of.clock.timeout_ns == 0) {
        wasock_bsd__yield();
    }
    pthread_testcancel();
    const int32_t error =
        poll_as_thread(subscriptions, events, n, n_events, true);
    pthread_testcancel();
    return error;
}

int32_t __wrap___imported_wasi_snapshot_preview1_sched_yield(void)
{
    wasock_bsd__yield();
    return 0;
}

/* Sockets inside the program become ready by what other threads do. */
static int wait_inside(struct wasock_socket *socket, unsigned direction,
                       struct wasock__wait *wait)
{
    struct notice notice;

    wasock_bsd__notice(socket, &notice);
    int result = __real_wasock__socket_wait(socket, direction, wait);
    if (result == -WASOCK_EDEADLOCK) {
        struct wait forever = {.deadline_ns = WASOCK_NO_DEADLINE,
                               .is_point = wasock_bsd__current->n_calls > 0};
        result = wasock_bsd__wait(&forever);
        if (result != -EINTR) {
            result = result == 0 ? 0 : -WASOCK_EDEADLOCK;
        } else {
            result = -WASOCK_EINTR;
        }
    }
    wasock_bsd__unnotice(&notice);
    return result;
}

int __wrap_wasock__socket_wait(struct wasock_socket *socket, unsigned direction,
                               struct wasock__wait *wait)
{
    if (wasock_bsd__n_threads == 1) {
        return __real_wasock__socket_wait(socket, direction, wait);
    }
    /* A thread that is canceled leaves the layer's calls. */
    socket->is_interruptible_ = wasock_bsd__current->n_calls > 0;
    return socket->role_ == WASOCK__ROLE_NONE
               ? wait_inside(socket, direction, wait)
               : __real_wasock__socket_wait(socket, direction, wait);
}

/* Waits for a set of the host's and others could not be one wait. */
int32_t __wrap_wasock__host_set_open(struct wasock__host_set *set)
{
    (void)set;
    return WASOCK_ENOSYS;
}
