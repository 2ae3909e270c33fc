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
 * read from either. The server stops accepting while it has `n_clients`, or
 * `n_accepted` that were accepted.
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

/* What the program does with its clients. Any member may be NULL. */
struct wasock_handler {
    /* wasock_server_main is about to accept clients: set timers, connect.
     * Returns 0, or a negative code that ends wasock_server_main. */
    int (*start)(struct wasock_server *server);

    /* A client was accepted, or its connect has succeeded. */
    void (*open)(struct wasock_client *client);

    /*
     * Data has arrived. Returns how many bytes of it the program is done with:
     * the rest is passed again, with what arrives next. So a parser returns
     * the length of the complete messages. It is called again at once while it
     * returns more than 0. NULL: data is dropped.
     *
     * If it returns 0 because the client is paused, or because
     * wasock_client_send had no room, the same data is passed again once the
     * client is resumed, or has room. If it returns 0 for `input_bytes` bytes,
     * the message is too large: the client is closed with EMSGSIZE. To answer
     * such a client, send the answer, close it, and return `length`.
     * data: `length` bytes, at least 1, valid during the call.
     */
    size_t (*data)(struct wasock_client *client, const void *data,
                   size_t length);

    /* EOF: the client sends no more. It may still read its answers, and stays
     * open until the program closes it. An incomplete message was dropped.
     * NULL: close the client once all output is sent. */
    void (*eof)(struct wasock_client *client);

    /* All output is sent: there is room for more. Called after each time that
     * something was queued or sent. */
    void (*drain)(struct wasock_client *client);

    /*
     * The client is gone: free what belongs to it.
     * reason: 0: closed by wasock_client_close, or after EOF; EDEADLINE: a
     *   timeout; EMSGSIZE: a message larger than `input_bytes`; ENOBUFS: an
     *   answer larger than `output_bytes`; ECANCELED: the server's drain time
     *   is over; any other: of the connection, or as given to
     *   wasock_client_abort.
     */
    void (*close)(struct wasock_client *client, int reason);

    /* The server stops. NULL: close the client once all output is sent. */
    void (*stop)(struct wasock_client *client);
};

/*
 * What stands between buffers and connection, such as TLS. It reads and writes
 * `client->conn` by wasock_conn_try_read and wasock_conn_try_write.
 *
 * A read that returns EAGAIN is repeated once the connection is readable, a
 * write once it is writable. If one needs the opposite, as in a handshake, it
 * calls wasock_client_want before it returns EAGAIN. A write that returned
 * EAGAIN is repeated with the same data at the same address, and perhaps more
 * behind it.
 */
struct wasock_transport {
    /* As wasock_conn_try_read. Called again until it returns EAGAIN. */
    ptrdiff_t (*read)(struct wasock_client *client, void *buffer,
                      size_t capacity);
    /* As wasock_conn_try_write. */
    ptrdiff_t (*write)(struct wasock_client *client, const void *data,
                       size_t length);
    /* All output is sent: tell the peer, before the writing half is shut.
     * Returns 0 or an error; EAGAIN: call it again. May be NULL. */
    int (*shutdown)(struct wasock_client *client);
    /* The connection is to be closed. May be NULL. */
    void (*close)(struct wasock_client *client);
};

/* ---- Clients ---- */

/* A client. The first members are for the program; those that end in `_` are
 * private. */
struct wasock_client {
    void *user;                           /* the program's; NULL at first */
    const struct wasock_handler *handler; /* the server's at first */
    struct wasock_server *server;
    const struct wasock_listener *listener; /* NULL: not accepted */
    struct wasock_conn conn; /* for addresses; the server reads and writes */
    struct wasock_client *next_; /* in the list of free or of changed ones */
    uint64_t active_ns_;         /* bytes were moved */
    uint64_t message_ns_;        /* an incomplete message began, or 0 */
    uint64_t output_ns_;         /* output made progress */
    uint32_t input_begin_;
    uint32_t input_end_;
    uint32_t output_begin_;
    uint32_t output_end_;
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
    uint8_t is_held_;    /* input was kept because of output or a pause */
    uint8_t is_refused_; /* output had no room */
    uint8_t is_unread_;  /* the transport may hold data */
    uint8_t owes_drain_;
};

/*
 * Queue data for a client. It is sent after the handlers have run; 4 KiB and
 * more are sent at once if nothing is queued. In a `data` handler there is
 * always room for `output_bytes` / 2.
 * Errors: ENOBUFS: no room for all of it, and nothing was queued; ECLOSED: the
 *   client is being closed, or its writing half was shut.
 */
int wasock_client_send(struct wasock_client *client, const void *data,
                       size_t length);

