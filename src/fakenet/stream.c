/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/clock.h>
#include <wasock/err.h>

/* Room for bytes sent to a socket. */
static size_t room_of(const struct wasock__fakenet_socket *socket)
{
    return socket->n_unread < socket->n_unread_max
               ? socket->n_unread_max - socket->n_unread
               : 0;
}

/* The peer, or NULL if it reads no more. */
static struct wasock__fakenet_socket *
reader_of(const struct wasock_fakenet *net,
          const struct wasock__fakenet_socket *socket)
{
    struct wasock__fakenet_socket *peer = wasock__fakenet_at(net, socket->peer);

    return peer != NULL && (peer->shut & WASOCK_SHUTDOWN_READ) ? NULL : peer;
}

static bool is_reset(const struct wasock_fakenet *net,
                     const struct wasock__fakenet_socket *socket)
{
    return socket->ending == WASOCK__FAKENET_RESET &&
           wasock__fakenet_has_ended(net, socket);
}

/* Whether reads return EOF or a reset: after the bytes that were on their
 * way. */
static bool is_at_end(const struct wasock_fakenet *net,
                      const struct wasock__fakenet_socket *socket)
{
    return socket->unread.first == WASOCK__FAKENET_NONE &&
           wasock__fakenet_has_ended(net, socket);
}

unsigned
wasock__fakenet_stream_ready(const struct wasock_fakenet *net,
                             const struct wasock__fakenet_socket *socket)
{
    const struct wasock__fakenet_socket *reader = reader_of(net, socket);
    unsigned ready = 0;

    if ((socket->shut & WASOCK_SHUTDOWN_READ) ||
        wasock__fakenet_arrived(net, &socket->unread) != NULL ||
        is_at_end(net, socket)) {
        ready |= WASOCK_READABLE;
    }
    /* A write that fails, or is lost, does not wait. */
    if ((socket->shut & WASOCK_SHUTDOWN_WRITE) || reader == NULL ||
        room_of(reader) > 0 || is_reset(net, socket)) {
        ready |= WASOCK_WRITABLE;
    }
    return ready;
}

/* Deliver EOF or a reset to a socket, at a time. */
static void end(struct wasock_fakenet *net,
                struct wasock__fakenet_socket *socket,
                enum wasock__fakenet_ending ending, uint64_t at_ns)
{
    if (socket->ending == WASOCK__FAKENET_OPEN) {
        socket->ending = (uint8_t)ending;
        socket->end_ns = at_ns;
    } else if (ending == WASOCK__FAKENET_RESET && socket->answer_ns == 0) {
        /* As in TCP: EOF remains EOF, and writes return EPIPE. */
        socket->answer_ns = at_ns > 0 ? at_ns : 1;
    }
    wasock__fakenet_expect(net, socket);
    wasock__fakenet_notify(socket);
}

/* Deliver EOF or a reset to a socket, after the bytes of its peer. */
static void end_by_peer(struct wasock_fakenet *net,
                        struct wasock__fakenet_socket *sender,
                        struct wasock__fakenet_socket *receiver,
                        enum wasock__fakenet_ending ending)
{
    const uint64_t at_ns = wasock__fakenet_arrival(net, sender, 0);

    if (receiver->ending == WASOCK__FAKENET_OPEN) {
        receiver->is_end_stalled = wasock__fakenet_is_stalled(sender, at_ns);
    }
    end(net, receiver, ending, at_ns);
}

/* Reset the connection by fault, after the bytes sent. */
static void cut(struct wasock_fakenet *net,
                struct wasock__fakenet_socket *socket,
                struct wasock__fakenet_socket *peer)
{
    socket->peer = WASOCK__FAKENET_NONE;
    peer->peer = WASOCK__FAKENET_NONE;
    end_by_peer(net, socket, peer, WASOCK__FAKENET_RESET);
    end(net, socket, WASOCK__FAKENET_RESET, wasock__fakenet_now(net));
}

/* A reset has come after EOF. */
bool wasock__fakenet_is_broken(struct wasock_fakenet *net,
                               const struct wasock__fakenet_socket *socket)
{
    return socket->answer_ns != 0 &&
           socket->answer_ns <= wasock__fakenet_now(net) &&
           wasock__fakenet_has_ended(net, socket);
}

