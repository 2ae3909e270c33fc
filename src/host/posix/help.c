/* SPDX-License-Identifier: MIT */
/* help.c - command lines that give a native program a listener. */
#include "../../host.h"

enum wasock__host_sockets wasock__host_detect_sockets(void)
{
    return WASOCK__HOST_SOCKETS_SOME;
}

const char *wasock__host_listen_help(void)
{
    return "A native program opens it, or inherits it from systemd:\n"
           "  WASOCK_LISTEN=127.0.0.1:8080 ./PROGRAM\n";
}
