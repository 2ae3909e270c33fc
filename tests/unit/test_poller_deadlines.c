/* SPDX-License-Identifier: MIT */
/* When a wait of the poller ends: deadlines, timeouts, clocks, signals. */
#include "polled.h"

#include <wasock/fakenet.h>

/* Take all events and read each connection. Returns how many had bytes. */
static unsigned read_pending(void)
{
    struct wasock_poller_event event;
    unsigned n_read = 0;

    while (wasock_poller_next(&poller, &event)) {
        struct wasock_conn none = {0};
        if (event.token == &listener) {
            assert_int_equal(wasock_listener_try_accept(&listener, &none),
                             -WASOCK_EAGAIN);
        } else if (event.ready & WASOCK_READABLE) {
            n_read += try_read(event.token);
        }
    }
    return n_read;
}

/* ---- The end of a wait ---- */

/* A loop of looks ends at once when nothing is ready, with what was ready
 * read. */
static void test_loop_of_looks_ends_on(void)
{
    const struct simhost_profile profile = simhost_knobs.profile;

    for (size_t n = 1; n <= 1000; n *= 10) {
        unsigned n_looks = 0;
        unsigned n_read = 0;
        simhost_reset(n, &profile);
        open_conns(n);
        watch_socket(&listener.socket, WASOCK_READABLE);
        send_to(1);
        const uint64_t start_ns = simhost_now_ns();
        while (wasock_poller_wait_until_ns(&poller, WASOCK_DEADLINE_PAST) > 0) {
            n_read += read_pending();
            assert_true(++n_looks <= 3);
        }
        assert_int_equal(n_read, 1);
        while (wasock_poller_wait_for_ns(&poller, 0) > 0) {
            n_read += read_pending();
            assert_true(++n_looks <= 5);
        }
        assert_int_equal(simhost_now_ns(), start_ns);
        close_all();
    }
}
ON_EVERY_HOST(test_loop_of_looks_ends)

/* Silence reaches 0: a timeout of 100 ms, with silent clients and a listener,
 * returns 0 a hundred times in 10 s. */
static void test_silence_ends_each_timeout_on(void)
{
    const struct simhost_profile profile = simhost_knobs.profile;

    for (size_t n = 4; n <= 400; n *= 10) {
        unsigned n_timeouts = 0;
        simhost_reset(n, &profile);
        open_conns(n);
        watch_socket(&listener.socket, WASOCK_READABLE);
        const uint64_t start_ns = simhost_now_ns();
        while (simhost_now_ns() < start_ns + 10000 * MS) {
            const ptrdiff_t n_events =
                wasock_poller_wait_for_ns(&poller, 100 * MS);
            assert_true(n_events >= 0);
            n_timeouts += n_events == 0;
            assert_int_equal(read_pending(), 0);
        }
        assert_in_range(n_timeouts, 95, 100);
        close_all();
    }
}
ON_EVERY_HOST(test_silence_ends_each_timeout)

/* A wait never ends with 0 before its deadline, nor 2 ms after it; both forms,
 * whether others are silent or busy. */
static void test_deadlines_are_met_on(void)
{
    const struct simhost_profile profile = simhost_knobs.profile;

    for (uint64_t wait = 1; wait < 400; wait = wait * 3 / 2 + 1) {
        for (int is_relative = 0; is_relative < 2; is_relative++) {
            ptrdiff_t n = 0;
            simhost_reset(wait, &profile);
            open_conns(200);
            keep_one_busy(200);
            const uint64_t duration_ns = wait * MS - MS / 3;
            const uint64_t end_ns = simhost_now_ns() + duration_ns;
            (void)!wasock_poller_wait_for_ns(&poller, 0);
            read_pending();
            do {
                n = is_relative
                        ? wasock_poller_wait_for_ns(&poller, duration_ns)
                        : wasock_poller_wait_until_ns(&poller, end_ns);
                assert_true(n >= 0);
                read_pending();
            } while (n > 0);
            assert_in_range(simhost_now_ns(), end_ns, end_ns + 2 * MS);
            close_all();
        }
    }
}
ON_EVERY_HOST(test_deadlines_are_met)

/* Data that arrives between timeouts, short ones too, is reported within the
 * bound, and only silence counts as a timeout. */
