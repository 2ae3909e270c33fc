/* SPDX-License-Identifier: MIT */
/* stream.c - receive and send the bytes of a connection. */
#include "internal.h"

#include <wasock/err.h>
#include <wasock/fd.h>

#include "../component/type.h"

WASOCK__LINK_IMPORTS;

#define RECEIVE "[method]tcp-socket.receive"
#define SEND "[method]tcp-socket.send"

WASOCK__IMPORT(WASOCK__P3_SOCKETS, RECEIVE)
void wasock__p3_import_receive(uint32_t tcp_socket, uint32_t *streams);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, SEND)
uint32_t wasock__p3_import_send(uint32_t tcp_socket, uint32_t readable);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[stream-new-0]" SEND)
uint64_t wasock__p3_import_stream_new(void);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[async-lower][stream-read-0]" RECEIVE)
uint32_t wasock__p3_import_read(uint32_t stream, void *data, size_t capacity);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[async-lower][stream-write-0]" SEND)
uint32_t wasock__p3_import_write(uint32_t stream, const void *data,
                                 size_t length);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[stream-cancel-read-0]" RECEIVE)
uint32_t wasock__p3_import_cancel_read(uint32_t stream);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[stream-cancel-write-0]" SEND)
uint32_t wasock__p3_import_cancel_write(uint32_t stream);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[stream-drop-readable-0]" RECEIVE)
void wasock__p3_import_drop_readable(uint32_t stream);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[stream-drop-writable-0]" SEND)
void wasock__p3_import_drop_writable(uint32_t stream);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[async-lower][future-read-1]" RECEIVE)
uint32_t wasock__p3_import_outcome(uint32_t future, void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[future-cancel-read-1]" RECEIVE)
uint32_t wasock__p3_import_cancel_outcome(uint32_t future);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[future-drop-readable-1]" RECEIVE)
void wasock__p3_import_drop_outcome(uint32_t future);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[future-drop-readable-1]" SEND)
void wasock__p3_import_drop_send_outcome(uint32_t future);

/* Slices are gathered here: the host takes one piece at a time, and each would
 * be a packet. */
#define GATHER_BYTES 16384U

/* How long a new connection may seem to have no room. */
#define NEW_MAX_NS 100000000

/* ---- Open, close ---- */

void wasock__p3_stream_open(struct wasock__p3_socket *socket)
{
    uint32_t streams[2] = {0, 0};

    wasock__p3_import_receive(socket->handle, streams);
    socket->receiving = streams[0];
    socket->outcome = streams[1];
    const uint64_t pair = wasock__p3_import_stream_new();
    socket->sending = (uint32_t)(pair >> 32);
    wasock__p3_import_drop_send_outcome(
        wasock__p3_import_send(socket->handle, (uint32_t)pair));
}

/* Deliver EOF to the peer. */
void wasock__p3_stream_shut(struct wasock__p3_socket *socket)
{
    if (socket->sending == 0) {
        return;
    }
    wasock__p3_leave(socket->sending);
    if (socket->is_probing) {
        wasock__p3_import_cancel_write(socket->sending);
        socket->is_probing = false;
    }
    wasock__p3_import_drop_writable(socket->sending);
    socket->sending = 0;
    socket->is_full = false;
}

void wasock__p3_stream_close(struct wasock__p3_socket *socket)
{
    if (socket->is_joined) {
        wasock__p3_leave(socket->receiving);
    }
    if (socket->is_reading) {
        wasock__p3_import_cancel_read(socket->receiving);
    }
    if (socket->outcome != 0) {
        wasock__p3_import_drop_outcome(socket->outcome);
    }
    wasock__p3_import_drop_readable(socket->receiving);
    wasock__p3_stream_shut(socket);
}

/* ---- Receive ---- */

void wasock__p3_read_end(struct wasock__p3_socket *socket, uint32_t code)
{
    socket->is_reading = false;
    socket->n_landed = (uint16_t)(code >> 4);
    socket->landed_at = 0;
    socket->has_more = socket->n_landed == WASOCK__P3_LANDING_BYTES;
    if ((code & 15) == WASOCK__P3_DROPPED) {
        socket->is_ended = true;
    }
    wasock__p3_changed(socket, WASOCK_READABLE);
}

void wasock__p3_start_read(struct wasock__p3_socket *socket)
{
    if (socket->is_reading || socket->n_landed > 0 || socket->is_ended) {
        return;
    }
    const uint32_t code = wasock__p3_import_read(
        socket->receiving, socket->landing, WASOCK__P3_LANDING_BYTES);
    if (code != WASOCK__P3_BLOCKED) {
        wasock__p3_read_end(socket, code);
        return;
    }
    socket->is_reading = true;
    if (!socket->is_joined) {
        socket->is_joined = wasock__p3_join(socket->receiving, socket);
    }
}

/* Why receiving ended: 0: at the end of the stream. Once. */
static int32_t take_outcome(struct wasock__p3_socket *socket)
{
    struct wasock__p3_result result = {0};

    if (socket->outcome == 0) {
        return 0;
    }
    wasock__p3_land_text();
    if (wasock__p3_import_outcome(socket->outcome, &result) ==
        WASOCK__P3_BLOCKED) {
        wasock__p3_import_cancel_outcome(socket->outcome);
    }
    wasock__land_end();
    wasock__p3_import_drop_outcome(socket->outcome);
    socket->outcome = 0;
    return wasock__p3_error(&result);
}

/* Take what landed. rest: written: the room that it left in the last buffer it
 * came to. */
static uint32_t take_landed(struct wasock__p3_socket *socket,
                            const struct wasock_buffer *buffers,
                            size_t n_buffers, struct wasock_buffer *rest)
{
    uint32_t n_taken = 0;

    for (size_t i = 0; i < n_buffers && socket->n_landed > 0; i++) {
        const uint32_t n = buffers[i].capacity < socket->n_landed
                               ? (uint32_t)buffers[i].capacity
                               : socket->n_landed;
        __builtin_memcpy(buffers[i].data, socket->landing + socket->landed_at,
                         n);
        socket->landed_at = (uint16_t)(socket->landed_at + n);
        socket->n_landed = (uint16_t)(socket->n_landed - n);
        n_taken += n;
        rest->data = (char *)buffers[i].data + n;
        rest->capacity = buffers[i].capacity - n;
    }
    return n_taken;
}

/* The canonical ABI traps for longer transfers. */
static size_t limit(size_t length)
{
    const size_t length_max = (1U << 28) - 1;

    return length < length_max ? length : length_max;
}

/* The landing buffer was full, so more is there: read it into the caller's, now
 * or never. Left to the next call, half a message would wait for that, and the
 * peer's next segment for its acknowledgement. */
static uint32_t read_more(struct wasock__p3_socket *socket,
                          const struct wasock_buffer *rest)
{
    const size_t capacity = limit(rest->capacity);
    uint32_t code =
        wasock__p3_import_read(socket->receiving, rest->data, capacity);

    if (code == WASOCK__P3_BLOCKED) {
        if (socket->is_joined) {
            wasock__p3_pause(socket->receiving);
        }
        code = wasock__p3_import_cancel_read(socket->receiving);
        if (socket->is_joined) {
            wasock__p3_resume(socket->receiving);
        }
    }
    if ((code & 15) == WASOCK__P3_DROPPED) {
        socket->is_ended = true;
    }
    socket->has_more = code >> 4 == capacity;
    return code >> 4;
}

/* Wait until a connection can be read from. Returns a preview1 errno. */
static int32_t wait_readable(struct wasock__p3_socket *socket, uint8_t flags)
{
    while (wasock__p3_ready(socket, WASOCK_READABLE) == 0) {
        if ((flags & WASIP1_FDFLAGS_NONBLOCK) == 0) {
            wasock__p3_suspend(UINT64_MAX);
        } else if (!wasock__p3_yield_seldom()) {
            return WASOCK_EAGAIN;
        }
    }
    return 0;
}

static int32_t receive(struct wasock__p3_socket *socket, uint8_t flags,
                       const struct wasock_buffer *buffers, size_t n_buffers,
                       uint32_t *n_received)
{
    struct wasock_buffer rest = {NULL, 0};
    size_t room = 0;

    for (size_t i = 0; i < n_buffers; i++) {
        room += buffers[i].capacity;
    }
    const int32_t error = room == 0 ? 0 : wait_readable(socket, flags);
    if (error != 0) {
        return error;
    }
    if (room > 0 && socket->n_landed == 0) {
        *n_received = 0;
        return take_outcome(socket);
    }
    *n_received = take_landed(socket, buffers, n_buffers, &rest);
    if (socket->n_landed == 0 && socket->has_more && !socket->is_ended &&
        rest.capacity > 0) {
        *n_received += read_more(socket, &rest);
    }
    return 0;
}

/* A connection that is not one yet, or will not be, is not read or written. */
static int32_t why_not_connected(const struct wasock__p3_socket *socket)
{
    if (socket->base.kind == WASOCK__SOCKET_CONNECTING) {
        return socket->has_result ? socket->error : WASOCK_EAGAIN;
    }
    return socket->base.kind == WASOCK__SOCKET_BOUND ? WASOCK_ENOTCONN
                                                     : WASOCK_EBADF;
}

int32_t wasip1_sock_recv(int32_t fd, const struct wasock_buffer *buffers,
                         size_t n_buffers, uint16_t flags, uint32_t *n_received,
                         struct wasip1_roflags *roflags)
{
    struct wasock__p3_socket *socket =
        fd == 0 ? wasock__p3_input() : wasock__p3_find(fd);

    if (socket == NULL) {
        return WASOCK_EBADF;
    }
    if (flags != 0) {
        return WASOCK_ENOTSUP;
    }
    roflags->flags = 0;
    switch (socket->base.kind) {
    case WASOCK__SOCKET_CONNECTION:
        return receive(socket,
                       fd == 0 ? wasock__standard_flags[0] : socket->base.flags,
                       buffers, n_buffers, n_received);
    case WASOCK__SOCKET_DGRAM:
        return wasock__p3_dgram->receive_fitting(socket, buffers, n_buffers,
                                                 n_received);
    default:
        return why_not_connected(socket);
    }
}

/* ---- Send ---- */

/* Once the host has dropped its end, another write of any length would trap. */
static void take_drop(struct wasock__p3_socket *socket, uint32_t code)
{
    if ((code & 15) == WASOCK__P3_DROPPED) {
        wasock__p3_stream_shut(socket);
    }
}

void wasock__p3_probe_end(struct wasock__p3_socket *socket, uint32_t code)
{
    socket->is_probing = false;
    socket->is_full = false;
    take_drop(socket, code);
    wasock__p3_changed(socket, WASOCK_WRITABLE);
}

void wasock__p3_start_probe(struct wasock__p3_socket *socket)
{
    if (!socket->is_full || socket->is_probing) {
        return;
    }
    const uint32_t code = wasock__p3_import_write(socket->sending, NULL, 0);
    if (code != WASOCK__P3_BLOCKED) {
        wasock__p3_probe_end(socket, code);
        return;
    }
    socket->is_probing = true;
    wasock__p3_join(socket->sending, socket);
}

/* Write as much as there is room for. error: written if the peer is gone. */
static uint32_t write_some(struct wasock__p3_socket *socket, const char *data,
                           size_t length, int32_t *error)
{
    if (socket->sending == 0) { /* dropped meanwhile */
        *error = WASOCK_EPIPE;
        return 0;
    }
    uint32_t code =
        wasock__p3_import_write(socket->sending, data, limit(length));
    if (code == WASOCK__P3_BLOCKED) {
        wasock__p3_leave(socket->sending);
        code = wasock__p3_import_cancel_write(socket->sending);
        socket->is_full = code >> 4 == 0;
    }
    if ((code & 15) == WASOCK__P3_DROPPED && code >> 4 == 0) {
        *error = WASOCK_EPIPE; /* what has arrived can still be read */
    }
    take_drop(socket, code);
    return code >> 4;
}

/* One piece of what is to be sent: the only slice, or the first in a row. */
static struct wasock_slice gather(const struct wasock_slice *slices,
                                  size_t n_slices)
{
    static uint8_t gathered[GATHER_BYTES];
    size_t n = 0;

    if (n_slices == 1) {
        return slices[0];
    }
    for (size_t i = 0; i < n_slices && n < GATHER_BYTES; i++) {
        const size_t room = GATHER_BYTES - n;
        const size_t n_copied =
            slices[i].length < room ? slices[i].length : room;
        if (n_copied > 0) {
            __builtin_memcpy(gathered + n, slices[i].data, n_copied);
        }
        n += n_copied;
    }
    return (struct wasock_slice){gathered, n};
}

/* Let the host make room. Returns whether it did, perhaps. A new connection has
 * room, but the host needs a moment before it takes anything: wait for that. */
static bool may_have_room(struct wasock__p3_socket *socket, uint64_t *until_ns)
{
    if (*until_ns == 0) {
        *until_ns =
            socket->has_sent ? 1 : wasock__version_now_ns() + NEW_MAX_NS;
        wasock__p3_yield();
        return true;
    }
    if (*until_ns == 1 || wasock__version_now_ns() >= *until_ns) {
        return false;
    }
    wasock__p3_suspend(*until_ns);
    return true;
}

/* Wait until a connection can be written to. Returns a preview1 errno. */
static int32_t wait_writable(struct wasock__p3_socket *socket)
{
    uint64_t until_ns = 0;

    while (wasock__p3_ready(socket, WASOCK_WRITABLE) == 0) {
        if ((socket->base.flags & WASIP1_FDFLAGS_NONBLOCK) == 0) {
            wasock__p3_suspend(UINT64_MAX);
        } else if (!may_have_room(socket, &until_ns)) {
            return WASOCK_EAGAIN;
        }
    }
    return 0;
}

static int32_t send(struct wasock__p3_socket *socket,
                    const struct wasock_slice *slices, size_t n_slices,
                    uint32_t *n_sent)
{
    const struct wasock_slice slice = gather(slices, n_slices);
    const char *data = (const char *)slice.data;
    int32_t error = 0;
    uint32_t n = 0;

    if (slice.length > 0 && socket->sending == 0) {
        return WASOCK_EPIPE;
    }
    while (n < slice.length && error == 0) {
        if (socket->is_full) {
            error = n > 0 ? WASOCK_EAGAIN : wait_writable(socket);
        }
        if (error == 0) {
            n += write_some(socket, data + n, slice.length - n, &error);
        }
    }
    socket->has_sent |= n > 0;
    *n_sent = n;
    return n > 0 ? 0 : error;
}

int32_t wasip1_sock_send(int32_t fd, const struct wasock_slice *slices,
                         size_t n_slices, uint16_t flags, uint32_t *n_sent)
{
    struct wasock__p3_socket *socket = wasock__p3_find(fd);

    if (socket == NULL) {
        return WASOCK_EBADF;
    }
    if (flags != 0) {
        return WASOCK_ENOTSUP;
    }
    switch (socket->base.kind) {
    case WASOCK__SOCKET_CONNECTION:
        return send(socket, slices, n_slices, n_sent);
    case WASOCK__SOCKET_DGRAM:
        return wasock__p3_dgram->send(socket, slices, n_slices, NULL, n_sent);
    default:
        return why_not_connected(socket);
    }
}

int32_t wasip1_sock_shutdown(int32_t fd, uint8_t how)
{
    struct wasock__p3_socket *socket = wasock__p3_find(fd);

    if (socket == NULL) {
        return WASOCK_EBADF;
    }
    if (socket->base.kind != WASOCK__SOCKET_CONNECTION) {
        return socket->base.kind == WASOCK__SOCKET_LISTENER ? WASOCK_EBADF
                                                            : WASOCK_ENOTCONN;
    }
    if (how == 0 || how > (WASIP1_SDFLAGS_RD | WASIP1_SDFLAGS_WR)) {
        return WASOCK_EINVAL;
    }
    if ((how & WASIP1_SDFLAGS_RD) != 0) {
        socket->is_ended = true;
        wasock__p3_changed(socket, WASOCK_READABLE);
    }
    if ((how & WASIP1_SDFLAGS_WR) != 0) {
        wasock__p3_stream_shut(socket);
        wasock__p3_changed(socket, WASOCK_WRITABLE);
    }
    return 0;
}
