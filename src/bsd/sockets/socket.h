/* SPDX-License-Identifier: MIT */
/*
 * socket.h - descriptions that are sockets.
 *
 *   socket.c    socket, listen, shutdown, names; the description of a stream
 *   bind.c      which of the host's listeners a bind gets, or a new one
 *   connect.c   connect
 *   accept.c    accept, and accepting ahead
 *   transfer.c  reading and writing, and reading ahead
 *   datagram.c  datagram sockets
 *   shared.c    datagram sockets of one address
 *   message.c   the send and recv families
 *   option.c    getsockopt, setsockopt
 */
#ifndef WASOCK_BSD_SOCKETS_SOCKET_H
#define WASOCK_BSD_SOCKETS_SOCKET_H

#include <sys/socket.h>
#include <sys/time.h>

#include <wasock/conn.h>
#include <wasock/listener.h>

#include "../table.h"

/* Bytes that are read ahead of the program at most, unless it peeks at more. */
#define WASOCK_BSD_AHEAD_BYTES 4096

enum socket_state {
    SOCKET_NEW = 0,
    SOCKET_BOUND,
    SOCKET_LISTENING,
    SOCKET_CONNECTING,
    SOCKET_CONNECTED
};

struct held_datagram; /* datagram.c */

/* Bytes that were read ahead: for MSG_PEEK, or because some hosts report
 * readiness only by a try. */
struct read_ahead {
    unsigned char *bytes; /* NULL: nothing is there */
    uint32_t capacity;
    uint32_t begin;
    uint32_t end;
    int result; /* 1: more may come; 0: end of the stream; negative: error */
};

struct socket {
    struct description description;
    enum socket_state state;
    int domain;
    int type; /* SOCK_STREAM or SOCK_DGRAM */
    int protocol;
    int host_fd;              /* BOUND: the host's socket, or 0 */
    struct wasock_addr local; /* as given to bind; a listener's for the rest */
    struct wasock_listener listener; /* BOUND: claimed; LISTENING */
    struct wasock_conn conn; /* CONNECTING, CONNECTED; datagrams: BOUND, too */
    struct socket *next;     /* LISTENING: to be accepted next, once
                                        it is CONNECTED */
    struct socket *next_bound; /* bind.c, shared.c: another with an address */
    struct read_ahead ahead;
    struct option_wish *wishes; /* option.c */
    struct held_datagram *held; /* read ahead; the first of them */
    struct wasock_addr peer;    /* datagrams: connected to, if the host does not
                                know it */
    int error; /* what will be said once: LISTENING: by accept; else by what
                  comes first */
    bool is_connect_untold; /* CONNECTED, which the next connect says */
    int refusal;            /* CONNECTING: the error if nobody is there */
    unsigned shut;          /* halves, enum wasock_shutdown */
    bool is_dead; /* an error that ended it was told: reads come to the end,
                     writes are EPIPE */
    unsigned n_passes_full; /* where the host tells of no room to write:
                                   for how many looks there is none */
};

/* The socket of a number; NULL with errno EBADF, ENOTSOCK, or `pair_error` for
 * an end of a socket pair. */
struct socket *wasock_bsd__socket(int fd, int pair_error);

/* The socket that a description is, or NULL. */
struct socket *wasock_bsd__socket_of(struct description *description);

/* A new socket, not yet numbered; NULL without memory. */
struct socket *wasock_bsd__new_socket(int domain, int protocol, int flags);

/* Write the address of a connection's other end to a program. */
void wasock_bsd__write_peer(struct socket *socket, struct sockaddr *address,
                            socklen_t *length);

/* The address of a connection's other end; unspecified if the host does not
 * have it. */
struct wasock_addr wasock_bsd__connected_peer(struct socket *socket);

/* Whether a call must not wait. */
bool wasock_bsd__is_nonblocking(const struct description *description,
                                int message_flags);

/* The deadline of a call that may wait so long; 0: none. */
uint64_t wasock_bsd__deadline(uint64_t timeout_us);

/* bind.c: claim one of the host's listeners for the socket's address, or have
 * the host bind it; and give it back when the socket is closed. Returns 0,
 * -EADDRINUSE, -EADDRNOTAVAIL, -EACCES. */
int wasock_bsd__claim(struct socket *socket);
void wasock_bsd__disclaim(struct socket *socket);

/* bind.c: a new socket that has claimed the nth of the host's listeners; NULL:
 * there is none, it is in use, or no memory. */
struct socket *wasock_bsd__claim_nth(size_t nth);

/* bind.c: listen on the bound socket. */
int wasock_bsd__listen_bound(struct socket *socket, int backlog);

