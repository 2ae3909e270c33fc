/* SPDX-License-Identifier: MIT */
#include "internal.h"

/* At least this much is sent at once, without a copy, if nothing is queued. */
#define DIRECT_BYTES 4096

static unsigned char *output_of(const struct wasock_client *client)
{
    const struct wasock_server *server = client->server;

    return server->outputs_ +
           (size_t)wasock__client_index(client) * server->options_.output_bytes;
}

static ptrdiff_t write_to(struct wasock_client *client, const void *data,
                          size_t length)
{
    const struct wasock_transport *transport =
        client->server->options_.transport;

    return transport == NULL
               ? wasock_conn_try_write(&client->conn, data, length)
               : transport->write(client, data, length);
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

/* Let the free part of the buffer be one piece. */
static void compact(struct wasock_client *client)
{
    unsigned char *output = output_of(client);
    const uint32_t n = wasock__n_output(client);

    for (uint32_t i = 0; client->output_begin_ > 0 && i < n; i++) {
        output[i] = output[client->output_begin_ + i];
    }
    client->output_begin_ = 0;
    client->output_end_ = n;
}

void *wasock_client_output(struct wasock_client *client, size_t *capacity)
{
    const uint32_t size = client->server->options_.output_bytes;

    if (wasock_client_is_closing(client)) {
        *capacity = 0;
        return output_of(client);
    }
    if (client->output_end_ > size / 2 || wasock__n_output(client) == 0) {
        compact(client);
    }
    *capacity = size - client->output_end_;
    return output_of(client) + client->output_end_;
}

void wasock_client_commit(struct wasock_client *client, size_t length)
{
    if (wasock__n_output(client) == 0) {
        client->output_ns_ = client->server->now_ns_;
    }
    client->output_end_ += (uint32_t)length;
    wasock__client_change(client);
}

/* Send large data at once. Returns how much was sent. */
static size_t send_directly(struct wasock_client *client, const void *data,
                            size_t length)
{
    if (length < DIRECT_BYTES || wasock__n_output(client) > 0 ||
        client->state_ != WASOCK__CLIENT_OPEN) {
        return 0;
    }
    const ptrdiff_t n = write_to(client, data, length);
    if (n < 0 && n != -WASOCK_EAGAIN) {
        wasock__client_fail(client, (int)n);
        return length; /* nobody is there */
    }
    client->active_ns_ = client->server->now_ns_;
    return n < 0 ? 0 : (size_t)n;
}

int wasock_client_send(struct wasock_client *client, const void *data,
                       size_t length)
{
    const unsigned char *bytes = (const unsigned char *)data;
    size_t capacity = client->server->options_.output_bytes;

    if (wasock_client_is_closing(client)) {
        return -WASOCK_ECLOSED;
    }
    if (capacity - wasock__n_output(client) < length) {
        return -WASOCK_ENOBUFS;
    }
    const size_t n_sent = send_directly(client, bytes, length);
    if (n_sent == length) {
        return 0;
    }
    compact(client);
    unsigned char *output =
        (unsigned char *)wasock_client_output(client, &capacity);
    for (size_t i = n_sent; i < length; i++) {
        output[i - n_sent] = bytes[i];
    }
    wasock_client_commit(client, length - n_sent);
    return 0;
}

void wasock__output_flush(struct wasock_client *client)
{
    const uint32_t n_queued = wasock__n_output(client);

    if (n_queued == 0) {
        return;
    }
    const ptrdiff_t n =
        write_to(client, output_of(client) + client->output_begin_, n_queued);
    if (n < 0 && n != -WASOCK_EAGAIN) {
        wasock__client_fail(client, (int)n);
        return;
    }
    if (n > 0) {
        client->output_begin_ += (uint32_t)n;
        client->active_ns_ = client->server->now_ns_;
        client->output_ns_ = client->server->now_ns_;
    }
    if (wasock__n_output(client) > 0) {
        wasock__client_expect(client, WASOCK_WRITABLE, client->output_ns_,
                              client->server->options_.write_ns);
        return;
    }
    if (client->handler->drain != NULL &&
        client->state_ == WASOCK__CLIENT_OPEN) {
        client->handler->drain(client);
    }
}
