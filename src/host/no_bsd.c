/* SPDX-License-Identifier: MIT */
/* no_bsd.c - a host without what only the BSD layer calls: sockets that are
 * bound before they listen or connect, and datagrams. */
#include <wasock/err.h>

#include "../host.h"

/* Outputs stay unwritten. NOLINTBEGIN(readability-non-const-parameter) */

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

/* NOLINTEND(readability-non-const-parameter) */
