/* SPDX-License-Identifier: MIT */
/* netdb.h - look up names; preview1: numeric addresses and localhost only;
 * well-known services. */
#ifndef WASOCK_BSD_NETDB_H
#define WASOCK_BSD_NETDB_H

#pragma GCC system_header

#include <netinet/in.h>
#include <sys/socket.h>
#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

struct addrinfo {
    int ai_flags;
    int ai_family;
    int ai_socktype;
    int ai_protocol;
    socklen_t ai_addrlen;
    struct sockaddr *ai_addr;
    char *ai_canonname;
    struct addrinfo *ai_next;
};

struct hostent {
    char *h_name;
    char **h_aliases;
    int h_addrtype;
    int h_length;
    char **h_addr_list;
};
#define h_addr h_addr_list[0]

struct servent {
    char *s_name;
    char **s_aliases;
    int s_port;
    char *s_proto;
};

struct protoent {
    char *p_name;
    char **p_aliases;
    int p_proto;
};

#define AI_PASSIVE 0x01
#define AI_CANONNAME 0x02
#define AI_NUMERICHOST 0x04
#define AI_V4MAPPED 0x08
#define AI_ALL 0x10
#define AI_ADDRCONFIG 0x20
#define AI_NUMERICSERV 0x400

#define NI_NUMERICHOST 0x01
#define NI_NUMERICSERV 0x02
#define NI_NOFQDN 0x04
#define NI_NAMEREQD 0x08
#define NI_DGRAM 0x10
#define NI_MAXHOST 1025
#define NI_MAXSERV 32

#define EAI_BADFLAGS -1
#define EAI_NONAME -2
#define EAI_AGAIN -3
#define EAI_FAIL -4
#define EAI_NODATA -5
#define EAI_FAMILY -6
#define EAI_SOCKTYPE -7
#define EAI_SERVICE -8
#define EAI_MEMORY -10
#define EAI_SYSTEM -11
#define EAI_OVERFLOW -12
#define EAI_ADDRFAMILY -9

#define HOST_NOT_FOUND 1
#define TRY_AGAIN 2
#define NO_RECOVERY 3
#define NO_DATA 4
#define NO_ADDRESS NO_DATA
#define NETDB_INTERNAL -1
#define NETDB_SUCCESS 0

#define _PATH_HOSTS "/etc/hosts"
#define _PATH_SERVICES "/etc/services"

int *__h_errno_location(void) WASOCK_BSD(__h_errno_location);
#define h_errno (*__h_errno_location())

int getaddrinfo(const char *host, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
    WASOCK_BSD(getaddrinfo);
void freeaddrinfo(struct addrinfo *info) WASOCK_BSD(freeaddrinfo);
const char *gai_strerror(int error) WASOCK_BSD(gai_strerror);
int getnameinfo(const struct sockaddr *address, socklen_t length, char *host,
                socklen_t host_capacity, char *service,
                socklen_t service_capacity, int flags) WASOCK_BSD(getnameinfo);
struct hostent *gethostbyname(const char *name) WASOCK_BSD(gethostbyname);
struct hostent *gethostbyname2(const char *name, int family)
    WASOCK_BSD(gethostbyname2);
int gethostbyname_r(const char *name, struct hostent *answer, char *buffer,
                    size_t capacity, struct hostent **result, int *error)
    WASOCK_BSD(gethostbyname_r);
int gethostbyname2_r(const char *name, int family, struct hostent *answer,
                     char *buffer, size_t capacity, struct hostent **result,
                     int *error) WASOCK_BSD(gethostbyname2_r);
int gethostbyaddr_r(const void *address, socklen_t length, int family,
                    struct hostent *answer, char *buffer, size_t capacity,
                    struct hostent **result, int *error)
    WASOCK_BSD(gethostbyaddr_r);
void endhostent(void) WASOCK_BSD(endhostent);
void endservent(void) WASOCK_BSD(endservent);
void herror(const char *prefix) WASOCK_BSD(herror);
struct hostent *gethostbyaddr(const void *address, socklen_t length, int family)
    WASOCK_BSD(gethostbyaddr);
struct servent *getservbyname(const char *name, const char *protocol)
    WASOCK_BSD(getservbyname);
struct servent *getservbyport(int port, const char *protocol)
    WASOCK_BSD(getservbyport);
int getservbyname_r(const char *name, const char *protocol,
                    struct servent *answer, char *buffer, size_t capacity,
                    struct servent **result) WASOCK_BSD(getservbyname_r);
int getservbyport_r(int port, const char *protocol, struct servent *answer,
                    char *buffer, size_t capacity, struct servent **result)
    WASOCK_BSD(getservbyport_r);
struct protoent *getprotobyname(const char *name) WASOCK_BSD(getprotobyname);
struct protoent *getprotobynumber(int number) WASOCK_BSD(getprotobynumber);
const char *hstrerror(int error) WASOCK_BSD(hstrerror);

#ifdef __cplusplus
}
#endif

#endif
