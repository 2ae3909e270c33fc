/* SPDX-License-Identifier: MIT */
#include <wasock/socket.h>

#include <wasock/clock.h>
#include <wasock/err.h>
#include <wasock/fd.h>

#include "fd_internal.h"
#include "socket_internal.h"

/*
 * Where the host's poll is fake, a wait naps between tries: briefly at first,
 * for a busy connection, then longer, so that an idle one costs next to
 * nothing.
 */
#define NAP_MAX_MS 15 /* 1, 3, 7, 15, 15, … */

/* Spurious wake-ups after which a wait verifies the host's poll. */
#define SPURIOUS_MAX 3

bool wasock_socket_is_open(const struct wasock_socket *socket)
{
    return socket->role_ != WASOCK__ROLE_NONE || socket->backend_ != NULL;
}

int wasock_socket_fd(const struct wasock_socket *socket)
{
    if (socket->role_ == WASOCK__ROLE_NONE) {
        return socket->backend_ ? -WASOCK_ENOTSUP : -WASOCK_ECLOSED;
    }
    return socket->fd_;
}

int wasock_socket_set_deadline_ns(struct wasock_socket *socket,
                                  unsigned directions, uint64_t deadline_ns)
{
    const unsigned both = WASOCK_READABLE | WASOCK_WRITABLE;

    if (directions == 0 || (directions & ~both) != 0) {
        return -WASOCK_EINVAL;
    }
    if (!wasock_socket_is_open(socket)) {
        return -WASOCK_ECLOSED;
    }
    for (unsigned side = 0; side < 2; side++) {
        if (directions & (1U << side)) {
            socket->deadline_ns_[side] = deadline_ns;
        }
    }
    /* WASOCK__CHANGE_…_DEADLINE has the bit of its direction. */
    wasock__socket_notify(socket, (uint8_t)directions);
    return 0;
}

int wasock_socket_set_timeout_ns(struct wasock_socket *socket,
                                 unsigned directions, uint64_t timeout_ns)
{
    return wasock_socket_set_deadline_ns(
        socket, directions,
        wasock__deadline_after(timeout_ns, wasock_socket_now_ns(socket)));
}

int wasock_socket_set_interruptible(struct wasock_socket *socket,
                                    bool is_interruptible)
{
    if (!wasock_socket_is_open(socket)) {
        return -WASOCK_ECLOSED;
    }
    socket->is_interruptible_ = is_interruptible;
    return 0;
}

int wasock_socket_set_label(struct wasock_socket *socket, const char *label)
{
    if (!wasock_socket_is_open(socket)) {
        return -WASOCK_ECLOSED;
    }
    socket->label_ = label;
    return 0;
}

/* Get an address from the host. It is unspecified if the host has none. */
static void get_addr(int (*get)(int fd, struct wasock_addr *addr),
                     const struct wasock_socket *socket,
                     struct wasock_addr *addr)
{
    const struct wasock_addr unspecified = {0};

    if (get(socket->fd_, addr) < 0) {
        *addr = unspecified;
    }
}

int wasock_socket_local_addr(struct wasock_socket *socket,
                             struct wasock_addr *addr)
{
    if (socket->role_ == WASOCK__ROLE_NONE) {
        return wasock__backend_local_addr(socket, addr);
    }
    get_addr(wasock_fd_local_addr, socket, addr);
    if (addr->family == WASOCK_ADDR_NAME) {
        return 0;
    }
    for (size_t i = 0; socket->label_ != NULL && socket->label_[i] != '\0' &&
                       i < sizeof(addr->name) - 1;
         i++) {
        addr->name[i] = socket->label_[i];
    }
    return 0;
}

int wasock_socket_remote_addr(struct wasock_socket *socket,
                              struct wasock_addr *addr)
{
    if (socket->role_ == WASOCK__ROLE_NONE) {
        return wasock__backend_remote_addr(socket, addr);
    }
    get_addr(wasock_fd_remote_addr, socket, addr);
    return 0;
}

void wasock__socket_open(struct wasock_socket *socket, int fd,
                         enum wasock__role role)
{
    const struct wasock_socket opened = {
        .fd_ = fd,
        .role_ = (uint8_t)role,
    };
    *socket = opened;
}

/* Detect the role of a stream socket. Returns it, or an error if it is not the
 * wanted one. */
static int stream_role(int fd, bool as_listener, bool *is_proven)
{
    const int is_listener = wasock_fd_is_listener(fd);

    *is_proven = is_listener >= 0;
    if (*is_proven && as_listener && is_listener == 0) {
        return -WASOCK_ENOTLISTENER;
    }
    if (*is_proven && !as_listener && is_listener == 1) {
        return -WASOCK_ENOTCONNECTION;
    }
    return as_listener ? WASOCK__ROLE_LISTENER : WASOCK__ROLE_STREAM;
}

