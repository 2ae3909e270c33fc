/* SPDX-License-Identifier: MIT */
/* netinet/in.h - addresses of AF_INET and AF_INET6 with the usual members. */
#ifndef WASOCK_BSD_NETINET_IN_H
#define WASOCK_BSD_NETINET_IN_H

#pragma GCC system_header

#include <sys/socket.h>

#include_next <netinet/in.h>

#undef IN6ADDR_ANY_INIT
#undef IN6ADDR_LOOPBACK_INIT
/* clang-format off */
#define IN6ADDR_ANY_INIT {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}}
#define IN6ADDR_LOOPBACK_INIT                                                  \
    {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}}
/* clang-format on */

#ifndef IPPROTO_ICMPV6
#define IPPROTO_ICMPV6 58
#endif
#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif

#endif
