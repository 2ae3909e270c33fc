/* SPDX-License-Identifier: MIT */
/* cleanup.c - pthread_cleanup_push and pthread_cleanup_pop. */
#include <pthread.h>

#include "../threads/thread.h"

void wasock_bsd_cleanup_push(struct wasock_bsd_cleanup *cleanup)
{
    cleanup->outer = wasock_bsd__current->innermost;
    wasock_bsd__current->innermost = cleanup;
}

void wasock_bsd_cleanup_pop(int executes)
{
    const struct wasock_bsd_cleanup *cleanup = wasock_bsd__current->innermost;

    wasock_bsd__current->innermost = cleanup->outer;
    if (executes) {
        cleanup->handler(cleanup->argument);
    }
}
