/* SPDX-License-Identifier: MIT */
#ifndef WASOCK_POSIX_LISTEN_H
#define WASOCK_POSIX_LISTEN_H

/* Hand over listeners, as a host does before it starts its guest. Ends the
 * program where it cannot. */
void wasock__posix_hand_over(void);

#endif
