/* SPDX-License-Identifier: MIT */
/*
 * select.c - select and pselect, on bitmaps of any size, over poll.
 *
 * There are never exceptional conditions. The timeout is not modified; Linux
 * writes the rest.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/time.h>

#include <wasock/clock.h>

#include "../system/signals.h"
#include "../table.h"
#include "wait.h"

/* The fds of a call. */
struct members {
    struct pollfd *fds;
    size_t capacity;
};

/* Memory that is not in use: another thread may select while one waits. */
static struct members spare;

static bool has(const fd_set *set, int fd)
{
    return set != NULL && FD_ISSET(fd, set);
}

/* The POLL bits to request for a number. */
static short events_of(int fd, const fd_set *readable, const fd_set *writable)
{
    unsigned events = 0;

    events |= has(readable, fd) ? POLLIN : 0;
    events |= has(writable, fd) ? POLLOUT : 0;
    return (short)events;
}

/* Room for one more of them. */
static bool make_room(struct members *members, size_t n)
{
    const size_t capacity = n == 0 ? 64 : 2 * n;

    if (n < members->capacity) {
        return true;
    }
    struct pollfd *grown = (struct pollfd *)realloc(
        members->fds, capacity * sizeof(*members->fds));
    if (grown == NULL) {
        return false;
    }
    members->fds = grown;
    members->capacity = capacity;
    return true;
}

static void give_back(const struct members *members)
{
    if (spare.fds == NULL) {
        spare = *members;
    } else {
        free(members->fds);
    }
}

/* List the members of the sets. Returns the number, or -ENOMEM, -EBADF. */
static int list_members(struct members *members, int n_fds,
                        const fd_set *readable, const fd_set *writable,
                        const fd_set *exceptional)
{
    size_t n = 0;

    for (int fd = 0; fd < n_fds; fd++) {
        const short events = events_of(fd, readable, writable);
        if (events == 0 && !has(exceptional, fd)) {
            continue;
        }
        if (wasock_bsd__find(fd) == NULL) {
            return -EBADF;
        }
        if (events == 0) {
            continue; /* an end is no exceptional condition */
        }
        if (!make_room(members, n)) {
            return -ENOMEM;
        }
        members->fds[n].fd = fd;
        members->fds[n].events = events;
        n++;
    }
    return (int)n;
}

/* Keep a member of a set if it is ready. Returns the number of bits left. */
static int keep(fd_set *set, const struct pollfd *fd, unsigned asked,
                unsigned ready)
{
    if (set == NULL || ((unsigned)fd->events & asked) == 0) {
        return 0;
    }
    if (((unsigned)fd->revents & ready) != 0) {
        return 1;
    }
    FD_CLR(fd->fd, set);
    return 0;
}

/* A call that fails, also by a signal, leaves the sets unmodified. */
static int select_members(struct members *members, int n_fds, fd_set *readable,
                          fd_set *writable, fd_set *exceptional,
                          uint64_t deadline_ns, const sigset_t *mask)
{
    const int n = list_members(members, n_fds, readable, writable, exceptional);
    if (n < 0) {
        return n;
    }
    sigset_t before = 0;
    if (wasock_bsd__begin_mask(mask, &before)) {
        deadline_ns = WASOCK_DEADLINE_PAST;
    }
    const int n_polled = wasock_bsd__end_mask(
        mask, &before, wasock_bsd__poll(members->fds, (size_t)n, deadline_ns));
    if (n_polled < 0) {
        return n_polled;
    }
    int n_ready = 0;
    for (int i = 0; i < n; i++) {
        const struct pollfd *fd = &members->fds[i];
        n_ready += keep(readable, fd, POLLIN, POLLIN | POLLHUP | POLLERR);
        n_ready += keep(writable, fd, POLLOUT, POLLOUT | POLLERR);
    }
    for (int fd = 0; exceptional != NULL && fd < n_fds; fd++) {
        FD_CLR(fd, exceptional);
    }
    return n_ready;
}

static int select_until(int n_fds, fd_set *readable, fd_set *writable,
                        fd_set *exceptional, uint64_t deadline_ns,
                        const sigset_t *mask)
{
    struct members members = spare;

    if (n_fds < 0) {
        return -EINVAL;
    }
    spare.fds = NULL;
    spare.capacity = 0;
    const int result = select_members(&members, n_fds, readable, writable,
                                      exceptional, deadline_ns, mask);
    give_back(&members);
    return result;
}

/*
 * select(2), pselect(2).
 * Errors: EBADF: a closed number; EINVAL: a negative n_fds, a bad timeout;
 * EINTR: a signal came; ENOMEM; any other
 * code of the host.
 */
int select(int n_fds, fd_set *restrict readable, fd_set *restrict writable,
           fd_set *restrict exceptional, struct timeval *restrict timeout)
{
    struct timespec time = {0, 0};

    if (timeout != NULL) {
        if (timeout->tv_usec < 0 || timeout->tv_sec < 0) {
            return (int)wasock_bsd__result(-EINVAL);
        }
        time.tv_sec = timeout->tv_usec / 1000000;
        if (timeout->tv_sec > INT64_MAX - time.tv_sec) {
            time.tv_sec = 0; /* the sum would overflow: as good as it */
        }
        time.tv_sec += timeout->tv_sec;
        time.tv_nsec = (long)(timeout->tv_usec % 1000000) * 1000;
    }
    return pselect(n_fds, readable, writable, exceptional,
                   timeout != NULL ? &time : NULL, NULL);
}

int pselect(int n_fds, fd_set *restrict readable, fd_set *restrict writable,
            fd_set *restrict exceptional,
            const struct timespec *restrict timeout,
            const sigset_t *restrict mask)
{
    uint64_t deadline_ns = 0;
    int result = wasock_bsd__deadline_of(timeout, &deadline_ns);

    if (result == 0) {
        result = select_until(n_fds, readable, writable, exceptional,
                              deadline_ns, mask);
    }
    return (int)wasock_bsd__result(result);
}
