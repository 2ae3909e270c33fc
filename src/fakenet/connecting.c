/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/clock.h>
#include <wasock/err.h>

/*
 * A connect takes a round trip. Then it is refused or established, or waits
 * while the listener's backlog is full.
 */

/* Connect a client to a listener whose backlog has room. */
static int establish(struct wasock_fakenet *net,
                     struct wasock__fakenet_socket *listener,
                     struct wasock__fakenet_socket *client)
{
    struct wasock__fakenet_socket *server =
        wasock__fakenet_allocate(net, WASOCK__FAKENET_STREAM);

    if (server == NULL) {
        return -WASOCK_ESTORAGE;
    }
    if (client->remote.family != WASOCK_ADDR_NAME) {
        client->local = client->remote; /* the network is one machine */
        client->local.port = 0;
        const int result = wasock__fakenet_bind_local(net, client);
        if (result < 0) {
            wasock__fakenet_free(net, server);
            return result;
        }
    }
    client->kind = WASOCK__FAKENET_STREAM;
    client->peer = wasock__fakenet_index(net, server);
    server->peer = wasock__fakenet_index(net, client);
    server->local = client->remote;
    server->remote = client->local;
    wasock__fakenet_set_name(server, listener->name);
    server->n_unread_max = listener->n_unread_max;
    server->faults = listener->faults;
    wasock__fakenet_append_pending(net, listener, server);
    return 0;
}

/* Let a connect reach its destination. EAGAIN: the backlog is full. */
static int arrive(struct wasock_fakenet *net,
                  struct wasock__fakenet_socket *client)
{
    const uint16_t refused_permille =
        wasock__fakenet_faults(net, NULL)->refused_permille;
    struct wasock__fakenet_socket *listener = NULL;

    if (!client->is_waiting && refused_permille > 0 &&
        wasock__fakenet_draw(net, 1000) < refused_permille) {
        return -WASOCK_ECONNREFUSED;
    }
    const int result =
        wasock__fakenet_receiver(net, &client->remote, client->name,
                                 WASOCK__FAKENET_LISTENER, &listener);
    if (result < 0) {
        return result;
    }
    return listener->n_pending < listener->n_pending_max
               ? establish(net, listener, client)
               : -WASOCK_EAGAIN;
}

void wasock__fakenet_answer(struct wasock_fakenet *net,
                            struct wasock__fakenet_socket *client)
{
    const int result = arrive(net, client);

    net->n_waiting_ -= client->is_waiting;
    client->is_waiting = result == -WASOCK_EAGAIN;
    net->n_waiting_ += client->is_waiting;
    if (!client->is_waiting) {
        client->connect_error = (int16_t)result;
        wasock__fakenet_notify(client);
    }
}

void wasock__fakenet_retry_waiting(struct wasock_fakenet *net)
{
    for (uint32_t i = 0; i < net->n_sockets_ && net->n_waiting_ > 0; i++) {
        if (net->sockets_[i].is_waiting) {
            wasock__fakenet_answer(net, &net->sockets_[i]);
        }
    }
}

int wasock__fakenet_connect(struct wasock_fakenet *net,
                            const struct wasock_addr *addr,
                            struct wasock_socket *object)
{
    const uint64_t latency_ns = wasock__fakenet_faults(net, NULL)->latency_ns;
    struct wasock__fakenet_addr remote;
    const int family = wasock__fakenet_addr_from(addr, &remote);

    if (family < 0) {
        return family;
    }
    struct wasock__fakenet_socket *client =
        wasock__fakenet_allocate(net, WASOCK__FAKENET_CONNECTING);
    if (client == NULL) {
        return -WASOCK_ESTORAGE;
    }
    wasock__fakenet_addr_make_definite(&remote);
    client->remote = remote;
    wasock__fakenet_set_name(client, addr->name);
    if (latency_ns == 0) {
        wasock__fakenet_answer(net, client);
        const int error = client->connect_error;
        if (error < 0) {
            wasock__fakenet_free(net, client);
            return error;
        }
    } else {
        client->end_ns = wasock_ns_add(
            wasock_ns_add(wasock__fakenet_now(net), latency_ns), latency_ns);
        wasock__fakenet_expect(net, client);
    }
    wasock__fakenet_open(net, client, object);
    return 0;
}

int wasock__fakenet_connect_result(const struct wasock__fakenet_socket *socket)
{
    if (socket->connect_error != 0) {
        return socket->connect_error;
    }
    return socket->kind == WASOCK__FAKENET_CONNECTING ? -WASOCK_EAGAIN : 0;
}
