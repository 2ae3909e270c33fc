/* SPDX-License-Identifier: MIT */
/*
 * lookup.c - getaddrinfo.
 *
 * True: numeric addresses and ports, no host (any address, or loopback),
 * "localhost", for which one address is given, of AF_INET unless AF_INET6 is
 * asked for; other names where the host looks them up, which preview1's do not;
 * well-known services. Each address is given for SOCK_STREAM and SOCK_DGRAM,
 * unless the hints ask for one of them.
 */
#include "lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wasock/err.h>
#include <wasock/lookup.h>

#include "../plain.h"
#include "address.h"
#include "services.h"
#include "socket.h"

#define KNOWN_FLAGS                                                            \
    (AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_V4MAPPED | AI_ALL |       \
     AI_ADDRCONFIG | AI_NUMERICSERV)

/* Addresses of one name that are given at most. */
#define ADDRESSES_MAX 32

/* One result, with the address that it points to. */
struct found {
    struct addrinfo info; /* first */
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } address;
};

/* A type of sockets, and its protocol. */
struct transport {
    int type;
    int protocol;
    unsigned mask; /* services.h */
};

static const struct transport transports[] = {
    {SOCK_STREAM, IPPROTO_TCP, WASOCK_BSD_TCP},
    {SOCK_DGRAM, IPPROTO_UDP, WASOCK_BSD_UDP},
};

#define N_TRANSPORTS (sizeof(transports) / sizeof(transports[0]))

static bool is_asked_for(const struct transport *transport,
                         const struct addrinfo *asked)
{
    return (asked->ai_socktype == 0 || asked->ai_socktype == transport->type) &&
           (asked->ai_protocol == 0 ||
            asked->ai_protocol == transport->protocol);
}

/* The port of a service, or -1. */
static int port_of(const char *service, const struct transport *transport)
{
    char *end = NULL;

    if (service == NULL || *service == '\0') {
        return 0;
    }
    const long port = strtol(service, &end, 10);
    if (*end != '\0') {
        return wasock_bsd__service_port(service, transport->mask);
    }
    return port < 0 || port > UINT16_MAX ? -1 : (int)port;
}

static bool is_number(const char *service)
{
    return service == NULL || service[strspn(service, "0123456789")] == '\0';
}

/* Check the type, the protocol and the service. Returns an EAI_ code, or 0. */
static int check_transport(const char *service, const struct addrinfo *asked)
{
    const bool is_typed = asked->ai_socktype != 0;
    int error = is_typed ? EAI_SOCKTYPE : EAI_SERVICE;

    for (size_t i = 0; i < N_TRANSPORTS; i++) {
        if (!is_asked_for(&transports[i], asked)) {
            continue;
        }
        if (port_of(service, &transports[i]) >= 0) {
            return 0;
        }
        error = EAI_SERVICE;
    }
    return error;
}

/* Read a numeric address of a family. Returns whether it is one. */
static bool read_number(const char *text, int family, struct wasock_addr *addr)
{
    memset(addr, 0, sizeof(*addr));
    if (family == AF_INET6) {
        addr->family = WASOCK_ADDR_IPV6;
        return inet_pton(AF_INET6, text, addr->ip) == 1;
    }
    struct in_addr ipv4;
    addr->family = WASOCK_ADDR_IPV4;
    if (strpbrk(text, " \t\n\v\f\r") != NULL || inet_aton(text, &ipv4) != 1) {
        return false;
    }
    memcpy(addr->ip, &ipv4, sizeof(ipv4));
    return true;
}

/* A code of getaddrinfo for one of wasock's. */
static int code_of(ptrdiff_t error)
{
    switch (error) {
    case -WASOCK_ENOSYS:
    case -WASOCK_ENOENT:
    case -WASOCK_EINVAL: /* no name at all */
        return EAI_NONAME;
    case -WASOCK_EAGAIN:
    case -WASOCK_ETIMEDOUT:
        return EAI_AGAIN;
    case -WASOCK_ENOMEM:
        return EAI_MEMORY;
    case -WASOCK_EACCES:
        wasock_bsd__explain_denial("allow-ip-name-lookup");
        return EAI_FAIL;
    default:
        return EAI_FAIL;
    }
}

/* Keep the addresses of a family. Returns the number kept. */
static int select_family(struct wasock_addr *addrs, ptrdiff_t n, int family)
{
    int n_kept = 0;

    for (ptrdiff_t i = 0; i < n; i++) {
        const int its =
            addrs[i].family == WASOCK_ADDR_IPV4 ? AF_INET : AF_INET6;
        if (family == AF_UNSPEC || family == its) {
            addrs[n_kept++] = addrs[i];
        }
    }
    return n_kept;
}

int wasock_bsd__look_up(const char *name, int family, int flags,
                        struct wasock_addr *addrs, size_t capacity)
{
    const bool is_numeric = (flags & AI_NUMERICHOST) != 0;
    int numeric_family = family;

    if (family == AF_UNSPEC) {
        numeric_family = strchr(name, ':') != NULL ? AF_INET6 : AF_INET;
    }
    if (!is_numeric && strcasecmp(name, "localhost") == 0) {
        name = numeric_family == AF_INET ? "127.0.0.1" : "::1";
    }
    if (read_number(name, numeric_family, addrs)) {
        return 1;
    }
    struct wasock_addr other;
    if (is_numeric || *name == '\0' ||
        read_number(name, numeric_family == AF_INET ? AF_INET6 : AF_INET,
                    &other)) {
        return EAI_NONAME; /* the other family's is no name to look up */
    }
    const ptrdiff_t n = wasock_lookup(name, 0, addrs, capacity);
    if (n < 0) {
        return code_of(n);
    }
    const int n_kept = select_family(addrs, n, family);
    return n_kept > 0 ? n_kept : EAI_NONAME;
}

