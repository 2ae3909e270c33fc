/* SPDX-License-Identifier: MIT */
/*
 * jumps.c - what C and POSIX say about setjmp and longjmp holds, natively and
 * in the sandbox with wasock-cc --longjmp, or --threads.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef WITH_THREADS
#include <pthread.h>
#endif

#include "facts.h"

int n_facts;
int n_failed;

static jmp_buf outer;
static jmp_buf inner;
static sigjmp_buf from_handler;

__attribute__((noinline)) static int jump_deep(jmp_buf buffer, int depth,
                                               int value)
{
    volatile char room[100];

    room[0] = (char)depth;
    if (depth == 0) {
        longjmp(buffer, value);
    }
    return jump_deep(buffer, depth - 1, value) + room[0];
}

static void value_facts(void)
{
    volatile int n_returns = 0;
    const int given[4] = {1, 0, -3, 1 << 30};

    for (int i = 0; i < 4; i++) {
        n_returns = 0;
        const int value = setjmp(outer);
        n_returns++;
        if (value == 0 && n_returns == 1) {
            jump_deep(outer, 20, given[i]);
        }
        FACT(n_returns == 2);
        FACT(value == (given[i] == 0 ? 1 : given[i]));
    }
}

/* What is not changed after setjmp has its value, wherever it is kept. */
__attribute__((noinline)) static void variable_facts(int argument)
{
    const int squared = argument * argument;
    char text[50];
    volatile int changed = 1;
    double half = argument / 2.0;

    snprintf(text, sizeof(text), "number %d", argument);
    if (setjmp(outer) == 0) {
        changed = 2;
        text[0] = 'N';
        jump_deep(outer, 5, 1);
    }
    FACT(argument == 21 && squared == 441 && half == 10.5);
    FACT(changed == 2);
    FACT(strcmp(text, "Number 21") == 0);
}

__attribute__((noinline)) static void throw_inner(int value)
{
    longjmp(inner, value);
}

static void nested_facts(void)
{
    volatile int n_inner = 0;
    volatile int n_outer = 0;

    if (setjmp(outer) == 0) {
        for (volatile int i = 1; i <= 5; i++) {
            const int value = setjmp(inner);
            if (value == 0) {
                throw_inner(i);
            }
            FACT(value == i);
            n_inner++;
            if (i == 4) {
                longjmp(outer, 9);
            }
        }
        FACT(0 && "the outer one was jumped to");
    } else {
        n_outer++;
    }
    FACT(n_inner == 4 && n_outer == 1);
}

/* The way that error handlers nest: the buffer is saved and restored. */
static void copy_facts(void)
{
    volatile int stage = 0;

    if (setjmp(outer) == 0) {
        jmp_buf saved;
        memcpy(saved, outer, sizeof(saved));
        if (setjmp(outer) == 0) {
            stage = 1;
            jump_deep(outer, 3, 1);
        }
        FACT(stage == 1);
        stage = 2;
        memcpy(outer, saved, sizeof(saved));
        jump_deep(outer, 3, 1);
    }
    FACT(stage == 2);
}

/* A loop that calls setjmp each time, as interpreters do. */
__attribute__((noinline)) static int run_protected(volatile int fails)
{
    jmp_buf here;

    if (setjmp(here) != 0) {
        return -1;
    }
    if (fails) {
        jump_deep(here, 3, 1);
    }
    return 0;
}

static void loop_facts(void)
{
    int n_errors = 0;

    for (int i = 0; i < 20000; i++) {
        n_errors += run_protected(i % 2) < 0;
    }
    FACT(n_errors == 10000);
}

static int compare_and_jump(const void *a, const void *b)
{
    if (*(const int *)a == 7 || *(const int *)b == 7) {
        longjmp(outer, 7);
    }
    return *(const int *)a - *(const int *)b;
}

static void callback_facts(void)
{
    int numbers[6] = {4, 2, 9, 1, 7, 5};

    if (setjmp(outer) == 0) {
        qsort(numbers, 6, sizeof(numbers[0]), compare_and_jump);
        FACT(0 && "a comparison jumped");
    }
}

static void handle(int number)
{
    siglongjmp(from_handler, number);
}

static bool is_blocked(int number)
{
    sigset_t mask;

    return sigprocmask(SIG_BLOCK, NULL, &mask) == 0 &&
           sigismember(&mask, number) == 1;
}

static void signal_facts_of_jumps(void)
{
    struct sigaction action = {.sa_handler = handle};

    sigemptyset(&action.sa_mask);
    FACT(sigaction(SIGUSR1, &action, NULL) == 0);
    for (volatile int i = 0; i < 3; i++) {
        const int value = sigsetjmp(from_handler, 1);
        if (value == 0) {
            FACT(!is_blocked(SIGUSR1));
            raise(SIGUSR1);
            FACT(0 && "the handler jumped");
        }
        FACT(value == SIGUSR1);
        FACT(!is_blocked(SIGUSR1)); /* as it was */
    }
    if (sigsetjmp(from_handler, 0) == 0) {
        kill(getpid(), SIGUSR1);
    }
    FACT(is_blocked(SIGUSR1)); /* as in the handler */
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    FACT(sigprocmask(SIG_UNBLOCK, &mask, NULL) == 0);
    signal(SIGUSR1, SIG_DFL);
}

#ifdef WITH_THREADS

static void *jump_in_thread(void *argument)
{
    jmp_buf here;
    volatile int n = 0;

    while (n < 50) {
        if (setjmp(here) == 0) {
            usleep(50); /* others jump meanwhile */
            n++;
            jump_deep(here, 4, 1);
        }
    }
    return argument;
}

static void thread_facts(void)
{
    pthread_t threads[4];

    for (int i = 0; i < 4; i++) {
        FACT(pthread_create(&threads[i], NULL, jump_in_thread, &n_facts) == 0);
    }
    jump_in_thread(NULL);
    for (int i = 0; i < 4; i++) {
        void *result = NULL;
        FACT(pthread_join(threads[i], &result) == 0 && result == &n_facts);
    }
}

#endif

int main(void)
{
    value_facts();
    variable_facts(21);
    nested_facts();
    copy_facts();
    loop_facts();
    callback_facts();
    signal_facts_of_jumps();
#ifdef WITH_THREADS
    thread_facts();
#endif
    printf("%d facts, %d failed\n", n_facts, n_failed);
    return n_failed > 0;
}
