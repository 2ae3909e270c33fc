/* SPDX-License-Identifier: MIT */
/*
 * posix.c - the calls of wasip1.h on POSIX descriptors: a program for a
 * preview1 host runs natively, and can be debugged there.
 *
 * It opens listeners before main, as a host does (listen.c). SIGPIPE is
 * ignored, also in the programs that this one starts.
 */
/* For accept4. NOLINTNEXTLINE(readability-identifier-naming) */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../../host.h"
#include "../../wasip1.h"
#include "internal.h"

/* Some systems declare it. NOLINTNEXTLINE(readability-redundant-declaration) */
extern char **environ;

/* Polls of no more than this need no allocation. */
#define POLL_STACK_LENGTH 256

/* Without it (macOS) SIGPIPE is ignored all the same, but stops debuggers. */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* Errors that POSIX and preview1 call by the same name. */
/* clang-format off */
#define SAME_NAMES(X)                                                          \
    X(E2BIG) X(EACCES) X(EADDRINUSE) X(EADDRNOTAVAIL) X(EAFNOSUPPORT)          \
    X(EAGAIN) X(EALREADY) X(EBADF) X(EBADMSG) X(EBUSY) X(ECANCELED) X(ECHILD)  \
    X(ECONNABORTED) X(ECONNREFUSED) X(ECONNRESET) X(EDEADLK) X(EDESTADDRREQ)   \
    X(EDOM) X(EDQUOT) X(EEXIST) X(EFAULT) X(EFBIG) X(EHOSTUNREACH) X(EIDRM)    \
    X(EILSEQ) X(EINPROGRESS) X(EINTR) X(EINVAL) X(EIO) X(EISCONN) X(EISDIR)    \
    X(ELOOP) X(EMFILE) X(EMLINK) X(EMSGSIZE) X(ENAMETOOLONG) X(ENETDOWN)       \
    X(ENETRESET) X(ENETUNREACH) X(ENFILE) X(ENOBUFS) X(ENODEV) X(ENOENT)       \
    X(ENOEXEC) X(ENOLCK) X(ENOMEM) X(ENOMSG) X(ENOPROTOOPT) X(ENOSPC)          \
    X(ENOSYS) X(ENOTCONN) X(ENOTDIR) X(ENOTEMPTY) X(ENOTRECOVERABLE)           \
    X(ENOTSOCK) X(ENOTSUP) X(ENOTTY) X(ENXIO) X(EOVERFLOW) X(EOWNERDEAD)       \
    X(EPERM) X(EPIPE) X(EPROTO) X(EPROTONOSUPPORT) X(EPROTOTYPE) X(ERANGE)     \
    X(EROFS) X(ESPIPE) X(ESRCH) X(ESTALE) X(ETIMEDOUT) X(ETXTBSY) X(EXDEV)
/* clang-format on */

int32_t wasock__posix_errno(int posix_errno)
{
    static const uint8_t numbers[] = {
#define NUMBER(name) [name] = WASOCK_##name,
        SAME_NAMES(NUMBER)
#undef NUMBER
#ifdef EMULTIHOP /* the BSDs lack some of them */
            [EMULTIHOP] = WASOCK_EMULTIHOP,
#endif
#ifdef ENOLINK
        [ENOLINK] = WASOCK_ENOLINK,
#endif
    };

    if (posix_errno == EOPNOTSUPP) {
        return WASOCK_ENOTSUP;
    }
    if (posix_errno == EWOULDBLOCK) {
        return WASOCK_EAGAIN;
    }
    if (posix_errno <= 0 || (size_t)posix_errno >= sizeof(numbers) ||
        numbers[posix_errno] == 0) {
        return WASOCK_EIO;
    }
    return numbers[posix_errno];
}

void wasock__posix_close_after_error(int fd)
{
    const int error = errno;

    close(fd);
    errno = error;
}

/* The result of a call that returns -1 on failure. */
static int32_t outcome(ptrdiff_t result)
{
    return result < 0 ? wasock__posix_errno(errno) : 0;
}

static int32_t counted(ptrdiff_t result, uint32_t *n_bytes)
{
    if (result >= 0) {
        *n_bytes = (uint32_t)result;
    }
    return outcome(result);
}

static uint64_t monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now); /* fails on no system of today */
    return ((uint64_t)now.tv_sec * WASOCK_NS_PER_S) + (uint64_t)now.tv_nsec;
}

