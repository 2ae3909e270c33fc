/* SPDX-License-Identifier: MIT */
#include <wasock/names.h>

#include <stdint.h>

#include <wasock/env.h>
#include <wasock/err.h>
#include <wasock/preopen.h>

#include "text.h"

static const struct wasock_names no_names = {0};

/* Split the text into labels at its separators. */
static void cut(struct wasock_names *names, char *text, char separator)
{
    *names = no_names;
    names->labels_ = text;
    names->n_labels_ = *text == '\0' ? 0 : 1;
    for (; *text != '\0'; text++) {
        if (*text == separator) {
            *text = '\0';
            names->n_labels_++;
        }
    }
}

void wasock_names_parse(struct wasock_names *names, char *text)
{
    cut(names, text, ',');
}

void wasock_names_parse_fdnames(struct wasock_names *names, char *text)
{
    cut(names, text, ':');
    names->are_of_descriptors_ = true;
}

int wasock_names_read(struct wasock_names *names, char *buffer, size_t capacity,
                      size_t *needed_capacity)
{
    *names = no_names;
    ptrdiff_t length =
        wasock_env_read("WASOCK_LISTEN", buffer, capacity, needed_capacity);
    if (length > 0) {
        wasock_names_parse(names, buffer);
        return 0;
    }
    if (length == 0 || length == -WASOCK_ENOENT) {
        length = wasock_env_read("LISTEN_FDNAMES", buffer, capacity,
                                 needed_capacity);
    }
    if (length >= 0) {
        wasock_names_parse_fdnames(names, buffer);
        return 0;
    }
    return (int)length;
}

const char *wasock_names_label(const struct wasock_names *names, size_t index)
{
    const char *label = names->labels_;

    if (index >= names->n_labels_) {
        return NULL;
    }
    for (; index > 0; index--) {
        while (*label++ != '\0') {
        }
    }
    return label;
}

/* The length of the name in a label: up to the "=", or to the end. */
static size_t name_length(const char *label)
{
    size_t length = 0;

    while (label[length] != '\0' && label[length] != '=') {
        length++;
    }
    return length;
}

/* The length of the common prefix. */
static size_t common_length(const char *a, const char *b)
{
    size_t length = 0;

    while (a[length] != '\0' && a[length] == b[length]) {
        length++;
    }
    return length;
}

static bool is_named(const char *label, const char *name)
{
    const size_t length = common_length(label, name);

    return length > 0 && name[length] == '\0' &&
           (label[length] == '\0' || length == name_length(label));
}

int wasock_names_address(const char *label, struct wasock_addr *addr)
{
    const char *address = label + name_length(label);

    address = *address == '=' ? address + 1 : label;
    return wasock_addr_parse(address, text_length(address), addr);
}

/* The index of the first label with a name; SIZE_MAX: none. */
static size_t find(const struct wasock_names *names, const char *name)
{
    for (size_t i = 0; i < names->n_labels_; i++) {
        if (is_named(wasock_names_label(names, i), name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void set_label(struct wasock_listener *listener, const char *label)
{
    if (label != NULL && *label != '\0') {
        wasock_socket_set_label(&listener->socket, label);
    }
}

int wasock_names_listener(const struct wasock_names *names, const char *name,
                          struct wasock_listener *listener)
{
    const size_t index = find(names, name);
    int result = -WASOCK_ENOENT;

    if (index == SIZE_MAX) {
        return result;
    }
    if (!names->are_of_descriptors_) {
        result = wasock_preopen_listener(index, listener);
    } else {
        result = wasock_listener_from_fd(listener,
                                         WASOCK_PREOPEN_FIRST_FD + (int)index);
        if (result == -WASOCK_EBADF || result == -WASOCK_ENOTSOCK) {
            result = -WASOCK_ENOPREOPEN;
        }
    }
    if (result == 0) {
        set_label(listener, wasock_names_label(names, index));
    }
    return result;
}

void wasock_names_apply(const struct wasock_names *names,
                        struct wasock_listener *listeners, size_t n_listeners)
{
    for (size_t i = 0; i < n_listeners; i++) {
        const int fd = wasock_socket_fd(&listeners[i].socket);
        const size_t index = names->are_of_descriptors_
                                 ? (size_t)fd - WASOCK_PREOPEN_FIRST_FD
                                 : i;
        set_label(&listeners[i], wasock_names_label(names, index));
    }
}

static void put_quoted(struct text *text, const char *string, size_t length)
{
    text_put(text, '"');
    for (size_t i = 0; i < length; i++) {
        text_put(text, string[i]);
    }
    text_put(text, '"');
}

static void put_all_names(struct text *text, const struct wasock_names *names)
{
    if (names->n_labels_ == 0) {
        text_put_string(text, "The environment names no listeners.\n");
        return;
    }
    text_put_string(text, "The environment names:");
    for (size_t i = 0; i < names->n_labels_; i++) {
        const char *label = wasock_names_label(names, i);
        if (*label != '\0') {
            text_put(text, ' ');
            put_quoted(text, label, name_length(label));
        }
    }
    text_put_string(text, ".\n");
}

static void put_advice(struct text *text, const char *name)
{
    text_put_string(text,
                    "Names come from WASOCK_LISTEN, one entry "
                    "[NAME=]HOST:PORT a listener, in\ntheir order. wasock-run "
                    "sets it:\n  wasock-run --listen ");
    text_put_string(text, name);
    text_put_string(text, "=127.0.0.1:8080 PROGRAM\n"
                          "systemd sets LISTEN_FDNAMES instead (wasmtime: "
                          "-S listenfd=y).\n");
}

/* Put where a listener of this name should have been. */
static void put_place(struct text *text, const struct wasock_names *names,
                      size_t index)
{
    if (names->are_of_descriptors_) {
        text_put_string(text, " is the name of descriptor ");
        text_put_decimal(text, (unsigned)index + WASOCK_PREOPEN_FIRST_FD);
        text_put_string(text, ", which is not a listener.\n");
    } else {
        text_put_string(text, " is the name of listener number ");
        text_put_decimal(text, (unsigned)index + 1);
        text_put_string(text, ", and the host opened fewer.\n");
    }
}

size_t wasock_names_explain(const struct wasock_names *names, const char *name,
                            char *text, size_t capacity)
{
    struct text explanation = {text, capacity, 0};
    const size_t index = find(names, name);
    const size_t length = text_length(name);

    if (index != SIZE_MAX) {
        put_quoted(&explanation, name, length);
        put_place(&explanation, names, index);
        return text_end(&explanation);
    }
    text_put_string(&explanation, "No listener is named ");
    put_quoted(&explanation, name, length);
    text_put_string(&explanation, ".\n");
    put_all_names(&explanation, names);
    put_advice(&explanation, name);
    return text_end(&explanation);
}
