/* SPDX-License-Identifier: MIT */
/*
 * addr.h - socket addresses: IPv4 and IPv6 with a port, or a name.
 *
 * preview1 has no call for the address of a socket: addresses of real sockets
 * are unspecified there. Components, native programs and the in-process network
 * (fakenet.h) have them.
 */
#ifndef WASOCK_ADDR_H
#define WASOCK_ADDR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum wasock_addr_family {
    WASOCK_ADDR_UNSPECIFIED = 0,
    WASOCK_ADDR_IPV4 = 1,
    WASOCK_ADDR_IPV6 = 2,
    WASOCK_ADDR_NAME = 3
};

/* Bytes of the longest name, with its NUL. */
#define WASOCK_ADDR_NAME_CAPACITY 108

/* Bytes of the longest text of an address, with its NUL. */
#define WASOCK_ADDR_TEXT_CAPACITY (WASOCK_ADDR_NAME_CAPACITY + 8)

/* An address. It has no pointers: copy it with =. All zero bytes are the
 * unspecified address without a label. */
struct wasock_addr {
    uint8_t family; /* enum wasock_addr_family */
    uint16_t port;  /* of IPv4 and IPv6, in host byte order */
    uint8_t ip[16]; /* in network byte order; IPv4 uses the first four */
    char name[WASOCK_ADDR_NAME_CAPACITY]; /* NAME; else a socket's label */
};

/*
 * Parse an address.
 *
 *   text                      address
 *   127.0.0.1:8080            IPv4
 *   :8080                     IPv4, any address
 *   [::1]:8080                IPv6, without a zone
 *   [::ffff:127.0.0.1]:8080   IPv6; the last four bytes may be dotted
 *   unix:/run/x.sock          a name: the text after "unix:"
 *
 * Decimal numbers have no leading zeros. Host names are not looked up
 * (lookup.h).
 * text: `length` bytes, not NUL-terminated.
 * addr: written on success.
 * Errors: EINVAL: another form, no port, a port above 65535, an empty name, or
 *   a NUL in it; ENAMETOOLONG: the name is WASOCK_ADDR_NAME_CAPACITY bytes or
 *   longer.
 * Source: Go's net.ResolveTCPAddr, without host names, services and zones.
 */
int wasock_addr_parse(const char *text, size_t length, struct wasock_addr *addr)
    __attribute__((warn_unused_result));

/*
 * Format an address as text that wasock_addr_parse reads: IPv6 as RFC 5952
 * says, IPv4-mapped addresses with dots. An unspecified address is formatted as
 * its label, or as ":0" if it has none.
 * text: room for `capacity` bytes; WASOCK_ADDR_TEXT_CAPACITY are enough.
 *   Truncated to fit, and NUL-terminated unless `capacity` is 0.
 * Returns the length of the whole text without its NUL, as snprintf.
 * Source: Go's TCPAddr.String and netip.AddrPort.String.
 */
size_t wasock_addr_format(const struct wasock_addr *addr, char *text,
                          size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
