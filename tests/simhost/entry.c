/* SPDX-License-Identifier: MIT */
/* The world's start, and the host calls that move no bytes. */
#include "world.h"

struct simhost_knobs simhost_knobs;

/* As measured on Linux, loopback: what one receive gives at most, and what a
 * peer that does not read lets the guest send. */
#define RECEIVE_BUFFER_BYTES 129024
#define SEND_BUFFER_BYTES 3919872

#define N_IDLE_CALLS_MAX 4000000

void simhost_reset(uint64_t seed, const struct simhost_profile *profile)
{
    const struct simhost_knobs defaults = {
        .profile = *profile,
        .receive_buffer_bytes = RECEIVE_BUFFER_BYTES,
        .send_buffer_bytes = SEND_BUFFER_BYTES,
        .n_idle_calls_max = N_IDLE_CALLS_MAX,
    };

    simhost_knobs = defaults;
    sim_random_seed(seed);
    sim_schedule_reset();
    sim_judge_reset(seed);
    sim_faults_reset();
    sim_poll_reset();
    sim_open_reset();
    sim_peers_reset();
    sim_descriptors_reset();
}

int32_t sim_host_error(int32_t error)
{
    if (!simhost_knobs.profile.flattens_errors) {
        return error;
    }
    switch (error) {
    case WASOCK_EPIPE:
    case WASOCK_ECONNRESET:
    case WASOCK_ENOTCONN:
    case WASOCK_EMFILE:
    case WASOCK_ECONNABORTED:
        return WASOCK_EIO;
    default:
        return error;
    }
}

struct sim_descriptor *sim_lookup(int32_t fd)
{
    struct sim_descriptor *const descriptor = sim_descriptor(fd);

    if (descriptor == NULL) {
        sim_judge(SIMHOST_BAD_FD, "descriptor %d %s", (int)fd,
                  sim_was_open(fd) ? "is closed" : "was never opened");
    }
    return descriptor;
}

bool sim_block(struct sim_descriptor *descriptor,
               bool (*is_ready)(const struct sim_descriptor *descriptor))
{
    if (descriptor->is_nonblocking) {
        return false;
    }
    while (simhost_knobs.may_block && !is_ready(descriptor) &&
           sim_next_due_ns() != UINT64_MAX) {
        sim_advance_to(sim_next_due_ns());
    }
    if (is_ready(descriptor)) {
        return true;
    }
    sim_judge(SIMHOST_FROZE, "a blocking descriptor has nothing to do%s",
              simhost_knobs.may_block ? ", and nothing is scheduled" : "");
    return false;
}

int32_t wasip1_clock_time_get(uint32_t clock_id, uint64_t precision_ns,
                              uint64_t *time_ns)
{
    const struct sim_fault fault =
        sim_begin(SIMHOST_CLOCK_TIME_GET, -1, clock_id);

    if (clock_id != WASIP1_CLOCKID_MONOTONIC || precision_ns != 0) {
        sim_judge(SIMHOST_BAD_CLOCK, "clock %u, precision %llu",
                  (unsigned)clock_id, (unsigned long long)precision_ns);
    }
    if (time_ns == NULL) {
        sim_judge(SIMHOST_BAD_POINTER, "no room for the time");
        return sim_end(WASOCK_EFAULT, 0);
    }
    if (fault.error != 0) {
        return sim_end(fault.error, 0);
    }
    *time_ns = simhost_now_ns();
    switch (fault.lie) {
    case SIMHOST_LIE_TOO_MUCH:
        *time_ns = UINT64_MAX;
        break;
    case SIMHOST_LIE_NOTHING:
        *time_ns = 0;
        break;
    case SIMHOST_LIE_NONSENSE: /* backwards */
        *time_ns -= SIMHOST_MS(1000);
        break;
    default:
        break;
    }
    return sim_end(0, *time_ns);
}

int32_t wasip1_fd_close(int32_t fd)
{
    const struct sim_fault fault = sim_begin(SIMHOST_FD_CLOSE, fd, 0);

    if (sim_was_open(fd)) {
        sim_judge(SIMHOST_DOUBLE_CLOSE, "descriptor %d is closed already",
                  (int)fd);
        return sim_end(WASOCK_EBADF, 0);
    }
    if (sim_lookup(fd) == NULL) {
        return sim_end(WASOCK_EBADF, 0);
    }
    if (fault.lie != SIMHOST_LIE_NOTHING) {
        sim_close(fd);
    }
    return sim_end(fault.error, 0);
}

