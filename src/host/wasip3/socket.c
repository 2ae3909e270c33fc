/* SPDX-License-Identifier: MIT */
/* socket.c - listen, accept, connect, addresses, close. */
#include "internal.h"

#include <wasock/err.h>
#include <wasock/fd.h>

#include "../component/type.h"

WASOCK__LINK_IMPORTS;

#define TCP "[method]tcp-socket."

WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[static]tcp-socket.create")
void wasock__p3_import_create(uint32_t family, void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, TCP "bind")
void wasock__p3_import_bind(uint32_t tcp_socket, WASOCK__FLAT_ADDR_TYPES,
                            void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, TCP "set-listen-backlog-size")
void wasock__p3_import_backlog(uint32_t tcp_socket, uint64_t backlog,
                               void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, TCP "listen")
void wasock__p3_import_listen(uint32_t tcp_socket, void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[async-lower]" TCP "connect")
uint32_t wasock__p3_import_connect(const void *arguments, void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, TCP "get-local-address")
void wasock__p3_import_local(uint32_t tcp_socket, void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, TCP "get-remote-address")
void wasock__p3_import_remote(uint32_t tcp_socket, void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[resource-drop]tcp-socket")
void wasock__p3_import_drop(uint32_t tcp_socket);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[async-lower][stream-read-0]" TCP "listen")
uint32_t wasock__p3_import_accept(uint32_t stream, void *accepted,
                                  uint32_t count);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[stream-cancel-read-0]" TCP "listen")
uint32_t wasock__p3_import_cancel_accept(uint32_t stream);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[stream-drop-readable-0]" TCP "listen")
void wasock__p3_import_drop_listen(uint32_t stream);

/* An error-code. */
#define INVALID_STATE 5

/* What connect reads and writes while it is pending, in the landing buffer. */
struct connecting {
    struct {
        uint32_t tcp_socket;
        struct wasock__memory_addr addr;
    } arguments;
    struct wasock__p3_result result;
};
_Static_assert(sizeof(struct connecting) <= WASOCK__P3_LANDING_BYTES, "room");

/* Buffers that are free begin with a pointer to the next. */
union free_landing {
    union free_landing *next;
    uint8_t bytes[WASOCK__P3_LANDING_BYTES];
};
static union free_landing *free_landings;

uint8_t *wasock__p3_landing_take(void)
{
    union free_landing *landing = free_landings;

    if (landing == NULL) {
        return (uint8_t *)wasock__keep(sizeof(*landing));
    }
    free_landings = landing->next;
    return landing->bytes;
}

void wasock__p3_landing_give(uint8_t *bytes)
{
    union free_landing *landing = (union free_landing *)(void *)bytes;

    if (landing != NULL) {
        landing->next = free_landings;
        free_landings = landing;
    }
}

struct wasock__p3_socket *wasock__p3_find(int32_t fd)
{
    return (struct wasock__p3_socket *)(void *)wasock__table_find(fd);
}

static struct wasock__p3_socket *add(enum wasock__socket_kind kind, int32_t *fd)
{
    return (struct wasock__p3_socket *)(void *)wasock__table_add(kind, fd);
}

/* ---- Listen, accept ---- */

/* Create a socket. Returns a preview1 errno. */
static int32_t create(const struct wasock_addr *addr,
                      struct wasock__flat_addr *flat, uint32_t *handle)
{
    struct wasock__p3_result result = {0};
    const int32_t error = wasock__addr_flatten(addr, flat);

    if (error != 0) {
        return error;
    }
    if (!wasock__table_has_room()) {
        return WASOCK_EMFILE;
    }
    wasock__p3_import_create(flat->family, &result);
    *handle = result.of.handle;
    return wasock__p3_error(&result);
}

static int32_t bind(uint32_t handle, const struct wasock__flat_addr *addr)
{
    struct wasock__p3_result result = {0};

    wasock__p3_import_bind(handle, WASOCK__FLAT_ADDR(*addr), &result);
    return wasock__p3_error(&result);
}

/* stream: written: of accepted sockets. */
static int32_t start_listening(uint32_t handle, uint32_t backlog,
                               uint32_t *stream)
{
    struct wasock__p3_result result = {0};

    wasock__p3_import_backlog(handle, backlog, &result); /* a hint */
    wasock__p3_import_listen(handle, &result);
    *stream = result.of.handle;
    return wasock__p3_error(&result);
}

int32_t wasock__host_bind(const struct wasock_addr *addr, int32_t *fd)
{
    struct wasock__flat_addr flat;
    uint32_t handle = 0;

    wasock__p3_land_text();
    int32_t error = create(addr, &flat, &handle);
    if (error == 0) {
        error = bind(handle, &flat);
        if (error != 0) {
            wasock__p3_import_drop(handle);
        }
    }
    wasock__land_end();
    if (error == 0) {
        add(WASOCK__SOCKET_BOUND, fd)->handle = handle;
    }
    return error;
}

int32_t wasock__host_listen_bound(int32_t fd, uint32_t backlog)
{
    struct wasock__p3_socket *socket = wasock__p3_find(fd);
    uint32_t stream = 0;

    if (socket == NULL || socket->base.kind != WASOCK__SOCKET_BOUND) {
        return WASOCK_EBADF;
    }
    wasock__p3_land_text();
    const int32_t error = start_listening(socket->handle, backlog, &stream);
    wasock__land_end();
    if (error == 0) {
        socket->base.kind = WASOCK__SOCKET_LISTENER;
        socket->receiving = stream;
    }
    return error;
}

void wasock__p3_accept_end(struct wasock__p3_socket *socket, uint32_t code)
{
    socket->is_reading = false;
    socket->has_result = code >> 4 != 0;
    socket->is_ended = (code & 15) == WASOCK__P3_DROPPED;
    if (socket->has_result || socket->is_ended) {
        wasock__p3_changed(socket, WASOCK_READABLE);
    }
}

void wasock__p3_listener_start_read(struct wasock__p3_socket *socket)
{
    if (socket->is_reading || socket->has_result || socket->is_ended) {
        return;
    }
    const uint32_t code =
        wasock__p3_import_accept(socket->receiving, &socket->accepted, 1);
    if (code != WASOCK__P3_BLOCKED) {
        wasock__p3_accept_end(socket, code);
        return;
    }
    socket->is_reading = true;
    if (!socket->is_joined) {
        socket->is_joined = wasock__p3_join(socket->receiving, socket);
    }
}

/* If the host is out of descriptors, it returns dead sockets: getting their
 * address fails. A socket that the peer has reset has no address in its state;
 * its first read returns the reset. */
static int32_t check_accepted(uint32_t handle)
{
    struct wasock__p3_result result = {0};

    wasock__p3_land_text();
    wasock__p3_import_remote(handle, &result);
    wasock__land_end();
    return result.is_error && result.of.error.code != INVALID_STATE
               ? WASOCK_EMFILE
               : 0;
}

int32_t wasip1_sock_accept(int32_t fd, uint16_t flags, int32_t *accepted_fd)
{
    struct wasock__p3_socket *listener = wasock__p3_find(fd);

    if (listener == NULL || listener->base.kind != WASOCK__SOCKET_LISTENER) {
        return WASOCK_EBADF;
    }
    while (wasock__p3_ready(listener, WASOCK_READABLE) == 0) {
        if ((listener->base.flags & WASIP1_FDFLAGS_NONBLOCK) == 0) {
            wasock__p3_suspend(UINT64_MAX);
        } else if (!wasock__p3_yield_seldom()) {
            return WASOCK_EAGAIN;
        }
    }
    if (!listener->has_result) {
        return WASOCK_EIO;
    }
    uint8_t *landing =
        wasock__table_has_room() ? wasock__p3_landing_take() : NULL;
    if (landing == NULL) {
        return WASOCK_EMFILE; /* the connection waits */
    }
    listener->has_result = false;
    const uint32_t handle = listener->accepted;
    const int32_t error = check_accepted(handle);
    if (error != 0) {
        wasock__p3_import_drop(handle);
        wasock__p3_landing_give(landing);
        return error;
    }
    struct wasock__p3_socket *socket =
        add(WASOCK__SOCKET_CONNECTION, accepted_fd);
    socket->base.flags = (uint8_t)(flags & WASIP1_FDFLAGS_NONBLOCK);
    socket->handle = handle;
    socket->landing = landing;
    wasock__p3_stream_open(socket);
    return 0;
}

/* ---- Connect ---- */

static struct connecting *connecting_of(struct wasock__p3_socket *socket)
{
    return (struct connecting *)(void *)socket->landing;
}

void wasock__p3_connect_end(struct wasock__p3_socket *socket)
{
    socket->error = (uint16_t)wasock__p3_error(&connecting_of(socket)->result);
    if (socket->error == 0) {
        socket->base.kind = WASOCK__SOCKET_CONNECTION;
        wasock__p3_stream_open(socket);
    } else {
        socket->has_result = true; /* it is done */
    }
    wasock__p3_changed(socket, WASOCK_READABLE | WASOCK_WRITABLE);
}

/* Start; it may end at once. */
static int32_t start_connecting(struct wasock__p3_socket *socket,
                                const struct wasock_addr *addr)
{
    struct connecting *connecting = connecting_of(socket);

    __builtin_memset(connecting, 0, sizeof(*connecting));
    connecting->arguments.tcp_socket = socket->handle;
    const int32_t error = wasock__addr_store(addr, &connecting->arguments.addr);
    if (error != 0) {
        return error;
    }
    const uint32_t status =
        wasock__p3_import_connect(&connecting->arguments, &connecting->result);
    if ((status & 15) == WASOCK__P3_RETURNED) {
        wasock__p3_connect_end(socket);
        return 0;
    }
    socket->subtask = status >> 4;
    return wasock__p3_join(socket->subtask, socket) ? 0 : WASOCK_EMFILE;
}

int32_t wasock__host_connect(const struct wasock_addr *addr, int32_t *fd)
{
    struct wasock__flat_addr flat;
    uint32_t handle = 0;

    wasock__p3_land_text();
    int32_t error = create(addr, &flat, &handle);
    if (error == 0) {
        struct wasock__p3_socket *socket = add(WASOCK__SOCKET_CONNECTING, fd);
        socket->handle = handle;
        socket->landing = wasock__p3_landing_take();
        error = socket->landing == NULL ? WASOCK_ENOMEM
                                        : start_connecting(socket, addr);
        if (error != 0) {
            wasip1_fd_close(*fd);
        }
    }
    wasock__land_end();
    return error;
}

int32_t wasock__host_connect_bound(int32_t fd, const struct wasock_addr *addr)
{
    struct wasock__p3_socket *socket = wasock__p3_find(fd);

    if (socket == NULL || socket->base.kind != WASOCK__SOCKET_BOUND) {
        return WASOCK_EBADF;
    }
    socket->landing = wasock__p3_landing_take();
    if (socket->landing == NULL) {
        return WASOCK_ENOMEM;
    }
    socket->base.kind = WASOCK__SOCKET_CONNECTING;
    wasock__p3_land_text();
    const int32_t error = start_connecting(socket, addr);
    wasock__land_end();
    return error;
}

int32_t wasock__host_connect_result(int32_t fd)
{
    struct wasock__p3_socket *socket = wasock__p3_find(fd);

    if (socket == NULL) {
        return WASOCK_EBADF;
    }
    if (socket->base.kind == WASOCK__SOCKET_CONNECTION) {
        return 0;
    }
    if (socket->base.kind != WASOCK__SOCKET_CONNECTING) {
        return WASOCK_EINVAL;
    }
    if (!socket->has_result && !wasock__p3_yield_seldom()) {
        return WASOCK_EAGAIN;
    }
    if (socket->base.kind == WASOCK__SOCKET_CONNECTION) {
        return 0;
    }
    return socket->has_result ? socket->error : WASOCK_EAGAIN;
}

/* ---- Addresses ---- */

static int32_t get_addr(int32_t fd, bool is_remote, struct wasock_addr *addr)
{
    struct wasock__p3_socket *socket = wasock__p3_find(fd);
    struct wasock__p3_result result = {0};

    if (socket == NULL) {
        return WASOCK_EBADF;
    }
    wasock__p3_land_text();
    if (socket->base.kind == WASOCK__SOCKET_DGRAM) {
        (is_remote ? wasock__p3_dgram->remote_addr
                   : wasock__p3_dgram->local_addr)(socket->handle, &result);
    } else if (is_remote) {
        wasock__p3_import_remote(socket->handle, &result);
    } else {
        wasock__p3_import_local(socket->handle, &result);
    }
    wasock__land_end();
    const int32_t error = wasock__p3_error(&result);
    if (error == 0) {
        wasock__addr_load(&result.of.addr, addr);
    }
    return error;
}

int32_t wasock__host_local_addr(int32_t fd, struct wasock_addr *addr)
{
    return get_addr(fd, false, addr);
}

int32_t wasock__host_remote_addr(int32_t fd, struct wasock_addr *addr)
{
    const int32_t error = get_addr(fd, true, addr);

    return error == 0 || error == WASOCK_EBADF ? error : WASOCK_ENOTCONN;
}

/* ---- Close ---- */

static void close_listener(struct wasock__p3_socket *socket)
{
    if (socket->is_joined) {
        wasock__p3_leave(socket->receiving);
    }
    if (socket->is_reading &&
        wasock__p3_import_cancel_accept(socket->receiving) >> 4 != 0) {
        socket->has_result = true;
    }
    if (socket->has_result) {
        wasock__p3_import_drop(socket->accepted);
    }
    wasock__p3_import_drop_listen(socket->receiving);
}

int32_t wasip1_fd_close(int32_t fd)
{
    struct wasock__p3_socket *socket = wasock__p3_find(fd);

    if (socket == NULL) {
        return WASOCK_EBADF;
    }
    wasock__p3_forget_watches(socket);
    switch (socket->base.kind) {
    case WASOCK__SOCKET_LISTENER:
        close_listener(socket);
        break;
    case WASOCK__SOCKET_CONNECTION:
        wasock__p3_stream_close(socket);
        break;
    case WASOCK__SOCKET_DGRAM:
        wasock__p3_dgram->close(socket);
        break;
    default:
        if (socket->subtask != 0) {
            wasock__p3_cancel(socket->subtask);
        }
        break;
    }
    if (socket->base.kind != WASOCK__SOCKET_DGRAM) {
        wasock__p3_import_drop(socket->handle);
        wasock__p3_landing_give(socket->landing);
    }
    wasock__table_remove(fd);
    return 0;
}
