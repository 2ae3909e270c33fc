/* SPDX-License-Identifier: MIT */
/*
 * preopens - print the descriptors that the host preopened, one a line, and
 * why there is no listener.
 *
 *   wasock-run --listen 127.0.0.1:8080 preopens.wasm
 *
 * With the argument "probe" it is the doctor: it probes the host through the
 * first listener, and prints how the host differs from preview1, which host it
 * is, and what to do. It needs a partner:
 *
 *   wasock-run --listen 127.0.0.1:8080 preopens.wasm probe &
 *   python3 tests/doctor/partner.py 127.0.0.1:8080
 *
 * docs/hosts.md has the reports of known hosts.
 *
 * Exit code: 1 no listener, 2 the host failed.
 */
#include <stdio.h>
#include <string.h>

#include <wasock/wasock.h>

#include "doctor/doctor.h"

static const char *role_name(enum wasock_preopen_role role)
{
    switch (role) {
    case WASOCK_PREOPEN_LISTENER:
        return "listener";
    case WASOCK_PREOPEN_CONNECTION:
        return "connection";
    case WASOCK_PREOPEN_DATAGRAM:
        return "datagrams";
    case WASOCK_PREOPEN_UNKNOWN:
        return "unknown";
    case WASOCK_PREOPEN_NO_SOCKET:
    default:
        return "-";
    }
}

/* Print the table. first_fd: written: the first listener, or -1. */
static int print_preopens(int *first_fd)
{
    struct wasock_preopen preopen = {0};
    int result = 0;

    *first_fd = -1;
    printf("%-4s %-17s %-13s %s\n", "fd", "kind", "mode", "role");
    while ((result = wasock_preopen_next(&preopen)) == 1) {
        printf("%-4d %-17s %-13s %s\n", preopen.fd,
               wasock_fd_kind_name(preopen.kind),
               preopen.is_nonblocking ? "non-blocking" : "blocking",
               role_name(preopen.role));
        if (*first_fd < 0 && (preopen.role == WASOCK_PREOPEN_LISTENER ||
                              preopen.role == WASOCK_PREOPEN_UNKNOWN)) {
            *first_fd = preopen.fd;
        }
    }
    return result;
}

int main(int argc, char **argv)
{
    struct wasock_preopen_counts counts = {0};
    char text[1024];
    int first_fd = -1;

    int result = print_preopens(&first_fd);
    if (result == 0) {
        result = wasock_preopen_count(&counts);
    }
    if (result < 0) {
        fprintf(stderr, "preopens: %s\n", wasock_err_text(result));
        return 2;
    }
    const bool probes = argc > 1 && strcmp(argv[1], "probe") == 0;
    if (probes && first_fd >= 0) {
        return probe(first_fd);
    }
    wasock_preopen_explain(&counts, text, sizeof(text));
    fputs(text, stdout);
    return counts.n_listeners + counts.n_unknown > 0 ? 0 : 1;
}
