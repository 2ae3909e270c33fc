/* SPDX-License-Identifier: MIT */
/*
 * The poller in random worlds, checked by an oracle that knows the truth: what
 * is ready is reported within the bound of poller.h, each deadline once, at
 * most one event an object, nothing of closed or removed objects, and silence
 * reaches 0.
 */
#include "worlds.h"

#include "random.h"
#include "seeds.h"

#define N 10000
#define N_WORLDS 200
#define SLACK_NS (3 * MS)
/* A program's own work between two waits. If it took no time, a world in which
 * something is always ready would take ten times the turns. */
#define WORK_NS_MAX 40000

/* A client, as the oracle knows it. */
struct client {
    struct wasock_conn conn;
    struct simhost_peer *peer; /* NULL: does nothing more */
    bool is_registered;
    unsigned interest;
    uint64_t reported_ns[2]; /* by side: last reported, or registered */
    uint64_t deadline_ns[2];
    uint64_t deadline_set_ns[2];
    bool is_deadline_reported[2];
    unsigned batch; /* of its last event */
};

static _Alignas(WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(N + 1)];
static struct wasock_poller poller;
static struct wasock_listener listener;
static int listener_fd;
static struct client clients[N];
static size_t n_max; /* clients in this world */
static uint64_t chance;

static struct {
    size_t n_registered;
    size_t n_registered_max;
    uint64_t longest_turn_ns; /* from one wait to the next */
    unsigned batch;           /* events found by one wait, from 1 */
} world;

static bool is_open(const struct client *client)
{
    return wasock_socket_is_open(&client->conn.socket);
}

static struct client *random_client(void)
{
    return &clients[random_below(&chance, n_max)];
}

static void begin(const struct simhost_profile *profile, uint64_t seed,
                  size_t n_clients)
{
    simhost_reset(seed, profile);
    simhost_allow(SIMHOST_SIGPIPE, true);
    simhost_knobs.costs.call_ns[SIMHOST_SOCK_RECV] = 1200;
    simhost_knobs.costs.call_ns[SIMHOST_SOCK_ACCEPT] = 5500;
    simhost_knobs.costs.call_ns[SIMHOST_POLL_ONEOFF] = 1300;
    simhost_knobs.costs.subscription_ns = 300;
    chance = seed;
    n_max = n_clients;
    memset(&world, 0, sizeof(world));
    memset(clients, 0, sizeof(clients[0]) * n_clients);
    memset(&listener, 0, sizeof(listener));
    listener_fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, listener_fd), 0);
    memset(memory, 0xa5, WASOCK_POLLER_SIZE(n_clients + 1)); /* as a caller's */
    assert_int_equal(
        wasock_poller_init(&poller, memory, WASOCK_POLLER_SIZE(n_clients + 1)),
        0);
    assert_int_equal(wasock_poller_add(&poller, &listener.socket,
                                       WASOCK_READABLE, &listener),
                     0);
}

/* ---- What the program does with a client ---- */

static void watch(struct client *client, unsigned interest)
{
    if (client->is_registered) {
        assert_int_equal(wasock_poller_modify(&poller, &client->conn.socket,
                                              interest, client),
                         0);
    } else {
        assert_int_equal(
            wasock_poller_add(&poller, &client->conn.socket, interest, client),
            0);
        client->is_deadline_reported[0] = false;
        client->is_deadline_reported[1] = false;
        client->batch = 0;
        world.n_registered++;
    }
    if (world.n_registered > world.n_registered_max) {
        world.n_registered_max = world.n_registered;
    }
    client->is_registered = true;
    client->interest = interest;
    client->reported_ns[0] = simhost_now_ns();
    client->reported_ns[1] = simhost_now_ns();
}

static void unwatch(struct client *client)
{
    if (client->is_registered) {
        assert_int_equal(wasock_poller_remove(&poller, &client->conn.socket),
                         0);
        client->is_registered = false;
        world.n_registered--;
    }
}

static void close_client(struct client *client)
{
    const struct client none = {0};

    if (is_open(client)) {
        assert_int_equal(wasock_conn_close(&client->conn), 0);
        world.n_registered -= client->is_registered;
        *client = none;
    }
}

static struct client *closed_client(void)
{
    for (unsigned i = 0; i < 20; i++) {
        struct client *client = random_client();
        if (!is_open(client)) {
            return client;
        }
    }
    return NULL;
}

static void set_deadline(struct client *client, unsigned side,
                         uint64_t deadline_ns)
{
    if (side == 0) {
        set_read_deadline(&client->conn.socket, deadline_ns);
    } else {
        set_write_deadline(&client->conn.socket, deadline_ns);
    }
    client->deadline_ns[side] = deadline_ns;
    client->deadline_set_ns[side] = simhost_now_ns();
    client->is_deadline_reported[side] = false;
}

