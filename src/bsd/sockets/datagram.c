/* SPDX-License-Identifier: MIT */
/*
 * datagram.c - datagram sockets, where the host has them.
 *
 * The host's socket is opened by bind, connect or the first transfer, as it is
 * bound when it is opened. One datagram at most is received before the program
 * asks for it: because it peeked, or because that is how epoll finds out.
 * Not done: broadcast, multicast.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../../host.h"
#include "../vectors.h"
#include "../waiting/watch.h"
#include "address.h"
#include "socket.h"

#define DATAGRAM_MAX 65536

/* What one socket holds at most while another one of its address is read. */
#define N_HELD_MAX 256

struct held_datagram {
    struct held_datagram *next;
    struct wasock_addr from;
    size_t length;
    unsigned char bytes[];
};

bool wasock_bsd__has_datagrams(void)
{
    int32_t fd = -1;

    /* A host that has them finds fault with the family. */
    return wasock__host_dgram_open(WASOCK_ADDR_UNSPECIFIED, NULL, &fd) !=
           WASOCK_ENOSYS;
}

/* ---- Open, bind, connect ---- */

static void be_bound(struct socket *socket)
{
    socket->state = SOCKET_BOUND;
    wasock_bsd__changed(&socket->description,
                        WASOCK_BSD_RENEWED | WASOCK_BSD_ALL);
}

/* Have the host open the socket. addr: NULL: any. */
static int open_at(struct socket *socket, const struct wasock_addr *addr)
{
    int32_t fd = -1;
    const int32_t error =
        wasock__host_dgram_open(socket->local.family, addr, &fd);

    if (error == WASOCK_EACCES) {
        wasock_bsd__explain_denial("inherit-network");
    }
    if (error != 0) {
        return -error;
    }
    wasock__socket_open(&socket->conn.socket, fd, WASOCK__ROLE_DGRAM);
    be_bound(socket);
    return 0;
}

static int be_open(struct socket *socket)
{
    return socket->state == SOCKET_NEW ? open_at(socket, NULL) : 0;
}

static int bind_shared(struct socket *socket, const struct wasock_addr *addr)
{
    int result = wasock_bsd__share_address(socket, addr);

    if (result == 0) {
        be_bound(socket);
    } else if (result == -ENOENT) {
        result = open_at(socket, addr);
    }
    if (result == 0) {
        wasock_bsd__begin_sharing(socket);
    }
    return result;
}

int wasock_bsd__bind_datagram(struct socket *socket,
                              const struct wasock_addr *addr)
{
    if (socket->state != SOCKET_NEW) {
        return -EINVAL;
    }
    const int result = wasock_bsd__is_on(socket, SOL_SOCKET, SO_REUSEADDR)
                           ? bind_shared(socket, addr)
                           : open_at(socket, addr);
    if (result == 0) {
        wasock_bsd__explain_family(socket);
    }
    return result;
}

/* Have no peer any more: another socket takes the place of this one. */
static int disconnect(struct socket *socket)
{
    struct wasock_addr local = {0};

    if (socket->state != SOCKET_CONNECTED) {
        return 0;
    }
    if (wasock_bsd__is_sharing(socket)) {
        socket->peer = local;
        socket->state = SOCKET_BOUND;
        return 0;
    }
    wasock_socket_local_addr(&socket->conn.socket, &local);
    wasock_conn_close(&socket->conn);
    socket->state = SOCKET_NEW;
    return open_at(socket,
                   local.family == socket->local.family ? &local : NULL);
}

int wasock_bsd__connect_datagram(struct socket *socket,
                                 const struct wasock_addr *addr)
{
    if (addr == NULL) {
        return disconnect(socket);
    }
    const struct wasock_addr peer = wasock_bsd__peer_of(addr);
    const int result = be_open(socket);
    if (result < 0) {
        return result;
    }
    if (wasock_bsd__is_sharing(socket)) {
        socket->peer = peer;
        socket->state = SOCKET_CONNECTED;
        return 0;
    }
    const int32_t error = wasock__host_dgram_connect(
        wasock_socket_fd(&socket->conn.socket), &peer);
    if (error != 0) {
        return -error;
    }
    socket->state = SOCKET_CONNECTED;
    /* It may have made other streams of the socket. */
    wasock_bsd__changed(&socket->description, WASOCK_BSD_RENEWED);
    return 0;
}

