/* SPDX-License-Identifier: MIT */
/*
 * fakenet.h - a network inside the process.
 *
 * Its listeners and connections are wasock_listener and wasock_conn, used by
 * the same calls and by the poller; no host has a part in them. It serves
 *   - the author who tests a protocol handler, natively and in milliseconds,
 *   - the program that wires its parts together inside one guest,
 *   - the tester who wants a bad network, the same one each time.
 *
 * Time. A network has a clock of its own, unless it is given the host's. It
 * starts at one second and stands still while the program runs; a call that
 * would wait moves it to what happens next: an arrival, or its deadline. So a
 * test of a timeout of 30 s takes microseconds. Deadlines of the network's
 * objects are times of its clock (wasock_socket_now_ns, wasock_fakenet_now_ns);
 * a handler that sets timeouts (wasock_socket_set_timeout_ns) runs unchanged
 * on real and on in-process sockets. Real sockets cannot share a poller with
 * objects that have a clock of their own (ECLOCK).
 *
 * Waiting. One thread uses the network, so while a call waits nobody reads,
 * writes, accepts or closes anything; only what is on its way arrives. A call
 * that can never end otherwise returns at its deadline, and at once with
 * EDEADLOCK when it has none.
 *
 * Addresses. IPv4, IPv6 (mapped ones count as IPv4) and names, all in a world
 * of their own: any address may be listened on. What is sent to an address
 * goes to who has exactly that, else to who has any of the family (0.0.0.0,
 * [::]), else, for IPv4, to [::]. As a destination, any address means
 * loopback. Port 0 gives one from 49152 on, then from 1, that nobody has there.
 *
 * Streams. As on real ones, except where noted: a connection stands when the
 * dial returns, and may be written to before it is accepted. What is written
 * to an end that reads no more is lost, and answered by a reset: later writes
 * are EPIPE where that end has ended its stream, as a close does, and otherwise
 * ECONNRESET.
 *
 * Deadlines, closing, halves, errors: as socket.h, listener.h and conn.h say.
 * wasock_…_share and wasock_…_into_fd are ENOTSUP.
 */
#ifndef WASOCK_FAKENET_H
#define WASOCK_FAKENET_H

#include <stddef.h>
#include <stdint.h>

#include <wasock/addr.h>
#include <wasock/conn.h>
#include <wasock/listener.h>
#include <wasock/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Connections that wait to be accepted, if a listener does not say. */
#define WASOCK_FAKENET_BACKLOG 128

/* Bytes sent to a socket that it has not read, at most, if it does not say. */
#define WASOCK_FAKENET_UNREAD_BYTES_MAX 65535

/* The longest datagram. */
#define WASOCK_FAKENET_DATAGRAM_BYTES_MAX 65535

/* What is bad about a network, or about one socket. All zero: nothing. */
struct wasock_fakenet_faults {
    uint64_t latency_ns;          /* from a send to its arrival */
    uint64_t bytes_per_s;         /* what a socket can send; 0: no limit */
    uint64_t reset_after_bytes;   /* when a stream has sent so many its
                                   connection is reset; 0: never */
    uint64_t stall_after_bytes;   /* when a socket has sent so many the next
                                   ones start to arrive … 0: never */
    uint64_t stall_ns;            /* … so much later; UINT64_MAX: never */
    uint32_t chunk_bytes;         /* a read or write of a stream moves 1 to so
                                   many, by chance; 0: as many as fit */
    uint16_t refused_permille;    /* dials, in 1,000 */
    uint16_t lost_permille;       /* datagrams, in 1,000 */
    uint16_t overtaking_permille; /* datagrams that arrive before the one sent
                                     before, if that is unread, in 1,000 */
};

enum wasock_fakenet_clock {
    WASOCK_FAKENET_VIRTUAL = 0, /* its own */
    WASOCK_FAKENET_HOST         /* wasock_clock_now_ns() */
};

/* All zero is what most tests want. */
struct wasock_fakenet_options {
    uint64_t seed; /* of all that happens by chance */
    enum wasock_fakenet_clock clock;
};

/* Private: an address as sockets keep it; of a name only the family. */
struct wasock__fakenet_addr {
    uint32_t ip[4]; /* its bytes in network order */
    uint16_t port;
    uint8_t family;
};

/* Private: how much of a block is payload. */
#define WASOCK__FAKENET_BLOCK_BYTES 470

/* Private: bytes on their way or unread. */
struct wasock__fakenet_block {
    uint64_t due_ns; /* when they arrive; 0: at once */
    uint32_t next;
    uint32_t previous;
    struct wasock__fakenet_addr source; /* of the datagram that begins here */
    uint16_t begin;                     /* of what is unread */
    uint16_t end;
    uint8_t is_first;   /* a datagram begins here */
    uint8_t is_stalled; /* by fault: new faults end it */
    unsigned char bytes[WASOCK__FAKENET_BLOCK_BYTES];
};

