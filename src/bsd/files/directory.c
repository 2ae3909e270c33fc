/* SPDX-License-Identifier: MIT */
/*
 * directory.c - directory streams that have a number.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../libc.h"
#include "file.h"

/* A directory stream and the number that belongs to it. */
struct numbered {
    struct numbered *next;
    DIR *directory;
    int fd;
};

static struct numbered *all;

static struct numbered *remember(DIR *directory, int fd)
{
    struct numbered *numbered = (struct numbered *)malloc(sizeof(*numbered));

    if (numbered == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    numbered->directory = directory;
    numbered->fd = fd;
    numbered->next = all;
    all = numbered;
    return numbered;
}

/* The directory once more: a stream and a number each close their own. */
static int open_again(int host_fd)
{
    return wasock_libc_openat(
        host_fd, ".", WASOCK_BSD_LIBC_O_RDONLY | WASOCK_BSD_LIBC_O_DIRECTORY);
}

/* opendir(3). Errors: ENOENT; ENOTDIR; ENOMEM; any other code of the host. */
DIR *opendir(const char *path)
{
    DIR *directory = NULL;

    errno = ENOENT; /* of the empty path, which is the current directory's to
                       wasi-libc */
    if (path[0] != '\0' && !wasock_bsd__is_outside(path)) {
        directory = wasock_libc_opendir(path);
    }
    if (directory == NULL) {
        wasock_bsd__path_result(-1);
    }
    return directory;
}

/*
 * fdopendir(3). The number is closed with the stream.
 * Errors: EBADF; ENOTDIR; ENOMEM; any other code of the host.
 */
DIR *fdopendir(int fd)
{
    const int host_fd = wasock_bsd__host_directory(fd);
    const int again = host_fd < 0 ? -1 : open_again(host_fd);

    if (again < 0) {
        return NULL;
    }
    DIR *directory = wasock_libc_fdopendir(again);
    if (directory == NULL) {
        wasock_libc_close(again);
        return NULL;
    }
    if (remember(directory, fd) == NULL) {
        wasock_libc_closedir(directory);
        return NULL;
    }
    return directory;
}

/* dirfd(3). Errors: EMFILE; ENOMEM; any other code of the host. */
int dirfd(DIR *directory)
{
    for (const struct numbered *n = all; n != NULL; n = n->next) {
        if (n->directory == directory) {
            return n->fd;
        }
    }
    const int again = open_again(wasock_libc_dirfd(directory));
    if (again < 0) {
        return -1;
    }
    struct description *description = wasock_bsd__file_of_host(again);
    if (description == NULL) {
        wasock_libc_close(again);
        return -1;
    }
    const int fd = wasock_bsd__open(description, 0);
    if (fd >= 0 && remember(directory, fd) == NULL) {
        close(fd);
        return -1;
    }
    return fd;
}

/* closedir(3). Errors: any other code of the host. */
int closedir(DIR *directory)
{
    struct numbered **link = &all;

    while (*link != NULL && (*link)->directory != directory) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        struct numbered *closed = *link;
        *link = closed->next;
        close(closed->fd);
        free(closed);
    }
    return wasock_libc_closedir(directory);
}
