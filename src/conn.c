/* SPDX-License-Identifier: MIT */
#include <wasock/conn.h>

#include <wasock/clock.h>
#include <wasock/err.h>
#include <wasock/fd.h>

#include "socket_internal.h"

/* The limit of a send of several slices: the count, to which each adds up
 * to 1 GiB, must fit wasm32's ptrdiff_t. */
#define TRANSFER_ENOUGH_BYTES (PTRDIFF_MAX / 2)

/* A transfer ends a wait: the next one starts anew. */
static const struct wasock__wait no_wait = {0};

int wasock_conn_from_fd(struct wasock_conn *conn, int fd)
{
    return wasock__socket_adopt(&conn->socket, fd, false);
}

int wasock_conn_start_connect(struct wasock_conn *conn,
                              struct wasock_network *network,
                              const struct wasock_addr *addr)
{
    struct wasock_socket *socket = &conn->socket;

    if (wasock_socket_is_open(socket)) {
        return -WASOCK_EOPEN;
    }
    if (network != NULL) {
        return wasock__backend_connect(network, addr, socket);
    }
    const int fd = wasock_fd_connect(addr);
    if (fd < 0) {
        return fd;
    }
    wasock__socket_open(socket, fd, WASOCK__ROLE_STREAM);
    socket->facts_.is_role_proven = true;
    return 0;
}

int wasock_conn_into_fd(struct wasock_conn *conn)
{
    return wasock__socket_into_fd(&conn->socket);
}

int wasock_conn_share(struct wasock_conn *conn, struct wasock_conn *sharer)
{
    return wasock__socket_share(&conn->socket, &sharer->socket);
}

/* The result of a transfer of 0 bytes, decided without the host: some hosts
 * return an error for it, some return EOF. */
static int empty_transfer(const struct wasock_socket *socket)
{
    return wasock_socket_is_open(socket) ? 0 : -WASOCK_ECLOSED;
}

/*
 * Remember the error that ended a stream in one direction: hosts return it once
 * and EOF afterwards. A reset that was read ends writing as well: a send after
 * it kills iwasm.
 */
static void remember(struct wasock_socket *socket, unsigned direction,
                     int error)
{
    int16_t *write_error = &socket->facts_.error[WASOCK__SIDE(WASOCK_WRITABLE)];

    socket->facts_.error[WASOCK__SIDE(direction)] = (int16_t)error;
    if (*write_error == 0 && wasock_err_is_disconnect(error)) {
        *write_error = -WASOCK_EPIPE;
    }
    wasock__socket_share_facts(socket);
}

/* The result of a transfer that failed. Transient errors are not remembered. */
static ptrdiff_t failed(struct wasock_socket *socket, unsigned direction,
                        int error)
{
    switch (-error) {
    case WASOCK_EAGAIN:
        socket->activity_ |= WASOCK__ACTIVITY_DRY;
        return error;
    case WASOCK_EINTR:
        return -WASOCK_EAGAIN;
    case WASOCK_ENOMEM:
    case WASOCK_ENOBUFS:
        return error;
    case WASOCK_EBADF:
    case WASOCK_ENOTCAPABLE:
    case WASOCK_ENOTCONN:
        error =
            wasock__socket_role_error(socket, error, -WASOCK_ENOTCONNECTION);
        break;
    default:
        break;
    }
    if (socket->role_ == WASOCK__ROLE_STREAM) {
        remember(socket, direction, error);
    }
    return error;
}

/* The result of a read by the host. */
static ptrdiff_t read_result(struct wasock_socket *socket, ptrdiff_t n_read,
                             size_t capacity)
{
    if (n_read >= 0) {
        socket->activity_ |=
            (size_t)n_read >= capacity
                ? WASOCK__ACTIVITY_MOVED | WASOCK__ACTIVITY_MORE
                : WASOCK__ACTIVITY_MOVED;
        return n_read;
    }
    if (n_read == -WASOCK_EAGAIN &&
        (socket->facts_.shut & WASOCK_SHUTDOWN_READ) != 0) {
        /* wazero leaves the reading half open. */
        socket->activity_ |= WASOCK__ACTIVITY_MOVED;
        return 0;
    }
    return failed(socket, WASOCK_READABLE, (int)n_read);
}

/* The result of a write by the host. A count of 0 is an error: a host that
 * returns it again and again would make a write endless. */
