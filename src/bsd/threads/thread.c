/* SPDX-License-Identifier: MIT */
/*
 * thread.c - threads, from pthread_create to pthread_join.
 *
 * True: return values, detaching, cancellation at cancellation points, cleanup
 * handlers, stack sizes, names. A thread runs until it waits. Ignored: the type
 * PTHREAD_CANCEL_ASYNCHRONOUS, guard sizes; a stack's end is checked when its
 * thread waits.
 */
#include "thread.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wasock/clock.h>

#include "../plain.h"
#include "../system/attributes.h"
#include "../system/signals.h"
#include "../waiting/wait.h"
#include "layer.h"
#include "start.h"

#define STACK_ALIGNMENT 16

/* At the low end of a stack: a call that goes beyond it overwrites them. */
#define N_GUARDS 64
#define GUARD 0x5afe57acU

struct thread wasock_bsd__main_thread = {.coroutine = &wasock_bsd__main};

static struct thread *last_thread = &wasock_bsd__main_thread;

/* A detached thread that ended on the stack that is to be freed. */
static struct thread *remains;

struct thread *wasock_bsd__thread_of(pthread_t thread)
{
    return (struct thread *)(void *)thread;
}

static pthread_t name_of(struct thread *thread)
{
    return (pthread_t)(void *)thread;
}

/* ---- Stacks ---- */

static void guard(const struct thread *thread)
{
    uint32_t *words = (uint32_t *)(void *)thread->stack;

    for (int i = 0; i < N_GUARDS; i++) {
        words[i] = GUARD;
    }
}

void wasock_bsd__check_stack(const struct thread *thread)
{
    const uint32_t *words = (const uint32_t *)(const void *)thread->stack;
    bool is_whole = true;

    if (words == NULL) {
        return; /* main's has the linker's bounds */
    }
    for (int i = 0; i < N_GUARDS; i++) {
        is_whole = is_whole && words[i] == GUARD;
    }
    if (!is_whole ||
        wasock_bsd__stack_pointer() < thread->stack + N_GUARDS * 4) {
        wasock_bsd__die("a thread has overflowed its stack; see "
                        "pthread_attr_setstacksize\n");
    }
}

/* ---- The list of threads ---- */

static void add(struct thread *thread)
{
    thread->previous = last_thread;
    last_thread->next = thread;
    last_thread = thread;
    wasock_bsd__n_threads++;
}

static void remove_from_list(struct thread *thread)
{
    if (thread->previous != NULL) {
        thread->previous->next = thread->next;
    }
    if (thread->next != NULL) {
        thread->next->previous = thread->previous;
    } else {
        last_thread = thread->previous;
    }
}

/* Main's memory is nobody's to free; its place in the list is the first. */
static void free_thread(struct thread *thread)
{
    if (thread == &wasock_bsd__main_thread) {
        return;
    }
    remove_from_list(thread);
    wasock_bsd__free_jumps(&thread->own);
    free(thread->own.frames.bytes);
    wasock_bsd__free_locals(thread);
    free(thread->stack);
}

static void free_remains(void)
{
    if (remains != NULL) {
        free_thread(remains);
        remains = NULL;
    }
}

/* ---- Beginning and end ---- */

static void run(void *argument)
{
    const struct thread *thread = (const struct thread *)argument;

    errno = 0;
    wasock_bsd__deliver();
    pthread_exit(thread->start(thread->argument));
}

/* Errors: EAGAIN: no memory; EINVAL. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*start)(void *), void *argument)
{
    pthread_attr_t defaults;

    free_remains();
    if (attributes == NULL) {
        pthread_attr_init(&defaults);
        attributes = &defaults;
    }
    size_t bytes = 0;
    pthread_attr_getstacksize(attributes, &bytes);
    bytes = (bytes + STACK_ALIGNMENT - 1) / STACK_ALIGNMENT * STACK_ALIGNMENT;
    /* The thread stands above its stack, which grows down and away from it. */
    struct thread *new = NULL;
    char *stack = (char *)aligned_alloc(STACK_ALIGNMENT, bytes + sizeof(*new));
    if (stack == NULL) {
        return EAGAIN;
    }
    new = (struct thread *)(void *)(stack + bytes);
    memset(new, 0, sizeof(*new));
    new->coroutine = &new->own;
    new->own.entry = run;
    new->own.argument = new;
    new->own.frames.stack_pointer = stack + bytes;
    new->stack = stack;
    new->stack_bytes = bytes;
    new->start = start;
    new->argument = argument;
    new->is_detached = WASOCK_BSD_DETACH_STATE(attributes) != 0;
    new->signals.blocked = wasock_bsd__current->signals.blocked;
    guard(new);
    add(new);
    wasock_bsd__make_ready(new);
    *thread = name_of(new);
    return 0;
}
WASOCK_BSD_PLAIN(pthread_create);

