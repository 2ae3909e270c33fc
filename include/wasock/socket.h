/* SPDX-License-Identifier: MIT */
/*
 * socket.h - what listeners and connections have in common.
 *
 * Every wasock_listener and wasock_conn holds a `struct wasock_socket socket`
 * as its only member; the functions here take it:
 *
 *   wasock_socket_set_timeout_ns(&conn.socket, WASOCK_READABLE,
 *                                30 * WASOCK_NS_PER_S);
 *
 * The object lives in the caller's storage and must not move while open. All
 * zero bytes are a closed one.
 *
 * An object, those that share its descriptor and the pollers that watch it
 * belong to one thread.
 */
#ifndef WASOCK_SOCKET_H
#define WASOCK_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wasock/addr.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wasock__backend;
struct wasock_watch;

/* Private: what is true of a descriptor, and so of all that share it. */
struct wasock__facts {
    int16_t error[2];       /* by side: what ended it, negative; or 0 */
    uint8_t shut;           /* halves shut by us, enum wasock_shutdown */
    uint8_t is_role_proven; /* the host told listener from connection */
    uint8_t host_poll;      /* enum wasock__host_poll */
    uint8_t accept_mode;    /* enum wasock__accept_mode */
};

/* Members are private. */
struct wasock_socket {
    uint64_t deadline_ns_[2];               /* by side */
    struct wasock_socket *next_sharer_;     /* a ring; NULL when alone */
    struct wasock_watch *watches_;          /* pollers that wait for it */
    const struct wasock__backend *backend_; /* NULL: the host, or closed */
    const char *label_;
    int fd_;
    uint8_t role_;  /* enum wasock__role; 0: not open on the host */
    uint8_t moved_; /* enum wasock__moved */
    uint8_t is_interruptible_;
    struct wasock__facts facts_;
};

/*
 * Whether the object is open.
 * Errors: none. Source: wasock's own.
 */
bool wasock_socket_is_open(const struct wasock_socket *socket);

/*
 * The object's descriptor number, for logs and for calls that wasock does not
 * make. It stays the object's: do not close it.
 * Errors: ECLOSED; ENOTSUP: the object has none, it is of an in-process
 *   network.
 * Source: wasock's own.
 */
int wasock_socket_fd(const struct wasock_socket *socket);

/*
 * Set the deadline of waiting reads and accepts, of waiting writes, or both.
 * It is sticky: once past, every waiting call fails before it looks at data,
 * until a later one, or none, is set; the connection stays usable. It belongs
 * to this object, not to its sharers. The calls that never wait (try_…) do not
 * look at it; a poller reports it once when it is exceeded.
 * directions: WASOCK_READABLE, WASOCK_WRITABLE (fd.h) or both, with |.
 * deadline_ns: absolute, of the clock of wasock_socket_now_ns;
 *   WASOCK_NO_DEADLINE clears it.
 * timeout_ns: a duration from now; WASOCK_FOREVER_NS clears the deadline.
 * Errors: ECLOSED; EINVAL: no such direction.
 * Source: Go's SetDeadline, SetReadDeadline, SetWriteDeadline.
 */
int wasock_socket_set_deadline_ns(struct wasock_socket *socket,
                                  unsigned directions, uint64_t deadline_ns);
int wasock_socket_set_timeout_ns(struct wasock_socket *socket,
                                 unsigned directions, uint64_t timeout_ns);

/*
 * The time by the clock that the object's deadlines use: the network's own for
 * an in-process socket, wasock_clock_now_ns for any other and a closed one.
 * Errors: none. Source: wasock's own.
 */
uint64_t wasock_socket_now_ns(const struct wasock_socket *socket);

/*
 * Let signals end the waits of this object, with EINTR, each time. By default a
 * signal ends no wait. Native programs only: a guest gets no signals.
 * Errors: ECLOSED.
 */
int wasock_socket_set_interruptible(struct wasock_socket *socket,
                                    bool is_interruptible);

/*
 * Give the object a name for logs, which its local address then carries, but
 * for those of an in-process network, which have addresses. Connections
 * inherit it from the listener that accepts them.
 * label: the caller's, must live as long as the object; NULL for none.
 * Errors: ECLOSED.
 * Source: wasock's own: preview1 tells no address.
 */
int wasock_socket_set_label(struct wasock_socket *socket, const char *label);

/*
 * The address of this end, and of the other. On a real socket both are
 * unspecified, because preview1 does not tell; the local one carries the
 * label, cut to fit. The other end of what has none, such as a listener, is
 * unspecified too.
 * addr: written on success.
 * Errors: ECLOSED.
 * Source: Go's LocalAddr and RemoteAddr, zero on wasip1.
 */
int wasock_socket_local_addr(struct wasock_socket *socket,
                             struct wasock_addr *addr);
int wasock_socket_remote_addr(struct wasock_socket *socket,
                              struct wasock_addr *addr);

/*
 * Private: the link between an object and something that waits for it. It
 * lives in the memory of what waits and stands in two lists: the object's
 * watches, and, from a change of the object until it is taken note of, its
 * owner's inbox. So nothing below calls upward.
 */
struct wasock_watch {
    struct wasock_socket *socket_; /* NULL once the object is closed */
    struct wasock_watch *next_;    /* in the object's list */
    struct wasock_watch **link_;   /* what points at this one there */
    struct wasock_watch **inbox_;  /* head of its owner's list of changes */
    struct wasock_watch *next_changed_; /* in the inbox */
    uint8_t changes_;                   /* not 0: in the inbox */
};

struct wasock__operations;

/* Private: what provides sockets that are not the host's, such as an
 * in-process network, whose struct begins with this (src/backend.h). */
struct wasock__backend {
    const struct wasock__operations *operations;
};

#ifdef __cplusplus
}
#endif

#endif