static ptrdiff_t write_result(struct wasock_socket *socket, ptrdiff_t n_written)
{
    if (n_written > 0) {
        socket->activity_ |= WASOCK__ACTIVITY_MOVED;
        return n_written;
    }
    return failed(socket, WASOCK_WRITABLE,
                  n_written == 0 ? -WASOCK_EHOST : (int)n_written);
}

/* The error for which nothing can be written, or 0. Decided without the host:
 * after a shutdown hosts return EPIPE or EIO, and an error only once. */
static int write_error(const struct wasock_socket *socket)
{
    return (socket->facts_.shut & WASOCK_SHUTDOWN_WRITE)
               ? -WASOCK_EPIPE
               : socket->facts_.error[WASOCK__SIDE(WASOCK_WRITABLE)];
}

static int read_error(const struct wasock_socket *socket)
{
    return socket->facts_.error[WASOCK__SIDE(WASOCK_READABLE)];
}

int wasock_conn_try_finish_connect(struct wasock_conn *conn)
{
    struct wasock_socket *socket = &conn->socket;

    if (socket->role_ == WASOCK__ROLE_NONE) {
        return wasock__backend_connect_result(socket);
    }
    if (read_error(socket) != 0) { /* hosts return it once */
        return read_error(socket);
    }
    if (write_error(socket) != 0) {
        return write_error(socket);
    }
    const int result = wasock_fd_connect_result(socket->fd_);
    if (result == 0 || result == -WASOCK_ENOSYS) {
        return 0;
    }
    const int error = (int)failed(socket, WASOCK_WRITABLE, result);
    if (write_error(socket) != 0) { /* reads return it as well */
        remember(socket, WASOCK_READABLE, error);
    }
    return error;
}

int wasock_conn_finish_connect(struct wasock_conn *conn)
{
    struct wasock__wait wait = no_wait;
    int result = wasock__socket_check_deadline(&conn->socket, WASOCK_WRITABLE);

    while (result == 0) {
        result = wasock_conn_try_finish_connect(conn);
        if (result != -WASOCK_EAGAIN) {
            break;
        }
        result = wasock__socket_wait(&conn->socket, WASOCK_WRITABLE, &wait);
    }
    return result;
}

/* The second half of a connect: wait until the write deadline, and close the
 * connection if it fails. */
static int finish_or_close(struct wasock_conn *conn)
{
    const int result = wasock_conn_finish_connect(conn);

    if (result < 0) {
        wasock_conn_close(conn);
        return result;
    }
    return wasock_socket_set_deadline_ns(&conn->socket, WASOCK_WRITABLE,
                                         WASOCK_NO_DEADLINE);
}

int wasock_conn_connect_until_ns(struct wasock_conn *conn,
                                 struct wasock_network *network,
                                 const struct wasock_addr *addr,
                                 uint64_t deadline_ns)
{
    const int result = deadline_ns == WASOCK_DEADLINE_PAST
                           ? -WASOCK_EDEADLINE
                           : wasock_conn_start_connect(conn, network, addr);

    if (result < 0) {
        return result;
    }
    wasock_socket_set_deadline_ns(&conn->socket, WASOCK_WRITABLE, deadline_ns);
    return finish_or_close(conn);
}

int wasock_conn_connect_for_ns(struct wasock_conn *conn,
                               struct wasock_network *network,
                               const struct wasock_addr *addr,
                               uint64_t timeout_ns)
{
    const int result = wasock_conn_start_connect(conn, network, addr);

    if (result < 0) {
        return result;
    }
    wasock_socket_set_timeout_ns(&conn->socket, WASOCK_WRITABLE, timeout_ns);
    return finish_or_close(conn);
}

ptrdiff_t wasock_conn_try_read(struct wasock_conn *conn, void *buffer,
                               size_t capacity)
{
    struct wasock_socket *socket = &conn->socket;

    if (capacity == 0) {
        return empty_transfer(socket);
    }
    if (socket->role_ == WASOCK__ROLE_NONE) {
        return wasock__backend_read(socket, buffer, capacity);
    }
    if (read_error(socket) != 0) {
        return read_error(socket);
    }
    return read_result(socket, wasock_fd_recv(socket->fd_, buffer, capacity),
                       capacity);
}