int32_t wasip1_clock_time_get(uint32_t clock_id, uint64_t precision_ns,
                              uint64_t *time_ns)
{
    (void)precision_ns;
    if (clock_id != WASIP1_CLOCKID_MONOTONIC) {
        return WASOCK_EINVAL;
    }
    *time_ns = monotonic_ns();
    return 0;
}

int32_t wasip1_environ_sizes_get(uint32_t *n_variables, uint32_t *n_bytes)
{
    *n_variables = 0;
    *n_bytes = 0;
    for (char **variable = environ; variable && *variable; variable++) {
        *n_variables += 1;
        *n_bytes += (uint32_t)strlen(*variable) + 1;
    }
    return 0;
}

int32_t wasip1_environ_get(char **variables, char *bytes)
{
    for (char **variable = environ; variable && *variable; variable++) {
        const size_t n_bytes = strlen(*variable) + 1;
        memcpy(bytes, *variable, n_bytes);
        *variables++ = bytes;
        bytes += n_bytes;
    }
    return 0;
}

int32_t wasip1_fd_close(int32_t fd)
{
    /* Interrupted, it is closed all the same; a second try could close what
     * another thread has opened in between. */
    return close(fd) < 0 && errno != EINTR ? wasock__posix_errno(errno) : 0;
}

static uint8_t socket_filetype(int fd)
{
    int type = 0;
    socklen_t length = sizeof(type);

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0) {
        return WASIP1_FILETYPE_UNKNOWN;
    }
    switch (type) {
    case SOCK_STREAM:
        return WASIP1_FILETYPE_SOCKET_STREAM;
    case SOCK_DGRAM:
        return WASIP1_FILETYPE_SOCKET_DGRAM;
    default:
        return WASIP1_FILETYPE_UNKNOWN;
    }
}

static uint8_t filetype(int fd, mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFSOCK:
        return socket_filetype(fd);
    case S_IFREG:
        return WASIP1_FILETYPE_REGULAR_FILE;
    case S_IFDIR:
        return WASIP1_FILETYPE_DIRECTORY;
    case S_IFCHR:
        return WASIP1_FILETYPE_CHARACTER_DEVICE;
    case S_IFBLK:
        return WASIP1_FILETYPE_BLOCK_DEVICE;
    default:
        return WASIP1_FILETYPE_UNKNOWN; /* a pipe: preview1 has no word */
    }
}

int32_t wasip1_fd_fdstat_get(int32_t fd, struct wasip1_fdstat *fdstat)
{
    struct stat stat;

    if (fstat(fd, &stat) < 0) {
        return wasock__posix_errno(errno);
    }
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0) {
        return wasock__posix_errno(errno);
    }
    fdstat->filetype = filetype(fd, stat.st_mode);
    fdstat->flags = flags & O_NONBLOCK ? WASIP1_FDFLAGS_NONBLOCK : 0;
    fdstat->rights_base = UINT64_MAX;
    fdstat->rights_inheriting = UINT64_MAX;
    return 0;
}

/* Set and clear O_NONBLOCK as preview1's descriptor flags say. */
static int32_t set_mode(int fd, uint16_t fdflags)
{
    const int old_flags = fcntl(fd, F_GETFL);

    if (old_flags < 0) {
        return wasock__posix_errno(errno);
    }
    const int flags = fdflags & WASIP1_FDFLAGS_NONBLOCK
                          ? old_flags | O_NONBLOCK
                          : old_flags & ~O_NONBLOCK;
    return flags == old_flags ? 0 : outcome(fcntl(fd, F_SETFL, flags));
}

int32_t wasip1_fd_fdstat_set_flags(int32_t fd, uint16_t flags)
{
    if ((flags & ~WASIP1_FDFLAGS_NONBLOCK) != 0) {
        return WASOCK_EINVAL;
    }
    return set_mode(fd, flags);
}

/*
 * preview1's slices as POSIX's, filled and not reinterpreted. Those beyond the
 * array are left out, which makes a short count.
 */
struct vector {
    struct iovec iovecs[WASOCK_SLICES_MAX];
    struct msghdr message;
};

static void start_vector(struct vector *vector)
{
    memset(&vector->message, 0, sizeof(vector->message));
    vector->message.msg_iov = vector->iovecs;
}

static void take_buffers(struct vector *vector,
                         const struct wasock_buffer *buffers, size_t n_buffers)
{
    start_vector(vector);
    for (size_t i = 0; i < n_buffers && i < WASOCK_SLICES_MAX; i++) {
        vector->iovecs[i].iov_base = buffers[i].data;
        vector->iovecs[i].iov_len = buffers[i].capacity;
        vector->message.msg_iovlen++;
    }
}

