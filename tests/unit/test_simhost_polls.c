/* SPDX-License-Identifier: MIT */
/*
 * simhost's profiles against what was measured of the hosts, by raw host
 * calls: poll_oneoff. The expectations are written out here
 * once more, host by host, and not read from the profiles.
 */
#include "host_calls.h"

static void one_ready_among_several_on(enum host host)
{
    static const char *const orders[] = {"3", "134", "13", "3", "3"};
    static const uint64_t durations_ms[] = {2, 2, 50, 2, 2};
    struct simhost_peer *idle_peer = NULL;
    struct simhost_peer *peer = NULL;
    struct simhost_peer *full_peer = NULL;
    const int idle = open_connection(&idle_peer);
    const int busy = open_connection(&peer);
    const int full = open_connection(&full_peer);
    const struct wasock__subscription subscriptions[] = {
        on_read(idle, 1), on_clock(SIMHOST_MS(50), 2), on_read(busy, 3),
        on_write(full, 4)};
    /* A fake poll takes no write subscription. */
    const size_t n = host == WAZERO ? 3 : 4;

    simhost_peer_set_window(full_peer, 0);
    simhost_peer_send(peer, "xyz", 3, SIMHOST_MS(2));
    const struct answer answer = ask(subscriptions, n);
    if (host == WAZERO) {
        assert_string_equal(order_of(&answer), "123");
    } else {
        assert_string_equal(order_of(&answer), orders[host]);
    }
    assert_int_equal(answer.duration_ns, SIMHOST_MS(durations_ms[host]));
    assert_int_equal(find(&answer, 3)->type, WASIP1_EVENTTYPE_FD_READ);
    if (host == WC) {
        assert_int_equal(find(&answer, 4)->type, WASIP1_EVENTTYPE_FD_WRITE);
        assert_int_equal(find(&answer, 4)->n_bytes, 0);
    }
}
RUN_ON_EVERY_HOST(one_ready_among_several)

static void byte_counts_on(enum host host)
{
    struct simhost_peer *peer = NULL;
    const int listener = open_listener();
    const int fd = open_connection(&peer);
    const int idle = open_connection(&peer);
    const struct wasock__subscription subscriptions[] = {
        on_read(listener, 1), on_read(fd, 2), on_read(idle, 3),
        on_clock(SIMHOST_MS(1), 4)};

    (void)simhost_connect(listener, SIMHOST_NOW);
    simhost_peer_send(simhost_peer_of(fd), "12345", 5, SIMHOST_NOW);
    const struct answer answer = ask(subscriptions, 4);
    const uint64_t of_listener = find(&answer, 1)->n_bytes;
    const uint64_t of_data = find(&answer, 2)->n_bytes;
    switch (host) {
    case IDEAL:
        assert_int_equal(of_listener, 1);
        assert_int_equal(of_data, 5);
        break;
    case WC:
        assert_int_equal(of_listener, 1);
        assert_int_equal(of_data, 5);
        assert_int_equal(find(&answer, 3)->n_bytes, 1);
        break;
    case WAMR:
        assert_true(of_data > 5);
        break;
    case WAZERO:
    case WASI_GO:
        assert_int_equal(of_listener, 0);
        assert_int_equal(of_data, 0);
        break;
    }
}
RUN_ON_EVERY_HOST(byte_counts)

static void end_in_poll_on(enum host host)
{
    static const uint16_t half[] = {1, 0, 0, 0, 0};
    static const uint16_t whole[] = {1, 1, 0, 0, 1};
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const struct wasock__subscription subscriptions[] = {
        on_read(fd, 1), on_clock(SIMHOST_MS(1), 2)};

    simhost_peer_shutdown(peer, SIMHOST_NOW);
    struct answer answer = ask(subscriptions, 2);
    assert_int_equal(find(&answer, 1)->error, 0);
    assert_int_equal(find(&answer, 1)->flags, half[host]);
    if (host != WAMR) {
        assert_int_equal(find(&answer, 1)->n_bytes, host == WC);
    }
    assert_int_equal(wasip1_sock_shutdown(fd, WASIP1_SDFLAGS_WR), 0);
    answer = ask(subscriptions, 2);
    assert_int_equal(find(&answer, 1)->flags, whole[host]);
}
RUN_ON_EVERY_HOST(end_in_poll)

