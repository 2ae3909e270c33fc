/* SPDX-License-Identifier: MIT */
/* The other ends of the guest's sockets, and what flows between. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

/* Something that a peer does at a time. */
struct sim_action {
    struct sim_action *next;
    void (*apply)(struct simhost_peer *peer, const struct sim_action *action);
    size_t length;
    uint8_t data[];
};

/* In front of each datagram. */
typedef uint32_t datagram_length;

static struct simhost_peer *all_peers;

static void free_peer(struct simhost_peer *peer)
{
    while (peer->first_action != NULL) {
        struct sim_action *const action = peer->first_action;
        peer->first_action = action->next;
        free(action);
    }
    sim_bytes_free(&peer->inbound);
    sim_bytes_free(&peer->outbound);
    sim_bytes_free(&peer->received);
    free(peer);
}

void sim_peers_reset(void)
{
    while (all_peers != NULL) {
        struct simhost_peer *const peer = all_peers;
        all_peers = peer->next_peer;
        free_peer(peer);
    }
}

struct simhost_peer *sim_peer_new(bool is_datagram)
{
    struct simhost_peer *const peer =
        (struct simhost_peer *)calloc(1, sizeof(*peer));

    if (peer == NULL) {
        abort();
    }
    peer->is_datagram = is_datagram;
    peer->listener_fd = -1;
    peer->guest_fd = -1;
    peer->window = simhost_knobs.send_buffer_bytes;
    peer->bytes_per_ms = SIZE_MAX;
    peer->tie = simhost_knobs.shuffle ? sim_random() : 0;
    peer->next_peer = all_peers;
    all_peers = peer;
    return peer;
}

/* ---- What the guest's host sees ----------------------------------------- */

static datagram_length first_datagram(const struct sim_bytes *bytes)
{
    datagram_length length;

    memcpy(&length, sim_bytes_front(bytes), sizeof(length));
    return length;
}

size_t sim_peer_n_arrived(const struct simhost_peer *peer)
{
    const size_t most = simhost_knobs.receive_buffer_bytes;

    if (peer->is_datagram) {
        return sim_peer_has_datagram(peer) ? first_datagram(&peer->inbound) : 0;
    }
    return peer->inbound.length < most ? peer->inbound.length : most;
}

bool sim_peer_has_datagram(const struct simhost_peer *peer)
{
    return peer->is_datagram && peer->inbound.length > 0;
}

size_t sim_peer_room(const struct simhost_peer *peer)
{
    if (peer->is_connecting) {
        return 0;
    }
    return peer->outbound.length < peer->window
               ? peer->window - peer->outbound.length
               : 0;
}

bool sim_peer_is_readable(const struct simhost_peer *peer)
{
    return peer->inbound.length > 0 || peer->has_shut || peer->has_reset ||
           peer->guest_shut_read || peer->state == SIM_PEER_REFUSED;
}

bool sim_peer_is_writable(const struct simhost_peer *peer)
{
    return sim_peer_room(peer) > 0 || peer->has_reset || peer->guest_shut_write;
}

bool sim_peer_is_over(const struct simhost_peer *peer)
{
    return peer->has_reset || peer->was_reset ||
           (peer->has_shut && peer->guest_shut_write);
}

static void refresh_guest(const struct simhost_peer *peer)
{
    struct sim_descriptor *const descriptor = sim_descriptor(peer->guest_fd);

    if (descriptor != NULL) {
        sim_refresh(descriptor);
    }
}

/* ---- Reading what the guest sends --------------------------------------- */

/* Read once, at most `length` bytes or one datagram. */
static void read_once(struct simhost_peer *peer, size_t length)
{
    struct sim_bytes *const from = &peer->outbound;
    size_t n = length < from->length ? length : from->length;

    if (peer->is_datagram) {
        n = first_datagram(from);
        sim_bytes_drop(from, sizeof(datagram_length));
        peer->n_datagrams++;
    }
    sim_bytes_append(&peer->received, sim_bytes_front(from), n);
    sim_bytes_drop(from, n);
    if (peer->reader != NULL && n > 0) {
        peer->reader(
            peer, sim_bytes_front(&peer->received) + peer->received.length - n,
            n, peer->reader_context);
    }
    refresh_guest(peer);
}

static void tick(void *context);

static void schedule_tick(struct simhost_peer *peer)
{
    if (!peer->is_tick_scheduled && peer->outbound.length > 0 &&
        peer->bytes_per_ms != 0) {
        peer->is_tick_scheduled = true;
        sim_schedule_at(simhost_now_ns() + SIMHOST_MS(1), peer->tie, tick,
                        peer);
    }
}

static void tick(void *context)
{
    struct simhost_peer *const peer = (struct simhost_peer *)context;

    peer->is_tick_scheduled = false;
    if (peer->outbound.length > 0 && peer->bytes_per_ms != 0) {
        read_once(peer, peer->bytes_per_ms);
    }
    schedule_tick(peer);
}

