/* SPDX-License-Identifier: MIT */
/*
 * fifo.c - named pipes in the program's own memory: mkfifo makes no file.
 *
 * True: order, atomic writes of up to PIPE_BUF bytes, EOF and EPIPE once the
 * other side has gone, ENXIO, O_NONBLOCK, readiness, stat, unlink. Without
 * threads an open or a read that would wait for another process is EDEADLK.
 */
#include "fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../threads/layer.h"
#include "../vectors.h"
#include "../waiting/watch.h"
#include "pipe.h"

struct fifo {
    struct fifo *next;
    struct fifo_end *ends;
    char *path; /* resolved; NULL: its name is removed */
    size_t begin;
    size_t length;
    unsigned n_readers;
    unsigned n_writers;
    unsigned n_writers_ever;
    unsigned char bytes[WASOCK_BSD_PIPE_BYTES];
};

struct fifo_end {
    struct description description;
    struct fifo *fifo;
    struct fifo_end *next;
    unsigned n_writers_before; /* ever, when it was opened */
};

static struct fifo *fifos;

static bool reads(const struct fifo_end *end)
{
    return (end->description.flags & O_ACCMODE) != O_WRONLY;
}

static bool writes(const struct fifo_end *end)
{
    return (end->description.flags & O_ACCMODE) != O_RDONLY;
}

/* ---- Names ---- */