/* ---- Receive ---- */

static void forget_datagram(struct socket *socket)
{
    struct held_datagram *held = socket->held;

    socket->held = held->next;
    free(held);
}

/* Receive from the host, into buffers. */
static int receive_host(struct socket *socket, const struct iovec *buffers,
                        int n_buffers, struct wasock_addr *from, size_t *length)
{
    uint32_t n = 0;
    /* An iovec's layout is that of a buffer. */
    const struct wasock_buffer *room =
        (const struct wasock_buffer *)(const void *)buffers;
    const int32_t error =
        wasock__host_dgram_receive(wasock_socket_fd(&socket->conn.socket), room,
                                   (size_t)n_buffers, from, &n);

    *length = n;
    socket->conn.socket.activity_ |=
        error == 0 ? WASOCK__ACTIVITY_MOVED : WASOCK__ACTIVITY_DRY;
    return -error;
}

/* Hold a datagram for a socket. Returns 0 or -ENOMEM. */
static int hold_for(struct socket *socket, const struct wasock_addr *from,
                    const void *bytes, size_t length)
{
    struct held_datagram **link = &socket->held;
    size_t n = 0;

    while (*link != NULL) {
        link = &(*link)->next;
        n++;
    }
    if (n == N_HELD_MAX) {
        return 0; /* datagrams may get lost */
    }
    struct held_datagram *held =
        (struct held_datagram *)malloc(sizeof(*held) + length);
    if (held == NULL) {
        return -ENOMEM;
    }
    held->next = NULL;
    held->from = *from;
    held->length = length;
    memcpy(held->bytes, bytes, length);
    *link = held;
    wasock_bsd__changed(&socket->description, POLLIN | POLLRDNORM);
    return 0;
}

/* Hold the next datagram, and those for others that come before it. Returns 0
 * if there is one. */
static int hold(struct socket *socket)
{
    static unsigned char *room; /* for all sockets */
    const bool is_sharing = wasock_bsd__is_sharing(socket);
    int result = 0;

    if (room == NULL) {
        room = (unsigned char *)malloc(DATAGRAM_MAX);
    }
    if (room == NULL) {
        return -ENOMEM;
    }
    while (socket->held == NULL && result == 0) {
        const struct iovec buffer = {room, DATAGRAM_MAX};
        struct wasock_addr from = {0};
        size_t length = 0;
        result = receive_host(socket, &buffer, 1, &from, &length);
        struct socket *receiver =
            is_sharing ? wasock_bsd__receiver_of(socket, &from) : socket;
        if (result == 0 && receiver != NULL) {
            result = hold_for(receiver, &from, room,
                              length < DATAGRAM_MAX ? length : DATAGRAM_MAX);
        }
    }
    return result;
}

static void copy_held(const struct socket *socket, const struct iovec *buffers,
                      int n_buffers, struct wasock_addr *from, size_t *length)
{
    const struct held_datagram *held = socket->held;
    size_t n = 0;

    for (int i = 0; i < n_buffers && n < held->length; i++) {
        const size_t left = held->length - n;
        const size_t part =
            buffers[i].iov_len < left ? buffers[i].iov_len : left;
        memcpy(buffers[i].iov_base, held->bytes + n, part);
        n += part;
    }
    *from = held->from;
    *length = held->length;
}

