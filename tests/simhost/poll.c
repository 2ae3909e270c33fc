/* SPDX-License-Identifier: MIT */
/* poll_oneoff, in three styles: honest, reporting all, and fake. */
#include "world.h"

#include <string.h>

#define CLOCK_IS_ABSOLUTE 1
#define TIMEOUT_MAX_NS (UINT64_C(3600) * 1000 * SIMHOST_MS(1))
#define NEVER UINT64_MAX

/* One poll under way. */
struct poll {
    const struct wasock__subscription *subscriptions;
    size_t n_subscriptions;
    struct wasock__event *events;
    size_t n_events;
    size_t n_clocks;
    uint64_t deadline_ns;
    bool has_bad_fd;
    bool is_clock_due;  /* its event is reported */
    bool is_all_ready;  /* every descriptor is reported */
    size_t spurious_at; /* this one is reported; SIZE_MAX: none */
};

static struct {
    uint64_t serial; /* of the poll under way */
    bool is_noticed; /* a descriptor that it asked for changed */
    bool has_polled; /* in this world */
} state;

void sim_poll_reset(void)
{
    /* The serial goes on, so that no descriptor of a new world has it. */
    state.is_noticed = false;
    state.has_polled = false;
}

void sim_poll_notice(const struct sim_descriptor *descriptor)
{
    if (descriptor->poll_serial == state.serial) {
        state.is_noticed = true;
    }
}

static const struct simhost_profile *profile(void)
{
    return &simhost_knobs.profile;
}

static bool is_clock(const struct wasock__subscription *subscription)
{
    return subscription->tag == WASIP1_EVENTTYPE_CLOCK;
}

static bool is_write(const struct wasock__subscription *subscription)
{
    return subscription->tag == WASIP1_EVENTTYPE_FD_WRITE;
}

static struct sim_descriptor *
target(const struct wasock__subscription *subscription)
{
    return sim_descriptor((int32_t)subscription->of.fd);
}

/* ---- Judging the question ----------------------------------------------- */

static void judge_clock(const struct wasock__subscription *subscription)
{
    const uint64_t timeout_ns = subscription->of.clock.timeout_ns;

    if (subscription->of.clock.id != WASIP1_CLOCKID_MONOTONIC ||
        subscription->of.clock.precision_ns != 0 ||
        subscription->of.clock.flags != 0) {
        sim_judge(SIMHOST_BAD_CLOCK, "id %u, precision %llu, flags 0x%x",
                  (unsigned)subscription->of.clock.id,
                  (unsigned long long)subscription->of.clock.precision_ns,
                  (unsigned)subscription->of.clock.flags);
    }
    if ((timeout_ns > 0 && timeout_ns < SIMHOST_MS(1)) ||
        timeout_ns > TIMEOUT_MAX_NS) {
        sim_judge(SIMHOST_BAD_TIMEOUT, "%llu ns",
                  (unsigned long long)timeout_ns);
    }
}

static void judge_fake_poll(const struct poll *poll, uint64_t timeout_ns)
{
    if (profile()->poll_style != SIMHOST_POLL_FAKE) {
        return;
    }
    if (poll->n_clocks == 0) {
        sim_judge(SIMHOST_FAKE_POLL_WITHOUT_CLOCK,
                  "such a poll never returns on this host");
    }
    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        if (is_write(&poll->subscriptions[i]) &&
            (poll->n_clocks == 0 || timeout_ns > 0)) {
            sim_judge(SIMHOST_FAKE_POLL_WRITE,
                      "this host knows no readiness for writing");
            return;
        }
    }
}

/* Look at each subscription once. Returns an error of the whole call. */
static int32_t examine(struct poll *poll)
{
    uint64_t timeout_ns = NEVER;

    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        const struct wasock__subscription *const subscription =
            &poll->subscriptions[i];
        if (is_clock(subscription)) {
            judge_clock(subscription);
            poll->n_clocks++;
            timeout_ns = subscription->of.clock.timeout_ns;
            continue;
        }
        if (subscription->tag > WASIP1_EVENTTYPE_FD_WRITE) {
            sim_judge(SIMHOST_BAD_FLAGS, "a subscription of type %u",
                      (unsigned)subscription->tag);
            return WASOCK_EINVAL;
        }
        struct sim_descriptor *const descriptor =
            sim_lookup((int32_t)subscription->of.fd);
        if (descriptor != NULL) {
            descriptor->poll_serial = state.serial;
        }
        poll->has_bad_fd = poll->has_bad_fd || descriptor == NULL;
    }
    if (poll->n_clocks > 1) {
        sim_judge(SIMHOST_BAD_CLOCK, "%zu clocks", poll->n_clocks);
    }
    judge_fake_poll(poll, timeout_ns);
    return 0;
}

