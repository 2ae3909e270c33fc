/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/clock.h>
#include <wasock/err.h>
#include <wasock/fd.h>

/* The start of a network's own clock. */
#define START_NS WASOCK_NS_PER_S

/* The highest limit of unread bytes. */
#define UNREAD_BYTES_LIMIT (UINT32_C(1) << 31)

struct wasock__fakenet_socket *
wasock__fakenet_allocate(struct wasock_fakenet *net,
                         enum wasock__fakenet_kind kind)
{
    const struct wasock__fakenet_socket fresh = {
        .peer = WASOCK__FAKENET_NONE,
        .next = WASOCK__FAKENET_NONE,
        .next_bound = WASOCK__FAKENET_NONE,
        .unread = {WASOCK__FAKENET_NONE, WASOCK__FAKENET_NONE},
        .pending = {WASOCK__FAKENET_NONE, WASOCK__FAKENET_NONE},
        .n_unread_max = WASOCK_FAKENET_UNREAD_BYTES_MAX,
        .kind = (uint8_t)kind,
    };
    struct wasock__fakenet_socket *socket =
        wasock__fakenet_at(net, net->free_sockets_);

    if (socket != NULL) {
        net->free_sockets_ = socket->next;
        net->n_free_sockets_--;
        *socket = fresh;
    }
    return socket;
}

void wasock__fakenet_free(struct wasock_fakenet *net,
                          struct wasock__fakenet_socket *socket)
{
    wasock__fakenet_unbind(net, socket);
    wasock__fakenet_drop(net, &socket->unread);
    wasock__fakenet_expect_nothing(net, socket);
    socket->kind = WASOCK__FAKENET_FREE;
    socket->next = net->free_sockets_;
    net->free_sockets_ = wasock__fakenet_index(net, socket);
    net->n_free_sockets_++;
}

void wasock__fakenet_open(struct wasock_fakenet *net,
                          struct wasock__fakenet_socket *socket,
                          struct wasock_socket *object)
{
    const struct wasock_socket opened = {
        .backend_ = &net->network,
        .fd_ = (int)wasock__fakenet_index(net, socket),
    };

    *object = opened;
    socket->object = object;
}

void wasock__fakenet_notify(struct wasock__fakenet_socket *socket)
{
    if (socket->object != NULL) {
        wasock__socket_notify(socket->object, WASOCK__CHANGE_READY);
    }
}

unsigned wasock__fakenet_ready(const struct wasock_fakenet *net,
                               const struct wasock__fakenet_socket *socket)
{
    unsigned ready = 0;

    if (socket->kind == WASOCK__FAKENET_STREAM) {
        return wasock__fakenet_stream_ready(net, socket);
    }
    if (socket->connect_error != 0) {
        return WASOCK_READABLE | WASOCK_WRITABLE;
    }
    if (socket->n_pending > 0 ||
        wasock__fakenet_arrived(net, &socket->unread) != NULL) {
        ready |= WASOCK_READABLE;
    }
    if (socket->kind == WASOCK__FAKENET_DGRAM) {
        ready |=
            WASOCK_WRITABLE; /* a send without room fails; it does not wait */
    }
    return ready;
}

_Static_assert(sizeof(struct wasock__timer_heap) <= WASOCK__FAKENET_FIXED_BYTES,
               "WASOCK_FAKENET_SIZE has no room for the heap of arrivals");
_Static_assert(sizeof(struct wasock__timer) + 2 * sizeof(uint32_t) ==
                   WASOCK__FAKENET_SOCKET_BYTES -
                       sizeof(struct wasock__fakenet_socket),
               "WASOCK_FAKENET_SIZE has no room for the arrays of sockets");

/* Divide the memory into arrays, in the order of their alignment. */
static void lay_out(struct wasock_fakenet *net, void *memory, size_t n_blocks)
{
    const size_t n_sockets = net->n_sockets_;

    net->arrivals_ = (struct wasock__timer_heap *)memory;
    net->sockets_ =
        (struct wasock__fakenet_socket *)(void *)((char *)memory +
                                                  WASOCK__FAKENET_FIXED_BYTES);
    struct wasock__timer *timers =
        (struct wasock__timer *)(void *)(net->sockets_ + n_sockets);
    net->blocks_ = (struct wasock__fakenet_block *)(void *)(timers + n_sockets);
    net->bound_ = (uint32_t *)(void *)(net->blocks_ + n_blocks);
    wasock__timer_heap_init(net->arrivals_, timers, net->bound_ + n_sockets,
                            net->n_sockets_);
}

