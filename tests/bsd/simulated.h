/* SPDX-License-Identifier: MIT */
/*
 * simulated.h - a simulated host inside the guest, for tests of the layer. Time
 * and counts are always the same.
 */
#ifndef SIMULATED_H
#define SIMULATED_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "../simhost/simhost.h"

#define CHECK(c)                                                               \
    do {                                                                       \
        if (!(c)) {                                                            \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #c);                     \
            simhost_print_trace();                                             \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

/* The program's listeners, and their descriptors of the host. */
extern int listeners[2];
#define HOST_LISTENER 3

/* Simulate the host of a name, and open the listeners. */
void choose_host(const char *name);

/* Whether the host's poll does not check sockets. */
bool is_blind(void);

#endif
