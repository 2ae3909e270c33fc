/* SPDX-License-Identifier: MIT */
/* host.h - start an example on a real host, and end it. */
#ifndef E2E_HOST_H
#define E2E_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum host {
    WASMTIME, /* preview1 */
    WASMTIME_46,
    WASMI,
    WAZERO,
    NATIVE,
    WASIP2_ON_49, /* components, on wasmtime */
    WASIP2_ON_46,
    WASIP3_ON_49,
    WASIP3_ON_46,
    N_HOSTS
};

const char *host_name(enum host host);

/* Whether programs for the host are components. */
bool is_component(enum host host);

/* Whether programs may open sockets by themselves. */
bool can_connect(enum host host);

/* How the program gets its listener. */
enum listening {
    INHERITED, /* bound here; where the host cannot inherit: by its option */
    PASSED,    /* bound here and passed, though the host may not look */
    BY_OPTION, /* by the host's own option, or by WASOCK_LISTEN */
    TWICE,     /* two of them, by option */
    NOWHERE
};

struct program {
    pid_t pid;
    uint16_t port;   /* 0: a component that ended before it listened */
    int input;       /* its stdin */
    int output;      /* its stdout and stderr */
    int kept[2];     /* sockets that keep its ports for it */
    char said[1024]; /* what was read of its output; wait_for_end has it, too */
    size_t n_said;
};

/*
 * Start an example; fails the test where that is not possible.
 * example: "tcpecho". arguments: of the program, ended by NULL; may be NULL.
 * option: one more of the host's, may be NULL.
 * toolchain: "wasm" or "zig", whose build it is taken from; ignored where the
 * host has a build of its own.
 */
struct program start(enum host host, const char *toolchain, const char *example,
                     enum listening listening, const char *option,
                     const char *const *arguments);

/* Whether the host is installed; skips the test where it is not, and fails it
 * where CI is true. */
void need_host(enum host host);

/* Read the program's output up to the end of the next line with `text` in it.
 * Returns what follows `text`, or NULL if the program ended before. */
const char *wait_for_line(struct program *program, const char *text);

/* Take a port of the kernel's choice: a socket that is bound to it. */
int take_port(uint16_t *port);

/* End the program by force. */
void end(struct program *program);

/* Wait until the program ends by itself; its output goes to `text`. Returns
 * its exit code. */
int wait_for_end(struct program *program, char *text, size_t capacity);

#endif
