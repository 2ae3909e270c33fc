/* SPDX-License-Identifier: MIT */
/*
 * Many connections of one program, both ends in one poller, over the loopback
 * interface: relays with full buffers, pauses, dials, deadlines. Each byte is
 * compared, and whatever hangs is a failure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <wasock/wasock.h>

#define N_PAIRS 500
#define BOTH (WASOCK_READABLE | WASOCK_WRITABLE)

/* How long nothing happens before it is taken for a standstill. */
#define QUIET_NS (100 * WASOCK_NS_PER_MS)
#define GIVE_UP_NS (30 * WASOCK_NS_PER_S)

static _Alignas(
    WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE((2 * N_PAIRS) + 1)];
static struct wasock_poller poller;
static struct wasock_listener listener;
static struct wasock_addr address;
static uint64_t give_up_ns;

/* ---- Streams of bytes that are known ---- */

static unsigned char byte_at(unsigned seed, size_t offset)
{
    return (unsigned char)(((offset + seed) * 2654435761U) >> 13);
}

/* One end of a connection: what it has sent and received of two streams. */
struct end {
    struct wasock_conn conn;
    unsigned sends; /* seeds */
    unsigned receives;
    size_t n_sent;
    size_t n_received;
    bool is_accepted;
};

static struct end dialled[N_PAIRS];
static struct end accepted[N_PAIRS];

/* Send the stream up to a length, or until there is no room. */
static void send_some(struct end *end, size_t length)
{
    unsigned char bytes[4096];
    ptrdiff_t n = 1;

    while (end->n_sent < length && n > 0) {
        const size_t left = length - end->n_sent;
        const size_t some = left < sizeof(bytes) ? left : sizeof(bytes);
        for (size_t i = 0; i < some; i++) {
            bytes[i] = byte_at(end->sends, end->n_sent + i);
        }
        n = wasock_conn_try_write(&end->conn, bytes, some);
        assert_true(n > 0 || n == -WASOCK_EAGAIN);
        end->n_sent += n > 0 ? (size_t)n : 0;
    }
}

/* Receive what has arrived, and compare it. */
static void receive_some(struct end *end)
{
    unsigned char bytes[4096];
    ptrdiff_t n = 1;

    while (n > 0) {
        n = wasock_conn_try_read(&end->conn, bytes, sizeof(bytes));
        assert_true(n > 0 || n == -WASOCK_EAGAIN);
        for (ptrdiff_t i = 0; i < n; i++) {
            assert_int_equal(bytes[i], byte_at(end->receives, end->n_received));
            end->n_received++;
        }
    }
}

/* ---- The poller ---- */

static void start(void)
{
    assert_int_equal(wasock_addr_parse("127.0.0.1:0", 11, &address), 0);
    assert_int_equal(wasock_listener_listen(&listener, NULL, &address, N_PAIRS),
                     0);
    assert_int_equal(wasock_socket_local_addr(&listener.socket, &address), 0);
    assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)), 0);
    memset(dialled, 0, sizeof(dialled));
    memset(accepted, 0, sizeof(accepted));
    give_up_ns = wasock_ns_add(wasock_clock_now_ns(), GIVE_UP_NS);
}

static void finish(size_t n_pairs)
{
    for (size_t i = 0; i < n_pairs; i++) {
        assert_int_equal(wasock_conn_close(&dialled[i].conn), 0);
        assert_int_equal(wasock_conn_close(&accepted[i].conn), 0);
    }
    assert_int_equal(wasock_listener_close(&listener), 0);
    wasock_poller_close(&poller);
}

static void watch(struct end *end, unsigned interest)
{
    assert_int_equal(
        wasock_poller_add(&poller, &end->conn.socket, interest, end), 0);
}

static void change(struct end *end, unsigned interest)
{
    assert_int_equal(
        wasock_poller_modify(&poller, &end->conn.socket, interest, end), 0);
}

/* Wait until something happens. */
static void wait_for_events(void)
{
    assert_true(wasock_poller_wait_until_ns(&poller, give_up_ns) > 0);
}

