/* SPDX-License-Identifier: MIT */
/* Pending events: one an object, dropped with it, level-triggered. */
#include "polled.h"

#include <stdlib.h>

#include "random.h"

static bool is_poll_real(void)
{
    return simhost_knobs.profile.poll_style != SIMHOST_POLL_FAKE;
}

/* Wait until `n` events are pending. */
static void wait_for_pending(ptrdiff_t n)
{
    ptrdiff_t n_pending = 0;

    while ((n_pending = wasock_poller_wait_for_ns(&poller, 1000 * MS)) != n) {
        struct wasock_poller_event event;
        assert_true(n_pending > 0);
        while (wasock_poller_next(&poller, &event)) {
        }
    }
}

/* ---- One event an object ---- */

/* Readable, writable and past its deadline: one event. */
static void test_readiness_and_deadline_are_one_event_on(void)
{
    struct wasock_poller_event event;

    open_conns(1);
    watch_both(0);
    simhost_peer_send(peers[0], "hello", 5, SIMHOST_NOW);
    set_read_deadline(&conns[0].socket, simhost_now_ns() + MS);
    set_write_deadline(&conns[0].socket, simhost_now_ns() + MS);
    simhost_advance_ns(3 * MS);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 10 * MS), 1);
    assert_true(wasock_poller_next(&poller, &event));
    assert_ptr_equal(event.token, &conns[0]);
    assert_int_equal(event.deadline, WASOCK_READABLE | WASOCK_WRITABLE);
    if (is_poll_real()) {
        assert_int_equal(event.ready, WASOCK_READABLE | WASOCK_WRITABLE);
    }
    assert_int_equal(event.error, 0);
    assert_false(wasock_poller_next(&poller, &event));
    /* The deadlines were reported; what is ready still is. */
    assert_true(wasock_poller_wait_for_ns(&poller, 10 * MS) == 1);
    assert_true(wasock_poller_next(&poller, &event));
    assert_int_equal(event.deadline, 0);
    assert_int_equal(event.ready, WASOCK_READABLE | WASOCK_WRITABLE);
    close_all();
}
ON_EVERY_HOST(test_readiness_and_deadline_are_one_event)

/* An error and a deadline: one event, and no others follow. */
static void test_error_and_deadline_are_one_event_on(void)
{
    struct wasock_poller_event event;

    if (!is_poll_real() || simhost_knobs.profile.keeps_sets) {
        return; /* the error is not reported */
    }
    open_conns(1);
    simhost_allow(SIMHOST_BAD_FD, true);
    simhost_allow(SIMHOST_DOUBLE_CLOSE, true);
    set_read_deadline(&conns[0].socket, simhost_now_ns() + MS);
    assert_int_equal(wasock_fd_close(wasock_socket_fd(&conns[0].socket)), 0);
    simhost_advance_ns(3 * MS);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 10 * MS), 1);
    assert_true(wasock_poller_next(&poller, &event));
    assert_int_equal(event.deadline, WASOCK_READABLE);
    assert_int_equal(event.error, -WASOCK_EBADF);
    assert_false(wasock_poller_next(&poller, &event));
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 10 * MS), 0);
    (void)!wasock_conn_close(&conns[0]);
    close_all();
}
ON_EVERY_HOST(test_error_and_deadline_are_one_event)

/* ---- Events that stay ---- */

/* Events that are not taken stay for the next wait, which asks nothing. */
static void test_events_not_taken_stay_on(void)
{
    bool is_taken[10] = {false};

    open_conns(10);
    send_to(10);
    wait_for_pending(10);
    for (ptrdiff_t n = 10; n > 0; n--) {
        struct wasock_poller_event event;
        const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
        const uint64_t now_ns = simhost_now_ns();
        assert_int_equal(
            wasock_poller_wait_until_ns(&poller, WASOCK_NO_DEADLINE), n);
        assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), n_calls);
        assert_int_equal(simhost_now_ns(), now_ns);
        assert_true(wasock_poller_next(&poller, &event));
        bool *is_this_taken =
            &is_taken[(struct wasock_conn *)event.token - conns];
        assert_false(*is_this_taken);
        *is_this_taken = true;
    }
    close_all();
}
ON_EVERY_HOST(test_events_not_taken_stay)

