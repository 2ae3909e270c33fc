/* SPDX-License-Identifier: MIT */
/*
 * simhost's profiles against what was measured of the hosts, by raw host
 * calls: descriptors, transfers, closes. The expectations are written out here
 * once more, host by host, and not read from the profiles.
 */
#include "host_calls.h"

/* ---- Descriptors -------------------------------------------------------- */

static void layout_on(enum host host)
{
    static const int listeners[] = {3, 3, 4, 4, -1};
    static const int directories[] = {5, 5, 3, 3, 3};
    struct wasip1_fdstat stat = {0};
    int fds[2] = {-1, -1};

    simhost_preopen_layout(2, 1, fds);
    if (host == WAMR) {
        assert_true(fds[0] > 3 && fds[1] > 3 && fds[1] != fds[0] + 1);
    } else {
        assert_int_equal(fds[0], listeners[host]);
        assert_int_equal(fds[1], listeners[host] + 1);
    }
    assert_int_equal(wasip1_fd_fdstat_get(fds[0], &stat), 0);
    assert_int_equal(stat.filetype, WASIP1_FILETYPE_SOCKET_STREAM);
    assert_int_equal(wasip1_fd_fdstat_get(directories[host], &stat), 0);
    assert_int_equal(stat.filetype, WASIP1_FILETYPE_DIRECTORY);
}
RUN_ON_EVERY_HOST(layout)

static void stdio_type_on(enum host host)
{
    static const uint8_t types[] = {
        WASIP1_FILETYPE_CHARACTER_DEVICE, WASIP1_FILETYPE_UNKNOWN,
        WASIP1_FILETYPE_UNKNOWN, WASIP1_FILETYPE_CHARACTER_DEVICE,
        WASIP1_FILETYPE_UNKNOWN};
    struct wasip1_fdstat stat = {0};

    for (int fd = 0; fd < 3; fd++) {
        assert_int_equal(wasip1_fd_fdstat_get(fd, &stat), 0);
        assert_int_equal(stat.filetype, types[host]);
    }
    assert_int_equal(wasip1_fd_fdstat_get(3, &stat), WASOCK_EBADF);
}
RUN_ON_EVERY_HOST(stdio_type)

static void modes_on(enum host host)
{
    static const uint16_t listener_flags[] = {0, NONBLOCK, 0, NONBLOCK, 0};
    static const uint16_t asked_flags[] = {NONBLOCK, NONBLOCK, NONBLOCK,
                                           NONBLOCK, 0};
    const int listener = simhost_preopen(SIMHOST_LISTENER);
    int32_t fd = -1;

    assert_int_equal(flags_of(listener), listener_flags[host]);
    assert_int_equal(flags_of(simhost_preopen(SIMHOST_CONNECTION)),
                     listener_flags[host]);
    (void)simhost_connect(listener, SIMHOST_NOW);
    assert_int_equal(wasip1_sock_accept(listener, 0, &fd), 0);
    assert_int_equal(flags_of(fd), 0);
    assert_int_equal(wasip1_fd_close(fd), 0);

    (void)simhost_connect(listener, SIMHOST_NOW);
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd), 0);
    assert_int_equal(flags_of(fd), asked_flags[host]);
    assert_int_equal(wasip1_fd_fdstat_set_flags(fd, NONBLOCK), 0);
    assert_int_equal(flags_of(fd), NONBLOCK);
    assert_int_equal(wasip1_fd_close(fd), 0);
}
RUN_ON_EVERY_HOST(modes)

static void idle_accept_on(enum host host)
{
    const int listener = simhost_preopen(SIMHOST_LISTENER);
    const bool is_blocking = flags_of(listener) == 0;
    int32_t fd = -1;

    (void)host;
    simhost_allow(SIMHOST_FROZE, true);
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd),
                     WASOCK_EAGAIN);
    assert_int_equal(simhost_n_verdicts(SIMHOST_FROZE), is_blocking);
    assert_int_equal(wasip1_fd_fdstat_set_flags(listener, NONBLOCK), 0);
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd),
                     WASOCK_EAGAIN);
    assert_int_equal(simhost_n_verdicts(SIMHOST_FROZE), is_blocking);
}
RUN_ON_EVERY_HOST(idle_accept)

