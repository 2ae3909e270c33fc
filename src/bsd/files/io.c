/* SPDX-License-Identifier: MIT */
/*
 * io.c - read and write on any number, and fstat.
 *
 * A write to a connection or pipe without a reader fails with EPIPE, and raises
 * SIGPIPE if there is a handler. A zero length returns 0 if the number is
 * valid.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../sockets/socket.h"
#include "../system/signals.h"
#include "../table.h"
#include "../threads/layer.h"
#include "../vectors.h"
#include "file.h"
#include "pipe.h"

/* Whether vectors are such that POSIX allows: 0, EINVAL or EFAULT. */
static int check_vectors(const struct iovec *vectors, int n_vectors)
{
    size_t total = 0;

    if (n_vectors < 0 || n_vectors > IOV_MAX) {
        return -EINVAL;
    }
    if (!wasock_bsd__are_there(vectors, n_vectors)) {
        return -EFAULT;
    }
    for (int i = 0; i < n_vectors; i++) {
        if (vectors[i].iov_len > SSIZE_MAX - total) {
            return -EINVAL;
        }
        total += vectors[i].iov_len;
    }
    return 0;
}

static bool is_socket(struct description *description)
{
    return wasock_bsd__socket_of(description) != NULL ||
           wasock_bsd__is_pair(description);
}

/*
 * readv(2), read(2).
 * Errors: EBADF: no such number, or not open for reading; EAGAIN: no data and
 * O_NONBLOCK, or SO_RCVTIMEO is over; ENOTCONN; ECONNRESET; EDEADLK: an empty
 * pipe whose only writer is this program; EINVAL: lengths that POSIX does not
 * allow; EFAULT: NULL; EISDIR; any other code of the host.
 */
static ssize_t read_once(int fd, const struct iovec *buffers, int n_buffers)
{
    struct description *description = wasock_bsd__find(fd);

    if (description == NULL) {
        return -EBADF;
    }
    const int error = check_vectors(buffers, n_buffers);
    if (error < 0) {
        return error;
    }
    if (description->operations->read == NULL) {
        return -EINVAL;
    }
    if (is_socket(description) &&
        wasock_bsd__total_of(buffers, n_buffers) == 0) {
        return 0; /* recv would wait for something */
    }
    wasock_bsd__begin_call(description);
    const ssize_t n =
        description->operations->read(description, buffers, n_buffers, 0);
    return wasock_bsd__end_call(description, WASOCK_READABLE, n);
}

ssize_t readv(int fd, const struct iovec *buffers, int n_buffers)
{
    ssize_t n = 0;

    do {
        n = read_once(fd, buffers, n_buffers);
    } while (n == -WASOCK_BSD_RESTART);
    return wasock_bsd__result(n);
}

ssize_t read(int fd, void *buffer, size_t capacity)
{
    const struct iovec room = {buffer, capacity};

    return readv(fd, &room, 1);
}

/*
 * writev(2), write(2). A blocking connection takes everything, or fails.
 * Errors: EBADF: no such number, or not open for writing; EAGAIN: no room and
 * O_NONBLOCK, or SO_SNDTIMEO is over; EPIPE; ENOTCONN; ECONNRESET; EDEADLK: a
 * full pipe whose only reader is this program; EINVAL: lengths that POSIX does
 * not allow; EFAULT: NULL; any other code of the host.
 */
static ssize_t write_once(int fd, const struct iovec *slices, int n_slices)
{
    struct description *description = wasock_bsd__find(fd);

    if (description == NULL) {
        return -EBADF;
    }
    const int error = check_vectors(slices, n_slices);
    if (error < 0) {
        return error;
    }
    if (description->operations->write == NULL) {
        return -EINVAL;
    }
    wasock_bsd__begin_call(description);
    const ssize_t n =
        description->operations->write(description, slices, n_slices, 0);
    return wasock_bsd__end_call(description, WASOCK_WRITABLE, n);
}

ssize_t writev(int fd, const struct iovec *slices, int n_slices)
{
    ssize_t n = 0;

    do {
        n = write_once(fd, slices, n_slices);
    } while (n == -WASOCK_BSD_RESTART);
    if (n == -EPIPE) {
        wasock_bsd__broken_pipe();
    }
    return wasock_bsd__result(n);
}

ssize_t write(int fd, const void *data, size_t length)
{
    struct iovec slice = {NULL, length};

    memcpy(&slice.iov_base, &data, sizeof(data)); /* only read */
    return writev(fd, &slice, 1);
}

/*
 * fstat(2). Sockets, pipes and devices have a type, and nothing else that is
 * true of them; a file's is the host's, with permissions and an owner.
 * Errors: EBADF; any other code of the host.
 */
int fstat(int fd, struct stat *status)
{
    struct description *description = wasock_bsd__find(fd);

    if (description == NULL) {
        return -1;
    }
    if (status == NULL) {
        return (int)wasock_bsd__result(-EFAULT);
    }
    memset(status, 0, sizeof(*status));
    if (description->operations->stat == NULL) {
        return (int)wasock_bsd__result(-EBADF);
    }
    const int result = description->operations->stat(description, status);
    wasock_bsd__complete(status);
    return (int)wasock_bsd__result(result);
}
