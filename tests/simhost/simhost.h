/* SPDX-License-Identifier: MIT */
/*
 * simhost.h - a deterministic simulated preview1 host, for native tests.
 *
 * simhost defines every wasip1_* function of src/wasip1.h, and the sets of
 * src/host.h, so that a test
 * links the library with it instead of with a machine. It is one world at a
 * time: descriptors, the peers at their other ends, a clock, and the knobs
 * that make it behave badly. It judges the library as well: what no host takes
 * without harm (flags, closed descriptors, a wait that never ends, a leak)
 * fails the running cmocka test, with the call, the seed and a trace.
 *
 *     simhost_reset(seed, &simhost_wazero);
 *     const int fd = simhost_preopen(SIMHOST_LISTENER);
 *     struct simhost_peer *peer = simhost_connect(fd, SIMHOST_NOW);
 *     simhost_peer_send(peer, "foobar", 6, SIMHOST_MS(20));
 *     … calls of the library …
 *     simhost_check();
 *
 * Link it after the library, whose undefined wasip1_* symbols it defines.
 *
 * Time is virtual. It moves in poll_oneoff, in calls that block, in
 * simhost_advance_ns, and by the costs that the knobs give to calls; never
 * else. What a peer does is done at once or at a time (`after_ns`); a peer's
 * actions happen in the order in which they were given, so that one given
 * with SIMHOST_NOW still waits for an earlier one of the same peer.
 *
 * Handles of peers live until the next simhost_reset. A mistake of the test
 * itself (a send by a peer that has closed) fails the test too.
 */
#ifndef SIMHOST_H
#define SIMHOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile.h"

/* ---- The world ---------------------------------------------------------- */

/*
 * Start a new world: stdin, stdout and stderr open at 0, 1 and 2, nothing
 * else; all knobs at their defaults, no faults, all counts 0.
 * seed: decides everything that is random; printed with each failure.
 * profile: a host's row; copied.
 */
void simhost_reset(uint64_t seed, const struct simhost_profile *profile);

/*
 * Judge the end of a world: a descriptor that the guest opened (accepted) and
 * did not close is a leak; so is a preopened socket, where the knob
 * preopened_sockets_must_close is set.
 */
void simhost_check(void);

/* ---- Knobs -------------------------------------------------------------- */

/* For simhost_knobs.chunk_bytes. */
#define SIMHOST_CHUNK_WHOLE ((size_t)0)
#define SIMHOST_CHUNK_RANDOM SIZE_MAX

/* Host calls, for counts and faults. */
enum simhost_call {
    SIMHOST_CLOCK_TIME_GET,
    SIMHOST_ENVIRON_GET,
    SIMHOST_ENVIRON_SIZES_GET,
    SIMHOST_FD_CLOSE,
    SIMHOST_FD_FDSTAT_GET,
    SIMHOST_FD_FDSTAT_SET_FLAGS,
    SIMHOST_FD_READ,
    SIMHOST_FD_WRITE,
    SIMHOST_SOCK_ACCEPT,
    SIMHOST_SOCK_RECV,
    SIMHOST_SOCK_SEND,
    SIMHOST_SOCK_SHUTDOWN,
    SIMHOST_POLL_ONEOFF, /* and the wait of a set */
    SIMHOST_SET_OPEN,
    SIMHOST_SET_CLOSE,
    SIMHOST_SET_ADD,
    SIMHOST_SET_MODIFY,
    SIMHOST_SET_REMOVE,
    SIMHOST_N_CALLS,
    SIMHOST_ANY_CALL = SIMHOST_N_CALLS
};

/*
 * What host calls cost, in virtual time. A poll of n descriptors, of which e
 * are reported, costs
 *
 *     call_ns + n * subscription_ns + e * event_ns
 *
 * and, if it slept, wake_ns + n * wake_subscription_ns more, paid after the
 * sleep and before the host looks again. Clock subscriptions are free.
 */
struct simhost_costs {
    uint64_t call_ns[SIMHOST_N_CALLS]; /* each call, paid before it acts */
    uint64_t data_ns;                  /* more, if a receive returns data */
    uint64_t subscription_ns;
    uint64_t event_ns;
    uint64_t wake_ns;
    uint64_t wake_subscription_ns;
};

/* Costs of a host that reports all (wasmtime), of truthful ones (native
 * poll(2), WASI 0.2), and of a blind one (wazero). Each goes with profiles of
 * its kind:
 *
 *     simhost_knobs.costs = simhost_wasmtime_costs;
 */
extern const struct simhost_costs simhost_wasmtime_costs;
extern const struct simhost_costs simhost_native_costs;
extern const struct simhost_costs simhost_wasip2_costs;
extern const struct simhost_costs simhost_wazero_costs;

