/* SPDX-License-Identifier: MIT */
/*
 * kv - examples/kv by libuv, to compare the two: its requests, commands and
 * store, and a server of its own. Its listener is descriptor 3.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "../../../../examples/kv/kv.h"

#define CLIENTS_MAX 256
#define TIMEOUT_MS 30000
#define DRAIN_MS 2000

/* While output is being sent, a client is not read. */
struct client {
    uv_tcp_t tcp;
    uv_timer_t timeout; /* of an incomplete request, or of output */
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct client *next;
    struct client **link;
    size_t n_input;
    size_t n_output;
    bool is_last; /* the output: close the client then */
    bool is_sending;
    char input[KV_REQUEST_BYTES];
    char output[2 * KV_ANSWER_BYTES];
};

static uv_loop_t *loop;
static uv_tcp_t listener;
static uv_timer_t sweeper;
static uv_timer_t drain;
static uv_signal_t signals[2];
static struct client *clients;
static size_t n_clients;
static bool is_waiting; /* a connection, for a client to leave */

static void on_connection(uv_stream_t *stream, int status);
static void answer_requests(struct client *client);

/* ---- Closing ---- */

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
    n_clients--;
    if (is_waiting && !uv_is_closing((uv_handle_t *)&listener)) {
        is_waiting = false;
        on_connection((uv_stream_t *)&listener, 0);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;

    uv_close((uv_handle_t *)&client->timeout, on_timer_closed);
}

static void close_client(struct client *client)
{
    if (!uv_is_closing((uv_handle_t *)&client->tcp)) {
        uv_close((uv_handle_t *)&client->tcp, on_closed);
        *client->link = client->next;
        if (client->next != NULL) {
            client->next->link = client->link;
        }
    }
}

static void on_timeout(uv_timer_t *timer)
{
    close_client(timer->data);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)status;
    close_client(request->handle->data);
}

/* ---- Requests ---- */

static void get_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    struct client *client = handle->data;

    (void)size;
    *buffer = uv_buf_init(client->input + client->n_input,
                          (unsigned)(KV_REQUEST_BYTES - client->n_input));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct client *client = stream->data;

    (void)buffer;
    if (n < 0) {
        close_client(client);
    } else if (n > 0) {
        client->n_input += (size_t)n;
        answer_requests(client);
    }
}

static void on_sent(uv_write_t *request, int status)
{
    struct client *client = request->handle->data;

    client->is_sending = false;
    client->n_output = 0;
    uv_timer_stop(&client->timeout);
    if (status < 0) {
        close_client(client);
    } else if (client->is_last) {
        uv_shutdown(&client->shutdown, request->handle, on_shutdown);
    } else {
        uv_read_start(request->handle, get_buffer, on_read);
        answer_requests(client);
    }
}

static void send_output(struct client *client)
{
    uv_buf_t buffer = uv_buf_init(client->output, (unsigned)client->n_output);

    uv_read_stop((uv_stream_t *)&client->tcp);
    client->is_sending = true;
    uv_timer_start(&client->timeout, on_timeout, TIMEOUT_MS, 0);
    if (uv_write(&client->write, (uv_stream_t *)&client->tcp, &buffer, 1,
                 on_sent) != 0) {
        close_client(client);
    }
}

static void answer_requests(struct client *client)
{
    size_t n_taken = 0;
    size_t n = 1;

    kv_now_ns = uv_now(loop) * (KV_NS_PER_S / 1000);
    kv_n_clients = n_clients;
    while (n_taken < client->n_input && n > 0 && !client->is_last &&
           client->n_output <= KV_ANSWER_BYTES) {
        struct kv_answer answer = {.bytes = client->output + client->n_output,
                                   .capacity = sizeof(client->output) -
                                               client->n_output};
        n = kv_answer(client->input + n_taken, client->n_input - n_taken,
                      &answer);
        client->n_output += n > 0 ? answer.length : 0;
        client->is_last = n > 0 && answer.is_last;
        n_taken += n;
    }
    client->n_input -= n_taken;
    memmove(client->input, client->input + n_taken, client->n_input);
    if (client->n_output > 0) {
        send_output(client);
    } else if (client->n_input == 0) {
        uv_timer_stop(&client->timeout);
    } else if (!uv_is_active((uv_handle_t *)&client->timeout) || n_taken > 0) {
        uv_timer_start(&client->timeout, on_timeout, TIMEOUT_MS, 0);
    }
}

/* ---- The server ---- */

static void on_connection(uv_stream_t *stream, int status)
{
    if (status < 0 || n_clients == CLIENTS_MAX) {
        is_waiting = status == 0;
        return;
    }
    struct client *client = malloc(sizeof(*client));
    if (client == NULL) {
        return;
    }
    memset(client, 0, offsetof(struct client, input));
    n_clients++;
    uv_tcp_init(loop, &client->tcp);
    uv_timer_init(loop, &client->timeout);
    client->tcp.data = client;
    client->timeout.data = client;
    client->next = clients;
    client->link = &clients;
    if (clients != NULL) {
        clients->link = &client->next;
    }
    clients = client;
    if (uv_accept(stream, (uv_stream_t *)&client->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&client->tcp, get_buffer, on_read) != 0) {
        close_client(client);
    }
}

static void on_sweep(uv_timer_t *timer)
{
    (void)timer;
    kv_now_ns = uv_now(loop) * (KV_NS_PER_S / 1000);
    kv_sweep();
}

static void on_drained(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    while (clients != NULL) {
        close_client(clients);
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct client *next = NULL;

    (void)handle;
    (void)number;
    uv_close((uv_handle_t *)&signals[0], NULL);
    uv_close((uv_handle_t *)&signals[1], NULL);
    uv_close((uv_handle_t *)&sweeper, NULL);
    uv_close((uv_handle_t *)&listener, NULL);
    for (struct client *client = clients; client != NULL; client = next) {
        next = client->next;
        client->is_last = true;
        if (!client->is_sending) {
            close_client(client);
        }
    }
    uv_timer_init(loop, &drain);
    uv_timer_start(&drain, on_drained, DRAIN_MS, 0);
    uv_unref((uv_handle_t *)&drain);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    loop = uv_default_loop();
    uv_tcp_init(loop, &listener);
    int error = uv_tcp_open(&listener, 3);
    if (error == 0) {
        error = uv_listen((uv_stream_t *)&listener, 4096, on_connection);
    }
    if (error != 0) {
        fprintf(stderr, "kv: %s\n", uv_strerror(error));
        return 1;
    }
    uv_timer_init(loop, &sweeper);
    uv_timer_start(&sweeper, on_sweep, 100, 100);
    uv_signal_init(loop, &signals[0]);
    uv_signal_init(loop, &signals[1]);
    uv_signal_start(&signals[0], on_signal, SIGTERM);
    uv_signal_start(&signals[1], on_signal, SIGINT);
    return uv_run(loop, UV_RUN_DEFAULT);
}
