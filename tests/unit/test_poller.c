/* SPDX-License-Identifier: MIT */
/* The calls of the poller, and what it reports on every host. */
#include "polled.h"

#include <wasock/fakenet.h>

#include "poller/tries.h"

#define N 300

/* Wait until a connection is reported readable and is, leaving all untouched.
 * Returns how late that is. */
static uint64_t wait_for(const struct wasock_conn *conn)
{
    for (;;) {
        struct wasock_poller_event events[8];
        const ptrdiff_t n =
            take_until(wasock_deadline_after_ms(5000), events, 8);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            if (events[i].token == conn && truth_of(conn).is_readable) {
                return simhost_now_ns() - truth_of(conn).readable_since_ns;
            }
        }
    }
}

static void test_init_errors(void **unused)
{
    static _Alignas(8) char little[WASOCK_POLLER_SIZE(2)];

    (void)unused;
    assert_int_equal(wasock_poller_init(&poller, NULL, sizeof(little)),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_poller_init(&poller, NULL, 0), -WASOCK_EINVAL);
    assert_int_equal(wasock_poller_init(&poller, little + 1, sizeof(little)),
                     -WASOCK_EINVAL);
    assert_int_equal(
        wasock_poller_init(&poller, little, WASOCK_POLLER_SIZE(1) - 1),
        -WASOCK_ESTORAGE);
    assert_int_equal(wasock_poller_init(&poller, little, WASOCK_POLLER_SIZE(1)),
                     0);
    wasock_poller_close(&poller);
}

static void test_add_modify_remove_errors(void **unused)
{
    static _Alignas(8) char little[WASOCK_POLLER_SIZE(2)];
    struct wasock_conn closed = {0};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    open_conns(3);
    wasock_poller_close(&poller);
    assert_int_equal(wasock_poller_init(&poller, little, sizeof(little)), 0);
    assert_int_equal(wasock_poller_add(&poller, &closed.socket, 1, NULL),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock_poller_add(&poller, &conns[0].socket, 4, NULL),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_poller_modify(&poller, &conns[0].socket, 1, NULL),
                     -WASOCK_ENOENT);
    assert_int_equal(wasock_poller_remove(&poller, &conns[0].socket),
                     -WASOCK_ENOENT);
    assert_int_equal(wasock_poller_add(&poller, &conns[0].socket, 1, NULL), 0);
    assert_int_equal(wasock_poller_add(&poller, &conns[0].socket, 1, NULL),
                     -WASOCK_EEXIST);
    assert_int_equal(wasock_poller_modify(&poller, &conns[0].socket, 8, NULL),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_poller_add(&poller, &conns[1].socket, 2, NULL), 0);
    assert_int_equal(wasock_poller_add(&poller, &conns[2].socket, 1, NULL),
                     -WASOCK_ESTORAGE);
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    assert_int_equal(wasock_poller_add(&poller, &conns[2].socket, 1, NULL), 0);
    assert_int_equal(wasock_poller_remove(&poller, &conns[1].socket), 0);
    assert_int_equal(wasock_poller_remove(&poller, &conns[1].socket),
                     -WASOCK_ENOENT);
    close_all();
}

/* Nothing registered can end the wait. */
static void test_wait_of_an_empty_poller(void **unused)
{
    struct wasock_poller_event event;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    open_conns(0);
    assert_false(wasock_poller_next(&poller, &event));
    assert_int_equal(wasock_poller_wait_until_ns(&poller, WASOCK_NO_DEADLINE),
                     -WASOCK_EDEADLOCK);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS),
                     -WASOCK_EDEADLOCK);
    const uint64_t start_ns = simhost_now_ns();
    assert_int_equal(wasock_poller_wait_until_ns(&poller, start_ns + 5 * MS),
                     0);
    assert_in_range(simhost_now_ns() - start_ns, 5 * MS, 6 * MS);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 5 * MS), 0);
    assert_in_range(simhost_now_ns() - start_ns, 10 * MS, 12 * MS);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 0), 0);
    close_all();
}

