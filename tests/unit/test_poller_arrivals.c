/* SPDX-License-Identifier: MIT */
/*
 * Clients that arrive, ask a few times and fall silent or leave: the poller's
 * throughput in virtual time, beside a loop that polls everything. Prints a
 * table; test_poller_shapes.c has the shapes of clients that stay.
 *
 *     ARRIVALS=broadcast:storm test_poller_arrivals
 *
 * runs one cell, as ARRIVALS=broadcast runs all of one host.
 *
 * The clients share one thread, as those of a load generator do: connects,
 * requests and answers take their turns in one queue.
 *
 * The loop accepts until no connection is pending, as most servers do. While
 * clients come faster than it accepts them, it does nothing else, so that it
 * costs least where each asks once. The poller's server accepts some at a time
 * and polls between.
 */
#include "host_calls.h"

#include <math.h>
#include <stdlib.h>

#include <wasock/wasock.h>

#include "host_kinds.h"

#define SEED UINT64_C(2026)
#define CLIENTS_MAX 9000
#define REQUEST_BYTES 64
#define ACCEPTS_MAX 64 /* in a row */

/* What the clients' thread takes for each. */
#define CONNECT_NS 2500
#define SEND_NS 1000
#define RECEIVE_NS 750

/* The least ratio where each client asks more than once. */
#define RATIO_MIN 1.0

/* The same where each asks once. */
#define RATIO_MIN_ONCE 0.88
#define BROADCAST_RATIO_MIN_ONCE 0.90

struct cell {
    const char *name;
    size_t n;          /* clients in all */
    size_t k;          /* arriving or asking at a time */
    size_t n_requests; /* of each */
    bool leaves;       /* then, or falls silent */
};

static const struct cell cells[] = {
    {"storm", 9000, 512, 1, false}, {"arrivals", 5000, 16, 1, false},
    {"churn", 4000, 16, 1, true},   {"crowd", 4000, 512, 1, true},
    {"visits", 4000, 64, 5, true},  {"join", 4000, 64, 5, false},
    {"chat", 3000, 256, 20, false},
};

#define N_CELLS (sizeof(cells) / sizeof(cells[0]))

/* ---- The clients -------------------------------------------------------- */

struct client {
    struct simhost_peer *peer;
    size_t n_answers;
};

static struct {
    const struct cell *cell;
    int listener;
    uint64_t busy_until_ns; /* the clients' thread */
    size_t n_begun;
    size_t n_done;
    struct client clients[CLIENTS_MAX];
} world;

/* Take a turn of the clients' thread. Returns when it ends, from now. */
static uint64_t turn_ns(uint64_t length_ns)
{
    const uint64_t now_ns = simhost_now_ns();

    if (world.busy_until_ns < now_ns) {
        world.busy_until_ns = now_ns;
    }
    world.busy_until_ns += length_ns;
    return world.busy_until_ns - now_ns;
}

static void send_request(struct client *client)
{
    static const uint8_t request[REQUEST_BYTES] = {1};

    simhost_peer_send(client->peer, request, sizeof(request), turn_ns(SEND_NS));
}

static void send_later(void *context)
{
    send_request((struct client *)context);
}

static void begin_one(void);

static void take_answer(void *context)
{
    struct client *client = (struct client *)context;

    if (++client->n_answers < world.cell->n_requests) {
        send_request(client);
        return;
    }
    world.n_done++;
    if (world.cell->leaves) {
        simhost_peer_close(client->peer, SIMHOST_NOW);
    }
    begin_one();
}

static void on_answer(struct simhost_peer *peer, const uint8_t *data,
                      size_t length, void *context)
{
    (void)peer;
    (void)data;
    (void)length; /* always a whole answer */
    simhost_schedule(take_answer, context, turn_ns(RECEIVE_NS));
}

static void begin_one(void)
{
    if (world.n_begun == world.cell->n) {
        if (world.n_done ==
            world.cell->n) { /* wake the server up: it is done */
            (void)simhost_connect(world.listener, turn_ns(CONNECT_NS));
        }
        return;
    }
    struct client *client = &world.clients[world.n_begun++];
    const uint64_t connected_ns = turn_ns(CONNECT_NS);
    client->peer = simhost_connect(world.listener, connected_ns);
    client->n_answers = 0;
    simhost_peer_on_read(client->peer, on_answer, client);
    simhost_schedule(send_later, client, connected_ns);
}