int wasock__socket_adopt(struct wasock_socket *socket, int fd, bool as_listener)
{
    struct wasock_fd_stat stat;
    bool is_proven = true;
    int role = WASOCK__ROLE_DGRAM;

    if (wasock_socket_is_open(socket)) {
        return -WASOCK_EOPEN;
    }
    int result = wasock_fd_stat(fd, &stat);
    if (result < 0) {
        return result;
    }
    if (stat.kind == WASOCK_FD_SOCKET_STREAM) {
        role = stream_role(fd, as_listener, &is_proven);
    } else if (stat.kind != WASOCK_FD_SOCKET_DGRAM) {
        role = -WASOCK_ENOTSOCK;
    } else if (as_listener) {
        role = -WASOCK_ENOTSUP;
    }
    if (role < 0) {
        return role;
    }
    if (!stat.is_nonblocking) {
        result = wasock_fd_set_nonblocking(fd);
        if (result < 0) {
            return result;
        }
    }
    wasock__socket_open(socket, fd, (enum wasock__role)role);
    socket->facts_.is_role_proven = is_proven;
    return 0;
}

/* Find the predecessor in the ring of sharers. */
static struct wasock_socket *previous_sharer(struct wasock_socket *socket)
{
    struct wasock_socket *previous = socket;

    while (previous->next_sharer_ != socket) {
        previous = previous->next_sharer_;
    }
    return previous;
}

/* Leave the ring of sharers. Returns whether others remain. */
static bool leave_sharers(struct wasock_socket *socket)
{
    if (socket->next_sharer_ == NULL) {
        return false;
    }
    struct wasock_socket *previous = previous_sharer(socket);
    struct wasock_socket *next = socket->next_sharer_;
    previous->next_sharer_ = previous == next ? NULL : next;
    return true;
}

int wasock__socket_share(struct wasock_socket *socket,
                         struct wasock_socket *sharer)
{
    if (socket->role_ == WASOCK__ROLE_NONE) {
        return socket->backend_ ? -WASOCK_ENOTSUP : -WASOCK_ECLOSED;
    }
    if (wasock_socket_is_open(sharer)) {
        return -WASOCK_EOPEN;
    }
    wasock__socket_open(sharer, socket->fd_, (enum wasock__role)socket->role_);
    sharer->facts_ = socket->facts_;
    sharer->next_sharer_ = socket->next_sharer_ ? socket->next_sharer_ : socket;
    socket->next_sharer_ = sharer;
    return 0;
}

void wasock__socket_share_facts(struct wasock_socket *socket)
{
    for (struct wasock_socket *sharer = socket->next_sharer_;
         sharer != NULL && sharer != socket; sharer = sharer->next_sharer_) {
        sharer->facts_ = socket->facts_;
    }
}

/* Clear the object, and notify and unlink its watches. */
static void mark_closed(struct wasock_socket *socket)
{
    const struct wasock_socket closed = {0};

    wasock__socket_notify(socket, WASOCK__CHANGE_CLOSED);
    while (socket->watches_ != NULL) {
        wasock__socket_unwatch(socket->watches_);
    }
    *socket = closed;
}

int wasock__socket_into_fd(struct wasock_socket *socket)
{
    const int fd = wasock_socket_fd(socket);

    if (fd >= 0 && socket->next_sharer_ != NULL) {
        return -WASOCK_EBUSY;
    }
    if (fd >= 0) {
        mark_closed(socket);
    }
    return fd;
}

/*
 * Whether fd_close alone delivers EOF to the peer. It does not on wazero, whose
 * poll is fake, and resets the connection on WAMR, which ignores the mode that
 * an accept asks for. Assume that it does not until both are detected.
 */
static bool close_delivers_eof(const struct wasock_socket *socket)
{
    return socket->facts_.host_poll == WASOCK__HOST_POLL_HONEST &&
           socket->facts_.accept_mode == WASOCK__ACCEPT_MODE_HONOURED;
}

int wasock__socket_close(struct wasock_socket *socket)
{
    if (socket->role_ == WASOCK__ROLE_NONE) {
        const int result = wasock__backend_close(socket);
        mark_closed(socket);
        return result;
    }
    const int fd = socket->fd_;
    const bool is_shared = leave_sharers(socket);
    const bool is_to_be_shut =
        socket->role_ == WASOCK__ROLE_STREAM && !close_delivers_eof(socket) &&
        (socket->facts_.shut & WASOCK_SHUTDOWN_WRITE) == 0;
    mark_closed(socket);
    if (is_shared) {
        return 0;
    }
    if (is_to_be_shut) {
        /* It fails if the peer is gone, which does not matter here. */
        wasock_fd_shutdown(fd, WASOCK_SHUTDOWN_WRITE);
    }
    return wasock_fd_close(fd);
}

