/* SPDX-License-Identifier: MIT */
/* In place of wasi-libc's, which has no room for a path. */
#ifndef WASOCK_BSD_STRUCT_SOCKADDR_STORAGE_H
#define WASOCK_BSD_STRUCT_SOCKADDR_STORAGE_H

#include <__typedef_sa_family_t.h>

struct sockaddr_storage {
    sa_family_t ss_family;
    char __ss_padding[128 - sizeof(sa_family_t) - sizeof(long long)];
    long long __ss_align;
};

#endif
