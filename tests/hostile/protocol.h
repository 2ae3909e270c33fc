/* SPDX-License-Identifier: MIT */
/*
 * protocol.h - requests that a server answers in a known way, byte by byte.
 *
 * The number of a client and the number of a request decide everything, so that
 * bytes of another client, or of another request, are wrong.
 */
#ifndef HOSTILE_PROTOCOL_H
#define HOSTILE_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_BYTES 1024
#define REQUEST_OVERHEAD 128 /* bytes around the payload of a request */

/* What a client sends. */
struct stream {
    uint64_t client;
    size_t payload_max;
};

/* What a client has received. */
struct answers {
    struct stream stream;
    unsigned n;       /* complete ones */
    size_t at;        /* in the answer, or in its payload */
    bool is_in_body;  /* of an answer with a head */
    bool is_refused;  /* an answer that says so: 503 */
    size_t n_in_line; /* bytes in `line` */
    char line[LINE_BYTES];
};

struct protocol {
    const char *name;
    size_t payload_max;
    bool is_cut_when_slow; /* the server closes a client that does not read */
    size_t n_clients_max;  /* at a time */
    unsigned n_in_flight_max; /* requests without an answer */
    /* Write a request to `text`. Returns its length: at most that of the
     * payload and REQUEST_OVERHEAD. */
    size_t (*ask)(const struct stream *stream, unsigned request, char *text);
    /* Check the next bytes received. Returns false: they are wrong. */
    bool (*check)(struct answers *answers, const char *bytes, size_t n);
};

/* Find a protocol by its name, or NULL. */
const struct protocol *protocol_find(const char *name);

/* A 64-bit hash of two numbers. */
uint64_t mix(uint64_t a, uint64_t b);

#endif
