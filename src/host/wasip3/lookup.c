/* SPDX-License-Identifier: MIT */
/* lookup.c - the addresses of a name. */
#include "internal.h"

#include <wasock/err.h>

#include "../../text.h"
#include "../component/type.h"

WASOCK__LINK_IMPORTS;

WASOCK__IMPORT("wasi:sockets/ip-name-lookup@0.3.0",
               "[async-lower]resolve-addresses")
uint32_t wasock__p3_import_resolve(const char *name, size_t length,
                                   void *result);

/* The most addresses of a name. */
#define ADDRESSES_MAX 24

static const uint8_t errors[] = {WASOCK_EACCES, WASOCK_EINVAL, WASOCK_ENOENT,
                                 WASOCK_EAGAIN, WASOCK_EIO,    WASOCK_EIO};

int32_t wasock__host_lookup(const char *name, struct wasock_addr *addrs,
                            size_t capacity, size_t *n_addrs)
{
    struct wasock__memory_ip found[ADDRESSES_MAX];
    struct {
        uint8_t is_error;
        union {
            struct {
                const struct wasock__memory_ip *data;
                size_t length;
            } list;
            uint32_t error[4]; /* and its text */
        } of;
    } result = {0};

    if (wasock__p3_dgram != NULL) { /* datagrams may land meanwhile */
        wasock__p3_land_text();
    } else {
        wasock__land((struct wasock__piece){found, sizeof(found)},
                     (struct wasock__piece){NULL, 0});
    }
    wasock__p3_finish(
        wasock__p3_import_resolve(name, text_length(name), &result));
    wasock__p3_take_all();
    wasock__land_end();
    if (result.is_error) {
        const uint8_t code = (uint8_t)result.of.error[0];
        return code < sizeof(errors) ? errors[code] : WASOCK_EIO;
    }
    size_t n =
        result.of.list.length < capacity ? result.of.list.length : capacity;
    for (size_t i = 0; i < n; i++) {
        wasock__ip_load(&result.of.list.data[i], &addrs[i]);
    }
    *n_addrs = n;
    return n > 0 ? 0 : WASOCK_ENOENT;
}
