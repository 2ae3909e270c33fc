/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/err.h>

/*
 * What to poll next, on a host whose poll checks sockets: the hot ones, then
 * cold ones in groups, the least recently polled first.
 *
 * Waiting for all costs most, at its end: the host then looks at each. It is
 * put off until the polls since the last event have cost as much (ski rental),
 * so that a wait costs at most twice the least, or less where experience says
 * that polling further does not pay.
 */

/* At most this number of hot ones beside certain ones are tried rather than
 * asked again. */
#define HOT_FEW (3 * WASOCK__FEW)

/* ---- A group ---- */

/*
 * Whether to try ones without asking: where at least a third were ready. A
 * empty try costs little more than an event.
 */
static bool is_worth_trying(const struct wasock__poller *poller,
                            uint32_t n_ready, uint32_t n_asked)
{
    return poller->kind != WASOCK__HOST_TRUTHFUL && 3 * n_ready > n_asked;
}

/*
 * Report those of the first `count` of a queue that are connections with at
 * least `credit`, and move them to its end. Returns how many others there are,
 * now first: an empty accept is expensive, and a descriptor that is not a
 * socket may block.
 */
static uint32_t report_untested(struct wasock__poller *poller,
                                enum wasock__queue queue, uint32_t count,
                                unsigned credit)
{
    uint32_t index = poller->queues[queue].first;
    uint32_t n_others = 0;

    poller->is_untested = 1;
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
 * still: then a few hot ones are tried, as much may have arrived by then, and
 * the others are asked again. Returns how many need not be.
 */
static uint32_t settle_rest(struct wasock__poller *poller,
                            enum wasock__queue queue, uint32_t n_rest)
{
    const bool is_truthful = poller->kind == WASOCK__HOST_TRUTHFUL;

    if (!is_truthful && is_any_doubted(poller, queue, n_rest)) {
        if (queue == WASOCK__QUEUE_HOT && n_rest <= HOT_FEW) {
            return n_rest - report_untested(poller, queue, n_rest, 0);
        }
        return 0;
    }
    wasock__order_rotate(poller, queue, n_rest, !is_truthful);
    return n_rest;
}

/* How many are tried if it is not known which of them are ready. */
static uint32_t few_of(const struct wasock__poller *poller,
                       enum wasock__queue queue)
{
    if (WASOCK__FEW * poller->n_found > poller->n_asked) {
        return UINT32_MAX; /* one in any FEW is: asking more gains nothing */
    }
    return queue == WASOCK__QUEUE_HOT ? 8 * WASOCK__FEW : WASOCK__FEW;
}

/*
 * Poll the first `count` of a queue, waiting for at most `timeout_ns`, and
 * report those that are ready. All go to the end of the queue.
 */
static int ask_group(struct wasock__poller *poller, enum wasock__queue queue,
                     uint32_t count, uint64_t timeout_ns)
{
    const bool is_hot = queue == WASOCK__QUEUE_HOT;
    const uint32_t few = few_of(poller, queue);
    uint32_t n_left = count;
    uint32_t size = count;

    do {
        n_left = wasock__lesser(n_left, wasock__count(poller, queue));
        size = wasock__lesser(size, n_left);
        const struct wasock__answer answer = wasock__probe(
            poller, is_hot ? size : 0, is_hot ? 0 : size, timeout_ns);
        wasock__pay(poller, &answer);
        if (answer.error < 0) {
            return answer.error;
        }
        timeout_ns = 0;
        if (answer.n_ready > 0 && answer.n_certain == 0 && size > few) {
            size = few; /* poll in smaller groups */
            continue;
        }
        uint32_t n_cold_done = 0;
        uint32_t n_done = wasock__probe_report(
            poller, &answer, answer.n_certain == 0, &n_cold_done);
        if (n_done == 0) {
            wasock__order_rotate(poller, queue, size,
                                 answer.n_certain < answer.n_ready);
            n_done = size;
        } else if (n_done < size) {
            n_done += settle_rest(poller, queue, size - n_done);
            size = n_left;
        }
        n_left -= wasock__lesser(n_done, n_left);
    } while (n_left > 0);
    return 0;
}

/* ---- Hot ---- */

/* The poll of hot ones that are not reported was empty. */
static void miss_hot(struct wasock__poller *poller)
{
    uint32_t index = poller->queues[WASOCK__QUEUE_HOT].first;

    for (uint32_t n = wasock__n_hot(poller); n > 0; n--) {
        const struct wasock__registration *registration =
            &poller->registrations[index];
        const uint32_t next = registration->links[WASOCK__CHAIN_QUEUE].next;
        if (registration->report != WASOCK__REPORT_PENDING) {
            wasock__order_miss(poller, index);
        }
        index = next;
    }
}

/* Poll the first `count` hot ones. */
static int ask_hot(struct wasock__poller *poller, uint32_t count,
                   uint64_t timeout_ns)
{
    const int result = ask_group(poller, WASOCK__QUEUE_HOT, count, timeout_ns);

    if (result == 0) {
        miss_hot(poller);
    }
    return result;
}

/* Whether to try the regular ones: those that were found more than once. */
static bool is_direct(const struct wasock__poller *poller)
{
    return poller->n_regular >= WASOCK__FEW / 2 &&
           is_worth_trying(poller, poller->n_regular_used, poller->n_regular);
}

/* Report the regular ones and poll the other hot ones. */
static int ask_direct(struct wasock__poller *poller)
{
    const uint32_t n_others =
        report_untested(poller, WASOCK__QUEUE_HOT, wasock__n_hot(poller), 1);

    poller->n_regular = 0; /* once a wait */
    return n_others > 0 ? ask_hot(poller, n_others, 0) : 0;
}

/* ---- Cold ---- */

/* Poll the first `count` cold ones or, where enough are ready to make it
 * cheaper, try them and poll the others. */
static int sweep_group(struct wasock__poller *poller, uint32_t count)
{
    const bool is_dense =
        is_worth_trying(poller, poller->n_found, poller->n_asked);

    wasock__count_asked(poller, count);
    if (is_dense) {
        poller->spent_ns += count * wasock__try_ns(poller);
        count = report_untested(poller, WASOCK__QUEUE_COLD, count, 0);
    }
    return count > 0 ? ask_group(poller, WASOCK__QUEUE_COLD, count, 0) : 0;
}

/*
 * Poll cold ones: `n_due` of them, then on until the polls have cost `found_ns`
 * if something was found, `budget_ns` if not. Returns how many were polled, or
 * an error.
 */
static ptrdiff_t sweep(struct wasock__poller *poller, uint32_t n_due,
                       uint64_t found_ns, uint64_t budget_ns)
{
    const uint64_t spent_before_ns = poller->spent_ns;
    const uint32_t n_all = wasock__n_cold(poller);
    uint32_t n_swept = 0;
    int result = 0;

    while (n_swept < n_all && wasock__n_cold(poller) > 0 && result == 0) {
        const uint32_t n_before = wasock__n_pending(poller);
        const uint64_t left_ns =
            wasock_ns_subtract(n_before > 0 ? found_ns : budget_ns,
                               poller->spent_ns - spent_before_ns);
        if (n_swept >= n_due && left_ns == 0) {
            break;
        }
        const uint32_t count = wasock__lesser(
            left_ns == 0
                ? wasock__lesser(wasock__group_size(poller), n_due - n_swept)
                : wasock__size_for(poller, left_ns),
            wasock__lesser(n_all - n_swept, wasock__n_cold(poller)));
        result = sweep_group(poller, count);
        n_swept += count;
    }
    poller->n_empty += n_swept;
    return result < 0 ? result : (ptrdiff_t)n_swept;
}

/* ---- Steps ---- */

/* Of the hot ones that a wait for all did not report. */
static int ask_other_hot(struct wasock__poller *poller, uint32_t n_rest)
{
    if (n_rest == 0 ||
        settle_rest(poller, WASOCK__QUEUE_HOT, n_rest) == n_rest) {
        miss_hot(poller);
        return 0;
    }
    return ask_hot(poller, n_rest, 0);
}

/* Wait for all. Cold ones that are not certain beside certain ones are left to
 * a sweep; if none is certain, all are due at once. */
static int ask_all(struct wasock__poller *poller, uint64_t timeout_ns)
{
    const struct wasock__answer answer = wasock__probe(
        poller, wasock__n_hot(poller), wasock__n_cold(poller), timeout_ns);
    uint32_t n_cold_found = 0;

    if (answer.n_certain == answer.n_ready) {
        poller->swept_ns = wasock_clock_now_ns(); /* it may have slept long */
    }
    if (answer.n_ready == 0) {
        return answer.error;
    }
    const uint32_t n_found = wasock__probe_report(
        poller, &answer, answer.n_certain == 0 && answer.n_asked <= WASOCK__FEW,
        &n_cold_found);
    wasock__learn_patience(poller, false);
    wasock__count_event(poller, n_found == 0 || n_cold_found > 0);
    if (n_found == 0) {
        poller->swept_ns = 0;
        return 0;
    }
    wasock__order_rotate(poller, WASOCK__QUEUE_COLD,
                         wasock__n_cold(poller) - n_cold_found, true);
    return ask_other_hot(poller,
                         wasock__n_hot(poller) - (n_found - n_cold_found));
}

/*
 * Until when to sleep on the hot ones before polling cold ones; PAST: not at
 * all. Not for long before all cold ones were polled: a request that nobody
 * sees ends the traffic of a client that waits for its answer.
 */
static uint64_t hot_until_ns(const struct wasock__poller *poller,
                             uint64_t now_ns)
{
    const bool is_hot_traffic =
        poller->spread < WASOCK__SPREAD_MIN && wasock__n_hot(poller) > 0;
    const bool is_all_hot = poller->spread == 0 && wasock__n_hot(poller) > 0;

    if (poller->swept_ns > now_ns) {
        return WASOCK_DEADLINE_PAST; /* the clock failed: all are due */
    }
    if (wasock__is_quiet(poller) ||
        (is_hot_traffic && poller->n_empty >= wasock__n_cold(poller))) {
        return wasock__next_due_ns(poller);
    }
    if ((is_all_hot && !poller->has_slept) ||
        (wasock__has_naps(poller) &&
         poller->spent_ns >= wasock__eager_ns(poller))) {
        return wasock_ns_add(now_ns, WASOCK__NAP_NS);
    }
    return WASOCK_DEADLINE_PAST;
}

/* Poll the hot ones, or sleep on them. */
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
    return wasock__n_hot(poller) > 0 || timeout_ns > 0
               ? ask_hot(poller, wasock__n_hot(poller), timeout_ns)
               : 0;
}

