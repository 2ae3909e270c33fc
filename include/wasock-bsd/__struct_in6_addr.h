/* SPDX-License-Identifier: MIT */
/* In place of wasi-libc's, which has bytes only. */
#ifndef WASOCK_BSD_STRUCT_IN6_ADDR_H
#define WASOCK_BSD_STRUCT_IN6_ADDR_H

struct in6_addr {
    union {
        unsigned char wasock_bsd_bytes[16];
        unsigned short wasock_bsd_halves[8];
        unsigned wasock_bsd_words[4];
    } wasock_bsd_in6;
};
#define s6_addr wasock_bsd_in6.wasock_bsd_bytes
#define s6_addr16 wasock_bsd_in6.wasock_bsd_halves
#define s6_addr32 wasock_bsd_in6.wasock_bsd_words

#endif
