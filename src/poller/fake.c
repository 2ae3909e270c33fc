/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/clock.h>

/*
 * Where the host's poll says that all sockets are ready, whether they are or
 * not, there is nothing but to try: the active ones round by round with naps
 * between, the idle ones in turn.
 */

/* Within which time an idle one is tried, at least, and more of it for each. */
#define BOUND_MIN_NS (20 * WASOCK_NS_PER_MS)
#define BOUND_EACH_NS (50 * WASOCK_NS_PER_US)

/*
 * The longest naps. Each costs Go's scheduler as much as a hundred tries, so
 * that they become longer after so many of those in which nothing moved: equal
 * parts of the bound, of this length at most, less what is lost in waking up.
 */
#define NAP_MAX_MS 10
#define NAP_MAX_NS (NAP_MAX_MS * WASOCK_NS_PER_MS)
#define QUIET_NAPS 8
#define QUIET_NAP_MAX_NS (20 * WASOCK_NS_PER_MS)
#define NAP_LATE_NS WASOCK_NS_PER_MS

/* How many always are active. */
#define ACTIVE_MIN 16

/* After so many tries in vain an active one becomes idle. */
#define SILENT_MAX 8

/* How long it may take until all idle ones were tried. */
static uint64_t bound_ns(const struct wasock_poller *poller)
{
    const uint64_t all_ns = wasock__n_idle(poller) * BOUND_EACH_NS;

    return all_ns > BOUND_MIN_NS ? all_ns : BOUND_MIN_NS;
}

/* Whether nothing has moved for long. */
static bool is_quiet(const struct wasock_poller *poller)
{
    return poller->n_naps_ > QUIET_NAPS;
}

