/* SPDX-License-Identifier: MIT */
#include "poller_parts.h"

#include <wasock/clock.h>
#include <wasock/err.h>

#include "wasip1.h"

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
#define SWEEP_EACH_NS (10 * WASOCK_NS_PER_US)

/* Waiting for all together costs so much a subscription when it ends: worth
 * it after so many times that without an event. */
#define QUIET_COST_NS 1100
#define QUIET_PARTS 20
#define QUIET_MIN_NS (20 * WASOCK_NS_PER_MS)

/* Among doubtful events, how often one is passed over before it is tried. */
#define SILENT_MAX 8

/*
 * On a host whose poll is fake: within which time an idle one is tried, at
 * least, and more of it for each; the longest naps, which cost Go's scheduler
 * more than a try, with idle ones and without; and how many always are active.
 */
#define FAKE_BOUND_MIN_NS (20 * WASOCK_NS_PER_MS)
#define FAKE_BOUND_EACH_NS (50 * WASOCK_NS_PER_US)
#define FAKE_NAP_MAX_MS 10
#define FAKE_NAP_ALL_ACTIVE_MAX_MS 20
#define FAKE_ACTIVE_MIN 16

#define TIMEOUT_NONE UINT64_MAX

/* Userdata: what a subscription belongs to. */

static uint64_t userdata_of(uint32_t index, uint16_t generation, unsigned side)
{
    return (uint64_t)generation << 48 | (uint64_t)index << 1 | side;
}

static unsigned side_of(uint64_t userdata)
{
    return (unsigned)(userdata & 1);
}

static struct wasock__registration *
registration_of(const struct wasock_poller *poller, uint64_t userdata)
{
    return &poller->registrations_[(uint32_t)(userdata >> 1)];
}

/* Whether an event is of a subscription that still stands. */
static bool is_current(const struct wasock_poller *poller, uint64_t userdata)
{
    const uint64_t index = userdata << 16 >> 17;

    return index < poller->capacity_ &&
           registration_of(poller, userdata)->generation == userdata >> 48 &&
           registration_of(poller, userdata)->place[side_of(userdata)] <
               poller->n_subscriptions_ &&
           (registration_of(poller, userdata)->flags & WASOCK__FLAG_LISTED) ==
               0;
}

/* The two sets. */

static void put(struct wasock_poller *poller, uint32_t place,
                const struct wasock__subscription *subscription)
{
    poller->subscriptions_[place] = *subscription;
    registration_of(poller, subscription->userdata)
        ->place[side_of(subscription->userdata)] = place;
}

static void swap(struct wasock_poller *poller, uint32_t a, uint32_t b)
{
    const struct wasock__subscription first = poller->subscriptions_[a];

    if (a != b) {
        put(poller, a, &poller->subscriptions_[b]);
        put(poller, b, &first);
    }
}

static void promote(struct wasock_poller *poller, uint32_t place)
{
    if (place >= poller->n_active_) {
        swap(poller, place, poller->n_active_++);
        poller->n_entered_++;
    }
}

static void demote(struct wasock_poller *poller, uint32_t place)
{
    swap(poller, place, --poller->n_active_);
}

static void subscribe_side(struct wasock_poller *poller, uint32_t index,
                           unsigned side)
{
    struct wasock__registration *registration = &poller->registrations_[index];
    const uint32_t place = poller->n_subscriptions_++;

    registration->place[side] = WASOCK__NOWHERE;
    wasock__fd_subscribe(&poller->subscriptions_[place],
                         registration->watch.socket_->fd_, 1U << side,
                         userdata_of(index, registration->generation, side));
    registration->place[side] = place;
    promote(poller, place);
}

static void unsubscribe_side(struct wasock_poller *poller, uint32_t index,
                             unsigned side)
{
    struct wasock__registration *registration = &poller->registrations_[index];
    uint32_t place = registration->place[side];

    if (place >= poller->n_subscriptions_) {
        return;
    }
    if (place < poller->n_active_) {
        demote(poller, place);
        place = poller->n_active_;
    }
    swap(poller, place, --poller->n_subscriptions_);
    registration->place[side] = WASOCK__NOWHERE;
}