struct simhost_knobs {
    /* The host; a test may bend its copy. */
    struct simhost_profile profile;

    /* The most bytes one receive or send moves on a stream: a number, WHOLE,
     * or RANDOM (from 1 to what there is). */
    size_t chunk_bytes;

    /* How often of 1,000 times: a ready receive, send or accept of a
     * non-blocking descriptor says EAGAIN; a poll returns at once with one
     * descriptor that is not ready; one of these calls or a poll says EINTR.
     * At most 999. */
    unsigned spurious_eagain_per_mille;
    unsigned spurious_ready_per_mille;
    unsigned interrupted_per_mille;

    /* Events of a poll come in random order, and peers' actions that are due
     * at the same time happen in an order that the seed decides. */
    bool shuffle;

    /* Each action of a peer comes up to this much later than it was asked,
     * as the seed decides. */
    uint64_t latency_max_ns;

    /* A poll that ends by the clock ends this much late. */
    uint64_t late_wake_ns;

    struct simhost_costs costs;

    /* What a stream socket holds in the guest's host: bytes arrived and not
     * received, bytes sent and not read by the peer. */
    size_t receive_buffer_bytes;
    size_t send_buffer_bytes;

    /* The most descriptors that may be open, the guest's first three
     * included; at it sock_accept fails as the profile says. 0: no limit. */
    size_t n_descriptors_max;

    /* The guest may listen and connect (src/host.h); else ENOSYS. */
    bool can_open;

    /* A call on a blocking descriptor may wait, as long as something is
     * scheduled. Otherwise it is judged: the guest froze. */
    bool may_block;

    /* simhost_check wants preopened sockets closed, too. */
    bool preopened_sockets_must_close;

    /* This many host calls in a row that move no data, while no peer does
     * anything either, are judged: the guest spins. */
    uint64_t n_idle_calls_max;

    /* The guest's environment: "NAME=value" strings, ended by a NULL, the
     * test's own; NULL, the default, is an empty one. */
    const char *const *environment;

    /* Print each host call to stderr as it happens. */
    bool trace;
};

/* simhost_reset sets the defaults: whole chunks, no accidents, no costs,
 * buffers as of Linux on loopback, no limit, 4,000,000 idle calls. */
extern struct simhost_knobs simhost_knobs;

/* ---- Descriptors -------------------------------------------------------- */

enum simhost_kind {
    SIMHOST_UNKNOWN,
    SIMHOST_BLOCK_DEVICE,
    SIMHOST_CHARACTER_DEVICE,
    SIMHOST_DIRECTORY,
    SIMHOST_FILE,
    SIMHOST_DATAGRAM,   /* a connected datagram socket, with a peer */
    SIMHOST_LISTENER,   /* a stream socket */
    SIMHOST_CONNECTION, /* a stream socket, with a peer */
    SIMHOST_SYMBOLIC_LINK,
    SIMHOST_STDIO /* 0, 1, 2: pipes, with a peer; see simhost_peer_of */
};

/*
 * Hand a descriptor to the guest: at the number after the highest one so far,
 * or at `fd`, which leaves holes. The mode of a socket is the profile's.
 * Returns its number.
 */
int simhost_preopen(enum simhost_kind kind);
int simhost_preopen_at(int fd, enum simhost_kind kind);

/*
 * Hand over listeners and directories as the profile's host lays them out.
 * listener_fds: room for `n_listeners`; their numbers, in the host's order.
 */
void simhost_preopen_layout(size_t n_listeners, size_t n_directories,
                            int *listener_fds);

/* stdin is /dev/null, and has no peer. */
void simhost_set_stdin_to_null(void);

/* Descriptors open now, of the guest, the first three included. */
size_t simhost_n_open(void);

/* Set or clear a descriptor's mode behind the guest's back. */
void simhost_set_nonblocking(int fd, bool is_nonblocking);

/* ---- Peers -------------------------------------------------------------- */

struct simhost_peer;

/* Times, for `after_ns`. */
#define SIMHOST_NOW UINT64_C(0)
#define SIMHOST_MS(n) ((uint64_t)(n) * UINT64_C(1000000))

/* What a peer sees of the guest's half. */
enum simhost_end {
    SIMHOST_END_NONE, /* open, or with bytes in front of the end */
    SIMHOST_END_STREAM,
    SIMHOST_END_RESET
};

/*
 * A client connects to a listener. It is refused where there is none, and
 * waits outside where the backlog is full.
 */
struct simhost_peer *simhost_connect(int listener_fd, uint64_t after_ns);

/* The peer of a connection, a datagram socket or a stdio descriptor; NULL for
 * others. The peer of stdin writes to it, those of stdout and stderr read. */
struct simhost_peer *simhost_peer_of(int fd);

