/* SPDX-License-Identifier: MIT */
/* facts_names - which results getaddrinfo gives for each type, protocol and
 * service. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "facts.h"

/* Look up; types: written: a bit for each SOCK_STREAM (1) and SOCK_DGRAM (2)
 * with its own protocol and the port. */
static int look_up(const char *service, int type, int protocol, int port,
                   unsigned *types)
{
    const struct addrinfo hints = {
        .ai_family = AF_INET, .ai_socktype = type, .ai_protocol = protocol};
    struct addrinfo *found = NULL;
    const int error = getaddrinfo("127.0.0.1", service, &hints, &found);

    *types = 0;
    for (const struct addrinfo *one = error == 0 ? found : NULL; one != NULL;
         one = one->ai_next) {
        const bool is_here =
            ((const struct sockaddr_in *)(const void *)one->ai_addr)
                ->sin_port == htons((uint16_t)port);
        if (is_here && one->ai_socktype == SOCK_STREAM &&
            one->ai_protocol == IPPROTO_TCP) {
            *types |= 1;
        }
        if (is_here && one->ai_socktype == SOCK_DGRAM &&
            one->ai_protocol == IPPROTO_UDP) {
            *types |= 2;
        }
    }
    if (error == 0) {
        freeaddrinfo(found);
    }
    return error;
}

static void types(void)
{
    unsigned types = 0;

    FACT(look_up("80", 0, 0, 80, &types) == 0 && types == 3);
    FACT(look_up(NULL, 0, 0, 0, &types) == 0 && types == 3);
    FACT(look_up("80", SOCK_STREAM, 0, 80, &types) == 0 && types == 1);
    FACT(look_up("80", SOCK_DGRAM, 0, 80, &types) == 0 && types == 2);
    FACT(look_up("80", 0, IPPROTO_TCP, 80, &types) == 0 && types == 1);
    FACT(look_up("80", 0, IPPROTO_UDP, 80, &types) == 0 && types == 2);
    FACT(look_up("80", SOCK_STREAM, IPPROTO_UDP, 80, &types) == EAI_SOCKTYPE);
    FACT(look_up("80", SOCK_DGRAM, IPPROTO_TCP, 80, &types) == EAI_SOCKTYPE);
}

static void services(void)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(25)};
    const struct sockaddr *any = (const struct sockaddr *)&address;
    char name[32];
    unsigned types = 0;

#ifndef __wasm__
    if (access("/etc/services", R_OK) < 0) {
        return; /* natively they are read from there */
    }
#endif
    FACT(look_up("http", SOCK_STREAM, 0, 80, &types) == 0 && types == 1);
    FACT(look_up("domain", 0, 0, 53, &types) == 0 && types == 3);
    FACT(look_up("ntp", 0, 0, 123, &types) == 0 && types == 2);
    FACT(look_up("ftp", 0, 0, 21, &types) == 0 && types == 1);
    FACT(look_up("ftp", SOCK_DGRAM, 0, 21, &types) == EAI_SERVICE);
    FACT(look_up("no-service", 0, 0, 0, &types) == EAI_SERVICE);
    const struct servent *service = getservbyname("imap", "tcp");
    FACT(service != NULL && service->s_port == htons(143));
    FACT(service != NULL && strcmp(service->s_proto, "tcp") == 0);
    FACT(getservbyname("http", "udp") == NULL);
    FACT(getservbyname("no-service", NULL) == NULL);
    service = getservbyport(htons(443), "tcp");
    FACT(service != NULL && strcmp(service->s_name, "https") == 0);
    FACT(getnameinfo(any, sizeof(address), NULL, 0, name, sizeof(name), 0) ==
         0);
    FACT(strcmp(name, "smtp") == 0);
    FACT(getnameinfo(any, sizeof(address), NULL, 0, name, sizeof(name),
                     NI_NUMERICSERV) == 0);
    FACT(strcmp(name, "25") == 0);
}

void name_facts(void)
{
    types();
    services();
}
