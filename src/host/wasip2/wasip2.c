/* SPDX-License-Identifier: MIT */
/*
 * wasip2.c - the calls of wasip1.h on WASI 0.2: wasi:io, wasi:clocks,
 * wasi:sockets and wasi:cli, by the canonical ABI.
 *
 * A component has no descriptors: a number of the library is an index of a
 * table of sockets, with the handles of their streams and pollables.
 */
#include "internal.h"

#include <wasock/err.h>

#include "../component/type.h"

WASOCK__LINK_IMPORTS;

/* The most bytes that one blocking write takes. */
#define BLOCKING_WRITE_MAX 4096

/* Of an error's text. The host may add a backtrace. */
#define ERROR_TEXT_MAX 256

WASIP2_IMPORT("wasi:io/error", "[method]error.to-debug-string")
void wasip2_error_text(uint32_t error, void *result);
WASIP2_IMPORT("wasi:io/error", "[resource-drop]error")
void wasip2_error_drop(uint32_t error);
WASIP2_IMPORT("wasi:io/streams",
              "[method]output-stream.blocking-write-and-flush")
void wasip2_output_write_all(uint32_t output, const void *data, size_t length,
                             void *result);
WASIP2_IMPORT("wasi:sockets/instance-network", "instance-network")
uint32_t wasip2_instance_network(void);
WASIP2_IMPORT("wasi:cli/environment", "get-environment")
void wasip2_get_environment(void *result);
WASIP2_IMPORT("wasi:cli/stdin", "get-stdin") uint32_t wasip2_get_stdin(void);
WASIP2_IMPORT("wasi:cli/stdout", "get-stdout") uint32_t wasip2_get_stdout(void);
WASIP2_IMPORT("wasi:cli/stderr", "get-stderr") uint32_t wasip2_get_stderr(void);
WASIP2_IMPORT("wasi:cli/exit", "exit") void wasip2_exit(uint32_t is_failure);

uint32_t wasock__p2_n_answers;

/* ---- Errors ---- */

int32_t wasock__p2_errno(uint8_t code)
{
    static const uint8_t numbers[] = {
        WASOCK_EIO,           /* unknown */
        WASOCK_EACCES,        /* access-denied */
        WASOCK_ENOTSUP,       /* not-supported */
        WASOCK_EINVAL,        /* invalid-argument */
        WASOCK_ENOMEM,        /* out-of-memory */
        WASOCK_ETIMEDOUT,     /* timeout */
        WASOCK_EALREADY,      /* concurrency-conflict */
        WASOCK_EINVAL,        /* not-in-progress */
        WASOCK_EAGAIN,        /* would-block */
        WASOCK_ENOTCONN,      /* invalid-state */
        WASOCK_EMFILE,        /* new-socket-limit */
        WASOCK_EADDRNOTAVAIL, /* address-not-bindable */
        WASOCK_EADDRINUSE,    /* address-in-use */
        WASOCK_EHOSTUNREACH,  /* remote-unreachable */
        WASOCK_ECONNREFUSED,  /* connection-refused */
        WASOCK_ECONNRESET,    /* connection-reset */
        WASOCK_ECONNABORTED,  /* connection-aborted */
        WASOCK_EMSGSIZE,      /* datagram-too-large */
        WASOCK_ENOENT,        /* name-unresolvable */
        WASOCK_EAGAIN,        /* temporary-resolver-failure */
        WASOCK_EIO,           /* permanent-resolver-failure */
    };

    return code < sizeof(numbers) ? numbers[code] : WASOCK_EIO;
}

/* Whether a text contains a word. */
static bool contains(const char *text, size_t length, const char *word)
{
    for (size_t start = 0; start < length; start++) {
        size_t n = 0;
        while (start + n < length && word[n] != '\0' &&
               text[start + n] == word[n]) {
            n++;
        }
        if (word[n] == '\0') {
            return true;
        }
    }
    return false;
}

/* The errno in an error's text, which wasmtime and Node take from the system.
 * 0.2.0 has no other source of it. */
