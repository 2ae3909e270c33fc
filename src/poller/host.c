/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../wasip1.h"

/*
 * A poll costs wasmtime about 0.2 us a subscription when nothing is ready.
 * When anything is, it costs 0.9 us each, and all of them are reported. So
 * subscriptions stand in two sets, in one array: the active ones, which were
 * in use of late and are polled every time, and the idle ones, which are
 * polled group by group in turn, mostly to hear that nothing is ready. Only
 * when all has been quiet for a while are both waited for together.
 *
 * A subscription enters the active set when it is new or found ready, and
 * leaves it when a hand that goes round (the CLOCK algorithm of page caches)
 * finds it unused too often.
 */

/* The active set is not made smaller than this: it would gain nothing. */
#define ACTIVE_MIN 16

/* The credit of a connection that is used again and again. */
#define CREDIT_MAX 15

/* How far the hand moves: so that what is new and silent leaves as fast as it
 * comes, in a storm of connections too; and by one for so many false events. */
#define STEPS_PER_ENTRY 3
#define WASTE_PER_STEP 32

/* How many idle ones are polled at once, and how many are looked at together
 * to find the one that is meant. */
#define GROUP 64
#define CHUNK 8

/*
 * A sweep of all idle ones takes this long. To ask about one that was not asked
 * about for so long costs 1 to 1.5 us, nearly all of it memory that is no
 * longer in any cache, the kernel's and the host's; so that a tenth of the time
 * goes into it at most, many are asked less often. The promise is a fifth more.
 */
#define SWEEP_MIN_NS (16 * WASOCK_NS_PER_MS)
#define SWEEP_EACH_NS (12 * WASOCK_NS_PER_US)

/* Waiting for all together costs so much a subscription when it ends: worth
 * it after so many times that without an event. */
#define QUIET_COST_NS 1100
#define QUIET_PARTS 4
#define QUIET_MIN_NS WASOCK_NS_PER_MS

/* Up to so many that may all be ready are tried, not asked about again: each
 * more poll costs as much as several tries in vain, and of those that were
 * asked about most come to something where connections come and go. */
#define TRIED_MAX 64

/* Among doubtful events, how often one is passed over before it is tried. */
#define SILENT_MAX 8

/*
 * When one in so many of the active ones had something to do, they are taken
 * for ready again without being asked about, so many times in a row: to try in
 * vain costs little more than to be told that there is nothing, and less than
 * to be told of what there is. When too few were, not for so many polls. Nor
 * for longer than a sweep takes: what is not taken for ready waits meanwhile.
 */
#define ASSUME_MIN 16
#define ASSUME_PART 2
#define ASSUMED_MAX 7
#define ASSUMED_TRIES_MAX 4096 /* at 4 us each */
#define ASSUME_PAUSE 64

/* Reports. */

static void report_ready(struct wasock_poller *poller,
                         struct wasock__report *report, uint64_t userdata)
{
    struct wasock__registration *registration =
        wasock__registration_of(poller, userdata);

    if (!wasock__may_be_tried(poller, userdata)) {
        return;
    }
    wasock__report_add(report, registration)->ready =
        (uint8_t)(1U << wasock__side_of(userdata));
    registration->n_silent[wasock__side_of(userdata)] = 0;
    wasock__sets_promote(poller,
                         registration->place[wasock__side_of(userdata)]);
}

/* A descriptor that cannot be waited for ends its registration's waiting. */
static void report_dead(struct wasock_poller *poller,
                        struct wasock__report *report, uint64_t userdata)
{
    struct wasock__registration *registration =
        wasock__registration_of(poller, userdata);

    wasock__report_add(report, registration)->error = -WASOCK_EBADF;
    wasock__host_unsubscribe(poller,
                             (uint32_t)(registration - poller->registrations_));
}

/*
 * Whether an event says for certain that there is something, in a poll that
 * reported everything. wasmtime gives the number of bytes there, but 1 for
 * none, for one and at the end of the stream, and 0 for all that is written.
 */
static bool is_certain(const struct wasock__event *event)
{
    return event->error != 0 ||
           (event->flags & WASIP1_EVENTRWFLAGS_HANGUP) != 0 ||
           (event->type == WASIP1_EVENTTYPE_FD_READ && event->n_bytes != 1);
}

static void report_event(struct wasock_poller *poller,
                         struct wasock__report *report,
                         const struct wasock__event *event)
{
    if (event->error == WASOCK_EBADF) {
        report_dead(poller, report, event->userdata);
    } else {
        report_ready(poller, report, event->userdata);
    }
}