/*
 * Send to an end that reads no more. The bytes are lost. After a round trip a
 * reset answers them: then it is EPIPE if EOF was delivered before, as on
 * Linux, else ECONNRESET.
 */
static ptrdiff_t send_lost(struct wasock_fakenet *net,
                           struct wasock__fakenet_socket *socket, size_t length)
{
    const uint64_t now_ns = wasock__fakenet_now(net);
    const uint64_t latency_ns = wasock__fakenet_faults(net, socket)->latency_ns;

    if (socket->answer_ns == 0) {
        socket->answer_ns =
            wasock_ns_add(wasock_ns_add(now_ns, latency_ns), latency_ns);
    } else if (socket->answer_ns <= now_ns) {
        return wasock__fakenet_has_ended(net, socket) ? -WASOCK_EPIPE
                                                      : -WASOCK_ECONNRESET;
    }
    return (ptrdiff_t)length;
}

/* How many of `n` bytes one send moves: limited by chunks, and by the byte
 * after which the connection is reset or stalled. */
static size_t limit_send(struct wasock_fakenet *net,
                         const struct wasock__fakenet_socket *socket, size_t n)
{
    const struct wasock_fakenet_faults *faults =
        wasock__fakenet_faults(net, socket);

    if (faults->chunk_bytes > 0) {
        n = wasock__fakenet_least(
            n, 1 + wasock__fakenet_draw(net, faults->chunk_bytes));
    }
    if (socket->n_sent < faults->reset_after_bytes &&
        faults->reset_after_bytes - socket->n_sent < n) {
        n = (size_t)(faults->reset_after_bytes - socket->n_sent);
    }
    if (socket->n_sent < faults->stall_after_bytes &&
        faults->stall_after_bytes - socket->n_sent < n) {
        n = (size_t)(faults->stall_after_bytes - socket->n_sent);
    }
    return n;
}

/* Queue bytes at the peer. Returns how many there was memory for. */
static size_t transmit(struct wasock_fakenet *net,
                       struct wasock__fakenet_socket *socket,
                       struct wasock__fakenet_socket *peer, const void *data,
                       size_t n)
{
    const unsigned char *bytes = (const unsigned char *)data;
    /* With a bandwidth, blocks arrive one after the other. */
    const size_t step = wasock__fakenet_faults(net, socket)->bytes_per_s > 0
                            ? WASOCK__FAKENET_BLOCK_BYTES
                            : n;
    size_t n_sent = 0;

    while (n_sent < n) {
        const size_t n_now = wasock__fakenet_least(step, n - n_sent);
        const struct wasock__fakenet_link before = socket->link;
        const size_t n_appended =
            wasock__fakenet_append(net, &peer->unread, bytes + n_sent, n_now,
                                   wasock__fakenet_arrival(net, socket, n_now));
        n_sent += n_appended;
        if (n_appended == 0) { /* nothing was sent */
            socket->link = before;
        }
        if (n_appended < n_now) {
            break;
        }
    }
    wasock__fakenet_mark_stalled(net, socket, &peer->unread);
    return n_sent;
}

/* Count bytes that were sent, and notify the peer. */
static void account(struct wasock_fakenet *net,
                    struct wasock__fakenet_socket *socket,
                    struct wasock__fakenet_socket *peer, size_t n_sent,
                    bool was_ready)
{
    const uint64_t reset_after_bytes =
        wasock__fakenet_faults(net, socket)->reset_after_bytes;
    const bool was_before = socket->n_sent < reset_after_bytes;

    peer->n_unread += (uint32_t)n_sent;
    wasock__fakenet_count_sent(net, socket, n_sent);
    wasock__fakenet_expect(net, peer);
    if (!was_ready && wasock__fakenet_arrived(net, &peer->unread) != NULL) {
        wasock__fakenet_notify(peer);
    }
    if (was_before && socket->n_sent >= reset_after_bytes) {
        cut(net, socket, peer);
    }
}