static int32_t text_errno(const char *text, size_t length)
{
    static const struct {
        const char *word;
        int32_t error;
    } words[] = {
        {"onnection reset", WASOCK_ECONNRESET},
        {"onnectionReset", WASOCK_ECONNRESET},
        {"ECONNRESET", WASOCK_ECONNRESET},
        {"onnection-reset", WASOCK_ECONNRESET},
        {"roken pipe", WASOCK_EPIPE},
        {"BrokenPipe", WASOCK_EPIPE},
        {"EPIPE", WASOCK_EPIPE},
        {"onnection aborted", WASOCK_ECONNABORTED},
        {"onnectionAborted", WASOCK_ECONNABORTED},
        {"onnection-aborted", WASOCK_ECONNABORTED},
        {"imed out", WASOCK_ETIMEDOUT},
        {"imedOut", WASOCK_ETIMEDOUT},
        {"ETIMEDOUT", WASOCK_ETIMEDOUT},
        {"nreachable", WASOCK_EHOSTUNREACH},
        {"No route to host", WASOCK_EHOSTUNREACH},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (contains(text, length, words[i].word)) {
            return words[i].error;
        }
    }
    return WASOCK_EIO;
}

int32_t wasock__p2_stream_errno(const struct wasip2_stream_error *error)
{
    struct {
        const char *data;
        size_t length;
    } text;
    char room[ERROR_TEXT_MAX];
    const struct wasock__piece piece = {room, sizeof(room)};
    const struct wasock__piece none = {NULL, 0};

    if (error->is_closed) {
        return WASOCK_EPIPE;
    }
    wasock__land(piece, none);
    wasip2_error_text(error->error, &text);
    wasock__land_end();
    wasip2_error_drop(error->error);
    return text_errno(text.data, text.length < ERROR_TEXT_MAX ? text.length
                                                              : ERROR_TEXT_MAX);
}

/* ---- What all share ---- */

uint32_t wasock__p2_network(void)
{
    static uint32_t network;

    if (network == 0) {
        network = wasip2_instance_network();
    }
    return network;
}

void wasock__p2_drop_pollable(uint32_t *pollable)
{
    if (*pollable != 0) {
        wasip2_pollable_drop(*pollable);
        *pollable = 0;
    }
}

bool wasock__p2_wait(uint32_t pollable, uint32_t timer)
{
    uint32_t ready[2];
    struct {
        uint32_t *indexes;
        size_t n_indexes;
    } result;
    const uint32_t pollables[] = {pollable, timer};
    const struct wasock__piece piece = {ready, sizeof(ready)};
    const struct wasock__piece none = {NULL, 0};

    wasock__land(piece, none);
    wasip2_poll(pollables, 2, &result);
    wasock__land_end();
    return result.n_indexes == 2 || result.indexes[0] == 0;
}

uint32_t wasock__p2_always(void)
{
    static uint32_t pollable;

    if (pollable == 0) {
        pollable = wasip2_subscribe_duration(0);
    }
    return pollable;
}

void wasock__p2_refresh(void)
{
    static uint32_t elapsed;

    /* Not a duration of 0: that is ready without tokio. This one is unready, as
     * all else, once there were too many answers; then the guest waits. */
    if (elapsed == 0) {
        elapsed = wasip2_subscribe_duration(1);
    }
    wasip2_pollable_block(elapsed);
    wasock__p2_n_answers = 0;
}

void wasock__p2_pause(uint32_t pollable)
{
    const uint32_t timer = wasip2_subscribe_duration(1);

    if (pollable == 0) {
        wasip2_pollable_block(timer);
    } else {
        const bool ignored = wasock__p2_wait(pollable, timer);
        (void)ignored;
    }
    wasip2_pollable_drop(timer);
}

uint64_t wasock__version_now_ns(void)
{
    return wasip2_clock_now();
}

void wasock__version_environment(struct wasock__environment *environment)
{
    wasip2_get_environment(environment);
}

_Noreturn void wasock__version_fail(void)
{
    wasip2_exit(1);
    __builtin_trap();
}

/* ---- stdin, stdout and stderr ---- */

static uint32_t standard_input;