/* The last thread ends, and with it the program, as if by exit(0). */
void pthread_exit(void *result)
{
    struct thread *self = wasock_bsd__current;

    self->is_exiting = true;
    self->result = result;
    wasock_bsd__end_own();
    wasock_bsd__check_stack(self);
    if (wasock_bsd__n_threads == 1) {
        exit(0);
    }
    wasock_bsd__n_threads--;
    self->has_ended = true;
    free_remains();
    if (self->is_detached) {
        remains = self;
    } else {
        wasock_bsd__wake(self, SIZE_MAX);
    }
    wasock_bsd__leave();
    __builtin_unreachable();
}
WASOCK_BSD_PLAIN(pthread_exit);

/* Errors: EDEADLK: oneself, or two of each other; EINVAL: it is detached, or
 * joined by another thread; ETIMEDOUT. */
static int join(struct thread *thread, void **result, uint64_t deadline_ns)
{
    struct thread *self = wasock_bsd__current;
    struct wait wait = {.key = thread,
                        .deadline_ns = deadline_ns,
                        .what = "in pthread_join",
                        .is_point = true};

    if (thread == self || self->joiner == thread) {
        return EDEADLK;
    }
    if (thread->is_detached || thread->joiner != NULL) {
        return EINVAL;
    }
    pthread_testcancel();
    thread->joiner = self;
    int error = 0;
    while (!thread->has_ended && error == 0) {
        error = wasock_bsd__wait(&wait);
    }
    thread->joiner = NULL;
    if (!thread->has_ended) {
        pthread_testcancel();
        return -error;
    }
    if (result != NULL) {
        *result = thread->result;
    }
    free_thread(thread);
    return 0;
}

int pthread_join(pthread_t thread, void **result)
{
    return join(wasock_bsd__thread_of(thread), result, WASOCK_NO_DEADLINE);
}
WASOCK_BSD_PLAIN(pthread_join);

/* Errors: EBUSY: it has not ended. */
int pthread_tryjoin_np(pthread_t thread, void **result)
{
    return wasock_bsd__thread_of(thread)->has_ended
               ? pthread_join(thread, result)
               : EBUSY;
}
WASOCK_BSD_PLAIN(pthread_tryjoin_np);

/* The deadline is of the real clock. */
int pthread_timedjoin_np(pthread_t thread, void **result,
                         const struct timespec *deadline)
{
    uint64_t deadline_ns = 0;
    const int error =
        wasock_bsd__deadline_at(CLOCK_REALTIME, deadline, &deadline_ns);

    return error != 0
               ? error
               : join(wasock_bsd__thread_of(thread), result, deadline_ns);
}
WASOCK_BSD_PLAIN(pthread_timedjoin_np);

/* Errors: EINVAL: it is detached. */
int pthread_detach(pthread_t thread)
{
    struct thread *target = wasock_bsd__thread_of(thread);

    if (target->is_detached) {
        return EINVAL;
    }
    if (target->has_ended) {
        free_thread(target);
        return 0;
    }
    target->is_detached = true;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_detach);

/* ---- Cancellation ---- */

bool wasock_bsd__is_canceled(void)
{
    const struct thread *self = wasock_bsd__current;

    return self->is_canceled && !self->cannot_be_canceled && !self->is_exiting;
}

void pthread_testcancel(void)
{
    if (wasock_bsd__is_canceled()) {
        pthread_exit(PTHREAD_CANCELED);
    }
}
WASOCK_BSD_PLAIN(pthread_testcancel);

/* It ends at its next cancellation point, or in the one where it waits. Errors:
 * ESRCH: it has ended. */
int pthread_cancel(pthread_t thread)
{
    struct thread *target = wasock_bsd__thread_of(thread);

    if (target->has_ended) {
        return ESRCH;
    }
    target->is_canceled = true;
    if (!target->cannot_be_canceled && !target->is_exiting &&
        target->wait != NULL && target->wait->is_point) {
        wasock_bsd__wake_thread(target, -EINTR);
    }
    return 0;
}
WASOCK_BSD_PLAIN(pthread_cancel);

