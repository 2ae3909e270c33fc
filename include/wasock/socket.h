/* SPDX-License-Identifier: MIT */
/*
 * socket.h - what listeners and connections have in common.
 *
 * Every wasock_listener and wasock_conn has one member, `socket`. Pass its
 * address to the functions here:
 *
 *   wasock_socket_set_timeout_ns(&conn.socket, WASOCK_READABLE,
 *                                30 * WASOCK_NS_PER_S);
 *
 * An object lives in the caller's storage and must not move while it is open.
 * Zero it before it is opened for the first time: an object of all zero bytes
 * is closed. Opening an object that is open fails with EOPEN and changes
 * nothing.
 *
 * An object, its sharers and the pollers that watch it belong to one thread.
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

struct wasock_network;
struct wasock__host_watch;
struct wasock__operations;
struct wasock_watch;

/* Private: the state of a descriptor, the same in all its sharers. */
struct wasock__facts {
    int16_t error[2];       /* by side: the error that ended it, or 0 */
    uint8_t shut;           /* halves that we shut, enum wasock_shutdown */
    uint8_t is_role_proven; /* the host distinguished listener, connection */
    uint8_t host_poll;      /* enum wasock__host_poll */
    uint8_t accept_mode;    /* enum wasock__accept_mode */
};

/* Members are private. */
struct wasock_socket {
    uint64_t deadline_ns_[2];              /* by side */
    struct wasock_socket *next_sharer_;    /* a ring; NULL when alone */
    struct wasock_watch *watches_;         /* of pollers */
    const struct wasock_network *backend_; /* NULL: the host, or closed */
    const char *label_;
    int fd_;
    uint8_t role_;     /* enum wasock__role; 0: not open on the host */
    uint8_t activity_; /* enum wasock__activity */
    uint8_t is_interruptible_;
    uint8_t never_waits_; /* a pollable: a read of it returns at once */
    struct wasock__facts facts_;
};

/* Check whether the object is open. */
bool wasock_socket_is_open(const struct wasock_socket *socket);

/*
 * Get the descriptor number, for logs and for calls that wasock does not make.
 * The object still owns it: do not close it.
 * Errors: ECLOSED; ENOTSUP: an in-process socket has no descriptor.
 */
int wasock_socket_fd(const struct wasock_socket *socket);

/*
 * Set the deadline of waiting reads and accepts (WASOCK_READABLE), of waiting
 * writes (WASOCK_WRITABLE), or of both.
 *
 * A deadline is sticky: once it is past, every waiting call of its direction
 * returns EDEADLINE, even if there is data, until another deadline is set.
 * The connection stays usable. The try_ calls ignore it. A poller reports it
 * once. Sharers have deadlines of their own.
 *
 * set_timeout_ns sets the deadline to now plus a timeout. It reads the socket's
 * own clock (wasock_socket_now_ns), so a handler with timeouts runs unchanged
 * on real and on in-process sockets.
 * directions: a mask of WASOCK_READABLE and WASOCK_WRITABLE (fd.h).
 * deadline_ns: absolute, of the clock of wasock_socket_now_ns;
 *   WASOCK_NO_DEADLINE clears it.
 * timeout_ns: a duration; WASOCK_FOREVER_NS clears the deadline.
 * Errors: ECLOSED; EINVAL: an empty or unknown mask.
 * Source: Go's SetDeadline, SetReadDeadline, SetWriteDeadline.
 */
int wasock_socket_set_deadline_ns(struct wasock_socket *socket,
                                  unsigned directions, uint64_t deadline_ns);
int wasock_socket_set_timeout_ns(struct wasock_socket *socket,
                                 unsigned directions, uint64_t timeout_ns);

/*
 * Read the clock of the object's deadlines: the network's own for an in-process
 * socket, else wasock_clock_now_ns.
 */
uint64_t wasock_socket_now_ns(const struct wasock_socket *socket);

/*
 * Choose whether a signal ends a waiting call on this object with EINTR. By
 * default the call goes on waiting. For native programs: a guest has no
 * signals.
 * Errors: ECLOSED.
 */
int wasock_socket_set_interruptible(struct wasock_socket *socket,
                                    bool is_interruptible);

/*
 * Set a label for logs. It is the name in the local address of a real socket.
 * Connections inherit the label of their listener.
 * label: the caller's string, to outlive the object; NULL for none.
 * Errors: ECLOSED.
 */
int wasock_socket_set_label(struct wasock_socket *socket, const char *label);

/*
 * Get the address of this end, or of the peer. It is unspecified
 *   - on a preview1 host, which has no call for it,
 *   - for a socket without a peer, such as a listener.
 * The local address of a real socket carries the label in `name`, truncated to
 * fit. Costs one host call, none on preview1.
 * addr: written on success.
 * Errors: ECLOSED.
 * Source: getsockname(2), getpeername(2); Go's LocalAddr and RemoteAddr.
 */
int wasock_socket_local_addr(struct wasock_socket *socket,
                             struct wasock_addr *addr);
int wasock_socket_remote_addr(struct wasock_socket *socket,
                              struct wasock_addr *addr);

/*
 * Private: a poller's registration of an object, in the poller's memory. It is
 * in the object's list of watches and, while the poller has not seen a change
 * of the object, in the poller's inbox. Closing the object writes to its
 * watches: close a poller before you free its memory.
 */
struct wasock_watch {
    struct wasock_socket *socket_;      /* NULL once the object is closed */
    struct wasock_watch *next_;         /* in the object's list */
    struct wasock_watch **link_;        /* what points at this one there */
    struct wasock_watch **inbox_;       /* head of the owner's inbox */
    struct wasock_watch *next_changed_; /* in the inbox */
    struct wasock__host_watch *kept_;   /* in a set of the host, or NULL */
    uint8_t changes_;                   /* not 0: in the inbox */
};

/*
 * A network other than the host's: the first member, `network`, of a struct
 * wasock_fakenet. Calls that open sockets take a pointer to it, or NULL for the
 * host's network. Its member is private.
 */
struct wasock_network {
    const struct wasock__operations *operations_; /* src/backend.h */
};

#ifdef __cplusplus
}
#endif

#endif
