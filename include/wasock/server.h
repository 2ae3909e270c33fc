/* SPDX-License-Identifier: MIT */
/*
 * server.h - an event loop for servers: accept, buffers, limits, timeouts.
 *
 *     static size_t echo(struct wasock_client *client, const void *data,
 *                        size_t length)
 *     {
 *         return wasock_client_send(client, data, length) == 0 ? length : 0;
 *     }
 *
 *     static const struct wasock_handler handler = {.data = echo};
 *     static const struct wasock_server_options options = {
 *         .handler = &handler,
 *         .n_clients = 100,
 *         .input_bytes = 4096,
 *         .output_bytes = 4096,
 *         .idle_ns = 60 * WASOCK_NS_PER_S,
 *     };
 *     static _Alignas(WASOCK_SERVER_ALIGNMENT)
 *         unsigned char memory[WASOCK_SERVER_SIZE(100, 4096, 4096)];
 *     static struct wasock_server server;
 *
 *     int main(void)
 *     {
 *         return wasock_server_main(&server, memory, sizeof(memory), &options,
 *                                   "echo");
 *     }
 *
 * The server accepts clients, reads what they send, calls the handler, and
 * sends what the handler queued. A client that does not read its answers is not
 * read from either, unless its handler is a relay. The server stops accepting
 * while it has `n_clients`, or `n_accepted` that were accepted.
 *
 * It is part of the target wasock::wasock, on top of its other public calls.
 *
 * All calls belong to one thread. Inside a handler every call of this header is
 * allowed but wasock_server_run_… and wasock_server_close. A client stays valid
 * until its `close` handler has returned.
 *
 * A request that is answered at once costs two host calls, a read and a write.
 * Each wait costs what wasock_poller_wait_until_ns costs, and a clock read if
 * there are timeouts or timers.
 */
#ifndef WASOCK_SERVER_H
#define WASOCK_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wasock/conn.h>
#include <wasock/listener.h>
#include <wasock/poller.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wasock_client;
struct wasock_server;

/* ---- Handlers ---- */

/* What the program does with its clients. Any function may be NULL. */
struct wasock_handler {
    /* wasock_server_main is about to accept clients: set timers, connect.
     * Returns 0, or a negative code that ends wasock_server_main. */
    int (*start)(struct wasock_server *server);

    /* A client was accepted, or its connect has succeeded, and the transport's
     * handshake is done. */
    void (*open)(struct wasock_client *client);

    /*
     * Data has arrived. Returns the number of bytes consumed. The rest is
     * passed again, together with the data that arrives next: a parser returns
     * the length of the complete messages. The handler is called again at once
     * while it returns more than 0. NULL: data is dropped.
     *
     * If it returns 0 while the client is paused, or because its own output had
     * no room, the same data is passed again once the client is resumed or has
     * room. If another client has no room, pause this one, and resume it in the
     * `drain` and `close` handlers of the other.
     *
     * If it returns 0 for `input_bytes` bytes, the message is too large: the
     * client is closed with EMSGSIZE. To answer such a client, send the answer,
     * close the client, and return `length`.
     * data: `length` bytes, at least 1, valid during the call.
     */
    size_t (*data)(struct wasock_client *client, const void *data,
                   size_t length);

    /* EOF: the client has shut its writing half. It may still read its answers,
     * and stays open until the program closes it. An incomplete message was
     * dropped. NULL: close the client once all output is sent. */
    void (*eof)(struct wasock_client *client);

    /* All queued output is sent: continue a long answer here. */
    void (*drain)(struct wasock_client *client);

    /*
     * The client is closed, and `conn` with it: free `user`. Called once for
     * every client, accepted or reserved, even if `open` was not called.
     * reason: 0 or a negative code.
     *
     *   code       why
     *   0          wasock_client_close, or EOF
     *   EDEADLINE  a timeout
     *   EMSGSIZE   a message larger than `input_bytes`
     *   ENOBUFS    an answer larger than `output_bytes`
     *   ECANCELED  the drain time of wasock_server_stop is over
     *   any other  the error of the connection or of the transport, or that of
     *              wasock_client_abort
     */
    void (*close)(struct wasock_client *client, int reason);

