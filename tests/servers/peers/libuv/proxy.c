/* SPDX-License-Identifier: MIT */
/*
 * proxy - examples/proxy.c by libuv, to compare the two. Its listener is
 * descriptor 3.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#define CLIENTS_MAX 1000
#define BUFFER_BYTES 65536
#define IDLE_MAX_MS 300000
#define DRAIN_MS 10000

/* A connection of a pair: of a client, or to its upstream. */
struct side {
    uv_tcp_t tcp;
    struct pair *pair;
    struct side *other;
    bool is_shut; /* its writing half, or to be */
    bool is_eof;
};

struct pair {
    struct side client;
    struct side upstream;
    uv_connect_t connect;
    uv_timer_t idle;
    struct pair *next;
    struct pair **link;
    int n_handles; /* that are not closed */
};

struct chunk {
    uv_write_t request;
    char bytes[];
};

static uv_loop_t *loop;
static uv_tcp_t listener;
static uv_timer_t drain;
static uv_signal_t signals[2];
static struct sockaddr_storage upstream;
static struct pair *pairs;
static unsigned n_pairs;
static bool is_waiting; /* a connection, for a pair to be closed */

static void on_connection(uv_stream_t *stream, int status);
static void read_side(struct side *side);

/* ---- Closing ---- */

static void on_closed(uv_handle_t *handle)
{
    struct pair *pair = handle->data;

    if (--pair->n_handles > 0) {
        return;
    }
    *pair->link = pair->next;
    if (pair->next != NULL) {
        pair->next->link = pair->link;
    }
    free(pair);
    n_pairs--;
    if (is_waiting && !uv_is_closing((uv_handle_t *)&listener)) {
        is_waiting = false;
        on_connection((uv_stream_t *)&listener, 0);
    }
}

static void close_pair(struct pair *pair)
{
    if (!uv_is_closing((uv_handle_t *)&pair->idle)) {
        uv_close((uv_handle_t *)&pair->idle, on_closed);
        uv_close((uv_handle_t *)&pair->client.tcp, on_closed);
        uv_close((uv_handle_t *)&pair->upstream.tcp, on_closed);
    }
}

static void on_idle(uv_timer_t *timer)
{
    close_pair(timer->data);
}

static void note_active(struct pair *pair)
{
    if (!uv_is_closing((uv_handle_t *)&pair->idle)) {
        uv_timer_start(&pair->idle, on_idle, IDLE_MAX_MS, 0);
    }
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    struct pair *pair = request->handle->data;

    free(request);
    if (status < 0 || (pair->client.is_eof && pair->upstream.is_eof)) {
        close_pair(pair);
    }
}

/* Forward EOF. */
static void shut(struct side *side)
{
    uv_shutdown_t *request = calloc(1, sizeof(*request));

    side->is_shut = true;
    if (request == NULL ||
        uv_shutdown(request, (uv_stream_t *)&side->tcp, on_shutdown) != 0) {
        free(request);
        close_pair(side->pair);
    }
}

/* ---- Forwarding ---- */

static void on_sent(uv_write_t *request, int status)
{
    struct pair *pair = request->handle->data;
    struct side *side = request->handle == (uv_stream_t *)&pair->client.tcp
                            ? &pair->client
                            : &pair->upstream;

    free(request->data);
    if (status < 0) {
        close_pair(pair);
        return;
    }
    note_active(pair);
    if (side->tcp.write_queue_size == 0 && !side->other->is_eof) {
        read_side(side->other);
    }
}

static void get_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    struct chunk *chunk = malloc(sizeof(*chunk) + BUFFER_BYTES);

    (void)handle;
    (void)size;
    *buffer = chunk == NULL ? uv_buf_init(NULL, 0)
                            : uv_buf_init(chunk->bytes, BUFFER_BYTES);
}

static struct chunk *chunk_of(const uv_buf_t *buffer)
{
    return buffer->base == NULL
               ? NULL
               : (struct chunk *)(void *)(buffer->base - sizeof(struct chunk));
}

