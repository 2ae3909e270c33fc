/* SPDX-License-Identifier: MIT */
/* simhost's machinery: time, peers, knobs, faults, the judge, the truth. */
#define _POSIX_C_SOURCE 200809L /* fork, for a test that has to fail */

#include "host_calls.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void ideal_world(void)
{
    simhost_reset(42, &simhost_ideal);
}

/* Wait for a descriptor to be readable, and return how long it took. */
static uint64_t wait_readable(int fd)
{
    const struct wasock__subscription subscriptions[] = {
        on_read(fd, 1), on_clock(SIMHOST_MS(60000), 2)};
    const struct answer answer = ask(subscriptions, 2);

    assert_string_equal(order_of(&answer), "1");
    return answer.duration_ns;
}

/* ---- Time --------------------------------------------------------------- */

static void time_stands_still(void **unused)
{
    uint64_t first_ns = 0;
    uint64_t second_ns = 0;

    (void)unused;
    ideal_world();
    assert_int_equal(wasip1_clock_time_get(1, 0, &first_ns), 0);
    assert_int_equal(wasip1_clock_time_get(1, 0, &second_ns), 0);
    assert_int_equal(first_ns, UINT64_C(1000000000000));
    assert_int_equal(second_ns, first_ns);
    simhost_advance_ns(5);
    assert_int_equal(simhost_now_ns(), first_ns + 5);
    simhost_knobs.call_cost_ns[SIMHOST_CLOCK_TIME_GET] = 200;
    assert_int_equal(wasip1_clock_time_get(1, 0, &second_ns), 0);
    assert_int_equal(second_ns, first_ns + 205);
}

static void poll_moves_time(void **unused)
{
    const struct wasock__subscription subscriptions[] = {
        on_clock(SIMHOST_MS(10), 1), on_read(0, 2)};

    (void)unused;
    ideal_world();
    assert_int_equal(ask(subscriptions, 2).duration_ns, SIMHOST_MS(10));
    simhost_knobs.late_wake_ns = 7;
    assert_int_equal(ask(subscriptions, 2).duration_ns, SIMHOST_MS(10) + 7);
    simhost_knobs.late_wake_ns = 0;
    simhost_knobs.subscription_cost_ns = 100;
    simhost_knobs.call_cost_ns[SIMHOST_POLL_ONEOFF] = 1000;
    assert_int_equal(ask(subscriptions, 2).duration_ns, SIMHOST_MS(10) + 1200);
}

static void note(void *context)
{
    uint64_t **const at = (uint64_t **)context;

    *(*at)++ = simhost_now_ns();
}

static void actions_come_in_order(void **unused)
{
    uint64_t times_ns[4] = {0};
    uint64_t *next = times_ns;

    (void)unused;
    ideal_world();
    const uint64_t start_ns = simhost_now_ns();
    simhost_schedule(note, &next, 30);
    simhost_schedule(note, &next, 10);
    simhost_schedule(note, &next, 20);
    simhost_schedule(note, &next, 20);
    simhost_advance_ns(20);
    assert_ptr_equal(next, times_ns + 3);
    simhost_settle();
    assert_int_equal(times_ns[0], start_ns + 10);
    assert_int_equal(times_ns[1], start_ns + 20);
    assert_int_equal(times_ns[2], start_ns + 20);
    assert_int_equal(times_ns[3], start_ns + 30);
}

struct entry {
    uint64_t due_ns;
    uint64_t done_as; /* the how-manieth; 0: not yet */
};

static uint64_t n_done;

static void mark(void *context)
{
    struct entry *const entry = (struct entry *)context;

    assert_int_equal(simhost_now_ns(), entry->due_ns);
    entry->done_as = ++n_done;
}

static void many_actions_come_in_order(void **unused)
{
    enum { N = 500 };
    static struct entry entries[N];

    (void)unused;
    ideal_world();
    n_done = 0;
    for (uint64_t i = 0; i < N; i++) {
        const uint64_t after_ns = i * 7919 % 101; /* with equals among them */
        entries[i].due_ns = simhost_now_ns() + after_ns;
        simhost_schedule(mark, &entries[i], after_ns);
    }
    simhost_settle();
    assert_int_equal(n_done, N);
    for (size_t i = 1; i < N; i++) {
        for (size_t j = 0; j < i; j++) {
            const bool j_first = entries[j].due_ns <= entries[i].due_ns;
            assert_true(j_first == (entries[j].done_as < entries[i].done_as));
        }
    }
}

/* ---- Peers -------------------------------------------------------------- */

static void script_of_a_peer(void **unused)
{
    (void)unused;
    ideal_world();
    const int listener = open_listener();
    struct simhost_peer *const peer = simhost_connect(listener, SIMHOST_MS(5));
    char bytes[8];
    uint32_t n = 0;
    int32_t fd = -1;

    /* "Now" is behind the connect all the same. */
    simhost_peer_send(peer, "abc", 3, SIMHOST_NOW);
    simhost_peer_send(peer, "def", 3, SIMHOST_MS(8));
    simhost_peer_shutdown(peer, SIMHOST_NOW);
    assert_false(simhost_peer_is_connected(peer));
    assert_int_equal(wait_readable(listener), SIMHOST_MS(5));
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd), 0);
    assert_int_equal(simhost_peer_fd(peer), fd);
    assert_ptr_equal(simhost_peer_of(fd), peer);
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_int_equal(n, 3);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(wait_readable(fd), SIMHOST_MS(3));
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_memory_equal(bytes, "def", 3);
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(wasip1_fd_close(fd), 0);
    assert_int_equal(simhost_peer_fd(peer), -1);
    simhost_check();
}

static void refused_and_dropped(void **unused)
{
    (void)unused;
    ideal_world();
    assert_true(simhost_peer_is_refused(simhost_connect(9, SIMHOST_NOW)));
    assert_true(simhost_peer_is_refused(simhost_connect(0, SIMHOST_NOW)));
    const int listener = open_listener();
    simhost_knobs.profile.backlog = 1;
    struct simhost_peer *const queued = simhost_connect(listener, SIMHOST_NOW);
    struct simhost_peer *const outside = simhost_connect(listener, SIMHOST_NOW);
    struct simhost_peer *const later = simhost_connect(listener, SIMHOST_MS(1));
    assert_int_equal(wasip1_fd_close(listener), 0);
    simhost_settle();
    assert_int_equal(simhost_peer_end(queued), SIMHOST_END_RESET);
    assert_true(simhost_peer_is_refused(outside));
    assert_true(simhost_peer_is_refused(later));
    assert_false(simhost_peer_is_refused(queued));
}

static void gives_up_outside(void **unused)
{
    int32_t fd = -1;

    (void)unused;
    ideal_world();
    const int listener = open_listener();
    simhost_knobs.profile.backlog = 1;
    (void)simhost_connect(listener, SIMHOST_NOW);
    struct simhost_peer *const outside = simhost_connect(listener, SIMHOST_NOW);
    struct simhost_peer *const last = simhost_connect(listener, SIMHOST_NOW);
    simhost_peer_close(outside, SIMHOST_NOW);
    assert_true(simhost_peer_is_refused(outside));
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd), 0);
    assert_int_equal(wasip1_fd_close(fd), 0);
    assert_true(simhost_peer_is_connected(last));
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd), 0);
    assert_int_equal(simhost_peer_fd(last), fd);
    assert_int_equal(wasip1_fd_close(fd), 0);
    simhost_check();
}

static void queue_moves_up(void **unused)
{
    struct simhost_peer *peers[4];

    (void)unused;
    ideal_world();
    const int listener = open_listener();
    simhost_knobs.profile.backlog = 1;
    for (int i = 0; i < 4; i++) {
        peers[i] = simhost_connect(listener, SIMHOST_NOW);
    }
    for (int i = 0; i < 4; i++) {
        int32_t fd = -1;
        assert_int_equal(simhost_truth(listener).n_readable, 1);
        assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd), 0);
        assert_ptr_equal(simhost_peer_of(fd), peers[i]);
        assert_int_equal(wasip1_fd_close(fd), 0);
    }
    assert_int_equal(simhost_truth(listener).n_readable, 0);
    assert_false(simhost_truth(listener).is_readable);
    simhost_check();
}

