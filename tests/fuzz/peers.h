/* SPDX-License-Identifier: MIT */
/*
 * peers.h - what the other end of a connection on simhost does; the input
 * decides. A `peer` may be NULL: the bytes of the input are used up all the
 * same.
 */
#ifndef FUZZ_PEERS_H
#define FUZZ_PEERS_H

#include "../simhost/simhost.h"
#include "input.h"

#define PEER_BYTES_MAX 300 /* at a time */

/* The byte at a place of any stream. */
static inline uint8_t peer_byte(size_t i)
{
    return (uint8_t)(i * 7 + (i >> 8) * 3);
}

/* n_sent: the bytes that it has sent; counted up. */
static inline void peer_sends_some(struct input *input,
                                   struct simhost_peer *peer, size_t *n_sent)
{
    const size_t n = input_size(input, PEER_BYTES_MAX);
    uint8_t bytes[PEER_BYTES_MAX];

    if (peer == NULL || n == 0) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        bytes[i] = peer_byte((*n_sent)++);
    }
    simhost_peer_send(peer, bytes, n, SIMHOST_MS(input_below(input, 4)));
}

/* It sends no more from now on. */
static inline void peer_ends_somehow(struct input *input,
                                     struct simhost_peer *peer)
{
    const uint64_t after_ns = SIMHOST_MS(input_below(input, 4));

    if (peer == NULL) {
        return;
    }
    switch (input_below(input, 3)) {
    case 0:
        simhost_peer_shutdown(peer, after_ns);
        break;
    case 1:
        simhost_peer_close(peer, after_ns);
        break;
    default:
        simhost_peer_reset(peer, after_ns);
    }
}

static inline void peer_reads_somehow(struct input *input,
                                      struct simhost_peer *peer)
{
    static const size_t rates[] = {SIZE_MAX, 0, 1, 50};

    if (peer != NULL) {
        simhost_peer_set_reading(peer, rates[input_below(input, 4)]);
        simhost_peer_set_window(peer, 1 + input_size(input, PEER_BYTES_MAX));
    }
}

#endif
