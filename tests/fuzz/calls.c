/* SPDX-License-Identifier: MIT */
/*
 * Fuzz sequences of calls of the core on the simulated host: the bytes decide
 * the host, what goes wrong on it, and then each call, its objects, its result
 * and the time that passes.
 *
 * Besides what the sanitizers and the simulated host judge: the bytes of each
 * stream come in order, results are within their limits, a closed object is
 * closed, and a poller reports only what is registered, open and asked for.
 */
#include <string.h>

#include <wasock/wasock.h>

#include "peers.h"

#define N_LISTENERS 2
#define N_CONNS 8
#define N_OBJECTS (N_LISTENERS + N_CONNS)
#define N_PEERS 12
#define N_POLLERS 2
#define N_WATCHED 6 /* fewer than there are objects */
#define BUFFER_BYTES PEER_BYTES_MAX
#define N_CALLS_MAX 300
#define N_FAULTS_MAX 12

struct peer {
    struct simhost_peer *peer; /* NULL: none, or no more used */
    size_t n_sent;
    bool is_over; /* it sends no more */
};

/* A poller, and what is registered with it. */
struct watching {
    struct wasock_poller poller;
    _Alignas(
        WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(N_WATCHED)];
    bool is_open;
    bool is_registered[N_OBJECTS];
    unsigned interest[N_OBJECTS];
};

/* The two directions of a connection, by descriptor. */
struct stream {
    struct simhost_peer *peer;
    size_t n_read;
    size_t n_written;
};

static struct {
    struct input input;
    struct wasock_listener listeners[N_LISTENERS];
    struct wasock_conn conns[N_CONNS];
    struct peer peers[N_PEERS];
    struct stream streams[256];
    size_t n_streams;
    struct watching watching[N_POLLERS];
    int listener_fds[N_LISTENERS];
    size_t n_faults; /* that were planned */
    bool lies;       /* the host does what no host may: only memory is judged */
} world;

static size_t below(size_t limit)
{
    return input_below(&world.input, limit);
}

/* ---- Objects ---- */

static struct wasock_socket *socket_of(size_t object)
{
    return object < N_LISTENERS ? &world.listeners[object].socket
                                : &world.conns[object - N_LISTENERS].socket;
}

static struct wasock_conn *some_conn(void)
{
    return &world.conns[below(N_CONNS)];
}

static void forget_registrations(const struct wasock_socket *socket)
{
    for (size_t i = 0; i < N_OBJECTS; i++) {
        for (size_t k = 0; k < N_POLLERS; k++) {
            if (socket_of(i) == socket) {
                world.watching[k].is_registered[i] = false;
            }
        }
    }
}

/* A code: 0, or one that err.h knows. */
static void check_code(ptrdiff_t result)
{
    CHECK(result <= 0 && result > -512);
    CHECK(strcmp(wasock_err_name(result), "E?") != 0);
}

/* The result of a transfer by a socket that was open or closed before it. */
static void check_count(ptrdiff_t result, size_t most, bool was_open)
{
    CHECK(result <= (ptrdiff_t)most);
    if (result < 0) {
        check_code(result);
    }
    CHECK(was_open || result == -WASOCK_ECLOSED);
}

/* ---- Streams ---- */

static struct stream *stream_of(const struct wasock_conn *conn)
{
    const int fd = wasock_socket_fd(&conn->socket);
    struct simhost_peer *peer = fd < 0 ? NULL : simhost_peer_of(fd);

    if (peer == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < world.n_streams; i++) {
        if (world.streams[i].peer == peer) {
            return &world.streams[i];
        }
    }
    if (world.n_streams == sizeof(world.streams) / sizeof(world.streams[0])) {
        return NULL;
    }
    world.streams[world.n_streams].peer = peer;
    return &world.streams[world.n_streams++];
}

static void check_read(struct stream *stream, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; stream != NULL && !world.lies && i < n; i++) {
        CHECK(bytes[i] == peer_byte(stream->n_read++));
    }
}

