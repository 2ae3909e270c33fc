/* SPDX-License-Identifier: MIT */
/* address.h - sockaddr and wasock's addresses. */
#ifndef WASOCK_BSD_SOCKETS_ADDRESS_H
#define WASOCK_BSD_SOCKETS_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <wasock/addr.h>

/* Read an address that a program gives. Errors: EFAULT: none; EINVAL: too
 * short; EAFNOSUPPORT: none of AF_INET, AF_INET6 and AF_UNIX; ENAMETOOLONG. */
int wasock_bsd__read_address(const struct sockaddr *address, socklen_t length,
                             struct wasock_addr *addr);

/* Check a program's room for an address. Returns 0, -EFAULT, or -EINVAL for a
 * negative length. */
int wasock_bsd__check_room(const struct sockaddr *address,
                           const socklen_t *length);

/* Write an address to a program, cut to its room; `length` becomes how long it
 * is. Both may be NULL. family: for an unspecified one: 0.0.0.0:0 or [::]:0. */
void wasock_bsd__write_address(const struct wasock_addr *addr, int family,
                               struct sockaddr *address, socklen_t *length);

bool wasock_bsd__is_any(const struct wasock_addr *addr);
bool wasock_bsd__is_loopback(const struct wasock_addr *addr);

/* Whether the address is the in-process network's: a path, loopback, any. */
bool wasock_bsd__is_on_loopback(const struct wasock_addr *addr);

/* Whether two addresses, neither of them a name, are the same. */
bool wasock_bsd__is_same_address(const struct wasock_addr *a,
                                 const struct wasock_addr *b);

/* Whether two sockets cannot both have these addresses. */
bool wasock_bsd__collide(const struct wasock_addr *a,
                         const struct wasock_addr *b);

#endif
