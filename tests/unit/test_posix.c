/* SPDX-License-Identifier: MIT */
/* The native host: the waist on real descriptors, and the library on it. */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include <wasock/wasock.h>

#include "taken.h"
#include "wasip1.h"

#define MS WASOCK_NS_PER_MS

/* A number that no descriptor has. */
#define CLOSED_FD 987

/* shutdown in place of the system's. It fails with `shutdown_errno`: the test
 * compares each errno with the code that the waist makes of it. */
static int shutdown_errno;

int shutdown(int fd, int how)
{
    if (shutdown_errno != 0) {
        errno = shutdown_errno;
        return -1;
    }
    return (int)syscall(SYS_shutdown, fd, how);
}

/* poll in place of the system's: the same, and seen. */
static int n_polls;
static int last_timeout_ms;

int poll(struct pollfd *fds, nfds_t n_fds, int timeout_ms)
{
    const struct timespec timeout = {timeout_ms / 1000,
                                     timeout_ms % 1000 * 1000000L};

    n_polls++;
    last_timeout_ms = timeout_ms;
    return ppoll(fds, n_fds, timeout_ms < 0 ? NULL : &timeout, NULL);
}

/* Descriptors of one test, closed after it. */
struct world {
    int fds[700];
    int n_fds;
};

static int kept(struct world *world, int fd)
{
    assert_true(fd >= 0);
    assert_true(world->n_fds <
                (int)(sizeof(world->fds) / sizeof(world->fds[0])));
    world->fds[world->n_fds++] = fd;
    return fd;
}

static int set_up(void **state)
{
    static struct world world;

    memset(&world, 0, sizeof(world));
    *state = &world;
    return 0;
}

/* What a test closed itself it has marked with -1. */
static int tear_down(void **state)
{
    struct world *world = (struct world *)*state;

    for (int i = 0; i < world->n_fds; i++) {
        if (world->fds[i] >= 0 && close(world->fds[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static void closed_by_test(struct world *world, int fd)
{
    for (int i = 0; i < world->n_fds; i++) {
        if (world->fds[i] == fd) {
            world->fds[i] = -1;
        }
    }
}

static void make_nonblocking(int fd)
{
    assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

static void open_pair(struct world *world, int type, int *ends)
{
    assert_int_equal(socketpair(AF_UNIX, type, 0, ends), 0);
    kept(world, ends[0]);
    kept(world, ends[1]);
    make_nonblocking(ends[0]);
    make_nonblocking(ends[1]);
}

static void open_pipe(struct world *world, int *ends)
{
    assert_int_equal(pipe(ends), 0);
    kept(world, ends[0]);
    kept(world, ends[1]);
}

static int open_listener(struct world *world)
{
    const struct sockaddr_in loopback = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int fd = kept(world, socket(AF_INET, SOCK_STREAM, 0));

    assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&loopback,
                          sizeof(loopback)),
                     0);
    assert_int_equal(listen(fd, 128), 0);
    make_nonblocking(fd);
    return fd;
}

/* A connection waits at the listener when this returns. */
static int open_client(struct world *world, int listener_fd)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    const int fd = kept(world, socket(AF_INET, SOCK_STREAM, 0));

    assert_int_equal(
        getsockname(listener_fd, (struct sockaddr *)(void *)&address, &length),
        0);
    assert_int_equal(connect(fd, (struct sockaddr *)(void *)&address, length),
                     0);
    make_nonblocking(fd);
    return fd;
}

/* A listener, a client, and the connection that was accepted from it. */
struct tcp {
    int listener;
    int client;
    int server;
};

static struct tcp open_tcp(struct world *world)
{
    struct tcp tcp;
    int32_t accepted_fd = -1;

    tcp.listener = open_listener(world);
    tcp.client = open_client(world, tcp.listener);
    assert_int_equal(
        wasip1_sock_accept(tcp.listener, WASIP1_FDFLAGS_NONBLOCK, &accepted_fd),
        0);
    tcp.server = kept(world, accepted_fd);
    return tcp;
}

/* Close so that the peer sees a reset and no end of the stream. */
static void reset(struct world *world, int fd)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)),
                     0);
    assert_int_equal(close(fd), 0);
    closed_by_test(world, fd);
}

static uint64_t now_ns(void)
{
    uint64_t time_ns = 0;

    assert_int_equal(
        wasip1_clock_time_get(WASIP1_CLOCKID_MONOTONIC, 0, &time_ns), 0);
    return time_ns;
}

static int filetype_of(int fd)
{
    struct wasip1_fdstat fdstat;

    memset(&fdstat, 0xa5, sizeof(fdstat));
    assert_int_equal(wasip1_fd_fdstat_get(fd, &fdstat), 0);
    assert_true((fdstat.flags & ~WASIP1_FDFLAGS_NONBLOCK) == 0);
    return fdstat.filetype;
}

static bool is_nonblocking(int fd)
{
    struct wasip1_fdstat fdstat = {0};

    assert_int_equal(wasip1_fd_fdstat_get(fd, &fdstat), 0);
    return fdstat.flags == WASIP1_FDFLAGS_NONBLOCK;
}

static void test_filetypes(void **state)
{
    struct world *world = (struct world *)*state;
    struct wasip1_fdstat fdstat;
    FILE *file = tmpfile();
    int ends[2];

    assert_non_null(file);
    assert_int_equal(filetype_of(fileno(file)), WASIP1_FILETYPE_REGULAR_FILE);
    fclose(file);
    assert_int_equal(filetype_of(kept(world, open("/", O_RDONLY))),
                     WASIP1_FILETYPE_DIRECTORY);
    assert_int_equal(filetype_of(kept(world, open("/dev/null", O_RDWR))),
                     WASIP1_FILETYPE_CHARACTER_DEVICE);
    open_pipe(world, ends);
    assert_int_equal(filetype_of(ends[0]), WASIP1_FILETYPE_UNKNOWN);
    open_pair(world, SOCK_STREAM, ends);
    assert_int_equal(filetype_of(ends[0]), WASIP1_FILETYPE_SOCKET_STREAM);
    open_pair(world, SOCK_DGRAM, ends);
    assert_int_equal(filetype_of(ends[0]), WASIP1_FILETYPE_SOCKET_DGRAM);
    open_pair(world, SOCK_SEQPACKET, ends);
    assert_int_equal(filetype_of(ends[0]), WASIP1_FILETYPE_UNKNOWN);
    assert_int_equal(filetype_of(open_listener(world)),
                     WASIP1_FILETYPE_SOCKET_STREAM);
    assert_int_equal(wasip1_fd_fdstat_get(CLOSED_FD, &fdstat), WASOCK_EBADF);
    assert_int_equal(wasip1_fd_fdstat_get(-1, &fdstat), WASOCK_EBADF);
}

