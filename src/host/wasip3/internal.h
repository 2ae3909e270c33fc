/* SPDX-License-Identifier: MIT */
/*
 * internal.h - shared by the files of the host object for WASI 0.3.
 *
 *   wasip3.c   time, environment, text, results
 *   socket.c   listen, accept, connect, addresses, close
 *   stream.c   receive and send bytes
 *   dgram.c    datagrams
 *   input.c    stdin
 *   lookup.c   names
 *   suspend.c  let the host run, take its events
 *   wait.c     sets, poll_oneoff
 *
 * The model: each socket in a poll or a set has one read pending, whose bytes
 * land in a buffer of the socket's. All pending operations are in one waitable
 * set of the host, so the cost of a wait follows the ready sockets. The host
 * works, and delivers events, only while this task is suspended.
 */
#ifndef WASOCK_WASIP3_INTERNAL_H
#define WASOCK_WASIP3_INTERNAL_H

#include "../component/component.h"

#define WASOCK__IMPORT(module, name)                                           \
    __attribute__((__import_module__(module), __import_name__(name)))
#define WASOCK__P3_SOCKETS "wasi:sockets/types@0.3.0"

/* What an operation on a stream or future returns: a count above four bits
 * that say how it ended; or that it is pending. */
#define WASOCK__P3_BLOCKED UINT32_MAX
enum wasock__p3_end {
    WASOCK__P3_COMPLETED = 0,
    WASOCK__P3_DROPPED = 1,
    WASOCK__P3_CANCELLED = 2
};

/* What an asynchronous call returns: its subtask above four bits of state. */
enum { WASOCK__P3_RETURNED = 2 };

/* The host's events. */
enum wasock__p3_event {
    WASOCK__P3_NONE = 0,
    WASOCK__P3_SUBTASK = 1,
    WASOCK__P3_STREAM_READ = 2,
    WASOCK__P3_STREAM_WRITE = 3
};

struct wasock__p3_socket {
    struct wasock__socket base;
    struct wasock__host_watch *watches;
    uint32_t handle;    /* of a tcp-socket or udp-socket */
    uint32_t receiving; /* stream of bytes or of accepted sockets */
    uint32_t outcome;   /* future: how receiving ended */
    uint32_t sending;   /* stream; 0: shut */
    uint32_t subtask;   /* of connect, or of receiving a datagram */
    uint32_t accepted;  /* handle: where an accepted socket lands */
    uint8_t *landing;   /* where bytes land */
    uint16_t landed_at; /* the first byte not taken yet */
    uint16_t n_landed;  /* bytes not taken yet */
    uint16_t error;     /* reported once */
    bool is_reading;    /* a read is pending */
    bool is_joined;     /* receiving is in the waitable set */
    bool is_ended;      /* nothing more will be received */
    bool has_more;      /* the landing buffer was filled */
    bool is_full;       /* the last send found no room */
    bool has_sent;      /* something */
    bool is_probing;    /* an empty write is pending: it ends at room */
    bool has_result;    /* of accepting, connecting, receiving a datagram */
    bool is_bound;      /* datagrams: bound or connected */
};

_Static_assert(sizeof(struct wasock__p3_socket) <= WASOCK__SOCKET_BYTES ||
                   sizeof(void *) > 4,
               "room in the table");

/* result<T, error-code> in memory. */
struct wasock__p3_result {
    uint8_t is_error;
    uint8_t padding[3];
    union {
        struct {
            uint8_t code;
            uint8_t padding[3];
            uint32_t has_text, text, length;
        } error;
        uint32_t handle;
        struct wasock__memory_addr addr;
    } of;
};

/* ---- wasip3.c ---- */

/* The errno of a result, or 0. */
int32_t wasock__p3_error(const struct wasock__p3_result *result);

/* Call before a host call whose error may have a text (which is not read), or
 * during which datagrams may land. End it with wasock__land_end. */
void wasock__p3_land_text(void);

/* ---- socket.c ---- */

struct wasock__p3_socket *wasock__p3_find(int32_t fd);