/* The path without links, whose last name may be nobody's; NULL with errno. */
static char *resolve(const char *path)
{
    char folder[PATH_MAX];
    char resolved[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const size_t n_folder =
        slash == NULL || slash == path ? 1 : (size_t)(slash - path);

    if (strlen(path) >= PATH_MAX || strlen(name) > NAME_MAX) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    memcpy(folder, slash == NULL ? "." : path, n_folder);
    folder[n_folder] = '\0';
    if (realpath(folder, resolved) == NULL) {
        return NULL;
    }
    const char *separator = strcmp(resolved, "/") == 0 ? "" : "/";
    char *found = NULL;
    return asprintf(&found, "%s%s%s", resolved, separator, name) < 0 ? NULL
                                                                     : found;
}

/* Find the one of a path; NULL: there is none. errno stays. Returns 0, or
 * -ENOMEM: unknown, for which a call fails before it takes the path for a
 * file's. */
static int find(const char *path, struct fifo **found)
{
    const int error = errno;
    struct fifo *fifo = fifos;
    char *resolved = fifo == NULL || path == NULL ? NULL : resolve(path);
    const bool is_unknown =
        fifo != NULL && path != NULL && resolved == NULL && errno == ENOMEM;

    while (fifo != NULL &&
           (resolved == NULL || strcmp(fifo->path, resolved) != 0)) {
        fifo = fifo->next;
    }
    free(resolved);
    errno = error;
    *found = fifo;
    return is_unknown ? -ENOMEM : 0;
}

int wasock_bsd__fifo_make(const char *path)
{
    if (path == NULL || *path == '\0') {
        return path == NULL ? -EFAULT : -ENOENT;
    }
    if (access(path, F_OK) == 0) {
        return -EEXIST;
    }
    char *resolved = errno == ENOMEM ? NULL : resolve(path);
    if (resolved == NULL) {
        return -errno;
    }
    struct fifo *fifo = (struct fifo *)malloc(sizeof(*fifo));
    if (fifo == NULL) {
        free(resolved);
        return -ENOMEM;
    }
    memset(fifo, 0, offsetof(struct fifo, bytes));
    fifo->path = resolved;
    fifo->next = fifos;
    fifos = fifo;
    return 0;
}

int wasock_bsd__fifo_stat(const char *path, struct stat *status)
{
    struct fifo *fifo = NULL;
    const int result = find(path, &fifo);

    if (fifo == NULL) {
        return result;
    }
    memset(status, 0, sizeof(*status));
    status->st_mode = S_IFIFO | 0600;
    status->st_nlink = 1;
    return 1;
}

int wasock_bsd__fifo_unlink(const char *path)
{
    struct fifo *fifo = NULL;
    struct fifo **link = &fifos;
    const int result = find(path, &fifo);

    if (fifo == NULL) {
        return result;
    }
    while (*link != fifo) {
        link = &(*link)->next;
    }
    *link = fifo->next;
    free(fifo->path);
    fifo->path = NULL;
    if (fifo->ends == NULL) {
        free(fifo);
    }
    return 1;
}

/* ---- Transfer ---- */

static void changed(const struct fifo *fifo, unsigned risen)
{
    for (struct fifo_end *end = fifo->ends; end != NULL; end = end->next) {
        wasock_bsd__changed(&end->description, risen);
    }
}

static size_t room_of(const struct fifo *fifo)
{
    return WASOCK_BSD_PIPE_BYTES - fifo->length;
}

static size_t take_out(struct fifo *fifo, unsigned char *bytes, size_t capacity)
{
    const size_t n = capacity < fifo->length ? capacity : fifo->length;

    for (size_t i = 0; i < n; i++) {
        bytes[i] = fifo->bytes[(fifo->begin + i) % WASOCK_BSD_PIPE_BYTES];
    }
    fifo->begin = (fifo->begin + n) % WASOCK_BSD_PIPE_BYTES;
    fifo->length -= n;
    return n;
}

static size_t put_in(struct fifo *fifo, const unsigned char *bytes,
                     size_t length)
{
    const size_t n = length < room_of(fifo) ? length : room_of(fifo);
    const size_t end = fifo->begin + fifo->length;

    for (size_t i = 0; i < n; i++) {
        fifo->bytes[(end + i) % WASOCK_BSD_PIPE_BYTES] = bytes[i];
    }
    fifo->length += n;
    return n;
}

static ssize_t fifo_read(struct description *description,
                         const struct iovec *buffers, int n_buffers, int flags)
{
    const struct fifo_end *end = (const struct fifo_end *)description;
    struct fifo *fifo = end->fifo;
    size_t n = 0;

    (void)flags;
    if (!reads(end)) {
        return -EBADF;
    }
    while (fifo->length == 0 && wasock_bsd__total_of(buffers, n_buffers) > 0) {
        const int result =
            fifo->n_writers == 0
                ? 1
                : wasock_bsd__block(description, WASOCK_READABLE, 0);
        if (result != 0) {
            return result > 0 ? 0 : result;
        }
    }
    for (int i = 0; i < n_buffers; i++) {
        n += take_out(fifo, (unsigned char *)buffers[i].iov_base,
                      buffers[i].iov_len);
    }
    changed(fifo, n > 0 ? POLLOUT : 0);
    return (ssize_t)n;
}

static ssize_t fifo_write(struct description *description,
                          const struct iovec *slices, int n_slices, int flags)
{
    const struct fifo_end *end = (const struct fifo_end *)description;
    struct fifo *fifo = end->fifo;
    const size_t total = wasock_bsd__total_of(slices, n_slices);
    const size_t needed = total <= PIPE_BUF ? total : (size_t)1;
    size_t n = 0;

    (void)flags;
    if (!writes(end)) {
        return -EBADF;
    }
    while (total > 0 && fifo->n_readers > 0 && room_of(fifo) < needed) {
        const int result = wasock_bsd__block(description, WASOCK_WRITABLE, 0);
        if (result < 0) {
            return result;
        }
    }
    if (fifo->n_readers == 0) {
        return total > 0 ? -EPIPE : 0;
    }
    for (int i = 0; i < n_slices; i++) {
        n += put_in(fifo, (const unsigned char *)slices[i].iov_base,
                    slices[i].iov_len);
    }
    changed(fifo, POLLIN);
    return (ssize_t)n;
}

bool wasock_bsd__fifo_unread(const struct description *description,
                             ptrdiff_t *n_unread)
{
    if (description->operations->read != fifo_read) {
        return false;
    }
    *n_unread = (ptrdiff_t)((const struct fifo_end *)description)->fifo->length;
    return true;
}

/* ---- The description ---- */

static unsigned fifo_known(struct description *description)
{
    const struct fifo_end *end = (const struct fifo_end *)description;
    const struct fifo *fifo = end->fifo;
    unsigned known = 0;

    if (reads(end)) {
        known |= fifo->length > 0 ? POLLIN : 0;
        known |= fifo->n_writers == 0 &&
                         fifo->n_writers_ever != end->n_writers_before
                     ? POLLHUP
                     : 0;
    }
    if (writes(end)) {
        known |= room_of(fifo) >= PIPE_BUF ? POLLOUT : 0;
        known |= fifo->n_readers == 0 ? POLLERR : 0;
    }
    return known;
}

static int fifo_stat(struct description *description, struct stat *status)
{
    (void)description;
    status->st_mode = S_IFIFO | 0600;
    status->st_nlink = 1;
    return 0;
}

static int fifo_close(struct description *description)
{
    struct fifo_end *end = (struct fifo_end *)description;
    struct fifo *fifo = end->fifo;
    struct fifo_end **link = &fifo->ends;

    wasock_bsd__end_watches(description);
    while (*link != end) {
        link = &(*link)->next;
    }
    *link = end->next;
    fifo->n_readers -= reads(end);
    fifo->n_writers -= writes(end);
    if (fifo->ends == NULL) {
        fifo->length = 0; /* as on Linux */
    }
    changed(fifo, WASOCK_BSD_ALL);
    if (fifo->ends == NULL && fifo->path == NULL) {
        free(fifo);
    }
    free(end);
    return 0;
}

static const struct operations fifo_operations = {
    .read = fifo_read,
    .write = fifo_write,
    .known = fifo_known,
    .stat = fifo_stat,
    .is_waitable = true,
    .close = fifo_close,
};

/* Wait for the other side, as open does. */
static int wait_for_other(struct fifo_end *end)
{
    const struct fifo *fifo = end->fifo;
    const bool is_reader = reads(end);
    int result = 0;

    if (is_reader && writes(end)) {
        return 0;
    }
    if ((end->description.flags & O_NONBLOCK) != 0) {
        return is_reader || fifo->n_readers > 0 ? 0 : -ENXIO;
    }
    do {
        wasock_bsd__begin_call(NULL);
        result = 0;
        while (result == 0 &&
               (is_reader ? fifo->n_writers : fifo->n_readers) == 0) {
            result = wasock_bsd__await(&end->description, WASOCK_READABLE);
        }
        result = (int)wasock_bsd__end_call(NULL, WASOCK_READABLE, result);
    } while (result == -WASOCK_BSD_RESTART);
    return result;
}

struct description *wasock_bsd__fifo_open(const char *path, int flags,
                                          int *error)
{
    struct fifo *fifo = NULL;

    *error = -find(path, &fifo);
    if (fifo == NULL) {
        return NULL;
    }
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) ||
        (flags & O_DIRECTORY) != 0) {
        *error = (flags & O_DIRECTORY) != 0 ? ENOTDIR : EEXIST;
        return NULL;
    }
    struct fifo_end *end = (struct fifo_end *)calloc(1, sizeof(*end));
    if (end == NULL) {
        *error = ENOMEM;
        return NULL;
    }
    end->description.operations = &fifo_operations;
    end->description.flags = flags & (O_ACCMODE | O_NONBLOCK | O_APPEND);
    end->fifo = fifo;
    end->n_writers_before = fifo->n_writers_ever;
    end->next = fifo->ends;
    fifo->ends = end;
    fifo->n_readers += reads(end);
    fifo->n_writers += writes(end);
    fifo->n_writers_ever += writes(end);
    changed(fifo, 0);
    const int result = wait_for_other(end);
    if (result < 0) {
        fifo_close(&end->description);
        *error = -result;
        return NULL;
    }
    return &end->description;
}
