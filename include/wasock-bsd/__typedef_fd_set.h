/* SPDX-License-Identifier: MIT */
/*
 * In place of wasi-libc's set, which is a list: a bitmap, as on other systems,
 * since programs allocate larger or smaller ones by its bits (libevent).
 */
#ifndef WASOCK_BSD_TYPEDEF_FD_SET_H
#define WASOCK_BSD_TYPEDEF_FD_SET_H

#ifndef FD_SETSIZE
#define FD_SETSIZE 1024
#endif

typedef unsigned long fd_mask;
#define NFDBITS (8 * (int)sizeof(fd_mask))

typedef struct {
    fd_mask fds_bits[FD_SETSIZE / (8 * sizeof(fd_mask))];
} fd_set;

#endif
