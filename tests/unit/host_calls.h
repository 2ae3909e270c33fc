/* SPDX-License-Identifier: MIT */
/* host_calls.h - raw host calls in short, for the tests of simhost itself. */
#ifndef HOST_CALLS_H
#define HOST_CALLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <wasock/err.h>

#include "simhost.h"
#include "wasip1.h"

#define NONBLOCK WASIP1_FDFLAGS_NONBLOCK

/* Those of preview1: the order of simhost_profiles, and of the columns in the
 * tests. */
enum host { IDEAL, WC, WAZERO, WASI_GO, WAMR };

/* What a test does on one host; simhost_reset has been called. */
typedef void on_host(enum host host);

static inline void on_every_host(on_host *test)
{
    for (int host = 0; host < SIMHOST_N_PREVIEW1; host++) {
        simhost_reset((uint64_t)host + 1, simhost_profiles[host]);
        test((enum host)host);
        simhost_check();
    }
}

#define RUN_ON_EVERY_HOST(name)                                                \
    static void name(void **unused)                                            \
    {                                                                          \
        (void)unused;                                                          \
        on_every_host(name##_on);                                              \
    }

static inline void ideal_world(void)
{
    simhost_reset(42, &simhost_ideal);
}

static inline int32_t receive(int fd, void *data, size_t capacity, uint32_t *n)
{
    const struct wasock_buffer buffer = {data, capacity};
    struct wasip1_roflags roflags = {0};

    return wasip1_sock_recv(fd, &buffer, 1, 0, n, &roflags);
}

static inline int32_t transmit(int fd, const char *text, uint32_t *n)
{
    const struct wasock_slice slice = {text, strlen(text)};

    return wasip1_sock_send(fd, &slice, 1, 0, n);
}

static inline uint16_t flags_of(int fd)
{
    struct wasip1_fdstat stat = {0};

    assert_int_equal(wasip1_fd_fdstat_get(fd, &stat), 0);
    return stat.flags;
}

static inline int open_listener(void)
{
    const int fd = simhost_preopen(SIMHOST_LISTENER);

    assert_int_equal(wasip1_fd_fdstat_set_flags(fd, NONBLOCK), 0);
    return fd;
}

/* The guest's end of a new client of `listener`. */
static inline int accept_one(int listener)
{
    int32_t fd = -1;

    (void)simhost_connect(listener, SIMHOST_NOW);
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd), 0);
    return fd;
}

/* A connection, non-blocking, and its peer. */
static inline int open_connection(struct simhost_peer **peer)
{
    const int fd = simhost_preopen(SIMHOST_CONNECTION);

    assert_int_equal(wasip1_fd_fdstat_set_flags(fd, NONBLOCK), 0);
    *peer = simhost_peer_of(fd);
    return fd;
}

static inline struct wasock__subscription on_fd(uint8_t tag, int fd,
                                                uint64_t userdata)
{
    struct wasock__subscription subscription = {0};

    subscription.userdata = userdata;
    subscription.tag = tag;
    subscription.of.fd = (uint32_t)fd;
    return subscription;
}

static inline struct wasock__subscription on_read(int fd, uint64_t userdata)
{
    return on_fd(WASIP1_EVENTTYPE_FD_READ, fd, userdata);
}

static inline struct wasock__subscription on_write(int fd, uint64_t userdata)
{
    return on_fd(WASIP1_EVENTTYPE_FD_WRITE, fd, userdata);
}

static inline struct wasock__subscription on_clock(uint64_t timeout_ns,
                                                   uint64_t userdata)
{
    struct wasock__subscription subscription = {0};

    subscription.userdata = userdata;
    subscription.tag = WASIP1_EVENTTYPE_CLOCK;
    subscription.of.clock.id = WASIP1_CLOCKID_MONOTONIC;
    subscription.of.clock.timeout_ns = timeout_ns;
    return subscription;
}

#define POLL_MAX 8

/* A poll, its answer, and how long it took. */
struct answer {
    int32_t error;
    uint32_t n;
    struct wasock__event events[POLL_MAX];
    uint64_t duration_ns;
};

static inline struct answer
ask(const struct wasock__subscription *subscriptions, size_t n)
{
    struct answer answer = {0};
    const uint64_t start_ns = simhost_now_ns();

    assert_in_range(n, 0, POLL_MAX);
    answer.error =
        wasip1_poll_oneoff(subscriptions, answer.events, n, &answer.n);
    answer.duration_ns = simhost_now_ns() - start_ns;
    return answer;
}

/* The order of an answer's userdata, "132"; "E8" for an error of the call. */
static inline const char *order_of(const struct answer *answer)
{
    static char text[POLL_MAX + 1];

    if (answer->error != 0) {
        (void)snprintf(text, sizeof(text), "E%d", (int)answer->error);
        return text;
    }
    for (uint32_t i = 0; i < answer->n; i++) {
        text[i] = (char)('0' + answer->events[i].userdata % 10);
    }
    text[answer->n] = '\0';
    return text;
}

static inline const struct wasock__event *find(const struct answer *answer,
                                               uint64_t userdata)
{
    for (uint32_t i = 0; i < answer->n; i++) {
        if (answer->events[i].userdata == userdata) {
            return &answer->events[i];
        }
    }
    fail_msg("no event %d in %s", (int)userdata, order_of(answer));
    return NULL;
}

#endif
