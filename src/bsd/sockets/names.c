/* SPDX-License-Identifier: MIT */
/*
 * names.c - getaddrinfo and its older kin, and interfaces.
 *
 * True: numeric addresses and ports, no host (any address, or loopback),
 * "localhost"; the protocols tcp and udp. One address is given, of AF_INET
 * unless AF_INET6 is asked for.
 * Not found: every other name, since a guest has no resolver and no tables;
 * interfaces, of which it sees none.
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

#define KNOWN_FLAGS                                                            \
    (AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_V4MAPPED | AI_ALL |       \
     AI_ADDRCONFIG | AI_NUMERICSERV)

/* What getaddrinfo gives, in one piece. */
struct found {
    struct addrinfo info;
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } address;
};

int *__h_errno_location(void)
{
    static int error;

    return &error;
}
WASOCK_BSD_PLAIN(__h_errno_location);

/* A port, or -1. */
static int port_of(const char *service)
{
    char *end = NULL;

    if (service == NULL || *service == '\0') {
        return 0;
    }
    const long port = strtol(service, &end, 10);
    return *end != '\0' || port < 0 || port > UINT16_MAX ? -1 : (int)port;
}

/* Fill in an address of a family. Returns whether the host is one. */
static bool fill_in(struct found *found, const char *host, int family,
                    int flags, int port)
{
    const bool is_numeric = (flags & AI_NUMERICHOST) != 0;
    const bool is_passive = (flags & AI_PASSIVE) != 0;
    const bool is_local =
        host == NULL || (!is_numeric && strcasecmp(host, "localhost") == 0);

    if (family == AF_INET) {
        struct sockaddr_in *ipv4 = &found->address.ipv4;
        const char *text = host == NULL && is_passive ? "0.0.0.0" : "127.0.0.1";
        ipv4->sin_family = AF_INET;
        ipv4->sin_port = htons((uint16_t)port);
        found->info.ai_addrlen = sizeof(*ipv4);
        text = is_local ? text : host;
        return strpbrk(text, " \t\n\v\f\r") == NULL &&
               inet_aton(text, &ipv4->sin_addr) == 1;
    }
    struct sockaddr_in6 *ipv6 = &found->address.ipv6;
    const char *text = host == NULL && is_passive ? "::" : "::1";
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons((uint16_t)port);
    found->info.ai_addrlen = sizeof(*ipv6);
    return inet_pton(AF_INET6, is_local ? text : host, &ipv6->sin6_addr) == 1;
}

/* Why getaddrinfo cannot be asked so, or 0. */
static int check_request(const char *host, const char *service,
                         const struct addrinfo *asked)
{
    const int family = asked->ai_family;
    const int type = asked->ai_socktype;

    if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6) {
        return EAI_FAMILY;
    }
    if (type != 0 && type != SOCK_STREAM && type != SOCK_DGRAM) {
        return EAI_SOCKTYPE;
    }
    if (host == NULL && service == NULL) {
        return EAI_NONAME;
    }
    if ((asked->ai_flags & ~KNOWN_FLAGS) != 0 ||
        (host == NULL && (asked->ai_flags & AI_CANONNAME) != 0)) {
        return EAI_BADFLAGS;
    }
    if (port_of(service) < 0) {
        return (asked->ai_flags & AI_NUMERICSERV) != 0 ? EAI_NONAME
                                                       : EAI_SERVICE;
    }
    return 0;
}

/* Errors: EAI_FAMILY, EAI_SOCKTYPE, EAI_BADFLAGS (an unknown one, or
 * AI_CANONNAME without a host), EAI_SERVICE (no number), EAI_NONAME,
 * EAI_MEMORY. AI_ADDRCONFIG and AI_V4MAPPED are ignored. */
