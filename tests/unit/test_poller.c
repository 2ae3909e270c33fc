/* SPDX-License-Identifier: MIT */
/* The poller on every host, and against the truth. */
#include "polled.h"

#include <wasock/fakenet.h>

#define N 300

/* Wait until this one is reported, serving nobody else; how late that is. */
static uint64_t wait_for(void *token)
{
    for (;;) {
        struct wasock_poller_event events[8];
        const ptrdiff_t n = wasock_poller_wait(&poller, events, 8,
                                               wasock_deadline_after_ms(5000));
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            struct wasock_conn *conn = events[i].token;
            const struct simhost_truth truth =
                simhost_truth(wasock_socket_fd(&conn->socket));
            if (conn == token && truth.is_readable) {
                return simhost_now_ns() - truth.readable_since_ns;
            }
        }
    }
}

static void test_errors(void **unused)
{
    static _Alignas(8) char little[WASOCK_POLLER_SIZE(2)];
    struct wasock_conn closed = {0};
    struct wasock_poller_event event;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    open_conns(3);
    wasock_poller_close(&poller);
    assert_int_equal(wasock_poller_init(&poller, little + 1, sizeof(little)),
                     -WASOCK_EINVAL);
    assert_int_equal(
        wasock_poller_init(&poller, little, WASOCK_POLLER_SIZE(1) - 1),
        -WASOCK_ESTORAGE);
    assert_int_equal(wasock_poller_init(&poller, little, sizeof(little)), 0);
    assert_int_equal(wasock_poller_add(&poller, &closed.socket, 1, NULL),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock_poller_add(&poller, &conns[0].socket, 4, NULL),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_poller_modify(&poller, &conns[0].socket, 1, NULL),
                     -WASOCK_ENOENT);
    assert_int_equal(wasock_poller_remove(&poller, &conns[0].socket),
                     -WASOCK_ENOENT);
    assert_int_equal(wasock_poller_wait(&poller, &event, 1, WASOCK_NO_DEADLINE),
                     -WASOCK_EDEADLOCK);
    assert_int_equal(
        wasock_poller_wait(&poller, &event, 1, wasock_deadline_after_ms(5)), 0);
    assert_int_equal(wasock_poller_wait(&poller, &event, 0, 1), -WASOCK_EINVAL);
    assert_int_equal(wasock_poller_add(&poller, &conns[0].socket, 1, NULL), 0);
    assert_int_equal(wasock_poller_add(&poller, &conns[0].socket, 1, NULL),
                     -WASOCK_EEXIST);
    assert_int_equal(wasock_poller_modify(&poller, &conns[0].socket, 8, NULL),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_poller_add(&poller, &conns[1].socket, 3, NULL),
                     -WASOCK_ESTORAGE);
    assert_int_equal(wasock_poller_add(&poller, &conns[1].socket, 2, NULL), 0);
    assert_int_equal(wasock_poller_add(&poller, &conns[2].socket, 1, NULL),
                     -WASOCK_ESTORAGE);
    assert_int_equal(wasock_poller_modify(&poller, &conns[1].socket, 3, NULL),
                     -WASOCK_ESTORAGE);
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    assert_int_equal(wasock_poller_modify(&poller, &conns[1].socket, 3, NULL),
                     0);
    assert_int_equal(wasock_poller_remove(&poller, &conns[1].socket), 0);
    close_all();
}

/* One among many is found: a byte, many bytes, the end of the stream. */
static void test_one_among_many(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        simhost_reset(host + 1, simhost_profiles[host]);
        open_conns(N);
        const uint64_t bound_ns =
            is_host(&simhost_wazero) ? 25 * MS + N * 50000 : 2 * MS;
        char buffer[8];
        for (int round = 0; round < 3; round++) {
            simhost_peer_send(peers[200], "12345678", round == 0 ? 1 : 8,
                              SIMHOST_MS(200));
            assert_in_range(wait_for(&conns[200]), 0, bound_ns);
            assert_true(wasock_conn_try_read(&conns[200], buffer, 8) > 0);
        }
        simhost_peer_shutdown(peers[250], SIMHOST_MS(200));
        assert_in_range(wait_for(&conns[250]), 0, bound_ns);
        /* Level-triggered: not served, so again. */
        assert_in_range(wait_for(&conns[250]), 0, 2 * bound_ns);
        close_all();
    }
}

