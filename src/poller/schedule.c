/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/err.h>

/*
 * Whom to ask next, on a host that can say what is ready.
 *
 * wasmtime says only "something of these is ready", and asking is cheap where
 * the answer is "nothing". Finding the ready ones is group testing (Dorfman,
 * 1943): if a share p of them is ready, groups of about 1 / sqrt(p) cost least.
 * So each wait asks about the hot ones, then about cold ones in such groups,
 * the longest unasked first.
 *
 * Waiting for all costs most, at its end: the host then looks at each. It is
 * put off until the questions since the last event have cost as much (ski
 * rental), so that a wait costs at most twice the least, or less where
 * experience says that asking on does not pay.
 */

/* What host calls cost, in ns. */
struct cost {
    uint32_t poll_ns;  /* a poll, … */
    uint32_t idle_ns;  /* … for each asked about if none is ready, … */
    uint32_t ready_ns; /* … or if one is, … */
    uint32_t wake_ns;  /* … or if it slept */
    uint32_t dense;    /* if one in so many is ready, ask about all at once */
};

/* wasmtime 36 and 46, measured. */
static const struct cost broadcast_cost = {1300, 200, 900, 1100, 4};
/* A native poll(2), measured: one that sleeps looks twice. */
static const struct cost truthful_cost = {1000, 50, 50, 150, 32};

/* The largest group: larger ones save little and delay what is found first. */
#define GROUP_MAX 256

/* Parts of the cost of a wait for all that questions before it may take; and
 * where they did not pay, the share of events at which they are tried. */
#define PATIENCE_MAX 8

/* While hot ones keep the program busy, one part in so many of the time goes
 * into asking about cold ones. */
#define PERIOD_PARTS 16

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

