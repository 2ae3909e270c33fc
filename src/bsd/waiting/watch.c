/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include "../threads/layer.h"

void wasock_bsd__watch(struct description *description,
                       struct epoll_watch *watch, struct epoll_watch **inbox)
{
    watch->description = description;
    watch->inbox = inbox;
    watch->has_news = false;
    watch->risen = 0;
    watch->next = description->watches;
    watch->link = &description->watches;
    if (watch->next != NULL) {
        watch->next->link = &watch->next;
    }
    description->watches = watch;
}

void wasock_bsd__unwatch(struct epoll_watch *watch)
{
    if (watch->description == NULL) {
        return;
    }
    *watch->link = watch->next;
    if (watch->next != NULL) {
        watch->next->link = watch->link;
    }
    watch->description = NULL;
}

void wasock_bsd__changed(struct description *description, unsigned risen)
{
    for (struct epoll_watch *watch = description->watches; watch != NULL;
         watch = watch->next) {
        watch->risen |= risen;
        if (!watch->has_news) {
            watch->has_news = true;
            watch->next_news = *watch->inbox;
            *watch->inbox = watch;
            wasock_bsd__wake_inbox(watch->inbox);
        }
    }
}

void wasock_bsd__end_watches(struct description *description)
{
    wasock_bsd__changed(description, 0);
    while (description->watches != NULL) {
        wasock_bsd__unwatch(description->watches);
    }
}
