/* SPDX-License-Identifier: MIT */
/* stream.c - listeners and connections of WASI 0.2. */
#include "internal.h"

#include <wasock/err.h>

#include "../component/type.h"

WASOCK__LINK_IMPORTS;

/* The size of reads grows by the factor 4: hosts may zero the whole buffer. */
#define READ_LEVEL_FIRST 1
#define READ_LEVEL_MAX 3
#define READ_SIZE(level) ((size_t)1024 << 2 * (level))

/* The most bytes of one write: the host buffers what the system does not take,
 * so this limits the cost of a peer that does not read. */
#define WRITE_MAX 65536

/* The most reads in a row that are followed by another one: 2 to the power of
 * this, less 1. */
#define FALSE_LEVEL_MAX 6

/* Slices below this are sent as one. */
#define GATHER_MAX 16384

WASIP2_IMPORT("wasi:sockets/tcp-create-socket", "create-tcp-socket")
void wasip2_tcp_create(uint32_t family, void *result);
WASIP2_IMPORT("wasi:sockets/tcp", "[method]tcp-socket.start-bind")
void wasip2_tcp_start_bind(uint32_t socket, uint32_t network,
                           WASOCK__FLAT_ADDR_TYPES, void *result);
WASIP2_IMPORT("wasi:sockets/tcp", "[method]tcp-socket.finish-bind")
void wasip2_tcp_finish_bind(uint32_t socket, void *result);
WASIP2_IMPORT("wasi:sockets/tcp", "[method]tcp-socket.start-connect")
void wasip2_tcp_start_connect(uint32_t socket, uint32_t network,
                              WASOCK__FLAT_ADDR_TYPES, void *result);
WASIP2_IMPORT("wasi:sockets/tcp", "[method]tcp-socket.finish-connect")
void wasip2_tcp_finish_connect(uint32_t socket, void *result);
WASIP2_IMPORT("wasi:sockets/tcp", "[method]tcp-socket.set-listen-backlog-size")
void wasip2_tcp_set_backlog(uint32_t socket, uint64_t backlog, void *result);
WASIP2_IMPORT("wasi:sockets/tcp", "[method]tcp-socket.start-listen")
void wasip2_tcp_start_listen(uint32_t socket, void *result);
WASIP2_IMPORT("wasi:sockets/tcp", "[method]tcp-socket.finish-listen")
void wasip2_tcp_finish_listen(uint32_t socket, void *result);
WASIP2_IMPORT("wasi:sockets/tcp", "[method]tcp-socket.accept")
void wasip2_tcp_accept(uint32_t socket, void *result);
WASIP2_IMPORT("wasi:sockets/tcp", "[method]tcp-socket.local-address")
void wasip2_tcp_local_addr(uint32_t socket, void *result);
WASIP2_IMPORT("wasi:sockets/tcp", "[method]tcp-socket.remote-address")
void wasip2_tcp_remote_addr(uint32_t socket, void *result);

/* ---- Pollables ---- */

uint32_t wasock__p2_input_pollable(struct wasip2_socket *socket)
{
    if (socket->input_pollable == 0) {
        socket->input_pollable = wasip2_input_subscribe(socket->input);
    }
    return socket->input_pollable;
}

uint32_t wasock__p2_output_pollable(struct wasip2_socket *socket)
{
    if (socket->output_pollable == 0) {
        socket->output_pollable = wasip2_output_subscribe(socket->output);
    }
    return socket->output_pollable;
}

/* ---- Listening and accepting ---- */

static int32_t create(const struct wasock_addr *addr,
                      struct wasock__flat_addr *flat, uint32_t *handle)
{
    struct wasip2_handles created;
    const int32_t error = wasock__addr_flatten(addr, flat);

    if (error != 0) {
        return error;
    }
    if (!wasock__table_has_room()) {
        return WASOCK_EMFILE;
    }
    wasip2_tcp_create(flat->family, &created);
    if (created.is_error) {
        return wasock__p2_errno(created.of.code);
    }
    *handle = created.of.handles[0];
    return 0;
}

