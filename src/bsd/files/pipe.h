/* SPDX-License-Identifier: MIT */
/*
 * pipe.h - streams inside the program: pipes and socket pairs.
 *
 * One program has both ends. Without threads an end that is empty, or full,
 * stays so while a call waits: instead of waiting for ever it fails with
 * EDEADLK.
 */
#ifndef WASOCK_BSD_FILES_PIPE_H
#define WASOCK_BSD_FILES_PIPE_H

#include "../table.h"

/* The room of a pipe, which is fixed. */
#define WASOCK_BSD_PIPE_BYTES 65536

/* Whether a description is an end of a socket pair. */
bool wasock_bsd__is_pair(const struct description *description);

/* The type of a socket pair. */
int wasock_bsd__pair_type(const struct description *description);

/* shutdown(2) of an end of a socket pair; halves of enum wasock_shutdown. */
int wasock_bsd__shut_pair(struct description *description, unsigned halves);

/* Unread bytes of an end, at the other of a writing one; -1 where it is no
 * end. */
ptrdiff_t wasock_bsd__pipe_unread(const struct description *description);

#endif
