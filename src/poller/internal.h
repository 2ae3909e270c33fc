/* SPDX-License-Identifier: MIT */
/*
 * poller/internal.h - what the parts of the poller share.
 *
 *   poller.c      registrations, changes of their objects
 *   pending.c     events that wait to be taken, deadlines
 *   wait.c        the wait
 *   order.c       which registrations are hot or cold
 *   probe.c       one poll of the host
 *   schedule.c    what to poll next, and how long to sleep
 *   learn.c       the costs and yields of polls, and their use
 *   blind.c       the same on a host whose poll does not check
 *   kept.c        a host with a set of descriptors, as epoll
 *   timer_heap.c  timers, in order
 */
#ifndef WASOCK_POLLER_INTERNAL_H
#define WASOCK_POLLER_INTERNAL_H

#include <stdbool.h>

#include <wasock/abi.h>
#include <wasock/clock.h>
#include <wasock/poller.h>

#include "../fd_internal.h"
#include "../host.h"
#include "../socket_internal.h"
#include "timer_heap.h"
#include "tries.h"

#define WASOCK__NONE UINT32_MAX

/* The promise of poller.h with few registrations. */
#define WASOCK__BOUND_MIN_NS (20 * WASOCK_NS_PER_MS)

/* The shortest sleep that every host can do. */
#define WASOCK__NAP_NS WASOCK_NS_PER_MS

/* The most empty polls or rounds before sleeping. Where they did not pay, some
 * are tried now and then, to see whether that has changed. */
#define WASOCK__PATIENCE_MAX 8

/* The largest group: larger ones save little and delay what is found first. */
#define WASOCK__GROUP_MAX 256

/* A group of at most this size is tried if it is unknown which are ready:
 * polling them apart costs as much. */
#define WASOCK__FEW 8

/* After this number of events in a row from hot ones, sleep on the hot ones
 * before looking among the cold. */
#define WASOCK__ALL_HOT 25

/* How a registration is waited for. Each is in exactly one queue. */
enum wasock__queue {
    WASOCK__QUEUE_FREE,    /* no registration */
    WASOCK__QUEUE_HOT,     /* recently active: polled first */
    WASOCK__QUEUE_COLD,    /* least recently polled first */
    WASOCK__QUEUE_RESTING, /* deadlines only, dead, or in-process and idle */
    WASOCK__QUEUE_CHANGED, /* in-process, may be ready: look */
    WASOCK__QUEUE_STARVED, /* a listener out of descriptors */
    WASOCK__QUEUE_KEPT,    /* in the host's set */
    WASOCK__QUEUE_ALWAYS,  /* a file beside them: ready in every wait */
    WASOCK__N_QUEUES
};

/* The second list that a registration may be in: its event waits to be taken,
 * or was taken and its result is not known yet. */
enum wasock__report {
    WASOCK__REPORT_NONE,
    WASOCK__REPORT_PENDING,
    WASOCK__REPORT_TAKEN,
    WASOCK__N_REPORTS
};

/* How truthful a host's poll is. */
enum wasock__host_kind {
    WASOCK__HOST_UNKNOWN,
    WASOCK__HOST_BROADCAST, /* reports all once one is ready, or so we assume */
    WASOCK__HOST_TRUTHFUL,  /* has reported some and not others */
    WASOCK__HOST_BLIND,     /* does not check sockets */
    WASOCK__HOST_KEEPING    /* keeps the set: it is not asked */
};

/* A ring of registrations, linked by index. */
struct wasock__ring {
    uint32_t first;
    uint32_t count;
};

struct wasock__link {
    uint32_t next;
    uint32_t previous;
};

/* Which of the two links of a registration a ring uses. */
enum wasock__chain {
    WASOCK__CHAIN_QUEUE,
    WASOCK__CHAIN_REPORT,
    WASOCK__N_CHAINS
};

/* The storage is the caller's: its declared type is another one. */
#define WASOCK__STORED __attribute__((may_alias))

