/* SPDX-License-Identifier: MIT */
/*
 * abi.h - the preview1 structures whose memory the caller owns.
 *
 * The caller builds slices and buffers. The scratch memory of wasock_poll and
 * the memory of a poller contain subscriptions and events. In a wasm build all
 * have the layout of preview1.
 */
#ifndef WASOCK_ABI_H
#define WASOCK_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Bytes to send. An array of slices is gathered into one send.
 * Source: preview1 ciovec; iovec of writev(2).
 */
struct wasock_slice {
    const void *data;
    size_t length;
};

/* The most slices or buffers of one transfer. wasi-go refuses more, and
 * wasmtime ignores the rest. */
#define WASOCK_SLICES_MAX 1024

/*
 * Room for received bytes. One receive fills an array of buffers in order.
 * Source: preview1 iovec; iovec of readv(2).
 */
struct wasock_buffer {
    void *data;
    size_t capacity;
};

/* Private: preview1's subscription. It is here for its size. */
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

/* Private: preview1's event. It is here for its size. */
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
