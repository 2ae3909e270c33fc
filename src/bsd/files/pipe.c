/* SPDX-License-Identifier: MIT */
/*
 * pipe.c - pipe, pipe2 and socketpair: streams of 64 KiB in the program's own
 * memory.
 *
 * True: order, atomic writes of up to PIPE_BUF bytes, end of file and EPIPE
 * when the other side has gone, O_NONBLOCK, readiness.
 * Not done: passing descriptors. messages.c has the pairs that keep the borders
 * of messages.
 */
#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wasock/fd.h>

#include "../plain.h"
#include "../threads/layer.h"
#include "../vectors.h"
#include "../waiting/watch.h"
#include "messages.h"

#define STREAM_BYTES WASOCK_BSD_PIPE_BYTES
#define ATOMIC_BYTES PIPE_BUF

/* Bytes on their way from one end to the other: a ring. */
struct stream {
    struct description *reader; /* NULL: reads no more */
    struct description *writer; /* NULL: writes no more */
    size_t begin;
    size_t length;
    unsigned n_ends; /* open ones that refer to it */
    unsigned char bytes[STREAM_BYTES];
};

struct end {
    struct description description;
    struct stream *in;  /* NULL: the writing end of a pipe */
    struct stream *out; /* NULL: the reading end of a pipe */
};

static const struct operations end_operations;

static const struct end *end_of(const struct description *description)
{
    return description->operations == &end_operations
               ? (const struct end *)description
               : NULL;
}

/* Whether one end of a stream is closed. */
static bool is_over(const struct stream *stream)
{
    return stream->reader == NULL || stream->writer == NULL;
}

static size_t room_of(const struct stream *stream)
{
    return STREAM_BYTES - stream->length;
}

/* Copy out of the ring without taking; returns how many bytes. */
static size_t copy_out(const struct stream *stream, size_t offset,
                       unsigned char *bytes, size_t capacity)
{
    size_t n = stream->length - offset;
    const size_t from = (stream->begin + offset) % STREAM_BYTES;

    n = n < capacity ? n : capacity;
    const size_t first = STREAM_BYTES - from < n ? STREAM_BYTES - from : n;
    memcpy(bytes, stream->bytes + from, first);
    memcpy(bytes + first, stream->bytes, n - first);
    return n;
}

static size_t put_in(struct stream *stream, const unsigned char *bytes,
                     size_t length)
{
    const size_t room = room_of(stream);
    const size_t n = room < length ? room : length;
    const size_t to = (stream->begin + stream->length) % STREAM_BYTES;
    const size_t first = STREAM_BYTES - to < n ? STREAM_BYTES - to : n;

    memcpy(stream->bytes + to, bytes, first);
    memcpy(stream->bytes, bytes + first, n - first);
    stream->length += n;
    return n;
}

static ssize_t end_read(struct description *description,
                        const struct iovec *buffers, int n_buffers, int flags)
{
    const struct end *end = (const struct end *)description;
    struct stream *stream = end->in;
    size_t n = 0;

    if (stream == NULL) {
        return -EBADF;
    }
    if (wasock_bsd__total_of(buffers, n_buffers) == 0 && end->out == NULL) {
        return 0; /* of a pair it is a recv, which waits for something */
    }
    while (stream->length == 0) {
        const int result =
            is_over(stream)
                ? 0
                : wasock_bsd__block(description, WASOCK_READABLE, flags);
        if (result < 0 || is_over(stream)) {
            return result;
        }
    }
    for (int i = 0; i < n_buffers; i++) {
        n += copy_out(stream, n, (unsigned char *)buffers[i].iov_base,
                      buffers[i].iov_len);
    }
    if ((flags & MSG_PEEK) == 0) {
        const bool was_full = room_of(stream) < ATOMIC_BYTES;
        stream->begin = (stream->begin + n) % STREAM_BYTES;
        stream->length -= n;
        if (stream->writer != NULL && was_full) {
            /* Only then did room become, which is an edge. */
            wasock_bsd__changed(stream->writer, POLLOUT);
        }
        wasock_bsd__changed(description, 0);
    }
    return (ssize_t)n;
}

/* Put in what there is room for of the slices, behind `offset` bytes. */
static size_t put_slices(struct stream *stream, const struct iovec *slices,
                         int n_slices, size_t offset)
{
    size_t n = 0;

    for (int i = 0; i < n_slices; i++) {
        const size_t length = slices[i].iov_len;
        if (offset >= length) {
            offset -= length;
            continue;
        }
        n += put_in(stream, (const unsigned char *)slices[i].iov_base + offset,
                    length - offset);
        offset = 0;
    }
    return n;
}

