/* SPDX-License-Identifier: MIT */
/* crowd.h - many clients at a time, and what became of them. */
#ifndef HOSTILE_CROWD_H
#define HOSTILE_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"

struct totals {
    uint64_t n_clients;
    uint64_t n_bytes; /* received */
    uint64_t n_wrong; /* clients that received a wrong byte */
    uint64_t n_stuck;
    uint64_t n_cut;
};

struct crowd {
    const struct protocol *protocol;
    uint16_t port;
    uint64_t stuck_ns; /* without progress */
    struct client *clients;
    size_t n_clients_max;
    size_t n_clients;
    size_t n_used; /* of `clients`, from the first on */
    int epoll_fd;
    uint64_t next_id;
    uint64_t looked_ns;   /* when slow and stuck ones were looked for */
    struct crowd *others; /* that go on meanwhile, or NULL */
    struct totals totals;
};

void crowd_init(struct crowd *crowd, const struct protocol *protocol,
                uint16_t port, size_t n_clients_max);

/* Start clients until there are `n`. */
void crowd_fill(struct crowd *crowd, const struct behaviour *how, size_t n);

/* Let all do what they can, for `timeout_ms` at most. */
void crowd_step(struct crowd *crowd, int timeout_ms);

/* Let each of them ask once more. */
void crowd_ask_more(struct crowd *crowd);

/* The number of clients whose answers have all come. */
size_t crowd_n_answered(const struct crowd *crowd);

/* Go on until all clients have ended, or hold and are answered. */
void crowd_finish(struct crowd *crowd);

/* End the answered clients, or all. */
void crowd_end(struct crowd *crowd, bool is_reset, bool are_all);

#endif
