/* SPDX-License-Identifier: MIT */
/* threads_ends.c - ways in which a program with threads ends. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static jmp_buf buffer;

static void *lock_both(void *argument)
{
    pthread_mutex_lock(&second);
    usleep(1000);
    pthread_mutex_lock(&first);
    return argument;
}

static void lock_crosswise(pthread_t thread)
{
    pthread_mutex_lock(&first);
    usleep(1000);
    pthread_mutex_lock(&second);
    pthread_join(thread, NULL);
}

static void *wait_for_condition(void *argument)
{
    pthread_mutex_lock(&first);
    pthread_cond_wait(&condition, &first);
    return argument;
}

static void *say_late(void *argument)
{
    usleep(20000);
    puts("late");
    return argument;
}

static void *exit_late(void *argument)
{
    usleep(1000);
    exit(1);
    return argument;
}

static void *tick(void *argument)
{
    for (int i = 0; i < 3; i++) {
        usleep(1000);
    }
    puts("ticked");
    return argument;
}

__attribute__((noinline)) static int recur(int depth)
{
    volatile char room[1000];

    room[depth % 1000] = (char)depth;
    return depth == 0 ? 0 : recur(depth - 1) + room[depth % 1000];
}

static void *overflow(void *argument)
{
    const int sum = recur(130); /* of at least 1000 bytes each */

    usleep(1000);
    printf("%d\n", sum);
    return argument;
}

__attribute__((noinline)) static void set_and_return(void)
{
    volatile char room[100] = {0};

    if (setjmp(buffer) != 0) {
        printf("jumped %d\n", room[0]);
    }
}

int main(int n_arguments, char **arguments)
{
    const char *how = n_arguments > 1 ? arguments[1] : "";
    void *(*const runs[])(void *) = {lock_both, wait_for_condition, say_late,
                                     exit_late, overflow};
    const char *const names[] = {"mutexes", "condition", "main exits",
                                 "thread exits", "overflow"};
    pthread_t thread;

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        if (strcmp(how, names[i]) == 0) {
            pthread_create(&thread, NULL, runs[i], NULL);
            pthread_setname_np(thread, "worker");
        }
    }
    if (strcmp(how, "mutexes") == 0) {
        lock_crosswise(thread);
    } else if (strcmp(how, "main exits") == 0) {
        pthread_exit(NULL);
    } else if (strcmp(how, "poll") == 0) {
        pthread_create(&thread, NULL, wait_for_condition, NULL);
        poll(NULL, 0, -1);
    } else if (strcmp(how, "stdin") == 0) {
        pthread_create(&thread, NULL, tick, NULL);
        printf("got %c\n", getchar()); /* after the thread has ticked */
        return 0;
    } else if (strcmp(how, "longjmp") == 0) {
        set_and_return();
        longjmp(buffer, 1);
    } else {
        pthread_join(thread, NULL);
    }
    puts("joined");
    return 0;
}
