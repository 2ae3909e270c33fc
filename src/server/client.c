/* SPDX-License-Identifier: MIT */
#include "internal.h"

/* How long a client that was sent all may take to close its end: a close with
 * unread input would destroy what is on its way to the peer. */
#define LINGER_NS (2 * WASOCK_NS_PER_S)

/* ---- Changes ---- */

void wasock__client_change(struct wasock_client *client)
{
    struct wasock_server *server = client->server;

    if (!client->is_changed_) {
        client->is_changed_ = 1;
        client->next_ = NULL;
        *server->changed_end_ = client;
        server->changed_end_ = &client->next_;
    }
}

void wasock_client_abort(struct wasock_client *client, int reason)
{
    if (client->state_ != WASOCK__CLIENT_DONE &&
        client->state_ != WASOCK__CLIENT_FREE) {
        client->state_ = WASOCK__CLIENT_DONE;
        client->reason_ = (int16_t)reason;
        wasock__client_change(client);
    }
}

void wasock_client_close(struct wasock_client *client)
{
    if (!wasock_client_is_closing(client)) {
        client->state_ = client->state_ == WASOCK__CLIENT_OPEN
                             ? WASOCK__CLIENT_ENDING
                             : WASOCK__CLIENT_DONE;
        wasock__client_change(client);
    }
}

void wasock_client_pause(struct wasock_client *client)
{
    if (!wasock_client_is_closing(client) && !client->is_paused_) {
        client->is_paused_ = 1;
        wasock__client_change(client);
    }
}

void wasock_client_resume(struct wasock_client *client)
{
    if (wasock_client_is_closing(client) || !client->is_paused_) {
        return;
    }
    client->is_paused_ = 0;
    wasock__client_change(client);
    if (client->message_ns_ != 0) { /* the client could not go on */
        client->message_ns_ = client->server->now_ns_;
        wasock__client_expect(client, WASOCK_READABLE, client->message_ns_,
                              client->server->options_.message_ns);
    }
}

void wasock_client_want(struct wasock_client *client, unsigned directions)
{
    client->wants_ |= (uint8_t)directions;
}

/* ---- Timeouts ---- */

void wasock__client_expect(struct wasock_client *client, unsigned direction,
                           uint64_t since_ns, uint64_t timeout_ns)
{
    struct wasock_socket *socket = &client->conn.socket;
    const uint64_t set_ns = socket->deadline_ns_[direction >> 1];
    const uint64_t due_ns = wasock_ns_add(since_ns, timeout_ns);

    if (timeout_ns != 0 && (set_ns == WASOCK_NO_DEADLINE || due_ns < set_ns)) {
        wasock_socket_set_deadline_ns(socket, direction, due_ns);
    }
}

/* Whether a timeout that began at `since_ns` is over. Otherwise its deadline is
 * set anew: deadlines are not moved whenever a client is active. */
static bool is_over(struct wasock_client *client, unsigned direction,
                    uint64_t since_ns, uint64_t timeout_ns)
{
    if (timeout_ns == 0 || since_ns == 0) {
        return false;
    }
    if (wasock_ns_add(since_ns, timeout_ns) <= client->server->now_ns_) {
        return true;
    }
    wasock__client_expect(client, direction, since_ns, timeout_ns);
    return false;
}

/* Whether something is to be written: data, or that there is no more. */
static bool has_output(const struct wasock_client *client)
{
    return wasock__n_output(client) > 0 || client->shut_ == WASOCK__SHUT_WANTED;
}

/* Whether the client is to send more of a message, or of a handshake. */
static bool is_in_message(const struct wasock_client *client)
{
    return client->state_ == WASOCK__CLIENT_HANDSHAKE ||
           (client->state_ == WASOCK__CLIENT_OPEN && !client->is_eof_ &&
            !client->is_paused_ && !client->is_held_);
}

static void check_deadlines(struct wasock_client *client, unsigned exceeded)
{
    const struct wasock_server_options *options = &client->server->options_;
    const bool is_lingering = client->state_ == WASOCK__CLIENT_LINGERING;
    bool is_late = false;

    wasock_socket_set_deadline_ns(&client->conn.socket, exceeded,
                                  WASOCK_NO_DEADLINE);
    if (exceeded & WASOCK_READABLE) {
        is_late |= is_lingering;
        is_late |= is_over(client, WASOCK_READABLE, client->active_ns_,
                           options->idle_ns);
        is_late |= is_in_message(client) &&
                   is_over(client, WASOCK_READABLE, client->message_ns_,
                           options->message_ns);
    }
    if ((exceeded & WASOCK_WRITABLE) && has_output(client)) {
        is_late |= is_over(client, WASOCK_WRITABLE, client->output_ns_,
                           options->write_ns);
    }
    if (is_late) {
        wasock_client_abort(client, is_lingering ? 0 : -WASOCK_EDEADLINE);
    }
}

/* ---- Events ---- */

