/* SPDX-License-Identifier: MIT */
/*
 * layer.h - what calls of the layer do for threads: nothing, unless the layer
 * is built with them.
 */
#ifndef WASOCK_BSD_THREADS_LAYER_H
#define WASOCK_BSD_THREADS_LAYER_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/socket.h>

#include <wasock/fd.h>

#include "../table.h"
#include "../waiting/ask.h"

struct epoll;
struct thread;

/* A code of no error. */
#define WASOCK_BSD_RESTART 0x10000

/* Wait until another thread has changed the description, or for its timeout in
 * a direction. Returns 0; -EAGAIN; -EDEADLK: none can; -EINTR. */
int wasock_bsd__await(struct description *description, unsigned direction);

/* The same, if a call may wait. -EAGAIN: not with O_NONBLOCK, nor with
 * MSG_DONTWAIT in `flags`. */
static inline int wasock_bsd__block(struct description *description,
                                    unsigned direction, int flags)
{
    return (description->flags & O_NONBLOCK) != 0 || (flags & MSG_DONTWAIT) != 0
               ? -EAGAIN
               : wasock_bsd__await(description, direction);
}

/* Begin a call that may wait: a cancellation point, during which the
 * description, unless NULL, is not closed. */
void wasock_bsd__begin_call(struct description *description);

/* End a call, and run the handlers of signals that came meanwhile.
 * direction: what the call waited for; 0: no handler lets it begin again.
 * Returns `result`, or -WASOCK_BSD_RESTART: begin again. */
ptrdiff_t wasock_bsd__end_call(struct description *description,
                               unsigned direction, ptrdiff_t result);

/* Whether the current call has to return -EINTR. */
bool wasock_bsd__is_interrupted(void);

static inline uint64_t
wasock_bsd__timeout_us(const struct description *description,
                       unsigned direction)
{
    return direction == WASOCK_READABLE ? description->receive_timeout_us
                                        : description->send_timeout_us;
}

/* Whether a call begins again after a handler with SA_RESTART: as on Linux not
 * where the socket has a timeout. */
static inline bool
wasock_bsd__may_restart(const struct description *description,
                        unsigned direction)
{
    return direction != 0 &&
           (description == NULL ||
            wasock_bsd__timeout_us(description, direction) == 0);
}

#ifdef WASOCK_BSD_THREADS

/* Whether there is no other thread. */
bool wasock_bsd__is_alone(void);

/* Which thread takes a signal that the current one blocks; NULL: none. And it
 * has got one: end its wait. */
struct thread *wasock_bsd__taker_of(sigset_t bit);
void wasock_bsd__interrupt(struct thread *thread);

/* Whether another thread could run now. */
bool wasock_bsd__is_another_ready(void);

/* As wasock_bsd__ask_host, but 0 is returned as well if another thread changes
 * something that matters. */
int wasock_bsd__ask_in_poll(struct ask *ask, uint64_t timeout_ns,
                            const struct pollfd *fds, size_t n_fds);
int wasock_bsd__ask_in_epoll(struct ask *ask, uint64_t timeout_ns,
                             struct epoll *epoll);

/* Begin and end to wait in an instance's poller. The wait fails with EINTR if
 * another thread changes something that matters. */
void wasock_bsd__begin_asking(struct epoll *epoll);
void wasock_bsd__end_asking(struct epoll *epoll);

/* Wait for what other threads do to an instance, and for nothing else. */
void wasock_bsd__await_news(struct epoll *epoll, uint64_t deadline_ns);

/* An instance, or another waiting call, has news. */
void wasock_bsd__wake_inbox(struct epoll_watch **inbox);

/* A description or its number is closed, or what a poller asks about is
 * another thing: the answer to a wait that is under way is stale. */
void wasock_bsd__note_change(void);

/* Call the destructors of the current thread's _Thread_local variables. */
void wasock_bsd__destroy_locals(void);

/* Let other threads run: in a call that found nothing, and in one that need
 * not wait. */
void wasock_bsd__yield(void);
void wasock_bsd__end_turn(void);

#else

static inline bool wasock_bsd__is_alone(void)
{
    return true;
}

static inline struct thread *wasock_bsd__taker_of(sigset_t bit)
{
    (void)bit;
    return NULL;
}

static inline void wasock_bsd__interrupt(struct thread *thread)
{
    (void)thread;
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

static inline bool wasock_bsd__is_another_ready(void)
{
    return false;
}

static inline void wasock_bsd__begin_asking(struct epoll *epoll)
{
    (void)epoll;
}

static inline void wasock_bsd__end_asking(struct epoll *epoll)
{
    (void)epoll;
}

static inline void wasock_bsd__await_news(struct epoll *epoll,
                                          uint64_t deadline_ns)
{
    (void)epoll;
    (void)deadline_ns;
}

static inline void wasock_bsd__wake_inbox(struct epoll_watch **inbox)
{
    (void)inbox;
}

static inline void wasock_bsd__note_change(void)
{
}

static inline void wasock_bsd__destroy_locals(void)
{
}

static inline void wasock_bsd__yield(void)
{
}

static inline void wasock_bsd__end_turn(void)
{
}

#endif

/* Who tries again and again lets others run. Returns `error`. */
static inline int wasock_bsd__yield_if(int error)
{
    if (error != 0) {
        wasock_bsd__yield();
    }
    return error;
}

#endif
