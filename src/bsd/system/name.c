/* SPDX-License-Identifier: MIT */
/* name.c - the program's name, which wasi-libc keeps nowhere. */
#include "name.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

const char *wasock_bsd__program_name(void)
{
    static char *bytes;
    size_t n_arguments = 0;
    size_t n_bytes = 0;

    if (bytes == NULL && __wasi_args_sizes_get(&n_arguments, &n_bytes) == 0 &&
        n_arguments > 0) {
        uint8_t **arguments =
            (uint8_t **)calloc(n_arguments, sizeof(*arguments));
        bytes = (char *)calloc(n_bytes, 1);
        if (arguments != NULL && bytes != NULL) {
            const __wasi_errno_t ignored =
                __wasi_args_get(arguments, (uint8_t *)bytes);
            (void)ignored; /* no name, then */
        }
        free(arguments);
    }
    if (bytes == NULL) {
        return "";
    }
    const char *slash = strrchr(bytes, '/');
    return slash != NULL ? slash + 1 : bytes;
}
