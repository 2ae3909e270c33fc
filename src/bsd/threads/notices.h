/* SPDX-License-Identifier: MIT */
/*
 * notices.h - waits for sockets inside the program.
 *
 * The library notifies watches of such a socket when its readiness may have
 * changed. A notice is a watch whose thread is woken then.
 */
#ifndef WASOCK_BSD_THREADS_NOTICES_H
#define WASOCK_BSD_THREADS_NOTICES_H

#include "../../socket_internal.h"

struct thread;

struct notice {
    struct wasock_watch watch; /* first */
    struct thread *thread;
};

/* Begin and end to watch, for the current thread. */
void wasock_bsd__notice(struct wasock_socket *socket, struct notice *notice);
void wasock_bsd__unnotice(struct notice *notice);

/* Wake the threads whose notices have come. */
void wasock_bsd__take_notices(void);

#endif
