/* SPDX-License-Identifier: MIT */
/* dgram.c - datagram sockets of WASI 0.2. */
#include "internal.h"

#include <wasock/err.h>

#include "../component/type.h"

WASOCK__LINK_IMPORTS;

/* The largest datagram that is gathered from several slices. */
#define GATHER_MAX 65536

#define UDP "wasi:sockets/udp"

WASIP2_IMPORT("wasi:sockets/udp-create-socket", "create-udp-socket")
void wasip2_udp_create(uint32_t family, void *result);
WASIP2_IMPORT(UDP, "[method]udp-socket.start-bind")
void wasip2_udp_start_bind(uint32_t socket, uint32_t network,
                           WASOCK__FLAT_ADDR_TYPES, void *result);
WASIP2_IMPORT(UDP, "[method]udp-socket.finish-bind")
void wasip2_udp_finish_bind(uint32_t socket, void *result);
WASIP2_IMPORT(UDP, "[method]udp-socket.stream")
void wasip2_udp_stream(uint32_t socket, uint32_t is_connected,
                       WASOCK__FLAT_ADDR_TYPES, void *result);
WASIP2_IMPORT(UDP, "[method]udp-socket.local-address")
void wasip2_udp_local_addr(uint32_t socket, void *result);
WASIP2_IMPORT(UDP, "[method]udp-socket.remote-address")
void wasip2_udp_remote_addr(uint32_t socket, void *result);
WASIP2_IMPORT(UDP, "[resource-drop]udp-socket")
void wasip2_udp_drop(uint32_t socket);
WASIP2_IMPORT(UDP, "[method]incoming-datagram-stream.receive")
void wasip2_udp_receive(uint32_t input, uint64_t n_datagrams, void *result);
WASIP2_IMPORT(UDP, "[method]incoming-datagram-stream.subscribe")
uint32_t wasip2_udp_input_subscribe(uint32_t input);
WASIP2_IMPORT(UDP, "[resource-drop]incoming-datagram-stream")
void wasip2_udp_input_drop(uint32_t input);
WASIP2_IMPORT(UDP, "[method]outgoing-datagram-stream.check-send")
void wasip2_udp_check(uint32_t output, void *result);
WASIP2_IMPORT(UDP, "[method]outgoing-datagram-stream.send")
void wasip2_udp_send(uint32_t output, const void *datagrams, size_t n_datagrams,
                     void *result);
WASIP2_IMPORT(UDP, "[method]outgoing-datagram-stream.subscribe")
uint32_t wasip2_udp_output_subscribe(uint32_t output);
WASIP2_IMPORT(UDP, "[resource-drop]outgoing-datagram-stream")
void wasip2_udp_output_drop(uint32_t output);

struct incoming {
    const uint8_t *data;
    size_t length;
    struct wasock__memory_addr addr;
};

struct outgoing {
    const void *data;
    size_t length;
    uint8_t has_addr;
    struct wasock__memory_addr addr;
};

_Static_assert(sizeof(struct incoming) == 40, "incoming-datagram");
_Static_assert(sizeof(struct outgoing) == 44, "outgoing-datagram");

/* result<list<incoming-datagram>, error-code> */
struct received {
    uint8_t is_error;
    union {
        struct {
            const struct incoming *datagrams;
            size_t n_datagrams;
        } list;
        uint8_t code;
    } of;
};

/* result<u64, error-code> */
struct count {
    uint8_t is_error;
    union {
        uint64_t n;
        uint8_t code;
    } of;
};

/* ---- Opening and connecting ---- */

static void drop_streams(struct wasip2_socket *socket)
{
    if (socket->input == 0) {
        return;
    }
    wasock__p2_drop_pollable(&socket->input_pollable);
    wasock__p2_drop_pollable(&socket->output_pollable);
    wasip2_udp_input_drop(socket->input);
    wasip2_udp_output_drop(socket->output);
    socket->input = 0;
    socket->output = 0;
}

static void drop(struct wasip2_socket *socket)
{
    drop_streams(socket);
    wasip2_udp_drop(socket->handle);
}

/* Replace the streams: those of a socket without a peer, or to this one. */
static int32_t make_streams(struct wasip2_socket *socket,
                            const struct wasock__flat_addr *peer)
{
    static const struct wasock__flat_addr nobody = {0};
    struct wasip2_handles streams;
    const struct wasock__flat_addr *flat = peer != NULL ? peer : &nobody;

    drop_streams(socket); /* else the host ends the program */
    wasip2_udp_stream(socket->handle, peer != NULL, WASOCK__FLAT_ADDR(*flat),
                      &streams);
    if (streams.is_error) {
        return wasock__p2_errno(streams.of.code);
    }
    socket->input = streams.of.handles[0];
    socket->output = streams.of.handles[1];
    socket->input_pollable = wasip2_udp_input_subscribe(socket->input);
    socket->output_pollable = wasip2_udp_output_subscribe(socket->output);
    return 0;
}