/* All zero bytes are a closed poller, as is a closed one. */
static void test_closed_poller(void **unused)
{
    struct wasock_poller closed = {0};
    struct wasock_poller_event event;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    open_conns(1);
    for (int i = 0; i < 2; i++) {
        struct wasock_socket *socket = &conns[0].socket;
        assert_int_equal(wasock_poller_add(&closed, socket, 1, NULL),
                         -WASOCK_ECLOSED);
        assert_int_equal(wasock_poller_modify(&closed, socket, 1, NULL),
                         -WASOCK_ECLOSED);
        assert_int_equal(wasock_poller_remove(&closed, socket),
                         -WASOCK_ECLOSED);
        assert_int_equal(wasock_poller_wait_until_ns(&closed, 1),
                         -WASOCK_ECLOSED);
        assert_int_equal(wasock_poller_wait_for_ns(&closed, MS),
                         -WASOCK_ECLOSED);
        assert_int_equal(wasock_poller_set_interruptible(&closed, true),
                         -WASOCK_ECLOSED);
        assert_false(wasock_poller_next(&closed, &event));
        wasock_poller_close(&closed);
    }
    close_all();
}

/* Closing a poller leaves its objects open, whatever is pending. */
static void test_closing_the_poller_first_on(void)
{
    char byte = 0;

    open_conns(40);
    send_to(40);
    set_read_deadline(&conns[7].socket, simhost_now_ns() + MS);
    assert_true(wasock_poller_wait_until_ns(&poller, WASOCK_DEADLINE_PAST) > 0);
    wasock_poller_close(&poller);
    memset(memory, 0xA5, sizeof(memory)); /* the caller's again */
    set_read_deadline(&conns[7].socket, WASOCK_NO_DEADLINE);
    assert_int_equal(wasock_conn_close(&conns[3]), 0);
    assert_int_equal(wasock_conn_read(&conns[7], &byte, 1), 1);
    assert_int_equal(byte, 'h');
    assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)), 0);
    watch_socket(&conns[7].socket, WASOCK_READABLE);
    assert_in_range(wait_for(&conns[7]), 0, 2 * MS);
    close_all();
}
ON_EVERY_HOST(test_closing_the_poller_first)

/* One connection among many: a byte, many bytes, EOF. */
static void test_one_among_many_on(void)
{
    const uint64_t bound_ns =
        is_host(&simhost_wazero) ? 25 * MS + N * 50000 : 2 * MS;
    char buffer[8];

    open_conns(N);
    for (int round = 0; round < 3; round++) {
        simhost_peer_send(peers[200], "12345678", round == 0 ? 1 : 8,
                          SIMHOST_MS(200));
        assert_in_range(wait_for(&conns[200]), 0, bound_ns);
        assert_true(wasock_conn_try_read(&conns[200], buffer, 8) > 0);
    }
    simhost_peer_shutdown(peers[250], SIMHOST_MS(200));
    assert_in_range(wait_for(&conns[250]), 0, bound_ns);
    /* Level-triggered: not read, so reported again. */
    assert_in_range(wait_for(&conns[250]), 0, 2 * bound_ns);
    close_all();
}
ON_EVERY_HOST(test_one_among_many)

/* EOF of many connections is delivered by one wait, and few polls. */
static void test_many_eofs_cost_few_polls(void **unused)
{
    struct wasock_poller_event events[64];
    uint32_t n_eofs = 0;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(64);
    assert_int_equal(take_until(WASOCK_DEADLINE_PAST, events, 64), 0);
    for (size_t i = 0; i < 64; i += 4) {
        simhost_peer_shutdown(peers[i], SIMHOST_NOW);
    }
    const uint64_t n_polls = simhost_calls(SIMHOST_POLL_ONEOFF);
    const ptrdiff_t n = take(events, 64);
    assert_in_range(simhost_calls(SIMHOST_POLL_ONEOFF) - n_polls, 1,
                    1 + 64 / 8);
    for (ptrdiff_t i = 0; i < n; i++) {
        char byte = 0;
        n_eofs += wasock_conn_try_read(events[i].token, &byte, 1) == 0;
    }
    assert_int_equal(n_eofs, 16);
    close_all();
}

/* Closing an object leaves others that share its descriptor registered. */
static void test_closing_a_sharer(void **unused)
{
    struct wasock_listener sharer = {0};
    struct wasock_conn conn = {0};
    struct wasock_poller_event event;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(0);
    assert_int_equal(wasock_listener_share(&listener, &sharer), 0);
    watch_socket(&listener.socket, WASOCK_READABLE);
    watch_socket(&sharer.socket, WASOCK_READABLE);
    const int fd = wasock_socket_fd(&listener.socket);
    assert_int_equal(wasock_listener_close(&listener), 0);
    simhost_connect(fd, SIMHOST_MS(10));
    assert_int_equal(take_until(wasock_deadline_after_ms(1000), &event, 1), 1);
    assert_ptr_equal(event.token, &sharer);
    assert_int_equal(wasock_listener_try_accept(&sharer, &conn), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_close(&sharer), 0);
    close_all();
}

