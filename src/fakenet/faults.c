/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/clock.h>

const struct wasock_fakenet_faults *
wasock__fakenet_faults(const struct wasock_fakenet *net,
                       const struct wasock__fakenet_socket *socket)
{
    static const struct wasock_fakenet_faults none = {0};

    if (socket != NULL && socket->faults != NULL) {
        return socket->faults;
    }
    return net->faults_ != NULL ? net->faults_ : &none;
}

/* Vigna's SplitMix64. */
uint32_t wasock__fakenet_draw(struct wasock_fakenet *net, uint32_t n)
{
    net->random_ += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t mixed = net->random_;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)(((mixed >> 32) * n) >> 32);
}

/*
 * Whether new faults end the stall of a sender: of the socket `only`, or if
 * that is NULL, of all that have the network's faults and of those closed.
 */
static bool is_healed(const struct wasock__fakenet_socket *only,
                      const struct wasock__fakenet_socket *sender)
{
    if (only != NULL) {
        return sender == only;
    }
    return sender == NULL || sender->faults == NULL;
}

/* The new arrival of stalled bytes: as if they were sent now, after those that
 * are on their way. */
static uint64_t healed_due(const struct wasock_fakenet *net,
                           const struct wasock__fakenet_socket *sender)
{
    const uint64_t due_ns = wasock_ns_add(
        net->now_ns_, wasock__fakenet_faults(net, sender)->latency_ns);

    return sender != NULL && sender->link.unstalled_due_ns > due_ns
               ? sender->link.unstalled_due_ns
               : due_ns;
}

/* The sender of a block, or NULL if it has closed. */
static struct wasock__fakenet_socket *
sender_of(struct wasock_fakenet *net,
          const struct wasock__fakenet_socket *receiver, uint32_t block)
{
    struct wasock__fakenet_socket *sender = NULL;

    if (receiver->kind == WASOCK__FAKENET_STREAM) {
        return wasock__fakenet_at(net, receiver->peer);
    }
    return wasock__fakenet_receiver(net, &net->blocks_[block].source, NULL,
                                    WASOCK__FAKENET_DGRAM, &sender) == 0
               ? sender
               : NULL;
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/*
 * End the stall of a block. Returns whether it was stalled.
 * previous_ns: the arrival of the block before it, of a stream, whose order is
 *   kept; 0 for a datagram.
 */
static bool heal_block(const struct wasock_fakenet *net,
                       struct wasock__fakenet_block *block,
                       const struct wasock__fakenet_socket *sender,
                       const struct wasock__fakenet_socket *only,
                       uint64_t previous_ns)
{
    if (!block->is_stalled || !is_healed(only, sender)) {
        return false;
    }
    block->due_ns = earlier(block->due_ns, healed_due(net, sender));
    block->is_stalled = 0;
    if (block->due_ns < previous_ns) {
        block->due_ns = previous_ns;
    }
    return true;
}

/* End the stall of blocks on their way to a receiver. Returns whether there are
 * any. */
static bool heal_blocks(struct wasock_fakenet *net,
                        const struct wasock__fakenet_socket *receiver,
                        const struct wasock__fakenet_socket *only)
{
    const bool is_stream = receiver->kind == WASOCK__FAKENET_STREAM;
    const struct wasock__fakenet_socket *sender = NULL;
    uint64_t previous_ns = 0;
    bool is_any = false;

    for (uint32_t i = receiver->unread.first; i != WASOCK__FAKENET_NONE;
         i = net->blocks_[i].next) {
        struct wasock__fakenet_block *block = &net->blocks_[i];
        if (is_stream || block->is_first) {
            sender = sender_of(net, receiver, i);
        }
        is_any |= heal_block(net, block, sender, only, previous_ns);
        previous_ns = is_stream ? block->due_ns : 0;
    }
    return is_any;
}

static void heal_receiver(struct wasock_fakenet *net,
                          struct wasock__fakenet_socket *receiver,
                          const struct wasock__fakenet_socket *only)
{
    const struct wasock__fakenet_socket *peer =
        wasock__fakenet_at(net, receiver->peer);
    bool is_any = heal_blocks(net, receiver, only);

    if (is_any && receiver->kind == WASOCK__FAKENET_DGRAM) {
        wasock__fakenet_sort_datagrams(net, &receiver->unread);
    }
    if (receiver->is_end_stalled && is_healed(only, peer)) {
        receiver->end_ns = earlier(receiver->end_ns, healed_due(net, peer));
        receiver->is_end_stalled = 0;
        is_any = true;
    }
    if (is_any) {
        wasock__fakenet_expect(net, receiver);
        wasock__fakenet_notify(receiver);
    }
}

/* End the stall of what a socket sends from now on. */
static void heal_link(const struct wasock_fakenet *net,
                      struct wasock__fakenet_socket *sender)
{
    struct wasock__fakenet_link *link = &sender->link;
    const uint64_t due_ns = healed_due(net, sender);

    if (link->stalled_until_ns == 0) {
        return;
    }
    if (sender->answer_ns >= link->stalled_until_ns) {
        sender->answer_ns = wasock_ns_add(
            due_ns, wasock__fakenet_faults(net, sender)->latency_ns);
    }
    link->last_due_ns = earlier(link->last_due_ns, due_ns);
    link->stalled_until_ns = 0;
}

static void heal(struct wasock_fakenet *net,
                 struct wasock__fakenet_socket *only)
{
    (void)wasock__fakenet_now(net);
    for (uint32_t i = 0; i < net->n_sockets_; i++) {
        if (net->sockets_[i].kind != WASOCK__FAKENET_FREE) {
            heal_receiver(net, &net->sockets_[i], only);
        }
    }
    for (uint32_t i = 0; i < net->n_sockets_; i++) {
        struct wasock__fakenet_socket *socket = &net->sockets_[i];
        if (socket->kind != WASOCK__FAKENET_FREE && is_healed(only, socket)) {
            heal_link(net, socket);
            socket->n_sent = 0;
        }
    }
}

void wasock_fakenet_set_faults(struct wasock_fakenet *net,
                               const struct wasock_fakenet_faults *faults)
{
    net->faults_ = faults;
    heal(net, NULL);
}

int wasock_fakenet_set_socket_faults(struct wasock_socket *socket,
                                     const struct wasock_fakenet_faults *faults)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *found = NULL;
    const int result = wasock__fakenet_find(socket, &net, &found);

    if (result == 0) {
        found->faults = faults;
        heal(net, found);
    }
    return result;
}
