/* SPDX-License-Identifier: MIT */
/* sys/statfs.h - statfs, which fails with ENOSYS: WASI does not report how full
 * a file system is. */
#ifndef WASOCK_BSD_SYS_STATFS_H
#define WASOCK_BSD_SYS_STATFS_H

#pragma GCC system_header

#include <sys/types.h>

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int __val[2];
} fsid_t;

struct statfs {
    unsigned long f_type;
    unsigned long f_bsize;
    fsblkcnt_t f_blocks;
    fsblkcnt_t f_bfree;
    fsblkcnt_t f_bavail;
    fsfilcnt_t f_files;
    fsfilcnt_t f_ffree;
    fsid_t f_fsid;
    unsigned long f_namelen;
    unsigned long f_frsize;
    unsigned long f_flags;
    unsigned long f_spare[4];
};

int statfs(const char *path, struct statfs *status) WASOCK_BSD(statfs);
int fstatfs(int fd, struct statfs *status) WASOCK_BSD(fstatfs);

#ifdef __cplusplus
}
#endif

#endif
