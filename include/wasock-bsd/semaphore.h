/* SPDX-License-Identifier: MIT */
/* semaphore.h - counters of one thread: a wait for another thread fails with
 * EDEADLK. Named semaphores fail with ENOSYS. */
#ifndef WASOCK_BSD_SEMAPHORE_H
#define WASOCK_BSD_SEMAPHORE_H

#pragma GCC system_header

#include <fcntl.h>
#include <time.h>

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SEM_FAILED ((sem_t *)0)
#define SEM_VALUE_MAX 0x7fffffff

typedef struct {
    unsigned wasock_bsd_value;
} sem_t;

int sem_init(sem_t *semaphore, int is_shared, unsigned value)
    WASOCK_BSD(sem_init);
int sem_destroy(sem_t *semaphore) WASOCK_BSD(sem_destroy);
int sem_post(sem_t *semaphore) WASOCK_BSD(sem_post);
int sem_wait(sem_t *semaphore) WASOCK_BSD(sem_wait);
int sem_trywait(sem_t *semaphore) WASOCK_BSD(sem_trywait);
int sem_timedwait(sem_t *__restrict semaphore,
                  const struct timespec *__restrict deadline)
    WASOCK_BSD(sem_timedwait);
int sem_getvalue(sem_t *__restrict semaphore, int *__restrict value)
    WASOCK_BSD(sem_getvalue);
sem_t *sem_open(const char *name, int flags, ...) WASOCK_BSD(sem_open);
int sem_close(sem_t *semaphore) WASOCK_BSD(sem_close);
int sem_unlink(const char *name) WASOCK_BSD(sem_unlink);

#ifdef __cplusplus
}
#endif

#endif
