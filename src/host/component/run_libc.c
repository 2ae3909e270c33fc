/* SPDX-License-Identifier: MIT */
/* run_libc.c - start a component's main, in place of libc's own crt1. */
#include "component.h"

#include "type.h"

WASOCK__LINK_EXPORTS;

/* wasi-libc's. As the first is called here, the linker does not have every
 * export call it, cabi_realloc among them. */
void __wasm_call_ctors(void);
int __main_void(void);
void __wasm_call_dtors(void);

int wasock__run_libc(void);

/* A result: 0 is success. Only status 0 and 1 exist. */
WASOCK__EXPORT_RUN int wasock__run_libc(void)
{
    __wasm_call_ctors();
    const int status = __main_void();
    __wasm_call_dtors();
    wasock__component_end();
    return status != 0;
}
