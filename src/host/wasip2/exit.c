/* SPDX-License-Identifier: MIT */
/*
 * exit.c - the end of a program without a libc.
 *
 * Such a program imports preview1's proc_exit by the name of host_exit. This
 * definition takes the import's place.
 */
#include "internal.h"

#include "../component/type.h"

WASOCK__LINK_IMPORTS;

WASIP2_IMPORT("wasi:cli/exit", "exit") void wasip2_exit(uint32_t is_failure);

_Noreturn void host_exit(uint32_t code);

_Noreturn void host_exit(uint32_t code)
{
    wasock__component_end();
    wasip2_exit(code != 0); /* 0.2.0 knows success and failure only */
    __builtin_trap();
}
