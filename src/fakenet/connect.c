/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/clock.h>
#include <wasock/err.h>

void wasock__fakenet_append_pending(struct wasock_fakenet *net,
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
    wasock__fakenet_retry_waiting(net);
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
    const bool is_listener = socket->kind == WASOCK__FAKENET_LISTENER;
    struct wasock__fakenet_socket *pending = NULL;

    net->n_waiting_ -= socket->is_waiting;
    socket->is_waiting = 0;
    while ((pending = take_pending(net, socket)) != NULL) {
        wasock__fakenet_leave(net, pending, WASOCK__FAKENET_RESET);
        wasock__fakenet_free(net, pending);
    }
    expect_answer(net, socket);
    wasock__fakenet_leave(net, socket,
                          is_to_be_reset ? WASOCK__FAKENET_RESET
                                         : WASOCK__FAKENET_ENDED);
    wasock__fakenet_free(net, socket);
    if (is_listener) { /* refuse the connects that wait for room */
        wasock__fakenet_retry_waiting(net);
    }
}

int wasock__fakenet_listen(struct wasock_fakenet *net,
                           const struct wasock_addr *addr, size_t backlog,
                           struct wasock_socket *listener)
{
    struct wasock__fakenet_addr local;
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
    socket->n_pending_max = (uint32_t)wasock__fakenet_least(backlog, INT32_MAX);
    result = wasock__fakenet_bind_local(net, socket);
    if (result < 0) {
        wasock__fakenet_free(net, socket);
        return result;
    }
    wasock__fakenet_open(net, socket, listener);
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
