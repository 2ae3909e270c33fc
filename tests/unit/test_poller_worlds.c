/* SPDX-License-Identifier: MIT */
/*
 * The poller in random worlds, beside an oracle that knows the truth: nothing
 * that is ready is missed beyond the bound that poller.h documents, nothing is
 * reported that was removed, each deadline is told once.
 */
#include "worlds.h"

#define N 10000
#define EVENTS_MAX 64
#define SLACK_NS (3 * MS)

/* A client, as the oracle knows it. */
struct client {
    struct wasock_conn conn;
    struct simhost_peer *peer;
    bool is_watched;
    unsigned interest;
    uint64_t told_ns[2]; /* by side: when it was last told, or asked about */
    uint64_t deadline_ns[2];
    uint64_t deadline_set_ns[2];
    bool is_deadline_told[2];
    unsigned closed_turn; /* events of then may still name it */
};

static _Alignas(
    WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(2 * N + 2)];
static struct wasock_poller poller;
static struct wasock_listener listener;
static int listener_fd;
static struct client clients[N];
static size_t n_max;  /* clients in this world */
static unsigned turn; /* of this world, from 1 */
static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

static bool is_open(const struct client *client)
{
    return wasock_socket_is_open(&client->conn.socket);
}

static void begin(const struct simhost_profile *profile, uint64_t seed,
                  size_t n_clients)
{
    simhost_reset(seed, profile);
    simhost_allow(SIMHOST_SIGPIPE, true);
    simhost_knobs.call_cost_ns[SIMHOST_SOCK_RECV] = 1200;
    simhost_knobs.call_cost_ns[SIMHOST_SOCK_ACCEPT] = 5500;
    simhost_knobs.call_cost_ns[SIMHOST_POLL_ONEOFF] = 1300;
    simhost_knobs.subscription_cost_ns = 300;
    random_state = seed * 2654435761U + 1;
    n_max = n_clients;
    turn = 1;
    memset(clients, 0, sizeof(clients[0]) * n_clients);
    memset(&listener, 0, sizeof(listener));
    listener_fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, listener_fd), 0);
    assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)), 0);
    assert_int_equal(wasock_poller_add(&poller, &listener.socket,
                                       WASOCK_READABLE, &listener),
                     0);
}

static void end(void)
{
    for (size_t i = 0; i < n_max; i++) {
        if (is_open(&clients[i])) {
            assert_int_equal(wasock_conn_close(&clients[i].conn), 0);
        }
    }
    assert_int_equal(wasock_listener_close(&listener), 0);
    assert_int_equal(wasock_poller_wait(&poller, NULL, 1, 1), 0);
    wasock_poller_close(&poller);
    simhost_check();
}

/* What the guest does with a client. */

static void watch(struct client *client, unsigned interest)
{
    if (client->is_watched) {
        assert_int_equal(wasock_poller_modify(&poller, &client->conn.socket,
                                              interest, client),
                         0);
    } else {
        assert_int_equal(
            wasock_poller_add(&poller, &client->conn.socket, interest, client),
            0);
        client->is_deadline_told[0] = false;
        client->is_deadline_told[1] = false;
    }
    client->is_watched = true;
    client->interest = interest;
    client->told_ns[0] = simhost_now_ns();
    client->told_ns[1] = simhost_now_ns();
}

static void unwatch(struct client *client)
{
    if (client->is_watched) {
        assert_int_equal(wasock_poller_remove(&poller, &client->conn.socket),
                         0);
        client->is_watched = false;
    }
}

static void let_go(struct client *client)
{
    const struct client none = {0};

    if (is_open(client)) {
        assert_int_equal(wasock_conn_close(&client->conn), 0);
        *client = none;
        client->closed_turn = turn;
    }
}

static struct client *closed_client(void)
{
    for (unsigned i = 0; i < 20; i++) {
        struct client *client = &clients[random_below(n_max)];
        if (!is_open(client) && client->closed_turn < turn) {
            return client;
        }
    }
    return NULL;
}

