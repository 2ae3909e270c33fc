/* SPDX-License-Identifier: MIT */
/*
 * message.c - the recv and send families.
 *
 * True: MSG_PEEK (of up to 64 KiB), MSG_WAITALL, MSG_DONTWAIT, MSG_NOSIGNAL.
 * Ignored: MSG_MORE, MSG_EOR, MSG_DONTROUTE; addresses given to sendto on a
 * connection, as Linux does.
 * Refused: MSG_OOB with EOPNOTSUPP; control messages with EINVAL, but for those
 * of control.c.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "../files/pipe.h"
#include "../plain.h"
#include "../system/signals.h"
#include "../threads/layer.h"
#include "../vectors.h"
#include "../waiting/wait.h"
#include "address.h"
#include "control.h"
#include "socket.h"

/* The description of a number that is a socket; NULL with errno. */
static struct description *find_socket(int fd)
{
    struct description *description = wasock_bsd__find(fd);

    if (description != NULL && wasock_bsd__socket_of(description) == NULL &&
        !wasock_bsd__is_pair(description)) {
        errno = ENOTSOCK;
        return NULL;
    }
    return description;
}

/* MSG_TRUNC of a TCP connection: what is read goes nowhere, see tcp(7). */
static ssize_t discard(struct description *description,
                       const struct iovec *buffers, int n_buffers, int flags)
{
    static char nowhere[4096];
    const size_t total = wasock_bsd__total_of(buffers, n_buffers);
    struct iovec room = {nowhere,
                         total < sizeof(nowhere) ? total : sizeof(nowhere)};

    return description->operations->read(description, &room, 1, flags);
}

static bool is_discarded(struct description *description, int flags)
{
    const struct socket *socket = wasock_bsd__socket_of(description);

    return (flags & MSG_TRUNC) != 0 && socket != NULL &&
           socket->domain != AF_UNIX && socket->type == SOCK_STREAM;
}

/* Find the socket of a call. Returns 0 or an error. */
static int find_for(int fd, int flags, struct description **found)
{
    *found = find_socket(fd);
    if (*found == NULL) {
        return -errno;
    }
    return (flags & MSG_OOB) != 0 ? -EOPNOTSUPP : 0;
}

static ssize_t receive_once(int fd, const struct iovec *buffers, int n_buffers,
                            int flags)
{
    struct description *description = NULL;
    const int error = find_for(fd, flags, &description);

    if (error < 0) {
        return error;
    }
    if (!is_discarded(description, flags) &&
        !wasock_bsd__are_there(buffers, n_buffers)) {
        return -EFAULT;
    }
    wasock_bsd__begin_call(description);
    const ssize_t n = is_discarded(description, flags)
                          ? discard(description, buffers, n_buffers, flags)
                          : description->operations->read(description, buffers,
                                                          n_buffers, flags);
    return wasock_bsd__end_call(description, WASOCK_READABLE, n);
}

static ssize_t receive(int fd, const struct iovec *buffers, int n_buffers,
                       int flags)
{
    ssize_t n = 0;

    do {
        n = receive_once(fd, buffers, n_buffers, flags);
    } while (n == -WASOCK_BSD_RESTART);
    return wasock_bsd__result(n);
}

static ssize_t transmit_once(int fd, const struct iovec *slices, int n_slices,
                             int flags)
{
    struct description *description = NULL;
    const int error = find_for(fd, flags, &description);

    if (error < 0) {
        return error;
    }
    if (!wasock_bsd__are_there(slices, n_slices)) {
        return -EFAULT;
    }
    wasock_bsd__begin_call(description);
    const ssize_t n =
        description->operations->write(description, slices, n_slices, flags);
    return wasock_bsd__end_call(description, WASOCK_WRITABLE, n);
}

static ssize_t transmit(int fd, const struct iovec *slices, int n_slices,
                        int flags)
{
    ssize_t n = 0;

    do {
        n = transmit_once(fd, slices, n_slices, flags);
    } while (n == -WASOCK_BSD_RESTART);
    if (n == -EPIPE && (flags & MSG_NOSIGNAL) == 0) {
        wasock_bsd__broken_pipe();
    }
    return wasock_bsd__result(n);
}

/* recv(2). With no room it waits as Linux does, and takes nothing. Errors: as
 * read(2); ENOTSOCK; EOPNOTSUPP: MSG_OOB. */
ssize_t recv(int fd, void *buffer, size_t capacity, int flags)
{
    const struct iovec room = {buffer, capacity};

    return receive(fd, &room, 1, flags);
}