static void test_data_between_timeouts_on(void)
{
    static const uint64_t timeouts_ns[] = {0, MS, 5 * MS, 100 * MS};
    const struct simhost_profile profile = simhost_knobs.profile;

    for (size_t i = 0; i < 4; i++) {
        unsigned n_read = 0;
        simhost_reset(i + 1, &profile);
        open_conns(300);
        for (unsigned k = 0; k < 30; k++) {
            simhost_peer_send(peers[k * 7 % 300], "x", 1,
                              SIMHOST_MS(k * 37 + 1));
        }
        const uint64_t end_ns = simhost_now_ns() + 30 * 37 * MS + 20 * MS;
        while (simhost_now_ns() < end_ns) {
            assert_true(wasock_poller_wait_for_ns(&poller, timeouts_ns[i]) >=
                        0);
            n_read += read_pending();
            if (timeouts_ns[i] == 0) {
                simhost_advance_ns(MS);
            }
            for (size_t k = 0; k < 300; k++) {
                const uint64_t since_ns = truth_of(&conns[k]).readable_since_ns;
                assert_true(since_ns == 0 ||
                            simhost_now_ns() - since_ns <= 22 * MS);
            }
        }
        assert_int_equal(n_read, 30);
        close_all();
    }
}
ON_EVERY_HOST(test_data_between_timeouts)

/* An event that was right restarts a timeout. */
static void test_event_restarts_the_timeout_on(void)
{
    ptrdiff_t n = 0;
    unsigned n_read = 0;

    open_conns(4);
    simhost_peer_send(peers[2], "x", 1, SIMHOST_MS(60));
    const uint64_t start_ns = simhost_now_ns();
    while ((n = wasock_poller_wait_for_ns(&poller, 100 * MS)) > 0) {
        n_read += read_pending();
    }
    assert_int_equal(n, 0);
    assert_int_equal(n_read, 1);
    assert_in_range(simhost_now_ns() - start_ns, 160 * MS, 182 * MS);
    close_all();
}
ON_EVERY_HOST(test_event_restarts_the_timeout)

/* So does the deadline of an object. */
static void test_object_deadline_restarts_the_timeout_on(void)
{
    ptrdiff_t n = 0;

    open_conns(4);
    const uint64_t start_ns = simhost_now_ns();
    set_read_deadline(&conns[1].socket, start_ns + 60 * MS);
    while ((n = wasock_poller_wait_for_ns(&poller, 100 * MS)) > 0) {
        read_pending();
    }
    assert_int_equal(n, 0);
    assert_in_range(simhost_now_ns() - start_ns, 160 * MS, 164 * MS);
    close_all();
}
ON_EVERY_HOST(test_object_deadline_restarts_the_timeout)

/* The longest timeout and the latest deadline overflow nothing. */
static void test_longest_timeouts_on(void)
{
    open_conns(1);
    for (unsigned form = 0; form < 4; form++) {
        ptrdiff_t n_read = 0;
        simhost_peer_send(peers[0], "x", 1, SIMHOST_MS(65 * 60 * 1000));
        while (n_read == 0) {
            const ptrdiff_t n =
                form < 2 ? wasock_poller_wait_for_ns(&poller, UINT64_MAX - form)
                         : wasock_poller_wait_until_ns(
                               &poller,
                               form == 2 ? WASOCK_NO_DEADLINE : UINT64_MAX - 1);
            assert_true(n > 0);
            n_read = read_pending();
        }
    }
    close_all();
}
ON_EVERY_HOST(test_longest_timeouts)

/* ---- Deadlines of objects ---- */

#define N 300

/* Take events until a time; note the deadlines reported, by side. */
static void count_deadlines(uint64_t end_ns, uint64_t (*due_ns)[2],
                            unsigned (*n_reported)[2])
{
    while (simhost_now_ns() < end_ns) {
        struct wasock_poller_event events[N];
        const ptrdiff_t n = take_until(end_ns, events, N);
        assert_true(n >= 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            const size_t at =
                (size_t)((struct wasock_conn *)events[i].token - conns);
            for (unsigned side = 0; side < 2; side++) {
                if (events[i].deadline & (1U << side)) {
                    assert_in_range(simhost_now_ns(), due_ns[at][side],
                                    due_ns[at][side] + 2 * MS);
                    n_reported[at][side]++;
                }
            }
        }
    }
}

/* Each deadline is reported once, by side; the last one set counts. */
static void test_each_deadline_is_reported_once_on(void)
{
    static uint64_t due_ns[N][2];
    unsigned n_reported[N][2] = {{0}};

    open_conns(N);
    const uint64_t start_ns = simhost_now_ns();
    for (size_t i = 0; i < N; i++) {
        due_ns[i][0] = start_ns + (N - i) * MS;
        due_ns[i][1] = start_ns + (N + i) * MS;
        set_read_deadline(&conns[i].socket, due_ns[i][0]);
        set_write_deadline(&conns[i].socket, due_ns[i][1]);
    }
    assert_null(look_at(&listener).token); /* let the poller know of them */
    for (size_t i = 0; i < N; i += 2) {
        due_ns[i][0] =
            i % 4 == 0 ? WASOCK_NO_DEADLINE : start_ns + (2 * N + i) * MS;
        set_read_deadline(&conns[i].socket, due_ns[i][0]);
    }
    for (size_t i = 1; i < N; i += 10) { /* an earlier one */
        due_ns[i][1] = start_ns + (i + 5) * MS;
        set_write_deadline(&conns[i].socket, due_ns[i][1]);
    }
    count_deadlines(start_ns + 4 * N * MS, due_ns, n_reported);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(n_reported[i][0], i % 4 != 0);
        assert_int_equal(n_reported[i][1], 1);
    }
    set_read_deadline(&conns[7].socket, WASOCK_DEADLINE_PAST);
    assert_int_equal(look_at(&conns[7]).deadline, WASOCK_READABLE);
    assert_int_equal(look_at(&conns[7]).deadline, 0);
    close_all();
}
ON_EVERY_HOST(test_each_deadline_is_reported_once)