static void reset_outside(void **unused)
{
    (void)unused;
    ideal_world();
    const int listener = open_listener();
    simhost_knobs.profile.backlog = 0;
    struct simhost_peer *const peer = simhost_connect(listener, SIMHOST_NOW);
    simhost_peer_reset(peer, SIMHOST_NOW);
    assert_true(simhost_peer_is_refused(peer));
}

/* 100,000 bytes each way through random chunks and a small window. */
static void long_stream(void **unused)
{
    enum { N = 100000 };
    static uint8_t sent[N];
    static uint8_t received[N];
    struct simhost_peer *peer = NULL;
    size_t n_received = 0;
    size_t n_sent = 0;
    size_t length = 0;
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    const int fd = open_connection(&peer);
    simhost_knobs.chunk_bytes = SIMHOST_CHUNK_RANDOM;
    simhost_peer_set_window(peer, 1000);
    simhost_peer_set_reading(peer, 700);
    for (size_t i = 0; i < N; i++) {
        sent[i] = (uint8_t)(i * 31 >> 3);
    }
    for (size_t i = 0; i < N; i += 1000) {
        simhost_peer_send(peer, sent + i, 1000, SIMHOST_NOW);
        if (receive(fd, received + n_received, 1200, &n) == 0) {
            n_received += n;
        }
    }
    while (n_received < N) {
        assert_int_equal(receive(fd, received + n_received, N - n_received, &n),
                         0);
        n_received += n;
    }
    assert_memory_equal(received, sent, N);
    while (n_sent < N) {
        const struct wasock_slice slices[] = {
            {sent + n_sent, (N - n_sent) / 2},
            {sent + n_sent + (N - n_sent) / 2, N - n_sent - (N - n_sent) / 2}};
        if (wasip1_sock_send(fd, slices, 2, 0, &n) == 0) {
            n_sent += n;
        }
        simhost_advance_ns(SIMHOST_MS(1));
    }
    simhost_settle();
    assert_memory_equal(simhost_peer_received(peer, &length), sent, N);
    assert_int_equal(length, N);
}

static void gathered_send(void **unused)
{
    const struct wasock_slice slices[] = {
        {"ab", 2}, {NULL, 0}, {"cd", 2}, {"ef", 2}};
    struct simhost_peer *peer = NULL;
    size_t length = 0;
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    const int fd = open_connection(&peer);
    simhost_knobs.chunk_bytes = 3;
    assert_int_equal(wasip1_sock_send(fd, slices, 4, 0, &n), 0);
    assert_int_equal(n, 3);
    simhost_knobs.chunk_bytes = SIMHOST_CHUNK_WHOLE;
    assert_int_equal(wasip1_sock_send(fd, slices, 4, 0, &n), 0);
    assert_int_equal(n, 6);
    assert_memory_equal(simhost_peer_received(peer, &length), "abcabcdef", 9);
    assert_int_equal(length, 9);
}

static void rate_is_kept(void **unused)
{
    struct simhost_peer *peer = NULL;
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    const int fd = open_connection(&peer);
    simhost_peer_set_reading(peer, 2);
    assert_int_equal(transmit(fd, "01234", &n), 0);
    assert_int_equal(transmit(fd, "56789", &n), 0);
    simhost_advance_ns(SIMHOST_MS(1));
    assert_int_equal(simhost_peer_n_unread(peer), 8);
    simhost_advance_ns(SIMHOST_MS(2));
    assert_int_equal(simhost_peer_n_unread(peer), 4);
    simhost_peer_set_reading(peer, 0);
    simhost_advance_ns(SIMHOST_MS(9));
    assert_int_equal(simhost_peer_n_unread(peer), 4);
    simhost_peer_set_reading(peer, SIZE_MAX);
    assert_int_equal(simhost_peer_n_unread(peer), 0);
}

static void window_and_slow_reader(void **unused)
{
    struct simhost_peer *peer = NULL;
    uint32_t n = 0;
    size_t length = 0;

    (void)unused;
    ideal_world();
    const int fd = open_connection(&peer);
    simhost_peer_set_window(peer, 10);
    simhost_peer_set_reading(peer, 3);
    assert_int_equal(transmit(fd, "0123456789abcdef", &n), 0);
    assert_int_equal(n, 10);
    assert_false(simhost_truth(fd).is_writable);
    assert_int_equal(transmit(fd, "x", &n), WASOCK_EAGAIN);
    assert_int_equal(simhost_peer_n_unread(peer), 10);

    const struct wasock__subscription subscriptions[] = {
        on_write(fd, 1), on_clock(SIMHOST_MS(50), 2)};
    const struct answer answer = ask(subscriptions, 2);
    assert_string_equal(order_of(&answer), "1");
    assert_int_equal(answer.duration_ns, SIMHOST_MS(1));
    assert_int_equal(simhost_truth(fd).n_writable, 3);
    simhost_settle();
    assert_int_equal(simhost_peer_n_unread(peer), 0);
    assert_memory_equal(simhost_peer_received(peer, &length), "0123456789", 10);
    assert_int_equal(length, 10);
    simhost_peer_forget(peer);
    assert_null(simhost_peer_received(peer, &length));
    assert_int_equal(length, 0);
}

static void end_comes_behind_the_bytes(void **unused)
{
    struct simhost_peer *peer = NULL;
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    const int fd = open_connection(&peer);
    simhost_peer_set_reading(peer, 0);
    assert_int_equal(transmit(fd, "last words", &n), 0);
    assert_int_equal(wasip1_fd_close(fd), 0);
    assert_int_equal(simhost_peer_end(peer), SIMHOST_END_NONE);
    simhost_peer_read(peer, 4, SIMHOST_NOW);
    assert_int_equal(simhost_peer_end(peer), SIMHOST_END_NONE);
    simhost_peer_read(peer, 100, SIMHOST_NOW);
    assert_int_equal(simhost_peer_end(peer), SIMHOST_END_STREAM);
    /* What it says now meets nobody. */
    simhost_peer_send(peer, "anyone?", 7, SIMHOST_NOW);
    assert_int_equal(simhost_peer_end(peer), SIMHOST_END_RESET);
}

static void close_with_unread_bytes(void **unused)
{
    struct simhost_peer *peer = NULL;
    char byte = 0;
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    const int fd = open_connection(&peer);
    simhost_peer_set_reading(peer, 0);
    assert_int_equal(transmit(fd, "unread", &n), 0);
    simhost_peer_close(peer, SIMHOST_NOW);
    assert_true(simhost_truth(fd).is_reset);
    assert_int_equal(simhost_peer_n_unread(peer), 0);
    assert_false(simhost_truth(fd).is_at_end);
    assert_int_equal(receive(fd, &byte, 1, &n), WASOCK_ECONNRESET);
    assert_true(simhost_truth(fd).is_at_end);
    assert_int_equal(receive(fd, &byte, 1, &n), 0);
}

static void shout_back(struct simhost_peer *peer, const uint8_t *data,
                       size_t length, void *context)
{
    *(size_t *)context += length;
    simhost_peer_send(peer, data, length, SIMHOST_MS(1));
}

static void answering_peer(void **unused)
{
    struct simhost_peer *peer = NULL;
    size_t n_read = 0;
    char bytes[8];
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    const int fd = open_connection(&peer);
    simhost_peer_on_read(peer, shout_back, &n_read);
    assert_int_equal(transmit(fd, "echo", &n), 0);
    assert_int_equal(n_read, 4);
    assert_int_equal(wait_readable(fd), SIMHOST_MS(1));
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_int_equal(n, 4);
    assert_memory_equal(bytes, "echo", 4);
}

