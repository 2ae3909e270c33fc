/* SPDX-License-Identifier: MIT */
/*
 * Fuzz sequences of calls of the BSD layer on the simulated host: the bytes
 * decide the host, each call, its numbers, and what clients do.
 *
 * The layer is compiled natively, with wasi-libc's headers. Its sockets, pipes
 * and waiting are here; files and processes are not: they are wasi-libc's.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <wasock/wasock.h>

/* The names of the host's listeners, which bind.c keeps for ever. */
static void *names_text;

static void *keep(size_t n)
{
    names_text = malloc(n);
    return names_text;
}

/* With its variables: each input begins with a new world. */
#define malloc(n) keep(n)
#include "../../src/bsd/sockets/bind.c"
#undef malloc

#include "peers.h"

#define N_NUMBERS 40 /* of descriptors that calls name */
#define N_PEERS 8
#define N_STREAMS 128
#define BUFFER_BYTES PEER_BYTES_MAX
#define N_CALLS_MAX 300
#define N_OPENED_MAX (3 + 2 * N_CALLS_MAX)
#define WAIT_MS 30
#define PORT 8080

struct stream {
    struct simhost_peer *peer;
    size_t n_sent; /* by the peer */
    size_t n_read;
    size_t n_written;
    bool is_over; /* the peer sends no more */
};

static struct {
    struct input input;
    struct stream streams[N_STREAMS];
    size_t n_streams;
    struct simhost_peer *peers[N_PEERS];
} world;

static size_t below(size_t limit)
{
    return input_below(&world.input, limit);
}

static int some_number(void)
{
    return (int)below(N_NUMBERS);
}

/* A call fails with a known errno, or its result is at most `most`. */
static void check(ssize_t result, size_t most)
{
    CHECK(result >= -1 && result <= (ssize_t)most);
    CHECK(result >= 0 || (errno > 0 && errno < 256));
}

/* ---- Streams ---- */

static struct stream *stream_of_peer(struct simhost_peer *peer)
{
    for (size_t i = 0; i < world.n_streams; i++) {
        if (world.streams[i].peer == peer) {
            return &world.streams[i];
        }
    }
    if (peer == NULL || world.n_streams == N_STREAMS) {
        return NULL;
    }
    world.streams[world.n_streams].peer = peer;
    return &world.streams[world.n_streams++];
}

/* The stream of a number that is a connection with a peer of simhost's. */
static struct stream *stream_of(int fd)
{
    struct description *description = wasock_bsd__find(fd);
    struct socket *socket =
        description == NULL ? NULL : wasock_bsd__socket_of(description);

    if (socket == NULL || socket->state != SOCKET_CONNECTED) {
        return NULL;
    }
    const int host_fd = wasock_socket_fd(&socket->conn.socket);
    return host_fd < 0 ? NULL : stream_of_peer(simhost_peer_of(host_fd));
}

static void check_read(struct stream *stream, const uint8_t *bytes, size_t n,
                       bool is_peek)
{
    for (size_t i = 0; stream != NULL && i < n; i++) {
        CHECK(bytes[i] == peer_byte(stream->n_read + i));
    }
    if (stream != NULL && !is_peek) {
        stream->n_read += n;
    }
}

/* ---- Sockets ---- */

static struct sockaddr_in some_address(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    address.sin_port = htons((uint16_t)(PORT + below(4)));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* No call waits for ever. */
static void set_timeouts(int fd)
{
    const struct timeval timeout = {0,
                                    1000 * (1 + (suseconds_t)below(WAIT_MS))};

    check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)),
          0);
    check(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)),
          0);
}

static void call_socket(void)
{
    static const int types[] = {SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM, 99};
    static const int domains[] = {AF_INET, AF_INET, AF_UNIX, AF_INET6};
    const int flags = below(2) == 0 ? SOCK_NONBLOCK : 0;
    const int fd = socket(domains[below(4)], types[below(4)] | flags, 0);

    check(fd, SIZE_MAX / 2);
    if (fd >= 0) {
        set_timeouts(fd);
    }
}

