/* SPDX-License-Identifier: MIT */
/*
 * fcntl.c - fcntl and ioctl.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libc.h"
#include "../sockets/socket.h"
#include "fifo.h"
#include "file.h"
#include "lock.h"
#include "pipe.h"

/* The flags that F_SETFL may change. */
#define CHANGEABLE (O_NONBLOCK | O_APPEND)

static int duplicate_from(struct description *description, int lowest,
                          int descriptor_flags)
{
    if (lowest < 0 || lowest >= wasock_bsd__open_max()) {
        return -EINVAL;
    }
    return wasock_bsd__number(description, lowest, descriptor_flags);
}

/* The host appends. In a component it goes on as before until the position is
 * set. */
static int set_append(int host_fd, bool appends)
{
    if (wasock_libc_fcntl(host_fd, F_SETFL,
                          appends ? WASOCK_BSD_LIBC_O_APPEND : 0) < 0) {
        return -errno;
    }
    const off_t at = wasock_libc_lseek(host_fd, 0, SEEK_CUR);
    if (at >= 0) {
        wasock_libc_lseek(host_fd, at, SEEK_SET);
    }
    return 0;
}

/* Descriptors that may wait stay blocking on the host, since others have it
 * too: file.c asks first. */
static int set_flags(struct description *description, int flags)
{
    const int host_fd = wasock_bsd__host_fd(description);
    const int changed = (description->flags ^ flags) & CHANGEABLE;

    if (host_fd > 2 && (changed & O_APPEND) != 0) {
        const int result = set_append(host_fd, (flags & O_APPEND) != 0);
        if (result < 0) {
            return result;
        }
    }
    description->flags ^= changed;
    return 0;
}

/* F_SETPIPE_SZ: a pipe keeps its size. Errors: EBADF: no pipe; EPERM: more. */
static int set_pipe_size(const struct description *description, int n_bytes)
{
    if (wasock_bsd__pipe_unread(description) < 0 ||
        wasock_bsd__is_pair(description)) {
        return -EBADF;
    }
    if (n_bytes < 0) {
        return -EINVAL;
    }
    return n_bytes > WASOCK_BSD_PIPE_BYTES ? -EPERM : WASOCK_BSD_PIPE_BYTES;
}

/* The commands whose argument is a number. Returns the result or a code. */
static int control(int fd, struct description *description, int command,
                   int argument)
{
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return duplicate_from(description, argument,
                              command == F_DUPFD ? 0 : FD_CLOEXEC);
    case F_GETFD:
        return wasock_bsd__descriptor_flags(fd);
    case F_SETFD:
        wasock_bsd__set_descriptor_flags(fd, argument & FD_CLOEXEC);
        return 0;
    case F_GETFL:
        return description->flags;
    case F_SETFL:
        return set_flags(description, argument);
    case F_GETPIPE_SZ:
        return set_pipe_size(description, 0);
    case F_SETPIPE_SZ:
        return set_pipe_size(description, argument);
    default:
        return -EINVAL;
    }
}

/*
 * fcntl(2): F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL (of
 * O_NONBLOCK and O_APPEND; the rest is ignored), F_GETPIPE_SZ, F_SETPIPE_SZ,
 * and F_GETLK, F_SETLK, F_SETLKW as lock.c has them. FD_CLOEXEC is remembered;
 * nothing is ever executed.
 * Errors: EBADF; EINVAL: another command, no number to begin from; EMFILE;
 * EPERM: a larger pipe; ENOMEM.
 */
int fcntl(int fd, int command, ...)
{
    struct description *description = wasock_bsd__find(fd);
    va_list arguments;
    int result = 0;

    if (description == NULL) {
        return -1;
    }
    va_start(arguments, command);
    if (command == F_GETLK || command == F_SETLK || command == F_SETLKW) {
        result = wasock_bsd__lock_record(description, command,
                                         va_arg(arguments, struct flock *));
    } else {
        result = control(fd, description, command, va_arg(arguments, int));
    }
    va_end(arguments);
    return (int)wasock_bsd__result(result);
}

