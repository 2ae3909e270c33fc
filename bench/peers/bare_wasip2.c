/* SPDX-License-Identifier: MIT */
/*
 * The least that an echo costs on WASI 0.2: one poll of all pollables, then a
 * read and a write for each that is ready. The library's object for the host
 * opens the listener and accepts; the loop calls the host itself.
 */
#include "wasip2/internal.h"

#include "component/type.h"

WASOCK__LINK_IMPORTS;

enum {
    BUFFER_SIZE = 65536,
    FIRST_READ_SIZE = 1024, /* hosts may zero all that a read asks for */
    MAX_CONNECTIONS = 16384,
    MAX_ACCEPTS = 64
};

/* Slot 0 is the listener; the connections fill the slots after it. */
static uint32_t pollables[1 + MAX_CONNECTIONS];
static struct wasip2_socket *sockets[1 + MAX_CONNECTIONS];
static int32_t fds[1 + MAX_CONNECTIONS];
static uint32_t ready[1 + MAX_CONNECTIONS];
static uint32_t n_slots = 1;
static uint32_t n_dropped;
static uint8_t buffer[BUFFER_SIZE];

static void accept_some(void)
{
    for (int i = 0; i < MAX_ACCEPTS && n_slots <= MAX_CONNECTIONS; i++) {
        int32_t fd = 0;
        if (wasip1_sock_accept(fds[0], WASIP1_FDFLAGS_NONBLOCK, &fd) != 0) {
            return;
        }
        fds[n_slots] = fd;
        sockets[n_slots] = wasock__p2_find(fd);
        pollables[n_slots] = wasock__p2_input_pollable(sockets[n_slots]);
        n_slots++;
    }
}

static void drop(uint32_t slot)
{
    wasip1_fd_close(fds[slot]);
    fds[slot] = -1;
    n_dropped++;
}

static void fill_holes(void)
{
    for (uint32_t slot = n_slots - 1; n_dropped > 0; slot--) {
        if (fds[slot] < 0) {
            n_slots--;
            n_dropped--;
            fds[slot] = fds[n_slots];
            sockets[slot] = sockets[n_slots];
            pollables[slot] = pollables[n_slots];
        }
    }
}

/* Returns the bytes read, or -1 at the end of the stream. */
static int32_t read_some(uint32_t input, uint32_t at, uint32_t size)
{
    struct wasip2_bytes bytes;
    const struct wasock__piece piece = {buffer + at, size};
    const struct wasock__piece none = {NULL, 0};

    wasock__land(piece, none);
    wasip2_input_read(input, size, &bytes);
    wasock__land_end();
    return bytes.is_error ? -1 : (int32_t)bytes.of.list.length;
}

/* Waits for a client that does not take its answer: all of them do. */
static bool write_all(struct wasip2_socket *socket, uint32_t length)
{
    struct wasip2_room room;
    struct wasip2_written written;

    for (uint32_t done = 0; done < length;) {
        wasip2_output_check(socket->output, &room);
        if (room.is_error) {
            return false;
        }
        if (room.of.n_bytes == 0) {
            wasip2_pollable_block(wasock__p2_output_pollable(socket));
            continue;
        }
        uint32_t n = length - done;
        n = n < room.of.n_bytes ? n : (uint32_t)room.of.n_bytes;
        wasip2_output_write(socket->output, buffer + done, n, &written);
        if (written.is_error) {
            return false;
        }
        done += n;
    }
    return true;
}

static bool echo(struct wasip2_socket *socket)
{
    int32_t n = read_some(socket->input, 0, FIRST_READ_SIZE);

    if (n == FIRST_READ_SIZE) {
        const int32_t more =
            read_some(socket->input, FIRST_READ_SIZE, BUFFER_SIZE - n);
        n += more > 0 ? more : 0;
    }
    return n >= 0 && write_all(socket, (uint32_t)n);
}

static uint32_t wait(void)
{
    struct {
        uint32_t *indexes;
        size_t n_indexes;
    } result;
    const struct wasock__piece piece = {ready, sizeof ready};
    const struct wasock__piece none = {NULL, 0};

    wasock__land(piece, none);
    wasip2_poll(pollables, n_slots, &result);
    wasock__land_end();
    return (uint32_t)result.n_indexes;
}

void _start(void);

void _start(void)
{
    fds[0] = WASOCK__FIRST_FD;
    sockets[0] = wasock__p2_find(fds[0]);
    if (sockets[0] == NULL) {
        return;
    }
    pollables[0] = sockets[0]->pollable;
    for (;;) {
        for (uint32_t i = wait(); i > 0; i--) {
            const uint32_t slot = ready[i - 1];
            if (slot != 0 && !echo(sockets[slot])) {
                drop(slot);
            } else if (slot == 0) {
                accept_some();
            }
        }
        fill_holes();
    }
}