static ssize_t end_write(struct description *description,
                         const struct iovec *slices, int n_slices, int flags)
{
    const struct end *end = (const struct end *)description;
    struct stream *stream = end->out;
    const size_t total = wasock_bsd__total_of(slices, n_slices);
    const size_t needed = total <= ATOMIC_BYTES ? total : (size_t)1;
    size_t n = 0;
    int result = 0;

    if (stream == NULL) {
        return -EBADF;
    }
    while (n < total && result == 0) {
        if (is_over(stream)) {
            result = -EPIPE;
        } else if (room_of(stream) < needed) {
            result = wasock_bsd__block(description, WASOCK_WRITABLE, flags);
        } else {
            n += put_slices(stream, slices, n_slices, n);
            wasock_bsd__changed(stream->reader, POLLIN);
        }
    }
    return n > 0 ? (ssize_t)n : result;
}

static unsigned reader_known(const struct end *end)
{
    unsigned known = end->in->length > 0 ? POLLIN : 0;

    if (!is_over(end->in)) {
        return known;
    }
    if (end->out == NULL) {
        return known | POLLHUP;
    }
    known |= POLLIN | POLLRDHUP;
    return is_over(end->out) ? known | POLLHUP : known;
}

static unsigned writer_known(const struct end *end)
{
    if (is_over(end->out)) {
        return end->in == NULL ? POLLERR | POLLOUT : POLLOUT;
    }
    return room_of(end->out) >= ATOMIC_BYTES ? POLLOUT : 0;
}

static unsigned end_known(struct description *description)
{
    const struct end *end = (const struct end *)description;

    return (end->in == NULL ? 0 : reader_known(end)) |
           (end->out == NULL ? 0 : writer_known(end));
}

static int end_stat(struct description *description, struct stat *status)
{
    const struct end *end = (const struct end *)description;

    status->st_mode = wasock_bsd__is_pair(&end->description) ? S_IFSOCK | 0777
                                                             : S_IFIFO | 0600;
    status->st_nlink = 1;
    return 0;
}

/* An end leaves a stream: as its reader or its writer. */
static void leave(struct stream *stream, const struct description *end)
{
    if (stream == NULL) {
        return;
    }
    if (stream->reader == end) {
        stream->reader = NULL;
    }
    if (stream->writer == end) {
        stream->writer = NULL;
    }
    if (stream->reader != NULL) {
        wasock_bsd__changed(stream->reader, WASOCK_BSD_ALL);
    }
    if (stream->writer != NULL) {
        wasock_bsd__changed(stream->writer, WASOCK_BSD_ALL);
    }
}

static int end_close(struct description *description)
{
    struct end *end = (struct end *)description;
    struct stream *streams[2] = {end->in, end->out};

    wasock_bsd__end_watches(description);
    for (int i = 0; i < 2; i++) {
        struct stream *stream = streams[i];
        if (stream == NULL) {
            continue;
        }
        leave(stream, description);
        if (--stream->n_ends == 0) {
            free(stream);
        }
    }
    free(end);
    return 0;
}

static const struct operations end_operations = {
    .read = end_read,
    .write = end_write,
    .known = end_known,
    .stat = end_stat,
    .is_waitable = true,
    .close = end_close,
};

bool wasock_bsd__is_pair(const struct description *description)
{
    const struct end *end = end_of(description);

    return (end != NULL && end->in != NULL && end->out != NULL) ||
           wasock_bsd__message_type(description) != 0;
}

int wasock_bsd__pair_type(const struct description *description)
{
    const int type = wasock_bsd__message_type(description);

    return type != 0 ? type : SOCK_STREAM;
}

int wasock_bsd__shut_pair(struct description *description, unsigned halves)
{
    const struct end *end = (const struct end *)description;

    if (wasock_bsd__message_type(description) != 0) {
        return wasock_bsd__shut_messages(description, halves);
    }
    if (halves & WASOCK_SHUTDOWN_READ) {
        leave(end->in, description);
    }
    if (halves & WASOCK_SHUTDOWN_WRITE) {
        leave(end->out, description);
    }
    wasock_bsd__changed(description, WASOCK_BSD_ALL);
    return 0;
}

