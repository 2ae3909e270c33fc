/* SPDX-License-Identifier: MIT */
/*
 * worlds.h - run a test in many worlds: on every host, with every size of the
 * pieces in which bytes move.
 */
#ifndef WORLDS_H
#define WORLDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include <wasock/wasock.h>

#include "simhost.h"
#include "wasip1.h"

#define MS WASOCK_NS_PER_MS

/* Set a deadline: the one place that names these calls. */
static inline void set_read_deadline(struct wasock_socket *socket,
                                     uint64_t deadline_ns)
{
    assert_int_equal(
        wasock_socket_set_deadline_ns(socket, WASOCK_READABLE, deadline_ns), 0);
}

static inline void set_write_deadline(struct wasock_socket *socket,
                                      uint64_t deadline_ns)
{
    assert_int_equal(
        wasock_socket_set_deadline_ns(socket, WASOCK_WRITABLE, deadline_ns), 0);
}

/* The host of the world at hand. */
static inline bool is_host(const struct simhost_profile *profile)
{
    return strcmp(simhost_knobs.profile.name, profile->name) == 0;
}

static inline void in_every_world(void (*test)(void))
{
    static const size_t chunks[] = {SIMHOST_CHUNK_WHOLE, 1, 2, 3,
                                    SIMHOST_CHUNK_RANDOM};

    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
            simhost_reset(host * 10 + i + 1, simhost_profiles[host]);
            simhost_knobs.chunk_bytes = chunks[i];
            test();
            simhost_check();
        }
    }
}

/* A test of a world, as cmocka wants it. */
#define IN_EVERY_WORLD(name)                                                   \
    static void name(void **unused)                                            \
    {                                                                          \
        (void)unused;                                                          \
        in_every_world(name##_in);                                             \
    }

/* A listener, and a connection of it with its peer. */
struct pair {
    struct wasock_listener listener;
    struct wasock_conn conn;
    struct simhost_peer *peer;
};

static inline struct pair open_pair(void)
{
    struct pair pair = {0};
    const int fd = simhost_preopen(SIMHOST_LISTENER);

    pair.peer = simhost_connect(fd, SIMHOST_NOW);
    assert_int_equal(wasock_listener_from_fd(&pair.listener, fd), 0);
    assert_int_equal(wasock_listener_accept(&pair.listener, &pair.conn), 0);
    return pair;
}

static inline void close_pair(struct pair *pair)
{
    if (wasock_socket_is_open(&pair->conn.socket)) {
        assert_int_equal(wasock_conn_close(&pair->conn), 0);
    }
    if (wasock_socket_is_open(&pair->listener.socket)) {
        assert_int_equal(wasock_listener_close(&pair->listener), 0);
    }
}

/* Whether the peer has read exactly this. */
static inline void assert_received(const struct simhost_peer *peer,
                                   const char *text, size_t length)
{
    size_t n = 0;
    const uint8_t *bytes = simhost_peer_received(peer, &n);

    assert_int_equal(n, length);
    assert_memory_equal(bytes, text, length);
}

#endif
