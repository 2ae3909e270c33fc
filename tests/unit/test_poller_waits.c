/* SPDX-License-Identifier: MIT */
/* The poller keeps nobody waiting, and asks nothing in vain. */
#include "polled.h"

#include <wasock/fakenet.h>

/* One connection, both directions: what is to be read does not hide for
 * ever that there is room. */
static void test_reading_does_not_hide_room(void **unused)
{
    char bytes[100000] = {0};
    unsigned n_waits = 0;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    set_costs();
    open_conns(1);
    watch_both(0);
    /* There is room all the time, and always more to read. */
    for (;;) {
        struct wasock_poller_event events[8];
        if (simhost_truth(wasock_socket_fd(&conns[0].socket)).n_readable <
            50000) {
            simhost_peer_send(peers[0], bytes, sizeof(bytes), SIMHOST_NOW);
        }
        const ptrdiff_t n =
            wasock_poller_wait(&poller, events, 8, WASOCK_NO_DEADLINE);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            if (events[i].ready & WASOCK_WRITABLE) {
                close_all();
                return;
            }
            assert_true(wasock_conn_try_read(&conns[0], bytes, 4096) > 0);
        }
        assert_true(++n_waits < 20000); /* some 50 ms and more */
    }
}

/* The end of a stream of one that waits for both is told beside one that
 * is busy. */
static void test_an_end_is_told_beside_a_busy_one(void **unused)
{
    char bytes[64];
    unsigned n_waits = 0;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    set_costs();
    open_conns(2);
    fill_and_watch_both(1);
    simhost_peer_shutdown(peers[1], SIMHOST_NOW);
    for (;;) {
        struct wasock_poller_event events[8];
        speak(1);
        const ptrdiff_t n =
            wasock_poller_wait(&poller, events, 8, WASOCK_NO_DEADLINE);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            struct wasock_conn *conn = events[i].token;
            if (conn == &conns[0]) {
                (void)!wasock_conn_try_read(conn, bytes, sizeof(bytes));
            } else if (events[i].ready & WASOCK_READABLE) {
                close_all();
                return;
            } else {
                (void)!wasock_conn_try_write(conn, "456789", 6);
            }
        }
        assert_true(++n_waits < 20000);
    }
}

/* Fake poll: what is owed to idle ones that are gone does not make a quiet
 * poller spin. */
static void test_a_fake_poll_owes_nothing_to_nobody(void **unused)
{
    struct wasock_poller_event event;
    const size_t n_conns = 60;

    (void)unused;
    simhost_reset(1, &simhost_wazero);
    open_conns(n_conns);
    uint64_t end_ns = simhost_now_ns() + 1000 * MS;
    while (simhost_now_ns() < end_ns || poller.n_due_ == 0) { /* quiet */
        assert_true(
            wasock_poller_wait(&poller, &event, 1, WASOCK_NO_DEADLINE) == 1);
    }
    /* The idle ones go, as those do whose deadline was exceeded. */
    for (size_t i = 0; i < n_conns; i++) {
        if (is_idle(i)) {
            assert_int_equal(wasock_conn_close(&conns[i]), 0);
        }
    }
    unsigned n_events = 0;
    end_ns = simhost_now_ns() + 1000 * MS;
    while (simhost_now_ns() < end_ns) {
        const ptrdiff_t n = wasock_poller_wait(&poller, &event, 1, end_ns);
        assert_true(n >= 0);
        char byte = 0;
        if (n > 0) {
            assert_int_equal(wasock_conn_try_read(event.token, &byte, 1),
                             -WASOCK_EAGAIN);
        }
        assert_true(++n_events < 100000);
    }
    close_all();
}

