/* SPDX-License-Identifier: MIT */
/*
 * exit.c - the end of a program.
 *
 * One without a libc imports preview1's proc_exit by the name of host_exit.
 * This definition takes the import's place.
 */
#include "internal.h"

#include "../component/type.h"

WASOCK__LINK_IMPORTS;

WASOCK__IMPORT("wasi:cli/exit@0.3.0", "exit")
void wasock__p3_import_exit(uint32_t is_failure);

_Noreturn void host_exit(uint32_t code);

_Noreturn void host_exit(uint32_t code)
{
    wasock__p3_import_exit(code != 0);
    __builtin_trap();
}

_Noreturn void wasock__version_fail(void)
{
    host_exit(1);
}
