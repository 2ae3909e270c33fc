/* SPDX-License-Identifier: MIT */
/* facts_lookup - hosts, services, protocols and interfaces by name: all members
 * of each answer, and every way to get none. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "facts.h"

#ifdef __wasm__
static const bool is_native = false;
#else
static const bool is_native = true;
#endif

/* ---- getnameinfo, getaddrinfo ---- */

static struct sockaddr_in ipv4_of(const char *ip, unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port)};

    FACT(inet_pton(AF_INET, ip, &address.sin_addr) == 1);
    return address;
}

static void name_rooms(void)
{
    static const struct {
        unsigned port;
        socklen_t host_room;
        socklen_t service_room;
        int error;
    } rooms[] = {
        {65535, 10, 6, 0},
        {65535, 10, 5, EAI_OVERFLOW},
        {65535, 9, 6, EAI_OVERFLOW},
        {65535, 1, 6, EAI_OVERFLOW},
        {5, 10, 1, EAI_OVERFLOW},
        {5, 10, 2, 0},
        {5, 0, 2, 0},
        {5, 10, 0, 0},
    };

    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        const struct sockaddr_in address = ipv4_of("192.0.2.7", rooms[i].port);
        char host[16] = "-";
        char service[16] = "-";
        FACT(getnameinfo((const struct sockaddr *)&address, sizeof(address),
                         host, rooms[i].host_room, service,
                         rooms[i].service_room,
                         NI_NUMERICHOST | NI_NUMERICSERV) == rooms[i].error);
        if (rooms[i].error == 0) {
            FACT(strcmp(host, rooms[i].host_room > 0 ? "192.0.2.7" : "-") == 0);
            FACT(rooms[i].service_room > 0 ? atoi(service) == (int)rooms[i].port
                                           : strcmp(service, "-") == 0);
        }
    }
}

static void name_arguments(void)
{
    struct sockaddr_in address = ipv4_of("192.0.2.7", 7000);
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6,
                                .sin6_port = htons(7001)};
    const struct sockaddr *any = (const struct sockaddr *)&address;
    const int flags = NI_NUMERICHOST | NI_NUMERICSERV;
    char host[64] = "-";
    char service[16] = "-";

    FACT(getnameinfo(any, sizeof(address), NULL, 64, service, 16, flags) == 0);
    FACT(strcmp(service, "7000") == 0);
    FACT(getnameinfo(any, sizeof(address), host, 64, NULL, 16, flags) == 0);
    FACT(strcmp(host, "192.0.2.7") == 0);
    FACT(getnameinfo(any, 4, host, 64, service, 16, flags) == EAI_FAMILY);
    FACT(inet_pton(AF_INET6, "2001:db8::1", &ipv6.sin6_addr) == 1);
    FACT(getnameinfo((const struct sockaddr *)&ipv6, sizeof(ipv6), host, 64,
                     service, 16, flags) == 0);
    FACT(strcmp(host, "2001:db8::1") == 0 && strcmp(service, "7001") == 0);
    FACT(getnameinfo((const struct sockaddr *)&ipv6, 16, host, 64, service, 16,
                     flags) == EAI_FAMILY);
    address.sin_family = 9999;
    FACT(getnameinfo(any, sizeof(address), host, 64, service, 16, flags) ==
         EAI_FAMILY);
    if (!is_native) { /* where it asks a name server */
        address.sin_family = AF_INET;
        FACT(getnameinfo(any, sizeof(address), host, 64, service, 16,
                         NI_NAMEREQD) == EAI_NONAME);
        FACT(getnameinfo(any, sizeof(address), host, 64, service, 16, 0) == 0);
    }
}

/* Results of getaddrinfo. */

static int look_up(const char *host, const char *service, int family, int flags,
                   struct addrinfo **found)
{
    const struct addrinfo hints = {
        .ai_flags = flags, .ai_family = family, .ai_socktype = SOCK_STREAM};

    *found = NULL;
    return getaddrinfo(host, service, &hints, found);
}

/* Overwrite what calls before have left on the stack. */
__attribute__((noinline)) static void spoil_stack(void)
{
    volatile unsigned char bytes[4096];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 0xa5;
    }
}

