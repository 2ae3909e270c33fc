/* SPDX-License-Identifier: MIT */
#include "internal.h"

/*
 * A read goes into a buffer that all clients share, and so stays in the cache.
 * Only a client with an incomplete message uses the buffer of its own.
 */

/* Reads in a row of a client with a transport, whose own buffers no poll can
 * see. */
#define READS_MAX 16

static unsigned char *input_of(const struct wasock_client *client)
{
    const struct wasock_server *server = client->server;

    return server->inputs_ +
           (size_t)wasock__client_index(client) * server->options_.input_bytes;
}

static unsigned char *shared_input(const struct wasock_server *server)
{
    return server->inputs_ +
           (size_t)server->options_.n_clients * server->options_.input_bytes;
}

/* Whether input is to be kept for later: it may cause more output. */
static bool must_hold(const struct wasock_client *client)
{
    return client->is_paused_ ||
           (!client->handler->is_relay &&
            wasock__n_output(client) >
                client->server->options_.output_bytes / 2);
}

/* Whether input is dropped: a peer that sends all before it reads could not go
 * on otherwise, and would be reset by a close with unread input. */
static bool is_dropped(const struct wasock_client *client)
{
    return client->state_ == WASOCK__CLIENT_ENDING ||
           client->state_ == WASOCK__CLIENT_LINGERING;
}

bool wasock__input_is_wanted(const struct wasock_client *client)
{
    if (client->is_eof_) {
        return false;
    }
    if (is_dropped(client)) {
        return true;
    }
    return client->state_ == WASOCK__CLIENT_OPEN && !client->is_held_ &&
           !must_hold(client);
}

/* The handler has consumed nothing. Hold the data if it wants the same again
 * later. */
static void hold(struct wasock_client *client)
{
    if (client->state_ != WASOCK__CLIENT_OPEN) {
        return;
    }
    if (!client->is_paused_ && client->is_refused_ &&
        wasock__n_output(client) == 0) {
        wasock_client_abort(client, -WASOCK_ENOBUFS); /* it will never fit */
        return;
    }
    client->is_held_ = client->is_paused_ || client->is_refused_;
}

/* Pass data to the handler until it wants no more. Returns how much it
 * consumed. */
static uint32_t pass(struct wasock_client *client, const unsigned char *data,
                     uint32_t length)
{
    uint32_t n_passed = 0;

    client->is_held_ = 0;
    if (client->handler->data == NULL) {
        return length;
    }
    while (n_passed < length && client->state_ == WASOCK__CLIENT_OPEN) {
        const uint32_t n_left = length - n_passed;
        if (must_hold(client)) {
            client->is_held_ = 1;
            return n_passed;
        }
        client->is_refused_ = 0;
        const size_t n = client->handler->data(client, data + n_passed, n_left);
        if (n == 0) {
            hold(client);
            return n_passed;
        }
        n_passed += n < n_left ? (uint32_t)n : n_left;
    }
    return n_passed;
}

/* Watch how long a message is incomplete. */
static void time_message(struct wasock_client *client, bool is_new)
{
    const struct wasock_server *server = client->server;

    if (wasock__n_input(client) == 0) {
        client->message_ns_ = 0;
        return;
    }
    if (is_new || client->message_ns_ == 0) {
        client->message_ns_ = server->now_ns_;
    }
    wasock__client_expect(client, WASOCK_READABLE, client->message_ns_,
                          server->options_.message_ns);
}

/* Nothing is held: input that is, is passed before more is read. */
static void end_input(struct wasock_client *client)
{
    client->is_eof_ = 1;
    if (client->state_ == WASOCK__CLIENT_LINGERING) {
        wasock_client_abort(client, 0);
    } else if (client->state_ != WASOCK__CLIENT_OPEN) {
        return; /* closed after its output */
    } else if (client->handler->eof != NULL) {
        client->handler->eof(client);
        wasock__client_change(client); /* it may be shut already */
    } else {
        wasock_client_close(client);
    }
}

/* A read failed. A session that is broken off may still take its output. */
static void fail_input(struct wasock_client *client, int error)
{
    if (client->state_ == WASOCK__CLIENT_ENDING &&
        client->server->options_.transport != NULL) {
        client->is_eof_ = 1;
    } else {
        wasock_client_abort(client, error);
    }
}

