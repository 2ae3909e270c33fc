/* SPDX-License-Identifier: MIT */
/* Sockets that the guest opens: the functions of host.h. */
#include "world.h"

#include "host.h"

static struct {
    int32_t connect_error;
    uint64_t connect_after_ns;
    int32_t listen_error;
} outcome;

void sim_open_reset(void)
{
    outcome.connect_error = 0;
    outcome.connect_after_ns = SIMHOST_NOW;
    outcome.listen_error = 0;
}

void simhost_set_connect(int32_t error, uint64_t after_ns)
{
    outcome.connect_error = error;
    outcome.connect_after_ns = after_ns;
}

void simhost_set_listen(int32_t error)
{
    outcome.listen_error = error;
}

int32_t wasock__host_first_fd(void)
{
    return 3;
}

/* Open a socket of the guest, if it may and the address is one. */
static int32_t open_socket(const struct wasock_addr *addr,
                           enum simhost_kind kind, int32_t *fd)
{
    if (!simhost_knobs.can_open) {
        return WASOCK_ENOSYS;
    }
    if (addr->family != WASOCK_ADDR_IPV4 && addr->family != WASOCK_ADDR_IPV6) {
        return WASOCK_EAFNOSUPPORT;
    }
    if (sim_is_at_limit()) {
        return WASOCK_EMFILE;
    }
    *fd = sim_choose_number();
    sim_open(*fd, kind)->is_nonblocking = true;
    return 0;
}

int32_t wasock__host_listen(const struct wasock_addr *addr, uint32_t backlog,
                            int32_t *fd)
{
    if (outcome.listen_error != 0) {
        return outcome.listen_error;
    }
    const int32_t error = open_socket(addr, SIMHOST_LISTENER, fd);
    if (error == 0) {
        sim_descriptor(*fd)->backlog = (size_t)backlog + 1; /* as Linux */
    }
    return error;
}

/* A connect has its result. */
static void finish_connect(void *context)
{
    struct simhost_peer *const peer = (struct simhost_peer *)context;
    struct sim_descriptor *const descriptor = sim_descriptor(peer->guest_fd);

    peer->is_connecting = false;
    peer->pending_error = peer->connect_error;
    peer->state =
        peer->connect_error == 0 ? SIM_PEER_CONNECTED : SIM_PEER_REFUSED;
    if (descriptor != NULL) {
        sim_refresh(descriptor);
    }
}

int32_t wasock__host_connect(const struct wasock_addr *addr, int32_t *fd)
{
    const bool is_known = outcome.connect_after_ns == SIMHOST_NOW;

    if (is_known && outcome.connect_error != 0) {
        return outcome.connect_error;
    }
    const int32_t error = open_socket(addr, SIMHOST_CONNECTION, fd);
    if (error != 0) {
        return error;
    }
    struct sim_descriptor *const descriptor = sim_descriptor(*fd);
    struct simhost_peer *const peer = sim_peer_new(false);
    descriptor->peer = peer;
    peer->guest_fd = *fd;
    peer->is_connecting = true;
    peer->connect_error = outcome.connect_error;
    if (is_known) {
        finish_connect(peer);
    } else {
        simhost_schedule(finish_connect, peer, outcome.connect_after_ns);
    }
    return 0;
}

int32_t wasock__host_connect_result(int32_t fd)
{
    struct sim_descriptor *const descriptor = sim_lookup(fd);

    if (!simhost_knobs.can_open) {
        return WASOCK_ENOSYS;
    }
    if (descriptor == NULL || descriptor->peer == NULL) {
        return WASOCK_EBADF;
    }
    struct simhost_peer *const peer = descriptor->peer;
    if (peer->is_connecting) {
        return WASOCK_EAGAIN;
    }
    const int32_t error = peer->pending_error;
    peer->pending_error = 0; /* a kernel reports it once */
    return error;
}

/* An address that shows which end and which descriptor it is of. */
static int32_t get_addr(int32_t fd, uint8_t end, struct wasock_addr *addr)
{
    const struct wasock_addr found = {
        .family = WASOCK_ADDR_IPV4,
        .port = (uint16_t)(1000 + fd),
        .ip = {127, 0, 0, end},
    };
    const struct sim_descriptor *const descriptor = sim_lookup(fd);

    if (!simhost_knobs.can_open) {
        return WASOCK_ENOSYS;
    }
    if (descriptor == NULL) {
        return WASOCK_EBADF;
    }
    if (end == 2 && descriptor->kind != SIMHOST_CONNECTION) {
        return WASOCK_ENOTCONN;
    }
    *addr = found;
    return 0;
}

int32_t wasock__host_local_addr(int32_t fd, struct wasock_addr *addr)
{
    return get_addr(fd, 1, addr);
}

int32_t wasock__host_remote_addr(int32_t fd, struct wasock_addr *addr)
{
    return get_addr(fd, 2, addr);
}
