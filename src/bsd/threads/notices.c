/* SPDX-License-Identifier: MIT */
#include "notices.h"

#include "scheduler.h"

static struct wasock_watch *inbox; /* of all threads */

void wasock_bsd__notice(struct wasock_socket *socket, struct notice *notice)
{
    notice->thread = wasock_bsd__current;
    wasock__socket_watch(socket, &notice->watch, &inbox);
}

/* Take it out of the inbox as well, if it is in there. */
void wasock_bsd__unnotice(struct notice *notice)
{
    struct wasock_watch **link = &inbox;

    wasock__socket_unwatch(&notice->watch);
    while (notice->watch.changes_ != 0 && *link != NULL) {
        if (*link == &notice->watch) {
            *link = notice->watch.next_changed_;
            return;
        }
        link = &(*link)->next_changed_;
    }
}

void wasock_bsd__take_notices(void)
{
    while (inbox != NULL) {
        struct notice *notice = (struct notice *)inbox;
        inbox = notice->watch.next_changed_;
        notice->watch.changes_ = 0;
        wasock_bsd__wake_thread(notice->thread, 0);
    }
}
