/* SPDX-License-Identifier: MIT */
/* sys/ipc.h - constants of System V IPC, which is missing: there is one
 * process. */
#ifndef WASOCK_BSD_SYS_IPC_H
#define WASOCK_BSD_SYS_IPC_H

#pragma GCC system_header

#include <sys/types.h>

typedef int key_t;

struct ipc_perm {
    uid_t uid;
    gid_t gid;
    uid_t cuid;
    gid_t cgid;
    mode_t mode;
};

#define IPC_CREAT 01000
#define IPC_EXCL 02000
#define IPC_NOWAIT 04000
#define IPC_PRIVATE ((key_t)0)
#define IPC_RMID 0
#define IPC_SET 1
#define IPC_STAT 2

#endif