static void test_nonblocking_mode_is_set_and_cleared(void **state)
{
    struct world *world = (struct world *)*state;
    int ends[2];

    open_pipe(world, ends);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_APPEND), 0);
    assert_false(is_nonblocking(ends[1]));
    assert_int_equal(
        wasip1_fd_fdstat_set_flags(ends[1], WASIP1_FDFLAGS_NONBLOCK), 0);
    assert_true(is_nonblocking(ends[1]));
    assert_true(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
    assert_int_equal(wasip1_fd_fdstat_set_flags(ends[1], 0), 0);
    assert_false(is_nonblocking(ends[1]));
    assert_true(fcntl(ends[1], F_GETFL) & O_APPEND);

    assert_int_equal(
        wasip1_fd_fdstat_set_flags(ends[1], WASIP1_FDFLAGS_NONBLOCK | 1),
        WASOCK_EINVAL);
    assert_false(is_nonblocking(ends[1]));
    assert_int_equal(wasip1_fd_fdstat_set_flags(CLOSED_FD, 0), WASOCK_EBADF);
}

static void test_accept_gives_the_mode_that_is_asked_for(void **state)
{
    struct world *world = (struct world *)*state;
    const int listener = open_listener(world);
    int32_t fd = -1;

    assert_int_equal(wasip1_sock_accept(listener, 0, &fd), WASOCK_EAGAIN);
    assert_int_equal(fd, -1);

    open_client(world, listener);
    assert_int_equal(wasip1_sock_accept(listener, WASIP1_FDFLAGS_NONBLOCK, &fd),
                     0);
    kept(world, fd);
    assert_true(is_nonblocking(fd));
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);

    open_client(world, listener);
    assert_int_equal(wasip1_sock_accept(listener, 0, &fd), 0);
    kept(world, fd);
    assert_false(is_nonblocking(fd));
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void test_accept_with_unknown_flags_accepts_nothing(void **state)
{
    struct world *world = (struct world *)*state;
    const int listener = open_listener(world);
    int32_t fd = -1;

    open_client(world, listener);
    assert_int_equal(wasip1_sock_accept(listener, 1, &fd), WASOCK_EINVAL);
    assert_int_equal(wasip1_sock_accept(listener, 0xffff, &fd), WASOCK_EINVAL);
    assert_int_equal(wasip1_sock_accept(listener, 0, &fd), 0);
    kept(world, fd);
}

static void test_accept_from_a_non_listener(void **state)
{
    struct world *world = (struct world *)*state;
    const struct tcp tcp = open_tcp(world);
    int32_t fd = -1;
    int ends[2];

    assert_int_equal(wasip1_sock_accept(tcp.server, 0, &fd), WASOCK_EBADF);
    open_pair(world, SOCK_STREAM, ends);
    assert_int_equal(wasip1_sock_accept(ends[0], 0, &fd), WASOCK_EBADF);
    open_pair(world, SOCK_DGRAM, ends);
    assert_int_equal(wasip1_sock_accept(ends[0], 0, &fd), WASOCK_EBADF);
    open_pipe(world, ends);
    assert_int_equal(wasip1_sock_accept(ends[0], 0, &fd), WASOCK_EBADF);
    assert_int_equal(wasip1_sock_accept(CLOSED_FD, 0, &fd), WASOCK_EBADF);
    assert_int_equal(fd, -1);
}

static void test_accept_without_descriptors_left(void **state)
{
    struct world *world = (struct world *)*state;
    const int listener = open_listener(world);
    struct rlimit old_limit;
    struct rlimit none;
    int32_t fd = -1;

    open_client(world, listener);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old_limit), 0);
    none = old_limit;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    const int32_t error = wasip1_sock_accept(listener, 0, &fd);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old_limit), 0);
    assert_int_equal(error, WASOCK_EMFILE);
    assert_int_equal(wasip1_sock_accept(listener, 0, &fd), 0);
    kept(world, fd);
}

static int32_t send_nothing(int fd)
{
    uint32_t n_sent = 99;
    const int32_t error = wasip1_sock_send(fd, NULL, 0, 0, &n_sent);

    assert_int_equal(n_sent, error == 0 ? 0 : 99);
    return error;
}