static void make_pairs(size_t n_pairs, unsigned interest)
{
    for (size_t i = 0; i < n_pairs; i++) {
        assert_int_equal(wasock_conn_connect_until_ns(&dialled[i].conn, NULL,
                                                      &address, give_up_ns),
                         0);
        assert_int_equal(wasock_listener_accept(&listener, &accepted[i].conn),
                         0);
        dialled[i].sends = (unsigned)(2 * i);
        dialled[i].receives = (unsigned)((2 * i) + 1);
        accepted[i].sends = dialled[i].receives;
        accepted[i].receives = dialled[i].sends;
        accepted[i].is_accepted = true;
        watch(&dialled[i], interest);
        watch(&accepted[i], interest);
    }
}

/* ---- A relay ---- */

/* One direction of a relay. */
struct pipe {
    struct end *from;
    struct end *to;
    size_t n_bytes;
    unsigned char bytes[10000];
};

static bool pump_in(struct pipe *pipe)
{
    if (pipe->n_bytes > 0) {
        return false;
    }
    const ptrdiff_t n = wasock_conn_try_read(&pipe->from->conn, pipe->bytes,
                                             sizeof(pipe->bytes));
    assert_true(n > 0 || n == -WASOCK_EAGAIN);
    pipe->n_bytes = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static bool pump_out(struct pipe *pipe)
{
    const ptrdiff_t n =
        wasock_conn_try_write(&pipe->to->conn, pipe->bytes, pipe->n_bytes);

    assert_true(n >= 0 || n == -WASOCK_EAGAIN);
    if (n <= 0) {
        return false;
    }
    memmove(pipe->bytes, pipe->bytes + n, pipe->n_bytes - (size_t)n);
    pipe->n_bytes -= (size_t)n;
    return true;
}

/* What an end of the relay waits for: `in` comes from it, `out` goes to it. */
static void watch_relay(const struct pipe *in, const struct pipe *out)
{
    change(in->from, (in->n_bytes == 0 ? WASOCK_READABLE : 0U) |
                         (out->n_bytes > 0 ? WASOCK_WRITABLE : 0U));
}

static void relay(struct pipe pipes[2])
{
    for (int i = 0; i < 2; i++) {
        while (pump_in(&pipes[i]) || pump_out(&pipes[i])) {
        }
    }
    watch_relay(&pipes[0], &pipes[1]);
    watch_relay(&pipes[1], &pipes[0]);
}

#define N_RELAYED ((size_t)16 << 20)

/* Take events. The clients are the dialled ends. */
static void serve_relay(struct pipe pipes[2], bool is_receiving)
{
    struct wasock_poller_event event;

    while (wasock_poller_next(&poller, &event)) {
        struct end *end = event.token;
        assert_int_equal(event.error, 0);
        if (end->is_accepted) {
            relay(pipes);
            continue;
        }
        send_some(end, N_RELAYED);
        if (is_receiving) {
            receive_some(end);
        }
        change(end, (end->n_sent < N_RELAYED ? WASOCK_WRITABLE : 0U) |
                        (is_receiving ? WASOCK_READABLE : 0U));
    }
}

/* Two clients send to each other through a relay, and read nothing until all
 * buffers are full in both directions. */
static void test_relay_with_full_buffers(void **state)
{
    static struct pipe pipes[2];

    (void)state;
    start();
    make_pairs(2, WASOCK_WRITABLE);
    dialled[0].receives = dialled[1].sends;
    dialled[1].receives = dialled[0].sends;
    pipes[0] = (struct pipe){.from = &accepted[0], .to = &accepted[1]};
    pipes[1] = (struct pipe){.from = &accepted[1], .to = &accepted[0]};
    relay(pipes);
    while (wasock_poller_wait_for_ns(&poller, QUIET_NS) > 0) {
        assert_true(wasock_clock_now_ns() < give_up_ns);
        serve_relay(pipes, false);
    }
    for (int i = 0; i < 2; i++) {
        assert_true(pipes[i].n_bytes > 0);
        assert_true(dialled[i].n_sent < N_RELAYED);
        change(&dialled[i], BOTH);
    }
    while (dialled[0].n_received < N_RELAYED ||
           dialled[1].n_received < N_RELAYED) {
        wait_for_events();
        serve_relay(pipes, true);
    }
    assert_int_equal(dialled[0].n_received, N_RELAYED);
    assert_int_equal(dialled[1].n_received, N_RELAYED);
    finish(2);
}

/* ---- Pauses ---- */

#define N_PAUSED ((size_t)3000)

static size_t count_received(const struct end *ends, size_t length)
{
    size_t n = 0;

    for (size_t i = 0; i < N_PAIRS; i++) {
        assert_true(ends[i].n_received <= length);
        n += ends[i].n_received == length;
    }
    return n;
}

/* Echo what has come from the clients, up to a length from each. */
static void echo_until(size_t length)
{
    struct wasock_poller_event event;

    while (count_received(dialled, length) < N_PAIRS) {
        wait_for_events();
        while (wasock_poller_next(&poller, &event)) {
            struct end *end = event.token;
            assert_int_equal(event.error, 0);
            receive_some(end);
            if (end->is_accepted) {
                send_some(end, end->n_received);
            }
        }
    }
    assert_int_equal(count_received(accepted, length), N_PAIRS);
}

/* A server stops to read from all, and goes on later. */
static void test_pause_and_resume(void **state)
{
    (void)state;
    start();
    make_pairs(N_PAIRS, WASOCK_READABLE);
    for (size_t i = 0; i < N_PAIRS; i++) {
        dialled[i].receives = dialled[i].sends; /* an echo */
        accepted[i].sends = accepted[i].receives;
        send_some(&dialled[i], N_PAUSED);
    }
    echo_until(N_PAUSED);
    for (int round = 2; round < 4; round++) {
        for (size_t i = 0; i < N_PAIRS; i++) {
            change(&accepted[i], 0);
            send_some(&dialled[i], (size_t)round * N_PAUSED);
        }
        /* Nothing is reported meanwhile. */
        assert_int_equal(wasock_poller_wait_for_ns(&poller, QUIET_NS), 0);
        for (size_t i = 0; i < N_PAIRS; i++) {
            change(&accepted[i], WASOCK_READABLE);
        }
        echo_until((size_t)round * N_PAUSED);
    }
    finish(N_PAIRS);
}

/* ---- Dials ---- */

#define N_DIALS 200

/* A port where nobody listens. */
static struct wasock_addr refusing_addr(void)
{
    struct wasock_listener other = {0};
    struct wasock_addr addr = address;

    addr.port = 0;
    assert_int_equal(wasock_listener_listen(&other, NULL, &addr, 0), 0);
    assert_int_equal(wasock_socket_local_addr(&other.socket, &addr), 0);
    assert_int_equal(wasock_listener_close(&other), 0);
    return addr;
}

static void accept_all(size_t *n_accepted)
{
    int error = 0;

    while (error == 0) {
        error =
            wasock_listener_try_accept(&listener, &accepted[*n_accepted].conn);
        *n_accepted += error == 0;
    }
    assert_int_equal(error, -WASOCK_EAGAIN);
}

/* Take the result of a dial; every other one is refused, at the start or here.
 */
static void take_result(struct end *end)
{
    const bool is_refused = (end - dialled) % 2 == 1;
    const int result = wasock_conn_try_finish_connect(&end->conn);

    if (result == -WASOCK_EAGAIN) {
        return; /* readiness is a hint */
    }
    assert_int_equal(result, is_refused ? -WASOCK_ECONNREFUSED : 0);
    end->n_received++;
    if (is_refused) {
        assert_int_equal(wasock_conn_try_finish_connect(&end->conn), result);
        assert_int_equal(wasock_conn_close(&end->conn), 0);
        return;
    }
    assert_int_equal(wasock_conn_try_write(&end->conn, "x", 1), 1);
    assert_int_equal(wasock_poller_remove(&poller, &end->conn.socket), 0);
}

static size_t dial_all(const struct wasock_addr *refusing)
{
    size_t n_results = 0;

    for (size_t i = 0; i < N_DIALS; i++) {
        const int error = wasock_conn_start_connect(
            &dialled[i].conn, NULL, i % 2 == 1 ? refusing : &address);
        if (error != 0) {
            assert_int_equal(error, -WASOCK_ECONNREFUSED);
            assert_int_equal(i % 2, 1);
            n_results++;
            continue;
        }
        watch(&dialled[i], WASOCK_WRITABLE);
    }
    return n_results;
}

/* A client dials many at once, and half of them are refused. */
static void test_dials_at_once(void **state)
{
    struct wasock_poller_event event;
    size_t n_accepted = 0;

    (void)state;
    start();
    const struct wasock_addr refusing = refusing_addr();
    assert_int_equal(wasock_poller_add(&poller, &listener.socket,
                                       WASOCK_READABLE, &listener),
                     0);
    size_t n_results = dial_all(&refusing);
    while (n_results < N_DIALS || n_accepted < N_DIALS / 2) {
        wait_for_events();
        while (wasock_poller_next(&poller, &event)) {
            struct end *end = event.token;
            assert_int_equal(event.error, 0);
            if (event.token == &listener) {
                accept_all(&n_accepted);
                continue;
            }
            take_result(end);
            n_results += end->n_received;
        }
    }
    for (size_t i = 0; i < N_DIALS / 2; i++) {
        char byte = 0;
        assert_int_equal(wasock_conn_read(&accepted[i].conn, &byte, 1), 1);
        assert_int_equal(wasock_conn_close(&accepted[i].conn), 0);
        assert_int_equal(wasock_conn_read(&dialled[2 * i].conn, &byte, 1), 0);
        assert_int_equal(wasock_conn_close(&dialled[2 * i].conn), 0);
    }
    finish(0);
}

/* ---- Deadlines ---- */

#define N_BUSY 100
#define N_TIMED 60

/* The deadline of the i-th idle connection. */
static uint64_t deadline_of(uint64_t begin_ns, size_t i)
{
    return wasock_ns_add(begin_ns, (i % 20) * 5 * WASOCK_NS_PER_MS);
}

/* Pass the ball back. */
static void play(struct end *end)
{
    receive_some(end);
    send_some(end, end->n_received + (end->is_accepted ? 0 : 1));
}

/* Take an exceeded deadline of an idle connection. */
static void take_deadline(struct end *end,
                          const struct wasock_poller_event *event,
                          uint64_t begin_ns)
{
    const size_t i = (size_t)(end - &accepted[N_BUSY]);

    assert_true(end->is_accepted);
    assert_in_range(i, 0, N_TIMED - 1);
    assert_int_equal(event->deadline, WASOCK_READABLE);
    assert_int_equal(event->ready, 0);
    assert_true(wasock_poller_now_ns(&poller) >= deadline_of(begin_ns, i));
    assert_int_equal(end->n_received++, 0); /* once */
}

static bool is_any_unplayed(void)
{
    for (size_t i = 0; i < N_BUSY; i++) {
        if (dialled[i].n_received == 0) {
            return true;
        }
    }
    return false;
}

/* Idle connections exceed their deadlines, once each and not before, while
 * others are always ready; and each of those has its turn. */
static void test_deadlines_beside_busy_ones(void **state)
{
    struct wasock_poller_event event;
    size_t n_exceeded = 0;

    (void)state;
    start();
    make_pairs(N_BUSY + N_TIMED, WASOCK_READABLE);
    const uint64_t begin_ns = wasock_poller_now_ns(&poller);
    for (size_t i = 0; i < N_TIMED; i++) {
        wasock_socket_set_deadline_ns(&accepted[N_BUSY + i].conn.socket,
                                      WASOCK_READABLE,
                                      deadline_of(begin_ns, i));
    }
    for (size_t i = 0; i < N_BUSY; i++) {
        play(&dialled[i]);
    }
    while (n_exceeded < N_TIMED || is_any_unplayed()) {
        wait_for_events();
        while (wasock_poller_next(&poller, &event)) {
            struct end *end = event.token;
            assert_int_equal(event.error, 0);
            if (event.deadline == 0) {
                play(end);
                continue;
            }
            take_deadline(end, &event, begin_ns);
            n_exceeded++;
        }
    }
    finish(N_BUSY + N_TIMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relay_with_full_buffers),
        cmocka_unit_test(test_pause_and_resume),
        cmocka_unit_test(test_dials_at_once),
        cmocka_unit_test(test_deadlines_beside_busy_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
