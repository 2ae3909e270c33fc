/* SPDX-License-Identifier: MIT */
/*
 * path.c - open and what else takes a path, with devices, and the calls that
 * take the number of a directory.
 *
 * Modes are ignored: preview1 knows no permissions, and stat makes some up.
 * Changing them is EPERM, so that nobody believes a secret is kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "libc.h"
#include "plain.h"

static mode_t mask_of_modes = 022;

/* A number for what the host has opened, with these flags. */
static int number_host_fd(int host_fd, int flags)
{
    if (host_fd < 0) {
        return -1;
    }
    struct description *description = wasock_bsd__file_of_host(host_fd);
    if (description == NULL) {
        const int error = errno;
        wasock_libc_close(host_fd);
        errno = error;
        return -1;
    }
    /* wazero does not know for what it opened a file. */
    description->flags = flags & (O_ACCMODE | O_NONBLOCK | O_APPEND | O_SYNC);
    return wasock_bsd__open(description, 0);
}

/* The number that a path such as /dev/stdout is another name of, or -1. */
static int number_of_path(const char *path)
{
    static const char *const names[] = {"/dev/stdin", "/dev/stdout",
                                        "/dev/stderr"};

    for (int fd = 0; fd < 3; fd++) {
        if (strcmp(path, names[fd]) == 0) {
            return fd;
        }
    }
    return -1;
}

/* wasi-libc takes the empty path for the directory one is in. */
static bool is_empty(const char *path)
{
    if (path[0] != '\0') {
        return false;
    }
    errno = ENOENT;
    return true;
}

/*
 * open(2), openat(2), creat(2).
 * path: /dev/null, /dev/zero, /dev/urandom, /dev/random, /dev/stdin, …stdout,
 *   …stderr are there on every host.
 * Errors: ENOENT: also of all that is in no directory that the host gave;
 *   EMFILE; ENOMEM; ENOTDIR, EBADF: the directory; what the host says.
 */
int open(const char *path, int flags, ...)
{
    return openat(AT_FDCWD, path, flags);
}

int openat(int directory_fd, const char *path, int flags, ...)
{
    struct description *device = wasock_bsd__device(path, flags);
    const int number = number_of_path(path);

    if (device != NULL) {
        return wasock_bsd__open(device, 0);
    }
    if (number >= 0) {
        return dup(number);
    }
    if (is_empty(path)) {
        return -1;
    }
    if (directory_fd == AT_FDCWD || path[0] == '/') {
        return number_host_fd(wasock_libc_open(path, flags), flags);
    }
    const int host_fd = wasock_bsd__host_directory(directory_fd);
    return host_fd < 0 ? -1
                       : number_host_fd(
                             wasock_libc_openat(host_fd, path, flags), flags);
}

