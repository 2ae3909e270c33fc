/* SPDX-License-Identifier: MIT */
/* attack.h - the shapes in which clients attack a server. */
#ifndef HOSTILE_ATTACK_H
#define HOSTILE_ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "crowd.h"

struct options {
    const struct protocol *protocol;
    uint16_t port;
    pid_t pid;
    unsigned seconds;
    size_t n_clients_max; /* of the server */
    size_t n_at_once;
    uint64_t n_in_a_row;      /* at least; 0: those of its time */
    double cpu_percent;       /* allowed in silence */
    uint64_t growth_kib;      /* allowed */
    bool has_few_descriptors; /* whether to starve it */
    bool keeps_descriptors;   /* the host closes them late */
    bool may_spin;            /* without descriptors */
};

struct attack {
    struct options options;
    struct crowd crowd;
    struct crowd friends; /* idle clients, to be served after each shape */
    size_t n_descriptors; /* of the server, with its friends alone */
    uint64_t random;
    bool is_failed; /* what no count shows */
};

struct shape {
    const char *name;
    struct behaviour how;
    size_t n_at_once;
    bool is_slow; /* a server may close its clients, if that is its way */
    /* NULL: clients that behave as above, one after the other. */
    void (*run)(struct attack *attack, const struct shape *shape,
                uint64_t duration_ns);
};

#define N_SHAPES 13
#define SHAPE_IN_A_ROW 8
extern const struct shape shapes[N_SHAPES];

/* Attack for a time, and wait until all clients have ended. */
void attack_run(struct attack *attack, const struct shape *shape,
                uint64_t duration_ns);

/* Fail, for a reason. */
void attack_fail(struct attack *attack, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
