/* SPDX-License-Identifier: MIT */
/* sys/resource.h - limits, and one priority. */
#ifndef WASOCK_BSD_SYS_RESOURCE_H
#define WASOCK_BSD_SYS_RESOURCE_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <sys/resource.h>

#include <sys/types.h>

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
#define RLIMIT_LOCKS 10
#define RLIMIT_SIGPENDING 11
#define RLIMIT_MSGQUEUE 12
#define RLIMIT_NICE 13
#define RLIMIT_RTPRIO 14
#define RLIMIT_RTTIME 15
#define RLIM_NLIMITS 16
#define RLIM_INFINITY (~0ULL)
#define RLIM_SAVED_CUR RLIM_INFINITY
#define RLIM_SAVED_MAX RLIM_INFINITY

#define PRIO_MIN (-20)
#define PRIO_MAX 20
#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define PRIO_USER 2

typedef unsigned long long rlim_t;

struct rlimit {
    rlim_t rlim_cur;
    rlim_t rlim_max;
};

int getrusage(int who, struct rusage *usage) WASOCK_BSD(getrusage);
int getrlimit(int resource, struct rlimit *limit) WASOCK_BSD(getrlimit);
int setrlimit(int resource, const struct rlimit *limit) WASOCK_BSD(setrlimit);
int prlimit(pid_t pid, int resource, const struct rlimit *limit,
            struct rlimit *old) WASOCK_BSD(prlimit);
int getpriority(int which, id_t who) WASOCK_BSD(getpriority);
int setpriority(int which, id_t who, int priority) WASOCK_BSD(setpriority);

#ifdef __cplusplus
}
#endif

#endif
