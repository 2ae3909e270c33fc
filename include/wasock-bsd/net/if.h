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
#define IFF_DEBUG 0x4
#define IFF_LOOPBACK 0x8
#define IFF_POINTOPOINT 0x10
#define IFF_NOTRAILERS 0x20
#define IFF_RUNNING 0x40
#define IFF_NOARP 0x80
#define IFF_PROMISC 0x100
#define IFF_ALLMULTI 0x200
#define IFF_MASTER 0x400
#define IFF_SLAVE 0x800
#define IFF_MULTICAST 0x1000
#define IFHWADDRLEN 6

struct ifmap {
    unsigned long mem_start;
    unsigned long mem_end;
    unsigned short base_addr;
    unsigned char irq;
    unsigned char dma;
    unsigned char port;
};

/* ioctl of these fails with ENODEV. */
struct ifreq {
    union {
        char wasock_bsd_name[IFNAMSIZ];
    } wasock_bsd_of;
    union {
        struct sockaddr wasock_bsd_address;
        short wasock_bsd_flags;
        int wasock_bsd_value;
        struct ifmap wasock_bsd_map;
        char wasock_bsd_text[IFNAMSIZ];
        char *wasock_bsd_data;
    } wasock_bsd_has;
};
#define ifr_name wasock_bsd_of.wasock_bsd_name
#define ifr_addr wasock_bsd_has.wasock_bsd_address
#define ifr_dstaddr wasock_bsd_has.wasock_bsd_address
#define ifr_broadaddr wasock_bsd_has.wasock_bsd_address
#define ifr_netmask wasock_bsd_has.wasock_bsd_address
#define ifr_hwaddr wasock_bsd_has.wasock_bsd_address
#define ifr_flags wasock_bsd_has.wasock_bsd_flags
#define ifr_metric wasock_bsd_has.wasock_bsd_value
#define ifr_mtu wasock_bsd_has.wasock_bsd_value
#define ifr_ifindex wasock_bsd_has.wasock_bsd_value
#define ifr_qlen wasock_bsd_has.wasock_bsd_value
#define ifr_bandwidth wasock_bsd_has.wasock_bsd_value
#define ifr_map wasock_bsd_has.wasock_bsd_map
#define ifr_slave wasock_bsd_has.wasock_bsd_text
#define ifr_newname wasock_bsd_has.wasock_bsd_text
#define ifr_data wasock_bsd_has.wasock_bsd_data

/* SIOCGIFCONF finds none. */
struct ifconf {
    int ifc_len; /* bytes */
    union {
        char *wasock_bsd_bytes;
        struct ifreq *wasock_bsd_requests;
    } wasock_bsd_list;
};
#define ifc_buf wasock_bsd_list.wasock_bsd_bytes
#define ifc_req wasock_bsd_list.wasock_bsd_requests

struct if_nameindex {
    unsigned if_index;
    char *if_name;
};

unsigned if_nametoindex(const char *name) WASOCK_BSD(if_nametoindex);
char *if_indextoname(unsigned number, char *name) WASOCK_BSD(if_indextoname);
struct if_nameindex *if_nameindex(void) WASOCK_BSD(if_nameindex);
void if_freenameindex(struct if_nameindex *interfaces)
    WASOCK_BSD(if_freenameindex);

#ifdef __cplusplus
}
#endif

#endif
