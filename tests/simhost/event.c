/* SPDX-License-Identifier: MIT */
/* The events of a poll: which, in what order, and what they claim. */
#include "poll.h"

#include <string.h>

static struct wasock__event *
add_event(struct sim_poll *poll,
          const struct wasock__subscription *subscription, int32_t error)
{
    struct wasock__event *const event = &poll->events[poll->n_events++];

    memset(event, 0, sizeof(*event));
    event->userdata = subscription->userdata;
    event->error = (uint16_t)error;
    event->type = subscription->tag;
    return event;
}

static uint64_t n_bytes(const struct sim_descriptor *target)
{
    const size_t n_queued = target->peer == NULL
                                ? target->pending.length
                                : sim_peer_n_arrived(target->peer);

    switch (simhost_knobs.profile.n_bytes) {
    case SIMHOST_N_BYTES_QUEUED_OR_ONE:
        /* Of a listener it knows nothing: the constant 1. */
        return target->peer == NULL || n_queued == 0 ? 1 : n_queued;
    case SIMHOST_N_BYTES_GARBAGE:
        return sim_random();
    case SIMHOST_N_BYTES_QUEUED:
        return n_queued;
    case SIMHOST_N_BYTES_ZERO:
    default:
        return 0;
    }
}

static int32_t event_error(const struct sim_descriptor *target)
{
    const struct simhost_profile *const profile = &simhost_knobs.profile;

    if (target->event_error != 0) {
        return target->event_error;
    }
    if (target->kind == SIMHOST_DIRECTORY &&
        profile->poll_directory == SIMHOST_DIRECTORY_EVENT_ENOTCAPABLE) {
        return WASOCK_ENOTCAPABLE;
    }
    return target->peer != NULL && target->peer->pending_error != 0
               ? profile->event_error_after_reset
               : 0;
}

static uint16_t event_flags(const struct sim_descriptor *target)
{
    const struct simhost_profile *const profile = &simhost_knobs.profile;
    const struct simhost_peer *const peer = target->peer;

    if (peer != NULL && event_error(target) == 0 && /* which comes alone */
        ((profile->hangup_at_end_of_stream &&
          (peer->has_shut || peer->has_reset)) ||
         (profile->hangup_when_both_ended && sim_peer_is_over(peer)))) {
        return WASIP1_EVENTRWFLAGS_HANGUP;
    }
    return target->event_flags;
}

static void add_fd_event(struct sim_poll *poll, size_t i)
{
    const struct wasock__subscription *const subscription =
        &poll->subscriptions[i];
    const struct sim_descriptor *const target = poll->targets[i];

    /* Data that comes meanwhile is in the counts of the later events. */
    if (simhost_knobs.costs.event_ns > 0) {
        simhost_advance_ns(simhost_knobs.costs.event_ns);
    }
    if (target == NULL) {
        (void)add_event(poll, subscription, WASOCK_EBADF);
        return;
    }
    struct wasock__event *const event =
        add_event(poll, subscription, event_error(target));
    event->flags = event_flags(target);
    if (!sim_is_write(subscription) && event->error == 0) {
        event->n_bytes = n_bytes(target);
    }
}

static void add_clock_event(struct sim_poll *poll,
                            const struct wasock__subscription *subscription,
                            bool is_first)
{
    if (sim_is_unknown_clock(poll, subscription, is_first)) {
        (void)add_event(poll, subscription, WASOCK_ENOSYS);
    } else if (poll->is_clock_due &&
               subscription->of.clock.timeout_ns ==
                   poll->earliest_clock->of.clock.timeout_ns) {
        (void)add_event(poll, subscription, 0);
    }
}

/* ---- Rounds ------------------------------------------------------------- */

/* Those that were reported in a round are left out of its later polls. The
 * number only grows, so that no descriptor of a new world has it. */
static uint64_t round_number = 1;

static bool is_left_out(const struct sim_poll *poll, size_t i)
{
    const uint32_t most = simhost_knobs.profile.round_events;
    const struct sim_descriptor *const target = poll->targets[i];
    const bool is_write = sim_is_write(&poll->subscriptions[i]);

    return most > 0 &&
           (poll->n_reported >= most ||
            (target != NULL && target->rounds[is_write] == round_number));
}

