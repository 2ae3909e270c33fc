/* SPDX-License-Identifier: MIT */
/* vectors.h - the vectors that read and write move. */
#ifndef WASOCK_BSD_VECTORS_H
#define WASOCK_BSD_VECTORS_H

#include <stddef.h>
#include <sys/uio.h>

/* How many bytes they are; io.c has seen that a ssize_t holds them. */
static inline size_t wasock_bsd__total_of(const struct iovec *vectors,
                                          int n_vectors)
{
    size_t total = 0;

    for (int i = 0; i < n_vectors; i++) {
        total += vectors[i].iov_len;
    }
    return total;
}

#endif
