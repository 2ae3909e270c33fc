/* SPDX-License-Identifier: MIT */
/* polls.c - readiness, timeouts, the clock. */
#include "doctor.h"

#include <stdio.h>

#include "fd_internal.h"
#include "wasip1.h"

#define SUBSCRIPTIONS_MAX 4
#define CLOCK_FLAGS_ABSOLUTE 1
#define CLOCK_USERDATA 99
#define ARRIVAL_MS 20
#define HALF_MS_NS UINT64_C(500000)
#define N_TIMEOUTS 20

/* One poll and its result. */
struct poll {
    struct wasock__subscription subscriptions[SUBSCRIPTIONS_MAX];
    struct wasock__event events[SUBSCRIPTIONS_MAX];
    size_t n_subscriptions;
    uint32_t n_events;
    int32_t error;
    uint64_t took_ns;
};

static void add_fd(struct poll *poll, int fd, unsigned direction)
{
    const size_t i = poll->n_subscriptions++;

    wasock__fd_subscribe(&poll->subscriptions[i], fd, direction, i);
}

static void add_clock(struct poll *poll, uint64_t timeout_ns,
                      uint64_t precision_ns, uint16_t flags)
{
    struct wasock__subscription *clock =
        &poll->subscriptions[poll->n_subscriptions++];

    clock->userdata = CLOCK_USERDATA;
    clock->tag = WASIP1_EVENTTYPE_CLOCK;
    clock->of.clock.id = WASIP1_CLOCKID_MONOTONIC;
    clock->of.clock.timeout_ns = timeout_ns;
    clock->of.clock.precision_ns = precision_ns;
    clock->of.clock.flags = flags;
}

static void run(struct poll *poll)
{
    const uint64_t start_ns = wasock_clock_now_ns();

    poll->n_events = 0;
    poll->error = wasip1_poll_oneoff(poll->subscriptions, poll->events,
                                     poll->n_subscriptions, &poll->n_events);
    poll->took_ns = wasock_clock_now_ns() - start_ns;
}

/* The event of subscription `index`, or NULL. */
static const struct wasock__event *event_of(const struct poll *poll,
                                            uint64_t userdata)
{
    for (uint32_t i = 0; i < poll->n_events && i < SUBSCRIPTIONS_MAX; i++) {
        if (poll->events[i].userdata == userdata) {
            return &poll->events[i];
        }
    }
    return NULL;
}

/* One descriptor, one direction, one timeout. */
static struct poll poll_one(int fd, unsigned direction, uint64_t timeout_ns)
{
    struct poll poll = {0};

    add_fd(&poll, fd, direction);
    add_clock(&poll, timeout_ns, 0, 0);
    run(&poll);
    return poll;
}

/* Describe how long a poll took. */
static const char *lasted(const struct poll *poll, uint64_t at_least_ms,
                          const char *shorter, const char *longer)
{
    return or_error(poll->error, poll->took_ns < at_least_ms * WASOCK_NS_PER_MS
                                     ? shorter
                                     : longer);
}

/* The result of the first subscription. */
static const char *first_answer(const struct poll *poll, const char *ready)
{
    const struct wasock__event *event = event_of(poll, 0);

    if (poll->error != 0) {
        return wasock_err_name(poll->error);
    }
    if (event == NULL) {
        return "nothing";
    }
    return event->error != 0 ? wasock_err_name(event->error) : ready;
}

