/* SPDX-License-Identifier: MIT */
#include "kv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_MAX 4000000000LL

/* ---- Answers ---- */

static void put(struct kv_answer *answer, const char *bytes, size_t length)
{
    if (answer->length + length <= answer->capacity) {
        memcpy(answer->bytes + answer->length, bytes, length);
    }
    answer->length += length;
}

static void __attribute__((format(printf, 2, 3)))
print(struct kv_answer *answer, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    const int n = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    put(answer, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static void put_bulk(struct kv_answer *answer, const char *bytes, size_t length)
{
    print(answer, "$%zu\r\n", length);
    put(answer, bytes, length);
    put(answer, "\r\n", 2);
}

static void put_value(struct kv_answer *answer, const struct kv_entry *entry)
{
    if (entry == NULL) {
        put(answer, "$-1\r\n", 5);
    } else {
        put_bulk(answer, entry->value, entry->value_length);
    }
}

/* ---- Commands ---- */

static bool is_word(struct kv_text text, const char *word)
{
    return text.length == strlen(word) &&
           strncasecmp(text.bytes, word, text.length) == 0;
}

static uint64_t expiry_ns(long long timeout, uint64_t unit_ns)
{
    return kv_now_ns + (uint64_t)timeout * unit_ns;
}

static void command_get(struct kv_answer *answer,
                        const struct kv_text *arguments, size_t n)
{
    (void)n;
    put_value(answer, kv_get(arguments[1]));
}

/* The options of SET. */
struct set_options {
    uint64_t expires_ns;
    bool may_set;
};

/* Take the option at `i`. Returns how many arguments it has; 0: it is wrong. */
static size_t take_option(const struct kv_text *arguments, size_t n, size_t i,
                          struct set_options *options)
{
    const bool is_ms = is_word(arguments[i], "px");
    const bool is_xx = is_word(arguments[i], "xx");
    long long timeout = 0;

    if (is_xx || is_word(arguments[i], "nx")) {
        options->may_set &= (kv_get(arguments[1]) != NULL) == is_xx;
        return 1;
    }
    if ((!is_ms && !is_word(arguments[i], "ex")) || i + 1 == n ||
        !kv_parse_number(arguments[i + 1], &timeout) || timeout <= 0 ||
        timeout > TIMEOUT_MAX) {
        return 0;
    }
    options->expires_ns =
        expiry_ns(timeout, is_ms ? (KV_NS_PER_S / 1000) : KV_NS_PER_S);
    return 2;
}

static void command_set(struct kv_answer *answer,
                        const struct kv_text *arguments, size_t n)
{
    struct set_options options = {0, true};
    size_t i = 3;

    while (i < n) {
        const size_t n_taken = take_option(arguments, n, i, &options);
        if (n_taken == 0) {
            print(answer, "-ERR syntax error\r\n");
            return;
        }
        i += n_taken;
    }
    if (!options.may_set) {
        put(answer, "$-1\r\n", 5);
        return;
    }
    struct kv_entry *entry = kv_set(arguments[1], arguments[2]);
    if (entry == NULL) {
        print(answer, "-OOM out of memory\r\n");
        return;
    }
    entry->expires_ns = options.expires_ns;
    put(answer, "+OK\r\n", 5);
}

static void command_del(struct kv_answer *answer,
                        const struct kv_text *arguments, size_t n)
{
    int n_erased = 0;

    for (size_t i = 1; i < n; i++) {
        n_erased += kv_erase(arguments[i]);
    }
    print(answer, ":%d\r\n", n_erased);
}

static void command_incr(struct kv_answer *answer,
                         const struct kv_text *arguments, size_t n)
{
    struct kv_entry *entry = kv_get(arguments[1]);
    const uint64_t expires_ns = entry == NULL ? 0 : entry->expires_ns;
    char digits[24];
    long long number = 0;

    (void)n;
    if (entry != NULL &&
        (!kv_parse_number((struct kv_text){entry->value, entry->value_length},
                          &number) ||
         number == INT64_MAX)) {
        print(answer, "-ERR value is not an integer or out of range\r\n");
        return;
    }
    const int length = snprintf(digits, sizeof(digits), "%lld", number + 1);
    entry = kv_set(arguments[1], (struct kv_text){digits, (size_t)length});
    if (entry == NULL) {
        print(answer, "-OOM out of memory\r\n");
        return;
    }
    entry->expires_ns = expires_ns;
    print(answer, ":%s\r\n", digits);
}

static void command_expire(struct kv_answer *answer,
                           const struct kv_text *arguments, size_t n)
{
    struct kv_entry *entry = kv_get(arguments[1]);
    long long timeout_s = 0;

    (void)n;
    if (!kv_parse_number(arguments[2], &timeout_s) || timeout_s > TIMEOUT_MAX) {
        print(answer, "-ERR value is not an integer or out of range\r\n");
        return;
    }
    if (entry != NULL && timeout_s <= 0) {
        kv_erase(arguments[1]);
    } else if (entry != NULL) {
        entry->expires_ns = expiry_ns(timeout_s, KV_NS_PER_S);
    }
    print(answer, ":%d\r\n", entry != NULL);
}

static void command_ttl(struct kv_answer *answer,
                        const struct kv_text *arguments, size_t n)
{
    const struct kv_entry *entry = kv_get(arguments[1]);
    long long ttl_s = entry == NULL ? -2 : -1;

    (void)n;
    if (entry != NULL && entry->expires_ns != 0) {
        ttl_s = (long long)((entry->expires_ns - kv_now_ns + KV_NS_PER_S / 2) /
                            KV_NS_PER_S);
    }
    print(answer, ":%lld\r\n", ttl_s);
}

static void command_mget(struct kv_answer *answer,
                         const struct kv_text *arguments, size_t n)
{
    print(answer, "*%zu\r\n", n - 1);
    for (size_t i = 1; i < n; i++) {
        put_value(answer, kv_get(arguments[i]));
    }
}

static void command_ping(struct kv_answer *answer,
                         const struct kv_text *arguments, size_t n)
{
    if (n > 1) {
        put_bulk(answer, arguments[1].bytes, arguments[1].length);
    } else {
        put(answer, "+PONG\r\n", 7);
    }
}

static void command_info(struct kv_answer *answer,
                         const struct kv_text *arguments, size_t n)
{
    char text[200];
    const int length =
        snprintf(text, sizeof(text),
                 "# Clients\r\n"
                 "connected_clients:%zu\r\n# Keyspace\r\ndb0:keys=%zu\r\n",
                 kv_n_clients, kv_n_entries());

    (void)arguments;
    (void)n;
    put_bulk(answer, text, (size_t)length);
}

static const struct command {
    const char *name;
    size_t n_min; /* arguments, the name included */
    size_t n_max;
    void (*run)(struct kv_answer *answer, const struct kv_text *arguments,
                size_t n);
} commands[] = {
    {"get", 2, 2, command_get},
    {"set", 3, KV_ARGUMENTS_MAX, command_set},
    {"del", 2, KV_ARGUMENTS_MAX, command_del},
    {"incr", 2, 2, command_incr},
    {"expire", 3, 3, command_expire},
    {"ttl", 2, 2, command_ttl},
    {"mget", 2, KV_ARGUMENTS_MAX, command_mget},
    {"ping", 1, 2, command_ping},
    {"echo", 2, 2, command_ping},
    {"info", 1, 2, command_info},
};

static void run(struct kv_answer *answer, const struct kv_text *arguments,
                size_t n)
{
    const size_t n_commands = sizeof(commands) / sizeof(commands[0]);

    for (size_t i = 0; i < n_commands; i++) {
        if (!is_word(arguments[0], commands[i].name)) {
            continue;
        }
        if (n < commands[i].n_min || n > commands[i].n_max) {
            print(answer, "-ERR wrong number of arguments for '%s'\r\n",
                  commands[i].name);
        } else {
            commands[i].run(answer, arguments, n);
        }
        return;
    }
    print(answer, "-ERR unknown command '%.*s'\r\n",
          arguments[0].length < 64 ? (int)arguments[0].length : 64,
          arguments[0].bytes);
}

/* ---- Requests ---- */

size_t kv_answer(const char *data, size_t length, struct kv_answer *answer)
{
    static struct kv_request request; /* large */

    request.at = data;
    request.end = data + length;
    request.error = NULL;
    request.n_arguments = 0;
    const bool is_whole = kv_parse(&request);
    if (!is_whole && request.error == NULL && length < KV_REQUEST_BYTES) {
        return 0;
    }
    answer->length = 0;
    answer->is_last = !is_whole;
    if (!is_whole) {
        print(answer, "-ERR Protocol error: %s\r\n",
              request.error != NULL ? request.error : "too large");
        return length;
    }
    if (request.n_arguments > 0) {
        run(answer, request.arguments, request.n_arguments);
    }
    if (answer->length > answer->capacity) { /* only of MGET */
        answer->length = 0;
        print(answer, "-ERR the answer is too large\r\n");
    }
    return (size_t)(request.at - data);
}
