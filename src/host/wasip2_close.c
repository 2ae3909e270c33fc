/* SPDX-License-Identifier: MIT */
/*
 * wasip2_close.c - how a socket of WASI 0.2 ends.
 *
 * The host forgets what a stream has not sent when that is dropped, and some
 * hosts stop the guest until it is sent. So a connection that is closed with
 * data to send is kept until that is gone. If there are too many, one is
 * dropped.
 */
#include "wasip2_internal.h"

#include <wasock/clock.h>
#include <wasock/err.h>

#include "component_type.h"

WASOCK__LINK_IMPORTS;

#define LINGERING_MAX 256

/* How many are asked about at a time: peers that read nothing must not make
 * polls slow. */
#define REAP_MAX 4

/* How long the end of a program waits for peers. */
#define LAST_WAIT_NS (5 * WASOCK_NS_PER_S)

struct lingering {
    uint32_t handle;
    uint32_t output;
    uint32_t pollable;
};

static struct lingering lingering[LINGERING_MAX];
static uint32_t n_lingering;
static uint32_t next_lingering; /* to be asked about, or dropped */

static void drop(uint32_t index)
{
    struct lingering *dropped = &lingering[index];

    wasip2_pollable_drop(dropped->pollable);
    wasip2_output_drop(dropped->output);
    wasip2_tcp_drop(dropped->handle);
    *dropped = lingering[--n_lingering];
}

void wasock__p2_reap(void)
{
    for (uint32_t i = 0; i < REAP_MAX && n_lingering > 0; i++) {
        next_lingering = next_lingering < n_lingering ? next_lingering : 0;
        if (wasip2_pollable_ready(lingering[next_lingering].pollable)) {
            drop(next_lingering);
        } else {
            next_lingering++;
        }
    }
}

/* Keep a connection, whose peer gets the end of the stream after the data. */
static void linger(struct wasip2_socket *socket)
{
    struct wasip2_done ignored;

    wasip2_tcp_shutdown(socket->handle, 1, &ignored);
    if (n_lingering == LINGERING_MAX) {
        next_lingering = next_lingering < n_lingering ? next_lingering : 0;
        drop(next_lingering);
    }
    struct lingering *kept = &lingering[n_lingering++];
    kept->handle = socket->handle;
    kept->output = socket->output;
    kept->pollable = wasock__p2_output_pollable(socket);
}

/* Whether a connection has sent all that was written to it. */
static bool has_sent_all(const struct wasip2_socket *socket)
{
    struct wasip2_room room;

    wasip2_output_check(socket->output, &room);
    if (room.is_error) {
        const int32_t ignored = wasock__p2_stream_errno(&room.of.error);
        (void)ignored;
        return true;
    }
    return room.of.n_bytes > 0;
}

static void close_connection(struct wasip2_socket *socket)
{
    wasock__p2_drop_pollable(&socket->input_pollable);
    wasip2_input_drop(socket->input);
    if (!has_sent_all(socket)) {
        linger(socket);
        return;
    }
    wasock__p2_drop_pollable(&socket->output_pollable);
    wasip2_output_drop(socket->output);
    wasip2_tcp_drop(socket->handle);
}

/* ---- Closing ---- */

int32_t wasip1_fd_close(int32_t fd)
{
    struct wasip2_socket *socket = wasock__p2_find(fd);

    if (socket == NULL) {
        return WASOCK_EBADF;
    }
    wasock__p2_reap();
    if (socket->calls != NULL) {
        socket->calls->drop(socket);
    } else if (socket->base.kind == WASOCK__SOCKET_CONNECTION) {
        close_connection(socket);
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
    if (n_lingering == 0) {
        return;
    }
    const uint32_t timer = wasip2_subscribe_duration(LAST_WAIT_NS);
    while (n_lingering > 0 &&
           wasock__p2_wait(lingering[n_lingering - 1].pollable, timer)) {
        drop(n_lingering - 1);
    }
    wasip2_pollable_drop(timer);
}