/* Receive without waiting. */
static int receive_once(struct socket *socket, const struct iovec *buffers,
                        int n_buffers, int flags, struct wasock_addr *from,
                        size_t *length)
{
    if (socket->held == NULL && (flags & MSG_PEEK) == 0 &&
        !wasock_bsd__is_sharing(socket)) {
        return receive_host(socket, buffers, n_buffers, from, length);
    }
    const int result = hold(socket);
    if (result < 0) {
        return result;
    }
    copy_held(socket, buffers, n_buffers, from, length);
    if ((flags & MSG_PEEK) == 0) {
        forget_datagram(socket);
    }
    return 0;
}

ssize_t wasock_bsd__receive_datagram(struct socket *socket,
                                     const struct iovec *buffers, int n_buffers,
                                     int flags, struct wasock_addr *from,
                                     size_t *length)
{
    struct wasock_socket *host = &socket->conn.socket;
    const bool may_wait =
        !wasock_bsd__is_nonblocking(&socket->description, flags);
    struct wasock__wait wait = {0};
    int result = be_open(socket);

    if (result == 0) {
        result = wasock_bsd__take_pending(socket);
    }
    if (result < 0 || (socket->shut & WASOCK_SHUTDOWN_READ) != 0) {
        return result;
    }
    if (may_wait) {
        wasock_socket_set_deadline_ns(
            host, WASOCK_READABLE,
            wasock_bsd__deadline(socket->description.receive_timeout_us));
    }
    do {
        result = receive_once(socket, buffers, n_buffers, flags, from, length);
    } while (result == -EAGAIN && may_wait &&
             (result = wasock__socket_wait(host, WASOCK_READABLE, &wait)) == 0);
    wasock_bsd__changed(&socket->description, 0);
    if (result < 0) {
        return result;
    }
    const size_t total = wasock_bsd__total_of(buffers, n_buffers);
    return (ssize_t)(*length < total ? *length : total);
}

size_t wasock_bsd__datagram_length(struct socket *socket)
{
    return socket->state != SOCKET_NEW && hold(socket) == 0
               ? socket->held->length
               : 0;
}

/* ---- Send ---- */

/* The address for the host: none where it is the peer's. */
static int address_for(struct socket *socket, const struct wasock_addr *addr,
                       struct wasock_addr *peer,
                       const struct wasock_addr **given)
{
    *given = NULL;
    const bool is_connected = socket->state == SOCKET_CONNECTED;
    if (addr == NULL && !is_connected) {
        return -EDESTADDRREQ;
    }
    if (!is_connected || wasock_bsd__is_sharing(socket)) {
        *given = peer; /* the host knows no peer */
    }
    *peer = addr == NULL ? socket->peer : wasock_bsd__peer_of(addr);
    if (!is_connected) {
        return peer->port == 0 ? -EINVAL : 0;
    }
    if (addr == NULL) {
        return 0;
    }
    const struct wasock_addr connected = wasock_bsd__connected_peer(socket);
    return wasock_bsd__is_same_address(&connected, peer) ? 0 : -EISCONN;
}

ssize_t wasock_bsd__send_datagram(struct socket *socket,
                                  const struct iovec *slices, int n_slices,
                                  int flags, const struct wasock_addr *addr)
{
    struct wasock_socket *host = &socket->conn.socket;
    const bool may_wait =
        !wasock_bsd__is_nonblocking(&socket->description, flags);
    const struct wasock_slice *parts =
        (const struct wasock_slice *)(const void *)slices;
    const struct wasock_addr *given = NULL;
    struct wasock_addr peer = {0};
    struct wasock__wait wait = {0};
    uint32_t n_sent = 0;

    if ((socket->shut & WASOCK_SHUTDOWN_WRITE) != 0) {
        return -EPIPE;
    }
    int result = be_open(socket);
    if (result == 0) {
        result = address_for(socket, addr, &peer, &given);
    }
    if (result == 0) {
        result = wasock_bsd__take_pending(socket);
    }
    if (result < 0) {
        return result;
    }
    if (may_wait) {
        wasock_socket_set_deadline_ns(
            host, WASOCK_WRITABLE,
            wasock_bsd__deadline(socket->description.send_timeout_us));
    }
    do {
        result = -wasock__host_dgram_send(wasock_socket_fd(host), parts,
                                          (size_t)n_slices, given, &n_sent);
    } while (result == -EAGAIN && may_wait &&
             (result = wasock__socket_wait(host, WASOCK_WRITABLE, &wait)) == 0);
    if (result == -EAGAIN) {
        wasock_bsd__changed(&socket->description, WASOCK_BSD_FULL);
    }
    return result < 0 ? result : (ssize_t)n_sent;
}