    /* The server stops. NULL: close the client once all output is sent. */
    void (*stop)(struct wasock_client *client);

    /* For a proxy, where what a client sends causes output for others only: the
     * client is read even while more than half of `output_bytes` is queued for
     * it. Otherwise an upstream that reads only after its answer was read would
     * wait forever. */
    bool is_relay;
};

/*
 * A layer between the buffers and the connection, such as TLS: see
 * examples/https/tls.c. It reads and writes `client->conn` with
 * wasock_conn_try_read and wasock_conn_try_write.
 *
 * A call that returns EAGAIN is repeated: a handshake or a read when the
 * connection is readable, a write or a shutdown when it is writable. A call
 * that waits for the other direction calls wasock_client_want first. Any other
 * error closes the client. `open`, `handshake`, `shutdown` and `close` may be
 * NULL.
 */
struct wasock_transport {
    /* The connection is open: begin a session. Returns 0 or an error. */
    int (*open)(struct wasock_client *client);

    /* Go on with the handshake. Returns 0: it is done; or an error. The time of
     * the handshake is limited by `message_ns`. */
    int (*handshake)(struct wasock_client *client);

    /* As wasock_conn_try_read. Called until it returns EAGAIN: no poll sees
     * what a session has buffered. Returns 0 only if the peer has ended the
     * session (close_notify); EOF of the connection before that is an error:
     * something may be missing. */
    ptrdiff_t (*read)(struct wasock_client *client, void *buffer,
                      size_t capacity);

    /* As wasock_conn_try_write. A repeated call gets the same data and length,
     * possibly at another address (OpenSSL:
     * SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER). */
    ptrdiff_t (*write)(struct wasock_client *client, const void *data,
                       size_t length);

    /* All output is sent, and the writing half is about to be shut: send the
     * closing message (close_notify). Returns 0 or an error. */
    int (*shutdown)(struct wasock_client *client);

    /* The connection is about to be closed: free the session. Called once for
     * every `open` that returned 0. */
    void (*close)(struct wasock_client *client);
};

/* ---- Clients ---- */

/* A client. The first members are for the program; members with a final `_` are
 * private. */
struct wasock_client {
    void *user;                           /* the program's; NULL at first */
    const struct wasock_handler *handler; /* the server's at first */
    struct wasock_server *server;
    const struct wasock_listener *listener; /* NULL: not accepted */
    struct wasock_conn conn; /* for addresses; the server reads and writes */
    struct wasock_client *next_; /* in the list of free or of changed ones */
    uint64_t active_ns_;         /* last read or write */
    uint64_t message_ns_;        /* begin of an incomplete message, or 0 */
    uint64_t output_ns_;         /* last progress of output */
    uint32_t input_begin_;
    uint32_t input_end_;
    uint32_t output_begin_;
    uint32_t output_end_;
    uint32_t retry_bytes_; /* of the transport's write that returned EAGAIN */
    int16_t reason_;
    uint8_t state_;
    uint8_t interest_;    /* of the poller */
    uint8_t wants_;       /* of wasock_client_want */
    uint8_t read_needs_;  /* directions that the next read waits for */
    uint8_t write_needs_; /* … the next write */
    uint8_t shut_;        /* whether the writing half is to be shut, or is */
    uint8_t is_changed_;
    uint8_t is_paused_;
    uint8_t is_eof_;
    uint8_t is_held_;    /* input was kept: output is full, or paused */
    uint8_t is_refused_; /* output had no room */
    uint8_t is_unread_;  /* the transport may hold data */
    uint8_t is_session_; /* of the transport */
    uint8_t owes_drain_;
};

