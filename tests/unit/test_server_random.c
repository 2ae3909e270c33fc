/* SPDX-License-Identifier: MIT */
/*
 * The server layer by chance: an echo server whose handlers pause, refuse,
 * delay and abort, and clients that read late, shut, reset and go away, on an
 * in-process network with faults. Whatever happens, a client reads a prefix of
 * its own bytes, and all of it if nothing broke; and no client, socket or
 * call of a handler is left over.
 */
/* Enough for writes of single bytes that are all under way. */
#define NET_BYTES 2000000

#include "random.h"
#include "seeds.h"
#include "served.h"

#define N_WORLDS 3000
#define N_PEERS 6
#define STREAM_MAX 1500

enum { GOES_ON, SHUT, GONE };

struct peer {
    struct wasock_conn conn;
    size_t n_total; /* bytes to send */
    size_t n_sent;
    size_t n_read;
    int state;
};

/* What belongs to a client of the server. */
struct session {
    struct wasock_client *client;
    struct wasock_timer timer;
    bool is_open;
};

static struct {
    uint64_t random;
    struct peer peers[N_PEERS];
    struct session sessions[N_CLIENTS];
    bool is_reliable; /* nothing breaks a connection by chance */
    size_t n_opened;
    size_t n_closed;
} world;

static bool chance(size_t one_in)
{
    return random_below(&world.random, one_in) == 0;
}

static unsigned char stream_byte(const struct peer *peer, size_t i)
{
    return (unsigned char)((size_t)(peer - world.peers) * 31 + i * 7 + i / 256);
}

/* ---- The server's handlers ---- */

static void expire(struct wasock_timer *timer)
{
    struct session *session = (struct session *)timer->user;

    assert_true(session->is_open);
    wasock_client_resume(session->client);
}

static void pause_for_a_while(struct wasock_client *client)
{
    struct session *session = (struct session *)client->user;

    wasock_client_pause(client);
    wasock_server_set_timer_ns(&server, &session->timer,
                               random_below(&world.random, 20 * MS));
}

static void open_session(struct wasock_client *client)
{
    struct session *session = &world.sessions[client - server.clients_];

    assert_false(session->is_open);
    memset(session, 0, sizeof(*session));
    session->client = client;
    session->timer.expire = expire;
    session->timer.user = session;
    session->is_open = true;
    client->user = session;
    world.n_opened++;
    if (chance(5)) {
        pause_for_a_while(client);
    }
}

/* Echo by one of the two ways to queue. Returns whether there was room. */
static bool answer(struct wasock_client *client, const void *data, size_t n)
{
    size_t capacity = 0;

    if (chance(2)) {
        return wasock_client_send(client, data, n) == 0;
    }
    void *output = wasock_client_output(client, &capacity);
    if (capacity < n) {
        return wasock_client_send(client, data, n) == 0;
    }
    memcpy(output, data, n);
    wasock_client_commit(client, n);
    return true;
}

static size_t echo_some(struct wasock_client *client, const void *data,
                        size_t length)
{
    const size_t n = 1 + random_below(&world.random, length);

    assert_true(((struct session *)client->user)->is_open);
    assert_in_range(length, 1, INPUT_BYTES);
    if (!world.is_reliable && chance(200)) {
        struct wasock_client *victim = wasock_server_next(&server, NULL);
        wasock_client_abort(victim, -WASOCK_EACCES);
    }
    if (chance(10)) {
        pause_for_a_while(client);
        return chance(2) || !answer(client, data, n) ? 0 : n;
    }
    return answer(client, data, n) ? n : 0;
}

static void end_session(struct wasock_client *client)
{
    assert_true(((struct session *)client->user)->is_open);
    if (chance(2)) {
        wasock_client_close(client);
    } else {
        wasock_client_shutdown(client);
    }
}

static void close_session(struct wasock_client *client, int reason)
{
    struct session *session = (struct session *)client->user;

    assert_true(!world.is_reliable || reason == 0);
    if (session == NULL) { /* it was closed in its handshake */
        return;
    }
    assert_true(session->is_open);
    wasock_timer_cancel(&session->timer);
    session->is_open = false;
    world.n_closed++;
}

static const struct wasock_handler handler = {.open = open_session,
                                              .data = echo_some,
                                              .eof = end_session,
                                              .close = close_session};

/* ---- A transport ---- */

#define INSIDE_BYTES 40

/* By client: it reads ahead, and gives pieces. A write is sent as a whole, as
 * a record of TLS; like mbedTLS it trusts that a repeated write is the same. */
static struct {
    unsigned char in[INSIDE_BYTES];
    unsigned char out[INSIDE_BYTES];
    size_t n_in;
    size_t n_out;  /* of the record that is being sent */
    size_t n_left; /* … and not sent */
    bool is_open;
    bool is_shut;
} inside[N_CLIENTS];