/* Where connections come and go, the ends of many are heard by one call. */
static void test_ends_of_many_cost_one_poll(void **unused)
{
    struct wasock_poller_event events[64];
    uint32_t n_ends = 0;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(64);
    assert_int_equal(
        wasock_poller_wait(&poller, events, 64, WASOCK_DEADLINE_PAST), 0);
    for (size_t i = 0; i < 64; i += 4) {
        simhost_peer_shutdown(peers[i], SIMHOST_NOW);
    }
    const uint64_t n_polls = simhost_calls(SIMHOST_POLL_ONEOFF);
    const ptrdiff_t n =
        wasock_poller_wait(&poller, events, 64, WASOCK_NO_DEADLINE);
    assert_int_equal(simhost_calls(SIMHOST_POLL_ONEOFF) - n_polls, 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        char byte = 0;
        n_ends += wasock_conn_try_read(events[i].token, &byte, 1) == 0;
    }
    assert_int_equal(n_ends, 16);
    close_all();
}

/* Those of wasmtime's false events that are true are not starved by others. */
static void test_busy_ones_do_not_hide_others(void **unused)
{
    char buffer[64];

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    set_costs();
    open_conns(N);
    /* Sixteen speak without end; then one of the others says a byte. */
    for (int round = 0; round < 2000; round++) {
        struct wasock_poller_event events[32];
        speak(16);
        if (round == 1000) {
            simhost_peer_send(peers[299], "x", 1, SIMHOST_NOW);
            simhost_peer_shutdown(peers[5], SIMHOST_NOW);
        }
        const ptrdiff_t n =
            wasock_poller_wait(&poller, events, 32, WASOCK_NO_DEADLINE);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            const ptrdiff_t n_read =
                wasock_conn_try_read(events[i].token, buffer, sizeof(buffer));
            assert_true(n_read >= 0 || n_read == -WASOCK_EAGAIN);
            if (events[i].token == &conns[299] && n_read == 1) {
                const uint64_t now_ns = simhost_now_ns();
                assert_true(now_ns > 0);
                close_all();
                return;
            }
        }
        if (round > 1000) {
            const struct simhost_truth truth =
                simhost_truth(wasock_socket_fd(&conns[299].socket));
            assert_true(simhost_now_ns() - truth.readable_since_ns < 20 * MS);
        }
    }
    fail_msg("the idle one that spoke was not noticed");
}

/* Where polls are fake each idle one is tried within the bound, however little
 * time passes between two waits: less than two of them are due in each. */
static void test_a_fake_sweep_loses_no_time(void **unused)
{
    static uint64_t tried_ns[N_MAX];
    const size_t n_conns = 1000;
    const size_t n_busy = 4;
    struct wasock_poller_event events[64];
    char buffer[8];

    (void)unused;
    simhost_reset(1, &simhost_wazero);
    open_conns(n_conns);
    const uint64_t start_ns = simhost_now_ns();
    while (simhost_now_ns() < start_ns + 500 * MS) {
        speak(n_busy);
        const ptrdiff_t n =
            wasock_poller_wait(&poller, events, 64, WASOCK_NO_DEADLINE);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            struct wasock_conn *conn = events[i].token;
            const ptrdiff_t n_read = wasock_conn_try_read(conn, buffer, 8);
            assert_true(n_read == 5 || n_read == -WASOCK_EAGAIN);
            tried_ns[conn - conns] = simhost_now_ns();
        }
        simhost_advance_ns(78000);
        for (size_t i = 0; i < n_conns; i++) {
            assert_true(tried_ns[i] == 0 || simhost_now_ns() - tried_ns[i] <=
                                                n_conns * 50000 + 3 * MS);
        }
    }
    close_all();
}

/* Wait until a time, and try what is reported: nobody is tried later than the
 * bound of a fake poll allows. */
