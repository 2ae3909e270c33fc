/* SPDX-License-Identifier: MIT */
/* poll_oneoff, in four styles: honest, reporting all, not looking, and fake. */
#include "poll.h"

#include <string.h>

#define CLOCK_IS_ABSOLUTE 1
#define TIMEOUT_MAX_NS (UINT64_C(3600) * SIMHOST_MS(1000))
#define NEVER UINT64_MAX

static struct {
    uint64_t serial;  /* of the poll under way */
    bool is_detected; /* a descriptor that it asked for changed */
    bool has_polled;  /* in this world */
    uint64_t slept_ns;
    struct sim_descriptor **targets;
    size_t targets_capacity;
} state;

void sim_poll_reset(void)
{
    /* The serial goes on, so that no descriptor of a new world has it. */
    state.is_detected = false;
    state.has_polled = false;
    state.slept_ns = 0;
}

uint64_t simhost_slept_ns(void)
{
    return state.slept_ns;
}

void sim_poll_notice(const struct sim_descriptor *descriptor)
{
    if (descriptor->poll_serial == state.serial) {
        state.is_detected = true;
    }
}

static const struct simhost_profile *profile(void)
{
    return &simhost_knobs.profile;
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

/* has_waiting_write: a subscription for writing that is no mere look. */
static void judge_whole(const struct sim_poll *poll, bool has_waiting_write)
{
    if (poll->n_clocks > 1) {
        sim_judge(SIMHOST_BAD_CLOCK, "%zu clocks", poll->n_clocks);
    }
    if (profile()->poll_style != SIMHOST_POLL_FAKE) {
        return;
    }
    if (poll->n_clocks == 0) {
        sim_judge(SIMHOST_FAKE_POLL_WITHOUT_CLOCK,
                  "such a poll never returns on this host");
    }
    if (has_waiting_write) {
        sim_judge(SIMHOST_FAKE_POLL_WRITE,
                  "this host knows no readiness for writing");
    }
}

/* Look at each subscription once. Returns an error of the whole call. */
static int32_t examine(struct sim_poll *poll)
{
    bool has_write = false;
    uint64_t timeout_ns = NEVER;

    state.serial++;
    state.targets = (struct sim_descriptor **)sim_grow(
        state.targets, &state.targets_capacity, poll->n_subscriptions,
        sizeof(*state.targets));
    poll->targets = state.targets;
    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        const struct wasock__subscription *const subscription =
            &poll->subscriptions[i];
        state.targets[i] = NULL;
        if (sim_is_clock(subscription)) {
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
        has_write = has_write || sim_is_write(subscription);
        struct sim_descriptor *const target =
            sim_lookup((int32_t)subscription->of.fd);
        if (target == NULL) {
            poll->has_dead_fd = true;
            continue;
        }
        target->poll_serial = state.serial;
        if (profile()->poll_of_null_kills && target->kind == SIMHOST_STDIO &&
            target->peer == NULL && !sim_is_write(subscription)) {
            sim_judge(SIMHOST_NULL_POLLED, "the host counts its bytes");
        }
        poll->has_directory =
            poll->has_directory || target->kind == SIMHOST_DIRECTORY;
        state.targets[i] = target;
    }
    judge_whole(poll, has_write && timeout_ns > 0);
    return 0;
}

/* ---- Clocks ------------------------------------------------------------- */

static bool is_absolute(const struct wasock__subscription *subscription)
{
    return (subscription->of.clock.flags & CLOCK_IS_ABSOLUTE) != 0;
}

bool sim_is_unknown_clock(const struct sim_poll *poll,
                          const struct wasock__subscription *subscription,
                          bool is_first)
{
    if (profile()->second_clock_is_enosys && !is_first) {
        return true;
    }
    return profile()->absolute_clock == SIMHOST_ABSOLUTE_ENOSYS_WITH_FDS &&
           is_absolute(subscription) && poll->n_subscriptions > poll->n_clocks;
}

/* The time at which a clock ends on this host. */
static uint64_t clock_end_ns(const struct wasock__subscription *subscription)
{
    const uint64_t now_ns = simhost_now_ns();
    uint64_t timeout_ns = subscription->of.clock.timeout_ns;

    if (is_absolute(subscription)) {
        timeout_ns = timeout_ns > now_ns ? timeout_ns - now_ns : 0;
    }
    if (timeout_ns > INT64_MAX) {
        return profile()->huge_timeout_ends_at_once ? now_ns : NEVER;
    }
    if (profile()->precision_is_added) {
        timeout_ns += subscription->of.clock.precision_ns;
    }
    timeout_ns -= timeout_ns % profile()->timeout_granularity_ns;
    if (timeout_ns == 0) {
        return now_ns;
    }
    return now_ns + timeout_ns -
           sim_random_below(profile()->early_wake_max_ns) +
           simhost_knobs.late_wake_ns;
}

/* Find the deadline. Returns an error of the whole call. */
static int32_t start_clocks(struct sim_poll *poll)
{
    bool is_first = true;

    poll->deadline_ns = NEVER;
    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        const struct wasock__subscription *const subscription =
            &poll->subscriptions[i];
        if (!sim_is_clock(subscription)) {
            continue;
        }
        if (profile()->absolute_clock == SIMHOST_ABSOLUTE_FAILS_CALL &&
            is_absolute(subscription)) {
            return WASOCK_ENOTSUP;
        }
        const bool is_unknown =
            sim_is_unknown_clock(poll, subscription, is_first);
        const uint64_t end_ns =
            is_unknown ? simhost_now_ns() : clock_end_ns(subscription);
        poll->has_unknown_clock = poll->has_unknown_clock || is_unknown;
        if (end_ns < poll->deadline_ns) {
            poll->deadline_ns = end_ns;
            poll->earliest_clock = subscription;
        }
        is_first = false;
    }
    return 0;
}