static bool has_directory(const struct poll *poll)
{
    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        if (!is_clock(&poll->subscriptions[i])) {
            const struct sim_descriptor *const descriptor =
                target(&poll->subscriptions[i]);
            if (descriptor != NULL && descriptor->kind == SIMHOST_DIRECTORY) {
                return true;
            }
        }
    }
    return false;
}

/* ---- Clocks ------------------------------------------------------------- */

/* The time at which a clock ends on this host. */
static uint64_t clock_end_ns(const struct wasock__subscription *subscription)
{
    const uint64_t now_ns = simhost_now_ns();
    uint64_t timeout_ns = subscription->of.clock.timeout_ns;

    if ((subscription->of.clock.flags & CLOCK_IS_ABSOLUTE) != 0) {
        timeout_ns = timeout_ns > now_ns ? timeout_ns - now_ns : 0;
    }
    if (timeout_ns > INT64_MAX) {
        return profile()->huge_timeout_ends_at_once ? now_ns : NEVER;
    }
    if (profile()->precision_is_added) {
        timeout_ns += subscription->of.clock.precision_ns;
    }
    timeout_ns -= timeout_ns % profile()->timeout_granularity_ns;
    const uint64_t early_max_ns = timeout_ns < profile()->early_wake_max_ns
                                      ? timeout_ns
                                      : profile()->early_wake_max_ns;
    timeout_ns -= sim_random_below(early_max_ns);
    return now_ns + timeout_ns +
           (timeout_ns > 0 ? simhost_knobs.late_wake_ns : 0);
}

/* An event of WAMR for a clock that it does not take. */
static bool is_unknown_clock(const struct poll *poll,
                             const struct wasock__subscription *subscription,
                             bool is_first)
{
    if (profile()->second_clock_is_enosys && !is_first) {
        return true;
    }
    return profile()->absolute_clock == SIMHOST_ABSOLUTE_ENOSYS_WITH_FDS &&
           (subscription->of.clock.flags & CLOCK_IS_ABSOLUTE) != 0 &&
           poll->n_subscriptions > poll->n_clocks;
}

/* Find the deadline. Returns an error of the whole call. */
static int32_t start_clocks(struct poll *poll)
{
    bool is_first = true;

    poll->deadline_ns = NEVER;
    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        const struct wasock__subscription *const subscription =
            &poll->subscriptions[i];
        if (!is_clock(subscription)) {
            continue;
        }
        if (profile()->absolute_clock == SIMHOST_ABSOLUTE_FAILS_CALL &&
            (subscription->of.clock.flags & CLOCK_IS_ABSOLUTE) != 0) {
            return WASOCK_ENOTSUP;
        }
        const uint64_t end_ns = is_unknown_clock(poll, subscription, is_first)
                                    ? simhost_now_ns()
                                    : clock_end_ns(subscription);
        if (end_ns < poll->deadline_ns) {
            poll->deadline_ns = end_ns;
        }
        is_first = false;
    }
    return 0;
}

/*
 * Let time pass until something happens, the clock ends or, after a verdict,
 * nothing ever will. Returns whether to look again.
 */
static bool wait_for_change(const struct poll *poll)
{
    state.is_noticed = false;
    for (;;) {
        const uint64_t due_ns = sim_next_due_ns();
        if (due_ns > poll->deadline_ns) {
            sim_advance_to(poll->deadline_ns);
            return true;
        }
        if (due_ns == NEVER) {
            sim_judge(SIMHOST_WAITS_FOR_EVER,
                      "a poll of %zu has no clock, and nothing is scheduled",
                      poll->n_subscriptions);
            return false;
        }
        sim_advance_to(due_ns);
        if (state.is_noticed || simhost_now_ns() >= poll->deadline_ns) {
            return true;
        }
    }
}

/* ---- Events ------------------------------------------------------------- */

