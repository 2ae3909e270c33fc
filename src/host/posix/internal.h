/* SPDX-License-Identifier: MIT */
/* internal.h - shared by the files of the POSIX host. */
#ifndef WASOCK_POSIX_INTERNAL_H
#define WASOCK_POSIX_INTERNAL_H

#include <stdint.h>

/* Convert an errno of the system to preview1's. */
int32_t wasock__posix_errno(int posix_errno);

/* Close a descriptor and keep errno. */
void wasock__posix_close_after_error(int fd);

/* Open listeners, as a host does before it starts its guest. Ends the
 * program if it cannot. */
void wasock__posix_hand_over(void);

#endif