static uint8_t filetype_of(enum simhost_kind kind)
{
    switch (kind) {
    case SIMHOST_BLOCK_DEVICE:
        return WASIP1_FILETYPE_BLOCK_DEVICE;
    case SIMHOST_CHARACTER_DEVICE:
        return WASIP1_FILETYPE_CHARACTER_DEVICE;
    case SIMHOST_DIRECTORY:
        return WASIP1_FILETYPE_DIRECTORY;
    case SIMHOST_FILE:
        return WASIP1_FILETYPE_REGULAR_FILE;
    case SIMHOST_DATAGRAM:
        return WASIP1_FILETYPE_SOCKET_DGRAM;
    case SIMHOST_LISTENER:
    case SIMHOST_CONNECTION:
        return WASIP1_FILETYPE_SOCKET_STREAM;
    case SIMHOST_SYMBOLIC_LINK:
        return WASIP1_FILETYPE_SYMBOLIC_LINK;
    case SIMHOST_STDIO:
        return simhost_knobs.profile.stdio_filetype;
    case SIMHOST_UNKNOWN:
    default:
        return WASIP1_FILETYPE_UNKNOWN;
    }
}

/* The one call that may ask about any number: this is how a guest finds out
 * what it was given. */
int32_t wasip1_fd_fdstat_get(int32_t fd, struct wasip1_fdstat *fdstat)
{
    const struct sim_fault fault = sim_begin(SIMHOST_FD_FDSTAT_GET, fd, 0);
    const struct sim_descriptor *const descriptor = sim_descriptor(fd);

    if (fdstat == NULL) {
        sim_judge(SIMHOST_BAD_POINTER, "no room for the stat");
        return sim_end(WASOCK_EFAULT, 0);
    }
    if (fault.error != 0 || descriptor == NULL) {
        return sim_end(fault.error != 0 ? fault.error : WASOCK_EBADF, 0);
    }
    fdstat->filetype = filetype_of(descriptor->kind);
    fdstat->flags = descriptor->is_nonblocking ? WASIP1_FDFLAGS_NONBLOCK : 0;
    fdstat->rights_base = UINT64_MAX;
    fdstat->rights_inheriting = 0;
    if (descriptor->kind == SIMHOST_STDIO &&
        simhost_knobs.profile.stdio_rights != 0) {
        fdstat->rights_base = simhost_knobs.profile.stdio_rights;
        fdstat->rights_inheriting = simhost_knobs.profile.stdio_rights;
    }
    switch (fault.lie) {
    case SIMHOST_LIE_NOTHING:
        fdstat->filetype = WASIP1_FILETYPE_UNKNOWN;
        break;
    case SIMHOST_LIE_TOO_MUCH:
    case SIMHOST_LIE_NONSENSE:
        fdstat->filetype = 200;
        break;
    default:
        break;
    }
    return sim_end(0, fdstat->filetype);
}

int32_t wasip1_fd_fdstat_set_flags(int32_t fd, uint16_t flags)
{
    const struct sim_fault fault =
        sim_begin(SIMHOST_FD_FDSTAT_SET_FLAGS, fd, flags);
    struct sim_descriptor *const descriptor = sim_lookup(fd);

    if (flags != WASIP1_FDFLAGS_NONBLOCK) {
        sim_judge(SIMHOST_BAD_FLAGS, "flags 0x%x", (unsigned)flags);
        if ((flags & ~WASIP1_FDFLAGS_NONBLOCK) != 0 &&
            simhost_knobs.profile.set_flags_refuses_other_bits) {
            return sim_end(WASOCK_EINVAL, 0);
        }
    }
    if (descriptor == NULL || fault.error != 0) {
        return sim_end(fault.error != 0 ? fault.error : WASOCK_EBADF, 0);
    }
    if (fault.lie == 0) {
        descriptor->is_nonblocking = (flags & WASIP1_FDFLAGS_NONBLOCK) != 0;
    }
    return sim_end(0, 0);
}

static bool has_pending(const struct sim_descriptor *listener)
{
    return listener->pending.length > 0 || listener->is_shut;
}

static int32_t open_connection(struct sim_descriptor *listener, uint16_t flags,
                               int32_t *accepted_fd)
{
    struct simhost_peer *const peer = sim_queue_take(listener);

    if (peer->has_aborted) {
        sim_served_reading(listener);
        return sim_host_error(WASOCK_ECONNABORTED);
    }
    const int fd = sim_choose_number();
    struct sim_descriptor *const connection = sim_open(fd, SIMHOST_CONNECTION);
    connection->peer = peer;
    connection->is_nonblocking = (flags & WASIP1_FDFLAGS_NONBLOCK) != 0 &&
                                 simhost_knobs.profile.accept_honours_nonblock;
    peer->guest_fd = fd;
    sim_refresh(connection);
    sim_served_reading(listener);
    *accepted_fd = fd;
    return 0;
}

static int32_t accept_bad_flags(struct sim_descriptor *listener)
{
    if (listener->pending.length > 0 &&
        simhost_knobs.profile.bad_accept_flags ==
            SIMHOST_ACCEPT_EINVAL_AND_DROPS) {
        sim_peer_guest_resets(sim_queue_take(listener));
        sim_served_reading(listener);
    }
    return WASOCK_EINVAL;
}

