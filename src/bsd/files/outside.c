/* SPDX-License-Identifier: MIT */
/*
 * outside.c - paths that wasi-libc would look up in a socket.
 *
 * wazero tells wasi-libc of its listeners as if they were directories, the
 * root's: each path outside the real ones fails with ENOTDIR there.
 */
#include <limits.h>
#include <wasi/api.h>
#include <wasi/libc-find-relpath.h>

#include <wasock/fd.h>
#include <wasock/preopen.h>

#include "file.h"

static bool is_directory(int host_fd)
{
    struct wasock_fd_stat stat;

    return wasock_fd_stat(host_fd, &stat) == 0 &&
           stat.kind == WASOCK_FD_DIRECTORY;
}

/* Whether a socket claims to be a preopened directory. */
static bool has_false_directories(void)
{
    struct wasock_preopen preopen = {0};

    while (wasock_preopen_next(&preopen) == 1) {
        __wasi_prestat_t prestat;
        if (preopen.kind != WASOCK_FD_DIRECTORY &&
            __wasi_fd_prestat_get((__wasi_fd_t)preopen.fd, &prestat) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_some;

/* Before the program opens anything. */
__attribute__((constructor(101))) static void look(void)
{
    has_some = has_false_directories();
}

bool wasock_bsd__is_outside(const char *path)
{
    char memory[PATH_MAX];
    char *relative = memory;
    const char *prefix = NULL;

    if (!has_some) {
        return false;
    }
    const int host_fd =
        __wasilibc_find_relpath(path, &prefix, &relative, sizeof(memory));
    return host_fd >= 0 && !is_directory(host_fd);
}
