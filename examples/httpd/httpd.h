/* SPDX-License-Identifier: MIT */
/*
 * httpd.h - the parts of an HTTP/1.1 server for files.
 *
 *   request.c   parse a request, by llhttp
 *   answer.c    find the file, choose the range, write the head
 *   serve.c     the server: its options and handlers, streaming
 *   httpd.c     main
 *
 * examples/https uses all but the last.
 */
#ifndef HTTPD_H
#define HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HTTP_CLIENTS_MAX 1000
#define HTTP_HEAD_BYTES 8192 /* the largest head of a request */
#define HTTP_OUTPUT_BYTES 65536

/* A part of a request, in the client's input. */
struct http_text {
    const char *bytes;
    size_t length;
};

struct http_request {
    int status; /* 0: it is good; else the error to answer */
    bool is_head;
    bool is_kept_alive;
    bool has_body;
    bool has_if_range;
    unsigned n_hosts;
    struct http_text url;
    struct http_text range;
    struct http_text *value; /* of the header that is being parsed, or NULL */
};

/* Parse a request. Returns the length of its head, or 0: incomplete. */
size_t http_parse(const char *data, size_t length,
                  struct http_request *request);

/* What is sent to a client: a head, and a part of a file. */
struct http_answer {
    char head[768];
    size_t head_length;
    int file; /* -1: none */
    off_t at;
    off_t end;
    bool is_kept_alive;
};

/* Answer a request for a file below `root`. */
void http_answer_request(const struct http_request *request, const char *root,
                         struct http_answer *answer);

/* ---- serve.c ---- */

struct wasock_transport;

/* The folder that is served. */
extern const char *http_root;

/* Serve until the server has stopped.
 * transport: NULL, or TLS. Returns the exit code. */
int http_serve(const struct wasock_transport *transport, const char *program);

#endif
