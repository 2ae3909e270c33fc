/* SPDX-License-Identifier: MIT */
/*
 * transfer.c - reading from and writing to connections, and reading ahead.
 *
 * Bytes that were read ahead are returned first, so that MSG_PEEK, MSG_WAITALL,
 * FIONREAD and exact readiness work on hosts that know none of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../vectors.h"
#include "../waiting/watch.h"
#include "socket.h"

/* What MSG_PEEK can see at most. */
#define PEEK_MAX_BYTES 65536

/* Buffers of the usual size that are not in use: a connection has one only
 * while there is something in it. */
#define SPARE_MAX 64
static unsigned char *spares[SPARE_MAX];
static size_t n_spares;

static void free_bytes(struct read_ahead *ahead)
{
    if (ahead->capacity == WASOCK_BSD_AHEAD_BYTES && n_spares < SPARE_MAX) {
        spares[n_spares++] = ahead->bytes;
    } else {
        free(ahead->bytes);
    }
    ahead->bytes = NULL;
    ahead->capacity = 0;
    ahead->begin = 0;
    ahead->end = 0;
}

/* Make room for `capacity` bytes in all behind what is unread. */
static bool make_room(struct read_ahead *ahead, size_t capacity)
{
    const size_t length = ahead->end - ahead->begin;

    if (capacity < WASOCK_BSD_AHEAD_BYTES) {
        capacity = WASOCK_BSD_AHEAD_BYTES;
    }
    if (ahead->bytes == NULL && capacity == WASOCK_BSD_AHEAD_BYTES &&
        n_spares > 0) {
        ahead->bytes = spares[--n_spares];
        ahead->capacity = WASOCK_BSD_AHEAD_BYTES;
        return true;
    }
    if (ahead->bytes != NULL && ahead->begin > 0) {
        memmove(ahead->bytes, ahead->bytes + ahead->begin, length);
        ahead->begin = 0;
        ahead->end = (uint32_t)length;
    }
    if (ahead->capacity >= capacity) {
        return true;
    }
    unsigned char *grown = (unsigned char *)realloc(ahead->bytes, capacity);
    if (grown == NULL) {
        return false;
    }
    ahead->bytes = grown;
    ahead->capacity = (uint32_t)capacity;
    return true;
}

void wasock_bsd__forget_ahead(struct socket *socket)
{
    if (socket->ahead.bytes != NULL) {
        free_bytes(&socket->ahead);
    }
}

size_t wasock_bsd__ahead_length(const struct socket *socket)
{
    return socket->ahead.end - socket->ahead.begin;
}

ptrdiff_t wasock_bsd__read_ahead(struct socket *socket, size_t capacity)
{
    struct read_ahead *ahead = &socket->ahead;
    const size_t length = wasock_bsd__ahead_length(socket);

    if (ahead->result != 1) {
        return ahead->result;
    }
    if (length >= capacity) {
        return -WASOCK_EAGAIN;
    }
    if (!make_room(ahead, capacity)) {
        return -ENOMEM;
    }
    const ptrdiff_t n = wasock_conn_try_read(
        &socket->conn, ahead->bytes + ahead->end, capacity - length);
    if (n > 0) {
        ahead->end += (uint32_t)n;
    } else if (n != -WASOCK_EAGAIN) {
        ahead->result = (int)n;
    }
    if (ahead->begin == ahead->end) {
        free_bytes(ahead);
    }
    if (n != -WASOCK_EAGAIN) {
        /* The host reports it only once. */
        wasock_bsd__changed(&socket->description,
                            WASOCK_BSD_ALL & ~(unsigned)POLLOUT);
    }
    return n;
}

int wasock_bsd__take_error(struct socket *socket)
{
    const int error = socket->ahead.result;

    if (error >= 0) {
        return 0;
    }
    socket->ahead.result = 0;
    socket->is_dead = true;
    return error == -EIO ? -ECONNRESET : error; /* wazero's, of a dead peer */
}

/* Copy the bytes that were read ahead into the buffers. */
static size_t copy_ahead(const struct socket *socket,
                         const struct iovec *buffers, int n_buffers)
{
    const struct read_ahead *ahead = &socket->ahead;
    size_t left = wasock_bsd__ahead_length(socket);
    size_t n = 0;

    for (int i = 0; i < n_buffers && left > 0; i++) {
        const size_t part =
            buffers[i].iov_len < left ? buffers[i].iov_len : left;
        memcpy(buffers[i].iov_base, ahead->bytes + ahead->begin + n, part);
        n += part;
        left -= part;
    }
    return n;
}

