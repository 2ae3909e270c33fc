/* SPDX-License-Identifier: MIT */
#include <wasock/lookup.h>

#include <wasock/err.h>

#include "host.h"

ptrdiff_t wasock_lookup(const char *name, uint16_t port,
                        struct wasock_addr *addrs, size_t capacity)
{
    size_t n_addrs = 0;
    const int32_t error = wasock__host_lookup(name, addrs, capacity, &n_addrs);

    if (error != 0) {
        return -error;
    }
    for (size_t i = 0; i < n_addrs; i++) {
        addrs[i].port = port;
    }
    return n_addrs > 0 ? (ptrdiff_t)n_addrs : -WASOCK_ENOENT;
}
