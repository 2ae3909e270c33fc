/* SPDX-License-Identifier: MIT */
/* Time and deadlines. */
#include "worlds.h"

static void test_now_is_the_hosts_and_a_valid_deadline(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_ideal);
    assert_int_equal(wasock_clock_now_ns(), simhost_now_ns());
    simhost_advance_ns(5);
    assert_int_equal(wasock_clock_now_ns(), simhost_now_ns());
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), 2);
    simhost_lie(SIMHOST_CLOCK_TIME_GET, 1, SIMHOST_LIE_NOTHING, 1);
    assert_int_equal(wasock_clock_now_ns(), WASOCK_DEADLINE_PAST);
}

static void test_a_failing_clock_exceeds_every_deadline(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_ideal);
    simhost_fail(SIMHOST_CLOCK_TIME_GET, 1, WASOCK_EIO, SIMHOST_FOR_EVER);
    assert_true(wasock_clock_now_ns() == UINT64_MAX);
    assert_true(wasock_deadline_is_past(wasock_deadline_after_ms(1000),
                                        wasock_clock_now_ns()));
}

/* A clock that fails once: a timeout that began then is over, not endless. */
static void test_a_timeout_that_begins_without_a_clock_is_over(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    assert_int_equal(
        wasock_listener_from_fd(&listener, simhost_preopen(SIMHOST_LISTENER)),
        0);
    simhost_fail(SIMHOST_CLOCK_TIME_GET, 1, WASOCK_EIO, 1);
    assert_int_equal(
        wasock_socket_set_timeout_ns(&listener.socket, WASOCK_READABLE, MS), 0);
    assert_int_equal(wasock_listener_accept(&listener, &conn),
                     -WASOCK_EDEADLINE);
    simhost_fail(SIMHOST_CLOCK_TIME_GET, 1, WASOCK_EIO, 1);
    assert_int_equal(wasock_fd_wait_for_ns(wasock_socket_fd(&listener.socket),
                                           WASOCK_READABLE, MS),
                     -WASOCK_EDEADLINE);
    simhost_fail(SIMHOST_CLOCK_TIME_GET, 1, WASOCK_EIO, 1);
    assert_true(wasock_deadline_is_past(wasock_deadline_after_ms(1),
                                        wasock_clock_now_ns()));
    assert_int_equal(wasock_listener_close(&listener), 0);
    simhost_check();
}

/* The same of a poller's timeout. */
static void test_a_wait_that_begins_without_a_clock_is_over(void **unused)
{
    static _Alignas(WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(1)];
    struct wasock_poller poller = {0};

    (void)unused;
    simhost_reset(1, &simhost_wasip2);
    assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)), 0);
    simhost_fail(SIMHOST_CLOCK_TIME_GET, 1, WASOCK_EIO, 1);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, MS), 0);
    wasock_poller_close(&poller);
    simhost_check();
}

static void test_arithmetic_saturates(void **unused)
{
    (void)unused;
    assert_int_equal(wasock_ns_add(1, 2), 3);
    assert_true(wasock_ns_add(UINT64_MAX, 1) == UINT64_MAX);
    assert_true(wasock_ns_add(UINT64_MAX - 1, 1) == UINT64_MAX);
    assert_int_equal(wasock_ns_subtract(3, 2), 1);
    assert_int_equal(wasock_ns_subtract(2, 3), 0);
    assert_int_equal(wasock_ns_from_ms(3), 3000000);
    assert_true(wasock_ns_from_ms(UINT64_MAX) == UINT64_MAX);
    assert_true(wasock_ns_from_ms(UINT64_MAX / WASOCK_NS_PER_MS + 1) ==
                UINT64_MAX);
}

static void test_deadlines(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_ideal);
    assert_int_equal(wasock_deadline_after_ms(2), simhost_now_ns() + 2 * MS);
    assert_true(wasock_deadline_after_ns(UINT64_MAX) == UINT64_MAX);
    assert_true(wasock_deadline_is_past(5, 5));
    assert_true(wasock_deadline_is_past(5, 6));
    assert_false(wasock_deadline_is_past(5, 4));
    assert_false(wasock_deadline_is_past(WASOCK_NO_DEADLINE, UINT64_MAX));
    assert_true(wasock_deadline_is_past(WASOCK_DEADLINE_PAST, 1));
    assert_int_equal(wasock_deadline_earlier(5, 6), 5);
    assert_int_equal(wasock_deadline_earlier(6, 5), 5);
    assert_int_equal(wasock_deadline_earlier(0, 6), 6);
    assert_int_equal(wasock_deadline_earlier(6, 0), 6);
    assert_int_equal(wasock_deadline_earlier(0, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_now_is_the_hosts_and_a_valid_deadline),
        cmocka_unit_test(test_a_failing_clock_exceeds_every_deadline),
        cmocka_unit_test(test_a_timeout_that_begins_without_a_clock_is_over),
        cmocka_unit_test(test_a_wait_that_begins_without_a_clock_is_over),
        cmocka_unit_test(test_arithmetic_saturates),
        cmocka_unit_test(test_deadlines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
