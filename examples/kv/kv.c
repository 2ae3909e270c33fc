/* SPDX-License-Identifier: MIT */
/*
 * kv - a key-value server that speaks RESP2, the protocol of Redis.
 *
 *   wasock-run --listen 127.0.0.1:6379 kv.wasm
 *   redis-cli set greeting hello ex 60
 *
 * GET, SET (EX, PX, NX, XX), DEL, INCR, EXPIRE, TTL, MGET, PING, ECHO, INFO.
 * The data is in memory only. Requests are parsed in the input buffer, and
 * answers are written to the output buffer: nothing is copied.
 */
#include "kv.h"

#include <wasock/wasock.h>

#define CLIENTS_MAX 256

static struct wasock_server server;
static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char memory
    [WASOCK_SERVER_SIZE(CLIENTS_MAX, KV_REQUEST_BYTES, 2 * KV_ANSWER_BYTES)];

static size_t on_data(struct wasock_client *client, const void *data,
                      size_t length)
{
    struct kv_answer answer = {0};

    kv_now_ns = wasock_server_now_ns(&server);
    kv_n_clients = wasock_server_n_clients(&server);
    answer.bytes = wasock_client_output(client, &answer.capacity);
    const size_t n = kv_answer(data, length, &answer);
    wasock_client_commit(client, answer.length);
    if (answer.is_last) {
        wasock_client_close(client);
    }
    return n;
}

static void sweep(struct wasock_timer *timer)
{
    kv_now_ns = wasock_server_now_ns(&server);
    kv_sweep();
    wasock_server_set_timer_ns(&server, timer, 100 * WASOCK_NS_PER_MS);
}

static int on_start(struct wasock_server *started)
{
    static struct wasock_timer timer = {.expire = sweep};

    wasock_server_set_timer_ns(started, &timer, 0);
    return 0;
}

int main(void)
{
    static const struct wasock_handler handler = {.start = on_start,
                                                  .data = on_data};
    static const struct wasock_server_options options = {
        .handler = &handler,
        .n_clients = CLIENTS_MAX,
        .input_bytes = KV_REQUEST_BYTES,
        .output_bytes = 2 * KV_ANSWER_BYTES,
        .message_ns = 30 * WASOCK_NS_PER_S,
        .write_ns = 30 * WASOCK_NS_PER_S,
        .drain_ns = 2 * WASOCK_NS_PER_S,
    };

    return wasock_server_main(&server, memory, sizeof(memory), &options, "kv");
}