/*
 * A program without a backend: a socket that is not the host's is closed.
 * backend.c overrides these.
 */
__attribute__((weak)) int wasock__backend_accept(struct wasock_socket *listener,
                                                 struct wasock_socket *accepted)
{
    (void)listener;
    (void)accepted;
    return -WASOCK_ECLOSED;
}

__attribute__((weak)) ptrdiff_t wasock__backend_read(
    struct wasock_socket *socket, void *buffer, size_t capacity)
{
    (void)socket;
    (void)buffer;
    (void)capacity;
    return -WASOCK_ECLOSED;
}

__attribute__((weak)) ptrdiff_t
wasock__backend_readv(struct wasock_socket *socket,
                      const struct wasock_buffer *buffers, size_t n_buffers)
{
    (void)socket;
    (void)buffers;
    (void)n_buffers;
    return -WASOCK_ECLOSED;
}

__attribute__((weak)) ptrdiff_t wasock__backend_write(
    struct wasock_socket *socket, const void *data, size_t length)
{
    (void)socket;
    (void)data;
    (void)length;
    return -WASOCK_ECLOSED;
}

__attribute__((weak)) ptrdiff_t
wasock__backend_writev(struct wasock_socket *socket,
                       const struct wasock_slice *slices, size_t n_slices)
{
    (void)socket;
    (void)slices;
    (void)n_slices;
    return -WASOCK_ECLOSED;
}

__attribute__((weak)) int wasock__backend_shutdown(struct wasock_socket *socket,
                                                   unsigned halves)
{
    (void)socket;
    (void)halves;
    return -WASOCK_ECLOSED;
}

__attribute__((weak)) int wasock__backend_close(struct wasock_socket *socket)
{
    (void)socket;
    return -WASOCK_ECLOSED;
}

__attribute__((weak)) int wasock__backend_listen(struct wasock_network *network,
                                                 const struct wasock_addr *addr,
                                                 size_t backlog,
                                                 struct wasock_socket *listener)
{
    (void)network;
    (void)addr;
    (void)backlog;
    (void)listener;
    return -WASOCK_ECLOSED;
}

__attribute__((weak)) int
wasock__backend_connect(struct wasock_network *network,
                        const struct wasock_addr *addr,
                        struct wasock_socket *connecting)
{
    (void)network;
    (void)addr;
    (void)connecting;
    return -WASOCK_ECLOSED;
}

__attribute__((weak)) int
wasock__backend_connect_result(struct wasock_socket *socket)
{
    (void)socket;
    return -WASOCK_ECLOSED;
}

__attribute__((weak)) int
wasock__backend_local_addr(struct wasock_socket *socket,
                           struct wasock_addr *addr)
{
    (void)socket;
    (void)addr;
    return -WASOCK_ECLOSED;
}

__attribute__((weak)) int
wasock__backend_remote_addr(struct wasock_socket *socket,
                            struct wasock_addr *addr)
{
    (void)socket;
    (void)addr;
    return -WASOCK_ECLOSED;
}

__attribute__((weak)) int wasock__backend_wait(struct wasock_socket *socket,
                                               unsigned direction)
{
    (void)socket;
    (void)direction;
    return -WASOCK_ECLOSED;
}

__attribute__((weak)) uint64_t
wasock_socket_now_ns(const struct wasock_socket *socket)
{
    (void)socket;
    return wasock_clock_now_ns();
}

int wasock__socket_check_deadline(const struct wasock_socket *socket,
                                  unsigned direction)
{
    const uint64_t deadline_ns = socket->deadline_ns_[WASOCK__SIDE(direction)];
    const bool is_exceeded = deadline_ns == WASOCK_DEADLINE_PAST ||
                             (deadline_ns != WASOCK_NO_DEADLINE &&
                              deadline_ns <= wasock_socket_now_ns(socket));

    return is_exceeded ? -WASOCK_EDEADLINE : 0;
}

/*
 * Detect whether the host's poll checks sockets: once per descriptor, and
 * only before its first wait, because many sockets never wait.
 */
static int detect_host_poll(struct wasock_socket *socket)
{
    const int is_fake = wasock_fd_poll_is_fake(
        socket->fd_, socket->role_ == WASOCK__ROLE_LISTENER);

    if (is_fake < 0) {
        return is_fake;
    }
    socket->facts_.host_poll =
        is_fake ? WASOCK__HOST_POLL_FAKE : WASOCK__HOST_POLL_HONEST;
    wasock__socket_share_facts(socket);
    return 0;
}

