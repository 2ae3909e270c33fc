/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/clock.h>
#include <wasock/err.h>

/* Decide randomly, with a probability in 1,000. */
static bool happens(struct wasock_fakenet *net, uint16_t permille)
{
    return permille > 0 && wasock__fakenet_draw(net, 1000) < permille;
}

/* The source address of a socket for a destination of a family. */
static int source_for(const struct wasock__fakenet_socket *socket,
                      uint8_t family, struct wasock__fakenet_addr *source)
{
    *source = socket->local;
    if (source->family != family) {
        if (source->family != WASOCK_ADDR_IPV6 ||
            !wasock__fakenet_addr_is_any(source)) {
            return -WASOCK_EAFNOSUPPORT;
        }
        source->family = family;
    }
    wasock__fakenet_addr_make_definite(source);
    return 0;
}

/* Copy the slices into a datagram. ESTORAGE: the memory is full. */
static int compose(struct wasock_fakenet *net,
                   struct wasock__fakenet_queue *datagram,
                   const struct wasock__fakenet_addr *source,
                   const struct wasock_slice *slices, size_t n_slices,
                   uint64_t due_ns)
{
    struct wasock__fakenet_block *first =
        wasock__fakenet_append_first(net, datagram, due_ns);

    if (first == NULL) {
        return -WASOCK_ESTORAGE;
    }
    first->source = *source;
    for (size_t i = 0; i < n_slices; i++) {
        if (wasock__fakenet_append(net, datagram, slices[i].data,
                                   slices[i].length,
                                   due_ns) < slices[i].length) {
            wasock__fakenet_drop(net, datagram);
            return -WASOCK_ESTORAGE;
        }
    }
    return 0;
}

/* Queue a datagram at a receiver that has room for it. */
static int enqueue(struct wasock_fakenet *net,
                   struct wasock__fakenet_socket *socket,
                   struct wasock__fakenet_socket *receiver,
                   const struct wasock__fakenet_addr *source,
                   const struct wasock_slice *slices, size_t n_slices,
                   size_t length)
{
    const bool was_ready =
        wasock__fakenet_arrived(net, &receiver->unread) != NULL;
    const uint16_t overtaking_permille =
        wasock__fakenet_faults(net, socket)->overtaking_permille;
    const struct wasock__fakenet_link before = socket->link;
    struct wasock__fakenet_queue datagram;

    wasock__fakenet_queue_init(&datagram);
    const int result = compose(net, &datagram, source, slices, n_slices,
                               wasock__fakenet_arrival(net, socket, length));
    if (result < 0) {
        socket->link = before; /* nothing was sent */
        return result;
    }
    wasock__fakenet_mark_stalled(net, socket, &datagram);
    wasock__fakenet_insert_datagram(net, &receiver->unread, &datagram,
                                    happens(net, overtaking_permille));
    receiver->n_unread += (uint32_t)length;
    wasock__fakenet_count_sent(net, socket, length);
    wasock__fakenet_expect(net, receiver);
    if (!was_ready && wasock__fakenet_arrived(net, &receiver->unread) != NULL) {
        wasock__fakenet_notify(receiver);
    }
    return 0;
}

/* Send a datagram to an address. Returns its length. */
static ptrdiff_t send_to(struct wasock_fakenet *net,
                         struct wasock__fakenet_socket *socket,
                         const struct wasock__fakenet_addr *to,
                         const struct wasock_slice *slices, size_t n_slices)
{
    const size_t length = wasock__slices_length(
        slices, n_slices, WASOCK_FAKENET_DATAGRAM_BYTES_MAX + 1);
    struct wasock__fakenet_socket *receiver = NULL;
    struct wasock__fakenet_addr source;

    if (length > WASOCK_FAKENET_DATAGRAM_BYTES_MAX) {
        return -WASOCK_EMSGSIZE;
    }
    int result = source_for(socket, to->family, &source);
    if (result < 0) {
        return result;
    }
    if (wasock__fakenet_receiver(net, to, NULL, WASOCK__FAKENET_DGRAM,
                                 &receiver) < 0) {
        return -WASOCK_ECONNREFUSED;
    }
    const bool is_accepted =
        receiver->remote.family == WASOCK_ADDR_UNSPECIFIED ||
        wasock__fakenet_addr_is_same(&receiver->remote, &source);
    if (!is_accepted ||
        happens(net, wasock__fakenet_faults(net, socket)->lost_permille)) {
        return (ptrdiff_t)length;
    }
    if ((uint64_t)receiver->n_unread + length > receiver->n_unread_max) {
        return -WASOCK_ENOBUFS;
    }
    result = enqueue(net, socket, receiver, &source, slices, n_slices, length);
    return result < 0 ? result : (ptrdiff_t)length;
}

ptrdiff_t wasock__fakenet_write_datagram(struct wasock_fakenet *net,
                                         struct wasock__fakenet_socket *socket,
                                         const struct wasock_slice *slices,
                                         size_t n_slices)
{
    if (socket->remote.family == WASOCK_ADDR_UNSPECIFIED) {
        return -WASOCK_ENOTCONN;
    }
    return send_to(net, socket, &socket->remote, slices, n_slices);
}

