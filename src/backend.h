/* SPDX-License-Identifier: MIT */
/*
 * backend.h - sockets that are not the host's.
 *
 * A backend, such as the in-process network, is a table of operations and a
 * struct that begins with a struct wasock_network. Its sockets have backend_
 * set and the role NONE.
 */
#ifndef WASOCK_BACKEND_H
#define WASOCK_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wasock/abi.h>
#include <wasock/addr.h>
#include <wasock/socket.h>

/*
 * What a backend does. Sockets are open and the backend's own; buffers and
 * slices hold at least one byte; results are those of the public calls. None
 * waits but `wait` and `run`.
 */
struct wasock__operations {
    /* Open an object, which is closed. backlog: 0: the default. */
    int (*listen)(struct wasock_network *network,
                  const struct wasock_addr *addr, size_t backlog,
                  struct wasock_socket *listener);
    int (*connect)(struct wasock_network *network,
                   const struct wasock_addr *addr,
                   struct wasock_socket *connecting);
    /* 0: connected; EAGAIN; why the connect failed, each time. */
    int (*connect_result)(struct wasock_socket *socket);
    /* Open `accepted`, which is closed, on a pending connection. */
    int (*accept)(struct wasock_socket *listener,
                  struct wasock_socket *accepted);
    ptrdiff_t (*receive)(struct wasock_socket *socket,
                         const struct wasock_buffer *buffers, size_t n_buffers);
    ptrdiff_t (*send)(struct wasock_socket *socket,
                      const struct wasock_slice *slices, size_t n_slices);
    /* halves: enum wasock_shutdown. */
    int (*shutdown)(struct wasock_socket *socket, unsigned halves);
    /* Release what the backend keeps. The caller clears the object. */
    int (*close)(struct wasock_socket *socket);
    int (*local_addr)(struct wasock_socket *socket, struct wasock_addr *addr);
    int (*remote_addr)(struct wasock_socket *socket, struct wasock_addr *addr);
    /* Wait until a direction may be ready: 0, EDEADLINE, EDEADLOCK, EINTR. */
    int (*wait)(struct wasock_socket *socket, unsigned direction,
                uint64_t deadline_ns);
    /* The directions that are ready, for the poller. */
    unsigned (*ready)(struct wasock_socket *socket);
    /* Whether a stream that reads EOF was reset since: writes fail. */
    bool (*is_broken)(struct wasock_socket *socket);
    /* The time by the clock of the backend's deadlines. */
    uint64_t (*now_ns)(const struct wasock_network *backend);
    /* Run until a watch is notified: 0, EDEADLINE, EDEADLOCK, EINTR. */
    int (*run)(const struct wasock_network *backend, uint64_t deadline_ns);
    /* False where its clock is the host's: its sockets and real ones can share
     * a poller. */
    bool (*has_own_clock)(const struct wasock_network *backend);
};

/* Give a backend its operations. To call this links backend.c, and with it
 * the dispatch that programs without a backend do not pay for. */
void wasock__backend_init(struct wasock_network *backend,
                          const struct wasock__operations *operations);

#endif
