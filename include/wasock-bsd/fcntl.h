/* SPDX-License-Identifier: MIT */
/*
 * fcntl.h - files, devices and flags of descriptors, with Linux's numbers: a
 * program may leave O_RDONLY out, and no two flags share a bit.
 */
#ifndef WASOCK_BSD_FCNTL_H
#define WASOCK_BSD_FCNTL_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <fcntl.h>

/* wasi-libc's numbers, which its own functions expect. */
enum {
    WASOCK_BSD_LIBC_O_RDONLY = O_RDONLY,
    WASOCK_BSD_LIBC_O_WRONLY = O_WRONLY,
    WASOCK_BSD_LIBC_O_CREAT = O_CREAT,
    WASOCK_BSD_LIBC_O_EXCL = O_EXCL,
    WASOCK_BSD_LIBC_O_TRUNC = O_TRUNC,
    WASOCK_BSD_LIBC_O_APPEND = O_APPEND,
    WASOCK_BSD_LIBC_O_DIRECTORY = O_DIRECTORY,
    WASOCK_BSD_LIBC_O_NOFOLLOW = O_NOFOLLOW
};

#undef O_ACCMODE
#undef O_RDONLY
#undef O_WRONLY
#undef O_RDWR
#undef O_CREAT
#undef O_EXCL
#undef O_NOCTTY
#undef O_TRUNC
#undef O_APPEND
#undef O_NONBLOCK
#undef O_NDELAY
#undef O_DSYNC
#undef O_ASYNC
#undef O_DIRECT
#undef O_LARGEFILE
#undef O_DIRECTORY
#undef O_NOFOLLOW
#undef O_NOATIME
#undef O_CLOEXEC
#undef O_SYNC
#undef O_RSYNC
#undef O_PATH
#undef O_TMPFILE
#undef O_EXEC
#undef O_SEARCH
#define O_ACCMODE 3
#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_CREAT 0100
#define O_EXCL 0200
#define O_NOCTTY 0400
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_NONBLOCK 04000
#define O_NDELAY O_NONBLOCK
#define O_DSYNC 010000
#define O_ASYNC 020000
#define O_DIRECT 040000
#define O_LARGEFILE 0100000
#define O_DIRECTORY 0200000
#define O_NOFOLLOW 0400000
#define O_NOATIME 01000000
#define O_CLOEXEC 02000000
#define O_SYNC (04000000 | O_DSYNC)
#define O_RSYNC O_SYNC
#define O_PATH 010000000
#define O_TMPFILE (020000000 | O_DIRECTORY)
#define O_EXEC O_PATH
#define O_SEARCH O_PATH

#undef FAPPEND
#undef FFSYNC
#undef FASYNC
#undef FNONBLOCK
#undef FNDELAY
#define FAPPEND O_APPEND
#define FFSYNC O_SYNC
#define FASYNC O_ASYNC
#define FNONBLOCK O_NONBLOCK
#define FNDELAY O_NDELAY

#undef F_DUPFD
#undef F_GETLK
#undef F_SETLK
#undef F_SETLKW
#undef F_SETOWN
#undef F_GETOWN
#undef F_SETSIG
#undef F_GETSIG
#undef F_OFD_GETLK
#undef F_OFD_SETLK
#undef F_OFD_SETLKW
#undef F_SETLEASE
#undef F_GETLEASE
#undef F_NOTIFY
#undef F_DUPFD_CLOEXEC
#undef F_SETPIPE_SZ
#undef F_GETPIPE_SZ
#undef F_ADD_SEALS
#undef F_GET_SEALS
#undef F_RDLCK
#undef F_WRLCK
#undef F_UNLCK
#define F_DUPFD 0
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_SETOWN 8
#define F_GETOWN 9
#define F_SETSIG 10
#define F_GETSIG 11
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#define F_SETLEASE 1024
#define F_GETLEASE 1025
#define F_NOTIFY 1026
#define F_DUPFD_CLOEXEC 1030
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2

#undef SEEK_DATA
#undef SEEK_HOLE
#define SEEK_DATA 3
#define SEEK_HOLE 4

#ifdef __cplusplus
extern "C" {
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
