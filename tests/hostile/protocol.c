/* SPDX-License-Identifier: MIT */
#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES ((size_t)1 << 20) /* of the file that attack.py makes */

uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t z = (a ^ (b << 32) ^ (b >> 32)) + UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t payload_length(const struct stream *stream, unsigned request)
{
    return 1 + (size_t)(mix(stream->client, request) % stream->payload_max);
}

/* A byte of the payload; `hash` is that of the client and the request. */
static char payload_byte(uint64_t hash, size_t i)
{
    return (char)((hash >> (i % 8 * 8)) + i * 31 + (i >> 8) * 17);
}

static uint64_t payload_hash(const struct stream *stream, unsigned request)
{
    return mix(stream->client + 1, request);
}

static void make_payload(const struct stream *stream, unsigned request,
                         char *text, size_t length)
{
    const uint64_t hash = payload_hash(stream, request);

    for (size_t i = 0; i < length; i++) {
        text[i] = payload_byte(hash, i);
    }
}

/* ---- echo: what is sent comes back ---- */

static size_t ask_echo(const struct stream *stream, unsigned request,
                       char *text)
{
    const size_t length = payload_length(stream, request);

    make_payload(stream, request, text, length);
    return length;
}

/* Check bytes of the payload of the current answer. Returns how many belong to
 * it and are right. */
static size_t check_payload(struct answers *answers, size_t length,
                            const char *bytes, size_t n)
{
    const uint64_t hash = payload_hash(&answers->stream, answers->n);
    size_t i = 0;

    while (i < n && answers->at < length &&
           bytes[i] == payload_byte(hash, answers->at)) {
        i++;
        answers->at++;
    }
    return i;
}

static void next_answer(struct answers *answers)
{
    answers->n++;
    answers->at = 0;
    answers->n_in_line = 0;
    answers->is_in_body = false;
    answers->is_refused = false;
}

static bool check_echo(struct answers *answers, const char *bytes, size_t n)
{
    while (n > 0) {
        const size_t length = payload_length(&answers->stream, answers->n);
        const size_t n_right = check_payload(answers, length, bytes, n);
        if (n_right < n && answers->at < length) {
            return false;
        }
        if (answers->at == length) {
            next_answer(answers);
        }
        bytes += n_right;
        n -= n_right;
    }
    return true;
}

/* ---- Lines: heads of answers, and chat ---- */

/* Take bytes up to the end of a line. Returns how many. The line, without its
 * end, is in answers->line once *is_whole. */
static size_t take_line(struct answers *answers, const char *bytes, size_t n,
                        bool *is_whole)
{
    const char *end = memchr(bytes, '\n', n);
    const size_t n_taken = end == NULL ? n : (size_t)(end - bytes) + 1;

    *is_whole = end != NULL;
    for (size_t i = 0; i < n_taken; i++) {
        if (answers->n_in_line < LINE_BYTES - 1) {
            answers->line[answers->n_in_line++] = bytes[i];
        }
    }
    if (*is_whole) {
        answers->n_in_line--;
        if (answers->n_in_line > 0 &&
            answers->line[answers->n_in_line - 1] == '\r') {
            answers->n_in_line--;
        }
        answers->line[answers->n_in_line] = '\0';
        answers->n_in_line = 0;
    }
    return n_taken;
}

/* ---- kv: ECHO, and now and then SET ---- */

static bool is_set(unsigned request)
{
    return request % 4 == 3;
}

static size_t ask_kv(const struct stream *stream, unsigned request, char *text)
{
    const size_t length = payload_length(stream, request);
    size_t n = 0;

    if (is_set(request)) {
        n = (size_t)sprintf(text, "*5\r\n$3\r\nSET\r\n$4\r\n%04u\r\n$%zu\r\n",
                            (unsigned)(stream->client % 512), length);
    } else {
        n = (size_t)sprintf(text, "*2\r\n$4\r\nECHO\r\n$%zu\r\n", length);
    }
    make_payload(stream, request, text + n, length);
    n += length;
    n += (size_t)sprintf(
        text + n, is_set(request) ? "\r\n$2\r\nPX\r\n$4\r\n1000\r\n" : "\r\n");
    return n;
}

/* Check the head of an answer: "+OK" or "$5". */
static bool check_kv_head(struct answers *answers)
{
    char expected[32];

    if (is_set(answers->n)) {
        next_answer(answers);
        return strcmp(answers->line, "+OK") == 0;
    }
    sprintf(expected, "$%zu", payload_length(&answers->stream, answers->n));
    answers->is_in_body = true;
    return strcmp(answers->line, expected) == 0;
}

/* Check the payload and the line end after it. Returns how many bytes are
 * right. */
static size_t check_kv_body(struct answers *answers, const char *bytes,
                            size_t n)
{
    const size_t length = payload_length(&answers->stream, answers->n);
    size_t n_right = check_payload(answers, length, bytes, n);

    while (n_right < n && answers->at >= length && answers->is_in_body &&
           bytes[n_right] == "\r\n"[answers->at - length]) {
        n_right++;
        if (++answers->at == length + 2) {
            next_answer(answers);
        }
    }
    return n_right;
}

static bool check_kv(struct answers *answers, const char *bytes, size_t n)
{
    while (n > 0) {
        bool is_whole = false;
        size_t n_right = 0;
        if (answers->is_in_body) {
            n_right = check_kv_body(answers, bytes, n);
            if (n_right < n && answers->is_in_body) {
                return false;
            }
        } else {
            n_right = take_line(answers, bytes, n, &is_whole);
            if (is_whole && !check_kv_head(answers)) {
                return false;
            }
        }
        bytes += n_right;
        n -= n_right;
    }
    return true;
}

