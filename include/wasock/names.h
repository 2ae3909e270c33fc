/* SPDX-License-Identifier: MIT */
/*
 * names.h - open listeners by name.
 *
 * A program identifies a listener by its position (preopen.h), by its
 * descriptor (wasock_listener_from_fd), or by a name from the environment:
 *
 *   WASOCK_LISTEN=http=127.0.0.1:8080,metrics=127.0.0.1:9090
 *
 * One entry "[NAME=]HOST:PORT" a listener, in their order. wasock-run sets it.
 * By hand, pass it to a preview1 host with --env, beside the options that open
 * the listeners. A component or a native program opens the listeners from it,
 * and replaces port 0 by the port that the system chose.
 *
 *   LISTEN_FDNAMES=http:metrics
 *
 * systemd's variable: one name a descriptor, from 3 on. wasmtime passes it on
 * with -S listenfd=y.
 *
 * Each entry becomes the label of its listener (wasock_socket_set_label).
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

/* The labels of listeners, in the caller's buffer. The buffer must outlive the
 * labelled listeners. Members are private. */
struct wasock_names {
    const char *labels_; /* NUL-terminated strings, one after the other */
    size_t n_labels_;
    bool are_of_descriptors_; /* LISTEN_FDNAMES; else of listeners */
};

/*
 * Read the labels from WASOCK_LISTEN, or from LISTEN_FDNAMES if that is missing
 * or empty. Costs up to four host calls.
 * names: written; without labels on failure.
 * buffer, capacity, needed_capacity: as for wasock_env_read. The labels stay in
 *   the buffer.
 * Errors: ENOENT: neither variable is set; those of wasock_env_read.
 * Source: sd_listen_fds_with_names(3).
 */
int wasock_names_read(struct wasock_names *names, char *buffer, size_t capacity,
                      size_t *needed_capacity);

/*
 * Parse labels in the form of WASOCK_LISTEN, or of LISTEN_FDNAMES. An empty
 * entry is a listener without a name.
 * names: written.
 * text: the caller's, NUL-terminated; modified. The labels stay in it.
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
 * Open the first listener with a name, and label it. As with
 * wasock_preopen_listener, open all listeners at start-up, each once, before
 * you accept or close anything.
 * name: NUL-terminated: the part of a label before the "=", or all of it.
 * listener: closed; opened on success.
 * Errors: ENOENT: no label has this name; ENOPREOPEN: a label has it, but the
 *   host opened no listener for it (wasock_names_explain explains both); EOPEN:
 *   listener is open; those of wasock_preopen_listener.
 */
int wasock_names_listener(const struct wasock_names *names, const char *name,
                          struct wasock_listener *listener)
    __attribute__((warn_unused_result));

/*
 * Label the listeners that wasock_preopen_listeners opened. Closed ones are
 * skipped.
 * listeners: in the order of wasock_preopen_listeners. A listener without a
 *   name keeps its label.
 */
void wasock_names_apply(const struct wasock_names *names,
                        struct wasock_listener *listeners, size_t n_listeners);

/*
 * Explain in English why wasock_names_listener found no listener of this name:
 * the names that exist, and how to name a listener. Several lines.
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
