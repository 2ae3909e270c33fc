/* SPDX-License-Identifier: MIT */
#include "internal.h"

void wasock_timer_cancel(struct wasock_timer *timer)
{
    if (timer->link_ == NULL) {
        return;
    }
    *timer->link_ = timer->next_;
    if (timer->next_ != NULL) {
        timer->next_->link_ = timer->link_;
    }
    timer->link_ = NULL;
}

/* Servers have few timers: a sorted list is enough. */
void wasock_server_set_timer_ns(struct wasock_server *server,
                                struct wasock_timer *timer, uint64_t timeout_ns)
{
    struct wasock_timer **link = &server->timers_;

    wasock_timer_cancel(timer);
    timer->at_ns_ =
        wasock__ns_after(wasock_poller_now_ns(&server->poller_), timeout_ns);
    if (timer->at_ns_ <= server->now_ns_) { /* not in this round */
        timer->at_ns_ = server->now_ns_ + 1;
    }
    while (*link != NULL && (*link)->at_ns_ <= timer->at_ns_) {
        link = &(*link)->next_;
    }
    timer->next_ = *link;
    timer->link_ = link;
    if (timer->next_ != NULL) {
        timer->next_->link_ = &timer->next_;
    }
    *link = timer;
}

uint64_t wasock__timers_next_ns(const struct wasock_server *server)
{
    return server->timers_ == NULL ? WASOCK_NO_DEADLINE
                                   : server->timers_->at_ns_;
}

void wasock__timers_expire(struct wasock_server *server)
{
    /* A timer that is set anew expires in the next round at the earliest. */
    const uint64_t now_ns = server->now_ns_;

    while (server->timers_ != NULL && server->timers_->at_ns_ <= now_ns) {
        struct wasock_timer *timer = server->timers_;
        wasock_timer_cancel(timer);
        timer->expire(timer);
    }
}
