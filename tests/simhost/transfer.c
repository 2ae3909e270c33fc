/* SPDX-License-Identifier: MIT */
/* The host calls that move bytes: sock_recv, sock_send, fd_read, fd_write. */
#include "world.h"

#include <string.h>

/* The most a guest may ask for at once: a count must fit a ptrdiff_t of
 * wasm32 with much to spare. */
#define TRANSFER_MAX_BYTES (UINT64_C(1) << 30)

static uint64_t total_room(const struct wasock_buffer *buffers, size_t n)
{
    uint64_t total = 0;

    for (size_t i = 0; buffers != NULL && i < n; i++) {
        total += buffers[i].capacity;
    }
    return total;
}

static uint64_t total_bytes(const struct wasock_slice *slices, size_t n)
{
    uint64_t total = 0;

    for (size_t i = 0; slices != NULL && i < n; i++) {
        total += slices[i].length;
    }
    return total;
}

/* Judge the memory of a transfer. False: there is none to work on. */
static bool judge_memory(bool has_memory, bool has_count, size_t n_slices,
                         uint64_t n_asked)
{
    if (!has_memory || !has_count) {
        sim_judge(SIMHOST_BAD_POINTER, "no memory for %s",
                  has_memory ? "the count" : "a slice");
        return false;
    }
    if (n_asked > TRANSFER_MAX_BYTES) {
        sim_judge(SIMHOST_BAD_POINTER, "%llu bytes at once",
                  (unsigned long long)n_asked);
        return false;
    }
    if (n_slices > WASOCK_SLICES_MAX) {
        sim_judge(SIMHOST_MANY_SLICES, "%zu", n_slices);
    }
    return true;
}

static bool buffers_have_memory(const struct wasock_buffer *buffers, size_t n)
{
    for (size_t i = 0; buffers != NULL && i < n; i++) {
        if (buffers[i].data == NULL && buffers[i].capacity > 0) {
            return false;
        }
    }
    return buffers != NULL || n == 0;
}

static bool slices_have_memory(const struct wasock_slice *slices, size_t n)
{
    for (size_t i = 0; slices != NULL && i < n; i++) {
        if (slices[i].data == NULL && slices[i].length > 0) {
            return false;
        }
    }
    return slices != NULL || n == 0;
}

/* How many bytes one call moves of those that it could. */
static size_t chunk(size_t length)
{
    const size_t most = simhost_knobs.chunk_bytes;

    if (most == SIMHOST_CHUNK_RANDOM) {
        return length == 0 ? 0 : 1 + (size_t)sim_random_below(length);
    }
    return most == SIMHOST_CHUNK_WHOLE || length < most ? length : most;
}

/* An accident that may befall any transfer: 0, EAGAIN or EINTR. */
static int32_t accident(const struct sim_descriptor *descriptor)
{
    if (sim_chance(simhost_knobs.interrupted_per_mille)) {
        return WASOCK_EINTR;
    }
    return descriptor->is_nonblocking &&
                   sim_chance(simhost_knobs.spurious_eagain_per_mille)
               ? WASOCK_EAGAIN
               : 0;
}

/* ---- Receiving ---------------------------------------------------------- */

static bool is_readable(const struct sim_descriptor *descriptor)
{
    return descriptor->is_readable;
}

/* Copy the first bytes that have arrived to the buffers. Returns the count. */
static size_t scatter(struct sim_bytes *from, size_t n_available,
                      const struct wasock_buffer *buffers, size_t n_buffers)
{
    const bool first_only = simhost_knobs.profile.recv_fills_first_buffer_only;
    size_t n_moved = 0;

    for (size_t i = 0; i < n_buffers && n_moved < n_available; i++) {
        const size_t left = n_available - n_moved;
        const size_t n =
            buffers[i].capacity < left ? buffers[i].capacity : left;
        if (n == 0) {
            continue;
        }
        memcpy(buffers[i].data, sim_bytes_front(from) + n_moved, n);
        n_moved += n;
        if (first_only) {
            break;
        }
    }
    return n_moved;
}