static void datagrams(void **unused)
{
    (void)unused;
    ideal_world();
    const int fd = simhost_preopen(SIMHOST_DATAGRAM);
    struct simhost_peer *const peer = simhost_peer_of(fd);
    char bytes[8];
    uint32_t n = 7;

    assert_int_equal(wasip1_fd_fdstat_set_flags(fd, NONBLOCK), 0);
    simhost_knobs.chunk_bytes = 1; /* is for streams */
    assert_int_equal(receive(fd, bytes, 8, &n), WASOCK_EAGAIN);
    simhost_peer_send(peer, "first", 5, SIMHOST_NOW);
    simhost_peer_send(peer, NULL, 0, SIMHOST_NOW);
    simhost_peer_send(peer, "third", 5, SIMHOST_NOW);
    assert_int_equal(simhost_truth(fd).n_readable, 5);
    assert_int_equal(receive(fd, bytes, 2, &n), 0); /* the rest is lost */
    assert_int_equal(n, 2);
    assert_false(simhost_truth(fd).is_at_end);
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_int_equal(n, 5);
    assert_memory_equal(bytes, "third", 5);
    assert_int_equal(receive(fd, bytes, 8, &n), WASOCK_EAGAIN);

    simhost_peer_set_reading(peer, 0);
    assert_int_equal(transmit(fd, "one", &n), 0);
    assert_int_equal(transmit(fd, "two", &n), 0);
    simhost_peer_read(peer, 1, SIMHOST_NOW);
    assert_int_equal(simhost_peer_n_datagrams(peer), 1);
    simhost_peer_read(peer, 1, SIMHOST_NOW);
    assert_int_equal(simhost_peer_n_datagrams(peer), 2);
    assert_memory_equal(simhost_peer_received(peer, NULL), "onetwo", 6);
    simhost_peer_set_reading(peer, SIZE_MAX);
    assert_int_equal(transmit(fd, "three", &n), 0);
    assert_int_equal(simhost_peer_n_datagrams(peer), 3);
    simhost_peer_send(peer, "unread", 6, SIMHOST_NOW);
    assert_int_equal(wasip1_fd_close(fd), 0);
    assert_int_equal(simhost_peer_end(peer), SIMHOST_END_NONE);
}

static void standard_streams(void **unused)
{
    const struct wasock_slice slice = {"hello", 5};
    char bytes[8];
    const struct wasock_buffer buffer = {bytes, 8};
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    assert_int_equal(wasip1_fd_write(1, &slice, 1, &n), 0);
    assert_memory_equal(simhost_peer_received(simhost_peer_of(1), NULL),
                        "hello", 5);
    simhost_peer_send(simhost_peer_of(0), "quit\n", 5, SIMHOST_MS(3));
    simhost_peer_close(simhost_peer_of(0), SIMHOST_NOW);
    assert_int_equal(wait_readable(0), SIMHOST_MS(3));
    assert_int_equal(wasip1_fd_read(0, &buffer, 1, &n), 0);
    assert_int_equal(n, 5);
    assert_int_equal(wasip1_fd_read(0, &buffer, 1, &n), 0);
    assert_int_equal(n, 0);
}

static void kinds_and_holes(void **unused)
{
    static const uint8_t filetypes[] = {
        WASIP1_FILETYPE_UNKNOWN,          WASIP1_FILETYPE_BLOCK_DEVICE,
        WASIP1_FILETYPE_CHARACTER_DEVICE, WASIP1_FILETYPE_DIRECTORY,
        WASIP1_FILETYPE_REGULAR_FILE,     WASIP1_FILETYPE_SOCKET_DGRAM,
        WASIP1_FILETYPE_SOCKET_STREAM,    WASIP1_FILETYPE_SOCKET_STREAM,
        WASIP1_FILETYPE_SYMBOLIC_LINK};
    struct wasip1_fdstat stat = {0};

    (void)unused;
    ideal_world();
    for (int kind = SIMHOST_UNKNOWN; kind < SIMHOST_STDIO; kind++) {
        const int fd = simhost_preopen((enum simhost_kind)kind);
        assert_int_equal(fd, 3 + kind);
        assert_int_equal(wasip1_fd_fdstat_get(fd, &stat), 0);
        assert_int_equal(stat.filetype, filetypes[kind]);
    }
    assert_int_equal(simhost_preopen_at(20, SIMHOST_LISTENER), 20);
    assert_int_equal(wasip1_fd_fdstat_get(19, &stat), WASOCK_EBADF);
    assert_int_equal(simhost_preopen(SIMHOST_FILE), 21);
    assert_int_equal(simhost_n_open(), 3 + SIMHOST_STDIO + 2);
}

static void files_are_always_ready(void **unused)
{
    const struct wasock_slice slice = {"hello", 5};
    char bytes[8];
    const struct wasock_buffer buffer = {bytes, 8};
    uint32_t n = 7;

    (void)unused;
    ideal_world();
    const int fd = simhost_preopen(SIMHOST_FILE);
    assert_int_equal(wait_readable(fd), 0);
    assert_int_equal(wasip1_fd_read(fd, &buffer, 1, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(wasip1_fd_write(fd, &slice, 1, &n), 0);
    assert_int_equal(n, 5);
}

/* ---- Knobs -------------------------------------------------------------- */

/* The sizes of the receives and sends of 10 bytes, as digits. */
static void sizes_of_transfers(size_t chunk_bytes, char *recv_sizes,
                               char *send_sizes)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char bytes[16] = "0123456789";
    uint32_t n = 0;

    simhost_knobs.chunk_bytes = chunk_bytes;
    simhost_peer_send(peer, bytes, 10, SIMHOST_NOW);
    while (receive(fd, bytes, sizeof(bytes), &n) == 0) {
        *recv_sizes++ = (char)('0' + n % 10);
    }
    *recv_sizes = '\0';
    for (size_t n_left = 10; n_left > 0; n_left -= n) {
        bytes[n_left] = '\0';
        assert_int_equal(transmit(fd, bytes, &n), 0);
        *send_sizes++ = (char)('0' + n % 10);
    }
    *send_sizes = '\0';
}

static void chunks(void **unused)
{
    static const struct {
        size_t chunk_bytes;
        const char *sizes;
    } cases[] = {{1, "1111111111"},
                 {2, "22222"},
                 {3, "3331"},
                 {SIMHOST_CHUNK_WHOLE, "0"}};
    char recv_sizes[16];
    char send_sizes[16];

    (void)unused;
    ideal_world();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sizes_of_transfers(cases[i].chunk_bytes, recv_sizes, send_sizes);
        assert_string_equal(recv_sizes, cases[i].sizes);
        assert_string_equal(send_sizes, cases[i].sizes);
    }
    sizes_of_transfers(SIMHOST_CHUNK_RANDOM, recv_sizes, send_sizes);
    assert_string_not_equal(recv_sizes, "0");
    assert_string_not_equal(recv_sizes, send_sizes);
}

/* How many of 1,000 receives of a byte that is there fail with `error`. */
static int count_failures(int32_t error)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char byte = 0;
    uint32_t n = 0;
    int n_failures = 0;

    for (int i = 0; i < 1000; i++) {
        simhost_peer_send(peer, "x", 1, SIMHOST_NOW);
        const int32_t result = receive(fd, &byte, 1, &n);
        assert_true(result == 0 || result == error);
        n_failures += result != 0;
    }
    return n_failures;
}

static void accidents(void **unused)
{
    (void)unused;
    ideal_world();
    assert_int_equal(count_failures(0), 0);
    simhost_knobs.spurious_eagain_per_mille = 300;
    assert_in_range(count_failures(WASOCK_EAGAIN), 200, 400);
    simhost_knobs.spurious_eagain_per_mille = 0;
    simhost_knobs.interrupted_per_mille = 300;
    assert_in_range(count_failures(WASOCK_EINTR), 200, 400);
}

