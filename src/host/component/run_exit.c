/* SPDX-License-Identifier: MIT */
/* run_exit.c - end a component that calls exit. */
#include "component.h"

/* This definition takes the place of the import that a libc of preview1 has by
 * this name. */
_Noreturn void host_exit(uint32_t code); /* exit.c of wasip2, wasip3 */
_Noreturn void __imported_wasi_snapshot_preview1_proc_exit(int32_t code);

_Noreturn void __imported_wasi_snapshot_preview1_proc_exit(int32_t code)
{
    host_exit((uint32_t)code);
}
