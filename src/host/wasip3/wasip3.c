/* SPDX-License-Identifier: MIT */
/* wasip3.c - the host object for WASI 0.3: time, environment, text, results. */
#include "internal.h"

#include <wasock/err.h>

#include "../component/type.h"

WASOCK__LINK_IMPORTS;

#define STREAMS "wasi:io/streams@0.2.0"

WASOCK__IMPORT("wasi:clocks/monotonic-clock@0.3.0", "now")
uint64_t wasock__p3_import_now(void);
WASOCK__IMPORT("wasi:cli/environment@0.3.0", "get-environment")
void wasock__p3_import_environment(void *environment);
WASOCK__IMPORT("wasi:cli/stdout@0.2.0", "get-stdout")
uint32_t wasock__p3_import_stdout(void);
WASOCK__IMPORT("wasi:cli/stderr@0.2.0", "get-stderr")
uint32_t wasock__p3_import_stderr(void);
WASOCK__IMPORT(STREAMS, "[method]output-stream.blocking-write-and-flush")
void wasock__p3_import_print(uint32_t stream, const void *data, size_t length,
                             void *result);
WASOCK__IMPORT(STREAMS, "[resource-drop]output-stream")
void wasock__p3_import_drop_output(uint32_t stream);
WASOCK__IMPORT("wasi:io/error@0.2.0", "[resource-drop]error")
void wasock__p3_import_drop_error(uint32_t error);

/* The most that one blocking-write-and-flush takes. */
#define PRINT_MAX 4096U

/* An error's text is cut to this, or lands in memory that is used again. */
#define TEXT_CAPACITY 256

static const uint8_t errors[] = {
    WASOCK_EACCES,        WASOCK_ENOTSUP,    WASOCK_EINVAL,
    WASOCK_ENOMEM,        WASOCK_ETIMEDOUT,  WASOCK_ENOTCONN,
    WASOCK_EADDRNOTAVAIL, WASOCK_EADDRINUSE, WASOCK_EHOSTUNREACH,
    WASOCK_ECONNREFUSED,  WASOCK_EPIPE,      WASOCK_ECONNRESET,
    WASOCK_ECONNABORTED,  WASOCK_EMSGSIZE,   WASOCK_EIO};

int32_t wasock__p3_error(const struct wasock__p3_result *result)
{
    if (!result->is_error) {
        return 0;
    }
    const size_t code = result->of.error.code;
    return code < sizeof(errors) ? errors[code] : WASOCK_EIO;
}

void wasock__p3_land_text(void)
{
    static uint8_t text[TEXT_CAPACITY];
    struct wasock__piece piece = {text, sizeof(text)};

    if (wasock__p3_dgram != NULL) {
        wasock__p3_take_all(); /* what has landed there before */
        piece = wasock__p3_dgram->landing;
    }
    wasock__land(piece, (struct wasock__piece){NULL, 0});
}

uint64_t wasock__version_now_ns(void)
{
    return wasock__p3_import_now();
}

void wasock__version_environment(struct wasock__environment *environment)
{
    wasock__p3_import_environment(environment);
}

/* Write all of it. Returns a preview1 errno. */
static int32_t print(uint32_t stream, const void *data, size_t length)
{
    struct {
        uint8_t is_error;
        uint8_t padding[3];
        uint8_t is_closed;
        uint8_t more_padding[3];
        uint32_t error;
    } result = {0, {0}, 0, {0}, 0};
    const char *next = (const char *)data;

    while (length > 0 && !result.is_error) {
        const size_t n = length < PRINT_MAX ? length : PRINT_MAX;
        wasock__p3_import_print(stream, next, n, &result);
        next += n;
        length -= n;
    }
    if (result.is_error && !result.is_closed) {
        wasock__p3_import_drop_error(result.error);
    }
    wasock__p3_import_drop_output(stream);
    return result.is_error ? WASOCK_EIO : 0;
}

void wasock__version_say(const char *text, size_t length)
{
    const int32_t ignored = print(wasock__p3_import_stderr(), text, length);
    (void)ignored;
}

void wasock__component_end(void)
{
    /* What was sent is in the kernel's hands already. */
}

int32_t wasip1_fd_read(int32_t fd, const struct wasock_buffer *buffers,
                       size_t n_buffers, uint32_t *n_read)
{
    struct wasip1_roflags roflags = {0, 0};

    return wasip1_sock_recv(fd, buffers, n_buffers, 0, n_read, &roflags);
}

int32_t wasip1_fd_write(int32_t fd, const struct wasock_slice *slices,
                        size_t n_slices, uint32_t *n_written)
{
    if (fd != 1 && fd != 2) {
        return wasip1_sock_send(fd, slices, n_slices, 0, n_written);
    }
    uint32_t n = 0;
    for (size_t i = 0; i < n_slices; i++) {
        const uint32_t stream =
            fd == 1 ? wasock__p3_import_stdout() : wasock__p3_import_stderr();
        const int32_t error = print(stream, slices[i].data, slices[i].length);
        if (error != 0) {
            return error;
        }
        n += (uint32_t)slices[i].length;
    }
    *n_written = n;
    return 0;
}
