/* SPDX-License-Identifier: MIT */
/* simhost's costs: what host calls take, in virtual time. */
#include "host_calls.h"

static struct simhost_peer *peers[2];

/* Two connections on a host that costs as wasmtime does, as subscriptions. */
static void open_two(struct wasock__subscription *subscriptions)
{
    simhost_reset(42, &simhost_wasi_common);
    for (uint64_t i = 0; i < 2; i++) {
        subscriptions[i] = on_read(open_connection(&peers[i]), i + 1);
    }
    simhost_knobs.costs = simhost_wasmtime_costs;
}

/* How long a receive takes that ends with `error`. */
static uint64_t time_receive(int fd, int32_t error)
{
    const uint64_t start_ns = simhost_now_ns();
    char buffer[8];
    uint32_t n = 0;

    assert_int_equal(receive(fd, buffer, sizeof(buffer), &n), error);
    return simhost_now_ns() - start_ns;
}

static void costs_of_transfers(void **unused)
{
    struct wasock__subscription subscriptions[2];
    uint32_t n = 0;

    (void)unused;
    open_two(subscriptions);
    const int fd = (int)subscriptions[0].of.fd;
    assert_int_equal(time_receive(fd, WASOCK_EAGAIN), 1240);
    simhost_peer_send(peers[0], "foo", 3, SIMHOST_NOW);
    assert_int_equal(time_receive(fd, 0), 1500);
    simhost_peer_shutdown(peers[0], SIMHOST_NOW);
    assert_int_equal(time_receive(fd, 0), 1240);
    const uint64_t start_ns = simhost_now_ns();
    assert_int_equal(transmit(fd, "foo", &n), 0);
    assert_int_equal(simhost_now_ns() - start_ns, 1770);
}

static void costs_of_a_look(void **unused)
{
    struct wasock__subscription subscriptions[3];

    (void)unused;
    open_two(subscriptions);
    subscriptions[2] = on_clock(0, 3);
    assert_int_equal(ask(subscriptions, 3).duration_ns, 1300 + 2 * 200);
    simhost_peer_send(peers[0], "foo", 3, SIMHOST_NOW);
    assert_int_equal(ask(subscriptions, 3).duration_ns, 1300 + 2 * 900);
    simhost_knobs.profile = simhost_ideal; /* which reports one */
    assert_int_equal(ask(subscriptions, 3).duration_ns, 1300 + 2 * 200 + 700);
    simhost_knobs.costs = simhost_native_costs;
    assert_int_equal(ask(subscriptions, 3).duration_ns, 1000 + 2 * 50);
    assert_int_equal(simhost_slept_ns(), 0);
}

static void costs_of_a_sleep(void **unused)
{
    struct wasock__subscription subscriptions[3];

    (void)unused;
    open_two(subscriptions);
    subscriptions[2] = on_clock(SIMHOST_MS(1), 3);
    assert_int_equal(ask(subscriptions, 3).duration_ns,
                     1300 + 2 * 200 + SIMHOST_MS(1) + 5000 + 2 * 200);
    assert_int_equal(simhost_slept_ns(), SIMHOST_MS(1));
    simhost_peer_send(peers[0], "foo", 3, 50000);
    assert_int_equal(ask(subscriptions, 3).duration_ns,
                     50000 + 5000 + 2 * 200 + 2 * 700);
    assert_int_equal(simhost_slept_ns(), SIMHOST_MS(1) + 50000 - 1700);
    simhost_knobs.costs = simhost_native_costs;
    simhost_peer_send(peers[0], "foo", 3, 50000);
    (void)time_receive((int)subscriptions[0].of.fd, 0);
    const uint64_t spent_ns = 490 + 210;
    assert_int_equal(ask(subscriptions, 3).duration_ns,
                     50000 - spent_ns + 6000 + 2 * 100);
}

/* What comes while a host wakes up is reported; what comes while it writes the
 * events, in the counts of those that it has not written yet. */
static void costs_let_time_pass(void **unused)
{
    struct wasock__subscription subscriptions[2];

    (void)unused;
    open_two(subscriptions);
    simhost_knobs.profile = simhost_ideal;
    simhost_peer_send(peers[0], "foo", 3, 50000);
    simhost_peer_send(peers[1], "foo", 3, 54000);
    simhost_peer_send(peers[1], "bar", 3, 56500);
    const struct answer answer = ask(subscriptions, 2);
    assert_string_equal(order_of(&answer), "12");
    assert_int_equal(find(&answer, 1)->n_bytes, 3);
    assert_int_equal(find(&answer, 2)->n_bytes, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_of_transfers),
        cmocka_unit_test(costs_of_a_look),
        cmocka_unit_test(costs_of_a_sleep),
        cmocka_unit_test(costs_let_time_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