/* Closed and removed objects leave the count as well. */
static void test_wait_counts_pending_events_on(void)
{
    open_conns(10);
    send_to(10);
    wait_for_pending(10);
    assert_int_equal(wasock_conn_close(&conns[2]), 0);
    assert_int_equal(wasock_poller_remove(&poller, &conns[3].socket), 0);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 0), 8);
    close_all();
}
ON_EVERY_HOST(test_wait_counts_pending_events)

/* The last pending event goes: the wait asks again, and sleeps. */
static void test_wait_after_all_pending_are_dropped_on(void)
{
    open_conns(2);
    simhost_peer_send(peers[0], "x", 1, SIMHOST_NOW);
    wait_for_pending(is_poll_real() && !is_host(&simhost_wasi_common) ? 1 : 2);
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    assert_int_equal(wasock_poller_remove(&poller, &conns[1].socket), 0);
    const uint64_t start_ns = simhost_now_ns();
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 20 * MS), 0);
    assert_in_range(simhost_now_ns() - start_ns, 20 * MS, 22 * MS);
    close_all();
}
ON_EVERY_HOST(test_wait_after_all_pending_are_dropped)

/* ---- Events that are dropped ---- */

/* A handler closes the objects of all other pending events. */
static void test_closing_others_drops_their_events_on(void)
{
    struct wasock_poller_event event;

    open_conns(10);
    send_to(10);
    wait_for_pending(10);
    assert_true(wasock_poller_next(&poller, &event));
    for (size_t i = 0; i < 10; i++) {
        if (event.token != &conns[i]) {
            assert_int_equal(wasock_conn_close(&conns[i]), 0);
        }
    }
    assert_false(wasock_poller_next(&poller, &event));
    close_all();
}
ON_EVERY_HOST(test_closing_others_drops_their_events)

/* The same with removed ones, added again: nothing of before is reported. */
static void test_removing_others_drops_their_events_on(void)
{
    struct wasock_poller_event event;

    open_conns_in(10, 10);
    send_to(10);
    wait_for_pending(10);
    assert_true(wasock_poller_next(&poller, &event));
    for (size_t i = 0; i < 10; i++) {
        if (event.token != &conns[i]) {
            assert_int_equal(wasock_poller_remove(&poller, &conns[i].socket),
                             0);
            assert_int_equal(
                wasock_poller_add(&poller, &conns[i].socket, 0, NULL), 0);
        }
    }
    assert_false(wasock_poller_next(&poller, &event));
    close_all();
}
ON_EVERY_HOST(test_removing_others_drops_their_events)

/* A pending event keeps the directions of the new interest, and has the new
 * token. */
static void test_modify_drops_directions_on(void)
{
    struct wasock_poller_event event;

    open_conns(3);
    for (size_t i = 0; i < 3; i++) {
        watch_both(i);
        simhost_peer_send(peers[i], "hello", 5, SIMHOST_NOW);
    }
    wait_for_pending(3);
    assert_int_equal(wasock_poller_modify(&poller, &conns[0].socket,
                                          WASOCK_WRITABLE, &peers[0]),
                     0);
    assert_int_equal(wasock_poller_modify(&poller, &conns[1].socket, 0, NULL),
                     0);
    assert_int_equal(wasock_poller_remove(&poller, &conns[2].socket), 0);
    assert_true(wasock_poller_next(&poller, &event));
    assert_ptr_equal(event.token, &peers[0]);
    assert_int_equal(event.ready, WASOCK_WRITABLE);
    assert_false(wasock_poller_next(&poller, &event));
    close_all();
}
ON_EVERY_HOST(test_modify_drops_directions)