static void set_some_deadline(struct client *client)
{
    const uint64_t deadlines_ns[] = {
        WASOCK_NO_DEADLINE,
        WASOCK_DEADLINE_PAST,
        simhost_now_ns() + random_below(&chance, 40 * MS),
        simhost_now_ns() + random_below(&chance, 400 * MS),
    };

    set_deadline(client, (unsigned)random_below(&chance, 2),
                 deadlines_ns[random_below(&chance, 4)]);
}

static void share(struct client *client)
{
    struct client *sharer = closed_client();

    if (sharer != NULL) {
        assert_int_equal(wasock_conn_share(&client->conn, &sharer->conn), 0);
        sharer->peer = client->peer;
        watch(sharer, WASOCK_READABLE);
    }
}

/* ---- What peers do ---- */

/* A peer has ended: nobody sends through it any more. */
static void forget_peer(const struct simhost_peer *peer)
{
    for (size_t i = 0; i < n_max; i++) {
        if (clients[i].peer == peer) {
            clients[i].peer = NULL;
        }
    }
}

/* The peer of a client sends, shuts down or resets. */
static void act(struct client *client)
{
    static const char bytes[3000];
    struct simhost_peer *peer = client->peer;

    if (peer == NULL) {
        return;
    }
    switch (random_below(&chance, 16)) {
    case 0:
        simhost_peer_shutdown(peer, SIMHOST_MS(3));
        forget_peer(peer);
        break;
    case 1:
        simhost_peer_reset(peer, SIMHOST_MS(3));
        forget_peer(peer);
        break;
    default:
        simhost_peer_send(peer, bytes, 1 + random_below(&chance, sizeof(bytes)),
                          SIMHOST_MS(2));
    }
}

/* Something happens to a client, by its peer or by the program. */
static void happen(struct client *client)
{
    switch (random_below(&chance, 24)) {
    case 0:
        close_client(client);
        break;
    case 1:
    case 2:
        set_some_deadline(client);
        break;
    case 3:
        watch(client, (unsigned)random_below(&chance, 4));
        break;
    case 4:
        watch(client, WASOCK_READABLE);
        break;
    case 5:
        unwatch(client);
        break;
    case 6:
        share(client);
        break;
    default:
        act(client);
    }
}

/* ---- Events ---- */

static void accept_some(void)
{
    struct client *client = NULL;

    while ((client = closed_client()) != NULL &&
           wasock_listener_try_accept(&listener, &client->conn) == 0) {
        client->peer = simhost_peer_of(wasock_socket_fd(&client->conn.socket));
        watch(client, WASOCK_READABLE);
    }
}

static void serve(struct client *client)
{
    char buffer[512];

    if (random_below(&chance, 4) == 0) {
        return; /* not now: it is reported again */
    }
    const ptrdiff_t n =
        wasock_conn_try_read(&client->conn, buffer, sizeof(buffer));
    if (n <= 0 && n != -WASOCK_EAGAIN) {
        close_client(client);
    }
}

