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

/* ---- A group ---- */

/*
 * Whether to try ones without asking: where at least a third were ready. An
 * empty try costs little more than an event.
 */
static bool is_worth_trying(const struct wasock__poller *poller,
                            uint32_t n_ready, uint32_t n_asked)
{
    return poller->kind != WASOCK__HOST_TRUTHFUL && 3 * n_ready > n_asked;
}

/*
 * Report those of the first `count` of a queue that are not listeners and have
 * at least `credit`, and move them to its end. Returns how many others there
 * are, now first: an empty accept is expensive.
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
        if (registration->credit >= credit &&
            registration->watch.socket_->role_ != WASOCK__ROLE_LISTENER) {
            wasock__report_ready(poller, index, registration->interest);
            wasock__order_move(poller, index, queue);
        } else {
            n_others++;
        }
        index = next;
    }
    return n_others;
}

/* Whether one of the first `count` may not be passed over. That a socket is
 * writable is never certain, and is to be reported in every wait. */
static bool is_any_doubted(const struct wasock__poller *poller,
                           enum wasock__queue queue, uint32_t count)
{
    uint32_t index = poller->queues[queue].first;

    for (; count > 0; count--) {
        const struct wasock__registration *registration =
            &poller->registrations[index];
        if (registration->is_doubted ||
            (registration->interest & WASOCK_WRITABLE) != 0) {
            return true;
        }
        index = registration->links[WASOCK__CHAIN_QUEUE].next;
    }
    return false;
}

/*
 * Of the first `size` of a queue, `n_found` were reported, and the others are
 * now first. Pass over these, unless they may be ready and one of them was
 * passed over before or is likely to be ready still. Returns how many of all
 * need no other poll: they are at the end.
 */
static uint32_t settle(struct wasock__poller *poller, enum wasock__queue queue,
                       uint32_t size, uint32_t n_found, bool is_doubted)
{
    const uint32_t n_rest = size - n_found;

    if (is_doubted && is_any_doubted(poller, queue, n_rest)) {
        return n_found;
    }
    wasock__order_rotate(poller, queue, n_rest, is_doubted);
    return size;
}

/* Whether there is a ready one among any FEW: asking smaller groups gains
 * nothing. */
static bool is_any_few_ready(const struct wasock__poller *poller)
{
    return WASOCK__FEW * poller->n_found > poller->n_asked;
}

/*
 * Poll the first `count` of a queue, waiting for at most `timeout_ns`, and
 * report those that are ready. All go to the end of the queue.
 */
static int ask_group(struct wasock__poller *poller, enum wasock__queue queue,
                     uint32_t count, uint64_t timeout_ns)
{
    const bool is_hot = queue == WASOCK__QUEUE_HOT;
    uint32_t n_left = wasock__lesser(count, wasock__count(poller, queue));
    uint32_t size = n_left;

    while (n_left > 0 || timeout_ns > 0) {
        size = wasock__lesser(size, n_left);
        struct wasock__answer answer = wasock__probe(
            poller, is_hot ? size : 0, is_hot ? 0 : size, timeout_ns);
        const bool is_doubted = answer.n_certain < answer.n_ready;
        wasock__pay(poller, &answer);
        if (answer.error < 0) {
            return answer.error;
        }
        timeout_ns = 0;
        if (is_doubted && answer.n_certain == 0 && size > WASOCK__FEW &&
            !is_any_few_ready(poller)) {
            size = WASOCK__FEW; /* poll in smaller groups */
            continue;
        }
        wasock__probe_report(poller, &answer, answer.n_certain == 0);
        n_left -= settle(poller, queue, size,
                         answer.n_hot_found + answer.n_cold_found, is_doubted);
        n_left = wasock__lesser(n_left, wasock__count(poller, queue));
    }
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
    return ask_hot(poller, n_others, 0);
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
        count = report_untested(poller, WASOCK__QUEUE_COLD, count, 0);
    }
    return ask_group(poller, WASOCK__QUEUE_COLD, count, 0);
}

/* Poll cold ones in groups: the `n_due` that are due; then, if `goes_on`, until
 * something is found and the polls have cost `min_ns`. */