/* A deadline that is set anew is not exceeded; readiness stays. */
static void test_new_deadline_drops_the_exceeded_one_on(void)
{
    struct wasock_poller_event event;

    open_conns(2);
    assert_int_equal(wasock_poller_modify(&poller, &conns[1].socket, 0, NULL),
                     0);
    simhost_peer_send(peers[0], "hello", 5, SIMHOST_NOW);
    for (size_t i = 0; i < 2; i++) {
        set_read_deadline(&conns[i].socket, simhost_now_ns() + MS);
        set_write_deadline(&conns[i].socket, simhost_now_ns() + MS);
    }
    simhost_advance_ns(2 * MS);
    wait_for_pending(2);
    set_read_deadline(&conns[0].socket, simhost_now_ns() + 1000 * MS);
    set_read_deadline(&conns[1].socket, WASOCK_NO_DEADLINE);
    set_write_deadline(&conns[1].socket, simhost_now_ns() + 50 * MS);
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 0), 1);
    assert_true(wasock_poller_next(&poller, &event));
    assert_ptr_equal(event.token, &conns[0]);
    assert_int_equal(event.deadline, WASOCK_WRITABLE);
    assert_false(wasock_poller_next(&poller, &event));
    /* The new one is reported in its turn. */
    assert_int_equal(wasock_poller_remove(&poller, &conns[0].socket), 0);
    const uint64_t start_ns = simhost_now_ns();
    assert_int_equal(wasock_poller_wait_for_ns(&poller, 1000 * MS), 1);
    assert_in_range(simhost_now_ns() - start_ns, 49 * MS, 52 * MS);
    assert_true(wasock_poller_next(&poller, &event));
    assert_int_equal(event.deadline, WASOCK_WRITABLE);
    close_all();
}
ON_EVERY_HOST(test_new_deadline_drops_the_exceeded_one)

/* An object opened in a freed slot, with a freed number, gets no event of the
 * one before. */
static void test_slots_and_numbers_used_again_on(void)
{
    struct wasock_poller_event event;
    bool is_number_used_again = false;

    simhost_knobs.profile.numbering = SIMHOST_NUMBER_LOWEST_FREE;
    simhost_knobs.profile.closed_sockets_keep_their_slot = false;
    open_conns_in(10, 10);
    send_to(10);
    wait_for_pending(10);
    assert_true(wasock_poller_next(&poller, &event));
    const int fd = wasock_socket_fd(&conns[9].socket);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
    }
    for (size_t i = 0; i < 10; i++) {
        peers[i] =
            simhost_connect(wasock_socket_fd(&listener.socket), SIMHOST_NOW);
        assert_int_equal(wasock_listener_accept(&listener, &conns[i]), 0);
        watch_socket(&conns[i].socket,
                     i % 2 == 0 ? WASOCK_READABLE : WASOCK_WRITABLE);
        is_number_used_again |= wasock_socket_fd(&conns[i].socket) == fd;
    }
    assert_true(is_number_used_again);
    assert_false(wasock_poller_next(&poller, &event));
    for (int wait = 0; wait < 2 && is_poll_real(); wait++) {
        unsigned n_writable = 0;
        assert_true(wasock_poller_wait_for_ns(&poller, MS) >= 5);
        while (wasock_poller_next(&poller, &event)) {
            const bool is_reader =
                ((struct wasock_conn *)event.token - conns) % 2 == 0;
            n_writable += !is_reader;
            assert_int_equal(event.ready,
                             is_reader ? WASOCK_READABLE : WASOCK_WRITABLE);
            assert_false(is_reader && !is_host(&simhost_wasi_common));
        }
        assert_int_equal(n_writable, 5);
    }
    close_all();
}
ON_EVERY_HOST(test_slots_and_numbers_used_again)

/* ---- Clients on the heap ---- */

#define HEAP_MAX 40

struct heap_client {
    struct wasock_conn conn;
    size_t place;
};

static struct heap_client *heap[HEAP_MAX];
static uint64_t chance;

static void free_client(size_t place)
{
    if (heap[place] != NULL) {
        assert_int_equal(wasock_conn_close(&heap[place]->conn), 0);
        free(heap[place]);
        heap[place] = NULL;
    }
}

static void new_client(size_t place)
{
    struct heap_client *client = calloc(1, sizeof(*client));

    assert_non_null(client);
    free_client(place);
    client->place = place;
    struct simhost_peer *peer =
        simhost_connect(wasock_socket_fd(&listener.socket), SIMHOST_NOW);
    assert_int_equal(wasock_listener_accept(&listener, &client->conn), 0);
    assert_int_equal(wasock_poller_add(&poller, &client->conn.socket,
                                       1 + (unsigned)random_below(&chance, 3),
                                       client),
                     0);
    set_read_deadline(&client->conn.socket,
                      simhost_now_ns() + random_below(&chance, 20) * MS);
    if (random_below(&chance, 2) == 0) {
        simhost_peer_send(peer, "hello", 5, random_below(&chance, 9) * MS);
    }
    heap[place] = client;
}

