/* SPDX-License-Identifier: MIT */
/* net/if.h - there are no interfaces. */
#ifndef WASOCK_BSD_NET_IF_H
#define WASOCK_BSD_NET_IF_H

#pragma GCC system_header

#include <sys/socket.h>
#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IF_NAMESIZE 16
#define IFNAMSIZ IF_NAMESIZE
#define IFF_UP 0x1
#define IFF_BROADCAST 0x2
#define IFF_LOOPBACK 0x8
#define IFF_POINTOPOINT 0x10
#define IFF_RUNNING 0x40
#define IFF_MULTICAST 0x1000

unsigned if_nametoindex(const char *name) WASOCK_BSD(if_nametoindex);
char *if_indextoname(unsigned number, char *name) WASOCK_BSD(if_indextoname);

#ifdef __cplusplus
}
#endif

#endif