static void set_deadline(struct client *client, unsigned side)
{
    const uint64_t deadlines[] = {
        WASOCK_NO_DEADLINE,
        WASOCK_DEADLINE_PAST,
        simhost_now_ns() + random_below(40 * MS),
        simhost_now_ns() + random_below(400 * MS),
    };
    const uint64_t deadline_ns = deadlines[random_below(4)];

    if (side == 0) {
        wasock_socket_set_deadline_ns(&client->conn.socket, WASOCK_READABLE,
                                      deadline_ns);
    } else {
        wasock_socket_set_deadline_ns(&client->conn.socket, WASOCK_WRITABLE,
                                      deadline_ns);
    }
    client->deadline_ns[side] = deadline_ns;
    client->deadline_set_ns[side] = simhost_now_ns();
    client->is_deadline_told[side] = false;
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

/* The peer of a client does nothing more. */
static void forget_peer(const struct simhost_peer *peer)
{
    for (size_t i = 0; i < n_max; i++) {
        if (clients[i].peer == peer) {
            clients[i].peer = NULL;
        }
    }
}

/* The peer of a client speaks, or ends. */
static void say(struct client *client)
{
    static const char bytes[3000];
    struct simhost_peer *peer = client->peer;

    if (peer == NULL) {
        return;
    }
    switch (random_below(16)) {
    case 0:
        simhost_peer_shutdown(peer, SIMHOST_MS(3));
        forget_peer(peer);
        break;
    case 1:
        simhost_peer_reset(peer, SIMHOST_MS(3));
        forget_peer(peer);
        break;
    default:
        simhost_peer_send(peer, bytes, 1 + random_below(sizeof(bytes)),
                          SIMHOST_MS(2));
    }
}

/* Something happens to a client, by its peer or by the guest. */
static void happen(struct client *client)
{

    switch (random_below(24)) {
    case 0:
        let_go(client);
        break;
    case 1:
    case 2:
        set_deadline(client, (unsigned)random_below(2));
        break;
    case 3:
        watch(client, (unsigned)random_below(4));
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
        say(client);
    }
}

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

    if (random_below(4) == 0) {
        return; /* not now: it will be told again */
    }
    const ptrdiff_t n =
        wasock_conn_try_read(&client->conn, buffer, sizeof(buffer));
    if (n <= 0 && n != -WASOCK_EAGAIN) {
        let_go(client);
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
    if (!is_open(client)) {
        return; /* closed by an event of the same wait */
    }
    assert_true(client->is_watched);
    assert_int_equal(event->ready & ~client->interest, 0);
    assert_true(event->ready != 0 || event->deadline != 0);
    for (unsigned side = 0; side < 2; side++) {
        if (event->ready & (1U << side)) {
            client->told_ns[side] = simhost_now_ns();
        }
        if (event->deadline & (1U << side)) {
            assert_true(client->deadline_ns[side] != WASOCK_NO_DEADLINE);
            assert_true(client->deadline_ns[side] <= simhost_now_ns());
            assert_false(client->is_deadline_told[side]);
            client->is_deadline_told[side] = true;
        }
    }
    if (event->ready & WASOCK_READABLE) {
        serve(client);
    }
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The bound that poller.h documents. */
static uint64_t bound_ns(void)
{
    return larger(20 * MS,
                  n_max * (is_host(&simhost_wazero) ? 50000U : 15000U)) +
           SLACK_NS;
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
            assert_in_range(now_ns -
                                larger(since_ns[side], client->told_ns[side]),
                            0, bound_ns());
        }
        if (client->deadline_ns[side] != WASOCK_NO_DEADLINE &&
            !client->is_deadline_told[side]) {
            const uint64_t due_ns = larger(client->deadline_ns[side],
                                           client->deadline_set_ns[side]);
            assert_true(now_ns <=
                        larger(due_ns, client->told_ns[side]) + 2 * SLACK_NS);
        }
    }
}

/* For so long that whoever is forgotten is so beyond the bound. After each turn
 * in which the clients do something come some in which they do not. */
