/* SPDX-License-Identifier: MIT */
/* unistd.h - descriptors of every kind, and what else servers call. */
#ifndef WASOCK_BSD_UNISTD_H
#define WASOCK_BSD_UNISTD_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <unistd.h>

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* wasi-libc's macro calls the host; ours has no part in that. */
#undef lseek

int close(int fd) WASOCK_BSD(close);
int dup(int fd) WASOCK_BSD(dup);
int dup2(int fd, int number) WASOCK_BSD(dup2);
int dup3(int fd, int number, int flags) WASOCK_BSD(dup3);
int pipe(int fds[2]) WASOCK_BSD(pipe);
int pipe2(int fds[2], int flags) WASOCK_BSD(pipe2);
ssize_t read(int fd, void *buffer, size_t capacity) WASOCK_BSD(read);
ssize_t write(int fd, const void *data, size_t length) WASOCK_BSD(write);
ssize_t pread(int fd, void *buffer, size_t capacity, off_t offset)
    WASOCK_BSD(pread);
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
    WASOCK_BSD(pwrite);
off_t lseek(int fd, off_t offset, int whence) WASOCK_BSD(lseek);
int fsync(int fd) WASOCK_BSD(fsync);
int fdatasync(int fd) WASOCK_BSD(fdatasync);
int ftruncate(int fd, off_t length) WASOCK_BSD(ftruncate);
int isatty(int fd) WASOCK_BSD(isatty);
int access(const char *path, int mode) WASOCK_BSD(access);
int faccessat(int directory_fd, const char *path, int mode, int flags)
    WASOCK_BSD(faccessat);
int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
    WASOCK_BSD(linkat);
int symlinkat(const char *target, int directory_fd, const char *path)
    WASOCK_BSD(symlinkat);
ssize_t readlinkat(int directory_fd, const char *__restrict path,
                   char *__restrict buffer, size_t capacity)
    WASOCK_BSD(readlinkat);
int unlinkat(int directory_fd, const char *path, int flags)
    WASOCK_BSD(unlinkat);

#ifdef __cplusplus
}
#endif

#endif
