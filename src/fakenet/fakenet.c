/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <wasock/clock.h>
#include <wasock/err.h>
#include <wasock/fd.h>

/* When a network's own clock starts. */
#define START_NS WASOCK_NS_PER_S

/* Beyond this, as many bytes may be unread. */
#define UNREAD_BYTES_LIMIT (UINT32_C(1) << 31)

const struct wasock_fakenet_faults *
wasock__fakenet_faults(const struct wasock_fakenet *net,
                       const struct wasock__fakenet_socket *socket)
{
    static const struct wasock_fakenet_faults none = {0};

    if (socket != NULL && socket->faults != NULL) {
        return socket->faults;
    }
    return net->faults_ != NULL ? net->faults_ : &none;
}

/* Vigna's SplitMix64. */
uint32_t wasock__fakenet_draw(struct wasock_fakenet *net, uint32_t n)
{
    net->random_ += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t mixed = net->random_;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)(((mixed >> 32) * n) >> 32);
}

/* Sockets. */

struct wasock__fakenet_socket *
wasock__fakenet_allocate(struct wasock_fakenet *net,
                         enum wasock__fakenet_kind kind)
{
    const struct wasock__fakenet_socket fresh = {
        .event_at = WASOCK__FAKENET_NONE,
        .peer = WASOCK__FAKENET_NONE,
        .next = WASOCK__FAKENET_NONE,
        .next_bound = WASOCK__FAKENET_NONE,
        .unread = {WASOCK__FAKENET_NONE, WASOCK__FAKENET_NONE},
        .pending = {WASOCK__FAKENET_NONE, WASOCK__FAKENET_NONE},
        .n_unread_max = WASOCK_FAKENET_UNREAD_BYTES_MAX,
        .kind = (uint8_t)kind,
    };
    struct wasock__fakenet_socket *socket =
        wasock__fakenet_at(net, net->free_sockets_);

    if (socket != NULL) {
        net->free_sockets_ = socket->next;
        net->n_free_sockets_--;
        *socket = fresh;
    }
    return socket;
}

void wasock__fakenet_free(struct wasock_fakenet *net,
                          struct wasock__fakenet_socket *socket)
{
    wasock__fakenet_unbind(net, socket);
    wasock__fakenet_drop(net, &socket->unread);
    wasock__fakenet_expect_nothing(net, socket);
    socket->kind = WASOCK__FAKENET_FREE;
    socket->next = net->free_sockets_;
    net->free_sockets_ = wasock__fakenet_index(net, socket);
    net->n_free_sockets_++;
}

void wasock__fakenet_open(struct wasock_fakenet *net,
                          struct wasock__fakenet_socket *socket,
                          struct wasock_socket *object)
{
    const struct wasock_socket opened = {
        .backend_ = &net->backend_,
        .fd_ = (int)wasock__fakenet_index(net, socket),
    };

    *object = opened;
    socket->object = object;
}

void wasock__fakenet_notify(struct wasock__fakenet_socket *socket)
{
    if (socket->object != NULL) {
        wasock__socket_notify(socket->object, WASOCK__CHANGE_READY);
    }
}

unsigned wasock__fakenet_ready(const struct wasock_fakenet *net,
                               const struct wasock__fakenet_socket *socket)
{
    unsigned ready = 0;

    if (socket->kind == WASOCK__FAKENET_STREAM) {
        return wasock__fakenet_stream_ready(net, socket);
    }
    if (socket->n_pending > 0 ||
        wasock__fakenet_arrived(net, &socket->unread) != NULL) {
        ready |= WASOCK_READABLE;
    }
    if (socket->kind == WASOCK__FAKENET_DGRAM) {
        ready |= WASOCK_WRITABLE; /* what finds no room fails at once */
    }
    return ready;
}

/* Connections that were not accepted yet. */

static void append_pending(struct wasock_fakenet *net,
                           struct wasock__fakenet_socket *listener,
                           struct wasock__fakenet_socket *socket)
{
    const uint32_t index = wasock__fakenet_index(net, socket);

    if (listener->n_pending++ == 0) {
        listener->pending.first = index;
    } else {
        net->sockets_[listener->pending.last].next = index;
    }
    listener->pending.last = index;
    wasock__fakenet_notify(listener);
}

/* The first of those pending; NULL: there is none. */
static struct wasock__fakenet_socket *
take_pending(struct wasock_fakenet *net,
             struct wasock__fakenet_socket *listener)
{
    if (listener->n_pending == 0) {
        return NULL;
    }
    struct wasock__fakenet_socket *socket =
        wasock__fakenet_at(net, listener->pending.first);
    listener->pending.first = socket->next;
    listener->n_pending--;
    return socket;
}

