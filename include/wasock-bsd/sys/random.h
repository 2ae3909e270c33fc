/* SPDX-License-Identifier: MIT */
/* sys/random.h - getrandom, over getentropy. */
#ifndef WASOCK_BSD_SYS_RANDOM_H
#define WASOCK_BSD_SYS_RANDOM_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <sys/random.h>

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef GRND_NONBLOCK
#define GRND_NONBLOCK 1
#define GRND_RANDOM 2
#define GRND_INSECURE 4
#endif

ssize_t getrandom(void *buffer, size_t length, unsigned flags)
    WASOCK_BSD(getrandom);

#ifdef __cplusplus
}
#endif

#endif