/* A full send buffer does not delay reading, nor count as an error. */
static void test_full_buffer_does_not_end_reading_on(void)
{
    ptrdiff_t n_read = -WASOCK_EAGAIN;

    open_conns(1);
    fill_and_watch_both(0);
    simhost_peer_send(peers[0], "x", 1, SIMHOST_MS(60));
    while (n_read == -WASOCK_EAGAIN) {
        struct wasock_poller_event event;
        char byte = 0;
        assert_int_equal(take_until(wasock_deadline_after_ms(99), &event, 1),
                         1);
        assert_int_equal(event.error, 0);
        assert_int_equal(wasock_conn_try_write(&conns[0], "4", 1),
                         -WASOCK_EAGAIN);
        n_read = wasock_conn_try_read(&conns[0], &byte, 1);
    }
    assert_int_equal(n_read, 1);
    close_all();
}
ON_EVERY_HOST(test_full_buffer_does_not_end_reading)

/* Setting the interest that an object has already restarts nothing: a server
 * that does so after each EAGAIN still naps on a host without a real poll. */
static void test_same_interest_costs_nothing_on(void)
{
    unsigned n_events = 0;

    open_conns(20);
    const uint64_t end_ns = simhost_now_ns() + 1000 * MS;
    while (simhost_now_ns() < end_ns) {
        struct wasock_poller_event event;
        if (take_until(end_ns, &event, 1) == 1) {
            struct wasock_conn *conn = event.token;
            assert_false(try_read(conn));
            assert_int_equal(wasock_poller_modify(&poller, &conn->socket,
                                                  WASOCK_READABLE, conn),
                             0);
            assert_true(++n_events < 10000);
        }
    }
    close_all();
}
ON_EVERY_HOST(test_same_interest_costs_nothing)

/* A deadline in the past never blocks, not for a millisecond. */
static void test_looking_takes_no_time_on(void)
{
    const uint64_t seed = simhost_now_ns();

    for (size_t n = 1; n <= 101; n += 50) {
        struct wasock_poller_event event;
        simhost_reset(seed, &simhost_knobs.profile);
        open_conns(n);
        const uint64_t before_ns = simhost_now_ns();
        for (int i = 0; i < 100; i++) {
            (void)!take_until(WASOCK_DEADLINE_PAST, &event, 1);
        }
        assert_int_equal(simhost_now_ns(), before_ns);
        close_all();
    }
}
ON_EVERY_HOST(test_looking_takes_no_time)

/* The question whether polls are real is repeated after it failed. */
static void test_failed_detection_is_repeated(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_wazero);
    open_conns(0);
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EIO, 1);
    for (size_t i = 0; i < 3; i++) {
        peers[i] =
            simhost_connect(wasock_socket_fd(&listener.socket), SIMHOST_NOW);
        assert_int_equal(wasock_listener_accept(&listener, &conns[i]), 0);
        watch_socket(&conns[i].socket, WASOCK_READABLE);
    }
    simhost_peer_send(peers[1], "x", 1, SIMHOST_MS(200));
    assert_in_range(wait_for(&conns[1]), 0, 25 * MS);
    close_all();
}

/* A poll is not trusted before that question is answered: on wazero it would
 * sleep until the deadline while a client waits. */
static void test_failed_detection_delays_no_event(void **unused)
{
    struct wasock_poller_event event;
    struct wasock_conn conn = {0};
    ptrdiff_t n = 0;

    (void)unused;
    simhost_reset(1, &simhost_wazero);
    open_conns(0);
    watch_socket(&listener.socket, WASOCK_READABLE);
    simhost_connect(wasock_socket_fd(&listener.socket), SIMHOST_MS(1));
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EINTR, 1);
    const uint64_t start_ns = simhost_now_ns();
    do {
        n = take_until(start_ns + 5000 * MS, &event, 1);
        assert_true(n > 0);
    } while (wasock_listener_try_accept(&listener, &conn) == -WASOCK_EAGAIN);
    assert_in_range(simhost_now_ns() - start_ns, 0, 50 * MS);
    assert_int_equal(wasock_conn_close(&conn), 0);
    close_all();
}

