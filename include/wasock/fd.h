/* SPDX-License-Identifier: MIT */
/*
 * fd.h - the thin layer: descriptors as the host numbers them.
 *
 * Stateless, and one host call a function unless its comment says otherwise.
 * Nothing here retries, remembers or owns: a descriptor is a number, and a
 * host's answer passes through as a negative code. Listeners and connections
 * (listener.h, conn.h) are built on this layer and are what most programs
 * want.
 *
 * Descriptors should be non-blocking: on a blocking one a call freezes the
 * whole guest.
 */
#ifndef WASOCK_FD_H
#define WASOCK_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wasock/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a descriptor refers to. The numbers are preview1's file types. */
enum wasock_fd_kind {
    WASOCK_FD_UNKNOWN = 0,
    WASOCK_FD_BLOCK_DEVICE = 1,
    WASOCK_FD_CHARACTER_DEVICE = 2,
    WASOCK_FD_DIRECTORY = 3,
    WASOCK_FD_FILE = 4,
    WASOCK_FD_SOCKET_DGRAM = 5,
    WASOCK_FD_SOCKET_STREAM = 6,
    WASOCK_FD_SYMBOLIC_LINK = 7
};

/* Directions of readiness, combined with |. */
enum { WASOCK_READABLE = 1 << 0, WASOCK_WRITABLE = 1 << 1 };

/* Halves of a connection. */
enum wasock_shutdown {
    WASOCK_SHUTDOWN_READ = 1,
    WASOCK_SHUTDOWN_WRITE = 2,
    WASOCK_SHUTDOWN_BOTH = 3
};

struct wasock_fd_stat {
    enum wasock_fd_kind kind;
    bool is_nonblocking;
};

/*
 * What a descriptor is, and its mode. A listener and a connection are both
 * SOCKET_STREAM: wasock_fd_is_listener tells them apart.
 * fd: any number.
 * stat: written on success; the caller's.
 * Errors: EBADF: no such descriptor.
 * Source: preview1 fd_fdstat_get; Go's fileListener and fileConn look at
 *   nothing else.
 */
int wasock_fd_stat(int fd, struct wasock_fd_stat *stat)
    __attribute__((warn_unused_result));

/*
 * The name of a kind: "stream socket", "directory", …
 * Returns a string that lives for ever; "unknown" for what is no kind.
 * Errors: none. Source: wasock's own.
 */
const char *wasock_fd_kind_name(enum wasock_fd_kind kind);

/*
 * Whether a stream socket is a listener: 1, or a connection: 0. Sends nothing,
 * zero slices of it, which a connection accepts and a listener refuses; nobody
 * is accepted and nothing is disturbed.
 * fd: a SOCKET_STREAM. On a datagram socket this would send a datagram, and
 *   what is no descriptor at all is taken for a listener.
 * Errors: ENOTSUP: the host gives no verdict (WAMR).
 * Source: preview1 sock_send.
 */
int wasock_fd_is_listener(int fd) __attribute__((warn_unused_result));

/*
 * Make a descriptor non-blocking and verify that it is. Two host calls. In a
 * guest its other flags, such as a file's APPEND, are cleared.
 * Errors: EBADF; ENOTSUP: the host said yes and did not do it; any other code
 *   of the host.
 * Source: preview1 fd_fdstat_set_flags, fd_fdstat_get.
 */
int wasock_fd_set_nonblocking(int fd) __attribute__((warn_unused_result));

/*
 * Accept a connection and ask for it to be non-blocking, which not every host
 * grants: see wasock_fd_stat.
 * fd: a listener, non-blocking.
 * Returns the new descriptor, the caller's.
 * Errors: EAGAIN: nobody there; ECONNABORTED; EMFILE, ENFILE (EIO on wazero):
 *   no descriptors left; EBADF, EINVAL, ENOTCAPABLE: no listener; any other
 *   code of the host; EHOST: it named no descriptor.
 * Source: preview1 sock_accept.
 */
int wasock_fd_accept(int fd) __attribute__((warn_unused_result));

