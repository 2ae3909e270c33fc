/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/err.h>

#include "../backend.h"

static struct wasock_fakenet *net_of(const struct wasock_network *backend)
{
    /* The network's first member. Objects see it as const; it is not. */
    const uintptr_t address = (uintptr_t)backend;

    /* NOLINTNEXTLINE(performance-no-int-to-ptr): it is a pointer's */
    return (struct wasock_fakenet *)address;
}

/* The network and the socket of an object. Delivers what is due first. */
static struct wasock__fakenet_socket *
socket_of(const struct wasock_socket *object, struct wasock_fakenet **net)
{
    *net = net_of(object->backend_);
    wasock__fakenet_catch_up(*net);
    return &(*net)->sockets_[object->fd_];
}

static int listen_at(struct wasock_network *network,
                     const struct wasock_addr *addr, size_t backlog,
                     struct wasock_socket *listener)
{
    return wasock__fakenet_listen(net_of(network), addr, backlog, listener);
}

static int connect_to(struct wasock_network *network,
                      const struct wasock_addr *addr,
                      struct wasock_socket *connecting)
{
    struct wasock_fakenet *net = net_of(network);

    wasock__fakenet_catch_up(net);
    return wasock__fakenet_connect(net, addr, connecting);
}

static int connect_result(struct wasock_socket *object)
{
    struct wasock_fakenet *net = NULL;

    return wasock__fakenet_connect_result(socket_of(object, &net));
}

static int accept_socket(struct wasock_socket *listener,
                         struct wasock_socket *accepted)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *socket = socket_of(listener, &net);

    return wasock__fakenet_accept(net, socket, accepted);
}

static ptrdiff_t receive(struct wasock_socket *object,
                         const struct wasock_buffer *buffers, size_t n_buffers)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *socket = socket_of(object, &net);

    const int result = wasock__fakenet_connect_result(socket);
    if (result < 0) {
        return result;
    }
    return socket->kind == WASOCK__FAKENET_DGRAM
               ? wasock__fakenet_read_datagram(net, socket, buffers, n_buffers,
                                               NULL)
               : wasock__fakenet_receive(net, socket, buffers, n_buffers);
}

static ptrdiff_t send(struct wasock_socket *object,
                      const struct wasock_slice *slices, size_t n_slices)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *socket = socket_of(object, &net);

    const int result = wasock__fakenet_connect_result(socket);
    if (result < 0) {
        return result;
    }
    return socket->kind == WASOCK__FAKENET_DGRAM
               ? wasock__fakenet_write_datagram(net, socket, slices, n_slices)
               : wasock__fakenet_send(net, socket, slices, n_slices);
}

static int shut_down(struct wasock_socket *object, unsigned halves)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *socket = socket_of(object, &net);

    if (socket->kind == WASOCK__FAKENET_DGRAM) {
        return -WASOCK_ENOTSUP;
    }
    if (socket->kind == WASOCK__FAKENET_CONNECTING) {
        return -WASOCK_ENOTCONN;
    }
    wasock__fakenet_shutdown(net, socket, halves);
    return 0;
}

static int close_socket(struct wasock_socket *object)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *socket = socket_of(object, &net);

    wasock__fakenet_close(net, socket);
    return 0;
}

static int local_addr(struct wasock_socket *object, struct wasock_addr *addr)
{
    struct wasock_fakenet *net = NULL;
    const struct wasock__fakenet_socket *socket = socket_of(object, &net);

    wasock__fakenet_addr_to(&socket->local, socket->name, addr);
    return 0;
}

static int remote_addr(struct wasock_socket *object, struct wasock_addr *addr)
{
    struct wasock_fakenet *net = NULL;
    const struct wasock__fakenet_socket *socket = socket_of(object, &net);

    wasock__fakenet_addr_to(&socket->remote, socket->name, addr);
    return 0;
}

static int wait_for(struct wasock_socket *object, unsigned direction,
                    uint64_t deadline_ns)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *socket = socket_of(object, &net);

    return wasock__fakenet_wait(net, socket, direction, deadline_ns);
}

static unsigned ready(struct wasock_socket *object)
{
    struct wasock_fakenet *net = NULL;
    const struct wasock__fakenet_socket *socket = socket_of(object, &net);

    return wasock__fakenet_ready(net, socket);
}

static bool is_broken(struct wasock_socket *object)
{
    struct wasock_fakenet *net = NULL;
    const struct wasock__fakenet_socket *socket = socket_of(object, &net);

    return socket->kind == WASOCK__FAKENET_STREAM &&
           wasock__fakenet_is_broken(net, socket);
}

static uint64_t now_ns(const struct wasock_network *backend)
{
    return wasock__fakenet_now(net_of(backend));
}

static int run(const struct wasock_network *backend, uint64_t deadline_ns)
{
    return wasock__fakenet_run(net_of(backend), deadline_ns);
}

static bool has_own_clock(const struct wasock_network *backend)
{
    return net_of(backend)->is_virtual_;
}

static const struct wasock__operations operations = {
    .listen = listen_at,
    .connect = connect_to,
    .connect_result = connect_result,
    .accept = accept_socket,
    .receive = receive,
    .send = send,
    .shutdown = shut_down,
    .close = close_socket,
    .local_addr = local_addr,
    .remote_addr = remote_addr,
    .wait = wait_for,
    .ready = ready,
    .is_broken = is_broken,
    .now_ns = now_ns,
    .run = run,
    .has_own_clock = has_own_clock,
};

void wasock__fakenet_attach(struct wasock_fakenet *net)
{
    wasock__backend_init(&net->network, &operations);
}

int wasock__fakenet_find(const struct wasock_socket *object,
                         struct wasock_fakenet **net,
                         struct wasock__fakenet_socket **socket)
{
    if (!wasock_socket_is_open(object)) {
        return -WASOCK_ECLOSED;
    }
    if (object->backend_ == NULL ||
        object->backend_->operations_ != &operations) {
        return -WASOCK_ENOTSUP;
    }
    *socket = socket_of(object, net);
    return 0;
}