static void reset_in_poll_on(enum host host)
{
    static const uint16_t errors[] = {WASOCK_ECONNRESET, WASOCK_EIO, 0, 0,
                                      WASOCK_EIO};
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const struct wasock__subscription subscriptions[] = {
        on_read(fd, 1), on_clock(SIMHOST_MS(1), 2)};

    simhost_peer_reset(peer, SIMHOST_NOW);
    const struct answer answer = ask(subscriptions, 2);
    assert_int_equal(find(&answer, 1)->error, errors[host]);
}
RUN_ON_EVERY_HOST(reset_in_poll)

/* A reset that the guest's own send has caused: a poll reports it until the
 * next send has returned it, and no receive returns it. */
static void reset_after_send_on(enum host host)
{
    static const uint16_t errors[] = {WASOCK_ECONNRESET, WASOCK_EIO, 0, 0,
                                      WASOCK_EIO};
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const struct wasock__subscription subscriptions[] = {
        on_read(fd, 1), on_clock(SIMHOST_MS(1), 2)};
    char byte = 0;
    uint32_t n = 7;

    simhost_peer_close(peer, SIMHOST_NOW);
    assert_int_equal(transmit(fd, "vanishes", &n), 0);
    struct answer answer = ask(subscriptions, 2);
    assert_int_equal(find(&answer, 1)->error, errors[host]);
    assert_int_equal(receive(fd, &byte, 1, &n), 0);
    assert_int_equal(n, 0);
    simhost_allow(SIMHOST_SIGPIPE, true);
    assert_int_not_equal(transmit(fd, "fails", &n), 0);
    answer = ask(subscriptions, 2);
    assert_int_equal(find(&answer, 1)->error, 0);
}
RUN_ON_EVERY_HOST(reset_after_send)

static void dead_fd_in_poll_on(enum host host)
{
    static const char *const orders[] = {"1", "E8", "12", "12", "1"};
    static const uint64_t durations_ms[] = {0, 0, 20, 0, 0};
    const struct wasock__subscription subscriptions[] = {
        on_read(77, 1), on_clock(SIMHOST_MS(20), 2)};

    simhost_allow(SIMHOST_BAD_FD, true);
    const struct answer answer = ask(subscriptions, 2);
    assert_string_equal(order_of(&answer), orders[host]);
    assert_int_equal(answer.duration_ns, SIMHOST_MS(durations_ms[host]));
    if (host != WC) {
        assert_int_equal(find(&answer, 1)->error, WASOCK_EBADF);
    }
    assert_int_equal(simhost_n_verdicts(SIMHOST_BAD_FD), 1);
}
RUN_ON_EVERY_HOST(dead_fd_in_poll)

static void errors_come_first_on(enum host host)
{
    static const char *const orders[] = {"12", "E8", "12", "123", "21"};
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const struct wasock__subscription subscriptions[] = {
        on_read(fd, 1), on_read(77, 2), on_clock(SIMHOST_MS(20), 3)};

    simhost_allow(SIMHOST_BAD_FD, true);
    simhost_peer_send(peer, "x", 1, SIMHOST_NOW);
    const struct answer answer = ask(subscriptions, 3);
    assert_string_equal(order_of(&answer),
                        host == WAZERO ? "123" : orders[host]);
}
RUN_ON_EVERY_HOST(errors_come_first)

static void directory_in_poll_on(enum host host)
{
    static const char *const orders[] = {"1", "E8", "2", "1", "1"};
    const struct wasock__subscription subscriptions[] = {
        on_read(simhost_preopen(SIMHOST_DIRECTORY), 1),
        on_clock(SIMHOST_MS(20), 2)};
    const struct answer answer = ask(subscriptions, 2);

    assert_string_equal(order_of(&answer), orders[host]);
    if (host != WC) {
        assert_int_equal(answer.events[0].error,
                         host == WASI_GO ? WASOCK_ENOTCAPABLE : 0);
    }
}
RUN_ON_EVERY_HOST(directory_in_poll)

