/* SPDX-License-Identifier: MIT */
#include <wasock/err.h>

#include <stdint.h>

/*
 * Names and texts lie in one string each, found by 16-bit offsets: no table of
 * pointers, and nothing to relocate.
 */
struct err_strings {
#define ERR_MEMBER(name, number, text)                                         \
    char name_##name[sizeof(#name)];                                           \
    char text_##name[sizeof(text)];
    WASOCK_ERR_TABLE(ERR_MEMBER)
};

static const struct err_strings strings = {
#define ERR_STRINGS(name, number, text) #name, text,
    WASOCK_ERR_TABLE(ERR_STRINGS)};

struct err_entry {
    uint16_t code;
    uint16_t name_offset;
    uint16_t text_offset;
};

static const struct err_entry entries[] = {
#define ERR_ENTRY(name, number, text)                                          \
    {number, offsetof(struct err_strings, name_##name),                        \
     offsetof(struct err_strings, text_##name)},
    WASOCK_ERR_TABLE(ERR_ENTRY)};

static const struct err_entry *find(ptrdiff_t code)
{
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        if (entries[i].code == code || -(ptrdiff_t)entries[i].code == code) {
            return &entries[i];
        }
    }
    return NULL;
}

const char *wasock_err_name(ptrdiff_t code)
{
    if (code == 0) {
        return "OK";
    }
    const struct err_entry *entry = find(code);
    return entry ? (const char *)&strings + entry->name_offset : "E?";
}

const char *wasock_err_text(ptrdiff_t code)
{
    if (code == 0) {
        return "success";
    }
    const struct err_entry *entry = find(code);
    return entry ? (const char *)&strings + entry->text_offset : "unknown code";
}

bool wasock_err_is_disconnect(ptrdiff_t code)
{
    switch (code > 0 ? -code : code) {
    case -WASOCK_EPIPE:
    case -WASOCK_ECONNRESET:
    case -WASOCK_ECONNABORTED:
    case -WASOCK_ENOTCONN:
    case -WASOCK_ENETRESET:
    case -WASOCK_ETIMEDOUT:
    case -WASOCK_EIO:
        return true;
    default:
        return false;
    }
}
