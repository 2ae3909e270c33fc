/* SPDX-License-Identifier: MIT */
/*
 * input.c - stdin, as the stream of a connection that only receives.
 *
 * Bytes read here are consumed: a libc's own stdin, another stream, does not
 * get them.
 */
#include "internal.h"

#include "../component/type.h"

WASOCK__LINK_IMPORTS;

#define STDIN "wasi:cli/stdin@0.3.0"

WASOCK__IMPORT(STDIN, "read-via-stream")
void wasock__p3_import_stdin(uint32_t *streams);
WASOCK__IMPORT(STDIN, "[future-drop-readable-1]read-via-stream")
void wasock__p3_import_drop_stdin_outcome(uint32_t future);

struct wasock__p3_socket *wasock__p3_input(void)
{
    static struct wasock__p3_socket input;
    uint32_t streams[2] = {0, 0};

    if (input.landing == NULL) {
        input.landing = wasock__p3_landing_take();
        if (input.landing == NULL) {
            return NULL;
        }
        wasock__p3_import_stdin(streams);
        input.base.kind = WASOCK__SOCKET_CONNECTION;
        input.receiving = streams[0];
        wasock__p3_import_drop_stdin_outcome(streams[1]);
    }
    return &input;
}
