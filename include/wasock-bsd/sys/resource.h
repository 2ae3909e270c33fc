/* SPDX-License-Identifier: MIT */
/* sys/resource.h - limits. */
#ifndef WASOCK_BSD_SYS_RESOURCE_H
#define WASOCK_BSD_SYS_RESOURCE_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <sys/resource.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RLIMIT_CPU 0
#define RLIMIT_FSIZE 1
#define RLIMIT_DATA 2
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_RSS 5
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define RLIMIT_MEMLOCK 8
#define RLIMIT_AS 9
#define RLIM_INFINITY (~0ULL)
#define RLIM_SAVED_CUR RLIM_INFINITY
#define RLIM_SAVED_MAX RLIM_INFINITY

typedef unsigned long long rlim_t;

struct rlimit {
    rlim_t rlim_cur;
    rlim_t rlim_max;
};

int getrlimit(int resource, struct rlimit *limit) WASOCK_BSD(getrlimit);
int setrlimit(int resource, const struct rlimit *limit) WASOCK_BSD(setrlimit);

#ifdef __cplusplus
}
#endif

#endif
