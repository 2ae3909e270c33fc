/* SPDX-License-Identifier: MIT */
/* threads_signals.c - signals of threads, and their masks. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>
#include <unistd.h>

#include "facts.h"
#include "threads.h"

static sem_t is_there;
static sem_t is_handled;
static sem_t is_over;
static pthread_t handled_by;

static bool is_blocked(int number)
{
    sigset_t mask;

    return pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 &&
           sigismember(&mask, number) == 1;
}

static sigset_t set_of(int number)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    return set;
}

static void handle(int number)
{
    FACT(number == SIGUSR2);
    handled_by = pthread_self();
    sem_post(&is_handled);
}

static void *be_killed(void *argument)
{
    sem_post(&is_there);
    while (sem_wait(&is_over) < 0) {
        FACT(errno == EINTR);
    }
    return argument;
}

static void *take_signals(void *argument)
{
    const sigset_t set = set_of(SIGUSR1);
    int number = 0;

    FACT(is_blocked(SIGUSR1)); /* inherited */
    sem_post(&is_there);
    for (int i = 0; i < 2; i++) {
        FACT(sigwait(&set, &number) == 0 && number == SIGUSR1);
        sem_post(&is_handled);
    }
    return argument;
}

static void *change_mask(void *argument)
{
    const sigset_t set = set_of(SIGHUP);

    FACT(!is_blocked(SIGHUP));
    FACT(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    sem_post(&is_there);
    usleep(1000);
    FACT(is_blocked(SIGHUP));
    return argument;
}

/* ---- A timer ---- */

static int alarm_ends[2];

static void wake_reader(int number)
{
    FACT(number == SIGALRM && pthread_equal(pthread_self(), handled_by));
    FACT(write(alarm_ends[1], "x", 1) == 1);
}

static void *read_byte(void *argument)
{
    char byte = 0;

    FACT(read(alarm_ends[0], &byte, 1) == 1 && byte == 'x');
    return argument;
}

/* Main, or a thread where main blocks the signal, has it while all wait. */
static void timer_facts(void)
{
    const struct itimerval soon = {.it_value = {.tv_usec = 10000}};
    const struct sigaction action = {.sa_handler = wake_reader,
                                     .sa_flags = SA_RESTART};
    const sigset_t set = set_of(SIGALRM);

    FACT(pipe(alarm_ends) == 0 && sigaction(SIGALRM, &action, NULL) == 0);
    handled_by = pthread_self();
    pthread_t thread = start(read_byte, NULL);
    FACT(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    result_of(thread);

    thread = start(read_byte, NULL);
    FACT(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    handled_by = thread;
    FACT(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    result_of(thread);
    FACT(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
    FACT(close(alarm_ends[0]) == 0 && close(alarm_ends[1]) == 0);
    signal(SIGALRM, SIG_DFL);
}

void thread_signal_facts(void)
{
    const struct sigaction action = {.sa_handler = handle,
                                     .sa_flags = SA_RESTART};
    const sigset_t set = set_of(SIGUSR1);

    FACT(sem_init(&is_there, 0, 0) == 0 && sem_init(&is_handled, 0, 0) == 0 &&
         sem_init(&is_over, 0, 0) == 0);

    FACT(sigaction(SIGUSR2, &action, NULL) == 0);
    pthread_t thread = start(be_killed, NULL);
    sem_wait(&is_there);
    FACT(pthread_kill(thread, 0) == 0);
    FACT(pthread_kill(thread, 1000) == EINVAL);
    FACT(pthread_kill(thread, SIGUSR2) == 0);
    while (sem_wait(&is_handled) < 0) {
    }
    FACT(pthread_equal(handled_by, thread));
    FACT(pthread_kill(pthread_self(), SIGUSR2) == 0);
    while (sem_wait(&is_handled) < 0) {
    }
    FACT(pthread_equal(handled_by, pthread_self()));
    sem_post(&is_over);
    result_of(thread);

    FACT(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    thread = start(take_signals, NULL);
    sem_wait(&is_there);
    FACT(kill(getpid(), SIGUSR1) == 0); /* of the process */
    sem_wait(&is_handled);
    FACT(pthread_kill(thread, SIGUSR1) == 0);
    sem_wait(&is_handled);
    result_of(thread);
    FACT(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);

    thread = start(change_mask, NULL);
    sem_wait(&is_there);
    FACT(!is_blocked(SIGHUP)); /* each has its own */
    result_of(thread);
    FACT(!is_blocked(SIGHUP));
    signal(SIGUSR2, SIG_DFL);
    timer_facts();
}