/* The same as a program would meet it: deadlines that end all idle ones. */
static void test_a_fake_poll_owes_nothing_after_deadlines(void **unused)
{
    const size_t n_conns = 60;

    (void)unused;
    for (uint64_t offset = 0; offset < 80; offset++) {
        struct wasock_poller_event events[4];
        unsigned n_waits = 0;
        simhost_reset(1, &simhost_wazero);
        open_conns(n_conns);
        assert_int_equal(wasock_poller_add(&poller, &listener.socket,
                                           WASOCK_READABLE, &listener),
                         0);
        simhost_knobs.call_cost_ns[SIMHOST_SOCK_RECV] = 20000;
        const uint64_t start_ns = simhost_now_ns();
        for (size_t i = 0; i < n_conns; i++) {
            wasock_socket_set_deadline_ns(&conns[i].socket, WASOCK_READABLE,
                                          start_ns + 1000 * MS +
                                              offset * MS / 4);
        }
        while (simhost_now_ns() < start_ns + 3000 * MS) {
            struct wasock_conn none = {0};
            const ptrdiff_t n =
                wasock_poller_wait(&poller, events, 4, start_ns + 3000 * MS);
            assert_true(n >= 0);
            for (ptrdiff_t i = 0; i < n; i++) {
                char byte = 0;
                if (events[i].token == &listener) {
                    (void)!wasock_listener_try_accept(&listener, &none);
                } else if (events[i].deadline) {
                    assert_int_equal(wasock_conn_close(events[i].token), 0);
                } else {
                    (void)!wasock_conn_try_read(events[i].token, &byte, 1);
                }
            }
            if (++n_waits >= 100000) {
                fail_msg("spins at offset %u: due %u, idle %u",
                         (unsigned)offset, poller.n_due_,
                         poller.n_subscriptions_ - poller.n_active_);
            }
        }
        close_all();
    }
}

/* Capacity: hosted ones get their turn beside those of a network. */
static _Alignas(
    WASOCK_FAKENET_ALIGNMENT) char net_memory[WASOCK_FAKENET_SIZE(4, 10000)];

static void test_a_ready_network_does_not_hide_the_host(void **unused)
{
    const struct wasock_fakenet_options options = {.clock =
                                                       WASOCK_FAKENET_HOST};
    struct wasock_fakenet net;
    struct wasock_conn ends[2] = {0};

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(1);
    assert_int_equal(
        wasock_fakenet_init(&net, net_memory, sizeof(net_memory), 4, &options),
        0);
    assert_int_equal(wasock_fakenet_pair(&net, &ends[0], &ends[1]), 0);
    assert_int_equal(
        wasock_poller_add(&poller, &ends[0].socket, WASOCK_WRITABLE, &ends[0]),
        0);
    simhost_peer_send(peers[0], "hello", 5, SIMHOST_NOW);
    bool is_told = false;
    for (int i = 0; i < 1000 && !is_told; i++) {
        struct wasock_poller_event event;
        assert_int_equal(
            wasock_poller_wait(&poller, &event, 1, WASOCK_NO_DEADLINE), 1);
        is_told = event.token == &conns[0];
        simhost_advance_ns(100000);
    }
    assert_true(is_told);
    assert_int_equal(wasock_conn_close(&ends[0]), 0);
    assert_int_equal(wasock_conn_close(&ends[1]), 0);
    close_all();
}

/* "At once when nothing has happened for a while: 1 ms". */
static void test_quiet_begins_after_a_millisecond(void **unused)
{
    char buffer[8];

    (void)unused;
    uint64_t worst_ns = 0;
    for (uint64_t after = 2; after < 16; after++) {
        simhost_reset(after, &simhost_wasi_common);
        open_conns(50);
        struct wasock_poller_event events[64];
        /* Let most become idle: a busy one for some time. */
        uint64_t end_ns = simhost_now_ns() + 500 * MS;
        while (simhost_now_ns() < end_ns) {
            simhost_peer_send(peers[0], "hello", 5, SIMHOST_NOW);
            ptrdiff_t n =
                wasock_poller_wait(&poller, events, 64, WASOCK_NO_DEADLINE);
            assert_true(n > 0);
            for (ptrdiff_t i = 0; i < n; i++) {
                (void)!wasock_conn_try_read(events[i].token, buffer, 8);
            }
            simhost_advance_ns(MS / 2);
        }
        assert_true(poller.n_subscriptions_ - poller.n_active_ > 20);
        const size_t idle = last_idle(50);
        simhost_peer_send(peers[idle], "hi", 2, SIMHOST_MS(after));
        const uint64_t begin_ns = simhost_now_ns();
        bool is_told = false;
        while (!is_told) {
            ptrdiff_t n =
                wasock_poller_wait(&poller, events, 64, WASOCK_NO_DEADLINE);
            for (ptrdiff_t i = 0; i < n; i++) {
                is_told |= events[i].token == &conns[idle] &&
                           simhost_now_ns() >= begin_ns + after * MS;
                (void)!wasock_conn_try_read(events[i].token, buffer, 0);
            }
        }
        const uint64_t late_ns = simhost_now_ns() - begin_ns - after * MS;
        worst_ns = late_ns > worst_ns ? late_ns : worst_ns;
        close_all();
    }
    assert_in_range(worst_ns, 0, 2 * MS);
}

