/* SPDX-License-Identifier: MIT */
/*
 * fakenet.h - an in-process network.
 *
 * Its listeners and connections are wasock_listener and wasock_conn. The same
 * calls and the poller work on them, without a host: pass `&net.network` to
 * wasock_listener_listen and wasock_conn_connect_for_ns. Use it to
 *   - test a protocol handler, natively and in milliseconds,
 *   - connect parts of a program inside one guest,
 *   - inject faults that repeat exactly in each run.
 *
 * Time. By default a network has a virtual clock. It starts at one second and
 * stands still while the program runs. A call that would wait advances it to
 * the next arrival or to its deadline, so a test of a 30 s timeout takes
 * microseconds. Deadlines of the network's sockets are times of this clock
 * (wasock_socket_now_ns). A handler that sets timeouts
 * (wasock_socket_set_timeout_ns) runs unchanged on real sockets. A poller
 * cannot watch both real sockets and sockets with a virtual clock (ECLOCK).
 *
 * Waiting. The network belongs to one thread. While a call waits, only bytes in
 * flight arrive: no other code runs that could read, write, accept or close. A
 * call that nothing can end returns at its deadline, or at once with EDEADLOCK
 * if it has none.
 *
 * Addresses. IPv4, IPv6 and names; mapped IPv4 counts as IPv4. Any address can
 * be listened on. Traffic to an address goes to the socket that is bound to
 *   1. exactly this address,
 *   2. any address of its family (0.0.0.0, [::]),
 *   3. [::], for IPv4.
 * As a destination, any address means loopback. Port 0 chooses a free port from
 * 49152 on, then from 1.
 *
 * Streams. They behave as TCP on Linux. A connect takes a round trip (twice the
 * network's latency) and waits while the listener's backlog is full. A client
 * can write before it is accepted. A connection to a name has no local address;
 * a name creates no file. Bytes written to an end that is closed or has shut
 * its reading half are lost, and answered by a reset: later writes return EPIPE
 * if that end has also closed or shut its writing half, else ECONNRESET.
 *
 * Sharing an object and taking its descriptor (_share, _into_fd) are ENOTSUP.
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

/* The default limit of unread bytes of a socket. */
#define WASOCK_FAKENET_UNREAD_BYTES_MAX 65535

/* The longest datagram. */
#define WASOCK_FAKENET_DATAGRAM_BYTES_MAX 65535

/*
 * Fault injection, for a network or for the bytes that one socket sends. All
 * zero: no faults. Byte counts start when the socket's faults are set.
 *
 * A partition is a stall without end: {.stall_after_bytes = 1, .stall_ns =
 * WASOCK_FOREVER_NS} lets one more byte through. New faults end it.
 */
struct wasock_fakenet_faults {
    uint64_t latency_ns;        /* from a send to its arrival */
    uint64_t bytes_per_s;       /* bandwidth of a socket; 0: no limit */
    uint64_t reset_after_bytes; /* reset the connection then; 0: never */
    uint64_t stall_after_bytes; /* delay later bytes by stall_ns; 0: never */
    uint64_t stall_ns;          /* WASOCK_FOREVER_NS: until new faults */
    uint32_t chunk_bytes; /* a read or write of a stream moves a random count of
                             1 to N bytes; 0: all that fits */
    uint16_t refused_permille;    /* connects refused, per 1,000 */
    uint16_t lost_permille;       /* datagrams lost, per 1,000 */
    uint16_t overtaking_permille; /* datagrams that arrive before the previous
                                     unread one, per 1,000 */
};

enum wasock_fakenet_clock {
    WASOCK_FAKENET_VIRTUAL = 0, /* its own */
    WASOCK_FAKENET_HOST         /* wasock_clock_now_ns() */
};

/* All zero: the defaults. */
struct wasock_fakenet_options {
    uint64_t seed; /* of all random decisions */
    enum wasock_fakenet_clock clock;
};

