/* SPDX-License-Identifier: MIT */
/*
 * The poller's throughput by shape of traffic, in virtual time, beside a loop
 * that polls everything and tries whatever is reported. Prints a table.
 *
 *     SHAPES=broadcast:uniform:1000:16 test_poller_shapes
 *
 * runs one cell and prints what its requests were made of; a shorter name,
 * broadcast:uniform or truthful, selects part of the table.
 *
 * On hosts that can say what is ready, the poller must not be slower than that
 * loop in any cell. On blind ones it naps, where the loop would spin: there,
 * host calls a request must not exceed what was recorded. Each blind budget is
 * 5 % above the measured value.
 */
#include "host_calls.h"

#include <math.h>
#include <stdlib.h>

#include <wasock/wasock.h>

#include "host_kinds.h"
#include "traffic.h"

#define SEED UINT64_C(2026)

/* A cell is measured for ANSWERS answers, or at least ANSWERS_MIN, until the
 * host has done WORK_MAX: calls and subscriptions. */
#define ANSWERS 4000
#define ANSWERS_MIN 100
#define WORK_MAX 1000000

/* Least geometric mean of the ratios where few of many are active. */
#define SPARSE_RATIO_MIN 1.5

/*
 * The least ratio in a cell, compared as it is printed: rounded to two
 * decimals. On a truthful host one poll of everything costs little, and the
 * loop is nearly optimal. At open shapes it is even more so: both servers
 * mostly sleep, and their CPU time is the few calls around each request.
 */
#define RATIO_MIN 1.0
#define TRUTHFUL_RATIO_MIN 0.99
#define TRUTHFUL_OPEN_RATIO_MIN 0.95

/* The least share of the rate without idle ones, beside 9,000 of them. */
#define IDLE_RATIO_MIN 0.92

/* The least share of the rate that is left after other traffic. */
#define CHANGE_RATIO_MIN 0.9

/* An open shape leaves time to sleep. The poller may not use it to answer later
 * than the loop, by more than this. */
#define OPEN_P99_RATIO_MAX 1.1

struct cell {
    enum shape shape;
    size_t n;               /* connections */
    size_t k;               /* requests in flight; 0: an open shape */
    double blind_calls_max; /* host calls a request on a blind host */
};

static const struct cell cells[] = {
    {SHAPE_UNIFORM, 100, 1, 72.0},
    {SHAPE_UNIFORM, 100, 16, 6.7},
    {SHAPE_UNIFORM, 100, 64, 2.3},
    {SHAPE_UNIFORM, 1000, 1, 538.0},
    {SHAPE_UNIFORM, 1000, 16, 36.8},
    {SHAPE_UNIFORM, 1000, 64, 11.7},
    {SHAPE_UNIFORM, 1000, 256, 5.3},
    {SHAPE_UNIFORM, 5000, 1, 2518.2},
    {SHAPE_UNIFORM, 5000, 16, 170.5},
    {SHAPE_UNIFORM, 5000, 64, 45.3},
    {SHAPE_UNIFORM, 5000, 256, 13.7},
    {SHAPE_ZIPF, 1000, 16, 34.7},
    {SHAPE_ZIPF, 1000, 64, 10.5},
    {SHAPE_ZIPF, 5000, 64, 45.9},
    {SHAPE_ZIPF, 5000, 256, 13.4},
    {SHAPE_BURST, 1000, 50, 24.8},
    {SHAPE_BURST, 5000, 500, 14.1},
    {SHAPE_RING, 200, 8, 13.4},
    {SHAPE_RING, 2000, 64, 20.0},
    {SHAPE_BUSY, 64, 64, 2.1},
    {SHAPE_BUSY, 1064, 64, 2.4},
    {SHAPE_BUSY, 5064, 64, 2.4},
    {SHAPE_BUSY, 1001, 1, 30.2},
    {SHAPE_OPEN, 1000, 0, 358.8},
    {SHAPE_OPEN, 5000, 0, 105.8},
    /* A third or half are active: when the requests of the others are answered,
     * all are in flight on those that were taken for inactive. */
    {SHAPE_UNIFORM, 20, 10, 3.1},
    {SHAPE_UNIFORM, 200, 66, 5.0},
    {SHAPE_UNIFORM, 2000, 666, 3.0},
    {SHAPE_ZIPF, 100, 33, 4.8},
    {SHAPE_ZIPF, 1000, 200, 5.7},
};

