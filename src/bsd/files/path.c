/* SPDX-License-Identifier: MIT */
/*
 * path.c - calls that take a path, but for open, with devices, and the calls
 * that take the number of a directory.
 *
 * Modes are ignored: preview1 knows no permissions, and stat makes some up.
 * Changing them fails with EPERM: they would protect nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libc.h"
#include "../plain.h"
#include "fifo.h"
#include "file.h"

static mode_t mask_of_modes = 022;

int wasock_bsd__path_result(int result)
{
    if (result < 0 && errno == ENOTCAPABLE) {
        errno = ENOENT;
    }
    return result;
}

bool wasock_bsd__ends_in_slash(const char *path)
{
    const size_t length = path == NULL ? 0 : strlen(path);

    return length > 1 && path[length - 1] == '/';
}

/* A path without slashes at its end, which wasmtime refuses for some calls.
 * room: for a copy. The path is shorter, as wasock_bsd__start_of checks. */
static const char *without_slash(const char *path, char room[PATH_MAX])
{
    size_t length = strlen(path);

    if (!wasock_bsd__ends_in_slash(path)) {
        return path;
    }
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    memcpy(room, path, length);
    room[length] = '\0';
    return room;
}

/* Fail with ENOTDIR if a path that ends in a slash, which hosts ignore, is not
 * a directory's. It need not exist. flags: AT_SYMLINK_NOFOLLOW. */
static int check_slash(int host_fd, const char *path, int flags)
{
    const int error = errno;
    char room[PATH_MAX];
    struct stat status;

    if (!wasock_bsd__ends_in_slash(path)) {
        return 0;
    }
    const bool is_misnamed =
        wasock_libc_fstatat(host_fd, without_slash(path, room), &status,
                            flags) == 0 &&
        !S_ISDIR(status.st_mode);
    errno = is_misnamed ? ENOTDIR : error;
    return is_misnamed ? -1 : 0;
}

int wasock_bsd__start_of(int directory_fd, const char *path)
{
    if (path == NULL || path[0] == '\0') {
        errno = path == NULL ? EFAULT : ENOENT;
        return -1;
    }
    if (strlen(path) >= PATH_MAX) {
        errno = ENAMETOOLONG; /* some hosts would take it */
        return -1;
    }
    const int start =
        path[0] == '/' ? AT_FDCWD : wasock_bsd__host_directory(directory_fd);
    if (start == AT_FDCWD && wasock_bsd__is_outside(path)) {
        errno = ENOENT;
        return -1;
    }
    return start == -1 || check_slash(start, path, 0) < 0 ? -1 : start;
}

/* As wasock_bsd__start_of, for a name that is to become a file's or a
 * link's. */
static int start_of_new(int directory_fd, const char *path)
{
    const int host_fd = wasock_bsd__start_of(directory_fd, path);

    if (host_fd != -1 && wasock_bsd__ends_in_slash(path)) {
        errno = ENOENT;
        return -1;
    }
    return host_fd;
}

/* As stat(2) for what is no file: a device or a named pipe. Returns 1; 0: the
 * path is neither's; or -1 with errno. */
static int stat_own(const char *path, struct stat *status)
{
    return wasock_bsd__device_stat(path, status)
               ? 1
               : (int)wasock_bsd__result(wasock_bsd__fifo_stat(path, status));
}

/* stat(2), lstat(2), fstatat(2), access(2), faccessat(2): as wasi-libc, and of
 * devices; permissions and owner as wasock_bsd__complete. Errors: as openat. */
int stat(const char *restrict path, struct stat *restrict status)
{
    return fstatat(AT_FDCWD, path, status, 0);
}

int lstat(const char *restrict path, struct stat *restrict status)
{
    return fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}

int fstatat(int directory_fd, const char *restrict path,
            struct stat *restrict status, int flags)
{
    if (status == NULL) {
        errno = EFAULT;
        return -1;
    }
    const int own = stat_own(path, status);
    if (own < 0) {
        return -1;
    }
    if (own == 0) {
        const int host_fd = wasock_bsd__start_of(directory_fd, path);
        const int result =
            host_fd == -1 ? -1
                          : wasock_libc_fstatat(host_fd, path, status, flags);
        if (wasock_bsd__path_result(result) < 0) {
            return -1;
        }
    }
    wasock_bsd__complete(status);
    return 0;
}

int access(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, 0);
}

int faccessat(int directory_fd, const char *path, int mode, int flags)
{
    struct stat status;
    const int own = stat_own(path, &status);

    if (own != 0) {
        return own > 0 ? 0 : -1;
    }
    const int host_fd = wasock_bsd__start_of(directory_fd, path);
    return host_fd == -1 ? -1
                         : wasock_bsd__path_result(wasock_libc_faccessat(
                               host_fd, path, mode, flags));
}

/*
 * mkdir(2), unlink(2), rmdir(2), remove(3), rename(2), link(2), symlink(2),
 * readlink(2), utimensat(2) and those for the number of a directory: as
 * wasi-libc.
 * Errors: as openat.
 */