static void numbering_on(enum host host)
{
    static const int again[] = {4, 6, 4, 4, -1};
    const int listener = simhost_preopen(SIMHOST_LISTENER);
    const int first = accept_one(listener);
    const int second = accept_one(listener);

    assert_int_equal(wasip1_fd_close(first), 0);
    const int third = accept_one(listener);
    if (host != WAMR) {
        assert_int_equal(first, 4);
        assert_int_equal(second, 5);
        assert_int_equal(third, again[host]);
    } else {
        assert_true(first != 4 || second != 5);
    }
    assert_int_equal(wasip1_fd_close(second), 0);
    assert_int_equal(wasip1_fd_close(third), 0);
}
RUN_ON_EVERY_HOST(numbering)

static void other_flag_bits_on(enum host host)
{
    const int listener = open_listener();
    const int32_t expected = host == WC ? WASOCK_EINVAL : 0;

    simhost_allow(SIMHOST_BAD_FLAGS, true);
    assert_int_equal(wasip1_fd_fdstat_set_flags(listener, NONBLOCK | 1),
                     expected);
    assert_int_equal(simhost_n_verdicts(SIMHOST_BAD_FLAGS), 1);
}
RUN_ON_EVERY_HOST(other_flag_bits)

static void bad_accept_flags_on(enum host host)
{
    static const int32_t errors[] = {0, WASOCK_EINVAL, 0, WASOCK_EINVAL, 0};
    static const size_t n_left[] = {0, 0, 0, 1, 0};
    const int listener = open_listener();
    int32_t fd = -1;

    (void)simhost_connect(listener, SIMHOST_NOW);
    simhost_allow(SIMHOST_BAD_FLAGS, true);
    const int32_t error = wasip1_sock_accept(listener, 1, &fd);
    assert_int_equal(error, errors[host]);
    assert_int_equal(simhost_truth(listener).n_readable, n_left[host]);
    assert_int_equal(simhost_truth(listener).is_readable, n_left[host]);
    assert_int_equal(simhost_n_verdicts(SIMHOST_BAD_FLAGS), 1);
    if (error == 0) {
        assert_int_equal(wasip1_fd_close(fd), 0);
    }
}
RUN_ON_EVERY_HOST(bad_accept_flags)

/* Which host calls tell a listener from a connection, and from the rest. */
static void wrong_kind_on(enum host host)
{
    static const int32_t accept_on_connection[] = {
        WASOCK_EINVAL, WASOCK_EBADF, WASOCK_EBADF, WASOCK_ENOTCAPABLE,
        WASOCK_EINVAL};
    static const int32_t accept_on_other[] = {WASOCK_ENOTSOCK, WASOCK_EBADF,
                                              WASOCK_EBADF, WASOCK_ENOTSOCK,
                                              WASOCK_ENOTCAPABLE};
    static const int32_t send_nothing_on_connection[] = {0, 0, 0, 0,
                                                         WASOCK_EINVAL};
    static const int32_t send_nothing_on_listener[] = {
        WASOCK_ENOTCAPABLE, WASOCK_EBADF, WASOCK_EBADF, WASOCK_ENOTCAPABLE,
        WASOCK_EINVAL};
    static const int32_t recv_on_listener[] = {WASOCK_ENOTCONN, WASOCK_EBADF,
                                               WASOCK_EBADF, WASOCK_ENOTCAPABLE,
                                               WASOCK_ENOTCONN};
    static const int32_t send_on_listener[] = {WASOCK_ENOTCONN, WASOCK_EBADF,
                                               WASOCK_EBADF, WASOCK_ENOTCAPABLE,
                                               WASOCK_EPIPE};
    struct simhost_peer *peer = NULL;
    const int listener = open_listener();
    const int connection = open_connection(&peer);
    int32_t fd = -1;
    char byte = 0;
    uint32_t n = 0;

    simhost_allow(SIMHOST_NO_SOCKET, true);
    assert_int_equal(wasip1_sock_accept(connection, NONBLOCK, &fd),
                     accept_on_connection[host]);
    assert_int_equal(wasip1_sock_accept(0, NONBLOCK, &fd),
                     accept_on_other[host]);
    assert_int_equal(wasip1_sock_send(connection, NULL, 0, 0, &n),
                     send_nothing_on_connection[host]);
    assert_int_equal(wasip1_sock_send(listener, NULL, 0, 0, &n),
                     send_nothing_on_listener[host]);
    assert_int_equal(receive(listener, &byte, 1, &n), recv_on_listener[host]);
    simhost_allow(SIMHOST_SIGPIPE, true);
    assert_int_equal(transmit(listener, "x", &n), send_on_listener[host]);
    assert_int_equal(simhost_n_verdicts(SIMHOST_SIGPIPE), host == WAMR);
}
RUN_ON_EVERY_HOST(wrong_kind)

