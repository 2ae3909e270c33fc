/* SPDX-License-Identifier: MIT */
/*
 * doctor.h - probe the host through a listener, with a partner at the other
 * end of its connections (tests/doctor/partner.py).
 *
 * The doctor calls the host directly, below the library, because the library
 * hides what the doctor reports.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wasock/wasock.h>

/*
 * The facts: a name for the code, a text, and what preview1 requires; "-":
 * nothing. Texts that begin with a ~ are times, which
 * differ in each run.
 */
/* clang-format off */
#define FACT_TABLE(X)                                                          \
    X(START_MODE, "mode of the listener at start", "-")                        \
    X(SET_MODE, "making it non-blocking", "done")                              \
    X(PRESTAT, "fd_prestat_get of a socket", "an error")                       \
    X(SEND_NOTHING, "empty send to the listener", "an error")                  \
    X(RECV_LISTENER, "receive from the listener", "an error")                  \
    X(ACCEPT_STDIN, "accept from stdin", "ENOTSOCK")                           \
    X(ACCEPT_CONN, "accept from a connection", "EINVAL")                       \
    X(ACCEPT_IDLE, "accept, none pending", "EAGAIN")                           \
    X(ACCEPT_PLAIN, "accepted without a flag", "blocking")                     \
    X(ACCEPT_FLAG, "accepted with NONBLOCK", "non-blocking")                   \
    X(NUMBERING, "number of a new descriptor", "-")                            \
    X(DOUBLE_CLOSE, "closing twice", "EBADF")                                  \
    X(RENUMBER, "fd_renumber to a closed number", "EBADF")                     \
    X(RECV_IDLE, "receive, no data", "EAGAIN")                                 \
    X(RECV_NOWHERE, "receive into zero buffers", "0")                          \
    X(RECV_SCATTER, "receive into two buffers", "fills both")                  \
    X(RECV_PEEK, "receive with PEEK", "leaves the bytes")                      \
    X(RECV_WAITALL, "WAITALL, half has arrived", "-")                          \
    X(ROFLAGS, "result flags of a receive", "2 bytes")                         \
    X(RECV_END, "receive at EOF, twice", "0, 0")                               \
    X(RECV_RESET, "receive after a reset, twice", "ECONNRESET, 0")             \
    X(SEND_MUCH, "send of 16 MiB, peer not reading", "a part, then EAGAIN")    \
    X(SEND_SLICES, "send of 2,000 slices", "2000")                             \
    X(SEND_CLOSED, "second send to a closed peer", "EPIPE")                    \
    X(SEND_RESET, "send after a reset", "ECONNRESET")                          \
    X(NAGLE, "two small sends, then an answer", "-")                           \
    X(SHUT_WRITE, "shut the writing half, peer sees", "end")                   \
    X(SHUT_THEN_RECV, "receive after that", "works")                           \
    X(SHUT_TWICE, "shutdown again", "OK")                                      \
    X(SHUT_CLOSED, "shutdown, the peer has reset", "ENOTCONN")                 \
    X(CLOSE_SEEN, "close without shutdown, peer sees", "end")                  \
    X(SHUT_CLOSE_SEEN, "shutdown, then close", "end")                          \
    X(POLL_WRITE, "poll: write on the listener", "nothing")                    \
    X(POLL_ZERO, "poll: idle, timeout 0", "nothing")                           \
    X(POLL_ONE, "poll: one of three ready", "1 reported")                      \
    X(POLL_WAKE, "poll: data comes meanwhile", "wakes")                        \
    X(POLL_BYTES, "poll: n_bytes, 10 waiting", "10")                           \
    X(POLL_END, "poll: the peer has ended", "readable, hangup")                \
    X(POLL_RESET, "poll: the peer has reset", "-")                             \
    X(POLL_DEAD, "poll: a dead descriptor", "event EBADF")                     \
    X(POLL_NOTHING, "poll: no subscription", "EINVAL")                         \
    X(TIMEOUT_HALF, "timeout of 0.5 ms, alone", "kept")                        \
    X(TIMEOUT_BESIDE, "timeout of 0.5 ms, with a socket", "kept")              \
    X(TIMEOUT_SLACK, "precision of 200 ms, timeout 20", "-")                   \
    X(TIMEOUT_ABSOLUTE, "absolute timeout, with a socket", "kept")             \
    X(TIMEOUT_HUGE, "timeout of 2^64-1 ns", "waits")                           \
    X(CLOCK_ORDER, "monotonic clock, 10,000 reads", "never goes back")         \
    X(OWN_DEADLINE, "wasock: a deadline of 50 ms", "-")                        \
    X(OWN_ROUND, "wasock: a round trip, median", "-")                          \
    X(OWN_CLOSE, "wasock: close, peer sees", "-")                              \
    X(OWN_LATE, "~ lateness of that deadline, median", "-")                    \
    X(OWN_ROUND_TIME, "~ time of that round trip, median", "-")                \
    X(CLOCK_STEP, "~ the clock's smallest step", "-")                          \
    X(COST_CLOCK, "~ cost of a clock read", "-")                               \
    X(COST_RECV, "~ cost of a receive, no data", "-")                          \
    X(COST_ACCEPT, "~ cost of an accept, none pending", "-")                   \
    X(COST_POLL, "~ cost of a poll of one idle socket", "-")