static int open_inside(struct wasock_client *client)
{
    const ptrdiff_t i = client - server.clients_;

    assert_false(inside[i].is_open);
    memset(&inside[i], 0, sizeof(inside[i]));
    if (!world.is_reliable && chance(20)) {
        return -WASOCK_ENOMEM;
    }
    inside[i].is_open = true;
    return 0;
}

static int shake_hands_inside(struct wasock_client *client)
{
    assert_true(inside[client - server.clients_].is_open);
    assert_null(client->user);
    if (chance(2)) {
        wasock_client_want(client, WASOCK_WRITABLE);
        return -WASOCK_EAGAIN;
    }
    return !world.is_reliable && chance(20) ? -WASOCK_EPROTO : 0;
}

static ptrdiff_t read_inside(struct wasock_client *client, void *buffer,
                             size_t capacity)
{
    const ptrdiff_t i = client - server.clients_;
    ptrdiff_t n = 0;

    assert_true(inside[i].is_open);
    if (inside[i].n_in == 0) {
        n = wasock_conn_try_read(&client->conn, inside[i].in, INSIDE_BYTES);
        if (n <= 0) {
            return n;
        }
        inside[i].n_in = (size_t)n;
    }
    n = 1 + (ptrdiff_t)random_below(&world.random, inside[i].n_in);
    n = n < (ptrdiff_t)capacity ? n : (ptrdiff_t)capacity;
    for (ptrdiff_t k = 0; k < n; k++) {
        ((unsigned char *)buffer)[k] = inside[i].in[k] ^ 0x5a;
    }
    inside[i].n_in -= (size_t)n;
    memmove(inside[i].in, inside[i].in + n, inside[i].n_in);
    return n;
}

static ptrdiff_t write_inside(struct wasock_client *client, const void *data,
                              size_t length)
{
    const ptrdiff_t i = client - server.clients_;

    assert_true(inside[i].is_open);
    length = length < INSIDE_BYTES ? length : INSIDE_BYTES;
    if (inside[i].n_left == 0) {
        for (size_t k = 0; k < length; k++) {
            inside[i].out[k] = ((const unsigned char *)data)[k] ^ 0x5a;
        }
        inside[i].n_out = length;
        inside[i].n_left = length;
    }
    while (inside[i].n_left > 0) {
        const ptrdiff_t n = wasock_conn_try_write(
            &client->conn, inside[i].out + inside[i].n_out - inside[i].n_left,
            inside[i].n_left);
        if (n < 0) {
            return n;
        }
        inside[i].n_left -= (size_t)n;
    }
    return (ptrdiff_t)length;
}

/* It needs two turns. */
static int shut_inside(struct wasock_client *client)
{
    const ptrdiff_t i = client - server.clients_;

    assert_true(inside[i].is_open);
    assert_int_equal(inside[i].n_left, 0);
    inside[i].is_shut = !inside[i].is_shut;
    return inside[i].is_shut ? -WASOCK_EAGAIN : 0;
}

static void close_inside(struct wasock_client *client)
{
    const ptrdiff_t i = client - server.clients_;

    assert_true(inside[i].is_open);
    inside[i].is_open = false;
}

static const struct wasock_transport transport = {.open = open_inside,
                                                  .handshake =
                                                      shake_hands_inside,
                                                  .read = read_inside,
                                                  .write = write_inside,
                                                  .shutdown = shut_inside,
                                                  .close = close_inside};

/* ---- The clients ---- */

static void break_off(struct peer *peer)
{
    if (chance(2)) {
        wasock_fakenet_reset(&peer->conn); /* fails if not yet connected */
    }
    wasock_conn_close(&peer->conn);
    peer->state = GONE;
}

static void send_some(struct peer *peer)
{
    unsigned char piece[100];
    size_t n = random_below(&world.random, sizeof(piece)) + 1;

    n = n < peer->n_total - peer->n_sent ? n : peer->n_total - peer->n_sent;
    for (size_t i = 0; i < n; i++) {
        piece[i] = stream_byte(peer, peer->n_sent + i);
    }
    const ptrdiff_t n_sent = wasock_conn_try_write(&peer->conn, piece, n);
    if (n_sent > 0) {
        peer->n_sent += (size_t)n_sent;
    } else if (n_sent < 0 && n_sent != -WASOCK_EAGAIN) {
        if (world.is_reliable) {
            fail_msg("%s", wasock_err_name(n_sent));
        }
        break_off(peer);
        return;
    }
    if (peer->n_sent == peer->n_total) {
        assert_int_equal(
            wasock_conn_shutdown(&peer->conn, WASOCK_SHUTDOWN_WRITE), 0);
        peer->state = SHUT;
    }
}

