/* SPDX-License-Identifier: MIT */
/*
 * listener.h - accept connections, from a listening socket that the host opened
 * or that the program binds.
 */
#ifndef WASOCK_LISTENER_H
#define WASOCK_LISTENER_H

#include <wasock/conn.h>
#include <wasock/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The default backlog: connections that wait to be accepted. */
#define WASOCK_BACKLOG 128

/* A listener, in the caller's storage. Deadlines, labels and addresses:
 * socket.h, with `&listener.socket`. */
struct wasock_listener {
    struct wasock_socket socket;
};

/*
 * Adopt a listening socket that the host opened, and make it non-blocking.
 * Accepts no connection. Costs up to four host calls.
 * listener: closed; opened on success. It then owns the descriptor.
 * fd: unchanged on failure.
 * Errors: EBADF: no such descriptor; ENOTSOCK; ENOTLISTENER: a connection;
 *   ENOTSUP: a datagram socket, or the host cannot make it non-blocking; EOPEN:
 *   listener is open. On WAMR, which hides whether it is a listener, the first
 *   accept returns ENOTLISTENER.
 * Source: Go's net.FileListener on wasip1, which sets no mode and also takes a
 *   connection.
 */
int wasock_listener_from_fd(struct wasock_listener *listener, int fd)
    __attribute__((warn_unused_result));

/*
 * Listen at an address. A preview1 program cannot (ENOSYS): its host opens the
 * listeners before the program starts (preopen.h).
 * listener: closed; opened on success, non-blocking. wasock_socket_local_addr
 *   gives the port that was chosen for port 0.
 * network: NULL: the host's; else, for example, `&fakenet.network`.
 * addr: IPv4 or IPv6; on an in-process network also a name.
 * backlog: connections that may wait to be accepted; 0: WASOCK_BACKLOG.
 * Errors: EADDRINUSE; EADDRNOTAVAIL: no address of this machine; EACCES: not
 *   allowed (wasmtime: -S inherit-network); EAFNOSUPPORT; EMFILE, ENFILE: out
 *   of descriptors; ESTORAGE: out of in-process sockets; EOPEN: listener is
 *   open; ENOSYS; any other code of the host.
 * Source: bind(2) and listen(2); Go's Listen.
 */
int wasock_listener_listen(struct wasock_listener *listener,
                           struct wasock_network *network,
                           const struct wasock_addr *addr, size_t backlog)
    __attribute__((warn_unused_result));

/*
 * Close the object and keep the descriptor open.
 * Returns the descriptor, which the caller then owns. It stays non-blocking.
 * Errors: ECLOSED; EBUSY: it is shared; ENOTSUP: an in-process listener.
 */
int wasock_listener_into_fd(struct wasock_listener *listener)
    __attribute__((warn_unused_result));

/*
 * Open a second listener on the same descriptor. The last sharer to close
 * closes the descriptor. Each has its own deadlines and label.
 * sharer: closed; opened on success.
 * Errors: ECLOSED; EOPEN: sharer is open, or is listener itself; ENOTSUP: an
 *   in-process listener.
 * Source: Go's FileListener, whose copies share a count.
 */
int wasock_listener_share(struct wasock_listener *listener,
                          struct wasock_listener *sharer)
    __attribute__((warn_unused_result));

/*
 * Accept a connection, waiting for one until the read deadline.
 * conn: closed; opened on success, non-blocking, without deadlines.
 * Errors: EDEADLINE; EINTR: a signal, if the listener is interruptible;
 *   EDEADLOCK: in-process, nothing can connect while this call waits; otherwise
 *   as wasock_listener_try_accept, never EAGAIN; any code of the host's poll.
 * Source: Go's Accept.
 */
int wasock_listener_accept(struct wasock_listener *listener,
                           struct wasock_conn *conn)
    __attribute__((warn_unused_result));

/*
 * Accept a pending connection.
 * conn: closed; opened on success, non-blocking, without deadlines.
 *
 *   host calls  when
 *   1           always
 *   +1          the first accept of a listener, which verifies that the host
 *               makes connections non-blocking
 *   +2          every accept, on hosts that do not (WAMR)
 *
 * Errors:
 *   EAGAIN        no connection is pending, or it was aborted or has a network
 *                 error
 *   ECLOSED
 *   EOPEN         conn is open
 *   ENOTLISTENER, EBADF, ENOTCAPABLE
 *                 the descriptor is not a listener, or is closed
 *   ENOTSUP, EHOST
 *                 the host cannot make the connection non-blocking, or hides
 *                 its mode; the connection was closed
 *   any other     out of descriptors: EMFILE, ENFILE, ENOMEM, ENOBUFS, EIO
 *                 (wazero). Close connections, or wait before the next accept:
 *                 the listener stays readable.
 * Source: preview1 sock_accept.
 */
int wasock_listener_try_accept(struct wasock_listener *listener,
                               struct wasock_conn *conn)
    __attribute__((warn_unused_result));

/*
 * Close the listener. Accepted connections stay open. The object is closed
 * whatever this returns, and removed from all pollers: as for
 * wasock_conn_close, do not free their memory before.
 * Errors: ECLOSED: it was not open; any code of the host.
 * Source: preview1 fd_close.
 */
int wasock_listener_close(struct wasock_listener *listener);

#ifdef __cplusplus
}
#endif

#endif