static void live(unsigned quiet_turns)
{
    const uint64_t end_ns = simhost_now_ns() + 3 * bound_ns();
    struct wasock_poller_event events[EVENTS_MAX];

    for (turn = 1; simhost_now_ns() < end_ns; turn++) {
        simhost_connect(listener_fd, random_below(5 * MS));
        for (uint64_t i = random_below(30);
             i > 0 && turn % (quiet_turns + 1) == 0; i--) {
            struct client *client = &clients[random_below(n_max)];
            if (is_open(client)) {
                happen(client);
            }
        }
        const size_t capacity = 1 + random_below(EVENTS_MAX);
        const ptrdiff_t n = wasock_poller_wait(
            &poller, events, capacity, simhost_now_ns() + random_below(2 * MS));
        assert_true(n >= 0 || n == -WASOCK_EINTR);
        for (ptrdiff_t i = 0; i < n; i++) {
            take_event(&events[i]);
        }
        const bool is_judged = turn % (quiet_turns > 0 ? 3 : 16) == 0;
        for (size_t i = 0; is_judged && i < n_max; i++) {
            if (is_open(&clients[i]) && clients[i].is_watched) {
                assert_in_time(&clients[i]);
            }
        }
    }
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

/* Large worlds and small ones, with much going on and with little: only where
 * clients are left alone do they show how late they are noticed. */
static void test_random_worlds(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        for (uint64_t seed = 1; seed <= 5; seed++) {
            const bool is_large = seed % 3 == 1;
            begin(simhost_profiles[host], seed, is_large ? 3000 : 200);
            simhost_knobs.shuffle = seed != 2;
            simhost_knobs.spurious_ready_per_mille = seed == 3 ? 100 : 0;
            simhost_knobs.spurious_eagain_per_mille = seed == 3 ? 100 : 0;
            simhost_knobs.interrupted_per_mille = seed == 3 ? 20 : 0;
            if (is_large) {
                populate(2500);
            }
            live(seed >= 4 ? 99 : 0);
            end();
        }
    }
}

/* Wait until a client is told readable; how long that takes. */
static uint64_t wait_for(const struct client *client)
{
    const uint64_t begin_ns = simhost_now_ns();

    for (;;) {
        struct wasock_poller_event events[EVENTS_MAX];
        const ptrdiff_t n = wasock_poller_wait(&poller, events, EVENTS_MAX,
                                               begin_ns + 5000 * MS);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            if (events[i].token == client &&
                simhost_truth(wasock_socket_fd(&client->conn.socket))
                    .is_readable) {
                return simhost_now_ns() - begin_ns;
            }
        }
    }
}

/* Ten thousand clients: one that speaks is found, and all that speak are
 * served. */
static void test_ten_thousand(void **unused)
{
    char buffer[8];

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
    size_t n_served = 0;
    while (n_served < N) {
        struct wasock_poller_event events[EVENTS_MAX];
        const ptrdiff_t n =
            wasock_poller_wait(&poller, events, EVENTS_MAX, WASOCK_NO_DEADLINE);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            struct client *client = events[i].token;
            n_served += wasock_conn_try_read(&client->conn, buffer, 8) == 5;
        }
    }
    end();
}

/* What the poller had yet to tell of a descriptor says nothing of another
 * that takes its number, and its place in the poller. */
static void test_numbers_used_again(void **unused)
{
    struct wasock_poller_event event;

    (void)unused;
    begin(&simhost_ideal, 1, 20);
    populate(10);
    for (size_t i = 0; i < 10; i++) {
        simhost_peer_send(clients[i].peer, "hello", 5, SIMHOST_NOW);
    }
    assert_int_equal(wasock_poller_wait(&poller, &event, 1, WASOCK_NO_DEADLINE),
                     1);
    const int fd = wasock_socket_fd(&clients[9].conn.socket);
    for (size_t i = 0; i < 10; i++) {
        let_go(&clients[i]);
    }
    populate(10);
    bool is_used_again = false;
    for (size_t i = 0; i < 10; i++) {
        is_used_again |= wasock_socket_fd(&clients[i].conn.socket) == fd;
    }
    assert_true(is_used_again);
    assert_int_equal(
        wasock_poller_wait(&poller, &event, 1, simhost_now_ns() + MS), 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_thousand),
        cmocka_unit_test(test_numbers_used_again),
        cmocka_unit_test(test_random_worlds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