static void take_slices(struct vector *vector,
                        const struct wasock_slice *slices, size_t n_slices)
{
    start_vector(vector);
    for (size_t i = 0; i < n_slices && i < WASOCK_SLICES_MAX; i++) {
        /* An iovec serves both directions and so knows no const. */
        memcpy((void *)&vector->iovecs[i].iov_base,
               (const void *)&slices[i].data, sizeof(void *));
        vector->iovecs[i].iov_len = slices[i].length;
        vector->message.msg_iovlen++;
    }
}

int32_t wasip1_fd_read(int32_t fd, const struct wasock_buffer *buffers,
                       size_t n_buffers, uint32_t *n_read)
{
    struct vector vector;

    take_buffers(&vector, buffers, n_buffers);
    return counted(readv(fd, vector.iovecs, (int)vector.message.msg_iovlen),
                   n_read);
}

int32_t wasip1_fd_write(int32_t fd, const struct wasock_slice *slices,
                        size_t n_slices, uint32_t *n_written)
{
    struct vector vector;

    take_slices(&vector, slices, n_slices);
    return counted(writev(fd, vector.iovecs, (int)vector.message.msg_iovlen),
                   n_written);
}

/* Accept in a mode. Other programs do not inherit the descriptor. */
static int accept_with_mode(int fd, uint16_t fdflags)
{
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
    return accept4(fd, NULL, NULL,
                   fdflags & WASIP1_FDFLAGS_NONBLOCK
                       ? SOCK_NONBLOCK | SOCK_CLOEXEC
                       : SOCK_CLOEXEC);
#else
    const int accepted_fd = accept(fd, NULL, NULL);

    /* The mode is set either way: where there is no accept4 the listener's is
     * inherited. */
    if (accepted_fd >= 0 && (fcntl(accepted_fd, F_SETFD, FD_CLOEXEC) < 0 ||
                             set_mode(accepted_fd, fdflags) != 0)) {
        wasock__posix_close_after_error(accepted_fd);
        return -1;
    }
    return accepted_fd;
#endif
}

int32_t wasip1_sock_accept(int32_t fd, uint16_t flags, int32_t *accepted_fd)
{
    if ((flags & ~WASIP1_FDFLAGS_NONBLOCK) != 0) {
        return WASOCK_EINVAL;
    }
    const int result = accept_with_mode(fd, flags);
    if (result >= 0) {
        *accepted_fd = result;
        return 0;
    }
    /* What is no listener is EBADF on a preview1 host, whatever it is. */
    if (errno == ENOTSOCK || errno == EINVAL || errno == EOPNOTSUPP) {
        return WASOCK_EBADF;
    }
    return wasock__posix_errno(errno);
}

/* Not inlined: one buffer, as most have, needs no array on the stack. */
static __attribute__((noinline)) ptrdiff_t
receive_many(int fd, const struct wasock_buffer *buffers, size_t n_buffers)
{
    struct vector vector;

    take_buffers(&vector, buffers, n_buffers);
    return recvmsg(fd, &vector.message, 0);
}

int32_t wasip1_sock_recv(int32_t fd, const struct wasock_buffer *buffers,
                         size_t n_buffers, uint16_t flags, uint32_t *n_received,
                         struct wasip1_roflags *roflags)
{
    if (flags != 0) {
        return WASOCK_ENOTSUP;
    }
    roflags->flags = 0;
    return counted(n_buffers == 1
                       ? recv(fd, buffers->data, buffers->capacity, 0)
                       : receive_many(fd, buffers, n_buffers),
                   n_received);
}

/* 0 on a connection, EBADF on a listener: what a send of nothing is asked. */
static int32_t send_nothing(int fd, uint32_t *n_sent)
{
    int is_listener = 0;
    socklen_t length = sizeof(is_listener);

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listener, &length) < 0) {
        return wasock__posix_errno(errno);
    }
    if (is_listener) {
        return WASOCK_EBADF;
    }
    *n_sent = 0;
    return 0;
}

static __attribute__((noinline)) ptrdiff_t
send_many(int fd, const struct wasock_slice *slices, size_t n_slices)
{
    struct vector vector;

    take_slices(&vector, slices, n_slices);
    return sendmsg(fd, &vector.message, MSG_NOSIGNAL);
}

