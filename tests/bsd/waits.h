/* SPDX-License-Identifier: MIT */
/*
 * waits.h - event loops beside other threads, on a simulated host.
 */
#ifndef WAITS_H
#define WAITS_H

#include <pthread.h>

#include "simulated.h"

#define N_CROWD_MAX 1001

/* An instance and the connections in it, which are not blocking. */
struct crowd {
    int epoll;
    int n;
    int fds[N_CROWD_MAX];
    struct simhost_peer *peers[N_CROWD_MAX];
};

/* Open an instance with `n` connections, and close all. */
void open_crowd(struct crowd *crowd, int n);
void close_crowd(struct crowd *crowd);

/* Add a connection. Returns its number in the crowd. */
int join(struct crowd *crowd, unsigned events);

/* Create a thread, and join one. */
pthread_t start(void *(*run)(void *), void *argument);
void *result_of(pthread_t thread);

void cost_facts(void); /* waits_costs.c */
void wake_facts(void); /* waits_wakes.c */

#endif
