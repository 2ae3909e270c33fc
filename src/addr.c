/* SPDX-License-Identifier: MIT */
#include <wasock/addr.h>

#include <stdbool.h>

#include <wasock/err.h>

#include "text.h"

#define IPV4_BYTES 4
#define IPV6_BYTES 16
#define IPV6_GROUPS 8

#define NOWHERE SIZE_MAX

/* The rest of the text. */
struct cursor {
    const char *text;
    size_t length;
    size_t at;
};

/* The next character, or a zero at the end. */
static char peek(const struct cursor *cursor)
{
    return cursor->at < cursor->length ? cursor->text[cursor->at] : '\0';
}

static bool is_at_end(const struct cursor *cursor)
{
    return cursor->at == cursor->length;
}

static bool take(struct cursor *cursor, const char *string)
{
    struct cursor ahead = *cursor;

    for (; *string != '\0'; string++, ahead.at++) {
        if (peek(&ahead) != *string) {
            return false;
        }
    }
    *cursor = ahead;
    return true;
}

static int digit_value(char character)
{
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    if (character >= 'a' && character <= 'f') {
        return character - 'a' + 10;
    }
    if (character >= 'A' && character <= 'F') {
        return character - 'A' + 10;
    }
    return -1;
}

/* A number of 0 to `maximum`, or -1. */
static int32_t take_number(struct cursor *cursor, int base, int32_t maximum)
{
    const size_t start = cursor->at;
    int32_t number = 0;
    int digit = digit_value(peek(cursor));

    while (digit >= 0 && digit < base && number <= maximum) {
        number = (number * base) + digit;
        cursor->at++;
        digit = digit_value(peek(cursor));
    }
    return cursor->at > start && number <= maximum ? number : -1;
}

/* Without leading zeros: some parsers read such numbers as octal. */
static int32_t take_decimal(struct cursor *cursor, int32_t maximum)
{
    const size_t start = cursor->at;
    const bool is_zero = peek(cursor) == '0';
    const int32_t number = take_number(cursor, 10, maximum);

    return is_zero && cursor->at - start > 1 ? -1 : number;
}

static int32_t take_hexadecimal_group(struct cursor *cursor)
{
    const size_t start = cursor->at;
    const int32_t number = take_number(cursor, 16, UINT16_MAX);

    return cursor->at - start > 4 ? -1 : number;
}

static bool take_ipv4(struct cursor *cursor, uint8_t *ip)
{
    struct cursor ahead = *cursor;

    for (size_t i = 0; i < IPV4_BYTES; i++) {
        if (i > 0 && !take(&ahead, ".")) {
            return false;
        }
        const int32_t byte = take_decimal(&ahead, UINT8_MAX);
        if (byte < 0) {
            return false;
        }
        ip[i] = (uint8_t)byte;
    }
    *cursor = ahead;
    return true;
}

/* A group, or the dotted quad that may stand for the last two. Returns how
 * many bytes of `ip` it fills, 0 where it is neither. */
static size_t take_ipv6_part(struct cursor *cursor, uint8_t *ip, size_t room)
{
    struct cursor ahead = *cursor;

    if (room >= IPV4_BYTES && take_ipv4(cursor, ip)) {
        return IPV4_BYTES;
    }
    const int32_t group = take_hexadecimal_group(&ahead);
    if (group < 0) {
        return 0;
    }
    *cursor = ahead;
    ip[0] = (uint8_t)(group >> 8);
    ip[1] = (uint8_t)(group & 0xff);
    return 2;
}

/* Move the bytes that were read behind a "::" to the end. */
static void open_gap(uint8_t *ip, size_t gap, size_t n_bytes)
{
    size_t to = IPV6_BYTES;

    while (n_bytes > gap) {
        ip[--to] = ip[--n_bytes];
    }
    while (to > gap) {
        ip[--to] = 0;
    }
}

static bool take_ipv6(struct cursor *cursor, uint8_t *ip)
{
    size_t n_bytes = 0;
    size_t n_part = 2;
    size_t gap = NOWHERE;

    while (n_bytes < IPV6_BYTES && n_part == 2) {
        if (gap == NOWHERE && take(cursor, "::")) {
            gap = n_bytes;
        } else if (n_bytes > 0 && !take(cursor, ":")) {
            break;
        }
        n_part = take_ipv6_part(cursor, ip + n_bytes, IPV6_BYTES - n_bytes);
        n_bytes += n_part;
    }
    if (n_part == 0 && gap != n_bytes) {
        return false; /* only behind a "::" may be nothing */
    }
    if (gap == NOWHERE) {
        return n_bytes == IPV6_BYTES;
    }
    open_gap(ip, gap, n_bytes);
    return n_bytes < IPV6_BYTES;
}

static int take_name(struct cursor *cursor, char *name)
{
    size_t length = 0;

    while (!is_at_end(cursor)) {
        if (peek(cursor) == '\0') {
            return -WASOCK_EINVAL;
        }
        if (length == WASOCK_ADDR_NAME_CAPACITY - 1) {
            return -WASOCK_ENAMETOOLONG;
        }
        name[length++] = peek(cursor);
        cursor->at++;
    }
    return length > 0 ? 0 : -WASOCK_EINVAL;
}