/* A listener beside many busy ones. */
static void test_a_listener_beside_busy_ones(void **unused)
{
    static struct wasock_poller_event events[N_MAX];
    const size_t n_busy = 1000;
    struct wasock_conn accepted = {0};
    uint64_t worst_ns = 0;
    uint64_t longest_ns = 0;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(n_busy);
    assert_int_equal(wasock_poller_add(&poller, &listener.socket,
                                       WASOCK_READABLE, &listener),
                     0);
    set_costs();
    const uint64_t end_ns = simhost_now_ns() + 3000 * MS;
    uint64_t connect_ns = 0;
    while (simhost_now_ns() < end_ns) {
        speak(n_busy);
        if (connect_ns == 0) {
            simhost_connect(wasock_socket_fd(&listener.socket), SIMHOST_NOW);
            connect_ns = simhost_now_ns();
        }
        const uint64_t before_ns = simhost_now_ns();
        const ptrdiff_t n =
            wasock_poller_wait(&poller, events, N_MAX, WASOCK_NO_DEADLINE);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            if (events[i].token == &listener) {
                if (wasock_listener_try_accept(&listener, &accepted) == 0) {
                    const uint64_t late_ns = simhost_now_ns() - connect_ns;
                    worst_ns = late_ns > worst_ns ? late_ns : worst_ns;
                    connect_ns = 0;
                    assert_int_equal(wasock_conn_close(&accepted), 0);
                }
                continue;
            }
            echo(events[i].token);
        }
        const uint64_t turn_ns = simhost_now_ns() - before_ns;
        longest_ns = turn_ns > longest_ns ? turn_ns : longest_ns;
    }
    assert_true(worst_ns <= 20 * MS + 2 * longest_ns);
    close_all();
}

/* Another listener's starvation does not prolong one's own. */
static void test_muted_for_20_ms_each(void **unused)
{
    struct wasock_poller_event events[8];
    struct wasock_listener other = {0};
    struct wasock_conn extra = {0};

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(1);
    const int other_fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&other, other_fd), 0);
    assert_int_equal(
        wasock_poller_add(&poller, &other.socket, WASOCK_READABLE, &other), 0);
    starve();
    const uint64_t starved_ns = simhost_now_ns();
    simhost_connect(other_fd, SIMHOST_MS(18));
    bool is_told = false;
    while (!is_told) {
        const ptrdiff_t n =
            wasock_poller_wait(&poller, events, 8, starved_ns + 500 * MS);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            is_told |= events[i].token == &listener;
            if (events[i].token == &other &&
                simhost_now_ns() >= starved_ns + 18 * MS) {
                assert_int_equal(wasock_listener_try_accept(&other, &extra),
                                 -WASOCK_EMFILE);
            }
        }
    }
    assert_in_range(simhost_now_ns() - starved_ns, 0, 22 * MS);
    assert_int_equal(wasock_listener_close(&other), 0);
    close_all();
}

/* A generation comes round. */
static void test_generation_wrap(void **unused)
{
    struct wasock_poller_event event;
    static _Alignas(8) char little[WASOCK_POLLER_SIZE(2)];
    struct wasock_poller small;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    open_conns(3);
    simhost_knobs.n_idle_calls_max = 100000000;
    wasock_poller_close(&poller);
    assert_int_equal(wasock_poller_init(&small, little, sizeof(little)), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            wasock_poller_add(&small, &conns[i].socket, 1, &conns[i]), 0);
    }
    simhost_peer_send(peers[0], "hello", 5, SIMHOST_NOW);
    simhost_peer_send(peers[1], "hello", 5, SIMHOST_NOW);
    simhost_set_event(wasock_socket_fd(&conns[1].socket), WASOCK_EBADF, 0);
    assert_int_equal(
        wasock_poller_wait(&small, &event, 1, WASOCK_DEADLINE_PAST), 1);
    assert_ptr_equal(event.token, &conns[0]);
    assert_int_equal(wasock_poller_remove(&small, &conns[1].socket), 0);
    for (int i = 0; i < 65535; i++) {
        assert_int_equal(
            wasock_poller_add(&small, &conns[2].socket, 1, &conns[2]), 0);
        assert_int_equal(wasock_poller_remove(&small, &conns[2].socket), 0);
    }
    assert_int_equal(wasock_poller_add(&small, &conns[2].socket, 1, &conns[2]),
                     0);
    char buffer[8];
    assert_int_equal(wasock_conn_try_read(&conns[0], buffer, 8), 5);
    const ptrdiff_t n =
        wasock_poller_wait(&small, &event, 1, WASOCK_DEADLINE_PAST);
    assert_int_equal(n, 0);
    wasock_poller_close(&small);
    close_all();
}

