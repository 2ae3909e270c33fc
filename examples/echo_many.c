/* SPDX-License-Identifier: MIT */
/*
 * echo_many - an echo server for thousands of clients, on the poller.
 * echo_server.c is the same on the server layer.
 *
 *   tools/wasock-run --listen 127.0.0.1:8080 echo_many.wasm
 *
 * With --stdin, the line "quit" or EOF on standard input stops the server: it
 * closes the listener and waits at most five seconds for its clients. Without
 * it, standard input is not read, so the server can run in the background.
 *
 * Exit code: 0 after quit, 1 no listener, 2 a wait failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wasock/wasock.h>

#define CLIENTS_MAX 10000
/* Bytes: more than the 64 KiB that many clients send at once, as a read that
 * fills the buffer is followed by a second one. */
#define BUFFER_BYTES 81920
#define ACCEPTS_MAX 64 /* in a row: other clients wait meanwhile */
#define READS_MAX 8    /* in a row, for the same reason */
#define IDLE_MAX_NS (60 * WASOCK_NS_PER_S)
#define DRAIN_MAX_NS (5 * WASOCK_NS_PER_S)

/* Backpressure: the server reads from a client only while nothing is pending
 * for it, so a client that never reads costs BUFFER_BYTES at most. */
struct client {
    struct wasock_conn conn;
    struct client *next_free;
    char *pending;
    size_t n_pending;
    size_t n_sent; /* of n_pending */
};

static struct client clients[CLIENTS_MAX];
static struct client *free_clients;
static unsigned n_used; /* clients used at least once */
static unsigned n_clients;

static struct wasock_listener listener;
static struct wasock_pollable input;
static struct wasock_poller poller;
static _Alignas(WASOCK_POLLER_ALIGNMENT) char poller_memory[WASOCK_POLLER_SIZE(
    CLIENTS_MAX + 2)];

/* The time of the last wait, by the poller's clock. One clock read per wait:
 * wasock_socket_set_timeout_ns would be a host call per echo. */
static uint64_t now_ns;

static void release(struct client *client)
{
    client->next_free = free_clients;
    free_clients = client;
}

static void forget_pending(struct client *client)
{
    free(client->pending);
    client->pending = NULL;
    client->n_pending = 0;
}

static void drop(struct client *client)
{
    wasock_conn_close(&client->conn); /* unregisters it as well */
    forget_pending(client);
    release(client);
    n_clients--;
}

static void restart_idle_deadline(struct client *client)
{
    wasock_socket_set_deadline_ns(&client->conn.socket, WASOCK_READABLE,
                                  wasock_ns_add(now_ns, IDLE_MAX_NS));
}

/* Send the pending bytes. Once all are sent, read from the client again. */
static ptrdiff_t flush(struct client *client)
{
    const ptrdiff_t n =
        wasock_conn_try_write(&client->conn, client->pending + client->n_sent,
                              client->n_pending - client->n_sent);

    if (n < 0) {
        return n;
    }
    client->n_sent += (size_t)n;
    if (client->n_sent < client->n_pending) {
        return n;
    }
    forget_pending(client);
    return wasock_poller_modify(&poller, &client->conn.socket, WASOCK_READABLE,
                                client);
}

/* Keep the bytes that the send buffer had no room for, and wait for room. */
static ptrdiff_t keep(struct client *client, const char *bytes, size_t length)
{
    client->pending = (char *)malloc(length);
    if (client->pending == NULL) {
        return -WASOCK_ENOMEM;
    }
    memcpy(client->pending, bytes, length);
    client->n_pending = length;
    client->n_sent = 0;
    return wasock_poller_modify(&poller, &client->conn.socket, WASOCK_WRITABLE,
                                client);
}

/* Read and send until there is no data or no room. */
static ptrdiff_t echo(struct client *client)
{
    static char buffer[BUFFER_BYTES];
    ptrdiff_t n_read = BUFFER_BYTES;

    for (int i = 0; i < READS_MAX && n_read == BUFFER_BYTES; i++) {
        n_read = wasock_conn_try_read(&client->conn, buffer, BUFFER_BYTES);
        if (n_read <= 0) {
            return n_read == 0 ? -WASOCK_ECLOSED : n_read;
        }
        ptrdiff_t n_sent =
            wasock_conn_try_write(&client->conn, buffer, (size_t)n_read);
        if (n_sent < 0 && n_sent != -WASOCK_EAGAIN) {
            return n_sent;
        }
        n_sent = n_sent < 0 ? 0 : n_sent;
        if (n_sent < n_read) {
            return keep(client, buffer + n_sent, (size_t)(n_read - n_sent));
        }
    }
    return n_read;
}