/*
 * Queue data without a copy: get the free part of the output buffer, write to
 * it, commit.
 * capacity: written: bytes; in a `data` handler at least `output_bytes` / 2.
 * length: at most what fits; bytes.
 */
void *wasock_client_output(struct wasock_client *client, size_t *capacity);
void wasock_client_commit(struct wasock_client *client, size_t length);

/* The client's number, from 0 to n_clients - 1: for an array of what belongs to
 * clients. A number is in use once at a time. */
size_t wasock_client_index(const struct wasock_client *client);

/* The number of queued bytes that are not sent. */
size_t wasock_client_n_queued(const struct wasock_client *client);

/*
 * Close a client once all output is sent. Later input is dropped. The client
 * gets EOF, and at most two seconds to close its end: closing first could
 * destroy what is on its way. One that is not connected yet is closed at once.
 */
void wasock_client_close(struct wasock_client *client);

/* Shut the writing half of a client once all output is sent: it gets EOF. Input
 * still arrives; the client is closed after its EOF. */
void wasock_client_shutdown(struct wasock_client *client);

/* Close a client without sending its output.
 * reason: for the `close` handler; 0 or a negative code. */
void wasock_client_abort(struct wasock_client *client, int reason);

/* Stop reading from a client, and read again. Input that was kept is passed to
 * the handler after the call. */
void wasock_client_pause(struct wasock_client *client);
void wasock_client_resume(struct wasock_client *client);

/* For a transport, before it returns EAGAIN: wait for these directions (fd.h)
 * instead, before the call is repeated. */
void wasock_client_want(struct wasock_client *client, unsigned directions);

/* Whether the client is being closed: what is sent to it is refused. */
bool wasock_client_is_closing(const struct wasock_client *client);

/* ---- The server ---- */

/* The most listeners of a server. */
#define WASOCK_SERVER_LISTENERS_MAX 8

/* Alignment of a server's memory, in bytes. */
#define WASOCK_SERVER_ALIGNMENT 8

/*
 * The memory of a server, in bytes. A constant expression if the arguments are
 * constant. Buffers that are not used are not touched.
 * n_clients: at a time.
 * input_bytes: the largest message of a client.
 * output_bytes: the most that is queued for a client. A client with more than
 *   half of it queued is not read from.
 */
#define WASOCK_SERVER_SIZE(n_clients, input_bytes, output_bytes)               \
    (WASOCK_POLLER_SIZE((n_clients) + WASOCK_SERVER_LISTENERS_MAX + 1) + 24 +  \
     ((size_t)(n_clients) + 1) * ((size_t)(input_bytes)) +                     \
     (size_t)(n_clients) *                                                     \
         (sizeof(struct wasock_client) + (size_t)(output_bytes)))

struct wasock_server_options {
    const struct wasock_handler *handler;     /* to outlive the server */
    const struct wasock_transport *transport; /* NULL: none */
    uint32_t n_clients;                       /* as for WASOCK_SERVER_SIZE */
    uint32_t n_accepted; /* the most of them that are accepted; 0: all */
    uint32_t input_bytes;
    uint32_t output_bytes;
    uint64_t idle_ns;    /* close a client that moves no bytes; 0: never */
    uint64_t message_ns; /* … whose message stays incomplete; 0: never */
    uint64_t write_ns;   /* … that reads nothing of its output; 0: never */
    uint64_t drain_ns;   /* for wasock_server_main: of wasock_server_stop */
};

/* A timer, in the caller's storage. Private but for the first two. */
struct wasock_timer {
    void (*expire)(struct wasock_timer *timer);
    void *user;
    uint64_t at_ns_;
    struct wasock_timer *next_;
    struct wasock_timer **link_; /* what points at this one; NULL: not set */
};

/* A server, in the caller's storage; it must not move. `user` is the
 * program's. The rest is private. */
