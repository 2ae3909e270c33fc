/* SPDX-License-Identifier: MIT */
/*
 * messages.c - socket pairs of SOCK_DGRAM and SOCK_SEQPACKET, in the program's
 * own memory: at most 64 KiB wait at an end.
 *
 * True: borders, empty messages, MSG_PEEK, MSG_TRUNC, what each type does when
 * its peer has gone. Not done: MSG_TRUNC in the flags of recvmsg; addresses.
 */
#include "messages.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wasock/fd.h>

#include "../threads/layer.h"
#include "../vectors.h"
#include "../waiting/watch.h"

#define WAITING_BYTES_MAX 65536

struct message {
    struct message *next;
    size_t length;
    unsigned char bytes[];
};

struct message_end {
    struct description description;
    struct message_end *peer; /* NULL: it has gone */
    struct message *first;    /* to be read next */
    struct message **last;
    size_t n_waiting; /* bytes in the messages */
    int type;
    unsigned shut; /* halves, enum wasock_shutdown */
};

static const struct operations message_operations;

/* Whether nothing more can come. Datagrams do not end. */
static bool is_at_end(const struct message_end *end)
{
    return (end->shut & WASOCK_SHUTDOWN_READ) != 0 ||
           (end->type == SOCK_SEQPACKET &&
            (end->peer == NULL ||
             (end->peer->shut & WASOCK_SHUTDOWN_WRITE) != 0));
}

static void take_first(struct message_end *end)
{
    struct message *taken = end->first;

    end->first = taken->next;
    if (end->first == NULL) {
        end->last = &end->first;
    }
    end->n_waiting -= taken->length;
    free(taken);
}

static ssize_t end_read(struct description *description,
                        const struct iovec *buffers, int n_buffers, int flags)
{
    struct message_end *end = (struct message_end *)description;
    size_t n = 0;

    while (end->first == NULL) {
        const int result =
            is_at_end(end)
                ? 0
                : wasock_bsd__block(description, WASOCK_READABLE, flags);
        if (result < 0 || is_at_end(end)) {
            return result;
        }
    }
    const struct message *message = end->first;
    for (int i = 0; i < n_buffers; i++) {
        const size_t left = message->length - n;
        const size_t part =
            buffers[i].iov_len < left ? buffers[i].iov_len : left;
        memcpy(buffers[i].iov_base, message->bytes + n, part);
        n += part;
    }
    const ssize_t result =
        (ssize_t)((flags & MSG_TRUNC) != 0 ? message->length : n);
    if ((flags & MSG_PEEK) == 0) {
        take_first(end);
        wasock_bsd__changed(description, 0);
        if (end->peer != NULL) {
            wasock_bsd__changed(&end->peer->description, POLLOUT);
        }
    }
    return result;
}

/* Whether a message can be sent: 1, 0: try again, or an error. */
static int check_room(struct message_end *end, size_t length, int flags)
{
    const struct message_end *peer = end->peer;

    if ((end->shut & WASOCK_SHUTDOWN_WRITE) != 0 ||
        (peer != NULL && (peer->shut & WASOCK_SHUTDOWN_READ) != 0)) {
        return -EPIPE;
    }
    if (peer == NULL) {
        return end->type == SOCK_DGRAM ? -ECONNREFUSED : -EPIPE;
    }
    if (length > WAITING_BYTES_MAX) {
        return -EMSGSIZE;
    }
    return peer->n_waiting + length > WAITING_BYTES_MAX
               ? wasock_bsd__block(&end->description, WASOCK_WRITABLE, flags)
               : 1;
}

