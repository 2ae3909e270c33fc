/* SPDX-License-Identifier: MIT */
/* facts_locks - locks, keys, sets of signals and what they bring, of a program
 * with one thread. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"

/* The number of no process. */
#define NOBODY 0x3ffffffe

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* siginterrupt */

static const struct timespec past = {.tv_sec = 1};
static const struct timespec bad = {.tv_nsec = 1000000000};

/* A lock in memory that held something else before. */
static void mutexes(void)
{
    const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE,
                         PTHREAD_MUTEX_ERRORCHECK};
    pthread_mutex_t mutex;
    pthread_mutexattr_t attributes;

    for (int i = 0; i < 3; i++) {
        const bool is_recursive = types[i] == PTHREAD_MUTEX_RECURSIVE;
        memset(&mutex, 0xff, sizeof(mutex));
        FACT(pthread_mutexattr_init(&attributes) == 0);
        FACT(pthread_mutexattr_settype(&attributes, types[i]) == 0);
        FACT(pthread_mutex_init(&mutex, &attributes) == 0);
        FACT(pthread_mutexattr_destroy(&attributes) == 0);
        FACT(pthread_mutex_timedlock(&mutex, &past) == 0); /* it is free */
        FACT(pthread_mutex_trylock(&mutex) == (is_recursive ? 0 : EBUSY));
        if (is_recursive) {
            FACT(pthread_mutex_timedlock(&mutex, &past) == 0);
            FACT(pthread_mutex_unlock(&mutex) == 0);
            FACT(pthread_mutex_unlock(&mutex) == 0);
        } else if (types[i] == PTHREAD_MUTEX_ERRORCHECK) {
            FACT(pthread_mutex_lock(&mutex) == EDEADLK);
            FACT(pthread_mutex_timedlock(&mutex, &past) == EDEADLK);
        } else {
            FACT(pthread_mutex_timedlock(&mutex, &past) == ETIMEDOUT);
            FACT(pthread_mutex_timedlock(&mutex, &bad) == EINVAL);
        }
        FACT(pthread_mutex_destroy(&mutex) == EBUSY);
        FACT(pthread_mutex_unlock(&mutex) == 0);
        if (types[i] != PTHREAD_MUTEX_NORMAL) {
            FACT(pthread_mutex_unlock(&mutex) == EPERM);
        }
        FACT(pthread_mutex_destroy(&mutex) == 0);
    }
    memset(&mutex, 0xff, sizeof(mutex));
    FACT(pthread_mutex_init(&mutex, NULL) == 0);
    FACT(pthread_mutex_trylock(&mutex) == 0);
    FACT(pthread_mutex_trylock(&mutex) == EBUSY);
    FACT(pthread_mutex_unlock(&mutex) == 0);
    FACT(pthread_mutex_destroy(&mutex) == 0);
}

static void conditions(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition;

    memset(&condition, 0xff, sizeof(condition));
    FACT(pthread_cond_init(&condition, NULL) == 0);
    FACT(pthread_mutex_lock(&mutex) == 0);
    FACT(pthread_cond_timedwait(&condition, &mutex, &past) == ETIMEDOUT);
    FACT(pthread_cond_timedwait(&condition, &mutex, &bad) == EINVAL);
    FACT(pthread_mutex_trylock(&mutex) == EBUSY);
    FACT(pthread_cond_broadcast(&condition) == 0);
    FACT(pthread_cond_signal(&condition) == 0);
    FACT(pthread_mutex_unlock(&mutex) == 0);
    FACT(pthread_cond_destroy(&condition) == 0);
}