ptrdiff_t wasock_bsd__pipe_unread(const struct description *description)
{
    const struct end *end = end_of(description);

    if (wasock_bsd__message_type(description) != 0) {
        return wasock_bsd__unread_messages(description);
    }
    if (end == NULL) {
        return -1;
    }
    return (ptrdiff_t)(end->in == NULL ? end->out : end->in)->length;
}

static struct stream *new_stream(void)
{
    struct stream *stream = (struct stream *)malloc(sizeof(*stream));

    if (stream != NULL) {
        memset(stream, 0, offsetof(struct stream, bytes));
    }
    return stream;
}

static struct end *new_end(struct stream *in, struct stream *out, int flags)
{
    struct end *end = (struct end *)calloc(1, sizeof(*end));

    if (end == NULL) {
        return NULL;
    }
    end->description.operations = &end_operations;
    end->description.flags = flags;
    end->in = in;
    end->out = out;
    if (in != NULL) {
        in->reader = &end->description;
        in->n_ends++;
    }
    if (out != NULL) {
        out->writer = &end->description;
        out->n_ends++;
    }
    return end;
}

/* Give two ends their numbers; on failure both are closed. */
static int number_both(struct end *ends[2], int descriptor_flags, int fds[2])
{
    const int first = wasock_bsd__open(&ends[0]->description, descriptor_flags);

    if (first < 0) {
        end_close(&ends[1]->description);
        return -1;
    }
    const int second =
        wasock_bsd__open(&ends[1]->description, descriptor_flags);
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

/* Make both ends of one stream, or of two: `back` is NULL for a pipe. Takes the
 * streams over. */
static int connect_ends(struct stream *forth, struct stream *back, bool is_pair,
                        int flags, int descriptor_flags, int fds[2])
{
    struct end *ends[2] = {NULL, NULL};

    if (forth != NULL && (back != NULL || !is_pair)) {
        ends[0] = new_end(forth, back, flags | (is_pair ? O_RDWR : O_RDONLY));
        ends[1] = new_end(back, forth, flags | (is_pair ? O_RDWR : O_WRONLY));
    }
    if (ends[0] == NULL || ends[1] == NULL) {
        free(ends[0]);
        free(ends[1]);
        free(forth);
        free(back);
        errno = ENOMEM;
        return -1;
    }
    return number_both(ends, descriptor_flags, fds);
}

/*
 * pipe(2), pipe2(2). fds[0] reads, fds[1] writes.
 * Errors: EINVAL: a flag other than O_NONBLOCK and O_CLOEXEC: there are no
 *   packets (O_DIRECT); EMFILE; ENOMEM.
 */
int pipe(int fds[2])
{
    return pipe2(fds, 0);
}

int pipe2(int fds[2], int flags)
{
    if (fds == NULL) {
        errno = EFAULT;
        return -1;
    }
    if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) != 0) {
        errno = EINVAL;
        return -1;
    }
    return connect_ends(new_stream(), NULL, false, flags & O_NONBLOCK,
                        (flags & O_CLOEXEC) != 0 ? FD_CLOEXEC : 0, fds);
}

/*
 * socketpair(2): two connections that are each other's peer.
 * domain: AF_UNIX; AF_INET and AF_INET6 as well, which some programs ask for.
 * Errors: EAFNOSUPPORT: another domain; EPROTONOSUPPORT: another type than
 *   SOCK_STREAM, SOCK_DGRAM and SOCK_SEQPACKET; EMFILE; ENOMEM.
 */
int socketpair(int domain, int type, int protocol, int fds[2])
{
    const int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    const int flags = (type & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0;
    const int descriptor_flags = (type & SOCK_CLOEXEC) != 0 ? FD_CLOEXEC : 0;

    (void)protocol;
    if (domain != AF_UNIX && domain != AF_INET && domain != AF_INET6) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    if (kind == SOCK_DGRAM || kind == SOCK_SEQPACKET) {
        return wasock_bsd__pair_of_messages(kind, flags, descriptor_flags, fds);
    }
    if (kind != SOCK_STREAM) {
        errno = EPROTONOSUPPORT;
        return -1;
    }
    if (fds == NULL) {
        errno = EFAULT;
        return -1;
    }
    return connect_ends(new_stream(), new_stream(), true, flags,
                        descriptor_flags, fds);
}

WASOCK_BSD_PLAIN(pipe);
WASOCK_BSD_PLAIN(pipe2);
WASOCK_BSD_PLAIN(socketpair);