static uint32_t standard_stream(int32_t fd)
{
    static uint32_t outputs[2];

    if (fd == 0) {
        standard_input =
            standard_input != 0 ? standard_input : wasip2_get_stdin();
        return standard_input;
    }
    if (outputs[fd - 1] == 0) {
        outputs[fd - 1] = fd == 1 ? wasip2_get_stdout() : wasip2_get_stderr();
    }
    return outputs[fd - 1];
}

uint32_t wasock__p2_stdin_pollable(void)
{
    static uint32_t pollable;

    if (pollable == 0) {
        pollable = wasip2_input_subscribe(standard_stream(0));
    }
    return pollable;
}

static int32_t read_stdin(const struct wasock_buffer *buffer, uint32_t *n_read)
{
    struct wasip2_bytes bytes;
    const struct wasock__piece piece = {buffer->data, buffer->capacity};
    const struct wasock__piece none = {NULL, 0};

    for (;;) {
        wasock__land(piece, none);
        wasip2_input_read(standard_stream(0), buffer->capacity, &bytes);
        wasock__land_end();
        if (bytes.is_error) {
            *n_read = 0;
            return bytes.of.error.is_closed
                       ? 0
                       : wasock__p2_stream_errno(&bytes.of.error);
        }
        if (bytes.of.list.length > 0) {
            *n_read = (uint32_t)bytes.of.list.length;
            return 0;
        }
        if (wasock__standard_flags[0] & WASIP1_FDFLAGS_NONBLOCK) {
            return WASOCK_EAGAIN;
        }
        wasip2_pollable_block(wasock__p2_stdin_pollable());
    }
}

int32_t wasip1_fd_read(int32_t fd, const struct wasock_buffer *buffers,
                       size_t n_buffers, uint32_t *n_read)
{
    struct wasip1_roflags roflags;

    if (fd != 0) {
        return wasip1_sock_recv(fd, buffers, n_buffers, 0, n_read, &roflags);
    }
    while (n_buffers > 0 && buffers->capacity == 0) {
        buffers++;
        n_buffers--;
    }
    if (n_buffers == 0) {
        *n_read = 0;
        return 0;
    }
    return read_stdin(buffers, n_read);
}

/* Write all of a slice. */
static int32_t write_all(uint32_t output, const struct wasock_slice *slice)
{
    const uint8_t *data = (const uint8_t *)slice->data;
    struct wasip2_written written;

    for (size_t done = 0; done < slice->length;) {
        const size_t left = slice->length - done;
        const size_t n = left < BLOCKING_WRITE_MAX ? left : BLOCKING_WRITE_MAX;
        wasip2_output_write_all(output, data + done, n, &written);
        if (written.is_error) {
            return wasock__p2_stream_errno(&written.error);
        }
        done += n;
    }
    return 0;
}

int32_t wasip1_fd_write(int32_t fd, const struct wasock_slice *slices,
                        size_t n_slices, uint32_t *n_written)
{
    uint32_t n_bytes = 0;

    if (fd != 1 && fd != 2) {
        return wasip1_sock_send(fd, slices, n_slices, 0, n_written);
    }
    for (size_t i = 0; i < n_slices; i++) {
        const int32_t error = write_all(standard_stream(fd), &slices[i]);
        if (error != 0) {
            return error;
        }
        n_bytes += (uint32_t)slices[i].length;
    }
    *n_written = n_bytes;
    return 0;
}

void wasock__version_say(const char *text, size_t length)
{
    const struct wasock_slice slice = {text, length};
    const int32_t ignored = write_all(standard_stream(2), &slice);

    (void)ignored;
}

/* ---- Costs and sets ---- */

const struct wasock__poll_cost *wasock__host_poll_cost(void)
{
    /* wasmtime 49, measured, but for the sleep: it costs a timer, whatever the
     * number of subscriptions. */
    static const struct wasock__poll_cost cost = {
        .poll_ns = 2500,
        .idle_ns = 400,
        .ready_ns = 400,
        .wake_ns = 100,
        .sweep_ns = 8000,
    };

    return &cost;
}
