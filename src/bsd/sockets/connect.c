/* SPDX-License-Identifier: MIT */
/*
 * connect.c - connecting.
 *
 * The host connects where it can; else only what loopback.h gives is reached.
 * A connect that is under way has an object of the host's, which is writable
 * once it has ended; whoever asks for the socket next takes note of that.
 * After a failure the socket is as new: its local address is gone, too.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../../host.h"
#include "../plain.h"
#include "../threads/layer.h"
#include "../waiting/watch.h"
#include "address.h"
#include "loopback.h"
#include "socket.h"

/* Why another host cannot be reached. Nobody listens on the program's own
 * loopback, and no network is reached from it. */
static int refusal_of(const struct wasock_addr *addr)
{
    return wasock_bsd__is_on_loopback(addr) ? -ECONNREFUSED : -ENETUNREACH;
}

int wasock_bsd__take_pending(struct socket *socket)
{
    const int error = socket->error;

    socket->error = 0;
    return error;
}

struct wasock_addr wasock_bsd__peer_of(const struct wasock_addr *addr)
{
    struct wasock_addr peer = *addr;

    if (wasock_bsd__is_any(addr)) {
        peer.ip[0] = addr->family == WASOCK_ADDR_IPV4 ? 127 : 0;
        peer.ip[addr->family == WASOCK_ADDR_IPV4 ? 3 : 15] = 1;
    }
    return peer;
}

/* What a host's denial means. A program with a loopback may be denied a
 * network: then nobody is there. */
static int denial_of(const struct socket *socket)
{
    if (wasock_bsd__has_loopback()) {
        return socket->refusal;
    }
    wasock_bsd__explain_denial("inherit-network");
    return -EACCES;
}

/* A connect has ended. */
static void end_connect(struct socket *socket, int result)
{
    if (result == -WASOCK_EACCES) {
        result = denial_of(socket);
    }
    if (result == 0) {
        socket->state = SOCKET_CONNECTED;
        wasock_bsd__changed(&socket->description, POLLOUT);
        return;
    }
    const uint8_t family = socket->local.family;
    wasock_conn_close(&socket->conn);
    memset(&socket->local, 0, sizeof(socket->local));
    socket->local.family = family;
    socket->state = SOCKET_NEW;
    socket->error = (int)wasock_bsd__code(result);
    wasock_bsd__changed(&socket->description, WASOCK_BSD_ALL);
}

int wasock_bsd__follow_connect(struct socket *socket)
{
    const int result = wasock_conn_try_finish_connect(&socket->conn);

    if (result == -WASOCK_EAGAIN) {
        return -EAGAIN;
    }
    socket->is_connect_untold = true;
    end_connect(socket, result);
    return socket->error;
}

/* Wait for the end, as long as a send may. EINPROGRESS: it has not come. */
static int wait_for_connect(struct socket *socket)
{
    struct wasock_socket *host = &socket->conn.socket;

    wasock_socket_set_deadline_ns(
        host, WASOCK_WRITABLE,
        wasock_bsd__deadline(socket->description.send_timeout_us));
    const int result = wasock_conn_finish_connect(&socket->conn);
    wasock_socket_set_deadline_ns(host, WASOCK_WRITABLE, WASOCK_NO_DEADLINE);
    if (result == -WASOCK_EDEADLINE) {
        return -EINPROGRESS;
    }
    end_connect(socket, result);
    return wasock_bsd__take_pending(socket);
}

int wasock_bsd__be_connected(struct socket *socket, bool may_wait)
{
    if (socket->state == SOCKET_CONNECTING) {
        const int result = may_wait ? wait_for_connect(socket)
                                    : wasock_bsd__follow_connect(socket);
        if (result < 0) {
            wasock_bsd__take_pending(socket);
            return result == -EINPROGRESS ? -EAGAIN : result;
        }
    }
    if (socket->state == SOCKET_CONNECTED) {
        return 0;
    }
    const int error =
        socket->state == SOCKET_NEW ? wasock_bsd__take_pending(socket) : 0;
    return error < 0 ? error : -ENOTCONN;
}

/* Start to connect what the host has bound. */
static int start_bound(struct socket *socket, const struct wasock_addr *peer)
{
    const int32_t fd = socket->host_fd;
    const int32_t error = wasock__host_connect_bound(fd, peer);

    if (error != 0) {
        wasock_bsd__disclaim(socket); /* it can only be closed */
        socket->state = SOCKET_NEW;
        return -error;
    }
    socket->host_fd = 0;
    wasock_bsd__disclaim(socket);
    wasock__socket_open(&socket->conn.socket, fd, WASOCK__ROLE_STREAM);
    socket->conn.socket.facts_.is_role_proven = true;
    return 0;
}