/* clang-format on */

enum fact {
#define FACT_CONSTANT(name, text, promise) FACT_##name,
    FACT_TABLE(FACT_CONSTANT)
#undef FACT_CONSTANT
        N_FACTS
};

#define FOUND_CAPACITY 32

/*
 * Probe the host through a listener that it opened, and print the
 * report. Returns the program's exit code.
 */
int probe(int listener_fd);

struct doctor {
    struct wasock_listener listener;
    struct wasock_conn partner;
    int n_connections; /* opened by the partner so far */
    char answer[32];   /* of the partner, to the last request */
    char found[N_FACTS][FOUND_CAPACITY]; /* "" where it was not asked */
};

/* A connection with the partner: the subject of a probe. */
struct subject {
    int fd;
    int number; /* what the partner calls it */
};

/* ---- partner.c ---------------------------------------------------------- */

/* Wait for the partner to connect. */
void meet_partner(struct doctor *doctor);

/* Ask the partner to exit. */
void leave_partner(struct doctor *doctor);

/*
 * Ask the partner to do something and wait until it is done; its answer stands
 * in doctor->answer. The requests, one a line, K being a connection's number:
 *   open            connect
 *   send K N        send N bytes: 0123456789012…
 *   later MS K N    send them after MS milliseconds; answers at once
 *   end K           shut the writing half
 *   close K, reset K
 *   see K           read until the stream ends; "end", "reset" or, half a
 *                   second after the last byte, "open"
 *   rounds K N R    R times: read N bytes and send one
 *   bye             go
 */
__attribute__((format(printf, 2, 3))) void ask(struct doctor *doctor,
                                               const char *format, ...);

/* A new connection, non-blocking, accepted by the host as `accept_flags` ask
 * for it. */
struct subject open_subject(struct doctor *doctor, uint16_t accept_flags);

/* Sleep until what the partner has sent has arrived. A poll would not do: its
 * readiness is what the probes examine. */
void pause_ms(struct doctor *doctor, uint64_t wait_ms);

/* ---- The probes --------------------------------------------------------- */

/* The first one, before the listener is the library's. */
void probe_descriptors(struct doctor *doctor, int listener_fd);

void probe_accept(struct doctor *doctor);
void probe_receive(struct doctor *doctor);
void probe_send(struct doctor *doctor);
void probe_close(struct doctor *doctor);
void probe_poll(struct doctor *doctor);
void probe_clock(struct doctor *doctor);
void probe_library(struct doctor *doctor);

/* Note a fact. */
__attribute__((format(printf, 3, 4))) void
note(struct doctor *doctor, enum fact fact, const char *format, ...);

/* The name of an error, or `otherwise` where there is none. */
const char *or_error(int32_t error, const char *otherwise);

/* ---- report.c ----------------------------------------------------------- */

/* Print the facts, the host's name and what to do about it. */
void report(const struct doctor *doctor);

#endif