static void no_socket_on(enum host host)
{
    static const int32_t errors[] = {WASOCK_ENOTSOCK, WASOCK_EBADF,
                                     WASOCK_EBADF, WASOCK_ENOTSOCK,
                                     WASOCK_ENOTSOCK};
    char byte = 0;
    uint32_t n = 0;

    simhost_allow(SIMHOST_NO_SOCKET, true);
    assert_int_equal(receive(1, &byte, 1, &n), errors[host]);
    assert_int_equal(transmit(1, "x", &n), errors[host]);
    assert_int_equal(wasip1_sock_shutdown(1, WASIP1_SDFLAGS_WR), errors[host]);
    assert_int_equal(simhost_n_verdicts(SIMHOST_NO_SOCKET), 3);
}
RUN_ON_EVERY_HOST(no_socket)

static void descriptor_limit_on(enum host host)
{
    static const int32_t errors[] = {WASOCK_EMFILE, WASOCK_EMFILE, WASOCK_EIO,
                                     WASOCK_EMFILE, WASOCK_EMFILE};
    const int listener = open_listener();
    const int first = accept_one(listener);
    int32_t second = -1;

    simhost_knobs.n_descriptors_max = simhost_n_open();
    (void)simhost_connect(listener, SIMHOST_NOW);
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &second),
                     errors[host]);
    assert_true(simhost_truth(listener).is_readable);
    assert_int_equal(wasip1_fd_close(first), 0);
    const int32_t error = wasip1_sock_accept(listener, NONBLOCK, &second);
    assert_int_equal(error, host == WAZERO ? WASOCK_EIO : 0);
    if (error == 0) {
        assert_int_equal(wasip1_fd_close(second), 0);
    }
}
RUN_ON_EVERY_HOST(descriptor_limit)

static void first_poll_at_limit_on(enum host host)
{
    const struct wasock__subscription clock = on_clock(0, 1);

    simhost_knobs.n_descriptors_max = simhost_n_open();
    assert_int_equal(ask(&clock, 1).error, host == WASI_GO ? WASOCK_EMFILE : 0);
    simhost_knobs.n_descriptors_max++;
    assert_int_equal(ask(&clock, 1).error, 0);
    simhost_knobs.n_descriptors_max--;
    assert_int_equal(ask(&clock, 1).error, 0);
}
RUN_ON_EVERY_HOST(first_poll_at_limit)