/* Private: an address as sockets keep it; of a name only the family. */
struct wasock__fakenet_addr {
    uint32_t ip[4]; /* its bytes in network order */
    uint16_t port;
    uint8_t family;
};

/* Private: the payload of a block. */
#define WASOCK__FAKENET_BLOCK_BYTES 470

/* Private: bytes in flight or unread. */
struct wasock__fakenet_block {
    uint64_t due_ns; /* when they arrive; 0: at once */
    uint32_t next;
    uint32_t previous;
    struct wasock__fakenet_addr source; /* of the datagram that begins here */
    uint16_t begin;                     /* of the unread bytes */
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

/* Private: the outgoing link of a socket. Times are of the network's clock. */
struct wasock__fakenet_link {
    uint64_t free_ns;          /* end of the last transmission */
    uint64_t last_due_ns;      /* last arrival; later sends arrive later */
    uint64_t stalled_until_ns; /* 0: not stalled */
    uint64_t unstalled_due_ns; /* last_due_ns without the stall */
};

/* Private: a socket of the network. */
struct wasock__fakenet_socket {
    struct wasock_socket *object;               /* NULL: not accepted yet */
    const struct wasock_fakenet_faults *faults; /* NULL: the network's */
    uint64_t n_sent; /* bytes since the faults were set */
    struct wasock__fakenet_link link;
    uint64_t end_ns;    /* when `ending` arrives */
    uint64_t answer_ns; /* arrival of the reset that answers lost bytes, or 0 */
    uint32_t peer;      /* the other end of a stream */
    uint32_t next;      /* in the list of free or of pending sockets */
    uint32_t next_bound; /* in the hash chain of addresses */
    struct wasock__fakenet_queue unread;
    uint32_t n_unread; /* bytes, including those in flight */
    uint32_t n_unread_max;
    struct wasock__fakenet_queue pending; /* sockets, of a listener */
    uint32_t n_pending;
    uint32_t n_pending_max;
    struct wasock__fakenet_addr local;
    struct wasock__fakenet_addr remote;
    uint8_t kind;           /* enum wasock__fakenet_kind */
    uint8_t shut;           /* halves, enum wasock_shutdown */
    uint8_t ending;         /* enum wasock__fakenet_ending, by the peer */
    uint8_t is_bound;       /* in a hash chain */
    uint8_t is_end_stalled; /* by fault: new faults end it */
    uint8_t is_to_be_reset;
    uint8_t is_waiting;                   /* connecting, to a full backlog */
    int16_t connect_error;                /* why the connect failed, or 0 */
    uint8_t is_reset_read;                /* a read has returned it */
    char name[WASOCK_ADDR_NAME_CAPACITY]; /* of `local` or `remote` */
};

/* Private: bytes of memory of a network, and of each socket, without blocks. */
#define WASOCK__FAKENET_FIXED_BYTES ((size_t)24)
#define WASOCK__FAKENET_SOCKET_BYTES                                           \
    (sizeof(struct wasock__fakenet_socket) + 24)

/*
 * The memory of a network, in bytes. A constant expression if the arguments are
 * constant. Make it static: the stack of a wasm program has 64 KiB.
 * n_sockets: sockets at a time: listeners, datagram sockets, and both ends of
 *   each connection.
 * buffer_bytes: unread bytes at a time, of all sockets. Each unread datagram
 *   and each delayed write takes at least 512.
 */
#define WASOCK_FAKENET_SIZE(n_sockets, buffer_bytes)                           \
    (WASOCK__FAKENET_FIXED_BYTES +                                             \
     (size_t)(n_sockets) * WASOCK__FAKENET_SOCKET_BYTES +                      \
     ((size_t)(buffer_bytes) / WASOCK__FAKENET_BLOCK_BYTES +                   \
      2 * ((size_t)(n_sockets) < (size_t)(buffer_bytes)                        \
               ? (size_t)(n_sockets)                                           \
               : (size_t)(buffer_bytes))) *                                    \
         sizeof(struct wasock__fakenet_block))

/* Alignment of the memory of a network, in bytes. */
#define WASOCK_FAKENET_ALIGNMENT 8

struct wasock__timer_heap;

/* A network, in the caller's storage; it must not move. Members but `network`
 * are private. */
struct wasock_fakenet {
    struct wasock_network
        network; /* for listen and connect; the first member */
    struct wasock__fakenet_socket *sockets_;
    struct wasock__fakenet_block *blocks_;
    uint32_t *bound_;                     /* hash chains of addresses */
    struct wasock__timer_heap *arrivals_; /* the next one of each socket */
    const struct wasock_fakenet_faults *faults_;
    uint64_t now_ns_; /* on the host's clock: when it was last read */
    uint64_t random_;
    uint32_t n_sockets_;
    uint32_t free_sockets_; /* head of a list */
    uint32_t n_free_sockets_;
    uint32_t n_waiting_;   /* connects that wait for a backlog's room */
    uint32_t free_blocks_; /* head of a list */
    uint32_t n_free_blocks_;
    uint16_t last_port_; /* chosen for port 0 */
    uint8_t is_virtual_;
};

/*
 * Make a network. There is no call to close it: close its sockets.
 * net: the caller's; must outlive its sockets.
 * memory: `size` bytes (WASOCK_FAKENET_SIZE), aligned to
 *   WASOCK_FAKENET_ALIGNMENT; must outlive the sockets as well.
 * n_sockets: as given to WASOCK_FAKENET_SIZE.
 * options: NULL for the defaults.
 * Errors: EINVAL: NULL or misaligned memory, or no sockets; ESTORAGE: `size` is
 *   too small.
 * Source: Go's net_fake.go, which allocates as it goes.
 */
int wasock_fakenet_init(struct wasock_fakenet *net, void *memory, size_t size,
                        size_t n_sockets,
                        const struct wasock_fakenet_options *options)
    __attribute__((warn_unused_result));

/* Read the network's clock, in nanoseconds; never 0. */
uint64_t wasock_fakenet_now_ns(struct wasock_fakenet *net);

/*
 * Advance the clock, and deliver everything that arrives until then.
 * deadline_ns: absolute, of the network's clock.
 * timeout_ns: a duration.
 * Errors: EDEADLOCK: WASOCK_NO_DEADLINE or WASOCK_FOREVER_NS; on the host's
 *   clock, those of wasock_fd_sleep_until_ns.
 */
int wasock_fakenet_sleep_until_ns(struct wasock_fakenet *net,
                                  uint64_t deadline_ns);
int wasock_fakenet_sleep_for_ns(struct wasock_fakenet *net,
                                uint64_t timeout_ns);

/*
 * Make two connections that are each other's peer, without addresses.
 * a, b: closed; opened on success.
 * Errors: ESTORAGE; EOPEN: one of them is open, or both are the same.
 * Source: socketpair(2); Go's net.Pipe.
 */
int wasock_fakenet_pair(struct wasock_fakenet *net, struct wasock_conn *a,
                        struct wasock_conn *b)
    __attribute__((warn_unused_result));

/*
 * Get the object of the other end of a connection. It belongs to its opener;
 * the pointer is valid until it is closed.
 * Returns NULL if the other end is not accepted yet, is closed or was reset, or
 * if conn is not a stream of an in-process network.
 */
struct wasock_conn *wasock_fakenet_peer(const struct wasock_conn *conn);

/*
 * Close a connection by a reset. The peer reads what was sent, and then
 * ECONNRESET, or EOF if this end had shut its writing half.
 * Errors: ECLOSED; ENOTSUP: not an in-process socket; EPROTOTYPE: no stream.
 * Source: Go's SetLinger(0) and Close.
 */
int wasock_fakenet_reset(struct wasock_conn *conn);

/*
 * Limit the bytes sent to a socket that it has not read. Connections inherit
 * the limit of their listener.
 * socket: `&listener.socket` or `&conn.socket`.
 * n_bytes: at least 1; 2 GiB at most.
 * Errors: ECLOSED; ENOTSUP: not an in-process socket; EINVAL: 0.
 * Source: Go's SetReadBuffer, whose limit a write may exceed.
 */
int wasock_fakenet_set_unread_max(struct wasock_socket *socket, size_t n_bytes);

/*
 * Set the faults of all sockets without faults of their own. Ends the stalls of
 * the previous faults: delayed bytes arrive after the new latency, in order.
 * faults: the caller's; must outlive their use; NULL: none. The caller may
 *   modify them at any time: changes apply to later sends. To end a stall, call
 *   this again.
 */
void wasock_fakenet_set_faults(struct wasock_fakenet *net,
                               const struct wasock_fakenet_faults *faults);

/*
 * Set the faults of the bytes that one socket sends, and the chunks of its
 * reads. Later connections inherit the faults of their listener.
 * faults: as for wasock_fakenet_set_faults; NULL: the network's.
 * Errors: ECLOSED; ENOTSUP: not an in-process socket.
 */
int wasock_fakenet_set_socket_faults(
    struct wasock_socket *socket, const struct wasock_fakenet_faults *faults);

/*
 * Open a datagram socket. wasock_conn_read and wasock_conn_readv receive one
 * datagram from any sender; wasock_conn_write and wasock_conn_writev send one
 * to the address that the socket is connected to.
 * addr: IPv4 or IPv6. A socket bound to any address sends from loopback.
 * conn: closed; opened on success.
 * Errors: EADDRINUSE; EAFNOSUPPORT: a name, or no address; ESTORAGE; EOPEN:
 *   conn is open.
 * Source: Go's ListenPacket.
 */
int wasock_fakenet_bind(struct wasock_fakenet *net,
                        const struct wasock_addr *addr,
                        struct wasock_conn *conn)
    __attribute__((warn_unused_result));

/*
 * Connect a datagram socket: from now on it sends to this address, and receives
 * from this address only. If no socket is bound to it, wasock_conn_write
 * returns ECONNREFUSED.
 * Errors: ECLOSED; ENOTSUP: not an in-process socket; EPROTOTYPE: no datagram
 *   socket; EAFNOSUPPORT.
 * Source: connect(2); Go's Dial("udp"), which receives from any sender.
 */
int wasock_fakenet_connect(struct wasock_conn *conn,
                           const struct wasock_addr *addr)
    __attribute__((warn_unused_result));

/*
 * Send one datagram. If no socket is bound to the address, it is lost without
 * an error.
 * length: may be 0.
 * Returns `length`.
 * Errors: EMSGSIZE: more than WASOCK_FAKENET_DATAGRAM_BYTES_MAX; ENOBUFS: the
 *   receiver has too much unread; ESTORAGE: the network's memory is full;
 *   EISCONN: the socket is connected, write to it; EAFNOSUPPORT; EPROTOTYPE: no
 *   datagram socket; ENOTSUP: not an in-process socket; ECLOSED.
 * Source: Go's WriteTo.
 */
ptrdiff_t wasock_fakenet_send_to(struct wasock_conn *conn, const void *data,
                                 size_t length, const struct wasock_addr *to)
    __attribute__((warn_unused_result));

/*
 * Receive one datagram, waiting until the read deadline. Truncates it to fit
 * the buffer.
 * from: the sender's address; written on success.
 * Returns the number of bytes; 0 for an empty datagram.
 * Errors: EDEADLINE; EDEADLOCK; EINTR: a signal, if the socket is
 *   interruptible; EPROTOTYPE: no datagram socket; ENOTSUP: not an in-process
 *   socket; ECLOSED.
 * Source: Go's ReadFrom.
 */
ptrdiff_t wasock_fakenet_recv_from(struct wasock_conn *conn, void *buffer,
                                   size_t capacity, struct wasock_addr *from)
    __attribute__((warn_unused_result));

/*
 * Receive a datagram that has arrived.
 * Errors: EAGAIN: none has; EPROTOTYPE; ENOTSUP; ECLOSED.
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
