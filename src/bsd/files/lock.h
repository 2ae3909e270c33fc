/* SPDX-License-Identifier: MIT */
/* lock.h - locks of files, between the descriptions of the program. */
#ifndef WASOCK_BSD_FILES_LOCK_H
#define WASOCK_BSD_FILES_LOCK_H

#include <fcntl.h>

#include "../table.h"

/* F_GETLK, F_SETLK, F_SETLKW of fcntl(2). Returns 0, -EBADF or -EINVAL. */
int wasock_bsd__lock_record(const struct description *description, int command,
                            struct flock *lock);

/* The description is about to be closed: its lock is free. */
void wasock_bsd__unlock(const struct description *description);

#endif
