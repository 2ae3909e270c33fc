/* SPDX-License-Identifier: MIT */
/* How late the poller reports, what its waits cost, and accept back-off. */
#include "polled.h"

/* The bound of poller.h's table for `n` registrations while others keep the
 * program busy. */
static uint64_t bound_ns(size_t n)
{
    const uint64_t all_ns = n * (is_host(&simhost_wazero) ? 50000U : 20000U);

    return all_ns > 20 * MS ? all_ns : 20 * MS;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* ---- Latency ---- */

/*
 * Let the first `n_busy` connections echo while the others are idle, and one of
 * those after the other receive bytes. Returns the longest that one of these
 * was readable and not reported, less the longest turn.
 */
static uint64_t worst_latency_ns(size_t n_busy, size_t n_conns)
{
    static struct wasock_poller_event events[N_MAX];
    const uint64_t end_ns = simhost_now_ns() + 20 * bound_ns(n_conns);
    size_t idle = n_busy;
    uint64_t longest_ns = 0;
    uint64_t worst_ns = 0;
    unsigned n_found = 0;

    simhost_peer_send(peers[idle], "xy", 2, SIMHOST_NOW);
    while (simhost_now_ns() < end_ns) {
        const uint64_t before_ns = simhost_now_ns();
        send_to(n_busy);
        const ptrdiff_t n = take(events, N_MAX);
        for (ptrdiff_t i = 0; i < n; i++) {
            const uint64_t since_ns = truth_of(&conns[idle]).readable_since_ns;
            if (echo(events[i].token) && events[i].token == &conns[idle]) {
                worst_ns = larger(worst_ns, simhost_now_ns() - since_ns);
                n_found++;
                idle = idle + 1 < n_conns ? idle + 1 : n_busy;
                simhost_peer_send(peers[idle], "xy", n_found % 2 + 1,
                                  SIMHOST_MS(n_found % 3));
            }
        }
        longest_ns = larger(longest_ns, simhost_now_ns() - before_ns);
    }
    assert_true(n_found >= 10);
    return worst_ns > longest_ns ? worst_ns - longest_ns : 0;
}

/* Idle connections beside busy ones are reported within the table's bound. */
static void test_latency_beside_busy_conns_on(void)
{
    static const size_t sizes[][2] = {{1, 50}, {16, 300}, {64, 1064}};
    const struct simhost_profile profile = simhost_knobs.profile;

    for (size_t i = 0; i < 3; i++) {
        simhost_reset(i + 1, &profile);
        set_costs();
        open_conns(sizes[i][1]);
        const uint64_t late_ns = worst_latency_ns(sizes[i][0], sizes[i][1]);
        assert_in_range(late_ns, 0, bound_ns(sizes[i][1]) + MS);
        close_all();
    }
}
ON_EVERY_HOST(test_latency_beside_busy_conns)

/* The same of the only idle one. */
static void test_latency_of_the_only_idle_conn_on(void)
{
    const size_t n_conns = 41;

    set_costs();
    open_conns(n_conns);
    assert_in_range(worst_latency_ns(n_conns - 1, n_conns), 0,
                    bound_ns(n_conns) + MS);
    close_all();
}
ON_EVERY_HOST(test_latency_of_the_only_idle_conn)

/*
 * One connection stays readable, so that every poll of it returns at once; the
 * program reads it now and then. Data on each of some others is reported within
 * the table's bound.
 */
static void test_latency_beside_a_ready_conn_on(void)
{
    static const size_t sizes[] = {2, 40, 300, 1064};
    static const char bytes[64 * 20000];
    const struct simhost_profile profile = simhost_knobs.profile;

    for (size_t i = 0; i < 8; i++) {
        const size_t n = sizes[i / 2];
        const bool is_read = i % 2 == 1;
        size_t idle = 1;
        simhost_reset(i + 1, &profile);
        set_costs();
        open_conns(n);
        simhost_peer_send(peers[0], bytes, sizeof(bytes), SIMHOST_NOW);
        simhost_peer_send(peers[idle], "xy", 2, SIMHOST_MS(50));
        for (unsigned n_found = 0; n_found < 8;) {
            struct wasock_poller_event event;
            assert_int_equal(take(&event, 1), 1);
            if (event.token != &conns[0] || is_read) {
                n_found += try_read(event.token) && event.token != &conns[0];
            }
            const struct simhost_truth truth = truth_of(&conns[idle]);
            if (truth.is_readable) {
                assert_in_range(simhost_now_ns() - truth.readable_since_ns, 0,
                                bound_ns(n) + MS);
            } else if (event.token == &conns[idle]) {
                idle = 1 + (idle + 37) % (n - 1);
                simhost_peer_send(peers[idle], "xy", 1 + n_found % 2,
                                  SIMHOST_MS(3 * n_found));
            }
        }
        close_all();
    }
}
ON_EVERY_HOST(test_latency_beside_a_ready_conn)

/*
 * One byte on an idle connection beside data on its neighbours, and 64 busy
 * ones. On wasi-common the event of one byte looks like that of a socket that
 * is not ready; those of the neighbours are certain.
 */
static void assert_one_byte_in_time(uint64_t subscription_ns)
{
    static struct wasock_poller_event events[N_MAX];
    const size_t n_conns = 1064;
    uint64_t longest_ns = 0;
    size_t idle = 64;

    set_costs();
    simhost_knobs.costs.subscription_ns = subscription_ns;
    open_conns(n_conns);
    keep_one_busy(n_conns);
    while (idle < 264) {
        const uint64_t before_ns = simhost_now_ns();
        send_to(64);
        if (!truth_of(&conns[idle]).is_readable) {
            idle += 5;
            simhost_peer_send(peers[idle], "x", 1, SIMHOST_NOW);
            for (size_t i = 1; i < 5; i++) {
                simhost_peer_send(peers[idle + i], "xy", 2, SIMHOST_NOW);
            }
        }
        const ptrdiff_t n = take(events, N_MAX);
        for (ptrdiff_t i = 0; i < n; i++) {
            echo(events[i].token);
        }
        longest_ns = larger(longest_ns, simhost_now_ns() - before_ns);
        if (truth_of(&conns[idle]).is_readable) {
            assert_in_range(simhost_now_ns() -
                                truth_of(&conns[idle]).readable_since_ns,
                            0, bound_ns(n_conns) + longest_ns);
        }
    }
    close_all();
}

/* Warm caches and cold ones. */
static void test_latency_of_one_byte_beside_data_on(void)
{
    const struct simhost_profile profile = simhost_knobs.profile;

    assert_one_byte_in_time(500);
    simhost_reset(2, &profile);
    assert_one_byte_in_time(1500);
}
ON_EVERY_HOST(test_latency_of_one_byte_beside_data)

/* After five periods without an event, the next one is reported at once. */
static void test_latency_after_silence_on(void)
{
    static const size_t sizes[] = {1, 50, 1000};
    const struct simhost_profile profile = simhost_knobs.profile;

    for (size_t i = 0; i < 3; i++) {
        for (uint64_t extra = 0; extra < 7; extra++) {
            struct wasock_poller_event event;
            simhost_reset(extra + 1, &profile);
            const size_t n = sizes[i];
            const uint64_t after_ns = 5 * bound_ns(n) + extra * MS;
            const size_t idle = n - 1;
            open_conns(n);
            keep_one_busy(n + 1);
            set_costs();
            simhost_peer_send(peers[idle], "xy", extra % 2 + 1, after_ns);
            const uint64_t due_ns = simhost_now_ns() + after_ns;
            do {
                assert_int_equal(take(&event, 1), 1);
            } while (!try_read(event.token));
            assert_ptr_equal(event.token, &conns[idle]);
            const uint64_t late_ns = simhost_now_ns() - due_ns;
            /* On the others the poll that finds it costs time as well. */
            assert_in_range(late_ns, 0,
                            is_host(&simhost_wazero) ? bound_ns(n) + MS
                                                     : 2 * MS + n * 1500);
            close_all();
        }
    }
}
ON_EVERY_HOST(test_latency_after_silence)

/* In the silence before, the table's bound holds. */
static void test_latency_of_the_first_event_after_busy_times_on(void)
{
    const struct simhost_profile profile = simhost_knobs.profile;

    for (uint64_t after = 0; after < 100; after += 3) {
        struct wasock_poller_event event;
        simhost_reset(after + 1, &profile);
        open_conns(300);
        keep_one_busy(300);
        simhost_peer_send(peers[299], "x", 1, SIMHOST_MS(after));
        const uint64_t due_ns = simhost_now_ns() + after * MS;
        do {
            assert_int_equal(take(&event, 1), 1);
        } while (!try_read(event.token) || event.token != &conns[299]);
        assert_in_range(simhost_now_ns() - due_ns, 0, bound_ns(300) + 2 * MS);
        close_all();
    }
}
ON_EVERY_HOST(test_latency_of_the_first_event_after_busy_times)

/*
 * EOF on a connection that waits for both directions, with a full send buffer,
 * is reported beside a busy one: its event is one byte, as that of a socket
 * that is not ready on wasi-common.
 */
static void test_eof_beside_a_busy_conn_on(void)
{
    bool is_found = false;

    set_costs();
    open_conns(2);
    fill_and_watch_both(1);
    simhost_peer_shutdown(peers[1], SIMHOST_NOW);
    const uint64_t start_ns = simhost_now_ns();
    while (!is_found) {
        struct wasock_poller_event events[8];
        send_to(1);
        const ptrdiff_t n = take(events, 8);
        for (ptrdiff_t i = 0; i < n; i++) {
            if (events[i].token == &conns[0]) {
                try_read(&conns[0]);
            } else if (events[i].ready & WASOCK_READABLE) {
                is_found = true;
            } else {
                assert_int_equal(wasock_conn_try_write(&conns[1], "4", 1),
                                 -WASOCK_EAGAIN);
            }
        }
    }
    assert_in_range(simhost_now_ns() - start_ns, 0, 21 * MS);
    close_all();
}
ON_EVERY_HOST(test_eof_beside_a_busy_conn)

static void assert_listener_in_time(size_t n_busy)
{
    static struct wasock_poller_event events[N_MAX];
    struct wasock_conn accepted = {0};
    uint64_t longest_ns = 0;
    uint64_t worst_ns = 0;
    uint64_t connected_ns = 0;

    open_conns(n_busy);
    watch_socket(&listener.socket, WASOCK_READABLE);
    set_costs();
    const uint64_t end_ns = simhost_now_ns() + 500 * MS;
    while (simhost_now_ns() < end_ns) {
        send_to(n_busy);
        if (connected_ns == 0) {
            simhost_connect(wasock_socket_fd(&listener.socket), SIMHOST_NOW);
            connected_ns = simhost_now_ns();
        }
        const uint64_t before_ns = simhost_now_ns();
        const ptrdiff_t n = take(events, N_MAX);
        for (ptrdiff_t i = 0; i < n; i++) {
            if (events[i].token != &listener) {
                echo(events[i].token);
            } else if (wasock_listener_try_accept(&listener, &accepted) == 0) {
                worst_ns = larger(worst_ns, simhost_now_ns() - connected_ns);
                connected_ns = 0;
                assert_int_equal(wasock_conn_close(&accepted), 0);
            }
        }
        longest_ns = larger(longest_ns, simhost_now_ns() - before_ns);
    }
    if (connected_ns != 0) { /* not reported so far */
        worst_ns = larger(worst_ns, simhost_now_ns() - connected_ns);
    }
    assert_in_range(worst_ns, 1, bound_ns(n_busy) + 2 * longest_ns);
    close_all();
}

/* A listener beside busy connections, where all are polled and where idle ones
 * are polled now and then. */
static void test_listener_beside_busy_conns_on(void)
{
    const struct simhost_profile profile = simhost_knobs.profile;

    assert_listener_in_time(8);
    simhost_reset(2, &profile);
    assert_listener_in_time(1000);
}
ON_EVERY_HOST(test_listener_beside_busy_conns)

/* An interruption at any point of a sweep leaves nobody out. */
static void test_interrupted_sweep_skips_no_registration(void **unused)
{
    (void)unused;
    for (uint64_t nth = 1; nth <= 120; nth++) {
        struct wasock_poller_event events[16];
        bool is_found = false;
        simhost_reset(1, &simhost_wasi_common);
        open_conns(500);
        keep_one_busy(500);
        simhost_knobs.costs.call_ns[SIMHOST_SOCK_RECV] = 50000;
        simhost_peer_send(peers[499], "hi", 2, SIMHOST_NOW);
        simhost_fail(SIMHOST_POLL_ONEOFF, nth, WASOCK_EINTR, 1);
        const uint64_t start_ns = simhost_now_ns();
        while (!is_found) {
            send_to(1);
            const ptrdiff_t n = take(events, 16);
            for (ptrdiff_t i = 0; i < n; i++) {
                is_found |=
                    try_read(events[i].token) && events[i].token == &conns[499];
            }
        }
        assert_in_range(simhost_now_ns() - start_ns, 0, 22 * MS);
        close_all();
    }
}

/* ---- Without a real poll ---- */

/* Each idle connection is tried within the bound, however little time passes
 * between two waits: fewer than two of them are due in each. */
static void test_blind_sweep_loses_no_time(void **unused)
{
    static uint64_t tried_ns[N_MAX];
    const size_t n_conns = 1000;
    struct wasock_poller_event events[64];

    (void)unused;
    simhost_reset(1, &simhost_wazero);
    open_conns(n_conns);
    const uint64_t start_ns = simhost_now_ns();
    for (size_t i = 0; i < n_conns; i++) {
        tried_ns[i] = start_ns;
    }
    while (simhost_now_ns() < start_ns + 500 * MS) {
        send_to(4);
        const ptrdiff_t n = take(events, 64);
        for (ptrdiff_t i = 0; i < n; i++) {
            struct wasock_conn *conn = events[i].token;
            try_read(conn);
            tried_ns[conn - conns] = simhost_now_ns();
        }
        simhost_advance_ns(78000);
        for (size_t i = 0; i < n_conns; i++) {
            assert_in_range(simhost_now_ns() - tried_ns[i], 0,
                            bound_ns(n_conns) + 3 * MS);
        }
    }
    close_all();
}

/* Try what is reported, for a while: none is tried later than the bound. */
static void try_for(uint64_t duration_ns, size_t n_conns, uint64_t *tried_ns)
{
    const uint64_t end_ns = simhost_now_ns() + duration_ns;

    while (simhost_now_ns() < end_ns) {
        struct wasock_poller_event events[64];
        const ptrdiff_t n = take_until(end_ns, events, 64);
        assert_true(n >= 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            struct wasock_conn *conn = events[i].token;
            uint64_t *last_ns = &tried_ns[conn - conns];
            try_read(conn);
            assert_true(*last_ns == 0 ||
                        simhost_now_ns() - *last_ns <= bound_ns(n_conns) + MS);
            *last_ns = simhost_now_ns();
        }
    }
}

/* Silence costs little more than the tries that the bound asks for, and few
 * naps; its beginning and end delay nobody. */
static void test_blind_silence_is_cheap(void **unused)
{
    (void)unused;
    for (size_t n_conns = 100; n_conns <= N_MAX; n_conns += 125) {
        uint64_t tried_ns[N_MAX] = {0};
        simhost_reset(n_conns, &simhost_wazero);
        open_conns(n_conns);
        for (unsigned i = 0; i < 20; i++) {
            simhost_peer_send(peers[i * 37 % n_conns], "hello", 5, SIMHOST_NOW);
            try_for((i * 29 % 20) * 20 * MS, n_conns, tried_ns);
        }
        try_for(200 * MS, n_conns, tried_ns);
        const uint64_t n_tries = simhost_calls(SIMHOST_SOCK_RECV);
        const uint64_t n_naps = simhost_calls(SIMHOST_POLL_ONEOFF);
        try_for(1000 * MS, n_conns, tried_ns);
        const uint64_t n_least = n_conns < 400 ? n_conns * 50 : 20000;
        assert_in_range(simhost_calls(SIMHOST_SOCK_RECV) - n_tries,
                        n_least - n_least / 8, n_least + n_least / 8 + 16 * 95);
        assert_in_range(simhost_calls(SIMHOST_POLL_ONEOFF) - n_naps, 0, 95);
        close_all();
    }
}

/* Idle connections that are closed leave nothing due that a quiet poller would
 * spin on. */
static void test_blind_closed_conns_are_not_due(void **unused)
{
    (void)unused;
    for (size_t n_kept = 0; n_kept < 20; n_kept += 5) {
        uint64_t tried_ns[N_MAX] = {0};
        simhost_reset(1, &simhost_wazero);
        open_conns(60);
        try_for(1005 * MS, 60, tried_ns);
        for (size_t i = n_kept; i < 60; i++) {
            assert_int_equal(wasock_conn_close(&conns[i]), 0);
        }
        const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
        try_for(1000 * MS, 60, tried_ns);
        assert_in_range(simhost_calls(SIMHOST_ANY_CALL) - n_calls, 1,
                        300 + n_kept * 110);
        close_all();
    }
}

/* The same where deadlines end the idle ones. */
static void test_blind_exceeded_conns_are_not_due(void **unused)
{
    (void)unused;
    for (uint64_t offset = 0; offset < 80; offset++) {
        struct wasock_poller_event events[4];
        unsigned n_waits = 0;
        simhost_reset(1, &simhost_wazero);
        open_conns(60);
        watch_socket(&listener.socket, WASOCK_READABLE);
        simhost_knobs.costs.call_ns[SIMHOST_SOCK_RECV] = 20000;
        const uint64_t start_ns = simhost_now_ns();
        for (size_t i = 0; i < 60; i++) {
            set_read_deadline(&conns[i].socket,
                              start_ns + 1000 * MS + offset * MS / 4);
        }
        while (simhost_now_ns() < start_ns + 3000 * MS) {
            struct wasock_conn none = {0};
            const ptrdiff_t n = take_until(start_ns + 3000 * MS, events, 4);
            for (ptrdiff_t i = 0; i < n; i++) {
                if (events[i].token == &listener) {
                    (void)!wasock_listener_try_accept(&listener, &none);
                } else if (events[i].deadline) {
                    assert_int_equal(wasock_conn_close(events[i].token), 0);
                } else {
                    try_read(events[i].token);
                }
            }
            assert_true(++n_waits < 100000);
        }
        close_all();
    }
}

/* ---- Costs with a real poll ---- */

/* While all hot connections are tried without asking, each wait reports all
 * that are ready, and does not ask about all at once either. */
static void test_busy_poller_never_polls_all(void **unused)
{
    static struct wasock_poller_event events[64];
    const size_t n_conns = 164;
    unsigned n_polls = 0;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(n_conns);
    set_costs();
    const uint64_t start_ns = simhost_now_ns();
    while (simhost_now_ns() < start_ns + 2000 * MS) {
        send_to(64);
        const uint64_t n_before = simhost_calls(SIMHOST_POLL_ONEOFF);
        const ptrdiff_t n = take(events, 64);
        const bool is_polled = simhost_calls(SIMHOST_POLL_ONEOFF) > n_before;
        if (simhost_now_ns() > start_ns + 1000 * MS) {
            assert_int_equal(n, 64);
            assert_true(!is_polled || simhost_last_n_subscriptions() < n_conns);
            n_polls += is_polled;
        }
        for (ptrdiff_t i = 0; i < n; i++) {
            echo(events[i].token);
        }
    }
    assert_true(n_polls > 0);
    close_all();
}

/* Where most of the idle ones are ready, connections are tried without asking.
 * A listener is not, as an empty accept is expensive. */
static void test_listener_is_asked_where_others_are_tried(void **unused)
{
    static struct wasock_poller_event events[N_MAX];
    const size_t n_conns = 600;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(n_conns);
    watch_socket(&listener.socket, WASOCK_READABLE);
    set_costs();
    for (size_t turn = 0; turn < 300; turn++) {
        for (size_t i = turn % 3; i < n_conns; i += 3) {
            if (!truth_of(&conns[i]).is_readable) {
                simhost_peer_send(peers[i], "hello", 5, SIMHOST_NOW);
            }
        }
        const ptrdiff_t n = take(events, N_MAX);
        for (ptrdiff_t i = 0; i < n; i++) {
            assert_ptr_not_equal(events[i].token, &listener);
            try_read(events[i].token);
        }
    }
    close_all();
}

/* Accept one of each of `n` listeners that is reported, until all were. */
static void accept_each(struct wasock_listener *listeners, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        simhost_connect(wasock_socket_fd(&listeners[i].socket), SIMHOST_NOW);
    }
    for (size_t n_accepted = 0; n_accepted < n;) {
        struct wasock_poller_event event;
        struct wasock_conn accepted = {0};
        assert_int_equal(take(&event, 1), 1);
        if (wasock_listener_try_accept(event.token, &accepted) == 0) {
            assert_int_equal(wasock_conn_close(&accepted), 0);
            n_accepted++;
        }
    }
}

