/* SPDX-License-Identifier: MIT */
#include "address.h"

#include <errno.h>
#include <string.h>

/* The path of an AF_UNIX address, which may end without a zero. */
static int read_path(const struct sockaddr *address, socklen_t length,
                     struct wasock_addr *addr)
{
    const char *path =
        (const char *)address + offsetof(struct sockaddr_un, sun_path);
    const size_t room = length - offsetof(struct sockaddr_un, sun_path);
    const size_t n = strnlen(path, room);

    if (n == 0) {
        return -EINVAL; /* Linux's names without a file */
    }
    if (n >= sizeof(addr->name)) {
        return -ENAMETOOLONG;
    }
    addr->family = WASOCK_ADDR_NAME;
    memcpy(addr->name, path, n);
    return 0;
}

int wasock_bsd__read_address(const struct sockaddr *address, socklen_t length,
                             struct wasock_addr *addr)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    memset(addr, 0, sizeof(*addr));
    if (address == NULL && length > 0) {
        return -EFAULT;
    }
    if (address == NULL || length < sizeof(address->sa_family)) {
        return -EINVAL;
    }
    switch (address->sa_family) {
    case AF_INET:
        if (length < offsetof(struct sockaddr_in, sin_zero)) {
            return -EINVAL;
        }
        memcpy(&in, address, offsetof(struct sockaddr_in, sin_zero));
        addr->family = WASOCK_ADDR_IPV4;
        addr->port = ntohs(in.sin_port);
        memcpy(addr->ip, &in.sin_addr, 4);
        return 0;
    case AF_INET6:
        if (length < sizeof(in6)) {
            return -EINVAL;
        }
        memcpy(&in6, address, sizeof(in6));
        addr->family = WASOCK_ADDR_IPV6;
        addr->port = ntohs(in6.sin6_port);
        memcpy(addr->ip, &in6.sin6_addr, 16);
        return 0;
    case AF_UNIX:
        return length <= offsetof(struct sockaddr_un, sun_path)
                   ? -EINVAL
                   : read_path(address, length, addr);
    default:
        return -EAFNOSUPPORT;
    }
}

int wasock_bsd__check_room(const struct sockaddr *address,
                           const socklen_t *length)
{
    if (length == NULL || (address == NULL && *length > 0)) {
        return -EFAULT;
    }
    return (int)*length < 0 ? -EINVAL : 0;
}

void wasock_bsd__write_address(const struct wasock_addr *addr, int family,
                               struct sockaddr *address, socklen_t *length)
{
    union {
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
        sa_family_t family;
    } written;
    socklen_t n = sizeof(written.family); /* of AF_UNIX: no name */

    memset(&written, 0, sizeof(written));
    if (address == NULL || length == NULL) {
        return;
    }
    if (family == AF_INET) {
        n = sizeof(written.in);
        written.in.sin_family = AF_INET;
        written.in.sin_port = htons(addr->port);
        memcpy(&written.in.sin_addr, addr->ip, 4);
    } else if (family == AF_INET6) {
        n = sizeof(written.in6);
        written.in6.sin6_family = AF_INET6;
        written.in6.sin6_port = htons(addr->port);
        memcpy(&written.in6.sin6_addr, addr->ip, 16);
    } else {
        written.family = (sa_family_t)family;
        if (addr->family == WASOCK_ADDR_NAME) {
            n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
                            strlen(addr->name) + 1);
            memcpy(written.un.sun_path, addr->name, sizeof(addr->name));
        }
    }
    memcpy(address, &written, *length < n ? *length : n);
    *length = n;
}

static size_t ip_length(const struct wasock_addr *addr)
{
    return addr->family == WASOCK_ADDR_IPV4 ? 4 : 16;
}

bool wasock_bsd__is_any(const struct wasock_addr *addr)
{
    static const uint8_t zeros[16];

    return memcmp(addr->ip, zeros, ip_length(addr)) == 0;
}

bool wasock_bsd__is_loopback(const struct wasock_addr *addr)
{
    static const uint8_t mapped[13] = {0, 0, 0, 0,    0,    0,  0,
                                       0, 0, 0, 0xff, 0xff, 127};
    static const uint8_t loopback6[16] = {0, 0, 0, 0, 0, 0, 0, 0,
                                          0, 0, 0, 0, 0, 0, 0, 1};

    if (addr->family == WASOCK_ADDR_IPV4) {
        return addr->ip[0] == 127;
    }
    return memcmp(addr->ip, loopback6, 16) == 0 ||
           memcmp(addr->ip, mapped, sizeof(mapped)) == 0;
}

bool wasock_bsd__is_on_loopback(const struct wasock_addr *addr)
{
    return addr->family == WASOCK_ADDR_NAME || wasock_bsd__is_any(addr) ||
           wasock_bsd__is_loopback(addr);
}

bool wasock_bsd__is_same_address(const struct wasock_addr *a,
                                 const struct wasock_addr *b)
{
    return a->family == b->family && a->port == b->port &&
           memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool wasock_bsd__collide(const struct wasock_addr *a,
                         const struct wasock_addr *b)
{
    if (a->family != b->family) {
        return false;
    }
    if (a->family == WASOCK_ADDR_NAME) {
        return strcmp(a->name, b->name) == 0;
    }
    return a->port == b->port && a->port != 0 &&
           (wasock_bsd__is_any(a) || wasock_bsd__is_any(b) ||
            memcmp(a->ip, b->ip, ip_length(a)) == 0);
}