/* How many naps of a quiet time one sweep lasts. */
static uint32_t naps_of_sweep(const struct wasock_poller *poller)
{
    return (uint32_t)((bound_ns(poller) + QUIET_NAP_MAX_NS - 1) /
                      QUIET_NAP_MAX_NS);
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

/* Which of the idle ones that end at a place moved; from the end, as others
 * come in the place of those that did. Returns how many. */
static uint32_t review_idle(struct wasock_poller *poller, uint32_t end,
                            uint32_t n)
{
    uint32_t n_moved = 0;

    for (uint32_t i = end; i > end - n; i--) {
        if (wasock__take_moved(poller, i - 1, WASOCK__MOVED_OF_LATE)) {
            wasock__sets_promote(poller, i - 1);
            n_moved++;
        }
    }
    return n_moved;
}

/* Which idle ones moved in the last round. Returns how many. */
static uint32_t review_swept(struct wasock_poller *poller)
{
    const uint32_t n_idle = wasock__n_idle(poller);
    const uint32_t n = poller->n_swept_ < n_idle ? poller->n_swept_ : n_idle;
    uint32_t n_moved = 0;

    poller->n_swept_ = 0;
    if (n <= poller->sweep_) {
        return review_idle(poller, poller->sweep_, n);
    }
    n_moved = review_idle(poller, n_idle, n - poller->sweep_);
    return n_moved + review_idle(poller, poller->sweep_, poller->sweep_);
}

/* Which active ones moved in the last round, and which idle ones. Returns how
 * many. */
static uint32_t review_round(struct wasock_poller *poller)
{
    uint32_t n_moved = poller->n_entered_; /* new ones */

    poller->n_entered_ = 0;
    n_moved += review_swept(poller);
    for (uint32_t i = wasock__n_idle(poller); i < poller->n_subscriptions_;
         i++) {
        struct wasock__registration *registration =
            wasock__registration_at(poller, i);
        if (wasock__take_moved(poller, i, WASOCK__MOVED_OF_LATE)) {
            registration->n_silent[0] = 0;
            n_moved++;
        } else if (++registration->n_silent[0] >= SILENT_MAX &&
                   poller->n_active_ > ACTIVE_MIN &&
                   registration->watch.socket_->role_ !=
                       WASOCK__ROLE_LISTENER) {
            registration->n_silent[0] = 0;
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
    if (poller->n_due_ > wasock__n_idle(poller)) {
        poller->n_due_ = wasock__n_idle(poller); /* some have gone */
    }
    while (poller->n_due_ > 0 && !wasock__report_is_full(report)) {
        wasock__idle_next_group(poller, 1);
        report_place(poller, report, poller->sweep_++);
        poller->n_due_--;
        poller->n_swept_++;
    }
}

/* Naps begin anew, and those are tried at once for whom such naps would be too
 * long: a quiet time's sweep asks for no more than its own, which are even. */
static void end_quiet(struct wasock_poller *poller)
{
    if (is_quiet(poller)) {
        poller->nap_ms_ = 0;
        poller->swept_ns_ = wasock_ns_subtract(poller->swept_ns_, NAP_MAX_NS);
    }
    poller->n_naps_ = 0;
}

/* How long the next nap is: longer each time that nothing has moved. */
static uint64_t next_nap_ns(struct wasock_poller *poller)
{
    if (poller->nap_ms_ < NAP_MAX_MS) {
        const uint32_t nap_ms = 2U * poller->nap_ms_ + 1;
        poller->nap_ms_ = (uint8_t)(nap_ms < NAP_MAX_MS ? nap_ms : NAP_MAX_MS);
    } else if (!is_quiet(poller)) {
        poller->n_naps_++;
    }
    return is_quiet(poller)
               ? bound_ns(poller) / naps_of_sweep(poller) - NAP_LATE_NS
               : poller->nap_ms_ * WASOCK_NS_PER_MS;
}

static int nap(struct wasock_poller *poller, uint64_t timeout_ns)
{
    const uint64_t nap_ns = next_nap_ns(poller);

    if (poller->n_subscriptions_ > 0 && timeout_ns >= nap_ns) {
        timeout_ns = nap_ns;
    } else {
        end_quiet(poller);
    }
    return timeout_ns == 0 ? 0 : wasock__fd_wait_once(-1, 0, timeout_ns);
}

/* How many more idle ones are owed a try by now. */
static uint32_t count_due(const struct wasock_poller *poller,
                          uint64_t period_ns, uint64_t now_ns)
{
    const uint32_t part = wasock__n_idle(poller) / naps_of_sweep(poller) + 1;

    if (is_quiet(poller)) {
        return part;
    }
    const uint32_t due = wasock__idle_due(poller, period_ns, now_ns);
    /* At last those, too, who will be due in the first of the longer naps. */
    return poller->n_naps_ == QUIET_NAPS ? due + part : due;
}

/* More idle ones are owed a try as time passes. */
static void owe_sweep(struct wasock_poller *poller, uint64_t now_ns)
{
    /* What is due may become so at the start of a nap. */
    const uint64_t period_ns = bound_ns(poller) - NAP_MAX_NS;
    const uint32_t n_idle = wasock__n_idle(poller);
    const uint32_t due = count_due(poller, period_ns, now_ns);

    poller->n_due_ += due;
    if (poller->n_due_ >= n_idle || poller->n_naps_ >= QUIET_NAPS) {
        poller->n_due_ = poller->n_due_ < n_idle ? poller->n_due_ : n_idle;
        poller->swept_ns_ = now_ns;
    } else if (due > 0) { /* the time that was too short for one more is kept */
        poller->swept_ns_ += due * period_ns / n_idle;
    }
}

int wasock__fake_ask(struct wasock_poller *poller,
                     struct wasock__report *report, uint64_t until_ns,
                     uint64_t now_ns)
{
    const bool has_moved = review_round(poller) > 0;
    const bool is_nap = !has_moved && report->n == 0 && poller->n_due_ == 0;

    if (has_moved) {
        end_quiet(poller);
        poller->nap_ms_ = 0;
    }
    if (is_nap) {
        const int result = nap(poller, wasock__timeout_of(until_ns, now_ns));
        if (result < 0) {
            return result;
        }
        now_ns = wasock_clock_now_ns();
    }
    if (is_nap || !is_quiet(poller)) {
        owe_sweep(poller, now_ns);
    }
    poller->n_kept_ = poller->n_active_;
    poller->next_kept_ = 0;
    wasock__fake_report_round(poller, report);
    return 0;
}