/* Silence after many accepts: the poller sleeps. */
static void test_sleep_after_busy_listeners(void **unused)
{
    struct wasock_listener listeners[8] = {0};

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(0);
    for (size_t i = 0; i < 8; i++) {
        const int fd = simhost_preopen(SIMHOST_LISTENER);
        assert_int_equal(wasock_listener_from_fd(&listeners[i], fd), 0);
        watch_socket(&listeners[i].socket, WASOCK_READABLE);
    }
    set_costs();
    for (int i = 0; i < 20; i++) {
        accept_each(listeners, 8);
    }
    const uint64_t n_before = simhost_calls(SIMHOST_POLL_ONEOFF);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 100 * MS), 0);
    assert_in_range(simhost_calls(SIMHOST_POLL_ONEOFF) - n_before, 1, 20);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(wasock_listener_close(&listeners[i]), 0);
    }
    close_all();
}

/* A look, or a short wait, asks about a part of many. */
static void test_looks_are_cheap(void **unused)
{
    (void)unused;
    for (int style = 0; style < 2; style++) {
        simhost_reset(1, &simhost_wasi_common);
        open_conns(1000);
        keep_one_busy(1000);
        simhost_advance_ns(100 * MS);
        while (wasock_poller_wait_until_ns(&poller, WASOCK_DEADLINE_PAST) > 0) {
            struct wasock_poller_event event;
            assert_true(wasock_poller_next(&poller, &event));
            try_read(event.token);
        }
        const uint64_t n_before = simhost_n_subscriptions();
        for (int i = 0; i < 1000; i++) {
            assert_int_equal(
                wasock_poller_wait_for_ns(&poller, style == 0 ? 0 : MS), 0);
            if (style == 0) {
                simhost_advance_ns(MS / 10);
            }
        }
        assert_in_range((simhost_n_subscriptions() - n_before) / 1000, 0, 500);
        close_all();
    }
}

