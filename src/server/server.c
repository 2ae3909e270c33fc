/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/env.h>
#include <wasock/preopen.h>

/* Accepts in a row: connected clients wait meanwhile. */
#define ACCEPTS_MAX 64

/* More clients than any host has descriptors for, and few enough that the
 * poller's memory cannot overflow a size_t of 32 bits. */
#define CLIENTS_LIMIT (1U << 22)

/* A part of the memory, aligned. */
static unsigned char *take(unsigned char **memory, size_t n_bytes)
{
    unsigned char *taken = *memory;
    const size_t alignment = WASOCK_SERVER_ALIGNMENT;

    *memory += (n_bytes + alignment - 1) / alignment * alignment;
    return taken;
}

static int check(const void *memory, size_t size,
                 const struct wasock_server_options *options)
{
    if (memory == NULL || (uintptr_t)memory % WASOCK_SERVER_ALIGNMENT != 0 ||
        options->handler == NULL || options->n_clients == 0 ||
        options->input_bytes == 0 || options->output_bytes == 0) {
        return -WASOCK_EINVAL;
    }
    /* The buffers first, in 64 bits: sizes from a configuration may overflow
     * the size_t of WASOCK_SERVER_SIZE. */
    const uint64_t buffer_bytes =
        ((uint64_t)options->n_clients + 1) * options->input_bytes +
        (uint64_t)options->n_clients * options->output_bytes;
    if (options->n_clients >= CLIENTS_LIMIT || buffer_bytes > size) {
        return -WASOCK_ESTORAGE;
    }
    return size < WASOCK_SERVER_SIZE(options->n_clients, options->input_bytes,
                                     options->output_bytes)
               ? -WASOCK_ESTORAGE
               : 0;
}

int wasock_server_init(struct wasock_server *server, void *memory, size_t size,
                       const struct wasock_server_options *options)
{
    static const struct wasock_server fresh = {0}; /* too large for the stack */
    const size_t n_clients = options->n_clients;
    const size_t poller_bytes =
        WASOCK_POLLER_SIZE(n_clients + WASOCK_SERVER_LISTENERS_MAX + 1);
    unsigned char *rest = (unsigned char *)memory;
    int result = check(memory, size, options);

    if (result < 0) {
        return result;
    }
    *server = fresh;
    server->options_ = *options;
    server->changed_end_ = &server->changed_;
    server->has_timeouts_ = options->idle_ns != 0 || options->message_ns != 0 ||
                            options->write_ns != 0;
    unsigned char *poller_memory = take(&rest, poller_bytes);
    server->clients_ = (struct wasock_client *)(void *)take(
        &rest, n_clients * sizeof(struct wasock_client));
    server->inputs_ =
        take(&rest, (n_clients + 1) * (size_t)options->input_bytes);
    server->outputs_ = rest;
    return wasock_poller_init(&server->poller_, poller_memory, poller_bytes);
}

/* ---- Listeners ---- */

int wasock_server_add_listener(struct wasock_server *server,
                               struct wasock_listener *listener)
{
    if (server->is_stopping_) {
        return -WASOCK_ECLOSED;
    }
    if (server->n_listeners_ == WASOCK_SERVER_LISTENERS_MAX) {
        return -WASOCK_ESTORAGE;
    }
    const int result = wasock_poller_add(&server->poller_, &listener->socket,
                                         WASOCK_READABLE, listener);
    if (result == 0) {
        server->listeners_[server->n_listeners_++] = listener;
        server->now_ns_ = wasock_poller_now_ns(&server->poller_);
    }
    return result;
}

ptrdiff_t wasock_server_listen_preopened(struct wasock_server *server)
{
    const ptrdiff_t n = wasock_preopen_listeners(server->preopened_,
                                                 WASOCK_SERVER_LISTENERS_MAX);

    for (ptrdiff_t i = 0; i < n && i < WASOCK_SERVER_LISTENERS_MAX; i++) {
        const int result =
            wasock_server_add_listener(server, &server->preopened_[i]);
        if (result < 0) {
            return result;
        }
    }
    return n > WASOCK_SERVER_LISTENERS_MAX ? -WASOCK_ESTORAGE : n;
}

/* Wait for listeners, or not. */
static void set_accepting(struct wasock_server *server, bool is_accepting)
{
    for (uint32_t i = 0; i < server->n_listeners_; i++) {
        struct wasock_listener *listener = server->listeners_[i];
        const int ignored =
            wasock_poller_modify(&server->poller_, &listener->socket,
                                 is_accepting ? WASOCK_READABLE : 0, listener);
        (void)ignored; /* a listener that the program has closed */
    }
    server->is_full_ = !is_accepting;
}