/* Serve one event: close and free the client, or others, or both. */
static void serve_on_heap(const struct wasock_poller_event *event)
{
    const struct heap_client *client = event->token;
    const size_t place = client->place; /* ASan looks here */

    assert_ptr_equal(heap[place], client);
    if (event->deadline != 0 || random_below(&chance, 4) == 0) {
        free_client(place);
    } else {
        try_read(&heap[place]->conn);
    }
    while (random_below(&chance, 3) == 0) {
        free_client(random_below(&chance, HEAP_MAX));
    }
    if (random_below(&chance, 3) == 0) {
        new_client(random_below(&chance, HEAP_MAX));
    }
}

/* Clients are closed and freed while events are taken: no event of a freed one
 * follows. ASan watches. */
static void test_clients_freed_in_the_loop_on(void)
{
    unsigned n_events = 0;

    chance = 1;
    open_conns_in(HEAP_MAX, 0);
    memset((void *)heap, 0, sizeof(heap));
    for (int wait = 0; wait < 1000; wait++) {
        struct wasock_poller_event event;
        for (size_t i = 0; i < 4; i++) {
            const size_t place = random_below(&chance, HEAP_MAX);
            if (heap[place] == NULL) {
                new_client(place);
            }
        }
        assert_true(wasock_poller_wait_for_ns(&poller, MS) >= 0);
        while (wasock_poller_next(&poller, &event)) {
            serve_on_heap(&event);
            n_events++;
        }
    }
    assert_true(n_events > 1000);
    for (size_t i = 0; i < HEAP_MAX; i++) {
        free_client(i);
    }
    close_all();
}
ON_EVERY_HOST(test_clients_freed_in_the_loop)

/* ---- Level-triggered ---- */

/* One always readable, one always writable: both in each of 800 waits, whether
 * they are used or not. */
static void test_reader_and_writer_in_every_wait_on(void)
{
    if (!is_poll_real()) {
        return;
    }
    open_conns(2);
    assert_int_equal(wasock_poller_modify(&poller, &conns[1].socket,
                                          WASOCK_WRITABLE, &conns[1]),
                     0);
    for (int wait = 0; wait < 800; wait++) {
        struct wasock_poller_event events[4];
        unsigned n_found[2] = {0, 0};
        send_to(1);
        const ptrdiff_t n = take(events, 4);
        for (ptrdiff_t i = 0; i < n; i++) {
            n_found[events[i].token == &conns[1]]++;
        }
        assert_int_equal(n_found[0], 1);
        assert_int_equal(n_found[1], 1);
        if (wait >= 200) {
            assert_true(try_read(&conns[0]));
        }
        if (wait >= 400) {
            assert_int_equal(wasock_conn_try_write(&conns[1], "hello", 5), 5);
        }
    }
    close_all();
}
ON_EVERY_HOST(test_reader_and_writer_in_every_wait)

/* One connection that is always readable and writable: both, in every wait. */
static void test_both_directions_in_every_wait_on(void)
{
    char bytes[1000] = {0};

    if (!is_poll_real()) {
        return;
    }
    set_costs();
    open_conns(1);
    watch_both(0);
    for (int wait = 0; wait < 800; wait++) {
        struct wasock_poller_event event;
        if (truth_of(&conns[0]).n_readable < 500) {
            simhost_peer_send(peers[0], bytes, sizeof(bytes), SIMHOST_NOW);
        }
        assert_int_equal(take(&event, 1), 1);
        assert_int_equal(event.ready, WASOCK_READABLE | WASOCK_WRITABLE);
        assert_true(try_read(&conns[0]));
    }
    close_all();
}
ON_EVERY_HOST(test_both_directions_in_every_wait)

/* A byte that nobody reads, beside others with much data: in every wait. On
 * wasi-common the count of such an event says nothing. */
