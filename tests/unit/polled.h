/* SPDX-License-Identifier: MIT */
/*
 * polled.h - a poller that watches many connections on simhost.
 */
#ifndef POLLED_H
#define POLLED_H

#include "worlds.h"

#define N_MAX 1100

static _Alignas(
    WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(N_MAX + 2)];
static struct wasock_poller poller;
static struct wasock_listener listener;
static struct wasock_conn conns[N_MAX];
static struct simhost_peer *peers[N_MAX];

static inline void open_conns(size_t n)
{
    const int fd = simhost_preopen(SIMHOST_LISTENER);

    assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)), 0);
    memset(&listener, 0, sizeof(listener));
    memset(conns, 0, sizeof(conns));
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    for (size_t i = 0; i < n; i++) {
        peers[i] = simhost_connect(fd, SIMHOST_NOW);
        assert_int_equal(wasock_listener_accept(&listener, &conns[i]), 0);
        assert_int_equal(wasock_poller_add(&poller, &conns[i].socket,
                                           WASOCK_READABLE, &conns[i]),
                         0);
    }
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

/* What calls cost wasmtime. */
static inline void set_costs(void)
{
    simhost_knobs.call_cost_ns[SIMHOST_SOCK_RECV] = 1200;
    simhost_knobs.call_cost_ns[SIMHOST_SOCK_SEND] = 1800;
    simhost_knobs.call_cost_ns[SIMHOST_POLL_ONEOFF] = 1300;
    simhost_knobs.subscription_cost_ns = 500;
}

/* Let each of the first `n` peers whose last words were read say some more. */
static inline void speak(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!simhost_truth(wasock_socket_fd(&conns[i].socket)).is_readable) {
            simhost_peer_send(peers[i], "hello", 5, SIMHOST_NOW);
        }
    }
}

/* Watch a connection for both directions. */
static inline void watch_both(size_t i)
{
    assert_int_equal(wasock_poller_modify(&poller, &conns[i].socket,
                                          WASOCK_READABLE | WASOCK_WRITABLE,
                                          &conns[i]),
                     0);
}

/* The same, of one that has no room. */
static inline void fill_and_watch_both(size_t i)
{
    simhost_peer_set_window(peers[i], 4);
    simhost_peer_set_reading(peers[i], 0);
    assert_int_equal(wasock_conn_try_write(&conns[i], "0123456789", 10), 4);
    watch_both(i);
}

/* Let the listener, watched, starve; the poller has not heard of it yet. */
static inline void starve(void)
{
    struct wasock_conn extra = {0};

    assert_int_equal(wasock_poller_add(&poller, &listener.socket,
                                       WASOCK_READABLE, &listener),
                     0);
    simhost_connect(wasock_socket_fd(&listener.socket), SIMHOST_NOW);
    simhost_knobs.n_descriptors_max = simhost_n_open();
    assert_int_equal(wasock_listener_try_accept(&listener, &extra),
                     -WASOCK_EMFILE);
}

/* Send back what a connection has to say. Returns whether there was any. */
static inline bool echo(struct wasock_conn *conn)
{
    char buffer[64];
    const ptrdiff_t n = wasock_conn_try_read(conn, buffer, sizeof(buffer));

    if (n > 0) {
        assert_int_equal(wasock_conn_try_write(conn, buffer, (size_t)n), n);
    }
    return n > 0;
}

/* Whether the poller counts it among those that are not in use. */
static inline bool is_idle(size_t i)
{
    const struct wasock__registration *registration =
        (const void *)conns[i].socket.watches_;

    return registration != NULL &&
           registration->place[0] < poller.n_subscriptions_ - poller.n_active_;
}

/* The last of those. */
static inline size_t last_idle(size_t n)
{
    while (n > 0 && !is_idle(n - 1)) {
        n--;
    }
    assert_true(n > 0);
    return n - 1;
}

#endif
