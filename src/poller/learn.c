/* SPDX-License-Identifier: MIT */
#include "internal.h"

/*
 * The costs and yields of polls, and their use: how large groups are, how long
 * to go on polling before sleeping, when cold ones are due.
 *
 * wasmtime says only "something of these is ready". A poll that finds nothing
 * is cheap, one that finds something costs more, and a wait for all costs most.
 */

/* wasmtime 36 and 46, measured. One may be passed over once: the promise is two
 * periods. */
static const struct wasock__poll_cost broadcast_cost = {
    .poll_ns = 1300,
    .idle_ns = 200,
    .ready_ns = 900,
    .wake_ns = 1100,
    .sweep_ns = 8000,
};
/* A native poll(2), measured: one that sleeps looks twice. */
static const struct wasock__poll_cost truthful_cost = {
    .poll_ns = 1000,
    .idle_ns = 50,
    .ready_ns = 50,
    .wake_ns = 150,
    .sweep_ns = 2000,
};

/* If one in this many cold ones is ready, groups are as large as can be. On a
 * truthful host that finds most of a burst at once; on other hosts most are
 * soon tried without asking. */
#define DENSE_TRUTHFUL 64
#define DENSE 4

/* An accept back-off is this multiple of what a wait for all costs. */
#define BACK_OFF_PARTS 32

void wasock__begin_asking(struct wasock__poller *poller)
{
    poller->cost = wasock__host_poll_cost();
    poller->kind =
        poller->cost != NULL ? WASOCK__HOST_TRUTHFUL : WASOCK__HOST_UNKNOWN;
    if (poller->cost == NULL) {
        poller->cost = &broadcast_cost;
    }
    poller->when_taken = WASOCK__REPORT_TAKEN;
}

void wasock__learn_truthful(struct wasock__poller *poller)
{
    if (poller->kind != WASOCK__HOST_TRUTHFUL) {
        poller->kind = WASOCK__HOST_TRUTHFUL;
        poller->cost = &truthful_cost;
    }
}

/* ---- Costs and yields ---- */

/* A poll was made. */
void wasock__pay(struct wasock__poller *poller,
                 const struct wasock__answer *answer)
{
    const struct wasock__poll_cost *cost = poller->cost;

    poller->spent_ns +=
        cost->poll_ns +
        (uint64_t)answer->n_asked *
            (answer->n_ready > 0 ? cost->ready_ns : cost->idle_ns);
}

/* What waiting for all costs when it ends. */
uint64_t wasock__wake_ns(const struct wasock__poller *poller)
{
    return (uint64_t)wasock__n_hot_and_cold(poller) * poller->cost->wake_ns;
}

/*
 * How long a listener out of descriptors rests. To try it ends a wait for all,
 * and polls about as much again before the next one: beside many it rests
 * longer. A descriptor that is closed in this poller ends it.
 */
uint64_t wasock__back_off_ns(const struct wasock__poller *poller)
{
    const uint64_t all_ns = (uint64_t)wasock__n_hot_and_cold(poller) *
                            (poller->cost->idle_ns + poller->cost->wake_ns);
    const uint64_t back_off_ns = BACK_OFF_PARTS * all_ns;

    return back_off_ns > WASOCK__BOUND_MIN_NS ? back_off_ns
                                              : WASOCK__BOUND_MIN_NS;
}

/*
 * The size of a group of cold ones. Finding the few ready ones is group testing
 * (Dorfman, 1943): if a share p of them is ready, groups of about 1 / sqrt(p)
 * cost least.
 */
uint32_t wasock__group_size(const struct wasock__poller *poller)
{
    const struct wasock__poll_cost *cost = poller->cost;
    const uint64_t extra_ns = cost->ready_ns - cost->idle_ns;
    const bool is_truthful = poller->kind == WASOCK__HOST_TRUTHFUL;
    uint32_t size = WASOCK__FEW;

    if (is_truthful && DENSE_TRUTHFUL * poller->n_found > poller->n_asked) {
        return wasock__n_cold(poller);
    }
    if (!is_truthful && DENSE * poller->n_found > poller->n_asked) {
        return WASOCK__GROUP_MAX;
    }
    while (size < WASOCK__GROUP_MAX &&
           (uint64_t)size * size * extra_ns * poller->n_found <
               (uint64_t)cost->poll_ns * poller->n_asked) {
        size += size / 2;
    }
    return size;
}

