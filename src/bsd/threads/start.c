/* SPDX-License-Identifier: MIT */
/* start.c - start main as a coroutine, in place of libc's crt1. */
#include "start.h"

#include <stdint.h>
#include <wasi/api.h>

#include "layer.h"

#ifdef WASOCK_COMPONENT
#include "../../host/component/component.h"

#include "../../host/component/type.h"

WASOCK__LINK_EXPORTS;
#endif

/* wasi-libc's. */
void __wasm_call_ctors(void);
int __main_void(void);
void __wasm_call_dtors(void);

static int status;

static void run_main(void *argument)
{
    (void)argument;
    __wasm_call_ctors();
    status = __main_void();
    wasock_bsd__destroy_locals();
    __wasm_call_dtors();
}

struct coroutine wasock_bsd__main = {.entry = run_main};

#ifdef WASOCK_COMPONENT

int wasock__run_coroutines(void);

/* A result: 0 is success. Only status 0 and 1 exist. */
WASOCK__EXPORT_RUN int wasock__run_coroutines(void)
{
    wasock_bsd__switch_run(&wasock_bsd__main);
    wasock__component_end();
    return status != 0;
}

#else

void wasock__run_coroutines(void);

__attribute__((__export_name__("_start"))) void wasock__run_coroutines(void)
{
    wasock_bsd__switch_run(&wasock_bsd__main);
    if (status != 0) {
        __wasi_proc_exit((__wasi_exitcode_t)status);
    }
}

#endif
