/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/err.h>

/*
 * Whom to ask next, on a host that can say what is ready.
 *
 * wasmtime only says "something of these is ready", and a question to which
 * the answer is "nothing" is cheap. Finding the ready ones is group testing
 * (Dorfman, 1943): with a share p of the asked ready, groups of about
 * 1 / sqrt(p) cost least. So the hot ones are asked about in every wait, the
 * cold ones in groups of that size, the longest unasked first.
 *
 * Waiting for all of them at once costs most, at its end: the host then looks
 * at each. It is put off until the questions since the last event have cost
 * as much (ski rental), so that no wait costs more than twice the least.
 */

/* What a host call costs, in ns. */
struct cost {
    uint32_t poll_ns;  /* a poll, … */
    uint32_t idle_ns;  /* … for each asked about when nothing is ready, … */
    uint32_t ready_ns; /* … or when something is, … */
    uint32_t wake_ns;  /* … or at the end of a wait for it */
    /* Where one in so many is ready, a question about all costs least. */
    uint32_t dense;
};

/* wasmtime 36 and 46, measured. */
static const struct cost broadcast_cost = {1300, 200, 900, 1100, 6};
/* A native poll(2): the host looks once, and twice where it waits. */
static const struct cost truthful_cost = {1000, 50, 50, 150, 32};

/* Groups larger than this delay what is found first. */
#define GROUP_MAX 256

/* Parts of the cost of a wait for all that are spent on questions before it,
 * at most. */
#define PATIENCE_MAX 16

/* Without patience, it is tried at one in so many events. */
#define EXPLORE_EACH 8

/* Up to so many that may all be ready are tried; more are asked about again in
 * such groups. Trying 8 costs as much as asking about 40. */
#define TRIED_MAX 8

/* While others keep the program busy, a sixteenth of the time goes into asking
 * about the cold ones: the period is so many times what asking about all
 * takes, within limits that poller.h documents. One that was not asked about
 * for long takes up to 1.5 us, in the caches of host and kernel. */
#define PERIOD_PARTS 16
#define PERIOD_MIN_NS (5 * WASOCK_NS_PER_MS)
#define PERIOD_EACH_MAX_NS (18 * WASOCK_NS_PER_US)

/* The shortest sleep of a host. Where the end of a wait for all takes twice as
 * long, it comes between the last questions before that wait. */
#define NAP_NS WASOCK_NS_PER_MS

static const struct cost *cost_of(const struct wasock__poller *poller)
{
    return poller->kind == WASOCK__HOST_TRUTHFUL ? &truthful_cost
                                                 : &broadcast_cost;
}

static uint32_t n_hot(const struct wasock__poller *poller)
{
    return wasock__count(poller, WASOCK__QUEUE_HOT);
}

static uint32_t n_cold(const struct wasock__poller *poller)
{
    return wasock__count(poller, WASOCK__QUEUE_COLD);
}

/* What an answer has cost. */
static uint64_t cost_ns(const struct wasock__poller *poller,
                        const struct wasock__answer *answer)
{
    const struct cost *cost = cost_of(poller);

    return cost->poll_ns + (uint64_t)answer->n_asked *
                               (answer->n_ready > 0 ? cost->ready_ns
                                                    : cost->idle_ns);
}

/* What the end of a wait for all costs. */
static uint64_t wake_ns(const struct wasock__poller *poller)
{
    return (uint64_t)(n_hot(poller) + n_cold(poller)) *
           cost_of(poller)->wake_ns;
}

/* The size of a group of cold ones: see above. */
static uint32_t group_size(const struct wasock__poller *poller)
{
    const struct cost *cost = cost_of(poller);
    const uint64_t extra_ns = cost->ready_ns - cost->idle_ns;
    uint32_t size = TRIED_MAX;

    if (cost->dense * poller->n_found > poller->n_asked) {
        return n_cold(poller);
    }
    while (size < GROUP_MAX && (uint64_t)size * size * extra_ns *
                                       poller->n_found <
                                   (uint64_t)cost->poll_ns * poller->n_asked) {
        size *= 2;
    }
    return size;
}

/* Keep the share of cold ones that are ready, of the last few thousand. */
static void count_yield(struct wasock__poller *poller, uint32_t n_asked,
                        uint32_t n_found)
{
    poller->n_asked += n_asked;
    poller->n_found += n_found;
    if (poller->n_asked > 4096) {
        poller->n_asked /= 2;
        poller->n_found /= 2;
    }
}

