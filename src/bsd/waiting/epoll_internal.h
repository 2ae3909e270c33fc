/* SPDX-License-Identifier: MIT */
/*
 * epoll_internal.h - what epoll.c and epoll_ask.c share.
 *
 *   epoll.c       registrations, their events, epoll_create, _ctl and _wait
 *   epoll_ask.c   asking the host which descriptors are ready
 *   epoll_nest.c  instances that watch others; connections that read EOF
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
    struct item *next_timed; /* in the list `timed` */
    struct item *next_ended; /* in the ring of connections that read EOF */
    struct item *previous_ended;
    struct epoll_event event; /* as registered */
    int fd;
    bool is_nested; /* the description is another instance */
    bool is_over;   /* a reported ONESHOT */
    unsigned armed; /* those that the poller asks about, for all items of
                        the description */
    unsigned told;  /* ready by the host, not reported yet */
    unsigned edges; /* what has risen and was not reported */
    unsigned stale; /* ready already, by the host or a report: no new edge */
};

/* What of an instance makes the outermost one of a wait ready. */
enum epoll_interest {
    EPOLL_UNREAD = 0,
    EPOLL_EDGES_READ, /* its new events */
    EPOLL_LEVELS_READ /* that it is ready */
};

struct epoll {
    struct description description;
    struct wasock_poller poller;
    void *memory; /* the poller's */
    size_t capacity;
    struct epoll_watch *inbox;
    struct item *items; /* all */
    size_t n_items;
    size_t n_nested;    /* items that are instances */
    struct item *timed; /* items that time alone makes ready */
    struct item *ready; /* a ring, the first to be looked at; or NULL */
    struct item *ended; /* a ring: connections that may be reset after EOF */
    struct epoll *next_below; /* in the list of one call */
    bool is_below;
    bool is_asked;            /* a thread waits in the poller */
    enum epoll_interest read; /* of the outermost one in this one */
    unsigned marks;           /* of epoll_nest.c */
    unsigned nap_ms;          /* of the wait that is under way */
};

/* The instance that a description is, or NULL. */
struct epoll *wasock_bsd__epoll_of(struct description *description);

/* Take the news of the instance. Returns the deadline at which time alone makes
 * more. */
uint64_t wasock_bsd__epoll_take_news(struct epoll *epoll);

/* Whether something is ready. */
bool wasock_bsd__epoll_is_ready(const struct epoll *epoll);

/* epoll_nest.c: whether `outer` may watch `inner`: 0, -EINVAL or -ELOOP. */
int wasock_bsd__epoll_check_nesting(struct epoll *outer, struct epoll *inner);

/* epoll_nest.c: link the instance and all that it watches, through others or
 * not, by next_below. */
void wasock_bsd__epoll_gather(struct epoll *epoll);

/* epoll_nest.c: gather, and take the news of all. Returns as that. */
uint64_t wasock_bsd__epoll_settle(struct epoll *epoll);

/* epoll_nest.c: put an item into the ring of connections that may be reset, or
 * take it out. */
void wasock_bsd__epoll_mind_end(struct epoll *epoll, struct item *item);
void wasock_bsd__epoll_forget_end(struct epoll *epoll, struct item *item);

/* epoll_nest.c: look at some of the ring. */
void wasock_bsd__epoll_look_at_ended(struct epoll *epoll);

/* The object to poll for a description, or NULL. */
struct wasock_socket *wasock_bsd__epoll_host(struct description *description);

/* The directions of EPOLL's events. */
unsigned wasock_bsd__epoll_directions(unsigned events);

/* The host reports readiness: pass it to all items of this instance. */
void wasock_bsd__epoll_tell(struct epoll *epoll,
                            struct description *description, unsigned events);

/* Poll the host, at most until the deadline. Returns 0 or an error. */
int wasock_bsd__epoll_ask(struct epoll *epoll, uint64_t deadline_ns);

#endif