/*
 * Receive at most `capacity` bytes; at most 1 GiB at once.
 * buffer: the caller's.
 * Returns the count, 0 at the end of the stream, or 0 at once without a host
 *   call when `capacity` is 0.
 * Errors: EAGAIN: nothing there; ECONNRESET (EIO on wazero): reset; EBADF; any
 *   other code of the host; EHOST: it told of more than was asked for.
 * Source: preview1 sock_recv.
 */
ptrdiff_t wasock_fd_recv(int fd, void *buffer, size_t capacity)
    __attribute__((warn_unused_result));

/*
 * As wasock_fd_recv, into several buffers in order. wasmtime fills only the
 * first that has room, so a short count says nothing. wazero loses bytes where
 * they fill one buffer and there are none for the next: it then says EAGAIN.
 * buffers: `n_buffers` of them, the caller's; those beyond
 *   WASOCK_SLICES_MAX, and empty ones in front, are left out.
 * Errors: as wasock_fd_recv.
 * Source: preview1 sock_recv.
 */
ptrdiff_t wasock_fd_recvv(int fd, const struct wasock_buffer *buffers,
                          size_t n_buffers) __attribute__((warn_unused_result));

/*
 * Send at most `length` bytes; at most 1 GiB at once.
 * data: the caller's.
 * Returns the count, often short; 0 at once without a host call when `length`
 *   is 0.
 * Errors: EAGAIN: no room; EPIPE, ECONNRESET (EIO on wazero): the peer has
 *   gone; EBADF; any other code of the host; EHOST: as wasock_fd_recv.
 * Source: preview1 sock_send.
 */
ptrdiff_t wasock_fd_send(int fd, const void *data, size_t length)
    __attribute__((warn_unused_result));

/*
 * As wasock_fd_send, from several slices in order as if they were one. Not on
 * wazero where there may be too little room: it goes on with the next slice
 * after a short one, or says EAGAIN of what it has sent in part.
 * slices: `n_slices` of them, the caller's, unchanged; those beyond
 *   WASOCK_SLICES_MAX, and empty ones in front, are left out.
 * Errors: as wasock_fd_send.
 * Source: preview1 sock_send.
 */
ptrdiff_t wasock_fd_sendv(int fd, const struct wasock_slice *slices,
                          size_t n_slices) __attribute__((warn_unused_result));

/*
 * Read from and write to any descriptor: stdin, stdout, stderr, a pipe.
 * Parameters and results as wasock_fd_recv and wasock_fd_send.
 * Errors: EAGAIN, EBADF and what the file behind it says; EHOST: as
 *   wasock_fd_recv.
 * Source: preview1 fd_read, fd_write.
 */
ptrdiff_t wasock_fd_read(int fd, void *buffer, size_t capacity)
    __attribute__((warn_unused_result));
ptrdiff_t wasock_fd_write(int fd, const void *data, size_t length)
    __attribute__((warn_unused_result));

/*
 * Shut one or both halves of a connection. On WAMR this always shuts both.
 * Errors: EINVAL: `how` is no half; ENOTCONN (EIO on wazero): the peer has
 *   gone; EBADF.
 * Source: preview1 sock_shutdown.
 */
int wasock_fd_shutdown(int fd, enum wasock_shutdown how)
    __attribute__((warn_unused_result));

/*
 * Close a descriptor. Shut a connection's writing half first: on some hosts
 * its peer sees no end of the stream otherwise.
 * Errors: EBADF.
 * Source: preview1 fd_close.
 */
int wasock_fd_close(int fd);

/*
 * Wait until a descriptor may be ready, or until a deadline.
 * fd: non-blocking.
 * direction: WASOCK_READABLE or WASOCK_WRITABLE; the wasock_poll calls wait
 *   for both.
 * deadline_ns: absolute, of wasock_clock_now_ns. timeout_ns: a duration.
 * Returns 0: try again now. Readiness is a hint: the try may say EAGAIN. On a
 *   host whose poll is fake (wazero) it comes by the clock, after 10 ms.
 * A short wait is one host call, one of over 10 ms is two or more, and a
 * deadline adds clock reads.
 * Errors: EDEADLINE: the deadline came first; EINTR; EBADF; EINVAL: no
 *   direction; any other code of the host.
 * Source: preview1 poll_oneoff.
 */
