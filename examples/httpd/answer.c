/* SPDX-License-Identifier: MIT */
#include "httpd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_BYTES 2048

static const char *reason_of(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 206:
        return "Partial Content";
    case 301:
        return "Moved Permanently";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 414:
        return "URI Too Long";
    case 416:
        return "Range Not Satisfiable";
    case 431:
        return "Request Header Fields Too Large";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".txt", "text/plain; charset=utf-8"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".wasm", "application/wasm"},
    };
    const char *suffix = strrchr(path, '.');

    for (size_t i = 0; suffix != NULL && i < sizeof(types) / sizeof(types[0]);
         i++) {
        if (strcasecmp(suffix, types[i][0]) == 0) {
            return types[i][1];
        }
    }
    return "application/octet-stream";
}

/* ---- The head ---- */

static void __attribute__((format(printf, 2, 3)))
add(struct http_answer *answer, const char *format, ...)
{
    const size_t room = sizeof(answer->head) - answer->head_length;
    va_list arguments;

    va_start(arguments, format);
    const int n =
        vsnprintf(answer->head + answer->head_length, room, format, arguments);
    va_end(arguments);
    answer->head_length += (size_t)n < room ? (size_t)n : room - 1;
}

static void add_time(struct http_answer *answer, const char *name, time_t when)
{
    char text[40];

    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&when));
    add(answer, "%s: %s\r\n", name, text);
}

static void begin_head(struct http_answer *answer, int status)
{
    answer->head_length = 0;
    add(answer, "HTTP/1.1 %d %s\r\n", status, reason_of(status));
    add_time(answer, "Date", time(NULL));
    add(answer, "Server: wasock\r\nConnection: %s\r\n",
        answer->is_kept_alive ? "keep-alive" : "close");
}

/* Answer without a file: the body says what the head does. */
static void refuse(const struct http_request *request, int status,
                   const char *header, struct http_answer *answer)
{
    char body[80];
    const int n =
        snprintf(body, sizeof(body), "%d %s\n", status, reason_of(status));

    begin_head(answer, status);
    add(answer,
        "%sContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Length: %d\r\n\r\n%s",
        header, n, request->is_head ? "" : body);
}

/* ---- The file ---- */

static int hex_of(char digit)
{
    if (isdigit((unsigned char)digit)) {
        return digit - '0';
    }
    return isxdigit((unsigned char)digit)
               ? tolower((unsigned char)digit) - 'a' + 10
               : -1;
}

/* Decode the path of a URL behind what `path` holds. Returns 0 or a status. */
static int decode_path(struct http_text url, char *path)
{
    size_t n = strlen(path);
    const char *scheme_end = memchr(url.bytes, ':', url.length);

    if (url.bytes[0] != '/' && scheme_end != NULL) { /* http://host/path */
        const char *end = url.bytes + url.length;
        const char *host = scheme_end + 3;
        const char *slash =
            host < end ? memchr(host, '/', (size_t)(end - host)) : NULL;
        url = slash == NULL ? (struct http_text){"/", 1}
                            : (struct http_text){slash, (size_t)(end - slash)};
    }
    for (size_t i = 0; i < url.length && url.bytes[i] != '?'; i++) {
        int c = (unsigned char)url.bytes[i];
        if (c == '%') {
            if (i + 2 >= url.length || hex_of(url.bytes[i + 1]) < 0 ||
                hex_of(url.bytes[i + 2]) < 0) {
                return 400;
            }
            c = hex_of(url.bytes[i + 1]) * 16 + hex_of(url.bytes[i + 2]);
            i += 2;
        }
        if (c < ' ') {
            return 400;
        }
        if (n + 1 == PATH_BYTES - sizeof("index.html")) {
            return 414;
        }
        path[n++] = (char)c;
    }
    path[n] = '\0';
    return 0;
}

/* Whether a part of the path is "..": it could lead out of the root. */
static bool leads_up(const char *path)
{
    for (; path != NULL; path = strchr(path, '/')) {
        path += *path == '/';
        if (strncmp(path, "..", 2) == 0 &&
            (path[2] == '/' || path[2] == '\0')) {
            return true;
        }
    }
    return false;
}

static int status_of_errno(void)
{
    return errno == EMFILE || errno == ENFILE ? 503 : 404;
}

