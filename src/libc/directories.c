/* SPDX-License-Identifier: MIT */
#include <wasock/directories.h>

#include <stdbool.h>
#include <stdlib.h>

#include <wasi/api.h>
#include <wasi/libc.h>

#include <wasock/err.h>
#include <wasock/preopen.h>

static bool is_socket_preopened(void)
{
    struct wasock_preopen_counts counts = {0};

    return wasock_preopen_count(&counts) == 0 &&
           counts.n_listeners + counts.n_connections + counts.n_datagrams +
                   counts.n_unknown >
               0;
}

/* What is registered last is found first, so that what wasi-libc made of a
 * socket does no harm. Returns 1 for a directory, 0 for none. */
static int register_directory(int fd)
{
    __wasi_prestat_t prestat;

    if (__wasi_fd_prestat_get((__wasi_fd_t)fd, &prestat) != 0) {
        return 0;
    }
    const size_t length = prestat.u.dir.pr_name_len;
    char *name = (char *)malloc(length + 1);
    int result = -WASOCK_ENOMEM;
    if (name != NULL && __wasi_fd_prestat_dir_name(
                            (__wasi_fd_t)fd, (uint8_t *)name, length) == 0) {
        name[length] = '\0';
        result = __wasilibc_register_preopened_fd(fd, name) == 0
                     ? 1
                     : -WASOCK_ENOMEM;
    }
    free(name); /* it was copied */
    return result;
}

static int register_all(void)
{
    struct wasock_preopen preopen = {0};
    int n_directories = 0;
    int result = 0;

    if (!is_socket_preopened()) {
        return 0;
    }
    while (result >= 0 && wasock_preopen_next(&preopen) == 1) {
        result = preopen.kind == WASOCK_FD_DIRECTORY
                     ? register_directory(preopen.fd)
                     : 0;
        n_directories += result;
    }
    return result < 0 ? result : n_directories;
}

int wasock_directories_register(void)
{
    static int result = -1;

    if (result < 0) { /* not yet, or out of memory */
        result = register_all();
    }
    return result;
}

__attribute__((constructor)) static void register_at_start(void)
{
    /* Without memory fopen reports that there is no such file. */
    const int ignored = wasock_directories_register();
    (void)ignored;
}
