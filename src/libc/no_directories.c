/* SPDX-License-Identifier: MIT */
/* no_directories.c - a component's sockets stand in no libc's way. */
#include <wasock/directories.h>

int wasock_directories_register(void)
{
    return 0;
}