/* A registration reports a deadline that was set before it, also in the slot
 * of one that reported its own, and when the object is registered again. */
static void test_deadline_set_before_registration_on(void)
{
    open_conns_in(1, 1);
    for (int i = 0; i < 3; i++) {
        if (i == 0) {
            set_read_deadline(&conns[0].socket, WASOCK_DEADLINE_PAST);
        } else {
            assert_int_equal(wasock_poller_remove(&poller, &conns[0].socket),
                             0);
            watch_socket(&conns[0].socket, WASOCK_READABLE);
        }
        assert_int_equal(look_at(&conns[0]).deadline, WASOCK_READABLE);
        assert_int_equal(look_at(&conns[0]).deadline, 0);
    }
    close_all();
}
ON_EVERY_HOST(test_deadline_set_before_registration)

/* ---- Clocks ---- */

static _Alignas(
    WASOCK_FAKENET_ALIGNMENT) char net_memory[WASOCK_FAKENET_SIZE(4, 10000)];

/* An in-process network's own clock: timeouts take none of the host's time. */
static void test_timeout_by_a_network_clock(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10000 * MS};
    struct wasock_fakenet net;
    struct wasock_conn ends[2] = {0};
    struct wasock_poller_event event;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(0);
    assert_int_equal(
        wasock_fakenet_init(&net, net_memory, sizeof(net_memory), 4, NULL), 0);
    assert_int_equal(wasock_fakenet_pair(&net, &ends[0], &ends[1]), 0);
    wasock_fakenet_set_faults(&net, &slow);
    watch_socket(&ends[1].socket, WASOCK_READABLE);
    const uint64_t host_ns = simhost_now_ns();
    const uint64_t start_ns = wasock_fakenet_now_ns(&net);
    assert_int_equal(wasock_poller_now_ns(&poller), start_ns);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 30000 * MS), 0);
    assert_int_equal(wasock_poller_now_ns(&poller), start_ns + 30000 * MS);
    assert_int_equal(wasock_conn_write(&ends[0], "x", 1), 1);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 30000 * MS), 1);
    assert_int_equal(wasock_poller_now_ns(&poller), start_ns + 40000 * MS);
    assert_true(wasock_poller_next(&poller, &event));
    assert_true(try_read(event.token));
    set_read_deadline(&ends[1].socket,
                      wasock_poller_now_ns(&poller) + 5000 * MS);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 30000 * MS), 1);
    assert_true(wasock_poller_next(&poller, &event));
    assert_int_equal(event.deadline, WASOCK_READABLE);
    assert_int_equal(event.ready, 0);
    assert_int_equal(wasock_poller_now_ns(&poller), start_ns + 45000 * MS);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS),
                     -WASOCK_EDEADLOCK);
    assert_int_equal(simhost_now_ns(), host_ns);
    assert_int_equal(wasock_conn_close(&ends[0]), 0);
    assert_int_equal(wasock_conn_close(&ends[1]), 0);
    close_all();
}

/* The clock of a poller is the host's before and after it watches a network,
 * and when that has the host's clock. */
static void test_clock_of_a_poller(void **unused)
{
    const struct wasock_fakenet_options hosts = {.clock = WASOCK_FAKENET_HOST};
    struct wasock_fakenet net;
    struct wasock_conn ends[2] = {0};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    open_conns(0);
    assert_int_equal(wasock_poller_now_ns(&poller), simhost_now_ns());
    for (int is_hosts = 0; is_hosts < 2; is_hosts++) {
        assert_int_equal(wasock_fakenet_init(&net, net_memory,
                                             sizeof(net_memory), 4,
                                             is_hosts ? &hosts : NULL),
                         0);
        assert_int_equal(wasock_fakenet_pair(&net, &ends[0], &ends[1]), 0);
        watch_socket(&ends[0].socket, WASOCK_READABLE);
        watch_socket(&ends[1].socket, WASOCK_READABLE);
        assert_int_equal(wasock_poller_now_ns(&poller),
                         is_hosts ? simhost_now_ns()
                                  : wasock_fakenet_now_ns(&net));
        assert_int_equal(wasock_poller_remove(&poller, &ends[0].socket), 0);
        assert_int_equal(wasock_conn_close(&ends[1]), 0);
        assert_int_equal(wasock_conn_close(&ends[0]), 0);
        assert_int_equal(wasock_poller_wait_for_ns(&poller, 5 * MS), 0);
        assert_int_equal(wasock_poller_now_ns(&poller), simhost_now_ns());
    }
    close_all();
}

