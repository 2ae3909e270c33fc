/* SPDX-License-Identifier: MIT */
/* sys/stat.h - stat and its like, with devices. */
#ifndef WASOCK_BSD_SYS_STAT_H
#define WASOCK_BSD_SYS_STAT_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <sys/stat.h>

/* wasi-libc numbers pipes as sockets. */
#undef S_IFIFO
#define S_IFIFO 0x1000

#ifdef __cplusplus
extern "C" {
#endif

int stat(const char *__restrict path, struct stat *__restrict status)
    WASOCK_BSD(stat);
int lstat(const char *__restrict path, struct stat *__restrict status)
    WASOCK_BSD(lstat);
int fstat(int fd, struct stat *status) WASOCK_BSD(fstat);
int fstatat(int directory_fd, const char *__restrict path,
            struct stat *__restrict status, int flags) WASOCK_BSD(fstatat);
int mkdir(const char *path, mode_t mode) WASOCK_BSD(mkdir);
int mkdirat(int directory_fd, const char *path, mode_t mode)
    WASOCK_BSD(mkdirat);
int futimens(int fd, const struct timespec times[2]) WASOCK_BSD(futimens);
int utimensat(int directory_fd, const char *path,
              const struct timespec times[2], int flags) WASOCK_BSD(utimensat);
int chmod(const char *path, mode_t mode) WASOCK_BSD(chmod);
int fchmod(int fd, mode_t mode) WASOCK_BSD(fchmod);
int fchmodat(int directory_fd, const char *path, mode_t mode, int flags)
    WASOCK_BSD(fchmodat);
int mknod(const char *path, mode_t mode, dev_t device) WASOCK_BSD(mknod);
int mkfifo(const char *path, mode_t mode) WASOCK_BSD(mkfifo);
mode_t umask(mode_t mask) WASOCK_BSD(umask);

#ifdef __cplusplus
}
#endif

#endif
