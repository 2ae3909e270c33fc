/* SPDX-License-Identifier: MIT */
/*
 * addr.c - addresses in the forms of the canonical ABI, which are the
 * same in WASI 0.2 and 0.3.
 */
#include "component.h"

#include <wasock/err.h>

enum { FAMILY_IPV4 = 0, FAMILY_IPV6 = 1 };

_Static_assert(sizeof(struct wasock__memory_addr) == 32 &&
                   offsetof(struct wasock__memory_addr, port) == 4 &&
                   offsetof(struct wasock__memory_addr, ipv4) == 6 &&
                   offsetof(struct wasock__memory_addr, ipv6) == 12,
               "ip-socket-address");
_Static_assert(sizeof(struct wasock__memory_ip) == 18 &&
                   offsetof(struct wasock__memory_ip, of) == 2,
               "ip-address");

/* Group number `index` of an IPv6 address. */
static uint16_t group(const struct wasock_addr *addr, unsigned index)
{
    return (uint16_t)(addr->ip[2 * index] << 8 | addr->ip[2 * index + 1]);
}

static void set_ipv6(struct wasock_addr *addr, const uint16_t *groups)
{
    addr->family = WASOCK_ADDR_IPV6;
    for (unsigned i = 0; i < 8; i++) {
        addr->ip[2 * i] = (uint8_t)(groups[i] >> 8);
        addr->ip[2 * i + 1] = (uint8_t)groups[i];
    }
}

static void set_ipv4(struct wasock_addr *addr, const uint8_t *bytes)
{
    addr->family = WASOCK_ADDR_IPV4;
    __builtin_memcpy(addr->ip, bytes, 4);
}

int32_t wasock__addr_flatten(const struct wasock_addr *addr,
                             struct wasock__flat_addr *flat)
{
    __builtin_memset(flat, 0, sizeof(*flat));
    flat->values[0] = addr->port;
    if (addr->family == WASOCK_ADDR_IPV4) {
        flat->family = FAMILY_IPV4;
        for (unsigned i = 0; i < 4; i++) {
            flat->values[1 + i] = addr->ip[i];
        }
        return 0;
    }
    if (addr->family != WASOCK_ADDR_IPV6) {
        return WASOCK_EAFNOSUPPORT;
    }
    flat->family = FAMILY_IPV6;
    for (unsigned i = 0; i < 8; i++) {
        flat->values[2 + i] = group(addr, i); /* the flow label before */
    }
    return 0;
}

int32_t wasock__addr_store(const struct wasock_addr *addr,
                           struct wasock__memory_addr *memory)
{
    __builtin_memset(memory, 0, sizeof(*memory));
    memory->port = addr->port;
    if (addr->family == WASOCK_ADDR_IPV4) {
        memory->family = FAMILY_IPV4;
        __builtin_memcpy(memory->ipv4, addr->ip, 4);
        return 0;
    }
    if (addr->family != WASOCK_ADDR_IPV6) {
        return WASOCK_EAFNOSUPPORT;
    }
    memory->family = FAMILY_IPV6;
    for (unsigned i = 0; i < 8; i++) {
        memory->ipv6[i] = group(addr, i);
    }
    return 0;
}

void wasock__addr_load(const struct wasock__memory_addr *memory,
                       struct wasock_addr *addr)
{
    __builtin_memset(addr, 0, sizeof(*addr));
    addr->port = memory->port;
    if (memory->family == FAMILY_IPV4) {
        set_ipv4(addr, memory->ipv4);
    } else {
        set_ipv6(addr, memory->ipv6);
    }
}

void wasock__ip_load(const struct wasock__memory_ip *memory,
                     struct wasock_addr *addr)
{
    __builtin_memset(addr, 0, sizeof(*addr));
    if (memory->family == FAMILY_IPV4) {
        set_ipv4(addr, memory->of.ipv4);
    } else {
        set_ipv6(addr, memory->of.ipv6);
    }
}