/* send(2). Errors: as write(2); ENOTSOCK; EOPNOTSUPP: MSG_OOB. */
ssize_t send(int fd, const void *data, size_t length, int flags)
{
    struct iovec slice = {NULL, length};

    memcpy(&slice.iov_base, &data, sizeof(data)); /* only read */
    return transmit(fd, &slice, 1, flags);
}

/* The socket of a number that is one of datagrams, or NULL. */
static struct socket *find_datagrams(int fd)
{
    struct description *description = find_socket(fd);
    struct socket *socket =
        description == NULL ? NULL : wasock_bsd__socket_of(description);

    return socket != NULL && socket->type == SOCK_DGRAM ? socket : NULL;
}

/* Receive a datagram and its sender. Returns as recvmsg. */
static ssize_t receive_datagram(int fd, struct msghdr *message, int flags)
{
    struct socket *socket = NULL;
    struct wasock_addr from = {0};
    size_t length = 0;
    ssize_t n = 0;

    if (!wasock_bsd__are_there(message->msg_iov, message->msg_iovlen)) {
        return wasock_bsd__result(-EFAULT);
    }
    do {
        socket = find_datagrams(fd);
        if (socket == NULL) {
            return wasock_bsd__result(-EBADF); /* a handler closed it */
        }
        wasock_bsd__begin_call(&socket->description);
        n = wasock_bsd__receive_datagram(socket, message->msg_iov,
                                         message->msg_iovlen, flags, &from,
                                         &length);
        n = wasock_bsd__end_call(&socket->description, WASOCK_READABLE, n);
    } while (n == -WASOCK_BSD_RESTART);
    if (n < 0) {
        return wasock_bsd__result(n);
    }
    message->msg_flags = 0;
    wasock_bsd__write_control(socket, message);
    wasock_bsd__write_address(&from, socket->domain,
                              (struct sockaddr *)message->msg_name,
                              &message->msg_namelen);
    if (length > (size_t)n) {
        message->msg_flags |= MSG_TRUNC;
    }
    return (flags & MSG_TRUNC) != 0 ? (ssize_t)length : n;
}

/* Send a datagram. to: NULL: to the peer. */
static ssize_t send_datagram(struct socket *socket, const struct iovec *slices,
                             int n_slices, int flags, const struct sockaddr *to,
                             socklen_t to_length)
{
    struct wasock_addr addr;
    int result = wasock_bsd__are_there(slices, n_slices) ? 0 : -EFAULT;

    if (result == 0 && to != NULL) {
        result = wasock_bsd__read_address(to, to_length, &addr);
        if (result == 0 && to->sa_family != socket->domain) {
            result = -EAFNOSUPPORT;
        }
    }
    if (result < 0) {
        return wasock_bsd__result(result);
    }
    /* No host lets it wait: nothing interrupts it. */
    wasock_bsd__begin_call(&socket->description);
    const ssize_t n = wasock_bsd__send_datagram(socket, slices, n_slices, flags,
                                                to != NULL ? &addr : NULL);
    return wasock_bsd__result(
        wasock_bsd__end_call(&socket->description, WASOCK_WRITABLE, n));
}

/* recvfrom(2): on a stream no address is written. Errors: as recv. */
ssize_t recvfrom(int fd, void *restrict buffer, size_t capacity, int flags,
                 struct sockaddr *restrict from,
                 socklen_t *restrict from_length)
{
    struct socket *datagrams = find_datagrams(fd);

    if (datagrams != NULL && (flags & MSG_OOB) == 0) {
        struct iovec room = {buffer, capacity};
        struct msghdr message = {.msg_iov = &room, .msg_iovlen = 1};
        message.msg_name = from_length != NULL ? from : NULL;
        message.msg_namelen = from_length != NULL ? *from_length : 0;
        const ssize_t n = receive_datagram(fd, &message, flags);
        if (n >= 0 && from_length != NULL && message.msg_name != NULL) {
            *from_length = message.msg_namelen;
        }
        return n;
    }
    const ssize_t n = recv(fd, buffer, capacity, flags);
    if (n >= 0 && from != NULL && from_length != NULL) {
        *from_length = 0;
    }
    return n;
}

/* sendto(2): on a stream the address is ignored. Errors: as send; of datagrams:
 * EDESTADDRREQ: no address and no peer; EISCONN: another than the peer;
 * EMSGSIZE; EACCES; what the host says. */
ssize_t sendto(int fd, const void *data, size_t length, int flags,
               const struct sockaddr *to, socklen_t to_length)
{
    struct socket *datagrams = find_datagrams(fd);

    if (datagrams != NULL && (flags & MSG_OOB) == 0) {
        struct iovec slice = {NULL, length};
        memcpy(&slice.iov_base, &data, sizeof(data)); /* only read */
        return send_datagram(datagrams, &slice, 1, flags, to, to_length);
    }
    return send(fd, data, length, flags);
}