/* Judge an event, then serve it. */
static void take_event(const struct wasock_poller_event *event)
{
    struct client *client = event->token;

    assert_int_equal(event->error, 0);
    if (event->token == &listener) {
        accept_some();
        return;
    }
    assert_true(is_open(client));
    assert_true(client->is_registered);
    assert_true(client->batch != world.batch);
    client->batch = world.batch;
    assert_int_equal(event->ready & ~client->interest, 0);
    assert_true(event->ready != 0 || event->deadline != 0);
    for (unsigned side = 0; side < 2; side++) {
        if (event->ready & (1U << side)) {
            client->reported_ns[side] = simhost_now_ns();
        }
        if (event->deadline & (1U << side)) {
            assert_true(client->deadline_ns[side] != WASOCK_NO_DEADLINE);
            assert_true(client->deadline_ns[side] <= simhost_now_ns());
            assert_false(client->is_deadline_reported[side]);
            client->is_deadline_reported[side] = true;
        }
    }
    if (event->ready & WASOCK_READABLE) {
        serve(client);
    }
    if (random_below(&chance, 64) == 0) {
        close_client(random_client()); /* its event may be pending */
    }
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The bound of poller.h, and the time that the program takes itself. */
static uint64_t bound_ns(void)
{
    const uint64_t each_ns = is_host(&simhost_wazero) ? 50000 : 20000;

    return larger(20 * MS, world.n_registered_max * each_ns) +
           world.longest_turn_ns + SLACK_NS;
}

static void assert_in_time(const struct client *client)
{
    const struct simhost_truth truth =
        simhost_truth(wasock_socket_fd(&client->conn.socket));
    const uint64_t since_ns[2] = {truth.readable_since_ns,
                                  truth.writable_since_ns};
    const uint64_t now_ns = simhost_now_ns();

    for (unsigned side = 0; side < 2; side++) {
        if (since_ns[side] != 0 && (client->interest & (1U << side))) {
            assert_in_range(
                now_ns - larger(since_ns[side], client->reported_ns[side]), 0,
                bound_ns());
        }
        if (client->deadline_ns[side] != WASOCK_NO_DEADLINE &&
            !client->is_deadline_reported[side]) {
            const uint64_t due_ns = larger(client->deadline_ns[side],
                                           client->deadline_set_ns[side]);
            assert_true(now_ns <= larger(due_ns, client->reported_ns[side]) +
                                      world.longest_turn_ns + SLACK_NS);
        }
    }
}

static void assert_all_in_time(void)
{
    for (size_t i = 0; i < n_max; i++) {
        if (is_open(&clients[i]) && clients[i].is_registered) {
            assert_in_time(&clients[i]);
        }
    }
}

/* ---- Worlds ---- */

/* Wait, and take all events, or some. Returns whether none are left. */
static bool wait_and_serve(uint64_t timeout_ns)
{
    const uint64_t start_ns = simhost_now_ns();
    const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
    const ptrdiff_t n =
        random_below(&chance, 2) == 0
            ? wasock_poller_wait_for_ns(&poller, timeout_ns)
            : wasock_poller_wait_until_ns(&poller, start_ns + timeout_ns);
    const uint64_t woken_ns = simhost_now_ns();
    const size_t capacity = random_below(&chance, 8) == 0
                                ? 1 + random_below(&chance, 16)
                                : SIZE_MAX;
    struct wasock_poller_event event;
    size_t n_taken = 0;

    assert_true(n >= 0 || n == -WASOCK_EINTR);
    if (simhost_calls(SIMHOST_ANY_CALL) > n_calls) {
        world.batch++; /* it asked, so nothing was pending */
    }
    while (n_taken < capacity && wasock_poller_next(&poller, &event)) {
        take_event(&event);
        n_taken++;
    }
    simhost_advance_ns(random_below(&chance, WORK_NS_MAX));
    world.longest_turn_ns =
        larger(world.longest_turn_ns, simhost_now_ns() - woken_ns);
    return n_taken < capacity;
}

/* For so long that whoever is forgotten is so beyond the bound. After each turn
 * in which the clients do something come some in which they do not. */
static void live(unsigned quiet_turns)
{
    const uint64_t end_ns = simhost_now_ns() + 3 * bound_ns();

    for (unsigned turn = 1; simhost_now_ns() < end_ns; turn++) {
        simhost_connect(listener_fd, random_below(&chance, 5 * MS));
        for (size_t i = random_below(&chance, 30);
             i > 0 && turn % (quiet_turns + 1) == 0; i--) {
            struct client *client = random_client();
            if (is_open(client)) {
                happen(client);
            }
        }
        const bool is_drained = wait_and_serve(random_below(&chance, 2 * MS));
        if (is_drained && turn % (quiet_turns > 0 ? 4 : 16) == 0) {
            assert_all_in_time();
        }
    }
}

/* Read a client until there is nothing left, and end its deadlines. */
static void drain(struct client *client)
{
    char buffer[4096];
    ptrdiff_t n = 0;

    if (!is_open(client)) {
        return;
    }
    watch(client, WASOCK_READABLE);
    set_deadline(client, 0, WASOCK_NO_DEADLINE);
    set_deadline(client, 1, WASOCK_NO_DEADLINE);
    do {
        n = wasock_conn_try_read(&client->conn, buffer, sizeof(buffer));
    } while (n > 0);
    if (n != -WASOCK_EAGAIN) {
        close_client(client);
    }
}

/* Everything is read and nobody sends: a timeout returns 0, in time and without
 * spinning. */
static void assert_silence_reaches_0(void)
{
    struct wasock_poller_event event;
    ptrdiff_t n = 0;

    simhost_knobs.spurious_eagain_per_mille = 0;
    simhost_knobs.spurious_ready_per_mille = 0;
    simhost_knobs.interrupted_per_mille = 0;
    simhost_settle();
    accept_some();
    for (size_t i = 0; i < n_max; i++) {
        drain(&clients[i]);
    }
    assert_int_equal(wasock_poller_remove(&poller, &listener.socket), 0);
    while (wasock_poller_next(&poller, &event)) {
        /* of before */
    }
    const uint64_t start_ns = simhost_now_ns();
    const uint64_t n_calls = simhost_calls(SIMHOST_POLL_ONEOFF);
    while ((n = wasock_poller_wait_for_ns(&poller, 100 * MS)) > 0) {
        while (wasock_poller_next(&poller, &event)) {
            struct client *client = event.token;
            char byte = 0;
            assert_int_equal(event.deadline, 0);
            assert_int_equal(wasock_conn_try_read(&client->conn, &byte, 1),
                             -WASOCK_EAGAIN);
        }
    }
    assert_int_equal(n, 0);
    assert_in_range(simhost_now_ns() - start_ns, 100 * MS,
                    100 * MS + bound_ns());
    assert_in_range(simhost_calls(SIMHOST_POLL_ONEOFF) - n_calls, 0,
                    400 + 2 * world.n_registered_max);
}

static void end(void)
{
    for (size_t i = 0; i < n_max; i++) {
        close_client(&clients[i]);
    }
    assert_int_equal(wasock_listener_close(&listener), 0);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, MS), 0);
    wasock_poller_close(&poller);
    simhost_check();
}