/* bind.c: whether the host opens sockets when the program asks for them. */
bool wasock_bsd__can_open(void);

/* bind.c: print once which option of the host allows a denied call. */
void wasock_bsd__explain_denial(const char *option);

/* bind.c: print once that a socket bound to [::] has no clients of IPv4, as it
 * has on Linux. */
void wasock_bsd__explain_family(const struct socket *socket);

/* bind.c: whether a socket of the program has the address, and none listens. */
bool wasock_bsd__is_bound_only(const struct wasock_addr *addr);

/* accept.c: accept ahead, so that it is known whether accept would wait. */
void wasock_bsd__accept_ahead(struct socket *socket);

/* Whether an answer that there is something to be read has to be verified by
 * trying. Hosts of components may report old readiness. */
bool wasock_bsd__is_hint(unsigned answer);

/* Whether a description is a connection that reads EOF and may yet be reset,
 * which its look detects. */
bool wasock_bsd__may_be_reset(struct description *description);

/* Whether a description is a socket that is being connected. */
bool wasock_bsd__is_connecting(const struct description *description);

/* connect.c: take note of how a connect has ended. Returns 0; -EAGAIN: it has
 * not; why it failed, of which the socket's error is the same. */
int wasock_bsd__follow_connect(struct socket *socket);

/* connect.c: make sure of a connection, waiting for one that is being made.
 * Returns 0; -EAGAIN; -ENOTCONN; what ended it. */
int wasock_bsd__be_connected(struct socket *socket, bool may_wait);

/* connect.c: the address that is meant by one to which a program sends: any
 * stands for this machine. */
struct wasock_addr wasock_bsd__peer_of(const struct wasock_addr *addr);

/* What will be said once, or 0. */
int wasock_bsd__take_pending(struct socket *socket);

/* datagram.c */
extern const struct operations wasock_bsd__datagram_operations;
bool wasock_bsd__has_datagrams(void);
int wasock_bsd__bind_datagram(struct socket *socket,
                              const struct wasock_addr *addr);
int wasock_bsd__connect_datagram(struct socket *socket,
                                 const struct wasock_addr *addr);

/* datagram.c: NULL for `addr` is the peer. from: written. length: written: of
 * the whole datagram. */
ssize_t wasock_bsd__send_datagram(struct socket *socket,
                                  const struct iovec *slices, int n_slices,
                                  int flags, const struct wasock_addr *addr);
ssize_t wasock_bsd__receive_datagram(struct socket *socket,
                                     const struct iovec *buffers, int n_buffers,
                                     int flags, struct wasock_addr *from,
                                     size_t *length);

/* datagram.c: bytes of the next one; 0: there is none. */
size_t wasock_bsd__datagram_length(struct socket *socket);

/* shared.c: bind a datagram socket that shares its address, which another one
 * may have. Returns 0; -ENOENT: it is the first; an error. */
int wasock_bsd__share_address(struct socket *socket,
                              const struct wasock_addr *addr);
void wasock_bsd__begin_sharing(struct socket *socket);
void wasock_bsd__end_sharing(struct socket *socket);
bool wasock_bsd__is_sharing(const struct socket *socket);

/* shared.c: which of the sockets that share an address with one receives what
 * `from` sent. NULL: none. */
struct socket *wasock_bsd__receiver_of(struct socket *socket,
                                       const struct wasock_addr *from);

/* transfer.c */
ssize_t wasock_bsd__receive(struct socket *socket, const struct iovec *buffers,
                            int n_buffers, int flags);
ssize_t wasock_bsd__transmit(struct socket *socket, const struct iovec *slices,
                             int n_slices, int flags);

/* Read ahead, up to `capacity` bytes in all. Returns a count, or the result of
 * the read: 0, EAGAIN, an error. */
ptrdiff_t wasock_bsd__read_ahead(struct socket *socket, size_t capacity);

/* The error that ended a connection, returned once; else 0. */
int wasock_bsd__take_error(struct socket *socket);

/* Bytes read ahead. */
size_t wasock_bsd__ahead_length(const struct socket *socket);

/* Free the bytes that were read ahead. */
void wasock_bsd__forget_ahead(struct socket *socket);

/* option.c: a connection has its listener's, as on Linux. */
void wasock_bsd__inherit_options(struct socket *accepted,
                                 const struct socket *listening);

/* option.c: whether an option that is a flag is set. */
bool wasock_bsd__is_on(const struct socket *socket, int level, int option);

/* option.c: forget the options. */
void wasock_bsd__free_options(struct socket *socket);

#endif
