/* SPDX-License-Identifier: MIT */
/*
 * fakenet/internal.h - what the parts of the network know of each other.
 *
 *   fakenet.c     the network and its sockets
 *   operations.c  the table that sockets call (backend.h)
 *   connect.c     listen, dial, accept, close
 *   address.c     who owns which address and port
 *   faults.c      fault injection, and how a partition heals
 *   queue.c    bytes on their way or unread, in blocks
 *   time.c     the clock, arrivals, waiting
 *   stream.c   streams
 *   dgram.c    datagram sockets
 */
#ifndef WASOCK_FAKENET_INTERNAL_H
#define WASOCK_FAKENET_INTERNAL_H

#include <stdbool.h>

#include <wasock/fakenet.h>

#include "../poller/timer_heap.h"
#include "../socket_internal.h"

/* No socket, no block, no place. */
#define WASOCK__FAKENET_NONE UINT32_MAX

/* What port 0 becomes first; higher ones follow, then those from 1. */
#define WASOCK__FAKENET_FIRST_PORT 49152

/* A time that never comes. */
#define WASOCK__FAKENET_NEVER UINT64_MAX

enum wasock__fakenet_kind {
    WASOCK__FAKENET_FREE = 0,
    WASOCK__FAKENET_LISTENER,
    WASOCK__FAKENET_STREAM,
    WASOCK__FAKENET_DGRAM
};

enum wasock__fakenet_ending {
    WASOCK__FAKENET_OPEN = 0,
    WASOCK__FAKENET_ENDED, /* the peer writes no more */
    WASOCK__FAKENET_RESET
};

static inline size_t wasock__fakenet_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A socket by its number; NULL for none. */
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

/* A new socket, or NULL when all are in use. */
struct wasock__fakenet_socket *
wasock__fakenet_allocate(struct wasock_fakenet *net,
                         enum wasock__fakenet_kind kind);

/* Give a socket back; nothing may point at it any more. */
void wasock__fakenet_free(struct wasock_fakenet *net,
                          struct wasock__fakenet_socket *socket);

/* Let `object` be the caller's end of a socket. */
void wasock__fakenet_open(struct wasock_fakenet *net,
                          struct wasock__fakenet_socket *socket,
                          struct wasock_socket *object);

/* What is ready of a socket. */
unsigned wasock__fakenet_ready(const struct wasock_fakenet *net,
                               const struct wasock__fakenet_socket *socket);

/* Tell who watches the socket to look at it again. */
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

/* Close a socket of any kind, with its pending connections. */
void wasock__fakenet_close(struct wasock_fakenet *net,
                           struct wasock__fakenet_socket *socket);

/* addr.c  */

/*
 * An address as the caller gave it, in the form that is kept here.
 * Returns its family; EAFNOSUPPORT for an unspecified one or an empty name.
 */
int wasock__fakenet_addr_from(const struct wasock_addr *addr,
                              struct wasock__fakenet_addr *kept)
    __attribute__((warn_unused_result));

/* An address as the caller wants it; `name` if it is one. */
void wasock__fakenet_addr_to(const struct wasock__fakenet_addr *kept,
                             const char *name, struct wasock_addr *addr);

/* Keep a name with the socket whose address it is. */
void wasock__fakenet_set_name(struct wasock__fakenet_socket *socket,
                              const char *name);

bool wasock__fakenet_addr_is_same(const struct wasock__fakenet_addr *a,
                                  const struct wasock__fakenet_addr *b);

/* 0.0.0.0 or [::] */
bool wasock__fakenet_addr_is_any(const struct wasock__fakenet_addr *addr);

/* Make loopback of any address. */
void wasock__fakenet_addr_make_definite(struct wasock__fakenet_addr *addr);

/*
 * Let a socket have its local address alone; port 0 becomes a free one.
 * Errors: EADDRINUSE.
 */
int wasock__fakenet_bind_local(struct wasock_fakenet *net,
                               struct wasock__fakenet_socket *socket)
    __attribute__((warn_unused_result));

void wasock__fakenet_unbind(struct wasock_fakenet *net,
                            struct wasock__fakenet_socket *socket);

/*
 * The listener or datagram socket that gets what is sent to an address.
 * name: of the address, if it is one.
 * Errors: ECONNREFUSED: nobody; EPROTOTYPE: one of the other kind.
 */
int wasock__fakenet_receiver(struct wasock_fakenet *net,
                             const struct wasock__fakenet_addr *addr,
                             const char *name, enum wasock__fakenet_kind kind,
                             struct wasock__fakenet_socket **receiver)
    __attribute__((warn_unused_result));

/* queue.c  */

void wasock__fakenet_queue_init(struct wasock__fakenet_queue *queue);

/* Make a list of all blocks. */
void wasock__fakenet_blocks_init(struct wasock_fakenet *net, uint32_t n_blocks);

/*
 * Append bytes that arrive together.
 * Returns how many found memory.
 */
size_t wasock__fakenet_append(struct wasock_fakenet *net,
                              struct wasock__fakenet_queue *queue,
                              const void *data, size_t n, uint64_t due_ns);

