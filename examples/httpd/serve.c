/* SPDX-License-Identifier: MIT */
#include "httpd.h"

#include <unistd.h>

#include <wasock/wasock.h>

const char *http_root = ".";

/* The answer that each client gets. */
static struct http_answer answers[HTTP_CLIENTS_MAX];

static struct http_answer *answer_of(const struct wasock_client *client)
{
    return &answers[wasock_client_index(client)];
}

static void on_open(struct wasock_client *client)
{
    answer_of(client)->file = -1;
    answer_of(client)->is_kept_alive = true;
}

static void close_file(struct http_answer *answer)
{
    if (answer->file >= 0) {
        close(answer->file);
        answer->file = -1;
    }
}

/* The answer is queued: take the next request, or close. */
static void end_answer(struct wasock_client *client)
{
    struct http_answer *answer = answer_of(client);

    close_file(answer);
    if (answer->is_kept_alive) {
        wasock_client_resume(client);
    } else {
        wasock_client_close(client);
    }
}

/* Queue what there is room for. The rest follows when that is sent. */
static void stream(struct wasock_client *client)
{
    struct http_answer *answer = answer_of(client);
    const off_t left = answer->end - answer->at;
    size_t capacity = 0;
    void *output = wasock_client_output(client, &capacity);

    if (answer->at < answer->end && capacity > 0) {
        const ssize_t n =
            pread(answer->file, output,
                  left < (off_t)capacity ? (size_t)left : capacity, answer->at);
        if (n <= 0) { /* the file has become shorter: only a close says so */
            wasock_client_abort(client, -WASOCK_EIO);
            return;
        }
        wasock_client_commit(client, (size_t)n);
        answer->at += n;
    }
    if (answer->at == answer->end) {
        end_answer(client);
    }
}

static size_t on_data(struct wasock_client *client, const void *data,
                      size_t length)
{
    struct http_answer *answer = answer_of(client);
    struct http_request request;
    const size_t n = http_parse(data, length, &request);

    if (n == 0) {
        return 0;
    }
    http_answer_request(&request, http_root, answer);
    if (wasock_client_send(client, answer->head, answer->head_length) < 0) {
        return n; /* it is being closed */
    }
    wasock_client_pause(client); /* one answer at a time */
    stream(client);
    return n;
}

static void on_drain(struct wasock_client *client)
{
    if (answer_of(client)->file >= 0) {
        stream(client);
    }
}

static void on_stop(struct wasock_client *client)
{
    answer_of(client)->is_kept_alive = false;
    if (answer_of(client)->file < 0) {
        wasock_client_close(client);
    }
}

static void on_eof(struct wasock_client *client)
{
    on_stop(client); /* the answer first */
}

static void on_close(struct wasock_client *client, int reason)
{
    (void)reason;
    close_file(answer_of(client));
}

static const struct wasock_handler handler = {.open = on_open,
                                              .data = on_data,
                                              .eof = on_eof,
                                              .drain = on_drain,
                                              .close = on_close,
                                              .stop = on_stop};

/* ---- The server ---- */

static struct wasock_server server;
static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char memory
    [WASOCK_SERVER_SIZE(HTTP_CLIENTS_MAX, HTTP_HEAD_BYTES, HTTP_OUTPUT_BYTES)];

int http_serve(const struct wasock_transport *transport, const char *program)
{
    const struct wasock_server_options options = {
        .handler = &handler,
        .transport = transport,
        .n_clients = HTTP_CLIENTS_MAX,
        .input_bytes = HTTP_HEAD_BYTES,
        .output_bytes = HTTP_OUTPUT_BYTES,
        .idle_ns = 30 * WASOCK_NS_PER_S,
        .message_ns = 10 * WASOCK_NS_PER_S,
        .write_ns = 20 * WASOCK_NS_PER_S,
        .drain_ns = 10 * WASOCK_NS_PER_S,
    };

    for (size_t i = 0; i < HTTP_CLIENTS_MAX; i++) {
        answers[i].file = -1;
    }
    return wasock_server_main(&server, memory, sizeof(memory), &options,
                              program);
}
