/* SPDX-License-Identifier: MIT */
/*
 * mutex.c - mutexes and conditions, of one thread or of several.
 *
 * A second lock of a mutex that is not recursive by its owner is EDEADLK for
 * every type: it would wait for ever. A thread that waits for a condition takes
 * the mutex again before it goes on. A single thread that would wait gets
 * EDEADLK at once, or ETIMEDOUT at its deadline.
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#include <wasock/clock.h>

#include "../plain.h"
#include "../threads/layer.h"
#include "../threads/thread.h"

/* In a mutex's words. */
#define N_LOCKS(mutex) ((mutex)->__u.__i[0])
#define TYPE(mutex) ((mutex)->__u.__i[1])
#define OWNER(mutex) ((mutex)->__u.__p[2])
#define N_WAITING(mutex) ((mutex)->__u.__i[3])

/* In a condition's first word and in its attributes: whose deadlines are those
 * of the monotonic clock. */
#define IS_MONOTONIC(condition) ((condition)->__u.__i[0])

int pthread_mutex_init(pthread_mutex_t *mutex,
                       const pthread_mutexattr_t *attributes)
{
    N_LOCKS(mutex) = 0;
    TYPE(mutex) = attributes != NULL ? (int)attributes->__attr : 0;
    OWNER(mutex) = NULL;
    N_WAITING(mutex) = 0;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_mutex_init);

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    return N_LOCKS(mutex) == 0 ? 0 : EBUSY;
}
WASOCK_BSD_PLAIN(pthread_mutex_destroy);

static void own(pthread_mutex_t *mutex)
{
    N_LOCKS(mutex) = 1;
    OWNER(mutex) = wasock_bsd__current;
}

static int try_lock(pthread_mutex_t *mutex)
{
    if (N_LOCKS(mutex) == 0) {
        own(mutex);
        return 0;
    }
    if (OWNER(mutex) == wasock_bsd__current &&
        TYPE(mutex) == PTHREAD_MUTEX_RECURSIVE) {
        N_LOCKS(mutex)++;
        return 0;
    }
    return EBUSY;
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    return wasock_bsd__yield_if(try_lock(mutex));
}
WASOCK_BSD_PLAIN(pthread_mutex_trylock);

/* Wait for a mutex of another thread. */
static int lock_until(pthread_mutex_t *mutex, uint64_t deadline_ns)
{
    struct wait wait = {
        .key = mutex, .deadline_ns = deadline_ns, .what = "for a mutex"};
    int result = 0;

    N_WAITING(mutex)++;
    while (N_LOCKS(mutex) > 0 && result == 0) {
        result = wasock_bsd__wait(&wait);
    }
    N_WAITING(mutex)--;
    if (N_LOCKS(mutex) > 0) {
        return -result;
    }
    own(mutex);
    return 0;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (try_lock(mutex) == 0) {
        return 0;
    }
    return OWNER(mutex) == wasock_bsd__current
               ? EDEADLK
               : lock_until(mutex, WASOCK_NO_DEADLINE);
}
WASOCK_BSD_PLAIN(pthread_mutex_lock);

/* Errors: EDEADLK: this thread has it, and would know; ETIMEDOUT. */
int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex,
                            const struct timespec *restrict deadline)
{
    uint64_t deadline_ns = 0;

    if (try_lock(mutex) == 0) {
        return 0;
    }
    if (TYPE(mutex) == PTHREAD_MUTEX_ERRORCHECK &&
        OWNER(mutex) == wasock_bsd__current) {
        return EDEADLK;
    }
    const int error =
        wasock_bsd__deadline_at(CLOCK_REALTIME, deadline, &deadline_ns);
    return error != 0 ? error : lock_until(mutex, deadline_ns);
}
WASOCK_BSD_PLAIN(pthread_mutex_timedlock);

static void release(pthread_mutex_t *mutex)
{
    N_LOCKS(mutex) = 0;
    if (N_WAITING(mutex) > 0) {
        wasock_bsd__wake(mutex, 1);
    }
}

/* Errors: EPERM: another thread has it, or none. */
int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (N_LOCKS(mutex) == 0 || OWNER(mutex) != wasock_bsd__current) {
        return EPERM;
    }
    if (N_LOCKS(mutex) > 1) {
        N_LOCKS(mutex)--;
    } else {
        release(mutex);
        wasock_bsd__yield_seldom(WASOCK_BSD_LOCK_WEIGHT);
    }
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

int pthread_cond_signal(pthread_cond_t *condition)
{
    wasock_bsd__wake(condition, 1);
    return 0;
}
WASOCK_BSD_PLAIN(pthread_cond_signal);

int pthread_cond_broadcast(pthread_cond_t *condition)
{
    wasock_bsd__wake(condition, SIZE_MAX);
    return 0;
}
WASOCK_BSD_PLAIN(pthread_cond_broadcast);

static int wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex,
                      uint64_t deadline_ns)
{
    struct wait wait = {.key = condition,
                        .deadline_ns = deadline_ns,
                        .what = "for a condition",
                        .is_point = true};

    pthread_testcancel();
    if (N_LOCKS(mutex) == 0 || OWNER(mutex) != wasock_bsd__current) {
        return EPERM;
    }
    const int n_locks = N_LOCKS(mutex); /* of a recursive one */
    release(mutex);
    const int result = wasock_bsd__wait(&wait);
    const int error = pthread_mutex_lock(mutex);
    N_LOCKS(mutex) = n_locks;
    pthread_testcancel();
    return error != 0 || result == -EINTR ? error : -result;
}

/* Errors: EPERM: another thread has the mutex, or none. */
int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    return wait_until(condition, mutex, WASOCK_NO_DEADLINE);
}
WASOCK_BSD_PLAIN(pthread_cond_wait);

static int wait_by(clockid_t clock, pthread_cond_t *condition,
                   pthread_mutex_t *mutex, const struct timespec *deadline)
{
    uint64_t deadline_ns = 0;
    const int error = wasock_bsd__deadline_at(clock, deadline, &deadline_ns);

    return error != 0 ? error : wait_until(condition, mutex, deadline_ns);
}

/* Errors: ETIMEDOUT; EINVAL; EPERM. */
int pthread_cond_timedwait(pthread_cond_t *restrict condition,
                           pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict deadline)
{
    return wait_by(IS_MONOTONIC(condition) ? CLOCK_MONOTONIC : CLOCK_REALTIME,
                   condition, mutex, deadline);
}
WASOCK_BSD_PLAIN(pthread_cond_timedwait);
