/* SPDX-License-Identifier: MIT */
/* Fuzz what takes text: addresses, names, the environment, explanations. */
#include <string.h>

#include <wasock/wasock.h>

#include "../simhost/simhost.h"
#include "input.h"

#define TEXT_BYTES 4096

static char text[TEXT_BYTES + 1];
static char output[TEXT_BYTES];

/* The text is cut at each capacity as snprintf cuts it. */
static void check_cut(const char *whole, size_t length, const char *cut,
                      size_t capacity)
{
    const size_t n = length < capacity ? length : capacity - 1;

    CHECK(strlen(cut) == n);
    CHECK(memcmp(whole, cut, n) == 0);
}

static bool is_same(const struct wasock_addr *a, const struct wasock_addr *b)
{
    return a->family == b->family && a->port == b->port &&
           memcmp(a->ip, b->ip, sizeof(a->ip)) == 0 &&
           strcmp(a->name, b->name) == 0;
}

/* What is parsed is formatted as a text that parses to the same. */
static void fuzz_addr(const char *bytes, size_t length)
{
    char formatted[WASOCK_ADDR_TEXT_CAPACITY];
    char cut[WASOCK_ADDR_TEXT_CAPACITY];
    struct wasock_addr addr;
    struct wasock_addr again;
    const int result = wasock_addr_parse(bytes, length, &addr);

    CHECK(result == 0 || result == -WASOCK_EINVAL ||
          result == -WASOCK_ENAMETOOLONG);
    if (result < 0) {
        return;
    }
    const size_t n = wasock_addr_format(&addr, formatted, sizeof(formatted));
    CHECK(n == strlen(formatted));
    CHECK(wasock_addr_parse(formatted, n, &again) == 0);
    CHECK(is_same(&addr, &again));
    for (size_t capacity = 1; capacity <= n; capacity++) {
        CHECK(wasock_addr_format(&addr, cut, capacity) == n);
        check_cut(formatted, n, cut, capacity);
    }
}

static void check_names(const struct wasock_names *names)
{
    struct wasock_addr addr;
    const char *label = NULL;
    size_t n = 0;

    while ((label = wasock_names_label(names, n)) != NULL) {
        CHECK(label >= text && label + strlen(label) <= text + TEXT_BYTES);
        CHECK(wasock_names_address(label, &addr) <= 0);
        n++;
    }
    CHECK(wasock_names_label(names, n + 1) == NULL);
    const char *name = n > 0 ? wasock_names_label(names, n - 1) : "none";
    const size_t length =
        wasock_names_explain(names, name, output, sizeof(output));
    char cut[100];
    CHECK(wasock_names_explain(names, name, cut, sizeof(cut)) == length);
    check_cut(output, length, cut, sizeof(cut));
}

static void fuzz_names(const char *bytes, size_t length, bool are_fdnames)
{
    struct wasock_names names;

    memcpy(text, bytes, length);
    text[length] = '\0';
    if (are_fdnames) {
        wasock_names_parse_fdnames(&names, text);
    } else {
        wasock_names_parse(&names, text);
    }
    check_names(&names);
}

/* The bytes are the environment, its variables separated by newlines. */
static void fuzz_env(const char *bytes, size_t length)
{
    static char copy[TEXT_BYTES + 1];
    const char *environment[64] = {NULL};
    struct wasock_names names;
    size_t needed = 0;
    size_t n = 0;

    memcpy(copy, bytes, length);
    copy[length] = '\0';
    for (char *word = strtok(copy, "\n"); word != NULL && n < 63;
         word = strtok(NULL, "\n")) {
        environment[n++] = word;
    }
    simhost_reset(1, &simhost_ideal);
    simhost_knobs.environment = environment;
    const size_t capacity = length % 7 == 0 ? length / 2 : sizeof(text);
    const ptrdiff_t result = wasock_env_read("A", text, capacity, &needed);
    CHECK(result < 0 || (size_t)result == strlen(text));
    if (result == -WASOCK_ESTORAGE) {
        CHECK(needed > capacity);
        CHECK(needed > sizeof(text) ||
              wasock_env_read("A", text, needed, NULL) != -WASOCK_ESTORAGE);
    }
    if (wasock_names_read(&names, text, sizeof(text), NULL) == 0) {
        check_names(&names);
    }
}

/* The bytes say what the host preopened. */
static void fuzz_explanation(const char *bytes, size_t length)
{
    static const enum simhost_kind kinds[] = {
        SIMHOST_UNKNOWN,   SIMHOST_CHARACTER_DEVICE, SIMHOST_DIRECTORY,
        SIMHOST_FILE,      SIMHOST_DATAGRAM,         SIMHOST_LISTENER,
        SIMHOST_CONNECTION};
    struct wasock_preopen_counts counts;
    char cut[200];

    if (length == 0) {
        return;
    }
    simhost_reset(1, simhost_profiles[(uint8_t)bytes[0] % SIMHOST_N_PROFILES]);
    for (size_t i = 1; i < length && i < 40; i++) {
        simhost_preopen(
            kinds[(uint8_t)bytes[i] % (sizeof(kinds) / sizeof(kinds[0]))]);
    }
    CHECK(wasock_preopen_count(&counts) <= 0);
    const size_t n = wasock_preopen_explain(&counts, output, sizeof(output));
    CHECK(n < sizeof(output));
    CHECK(wasock_preopen_explain(&counts, cut, sizeof(cut)) == n);
    check_cut(output, n, cut, sizeof(cut));
    CHECK(strlen(wasock_err_text(-(ptrdiff_t)(uint8_t)bytes[0])) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data + 1;

    if (size < 1 || size > TEXT_BYTES) {
        return 0;
    }
    switch (data[0] % 5) {
    case 0:
        fuzz_addr(bytes, size - 1);
        break;
    case 1:
    case 2:
        fuzz_names(bytes, size - 1, data[0] % 5 == 2);
        break;
    case 3:
        fuzz_env(bytes, size - 1);
        break;
    default:
        fuzz_explanation(bytes, size - 1);
        break;
    }
    return 0;
}
