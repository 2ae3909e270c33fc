/* SPDX-License-Identifier: MIT */
/*
 * mman.c - mmap of a number; the rest is wasi-libc's emulation, which needs
 * -lwasi-emulated-mman.
 */

#include <errno.h>
#include <sys/mman.h>

#include "../plain.h"
#include "file.h"

void *wasock_libc_mmap(void *address, size_t length, int protection, int flags,
                       int fd, off_t offset) __asm__("mmap");

/*
 * mmap(2): a private copy of the file's present contents.
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

/* madvise(2): advice that may be ignored is; MADV_DONTNEED, after which memory
 * has to read as zeros, is refused. Errors: EINVAL. */
int madvise(void *address, size_t length, int advice)
{
    (void)address;
    (void)length;
    if (advice < MADV_NORMAL || advice > MADV_WILLNEED) {
        errno = EINVAL;
        return -1;
    }
    return 0;
}
WASOCK_BSD_PLAIN(madvise);

/* Returns the error. */
int posix_madvise(void *address, size_t length, int advice)
{
    return madvise(address, length, advice) == 0 ? 0 : errno;
}
WASOCK_BSD_PLAIN(posix_madvise);

/* msync(2): changes of a copy cannot be written back. Errors: ENOSYS. */
int msync(void *address, size_t length, int flags)
{
    (void)address;
    (void)length;
    (void)flags;
    errno = ENOSYS;
    return -1;
}
WASOCK_BSD_PLAIN(msync);

/* mlock(2) and its like: whether memory is paged out is the host's affair.
 * Errors: ENOSYS; to unlock, none. */
int mlock(const void *address, size_t length)
{
    (void)address;
    (void)length;
    errno = ENOSYS;
    return -1;
}
WASOCK_BSD_PLAIN(mlock);

int munlock(const void *address, size_t length)
{
    (void)address;
    (void)length;
    return 0;
}
WASOCK_BSD_PLAIN(munlock);

int mlockall(int flags)
{
    (void)flags;
    errno = ENOSYS;
    return -1;
}
WASOCK_BSD_PLAIN(mlockall);

int munlockall(void)
{
    return 0;
}
WASOCK_BSD_PLAIN(munlockall);
