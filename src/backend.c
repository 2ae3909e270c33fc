/* SPDX-License-Identifier: MIT */
#include "backend.h"

#include <wasock/clock.h>
#include <wasock/err.h>

#include "socket_internal.h"

void wasock__backend_init(struct wasock_network *backend,
                          const struct wasock__operations *operations)
{
    backend->operations_ = operations;
}

/* The operations of a socket, or NULL for a closed one. */
static const struct wasock__operations *
operations_of(const struct wasock_socket *socket)
{
    return socket->backend_ == NULL ? NULL : socket->backend_->operations_;
}

int wasock__backend_listen(struct wasock_network *network,
                           const struct wasock_addr *addr, size_t backlog,
                           struct wasock_socket *listener)
{
    return network->operations_->listen(network, addr, backlog, listener);
}

int wasock__backend_connect(struct wasock_network *network,
                            const struct wasock_addr *addr,
                            struct wasock_socket *connecting)
{
    return network->operations_->connect(network, addr, connecting);
}

int wasock__backend_accept(struct wasock_socket *listener,
                           struct wasock_socket *accepted)
{
    const struct wasock__operations *operations = operations_of(listener);

    return operations == NULL ? -WASOCK_ECLOSED
                              : operations->accept(listener, accepted);
}

ptrdiff_t wasock__backend_readv(struct wasock_socket *socket,
                                const struct wasock_buffer *buffers,
                                size_t n_buffers)
{
    const struct wasock__operations *operations = operations_of(socket);

    return operations == NULL ? -WASOCK_ECLOSED
                              : operations->receive(socket, buffers, n_buffers);
}

ptrdiff_t wasock__backend_read(struct wasock_socket *socket, void *buffer,
                               size_t capacity)
{
    const struct wasock_buffer room = {buffer, capacity};

    return wasock__backend_readv(socket, &room, 1);
}

ptrdiff_t wasock__backend_writev(struct wasock_socket *socket,
                                 const struct wasock_slice *slices,
                                 size_t n_slices)
{
    const struct wasock__operations *operations = operations_of(socket);

    return operations == NULL ? -WASOCK_ECLOSED
                              : operations->send(socket, slices, n_slices);
}

ptrdiff_t wasock__backend_write(struct wasock_socket *socket, const void *data,
                                size_t length)
{
    const struct wasock_slice slice = {data, length};

    return wasock__backend_writev(socket, &slice, 1);
}

int wasock__backend_shutdown(struct wasock_socket *socket, unsigned halves)
{
    const struct wasock__operations *operations = operations_of(socket);

    return operations == NULL ? -WASOCK_ECLOSED
                              : operations->shutdown(socket, halves);
}

int wasock__backend_close(struct wasock_socket *socket)
{
    const struct wasock__operations *operations = operations_of(socket);

    return operations == NULL ? -WASOCK_ECLOSED : operations->close(socket);
}

int wasock__backend_connect_result(struct wasock_socket *socket)
{
    const struct wasock__operations *operations = operations_of(socket);

    return operations == NULL ? -WASOCK_ECLOSED
                              : operations->connect_result(socket);
}

int wasock__backend_local_addr(struct wasock_socket *socket,
                               struct wasock_addr *addr)
{
    const struct wasock__operations *operations = operations_of(socket);

    return operations == NULL ? -WASOCK_ECLOSED
                              : operations->local_addr(socket, addr);
}

int wasock__backend_remote_addr(struct wasock_socket *socket,
                                struct wasock_addr *addr)
{
    const struct wasock__operations *operations = operations_of(socket);

    return operations == NULL ? -WASOCK_ECLOSED
                              : operations->remote_addr(socket, addr);
}

int wasock__backend_wait(struct wasock_socket *socket, unsigned direction)
{
    const struct wasock__operations *operations = operations_of(socket);

    return operations == NULL
               ? -WASOCK_ECLOSED
               : operations->wait(
                     socket, direction,
                     socket->deadline_ns_[WASOCK__SIDE(direction)]);
}

uint64_t wasock_socket_now_ns(const struct wasock_socket *socket)
{
    const struct wasock__operations *operations = operations_of(socket);

    return operations == NULL ? wasock_clock_now_ns()
                              : operations->now_ns(socket->backend_);
}
