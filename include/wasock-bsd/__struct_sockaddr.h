/* SPDX-License-Identifier: MIT */
/* In place of wasi-libc's, which has no room for data. */
#ifndef WASOCK_BSD_STRUCT_SOCKADDR_H
#define WASOCK_BSD_STRUCT_SOCKADDR_H

#include <__typedef_sa_family_t.h>

struct sockaddr {
    sa_family_t sa_family;
    char sa_data[14];
};

#endif