static int accept_pending(struct wasock_fakenet *net,
                          struct wasock__fakenet_socket *listener,
                          struct wasock_socket *accepted)
{
    struct wasock__fakenet_socket *socket = take_pending(net, listener);

    if (socket == NULL) {
        return -WASOCK_EAGAIN;
    }
    wasock__fakenet_open(net, socket, accepted);
    return 0;
}

/* What is on its way to a socket that closes finds nobody, and is answered when
 * it arrives. */
static void expect_answer(struct wasock_fakenet *net,
                          const struct wasock__fakenet_socket *socket)
{
    struct wasock__fakenet_socket *peer = wasock__fakenet_at(net, socket->peer);

    if (peer == NULL || peer->answer_ns != 0 ||
        socket->unread.first == WASOCK__FAKENET_NONE) {
        return;
    }
    const uint64_t now_ns = wasock__fakenet_now(net);
    const uint64_t due_ns = net->blocks_[socket->unread.last].due_ns;
    peer->answer_ns =
        wasock_ns_add(due_ns > now_ns ? due_ns : now_ns,
                      wasock__fakenet_faults(net, socket)->latency_ns);
}

/* Close what has no object any more: its peer hears of it. */
static int close_socket(struct wasock_fakenet *net,
                        struct wasock__fakenet_socket *socket)
{
    /* As on real ones: who sent what nobody has read is told so. */
    const bool is_to_be_reset =
        socket->is_to_be_reset ||
        wasock__fakenet_arrived(net, &socket->unread) != NULL;
    struct wasock__fakenet_socket *pending = NULL;

    while ((pending = take_pending(net, socket)) != NULL) {
        wasock__fakenet_leave(net, pending, WASOCK__FAKENET_RESET);
        wasock__fakenet_free(net, pending);
    }
    expect_answer(net, socket);
    wasock__fakenet_leave(net, socket,
                          is_to_be_reset ? WASOCK__FAKENET_RESET
                                         : WASOCK__FAKENET_ENDED);
    wasock__fakenet_free(net, socket);
    return 0;
}

/* What objects ask. */

/* What the argument of an operation points at. */
static void *pointer_of(uintptr_t arg)
{
    return (void *)arg; /* NOLINT(performance-no-int-to-ptr): it is one */
}

static ptrdiff_t receive(struct wasock_fakenet *net,
                         struct wasock__fakenet_socket *socket,
                         const struct wasock_buffer *buffers, size_t n_buffers)
{
    return socket->kind == WASOCK__FAKENET_DGRAM
               ? wasock__fakenet_read_datagram(net, socket, buffers, n_buffers,
                                               NULL)
               : wasock__fakenet_receive(net, socket, buffers, n_buffers);
}

static ptrdiff_t send(struct wasock_fakenet *net,
                      struct wasock__fakenet_socket *socket,
                      const struct wasock_slice *slices, size_t n_slices)
{
    return socket->kind == WASOCK__FAKENET_DGRAM
               ? wasock__fakenet_write_datagram(net, socket, slices, n_slices)
               : wasock__fakenet_send(net, socket, slices, n_slices);
}

static ptrdiff_t transfer(struct wasock_fakenet *net,
                          struct wasock__fakenet_socket *socket,
                          enum wasock__operation operation, uintptr_t arg,
                          size_t n)
{
    const struct wasock_buffer buffer = {pointer_of(arg), n};
    const struct wasock_slice slice = {pointer_of(arg), n};

    switch (operation) {
    case WASOCK__RECV:
        return receive(net, socket, &buffer, 1);
    case WASOCK__RECVV:
        return receive(net, socket,
                       (const struct wasock_buffer *)pointer_of(arg), n);
    case WASOCK__SEND:
        return send(net, socket, &slice, 1);
    default:
        return send(net, socket, (const struct wasock_slice *)pointer_of(arg),
                    n);
    }
}

static int shut(struct wasock_fakenet *net,
                struct wasock__fakenet_socket *socket, unsigned halves)
{
    if (socket->kind == WASOCK__FAKENET_DGRAM) {
        return -WASOCK_ENOTSUP;
    }
    wasock__fakenet_shutdown(net, socket, halves);
    return 0;
}

