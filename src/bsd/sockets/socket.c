/* SPDX-License-Identifier: MIT */
/*
 * socket.c - sockets, from socket to close.
 *
 * True: states, addresses given to bind, the errors of what cannot be done.
 * Not known: the addresses of others: a peer is 0.0.0.0:0 or [::]:0, never
 * loopback, so that nobody is taken for a local client.
 */
#include "socket.h"
#include "../plain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../../backend.h"
#include "../files/pipe.h"
#include "../waiting/watch.h"
#include "address.h"
#include "loopback.h"

static ssize_t socket_read(struct description *description,
                           const struct iovec *buffers, int n_buffers,
                           int flags)
{
    return wasock_bsd__receive((struct socket *)description, buffers, n_buffers,
                               flags);
}

static ssize_t socket_write(struct description *description,
                            const struct iovec *slices, int n_slices, int flags)
{
    return wasock_bsd__transmit((struct socket *)description, slices, n_slices,
                                flags);
}

/* Whether there is room to write, where it is not the host that tells: on a
 * network inside the program, and where the host's poll is fake, so that only
 * a write can find out. */
static unsigned host_known(struct socket *socket)
{
    struct wasock_socket *host = &socket->conn.socket;

    if (host->role_ == WASOCK__ROLE_NONE) {
        return host->backend_ != NULL &&
                       (host->backend_->operations_->ready(host) &
                        WASOCK_WRITABLE) != 0
                   ? POLLOUT
                   : 0;
    }
    return host->facts_.host_poll == WASOCK__HOST_POLL_FAKE &&
                   socket->n_passes_full == 0
               ? POLLOUT
               : 0;
}

static unsigned connected_known(struct socket *socket)
{
    const struct read_ahead *ahead = &socket->ahead;
    unsigned known = 0;

    if (wasock_bsd__ahead_length(socket) > 0 || ahead->result != 1) {
        known |= POLLIN;
    }
    if (ahead->result == 0 || (socket->shut & WASOCK_SHUTDOWN_READ) != 0) {
        known |= POLLIN | POLLRDHUP;
    }
    if (ahead->result < 0) {
        known |= POLLRDHUP | POLLERR | POLLHUP | POLLOUT;
    }
    if (socket->is_dead) {
        known |= POLLIN | POLLRDHUP | POLLHUP | POLLOUT;
    }
    if ((known & POLLRDHUP) != 0 &&
        (socket->shut & WASOCK_SHUTDOWN_WRITE) != 0) {
        known |= POLLHUP;
    }
    if ((socket->shut & WASOCK_SHUTDOWN_WRITE) != 0) {
        known |= POLLOUT; /* a write does not wait: it is EPIPE */
    }
    return known | host_known(socket);
}

static unsigned socket_known(struct description *description)
{
    struct socket *socket = (struct socket *)description;

    switch (socket->state) {
    case SOCKET_CONNECTED:
        return connected_known(socket);
    case SOCKET_LISTENING:
        return (socket->next != NULL &&
                socket->next->state == SOCKET_CONNECTED) ||
                       socket->error != 0
                   ? POLLIN
                   : 0;
    case SOCKET_NEW:
    case SOCKET_BOUND:
    default:
        return POLLOUT | POLLHUP; /* as Linux says of them */
    }
}

static struct wasock_socket *socket_host(struct description *description)
{
    struct socket *socket = (struct socket *)description;

    switch (socket->state) {
    case SOCKET_CONNECTED:
        return &socket->conn.socket;
    case SOCKET_LISTENING:
        return &socket->listener.socket;
    case SOCKET_NEW:
    case SOCKET_BOUND:
    default:
        return NULL;
    }
}

static unsigned socket_askable(struct description *description)
{
    const struct socket *socket = (const struct socket *)description;

    if (socket->state == SOCKET_LISTENING) {
        return socket_known(description) != 0 ? 0 : WASOCK_READABLE;
    }
    if (socket->is_dead) {
        return 0;
    }
    return socket->ahead.result != 1 ||
                   wasock_bsd__ahead_length(socket) >= WASOCK_BSD_AHEAD_BYTES
               ? WASOCK_WRITABLE
               : WASOCK_READABLE | WASOCK_WRITABLE;
}

