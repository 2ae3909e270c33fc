/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/err.h>

#define IPV4_BYTES 4
#define IPV6_BYTES 16
#define IP_WORDS 4
#define MAPPED_BYTES 12 /* before the IPv4 part of a mapped address */

/* ::ffff:0:0/96: IPv4 in the form of IPv6. */
static bool is_mapped(const struct wasock_addr *addr)
{
    for (size_t i = 0; i < MAPPED_BYTES; i++) {
        if (addr->ip[i] != (i < MAPPED_BYTES - 2 ? 0 : UINT8_MAX)) {
            return false;
        }
    }
    return addr->family == WASOCK_ADDR_IPV6;
}

int wasock__fakenet_addr_from(const struct wasock_addr *addr,
                              struct wasock__fakenet_addr *kept)
{
    const struct wasock__fakenet_addr none = {0};
    const size_t offset = is_mapped(addr) ? MAPPED_BYTES : 0;
    const bool is_ipv4 = addr->family == WASOCK_ADDR_IPV4 || offset > 0;
    const bool is_name =
        addr->family == WASOCK_ADDR_NAME && addr->name[0] != '\0';

    if (!is_ipv4 && !is_name && addr->family != WASOCK_ADDR_IPV6) {
        return -WASOCK_EAFNOSUPPORT;
    }
    *kept = none;
    kept->family = is_ipv4 ? (uint8_t)WASOCK_ADDR_IPV4 : addr->family;
    if (!is_name) {
        kept->port = addr->port;
        __builtin_memcpy(kept->ip, addr->ip + offset,
                         is_ipv4 ? IPV4_BYTES : IPV6_BYTES);
    }
    return kept->family;
}

void wasock__fakenet_addr_to(const struct wasock__fakenet_addr *kept,
                             const char *name, struct wasock_addr *addr)
{
    const struct wasock_addr none = {0};

    *addr = none;
    addr->family = kept->family;
    addr->port = kept->port;
    __builtin_memcpy(addr->ip, kept->ip, sizeof(addr->ip));
    if (kept->family == WASOCK_ADDR_NAME) {
        __builtin_memcpy(addr->name, name, sizeof(addr->name));
    }
}

void wasock__fakenet_set_name(struct wasock__fakenet_socket *socket,
                              const char *name)
{
    for (size_t i = 0; i < sizeof(socket->name) - 1 && name[i] != '\0'; i++) {
        socket->name[i] = name[i];
    }
}

bool wasock__fakenet_addr_is_same(const struct wasock__fakenet_addr *a,
                                  const struct wasock__fakenet_addr *b)
{
    for (size_t i = 0; i < IP_WORDS; i++) {
        if (a->ip[i] != b->ip[i]) {
            return false;
        }
    }
    return a->port == b->port && a->family == b->family;
}

bool wasock__fakenet_addr_is_any(const struct wasock__fakenet_addr *addr)
{
    return (addr->ip[0] | addr->ip[1] | addr->ip[2] | addr->ip[3]) == 0 &&
           addr->family != WASOCK_ADDR_NAME;
}

void wasock__fakenet_addr_make_definite(struct wasock__fakenet_addr *addr)
{
    static const uint8_t ipv4[IPV4_BYTES] = {127, 0, 0, 1};
    static const uint8_t ipv6[IPV6_BYTES] = {[IPV6_BYTES - 1] = 1};
    const bool is_ipv4 = addr->family == WASOCK_ADDR_IPV4;

    if (wasock__fakenet_addr_is_any(addr)) {
        __builtin_memcpy(addr->ip, is_ipv4 ? ipv4 : ipv6,
                         is_ipv4 ? IPV4_BYTES : IPV6_BYTES);
    }
}

static uint32_t mix(uint32_t hash, uint32_t word)
{
    hash = (hash ^ word) * UINT32_C(0x85EBCA6B);
    return hash ^ (hash >> 15);
}

/* Streams and datagrams have separate address spaces. */
static bool is_dgram(uint8_t kind)
{
    return kind == WASOCK__FAKENET_DGRAM;
}

/* The hash chain of an address. */
static uint32_t *chain_of(const struct wasock_fakenet *net,
                          const struct wasock__fakenet_addr *addr,
                          const char *name, uint8_t kind)
{
    uint32_t hash = mix(addr->port, is_dgram(kind));

    for (size_t i = 0; i < IP_WORDS; i++) {
        hash = mix(hash, addr->ip[i]);
    }
    if (addr->family == WASOCK_ADDR_NAME) {
        for (size_t i = 0; name[i] != '\0'; i++) {
            hash = mix(hash, (unsigned char)name[i]);
        }
    }
    return &net->bound_[((uint64_t)hash * net->n_sockets_) >> 32];
}

static bool is_same_name(const char *a, const char *b)
{
    size_t i = 0;

    while (a[i] == b[i] && a[i] != '\0') {
        i++;
    }
    return a[i] == b[i];
}