static void try_until(uint64_t end_ns, size_t n_conns, uint64_t *tried_ns)
{
    const uint64_t bound_ns =
        n_conns * 50000 > 20 * MS ? n_conns * 50000 : 20 * MS;
    struct wasock_poller_event events[64];
    char buffer[8];

    while (simhost_now_ns() < end_ns) {
        const ptrdiff_t n = wasock_poller_wait(&poller, events, 64, end_ns);
        assert_true(n >= 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            struct wasock_conn *conn = events[i].token;
            const ptrdiff_t n_read = wasock_conn_try_read(conn, buffer, 8);
            assert_true(n_read == 5 || n_read == -WASOCK_EAGAIN);
            const uint64_t late_ns = simhost_now_ns() - tried_ns[conn - conns];
            assert_true(tried_ns[conn - conns] == 0 ||
                        late_ns <= bound_ns + MS);
            tried_ns[conn - conns] = simhost_now_ns();
        }
    }
}

/* Where polls are fake a quiet time costs little more than the tries that the
 * bound asks for, and few naps; and its beginnings and ends delay nobody. */
static void test_a_quiet_fake_poll(void **unused)
{
    (void)unused;
    for (size_t n_conns = 100; n_conns <= N_MAX; n_conns += 125) {
        uint64_t tried_ns[N_MAX] = {0};
        simhost_reset(n_conns, &simhost_wazero);
        open_conns(n_conns);
        for (unsigned i = 0; i < 20; i++) {
            simhost_peer_send(peers[i * 37 % n_conns], "hello", 5, SIMHOST_NOW);
            try_until(simhost_now_ns() + (i * 29 % 20) * 20 * MS, n_conns,
                      tried_ns);
        }
        try_until(simhost_now_ns() + 200 * MS, n_conns, tried_ns);
        const uint64_t n_tries = simhost_calls(SIMHOST_SOCK_RECV);
        const uint64_t n_naps = simhost_calls(SIMHOST_POLL_ONEOFF);
        try_until(simhost_now_ns() + 1000 * MS, n_conns, tried_ns);
        const uint64_t n_least = n_conns < 400 ? n_conns * 50 : 20000;
        assert_in_range(simhost_calls(SIMHOST_SOCK_RECV) - n_tries, n_least,
                        n_least + n_least / 8 + 16 * 95);
        assert_in_range(simhost_calls(SIMHOST_POLL_ONEOFF) - n_naps, 0, 95);
        close_all();
    }
}

/* F8: what watches an object is not moved by the closing of another that
 * shares its descriptor. */
static void test_closing_a_sharer(void **unused)
{
    struct wasock_listener sharer = {0};
    struct wasock_conn conn = {0};
    struct wasock_poller_event event;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(0);
    assert_int_equal(wasock_listener_share(&listener, &sharer), 0);
    assert_int_equal(wasock_poller_add(&poller, &listener.socket,
                                       WASOCK_READABLE, &listener),
                     0);
    assert_int_equal(
        wasock_poller_add(&poller, &sharer.socket, WASOCK_READABLE, &sharer),
        0);
    const int fd = wasock_socket_fd(&listener.socket);
    assert_int_equal(wasock_listener_close(&listener), 0);
    simhost_connect(fd, SIMHOST_MS(10));
    assert_int_equal(
        wasock_poller_wait(&poller, &event, 1, wasock_deadline_after_ms(1000)),
        1);
    assert_ptr_equal(event.token, &sharer);
    assert_int_equal(wasock_listener_try_accept(&sharer, &conn), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_close(&sharer), 0);
    close_all();
}

/* K5: to wait for room, in vain, does not end the wait for something to read.
 * On no host is that taken for an error of the connection. */
static void test_no_room_does_not_end_reading(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        simhost_reset(host + 1, simhost_profiles[host]);
        open_conns(1);
        fill_and_watch_both(0);
        simhost_peer_send(peers[0], "x", 1, SIMHOST_MS(60));
        ptrdiff_t n_read = -WASOCK_EAGAIN;
        while (n_read == -WASOCK_EAGAIN) {
            struct wasock_poller_event event;
            char byte = 0;
            assert_int_equal(wasock_poller_wait(&poller, &event, 1,
                                                wasock_deadline_after_ms(99)),
                             1);
            assert_int_equal(event.error, 0);
            assert_int_equal(wasock_conn_try_write(&conns[0], "4", 1),
                             -WASOCK_EAGAIN);
            n_read = wasock_conn_try_read(&conns[0], &byte, 1);
        }
        assert_int_equal(n_read, 1);
        close_all();
    }
}