static bool is_done(void)
{
    return world.n_done == world.cell->n;
}

/* ---- The servers -------------------------------------------------------- */

static _Alignas(
    WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(CLIENTS_MAX + 2)];
static struct wasock_poller poller;
static struct wasock_listener listener;
static struct wasock_conn conns[CLIENTS_MAX + 1];
static size_t n_conns;

static void serve_conn(struct wasock_conn *conn)
{
    char buffer[2 * REQUEST_BYTES];
    const ptrdiff_t n = wasock_conn_try_read(conn, buffer, sizeof(buffer));

    if (n > 0) {
        assert_int_equal(wasock_conn_try_write(conn, buffer, (size_t)n), n);
    } else if (n != -WASOCK_EAGAIN) {
        assert_int_equal(wasock_conn_close(conn), 0);
    }
}

static void accept_ours(void)
{
    for (size_t i = 0; i < ACCEPTS_MAX; i++) {
        struct wasock_conn *conn = &conns[n_conns];
        if (n_conns > CLIENTS_MAX ||
            wasock_listener_try_accept(&listener, conn) < 0) {
            return;
        }
        n_conns++;
        assert_int_equal(
            wasock_poller_add(&poller, &conn->socket, WASOCK_READABLE, conn),
            0);
        serve_conn(conn);
    }
}

static void serve_ours(void)
{
    struct wasock_poller_event event;

    n_conns = 0;
    assert_int_equal(wasock_listener_from_fd(&listener, world.listener), 0);
    assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)), 0);
    assert_int_equal(
        wasock_poller_add(&poller, &listener.socket, WASOCK_READABLE, NULL), 0);
    while (!is_done()) {
        assert_true(wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS) > 0);
        while (wasock_poller_next(&poller, &event)) {
            if (event.token == NULL) {
                accept_ours();
            } else {
                serve_conn((struct wasock_conn *)event.token);
            }
        }
    }
    for (size_t i = 0; i < n_conns; i++) {
        (void)wasock_conn_close(&conns[i]);
    }
    assert_int_equal(wasock_listener_close(&listener), 0);
    wasock_poller_close(&poller);
}

static struct wasock__subscription subscriptions[CLIENTS_MAX + 3];
static struct wasock__event events[CLIENTS_MAX + 3];
static size_t n_polled; /* the listener is the first */

/* Returns whether the connection goes on. */
static bool echo_raw(int fd)
{
    char buffer[2 * REQUEST_BYTES];
    uint32_t n = 0;
    const int32_t error = receive(fd, buffer, sizeof(buffer), &n);

    if (error == WASOCK_EAGAIN) {
        return true;
    }
    if (error != 0 || n == 0) {
        assert_int_equal(wasip1_fd_close(fd), 0);
        return false;
    }
    const struct wasock_slice slice = {buffer, n};
    assert_int_equal(wasip1_sock_send(fd, &slice, 1, 0, &n), 0);
    return true;
}

static void accept_raw(void)
{
    for (;;) {
        int32_t fd = -1;
        if (n_polled > CLIENTS_MAX + 1 ||
            wasip1_sock_accept(world.listener, NONBLOCK, &fd) != 0) {
            return;
        }
        if (echo_raw(fd)) {
            subscriptions[n_polled] = on_read(fd, n_polled);
            n_polled++;
        }
    }
}

/* Remove closed connections. */
static void compact(void)
{
    size_t n = 1;

    for (size_t i = 1; i < n_polled; i++) {
        if (subscriptions[i].of.fd != UINT32_MAX) {
            subscriptions[n] = subscriptions[i];
            subscriptions[n].userdata = n;
            n++;
        }
    }
    n_polled = n;
}

