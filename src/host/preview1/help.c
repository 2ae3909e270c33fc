/* SPDX-License-Identifier: MIT */
/* help.c - command lines that give a preview1 program a listener. */
#include "../../host.h"
#include "../../wasip1.h"

/*
 * Preview1 on top of WASI 0.2 has no sockets, and some of its socket calls trap
 * (the adapter's; wasmtime's return ENOTSOCK). It lets stdin's one right be
 * inherited, which no host with sockets does.
 */
#define RIGHT_FD_READ UINT64_C(2)

enum wasock__host_sockets wasock__host_detect_sockets(void)
{
    struct wasip1_fdstat stdin_stat;

    if (wasip1_fd_fdstat_get(0, &stdin_stat) != 0) {
        return WASOCK__HOST_SOCKETS_UNKNOWN;
    }
    if (stdin_stat.filetype == WASIP1_FILETYPE_SOCKET_STREAM) {
        return WASOCK__HOST_SOCKETS_SOME;
    }
    return stdin_stat.rights_base == RIGHT_FD_READ &&
                   stdin_stat.rights_inheriting == RIGHT_FD_READ
               ? WASOCK__HOST_SOCKETS_NONE
               : WASOCK__HOST_SOCKETS_UNKNOWN;
}

const char *wasock__host_listen_help(void)
{
    return "A preview1 program cannot open a socket; its host opens one:\n"
           "  wasmtime run -S preview2=n -S tcplisten=127.0.0.1:8080 "
           "PROGRAM.wasm  (wasmtime 36 to 46)\n"
           "  wasmi --tcplisten 127.0.0.1:8080 PROGRAM.wasm\n"
           "  wazero run -listen=127.0.0.1:8080 PROGRAM.wasm\n"
           "wasmtime 47 and later cannot. For these, build the program for "
           "WASI 0.2:\n"
           "  wasmtime run -S inherit-network "
           "--env WASOCK_LISTEN=127.0.0.1:8080 PROGRAM.wasm\n";
}
