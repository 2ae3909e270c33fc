/* SPDX-License-Identifier: MIT */
/*
 * file.h - descriptions that are the host's: files, directories, stdio.
 */
#ifndef WASOCK_BSD_FILES_FILE_H
#define WASOCK_BSD_FILES_FILE_H

#include "../table.h"

/* Describe what the host opened as `host_fd`, which becomes the description's.
 * Returns NULL, with errno, where there is no such thing or no memory; the
 * host's descriptor is then the caller's still. */
struct description *wasock_bsd__file_of_host(int host_fd);

/* The host's number of a file or directory; -1 where it is neither. */
int wasock_bsd__host_fd(const struct description *description);

/* Whether a path ends in a slash, and so is a directory's; not that of "/". */
bool wasock_bsd__ends_in_slash(const char *path);

/* The host's number of the directory where a path begins; -1 with errno: there
 * is none, a path of PATH_MAX bytes, an empty one, which wasi-libc takes for
 * the directory itself, or a file's path with a slash behind it. */
int wasock_bsd__start_of(int directory_fd, const char *path);

/* outside.c: whether a path is in none of the preopened directories, though
 * wasi-libc finds one for it. */
bool wasock_bsd__is_outside(const char *path);

/* Remember the path of a directory that was opened, for fchdir. at_fd: where a
 * relative path begins. Without memory the path is unknown. */
void wasock_bsd__remember_path(struct description *directory, int at_fd,
                               const char *path);

/* The absolute path that was remembered; NULL: unknown, or no directory. */
const char *wasock_bsd__path_of(const struct description *description);

/* As wasock_bsd__host_fd of a number; -1 with errno EBADF, or ENOTDIR where
 * `is_directory` and it is not of the host; AT_FDCWD stays. */
int wasock_bsd__host_directory(int fd);

/* Returns `result`. Replaces errno ENOTCAPABLE, wasi-libc's for a path outside
 * all preopened directories, by ENOENT. */
int wasock_bsd__path_result(int result);

/*
 * Properties of a file that preview1 lacks. All is the user's; where a type has
 * no permissions, files may be read by all and written by the user, and
 * directories searched, since the host has the last word anyway.
 */
void wasock_bsd__complete(struct stat *status);

/* Resolve UTIME_NOW and UTIME_OMIT, which wasi-libc's functions take for other
 * numbers. set: written. Returns 0, or -1 with errno. */
int wasock_bsd__set_times(const struct timespec times[2],
                          const struct stat *status, struct timespec set[2]);

/* The device of a path, new; NULL where the path is none's, or with an error:
 * EEXIST, ENOTDIR: what the flags ask for; ENOMEM. */
struct description *wasock_bsd__device(const char *path, int flags, int *error);

/* As stat(2) for the path of a device. Returns whether it is one's. */
bool wasock_bsd__device_stat(const char *path, struct stat *status);

/* Whether a description is one of these devices. */
bool wasock_bsd__is_device(const struct description *description);

#endif
