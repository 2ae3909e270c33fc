/* SPDX-License-Identifier: MIT */
/*
 * realpath.c - a path without links, dots and doubled slashes; chdir, fchdir.
 *
 * The guest cannot see directories above the preopened ones: they are assumed
 * to be directories.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libc.h"
#include "../plain.h"
#include "file.h"

#define LINKS_MAX 40

struct walk {
    char done[PATH_MAX]; /* the resolved part: "" or "/a/b" */
    size_t n_done;
    char ahead[2 * PATH_MAX]; /* the rest of the path, with a directory or the
                                 target of a link before it */
    int n_links;
};

/* Begin the way ahead with `text`, before what it has. */
static int put_ahead(struct walk *walk, const char *text, size_t length)
{
    const size_t n_ahead = strlen(walk->ahead);

    if (length >= PATH_MAX || length + 1 + n_ahead + 1 > sizeof(walk->ahead)) {
        return -ENAMETOOLONG;
    }
    memmove(walk->ahead + length + 1, walk->ahead, n_ahead + 1);
    memcpy(walk->ahead, text, length);
    walk->ahead[length] = '/';
    return 0;
}

/* Take the next name off the way ahead; its length, 0 at the end. */
static size_t take_name(struct walk *walk, char name[PATH_MAX])
{
    const char *from = walk->ahead + strspn(walk->ahead, "/");
    const size_t length = strcspn(from, "/");

    memcpy(name, from, length);
    name[length] = '\0';
    memmove(walk->ahead, from + length, strlen(from + length) + 1);
    return length;
}

static void step_back(struct walk *walk)
{
    while (walk->n_done > 0 && walk->done[walk->n_done - 1] != '/') {
        walk->n_done--;
    }
    walk->n_done -= walk->n_done > 0;
    walk->done[walk->n_done] = '\0';
}

/* The name just walked is a link: walk where it leads instead. */
static int follow(struct walk *walk)
{
    char target[PATH_MAX];
    const ssize_t length = readlink(walk->done, target, sizeof(target));

    if (length < 0) {
        return -errno;
    }
    if (++walk->n_links > LINKS_MAX) {
        return -ELOOP;
    }
    step_back(walk);
    if (length > 0 && target[0] == '/') {
        walk->n_done = 0;
        walk->done[0] = '\0';
    }
    return put_ahead(walk, target, (size_t)length);
}

static int step_forward(struct walk *walk, const char *name, size_t length)
{
    struct stat status;

    if (walk->n_done + 1 + length + 1 > sizeof(walk->done)) {
        return -ENAMETOOLONG;
    }
    walk->done[walk->n_done] = '/';
    memcpy(walk->done + walk->n_done + 1, name, length + 1);
    walk->n_done += 1 + length;
    return lstat(walk->done, &status) == 0 && S_ISLNK(status.st_mode)
               ? follow(walk)
               : 0;
}

/* Whether the resolved path exists; with `is_folder`, as a directory. */
static int check(const struct walk *walk, bool is_folder)
{
    struct stat status;

    if (walk->n_done == 0) {
        return 0;
    }
    if (stat(walk->done, &status) < 0) {
        return -errno;
    }
    return is_folder && !S_ISDIR(status.st_mode) ? -ENOTDIR : 0;
}

static int walk_all(struct walk *walk, bool is_folder)
{
    char name[PATH_MAX];
    int result = 0;

    for (size_t length = take_name(walk, name); result == 0 && length > 0;
         length = take_name(walk, name)) {
        if (strcmp(name, "..") == 0) {
            result = check(walk, true);
            step_back(walk);
        } else if (strcmp(name, ".") != 0) {
            result = step_forward(walk, name, length);
        }
    }
    return result < 0 ? result : check(walk, is_folder);
}

static int resolve(struct walk *walk, const char *path)
{
    char current[PATH_MAX];

    if (path[0] == '\0') {
        return -ENOENT;
    }
    int result = put_ahead(walk, path, strlen(path));
    if (result == 0 && path[0] != '/') {
        if (getcwd(current, sizeof(current)) == NULL) {
            return -errno;
        }
        result = put_ahead(walk, current, strlen(current));
    }
    return result < 0 ? result : walk_all(walk, path[strlen(path) - 1] == '/');
}

/*
 * realpath(3).
 * Errors: EINVAL: no path; ENOENT; ENOTDIR; ELOOP; ENAMETOOLONG; ENOMEM; any
 * other code of the host.
 */
char *realpath(const char *restrict path, char *restrict resolved)
{
    if (path == NULL) {
        errno = EINVAL;
        return NULL;
    }
    struct walk *walk = (struct walk *)calloc(1, sizeof(*walk));
    if (walk == NULL) {
        return NULL;
    }
    const int result = resolve(walk, path);
    const char *answer = walk->n_done > 0 ? walk->done : "/";
    char *copy = NULL;
    if (result < 0) {
        errno = -result;
    } else {
        copy = resolved != NULL
                   ? (char *)memcpy(resolved, answer, strlen(answer) + 1)
                   : strdup(answer);
    }
    free(walk);
    return copy;
}
WASOCK_BSD_PLAIN(realpath);

/* Whether it is where the program is already. */
static bool is_here(const char *path)
{
    char current[PATH_MAX];

    return getcwd(current, sizeof(current)) != NULL &&
           strcmp(current, path) == 0;
}

/*
 * chdir(2). One may stay in "/", which the host need not have given.
 * Errors: as realpath; ENOTDIR.
 */
int chdir(const char *path)
{
    char *resolved = realpath(path, NULL);

    if (resolved == NULL) {
        return -1;
    }
    const int result = is_here(resolved) ? 0 : wasock_libc_chdir(resolved);
    free(resolved);
    return result;
}

/* Whether a path still leads to what is open. */
static bool leads_to(const char *path, int fd)
{
    struct stat there;
    struct stat open;

    return stat(path, &there) == 0 && fstat(fd, &open) == 0 &&
           there.st_dev == open.st_dev && there.st_ino == open.st_ino;
}

/*
 * fchdir(2), by the path with which the directory was opened.
 * Errors: EBADF; ENOTDIR; ENOENT: something else is there by now; ENOSYS: the
 *   number is one that dirfd made, of which the path is unknown.
 */
int fchdir(int fd)
{
    const struct description *description = wasock_bsd__find(fd);
    struct stat status;

    if (description == NULL || fstat(fd, &status) < 0) {
        return -1;
    }
    const char *path = wasock_bsd__path_of(description);
    if (path == NULL) {
        errno = S_ISDIR(status.st_mode) ? ENOSYS : ENOTDIR;
        return -1;
    }
    if (!leads_to(path, fd)) {
        errno = ENOENT;
        return -1;
    }
    return chdir(path);
}
WASOCK_BSD_PLAIN(fchdir);
