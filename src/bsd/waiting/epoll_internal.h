/* SPDX-License-Identifier: MIT */
/*
 * epoll_internal.h - what epoll.c and epoll_ask.c share.
 *
 *   epoll.c      registrations, their events, epoll_create, _ctl and _wait
 *   epoll_ask.c  asking the host which descriptors are ready
 */
#ifndef WASOCK_BSD_WAITING_EPOLL_INTERNAL_H
#define WASOCK_BSD_WAITING_EPOLL_INTERNAL_H

#include <sys/epoll.h>

#include <wasock/poller.h>

#include "../table.h"
#include "watch.h"

#define WASOCK_BSD_EPOLL_TRIGGERS                                              \
    (EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP)

/* Always reported, as in epoll. */
#define WASOCK_BSD_EPOLL_ALWAYS (EPOLLERR | EPOLLHUP)

/* One registration. */
struct item {
    struct epoll_watch watch; /* first */
    struct item *next;        /* of all of the instance */
    struct item *previous;
    struct item *next_ready; /* in the ring of those perhaps ready */
    struct item *previous_ready;
    struct item *next_timed;  /* of those that time alone makes ready */
    struct epoll_event event; /* as registered */
    int fd;
    bool is_over;   /* a reported ONESHOT */
    unsigned armed; /* those that the poller asks about, for all items of
                        the description */
    unsigned told;  /* ready by the host, not reported yet */
    unsigned edges; /* what has risen and was not reported */
    unsigned spent; /* directions whose edge was reported: not armed */
};

struct epoll {
    struct description description;
    struct wasock_poller poller;
    void *memory; /* the poller's */
    size_t capacity;
    struct epoll_watch *inbox;
    struct item *items; /* all */
    size_t n_items;
    struct item *timed; /* those with due_ns */
    struct item *ready; /* a ring, the first to be looked at; or NULL */
    unsigned nap_ms;    /* with threads: the last nap */
};

/* The object to poll for a description, or NULL. */
struct wasock_socket *wasock_bsd__epoll_host(struct description *description);

/* The host reports readiness: pass it to all items of this instance. */
void wasock_bsd__epoll_tell(struct epoll *epoll,
                            struct description *description, unsigned events);

/* Poll the host, at most until the deadline. Returns 0 or an error. */
int wasock_bsd__epoll_ask(struct epoll *epoll, uint64_t deadline_ns);

#endif