/* How much to spend on questions before sleeping: as patience has taught, and
 * now and then a little where it has taught that it does not pay. */
static uint64_t eager_ns(const struct wasock__poller *poller)
{
    if (poller->spread < WASOCK__SPREAD_MIN) {
        return wake_ns(poller); /* this was taught by others */
    }
    return poller->patience == 1 && poller->n_events % EXPLORE_EACH != 0
               ? 0
               : wake_ns(poller) * poller->patience / PATIENCE_MAX;
}

/* Whether sleeping comes before waiting for all, with questions between. */
static bool has_naps(const struct wasock__poller *poller)
{
    return wake_ns(poller) > 2 * NAP_NS;
}

/* Whether it is time to wait for all. */
static bool is_quiet(const struct wasock__poller *poller)
{
    return poller->spent_ns >=
           eager_ns(poller) + (has_naps(poller) ? wake_ns(poller) / 2 : 0);
}

/* Learn whether it pays to go on asking before sleeping: a client that waits
 * for its answer asks again soon, one that acts of its own does not. */
static void learn_patience(struct wasock__poller *poller, bool has_paid)
{
    const unsigned patience = poller->patience;

    if (!has_paid) {
        poller->patience = patience > 2 ? (uint8_t)(patience / 2) : 1;
    } else {
        poller->patience = patience < PATIENCE_MAX / 2
                               ? (uint8_t)(2 * patience + 1)
                               : PATIENCE_MAX;
    }
}

/* Something was found: learn where events come from, on average over the last
 * few. */
static void count_event(struct wasock__poller *poller, bool is_cold)
{
    poller->spread = is_cold ? (uint8_t)(poller->spread +
                                         (64U - poller->spread + 7) / 8)
                             : (uint8_t)(poller->spread -
                                         (poller->spread + 7U) / 8);
    poller->spent_ns = 0;
    poller->n_in_vain = 0;
    poller->n_events++;
}

/* ---- Hot ---- */

/* What of the first `count` was not reported was asked about in vain. */
static void miss_hot(struct wasock__poller *poller, uint32_t count)
{
    uint32_t index = poller->queues[WASOCK__QUEUE_HOT].first;

    for (; count > 0; count--) {
        const struct wasock__registration *registration =
            &poller->registrations[index];
        const uint32_t next = registration->links[WASOCK__CHAIN_QUEUE].next;
        if (registration->report != WASOCK__REPORT_PENDING) {
            wasock__order_miss(poller, index);
        }
        index = next;
    }
}

/* Ask about the first `count` hot ones. */
static int ask_hot(struct wasock__poller *poller, uint32_t count,
                   uint64_t timeout_ns)
{
    const struct wasock__answer answer =
        wasock__probe(poller, count, 0, timeout_ns);

    poller->spent_ns += cost_ns(poller, &answer);
    if (answer.error == 0) {
        wasock__probe_report(poller, &answer, true);
        miss_hot(poller, count < n_hot(poller) ? count : n_hot(poller));
    }
    return answer.error;
}

/*
 * Whether to try the regular ones, those that were found more than once,
 * without asking: at least half of them were ready the last time, and a try in
 * vain costs little more than an event.
 */
static bool is_direct(const struct wasock__poller *poller)
{
    return poller->kind != WASOCK__HOST_TRUTHFUL &&
           poller->n_regular >= WASOCK__HOT_MIN &&
           2 * poller->n_regular_used >= poller->n_regular;
}

/*
 * Report the regular connections and ask about the other hot ones. Accepting
 * in vain is dear, and what is no socket may block.
 */
static int ask_direct(struct wasock__poller *poller)
{
    struct wasock__ring *hot = &poller->queues[WASOCK__QUEUE_HOT];
    uint32_t index = hot->first;
    uint32_t n_others = 0;

    poller->n_regular = 0; /* once a wait */

    for (uint32_t n = hot->count; n > 0; n--) {
        const struct wasock__registration *registration =
            &poller->registrations[index];
        const uint32_t next = registration->links[WASOCK__CHAIN_QUEUE].next;
        const unsigned role = registration->watch.socket_->role_;
        if (registration->credit > 0 && role != WASOCK__ROLE_LISTENER &&
            role != WASOCK__ROLE_PLAIN) {
            wasock__report_ready(poller, index, registration->interest);
            /* To the end, so that the others come first. */
            wasock__order_move(poller, index, WASOCK__QUEUE_HOT);
        } else {
            n_others++;
        }
        index = next;
    }
    return n_others > 0 ? ask_hot(poller, n_others, 0) : 0;
}