/* While active ones are taken for ready, polls are so few that a listener is
 * tried after each: it is not taken for ready, as it mostly is not. */
static bool is_rarely_asked(const struct wasock_poller *poller,
                            const struct wasock__registration *registration)
{
    return poller->is_after_assumed_ &&
           registration->watch.socket_->role_ == WASOCK__ROLE_LISTENER;
}

/*
 * Whether to report an event of a poll that reported everything: if it is
 * certain, and now and then if it is of an active one, since what is certain
 * of the others may go on for ever.
 */
static bool is_worth_a_try(struct wasock_poller *poller,
                           const struct wasock__event *event)
{
    if (!poller->is_doubtful_ || is_certain(event)) {
        return true;
    }
    const unsigned side = wasock__side_of(event->userdata);
    struct wasock__registration *registration =
        wasock__registration_of(poller, event->userdata);

    return is_rarely_asked(poller, registration) ||
           (registration->place[side] >= wasock__n_idle(poller) &&
            ++registration->n_silent[side] % SILENT_MAX == 0);
}

static void report_kept_events(struct wasock_poller *poller,
                               struct wasock__report *report)
{
    while (poller->next_kept_ < poller->n_kept_ &&
           !wasock__report_is_full(report)) {
        const struct wasock__event *event =
            &poller->events_[poller->next_kept_++];
        if (wasock__is_current(poller, event->userdata) &&
            is_worth_a_try(poller, event)) {
            report_event(poller, report, event);
        }
    }
}

/* Report all that is kept, doubtful or not. */
static void report_all_kept(struct wasock_poller *poller,
                            struct wasock__report *report)
{
    poller->is_doubtful_ = false;
    report_kept_events(poller, report);
}

/* Asking the host. */

/* The outcome of one poll. */
struct outcome {
    int error;
    uint32_t n_ready;   /* events that are not the clock's */
    uint32_t n_certain; /* of them; all, unless everything was reported */
};

/* Poll `count` subscriptions from `first` on; their events are kept. */
static struct outcome poll_range(struct wasock_poller *poller, uint32_t first,
                                 uint32_t count, uint64_t timeout_ns)
{
    struct wasock__subscription *end = &poller->subscriptions_[first + count];
    const struct wasock__subscription saved = *end; /* the clock goes there */
    struct outcome outcome = {0, 0, 0};
    const int n_events = wasock__fd_poll_once(
        &poller->subscriptions_[first], count, poller->events_, timeout_ns);

    *end = saved;
    poller->n_kept_ = n_events > 0 ? (uint32_t)n_events : 0;
    poller->next_kept_ = 0;
    poller->is_doubtful_ = false;
    if (n_events < 0) {
        outcome.error = n_events;
        return outcome;
    }
    for (uint32_t i = 0; i < poller->n_kept_; i++) {
        const struct wasock__event *event = &poller->events_[i];
        if (wasock__is_current(poller, event->userdata)) {
            outcome.n_ready++;
            outcome.n_certain += is_certain(event);
        }
    }
    poller->is_doubtful_ = outcome.n_ready == count && count > 1;
    if (!poller->is_doubtful_) {
        outcome.n_certain = outcome.n_ready;
    }
    return outcome;
}

static void forget_kept(struct wasock_poller *poller)
{
    poller->n_kept_ = 0;
    poller->next_kept_ = 0;
}

/* Whether one subscription is what made a poll fail: dead, or no thing to be
 * polled, as a directory is on wasmtime. */
static bool is_dead(struct wasock_poller *poller, uint32_t place)
{
    struct wasock_fd_stat stat;
    const int fd = (int)poller->subscriptions_[place].of.fd;

    return wasock_fd_stat(fd, &stat) < 0 || stat.kind == WASOCK_FD_DIRECTORY;
}

/* wasmtime fails a whole poll for one dead descriptor and does not say which.
 * Returns 0 if one was found and reported. */
static int find_dead(struct wasock_poller *poller,
                     struct wasock__report *report, uint32_t first,
                     uint32_t count)
{
    int result = -WASOCK_EBADF;

    /* From the end: what leaves its place to a dead one was looked at. */
    for (uint32_t i = count; i > 0 && !wasock__report_is_full(report); i--) {
        const uint32_t place = first + i - 1;
        if (place < poller->n_subscriptions_ && is_dead(poller, place)) {
            report_dead(poller, report, poller->subscriptions_[place].userdata);
            result = 0;
        }
    }
    return result;
}

