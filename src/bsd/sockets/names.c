/* SPDX-License-Identifier: MIT */
/*
 * names.c - gethostbyname, getnameinfo, interfaces and their like.
 *
 * True: what getaddrinfo finds; the protocols tcp and udp. Not found: names of
 * addresses, since a guest has no tables; interfaces, of which it sees none.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../plain.h"
#include "lookup.h"
#include "services.h"

int *__h_errno_location(void)
{
    static int error;

    return &error;
}
WASOCK_BSD_PLAIN(__h_errno_location);

/* Write the name of a port's service, or its number. Returns 0 or
 * EAI_OVERFLOW. */
static int write_service(unsigned port, char *service, socklen_t capacity,
                         int flags)
{
    const char *name =
        (flags & NI_NUMERICSERV) != 0
            ? NULL
            : wasock_bsd__service_name((int)port, (flags & NI_DGRAM) != 0
                                                      ? WASOCK_BSD_UDP
                                                      : WASOCK_BSD_TCP);
    const int length = name != NULL ? snprintf(service, capacity, "%s", name)
                                    : snprintf(service, capacity, "%u", port);

    return (unsigned)length >= capacity ? EAI_OVERFLOW : 0;
}

/* getnameinfo(3): the address is always a number. Errors: EAI_FAMILY;
 * EAI_NONAME with NI_NAMEREQD; EAI_OVERFLOW. */
int getnameinfo(const struct sockaddr *address, socklen_t length, char *host,
                socklen_t host_capacity, char *service,
                socklen_t service_capacity, int flags)
{
    const struct sockaddr_in *ipv4 =
        (const struct sockaddr_in *)(const void *)address;
    const struct sockaddr_in6 *ipv6 =
        (const struct sockaddr_in6 *)(const void *)address;
    const bool is_ipv6 = address->sa_family == AF_INET6;

    if ((!is_ipv6 && address->sa_family != AF_INET) ||
        length < (is_ipv6 ? sizeof(*ipv6) : sizeof(*ipv4))) {
        return EAI_FAMILY;
    }
    if (flags & NI_NAMEREQD) {
        return EAI_NONAME;
    }
    const void *ip = is_ipv6 ? (const void *)&ipv6->sin6_addr
                             : (const void *)&ipv4->sin_addr;
    if (host != NULL && host_capacity > 0 &&
        inet_ntop(address->sa_family, ip, host, host_capacity) == NULL) {
        return EAI_OVERFLOW;
    }
    return service != NULL && service_capacity > 0
               ? write_service(
                     ntohs(is_ipv6 ? ipv6->sin6_port : ipv4->sin_port), service,
                     service_capacity, flags)
               : 0;
}
WASOCK_BSD_PLAIN(getnameinfo);

/* ---- The older ways ---- */

#define HOST_ADDRESSES_MAX 16

/* What an answer points to. */
struct host_memory {
    char *addresses[HOST_ADDRESSES_MAX + 1];
    char *aliases[1];
    struct in6_addr found[HOST_ADDRESSES_MAX];
    char name[NI_MAXHOST];
};

/* Look up a name, into memory of the caller's. Returns 0 or a code of h_errno.
 */
static int find_host(const char *name, int family, struct hostent *answer,
                     struct host_memory *memory)
{
    struct wasock_addr addrs[HOST_ADDRESSES_MAX];
    const int n =
        wasock_bsd__look_up(name, family, 0, addrs, HOST_ADDRESSES_MAX);

    if (n < 0) {
        return n == EAI_AGAIN ? TRY_AGAIN : HOST_NOT_FOUND;
    }
    answer->h_name = memory->name;
    answer->h_aliases = memory->aliases;
    answer->h_addrtype = family;
    answer->h_length = family == AF_INET ? 4 : 16;
    answer->h_addr_list = memory->addresses;
    for (int i = 0; i < n; i++) {
        memcpy(&memory->found[i], addrs[i].ip, (size_t)answer->h_length);
        memory->addresses[i] = (char *)&memory->found[i];
    }
    memory->addresses[n] = NULL;
    memory->aliases[0] = NULL;
    snprintf(memory->name, sizeof(memory->name), "%s", name);
    return 0;
}