static void serve_reference(void)
{
    subscriptions[0] = on_read(world.listener, 0);
    n_polled = 1;
    while (!is_done()) {
        uint32_t n_events = 0;
        bool is_any_gone = false;
        const size_t n = n_polled;
        assert_int_equal(
            wasip1_poll_oneoff(subscriptions, events, n, &n_events), 0);
        for (uint32_t i = 0; i < n_events; i++) {
            const size_t at = (size_t)events[i].userdata;
            if (at == 0) {
                accept_raw();
            } else if (at < n && !echo_raw((int)subscriptions[at].of.fd)) {
                subscriptions[at].of.fd = UINT32_MAX;
                is_any_gone = true;
            }
        }
        if (is_any_gone) {
            compact();
        }
    }
    for (size_t i = 0; i < n_polled; i++) {
        assert_int_equal(wasip1_fd_close((int)subscriptions[i].of.fd), 0);
    }
}

/* ---- Measuring ---------------------------------------------------------- */

/* What a server achieved in a cell. */
struct result {
    double rate;     /* requests a second */
    double receives; /* of a request */
    double polls;
    double subscriptions;
    double slept; /* share of the time */
};

static struct result measure(enum host_kind host, const struct cell *cell,
                             void (*serve)(void))
{
    simhost_reset(SEED, host_kinds[host].profile);
    world.cell = cell;
    world.listener = open_listener();
    world.busy_until_ns = 0;
    world.n_begun = 0;
    world.n_done = 0;
    simhost_knobs.costs = *host_kinds[host].costs;
    const uint64_t start_ns = simhost_now_ns();
    for (size_t i = 0; i < cell->k; i++) {
        begin_one();
    }
    serve();
    const double time_ns = (double)(simhost_now_ns() - start_ns);
    const double n = (double)(cell->n * cell->n_requests);
    const struct result result = {
        .rate = n * 1e9 / time_ns,
        .receives = (double)simhost_calls(SIMHOST_SOCK_RECV) / n,
        .polls = (double)simhost_calls(SIMHOST_POLL_ONEOFF) / n,
        .subscriptions = (double)simhost_n_subscriptions() / n,
        .slept = (double)simhost_slept_ns() / time_ns,
    };
    simhost_settle();
    return result;
}

static void print_details(const char *server, const struct result *result)
{
    printf("  %-9s a request: %5.2f receives, %6.3f polls of %7.1f; "
           "asleep %2.0f %%\n",
           server, result->receives, result->polls,
           result->subscriptions / result->polls, 100 * result->slept);
}

/* Whether ARRIVALS selects a cell: it is the front part of its name. */
static bool is_selected(enum host_kind host, const struct cell *cell)
{
    const char *selection = getenv("ARRIVALS");
    char name[32];

    (void)snprintf(name, sizeof(name), "%s:%s", host_kinds[host].name,
                   cell->name);
    return selection == NULL ||
           strncmp(name, selection, strlen(selection)) == 0;
}

static double ratio_min(enum host_kind host, const struct cell *cell)
{
    if (cell->n_requests > 1) {
        return RATIO_MIN;
    }
    return host == BROADCAST ? BROADCAST_RATIO_MIN_ONCE : RATIO_MIN_ONCE;
}

/* Returns whether the cell is good. */
static bool run_cell(enum host_kind host, const struct cell *cell)
{
    const struct result theirs = measure(host, cell, serve_reference);
    const struct result own = measure(host, cell, serve_ours);
    const double ratio = round(100 * own.rate / theirs.rate) / 100;
    const bool is_good = ratio >= ratio_min(host, cell);

    printf("%-8s | %4zu | %3zu | %11.0f | %9.0f | %5.2f%s\n", cell->name,
           cell->n, cell->k, theirs.rate, own.rate, ratio,
           is_good ? "" : "  MISSED");
    if (getenv("ARRIVALS") != NULL) {
        print_details("reference", &theirs);
        print_details("ours", &own);
    }
    return is_good;
}

static void test_arrivals(void **unused)
{
    size_t n_run = 0;
    size_t n_missed = 0;

    (void)unused;
    for (enum host_kind host = BROADCAST; host <= PRICED; host++) {
        printf("\n%-8s |    N |   K | reference/s |    ours/s | ratio\n",
               host_kinds[host].name);
        for (size_t j = 0; j < N_CELLS; j++) {
            if (is_selected(host, &cells[j])) {
                n_missed += !run_cell(host, &cells[j]);
                n_run++;
            }
        }
    }
    assert_int_equal(n_missed, 0);
    assert_int_not_equal(n_run, 0); /* ARRIVALS selects none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arrivals)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