static void address_of(const char *host, int family, int flags,
                       const char *expected)
{
    struct addrinfo *found = NULL;
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(80)};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6,
                                .sin6_port = htons(80)};

    spoil_stack();
    FACT(look_up(host, "80", family, flags, &found) == 0);
    if (found == NULL) {
        return;
    }
    FACT(found->ai_next == NULL && found->ai_family == family);
    if (family == AF_INET) {
        FACT(inet_pton(family, expected, &ipv4.sin_addr) == 1);
        FACT(found->ai_addrlen == sizeof(ipv4));
        FACT(memcmp(found->ai_addr, &ipv4, sizeof(ipv4)) == 0);
    } else {
        FACT(inet_pton(family, expected, &ipv6.sin6_addr) == 1);
        FACT(found->ai_addrlen == sizeof(ipv6));
        FACT(memcmp(found->ai_addr, &ipv6, sizeof(ipv6)) == 0);
    }
    FACT((flags & AI_CANONNAME) != 0
             ? found->ai_canonname != NULL &&
                   strcmp(found->ai_canonname, host) == 0
             : found->ai_canonname == NULL);
    freeaddrinfo(found);
}

static void own_addresses(void)
{
    address_of(NULL, AF_INET, 0, "127.0.0.1");
    address_of(NULL, AF_INET, AI_PASSIVE, "0.0.0.0");
    address_of(NULL, AF_INET6, 0, "::1");
    address_of(NULL, AF_INET6, AI_PASSIVE, "::");
    address_of("192.0.2.7", AF_INET, 0, "192.0.2.7");
    address_of("192.0.2.7", AF_INET, AI_PASSIVE, "192.0.2.7");
    address_of("192.0.2.7", AF_INET, AI_CANONNAME, "192.0.2.7");
    address_of("2001:db8::1", AF_INET6, AI_CANONNAME, "2001:db8::1");
}

