/* SPDX-License-Identifier: MIT */
/* fcntl.h - files, devices and flags of descriptors. */
#ifndef WASOCK_BSD_FCNTL_H
#define WASOCK_BSD_FCNTL_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <fcntl.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef F_DUPFD
#define F_DUPFD 0
#endif
#ifndef F_GETLK
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#endif
#ifndef F_SETOWN
#define F_SETOWN 8
#define F_GETOWN 9
#endif
#ifndef F_DUPFD_CLOEXEC
#define F_DUPFD_CLOEXEC 1030
#endif
#ifndef F_RDLCK
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#endif
#ifndef O_NDELAY
#define O_NDELAY O_NONBLOCK
#endif
#ifndef FNDELAY
#define FNDELAY O_NDELAY
#define FNONBLOCK O_NONBLOCK
#define FAPPEND O_APPEND
#define FFSYNC O_SYNC
#endif
#ifndef O_ASYNC
#define O_ASYNC 0
#endif
#ifndef O_LARGEFILE
#define O_LARGEFILE 0
#endif

int open(const char *path, int flags, ...) WASOCK_BSD(open);
int openat(int directory_fd, const char *path, int flags, ...)
    WASOCK_BSD(openat);
int creat(const char *path, mode_t mode) WASOCK_BSD(creat);
int fcntl(int fd, int command, ...) WASOCK_BSD(fcntl);
int posix_fadvise(int fd, off_t offset, off_t length, int advice)
    WASOCK_BSD(posix_fadvise);
int posix_fallocate(int fd, off_t offset, off_t length)
    WASOCK_BSD(posix_fallocate);
int lockf(int fd, int command, off_t length) WASOCK_BSD(lockf);

#ifdef __cplusplus
}
#endif

#endif
