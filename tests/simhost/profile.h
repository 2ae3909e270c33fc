/* SPDX-License-Identifier: MIT */
/*
 * profile.h - what one host does where hosts differ, as a row of data.
 *
 * The rows stand in profiles.c, each field with the quirk it comes from. A
 * test may change the copy in simhost_knobs.profile after simhost_reset.
 */
#ifndef SIMHOST_PROFILE_H
#define SIMHOST_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

struct wasock__poll_cost;

/* Where simhost_preopen_layout puts things. */
enum simhost_layout {
    SIMHOST_SOCKETS_FIRST,
    SIMHOST_DIRECTORIES_FIRST,
    SIMHOST_SCATTERED /* directories from 3, sockets anywhere, holes between */
};

/* The number of a new descriptor. */
enum simhost_numbering {
    SIMHOST_NUMBER_NEXT, /* never used before */
    SIMHOST_NUMBER_LOWEST_FREE,
    SIMHOST_NUMBER_RANDOM
};

/* What sock_accept does with flags that it does not know. */
enum simhost_bad_accept_flags {
    SIMHOST_ACCEPT_IGNORES_FLAGS,
    SIMHOST_ACCEPT_EINVAL,
    SIMHOST_ACCEPT_EINVAL_AND_DROPS /* the client is lost */
};

/* What a call with more than 1,024 slices does. */
enum simhost_many_slices {
    SIMHOST_SLICES_TAKEN,
    SIMHOST_SLICES_CUT, /* the first 1,024 are sent; all are received into */
    SIMHOST_SLICES_EMSGSIZE
};

/* What sock_recv does to its result flags. */
enum simhost_roflags {
    SIMHOST_ROFLAGS_TWO_BYTES,
    SIMHOST_ROFLAGS_FOUR_BYTES, /* two more than it may */
    SIMHOST_ROFLAGS_UNTOUCHED
};

/* What a receive with no room does. */
enum simhost_empty_recv {
    SIMHOST_EMPTY_RECV_ZERO,
    SIMHOST_EMPTY_RECV_ZERO_OR_EAGAIN, /* EAGAIN where nothing is there */
    SIMHOST_EMPTY_RECV_EINVAL
};

/* What the peer sees when the guest closes without a shutdown. */
enum simhost_close {
    SIMHOST_CLOSE_SENDS_END, /* a reset where data was left unread */
    SIMHOST_CLOSE_SENDS_NOTHING,
    SIMHOST_CLOSE_SENDS_RESET
};

enum simhost_poll_style {
    SIMHOST_POLL_HONEST,
    SIMHOST_POLL_REPORTS_ALL, /* all, as soon as one is ready */
    SIMHOST_POLL_NEVER_LOOKS, /* all, at once: q11, wasmtime on Windows */
    SIMHOST_POLL_FAKE /* all, when the clock runs out; of the fields below it
                       * uses those of the clock only */
};

/* The count in a read event. */
enum simhost_n_bytes {
    SIMHOST_N_BYTES_QUEUED,
    SIMHOST_N_BYTES_QUEUED_OR_ONE, /* at least 1 */
    SIMHOST_N_BYTES_ZERO,
    SIMHOST_N_BYTES_GARBAGE
};

/* What a dead descriptor does to a poll. */
enum simhost_poll_bad_fd {
    SIMHOST_BAD_FD_FAILS_CALL,
    SIMHOST_BAD_FD_EVENT,
    SIMHOST_BAD_FD_EVENT_AND_CLOCK /* the clock's event comes with it */
};

/* What a directory does to a poll. */
enum simhost_poll_directory {
    SIMHOST_DIRECTORY_FAILS_CALL,
    SIMHOST_DIRECTORY_EVENT_ENOTCAPABLE,
    SIMHOST_DIRECTORY_READY
};

/* What an absolute clock does to a poll. */
enum simhost_absolute_clock {
    SIMHOST_ABSOLUTE_WORKS,
    SIMHOST_ABSOLUTE_FAILS_CALL,     /* ENOTSUP */
    SIMHOST_ABSOLUTE_ENOSYS_WITH_FDS /* an event, at once */
};

enum simhost_event_order {
    SIMHOST_ORDER_SUBSCRIPTIONS,
    SIMHOST_ORDER_CLOCKS_READS_WRITES,
    SIMHOST_ORDER_ERRORS_FIRST
};

