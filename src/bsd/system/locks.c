/* SPDX-License-Identifier: MIT */
/*
 * locks.c - reader-writer locks, spin locks, barriers and semaphores, of one
 * thread or of several.
 *
 * A thread that waits to write keeps later readers out. Spin locks wait as
 * mutexes do. A single thread that would wait gets EDEADLK at once, or
 * ETIMEDOUT at its deadline. Missing: named semaphores (ENOSYS).
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>

#include <wasock/clock.h>

#include "../plain.h"
#include "../threads/layer.h"
#include "../threads/thread.h"

/* In a lock's words: how many read, or WRITER; the writer; how many wait to
 * write. */
#define STATE(lock) ((lock)->__u.__i[0])
#define OWNER(lock) ((lock)->__u.__p[1])
#define N_WRITERS(lock) ((lock)->__u.__i[2])
#define WRITER (-1)

/* In a barrier's: how many threads have to come, have come, and how often all
 * have. */
#define N_THREADS(barrier) ((barrier)->__u.__i[0])
#define N_CAME(barrier) ((barrier)->__u.__i[1])
#define N_ROUNDS(barrier) ((barrier)->__u.__i[2])

/* ---- Reader-writer locks ---- */

int pthread_rwlock_init(pthread_rwlock_t *lock,
                        const pthread_rwlockattr_t *attributes)
{
    (void)attributes;
    STATE(lock) = 0;
    OWNER(lock) = NULL;
    N_WRITERS(lock) = 0;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_rwlock_init);

int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
    return STATE(lock) == 0 ? 0 : EBUSY;
}
WASOCK_BSD_PLAIN(pthread_rwlock_destroy);

static int try_read(pthread_rwlock_t *lock)
{
    if (STATE(lock) == WRITER || N_WRITERS(lock) > 0) {
        return EBUSY;
    }
    STATE(lock)++;
    return 0;
}

static int try_write(pthread_rwlock_t *lock)
{
    if (STATE(lock) != 0) {
        return EBUSY;
    }
    STATE(lock) = WRITER;
    OWNER(lock) = wasock_bsd__current;
    return 0;
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    return wasock_bsd__yield_if(try_read(lock));
}
WASOCK_BSD_PLAIN(pthread_rwlock_tryrdlock);

int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    return wasock_bsd__yield_if(try_write(lock));
}
WASOCK_BSD_PLAIN(pthread_rwlock_trywrlock);

/* Wait until a try succeeds. */
static int lock_until(pthread_rwlock_t *lock, int (*try)(pthread_rwlock_t *),
                      uint64_t deadline_ns)
{
    struct wait wait = {.key = lock,
                        .deadline_ns = deadline_ns,
                        .what = "for a reader-writer lock"};
    int result = 0;

    if (STATE(lock) == WRITER && OWNER(lock) == wasock_bsd__current) {
        return EDEADLK;
    }
    while (try(lock) != 0) {
        if (result != 0) {
            return -result;
        }
        result = wasock_bsd__wait(&wait);
    }
    return 0;
}

static int read_until(pthread_rwlock_t *lock, uint64_t deadline_ns)
{
    return try_read(lock) == 0 ? 0 : lock_until(lock, try_read, deadline_ns);
}

static int write_until(pthread_rwlock_t *lock, uint64_t deadline_ns)
{
    if (try_write(lock) == 0) {
        return 0;
    }
    N_WRITERS(lock)++;
    const int error = lock_until(lock, try_write, deadline_ns);
    N_WRITERS(lock)--;
    if (error != 0) {
        wasock_bsd__wake(lock, SIZE_MAX); /* readers that it kept out */
    }
    return error;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return read_until(lock, WASOCK_NO_DEADLINE);
}
WASOCK_BSD_PLAIN(pthread_rwlock_rdlock);

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return write_until(lock, WASOCK_NO_DEADLINE);
}
WASOCK_BSD_PLAIN(pthread_rwlock_wrlock);