/* Whether there is no room for one more accepted client. */
static bool is_full(const struct wasock_server *server)
{
    return server->n_clients_ >= server->options_.n_clients ||
           (server->options_.n_accepted > 0 &&
            server->n_accepted_ >= server->options_.n_accepted);
}

/* Accept one client. Returns whether there may be more. */
static bool accept_one(struct wasock_server *server,
                       struct wasock_listener *listener)
{
    struct wasock_client *client =
        is_full(server) ? NULL : wasock_server_reserve(server);

    if (client == NULL) {
        set_accepting(server, false);
        return false;
    }
    int result = wasock_listener_try_accept(listener, &client->conn);
    if (result == 0) {
        client->listener = listener;
        server->n_accepted_++;
        result = wasock__client_begin(client, true);
        if (result < 0) {
            wasock_client_abort(client, result);
        }
        wasock__input_read(client); /* most have sent a request by now */
        return true;
    }
    wasock__client_free(client); /* the program has not seen it */
    return false; /* no more, or out of descriptors: the poller backs off */
}

static void accept_clients(struct wasock_server *server,
                           struct wasock_listener *listener)
{
    int n = 0;

    while (n < ACCEPTS_MAX && !server->is_stopping_ &&
           accept_one(server, listener)) {
        n++;
    }
}

/* ---- Stopping ---- */

static void close_preopened(struct wasock_server *server)
{
    for (size_t i = 0; i < WASOCK_SERVER_LISTENERS_MAX; i++) {
        wasock_listener_close(&server->preopened_[i]);
    }
}

int wasock_server_stop_on_request(struct wasock_server *server,
                                  uint64_t drain_ns)
{
    if (server->n_clients_ > 0) {
        return -WASOCK_EBUSY;
    }
    /* Nobody uses the memory of clients: the outputs are its end. */
    char *text = (char *)server->clients_;
    const size_t capacity =
        (size_t)((char *)server->outputs_ - text) +
        (size_t)server->options_.n_clients * server->options_.output_bytes;
    server->free_ = NULL;
    server->n_used_ = 0;
    const ptrdiff_t length =
        wasock_env_read("WASOCK_STOP", text, capacity, NULL);

    if (length != 5 || text[0] != 's' || text[1] != 't' || text[2] != 'd' ||
        text[3] != 'i' || text[4] != 'n') {
        return length == -WASOCK_ESTORAGE ? (int)length : 0;
    }
    const int result = wasock_pollable_from_fd(&server->input_, 0);
    if (result < 0) {
        return result;
    }
    server->drain_ns_ = drain_ns;
    return wasock_poller_add(&server->poller_, &server->input_.socket,
                             WASOCK_READABLE, &server->input_);
}

/* The handlers come last: clients that they reserve stay. */
static void stop_clients(struct wasock_server *server)
{
    struct wasock_client *client = NULL;

    for (uint32_t i = 0; i < server->n_used_; i++) {
        client = &server->clients_[i];
        if (client->state_ != WASOCK__CLIENT_OPEN ||
            client->handler->stop == NULL) {
            wasock_client_close(client);
        }
    }
    client = NULL;
    while ((client = wasock_server_next(server, client)) != NULL) {
        if (client->handler->stop != NULL) {
            client->handler->stop(client);
        }
    }
}

void wasock_server_stop(struct wasock_server *server, uint64_t drain_ns)
{
    const uint64_t stop_ns =
        wasock__ns_after(wasock_poller_now_ns(&server->poller_), drain_ns);

    if (server->is_stopping_) {
        server->stop_ns_ = wasock_deadline_earlier(server->stop_ns_, stop_ns);
        return;
    }
    server->is_stopping_ = 1;
    server->stop_ns_ = stop_ns;
    set_accepting(server, false);
    close_preopened(server);
    if (wasock_socket_is_open(&server->input_.socket)) {
        wasock_pollable_close(&server->input_);
    }
    stop_clients(server);
}

/* Standard input is readable: EOF stops the server, and input is dropped. */
static void read_stop(struct wasock_server *server)
{
    char dropped[64];
    const ptrdiff_t n = wasock_fd_read(0, dropped, sizeof(dropped));

    if (n <= 0 && n != -WASOCK_EAGAIN) {
        wasock_server_stop(server, server->drain_ns_);
    }
}

