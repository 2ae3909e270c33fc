/* SPDX-License-Identifier: MIT */
/* suspend.c - let the host run, take its events. */
#include "internal.h"

#include <wasock/err.h>

#include "../component/type.h"

WASOCK__LINK_IMPORTS;

WASOCK__IMPORT("$root", "[waitable-set-new]")
uint32_t wasock__p3_import_set_new(void);
WASOCK__IMPORT("$root", "[waitable-join]")
void wasock__p3_import_join(uint32_t waitable, uint32_t set);
WASOCK__IMPORT("$root", "[waitable-set-wait]")
uint32_t wasock__p3_import_set_wait(uint32_t set, uint32_t *payload);
WASOCK__IMPORT("$root", "[waitable-set-poll]")
uint32_t wasock__p3_import_set_poll(uint32_t set, uint32_t *payload);
WASOCK__IMPORT("$root", "[thread-yield]")
uint32_t wasock__p3_import_yield(void);
WASOCK__IMPORT("$root", "[subtask-cancel]")
uint32_t wasock__p3_import_cancel(uint32_t subtask);
WASOCK__IMPORT("$root", "[subtask-drop]")
void wasock__p3_import_drop_subtask(uint32_t subtask);
WASOCK__IMPORT("wasi:clocks/monotonic-clock@0.3.0", "[async-lower]wait-until")
uint32_t wasock__p3_import_wait_until(uint64_t when_ns);

/* Answers in a row that the host was not asked for. */
#define ANSWERS_MAX 8

/* The owners of handles, in pages. wasmtime has at most 100,000 handles in a
 * store. */
#define OWNERS_A_PAGE (WASOCK__PAGE_BYTES / sizeof(struct wasock__p3_socket *))
#define OWNER_PAGES 8U

static struct wasock__p3_socket **owners[OWNER_PAGES];
static uint32_t waitables;
static uint32_t n_answers;

/* One timer for all waits: it stays where a later one would do as well. */
static struct {
    uint32_t subtask;
    uint64_t when_ns;
} timer;

static uint32_t set_handle(void)
{
    if (waitables == 0) {
        waitables = wasock__p3_import_set_new();
    }
    return waitables;
}

/* The slot of a handle's owner, or NULL. */
static struct wasock__p3_socket **owner_of(uint32_t handle)
{
    const uint32_t page = handle / OWNERS_A_PAGE;

    return page < OWNER_PAGES && owners[page] != NULL
               ? &owners[page][handle % OWNERS_A_PAGE]
               : NULL;
}

bool wasock__p3_join(uint32_t handle, struct wasock__p3_socket *socket)
{
    const uint32_t page = handle / OWNERS_A_PAGE;

    if (page >= OWNER_PAGES) {
        return false;
    }
    if (owners[page] == NULL) {
        owners[page] = (struct wasock__p3_socket **)wasock__grow(1);
        if (owners[page] == NULL) {
            return false;
        }
    }
    owners[page][handle % OWNERS_A_PAGE] = socket;
    wasock__p3_import_join(handle, set_handle());
    return true;
}

void wasock__p3_leave(uint32_t handle)
{
    struct wasock__p3_socket **owner = owner_of(handle);

    if (owner != NULL && *owner != NULL) {
        *owner = NULL;
        wasock__p3_import_join(handle, 0);
    }
}

void wasock__p3_pause(uint32_t handle)
{
    wasock__p3_import_join(handle, 0);
}

void wasock__p3_resume(uint32_t handle)
{
    wasock__p3_import_join(handle, set_handle());
}

void wasock__p3_finish(uint32_t status)
{
    static uint32_t own_set;
    const uint32_t subtask = status >> 4;
    uint32_t payload[2] = {0, status & 15};

    if (payload[1] == WASOCK__P3_RETURNED) {
        return;
    }
    if (own_set == 0) {
        own_set = wasock__p3_import_set_new();
    }
    wasock__p3_import_join(subtask, own_set);
    while (payload[1] != WASOCK__P3_RETURNED) {
        wasock__p3_import_set_wait(own_set, payload);
    }
    wasock__p3_import_drop_subtask(subtask);
}

