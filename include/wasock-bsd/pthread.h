/* SPDX-License-Identifier: MIT */
/* pthread.h - with wasock-cc --threads, threads that run until they wait.
 * Without, one thread: locks work, pthread_create fails. */
#ifndef WASOCK_BSD_PTHREAD_H
#define WASOCK_BSD_PTHREAD_H

#pragma GCC system_header

#include <sched.h>
#include <sys/types.h>
#include <time.h>

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
#define PTHREAD_MUTEX_INITIALIZER {{{0}}}
#define PTHREAD_COND_INITIALIZER {{{0}}}
#define PTHREAD_RWLOCK_INITIALIZER {{{0}}}
/* clang-format on */
#define PTHREAD_ONCE_INIT 0
#define PTHREAD_CREATE_JOINABLE 0
#define PTHREAD_CREATE_DETACHED 1
#define PTHREAD_MUTEX_NORMAL 0
#define PTHREAD_MUTEX_DEFAULT 0
#define PTHREAD_MUTEX_RECURSIVE 1
#define PTHREAD_MUTEX_ERRORCHECK 2
#define PTHREAD_PROCESS_PRIVATE 0
#define PTHREAD_PROCESS_SHARED 1
#define PTHREAD_SCOPE_SYSTEM 0
#define PTHREAD_SCOPE_PROCESS 1
#define PTHREAD_BARRIER_SERIAL_THREAD (-1)
#define PTHREAD_STACK_MIN 16384
#define PTHREAD_CANCELED ((void *)-1)
#define PTHREAD_CANCEL_ENABLE 0
#define PTHREAD_CANCEL_DISABLE 1
#define PTHREAD_CANCEL_DEFERRED 0
#define PTHREAD_CANCEL_ASYNCHRONOUS 1

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*start)(void *), void *argument)
    WASOCK_BSD(pthread_create);
int pthread_join(pthread_t thread, void **result) WASOCK_BSD(pthread_join);
int pthread_tryjoin_np(pthread_t thread, void **result)
    WASOCK_BSD(pthread_tryjoin_np);
int pthread_timedjoin_np(pthread_t thread, void **result,
                         const struct timespec *deadline)
    WASOCK_BSD(pthread_timedjoin_np);
int pthread_detach(pthread_t thread) WASOCK_BSD(pthread_detach);
void pthread_exit(void *result) WASOCK_BSD(pthread_exit)
    __attribute__((noreturn));
int pthread_cancel(pthread_t thread) WASOCK_BSD(pthread_cancel);
pthread_t pthread_self(void) WASOCK_BSD(pthread_self);
int pthread_setname_np(pthread_t thread, const char *name)
    WASOCK_BSD(pthread_setname_np);
int pthread_getname_np(pthread_t thread, char *name, size_t capacity)
    WASOCK_BSD(pthread_getname_np);
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
    WASOCK_BSD(pthread_getattr_np);
int pthread_equal(pthread_t a, pthread_t b) WASOCK_BSD(pthread_equal);
void pthread_testcancel(void) WASOCK_BSD(pthread_testcancel);
int pthread_setcancelstate(int state, int *old)
    WASOCK_BSD(pthread_setcancelstate);
int pthread_setcanceltype(int type, int *old) WASOCK_BSD(pthread_setcanceltype);

int pthread_atfork(void (*prepare)(void), void (*parent)(void),
                   void (*child)(void)) WASOCK_BSD(pthread_atfork);

/* Handlers of the block between the two; pthread_exit calls them as well. */
struct wasock_bsd_cleanup {
    void (*handler)(void *);
    void *argument;
    struct wasock_bsd_cleanup *outer;
};
void wasock_bsd_cleanup_push(struct wasock_bsd_cleanup *cleanup);
void wasock_bsd_cleanup_pop(int executes);
#define pthread_cleanup_push(routine, value)                                   \
    do {                                                                       \
        struct wasock_bsd_cleanup wasock_bsd_here = {(routine), (value), 0};   \
    wasock_bsd_cleanup_push(&wasock_bsd_here)
#define pthread_cleanup_pop(executes)                                          \
    wasock_bsd_cleanup_pop(executes);                                          \
    }                                                                          \
    while (0)

int pthread_attr_init(pthread_attr_t *attributes) WASOCK_BSD(pthread_attr_init);
int pthread_attr_destroy(pthread_attr_t *attributes)
    WASOCK_BSD(pthread_attr_destroy);
int pthread_attr_setdetachstate(pthread_attr_t *attributes, int state)
    WASOCK_BSD(pthread_attr_setdetachstate);
int pthread_attr_getdetachstate(const pthread_attr_t *attributes, int *state)
    WASOCK_BSD(pthread_attr_getdetachstate);
int pthread_attr_setscope(pthread_attr_t *attributes, int scope)
    WASOCK_BSD(pthread_attr_setscope);
int pthread_attr_setguardsize(pthread_attr_t *attributes, size_t size)
    WASOCK_BSD(pthread_attr_setguardsize);
int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
    WASOCK_BSD(pthread_attr_setstacksize);
int pthread_attr_getstacksize(const pthread_attr_t *attributes, size_t *size)
    WASOCK_BSD(pthread_attr_getstacksize);

int pthread_mutexattr_init(pthread_mutexattr_t *attributes)
    WASOCK_BSD(pthread_mutexattr_init);
int pthread_mutexattr_settype(pthread_mutexattr_t *attributes, int type)
    WASOCK_BSD(pthread_mutexattr_settype);
int pthread_mutexattr_gettype(const pthread_mutexattr_t *__restrict attributes,
                              int *__restrict type)
    WASOCK_BSD(pthread_mutexattr_gettype);
