/* SPDX-License-Identifier: MIT */
/*
 * close.c - close a socket of WASI 0.2.
 *
 * Dropping a stream with unsent data blocks the guest until the data is sent
 * (wasmtime 49), or loses it (46). So a connection that is closed with unsent
 * data keeps its handles and its number until all is sent.
 */
#include "internal.h"

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../component/type.h"

WASOCK__LINK_IMPORTS;

/* The number of these in a poll: peers that do not read must not make polls
 * slow. */
#define REAP_MAX 4

/* The time that a program waits for peers before it ends. */
#define LAST_WAIT_NS (5 * WASOCK_NS_PER_S)

/* A queue of sockets with data to send. */
static struct wasip2_socket *first_closed;
static struct wasip2_socket *last_closed;
static uint32_t n_closed;

static void enqueue(struct wasip2_socket *socket)
{
    socket->next_closed = NULL;
    if (first_closed == NULL) {
        first_closed = socket;
    } else {
        last_closed->next_closed = socket;
    }
    last_closed = socket;
    n_closed++;
}

static void drop(struct wasip2_socket *socket)
{
    wasock__p2_drop_pollable(&socket->output_pollable);
    wasip2_output_drop(socket->output);
    wasip2_tcp_drop(socket->handle);
    wasock__table_remove(socket->fd);
}

void wasock__p2_reap(void)
{
    const uint32_t n = n_closed < REAP_MAX ? n_closed : REAP_MAX;

    for (uint32_t i = 0; i < n; i++) {
        struct wasip2_socket *socket = first_closed;
        first_closed = socket->next_closed;
        n_closed--;
        if (wasip2_pollable_ready(socket->output_pollable)) {
            drop(socket);
        } else {
            enqueue(socket);
        }
    }
}

/* Keep a connection; its peer reads EOF after the data. */
static void linger(struct wasip2_socket *socket)
{
    struct wasip2_done ignored;

    wasip2_tcp_shutdown(socket->handle, 1, &ignored);
    wasock__p2_output_pollable(socket);
    socket->base.kind = WASOCK__SOCKET_CLOSED;
    enqueue(socket);
}

/* Whether a connection has, or may have, unsent data. A host that reports no
 * room may not have checked. */
static bool has_unsent(struct wasip2_socket *socket)
{
    struct wasip2_room room;

    if (!socket->is_written) {
        return false;
    }
    wasip2_output_check(socket->output, &room);
    if (room.is_error) {
        const int32_t ignored = wasock__p2_stream_errno(&room.of.error);
        (void)ignored;
        return false;
    }
    return room.of.n_bytes == 0 &&
           !wasip2_pollable_ready(wasock__p2_output_pollable(socket));
}

static void close_connection(struct wasip2_socket *socket)
{
    wasock__p2_drop_pollable(&socket->input_pollable);
    wasip2_input_drop(socket->input);
    if (has_unsent(socket)) {
        linger(socket);
    } else {
        drop(socket);
    }
}

/* ---- Closing ---- */

int32_t wasip1_fd_close(int32_t fd)
{
    struct wasip2_socket *socket = wasock__p2_find(fd);

    if (socket == NULL) {
        return WASOCK_EBADF;
    }
    wasock__p2_reap();
    socket->fd = fd;
    if (socket->base.kind == WASOCK__SOCKET_CONNECTION) {
        close_connection(socket);
        return 0;
    }
    if (socket->calls != NULL) {
        socket->calls->drop(socket);
    } else {
        wasock__p2_drop_pollable(&socket->pollable);
        wasip2_tcp_drop(socket->handle);
    }
    wasock__table_remove(fd);
    return 0;
}

void wasock__component_end(void)
{
    for (int32_t fd = WASOCK__FIRST_FD; fd < wasock__table_end(); fd++) {
        const int32_t ignored = wasip1_fd_close(fd);
        (void)ignored;
    }
    if (first_closed == NULL) {
        return;
    }
    const uint32_t timer = wasip2_subscribe_duration(LAST_WAIT_NS);
    for (; first_closed != NULL; first_closed = first_closed->next_closed) {
        if (!wasock__p2_wait(first_closed->output_pollable, timer)) {
            break;
        }
    }
    wasip2_pollable_drop(timer);
}
