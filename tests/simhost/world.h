/* SPDX-License-Identifier: MIT */
/*
 * world.h - what simhost's own files share. Tests include simhost.h only.
 *
 *     entry.c transfer.c poll.c     the wasip1_* functions; event.c is poll's
 *     open.c set.c                  the functions of host.h
 *     judge.c fault.c               before and after each: faults, checks
 *     descriptor.c peer.c           what they act on
 *     schedule.c bytes.c random.c   what all stand on
 */
#ifndef SIMHOST_WORLD_H
#define SIMHOST_WORLD_H

#include "simhost.h"

#include <wasock/err.h>

#include "host.h"
#include "wasip1.h"

/* ---- bytes.c: memory that grows, and a queue of bytes ------------------- */

/* `array` with room for `n_needed` items; the test stops if there is none. */
void *sim_grow(void *array, size_t *capacity, size_t n_needed,
               size_t item_size);

struct sim_bytes {
    uint8_t *data;
    size_t start;
    size_t length;
    size_t capacity;
};

void sim_bytes_append(struct sim_bytes *bytes, const void *data, size_t length);
const uint8_t *sim_bytes_front(const struct sim_bytes *bytes);
void sim_bytes_drop(struct sim_bytes *bytes, size_t length);
void sim_bytes_truncate(struct sim_bytes *bytes, size_t length);
void sim_bytes_free(struct sim_bytes *bytes);

/* ---- random.c ----------------------------------------------------------- */

void sim_random_seed(uint64_t seed);
uint64_t sim_random(void);
uint64_t sim_random_below(uint64_t limit); /* 0 for a limit of 0 */
bool sim_chance(unsigned per_mille);

/* ---- schedule.c: the clock, and what happens at a time ------------------ */

void sim_schedule_reset(void);

/* tie: decides between actions due at the same time; equal ones happen in the
 * order of their scheduling. */
void sim_schedule_at(uint64_t due_ns, uint64_t tie,
                     void (*action)(void *context), void *context);

/* When the next action is due: UINT64_MAX for never. */
uint64_t sim_next_due_ns(void);

/* Move the clock, doing everything that is due on the way. */
void sim_advance_to(uint64_t time_ns);

/* ---- descriptor.c ------------------------------------------------------- */

/* A listener's queue of clients. */
struct sim_queue {
    struct simhost_peer *first;
    struct simhost_peer *last;
    size_t length;
};

struct sim_descriptor {
    enum simhost_kind kind;
    bool is_open;
    bool was_open;
    bool is_preopened;
    bool is_nonblocking;
    bool is_shut; /* a listener that WAMR has shut down */

    /* Kept by sim_refresh, so that a poll costs nothing but a look. */
    bool is_readable;
    bool is_writable;
    bool has_event; /* whatever is asked for: a test's event, or an error */
    uint64_t readable_since_ns;
    uint64_t writable_since_ns;

    int32_t event_error;
    uint16_t event_flags;
    uint64_t poll_serial; /* of the latest poll that asked for it */
    uint64_t rounds[2];   /* the latest that reported it, by direction */

    struct wasock__host_watch *watches; /* of sets */

    size_t backlog; /* connections pending, at most; 0: the profile's */

    struct simhost_peer *peer;
    struct sim_queue pending; /* connected, not accepted */
    struct sim_queue waiting; /* outside: the backlog is full */
};

void sim_descriptors_reset(void);

/* NULL where no descriptor of this number is open. */
struct sim_descriptor *sim_descriptor(int32_t fd);

/* Whether this number was open once and is closed. */
bool sim_was_open(int32_t fd);

/* The number that the host's policy gives to a new descriptor. */
int sim_choose_number(void);

/* The descriptor is open afterwards, and all zero but for its kind. */
struct sim_descriptor *sim_open(int fd, enum simhost_kind kind);

/* Close. The peer reads EOF, or a reset, as the host does it. */
void sim_close(int fd);

/* Whether one more descriptor is beyond the limit. */
bool sim_is_at_limit(void);

/* Something about a descriptor changed: look again whether it is ready.
 * is_served: the guest has moved something in that direction. */
void sim_refresh(struct sim_descriptor *descriptor);
void sim_served_reading(struct sim_descriptor *descriptor);
void sim_served_writing(struct sim_descriptor *descriptor);

size_t sim_leaked(bool with_preopened_sockets, int *first_fd);

/* ---- peer.c ------------------------------------------------------------- */