/* ---- Cold ---- */

/* Whether one of the first `count` cold ones was passed over the last time. */
static bool is_any_doubted(const struct wasock__poller *poller, uint32_t count)
{
    uint32_t index = poller->queues[WASOCK__QUEUE_COLD].first;

    for (; count > 0; count--) {
        const struct wasock__registration *registration =
            &poller->registrations[index];
        if (registration->is_doubted) {
            return true;
        }
        index = registration->links[WASOCK__CHAIN_QUEUE].next;
    }
    return false;
}

/*
 * Of a group in which something was ready, some were reported and have left
 * the front: what of the `n_rest` others? Beside certain ones they are passed
 * over, but not twice in a row. Returns how many need not be asked again.
 */
static uint32_t settle_rest(struct wasock__poller *poller, uint32_t n_rest)
{
    if (is_any_doubted(poller, n_rest)) {
        return 0;
    }
    wasock__order_rotate(poller, n_rest, true);
    return n_rest;
}

/*
 * Ask about the first `count` cold ones: those found are reported, all go to
 * the end of the queue, or become hot.
 */
static int sweep_group(struct wasock__poller *poller, uint32_t count)
{
    uint32_t n_left = count;
    uint32_t size = count;

    while (n_left > 0) {
        size = size < n_left ? size : n_left;
        const struct wasock__answer answer = wasock__probe(poller, 0, size, 0);
        poller->spent_ns += cost_ns(poller, &answer);
        if (answer.error < 0) {
            return answer.error;
        }
        if (answer.n_ready > 0 && answer.n_certain == 0 && size > TRIED_MAX) {
            size = TRIED_MAX; /* ask more closely */
            continue;
        }
        uint32_t n_done =
            wasock__probe_report(poller, &answer, answer.n_certain == 0);
        if (n_done == 0) {
            wasock__order_rotate(poller, size, false);
            n_done = size;
        } else if (n_done < size) {
            n_done += settle_rest(poller, size - n_done);
            size = n_left;
        }
        n_left -= n_done < n_left ? n_done : n_left;
    }
    return 0;
}

/*
 * Ask about cold ones: `n_due` of them, then on until the questions have cost
 * `found_ns` if something was found, `budget_ns` if not. Returns how many were
 * asked about, or an error.
 */
static ptrdiff_t sweep(struct wasock__poller *poller, uint32_t n_due,
                       uint64_t found_ns, uint64_t budget_ns)
{
    const struct wasock__ring *pending =
        &poller->reports[WASOCK__REPORT_PENDING];
    const uint64_t spent_before_ns = poller->spent_ns;
    const uint32_t n_all = n_cold(poller);
    uint32_t n_swept = 0;

    while (n_swept < n_all && n_cold(poller) > 0) {
        const uint32_t n_before = pending->count;
        const uint64_t limit_ns = n_before > 0 ? found_ns : budget_ns;
        if (n_swept >= n_due &&
            poller->spent_ns - spent_before_ns >= limit_ns) {
            break;
        }
        const uint32_t n_left =
            n_all - n_swept < n_cold(poller) ? n_all - n_swept : n_cold(poller);
        const uint32_t size = group_size(poller);
        const uint32_t count = size < n_left ? size : n_left;
        const int result = sweep_group(poller, count);
        if (result < 0) {
            return result;
        }
        count_yield(poller, count, pending->count - n_before);
        n_swept += count;
    }
    return (ptrdiff_t)n_swept;
}

static uint64_t period_ns(const struct wasock__poller *poller)
{
    const uint64_t each_ns = (uint64_t)PERIOD_PARTS * poller->cold_ns;
    const uint64_t all_ns =
        n_cold(poller) *
        (each_ns < PERIOD_EACH_MAX_NS ? each_ns : PERIOD_EACH_MAX_NS);

    return all_ns > PERIOD_MIN_NS ? all_ns : PERIOD_MIN_NS;
}