static uint32_t n_pending(const struct wasock__poller *poller)
{
    return poller->reports[WASOCK__REPORT_PENDING].count;
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* ---- Costs and yields ---- */

/* An answer was paid for. */
static void pay(struct wasock__poller *poller,
                const struct wasock__answer *answer)
{
    const struct cost *cost = cost_of(poller);

    poller->spent_ns +=
        cost->poll_ns +
        (uint64_t)answer->n_asked *
            (answer->n_ready > 0 ? cost->ready_ns : cost->idle_ns);
}

/* What waiting for all costs when it ends. */
static uint64_t wake_ns(const struct wasock__poller *poller)
{
    return (uint64_t)(n_hot(poller) + n_cold(poller)) *
           cost_of(poller)->wake_ns;
}

/* The size of a group of cold ones. */
static uint32_t group_size(const struct wasock__poller *poller)
{
    const struct cost *cost = cost_of(poller);
    const uint64_t extra_ns = cost->ready_ns - cost->idle_ns;
    uint32_t size = WASOCK__FEW;

    if (cost->dense * poller->n_found > poller->n_asked) {
        return poller->kind == WASOCK__HOST_TRUTHFUL ? n_cold(poller)
                                                     : GROUP_MAX;
    }
    while (size < GROUP_MAX &&
           (uint64_t)size * size * extra_ns * poller->n_found <
               (uint64_t)cost->poll_ns * poller->n_asked) {
        size += size / 2;
    }
    return size;
}

/* The size of a group that costs about `left_ns` if nothing is ready. */
static uint32_t size_for(const struct wasock__poller *poller, uint64_t left_ns)
{
    const uint64_t n = left_ns / cost_of(poller)->idle_ns;
    const uint32_t size = group_size(poller);

    if (n >= size) {
        return size;
    }
    return n > WASOCK__FEW ? (uint32_t)n : WASOCK__FEW;
}

/* Average the share of cold ones that are ready, over the last few thousand. */
static void count_yield(struct wasock__poller *poller, uint32_t n_asked,
                        uint32_t n_found)
{
    poller->n_asked += n_asked;
    poller->n_found += n_found;
    if (poller->n_asked > 16 * GROUP_MAX) {
        poller->n_asked /= 2;
        poller->n_found /= 2;
    }
}

/* How much to spend on questions before sleeping: as patience allows and, where
 * it is used up, now and then a little to see whether that has changed. */
static uint64_t eager_ns(const struct wasock__poller *poller)
{
    unsigned patience = poller->patience;

    if (poller->spread < WASOCK__SPREAD_MIN) {
        patience = PATIENCE_MAX; /* it was learned from other traffic */
    } else if (patience == 0 && poller->n_events % (4 * PATIENCE_MAX) == 0) {
        patience = 2;
    }
    return wake_ns(poller) * patience / PATIENCE_MAX;
}

/* Whether to sleep between questions before waiting for all: that takes twice
 * as long as the shortest sleep. */
static bool has_naps(const struct wasock__poller *poller)
{
    return wake_ns(poller) > 2 * WASOCK__NAP_NS;
}

/* Whether it is time to wait for all. */
static bool is_quiet(const struct wasock__poller *poller)
{
    return poller->spent_ns >=
           eager_ns(poller) + (has_naps(poller) ? wake_ns(poller) / 2 : 0);
}

/* Learn whether asking on pays: a client that waits for its answer asks again
 * soon, one that acts of its own does not. */
static void learn_patience(struct wasock__poller *poller, bool has_paid)
{
    if (!has_paid) {
        poller->patience /= 2;
    } else {
        poller->patience =
            (uint8_t)lesser(2 * poller->patience + 2U, PATIENCE_MAX);
    }
}

/* Something was found: average where events come from, over the last few. */
static void count_event(struct wasock__poller *poller, bool is_cold)
{
    const unsigned spread = poller->spread;

    poller->spread = (uint8_t)(is_cold ? spread + (64 - spread + 7) / 8
                                       : spread - (spread + 7) / 8);
    poller->spent_ns = 0;
    poller->n_in_vain = 0;
    poller->has_slept = 0;
    poller->n_events++;
}

/* Learn from a step that found so many hot and cold ones. */
static void conclude(struct wasock__poller *poller, uint32_t n_hot_found,
                     uint32_t n_cold_found)
{
    if (n_cold_found > 0) {
        learn_patience(poller, !poller->has_slept);
    }
    if (n_hot_found + n_cold_found > 0) {
        count_event(poller, n_cold_found > 0);
    }
}

/* ---- A group ---- */

/* Whether one of the first `count` may not be passed over. */
static bool is_any_doubted(const struct wasock__poller *poller,
                           enum wasock__queue queue, uint32_t count)
{
    uint32_t index = poller->queues[queue].first;

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
 * Of a group in which something was ready, some were reported: what of the
 * `n_rest` others, now first in the queue? Beside certain ones they are passed
 * over, unless one of them was passed over before or is likely to be ready
 * still. Returns how many need not be asked again.
 */
static uint32_t settle_rest(struct wasock__poller *poller,
                            enum wasock__queue queue, uint32_t n_rest)
{
    const bool is_truthful = poller->kind == WASOCK__HOST_TRUTHFUL;

    if (!is_truthful && is_any_doubted(poller, queue, n_rest)) {
        return 0;
    }
    wasock__order_rotate(poller, queue, n_rest, !is_truthful);
    return n_rest;
}

/*
 * Ask about the first `count` of a queue, waiting for at most `timeout_ns`, and
 * report those that are ready. All go to the end of the queue.
 */
static int ask_group(struct wasock__poller *poller, enum wasock__queue queue,
                     uint32_t count, uint64_t timeout_ns)
{
    const bool is_hot = queue == WASOCK__QUEUE_HOT;
    uint32_t n_left = count;
    uint32_t size = count;

    do {
        size = lesser(size, n_left);
        const struct wasock__answer answer = wasock__probe(
            poller, is_hot ? size : 0, is_hot ? 0 : size, timeout_ns);
        pay(poller, &answer);
        if (answer.error < 0) {
            return answer.error;
        }
        timeout_ns = 0;
        if (answer.n_ready > 0 && answer.n_certain == 0 && size > WASOCK__FEW) {
            size = WASOCK__FEW; /* ask more closely */
            continue;
        }
        uint32_t n_cold_done = 0;
        uint32_t n_done = wasock__probe_report(
            poller, &answer, answer.n_certain == 0, &n_cold_done);
        if (n_done == 0) {
            wasock__order_rotate(poller, queue, size, false);
            n_done = size;
        } else if (n_done < size) {
            n_done += settle_rest(poller, queue, size - n_done);
            size = n_left;
        }
        n_left -= lesser(n_done, n_left);
    } while (n_left > 0);
    return 0;
}

/* ---- Hot ---- */

/* Hot ones that are not reported were asked about in vain. */
static void miss_hot(struct wasock__poller *poller)
{
    uint32_t index = poller->queues[WASOCK__QUEUE_HOT].first;

    for (uint32_t n = n_hot(poller); n > 0; n--) {
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
    const int result = ask_group(poller, WASOCK__QUEUE_HOT, count, timeout_ns);

    if (result == 0) {
        miss_hot(poller);
    }
    return result;
}

/*
 * Whether to try ones of which so many were ready, without asking: at least a
 * third. A try in vain costs little more than an event.
 */
static bool is_worth_trying(const struct wasock__poller *poller,
                            uint32_t n_ready, uint32_t n_asked)
{
    return poller->kind != WASOCK__HOST_TRUTHFUL && 3 * n_ready > n_asked;
}

/*
 * Report those of the first `count` of a queue that are connections with at
 * least `credit`, and move them to its end. Returns how many others there are,
 * now first: accepting in vain is dear, and what is no socket may block.
 */
static uint32_t report_untested(struct wasock__poller *poller,
                                enum wasock__queue queue, uint32_t count,
                                unsigned credit)
{
    uint32_t index = poller->queues[queue].first;
    uint32_t n_others = 0;

    for (; count > 0; count--) {
        const struct wasock__registration *registration =
            &poller->registrations[index];
        const uint32_t next = registration->links[WASOCK__CHAIN_QUEUE].next;
        const unsigned role = registration->watch.socket_->role_;
        if (registration->credit >= credit && role != WASOCK__ROLE_LISTENER &&
            role != WASOCK__ROLE_PLAIN) {
            wasock__report_ready(poller, index, registration->interest);
            wasock__order_move(poller, index, queue);
        } else {
            n_others++;
        }
        index = next;
    }
    return n_others;
}

/* Whether to try the regular ones: those that were found more than once. */
static bool is_direct(const struct wasock__poller *poller)
{
    return poller->n_regular >= WASOCK__FEW / 2 &&
           is_worth_trying(poller, poller->n_regular_used, poller->n_regular);
}

/* Report the regular ones and ask about the other hot ones. */
static int ask_direct(struct wasock__poller *poller)
{
    const uint32_t n_others =
        report_untested(poller, WASOCK__QUEUE_HOT, n_hot(poller), 1);

    poller->n_regular = 0; /* once a wait */
    return n_others > 0 ? ask_hot(poller, n_others, 0) : 0;
}

/* ---- Cold ---- */

/* Ask about the first `count` cold ones; where so many are ready that trying
 * costs less, ask only now and then, and about those that cannot be tried. */
static int sweep_group(struct wasock__poller *poller, uint32_t count)
{
    const uint32_t n_before = n_pending(poller);

    if (poller->n_events % PATIENCE_MAX != 0 &&
        is_worth_trying(poller, poller->n_found, poller->n_asked)) {
        poller->spent_ns += (uint64_t)count * cost_of(poller)->ready_ns;
        count = report_untested(poller, WASOCK__QUEUE_COLD, count, 0);
        return count > 0 ? ask_group(poller, WASOCK__QUEUE_COLD, count, 0) : 0;
    }
    const int result = ask_group(poller, WASOCK__QUEUE_COLD, count, 0);
    count_yield(poller, count, n_pending(poller) - n_before);
    return result;
}

/*
 * Ask about cold ones: `n_due` of them, then on until the questions have cost
 * `found_ns` if something was found, `budget_ns` if not. Returns how many were
 * asked about, or an error.
 */
static ptrdiff_t sweep(struct wasock__poller *poller, uint32_t n_due,
                       uint64_t found_ns, uint64_t budget_ns)
{
    const uint64_t spent_before_ns = poller->spent_ns;
    const uint32_t n_all = n_cold(poller);
    uint32_t n_swept = 0;
    int result = 0;

    while (n_swept < n_all && n_cold(poller) > 0 && result == 0) {
        const uint32_t n_before = n_pending(poller);
        const uint64_t left_ns =
            wasock_ns_subtract(n_before > 0 ? found_ns : budget_ns,
                               poller->spent_ns - spent_before_ns);
        if (n_swept >= n_due && left_ns == 0) {
            break;
        }
        const uint32_t count =
            lesser(left_ns == 0 ? lesser(group_size(poller), n_due - n_swept)
                                : size_for(poller, left_ns),
                   lesser(n_all - n_swept, n_cold(poller)));
        result = sweep_group(poller, count);
        n_swept += count;
    }
    poller->n_in_vain += n_swept;
    return result < 0 ? result : (ptrdiff_t)n_swept;
}

/* Within which time all cold ones are asked about. */
static uint64_t period_ns(const struct wasock__poller *poller)
{
    const uint64_t each_ns = (uint64_t)PERIOD_PARTS * poller->cold_ns;
    const uint64_t all_ns =
        n_cold(poller) *
        (each_ns < WASOCK__BOUND_EACH_NS ? each_ns : WASOCK__BOUND_EACH_NS);

    return all_ns > WASOCK__BOUND_MIN_NS / 4 ? all_ns
                                             : WASOCK__BOUND_MIN_NS / 4;
}

/* How many cold ones are due. Few wait until they are a group. */
static uint32_t count_due(const struct wasock__poller *poller, uint64_t now_ns)
{
    const uint32_t n_due = wasock__order_due(poller, period_ns(poller), now_ns);

    return n_due < GROUP_MAX && n_due < n_cold(poller) ? 0 : n_due;
}

/* When the next cold ones are due. */
static uint64_t next_due_ns(const struct wasock__poller *poller)
{
    const uint64_t n = n_cold(poller);
    const uint64_t part = n < GROUP_MAX ? n : GROUP_MAX;

    return wasock_ns_add(poller->swept_ns, period_ns(poller) * part / n);
}

/* Of `n_all` cold ones some were asked about, due or not. */
static void count_swept(struct wasock__poller *poller, uint32_t n_swept,
                        uint32_t n_all, uint64_t now_ns)
{
    const uint64_t part_ns = period_ns(poller) * n_swept / n_all;

    if (n_swept == n_all || now_ns < poller->swept_ns ||
        now_ns - poller->swept_ns < part_ns) {
        poller->swept_ns = now_ns;
    } else {
        poller->swept_ns += part_ns;
    }
}

/* Average what asking about a cold one takes. One that was not asked about for
 * long takes longer, in the caches of host and kernel. */
static void learn_cost(struct wasock__poller *poller, uint32_t n_swept,
                       uint64_t begin_ns)
{
    const uint64_t taken_ns =
        wasock_ns_subtract(wasock_clock_now_ns(), begin_ns) / n_swept;
    const uint64_t each_ns =
        taken_ns < WASOCK__BOUND_EACH_NS ? taken_ns : WASOCK__BOUND_EACH_NS;

    poller->cold_ns = (uint32_t)((3 * (uint64_t)poller->cold_ns + each_ns) / 4);
}

/* ---- Steps ---- */

/* Wait for all. What is not certain beside certain ones is left to a sweep. */
static int ask_all(struct wasock__poller *poller, uint64_t timeout_ns,
                   uint64_t now_ns)
{
    const struct wasock__answer answer =
        wasock__probe(poller, n_hot(poller), n_cold(poller), timeout_ns);
    uint32_t n_cold_found = 0;

    if (answer.n_certain == answer.n_ready) {
        poller->swept_ns = now_ns;
    }
    if (answer.n_ready == 0) {
        return answer.error;
    }
    const uint32_t n_found = wasock__probe_report(
        poller, &answer, answer.n_certain == 0 && answer.n_asked <= WASOCK__FEW,
        &n_cold_found);
    miss_hot(poller);
    wasock__order_rotate(poller, WASOCK__QUEUE_COLD,
                         n_cold(poller) - n_cold_found, true);
    learn_patience(poller, false);
    /* If it is not known which are ready: look among all again. */
    count_event(poller, n_found == 0 || n_cold_found > 0);
    return 0;
}

/*
 * Until when to sleep on the hot ones before asking about cold ones; PAST: not
 * at all. Not for long before all cold ones were asked about: a request that
 * nobody sees ends the traffic of a client that waits for its answer.
 */
static uint64_t hot_until_ns(const struct wasock__poller *poller,
                             uint64_t now_ns)
{
    const bool is_hot_traffic =
        poller->spread < WASOCK__SPREAD_MIN && n_hot(poller) > 0;
    const bool is_all_hot = poller->spread == 0 && n_hot(poller) > 0;

    if (is_quiet(poller) ||
        (is_hot_traffic && poller->n_in_vain >= n_cold(poller))) {
        return next_due_ns(poller);
    }
    if ((is_all_hot && !poller->has_slept) ||
        (has_naps(poller) && poller->spent_ns >= eager_ns(poller))) {
        return wasock_ns_add(now_ns, WASOCK__NAP_NS);
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
    poller->has_slept |= timeout_ns > 0;
    return n_hot(poller) > 0 || timeout_ns > 0
               ? ask_hot(poller, n_hot(poller), timeout_ns)
               : 0;
}

/* Ask about the cold ones that are due, and about others as `found_ns` and
 * `budget_ns` of sweep allow. */
static int step_cold(struct wasock__poller *poller, uint64_t found_ns,
                     uint64_t budget_ns, uint64_t now_ns)
{
    const uint32_t n_all = n_cold(poller);
    const uint32_t n_due = count_due(poller, now_ns);
    const uint64_t begin_ns = n_due > 0 ? wasock_clock_now_ns() : 0;
    const ptrdiff_t n_swept = sweep(poller, n_due, found_ns, budget_ns);

    if (n_swept <= 0) {
        return (int)n_swept;
    }
    count_swept(poller, (uint32_t)n_swept, n_all, now_ns);
    if (n_due > 0) {
        learn_cost(poller, (uint32_t)n_swept, begin_ns);
    }
    return 0;
}

/* On a host that reports all: hot ones first, then cold ones in groups. */
static int step_broadcast(struct wasock__poller *poller, uint64_t until_ns,
                          uint64_t now_ns)
{
    const uint32_t n_before = n_pending(poller);
    const uint64_t spent_before_ns = poller->spent_ns;
    const uint64_t n_hot_before = n_hot(poller);
    int result = step_hot(poller, until_ns, now_ns);
    const uint32_t n_hot_found = n_pending(poller) - n_before;
    const uint64_t hot_ns = poller->spent_ns - spent_before_ns;

    if (result < 0 || n_cold(poller) == 0) {
        conclude(poller, n_hot_found, 0);
        return result;
    }
    /* The longer the hot ones stay silent, the more cold ones in between. */
    const uint64_t stride_min_ns = hot_ns + cost_of(poller)->poll_ns;
    poller->stride_ns = n_hot_found > 0 || poller->stride_ns < stride_min_ns
                            ? stride_min_ns
                            : 2 * poller->stride_ns;
    if (is_quiet(poller)) {
        result = step_cold(poller, 0, 0, now_ns);
    } else if ((uint64_t)n_hot_found * poller->n_asked >
               n_hot_before * poller->n_found) {
        result = step_cold(poller, 0, 0, now_ns); /* the hot ones pay better */
    } else {
        result = step_cold(poller, hot_ns, poller->stride_ns, now_ns);
    }
    conclude(poller, n_hot_found, n_pending(poller) - n_before - n_hot_found);
    return result;
}

/* On a truthful host: hot and cold ones in one question, as it costs no more
 * to find the ready ones among many. */
static int step_truthful(struct wasock__poller *poller, uint64_t until_ns,
                         uint64_t now_ns)
{
    const uint64_t hot_until = hot_until_ns(poller, now_ns);
    const uint32_t n_all = n_cold(poller);
    uint32_t count = count_due(poller, now_ns);

    if (hot_until == WASOCK_DEADLINE_PAST && count < group_size(poller)) {
        count = lesser(group_size(poller), n_all);
    }
    until_ns = count > 0 ? WASOCK_DEADLINE_PAST
                         : wasock_deadline_earlier(until_ns, hot_until);
    poller->has_slept |= until_ns != WASOCK_DEADLINE_PAST;
    const struct wasock__answer answer = wasock__probe(
        poller, n_hot(poller), count, wasock__timeout_of(until_ns, now_ns));
    pay(poller, &answer);
    if (answer.error < 0) {
        return answer.error;
    }
    uint32_t n_cold_found = 0;
    const uint32_t n_found =
        wasock__probe_report(poller, &answer, true, &n_cold_found);
    miss_hot(poller);
    wasock__order_rotate(poller, WASOCK__QUEUE_COLD, count - n_cold_found,
                         false);
    count_yield(poller, count, n_cold_found);
    count_swept(poller, count, n_all, now_ns);
    poller->n_in_vain += count;
    conclude(poller, n_found - n_cold_found, n_cold_found);
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
        if (is_quiet(poller) && timeout_ns >= wake_ns(poller) &&
            count_due(poller, now_ns) == 0) {
            return ask_all(poller, timeout_ns, now_ns);
        }
    }
    return poller->kind == WASOCK__HOST_TRUTHFUL
               ? step_truthful(poller, until_ns, now_ns)
               : step_broadcast(poller, until_ns, now_ns);
}
