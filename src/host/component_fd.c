/* SPDX-License-Identifier: MIT */
/* component_fd.c - functions of wasip1.h and host.h on the table alone. */
#include "component.h"

#include <wasock/err.h>

uint8_t wasock__standard_flags[3];

int32_t wasock__host_first_fd(void)
{
    return WASOCK__FIRST_FD;
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
