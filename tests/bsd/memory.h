/* SPDX-License-Identifier: MIT */
/* memory.h - a call that memory.c makes while each of its allocations fails. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

struct call {
    const char *name;
    void (*prepare)(void); /* NULL: nothing is needed */
    int (*call)(void);     /* returns -1 with errno on failure */
};

/* Those of files, in memory_files.c: each closes what it opens. */
extern const struct call file_calls[];
extern const size_t n_file_calls;

#endif