int pthread_setcancelstate(int state, int *old)
{
    struct thread *self = wasock_bsd__current;

    if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE) {
        return EINVAL;
    }
    if (old != NULL) {
        *old = self->cannot_be_canceled ? PTHREAD_CANCEL_DISABLE
                                        : PTHREAD_CANCEL_ENABLE;
    }
    self->cannot_be_canceled = state == PTHREAD_CANCEL_DISABLE;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_setcancelstate);

/* One of them acts like the other. */
int pthread_setcanceltype(int type, int *old)
{
    struct thread *self = wasock_bsd__current;

    if (type != PTHREAD_CANCEL_DEFERRED &&
        type != PTHREAD_CANCEL_ASYNCHRONOUS) {
        return EINVAL;
    }
    if (old != NULL) {
        *old = self->is_asynchronous ? PTHREAD_CANCEL_ASYNCHRONOUS
                                     : PTHREAD_CANCEL_DEFERRED;
    }
    self->is_asynchronous = type == PTHREAD_CANCEL_ASYNCHRONOUS;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_setcanceltype);

/* ---- Signals ---- */

/* The lowest thread that a signal of the process can be given to: it does not
 * block it, or waits for it. */
struct thread *wasock_bsd__taker_of(sigset_t bit)
{
    struct thread *thread = &wasock_bsd__main_thread;

    while (thread != NULL &&
           (thread->has_ended ||
            (thread->signals.blocked & ~thread->signals.awaited & bit) != 0)) {
        thread = thread->next;
    }
    return thread;
}

/* Calls of the layer fail with EINTR, or begin again; other waits go on once
 * the handler has run. */
void wasock_bsd__interrupt(struct thread *thread)
{
    if (thread->wait != NULL &&
        (thread->signals.pending & ~thread->signals.blocked) != 0) {
        wasock_bsd__wake_thread(
            thread, thread->n_calls > 0 && thread->wait->is_point ? -EINTR : 0);
    }
}

/* The thread runs the handler when it runs next. Errors: EINVAL; ESRCH: it has
 * ended. */
int pthread_kill(pthread_t thread, int number)
{
    struct thread *target = wasock_bsd__thread_of(thread);

    if (number < 0 || number >= _NSIG) {
        return EINVAL;
    }
    if (target->has_ended) {
        return ESRCH;
    }
    if (target == wasock_bsd__current) {
        return raise(number) == 0 ? 0 : errno;
    }
    if (number > 0) {
        const union sigval none = {0};
        wasock_bsd__send_to(target, number, SI_TKILL, none);
    }
    return 0;
}
WASOCK_BSD_PLAIN(pthread_kill);

/* ---- What a thread is ---- */

pthread_t pthread_self(void)
{
    return name_of(wasock_bsd__current);
}
WASOCK_BSD_PLAIN(pthread_self);

int pthread_equal(pthread_t a, pthread_t b)
{
    return a == b;
}
WASOCK_BSD_PLAIN(pthread_equal);

/* Errors: ERANGE: longer than 15 bytes. */
int pthread_setname_np(pthread_t thread, const char *name)
{
    if (strlen(name) >= WASOCK_BSD_NAME_BYTES) {
        return ERANGE;
    }
    memcpy(wasock_bsd__thread_of(thread)->name, name, strlen(name) + 1);
    return 0;
}
WASOCK_BSD_PLAIN(pthread_setname_np);

int pthread_getname_np(pthread_t thread, char *name, size_t capacity)
{
    const struct thread *named = wasock_bsd__thread_of(thread);

    if (strlen(named->name) >= capacity) {
        return ERANGE;
    }
    memcpy(name, named->name, strlen(named->name) + 1);
    return 0;
}
WASOCK_BSD_PLAIN(pthread_getname_np);

/* The attributes of a running thread. */
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
    const struct thread *asked = wasock_bsd__thread_of(thread);

    pthread_attr_init(attributes);
    pthread_attr_setstacksize(attributes, asked->stack_bytes);
    pthread_attr_setdetachstate(attributes, asked->is_detached
                                                ? PTHREAD_CREATE_DETACHED
                                                : PTHREAD_CREATE_JOINABLE);
    return 0;
}
WASOCK_BSD_PLAIN(pthread_getattr_np);