/* Each deadline is an event once, by side; later settings count. */
static void test_deadlines(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        struct wasock_poller_event events[N];
        unsigned n_told[N] = {0};
        simhost_reset(host + 1, simhost_profiles[host]);
        open_conns(N);
        const uint64_t start_ns = simhost_now_ns();
        for (size_t i = 0; i < N; i++) {
            wasock_socket_set_deadline_ns(&conns[i].socket, WASOCK_READABLE,
                                          start_ns + (N - i) * MS);
            wasock_socket_set_deadline_ns(&conns[i].socket, WASOCK_WRITABLE,
                                          start_ns + (N + i) * MS);
        }
        for (size_t i = 0; i < N; i += 2) { /* later, none, earlier */
            wasock_socket_set_deadline_ns(&conns[i].socket, WASOCK_READABLE,
                                          i % 4 == 0 ? WASOCK_NO_DEADLINE
                                                     : start_ns + 2 * N * MS);
        }
        const uint64_t end_ns = start_ns + 3 * N * MS;
        while (simhost_now_ns() < end_ns) {
            const ptrdiff_t n = wasock_poller_wait(&poller, events, N, end_ns);
            assert_true(n >= 0);
            for (ptrdiff_t i = 0; i < n; i++) {
                const struct wasock_conn *conn = events[i].token;
                if (events[i].deadline & WASOCK_READABLE) {
                    assert_true(simhost_now_ns() >=
                                conn->socket.deadline_ns_[0]);
                    n_told[conn - conns] += 1;
                }
                if (events[i].deadline & WASOCK_WRITABLE) {
                    assert_true(simhost_now_ns() >=
                                conn->socket.deadline_ns_[1]);
                    n_told[conn - conns] += 16;
                }
            }
        }
        for (size_t i = 0; i < N; i++) {
            assert_int_equal(n_told[i], i % 4 == 0 ? 16 : 17);
        }
        wasock_socket_set_deadline_ns(&conns[7].socket, WASOCK_READABLE,
                                      WASOCK_DEADLINE_PAST);
        bool is_told = false;
        while (!is_told) {
            const ptrdiff_t n =
                wasock_poller_wait(&poller, events, N, WASOCK_DEADLINE_PAST);
            assert_true(n > 0);
            for (ptrdiff_t i = 0; i < n; i++) {
                is_told |= events[i].token == &conns[7] &&
                           events[i].deadline == WASOCK_READABLE;
            }
        }
        close_all();
    }
}

/* Quirk 38: no spin while descriptors are short. */
static void test_a_starved_listener_is_muted(void **unused)
{
    struct wasock_poller_event events[8];

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(2);
    assert_int_equal(wasock_poller_add(&poller, &listener.socket,
                                       WASOCK_READABLE, &listener),
                     0);
    const int fd = wasock_socket_fd(&listener.socket);
    simhost_connect(fd, SIMHOST_NOW);
    simhost_knobs.n_descriptors_max = simhost_n_open();
    unsigned n_tries = 0;
    const uint64_t end_ns = wasock_deadline_after_ms(1000);
    struct wasock_conn extra = {0};
    while (simhost_now_ns() < end_ns) {
        const ptrdiff_t n = wasock_poller_wait(&poller, events, 8, end_ns);
        for (ptrdiff_t i = 0; i < n; i++) {
            if (events[i].token == &listener) {
                assert_int_equal(wasock_listener_try_accept(&listener, &extra),
                                 -WASOCK_EMFILE);
                n_tries++;
            }
        }
    }
    assert_in_range(n_tries, 20, 60);
    /* A close gives one back: the listener is asked at once. */
    const uint64_t before_ns = simhost_now_ns();
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    bool is_asked = false;
    while (!is_asked) {
        const ptrdiff_t n =
            wasock_poller_wait(&poller, events, 8, before_ns + 5 * MS);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            is_asked |= events[i].token == &listener;
        }
    }
    assert_int_equal(wasock_listener_try_accept(&listener, &extra), 0);
    assert_int_equal(wasock_conn_close(&extra), 0);
    close_all();
}

/* What is closed gives a descriptor back, whether the poller hears of that
 * before or after it hears that there was none. */
static void test_a_close_wakes_a_starved_listener(void **unused)
{
    struct wasock_poller_event event = {0};

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(1);
    starve();
    const uint64_t before_ns = simhost_now_ns();
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    assert_int_equal(wasock_poller_wait(&poller, &event, 1, before_ns + 5 * MS),
                     1);
    assert_ptr_equal(event.token, &listener);
    close_all();
}

