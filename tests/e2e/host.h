/* SPDX-License-Identifier: MIT */
/* host.h - start an example on a real host, and end it. */
#ifndef E2E_HOST_H
#define E2E_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum host { WASMTIME, WASMTIME_46, WASMI, WAZERO, NATIVE, N_HOSTS };

const char *host_name(enum host host);

/* How the program gets its listener. */
enum listening {
    INHERITED, /* bound here; where the host cannot inherit: by its option */
    PASSED,    /* bound here and passed, though the host may not look */
    BY_OPTION, /* by the host's own option; natively by WASOCK_LISTEN */
    TWICE,     /* two of them, by option */
    NOWHERE
};

struct program {
    pid_t pid;
    uint16_t port;
    int input;   /* its stdin */
    int output;  /* its stdout and stderr */
    int kept[2]; /* sockets that keep its ports for it */
};

/*
 * Start an example; fails the test where that is not possible.
 * example: "tcpecho". arguments: of the program, ended by NULL; may be NULL.
 * option: one more of the host's, may be NULL.
 * toolchain: "wasm" or "zig", whose build it is taken from.
 */
struct program start(enum host host, const char *toolchain, const char *example,
                     enum listening listening, const char *option,
                     const char *const *arguments);

/* Whether the host is installed; skips the test where it is not, and fails it
 * where CI is true. */
void need_host(enum host host);

/* End the program by force. */
void end(struct program *program);

/* Wait until the program ends by itself; its output goes to `text`. Returns
 * its exit code. */
int wait_for_end(struct program *program, char *text, size_t capacity);

#endif
