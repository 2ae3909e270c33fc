/* SPDX-License-Identifier: MIT */
/* wasi-libc's <wasi/api.h>, whose constants a native compiler may know: it
 * checks that sizes are those of wasm32. */
#ifndef FUZZ_WASI_API_H
#define FUZZ_WASI_API_H

#define __wasm32__ 1
#define _Static_assert(condition, text) struct fuzz_unchecked
#include_next <wasi/api.h>
#undef _Static_assert
#undef __wasm32__

#endif
