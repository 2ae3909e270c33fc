/* SPDX-License-Identifier: MIT */
/*
 * preopen.h - find the sockets that are open at the start of a program.
 *
 * A preview1 host preopens descriptors numbered from 3, sockets and
 * directories, in an order of its own. In a component, and natively where
 * nothing is inherited, the library opens the listeners of the variable
 * WASOCK_LISTEN, [NAME=]HOST:PORT,…. The scan ends at the first number that is
 * no descriptor. It changes no mode and accepts no connection.
 */
#ifndef WASOCK_PREOPEN_H
#define WASOCK_PREOPEN_H

#include <stdbool.h>
#include <stddef.h>

#include <wasock/fd.h>
#include <wasock/listener.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The first preopened number on preview1 and natively: 0, 1 and 2 are stdin,
 * stdout and stderr. Components have libc's files there: their first listener
 * is 65536. */
#define WASOCK_PREOPEN_FIRST_FD 3

enum wasock_preopen_role {
    WASOCK_PREOPEN_NO_SOCKET = 0,
    WASOCK_PREOPEN_LISTENER,
    WASOCK_PREOPEN_UNKNOWN, /* listener or connection: the host does not tell */
    WASOCK_PREOPEN_CONNECTION,
    WASOCK_PREOPEN_DATAGRAM
};

/* A preopened descriptor. */
struct wasock_preopen {
    int fd;
    enum wasock_fd_kind kind;
    enum wasock_preopen_role role;
    bool is_nonblocking;
};

/*
 * Scan the next descriptor. Costs two host calls for a stream socket, else one.
 * preopen: zero it before the first call.
 * Returns 1 and fills it in, or 0 after the last.
 * Errors: any code of the host but EBADF, which ends the scan.
 * Source: preview1 fd_fdstat_get, sock_send; findListener of Go's test program.
 */
int wasock_preopen_next(struct wasock_preopen *preopen)
    __attribute__((warn_unused_result));

/*
 * Open listener number `index`, counted from 0 in the order of descriptors.
 * Directories, connections and datagram sockets are skipped.
 *
 * Open all listeners at start-up, before you accept or close anything, and each
 * only once: the scan counts the descriptors that are open. To open one twice,
 * use wasock_listener_share.
 * listener: closed; opened on success.
 * Errors: ENOPREOPEN: there are fewer listeners (wasock_preopen_explain says
 *   why); EOPEN: listener is open; those of wasock_listener_from_fd and
 *   wasock_preopen_next.
 * Source: findListener of Go's test program, which finds the first only.
 */
int wasock_preopen_listener(size_t index, struct wasock_listener *listener)
    __attribute__((warn_unused_result));

/*
 * Open all listeners, in the order of descriptors.
 * listeners: room for `capacity`, all closed.
 * Returns how many listeners the host preopened. If that is more than
 *   `capacity`, only the first `capacity` are open.
 * Errors: ENOPREOPEN: none; EOPEN: one of `listeners` is open, and nothing was
 *   opened; those of wasock_preopen_listener. Those opened before an error stay
 *   open.
 */
ptrdiff_t wasock_preopen_listeners(struct wasock_listener *listeners,
                                   size_t capacity)
    __attribute__((warn_unused_result));

/* Whether the host has sockets. */
enum wasock_preopen_host {
    WASOCK_PREOPEN_HOST_UNKNOWN = 0,
    WASOCK_PREOPEN_HOST_HAS_SOCKETS,
    WASOCK_PREOPEN_HOST_HAS_NO_SOCKETS
};

/* Preopened descriptors, by role. */
struct wasock_preopen_counts {
    unsigned n_descriptors; /* the sum of those below */
    unsigned n_listeners;
    unsigned n_connections;
    unsigned n_unknown; /* stream sockets: listener or connection */
    unsigned n_datagrams;
    unsigned n_directories;
    unsigned n_others;
    enum wasock_preopen_host host;
};

/*
 * Count the preopened descriptors, and detect whether the host has sockets. A
 * preview1 host has if it preopened one. If not, it is UNKNOWN, or
 * HAS_NO_SOCKETS if stdin's rights are those of wasmtime 47 and later.
 * counts: written; on failure, with what was counted before it.
 * Errors: those of wasock_preopen_next.
 * Source: preview1 fd_fdstat_get, sock_send.
 */
int wasock_preopen_count(struct wasock_preopen_counts *counts);

/*
 * Explain in English what the host preopened, why there is no listener, if
 * there is none, and which command lines give one. Several lines.
 * counts: from wasock_preopen_count.
 * text: room for `capacity` bytes; 1,024 are enough. Truncated to fit, and
 *   NUL-terminated unless `capacity` is 0.
 * Returns the length of the whole text without its NUL, as snprintf.
 */
size_t wasock_preopen_explain(const struct wasock_preopen_counts *counts,
                              char *text, size_t capacity);

/*
 * Print to stderr why a program could not start, as "PROGRAM: text of the
 * error". For ENOPREOPEN the explanation of wasock_preopen_explain follows.
 * program: its name.
 * error: a code of either sign.
 */
void wasock_preopen_print_error(const char *program, ptrdiff_t error);

#ifdef __cplusplus
}
#endif

#endif
