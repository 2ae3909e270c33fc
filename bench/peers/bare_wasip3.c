/* SPDX-License-Identifier: MIT */
/*
 * The least that an echo costs on WASI 0.3: each connection has one read or one
 * write pending, all are in one waitable set, and the set's events are served
 * as they come. The library's object for the host opens the listener; the loop
 * calls the host itself.
 */
#include "wasip3/internal.h"

#include "component/type.h"

WASOCK__LINK_IMPORTS;

#define TCP "[method]tcp-socket."
#define RECEIVE "[method]tcp-socket.receive"
#define SEND "[method]tcp-socket.send"

WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[async-lower][stream-read-0]" TCP "listen")
uint32_t bare_accept(uint32_t stream, uint32_t *handle, uint32_t count);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[async-lower][stream-read-0]" RECEIVE)
uint32_t bare_read(uint32_t stream, void *data, size_t capacity);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[async-lower][stream-write-0]" SEND)
uint32_t bare_write(uint32_t stream, const void *data, size_t length);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[resource-drop]tcp-socket")
void bare_drop(uint32_t handle);
WASOCK__IMPORT("$root", "[waitable-set-new]") uint32_t bare_set_new(void);
WASOCK__IMPORT("$root", "[waitable-join]")
void bare_join(uint32_t waitable, uint32_t set);
WASOCK__IMPORT("$root", "[waitable-set-wait]")
uint32_t bare_set_wait(uint32_t set, uint32_t *payload);

enum {
    BUFFER_SIZE = 16384,
    MAX_CONNECTIONS = 12288,
    MAX_HANDLES = 100000 /* of wasmtime's store */
};

struct connection {
    struct wasock__p3_socket streams;
    uint32_t length; /* of what is to be sent */
    uint32_t offset;
    uint8_t bytes[BUFFER_SIZE];
};

static struct connection connections[MAX_CONNECTIONS];
static uint16_t free_connections[MAX_CONNECTIONS];
static uint32_t n_free;
static uint32_t n_used;
static uint16_t owners[MAX_HANDLES]; /* of a stream: a connection's index + 1 */
static uint32_t set;
static struct wasock__p3_socket *listener;

static void drop(struct connection *connection)
{
    bare_join(connection->streams.receiving, 0);
    bare_join(connection->streams.sending, 0);
    wasock__p3_stream_close(&connection->streams);
    bare_drop(connection->streams.handle);
    free_connections[n_free++] = (uint16_t)(connection - connections);
}

/* Starts a read or a write. Returns how it ended, or that it is pending. */
static uint32_t start(struct connection *connection)
{
    return connection->length > 0
               ? bare_write(connection->streams.sending,
                            connection->bytes + connection->offset,
                            connection->length - connection->offset)
               : bare_read(connection->streams.receiving, connection->bytes,
                           BUFFER_SIZE);
}

/* Takes how a read or a write ended. Returns false at the end of the stream. */
static bool take(struct connection *connection, uint32_t code)
{
    const uint32_t n = code >> 4;

    if (connection->length == 0) {
        connection->length = n;
        connection->offset = 0;
    } else {
        connection->offset += n;
        if (connection->offset == connection->length) {
            connection->length = 0;
        }
    }
    return n > 0 || (code & 15) == WASOCK__P3_COMPLETED;
}

static void serve(struct connection *connection)
{
    uint32_t code = start(connection);

    while (code != WASOCK__P3_BLOCKED) {
        if (!take(connection, code)) {
            drop(connection);
            return;
        }
        code = start(connection);
    }
}

static void join(uint32_t stream, const struct connection *connection)
{
    if (stream < MAX_HANDLES) {
        owners[stream] = (uint16_t)(connection - connections + 1);
    }
    bare_join(stream, set);
}

static void open_connection(uint32_t handle)
{
    if (n_free == 0 && n_used == MAX_CONNECTIONS) {
        bare_drop(handle);
        return;
    }
    struct connection *connection =
        &connections[n_free > 0 ? free_connections[--n_free] : n_used++];
    connection->streams = (struct wasock__p3_socket){.handle = handle};
    connection->length = 0;
    wasock__p3_stream_open(&connection->streams);
    join(connection->streams.receiving, connection);
    join(connection->streams.sending, connection);
    serve(connection);
}

static void accept_all(void)
{
    while (bare_accept(listener->receiving, &listener->accepted, 1) !=
           WASOCK__P3_BLOCKED) {
        open_connection(listener->accepted);
    }
}

static void serve_event(uint32_t handle, uint32_t code)
{
    if (handle == listener->receiving) {
        open_connection(listener->accepted);
        accept_all();
        return;
    }
    const uint32_t owner = handle < MAX_HANDLES ? owners[handle] : 0;
    if (owner == 0) {
        return;
    }
    struct connection *connection = &connections[owner - 1];
    if (take(connection, code)) {
        serve(connection);
    } else {
        drop(connection);
    }
}

void _start(void);

void _start(void)
{
    uint32_t payload[2];

    listener = wasock__p3_find(WASOCK__FIRST_FD);
    if (listener == NULL) {
        return;
    }
    set = bare_set_new();
    bare_join(listener->receiving, set);
    accept_all();
    for (;;) {
        bare_set_wait(set, payload);
        serve_event(payload[0], payload[1]);
    }
}
