/* SPDX-License-Identifier: MIT */
/* The guest's table of descriptors. */
#include "world.h"

#include <stdlib.h>

#define FIRST_PREOPEN 3

/* Stands in the table where a descriptor was and is no more. */
static struct sim_descriptor closed;

static struct {
    struct sim_descriptor **at;
    size_t capacity;
    size_t length;      /* numbers below it were used, or are holes */
    size_t lowest_free; /* no free number is below it */
    size_t n_open;
    size_t n_leaked_slots; /* that the host has not given back */
} table;

void sim_descriptors_reset(void)
{
    for (size_t i = 0; i < table.length; i++) {
        if (table.at[i] != &closed) {
            free(table.at[i]);
        }
    }
    table.length = 0;
    table.lowest_free = 0;
    table.n_open = 0;
    table.n_leaked_slots = 0;
    for (int fd = 0; fd < FIRST_PREOPEN; fd++) {
        struct sim_descriptor *const stdio = sim_open(fd, SIMHOST_STDIO);
        stdio->is_preopened = true;
        stdio->peer = sim_peer_new(false);
        stdio->peer->state = SIM_PEER_CONNECTED;
        stdio->peer->guest_fd = fd;
        sim_refresh(stdio);
    }
}

struct sim_descriptor *sim_descriptor(int32_t fd)
{
    if (fd < 0 || (size_t)fd >= table.length || table.at[fd] == &closed) {
        return NULL;
    }
    return table.at[fd];
}

bool sim_was_open(int32_t fd)
{
    return fd >= 0 && (size_t)fd < table.length && table.at[fd] == &closed;
}

static bool is_free(size_t number)
{
    return number >= table.length || table.at[number] == NULL ||
           table.at[number] == &closed;
}

static size_t choose_random(void)
{
    for (;;) {
        const size_t number =
            FIRST_PREOPEN + sim_random_below(2 * table.n_open + 100);
        if (is_free(number)) {
            return number;
        }
    }
}

int sim_choose_number(void)
{
    switch (simhost_knobs.profile.numbering) {
    case SIMHOST_NUMBER_RANDOM:
        return (int)choose_random();
    case SIMHOST_NUMBER_LOWEST_FREE:
        while (!is_free(table.lowest_free)) {
            table.lowest_free++;
        }
        return (int)table.lowest_free;
    case SIMHOST_NUMBER_NEXT:
    default:
        return (int)table.length;
    }
}

struct sim_descriptor *sim_open(int fd, enum simhost_kind kind)
{
    const size_t number = (size_t)fd;

    table.at = (struct sim_descriptor **)sim_grow(
        table.at, &table.capacity, number + 1, sizeof(struct sim_descriptor *));
    while (table.length <= number) {
        table.at[table.length++] = NULL;
    }
    if (!is_free(number)) {
        sim_misuse("descriptor %d is open already", fd);
        sim_close(fd);
    }
    struct sim_descriptor *const descriptor =
        (struct sim_descriptor *)calloc(1, sizeof(*descriptor));
    if (descriptor == NULL) {
        abort();
    }
    descriptor->kind = kind;
    table.at[number] = descriptor;
    table.n_open++;
    sim_progress();
    return descriptor;
}

bool sim_is_at_limit(void)
{
    return simhost_knobs.n_descriptors_max != 0 &&
           table.n_open + table.n_leaked_slots >=
               simhost_knobs.n_descriptors_max;
}

/* What the peer reads when the guest closes: EOF, or a reset. */
static void close_peer(struct simhost_peer *peer)
{
    const bool has_unread = peer->inbound.length > 0;
    const enum simhost_close style = simhost_knobs.profile.close;

    peer->guest_fd = -1;
    if (simhost_knobs.profile.closed_sockets_keep_their_slot) {
        table.n_leaked_slots++;
    }
    if (peer->is_datagram || peer->was_reset ||
        style == SIMHOST_CLOSE_SENDS_NOTHING) {
        return;
    }
    if (has_unread ||
        (style == SIMHOST_CLOSE_SENDS_RESET && !peer->guest_shut_write)) {
        sim_peer_guest_resets(peer);
        return;
    }
    peer->guest_shut_write = true;
    peer->guest_closed = true;
}

void sim_close(int fd)
{
    struct sim_descriptor *const descriptor = table.at[fd];

    if (descriptor->kind == SIMHOST_LISTENER) {
        sim_queue_drop(descriptor);
    }
    if (descriptor->peer != NULL) {
        close_peer(descriptor->peer);
    }
    sim_set_close_descriptor(descriptor, fd);
    free(descriptor);
    table.at[fd] = &closed;
    table.n_open--;
    if ((size_t)fd < table.lowest_free) {
        table.lowest_free = (size_t)fd;
    }
    sim_progress();
}

static bool is_readable(const struct sim_descriptor *descriptor)
{
    if (descriptor->kind == SIMHOST_LISTENER) {
        return descriptor->pending.length > 0 || descriptor->is_shut;
    }
    return descriptor->peer == NULL || sim_peer_is_readable(descriptor->peer);
}

static bool is_writable(const struct sim_descriptor *descriptor)
{
    if (descriptor->kind == SIMHOST_LISTENER) {
        return false;
    }
    if (descriptor == sim_descriptor(0) && descriptor->peer != NULL) {
        return descriptor->peer->has_shut; /* a pipe's end: a hang-up */
    }
    return descriptor->peer == NULL || sim_peer_is_writable(descriptor->peer);
}

/* Since when something is true that is looked at again. */
static void update_since(uint64_t *since_ns, bool was, bool is)
{
    if (!is) {
        *since_ns = 0;
    } else if (!was) {
        *since_ns = simhost_now_ns();
    }
}

