/* SPDX-License-Identifier: MIT */
/* lookup.h - the addresses of names. */
#ifndef WASOCK_BSD_SOCKETS_LOOKUP_H
#define WASOCK_BSD_SOCKETS_LOOKUP_H

#include <stddef.h>

#include <wasock/addr.h>

/*
 * Look up a name: a numeric address, "localhost", or, where it can, a name that
 * the host knows. Blocks.
 * family: AF_INET, AF_INET6 or AF_UNSPEC.
 * flags: AI_NUMERICHOST or 0.
 * addrs: room for `capacity`; their port is 0.
 * Returns the number of them, at least 1, or a code of getaddrinfo, which are
 * negative.
 */
int wasock_bsd__look_up(const char *name, int family, int flags,
                        struct wasock_addr *addrs, size_t capacity);

#endif
