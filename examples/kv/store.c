/* SPDX-License-Identifier: MIT */
#include "kv.h"

#include <stdlib.h>
#include <string.h>

#define N_BUCKETS 65536

static struct kv_entry *buckets[N_BUCKETS];
static size_t n_entries;
uint64_t kv_now_ns;
size_t kv_n_clients;

/* Find the link of a key's entry. It is NULL if there is no entry. */
static struct kv_entry **find(struct kv_text key)
{
    uint32_t hash = 2166136261U; /* FNV-1a */

    for (size_t i = 0; i < key.length; i++) {
        hash = (hash ^ (unsigned char)key.bytes[i]) * 16777619U;
    }
    struct kv_entry **link = &buckets[hash % N_BUCKETS];
    while (*link != NULL &&
           ((*link)->key_length != key.length ||
            memcmp((*link)->key, key.bytes, key.length) != 0)) {
        link = &(*link)->next;
    }
    return link;
}

static void erase(struct kv_entry **link)
{
    struct kv_entry *entry = *link;

    *link = entry->next;
    free(entry->value);
    free(entry);
    n_entries--;
}

static bool is_expired(const struct kv_entry *entry)
{
    return entry->expires_ns != 0 && entry->expires_ns <= kv_now_ns;
}

struct kv_entry *kv_get(struct kv_text key)
{
    struct kv_entry **link = find(key);

    if (*link != NULL && is_expired(*link)) {
        erase(link);
        return NULL;
    }
    return *link;
}

struct kv_entry *kv_set(struct kv_text key, struct kv_text value)
{
    struct kv_entry **link = find(key);
    char *copy = malloc(value.length + 1);

    if (copy == NULL) {
        return NULL;
    }
    if (*link == NULL) {
        *link = calloc(1, sizeof(struct kv_entry) + key.length);
        if (*link == NULL) {
            free(copy);
            return NULL;
        }
        memcpy((*link)->key, key.bytes, key.length);
        (*link)->key_length = key.length;
        n_entries++;
    }
    free((*link)->value);
    memcpy(copy, value.bytes, value.length);
    (*link)->value = copy;
    (*link)->value_length = value.length;
    (*link)->expires_ns = 0;
    return *link;
}

static void erase_expired(struct kv_entry **link)
{
    while (*link != NULL) {
        if (is_expired(*link)) {
            erase(link);
        } else {
            link = &(*link)->next;
        }
    }
}

void kv_sweep(void)
{
    static size_t at;

    for (size_t i = 0; i < N_BUCKETS / 64; i++) {
        erase_expired(&buckets[at++ % N_BUCKETS]);
    }
}

bool kv_erase(struct kv_text key)
{
    struct kv_entry **link = find(key);

    if (*link == NULL) {
        return false;
    }
    const bool was_there = !is_expired(*link);
    erase(link);
    return was_there;
}

size_t kv_n_entries(void)
{
    return n_entries;
}