static void socket_look(struct description *description)
{
    struct socket *socket = (struct socket *)description;

    if (socket->state == SOCKET_LISTENING) {
        wasock_bsd__accept_ahead(socket);
    } else if (socket->state == SOCKET_CONNECTED) {
        const ptrdiff_t ignored =
            wasock_bsd__read_ahead(socket, WASOCK_BSD_AHEAD_BYTES);
        (void)ignored; /* what there is to know is known now */
        socket->n_passes_full -= socket->n_passes_full > 0;
    }
}

static int socket_stat(struct description *description, struct stat *status)
{
    (void)description;
    status->st_mode = S_IFSOCK | 0777;
    status->st_nlink = 1;
    return 0;
}

static void destroy(struct socket *socket)
{
    wasock_bsd__end_watches(&socket->description);
    if (wasock_socket_is_open(&socket->conn.socket)) {
        wasock_conn_close(&socket->conn);
    }
    wasock_bsd__disclaim(socket);
    wasock_bsd__free_options(socket);
    wasock_bsd__forget_ahead(socket);
    free(socket);
}

static int socket_close(struct description *description)
{
    struct socket *socket = (struct socket *)description;

    if (socket->next != NULL) {
        destroy(socket->next);
    }
    destroy(socket);
    return 0;
}

static const struct operations socket_operations = {
    .read = socket_read,
    .write = socket_write,
    .known = socket_known,
    .host = socket_host,
    .askable = socket_askable,
    .look = socket_look,
    .stat = socket_stat,
    .close = socket_close,
};

struct socket *wasock_bsd__socket_of(struct description *description)
{
    return description->operations == &socket_operations
               ? (struct socket *)description
               : NULL;
}

struct socket *wasock_bsd__socket(int fd, int pair_error)
{
    struct description *description = wasock_bsd__find(fd);

    if (description == NULL) {
        return NULL;
    }
    struct socket *socket = wasock_bsd__socket_of(description);
    if (socket == NULL) {
        errno = wasock_bsd__is_pair(description) ? pair_error : ENOTSOCK;
    }
    return socket;
}

struct socket *wasock_bsd__new_socket(int domain, int protocol, int flags)
{
    struct socket *socket = (struct socket *)calloc(1, sizeof(*socket));

    if (socket == NULL) {
        return NULL;
    }
    socket->description.operations = &socket_operations;
    socket->description.flags = O_RDWR | flags;
    socket->domain = domain;
    socket->protocol = protocol;
    socket->ahead.result = 1;
    if (domain != AF_UNIX) {
        socket->local.family =
            domain == AF_INET ? WASOCK_ADDR_IPV4 : WASOCK_ADDR_IPV6;
    }
    return socket;
}

bool wasock_bsd__is_nonblocking(const struct description *description,
                                int message_flags)
{
    return (description->flags & O_NONBLOCK) != 0 ||
           (message_flags & MSG_DONTWAIT) != 0;
}

uint64_t wasock_bsd__deadline(uint64_t timeout_ns)
{
    return timeout_ns == 0 ? WASOCK_NO_DEADLINE
                           : wasock_deadline_after_ns(timeout_ns);
}

/*
 * socket(2). Only a number: which of the host's listeners it stands for is
 * bind's affair.
 * Errors: EAFNOSUPPORT: neither AF_INET nor AF_INET6, nor AF_UNIX where there
 *   is a loopback; EPROTONOSUPPORT: another
 *   type than SOCK_STREAM, another protocol than TCP; EMFILE; ENOMEM.
 */
int socket(int domain, int type, int protocol)
{
    if (domain != AF_INET && domain != AF_INET6 &&
        (domain != AF_UNIX || !wasock_bsd__has_loopback())) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM ||
        (protocol != 0 && (protocol != IPPROTO_TCP || domain == AF_UNIX))) {
        errno = EPROTONOSUPPORT;
        return -1;
    }
    struct socket *made = wasock_bsd__new_socket(
        domain, protocol, (type & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0);
    if (made == NULL) {
        errno = ENOMEM;
        return -1;
    }
    return wasock_bsd__open(&made->description,
                            (type & SOCK_CLOEXEC) != 0 ? FD_CLOEXEC : 0);
}

/*
 * bind(2): claim one of the listeners that the host opened: the one that the
 * environment gives this port (WASOCK_LISTEN, LISTEN_FDNAMES); where it gives
 * no ports at all, or for port 0, the next in order. Where there is none, what
 * to do is said once on stderr.
 * Errors: EBADF; ENOTSOCK; EAFNOSUPPORT: not the socket's family; EINVAL:
 *   bound already, an address that is too short; EADDRINUSE: another socket of
 *   the program has the port; EADDRNOTAVAIL: the host opened no listener for
 *   it.
 */
