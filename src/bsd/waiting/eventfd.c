/* SPDX-License-Identifier: MIT */
/*
 * eventfd.c - eventfd: a counter that can be waited for.
 *
 * True: values, EFD_SEMAPHORE, O_NONBLOCK, readiness. Without threads, what
 * would wait is EDEADLK.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../plain.h"
#include "../threads/layer.h"
#include "watch.h"

#define VALUE_MAX (UINT64_MAX - 1)

struct counter {
    struct description description;
    uint64_t value;
    bool is_semaphore;
};

static ssize_t counter_read(struct description *description,
                            const struct iovec *buffers, int n_buffers,
                            int flags)
{
    struct counter *counter = (struct counter *)description;
    uint64_t given = 0;

    (void)flags;
    if (n_buffers != 1 || buffers[0].iov_len < sizeof(given)) {
        return -EINVAL;
    }
    while (counter->value == 0) {
        const int result = wasock_bsd__block(description, WASOCK_READABLE, 0);
        if (result < 0) {
            return result;
        }
    }
    given = counter->is_semaphore ? 1 : counter->value;
    memcpy(buffers[0].iov_base, &given, sizeof(given));
    counter->value -= given;
    wasock_bsd__changed(description, POLLOUT);
    return sizeof(given);
}

static ssize_t counter_write(struct description *description,
                             const struct iovec *slices, int n_slices,
                             int flags)
{
    struct counter *counter = (struct counter *)description;
    uint64_t added = 0;

    (void)flags;
    if (n_slices != 1 || slices[0].iov_len < sizeof(added)) {
        return -EINVAL;
    }
    memcpy(&added, slices[0].iov_base, sizeof(added));
    if (added > VALUE_MAX) {
        return -EINVAL;
    }
    while (added > VALUE_MAX - counter->value) {
        const int result = wasock_bsd__block(description, WASOCK_WRITABLE, 0);
        if (result < 0) {
            return result;
        }
    }
    counter->value += added;
    wasock_bsd__changed(description, POLLIN);
    return sizeof(added);
}

static unsigned counter_known(struct description *description)
{
    const struct counter *counter = (const struct counter *)description;

    return (counter->value > 0 ? POLLIN : 0U) |
           (counter->value < VALUE_MAX ? POLLOUT : 0U);
}

static int counter_stat(struct description *description, struct stat *status)
{
    (void)description;
    status->st_mode = 0600; /* of no type, as on Linux */
    status->st_nlink = 1;
    return 0;
}

static int counter_close(struct description *description)
{
    wasock_bsd__end_watches(description);
    free(description);
    return 0;
}

static const struct operations counter_operations = {
    .read = counter_read,
    .write = counter_write,
    .known = counter_known,
    .stat = counter_stat,
    .is_waitable = true,
    .close = counter_close,
};

/* eventfd(2). Errors: EINVAL: unknown flags; EMFILE; ENOMEM. */
int eventfd(unsigned value, int flags)
{
    if ((flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK)) != 0) {
        errno = EINVAL;
        return -1;
    }
    struct counter *counter = (struct counter *)calloc(1, sizeof(*counter));
    if (counter == NULL) {
        return -1;
    }
    counter->description.operations = &counter_operations;
    counter->description.flags = O_RDWR | (flags & EFD_NONBLOCK);
    counter->value = value;
    counter->is_semaphore = (flags & EFD_SEMAPHORE) != 0;
    return wasock_bsd__open(&counter->description,
                            (flags & EFD_CLOEXEC) != 0 ? FD_CLOEXEC : 0);
}
WASOCK_BSD_PLAIN(eventfd);

int eventfd_read(int fd, eventfd_t *value)
{
    return read(fd, value, sizeof(*value)) == sizeof(*value) ? 0 : -1;
}
WASOCK_BSD_PLAIN(eventfd_read);

int eventfd_write(int fd, eventfd_t value)
{
    return write(fd, &value, sizeof(value)) == sizeof(value) ? 0 : -1;
}
WASOCK_BSD_PLAIN(eventfd_write);
