/* SPDX-License-Identifier: MIT */
/*
 * libc.h - wasi-libc's own functions, by the names they have in its archive.
 *
 * The layer's headers give read and its like other names; where the layer
 * itself needs the original, on a number of the host's, it says
 * wasock_libc_read.
 */
#ifndef WASOCK_BSD_LIBC_H
#define WASOCK_BSD_LIBC_H

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#define WASOCK_LIBC(name) __asm__(#name)

int wasock_libc_close(int fd) WASOCK_LIBC(close);
ssize_t wasock_libc_read(int fd, void *buffer, size_t capacity)
    WASOCK_LIBC(read);
ssize_t wasock_libc_write(int fd, const void *data, size_t length)
    WASOCK_LIBC(write);
ssize_t wasock_libc_pread(int fd, void *buffer, size_t capacity, off_t offset)
    WASOCK_LIBC(pread);
ssize_t wasock_libc_pwrite(int fd, const void *data, size_t length,
                           off_t offset) WASOCK_LIBC(pwrite);
off_t wasock_libc_lseek(int fd, off_t offset, int whence) WASOCK_LIBC(lseek);
int wasock_libc_fsync(int fd) WASOCK_LIBC(fsync);
int wasock_libc_fdatasync(int fd) WASOCK_LIBC(fdatasync);
int wasock_libc_ftruncate(int fd, off_t length) WASOCK_LIBC(ftruncate);
int wasock_libc_isatty(int fd) WASOCK_LIBC(isatty);
int wasock_libc_fcntl(int fd, int command, ...) WASOCK_LIBC(fcntl);
int wasock_libc_openat(int directory_fd, const char *path, int flags, ...)
    WASOCK_LIBC(openat);
int wasock_libc_posix_fadvise(int fd, off_t offset, off_t length, int advice)
    WASOCK_LIBC(posix_fadvise);
int wasock_libc_posix_fallocate(int fd, off_t offset, off_t length)
    WASOCK_LIBC(posix_fallocate);

int wasock_libc_fstat(int fd, struct stat *status) WASOCK_LIBC(fstat);
int wasock_libc_fstatat(int directory_fd, const char *path, struct stat *status,
                        int flags) WASOCK_LIBC(fstatat);
int wasock_libc_faccessat(int directory_fd, const char *path, int mode,
                          int flags) WASOCK_LIBC(faccessat);
int wasock_libc_mkdirat(int directory_fd, const char *path, mode_t mode)
    WASOCK_LIBC(mkdirat);
int wasock_libc_unlinkat(int directory_fd, const char *path, int flags)
    WASOCK_LIBC(unlinkat);
int wasock_libc_renameat(int from_fd, const char *from, int to_fd,
                         const char *to) WASOCK_LIBC(renameat);
int wasock_libc_linkat(int from_fd, const char *from, int to_fd, const char *to,
                       int flags) WASOCK_LIBC(linkat);
int wasock_libc_symlinkat(const char *target, int directory_fd,
                          const char *path) WASOCK_LIBC(symlinkat);
ssize_t wasock_libc_readlinkat(int directory_fd, const char *path, char *buffer,
                               size_t capacity) WASOCK_LIBC(readlinkat);
int wasock_libc_futimens(int fd, const struct timespec times[2])
    WASOCK_LIBC(futimens);
int wasock_libc_utimensat(int directory_fd, const char *path,
                          const struct timespec times[2], int flags)
    WASOCK_LIBC(utimensat);

int wasock_libc_chdir(const char *path) WASOCK_LIBC(chdir);
DIR *wasock_libc_opendir(const char *path) WASOCK_LIBC(opendir);
DIR *wasock_libc_fdopendir(int fd) WASOCK_LIBC(fdopendir);
int wasock_libc_dirfd(DIR *directory) WASOCK_LIBC(dirfd);
int wasock_libc_closedir(DIR *directory) WASOCK_LIBC(closedir);

int wasock_libc_clock_gettime(const struct __clockid *clock,
                              struct timespec *now) WASOCK_LIBC(clock_gettime);
int wasock_libc_clock_getres(const struct __clockid *clock,
                             struct timespec *resolution)
    WASOCK_LIBC(clock_getres);

int wasock_libc_fclose(FILE *stream) WASOCK_LIBC(fclose);
int wasock_libc_fileno(FILE *stream) WASOCK_LIBC(fileno);

#endif