static void test_a_starved_listener_is_closed_with_others(void **unused)
{
    struct wasock_poller_event event;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(2);
    starve();
    assert_int_equal(
        wasock_poller_wait(&poller, &event, 1, WASOCK_DEADLINE_PAST), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    assert_int_equal(
        wasock_poller_wait(&poller, &event, 1, WASOCK_DEADLINE_PAST), 0);
    assert_int_equal(poller.n_subscriptions_, 1);
    close_all();
}

/* To say again what is watched for is no news: a server that does so after each
 * try in vain naps on a host whose poll is fake, as one that does not. */
static void test_the_same_interest_is_no_news(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        simhost_reset(host + 1, simhost_profiles[host]);
        open_conns(20);
        const uint64_t end_ns = simhost_now_ns() + 1000 * MS;
        unsigned n_events = 0;
        while (simhost_now_ns() < end_ns) {
            struct wasock_poller_event event;
            const ptrdiff_t n = wasock_poller_wait(&poller, &event, 1, end_ns);
            assert_true(n >= 0);
            if (n == 1) {
                struct wasock_conn *conn = event.token;
                assert_int_equal(wasock_poller_modify(&poller, &conn->socket,
                                                      WASOCK_READABLE, conn),
                                 0);
                assert_true(++n_events < 10000);
            }
        }
        close_all();
    }
}

/* To look is not to wait, not for the shortest of a host's times. */
static void test_to_look_takes_no_time(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        for (size_t n = 1; n <= 101; n += 50) {
            struct wasock_poller_event event;
            simhost_reset(host + 1, simhost_profiles[host]);
            open_conns(n);
            const uint64_t before_ns = simhost_now_ns();
            for (int i = 0; i < 100; i++) {
                (void)!wasock_poller_wait(&poller, &event, 1,
                                          WASOCK_DEADLINE_PAST);
            }
            assert_int_equal(simhost_now_ns(), before_ns);
            close_all();
        }
    }
}

/* Whether polls are fake is asked again where a host once did not say. */
static void test_a_failed_probe_is_repeated(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_wazero);
    open_conns(0);
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EIO, 1);
    open_conns(3);
    simhost_peer_send(peers[1], "x", 1, SIMHOST_MS(200));
    assert_in_range(wait_for(&conns[1]), 0, 25 * MS);
    close_all();
}

/* Nor does a wait trust a poll of which it could not find out whether it is
 * fake: on wazero it would sleep to its deadline beside a client. */
static void test_a_failed_probe_delays_nobody(void **unused)
{
    struct wasock_poller_event event;
    struct wasock_conn conn = {0};
    ptrdiff_t n = 0;

    (void)unused;
    simhost_reset(1, &simhost_wazero);
    open_conns(0);
    assert_int_equal(wasock_poller_add(&poller, &listener.socket,
                                       WASOCK_READABLE, &listener),
                     0);
    simhost_connect(wasock_socket_fd(&listener.socket), SIMHOST_MS(1));
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EINTR, 1);
    const uint64_t start_ns = simhost_now_ns();
    do {
        n = wasock_poller_wait(&poller, &event, 1, start_ns + 5000 * MS);
    } while (n == -WASOCK_EINTR ||
             wasock_listener_try_accept(&listener, &conn) == -WASOCK_EAGAIN);
    assert_in_range(simhost_now_ns() - start_ns, 0, 50 * MS);
    assert_int_equal(wasock_conn_close(&conn), 0);
    close_all();
}

/* All zero bytes, and what was closed, are a poller that says so. */
static void test_a_closed_poller(void **unused)
{
    struct wasock_poller closed = {0};
    struct wasock_poller_event event;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    open_conns(1);
    for (int i = 0; i < 2; i++) {
        struct wasock_socket *socket = &conns[0].socket;
        assert_int_equal(wasock_poller_add(&closed, socket, 1, NULL),
                         -WASOCK_ECLOSED);
        assert_int_equal(wasock_poller_modify(&closed, socket, 1, NULL),
                         -WASOCK_ECLOSED);
        assert_int_equal(wasock_poller_remove(&closed, socket),
                         -WASOCK_ECLOSED);
        assert_int_equal(
            wasock_poller_wait(&closed, &event, 1, WASOCK_NO_DEADLINE),
            -WASOCK_ECLOSED);
        wasock_poller_close(&closed);
    }
    close_all();
}