void wasock__host_subscribe(struct wasock_poller *poller, uint32_t index)
{
    struct wasock__registration *registration = &poller->registrations_[index];
    struct wasock_socket *socket = registration->watch.socket_;

    registration->place[0] = WASOCK__NOWHERE;
    registration->place[1] = WASOCK__NOWHERE;
    registration->n_silent = 0;
    if (poller->host_poll_ == WASOCK__HOST_POLL_UNKNOWN) {
        poller->host_poll_ = (uint8_t)wasock__socket_host_poll(socket);
    }
    for (unsigned side = 0; side < 2; side++) {
        if (registration->interest & (1U << side)) {
            subscribe_side(poller, index, side);
        }
    }
}

void wasock__host_unsubscribe(struct wasock_poller *poller, uint32_t index)
{
    unsubscribe_side(poller, index, 0);
    unsubscribe_side(poller, index, 1);
}

/* Reports. */

static void report_ready(struct wasock_poller *poller,
                         struct wasock__report *report, uint64_t userdata)
{
    struct wasock__registration *registration =
        registration_of(poller, userdata);

    wasock__report_add(report, registration)->ready =
        (uint8_t)(1U << side_of(userdata));
    registration->n_silent = 0;
    promote(poller, registration->place[side_of(userdata)]);
}

