/* SPDX-License-Identifier: MIT */
/*
 * accept.c - accept and accept4.
 *
 * Listeners never block on the host; a blocking accept is a wait of wasock's.
 * O_NONBLOCK is not inherited, as on Linux.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include <wasock/err.h>

#include "../waiting/watch.h"
#include "socket.h"

/* The socket of the next connection: one that is ready, or a new one. */
static struct socket *prepare(struct socket *listening)
{
    if (listening->next == NULL) {
        listening->next =
            wasock_bsd__new_socket(listening->domain, listening->protocol, 0);
    }
    return listening->next;
}

/* Connect the next socket, waiting where that is allowed. */
static int connect_next(struct socket *listening, bool may_wait)
{
    struct socket *next = prepare(listening);

    if (next == NULL) {
        return -ENOMEM;
    }
    if (next->state == SOCKET_CONNECTED) {
        return 0;
    }
    const int result =
        may_wait
            ? wasock_listener_accept(&listening->listener, &next->conn)
            : wasock_listener_try_accept(&listening->listener, &next->conn);
    if (result == 0) {
        next->state = SOCKET_CONNECTED;
        next->local = listening->local;
    }
    return result;
}

void wasock_bsd__accept_ahead(struct socket *socket)
{
    if (socket->next != NULL && socket->next->state == SOCKET_CONNECTED) {
        return;
    }
    const int result = connect_next(socket, false);
    if (result != -WASOCK_EAGAIN) {
        /* The host reports it only once. */
        wasock_bsd__changed(&socket->description, POLLIN | POLLRDNORM);
    }
    /* An error of accept is an event, and accept returns it again. */
    socket->error = result == -WASOCK_EAGAIN ? 0 : result;
}

/* Take the next connection off the listener. */
static int accept_next(struct socket *listening, struct socket **accepted)
{
    const bool may_wait =
        !wasock_bsd__is_nonblocking(&listening->description, 0);
    int result = 0;

    listening->error = 0;
    if (may_wait) {
        result = wasock_socket_set_deadline_ns(
            &listening->listener.socket, WASOCK_READABLE,
            wasock_bsd__deadline(listening->receive_timeout_ns));
    }
    if (result == 0) {
        result = connect_next(listening, may_wait);
    }
    wasock_bsd__changed(&listening->description, 0);
    if (result < 0) {
        return result;
    }
    *accepted = listening->next;
    listening->next = NULL;
    wasock_bsd__inherit_options(*accepted, listening);
    return 0;
}

/*
 * accept(2), accept4(2). The address written is getpeername's.
 * Errors: EBADF; ENOTSOCK; EINVAL: it does not listen, an unknown flag;
 * EOPNOTSUPP: of datagrams; EAGAIN: no connection and O_NONBLOCK, or
 * SO_RCVTIMEO is over; EMFILE: of the program or of the host (EIO on wazero),
 * the connection waits on; ENFILE; ENOMEM.
 */
int accept4(int fd, struct sockaddr *restrict address,
            socklen_t *restrict length, int flags)
{
    struct socket *listening = wasock_bsd__socket(fd, EINVAL);

    if (listening == NULL) {
        return -1;
    }
    if (listening->type == SOCK_DGRAM) {
        errno = EOPNOTSUPP;
        return -1;
    }
    if (listening->state != SOCKET_LISTENING ||
        (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) {
        errno = EINVAL;
        return -1;
    }
    struct socket *accepted = NULL;
    const int result = accept_next(listening, &accepted);
    if (result < 0) {
        return (int)wasock_bsd__result(result);
    }
    const int number =
        wasock_bsd__number(&accepted->description, 0,
                           (flags & SOCK_CLOEXEC) != 0 ? FD_CLOEXEC : 0);
    if (number < 0) {
        listening->next = accepted; /* it waits on */
        return (int)wasock_bsd__result(number);
    }
    accepted->description.flags |=
        (flags & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0;
    wasock_bsd__write_peer(accepted, address, length);
    return number;
}

int accept(int fd, struct sockaddr *restrict address,
           socklen_t *restrict length)
{
    return accept4(fd, address, length, 0);
}