static int32_t bind(uint32_t handle, const struct wasock__flat_addr *flat)
{
    struct wasip2_done done;

    wasip2_udp_start_bind(handle, wasock__p2_network(),
                          WASOCK__FLAT_ADDR(*flat), &done);
    if (!done.is_error) {
        wasip2_udp_finish_bind(handle, &done); /* no host lets it wait */
    }
    return done.is_error ? wasock__p2_errno(done.code) : 0;
}

/* ---- Receiving ---- */

/* Copy a datagram into buffers, as far as there is room. It may be in the
 * first of them already. */
static void scatter(const struct incoming *datagram,
                    const struct wasock_buffer *buffers, size_t n_buffers)
{
    size_t done = 0;

    for (size_t i = 0; i < n_buffers && done < datagram->length; i++) {
        const size_t left = datagram->length - done;
        const size_t n =
            left < buffers[i].capacity ? left : buffers[i].capacity;
        if (n > 0 && buffers[i].data != datagram->data + done) {
            __builtin_memmove(buffers[i].data, datagram->data + done, n);
        }
        done += n;
    }
}

static int32_t receive_once(struct wasip2_socket *socket,
                            const struct wasock_buffer *buffers,
                            size_t n_buffers, struct incoming *datagram)
{
    struct received received;
    struct incoming room;
    const struct wasock__piece first = {&room, sizeof(room)};
    const struct wasock__piece second = {n_buffers > 0 ? buffers[0].data : NULL,
                                         n_buffers > 0 ? buffers[0].capacity
                                                       : 0};

    wasock__land(first, second);
    wasip2_udp_receive(socket->input, 1, &received);
    wasock__land_end();
    if (received.is_error) {
        return wasock__p2_errno(received.of.code);
    }
    if (received.of.list.n_datagrams == 0) {
        return WASOCK_EAGAIN;
    }
    *datagram = received.of.list.datagrams[0];
    scatter(datagram, buffers, n_buffers);
    return 0;
}

static int32_t receive(struct wasip2_socket *socket,
                       const struct wasock_buffer *buffers, size_t n_buffers,
                       struct wasock_addr *addr, uint32_t *length)
{
    struct incoming datagram = {.length = 0};
    size_t capacity = 0;
    int32_t error = receive_once(socket, buffers, n_buffers, &datagram);

    while (error == WASOCK_EAGAIN && !wasock__p2_is_nonblocking(socket)) {
        wasip2_pollable_block(socket->input_pollable);
        error = receive_once(socket, buffers, n_buffers, &datagram);
    }
    if (error != 0) {
        return error;
    }
    if (addr != NULL) { /* dgram_receive: of the whole datagram */
        wasock__addr_load(&datagram.addr, addr);
        *length = (uint32_t)datagram.length;
        return 0;
    }
    for (size_t i = 0; i < n_buffers; i++) {
        capacity += buffers[i].capacity;
    }
    *length =
        (uint32_t)(datagram.length < capacity ? datagram.length : capacity);
    return 0;
}

/* ---- Sending ---- */

/* Join slices into a datagram's data. */
static int32_t gather(const struct wasock_slice *slices, size_t n_slices,
                      struct outgoing *datagram)
{
    static uint8_t *joined;

    if (n_slices == 1) {
        datagram->data = slices[0].data;
        datagram->length = slices[0].length;
        return 0;
    }
    if (joined == NULL) {
        joined = (uint8_t *)wasock__grow(GATHER_MAX / WASOCK__PAGE_BYTES);
        if (joined == NULL) {
            return WASOCK_ENOMEM;
        }
    }
    for (size_t i = 0; i < n_slices; i++) {
        if (slices[i].length > GATHER_MAX - datagram->length) {
            return WASOCK_EMSGSIZE;
        }
        if (slices[i].length > 0) {
            __builtin_memcpy(joined + datagram->length, slices[i].data,
                             slices[i].length);
        }
        datagram->length += slices[i].length;
    }
    datagram->data = joined;
    return 0;
}

/* Send one datagram. EAGAIN: the host takes none now. */
static int32_t send_once(struct wasip2_socket *socket,
                         const struct outgoing *datagram)
{
    struct count count;

    wasip2_udp_check(socket->output, &count);
    if (!count.is_error && count.of.n > 0) {
        wasip2_udp_send(socket->output, datagram, 1, &count);
    }
    if (count.is_error) {
        return wasock__p2_errno(count.of.code);
    }
    return count.of.n > 0 ? 0 : WASOCK_EAGAIN;
}