bool wasock__p3_cancel(uint32_t subtask)
{
    wasock__p3_leave(subtask);
    const uint32_t state = wasock__p3_import_cancel(subtask);
    wasock__p3_import_drop_subtask(subtask);
    return (state & 15) == WASOCK__P3_RETURNED;
}

static void subtask_end(struct wasock__p3_socket *socket, uint32_t subtask)
{
    wasock__p3_leave(subtask);
    wasock__p3_import_drop_subtask(subtask);
    socket->subtask = 0;
    if (socket->base.kind == WASOCK__SOCKET_DGRAM) {
        wasock__p3_dgram->read_end(socket);
    } else {
        wasock__p3_connect_end(socket);
    }
}

/* Take one event: its handle, and how that ended. */
static void take(uint32_t event, const uint32_t payload[2])
{
    if (event == WASOCK__P3_SUBTASK && payload[0] == timer.subtask) {
        wasock__p3_import_drop_subtask(timer.subtask);
        timer.subtask = 0;
        return;
    }
    struct wasock__p3_socket **owner = owner_of(payload[0]);
    struct wasock__p3_socket *socket = owner != NULL ? *owner : NULL;
    if (socket == NULL) {
        return;
    }
    switch (event) {
    case WASOCK__P3_SUBTASK:
        if (payload[1] == WASOCK__P3_RETURNED) {
            subtask_end(socket, payload[0]);
        }
        break;
    case WASOCK__P3_STREAM_READ:
        if (socket->base.kind == WASOCK__SOCKET_LISTENER) {
            wasock__p3_accept_end(socket, payload[1]);
        } else {
            wasock__p3_read_end(socket, payload[1]);
        }
        break;
    case WASOCK__P3_STREAM_WRITE:
        wasock__p3_probe_end(socket, payload[1]);
        break;
    default:
        break;
    }
}

void wasock__p3_take_all(void)
{
    uint32_t payload[2];
    uint32_t event = 0;

    do {
        event = wasock__p3_import_set_poll(set_handle(), payload);
        take(event, payload);
    } while (event != WASOCK__P3_NONE);
}

static void land(void)
{
    n_answers = 0;
    wasock__p3_land_text();
}

static void set_timer(uint64_t until_ns)
{
    if (until_ns == UINT64_MAX ||
        (timer.subtask != 0 && timer.when_ns <= until_ns)) {
        return;
    }
    if (timer.subtask != 0) {
        wasock__p3_pause(timer.subtask);
        wasock__p3_import_cancel(timer.subtask);
        wasock__p3_import_drop_subtask(timer.subtask);
        timer.subtask = 0;
    }
    const uint32_t status = wasock__p3_import_wait_until(until_ns);
    if (status >> 4 != 0) { /* else the time has come: a yield will do */
        timer.subtask = status >> 4;
        timer.when_ns = until_ns;
        wasock__p3_import_join(timer.subtask, set_handle());
    }
}

void wasock__p3_suspend(uint64_t until_ns)
{
    uint32_t payload[2];

    set_timer(until_ns);
    if (until_ns != UINT64_MAX && timer.subtask == 0) {
        wasock__p3_yield();
        return;
    }
    land();
    take(wasock__p3_import_set_wait(set_handle(), payload), payload);
    wasock__p3_take_all();
    wasock__land_end();
}

void wasock__p3_yield(void)
{
    land();
    wasock__p3_import_yield();
    wasock__p3_take_all();
    wasock__land_end();
}

bool wasock__p3_yield_seldom(void)
{
    if (++n_answers < ANSWERS_MAX) {
        return false;
    }
    wasock__p3_yield();
    return true;
}