#define N_CELLS (sizeof(cells) / sizeof(cells[0]))

/* What a server achieved in a cell. */
struct result {
    double rate;          /* requests a second; open shapes: of CPU time */
    double calls;         /* host calls a request */
    double polls;         /* of these */
    double receives;      /* of these */
    double subscriptions; /* a request */
    double slept;         /* share of the time */
    double p99_us;        /* latency */
};

/* ---- The servers -------------------------------------------------------- */

/* A server opens its connections, and serves until is_done(). */
struct server {
    void (*open)(int listener, size_t n);
    void (*serve)(size_t n, bool (*is_done)(void));
    void (*close)(size_t n);
};

static _Alignas(
    WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(CLIENTS_MAX)];
static struct wasock_poller poller;
static struct wasock_conn conns[CLIENTS_MAX];

static void open_ours(int fd, size_t n)
{
    struct wasock_listener listener = {0};

    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)), 0);
    for (size_t i = 0; i < n; i++) {
        traffic.clients[i].peer = simhost_connect(fd, SIMHOST_NOW);
        assert_int_equal(wasock_listener_accept(&listener, &conns[i]), 0);
        assert_int_equal(wasock_poller_add(&poller, &conns[i].socket,
                                           WASOCK_READABLE, &conns[i]),
                         0);
    }
    assert_int_equal(wasock_listener_close(&listener), 0);
}

static void echo(struct wasock_conn *conn)
{
    char buffer[2 * REQUEST_BYTES_MAX];
    const ptrdiff_t n = wasock_conn_try_read(conn, buffer, sizeof(buffer));

    if (n > 0) {
        assert_int_equal(wasock_conn_try_write(conn, buffer, (size_t)n), n);
    }
}

static void serve_ours(size_t n, bool (*is_done)(void))
{
    struct wasock_poller_event event;

    (void)n;
    while (!is_done()) {
        assert_true(wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS) > 0);
        while (wasock_poller_next(&poller, &event)) {
            echo((struct wasock_conn *)event.token);
        }
    }
}

static void close_ours(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
    }
    wasock_poller_close(&poller);
}

static const struct server ours = {open_ours, serve_ours, close_ours};

static int fds[CLIENTS_MAX];
static struct wasock__subscription subscriptions[CLIENTS_MAX + 1];
static struct wasock__event events[CLIENTS_MAX + 1];

static void open_reference(int listener, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fds[i] = accept_one(listener);
        traffic.clients[i].peer = simhost_peer_of(fds[i]);
        subscriptions[i] = on_read(fds[i], i);
    }
}

/* Returns whether there was a request. */
static bool echo_raw(int fd)
{
    char buffer[2 * REQUEST_BYTES_MAX];
    uint32_t n = 0;

    if (receive(fd, buffer, sizeof(buffer), &n) != 0) {
        return false;
    }
    const struct wasock_slice slice = {buffer, n};
    assert_int_equal(wasip1_sock_send(fd, &slice, 1, 0, &n), 0);
    return true;
}

static void serve_reference(size_t n, bool (*is_done)(void))
{
    const bool is_blind = simhost_knobs.profile.poll_style == SIMHOST_POLL_FAKE;
    bool was_any = false;

    while (!is_done()) {
        uint32_t n_events = 0;
        /* A fake poll needs a clock: naps of 1 ms while nothing comes. */
        subscriptions[n] = on_clock(was_any ? 0 : SIMHOST_MS(1), n);
        assert_int_equal(
            wasip1_poll_oneoff(subscriptions, events, n + is_blind, &n_events),
            0);
        was_any = false;
        for (uint32_t i = 0; i < n_events; i++) {
            if (events[i].userdata < n) {
                was_any |= echo_raw(fds[events[i].userdata]);
            }
        }
    }
}

