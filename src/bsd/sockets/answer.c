/* SPDX-License-Identifier: MIT */
/*
 * answer.c - SO_PEERCRED, TCP_INFO and TCP_CONGESTION.
 *
 * True: the credentials of a peer in the program, the state of a connection.
 * Not known, and 0: all other members of TCP_INFO. TCP_CONGESTION is Linux's
 * default, since the host may be Linux, and cannot be changed.
 */
#include "answer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define CONGESTION "cubic"
#define CONGESTION_BYTES 16 /* Linux's TCP_CA_NAME_MAX */

bool wasock_bsd__describe_peer(const struct socket *socket, int level,
                               int option, void *value, socklen_t *length)
{
    struct ucred peer = {0, (uid_t)-1, (gid_t)-1};

    if (level != SOL_SOCKET || option != SO_PEERCRED) {
        return false;
    }
    if (socket == NULL ||
        (socket->domain == AF_UNIX && socket->state == SOCKET_CONNECTED)) {
        peer.pid = getpid();
        peer.uid = getuid();
        peer.gid = getgid();
    }
    wasock_bsd__give_option(value, length, &peer, sizeof(peer));
    return true;
}

static uint8_t tcp_state_of(const struct socket *socket)
{
    switch (socket->state) {
    case SOCKET_LISTENING:
        return TCP_LISTEN;
    case SOCKET_CONNECTING:
        return TCP_SYN_SENT;
    case SOCKET_CONNECTED:
        return TCP_ESTABLISHED;
    default:
        return TCP_CLOSE;
    }
}

bool wasock_bsd__describe_tcp(const struct socket *socket, int level,
                              int option, void *value, socklen_t *length)
{
    static const char congestion[CONGESTION_BYTES] = CONGESTION;

    if (socket == NULL || socket->domain == AF_UNIX ||
        socket->type != SOCK_STREAM || level != IPPROTO_TCP) {
        return false;
    }
    if (option == TCP_INFO) {
        const struct tcp_info info = {.tcpi_state = tcp_state_of(socket)};
        wasock_bsd__give_option(value, length, &info, sizeof(info));
        return true;
    }
    if (option == TCP_CONGESTION) {
        wasock_bsd__give_option(value, length, congestion, CONGESTION_BYTES);
        return true;
    }
    return false;
}

int wasock_bsd__set_congestion(const char *name, socklen_t length)
{
    const size_t n = strnlen(name, length);

    return n == strlen(CONGESTION) && memcmp(name, CONGESTION, n) == 0
               ? 0
               : -ENOENT;
}