static ssize_t end_write(struct description *description,
                         const struct iovec *slices, int n_slices, int flags)
{
    struct message_end *end = (struct message_end *)description;
    const size_t length = wasock_bsd__total_of(slices, n_slices);
    int result = 0;
    size_t n = 0;

    while (result == 0) {
        result = check_room(end, length, flags);
    }
    if (result < 0) {
        return result;
    }
    struct message *message =
        (struct message *)malloc(sizeof(*message) + length);
    if (message == NULL) {
        return -ENOBUFS;
    }
    for (int i = 0; i < n_slices; i++) {
        memcpy(message->bytes + n, slices[i].iov_base, slices[i].iov_len);
        n += slices[i].iov_len;
    }
    message->next = NULL;
    message->length = length;
    *end->peer->last = message;
    end->peer->last = &message->next;
    end->peer->n_waiting += length;
    wasock_bsd__changed(&end->peer->description, POLLIN);
    return (ssize_t)length;
}

static unsigned end_known(struct description *description)
{
    const struct message_end *end = (const struct message_end *)description;
    unsigned known = end->first != NULL ? POLLIN : 0;

    if (is_at_end(end)) {
        known |= POLLIN | POLLRDHUP;
    }
    if (end->type == SOCK_SEQPACKET && end->peer == NULL) {
        known |= POLLHUP;
    }
    if (end->peer == NULL || end->peer->n_waiting < WAITING_BYTES_MAX) {
        known |= POLLOUT;
    }
    return known;
}

static int end_stat(struct description *description, struct stat *status)
{
    (void)description;
    status->st_mode = S_IFSOCK | 0777;
    status->st_nlink = 1;
    return 0;
}

static int end_close(struct description *description)
{
    struct message_end *end = (struct message_end *)description;

    wasock_bsd__end_watches(description);
    while (end->first != NULL) {
        take_first(end);
    }
    if (end->peer != NULL) {
        end->peer->peer = NULL;
        wasock_bsd__changed(&end->peer->description, WASOCK_BSD_ALL);
    }
    free(end);
    return 0;
}

static const struct operations message_operations = {
    .read = end_read,
    .write = end_write,
    .known = end_known,
    .stat = end_stat,
    .is_waitable = true,
    .close = end_close,
};

int wasock_bsd__message_type(const struct description *description)
{
    return description->operations == &message_operations
               ? ((const struct message_end *)description)->type
               : 0;
}

int wasock_bsd__shut_messages(struct description *description, unsigned halves)
{
    struct message_end *end = (struct message_end *)description;

    end->shut |= halves;
    wasock_bsd__changed(description, WASOCK_BSD_ALL);
    if (end->peer != NULL) {
        wasock_bsd__changed(&end->peer->description, WASOCK_BSD_ALL);
    }
    return 0;
}

ptrdiff_t wasock_bsd__unread_messages(const struct description *description)
{
    const struct message_end *end = (const struct message_end *)description;

    if (end->type == SOCK_SEQPACKET || end->first == NULL) {
        return (ptrdiff_t)end->n_waiting;
    }
    return (ptrdiff_t)end->first->length;
}

static struct message_end *new_end(int type, int flags)
{
    struct message_end *end = (struct message_end *)calloc(1, sizeof(*end));

    if (end != NULL) {
        end->description.operations = &message_operations;
        end->description.flags = O_RDWR | flags;
        end->type = type;
        end->last = &end->first;
    }
    return end;
}

int wasock_bsd__pair_of_messages(int type, int flags, int descriptor_flags,
                                 int fds[2])
{
    struct message_end *one = new_end(type, flags);
    struct message_end *other = new_end(type, flags);

    if (one == NULL || other == NULL) {
        free(one);
        free(other);
        errno = ENOMEM;
        return -1;
    }
    one->peer = other;
    other->peer = one;
    const int first = wasock_bsd__open(&one->description, descriptor_flags);
    if (first < 0) {
        end_close(&other->description);
        return -1;
    }
    const int second = wasock_bsd__open(&other->description, descriptor_flags);
    if (second < 0) {
        const int error = errno;
        close(first);
        errno = error;
        return -1;
    }
    fds[0] = first;
    fds[1] = second;
    return 0;
}