/* The socket that is bound to exactly this address, or NULL. */
static struct wasock__fakenet_socket *
owner_of(const struct wasock_fakenet *net,
         const struct wasock__fakenet_addr *addr, const char *name,
         uint8_t kind)
{
    struct wasock__fakenet_socket *owner =
        wasock__fakenet_at(net, *chain_of(net, addr, name, kind));

    while (owner != NULL &&
           !(is_dgram(owner->kind) == is_dgram(kind) &&
             wasock__fakenet_addr_is_same(&owner->local, addr) &&
             (addr->family != WASOCK_ADDR_NAME ||
              is_same_name(owner->name, name)))) {
        owner = wasock__fakenet_at(net, owner->next_bound);
    }
    return owner;
}

/* Widen an address to any of its family, then to [::]. Returns false if it is
 * the widest. */
static bool widen(struct wasock__fakenet_addr *addr)
{
    const struct wasock__fakenet_addr any = {
        .port = addr->port,
        .family = wasock__fakenet_addr_is_any(addr) ? (uint8_t)WASOCK_ADDR_IPV6
                                                    : addr->family,
    };

    if (addr->family == WASOCK_ADDR_NAME ||
        (wasock__fakenet_addr_is_any(addr) &&
         addr->family == WASOCK_ADDR_IPV6)) {
        return false;
    }
    *addr = any;
    return true;
}

/* Whether a bound socket receives what is sent to the address. */
static bool is_taken(const struct wasock_fakenet *net,
                     struct wasock__fakenet_addr addr, uint8_t kind)
{
    bool is_owned = false;

    do {
        is_owned = owner_of(net, &addr, NULL, kind) != NULL;
    } while (!is_owned && widen(&addr));
    return is_owned;
}

/* Whether a socket with a narrower address receives part of what is sent to
 * any. */
static bool is_taken_in_part(const struct wasock_fakenet *net,
                             const struct wasock__fakenet_addr *any,
                             uint8_t kind)
{
    for (uint32_t i = 0; i < net->n_sockets_; i++) {
        const struct wasock__fakenet_socket *other = &net->sockets_[i];
        if (other->kind != WASOCK__FAKENET_FREE && other->is_bound &&
            is_dgram(other->kind) == is_dgram(kind) &&
            other->local.family != WASOCK_ADDR_NAME &&
            other->local.port == any->port &&
            (any->family == WASOCK_ADDR_IPV6 ||
             other->local.family == any->family)) {
            return true;
        }
    }
    return false;
}

/* Choose a free port. */
static int find_port(struct wasock_fakenet *net,
                     struct wasock__fakenet_socket *socket)
{
    for (uint32_t i = 0; i < UINT16_MAX; i++) {
        if (net->last_port_ == UINT16_MAX) {
            net->last_port_ = 0;
        }
        socket->local.port = ++net->last_port_;
        if (!is_taken(net, socket->local, socket->kind) &&
            !(wasock__fakenet_addr_is_any(&socket->local) &&
              is_taken_in_part(net, &socket->local, socket->kind))) {
            return 0;
        }
    }
    return -WASOCK_EADDRINUSE;
}

int wasock__fakenet_bind_local(struct wasock_fakenet *net,
                               struct wasock__fakenet_socket *socket)
{
    int result = 0;

    if (socket->local.port == 0 && socket->local.family != WASOCK_ADDR_NAME) {
        result = find_port(net, socket);
    } else if (owner_of(net, &socket->local, socket->name, socket->kind) !=
               NULL) {
        result = -WASOCK_EADDRINUSE;
    }
    if (result == 0) {
        uint32_t *chain =
            chain_of(net, &socket->local, socket->name, socket->kind);
        socket->next_bound = *chain;
        socket->is_bound = 1;
        *chain = wasock__fakenet_index(net, socket);
    }
    return result;
}

void wasock__fakenet_unbind(struct wasock_fakenet *net,
                            struct wasock__fakenet_socket *socket)
{
    const uint32_t index = wasock__fakenet_index(net, socket);

    if (!socket->is_bound) {
        return;
    }
    uint32_t *link = chain_of(net, &socket->local, socket->name, socket->kind);
    while (*link != index) {
        link = &net->sockets_[*link].next_bound;
    }
    *link = socket->next_bound;
    socket->is_bound = 0;
}

/* The socket of a kind that receives what is sent to an address, or NULL. */
static struct wasock__fakenet_socket *taker_of(const struct wasock_fakenet *net,
                                               struct wasock__fakenet_addr addr,
                                               const char *name,
                                               enum wasock__fakenet_kind kind)
{
    struct wasock__fakenet_socket *owner = NULL;

    do {
        owner = owner_of(net, &addr, name, (uint8_t)kind);
    } while ((owner == NULL || owner->kind != kind) && widen(&addr));
    return owner; /* connections are bound to no address of any kind */
}

int wasock__fakenet_receiver(struct wasock_fakenet *net,
                             const struct wasock__fakenet_addr *addr,
                             const char *name, enum wasock__fakenet_kind kind,
                             struct wasock__fakenet_socket **receiver)
{
    const enum wasock__fakenet_kind other = kind == WASOCK__FAKENET_DGRAM
                                                ? WASOCK__FAKENET_LISTENER
                                                : WASOCK__FAKENET_DGRAM;

    *receiver = taker_of(net, *addr, name, kind);
    if (*receiver != NULL) {
        return 0;
    }
    return taker_of(net, *addr, name, other) != NULL ? -WASOCK_EPROTOTYPE
                                                     : -WASOCK_ECONNREFUSED;
}