/* What is asked of an object's socket. */
static ptrdiff_t call_socket(struct wasock_fakenet *net,
                             const struct wasock_socket *object,
                             enum wasock__operation operation, uintptr_t arg,
                             size_t n)
{
    struct wasock__fakenet_socket *socket = &net->sockets_[object->fd_];

    switch (operation) {
    case WASOCK__ACCEPT:
        return accept_pending(net, socket,
                              (struct wasock_socket *)pointer_of(arg));
    case WASOCK__SHUTDOWN:
        return shut(net, socket, (unsigned)n);
    case WASOCK__CLOSE:
        return close_socket(net, socket);
    case WASOCK__BEGIN:
        return wasock_deadline_is_past(object->deadline_ns_[WASOCK__SIDE(n)],
                                       wasock__fakenet_now(net))
                   ? -WASOCK_EDEADLINE
                   : 0;
    case WASOCK__WAIT:
        return wasock__fakenet_wait(net, socket, (unsigned)n,
                                    object->deadline_ns_[WASOCK__SIDE(n)]);
    case WASOCK__LOCAL_ADDR:
        wasock__fakenet_addr_to(&socket->local, socket->name,
                                (struct wasock_addr *)pointer_of(arg));
        return 0;
    case WASOCK__REMOTE_ADDR:
        wasock__fakenet_addr_to(&socket->remote, socket->name,
                                (struct wasock_addr *)pointer_of(arg));
        return 0;
    case WASOCK__READY:
        return (ptrdiff_t)wasock__fakenet_ready(net, socket);
    default:
        return transfer(net, socket, operation, arg, n);
    }
}

ptrdiff_t wasock__socket_elsewhere(struct wasock_socket *socket,
                                   enum wasock__operation operation,
                                   uintptr_t arg, size_t n)
{
    const struct wasock__backend *backend = socket->backend_;

    return backend == NULL ? -WASOCK_ECLOSED
                           : backend->call(backend, socket, operation, arg, n);
}

static struct wasock_fakenet *net_of(const struct wasock__backend *backend)
{
    return (struct wasock_fakenet *)pointer_of(
        (uintptr_t)backend); /* its first member, and not const */
}

static ptrdiff_t call(const struct wasock__backend *backend,
                      struct wasock_socket *object,
                      enum wasock__operation operation, uintptr_t arg, size_t n)
{
    struct wasock_fakenet *net = net_of(backend);

    switch (operation) {
    case WASOCK__CLOCK_NOW:
        *(uint64_t *)pointer_of(arg) = wasock__fakenet_now(net);
        return net->is_virtual_;
    case WASOCK__ADVANCE:
        return wasock__fakenet_run(net, *(const uint64_t *)pointer_of(arg));
    default:
        wasock__fakenet_catch_up(net);
        return call_socket(net, object, operation, arg, n);
    }
}

int wasock__fakenet_find(const struct wasock_socket *object,
                         struct wasock_fakenet **net,
                         struct wasock__fakenet_socket **socket)
{
    if (!wasock_socket_is_open(object)) {
        return -WASOCK_ECLOSED;
    }
    if (object->backend_ == NULL || object->backend_->call != call) {
        return -WASOCK_ENOTSUP;
    }
    *net = net_of(object->backend_);
    *socket = &(*net)->sockets_[object->fd_];
    wasock__fakenet_catch_up(*net);
    return 0;
}

/* The network. */

int wasock_fakenet_init(struct wasock_fakenet *net, void *memory, size_t size,
                        size_t n_sockets,
                        const struct wasock_fakenet_options *options)
{
    const size_t each =
        sizeof(struct wasock__fakenet_socket) + 2 * sizeof(uint32_t);
    const struct wasock_fakenet none = {
        .backend_ = {call},
        .now_ns_ = START_NS,
        .last_port_ = WASOCK__FAKENET_FIRST_PORT - 1,
        .is_virtual_ = 1,
    };

    if ((uintptr_t)memory % WASOCK_FAKENET_ALIGNMENT != 0 || n_sockets == 0) {
        return -WASOCK_EINVAL;
    }
    if (n_sockets > INT32_MAX || n_sockets > size / each) {
        return -WASOCK_ESTORAGE;
    }
    const size_t n_blocks =
        (size - n_sockets * each) / sizeof(struct wasock__fakenet_block);
    *net = none;
    net->n_sockets_ = (uint32_t)n_sockets;
    net->sockets_ = (struct wasock__fakenet_socket *)memory;
    net->blocks_ =
        (struct wasock__fakenet_block *)(void *)(net->sockets_ + n_sockets);
    net->bound_ = (uint32_t *)(void *)(net->blocks_ + n_blocks);
    net->events_ = net->bound_ + n_sockets;
    net->free_sockets_ = WASOCK__FAKENET_NONE;
    for (size_t i = n_sockets; i > 0; i--) {
        net->bound_[i - 1] = WASOCK__FAKENET_NONE;
        net->sockets_[i - 1].kind = WASOCK__FAKENET_FREE;
        net->sockets_[i - 1].next = net->free_sockets_;
        net->free_sockets_ = (uint32_t)(i - 1);
    }
    net->n_free_sockets_ = net->n_sockets_;
    wasock__fakenet_blocks_init(net, n_blocks < WASOCK__FAKENET_NONE
                                         ? (uint32_t)n_blocks
                                         : WASOCK__FAKENET_NONE - 1);
    if (options != NULL) {
        net->random_ = options->seed;
        net->is_virtual_ = options->clock == WASOCK_FAKENET_VIRTUAL;
    }
    return 0;
}

