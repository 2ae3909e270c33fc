/* SPDX-License-Identifier: MIT */
/*
 * internal.h - shared by the parts of the host object for WASI 0.2.
 *
 *   wasip2.c  clock, errors, stdin and stdout, costs
 *   stream.c  listeners and connections: opened, read, written
 *   close.c    close, with unsent data
 *   poll.c      the poll
 *   dgram.c    datagrams: linked only if a program uses them
 *   lookup.c  names: the same
 *   exit.c      the end of a program without a libc
 */
#ifndef WASOCK_WASIP2_INTERNAL_H
#define WASOCK_WASIP2_INTERNAL_H

#include "../component/component.h"

/* ---- Imports ---- */

#define WASIP2_IMPORT(interface, name)                                         \
    __attribute__((__import_module__(interface "@0.2.0"),                      \
                   __import_name__(name)))

/* Handles are indexes from 1. Results of more than one number are written to
 * the last parameter, in the layout of the structures below. */

WASIP2_IMPORT("wasi:io/poll", "poll")
void wasip2_poll(const uint32_t *pollables, size_t n_pollables, void *result);
WASIP2_IMPORT("wasi:io/poll", "[method]pollable.block")
void wasip2_pollable_block(uint32_t pollable);
WASIP2_IMPORT("wasi:io/poll", "[method]pollable.ready")
uint32_t wasip2_pollable_ready(uint32_t pollable);
WASIP2_IMPORT("wasi:io/poll", "[resource-drop]pollable")
void wasip2_pollable_drop(uint32_t pollable);

WASIP2_IMPORT("wasi:io/streams", "[method]input-stream.read")
void wasip2_input_read(uint32_t input, uint64_t n_bytes, void *result);
WASIP2_IMPORT("wasi:io/streams", "[method]input-stream.subscribe")
uint32_t wasip2_input_subscribe(uint32_t input);
WASIP2_IMPORT("wasi:io/streams", "[resource-drop]input-stream")
void wasip2_input_drop(uint32_t input);
WASIP2_IMPORT("wasi:io/streams", "[method]output-stream.check-write")
void wasip2_output_check(uint32_t output, void *result);
WASIP2_IMPORT("wasi:io/streams", "[method]output-stream.write")
void wasip2_output_write(uint32_t output, const void *data, size_t length,
                         void *result);
WASIP2_IMPORT("wasi:io/streams", "[method]output-stream.subscribe")
uint32_t wasip2_output_subscribe(uint32_t output);
WASIP2_IMPORT("wasi:io/streams", "[resource-drop]output-stream")
void wasip2_output_drop(uint32_t output);

WASIP2_IMPORT("wasi:clocks/monotonic-clock", "now")
uint64_t wasip2_clock_now(void);
WASIP2_IMPORT("wasi:clocks/monotonic-clock", "subscribe-duration")
uint32_t wasip2_subscribe_duration(uint64_t duration_ns);

WASIP2_IMPORT("wasi:sockets/tcp", "[method]tcp-socket.subscribe")
uint32_t wasip2_tcp_subscribe(uint32_t socket);
WASIP2_IMPORT("wasi:sockets/tcp", "[method]tcp-socket.shutdown")
void wasip2_tcp_shutdown(uint32_t socket, uint32_t how, void *result);
WASIP2_IMPORT("wasi:sockets/tcp", "[resource-drop]tcp-socket")
void wasip2_tcp_drop(uint32_t socket);

/* ---- Results ---- */

/* result<_, error-code> */
struct wasip2_done {
    uint8_t is_error;
    uint8_t code;
};

/* result<a handle, two or three of them, error-code> */
struct wasip2_handles {
    uint8_t is_error;
    union {
        uint32_t handles[3];
        uint8_t code;
    } of;
};

/* result<ip-socket-address, error-code> */
struct wasip2_addr_result {
    uint8_t is_error;
    union {
        struct wasock__memory_addr addr;
        uint8_t code;
    } of;
};

/* stream-error */
struct wasip2_stream_error {
    uint8_t is_closed; /* else last-operation-failed */
    uint32_t error;
};

/* result<list<u8>, stream-error> */
struct wasip2_bytes {
    uint8_t is_error;
    union {
        struct {
            uint8_t *data;
            size_t length;
        } list;
        struct wasip2_stream_error error;
    } of;
};