static void test_one_byte_beside_much_data_on(void)
{
    static const char bytes[1000];

    if (!is_poll_real()) {
        return;
    }
    open_conns(6);
    simhost_peer_send(peers[5], "x", 1, SIMHOST_NOW);
    for (int wait = 0; wait < 800; wait++) {
        struct wasock_poller_event events[8];
        bool is_found = false;
        for (size_t i = 0; i < 5; i++) {
            simhost_peer_send(peers[i], bytes, sizeof(bytes), SIMHOST_NOW);
        }
        const ptrdiff_t n = take(events, 8);
        for (ptrdiff_t i = 0; i < n; i++) {
            char buffer[1000];
            if (events[i].token == &conns[5]) {
                is_found = true;
            } else {
                assert_int_equal(
                    wasock_conn_try_read(events[i].token, buffer, 1000), 1000);
            }
        }
        assert_true(is_found);
    }
    close_all();
}
ON_EVERY_HOST(test_one_byte_beside_much_data)

/* `n_busy` of the first `n` connections receive: the first ones, or random
 * ones. */
static void send_to_some(size_t n, size_t n_busy, bool is_random)
{
    for (size_t i = 0; i < n_busy; i++) {
        const size_t at = is_random ? random_below(&chance, n) : i;
        if (!truth_of(&conns[at]).is_readable) {
            simhost_peer_send(peers[at], "hello", 5, SIMHOST_NOW);
        }
    }
}

/* Take all events, read all connections but one; return whether that one is
 * reported. */
static bool read_all_but(const struct wasock_conn *untouched)
{
    static struct wasock_poller_event events[N_MAX];
    const ptrdiff_t n = take(events, N_MAX);
    bool is_reported = false;

    for (ptrdiff_t i = 0; i < n; i++) {
        if (events[i].token == untouched) {
            is_reported = true;
        } else {
            try_read(events[i].token);
        }
    }
    return is_reported;
}

/* Leave the last of `n` connections readable and untouched beside busy ones:
 * once it was reported, every wait reports it. */
static void assert_untouched_is_in_every_wait(size_t n, size_t n_busy,
                                              bool is_random)
{
    unsigned n_waits = 0;
    unsigned n_misses = 0;

    chance = 1;
    set_costs();
    open_conns(n);
    for (int wait = 0; wait < 800; wait++) {
        send_to_some(n - 1, n_busy, is_random);
        (void)!read_all_but(NULL);
    }
    simhost_peer_send(peers[n - 1], "x", 1, SIMHOST_NOW);
    do {
        send_to_some(n - 1, n_busy, is_random);
        assert_true(++n_waits < 20000);
    } while (!read_all_but(&conns[n - 1]));
    for (int wait = 0; wait < 500; wait++) {
        send_to_some(n - 1, n_busy, is_random);
        n_misses += !read_all_but(&conns[n - 1]);
    }
    if (n_misses > 0) {
        fail_msg("%s, %zu busy of %zu: not in %u of 500 waits",
                 simhost_knobs.profile.name, n_busy, n, n_misses);
    }
    close_all();
}

/* Without a real poll nobody knows what is ready. */
static void test_untouched_beside_busy_conns_on(void)
{
    if (!is_poll_real()) {
        return;
    }
    assert_untouched_is_in_every_wait(1065, 64, false);
}
ON_EVERY_HOST(test_untouched_beside_busy_conns)

/* The same where events come from everywhere. A host that reports the ready
 * ones in rounds reports them in turn, if they are more. */
static void test_untouched_beside_spread_traffic_on(void)
{
    const struct simhost_profile profile = simhost_knobs.profile;
    const size_t most = profile.round_events > 0 ? profile.round_events : 256;

    for (size_t n_busy = 1; n_busy <= most && is_poll_real(); n_busy *= 16) {
        simhost_reset(n_busy, &profile);
        assert_untouched_is_in_every_wait(1001, n_busy, true);
    }
}
ON_EVERY_HOST(test_untouched_beside_spread_traffic)

/* A connection that is read in parts beside spread traffic: a read that fills
 * its buffer leaves it ready, so the next wait reports it. */
static void test_partly_read_beside_spread_traffic_on(void)
{
    static const char bytes[6400]; /* 100 times what try_read reads */
    static struct wasock_poller_event events[N_MAX];
    const struct simhost_profile profile = simhost_knobs.profile;

    for (size_t n_busy = 1; n_busy <= 64; n_busy *= 4) {
        unsigned n_parts = 0;
        simhost_reset(n_busy, &profile);
        set_costs();
        open_conns(1001);
        for (unsigned wait = 0; n_parts < sizeof(bytes) / 64; wait++) {
            bool is_reported = false;
            send_to_some(1000, n_busy, true);
            if (wait == 300) {
                simhost_peer_send(peers[1000], bytes, sizeof(bytes),
                                  SIMHOST_NOW);
            }
            const ptrdiff_t n = take(events, N_MAX);
            for (ptrdiff_t i = 0; i < n; i++) {
                is_reported |= try_read(events[i].token) &&
                               events[i].token == &conns[1000];
            }
            assert_true(is_reported || n_parts == 0);
            n_parts += is_reported;
        }
        close_all();
    }
}
ON_EVERY_HOST(test_partly_read_beside_spread_traffic)