static void test_empty_send_distinguishes_listener_from_connection(void **state)
{
    struct world *world = (struct world *)*state;
    const struct tcp tcp = open_tcp(world);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int ends[2];
    char byte;

    assert_int_equal(send_nothing(tcp.listener), WASOCK_EBADF);
    assert_int_equal(send_nothing(tcp.server), 0);
    assert_int_equal(send_nothing(tcp.client), 0);
    assert_int_equal(send_nothing(CLOSED_FD), WASOCK_EBADF);

    open_pipe(world, ends);
    assert_int_equal(send_nothing(ends[1]), WASOCK_ENOTSOCK);

    /* No empty datagram. */
    open_pair(world, SOCK_DGRAM, ends);
    assert_int_equal(send_nothing(ends[0]), 0);
    assert_int_equal(recv(ends[1], &byte, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);

    const int listener = kept(world, socket(AF_UNIX, SOCK_STREAM, 0));
    snprintf(name.sun_path, sizeof(name.sun_path), "test_posix-%d.sock",
             (int)getpid());
    assert_int_equal(
        bind(listener, (struct sockaddr *)(void *)&name, sizeof(name)), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(unlink(name.sun_path), 0);
    assert_int_equal(send_nothing(listener), WASOCK_EBADF);
}

static void test_buffers_are_gathered_and_scattered(void **state)
{
    struct world *world = (struct world *)*state;
    const struct wasock_slice slices[] = {{"ab", 2}, {NULL, 0}, {"cde", 3}};
    struct wasip1_roflags roflags = {.flags = 99};
    uint32_t n = 0;
    char first[1];
    char second[8];
    const struct wasock_buffer buffers[] = {
        {first, 1}, {NULL, 0}, {second, sizeof(second)}};
    const struct tcp tcp = open_tcp(world);

    assert_int_equal(wasip1_sock_recv(tcp.server, buffers, 3, 0, &n, &roflags),
                     WASOCK_EAGAIN);
    assert_int_equal(wasip1_sock_send(tcp.client, slices, 3, 0, &n), 0);
    assert_int_equal(n, 5);
    assert_int_equal(wasip1_sock_recv(tcp.server, buffers, 3, 0, &n, &roflags),
                     0);
    assert_int_equal(n, 5);
    assert_int_equal(roflags.flags, 0);
    assert_memory_equal(first, "a", 1);
    assert_memory_equal(second, "bcde", 4);

    assert_int_equal(wasip1_fd_write(tcp.server, slices, 3, &n), 0);
    assert_int_equal(n, 5);
    assert_int_equal(wasip1_fd_read(tcp.client, buffers, 3, &n), 0);
    assert_int_equal(n, 5);
    assert_memory_equal(second, "bcde", 4);
}

static void test_too_many_slices_make_a_short_count(void **state)
{
    enum { N_SLICES = 2 * WASOCK_SLICES_MAX };
    struct world *world = (struct world *)*state;
    static struct wasock_slice slices[N_SLICES];
    static struct wasock_buffer buffers[N_SLICES];
    static char bytes[N_SLICES];
    struct wasip1_roflags roflags;
    uint32_t n = 0;
    int ends[2];

    for (int i = 0; i < N_SLICES; i++) {
        slices[i] = (struct wasock_slice){"x", 1};
        buffers[i] = (struct wasock_buffer){&bytes[i], 1};
    }
    open_pair(world, SOCK_STREAM, ends);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wasip1_sock_send(ends[0], slices, N_SLICES, 0, &n), 0);
        assert_int_equal(n, WASOCK_SLICES_MAX);
    }
    assert_int_equal(
        wasip1_sock_recv(ends[1], buffers, N_SLICES, 0, &n, &roflags), 0);
    assert_int_equal(n, WASOCK_SLICES_MAX);
    assert_int_equal(wasip1_fd_read(ends[1], buffers, N_SLICES, &n), 0);
    assert_int_equal(n, WASOCK_SLICES_MAX);
    assert_int_equal(wasip1_fd_write(ends[0], slices, N_SLICES, &n), 0);
    assert_int_equal(n, WASOCK_SLICES_MAX);
}

static void test_message_flags_are_refused(void **state)
{
    struct world *world = (struct world *)*state;
    const struct wasock_slice slice = {"x", 1};
    struct wasip1_roflags roflags;
    uint32_t n = 0;
    char byte = 0;
    const struct wasock_buffer buffer = {&byte, 1};
    int ends[2];

    open_pair(world, SOCK_STREAM, ends);
    assert_int_equal(wasip1_sock_send(ends[0], &slice, 1, 1, &n),
                     WASOCK_ENOTSUP);
    assert_int_equal(wasip1_sock_recv(ends[1], &buffer, 1, 1, &n, &roflags),
                     WASOCK_ENOTSUP);
}

/* The peer has gone: in words of preview1, and never in those of a signal. */
static void test_a_dead_peer_is_an_error_and_no_signal(void **state)
{
    struct world *world = (struct world *)*state;
    struct tcp tcp = open_tcp(world);
    struct sigaction action;
    int ends[2];
    char byte;

    assert_int_equal(sigaction(SIGPIPE, NULL, &action), 0);
    assert_true(action.sa_handler == SIG_IGN);

    assert_int_equal(wasock_fd_send(tcp.client, "x", 1), 1);
    reset(world, tcp.client);
    assert_int_equal(wasock_fd_recv(tcp.server, &byte, 1), 1);
    assert_int_equal(wasock_fd_recv(tcp.server, &byte, 1), -WASOCK_ECONNRESET);
    assert_int_equal(wasock_fd_recv(tcp.server, &byte, 1), 0);
    assert_int_equal(wasock_fd_send(tcp.server, "x", 1), -WASOCK_EPIPE);
    assert_int_equal(wasock_fd_write(tcp.server, "x", 1), -WASOCK_EPIPE);
    assert_int_equal(wasock_fd_shutdown(tcp.server, WASOCK_SHUTDOWN_WRITE),
                     -WASOCK_ENOTCONN);

    open_pipe(world, ends);
    assert_int_equal(close(ends[0]), 0);
    closed_by_test(world, ends[0]);
    assert_int_equal(wasock_fd_write(ends[1], "x", 1), -WASOCK_EPIPE);
}

#ifdef MSG_NOSIGNAL
static void on_signal_fail(int number)
{
    (void)number;
    abort();
}

static void test_send_raises_no_signal_whatever_the_program_set(void **state)
{
    struct world *world = (struct world *)*state;
    int ends[2];

    open_pair(world, SOCK_STREAM, ends);
    assert_int_equal(wasock_fd_shutdown(ends[0], WASOCK_SHUTDOWN_WRITE), 0);
    signal(SIGPIPE, on_signal_fail);
    const ptrdiff_t result = wasock_fd_send(ends[0], "x", 1);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(result, -WASOCK_EPIPE);
}
#endif