/* The answer that is one for all. */
static struct hostent *find_host_for_all(const char *name, int family)
{
    static struct host_memory memory;
    static struct hostent answer;
    const int error = find_host(name, family, &answer, &memory);

    if (error != 0) {
        h_errno = error;
        return NULL;
    }
    return &answer;
}

struct hostent *gethostbyname(const char *name)
{
    return find_host_for_all(name, AF_INET);
}
WASOCK_BSD_PLAIN(gethostbyname);

/* gethostbyname2(3). */
struct hostent *gethostbyname2(const char *name, int family)
{
    if (family != AF_INET && family != AF_INET6) {
        h_errno = NO_DATA;
        return NULL;
    }
    return find_host_for_all(name, family);
}
WASOCK_BSD_PLAIN(gethostbyname2);

/*
 * gethostbyname_r(3), gethostbyname2_r(3). Return 0, also if there is no such
 * host, of which `error` has the reason; ERANGE: too small a buffer.
 */
int gethostbyname2_r(const char *name, int family, struct hostent *answer,
                     char *buffer, size_t capacity, struct hostent **result,
                     int *error)
{
    const size_t gap = -(uintptr_t)buffer % _Alignof(struct host_memory);

    *result = NULL;
    *error = NETDB_INTERNAL;
    if (capacity < gap + sizeof(struct host_memory)) {
        return ERANGE;
    }
    if (family != AF_INET && family != AF_INET6) {
        *error = NO_DATA;
        return 0;
    }
    *error = find_host(name, family, answer,
                       (struct host_memory *)(void *)(buffer + gap));
    if (*error == 0) {
        *result = answer;
    }
    return 0;
}
WASOCK_BSD_PLAIN(gethostbyname2_r);

int gethostbyname_r(const char *name, struct hostent *answer, char *buffer,
                    size_t capacity, struct hostent **result, int *error)
{
    return gethostbyname2_r(name, AF_INET, answer, buffer, capacity, result,
                            error);
}
WASOCK_BSD_PLAIN(gethostbyname_r);

/* No list is open. */
void endhostent(void)
{
}
WASOCK_BSD_PLAIN(endhostent);

void herror(const char *prefix)
{
    fprintf(stderr, "%s: %s\n", prefix, hstrerror(h_errno));
}
WASOCK_BSD_PLAIN(herror);

/* No address has a name. */
struct hostent *gethostbyaddr(const void *address, socklen_t length, int family)
{
    (void)address;
    (void)length;
    (void)family;
    h_errno = HOST_NOT_FOUND;
    return NULL;
}
WASOCK_BSD_PLAIN(gethostbyaddr);

/* The types are the system's.
 * NOLINTBEGIN(readability-non-const-parameter) */
int gethostbyaddr_r(const void *address, socklen_t length, int family,
                    struct hostent *answer, char *buffer, size_t capacity,
                    struct hostent **result, int *error)
{
    (void)address;
    (void)length;
    (void)family;
    (void)answer;
    (void)buffer;
    (void)capacity;
    *result = NULL;
    *error = HOST_NOT_FOUND;
    return 0;
}
WASOCK_BSD_PLAIN(gethostbyaddr_r);
/* NOLINTEND(readability-non-const-parameter) */

const char *hstrerror(int error)
{
    return error == HOST_NOT_FOUND ? "host not found" : "host lookup failed";
}
WASOCK_BSD_PLAIN(hstrerror);

/* getservbyname_r(3), getservbyport_r(3): the texts are constants; the buffer
 * is not needed. Return 0, also if there is no such service.
 * NOLINTBEGIN(readability-non-const-parameter) */
static int give_service(const struct servent *found, struct servent *answer,
                        struct servent **result)
{
    if (found != NULL) {
        *answer = *found;
    }
    *result = found != NULL ? answer : NULL;
    return 0;
}

int getservbyname_r(const char *name, const char *protocol,
                    struct servent *answer, char *buffer, size_t capacity,
                    struct servent **result)
{
    (void)buffer;
    (void)capacity;
    return give_service(getservbyname(name, protocol), answer, result);
}
WASOCK_BSD_PLAIN(getservbyname_r);