static void mark_reported(struct sim_poll *poll, size_t i)
{
    poll->n_reported++;
    if (simhost_knobs.profile.round_events > 0 && poll->targets[i] != NULL) {
        poll->targets[i]->rounds[sim_is_write(&poll->subscriptions[i])] =
            round_number;
    }
}

/* ---- Order -------------------------------------------------------------- */

enum pass {
    PASS_ALL,
    PASS_CLOCKS,
    PASS_READS,
    PASS_WRITES,
    PASS_ERRORS,
    PASS_NO_ERRORS
};

static bool is_in_pass(const struct sim_poll *poll, size_t i, enum pass pass)
{
    const uint8_t tag = poll->subscriptions[i].tag;
    const bool is_dead =
        tag != WASIP1_EVENTTYPE_CLOCK && poll->targets[i] == NULL;

    switch (pass) {
    case PASS_CLOCKS:
        return tag == WASIP1_EVENTTYPE_CLOCK;
    case PASS_READS:
        return tag == WASIP1_EVENTTYPE_FD_READ;
    case PASS_WRITES:
        return tag == WASIP1_EVENTTYPE_FD_WRITE;
    case PASS_ERRORS:
        return is_dead;
    case PASS_NO_ERRORS:
        return !is_dead;
    case PASS_ALL:
    default:
        return true;
    }
}

static void collect_pass(struct sim_poll *poll, enum pass pass)
{
    bool is_first_clock = true;

    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        if (!is_in_pass(poll, i, pass)) {
            continue;
        }
        if (sim_is_clock(&poll->subscriptions[i])) {
            add_clock_event(poll, &poll->subscriptions[i], is_first_clock);
            is_first_clock = false;
        } else if ((poll->is_all_ready || i == poll->spurious_at ||
                    sim_is_ready(poll, i)) &&
                   !is_left_out(poll, i)) {
            add_fd_event(poll, i);
            mark_reported(poll, i);
        }
    }
}

static void shuffle(struct sim_poll *poll)
{
    for (size_t i = poll->n_events; simhost_knobs.shuffle && i > 1; i--) {
        const size_t j = (size_t)sim_random_below(i);
        const struct wasock__event event = poll->events[i - 1];
        poll->events[i - 1] = poll->events[j];
        poll->events[j] = event;
    }
}

static void collect(struct sim_poll *poll)
{
    poll->n_events = 0;
    poll->n_reported = 0;
    switch (simhost_knobs.profile.event_order) {
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
}

void sim_collect(struct sim_poll *poll)
{
    collect(poll);
    if (poll->n_reported < simhost_knobs.profile.round_events) {
        round_number++;
        if (poll->n_reported == 0) { /* perhaps all were left out */
            collect(poll);
            round_number +=
                poll->n_reported < simhost_knobs.profile.round_events;
        }
    }
    shuffle(poll);
}

/* ---- A poll that only pretends ------------------------------------------ */

bool sim_asks_stdin(const struct sim_poll *poll, size_t i)
{
    const struct sim_descriptor *const target = poll->targets[i];

    return target != NULL && !sim_is_write(&poll->subscriptions[i]) &&
           (!target->is_nonblocking || target->kind == SIMHOST_DIRECTORY);
}

static bool is_reported_by_fake(const struct sim_poll *poll, size_t i,
                                bool is_stdin_ready)
{
    return sim_is_clock(&poll->subscriptions[i])
               ? poll->is_clock_due
               : is_stdin_ready || !sim_asks_stdin(poll, i);
}

static int32_t fake_error(const struct sim_poll *poll, size_t i)
{
    if (sim_is_clock(&poll->subscriptions[i])) {
        return 0;
    }
    if (poll->targets[i] == NULL) {
        return WASOCK_EBADF;
    }
    return sim_is_write(&poll->subscriptions[i])
               ? WASOCK_ENOTSUP
               : poll->targets[i]->event_error;
}

void sim_collect_fake(struct sim_poll *poll, bool is_stdin_ready)
{
    for (size_t i = 0; i < poll->n_subscriptions; i++) {
        if (is_reported_by_fake(poll, i, is_stdin_ready)) {
            (void)add_event(poll, &poll->subscriptions[i], fake_error(poll, i));
        }
    }
    shuffle(poll);
}
