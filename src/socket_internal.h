/* SPDX-License-Identifier: MIT */
/*
 * socket_internal.h - the inside of sockets, for listeners, connections, the
 * poller and backends.
 */
#ifndef WASOCK_SOCKET_INTERNAL_H
#define WASOCK_SOCKET_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wasock/abi.h>
#include <wasock/socket.h>

/* The side of a direction: 0 for WASOCK_READABLE, 1 for WASOCK_WRITABLE. */
#define WASOCK__SIDE(direction) ((direction) >> 1)

/* What the calls on an object did since a poller last looked. */
enum wasock__activity {
    WASOCK__ACTIVITY_MOVED = 1, /* transferred bytes, or accepted */
    WASOCK__ACTIVITY_DRY = 2,   /* tried and returned EAGAIN */
    WASOCK__ACTIVITY_MORE = 4   /* filled the buffer, or accepted */
};

enum wasock__role {
    WASOCK__ROLE_NONE = 0,
    WASOCK__ROLE_LISTENER,
    WASOCK__ROLE_STREAM,
    WASOCK__ROLE_DGRAM,
    WASOCK__ROLE_PLAIN /* no socket, such as stdin, in a poller */
};

enum wasock__host_poll {
    WASOCK__HOST_POLL_UNKNOWN = 0,
    WASOCK__HOST_POLL_HONEST,
    WASOCK__HOST_POLL_FAKE
};

/* Whether the host honours sock_accept's NONBLOCK flag. */
enum wasock__accept_mode {
    WASOCK__ACCEPT_MODE_UNKNOWN = 0,
    WASOCK__ACCEPT_MODE_HONOURED,
    WASOCK__ACCEPT_MODE_IGNORED
};

/* Changes of an object, of which its watches are notified. */
enum {
    WASOCK__CHANGE_READ_DEADLINE = 1 << 0, /* by side: 1 << side */
    WASOCK__CHANGE_WRITE_DEADLINE = 1 << 1,
    WASOCK__CHANGE_CLOSED = 1 << 2,
    WASOCK__CHANGE_READY = 1 << 3,  /* of a backend: readiness may differ */
    WASOCK__CHANGE_STARVED = 1 << 4 /* accept ran out of descriptors */
};

/* The state of one waiting call; zero at its start. */
struct wasock__wait {
    uint32_t nap_ms;     /* the last nap */
    uint32_t n_spurious; /* wake-ups since the host's poll was last verified */
};

/* The bytes of all slices, `limit` at most. */
static inline size_t wasock__slices_length(const struct wasock_slice *slices,
                                           size_t n_slices, size_t limit)
{
    size_t length = 0;

    for (size_t i = 0; i < n_slices && length < limit; i++) {
        const size_t left = limit - length;
        length += slices[i].length < left ? slices[i].length : left;
    }
    return length;
}

/* Open `socket`, which is closed, on a descriptor of the host. */
void wasock__socket_open(struct wasock_socket *socket, int fd,
                         enum wasock__role role);

/*
 * Adopt a descriptor: check its kind and its role, and only then make it
 * non-blocking, so that a failure leaves it unchanged.
 * Errors: EOPEN: `socket` is open; EBADF; ENOTSOCK; ENOTLISTENER;
 *   ENOTCONNECTION; ENOTSUP: a datagram socket as listener, or it stays
 *   blocking.
 */
int wasock__socket_adopt(struct wasock_socket *socket, int fd, bool as_listener)
    __attribute__((warn_unused_result));

/* Give the descriptor back and close the object. EBUSY: it is shared. */
int wasock__socket_into_fd(struct wasock_socket *socket)
    __attribute__((warn_unused_result));

/* Open `sharer` on the same descriptor. EOPEN: it is open. */
int wasock__socket_share(struct wasock_socket *socket,
                         struct wasock_socket *sharer)
    __attribute__((warn_unused_result));

/* Close the object; the last sharer closes the descriptor. */
int wasock__socket_close(struct wasock_socket *socket);

