/* SPDX-License-Identifier: MIT */
/* In place of wasi-libc's, which has no sin_zero. */
#ifndef WASOCK_BSD_STRUCT_SOCKADDR_IN_H
#define WASOCK_BSD_STRUCT_SOCKADDR_IN_H

#include <__struct_in_addr.h>
#include <__typedef_in_port_t.h>
#include <__typedef_sa_family_t.h>

struct sockaddr_in {
    sa_family_t sin_family;
    in_port_t sin_port;
    struct in_addr sin_addr;
    unsigned char sin_zero[8];
};

#endif