static void clock_beside_ready_on(enum host host)
{
    static const char *const now[] = {"12", "21", "12", "12", "1"};
    static const char *const far[] = {"1", "1", "12", "1", "1"};
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const struct wasock__subscription subscriptions[] = {
        on_read(fd, 1), on_clock(0, 2), on_clock(SIMHOST_MS(500), 2)};
    const struct wasock__subscription later[] = {subscriptions[0],
                                                 subscriptions[2]};

    simhost_peer_send(peer, "x", 1, SIMHOST_NOW);
    struct answer answer = ask(subscriptions, 2);
    assert_string_equal(order_of(&answer), now[host]);
    answer = ask(later, 2);
    assert_string_equal(order_of(&answer), far[host]);
    assert_int_equal(answer.duration_ns, host == WAZERO ? SIMHOST_MS(500) : 0);
}
RUN_ON_EVERY_HOST(clock_beside_ready)

static void no_clock_on(enum host host)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const struct wasock__subscription subscription = on_read(fd, 1);

    simhost_allow(SIMHOST_FAKE_POLL_WITHOUT_CLOCK, true);
    simhost_allow(SIMHOST_WAITS_FOR_EVER, true);
    simhost_peer_send(peer, "x", 1, SIMHOST_MS(30));
    struct answer answer = ask(&subscription, 1);
    assert_int_equal(answer.duration_ns, SIMHOST_MS(30));
    if (host != WAZERO) {
        assert_string_equal(order_of(&answer), "1");
        assert_int_equal(simhost_n_verdicts(SIMHOST_WAITS_FOR_EVER), 0);
        return;
    }
    assert_int_equal(simhost_n_verdicts(SIMHOST_FAKE_POLL_WITHOUT_CLOCK), 1);
    assert_int_equal(simhost_n_verdicts(SIMHOST_WAITS_FOR_EVER), 1);
}
RUN_ON_EVERY_HOST(no_clock)

static void write_probe_on(enum host host)
{
    const struct wasock__subscription subscriptions[] = {
        on_write(open_listener(), 1), on_clock(0, 2)};
    const struct answer answer = ask(subscriptions, 2);

    if (host == WAZERO) {
        assert_string_equal(order_of(&answer), "12");
        assert_int_equal(answer.events[0].error, WASOCK_ENOTSUP);
    } else {
        assert_string_equal(order_of(&answer), "2");
    }
    assert_int_equal(simhost_n_verdicts(SIMHOST_FAKE_POLL_WRITE), 0);
}
RUN_ON_EVERY_HOST(write_probe)

static void writable_on(enum host host)
{
    static const char *const orders[] = {"1", "1", "12", "1", "1"};
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const struct wasock__subscription subscriptions[] = {
        on_write(fd, 1), on_clock(SIMHOST_MS(20), 2)};

    simhost_allow(SIMHOST_FAKE_POLL_WRITE, true);
    const struct answer answer = ask(subscriptions, 2);
    assert_string_equal(order_of(&answer), orders[host]);
    assert_int_equal(simhost_n_verdicts(SIMHOST_FAKE_POLL_WRITE),
                     host == WAZERO);
}
RUN_ON_EVERY_HOST(writable)

static void stdin_decides_on(enum host host)
{
    const int listener = simhost_preopen(SIMHOST_LISTENER);
    const struct wasock__subscription subscriptions[] = {
        on_read(listener, 1), on_clock(SIMHOST_MS(20), 2)};

    simhost_set_nonblocking(listener, false);
    struct answer answer = ask(subscriptions, 2);
    assert_string_equal(order_of(&answer), "2");
    simhost_peer_close(simhost_peer_of(0), SIMHOST_NOW);
    answer = ask(subscriptions, 2);
    assert_string_equal(order_of(&answer), host == WAZERO ? "1" : "2");
    assert_true((answer.duration_ns == 0) == (host == WAZERO));
}
RUN_ON_EVERY_HOST(stdin_decides)

