/* SPDX-License-Identifier: MIT */
/* vectors.h - the vectors that read and write move. */
#ifndef WASOCK_BSD_VECTORS_H
#define WASOCK_BSD_VECTORS_H

#include <stdbool.h>
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

/* Whether none of them is at NULL, which is memory like any other here. */
static inline bool wasock_bsd__are_there(const struct iovec *vectors,
                                         int n_vectors)
{
    bool are_there = vectors != NULL || n_vectors == 0;

    for (int i = 0; i < n_vectors && are_there; i++) {
        are_there = vectors[i].iov_base != NULL || vectors[i].iov_len == 0;
    }
    return are_there;
}

#endif