/* Errors: EINVAL; ETIMEDOUT; EDEADLK. */
int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict lock,
                               const struct timespec *restrict deadline)
{
    uint64_t deadline_ns = 0;
    const int error =
        wasock_bsd__deadline_at(CLOCK_REALTIME, deadline, &deadline_ns);

    return error != 0 ? error : read_until(lock, deadline_ns);
}
WASOCK_BSD_PLAIN(pthread_rwlock_timedrdlock);

int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict lock,
                               const struct timespec *restrict deadline)
{
    uint64_t deadline_ns = 0;
    const int error =
        wasock_bsd__deadline_at(CLOCK_REALTIME, deadline, &deadline_ns);

    return error != 0 ? error : write_until(lock, deadline_ns);
}
WASOCK_BSD_PLAIN(pthread_rwlock_timedwrlock);

/* Errors: EPERM: nobody has it, or another thread to write. */
int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    if (STATE(lock) == 0 ||
        (STATE(lock) == WRITER && OWNER(lock) != wasock_bsd__current)) {
        return EPERM;
    }
    STATE(lock) = STATE(lock) == WRITER ? 0 : STATE(lock) - 1;
    if (STATE(lock) == 0) {
        wasock_bsd__wake(lock, SIZE_MAX);
    }
    wasock_bsd__yield_seldom(WASOCK_BSD_LOCK_WEIGHT);
    return 0;
}
WASOCK_BSD_PLAIN(pthread_rwlock_unlock);

/* ---- Spin locks ---- */

int pthread_spin_init(pthread_spinlock_t *lock, int is_shared)
{
    (void)is_shared;
    *lock = 0;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_spin_init);

/* The types are POSIX's. NOLINTNEXTLINE(readability-non-const-parameter) */
int pthread_spin_destroy(pthread_spinlock_t *lock)
{
    return *lock == 0 ? 0 : EBUSY;
}
WASOCK_BSD_PLAIN(pthread_spin_destroy);

int pthread_spin_trylock(pthread_spinlock_t *lock)
{
    if (*lock != 0) {
        return wasock_bsd__yield_if(EBUSY);
    }
    *lock = 1;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_spin_trylock);

int pthread_spin_lock(pthread_spinlock_t *lock)
{
    struct wait wait = {.key = (const void *)lock,
                        .deadline_ns = WASOCK_NO_DEADLINE,
                        .what = "for a spin lock"};

    while (*lock != 0) {
        const int result = wasock_bsd__wait(&wait);
        if (result < 0) {
            return -result;
        }
    }
    *lock = 1;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_spin_lock);

int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    if (*lock == 0) {
        return EPERM;
    }
    *lock = 0;
    wasock_bsd__wake((const void *)lock, 1);
    return 0;
}
WASOCK_BSD_PLAIN(pthread_spin_unlock);

/* ---- Barriers ---- */

int pthread_barrier_init(pthread_barrier_t *restrict barrier,
                         const pthread_barrierattr_t *restrict attributes,
                         unsigned n_threads)
{
    (void)attributes;
    if (n_threads == 0) {
        return EINVAL;
    }
    N_THREADS(barrier) = (int)n_threads;
    N_CAME(barrier) = 0;
    N_ROUNDS(barrier) = 0;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_barrier_init);

int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    N_THREADS(barrier) = 0;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_barrier_destroy);

int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    struct wait wait = {.key = barrier,
                        .deadline_ns = WASOCK_NO_DEADLINE,
                        .what = "at a barrier"};
    const int round = N_ROUNDS(barrier);

    N_CAME(barrier)++;
    if (N_CAME(barrier) == N_THREADS(barrier)) {
        N_CAME(barrier) = 0;
        N_ROUNDS(barrier)++;
        wasock_bsd__wake(barrier, SIZE_MAX);
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    while (N_ROUNDS(barrier) == round) {
        const int result = wasock_bsd__wait(&wait);
        if (result < 0) {
            N_CAME(barrier)--;
            return -result;
        }
    }
    return 0;
}
WASOCK_BSD_PLAIN(pthread_barrier_wait);

