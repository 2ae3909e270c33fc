/* SPDX-License-Identifier: MIT */
/*
 * echo_server - an echo server for thousands of clients, on the server layer.
 * echo_many.c is the same on the poller.
 *
 *   wasock-run --listen 127.0.0.1:8080 echo_server.wasm
 *
 * Exit code: that of wasock_server_main.
 */
#include <wasock/wasock.h>

#define CLIENTS_MAX 10000
#define BUFFER_BYTES 49152 /* the fastest for bulk, of 24 to 64 KiB */

static size_t echo(struct wasock_client *client, const void *data,
                   size_t length)
{
    return wasock_client_send(client, data, length) == 0 ? length : 0;
}

static const struct wasock_handler handler = {.data = echo};
static const struct wasock_server_options options = {
    .handler = &handler,
    .n_clients = CLIENTS_MAX,
    .input_bytes = BUFFER_BYTES,
    .output_bytes = BUFFER_BYTES,
    .idle_ns = 60 * WASOCK_NS_PER_S,
    .drain_ns = 5 * WASOCK_NS_PER_S,
};
static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char memory
    [WASOCK_SERVER_SIZE(CLIENTS_MAX, BUFFER_BYTES, BUFFER_BYTES)];
static struct wasock_server server;

int main(void)
{
    return wasock_server_main(&server, memory, sizeof(memory), &options,
                              "echo_server");
}