/* The guest's descriptor of a peer: -1 before accept and after close. */
int simhost_peer_fd(const struct simhost_peer *peer);

/* Whether the peer's connect has completed (accepted or in the backlog), or
 * has been refused. */
bool simhost_peer_is_connected(const struct simhost_peer *peer);
bool simhost_peer_is_refused(const struct simhost_peer *peer);

/* Send: bytes of the stream, or one datagram. data: copied. */
void simhost_peer_send(struct simhost_peer *peer, const void *data,
                       size_t length, uint64_t after_ns);

/* Close the sending half: the guest reads the end of the stream. */
void simhost_peer_shutdown(struct simhost_peer *peer, uint64_t after_ns);

/* Close both halves, as close(2) does: the end of the stream, and what the
 * guest sends later is answered by a reset. With bytes of the guest unread
 * this is a reset at once. */
void simhost_peer_close(struct simhost_peer *peer, uint64_t after_ns);

/* Reset. Bytes that have arrived stay readable. */
void simhost_peer_reset(struct simhost_peer *peer, uint64_t after_ns);

/* Go away before being accepted, so that sock_accept says ECONNABORTED. */
void simhost_peer_abort(struct simhost_peer *peer, uint64_t after_ns);

/*
 * How the peer reads what the guest sends.
 * bytes_per_ms: SIZE_MAX: all at once, the default; 0: only in
 *   simhost_peer_read; else that many in each millisecond.
 */
void simhost_peer_set_reading(struct simhost_peer *peer, size_t bytes_per_ms);

/* Read at most `length` bytes that the guest has sent. */
void simhost_peer_read(struct simhost_peer *peer, size_t length,
                       uint64_t after_ns);

/* Bytes the guest may send before the peer reads, instead of the knob's. */
void simhost_peer_set_window(struct simhost_peer *peer, size_t length);

/* Everything the peer has read so far, in order; valid until it reads more.
 * length: written; may be NULL. */
const uint8_t *simhost_peer_received(const struct simhost_peer *peer,
                                     size_t *length);

/* Drop what the peer has read so far, to save memory. */
void simhost_peer_forget(struct simhost_peer *peer);

/* Bytes sent by the guest and not read by the peer; datagrams read. */
size_t simhost_peer_n_unread(const struct simhost_peer *peer);
size_t simhost_peer_n_datagrams(const struct simhost_peer *peer);

/* What the peer sees of the guest's half, behind all bytes. */
enum simhost_end simhost_peer_end(const struct simhost_peer *peer);

/* Call `reader` each time the peer has read bytes: a peer that answers.
 * data: those bytes, valid during the call. */
typedef void simhost_reader(struct simhost_peer *peer, const uint8_t *data,
                            size_t length, void *context);
void simhost_peer_on_read(struct simhost_peer *peer, simhost_reader *reader,
                          void *context);

/* ---- Sockets that the guest opens (knob can_open) ------------------------ */

/* The result of the guest's next connects: after `after_ns`, success or a
 * WASOCK_E constant. SIMHOST_NOW: known at once. The peer of a connection:
 * simhost_peer_of. */
void simhost_set_connect(int32_t error, uint64_t after_ns);

/* The error of the guest's next listens, or 0. */
void simhost_set_listen(int32_t error);

/* ---- Time --------------------------------------------------------------- */

/* The virtual clock. A world starts at 1,000 s. */
uint64_t simhost_now_ns(void);

/* Let time pass, with all that is scheduled in it. */
void simhost_advance_ns(uint64_t duration_ns);

/* Let time pass until nothing is scheduled any more. */
void simhost_settle(void);

/* Call `action` later, during a poll or any other passing of time. */
void simhost_schedule(void (*action)(void *context), void *context,
                      uint64_t after_ns);

/* ---- Faults ------------------------------------------------------------- */

#define SIMHOST_FOR_EVER UINT64_MAX

/*
 * Make host calls fail: `n_times` of them, beginning with the nth from now.
 * The call does nothing, except that a failing fd_close closes, as on Linux.
 * call: which to count; SIMHOST_ANY_CALL counts all.
 * nth: from 1. error: a WASOCK_E constant.
 */
void simhost_fail(enum simhost_call call, uint64_t nth, int32_t error,
                  uint64_t n_times);

/* What a host may answer, though preview1 does not allow it. */
enum simhost_lie {
    /* Success, one more than was asked for: bytes of a transfer, events of a
     * poll. Nothing is moved. Clocks and sizes are as large as can be. */
    SIMHOST_LIE_TOO_MUCH = 1,
    /* Success, and nothing was done: counts of bytes and events and an accepted
     * descriptor are not written, the mode is unchanged, a descriptor still
     * open, the time 0. */
    SIMHOST_LIE_NOTHING,
    /* Success with nonsense: a file type of 200, an event of a userdata that
     * nobody gave, a clock that goes back. */
    SIMHOST_LIE_NONSENSE
};

