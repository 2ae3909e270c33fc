/* SPDX-License-Identifier: MIT */
/*
 * fd.h - calls on descriptors: the thin layer. Most programs use listeners and
 * connections instead (listener.h, conn.h).
 *
 * The functions keep no state. Each makes one host call unless its comment says
 * otherwise, and returns the host's error as a negative code. Only the calls
 * that wait retry: a signal does not end a wait.
 *
 * Use non-blocking descriptors: a call on a blocking one stops the whole guest.
 */
#ifndef WASOCK_FD_H
#define WASOCK_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wasock/abi.h>
#include <wasock/addr.h>

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
 * Get the kind and the mode of a descriptor. Listeners and connections are both
 * SOCKET_STREAM: wasock_fd_is_listener distinguishes them.
 * stat: written on success.
 * Errors: EBADF: no such descriptor.
 * Source: preview1 fd_fdstat_get.
 */
int wasock_fd_stat(int fd, struct wasock_fd_stat *stat)
    __attribute__((warn_unused_result));

/* Name a kind: "stream socket", "directory", … Returns a static string. */
const char *wasock_fd_kind_name(enum wasock_fd_kind kind);

/*
 * Check whether a stream socket is a listener, by a send of zero slices: it
 * succeeds on a connection and fails on a listener. No data is sent and no
 * connection is accepted.
 * fd: a SOCKET_STREAM. On a datagram socket this sends an empty datagram. A
 *   descriptor that is not open counts as a listener.
 * Returns 1 for a listener, 0 for a connection.
 * Errors: ENOTSUP: the host accepts it on both (WAMR).
 * Source: preview1 sock_send.
 */
int wasock_fd_is_listener(int fd) __attribute__((warn_unused_result));

/*
 * Make a descriptor non-blocking and verify it. Costs two host calls. Clears
 * other flags, such as a file's APPEND.
 * Errors: EBADF; ENOTSUP: the host reported success and did not do it; any
 *   other code of the host.
 * Source: preview1 fd_fdstat_set_flags, fd_fdstat_get.
 */
int wasock_fd_set_nonblocking(int fd) __attribute__((warn_unused_result));

/*
 * Accept a connection, non-blocking if the host does what it is asked: check
 * with wasock_fd_stat.
 * fd: a non-blocking listener.
 * Returns the new descriptor, which the caller owns.
 * Errors: EAGAIN: no connection is pending; ECONNABORTED; EMFILE, ENFILE (EIO
 *   on wazero): out of descriptors; EBADF, EINVAL, ENOTCAPABLE: no listener;
 *   EHOST: the host returned no descriptor; any other code of the host.
 * Source: preview1 sock_accept.
 */
int wasock_fd_accept(int fd) __attribute__((warn_unused_result));

/*
 * Receive up to `capacity` bytes, 1 GiB at most.
 * Returns the count, 0 at EOF. Returns 0 without a host call if `capacity` is
 *   0.
 * Errors: EAGAIN: no data; ECONNRESET (EIO on wazero); EBADF; EHOST: the host
 *   returned a count above `capacity`; any other code of the host.
 * Source: preview1 sock_recv.
 */
ptrdiff_t wasock_fd_recv(int fd, void *buffer, size_t capacity)
    __attribute__((warn_unused_result));

/*
 * Receive into several buffers, in order. A short count is normal: wasmtime
 * fills only the first buffer that has room. wazero loses data: if the bytes
 * fill exactly one buffer, it drops them and returns EAGAIN.
 * buffers: empty ones in front are skipped; at most WASOCK_SLICES_MAX are used.
 * Errors: as wasock_fd_recv.
 * Source: preview1 sock_recv.
 */
ptrdiff_t wasock_fd_recvv(int fd, const struct wasock_buffer *buffers,
                          size_t n_buffers) __attribute__((warn_unused_result));