/* What a stream gives when no bytes are there. */
static int32_t recv_nothing(struct simhost_peer *peer)
{
    const int32_t error = peer->pending_error;

    if (peer->has_shut || error == 0) {
        return 0;
    }
    peer->pending_error = 0; /* a kernel says it once */
    return sim_host_error(error);
}

static int32_t recv_datagram(struct sim_descriptor *descriptor,
                             const struct wasock_buffer *buffers,
                             size_t n_buffers, uint32_t *n_received)
{
    struct sim_bytes *const inbound = &descriptor->peer->inbound;
    const size_t length = sim_peer_n_arrived(descriptor->peer);

    if (!sim_peer_has_datagram(descriptor->peer)) {
        return recv_nothing(descriptor->peer);
    }
    sim_bytes_drop(inbound, sizeof(uint32_t));
    *n_received = (uint32_t)scatter(inbound, length, buffers, n_buffers);
    sim_bytes_drop(inbound, length);
    return 0;
}

static int32_t recv_stream(struct sim_descriptor *descriptor,
                           const struct wasock_buffer *buffers,
                           size_t n_buffers, uint32_t *n_received)
{
    struct simhost_peer *const peer = descriptor->peer;
    const size_t n_arrived = sim_peer_n_arrived(peer);

    if (n_arrived == 0) {
        return recv_nothing(peer);
    }
    uint64_t n_asked = total_room(buffers, n_buffers);
    if (n_asked > n_arrived) {
        n_asked = n_arrived;
    }
    const size_t n_moved =
        scatter(&peer->inbound, chunk((size_t)n_asked), buffers, n_buffers);
    sim_bytes_drop(&peer->inbound, n_moved);
    *n_received = (uint32_t)n_moved;
    return 0;
}

/* Of a descriptor with a peer, or of a file, which is always at its end. */
static int32_t recv_from(struct sim_descriptor *descriptor,
                         const struct wasock_buffer *buffers, size_t n_buffers,
                         uint32_t *n_received)
{
    int32_t error = accident(descriptor);

    if (error != 0) {
        return error;
    }
    if (!descriptor->is_readable && !sim_block(descriptor, is_readable)) {
        return WASOCK_EAGAIN;
    }
    if (descriptor->peer == NULL) {
        return 0;
    }
    error = descriptor->peer->is_datagram
                ? recv_datagram(descriptor, buffers, n_buffers, n_received)
                : recv_stream(descriptor, buffers, n_buffers, n_received);
    sim_served_reading(descriptor);
    if (*n_received > 0 && simhost_knobs.costs.data_ns > 0) {
        simhost_advance_ns(simhost_knobs.costs.data_ns);
    }
    return error;
}

/* Whether the host makes a call of its own of each slice. */
static bool are_calls(const struct sim_descriptor *descriptor, size_t n_slices)
{
    return simhost_knobs.profile.slices_are_calls && n_slices > 1 &&
           descriptor->peer != NULL && !descriptor->peer->is_datagram;
}

static int32_t recv_each(struct sim_descriptor *descriptor,
                         const struct wasock_buffer *buffers, size_t n_buffers,
                         uint32_t *n_received)
{
    for (size_t i = 0; i < n_buffers; i++) {
        uint32_t n = 0;
        if (buffers[i].capacity == 0) {
            continue;
        }
        const int32_t error = recv_from(descriptor, &buffers[i], 1, &n);
        if (error != 0) {
            return error;
        }
        *n_received += n;
        if (n < buffers[i].capacity) {
            break;
        }
    }
    return 0;
}

static int32_t recv_empty(const struct sim_descriptor *descriptor)
{
    sim_judge(SIMHOST_EMPTY, "no room to receive into");
    switch (simhost_knobs.profile.empty_recv) {
    case SIMHOST_EMPTY_RECV_EINVAL:
        return WASOCK_EINVAL;
    case SIMHOST_EMPTY_RECV_ZERO_OR_EAGAIN:
        return descriptor->is_readable ? 0 : WASOCK_EAGAIN;
    case SIMHOST_EMPTY_RECV_ZERO:
    default:
        return 0;
    }
}

