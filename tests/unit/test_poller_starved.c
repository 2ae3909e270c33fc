/* SPDX-License-Identifier: MIT */
/* An accept back-off: what it costs beside very many idle connections, and
 * before the first wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#define N_MAX 12000
#include "polled.h"

#define N_SECONDS 5

/* The share of the time, in percent, that a program out of descriptors works:
 * it tries its listener whenever that is reported, beside `n` idle ones. */
static unsigned busy_percent(const struct simhost_profile *profile,
                             const struct simhost_costs *costs, size_t n)
{
    struct wasock_poller_event event;
    struct wasock_conn extra = {0};
    unsigned n_tries = 0;

    simhost_reset(1, profile);
    open_conns(n);
    watch_socket(&listener.socket, WASOCK_READABLE);
    simhost_knobs.costs = *costs;
    simhost_connect(wasock_socket_fd(&listener.socket), SIMHOST_NOW);
    simhost_knobs.n_descriptors_max = simhost_n_open();
    const uint64_t slept_ns = simhost_slept_ns();
    const uint64_t start_ns = simhost_now_ns();
    const uint64_t end_ns = start_ns + N_SECONDS * 1000 * MS;
    while (simhost_now_ns() < end_ns) {
        while (take_until(end_ns, &event, 1) == 1) {
            if (event.token == &listener) {
                assert_int_equal(wasock_listener_try_accept(&listener, &extra),
                                 -WASOCK_EMFILE);
                n_tries++;
            }
        }
    }
    const uint64_t passed_ns = simhost_now_ns() - start_ns;
    const uint64_t busy_ns = passed_ns - (simhost_slept_ns() - slept_ns);
    assert_in_range(n_tries, 2 * N_SECONDS, 51 * N_SECONDS);
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    assert_int_equal(take_until(simhost_now_ns() + 1000 * MS, &event, 1), 1);
    assert_int_equal(wasock_listener_try_accept(&listener, &extra), 0);
    assert_int_equal(wasock_conn_close(&extra), 0);
    close_all();
    return (unsigned)(busy_ns * 100 / passed_ns);
}

/* A try ends a wait for all, which costs more the more there are: then the
 * listener is tried less often. */
static void test_back_off_beside_many(void **unused)
{
    const size_t numbers[] = {10, 1000, 12000};

    (void)unused;
    for (size_t i = 0; i < 3; i++) {
        const unsigned percent =
            busy_percent(&simhost_priced, &simhost_wasip2_costs, numbers[i]);
        print_message("WASI 0.2, %zu idle: %u %%\n", numbers[i], percent);
        assert_in_range(percent, 0, 12);
    }
    for (size_t i = 0; i < 3; i++) {
        const unsigned percent = busy_percent(
            &simhost_wasi_common, &simhost_wasmtime_costs, numbers[i]);
        print_message("preview1, %zu idle: %u %%\n", numbers[i], percent);
        assert_in_range(percent, 0, 12);
    }
}

/* A listener that is out of descriptors before the poller knows the host. */
static void test_back_off_before_the_first_wait_on(void)
{
    struct wasock_poller_event event = {0};
    struct wasock_conn extra = {0};

    open_conns(0);
    watch_socket(&listener.socket, WASOCK_READABLE | WASOCK_WRITABLE);
    simhost_connect(wasock_socket_fd(&listener.socket), SIMHOST_NOW);
    simhost_knobs.n_descriptors_max = simhost_n_open();
    assert_true(wasock_listener_try_accept(&listener, &extra) < 0);
    simhost_knobs.n_descriptors_max = 0;
    assert_int_equal(take_until(simhost_now_ns() + 1000 * MS, &event, 1), 1);
    assert_ptr_equal(event.token, &listener);
    assert_int_equal(wasock_listener_try_accept(&listener, &extra), 0);
    assert_int_equal(wasock_conn_close(&extra), 0);
    close_all();
}
ON_EVERY_HOST(test_back_off_before_the_first_wait)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back_off_beside_many),
        cmocka_unit_test(test_back_off_before_the_first_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