enum wasock__host_poll wasock__socket_host_poll(struct wasock_socket *socket)
{
    if (socket->facts_.host_poll == WASOCK__HOST_POLL_UNKNOWN &&
        socket->role_ != WASOCK__ROLE_PLAIN) {
        const int ignored = detect_host_poll(socket); /* it stays unknown */
        (void)ignored;
    }
    return (enum wasock__host_poll)socket->facts_.host_poll;
}

/* Nap for twice as long as before, within the time left. Returns 1 or an
 * error. */
static int nap(struct wasock__wait *wait, uint64_t time_left_ns)
{
    wait->nap_ms =
        wait->nap_ms < NAP_MAX_MS ? 2 * wait->nap_ms + 1 : NAP_MAX_MS;
    const uint64_t nap_ns = wait->nap_ms * WASOCK_NS_PER_MS;
    const int result = wasock__fd_wait_once(
        -1, 0, time_left_ns < nap_ns ? time_left_ns : nap_ns);
    return result < 0 ? result : 1;
}

/*
 * Poll again, without waiting, after spurious wake-ups. If several processes
 * share a listener, another one has accepted the connection: the poll was
 * right, and now reports nothing. A host that reports everything ready would
 * make the wait a busy loop: nap.
 */
static int verify_poll(struct wasock_socket *socket, unsigned direction,
                       struct wasock__wait *wait, uint64_t time_left_ns)
{
    const int result = wasock__fd_wait_once(socket->fd_, direction, 0);

    if (result == 1) {
        return nap(wait, time_left_ns);
    }
    if (result == 0) {
        wait->nap_ms = 0;
        wait->n_spurious = 0;
    }
    return result;
}

/* Make one step of a wait. Returns 1 to try again, 0 to go on waiting, or an
 * error. */
static int wait_step(struct wasock_socket *socket, unsigned direction,
                     struct wasock__wait *wait)
{
    if (socket->role_ == WASOCK__ROLE_NONE) {
        const int result = wasock__backend_wait(socket, direction);
        return result == 0 ? 1 : result;
    }
    const uint64_t time_left_ns =
        wasock__time_left_ns(socket->deadline_ns_[WASOCK__SIDE(direction)]);
    if (time_left_ns == 0) {
        return -WASOCK_EDEADLINE;
    }
    if (socket->facts_.host_poll == WASOCK__HOST_POLL_UNKNOWN) {
        return detect_host_poll(socket);
    }
    if (socket->facts_.host_poll == WASOCK__HOST_POLL_FAKE) {
        return nap(wait, time_left_ns);
    }
    return wait->n_spurious >= SPURIOUS_MAX
               ? verify_poll(socket, direction, wait, time_left_ns)
               : wasock__fd_wait_once(socket->fd_, direction, time_left_ns);
}

int wasock__socket_wait(struct wasock_socket *socket, unsigned direction,
                        struct wasock__wait *wait)
{
    int result = 0;

    do {
        result = wait_step(socket, direction, wait);
    } while (result == 0 ||
             (result == -WASOCK_EINTR && !socket->is_interruptible_));
    wait->n_spurious++; /* a successful try ends the call, or clears it */
    return result < 0 ? result : 0;
}

int wasock__socket_role_error(struct wasock_socket *socket, int error,
                              int wrong_role)
{
    struct wasock_fd_stat stat;

    if (socket->facts_.is_role_proven ||
        wasock_fd_stat(socket->fd_, &stat) < 0) {
        return error;
    }
    return wrong_role;
}

void wasock__socket_watch(struct wasock_socket *socket,
                          struct wasock_watch *watch,
                          struct wasock_watch **inbox)
{
    const struct wasock_watch watching = {
        .socket_ = socket,
        .next_ = socket->watches_,
        .link_ = &socket->watches_,
        .inbox_ = inbox,
    };
    *watch = watching;
    if (watch->next_ != NULL) {
        watch->next_->link_ = &watch->next_;
    }
    socket->watches_ = watch;
}

/* A program without a poller. poller/kept.c overrides it. */
__attribute__((weak)) void wasock__socket_unkeep(struct wasock_watch *watch)
{
    (void)watch;
}

/* Of a closed object it comes before its descriptor is closed: a copy of that,
 * in a child process, would stay in the host's set. */
void wasock__socket_unwatch(struct wasock_watch *watch)
{
    if (watch->socket_ == NULL) {
        return;
    }
    wasock__socket_unkeep(watch);
    *watch->link_ = watch->next_;
    if (watch->next_ != NULL) {
        watch->next_->link_ = watch->link_;
    }
    watch->socket_ = NULL;
}

void wasock__socket_notify(struct wasock_socket *socket, uint8_t changes)
{
    for (struct wasock_watch *watch = socket->watches_; watch != NULL;
         watch = watch->next_) {
        if (watch->changes_ == 0) {
            watch->next_changed_ = *watch->inbox_;
            *watch->inbox_ = watch;
        }
        watch->changes_ |= changes;
    }
}