static void ports(void)
{
    static const struct {
        const char *service;
        int flags;
        int port; /* or an error */
    } cases[] = {
        {"", 0, 0},
        {"0", 0, 0},
        {"1", 0, 1},
        {"010", 0, 10},
        {"65535", 0, 65535},
        {"80", AI_NUMERICSERV, 80},
        {NULL, AI_NUMERICSERV, 0},
        {"http", AI_NUMERICSERV, EAI_NONAME},
        {"65536", 0, EAI_SERVICE},
        {"-1", 0, EAI_SERVICE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct addrinfo *found = NULL;
        if (is_native && cases[i].port == EAI_SERVICE) {
            continue; /* glibc takes any number */
        }
        const int error = look_up("127.0.0.1", cases[i].service, AF_INET,
                                  cases[i].flags, &found);
        FACT(error == (cases[i].port < 0 ? cases[i].port : 0));
        if (error == 0) {
            const struct sockaddr_in *address =
                (const struct sockaddr_in *)(const void *)found->ai_addr;
            FACT(ntohs(address->sin_port) == cases[i].port);
            freeaddrinfo(found);
        }
    }
}

static void bad_requests(void)
{
    struct addrinfo *found = NULL;

    FACT(look_up("127.0.0.1", NULL, 9999, 0, &found) == EAI_FAMILY);
    FACT(look_up(NULL, NULL, AF_INET, 0, &found) == EAI_NONAME);
    FACT(look_up(NULL, "80", AF_INET, AI_CANONNAME, &found) == EAI_BADFLAGS);
    FACT(look_up("::1", "80", AF_INET, AI_NUMERICHOST, &found) < 0);
    FACT(look_up("127.0.0.1", "80", AF_INET6, AI_NUMERICHOST, &found) < 0);
    FACT(look_up("300.1.1.1", "80", AF_INET, AI_NUMERICHOST, &found) ==
         EAI_NONAME);
    if (!is_native) { /* where it asks a name server */
        const int error = look_up("wasock.invalid", "80", AF_UNSPEC, 0, &found);
        FACT(error == EAI_NONAME || error == EAI_FAIL);
        FACT(found == NULL);
    }
}

/* ---- gethostbyname and its like ---- */

static void is_answer(const struct hostent *answer, int family,
                      const char *name)
{
    char text[INET6_ADDRSTRLEN];

    FACT(answer != NULL);
    if (answer == NULL) {
        return;
    }
    FACT(strcmp(answer->h_name, name) == 0);
    FACT(answer->h_aliases != NULL && answer->h_aliases[0] == NULL);
    FACT(answer->h_addrtype == family);
    FACT(answer->h_length == (family == AF_INET ? 4 : 16));
    FACT(answer->h_addr_list[0] != NULL && answer->h_addr_list[1] == NULL);
    FACT(inet_ntop(family, answer->h_addr_list[0], text, sizeof(text)) != NULL);
    FACT(strcmp(text, name) == 0);
}

static void hosts(void)
{
    is_answer(gethostbyname("192.0.2.7"), AF_INET, "192.0.2.7");
    is_answer(gethostbyname2("192.0.2.8", AF_INET), AF_INET, "192.0.2.8");
    is_answer(gethostbyname2("2001:db8::1", AF_INET6), AF_INET6, "2001:db8::1");
    h_errno = 0;
    FACT(gethostbyname("300.1.1.1") == NULL);
    FACT(h_errno == HOST_NOT_FOUND);
    if (!is_native) { /* where an address may have a name, and any family */
        FACT(gethostbyname2("192.0.2.7", 9999) == NULL && h_errno == NO_DATA);
        struct hostent answer;
        struct hostent *found = &answer;
        char buffer[16];
        int error = 0;
        h_errno = 0;
        FACT(gethostbyaddr("\x7f\0\0\1", 4, AF_INET) == NULL);
        FACT(h_errno == HOST_NOT_FOUND);
        FACT(gethostbyaddr_r("\x7f\0\0\1", 4, AF_INET, &answer, buffer,
                             sizeof(buffer), &found, &error) == 0);
        FACT(found == NULL && error == HOST_NOT_FOUND);
    }
}

/* The answer lies in the buffer, wherever that begins, and in nothing else.
 * glibc does not align it. */
static void host_buffers(void)
{
    static char memory[8192];
    bool has_found = false;

    for (size_t gap = 16; gap < 32; gap += is_native ? 8 : 1) {
        struct hostent answer;
        struct hostent *found = &answer;
        int error = 0;
        size_t room = 0;
        int result = ERANGE;
        while (result == ERANGE && room < 4096) {
            memset(memory, '#', sizeof(memory));
            room += 4;
            found = &answer;
            error = 0;
            result = gethostbyname_r("192.0.2.7", &answer, memory + gap, room,
                                     &found, &error);
            FACT(result == 0 || (found == NULL && error == NETDB_INTERNAL));
        }
        FACT(result == 0 && found == &answer);
        is_answer(found, AF_INET, "192.0.2.7");
        for (size_t i = 0; i < sizeof(memory); i++) {
            if (i < gap || i >= gap + room) {
                has_found = has_found || memory[i] != '#';
            }
        }
        FACT(!has_found);
        FACT(answer.h_name >= memory + gap &&
             answer.h_name < memory + gap + room);
    }
}

static void host_failures(void)
{
    struct hostent answer;
    struct hostent *found = &answer;
    char buffer[4096];
    int error = 0;

    found = &answer;
    gethostbyname_r("300.1.1.1", &answer, buffer, sizeof(buffer), &found,
                    &error);
    FACT(found == NULL && error == HOST_NOT_FOUND);
    if (is_native) {
        return; /* where a number is one of any family */
    }
    found = &answer;
    FACT(gethostbyname2_r("192.0.2.7", 9999, &answer, buffer, sizeof(buffer),
                          &found, &error) == 0);
    FACT(found == NULL && error == NO_DATA);
}

/* Each error has a text of its own. */
static void texts(void)
{
    static const int codes[] = {EAI_NONAME, EAI_AGAIN,    EAI_SERVICE,
                                EAI_FAIL,   EAI_BADFLAGS, EAI_FAMILY,
                                EAI_MEMORY, EAI_SOCKTYPE, EAI_OVERFLOW};
    char line[80] = "";
    int ends[2];

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        const char *text = gai_strerror(codes[i]);
        FACT(text != NULL && text[0] != '\0');
        for (size_t j = 0; j < i && text != NULL; j++) {
            FACT(strcmp(text, gai_strerror(codes[j])) != 0);
        }
    }
    FACT(strcmp(gai_strerror(0), gai_strerror(EAI_FAIL)) != 0);
    FACT(strcmp(hstrerror(HOST_NOT_FOUND), hstrerror(TRY_AGAIN)) != 0);
    fflush(stderr);
    const int kept = dup(2);
    FACT(pipe(ends) == 0 && dup2(ends[1], 2) == 2);
    h_errno = HOST_NOT_FOUND;
    herror("prefix");
    fflush(stderr);
    FACT(dup2(kept, 2) == 2 && close(kept) == 0 && close(ends[1]) == 0);
    FACT(read(ends[0], line, sizeof(line) - 1) > 0);
    FACT(strncmp(line, "prefix: ", 8) == 0);
    FACT(strstr(line, hstrerror(HOST_NOT_FOUND)) == line + 8);
    FACT(close(ends[0]) == 0);
}