/* How many cold ones are due. Few wait until they are a group. */
static uint32_t count_due(const struct wasock__poller *poller, uint64_t now_ns)
{
    const uint32_t n_due =
        wasock__order_due(poller, period_ns(poller), now_ns);

    return n_due < GROUP_MAX && n_due < n_cold(poller) ? 0 : n_due;
}

/* Some of the `n_all` cold ones were asked about, due or not. */
static void count_swept(struct wasock__poller *poller, uint32_t n_swept,
                        uint32_t n_all, uint64_t now_ns)
{
    const uint64_t paid_ns = period_ns(poller) * n_swept / n_all;

    if (n_swept == n_all || now_ns - poller->swept_ns < paid_ns ||
        now_ns < poller->swept_ns) {
        poller->swept_ns = now_ns;
    } else {
        poller->swept_ns += paid_ns;
    }
}

/* Average what asking about one of those that are due takes. begin_ns: when
 * that began; 0: they were not due. */
static void learn_cost(struct wasock__poller *poller, uint32_t n_swept,
                       uint64_t begin_ns)
{
    if (begin_ns == 0) {
        return;
    }
    const uint64_t taken_ns =
        wasock_ns_subtract(wasock_clock_now_ns(), begin_ns) / n_swept;
    const uint64_t each_ns =
        taken_ns < PERIOD_EACH_MAX_NS ? taken_ns : PERIOD_EACH_MAX_NS;
    poller->cold_ns = (uint32_t)((3 * (uint64_t)poller->cold_ns + each_ns) / 4);
}

/* When the next cold ones are due. */
static uint64_t next_due_ns(const struct wasock__poller *poller)
{
    const uint64_t n = n_cold(poller);
    const uint64_t part = n < GROUP_MAX ? n : GROUP_MAX;

    return wasock_ns_add(poller->swept_ns, period_ns(poller) * part / n);
}

/* ---- The step ---- */

/* Wait for all. */
static int ask_all(struct wasock__poller *poller, uint64_t timeout_ns)
{
    const struct wasock__answer answer =
        wasock__probe(poller, n_hot(poller), n_cold(poller), timeout_ns);

    if (answer.n_ready == 0) {
        return answer.error;
    }
    learn_patience(poller, false);
    wasock__probe_report(poller, &answer,
                         answer.n_certain == 0 && answer.n_asked <= TRIED_MAX);
    if (wasock__is_pending(poller)) {
        const uint32_t first = poller->reports[WASOCK__REPORT_PENDING].first;
        count_event(poller, poller->registrations[first].queue ==
                                WASOCK__QUEUE_COLD);
    } else {
        poller->spread = 64; /* it is not known which: look among all */
        poller->spent_ns = 0;
        poller->n_in_vain = 0;
    }
    return 0;
}

/* Until when to sleep on the hot ones before looking among the cold. */
static uint64_t hot_until_ns(const struct wasock__poller *poller,
                             uint64_t now_ns)
{
    if (is_quiet(poller) ||
        (poller->spread < WASOCK__SPREAD_MIN && n_hot(poller) > 0 &&
         poller->n_in_vain >= n_cold(poller))) {
        return next_due_ns(poller);
    }
    if (has_naps(poller) && poller->spent_ns >= eager_ns(poller)) {
        return wasock_ns_add(now_ns, NAP_NS);
    }
    return WASOCK_DEADLINE_PAST;
}

/* Ask about the hot ones, or sleep on them. */
static int step_hot(struct wasock__poller *poller, uint64_t until_ns,
                    uint64_t now_ns)
{
    if (is_direct(poller)) {
        return ask_direct(poller);
    }
    const uint64_t timeout_ns = wasock__timeout_of(
        wasock_deadline_earlier(until_ns, hot_until_ns(poller, now_ns)),
        now_ns);
    return n_hot(poller) > 0 || timeout_ns > 0
               ? ask_hot(poller, n_hot(poller), timeout_ns)
               : 0;
}

/* Ask about cold ones: those that are due and, unless a hot one was found or
 * it is time to wait for all, others. hot_ns: what the hot ones have cost. */
