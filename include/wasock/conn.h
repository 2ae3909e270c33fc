/* SPDX-License-Identifier: MIT */
/*
 * conn.h - read from and write to a connection.
 *
 * wasock_conn_read and _write block, until the deadline if one is set
 * (socket.h). The try_ forms never block and ignore deadlines. An operation on
 * a ready connection costs one host call; with a deadline, a blocking one reads
 * the clock first.
 */
#ifndef WASOCK_CONN_H
#define WASOCK_CONN_H

#include <stddef.h>
#include <stdint.h>

#include <wasock/abi.h>
#include <wasock/fd.h>
#include <wasock/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A connection, in the caller's storage. Deadlines, labels and addresses:
 * socket.h, with `&conn.socket`. */
struct wasock_conn {
    struct wasock_socket socket;
};

/*
 * Adopt a connected socket that the host opened, and make it non-blocking.
 * Costs up to four host calls. A datagram socket works as well: each read or
 * write is one datagram.
 * conn: closed; opened on success. It then owns the descriptor.
 * fd: unchanged on failure.
 * Errors: EBADF: no such descriptor; ENOTSOCK; ENOTCONNECTION: a listener;
 *   ENOTSUP: the host cannot make it non-blocking; EOPEN: conn is open. On
 *   WAMR, which hides whether it is a listener, the first use returns
 *   ENOTCONNECTION.
 * Source: Go's net.FileConn on wasip1.
 */
int wasock_conn_from_fd(struct wasock_conn *conn, int fd)
    __attribute__((warn_unused_result));

/*
 * Connect to an address, and wait for the result until a deadline. A preview1
 * program cannot connect (ENOSYS): its host preopens connections instead
 * (wasock_conn_from_fd).
 * conn: closed; opened on success, non-blocking, without deadlines.
 * network: NULL: the host's; else, for example, `&fakenet.network`.
 * addr: IPv4 or IPv6; on an in-process network also a name.
 * deadline_ns: absolute, of the network's clock; WASOCK_NO_DEADLINE.
 * timeout_ns: a duration; WASOCK_FOREVER_NS.
 * Errors: those of wasock_conn_start_connect and wasock_conn_finish_connect.
 * Source: connect(2); Go's DialTimeout.
 */
int wasock_conn_connect_until_ns(struct wasock_conn *conn,
                                 struct wasock_network *network,
                                 const struct wasock_addr *addr,
                                 uint64_t deadline_ns)
    __attribute__((warn_unused_result));
int wasock_conn_connect_for_ns(struct wasock_conn *conn,
                               struct wasock_network *network,
                               const struct wasock_addr *addr,
                               uint64_t timeout_ns)
    __attribute__((warn_unused_result));

/*
 * Start to connect, without waiting. The connection becomes writable when it is
 * established or has failed: then wasock_conn_finish_connect returns the
 * result. Until then try_ reads and writes return EAGAIN.
 * conn: closed; opened on success. Close it if it fails later.
 * network, addr: as for wasock_conn_connect_until_ns.
 * Errors: EOPEN: conn is open; EACCES: not allowed (wasmtime:
 *   -S inherit-network); EAFNOSUPPORT; EMFILE, ENFILE: out of descriptors;
 *   ESTORAGE: out of in-process sockets; ENOSYS; those of
 *   wasock_conn_finish_connect that are known at once.
 * Source: connect(2) of a non-blocking socket.
 */
int wasock_conn_start_connect(struct wasock_conn *conn,
                              struct wasock_network *network,
                              const struct wasock_addr *addr)
    __attribute__((warn_unused_result));

/*
 * Get the result of a connect, waiting for it until the write deadline. The try
 * form does not wait. Accepted and adopted connections are established.
 * Returns 0: the connection is established.
 * Errors:
 *   EAGAIN        the try form: no result yet
 *   EDEADLINE     the write deadline is past
 *   ECONNREFUSED  no listener at this address, or fault injection
 *   ETIMEDOUT, EHOSTUNREACH, ENETUNREACH
 *                 the peer does not answer, or there is no route to it
 *   EADDRINUSE, EADDRNOTAVAIL
 *                 no address or port is free for this end
 *   EPROTOTYPE    in-process: the address is a datagram socket's
 *   ESTORAGE      in-process: all sockets are in use
 *   EDEADLOCK     in-process: the listener's backlog is full, and nothing can
 *                 accept while this call waits
 *   ECLOSED, EINTR, any other code of the host
 * An error of the connect ends the connection: later calls return it again.
 * Source: getsockopt(SO_ERROR).
 */
int wasock_conn_finish_connect(struct wasock_conn *conn)
    __attribute__((warn_unused_result));
int wasock_conn_try_finish_connect(struct wasock_conn *conn)
    __attribute__((warn_unused_result));

/*
 * Close the object and keep the descriptor open.
 * Returns the descriptor, which the caller then owns. It stays non-blocking.
 * Errors: ECLOSED; EBUSY: it is shared; ENOTSUP: an in-process connection.
 */
int wasock_conn_into_fd(struct wasock_conn *conn)
    __attribute__((warn_unused_result));

/*
 * Open a second object on the same connection. The last sharer to close closes
 * the descriptor. Sharers have shut halves and errors in common; each has its
 * own deadlines and label.
 * sharer: closed; opened on success.
 * Errors: ECLOSED; EOPEN: sharer is open, or is conn itself; ENOTSUP: an
 *   in-process connection.
 * Source: Go's FileConn, whose copies share a count.
 */
int wasock_conn_share(struct wasock_conn *conn, struct wasock_conn *sharer)
    __attribute__((warn_unused_result));

