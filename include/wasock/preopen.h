/* SPDX-License-Identifier: MIT */
/*
 * preopen.h - find what the host handed over.
 *
 * A host gives its guest open descriptors numbered from 3: sockets,
 * directories, in an order of its own. The scanner walks them until the first
 * number that is none, and disturbs nothing: no mode is changed and nobody is
 * accepted until a listener is opened.
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

/* The first number that may have been handed over; 0, 1 and 2 are stdin,
 * stdout and stderr. */
#define WASOCK_PREOPEN_FIRST_FD 3

enum wasock_preopen_role {
    WASOCK_PREOPEN_NO_SOCKET = 0,
    WASOCK_PREOPEN_LISTENER,
    WASOCK_PREOPEN_UNKNOWN, /* listener or connection: the host does not tell */
    WASOCK_PREOPEN_CONNECTION,
    WASOCK_PREOPEN_DATAGRAM
};

/* One descriptor that the host handed over. */
struct wasock_preopen {
    int fd;
    enum wasock_fd_kind kind;
    enum wasock_preopen_role role;
    bool is_nonblocking;
};

/*
 * Look at the next descriptor.
 * preopen: zeroed before the first call; the caller's.
 * Returns 1 and fills it, or 0 after the last. Two host calls on a stream
 * socket, else one.
 * Errors: what the host says of a descriptor, other than EBADF, the end.
 * Source: preview1 fd_fdstat_get, sock_send; findListener of Go's test program.
 */
int wasock_preopen_next(struct wasock_preopen *preopen)
    __attribute__((warn_unused_result));

/*
 * Open the listener number `index`, counted from 0 in the order of
 * descriptors. What is no listener is passed over: directories, connections,
 * datagram sockets. Counted among the descriptors that are open: open all
 * listeners before one is closed or a connection is accepted, and each once;
 * to have one twice, share it (listener.h).
 * listener: closed; opened on success.
 * Errors: ENOPREOPEN: there are not so many (wasock_preopen_explain says why);
 *   those of wasock_listener_from_fd and wasock_preopen_next.
 * Source: findListener of Go's test program, which finds the first only.
 */
int wasock_preopen_listener(size_t index, struct wasock_listener *listener)
    __attribute__((warn_unused_result));

/*
 * Open all listeners, in the order of descriptors.
 * listeners: room for `capacity`, closed; the first of them are opened.
 * Returns how many there are, more than `capacity` where it was too small.
 * Errors: ENOPREOPEN: none; those of wasock_preopen_listener. On failure those
 *   opened before are open.
 * Source: wasock's own.
 */
ptrdiff_t wasock_preopen_listeners(struct wasock_listener *listeners,
                                   size_t capacity)
    __attribute__((warn_unused_result));

enum wasock_preopen_host {
    WASOCK_PREOPEN_HOST_UNKNOWN = 0,
    WASOCK_PREOPEN_HOST_HAS_SOCKETS,
    WASOCK_PREOPEN_HOST_HAS_NO_SOCKETS
};

/* What the host handed over, counted. */
struct wasock_preopen_counts {
    unsigned n_descriptors; /* all of them; the sum of those below */
    unsigned n_listeners;
    unsigned n_connections;
    unsigned n_unknown;
    unsigned n_datagrams;
    unsigned n_directories;
    unsigned n_others;
    enum wasock_preopen_host host;
};

/*
 * Count what the host handed over, and find out whether it knows preview1
 * sockets at all: where there is a socket it does; where there is none, an
 * accept from stdin fails with EBADF on hosts that do and with ENOTSOCK on
 * those that do not.
 * counts: written, on failure with what was counted until then.
 * Errors: those of wasock_preopen_next.
 * Source: preview1 fd_fdstat_get, sock_send, sock_accept.
 */
int wasock_preopen_count(struct wasock_preopen_counts *counts);

/*
 * Say in English what the host handed over, why there is no listener if there
 * is none, and which command lines give one. Several lines, each ended.
 * counts: from wasock_preopen_count.
 * text: room for `capacity` bytes, the caller's; cut to fit, always ends in a
 *   zero when `capacity` is not 0. 1,024 bytes are enough.
 * Returns the length without the final zero, as if there were room enough.
 * Errors: none.
 * Source: wasock's own.
 */
size_t wasock_preopen_explain(const struct wasock_preopen_counts *counts,
                              char *text, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
