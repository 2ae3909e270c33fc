/* SPDX-License-Identifier: MIT */
/*
 * wasip1.h - the calls that every host has.
 *
 * The preview1 functions that the library uses, with their types and constants.
 * In a preview1 module each function is an import, called directly. In other
 * builds the host's object defines them: src/host/posix, wasip2, wasip3, or
 * tests/simhost. host.h has the calls that only some hosts have.
 *
 * Every function returns a preview1 errno, 0 on success. Outputs are written
 * on success only, unless a host breaks even that rule.
 */
#ifndef WASOCK_WASIP1_H
#define WASOCK_WASIP1_H

#include <stddef.h>
#include <stdint.h>

#include <wasock/abi.h>

/* A component's host object (src/host) defines the functions: no imports. */
#if defined(__wasm__) && !defined(WASOCK_COMPONENT)
#define WASIP1_IMPORT(name)                                                    \
    __attribute__((__import_module__("wasi_snapshot_preview1"),                \
                   __import_name__(#name)))
#else
#define WASIP1_IMPORT(name)
#endif

enum {
    /* File types, in fdstat. */
    WASIP1_FILETYPE_UNKNOWN = 0,
    WASIP1_FILETYPE_BLOCK_DEVICE = 1,
    WASIP1_FILETYPE_CHARACTER_DEVICE = 2,
    WASIP1_FILETYPE_DIRECTORY = 3,
    WASIP1_FILETYPE_REGULAR_FILE = 4,
    WASIP1_FILETYPE_SOCKET_DGRAM = 5,
    WASIP1_FILETYPE_SOCKET_STREAM = 6,
    WASIP1_FILETYPE_SYMBOLIC_LINK = 7,

    /* Descriptor flags. Only this one may be set: any other is refused by
     * some host, and an unknown one kills the guest on wasmtime. */
    WASIP1_FDFLAGS_NONBLOCK = 1 << 2,

    /* Halves of a connection, for sock_shutdown. */
    WASIP1_SDFLAGS_RD = 1 << 0,
    WASIP1_SDFLAGS_WR = 1 << 1,

    /* The clock that only moves forward. */
    WASIP1_CLOCKID_MONOTONIC = 1,

    /* A clock's time is a point in time, not a length of it. */
    WASIP1_SUBCLOCKFLAGS_ABSTIME = 1 << 0,

    /* What a subscription waits for, and what an event reports. */
    WASIP1_EVENTTYPE_CLOCK = 0,
    WASIP1_EVENTTYPE_FD_READ = 1,
    WASIP1_EVENTTYPE_FD_WRITE = 2,

    /* Event flag: the peer has closed. A hint that many hosts never set. */
    WASIP1_EVENTRWFLAGS_HANGUP = 1 << 0
};

/* What a descriptor is and may do. */
struct wasip1_fdstat {
    uint8_t filetype;
    uint16_t flags;
    uint64_t rights_base;
    uint64_t rights_inheriting;
};

/* Two shorts although preview1 has one: wasi-go writes four bytes. */
struct wasip1_roflags {
    uint16_t flags;
    uint16_t overrun;
};

/* Time of a clock in nanoseconds. */
WASIP1_IMPORT(clock_time_get)
int32_t wasip1_clock_time_get(uint32_t clock_id, uint64_t precision_ns,
                              uint64_t *time_ns);

/* The environment: `variables` gets a pointer for each "name=value", ended by
 * a zero, that is put into `bytes`. */
WASIP1_IMPORT(environ_get)
int32_t wasip1_environ_get(char **variables, char *bytes);

/* How many pointers and bytes environ_get writes. */
WASIP1_IMPORT(environ_sizes_get)
int32_t wasip1_environ_sizes_get(uint32_t *n_variables, uint32_t *n_bytes);

/* Close a descriptor. */
WASIP1_IMPORT(fd_close)
int32_t wasip1_fd_close(int32_t fd);

/* Type and flags of a descriptor. */
WASIP1_IMPORT(fd_fdstat_get)
int32_t wasip1_fd_fdstat_get(int32_t fd, struct wasip1_fdstat *fdstat);

/* Replace the flags of a descriptor. */
WASIP1_IMPORT(fd_fdstat_set_flags)
int32_t wasip1_fd_fdstat_set_flags(int32_t fd, uint16_t flags);

/* Read from any descriptor: stdin and the like. */
WASIP1_IMPORT(fd_read)
int32_t wasip1_fd_read(int32_t fd, const struct wasock_buffer *buffers,
                       size_t n_buffers, uint32_t *n_read);

/* Write to any descriptor: stdout, stderr and the like. */
WASIP1_IMPORT(fd_write)
int32_t wasip1_fd_write(int32_t fd, const struct wasock_slice *slices,
                        size_t n_slices, uint32_t *n_written);

/* Accept a connection from a listener; `flags` go to the connection. */
WASIP1_IMPORT(sock_accept)
int32_t wasip1_sock_accept(int32_t fd, uint16_t flags, int32_t *accepted_fd);

/* Receive from a connection. `flags` are always 0: others lose bytes, are
 * ignored or kill the guest, depending on the host. */
WASIP1_IMPORT(sock_recv)
int32_t wasip1_sock_recv(int32_t fd, const struct wasock_buffer *buffers,
                         size_t n_buffers, uint16_t flags, uint32_t *n_received,
                         struct wasip1_roflags *roflags);

/* Send to a connection. `flags` are always 0: preview1 defines none. */
WASIP1_IMPORT(sock_send)
int32_t wasip1_sock_send(int32_t fd, const struct wasock_slice *slices,
                         size_t n_slices, uint16_t flags, uint32_t *n_sent);

/* Shut one or both halves of a connection. */
WASIP1_IMPORT(sock_shutdown)
int32_t wasip1_sock_shutdown(int32_t fd, uint8_t how);

/* Wait for the first of several things. `events` has room for
 * `n_subscriptions`. */
WASIP1_IMPORT(poll_oneoff)
int32_t wasip1_poll_oneoff(const struct wasock__subscription *subscriptions,
                           struct wasock__event *events, size_t n_subscriptions,
                           uint32_t *n_events);

#endif
