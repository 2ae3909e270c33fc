/* SPDX-License-Identifier: MIT */
/*
 * errno.h - Linux's names that preview1 lacks. No call here
 * fails with them; programs list them. The numbers are Linux's behind 1000,
 * apart from preview1's own.
 */
#ifndef WASOCK_BSD_ERRNO_H
#define WASOCK_BSD_ERRNO_H

#pragma GCC system_header

#include_next <errno.h>

#ifndef ENOTBLK
#define ENOTBLK 1015
#endif
#ifndef EDEADLOCK
#define EDEADLOCK EDEADLK
#endif
#ifndef ENOSTR
#define ENOSTR 1060
#endif
#ifndef ENODATA
#define ENODATA 1061
#endif
#ifndef ETIME
#define ETIME 1062
#endif
#ifndef ENOSR
#define ENOSR 1063
#endif
#ifndef ENONET
#define ENONET 1064
#endif
#ifndef EREMOTE
#define EREMOTE 1066
#endif
#ifndef ECOMM
#define ECOMM 1070
#endif
#ifndef EUSERS
#define EUSERS 1087
#endif
#ifndef ESOCKTNOSUPPORT
#define ESOCKTNOSUPPORT 1094
#endif
#ifndef EPFNOSUPPORT
#define EPFNOSUPPORT 1096
#endif
#ifndef ESHUTDOWN
#define ESHUTDOWN 1108
#endif
#ifndef ETOOMANYREFS
#define ETOOMANYREFS 1109
#endif
#ifndef EHOSTDOWN
#define EHOSTDOWN 1112
#endif
#ifndef EREMOTEIO
#define EREMOTEIO 1121
#endif

#endif
