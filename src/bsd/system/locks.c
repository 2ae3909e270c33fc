/* SPDX-License-Identifier: MIT */
/*
 * locks.c - reader-writer locks, spin locks, barriers and semaphores of one
 * thread.
 *
 * True: their counts. A call that would wait for another thread fails with
 * EDEADLK at once, or with ETIMEDOUT at its deadline. Missing: named semaphores
 * (ENOSYS).
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "../plain.h"
#include "../waiting/wait.h"

/* In a lock's first word: how many read; WRITER: one writes. */
#define STATE(lock) ((lock)->__u.__i[0])
#define WRITER (-1)

/* In a barrier's: how many threads have to come. */
#define N_THREADS(barrier) ((barrier)->__u.__i[0])

int pthread_rwlock_init(pthread_rwlock_t *lock,
                        const pthread_rwlockattr_t *attributes)
{
    (void)attributes;
    STATE(lock) = 0;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_rwlock_init);

int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
    return STATE(lock) == 0 ? 0 : EBUSY;
}
WASOCK_BSD_PLAIN(pthread_rwlock_destroy);

int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    if (STATE(lock) == WRITER) {
        return EBUSY;
    }
    STATE(lock)++;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_rwlock_tryrdlock);

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return pthread_rwlock_tryrdlock(lock) == 0 ? 0 : EDEADLK;
}
WASOCK_BSD_PLAIN(pthread_rwlock_rdlock);

int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    if (STATE(lock) != 0) {
        return EBUSY;
    }
    STATE(lock) = WRITER;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_rwlock_trywrlock);

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return pthread_rwlock_trywrlock(lock) == 0 ? 0 : EDEADLK;
}
WASOCK_BSD_PLAIN(pthread_rwlock_wrlock);

/* Errors: EINVAL; ETIMEDOUT. */
int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict lock,
                               const struct timespec *restrict deadline)
{
    return pthread_rwlock_tryrdlock(lock) == 0
               ? 0
               : wasock_bsd__wait_in_vain(CLOCK_REALTIME, deadline);
}
WASOCK_BSD_PLAIN(pthread_rwlock_timedrdlock);

int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict lock,
                               const struct timespec *restrict deadline)
{
    return pthread_rwlock_trywrlock(lock) == 0
               ? 0
               : wasock_bsd__wait_in_vain(CLOCK_REALTIME, deadline);
}
WASOCK_BSD_PLAIN(pthread_rwlock_timedwrlock);

int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    if (STATE(lock) == 0) {
        return EPERM;
    }
    STATE(lock) = STATE(lock) == WRITER ? 0 : STATE(lock) - 1;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_rwlock_unlock);

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
        return EBUSY;
    }
    *lock = 1;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_spin_trylock);

int pthread_spin_lock(pthread_spinlock_t *lock)
{
    return pthread_spin_trylock(lock) == 0 ? 0 : EDEADLK;
}
WASOCK_BSD_PLAIN(pthread_spin_lock);

int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    if (*lock == 0) {
        return EPERM;
    }
    *lock = 0;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_spin_unlock);

int pthread_barrier_init(pthread_barrier_t *restrict barrier,
                         const pthread_barrierattr_t *restrict attributes,
                         unsigned n_threads)
{
    (void)attributes;
    if (n_threads == 0) {
        return EINVAL;
    }
    N_THREADS(barrier) = (int)n_threads;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_barrier_init);

int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    N_THREADS(barrier) = 0;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_barrier_destroy);

/* The types are POSIX's. NOLINTNEXTLINE(readability-non-const-parameter) */
int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    return N_THREADS(barrier) == 1 ? PTHREAD_BARRIER_SERIAL_THREAD : EDEADLK;
}
WASOCK_BSD_PLAIN(pthread_barrier_wait);

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
    return 0;
}
WASOCK_BSD_PLAIN(sem_post);

int sem_trywait(sem_t *semaphore)
{
    if (semaphore->wasock_bsd_value == 0) {
        return fail(EAGAIN);
    }
    semaphore->wasock_bsd_value--;
    return 0;
}
WASOCK_BSD_PLAIN(sem_trywait);

int sem_wait(sem_t *semaphore)
{
    return sem_trywait(semaphore) == 0 ? 0 : fail(EDEADLK);
}
WASOCK_BSD_PLAIN(sem_wait);

/* Errors: EINVAL: no time; ETIMEDOUT. */
int sem_timedwait(sem_t *restrict semaphore,
                  const struct timespec *restrict deadline)
{
    return sem_trywait(semaphore) == 0
               ? 0
               : fail(wasock_bsd__wait_in_vain(CLOCK_REALTIME, deadline));
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
