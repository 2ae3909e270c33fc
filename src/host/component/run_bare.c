/* SPDX-License-Identifier: MIT */
/* run_bare.c - start a component that has no libc. */
#include "component.h"

#include "type.h"

WASOCK__LINK_EXPORTS;

void _start(void); /* the program's */
void __wasm_call_ctors(void);

int wasock__run_bare(void);

WASOCK__EXPORT_RUN int wasock__run_bare(void)
{
    __wasm_call_ctors();
    _start();
    wasock__component_end();
    return 0;
}