int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

int mkdirat(int directory_fd, const char *path, mode_t mode)
{
    const int host_fd = wasock_bsd__start_of(directory_fd, path);
    char room[PATH_MAX];

    return host_fd == -1 ? -1
                         : wasock_bsd__path_result(wasock_libc_mkdirat(
                               host_fd, without_slash(path, room), mode));
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int remove(const char *path)
{
    const int result = unlink(path);

    return result < 0 && errno == EISDIR ? rmdir(path) : result;
}

int unlinkat(int directory_fd, const char *path, int flags)
{
    const int own =
        (flags & AT_REMOVEDIR) != 0 ? 0 : wasock_bsd__fifo_unlink(path);
    if (own != 0) {
        return own > 0 ? 0 : (int)wasock_bsd__result(own);
    }
    const int host_fd = wasock_bsd__start_of(directory_fd, path);
    char room[PATH_MAX];

    if (host_fd == -1 || check_slash(host_fd, path, AT_SYMLINK_NOFOLLOW) < 0) {
        return -1;
    }
    return wasock_bsd__path_result(
        wasock_libc_unlinkat(host_fd, without_slash(path, room), flags));
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    const int from_host_fd = wasock_bsd__start_of(from_fd, from);
    const int to_host_fd =
        from_host_fd == -1 ? -1 : wasock_bsd__start_of(to_fd, to);
    char from_room[PATH_MAX];
    char to_room[PATH_MAX];
    struct stat status;

    if (to_host_fd == -1) {
        return -1;
    }
    if (wasock_bsd__ends_in_slash(to) &&
        wasock_libc_fstatat(from_host_fd, from, &status, AT_SYMLINK_NOFOLLOW) ==
            0 &&
        !S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        return -1;
    }
    return wasock_bsd__path_result(
        wasock_libc_renameat(from_host_fd, without_slash(from, from_room),
                             to_host_fd, without_slash(to, to_room)));
}

int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    const int from_host_fd = wasock_bsd__start_of(from_fd, from);
    const int to_host_fd = from_host_fd == -1 ? -1 : start_of_new(to_fd, to);

    return to_host_fd == -1 ? -1
                            : wasock_bsd__path_result(wasock_libc_linkat(
                                  from_host_fd, from, to_host_fd, to, flags));
}

int symlink(const char *target, const char *path)
{
    return symlinkat(target, AT_FDCWD, path);
}

int symlinkat(const char *target, int directory_fd, const char *path)
{
    const int host_fd = start_of_new(directory_fd, path);

    return host_fd == -1 ? -1
                         : wasock_bsd__path_result(
                               wasock_libc_symlinkat(target, host_fd, path));
}

ssize_t readlink(const char *restrict path, char *restrict buffer,
                 size_t capacity)
{
    return readlinkat(AT_FDCWD, path, buffer, capacity);
}

ssize_t readlinkat(int directory_fd, const char *restrict path,
                   char *restrict buffer, size_t capacity)
{
    const int host_fd = wasock_bsd__start_of(directory_fd, path);

    if (host_fd == -1) {
        return -1;
    }
    if (wasock_bsd__ends_in_slash(path) ||
        buffer == NULL) { /* a link's target is meant */
        errno = buffer == NULL ? EFAULT : EINVAL;
        return -1;
    }
    return wasock_bsd__path_result(
        (int)wasock_libc_readlinkat(host_fd, path, buffer, capacity));
}

int utimensat(int directory_fd, const char *path,
              const struct timespec times[2], int flags)
{
    const int host_fd = wasock_bsd__start_of(directory_fd, path);
    struct timespec set[2];
    struct stat status;

    if (host_fd == -1 ||
        wasock_bsd__path_result(
            wasock_libc_fstatat(host_fd, path, &status, flags)) < 0 ||
        wasock_bsd__set_times(times, &status, set) < 0) {
        return -1;
    }
    return wasock_bsd__path_result(
        wasock_libc_utimensat(host_fd, path, set, flags));
}

/* truncate(2). Errors: as open and ftruncate. */
int truncate(const char *path, off_t length)
{
    const int fd = open(path, O_WRONLY);

    if (fd < 0) {
        return -1;
    }
    const int result = ftruncate(fd, length);
    const int error = errno;
    close(fd);
    errno = error;
    return result;
}

/* chmod(2), fchmod(2), fchmodat(2), mknod(2), mkfifo(3), which makes a named
 * pipe of the program's own (fifo.c).
 * Errors: ENOENT, EBADF: there is no such thing; EEXIST; ENAMETOOLONG; ENOMEM;
 * EPERM: another mode or node. */
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
    (void)device;
    return (int)wasock_bsd__result(S_ISFIFO(mode) ? wasock_bsd__fifo_make(path)
                                                  : -EPERM);
}

int mkfifo(const char *path, mode_t mode)
{
    (void)mode;
    return mknod(path, S_IFIFO, 0);
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
