/* SPDX-License-Identifier: MIT */
/*
 * keys.c - what is a thread's own: values of keys; and what is done once.
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#include <wasock/clock.h>

#include "../plain.h"
#include "../threads/layer.h"
#include "../threads/thread.h"

/* How often destructors that set values again are called. */
#define N_ITERATIONS 4

/* States of a once. */
#define ONCE_RUNS 1
#define ONCE_DONE 2

static struct {
    void (*destroy)(void *value);
    bool is_used;
} keys[WASOCK_BSD_KEYS_MAX];

/* Errors: EAGAIN: too many. */
int pthread_key_create(pthread_key_t *key, void (*destroy)(void *))
{
    for (pthread_key_t i = 0; i < WASOCK_BSD_KEYS_MAX; i++) {
        if (!keys[i].is_used) {
            keys[i].is_used = true;
            keys[i].destroy = destroy;
            *key = i;
            return 0;
        }
    }
    return EAGAIN;
}
WASOCK_BSD_PLAIN(pthread_key_create);

/* Calls no destructors. */
int pthread_key_delete(pthread_key_t key)
{
    if (key >= WASOCK_BSD_KEYS_MAX || !keys[key].is_used) {
        return EINVAL;
    }
    keys[key].is_used = false;
    for (struct thread *thread = &wasock_bsd__main_thread; thread != NULL;
         thread = thread->next) {
        thread->values[key] = NULL;
    }
    return 0;
}
WASOCK_BSD_PLAIN(pthread_key_delete);

/* A value is given back as it was set. */
static void *as_given(const void *value)
{
    union {
        const void *set;
        void *got;
    } both = {.set = value};

    return both.got;
}

void *pthread_getspecific(pthread_key_t key)
{
    return key < WASOCK_BSD_KEYS_MAX
               ? as_given(wasock_bsd__current->values[key])
               : NULL;
}
WASOCK_BSD_PLAIN(pthread_getspecific);

int pthread_setspecific(pthread_key_t key, const void *value)
{
    if (key >= WASOCK_BSD_KEYS_MAX || !keys[key].is_used) {
        return EINVAL;
    }
    wasock_bsd__current->values[key] = value;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_setspecific);

/* Destroy the values that there are. Returns whether there was one. */
static bool destroy_once(struct thread *thread)
{
    bool was_any = false;

    for (size_t i = 0; i < WASOCK_BSD_KEYS_MAX; i++) {
        const void *value = thread->values[i];
        thread->values[i] = NULL;
        if (value != NULL && keys[i].destroy != NULL) {
            was_any = true;
            keys[i].destroy(as_given(value));
        }
    }
    return was_any;
}

void wasock_bsd__end_own(void)
{
    while (wasock_bsd__current->innermost != NULL) {
        wasock_bsd_cleanup_pop(1);
    }
    wasock_bsd__destroy_locals();
    for (int i = 0; i < N_ITERATIONS && destroy_once(wasock_bsd__current);
         i++) {
    }
}

/* A cancellation in the routine lets another thread call it. */
static void forget_once(void *once)
{
    *(pthread_once_t *)once = PTHREAD_ONCE_INIT;
    wasock_bsd__wake(once, SIZE_MAX);
}

int pthread_once(pthread_once_t *once, void (*initialise)(void))
{
    struct wait wait = {.key = once,
                        .deadline_ns = WASOCK_NO_DEADLINE,
                        .what = "in pthread_once"};

    while (*once == ONCE_RUNS) {
        const int result = wasock_bsd__wait(&wait);
        if (result < 0) {
            return -result;
        }
    }
    if (*once == ONCE_DONE) {
        return 0;
    }
    *once = ONCE_RUNS;
    pthread_cleanup_push(forget_once, once);
    initialise();
    pthread_cleanup_pop(0);
    *once = ONCE_DONE;
    wasock_bsd__wake(once, SIZE_MAX);
    return 0;
}
WASOCK_BSD_PLAIN(pthread_once);