static void take_ahead(struct socket *socket, size_t n)
{
    struct read_ahead *ahead = &socket->ahead;

    ahead->begin += (uint32_t)n;
    if (ahead->bytes != NULL && ahead->begin == ahead->end) {
        free_bytes(ahead);
    }
}

/* The buffers behind the first `offset` bytes of them: at most one is cut, and
 * the rest of it stands alone. */
static struct iovec rest_of(const struct iovec *buffers, int n_buffers,
                            size_t offset)
{
    struct iovec rest = {NULL, 0};

    for (int i = 0; i < n_buffers; i++) {
        if (offset < buffers[i].iov_len) {
            rest.iov_base = (char *)buffers[i].iov_base + offset;
            rest.iov_len = buffers[i].iov_len - offset;
            return rest;
        }
        offset -= buffers[i].iov_len;
    }
    return rest;
}

/* Read from the host into one buffer. */
static ptrdiff_t read_host(struct socket *socket, const struct iovec *room,
                           bool may_wait)
{
    struct read_ahead *ahead = &socket->ahead;

    if (ahead->result != 1) {
        return ahead->result;
    }
    const ptrdiff_t n =
        may_wait
            ? wasock_conn_read(&socket->conn, room->iov_base, room->iov_len)
            : wasock_conn_try_read(&socket->conn, room->iov_base,
                                   room->iov_len);
    if (n == 0 || (n < 0 && wasock_err_is_disconnect(n))) {
        ahead->result = (int)n;
    }
    return n;
}

/*
 * Read into the buffers: first the bytes that were read ahead, then from the
 * host; until all are full where `is_all`, else until there is something. The
 * read deadline is set where it may wait.
 */
static ssize_t read_stream(struct socket *socket, const struct iovec *buffers,
                           int n_buffers, bool may_wait, bool is_all)
{
    const size_t n_ahead = wasock_bsd__ahead_length(socket);
    const size_t total = wasock_bsd__total_of(buffers, n_buffers);
    size_t n = copy_ahead(socket, buffers, n_buffers);
    /* A full buffer ahead may not have been all there was. */
    bool goes_on = n == 0 || is_all || n_ahead >= WASOCK_BSD_AHEAD_BYTES;

    take_ahead(socket, n);
    while (goes_on && n < total) {
        const struct iovec rest = rest_of(buffers, n_buffers, n);
        const ptrdiff_t got =
            read_host(socket, &rest, may_wait && (n == 0 || is_all));
        if (got <= 0) {
            return n > 0 ? (ssize_t)n : got;
        }
        n += (size_t)got;
        goes_on = is_all || (size_t)got == rest.iov_len;
    }
    return (ssize_t)n;
}

/* Look at what will be read, waiting until there is some, or all. With no room
 * it is a probe, which as on Linux returns 0 once there is something. */
static ssize_t peek_stream(struct socket *socket, const struct iovec *buffers,
                           int n_buffers, bool may_wait, bool is_all)
{
    const size_t total = wasock_bsd__total_of(buffers, n_buffers);
    const size_t wanted = total < PEEK_MAX_BYTES ? total : PEEK_MAX_BYTES;
    const size_t room =
        wanted > WASOCK_BSD_AHEAD_BYTES ? wanted : WASOCK_BSD_AHEAD_BYTES;
    struct wasock_socket *host = &socket->conn.socket;
    struct wasock__wait wait = {0};
    ptrdiff_t result = 0;

    for (;;) {
        result = wasock_bsd__read_ahead(socket, room);
        const size_t length = wasock_bsd__ahead_length(socket);
        if (length > 0 && (length >= wanted || !is_all)) {
            return (ssize_t)copy_ahead(socket, buffers, n_buffers);
        }
        if (result > 0) {
            continue;
        }
        if (result != -WASOCK_EAGAIN || !may_wait) {
            break;
        }
        result = wasock__socket_wait(host, WASOCK_READABLE, &wait);
        if (result < 0) {
            break;
        }
    }
    /* MSG_WAITALL: what came before the end. */
    return wasock_bsd__ahead_length(socket) > 0
               ? (ssize_t)copy_ahead(socket, buffers, n_buffers)
               : result;
}