static void spurious_readiness(void **unused)
{
    struct simhost_peer *peer = NULL;
    int n_spurious = 0;

    (void)unused;
    ideal_world();
    const struct wasock__subscription subscriptions[] = {
        on_read(open_connection(&peer), 1), on_clock(SIMHOST_MS(1), 2)};
    simhost_knobs.spurious_ready_per_mille = 500;
    for (int i = 0; i < 1000; i++) {
        const struct answer answer = ask(subscriptions, 2);
        if (answer.events[0].userdata == 1) {
            assert_int_equal(answer.duration_ns, 0);
            n_spurious++;
        }
    }
    assert_in_range(n_spurious, 150, 350); /* half of them hit the clock */
}

static void assert_shuffled(const struct simhost_profile *profile)
{
    struct simhost_peer *peer = NULL;
    struct wasock__subscription subscriptions[5];
    int n_sorted = 0;

    simhost_reset(42, profile);
    subscriptions[4] = on_clock(SIMHOST_MS(1), 4);
    for (uint64_t i = 0; i < 4; i++) {
        const int fd = open_connection(&peer);
        simhost_peer_send(peer, "x", 1, SIMHOST_NOW);
        subscriptions[i] = on_read(fd, i);
    }
    simhost_knobs.shuffle = true;
    for (int i = 0; i < 100; i++) {
        const struct answer answer = ask(subscriptions, 5);
        for (uint64_t j = 0; j < 4; j++) {
            (void)find(&answer, j);
        }
        n_sorted += strncmp(order_of(&answer), "0123", 4) == 0;
    }
    assert_in_range(n_sorted, 0, 20);
}

static void shuffled_events(void **unused)
{
    (void)unused;
    assert_shuffled(&simhost_ideal);
    assert_shuffled(&simhost_wazero);
}

/* Peers whose bytes come at the same time, and who comes first. */
static void shuffled_peers(void **unused)
{
    int n_second_first = 0;

    (void)unused;
    for (uint64_t seed = 0; seed < 100; seed++) {
        int32_t fd = -1;
        simhost_reset(seed, &simhost_ideal);
        simhost_knobs.shuffle = true;
        const int listener = open_listener();
        (void)simhost_connect(listener, SIMHOST_MS(1));
        struct simhost_peer *const second =
            simhost_connect(listener, SIMHOST_MS(1));
        simhost_settle();
        assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd), 0);
        n_second_first += simhost_peer_of(fd) == second;
    }
    assert_in_range(n_second_first, 30, 70);
}

static void latency_keeps_order(void **unused)
{
    char bytes[32];
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const uint64_t start_ns = simhost_now_ns();
    simhost_knobs.latency_max_ns = SIMHOST_MS(10);
    simhost_knobs.shuffle = true;
    for (char c = 'a'; c <= 'z'; c++) {
        simhost_peer_send(peer, &c, 1, SIMHOST_NOW);
    }
    simhost_settle();
    assert_in_range(simhost_now_ns() - start_ns, 1, SIMHOST_MS(10));
    assert_int_equal(receive(fd, bytes, sizeof(bytes), &n), 0);
    assert_int_equal(n, 26);
    assert_memory_equal(bytes, "abcdefghijklmnopqrstuvwxyz", 26);
}

/* A number that depends on all that is random in a world. */
static uint64_t fingerprint(uint64_t seed)
{
    struct simhost_peer *peer = NULL;
    char bytes[64];
    uint32_t n = 0;
    uint64_t result = 0;

    simhost_reset(seed, &simhost_wamr);
    simhost_knobs.chunk_bytes = SIMHOST_CHUNK_RANDOM;
    simhost_knobs.spurious_eagain_per_mille = 200;
    simhost_knobs.latency_max_ns = SIMHOST_MS(5);
    simhost_knobs.shuffle = true;
    const int fd = open_connection(&peer);
    memset(bytes, 'x', sizeof(bytes));
    for (int i = 0; i < 50; i++) {
        simhost_peer_send(peer, bytes, sizeof(bytes), SIMHOST_NOW);
        simhost_advance_ns(SIMHOST_MS(2));
        const int32_t error = receive(fd, bytes, sizeof(bytes), &n);
        result = result * 31 + (uint64_t)error + (error == 0 ? n : 0);
    }
    return result;
}

static void seeds(void **unused)
{
    (void)unused;
    assert_int_equal(fingerprint(1), fingerprint(1));
    assert_int_not_equal(fingerprint(1), fingerprint(2));
    assert_int_not_equal(fingerprint(0), fingerprint(1));
}

static void blocking_calls(void **unused)
{
    char byte = 0;
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    const int fd = simhost_preopen(SIMHOST_CONNECTION);
    struct simhost_peer *const peer = simhost_peer_of(fd);
    const uint64_t start_ns = simhost_now_ns();

    simhost_peer_send(peer, "x", 1, SIMHOST_MS(7));
    simhost_allow(SIMHOST_FROZE, true);
    assert_int_equal(receive(fd, &byte, 1, &n), WASOCK_EAGAIN);
    assert_int_equal(simhost_n_verdicts(SIMHOST_FROZE), 1);
    simhost_knobs.may_block = true;
    assert_int_equal(receive(fd, &byte, 1, &n), 0);
    assert_int_equal(simhost_now_ns() - start_ns, SIMHOST_MS(7));
    assert_int_equal(receive(fd, &byte, 1, &n), WASOCK_EAGAIN);
    assert_int_equal(simhost_n_verdicts(SIMHOST_FROZE), 2);
}

/* ---- Faults ------------------------------------------------------------- */

static void nth_call_fails(void **unused)
{
    struct wasip1_fdstat stat = {0};
    uint64_t now_ns = 0;

    (void)unused;
    ideal_world();
    simhost_fail(SIMHOST_FD_FDSTAT_GET, 2, WASOCK_EINVAL, 1);
    assert_int_equal(wasip1_fd_fdstat_get(0, &stat), 0);
    assert_int_equal(wasip1_clock_time_get(1, 0, &now_ns), 0);
    assert_int_equal(simhost_n_faults(), 0);
    assert_int_equal(wasip1_fd_fdstat_get(0, &stat), WASOCK_EINVAL);
    assert_int_equal(simhost_n_faults(), 1);
    assert_int_equal(wasip1_fd_fdstat_get(0, &stat), 0);

    simhost_fail(SIMHOST_ANY_CALL, 2, WASOCK_EIO, SIMHOST_FOR_EVER);
    assert_int_equal(wasip1_clock_time_get(1, 0, &now_ns), 0);
    assert_int_equal(wasip1_clock_time_get(1, 0, &now_ns), WASOCK_EIO);
    assert_int_equal(wasip1_fd_fdstat_get(0, &stat), WASOCK_EIO);
    simhost_clear_faults();
    assert_int_equal(wasip1_fd_fdstat_get(0, &stat), 0);
}

/* Each call can fail, and then does nothing; close closes all the same. */
static void every_call_can_fail(void **unused)
{
    struct simhost_peer *peer = NULL;
    const struct wasock__subscription clock = on_clock(SIMHOST_MS(1), 1);
    char bytes[4];
    const struct wasock_buffer buffer = {bytes, 4};
    const struct wasock_slice slice = {"x", 1};
    uint32_t n = 0;
    int32_t accepted = -1;

    (void)unused;
    ideal_world();
    const int listener = open_listener();
    const int fd = open_connection(&peer);
    (void)simhost_connect(listener, SIMHOST_NOW);
    simhost_peer_send(peer, "data", 4, SIMHOST_NOW);
    simhost_fail(SIMHOST_ANY_CALL, 1, WASOCK_EIO, SIMHOST_FOR_EVER);
    assert_int_equal(wasip1_fd_fdstat_set_flags(fd, NONBLOCK), WASOCK_EIO);
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &accepted),
                     WASOCK_EIO);
    assert_int_equal(receive(fd, bytes, 4, &n), WASOCK_EIO);
    assert_int_equal(transmit(fd, "x", &n), WASOCK_EIO);
    assert_int_equal(wasip1_fd_read(fd, &buffer, 1, &n), WASOCK_EIO);
    assert_int_equal(wasip1_fd_write(fd, &slice, 1, &n), WASOCK_EIO);
    assert_int_equal(wasip1_sock_shutdown(fd, WASIP1_SDFLAGS_WR), WASOCK_EIO);
    assert_int_equal(ask(&clock, 1).error, WASOCK_EIO);
    assert_int_equal(accepted, -1);
    assert_int_equal(simhost_truth(fd).n_readable, 4);
    assert_null(simhost_peer_received(peer, NULL));
    assert_int_equal(simhost_peer_end(peer), SIMHOST_END_NONE);
    assert_int_equal(simhost_n_faults(), 8);
    assert_int_equal(wasip1_fd_close(fd), WASOCK_EIO);
    assert_false(simhost_truth(fd).is_open);
    simhost_check();
}

