/* SPDX-License-Identifier: MIT */
/*
 * The sets of host.h, on a host that keeps them. All sockets are on the
 * loopback interface, of one program.
 */
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
#define N_PAIRS 50

static const struct wasock_addr loopback = {.family = WASOCK_ADDR_IPV4,
                                            .ip = {127, 0, 0, 1}};

static struct wasock__host_set set;
static struct wasock__host_watch *ready[N_PAIRS];

static uint32_t wait_ms(uint32_t capacity, uint64_t timeout_ms)
{
    uint32_t n = 77;

    assert_int_equal(
        wasock__host_set_wait(&set, ready, capacity, timeout_ms * MS, &n), 0);
    assert_in_range(n, 0, capacity);
    return n;
}

static int32_t accept_one(int32_t listener)
{
    struct wasock__host_watch watch = {0};
    int32_t fd = -1;
    int32_t error = WASOCK_EAGAIN;

    assert_int_equal(
        wasock__host_set_add(&set, &watch, listener, WASOCK_READABLE), 0);
    while (error == WASOCK_EAGAIN) {
        wait_ms(1, 5000);
        error = wasip1_sock_accept(listener, WASIP1_FDFLAGS_NONBLOCK, &fd);
    }
    assert_int_equal(error, 0);
    wasock__host_set_remove(&watch);
    return fd;
}

static int32_t connect_one(const struct wasock_addr *addr)
{
    struct wasock__host_watch watch = {0};
    int32_t fd = -1;

    assert_int_equal(wasock__host_connect(addr, &fd), 0);
    assert_int_equal(wasock__host_set_add(&set, &watch, fd, WASOCK_WRITABLE),
                     0);
    assert_int_equal(wait_ms(1, 5000), 1);
    assert_ptr_equal(ready[0], &watch);
    assert_int_equal(watch.ready, WASOCK_WRITABLE);
    assert_int_equal(wasock__host_connect_result(fd), 0);
    wasock__host_set_remove(&watch);
    return fd;
}

static void make_pair(int32_t fds[2])
{
    struct wasock_addr addr;
    int32_t listener = -1;

    assert_int_equal(wasock__host_listen(&loopback, 10, &listener), 0);
    assert_int_equal(wasock__host_local_addr(listener, &addr), 0);
    fds[0] = connect_one(&addr);
    fds[1] = accept_one(listener);
    assert_int_equal(wasip1_fd_close(listener), 0);
}

static int32_t send_bytes(int32_t fd, const void *data, size_t length)
{
    const struct wasock_slice slice = {data, length};
    uint32_t n = 0;
    const int32_t error = wasip1_sock_send(fd, &slice, 1, 0, &n);

    return error != 0 ? -error : (int32_t)n;
}

static int32_t receive(int32_t fd, void *data, size_t capacity)
{
    const struct wasock_buffer buffer = {data, capacity};
    struct wasip1_roflags roflags;
    uint32_t n = 0;
    const int32_t error = wasip1_sock_recv(fd, &buffer, 1, 0, &n, &roflags);

    return error != 0 ? -error : (int32_t)n;
}

static void close_pair(const int32_t fds[2])
{
    assert_int_equal(wasip1_fd_close(fds[0]), 0);
    assert_int_equal(wasip1_fd_close(fds[1]), 0);
}

static void add(struct wasock__host_watch *watch, int32_t fd, unsigned what)
{
    assert_int_equal(wasock__host_set_add(&set, watch, fd, what), 0);
}

/* What stays ready is reported by every wait, until it is taken. */
static void test_level(void **state)
{
    (void)state;
    struct wasock__host_watch watch = {0};
    int32_t fds[2];
    char data[10];

    make_pair(fds);
    add(&watch, fds[1], WASOCK_READABLE);
    assert_int_equal(wait_ms(1, 0), 0);
    assert_int_equal(wait_ms(1, 10), 0);
    assert_int_equal(send_bytes(fds[0], "abc", 3), 3);
    assert_int_equal(wait_ms(1, 5000), 1);
    assert_int_equal(wait_ms(1, 5000), 1);
    assert_int_equal(receive(fds[1], data, 2), 2);
    assert_int_equal(wait_ms(1, 5000), 1);
    assert_int_equal(watch.ready, WASOCK_READABLE);
    assert_int_equal(receive(fds[1], data, 2), 1);
    assert_int_equal(wait_ms(1, 20), 0);
    assert_int_equal(send_bytes(fds[0], "d", 1), 1);
    assert_int_equal(wait_ms(1, 5000), 1);
    wasock__host_set_remove(&watch);
    assert_int_equal(wait_ms(1, 0), 0);
    assert_int_equal(receive(fds[1], data, 2), 1);
    close_pair(fds);
}

