/* SPDX-License-Identifier: MIT */
/* poll.h - one poll_oneoff under way: what poll.c and event.c share. */
#ifndef SIMHOST_POLL_H
#define SIMHOST_POLL_H

#include "world.h"

struct sim_poll {
    const struct wasock__subscription *subscriptions;
    struct sim_descriptor *const *targets; /* one each; NULL: clock, or dead */
    size_t n_subscriptions;
    size_t n_clocks;
    bool has_dead_fd;
    bool has_directory;
    bool has_unknown_clock;
    bool looks_again; /* something became ready after its look */
    bool has_slept;
    uint64_t deadline_ns;
    const struct wasock__subscription *earliest_clock;

    struct wasock__event *events;
    size_t n_events;
    size_t n_reported;  /* of them of descriptors */
    bool is_clock_due;  /* its event is reported */
    bool is_all_ready;  /* every descriptor is reported */
    size_t spurious_at; /* this one is reported; SIZE_MAX: none */
};

static inline bool sim_is_clock(const struct wasock__subscription *subscription)
{
    return subscription->tag == WASIP1_EVENTTYPE_CLOCK;
}

static inline bool sim_is_write(const struct wasock__subscription *subscription)
{
    return subscription->tag == WASIP1_EVENTTYPE_FD_WRITE;
}

/* Whether a real look at the ith subscription, of a descriptor, finds it
 * ready; a dead one is, with an error. */
static inline bool sim_is_ready(const struct sim_poll *poll, size_t i)
{
    const struct sim_descriptor *const target = poll->targets[i];

    if (target == NULL || target->has_event) {
        return true;
    }
    return sim_is_write(&poll->subscriptions[i]) ? target->is_writable
                                                 : target->is_readable;
}

/* Whether a clock is one that this host's poll does not take. */
bool sim_is_unknown_clock(const struct sim_poll *poll,
                          const struct wasock__subscription *subscription,
                          bool is_first);

/* A sleep begins: the serial for the descriptors that may end it. */
uint64_t sim_sleep_serial(void);

/*
 * Let time pass until one of these changes or the clock ends.
 * False: nothing ever will, which has been judged.
 */
bool sim_sleep(uint64_t deadline_ns, size_t n);

/* event.c: write what has happened, as a host that looks does, or as one that
 * only pretends to. asks_stdin: what is blocking is stdin to it. */
void sim_collect(struct sim_poll *poll);
void sim_collect_fake(struct sim_poll *poll, bool is_stdin_ready);
bool sim_asks_stdin(const struct sim_poll *poll, size_t i);

#endif
