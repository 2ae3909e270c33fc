/* SPDX-License-Identifier: MIT */
/* simhost's machinery: time, peers, knobs, faults, counts, the truth. */
#include "host_calls.h"

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
    simhost_knobs.costs.call_ns[SIMHOST_CLOCK_TIME_GET] = 200;
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
    simhost_knobs.costs.subscription_ns = 100;
    simhost_knobs.costs.call_ns[SIMHOST_POLL_ONEOFF] = 1000;
    assert_int_equal(ask(subscriptions, 2).duration_ns, SIMHOST_MS(10) + 1100);
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

enum { LONG_STREAM_BYTES = 100000 };

static void receive_long_stream(int fd, struct simhost_peer *peer,
                                const uint8_t *sent, uint8_t *received)
{
    size_t n_received = 0;
    uint32_t n = 0;

    for (size_t i = 0; i < LONG_STREAM_BYTES; i += 1000) {
        simhost_peer_send(peer, sent + i, 1000, SIMHOST_NOW);
        if (receive(fd, received + n_received, 1200, &n) == 0) {
            n_received += n;
        }
    }
    while (n_received < LONG_STREAM_BYTES) {
        assert_int_equal(receive(fd, received + n_received,
                                 LONG_STREAM_BYTES - n_received, &n),
                         0);
        n_received += n;
    }
}

static void send_long_stream(int fd, const uint8_t *sent)
{
    uint32_t n = 0;

    for (size_t n_left = LONG_STREAM_BYTES; n_left > 0;) {
        const uint8_t *const next = sent + LONG_STREAM_BYTES - n_left;
        const struct wasock_slice slices[] = {
            {next, n_left / 2}, {next + n_left / 2, n_left - n_left / 2}};
        if (wasip1_sock_send(fd, slices, 2, 0, &n) == 0) {
            n_left -= n;
        }
        simhost_advance_ns(SIMHOST_MS(1));
    }
    simhost_settle();
}

/* Both ways through random chunks and a small window. */
static void long_stream(void **unused)
{
    static uint8_t sent[LONG_STREAM_BYTES];
    static uint8_t received[LONG_STREAM_BYTES];
    struct simhost_peer *peer = NULL;
    size_t length = 0;

    (void)unused;
    ideal_world();
    const int fd = open_connection(&peer);
    simhost_knobs.chunk_bytes = SIMHOST_CHUNK_RANDOM;
    simhost_peer_set_window(peer, 1000);
    simhost_peer_set_reading(peer, 700);
    for (size_t i = 0; i < LONG_STREAM_BYTES; i++) {
        sent[i] = (uint8_t)(i * 31 >> 3);
    }
    receive_long_stream(fd, peer, sent, received);
    assert_memory_equal(received, sent, LONG_STREAM_BYTES);
    send_long_stream(fd, sent);
    assert_memory_equal(simhost_peer_received(peer, &length), sent,
                        LONG_STREAM_BYTES);
    assert_int_equal(length, LONG_STREAM_BYTES);
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
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz";
    char bytes[32];
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const uint64_t start_ns = simhost_now_ns();
    simhost_knobs.latency_max_ns = SIMHOST_MS(10);
    simhost_knobs.shuffle = true;
    for (const char *letter = alphabet; *letter != '\0'; letter++) {
        simhost_peer_send(peer, letter, 1, SIMHOST_NOW);
    }
    simhost_settle();
    assert_in_range(simhost_now_ns() - start_ns, 1, SIMHOST_MS(10));
    assert_int_equal(receive(fd, bytes, sizeof(bytes), &n), 0);
    assert_int_equal(n, 26);
    assert_memory_equal(bytes, alphabet, 26);
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
    n = 7;
    assert_int_equal(transmit(fd, "xyz", &n), 0);
    assert_int_equal(n, 7); /* not written */
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
    assert_int_equal(accepted, 7); /* not written */
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
        cmocka_unit_test(counts),
        cmocka_unit_test(truth_of_a_connection),
        cmocka_unit_test(truth_after_shutdown),
        cmocka_unit_test(truth_of_a_listener),
        cmocka_unit_test(ten_thousand_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