static void update_interest(struct wasock_client *client)
{
    unsigned interest = 0;

    if (client->state_ == WASOCK__CLIENT_CONNECTING) {
        interest = WASOCK_WRITABLE;
    } else if (client->state_ == WASOCK__CLIENT_HANDSHAKE) {
        interest = client->read_needs_;
    } else {
        interest |= wasock__input_is_wanted(client) ? client->read_needs_ : 0U;
        interest |= has_output(client) ? client->write_needs_ : 0U;
    }
    if (interest != client->interest_) {
        const int result = wasock_poller_modify(
            &client->server->poller_, &client->conn.socket, interest, client);
        if (result < 0) {
            wasock_client_abort(client, result);
        }
        client->interest_ = (uint8_t)interest;
    }
}

static void set_open(struct wasock_client *client)
{
    client->state_ = WASOCK__CLIENT_OPEN;
    client->active_ns_ = client->server->now_ns_;
    client->message_ns_ = 0;
    if (client->server->options_.transport != NULL) {
        client->is_unread_ = 1; /* data may have come with the handshake */
        wasock__client_change(client);
    }
    if (client->handler->open != NULL) {
        client->handler->open(client);
    }
}

static void go_on_with_handshake(struct wasock_client *client)
{
    const int result = client->server->options_.transport->handshake(client);

    client->read_needs_ = wasock__client_needs(client, result, WASOCK_READABLE);
    if (result == 0) {
        set_open(client);
    } else if (result != -WASOCK_EAGAIN) {
        wasock_client_abort(client, result);
    } else {
        wasock__client_change(client); /* it may wait for something else now */
    }
}

/* The connection is open: open the transport's session, or the client. */
static void begin_session(struct wasock_client *client)
{
    const struct wasock_server *server = client->server;
    const struct wasock_transport *transport = server->options_.transport;
    int result = 0;

    if (transport != NULL && transport->open != NULL) {
        result = transport->open(client);
    }
    if (result < 0) {
        wasock_client_abort(client, result);
        return;
    }
    client->is_session_ = 1;
    if (transport == NULL || transport->handshake == NULL) {
        set_open(client);
        return;
    }
    client->state_ = WASOCK__CLIENT_HANDSHAKE;
    client->message_ns_ = server->now_ns_;
    wasock__client_expect(client, WASOCK_READABLE, client->message_ns_,
                          server->options_.message_ns);
    go_on_with_handshake(client);
}

static void finish_connect(struct wasock_client *client)
{
    const int result = wasock_conn_try_finish_connect(&client->conn);

    if (result == 0) {
        begin_session(client);
    } else if (result != -WASOCK_EAGAIN) {
        wasock_client_abort(client, result);
    }
}

void wasock__client_serve(struct wasock_client *client,
                          const struct wasock_poller_event *event)
{
    if (event->error != 0) {
        wasock_client_abort(client, event->error);
        return;
    }
    if (event->deadline != 0) {
        check_deadlines(client, event->deadline);
    }
    if (client->state_ == WASOCK__CLIENT_CONNECTING) {
        finish_connect(client);
        wasock__client_change(client);
        return;
    }
    if (client->state_ == WASOCK__CLIENT_HANDSHAKE) {
        go_on_with_handshake(client);
        return;
    }
    const bool has_transport = client->server->options_.transport != NULL;
    if ((event->ready & WASOCK_WRITABLE) || has_transport) {
        wasock__client_change(client); /* sends */
    }
    if ((event->ready & WASOCK_READABLE) || has_transport) {
        wasock__input_read(client);
    }
    if (!client->is_changed_) {
        update_interest(client);
    }
}

/* ---- Closing ---- */

static void release(struct wasock_client *client)
{
    const struct wasock_transport *transport =
        client->server->options_.transport;

    if (wasock_socket_is_open(&client->conn.socket)) {
        if (client->is_session_ && transport != NULL &&
            transport->close != NULL) {
            transport->close(client);
        }
        wasock_conn_close(&client->conn);
    }
    if (client->handler->close != NULL) {
        client->handler->close(client, client->reason_);
    }
    wasock__client_free(client);
}

/* All output of a client that is to be closed is sent: shut the writing half,
 * and wait for the client to close its own. */
static void end_output(struct wasock_client *client)
{
    if (client->shut_ != WASOCK__SHUT_DONE && !wasock__output_shut(client)) {
        return;
    }
    if (client->is_eof_) {
        wasock_client_abort(client, 0);
        return;
    }
    const uint64_t now_ns = wasock_poller_now_ns(&client->server->poller_);
    client->state_ = WASOCK__CLIENT_LINGERING;
    client->read_needs_ = WASOCK_READABLE;
    wasock_socket_set_deadline_ns(&client->conn.socket, WASOCK_READABLE,
                                  wasock__ns_after(now_ns, LINGER_NS));
}

