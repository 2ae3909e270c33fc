/* SPDX-License-Identifier: MIT */
/*
 * shared.c - datagram sockets of one address: those with SO_REUSEADDR.
 *
 * A host binds an address once. Further sockets share the host's, and what
 * arrives is given to one of them, as on Linux: to the one that is connected to
 * the sender, else to the last one bound. A socket that may be joined is
 * connected in the layer alone, as the host would receive for it only.
 */
#include <errno.h>

#include "../../socket_internal.h"
#include "address.h"
#include "socket.h"

static struct socket *sharers; /* of all addresses; the last one bound first */

void wasock_bsd__begin_sharing(struct socket *socket)
{
    socket->next_bound = sharers;
    sharers = socket;
}

void wasock_bsd__end_sharing(struct socket *socket)
{
    struct socket **link = &sharers;

    while (*link != NULL && *link != socket) {
        link = &(*link)->next_bound;
    }
    if (*link != NULL) {
        *link = socket->next_bound;
    }
}

bool wasock_bsd__is_sharing(const struct socket *socket)
{
    const struct socket *sharer = sharers;

    while (sharer != NULL && sharer != socket) {
        sharer = sharer->next_bound;
    }
    return sharer != NULL;
}

int wasock_bsd__share_address(struct socket *socket,
                              const struct wasock_addr *addr)
{
    for (struct socket *sharer = sharers; sharer != NULL;
         sharer = sharer->next_bound) {
        struct wasock_addr local = {0};
        wasock_socket_local_addr(&sharer->conn.socket, &local);
        if (wasock_bsd__is_same_address(&local, addr)) {
            return wasock_conn_share(&sharer->conn, &socket->conn);
        }
    }
    return -ENOENT;
}

struct socket *wasock_bsd__receiver_of(struct socket *socket,
                                       const struct wasock_addr *from)
{
    const int fd = wasock_socket_fd(&socket->conn.socket);
    struct socket *receiver = NULL;

    for (struct socket *sharer = sharers; sharer != NULL;
         sharer = sharer->next_bound) {
        if (wasock_socket_fd(&sharer->conn.socket) != fd) {
            continue;
        }
        if (sharer->state == SOCKET_CONNECTED &&
            wasock_bsd__is_same_address(&sharer->peer, from)) {
            return sharer;
        }
        if (sharer->state == SOCKET_BOUND && receiver == NULL) {
            receiver = sharer;
        }
    }
    return receiver;
}
