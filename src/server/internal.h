/* SPDX-License-Identifier: MIT */
/*
 * server/internal.h - what the parts of the server share.
 *
 *   server.c   the loop: listeners, events, stopping
 *   client.c   the life of a client: slots, interest, closing
 *   input.c    from the connection to the handler
 *   output.c   from the handlers to the connection
 *   timers.c   the program's timers
 *   main.c     all of it in one call
 */
#ifndef WASOCK_SERVER_INTERNAL_H
#define WASOCK_SERVER_INTERNAL_H

#include <stdbool.h>

#include <wasock/clock.h>
#include <wasock/err.h>
#include <wasock/server.h>

/* The state of a client. */
enum {
    WASOCK__CLIENT_FREE = 0,
    WASOCK__CLIENT_RESERVED,   /* the program opens its connection */
    WASOCK__CLIENT_CONNECTING, /* started, without a result */
    WASOCK__CLIENT_HANDSHAKE,  /* of the transport */
    WASOCK__CLIENT_OPEN,
    WASOCK__CLIENT_ENDING,    /* to be closed once its output is sent */
    WASOCK__CLIENT_LINGERING, /* sent and shut: wait for EOF */
    WASOCK__CLIENT_DONE       /* to be closed */
};

/* Whether the writing half of a client is shut. */
enum {
    WASOCK__SHUT_NOT = 0,
    WASOCK__SHUT_WANTED, /* once all output is sent */
    WASOCK__SHUT_DONE
};

static inline uint32_t wasock__client_index(const struct wasock_client *client)
{
    return (uint32_t)(client - client->server->clients_);
}

/* Bytes that were received and not consumed; that were queued and not sent. */
static inline uint32_t wasock__n_input(const struct wasock_client *client)
{
    return client->input_end_ - client->input_begin_;
}

static inline uint32_t wasock__n_output(const struct wasock_client *client)
{
    return client->output_end_ - client->output_begin_;
}

/* ---- client.c ---- */

/* Give a client back. Its connection is closed. */
void wasock__client_free(struct wasock_client *client);

/* Begin to serve a client whose connection is open, or connects. Errors: those
 * of wasock_poller_add. */
int wasock__client_begin(struct wasock_client *client, bool is_open)
    __attribute__((warn_unused_result));

/* An event of a client. */
void wasock__client_serve(struct wasock_client *client,
                          const struct wasock_poller_event *event);

/* Process the clients that were changed until now: send, close. */
void wasock__client_process_changed(struct wasock_server *server);

/* Let a client be processed before the next wait. */
void wasock__client_change(struct wasock_client *client);

/* Let a deadline be due a timeout after `since_ns`, unless it is due before. */
void wasock__client_expect(struct wasock_client *client, unsigned direction,
                           uint64_t since_ns, uint64_t timeout_ns);

/* ---- input.c ---- */

/* Read what has arrived, and pass it to the handler. */
void wasock__input_read(struct wasock_client *client);

/* Pass input that was kept to the handler. */
void wasock__input_pass(struct wasock_client *client);

/* Whether more input is wanted. */
bool wasock__input_is_wanted(const struct wasock_client *client);

/* ---- output.c ---- */

/* Send what is queued, and call the `drain` handler once all is sent. */
void wasock__output_flush(struct wasock_client *client);

/* All output is sent: shut the writing half. Returns whether that is done: it
 * may have to wait for the transport. A failure closes the client. */
bool wasock__output_shut(struct wasock_client *client);

/* Note what the transport waits for after `result`. Returns the directions. */
uint8_t wasock__client_needs(struct wasock_client *client, ptrdiff_t result,
                             uint8_t direction);

/* ---- timers.c ---- */

/* When the first timer expires, or WASOCK_NO_DEADLINE. */
uint64_t wasock__timers_next_ns(const struct wasock_server *server);

void wasock__timers_expire(struct wasock_server *server);

#endif
