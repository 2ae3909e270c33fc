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

#include "../threads/layer.h"
#include "../waiting/watch.h"
#include "address.h"
#include "socket.h"

static struct socket *new_socket(const struct socket *listening)
{
    return wasock_bsd__new_socket(listening->domain, listening->protocol, 0);
}

static void be_accepted(struct socket *accepted, const struct socket *listening)
{
    accepted->state = SOCKET_CONNECTED;
    accepted->local = listening->local;
}

static bool is_ahead(const struct socket *listening)
{
    return listening->next != NULL &&
           listening->next->state == SOCKET_CONNECTED;
}

/* Connect the next socket, without waiting. */
static int connect_next(struct socket *listening)
{
    if (listening->next == NULL) {
        listening->next = new_socket(listening);
    }
    if (listening->next == NULL) {
        return -ENOMEM;
    }
    if (is_ahead(listening)) {
        return 0;
    }
    const int result = wasock_listener_try_accept(&listening->listener,
                                                  &listening->next->conn);
    if (result == 0) {
        be_accepted(listening->next, listening);
    }
    return result;
}

void wasock_bsd__accept_ahead(struct socket *socket)
{
    if (is_ahead(socket)) {
        return;
    }
    const int result = connect_next(socket);
    if (result != -WASOCK_EAGAIN) {
        /* The host reports it only once. */
        wasock_bsd__changed(&socket->description, POLLIN | POLLRDNORM);
    }
    /* An error of accept is an event, and accept returns it again. */
    socket->error = result == -WASOCK_EAGAIN ? 0 : result;
}

static struct socket *take_next(struct socket *listening)
{
    struct socket *next = listening->next;

    listening->next = NULL;
    return next;
}

/* Wait for a connection. Another thread may accept ahead meanwhile, so the
 * socket is this call's own. Returns NULL with an error. */
static struct socket *wait_for_next(struct socket *listening, int *error)
{
    struct socket *next = take_next(listening);

    if (next == NULL) {
        next = new_socket(listening);
    }
    if (next == NULL) {
        *error = -ENOMEM;
        return NULL;
    }
    *error = wasock_socket_set_deadline_ns(
        &listening->listener.socket, WASOCK_READABLE,
        wasock_bsd__deadline(listening->description.receive_timeout_us));
    if (*error == 0) {
        *error = wasock_listener_accept(&listening->listener, &next->conn);
    }
    if (*error == 0) {
        be_accepted(next, listening);
        return next;
    }
    if (listening->next == NULL) {
        listening->next = next; /* for the next call */
    } else {
        next->description.operations->close(&next->description);
    }
    return NULL;
}

/* Take the next connection off the listener. Returns NULL with an error. */
static struct socket *accept_next(struct socket *listening, int *error)
{
    struct socket *accepted = NULL;

    listening->error = 0;
    if (is_ahead(listening)) {
        accepted = take_next(listening);
    } else if (!wasock_bsd__is_nonblocking(&listening->description, 0)) {
        accepted = wait_for_next(listening, error);
    } else {
        *error = connect_next(listening);
        accepted = *error == 0 ? take_next(listening) : NULL;
    }
    if (accepted != NULL || *error == -WASOCK_EAGAIN ||
        listening->description.operations->look != NULL) {
        /* Else it is still ready, which is no new edge. */
        wasock_bsd__changed(&listening->description, 0);
    }
    if (accepted != NULL) {
        wasock_bsd__inherit_options(accepted, listening);
    }
    return accepted;
}

/* Number a connection. Without a number it waits on. */
static int give_number(struct socket *listening, struct socket *accepted,
                       int flags)
{
    const int number =
        wasock_bsd__number(&accepted->description, 0,
                           (flags & SOCK_CLOEXEC) != 0 ? FD_CLOEXEC : 0);

    if (number < 0 && listening->next == NULL) {
        listening->next = accepted;
    } else if (number < 0) {
        accepted->description.operations->close(&accepted->description);
    }
    return number;
}

/*
 * accept(2), accept4(2). The address written is getpeername's.
 * Errors: EBADF; ENOTSOCK; EINVAL: it does not listen, an unknown flag;
 * EOPNOTSUPP: of datagrams; EAGAIN: no connection and O_NONBLOCK, or
 * SO_RCVTIMEO is over; EMFILE: of the program or of the host (EIO on wazero),
 * the connection waits on; ENFILE; ENOMEM.
 */
static int accept_once(int fd, struct sockaddr *address, socklen_t *length,
                       int flags)
{
    struct socket *listening = wasock_bsd__socket(fd, EINVAL);

    if (listening == NULL) {
        return -errno;
    }
    if (listening->type == SOCK_DGRAM) {
        return -EOPNOTSUPP;
    }
    if (listening->state != SOCKET_LISTENING ||
        (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) {
        return -EINVAL;
    }
    int number = address == NULL ? 0 : wasock_bsd__check_room(address, length);
    if (number < 0) {
        return number;
    }
    wasock_bsd__begin_call(&listening->description);
    struct socket *accepted = accept_next(listening, &number);
    if (accepted != NULL) {
        number = give_number(listening, accepted, flags);
    }
    if (number >= 0) {
        accepted->description.flags |=
            (flags & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0;
        wasock_bsd__write_peer(accepted, address, length);
    }
    return (int)wasock_bsd__end_call(&listening->description, WASOCK_READABLE,
                                     number);
}

int accept4(int fd, struct sockaddr *restrict address,
            socklen_t *restrict length, int flags)
{
    int number = 0;

    do {
        number = accept_once(fd, address, length, flags);
    } while (number == -WASOCK_BSD_RESTART);
    return (int)wasock_bsd__result(number);
}

int accept(int fd, struct sockaddr *restrict address,
           socklen_t *restrict length)
{
    return accept4(fd, address, length, 0);
}
