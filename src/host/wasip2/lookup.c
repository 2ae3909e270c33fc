/* SPDX-License-Identifier: MIT */
/* lookup.c - names of WASI 0.2. */
#include "internal.h"

#include <wasock/err.h>

#include "../../text.h"
#include "../component/type.h"

WASOCK__LINK_IMPORTS;

#define LOOKUP "wasi:sockets/ip-name-lookup"

WASIP2_IMPORT(LOOKUP, "resolve-addresses")
void wasip2_resolve(uint32_t network, const char *name, size_t length,
                    void *result);
WASIP2_IMPORT(LOOKUP, "[method]resolve-address-stream.resolve-next-address")
void wasip2_resolve_next(uint32_t stream, void *result);
WASIP2_IMPORT(LOOKUP, "[method]resolve-address-stream.subscribe")
uint32_t wasip2_resolve_subscribe(uint32_t stream);
WASIP2_IMPORT(LOOKUP, "[resource-drop]resolve-address-stream")
void wasip2_resolve_drop(uint32_t stream);

/* result<option<ip-address>, error-code> */
struct next {
    uint8_t is_error;
    union {
        struct {
            uint8_t is_some;
            struct wasock__memory_ip ip;
        } option;
        uint8_t code;
    } of;
};

_Static_assert(offsetof(struct next, of.option.ip) == 4, "ip-address");

/* Get the next address. ENOENT: there is none. */
static int32_t get_next(uint32_t stream, uint32_t pollable,
                        struct wasock_addr *addr)
{
    struct next next;

    wasip2_resolve_next(stream, &next);
    while (next.is_error && next.of.code == WASIP2_WOULD_BLOCK) {
        wasip2_pollable_block(pollable);
        wasip2_resolve_next(stream, &next);
    }
    if (next.is_error) {
        return wasock__p2_errno(next.of.code);
    }
    if (!next.of.option.is_some) {
        return WASOCK_ENOENT;
    }
    wasock__ip_load(&next.of.option.ip, addr);
    return 0;
}

int32_t wasock__host_lookup(const char *name, struct wasock_addr *addrs,
                            size_t capacity, size_t *n_addrs)
{
    struct wasip2_handles resolved;
    int32_t error = 0;
    size_t n = 0;

    wasip2_resolve(wasock__p2_network(), name, text_length(name), &resolved);
    if (resolved.is_error) {
        return wasock__p2_errno(resolved.of.code);
    }
    const uint32_t stream = resolved.of.handles[0];
    const uint32_t pollable = wasip2_resolve_subscribe(stream);
    while (n < capacity && error == 0) {
        error = get_next(stream, pollable, &addrs[n]);
        n += error == 0;
    }
    wasip2_pollable_drop(pollable);
    wasip2_resolve_drop(stream);
    if (n == 0 && error != 0) {
        return error;
    }
    *n_addrs = n;
    return 0;
}