static void pay(const struct sim_poll *poll, uint64_t each_ns)
{
    simhost_advance_ns((poll->n_subscriptions - poll->n_clocks) * each_ns);
}

/* The host checks in the middle of its cost. A sleep begins after that. */
static void pay_rest(struct sim_poll *poll, bool waits)
{
    const uint64_t now_ns = simhost_now_ns();

    if (waits) {
        pay(poll, simhost_knobs.costs.subscription_ns -
                      simhost_knobs.costs.subscription_ns / 2);
        poll->deadline_ns +=
            poll->deadline_ns == NEVER ? 0 : simhost_now_ns() - now_ns;
    }
}

static void pay_for_waking(const struct sim_poll *poll)
{
    if (poll->has_slept) {
        simhost_advance_ns(simhost_knobs.costs.wake_ns);
    }
    if (poll->has_slept || poll->looks_again) {
        pay(poll, simhost_knobs.costs.wake_subscription_ns);
    }
}

uint64_t sim_sleep_serial(void)
{
    return ++state.serial;
}

bool sim_sleep(uint64_t deadline_ns, size_t n)
{
    const uint64_t start_ns = simhost_now_ns();

    state.is_detected = false;
    do {
        const uint64_t due_ns = sim_next_due_ns();
        if (due_ns == NEVER && deadline_ns == NEVER) {
            sim_judge(SIMHOST_WAITS_FOR_EVER,
                      "a poll of %zu has no clock, and nothing is scheduled",
                      n);
            return false;
        }
        sim_advance_to(due_ns < deadline_ns ? due_ns : deadline_ns);
    } while (!state.is_detected && simhost_now_ns() < deadline_ns);
    state.slept_ns += simhost_now_ns() - start_ns;
    return true;
}

static bool wait_for_change(struct sim_poll *poll)
{
    poll->has_slept = true;
    return sim_sleep(poll->deadline_ns, poll->n_subscriptions);
}

/* ---- The styles --------------------------------------------------------- */

static bool is_any_ready(const struct sim_poll *poll)
{
    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        if (!sim_is_clock(&poll->subscriptions[i]) && sim_is_ready(poll, i)) {
            return true;
        }
    }
    return false;
}

/* Now and then one descriptor is reported without a reason. */
static size_t choose_spurious(const struct sim_poll *poll)
{
    if (sim_chance(simhost_knobs.spurious_ready_per_mille)) {
        const size_t at = (size_t)sim_random_below(poll->n_subscriptions);
        if (!sim_is_clock(&poll->subscriptions[at])) {
            return at;
        }
    }
    return SIZE_MAX;
}