/* Finish what was started, by one of two functions. */
static int32_t finish(uint32_t handle, uint32_t pollable,
                      void (*function)(uint32_t socket, void *result))
{
    struct wasip2_done done;

    for (;;) {
        function(handle, &done);
        if (!done.is_error) {
            return 0;
        }
        if (done.code != WASIP2_WOULD_BLOCK) {
            return wasock__p2_errno(done.code);
        }
        wasip2_pollable_block(pollable);
    }
}

static int32_t start_listening(uint32_t handle, uint32_t pollable,
                               uint32_t backlog)
{
    struct wasip2_done done;

    /* Optional: a host that refuses it has its own backlog. */
    wasip2_tcp_set_backlog(handle, backlog > 0 ? backlog : 1, &done);
    wasip2_tcp_start_listen(handle, &done);
    return done.is_error ? wasock__p2_errno(done.code)
                         : finish(handle, pollable, wasip2_tcp_finish_listen);
}

/* An entry of the table, where there is room. */
static struct wasip2_socket *add(enum wasock__socket_kind kind, uint32_t handle,
                                 int32_t *fd)
{
    struct wasip2_socket *socket =
        (struct wasip2_socket *)(void *)wasock__table_add(kind, fd);

    socket->handle = handle;
    socket->read_level = READ_LEVEL_FIRST;
    return socket;
}

int32_t wasock__host_bind(const struct wasock_addr *addr, int32_t *fd)
{
    struct wasock__flat_addr flat;
    struct wasip2_done done;
    uint32_t handle = 0;
    int32_t error = create(addr, &flat, &handle);

    if (error != 0) {
        return error;
    }
    uint32_t pollable = wasip2_tcp_subscribe(handle);
    wasip2_tcp_start_bind(handle, wasock__p2_network(), WASOCK__FLAT_ADDR(flat),
                          &done);
    error = done.is_error ? wasock__p2_errno(done.code)
                          : finish(handle, pollable, wasip2_tcp_finish_bind);
    if (error != 0) {
        wasip2_pollable_drop(pollable);
        wasip2_tcp_drop(handle);
        return error;
    }
    add(WASOCK__SOCKET_BOUND, handle, fd)->pollable = pollable;
    return 0;
}

int32_t wasock__host_listen_bound(int32_t fd, uint32_t backlog)
{
    struct wasip2_socket *socket = wasock__p2_find(fd);

    if (socket == NULL || socket->base.kind != WASOCK__SOCKET_BOUND) {
        return WASOCK_EBADF;
    }
    const int32_t error =
        start_listening(socket->handle, socket->pollable, backlog);
    if (error == 0) {
        socket->base.kind = WASOCK__SOCKET_LISTENER;
    }
    return error;
}

int32_t wasip1_sock_accept(int32_t fd, uint16_t flags, int32_t *accepted_fd)
{
    struct wasip2_handles accepted;
    const struct wasip2_socket *listener = wasock__p2_find(fd);

    if (listener == NULL || listener->base.kind != WASOCK__SOCKET_LISTENER) {
        return WASOCK_EBADF;
    }
    if ((flags & ~WASIP1_FDFLAGS_NONBLOCK) != 0) {
        return WASOCK_EINVAL;
    }
    if (!wasock__table_has_room()) {
        return WASOCK_EMFILE;
    }
    for (;;) {
        wasip2_tcp_accept(listener->handle, &accepted);
        wasock__p2_n_answers++;
        if (!accepted.is_error) {
            break;
        }
        if (accepted.of.code != WASIP2_WOULD_BLOCK ||
            wasock__p2_is_nonblocking(listener)) {
            return wasock__p2_errno(accepted.of.code);
        }
        wasip2_pollable_block(listener->pollable);
    }
    struct wasip2_socket *socket =
        add(WASOCK__SOCKET_CONNECTION, accepted.of.handles[0], accepted_fd);
    socket->base.flags = (uint8_t)flags;
    socket->input = accepted.of.handles[1];
    socket->output = accepted.of.handles[2];
    return 0;
}

