/* SPDX-License-Identifier: MIT */
/* sys/mman.h - wasi-libc's emulation, which copies a file, on the layer's
 * descriptors. mremap and memfd_create fail with ENOSYS. */
#ifndef WASOCK_BSD_SYS_MMAN_H
#define WASOCK_BSD_SYS_MMAN_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <sys/mman.h>

#ifdef __cplusplus
extern "C" {
#endif

void *mmap(void *address, size_t length, int protection, int flags, int fd,
           off_t offset) WASOCK_BSD(mmap);
int posix_madvise(void *address, size_t length, int advice)
    WASOCK_BSD(posix_madvise);
int madvise(void *address, size_t length, int advice) WASOCK_BSD(madvise);
int msync(void *address, size_t length, int flags) WASOCK_BSD(msync);
int mlock(const void *address, size_t length) WASOCK_BSD(mlock);
int munlock(const void *address, size_t length) WASOCK_BSD(munlock);
int mlockall(int flags) WASOCK_BSD(mlockall);
int munlockall(void) WASOCK_BSD(munlockall);
void *mremap(void *address, size_t length, size_t new_length, int flags, ...)
    WASOCK_BSD(mremap);
int memfd_create(const char *name, unsigned flags) WASOCK_BSD(memfd_create);

#ifdef __cplusplus
}
#endif

#endif