/*
 * Operations on a socket whose role is NONE: ECLOSED, unless it is a backend's.
 * socket.c defines them weakly, without dispatch. backend.c overrides them; it
 * is linked only if the program has a backend (backend.h).
 */
int wasock__backend_accept(struct wasock_socket *listener,
                           struct wasock_socket *accepted)
    __attribute__((warn_unused_result));
ptrdiff_t wasock__backend_read(struct wasock_socket *socket, void *buffer,
                               size_t capacity)
    __attribute__((warn_unused_result));
ptrdiff_t wasock__backend_readv(struct wasock_socket *socket,
                                const struct wasock_buffer *buffers,
                                size_t n_buffers)
    __attribute__((warn_unused_result));
ptrdiff_t wasock__backend_write(struct wasock_socket *socket, const void *data,
                                size_t length)
    __attribute__((warn_unused_result));
ptrdiff_t wasock__backend_writev(struct wasock_socket *socket,
                                 const struct wasock_slice *slices,
                                 size_t n_slices)
    __attribute__((warn_unused_result));
int wasock__backend_shutdown(struct wasock_socket *socket, unsigned halves)
    __attribute__((warn_unused_result));
int wasock__backend_close(struct wasock_socket *socket)
    __attribute__((warn_unused_result));
int wasock__backend_connect_result(struct wasock_socket *socket)
    __attribute__((warn_unused_result));
int wasock__backend_local_addr(struct wasock_socket *socket,
                               struct wasock_addr *addr)
    __attribute__((warn_unused_result));
int wasock__backend_remote_addr(struct wasock_socket *socket,
                                struct wasock_addr *addr)
    __attribute__((warn_unused_result));

/* Wait for a direction, until the socket's deadline for it. */
int wasock__backend_wait(struct wasock_socket *socket, unsigned direction)
    __attribute__((warn_unused_result));

/* Open a closed object on a network, which is not the host's. */
int wasock__backend_listen(struct wasock_network *network,
                           const struct wasock_addr *addr, size_t backlog,
                           struct wasock_socket *listener)
    __attribute__((warn_unused_result));
int wasock__backend_connect(struct wasock_network *network,
                            const struct wasock_addr *addr,
                            struct wasock_socket *connecting)
    __attribute__((warn_unused_result));

/* Fail with EDEADLINE if the deadline of a direction is past. Waiting calls do
 * it first. Reads no clock if there is no deadline. */
int wasock__socket_check_deadline(const struct wasock_socket *socket,
                                  unsigned direction)
    __attribute__((warn_unused_result));

/* Wait after EAGAIN. Returns 0 to try again, or the error that ends the call.
 * wait: the state of that call. */
int wasock__socket_wait(struct wasock_socket *socket, unsigned direction,
                        struct wasock__wait *wait)
    __attribute__((warn_unused_result));

/* Whether the host's poll checks sockets: detected once per descriptor and
 * cached. UNKNOWN if the host's poll fails, or if it is no socket. */
enum wasock__host_poll wasock__socket_host_poll(struct wasock_socket *socket);

/* Copy the object's facts to all its sharers. */
void wasock__socket_share_facts(struct wasock_socket *socket);

/* Detect a role mismatch after an operation failed with `error`. Returns
 * `wrong_role` if the descriptor is open and its role was not proven when it
 * was adopted, else `error`. */
int wasock__socket_role_error(struct wasock_socket *socket, int error,
                              int wrong_role);

/* Link and unlink a watch. inbox: of its owner. */
void wasock__socket_watch(struct wasock_socket *socket,
                          struct wasock_watch *watch,
                          struct wasock_watch **inbox);
void wasock__socket_unwatch(struct wasock_watch *watch);

/* Remove a watch from the host's set, if it is in one. */
void wasock__socket_unkeep(struct wasock_watch *watch);

/* Notify the watches of the object of changes. */
void wasock__socket_notify(struct wasock_socket *socket, uint8_t changes);

#endif
