/* SPDX-License-Identifier: MIT */
#include "kv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool kv_parse_number(struct kv_text text, long long *number)
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

/* Take a line, without its end. Returns false if it is incomplete. */
static bool take_line(struct kv_request *request, struct kv_text *line)
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
static bool take_count(struct kv_request *request, char mark, long long max,
                       size_t *count)
{
    struct kv_text line;
    long long number = 0;

    if (!take_line(request, &line)) {
        return false;
    }
    if (line.length < 2 || line.bytes[0] != mark ||
        !kv_parse_number((struct kv_text){line.bytes + 1, line.length - 1},
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
static bool take_words(struct kv_request *request)
{
    struct kv_text line;

    if (!take_line(request, &line)) {
        return false;
    }
    for (size_t i = 0; i < line.length; i++) {
        const bool is_first = i == 0 || line.bytes[i - 1] == ' ';
        if (line.bytes[i] == ' ') {
            continue;
        }
        if (is_first && request->n_arguments == KV_ARGUMENTS_MAX) {
            request->error = "too many words";
            return false;
        }
        if (is_first) {
            request->arguments[request->n_arguments++] =
                (struct kv_text){line.bytes + i, 0};
        }
        request->arguments[request->n_arguments - 1].length++;
    }
    return true;
}

bool kv_parse(struct kv_request *request)
{
    size_t n = 0;

    if (*request->at != '*') {
        return take_words(request);
    }
    if (!take_count(request, '*', KV_ARGUMENTS_MAX, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        size_t length = 0;
        if (request->at == request->end ||
            !take_count(request, '$', KV_REQUEST_BYTES, &length) ||
            (size_t)(request->end - request->at) < length + 2) {
            return false;
        }
        request->arguments[i] = (struct kv_text){request->at, length};
        request->at += length + 2;
    }
    request->n_arguments = n;
    return true;
}