static int step_cold(struct wasock__poller *poller, bool is_found,
                     uint64_t hot_ns, uint64_t now_ns)
{
    const uint32_t n_all = n_cold(poller);
    const bool is_due_only = is_found || is_quiet(poller);

    if (n_all == 0) {
        return 0;
    }
    /* The longer the hot ones stay silent, the more cold ones between. */
    const uint64_t stride_min_ns = hot_ns + cost_of(poller)->poll_ns;
    poller->stride_ns = is_found || poller->stride_ns < stride_min_ns
                            ? stride_min_ns
                            : 2 * poller->stride_ns;
    const uint32_t n_due = count_due(poller, now_ns);
    const uint64_t begin_ns = n_due > 0 ? wasock_clock_now_ns() : 0;
    const ptrdiff_t n_swept =
        sweep(poller, n_due, is_due_only ? 0 : hot_ns,
              is_due_only ? 0 : poller->stride_ns);
    if (n_swept > 0) {
        poller->n_in_vain += (uint32_t)n_swept;
        count_swept(poller, (uint32_t)n_swept, n_all, now_ns);
        learn_cost(poller, (uint32_t)n_swept, begin_ns);
    }
    return n_swept < 0 ? (int)n_swept : 0;
}

/* Learn from a step that may have found something. */
static void conclude(struct wasock__poller *poller, uint32_t n_pending_before,
                     bool is_cold)
{
    if (poller->reports[WASOCK__REPORT_PENDING].count == n_pending_before) {
        return;
    }
    if (is_cold) {
        learn_patience(poller, poller->spent_ns < eager_ns(poller) ||
                                   poller->n_in_vain < n_cold(poller));
    }
    count_event(poller, is_cold);
}

/* On a host that reports all: hot ones first, then cold ones in groups. */
static int step_broadcast(struct wasock__poller *poller, uint64_t until_ns,
                          uint64_t now_ns)
{
    const struct wasock__ring *pending =
        &poller->reports[WASOCK__REPORT_PENDING];
    const uint32_t n_before = pending->count;
    const uint64_t spent_before_ns = poller->spent_ns;
    int result = step_hot(poller, until_ns, now_ns);
    const bool is_hot = pending->count > n_before;

    if (result == 0) {
        result = step_cold(poller, is_hot, poller->spent_ns - spent_before_ns,
                           now_ns);
    }
    conclude(poller, n_before, !is_hot);
    return result;
}

/* On a truthful host: hot and cold ones in one question, as it costs no more
 * to find the ready ones among many. */
static int step_truthful(struct wasock__poller *poller, uint64_t until_ns,
                         uint64_t now_ns)
{
    const uint32_t n_before = poller->reports[WASOCK__REPORT_PENDING].count;
    const uint64_t hot_until = hot_until_ns(poller, now_ns);
    const uint32_t n_all = n_cold(poller);
    uint32_t count = count_due(poller, now_ns);

    if (hot_until == WASOCK_DEADLINE_PAST && count < group_size(poller)) {
        count = group_size(poller);
    }
    count = count < n_all ? count : n_all;
    until_ns = count > 0 ? WASOCK_DEADLINE_PAST
                         : wasock_deadline_earlier(until_ns, hot_until);
    const struct wasock__answer answer =
        wasock__probe(poller, n_hot(poller), count,
                      wasock__timeout_of(until_ns, now_ns));
    poller->spent_ns += cost_ns(poller, &answer);
    if (answer.error < 0) {
        return answer.error;
    }
    const uint32_t n_found = wasock__probe_report(poller, &answer, true);
    miss_hot(poller, n_hot(poller));
    wasock__order_rotate(poller, count - n_found, false);
    count_yield(poller, count, n_found);
    count_swept(poller, count, n_all, now_ns);
    poller->n_in_vain += count;
    conclude(poller, n_before, n_found > 0);
    return 0;
}

int wasock__schedule_step(struct wasock__poller *poller, uint64_t until_ns,
                          uint64_t now_ns)
{
    const uint64_t timeout_ns = wasock__timeout_of(until_ns, now_ns);

    if (!is_direct(poller)) {
        if (n_cold(poller) == 0) {
            return ask_hot(poller, n_hot(poller), timeout_ns);
        }
        if (is_quiet(poller) && timeout_ns >= wake_ns(poller)) {
            return ask_all(poller, timeout_ns);
        }
    }
    return poller->kind == WASOCK__HOST_TRUTHFUL
               ? step_truthful(poller, until_ns, now_ns)
               : step_broadcast(poller, until_ns, now_ns);
}