static int start(struct socket *socket, const struct wasock_addr *addr)
{
    const struct wasock_addr peer = wasock_bsd__peer_of(addr);
    int result = 0;

    if (peer.port == 0) {
        return -ECONNREFUSED;
    }
    socket->refusal = refusal_of(addr);
    if (socket->host_fd != 0) {
        result = start_bound(socket, &peer);
    } else {
        result = wasock_conn_start_connect(&socket->conn, NULL, &peer);
    }
    if (result == -WASOCK_EACCES) {
        return denial_of(socket);
    }
    if (result < 0) {
        return result == -WASOCK_EINVAL ? -ENETUNREACH : result;
    }
    wasock_bsd__disclaim(socket);
    socket->state = SOCKET_CONNECTING;
    wasock_bsd__changed(&socket->description, WASOCK_BSD_RENEWED);
    return 0;
}

/* Connect in the process. ECONNREFUSED: nobody listens there. */
static int connect_inside(struct socket *socket, const struct wasock_addr *addr)
{
    const int result = wasock_bsd__loopback_connect(socket, addr);

    if (result == 0) {
        wasock_bsd__disclaim(socket);
    }
    return result;
}

static int connect_new(struct socket *socket, const struct wasock_addr *addr)
{
    if (socket->error < 0) {
        return wasock_bsd__take_pending(socket);
    }
    if (wasock_bsd__has_loopback() && wasock_bsd__is_on_loopback(addr)) {
        if (wasock_bsd__is_bound_only(addr)) {
            return -ECONNREFUSED;
        }
        const int result = connect_inside(socket, addr);
        if (result != -ECONNREFUSED) {
            return result;
        }
    }
    if (addr->family == WASOCK_ADDR_NAME || !wasock_bsd__can_open()) {
        return refusal_of(addr);
    }
    const int result = start(socket, addr);
    if (result < 0) {
        return result;
    }
    return wasock_bsd__is_nonblocking(&socket->description, 0)
               ? -EINPROGRESS
               : wait_for_connect(socket);
}

/* Connect what is being connected: find out about it. */
static int connect_again(struct socket *socket)
{
    int result = 0;

    if (!wasock_bsd__is_nonblocking(&socket->description, 0)) {
        result = wait_for_connect(socket);
        return result == -EINPROGRESS ? -EALREADY : result;
    }
    result = wasock_bsd__follow_connect(socket);
    wasock_bsd__take_pending(socket);
    socket->is_connect_untold = false;
    return result == -EAGAIN ? -EALREADY : result;
}

static int connect_stream(struct socket *socket, const struct wasock_addr *addr)
{
    switch (socket->state) {
    case SOCKET_CONNECTED:
        if (socket->is_connect_untold) {
            socket->is_connect_untold = false;
            return 0;
        }
        return -EISCONN;
    case SOCKET_LISTENING:
        return -EISCONN; /* as Linux has it, POSIX says EOPNOTSUPP */
    case SOCKET_CONNECTING:
        return connect_again(socket);
    case SOCKET_NEW:
    case SOCKET_BOUND:
    default:
        return connect_new(socket, addr);
    }
}

/*
 * connect(2). On a host that cannot, preview1's, only what loopback.h gives is
 * reached, at once.
 * Errors: EBADF; ENOTSOCK; EINVAL, EAFNOSUPPORT, ENAMETOOLONG: the address;
 *   EISCONN: also where it listens; EINPROGRESS: with O_NONBLOCK, or if
 *   SO_SNDTIMEO is over; EALREADY; ECONNREFUSED: nobody listens there;
 *   ENETUNREACH: also for every address but loopback if the host cannot
 *   connect; EACCES: not allowed; EAGAIN: too many wait in the process to be
 *   accepted; EMFILE; ENOBUFS; any other code of the host.
 */
static int connect_once(int fd, const struct sockaddr *address,
                        socklen_t length)
{
    struct socket *connecting = wasock_bsd__socket(fd, EISCONN);
    struct wasock_addr addr;

    if (connecting == NULL) {
        return -errno;
    }
    int result = wasock_bsd__read_address(address, length, &addr);
    if (result == -EAFNOSUPPORT && connecting->type == SOCK_DGRAM &&
        address->sa_family == AF_UNSPEC) {
        return wasock_bsd__connect_datagram(connecting, NULL);
    }
    if (result == 0 && address->sa_family != connecting->domain) {
        result = -EAFNOSUPPORT;
    }
    wasock_bsd__begin_call(&connecting->description);
    if (result == 0) {
        result = connecting->type == SOCK_DGRAM
                     ? wasock_bsd__connect_datagram(connecting, &addr)
                     : connect_stream(connecting, &addr);
    }
    wasock_bsd__changed(&connecting->description, WASOCK_BSD_ALL);
    return (int)wasock_bsd__end_call(&connecting->description, WASOCK_WRITABLE,
                                     result);
}

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    int result = 0;

    do {
        result = connect_once(fd, address, length);
    } while (result == -WASOCK_BSD_RESTART);
    return (int)wasock_bsd__result(result);
}

WASOCK_BSD_PLAIN(connect);