ptrdiff_t wasock__fakenet_read_datagram(struct wasock_fakenet *net,
                                        struct wasock__fakenet_socket *socket,
                                        const struct wasock_buffer *buffers,
                                        size_t n_buffers,
                                        struct wasock__fakenet_addr *from)
{
    const struct wasock__fakenet_block *block =
        wasock__fakenet_arrived(net, &socket->unread);
    size_t n_read = 0;

    if (block == NULL) {
        return -WASOCK_EAGAIN;
    }
    if (from != NULL) {
        *from = block->source;
    }
    socket->n_unread -= wasock__fakenet_datagram_length(net, &socket->unread);
    for (size_t i = 0; i < n_buffers; i++) {
        n_read += wasock__fakenet_take_of_datagram(
            net, &socket->unread, buffers[i].data, buffers[i].capacity);
    }
    wasock__fakenet_drop_datagram(net, &socket->unread);
    wasock__fakenet_expect(net, socket);
    return (ptrdiff_t)n_read;
}

int wasock_fakenet_bind(struct wasock_fakenet *net,
                        const struct wasock_addr *addr,
                        struct wasock_conn *conn)
{
    struct wasock__fakenet_addr local;

    if (wasock_socket_is_open(&conn->socket)) {
        return -WASOCK_EOPEN;
    }
    int result = wasock__fakenet_addr_from(addr, &local);
    if (result < 0 || result == WASOCK_ADDR_NAME) {
        return -WASOCK_EAFNOSUPPORT;
    }
    struct wasock__fakenet_socket *socket =
        wasock__fakenet_allocate(net, WASOCK__FAKENET_DGRAM);
    if (socket == NULL) {
        return -WASOCK_ESTORAGE;
    }
    socket->local = local;
    result = wasock__fakenet_bind_local(net, socket);
    if (result < 0) {
        wasock__fakenet_free(net, socket);
        return result;
    }
    wasock__fakenet_open(net, socket, &conn->socket);
    return 0;
}

/* The datagram socket of an object: EPROTOTYPE if it is no such socket. */
static int find(const struct wasock_conn *conn, struct wasock_fakenet **net,
                struct wasock__fakenet_socket **socket)
{
    const int result = wasock__fakenet_find(&conn->socket, net, socket);

    if (result == 0 && (*socket)->kind != WASOCK__FAKENET_DGRAM) {
        return -WASOCK_EPROTOTYPE;
    }
    return result;
}

/* Convert a destination. */
static int destination(const struct wasock_addr *addr,
                       struct wasock__fakenet_addr *to)
{
    const int family = wasock__fakenet_addr_from(addr, to);

    if (family < 0 || family == WASOCK_ADDR_NAME) {
        return -WASOCK_EAFNOSUPPORT;
    }
    wasock__fakenet_addr_make_definite(to);
    return 0;
}

int wasock_fakenet_connect(struct wasock_conn *conn,
                           const struct wasock_addr *addr)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *socket = NULL;
    struct wasock__fakenet_addr to;
    struct wasock__fakenet_addr source;
    int result = find(conn, &net, &socket);

    if (result < 0) {
        return result;
    }
    result = destination(addr, &to);
    if (result < 0) {
        return result;
    }
    result = source_for(socket, to.family, &source);
    if (result == 0) {
        socket->remote = to;
    }
    return result;
}

ptrdiff_t wasock_fakenet_send_to(struct wasock_conn *conn, const void *data,
                                 size_t length, const struct wasock_addr *to)
{
    const struct wasock_slice slice = {data, length};
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *socket = NULL;
    struct wasock__fakenet_addr addr;
    int result = find(conn, &net, &socket);

    if (result < 0) {
        return result;
    }
    if (socket->remote.family != WASOCK_ADDR_UNSPECIFIED) {
        return -WASOCK_EISCONN;
    }
    result = destination(to, &addr);
    if (result < 0) {
        return result;
    }
    const ptrdiff_t n_sent = send_to(net, socket, &addr, &slice, 1);
    return n_sent == -WASOCK_ECONNREFUSED ? (ptrdiff_t)length : n_sent;
}

ptrdiff_t wasock_fakenet_try_recv_from(struct wasock_conn *conn, void *buffer,
                                       size_t capacity,
                                       struct wasock_addr *from)
{
    const struct wasock_buffer room = {buffer, capacity};
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *socket = NULL;
    struct wasock__fakenet_addr source;
    const int result = find(conn, &net, &socket);

    if (result < 0) {
        return result;
    }
    const ptrdiff_t n_read =
        wasock__fakenet_read_datagram(net, socket, &room, 1, &source);
    if (n_read >= 0) {
        wasock__fakenet_addr_to(&source, NULL, from);
    }
    return n_read;
}

ptrdiff_t wasock_fakenet_recv_from(struct wasock_conn *conn, void *buffer,
                                   size_t capacity, struct wasock_addr *from)
{
    struct wasock__wait wait = {0};
    ptrdiff_t result =
        wasock__socket_check_deadline(&conn->socket, WASOCK_READABLE);

    while (result == 0) {
        result = wasock_fakenet_try_recv_from(conn, buffer, capacity, from);
        if (result != -WASOCK_EAGAIN) {
            break;
        }
        result = wasock__socket_wait(&conn->socket, WASOCK_READABLE, &wait);
    }
    return result;
}