/* Find out one by one which of a few are ready. */
static void search_each(struct wasock_poller *poller,
                        struct wasock__report *report, uint32_t first,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count && !wasock__report_is_full(report); i++) {
        if (poll_range(poller, first + i, 1, 0).n_ready > 0) {
            report_kept_events(poller, report);
        }
    }
}

/*
 * Among `count` of which something is ready, find what, a few together at a
 * time. Active ones are reported with their neighbours: a try in vain costs
 * less than to ask for each. Of idle ones only those that are meant.
 */
static void search(struct wasock_poller *poller, struct wasock__report *report,
                   uint32_t first, uint32_t count)
{
    const bool is_active = first >= wasock__n_idle(poller);

    for (uint32_t i = 0; i < count && !wasock__report_is_full(report);
         i += CHUNK) {
        const uint32_t n = count - i < CHUNK ? count - i : CHUNK;
        if (poll_range(poller, first + i, n, 0).n_ready == 0) {
            continue;
        }
        if (is_active) {
            report_all_kept(poller, report);
        } else {
            search_each(poller, report, first + i, n);
        }
    }
    forget_kept(poller);
}

/* All were reported, and none for certain: find those meant among the active
 * ones. The hand's place as the start lets each come first in turn. */
static void search_active(struct wasock_poller *poller,
                          struct wasock__report *report)
{
    const uint32_t n = poller->n_active_;
    const uint32_t start = n > 0 ? poller->hand_ % n : 0;
    const uint32_t first = wasock__n_idle(poller);

    search(poller, report, first + start, n - start);
    search(poller, report, first, start);
}

/* The sweep of the idle ones. */

/* Sweep the next `count` until nothing among them is ready: what is reported
 * has left, and others stand there. Returns an error or 0. */
static int sweep_group(struct wasock_poller *poller,
                       struct wasock__report *report, uint32_t count)
{
    uint32_t n_before = 0;
    int result = 0;

    do {
        const uint32_t first = poller->sweep_;
        n_before = wasock__n_idle(poller);
        count = count < n_before - first ? count : n_before - first;
        if (count == 0) {
            return 0;
        }
        const struct outcome outcome = poll_range(poller, first, count, 0);
        result = outcome.error;
        if (outcome.error == -WASOCK_EBADF) {
            result = find_dead(poller, report, first, count);
        } else if (outcome.n_certain > 0) {
            report_kept_events(poller, report);
        } else if (outcome.n_ready > 0) {
            search(poller, report, first, count);
        }
    } while (result == 0 && wasock__n_idle(poller) != n_before &&
             !wasock__report_is_full(report));
    return result;
}

/* How long a sweep of all idle ones takes. */
static uint64_t sweep_period_ns(const struct wasock_poller *poller)
{
    const uint64_t sweep_ns = wasock__n_idle(poller) * SWEEP_EACH_NS;

    return sweep_ns > SWEEP_MIN_NS ? sweep_ns : SWEEP_MIN_NS;
}

/* When the next group is due. */
static uint64_t next_sweep_ns(const struct wasock_poller *poller)
{
    const uint64_t n = wasock__n_idle(poller);

    return wasock_ns_add(poller->swept_ns_,
                         n <= GROUP ? sweep_period_ns(poller)
                                    : sweep_period_ns(poller) * GROUP / n);
}

static int sweep(struct wasock_poller *poller, struct wasock__report *report,
                 uint64_t now_ns)
{
    uint32_t due = wasock__idle_due(poller, sweep_period_ns(poller), now_ns);
    int result = 0;

    if (due < GROUP && due < wasock__n_idle(poller)) {
        return 0;
    }
    while (due > 0 && wasock__n_idle(poller) > 0 && result == 0) {
        const uint32_t count =
            wasock__idle_next_group(poller, due < GROUP ? due : GROUP);
        result = sweep_group(poller, report, count);
        if (wasock__report_is_full(report) || result == -WASOCK_EINTR) {
            return result; /* goes on here next time: still due */
        }
        due -= count;
        poller->sweep_ += count;
        if (poller->sweep_ > wasock__n_idle(poller)) {
            poller->sweep_ = wasock__n_idle(poller);
        }
    }
    poller->swept_ns_ = now_ns;
    return result;
}

/* The hand: who stays active. */

static void ask_for_credit(struct wasock_poller *poller, uint32_t place)
{
    struct wasock__registration *registration =
        wasock__registration_of(poller, poller->subscriptions_[place].userdata);
    struct wasock_socket *socket = registration->watch.socket_;

    if (socket->role_ == WASOCK__ROLE_LISTENER) {
        return; /* few, and a storm of connections comes to them */
    }
    if (wasock__take_moved(poller, place, WASOCK__MOVED_OF_LATE)) {
        /* Use counts once it is repeated. */
        registration->credit = registration->credit < CREDIT_MAX
                                   ? (uint8_t)(2 * registration->credit + 1)
                                   : CREDIT_MAX;
    } else if (registration->credit > 0) {
        registration->credit--;
    } else {
        wasock__sets_demote(poller, place);
    }
}

