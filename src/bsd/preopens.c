/* SPDX-License-Identifier: MIT */
/*
 * preopens.c - directories that stand behind listeners.
 *
 * wasi-libc looks for directories from descriptor 3 on until there is none,
 * and takes the first listener for the end of them. (On wazero it takes it for
 * a directory, of the name of another.) What is registered later is found
 * first, so all of them are registered again where there is a socket.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <wasi/api.h>
#include <wasi/libc.h>

#include <wasock/fd.h>
#include <wasock/preopen.h>

#include "file.h"

/* The kind of a descriptor; false where there is none. */
static bool kind_of(int fd, enum wasock_fd_kind *kind)
{
    struct wasock_fd_stat stat;

    if (wasock_fd_stat(fd, &stat) < 0) {
        return false;
    }
    *kind = stat.kind;
    return true;
}

static bool is_there_a_socket(void)
{
    enum wasock_fd_kind kind = WASOCK_FD_UNKNOWN;

    for (int fd = WASOCK_PREOPEN_FIRST_FD; kind_of(fd, &kind); fd++) {
        if (kind == WASOCK_FD_SOCKET_STREAM || kind == WASOCK_FD_SOCKET_DGRAM) {
            return true;
        }
    }
    return false;
}

static void register_directory(int fd)
{
    __wasi_prestat_t prestat;

    if (__wasi_fd_prestat_get((__wasi_fd_t)fd, &prestat) != 0) {
        return;
    }
    const size_t length = prestat.u.dir.pr_name_len;
    char *name = (char *)malloc(length + 1);
    if (name != NULL && __wasi_fd_prestat_dir_name(
                            (__wasi_fd_t)fd, (uint8_t *)name, length) == 0) {
        name[length] = '\0';
        __wasilibc_register_preopened_fd(fd, name);
    }
    free(name); /* it was copied */
}

void wasock_bsd__register_directories(void)
{
    enum wasock_fd_kind kind = WASOCK_FD_UNKNOWN;

    if (!is_there_a_socket()) {
        return;
    }
    for (int fd = WASOCK_PREOPEN_FIRST_FD; kind_of(fd, &kind); fd++) {
        if (kind == WASOCK_FD_DIRECTORY) {
            register_directory(fd);
        }
    }
}