static void test_directions(void **state)
{
    (void)state;
    struct wasock__host_watch watch = {0};
    int32_t fds[2];

    make_pair(fds);
    add(&watch, fds[1], WASOCK_READABLE | WASOCK_WRITABLE);
    assert_int_equal(wait_ms(1, 5000), 1);
    assert_int_equal(watch.ready, WASOCK_WRITABLE);
    assert_int_equal(wasock__host_set_modify(&watch, WASOCK_READABLE), 0);
    assert_int_equal(wait_ms(1, 10), 0);
    assert_int_equal(wasip1_sock_shutdown(fds[0], WASIP1_SDFLAGS_WR), 0);
    assert_int_equal(wait_ms(1, 5000), 1);
    assert_int_equal(watch.ready, WASOCK_READABLE);
    assert_int_equal(
        wasock__host_set_modify(&watch, WASOCK_READABLE | WASOCK_WRITABLE), 0);
    assert_int_equal(wait_ms(1, 5000), 1);
    assert_int_equal(watch.ready, WASOCK_READABLE | WASOCK_WRITABLE);
    wasock__host_set_remove(&watch);
    close_pair(fds);
}

/* A full connection is writable again once its peer has read. */
static void test_room(void **state)
{
    (void)state;
    static char data[65536];
    struct wasock__host_watch watch = {0}, reader = {0};
    size_t n_sent = 0;
    size_t n_received = 0;
    int32_t fds[2];
    int32_t n = 0;

    make_pair(fds);
    while ((n = send_bytes(fds[0], data, sizeof(data))) > 0) {
        n_sent += (size_t)n;
    }
    assert_int_equal(n, -WASOCK_EAGAIN);
    add(&watch, fds[0], WASOCK_WRITABLE);
    assert_int_equal(wait_ms(1, 10), 0);
    add(&reader, fds[1], WASOCK_READABLE);
    bool has_room = false;
    while (n_received < n_sent) {
        const uint32_t n_ready = wait_ms(2, 5000);
        assert_in_range(n_ready, 1, 2);
        has_room |= n_ready == 2 || ready[0] == &watch;
        n = receive(fds[1], data, sizeof(data));
        n_received += n > 0 ? (size_t)n : 0;
    }
    assert_int_equal(n_received, n_sent);
    assert_true(has_room || (wait_ms(1, 5000) == 1 && ready[0] == &watch));
    wasock__host_set_remove(&watch);
    wasock__host_set_remove(&reader);
    close_pair(fds);
}

/* With less room than are ready, all are reported in turn. */
static void test_in_turn(void **state)
{
    (void)state;
    static struct wasock__host_watch watches[N_PAIRS];
    static int32_t fds[N_PAIRS][2];
    bool is_reported[N_PAIRS] = {false};

    for (int i = 0; i < N_PAIRS; i++) {
        make_pair(fds[i]);
    }
    for (int i = 0; i < N_PAIRS; i++) {
        add(&watches[i], fds[i][1], WASOCK_READABLE);
        assert_int_equal(send_bytes(fds[i][0], "x", 1), 1);
    }
    for (int n_reported = 0, n_waits = 0; n_reported < N_PAIRS; n_waits++) {
        assert_in_range(n_waits, 0, 1000000);
        const uint32_t n = wait_ms(7, 5000);
        for (uint32_t i = 0; i < n; i++) {
            const ptrdiff_t index = ready[i] - watches;
            n_reported += !is_reported[index];
            is_reported[index] = true;
        }
    }
    for (int i = 0; i < N_PAIRS; i += 2) { /* in either order */
        wasock__host_set_remove(&watches[i]);
        close_pair(fds[i]);
        close_pair(fds[i + 1]);
        wasock__host_set_remove(&watches[i + 1]);
    }
    assert_int_equal(wait_ms(1, 0), 0);
}