static void test_shutdown_of_each_half(void **state)
{
    struct world *world = (struct world *)*state;
    const struct tcp tcp = open_tcp(world);
    char byte;

    assert_int_equal(wasip1_sock_shutdown(tcp.server, 0), WASOCK_EINVAL);
    assert_int_equal(wasip1_sock_shutdown(tcp.server, 4), WASOCK_EINVAL);
    assert_int_equal(wasip1_sock_shutdown(tcp.server, WASIP1_SDFLAGS_WR), 0);
    assert_int_equal(wasock_fd_recv(tcp.client, &byte, 1), 0);
    assert_int_equal(wasock_fd_send(tcp.client, "x", 1), 1);
    assert_int_equal(wasock_fd_recv(tcp.server, &byte, 1), 1);

    assert_int_equal(wasock_fd_recv(tcp.server, &byte, 1), -WASOCK_EAGAIN);
    assert_int_equal(wasip1_sock_shutdown(tcp.server, WASIP1_SDFLAGS_RD), 0);
    assert_int_equal(wasock_fd_recv(tcp.server, &byte, 1), 0);

    assert_int_equal(wasip1_sock_shutdown(tcp.client, WASIP1_SDFLAGS_RD), 0);
    assert_int_equal(wasock_fd_send(tcp.client, "x", 1), 1);

    const struct tcp other = open_tcp(world);
    assert_int_equal(wasip1_sock_shutdown(other.server, WASIP1_SDFLAGS_RD |
                                                            WASIP1_SDFLAGS_WR),
                     0);
    assert_int_equal(wasock_fd_recv(other.client, &byte, 1), 0);
    assert_int_equal(wasock_fd_recv(other.server, &byte, 1), 0);
    assert_int_equal(wasip1_sock_shutdown(CLOSED_FD, WASIP1_SDFLAGS_RD),
                     WASOCK_EBADF);
}

static void test_close(void **state)
{
    struct world *world = (struct world *)*state;
    const struct tcp tcp = open_tcp(world);
    char byte;

    closed_by_test(world, tcp.server);
    assert_int_equal(wasip1_fd_close(tcp.server), 0);
    assert_int_equal(fcntl(tcp.server, F_GETFD), -1);
    assert_int_equal(wasip1_fd_close(tcp.server), WASOCK_EBADF);
    assert_int_equal(wasock_fd_recv(tcp.client, &byte, 1), 0);
}

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 32)
/* glibc's own names as judge: what preview1 knows keeps its name, and what it
 * does not know is EIO. */
static void test_every_errno_keeps_its_name(void **state)
{
    int n_known = 0;

    (void)state;
    for (int number = 1; number < 200; number++) {
        const char *name = strerrorname_np(number);
        const char *expected = "EIO";
        if (number == EOPNOTSUPP) {
            name = "ENOTSUP";
        }
        for (int code = 1; name != NULL && code <= WASOCK_ENOTCAPABLE; code++) {
            if (strcmp(wasock_err_name(code), name) == 0) {
                expected = name;
                n_known++;
            }
        }
        shutdown_errno = number;
        const int32_t error = wasip1_sock_shutdown(0, WASIP1_SDFLAGS_RD);
        shutdown_errno = 0;
        assert_string_equal(wasock_err_name(error), expected);
    }
    assert_int_equal(n_known, WASOCK_ENOTCAPABLE - 1);
}
#endif

static void test_clock(void **state)
{
    uint64_t time_ns = 0;

    (void)state;
    const uint64_t before_ns = now_ns();
    assert_true(before_ns > 0);
    assert_true(now_ns() >= before_ns);
    assert_int_equal(wasip1_clock_time_get(0, 0, &time_ns), WASOCK_EINVAL);
    assert_int_equal(wasip1_clock_time_get(2, 0, &time_ns), WASOCK_EINVAL);
}

/* Subscriptions of one poll, and its events. */
struct polling {
    struct wasock__subscription subscriptions[1500];
    struct wasock__event events[1500];
    size_t n;
};

static struct polling *new_polling(void)
{
    static struct polling polling;

    memset(&polling, 0xa5, sizeof(polling));
    polling.n = 0;
    return &polling;
}

static void add_fd(struct polling *polling, uint32_t fd, uint8_t tag)
{
    struct wasock__subscription *added = &polling->subscriptions[polling->n];

    memset(added, 0, sizeof(*added));
    added->userdata = UINT64_C(0xfedcba9800000000) + polling->n++;
    added->tag = tag;
    added->of.fd = fd;
}

static void add_read(struct polling *polling, int fd)
{
    add_fd(polling, (uint32_t)fd, WASIP1_EVENTTYPE_FD_READ);
}

static void add_write(struct polling *polling, int fd)
{
    add_fd(polling, (uint32_t)fd, WASIP1_EVENTTYPE_FD_WRITE);
}

static struct wasock__subscription *add_clock(struct polling *polling,
                                              uint64_t timeout_ns)
{
    struct wasock__subscription *added = &polling->subscriptions[polling->n];

    add_fd(polling, 0, WASIP1_EVENTTYPE_CLOCK);
    added->of.clock.id = WASIP1_CLOCKID_MONOTONIC;
    added->of.clock.timeout_ns = timeout_ns;
    added->of.clock.precision_ns = 0;
    added->of.clock.flags = 0;
    return added;
}

static int32_t poll_error(struct polling *polling)
{
    uint32_t n_events = 99;
    const int32_t error = wasip1_poll_oneoff(
        polling->subscriptions, polling->events, polling->n, &n_events);

    if (error != 0) {
        assert_int_equal(n_events, 99);
    }
    return error;
}

static uint32_t poll_events(struct polling *polling)
{
    uint32_t n_events = 99;

    assert_int_equal(wasip1_poll_oneoff(polling->subscriptions, polling->events,
                                        polling->n, &n_events),
                     0);
    return n_events;
}