/* ---- Semaphores ---- */

static int fail(int error)
{
    errno = error;
    return -1;
}

int sem_init(sem_t *semaphore, int is_shared, unsigned value)
{
    (void)is_shared; /* with nobody */
    if (value > SEM_VALUE_MAX) {
        return fail(EINVAL);
    }
    semaphore->wasock_bsd_value = value;
    return 0;
}
WASOCK_BSD_PLAIN(sem_init);

int sem_destroy(sem_t *semaphore)
{
    semaphore->wasock_bsd_value = 0;
    return 0;
}
WASOCK_BSD_PLAIN(sem_destroy);

int sem_post(sem_t *semaphore)
{
    if (semaphore->wasock_bsd_value == SEM_VALUE_MAX) {
        return fail(EOVERFLOW);
    }
    semaphore->wasock_bsd_value++;
    wasock_bsd__wake(semaphore, 1);
    return 0;
}
WASOCK_BSD_PLAIN(sem_post);

int sem_trywait(sem_t *semaphore)
{
    if (semaphore->wasock_bsd_value == 0) {
        return fail(wasock_bsd__yield_if(EAGAIN));
    }
    semaphore->wasock_bsd_value--;
    return 0;
}
WASOCK_BSD_PLAIN(sem_trywait);

static int take_or_wait(sem_t *semaphore, uint64_t deadline_ns)
{
    struct wait wait = {.key = semaphore,
                        .deadline_ns = deadline_ns,
                        .what = "for a semaphore",
                        .is_point = true};

    while (semaphore->wasock_bsd_value == 0) {
        const int result = wasock_bsd__wait(&wait);
        if (result < 0) {
            return result;
        }
    }
    semaphore->wasock_bsd_value--;
    return 0;
}

/* As Linux: SA_RESTART does not count with a deadline. */
static int wait_until(sem_t *semaphore, uint64_t deadline_ns)
{
    const unsigned restarts =
        deadline_ns == WASOCK_NO_DEADLINE ? WASOCK_READABLE : 0;
    int result = 0;

    do {
        wasock_bsd__begin_call(NULL);
        result = take_or_wait(semaphore, deadline_ns);
        result = (int)wasock_bsd__end_call(NULL, restarts, result);
    } while (result == -WASOCK_BSD_RESTART);
    return result == 0 ? 0 : fail(-result);
}

int sem_wait(sem_t *semaphore)
{
    return wait_until(semaphore, WASOCK_NO_DEADLINE);
}
WASOCK_BSD_PLAIN(sem_wait);

/* Errors: EINVAL: no time; ETIMEDOUT; EINTR. */
int sem_timedwait(sem_t *restrict semaphore,
                  const struct timespec *restrict deadline)
{
    uint64_t deadline_ns = 0;

    if (semaphore->wasock_bsd_value > 0) {
        return wait_until(semaphore, WASOCK_NO_DEADLINE);
    }
    const int error =
        wasock_bsd__deadline_at(CLOCK_REALTIME, deadline, &deadline_ns);
    return error != 0 ? fail(error) : wait_until(semaphore, deadline_ns);
}
WASOCK_BSD_PLAIN(sem_timedwait);

int sem_getvalue(sem_t *restrict semaphore, int *restrict value)
{
    *value = (int)semaphore->wasock_bsd_value;
    return 0;
}
WASOCK_BSD_PLAIN(sem_getvalue);

sem_t *sem_open(const char *name, int flags, ...)
{
    (void)name;
    (void)flags;
    errno = ENOSYS;
    return SEM_FAILED;
}
WASOCK_BSD_PLAIN(sem_open);

/* The types are POSIX's. NOLINTNEXTLINE(readability-non-const-parameter) */
int sem_close(sem_t *semaphore)
{
    (void)semaphore;
    return fail(EINVAL);
}
WASOCK_BSD_PLAIN(sem_close);

int sem_unlink(const char *name)
{
    (void)name;
    return fail(ENOSYS);
}
WASOCK_BSD_PLAIN(sem_unlink);
