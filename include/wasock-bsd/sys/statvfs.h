/* SPDX-License-Identifier: MIT */
/* sys/statvfs.h - statvfs, which fails with ENOSYS: WASI does not report how
 * full a file system is. */
#ifndef WASOCK_BSD_SYS_STATVFS_H
#define WASOCK_BSD_SYS_STATVFS_H

#pragma GCC system_header

#include <sys/types.h>

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ST_RDONLY 1
#define ST_NOSUID 2

struct statvfs {
    unsigned long f_bsize;
    unsigned long f_frsize;
    fsblkcnt_t f_blocks;
    fsblkcnt_t f_bfree;
    fsblkcnt_t f_bavail;
    fsfilcnt_t f_files;
    fsfilcnt_t f_ffree;
    fsfilcnt_t f_favail;
    unsigned long f_fsid;
    unsigned long f_flag;
    unsigned long f_namemax;
};

int statvfs(const char *__restrict path, struct statvfs *__restrict status)
    WASOCK_BSD(statvfs);
int fstatvfs(int fd, struct statvfs *status) WASOCK_BSD(fstatvfs);

#ifdef __cplusplus
}
#endif

#endif