/* A client whose writing half is shut is closed after its EOF. */
static void half_close(struct wasock_client *client)
{
    if (client->shut_ == WASOCK__SHUT_WANTED) {
        wasock__output_shut(client);
    }
    if (client->shut_ == WASOCK__SHUT_DONE && client->is_eof_) {
        wasock_client_close(client);
    }
}

static void process_open(struct wasock_client *client)
{
    wasock__output_flush(client);
    if (client->state_ == WASOCK__CLIENT_OPEN && client->is_held_) {
        wasock__input_pass(client);
    }
    if (client->is_unread_ && wasock__input_is_wanted(client)) {
        wasock__input_read(client);
    }
    if (client->state_ == WASOCK__CLIENT_OPEN &&
        wasock__n_output(client) == 0) {
        half_close(client);
    }
    if (client->state_ == WASOCK__CLIENT_ENDING &&
        wasock__n_output(client) == 0) {
        end_output(client);
    }
}

static void process(struct wasock_client *client)
{
    if (client->state_ == WASOCK__CLIENT_RESERVED) {
        return;
    }
    if (client->state_ == WASOCK__CLIENT_OPEN ||
        client->state_ == WASOCK__CLIENT_ENDING) {
        process_open(client);
    }
    if (client->state_ != WASOCK__CLIENT_DONE) {
        update_interest(client);
    }
}

/* Clients changed meanwhile are processed after the next wait, so that
 * a client that always has more to send does not stop the others. */
void wasock__client_process_changed(struct wasock_server *server)
{
    struct wasock_client *client = server->changed_;

    server->changed_ = NULL;
    server->changed_end_ = &server->changed_;
    while (client != NULL) {
        struct wasock_client *next = client->next_;
        client->is_changed_ = 0;
        if (client->state_ != WASOCK__CLIENT_DONE) {
            process(client);
        }
        if (client->state_ == WASOCK__CLIENT_DONE && !client->is_changed_) {
            release(client);
        }
        client = next;
    }
}

/* ---- Opening ---- */

struct wasock_client *wasock_server_reserve(struct wasock_server *server)
{
    struct wasock_client *client = server->free_;

    if (server->is_closed_) {
        return NULL;
    }
    if (client != NULL) {
        server->free_ = client->next_;
    } else if (server->n_used_ < server->options_.n_clients) {
        client = &server->clients_[server->n_used_++];
    } else {
        return NULL;
    }
    const struct wasock_client fresh = {
        .handler = server->options_.handler,
        .server = server,
        .state_ = WASOCK__CLIENT_RESERVED,
        .read_needs_ = WASOCK_READABLE,
        .write_needs_ = WASOCK_WRITABLE,
    };
    *client = fresh;
    server->n_clients_++;
    return client;
}

void wasock__client_free(struct wasock_client *client)
{
    struct wasock_server *server = client->server;

    client->state_ = WASOCK__CLIENT_FREE;
    client->next_ = server->free_;
    server->free_ = client;
    server->n_clients_--;
    server->n_accepted_ -= client->listener != NULL;
}

int wasock__client_begin(struct wasock_client *client, bool is_open)
{
    struct wasock_server *server = client->server;
    const unsigned interest = is_open ? WASOCK_READABLE : WASOCK_WRITABLE;
    const int result = wasock_poller_add(&server->poller_, &client->conn.socket,
                                         interest, client);

    if (result < 0) {
        return result;
    }
    if (server->now_ns_ == 0) { /* no listener was added */
        server->now_ns_ = wasock_poller_now_ns(&server->poller_);
    }
    client->interest_ = (uint8_t)interest;
    client->active_ns_ = server->now_ns_;
    client->state_ = WASOCK__CLIENT_CONNECTING;
    if (client->is_paused_ || has_output(client)) {
        wasock__client_change(client); /* it was used before it was started */
    }
    wasock__client_expect(client, WASOCK_READABLE, client->active_ns_,
                          server->options_.idle_ns);
    if (is_open) {
        begin_session(client);
    }
    return 0;
}

int wasock_client_start(struct wasock_client *client)
{
    if (wasock_client_is_closing(client)) {
        return -WASOCK_ECLOSED;
    }
    int result = wasock_conn_try_finish_connect(&client->conn);
    if (result == 0 || result == -WASOCK_EAGAIN) {
        result = wasock__client_begin(client, result == 0);
    }
    if (result < 0) {
        wasock_client_abort(client, result);
    }
    return result;
}

size_t wasock_client_index(const struct wasock_client *client)
{
    return wasock__client_index(client);
}

struct wasock_client *wasock_server_next(struct wasock_server *server,
                                         const struct wasock_client *client)
{
    uint32_t i = client == NULL ? 0 : wasock__client_index(client) + 1;

    while (i < server->n_used_ &&
           server->clients_[i].state_ != WASOCK__CLIENT_OPEN) {
        i++;
    }
    return i < server->n_used_ ? &server->clients_[i] : NULL;
}