ptrdiff_t wasock__fakenet_send(struct wasock_fakenet *net,
                               struct wasock__fakenet_socket *socket,
                               const struct wasock_slice *slices,
                               size_t n_slices)
{
    struct wasock__fakenet_socket *reader = reader_of(net, socket);
    size_t n_sent = 0;

    if (socket->shut & WASOCK_SHUTDOWN_WRITE) {
        return -WASOCK_EPIPE;
    }
    if (is_reset(net, socket)) {
        return socket->is_reset_read ? -WASOCK_EPIPE : -WASOCK_ECONNRESET;
    }
    if (reader == NULL) {
        return send_lost(
            net, socket,
            wasock__slices_length(slices, n_slices, (size_t)PTRDIFF_MAX));
    }
    if (room_of(reader) == 0) {
        return -WASOCK_EAGAIN;
    }
    const size_t n_max = limit_send(net, socket, room_of(reader));
    const bool was_ready =
        wasock__fakenet_arrived(net, &reader->unread) != NULL;
    for (size_t i = 0; i < n_slices && n_sent < n_max; i++) {
        const size_t n =
            wasock__fakenet_least(slices[i].length, n_max - n_sent);
        const size_t n_now = transmit(net, socket, reader, slices[i].data, n);
        n_sent += n_now;
        if (n_now < n) {
            break;
        }
    }
    if (n_sent == 0) {
        return -WASOCK_ESTORAGE;
    }
    account(net, socket, reader, n_sent, was_ready);
    return (ptrdiff_t)n_sent;
}

/* The result of a read if no bytes have arrived. */
static ptrdiff_t read_nothing(const struct wasock_fakenet *net,
                              struct wasock__fakenet_socket *socket)
{
    if (socket->shut & WASOCK_SHUTDOWN_READ) {
        return 0;
    }
    if (!is_at_end(net, socket)) {
        return -WASOCK_EAGAIN;
    }
    if (socket->ending != WASOCK__FAKENET_RESET) {
        return 0;
    }
    socket->is_reset_read = 1;
    return -WASOCK_ECONNRESET;
}

ptrdiff_t wasock__fakenet_receive(struct wasock_fakenet *net,
                                  struct wasock__fakenet_socket *socket,
                                  const struct wasock_buffer *buffers,
                                  size_t n_buffers)
{
    const uint32_t chunk_bytes =
        wasock__fakenet_faults(net, socket)->chunk_bytes;
    const size_t room_before = room_of(socket);
    size_t n_read = 0;

    if (wasock__fakenet_arrived(net, &socket->unread) == NULL) {
        return read_nothing(net, socket);
    }
    const size_t n_max =
        chunk_bytes > 0 ? 1 + wasock__fakenet_draw(net, chunk_bytes) : SIZE_MAX;
    for (size_t i = 0; i < n_buffers; i++) {
        n_read += wasock__fakenet_take(
            net, &socket->unread, buffers[i].data,
            wasock__fakenet_least(buffers[i].capacity, n_max - n_read));
    }
    socket->n_unread -= (uint32_t)n_read;
    wasock__fakenet_expect(net, socket);
    if (room_before == 0 && room_of(socket) > 0 &&
        socket->peer != WASOCK__FAKENET_NONE) {
        wasock__fakenet_notify(wasock__fakenet_at(net, socket->peer));
    }
    return (ptrdiff_t)n_read;
}

void wasock__fakenet_shutdown(struct wasock_fakenet *net,
                              struct wasock__fakenet_socket *socket,
                              unsigned halves)
{
    struct wasock__fakenet_socket *peer = wasock__fakenet_at(net, socket->peer);
    const unsigned new_halves = halves & ~(unsigned)socket->shut;

    socket->shut |= (uint8_t)new_halves;
    if (new_halves & WASOCK_SHUTDOWN_READ) {
        wasock__fakenet_drop_unarrived(net, &socket->unread);
        wasock__fakenet_expect(net, socket);
    }
    if (peer != NULL && (new_halves & WASOCK_SHUTDOWN_WRITE)) {
        end_by_peer(net, socket, peer, WASOCK__FAKENET_ENDED);
    }
    if (peer != NULL) {
        wasock__fakenet_notify(peer);
    }
    wasock__fakenet_notify(socket);
}

void wasock__fakenet_leave(struct wasock_fakenet *net,
                           struct wasock__fakenet_socket *socket,
                           enum wasock__fakenet_ending ending)
{
    struct wasock__fakenet_socket *peer = wasock__fakenet_at(net, socket->peer);

    if (peer != NULL) {
        peer->peer = WASOCK__FAKENET_NONE;
        end_by_peer(net, socket, peer, ending);
    }
}