struct WASOCK__STORED wasock__registration {
    struct wasock_watch watch; /* the first member */
    void *token;
    struct wasock__link links[WASOCK__N_CHAINS];
    int16_t error;             /* pending */
    uint8_t ready;             /* pending directions; or those just taken */
    uint8_t exceeded;          /* pending deadlines, by direction */
    uint8_t reported_exceeded; /* deadlines reported since they were set */
    uint8_t interest;
    uint8_t queue;      /* enum wasock__queue */
    uint8_t report;     /* enum wasock__report */
    uint8_t credit;     /* empty polls until it turns cold */
    uint8_t is_doubted; /* not to be passed over beside certain ones */
    uint8_t is_hosted;  /* a descriptor of the host */
};

struct WASOCK__STORED wasock__poller {
    struct wasock__subscription *subscriptions; /* one poll */
    struct wasock__event *events;               /* its answer */
    struct wasock__registration *registrations;
    struct wasock_watch *inbox; /* changed objects */
    const struct wasock_network *network;
    const struct wasock__poll_cost *cost; /* of a poll */
    struct wasock__timer_heap timers;     /* owners: registrations */
    struct wasock__host_set set;          /* open if the kind is KEEPING */
    struct wasock__ring queues[WASOCK__N_QUEUES];
    struct wasock__ring reports[WASOCK__N_REPORTS];
    uint64_t swept_ns;         /* until when the cold ones were polled */
    uint64_t starved_until_ns; /* accept back-off */
    uint64_t spent_ns;         /* cost of polls since something was ready */
    uint64_t timeout_ns;       /* of the wait that may be continued; 0: none */
    uint64_t timeout_end_ns;
    uint32_t capacity;
    uint32_t n_hosted;    /* registrations of host descriptors */
    uint32_t n_networked; /* registrations of in-process sockets */
    uint32_t n_asked;     /* cold ones polled recently … */
    uint32_t n_found;     /* … and how many of them were used */
    uint32_t n_used;      /* events since the last wait that were right … */
    uint32_t n_cold_used; /* … among the cold */
    uint32_t n_regular;   /* of those taken, of ones found more than once … */
    uint32_t n_regular_used; /* … and how many of these were right */
    uint32_t n_events;       /* steps that found something */
    uint32_t n_tried;        /* blind: cold ones since one was used */
    uint32_t last_used;      /* the index of the one used last */
    uint8_t kind;            /* enum wasock__host_kind */
    uint8_t n_hot_events;    /* since one of a cold one, at most ALL_HOT */
    uint8_t patience;        /* with polls that find nothing, of 8 */
    uint8_t has_slept;       /* since the last event */
    uint8_t nap_ms;          /* blind: the last nap */
    uint8_t is_kind_needed;  /* a socket's host could not be asked */
    uint8_t is_try_owed; /* blind: no event was given since 0 was returned */
    uint8_t is_virtual;  /* the network has a clock of its own */
    uint8_t is_interruptible;
    uint8_t is_set_tried; /* opened, or the host keeps none */
    uint8_t when_taken;   /* enum wasock__report, of events that were taken */
};

static inline struct wasock__poller *
wasock__poller_of(struct wasock_poller *poller)
{
    return (struct wasock__poller *)(void *)poller;
}

static inline bool wasock__is_closed(const struct wasock__poller *poller)
{
    return poller->capacity == 0;
}

static inline uint32_t wasock__count(const struct wasock__poller *poller,
                                     enum wasock__queue queue)
{
    return poller->queues[queue].count;
}

static inline uint32_t wasock__n_hot(const struct wasock__poller *poller)
{
    return wasock__count(poller, WASOCK__QUEUE_HOT);
}

static inline uint32_t wasock__n_cold(const struct wasock__poller *poller)
{
    return wasock__count(poller, WASOCK__QUEUE_COLD);
}

static inline uint32_t
wasock__n_hot_and_cold(const struct wasock__poller *poller)
{
    return wasock__n_hot(poller) + wasock__n_cold(poller);
}