/* A descriptor that cannot be waited for ends its registration's waiting. */
static void report_dead(struct wasock_poller *poller,
                        struct wasock__report *report, uint64_t userdata)
{
    struct wasock__registration *registration =
        registration_of(poller, userdata);

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

/*
 * Whether to report an event of a poll that reported everything: if it is
 * certain, and now and then if it is of an active one, since what is certain
 * of the others may go on for ever.
 */
static bool is_worth_a_try(struct wasock_poller *poller,
                           const struct wasock__event *event)
{
    struct wasock__registration *registration =
        registration_of(poller, event->userdata);

    if (!poller->is_doubtful_ || is_certain(event)) {
        return true;
    }
    return registration->place[side_of(event->userdata)] < poller->n_active_ &&
           ++registration->n_silent % SILENT_MAX == 0;
}

static void report_kept_events(struct wasock_poller *poller,
                               struct wasock__report *report)
{
    while (poller->next_kept_ < poller->n_kept_ &&
           !wasock__report_is_full(report)) {
        const struct wasock__event *event =
            &poller->events_[poller->next_kept_++];
        if (is_current(poller, event->userdata) &&
            is_worth_a_try(poller, event)) {
            report_event(poller, report, event);
        }
    }
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
        if (is_current(poller, event->userdata)) {
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
        const uint64_t userdata = poller->subscriptions_[first + i].userdata;
        if (poll_range(poller, first + i, 1, 0).n_ready > 0) {
            report_ready(poller, report, userdata);
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
    const bool is_active = first < poller->n_active_;

    for (uint32_t i = 0; i < count && !wasock__report_is_full(report);
         i += CHUNK) {
        const uint32_t n = count - i < CHUNK ? count - i : CHUNK;
        if (poll_range(poller, first + i, n, 0).n_ready == 0) {
            continue;
        }
        if (is_active) {
            poller->is_doubtful_ = false;
            report_kept_events(poller, report);
        } else {
            search_each(poller, report, first + i, n);
        }
    }
    forget_kept(poller);
}

/* The active ones were reported, and none for certain: find those meant. The
 * hand's place as the start lets each come first in turn. */
static void search_active(struct wasock_poller *poller,
                          struct wasock__report *report)
{
    const uint32_t n = poller->n_active_;
    const uint32_t start = n > 0 ? poller->hand_ % n : 0;

    search(poller, report, start, n - start);
    search(poller, report, 0, start);
}

/* The sweep of the idle ones. */

/* The subscriptions of a group that are still idle. */
struct group {
    uint32_t first;
    uint32_t count;
};

static void leave_out_promoted(const struct wasock_poller *poller,
                               struct group *group)
{
    if (group->first < poller->n_active_) {
        const uint32_t n_gone = poller->n_active_ - group->first;
        group->count = n_gone < group->count ? group->count - n_gone : 0;
        group->first = poller->n_active_;
    }
}

/* Sweep a group until nothing in it is ready. Returns an error or 0. */
static int sweep_group(struct wasock_poller *poller,
                       struct wasock__report *report, struct group group)
{
    struct outcome outcome = {0, 1, 1};

    while (outcome.n_certain > 0 && !wasock__report_is_full(report)) {
        leave_out_promoted(poller, &group);
        if (group.count == 0) {
            return 0;
        }
        outcome = poll_range(poller, group.first, group.count, 0);
        if (outcome.n_certain > 0) {
            report_kept_events(poller, report);
        }
    }
    if (outcome.error == -WASOCK_EBADF) {
        return find_dead(poller, report, group.first, group.count);
    }
    if (outcome.n_ready > 0 && outcome.n_certain == 0) {
        search(poller, report, group.first, group.count);
    }
    return outcome.error;
}

static uint32_t n_idle(const struct wasock_poller *poller)
{
    return poller->n_subscriptions_ - poller->n_active_;
}

/* How long a sweep of all idle ones takes. */
static uint64_t sweep_period_ns(const struct wasock_poller *poller)
{
    const uint64_t sweep_ns = n_idle(poller) * SWEEP_EACH_NS;
    const uint64_t bound_ns = n_idle(poller) * FAKE_BOUND_EACH_NS;

    if (poller->host_poll_ == WASOCK__HOST_POLL_FAKE) {
        /* What is due may become so at the start of a nap. */
        return (bound_ns > FAKE_BOUND_MIN_NS ? bound_ns : FAKE_BOUND_MIN_NS) -
               FAKE_NAP_MAX_MS * WASOCK_NS_PER_MS;
    }
    return sweep_ns > SWEEP_MIN_NS ? sweep_ns : SWEEP_MIN_NS;
}

/* How many idle ones are due to be swept. */
static uint32_t n_due(const struct wasock_poller *poller, uint64_t now_ns)
{
    const uint64_t elapsed_ns = wasock_ns_subtract(now_ns, poller->swept_ns_);
    const uint64_t period_ns = sweep_period_ns(poller);
    const uint32_t n = n_idle(poller);

    return elapsed_ns >= period_ns ? n : (uint32_t)(n * elapsed_ns / period_ns);
}

/* When the next group is due. */
static uint64_t next_sweep_ns(const struct wasock_poller *poller)
{
    const uint64_t n = n_idle(poller);

    return wasock_ns_add(poller->swept_ns_,
                         n <= GROUP ? sweep_period_ns(poller)
                                    : sweep_period_ns(poller) * GROUP / n);
}

/* The next `count` or fewer idle ones in turn; how many there are until the
 * end of the array. */
static uint32_t next_group(struct wasock_poller *poller, uint32_t count)
{
    if (poller->sweep_ < poller->n_active_ ||
        poller->sweep_ >= poller->n_subscriptions_) {
        poller->sweep_ = poller->n_active_;
    }
    const uint32_t left = poller->n_subscriptions_ - poller->sweep_;
    return left < count ? left : count;
}

static int sweep(struct wasock_poller *poller, struct wasock__report *report,
                 uint64_t now_ns)
{
    uint32_t due = n_due(poller, now_ns);
    int result = 0;

    if (due < GROUP && due < n_idle(poller)) {
        return 0;
    }
    while (due > 0 && n_idle(poller) > 0 && result == 0) {
        const uint32_t count = next_group(poller, due < GROUP ? due : GROUP);
        if (wasock__report_is_full(report)) {
            return 0; /* goes on here next time: still due */
        }
        const struct group group = {poller->sweep_, count};
        result = sweep_group(poller, report, group);
        poller->sweep_ += count;
        due -= count;
    }
    poller->swept_ns_ = now_ns;
    return result;
}

/* The hand: who stays active. */

static void ask_for_credit(struct wasock_poller *poller, uint32_t place)
{
    struct wasock__registration *registration =
        registration_of(poller, poller->subscriptions_[place].userdata);
    struct wasock_socket *socket = registration->watch.socket_;

    if (socket->role_ == WASOCK__ROLE_LISTENER) {
        return; /* few, and a storm of connections comes to them */
    }
    if (socket->has_moved_) {
        /* Use counts once it is repeated. */
        socket->has_moved_ = false;
        registration->credit = registration->credit < CREDIT_MAX
                                   ? (uint8_t)(2 * registration->credit + 1)
                                   : CREDIT_MAX;
    } else if (registration->credit > 0) {
        registration->credit--;
    } else {
        demote(poller, place);
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
        ask_for_credit(poller, poller->hand_);
        if (poller->n_active_ == n_active) {
            poller->hand_++; /* else another stands there now */
        }
        n_steps--;
    }
}

/* Asking an honest host. */

bool wasock__host_needs_time(const struct wasock_poller *poller)
{
    return n_idle(poller) > 0 || poller->host_poll_ == WASOCK__HOST_POLL_FAKE;
}

/* Whether all has been quiet for so long that waiting for all together pays. */
static bool is_quiet(struct wasock_poller *poller, uint64_t now_ns)
{
    const uint64_t quiet_ns =
        (uint64_t)n_idle(poller) * QUIET_COST_NS * QUIET_PARTS;

    if (poller->busy_ns_ == 0) {
        poller->busy_ns_ = now_ns;
    }
    return now_ns - poller->busy_ns_ >=
           (quiet_ns > QUIET_MIN_NS ? quiet_ns : QUIET_MIN_NS);
}

static uint64_t timeout_of(uint64_t until_ns, uint64_t now_ns)
{
    if (until_ns == WASOCK_NO_DEADLINE) {
        return TIMEOUT_NONE;
    }
    return wasock_ns_subtract(until_ns, now_ns);
}

/* Report the outcome of a poll of the first `count` subscriptions. */
static int report_outcome(struct wasock_poller *poller,
                          struct wasock__report *report, struct outcome outcome,
                          uint32_t count)
{
    const size_t n_before = report->n;

    if (outcome.error == -WASOCK_EBADF) {
        return find_dead(poller, report, 0, count);
    }
    if (outcome.error != 0 || outcome.n_ready == 0) {
        return outcome.error;
    }
    poller->busy_ns_ = 0;
    if (outcome.n_certain > 0) {
        report_kept_events(poller, report);
    } else {
        search_active(poller, report);
        if (report->n == n_before) {
            poller->swept_ns_ = 0; /* an idle one was meant: all are due */
        }
    }
    move_hand(poller, outcome.n_ready - outcome.n_certain);
    return 0;
}

static int ask_honest(struct wasock_poller *poller,
                      struct wasock__report *report, uint64_t until_ns,
                      uint64_t now_ns)
{
    uint32_t count = poller->n_active_;

    if (n_idle(poller) > 0) {
        const size_t n_before = report->n;
        const int result = sweep(poller, report, now_ns);
        if (result < 0) {
            return result;
        }
        if (report->n > n_before) {
            poller->busy_ns_ = 0;
        }
        if (is_quiet(poller, now_ns)) {
            count = poller->n_subscriptions_;
        } else {
            until_ns = wasock_deadline_earlier(until_ns, next_sweep_ns(poller));
        }
        if (wasock__report_is_full(report)) {
            return 0;
        }
        if (count == 0) {
            count = poller->n_active_;
        }
    }
    const struct outcome outcome = poll_range(
        poller, 0, count, report->n > 0 ? 0 : timeout_of(until_ns, now_ns));
    return report_outcome(poller, report, outcome, count);
}

/* Asking a host whose poll is fake: naps between rounds of tries. */

static void report_place(struct wasock_poller *poller,
                         struct wasock__report *report, uint32_t place)
{
    const uint64_t userdata = poller->subscriptions_[place].userdata;

    wasock__report_add(report, registration_of(poller, userdata))->ready =
        (uint8_t)(1U << side_of(userdata));
}

static struct wasock__registration *
registration_at(const struct wasock_poller *poller, uint32_t place)
{
    return registration_of(poller, poller->subscriptions_[place].userdata);
}

static bool take_moved(struct wasock_poller *poller, uint32_t place)
{
    struct wasock_socket *socket =
        registration_at(poller, place)->watch.socket_;
    const bool has_moved = socket->has_moved_;

    socket->has_moved_ = false;
    return has_moved;
}

/* Which active ones moved in the last round, and which idle ones. Returns how
 * many. */
static uint32_t review_round(struct wasock_poller *poller)
{
    uint32_t n_moved = poller->n_entered_; /* new ones */

    poller->n_entered_ = 0;
    for (uint32_t i = poller->swept_from_;
         i < poller->sweep_ && i < poller->n_subscriptions_; i++) {
        if (i >= poller->n_active_ && take_moved(poller, i)) {
            promote(poller, i);
            n_moved++;
        }
    }
    for (uint32_t i = poller->n_active_; i > 0; i--) {
        struct wasock__registration *registration =
            registration_at(poller, i - 1);
        if (take_moved(poller, i - 1)) {
            registration->n_silent = 0;
            n_moved++;
        } else if (++registration->n_silent >= SILENT_MAX &&
                   poller->n_active_ > FAKE_ACTIVE_MIN &&
                   registration->watch.socket_->role_ !=
                       WASOCK__ROLE_LISTENER) {
            registration->n_silent = 0;
            demote(poller, i - 1);
        }
    }
    return n_moved;
}

/* Report the rest of a round: active ones, then idle ones that are due. */
static void report_round(struct wasock_poller *poller,
                         struct wasock__report *report)
{
    while (poller->next_kept_ < poller->n_kept_ &&
           poller->next_kept_ < poller->n_active_ &&
           !wasock__report_is_full(report)) {
        report_place(poller, report, poller->next_kept_++);
    }
    while (poller->n_due_ > 0 && poller->sweep_ < poller->n_subscriptions_ &&
           !wasock__report_is_full(report)) {
        report_place(poller, report, poller->sweep_++);
        poller->n_due_--;
    }
}

/* Sleep, longer each time that nothing has moved. */
static int nap(struct wasock_poller *poller, uint64_t timeout_ns)
{
    const uint32_t max_ms =
        n_idle(poller) == 0 ? FAKE_NAP_ALL_ACTIVE_MAX_MS : FAKE_NAP_MAX_MS;
    const uint32_t nap_ms = 2 * poller->nap_ms_ + 1;

    poller->nap_ms_ = nap_ms < max_ms ? nap_ms : max_ms;
    if (poller->n_subscriptions_ > 0 &&
        timeout_ns > poller->nap_ms_ * WASOCK_NS_PER_MS) {
        timeout_ns = poller->nap_ms_ * WASOCK_NS_PER_MS;
    }
    return timeout_ns == 0 ? 0 : wasock__fd_wait_once(-1, 0, timeout_ns);
}

static int ask_fake(struct wasock_poller *poller, struct wasock__report *report,
                    uint64_t until_ns, uint64_t now_ns)
{
    if (report->n > 0) {
        return 0; /* the rest of a round: what comes of it is seen first */
    }
    if (review_round(poller) > 0) {
        poller->nap_ms_ = 0;
    } else {
        const int result = nap(poller, timeout_of(until_ns, now_ns));
        if (result < 0) {
            return result;
        }
        now_ns = wasock_clock_now_ns();
    }
    const uint32_t due = n_due(poller, now_ns);
    if (due > 0) {
        poller->n_due_ += due;
        if (poller->n_due_ > n_idle(poller)) {
            poller->n_due_ = n_idle(poller);
        }
        poller->swept_ns_ = now_ns;
    }
    next_group(poller, 0); /* from the front again, if it came to the end */
    poller->swept_from_ = poller->sweep_;
    poller->n_kept_ = poller->n_active_;
    poller->next_kept_ = 0;
    report_round(poller, report);
    return 0;
}

void wasock__host_report_kept(struct wasock_poller *poller,
                              struct wasock__report *report)
{
    if (poller->host_poll_ == WASOCK__HOST_POLL_FAKE) {
        report_round(poller, report);
    } else {
        report_kept_events(poller, report);
    }
}

int wasock__host_ask(struct wasock_poller *poller,
                     struct wasock__report *report, uint64_t until_ns,
                     uint64_t now_ns)
{
    return poller->host_poll_ == WASOCK__HOST_POLL_FAKE
               ? ask_fake(poller, report, until_ns, now_ns)
               : ask_honest(poller, report, until_ns, now_ns);
}
