/* SPDX-License-Identifier: MIT */
/*
 * server - the README's: an echo server for 100 clients.
 *
 *   wasock-run --listen 127.0.0.1:8080 server.wasm
 */
#include <wasock/wasock.h>

/* Send back what a client sent. Returns the number of bytes consumed. */
static size_t echo(struct wasock_client *client, const void *data,
                   size_t length)
{
    return wasock_client_send(client, data, length) == 0 ? length : 0;
}

int main(void)
{
    static const struct wasock_handler handler = {.data = echo};
    static const struct wasock_server_options options = {
        .handler = &handler,
        .n_clients = 100,
        .input_bytes = 4096,
        .output_bytes = 8192,
        .idle_ns = 60 * WASOCK_NS_PER_S,
    };
    static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char
        memory[WASOCK_SERVER_SIZE(100, 4096, 8192)];
    static struct wasock_server server;

    return wasock_server_main(&server, memory, sizeof(memory), &options,
                              "server");
}
