/* SPDX-License-Identifier: MIT */
/*
 * The hosts, as measured: "q" is the number of a quirk, "t" a row of the table
 * of behaviours, both in hosts.md.
 */
#include "profile.h"

#include <wasock/err.h>

#include "host.h"
#include "wasip1.h"

#define MS_NS UINT64_C(1000000)

/* What preview1's text promises, where it promises anything. */
/* clang-format off */
#define IDEAL \
    .layout = SIMHOST_SOCKETS_FIRST, \
    .numbering = SIMHOST_NUMBER_LOWEST_FREE, \
    .stdio_filetype = WASIP1_FILETYPE_CHARACTER_DEVICE, \
    .preopened_sockets_are_nonblocking = false, \
    .set_flags_refuses_other_bits = false, \
    .at_limit_error = WASOCK_EMFILE, \
    .accept_honours_nonblock = true, \
    .bad_accept_flags = SIMHOST_ACCEPT_IGNORES_FLAGS, \
    .accept_on_connection = WASOCK_EINVAL, \
    .accept_on_other = WASOCK_ENOTSOCK, \
    .backlog = 129, \
    .many_slices = SIMHOST_SLICES_TAKEN, \
    .roflags = SIMHOST_ROFLAGS_TWO_BYTES, \
    .empty_recv = SIMHOST_EMPTY_RECV_ZERO, \
    .empty_send_on_connection = 0, \
    .empty_send_on_listener = WASOCK_ENOTCAPABLE, \
    .recv_on_listener = WASOCK_ENOTCONN, \
    .send_on_listener = WASOCK_ENOTCONN, \
    .socket_call_on_other = WASOCK_ENOTSOCK, \
    .shutdown_on_listener = WASOCK_ENOTCONN, \
    .close = SIMHOST_CLOSE_SENDS_END, \
    .poll_style = SIMHOST_POLL_HONEST, \
    .n_bytes = SIMHOST_N_BYTES_QUEUED, \
    .hangup_at_end_of_stream = true, \
    .event_error_after_reset = WASOCK_ECONNRESET, \
    .poll_bad_fd = SIMHOST_BAD_FD_EVENT, \
    .poll_directory = SIMHOST_DIRECTORY_READY, \
    .absolute_clock = SIMHOST_ABSOLUTE_WORKS, \
    .clock_beside_ready = true, \
    .timeout_granularity_ns = 1, \
    .event_order = SIMHOST_ORDER_SUBSCRIPTIONS
/* clang-format on */

const struct simhost_profile simhost_ideal = {.name = "ideal", IDEAL};

const struct simhost_profile simhost_keeping = {
    .name = "keeping",
    IDEAL,
    .keeps_sets = true,
};

/* As in src/host/wasip2.c. */
static const struct wasock__poll_cost wasip2_cost = {2500, 400, 400, 100, 8000};

const struct simhost_profile simhost_priced = {
    .name = "priced",
    IDEAL,
    .poll_cost = &wasip2_cost,
};

/* wasmtime up to 46, and wasmi: one code base. */
const struct simhost_profile simhost_wasi_common = {
    .name = "wasi-common",
    .layout = SIMHOST_SOCKETS_FIRST,           /* q1 */
    .numbering = SIMHOST_NUMBER_NEXT,          /* q39 */
    .stdio_filetype = WASIP1_FILETYPE_UNKNOWN, /* t: stdio */
    .preopened_sockets_are_nonblocking = true, /* t: listener fdstat */
    .set_flags_refuses_other_bits = true,      /* q9 */
    .at_limit_error = WASOCK_EMFILE,           /* q38 */
    .accept_honours_nonblock = true,           /* t: conn after accept */
    .bad_accept_flags = SIMHOST_ACCEPT_EINVAL_AND_DROPS, /* q9 */
    .accept_on_connection = WASOCK_EBADF,                /* q3 */
    .accept_on_other = WASOCK_EBADF,                     /* q3 */
    .backlog = 129,                                      /* t: backlog */
    .recv_fills_first_buffer_only = true,                /* q26 */
    .many_slices = SIMHOST_SLICES_CUT,                   /* q27 */
    .roflags = SIMHOST_ROFLAGS_TWO_BYTES,                /* q24 */
    .empty_recv = SIMHOST_EMPTY_RECV_ZERO,               /* q26 */
    .empty_send_on_connection = 0,                       /* t: 0 iovecs */
    .empty_send_on_listener = WASOCK_EBADF,              /* t: on a listener */
    .recv_on_listener = WASOCK_EBADF,                    /* t: on a listener */
    .send_on_listener = WASOCK_EBADF,                    /* t: on a listener */
    .socket_call_on_other = WASOCK_EBADF,             /* t: shutdown, stdout */
    .shutdown_on_listener = WASOCK_EBADF,             /* q36 */
    .close = SIMHOST_CLOSE_SENDS_END,                 /* t: close */
    .poll_style = SIMHOST_POLL_REPORTS_ALL,           /* q10 */
    .n_bytes = SIMHOST_N_BYTES_QUEUED_OR_ONE,         /* q18 */
    .hangup_at_end_of_stream = false,                 /* q18 */
    .hangup_when_both_ended = true,                   /* q18 */
    .event_error_after_reset = WASOCK_EIO,            /* q19 */
    .poll_bad_fd = SIMHOST_BAD_FD_FAILS_CALL,         /* q17 */
    .poll_directory = SIMHOST_DIRECTORY_FAILS_CALL,   /* q17 */
    .poll_of_null_kills = true,                       /* q43 */
    .absolute_clock = SIMHOST_ABSOLUTE_WORKS,         /* q13 */
    .clock_beside_ready = true,                       /* q20 */
    .timeout_granularity_ns = 1,                      /* t: 0.5 ms timeout */
    .event_order = SIMHOST_ORDER_CLOCKS_READS_WRITES, /* q20 */
};