static void lies_of_transfers(void **unused)
{
    struct simhost_peer *peer = NULL;
    char bytes[4];
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    const int fd = open_connection(&peer);
    simhost_lie(SIMHOST_SOCK_RECV, 1, SIMHOST_LIE_TOO_MUCH, 1);
    simhost_lie(SIMHOST_SOCK_SEND, 1, SIMHOST_LIE_TOO_MUCH, 1);
    assert_int_equal(receive(fd, bytes, 4, &n), 0);
    assert_int_equal(n, 5);
    assert_int_equal(transmit(fd, "xyz", &n), 0);
    assert_int_equal(n, 4);
    simhost_lie(SIMHOST_SOCK_SEND, 1, SIMHOST_LIE_NOTHING, 1);
    assert_int_equal(transmit(fd, "xyz", &n), 0);
    assert_int_equal(n, 0);
    assert_null(simhost_peer_received(peer, NULL));
}

static void environment(void **unused)
{
    static const char *const variables[] = {"A=1", "LONG=value", NULL};
    char *pointers[2] = {NULL, NULL};
    char bytes[32];
    uint32_t n = 7;
    uint32_t n_bytes = 7;

    (void)unused;
    ideal_world();
    assert_int_equal(wasip1_environ_sizes_get(&n, &n_bytes), 0);
    assert_int_equal(n + n_bytes, 0);
    assert_int_equal(wasip1_environ_get(pointers, bytes), 0);
    assert_null(pointers[0]);
    simhost_knobs.environment = variables;
    assert_int_equal(wasip1_environ_sizes_get(&n, &n_bytes), 0);
    assert_int_equal(n, 2);
    assert_int_equal(n_bytes, 15);
    assert_int_equal(wasip1_environ_get(pointers, bytes), 0);
    assert_memory_equal(bytes, "A=1\0LONG=value", 15);
    assert_ptr_equal(pointers[0], bytes);
    assert_ptr_equal(pointers[1], bytes + 4);
    simhost_lie(SIMHOST_ENVIRON_GET, 1, SIMHOST_LIE_NONSENSE, 1);
    assert_int_equal(wasip1_environ_get(pointers, bytes), 0);
    assert_null(pointers[0]);
    simhost_lie(SIMHOST_ENVIRON_SIZES_GET, 1, SIMHOST_LIE_TOO_MUCH, 1);
    assert_int_equal(wasip1_environ_sizes_get(&n, &n_bytes), 0);
    assert_int_equal(n, UINT32_MAX);
    assert_int_equal(n_bytes, UINT32_MAX);
    simhost_lie(SIMHOST_ENVIRON_SIZES_GET, 1, SIMHOST_LIE_NOTHING, 1);
    assert_int_equal(wasip1_environ_sizes_get(&n, &n_bytes), 0);
    assert_int_equal(n + n_bytes, 0);
    simhost_fail(SIMHOST_ANY_CALL, 1, WASOCK_EIO, 2);
    assert_int_equal(wasip1_environ_sizes_get(&n, &n_bytes), WASOCK_EIO);
    assert_int_equal(wasip1_environ_get(pointers, bytes), WASOCK_EIO);
}

static void lies_of_other_calls(void **unused)
{
    const struct wasock__subscription clock = on_clock(SIMHOST_MS(1), 1);
    struct wasip1_fdstat stat = {0};
    uint64_t now_ns = 0;
    int32_t accepted = 7;

    (void)unused;
    ideal_world();
    const int listener = open_listener();
    simhost_lie(SIMHOST_SOCK_ACCEPT, 1, SIMHOST_LIE_NOTHING, 1);
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &accepted), 0);
    assert_int_equal(accepted, -1);
    simhost_lie(SIMHOST_FD_FDSTAT_GET, 1, SIMHOST_LIE_NONSENSE, 1);
    assert_int_equal(wasip1_fd_fdstat_get(listener, &stat), 0);
    assert_int_equal(stat.filetype, 200);
    simhost_set_nonblocking(listener, false);
    simhost_lie(SIMHOST_FD_FDSTAT_SET_FLAGS, 1, SIMHOST_LIE_NOTHING, 1);
    assert_int_equal(wasip1_fd_fdstat_set_flags(listener, NONBLOCK), 0);
    assert_int_equal(flags_of(listener), 0);
    simhost_lie(SIMHOST_CLOCK_TIME_GET, 1, SIMHOST_LIE_NONSENSE, 1);
    assert_int_equal(wasip1_clock_time_get(1, 0, &now_ns), 0);
    assert_true(now_ns < simhost_now_ns());
    simhost_lie(SIMHOST_POLL_ONEOFF, 1, SIMHOST_LIE_TOO_MUCH, 1);
    assert_int_equal(ask(&clock, 1).n, 2);
    simhost_lie(SIMHOST_POLL_ONEOFF, 1, SIMHOST_LIE_NOTHING, 1);
    struct answer answer = ask(&clock, 1);
    assert_int_equal(answer.n, 0);
    assert_int_equal(answer.duration_ns, 0);
    simhost_lie(SIMHOST_POLL_ONEOFF, 1, SIMHOST_LIE_NONSENSE, 1);
    answer = ask(&clock, 1);
    assert_int_equal(answer.n, 1);
    assert_int_not_equal(answer.events[0].userdata, 1);
    assert_int_equal(answer.events[0].type, WASIP1_EVENTTYPE_FD_READ);
    simhost_lie(SIMHOST_FD_FDSTAT_GET, 1, SIMHOST_LIE_NOTHING, 1);
    assert_int_equal(wasip1_fd_fdstat_get(listener, &stat), 0);
    assert_int_equal(stat.filetype, WASIP1_FILETYPE_UNKNOWN);
}

static void events_by_hand(void **unused)
{
    struct simhost_peer *peer = NULL;

    (void)unused;
    ideal_world();
    const int fd = open_connection(&peer);
    const struct wasock__subscription subscriptions[] = {
        on_read(fd, 1), on_clock(SIMHOST_MS(1), 2)};
    simhost_set_event(fd, WASOCK_EIO, WASIP1_EVENTRWFLAGS_HANGUP);
    struct answer answer = ask(subscriptions, 2);
    assert_string_equal(order_of(&answer), "1");
    assert_int_equal(answer.events[0].error, WASOCK_EIO);
    assert_int_equal(answer.events[0].flags, WASIP1_EVENTRWFLAGS_HANGUP);
    simhost_set_event(fd, 0, 0);
    answer = ask(subscriptions, 2);
    assert_string_equal(order_of(&answer), "2");
}

/* ---- The judge ---------------------------------------------------------- */

static char failure[512];
static int n_failures;

static void keep_failure(const char *message)
{
    (void)snprintf(failure, sizeof(failure), "%s", message);
    n_failures++;
}

