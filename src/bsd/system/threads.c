/* SPDX-License-Identifier: MIT */
/*
 * threads.c - pthread functions for a program that stays one thread.
 *
 * True: mutexes (a second lock of one that is not recursive is EDEADLK rather
 * than for ever), once, keys. Not there: other threads (pthread_create is
 * EAGAIN). Waiting for a condition, which no thread could signal, fails with
 * EDEADLK, or with ETIMEDOUT at its deadline. locks.c has the rarer locks,
 * which wait by the scheduler below.
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
#include "../threads/thread.h"

#define KEYS_MAX 64

/* In a mutex's first two words. */
#define N_LOCKS(mutex) ((mutex)->__u.__i[0])
#define TYPE(mutex) ((mutex)->__u.__i[1])

/* In a condition's first word: whether its deadlines are those of the monotonic
 * clock. */
#define IS_MONOTONIC(condition) ((condition)->__u.__i[0])

static union {
    const void *set;
    void *got;
} values[KEYS_MAX];
static unsigned n_keys;

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

static struct wasock_bsd_cleanup *innermost;

void wasock_bsd_cleanup_push(struct wasock_bsd_cleanup *cleanup)
{
    cleanup->outer = innermost;
    innermost = cleanup;
}

void wasock_bsd_cleanup_pop(int executes)
{
    const struct wasock_bsd_cleanup *cleanup = innermost;

    innermost = cleanup->outer;
    if (executes) {
        cleanup->handler(cleanup->argument);
    }
}

/* The last thread ends, and with it the program, as if by exit(0). */
void pthread_exit(void *result)
{
    (void)result;
    while (innermost != NULL) {
        wasock_bsd_cleanup_pop(1);
    }
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

/* Any value that is not 0. */
pthread_t pthread_self(void)
{
    return (pthread_t)(void *)values;
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

int pthread_mutex_init(pthread_mutex_t *mutex,
                       const pthread_mutexattr_t *attributes)
{
    N_LOCKS(mutex) = 0;
    TYPE(mutex) = attributes != NULL ? (int)attributes->__attr : 0;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_mutex_init);

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    return N_LOCKS(mutex) == 0 ? 0 : EBUSY;
}
WASOCK_BSD_PLAIN(pthread_mutex_destroy);

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    if (N_LOCKS(mutex) > 0 && TYPE(mutex) != PTHREAD_MUTEX_RECURSIVE) {
        return EBUSY;
    }
    N_LOCKS(mutex)++;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_mutex_trylock);

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    return pthread_mutex_trylock(mutex) == 0 ? 0 : EDEADLK;
}
WASOCK_BSD_PLAIN(pthread_mutex_lock);

/* Nothing can end a wait but its deadline. Returns ETIMEDOUT; EINVAL: no
 * moment. */
static int wait_in_vain(clockid_t clock, const struct timespec *deadline)
{
    const struct timespec moment = {deadline->tv_sec < 0 ? 0 : deadline->tv_sec,
                                    deadline->tv_nsec};
    const int error = clock_nanosleep(clock, TIMER_ABSTIME, &moment, NULL);

    return error == 0 ? ETIMEDOUT : error;
}

/* Errors: EDEADLK: this very thread has it, and would know; ETIMEDOUT. */
int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex,
                            const struct timespec *restrict deadline)
{
    if (pthread_mutex_trylock(mutex) == 0) {
        return 0;
    }
    return TYPE(mutex) == PTHREAD_MUTEX_ERRORCHECK
               ? EDEADLK
               : wait_in_vain(CLOCK_REALTIME, deadline);
}
WASOCK_BSD_PLAIN(pthread_mutex_timedlock);

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (N_LOCKS(mutex) == 0) {
        return EPERM;
    }
    N_LOCKS(mutex)--;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_mutex_unlock);

int pthread_cond_init(pthread_cond_t *condition,
                      const pthread_condattr_t *attributes)
{
    IS_MONOTONIC(condition) = attributes != NULL && attributes->__attr;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_cond_init);

int pthread_cond_destroy(pthread_cond_t *condition)
{
    return pthread_cond_init(condition, NULL);
}
WASOCK_BSD_PLAIN(pthread_cond_destroy);

/* No thread waits. The types are POSIX's.
 * NOLINTNEXTLINE(readability-non-const-parameter) */
int pthread_cond_signal(pthread_cond_t *condition)
{
    (void)condition;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_cond_signal);

int pthread_cond_broadcast(pthread_cond_t *condition)
{
    return pthread_cond_signal(condition);
}
WASOCK_BSD_PLAIN(pthread_cond_broadcast);

/* The types are POSIX's. NOLINTNEXTLINE(readability-non-const-parameter) */
int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    (void)condition;
    (void)mutex;
    return EDEADLK;
}
WASOCK_BSD_PLAIN(pthread_cond_wait);

/* The types are POSIX's. NOLINTNEXTLINE(readability-non-const-parameter) */
int pthread_cond_timedwait(pthread_cond_t *restrict condition,
                           pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict deadline)
{
    (void)mutex; /* no thread could lock it meanwhile */
    return wait_in_vain(
        IS_MONOTONIC(condition) ? CLOCK_MONOTONIC : CLOCK_REALTIME, deadline);
}
WASOCK_BSD_PLAIN(pthread_cond_timedwait);

int pthread_once(pthread_once_t *once, void (*initialise)(void))
{
    if (*once == PTHREAD_ONCE_INIT) {
        *once = 1;
        initialise();
    }
    return 0;
}
WASOCK_BSD_PLAIN(pthread_once);

/* What would be destroyed when a thread ends stays: the last ends with the
 * program. Errors: EAGAIN: too many. */
int pthread_key_create(pthread_key_t *key, void (*destroy)(void *))
{
    (void)destroy;
    if (n_keys == KEYS_MAX) {
        return EAGAIN;
    }
    *key = n_keys++;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_key_create);

int pthread_key_delete(pthread_key_t key)
{
    return pthread_setspecific(key, NULL); /* its number is not used again */
}
WASOCK_BSD_PLAIN(pthread_key_delete);

void *pthread_getspecific(pthread_key_t key)
{
    return key < n_keys ? values[key].got : NULL;
}
WASOCK_BSD_PLAIN(pthread_getspecific);

int pthread_setspecific(pthread_key_t key, const void *value)
{
    if (key >= n_keys) {
        return EINVAL;
    }
    values[key].set = value;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_setspecific);

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

/* ---- The scheduler, for locks.c ---- */

struct thread *wasock_bsd__current;

int wasock_bsd__wait(struct wait *wait)
{
    if (wait->deadline_ns == WASOCK_NO_DEADLINE) {
        return -EDEADLK;
    }
    const int result = wasock_fd_sleep_until_ns(wait->deadline_ns);
    return result < 0 ? result : -ETIMEDOUT;
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