static void abort_all(struct wasock_server *server)
{
    server->is_closed_ = 1; /* `close` handlers open no new ones */
    for (uint32_t i = 0; i < server->n_used_; i++) {
        struct wasock_client *client = &server->clients_[i];
        const bool is_sent = client->state_ == WASOCK__CLIENT_LINGERING;
        wasock_client_abort(client, is_sent ? 0 : -WASOCK_ECANCELED);
    }
    while (server->changed_ != NULL) { /* `close` handlers may change others */
        wasock__client_process_changed(server);
    }
}

void wasock_server_close(struct wasock_server *server)
{
    server->is_stopping_ = 1;
    abort_all(server);
    close_preopened(server);
    if (wasock_socket_is_open(&server->input_.socket)) {
        wasock_pollable_close(&server->input_);
    }
    while (server->timers_ != NULL) {
        wasock_timer_cancel(server->timers_);
    }
    wasock_poller_close(&server->poller_);
}

/* ---- The loop ---- */

static bool has_stopped(const struct wasock_server *server)
{
    return server->is_stopping_ && server->n_clients_ == 0;
}

static void dispatch(struct wasock_server *server,
                     const struct wasock_poller_event *event)
{
    const uintptr_t token = (uintptr_t)event->token;

    if (token >= (uintptr_t)server->clients_ &&
        token < (uintptr_t)(server->clients_ + server->options_.n_clients)) {
        wasock__client_serve((struct wasock_client *)event->token, event);
    } else if (event->token == &server->input_) {
        read_stop(server);
    } else if (event->ready != 0) {
        accept_clients(server, (struct wasock_listener *)event->token);
    }
}

/* Wait, serve what is ready, send what was queued. */
static ptrdiff_t turn(struct wasock_server *server, uint64_t deadline_ns)
{
    struct wasock_poller_event event;
    uint64_t until_ns =
        wasock_deadline_earlier(deadline_ns, wasock__timers_next_ns(server));

    if (server->is_stopping_) {
        until_ns = wasock_deadline_earlier(until_ns, server->stop_ns_);
    }
    if (server->changed_ != NULL) {
        until_ns = WASOCK_DEADLINE_PAST;
    }
    const ptrdiff_t n = wasock_poller_wait_until_ns(&server->poller_, until_ns);
    if (n < 0) {
        return n;
    }
    server->is_now_old_ = 1;
    if (server->has_timeouts_ || server->timers_ != NULL ||
        server->is_stopping_) {
        wasock_server_now_ns(server);
    }
    while (wasock_poller_next(&server->poller_, &event)) {
        dispatch(server, &event);
    }
    wasock__timers_expire(server);
    wasock__client_process_changed(server);
    if (server->is_stopping_ && server->now_ns_ >= server->stop_ns_) {
        abort_all(server);
    }
    if (server->is_full_ && !server->is_stopping_ && !is_full(server)) {
        set_accepting(server, true);
    }
    return n;
}

int wasock_server_run_until_ns(struct wasock_server *server,
                               uint64_t deadline_ns)
{
    do {
        if (has_stopped(server)) {
            return 0;
        }
        const ptrdiff_t n = turn(server, deadline_ns);
        if (n < 0) {
            return (int)n;
        }
    } while (deadline_ns == WASOCK_NO_DEADLINE ||
             (deadline_ns != WASOCK_DEADLINE_PAST &&
              wasock_poller_now_ns(&server->poller_) < deadline_ns));
    return has_stopped(server) ? 0 : -WASOCK_EDEADLINE;
}

int wasock_server_run_for_ns(struct wasock_server *server, uint64_t timeout_ns)
{
    return wasock_server_run_until_ns(
        server, wasock__deadline_after(timeout_ns,
                                       wasock_poller_now_ns(&server->poller_)));
}

int wasock_server_run(struct wasock_server *server)
{
    return wasock_server_run_until_ns(server, WASOCK_NO_DEADLINE);
}

size_t wasock_server_n_clients(const struct wasock_server *server)
{
    return server->n_clients_;
}

uint64_t wasock_server_now_ns(struct wasock_server *server)
{
    if (server->is_now_old_ || server->now_ns_ == 0) {
        server->now_ns_ = wasock_poller_now_ns(&server->poller_);
        server->is_now_old_ = 0;
    }
    return server->now_ns_;
}