static void make_bytes(const struct stream *stream, uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bytes[i] = peer_byte((stream == NULL ? 0 : stream->n_written) + i);
    }
}

static void note_written(struct stream *stream, ptrdiff_t n)
{
    if (stream != NULL && n > 0) {
        stream->n_written += (size_t)n;
    }
}

/* What the peer has read is what was written. */
static void check_streams(void)
{
    simhost_settle();
    for (size_t i = 0; i < world.n_streams && !world.lies; i++) {
        size_t n = 0;
        const uint8_t *bytes = simhost_peer_received(world.streams[i].peer, &n);
        CHECK(n <= world.streams[i].n_written);
        for (size_t k = 0; k < n; k++) {
            CHECK(bytes[k] == peer_byte(k));
        }
    }
}

/* ---- Calls ---- */

static void call_accept(void)
{
    struct wasock_listener *listener = &world.listeners[below(N_LISTENERS)];
    struct wasock_conn *conn = some_conn();
    const bool was_open = wasock_socket_is_open(&listener->socket);
    const bool was_conn_open = wasock_socket_is_open(&conn->socket);

    if (was_open) {
        CHECK(wasock_socket_set_timeout_ns(&listener->socket, WASOCK_READABLE,
                                           SIMHOST_MS(below(20))) <= 0);
    }
    const int result = below(2) == 0
                           ? wasock_listener_try_accept(listener, conn)
                           : wasock_listener_accept(listener, conn);
    check_code(result);
    CHECK(!was_conn_open || result < 0);
    CHECK(was_open || result < 0);
    CHECK(result < 0 || wasock_socket_is_open(&conn->socket));
    CHECK(result == 0 || wasock_socket_is_open(&conn->socket) == was_conn_open);
}

static void set_deadline(struct wasock_socket *socket)
{
    const unsigned directions = (unsigned)below(5);
    const int result =
        wasock_socket_set_timeout_ns(socket, directions, SIMHOST_MS(below(40)));

    check_code(result);
}

static void call_read(void)
{
    struct wasock_conn *conn = some_conn();
    const bool was_open = wasock_socket_is_open(&conn->socket);
    struct stream *stream = stream_of(conn);
    const size_t capacity = input_size(&world.input, BUFFER_BYTES);
    uint8_t buffer[BUFFER_BYTES];
    const struct wasock_buffer buffers[3] = {
        {buffer, capacity / 3},
        {buffer + capacity / 3, 0},
        {buffer + capacity / 3, capacity - capacity / 3}};
    ptrdiff_t n = 0;

    if (was_open) {
        CHECK(wasock_socket_set_timeout_ns(&conn->socket, WASOCK_READABLE,
                                           SIMHOST_MS(below(20))) <= 0);
    }
    switch (below(4)) {
    case 0:
        n = wasock_conn_read(conn, buffer, capacity);
        break;
    case 1:
        n = wasock_conn_readv(conn, buffers, 3);
        break;
    case 2:
        n = wasock_conn_try_readv(conn, buffers, 3);
        break;
    default:
        n = wasock_conn_try_read(conn, buffer, capacity);
    }
    check_count(n, capacity, was_open);
    if (n > 0) {
        check_read(stream, buffer, (size_t)n);
    }
}

static void call_write(void)
{
    struct wasock_conn *conn = some_conn();
    const bool was_open = wasock_socket_is_open(&conn->socket);
    struct stream *stream = stream_of(conn);
    const size_t length = input_size(&world.input, BUFFER_BYTES);
    uint8_t bytes[BUFFER_BYTES];
    const struct wasock_slice slices[3] = {
        {bytes, length / 2},
        {bytes, 0},
        {bytes + length / 2, length - length / 2}};
    ptrdiff_t n = 0;

    make_bytes(stream, bytes, length);
    if (was_open) {
        CHECK(wasock_socket_set_timeout_ns(&conn->socket, WASOCK_WRITABLE,
                                           SIMHOST_MS(below(20))) <= 0);
    }
    switch (below(4)) {
    case 0:
        n = wasock_conn_write(conn, bytes, length);
        break;
    case 1:
        n = wasock_conn_writev(conn, slices, 3);
        break;
    case 2:
        n = wasock_conn_try_writev(conn, slices, 3);
        break;
    default:
        n = wasock_conn_try_write(conn, bytes, length);
    }
    check_count(n, length, was_open);
    note_written(stream, n);
}