/*
 * Read, waiting for data until the read deadline.
 * buffer: room for `capacity` bytes; at most 1 GiB is used.
 * Returns the number of bytes read, 0 at EOF. Returns 0 without a host call if
 * `capacity` is 0. On a datagram socket it reads one datagram, truncated to
 * fit; an empty one gives 0.
 * Errors:
 *   EDEADLINE        the deadline is past, data or not
 *   ECLOSED
 *   EINTR            a signal, if the socket is interruptible
 *   EDEADLOCK        in-process: nothing can write while this call waits
 *   ENOMEM, ENOBUFS  the host is short of memory: try again later
 *   ENOTCONNECTION   a listener (WAMR)
 *   any other        the peer is gone (wasock_err_is_disconnect), or the host
 *                    failed: every later read of a stream returns it again
 * An error of the host's poll is returned once.
 * Source: Go's Read.
 */
ptrdiff_t wasock_conn_read(struct wasock_conn *conn, void *buffer,
                           size_t capacity) __attribute__((warn_unused_result));

/*
 * Read the data that has arrived, without blocking. Costs one host call.
 * Errors: EAGAIN: no data; otherwise as wasock_conn_read, without EDEADLINE,
 *   EINTR and EDEADLOCK.
 * Source: preview1 sock_recv.
 */
ptrdiff_t wasock_conn_try_read(struct wasock_conn *conn, void *buffer,
                               size_t capacity)
    __attribute__((warn_unused_result));

/*
 * Read into several buffers, in order. A short count is normal: wasmtime fills
 * only the first buffer that has room.
 * buffers: only the first WASOCK_SLICES_MAX are used.
 * Errors: as wasock_conn_read and wasock_conn_try_read.
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
 * Returns `length`. A short count means that an error interrupted the write;
 * the next call returns that error, if it lasts. Returns 0 without a host call
 * if `length` is 0. On a datagram socket it sends one datagram.
 * Errors:
 *   EDEADLINE        the deadline is past
 *   ECLOSED
 *   EINTR            a signal, if the socket is interruptible
 *   EDEADLOCK        in-process: nothing can read while this call waits
 *   ENOMEM, ENOBUFS  the host is short of memory: try again later
 *   EINVAL           `length` is above PTRDIFF_MAX
 *   EPIPE            this side shut its writing half, or a read has failed
 *                    because the peer is gone
 *   EMSGSIZE         too long for a datagram
 *   ENOTCONNECTION   a listener (WAMR)
 *   any other        the peer is gone (wasock_err_is_disconnect), or the host
 *                    failed: every later write of a stream returns it again
 * An error of the host's poll is returned once.
 * Source: Go's Write.
 */
ptrdiff_t wasock_conn_write(struct wasock_conn *conn, const void *data,
                            size_t length);

/*
 * Write as much as the send buffer takes, without blocking. Costs one host
 * call.
 * Returns the number of bytes written, often fewer than `length`.
 * Errors: EAGAIN: no room; otherwise as wasock_conn_write, without EDEADLINE,
 *   EINTR, EDEADLOCK and EINVAL.
 * Source: preview1 sock_send.
 */
ptrdiff_t wasock_conn_try_write(struct wasock_conn *conn, const void *data,
                                size_t length)
    __attribute__((warn_unused_result));

/*
 * Write several slices in order, as if they were one. Send a response in one
 * call: most hosts leave Nagle's algorithm on, and two small writes in a row
 * may take 40 ms.
 *
 * wazero loses count in a send of several slices, so there each slice is a host
 * call. The first call with several slices detects the host, with one more host
 * call unless a wait did so before.
 * slices: the array is not modified. try_writev uses only the first
 *   WASOCK_SLICES_MAX.
 * Returns the count over all slices, as the scalar forms.
 * Errors: as the scalar forms; EMSGSIZE: more than WASOCK_SLICES_MAX slices for
 *   one datagram.
 * Source: preview1 sock_send; Go's net.Buffers.
 */
ptrdiff_t wasock_conn_writev(struct wasock_conn *conn,
                             const struct wasock_slice *slices,
                             size_t n_slices);
ptrdiff_t wasock_conn_try_writev(struct wasock_conn *conn,
                                 const struct wasock_slice *slices,
                                 size_t n_slices)
    __attribute__((warn_unused_result));

/*
 * Shut one or both halves. After the writing half is shut, the peer reads what
 * was written and then EOF; writes return EPIPE. After the reading half is
 * shut, reads return the data that has arrived and then EOF, as on Linux.
 * Shutting a half again, or after the peer is gone, succeeds.
 * how: WAMR shuts both halves, whichever is given.
 * Errors: ECLOSED; EINVAL: no such half; ENOTSUP: a datagram socket;
 *   ENOTCONNECTION: a listener (WAMR).
 * Source: preview1 sock_shutdown; Go's CloseRead and CloseWrite.
 */
int wasock_conn_shutdown(struct wasock_conn *conn, enum wasock_shutdown how);

/*
 * Close the connection. The peer reads EOF on every host, or a reset if this
 * side has unread data. The object is closed whatever this returns, and removed
 * from all pollers.
 *
 * Close writes to the memory of the pollers that watch the object: if a poller
 * was freed without wasock_poller_close, this is a use after free.
 * Errors: ECLOSED: it was not open; any code of the host.
 * Source: preview1 sock_shutdown, fd_close.
 */
int wasock_conn_close(struct wasock_conn *conn);

#ifdef __cplusplus
}
#endif

#endif