/*
 * Queue data for a client. It is sent when the handler has returned; 4 KiB and
 * more are sent at once if nothing is queued, and what is queued is sent at
 * once if there is no room. In its own `data` handler a client always has room
 * for `output_bytes` / 2, unless the handler is a relay.
 * Errors: ENOBUFS: no room for all of it, and nothing was queued; ECLOSED: the
 *   client is being closed, or its writing half was shut.
 */
int wasock_client_send(struct wasock_client *client, const void *data,
                       size_t length);

/*
 * Queue data without a copy: get the free part of the output buffer, write to
 * it, then commit `length` bytes.
 * capacity: written: the size of the free part, in bytes; in the client's
 *   own `data` handler at least `output_bytes` / 2, unless that is a relay.
 * length: at most `capacity`.
 */
void *wasock_client_output(struct wasock_client *client, size_t *capacity);
void wasock_client_commit(struct wasock_client *client, size_t length);

/* Get the client's number, from 0 to n_clients - 1: an index for arrays with an
 * element a client. */
size_t wasock_client_index(const struct wasock_client *client);

/* Get the number of queued bytes. */
size_t wasock_client_n_queued(const struct wasock_client *client);

/*
 * Close a client once all output is sent. Later input is read and dropped, and
 * no handler but `close` is called. The client reads EOF and has two seconds to
 * close its end: closing first could reset the connection and destroy output in
 * flight. A client that is not open yet is closed at once.
 */
void wasock_client_close(struct wasock_client *client);

/* Shut the writing half once all output is sent: the client reads EOF. Its
 * input still arrives; it is closed after its own EOF. */
void wasock_client_shutdown(struct wasock_client *client);

/* Close a client without sending its output. It reads EOF, or a reset if it had
 * sent data that was not read.
 * reason: for the `close` handler; 0 or a negative code. */
void wasock_client_abort(struct wasock_client *client, int reason);

/* Stop and resume reading from a client. EOF or a reset is not detected while
 * it is paused, and `idle_ns` applies. After wasock_client_resume, input that
 * was kept is passed to the handler. */
void wasock_client_pause(struct wasock_client *client);
void wasock_client_resume(struct wasock_client *client);

/* For a transport, before it returns EAGAIN: repeat the call when the
 * connection is ready in one of these directions (fd.h). */
void wasock_client_want(struct wasock_client *client, unsigned directions);

/* Check whether the client is being closed: wasock_client_send returns
 * ECLOSED. */
bool wasock_client_is_closing(const struct wasock_client *client);

/* ---- The server ---- */

/* The most listeners of a server. */
#define WASOCK_SERVER_LISTENERS_MAX 8

/* Alignment of a server's memory, in bytes. */
#define WASOCK_SERVER_ALIGNMENT 8

/*
 * The memory of a server, in bytes. A constant expression if the arguments are
 * constant. Make it static: the stack of a wasm program has 64 KiB. The server
 * touches only the buffers that it uses.
 * n_clients: the most clients at a time.
 * input_bytes: the input buffer of a client: its largest message.
 * output_bytes: the output buffer of a client: the most that is queued. While
 *   more than half of it is queued, the client is not read, unless its handler
 *   is a relay.
 */
#define WASOCK_SERVER_SIZE(n_clients, input_bytes, output_bytes)               \
    (WASOCK_POLLER_SIZE((n_clients) + WASOCK_SERVER_LISTENERS_MAX + 1) + 24 +  \
     ((size_t)(n_clients) + 1) * ((size_t)(input_bytes)) +                     \
     (size_t)(n_clients) *                                                     \
         (sizeof(struct wasock_client) + (size_t)(output_bytes)))

struct wasock_server_options {
    const struct wasock_handler *handler;     /* must outlive the server */
    const struct wasock_transport *transport; /* NULL: none */
    uint32_t n_clients;                       /* as for WASOCK_SERVER_SIZE */
    uint32_t n_accepted; /* the most accepted ones of these; 0: all */
    uint32_t input_bytes;
    uint32_t output_bytes;
    uint64_t idle_ns;    /* timeout without a read or write; 0: none */
    uint64_t message_ns; /* … of an incomplete message or handshake; 0: none */
    uint64_t write_ns;   /* … of output that is not read; 0: none */
    uint64_t drain_ns;   /* drain time, for wasock_server_main; 0: abort */
};