/* Wait until a connection is readable, beside one whose descriptor is dead.
 * Returns the number of errors reported. */
static unsigned count_errors(const struct wasock_conn *dead,
                             const struct wasock_conn *conn)
{
    const uint64_t end_ns = simhost_now_ns() + 200 * MS;
    unsigned n_errors = 0;
    bool is_found = false;

    while (!is_found || simhost_now_ns() < end_ns) {
        struct wasock_poller_event events[N];
        const ptrdiff_t n = take_until(end_ns, events, N);
        assert_true(n > 0 || (is_found && n == 0));
        for (ptrdiff_t i = 0; i < n; i++) {
            n_errors += events[i].error != 0;
            if (events[i].token == dead) {
                assert_int_equal(events[i].error, -WASOCK_EBADF);
                continue;
            }
            assert_int_equal(events[i].error, 0);
            is_found |= try_read(events[i].token) && events[i].token == conn;
        }
    }
    return n_errors;
}

/* A dead descriptor among many is one error, and the others go on. On
 * wasi-common it fails whole polls. */
static void test_dead_descriptor_on(void)
{
    static const size_t sizes[] = {10, N};
    const struct simhost_profile profile = simhost_knobs.profile;

    if (is_host(&simhost_wazero) || simhost_knobs.profile.keeps_sets) {
        return; /* its poll does not look: reading returns the error */
    }
    for (size_t i = 0; i < 2; i++) {
        simhost_reset(i + 1, &profile);
        open_conns(sizes[i]);
        simhost_allow(SIMHOST_BAD_FD, true);
        simhost_allow(SIMHOST_DOUBLE_CLOSE, true);
        if (sizes[i] > 64) {
            keep_one_busy(sizes[i]);
        }
        assert_int_equal(wasock_fd_close(wasock_socket_fd(&conns[4].socket)),
                         0);
        simhost_peer_send(peers[7], "hello", 5, SIMHOST_MS(10));
        assert_int_equal(count_errors(&conns[4], &conns[7]), 1);
        (void)!wasock_conn_close(&conns[4]);
        close_all();
    }
}
ON_EVERY_HOST(test_dead_descriptor)

/* A directory, which fails whole polls on wasi-common, is reported and does
 * not stop the others. On wazero it counts as ready when stdin is. */
static void test_directory_on(void)
{
    struct wasock_pollable directory = {0};
    bool is_reported = false;
    bool is_read = false;

    const int fd = simhost_preopen(SIMHOST_DIRECTORY);
    open_conns(30);
    assert_int_equal(wasock_pollable_from_fd(&directory, fd), 0);
    watch_socket(&directory.socket, WASOCK_READABLE);
    simhost_peer_send(peers[7], "hello", 5, SIMHOST_MS(10));
    const uint64_t end_ns = simhost_now_ns() + 100 * MS;
    while (simhost_now_ns() < end_ns) {
        struct wasock_poller_event events[32];
        const ptrdiff_t n = take_until(end_ns, events, 32);
        assert_true(n >= 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            if (events[i].token == &directory) {
                assert_int_equal(events[i].error, is_host(&simhost_wasi_common)
                                                      ? -WASOCK_EBADF
                                                      : 0);
                is_reported = true;
            } else {
                is_read |= try_read(events[i].token);
            }
        }
        simhost_advance_ns(MS);
    }
    assert_true(is_reported || is_host(&simhost_wazero));
    assert_true(is_read);
    assert_int_equal(wasock_pollable_close(&directory), 0);
    close_all();
}
ON_EVERY_HOST(test_directory)

static void test_pollable_errors(void **unused)
{
    struct wasock_pollable input = {0};

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    open_conns(0);
    assert_int_equal(wasock_pollable_close(&input), -WASOCK_ECLOSED);
    assert_int_equal(wasock_pollable_from_fd(&input, 0), 0);
    watch_socket(&input.socket, WASOCK_READABLE);
    /* Open already: refused, and still registered. */
    assert_int_equal(wasock_pollable_from_fd(&input, 1), -WASOCK_EOPEN);
    assert_int_equal(wasock_socket_fd(&input.socket), 0);
    simhost_peer_send(simhost_peer_of(0), "quit\n", 5, SIMHOST_NOW);
    assert_int_equal(look_at(&input).ready, WASOCK_READABLE);
    assert_int_equal(wasock_pollable_close(&input), 0);
    assert_int_equal(wasock_pollable_close(&input), -WASOCK_ECLOSED);
    assert_null(look_at(&input).token);
    simhost_allow(SIMHOST_BAD_FD, true);
    assert_int_equal(wasock_pollable_from_fd(&input, 999), -WASOCK_EBADF);
    assert_false(wasock_socket_is_open(&input.socket));
    close_all();
}

