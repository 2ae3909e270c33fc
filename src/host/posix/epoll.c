/* SPDX-License-Identifier: MIT */
/*
 * epoll.c - sets of descriptors on Linux. The other systems keep none
 * (no_set.c) and are asked by poll(2): a kqueue takes a second watch of a
 * descriptor for a change of the first, and does not say so.
 */
/* For F_DUPFD_CLOEXEC. NOLINTNEXTLINE(readability-identifier-naming) */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <wasock/clock.h>
#include <wasock/err.h>
#include <wasock/fd.h>

#include "../../host.h"

/* The most that one wait reports. The kernel reports the others first in the
 * next one. */
#define EVENTS_MAX 256

/* The state of a watch: `fd` is a copy of the descriptor, and the watch's. */
#define STATE_COPY 1

static int32_t error_of_call(void)
{
    switch (errno) {
    case EINTR:
        return WASOCK_EINTR;
    case EBADF:
        return WASOCK_EBADF;
    case EPERM: /* a file or a directory */
        return WASOCK_ENOTSUP;
    case EMFILE:
        return WASOCK_EMFILE;
    case ENFILE:
        return WASOCK_ENFILE;
    case ENOMEM:
        return WASOCK_ENOMEM;
    case ENOSPC: /* fs.epoll.max_user_watches */
        return WASOCK_ENOSPC;
    default:
        return WASOCK_EIO;
    }
}

int32_t wasock__host_set_open(struct wasock__host_set *set)
{
    const int fd = epoll_create1(EPOLL_CLOEXEC);

    if (fd < 0) {
        return error_of_call();
    }
    set->fd = fd;
    return 0;
}

void wasock__host_set_close(struct wasock__host_set *set)
{
    close(set->fd);
}

static int control(struct wasock__host_watch *watch, int operation,
                   unsigned directions)
{
    struct epoll_event event = {
        .events = (directions & WASOCK_READABLE ? EPOLLIN : 0U) |
                  (directions & WASOCK_WRITABLE ? EPOLLOUT : 0U),
        .data = {.ptr = watch},
    };

    return epoll_ctl(watch->set->fd, operation, watch->fd, &event);
}

/* The set has the descriptor already: watch a copy of it. */
static int add_copy(struct wasock__host_watch *watch, unsigned directions)
{
    const int copy = fcntl(watch->fd, F_DUPFD_CLOEXEC, 0);

    if (copy < 0) {
        return copy;
    }
    watch->fd = copy;
    watch->state = STATE_COPY;
    const int result = control(watch, EPOLL_CTL_ADD, directions);
    if (result < 0) {
        const int error = errno;
        close(copy);
        errno = error;
    }
    return result;
}

int32_t wasock__host_set_add(struct wasock__host_set *set,
                             struct wasock__host_watch *watch, int32_t fd,
                             unsigned directions)
{
    watch->set = set;
    watch->fd = fd;
    watch->directions = (uint8_t)directions;
    watch->state = 0;
    int result = control(watch, EPOLL_CTL_ADD, directions);
    if (result < 0 && errno == EEXIST) {
        result = add_copy(watch, directions);
    }
    return result < 0 ? error_of_call() : 0;
}

int32_t wasock__host_set_modify(struct wasock__host_watch *watch,
                                unsigned directions)
{
    if (control(watch, EPOLL_CTL_MOD, directions) < 0) {
        return error_of_call();
    }
    watch->directions = (uint8_t)directions;
    return 0;
}

void wasock__host_set_remove(struct wasock__host_watch *watch)
{
    /* It fails if the descriptor was closed, which removed it. */
    (void)control(watch, EPOLL_CTL_DEL, 0);
    if (watch->state == STATE_COPY) {
        close(watch->fd);
    }
}

/* Rounded up: a wait that ends early makes its caller a busy loop. */
static int timeout_ms_of(uint64_t timeout_ns)
{
    if (timeout_ns == UINT64_MAX) {
        return -1;
    }
    const uint64_t timeout_ms =
        (timeout_ns / WASOCK_NS_PER_MS) + (timeout_ns % WASOCK_NS_PER_MS != 0);
    return timeout_ms < INT_MAX ? (int)timeout_ms : INT_MAX;
}

/* The directions of a watch that are ready. An error and a hang-up make all
 * ready: a try returns it. */
static unsigned ready_of(uint32_t events)
{
    const uint32_t both = EPOLLERR | EPOLLHUP;

    return (events & (EPOLLIN | both) ? WASOCK_READABLE : 0U) |
           (events & (EPOLLOUT | both) ? WASOCK_WRITABLE : 0U);
}

int32_t wasock__host_set_wait(struct wasock__host_set *set,
                              struct wasock__host_watch **ready,
                              uint32_t capacity, uint64_t timeout_ns,
                              uint32_t *n_ready)
{
    struct epoll_event events[EVENTS_MAX];
    const int n = epoll_wait(set->fd, events,
                             capacity < EVENTS_MAX ? (int)capacity : EVENTS_MAX,
                             timeout_ms_of(timeout_ns));

    if (n < 0) {
        return error_of_call();
    }
    for (int i = 0; i < n; i++) {
        struct wasock__host_watch *watch =
            (struct wasock__host_watch *)events[i].data.ptr;
        watch->ready =
            (uint8_t)(ready_of(events[i].events) & watch->directions);
        ready[i] = watch;
    }
    *n_ready = (uint32_t)n;
    return 0;
}
