/* SPDX-License-Identifier: MIT */
/*
 * fakenet/internal.h - what the files of the in-process network share.
 *
 *   fakenet.c     the network and its sockets
 *   operations.c  the table that sockets call (backend.h)
 *   connect.c     listen, accept, pair, close
 *   connecting.c  connect
 *   address.c     addresses, and the sockets bound to them
 *   faults.c      fault injection, and how a partition heals
 *   queue.c       bytes on their way or unread, in blocks
 *   time.c        the clock, arrivals, waiting
 *   stream.c      streams
 *   dgram.c       datagram sockets
 */
#ifndef WASOCK_FAKENET_INTERNAL_H
#define WASOCK_FAKENET_INTERNAL_H

#include <stdbool.h>

#include <wasock/fakenet.h>

#include "../poller/timer_heap.h"
#include "../socket_internal.h"

/* No socket, no block. */
#define WASOCK__FAKENET_NONE UINT32_MAX

/* The first port chosen for port 0; then higher ones, then those from 1. */
#define WASOCK__FAKENET_FIRST_PORT 49152

/* A time that never comes. */
#define WASOCK__FAKENET_NEVER UINT64_MAX

enum wasock__fakenet_kind {
    WASOCK__FAKENET_FREE = 0,
    WASOCK__FAKENET_LISTENER,
    WASOCK__FAKENET_CONNECTING, /* not established, or failed */
    WASOCK__FAKENET_STREAM,
    WASOCK__FAKENET_DGRAM
};

enum wasock__fakenet_ending {
    WASOCK__FAKENET_OPEN = 0,
    WASOCK__FAKENET_ENDED, /* EOF */
    WASOCK__FAKENET_RESET
};

static inline size_t wasock__fakenet_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A socket by its number; NULL for NONE. */
static inline struct wasock__fakenet_socket *
wasock__fakenet_at(const struct wasock_fakenet *net, uint32_t index)
{
    return index == WASOCK__FAKENET_NONE ? NULL : &net->sockets_[index];
}

static inline uint32_t
wasock__fakenet_index(const struct wasock_fakenet *net,
                      const struct wasock__fakenet_socket *socket)
{
    return (uint32_t)(socket - net->sockets_);
}

/* faults.c */

/* The faults of a socket, or of the network if it is NULL or has none. */
const struct wasock_fakenet_faults *
wasock__fakenet_faults(const struct wasock_fakenet *net,
                       const struct wasock__fakenet_socket *socket);

/* A random number from 0 to `n` - 1. */
uint32_t wasock__fakenet_draw(struct wasock_fakenet *net, uint32_t n);

/* fakenet.c */

/* Allocate a socket, or return NULL if all are in use. */
struct wasock__fakenet_socket *
wasock__fakenet_allocate(struct wasock_fakenet *net,
                         enum wasock__fakenet_kind kind);

/* Free a socket. Nothing may refer to it any more. */
void wasock__fakenet_free(struct wasock_fakenet *net,
                          struct wasock__fakenet_socket *socket);

/* Open `object`, which is closed, on a socket. */
void wasock__fakenet_open(struct wasock_fakenet *net,
                          struct wasock__fakenet_socket *socket,
                          struct wasock_socket *object);

/* The directions of a socket that are ready. */
unsigned wasock__fakenet_ready(const struct wasock_fakenet *net,
                               const struct wasock__fakenet_socket *socket);

/* Notify the watches of a socket that its readiness may differ. */
void wasock__fakenet_notify(struct wasock__fakenet_socket *socket);

/* operations.c */

/* Give the network its table of operations. */
void wasock__fakenet_attach(struct wasock_fakenet *net);

/* The network and the socket of an open object: ECLOSED, ENOTSUP or 0. */
int wasock__fakenet_find(const struct wasock_socket *object,
                         struct wasock_fakenet **net,
                         struct wasock__fakenet_socket **socket);

/* connect.c */

/* Open `accepted` on the first pending connection. EAGAIN: none is pending. */
int wasock__fakenet_accept(struct wasock_fakenet *net,
                           struct wasock__fakenet_socket *listener,
                           struct wasock_socket *accepted);

/* Open `listener`, which is closed. */
int wasock__fakenet_listen(struct wasock_fakenet *net,
                           const struct wasock_addr *addr, size_t backlog,
                           struct wasock_socket *listener)
    __attribute__((warn_unused_result));

/* Append to the pending connections of a listener, which has room. */
void wasock__fakenet_append_pending(struct wasock_fakenet *net,
                                    struct wasock__fakenet_socket *listener,
                                    struct wasock__fakenet_socket *socket);