/* Append a block that begins a datagram. NULL: there is no memory. */
struct wasock__fakenet_block *
wasock__fakenet_append_first(struct wasock_fakenet *net,
                             struct wasock__fakenet_queue *queue,
                             uint64_t due_ns);

/* Put a datagram where it belongs by the time it is due; if it is overtaking,
 * before the last one. */
void wasock__fakenet_insert_datagram(
    struct wasock_fakenet *net, struct wasock__fakenet_queue *queue,
    const struct wasock__fakenet_queue *datagram, bool is_overtaking);

/* The first block, if it has arrived. */
struct wasock__fakenet_block *
wasock__fakenet_arrived(const struct wasock_fakenet *net,
                        const struct wasock__fakenet_queue *queue);

/* Take bytes that have arrived off a stream. Returns how many there were. */
size_t wasock__fakenet_take(struct wasock_fakenet *net,
                            struct wasock__fakenet_queue *queue, void *buffer,
                            size_t capacity);

/* How many bytes the first datagram has. */
uint32_t
wasock__fakenet_datagram_length(const struct wasock_fakenet *net,
                                const struct wasock__fakenet_queue *queue);

/* Take bytes off the first datagram. Returns how many there were. */
size_t
wasock__fakenet_take_of_datagram(struct wasock_fakenet *net,
                                 const struct wasock__fakenet_queue *queue,
                                 void *buffer, size_t capacity);

/* Drop the first datagram. */
void wasock__fakenet_drop_datagram(struct wasock_fakenet *net,
                                   struct wasock__fakenet_queue *queue);

/* Drop what has not arrived of a stream. Returns how many bytes that is. */
size_t wasock__fakenet_drop_unarrived(struct wasock_fakenet *net,
                                      struct wasock__fakenet_queue *queue);

/* Put datagrams in the order of their times again. */
void wasock__fakenet_sort_datagrams(struct wasock_fakenet *net,
                                    struct wasock__fakenet_queue *queue);

/* Drop all. */
void wasock__fakenet_drop(struct wasock_fakenet *net,
                          struct wasock__fakenet_queue *queue);

/* time.c  */

/* The time; on the host's clock all arrives that is due. */
uint64_t wasock__fakenet_now(struct wasock_fakenet *net);

/* On the host's clock: let all arrive that is due. */
void wasock__fakenet_catch_up(struct wasock_fakenet *net);

/* When what a socket sends now arrives; 0: at once. */
uint64_t wasock__fakenet_arrival(struct wasock_fakenet *net,
                                 struct wasock__fakenet_socket *socket,
                                 size_t n_bytes);

/* Count what a socket has sent, which may stall it. */
void wasock__fakenet_count_sent(struct wasock_fakenet *net,
                                struct wasock__fakenet_socket *socket,
                                size_t n_bytes);

/* Whether a stall of the sender is why something arrives at a time. */
bool wasock__fakenet_is_stalled(const struct wasock__fakenet_socket *sender,
                                uint64_t due_ns);

/* Mark the blocks at the end of a queue that the sender's stall holds back. */
void wasock__fakenet_mark_stalled(struct wasock_fakenet *net,
                                  const struct wasock__fakenet_socket *sender,
                                  const struct wasock__fakenet_queue *queue);

/* What is on its way to a socket has changed. */
void wasock__fakenet_expect(struct wasock_fakenet *net,
                            const struct wasock__fakenet_socket *socket);

/* Expect nothing more. */
void wasock__fakenet_expect_nothing(
    struct wasock_fakenet *net, const struct wasock__fakenet_socket *socket);

/* Whether the peer's end of the stream, or its reset, has arrived. */
bool wasock__fakenet_has_ended(const struct wasock_fakenet *net,
                               const struct wasock__fakenet_socket *socket);

/*
 * Let time pass until something arrives or until a deadline; sometimes less.
 * Errors: EDEADLINE; EDEADLOCK: neither will come; on the host's clock EINTR
 *   and other codes of its poll.
 */
int wasock__fakenet_run(struct wasock_fakenet *net, uint64_t deadline_ns)
    __attribute__((warn_unused_result));

/* As wasock__socket_wait. */
int wasock__fakenet_wait(struct wasock_fakenet *net,
                         struct wasock__fakenet_socket *socket,
                         unsigned direction, uint64_t deadline_ns)
    __attribute__((warn_unused_result));

/* stream.c  */

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

/* Part from the peer, which hears of it. */
void wasock__fakenet_leave(struct wasock_fakenet *net,
                           struct wasock__fakenet_socket *socket,
                           enum wasock__fakenet_ending ending);

unsigned
wasock__fakenet_stream_ready(const struct wasock_fakenet *net,
                             const struct wasock__fakenet_socket *socket);

/* dgram.c  */

ptrdiff_t wasock__fakenet_write_datagram(struct wasock_fakenet *net,
                                         struct wasock__fakenet_socket *socket,
                                         const struct wasock_slice *slices,
                                         size_t n_slices);

/* from: written on success, if not NULL. */
ptrdiff_t wasock__fakenet_read_datagram(struct wasock_fakenet *net,
                                        struct wasock__fakenet_socket *socket,
                                        const struct wasock_buffer *buffers,
                                        size_t n_buffers,
                                        struct wasock__fakenet_addr *from);

#endif
