/* SPDX-License-Identifier: MIT */
/* In place of wasi-libc's functions for its lists of descriptors. */
#ifndef WASOCK_BSD_FD_SET_H
#define WASOCK_BSD_FD_SET_H

#include <__typedef_fd_set.h>

#define WASOCK_BSD_FD_WORD(fd, set) ((set)->fds_bits[(fd) / NFDBITS])
#define WASOCK_BSD_FD_BIT(fd) (1UL << ((fd) % NFDBITS))

#define FD_SET(fd, set)                                                        \
    ((void)(WASOCK_BSD_FD_WORD(fd, set) |= WASOCK_BSD_FD_BIT(fd)))
#define FD_CLR(fd, set)                                                        \
    ((void)(WASOCK_BSD_FD_WORD(fd, set) &= ~WASOCK_BSD_FD_BIT(fd)))
#define FD_ISSET(fd, set)                                                      \
    ((WASOCK_BSD_FD_WORD(fd, set) & WASOCK_BSD_FD_BIT(fd)) != 0)
#define FD_ZERO(set) ((void)__builtin_memset((set), 0, sizeof(fd_set)))
#define FD_COPY(from, to) ((void)__builtin_memcpy((to), (from), sizeof(fd_set)))

#endif