static void backlog_on(enum host host)
{
    static const size_t backlogs[] = {129, 129, 4097, 129, 129};
    const int listener = open_listener();
    struct simhost_peer *outside = NULL;

    for (size_t i = 0; i <= backlogs[host]; i++) {
        outside = simhost_connect(listener, SIMHOST_NOW);
    }
    assert_int_equal(simhost_truth(listener).n_readable, backlogs[host]);
    assert_false(simhost_peer_is_connected(outside));
    int32_t fd = -1;
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd), 0);
    assert_true(simhost_peer_is_connected(outside));
    assert_int_equal(wasip1_fd_close(fd), 0);
}
RUN_ON_EVERY_HOST(backlog)

static void aborted_connect_on(enum host host)
{
    const int listener = open_listener();
    int32_t fd = -1;

    simhost_peer_abort(simhost_connect(listener, SIMHOST_NOW), SIMHOST_NOW);
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd),
                     host == WAZERO ? WASOCK_EIO : WASOCK_ECONNABORTED);
    assert_false(simhost_truth(listener).is_readable);
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd),
                     WASOCK_EAGAIN);
}
RUN_ON_EVERY_HOST(aborted_connect)

/* ---- Transfers ---------------------------------------------------------- */

static void scattered_recv_on(enum host host)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char a[2];
    char b[3];
    char c[20];
    const struct wasock_buffer buffers[] = {
        {a, sizeof(a)}, {NULL, 0}, {b, sizeof(b)}, {c, sizeof(c)}};
    struct wasip1_roflags roflags = {0x1234, 0x1234};
    uint32_t n = 0;

    simhost_peer_send(peer, "0123456789", 10, SIMHOST_NOW);
    assert_int_equal(wasip1_sock_recv(fd, buffers, 4, 0, &n, &roflags), 0);
    assert_int_equal(n, host == WC ? 2 : 10);
    assert_memory_equal(a, "01", 2);
    if (host != WC) {
        assert_memory_equal(b, "234", 3);
        assert_memory_equal(c, "56789", 5);
    }
    assert_int_equal(roflags.flags, host == WAMR ? 0x1234 : 0);
    assert_int_equal(roflags.overrun, host == WASI_GO ? 0 : 0x1234);
}
RUN_ON_EVERY_HOST(scattered_recv)

static void many_slices_on(enum host host)
{
    enum { N = 2000 };
    static char bytes[N];
    static struct wasock_buffer buffers[N];
    static struct wasock_slice slices[N];
    static const uint32_t n_sent[] = {N, 1024, N, 0, N};
    static const uint32_t n_received[] = {N, 1, N, 0, N};
    const int32_t expected = host == WASI_GO ? WASOCK_EMSGSIZE : 0;
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    struct wasip1_roflags roflags = {0};
    uint32_t n = 0;

    for (size_t i = 0; i < N; i++) {
        buffers[i].data = &bytes[i];
        buffers[i].capacity = 1;
        slices[i].data = &bytes[i];
        slices[i].length = 1;
    }
    simhost_allow(SIMHOST_MANY_SLICES, true);
    assert_int_equal(wasip1_sock_send(fd, slices, N, 0, &n), expected);
    assert_int_equal(n, n_sent[host]);
    simhost_peer_send(peer, bytes, N, SIMHOST_NOW);
    assert_int_equal(wasip1_sock_recv(fd, buffers, N, 0, &n, &roflags),
                     expected);
    assert_int_equal(n, n_received[host]);
    assert_int_equal(simhost_n_verdicts(SIMHOST_MANY_SLICES), 2);
}
RUN_ON_EVERY_HOST(many_slices)

