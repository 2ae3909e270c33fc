/* SPDX-License-Identifier: MIT */
/*
 * mman.c - mmap of a number; the rest is wasi-libc's emulation, which needs
 * -lwasi-emulated-mman.
 */

#include <errno.h>
#include <sys/mman.h>

#include "file.h"

void *wasock_libc_mmap(void *address, size_t length, int protection, int flags,
                       int fd, off_t offset) __asm__("mmap");

/*
 * mmap(2): a private copy of what stands in the file now.
 * Errors: EBADF; ENODEV: no file; as wasi-libc's emulation.
 */
void *mmap(void *address, size_t length, int protection, int flags, int fd,
           off_t offset)
{
    if ((flags & MAP_ANONYMOUS) != 0) {
        return wasock_libc_mmap(address, length, protection, flags, fd, offset);
    }
    const struct description *description = wasock_bsd__find(fd);
    if (description == NULL) {
        return MAP_FAILED;
    }
    const int host_fd = wasock_bsd__host_fd(description);
    if (host_fd < 0) {
        errno = ENODEV;
        return MAP_FAILED;
    }
    return wasock_libc_mmap(address, length, protection, flags, host_fd,
                            offset);
}
