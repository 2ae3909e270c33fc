/* SPDX-License-Identifier: MIT */
/*
 * abi.h - the preview1 structures that callers of wasock see or store.
 *
 * They stand in a public header because the caller owns their memory: slices
 * are built by the caller, and the scratch of wasock_poll and the memory of a
 * poller are arrays of subscriptions and events. In a wasm build their layout
 * is exactly preview1's; tests/claims/abi_wasi.c holds that against wasi-libc.
 */
#ifndef WASOCK_ABI_H
#define WASOCK_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Bytes to be sent: `length` bytes at `data`, owned by the caller and only
 * read. An array of them is gathered into one send.
 * Source: preview1 ciovec.
 */
struct wasock_slice {
    const void *data;
    size_t length;
};

/* How many slices or buffers one transfer takes at most: what all hosts take.
 * Source: wasi-go, which refuses more; wasmtime uses the first so many. */
#define WASOCK_SLICES_MAX 1024

/*
 * Room for bytes to be received: `capacity` bytes at `data`, owned by the
 * caller. An array of them is filled in order by one receive.
 * Source: preview1 iovec.
 */
struct wasock_buffer {
    void *data;
    size_t capacity;
};

/*
 * One thing to wait for, as the host reads it. Private: users need its size,
 * never its members.
 * Source: preview1 subscription.
 */
struct wasock__subscription {
    uint64_t userdata;
    uint8_t tag;
    union {
        struct {
            uint32_t id;
            uint64_t timeout_ns;
            uint64_t precision_ns;
            uint16_t flags;
        } clock;
        uint32_t fd;
    } of;
};

/*
 * One thing that happened, as the host writes it. Private, like the
 * subscription.
 * Source: preview1 event.
 */
struct wasock__event {
    uint64_t userdata;
    uint16_t error;
    uint8_t type;
    uint64_t n_bytes;
    uint16_t flags;
};

#ifdef __cplusplus
}
#endif

#endif
