/* SPDX-License-Identifier: MIT */
#include "internal.h"

/*
 * A host whose poll does not look at sockets, such as wazero: nothing can be
 * asked, so the caller has to try. The hot ones are reported in rounds, with
 * naps between rounds that were all in vain, the cold ones in turn.
 */

/* Within this time each cold one is tried. */
#define PERIOD_MIN_NS (20 * WASOCK_NS_PER_MS)
#define PERIOD_EACH_NS (50 * WASOCK_NS_PER_US)

/* Naps are 1, 3, 7, 10 ms; after QUIET_NAPS of 10 ms in a row without a right
 * event they are equal parts of the period, as long as possible: each costs
 * Go's scheduler as much as a hundred tries. */
#define NAP_MAX_MS 10
#define QUIET_NAPS 8

static uint32_t n_cold(const struct wasock__poller *poller)
{
    return wasock__count(poller, WASOCK__QUEUE_COLD);
}

static uint64_t period_ns(const struct wasock__poller *poller)
{
    const uint64_t all_ns = n_cold(poller) * PERIOD_EACH_NS;

    return all_ns > PERIOD_MIN_NS ? all_ns : PERIOD_MIN_NS;
}

static bool is_quiet(const struct wasock__poller *poller)
{
    return poller->n_quiet > QUIET_NAPS;
}

/* Naps of a quiet time in one period. */
static uint32_t n_naps(const struct wasock__poller *poller)
{
    return (uint32_t)((period_ns(poller) + PERIOD_MIN_NS - 1) / PERIOD_MIN_NS);
}

static uint64_t next_nap_ns(struct wasock__poller *poller)
{
    if (poller->nap_ms < NAP_MAX_MS) {
        const unsigned nap_ms = 2U * poller->nap_ms + 1;
        poller->nap_ms = (uint8_t)(nap_ms < NAP_MAX_MS ? nap_ms : NAP_MAX_MS);
    } else if (!is_quiet(poller)) {
        poller->n_quiet++;
    }
    return is_quiet(poller) && poller->is_at_rest /* less what waking costs */
               ? period_ns(poller) / n_naps(poller) - WASOCK_NS_PER_MS
               : poller->nap_ms * WASOCK_NS_PER_MS;
}

/* How many cold ones to try now. */
static uint32_t take_due(struct wasock__poller *poller, uint64_t now_ns)
{
    /* What is due may become so at the start of a nap. */
    const uint64_t busy_period_ns =
        period_ns(poller) - NAP_MAX_MS * WASOCK_NS_PER_MS;
    uint32_t n_due = is_quiet(poller)
                         ? n_cold(poller) / n_naps(poller) + 1
                         : wasock__order_due(poller, busy_period_ns, now_ns);

    if (poller->is_at_rest != is_quiet(poller)) {
        /* Some would wait for a part of either period. */
        n_due = n_cold(poller);
        poller->is_at_rest = is_quiet(poller);
    }
    if (is_quiet(poller) || n_due >= n_cold(poller)) {
        poller->swept_ns = now_ns;
    } else { /* the time that is too short for one more is kept */
        poller->swept_ns += busy_period_ns * n_due / n_cold(poller);
    }
    return n_due < n_cold(poller) ? n_due : n_cold(poller);
}

/* Report the first `count` of a queue: the caller tries them. */
static void report_first(struct wasock__poller *poller,
                         enum wasock__queue queue, uint32_t count)
{
    uint32_t index = poller->queues[queue].first;

    for (; count > 0; count--) {
        const struct wasock__registration *registration =
            &poller->registrations[index];
        const uint32_t next = registration->links[WASOCK__CHAIN_QUEUE].next;
        wasock__report_ready(poller, index, registration->interest);
        index = next;
    }
}

static int nap(struct wasock__poller *poller, uint64_t timeout_ns)
{
    const bool is_empty =
        wasock__count(poller, WASOCK__QUEUE_HOT) + n_cold(poller) == 0;
    const uint64_t nap_ns = is_empty ? timeout_ns : next_nap_ns(poller);

    return wasock__fd_wait_once(-1, 0,
                                timeout_ns < nap_ns ? timeout_ns : nap_ns);
}

int wasock__blind_step(struct wasock__poller *poller, uint64_t until_ns,
                       uint64_t now_ns)
{
    const uint64_t timeout_ns = wasock__timeout_of(until_ns, now_ns);

    if (poller->n_used > 0) {
        poller->nap_ms = 0;
        poller->n_quiet = 0;
    } else if (timeout_ns > 0) {
        const int result = nap(poller, timeout_ns);
        if (result < 0) {
            return result;
        }
        now_ns = wasock_clock_now_ns();
    }
    poller->n_used = 0;
    report_first(poller, WASOCK__QUEUE_HOT,
                 wasock__count(poller, WASOCK__QUEUE_HOT));
    const uint32_t n_due = take_due(poller, now_ns);
    report_first(poller, WASOCK__QUEUE_COLD, n_due);
    wasock__order_rotate(poller, n_due, false);
    poller->is_try_owed = 0;
    return 0;
}
