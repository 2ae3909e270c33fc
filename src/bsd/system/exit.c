/* SPDX-License-Identifier: MIT */
/*
 * exit.c - how the program ends: _Exit and _exit, to which exit and main come.
 *
 * As on Linux only the lowest 8 bits of the status count. wasmtime and wasmi
 * take a status above 125 for a failure of their own: they print a backtrace,
 * and exit with 1. There it becomes 125. A component's host knows success and
 * failure alone.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <wasi/api.h>

#include "../../fd_internal.h"

#define STATUS_MAX 125

#define CLOCK_MONOTONIC_ID 1
#define CLOCK_IS_ABSOLUTE 1

/* Whether the host takes every status: wazero, which unlike the others cannot
 * wait for a point in time. */
static bool takes_every_status(void)
{
    struct wasock__subscription past[2] = {{.of.clock = {
                                                .id = CLOCK_MONOTONIC_ID,
                                                .timeout_ns = 1,
                                                .flags = CLOCK_IS_ABSOLUTE,
                                            }}};
    struct wasock__event events[2];

    return wasock__fd_poll_once(past, 1, events, UINT64_MAX) == -ENOTSUP;
}

/* NOLINTNEXTLINE(readability-identifier-naming) C's name */
_Noreturn void _Exit(int status)
{
    unsigned code = (unsigned)status & 0xffU;

    if (code > STATUS_MAX && !takes_every_status()) {
        code = STATUS_MAX;
    }
    __wasi_proc_exit(code);
}

/* NOLINTNEXTLINE(readability-identifier-naming) POSIX's name */
_Noreturn void _exit(int status)
{
    _Exit(status);
}
