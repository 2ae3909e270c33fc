/* SPDX-License-Identifier: MIT */
#include <wasock/conn.h>

#include <wasock/err.h>
#include <wasock/fd.h>

int wasock_conn_from_fd(struct wasock_conn *conn, int fd)
{
    return wasock__socket_adopt(&conn->socket, fd, false);
}

int wasock_conn_into_fd(struct wasock_conn *conn)
{
    return wasock__socket_into_fd(&conn->socket);
}

int wasock_conn_share(struct wasock_conn *conn, struct wasock_conn *sharer)
{
    return wasock__socket_share(&conn->socket, &sharer->socket);
}

/* The answer to a transfer of nothing, which no host is asked for: some take
 * it for an error, and some answer as at the end of the stream. */
static int transferred_nothing(const struct wasock_socket *socket)
{
    return wasock_socket_is_open(socket) ? 0 : -WASOCK_ECLOSED;
}

/*
 * The result of a transfer that failed. A stream's error is remembered as the
 * cause of all that follows: hosts tell it once and then say end of stream.
 */
static ptrdiff_t failed(struct wasock_socket *socket, unsigned direction,
                        int error)
{
    if (error == -WASOCK_EAGAIN || error == -WASOCK_EINTR) {
        return -WASOCK_EAGAIN;
    }
    if (error == -WASOCK_EBADF || error == -WASOCK_ENOTCAPABLE ||
        error == -WASOCK_ENOTCONN) {
        error = wasock__socket_doubt(socket, error, -WASOCK_ENOTCONNECTION);
    }
    if (socket->role_ == WASOCK__ROLE_STREAM) {
        if (direction == WASOCK_READABLE) {
            socket->facts_.read_error = (int16_t)error;
        } else {
            socket->facts_.write_error = (int16_t)error;
        }
        wasock__socket_share_facts(socket);
    }
    return error;
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

ptrdiff_t wasock_conn_try_readv(struct wasock_conn *conn,
                                const struct wasock_buffer *buffers,
                                size_t n_buffers)
{
    struct wasock_socket *socket = &conn->socket;

    if (!has_room(buffers, n_buffers)) {
        return transferred_nothing(socket);
    }
    if (socket->role_ == WASOCK__ROLE_NONE) {
        return wasock__socket_elsewhere(socket, WASOCK__RECV, buffers,
                                        n_buffers);
    }
    if (socket->facts_.read_error != 0) {
        return socket->facts_.read_error;
    }
    const ptrdiff_t n_read =
        wasock_fd_recvv(socket->fd_, buffers, n_buffers);
    return n_read >= 0 ? n_read : failed(socket, WASOCK_READABLE, (int)n_read);
}

ptrdiff_t wasock_conn_try_read(struct wasock_conn *conn, void *buffer,
                               size_t capacity)
{
    const struct wasock_buffer room = {buffer, capacity};

    return wasock_conn_try_readv(conn, &room, 1);
}

ptrdiff_t wasock_conn_readv(struct wasock_conn *conn,
                            const struct wasock_buffer *buffers,
                            size_t n_buffers)
{
    struct wasock__wait wait = {0};

    if (!has_room(buffers, n_buffers)) {
        return transferred_nothing(&conn->socket);
    }
    ptrdiff_t result = wasock__socket_begin(&conn->socket, WASOCK_READABLE);
    while (result == 0) {
        result = wasock_conn_try_readv(conn, buffers, n_buffers);
        if (result != -WASOCK_EAGAIN) {
            break;
        }
        result = wasock__socket_wait(&conn->socket, WASOCK_READABLE, &wait);
    }
    return result;
}

ptrdiff_t wasock_conn_read(struct wasock_conn *conn, void *buffer,
                           size_t capacity)
{
    const struct wasock_buffer room = {buffer, capacity};

    return wasock_conn_readv(conn, &room, 1);
}

/* What is left of a gathered write: a part of one slice, then whole ones. The
 * caller's array stays as it is. */
struct rest {
    struct wasock_slice part;
    const struct wasock_slice *slices;
    size_t n_slices;
};

/* Bring the next bytes to the front. Returns whether there are any. */
static bool rest_is_left(struct rest *rest)
{
    while (rest->part.length == 0 && rest->n_slices > 0 &&
           rest->slices->length == 0) {
        rest->slices++;
        rest->n_slices--;
    }
    return rest->part.length > 0 || rest->n_slices > 0;
}

static void rest_advance(struct rest *rest, size_t n_bytes)
{
    if (rest->part.length == 0) {
        while (n_bytes >= rest->slices->length) {
            n_bytes -= rest->slices->length;
            rest->slices++;
            if (--rest->n_slices == 0) {
                return;
            }
        }
        if (n_bytes == 0) {
            return;
        }
        rest->part = *rest->slices++;
        rest->n_slices--;
    }
    rest->part.data = (const char *)rest->part.data + n_bytes;
    rest->part.length -= n_bytes;
}

ptrdiff_t wasock_conn_try_writev(struct wasock_conn *conn,
                                 const struct wasock_slice *slices,
                                 size_t n_slices)
{
    struct wasock_socket *socket = &conn->socket;
    struct rest rest = {.slices = slices, .n_slices = n_slices};

    if (!rest_is_left(&rest)) {
        return transferred_nothing(socket);
    }
    if (socket->role_ == WASOCK__ROLE_NONE) {
        return wasock__socket_elsewhere(socket, WASOCK__SEND, slices, n_slices);
    }
    if (socket->facts_.shut & WASOCK_SHUTDOWN_WRITE) {
        return -WASOCK_EPIPE;
    }
    if (socket->facts_.write_error != 0) {
        return socket->facts_.write_error;
    }
    const ptrdiff_t n_written =
        wasock_fd_sendv(socket->fd_, rest.slices, rest.n_slices);
    if (n_written > 0) {
        return n_written;
    }
    /* No room is EAGAIN. A host that sends nothing and says so would keep a
     * waiting write for ever. */
    return failed(socket, WASOCK_WRITABLE,
                  n_written == 0 ? -WASOCK_EHOST : (int)n_written);
}

ptrdiff_t wasock_conn_try_write(struct wasock_conn *conn, const void *data,
                                size_t length)
{
    const struct wasock_slice slice = {data, length};

    return wasock_conn_try_writev(conn, &slice, 1);
}

ptrdiff_t wasock_conn_writev(struct wasock_conn *conn,
                             const struct wasock_slice *slices, size_t n_slices)
{
    struct wasock__wait wait = {0};
    struct rest rest = {.slices = slices, .n_slices = n_slices};
    ptrdiff_t n_written = 0;

    if (!rest_is_left(&rest)) {
        return transferred_nothing(&conn->socket);
    }
    ptrdiff_t result = wasock__socket_begin(&conn->socket, WASOCK_WRITABLE);
    while (result >= 0 && rest_is_left(&rest)) {
        result = rest.part.length > 0
                     ? wasock_conn_try_writev(conn, &rest.part, 1)
                     : wasock_conn_try_writev(conn, rest.slices, rest.n_slices);
        if (result > 0) {
            const struct wasock__wait afresh = {0};
            wait = afresh;
            n_written += result;
            rest_advance(&rest, (size_t)result);
        } else if (result == -WASOCK_EAGAIN) {
            result =
                wasock__socket_wait(&conn->socket, WASOCK_WRITABLE, &wait);
        }
    }
    return n_written > 0 ? n_written : result;
}

ptrdiff_t wasock_conn_write(struct wasock_conn *conn, const void *data,
                            size_t length)
{
    const struct wasock_slice slice = {data, length};

    return wasock_conn_writev(conn, &slice, 1);
}

int wasock_conn_shutdown(struct wasock_conn *conn, enum wasock_shutdown how)
{
    struct wasock_socket *socket = &conn->socket;

    if (how != WASOCK_SHUTDOWN_READ && how != WASOCK_SHUTDOWN_WRITE &&
        how != WASOCK_SHUTDOWN_BOTH) {
        return -WASOCK_EINVAL;
    }
    if (socket->role_ == WASOCK__ROLE_NONE) {
        return (int)wasock__socket_elsewhere(socket, WASOCK__SHUTDOWN, NULL,
                                             (size_t)how);
    }
    if (socket->role_ == WASOCK__ROLE_DGRAM) {
        return -WASOCK_ENOTSUP;
    }
    const unsigned halves = (unsigned)how & ~(unsigned)socket->facts_.shut;
    if (halves == 0) {
        return 0;
    }
    const int result =
        wasock_fd_shutdown(socket->fd_, (enum wasock_shutdown)halves);
    if (result < 0 && !wasock_err_is_disconnect(result)) {
        return wasock__socket_doubt(socket, result, -WASOCK_ENOTCONNECTION);
    }
    socket->facts_.shut |= (uint8_t)halves;
    wasock__socket_share_facts(socket);
    return 0;
}

int wasock_conn_close(struct wasock_conn *conn)
{
    return wasock__socket_close(&conn->socket);
}
