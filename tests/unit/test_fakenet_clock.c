/* SPDX-License-Identifier: MIT */
/*
 * Time of the in-process network: on the host's clock, what it costs and when
 * it delivers; on its own, what new faults do to bytes that are on their way.
 */
#include "worlds.h"

#include <wasock/fakenet.h>

#include "poller/timer_heap.h"
#include "socket_internal.h"

static _Alignas(
    WASOCK_FAKENET_ALIGNMENT) char memory[WASOCK_FAKENET_SIZE(4, 10000)];
static struct wasock_fakenet net;
static struct wasock_conn a;
static struct wasock_conn b;

static void begin(enum wasock_fakenet_clock clock)
{
    const struct wasock_fakenet_options options = {.clock = clock};

    simhost_reset(1, &simhost_ideal);
    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    assert_int_equal(
        wasock_fakenet_init(&net, memory, sizeof(memory), 4, &options), 0);
    assert_int_equal(wasock_fakenet_pair(&net, &a, &b), 0);
}

static void end(void)
{
    assert_int_equal(wasock_conn_close(&a), 0);
    assert_int_equal(wasock_conn_close(&b), 0);
    assert_int_equal(net.arrivals_->count, 0);
    simhost_check();
}

static void write_all(const char *text)
{
    assert_int_equal(wasock_conn_try_write(&a, text, strlen(text)),
                     strlen(text));
}

/* The next byte that `b` reads without waiting; '-': none. */
static char next(void)
{
    char byte = 0;
    const ptrdiff_t n = wasock_conn_try_read(&b, &byte, 1);

    assert_true(n == 1 || n == -WASOCK_EAGAIN);
    return n == 1 ? byte : '-';
}

/* ---- On the host's clock ---- */

/* Without faults nothing asks the host for the time. */
static void test_no_faults_no_clock(void **unused)
{
    (void)unused;
    begin(WASOCK_FAKENET_HOST);
    for (int i = 0; i < 3; i++) {
        write_all("x");
        assert_int_equal(next(), 'x');
        assert_int_equal(next(), '-');
    }
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), 0);
    end();
}

/* One poll waits for an arrival, to the point. */
static void test_a_wait_is_one_poll(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 30 * MS};
    char byte = 0;

    (void)unused;
    begin(WASOCK_FAKENET_HOST);
    wasock_fakenet_set_faults(&net, &slow);
    const uint64_t start_ns = simhost_now_ns();
    write_all("x");
    assert_int_equal(wasock_conn_read(&b, &byte, 1), 1);
    assert_int_equal(simhost_now_ns() - start_ns, 30 * MS);
    assert_int_equal(simhost_calls(SIMHOST_POLL_ONEOFF), 1);
    end();
}

/* Who does not wait, but comes late, finds what has arrived. */
static void test_time_that_passes_elsewhere(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 30 * MS};
    struct wasock_watch watch;
    struct wasock_watch *inbox = NULL;

    (void)unused;
    begin(WASOCK_FAKENET_HOST);
    wasock_fakenet_set_faults(&net, &slow);
    write_all("x");
    simhost_advance_ns(29 * MS);
    assert_int_equal(next(), '-');
    simhost_advance_ns(MS);
    assert_int_equal(next(), 'x');
    wasock__socket_watch(&b.socket, &watch, &inbox);
    write_all("y");
    simhost_advance_ns(30 * MS);
    assert_null(inbox);
    assert_int_equal(wasock_fakenet_now_ns(&net), simhost_now_ns());
    assert_ptr_equal(inbox, &watch); /* to ask for the time delivers */
    wasock__socket_unwatch(&watch);
    end();
}

static void test_signals(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 30 * MS};
    char byte = 0;

    (void)unused;
    begin(WASOCK_FAKENET_HOST);
    wasock_fakenet_set_faults(&net, &slow);
    write_all("x");
    simhost_knobs.interrupted_per_mille = 1000;
    assert_int_equal(wasock_socket_set_interruptible(&b.socket, true), 0);
    assert_int_equal(wasock_conn_read(&b, &byte, 1), -WASOCK_EINTR);
    simhost_knobs.interrupted_per_mille = 0;
    assert_int_equal(wasock_conn_read(&b, &byte, 1), 1);
    end();
}

/* ---- On its own clock ---- */

static void sleep_for_ms(unsigned ms)
{
    assert_int_equal(wasock_fakenet_sleep_for_ns(&net, ms * MS), 0);
}