/*
 * Send up to `length` bytes, 1 GiB at most.
 * Returns the count, often a short one. Returns 0 without a host call if
 *   `length` is 0.
 * Errors: EAGAIN: no room; EPIPE, ECONNRESET (EIO on wazero): the peer is gone;
 *   EBADF; EHOST: as wasock_fd_recv; any other code of the host.
 * Source: preview1 sock_send.
 */
ptrdiff_t wasock_fd_send(int fd, const void *data, size_t length)
    __attribute__((warn_unused_result));

/*
 * Send several slices in order, as one. Do not use it on wazero unless all of
 * them fit: when the send buffer is full, wazero skips the rest of a slice and
 * sends the next one, or returns EAGAIN although it has sent some bytes.
 * slices: not modified; empty ones in front are skipped; at most
 *   WASOCK_SLICES_MAX are used.
 * Errors: as wasock_fd_send.
 * Source: preview1 sock_send.
 */
ptrdiff_t wasock_fd_sendv(int fd, const struct wasock_slice *slices,
                          size_t n_slices) __attribute__((warn_unused_result));

/*
 * Read from and write to any descriptor: stdin, stdout, stderr, a pipe.
 * Parameters and results are those of wasock_fd_recv and wasock_fd_send.
 * Errors: EAGAIN; EBADF; EHOST: as wasock_fd_recv; any other code of the host.
 * Source: preview1 fd_read, fd_write.
 */
ptrdiff_t wasock_fd_read(int fd, void *buffer, size_t capacity)
    __attribute__((warn_unused_result));
ptrdiff_t wasock_fd_write(int fd, const void *data, size_t length);

/*
 * Shut one or both halves of a connection. WAMR always shuts both.
 * Errors: EINVAL: no such half; ENOTCONN (EIO on wazero): the peer is gone;
 *   EBADF.
 * Source: preview1 sock_shutdown.
 */
int wasock_fd_shutdown(int fd, enum wasock_shutdown how);

/*
 * Open a non-blocking listener at an IPv4 or IPv6 address.
 * backlog: connections that may wait to be accepted.
 * Returns the descriptor.
 * Errors: ENOSYS: a preview1 host has no such call; EADDRINUSE; EADDRNOTAVAIL;
 *   EACCES; EAFNOSUPPORT; EMFILE; any other code of the host.
 * Source: bind(2) and listen(2).
 */
int wasock_fd_listen(const struct wasock_addr *addr, size_t backlog)
    __attribute__((warn_unused_result));

/*
 * Open a non-blocking stream socket and start to connect it. When it becomes
 * writable, call wasock_fd_connect_result.
 * Returns the descriptor.
 * Errors: ENOSYS: a preview1 host; EACCES; EAFNOSUPPORT; EMFILE; any other code
 *   of the host.
 * Source: connect(2).
 */
int wasock_fd_connect(const struct wasock_addr *addr)
    __attribute__((warn_unused_result));

/*
 * Get the result of a connect.
 * Returns 0: connected.
 * Errors: EAGAIN: no result yet; ENOSYS; EBADF; ECONNREFUSED or any other code
 *   of the host: the connect failed. Some hosts return it only once.
 * Source: getsockopt(SO_ERROR).
 */
int wasock_fd_connect_result(int fd) __attribute__((warn_unused_result));

/*
 * Get the address of this end, or of the peer.
 * addr: written on success.
 * Errors: ENOSYS: a preview1 host; ENOTCONN: no peer; EBADF; any other code of
 *   the host.
 * Source: getsockname(2), getpeername(2).
 */
int wasock_fd_local_addr(int fd, struct wasock_addr *addr)
    __attribute__((warn_unused_result));
int wasock_fd_remote_addr(int fd, struct wasock_addr *addr)
    __attribute__((warn_unused_result));

/*
 * Close a descriptor. Shut a connection's writing half first: on some hosts
 * fd_close alone does not deliver EOF to the peer.
 * Errors: EBADF.
 * Source: preview1 fd_close.
 */
int wasock_fd_close(int fd);