/* ---- Connecting ---- */

int32_t wasock__p2_finish_connect(struct wasip2_socket *socket)
{
    struct wasip2_handles connected;

    if (socket->error != 0) {
        return socket->error;
    }
    wasip2_tcp_finish_connect(socket->handle, &connected);
    if (connected.is_error) {
        const int32_t error = wasock__p2_errno(connected.of.code);
        socket->error = error == WASOCK_EAGAIN ? 0 : (uint8_t)error;
        return error;
    }
    wasock__p2_drop_pollable(&socket->pollable);
    socket->base.kind = WASOCK__SOCKET_CONNECTION;
    socket->input = connected.of.handles[0];
    socket->output = connected.of.handles[1];
    return 0;
}

/* Start to connect a socket that has nothing but its pollable. */
static int32_t start_connect(struct wasip2_socket *socket,
                             const struct wasock__flat_addr *flat)
{
    struct wasip2_done done;

    wasip2_tcp_start_connect(socket->handle, wasock__p2_network(),
                             WASOCK__FLAT_ADDR(*flat), &done);
    if (done.is_error) {
        return wasock__p2_errno(done.code);
    }
    socket->base.kind = WASOCK__SOCKET_CONNECTING;
    /* wasmtime starts the connect at the first poll. */
    const int32_t ignored = wasock__p2_finish_connect(socket);
    (void)ignored;
    return 0;
}

int32_t wasock__host_connect_bound(int32_t fd, const struct wasock_addr *addr)
{
    struct wasock__flat_addr flat;
    struct wasip2_socket *socket = wasock__p2_find(fd);

    if (socket == NULL || socket->base.kind != WASOCK__SOCKET_BOUND) {
        return WASOCK_EBADF;
    }
    const int32_t error = wasock__addr_flatten(addr, &flat);
    return error != 0 ? error : start_connect(socket, &flat);
}

int32_t wasock__host_connect(const struct wasock_addr *addr, int32_t *fd)
{
    struct wasock__flat_addr flat;
    uint32_t handle = 0;
    int32_t opened = -1;
    int32_t error = create(addr, &flat, &handle);

    if (error != 0) {
        return error;
    }
    struct wasip2_socket *socket = add(WASOCK__SOCKET_BOUND, handle, &opened);
    socket->pollable = wasip2_tcp_subscribe(handle);
    error = start_connect(socket, &flat);
    if (error != 0) {
        wasip1_fd_close(opened);
        return error;
    }
    *fd = opened;
    return 0;
}

int32_t wasock__host_connect_result(int32_t fd)
{
    struct wasip2_socket *socket = wasock__p2_find(fd);

    if (socket == NULL) {
        return WASOCK_EBADF;
    }
    switch (socket->base.kind) {
    case WASOCK__SOCKET_CONNECTING:
        return wasock__p2_finish_connect(socket);
    case WASOCK__SOCKET_CONNECTION:
        return 0;
    default:
        return WASOCK_EINVAL;
    }
}

/* Find a connection, whose connect is finished. */
static int32_t find_connection(int32_t fd, struct wasip2_socket **found)
{
    struct wasip2_socket *socket = wasock__p2_find(fd);

    if (socket == NULL || socket->base.kind == WASOCK__SOCKET_LISTENER) {
        return WASOCK_EBADF;
    }
    *found = socket;
    if (socket->base.kind == WASOCK__SOCKET_BOUND) {
        return WASOCK_ENOTCONN;
    }
    while (socket->base.kind == WASOCK__SOCKET_CONNECTING) {
        const int32_t error = wasock__p2_finish_connect(socket);
        if (error == WASOCK_EAGAIN && !wasock__p2_is_nonblocking(socket)) {
            wasip2_pollable_block(socket->pollable);
        } else if (error != 0) {
            return error;
        }
    }
    return 0;
}

/* ---- Addresses ---- */