static void assert_event(const struct polling *polling, size_t event,
                         size_t subscription, uint16_t error, uint16_t flags)
{
    assert_true(polling->events[event].userdata ==
                polling->subscriptions[subscription].userdata);
    assert_int_equal(polling->events[event].type,
                     polling->subscriptions[subscription].tag);
    assert_int_equal(polling->events[event].error, error);
    assert_int_equal(polling->events[event].flags, flags);
}

static void test_poll_reports_the_one_that_is_ready(void **state)
{
    enum { N_PAIRS = 20, READY = 13 };
    struct world *world = (struct world *)*state;
    struct polling *polling = new_polling();
    int ends[N_PAIRS][2];

    for (int i = 0; i < N_PAIRS; i++) {
        open_pair(world, SOCK_STREAM, ends[i]);
        add_read(polling, ends[i][0]);
    }
    add_clock(polling, 0);
    assert_int_equal(poll_events(polling), 1);
    assert_event(polling, 0, N_PAIRS, 0, 0);

    polling->n--;
    add_clock(polling, 3600 * WASOCK_NS_PER_S);
    assert_int_equal(wasock_fd_send(ends[READY][1], "x", 1), 1);
    assert_int_equal(poll_events(polling), 1);
    assert_event(polling, 0, READY, 0, 0);

    /* Without a clock, and level-triggered. */
    polling->n--;
    assert_int_equal(poll_events(polling), 1);
    assert_event(polling, 0, READY, 0, 0);
}

static void test_poll_for_both_directions(void **state)
{
    struct world *world = (struct world *)*state;
    struct polling *polling = new_polling();
    int ends[2];

    open_pair(world, SOCK_STREAM, ends);
    add_read(polling, ends[0]);
    add_write(polling, ends[0]);
    assert_int_equal(poll_events(polling), 1);
    assert_event(polling, 0, 1, 0, 0);

    assert_int_equal(wasock_fd_send(ends[1], "x", 1), 1);
    assert_int_equal(poll_events(polling), 2);
    assert_event(polling, 0, 0, 0, 0);
    assert_event(polling, 1, 1, 0, 0);

    /* The same again, not side by side. */
    add_read(polling, ends[1]);
    add_read(polling, ends[0]);
    assert_int_equal(poll_events(polling), 3);
    assert_event(polling, 0, 0, 0, 0);
    assert_event(polling, 1, 1, 0, 0);
    assert_event(polling, 2, 3, 0, 0);
}

static void test_poll_does_not_call_a_full_socket_writable(void **state)
{
    struct world *world = (struct world *)*state;
    static char block[65536];
    struct polling *polling = new_polling();
    int ends[2];

    open_pair(world, SOCK_STREAM, ends);
    while (wasock_fd_send(ends[0], block, sizeof(block)) > 0) {
    }
    add_write(polling, ends[0]);
    add_clock(polling, 0);
    assert_int_equal(poll_events(polling), 1);
    assert_event(polling, 0, 1, 0, 0);
}

static void test_poll_of_a_listener(void **state)
{
    struct world *world = (struct world *)*state;
    const int listener = open_listener(world);
    struct polling *polling = new_polling();

    add_read(polling, listener);
    add_write(polling, listener);
    add_clock(polling, 0);
    assert_int_equal(poll_events(polling), 1);
    assert_event(polling, 0, 2, 0, 0);

    open_client(world, listener);
    assert_int_equal(poll_events(polling), 2);
    assert_event(polling, 0, 0, 0, 0);
    assert_event(polling, 1, 2, 0, 0);
}

static void test_poll_reports_a_bad_descriptor_alone(void **state)
{
    struct world *world = (struct world *)*state;
    struct polling *polling = new_polling();
    int ends[2];

    open_pair(world, SOCK_STREAM, ends);
    assert_int_equal(wasock_fd_send(ends[1], "x", 1), 1);
    add_read(polling, ends[1]);
    add_read(polling, CLOSED_FD);
    add_write(polling, CLOSED_FD);
    add_read(polling, ends[0]);
    add_clock(polling, 3600 * WASOCK_NS_PER_S);
    assert_int_equal(poll_events(polling), 3);
    assert_event(polling, 0, 1, WASOCK_EBADF, 0);
    assert_event(polling, 1, 2, WASOCK_EBADF, 0);
    assert_event(polling, 2, 3, 0, 0);
}

/* POSIX's poll passes over negative numbers, and would wait for ever. */
static void test_poll_reports_an_impossible_descriptor(void **state)
{
    struct world *world = (struct world *)*state;
    struct polling *polling = new_polling();
    int ends[2];

    add_fd(polling, UINT32_MAX, WASIP1_EVENTTYPE_FD_READ);
    assert_int_equal(poll_events(polling), 1);
    assert_event(polling, 0, 0, WASOCK_EBADF, 0);

    open_pair(world, SOCK_STREAM, ends);
    polling = new_polling();
    add_read(polling, ends[0]);
    add_fd(polling, (uint32_t)INT32_MAX + 1, WASIP1_EVENTTYPE_FD_WRITE);
    add_write(polling, ends[0]);
    add_clock(polling, 3600 * WASOCK_NS_PER_S);
    add_clock(polling, 0);
    assert_int_equal(poll_events(polling), 3);
    assert_event(polling, 0, 1, WASOCK_EBADF, 0);
    assert_event(polling, 1, 2, 0, 0);
    assert_event(polling, 2, 4, 0, 0);

    /* Nothing else is ready: of the clocks only the one that is due. */
    polling = new_polling();
    add_read(polling, ends[0]);
    add_fd(polling, UINT32_MAX, WASIP1_EVENTTYPE_FD_READ);
    add_clock(polling, 1);
    assert_int_equal(poll_events(polling), 1);
    assert_event(polling, 0, 1, WASOCK_EBADF, 0);
}