int32_t wasip1_sock_send(int32_t fd, const struct wasock_slice *slices,
                         size_t n_slices, uint16_t flags, uint32_t *n_sent)
{
    if (flags != 0) {
        return WASOCK_ENOTSUP;
    }
    if (n_slices == 0) {
        return send_nothing(fd, n_sent);
    }
    return counted(n_slices == 1
                       ? send(fd, slices->data, slices->length, MSG_NOSIGNAL)
                       : send_many(fd, slices, n_slices),
                   n_sent);
}

int32_t wasip1_sock_shutdown(int32_t fd, uint8_t how)
{
    switch (how) {
    case WASIP1_SDFLAGS_RD:
        return outcome(shutdown(fd, SHUT_RD));
    case WASIP1_SDFLAGS_WR:
        return outcome(shutdown(fd, SHUT_WR));
    case WASIP1_SDFLAGS_RD | WASIP1_SDFLAGS_WR:
        return outcome(shutdown(fd, SHUT_RDWR));
    default:
        return WASOCK_EINVAL;
    }
}

/* The arguments of poll(2): a pollfd a subscription, in their order, or one a
 * descriptor, at its number. */
struct poll_set {
    struct pollfd *pollfds;
    nfds_t n_pollfds;
    bool is_by_number;
    uint64_t timeout_ns; /* UINT64_MAX: no clock */
    bool has_impossible_fd;
};

/* Descriptors are unsigned in preview1 and signed in POSIX, whose poll ignores
 * negative ones. */
static bool is_impossible(uint32_t fd)
{
    return fd > INT_MAX;
}

static int32_t subscribe_clock(struct poll_set *set,
                               const struct wasock__subscription *subscription)
{
    if (subscription->of.clock.id != WASIP1_CLOCKID_MONOTONIC) {
        return WASOCK_EINVAL;
    }
    if (subscription->of.clock.flags != 0) {
        return WASOCK_ENOTSUP; /* a point in time, which the library avoids */
    }
    if (subscription->of.clock.timeout_ns < set->timeout_ns) {
        set->timeout_ns = subscription->of.clock.timeout_ns;
    }
    return 0;
}

static bool is_of_fd(const struct wasock__subscription *subscription)
{
    return subscription->tag != WASIP1_EVENTTYPE_CLOCK &&
           !is_impossible(subscription->of.fd);
}

/* The pollfd of a subscription to a descriptor. */
static struct pollfd *pollfd_of(const struct poll_set *set, size_t index,
                                const struct wasock__subscription *subscription)
{
    return &set->pollfds[set->is_by_number ? subscription->of.fd : index];
}

static void subscribe_fd(struct poll_set *set, size_t index,
                         const struct wasock__subscription *subscription)
{
    if (is_impossible(subscription->of.fd)) {
        set->has_impossible_fd = true;
        return;
    }
    struct pollfd *pollfd = pollfd_of(set, index, subscription);
    pollfd->fd = (int)subscription->of.fd;
    pollfd->events |=
        subscription->tag == WASIP1_EVENTTYPE_FD_READ ? POLLIN : POLLOUT;
}