/* Every idle connection is asked about, not all but one. */
static void test_every_idle_conn_is_found_on(void)
{
    static struct wasock_poller_event events[N_MAX];
    const size_t n = 150;

    set_costs();
    open_conns(n);
    keep_one_busy(n);
    for (size_t idle = 1; idle < n; idle++) {
        bool is_found = false;
        simhost_peer_send(peers[idle], "x", 1, SIMHOST_NOW);
        const uint64_t start_ns = simhost_now_ns();
        while (!is_found) {
            send_to(1);
            const ptrdiff_t n_events = take(events, N_MAX);
            for (ptrdiff_t i = 0; i < n_events; i++) {
                is_found |= try_read(events[i].token) &&
                            events[i].token == &conns[idle];
            }
            assert_in_range(simhost_now_ns() - start_ns, 0, 22 * MS);
        }
    }
    close_all();
}
ON_EVERY_HOST(test_every_idle_conn_is_found)

/* ---- Room ---- */

/* Note how many subscriptions the poll under way has. */
static void note_subscriptions(void *n_subscriptions)
{
    *(size_t *)n_subscriptions = simhost_last_n_subscriptions();
}

/* Fill a poller of just `n` with connections that have nothing to read; then
 * let all wait for room as well. */
static void fill_poller(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        watch_socket(&conns[i].socket, WASOCK_READABLE);
        simhost_peer_set_window(peers[i], 4);
        simhost_peer_set_reading(peers[i], 0);
        assert_int_equal(wasock_conn_try_write(&conns[i], "hello", 5), 4);
        set_read_deadline(&conns[i].socket, simhost_now_ns() + 999 * MS);
    }
    assert_int_equal(wasock_poller_add(&poller, &listener.socket, 1, NULL),
                     -WASOCK_ESTORAGE);
    for (size_t i = 0; i < n; i++) {
        watch_both(i);
    }
}

/* A registration counts once whatever its interest: a full poller takes both
 * directions of all, and waits for all at once. ASan watches the memory. */
static void test_full_poller_waits_for_both_directions_on(void)
{
    static const size_t sizes[] = {1, 2, 17, 100};
    const struct simhost_profile profile = simhost_knobs.profile;

    for (size_t i = 0; i < 4; i++) {
        const size_t n = sizes[i];
        struct wasock_poller_event event;
        size_t n_subscriptions = 0;
        simhost_reset(n, &profile);
        open_conns(n);
        wasock_poller_close(&poller);
        void *exact = malloc(WASOCK_POLLER_SIZE(n));
        assert_int_equal(
            wasock_poller_init(&poller, exact, WASOCK_POLLER_SIZE(n)), 0);
        fill_poller(n);
        simhost_schedule(note_subscriptions, &n_subscriptions, SIMHOST_MS(500));
        simhost_peer_read(peers[n - 1], 4, SIMHOST_MS(600));
        do {
            assert_true(wasock_poller_wait_for_ns(&poller, 900 * MS) > 0);
            assert_true(wasock_poller_next(&poller, &event));
        } while (!truth_of(event.token).is_writable);
        assert_true(event.ready & WASOCK_WRITABLE);
        if (is_poll_real() && !simhost_knobs.profile.keeps_sets) {
            assert_in_range(n_subscriptions, 2 * n, 2 * n + 1);
        }
        wasock_poller_close(&poller);
        free(exact);
        close_all();
    }
}
ON_EVERY_HOST(test_full_poller_waits_for_both_directions)

static bool is_registered[50];

/* Register connections and unregister others, at random. Returns how many were
 * registered. */
