/* SPDX-License-Identifier: MIT */
/*
 * env.h - read environment variables, without libc and without allocation.
 */
#ifndef WASOCK_ENV_H
#define WASOCK_ENV_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Read one variable. Costs two host calls.
 *
 * preview1 returns the whole environment at once: the buffer must hold all of
 * it, not only this variable. 4 KiB are usually enough.
 * name: NUL-terminated.
 * buffer: room for `capacity` bytes. On success it begins with the value,
 *   NUL-terminated; on failure its contents are undefined.
 * needed_capacity: written unless the host fails: the capacity that is enough.
 *   May be NULL.
 * Returns the length of the value without its NUL.
 * Errors: ENOENT: no such variable; ESTORAGE: the buffer is too small; EHOST;
 *   any other code of the host.
 * Source: preview1 environ_sizes_get, environ_get; getenv(3).
 */
ptrdiff_t wasock_env_read(const char *name, char *buffer, size_t capacity,
                          size_t *needed_capacity)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif

#endif