/* Parse the part before the port. */
static bool take_host(struct cursor *cursor, struct wasock_addr *addr)
{
    addr->family = WASOCK_ADDR_IPV4;
    if (take(cursor, "[")) {
        addr->family = WASOCK_ADDR_IPV6;
        return take_ipv6(cursor, addr->ip) && take(cursor, "]");
    }
    return peek(cursor) == ':' || take_ipv4(cursor, addr->ip);
}

int wasock_addr_parse(const char *text, size_t length, struct wasock_addr *addr)
{
    struct cursor cursor = {text, length, 0};
    struct wasock_addr parsed = {0};

    if (take(&cursor, "unix:")) {
        const int result = take_name(&cursor, parsed.name);
        if (result < 0) {
            return result;
        }
        parsed.family = WASOCK_ADDR_NAME;
    } else {
        if (!take_host(&cursor, &parsed) || !take(&cursor, ":")) {
            return -WASOCK_EINVAL;
        }
        const int32_t port = take_decimal(&cursor, UINT16_MAX);
        if (port < 0 || !is_at_end(&cursor)) {
            return -WASOCK_EINVAL;
        }
        parsed.port = (uint16_t)port;
    }
    *addr = parsed;
    return 0;
}

static void put_ipv4(struct text *text, const uint8_t *ip)
{
    for (size_t i = 0; i < IPV4_BYTES; i++) {
        if (i > 0) {
            text_put(text, '.');
        }
        text_put_decimal(text, ip[i]);
    }
}

static unsigned group_of(const uint8_t *ip, size_t index)
{
    return ((unsigned)ip[2 * index] << 8) | ip[(2 * index) + 1];
}

static void put_group(struct text *text, unsigned group)
{
    bool is_started = false;

    for (unsigned shift = 16; shift > 0;) {
        shift -= 4;
        const unsigned digit = (group >> shift) & 0xf;
        is_started = is_started || digit > 0 || shift == 0;
        if (is_started) {
            text_put(text, (char)(digit < 10 ? '0' + digit : 'a' + digit - 10));
        }
    }
}

/* The number of zero groups from `index` on. */
static size_t zero_run(const uint8_t *ip, size_t index)
{
    size_t end = index;

    while (end < IPV6_GROUPS && group_of(ip, end) == 0) {
        end++;
    }
    return end - index;
}

/* The first of the longest runs of zero groups, and its length. */
static size_t longest_zero_run(const uint8_t *ip, size_t *n_groups)
{
    size_t first = 0;

    *n_groups = 0;
    for (size_t i = 0; i < IPV6_GROUPS; i++) {
        const size_t run = zero_run(ip, i);
        if (run > *n_groups) {
            *n_groups = run;
            first = i;
        }
    }
    return first;
}

static void put_ipv6(struct text *text, const uint8_t *ip)
{
    size_t n_zeros = 0;
    const size_t gap = longest_zero_run(ip, &n_zeros);

    /* IPv4-mapped: the one prefix known to end in an IPv4 address. */
    if (gap == 0 && n_zeros == 5 && group_of(ip, 5) == 0xffff) {
        text_put_string(text, "::ffff:");
        put_ipv4(text, ip + IPV6_BYTES - IPV4_BYTES);
        return;
    }
    for (size_t i = 0; i < IPV6_GROUPS; i++) {
        if (n_zeros > 1 && i == gap) {
            text_put_string(text, "::");
            i += n_zeros - 1;
            continue;
        }
        if (i > 0 && (n_zeros < 2 || i != gap + n_zeros)) {
            text_put(text, ':');
        }
        put_group(text, group_of(ip, i));
    }
}

static void put_name(struct text *text, const char *name)
{
    for (size_t i = 0; i < WASOCK_ADDR_NAME_CAPACITY && name[i] != '\0'; i++) {
        text_put(text, name[i]);
    }
}

static void put_port(struct text *text, uint16_t port)
{
    text_put(text, ':');
    text_put_decimal(text, port);
}

size_t wasock_addr_format(const struct wasock_addr *addr, char *text,
                          size_t capacity)
{
    struct text formatted = {text, capacity, 0};

    switch (addr->family) {
    case WASOCK_ADDR_IPV4:
        put_ipv4(&formatted, addr->ip);
        put_port(&formatted, addr->port);
        break;
    case WASOCK_ADDR_IPV6:
        text_put(&formatted, '[');
        put_ipv6(&formatted, addr->ip);
        text_put(&formatted, ']');
        put_port(&formatted, addr->port);
        break;
    case WASOCK_ADDR_NAME:
        text_put_string(&formatted, "unix:");
        put_name(&formatted, addr->name);
        break;
    case WASOCK_ADDR_UNSPECIFIED:
    default:
        put_name(&formatted, addr->name[0] != '\0' ? addr->name : ":0");
        break;
    }
    return text_end(&formatted);
}