int getservbyport_r(int port, const char *protocol, struct servent *answer,
                    char *buffer, size_t capacity, struct servent **result)
{
    (void)buffer;
    (void)capacity;
    return give_service(getservbyport(port, protocol), answer, result);
}
WASOCK_BSD_PLAIN(getservbyport_r);
/* NOLINTEND(readability-non-const-parameter) */

static struct protoent *protocols(size_t index)
{
    static char *aliases[1];
    static char tcp[] = "tcp";
    static char udp[] = "udp";
    static struct protoent all[] = {{tcp, aliases, IPPROTO_TCP},
                                    {udp, aliases, IPPROTO_UDP}};

    return index < sizeof(all) / sizeof(all[0]) ? &all[index] : NULL;
}

struct protoent *getprotobyname(const char *name)
{
    struct protoent *entry = NULL;

    for (size_t i = 0; (entry = protocols(i)) != NULL; i++) {
        if (strcmp(entry->p_name, name) == 0) {
            break;
        }
    }
    return entry;
}
WASOCK_BSD_PLAIN(getprotobyname);

struct protoent *getprotobynumber(int number)
{
    struct protoent *entry = NULL;

    for (size_t i = 0; (entry = protocols(i)) != NULL; i++) {
        if (entry->p_proto == number) {
            break;
        }
    }
    return entry;
}
WASOCK_BSD_PLAIN(getprotobynumber);

/* Addresses as text, in the old ways: one to four numbers, decimal, octal or
 * hexadecimal, of which the last is all the rest. */
int inet_aton(const char *text, struct in_addr *address)
{
    uint32_t ip = 0;

    for (int n_bits = 24;; n_bits -= 8) {
        char *end = NULL;
        if (!isdigit((unsigned char)*text)) {
            return 0;
        }
        const unsigned long long part = strtoull(text, &end, 0);
        if (*end == '\0' || isspace((unsigned char)*end)) {
            address->s_addr = htonl(ip | (uint32_t)part);
            return part >> (n_bits + 8) == 0;
        }
        if (*end != '.' || part > UINT8_MAX || n_bits == 0) {
            return 0;
        }
        ip |= (uint32_t)part << n_bits;
        text = end + 1;
    }
}
WASOCK_BSD_PLAIN(inet_aton);

in_addr_t inet_addr(const char *text)
{
    struct in_addr address;

    return inet_aton(text, &address) ? address.s_addr : INADDR_NONE;
}
WASOCK_BSD_PLAIN(inet_addr);

char *inet_ntoa(struct in_addr address)
{
    static char text[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, &address, text, sizeof(text));
    return text;
}
WASOCK_BSD_PLAIN(inet_ntoa);

/* A list of none. */
int getifaddrs(struct ifaddrs **interfaces)
{
    *interfaces = NULL;
    return 0;
}
WASOCK_BSD_PLAIN(getifaddrs);

void freeifaddrs(struct ifaddrs *interfaces)
{
    (void)interfaces; /* there are none */
}
WASOCK_BSD_PLAIN(freeifaddrs);

/* Errors: ENODEV. */
unsigned if_nametoindex(const char *name)
{
    (void)name;
    errno = ENODEV;
    return 0;
}
WASOCK_BSD_PLAIN(if_nametoindex);

/* Errors: ENXIO. The types are POSIX's.
 * NOLINTNEXTLINE(readability-non-const-parameter) */
char *if_indextoname(unsigned number, char *name)
{
    (void)number;
    (void)name;
    errno = ENXIO;
    return NULL;
}
WASOCK_BSD_PLAIN(if_indextoname);

struct if_nameindex *if_nameindex(void)
{
    return (struct if_nameindex *)calloc(1, sizeof(struct if_nameindex));
}
WASOCK_BSD_PLAIN(if_nameindex);

void if_freenameindex(struct if_nameindex *interfaces)
{
    free(interfaces);
}
WASOCK_BSD_PLAIN(if_freenameindex);