/* Reading stdin blocks, so it is reported only when it is readable: also on
 * hosts that report everything, or look at nothing. */
static void test_stdin_beside_sockets_on(void)
{
    struct wasock_pollable input = {0};
    bool is_reported = false;

    open_conns(6);
    assert_int_equal(wasock_pollable_from_fd(&input, 0), 0);
    watch_socket(&input.socket, WASOCK_READABLE);
    simhost_peer_send(simhost_peer_of(0), "quit\n", 5, SIMHOST_MS(70));
    simhost_knobs.costs.call_ns[SIMHOST_SOCK_RECV] = 1200;
    while (!is_reported) {
        struct wasock_poller_event events[8];
        if (!truth_of(&conns[3]).is_readable) {
            simhost_peer_send(peers[3], "x", 1, 100000);
        }
        const ptrdiff_t n =
            take_until(wasock_deadline_after_ms(200), events, 8);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            if (events[i].token == &input) {
                assert_true(simhost_truth(0).is_readable);
                is_reported = true;
            } else {
                try_read(events[i].token);
            }
        }
    }
    assert_in_range(simhost_now_ns() - simhost_truth(0).readable_since_ns, 0,
                    25 * MS);
    assert_int_equal(wasock_pollable_close(&input), 0);
    close_all();
}
ON_EVERY_HOST(test_stdin_beside_sockets)

/* Wait for stdin alone among idle connections, which is at EOF. */
static void expect_eof_of_stdin(void)
{
    struct wasock_pollable input = {0};
    struct wasock_poller_event events[8];
    bool is_reported = false;
    char byte = 0;

    assert_int_equal(wasock_pollable_from_fd(&input, 0), 0);
    watch_socket(&input.socket, WASOCK_READABLE);
    const uint64_t before_ns = simhost_now_ns();
    while (!is_reported) {
        const ptrdiff_t n =
            take_until(wasock_deadline_after_ms(200), events, 8);
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            if (events[i].token == &input) {
                assert_int_equal(events[i].error, 0);
                assert_int_equal(events[i].ready, WASOCK_READABLE);
                is_reported = true;
            } else {
                try_read(events[i].token);
            }
        }
    }
    assert_in_range(simhost_now_ns() - before_ns, 0, 25 * MS);
    assert_int_equal(wasock_fd_read(0, &byte, 1), 0);
    assert_int_equal(wasock_pollable_close(&input), 0);
}

/* /dev/null as stdin, of a service: its EOF is reported, also where a poll of
 * it would end the guest. */
static void test_stdin_is_null_on(void)
{
    open_conns(6);
    simhost_set_stdin_to_null();
    expect_eof_of_stdin();
    close_all();
}
ON_EVERY_HOST(test_stdin_is_null)

static void test_stdin_is_closed_on(void)
{
    open_conns(6);
    simhost_peer_shutdown(simhost_peer_of(0), SIMHOST_NOW);
    expect_eof_of_stdin();
    close_all();
}
ON_EVERY_HOST(test_stdin_is_closed)

/* stdout is reported writable soon, also where it cannot be asked about. */
static void test_stdout_alone_on(void)
{
    struct wasock_pollable output = {0};
    struct wasock_poller_event event;

    open_conns(0);
    simhost_allow(SIMHOST_FAKE_POLL_WRITE, true);
    assert_int_equal(wasock_pollable_from_fd(&output, 1), 0);
    watch_socket(&output.socket, WASOCK_WRITABLE);
    const uint64_t before_ns = simhost_now_ns();
    assert_int_equal(take_until(wasock_deadline_after_ms(5000), &event, 1), 1);
    assert_int_equal(event.ready, WASOCK_WRITABLE);
    assert_in_range(simhost_now_ns() - before_ns, 0, 25 * MS);
    assert_int_equal(wasock_pollable_close(&output), 0);
    close_all();
}
ON_EVERY_HOST(test_stdout_alone)