/* A timer, in the caller's storage. Zero it before its first use. Members that
 * end in `_` are private. */
struct wasock_timer {
    void (*expire)(struct wasock_timer *timer);
    void *user;
    uint64_t at_ns_;
    struct wasock_timer *next_;
    struct wasock_timer **link_; /* what points at this one; NULL: not set */
};

/* A server, in the caller's storage; it must not move. Members that end in `_`
 * are private. */
struct wasock_server {
    void *user; /* the program's */
    struct wasock_server_options options_;
    struct wasock_poller poller_;
    struct wasock_listener *listeners_[WASOCK_SERVER_LISTENERS_MAX];
    struct wasock_listener preopened_[WASOCK_SERVER_LISTENERS_MAX];
    struct wasock_pollable input_; /* stdin, if its EOF stops the server */
    struct wasock_client *clients_;
    unsigned char *inputs_; /* buffers; the last one is shared */
    unsigned char *outputs_;
    struct wasock_client *free_;
    struct wasock_client *changed_; /* with output to send, or to close */
    struct wasock_client **changed_end_;
    struct wasock_timer *timers_; /* the earliest first */
    uint64_t now_ns_;             /* of the last wait */
    uint64_t stop_ns_;            /* end of the drain time */
    uint64_t drain_ns_;           /* drain time after EOF of stdin */
    uint32_t n_listeners_;
    uint32_t n_clients_;
    uint32_t n_accepted_; /* of them */
    uint32_t n_used_;     /* clients used at least once */
    uint8_t is_now_old_;
    uint8_t is_stopping_;
    uint8_t is_closed_; /* opens no client any more */
    uint8_t is_full_;   /* does not watch its listeners */
    uint8_t has_timeouts_;
};

/*
 * Make a server.
 * memory: `size` bytes, at least WASOCK_SERVER_SIZE of the options, aligned to
 *   WASOCK_SERVER_ALIGNMENT; the caller's until wasock_server_close.
 * options: copied.
 * Errors: EINVAL: no memory, misaligned memory, no handler, or a size of 0;
 *   ESTORAGE: `size` is too small.
 */
int wasock_server_init(struct wasock_server *server, void *memory, size_t size,
                       const struct wasock_server_options *options)
    __attribute__((warn_unused_result));

/* Abort all clients: with ECANCELED, or 0 if all was sent and only EOF is
 * awaited. Close the listeners that wasock_server_listen_preopened opened. */
void wasock_server_close(struct wasock_server *server);

/*
 * Accept clients from a listener.
 * listener: open; the caller's, to outlive the server. In-process and real
 *   sockets cannot be mixed.
 * Errors: ECLOSED: the server stops; ESTORAGE: WASOCK_SERVER_LISTENERS_MAX are
 *   in use; those of wasock_poller_add.
 */
int wasock_server_add_listener(struct wasock_server *server,
                               struct wasock_listener *listener)
    __attribute__((warn_unused_result));

/*
 * Open all listeners of the host, and accept clients from them. On ENOPREOPEN,
 * wasock_preopen_print_error explains why there is none.
 * Returns their number.
 * Errors: ENOPREOPEN: none; ESTORAGE: more than WASOCK_SERVER_LISTENERS_MAX;
 *   those of wasock_preopen_listeners and wasock_server_add_listener.
 */
ptrdiff_t wasock_server_listen_preopened(struct wasock_server *server)
    __attribute__((warn_unused_result));