int wasock_fakenet_init(struct wasock_fakenet *net, void *memory, size_t size,
                        size_t n_sockets,
                        const struct wasock_fakenet_options *options)
{
    static const struct wasock__fakenet_socket free_socket = {0};
    const size_t each = WASOCK__FAKENET_SOCKET_BYTES;
    const struct wasock_fakenet none = {
        .now_ns_ = START_NS,
        .last_port_ = WASOCK__FAKENET_FIRST_PORT - 1,
        .is_virtual_ = 1,
    };

    if (memory == NULL || (uintptr_t)memory % WASOCK_FAKENET_ALIGNMENT != 0 ||
        n_sockets == 0) {
        return -WASOCK_EINVAL;
    }
    if (n_sockets > INT32_MAX || size < WASOCK__FAKENET_FIXED_BYTES ||
        n_sockets > (size - WASOCK__FAKENET_FIXED_BYTES) / each) {
        return -WASOCK_ESTORAGE;
    }
    const size_t n_blocks =
        (size - WASOCK__FAKENET_FIXED_BYTES - n_sockets * each) /
        sizeof(struct wasock__fakenet_block);
    *net = none;
    wasock__fakenet_attach(net);
    net->n_sockets_ = (uint32_t)n_sockets;
    lay_out(net, memory, n_blocks);
    net->free_sockets_ = WASOCK__FAKENET_NONE;
    for (size_t i = n_sockets; i > 0; i--) {
        net->bound_[i - 1] = WASOCK__FAKENET_NONE;
        net->sockets_[i - 1] = free_socket; /* the memory may be dirty */
        net->sockets_[i - 1].next = net->free_sockets_;
        net->free_sockets_ = (uint32_t)(i - 1);
    }
    net->n_free_sockets_ = net->n_sockets_;
    wasock__fakenet_blocks_init(net, n_blocks < WASOCK__FAKENET_NONE
                                         ? (uint32_t)n_blocks
                                         : WASOCK__FAKENET_NONE - 1);
    if (options != NULL) {
        net->random_ = options->seed;
        net->is_virtual_ = options->clock == WASOCK_FAKENET_VIRTUAL;
    }
    return 0;
}

uint64_t wasock_fakenet_now_ns(struct wasock_fakenet *net)
{
    return wasock__fakenet_now(net);
}

int wasock_fakenet_sleep_until_ns(struct wasock_fakenet *net,
                                  uint64_t deadline_ns)
{
    int result = 0;

    if (deadline_ns == WASOCK_NO_DEADLINE) {
        return -WASOCK_EDEADLOCK;
    }
    while (result == 0 || result == -WASOCK_EINTR) {
        result = wasock__fakenet_run(net, deadline_ns);
    }
    return result == -WASOCK_EDEADLINE ? 0 : result;
}

int wasock_fakenet_sleep_for_ns(struct wasock_fakenet *net, uint64_t timeout_ns)
{
    return wasock_fakenet_sleep_until_ns(
        net, wasock__deadline_after(timeout_ns, wasock__fakenet_now(net)));
}

int wasock_fakenet_set_unread_max(struct wasock_socket *socket, size_t n_bytes)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *found = NULL;
    const int result = wasock__fakenet_find(socket, &net, &found);

    if (result < 0) {
        return result;
    }
    if (n_bytes == 0) {
        return -WASOCK_EINVAL;
    }
    found->n_unread_max =
        (uint32_t)wasock__fakenet_least(n_bytes, UNREAD_BYTES_LIMIT);
    if (found->peer != WASOCK__FAKENET_NONE) {
        wasock__fakenet_notify(wasock__fakenet_at(net, found->peer));
    }
    return 0;
}