static void read_write_locks(void)
{
    pthread_rwlock_t lock;

    memset(&lock, 0xff, sizeof(lock));
    FACT(pthread_rwlock_init(&lock, NULL) == 0);
    FACT(pthread_rwlock_timedrdlock(&lock, &past) == 0);
    FACT(pthread_rwlock_rdlock(&lock) == 0);
    FACT(pthread_rwlock_trywrlock(&lock) == EBUSY);
    FACT(pthread_rwlock_timedwrlock(&lock, &past) == ETIMEDOUT);
    FACT(pthread_rwlock_timedwrlock(&lock, &bad) == EINVAL);
    FACT(pthread_rwlock_tryrdlock(&lock) == 0);
    for (int i = 0; i < 3; i++) {
        FACT(pthread_rwlock_trywrlock(&lock) == EBUSY);
        FACT(pthread_rwlock_unlock(&lock) == 0);
    }
    FACT(pthread_rwlock_timedwrlock(&lock, &past) == 0);
    FACT(pthread_rwlock_tryrdlock(&lock) == EBUSY);
    FACT(pthread_rwlock_trywrlock(&lock) == EBUSY);
    FACT(pthread_rwlock_timedrdlock(&lock, &past) == EDEADLK);
    FACT(pthread_rwlock_timedwrlock(&lock, &past) == EDEADLK);
    FACT(pthread_rwlock_timedrdlock(&lock, &bad) == EINVAL);
    FACT(pthread_rwlock_unlock(&lock) == 0);
    FACT(pthread_rwlock_wrlock(&lock) == 0);
#ifdef __wasm__ /* which natively nobody checks */
    FACT(pthread_rwlock_destroy(&lock) == EBUSY);
    FACT(pthread_rwlock_unlock(&lock) == 0);
    FACT(pthread_rwlock_unlock(&lock) == EPERM);
#else
    FACT(pthread_rwlock_unlock(&lock) == 0);
#endif
    FACT(pthread_rwlock_destroy(&lock) == 0);
}

