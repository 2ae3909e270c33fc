/* SPDX-License-Identifier: MIT */
/*
 * listener.h - accept connections from a listening socket that the host
 * opened.
 */
#ifndef WASOCK_LISTENER_H
#define WASOCK_LISTENER_H

#include <wasock/conn.h>
#include <wasock/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A listener, in the caller's storage. Deadlines, label and addresses are in
 * socket.h and take `&listener.socket`. */
struct wasock_listener {
    struct wasock_socket socket;
};

/*
 * Make a listener of a descriptor that the host opened. It becomes
 * non-blocking; nobody is accepted. At most four host calls.
 * listener: closed; opened on success. It then owns the descriptor.
 * fd: kept by the caller on failure, as it was.
 * Errors: EBADF: no such descriptor; ENOTSOCK: no socket; ENOTSUP: a datagram
 *   socket, or a host that cannot make it non-blocking; ENOTLISTENER: a
 *   connection. A host that cannot tell (WAMR) lets the first accept say
 *   ENOTLISTENER.
 * Source: Go's net.FileListener on wasip1, which sets no mode and tells no
 *   connection from a listener.
 */
int wasock_listener_from_fd(struct wasock_listener *listener, int fd)
    __attribute__((warn_unused_result));

/*
 * Close the listener but keep its descriptor open.
 * Returns the descriptor, now the caller's, still non-blocking.
 * Errors: ECLOSED; EBUSY: it is shared; ENOTSUP: it has no descriptor.
 * Source: wasock's own: preview1 has no dup.
 */
int wasock_listener_into_fd(struct wasock_listener *listener)
    __attribute__((warn_unused_result));

/*
 * Open a second listener on the same descriptor, which the last of them to
 * close closes. Deadlines and label are each object's own.
 * sharer: closed; opened on success.
 * Errors: ECLOSED; ENOTSUP: of an in-process network.
 * Source: Go's FileListener, whose copies share a count.
 */
int wasock_listener_share(struct wasock_listener *listener,
                          struct wasock_listener *sharer)
    __attribute__((warn_unused_result));

/*
 * Wait for a connection until the read deadline.
 * conn: closed; opened on success, non-blocking, without deadlines.
 * Errors: as wasock_listener_try_accept, but never EAGAIN; EDEADLINE;
 *   EDEADLOCK: of an in-process network, where nobody is left to connect; those
 *   of the host's poll, such as EINTR.
 * Source: Go's Accept.
 */
int wasock_listener_accept(struct wasock_listener *listener,
                           struct wasock_conn *conn)
    __attribute__((warn_unused_result));

/*
 * Accept a connection if one is there. One host call; a listener's first takes
 * one more, to see whether the host made it non-blocking as it was asked to,
 * and where it did not, each takes two more, to do so and to see it done.
 * conn: closed; opened on success, non-blocking, without deadlines.
 * Errors: EAGAIN: nobody there, or one who has gone again; ECLOSED;
 *   ENOTLISTENER, or EBADF, ENOTCAPABLE: no listener, or none any more;
 *   ENOTSUP, EHOST: the connection stays blocking, or the host does not say
 *   whether, and it was closed; any other, such as EMFILE, ENFILE, ENOMEM,
 *   ENOBUFS, EIO (wazero): no descriptors left: close some or wait before the
 *   next try, the listener stays readable meanwhile.
 * Source: preview1 sock_accept.
 */
int wasock_listener_try_accept(struct wasock_listener *listener,
                               struct wasock_conn *conn)
    __attribute__((warn_unused_result));

/*
 * Close the listener. Connections it accepted stay open. Final whatever it
 * returns; pollers forget the listener.
 * Errors: ECLOSED: it was not open; what the host says.
 * Source: preview1 fd_close.
 */
int wasock_listener_close(struct wasock_listener *listener);

#ifdef __cplusplus
}
#endif

#endif
