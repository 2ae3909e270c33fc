/* SPDX-License-Identifier: MIT */
/* In place of wasi-libc's, whose alignment differs from all other systems'. */
#ifndef WASOCK_BSD_STRUCT_SOCKADDR_IN6_H
#define WASOCK_BSD_STRUCT_SOCKADDR_IN6_H

#include <__struct_in6_addr.h>
#include <__typedef_in_port_t.h>
#include <__typedef_sa_family_t.h>

struct sockaddr_in6 {
    sa_family_t sin6_family;
    in_port_t sin6_port;
    unsigned sin6_flowinfo;
    struct in6_addr sin6_addr;
    unsigned sin6_scope_id;
};

#endif