static void other_locks(void)
{
    pthread_spinlock_t spin = 0x55;
    pthread_barrier_t barrier;
    sem_t semaphore;
    int value = -1;

    FACT(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    FACT(pthread_spin_trylock(&spin) == 0);
    FACT(pthread_spin_trylock(&spin) == EBUSY);
    FACT(pthread_spin_unlock(&spin) == 0 && pthread_spin_lock(&spin) == 0);
    FACT(pthread_spin_trylock(&spin) == EBUSY);
    FACT(pthread_spin_unlock(&spin) == 0);
    FACT(pthread_spin_destroy(&spin) == 0);
    memset(&barrier, 0xff, sizeof(barrier));
    FACT(pthread_barrier_init(&barrier, NULL, 1) == 0);
    for (int i = 0; i < 3; i++) {
        FACT(pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD);
    }
    FACT(pthread_barrier_destroy(&barrier) == 0);
    FACT(sem_init(&semaphore, 0, SEM_VALUE_MAX - 1) == 0);
    FACT(sem_post(&semaphore) == 0);
    FAILS(sem_post(&semaphore), EOVERFLOW);
    FACT(sem_getvalue(&semaphore, &value) == 0 && value == SEM_VALUE_MAX);
    FACT(sem_init(&semaphore, 0, 2) == 0);
    FACT(sem_trywait(&semaphore) == 0);
    FACT(sem_timedwait(&semaphore, &past) == 0); /* nobody has to wait */
    FAILS(sem_trywait(&semaphore), EAGAIN);
    FAILS(sem_timedwait(&semaphore, &past), ETIMEDOUT);
    FAILS(sem_timedwait(&semaphore, &bad), EINVAL);
    FACT(sem_getvalue(&semaphore, &value) == 0 && value == 0);
    FACT(sem_destroy(&semaphore) == 0);
}

static void keys(void)
{
    static pthread_key_t all[2000];
    int n = 0;

    while (n < 2000 && pthread_key_create(&all[n], NULL) == 0) {
        FACT(pthread_getspecific(all[n]) == NULL);
        FACT(pthread_setspecific(all[n], &all[n]) == 0);
        n++;
    }
    FACT(n >= 100 && n < 2000);
    FACT(pthread_key_create(&all[n], NULL) == EAGAIN);
    for (int i = 0; i < n; i++) {
        FACT(pthread_getspecific(all[i]) == &all[i]);
    }
    FACT(pthread_key_delete(all[7]) == 0);
    FACT(pthread_key_delete(all[7]) == EINVAL);
    FACT(pthread_setspecific(all[7], &n) == EINVAL);
    FACT(pthread_key_create(&all[n], NULL) == 0 && all[n] == all[7]);
    FACT(pthread_getspecific(all[n]) == NULL); /* nothing of the old one */
    for (int i = 0; i < n; i++) {
        FACT(pthread_key_delete(all[i]) == 0);
    }
    FACT(pthread_key_delete(99999) == EINVAL);
    FACT(pthread_setspecific(99999, &n) == EINVAL);
}

static void sets(void)
{
    const int none[] = {0, -1, NSIG};
    sigset_t set;
    sigset_t old;

    memset(&set, 0xff, sizeof(set));
    FACT(sigemptyset(&set) == 0 && sigismember(&set, SIGHUP) == 0);
    FACT(sigaddset(&set, SIGHUP) == 0 && sigaddset(&set, SIGTERM) == 0);
    FACT(sigismember(&set, SIGHUP) == 1 && sigismember(&set, SIGINT) == 0);
    FACT(sigdelset(&set, SIGHUP) == 0 && sigismember(&set, SIGHUP) == 0);
    FACT(sigismember(&set, SIGTERM) == 1);
    FACT(sigfillset(&set) == 0 && sigismember(&set, SIGHUP) == 1);
    FACT(sigismember(&set, SIGKILL) == 1 && sigismember(&set, SIGUSR2) == 1);
    for (int i = 0; i < 3; i++) {
        FAILS(sigaddset(&set, none[i]), EINVAL);
        FAILS(sigdelset(&set, none[i]), EINVAL);
        FAILS(sigismember(&set, none[i]), EINVAL);
        FAILS(siginterrupt(none[i], 1), EINVAL);
    }
    FACT(sigprocmask(SIG_SETMASK, &set, &old) == 0);
    FACT(sigismember(&old, SIGUSR1) == 0);
    FACT(sigprocmask(SIG_BLOCK, NULL, &set) == 0);
    FACT(sigismember(&set, SIGUSR1) == 1 && sigismember(&set, SIGHUP) == 1);
    FACT(sigismember(&set, SIGKILL) == 0 && sigismember(&set, SIGSTOP) == 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    FACT(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
    FACT(pthread_sigmask(99, NULL, &set) == 0); /* nothing is to be set */
    FACT(sigismember(&set, SIGUSR1) == 0 && sigismember(&set, SIGUSR2) == 1);
    FAILS(sigprocmask(99, &set, NULL), EINVAL);
    FACT(pthread_sigmask(99, &set, NULL) == EINVAL);
    FACT(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    FACT(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    FACT(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0); /* besides */
    FACT(pthread_sigmask(SIG_SETMASK, &old, &set) == 0);
    FACT(sigismember(&set, SIGUSR1) == 1 && sigismember(&set, SIGUSR2) == 1);
}

static int order[8];
static int n_handled;

static void note(int number)
{
    if (n_handled < 8) {
        order[n_handled++] = number;
    }
}

/* What is ignored, and the order of what is not. */
static void deliveries(void)
{
    const int ignored[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH};
    struct sigaction action = {.sa_handler = note};
    struct sigaction old;
    sigset_t set;
    sigset_t pending;

    for (int i = 0; i < 4; i++) {
        FACT(raise(ignored[i]) == 0 && kill(getpid(), ignored[i]) == 0);
    }
    FACT(sigpending(&pending) == 0 && sigismember(&pending, SIGURG) == 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigemptyset(&action.sa_mask);
    FACT(sigaction(SIGUSR1, &action, NULL) == 0);
    FACT(sigaction(SIGUSR2, &action, NULL) == 0);
    FACT(siginterrupt(SIGUSR1, 0) == 0 && sigaction(SIGUSR1, NULL, &old) == 0);
    FACT((old.sa_flags & SA_RESTART) != 0 && old.sa_handler == note);
    FACT(siginterrupt(SIGUSR1, 1) == 0 && sigaction(SIGUSR1, NULL, &old) == 0);
    FACT((old.sa_flags & SA_RESTART) == 0);
    FACT(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    FACT(raise(SIGUSR2) == 0 && raise(SIGUSR1) == 0 && n_handled == 0);
    FACT(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) == 1);
    FACT(sigismember(&pending, SIGUSR2) == 1);
    FACT(sigismember(&pending, SIGHUP) == 0);
    FACT(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && n_handled == 2);
    FACT(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) == 0);
    FACT((order[0] == SIGUSR1) != (order[1] == SIGUSR1));
    FACT(kill(0x3ffffffe, SIGUSR1) == -1 && errno == ESRCH && n_handled == 2);
    FAILS(kill(getpid(), NSIG), EINVAL);
    FAILS(kill(getpid(), -1), EINVAL);
    FAILS(raise(-1), EINVAL);
    FACT(raise(0) == 0 && kill(getpid(), 0) == 0 && killpg(getpgrp(), 0) == 0);
    FAILS(killpg(NOBODY, 0), ESRCH);
    FAILS(sigaction(0, &action, NULL), EINVAL);
    FAILS(sigaction(SIGSTOP, &action, NULL), EINVAL);
    FACT(n_handled == 2);
    FACT(signal(SIGUSR1, SIG_DFL) == note && signal(SIGUSR2, SIG_DFL) == note);
}

/* What is waited for instead of handled. */
static void awaited(void)
{
    const union sigval value = {.sival_int = 4711};
    const struct timespec none = {0, 0};
    sigset_t set;
    siginfo_t info;
    int number = 0;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGTERM);
    FACT(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    FAILS(sigtimedwait(&set, &info, &none), EAGAIN);
    FAILS(sigtimedwait(&set, NULL, &bad), EINVAL);
    FACT(sigqueue(getpid(), SIGUSR1, value) == 0);
    FACT(sigtimedwait(&set, &info, &none) == SIGUSR1);
    FACT(info.si_signo == SIGUSR1 && info.si_code == SI_QUEUE);
    FACT(info.si_value.sival_int == 4711 && info.si_pid == getpid());
    FACT(kill(getpid(), SIGTERM) == 0);
    FACT(sigwaitinfo(&set, &info) == SIGTERM && info.si_code == SI_USER);
    FACT(info.si_signo == SIGTERM);
    FACT(raise(SIGUSR1) == 0 && sigwaitinfo(&set, NULL) == SIGUSR1);
    FACT(raise(SIGTERM) == 0 && sigwait(&set, &number) == 0);
    FACT(number == SIGTERM);
    FAILS(sigtimedwait(&set, NULL, &none), EAGAIN);
    FAILS(sigqueue(NOBODY, SIGUSR1, value), ESRCH);
    FAILS(sigqueue(getpid(), NSIG, value), EINVAL);
    FACT(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

static void other_stacks(void)
{
    stack_t old = {.ss_flags = 77};
    const stack_t disabled = {.ss_flags = SS_DISABLE};

    FACT(sigaltstack(&disabled, NULL) == 0 && sigaltstack(NULL, &old) == 0);
    FACT(old.ss_flags == SS_DISABLE);
#ifdef __wasm__ /* a guest has no other stack */
    static char bytes[SIGSTKSZ];
    const stack_t stack = {.ss_sp = bytes, .ss_size = sizeof(bytes)};
    FAILS(sigaltstack(&stack, NULL), ENOMEM);
    FACT(sem_open("/name", 0) == SEM_FAILED && errno == ENOSYS);
    FAILS(sem_unlink("/name"), ENOSYS);
#endif
}

void lone_lock_facts(void)
{
    mutexes();
    conditions();
    read_write_locks();
    other_locks();
    keys();
    sets();
    deliveries();
    awaited();
    other_stacks();
}
