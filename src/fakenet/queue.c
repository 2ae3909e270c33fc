/* SPDX-License-Identifier: MIT */
#include "internal.h"

void wasock__fakenet_queue_init(struct wasock__fakenet_queue *queue)
{
    queue->first = WASOCK__FAKENET_NONE;
    queue->last = WASOCK__FAKENET_NONE;
}

void wasock__fakenet_blocks_init(struct wasock_fakenet *net, uint32_t n_blocks)
{
    net->n_free_blocks_ = n_blocks;
    net->free_blocks_ = WASOCK__FAKENET_NONE;
    while (n_blocks > 0) {
        net->blocks_[--n_blocks].next = net->free_blocks_;
        net->free_blocks_ = n_blocks;
    }
}

/* Append an empty block, or return NULL if none is free. */
static struct wasock__fakenet_block *
append_block(struct wasock_fakenet *net, struct wasock__fakenet_queue *queue,
             uint64_t due_ns)
{
    const uint32_t index = net->free_blocks_;

    if (index == WASOCK__FAKENET_NONE) {
        return NULL;
    }
    struct wasock__fakenet_block *block = &net->blocks_[index];
    net->free_blocks_ = block->next;
    net->n_free_blocks_--;
    block->due_ns = due_ns;
    block->next = WASOCK__FAKENET_NONE;
    block->previous = queue->last;
    block->begin = 0;
    block->end = 0;
    block->is_first = 0;
    block->is_stalled = 0;
    if (queue->last == WASOCK__FAKENET_NONE) {
        queue->first = index;
    } else {
        net->blocks_[queue->last].next = index;
    }
    queue->last = index;
    return block;
}

/* The block for bytes that are due at a time: the last one if it has room and
 * is due at the same time, else a new one. */
static struct wasock__fakenet_block *
block_for(struct wasock_fakenet *net, struct wasock__fakenet_queue *queue,
          uint64_t due_ns)
{
    if (queue->last != WASOCK__FAKENET_NONE) {
        struct wasock__fakenet_block *last = &net->blocks_[queue->last];
        const bool has_arrived = last->due_ns <= net->now_ns_;
        if (last->end < WASOCK__FAKENET_BLOCK_BYTES &&
            (has_arrived ? due_ns == 0 : last->due_ns == due_ns)) {
            return last;
        }
    }
    return append_block(net, queue, due_ns);
}

size_t wasock__fakenet_append(struct wasock_fakenet *net,
                              struct wasock__fakenet_queue *queue,
                              const void *data, size_t n, uint64_t due_ns)
{
    const unsigned char *bytes = (const unsigned char *)data;
    size_t n_appended = 0;

    while (n_appended < n) {
        struct wasock__fakenet_block *block = block_for(net, queue, due_ns);
        if (block == NULL) {
            break;
        }
        const size_t room = WASOCK__FAKENET_BLOCK_BYTES - (size_t)block->end;
        const size_t n_now = wasock__fakenet_least(room, n - n_appended);
        __builtin_memcpy(block->bytes + block->end, bytes + n_appended, n_now);
        block->end = (uint16_t)(block->end + n_now);
        n_appended += n_now;
    }
    return n_appended;
}

struct wasock__fakenet_block *
wasock__fakenet_append_first(struct wasock_fakenet *net,
                             struct wasock__fakenet_queue *queue,
                             uint64_t due_ns)
{
    struct wasock__fakenet_block *block = append_block(net, queue, due_ns);

    if (block != NULL) {
        block->is_first = 1;
    }
    return block;
}

/* The next block of the same datagram, or NONE. */
static uint32_t next_of_datagram(const struct wasock_fakenet *net,
                                 uint32_t index)
{
    const uint32_t next = net->blocks_[index].next;

    return next != WASOCK__FAKENET_NONE && net->blocks_[next].is_first
               ? WASOCK__FAKENET_NONE
               : next;
}

uint32_t
wasock__fakenet_datagram_length(const struct wasock_fakenet *net,
                                const struct wasock__fakenet_queue *queue)
{
    uint32_t length = 0;

    for (uint32_t i = queue->first; i != WASOCK__FAKENET_NONE;
         i = next_of_datagram(net, i)) {
        length += (uint32_t)(net->blocks_[i].end - net->blocks_[i].begin);
    }
    return length;
}

size_t
wasock__fakenet_take_of_datagram(struct wasock_fakenet *net,
                                 const struct wasock__fakenet_queue *queue,
                                 void *buffer, size_t capacity)
{
    unsigned char *bytes = (unsigned char *)buffer;
    size_t n_taken = 0;

    for (uint32_t i = queue->first;
         i != WASOCK__FAKENET_NONE && n_taken < capacity;
         i = next_of_datagram(net, i)) {
        struct wasock__fakenet_block *block = &net->blocks_[i];
        const size_t n_unread = (size_t)block->end - block->begin;
        const size_t n = wasock__fakenet_least(capacity - n_taken, n_unread);
        __builtin_memcpy(bytes + n_taken, block->bytes + block->begin, n);
        block->begin = (uint16_t)(block->begin + n);
        n_taken += n;
    }
    return n_taken;
}

/* The first block of the datagram before the one that begins with `next`, or of
 * the last one if that is NONE. NONE: there is none. */
static uint32_t datagram_before(const struct wasock_fakenet *net,
                                const struct wasock__fakenet_queue *queue,
                                uint32_t next)
{
    uint32_t index = next == WASOCK__FAKENET_NONE ? queue->last
                                                  : net->blocks_[next].previous;

    while (index != WASOCK__FAKENET_NONE && !net->blocks_[index].is_first) {
        index = net->blocks_[index].previous;
    }
    return index;
}