static void probe_readiness(struct doctor *doctor)
{
    const int listener_fd = wasock_socket_fd(&doctor->listener.socket);
    struct subject subjects[3];
    struct poll poll = poll_one(listener_fd, WASOCK_WRITABLE, 0);
    unsigned n_reported = 0;

    note(doctor, FACT_POLL_WRITE, "%s", first_answer(&poll, "ready"));
    for (size_t i = 0; i < 3; i++) {
        subjects[i] = open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);
    }
    poll = poll_one(subjects[0].fd, WASOCK_READABLE, 0);
    note(doctor, FACT_POLL_ZERO, "%s", first_answer(&poll, "readable"));
    ask(doctor, "send %d 10", subjects[1].number);
    pause_ms(doctor, ARRIVAL_MS);
    poll = (struct poll){0};
    for (size_t i = 0; i < 3; i++) {
        add_fd(&poll, subjects[i].fd, WASOCK_READABLE);
    }
    add_clock(&poll, 50 * WASOCK_NS_PER_MS, 0, 0);
    run(&poll);
    for (uint32_t i = 0; i < poll.n_events; i++) {
        n_reported += poll.events[i].type == WASIP1_EVENTTYPE_FD_READ;
    }
    note(doctor, FACT_POLL_ONE, "%u reported", n_reported);
    const struct wasock__event *event = event_of(&poll, 1);
    if (event == NULL || event->n_bytes < 1000) {
        note(doctor, FACT_POLL_BYTES, "%d",
             event == NULL ? -1 : (int)event->n_bytes);
    } else {
        note(doctor, FACT_POLL_BYTES, "garbage");
    }
    for (size_t i = 0; i < 3; i++) {
        wasock_fd_close(subjects[i].fd);
    }
}

static void receive_byte(int fd)
{
    char byte = 0;
    const ptrdiff_t ignored = wasock_fd_recv(fd, &byte, 1);

    (void)ignored;
}

static void probe_waking(struct doctor *doctor)
{
    const struct subject subject =
        open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);

    ask(doctor, "later 50 %d 1", subject.number);
    struct poll poll =
        poll_one(subject.fd, WASOCK_READABLE, 600 * WASOCK_NS_PER_MS);
    note(doctor, FACT_POLL_WAKE, "%s",
         lasted(&poll, 40, "at once",
                lasted(&poll, 500, "wakes", "by the clock only")));
    pause_ms(doctor, ARRIVAL_MS);
    receive_byte(subject.fd);

    ask(doctor, "later 50 %d 1", subject.number);
    poll = poll_one(subject.fd, WASOCK_READABLE, UINT64_MAX);
    note(doctor, FACT_TIMEOUT_HUGE, "%s",
         lasted(&poll, 40, "returns at once", "waits"));
    pause_ms(doctor, 50 + ARRIVAL_MS);
    wasock_fd_close(subject.fd);
}

static void note_event(struct doctor *doctor, enum fact fact,
                       const struct poll *poll)
{
    const struct wasock__event *event = event_of(poll, 0);

    if (poll->error != 0 || event == NULL) {
        note(doctor, fact, "%s", first_answer(poll, ""));
        return;
    }
    note(doctor, fact, "readable%s%s%s",
         event->flags & WASIP1_EVENTRWFLAGS_HANGUP ? ", hangup" : "",
         event->error != 0 ? ", " : "",
         event->error != 0 ? wasock_err_name(event->error) : "");
}

static void probe_the_dead(struct doctor *doctor)
{
    const struct subject ended = open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);
    const struct subject reset = open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);
    struct poll poll = {0};

    ask(doctor, "end %d", ended.number);
    ask(doctor, "reset %d", reset.number);
    pause_ms(doctor, ARRIVAL_MS);
    poll = poll_one(ended.fd, WASOCK_READABLE, 50 * WASOCK_NS_PER_MS);
    note_event(doctor, FACT_POLL_END, &poll);
    poll = poll_one(reset.fd, WASOCK_READABLE, 50 * WASOCK_NS_PER_MS);
    note_event(doctor, FACT_POLL_RESET, &poll);
    wasock_fd_close(ended.fd);
    wasock_fd_close(reset.fd);

    poll = poll_one(reset.fd, WASOCK_READABLE, 50 * WASOCK_NS_PER_MS);
    note(doctor, FACT_POLL_DEAD, "%s %s", poll.error != 0 ? "call" : "event",
         first_answer(&poll, "ready"));
    poll = (struct poll){0};
    run(&poll);
    note(doctor, FACT_POLL_NOTHING, "%s", wasock_err_name(poll.error));
}

void probe_poll(struct doctor *doctor)
{
    probe_readiness(doctor);
    probe_waking(doctor);
    probe_the_dead(doctor);
}