static struct wasock__event *
add_event(struct poll *poll, const struct wasock__subscription *subscription,
          int32_t error)
{
    struct wasock__event *const event = &poll->events[poll->n_events++];

    memset(event, 0, sizeof(*event));
    event->userdata = subscription->userdata;
    event->error = (uint16_t)error;
    event->type = subscription->tag;
    return event;
}

static uint64_t n_bytes(const struct sim_descriptor *descriptor)
{
    const size_t n_queued = descriptor->peer == NULL
                                ? descriptor->pending.length
                                : sim_peer_n_arrived(descriptor->peer);

    switch (profile()->n_bytes) {
    case SIMHOST_N_BYTES_QUEUED_OR_ONE:
        /* Of a listener it knows nothing: the constant 1. */
        return descriptor->peer == NULL || n_queued == 0 ? 1 : n_queued;
    case SIMHOST_N_BYTES_GARBAGE:
        return sim_random();
    case SIMHOST_N_BYTES_QUEUED:
        return n_queued;
    case SIMHOST_N_BYTES_ZERO:
    default:
        return 0;
    }
}

static uint16_t event_flags(const struct sim_descriptor *descriptor)
{
    const struct simhost_peer *const peer = descriptor->peer;

    if (peer != NULL &&
        ((profile()->hangup_at_end_of_stream &&
          (peer->has_shut || peer->has_reset)) ||
         (profile()->hangup_when_both_ended && sim_peer_is_over(peer)))) {
        return WASIP1_EVENTRWFLAGS_HANGUP;
    }
    return descriptor->event_flags;
}

static int32_t event_error(const struct sim_descriptor *descriptor)
{
    if (descriptor->event_error != 0) {
        return descriptor->event_error;
    }
    if (descriptor->kind == SIMHOST_DIRECTORY &&
        profile()->poll_directory == SIMHOST_DIRECTORY_EVENT_ENOTCAPABLE) {
        return WASOCK_ENOTCAPABLE;
    }
    return descriptor->peer != NULL && descriptor->peer->pending_error != 0
               ? profile()->event_error_after_reset
               : 0;
}

/* Whether a real look at the descriptor finds it ready. */
static bool is_ready(const struct wasock__subscription *subscription)
{
    const struct sim_descriptor *const descriptor = target(subscription);

    if (descriptor == NULL) {
        return true; /* with an error */
    }
    if (descriptor->event_error != 0 || descriptor->event_flags != 0) {
        return true;
    }
    if (descriptor->peer != NULL && descriptor->peer->pending_error != 0) {
        return true;
    }
    return is_write(subscription) ? descriptor->is_writable
                                  : descriptor->is_readable;
}

static void add_fd_event(struct poll *poll,
                         const struct wasock__subscription *subscription)
{
    const struct sim_descriptor *const descriptor = target(subscription);

    if (descriptor == NULL) {
        (void)add_event(poll, subscription, WASOCK_EBADF);
        return;
    }
    struct wasock__event *const event =
        add_event(poll, subscription, event_error(descriptor));
    event->flags = event_flags(descriptor);
    if (!is_write(subscription) && event->error == 0) {
        event->n_bytes = n_bytes(descriptor);
    }
}

static void add_clock_event(struct poll *poll,
                            const struct wasock__subscription *subscription,
                            bool is_first)
{
    const bool is_unknown = is_unknown_clock(poll, subscription, is_first);

    if (is_unknown) {
        (void)add_event(poll, subscription, WASOCK_ENOSYS);
    } else if (poll->is_clock_due) {
        (void)add_event(poll, subscription, 0);
    }
}

enum pass {
    PASS_ALL,
    PASS_CLOCKS,
    PASS_READS,
    PASS_WRITES,
    PASS_ERRORS,
    PASS_NO_ERRORS
};

static bool is_in_pass(enum pass pass,
                       const struct wasock__subscription *subscription)
{
    const bool is_fd = !is_clock(subscription);
    const struct sim_descriptor *const descriptor =
        is_fd ? target(subscription) : NULL;
    const bool is_error = is_fd && descriptor == NULL;

    switch (pass) {
    case PASS_CLOCKS:
        return !is_fd;
    case PASS_READS:
        return is_fd && !is_write(subscription);
    case PASS_WRITES:
        return is_write(subscription);
    case PASS_ERRORS:
        return is_error;
    case PASS_NO_ERRORS:
        return !is_error;
    case PASS_ALL:
    default:
        return true;
    }
}

