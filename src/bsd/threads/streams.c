/* SPDX-License-Identifier: MIT */
/*
 * streams.c - locks of stdio's streams.
 *
 * flockfile and its like keep each other out. stdio's own calls do not take the
 * lock: none of them waits in the middle, but on a stream over a socket or a
 * pipe, which only one thread may use at a time.
 */
#include <stdio.h>
#include <stdlib.h>

#include <wasock/clock.h>

#include "../plain.h"
#include "thread.h"

struct stream_lock {
    struct stream_lock *next;
    const FILE *stream;
    const struct thread *owner;
    unsigned n_locks;
};

static struct stream_lock *locks; /* that are held */

static struct stream_lock *find(const FILE *stream)
{
    struct stream_lock *lock = locks;

    while (lock != NULL && lock->stream != stream) {
        lock = lock->next;
    }
    return lock;
}

int ftrylockfile(FILE *stream)
{
    struct stream_lock *lock = find(stream);

    if (lock != NULL && lock->owner != wasock_bsd__current) {
        return -1;
    }
    if (lock == NULL) {
        lock = (struct stream_lock *)calloc(1, sizeof(*lock));
        if (lock == NULL) {
            return -1;
        }
        lock->stream = stream;
        lock->owner = wasock_bsd__current;
        lock->next = locks;
        locks = lock;
    }
    lock->n_locks++;
    return 0;
}
WASOCK_BSD_PLAIN(ftrylockfile);

void flockfile(FILE *stream)
{
    struct wait wait = {.key = stream,
                        .deadline_ns = WASOCK_NO_DEADLINE,
                        .what = "for the lock of a stream"};

    while (ftrylockfile(stream) != 0) {
        if (wasock_bsd__wait(&wait) < 0) {
            return;
        }
    }
}
WASOCK_BSD_PLAIN(flockfile);

void funlockfile(FILE *stream)
{
    struct stream_lock *lock = find(stream);
    struct stream_lock **link = &locks;

    if (lock == NULL || --lock->n_locks > 0) {
        return;
    }
    while (*link != lock) {
        link = &(*link)->next;
    }
    *link = lock->next;
    free(lock);
    wasock_bsd__wake(stream, 1);
}
WASOCK_BSD_PLAIN(funlockfile);