/* How many bytes can be read at once. Returns them, or a negative code. */
static ptrdiff_t unread_bytes(int fd, struct description *description)
{
    struct socket *socket = wasock_bsd__socket_of(description);
    ptrdiff_t n_unread = wasock_bsd__pipe_unread(description);
    struct stat status;

    if (n_unread >= 0 || wasock_bsd__fifo_unread(description, &n_unread)) {
        return n_unread;
    }
    if (socket != NULL && socket->type == SOCK_DGRAM) {
        return (ptrdiff_t)wasock_bsd__datagram_length(socket);
    }
    if (socket != NULL) {
        if (socket->state != SOCKET_CONNECTED) {
            return socket->state == SOCKET_LISTENING ? -EINVAL : 0;
        }
        const ptrdiff_t ignored =
            wasock_bsd__read_ahead(socket, WASOCK_BSD_AHEAD_BYTES);
        (void)ignored; /* at the end, and after an error, it is 0 */
        return (ptrdiff_t)wasock_bsd__ahead_length(socket);
    }
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        return -ENOTTY;
    }
    const off_t offset = lseek(fd, 0, SEEK_CUR);
    if (offset < 0) {
        return -errno;
    }
    return offset > status.st_size ? 0 : (ptrdiff_t)(status.st_size - offset);
}

static int give_unread_bytes(int fd, struct description *description,
                             int *n_bytes)
{
    const ptrdiff_t n = unread_bytes(fd, description);

    if (n < 0) {
        return (int)wasock_bsd__result(n);
    }
    *n_bytes = (int)n;
    return 0;
}

/* What is asked of interfaces, which are not there. */
static int ask_interfaces(struct description *description, int request,
                          struct ifconf *found)
{
    if (wasock_bsd__socket_of(description) == NULL) {
        return -ENOTTY;
    }
    if (request != SIOCGIFCONF) {
        return -ENODEV;
    }
    found->ifc_len = 0;
    return 0;
}

/*
 * ioctl(2): FIONREAD, of a connection up to 4 KiB, which are read ahead;
 * FIONBIO; FIOCLEX, FIONCLEX; FIOASYNC, to have none; SIOCGIFCONF, which finds
 * no interface.
 * Errors: EBADF; ENOTTY: any other request, such as those of terminals; ENODEV:
 *   of an interface; EINVAL: FIONREAD of a socket that is not connected;
 *   EFAULT: no argument;
 *   ENOTSUP: FIOASYNC to have signals, which would not come.
 */
int ioctl(int fd, int request, ...)
{
    struct description *description = wasock_bsd__find(fd);
    va_list arguments;

    if (description == NULL) {
        return -1;
    }
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    const int *number = (const int *)argument;
    if (argument == NULL &&
        (request == FIONREAD || request == FIONBIO || request == FIOASYNC)) {
        return (int)wasock_bsd__result(-EFAULT);
    }
    switch (request) {
    case FIONREAD:
        return give_unread_bytes(fd, description, (int *)argument);
    case FIONBIO:
        return (int)wasock_bsd__result(set_flags(
            description, *number != 0 ? description->flags | O_NONBLOCK
                                      : description->flags & ~O_NONBLOCK));
    case FIOCLEX:
    case FIONCLEX:
        wasock_bsd__set_descriptor_flags(fd,
                                         request == FIOCLEX ? FD_CLOEXEC : 0);
        return 0;
    case FIOASYNC:
        return (int)wasock_bsd__result(*number != 0 ? -ENOTSUP : 0);
    default:
        break;
    }
    return (int)wasock_bsd__result(
        request >= SIOCADDRT && request <= SIOCGARP
            ? ask_interfaces(description, request, (struct ifconf *)argument)
            : -ENOTTY);
}