const struct simhost_profile simhost_wazero = {
    .name = "wazero",
    .layout = SIMHOST_DIRECTORIES_FIRST,           /* q1 */
    .numbering = SIMHOST_NUMBER_LOWEST_FREE,       /* q39 */
    .stdio_filetype = WASIP1_FILETYPE_UNKNOWN,     /* t: stdio */
    .preopened_sockets_are_nonblocking = false,    /* q8 */
    .at_limit_error = WASOCK_EIO,                  /* q38 */
    .closed_sockets_keep_their_slot = true,        /* q37 */
    .flattens_errors = true,                       /* q30 */
    .accept_honours_nonblock = true,               /* t: conn after accept */
    .accept_on_connection = WASOCK_EBADF,          /* q3 */
    .accept_on_other = WASOCK_EBADF,               /* q3 */
    .backlog = 4097,                               /* t: listen() backlog */
    .slices_are_calls = true,                      /* readv, writev in fs.go */
    .many_slices = SIMHOST_SLICES_TAKEN,           /* t: 2000 iovecs */
    .roflags = SIMHOST_ROFLAGS_TWO_BYTES,          /* q24 */
    .empty_recv = SIMHOST_EMPTY_RECV_ZERO,         /* q26 */
    .empty_send_on_connection = 0,                 /* t: 0 iovecs */
    .empty_send_on_listener = WASOCK_EBADF,        /* t: on a listener */
    .recv_on_listener = WASOCK_EBADF,              /* t: on a listener */
    .send_on_listener = WASOCK_EBADF,              /* t: on a listener */
    .socket_call_on_other = WASOCK_EBADF,          /* t: shutdown, stdout */
    .shutdown_both_is_write = true,                /* t: BOTH */
    .shutdown_on_listener = WASOCK_EBADF,          /* q36 */
    .close = SIMHOST_CLOSE_SENDS_NOTHING,          /* q34 */
    .poll_style = SIMHOST_POLL_FAKE,               /* q11 */
    .absolute_clock = SIMHOST_ABSOLUTE_FAILS_CALL, /* q13 */
    .huge_timeout_ends_at_once = true,             /* q14 */
    .timeout_granularity_ns = 1,                   /* t: 0.5 ms timeout */
};

