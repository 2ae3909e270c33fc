/* SPDX-License-Identifier: MIT */
/*
 * waits.h - what tests of waits share: a simulated host inside the guest, and
 * event loops beside other threads. Time and counts are always the same.
 */
#ifndef WAITS_H
#define WAITS_H

#include <pthread.h>
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

#define N_CROWD_MAX 1001

/* An instance and the connections in it, which are not blocking. */
struct crowd {
    int epoll;
    int n;
    int fds[N_CROWD_MAX];
    struct simhost_peer *peers[N_CROWD_MAX];
};

/* The program's listeners, and their descriptors of the host. */
extern int listeners[2];
#define HOST_LISTENER 3

/* Open an instance with `n` connections, and close all. */
void open_crowd(struct crowd *crowd, int n);
void close_crowd(struct crowd *crowd);

/* Add a connection. Returns its number in the crowd. */
int join(struct crowd *crowd, unsigned events);

/* Create a thread, and join one. */
pthread_t start(void *(*run)(void *), void *argument);
void *result_of(pthread_t thread);

/* Whether the host's poll does not check sockets. */
bool is_blind(void);

void cost_facts(void); /* waits_costs.c */
void wake_facts(void); /* waits_wakes.c */

#endif