static int32_t poll_really(struct sim_poll *poll)
{
    if ((poll->has_dead_fd &&
         profile()->poll_bad_fd == SIMHOST_BAD_FD_FAILS_CALL) ||
        (poll->has_directory &&
         profile()->poll_directory == SIMHOST_DIRECTORY_FAILS_CALL)) {
        return WASOCK_EBADF;
    }
    poll->spurious_at = choose_spurious(poll);
    bool is_ready = poll->spurious_at != SIZE_MAX || is_any_ready(poll) ||
                    (profile()->poll_style == SIMHOST_POLL_NEVER_LOOKS &&
                     poll->n_subscriptions > poll->n_clocks);
    const bool waits = !is_ready && simhost_now_ns() < poll->deadline_ns;
    pay_rest(poll, waits);
    while (!is_ready && simhost_now_ns() < poll->deadline_ns) {
        if (!is_any_ready(poll) && !wait_for_change(poll)) {
            return WASOCK_EIO;
        }
        poll->looks_again = true;
        is_ready = is_any_ready(poll);
    }
    pay_for_waking(poll);
    is_ready = is_ready || (poll->has_slept && is_any_ready(poll));
    poll->is_clock_due = simhost_now_ns() >= poll->deadline_ns &&
                         !poll->has_unknown_clock &&
                         (!is_ready || profile()->clock_beside_ready);
    if (poll->has_dead_fd &&
        profile()->poll_bad_fd == SIMHOST_BAD_FD_EVENT_AND_CLOCK) {
        poll->is_clock_due = true;
    }
    poll->is_all_ready =
        is_ready && profile()->poll_style != SIMHOST_POLL_HONEST;
    sim_collect(poll);
    pay(poll, waits ? 0
                    : simhost_knobs.costs.subscription_ns -
                          simhost_knobs.costs.subscription_ns / 2);
    return 0;
}

static bool is_stdin_ready(void)
{
    const struct sim_descriptor *const descriptor = sim_descriptor(0);

    return descriptor == NULL || descriptor->is_readable;
}

/* wazero waits for stdin where anything blocking was asked for, else for the
 * clock alone; it looks at no socket. */
static int32_t poll_fake(struct sim_poll *poll)
{
    bool asks_stdin = false;

    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        asks_stdin = asks_stdin || sim_asks_stdin(poll, i);
    }
    if (asks_stdin && sim_descriptor(0) != NULL) {
        sim_descriptor(0)->poll_serial = state.serial;
    }
    while (!(asks_stdin && is_stdin_ready()) &&
           simhost_now_ns() < poll->deadline_ns) {
        if (!wait_for_change(poll)) {
            return WASOCK_EIO;
        }
    }
    pay(poll, simhost_knobs.costs.subscription_ns -
                  simhost_knobs.costs.subscription_ns / 2);
    pay_for_waking(poll);
    poll->is_clock_due = simhost_now_ns() >= poll->deadline_ns;
    sim_collect_fake(poll, asks_stdin && is_stdin_ready());
    return 0;
}

/* ---- The call ----------------------------------------------------------- */

static void lie(struct sim_poll *poll, int kind)
{
    struct wasock__event *const event = &poll->events[0];

    memset(event, 0, sizeof(*event));
    event->userdata = ~poll->subscriptions[0].userdata ^ sim_random();
    event->type = WASIP1_EVENTTYPE_FD_READ;
    switch (kind) {
    case SIMHOST_LIE_TOO_MUCH:
        poll->n_events = poll->n_subscriptions + 1;
        break;
    case SIMHOST_LIE_NOTHING:
        poll->n_events = 0;
        break;
    case SIMHOST_LIE_NONSENSE:
    default:
        poll->n_events = 1;
        break;
    }
}

/* Reasons to fail that have nothing to do with the question. */
static int32_t accident(void)
{
    if (!state.has_polled && profile()->first_poll_needs_a_slot &&
        sim_is_at_limit()) {
        return WASOCK_EMFILE;
    }
    state.has_polled = true;
    return sim_chance(simhost_knobs.interrupted_per_mille) ? WASOCK_EINTR : 0;
}

static int32_t run(struct sim_poll *poll, struct sim_fault fault)
{
    int32_t error = examine(poll);

    if (error != 0 || fault.error != 0) {
        return error != 0 ? error : fault.error;
    }
    pay(poll, simhost_knobs.costs.subscription_ns / 2);
    /* What a host does not write is nothing to rely on. */
    memset(poll->events, 0xA5, poll->n_subscriptions * sizeof(*poll->events));
    if (fault.lie != 0) {
        lie(poll, fault.lie);
        return 0;
    }
    error = accident();
    if (error != 0) {
        return error;
    }
    error = start_clocks(poll);
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
    struct sim_poll poll = {0};

    sim_count_subscriptions(n_subscriptions);
    if (subscriptions == NULL || events == NULL || n_events == NULL) {
        sim_judge(SIMHOST_BAD_POINTER, "no memory for the poll");
        return sim_end(WASOCK_EFAULT, 0);
    }
    if (n_subscriptions == 0) {
        sim_judge(SIMHOST_NO_SUBSCRIPTION, "a poll of nothing");
        return sim_end(WASOCK_EINVAL, 0);
    }
    poll.subscriptions = subscriptions;
    poll.n_subscriptions = n_subscriptions;
    poll.events = events;
    const int32_t error = run(&poll, fault);
    if (error == 0 && fault.lie != SIMHOST_LIE_NOTHING) {
        *n_events = (uint32_t)poll.n_events;
    }
    return sim_end(error, poll.n_events);
}