/* recvmsg(2): on a stream no control messages and no address. A call that fails
 * leaves the message unmodified. Errors: as recv; EMSGSIZE: too many
 * buffers. */
ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    if (message == NULL) {
        errno = EFAULT;
        return -1;
    }
    if (message->msg_iovlen < 0 || message->msg_iovlen > IOV_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    struct socket *datagrams = find_datagrams(fd);
    if (datagrams != NULL && (flags & MSG_OOB) == 0) {
        return receive_datagram(fd, message, flags);
    }
    const ssize_t n = receive(fd, message->msg_iov, message->msg_iovlen, flags);
    if (n >= 0) {
        message->msg_controllen = 0;
        message->msg_namelen = 0;
        message->msg_flags = 0;
    }
    return n;
}

/* sendmsg(2). Errors: as send; EMSGSIZE: too many slices; EINVAL: a control
 * message that control.c does not have: no descriptor can be passed. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (message == NULL) {
        errno = EFAULT;
        return -1;
    }
    if (message->msg_iovlen < 0 || message->msg_iovlen > IOV_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    struct socket *datagrams = find_datagrams(fd);
    if (datagrams == NULL
            ? message->msg_control != NULL && message->msg_controllen > 0
            : wasock_bsd__check_control(datagrams, message) < 0) {
        errno = EINVAL;
        return -1;
    }
    if (datagrams != NULL && (flags & MSG_OOB) == 0) {
        return send_datagram(datagrams, message->msg_iov, message->msg_iovlen,
                             flags, (const struct sockaddr *)message->msg_name,
                             message->msg_namelen);
    }
    return transmit(fd, message->msg_iov, message->msg_iovlen, flags);
}

/* What a call on several messages returns: their number, or the error of the
 * first. */
static int count_messages(unsigned n_done, ssize_t result)
{
    return n_done == 0 && result < 0 ? -1 : (int)n_done;
}

/* sendmmsg(2). Errors: as sendmsg of the first; what later ones fail with is
 * the next call's. */
int sendmmsg(int fd, struct mmsghdr *messages, unsigned n_messages,
             unsigned flags)
{
    unsigned n_sent = 0;
    ssize_t n = 0;

    if (n_messages == 0 && find_socket(fd) == NULL) {
        return -1;
    }
    while (n_sent < n_messages && n_sent < IOV_MAX) {
        n = sendmsg(fd, &messages[n_sent].msg_hdr, (int)flags);
        if (n < 0) {
            break;
        }
        messages[n_sent++].msg_len = (unsigned)n;
    }
    return count_messages(n_sent, n);
}
WASOCK_BSD_PLAIN(sendmmsg);

/*
 * recvmmsg(2): with MSG_WAITFORONE it waits for the first message only.
 * timeout: looked at after each message, as on Linux.
 * Errors: as recvmsg of the first; EINVAL: a bad timeout.
 */
int recvmmsg(int fd, struct mmsghdr *messages, unsigned n_messages,
             unsigned flags, struct timespec *timeout)
{
    const bool waits_for_one = (flags & MSG_WAITFORONE) != 0;
    uint64_t deadline_ns = 0;
    unsigned n_received = 0;
    ssize_t n = wasock_bsd__deadline_of(timeout, &deadline_ns);

    if (n < 0 || (n_messages == 0 && find_socket(fd) == NULL)) {
        return n < 0 ? (int)wasock_bsd__result(n) : -1;
    }
    flags &= ~(unsigned)MSG_WAITFORONE;
    while (n_received < n_messages && n_received < IOV_MAX) {
        n = recvmsg(fd, &messages[n_received].msg_hdr, (int)flags);
        if (n < 0) {
            break;
        }
        messages[n_received++].msg_len = (unsigned)n;
        if (waits_for_one) {
            flags |= MSG_DONTWAIT;
        }
        if (timeout != NULL && wasock__time_left_ns(deadline_ns) == 0) {
            break;
        }
    }
    return count_messages(n_received, n);
}
WASOCK_BSD_PLAIN(recvmmsg);

/* sockatmark(3): never, there is no urgent data. Errors: EBADF; ENOTSOCK. */
int sockatmark(int fd)
{
    return find_socket(fd) == NULL ? -1 : 0;
}

WASOCK_BSD_PLAIN(recvfrom);
WASOCK_BSD_PLAIN(recvmsg);
WASOCK_BSD_PLAIN(sendmsg);
WASOCK_BSD_PLAIN(sendto);
WASOCK_BSD_PLAIN(sockatmark);