struct wasock_server {
    void *user;
    struct wasock_server_options options_;
    struct wasock_poller poller_;
    struct wasock_listener *listeners_[WASOCK_SERVER_LISTENERS_MAX];
    struct wasock_listener preopened_[WASOCK_SERVER_LISTENERS_MAX];
    struct wasock_pollable input_; /* stdin, if its EOF stops the server */
    struct wasock_client *clients_;
    unsigned char *inputs_; /* buffers; the last one is shared */
    unsigned char *outputs_;
    struct wasock_client *free_;
    struct wasock_client *changed_; /* to be sent to, or closed */
    struct wasock_client **changed_end_;
    struct wasock_timer *timers_; /* the earliest first */
    uint64_t now_ns_;             /* of the last wait */
    uint64_t stop_ns_;            /* when the drain time is over */
    uint64_t drain_ns_;           /* for EOF of stdin */
    uint32_t n_listeners_;
    uint32_t n_clients_;
    uint32_t n_accepted_; /* of them */
    uint32_t n_used_;     /* clients that were in use at least once */
    uint8_t is_now_old_;
    uint8_t is_stopping_;
    uint8_t is_closed_; /* no client is opened any more */
    uint8_t is_full_;   /* listeners are not waited for */
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

/* Abort all clients, with ECANCELED, and close the listeners of
 * wasock_server_listen_preopened. */
void wasock_server_close(struct wasock_server *server);

/*
 * Accept clients from a listener.
 * listener: open; the caller's, to outlive the server. In-process and real
 *   sockets cannot be mixed.
 * Errors: ESTORAGE: WASOCK_SERVER_LISTENERS_MAX are in use; those of
 *   wasock_poller_add.
 */
int wasock_server_add_listener(struct wasock_server *server,
                               struct wasock_listener *listener)
    __attribute__((warn_unused_result));

/*
 * Accept clients from all listeners that the host opened. If there is none,
 * wasock_preopen_explain says why.
 * Returns their number.
 * Errors: ENOPREOPEN: none; those of wasock_preopen_listeners and
 *   wasock_server_add_listener.
 */
ptrdiff_t wasock_server_listen_preopened(struct wasock_server *server)
    __attribute__((warn_unused_result));

/*
 * Stop when the host says so: with WASOCK_STOP=stdin in the environment, which
 * wasock-run sets, EOF of standard input stops the server. Otherwise standard
 * input is not read. preview1 has no signals.
 * Call it before wasock_server_run.
 * drain_ns: as for wasock_server_stop.
 * Errors: ESTORAGE: the environment is larger than all output buffers; those of
 *   wasock_pollable_from_fd and wasock_poller_add.
 */
int wasock_server_stop_on_request(struct wasock_server *server,
                                  uint64_t drain_ns)
    __attribute__((warn_unused_result));

/*
 * Serve until the server has stopped.
 * Errors: those of wasock_poller_wait_until_ns.
 */
int wasock_server_run(struct wasock_server *server)
    __attribute__((warn_unused_result));

/*
 * Serve until the server has stopped, but at most until a deadline. 0 or
 * WASOCK_DEADLINE_PAST: what is there, without waiting.
 * Returns 0: it has stopped.
 * Errors: EDEADLINE; those of wasock_poller_wait_until_ns.
 */
int wasock_server_run_until_ns(struct wasock_server *server,
                               uint64_t deadline_ns)
    __attribute__((warn_unused_result));
int wasock_server_run_for_ns(struct wasock_server *server, uint64_t timeout_ns)
    __attribute__((warn_unused_result));

/*
 * The `main` of a server: init, listen_preopened, stop_on_request, run, close.
 * Prints why it could not start, or why it ended, to stderr.
 * program: its name.
 * Returns the exit code: 0: it has stopped; 1: it could not start, as without a
 *   listener; 2: the wait failed.
 */
int wasock_server_main(struct wasock_server *server, void *memory, size_t size,
                       const struct wasock_server_options *options,
                       const char *program) __attribute__((warn_unused_result));

/*
 * Stop: accept no more, call the `stop` handlers, and end wasock_server_run
 * once all clients are closed. The listeners of wasock_server_listen_preopened
 * are closed. A second call can only shorten the time.
 * drain_ns: how long to wait for the clients before they are aborted.
 */
void wasock_server_stop(struct wasock_server *server, uint64_t drain_ns);

/*
 * Reserve a client for a connection that the program opens itself: open
 * `client->conn`, by wasock_conn_start_connect for example, then start the
 * client, or give it up by wasock_client_abort. Its `open` handler is called
 * when it is connected.
 * Returns NULL if all clients are in use, or the server is closed.
 * Errors of start: ECLOSED: `conn` is closed; those of wasock_poller_add. The
 *   client is given up then.
 */
struct wasock_client *wasock_server_reserve(struct wasock_server *server);
int wasock_client_start(struct wasock_client *client)
    __attribute__((warn_unused_result));

/* Iterate over the clients that are open. client: NULL: get the first.
 * Returns NULL after the last. */
struct wasock_client *wasock_server_next(struct wasock_server *server,
                                         const struct wasock_client *client);

/* The number of clients. */
size_t wasock_server_n_clients(const struct wasock_server *server);

/* The time of the last wait, by the clock of the server's sockets. The first
 * call after a wait may cost a host call. */
uint64_t wasock_server_now_ns(struct wasock_server *server);

/* Call timer->expire after a timeout, once. A timer that is set is set anew. */
void wasock_server_set_timer_ns(struct wasock_server *server,
                                struct wasock_timer *timer,
                                uint64_t timeout_ns);

/* Cancel a timer. One that is not set stays so. */
void wasock_timer_cancel(struct wasock_timer *timer);

#ifdef __cplusplus
}
#endif

#endif