static void collect_pass(struct poll *poll, enum pass pass)
{
    bool is_first_clock = true;

    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        const struct wasock__subscription *const subscription =
            &poll->subscriptions[i];
        if (!is_in_pass(pass, subscription)) {
            continue;
        }
        if (is_clock(subscription)) {
            add_clock_event(poll, subscription, is_first_clock);
            is_first_clock = false;
        } else if (poll->is_all_ready || i == poll->spurious_at ||
                   is_ready(subscription)) {
            add_fd_event(poll, subscription);
        }
    }
}

static void shuffle_events(struct poll *poll)
{
    for (size_t i = poll->n_events; i > 1; i--) {
        const size_t j = (size_t)sim_random_below(i);
        const struct wasock__event event = poll->events[i - 1];
        poll->events[i - 1] = poll->events[j];
        poll->events[j] = event;
    }
}

static void collect(struct poll *poll)
{
    switch (profile()->event_order) {
    case SIMHOST_ORDER_CLOCKS_READS_WRITES:
        collect_pass(poll, PASS_CLOCKS);
        collect_pass(poll, PASS_READS);
        collect_pass(poll, PASS_WRITES);
        break;
    case SIMHOST_ORDER_ERRORS_FIRST:
        collect_pass(poll, PASS_ERRORS);
        collect_pass(poll, PASS_NO_ERRORS);
        break;
    case SIMHOST_ORDER_SUBSCRIPTIONS:
    default:
        collect_pass(poll, PASS_ALL);
        break;
    }
    if (simhost_knobs.shuffle) {
        shuffle_events(poll);
    }
}

/* ---- A poll that looks -------------------------------------------------- */

static bool is_any_ready(const struct poll *poll)
{
    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        if (!is_clock(&poll->subscriptions[i]) &&
            is_ready(&poll->subscriptions[i])) {
            return true;
        }
    }
    return false;
}

/* Report one descriptor without reason, now and then. */
static void choose_spurious(struct poll *poll)
{
    poll->spurious_at = SIZE_MAX;
    if (sim_chance(simhost_knobs.spurious_ready_per_mille)) {
        const size_t at = (size_t)sim_random_below(poll->n_subscriptions);
        if (!is_clock(&poll->subscriptions[at])) {
            poll->spurious_at = at;
        }
    }
}

static int32_t poll_really(struct poll *poll)
{
    if ((poll->has_bad_fd &&
         profile()->poll_bad_fd == SIMHOST_BAD_FD_FAILS_CALL) ||
        (profile()->poll_directory == SIMHOST_DIRECTORY_FAILS_CALL &&
         has_directory(poll))) {
        return WASOCK_EBADF;
    }
    choose_spurious(poll);
    bool is_ready_now = poll->spurious_at != SIZE_MAX || is_any_ready(poll);
    while (!is_ready_now && simhost_now_ns() < poll->deadline_ns) {
        if (!wait_for_change(poll)) {
            return WASOCK_EIO;
        }
        is_ready_now = is_any_ready(poll);
    }
    poll->is_clock_due = simhost_now_ns() >= poll->deadline_ns &&
                         (!is_ready_now || profile()->clock_beside_ready);
    if (poll->has_bad_fd &&
        profile()->poll_bad_fd == SIMHOST_BAD_FD_EVENT_AND_CLOCK) {
        poll->is_clock_due = true;
    }
    poll->is_all_ready =
        is_ready_now && profile()->poll_style == SIMHOST_POLL_REPORTS_ALL;
    collect(poll);
    return 0;
}

/* ---- A poll that only pretends ------------------------------------------ */

static bool is_stdin_ready(void)
{
    const struct sim_descriptor *const stdin_descriptor = sim_descriptor(0);

    return stdin_descriptor == NULL || stdin_descriptor->is_readable;
}

/* wazero asks stdin instead of a blocking descriptor. */
static bool asks_stdin(const struct wasock__subscription *subscription)
{
    const struct sim_descriptor *const descriptor =
        is_clock(subscription) ? NULL : target(subscription);

    return descriptor != NULL && !is_write(subscription) &&
           (!descriptor->is_nonblocking ||
            descriptor->kind == SIMHOST_DIRECTORY);
}