static void call_shutdown(void)
{
    struct wasock_conn *conn = some_conn();

    check_code(
        wasock_conn_shutdown(conn, (enum wasock_shutdown)(1 + below(3))));
}

static void call_close(void)
{
    const size_t object = below(N_OBJECTS);
    struct wasock_socket *socket = socket_of(object);
    const bool was_open = wasock_socket_is_open(socket);
    const int result =
        object < N_LISTENERS
            ? wasock_listener_close(&world.listeners[object])
            : wasock_conn_close(&world.conns[object - N_LISTENERS]);

    check_code(result);
    CHECK(was_open || result == -WASOCK_ECLOSED);
    CHECK(!wasock_socket_is_open(socket));
    forget_registrations(socket);
}

static void call_share(void)
{
    if (below(2) == 0) {
        check_code(wasock_conn_share(some_conn(), some_conn()));
    } else {
        check_code(wasock_listener_share(&world.listeners[below(N_LISTENERS)],
                                         &world.listeners[below(N_LISTENERS)]));
    }
}

/* Take the descriptor of a connection, and open an object on it again. */
static void call_into_fd(void)
{
    struct wasock_conn *conn = some_conn();
    struct wasock_conn *other = some_conn();
    const int fd = wasock_conn_into_fd(conn);

    if (fd < 0) {
        check_code(fd);
        return;
    }
    forget_registrations(&conn->socket);
    const int result = wasock_conn_from_fd(other, fd);
    check_code(result);
    if (result < 0) {
        CHECK(wasock_fd_close(fd) <= 0);
    }
}

static void call_connect(void)
{
    static const struct wasock_addr addr = {
        .family = WASOCK_ADDR_IPV4, .port = 80, .ip = {127, 0, 0, 1}};
    struct wasock_conn *conn = some_conn();
    const int32_t error = below(3) == 0 ? WASOCK_ECONNREFUSED : 0;

    simhost_set_connect(error, SIMHOST_MS(below(10)));
    if (below(2) == 0) {
        check_code(wasock_conn_connect_for_ns(conn, NULL, &addr,
                                              SIMHOST_MS(below(10))));
    } else {
        check_code(wasock_conn_start_connect(conn, NULL, &addr));
    }
}

static void call_finish_connect(void)
{
    check_code(wasock_conn_try_finish_connect(some_conn()));
}

/* ---- Pollers ---- */

static void open_poller(struct watching *watching)
{
    memset(watching->is_registered, 0, sizeof(watching->is_registered));
    CHECK(wasock_poller_init(&watching->poller, watching->memory,
                             sizeof(watching->memory)) == 0);
    watching->is_open = true;
}

static void call_renew_poller(void)
{
    struct watching *watching = &world.watching[below(N_POLLERS)];

    wasock_poller_close(&watching->poller);
    watching->is_open = false;
    memset(watching->is_registered, 0, sizeof(watching->is_registered));
    if (below(2) == 0) {
        open_poller(watching);
    }
}

static void call_register(void)
{
    struct watching *watching = &world.watching[below(N_POLLERS)];
    const size_t object = below(N_OBJECTS);
    const unsigned interest = (unsigned)below(4);
    struct wasock_socket *socket = socket_of(object);
    const bool was_registered = watching->is_registered[object];
    int result = 0;

    switch (below(4)) {
    case 0:
        result = wasock_poller_remove(&watching->poller, socket);
        CHECK((result == 0) == was_registered);
        watching->is_registered[object] = false;
        return;
    case 1:
        result =
            wasock_poller_modify(&watching->poller, socket, interest, socket);
        CHECK((result == 0) == was_registered);
        break;
    default:
        result = wasock_poller_add(&watching->poller, socket, interest, socket);
        CHECK(!was_registered || result == -WASOCK_EEXIST);
        check_code(result);
    }
    if (result == 0) {
        CHECK(watching->is_open && wasock_socket_is_open(socket));
        watching->is_registered[object] = true;
        watching->interest[object] = interest;
    }
}