const struct simhost_profile simhost_wasi_go = {
    .name = "wasi-go",
    .layout = SIMHOST_DIRECTORIES_FIRST,                /* q1 */
    .numbering = SIMHOST_NUMBER_LOWEST_FREE,            /* q39 */
    .stdio_filetype = WASIP1_FILETYPE_CHARACTER_DEVICE, /* t: stdio */
    .preopened_sockets_are_nonblocking = true,          /* t: fdstat */
    .at_limit_error = WASOCK_EMFILE,                    /* q38 */
    .first_poll_needs_a_slot = true,                    /* q23 */
    .accept_honours_nonblock = true,                    /* t: conn, accept */
    .bad_accept_flags = SIMHOST_ACCEPT_EINVAL,          /* t: accept flags */
    .accept_on_connection = WASOCK_ENOTCAPABLE,         /* q3 */
    .accept_on_other = WASOCK_ENOTSOCK,                 /* t: accept on */
    .backlog = 129,                                     /* t: backlog */
    .many_slices = SIMHOST_SLICES_EMSGSIZE,             /* q27 */
    .roflags = SIMHOST_ROFLAGS_FOUR_BYTES,              /* q24 */
    .empty_recv = SIMHOST_EMPTY_RECV_ZERO_OR_EAGAIN,    /* t: 0 iovecs */
    .empty_send_on_connection = 0,                      /* t: 0 iovecs */
    .empty_send_on_listener = WASOCK_ENOTCAPABLE,       /* t: on a listener */
    .recv_on_listener = WASOCK_ENOTCAPABLE,             /* t: on a listener */
    .send_on_listener = WASOCK_ENOTCAPABLE,             /* t: on a listener */
    .socket_call_on_other = WASOCK_ENOTSOCK,            /* t: shutdown */
    .shutdown_on_listener = WASOCK_ENOTCAPABLE,         /* q36 */
    .close = SIMHOST_CLOSE_SENDS_END,                   /* t: close */
    .poll_style = SIMHOST_POLL_HONEST,                  /* t: one ready */
    .n_bytes = SIMHOST_N_BYTES_ZERO,                    /* q18 */
    .hangup_when_both_ended = false,                    /* q18 */
    .event_error_after_reset = 0,                       /* q19 */
    .poll_bad_fd = SIMHOST_BAD_FD_EVENT_AND_CLOCK,      /* t: closed fd */
    .poll_directory = SIMHOST_DIRECTORY_EVENT_ENOTCAPABLE, /* t: directory */
    .absolute_clock = SIMHOST_ABSOLUTE_WORKS,              /* t: ABSTIME */
    .clock_beside_ready = true,                            /* q20 */
    .huge_timeout_ends_at_once = true,                     /* q14 */
    .precision_is_added = true,                            /* q13 */
    .timeout_granularity_ns = MS_NS,                       /* q15 */
    .early_wake_max_ns = MS_NS,                            /* q15 */
    .event_order = SIMHOST_ORDER_SUBSCRIPTIONS,            /* q20 */
};

const struct simhost_profile simhost_wamr = {
    .name = "wamr",
    .layout = SIMHOST_SCATTERED,                        /* q2 */
    .numbering = SIMHOST_NUMBER_RANDOM,                 /* q39 */
    .stdio_filetype = WASIP1_FILETYPE_UNKNOWN,          /* t: stdio */
    .preopened_sockets_are_nonblocking = false,         /* q8 */
    .at_limit_error = WASOCK_EMFILE,                    /* q38 */
    .accept_honours_nonblock = false,                   /* q9 */
    .accept_on_connection = WASOCK_EINVAL,              /* q3 */
    .accept_on_other = WASOCK_ENOTCAPABLE,              /* t: accept on */
    .backlog = 129,                                     /* t: backlog */
    .many_slices = SIMHOST_SLICES_TAKEN,                /* t: 2000 iovecs */
    .roflags = SIMHOST_ROFLAGS_UNTOUCHED,               /* q24 */
    .empty_recv = SIMHOST_EMPTY_RECV_EINVAL,            /* q26 */
    .empty_send_on_connection = WASOCK_EINVAL,          /* t: 0 iovecs */
    .empty_send_on_listener = WASOCK_EINVAL,            /* t: 0 iovecs */
    .recv_on_listener = WASOCK_ENOTCONN,                /* t: on a listener */
    .send_on_listener = WASOCK_EPIPE,                   /* t: on a listener */
    .socket_call_on_other = WASOCK_ENOTSOCK,            /* t: shutdown */
    .sigpipe_kills = true,                              /* q31 */
    .shutdown_ignores_how = true,                       /* q35 */
    .shutdown_on_listener = 0,                          /* q36 */
    .close = SIMHOST_CLOSE_SENDS_RESET,                 /* q34 */
    .poll_style = SIMHOST_POLL_HONEST,                  /* t: one ready */
    .n_bytes = SIMHOST_N_BYTES_GARBAGE,                 /* q18 */
    .hangup_when_both_ended = true,                     /* t: both halves */
    .event_error_after_reset = WASOCK_EIO,              /* q19 */
    .poll_bad_fd = SIMHOST_BAD_FD_EVENT,                /* q17 */
    .poll_directory = SIMHOST_DIRECTORY_READY,          /* t: directory */
    .absolute_clock = SIMHOST_ABSOLUTE_ENOSYS_WITH_FDS, /* q13 */
    .second_clock_is_enosys = true,                     /* q13 */
    .clock_beside_ready = false,                        /* t: clock 0 */
    .timeout_granularity_ns = MS_NS,                    /* q15 */
    .event_order = SIMHOST_ORDER_ERRORS_FIRST,          /* q20 */
};

/*
 * Components: "d" is the doctor's report in docs/hosts.md, "o" the object in
 * src/host, "m" a measurement.
 */