static void empty_recv_on(enum host host)
{
    static const int32_t idle[] = {0, 0, 0, WASOCK_EAGAIN, WASOCK_EINVAL};
    static const int32_t with_data[] = {0, 0, 0, 0, WASOCK_EINVAL};
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    uint32_t n = 7;
    char byte = 0;

    simhost_allow(SIMHOST_EMPTY, true);
    assert_int_equal(receive(fd, &byte, 0, &n), idle[host]);
    simhost_peer_send(peer, "x", 1, SIMHOST_NOW);
    assert_int_equal(receive(fd, &byte, 0, &n), with_data[host]);
    assert_int_equal(receive(fd, &byte, 1, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(simhost_n_verdicts(SIMHOST_EMPTY), 2);
}
RUN_ON_EVERY_HOST(empty_recv)

static void whole_receive_buffer_on(enum host host)
{
    static char bytes[1000000];
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    uint32_t n = 0;

    (void)host;
    simhost_peer_send(peer, bytes, sizeof(bytes), SIMHOST_NOW);
    assert_int_equal(receive(fd, bytes, sizeof(bytes), &n), 0);
    assert_int_equal(n, 129024);
}
RUN_ON_EVERY_HOST(whole_receive_buffer)

static void full_send_buffer_on(enum host host)
{
    static char bytes[5000000];
    const struct wasock_slice slice = {bytes, sizeof(bytes)};
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    uint32_t n = 0;

    (void)host;
    simhost_peer_set_reading(peer, 0);
    assert_int_equal(wasip1_sock_send(fd, &slice, 1, 0, &n), 0);
    assert_int_equal(n, 3919872);
    assert_int_equal(wasip1_sock_send(fd, &slice, 1, 0, &n), WASOCK_EAGAIN);
    simhost_peer_read(peer, 10, SIMHOST_NOW);
    assert_int_equal(wasip1_sock_send(fd, &slice, 1, 0, &n), 0);
    assert_int_equal(n, 10);
}
RUN_ON_EVERY_HOST(full_send_buffer)

/* Reset while more is on its way than the guest's host has room for. */
static void reset_loses_what_has_not_arrived_on(enum host host)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char bytes[8];
    uint32_t n = 0;

    (void)host;
    simhost_knobs.receive_buffer_bytes = 4;
    simhost_peer_send(peer, "01234567", 8, SIMHOST_NOW);
    simhost_peer_reset(peer, SIMHOST_NOW);
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_int_equal(n, 4);
    assert_int_not_equal(receive(fd, bytes, 8, &n), 0);
}
RUN_ON_EVERY_HOST(reset_loses_what_has_not_arrived)

static void end_of_stream_on(enum host host)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char bytes[8];
    uint32_t n = 7;

    (void)host;
    assert_int_equal(receive(fd, bytes, 8, &n), WASOCK_EAGAIN);
    simhost_peer_send(peer, "end", 3, SIMHOST_NOW);
    simhost_peer_shutdown(peer, SIMHOST_NOW);
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_int_equal(n, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(receive(fd, bytes, 8, &n), 0);
        assert_int_equal(n, 0);
    }
    assert_int_equal(transmit(fd, "still", &n), 0);
    assert_memory_equal(simhost_peer_received(peer, NULL), "still", 5);
}
RUN_ON_EVERY_HOST(end_of_stream)

static void data_then_reset_on(enum host host)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char bytes[8];
    uint32_t n = 0;

    simhost_peer_send(peer, "data", 4, SIMHOST_NOW);
    simhost_peer_reset(peer, SIMHOST_NOW);
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_int_equal(n, 4);
    assert_int_equal(receive(fd, bytes, 8, &n),
                     host == WAZERO ? WASOCK_EIO : WASOCK_ECONNRESET);
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_int_equal(n, 0);
}
RUN_ON_EVERY_HOST(data_then_reset)

static void reset_before_accept_on(enum host host)
{
    const int listener = open_listener();
    struct simhost_peer *const peer = simhost_connect(listener, SIMHOST_NOW);
    char byte = 0;
    uint32_t n = 0;
    int32_t fd = -1;

    simhost_peer_reset(peer, SIMHOST_NOW);
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &fd), 0);
    assert_int_equal(wasip1_fd_fdstat_set_flags(fd, NONBLOCK), 0);
    assert_int_equal(receive(fd, &byte, 1, &n),
                     host == WAZERO ? WASOCK_EIO : WASOCK_ECONNRESET);
    assert_int_equal(wasip1_fd_close(fd), 0);
}
RUN_ON_EVERY_HOST(reset_before_accept)