/* Insert blocks between two of a queue. Either may be NONE. */
static void splice(struct wasock_fakenet *net,
                   struct wasock__fakenet_queue *queue,
                   const struct wasock__fakenet_queue *blocks,
                   uint32_t previous, uint32_t next)
{
    net->blocks_[blocks->first].previous = previous;
    net->blocks_[blocks->last].next = next;
    if (previous == WASOCK__FAKENET_NONE) {
        queue->first = blocks->first;
    } else {
        net->blocks_[previous].next = blocks->first;
    }
    if (next == WASOCK__FAKENET_NONE) {
        queue->last = blocks->last;
    } else {
        net->blocks_[next].previous = blocks->last;
    }
}

void wasock__fakenet_insert_datagram(
    struct wasock_fakenet *net, struct wasock__fakenet_queue *queue,
    const struct wasock__fakenet_queue *datagram, bool is_overtaking)
{
    struct wasock__fakenet_block *first = &net->blocks_[datagram->first];
    uint32_t next = WASOCK__FAKENET_NONE;
    uint32_t before = datagram_before(net, queue, next);

    if (is_overtaking && before != WASOCK__FAKENET_NONE &&
        net->blocks_[before].due_ns < first->due_ns) {
        first->due_ns = net->blocks_[before].due_ns;
    }
    /* A datagram without latency does not overtake one that has arrived. */
    const uint64_t due_ns =
        first->due_ns > net->now_ns_ ? first->due_ns : net->now_ns_;
    while (before != WASOCK__FAKENET_NONE &&
           (is_overtaking || net->blocks_[before].due_ns > due_ns)) {
        is_overtaking = false;
        next = before;
        before = datagram_before(net, queue, next);
    }
    splice(net, queue, datagram,
           next == WASOCK__FAKENET_NONE ? queue->last
                                        : net->blocks_[next].previous,
           next);
}

struct wasock__fakenet_block *
wasock__fakenet_arrived(const struct wasock_fakenet *net,
                        const struct wasock__fakenet_queue *queue)
{
    if (queue->first == WASOCK__FAKENET_NONE ||
        net->blocks_[queue->first].due_ns > net->now_ns_) {
        return NULL;
    }
    return &net->blocks_[queue->first];
}

static void drop_first(struct wasock_fakenet *net,
                       struct wasock__fakenet_queue *queue)
{
    const uint32_t index = queue->first;

    queue->first = net->blocks_[index].next;
    if (queue->first == WASOCK__FAKENET_NONE) {
        queue->last = WASOCK__FAKENET_NONE;
    } else {
        net->blocks_[queue->first].previous = WASOCK__FAKENET_NONE;
    }
    net->blocks_[index].next = net->free_blocks_;
    net->free_blocks_ = index;
    net->n_free_blocks_++;
}

void wasock__fakenet_drop_unarrived(struct wasock_fakenet *net,
                                    struct wasock__fakenet_queue *queue)
{
    struct wasock__fakenet_queue unarrived = {WASOCK__FAKENET_NONE,
                                              queue->last};

    while (queue->last != WASOCK__FAKENET_NONE &&
           net->blocks_[queue->last].due_ns > net->now_ns_) {
        unarrived.first = queue->last;
        queue->last = net->blocks_[queue->last].previous;
    }
    if (queue->last == WASOCK__FAKENET_NONE) {
        queue->first = WASOCK__FAKENET_NONE;
    } else {
        net->blocks_[queue->last].next = WASOCK__FAKENET_NONE;
    }
    wasock__fakenet_drop(net, &unarrived);
}

void wasock__fakenet_sort_datagrams(struct wasock_fakenet *net,
                                    struct wasock__fakenet_queue *queue)
{
    struct wasock__fakenet_queue rest = *queue;

    wasock__fakenet_queue_init(queue);
    while (rest.first != WASOCK__FAKENET_NONE) {
        struct wasock__fakenet_queue datagram = {rest.first, rest.first};
        uint32_t next = next_of_datagram(net, rest.first);
        while (next != WASOCK__FAKENET_NONE) {
            datagram.last = next;
            next = next_of_datagram(net, next);
        }
        rest.first = net->blocks_[datagram.last].next;
        wasock__fakenet_insert_datagram(net, queue, &datagram, false);
    }
}

void wasock__fakenet_drop(struct wasock_fakenet *net,
                          struct wasock__fakenet_queue *queue)
{
    while (queue->first != WASOCK__FAKENET_NONE) {
        drop_first(net, queue);
    }
}

size_t wasock__fakenet_take(struct wasock_fakenet *net,
                            struct wasock__fakenet_queue *queue, void *buffer,
                            size_t capacity)
{
    unsigned char *bytes = (unsigned char *)buffer;
    size_t n_taken = 0;

    while (n_taken < capacity) {
        struct wasock__fakenet_block *block =
            wasock__fakenet_arrived(net, queue);
        if (block == NULL) {
            break;
        }
        const size_t n_unread = (size_t)block->end - block->begin;
        const size_t n = wasock__fakenet_least(capacity - n_taken, n_unread);
        __builtin_memcpy(bytes + n_taken, block->bytes + block->begin, n);
        block->begin = (uint16_t)(block->begin + n);
        n_taken += n;
        if (block->begin == block->end) {
            drop_first(net, queue);
        }
    }
    return n_taken;
}

void wasock__fakenet_drop_datagram(struct wasock_fakenet *net,
                                   struct wasock__fakenet_queue *queue)
{
    do {
        drop_first(net, queue);
    } while (queue->first != WASOCK__FAKENET_NONE &&
             !net->blocks_[queue->first].is_first);
}
