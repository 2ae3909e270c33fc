/* SPDX-License-Identifier: MIT */
/* A poller on hosts beyond preview1: one keeps the set of sockets,
 * one reports the cost of its polls. */
#include "polled.h"

#define N 40

static void begin_kept(size_t n)
{
    simhost_reset(1, &simhost_keeping);
    open_conns(n);
}

/* Serve the first `n` clients one after the other. */
static void serve_each(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct wasock_poller_event event = {0};
        simhost_peer_send(peers[i], "hello", 5, SIMHOST_MS(7));
        do {
            assert_int_equal(take(&event, 1), 1);
        } while (!try_read(&conns[i]));
        assert_ptr_equal(event.token, &conns[i]);
    }
}

/* Waits cost one call each, whatever is registered. */
static void test_wait_costs_one_call(void **unused)
{
    (void)unused;
    begin_kept(N_MAX);
    assert_int_equal(simhost_calls(SIMHOST_SET_ADD), N_MAX);
    const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
    serve_each(N_MAX);
    /* The wait, and the read. */
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL) - n_calls, 2 * N_MAX);
    assert_int_equal(simhost_n_subscriptions(), 0);
    close_all();
    assert_int_equal(simhost_calls(SIMHOST_SET_REMOVE), N_MAX);
    assert_int_equal(simhost_calls(SIMHOST_SET_CLOSE), 1);
}

/* An interest that does not change costs nothing. */
static void test_changes_of_interest(void **unused)
{
    struct wasock_socket *socket = &conns[0].socket;

    (void)unused;
    begin_kept(1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            wasock_poller_modify(&poller, socket, WASOCK_READABLE, socket), 0);
    }
    assert_int_equal(simhost_calls(SIMHOST_SET_MODIFY), 0);
    assert_int_equal(look_at(socket).ready, 0);
    assert_int_equal(
        wasock_poller_modify(&poller, socket, WASOCK_WRITABLE, socket), 0);
    assert_int_equal(simhost_calls(SIMHOST_SET_MODIFY), 1);
    assert_int_equal(look_at(socket).ready, WASOCK_WRITABLE);
    assert_int_equal(wasock_poller_modify(&poller, socket, 0, socket), 0);
    assert_int_equal(simhost_calls(SIMHOST_SET_REMOVE), 1);
    assert_int_equal(look_at(socket).ready, 0);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS),
                     -WASOCK_EDEADLOCK);
    assert_int_equal(wasock_poller_modify(&poller, socket, 3, socket), 0);
    assert_int_equal(look_at(socket).ready, WASOCK_WRITABLE);
    simhost_peer_send(peers[0], "hello", 5, SIMHOST_NOW);
    assert_int_equal(look_at(socket).ready, 3);
    close_all();
}

/* If no set can be opened, the poller asks, and does not try again. */
static void test_no_set(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_keeping);
    simhost_fail(SIMHOST_SET_OPEN, 1, WASOCK_EMFILE, 1);
    open_conns(N);
    serve_each(N);
    assert_int_equal(simhost_calls(SIMHOST_SET_OPEN), 1);
    assert_int_equal(simhost_calls(SIMHOST_SET_ADD), 0);
    close_all();
    assert_int_equal(simhost_calls(SIMHOST_SET_CLOSE), 0);
}

/* If the set refuses one, the poller asks about all from then on. */
static void test_set_refuses_one(void **unused)
{
    static const int32_t errors[] = {WASOCK_EMFILE, WASOCK_ENOMEM, WASOCK_EIO};

    (void)unused;
    for (size_t i = 0; i < 3; i++) {
        simhost_reset(i, &simhost_keeping);
        simhost_fail(SIMHOST_SET_ADD, N / 2, errors[i], 1);
        open_conns(N);
        assert_int_equal(simhost_calls(SIMHOST_SET_REMOVE), N / 2 - 1);
        assert_int_equal(simhost_calls(SIMHOST_SET_CLOSE), 1);
        serve_each(N);
        close_all();
        assert_int_equal(simhost_calls(SIMHOST_SET_ADD), N / 2);
    }
}

static void test_set_refuses_a_change(void **unused)
{
    (void)unused;
    begin_kept(N);
    simhost_fail(SIMHOST_SET_MODIFY, 1, WASOCK_ENOMEM, 1);
    serve_each(N / 2);
    watch_both(3);
    assert_int_equal(look_at(&conns[3]).ready, WASOCK_WRITABLE);
    assert_int_equal(wasock_poller_modify(&poller, &conns[3].socket,
                                          WASOCK_READABLE, &conns[3]),
                     0);
    serve_each(N);
    close_all();
    assert_int_equal(simhost_calls(SIMHOST_SET_REMOVE), N);
}

/* A file beside sockets is ready in each wait. */
static void test_file(void **unused)
{
    struct wasock_pollable file = {0};

    (void)unused;
    simhost_reset(1, &simhost_keeping);
    const int fd = simhost_preopen(SIMHOST_FILE);
    open_conns(2);
    assert_int_equal(wasock_pollable_from_fd(&file, fd), 0);
    watch_socket(&file.socket, WASOCK_READABLE);
    for (int i = 0; i < 5; i++) {
        struct wasock_poller_event events[4] = {0};
        assert_int_equal(take(events, 4), 1);
        assert_ptr_equal(events[0].token, &file);
        simhost_peer_send(peers[1], "hello", 5, SIMHOST_NOW);
        assert_int_equal(take(events, 4), 2);
        assert_true(try_read(&conns[1]));
    }
    assert_int_equal(wasock_pollable_close(&file), 0);
    serve_each(2);
    close_all();
}

/* Out of descriptors a listener leaves the set, and comes back. */
static void test_out_of_descriptors(void **unused)
{
    struct wasock_poller_event event = {0};

    (void)unused;
    begin_kept(2);
    run_out_of_descriptors();
    const uint64_t start_ns = simhost_now_ns();
    const uint64_t n_calls = simhost_calls(SIMHOST_POLL_ONEOFF);
    assert_int_equal(take(&event, 1), 1);
    assert_ptr_equal(event.token, &listener);
    assert_in_range(simhost_now_ns() - start_ns, 20 * MS, 21 * MS);
    assert_in_range(simhost_calls(SIMHOST_POLL_ONEOFF) - n_calls, 1, 2);
    simhost_knobs.n_descriptors_max = 0;
    close_all();
}

/* A spurious report is a hint that proves wrong. */
static void test_spurious(void **unused)
{
    (void)unused;
    begin_kept(N);
    simhost_knobs.spurious_ready_per_mille = 300;
    simhost_knobs.interrupted_per_mille = 100;
    for (size_t i = 0; i < N; i++) {
        struct wasock_poller_event event = {0};
        bool is_read = false;
        simhost_peer_send(peers[i], "hello", 5, SIMHOST_MS(3));
        while (!is_read) {
            assert_int_equal(take(&event, 1), 1);
            is_read = try_read(event.token);
        }
        assert_ptr_equal(event.token, &conns[i].socket);
    }
    close_all();
}

/* Where the host says what its polls cost, nothing is detected. */
static void test_known_cost(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_priced);
    open_conns(8);
    const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
    serve_each(8);
    /* The wait, and the read. */
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL) - n_calls, 2 * 8);
    close_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait_costs_one_call),
        cmocka_unit_test(test_changes_of_interest),
        cmocka_unit_test(test_no_set),
        cmocka_unit_test(test_set_refuses_one),
        cmocka_unit_test(test_set_refuses_a_change),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_out_of_descriptors),
        cmocka_unit_test(test_spurious),
        cmocka_unit_test(test_known_cost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