/* Several watches a descriptor; closing it takes all of them away. */
static void test_closed(void **state)
{
    (void)state;
    struct wasock__host_watch first = {0}, second = {0}, other = {0};
    struct wasock__host_set other_set = {0};
    int32_t fds[2];
    uint32_t n = 0;

    make_pair(fds);
    assert_int_equal(wasock__host_set_open(&other_set), 0);
    add(&first, fds[1], WASOCK_READABLE);
    add(&second, fds[1], WASOCK_READABLE);
    assert_int_equal(
        wasock__host_set_add(&other_set, &other, fds[1], WASOCK_READABLE), 0);
    assert_int_equal(send_bytes(fds[0], "x", 1), 1);
    assert_int_equal(wasock__host_set_wait(&other_set, ready, 1, 5000 * MS, &n),
                     0);
    assert_int_equal(n, 1);
    assert_int_equal(wait_ms(2, 5000), 2);
    wasock__host_set_remove(&first);
    assert_int_equal(wait_ms(2, 5000), 1);
    assert_ptr_equal(ready[0], &second);
    assert_int_equal(wasip1_fd_close(fds[1]), 0);
    assert_int_equal(wait_ms(2, 0), 0);
    wasock__host_set_remove(&second);
    wasock__host_set_remove(&other);
    wasock__host_set_close(&other_set);
    assert_int_equal(wasip1_fd_close(fds[0]), 0);
}

/* A connection that is refused is writable: its result says why. */
static void test_refused(void **state)
{
    (void)state;
    struct wasock__host_watch watch = {0};
    struct wasock_addr addr;
    int32_t fd = -1;

    assert_int_equal(wasock__host_listen(&loopback, 10, &fd), 0);
    assert_int_equal(wasock__host_local_addr(fd, &addr), 0);
    assert_int_equal(wasip1_fd_close(fd), 0);
    assert_int_equal(wasock__host_connect(&addr, &fd), 0);
    add(&watch, fd, WASOCK_WRITABLE);
    assert_int_equal(wait_ms(1, 5000), 1);
    assert_int_equal(wasock__host_connect_result(fd), WASOCK_ECONNREFUSED);
    wasock__host_set_remove(&watch);
    assert_int_equal(wasip1_fd_close(fd), 0);
}

static void test_datagrams(void **state)
{
    (void)state;
    struct wasock__host_watch watch = {0};
    const struct wasock_slice slice = {"abc", 3};
    struct wasock_addr addr;
    char data[10];
    const struct wasock_buffer buffer = {data, sizeof(data)};
    int32_t fds[2];
    uint32_t n = 0;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(wasock__host_dgram_open(0, &loopback, &fds[i]), 0);
    }
    assert_int_equal(wasock__host_local_addr(fds[1], &addr), 0);
    add(&watch, fds[1], WASOCK_READABLE);
    assert_int_equal(wait_ms(1, 10), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wasock__host_dgram_send(fds[0], &slice, 1, &addr, &n),
                         0);
        assert_int_equal(wait_ms(1, 5000), 1);
        assert_int_equal(watch.ready, WASOCK_READABLE);
        assert_int_equal(
            wasock__host_dgram_receive(fds[1], &buffer, 1, &addr, &n), 0);
        assert_int_equal(n, 3);
        assert_int_equal(wasock__host_local_addr(fds[1], &addr), 0);
    }
    assert_int_equal(wait_ms(1, 10), 0);
    close_pair(fds);
    wasock__host_set_remove(&watch);
}

static void test_refusals(void **state)
{
    (void)state;
    struct wasock__host_watch watch = {0};

    assert_int_equal(wasock__host_set_add(&set, &watch, 1, WASOCK_WRITABLE),
                     WASOCK_ENOTSUP);
    assert_int_equal(wasock__host_set_add(&set, &watch,
                                          wasock__host_first_fd() + 12345,
                                          WASOCK_READABLE),
                     WASOCK_EBADF);
    wasock__host_set_remove(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_level),     cmocka_unit_test(test_directions),
        cmocka_unit_test(test_room),      cmocka_unit_test(test_in_turn),
        cmocka_unit_test(test_closed),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_datagrams), cmocka_unit_test(test_refusals),
    };

    if (wasock__host_set_open(&set) != 0) {
        return 1;
    }
    const int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    wasock__host_set_close(&set);
    return n_failed;
}