static int32_t subscribe(struct poll_set *set,
                         const struct wasock__subscription *subscriptions,
                         size_t n_subscriptions)
{
    for (size_t i = 0; i < n_subscriptions; i++) {
        int32_t error = 0;
        switch (subscriptions[i].tag) {
        case WASIP1_EVENTTYPE_CLOCK:
            error = subscribe_clock(set, &subscriptions[i]);
            break;
        case WASIP1_EVENTTYPE_FD_READ:
        case WASIP1_EVENTTYPE_FD_WRITE:
            subscribe_fd(set, i, &subscriptions[i]);
            break;
        default:
            error = WASOCK_EINVAL;
            break;
        }
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/* Rounded up: a poll that ends early makes its caller a busy loop. */
static int poll_timeout_ms(uint64_t timeout_ns)
{
    if (timeout_ns == UINT64_MAX) {
        return -1;
    }
    const uint64_t timeout_ms =
        (timeout_ns / WASOCK_NS_PER_MS) + (timeout_ns % WASOCK_NS_PER_MS != 0);
    return timeout_ms < INT_MAX ? (int)timeout_ms : INT_MAX;
}

/* Wait for the first of a set. Returns a preview1 errno; `waited_ns` is the
 * timeout if it was reached, else 0. */
static int32_t wait_for(struct poll_set *set, uint64_t *waited_ns)
{
    const uint64_t timeout_ns = set->has_impossible_fd ? 0 : set->timeout_ns;
    const uint64_t start_ns = monotonic_ns();
    uint64_t left_ns = timeout_ns;
    int n_ready = 0;

    do {
        n_ready = poll(set->pollfds, set->n_pollfds, poll_timeout_ms(left_ns));
        if (timeout_ns != UINT64_MAX) {
            left_ns = wasock_ns_subtract(timeout_ns, monotonic_ns() - start_ns);
        }
    } while (n_ready == 0 && left_ns > 0);
    *waited_ns = n_ready == 0 ? timeout_ns : 0;
    return outcome(n_ready);
}

static const struct wasock__event no_event = {0};

/* The event of a subscription to a descriptor of which poll said `revents`. */
static bool fd_event(const struct wasock__subscription *subscription,
                     short revents, struct wasock__event *event)
{
    const short wanted =
        subscription->tag == WASIP1_EVENTTYPE_FD_READ ? POLLIN : POLLOUT;

    if (revents & POLLNVAL) {
        event->error = WASOCK_EBADF;
        return true;
    }
    if (revents & POLLHUP) {
        event->flags = WASIP1_EVENTRWFLAGS_HANGUP;
    }
    return (revents & (wanted | POLLHUP | POLLERR)) != 0;
}

/* Write the events of a finished wait; returns how many. */
static uint32_t report(const struct poll_set *set, uint64_t waited_ns,
                       const struct wasock__subscription *subscriptions,
                       size_t n_subscriptions, struct wasock__event *events)
{
    uint32_t n_events = 0;

    for (size_t i = 0; i < n_subscriptions; i++) {
        const struct wasock__subscription *subscription = &subscriptions[i];
        struct wasock__event *event = &events[n_events];
        *event = no_event;
        event->userdata = subscription->userdata;
        event->type = subscription->tag;
        if (is_of_fd(subscription)) {
            n_events += fd_event(
                subscription, pollfd_of(set, i, subscription)->revents, event);
        } else if (subscription->tag == WASIP1_EVENTTYPE_CLOCK) {
            n_events += subscription->of.clock.timeout_ns <= waited_ns;
        } else {
            event->error = WASOCK_EBADF;
            n_events++;
        }
    }
    return n_events;
}

/*
 * The number of pollfds. poll(2) takes no more than a process may have
 * descriptors, and a descriptor may have two subscriptions. Many
 * subscriptions are indexed by descriptor; a few are in their own order.
 */
static nfds_t n_pollfds_of(const struct wasock__subscription *subscriptions,
                           size_t n_subscriptions, bool *is_by_number)
{
    size_t n_numbers = 0;

    for (size_t i = 0; i < n_subscriptions; i++) {
        if (is_of_fd(&subscriptions[i]) &&
            subscriptions[i].of.fd >= n_numbers) {
            n_numbers = (size_t)subscriptions[i].of.fd + 1;
        }
    }
    *is_by_number = n_numbers < n_subscriptions;
    return *is_by_number ? n_numbers : n_subscriptions;
}

int32_t wasip1_poll_oneoff(const struct wasock__subscription *subscriptions,
                           struct wasock__event *events, size_t n_subscriptions,
                           uint32_t *n_events)
{
    struct pollfd few[POLL_STACK_LENGTH];
    struct poll_set set = {.pollfds = few, .timeout_ns = UINT64_MAX};
    uint64_t waited_ns = 0;

    if (n_subscriptions == 0) {
        return WASOCK_EINVAL; /* nothing would ever happen */
    }
    set.n_pollfds =
        n_pollfds_of(subscriptions, n_subscriptions, &set.is_by_number);
    if (set.n_pollfds > POLL_STACK_LENGTH) {
        set.pollfds = (struct pollfd *)malloc(set.n_pollfds * sizeof(few[0]));
        if (set.pollfds == NULL) {
            return WASOCK_ENOMEM;
        }
    }
    for (nfds_t i = 0; i < set.n_pollfds; i++) {
        const struct pollfd unused = {.fd = -1};
        set.pollfds[i] = unused;
    }
    int32_t error = subscribe(&set, subscriptions, n_subscriptions);
    if (error == 0) {
        error = wait_for(&set, &waited_ns);
    }
    if (error == 0) {
        *n_events =
            report(&set, waited_ns, subscriptions, n_subscriptions, events);
    }
    if (set.pollfds != few) {
        free(set.pollfds);
    }
    return error;
}

const struct wasock__poll_cost *wasock__host_poll_cost(void)
{
    return NULL; /* the poller detects that poll(2) is truthful */
}

static __attribute__((constructor)) void start(void)
{
    (void)signal(SIGPIPE, SIG_IGN); /* as in a guest: a write returns EPIPE */
    wasock__posix_hand_over();
}
