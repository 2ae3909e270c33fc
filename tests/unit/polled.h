/* SPDX-License-Identifier: MIT */
/*
 * polled.h - a poller that watches many connections on simhost.
 */
#ifndef POLLED_H
#define POLLED_H

#include "worlds.h"

#ifndef N_MAX
#define N_MAX 1100
#endif

static _Alignas(
    WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(N_MAX + 2)];
static struct wasock_poller poller;
static struct wasock_listener listener;
static struct wasock_conn conns[N_MAX];
static struct simhost_peer *peers[N_MAX];

/* Register an object; its token is its address. */
static inline void watch_socket(struct wasock_socket *socket, unsigned interest)
{
    assert_int_equal(wasock_poller_add(&poller, socket, interest, socket), 0);
}

/* Open `n` connections, registered for reading, in a poller with room for
 * `capacity` objects. */
static inline void open_conns_in(size_t capacity, size_t n)
{
    const int fd = simhost_preopen(SIMHOST_LISTENER);

    memset(&poller, 0xa5, sizeof(poller));
    memset(memory, 0xa5, WASOCK_POLLER_SIZE(capacity)); /* as a caller's */
    assert_int_equal(
        wasock_poller_init(&poller, memory, WASOCK_POLLER_SIZE(capacity)), 0);
    memset(&listener, 0, sizeof(listener));
    memset(conns, 0, sizeof(conns));
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    for (size_t i = 0; i < n; i++) {
        peers[i] = simhost_connect(fd, SIMHOST_NOW);
        assert_int_equal(wasock_listener_accept(&listener, &conns[i]), 0);
        watch_socket(&conns[i].socket, WASOCK_READABLE);
    }
}

static inline void open_conns(size_t n)
{
    open_conns_in(N_MAX + 2, n);
}

static inline void close_all(void)
{
    for (size_t i = 0; i < N_MAX; i++) {
        if (wasock_socket_is_open(&conns[i].socket)) {
            assert_int_equal(wasock_conn_close(&conns[i]), 0);
        }
    }
    wasock_poller_close(&poller);
    if (wasock_socket_is_open(&listener.socket)) {
        assert_int_equal(wasock_listener_close(&listener), 0);
    }
    simhost_check();
}

/* Wait, then take up to `capacity` events; the others stay pending. Returns the
 * number taken, or the error of the wait. */
static inline ptrdiff_t take_until(uint64_t deadline_ns,
                                   struct wasock_poller_event *events,
                                   size_t capacity)
{
    const ptrdiff_t n_pending =
        wasock_poller_wait_until_ns(&poller, deadline_ns);
    ptrdiff_t n = 0;

    if (n_pending < 0) {
        return n_pending;
    }
    while ((size_t)n < capacity && wasock_poller_next(&poller, &events[n])) {
        n++;
    }
    assert_int_equal(n, n_pending < (ptrdiff_t)capacity ? n_pending
                                                        : (ptrdiff_t)capacity);
    return n;
}

/* Wait without a deadline: at least one event. */
static inline ptrdiff_t take(struct wasock_poller_event *events,
                             size_t capacity)
{
    const ptrdiff_t n = take_until(WASOCK_NO_DEADLINE, events, capacity);

    assert_true(n > 0);
    return n;
}

/* What a wait that does not block reports of one object; all events are
 * taken. */
static inline struct wasock_poller_event look_at(const void *token)
{
    struct wasock_poller_event found = {0};
    struct wasock_poller_event event;

    assert_true(wasock_poller_wait_until_ns(&poller, WASOCK_DEADLINE_PAST) >=
                0);
    while (wasock_poller_next(&poller, &event)) {
        if (event.token == token) {
            assert_null(found.token);
            found = event;
        }
    }
    return found;
}