/* ---- Accept back-off ---- */

/* Take one event of the listener, until a time; return whether there was
 * one. */
static bool is_listener_reported(uint64_t deadline_ns)
{
    while (simhost_now_ns() < deadline_ns) {
        struct wasock_poller_event event;
        const ptrdiff_t n = take_until(deadline_ns, &event, 1);
        assert_true(n >= 0);
        if (n == 1 && event.token == &listener) {
            return true;
        }
    }
    return false;
}

/* Out of descriptors, the listener is tried every 20 ms; what is closed ends
 * the back-off. */
static void test_accept_back_off_on(void)
{
    const int error = -simhost_knobs.profile.at_limit_error;
    struct wasock_conn extra = {0};
    unsigned n_tries = 0;

    open_conns(2);
    watch_socket(&listener.socket, WASOCK_READABLE);
    (void)!is_listener_reported(simhost_now_ns() + MS);
    simhost_connect(wasock_socket_fd(&listener.socket), SIMHOST_NOW);
    simhost_knobs.n_descriptors_max = simhost_n_open();
    /* wazero keeps the slot of a socket that is closed. */
    simhost_knobs.profile.closed_sockets_keep_their_slot = false;
    const uint64_t end_ns = simhost_now_ns() + 1000 * MS;
    while (is_listener_reported(end_ns)) {
        assert_int_equal(wasock_listener_try_accept(&listener, &extra), error);
        n_tries++;
    }
    assert_in_range(n_tries, is_host(&simhost_wazero) ? 25 : 45, 51);
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    const uint64_t nap_ns = is_host(&simhost_wazero) ? 20 * MS : 0;
    assert_true(is_listener_reported(simhost_now_ns() + nap_ns + 5 * MS));
    assert_int_equal(wasock_listener_try_accept(&listener, &extra), 0);
    assert_int_equal(wasock_conn_close(&extra), 0);
    close_all();
}
ON_EVERY_HOST(test_accept_back_off)

