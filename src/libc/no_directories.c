/* SPDX-License-Identifier: MIT */
/* no_directories.c - components and native programs: no socket is in the way of
 * libc's files. */
#include <wasock/directories.h>

int wasock_directories_register(void)
{
    return 0;
}
