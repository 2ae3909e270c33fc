/* SPDX-License-Identifier: MIT */
/*
 * table.h - descriptor numbers and their descriptions.
 *
 * A number stands for a description, which POSIX calls an open file
 * description: a listener or connection, a file of the host, an end of a pipe,
 * an epoll instance, a device. dup makes two numbers refer to one description,
 * with its O_NONBLOCK and its offset. The last number to go closes it. Numbers
 * have nothing to do with the host's: a new one is always the lowest free.
 *
 * Inside the layer results are those of wasock: 0 or a count, or a negative
 * code of errno. wasock_bsd__result turns them into POSIX's.
 */
#ifndef WASOCK_BSD_TABLE_H
#define WASOCK_BSD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "../socket_internal.h"

/* How many numbers there can be. */
#define WASOCK_BSD_OPEN_MAX 16384

struct description;
struct epoll_watch;

/*
 * The operations of a kind of description. NULL: the call fails with the errno
 * in the comment.
 */
struct operations {
    /* Read into, write from vectors; flags are MSG_'s. EINVAL. */
    ssize_t (*read)(struct description *description,
                    const struct iovec *buffers, int n_buffers, int flags);
    ssize_t (*write)(struct description *description,
                     const struct iovec *slices, int n_slices, int flags);

    /* Get the ready POLL bits that are known without a host call. */
    unsigned (*known)(struct description *description);

    /* Take note of what time has made ready, and return the deadline at which
     * it makes more ready, or WASOCK_NO_DEADLINE. NULL: time changes nothing.
     */
    uint64_t (*due_ns)(struct description *description);

    /* The object of which the host knows more; NULL: all is known. */
    struct wasock_socket *(*host)(struct description *description);

    /* The directions of which the host may tell more than is known; all. */
    unsigned (*askable)(struct description *description);

    /* Detect by a try, without waiting, whether it is readable; NULL if a try
     * would consume data. */
    void (*look)(struct description *description);

    /* What an answer of the host's means, in POLL's bits: for what changes
     * when it is ready. What it says. */
    unsigned (*meaning)(struct description *description, unsigned answer);

    /* As fstat(2). EBADF. */
    int (*stat)(struct description *description, struct stat *status);

    /* Whether it can be waited for by epoll, which the host has no part in. */
    bool is_waitable;

    /* The last number has gone: close and free. Never NULL. */
    int (*close)(struct description *description);
};

struct description {
    _Alignas(8) const struct operations *operations;
    struct epoll_watch *watches; /* epoll instances that watch it */
    uint64_t receive_timeout_us; /* of a socket or a pair; 0: none */
    uint64_t send_timeout_us;
    uint32_t n_numbers;
    int flags; /* O_NONBLOCK, O_APPEND and the access mode */
};

/* The description of a number; NULL with errno EBADF where there is none. */
struct description *wasock_bsd__find(int fd);

/*
 * Give a description the lowest free number from `lowest` on. A description
 * begins with n_numbers 0 and lives as long as it has one.
 * descriptor_flags: FD_CLOEXEC or 0.
 * Returns the number, or -EMFILE, -ENOMEM, and then the description is the
 * caller's still.
 */
int wasock_bsd__number(struct description *description, int lowest,
                       int descriptor_flags);

/* Keep the numbers from 3 to 2 + n for what the host opened: the first use of
 * one asks for its description. describe: NULL: there is none. */
void wasock_bsd__offer(long n, struct description *(*describe)(int nth));

/* Whether a number is free, before something irrevocable is done for it. */
bool wasock_bsd__has_number(void);

/* As wasock_bsd__number for a new description: closes it where there is no
 * number. Returns the number, or -1 with errno set. */
int wasock_bsd__open(struct description *description, int descriptor_flags);

/* Make `fd` refer to `description`, closing its old one; the number's own flags
 * become `descriptor_flags`. Returns 0 or a negative code. */
int wasock_bsd__put(int fd, struct description *description,
                    int descriptor_flags);

/* New numbers are below this: the program's RLIMIT_NOFILE, at most
 * WASOCK_BSD_OPEN_MAX. */
int wasock_bsd__open_max(void);
void wasock_bsd__set_open_max(int open_max);

/* The number's own flags: FD_CLOEXEC. */
int wasock_bsd__descriptor_flags(int fd);
void wasock_bsd__set_descriptor_flags(int fd, int descriptor_flags);

/* Keep a description alive while something happens that may close its last
 * number; and let go of it again. */
void wasock_bsd__hold(struct description *description);
int wasock_bsd__release(struct description *description);

/* Convert to a POSIX result: a count, or -1 with errno. */
ssize_t wasock_bsd__result(ptrdiff_t result);

/* A result of wasock's as one of errno: its own codes become their likes. */
ptrdiff_t wasock_bsd__code(ptrdiff_t result);

#endif