/* Quirk 17: one dead descriptor is one error, and the rest goes on. */
static void test_a_dead_descriptor(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        struct wasock_poller_event events[N];
        simhost_reset(host + 1, simhost_profiles[host]);
        if (is_host(&simhost_wazero)) {
            continue; /* its poll does not look; the try finds out */
        }
        open_conns(10);
        simhost_allow(SIMHOST_BAD_FD, true);
        simhost_allow(SIMHOST_DOUBLE_CLOSE, true);
        assert_int_equal(wasock_fd_close(wasock_socket_fd(&conns[4].socket)),
                         0);
        simhost_peer_send(peers[7], "hello", 5, SIMHOST_MS(10));
        unsigned n_errors = 0;
        bool is_served = false;
        while (!is_served) {
            const ptrdiff_t n = wasock_poller_wait(
                &poller, events, N, wasock_deadline_after_ms(99));
            assert_true(n > 0);
            for (ptrdiff_t i = 0; i < n; i++) {
                n_errors += events[i].error != 0;
                assert_true(events[i].error == 0 ||
                            (events[i].error == -WASOCK_EBADF &&
                             events[i].token == &conns[4]));
                is_served |= events[i].token == &conns[7] &&
                             simhost_now_ns() > 0 && events[i].ready != 0;
            }
        }
        assert_int_equal(n_errors, 1);
        wasock_conn_close(&conns[4]);
        for (size_t i = 0; i < 10; i++) {
            wasock_conn_close(&conns[i]);
        }
        wasock_poller_close(&poller);
        wasock_listener_close(&listener);
    }
}

/* Standard input is told only when there is some, to try in vain would wait:
 * where polls are fake, and where they report everything, too. */
static void test_stdin(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        struct wasock_pollable input = {0};
        simhost_reset(host + 1, simhost_profiles[host]);
        open_conns(6);
        assert_int_equal(wasock_pollable_close(&input), -WASOCK_ECLOSED);
        assert_int_equal(wasock_pollable_from_fd(&input, 0), 0);
        assert_int_equal(
            wasock_poller_add(&poller, &input.socket, WASOCK_READABLE, &input),
            0);
        simhost_peer_send(simhost_peer_of(0), "quit\n", 5, SIMHOST_MS(70));
        simhost_knobs.call_cost_ns[SIMHOST_SOCK_RECV] = 1200;
        bool is_told = false;
        while (!is_told) {
            struct wasock_poller_event events[8];
            if (!simhost_truth(wasock_socket_fd(&conns[host].socket))
                     .is_readable) {
                simhost_peer_send(peers[host], "x", 1, 100000);
            }
            const ptrdiff_t n = wasock_poller_wait(
                &poller, events, 8, wasock_deadline_after_ms(200));
            assert_true(n > 0);
            for (ptrdiff_t i = 0; i < n; i++) {
                if (events[i].token == &input) {
                    assert_true(simhost_truth(0).is_readable);
                    is_told = true;
                } else {
                    char byte = 0;
                    const ptrdiff_t n_read =
                        wasock_conn_try_read(events[i].token, &byte, 1);
                    assert_true(n_read == 1 || n_read == -WASOCK_EAGAIN);
                }
            }
        }
        assert_int_equal(wasock_pollable_close(&input), 0);
        assert_int_equal(wasock_pollable_close(&input), -WASOCK_ECLOSED);
        close_all();
    }
}

static _Alignas(
    WASOCK_FAKENET_ALIGNMENT) char net_memory[WASOCK_FAKENET_SIZE(4, 10000)];

/* A network in the process with its own clock has no place beside the host's
 * sockets, nor beside another network. */
