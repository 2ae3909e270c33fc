/* SPDX-License-Identifier: MIT */
/*
 * listen.c - open the listeners of a native program, before main: a file
 * that main opens could take their numbers, from 3 on. If one cannot be opened,
 * the program ends.
 *
 * They are those that a service manager passes (LISTEN_FDS, LISTEN_PID), else
 * those of WASOCK_LISTEN=[NAME=]HOST:PORT,... Port 0 in WASOCK_LISTEN is
 * replaced by the chosen port.
 */
/* For setenv and others. NOLINTNEXTLINE(readability-identifier-naming) */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wasock/err.h>
#include <wasock/names.h>
#include <wasock/preopen.h>

#include "../../host.h"
#include "internal.h"

#define LISTEN_BACKLOG 4096

/* A guest always has the standard descriptors. If one were closed, the first
 * socket would get its number, and a client would get all messages. */
static void fill_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            const int opened_fd = open("/dev/null", O_RDWR);
            (void)opened_fd;
        }
    }
}

/* A decimal number above 0 and nothing else, or 0. */
static long positive_number(const char *text)
{
    char *end = NULL;

    if (text == NULL || *text < '0' || *text > '9') {
        return 0;
    }
    errno = 0;
    const long number = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' ? number : 0;
}

/*
 * Take the descriptors that a service manager passes, from 3 on. If LISTEN_PID
 * is another process, remove the variables: their names would be taken for
 * those of other descriptors.
 */
static bool take_passed_descriptors(void)
{
    const long n_passed = positive_number(getenv("LISTEN_FDS"));

    if (n_passed == 0 || positive_number(getenv("LISTEN_PID")) != getpid()) {
        unsetenv("LISTEN_PID");
        unsetenv("LISTEN_FDS");
        unsetenv("LISTEN_FDNAMES");
        return false;
    }
    for (long i = 0; i < n_passed; i++) {
        const long fd = WASOCK_PREOPEN_FIRST_FD + i;
        /* One is closed long before the numbers end. */
        if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0) {
            dprintf(STDERR_FILENO,
                    "wasock: LISTEN_FDS is %ld, but descriptor %ld is closed\n",
                    n_passed, fd);
            _exit(EXIT_FAILURE);
        }
    }
    return true;
}

static _Noreturn void refuse_to_start(const char *label, const char *reason)
{
    dprintf(STDERR_FILENO, "wasock: cannot listen on \"%s\": %s\n", label,
            reason);
    _exit(EXIT_FAILURE);
}

/* Write a label to the list of them all, and say what port it came to. */
static void write_chosen(FILE *list, const char *label,
                         struct wasock_addr *addr)
{
    char text[WASOCK_ADDR_TEXT_CAPACITY];
    const char *end_of_name = strchr(label, '=');
    const int name_length =
        end_of_name == NULL ? 0 : (int)(end_of_name - label) + 1;

    wasock_addr_format(addr, text, sizeof(text));
    fprintf(list, "%.*s%s", name_length, label, text);
    dprintf(STDERR_FILENO, "wasock: listening on %.*s%s\n", name_length, label,
            text);
}

/* Open the listener of a label, and write that to the list of them all. */
static void open_listener(const char *label, FILE *list)
{
    struct wasock_addr addr;

    if (wasock_names_address(label, &addr) < 0 ||
        addr.family == WASOCK_ADDR_NAME) {
        refuse_to_start(label, "WASOCK_LISTEN takes [NAME=]HOST:PORT,... with "
                               "numeric hosts, such as http=127.0.0.1:8080");
    }
    int32_t fd = -1;
    const int32_t error = wasock__host_listen(&addr, LISTEN_BACKLOG, &fd);
    if (error != 0) {
        refuse_to_start(label, wasock_err_text(error));
    }
    if (addr.port == 0 && wasock__host_local_addr(fd, &addr) == 0) {
        write_chosen(list, label, &addr);
    } else {
        fputs(label, list);
    }
}

static void open_listeners(const char *asked)
{
    struct wasock_names names;
    char *opened = NULL;
    size_t length = 0;
    char *text = strdup(asked);
    FILE *list = open_memstream(&opened, &length);
    const char *label = NULL;

    if (text == NULL || list == NULL) {
        refuse_to_start(asked, strerror(errno));
    }
    wasock_names_parse(&names, text);
    for (size_t i = 0; (label = wasock_names_label(&names, i)) != NULL; i++) {
        fputs(i > 0 ? "," : "", list);
        open_listener(label, list);
    }
    if (fclose(list) != 0 || setenv("WASOCK_LISTEN", opened, 1) < 0) {
        refuse_to_start(text, strerror(errno)); /* setenv may move the list */
    }
    free(opened);
    free(text);
}

void wasock__posix_hand_over(void)
{
    fill_standard_descriptors();
    const bool is_passed = take_passed_descriptors();
    const char *asked = getenv("WASOCK_LISTEN");
    if (asked != NULL && !is_passed) {
        open_listeners(asked);
    }
}