uint64_t wasock_fakenet_now_ns(struct wasock_fakenet *net)
{
    return wasock__fakenet_now(net);
}

int wasock_fakenet_sleep_until_ns(struct wasock_fakenet *net,
                                  uint64_t deadline_ns)
{
    int result = 0;

    if (deadline_ns == WASOCK_NO_DEADLINE) {
        return -WASOCK_EDEADLOCK;
    }
    while (result == 0) {
        result = wasock__fakenet_run(net, deadline_ns);
    }
    return result == -WASOCK_EDEADLINE ? 0 : result;
}

int wasock_fakenet_sleep_for_ns(struct wasock_fakenet *net, uint64_t timeout_ns)
{
    return wasock_fakenet_sleep_until_ns(
        net, wasock__deadline_after(timeout_ns, wasock__fakenet_now(net)));
}

void wasock_fakenet_set_faults(struct wasock_fakenet *net,
                               const struct wasock_fakenet_faults *faults)
{
    net->faults_ = faults;
}

int wasock_fakenet_set_socket_faults(struct wasock_socket *socket,
                                     const struct wasock_fakenet_faults *faults)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *found = NULL;
    const int result = wasock__fakenet_find(socket, &net, &found);

    if (result == 0) {
        found->faults = faults;
    }
    return result;
}

int wasock_fakenet_set_unread_max(struct wasock_socket *socket, size_t n_bytes)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *found = NULL;
    const int result = wasock__fakenet_find(socket, &net, &found);

    if (result < 0) {
        return result;
    }
    if (n_bytes == 0) {
        return -WASOCK_EINVAL;
    }
    found->n_unread_max =
        (uint32_t)wasock__fakenet_least(n_bytes, UNREAD_BYTES_LIMIT);
    if (found->peer != WASOCK__FAKENET_NONE) {
        wasock__fakenet_notify(wasock__fakenet_at(net, found->peer));
    }
    return 0;
}

int wasock_fakenet_listen(struct wasock_fakenet *net,
                          const struct wasock_addr *addr, size_t backlog,
                          struct wasock_listener *listener)
{
    struct wasock__fakenet_addr local;
    int result = wasock__fakenet_addr_from(addr, &local);

    if (result < 0) {
        return result;
    }
    struct wasock__fakenet_socket *socket =
        wasock__fakenet_allocate(net, WASOCK__FAKENET_LISTENER);
    if (socket == NULL) {
        return -WASOCK_ESTORAGE;
    }
    socket->local = local;
    wasock__fakenet_set_name(socket, addr->name);
    socket->n_pending_max =
        backlog == 0 ? WASOCK_FAKENET_BACKLOG
                     : (uint32_t)wasock__fakenet_least(backlog, INT32_MAX);
    result = wasock__fakenet_bind_local(net, socket);
    if (result < 0) {
        wasock__fakenet_free(net, socket);
        return result;
    }
    wasock__fakenet_open(net, socket, &listener->socket);
    return 0;
}

/* Make two ends of a connection, one of them with the peer that is given. */
static struct wasock__fakenet_socket *allocate_pair(struct wasock_fakenet *net)
{
    if (net->n_free_sockets_ < 2) {
        return NULL;
    }
    struct wasock__fakenet_socket *a =
        wasock__fakenet_allocate(net, WASOCK__FAKENET_STREAM);
    struct wasock__fakenet_socket *b =
        wasock__fakenet_allocate(net, WASOCK__FAKENET_STREAM);
    a->peer = wasock__fakenet_index(net, b);
    b->peer = wasock__fakenet_index(net, a);
    return a;
}

/* Connect to a listener that has room. */
static int connect_to(struct wasock_fakenet *net,
                      struct wasock__fakenet_socket *listener,
                      const struct wasock__fakenet_addr *addr,
                      struct wasock_conn *conn)
{
    struct wasock__fakenet_socket *client = allocate_pair(net);

