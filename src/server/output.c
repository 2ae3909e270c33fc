/* SPDX-License-Identifier: MIT */
#include "internal.h"

/* At least this much is sent at once, without a copy, if nothing is queued. */
#define DIRECT_BYTES 4096

/* Sends in a row of a client whose `drain` handler always has more: the others
 * wait meanwhile. */
#define FLUSHES_MAX 4

static unsigned char *output_of(const struct wasock_client *client)
{
    const struct wasock_server *server = client->server;

    return server->outputs_ +
           (size_t)wasock__client_index(client) * server->options_.output_bytes;
}

uint8_t wasock__client_needs(struct wasock_client *client, ptrdiff_t result,
                             uint8_t direction)
{
    const uint8_t wants = client->wants_;

    client->wants_ = 0;
    return result == -WASOCK_EAGAIN && wants != 0 ? wants : direction;
}

/* Write through the transport. TLS libraries lose data if more has been queued
 * when a write is repeated: it gets the length that it had at first. */
static ptrdiff_t write_session(struct wasock_client *client, const void *data,
                               uint32_t n_queued)
{
    const uint32_t length =
        client->retry_bytes_ != 0 ? client->retry_bytes_ : n_queued;
    const ptrdiff_t n =
        client->server->options_.transport->write(client, data, length);

    client->retry_bytes_ = n == -WASOCK_EAGAIN ? length : 0;
    client->write_needs_ = wasock__client_needs(client, n, WASOCK_WRITABLE);
    return n;
}

bool wasock_client_is_closing(const struct wasock_client *client)
{
    return client->state_ == WASOCK__CLIENT_FREE ||
           client->state_ >= WASOCK__CLIENT_ENDING;
}

size_t wasock_client_n_queued(const struct wasock_client *client)
{
    return wasock__n_output(client);
}

static bool takes_output(const struct wasock_client *client)
{
    return !wasock_client_is_closing(client) &&
           client->shut_ == WASOCK__SHUT_NOT;
}

/* Let the free part of the buffer be one piece. */
static void compact(struct wasock_client *client)
{
    unsigned char *output = output_of(client);
    const uint32_t n = wasock__n_output(client);

    if (client->output_begin_ > 0) {
        __builtin_memmove(output, output + client->output_begin_, n);
    }
    client->output_begin_ = 0;
    client->output_end_ = n;
}

void *wasock_client_output(struct wasock_client *client, size_t *capacity)
{
    const uint32_t size = client->server->options_.output_bytes;

    if (!takes_output(client)) {
        *capacity = 0;
        return output_of(client);
    }
    if (client->output_end_ > size / 2 || wasock__n_output(client) == 0) {
        compact(client);
    }
    *capacity = size - client->output_end_;
    client->is_refused_ = client->output_end_ > 0; /* until it commits */
    return output_of(client) + client->output_end_;
}

static void commit(struct wasock_client *client, uint32_t length)
{
    if (wasock__n_output(client) == 0) {
        client->output_ns_ = client->server->now_ns_;
    }
    client->output_end_ += length;
    client->owes_drain_ = 1;
    wasock__client_change(client);
}

void wasock_client_commit(struct wasock_client *client, size_t length)
{
    if (length > 0 && takes_output(client)) {
        client->is_refused_ = 0;
        commit(client, (uint32_t)length);
    }
}

/* Send large data at once. Returns how much was sent. */
static size_t send_directly(struct wasock_client *client, const void *data,
                            size_t length)
{
    if (length < DIRECT_BYTES || wasock__n_output(client) > 0 ||
        client->state_ != WASOCK__CLIENT_OPEN ||
        client->server->options_.transport != NULL) {
        return 0;
    }
    const ptrdiff_t n = wasock_conn_try_write(&client->conn, data, length);
    if (n < 0 && n != -WASOCK_EAGAIN) {
        wasock_client_abort(client, (int)n);
        return length; /* nobody is there */
    }
    client->active_ns_ = client->server->now_ns_;
    if (client->handler->drain != NULL) {
        client->owes_drain_ = 1;
        wasock__client_change(client);
    }
    return n < 0 ? 0 : (size_t)n;
}

/* Send once. Returns the number of bytes, or an error, which ends the client
 * unless it is EAGAIN. */
