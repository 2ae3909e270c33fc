/* SPDX-License-Identifier: MIT */
/*
 * names.h - which of several listeners is which.
 *
 * Listeners are told apart by their order (preopen.h), by their descriptor
 * (wasock_listener_from_fd), or by the names that the environment gives them:
 *
 *   WASOCK_LISTEN=http=127.0.0.1:8080,metrics=127.0.0.1:9090
 *
 * wasock's own variable has an entry "[NAME=]HOST:PORT" a listener, in the
 * order of listeners. Give it to a host with --env beside the listeners
 * themselves; in a native build it makes them (src/host/posix_listen.c), and
 * has the ports that the system chose where it asked for 0.
 *
 *   LISTEN_FDNAMES=http:metrics
 *
 * systemd's variable has a name a descriptor, from 3 on. wasmtime passes it on
 * with -S listenfd=y.
 *
 * An entry is a listener's label: its local address and logs carry it whole.
 */
#ifndef WASOCK_NAMES_H
#define WASOCK_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include <wasock/addr.h>
#include <wasock/listener.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Labels of listeners. All zero bytes are none of them. The text they stand in
 * is the caller's and must live as long as this and every object they label.
 * Members are private. */
struct wasock_names {
    const char *labels_; /* one behind the other, each ends in a zero */
    size_t n_labels_;
    bool are_of_descriptors_; /* else of listeners */
};

/*
 * Read labels from the environment: those of WASOCK_LISTEN, or where that is
 * missing or empty those of LISTEN_FDNAMES. At most four host calls.
 * names: written; none of them on failure.
 * buffer, capacity, needed_capacity: as for wasock_env_read; the buffer keeps
 *   the labels.
 * Errors: ENOENT: neither is there; those of wasock_env_read.
 * Source: sd_listen_fds_with_names(3).
 */
int wasock_names_read(struct wasock_names *names, char *buffer, size_t capacity,
                      size_t *needed_capacity)
    __attribute__((warn_unused_result));

/*
 * Read labels from text in the form of WASOCK_LISTEN, or in that of
 * LISTEN_FDNAMES. An empty entry names nothing but counts.
 * names: written.
 * text: ends in a zero; the caller's. Its separators are overwritten.
 * Errors: none.
 * Source: wasock's own; systemd's sd_listen_fds_with_names(3).
 */
void wasock_names_parse(struct wasock_names *names, char *text);
void wasock_names_parse_fdnames(struct wasock_names *names, char *text);

/*
 * The label number `index`, from 0, or NULL where there are not so many.
 * Errors: none.
 * Source: wasock's own.
 */
const char *wasock_names_label(const struct wasock_names *names, size_t index);

/*
 * The address in a label, which is all of it or what follows its first "=".
 * addr: written on success only.
 * Errors: those of wasock_addr_parse: there is none.
 * Source: wasock's own.
 */
int wasock_names_address(const char *label, struct wasock_addr *addr)
    __attribute__((warn_unused_result));

/*
 * Open the first listener with a name, and label it. Which one has it is
 * counted among the descriptors that are open, so open all listeners by name
 * before one is closed or a connection is accepted, and each once; to have one
 * twice, share it (listener.h).
 * name: ends in a zero: what stands before the "=" of a label, or all of it.
 * listener: closed; opened on success.
 * Errors: ENOENT: no label has this name; ENOPREOPEN: one has, but the host
 *   opened no listener for it (wasock_names_explain says it of both);
 *   those of wasock_preopen_listener.
 * Source: wasock's own.
 */
int wasock_names_listener(const struct wasock_names *names, const char *name,
                          struct wasock_listener *listener)
    __attribute__((warn_unused_result));

/*
 * Label the open ones of the listeners that wasock_preopen_listeners opened.
 * listeners: `n_listeners` of them, in its order.
 * Errors: none; a listener without a label keeps what it has.
 * Source: wasock's own.
 */
void wasock_names_apply(const struct wasock_names *names,
                        struct wasock_listener *listeners, size_t n_listeners);

/*
 * Say in English which names there are, why wasock_names_listener found none
 * of this name, and how to give one. Several lines, each ended.
 * text: room for `capacity` bytes, the caller's; cut to fit, always ends in a
 *   zero when `capacity` is not 0.
 * Returns the length without the final zero, as if there were room enough.
 * Errors: none.
 * Source: wasock's own.
 */
size_t wasock_names_explain(const struct wasock_names *names, const char *name,
                            char *text, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