static void stdin_wakes_on(enum host host)
{
    const int listener = simhost_preopen(SIMHOST_LISTENER);
    const struct wasock__subscription subscriptions[] = {
        on_read(listener, 1), on_clock(SIMHOST_MS(20), 2)};

    simhost_set_nonblocking(listener, false);
    simhost_peer_send(simhost_peer_of(0), "x", 1, SIMHOST_MS(5));
    const struct answer answer = ask(subscriptions, 2);
    assert_string_equal(order_of(&answer), host == WAZERO ? "1" : "2");
    assert_true((answer.duration_ns == SIMHOST_MS(5)) == (host == WAZERO));
}
RUN_ON_EVERY_HOST(stdin_wakes)

static void short_timeout_on(enum host host)
{
    static const uint64_t durations_ns[] = {500000, 500000, 500000, 0, 0};
    const struct wasock__subscription clock = on_clock(500000, 1);

    simhost_allow(SIMHOST_BAD_TIMEOUT, true);
    const struct answer answer = ask(&clock, 1);
    assert_string_equal(order_of(&answer), "1");
    assert_int_equal(answer.duration_ns, durations_ns[host]);
    assert_int_equal(simhost_n_verdicts(SIMHOST_BAD_TIMEOUT), 1);
}
RUN_ON_EVERY_HOST(short_timeout)

static void early_wake_on(enum host host)
{
    const struct wasock__subscription clock = on_clock(SIMHOST_MS(50), 1);
    uint64_t shortest_ns = UINT64_MAX;

    for (int i = 0; i < 20; i++) {
        const struct answer answer = ask(&clock, 1);
        assert_in_range(answer.duration_ns, SIMHOST_MS(49), SIMHOST_MS(50));
        if (answer.duration_ns < shortest_ns) {
            shortest_ns = answer.duration_ns;
        }
    }
    assert_true((shortest_ns < SIMHOST_MS(50)) == (host == WASI_GO));
}
RUN_ON_EVERY_HOST(early_wake)

static void huge_timeout_on(enum host host)
{
    const bool ends_at_once = host == WAZERO || host == WASI_GO;
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const struct wasock__subscription subscriptions[] = {
        on_read(fd, 1), on_clock(UINT64_MAX, 2)};

    simhost_allow(SIMHOST_BAD_TIMEOUT, true);
    simhost_peer_send(peer, "x", 1, SIMHOST_MS(9));
    const struct answer answer = ask(subscriptions, 2);
    assert_int_equal(answer.duration_ns, ends_at_once ? 0 : SIMHOST_MS(9));
}
RUN_ON_EVERY_HOST(huge_timeout)

static void absolute_clock_on(enum host host)
{
    static const char *const orders[] = {"2", "2", "E58", "2", "2"};
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    struct wasock__subscription subscriptions[] = {
        on_read(fd, 1), on_clock(simhost_now_ns() + SIMHOST_MS(5), 2)};

    subscriptions[1].of.clock.flags = 1;
    simhost_allow(SIMHOST_BAD_CLOCK, true);
    simhost_allow(SIMHOST_BAD_TIMEOUT, true);
    const struct answer answer = ask(subscriptions, 2);
    assert_string_equal(order_of(&answer), orders[host]);
    if (host == WAMR) {
        assert_int_equal(answer.events[0].error, WASOCK_ENOSYS);
        assert_int_equal(answer.duration_ns, 0);
    } else if (host != WAZERO) {
        assert_in_range(answer.duration_ns, SIMHOST_MS(host == WASI_GO ? 4 : 5),
                        SIMHOST_MS(5));
    }
    assert_int_equal(simhost_n_verdicts(SIMHOST_BAD_CLOCK), 1);
}
RUN_ON_EVERY_HOST(absolute_clock)