/* Close a socket of any kind, with its pending connections. */
void wasock__fakenet_close(struct wasock_fakenet *net,
                           struct wasock__fakenet_socket *socket);

/* connecting.c */

/* Open `object`, which is closed, and start to connect it. */
int wasock__fakenet_connect(struct wasock_fakenet *net,
                            const struct wasock_addr *addr,
                            struct wasock_socket *object)
    __attribute__((warn_unused_result));

/* Answer a connect, after its round trip. */
void wasock__fakenet_answer(struct wasock_fakenet *net,
                            struct wasock__fakenet_socket *client);

/* Answer the connects that wait for room in a backlog. */
void wasock__fakenet_retry_waiting(struct wasock_fakenet *net);

/* 0: established, or no such socket; EAGAIN; or why it failed. */
int wasock__fakenet_connect_result(const struct wasock__fakenet_socket *socket);

/* address.c */

/*
 * Convert an address from the public form.
 * Returns its family; EAFNOSUPPORT: unspecified, or an empty name.
 */
int wasock__fakenet_addr_from(const struct wasock_addr *addr,
                              struct wasock__fakenet_addr *kept)
    __attribute__((warn_unused_result));

/* Convert an address to the public form. name: if it is a name. */
void wasock__fakenet_addr_to(const struct wasock__fakenet_addr *kept,
                             const char *name, struct wasock_addr *addr);

/* Copy the name of a socket's address. */
void wasock__fakenet_set_name(struct wasock__fakenet_socket *socket,
                              const char *name);

bool wasock__fakenet_addr_is_same(const struct wasock__fakenet_addr *a,
                                  const struct wasock__fakenet_addr *b);

/* 0.0.0.0 or [::] */
bool wasock__fakenet_addr_is_any(const struct wasock__fakenet_addr *addr);

/* Replace any address by loopback. */
void wasock__fakenet_addr_make_definite(struct wasock__fakenet_addr *addr);

/*
 * Bind a socket to its local address. Chooses a port for port 0.
 * Errors: EADDRINUSE.
 */
int wasock__fakenet_bind_local(struct wasock_fakenet *net,
                               struct wasock__fakenet_socket *socket)
    __attribute__((warn_unused_result));

void wasock__fakenet_unbind(struct wasock_fakenet *net,
                            struct wasock__fakenet_socket *socket);

/*
 * Find the listener or datagram socket that receives what is sent to an
 * address.
 * name: if the address is a name.
 * Errors: ECONNREFUSED: none; EPROTOTYPE: only one of the other kind.
 */
int wasock__fakenet_receiver(struct wasock_fakenet *net,
                             const struct wasock__fakenet_addr *addr,
                             const char *name, enum wasock__fakenet_kind kind,
                             struct wasock__fakenet_socket **receiver)
    __attribute__((warn_unused_result));

/* queue.c */

void wasock__fakenet_queue_init(struct wasock__fakenet_queue *queue);

/* Free all blocks. */
void wasock__fakenet_blocks_init(struct wasock_fakenet *net, uint32_t n_blocks);

/* Append bytes that arrive together. Returns how many there was memory for. */
size_t wasock__fakenet_append(struct wasock_fakenet *net,
                              struct wasock__fakenet_queue *queue,
                              const void *data, size_t n, uint64_t due_ns);

/* Append a block that begins a datagram, or return NULL if none is free. */
struct wasock__fakenet_block *
wasock__fakenet_append_first(struct wasock_fakenet *net,
                             struct wasock__fakenet_queue *queue,
                             uint64_t due_ns);

/* Insert a datagram by its time; if it overtakes, before the last one. */
void wasock__fakenet_insert_datagram(
    struct wasock_fakenet *net, struct wasock__fakenet_queue *queue,
    const struct wasock__fakenet_queue *datagram, bool is_overtaking);

/* The first block, if it has arrived. */
struct wasock__fakenet_block *
wasock__fakenet_arrived(const struct wasock_fakenet *net,
                        const struct wasock__fakenet_queue *queue);

/* Take arrived bytes off a stream. Returns how many. */
size_t wasock__fakenet_take(struct wasock_fakenet *net,
                            struct wasock__fakenet_queue *queue, void *buffer,
                            size_t capacity);

/* The length of the first datagram. */
uint32_t
wasock__fakenet_datagram_length(const struct wasock_fakenet *net,
                                const struct wasock__fakenet_queue *queue);

/* Take bytes off the first datagram. Returns how many. */
size_t
wasock__fakenet_take_of_datagram(struct wasock_fakenet *net,
                                 const struct wasock__fakenet_queue *queue,
                                 void *buffer, size_t capacity);