static int32_t send(struct wasip2_socket *socket,
                    const struct wasock_slice *slices, size_t n_slices,
                    const struct wasock_addr *addr, uint32_t *n_sent)
{
    struct outgoing datagram = {.has_addr = addr != NULL};
    int32_t error = gather(slices, n_slices, &datagram);

    if (error == 0 && addr != NULL) {
        error = wasock__addr_store(addr, &datagram.addr);
    }
    if (error != 0) {
        return error;
    }
    error = send_once(socket, &datagram);
    if (error == WASOCK_EAGAIN) { /* a new socket is not known to be ready */
        wasock__p2_pause(socket->output_pollable);
        error = send_once(socket, &datagram);
    }
    while (error == WASOCK_EAGAIN && !wasock__p2_is_nonblocking(socket)) {
        wasip2_pollable_block(socket->output_pollable);
        error = send_once(socket, &datagram);
    }
    if (error != 0) {
        return error;
    }
    *n_sent = (uint32_t)datagram.length;
    return 0;
}

/* ---- The functions of host.h ---- */

static void address(uint32_t handle, bool is_remote,
                    struct wasip2_addr_result *result)
{
    if (is_remote) {
        wasip2_udp_remote_addr(handle, result);
    } else {
        wasip2_udp_local_addr(handle, result);
    }
}

static const struct wasip2_dgram_calls calls = {receive, send, address, drop};

static struct wasip2_socket *find(int32_t fd, int32_t *error)
{
    struct wasip2_socket *socket = wasock__p2_find(fd);

    if (socket == NULL) {
        *error = WASOCK_EBADF;
    } else if (socket->calls == NULL) {
        *error = WASOCK_ENOTSUP;
    } else {
        *error = 0;
    }
    return socket;
}

/* The address to bind to: any one of the family, if none is asked for. */
static int32_t local_of(uint8_t family, const struct wasock_addr *addr,
                        struct wasock__flat_addr *flat)
{
    struct wasock_addr any = {.family = family};

    return wasock__addr_flatten(addr != NULL ? addr : &any, flat);
}

int32_t wasock__host_dgram_open(uint8_t family, const struct wasock_addr *addr,
                                int32_t *fd)
{
    struct wasock__flat_addr flat;
    struct wasip2_handles created;
    struct wasip2_socket opened = {.calls = &calls};
    int32_t error = local_of(family, addr, &flat);

    if (error != 0) {
        return error;
    }
    if (!wasock__table_has_room()) {
        return WASOCK_EMFILE;
    }
    wasip2_udp_create(flat.family, &created);
    if (created.is_error) {
        return wasock__p2_errno(created.of.code);
    }
    opened.handle = created.of.handles[0];
    error = bind(opened.handle, &flat);
    if (error == 0) {
        error = make_streams(&opened, NULL);
    }
    if (error != 0) {
        drop(&opened);
        return error;
    }
    struct wasip2_socket *socket =
        (struct wasip2_socket *)(void *)wasock__table_add(WASOCK__SOCKET_DGRAM,
                                                          fd);
    opened.base = socket->base;
    *socket = opened;
    return 0;
}

int32_t wasock__host_dgram_connect(int32_t fd, const struct wasock_addr *addr)
{
    struct wasock__flat_addr flat;
    int32_t error = 0;
    struct wasip2_socket *socket = find(fd, &error);

    if (error == 0) {
        error = wasock__addr_flatten(addr, &flat);
    }
    if (error != 0) {
        return error;
    }
    error = make_streams(socket, &flat);
    if (error != 0) { /* it has no peer, as before */
        const int32_t ignored = make_streams(socket, NULL);
        (void)ignored;
    }
    return error;
}

int32_t wasock__host_dgram_send(int32_t fd, const struct wasock_slice *slices,
                                size_t n_slices, const struct wasock_addr *addr,
                                uint32_t *n_sent)
{
    int32_t error = 0;
    struct wasip2_socket *socket = find(fd, &error);

    return error != 0 ? error : send(socket, slices, n_slices, addr, n_sent);
}

int32_t wasock__host_dgram_receive(int32_t fd,
                                   const struct wasock_buffer *buffers,
                                   size_t n_buffers, struct wasock_addr *addr,
                                   uint32_t *length)
{
    int32_t error = 0;
    struct wasip2_socket *socket = find(fd, &error);

    return error != 0 ? error
                      : receive(socket, buffers, n_buffers, addr, length);
}