static void test_poll_reports_a_hangup(void **state)
{
    struct world *world = (struct world *)*state;
    struct polling *polling = new_polling();
    int ends[2];

    open_pair(world, SOCK_STREAM, ends);
    assert_int_equal(close(ends[1]), 0);
    closed_by_test(world, ends[1]);
    add_read(polling, ends[0]);
    add_write(polling, ends[0]);
    assert_int_equal(poll_events(polling), 2);
    assert_event(polling, 0, 0, 0, WASIP1_EVENTRWFLAGS_HANGUP);
    assert_event(polling, 1, 1, 0, WASIP1_EVENTRWFLAGS_HANGUP);
}

/* A pipe says no more than that the other end has gone. */
static void test_poll_of_pipes_with_a_closed_end(void **state)
{
    struct world *world = (struct world *)*state;
    struct polling *polling = new_polling();
    int ends[2];

    open_pipe(world, ends);
    assert_int_equal(close(ends[1]), 0);
    closed_by_test(world, ends[1]);
    add_read(polling, ends[0]);
    assert_int_equal(poll_events(polling), 1);
    assert_event(polling, 0, 0, 0, WASIP1_EVENTRWFLAGS_HANGUP);

    polling = new_polling();
    open_pipe(world, ends);
    assert_int_equal(close(ends[0]), 0);
    closed_by_test(world, ends[0]);
    add_read(polling, ends[1]);
    assert_int_equal(poll_events(polling), 1);
    assert_event(polling, 0, 0, 0, 0);
}

static void test_poll_reports_an_error(void **state)
{
    struct world *world = (struct world *)*state;
    struct tcp tcp = open_tcp(world);
    struct polling *polling = new_polling();

    reset(world, tcp.client);
    add_read(polling, tcp.server);
    add_clock(polling, 3600 * WASOCK_NS_PER_S);
    assert_int_equal(poll_events(polling), 1);
    assert_event(polling, 0, 0, 0, WASIP1_EVENTRWFLAGS_HANGUP);
}

static void test_poll_by_the_clock_is_never_early(void **state)
{
    static const uint64_t timeouts_ns[] = {1, MS / 2, MS, 3 * MS / 2, 20 * MS};

    (void)state;
    for (size_t i = 0; i < sizeof(timeouts_ns) / sizeof(timeouts_ns[0]); i++) {
        struct polling *polling = new_polling();
        add_clock(polling, 3600 * WASOCK_NS_PER_S);
        add_clock(polling, timeouts_ns[i]);
        n_polls = 0;
        const uint64_t start_ns = now_ns();
        assert_int_equal(poll_events(polling), 1);
        assert_true(now_ns() - start_ns >= timeouts_ns[i]);
        assert_int_equal(n_polls, 1);
        assert_event(polling, 0, 1, 0, 0);
    }
}

static void test_poll_with_equal_clocks(void **state)
{
    struct polling *polling = new_polling();

    (void)state;
    add_clock(polling, MS);
    add_clock(polling, 2 * MS);
    add_clock(polling, MS);
    assert_int_equal(poll_events(polling), 2);
    assert_event(polling, 0, 0, 0, 0);
    assert_event(polling, 1, 2, 0, 0);
}

/* The longest timeouts do not overflow into short ones. */
static void test_poll_with_a_clock_far_away(void **state)
{
    static const uint64_t timeouts_ns[] = {UINT64_MAX, UINT64_MAX - 1,
                                           INT64_MAX,
                                           UINT64_C(5000000) * WASOCK_NS_PER_S};
    struct world *world = (struct world *)*state;
    int ends[2];

    open_pair(world, SOCK_STREAM, ends);
    assert_int_equal(wasock_fd_send(ends[1], "x", 1), 1);
    for (size_t i = 0; i < sizeof(timeouts_ns) / sizeof(timeouts_ns[0]); i++) {
        struct polling *polling = new_polling();
        add_clock(polling, timeouts_ns[i]);
        add_read(polling, ends[0]);
        assert_int_equal(poll_events(polling), 1);
        assert_int_equal(last_timeout_ms,
                         timeouts_ns[i] == UINT64_MAX ? -1 : INT_MAX);
        assert_event(polling, 0, 1, 0, 0);
    }
}

static void on_alarm(int number)
{
    (void)number;
}

/* Every 2 ms a signal that is handled: so none comes too early to matter. */
static void start_alarms(void)
{
    const struct itimerval every_2_ms = {{0, 2000}, {0, 2000}};
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_alarm;
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &every_2_ms, NULL), 0);
}

static void stop_alarms(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};

    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    signal(SIGALRM, SIG_DFL);
}

/* As poll(2): what a handler has set is looked at by who waits. */
static void test_a_signal_ends_a_poll(void **state)
{
    static _Alignas(WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(1)];
    struct world *world = (struct world *)*state;
    struct polling *polling = new_polling();
    struct wasock_conn conn = {0};
    struct wasock_poller poller;
    struct wasock_poller_event event;
    int ends[2];

    open_pair(world, SOCK_STREAM, ends);
    add_read(polling, ends[0]);
    assert_int_equal(wasock_conn_from_fd(&conn, ends[0]), 0);
    closed_by_test(world, ends[0]);
    assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)), 0);
    assert_int_equal(
        wasock_poller_add(&poller, &conn.socket, WASOCK_READABLE, NULL), 0);
    start_alarms();
    const int32_t error = poll_error(polling);
    assert_int_equal(wasock_poller_set_interruptible(&poller, true), 0);
    const ptrdiff_t result =
        take_events(&poller, &event, 1, WASOCK_NO_DEADLINE);
    /* Otherwise a signal does not end a wait. */
    assert_int_equal(wasock_poller_set_interruptible(&poller, false), 0);
    const ptrdiff_t n_events =
        wasock_poller_wait_for_ns(&poller, 30 * WASOCK_NS_PER_MS);
    wasock_socket_set_deadline_ns(&conn.socket,
                                  WASOCK_READABLE | WASOCK_WRITABLE,
                                  wasock_deadline_after_ms(30));
    const ptrdiff_t n_read = wasock_conn_read(&conn, &event, 1);
    stop_alarms();
    assert_int_equal(error, WASOCK_EINTR);
    assert_int_equal(result, -WASOCK_EINTR);
    assert_int_equal(n_events, 0);
    assert_int_equal(n_read, -WASOCK_EDEADLINE);
    wasock_poller_close(&poller);
    assert_int_equal(wasock_conn_close(&conn), 0);
}

