/* SPDX-License-Identifier: MIT */
/* arpa/inet.h - convert addresses from and to text, also inet_addr and its
 * like. */
#ifndef WASOCK_BSD_ARPA_INET_H
#define WASOCK_BSD_ARPA_INET_H

#pragma GCC system_header

#include <netinet/in.h>
#include <wasock_bsd_rename.h>

#include_next <arpa/inet.h>

#ifdef __cplusplus
extern "C" {
#endif

in_addr_t inet_addr(const char *text) WASOCK_BSD(inet_addr);
int inet_aton(const char *text, struct in_addr *address) WASOCK_BSD(inet_aton);
char *inet_ntoa(struct in_addr address) WASOCK_BSD(inet_ntoa);

#ifdef __cplusplus
}
#endif

#endif
