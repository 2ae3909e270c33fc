/* SPDX-License-Identifier: MIT */
#include <wasock/preopen.h>

#include <wasock/err.h>

static enum wasock_preopen_role role_of(int fd, enum wasock_fd_kind kind)
{
    if (kind == WASOCK_FD_SOCKET_DGRAM) {
        return WASOCK_PREOPEN_DATAGRAM;
    }
    if (kind != WASOCK_FD_SOCKET_STREAM) {
        return WASOCK_PREOPEN_NO_SOCKET;
    }
    switch (wasock_fd_is_listener(fd)) {
    case 0:
        return WASOCK_PREOPEN_CONNECTION;
    case 1:
        return WASOCK_PREOPEN_LISTENER;
    default:
        return WASOCK_PREOPEN_UNTOLD;
    }
}

int wasock_preopen_next(struct wasock_preopen *preopen)
{
    struct wasock_fd_stat stat;
    const int fd = preopen->fd < WASOCK_PREOPEN_FIRST_FD
                       ? WASOCK_PREOPEN_FIRST_FD
                       : preopen->fd + 1;
    const int result = wasock_fd_stat(fd, &stat);

    if (result < 0) {
        return result == -WASOCK_EBADF ? 0 : result;
    }
    preopen->fd = fd;
    preopen->kind = stat.kind;
    preopen->role = role_of(fd, stat.kind);
    preopen->is_nonblocking = stat.is_nonblocking;
    return 1;
}

/* The next descriptor that is, or may be, a listener. */
static int next_listener(struct wasock_preopen *preopen)
{
    int result = 0;

    do {
        result = wasock_preopen_next(preopen);
    } while (result == 1 && preopen->role != WASOCK_PREOPEN_LISTENER &&
             preopen->role != WASOCK_PREOPEN_UNTOLD);
    return result;
}

int wasock_preopen_listener(size_t index, struct wasock_listener *listener)
{
    struct wasock_preopen preopen = {0};
    int result = next_listener(&preopen);

    for (size_t i = 0; result == 1 && i < index; i++) {
        result = next_listener(&preopen);
    }
    if (result == 0) {
        return -WASOCK_ENOPREOPEN;
    }
    return result < 0 ? result : wasock_listener_from_fd(listener, preopen.fd);
}

ptrdiff_t wasock_preopen_listeners(struct wasock_listener *listeners,
                                   size_t capacity)
{
    struct wasock_preopen preopen = {0};
    size_t n_found = 0;
    int result = next_listener(&preopen);

    while (result == 1) {
        const int error =
            n_found < capacity
                ? wasock_listener_from_fd(&listeners[n_found], preopen.fd)
                : 0;
        n_found++;
        result = error < 0 ? error : next_listener(&preopen);
    }
    if (result < 0) {
        return result;
    }
    return n_found > 0 ? (ptrdiff_t)n_found : -WASOCK_ENOPREOPEN;
}

static void count_one(struct wasock_preopen_census *census,
                      const struct wasock_preopen *preopen)
{
    census->n_descriptors++;
    switch (preopen->role) {
    case WASOCK_PREOPEN_LISTENER:
        census->n_listeners++;
        return;
    case WASOCK_PREOPEN_CONNECTION:
        census->n_connections++;
        return;
    case WASOCK_PREOPEN_DATAGRAM:
        census->n_datagrams++;
        return;
    case WASOCK_PREOPEN_UNTOLD:
        census->n_untold++;
        return;
    case WASOCK_PREOPEN_NO_SOCKET:
    default:
        break;
    }
    if (preopen->kind == WASOCK_FD_DIRECTORY) {
        census->n_directories++;
    } else {
        census->n_others++;
    }
}