void sim_refresh(struct sim_descriptor *descriptor)
{
    const bool readable = is_readable(descriptor);
    const bool writable = is_writable(descriptor);

    update_since(&descriptor->readable_since_ns, descriptor->is_readable,
                 readable);
    update_since(&descriptor->writable_since_ns, descriptor->is_writable,
                 writable);
    descriptor->is_readable = readable;
    descriptor->is_writable = writable;
    descriptor->has_event =
        descriptor->event_error != 0 || descriptor->event_flags != 0 ||
        (descriptor->peer != NULL && descriptor->peer->pending_error != 0);
    sim_poll_notice(descriptor);
}

void sim_served_reading(struct sim_descriptor *descriptor)
{
    descriptor->is_readable = false;
    sim_refresh(descriptor);
    sim_progress();
}

void sim_served_writing(struct sim_descriptor *descriptor)
{
    descriptor->is_writable = false;
    sim_refresh(descriptor);
    sim_progress();
}

size_t sim_leaked(bool with_preopened_sockets, int *first_fd)
{
    size_t n_leaked = 0;

    for (size_t i = 0; i < table.length; i++) {
        const struct sim_descriptor *const descriptor = sim_descriptor((int)i);
        if (descriptor == NULL) {
            continue;
        }
        const bool is_socket = descriptor->kind == SIMHOST_LISTENER ||
                               descriptor->kind == SIMHOST_CONNECTION ||
                               descriptor->kind == SIMHOST_DATAGRAM;
        if (!descriptor->is_preopened ||
            (is_socket && with_preopened_sockets)) {
            *first_fd = n_leaked == 0 ? (int)i : *first_fd;
            n_leaked++;
        }
    }
    return n_leaked;
}

void simhost_set_stdin_to_null(void)
{
    struct sim_descriptor *const input = sim_descriptor(0);

    input->peer->guest_fd = -1;
    input->peer = NULL;
    sim_refresh(input);
}

size_t simhost_n_open(void)
{
    return table.n_open;
}

int simhost_preopen_at(int fd, enum simhost_kind kind)
{
    struct sim_descriptor *const descriptor = sim_open(fd, kind);

    descriptor->is_preopened = true;
    if (kind == SIMHOST_CONNECTION || kind == SIMHOST_DATAGRAM) {
        descriptor->peer = sim_peer_new(kind == SIMHOST_DATAGRAM);
        descriptor->peer->state = SIM_PEER_CONNECTED;
        descriptor->peer->guest_fd = fd;
    }
    if (kind == SIMHOST_LISTENER || descriptor->peer != NULL) {
        descriptor->is_nonblocking =
            simhost_knobs.profile.preopened_sockets_are_nonblocking;
    }
    sim_refresh(descriptor);
    return fd;
}

int simhost_preopen(enum simhost_kind kind)
{
    return simhost_preopen_at((int)table.length, kind);
}

static void preopen_listeners(size_t n_listeners, int *listener_fds)
{
    for (size_t i = 0; i < n_listeners; i++) {
        const bool is_scattered =
            simhost_knobs.profile.layout == SIMHOST_SCATTERED;
        const int fd = is_scattered ? (int)choose_random() : (int)table.length;
        listener_fds[i] = simhost_preopen_at(fd, SIMHOST_LISTENER);
    }
}

void simhost_preopen_layout(size_t n_listeners, size_t n_directories,
                            int *listener_fds)
{
    const bool sockets_first =
        simhost_knobs.profile.layout == SIMHOST_SOCKETS_FIRST;

    if (sockets_first) {
        preopen_listeners(n_listeners, listener_fds);
    }
    for (size_t i = 0; i < n_directories; i++) {
        (void)simhost_preopen(SIMHOST_DIRECTORY);
    }
    if (!sockets_first) {
        preopen_listeners(n_listeners, listener_fds);
    }
}

void simhost_set_nonblocking(int fd, bool is_nonblocking)
{
    struct sim_descriptor *const descriptor = sim_descriptor(fd);

    if (descriptor == NULL) {
        sim_misuse("no descriptor %d", fd);
        return;
    }
    descriptor->is_nonblocking = is_nonblocking;
}

void simhost_set_event(int fd, int32_t error, uint16_t flags)
{
    struct sim_descriptor *const descriptor = sim_descriptor(fd);

    if (descriptor == NULL) {
        sim_misuse("no descriptor %d", fd);
        return;
    }
    descriptor->event_error = error;
    descriptor->event_flags = flags;
    sim_refresh(descriptor);
}

struct simhost_peer *simhost_peer_of(int fd)
{
    const struct sim_descriptor *const descriptor = sim_descriptor(fd);

    return descriptor == NULL ? NULL : descriptor->peer;
}

struct simhost_truth simhost_truth(int fd)
{
    const struct sim_descriptor *const descriptor = sim_descriptor(fd);
    struct simhost_truth truth = {0};

    if (descriptor == NULL) {
        return truth;
    }
    truth.is_open = true;
    truth.is_readable = descriptor->is_readable;
    truth.is_writable = descriptor->is_writable;
    truth.readable_since_ns = descriptor->readable_since_ns;
    truth.writable_since_ns = descriptor->writable_since_ns;
    truth.n_readable = descriptor->pending.length;
    if (descriptor->peer != NULL) {
        const struct simhost_peer *const peer = descriptor->peer;
        truth.n_readable = sim_peer_n_arrived(peer);
        truth.n_writable = sim_peer_room(peer);
        truth.is_reset = peer->has_reset;
        truth.is_at_end = descriptor->is_readable && truth.n_readable == 0 &&
                          (peer->has_shut || peer->pending_error == 0) &&
                          !sim_peer_has_datagram(peer);
    }
    return truth;
}