static int32_t receive(struct sim_descriptor *descriptor,
                       struct sim_fault fault,
                       const struct wasock_buffer *buffers, size_t n_buffers,
                       uint32_t *n_received)
{
    const struct simhost_profile *const profile = &simhost_knobs.profile;
    const uint64_t n_asked = total_room(buffers, n_buffers);

    if (!judge_memory(buffers_have_memory(buffers, n_buffers),
                      n_received != NULL, n_buffers, n_asked)) {
        return WASOCK_EFAULT;
    }
    if (descriptor == NULL || fault.error != 0) {
        return fault.error != 0 ? fault.error : WASOCK_EBADF;
    }
    if (fault.lie != 0) {
        if (fault.lie != SIMHOST_LIE_NOTHING) {
            *n_received = (uint32_t)(n_asked + 1);
        }
        return 0;
    }
    *n_received = 0;
    if (descriptor->kind == SIMHOST_LISTENER) {
        return profile->recv_on_listener;
    }
    if (n_buffers > WASOCK_SLICES_MAX &&
        profile->many_slices == SIMHOST_SLICES_EMSGSIZE) {
        return WASOCK_EMSGSIZE;
    }
    if (n_asked == 0) {
        return recv_empty(descriptor);
    }
    return are_calls(descriptor, n_buffers)
               ? recv_each(descriptor, buffers, n_buffers, n_received)
               : recv_from(descriptor, buffers, n_buffers, n_received);
}

int32_t wasip1_fd_read(int32_t fd, const struct wasock_buffer *buffers,
                       size_t n_buffers, uint32_t *n_read)
{
    const struct sim_fault fault =
        sim_begin(SIMHOST_FD_READ, fd, total_room(buffers, n_buffers));
    const int32_t error =
        receive(sim_lookup(fd), fault, buffers, n_buffers, n_read);

    return sim_end(error, error == 0 ? *n_read : 0);
}

static bool is_socket(const struct sim_descriptor *descriptor)
{
    return descriptor->kind == SIMHOST_LISTENER ||
           descriptor->kind == SIMHOST_CONNECTION ||
           descriptor->kind == SIMHOST_DATAGRAM;
}

/* Memory is written through bytes: wasi-go stores more than the flags. */
static void write_roflags(struct wasip1_roflags *roflags)
{
    switch (simhost_knobs.profile.roflags) {
    case SIMHOST_ROFLAGS_TWO_BYTES:
        memset(roflags, 0, sizeof(uint16_t));
        break;
    case SIMHOST_ROFLAGS_FOUR_BYTES:
        memset(roflags, 0, sizeof(uint32_t));
        break;
    case SIMHOST_ROFLAGS_UNTOUCHED:
    default:
        break;
    }
}

int32_t wasip1_sock_recv(int32_t fd, const struct wasock_buffer *buffers,
                         size_t n_buffers, uint16_t flags, uint32_t *n_received,
                         struct wasip1_roflags *roflags)
{
    const struct sim_fault fault =
        sim_begin(SIMHOST_SOCK_RECV, fd, total_room(buffers, n_buffers));
    struct sim_descriptor *const descriptor = sim_lookup(fd);

    if (flags != 0) {
        sim_judge(SIMHOST_BAD_FLAGS, "flags 0x%x", (unsigned)flags);
    }
    if (roflags == NULL) {
        sim_judge(SIMHOST_BAD_POINTER, "no room for the result flags");
        return sim_end(WASOCK_EFAULT, 0);
    }
    if (descriptor != NULL && !is_socket(descriptor)) {
        sim_judge(SIMHOST_NO_SOCKET, "descriptor %d", (int)fd);
        return sim_end(simhost_knobs.profile.socket_call_on_other, 0);
    }
    const int32_t error =
        receive(descriptor, fault, buffers, n_buffers, n_received);
    if (error != 0) {
        return sim_end(error, 0);
    }
    write_roflags(roflags);
    return sim_end(0, *n_received);
}