int wasock_fd_wait_until_ns(int fd, unsigned direction, uint64_t deadline_ns)
    __attribute__((warn_unused_result));
int wasock_fd_wait_for_ns(int fd, unsigned direction, uint64_t timeout_ns)
    __attribute__((warn_unused_result));

/*
 * Sleep until a deadline, or for a time.
 * Errors: EINTR; EDEADLOCK: there is none, so this would never end.
 * Source: preview1 poll_oneoff.
 */
int wasock_fd_sleep_until_ns(uint64_t deadline_ns)
    __attribute__((warn_unused_result));
int wasock_fd_sleep_for_ns(uint64_t timeout_ns)
    __attribute__((warn_unused_result));

/*
 * Whether the host's poll is fake: 1 where it reports a socket ready without
 * looking (wazero), 0 where it looks. Asks for writability without waiting,
 * which a listener never has.
 * fd: non-blocking.
 * is_listener: whether fd is one. A connection may really be writable, so a
 *   host that calls everything writable (wasmtime on Windows) is found out by
 *   a listener only.
 * Errors: any code of the host: no verdict.
 * Source: preview1 poll_oneoff.
 */
int wasock_fd_poll_is_fake(int fd, bool is_listener)
    __attribute__((warn_unused_result));

/* One descriptor to wait for with wasock_poll_until_ns. */
struct wasock_poll_item {
    int fd; /* negative: left out */
    uint8_t
        interest;  /* WASOCK_READABLE, WASOCK_WRITABLE or both; 0: left out */
    uint8_t ready; /* out: what may be ready, of `interest` */
    int16_t error; /* out: 0, or a negative code: -WASOCK_EBADF */
};

/* Scratch of wasock_poll_until_ns; an item needs two and the clock one. */
struct wasock_poll_scratch {
    struct wasock__subscription subscription_;
    struct wasock__event event_;
};
#define WASOCK_POLL_SCRATCH_LENGTH(n_items) (2 * (n_items) + 1)

/*
 * Wait until one of a few descriptors may be ready, or until a deadline. The
 * poller (poller.h) is for many.
 * items: `n_items` of them, the caller's; `ready` and `error` of each are
 *   written unless the call fails.
 * scratch: an array of WASOCK_POLL_SCRATCH_LENGTH(n_items), the caller's;
 *   nothing in it is kept between calls.
 * deadline_ns: absolute, of wasock_clock_now_ns. timeout_ns: a duration.
 * Returns how many items have `ready` or `error` set; 0 at the deadline.
 * Readiness is a hint, and on wasmtime one ready descriptor makes all of them
 * look ready: see wasock_poll_confirm. On a host whose poll is fake (wazero)
 * every item looks ready after 10 ms.
 * A dead descriptor is an error of its item only; the others are looked at in
 * the next call. One poll_oneoff where something is ready at once or soon, two
 * in a wait of over 10 ms, a stat an item after a dead descriptor, and clock
 * reads where there is a deadline.
 * Errors: EDEADLOCK: nothing to wait for and no deadline; EINTR; any other
 *   code of the host.
 * Source: preview1 poll_oneoff.
 */
int wasock_poll_until_ns(struct wasock_poll_item *items, size_t n_items,
                         struct wasock_poll_scratch *scratch,
                         uint64_t deadline_ns)
    __attribute__((warn_unused_result));
int wasock_poll_for_ns(struct wasock_poll_item *items, size_t n_items,
                       struct wasock_poll_scratch *scratch, uint64_t timeout_ns)
    __attribute__((warn_unused_result));

/*
 * Ask again for each direction that a poll reported, alone and without
 * waiting, and clear those that are not ready after all. One host call each.
 * On a host whose poll is fake nothing is cleared.
 * items, n_items: as the poll left them.
 * Returns how many items still have `ready` or `error` set.
 * Errors: none; an item whose descriptor died in between has its `error` set.
 * Source: preview1 poll_oneoff.
 */
int wasock_poll_confirm(struct wasock_poll_item *items, size_t n_items)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif

#endif