/* What calls cost on wasmtime. */
static inline void set_costs(void)
{
    simhost_knobs.costs.call_ns[SIMHOST_SOCK_RECV] = 1200;
    simhost_knobs.costs.call_ns[SIMHOST_SOCK_SEND] = 1800;
    simhost_knobs.costs.call_ns[SIMHOST_POLL_ONEOFF] = 1300;
    simhost_knobs.costs.subscription_ns = 500;
}

static inline struct simhost_truth truth_of(const struct wasock_conn *conn)
{
    return simhost_truth(wasock_socket_fd(&conn->socket));
}

/* Each of the first `n` peers sends, unless its last bytes are unread. */
static inline void send_to(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!truth_of(&conns[i]).is_readable) {
            simhost_peer_send(peers[i], "hello", 5, SIMHOST_NOW);
        }
    }
}

/* Register a connection for both directions. */
static inline void watch_both(size_t i)
{
    assert_int_equal(wasock_poller_modify(&poller, &conns[i].socket,
                                          WASOCK_READABLE | WASOCK_WRITABLE,
                                          &conns[i]),
                     0);
}

/* The same, of one whose send buffer is full. */
static inline void fill_and_watch_both(size_t i)
{
    simhost_peer_set_window(peers[i], 4);
    simhost_peer_set_reading(peers[i], 0);
    assert_int_equal(wasock_conn_try_write(&conns[i], "0123456789", 10), 4);
    watch_both(i);
}

/* Register the listener and run out of descriptors with a connection
 * pending. */
static inline void run_out_of_descriptors(void)
{
    struct wasock_conn extra = {0};

    watch_socket(&listener.socket, WASOCK_READABLE);
    simhost_connect(wasock_socket_fd(&listener.socket), SIMHOST_NOW);
    simhost_knobs.n_descriptors_max = simhost_n_open();
    assert_int_equal(wasock_listener_try_accept(&listener, &extra),
                     -WASOCK_EMFILE);
}

/* Read once and send back what came. Returns whether there was any. */
static inline bool echo(struct wasock_conn *conn)
{
    char buffer[64];
    const ptrdiff_t n = wasock_conn_try_read(conn, buffer, sizeof(buffer));

    if (n > 0) {
        assert_int_equal(wasock_conn_try_write(conn, buffer, (size_t)n), n);
    }
    return n > 0;
}

/* Read once: some bytes, or none. Returns whether there were any. */
static inline bool try_read(struct wasock_conn *conn)
{
    char buffer[64];
    const ptrdiff_t n = wasock_conn_try_read(conn, buffer, sizeof(buffer));

    assert_true(n > 0 || n == -WASOCK_EAGAIN);
    return n > 0;
}

/*
 * Keep connection 0 busy for half a second, so that the poller asks about the
 * other `n` - 1 only now and then: the last poll leaves some out.
 */
static inline void keep_one_busy(size_t n)
{
    const uint64_t end_ns = simhost_now_ns() + 500 * MS;
    size_t n_least = SIZE_MAX;

    while (simhost_now_ns() < end_ns) {
        struct wasock_poller_event events[64];
        send_to(1);
        const ptrdiff_t n_events = take(events, 64);
        for (ptrdiff_t i = 0; i < n_events; i++) {
            try_read(events[i].token);
        }
        if (simhost_last_n_subscriptions() < n_least) {
            n_least = simhost_last_n_subscriptions();
        }
        simhost_advance_ns(MS / 2);
    }
    assert_true(is_host(&simhost_wazero) || n_least < n);
}

/* A test on every profile; simhost_reset has been called. */
static inline void on_every_host(void (*test)(void))
{
    for (size_t host = 0; host < SIMHOST_N_POLLED; host++) {
        simhost_reset(host + 1, simhost_polled[host]);
        test();
    }
}

#define ON_EVERY_HOST(name)                                                    \
    static void name(void **unused)                                            \
    {                                                                          \
        (void)unused;                                                          \
        on_every_host(name##_on);                                              \
    }

#endif