static int sweep(struct wasock__poller *poller, uint32_t n_due, bool goes_on,
                 uint64_t min_ns, uint64_t now_ns)
{
    const uint64_t end_ns = poller->spent_ns + min_ns;
    const uint32_t n_all = wasock__n_cold(poller);
    uint32_t n_swept = 0;
    int result = 0;

    while (result == 0 && n_swept < n_all && wasock__n_cold(poller) > 0 &&
           (n_swept < n_due || (goes_on && (!wasock__is_pending(poller) ||
                                            poller->spent_ns < end_ns)))) {
        const uint32_t count = wasock__lesser(
            wasock__group_size(poller),
            wasock__lesser(n_all - n_swept, wasock__n_cold(poller)));
        result = sweep_group(poller, count);
        n_swept += count;
    }
    if (result == 0 && n_swept > 0) {
        wasock__count_swept(poller, n_swept, n_all, now_ns);
    }
    return result;
}

/* ---- Steps ---- */

/* Wait for all. If some are certain, the uncertain cold ones are left to a
 * sweep; if none is certain, all are due at once. One of these may have been
 * ready before the wait began, as a listener in a storm is: polls would have
 * found it. */
static int ask_all(struct wasock__poller *poller, uint64_t timeout_ns)
{
    struct wasock__answer answer = wasock__probe(
        poller, wasock__n_hot(poller), wasock__n_cold(poller), timeout_ns);
    const bool is_doubted = answer.n_certain < answer.n_ready;
    const uint64_t end_ns = wasock_clock_now_ns();

    if (!is_doubted) {
        poller->swept_ns = end_ns;
    }
    if (answer.n_ready == 0) {
        return answer.error;
    }
    wasock__probe_report(poller, &answer, false);
    if (answer.n_hot_found + answer.n_cold_found == 0) {
        wasock__conclude(poller, 0, 1);
        poller->swept_ns = 0;
        return 0;
    }
    poller->has_slept = 1;
    wasock__conclude(poller, answer.n_hot_found, answer.n_cold_found);
    return ask_hot(
        poller, is_doubted ? wasock__n_hot(poller) - answer.n_hot_found : 0, 0);
}

/*
 * Until when to sleep on the hot ones before polling cold ones; PAST: not at
 * all. Not for long before the polls have cost what a wait costs: a request
 * that nobody sees ends the traffic of a client that waits for its answer.
 */
static uint64_t hot_until_ns(const struct wasock__poller *poller,
                             uint64_t now_ns)
{
    if (wasock__is_quiet(poller)) {
        return wasock__next_due_ns(poller);
    }
    return wasock__is_all_hot(poller) ? wasock_ns_add(now_ns, WASOCK__NAP_NS)
                                      : WASOCK_DEADLINE_PAST;
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
    return ask_hot(poller, wasock__n_hot(poller), timeout_ns);
}

/* On a host that reports all: hot ones first, then cold ones in groups, until
 * one is found and for as long as the hot ones took. Where events come from hot
 * ones alone, only the due ones. */
static int step_broadcast(struct wasock__poller *poller, uint64_t until_ns,
                          uint64_t now_ns)
{
    const uint64_t spent_before_ns = poller->spent_ns;
    const uint32_t n_before = wasock__n_pending(poller);
    int result = step_hot(poller, until_ns, now_ns);
    const uint32_t n_hot_found = wasock__n_pending(poller) - n_before;

    if (result == 0) {
        result = sweep(poller, wasock__count_due(poller, now_ns),
                       !wasock__is_all_hot(poller) && !wasock__is_quiet(poller),
                       poller->spent_ns - spent_before_ns, now_ns);
    }
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
    struct wasock__answer answer =
        wasock__probe(poller, wasock__n_hot(poller), count,
                      wasock__timeout_of(until_ns, now_ns));
    wasock__pay(poller, &answer);
    if (answer.error < 0) {
        return answer.error;
    }
    if (count > 0 && until_ns != WASOCK_DEADLINE_PAST) {
        now_ns = wasock_clock_now_ns(); /* it may have slept long */
    }
    wasock__probe_report(poller, &answer, true);
    miss_hot(poller);
    wasock__order_rotate(poller, WASOCK__QUEUE_COLD,
                         count - answer.n_cold_found, false);
    wasock__count_asked(poller, count);
    wasock__count_swept(poller, count, n_all, now_ns);
    wasock__conclude(poller, answer.n_hot_found, answer.n_cold_found);
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