/* Get a buffer for landing, zeroed the first time, or give it back. */
#define WASOCK__P3_LANDING_BYTES 1024U
uint8_t *wasock__p3_landing_take(void);
void wasock__p3_landing_give(uint8_t *bytes);

/* Start to connect or to accept has ended: take what it gave. */
void wasock__p3_connect_end(struct wasock__p3_socket *socket);
void wasock__p3_listener_start_read(struct wasock__p3_socket *socket);
void wasock__p3_accept_end(struct wasock__p3_socket *socket, uint32_t code);

/* ---- stream.c ---- */

/* Start a read into the landing buffer, unless there is no need for one. */
void wasock__p3_start_read(struct wasock__p3_socket *socket);
void wasock__p3_read_end(struct wasock__p3_socket *socket, uint32_t code);

/* If the socket is full, start to wait for room. */
void wasock__p3_start_probe(struct wasock__p3_socket *socket);
void wasock__p3_probe_end(struct wasock__p3_socket *socket, uint32_t code);

void wasock__p3_stream_open(struct wasock__p3_socket *socket);
void wasock__p3_stream_close(struct wasock__p3_socket *socket);
void wasock__p3_stream_shut(struct wasock__p3_socket *socket);

/* ---- dgram.c: set once a program opens a datagram socket ---- */

struct wasock__p3_dgram {
    void (*start_read)(struct wasock__p3_socket *socket);
    void (*read_end)(struct wasock__p3_socket *socket);
    void (*close)(struct wasock__p3_socket *socket);
    int32_t (*receive)(struct wasock__p3_socket *socket,
                       const struct wasock_buffer *buffers, size_t n_buffers,
                       struct wasock_addr *addr, uint32_t *length);
    int32_t (*receive_fitting)(struct wasock__p3_socket *socket,
                               const struct wasock_buffer *buffers,
                               size_t n_buffers, uint32_t *n_received);
    int32_t (*send)(struct wasock__p3_socket *socket,
                    const struct wasock_slice *slices, size_t n_slices,
                    const struct wasock_addr *addr, uint32_t *n_sent);
    void (*local_addr)(uint32_t handle, void *result);
    void (*remote_addr)(uint32_t handle, void *result);
    struct wasock__piece landing; /* while the task is suspended */
};
extern const struct wasock__p3_dgram *wasock__p3_dgram;

/* ---- input.c ---- */

/* stdin as a stream, opened at the first call. */
struct wasock__p3_socket *wasock__p3_input(void);

/* ---- suspend.c ---- */

/* Let the events of a handle go to a socket, or no longer. False: there are
 * too many handles. */
bool wasock__p3_join(uint32_t handle, struct wasock__p3_socket *socket);
void wasock__p3_leave(uint32_t handle);

/* Remove and add a handle for a synchronous cancel, which it may not be in the
 * set for. */
void wasock__p3_pause(uint32_t handle);
void wasock__p3_resume(uint32_t handle);

/* Cancel and drop a subtask. Returns whether it had returned. */
bool wasock__p3_cancel(uint32_t subtask);

/* Wait until a call has returned, and for nothing else. */
void wasock__p3_finish(uint32_t status);

/* Wait for an event, until a time; UINT64_MAX: no limit. */
void wasock__p3_suspend(uint64_t until_ns);

/* Let the host run for a moment, and take its events. */
void wasock__p3_yield(void);

/* Take the events so far, before the memory that they may have landed in is
 * released. */
void wasock__p3_take_all(void);

/* The same, but rarely: for calls that make no host call, so that a loop of
 * them makes progress. Returns whether it yielded. */
bool wasock__p3_yield_seldom(void);

/* ---- wait.c ---- */

/* Get which of some directions of a socket are ready, and start the host calls
 * that will make the others ready. */
unsigned wasock__p3_ready(struct wasock__p3_socket *socket,
                          unsigned directions);

/* A socket may have become ready. */
void wasock__p3_changed(struct wasock__p3_socket *socket, unsigned directions);

/* A socket is closed. */
void wasock__p3_forget_watches(struct wasock__p3_socket *socket);

#endif