/*
 * Wait until a descriptor may be ready. Readiness is a hint: the next call may
 * return EAGAIN. On wazero, whose poll is fake, this returns 0 after 10 ms.
 *
 * A wait of up to 10 ms is one host call, a longer one at least two. A timeout
 * adds clock reads.
 * fd: non-blocking.
 * direction: WASOCK_READABLE or WASOCK_WRITABLE. To wait for both, use
 *   wasock_poll_until_ns.
 * deadline_ns: absolute, of wasock_clock_now_ns.
 * timeout_ns: a duration; 0: check, do not wait.
 * Returns 0: it may be ready.
 * Errors: EDEADLINE: the time is up; EBADF; EINVAL: no such direction; any
 *   other code of the host, never EINTR.
 * Source: preview1 poll_oneoff.
 */
int wasock_fd_wait_until_ns(int fd, unsigned direction, uint64_t deadline_ns)
    __attribute__((warn_unused_result));
int wasock_fd_wait_for_ns(int fd, unsigned direction, uint64_t timeout_ns)
    __attribute__((warn_unused_result));

/*
 * Sleep. Signals do not shorten it.
 * Errors: EDEADLOCK: WASOCK_NO_DEADLINE or WASOCK_FOREVER_NS; any code of the
 *   host, never EINTR.
 * Source: preview1 poll_oneoff.
 */
int wasock_fd_sleep_until_ns(uint64_t deadline_ns);
int wasock_fd_sleep_for_ns(uint64_t timeout_ns);

/*
 * Check whether the host's poll is fake: whether it reports every socket ready
 * without checking (wazero). Polls for writability, without waiting.
 * fd: non-blocking.
 * is_listener: whether fd is a listener. A listener is never writable: it also
 *   detects a host that reports every socket writable (wasmtime on Windows). A
 *   connection does not.
 * Returns 1 if the poll is fake, 0 if not.
 * Errors: any code of the host.
 * Source: preview1 poll_oneoff.
 */
int wasock_fd_poll_is_fake(int fd, bool is_listener)
    __attribute__((warn_unused_result));

/* A descriptor to poll. */
struct wasock_poll_item {
    int fd;           /* negative: skipped */
    uint8_t interest; /* mask of WASOCK_READABLE, WASOCK_WRITABLE; 0: skipped */
    uint8_t ready;    /* out: the directions that may be ready */
    int16_t error;    /* out: 0 or a negative code, such as -WASOCK_EBADF */
};

/* Scratch memory of a poll: two elements an item, and one for the clock. */
struct wasock_poll_scratch {
    struct wasock__subscription subscription_;
    struct wasock__event event_;
};
#define WASOCK_POLL_SCRATCH_LENGTH(n_items) (2 * (n_items) + 1)

/*
 * Poll a few descriptors. For many, use the poller (poller.h).
 *
 * Readiness is a hint. On wasmtime, one ready descriptor makes all of them look
 * ready (see wasock_poll_confirm). On wazero every item looks ready after
 * 10 ms. A closed descriptor sets `error` of its own item only.
 *
 *   poll_oneoff  when
 *   1            something is ready within 10 ms
 *   2            in a longer wait
 *
 * A timeout adds clock reads; a closed descriptor adds a stat of each item.
 * items: `ready` and `error` of each are written, unless the call fails.
 * scratch: WASOCK_POLL_SCRATCH_LENGTH(n_items) elements; not used between
 *   calls.
 * deadline_ns: absolute, of wasock_clock_now_ns.
 * timeout_ns: a duration; 0: check, do not wait.
 * Returns the number of items with `ready` or `error` set; 0: the time is up.
 * Errors: EDEADLOCK: no items, and no deadline; any code of the host, never
 *   EINTR.
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
 * Poll each reported direction again, alone and without waiting, and clear the
 * directions that are not ready. Costs one host call each. On wazero nothing is
 * cleared.
 * items: as the poll returned them. `error` is set for descriptors that were
 *   closed since.
 * Returns the number of items with `ready` or `error` still set.
 * Source: preview1 poll_oneoff.
 */
int wasock_poll_confirm(struct wasock_poll_item *items, size_t n_items);

#ifdef __cplusplus
}
#endif

#endif
