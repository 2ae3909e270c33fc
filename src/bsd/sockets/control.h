/* SPDX-License-Identifier: MIT */
/* control.h - control messages of datagrams. */
#ifndef WASOCK_BSD_SOCKETS_CONTROL_H
#define WASOCK_BSD_SOCKETS_CONTROL_H

#include <sys/socket.h>

#include "socket.h"

/* Whether a datagram can be sent with the message's control messages: 0 or
 * -EINVAL. */
int wasock_bsd__check_control(struct socket *socket,
                              const struct msghdr *message);

/* Write the control messages of a datagram that was received. */
void wasock_bsd__write_control(struct socket *socket, struct msghdr *message);

#endif