/* ---- The description ---- */

static ssize_t datagram_read(struct description *description,
                             const struct iovec *buffers, int n_buffers,
                             int flags)
{
    struct wasock_addr from;
    size_t length = 0;
    const ssize_t n =
        wasock_bsd__receive_datagram((struct socket *)description, buffers,
                                     n_buffers, flags, &from, &length);

    return n >= 0 && (flags & MSG_TRUNC) != 0 ? (ssize_t)length : n;
}

static ssize_t datagram_write(struct description *description,
                              const struct iovec *slices, int n_slices,
                              int flags)
{
    return wasock_bsd__send_datagram((struct socket *)description, slices,
                                     n_slices, flags, NULL);
}

static unsigned datagram_known(struct description *description)
{
    const struct socket *socket = (const struct socket *)description;
    unsigned known = socket->state == SOCKET_NEW ? POLLOUT : 0;

    if (socket->held != NULL) {
        known |= POLLIN;
    }
    if (socket->error < 0) {
        known |= POLLIN | POLLERR;
    }
    if ((socket->shut & WASOCK_SHUTDOWN_READ) != 0) {
        known |= POLLIN | POLLRDHUP;
    }
    return known;
}

static struct wasock_socket *datagram_host(struct description *description)
{
    struct socket *socket = (struct socket *)description;

    return socket->state == SOCKET_NEW ? NULL : &socket->conn.socket;
}

static unsigned datagram_askable(struct description *description)
{
    return (datagram_known(description) & POLLIN) != 0
               ? WASOCK_WRITABLE
               : WASOCK_READABLE | WASOCK_WRITABLE;
}

static void datagram_look(struct description *description)
{
    struct socket *socket = (struct socket *)description;

    if (socket->state == SOCKET_NEW || socket->error < 0) {
        return;
    }
    const int result = hold(socket);
    if (result < 0 && result != -EAGAIN) {
        socket->error = result;
        wasock_bsd__changed(description, POLLIN | POLLRDNORM | POLLERR);
    }
}

static unsigned datagram_meaning(struct description *description,
                                 unsigned answer)
{
    const bool is_sure =
        !wasock_bsd__is_hint(answer) &&
        !wasock_bsd__is_sharing((const struct socket *)description);

    if ((answer & POLLIN) == 0 || is_sure) {
        return answer;
    }
    datagram_look(description);
    return (answer & ~(unsigned)POLLIN) | datagram_known(description);
}

static int datagram_stat(struct description *description, struct stat *status)
{
    (void)description;
    status->st_mode = S_IFSOCK | 0777;
    status->st_nlink = 1;
    return 0;
}

static int datagram_close(struct description *description)
{
    struct socket *socket = (struct socket *)description;

    wasock_bsd__end_watches(description);
    wasock_bsd__end_sharing(socket);
    if (wasock_socket_is_open(&socket->conn.socket)) {
        wasock_conn_close(&socket->conn);
    }
    while (socket->held != NULL) {
        forget_datagram(socket);
    }
    wasock_bsd__free_options(socket);
    free(socket);
    return 0;
}

const struct operations wasock_bsd__datagram_operations = {
    .read = datagram_read,
    .write = datagram_write,
    .known = datagram_known,
    .host = datagram_host,
    .askable = datagram_askable,
    .look = datagram_look,
    .meaning = datagram_meaning,
    .stat = datagram_stat,
    .close = datagram_close,
};
