/* SPDX-License-Identifier: MIT */
#include "loopback.h"

#include <errno.h>
#include <stdlib.h>

#include <wasock/fakenet.h>

/* Listeners, and both ends of connections. */
#define N_SOCKETS 512
#define BUFFER_BYTES (4 << 20)

static struct wasock_fakenet network;
static bool is_decided;
static bool is_there;

bool wasock_bsd__has_loopback(void)
{
    static const struct wasock_fakenet_options options = {
        .clock = WASOCK_FAKENET_HOST};
    const char *asked = getenv("WASOCK_BSD_LOOPBACK");

    if (is_decided) {
        return is_there;
    }
    is_decided = true;
    if (asked == NULL || *asked == '\0' || *asked == '0') {
        return false;
    }
    const size_t size = WASOCK_FAKENET_SIZE(N_SOCKETS, BUFFER_BYTES);
    void *memory = malloc(size); /* for as long as the program runs */
    is_there = memory != NULL && wasock_fakenet_init(&network, memory, size,
                                                     N_SOCKETS, &options) == 0;
    return is_there;
}

int wasock_bsd__loopback_listen(struct socket *socket)
{
    const int result = wasock_listener_listen(
        &socket->listener, &network.network, &socket->local, 0);

    return result < 0 ? result
                      : wasock_socket_local_addr(&socket->listener.socket,
                                                 &socket->local);
}

int wasock_bsd__loopback_connect(struct socket *socket,
                                 const struct wasock_addr *addr)
{
    int result =
        wasock_conn_start_connect(&socket->conn, &network.network, addr);

    if (result < 0) {
        return result;
    }
    result = wasock_conn_try_finish_connect(&socket->conn);
    if (result < 0) { /* EAGAIN: the backlog is full */
        wasock_conn_close(&socket->conn);
        return result;
    }
    socket->state = SOCKET_CONNECTED;
    return wasock_socket_local_addr(&socket->conn.socket, &socket->local);
}
