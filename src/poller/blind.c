/* SPDX-License-Identifier: MIT */
#include "internal.h"

/*
 * A host whose poll does not check sockets, such as wazero: nothing can be
 * asked, so the caller has to try. The hot ones are reported in rounds, the
 * cold ones in turn. Between empty rounds come naps, each longer than the last,
 * as each costs Go's scheduler as much as a hundred tries.
 */

/* The promise of poller.h, for each registration. */
#define BOUND_EACH_NS (50 * WASOCK_NS_PER_US)

/* Within which time each cold one is tried. */
static uint64_t period_ns(const struct wasock__poller *poller)
{
    const uint64_t all_ns = wasock__n_cold(poller) * BOUND_EACH_NS;

    return all_ns > WASOCK__BOUND_MIN_NS ? all_ns : WASOCK__BOUND_MIN_NS;
}

/* How many naps of BOUND_MIN at most make a period. */
static uint32_t n_naps(const struct wasock__poller *poller)
{
    return (uint32_t)((period_ns(poller) + WASOCK__BOUND_MIN_NS - 1) /
                      WASOCK__BOUND_MIN_NS);
}

/* The longest nap: equal parts of a period, less what is lost in waking up. */
static uint64_t nap_max_ns(const struct wasock__poller *poller)
{
    return period_ns(poller) / n_naps(poller) - WASOCK__NAP_NS;
}

/* The next nap: each is longer than the last. */
static uint64_t nap_ns(const struct wasock__poller *poller)
{
    const uint64_t next_ns = (poller->nap_ms + UINT64_C(1)) * WASOCK_NS_PER_MS;
    const uint64_t max_ns = nap_max_ns(poller);

    return next_ns < max_ns ? next_ns : max_ns;
}

/* How many cold ones to try now: those that come due in the next nap. */
static uint32_t take_due(struct wasock__poller *poller, uint64_t now_ns)
{
    const bool is_at_rest = nap_ns(poller) == nap_max_ns(poller);
    /* Half of it, as the queue shrinks while hot ones leave it. */
    const uint64_t early_ns =
        wasock_ns_subtract(period_ns(poller), nap_ns(poller) + WASOCK__NAP_NS) /
        2;
    const uint32_t n_due = is_at_rest
                               ? wasock__n_cold(poller) / n_naps(poller) + 1
                               : wasock__order_due(poller, early_ns, now_ns);

    if (is_at_rest || n_due >= wasock__n_cold(poller)) {
        poller->swept_ns = now_ns;
    } else { /* the time that is too short for one more is kept */
        poller->swept_ns += early_ns * n_due / wasock__n_cold(poller);
    }
    return n_due;
}

static int nap(struct wasock__poller *poller, uint64_t timeout_ns)
{
    if (wasock__n_hot_and_cold(poller) > 0) {
        const uint64_t longest_ns = nap_ns(poller);
        timeout_ns = timeout_ns < longest_ns ? timeout_ns : longest_ns;
        if (longest_ns < nap_max_ns(poller)) {
            poller->nap_ms++;
        }
    }
    return wasock__fd_wait_once(-1, 0, timeout_ns);
}

int wasock__blind_step(struct wasock__poller *poller, uint64_t until_ns,
                       uint64_t now_ns)
{
    const uint64_t timeout_ns = wasock__timeout_of(until_ns, now_ns);
    uint32_t n_tries = 0;

    if (poller->n_used > 0) {
        wasock__conclude(poller, poller->n_used - poller->n_cold_used,
                         poller->n_cold_used);
        poller->n_tried = 0;
        poller->nap_ms = 0;
    } else if (!wasock__is_all_hot(poller) &&
               poller->n_tried < wasock__n_cold(poller)) {
        n_tries = WASOCK__GROUP_MAX; /* a client that waits may be among them */
    } else if (timeout_ns > 0) {
        const int result = nap(poller, timeout_ns);
        if (result < 0) {
            return result;
        }
        now_ns = wasock_clock_now_ns();
    }
    poller->n_used = 0;
    wasock__report_first(poller, WASOCK__QUEUE_HOT, wasock__n_hot(poller));
    if (wasock__n_cold(poller) > 0) {
        const uint32_t n_due = take_due(poller, now_ns);
        n_tries = n_tries > n_due ? n_tries : n_due;
        n_tries = wasock__lesser(n_tries, wasock__n_cold(poller));
        wasock__report_first(poller, WASOCK__QUEUE_COLD, n_tries);
        wasock__order_rotate(poller, WASOCK__QUEUE_COLD, n_tries, false);
        poller->n_tried += n_tries;
    }
    poller->is_try_owed = 0;
    return 0;
}
