/* SPDX-License-Identifier: MIT */
/*
 * open.c - open, openat and creat, of files, devices and named pipes, with
 * Linux's flags.
 *
 * True: the access mode, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY,
 * O_NOFOLLOW, O_NONBLOCK, O_PATH, O_SYNC and O_DSYNC (by fsync after each
 * write); O_CLOEXEC is remembered. Ignored: O_NOCTTY, O_ASYNC, O_DIRECT,
 * O_LARGEFILE, O_NOATIME, modes, and, as on Linux, unknown flags: hosts end a
 * guest for these.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../libc.h"
#include "fifo.h"
#include "file.h"

/* What a description keeps, and F_GETFL returns. */
#define KEPT (O_ACCMODE | O_NONBLOCK | O_APPEND | O_SYNC | O_PATH)

/* Linux ignores the other flags beside O_PATH. */
#define WITH_PATH (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int host_mode_of(int flags)
{
    switch (flags & O_ACCMODE) {
    case O_RDONLY:
        /* Linux truncates what is opened for reading, too. */
        return (flags & O_TRUNC) != 0
                   ? WASOCK_BSD_LIBC_O_RDONLY | WASOCK_BSD_LIBC_O_WRONLY
                   : WASOCK_BSD_LIBC_O_RDONLY;
    case O_WRONLY:
        return WASOCK_BSD_LIBC_O_WRONLY;
    default:
        return WASOCK_BSD_LIBC_O_RDONLY | WASOCK_BSD_LIBC_O_WRONLY;
    }
}

/* The flags that wasi-libc is given. */
static int host_flags_of(int flags)
{
    static const struct {
        int flag;
        int host_flag;
    } pairs[] = {
        {O_CREAT, WASOCK_BSD_LIBC_O_CREAT},
        {O_EXCL, WASOCK_BSD_LIBC_O_EXCL},
        {O_TRUNC, WASOCK_BSD_LIBC_O_TRUNC},
        {O_APPEND, WASOCK_BSD_LIBC_O_APPEND},
        {O_DIRECTORY, WASOCK_BSD_LIBC_O_DIRECTORY},
        {O_NOFOLLOW, WASOCK_BSD_LIBC_O_NOFOLLOW},
    };
    int host_flags = host_mode_of(flags);

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if ((flags & pairs[i].flag) != 0) {
            host_flags |= pairs[i].host_flag;
        }
    }
    return host_flags;
}

/* Flags that nothing can be opened with: 0, EINVAL or EOPNOTSUPP. */
static int check_flags(int flags)
{
    if ((flags & O_ACCMODE) == O_ACCMODE) {
        return EINVAL;
    }
    if ((flags & O_TMPFILE) == O_TMPFILE) {
        return (flags & O_ACCMODE) == O_RDONLY ? EINVAL : EOPNOTSUPP;
    }
    return (flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY) ? EINVAL
                                                                        : 0;
}

static int descriptor_flags_of(int flags)
{
    return (flags & O_CLOEXEC) != 0 ? FD_CLOEXEC : 0;
}

/* Have the host open a path, and give that a number. */
static int open_of_host(int directory_fd, const char *path, int flags)
{
    if ((flags & O_CREAT) != 0 && wasock_bsd__ends_in_slash(path)) {
        errno = EISDIR;
        return -1;
    }
    const int start = wasock_bsd__start_of(directory_fd, path);
    if (start == -1) {
        return -1;
    }
    if (!wasock_bsd__has_number()) {
        errno = EMFILE; /* before anything is truncated or made */
        return -1;
    }
    const int host_fd = wasock_libc_openat(start, path, host_flags_of(flags));
    if (wasock_bsd__path_result(host_fd) < 0) {
        return -1;
    }
    struct description *description = wasock_bsd__file_of_host(host_fd);
    if (description == NULL) {
        const int error = errno;
        wasock_libc_close(host_fd);
        errno = error;
        return -1;
    }
    description->flags = flags & KEPT;
    wasock_bsd__remember_path(description, directory_fd, path);
    return wasock_bsd__open(description, descriptor_flags_of(flags));
}

/* The number that a path such as /dev/stdout is another name of, or -1. */
static int number_of_path(const char *path)
{
    static const char *const names[] = {"/dev/stdin", "/dev/stdout",
                                        "/dev/stderr"};

    for (int fd = 0; fd < 3 && path != NULL; fd++) {
        if (strcmp(path, names[fd]) == 0) {
            return fd;
        }
    }
    return -1;
}

/*
 * open(2), openat(2), creat(2).
 * path: /dev/null, /dev/zero, /dev/urandom, /dev/random, /dev/stdin, …stdout,
 * …stderr are there on every host.
 * Errors: ENOENT: also a path outside all preopened directories; EMFILE;
 * ENOMEM; ENOTDIR, EBADF: the directory; ENOTDIR, EEXIST: a device with
 * O_DIRECTORY or O_EXCL; EINVAL: no access mode, O_CREAT with O_DIRECTORY;
 * EOPNOTSUPP: O_TMPFILE; any other code of the host.
 */
int open(const char *path, int flags, ...)
{
    return openat(AT_FDCWD, path, flags);
}

int openat(int directory_fd, const char *path, int flags, ...)
{
    int error = check_flags(flags);

    if (error != 0) {
        errno = error;
        return -1;
    }
    if ((flags & O_PATH) != 0) {
        flags &= WITH_PATH;
    }
    struct description *device = wasock_bsd__device(path, flags, &error);
    if (device == NULL && error == 0) {
        device = wasock_bsd__fifo_open(path, flags, &error);
    }
    const int number = number_of_path(path);
    if (device != NULL) {
        return wasock_bsd__open(device, descriptor_flags_of(flags));
    }
    if (error != 0) {
        errno = error;
        return -1;
    }
    return number >= 0 ? dup(number) : open_of_host(directory_fd, path, flags);
}

int creat(const char *path, mode_t mode)
{
    return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}