    if (client == NULL) {
        return -WASOCK_ESTORAGE;
    }
    struct wasock__fakenet_socket *server =
        wasock__fakenet_at(net, client->peer);
    if (addr->family != WASOCK_ADDR_NAME) {
        client->local =
            *addr; /* one's own address, so it is this side's, too */
        client->local.port = 0;
        const int result = wasock__fakenet_bind_local(net, client);
        if (result < 0) {
            wasock__fakenet_free(net, server);
            wasock__fakenet_free(net, client);
            return result;
        }
    }
    client->remote = *addr;
    server->local = *addr;
    server->remote = client->local;
    wasock__fakenet_set_name(client, listener->name);
    wasock__fakenet_set_name(server, listener->name);
    server->n_unread_max = listener->n_unread_max;
    server->faults = listener->faults;
    append_pending(net, listener, server);
    wasock__fakenet_open(net, client, &conn->socket);
    return 0;
}

int wasock_fakenet_try_dial(struct wasock_fakenet *net,
                            const struct wasock_addr *addr,
                            struct wasock_conn *conn)
{
    const uint16_t refused_permille =
        wasock__fakenet_faults(net, NULL)->refused_permille;
    struct wasock__fakenet_socket *listener = NULL;
    struct wasock__fakenet_addr remote;
    int result = wasock__fakenet_addr_from(addr, &remote);

    if (result < 0) {
        return result;
    }
    wasock__fakenet_catch_up(net);
    wasock__fakenet_addr_make_definite(&remote);
    if (refused_permille > 0 &&
        wasock__fakenet_draw(net, 1000) < refused_permille) {
        return -WASOCK_ECONNREFUSED;
    }
    result = wasock__fakenet_receiver(net, &remote, addr->name,
                                      WASOCK__FAKENET_LISTENER, &listener);
    if (result < 0) {
        return result;
    }
    return listener->n_pending < listener->n_pending_max
               ? connect_to(net, listener, &remote, conn)
               : -WASOCK_EAGAIN;
}

int wasock_fakenet_dial_until_ns(struct wasock_fakenet *net,
                                 const struct wasock_addr *addr,
                                 uint64_t deadline_ns, struct wasock_conn *conn)
{
    const uint64_t latency_ns = wasock__fakenet_faults(net, NULL)->latency_ns;
    const uint64_t now_ns = wasock__fakenet_now(net);
    const uint64_t answer_ns =
        wasock_ns_add(wasock_ns_add(now_ns, latency_ns), latency_ns);

    if (wasock_deadline_is_past(deadline_ns, now_ns)) {
        return -WASOCK_EDEADLINE;
    }
    int result = wasock_fakenet_sleep_until_ns(
        net, wasock_deadline_earlier(answer_ns, deadline_ns));
    if (result < 0) {
        return result;
    }
    if (wasock_deadline_is_past(deadline_ns, answer_ns)) {
        return -WASOCK_EDEADLINE;
    }
    result = wasock_fakenet_try_dial(net, addr, conn);
    if (result == -WASOCK_EAGAIN) {
        /* Nobody accepts while this waits. */
        result = wasock_fakenet_sleep_until_ns(net, deadline_ns);
        return result < 0 ? result : -WASOCK_EDEADLINE;
    }
    return result;
}

int wasock_fakenet_dial_for_ns(struct wasock_fakenet *net,
                               const struct wasock_addr *addr,
                               uint64_t timeout_ns, struct wasock_conn *conn)
{
    return wasock_fakenet_dial_until_ns(
        net, addr, wasock__deadline_after(timeout_ns, wasock__fakenet_now(net)),
        conn);
}

int wasock_fakenet_pair(struct wasock_fakenet *net, struct wasock_conn *a,
                        struct wasock_conn *b)
{
    struct wasock__fakenet_socket *first = allocate_pair(net);

    if (first == NULL) {
        return -WASOCK_ESTORAGE;
    }
    wasock__fakenet_open(net, first, &a->socket);
    wasock__fakenet_open(net, wasock__fakenet_at(net, first->peer), &b->socket);
    return 0;
}

int wasock_fakenet_reset(struct wasock_conn *conn)
{
    struct wasock_fakenet *net = NULL;
    struct wasock__fakenet_socket *socket = NULL;
    const int result = wasock__fakenet_find(&conn->socket, &net, &socket);

    if (result < 0) {
        return result;
    }
    if (socket->kind != WASOCK__FAKENET_STREAM) {
        return -WASOCK_EPROTOTYPE;
    }
    socket->is_to_be_reset = 1;
    return wasock_conn_close(conn);
}