enum sim_peer_state {
    SIM_PEER_OUTSIDE, /* before its connect, or the backlog is full */
    SIM_PEER_CONNECTED,
    SIM_PEER_REFUSED
};

struct sim_action;

/* A connection with the world at its other end. */
struct simhost_peer {
    struct simhost_peer *next_peer;     /* of all, to free them */
    struct simhost_peer *next_in_queue; /* of a listener's */
    enum sim_peer_state state;
    bool is_datagram;
    bool is_connecting; /* the guest's connect has no result yet */
    int32_t connect_error;
    int listener_fd;
    int guest_fd;

    struct sim_action *first_action;
    struct sim_action *last_action;
    uint64_t last_due_ns;
    uint64_t tie;

    struct sim_bytes inbound;  /* to the guest; what has not arrived included */
    struct sim_bytes outbound; /* from the guest, not read */
    struct sim_bytes received; /* from the guest, read */
    size_t window;
    size_t bytes_per_ms;
    bool is_tick_scheduled;
    size_t n_datagrams;
    simhost_reader *reader;
    void *reader_context;

    /* What the peer did. */
    bool has_shut;
    bool has_closed;
    bool has_aborted;
    bool has_reset; /* the guest's host knows that the peer is gone */
    int32_t pending_error;

    /* What the guest did. */
    bool guest_shut_read;
    bool guest_shut_write;
    bool guest_closed;
    bool was_reset; /* the peer has got a reset */
};

void sim_peers_reset(void);
struct simhost_peer *sim_peer_new(bool is_datagram);

/* Bytes that have arrived; for a datagram socket, of the first datagram. */
size_t sim_peer_n_arrived(const struct simhost_peer *peer);
size_t sim_peer_room(const struct simhost_peer *peer);
bool sim_peer_is_readable(const struct simhost_peer *peer);
bool sim_peer_is_writable(const struct simhost_peer *peer);

/* Both halves are at their end. */
bool sim_peer_is_over(const struct simhost_peer *peer);

/* Datagrams waiting have their length in front. */
bool sim_peer_has_datagram(const struct simhost_peer *peer);

/* The guest has put bytes into `outbound`: the peer may read them. */
void sim_peer_sent_to(struct simhost_peer *peer);

/* The guest has ended its half. */
void sim_peer_guest_resets(struct simhost_peer *peer);

/* A listener closes: its clients are reset, or refused. */
void sim_queue_drop(struct sim_descriptor *listener);
struct simhost_peer *sim_queue_take(struct sim_descriptor *listener);

/* ---- fault.c and judge.c: around every host call ------------------------ */

/* How simhost_fail and simhost_lie have changed a call. */
struct sim_fault {
    int32_t error;
    int lie; /* enum simhost_lie, 0 for none */
};

void sim_faults_reset(void);
struct sim_fault sim_next_fault(enum simhost_call call);

void sim_judge_reset(uint64_t seed);

/* A call begins: count, trace, let it cost time. `argument` is for the
 * trace. */
struct sim_fault sim_begin(enum simhost_call call, int32_t fd,
                           uint64_t argument);

/* A call ends; returns its error. `value` is for the trace. */
int32_t sim_end(int32_t error, uint64_t value);

/* The guest has got somewhere: it does not spin. */
void sim_progress(void);

void sim_judge(enum simhost_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The test itself is wrong. */
void sim_misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

void sim_count_subscriptions(size_t n_subscriptions);

/* ---- entry.c ------------------------------------------------------------ */

/* An errno as the profile's host puts it. */
int32_t sim_host_error(int32_t error);

/* The open descriptor, or NULL after judging. */
struct sim_descriptor *sim_lookup(int32_t fd);

/*
 * A call found nothing to do on `descriptor`. True: it was a blocking one, has
 * waited, and should try again. False: it should say EAGAIN.
 * is_ready: asked again after everything that happens.
 */
bool sim_block(struct sim_descriptor *descriptor,
               bool (*is_ready)(const struct sim_descriptor *descriptor));

/* ---- open.c ------------------------------------------------------------- */

void sim_open_reset(void);

/* ---- set.c -------------------------------------------------------------- */

/* A descriptor is about to be closed. */
void sim_set_close_descriptor(struct sim_descriptor *descriptor, int fd);

/* ---- poll.c ------------------------------------------------------------- */

void sim_poll_reset(void);

/* A descriptor became ready: was the poll under way waiting for it? */
void sim_poll_notice(const struct sim_descriptor *descriptor);

#endif
