/* SPDX-License-Identifier: MIT */
/*
 * socket.c - sockets, from socket to close.
 *
 * True: states, addresses as far as the host has them, the errors of what
 * cannot be done. On preview1 a peer's address is 0.0.0.0:0 or [::]:0, never
 * loopback, so that no client is taken for a local one.
 */
#include "socket.h"
#include "../plain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

#include <wasock/clock.h>

#include "../../backend.h"
#include "../../fd_internal.h"
#include "../../host.h"
#include "../../wasip1.h"
#include "../files/pipe.h"
#include "../system/signals.h"
#include "../waiting/watch.h"
#include "address.h"
#include "loopback.h"

static const struct operations socket_operations;

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

/* Whether there is room to write, if the host's poll does not report it: on an
 * in-process network, and on a fake poll, where only a write detects it. */
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
        known |= socket->error < 0 ? POLLERR : 0;
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
    case SOCKET_CONNECTING:
        return 0;
    case SOCKET_NEW:
    case SOCKET_BOUND:
    default: /* as Linux says of them */
        return socket->error == 0
                   ? POLLOUT | POLLHUP
                   : POLLIN | POLLOUT | POLLRDHUP | POLLERR | POLLHUP;
    }
}

static struct wasock_socket *socket_host(struct description *description)
{
    struct socket *socket = (struct socket *)description;

