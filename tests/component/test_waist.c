/* SPDX-License-Identifier: MIT */
/* What the calls of wasip1.h and host.h return on the objects of WASI 0.2 and
 * 0.3 alike: of sockets that do nothing yet, and of clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <wasock/clock.h>
#include <wasock/err.h>
#include <wasock/fd.h>

#include "host.h"
#include "wasip1.h"

#define MS WASOCK_NS_PER_MS

static const struct wasock_addr loopback = {.family = WASOCK_ADDR_IPV4,
                                            .ip = {127, 0, 0, 1}};

/* A socket that is bound is no connection, and becomes none by itself. */
static void test_bound(void **state)
{
    (void)state;
    char bytes[4] = "abc";
    const struct wasock_buffer room = {bytes, sizeof(bytes)};
    const struct wasock_slice slice = {bytes, sizeof(bytes)};
    struct wasip1_roflags roflags = {0};
    uint32_t n = 0;
    int32_t fd = -1;

    assert_int_equal(wasock__host_bind(&loopback, &fd), 0);
    assert_int_equal(wasip1_sock_recv(fd, &room, 1, 0, &n, &roflags),
                     WASOCK_ENOTCONN);
    assert_int_equal(wasip1_sock_send(fd, &slice, 1, 0, &n), WASOCK_ENOTCONN);
    assert_int_equal(wasip1_sock_shutdown(fd, WASIP1_SDFLAGS_WR),
                     WASOCK_ENOTCONN);
    assert_int_equal(wasock__host_connect_result(fd), WASOCK_EINVAL);
    assert_int_equal(wasip1_fd_close(fd), 0);
}

static struct wasock__subscription clock_of(uint32_t id, uint64_t timeout_ns,
                                            uint16_t flags)
{
    return (struct wasock__subscription){
        .userdata = timeout_ns,
        .tag = WASIP1_EVENTTYPE_CLOCK,
        .of.clock = {.id = id, .timeout_ns = timeout_ns, .flags = flags},
    };
}

/* A point in time is one, or refused, but never a length of time. */
static void test_absolute_clocks(void **state)
{
    (void)state;
    const uint64_t begin_ns = wasock_clock_now_ns();
    struct wasock__subscription clock =
        clock_of(WASIP1_CLOCKID_MONOTONIC, begin_ns + 20 * MS,
                 WASIP1_SUBCLOCKFLAGS_ABSTIME);
    struct wasock__event event;
    uint32_t n = 0;

    const int32_t error = wasip1_poll_oneoff(&clock, &event, 1, &n);
    if (error == WASOCK_ENOTSUP) {
        return; /* 0.2 */
    }
    assert_int_equal(error, 0);
    assert_int_equal(n, 1);
    assert_in_range(wasock_clock_now_ns() - begin_ns, 20 * MS, 5000 * MS);
    clock.of.clock.timeout_ns = 1; /* long ago */
    assert_int_equal(wasip1_poll_oneoff(&clock, &event, 1, &n), 0);
    assert_int_equal(n, 1);
}

static void test_clocks(void **state)
{
    (void)state;
    struct wasock__subscription clocks[] = {
        clock_of(WASIP1_CLOCKID_MONOTONIC, 60000 * MS, 0),
        clock_of(WASIP1_CLOCKID_MONOTONIC, MS, 0),
    };
    struct wasock__event events[2];
    uint32_t n = 0;

    assert_int_equal(wasip1_poll_oneoff(clocks, events, 2, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(events[0].userdata, MS);
    clocks[0].of.clock.id = 0; /* the real time's */
    assert_int_equal(wasip1_poll_oneoff(clocks, events, 2, &n), WASOCK_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_absolute_clocks),
        cmocka_unit_test(test_clocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