int creat(const char *path, mode_t mode)
{
    return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

/* The result of a stat, with what preview1 does not tell. */
static int completed(int result, struct stat *status)
{
    if (result == 0) {
        wasock_bsd__complete(status);
    }
    return result;
}

/* stat(2), lstat(2), access(2): as wasi-libc, and of devices; permissions and
 * owner as wasock_bsd__complete. Errors: ENOENT; what the host says. */
int stat(const char *restrict path, struct stat *restrict status)
{
    return completed(wasock_bsd__device_stat(path, status) ? 0
                     : is_empty(path) ? -1
                                      : wasock_libc_stat(path, status),
                     status);
}

int lstat(const char *restrict path, struct stat *restrict status)
{
    return completed(wasock_bsd__device_stat(path, status) ? 0
                     : is_empty(path) ? -1
                                      : wasock_libc_lstat(path, status),
                     status);
}

int access(const char *path, int mode)
{
    struct stat status;

    if (wasock_bsd__device_stat(path, &status)) {
        return 0;
    }
    return is_empty(path) ? -1 : wasock_libc_access(path, mode);
}

/*
 * fstatat(2), faccessat(2), mkdirat(2), unlinkat(2), renameat(2), linkat(2),
 * symlinkat(2), readlinkat(2), utimensat(2): as wasi-libc, for the number of a
 * directory or AT_FDCWD.
 * Errors: EBADF; ENOTDIR: the number of no file; what the host says.
 */
int fstatat(int directory_fd, const char *restrict path,
            struct stat *restrict status, int flags)
{
    const int host_fd = wasock_bsd__host_directory(directory_fd);

    return host_fd == -1 || is_empty(path)
               ? -1
               : completed(wasock_libc_fstatat(host_fd, path, status, flags),
                           status);
}

int faccessat(int directory_fd, const char *path, int mode, int flags)
{
    const int host_fd = wasock_bsd__host_directory(directory_fd);

    return host_fd == -1 || is_empty(path)
               ? -1
               : wasock_libc_faccessat(host_fd, path, mode, flags);
}

int mkdirat(int directory_fd, const char *path, mode_t mode)
{
    const int host_fd = wasock_bsd__host_directory(directory_fd);

    return host_fd == -1 ? -1 : wasock_libc_mkdirat(host_fd, path, mode);
}

int unlinkat(int directory_fd, const char *path, int flags)
{
    const int host_fd = wasock_bsd__host_directory(directory_fd);

    return host_fd == -1 ? -1 : wasock_libc_unlinkat(host_fd, path, flags);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    const int from_host_fd = wasock_bsd__host_directory(from_fd);
    const int to_host_fd =
        from_host_fd == -1 ? -1 : wasock_bsd__host_directory(to_fd);

    return to_host_fd == -1
               ? -1
               : wasock_libc_renameat(from_host_fd, from, to_host_fd, to);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    const int from_host_fd = wasock_bsd__host_directory(from_fd);
    const int to_host_fd =
        from_host_fd == -1 ? -1 : wasock_bsd__host_directory(to_fd);

    return to_host_fd == -1
               ? -1
               : wasock_libc_linkat(from_host_fd, from, to_host_fd, to, flags);
}

int symlinkat(const char *target, int directory_fd, const char *path)
{
    const int host_fd = wasock_bsd__host_directory(directory_fd);

    return host_fd == -1 ? -1 : wasock_libc_symlinkat(target, host_fd, path);
}

ssize_t readlinkat(int directory_fd, const char *restrict path,
                   char *restrict buffer, size_t capacity)
{
    const int host_fd = wasock_bsd__host_directory(directory_fd);

    return host_fd == -1
               ? -1
               : wasock_libc_readlinkat(host_fd, path, buffer, capacity);
}

int utimensat(int directory_fd, const char *path,
              const struct timespec times[2], int flags)
{
    const int host_fd = wasock_bsd__host_directory(directory_fd);

    return host_fd == -1 ? -1
                         : wasock_libc_utimensat(host_fd, path, times, flags);
}

/* chmod(2), fchmod(2), fchmodat(2), mknod(2), mkfifo(3).
 * Errors: ENOENT, EBADF: there is no such thing; EPERM. */
int chmod(const char *path, mode_t mode)
{
    return fchmodat(AT_FDCWD, path, mode, 0);
}

int fchmod(int fd, mode_t mode)
{
    (void)mode;
    if (wasock_bsd__find(fd) != NULL) {
        errno = EPERM;
    }
    return -1;
}

int fchmodat(int directory_fd, const char *path, mode_t mode, int flags)
{
    (void)mode;
    (void)flags;
    if (faccessat(directory_fd, path, F_OK, 0) == 0) {
        errno = EPERM;
    }
    return -1;
}

int mknod(const char *path, mode_t mode, dev_t device)
{
    (void)path;
    (void)mode;
    (void)device;
    errno = EPERM;
    return -1;
}

int mkfifo(const char *path, mode_t mode)
{
    return mknod(path, mode, 0);
}

/* umask(2): remembered, and of no consequence. */
mode_t umask(mode_t mask)
{
    const mode_t before = mask_of_modes;

    mask_of_modes = mask & 0777;
    return before;
}

WASOCK_BSD_PLAIN(chmod);
WASOCK_BSD_PLAIN(fchmod);
WASOCK_BSD_PLAIN(fchmodat);
WASOCK_BSD_PLAIN(mknod);
WASOCK_BSD_PLAIN(mkfifo);
WASOCK_BSD_PLAIN(umask);
