/* SPDX-License-Identifier: MIT */
/*
 * loopback.h - connections of the program to itself, with WASOCK_BSD_LOOPBACK=1
 * in the environment.
 *
 * A listener that the host did not open is then in an in-process network
 * (wasock/fakenet.h), and connect reaches it. AF_UNIX is there as well; its
 * names leave no files.
 */
#ifndef WASOCK_BSD_SOCKETS_LOOPBACK_H
#define WASOCK_BSD_SOCKETS_LOOPBACK_H

#include "socket.h"

/* Whether it is enabled, and there is memory. */
bool wasock_bsd__has_loopback(void);

/* Listen on the socket's address, which gets a port where it has none.
 * Returns 0, -EADDRINUSE or another code. */
int wasock_bsd__loopback_listen(struct socket *socket);

/* Connect to an address. Returns 0, -ECONNREFUSED, -EAGAIN or another code. */
int wasock_bsd__loopback_connect(struct socket *socket,
                                 const struct wasock_addr *addr);

#endif