int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    struct socket *bound = wasock_bsd__socket(fd, EINVAL);
    struct wasock_addr addr;

    if (bound == NULL) {
        return -1;
    }
    const int result = wasock_bsd__read_address(address, length, &addr);
    if (result < 0) {
        return (int)wasock_bsd__result(result);
    }
    if (address->sa_family != bound->domain) {
        return (int)wasock_bsd__result(-EAFNOSUPPORT);
    }
    if (bound->state != SOCKET_NEW) {
        return (int)wasock_bsd__result(-EINVAL);
    }
    const struct wasock_addr before = bound->local;
    bound->local = addr;
    const int claimed = wasock_bsd__claim(bound);
    if (claimed < 0) {
        bound->local = before;
        return (int)wasock_bsd__result(claimed);
    }
    bound->state = SOCKET_BOUND;
    return 0;
}

/*
 * listen(2). The host has been listening since before the program began, with
 * a backlog of its own; the program's is ignored. A socket that was not bound
 * gets the next listener in order.
 * Errors: EBADF; ENOTSOCK; EINVAL: it is connected; EADDRINUSE, EADDRNOTAVAIL:
 *   as bind.
 */
int listen(int fd, int backlog)
{
    struct socket *listening = wasock_bsd__socket(fd, EINVAL);

    (void)backlog;
    if (listening == NULL) {
        return -1;
    }
    if (listening->state == SOCKET_CONNECTED) {
        return (int)wasock_bsd__result(-EINVAL);
    }
    if (listening->state == SOCKET_NEW) {
        const int result = wasock_bsd__claim(listening);
        if (result < 0) {
            return (int)wasock_bsd__result(result);
        }
    }
    listening->state = SOCKET_LISTENING;
    wasock_bsd__changed(&listening->description, WASOCK_BSD_ALL);
    return 0;
}

/* Why a connection to elsewhere cannot be. Nobody listens on the program's own
 * loopback, and no network is reached from it. */
static int refusal_of(const struct wasock_addr *addr)
{
    return addr->family == WASOCK_ADDR_NAME || wasock_bsd__is_loopback(addr) ||
                   wasock_bsd__is_any(addr)
               ? -ECONNREFUSED
               : -ENETUNREACH;
}

static int connect_socket(struct socket *socket, const struct wasock_addr *addr)
{
    if (socket->state == SOCKET_CONNECTED) {
        return -EISCONN;
    }
    if (socket->state == SOCKET_LISTENING) {
        return -EISCONN; /* as Linux has it, POSIX says EOPNOTSUPP */
    }
    if (!wasock_bsd__has_loopback()) {
        return refusal_of(addr);
    }
    if (wasock_bsd__is_bound_only(addr)) {
        return -ECONNREFUSED;
    }
    const int result = wasock_bsd__loopback_connect(socket, addr);
    if (result == 0) {
        wasock_bsd__disclaim(socket);
    }
    return result == -ECONNREFUSED ? refusal_of(addr) : result;
}

/*
 * connect(2): a guest of preview1 cannot, but for what loopback.h gives, which
 * connects at once.
 * Errors: EBADF; ENOTSOCK; EINVAL, EAFNOSUPPORT, ENAMETOOLONG: the address;
 *   EISCONN: also where it listens; ECONNREFUSED: nobody listens on loopback
 *   or the unspecified address, or by this name; ENETUNREACH: any other
 *   address; EAGAIN: too many wait there to be accepted; ENOBUFS.
 */
int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    struct socket *connecting = wasock_bsd__socket(fd, EISCONN);
    struct wasock_addr addr;

    if (connecting == NULL) {
        return -1;
    }
    int result = wasock_bsd__read_address(address, length, &addr);
    if (result == 0 && address->sa_family != connecting->domain) {
        result = -EAFNOSUPPORT;
    }
    if (result == 0) {
        result = connect_socket(connecting, &addr);
    }
    wasock_bsd__changed(&connecting->description, WASOCK_BSD_ALL);
    return (int)wasock_bsd__result(result);
}

/* Linux's numbers as wasock's halves; 0: none. */
static unsigned halves_of(int how)
{
    switch (how) {
    case SHUT_RD:
        return WASOCK_SHUTDOWN_READ;
    case SHUT_WR:
        return WASOCK_SHUTDOWN_WRITE;
    case SHUT_RDWR:
        return WASOCK_SHUTDOWN_BOTH;
    default:
        return 0;
    }
}

