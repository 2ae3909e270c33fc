/* SPDX-License-Identifier: MIT */
/* facts_signals - what a program may rely on of the signals it raises. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "facts.h"

static volatile int n_calls;
static volatile int was_blocked;

static void count(int number)
{
    (void)number;
    n_calls++;
}

static int is_blocked(int number)
{
    sigset_t set;

    sigprocmask(SIG_BLOCK, NULL, &set);
    return sigismember(&set, number);
}

/* Raises another that has to wait, and itself once. */
static void nest(int number)
{
    was_blocked = is_blocked(number) + 2 * is_blocked(SIGUSR2);
    raise(SIGUSR2);
    if (n_calls++ == 0) {
        raise(number);
    }
}

static void inform(int number, siginfo_t *info, void *context)
{
    (void)context;
    n_calls += info->si_signo == number;
}

/* signal and sigaction know of each other. */
static void handlers(void)
{
    struct sigaction action = {.sa_handler = count};
    struct sigaction old;

    n_calls = 0;
    signal(SIGUSR1, SIG_DFL);
    FACT(signal(SIGUSR1, count) == SIG_DFL);
    FACT(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == count);
    FACT(old.sa_flags & SA_RESTART);
    FACT(signal(SIGUSR1, SIG_IGN) == count);
    FACT(sigaction(SIGUSR1, &action, &old) == 0 && old.sa_handler == SIG_IGN);
    FACT(signal(SIGUSR1, SIG_IGN) == count);
    FACT(raise(SIGUSR1) == 0 && n_calls == 0);
    FACT(sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler == SIG_IGN);
    action.sa_flags = (int)SA_RESETHAND;
    FACT(sigaction(SIGUSR1, &action, NULL) == 0);
    FACT(raise(SIGUSR1) == 0 && n_calls == 1);
    FACT(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = inform;
    FACT(sigaction(SIGUSR1, &action, NULL) == 0);
    FACT(raise(SIGUSR1) == 0 && n_calls == 2);
    FACT(signal(SIGKILL, count) == SIG_ERR && signal(9999, count) == SIG_ERR);
    FAILS(raise(9999), EINVAL);
    FACT(raise(SIGCHLD) == 0); /* which nobody has to handle */
}

static void masks(void)
{
    struct sigaction action = {.sa_handler = nest};
    sigset_t set;

    n_calls = 0;
    signal(SIGUSR1, count);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    FACT(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    FACT(raise(SIGUSR1) == 0 && raise(SIGUSR1) == 0 && n_calls == 0);
    FACT(sigpending(&set) == 0 && sigismember(&set, SIGUSR1) == 1);
    FACT(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && n_calls == 1);
    FACT(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && raise(SIGUSR1) == 0);
    signal(SIGUSR1, SIG_IGN); /* forgets what waits */
    FACT(sigpending(&set) == 0 && sigismember(&set, SIGUSR1) == 0);
    sigaddset(&set, SIGUSR1);
    FACT(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && n_calls == 1);
    n_calls = 0;
    signal(SIGUSR2, count);
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR2);
    FACT(sigaction(SIGUSR1, &action, NULL) == 0 && raise(SIGUSR1) == 0);
    FACT(was_blocked == 3 && n_calls == 3);
    FACT(is_blocked(SIGUSR1) == 0 && is_blocked(SIGUSR2) == 0);
    signal(SIGUSR2, SIG_IGN);
}

/* Who handles SIGPIPE hears of each write that nobody reads. */
static void broken_pipes(void)
{
    int pipe_ends[2];
    int pair[2];

    n_calls = 0;
    signal(SIGPIPE, count);
    FACT(pipe(pipe_ends) == 0 && close(pipe_ends[0]) == 0);
    FAILS(write(pipe_ends[1], "x", 1), EPIPE);
    FACT(n_calls == 1);
    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && close(pair[1]) == 0);
    FAILS(write(pair[0], "x", 1), EPIPE);
    FAILS(send(pair[0], "x", 1, 0), EPIPE);
    FACT(n_calls == 3);
    FAILS(send(pair[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    FACT(n_calls == 3);
    signal(SIGPIPE, SIG_IGN);
    FAILS(write(pair[0], "x", 1), EPIPE);
    FACT(n_calls == 3);
    FACT(close(pipe_ends[1]) == 0 && close(pair[0]) == 0);
}

/* What waits is let in by the mask of a wait in which nothing is ready. */
static void waits(void)
{
    const struct timespec long_time = {60, 0};
    struct epoll_event event = {.events = EPOLLOUT};
    struct pollfd one = {-1, POLLOUT, 0};
    const int epoll = epoll_create1(0);
    int ends[2];
    sigset_t set;
    sigset_t none;

    n_calls = 0;
    signal(SIGUSR1, count);
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    FACT(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && raise(SIGUSR1) == 0);
    FAILS(ppoll(&one, 1, &long_time, &none), EINTR);
    FACT(n_calls == 1 && raise(SIGUSR1) == 0);
    FAILS(pselect(0, NULL, NULL, NULL, &long_time, &none), EINTR);
    FACT(n_calls == 2 && raise(SIGUSR1) == 0);
    FAILS(epoll_pwait(epoll, &event, 1, -1, &none), EINTR);
    FACT(n_calls == 3 && is_blocked(SIGUSR1) && raise(SIGUSR1) == 0);
    FACT(pipe(ends) == 0);
    one.fd = ends[1];
    FACT(ppoll(&one, 1, &long_time, &none) == 1 && n_calls == 3);
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], &event) == 0);
    FACT(epoll_pwait(epoll, &event, 1, -1, &none) == 1 && n_calls == 3);
    FACT(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && n_calls == 4);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0 && close(epoll) == 0);
}

void signal_facts(void)
{
    handlers();
    masks();
    broken_pipes();
    waits();
}
