/* SPDX-License-Identifier: MIT */
/*
 * host.h - calls that only some hosts have.
 *
 * They are functions of the host's object, never imports, so that a module
 * loads on every host. src/host/preview1 returns ENOSYS for all; posix, wasip2
 * and wasip3 implement what their host has. Each library is built with exactly
 * one of these.
 *
 * As in wasip1.h, every function returns a preview1 errno, 0 on success, and
 * writes its outputs on success only. ENOSYS: the host cannot do it.
 */
#ifndef WASOCK_HOST_H
#define WASOCK_HOST_H

#include <stddef.h>
#include <stdint.h>

#include <wasock/abi.h>
#include <wasock/addr.h>

/* The first descriptor that may be a preopened socket. */
int32_t wasock__host_first_fd(void);

/* ---- Explanations ---- */

enum wasock__host_sockets {
    WASOCK__HOST_SOCKETS_UNKNOWN = 0,
    WASOCK__HOST_SOCKETS_SOME,
    WASOCK__HOST_SOCKETS_NONE
};

/* Detect whether the host has sockets, although it preopened none. Makes no
 * socket call: those trap in preview1 as WASI 0.2 adapts it. */
enum wasock__host_sockets wasock__host_detect_sockets(void);

/* Command lines that open a listener: a few lines, each with its newline. */
const char *wasock__host_listen_help(void);

/* ---- Streams ---- */

/* Open a non-blocking listener. addr: IPv4 or IPv6; port 0: the host chooses.
 * backlog: connections that wait to be accepted. */
int32_t wasock__host_listen(const struct wasock_addr *addr, uint32_t backlog,
                            int32_t *fd);

/* Open a non-blocking socket and start to connect it. The descriptor is
 * writable once that has succeeded or failed. Until then reads and writes
 * return EAGAIN. */
int32_t wasock__host_connect(const struct wasock_addr *addr, int32_t *fd);

/* Open a stream socket that is bound and does nothing yet, and then let it
 * listen or connect, as the two above do; if that fails, it can only be closed.
 * For the BSD layer, so natively there are none of these. */
int32_t wasock__host_bind(const struct wasock_addr *addr, int32_t *fd);
int32_t wasock__host_listen_bound(int32_t fd, uint32_t backlog);
int32_t wasock__host_connect_bound(int32_t fd, const struct wasock_addr *addr);

/* Get the result of a connect: 0: connected; EAGAIN: not finished; any other:
 * why it failed, which may be reported once only. */
int32_t wasock__host_connect_result(int32_t fd);

/* Get the address of this end, or of the peer. */
int32_t wasock__host_local_addr(int32_t fd, struct wasock_addr *addr);
int32_t wasock__host_remote_addr(int32_t fd, struct wasock_addr *addr);

/* ---- Datagrams ---- */

/* Open a non-blocking datagram socket. addr: NULL: unspecified, of `family`
 * (enum wasock_addr_family); else bind to it. */
int32_t wasock__host_dgram_open(uint8_t family, const struct wasock_addr *addr,
                                int32_t *fd);

/* Send to and receive from one peer only. sock_send and sock_recv work then. */
int32_t wasock__host_dgram_connect(int32_t fd, const struct wasock_addr *addr);

/* Send one datagram. addr: NULL: to the connected peer. */
int32_t wasock__host_dgram_send(int32_t fd, const struct wasock_slice *slices,
                                size_t n_slices, const struct wasock_addr *addr,
                                uint32_t *n_sent);

/* Receive one datagram; what does not fit is lost. addr: written: its sender.
 * length: written: of the whole datagram. */
int32_t wasock__host_dgram_receive(int32_t fd,
                                   const struct wasock_buffer *buffers,
                                   size_t n_buffers, struct wasock_addr *addr,
                                   uint32_t *length);

/* ---- Names ---- */

/* Look up the addresses of a name. Blocks. addrs: room for `capacity`; their
 * port is 0. n_addrs: written: at most `capacity`. ENOENT: no such name. */
int32_t wasock__host_lookup(const char *name, struct wasock_addr *addrs,
                            size_t capacity, size_t *n_addrs);

/* ---- Sets of descriptors, as epoll has ---- */

/* A set, in the caller's memory; it must not move while it is open. All zero
 * bytes: closed. Members are the host's. */
struct wasock__host_set {
    struct wasock__host_watch *first;
    int32_t fd;
    uint32_t count;
};

/* A descriptor in a set, in the caller's memory; it must not move while it is
 * in the set. Several may watch one descriptor, in one set or in several. All
 * zero bytes: in no set. Members but `ready` are the host's. */
struct wasock__host_watch {
    struct wasock__host_watch *next;
    struct wasock__host_watch *next_ready;
    struct wasock__host_watch *previous_ready;
    struct wasock__host_set *set;
    int32_t fd;
    uint8_t directions;
    uint8_t ready; /* directions, as the last set_wait reported */
    uint8_t state;
};

/* Open a set. ENOSYS: the host keeps none; any other: it cannot now. */
int32_t wasock__host_set_open(struct wasock__host_set *set);

/* Close a set. Its watches must have been removed. */
void wasock__host_set_close(struct wasock__host_set *set);

/* Watch a descriptor. directions: a mask of WASOCK_READABLE and
 * WASOCK_WRITABLE, not 0. ENOTSUP: the set cannot watch it, as it is always
 * ready (a file). */
int32_t wasock__host_set_add(struct wasock__host_set *set,
                             struct wasock__host_watch *watch, int32_t fd,
                             unsigned directions);

/* Replace the directions of a watch. */
int32_t wasock__host_set_modify(struct wasock__host_watch *watch,
                                unsigned directions);

/* Remove a watch. Its descriptor may have been closed; a new one of the same
 * number must not have been added to the set. */
void wasock__host_set_remove(struct wasock__host_watch *watch);

/*
 * Wait until descriptors are ready, and get some or all of them. What stays
 * ready is reported by every call, or in turn if there is no room.
 * ready: room for `capacity` watches, at least 1.
 * timeout_ns: 0: do not wait; UINT64_MAX: no limit.
 * n_ready: written: 0: the time is up. EINTR: a signal.
 */
int32_t wasock__host_set_wait(struct wasock__host_set *set,
                              struct wasock__host_watch **ready,
                              uint32_t capacity, uint64_t timeout_ns,
                              uint32_t *n_ready);

/* ---- Costs ---- */

/* Costs of a poll on a truthful host, in ns. */
struct wasock__poll_cost {
    uint32_t poll_ns;  /* the call */
    uint32_t idle_ns;  /* each subscription, if none is ready */
    uint32_t ready_ns; /* … if one is ready */
    uint32_t wake_ns;  /* … if the call slept */
    uint32_t sweep_ns; /* n idle ones are polled within n times this */
};

/* Get the costs of a host whose poll is known to be truthful. NULL: detect how
 * truthful it is. */
const struct wasock__poll_cost *wasock__host_poll_cost(void);

#endif