static void read_some(struct peer *peer)
{
    unsigned char piece[200];
    const ptrdiff_t n = wasock_conn_try_read(
        &peer->conn, piece, random_below(&world.random, sizeof(piece)) + 1);

    for (ptrdiff_t i = 0; i < n; i++) {
        assert_int_equal(piece[i], stream_byte(peer, peer->n_read));
        peer->n_read++;
    }
    assert_true(peer->n_read <= peer->n_sent);
    if (n == 0 || (n < 0 && n != -WASOCK_EAGAIN)) {
        assert_true(!world.is_reliable ||
                    (n == 0 && peer->n_read == peer->n_total));
        wasock_conn_close(&peer->conn);
        peer->state = GONE;
    }
}

static void act(struct peer *peer)
{
    if (peer->state == GONE) {
        return;
    }
    if (peer->state == GOES_ON && chance(2)) {
        send_some(peer);
    }
    if (peer->state != GONE && chance(2)) {
        read_some(peer);
    }
    if (peer->state != GONE && !world.is_reliable && chance(300)) {
        break_off(peer);
    }
}

/* ---- A world ---- */

static struct wasock_fakenet_faults make_faults(void)
{
    struct wasock_fakenet_faults faults = {0};

    faults.chunk_bytes =
        chance(3) ? 1 + (uint32_t)random_below(&world.random, 50) : 0;
    faults.latency_ns = chance(2) ? random_below(&world.random, 5 * MS) : 0;
    faults.bytes_per_s = chance(4) ? 50000 : 0;
    if (!world.is_reliable && chance(2)) {
        faults.reset_after_bytes = 1 + random_below(&world.random, 3000);
    }
    return faults;
}

static struct wasock_server_options make_options(void)
{
    struct wasock_server_options options = {
        .handler = &handler,
        .transport = chance(3) ? &transport : NULL,
        SIZES,
    };

    if (!world.is_reliable && chance(2)) {
        options.idle_ns = 1 + random_below(&world.random, 200 * MS);
        options.message_ns = 1 + random_below(&world.random, 100 * MS);
        options.write_ns = 1 + random_below(&world.random, 100 * MS);
    }
    return options;
}

static bool are_gone(void)
{
    for (size_t i = 0; i < N_PEERS; i++) {
        if (world.peers[i].state != GONE) {
            return false;
        }
    }
    return true;
}

static void run_a_little(void)
{
    static const uint64_t times_ns[] = {0, 0, 0, MS, 10 * MS};
    const int result = wasock_server_run_for_ns(
        &server, times_ns[random_below(&world.random, 5)]);

    assert_true(result == -WASOCK_EDEADLINE ||
                (server.is_stopping_ && result == 0));
}

static void run_world(uint64_t seed)
{
    memset(&world, 0, sizeof(world));
    world.random = seed;
    world.is_reliable = seed % 2 == 0;
    const struct wasock_server_options options = make_options();
    begin_with(&options);
    const struct wasock_fakenet_faults faults = make_faults();
    wasock_fakenet_set_faults(&net, &faults);
    for (size_t i = 0; i < N_PEERS; i++) {
        struct peer *peer = &world.peers[i];
        peer->n_total = 1 + random_below(&world.random, STREAM_MAX);
        assert_int_equal(
            wasock_conn_start_connect(&peer->conn, &net.network, &at), 0);
        wasock_fakenet_set_unread_max(&peer->conn.socket,
                                      1 + random_below(&world.random, 300));
    }
    for (int i = 0; i < 100000 && !are_gone(); i++) {
        act(&world.peers[random_below(&world.random, N_PEERS)]);
        run_a_little();
        if (!world.is_reliable && chance(2000)) {
            wasock_server_stop(&server, random_below(&world.random, 50 * MS));
            wasock_listener_close(&listener); /* nobody would accept them */
        }
    }
    assert_true(are_gone());
    wasock_server_stop(&server, 10 * WASOCK_NS_PER_S);
    assert_int_equal(wasock_server_run(&server), 0);
    wasock_server_close(&server);
    wasock_listener_close(&listener);
    wasock_fakenet_sleep_for_ns(&net, WASOCK_NS_PER_S); /* all arrives */
    assert_int_equal(wasock_server_n_clients(&server), 0);
    assert_int_equal(world.n_opened, world.n_closed);
    for (size_t i = 0; i < N_CLIENTS; i++) {
        assert_false(inside[i].is_open);
    }
    assert_int_equal(net.n_free_sockets_, net.n_sockets_);
    assert_null(server.timers_);
}

static void test_random_operations(void **unused)
{
    (void)unused;
    (void)run_worlds(run_world, N_WORLDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