/* ---- Sending ------------------------------------------------------------ */

static bool is_writable(const struct sim_descriptor *descriptor)
{
    return descriptor->is_writable;
}

static int32_t broken_pipe(void)
{
    if (simhost_knobs.profile.sigpipe_kills) {
        sim_judge(SIMHOST_SIGPIPE, "the host dies of SIGPIPE here");
    }
    return sim_host_error(WASOCK_EPIPE);
}

/* Put the front of the slices into `to`: at most `n_bytes`. */
static void gather(struct sim_bytes *to, size_t n_bytes,
                   const struct wasock_slice *slices, size_t n_slices)
{
    for (size_t i = 0; i < n_slices && n_bytes > 0; i++) {
        const size_t n =
            slices[i].length < n_bytes ? slices[i].length : n_bytes;
        sim_bytes_append(to, slices[i].data, n);
        n_bytes -= n;
    }
}

static int32_t send_datagram(struct simhost_peer *peer,
                             const struct wasock_slice *slices, size_t n_slices,
                             uint32_t *n_sent)
{
    const uint32_t length = (uint32_t)total_bytes(slices, n_slices);

    if (length > UINT16_MAX) {
        return WASOCK_EMSGSIZE;
    }
    sim_bytes_append(&peer->outbound, &length, sizeof(length));
    gather(&peer->outbound, length, slices, n_slices);
    *n_sent = length;
    sim_peer_sent_to(peer);
    return 0;
}

static int32_t send_stream(struct simhost_peer *peer,
                           const struct wasock_slice *slices, size_t n_slices,
                           uint32_t *n_sent)
{
    const int32_t error = peer->pending_error;
    uint64_t n_asked = total_bytes(slices, n_slices);

    if (error != 0 && error != WASOCK_EPIPE &&
        (!simhost_knobs.profile.send_after_reset_is_epipe ||
         peer->state == SIM_PEER_REFUSED)) {
        peer->pending_error = 0;
        return sim_host_error(error);
    }
    if (peer->has_reset || peer->was_reset || peer->guest_shut_write) {
        peer->pending_error = 0;
        return broken_pipe();
    }
    if (n_asked > sim_peer_room(peer)) {
        n_asked = sim_peer_room(peer);
    }
    const size_t n = chunk((size_t)n_asked);
    *n_sent = (uint32_t)n;
    if (peer->has_closed) {
        /* Nobody is there: the bytes vanish, and a reset comes back. */
        peer->has_reset = true;
        peer->pending_error = WASOCK_EPIPE;
        return 0;
    }
    gather(&peer->outbound, n, slices, n_slices);
    sim_peer_sent_to(peer);
    return 0;
}

static int32_t send_to(struct sim_descriptor *descriptor,
                       const struct wasock_slice *slices, size_t n_slices,
                       uint32_t *n_sent)
{
    int32_t error = accident(descriptor);

    if (error != 0) {
        return error;
    }
    if (!descriptor->is_writable && !sim_block(descriptor, is_writable)) {
        return WASOCK_EAGAIN;
    }
    if (descriptor->peer == NULL) {
        *n_sent = (uint32_t)total_bytes(slices, n_slices);
        return 0;
    }
    error = descriptor->peer->is_datagram
                ? send_datagram(descriptor->peer, slices, n_slices, n_sent)
                : send_stream(descriptor->peer, slices, n_slices, n_sent);
    sim_served_writing(descriptor);
    return error;
}

static int32_t send_each(struct sim_descriptor *descriptor,
                         const struct wasock_slice *slices, size_t n_slices,
                         uint32_t *n_sent)
{
    for (size_t i = 0; i < n_slices; i++) {
        uint32_t n = 0;
        const int32_t error = send_to(descriptor, &slices[i], 1, &n);
        if (error != 0) {
            return error;
        }
        *n_sent += n;
    }
    return 0;
}