/* The error of bad arguments, or 0. */
static int check_request(const char *host, const char *service,
                         const struct addrinfo *asked)
{
    const int family = asked->ai_family;

    if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6) {
        return EAI_FAMILY;
    }
    if (host == NULL && service == NULL) {
        return EAI_NONAME;
    }
    if ((asked->ai_flags & ~KNOWN_FLAGS) != 0 ||
        (host == NULL && (asked->ai_flags & AI_CANONNAME) != 0)) {
        return EAI_BADFLAGS;
    }
    if ((asked->ai_flags & AI_NUMERICSERV) != 0 && !is_number(service)) {
        return EAI_NONAME;
    }
    return check_transport(service, asked);
}

/* The address of no host: any, or loopback. */
static int own_address(const struct addrinfo *asked, struct wasock_addr *addr)
{
    const bool is_ipv6 = asked->ai_family == AF_INET6;
    const char *loopback = is_ipv6 ? "::1" : "127.0.0.1";
    const char *any = is_ipv6 ? "::" : "0.0.0.0";

    return read_number((asked->ai_flags & AI_PASSIVE) != 0 ? any : loopback,
                       is_ipv6 ? AF_INET6 : AF_INET, addr)
               ? 1
               : EAI_NONAME;
}

/* A result for an address, or NULL without memory. */
static struct found *make_found(const struct wasock_addr *addr,
                                const struct transport *transport)
{
    struct found *found = (struct found *)calloc(1, sizeof(*found));
    socklen_t length = sizeof(found->address);

    if (found == NULL) {
        return NULL;
    }
    found->info.ai_family =
        addr->family == WASOCK_ADDR_IPV4 ? AF_INET : AF_INET6;
    found->info.ai_socktype = transport->type;
    found->info.ai_protocol = transport->protocol;
    wasock_bsd__write_address(addr, found->info.ai_family, &found->address.any,
                              &length);
    found->info.ai_addr = &found->address.any;
    found->info.ai_addrlen = length;
    return found;
}

/* Append the results for an address: one for each type that is asked for.
 * Returns where the next is linked, or NULL without memory. */
static struct addrinfo **append(struct addrinfo **link,
                                struct wasock_addr *addr, const char *service,
                                const struct addrinfo *asked)
{
    for (size_t i = 0; i < N_TRANSPORTS; i++) {
        const int port = port_of(service, &transports[i]);
        if (!is_asked_for(&transports[i], asked) || port < 0) {
            continue;
        }
        addr->port = (uint16_t)port;
        struct found *found = make_found(addr, &transports[i]);
        if (found == NULL) {
            return NULL;
        }
        *link = &found->info;
        link = &found->info.ai_next;
    }
    return link;
}

/* Errors: EAI_FAMILY, EAI_SOCKTYPE, EAI_BADFLAGS (an unknown one, or
 * AI_CANONNAME without a host), EAI_SERVICE (not known, or not by the
 * protocol), EAI_NONAME, EAI_AGAIN, EAI_FAIL (also: the host denies it),
 * EAI_MEMORY. AI_ADDRCONFIG and AI_V4MAPPED are ignored. */
int getaddrinfo(const char *host, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
    static const struct addrinfo none = {.ai_family = AF_UNSPEC};
    const struct addrinfo *asked = hints != NULL ? hints : &none;
    struct wasock_addr addrs[ADDRESSES_MAX];
    struct addrinfo *first = NULL;
    struct addrinfo **link = &first;
    const int error = check_request(host, service, asked);

    if (error != 0) {
        return error;
    }
    const int n = host == NULL ? own_address(asked, addrs)
                               : wasock_bsd__look_up(host, asked->ai_family,
                                                     asked->ai_flags, addrs,
                                                     ADDRESSES_MAX);
    if (n < 0) {
        return n;
    }
    for (int i = 0; i < n && link != NULL; i++) {
        link = append(link, &addrs[i], service, asked);
    }
    if (link == NULL) {
        freeaddrinfo(first);
        return EAI_MEMORY;
    }
    if ((asked->ai_flags & AI_CANONNAME) != 0 && first != NULL) {
        first->ai_canonname = strdup(host);
    }
    *result = first;
    return 0;
}
WASOCK_BSD_PLAIN(getaddrinfo);

void freeaddrinfo(struct addrinfo *info)
{
    while (info != NULL) {
        struct addrinfo *next = info->ai_next;
        free(info->ai_canonname);
        free(info); /* the first member of the allocation */
        info = next;
    }
}
WASOCK_BSD_PLAIN(freeaddrinfo);

const char *gai_strerror(int error)
{
    switch (error) {
    case 0:
        return "no error";
    case EAI_NONAME:
        return wasock_bsd__can_open()
                   ? "name not known"
                   : "name not known: a guest knows numbers and localhost";
    case EAI_AGAIN:
        return "the name server did not answer";
    case EAI_SERVICE:
        return "service not known, or not by this protocol";
    case EAI_BADFLAGS:
        return "flags that are not known, or a canonical name of no host";
    case EAI_FAMILY:
        return "address family not supported";
    case EAI_SOCKTYPE:
        return "socket type not supported";
    case EAI_MEMORY:
        return "out of memory";
    case EAI_OVERFLOW:
        return "the text does not fit";
    default:
        return "name lookup failed";
    }
}
WASOCK_BSD_PLAIN(gai_strerror);
