/* SPDX-License-Identifier: MIT */
#include "scheduler.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "../system/signals.h"
#include "layer.h"
#include "notices.h"
#include "thread.h"

#define N_LISTS 256

/* How often a thread goes on, or another one is ready, before the host is asked
 * for the waiting ones. */
#define TURNS_MAX 32

/* What calls that need not wait weigh until one lets others run. */
#define WEIGHT_MAX 256

/* Waits by their key, the oldest first. */
static struct {
    struct wait *first;
    struct wait *last;
} lists[N_LISTS];

static struct thread *first_ready;
static struct thread *last_ready;
static unsigned n_turns;
static unsigned weight;

struct thread *wasock_bsd__current = &wasock_bsd__main_thread;
size_t wasock_bsd__n_threads = 1;

/* ---- Ready ones ---- */

void wasock_bsd__make_ready(struct thread *thread)
{
    thread->next_ready = NULL;
    if (first_ready == NULL) {
        first_ready = thread;
    } else {
        last_ready->next_ready = thread;
    }
    last_ready = thread;
}

bool wasock_bsd__is_another_ready(void)
{
    return first_ready != NULL;
}

static struct thread *take_ready(void)
{
    struct thread *thread = first_ready;

    first_ready = thread->next_ready;
    return thread;
}

/* ---- Waiting ones ---- */

static size_t list_of(const void *key)
{
    const uintptr_t number = (uintptr_t)key;

    return (number >> 2 ^ number >> 10) % N_LISTS;
}

static void begin_wait(struct wait *wait)
{
    const size_t list = list_of(wait->key);

    wait->thread = wasock_bsd__current;
    wait->thread->wait = wait;
    wait->next = NULL;
    wait->previous = NULL;
    if (wait->key == NULL) {
        return;
    }
    wait->previous = lists[list].last;
    if (wait->previous == NULL) {
        lists[list].first = wait;
    } else {
        wait->previous->next = wait;
    }
    lists[list].last = wait;
}

static void end_wait(struct wait *wait, int result)
{
    const size_t list = list_of(wait->key);

    wait->result = result;
    wait->thread->wait = NULL;
    if (wait->key != NULL) {
        if (wait->previous == NULL) {
            lists[list].first = wait->next;
        } else {
            wait->previous->next = wait->next;
        }
        if (wait->next == NULL) {
            lists[list].last = wait->previous;
        } else {
            wait->next->previous = wait->previous;
        }
    }
    wasock_bsd__make_ready(wait->thread);
}

void wasock_bsd__wake(const void *key, size_t n)
{
    struct wait *wait = lists[list_of(key)].first;

    while (wait != NULL && n > 0) {
        struct wait *next = wait->next;
        if (wait->key == key) {
            end_wait(wait, 0);
            n--;
        }
        wait = next;
    }
}

void wasock_bsd__wake_thread(struct thread *thread, int result)
{
    if (thread->wait != NULL) {
        end_wait(thread->wait, result);
    }
}

/* ---- Deadlocks ---- */

static _Noreturn void report_deadlock(void)
{
    fputs("wasock: deadlock: every thread waits for another one\n", stderr);
    for (const struct thread *thread = &wasock_bsd__main_thread; thread != NULL;
         thread = thread->next) {
        if (thread->wait != NULL) {
            fprintf(stderr, "wasock:   thread %p%s%s waits %s\n",
                    (const void *)thread, thread->name[0] != '\0' ? " " : "",
                    thread->name,
                    thread->wait->what != NULL ? thread->wait->what
                                               : "for data of another one");
        }
    }
    abort();
}

/* Nothing can end any wait: fail one that can fail. */
static void resolve_deadlock(void)
{
    for (struct thread *thread = &wasock_bsd__main_thread; thread != NULL;
         thread = thread->next) {
        if (thread->wait != NULL && thread->wait->what == NULL) {
            end_wait(thread->wait, -EDEADLK);
            return;
        }
    }
    report_deadlock();
}

/* ---- Switching ---- */

/* The next thread to run, which may be the current one. */
static struct thread *choose(void)
{
    for (;;) {
        wasock_bsd__take_notices();
        if (first_ready != NULL && ++n_turns % TURNS_MAX != 0) {
            return take_ready();
        }
        const bool is_asked = wasock_bsd__ask_for_all(first_ready == NULL);
        if (first_ready == NULL && !is_asked) {
            resolve_deadlock();
        }
    }
}

/* What C keeps for each thread, and the layer in one place. */
static void switch_to(struct thread *thread)
{
    struct thread *self = wasock_bsd__current;
    const int error = errno;
    const int lookup_error = h_errno;

    wasock_bsd__check_stack(self);
    wasock_bsd__current = thread;
    wasock_bsd__switch_to(thread->coroutine);
    errno = error;
    h_errno = lookup_error;
}

static void run_another(void)
{
    struct thread *thread = choose();

    if (thread != wasock_bsd__current) {
        switch_to(thread);
    }
    if (wasock_bsd__current->n_calls == 0) { /* else when the call ends */
        wasock_bsd__deliver();
    }
}

int wasock_bsd__wait(struct wait *wait)
{
    if (wait->is_point && wasock_bsd__is_interrupted()) {
        return -EINTR;
    }
    begin_wait(wait);
    run_another();
    return wait->result;
}

void wasock_bsd__yield(void)
{
    if (wasock_bsd__n_threads == 1) {
        return;
    }
    wasock_bsd__take_notices();
    if (first_ready == NULL) {
        wasock_bsd__ask_for_all(false);
    }
    if (first_ready != NULL) {
        wasock_bsd__make_ready(wasock_bsd__current);
        run_another();
    }
}

void wasock_bsd__yield_seldom(unsigned added)
{
    weight += added;
    if (weight >= WEIGHT_MAX) {
        weight = 0;
        wasock_bsd__yield();
    }
}

void wasock_bsd__leave(void)
{
    struct thread *thread = choose();

    wasock_bsd__current = thread;
    wasock_bsd__switch_end(thread->coroutine);
}
