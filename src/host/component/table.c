/* SPDX-License-Identifier: MIT */
/*
 * table.c - descriptors, in pages that the memory grows by: a program
 * with a few sockets pays for one page.
 */
#include "component.h"

#include <wasock/err.h>

#define PER_PAGE (WASOCK__PAGE_BYTES / WASOCK__SOCKET_BYTES)
#define N_PAGES ((WASOCK_COMPONENT_SOCKETS_MAX + PER_PAGE - 1) / PER_PAGE)
#define NONE UINT32_MAX

static uint8_t *pages[N_PAGES];
static uint32_t n_sockets; /* free ones, too */
static uint32_t first_free = NONE;

static struct wasock__socket *socket_at(uint32_t index)
{
    uint8_t *room = pages[index / PER_PAGE] +
                    ((size_t)(index % PER_PAGE) * WASOCK__SOCKET_BYTES);

    return (struct wasock__socket *)(void *)room;
}

bool wasock__table_has_room(void)
{
    wasock__open_listeners();
    if (first_free != NONE) {
        return true;
    }
    if (n_sockets == WASOCK_COMPONENT_SOCKETS_MAX) {
        return false;
    }
    if (n_sockets % PER_PAGE == 0 && pages[n_sockets / PER_PAGE] == NULL) {
        pages[n_sockets / PER_PAGE] = (uint8_t *)wasock__grow(1);
    }
    return pages[n_sockets / PER_PAGE] != NULL;
}

struct wasock__socket *wasock__table_add(enum wasock__socket_kind kind,
                                         int32_t *fd)
{
    if (!wasock__table_has_room()) {
        return NULL;
    }
    const uint32_t index = first_free != NONE ? first_free : n_sockets++;
    struct wasock__socket *socket = socket_at(index);

    if (index == first_free) {
        first_free = socket->next_free;
    }
    __builtin_memset(socket, 0, WASOCK__SOCKET_BYTES);
    socket->kind = (uint8_t)kind;
    socket->flags = WASIP1_FDFLAGS_NONBLOCK;
    *fd = WASOCK__FIRST_FD + (int32_t)index;
    return socket;
}

static struct wasock__socket *find(int32_t fd)
{
    const uint32_t index = (uint32_t)fd - WASOCK__FIRST_FD;

    if (fd < WASOCK__FIRST_FD || index >= n_sockets) {
        return NULL;
    }
    struct wasock__socket *socket = socket_at(index);
    return socket->kind != WASOCK__SOCKET_FREE &&
                   socket->kind != WASOCK__SOCKET_CLOSED
               ? socket
               : NULL;
}

int32_t wasock__table_end(void)
{
    return WASOCK__FIRST_FD + (int32_t)n_sockets;
}

void wasock__table_remove(int32_t fd)
{
    const uint32_t index = (uint32_t)fd - WASOCK__FIRST_FD;
    struct wasock__socket *socket = socket_at(index);

    socket->kind = WASOCK__SOCKET_FREE;
    socket->next_free = first_free;
    first_free = index;
}

struct wasock__socket *wasock__table_find(int32_t fd)
{
    struct wasock__socket *socket = find(fd);

    if (socket == NULL && fd >= WASOCK__FIRST_FD) {
        wasock__open_listeners();
        socket = find(fd);
    }
    return socket;
}