/* What arrives at the deadline is in time. */
static void test_arrival_at_the_deadline(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};
    char byte = 0;

    (void)unused;
    begin(WASOCK_FAKENET_VIRTUAL);
    wasock_fakenet_set_faults(&net, &slow);
    write_all("x");
    set_read_deadline(&b.socket, wasock_fakenet_now_ns(&net) + 10 * MS);
    assert_int_equal(wasock_conn_read(&b, &byte, 1), 1);
    end();
}

/* A socket with arrived bytes waits for no timer. */
static void test_timers(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};

    (void)unused;
    begin(WASOCK_FAKENET_VIRTUAL);
    wasock_fakenet_set_faults(&net, &slow);
    write_all("a");
    sleep_for_ms(5);
    write_all("b");
    assert_int_equal(net.arrivals_->count, 1);
    sleep_for_ms(5);
    assert_int_equal(next(), 'a');
    assert_int_equal(net.arrivals_->count, 1);
    sleep_for_ms(4);
    write_all("c");
    sleep_for_ms(1);
    assert_int_equal(net.arrivals_->count, 0);
    assert_int_equal(next(), 'b');
    assert_int_equal(net.arrivals_->count, 1);
    sleep_for_ms(9);
    assert_int_equal(next(), 'c');
    end();
}

/* Send "x" over a link with faults, which are lifted 5 ms later. When `b` can
 * read it, in ms. */
static unsigned arrival_ms(const struct wasock_fakenet_faults *faults,
                           unsigned pause_ms)
{
    unsigned ms = 5;

    begin(WASOCK_FAKENET_VIRTUAL);
    wasock_fakenet_set_faults(&net, faults);
    write_all("1");
    sleep_for_ms(pause_ms);
    if (pause_ms > 0) {
        assert_int_equal(next(), '1');
    }
    write_all("x");
    sleep_for_ms(5);
    wasock_fakenet_set_faults(&net, NULL);
    for (char byte = next(); byte != 'x'; byte = next()) {
        if (byte == '-') {
            sleep_for_ms(1);
            ms++;
        }
    }
    end();
    return ms;
}

/* Faults that are lifted end a stall; they do not hasten what was not in it. */
static void test_lifted_faults(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};
    const struct wasock_fakenet_faults no_stall = {.latency_ns = 10 * MS,
                                                   .stall_after_bytes = 1};
    const struct wasock_fakenet_faults stall = {.stall_after_bytes = 1,
                                                .stall_ns = 50 * MS};
    const struct wasock_fakenet_faults slow_stall = {
        .latency_ns = 10 * MS, .stall_after_bytes = 1, .stall_ns = 50 * MS};

    (void)unused;
    assert_int_equal(arrival_ms(&slow, 0), 10);
    assert_int_equal(arrival_ms(&no_stall, 0), 10);
    assert_int_equal(arrival_ms(&stall, 0), 5);
    assert_int_equal(arrival_ms(&slow_stall, 0), 10);   /* behind the first */
    assert_int_equal(arrival_ms(&slow_stall, 100), 10); /* it is over */
}

/* A datagram that was stalled does not overtake one that was not. */
static void test_healed_datagrams_keep_their_order(void **unused)
{
    const struct wasock_fakenet_faults faults = {
        .latency_ns = 20 * MS, .stall_after_bytes = 1, .stall_ns = 500 * MS};
    const struct wasock_addr at = {
        .family = WASOCK_ADDR_IPV4, .port = 7, .ip = {127, 0, 0, 1}};
    struct wasock_addr any = at;

    (void)unused;
    begin(WASOCK_FAKENET_VIRTUAL);
    assert_int_equal(wasock_conn_close(&a), 0);
    assert_int_equal(wasock_conn_close(&b), 0);
    any.port = 0;
    assert_int_equal(wasock_fakenet_bind(&net, &any, &a), 0);
    assert_int_equal(wasock_fakenet_bind(&net, &at, &b), 0);
    assert_int_equal(wasock_fakenet_connect(&a, &at), 0);
    wasock_fakenet_set_faults(&net, &faults);
    write_all("1");
    write_all("2");
    sleep_for_ms(5);
    wasock_fakenet_set_faults(&net, NULL);
    assert_int_equal(next(), '-');
    sleep_for_ms(15);
    assert_int_equal(next(), '1');
    assert_int_equal(next(), '2');
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_faults_no_clock),
        cmocka_unit_test(test_a_wait_is_one_poll),
        cmocka_unit_test(test_time_that_passes_elsewhere),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_arrival_at_the_deadline),
        cmocka_unit_test(test_timers),
        cmocka_unit_test(test_lifted_faults),
        cmocka_unit_test(test_healed_datagrams_keep_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
