/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/clock.h>
#include <wasock/err.h>

static void append_pending(struct wasock_fakenet *net,
                           struct wasock__fakenet_socket *listener,
                           struct wasock__fakenet_socket *socket)
{
    const uint32_t index = wasock__fakenet_index(net, socket);

    if (listener->n_pending++ == 0) {
        listener->pending.first = index;
    } else {
        net->sockets_[listener->pending.last].next = index;
    }
    listener->pending.last = index;
    wasock__fakenet_notify(listener);
}

/* Take the first pending connection, or NULL. */
static struct wasock__fakenet_socket *
take_pending(struct wasock_fakenet *net,
             struct wasock__fakenet_socket *listener)
{
    if (listener->n_pending == 0) {
        return NULL;
    }
    struct wasock__fakenet_socket *socket =
        wasock__fakenet_at(net, listener->pending.first);
    listener->pending.first = socket->next;
    listener->n_pending--;
    return socket;
}

int wasock__fakenet_accept(struct wasock_fakenet *net,
                           struct wasock__fakenet_socket *listener,
                           struct wasock_socket *accepted)
{
    struct wasock__fakenet_socket *socket = take_pending(net, listener);

    if (socket == NULL) {
        return -WASOCK_EAGAIN;
    }
    wasock__fakenet_open(net, socket, accepted);
    return 0;
}

/* A reset answers bytes that are on their way to a socket that closes, when
 * they arrive. */
static void expect_answer(struct wasock_fakenet *net,
                          const struct wasock__fakenet_socket *socket)
{
    struct wasock__fakenet_socket *peer = wasock__fakenet_at(net, socket->peer);

    if (peer == NULL || peer->answer_ns != 0 ||
        socket->unread.first == WASOCK__FAKENET_NONE) {
        return;
    }
    const uint64_t now_ns = wasock__fakenet_now(net);
    const uint64_t due_ns = net->blocks_[socket->unread.last].due_ns;
    peer->answer_ns =
        wasock_ns_add(due_ns > now_ns ? due_ns : now_ns,
                      wasock__fakenet_faults(net, socket)->latency_ns);
}

void wasock__fakenet_close(struct wasock_fakenet *net,
                           struct wasock__fakenet_socket *socket)
{
    /* As in TCP: closing with unread bytes resets the connection. */
    const bool is_to_be_reset =
        socket->is_to_be_reset ||
        wasock__fakenet_arrived(net, &socket->unread) != NULL;
    struct wasock__fakenet_socket *pending = NULL;

    while ((pending = take_pending(net, socket)) != NULL) {
        wasock__fakenet_leave(net, pending, WASOCK__FAKENET_RESET);
        wasock__fakenet_free(net, pending);
    }
    expect_answer(net, socket);
    wasock__fakenet_leave(net, socket,
                          is_to_be_reset ? WASOCK__FAKENET_RESET
                                         : WASOCK__FAKENET_ENDED);
    wasock__fakenet_free(net, socket);
}

int wasock_fakenet_listen(struct wasock_fakenet *net,
                          const struct wasock_addr *addr, size_t backlog,
                          struct wasock_listener *listener)
{
    struct wasock__fakenet_addr local;

    if (wasock_socket_is_open(&listener->socket)) {
        return -WASOCK_EOPEN;
    }
    int result = wasock__fakenet_addr_from(addr, &local);
    if (result < 0) {
        return result;
    }
    struct wasock__fakenet_socket *socket =
        wasock__fakenet_allocate(net, WASOCK__FAKENET_LISTENER);
    if (socket == NULL) {
        return -WASOCK_ESTORAGE;
    }
    socket->local = local;
    wasock__fakenet_set_name(socket, addr->name);
    socket->n_pending_max =
        backlog == 0 ? WASOCK_FAKENET_BACKLOG
                     : (uint32_t)wasock__fakenet_least(backlog, INT32_MAX);
    result = wasock__fakenet_bind_local(net, socket);
    if (result < 0) {
        wasock__fakenet_free(net, socket);
        return result;
    }
    wasock__fakenet_open(net, socket, &listener->socket);
    return 0;
}

/* Allocate both ends of a connection. Returns one of them. */
static struct wasock__fakenet_socket *allocate_pair(struct wasock_fakenet *net)
{
    if (net->n_free_sockets_ < 2) {
        return NULL;
    }
    struct wasock__fakenet_socket *a =
        wasock__fakenet_allocate(net, WASOCK__FAKENET_STREAM);
    struct wasock__fakenet_socket *b =
        wasock__fakenet_allocate(net, WASOCK__FAKENET_STREAM);
    a->peer = wasock__fakenet_index(net, b);
    b->peer = wasock__fakenet_index(net, a);
    return a;
}

/* Connect to a listener whose backlog has room. */
static int connect_to(struct wasock_fakenet *net,
                      struct wasock__fakenet_socket *listener,
                      const struct wasock__fakenet_addr *addr,
                      struct wasock_conn *conn)
{
    struct wasock__fakenet_socket *client = allocate_pair(net);