ptrdiff_t wasock_conn_read(struct wasock_conn *conn, void *buffer,
                           size_t capacity)
{
    struct wasock__wait wait = no_wait;

    if (capacity == 0) {
        return empty_transfer(&conn->socket);
    }
    ptrdiff_t result =
        wasock__socket_check_deadline(&conn->socket, WASOCK_READABLE);
    while (result == 0) {
        result = wasock_conn_try_read(conn, buffer, capacity);
        if (result != -WASOCK_EAGAIN) {
            break;
        }
        result = wasock__socket_wait(&conn->socket, WASOCK_READABLE, &wait);
    }
    return result;
}

/*
 * Skip empty buffers in front. Returns how many of the rest one receive may
 * fill; 0: there is no room. On wazero, detected by its fake poll, only one:
 * after a short count it goes on to the next buffer, and if that is EAGAIN it
 * loses the bytes it has read.
 */
static size_t fillable(const struct wasock_socket *socket,
                       const struct wasock_buffer **buffers, size_t n_buffers)
{
    while (n_buffers > 0 && (*buffers)->capacity == 0) {
        (*buffers)++;
        n_buffers--;
    }
    return n_buffers > 1 && socket->role_ == WASOCK__ROLE_STREAM &&
                   socket->facts_.host_poll != WASOCK__HOST_POLL_HONEST
               ? 1
               : n_buffers;
}

ptrdiff_t wasock_conn_try_readv(struct wasock_conn *conn,
                                const struct wasock_buffer *buffers,
                                size_t n_buffers)
{
    struct wasock_socket *socket = &conn->socket;

    n_buffers = fillable(socket, &buffers, n_buffers);
    if (n_buffers == 0) {
        return empty_transfer(socket);
    }
    if (socket->role_ == WASOCK__ROLE_NONE) {
        return wasock__backend_readv(socket, buffers, n_buffers);
    }
    if (read_error(socket) != 0) {
        return read_error(socket);
    }
    /* wasmtime fills only the first that has room. */
    return read_result(socket, wasock_fd_recvv(socket->fd_, buffers, n_buffers),
                       buffers->capacity);
}

ptrdiff_t wasock_conn_readv(struct wasock_conn *conn,
                            const struct wasock_buffer *buffers,
                            size_t n_buffers)
{
    struct wasock__wait wait = no_wait;

    n_buffers = fillable(&conn->socket, &buffers, n_buffers);
    if (n_buffers == 0) {
        return empty_transfer(&conn->socket);
    }
    ptrdiff_t result =
        wasock__socket_check_deadline(&conn->socket, WASOCK_READABLE);
    while (result == 0) {
        result = wasock_conn_try_readv(conn, buffers, n_buffers);
        if (result != -WASOCK_EAGAIN) {
            break;
        }
        result = wasock__socket_wait(&conn->socket, WASOCK_READABLE, &wait);
    }
    return result;
}

ptrdiff_t wasock_conn_try_write(struct wasock_conn *conn, const void *data,
                                size_t length)
{
    struct wasock_socket *socket = &conn->socket;

    if (length == 0) {
        return empty_transfer(socket);
    }
    if (socket->role_ == WASOCK__ROLE_NONE) {
        return wasock__backend_write(socket, data, length);
    }
    const int error = write_error(socket);
    if (error != 0) {
        return error;
    }
    return write_result(socket, wasock_fd_send(socket->fd_, data, length));
}

ptrdiff_t wasock_conn_write(struct wasock_conn *conn, const void *data,
                            size_t length)
{
    const char *bytes = (const char *)data;
    struct wasock__wait wait = no_wait;
    size_t n_written = 0;

    if (length == 0) {
        return empty_transfer(&conn->socket);
    }
    if (length > PTRDIFF_MAX) {
        return -WASOCK_EINVAL;
    }
    ptrdiff_t result =
        wasock__socket_check_deadline(&conn->socket, WASOCK_WRITABLE);
    while (result >= 0 && n_written < length) {
        result =
            wasock_conn_try_write(conn, bytes + n_written, length - n_written);
        if (result > 0) {
            n_written += (size_t)result;
            wait = no_wait;
        } else if (result == -WASOCK_EAGAIN) {
            result = wasock__socket_wait(&conn->socket, WASOCK_WRITABLE, &wait);
        }
    }
    return n_written > 0 ? (ptrdiff_t)n_written : result;
}

/*
 * Whether one send may take several slices. wazero, detected by its fake poll,
 * goes on to the next slice after a short count, and if that is EAGAIN it does
 * not report what it has sent: bytes would be sent twice.
 */