/* Poll the cold ones that are due, and about others as `found_ns` and
 * `budget_ns` of sweep allow. */
static int step_cold(struct wasock__poller *poller, uint64_t found_ns,
                     uint64_t budget_ns, uint64_t now_ns)
{
    const uint32_t n_all = wasock__n_cold(poller);
    const uint32_t n_due = wasock__count_due(poller, now_ns);
    const uint64_t begin_ns = n_due > 0 ? wasock_clock_now_ns() : 0;
    const ptrdiff_t n_swept = sweep(poller, n_due, found_ns, budget_ns);

    if (n_swept <= 0) {
        return (int)n_swept;
    }
    wasock__count_swept(poller, (uint32_t)n_swept, n_all, now_ns);
    if (n_due > 0) {
        wasock__learn_cost(poller, (uint32_t)n_swept, begin_ns);
    }
    return 0;
}

/* On a host that reports all: hot ones first, then cold ones in groups. */
static int step_broadcast(struct wasock__poller *poller, uint64_t until_ns,
                          uint64_t now_ns)
{
    const uint32_t n_before = wasock__n_pending(poller);
    const uint64_t spent_before_ns = poller->spent_ns;
    const uint64_t n_hot_before = wasock__n_hot(poller);
    int result = step_hot(poller, until_ns, now_ns);
    const uint32_t n_hot_found = wasock__n_pending(poller) - n_before;
    const uint64_t hot_ns = poller->spent_ns - spent_before_ns;

    if (result < 0 || wasock__n_cold(poller) == 0) {
        wasock__conclude(poller, n_hot_found, 0);
        return result;
    }
    /* The longer the hot ones are idle, the more cold ones are polled
     * between. */
    const uint64_t stride_min_ns = hot_ns + wasock__poll_ns(poller);
    poller->stride_ns = n_hot_found > 0 || poller->stride_ns < stride_min_ns
                            ? stride_min_ns
                            : 2 * poller->stride_ns;
    const bool is_hot_richer = (uint64_t)n_hot_found * poller->n_asked >
                               n_hot_before * poller->n_found;
    result = wasock__is_quiet(poller) || is_hot_richer
                 ? step_cold(poller, 0, 0, now_ns)
                 : step_cold(poller, hot_ns, poller->stride_ns, now_ns);
    wasock__conclude(poller, n_hot_found,
                     wasock__n_pending(poller) - n_before - n_hot_found);
    return result;
}

