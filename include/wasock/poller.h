/* SPDX-License-Identifier: MIT */
/*
 * poller.h - wait for many listeners and connections at once.
 *
 *     _Alignas(WASOCK_POLLER_ALIGNMENT)
 *         static unsigned char memory[WASOCK_POLLER_SIZE(64)];
 *     wasock_poller_init(&poller, memory, sizeof(memory));
 *     wasock_poller_add(&poller, &conn.socket, WASOCK_READABLE, client);
 *     ...
 *     while (wasock_poller_wait_for_ns(&poller, WASOCK_FOREVER_NS) > 0) {
 *         struct wasock_poller_event event;
 *         while (wasock_poller_next(&poller, &event)) {
 *             serve(event.token, &event);
 *         }
 *     }
 *
 * The cost of a wait depends on how many objects are active, not on how many
 * are registered. With n registrations, data on an inactive one is reported
 * within:
 *
 *   host                      all idle for a while  others busy
 *   native Linux, WASI 0.3    at once               at once
 *   wasmtime, wasmi, WASI 0.2 at once               max(20 ms, 20 us * n)
 *   wazero                    max(20 ms, 50 us * n) max(20 ms, 50 us * n)
 *
 * plus the time that the program itself takes between two waits. In the second
 * row, "at once" begins after about four times the time on the right without
 * an event, and needs waits of at least 1.1 us * n. On any other host the
 * poller detects which of the last two rows applies.
 *
 * Readiness is a hint: a try_ call may still return EAGAIN. It is
 * level-triggered: an object that stays ready is reported by every wait, or in
 * turn with others where the host reports only some of them at a time (WASI
 * 0.2: about 100). A wait reports at most one event an object.
 *
 * Closing or removing an object drops its registration and its pending event,
 * so a handler may close any object, and free its memory, while it takes
 * events. The poller watches objects, not descriptor numbers: closing an object
 * does not affect others that share its descriptor. Close objects, never their
 * descriptors: the hosts of the first row then report nothing for the object.
 *
 * A poller and the objects that it watches belong to one thread.
 */
#ifndef WASOCK_POLLER_H
#define WASOCK_POLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wasock/clock.h>
#include <wasock/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The memory of a poller for `capacity` registrations, in bytes. A constant
 * expression if `capacity` is one. Make it static: the stack of a wasm program
 * has 64 KiB.
 */
#define WASOCK_POLLER_SIZE(capacity)                                           \
    (WASOCK__POLLER_BASE_BYTES + (size_t)(capacity) * WASOCK__POLLER_EACH_BYTES)

/* Private: parts of WASOCK_POLLER_SIZE. */
#define WASOCK__POLLER_BASE_BYTES ((size_t)80)
#define WASOCK__POLLER_EACH_BYTES                                              \
    (sizeof(void *) == 4 ? (size_t)240 : (size_t)276)

/* Alignment of a poller's memory, in bytes. */
#define WASOCK_POLLER_ALIGNMENT 8

/*
 * A poller, in the caller's storage. Opaque. It must not move between
 * wasock_poller_init and wasock_poller_close. All zero bytes: closed.
 */
struct wasock_poller {
    uint64_t private_[40];
};

/* What happened to one object. */
struct wasock_poller_event {
    void *token;      /* as registered */
    uint8_t ready;    /* WASOCK_READABLE, WASOCK_WRITABLE: may be ready */
    uint8_t deadline; /* WASOCK_READABLE, WASOCK_WRITABLE: exceeded */
    int16_t error;    /* -WASOCK_EBADF: the host cannot wait for the
                         descriptor: close the object; 0: none */
};

/*
 * Make a poller.
 * poller: its contents are overwritten. Do not call it on a poller in use:
 *   close that first.
 * memory: `size` bytes, at least WASOCK_POLLER_SIZE(1), aligned to
 *   WASOCK_POLLER_ALIGNMENT. The caller owns it. Freeing it before
 *   wasock_poller_close leaves dangling pointers in every registered object:
 *   the next close, deadline or readiness change of one writes to it.
 * Errors: EINVAL: memory is NULL or misaligned; ESTORAGE: no room for one
 *   registration.
 */
int wasock_poller_init(struct wasock_poller *poller, void *memory, size_t size)
    __attribute__((warn_unused_result));

/*
 * End all registrations; the objects stay open. The caller may free the
 * memory.
 */
void wasock_poller_close(struct wasock_poller *poller);

