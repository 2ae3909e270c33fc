/* SPDX-License-Identifier: MIT */
/* lookup.h - look up the addresses of a host name. */
#ifndef WASOCK_LOOKUP_H
#define WASOCK_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include <wasock/addr.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Look up the IPv4 and IPv6 addresses of a host name. Blocks until the host
 * answers.
 * name: NUL-terminated; a host name or a numeric address, without a port.
 * port: the port of each address.
 * addrs: room for `capacity`; written on success.
 * Returns the number of addresses written, at least 1, at most `capacity`.
 * Errors: ENOENT: no such name; EAGAIN: the name server did not answer; EACCES:
 *   not allowed (wasmtime: -S allow-ip-name-lookup); ENOSYS: a preview1 host;
 *   any other code of the host.
 * Source: getaddrinfo(3).
 */
ptrdiff_t wasock_lookup(const char *name, uint16_t port,
                        struct wasock_addr *addrs, size_t capacity)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif

#endif