static void check_event(const struct watching *watching,
                        const struct wasock_poller_event *event)
{
    size_t object = 0;

    while (object < N_OBJECTS && socket_of(object) != event->token) {
        object++;
    }
    CHECK(object < N_OBJECTS);
    CHECK(wasock_socket_is_open(event->token));
    CHECK(watching->is_registered[object]);
    CHECK((event->ready & ~watching->interest[object]) == 0);
    CHECK(event->ready != 0 || event->deadline != 0 || event->error != 0);
}

static void call_wait(void)
{
    struct watching *watching = &world.watching[below(N_POLLERS)];
    const ptrdiff_t n =
        wasock_poller_wait_for_ns(&watching->poller, SIMHOST_MS(below(30)));
    size_t n_taken = below(8);
    struct wasock_poller_event event;

    CHECK(n <= N_WATCHED);
    CHECK(watching->is_open || n == -WASOCK_ECLOSED);
    if (n < 0) {
        check_code(n);
    }
    while (n_taken > 0 && wasock_poller_next(&watching->poller, &event)) {
        check_event(watching, &event);
        n_taken--;
    }
}

/* ---- What others do ---- */

static struct peer *some_peer(void)
{
    struct peer *peer = &world.peers[below(N_PEERS)];

    return peer->peer == NULL || peer->is_over ? NULL : peer;
}

static void peer_connects(void)
{
    struct peer *peer = &world.peers[below(N_PEERS)];
    const int fd = world.listener_fds[below(N_LISTENERS)];

    memset(peer, 0, sizeof(*peer));
    peer->peer = simhost_connect(fd, SIMHOST_MS(below(4)));
}

static void peer_sends(void)
{
    struct peer *peer = some_peer();

    peer_sends_some(&world.input, peer == NULL ? NULL : peer->peer,
                    peer == NULL ? NULL : &peer->n_sent);
}

static void peer_ends(void)
{
    struct peer *peer = some_peer();

    peer_ends_somehow(&world.input, peer == NULL ? NULL : peer->peer);
    if (peer != NULL) {
        peer->is_over = true;
    }
}

static void peer_reads(void)
{
    const struct peer *peer = some_peer();

    peer_reads_somehow(&world.input, peer == NULL ? NULL : peer->peer);
}

static void time_passes(void)
{
    simhost_advance_ns(SIMHOST_MS(below(50)));
}

static void host_fails(void)
{
    static const int32_t errors[] = {
        WASOCK_EAGAIN, WASOCK_EINTR,  WASOCK_EIO,        WASOCK_EBADF,
        WASOCK_ENOMEM, WASOCK_EMFILE, WASOCK_ECONNRESET, WASOCK_EPIPE,
        WASOCK_EINVAL, WASOCK_ENOSYS, WASOCK_ENOTCAPABLE};
    const enum simhost_call call =
        (enum simhost_call)below(SIMHOST_N_CALLS + 1);
    const size_t error = below(sizeof(errors) / sizeof(errors[0]));

    if (world.n_faults++ < N_FAULTS_MAX) {
        /* A poll that was to detect wazero's, and failed. */
        simhost_allow(SIMHOST_FAKE_POLL_WRITE, true);
        simhost_fail(call, 1 + below(6), errors[error], 1 + below(3));
    }
}

static void host_lies(void)
{
    const enum simhost_call call =
        (enum simhost_call)below(SIMHOST_N_CALLS + 1);
    const enum simhost_lie lie = (enum simhost_lie)(1 + below(3));

    if (world.lies && world.n_faults++ < N_FAULTS_MAX) {
        simhost_lie(call, 1 + below(6), lie, 1 + below(3));
    }
}