static unsigned change_some(void)
{
    unsigned n_added = 0;

    for (unsigned i = 0; i < 30; i++) {
        const size_t at = random_below(&chance, 50);
        is_registered[at] = !is_registered[at];
        n_added += is_registered[at];
        if (is_registered[at]) {
            watch_socket(&conns[at].socket, WASOCK_READABLE);
        } else {
            assert_int_equal(wasock_poller_remove(&poller, &conns[at].socket),
                             0);
        }
    }
    return n_added;
}

/* Slots are used again 20,000 times. Each event is of an object that is
 * registered and readable, and all such are reported in time. */
static void test_slots_used_20000_times_on(void)
{
    unsigned n_added = 0;

    if (simhost_knobs.profile.poll_style != SIMHOST_POLL_HONEST) {
        return;
    }
    chance = 7;
    open_conns_in(50, 50);
    for (size_t i = 0; i < 50; i++) {
        is_registered[i] = true;
    }
    while (n_added < 20000) {
        struct wasock_poller_event event;
        n_added += change_some();
        send_to_some(50, 4, true);
        for (unsigned i = 0; i < 25; i++) {
            assert_true(wasock_poller_wait_for_ns(&poller, 0) >= 0);
            while (wasock_poller_next(&poller, &event)) {
                const struct wasock_conn *conn = event.token;
                assert_true(is_registered[conn - conns]);
                assert_int_equal(event.ready, WASOCK_READABLE);
                assert_true(try_read(event.token));
            }
            simhost_advance_ns(MS);
        }
        for (size_t i = 0; i < 50; i++) {
            assert_false(is_registered[i] && truth_of(&conns[i]).is_readable);
        }
    }
    close_all();
}
ON_EVERY_HOST(test_slots_used_20000_times)

/* More registrations than 16 bits count: 1,000 objects a descriptor. */
static void test_70000_registrations(void **unused)
{
    const size_t n = 70000;
    struct wasock_poller_event event;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    open_conns(n / 1000);
    struct wasock_conn *sharers = calloc(n, sizeof(*sharers));
    void *large = malloc(WASOCK_POLLER_SIZE(n));
    assert_non_null(sharers);
    assert_non_null(large);
    wasock_poller_close(&poller);
    assert_int_equal(wasock_poller_init(&poller, large, WASOCK_POLLER_SIZE(n)),
                     0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(wasock_conn_share(&conns[i / 1000], &sharers[i]), 0);
        watch_socket(&sharers[i].socket, i == n - 1
                                             ? WASOCK_READABLE | WASOCK_WRITABLE
                                             : WASOCK_READABLE);
    }
    for (int wait = 0; wait < 3; wait++) {
        assert_int_equal(wasock_poller_wait_for_ns(&poller, 10 * MS), 1);
        assert_true(wasock_poller_next(&poller, &event));
        assert_ptr_equal(event.token, &sharers[n - 1]);
        assert_int_equal(event.ready, WASOCK_WRITABLE);
    }
    wasock_poller_close(&poller);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(wasock_conn_close(&sharers[i]), 0);
    }
    close_all();
    free(large);
    free(sharers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readiness_and_deadline_are_one_event),
        cmocka_unit_test(test_error_and_deadline_are_one_event),
        cmocka_unit_test(test_events_not_taken_stay),
        cmocka_unit_test(test_wait_counts_pending_events),
        cmocka_unit_test(test_wait_after_all_pending_are_dropped),
        cmocka_unit_test(test_closing_others_drops_their_events),
        cmocka_unit_test(test_removing_others_drops_their_events),
        cmocka_unit_test(test_modify_drops_directions),
        cmocka_unit_test(test_new_deadline_drops_the_exceeded_one),
        cmocka_unit_test(test_slots_and_numbers_used_again),
        cmocka_unit_test(test_clients_freed_in_the_loop),
        cmocka_unit_test(test_reader_and_writer_in_every_wait),
        cmocka_unit_test(test_both_directions_in_every_wait),
        cmocka_unit_test(test_one_byte_beside_much_data),
        cmocka_unit_test(test_untouched_beside_busy_conns),
        cmocka_unit_test(test_untouched_beside_spread_traffic),
        cmocka_unit_test(test_partly_read_beside_spread_traffic),
        cmocka_unit_test(test_every_idle_conn_is_found),
        cmocka_unit_test(test_full_poller_waits_for_both_directions),
        cmocka_unit_test(test_slots_used_20000_times),
        cmocka_unit_test(test_70000_registrations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