static void close_reference(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(wasip1_fd_close(fds[i]), 0);
    }
}

static const struct server reference = {open_reference, serve_reference,
                                        close_reference};

/* ---- Measuring ---------------------------------------------------------- */

/* What the simulated host has counted. */
struct counts {
    uint64_t time_ns;
    uint64_t slept_ns;
    uint64_t n_calls;
    uint64_t n_polls;
    uint64_t n_receives;
    uint64_t n_subscriptions;
};

static struct counts start;
static size_t n_answers_min;

static struct counts count(void)
{
    const struct counts counts = {
        .time_ns = simhost_now_ns(),
        .slept_ns = simhost_slept_ns(),
        .n_calls = simhost_calls(SIMHOST_ANY_CALL),
        .n_polls = simhost_calls(SIMHOST_POLL_ONEOFF),
        .n_receives = simhost_calls(SIMHOST_SOCK_RECV),
        .n_subscriptions = simhost_n_subscriptions(),
    };
    return counts;
}

static bool is_done(void)
{
    const uint64_t work = simhost_calls(SIMHOST_ANY_CALL) - start.n_calls +
                          simhost_n_subscriptions() - start.n_subscriptions;

    return traffic.n_answers >= ANSWERS ||
           (traffic.n_answers >= n_answers_min && work >= WORK_MAX);
}

static void start_measuring(const struct cell *cell)
{
    restart_answers();
    start = count();
    n_answers_min = ANSWERS_MIN + 2 * cell->k;
}

static struct result finish_measuring(const struct cell *cell)
{
    const struct counts end = count();
    const double n = (double)traffic.n_answers;
    const double time_ns = (double)(end.time_ns - start.time_ns);
    const double slept_ns = (double)(end.slept_ns - start.slept_ns);
    const double counted_ns =
        cell->shape == SHAPE_OPEN ? time_ns - slept_ns : time_ns;
    const struct result result = {
        .rate = n * 1e9 / counted_ns,
        .calls = (double)(end.n_calls - start.n_calls) / n,
        .polls = (double)(end.n_polls - start.n_polls) / n,
        .receives = (double)(end.n_receives - start.n_receives) / n,
        .subscriptions =
            (double)(end.n_subscriptions - start.n_subscriptions) / n,
        .slept = slept_ns / time_ns,
        .p99_us = (double)latency_p99_ns() / 1e3,
    };
    return result;
}

static void open_server(enum host_kind host, const struct server *server,
                        size_t n)
{
    simhost_reset(SEED, host_kinds[host].profile);
    server->open(open_listener(), n);
    simhost_knobs.costs = *host_kinds[host].costs;
}

static struct result measure_open(const struct cell *cell,
                                  const struct server *server)
{
    start_traffic(cell->shape, cell->n, cell->k, SEED);
    start_measuring(cell); /* the warm-up */
    server->serve(cell->n, is_done);
    start_measuring(cell);
    server->serve(cell->n, is_done);
    const struct result result = finish_measuring(cell);
    server->close(cell->n);
    return result;
}

static struct result measure(enum host_kind host, const struct cell *cell,
                             const struct server *server)
{
    open_server(host, server, cell->n);
    return measure_open(cell, server);
}

static bool is_drained(void)
{
    return traffic.n_answers == traffic.n;
}

/* Measure after other traffic of the same clients, which each act of their own
 * about once a second. */
static struct result measure_after_open_shape(enum host_kind host,
                                              const struct cell *cell)
{
    open_server(host, &ours, cell->n);
    start_traffic(SHAPE_OPEN, cell->n, 0, SEED);
    start_measuring(cell);
    ours.serve(cell->n, is_done);
    traffic.shape = SHAPE_BURST; /* of which no next one begins */
    traffic.n_in_burst = cell->n + 1;
    restart_answers();
    ours.serve(cell->n, is_drained);
    return measure_open(cell, &ours);
}

/* ---- The table ---------------------------------------------------------- */

/* Cells run, of all hosts. */
static size_t n_cells_run;