static void send_to_the_dead_on(enum host host)
{
    const int32_t broken = host == WAZERO ? WASOCK_EIO : WASOCK_EPIPE;
    const int32_t reset = host == WAZERO ? WASOCK_EIO : WASOCK_ECONNRESET;
    struct simhost_peer *closer = NULL;
    struct simhost_peer *resetter = NULL;
    const int closed = open_connection(&closer);
    const int gone = open_connection(&resetter);
    uint32_t n = 0;

    simhost_allow(SIMHOST_SIGPIPE, true);
    simhost_peer_close(closer, SIMHOST_NOW);
    assert_int_equal(transmit(closed, "first", &n), 0);
    assert_int_equal(n, 5);
    assert_int_equal(transmit(closed, "second", &n), broken);
    assert_int_equal(transmit(closed, "third", &n), broken);

    simhost_peer_reset(resetter, SIMHOST_NOW);
    assert_int_equal(transmit(gone, "first", &n), reset);
    assert_int_equal(transmit(gone, "second", &n), broken);
    assert_int_equal(simhost_n_verdicts(SIMHOST_SIGPIPE), host == WAMR ? 3 : 0);
}
RUN_ON_EVERY_HOST(send_to_the_dead)

static void read_and_write_on(enum host host)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char bytes[8];
    const struct wasock_buffer buffer = {bytes, 8};
    const struct wasock_slice slice = {"out", 3};
    uint32_t n = 0;

    assert_int_equal(wasip1_fd_read(fd, &buffer, 1, &n), WASOCK_EAGAIN);
    simhost_peer_send(peer, "in", 2, SIMHOST_NOW);
    simhost_peer_reset(peer, SIMHOST_MS(1));
    assert_int_equal(wasip1_fd_read(fd, &buffer, 1, &n), 0);
    assert_int_equal(n, 2);
    assert_int_equal(wasip1_fd_write(fd, &slice, 1, &n), 0);
    assert_memory_equal(simhost_peer_received(peer, NULL), "out", 3);
    simhost_advance_ns(SIMHOST_MS(1));
    assert_int_equal(wasip1_fd_read(fd, &buffer, 1, &n),
                     host == WAZERO ? WASOCK_EIO : WASOCK_ECONNRESET);
}
RUN_ON_EVERY_HOST(read_and_write)

/* ---- Shutdown and close ------------------------------------------------- */

static void shutdown_write_on(enum host host)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char bytes[8];
    uint32_t n = 0;

    assert_int_equal(wasip1_sock_shutdown(fd, WASIP1_SDFLAGS_WR), 0);
    assert_int_equal(simhost_peer_end(peer), SIMHOST_END_STREAM);
    assert_int_equal(wasip1_sock_shutdown(fd, WASIP1_SDFLAGS_WR), 0);
    simhost_allow(SIMHOST_SIGPIPE, true);
    assert_int_equal(transmit(fd, "x", &n),
                     host == WAZERO ? WASOCK_EIO : WASOCK_EPIPE);
    /* WAMR has shut the other half, too. */
    simhost_peer_send(peer, "late", 4, SIMHOST_NOW);
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_int_equal(n, host == WAMR ? 0 : 4);
    assert_int_equal(simhost_peer_end(peer),
                     host == WAMR ? SIMHOST_END_RESET : SIMHOST_END_STREAM);
}
RUN_ON_EVERY_HOST(shutdown_write)

static void shutdown_read_on(enum host host)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char bytes[8];
    uint32_t n = 0;

    simhost_peer_send(peer, "now", 3, SIMHOST_NOW);
    assert_int_equal(wasip1_sock_shutdown(fd, WASIP1_SDFLAGS_RD), 0);
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_int_equal(n, 3);
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_int_equal(n, 0);
    simhost_peer_send(peer, "later", 5, SIMHOST_NOW);
    assert_int_equal(receive(fd, bytes, 8, &n), 0);
    assert_int_equal(n, host == WAMR ? 0 : 5);
}
RUN_ON_EVERY_HOST(shutdown_read)

