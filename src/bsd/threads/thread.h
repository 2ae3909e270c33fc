/* SPDX-License-Identifier: MIT */
/* thread.h - a thread. */
#ifndef WASOCK_BSD_THREADS_THREAD_H
#define WASOCK_BSD_THREADS_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "../system/signals.h"
#include "scheduler.h"

#define WASOCK_BSD_KEYS_MAX 128
#define WASOCK_BSD_NAME_BYTES 16

struct thread {
    struct coroutine *coroutine; /* main's, or `own` */
    struct coroutine own;
    struct thread *next; /* of all */
    struct thread *previous;
    struct thread *next_ready;
    struct wait *wait;    /* NULL: it is ready, or runs */
    const void *also_key; /* ends its waits for the host as well; or NULL */
    bool is_in_poller;    /* of an epoll instance */
    unsigned n_calls;     /* of the layer that it is in */
    char *stack;          /* its lowest byte; NULL: main's */
    size_t stack_bytes;
    void *(*start)(void *argument);
    void *argument;
    void *result;
    struct wasock_bsd_cleanup *innermost;
    const void *values[WASOCK_BSD_KEYS_MAX]; /* of keys */
    struct thread *joiner;                   /* waits for its end */
    void **locals;                           /* local.c: of variables */
    size_t n_locals;
    struct destructor *destructors; /* local.c: the last one first */
    char name[WASOCK_BSD_NAME_BYTES];
    struct signals signals;
    bool is_detached;
    bool has_ended;
    bool is_canceled;
    bool cannot_be_canceled; /* pthread_setcancelstate */
    bool is_asynchronous;
    bool is_exiting;
};

/* The list of all threads begins with main. */
extern struct thread wasock_bsd__main_thread;

/* A thread of a program's pthread_t. */
struct thread *wasock_bsd__thread_of(pthread_t thread);

/* Whether the current thread is to end at the next cancellation point. */
bool wasock_bsd__is_canceled(void);

/* keys.c: the current thread ends: call its cleanup handlers, and the
 * destructors of its values. */
void wasock_bsd__end_own(void);

/* local.c: free the _Thread_local variables of a thread. */
void wasock_bsd__free_locals(struct thread *thread);

/* A moment of a clock as a deadline. Returns 0, or EINVAL. */
int wasock_bsd__deadline_at(clockid_t clock, const struct timespec *moment,
                            uint64_t *deadline_ns);

/* jump.c: free what a coroutine's setjmps captured. */
void wasock_bsd__free_jumps(struct coroutine *coroutine);

/* Abort with a message if a thread has used more than its stack. */
void wasock_bsd__check_stack(const struct thread *thread);

#endif