/* Private: blocks in order. */
struct wasock__fakenet_queue {
    uint32_t first;
    uint32_t last;
};

/* Private: what one end's sending has taken of time. */
struct wasock__fakenet_link {
    uint64_t free_ns;          /* when all it sent so far has left */
    uint64_t last_due_ns;      /* before then nothing it sends now arrives */
    uint64_t stalled_until_ns; /* 0: it is not stalled */
    uint64_t unstalled_due_ns; /* last_due_ns without the stall */
};

/* Private: one end. */
struct wasock__fakenet_socket {
    struct wasock_socket *object; /* NULL: nobody has accepted it yet */
    const struct wasock_fakenet_faults *faults; /* NULL: the network's */
    uint64_t n_sent; /* bytes, as faults count them */
    struct wasock__fakenet_link link;
    uint64_t end_ns;     /* when `ending` arrives */
    uint64_t answer_ns;  /* when a reset answers what was lost; 0: nothing
                              was */
    uint32_t peer;       /* a stream's other end */
    uint32_t next;       /* among those free, or those not accepted */
    uint32_t next_bound; /* with the same hash of the address */
    struct wasock__fakenet_queue unread;
    uint32_t n_unread; /* bytes; what is on its way counts */
    uint32_t n_unread_max;
    struct wasock__fakenet_queue pending; /* a listener's, not accepted yet */
    uint32_t n_pending;
    uint32_t n_pending_max;
    struct wasock__fakenet_addr local;
    struct wasock__fakenet_addr remote;
    uint8_t kind;           /* enum wasock__fakenet_kind */
    uint8_t shut;           /* halves, enum wasock_shutdown */
    uint8_t ending;         /* enum wasock__fakenet_ending: what the peer did */
    uint8_t is_bound;       /* its local address is its own */
    uint8_t is_end_stalled; /* `ending` is on its way until new faults */
    uint8_t is_to_be_reset;
    uint8_t is_reset_read;                /* a read has told of the reset */
    char name[WASOCK_ADDR_NAME_CAPACITY]; /* of that address which is a name */
};

/* Private: of a network, and of each socket, without blocks. */
#define WASOCK__FAKENET_FIXED_BYTES ((size_t)24)
#define WASOCK__FAKENET_SOCKET_BYTES                                           \
    (sizeof(struct wasock__fakenet_socket) + 24)

/*
 * The memory that a network needs, in bytes: a constant expression if its
 * arguments are.
 * n_sockets: listeners, datagram sockets and ends of connections, two each,
 *   at a time.
 * buffer_bytes: bytes sent and unread at a time, in all. A datagram and,
 *   where the network is bad, each write take at least half a KiB while they
 *   are on their way.
 */
#define WASOCK_FAKENET_SIZE(n_sockets, buffer_bytes)                           \
    (WASOCK__FAKENET_FIXED_BYTES +                                             \
     (size_t)(n_sockets) * WASOCK__FAKENET_SOCKET_BYTES +                      \
     ((size_t)(buffer_bytes) / WASOCK__FAKENET_BLOCK_BYTES +                   \
      2 * ((size_t)(n_sockets) < (size_t)(buffer_bytes)                        \
               ? (size_t)(n_sockets)                                           \
               : (size_t)(buffer_bytes))) *                                    \
         sizeof(struct wasock__fakenet_block))

/* Alignment that the memory of a network needs, in bytes. */
#define WASOCK_FAKENET_ALIGNMENT 8

struct wasock__timer_heap;

/* A network, in the caller's storage; it must not move. Members are private. */
struct wasock_fakenet {
    struct wasock__backend backend_;
    struct wasock__fakenet_socket *sockets_;
    struct wasock__fakenet_block *blocks_;
    uint32_t *bound_; /* by hash of the address: the first of a chain */
    struct wasock__timer_heap *arrivals_; /* by socket: its next one */
    const struct wasock_fakenet_faults *faults_;
    uint64_t now_ns_; /* on the host's clock: when it last was looked at */
    uint64_t random_;
    uint32_t n_sockets_;
    uint32_t free_sockets_; /* the first of a list */
    uint32_t n_free_sockets_;
    uint32_t free_blocks_; /* the first of a list */
    uint32_t n_free_blocks_;
    uint16_t last_port_; /* that was given for port 0 */
    uint8_t is_virtual_;
};