static void collect_fake(struct poll *poll, bool has_stdin)
{
    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        const struct wasock__subscription *const subscription =
            &poll->subscriptions[i];
        if (is_clock(subscription)) {
            if (poll->is_clock_due) {
                (void)add_event(poll, subscription, 0);
            }
        } else if (target(subscription) == NULL) {
            (void)add_event(poll, subscription, WASOCK_EBADF);
        } else if (is_write(subscription)) {
            (void)add_event(poll, subscription, WASOCK_ENOTSUP);
        } else if (!asks_stdin(subscription) || has_stdin) {
            (void)add_event(poll, subscription,
                            target(subscription)->event_error);
        }
    }
}

static int32_t poll_fake(struct poll *poll)
{
    bool asks = false;

    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        asks = asks || asks_stdin(&poll->subscriptions[i]);
    }
    /* Its poll waits for stdin where that was asked, else for the clock. */
    while (!(asks && is_stdin_ready()) &&
           simhost_now_ns() < poll->deadline_ns) {
        if (!wait_for_change(poll)) {
            return WASOCK_EIO;
        }
    }
    poll->is_clock_due = simhost_now_ns() >= poll->deadline_ns;
    collect_fake(poll, asks && is_stdin_ready());
    if (simhost_knobs.shuffle) {
        shuffle_events(poll);
    }
    return 0;
}

/* ---- The call ----------------------------------------------------------- */

static int32_t lie(const struct poll *poll, int kind, uint32_t *n_events)
{
    struct wasock__event *const event = &poll->events[0];

    memset(event, 0, sizeof(*event));
    event->userdata = ~poll->subscriptions[0].userdata ^ sim_random();
    event->type = WASIP1_EVENTTYPE_FD_READ;
    switch (kind) {
    case SIMHOST_LIE_TOO_MUCH:
        *n_events = (uint32_t)poll->n_subscriptions + 1;
        break;
    case SIMHOST_LIE_NOTHING:
        *n_events = 0;
        break;
    case SIMHOST_LIE_NONSENSE:
    default:
        *n_events = 1;
        break;
    }
    return 0;
}

/* Reasons to fail that have nothing to do with the question. */
static int32_t poll_accident(void)
{
    const bool is_first = !state.has_polled;

    state.has_polled = true;
    if (is_first && profile()->first_poll_needs_a_slot && sim_is_at_limit()) {
        state.has_polled = false;
        return WASOCK_EMFILE;
    }
    return sim_chance(simhost_knobs.interrupted_per_mille) ? WASOCK_EINTR : 0;
}

static int32_t run_poll(struct poll *poll)
{
    state.serial++;
    int32_t error = examine(poll);
    if (error == 0) {
        error = poll_accident();
    }
    if (error == 0) {
        error = start_clocks(poll);
    }
    if (error != 0) {
        return error;
    }
    return profile()->poll_style == SIMHOST_POLL_FAKE ? poll_fake(poll)
                                                      : poll_really(poll);
}

int32_t wasip1_poll_oneoff(const struct wasock__subscription *subscriptions,
                           struct wasock__event *events, size_t n_subscriptions,
                           uint32_t *n_events)
{
    const struct sim_fault fault =
        sim_begin(SIMHOST_POLL_ONEOFF, -1, n_subscriptions);
    struct poll poll = {0};

    sim_count_subscriptions(n_subscriptions);
    if (subscriptions == NULL || events == NULL || n_events == NULL) {
        sim_judge(SIMHOST_BAD_POINTER, "no memory for the poll");
        return sim_end(WASOCK_EFAULT, 0);
    }
    if (n_subscriptions == 0) {
        sim_judge(SIMHOST_NO_SUBSCRIPTION, "a poll of nothing");
        return sim_end(WASOCK_EINVAL, 0);
    }
    simhost_advance_ns(n_subscriptions * simhost_knobs.subscription_cost_ns);
    poll.subscriptions = subscriptions;
    poll.n_subscriptions = n_subscriptions;
    poll.events = events;
    if (fault.error != 0) {
        return sim_end(fault.error, 0);
    }
    /* What a host does not write is nothing to rely on. */
    memset(events, 0xA5, n_subscriptions * sizeof(*events));
    if (fault.lie != 0) {
        return sim_end(lie(&poll, fault.lie, n_events), *n_events);
    }
    const int32_t error = run_poll(&poll);
    if (error == 0) {
        *n_events = (uint32_t)poll.n_events;
    }
    return sim_end(error, poll.n_events);
}
