/* SPDX-License-Identifier: MIT */
#include <wasock/preopen.h>

#include <wasock/err.h>

#include "host.h"
#include "text.h"

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
        return WASOCK_PREOPEN_UNKNOWN;
    }
}

int wasock_preopen_next(struct wasock_preopen *preopen)
{
    struct wasock_fd_stat stat;
    const int first = wasock__host_first_fd();
    const int fd = preopen->fd < first ? first : preopen->fd + 1;
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

/* Scan the next descriptor that is, or may be, a listener. */
static int next_listener(struct wasock_preopen *preopen)
{
    int result = 0;

    do {
        result = wasock_preopen_next(preopen);
    } while (result == 1 && preopen->role != WASOCK_PREOPEN_LISTENER &&
             preopen->role != WASOCK_PREOPEN_UNKNOWN);
    return result;
}

int wasock_preopen_listener(size_t index, struct wasock_listener *listener)
{
    struct wasock_preopen preopen = {0};

    if (wasock_socket_is_open(&listener->socket)) {
        return -WASOCK_EOPEN;
    }
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

    for (size_t i = 0; i < capacity; i++) {
        if (wasock_socket_is_open(&listeners[i].socket)) {
            return -WASOCK_EOPEN;
        }
    }
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

static void count_one(struct wasock_preopen_counts *counts,
                      const struct wasock_preopen *preopen)
{
    counts->n_descriptors++;
    switch (preopen->role) {
    case WASOCK_PREOPEN_LISTENER:
        counts->n_listeners++;
        return;
    case WASOCK_PREOPEN_CONNECTION:
        counts->n_connections++;
        return;
    case WASOCK_PREOPEN_DATAGRAM:
        counts->n_datagrams++;
        return;
    case WASOCK_PREOPEN_UNKNOWN:
        counts->n_unknown++;
        return;
    case WASOCK_PREOPEN_NO_SOCKET:
    default:
        break;
    }
    if (preopen->kind == WASOCK_FD_DIRECTORY) {
        counts->n_directories++;
    } else {
        counts->n_others++;
    }
}

static enum wasock_preopen_host
host_of(const struct wasock_preopen_counts *counts)
{
    if (counts->n_descriptors > counts->n_directories + counts->n_others) {
        return WASOCK_PREOPEN_HOST_HAS_SOCKETS;
    }
    switch (wasock__host_detect_sockets()) {
    case WASOCK__HOST_SOCKETS_SOME:
        return WASOCK_PREOPEN_HOST_HAS_SOCKETS;
    case WASOCK__HOST_SOCKETS_NONE:
        return WASOCK_PREOPEN_HOST_HAS_NO_SOCKETS;
    case WASOCK__HOST_SOCKETS_UNKNOWN:
    default:
        return WASOCK_PREOPEN_HOST_UNKNOWN;
    }
}

int wasock_preopen_count(struct wasock_preopen_counts *counts)
{
    const struct wasock_preopen_counts none = {0};
    struct wasock_preopen preopen = {0};
    int result = 0;

    *counts = none;
    while ((result = wasock_preopen_next(&preopen)) == 1) {
        count_one(counts, &preopen);
    }
    counts->host = host_of(counts);
    return result;
}

/* Put "3 directories, " or "1 directory, "; nothing for 0. */
static void put_count(struct text *text, unsigned count, const char *one,
                      const char *many)
{
    if (count > 0) {
        text_put_decimal(text, count);
        text_put_string(text, count == 1 ? one : many);
    }
}

static void put_findings(struct text *text,
                         const struct wasock_preopen_counts *counts)
{
    if (counts->n_descriptors == 0) {
        text_put_string(text, "The host preopened no descriptors.\n");
        return;
    }
    text_put_string(text, "The host preopened, from descriptor ");
    text_put_decimal(text, (unsigned)wasock__host_first_fd());
    text_put_string(text, " on: ");
    put_count(text, counts->n_listeners, " listener, ", " listeners, ");
    put_count(text, counts->n_connections, " connection, ", " connections, ");
    put_count(text, counts->n_unknown, " stream socket, ", " stream sockets, ");
    put_count(text, counts->n_datagrams, " datagram socket, ",
              " datagram sockets, ");
    put_count(text, counts->n_directories, " directory, ", " directories, ");
    put_count(text, counts->n_others, " other, ", " others, ");
    put_count(text, counts->n_descriptors, " in all.\n", " in all.\n");
}

static void put_advice(struct text *text, enum wasock_preopen_host host)
{
    if (host == WASOCK_PREOPEN_HOST_HAS_NO_SOCKETS) {
        text_put_string(
            text,
            "This host has no preview1 sockets: wasmtime 47 and later have "
            "none,\nwasmtime 46 and earlier only with -S preview2=n.\n");
    } else if (host == WASOCK_PREOPEN_HOST_HAS_SOCKETS) {
        text_put_string(text, "This host has sockets, but its command line "
                              "opens no listener.\n");
    }
    text_put_string(text, wasock__host_listen_help());
}

static void put_explanation(struct text *text,
                            const struct wasock_preopen_counts *counts)
{
    put_findings(text, counts);
    if (counts->n_listeners == 0 && counts->n_unknown == 0) {
        put_advice(text, counts->host);
    }
}

size_t wasock_preopen_explain(const struct wasock_preopen_counts *counts,
                              char *text, size_t capacity)
{
    struct text explanation = {text, capacity, 0};

    put_explanation(&explanation, counts);
    return text_end(&explanation);
}

void wasock_preopen_print_error(const char *program, ptrdiff_t error)
{
    static char printed[1280]; /* too large for the stack */
    struct text text = {printed, sizeof(printed), 0};

    text_put_string(&text, program);
    text_put_string(&text, ": ");
    text_put_string(&text, wasock_err_text(error));
    text_put_string(&text, ".\n");
    if (error == -WASOCK_ENOPREOPEN || error == WASOCK_ENOPREOPEN) {
        struct wasock_preopen_counts counts;
        wasock_preopen_count(&counts);
        put_explanation(&text, &counts);
    }
    wasock_fd_write(2, printed,
                    text.length < sizeof(printed) ? text.length
                                                  : sizeof(printed) - 1);
}