/* Whether $SHAPES selects a cell: it is the front part of its name. */
static bool is_selected(enum host_kind host, const struct cell *cell)
{
    const char *selection = getenv("SHAPES");
    char name[64];

    if (selection == NULL) {
        return true;
    }
    const size_t length = strlen(selection);
    (void)snprintf(name, sizeof(name), "%s:%s:%zu:%zu", host_kinds[host].name,
                   shape_names[cell->shape], cell->n, cell->k);
    return strncmp(name, selection, length) == 0 &&
           (name[length] == ':' || name[length] == '\0');
}

static void print_head(enum host_kind host)
{
    printf("\n%-9s |    N |   K | reference/s |    ours/s | ratio "
           "| calls ref. |   ours | p99 us ref. |   ours\n",
           host_kinds[host].name);
}

static void print_row(const struct cell *cell, const struct result *theirs,
                      const struct result *own, const char *remark)
{
    printf("%-9s | %4zu | %3zu | %11.0f | %9.0f | %5.2f "
           "| %10.1f | %6.1f | %11.0f | %6.0f%s\n",
           shape_names[cell->shape], cell->n, cell->k, theirs->rate, own->rate,
           own->rate / theirs->rate, theirs->calls, own->calls, theirs->p99_us,
           own->p99_us, remark);
    (void)fflush(stdout);
}

static void print_details(const char *server, const struct result *result)
{
    printf("  %-9s a request: %7.1f receives, %6.2f polls of %7.1f; "
           "asleep %2.0f %%\n",
           server, result->receives, result->polls,
           result->subscriptions / result->polls, 100 * result->slept);
}

/* The least ratio to the reference: high where one of many asks. */
static double ratio_min(enum host_kind host, const struct cell *cell)
{
    if (host == TRUTHFUL) {
        return cell->shape == SHAPE_OPEN ? TRUTHFUL_OPEN_RATIO_MIN
                                         : TRUTHFUL_RATIO_MIN;
    }
    if (host == BROADCAST && cell->shape == SHAPE_UNIFORM && cell->k == 1 &&
        cell->n >= 1000) {
        return cell->n >= 5000 ? 4.0 : 2.0;
    }
    return RATIO_MIN;
}

/* The ratio as the table prints it. */
static double printed_ratio(const struct result *theirs,
                            const struct result *own)
{
    return round(100 * own->rate / theirs->rate) / 100;
}

/* The promise of poller.h: data is reported within max(20 ms, each * n). */
static double delay_max_us(enum host_kind host, const struct cell *cell)
{
    const double each_us = host == BLIND ? 50 : 20;
    const double all_us = each_us * (double)cell->n;

    return all_us > 20000 ? all_us : 20000;
}

static bool is_good(enum host_kind host, const struct cell *cell,
                    const struct result *theirs, const struct result *own)
{
    if (own->p99_us > delay_max_us(host, cell)) {
        return false;
    }
    if (host == BLIND) {
        return own->calls <= cell->blind_calls_max;
    }
    if (cell->shape == SHAPE_OPEN &&
        own->p99_us > OPEN_P99_RATIO_MAX * theirs->p99_us) {
        return false;
    }
    return printed_ratio(theirs, own) >= ratio_min(host, cell);
}

/* Returns whether the cell is good. */
static bool run_cell(enum host_kind host, const struct cell *cell,
                     double *ratio)
{
    const struct result theirs = measure(host, cell, &reference);
    const struct result own = measure(host, cell, &ours);
    const bool good = is_good(host, cell, &theirs, &own);

    *ratio = own.rate / theirs.rate;
    print_row(cell, &theirs, &own, good ? "" : "  MISSED");
    if (getenv("SHAPES") != NULL) {
        print_details("reference", &theirs);
        print_details("ours", &own);
    }
    return good;
}

static bool is_sparse(const struct cell *cell)
{
    return cell->k > 0 && cell->n >= 1000 && cell->k <= cell->n / 20;
}

