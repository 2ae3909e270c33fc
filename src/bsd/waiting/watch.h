/* SPDX-License-Identifier: MIT */
/*
 * watch.h - how an epoll instance is notified of changes of a description.
 *
 * A watch is in two lists: the description's, and, from a change until the
 * instance has read it, the instance's inbox. So nothing below epoll.c calls
 * it.
 */
#ifndef WASOCK_BSD_WAITING_WATCH_H
#define WASOCK_BSD_WAITING_WATCH_H

#include "../table.h"

struct epoll_watch {
    _Alignas(8) struct description *description; /* NULL once it is closed */
    struct epoll_watch *next;                    /* in the description's list */
    struct epoll_watch **link;     /* what points at this one there */
    struct epoll_watch **inbox;    /* head of the instance's news */
    struct epoll_watch *next_news; /* in the inbox */
    unsigned risen;                /* newly ready, see below */
    bool has_news;                 /* is in the inbox */
};

/* Begin and end to watch. */
void wasock_bsd__watch(struct description *description,
                       struct epoll_watch *watch, struct epoll_watch **inbox);
void wasock_bsd__unwatch(struct epoll_watch *watch);

/* Not an event: a write found no room. */
#define WASOCK_BSD_FULL 0x10000U

/* Not an event: the host's object is another one now. */
#define WASOCK_BSD_RENEWED 0x20000U

/* Everything may have changed. */
#define WASOCK_BSD_ALL 0xffffU

/*
 * Something has changed.
 * risen: what has newly become ready, in POLL's bits: bytes have come, room
 * has; 0 when there only is less than before.
 */
void wasock_bsd__changed(struct description *description, unsigned risen);

/* The description is about to be freed. */
void wasock_bsd__end_watches(struct description *description);

#endif
