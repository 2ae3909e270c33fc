/* SPDX-License-Identifier: MIT */
/*
 * httpd - examples/httpd by libuv, to compare the two: its requests and
 * answers, and a server of its own. Its listener is descriptor 3.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "../../../../examples/httpd/httpd.h"

#define IDLE_MS 30000
#define MESSAGE_MS 10000
#define WRITE_MS 20000
#define LINGER_MS 2000
#define DRAIN_MS 10000

/* READING: with an answer to be sent, a client is not read. */
enum state { READING, SENDING, LINGERING };

struct client {
    uv_tcp_t tcp;
    uv_timer_t timeout;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct client *next;
    struct client **link;
    enum state state;
    bool is_in_head; /* an incomplete request is timed */
    struct http_answer answer;
    size_t n_input;
    char input[HTTP_HEAD_BYTES];
    char output[HTTP_OUTPUT_BYTES];
};

static const char *root = ".";
static uv_loop_t *loop;
static uv_tcp_t listener;
static uv_timer_t drain;
static uv_signal_t signals[2];
static struct client *clients;
static size_t n_clients;
static bool is_waiting; /* a connection, for a client to leave */
static bool is_stopping;

static void on_connection(uv_stream_t *stream, int status);
static void answer_requests(struct client *client);

/* ---- Closing ---- */

static void close_file(struct client *client)
{
    if (client->answer.file >= 0) {
        close(client->answer.file);
        client->answer.file = -1;
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
    n_clients--;
    if (is_waiting && !is_stopping) {
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
        close_file(client);
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

/* ---- Reading ---- */

static void get_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    struct client *client = handle->data;

    (void)size;
    if (client->state == LINGERING) { /* it is dropped */
        client->n_input = 0;
    }
    *buffer = uv_buf_init(client->input + client->n_input,
                          (unsigned)(HTTP_HEAD_BYTES - client->n_input));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct client *client = stream->data;

    (void)buffer;
    if (n < 0) {
        close_client(client);
    } else if (n > 0 && client->state == READING) {
        client->n_input += (size_t)n;
        answer_requests(client);
    }
}

/* To close with unread input would destroy what is on its way: wait for the
 * client to close its end. */
static void on_shutdown(uv_shutdown_t *request, int status)
{
    struct client *client = request->handle->data;

    if (status < 0) {
        close_client(client);
    } else if (!uv_is_closing((uv_handle_t *)&client->tcp)) {
        client->state = LINGERING;
        uv_read_start((uv_stream_t *)&client->tcp, get_buffer, on_read);
        uv_timer_start(&client->timeout, on_timeout, LINGER_MS, 0);
    }
}

static void end_client(struct client *client)
{
    if (uv_shutdown(&client->shutdown, (uv_stream_t *)&client->tcp,
                    on_shutdown) != 0) {
        close_client(client);
    }
}

/* ---- Answering ---- */

static void on_sent(uv_write_t *request, int status);

/* Send the head, if any, and the next part of the file. */
static void send_part(struct client *client)
{
    struct http_answer *answer = &client->answer;
    const off_t left = answer->end - answer->at;
    uv_buf_t buffers[2] = {
        uv_buf_init(answer->head, (unsigned)answer->head_length),
        uv_buf_init(client->output, 0)};

    if (left > 0) {
        const ssize_t n =
            pread(answer->file, client->output,
                  left < HTTP_OUTPUT_BYTES ? (size_t)left : HTTP_OUTPUT_BYTES,
                  answer->at);
        if (n <= 0) { /* the file has become shorter: only a close says so */
            close_client(client);
            return;
        }
        buffers[1].len = (size_t)n;
        answer->at += n;
    }
    client->state = SENDING;
    uv_timer_start(&client->timeout, on_timeout, WRITE_MS, 0);
    if (uv_write(&client->write, (uv_stream_t *)&client->tcp, buffers, 2,
                 on_sent) != 0) {
        close_client(client);
    }
}

static void on_sent(uv_write_t *request, int status)
{
    struct client *client = request->handle->data;

    client->answer.head_length = 0;
    if (status < 0) {
        close_client(client);
    } else if (client->answer.at < client->answer.end) {
        send_part(client);
    } else if (!client->answer.is_kept_alive || is_stopping) {
        close_file(client);
        end_client(client);
    } else {
        close_file(client);
        client->state = READING;
        answer_requests(client);
    }
}

/* Answer the first request that is complete. The next one follows when that is
 * sent. */
static void answer_requests(struct client *client)
{
    struct http_request request;
    const size_t n = http_parse(client->input, client->n_input, &request);

    if (n > 0) {
        http_answer_request(&request, root, &client->answer);
        client->n_input -= n;
        memmove(client->input, client->input + n, client->n_input);
        client->is_in_head = false;
        uv_read_stop((uv_stream_t *)&client->tcp);
        send_part(client);
        return;
    }
    uv_read_start((uv_stream_t *)&client->tcp, get_buffer, on_read);
    if (client->n_input == 0) {
        uv_timer_start(&client->timeout, on_timeout, IDLE_MS, 0);
    } else if (!client->is_in_head) {
        client->is_in_head = true;
        uv_timer_start(&client->timeout, on_timeout, MESSAGE_MS, 0);
    }
}

/* ---- The server ---- */

static void on_connection(uv_stream_t *stream, int status)
{
    if (status < 0 || n_clients == HTTP_CLIENTS_MAX) {
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
    client->answer.file = -1;
    client->next = clients;
    client->link = &clients;
    if (clients != NULL) {
        clients->link = &client->next;
    }
    clients = client;
    if (uv_accept(stream, (uv_stream_t *)&client->tcp) != 0) {
        close_client(client);
        return;
    }
    answer_requests(client);
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
    (void)handle;
    (void)number;
    is_stopping = true;
    uv_close((uv_handle_t *)&signals[0], NULL);
    uv_close((uv_handle_t *)&signals[1], NULL);
    uv_close((uv_handle_t *)&listener, NULL);
    for (struct client *client = clients; client != NULL;
         client = client->next) {
        if (client->state == READING) {
            end_client(client);
        }
    }
    uv_timer_init(loop, &drain);
    uv_timer_start(&drain, on_drained, DRAIN_MS, 0);
    uv_unref((uv_handle_t *)&drain);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        root = argv[1];
    }
    signal(SIGPIPE, SIG_IGN);
    loop = uv_default_loop();
    uv_tcp_init(loop, &listener);
    int error = uv_tcp_open(&listener, 3);
    if (error == 0) {
        error = uv_listen((uv_stream_t *)&listener, 4096, on_connection);
    }
    if (error != 0) {
        fprintf(stderr, "httpd: %s\n", uv_strerror(error));
        return 1;
    }
    uv_signal_init(loop, &signals[0]);
    uv_signal_init(loop, &signals[1]);
    uv_signal_start(&signals[0], on_signal, SIGTERM);
    uv_signal_start(&signals[1], on_signal, SIGINT);
    return uv_run(loop, UV_RUN_DEFAULT);
}
