/* SPDX-License-Identifier: MIT */
/* sys/un.h - addresses of AF_UNIX, with a path. */
#ifndef WASOCK_BSD_SYS_UN_H
#define WASOCK_BSD_SYS_UN_H

#pragma GCC system_header

#include <__struct_sockaddr_un.h>
#include_next <sys/un.h>

#endif