int getaddrinfo(const char *host, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
    static const struct addrinfo none = {.ai_family = AF_UNSPEC};
    const struct addrinfo *asked = hints != NULL ? hints : &none;
    const int error = check_request(host, service, asked);
    int family = asked->ai_family;

    if (error != 0) {
        return error;
    }
    if (family == AF_UNSPEC) {
        family = host != NULL && strchr(host, ':') != NULL ? AF_INET6 : AF_INET;
    }
    struct found *found = calloc(1, sizeof(*found));
    if (found == NULL) {
        return EAI_MEMORY;
    }
    if (!fill_in(found, host, family, asked->ai_flags, port_of(service))) {
        free(found);
        return EAI_NONAME;
    }
    found->info.ai_family = family;
    found->info.ai_socktype =
        asked->ai_socktype != 0 ? asked->ai_socktype : SOCK_STREAM;
    found->info.ai_protocol =
        found->info.ai_socktype == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP;
    found->info.ai_addr = &found->address.any;
    if (asked->ai_flags & AI_CANONNAME) {
        found->info.ai_canonname = strdup(host);
    }
    *result = &found->info;
    return 0;
}
WASOCK_BSD_PLAIN(getaddrinfo);

void freeaddrinfo(struct addrinfo *info)
{
    if (info != NULL) {
        free(info->ai_canonname);
        free(info); /* the first member of what was allocated */
    }
}
WASOCK_BSD_PLAIN(freeaddrinfo);

const char *gai_strerror(int error)
{
    switch (error) {
    case 0:
        return "no error";
    case EAI_NONAME:
        return "name not known: a guest knows numbers and localhost";
    case EAI_SERVICE:
        return "service not known: a guest knows numbers";
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

/* Always numbers. Errors: EAI_FAMILY; EAI_NONAME with NI_NAMEREQD;
 * EAI_OVERFLOW. */
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
    const unsigned port = ntohs(is_ipv6 ? ipv6->sin6_port : ipv4->sin_port);
    if (service != NULL && service_capacity > 0 &&
        (unsigned)snprintf(service, service_capacity, "%u", port) >=
            service_capacity) {
        return EAI_OVERFLOW;
    }
    return 0;
}
WASOCK_BSD_PLAIN(getnameinfo);

/* The older ways, whose answer is one for all. */
struct hostent *gethostbyname(const char *name)
{
    static struct in_addr address;
    static char *addresses[2] = {(char *)&address, NULL};
    static char *aliases[1];
    static char kept_name[NI_MAXHOST];
    static struct hostent answer = {kept_name, aliases, AF_INET,
                                    sizeof(address), addresses};
    const char *text = strcasecmp(name, "localhost") == 0 ? "127.0.0.1" : name;

    if (inet_aton(text, &address) != 1) {
        h_errno = HOST_NOT_FOUND;
        return NULL;
    }
    snprintf(kept_name, sizeof(kept_name), "%s", name);
    return &answer;
}
WASOCK_BSD_PLAIN(gethostbyname);

/* gethostbyname2(3): IPv4 alone. */
struct hostent *gethostbyname2(const char *name, int family)
{
    if (family != AF_INET) {
        h_errno = NO_DATA;
        return NULL;
    }
    return gethostbyname(name);
}
WASOCK_BSD_PLAIN(gethostbyname2);

/* No list is open. */
void endhostent(void)
{
}
WASOCK_BSD_PLAIN(endhostent);

void endservent(void)
{
}
WASOCK_BSD_PLAIN(endservent);

void herror(const char *prefix)
{
    fprintf(stderr, "%s: %s\n", prefix, hstrerror(h_errno));
}
WASOCK_BSD_PLAIN(herror);

/* Nobody has a name. */
struct hostent *gethostbyaddr(const void *address, socklen_t length, int family)
{
    (void)address;
    (void)length;
    (void)family;
    h_errno = HOST_NOT_FOUND;
    return NULL;
}
WASOCK_BSD_PLAIN(gethostbyaddr);

const char *hstrerror(int error)
{
    return error == HOST_NOT_FOUND ? "host not found" : "host lookup failed";
}
WASOCK_BSD_PLAIN(hstrerror);

/* No service has a name. */
struct servent *getservbyname(const char *name, const char *protocol)
{
    (void)name;
    (void)protocol;
    return NULL;
}
WASOCK_BSD_PLAIN(getservbyname);

struct servent *getservbyport(int port, const char *protocol)
{
    (void)port;
    (void)protocol;
    return NULL;
}
WASOCK_BSD_PLAIN(getservbyport);

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