/*
 * Make a network. There is nothing to close: it ends when its objects are
 * closed.
 * net: its storage is the caller's and must outlive the network's objects.
 * memory: `size` bytes, aligned to WASOCK_FAKENET_ALIGNMENT, the caller's, to
 *   outlive them as well; WASOCK_FAKENET_SIZE says how many.
 * n_sockets: as given to WASOCK_FAKENET_SIZE.
 * options: NULL for the usual.
 * Errors: EINVAL: misaligned memory, no sockets; ESTORAGE: too little of it.
 * Source: Go's net_fake.go, which allocates as it goes.
 */
int wasock_fakenet_init(struct wasock_fakenet *net, void *memory, size_t size,
                        size_t n_sockets,
                        const struct wasock_fakenet_options *options)
    __attribute__((warn_unused_result));

/*
 * The time by the network's clock, in nanoseconds; never 0.
 * Errors: none.
 * Source: wasock's own.
 */
uint64_t wasock_fakenet_now_ns(struct wasock_fakenet *net);

/*
 * Let time pass and all arrive that is due until then.
 * deadline_ns: absolute, of the network's clock. timeout_ns: a duration.
 * Errors: EDEADLOCK: there is no deadline; on the host's clock those of
 *   wasock_fd_sleep_until_ns.
 * Source: wasock's own.
 */
int wasock_fakenet_sleep_until_ns(struct wasock_fakenet *net,
                                  uint64_t deadline_ns);
int wasock_fakenet_sleep_for_ns(struct wasock_fakenet *net,
                                uint64_t timeout_ns);

/*
 * Listen for streams.
 * addr: IPv4, IPv6 or a name that is not empty.
 * backlog: how many may wait to be accepted; 0 for WASOCK_FAKENET_BACKLOG.
 * listener: closed; opened on success.
 * Errors: EADDRINUSE: the address has an owner, or all ports have;
 *   EAFNOSUPPORT: no such address; ESTORAGE: all sockets are in use.
 * Source: Go's Listen. Names need no directory and leave no file behind.
 */
int wasock_fakenet_listen(struct wasock_fakenet *net,
                          const struct wasock_addr *addr, size_t backlog,
                          struct wasock_listener *listener)
    __attribute__((warn_unused_result));

/*
 * Connect to a listener; takes a round trip, twice the network's latency, and
 * waits while the backlog is full.
 * addr: of the listener. This end gets a port of its own; a connection to a
 *   name has no address on this side.
 * deadline_ns: absolute, of the network's clock. timeout_ns: a duration.
 * conn: closed; opened on success.
 * Errors: those of wasock_fakenet_try_dial, but never EAGAIN; EDEADLINE;
 *   EDEADLOCK: the backlog is full and there is no deadline; on the host's
 *   clock those of wasock_fd_sleep_until_ns, after which nothing is connected.
 * Source: Go's Dial.
 */
int wasock_fakenet_dial_until_ns(struct wasock_fakenet *net,
                                 const struct wasock_addr *addr,
                                 uint64_t deadline_ns, struct wasock_conn *conn)
    __attribute__((warn_unused_result));
int wasock_fakenet_dial_for_ns(struct wasock_fakenet *net,
                               const struct wasock_addr *addr,
                               uint64_t timeout_ns, struct wasock_conn *conn)
    __attribute__((warn_unused_result));

/*
 * As wasock_fakenet_dial_until_ns, but at once.
 * Errors: EAGAIN: the backlog is full; ECONNREFUSED: nobody listens there, or
 *   by fault; EPROTOTYPE: a datagram socket is there; EADDRINUSE: no port is
 *   left for this end; EAFNOSUPPORT; ESTORAGE.
 * Source: Go's Dial.
 */
int wasock_fakenet_try_dial(struct wasock_fakenet *net,
                            const struct wasock_addr *addr,
                            struct wasock_conn *conn)
    __attribute__((warn_unused_result));

/*
 * Make two connections that are each other's peer, without addresses.
 * a, b: closed; opened on success.
 * Errors: ESTORAGE.
 * Source: socketpair(2); Go's net.Pipe.
 */
int wasock_fakenet_pair(struct wasock_fakenet *net, struct wasock_conn *a,
                        struct wasock_conn *b)
    __attribute__((warn_unused_result));

/*
 * The other end of a connection: the object that accepted it, or that is its
 * pair or dialled it.
 * Returns NULL where there is none: it was not accepted yet, it is closed, the
 * connection was reset, or conn is no stream of an in-process network. The
 * object is its opener's; the pointer is good until that is closed.
 */
struct wasock_conn *wasock_fakenet_peer(const struct wasock_conn *conn);