/* Whether a host that handed over no socket knows of sockets. */
static enum wasock_preopen_host ask_host(void)
{
    switch (wasock_fd_accept(0)) {
    case -WASOCK_EBADF:
        return WASOCK_PREOPEN_HOST_HAS_SOCKETS;
    case -WASOCK_ENOTSOCK:
        return WASOCK_PREOPEN_HOST_HAS_NO_SOCKETS;
    default:
        return WASOCK_PREOPEN_HOST_UNTOLD;
    }
}

int wasock_preopen_count(struct wasock_preopen_census *census)
{
    const struct wasock_preopen_census none = {0};
    struct wasock_preopen preopen = {0};
    int result = 0;

    *census = none;
    while ((result = wasock_preopen_next(&preopen)) == 1) {
        count_one(census, &preopen);
    }
    census->host =
        census->n_descriptors > census->n_directories + census->n_others
            ? WASOCK_PREOPEN_HOST_HAS_SOCKETS
            : ask_host();
    return result;
}

/* Text that grows in the caller's buffer and goes on counting when it is
 * full. */
struct text {
    char *bytes;
    size_t capacity;
    size_t length;
};

static void append(struct text *text, const char *string)
{
    for (; *string != '\0'; string++) {
        if (text->length + 1 < text->capacity) {
            text->bytes[text->length] = *string;
        }
        text->length++;
    }
}

/* "3 directories, " or "1 directory, ", or nothing for none. */
static void append_count(struct text *text, unsigned count, const char *one,
                         const char *many)
{
    char digits[11];
    size_t i = sizeof(digits) - 1;

    if (count == 0) {
        return;
    }
    digits[i] = '\0';
    for (unsigned rest = count; rest > 0; rest /= 10) {
        digits[--i] = (char)('0' + rest % 10);
    }
    append(text, &digits[i]);
    append(text, count == 1 ? one : many);
}

static void append_findings(struct text *text,
                            const struct wasock_preopen_census *census)
{
    if (census->n_descriptors == 0) {
        append(text, "The host handed over no descriptors.\n");
        return;
    }
    append(text, "The host handed over from descriptor 3 on: ");
    append_count(text, census->n_listeners, " listener, ", " listeners, ");
    append_count(text, census->n_connections, " connection, ",
                 " connections, ");
    append_count(text, census->n_untold, " stream socket, ",
                 " stream sockets, ");
    append_count(text, census->n_datagrams, " datagram socket, ",
                 " datagram sockets, ");
    append_count(text, census->n_directories, " directory, ", " directories, ");
    append_count(text, census->n_others, " other, ", " others, ");
    append_count(text, census->n_descriptors, " in all.\n", " in all.\n");
}

static void append_advice(struct text *text, enum wasock_preopen_host host)
{
    if (host == WASOCK_PREOPEN_HOST_HAS_NO_SOCKETS) {
        append(text,
               "This host has no preview1 sockets: wasmtime 47 and later have "
               "none,\nwasmtime 46 and earlier only with -S preview2=n.\n");
    } else if (host == WASOCK_PREOPEN_HOST_HAS_SOCKETS) {
        append(text, "This host has sockets; it was told of no listener.\n");
    }
    append(text,
           "A preview1 program cannot open a socket; its host opens one:\n"
           "  wasmtime run -S preview2=n -S tcplisten=127.0.0.1:8080 "
           "PROGRAM.wasm  (wasmtime 36 to 46)\n"
           "  wasmi --tcplisten 127.0.0.1:8080 PROGRAM.wasm\n"
           "  wazero run -listen=127.0.0.1:8080 PROGRAM.wasm\n");
}

size_t wasock_preopen_explain(const struct wasock_preopen_census *census,
                              char *text, size_t capacity)
{
    struct text explanation = {text, capacity, 0};

    append_findings(&explanation, census);
    if (census->n_listeners == 0 && census->n_untold == 0) {
        append_advice(&explanation, census->host);
    }
    if (capacity > 0) {
        text[explanation.length < capacity ? explanation.length
                                           : capacity - 1] = '\0';
    }
    return explanation.length;
}
