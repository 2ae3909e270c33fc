/* SPDX-License-Identifier: MIT */
/*
 * httpd - serve files over HTTP/1.1: keep-alive, pipelining, HEAD, ranges.
 *
 *   wasock-run --listen 127.0.0.1:8080 --dir public::/ httpd.wasm /
 *
 * The argument is the folder to serve, by the name that the guest has for it,
 * "." without one. Files are streamed: a client costs 73 KiB at most, however
 * large they are. Clients that send a request slowly are closed after 10 s.
 */
#include <stdio.h>
#include <string.h>

#include "httpd.h"

static struct wasock_server server;
static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char memory
    [WASOCK_SERVER_SIZE(HTTP_CLIENTS_MAX, HTTP_HEAD_BYTES, HTTP_OUTPUT_BYTES)];

int main(int argc, char **argv)
{
    static const struct wasock_server_options options = {
        .handler = &http_handler,
        .n_clients = HTTP_CLIENTS_MAX,
        .input_bytes = HTTP_HEAD_BYTES,
        .output_bytes = HTTP_OUTPUT_BYTES,
        .idle_ns = 30 * WASOCK_NS_PER_S,
        .message_ns = 10 * WASOCK_NS_PER_S,
        .write_ns = 20 * WASOCK_NS_PER_S,
        .drain_ns = 10 * WASOCK_NS_PER_S,
    };

    if (argc > 1) {
        http_root = argv[1];
    }
    return wasock_server_main(&server, memory, sizeof(memory), &options,
                              "httpd");
}
