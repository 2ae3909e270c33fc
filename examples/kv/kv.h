/* SPDX-License-Identifier: MIT */
/*
 * kv.h - the parts of a key-value server.
 *
 *   request.c   parse a request in the input buffer: RESP2, or words
 *   command.c   run it, and write the answer to the output buffer
 *   store.c     keys, values, and when they expire
 *   kv.c        the server; the others know nothing of it
 */
#ifndef KV_H
#define KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KV_REQUEST_BYTES 65536 /* the largest request */
#define KV_ANSWER_BYTES 262144 /* the largest answer, of MGET */
#define KV_ARGUMENTS_MAX 256
#define KV_NS_PER_S 1000000000ULL

struct kv_text {
    const char *bytes;
    size_t length;
};

/* ---- store.c ---- */

struct kv_entry {
    struct kv_entry *next;
    uint64_t expires_ns; /* 0: never */
    size_t key_length;
    size_t value_length;
    char *value;
    char key[];
};

/* The time and the number of clients: the server sets them before each request
 * and sweep. */
extern uint64_t kv_now_ns;
extern size_t kv_n_clients;

/* Get the entry of a key, or NULL. */
struct kv_entry *kv_get(struct kv_text key);

/* Set a value that does not expire. Returns its entry, or NULL: out of memory.
 */
struct kv_entry *kv_set(struct kv_text key, struct kv_text value);

/* Returns whether there was such a key. */
bool kv_erase(struct kv_text key);

size_t kv_n_entries(void);

/* Erase expired entries, in some of the store at a time. */
void kv_sweep(void);

/* ---- request.c ---- */

struct kv_request {
    const char *at; /* behind the request, once it is complete */
    const char *end;
    const char *error; /* NULL: none */
    size_t n_arguments;
    struct kv_text arguments[KV_ARGUMENTS_MAX];
};

/* Parse a whole request. Returns false if it is incomplete, or sets `error`. */
bool kv_parse(struct kv_request *request);

/* Parse a decimal number. */
bool kv_parse_number(struct kv_text text, long long *number);

/* ---- command.c ---- */

struct kv_answer {
    char *bytes;
    size_t capacity;
    size_t length;
    bool is_last; /* close the client once it is sent */
};

/*
 * Answer the first request in `data`.
 * answer: `bytes` and `capacity` are given, for at least KV_ANSWER_BYTES.
 * Returns the length of the request, or 0: it is incomplete.
 */
size_t kv_answer(const char *data, size_t length, struct kv_answer *answer);

#endif