/* A listener at once: most inputs need one. */
static void call_listen_new(void)
{
    const struct sockaddr_in address = some_address();
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (fd >= 0) {
        set_timeouts(fd);
        check(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
        check(listen(fd, (int)below(8)), 0);
    }
}

static void call_bind(void)
{
    const struct sockaddr_in address = some_address();
    const struct sockaddr_un name = {.sun_family = AF_UNIX,
                                     .sun_path = "/name"};

    if (below(4) == 0) {
        check(bind(some_number(), (const struct sockaddr *)&name, sizeof(name)),
              0);
    } else {
        check(bind(some_number(), (const struct sockaddr *)&address,
                   (socklen_t)(sizeof(address) - (below(8) == 0))),
              0);
    }
}

static void call_listen(void)
{
    check(listen(some_number(), (int)below(8)), 0);
}

static void call_accept(void)
{
    struct sockaddr_storage address;
    socklen_t length = (socklen_t)below(sizeof(address));
    const int flags = below(2) == 0 ? SOCK_NONBLOCK : 0;
    const int fd = accept4(some_number(), (struct sockaddr *)&address, &length,
                           flags | (below(2) == 0 ? SOCK_CLOEXEC : 0));

    check(fd, SIZE_MAX / 2);
    if (fd >= 0) {
        set_timeouts(fd);
    }
}

static void call_connect(void)
{
    const struct sockaddr_in address = some_address();

    check(connect(some_number(), (const struct sockaddr *)&address,
                  sizeof(address)),
          0);
}

static void call_shutdown(void)
{
    check(shutdown(some_number(), (int)below(4)), 0);
}

static void call_close(void)
{
    check(close(some_number()), 0);
}

static void call_names(void)
{
    struct sockaddr_storage address;
    socklen_t length = (socklen_t)below(sizeof(address));

    check(
        below(2) == 0
            ? getsockname(some_number(), (struct sockaddr *)&address, &length)
            : getpeername(some_number(), (struct sockaddr *)&address, &length),
        0);
}

static void call_option(void)
{
    static const int options[] = {SO_ERROR,     SO_TYPE,      SO_REUSEADDR,
                                  SO_KEEPALIVE, SO_LINGER,    SO_RCVBUF,
                                  SO_RCVLOWAT,  SO_ACCEPTCONN};
    const int option = options[below(8)];
    unsigned char value[16] = {0};
    socklen_t length = (socklen_t)below(sizeof(value) + 1);

    value[0] = (unsigned char)below(256);
    if (below(2) == 0) {
        check(getsockopt(some_number(), SOL_SOCKET, option, value, &length), 0);
    } else {
        check(setsockopt(some_number(), SOL_SOCKET, option, value, length), 0);
    }
}

/* ---- Reading and writing ---- */

static ssize_t receive(int fd, uint8_t *buffer, size_t capacity, bool *is_peek)
{
    static const int some_flags[] = {0, MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL};
    const int flags = some_flags[below(4)];
    struct iovec vectors[3] = {
        {buffer, capacity / 3},
        {buffer + capacity / 3, 0},
        {buffer + capacity / 3, capacity - capacity / 3}};
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 3};

    switch (below(4)) {
    case 0:
        return read(fd, buffer, capacity);
    case 1:
        return readv(fd, vectors, 3);
    case 2:
        *is_peek = flags == MSG_PEEK;
        return recvmsg(fd, &message, flags);
    default:
        *is_peek = flags == MSG_PEEK;
        return recv(fd, buffer, capacity, flags);
    }
}

static void call_read(void)
{
    const int fd = some_number();
    struct stream *stream = stream_of(fd);
    const size_t capacity = input_size(&world.input, BUFFER_BYTES);
    uint8_t buffer[BUFFER_BYTES];
    bool is_peek = false;
    const ssize_t n = receive(fd, buffer, capacity, &is_peek);

    check(n, capacity);
    if (n > 0) {
        check_read(stream, buffer, (size_t)n, is_peek);
    }
}

static void call_write(void)
{
    const int fd = some_number();
    struct stream *stream = stream_of(fd);
    const size_t length = input_size(&world.input, BUFFER_BYTES);
    uint8_t bytes[BUFFER_BYTES];
    struct iovec vectors[2] = {{bytes, length / 2},
                               {bytes + length / 2, length - length / 2}};
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 2};
    ssize_t n = 0;

    for (size_t i = 0; i < length; i++) {
        bytes[i] = peer_byte((stream == NULL ? 0 : stream->n_written) + i);
    }
    switch (below(4)) {
    case 0:
        n = write(fd, bytes, length);
        break;
    case 1:
        n = writev(fd, vectors, 2);
        break;
    case 2:
        n = sendmsg(fd, &message, below(2) == 0 ? MSG_DONTWAIT : 0);
        break;
    default:
        n = send(fd, bytes, length, below(2) == 0 ? MSG_NOSIGNAL : 0);
    }
    check(n, length);
    if (stream != NULL && n > 0) {
        stream->n_written += (size_t)n;
    }
}

