/* SPDX-License-Identifier: MIT */
/*
 * addr.h - addresses: numeric IPv4 and IPv6 with a port, names, and none.
 *
 * preview1 tells nobody's address, so those of real sockets are unspecified;
 * the in-process network (fakenet.h) has real ones.
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

/* A name's longest form, its final zero included. */
#define WASOCK_ADDR_NAME_CAPACITY 108

/* Longest text of an address, its final zero included. */
#define WASOCK_ADDR_TEXT_CAPACITY (WASOCK_ADDR_NAME_CAPACITY + 8)

/* A value: no pointers, copied with =, nothing to free. All zero bytes are the
 * unspecified address without a label. */
struct wasock_addr {
    uint8_t family; /* enum wasock_addr_family */
    uint16_t port;  /* IPv4 and IPv6, in the machine's byte order */
    uint8_t ip[16]; /* in network order; IPv4 uses the first four */
    char name[WASOCK_ADDR_NAME_CAPACITY]; /* NAME; else a socket's label */
};

/*
 * Read an address from text: "127.0.0.1:8080", "[::1]:8080", ":8080" (IPv4,
 * any address), "unix:/run/x.sock" (a name, the rest of the text). IPv6 may end
 * in a dotted IPv4 address and has no zone; a decimal number has no leading
 * zeros; nothing may stand before or after.
 * text: `length` bytes, the caller's, no final zero needed.
 * addr: written on success only.
 * Errors: EINVAL: none of these forms, a port above 65535 or missing, an empty
 *   name, a zero in it; ENAMETOOLONG: a name that does not fit.
 * Source: Go's net.ResolveTCPAddr, without host names, services and zones.
 */
int wasock_addr_parse(const char *text, size_t length, struct wasock_addr *addr)
    __attribute__((warn_unused_result));

/*
 * Write an address as text that wasock_addr_parse reads: IPv6 in its shortest
 * form (RFC 5952), IPv4-mapped with dots. An unspecified address gives its
 * label, or ":0", as Go prints it.
 * text: room for `capacity` bytes, the caller's; cut to fit, always ends in a
 *   zero when `capacity` is not 0. WASOCK_ADDR_TEXT_CAPACITY is always enough.
 * Returns the length without the final zero, as if there were room enough.
 * Errors: none.
 * Source: Go's TCPAddr.String and netip.AddrPort.String.
 */
size_t wasock_addr_format(const struct wasock_addr *addr, char *text,
                          size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
