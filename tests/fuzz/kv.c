/* SPDX-License-Identifier: MIT */
/* Fuzz what examples/kv takes from clients. */
#include "../../examples/kv/kv.h"
/* With its variables: nothing of one input may be in the way of the next. */
#include "../../examples/kv/store.c"

#include "serving.h"

static struct wasock_server server;
static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char memory
    [WASOCK_SERVER_SIZE(N_FUZZ_CLIENTS, KV_REQUEST_BYTES, 2 * KV_ANSWER_BYTES)];

/* As that of kv.c. */
static size_t on_data(struct wasock_client *client, const void *data,
                      size_t length)
{
    struct kv_answer answer = {0};

    kv_now_ns = wasock_server_now_ns(&server);
    kv_n_clients = wasock_server_n_clients(&server);
    answer.bytes = wasock_client_output(client, &answer.capacity);
    const size_t n = kv_answer(data, length, &answer);
    CHECK(n <= length && answer.length <= answer.capacity);
    wasock_client_commit(client, answer.length);
    if (answer.is_last) {
        wasock_client_close(client);
    }
    kv_sweep();
    return n;
}

/* Each answer begins as one of RESP. */
static void check(const char *bytes, size_t n, bool is_first)
{
    (void)n;
    CHECK(!is_first || strchr("+-:$*", bytes[0]) != NULL);
}

static void forget_all(void)
{
    for (size_t i = 0; i < N_BUCKETS && n_entries > 0; i++) {
        while (buckets[i] != NULL) {
            erase(&buckets[i]);
        }
    }
    CHECK(n_entries == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct wasock_handler handler = {.data = on_data};
    static const struct wasock_server_options options = {
        .handler = &handler,
        .n_clients = N_FUZZ_CLIENTS,
        .input_bytes = KV_REQUEST_BYTES,
        .output_bytes = 2 * KV_ANSWER_BYTES,
        .message_ns = 30 * WASOCK_NS_PER_S,
        .write_ns = 30 * WASOCK_NS_PER_S,
    };
    static struct serving serving;

    memset(&serving, 0, sizeof(serving));
    serving.input = (struct input){data, data + size};
    serving.server = &server;
    serving.check = check;
    fuzz_server(&serving, memory, sizeof(memory), &options);
    forget_all();
    return 0;
}