void sim_peer_sent_to(struct simhost_peer *peer)
{
    if (peer->bytes_per_ms != SIZE_MAX) {
        schedule_tick(peer);
        return;
    }
    while (peer->outbound.length > 0) {
        read_once(peer, SIZE_MAX);
    }
}

void simhost_peer_set_reading(struct simhost_peer *peer, size_t bytes_per_ms)
{
    peer->bytes_per_ms = bytes_per_ms;
    sim_peer_sent_to(peer);
}

void simhost_peer_set_window(struct simhost_peer *peer, size_t length)
{
    peer->window = length;
    refresh_guest(peer);
}

void simhost_peer_on_read(struct simhost_peer *peer, simhost_reader *reader,
                          void *context)
{
    peer->reader = reader;
    peer->reader_context = context;
}

const uint8_t *simhost_peer_received(const struct simhost_peer *peer,
                                     size_t *length)
{
    if (length != NULL) {
        *length = peer->received.length;
    }
    return sim_bytes_front(&peer->received);
}

void simhost_peer_forget(struct simhost_peer *peer)
{
    sim_bytes_free(&peer->received);
}

size_t simhost_peer_n_unread(const struct simhost_peer *peer)
{
    return peer->outbound.length;
}

size_t simhost_peer_n_datagrams(const struct simhost_peer *peer)
{
    return peer->n_datagrams;
}

enum simhost_end simhost_peer_end(const struct simhost_peer *peer)
{
    if (peer->was_reset) {
        return SIMHOST_END_RESET;
    }
    return peer->guest_shut_write && peer->outbound.length == 0
               ? SIMHOST_END_STREAM
               : SIMHOST_END_NONE;
}

int simhost_peer_fd(const struct simhost_peer *peer)
{
    return peer->guest_fd;
}

bool simhost_peer_is_connected(const struct simhost_peer *peer)
{
    return peer->state == SIM_PEER_CONNECTED;
}

bool simhost_peer_is_refused(const struct simhost_peer *peer)
{
    return peer->state == SIM_PEER_REFUSED;
}

/* ---- Queues of a listener ----------------------------------------------- */

static void queue_put(struct sim_queue *queue, struct simhost_peer *peer)
{
    peer->next_in_queue = NULL;
    if (queue->last != NULL) {
        queue->last->next_in_queue = peer;
    } else {
        queue->first = peer;
    }
    queue->last = peer;
    queue->length++;
}

static struct simhost_peer *queue_pop(struct sim_queue *queue)
{
    struct simhost_peer *const peer = queue->first;

    if (peer != NULL) {
        queue->first = peer->next_in_queue;
        queue->last = queue->first == NULL ? NULL : queue->last;
        queue->length--;
    }
    return peer;
}

static size_t backlog_of(const struct sim_descriptor *listener)
{
    return listener->backlog > 0 ? listener->backlog
                                 : simhost_knobs.profile.backlog;
}

struct simhost_peer *sim_queue_take(struct sim_descriptor *listener)
{
    struct simhost_peer *const taken = queue_pop(&listener->pending);

    while (listener->pending.length < backlog_of(listener) &&
           listener->waiting.length > 0) {
        struct simhost_peer *const peer = queue_pop(&listener->waiting);
        if (peer->state == SIM_PEER_OUTSIDE) {
            peer->state = SIM_PEER_CONNECTED;
            queue_put(&listener->pending, peer);
        }
    }
    return taken;
}

void sim_queue_drop(struct sim_descriptor *listener)
{
    struct simhost_peer *peer;

    while ((peer = queue_pop(&listener->pending)) != NULL) {
        sim_peer_guest_resets(peer);
    }
    while ((peer = queue_pop(&listener->waiting)) != NULL) {
        peer->state = SIM_PEER_REFUSED;
    }
}

void sim_peer_guest_resets(struct simhost_peer *peer)
{
    /* Bytes that the peer has not read are lost: the worst that a host's
     * network may do to a server that closes too early. */
    sim_bytes_free(&peer->inbound);
    sim_bytes_free(&peer->outbound);
    peer->was_reset = true;
}

/* ---- Actions ------------------------------------------------------------ */

static void run_next_action(void *context)
{
    struct simhost_peer *const peer = (struct simhost_peer *)context;
    struct sim_action *const action = peer->first_action;

    peer->first_action = action->next;
    if (action->next == NULL) {
        peer->last_action = NULL;
    }
    action->apply(peer, action);
    free(action);
}

