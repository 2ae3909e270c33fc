/* SPDX-License-Identifier: MIT */
/* ifaddrs.h - there are no interfaces. */
#ifndef WASOCK_BSD_IFADDRS_H
#define WASOCK_BSD_IFADDRS_H

#pragma GCC system_header

#include <sys/socket.h>
#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ifaddrs {
    struct ifaddrs *ifa_next;
    char *ifa_name;
    unsigned ifa_flags;
    struct sockaddr *ifa_addr;
    struct sockaddr *ifa_netmask;
    struct sockaddr *ifa_dstaddr;
    void *ifa_data;
};
#define ifa_broadaddr ifa_dstaddr

int getifaddrs(struct ifaddrs **interfaces) WASOCK_BSD(getifaddrs);
void freeifaddrs(struct ifaddrs *interfaces) WASOCK_BSD(freeifaddrs);

#ifdef __cplusplus
}
#endif

#endif