static void two_clocks_on(enum host host)
{
    static const char *const orders[] = {"2", "2", "12", "2", "2"};
    const struct wasock__subscription clocks[] = {on_clock(SIMHOST_MS(100), 1),
                                                  on_clock(SIMHOST_MS(30), 2)};

    simhost_allow(SIMHOST_BAD_CLOCK, true);
    const struct answer answer = ask(clocks, 2);
    assert_string_equal(order_of(&answer), orders[host]);
    assert_int_equal(simhost_n_verdicts(SIMHOST_BAD_CLOCK), 1);
    if (host == WAMR) {
        assert_int_equal(answer.events[0].error, WASOCK_ENOSYS);
        assert_int_equal(answer.duration_ns, 0);
    } else {
        assert_in_range(answer.duration_ns, SIMHOST_MS(29), SIMHOST_MS(30));
    }
}
RUN_ON_EVERY_HOST(two_clocks)

static void two_equal_clocks_on(enum host host)
{
    const struct wasock__subscription clocks[] = {on_clock(SIMHOST_MS(30), 1),
                                                  on_clock(SIMHOST_MS(30), 2)};

    simhost_allow(SIMHOST_BAD_CLOCK, true);
    const struct answer answer = ask(clocks, 2);
    assert_string_equal(order_of(&answer), host == WAMR ? "2" : "12");
}
RUN_ON_EVERY_HOST(two_equal_clocks)

static void added_precision_on(enum host host)
{
    struct wasock__subscription clock = on_clock(SIMHOST_MS(100), 1);

    clock.of.clock.precision_ns = SIMHOST_MS(200);
    simhost_allow(SIMHOST_BAD_CLOCK, true);
    const struct answer answer = ask(&clock, 1);
    if (host == WASI_GO) {
        assert_in_range(answer.duration_ns, SIMHOST_MS(299), SIMHOST_MS(300));
    } else {
        assert_int_equal(answer.duration_ns, SIMHOST_MS(100));
    }
}
RUN_ON_EVERY_HOST(added_precision)

static void unwritten_events_on(enum host host)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const struct wasock__subscription subscriptions[] = {
        on_read(fd, 1), on_clock(SIMHOST_MS(1), 2)};
    struct answer answer = ask(subscriptions, 2);

    (void)host;
    if (answer.n == 1) {
        assert_int_equal(answer.events[1].error, 0xa5a5);
    }
}
RUN_ON_EVERY_HOST(unwritten_events)

static void event_order_on(enum host host)
{
    static const char *const orders[] = {"1234", "3241", "", "1234", "124"};
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const int other = open_connection(&peer);
    const struct wasock__subscription subscriptions[] = {
        on_write(fd, 1), on_read(fd, 2), on_clock(0, 3), on_read(other, 4)};

    simhost_peer_send(simhost_peer_of(fd), "x", 1, SIMHOST_NOW);
    simhost_peer_send(peer, "x", 1, SIMHOST_NOW);
    const struct answer answer = ask(subscriptions, 4);
    assert_string_equal(order_of(&answer),
                        host == WAZERO ? "1234" : orders[host]);
}
RUN_ON_EVERY_HOST(event_order)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_ready_among_several),
        cmocka_unit_test(byte_counts),
        cmocka_unit_test(end_in_poll),
        cmocka_unit_test(reset_in_poll),
        cmocka_unit_test(reset_after_send),
        cmocka_unit_test(dead_fd_in_poll),
        cmocka_unit_test(errors_come_first),
        cmocka_unit_test(directory_in_poll),
        cmocka_unit_test(clock_beside_ready),
        cmocka_unit_test(no_clock),
        cmocka_unit_test(write_probe),
        cmocka_unit_test(writable),
        cmocka_unit_test(stdin_decides),
        cmocka_unit_test(stdin_wakes),
        cmocka_unit_test(short_timeout),
        cmocka_unit_test(early_wake),
        cmocka_unit_test(huge_timeout),
        cmocka_unit_test(absolute_clock),
        cmocka_unit_test(two_clocks),
        cmocka_unit_test(two_equal_clocks),
        cmocka_unit_test(added_precision),
        cmocka_unit_test(unwritten_events),
        cmocka_unit_test(event_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
