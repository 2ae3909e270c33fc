/* SPDX-License-Identifier: MIT */
/* preview1.c - a host of preview1 offers nothing beyond it. */
#include <wasock/err.h>

#include "../../host.h"

/* Outputs stay unwritten. NOLINTBEGIN(readability-non-const-parameter) */

int32_t wasock__host_first_fd(void)
{
    return 3;
}

int32_t wasock__host_listen(const struct wasock_addr *addr, uint32_t backlog,
                            int32_t *fd)
{
    (void)addr;
    (void)backlog;
    (void)fd;
    return WASOCK_ENOSYS;
}

int32_t wasock__host_connect(const struct wasock_addr *addr, int32_t *fd)
{
    (void)addr;
    (void)fd;
    return WASOCK_ENOSYS;
}

int32_t wasock__host_connect_result(int32_t fd)
{
    (void)fd;
    return WASOCK_ENOSYS;
}

int32_t wasock__host_local_addr(int32_t fd, struct wasock_addr *addr)
{
    (void)fd;
    (void)addr;
    return WASOCK_ENOSYS;
}

int32_t wasock__host_remote_addr(int32_t fd, struct wasock_addr *addr)
{
    (void)fd;
    (void)addr;
    return WASOCK_ENOSYS;
}

int32_t wasock__host_lookup(const char *name, struct wasock_addr *addrs,
                            size_t capacity, size_t *n_addrs)
{
    (void)name;
    (void)addrs;
    (void)capacity;
    (void)n_addrs;
    return WASOCK_ENOSYS;
}

const struct wasock__poll_cost *wasock__host_poll_cost(void)
{
    return NULL;
}

/* NOLINTEND(readability-non-const-parameter) */
