/* SPDX-License-Identifier: MIT */
/* pthread.h - one thread: what locks it needs are there, others cannot be
 * made. */
#ifndef WASOCK_BSD_PTHREAD_H
#define WASOCK_BSD_PTHREAD_H

#pragma GCC system_header

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
#define PTHREAD_CANCEL_ENABLE 0
#define PTHREAD_CANCEL_DISABLE 1
#define PTHREAD_CANCEL_DEFERRED 0
#define PTHREAD_CANCEL_ASYNCHRONOUS 1

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*start)(void *), void *argument)
    WASOCK_BSD(pthread_create);
int pthread_join(pthread_t thread, void **result) WASOCK_BSD(pthread_join);
int pthread_detach(pthread_t thread) WASOCK_BSD(pthread_detach);
int pthread_cancel(pthread_t thread) WASOCK_BSD(pthread_cancel);
pthread_t pthread_self(void) WASOCK_BSD(pthread_self);
int pthread_equal(pthread_t a, pthread_t b) WASOCK_BSD(pthread_equal);
int pthread_setcancelstate(int state, int *old)
    WASOCK_BSD(pthread_setcancelstate);
int pthread_setcanceltype(int type, int *old) WASOCK_BSD(pthread_setcanceltype);

int pthread_attr_init(pthread_attr_t *attributes) WASOCK_BSD(pthread_attr_init);
int pthread_attr_destroy(pthread_attr_t *attributes)
    WASOCK_BSD(pthread_attr_destroy);
int pthread_attr_setdetachstate(pthread_attr_t *attributes, int state)
    WASOCK_BSD(pthread_attr_setdetachstate);
int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
    WASOCK_BSD(pthread_attr_setstacksize);
int pthread_attr_getstacksize(const pthread_attr_t *attributes, size_t *size)
    WASOCK_BSD(pthread_attr_getstacksize);

int pthread_mutexattr_init(pthread_mutexattr_t *attributes)
    WASOCK_BSD(pthread_mutexattr_init);
int pthread_mutexattr_settype(pthread_mutexattr_t *attributes, int type)
    WASOCK_BSD(pthread_mutexattr_settype);
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
int pthread_mutex_unlock(pthread_mutex_t *mutex)
    WASOCK_BSD(pthread_mutex_unlock);

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