int pthread_mutexattr_setpshared(pthread_mutexattr_t *attributes, int shared)
    WASOCK_BSD(pthread_mutexattr_setpshared);
int pthread_mutexattr_destroy(pthread_mutexattr_t *attributes)
    WASOCK_BSD(pthread_mutexattr_destroy);
int pthread_mutex_init(pthread_mutex_t *mutex,
                       const pthread_mutexattr_t *attributes)
    WASOCK_BSD(pthread_mutex_init);
int pthread_mutex_destroy(pthread_mutex_t *mutex)
    WASOCK_BSD(pthread_mutex_destroy);
int pthread_mutex_lock(pthread_mutex_t *mutex) WASOCK_BSD(pthread_mutex_lock);
int pthread_mutex_trylock(pthread_mutex_t *mutex)
    WASOCK_BSD(pthread_mutex_trylock);
int pthread_mutex_timedlock(pthread_mutex_t *__restrict mutex,
                            const struct timespec *__restrict deadline)
    WASOCK_BSD(pthread_mutex_timedlock);
int pthread_mutex_unlock(pthread_mutex_t *mutex)
    WASOCK_BSD(pthread_mutex_unlock);

int pthread_condattr_init(pthread_condattr_t *attributes)
    WASOCK_BSD(pthread_condattr_init);
int pthread_condattr_setpshared(pthread_condattr_t *attributes, int is_shared)
    WASOCK_BSD(pthread_condattr_setpshared);
int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t clock)
    WASOCK_BSD(pthread_condattr_setclock);
int pthread_condattr_getclock(const pthread_condattr_t *__restrict attributes,
                              clockid_t *__restrict clock)
    WASOCK_BSD(pthread_condattr_getclock);
int pthread_condattr_destroy(pthread_condattr_t *attributes)
    WASOCK_BSD(pthread_condattr_destroy);
int pthread_cond_init(pthread_cond_t *condition,
                      const pthread_condattr_t *attributes)
    WASOCK_BSD(pthread_cond_init);
int pthread_cond_destroy(pthread_cond_t *condition)
    WASOCK_BSD(pthread_cond_destroy);
int pthread_cond_signal(pthread_cond_t *condition)
    WASOCK_BSD(pthread_cond_signal);
int pthread_cond_broadcast(pthread_cond_t *condition)
    WASOCK_BSD(pthread_cond_broadcast);
int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
    WASOCK_BSD(pthread_cond_wait);
int pthread_cond_timedwait(pthread_cond_t *__restrict condition,
                           pthread_mutex_t *__restrict mutex,
                           const struct timespec *__restrict deadline)
    WASOCK_BSD(pthread_cond_timedwait);

int pthread_rwlock_init(pthread_rwlock_t *lock,
                        const pthread_rwlockattr_t *attributes)
    WASOCK_BSD(pthread_rwlock_init);
int pthread_rwlock_destroy(pthread_rwlock_t *lock)
    WASOCK_BSD(pthread_rwlock_destroy);
int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
    WASOCK_BSD(pthread_rwlock_rdlock);
int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
    WASOCK_BSD(pthread_rwlock_tryrdlock);
int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
    WASOCK_BSD(pthread_rwlock_wrlock);
int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
    WASOCK_BSD(pthread_rwlock_trywrlock);
int pthread_rwlock_timedrdlock(pthread_rwlock_t *__restrict lock,
                               const struct timespec *__restrict deadline)
    WASOCK_BSD(pthread_rwlock_timedrdlock);
int pthread_rwlock_timedwrlock(pthread_rwlock_t *__restrict lock,
                               const struct timespec *__restrict deadline)
    WASOCK_BSD(pthread_rwlock_timedwrlock);
int pthread_rwlock_unlock(pthread_rwlock_t *lock)
    WASOCK_BSD(pthread_rwlock_unlock);

int pthread_spin_init(pthread_spinlock_t *lock, int is_shared)
    WASOCK_BSD(pthread_spin_init);
int pthread_spin_destroy(pthread_spinlock_t *lock)
    WASOCK_BSD(pthread_spin_destroy);
int pthread_spin_lock(pthread_spinlock_t *lock) WASOCK_BSD(pthread_spin_lock);
int pthread_spin_trylock(pthread_spinlock_t *lock)
    WASOCK_BSD(pthread_spin_trylock);
int pthread_spin_unlock(pthread_spinlock_t *lock)
    WASOCK_BSD(pthread_spin_unlock);

int pthread_barrier_init(pthread_barrier_t *__restrict barrier,
                         const pthread_barrierattr_t *__restrict attributes,
                         unsigned n_threads) WASOCK_BSD(pthread_barrier_init);
int pthread_barrier_destroy(pthread_barrier_t *barrier)
    WASOCK_BSD(pthread_barrier_destroy);
int pthread_barrier_wait(pthread_barrier_t *barrier)
    WASOCK_BSD(pthread_barrier_wait);

int pthread_once(pthread_once_t *once, void (*initialise)(void))
    WASOCK_BSD(pthread_once);
int pthread_key_create(pthread_key_t *key, void (*destroy)(void *))
    WASOCK_BSD(pthread_key_create);
int pthread_key_delete(pthread_key_t key) WASOCK_BSD(pthread_key_delete);
void *pthread_getspecific(pthread_key_t key) WASOCK_BSD(pthread_getspecific);
int pthread_setspecific(pthread_key_t key, const void *value)
    WASOCK_BSD(pthread_setspecific);

#ifdef __cplusplus
}
#endif

#endif