static void test_poll_rejects_unknown_subscriptions(void **state)
{
    struct polling *polling = new_polling();

    (void)state;
    assert_int_equal(poll_error(polling), WASOCK_EINVAL);
    add_fd(polling, 0, 3);
    assert_int_equal(poll_error(polling), WASOCK_EINVAL);

    polling = new_polling();
    add_clock(polling, 0)->of.clock.id = 0;
    assert_int_equal(poll_error(polling), WASOCK_EINVAL);

    polling = new_polling();
    add_clock(polling, 0)->of.clock.flags = 1;
    assert_int_equal(poll_error(polling), WASOCK_ENOTSUP);
}

/* More than fit the stack, and more subscriptions than the process may have
 * descriptors, which poll(2) would refuse, in whatever order. */
static void test_poll_of_many(void **state)
{
    enum { N_PAIRS = 300, N_DIRECTIONS = 2 };
    static const uint8_t directions[N_DIRECTIONS] = {WASIP1_EVENTTYPE_FD_READ,
                                                     WASIP1_EVENTTYPE_FD_WRITE};
    struct world *world = (struct world *)*state;
    struct polling *polling = new_polling();
    struct rlimit old_limit;
    struct rlimit limit;
    int ends[N_PAIRS][2];

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old_limit), 0);
    for (int i = 0; i < N_PAIRS; i++) {
        open_pair(world, SOCK_STREAM, ends[i]);
    }
    for (int direction = 0; direction < N_DIRECTIONS; direction++) {
        for (int i = 0; i < N_PAIRS; i++) {
            add_fd(polling, (uint32_t)ends[i][0], directions[direction]);
            add_fd(polling, (uint32_t)ends[i][1], directions[direction]);
        }
    }
    assert_int_equal(wasock_fd_send(ends[N_PAIRS - 1][1], "x", 1), 1);
    add_clock(polling, 3600 * WASOCK_NS_PER_S);
    limit = old_limit;
    limit.rlim_cur = 2 * N_PAIRS + 50;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    const uint32_t n_events = poll_events(polling);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old_limit), 0);

    assert_int_equal(n_events, 2 * N_PAIRS + 1);
    assert_event(polling, 0, 2 * N_PAIRS - 2, 0, 0);
    for (size_t i = 0; i < 2 * N_PAIRS; i++) {
        assert_event(polling, 1 + i, 2 * N_PAIRS + i, 0, 0);
    }
}

static void test_poll_that_the_system_refuses(void **state)
{
    struct polling *polling = new_polling();
    struct rlimit old_limit;
    struct rlimit limit;

    (void)state;
    for (int fd = 0; fd < 600; fd++) {
        add_read(polling, fd);
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old_limit), 0);
    limit = old_limit;
    limit.rlim_cur = 300;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    const int32_t error = poll_error(polling);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old_limit), 0);
    assert_int_equal(error, WASOCK_EINVAL);
}

/*
 * The library on it.
 */

static void test_library_finds_this_host_honest(void **state)
{
    struct world *world = (struct world *)*state;
    const struct tcp tcp = open_tcp(world);

    assert_int_equal(wasock_fd_is_listener(tcp.listener), 1);
    assert_int_equal(wasock_fd_is_listener(tcp.server), 0);
    assert_int_equal(wasock_fd_poll_is_fake(tcp.listener, true), 0);
    assert_int_equal(wasock_fd_poll_is_fake(tcp.server, false), 0);
}

static void test_library_reads_the_environment(void **state)
{
    static char *none[] = {NULL};
    char *buffer = NULL;
    size_t needed_capacity = 0;

    (void)state;
    assert_int_equal(setenv("WASOCK_TEST_VARIABLE", "its value", 1), 0);
    assert_int_equal(
        wasock_env_read("WASOCK_TEST_VARIABLE", NULL, 0, &needed_capacity),
        -WASOCK_ESTORAGE);
    buffer = (char *)malloc(needed_capacity);
    assert_non_null(buffer);
    assert_int_equal(
        wasock_env_read("WASOCK_TEST_VARIABLE", buffer, needed_capacity, NULL),
        9);
    assert_string_equal(buffer, "its value");
    assert_int_equal(unsetenv("WASOCK_TEST_VARIABLE"), 0);
    assert_int_equal(
        wasock_env_read("WASOCK_TEST_VARIABLE", buffer, needed_capacity, NULL),
        -WASOCK_ENOENT);

    char **old_environ = environ;
    environ = none;
    const ptrdiff_t of_none = wasock_env_read("PATH", buffer, 64, NULL);
    environ = NULL;
    const ptrdiff_t of_null = wasock_env_read("PATH", buffer, 64, NULL);
    environ = old_environ;
    assert_int_equal(of_none, -WASOCK_ENOENT);
    assert_int_equal(of_null, -WASOCK_ENOENT);
    free(buffer);
}

static void test_library_polls_exactly(void **state)
{
    enum { N_PAIRS = 8, READY = 5 };
    struct world *world = (struct world *)*state;
    struct wasock_poll_item items[N_PAIRS + 1];
    struct wasock_poll_scratch scratch[WASOCK_POLL_SCRATCH_LENGTH(N_PAIRS + 1)];

    for (int i = 0; i < N_PAIRS; i++) {
        int ends[2];
        open_pair(world, SOCK_STREAM, ends);
        items[i] = (struct wasock_poll_item){ends[0], WASOCK_READABLE, 0, 0};
        if (i == READY) {
            assert_int_equal(wasock_fd_send(ends[1], "x", 1), 1);
        }
    }
    items[N_PAIRS] =
        (struct wasock_poll_item){CLOSED_FD, WASOCK_READABLE, 0, 0};
    assert_int_equal(
        wasock_poll_until_ns(items, N_PAIRS + 1, scratch, WASOCK_NO_DEADLINE),
        2);
    for (int i = 0; i < N_PAIRS; i++) {
        assert_int_equal(items[i].ready, i == READY ? WASOCK_READABLE : 0);
        assert_int_equal(items[i].error, 0);
    }
    assert_int_equal(items[N_PAIRS].error, -WASOCK_EBADF);
}

