/* SPDX-License-Identifier: MIT */
/*
 * fcntl.c - fcntl, ioctl and locks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libc.h"
#include "../plain.h"
#include "../sockets/socket.h"
#include "file.h"
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

/* The host appends. Descriptors that may wait stay blocking there, since
 * others have it too: file.c asks first. */
static int set_flags(struct description *description, int flags)
{
    const int host_fd = wasock_bsd__host_fd(description);
    const int changed = (description->flags ^ flags) & CHANGEABLE;

    if (host_fd > 2 && (changed & O_APPEND) != 0 &&
        wasock_libc_fcntl(host_fd, F_SETFL, flags & CHANGEABLE) < 0) {
        return -errno;
    }
    description->flags ^= changed;
    return 0;
}

/*
 * fcntl(2): F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL (of
 * O_NONBLOCK and O_APPEND; the rest is ignored). FD_CLOEXEC is remembered;
 * nothing is ever executed.
 * Errors: EBADF; EINVAL: another command, no number to begin from; EMFILE;
 * ENOLCK: F_SETLK and its like, as WASI has no locks; ENOMEM.
 */
int fcntl(int fd, int command, ...)
{
    struct description *description = wasock_bsd__find(fd);
    va_list arguments;

    if (description == NULL) {
        return -1;
    }
    va_start(arguments, command);
    const int argument = va_arg(arguments, int);
    va_end(arguments);
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return (int)wasock_bsd__result(duplicate_from(
            description, argument, command == F_DUPFD ? 0 : FD_CLOEXEC));
    case F_GETFD:
        return wasock_bsd__descriptor_flags(fd);
    case F_SETFD:
        wasock_bsd__set_descriptor_flags(fd, argument & FD_CLOEXEC);
        return 0;
    case F_GETFL:
        return description->flags;
    case F_SETFL:
        return (int)wasock_bsd__result(set_flags(description, argument));
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
        return (int)wasock_bsd__result(-ENOLCK);
    default:
        return (int)wasock_bsd__result(-EINVAL);
    }
}

/* How many bytes can be read at once. Returns them, or a negative code. */
static ptrdiff_t unread_bytes(int fd, struct description *description)
{
    struct socket *socket = wasock_bsd__socket_of(description);
    const ptrdiff_t n_unread = wasock_bsd__pipe_unread(description);
    struct stat status;

    if (n_unread >= 0) {
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
    return offset < 0 || offset > status.st_size
               ? 0
               : (ptrdiff_t)(status.st_size - offset);
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

/*
 * ioctl(2): FIONREAD, of a connection up to 4 KiB, which are read ahead;
 * FIONBIO; FIOCLEX, FIONCLEX; FIOASYNC, to have none.
 * Errors: EBADF; ENOTTY: any other request: no terminal, no interface;
 *   EINVAL: FIONREAD of a socket that is not connected; ENOTSUP: FIOASYNC to
 *   have signals, which would not come.
 */
int ioctl(int fd, int request, ...)
{
    struct description *description = wasock_bsd__find(fd);
    va_list arguments;

    if (description == NULL) {
        return -1;
    }
    va_start(arguments, request);
    int *argument = va_arg(arguments, int *);
    va_end(arguments);
    switch (request) {
    case FIONREAD:
        return give_unread_bytes(fd, description, argument);
    case FIONBIO:
        return (int)wasock_bsd__result(set_flags(
            description, *argument != 0 ? description->flags | O_NONBLOCK
                                        : description->flags & ~O_NONBLOCK));
    case FIOCLEX:
    case FIONCLEX:
        wasock_bsd__set_descriptor_flags(fd,
                                         request == FIOCLEX ? FD_CLOEXEC : 0);
        return 0;
    case FIOASYNC:
        return (int)wasock_bsd__result(*argument != 0 ? -ENOTSUP : 0);
    default:
        return (int)wasock_bsd__result(-ENOTTY);
    }
}

/* flock(2), lockf(3): preview1 has no locks, and to claim one would not keep
 * anybody out. Errors: EBADF; ENOLCK. */
int flock(int fd, int operation)
{
    (void)operation;
    return wasock_bsd__find(fd) == NULL ? -1 : (int)wasock_bsd__result(-ENOLCK);
}

int lockf(int fd, int command, off_t length)
{
    (void)length;
    return flock(fd, command);
}

WASOCK_BSD_PLAIN(flock);
WASOCK_BSD_PLAIN(lockf);