/* stdout on wazero, alone in a poller. */
static void test_stdout_alone(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        struct wasock_pollable output = {0};
        struct wasock_poller_event event;
        simhost_reset(host + 1, simhost_profiles[host]);
        open_conns(0);
        simhost_allow(SIMHOST_FAKE_POLL_WRITE, true);
        assert_int_equal(wasock_pollable_from_fd(&output, 1), 0);
        assert_int_equal(wasock_poller_add(&poller, &output.socket,
                                           WASOCK_WRITABLE, &output),
                         0);
        const uint64_t before_ns = simhost_now_ns();
        const ptrdiff_t n = wasock_poller_wait(&poller, &event, 1,
                                               wasock_deadline_after_ms(5000));
        assert_int_equal(n, 1);
        assert_in_range(simhost_now_ns() - before_ns, 0, 25 * MS);
        assert_int_equal(wasock_pollable_close(&output), 0);
        close_all();
    }
}

/* While all that are active are taken for ready, it is not quiet. */
static void test_assumed_is_not_quiet(void **unused)
{
    static struct wasock_poller_event events[64];
    const size_t n_busy = 64;
    const size_t n_idle = 100;
    unsigned n_whole = 0;
    unsigned n_polls = 0;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(n_busy + n_idle);
    set_costs();
    const uint64_t start_ns = simhost_now_ns();
    while (simhost_now_ns() < start_ns + 2000 * MS) {
        speak(n_busy);
        const uint64_t polls = simhost_calls(SIMHOST_POLL_ONEOFF);
        const ptrdiff_t n =
            wasock_poller_wait(&poller, events, 64, WASOCK_NO_DEADLINE);
        assert_true(n > 0);
        if (simhost_now_ns() > start_ns + 1000 * MS &&
            simhost_calls(SIMHOST_POLL_ONEOFF) > polls) {
            n_polls++;
            n_whole += simhost_last_n_subscriptions() >= n_busy + n_idle;
        }
        for (ptrdiff_t i = 0; i < n; i++) {
            echo(events[i].token);
        }
    }
    assert_true(n_polls > 0);
    assert_int_equal(n_whole, 0);
    close_all();
}

/* What is ready while the clock failed once. */
static void test_a_clock_that_failed_mutes_for_ever(void **unused)
{
    struct wasock_poller_event event;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(1);
    starve();
    simhost_fail(SIMHOST_CLOCK_TIME_GET, 1, WASOCK_EIO, 1);
    const uint64_t end_ns = simhost_now_ns() + 1000 * MS;
    assert_int_equal(wasock_poller_wait(&poller, &event, 1, end_ns), 1);
    close_all();
}

/* What a look costs does not follow how many are watched. */
static void test_looks_in_a_quiet_time(void **unused)
{
    struct wasock_poller_event events[8];

    (void)unused;
    for (int style = 0; style < 2; style++) {
        simhost_reset(1, &simhost_wasi_common);
        open_conns(1000);
        for (int i = 0; i < 3000; i++) { /* let them become idle */
            char byte = 0;
            simhost_peer_send(peers[0], "xy", 2, SIMHOST_NOW);
            const ptrdiff_t n =
                wasock_poller_wait(&poller, events, 8, WASOCK_NO_DEADLINE);
            for (ptrdiff_t k = 0; k < n; k++) {
                (void)!wasock_conn_try_read(events[k].token, &byte, 1);
                (void)!wasock_conn_try_read(events[k].token, &byte, 1);
            }
        }
        simhost_advance_ns(100 * MS);
        assert_true(
            wasock_poller_wait(&poller, events, 8, WASOCK_DEADLINE_PAST) >= 0);
        char rest[8];
        while (wasock_conn_try_read(&conns[0], rest, 8) > 0) {
        }
        while (wasock_poller_wait(&poller, events, 8, WASOCK_DEADLINE_PAST) >
               0) {
        }
        const uint64_t n_before = simhost_n_subscriptions();
        for (int i = 0; i < 1000; i++) {
            assert_int_equal(wasock_poller_wait(&poller, events, 8,
                                                style == 0
                                                    ? WASOCK_DEADLINE_PAST
                                                    : simhost_now_ns() + MS),
                             0);
            if (style == 0) {
                simhost_advance_ns(MS / 10);
            }
        }
        assert_in_range((simhost_n_subscriptions() - n_before) / 1000, 0, 200);
        close_all();
    }
}

