/* SPDX-License-Identifier: MIT */
/* netinet/ether.h - Ethernet's addresses as text. */
#ifndef WASOCK_BSD_NETINET_ETHER_H
#define WASOCK_BSD_NETINET_ETHER_H

#pragma GCC system_header

#include <netinet/if_ether.h>

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

char *ether_ntoa(const struct ether_addr *address) WASOCK_BSD(ether_ntoa);
char *ether_ntoa_r(const struct ether_addr *address, char *text)
    WASOCK_BSD(ether_ntoa_r);
struct ether_addr *ether_aton(const char *text) WASOCK_BSD(ether_aton);
struct ether_addr *ether_aton_r(const char *text, struct ether_addr *address)
    WASOCK_BSD(ether_aton_r);

#ifdef __cplusplus
}
#endif

#endif
