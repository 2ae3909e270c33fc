/* SPDX-License-Identifier: MIT */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasip1.h"

#define PATIENCE_NS (20 * WASOCK_NS_PER_S)

/* The end, with what was found so far. */
static _Noreturn void give_up(const struct doctor *doctor, const char *what,
                              ptrdiff_t error)
{
    report(doctor);
    fprintf(stderr, "doctor: %s: %s\n", what, wasock_err_text(error));
    exit(2);
}

void meet_partner(struct doctor *doctor)
{
    const int error =
        wasock_listener_accept(&doctor->listener, &doctor->partner);

    if (error < 0) {
        give_up(doctor, "waiting for the partner", error);
    }
}

void leave_partner(struct doctor *doctor)
{
    ask(doctor, "bye");
    wasock_conn_close(&doctor->partner);
}

/* A line of the partner's, without its end. */
static void read_answer(struct doctor *doctor)
{
    size_t length = 0;

    while (length < sizeof(doctor->answer) - 1) {
        char *byte = &doctor->answer[length];
        const ptrdiff_t n = wasock_conn_read(&doctor->partner, byte, 1);
        if (n <= 0) {
            give_up(doctor, "the partner has gone", n == 0 ? -WASOCK_EPIPE : n);
        }
        if (*byte == '\n') {
            break;
        }
        length++;
    }
    doctor->answer[length] = '\0';
}

void ask(struct doctor *doctor, const char *format, ...)
{
    char line[64];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    wasock_socket_set_timeout_ns(&doctor->partner.socket,
                                 WASOCK_READABLE | WASOCK_WRITABLE,
                                 PATIENCE_NS);
    const struct wasock_slice slices[] = {{line, strlen(line)}, {"\n", 1}};
    const ptrdiff_t n = wasock_conn_writev(&doctor->partner, slices, 2);
    if (n != (ptrdiff_t)strlen(line) + 1) {
        give_up(doctor, "the partner does not listen", n);
    }
    read_answer(doctor);
}

void pause_ms(struct doctor *doctor, uint64_t wait_ms)
{
    const int error = wasock_fd_sleep_for_ns(wait_ms * WASOCK_NS_PER_MS);

    if (error < 0) {
        give_up(doctor, "sleeping", error);
    }
}

struct subject open_subject(struct doctor *doctor, uint16_t accept_flags)
{
    const int listener_fd = wasock_socket_fd(&doctor->listener.socket);
    struct subject subject = {-1, doctor->n_connections++};
    int32_t error = WASOCK_EAGAIN;

    ask(doctor, "open");
    for (int i = 0; i < 1000 && error == WASOCK_EAGAIN; i++) {
        error = wasip1_sock_accept(listener_fd, accept_flags, &subject.fd);
        if (error == WASOCK_EAGAIN) {
            pause_ms(doctor, 1);
        }
    }
    if (error != 0) {
        give_up(doctor, "accepting a connection of the partner", error);
    }
    return subject;
}
