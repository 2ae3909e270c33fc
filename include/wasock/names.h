/* SPDX-License-Identifier: MIT */
/*
 * names.h - open listeners by name.
 *
 * Listeners can be told apart by their order (preopen.h), by their descriptor
 * (wasock_listener_from_fd), or by names from the environment:
 *
 *   WASOCK_LISTEN=http=127.0.0.1:8080,metrics=127.0.0.1:9090
 *
 * wasock's own variable has an entry "[NAME=]HOST:PORT" for each listener, in
 * their order. Give it to a host with --env, together with the listeners. A
 * native program opens the listeners from it (src/host/posix_listen.c) and puts
 * in the port that the system chose for port 0.
 *
 *   LISTEN_FDNAMES=http:metrics
 *
 * systemd's variable has a name for each descriptor from 3 on. wasmtime passes
 * it on with -S listenfd=y.
 *
 * An entry is the label of its listener (wasock_socket_set_label).
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

/* The labels of listeners. They are in the caller's buffer, which must outlive
 * the listeners that they label. Members are private. */
struct wasock_names {
    const char *labels_; /* NUL-terminated strings, one after the other */
    size_t n_labels_;
    bool are_of_descriptors_; /* else of listeners */
};

/*
 * Read labels from the environment: from WASOCK_LISTEN, or if that is missing
 * or empty from LISTEN_FDNAMES. Costs up to four host calls.
 * names: written; has no labels on failure.
 * buffer, capacity, needed_capacity: as for wasock_env_read. The labels stay in
 *   the buffer.
 * Errors: ENOENT: neither variable is set; those of wasock_env_read.
 * Source: sd_listen_fds_with_names(3).
 */
int wasock_names_read(struct wasock_names *names, char *buffer, size_t capacity,
                      size_t *needed_capacity)
    __attribute__((warn_unused_result));

/*
 * Parse labels in the form of WASOCK_LISTEN, or of LISTEN_FDNAMES. An empty
 * entry has no name and still counts.
 * names: written.
 * text: the caller's, NUL-terminated. Its separators are overwritten.
 */
void wasock_names_parse(struct wasock_names *names, char *text);
void wasock_names_parse_fdnames(struct wasock_names *names, char *text);

/* Get label number `index`, from 0; NULL if there are fewer. */
const char *wasock_names_label(const struct wasock_names *names, size_t index);

/*
 * Parse the address in a label: the part after the first "=", or all of it.
 * addr: written on success.
 * Errors: those of wasock_addr_parse.
 */
int wasock_names_address(const char *label, struct wasock_addr *addr)
    __attribute__((warn_unused_result));

/*
 * Open the first listener with a name, and label it. Open all listeners at
 * start-up, before you accept or close anything, and each only once: as for
 * wasock_preopen_listener.
 * name: NUL-terminated: the part of a label before the "=", or all of it.
 * listener: closed; opened on success.
 * Errors: ENOENT: no label has this name; ENOPREOPEN: a label has, but the host
 *   opened no listener for it (wasock_names_explain explains both); EOPEN:
 *   listener is open; those of wasock_preopen_listener.
 */
int wasock_names_listener(const struct wasock_names *names, const char *name,
                          struct wasock_listener *listener)
    __attribute__((warn_unused_result));

/*
 * Label the listeners that wasock_preopen_listeners opened, those that are
 * still open.
 * listeners: in its order. One without a name keeps the label that it has.
 */
void wasock_names_apply(const struct wasock_names *names,
                        struct wasock_listener *listeners, size_t n_listeners);

/*
 * Explain in English which names there are, why wasock_names_listener found no
 * listener of this name, and how to name one. Several lines.
 * text: room for `capacity` bytes. Truncated to fit, and NUL-terminated unless
 *   `capacity` is 0.
 * Returns the length of the whole text without its NUL, as snprintf.
 */
size_t wasock_names_explain(const struct wasock_names *names, const char *name,
                            char *text, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
