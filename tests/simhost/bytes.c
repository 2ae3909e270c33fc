/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdlib.h>
#include <string.h>

void *sim_grow(void *array, size_t *capacity, size_t n_needed, size_t item_size)
{
    size_t new_capacity = *capacity < 16 ? 16 : *capacity;

    if (n_needed <= *capacity) {
        return array;
    }
    while (new_capacity < n_needed) {
        new_capacity *= 2;
    }
    void *const grown = realloc(array, new_capacity * item_size);
    if (grown == NULL) {
        abort();
    }
    *capacity = new_capacity;
    return grown;
}

void sim_bytes_append(struct sim_bytes *bytes, const void *data, size_t length)
{
    if (length == 0) {
        return;
    }
    /* Moving what is left is paid for by what was dropped. */
    if (bytes->start > bytes->length) {
        memcpy(bytes->data, bytes->data + bytes->start, bytes->length);
        bytes->start = 0;
    }
    bytes->data = (uint8_t *)sim_grow(bytes->data, &bytes->capacity,
                                      bytes->start + bytes->length + length, 1);
    memcpy(bytes->data + bytes->start + bytes->length, data, length);
    bytes->length += length;
}

const uint8_t *sim_bytes_front(const struct sim_bytes *bytes)
{
    return bytes->length == 0 ? NULL : bytes->data + bytes->start;
}

void sim_bytes_drop(struct sim_bytes *bytes, size_t length)
{
    bytes->start += length;
    bytes->length -= length;
    if (bytes->length == 0) {
        bytes->start = 0;
    }
}

void sim_bytes_truncate(struct sim_bytes *bytes, size_t length)
{
    if (bytes->length > length) {
        bytes->length = length;
    }
}

void sim_bytes_free(struct sim_bytes *bytes)
{
    free(bytes->data);
    memset(bytes, 0, sizeof(*bytes));
}