/* The close ends it also if the poller learns of both at once. */
static void test_close_before_accept_back_off_is_seen(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(1);
    run_out_of_descriptors();
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    assert_true(is_listener_reported(simhost_now_ns() + 5 * MS));
    close_all();
}

/* Closing the listener ends its back-off. */
static void test_closing_a_listener_in_back_off(void **unused)
{
    static _Alignas(8) char little[WASOCK_POLLER_SIZE(1)];
    struct wasock_conn extra = {0};

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(1);
    wasock_poller_close(&poller);
    assert_int_equal(wasock_poller_init(&poller, little, sizeof(little)), 0);
    for (int i = 0; i < 2; i++) {
        const int fd = simhost_preopen(SIMHOST_LISTENER);
        simhost_knobs.n_descriptors_max = 0;
        struct wasock_listener other = {0};
        assert_int_equal(wasock_listener_from_fd(&other, fd), 0);
        watch_socket(&other.socket, WASOCK_READABLE);
        simhost_connect(fd, SIMHOST_NOW);
        simhost_knobs.n_descriptors_max = simhost_n_open();
        assert_int_equal(wasock_listener_try_accept(&other, &extra),
                         -WASOCK_EMFILE);
        assert_int_equal(wasock_poller_wait_for_ns(&poller, 0), 0);
        assert_int_equal(wasock_listener_close(&other), 0);
        assert_int_equal(
            wasock_poller_wait_until_ns(&poller, WASOCK_NO_DEADLINE),
            -WASOCK_EDEADLOCK);
    }
    close_all();
}

