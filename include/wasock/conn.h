/* SPDX-License-Identifier: MIT */
/*
 * conn.h - read from and write to a connection.
 *
 * read and write wait, until the deadline if there is one (socket.h); the try_
 * forms never wait. A ready operation costs one host call, and a clock read
 * when a waiting one has a deadline.
 */
#ifndef WASOCK_CONN_H
#define WASOCK_CONN_H

#include <stddef.h>

#include <wasock/abi.h>
#include <wasock/fd.h>
#include <wasock/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A connection, in the caller's storage. Deadlines, label and addresses are in
 * socket.h and take `&conn.socket`. */
struct wasock_conn {
    struct wasock_socket socket;
};

/*
 * Make a connection of a descriptor that the host opened. It becomes
 * non-blocking. At most four host calls.
 * conn: closed; opened on success. It then owns the descriptor.
 * fd: kept by the caller on failure, as it was. A datagram socket is adopted
 *   as one: each read and write is a datagram.
 * Errors: EBADF: no such descriptor; ENOTSOCK: no socket; ENOTCONNECTION: a
 *   listener; ENOTSUP: a host that cannot make it non-blocking. A host that
 *   cannot tell (WAMR) lets the first use say ENOTCONNECTION.
 * Source: Go's net.FileConn on wasip1.
 */
int wasock_conn_from_fd(struct wasock_conn *conn, int fd)
    __attribute__((warn_unused_result));

/*
 * Close the connection object but keep its descriptor open.
 * Returns the descriptor, now the caller's, still non-blocking.
 * Errors: ECLOSED; EBUSY: it is shared; ENOTSUP: it has no descriptor.
 * Source: wasock's own: preview1 has no dup.
 */
int wasock_conn_into_fd(struct wasock_conn *conn)
    __attribute__((warn_unused_result));

/*
 * Open a second object on the same connection, which the last of them to close
 * closes. Halves shut and errors met are true for both; deadlines and label
 * are each object's own.
 * sharer: closed; opened on success.
 * Errors: ECLOSED; ENOTSUP: of an in-process network.
 * Source: Go's FileConn, whose copies share a count.
 */
int wasock_conn_share(struct wasock_conn *conn, struct wasock_conn *sharer)
    __attribute__((warn_unused_result));

/*
 * Wait until there is something to read, or until the read deadline.
 * buffer: room for `capacity` bytes, the caller's; at most 1 GiB is used.
 * Returns the number of bytes read, at least 1; 0 at the end of the stream, as
 * often as asked; 0 at once without a host call when `capacity` is 0.
 * On a datagram socket it reads one datagram, cut to fit, and an empty one
 * gives 0.
 * Errors: EDEADLINE: the deadline is past, data or not; ECLOSED;
 *   ENOTCONNECTION; those of wasock_err_is_disconnect and any other code of the
 *   host, which every later read of a stream repeats; EDEADLOCK: of an
 *   in-process network, where nobody is left to write; those of the host's
 *   poll, such as EINTR, after which the connection is as it was.
 * Source: Go's Read.
 */
ptrdiff_t wasock_conn_read(struct wasock_conn *conn, void *buffer,
                           size_t capacity) __attribute__((warn_unused_result));

/*
 * As wasock_conn_read, but EAGAIN where that would wait, and without a look at
 * the deadline. One host call.
 * Errors: EAGAIN; otherwise as wasock_conn_read, but for EDEADLINE, EDEADLOCK
 *   and those of the poll.
 * Source: preview1 sock_recv.
 */
ptrdiff_t wasock_conn_try_read(struct wasock_conn *conn, void *buffer,
                               size_t capacity)
    __attribute__((warn_unused_result));

/*
 * The reads into several buffers, filled in order. wasmtime fills only the
 * first that has room, so a short count says nothing.
 * buffers: `n_buffers` of them, the caller's; only the first
 *   WASOCK_SLICES_MAX are used.
 * Errors: as their scalar forms.
 * Source: preview1 sock_recv.
 */