/* What is left of the input, after some was passed, is an incomplete message or
 * held: time it, and end a client whose message is too large. */
static void keep_rest(struct wasock_client *client, bool is_new)
{
    time_message(client, is_new);
    if (!client->is_held_ &&
        wasock__n_input(client) == client->server->options_.input_bytes) {
        wasock_client_abort(client, -WASOCK_EMSGSIZE);
    }
}

void wasock__input_pass(struct wasock_client *client)
{
    const bool was_held = client->is_held_;
    const uint32_t n_passed =
        pass(client, input_of(client) + client->input_begin_,
             wasock__n_input(client));

    client->input_begin_ += n_passed;
    if (wasock__n_input(client) == 0) {
        client->input_begin_ = 0;
        client->input_end_ = 0;
    }
    if (client->state_ == WASOCK__CLIENT_OPEN) {
        keep_rest(client, n_passed > 0 || was_held);
    }
}

static ptrdiff_t read_from(struct wasock_client *client, void *buffer,
                           uint32_t capacity)
{
    const struct wasock_transport *transport =
        client->server->options_.transport;

    if (transport == NULL || client->state_ == WASOCK__CLIENT_LINGERING) {
        return wasock_conn_try_read(&client->conn, buffer, capacity);
    }
    const ptrdiff_t n = transport->read(client, buffer, capacity);
    client->read_needs_ = wasock__client_needs(client, n, WASOCK_READABLE);
    return n;
}

/* Pass data in the shared buffer, and keep the rest. */
static void pass_shared(struct wasock_client *client, uint32_t length)
{
    const unsigned char *shared = shared_input(client->server);
    const uint32_t n_passed = pass(client, shared, length);

    if (client->state_ != WASOCK__CLIENT_OPEN) {
        return;
    }
    client->input_begin_ = 0;
    client->input_end_ = length - n_passed;
    if (n_passed < length) {
        __builtin_memcpy(input_of(client), shared + n_passed,
                         length - n_passed);
    }
    keep_rest(client, n_passed > 0);
}

/* Get the free part of a client's own buffer, which is not empty. */
static unsigned char *room_behind(struct wasock_client *client,
                                  uint32_t *capacity)
{
    unsigned char *input = input_of(client);

    if (client->input_begin_ > 0) {
        __builtin_memmove(input, input + client->input_begin_,
                          wasock__n_input(client));
        client->input_end_ = wasock__n_input(client);
        client->input_begin_ = 0;
    }
    *capacity = client->server->options_.input_bytes - client->input_end_;
    return input + client->input_end_;
}

/* Read once. Returns whether the transport may have more. */
static bool read_once(struct wasock_client *client)
{
    uint32_t capacity = client->server->options_.input_bytes;
    const bool is_shared = wasock__n_input(client) == 0 || is_dropped(client);
    unsigned char *buffer = is_shared ? shared_input(client->server)
                                      : room_behind(client, &capacity);
    const ptrdiff_t n = read_from(client, buffer, capacity);

    if (n == -WASOCK_EAGAIN) {
        return false;
    }
    if (n < 0) {
        fail_input(client, (int)n);
        return false;
    }
    if (n == 0) {
        end_input(client);
        return false;
    }
    if (is_dropped(client)) {
        return true;
    }
    client->active_ns_ = client->server->now_ns_;
    if (is_shared) {
        pass_shared(client, (uint32_t)n);
    } else {
        client->input_end_ += (uint32_t)n;
        wasock__input_pass(client);
    }
    return true;
}

void wasock__input_read(struct wasock_client *client)
{
    if (client->server->options_.transport == NULL) {
        if (wasock__input_is_wanted(client)) {
            read_once(client);
        }
        return;
    }
    for (int i = 0; i < READS_MAX && wasock__input_is_wanted(client); i++) {
        if (!read_once(client)) {
            client->is_unread_ = 0;
            return;
        }
    }
    client->is_unread_ = 1;
    if (wasock__input_is_wanted(client)) {
        wasock__client_change(client);
    }
}