/* The direction to ask the host about to learn whether `direction` is ready:
 * see never_waits in poller.c. */
static inline unsigned wasock__question_of(const struct wasock_socket *socket,
                                           unsigned direction)
{
    return socket->never_waits_ ? (unsigned)WASOCK_WRITABLE : direction;
}

static inline bool wasock__is_all_hot(const struct wasock__poller *poller)
{
    return poller->n_hot_events == WASOCK__ALL_HOT && wasock__n_hot(poller) > 0;
}

/* Whether any descriptor of the host can end a wait. */
static inline bool wasock__is_any_hosted(const struct wasock__poller *poller)
{
    return wasock__n_hot_and_cold(poller) > 0 ||
           wasock__count(poller, WASOCK__QUEUE_KEPT) > 0 ||
           wasock__count(poller, WASOCK__QUEUE_ALWAYS) > 0;
}

static inline uint32_t wasock__n_pending(const struct wasock__poller *poller)
{
    return poller->reports[WASOCK__REPORT_PENDING].count;
}

static inline uint32_t wasock__lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline bool wasock__is_pending(const struct wasock__poller *poller)
{
    return wasock__n_pending(poller) > 0;
}

/* A timeout for the host. now_ns: the time; not needed for a look. */
static inline uint64_t wasock__timeout_of(uint64_t until_ns, uint64_t now_ns)
{
    if (until_ns == WASOCK_NO_DEADLINE) {
        return UINT64_MAX;
    }
    return until_ns == WASOCK_DEADLINE_PAST
               ? 0
               : wasock_ns_subtract(until_ns, now_ns);
}

/* ---- order.c ---- */

void wasock__ring_append(struct wasock__poller *poller,
                         struct wasock__ring *ring, enum wasock__chain chain,
                         uint32_t index);
void wasock__ring_remove(struct wasock__poller *poller,
                         struct wasock__ring *ring, enum wasock__chain chain,
                         uint32_t index);

/* Move a registration to the end of a queue. */
void wasock__order_move(struct wasock__poller *poller, uint32_t index,
                        enum wasock__queue queue);

/* Move the first `count` of the hot or cold ones to the end: they were polled,
 * and are not ready or, if `is_doubted`, may be. */
void wasock__order_rotate(struct wasock__poller *poller,
                          enum wasock__queue queue, uint32_t count,
                          bool is_doubted);

/* A poll of a hot one was empty: unless there are few registrations it turns
 * cold once its credit is used up. */
void wasock__order_miss(struct wasock__poller *poller, uint32_t index);

/* Learn from the results of the events that the caller took. */
void wasock__order_review(struct wasock__poller *poller);

/* How many cold ones are to be polled by now, if all are to be within
 * `period_ns`. */
uint32_t wasock__order_due(const struct wasock__poller *poller,
                           uint64_t period_ns, uint64_t now_ns);

/* ---- poller.c ---- */

/* Read the changes of objects since the last call; closed ones leave. */
void wasock__take_changes(struct wasock__poller *poller);

/* Wait for listeners out of descriptors again. */
void wasock__end_starving(struct wasock__poller *poller);

/* ---- pending.c ---- */

/* Make an event pending: directions that are ready, or an error, which ends the
 * waiting. */
void wasock__report_ready(struct wasock__poller *poller, uint32_t index,
                          unsigned directions);
void wasock__report_error(struct wasock__poller *poller, uint32_t index,
                          int error);

/* Report the first `count` of a queue as ready, without a poll. */
void wasock__report_first(struct wasock__poller *poller,
                          enum wasock__queue queue, uint32_t count);

/* Make exceeded deadlines pending. */
void wasock__report_deadlines(struct wasock__poller *poller, uint64_t now_ns);

/* The pending events of a registration changed. */
void wasock__update_pending(struct wasock__poller *poller, uint32_t index);

/* Move a registration to another report list. */
void wasock__set_report(struct wasock__poller *poller, uint32_t index,
                        enum wasock__report report);