static int32_t address(int32_t fd, bool is_remote, struct wasock_addr *addr)
{
    struct wasip2_addr_result result;
    const struct wasip2_socket *socket = wasock__p2_find(fd);

    if (socket == NULL) {
        return WASOCK_EBADF;
    }
    if (socket->calls != NULL) {
        socket->calls->address(socket->handle, is_remote, &result);
    } else if (is_remote) {
        wasip2_tcp_remote_addr(socket->handle, &result);
    } else {
        wasip2_tcp_local_addr(socket->handle, &result);
    }
    if (result.is_error) {
        return wasock__p2_errno(result.of.code);
    }
    wasock__addr_load(&result.of.addr, addr);
    return 0;
}

int32_t wasock__host_local_addr(int32_t fd, struct wasock_addr *addr)
{
    return address(fd, false, addr);
}

int32_t wasock__host_remote_addr(int32_t fd, struct wasock_addr *addr)
{
    return address(fd, true, addr);
}

/* ---- Reading ---- */

static void learn_read_size(struct wasip2_socket *socket, size_t n_read)
{
    const size_t size = READ_SIZE(socket->read_level);

    if (n_read == size && socket->read_level < READ_LEVEL_MAX) {
        socket->read_level++;
    } else if (n_read > 0 && n_read < size / 8 && socket->read_level > 0) {
        socket->read_level--;
    }
}

/*
 * Read once into a piece of memory. Sets is_eof and error when the stream ends.
 * Returns whether it was filled: then there may be more.
 */
static bool read_once(struct wasip2_socket *socket, uint8_t *data, size_t room,
                      size_t *n_read)
{
    struct wasip2_bytes bytes;
    const size_t size = READ_SIZE(socket->read_level);
    const size_t asked = room < size ? room : size;
    const struct wasock__piece piece = {data, asked};
    const struct wasock__piece none = {NULL, 0};

    *n_read = 0;
    wasock__land(piece, none);
    wasip2_input_read(socket->input, asked, &bytes);
    wasock__land_end();
    if (bytes.is_error) {
        socket->is_eof = true;
        if (!bytes.of.error.is_closed) {
            socket->error = (uint8_t)wasock__p2_stream_errno(&bytes.of.error);
        }
        return false;
    }
    if (bytes.of.list.length > asked) {
        __builtin_trap(); /* more than the host may return */
    }
    if (bytes.of.list.data != data && bytes.of.list.length > 0) {
        __builtin_memcpy(data, bytes.of.list.data, bytes.of.list.length);
    }
    *n_read = bytes.of.list.length;
    learn_read_size(socket, *n_read);
    return *n_read == asked;
}

/*
 * wasmtime reports a socket as ready until a read finds nothing: after a read
 * of all that has arrived, the next poll may wake spuriously. A second read
 * prevents that, but is wasted if more data arrives before the next poll.
 * Spurious events decide: each one doubles the number of second reads until the
 * next test.
 */
static struct {
    uint8_t false_level; /* spurious events, halved by each true one */
    uint8_t n_left;      /* second reads until the next test */
} drains;

/* Learn from a read: whether it returned data, and whether it found the end of
 * what has arrived. */
static void learn_drains(struct wasip2_socket *socket, bool has_data,
                         bool is_drained)
{
    if (socket->is_reported && !has_data) {
        drains.false_level += drains.false_level < FALSE_LEVEL_MAX;
        drains.n_left = (uint8_t)((1U << drains.false_level) - 1);
    } else if (socket->is_reported && !socket->is_drained) {
        drains.false_level /= 2;
    }
    socket->is_reported = false;
    socket->is_drained = is_drained;
}

/* Whether to read again after a read that was not filled. Always, if a poll is
 * expensive because of many subscriptions. */
static bool is_to_drain(void)
{
    if (wasock__p2_n_asked >= WASIP2_MANY_ASKED) {
        return true;
    }
    if (drains.n_left == 0) {
        return false;
    }
    drains.n_left--;
    return true;
}

/*
 * Read all that has arrived. After a full read, read again in the same call: a
 * peer that sends an answer in parts would wait for an acknowledgement.
 */
