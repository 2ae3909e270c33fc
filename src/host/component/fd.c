/* SPDX-License-Identifier: MIT */
/* fd.c - functions of wasip1.h and host.h that are the same in both
 * versions. */
#include "component.h"

#include <wasock/err.h>

uint8_t wasock__standard_flags[3];

int32_t wasock__host_first_fd(void)
{
    return WASOCK__FIRST_FD;
}

int32_t wasip1_clock_time_get(uint32_t clock_id, uint64_t precision_ns,
                              uint64_t *time_ns)
{
    (void)precision_ns;
    if (clock_id != WASIP1_CLOCKID_MONOTONIC) {
        return WASOCK_EINVAL;
    }
    *time_ns = wasock__version_now_ns();
    return 0;
}

int32_t wasock__host_listen(const struct wasock_addr *addr, uint32_t backlog,
                            int32_t *fd)
{
    int32_t bound = -1;
    int32_t error = wasock__host_bind(addr, &bound);

    if (error != 0) {
        return error;
    }
    error = wasock__host_listen_bound(bound, backlog);
    if (error != 0) {
        wasip1_fd_close(bound);
        return error;
    }
    *fd = bound;
    return 0;
}

/* The flags of a descriptor, or NULL. A libc's descriptors are not ours. */
static uint8_t *flags_of(int32_t fd, uint8_t *filetype)
{
    struct wasock__socket *socket = wasock__table_find(fd);

    if (socket != NULL) {
        *filetype = socket->kind == WASOCK__SOCKET_DGRAM
                        ? WASIP1_FILETYPE_SOCKET_DGRAM
                        : WASIP1_FILETYPE_SOCKET_STREAM;
        return &socket->flags;
    }
    *filetype = WASIP1_FILETYPE_UNKNOWN;
    return fd >= 0 && fd < 3 ? &wasock__standard_flags[fd] : NULL;
}

int32_t wasip1_fd_fdstat_get(int32_t fd, struct wasip1_fdstat *fdstat)
{
    uint8_t filetype = 0;
    const uint8_t *flags = flags_of(fd, &filetype);

    if (flags == NULL) {
        return WASOCK_EBADF;
    }
    fdstat->filetype = filetype;
    fdstat->flags = *flags;
    fdstat->rights_base = UINT64_MAX;
    fdstat->rights_inheriting = UINT64_MAX;
    return 0;
}

int32_t wasip1_fd_fdstat_set_flags(int32_t fd, uint16_t new_flags)
{
    uint8_t filetype = 0;
    uint8_t *flags = flags_of(fd, &filetype);

    if (flags == NULL) {
        return WASOCK_EBADF;
    }
    if ((new_flags & ~WASIP1_FDFLAGS_NONBLOCK) != 0) {
        return WASOCK_EINVAL;
    }
    *flags = (uint8_t)new_flags;
    return 0;
}