/* ---- Services and protocols ---- */

/* Of Debian's /etc/services. */
static const struct {
    const char *name;
    const char *alias;
    int port;
    const char *protocols;
} known[] = {
    {"echo", "", 7, "tcp udp"},
    {"discard", "sink", 9, "tcp udp"},
    {"daytime", "", 13, "tcp"},
    {"chargen", "ttytst", 19, "tcp udp"},
    {"ftp-data", "", 20, "tcp"},
    {"ftp", "", 21, "tcp"},
    {"ssh", "", 22, "tcp"},
    {"telnet", "", 23, "tcp"},
    {"smtp", "mail", 25, "tcp"},
    {"time", "timserver", 37, "tcp udp"},
    {"whois", "nicname", 43, "tcp"},
    {"domain", "", 53, "tcp udp"},
    {"bootps", "", 67, "udp"},
    {"bootpc", "", 68, "udp"},
    {"tftp", "", 69, "udp"},
    {"gopher", "", 70, "tcp"},
    {"finger", "", 79, "tcp"},
    {"http", "www", 80, "tcp"},
    {"kerberos", "krb5", 88, "tcp udp"},
    {"pop3", "pop-3", 110, "tcp"},
    {"sunrpc", "portmapper", 111, "tcp udp"},
    {"auth", "ident", 113, "tcp"},
    {"nntp", "readnews", 119, "tcp"},
    {"ntp", "", 123, "udp"},
    {"imap2", "imap", 143, "tcp"},
    {"snmp", "", 161, "tcp udp"},
    {"snmp-trap", "snmptrap", 162, "tcp udp"},
    {"bgp", "", 179, "tcp"},
    {"ldap", "", 389, "tcp udp"},
    {"https", "", 443, "tcp udp"},
    {"microsoft-ds", "", 445, "tcp udp"},
    {"submissions", "", 465, "tcp"},
    {"login", "", 513, "tcp"},
    {"shell", "cmd", 514, "tcp"},
    {"syslog", "", 514, "udp"},
    {"printer", "spooler", 515, "tcp"},
    {"rtsp", "", 554, "tcp udp"},
    {"nntps", "snntp", 563, "tcp"},
    {"submission", "", 587, "tcp"},
    {"ldaps", "", 636, "tcp udp"},
    {"rsync", "", 873, "tcp"},
    {"ftps", "", 990, "tcp"},
    {"telnets", "", 992, "tcp"},
    {"imaps", "", 993, "tcp"},
    {"pop3s", "", 995, "tcp"},
    {"socks", "", 1080, "tcp"},
    {"openvpn", "", 1194, "tcp udp"},
    {"mysql", "", 3306, "tcp"},
    {"nfs", "", 2049, "tcp udp"},
    {"svn", "subversion", 3690, "tcp"},
    {"sip", "", 5060, "tcp udp"},
    {"sip-tls", "", 5061, "tcp udp"},
    {"xmpp-client", "jabber-client", 5222, "tcp"},
    {"xmpp-server", "jabber-server", 5269, "tcp"},
    {"postgresql", "postgres", 5432, "tcp"},
    {"amqps", "", 5671, "tcp"},
    {"amqp", "", 5672, "tcp"},
    {"ircd", "", 6667, "tcp"},
    {"ircs-u", "", 6697, "tcp"},
    {"http-alt", "webcache", 8080, "tcp"},
    {"git", "", 9418, "tcp"},
};

static void is_service(const struct servent *service, size_t i,
                       const char *protocol)
{
    if (is_native && service == NULL) {
        return; /* another system's list */
    }
    FACT(service != NULL && service->s_port == htons((uint16_t)known[i].port));
    FACT(service != NULL && strcmp(service->s_name, known[i].name) == 0);
    FACT(service != NULL && strcmp(service->s_proto, protocol) == 0);
    if (service != NULL && *known[i].alias != '\0') {
        char **alias = service->s_aliases;
        while (*alias != NULL && strcmp(*alias, known[i].alias) != 0) {
            alias++;
        }
        FACT(*alias != NULL);
    }
}

