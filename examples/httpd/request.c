/* SPDX-License-Identifier: MIT */
#include "httpd.h"

#include <string.h>
#include <strings.h>

#include <llhttp.h>

/* Find the empty line that ends a head. Returns the length, or 0. */
static size_t find_end(const char *data, size_t length)
{
    size_t n_in_line = 0;
    bool is_begun = false; /* empty lines before a request are skipped */

    for (size_t i = 0; i < length; i++) {
        if (data[i] == '\n' && n_in_line == 0 && is_begun) {
            return i + 1;
        }
        if (data[i] == '\n') {
            n_in_line = 0;
        } else if (data[i] != '\r') {
            n_in_line++;
            is_begun = true;
        }
    }
    return 0;
}

/* ---- Callbacks of the parser, which gets the head in one piece ---- */

static int on_url(llhttp_t *parser, const char *at, size_t length)
{
    struct http_request *request = (struct http_request *)parser->data;

    request->url = (struct http_text){at, length};
    return 0;
}

static bool is_named(const char *at, size_t length, const char *name)
{
    return length == strlen(name) && strncasecmp(at, name, length) == 0;
}

static int on_field(llhttp_t *parser, const char *at, size_t length)
{
    struct http_request *request = (struct http_request *)parser->data;

    request->value = NULL;
    if (is_named(at, length, "range")) {
        request->value = &request->range;
    } else if (is_named(at, length, "if-range")) {
        request->has_if_range = true;
    } else if (is_named(at, length, "host")) {
        request->n_hosts++;
    }
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t length)
{
    const struct http_request *request = (struct http_request *)parser->data;

    if (request->value != NULL) {
        *request->value = (struct http_text){at, length};
    }
    return 0;
}

static int on_head(llhttp_t *parser)
{
    struct http_request *request = (struct http_request *)parser->data;
    const bool is_1_1 = parser->http_major == 1 && parser->http_minor >= 1;

    request->is_head = parser->method == HTTP_HEAD;
    request->is_kept_alive = llhttp_should_keep_alive(parser) != 0;
    request->has_body =
        parser->content_length > 0 || (parser->flags & F_CHUNKED) != 0;
    if (request->n_hosts > 1 || (is_1_1 && request->n_hosts == 0)) {
        request->status = 400;
    } else if (parser->method != HTTP_GET && parser->method != HTTP_HEAD) {
        request->status = 405;
    }
    return HPE_PAUSED;
}

static int status_of(llhttp_errno_t error)
{
    switch (error) {
    case HPE_INVALID_METHOD:
        return 501;
    case HPE_INVALID_VERSION:
        return 505;
    default:
        return 400;
    }
}

size_t http_parse(const char *data, size_t length, struct http_request *request)
{
    static const llhttp_settings_t settings = {
        .on_url = on_url,
        .on_header_field = on_field,
        .on_header_value = on_value,
        .on_headers_complete = on_head,
    };
    static const struct http_request fresh = {0};
    const size_t head_length = find_end(data, length);
    llhttp_t parser;

    *request = fresh;
    if (head_length == 0 && length < HTTP_HEAD_BYTES) {
        return 0;
    }
    if (head_length == 0) {
        request->status = memchr(data, '\n', length) == NULL ? 414 : 431;
        return length;
    }
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = request;
    const llhttp_errno_t error = llhttp_execute(&parser, data, head_length);
    if (error != HPE_PAUSED) {
        request->status = status_of(error);
    }
    return head_length;
}