static void shutdown_both_on(enum host host)
{
    const uint8_t both = WASIP1_SDFLAGS_RD | WASIP1_SDFLAGS_WR;
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);

    assert_int_equal(wasip1_sock_shutdown(fd, both), 0);
    assert_int_equal(simhost_peer_end(peer), SIMHOST_END_STREAM);
    /* wazero shuts only the writing half. */
    simhost_peer_send(peer, "late", 4, SIMHOST_NOW);
    assert_int_equal(simhost_peer_end(peer),
                     host == WAZERO ? SIMHOST_END_STREAM : SIMHOST_END_RESET);
}
RUN_ON_EVERY_HOST(shutdown_both)

static void shutdown_of_the_dead_on(enum host host)
{
    const int32_t expected = host == WAZERO ? WASOCK_EIO : WASOCK_ENOTCONN;
    struct simhost_peer *resetter = NULL;
    struct simhost_peer *closer = NULL;
    const int reset = open_connection(&resetter);
    const int over = open_connection(&closer);

    simhost_peer_reset(resetter, SIMHOST_NOW);
    assert_int_equal(wasip1_sock_shutdown(reset, WASIP1_SDFLAGS_WR), expected);
    assert_int_equal(wasip1_sock_shutdown(over, WASIP1_SDFLAGS_WR), 0);
    simhost_peer_close(closer, SIMHOST_NOW);
    assert_int_equal(wasip1_sock_shutdown(over, WASIP1_SDFLAGS_RD), expected);
}
RUN_ON_EVERY_HOST(shutdown_of_the_dead)

static void bad_shutdown_on(enum host host)
{
    static const int32_t on_listener[] = {WASOCK_ENOTCONN, WASOCK_EBADF,
                                          WASOCK_EBADF, WASOCK_ENOTCAPABLE, 0};
    const int32_t bad_how = host == WAMR ? 0 : WASOCK_EINVAL;
    struct simhost_peer *peer = NULL;
    const int listener = open_listener();
    const int fd = open_connection(&peer);
    int32_t accepted = -1;

    simhost_allow(SIMHOST_BAD_FLAGS, true);
    simhost_allow(SIMHOST_SHUT_LISTENER, true);
    assert_int_equal(wasip1_sock_shutdown(fd, 0), bad_how);
    assert_int_equal(wasip1_sock_shutdown(fd, 4), bad_how);
    assert_int_equal(wasip1_sock_shutdown(listener, WASIP1_SDFLAGS_WR),
                     on_listener[host]);
    assert_int_equal(wasip1_sock_accept(listener, NONBLOCK, &accepted),
                     host == WAMR ? WASOCK_EINVAL : WASOCK_EAGAIN);
}
RUN_ON_EVERY_HOST(bad_shutdown)

/* What a peer sees of a close: after a shutdown or not, with unread bytes or
 * without. */
static enum simhost_end end_after_close(bool with_shutdown, bool with_unread)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    uint32_t n = 0;

    assert_int_equal(transmit(fd, "answer", &n), 0);
    if (with_unread) {
        simhost_peer_send(peer, "more", 4, SIMHOST_NOW);
    }
    if (with_shutdown) {
        assert_int_equal(wasip1_sock_shutdown(fd, WASIP1_SDFLAGS_WR), 0);
    }
    assert_int_equal(wasip1_fd_close(fd), 0);
    assert_memory_equal(simhost_peer_received(peer, NULL), "answer", 6);
    return simhost_peer_end(peer);
}