static int32_t accept_from(struct sim_descriptor *listener, uint16_t flags,
                           int32_t *accepted_fd)
{
    if ((flags & ~WASIP1_FDFLAGS_NONBLOCK) != 0 &&
        simhost_knobs.profile.bad_accept_flags !=
            SIMHOST_ACCEPT_IGNORES_FLAGS) {
        return accept_bad_flags(listener);
    }
    if (listener->is_shut) {
        return WASOCK_EINVAL;
    }
    if (listener->is_nonblocking &&
        sim_chance(simhost_knobs.spurious_eagain_per_mille)) {
        return WASOCK_EAGAIN;
    }
    if (!has_pending(listener) && !sim_block(listener, has_pending)) {
        return WASOCK_EAGAIN;
    }
    if (listener->is_shut) {
        return WASOCK_EINVAL;
    }
    if (sim_is_at_limit()) {
        return simhost_knobs.profile.at_limit_error;
    }
    return open_connection(listener, flags, accepted_fd);
}

int32_t wasip1_sock_accept(int32_t fd, uint16_t flags, int32_t *accepted_fd)
{
    const struct sim_fault fault = sim_begin(SIMHOST_SOCK_ACCEPT, fd, flags);
    const struct simhost_profile *const profile = &simhost_knobs.profile;
    struct sim_descriptor *const listener = sim_lookup(fd);
    int32_t error = 0;

    if (accepted_fd == NULL) {
        sim_judge(SIMHOST_BAD_POINTER, "no room for the descriptor");
        return sim_end(WASOCK_EFAULT, 0);
    }
    if ((flags & ~WASIP1_FDFLAGS_NONBLOCK) != 0) {
        sim_judge(SIMHOST_BAD_FLAGS, "flags 0x%x", (unsigned)flags);
    }
    if (listener == NULL || fault.error != 0) {
        return sim_end(fault.error != 0 ? fault.error : WASOCK_EBADF, 0);
    }
    if (fault.lie != 0) {
        if (fault.lie != SIMHOST_LIE_NOTHING) {
            *accepted_fd = -1;
        }
        return sim_end(0, 0);
    }
    if (sim_chance(simhost_knobs.interrupted_per_mille)) {
        return sim_end(WASOCK_EINTR, 0);
    }
    switch (listener->kind) {
    case SIMHOST_LISTENER:
        error = accept_from(listener, flags, accepted_fd);
        break;
    case SIMHOST_CONNECTION:
        error = profile->accept_on_connection;
        break;
    default:
        sim_judge(SIMHOST_NO_SOCKET, "descriptor %d", (int)fd);
        error = profile->accept_on_other;
        break;
    }
    return sim_end(error, error == 0 ? (uint64_t)*accepted_fd : 0);
}

static int32_t shut(struct sim_descriptor *descriptor, bool reading,
                    bool writing)
{
    struct simhost_peer *const peer = descriptor->peer;

    if (sim_peer_is_over(peer) &&
        !simhost_knobs.profile.shutdown_of_the_dead_succeeds) {
        return sim_host_error(WASOCK_ENOTCONN);
    }
    if (reading && writing && simhost_knobs.profile.shutdown_both_is_write) {
        reading = false;
    }
    peer->guest_shut_read = peer->guest_shut_read || reading;
    peer->guest_shut_write = peer->guest_shut_write || writing;
    sim_refresh(descriptor);
    sim_progress();
    return 0;
}

int32_t wasip1_sock_shutdown(int32_t fd, uint8_t how)
{
    const struct sim_fault fault = sim_begin(SIMHOST_SOCK_SHUTDOWN, fd, how);
    const struct simhost_profile *const profile = &simhost_knobs.profile;
    struct sim_descriptor *const descriptor = sim_lookup(fd);
    const unsigned both = WASIP1_SDFLAGS_RD | WASIP1_SDFLAGS_WR;
    const bool is_half = how != 0 && (how & ~both) == 0;

    if (!is_half) {
        sim_judge(SIMHOST_BAD_FLAGS, "how 0x%x", (unsigned)how);
    }
    if (descriptor == NULL || fault.error != 0) {
        return sim_end(fault.error != 0 ? fault.error : WASOCK_EBADF, 0);
    }
    if (fault.lie != 0) {
        return sim_end(0, 0);
    }
    if (descriptor->kind == SIMHOST_LISTENER) {
        sim_judge(SIMHOST_SHUT_LISTENER, "descriptor %d", (int)fd);
        descriptor->is_shut = profile->shutdown_on_listener == 0;
        sim_refresh(descriptor);
        return sim_end(profile->shutdown_on_listener, 0);
    }
    if (descriptor->kind != SIMHOST_CONNECTION &&
        descriptor->kind != SIMHOST_DATAGRAM) {
        sim_judge(SIMHOST_NO_SOCKET, "descriptor %d", (int)fd);
        return sim_end(profile->socket_call_on_other, 0);
    }
    if (profile->shutdown_ignores_how) {
        return sim_end(shut(descriptor, true, true), 0);
    }
    return sim_end(is_half ? shut(descriptor, (how & WASIP1_SDFLAGS_RD) != 0,
                                  (how & WASIP1_SDFLAGS_WR) != 0)
                           : WASOCK_EINVAL,
                   0);
}