static void test_library_serves_a_client(void **state)
{
    struct world *world = (struct world *)*state;
    const int listener_fd = open_listener(world);
    struct wasock_listener listener = {0};
    struct wasock_conn server = {0};
    struct wasock_conn client = {0};
    char buffer[16];

    assert_int_equal(wasock_listener_from_fd(&listener, listener_fd), 0);
    closed_by_test(world, listener_fd);
    wasock_socket_set_deadline_ns(&listener.socket,
                                  WASOCK_READABLE | WASOCK_WRITABLE,
                                  wasock_deadline_after_ms(20));
    const uint64_t start_ns = now_ns();
    assert_int_equal(wasock_listener_accept(&listener, &server),
                     -WASOCK_EDEADLINE);
    assert_true(now_ns() - start_ns >= 19 * MS);
    wasock_socket_set_deadline_ns(&listener.socket,
                                  WASOCK_READABLE | WASOCK_WRITABLE,
                                  WASOCK_NO_DEADLINE);

    const int client_fd = open_client(world, listener_fd);
    assert_int_equal(wasock_conn_from_fd(&client, client_fd), 0);
    closed_by_test(world, client_fd);
    assert_int_equal(wasock_listener_accept(&listener, &server), 0);
    assert_int_equal(wasock_conn_write(&client, "foobar", 6), 6);
    assert_int_equal(wasock_conn_read(&server, buffer, sizeof(buffer)), 6);
    assert_int_equal(wasock_conn_write(&server, buffer, 6), 6);
    assert_int_equal(wasock_conn_close(&server), 0);
    assert_int_equal(wasock_conn_read(&client, buffer, sizeof(buffer)), 6);
    assert_memory_equal(buffer, "foobar", 6);
    assert_int_equal(wasock_conn_read(&client, buffer, sizeof(buffer)), 0);
    assert_int_equal(wasock_conn_close(&client), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

static unsigned char pattern(size_t position)
{
    return (unsigned char)(position * 31 + position / 251);
}

/* Both ends in one thread: what fits is sent, what is there is received. */
static void test_library_carries_every_byte(void **state)
{
    enum { TOTAL = 10 << 20 };
    struct world *world = (struct world *)*state;
    struct tcp tcp = open_tcp(world);
    struct wasock_conn from = {0};
    struct wasock_conn to = {0};
    static unsigned char sent[100003];
    static unsigned char received[70001];
    size_t n_sent = 0;
    size_t n_received = 0;

    assert_int_equal(wasock_conn_from_fd(&from, tcp.client), 0);
    assert_int_equal(wasock_conn_from_fd(&to, tcp.server), 0);
    while (n_received < TOTAL) {
        size_t length = TOTAL - n_sent;
        length = length < sizeof(sent) ? length : sizeof(sent);
        for (size_t i = 0; i < length; i++) {
            sent[i] = pattern(n_sent + i);
        }
        ptrdiff_t n = wasock_conn_try_write(&from, sent, length);
        assert_true(n >= 0 || n == -WASOCK_EAGAIN);
        n_sent += n > 0 ? (size_t)n : 0;
        n = wasock_conn_read(&to, received, sizeof(received));
        assert_true(n > 0);
        for (ptrdiff_t i = 0; i < n; i++) {
            assert_true(received[i] == pattern(n_received + (size_t)i));
        }
        n_received += (size_t)n;
    }
    assert_int_equal(n_received, TOTAL);
    assert_int_equal(wasock_conn_into_fd(&from), tcp.client);
    assert_int_equal(wasock_conn_into_fd(&to), tcp.server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_filetypes),
        TEST(test_nonblocking_mode_is_set_and_cleared),
        TEST(test_accept_gives_the_mode_that_is_asked_for),
        TEST(test_accept_with_unknown_flags_accepts_nothing),
        TEST(test_accept_from_a_non_listener),
        TEST(test_accept_without_descriptors_left),
        TEST(test_empty_send_distinguishes_listener_from_connection),
        TEST(test_buffers_are_gathered_and_scattered),
        TEST(test_too_many_slices_make_a_short_count),
        TEST(test_message_flags_are_refused),
        TEST(test_a_dead_peer_is_an_error_and_no_signal),
#ifdef MSG_NOSIGNAL
        TEST(test_send_raises_no_signal_whatever_the_program_set),
#endif
        TEST(test_shutdown_of_each_half),
        TEST(test_close),
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 32)
        TEST(test_every_errno_keeps_its_name),
#endif
        TEST(test_clock),
        TEST(test_poll_reports_the_one_that_is_ready),
        TEST(test_poll_for_both_directions),
        TEST(test_poll_does_not_call_a_full_socket_writable),
        TEST(test_poll_of_a_listener),
        TEST(test_poll_reports_a_bad_descriptor_alone),
        TEST(test_poll_reports_an_impossible_descriptor),
        TEST(test_poll_reports_a_hangup),
        TEST(test_poll_of_pipes_with_a_closed_end),
        TEST(test_poll_reports_an_error),
        TEST(test_poll_by_the_clock_is_never_early),
        TEST(test_poll_with_equal_clocks),
        TEST(test_poll_with_a_clock_far_away),
        TEST(test_a_signal_ends_a_poll),
        TEST(test_poll_rejects_unknown_subscriptions),
        TEST(test_poll_of_many),
        TEST(test_poll_that_the_system_refuses),
        TEST(test_library_finds_this_host_honest),
        TEST(test_library_reads_the_environment),
        TEST(test_library_polls_exactly),
        TEST(test_library_serves_a_client),
        TEST(test_library_carries_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
