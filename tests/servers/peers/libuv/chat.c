/* SPDX-License-Identifier: MIT */
/*
 * chat - examples/chat.c by libuv, to compare the two. Its listener is
 * descriptor 3.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#define CLIENTS_MAX 1000
#define LINE_BYTES 512
#define UNREAD_BYTES 32768 /* more is too slow */
#define NAME_BYTES 16
#define DRAIN_MS 2000

struct client {
    uv_tcp_t tcp;
    uv_timer_t idle;
    struct client *next;
    struct client **link;
    char name[NAME_BYTES];
    char input[LINE_BYTES];
    size_t n_input;
    int reason;
    bool is_leaving; /* once its output is sent */
};

struct output {
    uv_write_t request;
    char text[LINE_BYTES + 100];
};

static uv_loop_t *loop;
static uv_tcp_t listener;
static uv_timer_t drain;
static uv_signal_t signals[2];
static uint64_t idle_ms = 600000;
static struct client *clients;
static unsigned n_clients;
static bool is_waiting; /* a connection, for a client to leave */

static void on_connection(uv_stream_t *stream, int status);

static void say(struct client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static struct client *client_of(void *handle)
{
    return (struct client *)((uv_handle_t *)handle)->data;
}

/* ---- Leaving ---- */

static void on_timer_closed(uv_handle_t *handle)
{
    free(client_of(handle));
    n_clients--;
    if (is_waiting && !uv_is_closing((uv_handle_t *)&listener)) {
        is_waiting = false;
        on_connection((uv_stream_t *)&listener, 0);
    }
}

static void on_closed(uv_handle_t *handle)
{
    uv_close((uv_handle_t *)&client_of(handle)->idle, on_timer_closed);
}

static void leave(struct client *client, int reason)
{
    if (uv_is_closing((uv_handle_t *)&client->tcp)) {
        return;
    }
    uv_close((uv_handle_t *)&client->tcp, on_closed);
    *client->link = client->next;
    if (client->next != NULL) {
        client->next->link = client->link;
    }
    say(NULL, "* %s has left: %s\n", client->name,
        reason == 0 ? "OK" : uv_err_name(reason));
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)status;
    leave(client_of(request->handle), 0);
    free(request);
}

static void leave_when_sent(struct client *client)
{
    uv_shutdown_t *request = calloc(1, sizeof(*request));

    client->is_leaving = true;
    if (request == NULL ||
        uv_shutdown(request, (uv_stream_t *)&client->tcp, on_shutdown) != 0) {
        free(request);
        leave(client, UV_ENOMEM);
    }
}

/* ---- Sending ---- */

static void on_idle(uv_timer_t *timer)
{
    leave(client_of(timer), UV_ETIMEDOUT);
}

static void on_sent(uv_write_t *request, int status)
{
    struct client *client = client_of(request->handle);

    free(request);
    if (status == 0) {
        uv_timer_start(&client->idle, on_idle, idle_ms, 0);
    } else {
        leave(client, status);
    }
}

static void send_line(struct client *client, const char *line)
{
    struct output *output = malloc(sizeof(*output));
    const size_t length = strlen(line);

    if (client->is_leaving || uv_is_closing((uv_handle_t *)&client->tcp)) {
        free(output);
        return;
    }
    if (output == NULL ||
        client->tcp.write_queue_size + length > UNREAD_BYTES) {
        free(output);
        leave(client, UV_ENOBUFS);
        return;
    }
    memcpy(output->text, line, length);
    uv_buf_t buffer = uv_buf_init(output->text, (unsigned)length);
    const int error = uv_write(&output->request, (uv_stream_t *)&client->tcp,
                               &buffer, 1, on_sent);
    if (error != 0) {
        free(output);
        leave(client, error);
    }
}

/* Send a line to one client, or to all if `client` is NULL. */
static void say(struct client *client, const char *format, ...)
{
    char line[LINE_BYTES + 100];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (client != NULL) {
        send_line(client, line);
        return;
    }
    struct client *next = NULL;
    for (client = clients; client != NULL; client = next) {
        next = client->next;
        send_line(client, line);
    }
}

/* ---- Lines ---- */

static void rename_client(struct client *client, const char *name)
{
    bool is_refused = name[0] == '\0' || strlen(name) >= NAME_BYTES;

    for (struct client *other = clients; other != NULL; other = other->next) {
        is_refused = is_refused || strcmp(other->name, name) == 0;
    }
    if (is_refused) {
        say(client, "* this name is taken or too long\n");
        return;
    }
    say(NULL, "* %s is now %s\n", client->name, name);
    memcpy(client->name, name, strlen(name) + 1);
}