/* result<_, stream-error> */
struct wasip2_written {
    uint8_t is_error;
    struct wasip2_stream_error error;
};

/* result<u64, stream-error> */
struct wasip2_room {
    uint8_t is_error;
    union {
        uint64_t n_bytes;
        struct wasip2_stream_error error;
    } of;
};

/* ---- Sockets ---- */

struct wasip2_socket;

/* The operations of a datagram socket. A table, so that a program without
 * datagrams neither links nor imports it. */
struct wasip2_dgram_calls {
    int32_t (*receive)(struct wasip2_socket *socket,
                       const struct wasock_buffer *buffers, size_t n_buffers,
                       struct wasock_addr *addr, uint32_t *length);
    int32_t (*send)(struct wasip2_socket *socket,
                    const struct wasock_slice *slices, size_t n_slices,
                    const struct wasock_addr *addr, uint32_t *n_sent);
    void (*address)(uint32_t handle, bool is_remote,
                    struct wasip2_addr_result *result);
    void (*drop)(struct wasip2_socket *socket);
};

/* Handles are 0 until they are made. */
struct wasip2_socket {
    struct wasock__socket base;
    const struct wasip2_dgram_calls *calls; /* datagram sockets only */
    struct wasip2_socket *next_closed;
    int32_t fd; /* closed sockets only */
    uint32_t handle;
    uint32_t input; /* streams, of bytes or datagrams */
    uint32_t output;
    uint32_t pollable; /* of a listener, or of a connect */
    uint32_t input_pollable;
    uint32_t output_pollable;
    uint32_t round;      /* of polls, in which it was last reported */
    uint8_t read_level;  /* for READ_SIZE */
    uint8_t is_reported; /* readable, by a poll, since the last read */
    uint8_t is_drained;  /* the last read was followed by an empty one */
    uint8_t is_eof;      /* nothing more is read */
    uint8_t is_written;  /* something was written */
    uint8_t is_writable; /* was reported so, and not written to since */
    uint8_t error;       /* of reading or connecting, not yet reported */
};

_Static_assert(sizeof(struct wasip2_socket) <= WASOCK__SOCKET_BYTES,
               "the table's room");

static inline struct wasip2_socket *wasock__p2_find(int32_t fd)
{
    return (struct wasip2_socket *)(void *)wasock__table_find(fd);
}

static inline bool wasock__p2_is_nonblocking(const struct wasip2_socket *socket)
{
    return (socket->base.flags & WASIP1_FDFLAGS_NONBLOCK) != 0;
}

/* error-code would-block. */
#define WASIP2_WOULD_BLOCK 8

/* The errno of an error-code. */
int32_t wasock__p2_errno(uint8_t code);

/* The errno of a stream's error, which is dropped. */
int32_t wasock__p2_stream_errno(const struct wasip2_stream_error *error);

/* The network, as a handle. */
uint32_t wasock__p2_network(void);

/* Drop a pollable, if there is one. */
void wasock__p2_drop_pollable(uint32_t *pollable);

/* The pollables of a connection's streams. */
uint32_t wasock__p2_input_pollable(struct wasip2_socket *socket);
uint32_t wasock__p2_output_pollable(struct wasip2_socket *socket);

/* Wait for one of two pollables. Returns whether the first is ready. */
bool wasock__p2_wait(uint32_t pollable, uint32_t timer);

/* Continue a connect. 0: connected; EAGAIN: not finished; else the error. */
int32_t wasock__p2_finish_connect(struct wasip2_socket *socket);

/* A pollable of stdin. */
uint32_t wasock__p2_stdin_pollable(void);

/* A pollable that is always ready. */
uint32_t wasock__p2_always(void);

/*
 * tokio, in wasmtime, reports ready sockets as not ready after 128 reports,
 * until the guest waits. An upper bound of the reports since the last wait.
 */
extern uint32_t wasock__p2_n_answers;
#define WASIP2_MANY_ANSWERS 64

/* Pollables in the last poll. */
extern size_t wasock__p2_n_asked;
#define WASIP2_MANY_ASKED 128

/* Make the host report readiness again. Cheap if it does already. */
void wasock__p2_refresh(void);

/* Let the host check its sockets, until a pollable, unless 0, is ready or for
 * about 1 ms. */
void wasock__p2_pause(uint32_t pollable);

/* Drop closed sockets whose data is sent: some of them, in turn. */
void wasock__p2_reap(void);

#endif
