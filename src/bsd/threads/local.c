/* SPDX-License-Identifier: MIT */
/*
 * local.c - _Thread_local variables.
 *
 * The compiler makes them plain variables, as wasm has one thread. The headers
 * put them into a section of their own, of which each thread that waits keeps a
 * copy. So the address of such a variable is the same in all threads.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "thread.h"

/* The linker's, if there is such a section. */
extern char begin[] __asm__("__start_wasock_thread_local")
    __attribute__((weak));
extern char end[] __asm__("__stop_wasock_thread_local") __attribute__((weak));

static char *initial; /* as the program begins */

static size_t length(void)
{
    return (uintptr_t)end - (uintptr_t)begin;
}

static char *copy_of(const char *bytes)
{
    char *copy = (char *)malloc(length());

    if (copy == NULL) {
        wasock_bsd__die("no memory for a thread\n");
    }
    memcpy(copy, bytes, length());
    return copy;
}

__attribute__((constructor(101))) static void keep_initial(void)
{
    if (length() > 0) {
        initial = copy_of(begin);
    }
}

void wasock_bsd__local_new(struct thread *thread)
{
    if (length() > 0) {
        thread->local = copy_of(initial);
    }
}

void wasock_bsd__local_switch(struct thread *from, struct thread *to)
{
    if (length() == 0 || from == to) {
        return;
    }
    if (from->local == NULL) {
        from->local = copy_of(begin); /* main's */
    } else {
        memcpy(from->local, begin, length());
    }
    memcpy(begin, to->local, length());
}
