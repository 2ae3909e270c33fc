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

/* Answer without a file; the body repeats the status. */
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
    static const char digits[] = "0123456789abcdef";
    const char *found =
        memchr(digits, digit | 0x20, sizeof(digits) - 1); /* lower case */

    return found == NULL ? -1 : (int)(found - digits);
}

/* The path and the query of a URL: of "http://host/path" as well. */
static struct http_text path_of(struct http_text url)
{
    const char *end = url.bytes + url.length;
    const char *scheme_end = memchr(url.bytes, ':', url.length);

    if (url.bytes[0] == '/' || scheme_end == NULL || end - scheme_end < 3) {
        return url;
    }
    const char *host = scheme_end + 3;
    const char *slash = memchr(host, '/', (size_t)(end - host));
    return slash == NULL ? (struct http_text){"/", 1}
                         : (struct http_text){slash, (size_t)(end - slash)};
}

/* Take a character of a path. Returns it, or -1: it is malformed. */
static int take_character(struct http_text path, size_t *i)
{
    const char *at = path.bytes + *i;
    const bool is_encoded = *at == '%';

    *i += is_encoded ? 3 : 1;
    if (!is_encoded) {
        return (unsigned char)*at;
    }
    if (*i > path.length || hex_of(at[1]) < 0 || hex_of(at[2]) < 0) {
        return -1;
    }
    return hex_of(at[1]) * 16 + hex_of(at[2]);
}

/* Decode the path of a URL and append it to `path`. Returns 0 or a status. */
static int decode_path(struct http_text url, char *path)
{
    const struct http_text encoded = path_of(url);
    size_t n = strlen(path);
    size_t i = 0;

    while (i < encoded.length && encoded.bytes[i] != '?') {
        const int c = take_character(encoded, &i);
        if (c < ' ') {
            return 400;
        }
        if (n + sizeof("/index.html") >= PATH_BYTES) {
            return 414;
        }
        path[n++] = (char)c;
    }
    path[n] = '\0';
    return 0;
}

/* Check for "..", which could lead out of the root. */
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

/* Out of descriptors is ENOMEM in a component, and EIO on wazero. */
static int status_of_errno(void)
{
    switch (errno) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EIO:
        return 503;
    default:
        return 404;
    }
}

/* Open the file of a path. Returns 0 or a status. */
static int open_file(const char *path, struct stat *stat, int *file)
{
    *file = open(path, O_RDONLY | O_NONBLOCK); /* a pipe does not block */
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

struct range {
    bool has_first;
    bool has_last;
    off_t first;
    off_t last;
};

/* Parse "bytes=1-2". What is malformed, and several ranges, are no range. */
static bool parse_range(struct http_text value, struct range *range)
{
    if (value.length < 8 || strncasecmp(value.bytes, "bytes=", 6) != 0) {
        return false;
    }
    const char *text = value.bytes + 6;
    const char *end = value.bytes + value.length;
    range->has_first = take_number(&text, end, &range->first);
    if (text == end || *text != '-') {
        return false;
    }
    text++;
    range->has_last = take_number(&text, end, &range->last);
    return text == end && (range->has_first || range->has_last) &&
           (!range->has_first || !range->has_last ||
            range->first <= range->last);
}

/* Choose what is sent of a file. Returns 200: all of it; 206; 416. */
static int choose_range(struct http_text value, off_t size,
                        struct http_answer *answer)
{
    struct range range;

    answer->at = 0;
    answer->end = size;
    if (!parse_range(value, &range)) {
        return 200;
    }
    if (range.has_first) {
        answer->at = range.first;
    } else { /* the last bytes */
        answer->at = range.last < size ? size - range.last : 0;
    }
    if (range.has_first && range.has_last && range.last < size) {
        answer->end = range.last + 1;
    }
    return answer->at < answer->end ? 206 : 416;
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
        answer->end = answer->at;
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

/* Redirect to the path with a slash: relative links need it. */
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
    /* The end of a malformed request is unknown. */
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
        snprintf(path + strlen(path), sizeof("index.html"), "index.html");
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