ptrdiff_t wasock_conn_readv(struct wasock_conn *conn,
                            const struct wasock_buffer *buffers,
                            size_t n_buffers)
    __attribute__((warn_unused_result));
ptrdiff_t wasock_conn_try_readv(struct wasock_conn *conn,
                                const struct wasock_buffer *buffers,
                                size_t n_buffers)
    __attribute__((warn_unused_result));

/*
 * Write everything, waiting for room until the write deadline.
 * data: `length` bytes, the caller's.
 * Returns `length`; or fewer, when a failure stopped it halfway: the next write
 * tells which, if it lasts. 0 at once without a host call when `length` is 0.
 * On a datagram socket it sends one datagram.
 * Errors: EDEADLINE; ECLOSED; ENOTCONNECTION; EINVAL: more than PTRDIFF_MAX
 *   bytes; EPIPE: this side shut its writing half, or a read of it failed as
 *   the peer was gone; disconnects and any other code of the host, which every
 *   later write of a stream repeats; EMSGSIZE: no datagram is so long;
 *   EDEADLOCK and those of the poll as for wasock_conn_read.
 * Source: Go's Write.
 */
ptrdiff_t wasock_conn_write(struct wasock_conn *conn, const void *data,
                            size_t length) __attribute__((warn_unused_result));

/*
 * Write what there is room for now, without a look at the deadline. One host
 * call.
 * Returns the number of bytes written, often fewer than `length`.
 * Errors: EAGAIN: no room; otherwise as wasock_conn_write, but for EDEADLINE,
 *   EDEADLOCK, those of the poll, and EINVAL: it writes what fits.
 * Source: preview1 sock_send.
 */
ptrdiff_t wasock_conn_try_write(struct wasock_conn *conn, const void *data,
                                size_t length)
    __attribute__((warn_unused_result));

/*
 * The writes of several slices, in order as if they were one. One response in
 * one call: most hosts leave Nagle's algorithm on, so that two small writes in
 * a row may cost 40 ms. On wazero, which loses count of a call with several, it
 * is a call a slice; the host is asked once, at the first, whether it is one
 * whose poll looks at sockets, if nothing was waited for before.
 * slices: `n_slices` of them, the caller's, never modified; try_writev uses
 *   only the first WASOCK_SLICES_MAX.
 * Returns as their scalar forms, counted over all slices.
 * Errors: as their scalar forms; EMSGSIZE also: more slices for one datagram
 *   than WASOCK_SLICES_MAX.
 * Source: preview1 sock_send; Go's net.Buffers, a call a buffer on wasip1.
 */
ptrdiff_t wasock_conn_writev(struct wasock_conn *conn,
                             const struct wasock_slice *slices, size_t n_slices)
    __attribute__((warn_unused_result));
ptrdiff_t wasock_conn_try_writev(struct wasock_conn *conn,
                                 const struct wasock_slice *slices,
                                 size_t n_slices)
    __attribute__((warn_unused_result));

/*
 * Shut one or both halves: the peer of a shut writing half reads what was
 * written and then the end of the stream. Writing afterwards is EPIPE. Shutting
 * a half again, or after the peer has gone, succeeds.
 * how: not every host can shut only one half (WAMR shuts both).
 * Errors: ECLOSED; EINVAL: `how` is no half; ENOTSUP: a datagram socket;
 *   ENOTCONNECTION.
 * Source: preview1 sock_shutdown; Go's CloseRead and CloseWrite.
 */
int wasock_conn_shutdown(struct wasock_conn *conn, enum wasock_shutdown how);

/*
 * Close the connection; the peer sees the end of the stream on every host.
 * Unread data makes hosts reset it instead. Final whatever it returns; pollers
 * forget the object.
 * Errors: ECLOSED: it was not open; what the host says.
 * Source: preview1 sock_shutdown, fd_close.
 */
int wasock_conn_close(struct wasock_conn *conn);

#ifdef __cplusplus
}
#endif

#endif
