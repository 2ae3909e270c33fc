/* SPDX-License-Identifier: MIT */
/*
 * env.h - variables of the environment, without a libc and without allocation.
 */
#ifndef WASOCK_ENV_H
#define WASOCK_ENV_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Read one variable. A host hands its whole environment over in one piece, so
 * all of it must fit into the buffer for a moment, not the variable alone.
 * Two host calls.
 * name: ends in a zero.
 * buffer: room for `capacity` bytes, the caller's. On success the value stands
 *   at its start and ends in a zero; otherwise its bytes are undefined.
 * needed_capacity: NULL, or the caller's: the capacity that is enough; written
 *   unless the host fails.
 * Returns the value's length without the final zero.
 * Errors: ENOENT: no such variable; ESTORAGE: the buffer is too small; EHOST;
 *   what the host says.
 * Source: preview1 environ_sizes_get, environ_get; getenv of C.
 */
ptrdiff_t wasock_env_read(const char *name, char *buffer, size_t capacity,
                          size_t *needed_capacity)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif

#endif
