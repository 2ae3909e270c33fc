/* SPDX-License-Identifier: MIT */
/*
 * services.c - getservbyname and getservbyport: well-known services, by IANA's
 * numbers and the names of Debian's /etc/services, which a guest cannot read.
 */
#include "services.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../plain.h"

#define TCP WASOCK_BSD_TCP
#define UDP WASOCK_BSD_UDP
#define BOTH (WASOCK_BSD_TCP | WASOCK_BSD_UDP)

/* Not constant, as a servent's members are not. */
struct service {
    char name[16];
    char alias[16]; /* or "" */
    uint16_t port;
    uint8_t protocols;
    char *aliases[2]; /* of an answer */
};

static struct service services[] = {
    {"echo", "", 7, BOTH, {NULL}},
    {"discard", "sink", 9, BOTH, {NULL}},
    {"daytime", "", 13, TCP, {NULL}},
    {"chargen", "ttytst", 19, BOTH, {NULL}},
    {"ftp-data", "", 20, TCP, {NULL}},
    {"ftp", "", 21, TCP, {NULL}},
    {"ssh", "", 22, TCP, {NULL}},
    {"telnet", "", 23, TCP, {NULL}},
    {"smtp", "mail", 25, TCP, {NULL}},
    {"time", "timserver", 37, BOTH, {NULL}},
    {"whois", "nicname", 43, TCP, {NULL}},
    {"domain", "", 53, BOTH, {NULL}},
    {"bootps", "", 67, UDP, {NULL}},
    {"bootpc", "", 68, UDP, {NULL}},
    {"tftp", "", 69, UDP, {NULL}},
    {"gopher", "", 70, TCP, {NULL}},
    {"finger", "", 79, TCP, {NULL}},
    {"http", "www", 80, TCP, {NULL}},
    {"kerberos", "krb5", 88, BOTH, {NULL}},
    {"pop3", "pop-3", 110, TCP, {NULL}},
    {"sunrpc", "portmapper", 111, BOTH, {NULL}},
    {"auth", "ident", 113, TCP, {NULL}},
    {"nntp", "readnews", 119, TCP, {NULL}},
    {"ntp", "", 123, UDP, {NULL}},
    {"imap2", "imap", 143, TCP, {NULL}},
    {"snmp", "", 161, BOTH, {NULL}},
    {"snmp-trap", "snmptrap", 162, BOTH, {NULL}},
    {"bgp", "", 179, TCP, {NULL}},
    {"ldap", "", 389, BOTH, {NULL}},
    {"https", "", 443, BOTH, {NULL}},
    {"microsoft-ds", "", 445, BOTH, {NULL}},
    {"submissions", "smtps", 465, TCP, {NULL}},
    {"login", "", 513, TCP, {NULL}},
    {"shell", "cmd", 514, TCP, {NULL}},
    {"syslog", "", 514, UDP, {NULL}},
    {"printer", "spooler", 515, TCP, {NULL}},
    {"rtsp", "", 554, BOTH, {NULL}},
    {"nntps", "snntp", 563, TCP, {NULL}},
    {"submission", "", 587, TCP, {NULL}},
    {"ldaps", "", 636, BOTH, {NULL}},
    {"rsync", "", 873, TCP, {NULL}},
    {"ftps", "", 990, TCP, {NULL}},
    {"telnets", "", 992, TCP, {NULL}},
    {"imaps", "", 993, TCP, {NULL}},
    {"pop3s", "", 995, TCP, {NULL}},
    {"socks", "", 1080, TCP, {NULL}},
    {"openvpn", "", 1194, BOTH, {NULL}},
    {"mqtt", "", 1883, TCP, {NULL}},
    {"nfs", "", 2049, BOTH, {NULL}},
    {"mysql", "", 3306, TCP, {NULL}},
    {"svn", "subversion", 3690, TCP, {NULL}},
    {"sip", "", 5060, BOTH, {NULL}},
    {"sip-tls", "", 5061, BOTH, {NULL}},
    {"xmpp-client", "jabber-client", 5222, TCP, {NULL}},
    {"xmpp-server", "jabber-server", 5269, TCP, {NULL}},
    {"postgresql", "postgres", 5432, TCP, {NULL}},
    {"amqps", "", 5671, TCP, {NULL}},
    {"amqp", "", 5672, TCP, {NULL}},
    {"redis", "", 6379, TCP, {NULL}},
    {"ircd", "", 6667, TCP, {NULL}},
    {"ircs-u", "", 6697, TCP, {NULL}},
    {"http-alt", "webcache", 8080, TCP, {NULL}},
    {"secure-mqtt", "", 8883, TCP, {NULL}},
    {"git", "", 9418, TCP, {NULL}},
};

#define N_SERVICES (sizeof(services) / sizeof(services[0]))

static struct service *find_name(const char *name, unsigned protocols)
{
    for (size_t i = 0; i < N_SERVICES; i++) {
        struct service *service = &services[i];
        if ((service->protocols & protocols) != 0 && *name != '\0' &&
            (strcmp(service->name, name) == 0 ||
             strcmp(service->alias, name) == 0)) {
            return service;
        }
    }
    return NULL;
}

static struct service *find_port(int port, unsigned protocols)
{
    for (size_t i = 0; i < N_SERVICES; i++) {
        if ((services[i].protocols & protocols) != 0 &&
            services[i].port == port) {
            return &services[i];
        }
    }
    return NULL;
}

int wasock_bsd__service_port(const char *name, unsigned protocols)
{
    const struct service *service = find_name(name, protocols);

    return service == NULL ? -1 : service->port;
}

const char *wasock_bsd__service_name(int port, unsigned protocols)
{
    const struct service *service = find_port(port, protocols);

    return service == NULL ? NULL : service->name;
}

/* The mask of a protocol's name; NULL: any. */
static unsigned mask_of(const char *protocol)
{
    if (protocol == NULL) {
        return BOTH;
    }
    if (strcmp(protocol, "udp") == 0) {
        return UDP;
    }
    return strcmp(protocol, "tcp") == 0 ? TCP : 0;
}

/* The answer, which is one for all; what it points to stays. */
static struct servent *answer_of(struct service *service, unsigned protocols)
{
    static char tcp[] = "tcp";
    static char udp[] = "udp";
    static struct servent answer;

    if (service == NULL) {
        return NULL;
    }
    service->aliases[0] = *service->alias != '\0' ? service->alias : NULL;
    answer.s_name = service->name;
    answer.s_aliases = service->aliases;
    answer.s_port = htons(service->port);
    answer.s_proto = (service->protocols & protocols & TCP) != 0 ? tcp : udp;
    return &answer;
}

/* getservbyname(3), getservbyport(3). Return NULL for a service that is not
 * known. */
struct servent *getservbyname(const char *name, const char *protocol)
{
    const unsigned protocols = mask_of(protocol);

    return answer_of(find_name(name, protocols), protocols);
}
WASOCK_BSD_PLAIN(getservbyname);

struct servent *getservbyport(int port, const char *protocol)
{
    const unsigned protocols = mask_of(protocol);

    return answer_of(find_port(ntohs((uint16_t)port), protocols), protocols);
}
WASOCK_BSD_PLAIN(getservbyport);

/* No list is open. */
void endservent(void)
{
}
WASOCK_BSD_PLAIN(endservent);