static void test_clocks_do_not_mix(void **unused)
{
    static _Alignas(WASOCK_FAKENET_ALIGNMENT) char
        other_memory[WASOCK_FAKENET_SIZE(4, 10000)];
    struct wasock_fakenet net;
    struct wasock_fakenet other;
    struct wasock_conn ends[4] = {0};
    struct wasock_poller_event event;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(1);
    assert_int_equal(
        wasock_fakenet_init(&net, net_memory, sizeof(net_memory), 4, NULL), 0);
    assert_int_equal(wasock_fakenet_init(&other, other_memory,
                                         sizeof(other_memory), 4, NULL),
                     0);
    assert_int_equal(wasock_fakenet_pair(&net, &ends[0], &ends[1]), 0);
    assert_int_equal(wasock_fakenet_pair(&other, &ends[2], &ends[3]), 0);
    assert_int_equal(wasock_poller_add(&poller, &ends[0].socket, 1, NULL),
                     -WASOCK_ECLOCK);
    assert_int_equal(wasock_poller_remove(&poller, &conns[0].socket), 0);
    assert_int_equal(wasock_poller_add(&poller, &ends[0].socket, 1, NULL), 0);
    assert_int_equal(wasock_poller_add(&poller, &ends[2].socket, 1, NULL),
                     -WASOCK_ECLOCK);
    assert_int_equal(wasock_poller_add(&poller, &conns[0].socket, 1, NULL),
                     -WASOCK_ECLOCK);
    assert_int_equal(wasock_conn_close(&ends[0]), 0);
    assert_int_equal(wasock_poller_wait(&poller, &event, 1, 1), 0);
    assert_int_equal(wasock_poller_add(&poller, &conns[0].socket, 1, NULL), 0);
    close_all();
}

/* On the host's clock they are waited for together, on every host. */
static void test_beside_a_network(void **unused)
{
    const struct wasock_fakenet_options options = {.clock =
                                                       WASOCK_FAKENET_HOST};
    const struct wasock_fakenet_faults slow = {.latency_ns = 30 * MS};

    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        struct wasock_fakenet net;
        struct wasock_conn ends[2] = {0};
        char buffer[8];
        simhost_reset(host + 1, simhost_profiles[host]);
        open_conns(20);
        assert_int_equal(wasock_fakenet_init(&net, net_memory,
                                             sizeof(net_memory), 4, &options),
                         0);
        wasock_fakenet_set_faults(&net, &slow);
        assert_int_equal(wasock_fakenet_pair(&net, &ends[0], &ends[1]), 0);
        assert_int_equal(
            wasock_poller_add(&poller, &ends[1].socket, 1, &ends[1]), 0);
        const uint64_t start_ns = simhost_now_ns();
        assert_int_equal(wasock_conn_write(&ends[0], "in", 2), 2);
        simhost_peer_send(peers[7], "out", 3, SIMHOST_MS(15));
        uint64_t out_ns = 0;
        uint64_t in_ns = 0;
        while (in_ns == 0 || out_ns == 0) {
            struct wasock_poller_event events[8];
            const ptrdiff_t n =
                wasock_poller_wait(&poller, events, 8, start_ns + 1000 * MS);
            assert_true(n > 0);
            for (ptrdiff_t i = 0; i < n; i++) {
                struct wasock_conn *conn = events[i].token;
                const ptrdiff_t n_read =
                    wasock_conn_try_read(conn, buffer, sizeof(buffer));
                if (n_read > 0) {
                    *(conn == &ends[1] ? &in_ns : &out_ns) =
                        simhost_now_ns() - start_ns;
                }
            }
        }
        assert_in_range(in_ns, 30 * MS, 52 * MS);
        assert_in_range(out_ns, 15 * MS, 40 * MS);
        assert_int_equal(wasock_conn_close(&ends[0]), 0);
        assert_int_equal(wasock_conn_close(&ends[1]), 0);
        close_all();
    }
}

