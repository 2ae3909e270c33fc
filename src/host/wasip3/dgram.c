/* SPDX-License-Identifier: MIT */
/* dgram.c - datagrams. */
#include "internal.h"

#include <wasock/err.h>
#include <wasock/fd.h>

#include "../component/type.h"

WASOCK__LINK_IMPORTS;

#define UDP "[method]udp-socket."

WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[static]udp-socket.create")
void wasock__p3_import_udp_create(uint32_t family, void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, UDP "bind")
void wasock__p3_import_udp_bind(uint32_t udp_socket, WASOCK__FLAT_ADDR_TYPES,
                                void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, UDP "connect")
void wasock__p3_import_udp_connect(uint32_t udp_socket, WASOCK__FLAT_ADDR_TYPES,
                                   void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[async-lower]" UDP "send")
uint32_t wasock__p3_import_udp_send(const void *arguments, void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[async-lower]" UDP "receive")
uint32_t wasock__p3_import_udp_receive(uint32_t udp_socket, void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, UDP "get-local-address")
void wasock__p3_import_udp_local(uint32_t udp_socket, void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, UDP "get-remote-address")
void wasock__p3_import_udp_remote(uint32_t udp_socket, void *result);
WASOCK__IMPORT(WASOCK__P3_SOCKETS, "[resource-drop]udp-socket")
void wasock__p3_import_udp_drop(uint32_t udp_socket);

#define DATAGRAM_MAX 65536U

/* Room for datagrams that arrive while the task is suspended, until each is
 * moved to its socket. */
#define ARRIVED_BYTES (4 * DATAGRAM_MAX)

/* What a socket's receive writes: it is pending between calls. */
struct arrival {
    struct arrival *next_free;
    union {
        struct wasock__p3_result error;
        struct {
            uint32_t is_error;
            uint8_t *data;
            size_t length;
            struct wasock__memory_addr sender;
        } datagram;
    } result;
    uint8_t data[DATAGRAM_MAX];
};

static struct arrival *free_arrivals;

const struct wasock__p3_dgram *wasock__p3_dgram;

static struct arrival *arrival_of(struct wasock__p3_socket *socket)
{
    return (struct arrival *)(void *)socket->landing;
}

static struct arrival *take_arrival(void)
{
    struct arrival *arrival = free_arrivals;

    if (arrival == NULL) {
        return (struct arrival *)wasock__keep(sizeof(*arrival));
    }
    free_arrivals = arrival->next_free;
    return arrival;
}

/* ---- Receive ---- */

/* Move a datagram from where it landed. */
static void keep_datagram(struct arrival *arrival)
{
    uint8_t *data = arrival->result.datagram.data;
    const uint8_t *begin = (const uint8_t *)wasock__p3_dgram->landing.data;

    __builtin_memcpy(arrival->data, data, arrival->result.datagram.length);
    if (data < begin || data >= begin + ARRIVED_BYTES) {
        wasock__land_release(data);
    }
}

/* A datagram, or an error, is there: keep it. */
static void read_end(struct wasock__p3_socket *socket)
{
    struct arrival *arrival = arrival_of(socket);

    socket->subtask = 0;
    socket->has_result = true;
    if (!arrival->result.error.is_error &&
        arrival->result.datagram.length > 0 &&
        arrival->result.datagram.data != arrival->data) {
        keep_datagram(arrival);
    }
    wasock__p3_changed(socket, WASOCK_READABLE);
}

/* The host refuses to receive at no address; others would choose one. */
static void bind_any(struct wasock__p3_socket *socket)
{
    struct wasock__p3_result result = {0};
    struct wasock__flat_addr any = {0};

    any.family = arrival_of(socket)->result.datagram.sender.family;
    wasock__p3_import_udp_bind(socket->handle, WASOCK__FLAT_ADDR(any), &result);
    socket->is_bound = true; /* if it fails, to receive does */
}

static void start_read(struct wasock__p3_socket *socket)
{
    struct arrival *arrival = arrival_of(socket);

    if (socket->subtask != 0 || socket->has_result) {
        return;
    }
    wasock__land((struct wasock__piece){arrival->data, DATAGRAM_MAX},
                 (struct wasock__piece){NULL, 0});
    if (!socket->is_bound) {
        bind_any(socket);
    }
    const uint32_t status =
        wasock__p3_import_udp_receive(socket->handle, &arrival->result);
    wasock__land_end();
    if ((status & 15) == WASOCK__P3_RETURNED) {
        read_end(socket);
        return;
    }
    socket->subtask = status >> 4;
    wasock__p3_join(socket->subtask, socket);
}

static uint32_t scatter(const struct arrival *arrival,
                        const struct wasock_buffer *buffers, size_t n_buffers)
{
    const size_t length = arrival->result.datagram.length;
    size_t n = 0;

    for (size_t i = 0; i < n_buffers && n < length; i++) {
        const size_t n_copied =
            buffers[i].capacity < length - n ? buffers[i].capacity : length - n;
        __builtin_memcpy(buffers[i].data, arrival->data + n, n_copied);
        n += n_copied;
    }
    return (uint32_t)length;
}

static int32_t receive(struct wasock__p3_socket *socket,
                       const struct wasock_buffer *buffers, size_t n_buffers,
                       struct wasock_addr *addr, uint32_t *length)
{
    struct arrival *arrival = arrival_of(socket);

    while ((wasock__p3_ready(socket, WASOCK_READABLE) & WASOCK_READABLE) == 0) {
        if ((socket->base.flags & WASIP1_FDFLAGS_NONBLOCK) == 0) {
            wasock__p3_suspend(UINT64_MAX);
        } else if (!wasock__p3_yield_seldom()) {
            return WASOCK_EAGAIN;
        }
    }
    socket->has_result = false;
    const int32_t error = wasock__p3_error(&arrival->result.error);
    if (error != 0) {
        return error;
    }
    *length = scatter(arrival, buffers, n_buffers);
    if (addr != NULL) {
        wasock__addr_load(&arrival->result.datagram.sender, addr);
    }
    return 0;
}

/* As in sock_recv, bytes that did not fit are not counted. */
static int32_t receive_fitting(struct wasock__p3_socket *socket,
                               const struct wasock_buffer *buffers,
                               size_t n_buffers, uint32_t *n_received)
{
    size_t room = 0;
    uint32_t length = 0;
    const int32_t error = receive(socket, buffers, n_buffers, NULL, &length);

    for (size_t i = 0; i < n_buffers; i++) {
        room += buffers[i].capacity;
    }
    *n_received = length < room ? length : (uint32_t)room;
    return error;
}

/* ---- Send ---- */

struct send_arguments {
    uint32_t udp_socket;
    const void *data;
    size_t length;
    uint32_t has_addr;
    struct wasock__memory_addr addr;
};

/* A datagram is one piece. EMSGSIZE: it would be too long. */
static int32_t gather(const struct wasock_slice *slices, size_t n_slices,
                      struct send_arguments *arguments)
{
    static uint8_t *gathered;
    size_t n = 0;

    if (gathered == NULL) {
        gathered = (uint8_t *)wasock__keep(DATAGRAM_MAX);
    }
    for (size_t i = 0; i < n_slices && gathered != NULL; i++) {
        if (slices[i].length > DATAGRAM_MAX - n) {
            return WASOCK_EMSGSIZE;
        }
        if (slices[i].length > 0) {
            __builtin_memcpy(gathered + n, slices[i].data, slices[i].length);
        }
        n += slices[i].length;
    }
    arguments->data = gathered;
    arguments->length = n;
    return gathered != NULL ? 0 : WASOCK_ENOMEM;
}

static int32_t send(struct wasock__p3_socket *socket,
                    const struct wasock_slice *slices, size_t n_slices,
                    const struct wasock_addr *addr, uint32_t *n_sent)
{
    struct send_arguments arguments = {.udp_socket = socket->handle};
    struct wasock__p3_result result = {0};
    int32_t error = 0;

    if (n_slices == 1) {
        arguments.data = slices[0].data;
        arguments.length = slices[0].length;
    } else {
        error = gather(slices, n_slices, &arguments);
    }
    if (error == 0 && addr != NULL) {
        arguments.has_addr = 1;
        error = wasock__addr_store(addr, &arguments.addr);
    }
    if (error != 0) {
        return error;
    }
    wasock__p3_land_text();
    wasock__p3_finish(wasock__p3_import_udp_send(&arguments, &result));
    wasock__p3_take_all();
    wasock__land_end();
    error = wasock__p3_error(&result);
    if (error == 0) {
        socket->is_bound = true;
        *n_sent = (uint32_t)arguments.length;
    }
    return error;
}

/* ---- Open, connect, close ---- */

static void stop_reading(struct wasock__p3_socket *socket)
{
    if (socket->subtask != 0) {
        wasock__p3_land_text();
        const bool has_returned = wasock__p3_cancel(socket->subtask);
        socket->subtask = 0;
        if (has_returned) {
            read_end(socket);
        }
        wasock__p3_take_all();
        wasock__land_end();
    }
}

static void close(struct wasock__p3_socket *socket)
{
    struct arrival *arrival = arrival_of(socket);

    stop_reading(socket);
    wasock__p3_import_udp_drop(socket->handle);
    arrival->next_free = free_arrivals;
    free_arrivals = arrival;
}

/* Link datagrams with the rest. Returns whether there is memory. */
static bool set_up(void)
{
    static struct wasock__p3_dgram dgram = {
        .start_read = start_read,
        .read_end = read_end,
        .close = close,
        .receive = receive,
        .receive_fitting = receive_fitting,
        .send = send,
        .local_addr = wasock__p3_import_udp_local,
        .remote_addr = wasock__p3_import_udp_remote};

    if (dgram.landing.data == NULL) {
        dgram.landing =
            (struct wasock__piece){wasock__keep(ARRIVED_BYTES), ARRIVED_BYTES};
        wasock__p3_dgram = &dgram;
    }
    return dgram.landing.data != NULL;
}

static int32_t create(bool is_ipv6, const struct wasock__flat_addr *addr,
                      uint32_t *handle)
{
    struct wasock__p3_result result = {0};

    wasock__p3_land_text();
    wasock__p3_import_udp_create(is_ipv6, &result);
    *handle = result.of.handle;
    int32_t error = wasock__p3_error(&result);
    if (error == 0 && addr != NULL) {
        wasock__p3_import_udp_bind(*handle, WASOCK__FLAT_ADDR(*addr), &result);
        error = wasock__p3_error(&result);
        if (error != 0) {
            wasock__p3_import_udp_drop(*handle);
        }
    }
    wasock__land_end();
    return error;
}

int32_t wasock__host_dgram_open(uint8_t family, const struct wasock_addr *addr,
                                int32_t *fd)
{
    struct wasock__flat_addr flat;
    uint32_t handle = 0;

    if (addr != NULL) {
        family = addr->family;
        const int32_t refusal = wasock__addr_flatten(addr, &flat);
        if (refusal != 0) {
            return refusal;
        }
    }
    if (family != WASOCK_ADDR_IPV4 && family != WASOCK_ADDR_IPV6) {
        return WASOCK_EAFNOSUPPORT;
    }
    if (!wasock__table_has_room() || !set_up()) {
        return WASOCK_EMFILE;
    }
    struct arrival *arrival = take_arrival();
    if (arrival == NULL) {
        return WASOCK_ENOMEM;
    }
    const bool is_ipv6 = family == WASOCK_ADDR_IPV6;
    const int32_t error = create(is_ipv6, addr != NULL ? &flat : NULL, &handle);
    if (error != 0) {
        arrival->next_free = free_arrivals;
        free_arrivals = arrival;
        return error;
    }
    struct wasock__p3_socket *socket =
        (struct wasock__p3_socket *)(void *)wasock__table_add(
            WASOCK__SOCKET_DGRAM, fd);
    socket->handle = handle;
    socket->landing = (uint8_t *)arrival;
    socket->is_bound = addr != NULL;
    arrival->result.datagram.sender.family = is_ipv6;
    return 0;
}

static struct wasock__p3_socket *find(int32_t fd)
{
    struct wasock__p3_socket *socket = wasock__p3_find(fd);

    return socket != NULL && socket->base.kind == WASOCK__SOCKET_DGRAM ? socket
                                                                       : NULL;
}

int32_t wasock__host_dgram_connect(int32_t fd, const struct wasock_addr *addr)
{
    struct wasock__p3_socket *socket = find(fd);
    struct wasock__p3_result result = {0};
    struct wasock__flat_addr flat;

    if (socket == NULL) {
        return WASOCK_EBADF;
    }
    int32_t error = wasock__addr_flatten(addr, &flat);
    if (error != 0) {
        return error;
    }
    stop_reading(socket);
    wasock__p3_land_text();
    wasock__p3_import_udp_connect(socket->handle, WASOCK__FLAT_ADDR(flat),
                                  &result);
    wasock__land_end();
    error = wasock__p3_error(&result);
    socket->is_bound = socket->is_bound || error == 0;
    return error;
}

int32_t wasock__host_dgram_send(int32_t fd, const struct wasock_slice *slices,
                                size_t n_slices, const struct wasock_addr *addr,
                                uint32_t *n_sent)
{
    struct wasock__p3_socket *socket = find(fd);

    return socket == NULL ? WASOCK_EBADF
                          : send(socket, slices, n_slices, addr, n_sent);
}

int32_t wasock__host_dgram_receive(int32_t fd,
                                   const struct wasock_buffer *buffers,
                                   size_t n_buffers, struct wasock_addr *addr,
                                   uint32_t *length)
{
    struct wasock__p3_socket *socket = find(fd);

    return socket == NULL ? WASOCK_EBADF
                          : receive(socket, buffers, n_buffers, addr, length);
}
