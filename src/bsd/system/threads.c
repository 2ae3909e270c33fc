/* SPDX-License-Identifier: MIT */
/*
 * threads.c - pthread functions for a program that stays one thread.
 *
 * Not there: other threads (pthread_create is EAGAIN). mutex.c, keys.c and
 * locks.c have what works with one thread; they wait by the scheduler below.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <wasock/clock.h>
#include <wasock/fd.h>

#include "../plain.h"
#include "../sockets/socket.h"
#include "../threads/layer.h"
#include "../threads/thread.h"
#include "timers.h"

struct thread wasock_bsd__main_thread;
struct thread *wasock_bsd__current = &wasock_bsd__main_thread;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*start)(void *), void *argument)
{
    (void)thread;
    (void)attributes;
    (void)start;
    (void)argument;
    return EAGAIN;
}
WASOCK_BSD_PLAIN(pthread_create);

/* The last thread ends, and with it the program, as if by exit(0). */
void pthread_exit(void *result)
{
    (void)result;
    wasock_bsd__end_own();
    exit(0);
}
WASOCK_BSD_PLAIN(pthread_exit);

/* No thread cancels another. */
void pthread_testcancel(void)
{
}
WASOCK_BSD_PLAIN(pthread_testcancel);

int pthread_join(pthread_t thread, void **result)
{
    (void)result;
    return pthread_equal(thread, pthread_self()) ? EDEADLK : ESRCH;
}
WASOCK_BSD_PLAIN(pthread_join);

int pthread_tryjoin_np(pthread_t thread, void **result)
{
    return pthread_join(thread, result);
}
WASOCK_BSD_PLAIN(pthread_tryjoin_np);

int pthread_timedjoin_np(pthread_t thread, void **result,
                         const struct timespec *deadline)
{
    (void)deadline;
    return pthread_join(thread, result);
}
WASOCK_BSD_PLAIN(pthread_timedjoin_np);

int pthread_detach(pthread_t thread)
{
    return pthread_equal(thread, pthread_self()) ? 0 : ESRCH;
}
WASOCK_BSD_PLAIN(pthread_detach);

int pthread_cancel(pthread_t thread)
{
    (void)thread;
    return ESRCH;
}
WASOCK_BSD_PLAIN(pthread_cancel);

pthread_t pthread_self(void)
{
    return (pthread_t)(void *)&wasock_bsd__main_thread;
}
WASOCK_BSD_PLAIN(pthread_self);

int pthread_setname_np(pthread_t thread, const char *name)
{
    (void)name;
    return pthread_equal(thread, pthread_self()) ? 0 : ESRCH;
}
WASOCK_BSD_PLAIN(pthread_setname_np);

int pthread_getname_np(pthread_t thread, char *name, size_t capacity)
{
    if (!pthread_equal(thread, pthread_self())) {
        return ESRCH;
    }
    if (capacity == 0) {
        return ERANGE;
    }
    *name = '\0';
    return 0;
}
WASOCK_BSD_PLAIN(pthread_getname_np);

int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
    return pthread_equal(thread, pthread_self()) ? pthread_attr_init(attributes)
                                                 : ESRCH;
}
WASOCK_BSD_PLAIN(pthread_getattr_np);

int pthread_equal(pthread_t a, pthread_t b)
{
    return a == b;
}
WASOCK_BSD_PLAIN(pthread_equal);

int pthread_setcancelstate(int state, int *old)
{
    (void)state;
    if (old != NULL) {
        *old = PTHREAD_CANCEL_ENABLE;
    }
    return 0;
}
WASOCK_BSD_PLAIN(pthread_setcancelstate);

int pthread_setcanceltype(int type, int *old)
{
    (void)type;
    if (old != NULL) {
        *old = PTHREAD_CANCEL_DEFERRED;
    }
    return 0;
}
WASOCK_BSD_PLAIN(pthread_setcanceltype);

/* A stream's lock is free in a program of one thread, who may take it as often
 * as it likes. The types are POSIX's.
 * NOLINTNEXTLINE(readability-non-const-parameter) */
int ftrylockfile(FILE *stream)
{
    (void)stream;
    return 0;
}
WASOCK_BSD_PLAIN(ftrylockfile);

/* NOLINTNEXTLINE(readability-non-const-parameter) */
void flockfile(FILE *stream)
{
    (void)stream;
}
WASOCK_BSD_PLAIN(flockfile);

/* NOLINTNEXTLINE(readability-non-const-parameter) */
void funlockfile(FILE *stream)
{
    (void)stream;
}
WASOCK_BSD_PLAIN(funlockfile);

/* Returns the error: ESRCH: there is one thread. */
int pthread_kill(pthread_t thread, int number)
{
    if (!pthread_equal(thread, pthread_self())) {
        return ESRCH;
    }
    return kill(getpid(), number) == 0 ? 0 : errno;
}
WASOCK_BSD_PLAIN(pthread_kill);

/* ---- The scheduler, for mutex.c, keys.c, locks.c and signals.c ---- */

void wasock_bsd__begin_call(struct description *description)
{
    (void)description;
    wasock_bsd__main_thread.n_calls++;
    wasock_bsd__main_thread.signals.is_cut = false;
}

ptrdiff_t wasock_bsd__end_call(struct description *description,
                               unsigned direction, ptrdiff_t result)
{
    const bool may_restart = wasock_bsd__may_restart(description, direction);

    return wasock_bsd__end_interruptible(may_restart, result);
}

bool wasock_bsd__is_interrupted(void)
{
    wasock_bsd__look_at_timers();
    return wasock_bsd__main_thread.n_calls > 0 && wasock_bsd__is_deliverable();
}

/* Only a timer's signal ends it before its deadline. */
int wasock_bsd__wait(struct wait *wait)
{
    const uint64_t until_ns = wasock_bsd__until_timer(wait->deadline_ns);

    if (until_ns == WASOCK_NO_DEADLINE) {
        return -EDEADLK;
    }
    const int result = wasock_fd_sleep_until_ns(until_ns);
    if (result < 0) {
        return result;
    }
    if (wasock_bsd__is_interrupted()) {
        return -EINTR;
    }
    return until_ns == wait->deadline_ns ? -ETIMEDOUT : 0;
}

int wasock_bsd__await(struct description *description, unsigned direction)
{
    struct wait wait = {.deadline_ns = wasock_bsd__deadline(
                            wasock_bsd__timeout_us(description, direction))};
    const int result = wasock_bsd__wait(&wait);

    return result == -ETIMEDOUT ? -EAGAIN : result;
}

void wasock_bsd__wake(const void *key, size_t n)
{
    (void)key;
    (void)n;
}

void wasock_bsd__yield_seldom(unsigned added)
{
    (void)added;
}