/* An interrupted look at stdin does not make it ready. */
static void test_interrupted_look_at_stdin(void **unused)
{
    (void)unused;
    for (uint64_t nth = 1; nth <= 4; nth++) {
        struct wasock_pollable input = {0};
        struct wasock_poller_event events[8];
        simhost_reset(1, &simhost_wasi_common);
        open_conns(2);
        assert_int_equal(wasock_pollable_from_fd(&input, 0), 0);
        watch_socket(&input.socket, WASOCK_READABLE);
        assert_int_equal(take_until(WASOCK_DEADLINE_PAST, events, 8), 0);
        simhost_peer_send(peers[0], "x", 1, SIMHOST_NOW);
        simhost_fail(SIMHOST_POLL_ONEOFF, nth, WASOCK_EINTR, 1);
        const ptrdiff_t n = take(events, 8);
        for (ptrdiff_t i = 0; i < n; i++) {
            assert_ptr_not_equal(events[i].token, &input);
        }
        assert_int_equal(wasock_pollable_close(&input), 0);
        close_all();
    }
}

/* ---- In-process sockets ---- */

static _Alignas(
    WASOCK_FAKENET_ALIGNMENT) char net_memory[WASOCK_FAKENET_SIZE(4, 10000)];
static struct wasock_fakenet net;

/* Two connected ends, on a network with the host's clock or its own. */
static void open_ends(enum wasock_fakenet_clock clock, struct wasock_conn *ends)
{
    const struct wasock_fakenet_options options = {.clock = clock};

    assert_int_equal(
        wasock_fakenet_init(&net, net_memory, sizeof(net_memory), 4, &options),
        0);
    assert_int_equal(wasock_fakenet_pair(&net, &ends[0], &ends[1]), 0);
}

/* A network with its own clock shares no poller with real sockets, nor with
 * another network. */
static void test_different_clocks_are_refused(void **unused)
{
    static _Alignas(WASOCK_FAKENET_ALIGNMENT) char
        other_memory[WASOCK_FAKENET_SIZE(4, 10000)];
    struct wasock_fakenet other;
    struct wasock_conn ends[4] = {0};

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    open_conns(1);
    open_ends(WASOCK_FAKENET_VIRTUAL, ends);
    assert_int_equal(wasock_fakenet_init(&other, other_memory,
                                         sizeof(other_memory), 4, NULL),
                     0);
    assert_int_equal(wasock_fakenet_pair(&other, &ends[2], &ends[3]), 0);
    assert_int_equal(wasock_poller_add(&poller, &ends[0].socket, 1, NULL),
                     -WASOCK_ECLOCK);
    assert_int_equal(wasock_poller_remove(&poller, &conns[0].socket), 0);
    assert_int_equal(wasock_poller_add(&poller, &ends[0].socket, 1, NULL), 0);
    assert_int_equal(wasock_poller_add(&poller, &ends[2].socket, 1, NULL),
                     -WASOCK_ECLOCK);
    assert_int_equal(wasock_poller_add(&poller, &conns[0].socket, 1, NULL),
                     -WASOCK_ECLOCK);
    assert_int_equal(wasock_conn_close(&ends[0]), 0);
    assert_int_equal(wasock_poller_wait_until_ns(&poller, 1), 0);
    assert_int_equal(wasock_poller_add(&poller, &conns[0].socket, 1, NULL), 0);
    close_all();
}

/* Note when each connection was first read. */
static void read_all(const struct wasock_conn *inner, uint64_t start_ns,
                     uint64_t *inner_ns, uint64_t *outer_ns)
{
    struct wasock_poller_event events[8];
    const ptrdiff_t n = take_until(start_ns + 1000 * MS, events, 8);

    assert_true(n > 0);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (try_read(events[i].token)) {
            *(events[i].token == inner ? inner_ns : outer_ns) =
                simhost_now_ns() - start_ns;
        }
    }
}

/* On the host's clock, real and in-process sockets are waited for together. */
static void test_network_on_the_host_clock_on(void)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 30 * MS};
    struct wasock_conn ends[2] = {0};
    uint64_t outer_ns = 0;
    uint64_t inner_ns = 0;

    open_conns(20);
    open_ends(WASOCK_FAKENET_HOST, ends);
    wasock_fakenet_set_faults(&net, &slow);
    watch_socket(&ends[1].socket, WASOCK_READABLE);
    const uint64_t start_ns = simhost_now_ns();
    assert_int_equal(wasock_conn_write(&ends[0], "in", 2), 2);
    simhost_peer_send(peers[7], "out", 3, SIMHOST_MS(15));
    while (inner_ns == 0 || outer_ns == 0) {
        read_all(&ends[1], start_ns, &inner_ns, &outer_ns);
    }
    assert_in_range(inner_ns, 30 * MS, 52 * MS);
    assert_in_range(outer_ns, 15 * MS, 40 * MS);
    assert_int_equal(wasock_conn_close(&ends[0]), 0);
    assert_int_equal(wasock_conn_close(&ends[1]), 0);
    close_all();
}
ON_EVERY_HOST(test_network_on_the_host_clock)