/* Count cold ones that were polled, or tried. n_found / n_asked is the share
 * that is ready, on average over the last few thousand. */
void wasock__count_asked(struct wasock__poller *poller, uint32_t n_asked)
{
    poller->n_asked += n_asked;
    if (poller->n_asked > 16 * WASOCK__GROUP_MAX) {
        poller->n_asked /= 2;
        poller->n_found /= 2;
    }
}

/* How much to spend on polls before sleeping: as patience allows and, where it
 * is used up, now and then a little to see whether that has changed. */
static uint64_t eager_ns(const struct wasock__poller *poller)
{
    unsigned patience = poller->patience;

    if (wasock__is_all_hot(poller)) {
        patience = WASOCK__PATIENCE_MAX; /* it was learned from other traffic */
    } else if (patience == 0 &&
               poller->n_events % (4 * WASOCK__PATIENCE_MAX) == 0) {
        patience = 2;
    }
    return wasock__wake_ns(poller) * patience / WASOCK__PATIENCE_MAX;
}

/* Whether it is time to wait for all. */
bool wasock__is_quiet(const struct wasock__poller *poller)
{
    return poller->spent_ns >= eager_ns(poller);
}

/* Learn from what a step found: where events come from, and whether polling
 * further pays. A client that waits for its answer asks again soon, one that
 * acts of its own does not. */
void wasock__conclude(struct wasock__poller *poller, uint32_t n_hot_found,
                      uint32_t n_cold_found)
{
    if (n_hot_found + n_cold_found == 0) {
        return;
    }
    if (n_cold_found == 0) {
        poller->n_hot_events =
            (uint8_t)wasock__lesser(poller->n_hot_events + 1U, WASOCK__ALL_HOT);
    } else {
        poller->n_hot_events = 0;
        const uint32_t patience = poller->has_slept ? poller->patience / 2U
                                                    : 2U * poller->patience + 2;
        poller->patience =
            (uint8_t)wasock__lesser(patience, WASOCK__PATIENCE_MAX);
    }
    poller->spent_ns = 0;
    poller->has_slept = 0;
    poller->n_events++;
}

/* Within which time all cold ones are polled. */
static uint64_t period_ns(const struct wasock__poller *poller)
{
    const uint64_t all_ns =
        (uint64_t)wasock__n_cold(poller) * poller->cost->sweep_ns;

    return all_ns > WASOCK__BOUND_MIN_NS / 4 ? all_ns
                                             : WASOCK__BOUND_MIN_NS / 4;
}

/* How many cold ones are due. Few wait until they are a group. */
uint32_t wasock__count_due(const struct wasock__poller *poller, uint64_t now_ns)
{
    const uint32_t n_due = wasock__order_due(poller, period_ns(poller), now_ns);

    return n_due < WASOCK__GROUP_MAX && n_due < wasock__n_cold(poller) ? 0
                                                                       : n_due;
}

/* When the next cold ones are due. */
uint64_t wasock__next_due_ns(const struct wasock__poller *poller)
{
    const uint64_t n = wasock__n_cold(poller);
    const uint64_t part = n < WASOCK__GROUP_MAX ? n : WASOCK__GROUP_MAX;

    return wasock_ns_add(poller->swept_ns, period_ns(poller) * part / n);
}

/* Of `n_all` cold ones some were polled, due or not. */
void wasock__count_swept(struct wasock__poller *poller, uint32_t n_swept,
                         uint32_t n_all, uint64_t now_ns)
{
    const uint64_t part_ns = period_ns(poller) * n_swept / n_all;

    if (n_swept == n_all || now_ns - poller->swept_ns < part_ns) {
        poller->swept_ns = now_ns;
    } else {
        poller->swept_ns += part_ns;
    }
}