/* A deadline of a registration's object was set. */
void wasock__update_timer(struct wasock__poller *poller, uint32_t index);

/* ---- probe.c ---- */

/* The answer to one poll. */
struct wasock__answer {
    int error;             /* of the whole call: negative or 0 */
    uint32_t n_asked;      /* subscriptions */
    uint32_t n_ready;      /* events of them */
    uint32_t n_certain;    /* events that cannot be false */
    uint32_t n_writes;     /* events of writing */
    uint32_t n_hot_found;  /* registrations that were reported */
    uint32_t n_cold_found; /* … among the cold */
};

/*
 * Ask the host about the first `n_hot` hot and the first `n_cold` cold ones,
 * waiting for at most `timeout_ns` (UINT64_MAX: for ever). The events stay in
 * poller->events. A dead descriptor is reported and the answer is empty.
 */
struct wasock__answer wasock__probe(struct wasock__poller *poller,
                                    uint32_t n_hot, uint32_t n_cold,
                                    uint64_t timeout_ns);

/* Report the events of an answer: the certain ones only, or all. The
 * registrations go to the end of their queues. */
void wasock__probe_report(struct wasock__poller *poller,
                          struct wasock__answer *answer, bool with_doubtful);

/* Detect how truthful the host's poll is, unless known. Plain descriptors
 * neither show nor need it. */
void wasock__probe_kind(struct wasock__poller *poller);

/* ---- learn.c ---- */

/* Start with the costs that the host states, if any. */
void wasock__begin_asking(struct wasock__poller *poller);

/* The host has reported some and not others. */
void wasock__learn_truthful(struct wasock__poller *poller);

/* A poll was made. */
void wasock__pay(struct wasock__poller *poller,
                 const struct wasock__answer *answer);

/* What the end of a wait for all costs. */
uint64_t wasock__wake_ns(const struct wasock__poller *poller);
uint64_t wasock__back_off_ns(const struct wasock__poller *poller);

/* Whether to wait for all costs less than to look at all again. */
static inline bool wasock__is_wake_cheap(const struct wasock__poller *poller)
{
    return poller->cost->wake_ns <= poller->cost->idle_ns;
}

/* The size of a group of cold ones. */
uint32_t wasock__group_size(const struct wasock__poller *poller);

/* `n` cold ones were polled, or tried. */
void wasock__count_asked(struct wasock__poller *poller, uint32_t n_asked);

/* Whether polls since the last event have cost enough to wait for all. */
bool wasock__is_quiet(const struct wasock__poller *poller);

/* Learn from what a step found. */
void wasock__conclude(struct wasock__poller *poller, uint32_t n_hot_found,
                      uint32_t n_cold_found);

/* How many cold ones are due; when the next are; that some of `n_all` were
 * polled. */
uint32_t wasock__count_due(const struct wasock__poller *poller,
                           uint64_t now_ns);
uint64_t wasock__next_due_ns(const struct wasock__poller *poller);
void wasock__count_swept(struct wasock__poller *poller, uint32_t n_swept,
                         uint32_t n_all, uint64_t now_ns);

/* ---- kept.c ---- */

/* Have the host's set watch a registration, or change its directions there.
 * Returns the queue to wait in. */
enum wasock__queue wasock__kept_add(struct wasock__poller *poller,
                                    uint32_t index);

/* ---- schedule.c, blind.c, kept.c ---- */

/*
 * Poll once, or sleep once, at most until `until_ns`.
 * Errors: any code of the host.
 */
int wasock__schedule_step(struct wasock__poller *poller, uint64_t until_ns,
                          uint64_t now_ns) __attribute__((warn_unused_result));
int wasock__blind_step(struct wasock__poller *poller, uint64_t until_ns,
                       uint64_t now_ns) __attribute__((warn_unused_result));
int wasock__kept_step(struct wasock__poller *poller, uint64_t until_ns,
                      uint64_t now_ns) __attribute__((warn_unused_result));

#endif