static void call_socket(void)
{
    struct wasock_socket *socket = socket_of(below(N_OBJECTS));
    struct wasock_addr addr;

    switch (below(4)) {
    case 0:
        set_deadline(socket);
        break;
    case 1:
        check_code(wasock_socket_local_addr(socket, &addr));
        check_code(wasock_socket_remote_addr(socket, &addr));
        break;
    case 2:
        check_code(wasock_socket_set_label(socket, "label"));
        break;
    default:
        check_code(wasock_socket_set_interruptible(socket, below(2) == 0));
    }
}

/* ---- A world ---- */

/* In a world of lies nothing but memory is judged. */
static void on_failure(const char *message)
{
    if (!world.lies) {
        simhost_print_trace();
        fuzz_fail("simhost", 0, message);
    }
}

static void begin_world(void)
{
    const uint8_t wrong = input_byte(&world.input);

    simhost_reset(1 + wrong, simhost_polled[below(SIMHOST_N_POLLED)]);
    simhost_on_failure(on_failure);
    simhost_allow(SIMHOST_SIGPIPE, true); /* quirk 31: nobody can know */
    simhost_knobs.chunk_bytes =
        (wrong & 1) != 0 ? SIMHOST_CHUNK_RANDOM : SIMHOST_CHUNK_WHOLE;
    simhost_knobs.shuffle = (wrong & 2) != 0;
    simhost_knobs.spurious_eagain_per_mille = (wrong & 4) != 0 ? 200 : 0;
    simhost_knobs.spurious_ready_per_mille = (wrong & 8) != 0 ? 200 : 0;
    if (simhost_knobs.profile.poll_style != SIMHOST_POLL_FAKE) {
        /* wazero retries by itself. */
        simhost_knobs.interrupted_per_mille = (wrong & 16) != 0 ? 100 : 0;
    }
    simhost_knobs.n_descriptors_max = (wrong & 32) != 0 ? 9 : 0;
    simhost_knobs.can_open = (wrong & 64) != 0;
    simhost_knobs.n_idle_calls_max = 100000;
    world.lies = (wrong & 128) != 0;
    for (size_t i = 0; i < N_LISTENERS; i++) {
        world.listener_fds[i] = simhost_preopen(SIMHOST_LISTENER);
        CHECK(wasock_listener_from_fd(&world.listeners[i],
                                      world.listener_fds[i]) == 0);
    }
    for (size_t i = 0; i < N_POLLERS; i++) {
        open_poller(&world.watching[i]);
    }
}

static void end_world(void)
{
    simhost_clear_faults();
    for (size_t i = 0; i < N_CONNS; i++) {
        check_code(wasock_conn_close(&world.conns[i]));
    }
    for (size_t i = 0; i < N_LISTENERS; i++) {
        check_code(wasock_listener_close(&world.listeners[i]));
    }
    for (size_t i = 0; i < N_POLLERS; i++) {
        struct wasock_poller_event event;
        CHECK(!wasock_poller_next(&world.watching[i].poller, &event));
        wasock_poller_close(&world.watching[i].poller);
    }
    check_streams();
    simhost_check();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const calls[])(void) = {
        call_accept,   call_read,         call_write,    call_shutdown,
        call_close,    call_share,        call_into_fd,  call_connect,
        call_register, call_renew_poller, call_wait,     call_socket,
        peer_connects, peer_sends,        peer_ends,     peer_reads,
        time_passes,   host_fails,        host_lies,     call_finish_connect,
        call_read,     call_write,        call_register, call_wait,
        peer_sends,    peer_connects,     call_accept,   call_wait};

    memset(&world, 0, sizeof(world));
    world.input = (struct input){data, data + size};
    begin_world();
    for (int i = 0; i < N_CALLS_MAX && !input_is_empty(&world.input); i++) {
        calls[below(sizeof(calls) / sizeof(calls[0]))]();
    }
    end_world();
    return 0;
}