static ptrdiff_t send_once(struct wasock_client *client)
{
    const unsigned char *data = output_of(client) + client->output_begin_;
    const uint32_t n_queued = wasock__n_output(client);
    const ptrdiff_t n =
        client->server->options_.transport == NULL
            ? wasock_conn_try_write(&client->conn, data, n_queued)
            : write_session(client, data, n_queued);

    if (n < 0 && n != -WASOCK_EAGAIN) {
        wasock_client_abort(client, (int)n);
    }
    if (n > 0) {
        client->output_begin_ += (uint32_t)n;
        client->active_ns_ = client->server->now_ns_;
        client->output_ns_ = client->server->now_ns_;
    }
    return n;
}

/* Send what is queued: in one write, or in the records of a transport. Returns
 * whether all is sent. */
static bool send_queued(struct wasock_client *client)
{
    ptrdiff_t n = send_once(client);

    while (n > 0 && wasock__n_output(client) > 0 &&
           client->server->options_.transport != NULL) {
        n = send_once(client);
    }
    if (n < 0 && n != -WASOCK_EAGAIN) {
        return false;
    }
    if (wasock__n_output(client) == 0) {
        client->output_begin_ = 0;
        client->output_end_ = 0;
        return true;
    }
    wasock__client_expect(client, WASOCK_WRITABLE, client->output_ns_,
                          client->server->options_.write_ns);
    return false;
}

/* Send what is queued now: many clients may say something in one turn. */
static void make_room(struct wasock_client *client)
{
    if (client->state_ == WASOCK__CLIENT_OPEN && wasock__n_output(client) > 0) {
        send_queued(client);
    }
}

int wasock_client_send(struct wasock_client *client, const void *data,
                       size_t length)
{
    const unsigned char *bytes = (const unsigned char *)data;
    const size_t size = client->server->options_.output_bytes;

    if (size - wasock__n_output(client) < length) {
        make_room(client);
    }
    if (!takes_output(client)) {
        return -WASOCK_ECLOSED;
    }
    if (size - wasock__n_output(client) < length) {
        client->is_refused_ = 1;
        return -WASOCK_ENOBUFS;
    }
    const size_t n_sent = send_directly(client, bytes, length);
    if (n_sent == length) {
        return 0;
    }
    if (client->output_begin_ > 0) {
        compact(client);
    }
    __builtin_memcpy(output_of(client) + client->output_end_, bytes + n_sent,
                     length - n_sent);
    commit(client, (uint32_t)(length - n_sent));
    return 0;
}

void wasock__output_flush(struct wasock_client *client)
{
    for (int i = 0; i < FLUSHES_MAX; i++) {
        if (wasock__n_output(client) > 0 && !send_queued(client)) {
            return;
        }
        if (!client->owes_drain_) {
            return;
        }
        client->owes_drain_ = 0;
        if (client->handler->drain == NULL ||
            client->state_ != WASOCK__CLIENT_OPEN) {
            return;
        }
        client->handler->drain(client);
        if (client->state_ == WASOCK__CLIENT_DONE) {
            return;
        }
    }
}

bool wasock__output_shut(struct wasock_client *client)
{
    const struct wasock_transport *transport =
        client->server->options_.transport;
    int result = 0;

    if (client->shut_ == WASOCK__SHUT_NOT || client->output_ns_ == 0) {
        client->output_ns_ = client->server->now_ns_;
    }
    client->shut_ = WASOCK__SHUT_WANTED;
    if (transport != NULL && transport->shutdown != NULL) {
        result = transport->shutdown(client);
        client->write_needs_ =
            wasock__client_needs(client, result, WASOCK_WRITABLE);
    }
    if (result == -WASOCK_EAGAIN) {
        wasock__client_expect(client, WASOCK_WRITABLE, client->output_ns_,
                              client->server->options_.write_ns);
        return false;
    }
    if (result == 0) {
        result = wasock_conn_shutdown(&client->conn, WASOCK_SHUTDOWN_WRITE);
    }
    if (result < 0) { /* all was sent, and there is nobody left to tell */
        wasock_client_abort(client, 0);
        return false;
    }
    client->shut_ = WASOCK__SHUT_DONE;
    return true;
}

void wasock_client_shutdown(struct wasock_client *client)
{
    if (takes_output(client)) {
        client->shut_ = WASOCK__SHUT_WANTED;
        wasock__client_change(client);
    }
}