/* As simhost_fail, with a lie instead of an error. */
void simhost_lie(enum simhost_call call, uint64_t nth, enum simhost_lie lie,
                 uint64_t n_times);

/* How many calls simhost_fail and simhost_lie have changed so far: 0 tells a
 * sweep that its scenario has fewer than n calls. */
uint64_t simhost_n_faults(void);

/* Forget all faults. */
void simhost_clear_faults(void);

/* Each event of this descriptor is there at once, with this error and these
 * flags (WASIP1_EVENTRWFLAGS_HANGUP); 0 and 0 ends it. */
void simhost_set_event(int fd, int32_t error, uint16_t flags);

/* ---- Judge -------------------------------------------------------------- */

enum simhost_verdict {
    SIMHOST_BAD_FLAGS,      /* not 0 or NONBLOCK; no half to shut down */
    SIMHOST_BAD_FD,         /* a descriptor never opened or closed already */
    SIMHOST_DOUBLE_CLOSE,   /* fd_close of a closed descriptor */
    SIMHOST_NO_SOCKET,      /* a socket call on what is no socket */
    SIMHOST_BAD_POINTER,    /* NULL or absurd lengths */
    SIMHOST_EMPTY,          /* a transfer of slices that are all empty, other
                             * than a send of zero slices */
    SIMHOST_MANY_SLICES,    /* more than 1,024 */
    SIMHOST_EMPTY_DATAGRAM, /* a send of nothing on a datagram socket */
    SIMHOST_SHUT_LISTENER,  /* shutdown of a listener */
    SIMHOST_NO_SUBSCRIPTION,
    SIMHOST_BAD_CLOCK,   /* absolute, not monotonic, precision, a second */
    SIMHOST_BAD_TIMEOUT, /* below 1 ms but not 0; above 1 h */
    SIMHOST_FAKE_POLL_WITHOUT_CLOCK,
    SIMHOST_FAKE_POLL_WRITE, /* with a clock that is not 0 */
    SIMHOST_WAITS_FOR_EVER,  /* a poll, and nothing is scheduled */
    SIMHOST_FROZE,           /* a call on a blocking descriptor would wait */
    SIMHOST_NULL_POLLED,     /* poll_of_null_kills: the guest ends here */
    SIMHOST_SPINS,           /* see n_idle_calls_max */
    SIMHOST_SIGPIPE,         /* WAMR is killed by this send */
    SIMHOST_LEAK,            /* see simhost_check */
    SIMHOST_WATCHED,         /* a set misused, or a descriptor closed in one */
    SIMHOST_N_VERDICTS
};

/*
 * Allow what would fail the test, from now on, or judge it again. The host
 * then does what its profile says; where a real one would kill the guest or
 * hang, the call returns an error.
 */
void simhost_allow(enum simhost_verdict verdict, bool is_allowed);

/* How often something was judged in this world, allowed or not. */
uint64_t simhost_n_verdicts(enum simhost_verdict verdict);

/*
 * What a failure does: `handler` is given the message; NULL, the default,
 * fails the cmocka test. It may return: the call goes on as if allowed. It
 * stays through simhost_reset. For fuzzers and the tests of simhost itself.
 */
typedef void simhost_failure_handler(const char *message);
void simhost_on_failure(simhost_failure_handler *handler);

/* ---- Counts ------------------------------------------------------------- */

/* Host calls since simhost_reset; SIMHOST_ANY_CALL: all. */
uint64_t simhost_calls(enum simhost_call call);

/* Subscriptions, of all polls and of the last one, the clock's included. */
uint64_t simhost_n_subscriptions(void);
size_t simhost_last_n_subscriptions(void);

/* Virtual time that polls have slept, without the cost of waking up. */
uint64_t simhost_slept_ns(void);

/* Print the latest host calls to stderr, as a failure does. */
void simhost_print_trace(void);

/* ---- The truth ---------------------------------------------------------- */

/* How a guest's descriptor really is, whatever the host's poll says. */
struct simhost_truth {
    bool is_open;
    bool is_readable;  /* a receive or accept would not say EAGAIN */
    bool is_writable;  /* a send would not */
    bool is_at_end;    /* the next receive says end of stream */
    bool is_reset;     /* by the peer */
    size_t n_readable; /* bytes arrived, or connections pending */
    size_t n_writable; /* bytes of room */
    /* Since when it has been readable or writable without the guest having
     * moved anything in that direction; 0 where it is not. */
    uint64_t readable_since_ns;
    uint64_t writable_since_ns;
};

struct simhost_truth simhost_truth(int fd);

#endif
