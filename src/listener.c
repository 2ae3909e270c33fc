/* SPDX-License-Identifier: MIT */
#include <wasock/listener.h>

#include <wasock/err.h>
#include <wasock/fd.h>

#include "socket_internal.h"

int wasock_listener_from_fd(struct wasock_listener *listener, int fd)
{
    return wasock__socket_adopt(&listener->socket, fd, true);
}

int wasock_listener_listen(struct wasock_listener *listener,
                           struct wasock_network *network,
                           const struct wasock_addr *addr, size_t backlog)
{
    struct wasock_socket *socket = &listener->socket;
    const size_t n = backlog > 0 ? backlog : WASOCK_BACKLOG;

    if (wasock_socket_is_open(socket)) {
        return -WASOCK_EOPEN;
    }
    if (network != NULL) {
        return wasock__backend_listen(network, addr, n, socket);
    }
    const int fd = wasock_fd_listen(addr, n);
    if (fd < 0) {
        return fd;
    }
    wasock__socket_open(socket, fd, WASOCK__ROLE_LISTENER);
    socket->facts_.is_role_proven = true;
    return 0;
}

int wasock_listener_into_fd(struct wasock_listener *listener)
{
    return wasock__socket_into_fd(&listener->socket);
}

int wasock_listener_share(struct wasock_listener *listener,
                          struct wasock_listener *sharer)
{
    return wasock__socket_share(&listener->socket, &sharer->socket);
}

/* The result of an accept that failed. */
static int failed(struct wasock_socket *listener, int error)
{
    switch (-error) {
    case WASOCK_EAGAIN:
        listener->activity_ |= WASOCK__ACTIVITY_DRY;
        return error;
    case WASOCK_EINTR:
    case WASOCK_ECONNABORTED:
    /* accept(2) also returns the network errors of a pending connection. It is
     * gone then; the listener goes on. */
    case WASOCK_ECONNRESET:
    case WASOCK_EHOSTUNREACH:
    case WASOCK_ENETDOWN:
    case WASOCK_ENETRESET:
    case WASOCK_ENETUNREACH:
    case WASOCK_ENOPROTOOPT:
    case WASOCK_EPROTO:
    case WASOCK_ETIMEDOUT:
        return -WASOCK_EAGAIN;
    case WASOCK_EINVAL: /* wasmtime, for a preopened connection */
        return -WASOCK_ENOTLISTENER;
    case WASOCK_EBADF:
    case WASOCK_ENOTCAPABLE:
        return wasock__socket_role_error(listener, error, -WASOCK_ENOTLISTENER);
    default: /* out of descriptors, for which hosts have many codes */
        wasock__socket_notify(listener, WASOCK__CHANGE_STARVED);
        return error;
    }
}

/*
 * Make sure that an accepted connection is non-blocking. The accept asked for
 * it; the listener's first connection shows whether the host honours that.
 */
static int ensure_nonblocking(struct wasock_socket *listener, int fd)
{
    if (listener->facts_.accept_mode == WASOCK__ACCEPT_MODE_UNKNOWN) {
        struct wasock_fd_stat stat;
        const int result = wasock_fd_stat(fd, &stat);
        if (result < 0) {
            return result;
        }
        listener->facts_.accept_mode = stat.is_nonblocking
                                           ? WASOCK__ACCEPT_MODE_HONOURED
                                           : WASOCK__ACCEPT_MODE_IGNORED;
        listener->facts_.is_role_proven = true;
        wasock__socket_share_facts(listener);
    }
    return listener->facts_.accept_mode == WASOCK__ACCEPT_MODE_HONOURED
               ? 0
               : wasock_fd_set_nonblocking(fd);
}

int wasock_listener_try_accept(struct wasock_listener *listener,
                               struct wasock_conn *conn)
{
    struct wasock_socket *socket = &listener->socket;
    struct wasock_socket *accepted = &conn->socket;

    if (wasock_socket_is_open(accepted)) {
        return -WASOCK_EOPEN;
    }
    if (socket->role_ == WASOCK__ROLE_NONE) {
        return wasock__backend_accept(socket, accepted);
    }
    const int fd = wasock_fd_accept(socket->fd_);
    if (fd < 0) {
        return failed(socket, fd);
    }
    socket->activity_ |= WASOCK__ACTIVITY_MOVED | WASOCK__ACTIVITY_MORE;
    const int result = ensure_nonblocking(socket, fd);
    wasock__socket_open(accepted, fd, WASOCK__ROLE_STREAM);
    accepted->label_ = socket->label_;
    accepted->facts_.is_role_proven = true;
    accepted->facts_.host_poll = socket->facts_.host_poll;
    accepted->facts_.accept_mode = socket->facts_.accept_mode;
    if (result < 0) {
        wasock__socket_close(accepted);
    }
    /* A connection is lost: EAGAIN would mean that none was pending. */
    return result == -WASOCK_EAGAIN ? -WASOCK_EHOST : result;
}

int wasock_listener_accept(struct wasock_listener *listener,
                           struct wasock_conn *conn)
{
    struct wasock__wait wait = {0};
    int result =
        wasock__socket_check_deadline(&listener->socket, WASOCK_READABLE);

    while (result == 0) {
        result = wasock_listener_try_accept(listener, conn);
        if (result != -WASOCK_EAGAIN) {
            break;
        }
        result = wasock__socket_wait(&listener->socket, WASOCK_READABLE, &wait);
    }
    return result;
}

int wasock_listener_close(struct wasock_listener *listener)
{
    return wasock__socket_close(&listener->socket);
}
