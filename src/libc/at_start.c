/* SPDX-License-Identifier: MIT */
/* Of an object library: a constructor in an archive would be left out. */
#include <wasock/directories.h>

__attribute__((constructor)) static void register_at_start(void)
{
    /* Without memory the files are not found, which fopen then says. */
    const int ignored = wasock_directories_register();
    (void)ignored;
}
