/* SPDX-License-Identifier: MIT */
/*
 * device.c - /dev/null, /dev/zero, /dev/urandom, /dev/random, whether or not
 * the host gave a /dev; and getrandom.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "../plain.h"
#include "../vectors.h"
#include "../waiting/watch.h"
#include "file.h"

enum device_kind { DEVICE_NULL, DEVICE_ZERO, DEVICE_RANDOM };

struct device {
    struct description description;
    enum device_kind kind;
};

/* getentropy gives at most so much at once. */
#define ENTROPY_MAX 256

static int fill_with_entropy(unsigned char *bytes, size_t length)
{
    while (length > 0) {
        const size_t n = length < ENTROPY_MAX ? length : ENTROPY_MAX;
        if (getentropy(bytes, n) < 0) {
            return -errno;
        }
        bytes += n;
        length -= n;
    }
    return 0;
}

static ssize_t device_read(struct description *description,
                           const struct iovec *buffers, int n_buffers,
                           int flags)
{
    const struct device *device = (const struct device *)description;
    ssize_t total = 0;

    (void)flags;
    if ((description->flags & O_ACCMODE) == O_WRONLY) {
        return -EBADF;
    }
    for (int i = 0; i < n_buffers && device->kind != DEVICE_NULL; i++) {
        int result = 0;
        if (device->kind == DEVICE_ZERO) {
            memset(buffers[i].iov_base, 0, buffers[i].iov_len);
        } else {
            result = fill_with_entropy((unsigned char *)buffers[i].iov_base,
                                       buffers[i].iov_len);
        }
        if (result < 0) {
            return result;
        }
        total += (ssize_t)buffers[i].iov_len;
    }
    return total;
}

static ssize_t device_write(struct description *description,
                            const struct iovec *slices, int n_slices, int flags)
{
    (void)flags;
    return (description->flags & O_ACCMODE) == O_RDONLY
               ? -EBADF
               : (ssize_t)wasock_bsd__total_of(slices, n_slices);
}

static unsigned device_known(struct description *description)
{
    (void)description;
    return POLLIN | POLLOUT;
}

static int device_stat(struct description *description, struct stat *status)
{
    (void)description;
    status->st_mode = S_IFCHR | 0666;
    status->st_nlink = 1;
    return 0;
}

static int device_close(struct description *description)
{
    wasock_bsd__end_watches(description);
    free(description);
    return 0;
}

static const struct operations device_operations = {
    .read = device_read,
    .write = device_write,
    .known = device_known,
    .stat = device_stat,
    .close = device_close,
};

bool wasock_bsd__is_device(const struct description *description)
{
    return description->operations == &device_operations;
}

/* Which device a path is, or -1. */
static int kind_of(const char *path)
{
    static const struct {
        const char *path;
        enum device_kind kind;
    } devices[] = {
        {"/dev/null", DEVICE_NULL},
        {"/dev/zero", DEVICE_ZERO},
        {"/dev/urandom", DEVICE_RANDOM},
        {"/dev/random", DEVICE_RANDOM},
    };

    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]) && path != NULL;
         i++) {
        if (strcmp(path, devices[i].path) == 0) {
            return (int)devices[i].kind;
        }
    }
    return -1;
}

struct description *wasock_bsd__device(const char *path, int flags, int *error)
{
    const int kind = kind_of(path);

    if (kind < 0) {
        return NULL;
    }
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) ||
        (flags & O_DIRECTORY) != 0) {
        *error = (flags & O_DIRECTORY) != 0 ? ENOTDIR : EEXIST;
        return NULL;
    }
    struct device *device = (struct device *)calloc(1, sizeof(*device));
    if (device == NULL) {
        *error = ENOMEM;
        return NULL;
    }
    device->description.operations = &device_operations;
    device->description.flags =
        flags & (O_ACCMODE | O_NONBLOCK | O_APPEND | O_SYNC);
    device->kind = (enum device_kind)kind;
    return &device->description;
}

bool wasock_bsd__device_stat(const char *path, struct stat *status)
{
    if (kind_of(path) < 0) {
        return false;
    }
    memset(status, 0, sizeof(*status));
    return device_stat(NULL, status) == 0;
}

/* getrandom(2): always all of it. Errors: EINVAL: unknown flags; EIO. */
ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
    if ((flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) !=
        0) {
        errno = EINVAL;
        return -1;
    }
    return fill_with_entropy((unsigned char *)buffer, length) < 0
               ? -1
               : (ssize_t)length;
}
WASOCK_BSD_PLAIN(getrandom);
