/* SPDX-License-Identifier: MIT */
/*
 * kv - a key-value server that speaks RESP2, the protocol of Redis.
 *
 *   wasock-run --listen 127.0.0.1:6379 kv.wasm
 *   redis-cli set greeting hello ex 60
 *
 * GET, SET (EX, PX, NX, XX), DEL, INCR, EXPIRE, TTL, MGET, PING, ECHO, INFO.
 * The data is in memory only. Requests are parsed in the input buffer, and
 * answers are written to the output buffer: nothing is copied.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wasock/wasock.h>

#define CLIENTS_MAX 256
#define REQUEST_BYTES 65536
#define ANSWER_BYTES 262144
#define ARGUMENTS_MAX 256
#define N_BUCKETS 65536
#define TIMEOUT_MAX 4000000000LL

struct text {
    const char *bytes;
    size_t length;
};

static struct wasock_server server;
static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char memory
    [WASOCK_SERVER_SIZE(CLIENTS_MAX, REQUEST_BYTES, 2 * ANSWER_BYTES)];

/* ---- The store ---- */

struct entry {
    struct entry *next;
    uint64_t expires_ns; /* 0: never */
    size_t key_length;
    size_t value_length;
    char *value;
    char key[];
};

static struct entry *buckets[N_BUCKETS];
static size_t n_entries;

/* Find the link of a key's entry. It is NULL if there is no entry. */
static struct entry **find(struct text key)
{
    uint32_t hash = 2166136261U; /* FNV-1a */

    for (size_t i = 0; i < key.length; i++) {
        hash = (hash ^ (unsigned char)key.bytes[i]) * 16777619U;
    }
    struct entry **link = &buckets[hash % N_BUCKETS];
    while (*link != NULL &&
           ((*link)->key_length != key.length ||
            memcmp((*link)->key, key.bytes, key.length) != 0)) {
        link = &(*link)->next;
    }
    return link;
}

static void erase(struct entry **link)
{
    struct entry *entry = *link;

    *link = entry->next;
    free(entry->value);
    free(entry);
    n_entries--;
}

static bool is_expired(const struct entry *entry)
{
    return entry->expires_ns != 0 &&
           entry->expires_ns <= wasock_server_now_ns(&server);
}

/* Get the entry of a key, or NULL. */
static struct entry *get(struct text key)
{
    struct entry **link = find(key);

    if (*link != NULL && is_expired(*link)) {
        erase(link);
        return NULL;
    }
    return *link;
}

/* Set a value. Returns its entry, or NULL: out of memory. */
static struct entry *set(struct text key, struct text value)
{
    struct entry **link = find(key);
    char *copy = malloc(value.length + 1);