/* Open the file of a path. Returns 0 or a status. */
static int open_file(const char *path, struct stat *stat, int *file)
{
    *file = open(path, O_RDONLY | O_NONBLOCK); /* a pipe does not stop it */
    if (*file < 0) {
        return errno == EISDIR ? 301 : status_of_errno();
    }
    if (fstat(*file, stat) == 0 && S_ISREG(stat->st_mode)) {
        return 0;
    }
    const bool is_directory = S_ISDIR(stat->st_mode);
    close(*file);
    *file = -1;
    return is_directory ? 301 : 404;
}

/* ---- Ranges ---- */

static bool take_number(const char **text, const char *end, off_t *number)
{
    const char *begin = *text;

    *number = 0;
    while (*text < end && isdigit((unsigned char)**text) &&
           *text - begin < 18) {
        *number = *number * 10 + (**text - '0');
        (*text)++;
    }
    return *text > begin;
}

/* Choose the range. Returns 200: the whole; 206; 416. What is malformed, and
 * several ranges, count as the whole (RFC 9110, 14.2). */
static int choose_range(struct http_text range, off_t size,
                        struct http_answer *answer)
{
    const char *text = range.bytes + 6;
    const char *end = range.bytes + range.length;
    off_t first = 0;
    off_t last = size - 1;

    answer->at = 0;
    answer->end = size;
    if (range.length < 8 || strncasecmp(range.bytes, "bytes=", 6) != 0) {
        return 200;
    }
    const bool has_first = take_number(&text, end, &first);
    if (text == end || *text++ != '-') {
        return 200;
    }
    const bool has_last = take_number(&text, end, &last);
    if (text != end || (!has_first && !has_last) ||
        (has_first && has_last && last < first)) {
        return 200;
    }
    if (!has_first) { /* the last bytes */
        first = last >= size ? 0 : size - last;
        last = last == 0 ? -1 : size - 1;
    } else if (!has_last) {
        last = size - 1;
    }
    if (first >= size || last < first) {
        return 416;
    }
    answer->at = first;
    answer->end = last < size ? last + 1 : size;
    return 206;
}

/* ---- Answers ---- */

static void answer_file(const struct http_request *request, const char *path,
                        const struct stat *stat, struct http_answer *answer)
{
    const struct http_text none = {"", 0};
    char header[80];
    const long long size = (long long)stat->st_size;
    const int status = choose_range(
        request->has_if_range ? none : request->range, stat->st_size, answer);

    if (status == 416) {
        answer->at = answer->end;
        snprintf(header, sizeof(header), "Content-Range: bytes */%lld\r\n",
                 size);
        refuse(request, 416, header, answer);
        return;
    }
    begin_head(answer, status);
    add_time(answer, "Last-Modified", stat->st_mtime);
    add(answer,
        "Accept-Ranges: bytes\r\nContent-Type: %s\r\n"
        "Content-Length: %lld\r\n",
        type_of(path), (long long)(answer->end - answer->at));
    if (status == 206) {
        add(answer, "Content-Range: bytes %lld-%lld/%lld\r\n",
            (long long)answer->at, (long long)answer->end - 1, size);
    }
    add(answer, "\r\n");
    if (request->is_head) {
        answer->at = answer->end;
    }
}

/* A directory without a slash at its end: links in it would be wrong. */
static void redirect(const struct http_request *request,
                     struct http_answer *answer)
{
    char header[400];
    const struct http_text url = request->url;

    if (url.length > 300) {
        refuse(request, 404, "", answer);
        return;
    }
    snprintf(header, sizeof(header), "Location: %.*s/\r\n", (int)url.length,
             url.bytes);
    refuse(request, 301, header, answer);
}

void http_answer_request(const struct http_request *request, const char *root,
                         struct http_answer *answer)
{
    char path[PATH_BYTES] = "";
    struct stat stat = {0};
    int status = request->status;

    answer->file = -1;
    answer->at = 0;
    answer->end = 0;
    /* Where a request that was not understood ends is not known. */
    answer->is_kept_alive =
        request->is_kept_alive && !request->has_body &&
        (status == 0 || (status == 405 && !request->has_body));
    if (status == 0) {
        snprintf(path, sizeof(path) / 2, "%s", root);
        status = decode_path(request->url, path);
    }
    if (status == 0 && (path[0] == '\0' || leads_up(path + strlen(root)))) {
        status = 404;
    }
    if (status == 0 && path[strlen(path) - 1] == '/') {
        strcat(path, "index.html");
    }
    if (status == 0) {
        status = open_file(path, &stat, &answer->file);
    }
    if (status == 0) {
        answer_file(request, path, &stat, answer);
    } else if (status == 301) {
        redirect(request, answer);
    } else {
        refuse(request, status, status == 405 ? "Allow: GET, HEAD\r\n" : "",
               answer);
    }
}