/* An in-process socket that is always ready does not hide a real one, nor the
 * other way round: both are in every wait. */
static void test_ready_network_beside_ready_host_on(void)
{
    struct wasock_conn ends[2] = {0};

    open_conns(1);
    open_ends(WASOCK_FAKENET_HOST, ends);
    watch_socket(&ends[0].socket, WASOCK_WRITABLE);
    simhost_peer_send(peers[0], "hello", 5, SIMHOST_NOW);
    for (int i = 0; i < 800; i++) {
        struct wasock_poller_event events[8];
        unsigned n_inner = 0;
        unsigned n_outer = 0;
        const ptrdiff_t n = take(events, 8);
        for (ptrdiff_t k = 0; k < n; k++) {
            n_inner += events[k].token == &ends[0];
            n_outer += events[k].token == &conns[0];
        }
        assert_int_equal(n_inner, 1);
        assert_int_equal(n_outer, 1);
        simhost_advance_ns(100000);
    }
    assert_int_equal(wasock_conn_close(&ends[0]), 0);
    assert_int_equal(wasock_conn_close(&ends[1]), 0);
    close_all();
}
ON_EVERY_HOST(test_ready_network_beside_ready_host)

/* Bytes that arrive while another socket of the network is looked at end the
 * next wait. */
static void test_arrivals_on_a_network_end_a_wait(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 5 * MS};
    struct wasock_poller_event event;

    (void)unused;
    for (int has_deadline = 0; has_deadline < 2; has_deadline++) {
        struct wasock_conn ends[4] = {0};
        simhost_reset(1, &simhost_ideal);
        open_conns(0);
        open_ends(WASOCK_FAKENET_HOST, ends);
        wasock_fakenet_set_faults(&net, &slow);
        assert_int_equal(wasock_fakenet_pair(&net, &ends[2], &ends[3]), 0);
        watch_socket(&ends[1].socket, WASOCK_READABLE);
        assert_int_equal(take_until(WASOCK_DEADLINE_PAST, &event, 1), 0);
        watch_socket(&ends[3].socket, WASOCK_READABLE);
        assert_int_equal(wasock_conn_write(&ends[0], "x", 1), 1);
        simhost_advance_ns(10 * MS);
        const uint64_t start_ns = simhost_now_ns();
        assert_int_equal(
            take_until(has_deadline ? start_ns + 1000 * MS : WASOCK_NO_DEADLINE,
                       &event, 1),
            1);
        assert_ptr_equal(event.token, &ends[1]);
        assert_true(simhost_now_ns() - start_ns < 10 * MS);
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(wasock_conn_close(&ends[i]), 0);
        }
        close_all();
    }
}

/* ---- Costs ---- */

/* What an echo costs, in host calls and subscriptions. */
static void count_costs(size_t n_busy, size_t n_idle, double *calls,
                        double *subscriptions)
{
    static struct wasock_poller_event events[64];
    const size_t n_echoes_wanted = 4000;
    uint64_t calls_before = 0;
    uint64_t subscriptions_before = 0;
    size_t n_echoes = 0;

    simhost_reset(1, &simhost_wasi_common);
    open_conns(n_busy + n_idle);
    set_costs();
    while (n_echoes < 2 * n_echoes_wanted) {
        if (calls_before == 0 && n_echoes >= n_echoes_wanted) {
            calls_before = simhost_calls(SIMHOST_ANY_CALL);
            subscriptions_before = simhost_n_subscriptions();
        }
        send_to(n_busy);
        const ptrdiff_t n = take(events, 64);
        for (ptrdiff_t i = 0; i < n; i++) {
            n_echoes += echo(events[i].token);
        }
    }
    *calls = (double)(simhost_calls(SIMHOST_ANY_CALL) - calls_before) /
             (double)n_echoes_wanted;
    *subscriptions =
        (double)(simhost_n_subscriptions() - subscriptions_before) /
        (double)n_echoes_wanted;
    close_all();
}

