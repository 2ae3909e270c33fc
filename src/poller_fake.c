/* SPDX-License-Identifier: MIT */
#include "poller_parts.h"

#include <wasock/clock.h>

/*
 * Where the host's poll says that all sockets are ready, whether they are or
 * not, there is nothing but to try: the active ones round by round with naps
 * between, the idle ones in turn.
 */

/*
 * Within which time an idle one is tried, at least, and more of it for each;
 * the longest naps, which cost Go's scheduler more than a try, with idle ones
 * and without; and how many always are active.
 */
#define BOUND_MIN_NS (20 * WASOCK_NS_PER_MS)
#define BOUND_EACH_NS (50 * WASOCK_NS_PER_US)
#define NAP_MAX_MS 10
#define NAP_ALL_ACTIVE_MAX_MS 20
#define ACTIVE_MIN 16

/* After so many tries in vain an active one becomes idle. */
#define SILENT_MAX 8

/* How long it may take until all idle ones were tried. */
static uint64_t sweep_period_ns(const struct wasock_poller *poller)
{
    const uint64_t bound_ns = wasock__n_idle(poller) * BOUND_EACH_NS;

    /* What is due may become so at the start of a nap. */
    return (bound_ns > BOUND_MIN_NS ? bound_ns : BOUND_MIN_NS) -
           NAP_MAX_MS * WASOCK_NS_PER_MS;
}

static void report_place(struct wasock_poller *poller,
                         struct wasock__report *report, uint32_t place)
{
    const uint64_t userdata = poller->subscriptions_[place].userdata;

    if (wasock__may_be_tried(poller, userdata)) {
        wasock__report_add(report, wasock__registration_of(poller, userdata))
            ->ready = (uint8_t)(1U << wasock__side_of(userdata));
    }
}

/* Which active ones moved in the last round, and which idle ones. Returns how
 * many. */
static uint32_t review_round(struct wasock_poller *poller)
{
    uint32_t n_moved = poller->n_entered_; /* new ones */

    poller->n_entered_ = 0;
    for (uint32_t i = poller->sweep_; i > poller->swept_from_; i--) {
        if (wasock__take_moved(poller, i - 1, WASOCK__MOVED_OF_LATE)) {
            wasock__sets_promote(poller, i - 1);
            n_moved++;
        }
    }
    for (uint32_t i = wasock__n_idle(poller); i < poller->n_subscriptions_;
         i++) {
        struct wasock__registration *registration =
            wasock__registration_at(poller, i);
        if (wasock__take_moved(poller, i, WASOCK__MOVED_OF_LATE)) {
            registration->n_silent = 0;
            n_moved++;
        } else if (++registration->n_silent >= SILENT_MAX &&
                   poller->n_active_ > ACTIVE_MIN &&
                   registration->watch.socket_->role_ !=
                       WASOCK__ROLE_LISTENER) {
            registration->n_silent = 0;
            wasock__sets_demote(poller, i);
            poller->n_due_++; /* so that those before it wait no longer */
        }
    }
    return n_moved;
}

void wasock__fake_report_round(struct wasock_poller *poller,
                               struct wasock__report *report)
{
    while (poller->next_kept_ < poller->n_kept_ &&
           poller->next_kept_ < poller->n_active_ &&
           !wasock__report_is_full(report)) {
        report_place(poller, report,
                     wasock__n_idle(poller) + poller->next_kept_++);
    }
    while (poller->n_due_ > 0 && poller->sweep_ < wasock__n_idle(poller) &&
           !wasock__report_is_full(report)) {
        report_place(poller, report, poller->sweep_++);
        poller->n_due_--;
    }
}

/* Sleep, longer each time that nothing has moved. */
static int nap(struct wasock_poller *poller, uint64_t timeout_ns)
{
    const uint32_t max_ms =
        wasock__n_idle(poller) == 0 ? NAP_ALL_ACTIVE_MAX_MS : NAP_MAX_MS;
    const uint32_t nap_ms = 2U * poller->nap_ms_ + 1;

    poller->nap_ms_ = (uint8_t)(nap_ms < max_ms ? nap_ms : max_ms);
    if (poller->n_subscriptions_ > 0 &&
        timeout_ns > poller->nap_ms_ * WASOCK_NS_PER_MS) {
        timeout_ns = poller->nap_ms_ * WASOCK_NS_PER_MS;
    }
    return timeout_ns == 0 ? 0 : wasock__fd_wait_once(-1, 0, timeout_ns);
}

/* More idle ones are owed a try as time passes. */
static void owe_sweep(struct wasock_poller *poller, uint64_t now_ns)
{
    const uint64_t period_ns = sweep_period_ns(poller);
    const uint32_t n_idle = wasock__n_idle(poller);
    const uint32_t due = wasock__idle_due(poller, period_ns, now_ns);

    poller->n_due_ += due;
    if (poller->n_due_ >= n_idle) {
        poller->n_due_ = n_idle;
        poller->swept_ns_ = now_ns;
    } else if (due > 0) { /* the time that was too short for one more is kept */
        poller->swept_ns_ += due * period_ns / n_idle;
    }
}

int wasock__fake_ask(struct wasock_poller *poller,
                     struct wasock__report *report, uint64_t until_ns,
                     uint64_t now_ns)
{
    if (review_round(poller) > 0) {
        poller->nap_ms_ = 0;
    } else if (report->n == 0) {
        const int result = nap(poller, wasock__timeout_of(until_ns, now_ns));
        if (result < 0) {
            return result;
        }
        now_ns = wasock_clock_now_ns();
    }
    owe_sweep(poller, now_ns);
    wasock__idle_next_group(poller, 0);
    poller->swept_from_ = poller->sweep_;
    poller->n_kept_ = poller->n_active_;
    poller->next_kept_ = 0;
    wasock__fake_report_round(poller, report);
    return 0;
}