/*
 * Stop the server at EOF of standard input, if the environment has
 * WASOCK_STOP=stdin, which wasock-run --grace sets. Otherwise standard input is
 * not read. A guest has no signals: this replaces SIGTERM.
 * Call it before wasock_server_run, and before a client is reserved.
 * drain_ns: as for wasock_server_stop.
 * Errors: EBUSY: there are clients; ESTORAGE: the environment is larger than
 *   the memory of all clients; those of wasock_pollable_from_fd and
 *   wasock_poller_add.
 */
int wasock_server_stop_on_request(struct wasock_server *server,
                                  uint64_t drain_ns)
    __attribute__((warn_unused_result));

/*
 * Serve until the server has stopped. A program that only connects calls
 * wasock_server_stop when it is done.
 * Errors: those of wasock_poller_wait_until_ns.
 */
int wasock_server_run(struct wasock_server *server)
    __attribute__((warn_unused_result));

/*
 * Serve until the server has stopped, but at most until a deadline.
 * WASOCK_DEADLINE_PAST, or a timeout of 0: handle pending events, do not wait.
 * Returns 0: it has stopped.
 * Errors: EDEADLINE; those of wasock_poller_wait_until_ns.
 */
int wasock_server_run_until_ns(struct wasock_server *server,
                               uint64_t deadline_ns)
    __attribute__((warn_unused_result));
int wasock_server_run_for_ns(struct wasock_server *server, uint64_t timeout_ns)
    __attribute__((warn_unused_result));

/*
 * The `main` function of a server: init, listen_preopened, stop_on_request,
 * run, close. If it cannot start, or fails, it prints the reason to stderr.
 * program: the name of the program.
 * Returns the exit code: 0: stopped; 1: could not start, for example without a
 *   listener; 2: a wait failed.
 */
int wasock_server_main(struct wasock_server *server, void *memory, size_t size,
                       const struct wasock_server_options *options,
                       const char *program) __attribute__((warn_unused_result));

/*
 * Stop the server: stop accepting, close the listeners that
 * wasock_server_listen_preopened opened, and call the `stop` handlers.
 * wasock_server_run returns once all clients are closed. A second call can only
 * shorten the drain time. Clients that are reserved later have the rest of it.
 * drain_ns: a duration; clients that are still open then are aborted, as by
 *   wasock_server_close. 0: all are.
 */
void wasock_server_stop(struct wasock_server *server, uint64_t drain_ns);

/*
 * Reserve a client for a connection that the program opens itself. Open
 * `client->conn`, for example with wasock_conn_start_connect or
 * wasock_listener_try_accept, then call wasock_client_start, or
 * wasock_client_abort to give the client back. The `open` handler is called
 * when it is connected; `idle_ns` limits the time of the connect.
 * Returns NULL if all clients are in use, or the server is closed.
 * Errors of start: ECLOSED: `conn` is closed, or the client is being closed;
 *   those of wasock_conn_finish_connect and wasock_poller_add. On failure the
 *   client is given back, and its `close` handler is called.
 */
struct wasock_client *wasock_server_reserve(struct wasock_server *server);
int wasock_client_start(struct wasock_client *client)
    __attribute__((warn_unused_result));

/* Get the next open client. client: NULL: get the first. Returns NULL after the
 * last. */
struct wasock_client *wasock_server_next(struct wasock_server *server,
                                         const struct wasock_client *client);

/* Get the number of clients, including reserved ones and ones being closed: a
 * `close` handler's client still counts. */
size_t wasock_server_n_clients(const struct wasock_server *server);

/* Get the time of the last wait, of the clock of the server's sockets. The
 * first call after a wait may cost a host call. */
uint64_t wasock_server_now_ns(struct wasock_server *server);

/* Call timer->expire once, after a timeout. Restarts a timer that is set. The
 * clock is that of the server's sockets: on an in-process network, first add a
 * listener or start a client. */
void wasock_server_set_timer_ns(struct wasock_server *server,
                                struct wasock_timer *timer,
                                uint64_t timeout_ns);

/* Cancel a timer. Does nothing if it is not set. */
void wasock_timer_cancel(struct wasock_timer *timer);

#ifdef __cplusplus
}
#endif

#endif