static void forward(struct side *from, struct chunk *chunk, size_t n)
{
    struct side *to = from->other;
    uv_buf_t buffer = uv_buf_init(chunk->bytes, (unsigned)n);

    chunk->request.data = chunk;
    if (uv_write(&chunk->request, (uv_stream_t *)&to->tcp, &buffer, 1,
                 on_sent) != 0) {
        free(chunk);
        close_pair(from->pair);
        return;
    }
    if (to->tcp.write_queue_size > 0) {
        uv_read_stop((uv_stream_t *)&from->tcp);
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct pair *pair = stream->data;
    struct side *from = stream == (uv_stream_t *)&pair->client.tcp
                            ? &pair->client
                            : &pair->upstream;

    if (n > 0) {
        note_active(pair);
        forward(from, chunk_of(buffer), (size_t)n);
        return;
    }
    free(chunk_of(buffer));
    if (n == UV_EOF) {
        uv_read_stop(stream);
        from->is_eof = true;
        shut(from->other);
    } else if (n < 0) {
        close_pair(pair);
    }
}

static void read_side(struct side *side)
{
    if (!uv_is_closing((uv_handle_t *)&side->tcp) &&
        uv_read_start((uv_stream_t *)&side->tcp, get_buffer, on_read) != 0 &&
        !uv_is_active((uv_handle_t *)&side->tcp)) {
        close_pair(side->pair);
    }
}

/* ---- The server ---- */

static void on_connected(uv_connect_t *request, int status)
{
    struct pair *pair = request->handle->data;

    if (status < 0 && status != UV_ECANCELED) {
        fprintf(stderr, "proxy: upstream: %s\n", uv_strerror(status));
        close_pair(pair);
    } else if (status == 0) {
        read_side(&pair->client);
        read_side(&pair->upstream);
    }
}

static void init_side(struct side *side, struct pair *pair, struct side *other)
{
    uv_tcp_init(loop, &side->tcp);
    side->tcp.data = pair;
    side->pair = pair;
    side->other = other;
}

static void on_connection(uv_stream_t *stream, int status)
{
    if (status < 0 || n_pairs == CLIENTS_MAX) {
        is_waiting = status == 0;
        return;
    }
    struct pair *pair = calloc(1, sizeof(*pair));
    if (pair == NULL) {
        return;
    }
    n_pairs++;
    pair->n_handles = 3;
    pair->next = pairs;
    pair->link = &pairs;
    if (pairs != NULL) {
        pairs->link = &pair->next;
    }
    pairs = pair;
    init_side(&pair->client, pair, &pair->upstream);
    init_side(&pair->upstream, pair, &pair->client);
    uv_timer_init(loop, &pair->idle);
    pair->idle.data = pair;
    note_active(pair);
    int error = uv_accept(stream, (uv_stream_t *)&pair->client.tcp);
    if (error == 0) {
        error =
            uv_tcp_connect(&pair->connect, &pair->upstream.tcp,
                           (const struct sockaddr *)&upstream, on_connected);
    }
    if (error != 0) {
        fprintf(stderr, "proxy: upstream: %s\n", uv_strerror(error));
        close_pair(pair);
    }
}

static void on_drained(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    for (struct pair *pair = pairs; pair != NULL; pair = pair->next) {
        close_pair(pair);
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)handle;
    (void)number;
    uv_close((uv_handle_t *)&signals[0], NULL);
    uv_close((uv_handle_t *)&signals[1], NULL);
    uv_close((uv_handle_t *)&listener, NULL);
    for (struct pair *pair = pairs; pair != NULL; pair = pair->next) {
        pair->client.is_eof = true; /* what was received is forwarded */
        pair->upstream.is_eof = true;
        uv_read_stop((uv_stream_t *)&pair->client.tcp);
        uv_read_stop((uv_stream_t *)&pair->upstream.tcp);
        shut(&pair->client);
    }
    uv_timer_init(loop, &drain);
    uv_timer_start(&drain, on_drained, DRAIN_MS, 0);
    uv_unref((uv_handle_t *)&drain);
}

static bool parse_address(char *text)
{
    char *colon = strrchr(text, ':');

    if (colon == NULL) {
        return false;
    }
    *colon = '\0';
    const int port = (int)strtol(colon + 1, NULL, 10);
    return uv_ip4_addr(text, port, (struct sockaddr_in *)&upstream) == 0 ||
           uv_ip6_addr(text, port, (struct sockaddr_in6 *)&upstream) == 0;
}

int main(int argc, char **argv)
{
    if (argc != 2 || !parse_address(argv[1])) {
        fputs("usage: proxy UPSTREAM_IP:PORT\n", stderr);
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    loop = uv_default_loop();
    uv_tcp_init(loop, &listener);
    int error = uv_tcp_open(&listener, 3);
    if (error == 0) {
        error = uv_listen((uv_stream_t *)&listener, 4096, on_connection);
    }
    if (error != 0) {
        fprintf(stderr, "proxy: %s\n", uv_strerror(error));
        return 1;
    }
    uv_signal_init(loop, &signals[0]);
    uv_signal_init(loop, &signals[1]);
    uv_signal_start(&signals[0], on_signal, SIGTERM);
    uv_signal_start(&signals[1], on_signal, SIGINT);
    return uv_run(loop, UV_RUN_DEFAULT);
}