    switch (socket->state) {
    case SOCKET_CONNECTING:
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
    if (socket->state == SOCKET_CONNECTING) {
        return WASOCK_WRITABLE;
    }
    return socket->ahead.result != 1 ||
                   wasock_bsd__ahead_length(socket) >= WASOCK_BSD_AHEAD_BYTES
               ? WASOCK_WRITABLE
               : WASOCK_READABLE | WASOCK_WRITABLE;
}

bool wasock_bsd__may_be_reset(struct description *description)
{
    struct socket *socket = (struct socket *)description;

    return description->operations == &socket_operations &&
           socket->state == SOCKET_CONNECTED && socket->ahead.result == 0 &&
           !socket->is_dead && (socket->shut & WASOCK_SHUTDOWN_WRITE) == 0;
}

/* Whether the host's poll reports an error for a connection. */
static bool is_broken_by_poll(struct wasock_socket *host)
{
    struct wasock__subscription subscriptions[2]; /* room for the clock */
    struct wasock__event events[2];
    bool is_broken = false;

    wasock__fd_subscribe(&subscriptions[0], wasock_socket_fd(host),
                         WASOCK_WRITABLE, 0);
    const int n_events = wasock__fd_poll_once(subscriptions, 1, events, 0);
    for (int i = 0; i < n_events; i++) {
        is_broken =
            is_broken || (events[i].userdata == 0 && events[i].error != 0);
    }
    return is_broken;
}

/* Whether sending nothing fails, which it does not while there is no room. */
static bool is_broken_by_send(struct wasock_socket *host)
{
    static const struct wasock_slice nothing = {"", 0};
    uint32_t n_sent = 0;

    return wasip1_sock_send(wasock_socket_fd(host), &nothing, 1, 0, &n_sent) !=
           0;
}

/* Whether a connection that reads EOF was reset since. What shows it differs: a
 * component's host loses the peer's address. */
static bool is_broken(struct wasock_socket *host)
{
    struct wasock_addr peer;

    if (host->role_ == WASOCK__ROLE_NONE) {
        return host->backend_ != NULL &&
               host->backend_->operations_->is_broken(host);
    }
    if (wasock_bsd__can_open()) {
        return wasock_fd_remote_addr(wasock_socket_fd(host), &peer) < 0;
    }
    return wasock__socket_host_poll(host) == WASOCK__HOST_POLL_HONEST
               ? is_broken_by_poll(host)
               : is_broken_by_send(host);
}

/* The end was read, and now the peer answers with a reset. No read returns
 * it. */
static void look_for_reset(struct socket *socket)
{
    if (is_broken(&socket->conn.socket)) {
        socket->is_dead = true;
        socket->error = -EPIPE;
        wasock_bsd__changed(&socket->description, POLLERR | POLLHUP);
    }
}

static void socket_look(struct description *description)
{
    struct socket *socket = (struct socket *)description;

    if (socket->state == SOCKET_CONNECTING) {
        const int ignored = wasock_bsd__follow_connect(socket);
        (void)ignored;
    } else if (socket->state == SOCKET_LISTENING) {
        wasock_bsd__accept_ahead(socket);
    } else if (socket->state == SOCKET_CONNECTED) {
        const ptrdiff_t ignored =
            wasock_bsd__read_ahead(socket, WASOCK_BSD_AHEAD_BYTES);
        (void)ignored; /* its result is now cached */
        socket->n_passes_full -= socket->n_passes_full > 0;
        if (wasock_bsd__may_be_reset(description)) {
            look_for_reset(socket);
        }
    }
}

bool wasock_bsd__is_hint(unsigned answer)
{
    return (answer & POLLIN) != 0 && wasock__host_poll_cost() != NULL;
}

/*
 * What is ready while it connects has ended to do so, well or not. That the
 * peer has gone is half of POLLHUP: reading tells it.
 */
static unsigned socket_meaning(struct description *description, unsigned answer)
{
    struct socket *socket = (struct socket *)description;

    if (socket->state == SOCKET_CONNECTED &&
        (wasock_bsd__is_hint(answer) || (answer & POLLHUP) != 0)) {
        socket_look(description);
        return (answer & ~(unsigned)(POLLIN | POLLHUP)) |
               socket_known(description);
    }
    if (socket->state != SOCKET_CONNECTING) {
        return (answer & POLLERR) != 0 ? answer : answer & ~(unsigned)POLLHUP;
    }
    const int result = wasock_bsd__follow_connect(socket);
    if (result == 0) {
        return answer & (POLLOUT | POLLWRNORM);
    }
    return result == -EAGAIN ? 0 : socket_known(description);
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
    .meaning = socket_meaning,
    .stat = socket_stat,
    .close = socket_close,
};

/* A listener that nothing is accepted from ahead: the host's poll is exact, and
 * other processes may share it. */
static const struct operations listener_operations = {
    .read = socket_read,
    .write = socket_write,
    .known = socket_known,
    .host = socket_host,
    .askable = socket_askable,
    .meaning = socket_meaning,
    .stat = socket_stat,
    .close = socket_close,
};

/* Whether only an accept shows that a connection is pending. */
static bool is_accepted_ahead(struct wasock_socket *listener)
{
    return listener->role_ == WASOCK__ROLE_NONE ||
           wasock__host_poll_cost() != NULL ||
           wasock__socket_host_poll(listener) != WASOCK__HOST_POLL_HONEST;
}

struct socket *wasock_bsd__socket_of(struct description *description)
{
    return description->operations == &socket_operations ||
                   description->operations == &listener_operations ||
                   description->operations == &wasock_bsd__datagram_operations
               ? (struct socket *)description
               : NULL;
}

bool wasock_bsd__is_connecting(const struct description *description)
{
    return description->operations == &socket_operations &&
           ((const struct socket *)description)->state == SOCKET_CONNECTING;
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
    socket->type = SOCK_STREAM;
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

uint64_t wasock_bsd__deadline(uint64_t timeout_us)
{
    const uint64_t timeout_ns = timeout_us > UINT64_MAX / WASOCK_NS_PER_US
                                    ? UINT64_MAX
                                    : timeout_us * WASOCK_NS_PER_US;

    return wasock_bsd__cut_deadline(timeout_us == 0
                                        ? WASOCK_NO_DEADLINE
                                        : wasock_deadline_after_ns(timeout_ns));
}

/* Whether the protocol is the type's, where there is that type. */
static bool has_protocol(int domain, int type, int protocol)
{
    if (type == SOCK_STREAM) {
        return protocol == 0 || (protocol == IPPROTO_TCP && domain != AF_UNIX);
    }
    return type == SOCK_DGRAM && domain != AF_UNIX &&
           (protocol == 0 || protocol == IPPROTO_UDP) &&
           wasock_bsd__has_datagrams();
}

/*
 * socket(2). Only a number: bind and connect choose the host's socket.
 * Errors: EAFNOSUPPORT: neither AF_INET nor AF_INET6, nor AF_UNIX where there
 * is a loopback; EPROTONOSUPPORT: another type than SOCK_STREAM and, where the
 * host has datagrams, SOCK_DGRAM; another protocol than TCP and UDP; EMFILE;
 * ENOMEM.
 */
int socket(int domain, int type, int protocol)
{
    const int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (domain != AF_INET && domain != AF_INET6 &&
        (domain != AF_UNIX || !wasock_bsd__has_loopback())) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    if (!has_protocol(domain, kind, protocol)) {
        errno = EPROTONOSUPPORT;
        return -1;
    }
    struct socket *made = wasock_bsd__new_socket(
        domain, protocol, (type & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0);
    if (made == NULL) {
        errno = ENOMEM;
        return -1;
    }
    made->type = kind;
    if (kind == SOCK_DGRAM) {
        made->description.operations = &wasock_bsd__datagram_operations;
    }
    return wasock_bsd__open(&made->description,
                            (type & SOCK_CLOEXEC) != 0 ? FD_CLOEXEC : 0);
}

/*
 * bind(2): claim the listener that the host opened for this port by the
 * environment (WASOCK_LISTEN, LISTEN_FDNAMES), or else have the host bind the
 * address. On preview1, which cannot, where the environment gives no ports at
 * all, or for port 0, it is the next listener in order; where there is none,
 * what to do is said once on stderr.
 * Errors: EBADF; ENOTSOCK; EAFNOSUPPORT: not the socket's family; EINVAL:
 *   bound already, an address that is too short; EADDRINUSE; EACCES: not
 *   allowed; EADDRNOTAVAIL: no address of this machine; on preview1: the host
 *   opened no listener for it.
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
    if (bound->type == SOCK_DGRAM) {
        return (int)wasock_bsd__result(wasock_bsd__bind_datagram(bound, &addr));
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

static void begin_listening(struct socket *socket)
{
    socket->state = SOCKET_LISTENING;
    if (!is_accepted_ahead(&socket->listener.socket)) {
        socket->description.operations = &listener_operations;
    }
}

/*
 * listen(2). On a listener that the host opened before the program began the
 * backlog is the host's. A socket that was not bound gets a port; on preview1
 * the next listener in order.
 * Errors: EBADF; ENOTSOCK; EINVAL: it is connected; EOPNOTSUPP: of datagrams;
 *   EADDRINUSE, EADDRNOTAVAIL, EACCES: as bind.
 */
int listen(int fd, int backlog)
{
    struct socket *listening = wasock_bsd__socket(fd, EINVAL);

    if (listening == NULL) {
        return -1;
    }
    if (listening->type == SOCK_DGRAM) {
        return (int)wasock_bsd__result(-EOPNOTSUPP);
    }
    if (listening->state == SOCKET_CONNECTED ||
        listening->state == SOCKET_CONNECTING) {
        return (int)wasock_bsd__result(-EINVAL);
    }
    int result = 0;
    if (listening->state == SOCKET_NEW) {
        result = wasock_bsd__claim(listening);
    }
    if (result == 0 && listening->host_fd != 0) {
        listening->state = SOCKET_BOUND;
        result = wasock_bsd__listen_bound(listening, backlog);
    }
    if (result < 0) {
        return (int)wasock_bsd__result(result);
    }
    begin_listening(listening);
    wasock_bsd__changed(&listening->description, WASOCK_BSD_ALL);
    return 0;
}

static struct description *inherited(int nth)
{
    struct socket *socket = wasock_bsd__claim_nth((size_t)nth);

    if (socket == NULL) {
        return NULL;
    }
    begin_listening(socket);
    return &socket->description;
}

/* With LISTEN_FDS in the environment, which wasmtime sets, the host's listeners
 * are the numbers from 3 on, as sd_listen_fds(3) and programs without socket(2)
 * have them. They are claimed when they are used: a program may as well bind.
 */
__attribute__((constructor(102))) static void inherit(void)
{
    const char *text = getenv("LISTEN_FDS");
    const long n = text != NULL ? strtol(text, NULL, 10) : 0;

    if (n > 0) {
        wasock_bsd__offer(n, inherited);
    }
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

/* After shutdown a listener does not listen until listen is called; connections
 * accepted ahead are closed. */
static void stop_listening(struct socket *socket)
{
    if (socket->next != NULL) {
        destroy(socket->next);
        socket->next = NULL;
    }
    socket->error = 0;
    socket->state = SOCKET_BOUND;
    socket->description.operations = &socket_operations;
    wasock_bsd__changed(&socket->description, WASOCK_BSD_ALL);
}

/* Whether a TCP connection is none any more, as on Linux: it was reset, or both
 * its ends have shut it. */
static bool is_over(struct socket *socket)
{
    const struct read_ahead *ahead = &socket->ahead;

    if (socket->domain == AF_UNIX || socket->type != SOCK_STREAM) {
        return false;
    }
    if (wasock_bsd__ahead_length(socket) == 0 && !socket->is_dead) {
        socket_look(&socket->description);
    }
    return socket->is_dead || ahead->result < 0 ||
           (ahead->result == 0 && socket->shut == WASOCK_SHUTDOWN_WRITE);
}

/*
 * shutdown(2). Of a listener, SHUT_RD ends listening, as on Linux.
 * Errors: EBADF; ENOTSOCK; EINVAL: no such half; ENOTCONN: it is not
 *   connected, or not any more: the peer has reset it.
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
    if (shut->state != SOCKET_CONNECTED || is_over(shut)) {
        return (int)wasock_bsd__result(-ENOTCONN);
    }
    shut->shut |= halves;
    if (shut->type == SOCK_DGRAM) {
        wasock_bsd__changed(description, WASOCK_BSD_ALL);
        return 0;
    }
    const int result =
        wasock_conn_shutdown(&shut->conn, (enum wasock_shutdown)halves);
    wasock_bsd__changed(description, WASOCK_BSD_ALL);
    return (int)wasock_bsd__result(result);
}

/* The address of a socket: the host's, or what is known without it. */
static struct wasock_addr local_of(struct socket *socket)
{
    struct wasock_addr local = {0};

    if (wasock_socket_is_open(&socket->conn.socket)) {
        const int ignored =
            wasock_socket_local_addr(&socket->conn.socket, &local);
        (void)ignored; /* unspecified it is, then */
    }
    return local.family == socket->local.family ? local : socket->local;
}

/* The end of getsockname and getpeername. */
static int give_address(const struct wasock_addr *addr, int family,
                        struct sockaddr *address, socklen_t *length)
{
    const int result = wasock_bsd__check_room(address, length);

    if (result == 0) {
        wasock_bsd__write_address(addr, family, address, length);
    }
    return (int)wasock_bsd__result(result);
}

/*
 * getsockname(2). If the host has none, the address given to bind; of an
 * accepted connection its listener's; before that 0.0.0.0:0 or [::]:0. An end
 * of a pair has no name.
 * Errors: EBADF; ENOTSOCK; EFAULT: no room; EINVAL: a negative length.
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
        return give_address(&none, AF_UNIX, address, length);
    }
    struct socket *named = wasock_bsd__socket(fd, ENOTSOCK);
    if (named == NULL) {
        return -1;
    }
    const struct wasock_addr local = local_of(named);
    return give_address(&local, named->domain, address, length);
}

struct wasock_addr wasock_bsd__connected_peer(struct socket *socket)
{
    struct wasock_addr peer = socket->peer;

    if (peer.family == WASOCK_ADDR_UNSPECIFIED) {
        const int ignored =
            wasock_socket_remote_addr(&socket->conn.socket, &peer);
        (void)ignored; /* unknown it is, then */
    }
    return peer;
}

void wasock_bsd__write_peer(struct socket *socket, struct sockaddr *address,
                            socklen_t *length)
{
    const struct wasock_addr peer = wasock_bsd__connected_peer(socket);

    wasock_bsd__write_address(&peer, socket->domain, address, length);
}

/*
 * getpeername(2): on preview1, which has none, 0.0.0.0:0 or [::]:0, after the
 * listener's family.
 * Errors: EBADF; ENOTSOCK; ENOTCONN: also after a reset; EFAULT: no room;
 * EINVAL: a negative length.
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
        return give_address(&unknown, AF_UNIX, address, length);
    }
    struct socket *connected = wasock_bsd__socket(fd, ENOTSOCK);
    if (connected == NULL) {
        return -1;
    }
    if (connected->state != SOCKET_CONNECTED || is_over(connected)) {
        return (int)wasock_bsd__result(-ENOTCONN);
    }
    const struct wasock_addr peer = wasock_bsd__connected_peer(connected);
    return give_address(&peer, connected->domain, address, length);
}

WASOCK_BSD_PLAIN(bind);
WASOCK_BSD_PLAIN(getpeername);
WASOCK_BSD_PLAIN(getsockname);
WASOCK_BSD_PLAIN(listen);
WASOCK_BSD_PLAIN(socket);