/* A sweep that was interrupted goes on where it was. */
static void test_an_interrupted_sweep_misses_nobody(void **unused)
{
    uint64_t worst_ns = 0;

    (void)unused;
    for (uint64_t nth = 1; nth <= 120; nth++) {
        struct wasock_poller_event events[16];
        char buffer[64];
        size_t idle = 0;
        bool is_told = false;
        simhost_reset(1, &simhost_wasi_common);
        simhost_knobs.call_cost_ns[SIMHOST_SOCK_RECV] = 50000;
        open_conns(500);
        const uint64_t start_ns = simhost_now_ns();
        while (!is_told) {
            speak(1);
            if (idle == 0 && simhost_now_ns() > start_ns + 200 * MS) {
                idle = last_idle(500);
                simhost_peer_send(peers[idle], "hi", 2, SIMHOST_NOW);
                simhost_fail(SIMHOST_POLL_ONEOFF, nth, WASOCK_EINTR, 1);
            }
            const ptrdiff_t n =
                wasock_poller_wait(&poller, events, 16, WASOCK_NO_DEADLINE);
            assert_true(n > 0 || n == -WASOCK_EINTR);
            for (ptrdiff_t i = 0; i < n; i++) {
                const ptrdiff_t n_read = wasock_conn_try_read(
                    events[i].token, buffer, sizeof(buffer));
                if (idle != 0 && events[i].token == &conns[idle] &&
                    n_read == 2) {
                    is_told = true;
                }
            }
            if (!is_told && idle != 0) {
                const struct simhost_truth truth =
                    simhost_truth(wasock_socket_fd(&conns[idle].socket));
                const uint64_t late_ns =
                    simhost_now_ns() - truth.readable_since_ns;
                worst_ns = late_ns > worst_ns ? late_ns : worst_ns;
            }
        }
        close_all();
    }
    assert_in_range(worst_ns, 0, 22 * MS);
}

/* An interrupted look at stdin does not make it ready. */
static void test_interrupted_stdin(void **unused)
{
    struct wasock_pollable input = {0};
    struct wasock_poller_event events[8];

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(2);
    assert_int_equal(wasock_pollable_from_fd(&input, 0), 0);
    assert_int_equal(
        wasock_poller_add(&poller, &input.socket, WASOCK_READABLE, &input), 0);
    assert_int_equal(
        wasock_poller_wait(&poller, events, 8, WASOCK_DEADLINE_PAST), 0);
    simhost_peer_send(peers[0], "x", 1, SIMHOST_NOW);
    simhost_fail(SIMHOST_POLL_ONEOFF, 2, WASOCK_EINTR, 1);
    const ptrdiff_t n =
        wasock_poller_wait(&poller, events, 8, WASOCK_NO_DEADLINE);
    assert_true(n > 0);
    for (ptrdiff_t i = 0; i < n; i++) {
        assert_ptr_not_equal(events[i].token, &input);
    }
    assert_int_equal(wasock_pollable_close(&input), 0);
    close_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading_does_not_hide_room),
        cmocka_unit_test(test_an_end_is_told_beside_a_busy_one),
        cmocka_unit_test(test_a_fake_poll_owes_nothing_to_nobody),
        cmocka_unit_test(test_a_fake_poll_owes_nothing_after_deadlines),
        cmocka_unit_test(test_a_ready_network_does_not_hide_the_host),
        cmocka_unit_test(test_quiet_begins_after_a_millisecond),
        cmocka_unit_test(test_a_listener_beside_busy_ones),
        cmocka_unit_test(test_muted_for_20_ms_each),
        cmocka_unit_test(test_generation_wrap),
        cmocka_unit_test(test_stdout_alone),
        cmocka_unit_test(test_assumed_is_not_quiet),
        cmocka_unit_test(test_a_clock_that_failed_mutes_for_ever),
        cmocka_unit_test(test_looks_in_a_quiet_time),
        cmocka_unit_test(test_an_interrupted_sweep_misses_nobody),
        cmocka_unit_test(test_interrupted_stdin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
