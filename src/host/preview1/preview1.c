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

int32_t wasock__host_bind(const struct wasock_addr *addr, int32_t *fd)
{
    (void)addr;
    (void)fd;
    return WASOCK_ENOSYS;
}

int32_t wasock__host_listen_bound(int32_t fd, uint32_t backlog)
{
    (void)fd;
    (void)backlog;
    return WASOCK_ENOSYS;
}

int32_t wasock__host_connect_bound(int32_t fd, const struct wasock_addr *addr)
{
    (void)fd;
    (void)addr;
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

int32_t wasock__host_dgram_open(uint8_t family, const struct wasock_addr *addr,
                                int32_t *fd)
{
    (void)family;
    (void)addr;
    (void)fd;
    return WASOCK_ENOSYS;
}

int32_t wasock__host_dgram_connect(int32_t fd, const struct wasock_addr *addr)
{
    (void)fd;
    (void)addr;
    return WASOCK_ENOSYS;
}

int32_t wasock__host_dgram_send(int32_t fd, const struct wasock_slice *slices,
                                size_t n_slices, const struct wasock_addr *addr,
                                uint32_t *n_sent)
{
    (void)fd;
    (void)slices;
    (void)n_slices;
    (void)addr;
    (void)n_sent;
    return WASOCK_ENOSYS;
}

int32_t wasock__host_dgram_receive(int32_t fd,
                                   const struct wasock_buffer *buffers,
                                   size_t n_buffers, struct wasock_addr *addr,
                                   uint32_t *length)
{
    (void)fd;
    (void)buffers;
    (void)n_buffers;
    (void)addr;
    (void)length;
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