    if (client == NULL) {
        return -WASOCK_ESTORAGE;
    }
    struct wasock__fakenet_socket *server =
        wasock__fakenet_at(net, client->peer);
    if (addr->family != WASOCK_ADDR_NAME) {
        client->local = *addr; /* the network is one machine */
        client->local.port = 0;
        const int result = wasock__fakenet_bind_local(net, client);
        if (result < 0) {
            wasock__fakenet_free(net, server);
            wasock__fakenet_free(net, client);
            return result;
        }
    }
    client->remote = *addr;
    server->local = *addr;
    server->remote = client->local;
    wasock__fakenet_set_name(client, listener->name);
    wasock__fakenet_set_name(server, listener->name);
    server->n_unread_max = listener->n_unread_max;
    server->faults = listener->faults;
    append_pending(net, listener, server);
    wasock__fakenet_open(net, client, &conn->socket);
    return 0;
}

int wasock_fakenet_try_dial(struct wasock_fakenet *net,
                            const struct wasock_addr *addr,
                            struct wasock_conn *conn)
{
    const uint16_t refused_permille =
        wasock__fakenet_faults(net, NULL)->refused_permille;
    struct wasock__fakenet_socket *listener = NULL;
    struct wasock__fakenet_addr remote;

    if (wasock_socket_is_open(&conn->socket)) {
        return -WASOCK_EOPEN;
    }
    int result = wasock__fakenet_addr_from(addr, &remote);
    if (result < 0) {
        return result;
    }
    wasock__fakenet_catch_up(net);
    wasock__fakenet_addr_make_definite(&remote);
    if (refused_permille > 0 &&
        wasock__fakenet_draw(net, 1000) < refused_permille) {
        return -WASOCK_ECONNREFUSED;
    }
    result = wasock__fakenet_receiver(net, &remote, addr->name,
                                      WASOCK__FAKENET_LISTENER, &listener);
    if (result < 0) {
        return result;
    }
    return listener->n_pending < listener->n_pending_max
               ? connect_to(net, listener, &remote, conn)
               : -WASOCK_EAGAIN;
}

int wasock_fakenet_dial_until_ns(struct wasock_fakenet *net,
                                 const struct wasock_addr *addr,
                                 uint64_t deadline_ns, struct wasock_conn *conn)
{
    const uint64_t latency_ns = wasock__fakenet_faults(net, NULL)->latency_ns;
    const uint64_t now_ns = wasock__fakenet_now(net);
    const uint64_t answer_ns =
        wasock_ns_add(wasock_ns_add(now_ns, latency_ns), latency_ns);

    if (wasock_socket_is_open(&conn->socket)) {
        return -WASOCK_EOPEN;
    }
    if (wasock_deadline_is_past(deadline_ns, now_ns)) {
        return -WASOCK_EDEADLINE;
    }
    int result = wasock_fakenet_sleep_until_ns(
        net, wasock_deadline_earlier(answer_ns, deadline_ns));
    if (result < 0) {
        return result;
    }
    if (wasock_deadline_is_past(deadline_ns, answer_ns)) {
        return -WASOCK_EDEADLINE;
    }
    result = wasock_fakenet_try_dial(net, addr, conn);
    if (result == -WASOCK_EAGAIN) {
        /* Nobody can accept while this waits. */
        result = wasock_fakenet_sleep_until_ns(net, deadline_ns);
        return result < 0 ? result : -WASOCK_EDEADLINE;
    }
    return result;
}

int wasock_fakenet_dial_for_ns(struct wasock_fakenet *net,
                               const struct wasock_addr *addr,
                               uint64_t timeout_ns, struct wasock_conn *conn)
{
    return wasock_fakenet_dial_until_ns(
        net, addr, wasock__deadline_after(timeout_ns, wasock__fakenet_now(net)),
        conn);
}

int wasock_fakenet_pair(struct wasock_fakenet *net, struct wasock_conn *a,
                        struct wasock_conn *b)
{
    if (a == b || wasock_socket_is_open(&a->socket) ||
        wasock_socket_is_open(&b->socket)) {
        return -WASOCK_EOPEN;
    }
    struct wasock__fakenet_socket *first = allocate_pair(net);
    if (first == NULL) {
        return -WASOCK_ESTORAGE;
    }
    wasock__fakenet_open(net, first, &a->socket);
    wasock__fakenet_open(net, wasock__fakenet_at(net, first->peer), &b->socket);
    return 0;
}

struct wasock_conn *wasock_fakenet_peer(const struct wasock_conn *conn)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *socket = NULL;

    if (wasock__fakenet_find(&conn->socket, &net, &socket) < 0) {
        return NULL;
    }
    const struct wasock__fakenet_socket *peer =
        wasock__fakenet_at(net, socket->peer);
    /* The socket is the first member of the connection. */
    return peer == NULL ? NULL : (struct wasock_conn *)(void *)peer->object;
}

int wasock_fakenet_reset(struct wasock_conn *conn)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *socket = NULL;
    const int result = wasock__fakenet_find(&conn->socket, &net, &socket);

    if (result < 0) {
        return result;
    }
    if (socket->kind != WASOCK__FAKENET_STREAM) {
        return -WASOCK_EPROTOTYPE;
    }
    socket->is_to_be_reset = 1;
    return wasock_conn_close(conn);
}