static void serve(struct client *client)
{
    const ptrdiff_t result =
        client->n_pending > 0 ? flush(client) : echo(client);

    if (result >= 0) {
        restart_idle_deadline(client);
    } else if (result != -WASOCK_EAGAIN) {
        drop(client);
    }
}

/* Get the storage of a client, or NULL if all is in use. */
static struct client *unused_client(void)
{
    struct client *client = free_clients;

    if (client != NULL) {
        free_clients = client->next_free;
    } else if (n_used < CLIENTS_MAX) {
        client = &clients[n_used++];
    }
    return client;
}

/* Accept a client. Returns whether another connection may be pending. */
static bool accept_one(void)
{
    struct client *client = unused_client();

    if (client == NULL) { /* full: run() adds the listener again */
        wasock_poller_remove(&poller, &listener.socket);
        return false;
    }
    if (wasock_listener_try_accept(&listener, &client->conn) < 0) {
        release(client);
        return false; /* none is pending, or out of descriptors */
    }
    n_clients++;
    restart_idle_deadline(client);
    if (wasock_poller_add(&poller, &client->conn.socket, WASOCK_READABLE,
                          client) < 0) {
        drop(client);
        return false;
    }
    serve(client); /* most clients have already sent a request */
    return true;
}

static void accept_some(void)
{
    for (int i = 0; i < ACCEPTS_MAX && accept_one(); i++) {
    }
}

/* Read standard input. Returns whether it is "quit" or EOF. */
static bool is_quit(void)
{
    char line[64];
    const ptrdiff_t n = wasock_fd_read(0, line, sizeof(line));

    return n == 0 || (n >= 4 && memcmp(line, "quit", 4) == 0);
}

/* Returns whether to stop. */
static bool serve_event(const struct wasock_poller_event *event)
{
    if (event->token == &input) {
        return is_quit();
    }
    if (event->token == &listener) {
        accept_some();
        return false;
    }
    struct client *client = event->token;
    if (event->error != 0 || event->deadline != 0) {
        drop(client);
    } else {
        serve(client);
    }
    return false;
}

/* Serve until "quit". While draining, serve until the last client is closed or
 * the deadline is past. Returns 0 or an error. */
static ptrdiff_t run(bool is_draining, uint64_t deadline_ns)
{
    struct wasock_poller_event event;
    bool is_ended = false;
    ptrdiff_t n = 1;

    while (n > 0 && !is_ended && !(is_draining && n_clients == 0)) {
        n = wasock_poller_wait_until_ns(&poller, deadline_ns);
        now_ns = wasock_poller_now_ns(&poller);
        while (wasock_poller_next(&poller, &event)) {
            is_ended |= serve_event(&event);
        }
        if (!is_draining && n_clients < CLIENTS_MAX) {
            /* EEXIST unless accept_one() removed it. */
            const int ignored = wasock_poller_add(&poller, &listener.socket,
                                                  WASOCK_READABLE, &listener);
            (void)ignored;
        }
    }
    return n < 0 ? n : 0;
}

static int start(bool has_input)
{
    int error = wasock_preopen_listener(0, &listener);

    if (error == 0) {
        error =
            wasock_poller_init(&poller, poller_memory, sizeof(poller_memory));
    }
    if (error == 0) {
        error = wasock_poller_add(&poller, &listener.socket, WASOCK_READABLE,
                                  &listener);
    }
    if (error == 0 && has_input) {
        error = wasock_pollable_from_fd(&input, 0);
    }
    if (error == 0 && has_input) {
        error =
            wasock_poller_add(&poller, &input.socket, WASOCK_READABLE, &input);
    }
    return error;
}

int main(int argc, char **argv)
{
    const bool has_input = argc > 1 && strcmp(argv[1], "--stdin") == 0;
    const int error = start(has_input);

    if (error < 0) {
        wasock_preopen_print_error("echo_many", error);
        return 1;
    }
    ptrdiff_t result = run(false, WASOCK_NO_DEADLINE);
    if (result == 0) {
        wasock_listener_close(&listener);
        wasock_pollable_close(&input);
        result = run(true, wasock_ns_add(now_ns, DRAIN_MAX_NS));
    }
    if (result < 0) {
        fprintf(stderr, "echo_many: %s\n", wasock_err_text(result));
        return 2;
    }
    return 0;
}