    if (copy == NULL) {
        return NULL;
    }
    if (*link == NULL) {
        *link = calloc(1, sizeof(struct entry) + key.length);
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

static void erase_expired(struct entry **link)
{
    while (*link != NULL) {
        if (is_expired(*link)) {
            erase(link);
        } else {
            link = &(*link)->next;
        }
    }
}

/* Erase expired entries, in some of the buckets at a time. */
static void sweep(struct wasock_timer *timer)
{
    static size_t at;

    for (size_t i = 0; i < N_BUCKETS / 64; i++) {
        erase_expired(&buckets[at++ % N_BUCKETS]);
    }
    wasock_server_set_timer_ns(&server, timer, 100 * WASOCK_NS_PER_MS);
}

/* ---- Answers ---- */

struct answer {
    char *bytes;
    size_t length; /* larger than `capacity` if the answer does not fit */
    size_t capacity;
};

static void put(struct answer *answer, const char *bytes, size_t length)
{
    if (answer->length + length <= answer->capacity) {
        memcpy(answer->bytes + answer->length, bytes, length);
    }
    answer->length += length;
}

static void __attribute__((format(printf, 2, 3))) print(struct answer *answer,
                                                        const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    const int n = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    put(answer, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static void put_bulk(struct answer *answer, const char *bytes, size_t length)
{
    print(answer, "$%zu\r\n", length);
    put(answer, bytes, length);
    put(answer, "\r\n", 2);
}

static void put_value(struct answer *answer, const struct entry *entry)
{
    if (entry == NULL) {
        put(answer, "$-1\r\n", 5);
    } else {
        put_bulk(answer, entry->value, entry->value_length);
    }
}

/* ---- Commands ---- */

static bool is_word(struct text text, const char *word)
{
    return text.length == strlen(word) &&
           strncasecmp(text.bytes, word, text.length) == 0;
}

static bool parse_number(struct text text, long long *number)
{
    char digits[24];
    char *end = NULL;

    if (text.length == 0 || text.length >= sizeof(digits)) {
        return false;
    }
    memcpy(digits, text.bytes, text.length);
    digits[text.length] = '\0';
    *number = strtoll(digits, &end, 10);
    return *end == '\0' && !isspace((unsigned char)digits[0]);
}

static uint64_t expiry_ns(long long timeout, uint64_t unit_ns)
{
    return wasock_server_now_ns(&server) + (uint64_t)timeout * unit_ns;
}

static void command_get(struct answer *answer, const struct text *arguments,
                        size_t n)
{
    (void)n;
    put_value(answer, get(arguments[1]));
}

/* The options of SET. */
struct set_options {
    uint64_t expires_ns;
    bool may_set;
};

/* Take the option at `i`. Returns how many arguments it has; 0: it is wrong. */
static size_t take_option(const struct text *arguments, size_t n, size_t i,
                          struct set_options *options)
{
    const bool is_ms = is_word(arguments[i], "px");
    const bool is_xx = is_word(arguments[i], "xx");
    long long timeout = 0;

    if (is_xx || is_word(arguments[i], "nx")) {
        options->may_set &= (get(arguments[1]) != NULL) == is_xx;
        return 1;
    }
    if ((!is_ms && !is_word(arguments[i], "ex")) || i + 1 == n ||
        !parse_number(arguments[i + 1], &timeout) || timeout <= 0 ||
        timeout > TIMEOUT_MAX) {
        return 0;
    }
    options->expires_ns =
        expiry_ns(timeout, is_ms ? WASOCK_NS_PER_MS : WASOCK_NS_PER_S);
    return 2;
}

static void command_set(struct answer *answer, const struct text *arguments,
                        size_t n)
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
    struct entry *entry = set(arguments[1], arguments[2]);
    if (entry == NULL) {
        print(answer, "-OOM out of memory\r\n");
        return;
    }
    entry->expires_ns = options.expires_ns;
    put(answer, "+OK\r\n", 5);
}

static void command_del(struct answer *answer, const struct text *arguments,
                        size_t n)
{
    int n_erased = 0;

    for (size_t i = 1; i < n; i++) {
        if (get(arguments[i]) != NULL) {
            erase(find(arguments[i]));
            n_erased++;
        }
    }
    print(answer, ":%d\r\n", n_erased);
}

static void command_incr(struct answer *answer, const struct text *arguments,
                         size_t n)
{
    struct entry *entry = get(arguments[1]);
    const uint64_t expires_ns = entry == NULL ? 0 : entry->expires_ns;
    char digits[24];
    long long number = 0;

    (void)n;
    if (entry != NULL &&
        (!parse_number((struct text){entry->value, entry->value_length},
                       &number) ||
         number == INT64_MAX)) {
        print(answer, "-ERR value is not an integer or out of range\r\n");
        return;
    }
    const int length = snprintf(digits, sizeof(digits), "%lld", number + 1);
    entry = set(arguments[1], (struct text){digits, (size_t)length});
    if (entry == NULL) {
        print(answer, "-OOM out of memory\r\n");
        return;
    }
    entry->expires_ns = expires_ns;
    print(answer, ":%s\r\n", digits);
}

static void command_expire(struct answer *answer, const struct text *arguments,
                           size_t n)
{
    struct entry *entry = get(arguments[1]);
    long long timeout_s = 0;

    (void)n;
    if (!parse_number(arguments[2], &timeout_s) || timeout_s > TIMEOUT_MAX) {
        print(answer, "-ERR value is not an integer or out of range\r\n");
        return;
    }
    if (entry != NULL && timeout_s <= 0) {
        erase(find(arguments[1]));
    } else if (entry != NULL) {
        entry->expires_ns = expiry_ns(timeout_s, WASOCK_NS_PER_S);
    }
    print(answer, ":%d\r\n", entry != NULL);
}

static void command_ttl(struct answer *answer, const struct text *arguments,
                        size_t n)
{
    const struct entry *entry = get(arguments[1]);
    long long ttl_s = entry == NULL ? -2 : -1;

    (void)n;
    if (entry != NULL && entry->expires_ns != 0) {
        ttl_s = (long long)((entry->expires_ns - wasock_server_now_ns(&server) +
                             WASOCK_NS_PER_S / 2) /
                            WASOCK_NS_PER_S);
    }
    print(answer, ":%lld\r\n", ttl_s);
}

static void command_mget(struct answer *answer, const struct text *arguments,
                         size_t n)
{
    print(answer, "*%zu\r\n", n - 1);
    for (size_t i = 1; i < n; i++) {
        put_value(answer, get(arguments[i]));
    }
}

static void command_ping(struct answer *answer, const struct text *arguments,
                         size_t n)
{
    if (n > 1) {
        put_bulk(answer, arguments[1].bytes, arguments[1].length);
    } else {
        put(answer, "+PONG\r\n", 7);
    }
}

static void command_info(struct answer *answer, const struct text *arguments,
                         size_t n)
{
    char text[200];
    const int length =
        snprintf(text, sizeof(text),
                 "# Server\r\nwasock_version:%s\r\n# Clients\r\n"
                 "connected_clients:%zu\r\n# Keyspace\r\ndb0:keys=%zu\r\n",
                 WASOCK_VERSION, wasock_server_n_clients(&server), n_entries);

    (void)arguments;
    (void)n;
    put_bulk(answer, text, (size_t)length);
}

static const struct command {
    const char *name;
    size_t n_min; /* arguments, the name included */
    size_t n_max;
    void (*run)(struct answer *answer, const struct text *arguments, size_t n);
} commands[] = {
    {"get", 2, 2, command_get},
    {"set", 3, ARGUMENTS_MAX, command_set},
    {"del", 2, ARGUMENTS_MAX, command_del},
    {"incr", 2, 2, command_incr},
    {"expire", 3, 3, command_expire},
    {"ttl", 2, 2, command_ttl},
    {"mget", 2, ARGUMENTS_MAX, command_mget},
    {"ping", 1, 2, command_ping},
    {"echo", 2, 2, command_ping},
    {"info", 1, 2, command_info},
};

static void run(struct answer *answer, const struct text *arguments, size_t n)
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

/* An incomplete request. */
struct request {
    const char *at;
    const char *end;
    const char *error;
    size_t n_arguments;
    struct text arguments[ARGUMENTS_MAX];
};

/* Take a line, without its end. Returns false if it is incomplete. */
static bool take_line(struct request *request, struct text *line)
{
    const char *end =
        memchr(request->at, '\n', (size_t)(request->end - request->at));

    if (end == NULL) {
        return false;
    }
    line->bytes = request->at;
    line->length = (size_t)(end - request->at);
    if (line->length > 0 && end[-1] == '\r') {
        line->length--;
    }
    request->at = end + 1;
    return true;
}

/* Take "*3" or "$5". Returns false if it is incomplete, or sets `error`. */
static bool take_count(struct request *request, char mark, long long max,
                       size_t *count)
{
    struct text line;
    long long number = 0;

    if (!take_line(request, &line)) {
        return false;
    }
    if (line.length < 2 || line.bytes[0] != mark ||
        !parse_number((struct text){line.bytes + 1, line.length - 1},
                      &number) ||
        number < 0 || number > max) {
        request->error =
            mark == '*' ? "invalid multibulk length" : "invalid bulk length";
        return false;
    }
    *count = (size_t)number;
    return true;
}

/* An inline command: words in a line, as typed into nc. */
static bool take_words(struct request *request)
{
    struct text line;

    if (!take_line(request, &line)) {
        return false;
    }
    for (size_t i = 0; i < line.length; i++) {
        const bool is_first = i == 0 || line.bytes[i - 1] == ' ';
        if (line.bytes[i] == ' ') {
            continue;
        }
        if (is_first && request->n_arguments == ARGUMENTS_MAX) {
            request->error = "too many words";
            return false;
        }
        if (is_first) {
            request->arguments[request->n_arguments++] =
                (struct text){line.bytes + i, 0};
        }
        request->arguments[request->n_arguments - 1].length++;
    }
    return true;
}

/* Take a whole request. Returns false if it is incomplete, or sets `error`. */
static bool take_request(struct request *request)
{
    size_t n = 0;

    if (*request->at != '*') {
        return take_words(request);
    }
    if (!take_count(request, '*', ARGUMENTS_MAX, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        size_t length = 0;
        if (request->at == request->end ||
            !take_count(request, '$', REQUEST_BYTES, &length) ||
            (size_t)(request->end - request->at) < length + 2) {
            return false;
        }
        request->arguments[i] = (struct text){request->at, length};
        request->at += length + 2;
    }
    request->n_arguments = n;
    return true;
}

static size_t on_data(struct wasock_client *client, const void *data,
                      size_t length)
{
    static struct request request; /* large */
    struct answer answer = {0};

    request.at = data;
    request.end = request.at + length;
    request.error = NULL;
    request.n_arguments = 0;
    const bool is_whole = take_request(&request);
    if (!is_whole && request.error == NULL && length < REQUEST_BYTES) {
        return 0;
    }
    answer.bytes = wasock_client_output(client, &answer.capacity);
    if (!is_whole) {
        print(&answer, "-ERR Protocol error: %s\r\n",
              request.error != NULL ? request.error : "too large");
    } else if (request.n_arguments > 0) {
        run(&answer, request.arguments, request.n_arguments);
    }
    if (answer.length > answer.capacity) { /* only of MGET */
        answer.length = 0;
        print(&answer, "-ERR the answer is too large\r\n");
    }
    wasock_client_commit(client, answer.length);
    if (!is_whole) {
        wasock_client_close(client);
        return length;
    }
    return (size_t)(request.at - (const char *)data);
}

static int on_start(struct wasock_server *started)
{
    static struct wasock_timer timer = {.expire = sweep};

    wasock_server_set_timer_ns(started, &timer, 0);
    return 0;
}

int main(void)
{
    static const struct wasock_handler handler = {.start = on_start,
                                                  .data = on_data};
    static const struct wasock_server_options options = {
        .handler = &handler,
        .n_clients = CLIENTS_MAX,
        .input_bytes = REQUEST_BYTES,
        .output_bytes = 2 * ANSWER_BYTES,
        .message_ns = 30 * WASOCK_NS_PER_S,
        .write_ns = 30 * WASOCK_NS_PER_S,
        .drain_ns = 2 * WASOCK_NS_PER_S,
    };

    return wasock_server_main(&server, memory, sizeof(memory), &options, "kv");
}