/* The deadline of a call that may wait; setting one notifies pollers, so none
 * is set without need. */
static int set_deadline(struct socket *socket, unsigned direction,
                        uint64_t timeout_us)
{
    struct wasock_socket *host = &socket->conn.socket;
    const uint64_t deadline_ns = wasock_bsd__deadline(timeout_us);

    if (deadline_ns == WASOCK_NO_DEADLINE &&
        host->deadline_ns_[WASOCK__SIDE(direction)] == WASOCK_NO_DEADLINE) {
        return 0;
    }
    return direction == WASOCK_READABLE
               ? wasock_socket_set_deadline_ns(host, WASOCK_READABLE,
                                               deadline_ns)
               : wasock_socket_set_deadline_ns(host, WASOCK_WRITABLE,
                                               deadline_ns);
}

static ssize_t receive(struct socket *socket, const struct iovec *buffers,
                       int n_buffers, int flags)
{
    const bool may_wait =
        !wasock_bsd__is_nonblocking(&socket->description, flags);

    if (socket->state != SOCKET_CONNECTED) {
        const int result = wasock_bsd__be_connected(socket, may_wait);
        if (result < 0) {
            return result;
        }
    }
    if (may_wait) {
        const int result = set_deadline(socket, WASOCK_READABLE,
                                        socket->description.receive_timeout_us);
        if (result < 0) {
            return result;
        }
    }
    const bool is_all = (flags & MSG_WAITALL) != 0 && may_wait;
    const bool is_probe = wasock_bsd__total_of(buffers, n_buffers) == 0;
    const ssize_t n =
        (flags & MSG_PEEK) != 0 || is_probe
            ? peek_stream(socket, buffers, n_buffers, may_wait, is_all)
            : read_stream(socket, buffers, n_buffers, may_wait, is_all);
    wasock_bsd__changed(&socket->description, 0);
    return n;
}

static ssize_t write_stream(struct socket *socket, const struct iovec *slices,
                            int n_slices, int flags)
{
    /* An iovec's layout is that of a slice; it is only read. */
    const struct wasock_slice *parts =
        (const struct wasock_slice *)(const void *)slices;

    if (wasock_bsd__is_nonblocking(&socket->description, flags)) {
        const ptrdiff_t n =
            wasock_conn_try_writev(&socket->conn, parts, (size_t)n_slices);
        if (n == -WASOCK_EAGAIN ||
            (n >= 0 && (size_t)n < wasock_bsd__total_of(slices, n_slices))) {
            socket->n_passes_full = 2;
            wasock_bsd__changed(&socket->description, WASOCK_BSD_FULL);
        }
        return n;
    }
    const int result = set_deadline(socket, WASOCK_WRITABLE,
                                    socket->description.send_timeout_us);
    return result < 0
               ? result
               : wasock_conn_writev(&socket->conn, parts, (size_t)n_slices);
}

/* wazero returns EIO for every dead peer, POSIX several codes. */
ssize_t wasock_bsd__receive(struct socket *socket, const struct iovec *buffers,
                            int n_buffers, int flags)
{
    const ssize_t n = receive(socket, buffers, n_buffers, flags);

    return n < 0 && n == socket->ahead.result ? wasock_bsd__take_error(socket)
                                              : n;
}

ssize_t wasock_bsd__transmit(struct socket *socket, const struct iovec *slices,
                             int n_slices, int flags)
{
    if (socket->state != SOCKET_CONNECTED) {
        const int result = wasock_bsd__be_connected(
            socket, !wasock_bsd__is_nonblocking(&socket->description, flags));
        if (result < 0) {
            return result == -ENOTCONN ? -EPIPE : result;
        }
    }
    const int error = wasock_bsd__take_error(socket);
    if (socket->is_dead) {
        wasock_bsd__take_pending(socket); /* EPIPE */
    }
    if (error < 0 || socket->is_dead) {
        return error < 0 ? error : -EPIPE;
    }
    const ssize_t n = write_stream(socket, slices, n_slices, flags);
    if (n < 0 && wasock_err_is_disconnect(n) &&
        (socket->shut & WASOCK_SHUTDOWN_WRITE) == 0) {
        socket->is_dead = true;
        wasock_bsd__changed(&socket->description, POLLIN | POLLRDHUP | POLLHUP);
    }
    return n == -EIO ? -EPIPE : n;
}