/* What arrives while another of its sockets is looked at is not overslept. */
static void test_arrivals_of_a_network(void **unused)
{
    const struct wasock_fakenet_options options = {.clock =
                                                       WASOCK_FAKENET_HOST};
    const struct wasock_fakenet_faults slow = {.latency_ns = 5 * MS};
    struct wasock_poller_event event;

    (void)unused;
    for (int has_deadline = 0; has_deadline < 2; has_deadline++) {
        struct wasock_fakenet net;
        struct wasock_conn ends[4] = {0};
        simhost_reset(1, &simhost_ideal);
        assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)),
                         0);
        assert_int_equal(wasock_fakenet_init(&net, net_memory,
                                             sizeof(net_memory), 4, &options),
                         0);
        wasock_fakenet_set_faults(&net, &slow);
        assert_int_equal(wasock_fakenet_pair(&net, &ends[0], &ends[1]), 0);
        assert_int_equal(wasock_fakenet_pair(&net, &ends[2], &ends[3]), 0);
        assert_int_equal(
            wasock_poller_add(&poller, &ends[1].socket, 1, &ends[1]), 0);
        assert_int_equal(
            wasock_poller_wait(&poller, &event, 1, WASOCK_DEADLINE_PAST), 0);
        assert_int_equal(
            wasock_poller_add(&poller, &ends[3].socket, 1, &ends[3]), 0);
        assert_int_equal(wasock_conn_write(&ends[0], "x", 1), 1);
        assert_int_equal(wasock_fd_sleep_until_ns(wasock_deadline_after_ms(10)),
                         0);
        const uint64_t start_ns = simhost_now_ns();
        assert_int_equal(wasock_poller_wait(&poller, &event, 1,
                                            has_deadline ? start_ns + 1000 * MS
                                                         : WASOCK_NO_DEADLINE),
                         1);
        assert_ptr_equal(event.token, &ends[1]);
        assert_true(simhost_now_ns() - start_ns < 10 * MS);
        wasock_poller_close(&poller);
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(wasock_conn_close(&ends[i]), 0);
        }
    }
}

/* Design section 5: what an echo costs, in host calls and subscriptions. */
static void count(size_t n_busy, size_t n_idle, double *calls,
                  double *subscriptions)
{
    static struct wasock_poller_event events[64];
    const size_t n_echoes_wanted = 4000;
    size_t n_echoes = 0;

    simhost_reset(1, &simhost_wasi_common);
    open_conns(n_busy + n_idle);
    set_costs();
    uint64_t calls_before = 0;
    uint64_t subscriptions_before = 0;
    while (n_echoes < 2 * n_echoes_wanted) {
        if (calls_before == 0 && n_echoes >= n_echoes_wanted) {
            calls_before = simhost_calls(SIMHOST_ANY_CALL);
            subscriptions_before = simhost_n_subscriptions();
        }
        speak(n_busy);
        const ptrdiff_t n =
            wasock_poller_wait(&poller, events, 64, WASOCK_NO_DEADLINE);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            n_echoes += echo(events[i].token);
        }
    }
    *calls = (double)(simhost_calls(SIMHOST_ANY_CALL) - calls_before) /
             (double)n_echoes_wanted;
    *subscriptions =
        (double)(simhost_n_subscriptions() - subscriptions_before) /
        (double)n_echoes_wanted;
    close_all();
}

static void test_calls_an_echo(void **unused)
{
    double calls = 0;
    double subscriptions = 0;

    (void)unused;
    count(1, 0, &calls, &subscriptions);
    assert_true(calls < 3.01); /* poll, receive, send */
    count(64, 0, &calls, &subscriptions);
    assert_true(calls < 2.1);
    assert_true(subscriptions < 0.3); /* mostly taken for ready */
    count(64, 1000, &calls, &subscriptions);
    assert_true(calls < 2.3);
    assert_true(subscriptions < 1.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_one_among_many),
        cmocka_unit_test(test_ends_of_many_cost_one_poll),
        cmocka_unit_test(test_busy_ones_do_not_hide_others),
        cmocka_unit_test(test_a_fake_sweep_loses_no_time),
        cmocka_unit_test(test_a_quiet_fake_poll),
        cmocka_unit_test(test_closing_a_sharer),
        cmocka_unit_test(test_no_room_does_not_end_reading),
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_a_starved_listener_is_muted),
        cmocka_unit_test(test_a_close_wakes_a_starved_listener),
        cmocka_unit_test(test_a_starved_listener_is_closed_with_others),
        cmocka_unit_test(test_the_same_interest_is_no_news),
        cmocka_unit_test(test_to_look_takes_no_time),
        cmocka_unit_test(test_a_failed_probe_is_repeated),
        cmocka_unit_test(test_a_failed_probe_delays_nobody),
        cmocka_unit_test(test_a_closed_poller),
        cmocka_unit_test(test_a_dead_descriptor),
        cmocka_unit_test(test_stdin),
        cmocka_unit_test(test_clocks_do_not_mix),
        cmocka_unit_test(test_beside_a_network),
        cmocka_unit_test(test_arrivals_of_a_network),
        cmocka_unit_test(test_calls_an_echo),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