static bool is_vectored(struct wasock_socket *socket)
{
    return socket->role_ != WASOCK__ROLE_STREAM ||
           wasock__socket_host_poll(socket) == WASOCK__HOST_POLL_HONEST;
}

/* Send slices one by one, up to the first short count. */
static ptrdiff_t send_each(int fd, const struct wasock_slice *slices,
                           size_t n_slices)
{
    ptrdiff_t n_sent = 0;

    for (size_t i = 0; i < n_slices && n_sent < TRANSFER_ENOUGH_BYTES; i++) {
        const ptrdiff_t n =
            wasock_fd_send(fd, slices[i].data, slices[i].length);
        if (n < 0) {
            return n_sent > 0 ? n_sent : n;
        }
        n_sent += n;
        if ((size_t)n < slices[i].length) {
            break;
        }
    }
    return n_sent;
}

ptrdiff_t wasock_conn_try_writev(struct wasock_conn *conn,
                                 const struct wasock_slice *slices,
                                 size_t n_slices)
{
    struct wasock_socket *socket = &conn->socket;

    if (wasock__slices_length(slices, n_slices, 1) == 0) {
        return empty_transfer(socket);
    }
    if (socket->role_ == WASOCK__ROLE_NONE) {
        return wasock__backend_writev(socket, slices, n_slices);
    }
    if (socket->role_ == WASOCK__ROLE_DGRAM && n_slices > WASOCK_SLICES_MAX) {
        return -WASOCK_EMSGSIZE; /* the host would drop the rest */
    }
    const int error = write_error(socket);
    if (error != 0) {
        return error;
    }
    return write_result(socket,
                        n_slices == 1 || is_vectored(socket)
                            ? wasock_fd_sendv(socket->fd_, slices, n_slices)
                            : send_each(socket->fd_, slices, n_slices));
}

/* Skip slices that are sent. n_bytes: sent of the slices, from the first on.
 * Returns how many of them are of the slice that is then in front. */
static size_t skip_sent(const struct wasock_slice **slices, size_t *n_slices,
                        size_t n_bytes)
{
    while (*n_slices > 0 && n_bytes >= (*slices)->length) {
        n_bytes -= (*slices)->length;
        (*slices)++;
        (*n_slices)--;
    }
    return n_bytes;
}

ptrdiff_t wasock_conn_writev(struct wasock_conn *conn,
                             const struct wasock_slice *slices, size_t n_slices)
{
    const size_t length =
        wasock__slices_length(slices, n_slices, (size_t)PTRDIFF_MAX + 1);
    struct wasock__wait wait = no_wait;
    ptrdiff_t n_written = 0;
    size_t offset = 0;

    if (length == 0) {
        return empty_transfer(&conn->socket);
    }
    if (length > PTRDIFF_MAX) {
        return -WASOCK_EINVAL;
    }
    ptrdiff_t result =
        wasock__socket_check_deadline(&conn->socket, WASOCK_WRITABLE);
    while (result >= 0 && n_slices > 0) {
        /* Finish a slice alone, as the array must not be modified. */
        result = offset > 0 ? wasock_conn_try_write(
                                  conn, (const char *)slices->data + offset,
                                  slices->length - offset)
                            : wasock_conn_try_writev(conn, slices, n_slices);
        if (result > 0) {
            n_written += result;
            wait = no_wait;
            offset = skip_sent(&slices, &n_slices, offset + (size_t)result);
        } else if (result == -WASOCK_EAGAIN) {
            result = wasock__socket_wait(&conn->socket, WASOCK_WRITABLE, &wait);
        }
    }
    return n_written > 0 ? n_written : result;
}

int wasock_conn_shutdown(struct wasock_conn *conn, enum wasock_shutdown how)
{
    struct wasock_socket *socket = &conn->socket;

    if (how != WASOCK_SHUTDOWN_READ && how != WASOCK_SHUTDOWN_WRITE &&
        how != WASOCK_SHUTDOWN_BOTH) {
        return -WASOCK_EINVAL;
    }
    if (socket->role_ == WASOCK__ROLE_NONE) {
        return wasock__backend_shutdown(socket, (unsigned)how);
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
        return wasock__socket_role_error(socket, result,
                                         -WASOCK_ENOTCONNECTION);
    }
    socket->facts_.shut |= (uint8_t)halves;
    wasock__socket_share_facts(socket);
    return 0;
}

int wasock_conn_close(struct wasock_conn *conn)
{
    return wasock__socket_close(&conn->socket);
}