static void run_table(enum host_kind host)
{
    double log_sum = 0;
    size_t n_sparse = 0;
    size_t n_missed = 0;
    size_t n_rows = 0;

    for (size_t i = 0; i < N_CELLS; i++) {
        double ratio = 0;
        if (!is_selected(host, &cells[i])) {
            continue;
        }
        if (n_rows++ == 0) {
            print_head(host);
        }
        n_missed += !run_cell(host, &cells[i], &ratio);
        if (is_sparse(&cells[i])) {
            n_sparse++;
            log_sum += log(ratio);
        }
    }
    n_cells_run += n_rows;
    if (n_rows == N_CELLS) {
        const double mean = exp(log_sum / (double)n_sparse);
        printf("N >= 1,000 and K <= N / 20: geometric mean %.2f\n", mean);
        n_missed += host == BROADCAST && mean < SPARSE_RATIO_MIN;
    }
    assert_int_equal(n_missed, 0);
}

static void test_broadcast(void **unused)
{
    (void)unused;
    run_table(BROADCAST);
}

static void test_truthful(void **unused)
{
    (void)unused;
    run_table(TRUTHFUL);
}

static void test_priced(void **unused)
{
    (void)unused;
    run_table(PRICED);
}

static void test_blind(void **unused)
{
    (void)unused;
    run_table(BLIND);
}

/* What asking about idle ones now and then takes from busy ones. */
static void test_idle_ones_cost_little(void **unused)
{
    const struct cell busy = {.shape = SHAPE_BUSY, .n = 64, .k = 64};
    const struct cell beside_idle = {.shape = SHAPE_BUSY, .n = 9064, .k = 64};

    (void)unused;
    for (enum host_kind host = BROADCAST; host <= PRICED; host++) {
        const struct result alone = measure(host, &busy, &ours);
        const struct result result = measure(host, &beside_idle, &ours);
        printf("%-9s | 64 busy, beside 9,000 idle: %.2f\n",
               host_kinds[host].name, result.rate / alone.rate);
        assert_true(result.rate >= IDLE_RATIO_MIN * alone.rate);
    }
}

/* The poller finds out that polling before it sleeps pays again. */
static void test_traffic_that_changes(void **unused)
{
    const struct cell cell = {.shape = SHAPE_UNIFORM, .n = 1000, .k = 1};

    (void)unused;
    for (enum host_kind host = BROADCAST; host <= PRICED; host++) {
        const struct result before = measure(host, &cell, &ours);
        const struct result after = measure_after_open_shape(host, &cell);
        printf("%-9s | one of 1,000, after an open shape: %.2f\n",
               host_kinds[host].name, after.rate / before.rate);
        assert_true(after.rate >= CHANGE_RATIO_MIN * before.rate);
    }
}

/* On a broadcasting host an event of one byte may be false. */
static void test_requests_of_one_byte(void **unused)
{
    static const struct cell one_byte[] = {
        {SHAPE_UNIFORM, 1000, 1, 0}, {SHAPE_UNIFORM, 1000, 64, 0},
        {SHAPE_ZIPF, 1000, 200, 0},  {SHAPE_BURST, 1000, 50, 0},
        {SHAPE_BUSY, 1064, 64, 0},   {SHAPE_OPEN, 1000, 0, 0},
    };
    size_t n_missed = 0;
    double ratio = 0;

    (void)unused;
    traffic.request_bytes = 1;
    print_head(BROADCAST);
    for (size_t i = 0; i < sizeof(one_byte) / sizeof(one_byte[0]); i++) {
        n_missed += !run_cell(BROADCAST, &one_byte[i], &ratio);
    }
    traffic.request_bytes = REQUEST_BYTES_MAX;
    assert_int_equal(n_missed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_truthful),
        cmocka_unit_test(test_priced),
        cmocka_unit_test(test_blind),
        cmocka_unit_test(test_requests_of_one_byte),
        cmocka_unit_test(test_idle_ones_cost_little),
        cmocka_unit_test(test_traffic_that_changes),
    };

    printf("seed %d\n", (int)SEED);
    const int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (n_cells_run == 0) {
        printf("SHAPES selects no cell\n");
        return 1;
    }
    return n_failed;
}
