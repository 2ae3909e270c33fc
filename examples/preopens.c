/* SPDX-License-Identifier: MIT */
/*
 * preopens - print what the host handed over: one line a descriptor, or why
 * there is none.
 *
 *   wasmtime run -S preview2=n -S tcplisten=127.0.0.1:8080 preopens.wasm
 *
 * Exit code: 1 there is no listener, 2 the host failed.
 */
#include <stdio.h>

#include <wasock/wasock.h>

static const char *role_name(enum wasock_preopen_role role)
{
    switch (role) {
    case WASOCK_PREOPEN_LISTENER:
        return "listener";
    case WASOCK_PREOPEN_CONNECTION:
        return "connection";
    case WASOCK_PREOPEN_DATAGRAM:
        return "datagrams";
    case WASOCK_PREOPEN_UNTOLD:
        return "untold";
    case WASOCK_PREOPEN_NO_SOCKET:
    default:
        return "-";
    }
}

int main(void)
{
    struct wasock_preopen_census census = {0};
    struct wasock_preopen preopen = {0};
    char text[1024];
    int result = 0;

    printf("%-4s %-17s %-13s %s\n", "fd", "kind", "mode", "role");
    while ((result = wasock_preopen_next(&preopen)) == 1) {
        printf("%-4d %-17s %-13s %s\n", preopen.fd,
               wasock_fd_kind_name(preopen.kind),
               preopen.is_nonblocking ? "non-blocking" : "blocking",
               role_name(preopen.role));
    }
    if (result == 0) {
        result = wasock_preopen_count(&census);
    }
    if (result < 0) {
        fprintf(stderr, "preopens: %s\n", wasock_err_text(result));
        return 2;
    }
    wasock_preopen_explain(&census, text, sizeof(text));
    fputs(text, stdout);
    return census.n_listeners + census.n_untold > 0 ? 0 : 1;
}