/* Check whether many short timeouts together last long enough. */
static const char *keeps_half_ms(int fd)
{
    uint64_t took_ns = 0;

    for (int i = 0; i < N_TIMEOUTS; i++) {
        struct poll poll = {0};
        if (fd >= 0) {
            add_fd(&poll, fd, WASOCK_READABLE);
        }
        add_clock(&poll, HALF_MS_NS, 0, 0);
        run(&poll);
        if (poll.error != 0) {
            return wasock_err_name(poll.error);
        }
        took_ns += poll.took_ns;
    }
    return took_ns >= N_TIMEOUTS * HALF_MS_NS ? "kept" : "too early";
}

static void probe_timeouts(struct doctor *doctor, int idle_fd)
{
    const uint64_t timeout_ns = 20 * WASOCK_NS_PER_MS;
    struct poll poll = {0};

    note(doctor, FACT_TIMEOUT_HALF, "%s", keeps_half_ms(-1));
    note(doctor, FACT_TIMEOUT_BESIDE, "%s", keeps_half_ms(idle_fd));

    add_clock(&poll, timeout_ns, 10 * timeout_ns, 0);
    run(&poll);
    note(doctor, FACT_TIMEOUT_SLACK, "%s",
         lasted(&poll, 140, "ignored", "added"));

    poll = (struct poll){0};
    add_fd(&poll, idle_fd, WASOCK_READABLE);
    add_clock(&poll, wasock_deadline_after_ns(timeout_ns), 0,
              CLOCK_FLAGS_ABSOLUTE);
    run(&poll);
    const struct wasock__event *event = event_of(&poll, CLOCK_USERDATA);
    note(doctor, FACT_TIMEOUT_ABSOLUTE, "%s",
         or_error(event != NULL ? event->error : 0,
                  lasted(&poll, 10, "too early", "kept")));
}

static void probe_clock_reads(struct doctor *doctor)
{
    uint64_t step_ns = UINT64_MAX;
    bool goes_back = false;
    const uint64_t start_ns = wasock_clock_now_ns();
    uint64_t last_ns = start_ns;

    for (int i = 0; i < 10000; i++) {
        const uint64_t now_ns = wasock_clock_now_ns();
        goes_back = goes_back || now_ns < last_ns;
        if (now_ns > last_ns && now_ns - last_ns < step_ns) {
            step_ns = now_ns - last_ns;
        }
        last_ns = now_ns;
    }
    note(doctor, FACT_CLOCK_ORDER, "%s",
         goes_back ? "goes back" : "never goes back");
    note(doctor, FACT_CLOCK_STEP, "%u ns", (unsigned)step_ns);
    note(doctor, FACT_COST_CLOCK, "%u ns",
         (unsigned)((last_ns - start_ns) / 10000));
}

static void probe_costs(struct doctor *doctor, int idle_fd)
{
    const int listener_fd = wasock_socket_fd(&doctor->listener.socket);
    uint64_t start_ns = wasock_clock_now_ns();
    struct poll poll = {0};
    char byte = 0;
    ptrdiff_t n = 0;

    for (int i = 0; i < 1000; i++) {
        n += wasock_fd_recv(idle_fd, &byte, 1);
    }
    note(doctor, FACT_COST_RECV, "%u ns",
         (unsigned)((wasock_clock_now_ns() - start_ns) / 1000));
    start_ns = wasock_clock_now_ns();
    for (int i = 0; i < 1000; i++) {
        n += wasock_fd_accept(listener_fd);
    }
    note(doctor, FACT_COST_ACCEPT, "%u ns",
         (unsigned)((wasock_clock_now_ns() - start_ns) / 1000));
    start_ns = wasock_clock_now_ns();
    for (int i = 0; i < 1000; i++) {
        poll = poll_one(idle_fd, WASOCK_READABLE, 0);
    }
    note(doctor, FACT_COST_POLL, "%u ns",
         (unsigned)((wasock_clock_now_ns() - start_ns) / 1000));
    (void)n;
    (void)poll;
}

void probe_clock(struct doctor *doctor)
{
    const struct subject subject =
        open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);

    probe_timeouts(doctor, subject.fd);
    probe_clock_reads(doctor);
    probe_costs(doctor, subject.fd);
    wasock_fd_close(subject.fd);
}
