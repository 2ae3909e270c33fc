/* SPDX-License-Identifier: MIT */
/* threads.h - what the facts about threads share. */
#ifndef THREADS_H
#define THREADS_H

#include <pthread.h>
#include <time.h>

/* A moment of a clock, so many ms from now. */
struct timespec in_ms(clockid_t clock, long ms);

/* The time of the monotonic clock. */
long now_ms(void);

/* Create a thread, and join one. */
pthread_t start(void *(*run)(void *), void *argument);
void *result_of(pthread_t thread);

void cancel_facts(void);         /* threads_cancel.c */
void interrupt_facts(void);      /* threads_interrupts.c */
void lock_and_timer_facts(void); /* threads_locks.c */
void thread_signal_facts(void);  /* threads_signals.c */
void waiting_facts(void);        /* threads_waiting.c */

#endif
