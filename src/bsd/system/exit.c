/* SPDX-License-Identifier: MIT */
/*
 * exit.c - exit, quick_exit, _Exit and _exit.
 *
 * As on Linux only the lowest 8 bits of a status count. wasmtime and wasmi take
 * one above 125 for a failure of their own: they print a backtrace, and exit
 * with 1. There it becomes 125. A component's host knows success and failure
 * alone.
 */
#include "exit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <wasi/api.h>

#include "../../fd_internal.h"
#include "../threads/layer.h"

#define STATUS_MAX 125

#define CLOCK_MONOTONIC_ID 1
#define CLOCK_IS_ABSOLUTE 1

void wasock_libc_exit(int status) __asm__("exit") __attribute__((noreturn));
void wasock_libc_quick_exit(int status) __asm__("quick_exit")
    __attribute__((noreturn));

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

static int code_of(int status)
{
    const int code = (int)((unsigned)status & 0xffU);

    return code > STATUS_MAX && !takes_every_status() ? STATUS_MAX : code;
}

void wasock_bsd__end(int status)
{
    __wasi_proc_exit((__wasi_exitcode_t)code_of(status));
}

void exit(int status)
{
    wasock_bsd__destroy_locals();
    wasock_libc_exit(code_of(status));
}

void quick_exit(int status)
{
    wasock_libc_quick_exit(code_of(status));
}

/* NOLINTNEXTLINE(readability-identifier-naming) C's name */
void _Exit(int status)
{
    wasock_bsd__end(status);
}

/* NOLINTNEXTLINE(readability-identifier-naming) POSIX's name */
void _exit(int status)
{
    wasock_bsd__end(status);
}