/* ---- Numbers ---- */

static void call_dup(void)
{
    if (below(2) == 0) {
        check(dup(some_number()), SIZE_MAX / 2);
    } else {
        check(dup2(some_number(), 3 + (int)below(N_NUMBERS - 3)), SIZE_MAX / 2);
    }
}

static void call_fcntl(void)
{
    const int fd = some_number();
    int n = 0;

    switch (below(4)) {
    case 0:
        check(fcntl(fd, F_GETFL), SIZE_MAX / 2);
        break;
    case 1:
        check(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
        break;
    case 2:
        check(fcntl(fd, F_DUPFD, (int)below(N_NUMBERS)), SIZE_MAX / 2);
        break;
    default:
        check(ioctl(fd, FIONREAD, &n), 0);
    }
}

static void call_pipe(void)
{
    int ends[2];

    if (below(2) == 0) {
        check(pipe2(ends, O_NONBLOCK), 0);
    } else {
        check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    }
}

static void call_eventfd(void)
{
    check(eventfd((unsigned)below(4),
                  EFD_NONBLOCK | (below(2) == 0 ? EFD_SEMAPHORE : 0)),
          SIZE_MAX / 2);
}

/* ---- Waiting ---- */

static void call_poll(void)
{
    struct pollfd polled[5];
    const nfds_t n = (nfds_t)below(6);

    for (nfds_t i = 0; i < n; i++) {
        polled[i].fd = some_number() - 1;
        polled[i].events = (short)(below(2) * POLLIN | below(2) * POLLOUT);
        polled[i].revents = -1;
    }
    const int result = poll(polled, n, (int)below(WAIT_MS));
    check(result, n);
    int n_ready = 0;
    for (nfds_t i = 0; i < n && result >= 0; i++) {
        n_ready += polled[i].revents != 0;
        CHECK((polled[i].revents & ~(polled[i].events | POLLERR | POLLHUP |
                                     POLLNVAL | POLLRDNORM | POLLWRNORM)) == 0);
    }
    CHECK(result < 0 || n_ready == result);
}

static void call_select(void)
{
    struct timeval timeout = {0, 1000 * (suseconds_t)below(WAIT_MS)};
    fd_set reading;
    fd_set writing;

    FD_ZERO(&reading);
    FD_ZERO(&writing);
    for (size_t n = below(5); n > 0; n--) {
        FD_SET(some_number(), &reading);
        FD_SET(some_number(), &writing);
    }
    check(select(N_NUMBERS, &reading, &writing, NULL, &timeout), 10);
}

static void call_epoll_create(void)
{
    check(epoll_create1(0), SIZE_MAX / 2);
}

static void call_epoll_ctl(void)
{
    static const uint32_t extra[] = {0, EPOLLET, EPOLLONESHOT, EPOLLRDHUP};
    static const int operations[] = {EPOLL_CTL_ADD, EPOLL_CTL_MOD,
                                     EPOLL_CTL_DEL, EPOLL_CTL_ADD};
    struct epoll_event event = {0};

    event.events = (below(2) == 0 ? EPOLLIN : 0) |
                   (below(2) == 0 ? EPOLLOUT : 0) | extra[below(4)];
    event.data.u64 = 1234567;
    check(epoll_ctl(some_number(), operations[below(4)], some_number(), &event),
          0);
}

static void call_epoll_wait(void)
{
    struct epoll_event events[4];
    const size_t most = 1 + below(4);
    const int n =
        epoll_wait(some_number(), events, (int)most, (int)below(WAIT_MS));

    check(n, most);
    for (int i = 0; i < n; i++) {
        CHECK(events[i].data.u64 == 1234567);
        CHECK(events[i].events != 0);
    }
}

/* ---- What clients do ---- */

static struct stream *some_stream(void)
{
    struct stream *stream = stream_of_peer(world.peers[below(N_PEERS)]);

    return stream == NULL || stream->is_over ? NULL : stream;
}

static void peer_connects(void)
{
    world.peers[below(N_PEERS)] =
        simhost_connect(3 + (int)below(2), SIMHOST_MS(below(4)));
}

static void peer_sends(void)
{
    struct stream *stream = some_stream();

    peer_sends_some(&world.input, stream == NULL ? NULL : stream->peer,
                    stream == NULL ? NULL : &stream->n_sent);
}

static void peer_ends(void)
{
    struct stream *stream = some_stream();

    peer_ends_somehow(&world.input, stream == NULL ? NULL : stream->peer);
    if (stream != NULL) {
        stream->is_over = true;
    }
}

static void peer_reads(void)
{
    const struct stream *stream = some_stream();

    peer_reads_somehow(&world.input, stream == NULL ? NULL : stream->peer);
}

static void time_passes(void)
{
    simhost_advance_ns(SIMHOST_MS(below(50)));
}

/* ---- A world ---- */

static void on_failure(const char *message)
{
    simhost_print_trace();
    fuzz_fail("simhost", 0, message);
}

static void begin_world(void)
{
    static const char *const environment[] = {
        "WASOCK_LISTEN=127.0.0.1:8080,127.0.0.1:8081", NULL};
    const uint8_t wrong = input_byte(&world.input);

    simhost_reset(1 + wrong, simhost_profiles[below(SIMHOST_N_PROFILES)]);
    simhost_on_failure(on_failure);
    simhost_allow(SIMHOST_SIGPIPE, true); /* quirk 31: nobody can know */
    simhost_knobs.environment = environment;
    simhost_knobs.preopened_sockets_must_close = true;
    simhost_knobs.chunk_bytes =
        (wrong & 1) != 0 ? SIMHOST_CHUNK_RANDOM : SIMHOST_CHUNK_WHOLE;
    simhost_knobs.shuffle = (wrong & 2) != 0;
    simhost_knobs.spurious_eagain_per_mille = (wrong & 4) != 0 ? 200 : 0;
    simhost_knobs.spurious_ready_per_mille = (wrong & 8) != 0 ? 200 : 0;
    simhost_knobs.n_descriptors_max = (wrong & 16) != 0 ? 9 : 0;
    simhost_knobs.n_idle_calls_max = 100000;
    simhost_preopen(SIMHOST_LISTENER);
    simhost_preopen(SIMHOST_LISTENER);
}

static void end_world(void)
{
    for (int fd = 0; fd < N_OPENED_MAX; fd++) {
        close(fd);
    }
    CHECK(bound == NULL);
    for (size_t i = 0; i < n_offers; i++) {
        CHECK(offers[i].holder == NULL);
        CHECK(wasock_listener_close(&offers[i].listener) == 0);
    }
    free(names_text);
    names_text = NULL;
    free(offers);
    offers = NULL;
    n_offers = 0;
    if (!are_known) { /* nobody has opened them */
        simhost_knobs.preopened_sockets_must_close = false;
    }
    are_known = false;
    simhost_settle();
    for (size_t i = 0; i < world.n_streams; i++) {
        size_t n = 0;
        const uint8_t *bytes = simhost_peer_received(world.streams[i].peer, &n);
        CHECK(n <= world.streams[i].n_written);
        for (size_t k = 0; k < n; k++) {
            CHECK(bytes[k] == peer_byte(k));
        }
    }
    simhost_check();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    has_explained = true; /* once is enough, and here it is none */
    return setenv("WASOCK_BSD_LOOPBACK", "1", 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const calls[])(void) = {
        call_socket,     call_listen_new, call_bind,         call_listen,
        call_accept,     call_connect,    call_shutdown,     call_close,
        call_names,      call_option,     call_read,         call_write,
        call_dup,        call_fcntl,      call_pipe,         call_eventfd,
        call_poll,       call_select,     call_epoll_create, call_epoll_ctl,
        call_epoll_wait, peer_connects,   peer_sends,        peer_ends,
        peer_reads,      time_passes,     call_accept,       call_read,
        call_write,      peer_sends,      call_epoll_wait,   call_poll};

    memset(&world, 0, sizeof(world));
    world.input = (struct input){data, data + size};
    begin_world();
    for (int i = 0; i < N_CALLS_MAX && !input_is_empty(&world.input); i++) {
        calls[below(sizeof(calls) / sizeof(calls[0]))]();
    }
    end_world();
    return 0;
}