static size_t read_all(struct wasip2_socket *socket,
                       const struct wasock_buffer *buffers, size_t n_buffers)
{
    size_t total = 0;
    size_t n_read = 0;
    bool is_filled = true;

    for (size_t i = 0; i < n_buffers && is_filled; i++) {
        uint8_t *data = (uint8_t *)buffers[i].data;
        size_t done = 0;
        while (is_filled && done < buffers[i].capacity) {
            is_filled = read_once(socket, data + done,
                                  buffers[i].capacity - done, &n_read) ||
                        (n_read > 0 && is_to_drain());
            done += n_read;
        }
        total += done;
    }
    learn_drains(socket, total > 0 || socket->is_eof, n_read == 0);
    return total;
}

static bool has_room(const struct wasock_buffer *buffers, size_t n_buffers)
{
    for (size_t i = 0; i < n_buffers; i++) {
        if (buffers[i].capacity > 0) {
            return true;
        }
    }
    return false;
}

static int32_t receive(struct wasip2_socket *socket,
                       const struct wasock_buffer *buffers, size_t n_buffers,
                       uint32_t *n_received)
{
    for (;;) {
        size_t n = 0;
        if (!socket->is_eof) {
            n = read_all(socket, buffers, n_buffers);
        }
        if (n > 0) {
            *n_received = (uint32_t)n;
            return 0;
        }
        if (socket->is_eof) {
            const int32_t error = socket->error;
            socket->error = 0;
            *n_received = 0;
            return error;
        }
        if (wasock__p2_is_nonblocking(socket)) {
            return WASOCK_EAGAIN;
        }
        wasip2_pollable_block(wasock__p2_input_pollable(socket));
    }
}

int32_t wasip1_sock_recv(int32_t fd, const struct wasock_buffer *buffers,
                         size_t n_buffers, uint16_t flags, uint32_t *n_received,
                         struct wasip1_roflags *roflags)
{
    struct wasip2_socket *socket = NULL;
    const int32_t error = find_connection(fd, &socket);

    if (error != 0) {
        return error;
    }
    if (flags != 0) {
        return WASOCK_ENOTSUP;
    }
    roflags->flags = 0;
    if (socket->calls != NULL) {
        return socket->calls->receive(socket, buffers, n_buffers, NULL,
                                      n_received);
    }
    if (!has_room(buffers, n_buffers)) {
        *n_received = 0;
        return 0;
    }
    return receive(socket, buffers, n_buffers, n_received);
}

/* ---- Writing ---- */

/* Get how much a connection takes. EAGAIN: nothing. */
static int32_t check_room(struct wasip2_socket *socket, uint64_t *n_bytes)
{
    struct wasip2_room room;

    wasip2_output_check(socket->output, &room);
    wasock__p2_n_answers++;
    socket->is_writable = false;
    if (room.is_error) {
        return wasock__p2_stream_errno(&room.of.error);
    }
    *n_bytes = room.of.n_bytes;
    return room.of.n_bytes > 0 ? 0 : WASOCK_EAGAIN;
}

/* The same. A host that reports no room may not have checked. */
static int32_t get_room(struct wasip2_socket *socket, uint64_t *n_bytes)
{
    int32_t error = check_room(socket, n_bytes);

    if (error != WASOCK_EAGAIN) {
        return error;
    }
    const uint32_t pollable = wasock__p2_output_pollable(socket);
    if (!wasock__p2_is_nonblocking(socket)) {
        wasip2_pollable_block(pollable);
        wasock__p2_n_answers = 0;
        return check_room(socket, n_bytes);
    }
    if (!socket->is_written) { /* a new one: there is room */
        wasock__p2_pause(pollable);
    } else if (wasock__p2_n_answers >= WASIP2_MANY_ANSWERS) {
        wasock__p2_refresh();
    }
    return wasip2_pollable_ready(pollable) ? check_room(socket, n_bytes)
                                           : WASOCK_EAGAIN;
}