static void act(struct simhost_peer *peer,
                void (*apply)(struct simhost_peer *peer,
                              const struct sim_action *action),
                const void *data, size_t length, uint64_t after_ns)
{
    const bool has_data = data != NULL;
    struct sim_action *const action =
        (struct sim_action *)malloc(sizeof(*action) + (has_data ? length : 0));
    uint64_t due_ns = simhost_now_ns() + after_ns +
                      sim_random_below(simhost_knobs.latency_max_ns);

    if (action == NULL) {
        abort();
    }
    action->next = NULL;
    action->apply = apply;
    action->length = length;
    if (has_data) {
        memcpy(action->data, data, length);
    }
    if (due_ns < peer->last_due_ns) {
        due_ns = peer->last_due_ns;
    }
    peer->last_due_ns = due_ns;
    if (peer->first_action == NULL && due_ns <= simhost_now_ns()) {
        peer->first_action = peer->last_action = action;
        run_next_action(peer);
        return;
    }
    if (peer->last_action != NULL) {
        peer->last_action->next = action;
    } else {
        peer->first_action = action;
    }
    peer->last_action = action;
    sim_schedule_at(due_ns, peer->tie, run_next_action, peer);
}

static void apply_connect(struct simhost_peer *peer,
                          const struct sim_action *action)
{
    struct sim_descriptor *const listener = sim_descriptor(peer->listener_fd);

    (void)action;
    if (listener == NULL || listener->kind != SIMHOST_LISTENER ||
        listener->is_shut) {
        peer->state = SIM_PEER_REFUSED;
        return;
    }
    if (listener->pending.length >= backlog_of(listener)) {
        queue_put(&listener->waiting, peer);
        return;
    }
    peer->state = SIM_PEER_CONNECTED;
    queue_put(&listener->pending, peer);
    sim_refresh(listener);
}

struct simhost_peer *simhost_connect(int listener_fd, uint64_t after_ns)
{
    struct simhost_peer *const peer = sim_peer_new(false);

    peer->listener_fd = listener_fd;
    act(peer, apply_connect, NULL, 0, after_ns);
    return peer;
}

/* A client that gives up before its connect has completed. */
static bool leaves_queue(struct simhost_peer *peer)
{
    if (peer->state == SIM_PEER_OUTSIDE) {
        peer->state = SIM_PEER_REFUSED;
    }
    return peer->state == SIM_PEER_REFUSED;
}

static void apply_send(struct simhost_peer *peer,
                       const struct sim_action *action)
{
    const datagram_length header = (datagram_length)action->length;

    if (peer->has_shut || peer->has_reset) {
        sim_misuse("a peer sends after it has shut its half");
    }
    if (peer->guest_closed ||
        (peer->guest_shut_read && peer->guest_shut_write)) {
        peer->was_reset = true;
    }
    if (peer->was_reset) {
        return;
    }
    if (peer->is_datagram) {
        sim_bytes_append(&peer->inbound, &header, sizeof(header));
    }
    sim_bytes_append(&peer->inbound, action->data, action->length);
    refresh_guest(peer);
}

void simhost_peer_send(struct simhost_peer *peer, const void *data,
                       size_t length, uint64_t after_ns)
{
    act(peer, apply_send, length == 0 ? "" : data, length, after_ns);
}

static void apply_shutdown(struct simhost_peer *peer,
                           const struct sim_action *action)
{
    (void)action;
    peer->has_shut = true;
    refresh_guest(peer);
}

void simhost_peer_shutdown(struct simhost_peer *peer, uint64_t after_ns)
{
    act(peer, apply_shutdown, NULL, 0, after_ns);
}

static void apply_reset(struct simhost_peer *peer,
                        const struct sim_action *action)
{
    (void)action;
    if (leaves_queue(peer) || peer->has_reset || peer->was_reset) {
        return;
    }
    /* After an end of stream it is no news to a receiver. */
    peer->pending_error = peer->has_shut ? WASOCK_EPIPE : WASOCK_ECONNRESET;
    peer->has_reset = true;
    if (!peer->is_datagram) {
        sim_bytes_truncate(&peer->inbound, sim_peer_n_arrived(peer));
    }
    sim_bytes_free(&peer->outbound);
    refresh_guest(peer);
}

void simhost_peer_reset(struct simhost_peer *peer, uint64_t after_ns)
{
    act(peer, apply_reset, NULL, 0, after_ns);
}

static void apply_close(struct simhost_peer *peer,
                        const struct sim_action *action)
{
    if (leaves_queue(peer)) {
        return;
    }
    if (peer->outbound.length > 0) {
        apply_reset(peer, action);
        return;
    }
    peer->has_shut = true;
    peer->has_closed = true;
    refresh_guest(peer);
}

void simhost_peer_close(struct simhost_peer *peer, uint64_t after_ns)
{
    act(peer, apply_close, NULL, 0, after_ns);
}

static void apply_abort(struct simhost_peer *peer,
                        const struct sim_action *action)
{
    (void)action;
    peer->has_aborted = !leaves_queue(peer);
}

void simhost_peer_abort(struct simhost_peer *peer, uint64_t after_ns)
{
    act(peer, apply_abort, NULL, 0, after_ns);
}

static void apply_read(struct simhost_peer *peer,
                       const struct sim_action *action)
{
    if (peer->outbound.length > 0) {
        read_once(peer, action->length);
    }
}

void simhost_peer_read(struct simhost_peer *peer, size_t length,
                       uint64_t after_ns)
{
    act(peer, apply_read, NULL, length, after_ns);
}