/* Errors are preview1 numbers, the WASOCK_E constants; 0 is success. */
struct simhost_profile {
    const char *name;

    /* Descriptors. */
    enum simhost_layout layout;
    enum simhost_numbering numbering;
    uint8_t stdio_filetype;
    uint64_t stdio_rights; /* base and inheriting; 0: all, and none */
    bool preopened_sockets_are_nonblocking;
    bool set_flags_refuses_other_bits; /* EINVAL */
    int32_t at_limit_error;
    bool closed_sockets_keep_their_slot; /* a leak of the host */
    bool first_poll_needs_a_slot;
    bool flattens_errors; /* those of a dead peer all become EIO */

    /* sock_accept. */
    bool accept_honours_nonblock;
    enum simhost_bad_accept_flags bad_accept_flags;
    int32_t accept_on_connection;
    int32_t accept_on_other; /* a directory, a file, a terminal */
    uint32_t backlog;        /* connects that complete unaccepted */

    /* sock_recv, sock_send, and fd_read, fd_write on sockets. */
    bool recv_fills_first_buffer_only;
    bool slices_are_calls; /* of which one that fails forgets those before it,
                            * and a short send does not keep from the next */
    enum simhost_many_slices many_slices;
    enum simhost_roflags roflags;
    enum simhost_empty_recv empty_recv;
    int32_t empty_send_on_connection;
    int32_t empty_send_on_listener;
    int32_t recv_on_listener;
    int32_t send_on_listener;
    int32_t socket_call_on_other;
    bool sigpipe_kills;
    bool send_after_reset_is_epipe;

    /* sock_shutdown, fd_close. */
    bool shutdown_ignores_how;   /* both halves, always */
    bool shutdown_both_is_write; /* the reading half stays open */
    bool shutdown_of_the_dead_succeeds;
    int32_t shutdown_on_listener;
    enum simhost_close close;

    /* poll_oneoff. */
    enum simhost_poll_style poll_style;
    enum simhost_n_bytes n_bytes;
    bool hangup_at_end_of_stream;
    bool hangup_when_both_ended;
    int32_t event_error_after_reset;
    enum simhost_poll_bad_fd poll_bad_fd;
    enum simhost_poll_directory poll_directory;
    bool poll_of_null_kills; /* of stdin, for reading */
    enum simhost_absolute_clock absolute_clock;
    bool second_clock_is_enosys;     /* an event, at once */
    bool clock_beside_ready;         /* both events when both are due */
    bool huge_timeout_ends_at_once;  /* beyond INT64_MAX */
    bool precision_is_added;         /* to the timeout */
    uint64_t timeout_granularity_ns; /* what is below is cut off */
    uint64_t early_wake_max_ns;      /* at most the granularity */
    enum simhost_event_order event_order;
    /* A poll reports no more subscriptions than this, and leaves them out
     * until one reports fewer. 0: all. */
    uint32_t round_events;

    /* host.h. */
    bool keeps_sets;
    const struct wasock__poll_cost *poll_cost;
};

extern const struct simhost_profile simhost_ideal; /* preview1 as written */
extern const struct simhost_profile simhost_wasi_common; /* wasmtime, wasmi */
extern const struct simhost_profile simhost_wazero;
extern const struct simhost_profile simhost_wasi_go;
extern const struct simhost_profile simhost_wamr;

/* Components, as their host objects in src/host show them on wasmtime. */
extern const struct simhost_profile simhost_wasip2;
extern const struct simhost_profile simhost_wasip3;

/* wasmtime 47 and later: socket calls are linked, and never work. */
extern const struct simhost_profile simhost_without_sockets;

/* Hosts beyond preview1, otherwise ideal: one keeps the set of a poller's
 * sockets, one reports the cost of its polls. */
extern const struct simhost_profile simhost_keeping;
extern const struct simhost_profile simhost_priced;

/* Every host on which sockets work, those of preview1 first. */
#define SIMHOST_N_PREVIEW1 5
#define SIMHOST_N_PROFILES 7
extern const struct simhost_profile *const simhost_profiles[SIMHOST_N_PROFILES];

/* These and the ideal ones with more, for tests of the poller. */
#define SIMHOST_N_POLLED 9
extern const struct simhost_profile *const simhost_polled[SIMHOST_N_POLLED];

#endif