/* ---- http: ranges of a file, or 503: the server is out of descriptors ---- */

static const char refusal[] = "503 Service Unavailable\n";

static size_t body_length(const struct answers *answers)
{
    return answers->is_refused ? strlen(refusal)
                               : payload_length(&answers->stream, answers->n);
}

static size_t range_begin(const struct stream *stream, unsigned request)
{
    return (size_t)(mix(request, stream->client) %
                    (FILE_BYTES - stream->payload_max));
}

static char file_byte(size_t i)
{
    return (char)(i * 31 + (i >> 8) * 17 + (i >> 16));
}

static size_t ask_http(const struct stream *stream, unsigned request,
                       char *text)
{
    const size_t begin = range_begin(stream, request);

    return (size_t)sprintf(
        text, "GET /bytes HTTP/1.1\r\nHost: x\r\nRange: bytes=%zu-%zu\r\n\r\n",
        begin, begin + payload_length(stream, request) - 1);
}

/* Check a line of a head. answers->at counts them. */
static bool check_http_line(struct answers *answers)
{
    static const char length_name[] = "Content-Length: ";
    const char *line = answers->line;

    if (answers->at++ == 0) {
        answers->is_refused =
            strcmp(line, "HTTP/1.1 503 Service Unavailable") == 0;
        return answers->is_refused ||
               strcmp(line, "HTTP/1.1 206 Partial Content") == 0;
    }
    if (line[0] == '\0') {
        answers->is_in_body = true;
        answers->at = 0;
    }
    return strncmp(line, length_name, sizeof(length_name) - 1) != 0 ||
           strtoul(line + sizeof(length_name) - 1, NULL, 10) ==
               body_length(answers);
}

static char body_byte(const struct answers *answers)
{
    return answers->is_refused
               ? refusal[answers->at]
               : file_byte(range_begin(&answers->stream, answers->n) +
                           answers->at);
}

static size_t check_http_body(struct answers *answers, const char *bytes,
                              size_t n)
{
    const size_t length = body_length(answers);
    size_t i = 0;

    while (i < n && answers->at < length && bytes[i] == body_byte(answers)) {
        i++;
        answers->at++;
    }
    if (answers->at == length) {
        next_answer(answers);
    }
    return i;
}

static bool check_http(struct answers *answers, const char *bytes, size_t n)
{
    while (n > 0) {
        bool is_whole = false;
        size_t n_right = 0;
        if (answers->is_in_body) {
            n_right = check_http_body(answers, bytes, n);
            if (n_right < n && answers->is_in_body) {
                return false;
            }
        } else {
            n_right = take_line(answers, bytes, n, &is_whole);
            if (is_whole && !check_http_line(answers)) {
                return false;
            }
        }
        bytes += n_right;
        n -= n_right;
    }
    return true;
}

/* ---- chat: a line goes to everybody ---- */

/* A line: the client, the request, letters, and a hash of these. */
static size_t write_line(uint64_t client, unsigned request, size_t n_letters,
                         char *text)
{
    const uint64_t hash = mix(client, request);
    size_t n =
        (size_t)sprintf(text, "%llu %u ", (unsigned long long)client, request);

    for (size_t i = 0; i < n_letters; i++) {
        text[n++] = (char)('a' + (unsigned char)payload_byte(hash, i) % 26);
    }
    n += (size_t)sprintf(text + n, " %08x", (unsigned)hash);
    return n;
}

static size_t ask_chat(const struct stream *stream, unsigned request,
                       char *text)
{
    const size_t n = write_line(stream->client, request,
                                payload_length(stream, request), text);

    text[n] = '\n';
    return n + 1;
}

/* Check a line of anybody. One's own come in order. */
static bool check_chat_line(struct answers *answers)
{
    char expected[LINE_BYTES];
    const char *text = strstr(answers->line, ": ");

    if (answers->line[0] == '*') {
        return true;
    }
    if (text == NULL || strncmp(answers->line, "guest", 5) != 0) {
        return false;
    }
    text += 2;
    char *end = NULL;
    const uint64_t client = strtoull(text, &end, 10);
    const unsigned request = (unsigned)strtoul(end, &end, 10);
    const size_t n_letters =
        *end == ' ' ? strcspn(end + 1, " ") : (size_t)LINE_BYTES;
    if (n_letters > LINE_BYTES - 100) {
        return false;
    }
    expected[write_line(client, request, n_letters, expected)] = '\0';
    if (client == answers->stream.client && request != answers->n) {
        return false;
    }
    answers->n += client == answers->stream.client;
    return strcmp(text, expected) == 0;
}

static bool check_chat(struct answers *answers, const char *bytes, size_t n)
{
    while (n > 0) {
        bool is_whole = false;
        const size_t n_taken = take_line(answers, bytes, n, &is_whole);
        if (is_whole && !check_chat_line(answers)) {
            return false;
        }
        bytes += n_taken;
        n -= n_taken;
    }
    return true;
}

/* ---- All ---- */

const struct protocol *protocol_find(const char *name)
{
    static const struct protocol protocols[] = {
        {"echo", 200000, false, 10000, 1000, ask_echo, check_echo},
        /* Of a server that closes a client that it cannot answer at once. */
        {"small-echo", 1000, true, 300, 8, ask_echo, check_echo},
        {"kv", 60000, false, 256, 1000, ask_kv, check_kv},
        {"http", 200000, false, 1000, 1000, ask_http, check_http},
        {"chat", 300, true, 60, 4, ask_chat, check_chat},
    };

    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (strcmp(protocols[i].name, name) == 0) {
            return &protocols[i];
        }
    }
    return NULL;
}