static void test_host_calls_an_echo(void **unused)
{
    double calls = 0;
    double subscriptions = 0;

    (void)unused;
    count_costs(1, 0, &calls, &subscriptions);
    assert_true(calls < 3.01); /* poll, receive, send */
    count_costs(64, 0, &calls, &subscriptions);
    assert_true(calls < 2.1);
    assert_true(subscriptions < 0.3); /* mostly tried without asking */
    count_costs(64, 1000, &calls, &subscriptions);
    assert_true(calls < 2.3);
    assert_true(subscriptions < 1.5);
}

/* Beside a connection without interest, and an in-process one whose peer is
 * silent, only a deadline ends a wait. */
static void test_silence_in_the_process_on(void)
{
    struct wasock_conn ends[2] = {0};

    open_conns(1);
    open_ends(WASOCK_FAKENET_HOST, ends);
    watch_socket(&ends[0].socket, WASOCK_READABLE);
    assert_int_equal(wasock_poller_modify(&poller, &conns[0].socket, 0, NULL),
                     0);
    assert_int_equal(wasock_poller_wait_until_ns(&poller, WASOCK_NO_DEADLINE),
                     -WASOCK_EDEADLOCK);
    const uint64_t start_ns = simhost_now_ns();
    assert_int_equal(wasock_poller_wait_until_ns(&poller, start_ns + 5 * MS),
                     0);
    assert_in_range(simhost_now_ns() - start_ns, 5 * MS, 6 * MS);
    assert_int_equal(wasock_conn_close(&ends[0]), 0);
    assert_int_equal(wasock_conn_close(&ends[1]), 0);
    close_all();
}
ON_EVERY_HOST(test_silence_in_the_process)

/* Which pollers find some ready ones by trying alone, for the BSD layer. */
static void test_tries_are_needed_on(void)
{
    struct wasock_conn ends[2] = {0};

    open_conns(1);
    open_ends(WASOCK_FAKENET_HOST, ends);
    assert_false(wasock__poller_needs_tries(&poller));
    const ptrdiff_t ignored = wasock_poller_wait_for_ns(
        &poller, 2 * MS); /* detects the host's kind */
    (void)ignored;
    assert_int_equal(wasock__poller_needs_tries(&poller),
                     is_host(&simhost_wazero));
    watch_socket(&ends[0].socket, WASOCK_READABLE);
    assert_true(wasock__poller_needs_tries(&poller));
    assert_int_equal(wasock_conn_close(&ends[0]), 0);
    assert_int_equal(wasock_conn_close(&ends[1]), 0);
    close_all();
}
ON_EVERY_HOST(test_tries_are_needed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_errors),
        cmocka_unit_test(test_add_modify_remove_errors),
        cmocka_unit_test(test_wait_of_an_empty_poller),
        cmocka_unit_test(test_closed_poller),
        cmocka_unit_test(test_closing_the_poller_first),
        cmocka_unit_test(test_one_among_many),
        cmocka_unit_test(test_many_eofs_cost_few_polls),
        cmocka_unit_test(test_closing_a_sharer),
        cmocka_unit_test(test_full_buffer_does_not_end_reading),
        cmocka_unit_test(test_same_interest_costs_nothing),
        cmocka_unit_test(test_looking_takes_no_time),
        cmocka_unit_test(test_failed_detection_is_repeated),
        cmocka_unit_test(test_failed_detection_delays_no_event),
        cmocka_unit_test(test_dead_descriptor),
        cmocka_unit_test(test_directory),
        cmocka_unit_test(test_pollable_errors),
        cmocka_unit_test(test_stdin_beside_sockets),
        cmocka_unit_test(test_stdin_is_null),
        cmocka_unit_test(test_stdin_is_closed),
        cmocka_unit_test(test_stdout_alone),
        cmocka_unit_test(test_interrupted_look_at_stdin),
        cmocka_unit_test(test_different_clocks_are_refused),
        cmocka_unit_test(test_network_on_the_host_clock),
        cmocka_unit_test(test_ready_network_beside_ready_host),
        cmocka_unit_test(test_arrivals_on_a_network_end_a_wait),
        cmocka_unit_test(test_host_calls_an_echo),
        cmocka_unit_test(test_silence_in_the_process),
        cmocka_unit_test(test_tries_are_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