/* ---- Signals ---- */

/* Signals do not end a wait, however many. */
static void test_signals_do_not_end_a_wait_on(void)
{
    open_conns(60);
    for (uint64_t nth = 1; nth <= 20; nth++) {
        unsigned n_read = 0;
        simhost_peer_send(peers[nth], "x", 1, SIMHOST_MS(40));
        simhost_clear_faults();
        simhost_fail(SIMHOST_POLL_ONEOFF, nth, WASOCK_EINTR, 200);
        while (n_read == 0) {
            assert_true(
                wasock_poller_wait_until_ns(&poller, WASOCK_NO_DEADLINE) > 0);
            n_read = read_pending();
        }
    }
    close_all();
}
ON_EVERY_HOST(test_signals_do_not_end_a_wait)

/* Nor do they put off its deadline. */
static void test_signals_do_not_prolong_a_wait_on(void)
{
    ptrdiff_t n = 0;

    open_conns(4);
    simhost_knobs.costs.call_ns[SIMHOST_POLL_ONEOFF] = MS / 10;
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EINTR, SIMHOST_FOR_EVER);
    const uint64_t start_ns = simhost_now_ns();
    while ((n = wasock_poller_wait_for_ns(&poller, 50 * MS)) > 0) {
        read_pending();
    }
    assert_int_equal(n, 0);
    assert_in_range(simhost_now_ns() - start_ns, 50 * MS, 52 * MS);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 0), 0);
    close_all();
}
ON_EVERY_HOST(test_signals_do_not_prolong_a_wait)

/* An interruptible wait returns EINTR, each time, until that is switched
 * off. */
static void test_interruptible_wait_on(void)
{
    open_conns(4);
    while (wasock_poller_wait_for_ns(&poller, 20 * MS) > 0) {
        read_pending();
    }
    assert_int_equal(wasock_poller_set_interruptible(&poller, true), 0);
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EINTR, 100);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(wasock_poller_wait_for_ns(&poller, 100 * MS),
                         -WASOCK_EINTR);
    }
    assert_int_equal(simhost_n_faults(), 100);
    while (wasock_poller_wait_for_ns(&poller, 20 * MS) > 0) {
        read_pending();
    }
    assert_int_equal(wasock_poller_set_interruptible(&poller, false), 0);
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EINTR, 1);
    simhost_peer_send(peers[0], "x", 1, SIMHOST_MS(30));
    while (read_pending() == 0) {
        assert_true(wasock_poller_wait_for_ns(&poller, 1000 * MS) > 0);
    }
    close_all();
}
ON_EVERY_HOST(test_interruptible_wait)

/* Other errors of the host end a wait, and the next one works. */
static void test_errors_of_the_host_end_a_wait_on(void)
{
    open_conns(60);
    while (wasock_poller_wait_for_ns(&poller, 20 * MS) > 0) {
        read_pending();
    }
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_ENOMEM, 1);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 100 * MS),
                     -WASOCK_ENOMEM);
    simhost_peer_send(peers[33], "x", 1, SIMHOST_MS(30));
    while (read_pending() == 0) {
        assert_true(wasock_poller_wait_for_ns(&poller, 1000 * MS) > 0);
    }
    close_all();
}
ON_EVERY_HOST(test_errors_of_the_host_end_a_wait)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_of_looks_ends),
        cmocka_unit_test(test_silence_ends_each_timeout),
        cmocka_unit_test(test_deadlines_are_met),
        cmocka_unit_test(test_data_between_timeouts),
        cmocka_unit_test(test_event_restarts_the_timeout),
        cmocka_unit_test(test_object_deadline_restarts_the_timeout),
        cmocka_unit_test(test_longest_timeouts),
        cmocka_unit_test(test_each_deadline_is_reported_once),
        cmocka_unit_test(test_deadline_set_before_registration),
        cmocka_unit_test(test_timeout_by_a_network_clock),
        cmocka_unit_test(test_clock_of_a_poller),
        cmocka_unit_test(test_signals_do_not_end_a_wait),
        cmocka_unit_test(test_signals_do_not_prolong_a_wait),
        cmocka_unit_test(test_interruptible_wait),
        cmocka_unit_test(test_errors_of_the_host_end_a_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