static void failure_names_everything(void **unused)
{
    char byte = 0;
    uint32_t n = 0;

    (void)unused;
    simhost_reset(4711, &simhost_wasi_go);
    simhost_advance_ns(SIMHOST_MS(12));
    n_failures = 0;
    simhost_on_failure(keep_failure);
    assert_int_equal(receive(55, &byte, 1, &n), WASOCK_EBADF);
    simhost_on_failure(NULL);
    assert_int_equal(n_failures, 1);
    assert_non_null(strstr(failure, "BAD_FD"));
    assert_non_null(strstr(failure, "descriptor 55 was never opened"));
    assert_non_null(strstr(failure, "seed 4711"));
    assert_non_null(strstr(failure, "profile wasi-go"));
    assert_non_null(strstr(failure, "call #1 sock_recv(55, 1)"));
    assert_non_null(strstr(failure, "0.012000 s"));
}

static void break_a_rule(void **unused)
{
    uint64_t now_ns = 0;

    (void)unused;
    simhost_reset(815, &simhost_wazero);
    simhost_knobs.trace = getenv("SIMHOST_TRACE") != NULL;
    assert_int_equal(wasip1_clock_time_get(1, 0, &now_ns), 0);
    for (int i = 0; i < 70; i++) {
        (void)flags_of(2);
    }
    simhost_advance_ns(SIMHOST_MS(2500));
    assert_int_equal(wasip1_fd_close(99), WASOCK_EBADF);
}

/* Run the test above in a process of its own, where it fails. Returns what it
 * printed; the caller's to free. */
static char *output_of_failing_test(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(break_a_rule)};
    FILE *const output = tmpfile();
    char *const text = (char *)calloc(1, 65536);
    int status = 0;

    assert_non_null(output);
    assert_non_null(text);
    (void)fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        (void)dup2(fileno(output), STDOUT_FILENO);
        (void)dup2(fileno(output), STDERR_FILENO);
        const int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
        (void)fflush(NULL);
        _exit(n_failed);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    rewind(output);
    assert_true(fread(text, 1, 65535, output) > 0);
    (void)fclose(output);
    return text;
}

static void failure_fails_the_test(void **unused)
{
    (void)unused;
    char *const text = output_of_failing_test();
    assert_non_null(strstr(text, "BAD_FD: descriptor 99 was never opened"));
    assert_non_null(strstr(text, "seed 815, profile wazero, call #72"));
    /* The trace is of the latest 64 calls. */
    assert_null(strstr(text, "#8 "));
    assert_non_null(
        strstr(text, "0.000000 s  #9      fd_fdstat_get(2, 0) = 0"));
    assert_non_null(strstr(text, "2.500000 s  #72     fd_close(99, 0) …"));
    free(text);
}

static void trace_as_it_happens(void **unused)
{
    (void)unused;
    assert_int_equal(setenv("SIMHOST_TRACE", "1", 1), 0);
    char *const text = output_of_failing_test();
    assert_int_equal(unsetenv("SIMHOST_TRACE"), 0);
    assert_non_null(strstr(text, "#1      clock_time_get(1) = 1000000000000"));
    free(text);
}

static void allowed_once_and_no_more(void **unused)
{
    char byte = 0;
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    n_failures = 0;
    simhost_on_failure(keep_failure);
    simhost_allow(SIMHOST_BAD_FD, true);
    (void)receive(55, &byte, 1, &n);
    assert_int_equal(n_failures, 0);
    simhost_allow(SIMHOST_BAD_FD, false);
    (void)receive(55, &byte, 1, &n);
    assert_int_equal(n_failures, 1);
    assert_int_equal(simhost_n_verdicts(SIMHOST_BAD_FD), 2);
    ideal_world();
    assert_int_equal(simhost_n_verdicts(SIMHOST_BAD_FD), 0);
    simhost_on_failure(NULL);
}

static void test_mistakes_fail(void **unused)
{
    struct simhost_peer *peer = NULL;

    (void)unused;
    ideal_world();
    (void)open_connection(&peer);
    n_failures = 0;
    simhost_on_failure(keep_failure);
    simhost_peer_close(peer, SIMHOST_NOW);
    simhost_peer_send(peer, "x", 1, SIMHOST_NOW);
    assert_int_equal(n_failures, 1);
    simhost_set_nonblocking(99, true);
    assert_int_equal(n_failures, 2);
    simhost_set_event(99, 1, 0);
    assert_int_equal(n_failures, 3);
    simhost_fail(SIMHOST_ANY_CALL, 0, WASOCK_EIO, 1);
    assert_int_equal(n_failures, 4);
    (void)simhost_preopen_at(0, SIMHOST_FILE);
    assert_int_equal(n_failures, 5);
    simhost_on_failure(NULL);
}

/* Run `call` in an ideal world; it must be judged once, as `verdict` only. */
static void assert_judged(enum simhost_verdict verdict, void (*call)(void))
{
    ideal_world();
    for (int i = 0; i < SIMHOST_N_VERDICTS; i++) {
        simhost_allow((enum simhost_verdict)i, true);
    }
    call();
    for (int i = 0; i < SIMHOST_N_VERDICTS; i++) {
        if (simhost_n_verdicts((enum simhost_verdict)i) !=
            (i == (int)verdict)) {
            fail_msg("verdict %d: %d, where %d was due", i,
                     (int)simhost_n_verdicts((enum simhost_verdict)i),
                     (int)verdict);
        }
    }
}

static void recv_flags(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char byte = 0;
    const struct wasock_buffer buffer = {&byte, 1};
    struct wasip1_roflags roflags = {0};
    uint32_t n = 0;

    (void)wasip1_sock_recv(fd, &buffer, 1, 2, &n, &roflags);
}

static void send_flags(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const struct wasock_slice slice = {"x", 1};
    uint32_t n = 0;

    (void)wasip1_sock_send(fd, &slice, 1, 1, &n);
}

static void set_blocking(void)
{
    (void)wasip1_fd_fdstat_set_flags(open_listener(), 0);
}

static void close_never_opened(void)
{
    (void)wasip1_fd_close(99);
}

static void negative_fd(void)
{
    (void)wasip1_fd_fdstat_set_flags(-1, NONBLOCK);
}

static void close_twice(void)
{
    const int fd = open_listener();

    (void)wasip1_fd_close(fd);
    (void)wasip1_fd_close(fd);
}

static void accept_on_directory(void)
{
    int32_t fd = -1;

    (void)wasip1_sock_accept(simhost_preopen(SIMHOST_DIRECTORY), 0, &fd);
}

static void recv_without_memory(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    uint32_t n = 0;

    assert_int_equal(receive(fd, NULL, 1, &n), WASOCK_EFAULT);
}

static void recv_into_no_buffers(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    struct wasip1_roflags roflags = {0};
    uint32_t n = 0;

    assert_int_equal(wasip1_sock_recv(fd, NULL, 1, 0, &n, &roflags),
                     WASOCK_EFAULT);
}

static void send_without_memory(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const struct wasock_slice slices[] = {{"x", 1}, {NULL, 1}};
    uint32_t n = 0;

    assert_int_equal(wasip1_sock_send(fd, slices, 2, 0, &n), WASOCK_EFAULT);
}

static void send_of_no_slices(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    uint32_t n = 0;

    assert_int_equal(wasip1_sock_send(fd, NULL, 1, 0, &n), WASOCK_EFAULT);
}

static void time_without_memory(void)
{
    assert_int_equal(wasip1_clock_time_get(1, 0, NULL), WASOCK_EFAULT);
}

static void stat_without_memory(void)
{
    assert_int_equal(wasip1_fd_fdstat_get(0, NULL), WASOCK_EFAULT);
}

static void accept_without_memory(void)
{
    assert_int_equal(wasip1_sock_accept(open_listener(), NONBLOCK, NULL),
                     WASOCK_EFAULT);
}

static void environment_without_memory(void)
{
    char byte = 0;

    assert_int_equal(wasip1_environ_get(NULL, &byte), WASOCK_EFAULT);
}

static void sizes_without_memory(void)
{
    uint32_t n = 0;

    assert_int_equal(wasip1_environ_sizes_get(&n, NULL), WASOCK_EFAULT);
}

static void send_without_count(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);

    assert_int_equal(transmit(fd, "x", NULL), WASOCK_EFAULT);
}

