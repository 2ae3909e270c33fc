/* SPDX-License-Identifier: MIT */
/*
 * signals.c - sigaction and masks over wasi-libc's emulated signals.
 *
 * True: what the program raises, or sends to itself by kill, comes at once to
 * its handler, or when it is no longer blocked. No signal comes from outside.
 * Ignored: sa_mask, SA_RESTART (nothing is interrupted).
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "plain.h"

static struct sigaction actions[_NSIG];
static sigset_t blocked;
static sigset_t pending;

static bool is_signal(int signal)
{
    if (signal <= 0 || signal >= _NSIG) {
        errno = EINVAL;
        return false;
    }
    return true;
}

static sigset_t bit_of(int signal)
{
    return (sigset_t)1 << (signal - 1);
}

/* How one that wants to know more is called. */
static void call_action(int number)
{
    siginfo_t info = {.si_signo = number, .si_pid = getpid()};

    actions[number].sa_sigaction(number, &info, NULL);
}

/* Errors: EINVAL: no signal, or one that cannot be caught. */
int sigaction(int number, const struct sigaction *restrict action,
              struct sigaction *restrict old)
{
    if (!is_signal(number)) {
        return -1;
    }
    if (old != NULL) {
        *old = actions[number];
    }
    if (action == NULL) {
        return 0;
    }
    if (number == SIGKILL || number == SIGSTOP) {
        errno = EINVAL;
        return -1;
    }
    actions[number] = *action;
    signal(number,
           (action->sa_flags & SA_SIGINFO) ? call_action : action->sa_handler);
    return 0;
}
WASOCK_BSD_PLAIN(sigaction);

/* To oneself (by number, or 0 for the group): raised, or kept while blocked;
 * signal 0 asks whether one is there. Errors: ESRCH; EINVAL. */
int kill(pid_t pid, int number)
{
    if (pid != 0 && pid != getpid()) {
        errno = ESRCH;
        return -1;
    }
    if (number == 0) {
        return 0;
    }
    if (!is_signal(number)) {
        return -1;
    }
    if (blocked & bit_of(number)) {
        pending |= bit_of(number);
        return 0;
    }
    return raise(number) == 0 ? 0 : -1;
}
WASOCK_BSD_PLAIN(kill);

int sigemptyset(sigset_t *set)
{
    *set = 0;
    return 0;
}
WASOCK_BSD_PLAIN(sigemptyset);

int sigfillset(sigset_t *set)
{
    *set = ~(sigset_t)0;
    return 0;
}
WASOCK_BSD_PLAIN(sigfillset);

int sigaddset(sigset_t *set, int number)
{
    if (!is_signal(number)) {
        return -1;
    }
    *set |= bit_of(number);
    return 0;
}
WASOCK_BSD_PLAIN(sigaddset);

int sigdelset(sigset_t *set, int number)
{
    if (!is_signal(number)) {
        return -1;
    }
    *set &= ~bit_of(number);
    return 0;
}
WASOCK_BSD_PLAIN(sigdelset);

int sigismember(const sigset_t *set, int number)
{
    return is_signal(number) ? (*set & bit_of(number)) != 0 : -1;
}
WASOCK_BSD_PLAIN(sigismember);

int sigpending(sigset_t *set)
{
    *set = pending;
    return 0;
}
WASOCK_BSD_PLAIN(sigpending);

/* Raise what was kept and is blocked no more. */
static void deliver(void)
{
    for (int number = 1; number < _NSIG; number++) {
        if (pending & ~blocked & bit_of(number)) {
            pending &= ~bit_of(number);
            raise(number);
        }
    }
}

/* Errors: EINVAL. */
int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    if (old != NULL) {
        *old = blocked;
    }
    if (set == NULL) {
        return 0;
    }
    switch (how) {
    case SIG_BLOCK:
        blocked |= *set;
        break;
    case SIG_UNBLOCK:
        blocked &= ~*set;
        break;
    case SIG_SETMASK:
        blocked = *set;
        break;
    default:
        errno = EINVAL;
        return -1;
    }
    blocked &= ~(bit_of(SIGKILL) | bit_of(SIGSTOP));
    deliver();
    return 0;
}
WASOCK_BSD_PLAIN(sigprocmask);

/* Returns the error. */
int pthread_sigmask(int how, const sigset_t *restrict set,
                    sigset_t *restrict old)
{
    return sigprocmask(how, set, old) == 0 ? 0 : errno;
}
WASOCK_BSD_PLAIN(pthread_sigmask);
