/* SPDX-License-Identifier: MIT */
/* threads_cancel.c - cancellation, and cleanup handlers. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "facts.h"
#include "threads.h"

static int pair[2];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t is_there;
static sem_t never;
static int order[8];
static int n_cleaned;

static void clean(void *number)
{
    order[n_cleaned++] = *(int *)number;
}

static void clean_mutex(void *argument)
{
    (void)argument;
    FACT(pthread_mutex_trylock(&mutex) == EBUSY); /* cond_wait took it */
    FACT(pthread_mutex_unlock(&mutex) == 0);
}

static void wait_in_read(void)
{
    char byte = 0;
    const ssize_t ignored = read(pair[0], &byte, 1);

    (void)ignored;
}

static void wait_in_poll(void)
{
    struct pollfd fd = {.fd = pair[0], .events = POLLIN};

    poll(&fd, 1, -1);
}

static void wait_in_sleep(void)
{
    sleep(100);
}

static void wait_in_condition(void)
{
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(clean_mutex, NULL);
    pthread_cond_wait(&condition, &mutex);
    pthread_cleanup_pop(1);
}

static void wait_in_semaphore(void)
{
    sem_wait(&never);
}

static void *join_never(void *argument)
{
    sem_wait(&never);
    return argument;
}

static pthread_t never_ends;

static void wait_in_join(void)
{
    pthread_join(never_ends, NULL);
}

static void (*const waits[])(void) = {wait_in_read,      wait_in_poll,
                                      wait_in_sleep,     wait_in_condition,
                                      wait_in_semaphore, wait_in_join};

static void *wait_for_cancel(void *argument)
{
    static int numbers[2] = {1, 2};

    pthread_cleanup_push(clean, &numbers[0]);
    pthread_cleanup_push(clean, &numbers[1]);
    sem_post(&is_there);
    (*(void (*const *)(void))argument)();
    FACT(0 && "it was canceled");
    pthread_cleanup_pop(1);
    pthread_cleanup_pop(1);
    return NULL;
}

/* Cancel a thread that waits in some call. */
static void cancel_in(size_t wait)
{
    n_cleaned = 0;
    const pthread_t thread = start(wait_for_cancel, (void *)&waits[wait]);
    sem_wait(&is_there);
    usleep(2000); /* it waits, or will: either way it is canceled */
    FACT(pthread_cancel(thread) == 0);
    FACT(result_of(thread) == PTHREAD_CANCELED);
    FACT(n_cleaned == 2 && order[0] == 2 && order[1] == 1);
}

static void *cannot_be_canceled(void *argument)
{
    int old = -1;

    FACT(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old) == 0);
    FACT(old == PTHREAD_CANCEL_ENABLE);
    sem_post(&is_there);
    sem_wait(&never);
    pthread_testcancel();
    FACT(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old) == 0);
    FACT(old == PTHREAD_CANCEL_DISABLE);
    pthread_testcancel();
    FACT(0 && "it was canceled");
    return argument;
}

static void *cancel_itself(void *argument)
{
    int old = -1;

    FACT(pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &old) == 0);
    FACT(old == PTHREAD_CANCEL_DEFERRED);
    FACT(pthread_cancel(pthread_self()) == 0);
    pthread_cleanup_push(clean, argument);
    pthread_testcancel();
    pthread_cleanup_pop(0);
    return NULL;
}

static void *pop_handlers(void *argument)
{
    pthread_cleanup_push(clean, argument);
    pthread_cleanup_push(clean, argument);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(1);
    return argument;
}

void cancel_facts(void)
{
    int five = 5;

    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    FACT(sem_init(&is_there, 0, 0) == 0 && sem_init(&never, 0, 0) == 0);
    never_ends = start(join_never, &five);
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        cancel_in(i);
    }
    FACT(sem_post(&never) == 0);
    FACT(result_of(never_ends) == &five);

    const pthread_t thread = start(cannot_be_canceled, NULL);
    sem_wait(&is_there);
    FACT(pthread_cancel(thread) == 0);
    usleep(1000);
    FACT(sem_post(&never) == 0);
    FACT(result_of(thread) == PTHREAD_CANCELED);

    n_cleaned = 0;
    FACT(result_of(start(cancel_itself, &five)) == PTHREAD_CANCELED);
    FACT(n_cleaned == 1 && order[0] == 5);
    FACT(result_of(start(pop_handlers, &five)) == &five);
    FACT(n_cleaned == 2);
    close(pair[0]);
    close(pair[1]);
}