/*
 * Register an object. Closing it unregisters it. Several pollers may watch the
 * same object.
 * socket: `&listener.socket`, `&conn.socket` or `&pollable.socket`, open.
 * interest: WASOCK_READABLE, WASOCK_WRITABLE, both, or 0 for deadlines only.
 *   A listener is readable when a connection is pending.
 * token: returned with each event of the object.
 * Errors: ECLOSED: the object or the poller; EEXIST: registered already;
 *   ESTORAGE: the poller is full; EINVAL: bad `interest`; ECLOCK: sockets with
 *   different clocks, real and in-process or of two in-process networks,
 *   cannot share a poller.
 */
int wasock_poller_add(struct wasock_poller *poller,
                      struct wasock_socket *socket, unsigned interest,
                      void *token) __attribute__((warn_unused_result));

/*
 * Change interest and token of a registered object. A pending event keeps only
 * the directions of the new interest.
 * Errors: ECLOSED: the poller; ENOENT: not registered; EINVAL: bad `interest`.
 */
int wasock_poller_modify(struct wasock_poller *poller,
                         struct wasock_socket *socket, unsigned interest,
                         void *token) __attribute__((warn_unused_result));

/*
 * Unregister an object and drop its pending event.
 * Errors: ECLOSED: the poller; ENOENT: not registered.
 */
int wasock_poller_remove(struct wasock_poller *poller,
                         struct wasock_socket *socket);

/*
 * Wait for events until a deadline, or for at most a timeout.
 * deadline_ns: absolute, of the poller's clock (wasock_poller_now_ns);
 *   WASOCK_NO_DEADLINE: none; WASOCK_DEADLINE_PAST: check, do not wait.
 * timeout_ns: a duration; WASOCK_FOREVER_NS: no limit; 0: check, do not wait.
 *   A check polls the active objects and some of the others. Repeated checks
 *   report data on all objects within the times above.
 * Returns the number of pending events, including those of earlier waits; 0:
 *   the time is up. Take them with wasock_poller_next. While events are
 *   pending, it returns at once without a host call.
 *
 * A deadline of an object is reported once each time it is set and exceeded.
 * A listener whose accept ran out of descriptors is not reported for 20 ms, or
 * longer beside thousands of objects, until an object that this poller watches
 * is closed.
 *
 * wazero's poll does not check sockets: there, an event is only a reason to
 * try. If all events of a wait proved wrong, the next wait for the same timeout
 * continues it, so that an idle program gets 0 at the timeout.
 *
 * A signal does not end a wait: see wasock_poller_set_interruptible.
 * Errors: ECLOSED: the poller; EDEADLOCK: nothing registered can end the wait,
 *   and there is no deadline; EINTR: see above; any other code of the host.
 * Source: preview1 poll_oneoff.
 */
ptrdiff_t wasock_poller_wait_until_ns(struct wasock_poller *poller,
                                      uint64_t deadline_ns)
    __attribute__((warn_unused_result));
ptrdiff_t wasock_poller_wait_for_ns(struct wasock_poller *poller,
                                    uint64_t timeout_ns)
    __attribute__((warn_unused_result));

/*
 * Take the next pending event.
 * event: written if there is one.
 * Returns false when no event is pending.
 */
bool wasock_poller_next(struct wasock_poller *poller,
                        struct wasock_poller_event *event);

/*
 * Read the poller's clock, in nanoseconds: that of the in-process network whose
 * sockets it watches, else wasock_clock_now_ns.
 */
uint64_t wasock_poller_now_ns(const struct wasock_poller *poller);

/*
 * Choose whether a signal ends a wait with EINTR. By default the wait goes on.
 * Errors: ECLOSED.
 */
int wasock_poller_set_interruptible(struct wasock_poller *poller,
                                    bool is_interruptible);

/*
 * An object for a descriptor that is not a socket but can be polled, such as
 * stdin. Pass `&pollable.socket` to wasock_poller_add. Read and write with
 * wasock_fd_read and wasock_fd_write.
 */
struct wasock_pollable {
    struct wasock_socket socket;
};

/*
 * Open a pollable on a descriptor. The caller still owns the descriptor. Its
 * mode does not change. /dev/null and a closed pipe are readable: a read
 * returns EOF. If stdin of a preview1 module on wasmtime or wasmi is a socket,
 * it is always reported as readable, and a read may block.
 * pollable: closed; opened on success.
 * Errors: EBADF: no such descriptor; EOPEN: `pollable` is open.
 * Source: preview1 fd_fdstat_get, poll_oneoff.
 */
int wasock_pollable_from_fd(struct wasock_pollable *pollable, int fd)
    __attribute__((warn_unused_result));

/*
 * Close the object, not the descriptor. Removes it from all pollers.
 * Errors: ECLOSED.
 */
int wasock_pollable_close(struct wasock_pollable *pollable);

#ifdef __cplusplus
}
#endif

#endif
