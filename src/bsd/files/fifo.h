/* SPDX-License-Identifier: MIT */
/*
 * fifo.h - named pipes, which are the program's own: no other process sees
 * them.
 */
#ifndef WASOCK_BSD_FILES_FIFO_H
#define WASOCK_BSD_FILES_FIFO_H

#include "../table.h"

/* Make one. Returns 0, -EEXIST, -ENOENT, -ENAMETOOLONG or -ENOMEM. */
int wasock_bsd__fifo_make(const char *path);

/* Open the one of a path, new; NULL where there is none, or with an error:
 * EEXIST, ENOTDIR: what the flags ask for; ENXIO; EDEADLK; ENOMEM. */
struct description *wasock_bsd__fifo_open(const char *path, int flags,
                                          int *error);

/* As stat(2) for a path. Returns 1; 0: there is none; or -ENOMEM. */
int wasock_bsd__fifo_stat(const char *path, struct stat *status);

/* Remove the name; what has it open keeps it. Returns 1; 0: there is none;
 * or -ENOMEM. */
int wasock_bsd__fifo_unlink(const char *path);

/* Whether a description is an end of one; n_unread: written. */
bool wasock_bsd__fifo_unread(const struct description *description,
                             ptrdiff_t *n_unread);

#endif