/* clang-format off */
#define COMPONENT                                                              \
    .layout = SIMHOST_SOCKETS_FIRST, /* o: component_listen.c */               \
    .numbering = SIMHOST_NUMBER_NEXT, /* d */                                  \
    .stdio_filetype = WASIP1_FILETYPE_UNKNOWN, /* o: component_fd.c */         \
    .preopened_sockets_are_nonblocking = true, /* d */                         \
    .set_flags_refuses_other_bits = true, /* o: component_fd.c */              \
    .at_limit_error = WASOCK_EMFILE, /* o: component_table.c */                \
    .accept_honours_nonblock = true, /* d */                                   \
    .bad_accept_flags = SIMHOST_ACCEPT_IGNORES_FLAGS,                          \
    .accept_on_connection = WASOCK_EBADF, /* d */                              \
    .accept_on_other = WASOCK_EBADF, /* d */                                   \
    .backlog = 4097, /* o: component_listen.c */                               \
    .many_slices = SIMHOST_SLICES_TAKEN, /* d */                               \
    .roflags = SIMHOST_ROFLAGS_TWO_BYTES, /* d */                              \
    .empty_recv = SIMHOST_EMPTY_RECV_ZERO, /* d */                             \
    .empty_send_on_connection = 0, /* o */                                     \
    .empty_send_on_listener = WASOCK_EBADF, /* d */                            \
    .recv_on_listener = WASOCK_EBADF, /* d */                                  \
    .send_on_listener = WASOCK_EBADF, /* o */                                  \
    .socket_call_on_other = WASOCK_EBADF, /* o */                              \
    .shutdown_of_the_dead_succeeds = true, /* d */                             \
    .shutdown_on_listener = WASOCK_ENOTCONN, /* o */                           \
    .close = SIMHOST_CLOSE_SENDS_END, /* d */                                  \
    .poll_style = SIMHOST_POLL_HONEST, /* d */                                 \
    .poll_bad_fd = SIMHOST_BAD_FD_EVENT, /* d */                               \
    .poll_directory = SIMHOST_DIRECTORY_READY,                                 \
    .timeout_granularity_ns = 1, /* d */                                       \
    .event_order = SIMHOST_ORDER_SUBSCRIPTIONS /* o */
/* clang-format on */

const struct simhost_profile simhost_wasip2 = {
    .name = "wasip2",
    COMPONENT,
    .n_bytes = SIMHOST_N_BYTES_ZERO,               /* d */
    .absolute_clock = SIMHOST_ABSOLUTE_FAILS_CALL, /* d */
    .huge_timeout_ends_at_once = true,             /* d */
    .round_events = 128, /* m: tokio answers 128 a poll, lowest first */
    .poll_cost = &wasip2_cost,
};

const struct simhost_profile simhost_wasip3 = {
    .name = "wasip3",
    COMPONENT,
    .send_after_reset_is_epipe = true,        /* d */
    .n_bytes = SIMHOST_N_BYTES_QUEUED,        /* d */
    .hangup_at_end_of_stream = true,          /* d */
    .absolute_clock = SIMHOST_ABSOLUTE_WORKS, /* d */
    .keeps_sets = true,                       /* o: wasip3_wait.c */
};

/* As wasi-common, but no socket was ever handed over: q7. */
const struct simhost_profile simhost_without_sockets = {
    .name = "without-sockets",
    .layout = SIMHOST_DIRECTORIES_FIRST,
    .numbering = SIMHOST_NUMBER_LOWEST_FREE,
    .stdio_filetype = WASIP1_FILETYPE_CHARACTER_DEVICE,
    .stdio_rights = 2,
    .at_limit_error = WASOCK_EMFILE,
    .accept_on_connection = WASOCK_ENOTSOCK,
    .accept_on_other = WASOCK_ENOTSOCK,
    .recv_on_listener = WASOCK_ENOTSOCK,
    .send_on_listener = WASOCK_ENOTSOCK,
    .socket_call_on_other = WASOCK_ENOTSOCK,
    .shutdown_on_listener = WASOCK_ENOTSOCK,
    .poll_style = SIMHOST_POLL_HONEST,
    .poll_bad_fd = SIMHOST_BAD_FD_EVENT,
    .poll_directory = SIMHOST_DIRECTORY_EVENT_ENOTCAPABLE,
    .clock_beside_ready = true,
    .timeout_granularity_ns = 1,
};

const struct simhost_profile *const simhost_profiles[SIMHOST_N_PROFILES] = {
    &simhost_ideal, &simhost_wasi_common, &simhost_wazero, &simhost_wasi_go,
    &simhost_wamr,  &simhost_wasip2,      &simhost_wasip3,
};

const struct simhost_profile *const simhost_polled[SIMHOST_N_POLLED] = {
    &simhost_ideal,   &simhost_wasi_common, &simhost_wazero,
    &simhost_wasi_go, &simhost_wamr,        &simhost_wasip2,
    &simhost_wasip3,  &simhost_keeping,     &simhost_priced,
};