static void peer_sees_close_on(enum host host)
{
    enum { NOTHING = SIMHOST_END_NONE, END = SIMHOST_END_STREAM };
    enum { RESET = SIMHOST_END_RESET };
    static const int bare[] = {END, END, NOTHING, END, RESET};
    static const int bare_unread[] = {RESET, RESET, NOTHING, RESET, RESET};
    static const int shut_unread[] = {RESET, RESET, END, RESET, RESET};

    assert_int_equal(end_after_close(false, false), bare[host]);
    assert_int_equal(end_after_close(true, false), END);
    assert_int_equal(end_after_close(false, true), bare_unread[host]);
    assert_int_equal(end_after_close(true, true), shut_unread[host]);
}
RUN_ON_EVERY_HOST(peer_sees_close)

static void double_close_on(enum host host)
{
    const int listener = open_listener();
    struct simhost_peer *const waiting = simhost_connect(listener, SIMHOST_NOW);
    char byte = 0;
    uint32_t n = 0;

    (void)host;
    assert_int_equal(wasip1_fd_close(listener), 0);
    assert_int_equal(simhost_peer_end(waiting), SIMHOST_END_RESET);
    assert_true(simhost_peer_is_refused(simhost_connect(listener, 0)));
    simhost_allow(SIMHOST_DOUBLE_CLOSE, true);
    simhost_allow(SIMHOST_BAD_FD, true);
    assert_int_equal(wasip1_fd_close(listener), WASOCK_EBADF);
    assert_int_equal(receive(listener, &byte, 1, &n), WASOCK_EBADF);
    assert_int_equal(simhost_n_verdicts(SIMHOST_DOUBLE_CLOSE), 1);
    assert_int_equal(simhost_n_verdicts(SIMHOST_BAD_FD), 1);
}
RUN_ON_EVERY_HOST(double_close)

static void without_sockets(void **unused)
{
    struct wasip1_fdstat stat = {0};
    int32_t fd = -1;

    (void)unused;
    simhost_reset(1, &simhost_without_sockets);
    assert_int_equal(simhost_preopen(SIMHOST_DIRECTORY), 3);
    assert_int_equal(wasip1_fd_fdstat_get(0, &stat), 0);
    assert_int_equal(stat.rights_base, 2);
    assert_int_equal(stat.rights_inheriting, 2);
    simhost_allow(SIMHOST_NO_SOCKET, true);
    assert_int_equal(wasip1_sock_accept(0, 0, &fd), WASOCK_ENOTSOCK);
    simhost_check();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout),
        cmocka_unit_test(stdio_type),
        cmocka_unit_test(modes),
        cmocka_unit_test(idle_accept),
        cmocka_unit_test(numbering),
        cmocka_unit_test(other_flag_bits),
        cmocka_unit_test(bad_accept_flags),
        cmocka_unit_test(wrong_kind),
        cmocka_unit_test(no_socket),
        cmocka_unit_test(descriptor_limit),
        cmocka_unit_test(first_poll_at_limit),
        cmocka_unit_test(backlog),
        cmocka_unit_test(aborted_connect),
        cmocka_unit_test(scattered_recv),
        cmocka_unit_test(many_slices),
        cmocka_unit_test(empty_recv),
        cmocka_unit_test(whole_receive_buffer),
        cmocka_unit_test(full_send_buffer),
        cmocka_unit_test(reset_loses_what_has_not_arrived),
        cmocka_unit_test(end_of_stream),
        cmocka_unit_test(data_then_reset),
        cmocka_unit_test(reset_before_accept),
        cmocka_unit_test(send_to_the_dead),
        cmocka_unit_test(read_and_write),
        cmocka_unit_test(shutdown_write),
        cmocka_unit_test(shutdown_read),
        cmocka_unit_test(shutdown_both),
        cmocka_unit_test(shutdown_of_the_dead),
        cmocka_unit_test(bad_shutdown),
        cmocka_unit_test(peer_sees_close),
        cmocka_unit_test(double_close),
        cmocka_unit_test(without_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
