/* SPDX-License-Identifier: MIT */
/* help.c - command lines that give a component a listener. */
#include "../../host.h"

enum wasock__host_sockets wasock__host_detect_sockets(void)
{
    return WASOCK__HOST_SOCKETS_SOME;
}

const char *wasock__host_listen_help(void)
{
    return "A component opens it, with its host's permission:\n"
           "  wasmtime run -S inherit-network "
           "--env WASOCK_LISTEN=127.0.0.1:8080 PROGRAM.wasm\n";
}
