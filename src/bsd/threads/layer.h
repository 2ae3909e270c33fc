/* SPDX-License-Identifier: MIT */
/*
 * layer.h - what calls of the layer do for threads: nothing, unless the layer
 * is built with them.
 */
#ifndef WASOCK_BSD_THREADS_LAYER_H
#define WASOCK_BSD_THREADS_LAYER_H

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../table.h"
#include "../waiting/ask.h"

struct epoll;

#ifdef WASOCK_BSD_THREADS

/* Whether there is no other thread. */
bool wasock_bsd__is_alone(void);

/* Begin and end a call that may wait: a cancellation point, during which the
 * description, unless NULL, is not closed. Returns `result`. */
void wasock_bsd__begin_call(struct description *description);
ptrdiff_t wasock_bsd__end_call(struct description *description,
                               ptrdiff_t result);

/* Whether the current call has to return -EINTR. */
bool wasock_bsd__is_interrupted(void);

/* Wait until another thread has changed the description. Returns 0; -EDEADLK:
 * none can; -EINTR. */
int wasock_bsd__await(struct description *description);

/* Wait until another thread has sent a signal, which may have been taken.
 * Returns as await. And one was sent. */
int wasock_bsd__await_signal(void);
void wasock_bsd__wake_for_signal(void);

/* As wasock_bsd__ask_host, but 0 is returned as well if another thread changes
 * something that matters. */
int wasock_bsd__ask_in_poll(struct ask *ask, uint64_t timeout_ns,
                            const struct pollfd *fds, size_t n_fds);
int wasock_bsd__ask_in_epoll(struct ask *ask, uint64_t timeout_ns,
                             struct epoll *epoll);

/* An instance, or another waiting call, has news. */
void wasock_bsd__wake_inbox(struct epoll_watch **inbox);

/* A number or a description is closed: what a wait that is under way knows of
 * it is stale. */
void wasock_bsd__note_closed(void);

/* Let other threads run: in a call that found nothing, and in one that need
 * not wait. */
void wasock_bsd__yield(void);
void wasock_bsd__end_turn(void);

#else

static inline bool wasock_bsd__is_alone(void)
{
    return true;
}

static inline void wasock_bsd__begin_call(struct description *description)
{
    (void)description;
}

static inline ptrdiff_t wasock_bsd__end_call(struct description *description,
                                             ptrdiff_t result)
{
    (void)description;
    return result;
}

static inline bool wasock_bsd__is_interrupted(void)
{
    return false;
}

static inline int wasock_bsd__await(struct description *description)
{
    (void)description;
    return -EDEADLK;
}

static inline int wasock_bsd__await_signal(void)
{
    return -EDEADLK;
}

static inline void wasock_bsd__wake_for_signal(void)
{
}

static inline int wasock_bsd__ask_in_poll(struct ask *ask, uint64_t timeout_ns,
                                          const struct pollfd *fds,
                                          size_t n_fds)
{
    (void)fds;
    (void)n_fds;
    return wasock_bsd__ask_host(ask, timeout_ns);
}

static inline int wasock_bsd__ask_in_epoll(struct ask *ask, uint64_t timeout_ns,
                                           struct epoll *epoll)
{
    (void)epoll;
    return wasock_bsd__ask_host(ask, timeout_ns);
}

static inline void wasock_bsd__wake_inbox(struct epoll_watch **inbox)
{
    (void)inbox;
}

static inline void wasock_bsd__note_closed(void)
{
}

static inline void wasock_bsd__yield(void)
{
}

static inline void wasock_bsd__end_turn(void)
{
}

#endif

#endif
