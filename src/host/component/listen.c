/* SPDX-License-Identifier: MIT */
/*
 * listen.c - open the listeners of WASOCK_LISTEN=[NAME=]HOST:PORT,...
 * in a component, whose host preopens none.
 *
 * They are opened when the program first uses a descriptor or the environment.
 * Port 0 in WASOCK_LISTEN is replaced by the chosen port.
 */
#include "component.h"

#include <wasock/err.h>
#include <wasock/names.h>

#include "../../text.h"

#define LISTEN_BACKLOG 4096

/* More than the text of a numeric address needs. */
#define ADDRESS_TEXT_CAPACITY 64

static void say(const char *text)
{
    wasock__version_say(text, text_length(text));
}

static _Noreturn void refuse_to_start(const char *label, const char *reason)
{
    say("wasock: cannot listen on \"");
    say(label);
    say("\": ");
    say(reason);
    say("\n");
    wasock__version_fail();
}

static const char *reason_of(int32_t error)
{
    switch (error) {
    case WASOCK_EACCES:
        return "the host denies it; is -S inherit-network missing?";
    default:
        return wasock_err_text(-error);
    }
}

static bool is_named(const struct wasock__variable *variable, const char *name)
{
    size_t length = 0;

    while (length < variable->name_length && name[length] != '\0' &&
           variable->name[length] == name[length]) {
        length++;
    }
    return length == variable->name_length && name[length] == '\0';
}

static struct wasock__variable *find_variable(void)
{
    const struct wasock__environment *environment = wasock__environment();

    for (size_t i = 0; i < environment->n_variables; i++) {
        if (is_named(&environment->variables[i], "WASOCK_LISTEN")) {
            return &environment->variables[i];
        }
    }
    return NULL;
}

/* A list of labels that grows. */
struct list {
    char *text;
    size_t length;
};

static void append(struct list *list, const char *text, size_t length)
{
    __builtin_memcpy(list->text + list->length, text, length);
    list->length += length;
}

/* Append a label with the port that the host chose, and say it. */
static void append_chosen(struct list *list, const char *label, int32_t fd)
{
    struct wasock_addr addr;
    char text[WASOCK_ADDR_TEXT_CAPACITY];
    size_t name_length = 0;

    const int32_t error = wasock__host_local_addr(fd, &addr);
    if (error != 0) {
        refuse_to_start(label, reason_of(error));
    }
    for (size_t i = 0; label[i] != '\0' && name_length == 0; i++) {
        name_length = label[i] == '=' ? i + 1 : 0;
    }
    const size_t start = list->length;
    append(list, label, name_length);
    append(list, text, wasock_addr_format(&addr, text, sizeof(text)));
    say("wasock: listening on ");
    wasock__version_say(list->text + start, list->length - start);
    say("\n");
}

/* Open the listener of a label, and append that to the list of them all. */
static void open_listener(struct list *list, const char *label)
{
    struct wasock_addr addr;
    int32_t fd = -1;

    if (wasock_names_address(label, &addr) < 0 ||
        addr.family == WASOCK_ADDR_NAME) {
        refuse_to_start(label, "WASOCK_LISTEN takes [NAME=]HOST:PORT,... with "
                               "numeric hosts, such as http=127.0.0.1:8080");
    }
    const int32_t error = wasock__host_listen(&addr, LISTEN_BACKLOG, &fd);
    if (error != 0) {
        refuse_to_start(label, reason_of(error));
    }
    if (addr.port == 0) {
        append_chosen(list, label, fd);
    } else {
        append(list, label, text_length(label));
    }
}

/* The labels of a variable, each a string. */
static void read_labels(struct wasock_names *names,
                        const struct wasock__variable *variable)
{
    char *text = (char *)wasock__keep(variable->value_length + 1);

    if (text == NULL) {
        refuse_to_start("WASOCK_LISTEN", wasock_err_text(-WASOCK_ENOMEM));
    }
    __builtin_memcpy(text, variable->value, variable->value_length);
    wasock_names_parse(names, text);
}

void wasock__open_listeners(void)
{
    static bool is_open;
    struct wasock_names names;
    struct list list = {NULL, 0};
    size_t n_labels = 0;

    if (is_open) {
        return;
    }
    is_open = true; /* opening one looks here, too */
    struct wasock__variable *variable = find_variable();
    if (variable == NULL) {
        return;
    }
    read_labels(&names, variable);
    while (wasock_names_label(&names, n_labels) != NULL) {
        n_labels++;
    }
    list.text = (char *)wasock__keep(variable->value_length +
                                     (n_labels * ADDRESS_TEXT_CAPACITY));
    if (list.text == NULL) {
        refuse_to_start("WASOCK_LISTEN", wasock_err_text(-WASOCK_ENOMEM));
    }
    for (size_t i = 0; i < n_labels; i++) {
        append(&list, ",", i > 0);
        open_listener(&list, wasock_names_label(&names, i));
    }
    variable->value = list.text;
    variable->value_length = list.length;
}
