/* SPDX-License-Identifier: MIT */
/*
 * proxy - forward bytes between each client and its own upstream connection.
 *
 *   wasock-run --listen 127.0.0.1:8080 proxy.wasm 127.0.0.1:9090
 *
 * At most BUFFER_BYTES are buffered in each direction: if one side reads
 * slowly, the other is not read. A half-close is forwarded. The upstream is a
 * numeric address. A preview1 program cannot connect: build for WASI 0.2, 0.3,
 * or natively.
 */
#include <stdio.h>
#include <string.h>

#include <wasock/wasock.h>

#define CLIENTS_MAX 1000
#define BUFFER_BYTES 65536
#define IDLE_MAX_NS (300 * WASOCK_NS_PER_S)

static struct wasock_addr upstream;
static struct wasock_server server;
static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char memory
    [WASOCK_SERVER_SIZE(2 * CLIENTS_MAX, BUFFER_BYTES, BUFFER_BYTES)];

/* The other side of a client, or NULL once it is closed. */
static struct wasock_client *other_side(const struct wasock_client *client)
{
    return (struct wasock_client *)client->user;
}

/* Check at start-up that the host can connect, by a connect to no address: a
 * preview1 host returns ENOSYS, any other an error of the address. */
static int on_start(struct wasock_server *started)
{
    static const struct wasock_addr nowhere = {0};
    struct wasock_conn conn = {0};
    const int result = wasock_conn_start_connect(&conn, NULL, &nowhere);

    (void)started;
    if (result == -WASOCK_ENOSYS) {
        fputs("proxy: this host cannot connect; build the program for WASI 0.2 "
              "or natively\n",
              stderr);
        return result;
    }
    return 0;
}

static void on_open(struct wasock_client *client)
{
    if (client->listener == NULL) {
        return; /* an upstream is connected: its output is queued already */
    }
    struct wasock_client *other = wasock_server_reserve(&server);
    client->user = other;
    if (other == NULL) {
        wasock_client_abort(client, -WASOCK_EMFILE);
        return;
    }
    other->user = client;
    int result = wasock_conn_start_connect(&other->conn, NULL, &upstream);
    if (result == 0) {
        result = wasock_client_start(other);
    }
    if (result < 0) {
        wasock_client_abort(other, result);
    }
}

static size_t on_data(struct wasock_client *client, const void *data,
                      size_t length)
{
    struct wasock_client *other = other_side(client);

    if (other == NULL) {
        return length;
    }
    const size_t room = BUFFER_BYTES - wasock_client_n_queued(other);
    const size_t n = length < room ? length : room;
    if (wasock_client_send(other, data, n) < 0) {
        return length; /* the other side is being closed */
    }
    if (n < length) {
        wasock_client_pause(client);
    }
    return n;
}

static void on_drain(struct wasock_client *client)
{
    if (other_side(client) != NULL) {
        wasock_client_resume(other_side(client));
    }
}

static void on_eof(struct wasock_client *client)
{
    if (other_side(client) != NULL) {
        wasock_client_shutdown(other_side(client));
    }
}

static void on_close(struct wasock_client *client, int reason)
{
    struct wasock_client *other = other_side(client);

    if (client->listener == NULL && reason != 0) {
        fprintf(stderr, "proxy: upstream: %s\n", wasock_err_text(reason));
    }
    if (other == NULL) {
        return;
    }
    other->user = NULL;
    if (reason == 0) {
        wasock_client_close(other);
    } else {
        wasock_client_abort(other, reason);
    }
}

int main(int argc, char **argv)
{
    static const struct wasock_handler handler = {.start = on_start,
                                                  .open = on_open,
                                                  .data = on_data,
                                                  .eof = on_eof,
                                                  .drain = on_drain,
                                                  .close = on_close,
                                                  .is_relay = true};
    static const struct wasock_server_options options = {
        .handler = &handler,
        .n_clients = 2 * CLIENTS_MAX,
        .n_accepted = CLIENTS_MAX,
        .input_bytes = BUFFER_BYTES,
        .output_bytes = BUFFER_BYTES,
        .idle_ns = IDLE_MAX_NS,
        .drain_ns = 10 * WASOCK_NS_PER_S,
    };

    if (argc != 2 ||
        wasock_addr_parse(argv[1], strlen(argv[1]), &upstream) < 0) {
        fputs("usage: proxy UPSTREAM_IP:PORT\n", stderr);
        return 1;
    }
    return wasock_server_main(&server, memory, sizeof(memory), &options,
                              "proxy");
}
