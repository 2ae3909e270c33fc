/* SPDX-License-Identifier: MIT */
/* sys/uio.h - vectored reads and writes on every descriptor. */
#ifndef WASOCK_BSD_SYS_UIO_H
#define WASOCK_BSD_SYS_UIO_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <sys/uio.h>

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

ssize_t readv(int fd, const struct iovec *buffers, int n_buffers)
    WASOCK_BSD(readv);
ssize_t writev(int fd, const struct iovec *slices, int n_slices)
    WASOCK_BSD(writev);
ssize_t preadv(int fd, const struct iovec *buffers, int n_buffers, off_t offset)
    WASOCK_BSD(preadv);
ssize_t pwritev(int fd, const struct iovec *slices, int n_slices, off_t offset)
    WASOCK_BSD(pwritev);

#ifdef __cplusplus
}
#endif

#endif