static void recv_without_roflags(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char byte = 0;
    const struct wasock_buffer buffer = {&byte, 1};
    uint32_t n = 0;

    (void)wasip1_sock_recv(fd, &buffer, 1, 0, &n, NULL);
}

static void absurd_length(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char byte = 0;
    uint32_t n = 0;

    (void)receive(fd, &byte, (size_t)1 << 31, &n);
}

static void send_of_empty_slices(void)
{
    struct simhost_peer *peer = NULL;
    uint32_t n = 0;

    (void)transmit(open_connection(&peer), "", &n);
}

static void recv_of_no_buffers(void)
{
    struct simhost_peer *peer = NULL;
    struct wasip1_roflags roflags = {0};
    uint32_t n = 0;

    (void)wasip1_sock_recv(open_connection(&peer), NULL, 0, 0, &n, &roflags);
}

static void send_of_no_datagram(void)
{
    uint32_t n = 0;

    (void)wasip1_sock_send(simhost_preopen(SIMHOST_DATAGRAM), NULL, 0, 0, &n);
}

static void shutdown_of_listener(void)
{
    (void)wasip1_sock_shutdown(open_listener(), WASIP1_SDFLAGS_WR);
}

static void shutdown_of_nothing(void)
{
    struct simhost_peer *peer = NULL;

    (void)wasip1_sock_shutdown(open_connection(&peer), 0);
}

static void poll_of_nothing(void)
{
    const struct wasock__subscription clock = on_clock(0, 1);

    (void)ask(&clock, 0);
}

static void clock_with_precision(void)
{
    struct wasock__subscription clock = on_clock(0, 1);

    clock.of.clock.precision_ns = 1;
    (void)ask(&clock, 1);
}

static void clock_of_the_wall(void)
{
    struct wasock__subscription clock = on_clock(0, 1);

    clock.of.clock.id = 0;
    (void)ask(&clock, 1);
}

static void time_of_the_wall(void)
{
    uint64_t now_ns = 0;

    (void)wasip1_clock_time_get(0, 0, &now_ns);
}

static void timeout_too_short(void)
{
    const struct wasock__subscription clock = on_clock(999999, 1);

    (void)ask(&clock, 1);
}

static void timeout_too_long(void)
{
    const struct wasock__subscription clock = on_clock(SIMHOST_MS(3600001), 1);

    (void)ask(&clock, 1);
}

static void poll_for_ever(void)
{
    const struct wasock__subscription subscription = on_read(0, 1);

    (void)ask(&subscription, 1);
}

static void poll_without_memory(void)
{
    struct wasock__event event;
    uint32_t n = 0;

    assert_int_equal(wasip1_poll_oneoff(NULL, &event, 1, &n), WASOCK_EFAULT);
}

static void unknown_subscription(void)
{
    struct wasock__subscription subscription = on_clock(0, 1);

    subscription.tag = 9;
    assert_int_equal(ask(&subscription, 1).error, WASOCK_EINVAL);
}

static void blocking_read_of_stdin(void)
{
    char byte = 0;
    const struct wasock_buffer buffer = {&byte, 1};
    uint32_t n = 0;

    (void)wasip1_fd_read(0, &buffer, 1, &n);
}

static void look_again_and_again(void)
{
    const struct wasock__subscription clock = on_clock(SIMHOST_MS(1), 1);

    simhost_knobs.n_idle_calls_max = 100;
    for (int i = 0; i < 101; i++) {
        (void)ask(&clock, 1);
    }
}

/* 100 times something that is progress, and must not be judged. */
static void work_is_no_spinning(void **unused)
{
    struct simhost_peer *peer = NULL;
    char byte = 0;
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    const int listener = open_listener();
    const int fd = open_connection(&peer);
    simhost_knobs.n_idle_calls_max = 3;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(transmit(fd, "x", &n), 0);
    }
    for (int i = 0; i < 100; i++) {
        simhost_peer_send(peer, "x", 1, SIMHOST_NOW);
        assert_int_equal(receive(fd, &byte, 1, &n), 0);
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(wasip1_fd_close(accept_one(listener)), 0);
    }
    for (int i = 0; i < 100; i++) {
        simhost_peer_send(peer, "x", 1, SIMHOST_MS(1));
        simhost_advance_ns(SIMHOST_MS(1));
        assert_int_equal(flags_of(fd), NONBLOCK);
    }
    assert_int_equal(simhost_n_verdicts(SIMHOST_SPINS), 0);
}

static void leave_open(void)
{
    (void)accept_one(open_listener());
    simhost_check();
}

static void leave_preopened(void)
{
    (void)open_listener();
    (void)simhost_preopen(SIMHOST_DIRECTORY);
    simhost_check();
    assert_int_equal(simhost_n_verdicts(SIMHOST_LEAK), 0);
    simhost_knobs.preopened_sockets_must_close = true;
    simhost_check();
}

static void leaks_are_counted(void **unused)
{
    (void)unused;
    ideal_world();
    (void)simhost_preopen(SIMHOST_FILE);
    (void)simhost_preopen(SIMHOST_CONNECTION);
    (void)simhost_preopen(SIMHOST_DATAGRAM);
    (void)open_listener();
    simhost_knobs.preopened_sockets_must_close = true;
    n_failures = 0;
    simhost_on_failure(keep_failure);
    simhost_check();
    simhost_on_failure(NULL);
    assert_int_equal(n_failures, 1);
    assert_non_null(strstr(failure, "3 descriptors left open, the first is 4"));
}

static void numbers_begin_anew(void **unused)
{
    (void)unused;
    ideal_world();
    const int listener = open_listener();
    for (int i = 0; i < 5; i++) {
        assert_int_equal(accept_one(listener), listener + 1 + i);
    }
    ideal_world();
    assert_int_equal(accept_one(open_listener()), 4);
}

static void verdicts(void **unused)
{
    static const struct {
        enum simhost_verdict verdict;
        void (*call)(void);
    } cases[] = {
        {SIMHOST_BAD_FLAGS, recv_flags},
        {SIMHOST_BAD_FLAGS, send_flags},
        {SIMHOST_BAD_FLAGS, set_blocking},
        {SIMHOST_BAD_FLAGS, shutdown_of_nothing},
        {SIMHOST_BAD_FLAGS, unknown_subscription},
        {SIMHOST_BAD_FD, close_never_opened},
        {SIMHOST_BAD_FD, negative_fd},
        {SIMHOST_DOUBLE_CLOSE, close_twice},
        {SIMHOST_NO_SOCKET, accept_on_directory},
        {SIMHOST_BAD_POINTER, recv_without_memory},
        {SIMHOST_BAD_POINTER, recv_without_roflags},
        {SIMHOST_BAD_POINTER, send_without_count},
        {SIMHOST_BAD_POINTER, recv_into_no_buffers},
        {SIMHOST_BAD_POINTER, send_without_memory},
        {SIMHOST_BAD_POINTER, send_of_no_slices},
        {SIMHOST_BAD_POINTER, time_without_memory},
        {SIMHOST_BAD_POINTER, stat_without_memory},
        {SIMHOST_BAD_POINTER, accept_without_memory},
        {SIMHOST_BAD_POINTER, environment_without_memory},
        {SIMHOST_BAD_POINTER, sizes_without_memory},
        {SIMHOST_BAD_POINTER, absurd_length},
        {SIMHOST_BAD_POINTER, poll_without_memory},
        {SIMHOST_EMPTY, send_of_empty_slices},
        {SIMHOST_EMPTY, recv_of_no_buffers},
        {SIMHOST_EMPTY_DATAGRAM, send_of_no_datagram},
        {SIMHOST_SHUT_LISTENER, shutdown_of_listener},
        {SIMHOST_NO_SUBSCRIPTION, poll_of_nothing},
        {SIMHOST_BAD_CLOCK, clock_with_precision},
        {SIMHOST_BAD_CLOCK, clock_of_the_wall},
        {SIMHOST_BAD_CLOCK, time_of_the_wall},
        {SIMHOST_BAD_TIMEOUT, timeout_too_short},
        {SIMHOST_BAD_TIMEOUT, timeout_too_long},
        {SIMHOST_WAITS_FOR_EVER, poll_for_ever},
        {SIMHOST_FROZE, blocking_read_of_stdin},
        {SIMHOST_SPINS, look_again_and_again},
        {SIMHOST_LEAK, leave_open},
        {SIMHOST_LEAK, leave_preopened},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_judged(cases[i].verdict, cases[i].call);
    }
}