/* Write some of the bytes. EAGAIN: the connection takes none. */
static int32_t write_some(struct wasip2_socket *socket, const uint8_t *bytes,
                          size_t length, size_t *n_written)
{
    struct wasip2_written written;
    uint64_t room = 0;
    const int32_t error = get_room(socket, &room);

    if (error != 0) {
        return error;
    }
    length = length < WRITE_MAX ? length : WRITE_MAX;
    length = length < room ? length : (size_t)room;
    wasip2_output_write(socket->output, bytes, length, &written);
    if (written.is_error) {
        return wasock__p2_stream_errno(&written.error);
    }
    socket->is_written = true;
    *n_written += length;
    return 0;
}

/* Write as many bytes as the connection takes. Returns an error only if it
 * takes none. */
static int32_t write_bytes(struct wasip2_socket *socket, const void *data,
                           size_t length, size_t *n_written)
{
    const uint8_t *bytes = (const uint8_t *)data;
    int32_t error = 0;

    *n_written = 0;
    while (*n_written < length && error == 0) {
        error = write_some(socket, bytes + *n_written, length - *n_written,
                           n_written);
        if (error == WASOCK_EAGAIN && !wasock__p2_is_nonblocking(socket)) {
            error = 0; /* it has waited, and waits again */
        }
    }
    return *n_written > 0 ? 0 : error;
}

/* Join the first slices, as far as they are small. Returns how many. */
static size_t gather(const struct wasock_slice *slices, size_t n_slices,
                     struct wasock_slice *joined)
{
    static uint8_t bytes[GATHER_MAX];
    size_t length = 0;
    size_t n = 0;

    if (n_slices == 1 || slices[0].length > GATHER_MAX) {
        *joined = slices[0];
        return 1;
    }
    while (n < n_slices && slices[n].length <= GATHER_MAX - length) {
        if (slices[n].length > 0) {
            __builtin_memcpy(bytes + length, slices[n].data, slices[n].length);
        }
        length += slices[n++].length;
    }
    joined->data = bytes;
    joined->length = length;
    return n;
}

int32_t wasip1_sock_send(int32_t fd, const struct wasock_slice *slices,
                         size_t n_slices, uint16_t flags, uint32_t *n_sent)
{
    struct wasip2_socket *socket = NULL;
    const int32_t error = find_connection(fd, &socket);

    if (error != 0 && (error == WASOCK_EBADF || n_slices > 0)) {
        return error;
    }
    if (flags != 0) {
        return WASOCK_ENOTSUP;
    }
    if (socket->calls != NULL && n_slices > 0) {
        return socket->calls->send(socket, slices, n_slices, NULL, n_sent);
    }
    *n_sent = 0;
    for (size_t i = 0; i < n_slices;) {
        struct wasock_slice joined;
        size_t n_written = 0;
        i += gather(slices + i, n_slices - i, &joined);
        const int32_t write_error =
            write_bytes(socket, joined.data, joined.length, &n_written);
        *n_sent += (uint32_t)n_written;
        if (n_written < joined.length) {
            return *n_sent > 0 ? 0 : write_error;
        }
    }
    return 0;
}

int32_t wasip1_sock_shutdown(int32_t fd, uint8_t how)
{
    static const uint8_t types[] = {0, 0, 1, 2}; /* receive, send, both */
    struct wasip2_done done;
    struct wasip2_socket *socket = NULL;
    const int32_t error = find_connection(fd, &socket);

    if (error != 0 && error != WASOCK_EBADF) {
        return WASOCK_ENOTCONN;
    }
    if (error != 0 || socket->calls != NULL) {
        return WASOCK_ENOTCONN;
    }
    if (how == 0 || how >= sizeof(types)) {
        return WASOCK_EINVAL;
    }
    if (how & WASIP1_SDFLAGS_RD) {
        socket->is_eof = true;
    }
    wasip2_tcp_shutdown(socket->handle, types[how], &done);
    return done.is_error ? wasock__p2_errno(done.code) : 0;
}