/* A send of zero slices is how the library asks what a stream socket is. */
static int32_t send_empty(const struct sim_descriptor *descriptor,
                          size_t n_slices)
{
    if (descriptor->kind == SIMHOST_DATAGRAM) {
        sim_judge(SIMHOST_EMPTY_DATAGRAM, "a send of nothing");
    } else if (n_slices > 0) {
        sim_judge(SIMHOST_EMPTY, "nothing to send in %zu slices", n_slices);
    }
    return descriptor->kind == SIMHOST_LISTENER
               ? simhost_knobs.profile.empty_send_on_listener
               : simhost_knobs.profile.empty_send_on_connection;
}

/* As many slices as the host takes. Returns an error where that is none. */
static int32_t clamp_slices(size_t *n_slices)
{
    const enum simhost_many_slices policy = simhost_knobs.profile.many_slices;

    if (*n_slices <= WASOCK_SLICES_MAX || policy == SIMHOST_SLICES_TAKEN) {
        return 0;
    }
    *n_slices = WASOCK_SLICES_MAX;
    return policy == SIMHOST_SLICES_EMSGSIZE ? WASOCK_EMSGSIZE : 0;
}

static int32_t transmit(struct sim_descriptor *descriptor,
                        struct sim_fault fault,
                        const struct wasock_slice *slices, size_t n_slices,
                        uint32_t *n_sent)
{
    const struct simhost_profile *const profile = &simhost_knobs.profile;
    const uint64_t n_asked = total_bytes(slices, n_slices);

    if (!judge_memory(slices_have_memory(slices, n_slices), n_sent != NULL,
                      n_slices, n_asked)) {
        return WASOCK_EFAULT;
    }
    if (descriptor == NULL || fault.error != 0) {
        return fault.error != 0 ? fault.error : WASOCK_EBADF;
    }
    if (fault.lie != 0) {
        if (fault.lie != SIMHOST_LIE_NOTHING) {
            *n_sent = (uint32_t)(n_asked + 1);
        }
        return 0;
    }
    *n_sent = 0;
    if (n_asked == 0) {
        return send_empty(descriptor, n_slices);
    }
    if (descriptor->kind == SIMHOST_LISTENER) {
        return profile->send_on_listener == WASOCK_EPIPE
                   ? broken_pipe()
                   : profile->send_on_listener;
    }
    const int32_t error = clamp_slices(&n_slices);
    if (error != 0) {
        return error;
    }
    return are_calls(descriptor, n_slices)
               ? send_each(descriptor, slices, n_slices, n_sent)
               : send_to(descriptor, slices, n_slices, n_sent);
}

int32_t wasip1_fd_write(int32_t fd, const struct wasock_slice *slices,
                        size_t n_slices, uint32_t *n_written)
{
    const struct sim_fault fault =
        sim_begin(SIMHOST_FD_WRITE, fd, total_bytes(slices, n_slices));
    const int32_t error =
        transmit(sim_lookup(fd), fault, slices, n_slices, n_written);

    return sim_end(error, error == 0 ? *n_written : 0);
}

int32_t wasip1_sock_send(int32_t fd, const struct wasock_slice *slices,
                         size_t n_slices, uint16_t flags, uint32_t *n_sent)
{
    const struct sim_fault fault =
        sim_begin(SIMHOST_SOCK_SEND, fd, total_bytes(slices, n_slices));
    struct sim_descriptor *const descriptor = sim_lookup(fd);

    if (flags != 0) {
        sim_judge(SIMHOST_BAD_FLAGS, "flags 0x%x", (unsigned)flags);
    }
    if (descriptor != NULL && !is_socket(descriptor)) {
        sim_judge(SIMHOST_NO_SOCKET, "descriptor %d", (int)fd);
        return sim_end(simhost_knobs.profile.socket_call_on_other, 0);
    }
    const int32_t error = transmit(descriptor, fault, slices, n_slices, n_sent);
    return sim_end(error, error == 0 ? *n_sent : 0);
}