/* ---- Counts and the truth ----------------------------------------------- */

static void counts(void **unused)
{
    const struct wasock__subscription subscriptions[] = {on_read(0, 1),
                                                         on_clock(0, 2)};
    uint64_t now_ns = 0;

    (void)unused;
    ideal_world();
    (void)ask(subscriptions, 2);
    (void)ask(subscriptions + 1, 1);
    assert_int_equal(wasip1_clock_time_get(1, 0, &now_ns), 0);
    assert_int_equal(simhost_calls(SIMHOST_POLL_ONEOFF), 2);
    assert_int_equal(simhost_calls(SIMHOST_CLOCK_TIME_GET), 1);
    assert_int_equal(simhost_calls(SIMHOST_SOCK_RECV), 0);
    assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), 3);
    assert_int_equal(simhost_n_subscriptions(), 3);
    assert_int_equal(simhost_last_n_subscriptions(), 1);
}

static void truth_of_a_connection(void **unused)
{
    struct simhost_peer *peer = NULL;
    char bytes[4];
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    const int fd = open_connection(&peer);
    const uint64_t start_ns = simhost_now_ns();
    assert_false(simhost_truth(fd).is_readable);
    assert_int_equal(simhost_truth(fd).readable_since_ns, 0);
    assert_true(simhost_truth(fd).is_writable);
    assert_true(simhost_truth(fd).is_open);
    assert_int_equal(simhost_truth(fd).writable_since_ns, start_ns);
    simhost_peer_send(peer, "abcdef", 6, SIMHOST_MS(3));
    simhost_peer_send(peer, "ghi", 3, SIMHOST_MS(5));
    simhost_advance_ns(SIMHOST_MS(10));
    struct simhost_truth truth = simhost_truth(fd);
    assert_true(truth.is_readable);
    assert_int_equal(truth.n_readable, 9);
    assert_int_equal(truth.readable_since_ns, start_ns + SIMHOST_MS(3));
    /* Partly served: what is left has waited since then. */
    assert_int_equal(receive(fd, bytes, 4, &n), 0);
    truth = simhost_truth(fd);
    assert_int_equal(truth.n_readable, 5);
    assert_int_equal(truth.readable_since_ns, start_ns + SIMHOST_MS(10));
    assert_false(truth.is_at_end);
    assert_int_equal(receive(fd, bytes, 4, &n), 0);
    assert_int_equal(receive(fd, bytes, 4, &n), 0);
    assert_false(simhost_truth(fd).is_readable);
    simhost_peer_shutdown(peer, SIMHOST_NOW);
    assert_true(simhost_truth(fd).is_readable);
    assert_true(simhost_truth(fd).is_at_end);
    assert_int_equal(transmit(fd, "x", &n), 0);
    assert_int_equal(simhost_truth(fd).writable_since_ns,
                     start_ns + SIMHOST_MS(10));
    assert_int_equal(wasip1_fd_close(fd), 0);
    assert_false(simhost_truth(fd).is_open);
}

static void truth_after_shutdown(void **unused)
{
    struct simhost_peer *peer = NULL;

    (void)unused;
    ideal_world();
    const int fd = open_connection(&peer);
    simhost_peer_set_window(peer, 0);
    assert_false(simhost_truth(fd).is_readable);
    assert_false(simhost_truth(fd).is_writable);
    assert_int_equal(wasip1_sock_shutdown(fd, WASIP1_SDFLAGS_RD), 0);
    assert_true(simhost_truth(fd).is_readable);
    assert_int_equal(wasip1_sock_shutdown(fd, WASIP1_SDFLAGS_WR), 0);
    assert_true(simhost_truth(fd).is_writable);
}

static void truth_of_a_listener(void **unused)
{
    (void)unused;
    ideal_world();
    const int listener = open_listener();
    assert_false(simhost_truth(listener).is_readable);
    (void)simhost_connect(listener, SIMHOST_NOW);
    (void)simhost_connect(listener, SIMHOST_NOW);
    assert_int_equal(simhost_truth(listener).n_readable, 2);
    assert_true(simhost_truth(listener).is_readable);
    assert_false(simhost_truth(listener).is_writable);
    const int first = accept_one(listener);
    assert_int_equal(simhost_truth(listener).n_readable, 2);
    assert_int_equal(wasip1_fd_close(first), 0);
    simhost_check();
}

static void ten_thousand_connections(void **unused)
{
    enum { N = 10000 };
    static struct wasock__subscription subscriptions[N];
    static struct wasock__event events[N];
    static struct simhost_peer *peers[N];
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    const int listener = open_listener();
    for (uint64_t i = 0; i < N; i++) {
        int32_t fd = -1;
        peers[i] = simhost_connect(listener, SIMHOST_NOW);
        assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd), 0);
        subscriptions[i] = on_read(fd, i);
    }
    simhost_peer_send(peers[6789], "x", 1, SIMHOST_MS(1));
    assert_int_equal(wasip1_poll_oneoff(subscriptions, events, N, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(events[0].userdata, 6789);
    assert_int_equal(simhost_n_open(), N + 4);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(wasip1_fd_close((int32_t)subscriptions[i].of.fd), 0);
    }
    simhost_check();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_stands_still),
        cmocka_unit_test(poll_moves_time),
        cmocka_unit_test(actions_come_in_order),
        cmocka_unit_test(many_actions_come_in_order),
        cmocka_unit_test(script_of_a_peer),
        cmocka_unit_test(refused_and_dropped),
        cmocka_unit_test(gives_up_outside),
        cmocka_unit_test(queue_moves_up),
        cmocka_unit_test(reset_outside),
        cmocka_unit_test(long_stream),
        cmocka_unit_test(gathered_send),
        cmocka_unit_test(rate_is_kept),
        cmocka_unit_test(window_and_slow_reader),
        cmocka_unit_test(end_comes_behind_the_bytes),
        cmocka_unit_test(close_with_unread_bytes),
        cmocka_unit_test(answering_peer),
        cmocka_unit_test(datagrams),
        cmocka_unit_test(standard_streams),
        cmocka_unit_test(kinds_and_holes),
        cmocka_unit_test(files_are_always_ready),
        cmocka_unit_test(chunks),
        cmocka_unit_test(accidents),
        cmocka_unit_test(spurious_readiness),
        cmocka_unit_test(shuffled_events),
        cmocka_unit_test(shuffled_peers),
        cmocka_unit_test(latency_keeps_order),
        cmocka_unit_test(seeds),
        cmocka_unit_test(blocking_calls),
        cmocka_unit_test(nth_call_fails),
        cmocka_unit_test(every_call_can_fail),
        cmocka_unit_test(lies_of_transfers),
        cmocka_unit_test(environment),
        cmocka_unit_test(lies_of_other_calls),
        cmocka_unit_test(events_by_hand),
        cmocka_unit_test(failure_names_everything),
        cmocka_unit_test(failure_fails_the_test),
        cmocka_unit_test(trace_as_it_happens),
        cmocka_unit_test(allowed_once_and_no_more),
        cmocka_unit_test(test_mistakes_fail),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(work_is_no_spinning),
        cmocka_unit_test(leaks_are_counted),
        cmocka_unit_test(numbers_begin_anew),
        cmocka_unit_test(counts),
        cmocka_unit_test(truth_of_a_connection),
        cmocka_unit_test(truth_after_shutdown),
        cmocka_unit_test(truth_of_a_listener),
        cmocka_unit_test(ten_thousand_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