static void move_hand(struct wasock_poller *poller, uint32_t n_false)
{
    poller->waste_ += n_false;
    uint32_t n_steps =
        STEPS_PER_ENTRY * poller->n_entered_ + poller->waste_ / WASTE_PER_STEP;

    poller->n_entered_ = 0;
    poller->waste_ %= WASTE_PER_STEP;
    while (n_steps > 0 && poller->n_active_ > ACTIVE_MIN) {
        if (poller->hand_ >= poller->n_active_) {
            poller->hand_ = 0;
        }
        const uint32_t n_active = poller->n_active_;
        ask_for_credit(poller, wasock__n_idle(poller) + poller->hand_);
        if (poller->n_active_ == n_active) {
            poller->hand_++; /* else they are one less, from the front */
        }
        n_steps--;
    }
}

/* Asking an honest host. */

bool wasock__host_needs_time(const struct wasock_poller *poller)
{
    return wasock__n_idle(poller) > 0 ||
           poller->host_poll_ == WASOCK__HOST_POLL_FAKE;
}

/* How long all has to be quiet, and a wait may last, for waiting for all
 * together to pay. */
static uint64_t quiet_min_ns(const struct wasock_poller *poller)
{
    const uint64_t quiet_ns =
        (uint64_t)wasock__n_idle(poller) * QUIET_COST_NS * QUIET_PARTS;

    return quiet_ns > QUIET_MIN_NS ? quiet_ns : QUIET_MIN_NS;
}

/* For how long all has been quiet. */
static uint64_t quiet_for_ns(struct wasock_poller *poller, uint64_t now_ns)
{
    if (poller->busy_ns_ == 0) {
        poller->busy_ns_ = now_ns;
    }
    return now_ns - poller->busy_ns_; /* the clock failed: very long */
}

/* Report the outcome of a poll of all subscriptions from `first` on. */
static int report_outcome(struct wasock_poller *poller,
                          struct wasock__report *report, struct outcome outcome,
                          uint32_t first)
{
    const size_t n_before = report->n;

    if (outcome.error == -WASOCK_EBADF) {
        return find_dead(poller, report, first,
                         poller->n_subscriptions_ - first);
    }
    if (outcome.error != 0 || outcome.n_ready == 0) {
        return outcome.error;
    }
    poller->busy_ns_ = 0;
    if (outcome.n_certain > 0) {
        report_kept_events(poller, report);
    } else if (poller->n_kept_ <= TRIED_MAX) {
        report_all_kept(poller, report);
    } else {
        search_active(poller, report);
        if (report->n == n_before) {
            poller->swept_ns_ = 0; /* an idle one was meant: all are due */
        }
    }
    move_hand(poller, outcome.n_ready - outcome.n_certain);
    return 0;
}

/* How many of the active ones have moved since this was last asked. */
static uint32_t count_moved(struct wasock_poller *poller)
{
    uint32_t n_moved = 0;

    for (uint32_t i = wasock__n_idle(poller); i < poller->n_subscriptions_;
         i++) {
        n_moved += wasock__take_moved(poller, i, WASOCK__MOVED_IN_ROUND);
    }
    return n_moved;
}

/* Whether to take the active ones for ready without asking. */
static bool is_assumed_ready(struct wasock_poller *poller)
{
    if (poller->n_active_ < ASSUME_MIN) {
        return false;
    }
    if (poller->assume_pause_ > 0) {
        poller->assume_pause_--;
        return false;
    }
    const bool is_busy = count_moved(poller) * ASSUME_PART >= poller->n_active_;
    if (!is_busy && poller->n_assumed_ > 0) {
        poller->assume_pause_ = ASSUME_PAUSE;
    }
    const bool is_enough =
        poller->n_assumed_ == ASSUMED_MAX ||
        poller->n_assumed_ * poller->n_active_ >= ASSUMED_TRIES_MAX;
    poller->n_assumed_ =
        is_busy && !is_enough ? (uint8_t)(poller->n_assumed_ + 1) : 0;
    return poller->n_assumed_ > 0;
}

