/* SPDX-License-Identifier: MIT */
/*
 * preopen.h - find the sockets that are open when the program starts.
 *
 *   program    who opens the listeners
 *   preview1   the host, as descriptors 3, 4, …, among directories
 *   component  the library, from WASOCK_LISTEN=[NAME=]HOST:PORT,…
 *   native     the parent process (LISTEN_FDS), else the library as above
 *
 * The calls here scan the descriptors in order and stop at the first number
 * that is not open. They change no mode and accept no connection.
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

/* The first preopened descriptor on preview1 and natively, after stdin, stdout
 * and stderr. In a component sockets begin at 65536: libc's files have the
 * numbers below. */
#define WASOCK_PREOPEN_FIRST_FD 3

enum wasock_preopen_role {
    WASOCK_PREOPEN_NO_SOCKET = 0,
    WASOCK_PREOPEN_LISTENER,
    WASOCK_PREOPEN_UNKNOWN, /* listener or connection: WAMR hides which */
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
 * Errors: any code of the host. EBADF is none: it ends the scan.
 * Source: preview1 fd_fdstat_get, sock_send; findListener of Go's test program.
 */
int wasock_preopen_next(struct wasock_preopen *preopen)
    __attribute__((warn_unused_result));

/*
 * Open the preopened listener number `index`, from 0, in the order of
 * descriptors. Directories, connections and datagram sockets are skipped.
 *
 * Open all listeners at start-up, each once, before you accept or close
 * anything: the numbers change with the open descriptors. For a second object
 * on a listener, use wasock_listener_share.
 * listener: closed; opened on success.
 * Errors: ENOPREOPEN: there are fewer listeners (wasock_preopen_explain says
 *   why); EOPEN: listener is open; those of wasock_listener_from_fd and
 *   wasock_preopen_next.
 * Source: findListener of Go's test program, which finds the first only.
 */
int wasock_preopen_listener(size_t index, struct wasock_listener *listener)
    __attribute__((warn_unused_result));

/*
 * Open all preopened listeners, in the order of descriptors.
 * listeners: room for `capacity`, all closed.
 * Returns the number of preopened listeners, at least 1. If it is larger than
 *   `capacity`, only the first `capacity` were opened.
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
 * preview1 host that preopened a socket has. Any other is UNKNOWN, or
 * HAS_NO_SOCKETS if stdin has the rights of wasmtime 47 and later.
 * counts: written; on failure, with the counts so far.
 * Errors: those of wasock_preopen_next.
 * Source: preview1 fd_fdstat_get, sock_send.
 */
int wasock_preopen_count(struct wasock_preopen_counts *counts);

/*
 * Explain in English what the host preopened, why there is no listener, and
 * which command lines open one. Several lines.
 * counts: from wasock_preopen_count.
 * text: room for `capacity` bytes; 1,024 are enough. Truncated to fit, and
 *   NUL-terminated unless `capacity` is 0.
 * Returns the length of the whole text without its NUL, as snprintf.
 */
size_t wasock_preopen_explain(const struct wasock_preopen_counts *counts,
                              char *text, size_t capacity);

/*
 * Print "PROGRAM: TEXT" to stderr, the text of wasock_err_text. For ENOPREOPEN
 * the explanation of wasock_preopen_explain follows.
 * program: the name of the program.
 * error: a code of either sign.
 */
void wasock_preopen_print_error(const char *program, ptrdiff_t error);

#ifdef __cplusplus
}
#endif

#endif