/* Fill the world with clients, so that it does not begin small. */
static void populate(size_t n_clients)
{
    for (size_t i = 0; i < n_clients; i++) {
        clients[i].peer = simhost_connect(listener_fd, SIMHOST_NOW);
        assert_int_equal(wasock_listener_accept(&listener, &clients[i].conn),
                         0);
        watch(&clients[i], WASOCK_READABLE);
    }
}

/* How many clients a world has: few in most, and 3,000 in one of 1,000. */
static size_t n_clients_of(uint64_t seed)
{
    static const size_t sizes[] = {4, 20, 60, 200};
    const uint64_t i = seed / (3 * SIMHOST_N_POLLED) % 1000;

    return i == 999 ? 3000 : sizes[i % 4];
}

/* One world; its seed decides everything. */
static void run_world(uint64_t seed)
{
    const size_t n_clients = n_clients_of(seed);
    const struct simhost_profile *profile =
        simhost_polled[seed % SIMHOST_N_POLLED];
    const bool is_bad = seed / SIMHOST_N_POLLED % 3 == 1;

    begin(profile, seed, n_clients);
    simhost_knobs.shuffle = random_below(&chance, 2) == 0;
    /* A listener that is writable would count as one of a host without a real
     * poll. */
    (void)!wait_and_serve(MS);
    if (is_bad) {
        simhost_knobs.spurious_ready_per_mille = 100;
        simhost_knobs.spurious_eagain_per_mille = 100;
        simhost_knobs.interrupted_per_mille = 20;
        assert_int_equal(wasock_poller_set_interruptible(
                             &poller, random_below(&chance, 2) == 0),
                         0);
    }
    if (random_below(&chance, 2) == 0) {
        populate(n_clients - n_clients / 6);
    }
    /* Only where clients are left alone do they show how late events are. */
    live(random_below(&chance, 2) == 0 ? 99 : 0);
    assert_silence_reaches_0();
    end();
}

static void test_random_worlds(void **unused)
{
    (void)unused;
    (void)run_worlds(run_world, N_WORLDS);
}

static void test_large_worlds(void **unused)
{
    (void)unused;
    for (uint64_t seed = 0; seed < SIMHOST_N_POLLED; seed++) {
        run_world(3 * SIMHOST_N_POLLED * 999 + seed);
    }
}

/* Wait until a client is reported readable. Returns how long that takes. */
static uint64_t wait_for(const struct client *client)
{
    const uint64_t begin_ns = simhost_now_ns();

    for (;;) {
        struct wasock_poller_event event;
        assert_true(wasock_poller_wait_for_ns(&poller, 5000 * MS) > 0);
        while (wasock_poller_next(&poller, &event)) {
            if (event.token == client &&
                simhost_truth(wasock_socket_fd(&client->conn.socket))
                    .is_readable) {
                return simhost_now_ns() - begin_ns;
            }
        }
    }
}

/* Ten thousand clients: one that sends is found, and all that send are
 * served. */
static void test_ten_thousand(void **unused)
{
    char buffer[8];
    size_t n_served = 0;

    (void)unused;
    begin(&simhost_wasi_common, 1, N);
    populate(N);
    for (size_t i = 0; i < N; i += 999) {
        simhost_peer_send(clients[i].peer, "hello", 5, SIMHOST_NOW);
        assert_in_range(wait_for(&clients[i]), 0, bound_ns());
        assert_int_equal(wasock_conn_try_read(&clients[i].conn, buffer, 8), 5);
    }
    for (size_t i = 0; i < N; i++) {
        simhost_peer_send(clients[i].peer, "hello", 5, SIMHOST_NOW);
    }
    while (n_served < N) {
        struct wasock_poller_event event;
        assert_true(wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS) > 0);
        while (wasock_poller_next(&poller, &event)) {
            struct client *client = event.token;
            n_served += wasock_conn_try_read(&client->conn, buffer, 8) == 5;
        }
    }
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_thousand),
        cmocka_unit_test(test_random_worlds),
        cmocka_unit_test(test_large_worlds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