/* A second listener's back-off does not prolong the first one's. */
static void test_back_off_of_two_listeners(void **unused)
{
    struct wasock_poller_event events[8];
    struct wasock_listener other = {0};
    struct wasock_conn extra = {0};
    bool is_reported = false;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(1);
    const int other_fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&other, other_fd), 0);
    watch_socket(&other.socket, WASOCK_READABLE);
    run_out_of_descriptors();
    const uint64_t start_ns = simhost_now_ns();
    simhost_connect(other_fd, SIMHOST_MS(18));
    while (!is_reported) {
        const ptrdiff_t n = take_until(start_ns + 500 * MS, events, 8);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            is_reported |= events[i].token == &listener;
            if (events[i].token == &other &&
                simhost_now_ns() >= start_ns + 18 * MS) {
                assert_int_equal(wasock_listener_try_accept(&other, &extra),
                                 -WASOCK_EMFILE);
            }
        }
    }
    assert_in_range(simhost_now_ns() - start_ns, 18 * MS, 22 * MS);
    assert_int_equal(wasock_listener_close(&other), 0);
    close_all();
}

/* A clock that fails once does not make the back-off endless. */
static void test_back_off_ends_after_a_clock_failure(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(1);
    run_out_of_descriptors();
    simhost_fail(SIMHOST_CLOCK_TIME_GET, 1, WASOCK_EIO, 1);
    assert_true(is_listener_reported(simhost_now_ns() + 100 * MS));
    close_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latency_beside_busy_conns),
        cmocka_unit_test(test_latency_of_the_only_idle_conn),
        cmocka_unit_test(test_latency_beside_a_ready_conn),
        cmocka_unit_test(test_latency_of_one_byte_beside_data),
        cmocka_unit_test(test_latency_after_silence),
        cmocka_unit_test(test_latency_of_the_first_event_after_busy_times),
        cmocka_unit_test(test_eof_beside_a_busy_conn),
        cmocka_unit_test(test_listener_beside_busy_conns),
        cmocka_unit_test(test_interrupted_sweep_skips_no_registration),
        cmocka_unit_test(test_blind_sweep_loses_no_time),
        cmocka_unit_test(test_blind_silence_is_cheap),
        cmocka_unit_test(test_blind_closed_conns_are_not_due),
        cmocka_unit_test(test_blind_exceeded_conns_are_not_due),
        cmocka_unit_test(test_busy_poller_never_polls_all),
        cmocka_unit_test(test_listener_is_asked_where_others_are_tried),
        cmocka_unit_test(test_sleep_after_busy_listeners),
        cmocka_unit_test(test_looks_are_cheap),
        cmocka_unit_test(test_accept_back_off),
        cmocka_unit_test(test_close_before_accept_back_off_is_seen),
        cmocka_unit_test(test_closing_a_listener_in_back_off),
        cmocka_unit_test(test_back_off_of_two_listeners),
        cmocka_unit_test(test_back_off_ends_after_a_clock_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
