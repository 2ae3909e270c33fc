/* SPDX-License-Identifier: MIT */
/* answer.h - options that the layer answers, since no host does. */
#ifndef WASOCK_BSD_SOCKETS_ANSWER_H
#define WASOCK_BSD_SOCKETS_ANSWER_H

#include "socket.h"

/* option.c: write an option's value, or the part that fits. */
void wasock_bsd__give_option(void *value, socklen_t *length, const void *bytes,
                             socklen_t n_bytes);

/* SO_PEERCRED. socket: NULL: an end of a socket pair. Returns whether it is
 * this option, which is then answered. */
bool wasock_bsd__describe_peer(const struct socket *socket, int level,
                               int option, void *value, socklen_t *length);

/* TCP_INFO and TCP_CONGESTION, likewise. */
bool wasock_bsd__describe_tcp(const struct socket *socket, int level,
                              int option, void *value, socklen_t *length);

/* TCP_CONGESTION. Returns 0, or -ENOENT: another than there is. */
int wasock_bsd__set_congestion(const char *name, socklen_t length);

#endif