static void take_line(struct client *client, const char *line)
{
    if (strncmp(line, "/nick ", 6) == 0) {
        rename_client(client, line + 6);
    } else if (strcmp(line, "/quit") == 0) {
        say(client, "* bye\n");
        leave_when_sent(client);
    } else if (line[0] != '\0') {
        say(NULL, "%s: %s\n", client->name, line);
    }
}

static void take_lines(struct client *client)
{
    char *begin = client->input;
    char *end = client->input + client->n_input;
    char *newline = NULL;

    while (!client->is_leaving && !uv_is_closing((uv_handle_t *)&client->tcp) &&
           (newline = memchr(begin, '\n', (size_t)(end - begin))) != NULL) {
        *newline = '\0';
        if (newline > begin && newline[-1] == '\r') {
            newline[-1] = '\0';
        }
        take_line(client, begin);
        begin = newline + 1;
    }
    client->n_input = (size_t)(end - begin);
    memmove(client->input, begin, client->n_input);
    if (client->n_input == LINE_BYTES) {
        leave(client, UV_EMSGSIZE);
    }
}

static void get_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    struct client *client = client_of(handle);

    (void)size;
    *buffer = uv_buf_init(client->input + client->n_input,
                          (unsigned)(LINE_BYTES - client->n_input));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct client *client = client_of(stream);

    (void)buffer;
    if (n == UV_EOF) {
        uv_read_stop(stream);
        leave_when_sent(client);
    } else if (n < 0) {
        leave(client, (int)n);
    } else if (n > 0) {
        uv_timer_start(&client->idle, on_idle, idle_ms, 0);
        client->n_input += (size_t)n;
        take_lines(client);
    }
}

/* ---- The server ---- */

static void on_connection(uv_stream_t *stream, int status)
{
    static unsigned n_guests;

    if (status < 0 || n_clients == CLIENTS_MAX) {
        is_waiting = status == 0;
        return;
    }
    struct client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return;
    }
    n_clients++;
    uv_tcp_init(loop, &client->tcp);
    uv_timer_init(loop, &client->idle);
    client->tcp.data = client;
    client->idle.data = client;
    client->next = clients;
    client->link = &clients;
    if (clients != NULL) {
        clients->link = &client->next;
    }
    clients = client;
    snprintf(client->name, NAME_BYTES, "guest%u", n_guests++);
    int error = uv_accept(stream, (uv_stream_t *)&client->tcp);
    if (error == 0) {
        error = uv_read_start((uv_stream_t *)&client->tcp, get_buffer, on_read);
    }
    if (error != 0) {
        leave(client, error);
        return;
    }
    uv_timer_start(&client->idle, on_idle, idle_ms, 0);
    say(NULL, "* %s is here\n", client->name);
}

static void on_drained(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    while (clients != NULL) {
        leave(clients, UV_ECANCELED);
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)handle;
    (void)number;
    uv_close((uv_handle_t *)&signals[0], NULL);
    uv_close((uv_handle_t *)&signals[1], NULL);
    uv_close((uv_handle_t *)&listener, NULL);
    for (struct client *client = clients; client != NULL;
         client = client->next) {
        leave_when_sent(client);
    }
    uv_timer_init(loop, &drain);
    uv_timer_start(&drain, on_drained, DRAIN_MS, 0);
    uv_unref((uv_handle_t *)&drain);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    loop = uv_default_loop();
    if (argc > 1) {
        idle_ms = (uint64_t)strtol(argv[1], NULL, 10) * 1000;
    }
    uv_tcp_init(loop, &listener);
    int error = uv_tcp_open(&listener, 3);
    if (error == 0) {
        error = uv_listen((uv_stream_t *)&listener, 4096, on_connection);
    }
    if (error != 0) {
        fprintf(stderr, "chat: %s\n", uv_strerror(error));
        return 1;
    }
    uv_signal_init(loop, &signals[0]);
    uv_signal_init(loop, &signals[1]);
    uv_signal_start(&signals[0], on_signal, SIGTERM);
    uv_signal_start(&signals[1], on_signal, SIGINT);
    return uv_run(loop, UV_RUN_DEFAULT);
}
