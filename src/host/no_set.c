/* SPDX-License-Identifier: MIT */
/* no_set.c - a host that keeps no sets: preview1, WASI 0.2, and POSIX without
 * epoll. */
#include <wasock/err.h>

#include "../host.h"

/* Outputs stay unwritten. NOLINTBEGIN(readability-non-const-parameter) */

int32_t wasock__host_set_open(struct wasock__host_set *set)
{
    (void)set;
    return WASOCK_ENOSYS;
}

void wasock__host_set_close(struct wasock__host_set *set)
{
    (void)set;
}

int32_t wasock__host_set_add(struct wasock__host_set *set,
                             struct wasock__host_watch *watch, int32_t fd,
                             unsigned directions)
{
    (void)set;
    (void)watch;
    (void)fd;
    (void)directions;
    return WASOCK_ENOSYS;
}

int32_t wasock__host_set_modify(struct wasock__host_watch *watch,
                                unsigned directions)
{
    (void)watch;
    (void)directions;
    return WASOCK_ENOSYS;
}

void wasock__host_set_remove(struct wasock__host_watch *watch)
{
    (void)watch;
}

int32_t wasock__host_set_wait(struct wasock__host_set *set,
                              struct wasock__host_watch **ready,
                              uint32_t capacity, uint64_t timeout_ns,
                              uint32_t *n_ready)
{
    (void)set;
    (void)ready;
    (void)capacity;
    (void)timeout_ns;
    (void)n_ready;
    return WASOCK_ENOSYS;
}

/* NOLINTEND(readability-non-const-parameter) */