/* Drop the first datagram. */
void wasock__fakenet_drop_datagram(struct wasock_fakenet *net,
                                   struct wasock__fakenet_queue *queue);

/* Drop the bytes of a stream that have not arrived: its reader counts none. */
void wasock__fakenet_drop_unarrived(struct wasock_fakenet *net,
                                    struct wasock__fakenet_queue *queue);

/* Sort datagrams by their times. */
void wasock__fakenet_sort_datagrams(struct wasock_fakenet *net,
                                    struct wasock__fakenet_queue *queue);

/* Drop all. */
void wasock__fakenet_drop(struct wasock_fakenet *net,
                          struct wasock__fakenet_queue *queue);

/* time.c */

/* Read the clock. On the host's, deliver what is due. */
uint64_t wasock__fakenet_now(struct wasock_fakenet *net);

/* Deliver what is due on the host's clock. */
void wasock__fakenet_catch_up(struct wasock_fakenet *net);

/* The arrival of bytes that a socket sends now; 0: at once. */
uint64_t wasock__fakenet_arrival(struct wasock_fakenet *net,
                                 struct wasock__fakenet_socket *socket,
                                 size_t n_bytes);

/* Count bytes that a socket has sent. This may stall it. */
void wasock__fakenet_count_sent(struct wasock_fakenet *net,
                                struct wasock__fakenet_socket *socket,
                                size_t n_bytes);

/* Whether an arrival is delayed by a stall of the sender. */
bool wasock__fakenet_is_stalled(const struct wasock__fakenet_socket *sender,
                                uint64_t due_ns);

/* Mark the blocks at the end of a queue that a stall of the sender delays. */
void wasock__fakenet_mark_stalled(struct wasock_fakenet *net,
                                  const struct wasock__fakenet_socket *sender,
                                  const struct wasock__fakenet_queue *queue);

/* Set the timer of a socket for its next arrival. */
void wasock__fakenet_expect(struct wasock_fakenet *net,
                            const struct wasock__fakenet_socket *socket);

/* Remove the timer of a socket. */
void wasock__fakenet_expect_nothing(
    struct wasock_fakenet *net, const struct wasock__fakenet_socket *socket);

/* Whether EOF, or a reset, has arrived. */
bool wasock__fakenet_has_ended(const struct wasock_fakenet *net,
                               const struct wasock__fakenet_socket *socket);

/*
 * Let time pass until something arrives or a deadline is past, or less.
 * Errors: EDEADLINE; EDEADLOCK: nothing will arrive, and there is no deadline;
 *   on the host's clock, EINTR and other codes of its poll.
 */
int wasock__fakenet_run(struct wasock_fakenet *net, uint64_t deadline_ns)
    __attribute__((warn_unused_result));

/* Wait for a direction of a socket. Errors: as wasock__fakenet_run. */
int wasock__fakenet_wait(struct wasock_fakenet *net,
                         struct wasock__fakenet_socket *socket,
                         unsigned direction, uint64_t deadline_ns)
    __attribute__((warn_unused_result));

/* stream.c */

ptrdiff_t wasock__fakenet_send(struct wasock_fakenet *net,
                               struct wasock__fakenet_socket *socket,
                               const struct wasock_slice *slices,
                               size_t n_slices);

ptrdiff_t wasock__fakenet_receive(struct wasock_fakenet *net,
                                  struct wasock__fakenet_socket *socket,
                                  const struct wasock_buffer *buffers,
                                  size_t n_buffers);

void wasock__fakenet_shutdown(struct wasock_fakenet *net,
                              struct wasock__fakenet_socket *socket,
                              unsigned halves);

/* Detach from the peer, to which EOF or a reset is delivered. */
void wasock__fakenet_leave(struct wasock_fakenet *net,
                           struct wasock__fakenet_socket *socket,
                           enum wasock__fakenet_ending ending);

unsigned
wasock__fakenet_stream_ready(const struct wasock_fakenet *net,
                             const struct wasock__fakenet_socket *socket);

/* Whether a reset has come after EOF. */
bool wasock__fakenet_is_broken(struct wasock_fakenet *net,
                               const struct wasock__fakenet_socket *socket);

/* dgram.c */

ptrdiff_t wasock__fakenet_write_datagram(struct wasock_fakenet *net,
                                         struct wasock__fakenet_socket *socket,
                                         const struct wasock_slice *slices,
                                         size_t n_slices);

/* from: the sender's address, written on success; may be NULL. */
ptrdiff_t wasock__fakenet_read_datagram(struct wasock_fakenet *net,
                                        struct wasock__fakenet_socket *socket,
                                        const struct wasock_buffer *buffers,
                                        size_t n_buffers,
                                        struct wasock__fakenet_addr *from);

#endif