/* Keep events as if a poll had found all active connections ready. */
static void assume_ready(struct wasock_poller *poller)
{
    forget_kept(poller);
    for (uint32_t i = wasock__n_idle(poller); i < poller->n_subscriptions_;
         i++) {
        const uint64_t userdata = poller->subscriptions_[i].userdata;
        const unsigned role =
            wasock__registration_at(poller, i)->watch.socket_->role_;
        if (role != WASOCK__ROLE_LISTENER && role != WASOCK__ROLE_PLAIN) {
            struct wasock__event *event = &poller->events_[poller->n_kept_++];
            event->userdata = userdata;
            event->error = 0;
        }
    }
}

/* Sweep the idle ones that are due, in a wait that ends at `*until_ns`. Then it
 * is time to sweep again at `*until_ns` at the latest, or WASOCK_NO_DEADLINE:
 * wait for them, too. */
static int sweep_due(struct wasock_poller *poller,
                     struct wasock__report *report, uint64_t *until_ns,
                     uint64_t now_ns)
{
    const size_t n_before = report->n;
    const int result = sweep(poller, report, now_ns);

    if (report->n > n_before) {
        poller->busy_ns_ = 0;
    }
    const uint64_t min_ns = quiet_min_ns(poller);
    const uint64_t quiet_ns = quiet_for_ns(poller, now_ns);
    if (wasock__timeout_of(*until_ns, now_ns) < min_ns) {
        *until_ns = next_sweep_ns(poller);
    } else if (quiet_ns < min_ns) {
        *until_ns = wasock_deadline_earlier(
            next_sweep_ns(poller), wasock_ns_add(now_ns, min_ns - quiet_ns));
    } else {
        *until_ns = WASOCK_NO_DEADLINE;
    }
    return result;
}

static int ask_honest(struct wasock_poller *poller,
                      struct wasock__report *report, uint64_t until_ns,
                      uint64_t now_ns)
{
    uint32_t first = 0;

    if (wasock__n_idle(poller) > 0) {
        uint64_t sweep_until_ns = until_ns;
        const int result = sweep_due(poller, report, &sweep_until_ns, now_ns);
        if (result < 0 || wasock__report_is_full(report)) {
            return result;
        }
        if (sweep_until_ns != WASOCK_NO_DEADLINE) {
            first = wasock__n_idle(poller);
            until_ns = wasock_deadline_earlier(until_ns, sweep_until_ns);
        }
    }
    poller->is_after_assumed_ = poller->n_assumed_ > 0;
    if (report->n == 0 && first == wasock__n_idle(poller) &&
        is_assumed_ready(poller)) {
        assume_ready(poller);
        poller->busy_ns_ = 0;
        report_all_kept(poller, report);
        return 0;
    }
    const struct outcome outcome =
        poll_range(poller, first, poller->n_subscriptions_ - first,
                   report->n > 0 ? 0 : wasock__timeout_of(until_ns, now_ns));
    return report_outcome(poller, report, outcome, first);
}

bool wasock__host_find_out_poll(struct wasock_poller *poller)
{
    bool is_asked = false;

    for (uint32_t i = 0; i < poller->n_subscriptions_ &&
                         poller->host_poll_ == WASOCK__HOST_POLL_UNKNOWN;
         i++) {
        struct wasock_socket *socket =
            wasock__registration_at(poller, i)->watch.socket_;
        poller->host_poll_ = (uint8_t)wasock__socket_host_poll(socket);
        if (socket->role_ == WASOCK__ROLE_PLAIN &&
            wasock__side_of(poller->subscriptions_[i].userdata) == 1 &&
            wasock__fd_wait_once(socket->fd_, WASOCK_WRITABLE, 0) ==
                -WASOCK_ENOTSUP) {
            poller->host_poll_ = WASOCK__HOST_POLL_FAKE;
        }
        is_asked = is_asked || socket->role_ != WASOCK__ROLE_PLAIN;
    }
    return is_asked && poller->host_poll_ == WASOCK__HOST_POLL_UNKNOWN;
}

void wasock__host_report_kept(struct wasock_poller *poller,
                              struct wasock__report *report)
{
    if (poller->host_poll_ == WASOCK__HOST_POLL_FAKE) {
        wasock__fake_report_round(poller, report);
    } else {
        report_kept_events(poller, report);
    }
}

int wasock__host_ask(struct wasock_poller *poller,
                     struct wasock__report *report, uint64_t until_ns,
                     uint64_t now_ns)
{
    return poller->host_poll_ == WASOCK__HOST_POLL_FAKE
               ? wasock__fake_ask(poller, report, until_ns, now_ns)
               : ask_honest(poller, report, until_ns, now_ns);
}