/*
 * Close a connection by a reset: its peer reads what was sent, and then
 * ECONNRESET, or the end where the stream was shut down before.
 * Errors: ECLOSED; ENOTSUP: not of a network in the process; EPROTOTYPE: no
 *   stream.
 * Source: Go's SetLinger(0) and Close.
 */
int wasock_fakenet_reset(struct wasock_conn *conn);

/*
 * Set how many bytes sent to a socket may be unread, exactly. Connections get
 * what their listener has.
 * socket: `&listener.socket` or `&conn.socket`.
 * n_bytes: at least 1; beyond 2 GiB it is as many.
 * Errors: ECLOSED; ENOTSUP: not of a network in the process; EINVAL: 0.
 * Source: Go's SetReadBuffer, whose limit may be exceeded by a write.
 */
int wasock_fakenet_set_unread_max(struct wasock_socket *socket, size_t n_bytes);

/*
 * Say what is bad about the network, for all its sockets that have no faults
 * of their own.
 * faults: the caller's, looked at whenever something happens: it may be
 *   changed at any time. NULL: nothing is bad.
 * Errors: none.
 * Source: wasock's own.
 */
void wasock_fakenet_set_faults(struct wasock_fakenet *net,
                               const struct wasock_fakenet_faults *faults);

/*
 * The same for what one socket sends, and for how its reads are chunked; of a
 * listener, for those that it accepts.
 * faults: NULL: as the network's.
 * Errors: ECLOSED; ENOTSUP: not of a network in the process.
 * Source: wasock's own.
 */
int wasock_fakenet_set_socket_faults(
    struct wasock_socket *socket, const struct wasock_fakenet_faults *faults);

/*
 * Make a datagram socket. wasock_conn_read and wasock_conn_readv receive one
 * datagram, whoever sent it; wasock_conn_write and wasock_conn_writev send
 * one when it is connected.
 * addr: IPv4 or IPv6. What is sent from any address comes from loopback.
 * conn: closed; opened on success.
 * Errors: EADDRINUSE; EAFNOSUPPORT: no such address, or a name; ESTORAGE.
 * Source: Go's ListenPacket.
 */
int wasock_fakenet_bind(struct wasock_fakenet *net,
                        const struct wasock_addr *addr,
                        struct wasock_conn *conn)
    __attribute__((warn_unused_result));

/*
 * Connect a datagram socket: where it writes to, and the only one from whom it
 * is sent anything from now on. Nobody need be there: wasock_conn_write then
 * says ECONNREFUSED.
 * Errors: ECLOSED; ENOTSUP: not of a network in the process; EPROTOTYPE: no
 *   datagram socket; EAFNOSUPPORT.
 * Source: connect(2); Go's Dial("udp"), which hears everybody.
 */
int wasock_fakenet_connect(struct wasock_conn *conn,
                           const struct wasock_addr *addr)
    __attribute__((warn_unused_result));

/*
 * Send one datagram, at once. Where nobody is it is lost, without an error.
 * data: `length` bytes, the caller's; may be none.
 * Returns `length`.
 * Errors: EMSGSIZE: more than WASOCK_FAKENET_DATAGRAM_BYTES_MAX; ENOBUFS: the
 *   receiver has too much unread; ESTORAGE: the network's memory is full;
 *   EISCONN: the socket is connected, write to it; EAFNOSUPPORT; EPROTOTYPE:
 *   this is no datagram socket; ENOTSUP: not of a network in the process;
 *   ECLOSED.
 * Source: Go's WriteTo.
 */
ptrdiff_t wasock_fakenet_send_to(struct wasock_conn *conn, const void *data,
                                 size_t length, const struct wasock_addr *to)
    __attribute__((warn_unused_result));

/*
 * Wait for a datagram until the read deadline; what does not fit is dropped.
 * buffer: room for `capacity` bytes, the caller's.
 * from: who sent it; written on success.
 * Returns how many bytes were written to `buffer`; 0 for an empty datagram.
 * Errors: EDEADLINE; EDEADLOCK; EPROTOTYPE: no datagram socket; ENOTSUP: not
 *   of a network in the process; ECLOSED.
 * Source: Go's ReadFrom.
 */
ptrdiff_t wasock_fakenet_recv_from(struct wasock_conn *conn, void *buffer,
                                   size_t capacity, struct wasock_addr *from)
    __attribute__((warn_unused_result));

/*
 * As wasock_fakenet_recv_from, but EAGAIN where that would wait, and without a
 * look at the deadline.
 * Errors: EAGAIN; EPROTOTYPE; ENOTSUP; ECLOSED.
 * Source: Go's ReadFrom.
 */
ptrdiff_t wasock_fakenet_try_recv_from(struct wasock_conn *conn, void *buffer,
                                       size_t capacity,
                                       struct wasock_addr *from)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif

#endif