/* On a truthful host: hot and cold ones in one poll, as it costs no more to
 * find the ready ones among many. */
__attribute__((noinline)) static int
step_truthful(struct wasock__poller *poller, uint64_t until_ns, uint64_t now_ns)
{
    const uint64_t hot_until = hot_until_ns(poller, now_ns);
    const uint32_t n_all = wasock__n_cold(poller);
    uint32_t count = wasock__count_due(poller, now_ns);

    if ((hot_until == WASOCK_DEADLINE_PAST ||
         (count > 0 && wasock__is_wake_cheap(poller))) &&
        count < wasock__group_size(poller)) {
        count = wasock__lesser(wasock__group_size(poller), n_all);
    }
    if (count < n_all || !wasock__is_wake_cheap(poller)) {
        until_ns = count > 0 ? WASOCK_DEADLINE_PAST
                             : wasock_deadline_earlier(until_ns, hot_until);
    } /* else wait: a look that finds nothing would be followed by a wait */
    poller->has_slept |= until_ns != WASOCK_DEADLINE_PAST;
    const struct wasock__answer answer =
        wasock__probe(poller, wasock__n_hot(poller), count,
                      wasock__timeout_of(until_ns, now_ns));
    wasock__pay(poller, &answer);
    if (answer.error < 0) {
        return answer.error;
    }
    if (count > 0 && until_ns == WASOCK_DEADLINE_PAST) {
        wasock__learn_cost(poller, answer.n_asked, now_ns);
    } else if (count > 0) {
        now_ns = wasock_clock_now_ns(); /* it may have slept long */
    }
    uint32_t n_cold_found = 0;
    const uint32_t n_found =
        wasock__probe_report(poller, &answer, true, &n_cold_found);
    miss_hot(poller);
    if (count < n_all) { /* all of them keep their order */
        wasock__order_rotate(poller, WASOCK__QUEUE_COLD, count - n_cold_found,
                             false);
    }
    wasock__count_asked(poller, count);
    wasock__count_swept(poller, count, n_all, now_ns);
    poller->n_empty += count;
    wasock__conclude(poller, n_found - n_cold_found, n_cold_found);
    return 0;
}

int wasock__schedule_step(struct wasock__poller *poller, uint64_t until_ns,
                          uint64_t now_ns)
{
    const uint64_t timeout_ns = wasock__timeout_of(until_ns, now_ns);

    if (!is_direct(poller)) {
        if (wasock__n_cold(poller) == 0) {
            return ask_hot(poller, wasock__n_hot(poller), timeout_ns);
        }
        if (wasock__is_quiet(poller) && timeout_ns >= wasock__wake_ns(poller) &&
            wasock__count_due(poller, now_ns) == 0) {
            return ask_all(poller, timeout_ns);
        }
    }
    return poller->kind == WASOCK__HOST_TRUTHFUL
               ? step_truthful(poller, until_ns, now_ns)
               : step_broadcast(poller, until_ns, now_ns);
}
