/* SPDX-License-Identifier: MIT */
/* doctor.c - one probe after the other. */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>

/* In this order: what may end or freeze the program comes last. */
static const struct {
    const char *of_what;
    void (*run)(struct doctor *doctor);
} probes[] = {
    {"accept", probe_accept},  {"receive", probe_receive},
    {"poll", probe_poll},      {"clock", probe_clock},
    {"wasock", probe_library}, {"close", probe_close},
    {"send", probe_send},
};

void note(struct doctor *doctor, enum fact fact, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(doctor->found[fact], FOUND_CAPACITY, format, arguments);
    va_end(arguments);
}

const char *or_error(int32_t error, const char *otherwise)
{
    return error != 0 ? wasock_err_name(error) : otherwise;
}

int probe(int listener_fd)
{
    static struct doctor doctor;

    probe_descriptors(&doctor, listener_fd);
    const int error = wasock_listener_from_fd(&doctor.listener, listener_fd);
    if (error < 0) {
        report(&doctor);
        fprintf(stderr, "doctor: %s\n", wasock_err_text(error));
        return 2;
    }
    fputs("doctor: waiting for tests/doctor/partner.py HOST:PORT\n", stderr);
    meet_partner(&doctor);
    for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
        fprintf(stderr, "doctor: probing %s\n", probes[i].of_what);
        probes[i].run(&doctor);
    }
    leave_partner(&doctor);
    report(&doctor);
    return 0;
}