/* A listener that is not to be read listens no more, until it is told to; who
 * was accepted ahead is let go. */
static void stop_listening(struct socket *socket)
{
    if (socket->next != NULL) {
        destroy(socket->next);
        socket->next = NULL;
    }
    socket->error = 0;
    socket->state = SOCKET_BOUND;
    wasock_bsd__changed(&socket->description, WASOCK_BSD_ALL);
}

/*
 * shutdown(2). Of a listener, SHUT_RD ends listening, as on Linux.
 * Errors: EBADF; ENOTSOCK; EINVAL: no such half; ENOTCONN: it is not
 *   connected.
 */
int shutdown(int fd, int how)
{
    struct description *description = wasock_bsd__find(fd);
    const unsigned halves = halves_of(how);

    if (description == NULL) {
        return -1;
    }
    struct socket *shut = wasock_bsd__socket_of(description);
    if (shut == NULL && !wasock_bsd__is_pair(description)) {
        return (int)wasock_bsd__result(-ENOTSOCK);
    }
    if (halves == 0) {
        return (int)wasock_bsd__result(-EINVAL);
    }
    if (shut == NULL) {
        return wasock_bsd__shut_pair(description, halves);
    }
    if (shut->state == SOCKET_LISTENING) {
        if ((halves & WASOCK_SHUTDOWN_READ) != 0) {
            stop_listening(shut);
        }
        return 0;
    }
    if (shut->state != SOCKET_CONNECTED) {
        return (int)wasock_bsd__result(-ENOTCONN);
    }
    shut->shut |= halves;
    const int result =
        wasock_conn_shutdown(&shut->conn, (enum wasock_shutdown)halves);
    wasock_bsd__changed(description, WASOCK_BSD_ALL);
    return (int)wasock_bsd__result(result);
}

/*
 * getsockname(2): the address given to bind; of an accepted connection its
 * listener's; before that 0.0.0.0:0 or [::]:0. An end of a pair has no name.
 * Errors: EBADF; ENOTSOCK.
 */
int getsockname(int fd, struct sockaddr *restrict address,
                socklen_t *restrict length)
{
    static const struct wasock_addr none;
    struct description *description = wasock_bsd__find(fd);

    if (description == NULL) {
        return -1;
    }
    if (wasock_bsd__is_pair(description)) {
        wasock_bsd__write_address(&none, AF_UNIX, address, length);
        return 0;
    }
    const struct socket *named = wasock_bsd__socket(fd, ENOTSOCK);
    if (named == NULL) {
        return -1;
    }
    wasock_bsd__write_address(&named->local, named->domain, address, length);
    return 0;
}

void wasock_bsd__write_peer(struct socket *socket, struct sockaddr *address,
                            socklen_t *length)
{
    struct wasock_addr peer = {0};
    const int ignored = wasock_socket_remote_addr(&socket->conn.socket, &peer);

    (void)ignored; /* unknown it is, then */
    wasock_bsd__write_address(&peer, socket->domain, address, length);
}

/*
 * getpeername(2): 0.0.0.0:0 or [::]:0, after the listener's family: preview1
 * does not tell who it is. On loopback.h's network it is the peer's address.
 * Errors: EBADF; ENOTSOCK; ENOTCONN.
 */
int getpeername(int fd, struct sockaddr *restrict address,
                socklen_t *restrict length)
{
    static const struct wasock_addr unknown;
    struct description *description = wasock_bsd__find(fd);

    if (description == NULL) {
        return -1;
    }
    if (wasock_bsd__is_pair(description)) {
        wasock_bsd__write_address(&unknown, AF_UNIX, address, length);
        return 0;
    }
    struct socket *connected = wasock_bsd__socket(fd, ENOTSOCK);
    if (connected == NULL) {
        return -1;
    }
    if (connected->state != SOCKET_CONNECTED) {
        return (int)wasock_bsd__result(-ENOTCONN);
    }
    wasock_bsd__write_peer(connected, address, length);
    return 0;
}

WASOCK_BSD_PLAIN(bind);
WASOCK_BSD_PLAIN(connect);
WASOCK_BSD_PLAIN(getpeername);
WASOCK_BSD_PLAIN(getsockname);
WASOCK_BSD_PLAIN(listen);
WASOCK_BSD_PLAIN(socket);