static void services(void)
{
    static const char *const protocols[] = {"tcp", "udp"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        for (int j = 0; j < 2; j++) {
            const char *protocol = protocols[j];
            const int port = htons((uint16_t)known[i].port);
            if (strstr(known[i].protocols, protocol) == NULL) {
                FACT(is_native || /* which may know it by another name */
                     getservbyname(known[i].name, protocol) == NULL);
                continue;
            }
            is_service(getservbyname(known[i].name, protocol), i, protocol);
            is_service(getservbyport(port, protocol), i, protocol);
            if (*known[i].alias != '\0') {
                is_service(getservbyname(known[i].alias, protocol), i,
                           protocol);
            }
        }
        if (strcmp(known[i].name, "syslog") != 0) { /* there, shell's alias */
            is_service(getservbyname(known[i].name, NULL), i,
                       strncmp(known[i].protocols, "tcp", 3) == 0 ? "tcp"
                                                                  : "udp");
        }
    }
    FACT(getservbyname("", "tcp") == NULL);
    FACT(getservbyname("http", "no-protocol") == NULL);
    FACT(getservbyport(htons(1), "no-protocol") == NULL);
    const struct servent *service = getservbyname("ssh", "tcp");
    FACT(service == NULL || service->s_aliases[0] == NULL);
}

static void services_again(void)
{
    struct servent answer;
    struct servent *found = NULL;
    char buffer[1024];

    FACT(getservbyname_r("http", "tcp", &answer, buffer, sizeof(buffer),
                         &found) == 0);
    FACT(found == &answer && answer.s_port == htons(80));
    FACT(strcmp(answer.s_name, "http") == 0);
    FACT(getservbyport_r(htons(25), "tcp", &answer, buffer, sizeof(buffer),
                         &found) == 0);
    FACT(found == &answer && strcmp(answer.s_name, "smtp") == 0);
    FACT(getservbyname_r("no-service", "tcp", &answer, buffer, sizeof(buffer),
                         &found) == 0);
    FACT(found == NULL);
    found = &answer;
    FACT(getservbyport_r(htons(4), "tcp", &answer, buffer, sizeof(buffer),
                         &found) == 0);
    FACT(found == NULL);
}

static void protocols(void)
{
    static const struct {
        const char *name;
        int number;
    } all[] = {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}};

    for (int i = 0; i < 2; i++) {
        const struct protoent *protocol = getprotobyname(all[i].name);
        FACT(protocol != NULL && protocol->p_proto == all[i].number);
        FACT(protocol != NULL && strcmp(protocol->p_name, all[i].name) == 0);
        protocol = getprotobynumber(all[i].number);
        FACT(protocol != NULL && protocol->p_proto == all[i].number);
        FACT(protocol != NULL && strcmp(protocol->p_name, all[i].name) == 0);
    }
    FACT(getprotobyname("no-protocol") == NULL);
    FACT(getprotobynumber(250) == NULL);
}

/* ---- Interfaces ---- */

static void interfaces(void)
{
    struct ifaddrs none = {0};
    struct ifaddrs *addresses = &none;
    char name[IF_NAMESIZE];

    FACT(getifaddrs(&addresses) == 0 && addresses != &none);
    FACT(is_native || addresses == NULL);
    freeifaddrs(addresses);
    errno = 0;
    FACT(if_nametoindex("no-interface") == 0 && errno == ENODEV);
    errno = 0;
    FACT(if_indextoname(99999, name) == NULL && errno == ENXIO);
    struct if_nameindex *all = if_nameindex();
    FACT(all != NULL &&
         (is_native || (all[0].if_index == 0 && all[0].if_name == NULL)));
    if_freenameindex(all);
}

static void dotted(void)
{
    struct in_addr address;

    FACT(inet_aton("255.1", &address) == 1);
    FACT(ntohl(address.s_addr) == 0xff000001);
    FACT(inet_aton("1.255.3.4", &address) == 1);
    FACT(inet_aton("1.2.3.4.", &address) == 0);
    FACT(inet_aton("1.2.3.256", &address) == 0);
}

void lookup_facts(void)
{
    name_rooms();
    name_arguments();
    own_addresses();
    ports();
    bad_requests();
    hosts();
    host_buffers();
    host_failures();
    texts();
    protocols();
    interfaces();
    dotted();
    if (is_native && access("/etc/services", R_OK) < 0) {
        return; /* natively they are read from there */
    }
    services();
    services_again();
}
