/* SPDX-License-Identifier: MIT */
/*
 * signals.c - signals that the program sends to itself.
 *
 * True: a signal that the program raises, or sends to itself by kill, runs its
 * handler at once, or when it is unblocked; sa_mask, SA_NODEFER, SA_RESETHAND.
 * SIGPIPE comes where there is a handler for it, and ends no program. A signal
 * that is pending does not become so a second time, not even a real-time one.
 * No signal comes from outside: to wait for one that is not pending is EDEADLK,
 * with a timeout EAGAIN when it is over. Ignored:
 * SA_RESTART and siginterrupt (nothing is interrupted), SA_ONSTACK.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include <poll.h>
#include <time.h>

#include "../plain.h"
#include "../threads/layer.h"
#include "../waiting/wait.h"
#include "../waiting/watch.h"
#include "signals.h"

/* The default action of a signal: wasi-libc ends the program, or goes on. */
int wasock_libc_raise(int number) __asm__("raise");

static struct sigaction actions[_NSIG];
static sigset_t blocked;
static sigset_t pending;
static struct signal_watch *watches;

/* How each pending signal was sent. */
static struct {
    int code;
    union sigval value;
} sent[_NSIG];

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

static siginfo_t info_of(int number)
{
    const siginfo_t info = {.si_signo = number,
                            .si_code = sent[number].code,
                            .si_pid = getpid(),
                            .si_uid = getuid(),
                            .si_value = sent[number].value};

    return info;
}

/* Run the action of a signal. */
static void act(int number)
{
    const struct sigaction action = actions[number];
    siginfo_t info = info_of(number);
    const sigset_t before = blocked;

    if (action.sa_handler == SIG_IGN) {
        return;
    }
    if (action.sa_handler == SIG_DFL) {
        wasock_libc_raise(number);
        return;
    }
    blocked |= action.sa_mask;
    if (((unsigned)action.sa_flags & SA_NODEFER) == 0) {
        blocked |= bit_of(number);
    }
    if (((unsigned)action.sa_flags & SA_RESETHAND) != 0) {
        actions[number].sa_handler = SIG_DFL;
    }
    if (((unsigned)action.sa_flags & SA_SIGINFO) != 0) {
        action.sa_sigaction(number, &info, NULL);
    } else {
        action.sa_handler(number);
    }
    blocked = before;
}

void wasock_bsd__deliver(void)
{
    for (int number = 1; number < _NSIG; number++) {
        if (pending & ~blocked & bit_of(number)) {
            pending &= ~bit_of(number);
            act(number);
            number = 0;
        }
    }
}

/* Errors: EINVAL: no signal, or one that cannot be caught. */
int sigaction(int number, const struct sigaction *restrict action,
              struct sigaction *restrict old)
{
    if (!is_signal(number)) {
        return -1;
    }
    if (action != NULL && (number == SIGKILL || number == SIGSTOP)) {
        errno = EINVAL;
        return -1;
    }
    const struct sigaction before = actions[number];
    if (action != NULL) {
        actions[number] = *action;
        if (action->sa_handler == SIG_IGN) {
            pending &= ~bit_of(number);
        }
    }
    if (old != NULL) {
        *old = before;
    }
    return 0;
}
WASOCK_BSD_PLAIN(sigaction);

/* signal(2): the handler stays, and the signal is blocked meanwhile. Errors: as
 * sigaction. */
void (*signal(int number, void (*handler)(int)))(int)
{
    const struct sigaction action = {.sa_handler = handler,
                                     .sa_flags = SA_RESTART};
    struct sigaction old;

    return sigaction(number, &action, &old) < 0 ? SIG_ERR : old.sa_handler;
}

/* The signal is pending: descriptors that watch it are readable. */
static void notify_watches(int number)
{
    for (struct signal_watch *watch = watches; watch != NULL;
         watch = watch->next) {
        if ((watch->set & bit_of(number)) != 0) {
            wasock_bsd__changed(watch->description, POLLIN);
        }
    }
}

/* Send a signal to oneself, or, 0, none. */
static int send_signal(int number, int code, union sigval value)
{
    if (number == 0) {
        return 0;
    }
    if (!is_signal(number)) {
        return -1;
    }
    if ((pending & bit_of(number)) == 0) {
        sent[number].code = code;
        sent[number].value = value;
    }
    pending |= bit_of(number);
    wasock_bsd__deliver();
    if ((pending & bit_of(number)) != 0) {
        notify_watches(number);
    }
    wasock_bsd__wake_for_signal();
    return 0;
}

static bool is_oneself(pid_t pid)
{
    if (pid != 0 && pid != getpid()) {
        errno = ESRCH;
        return false;
    }
    return true;
}

/* raise(3), of which 0 asks nothing. Errors: EINVAL. */
int raise(int number)
{
    const union sigval none = {0};

    return send_signal(number, SI_TKILL, none);
}

/* kill(2), sigqueue(3): to oneself (by number, or 0 for the group); signal 0
 * asks whether one is there. Errors: ESRCH; EINVAL. */
int kill(pid_t pid, int number)
{
    const union sigval none = {0};

    return is_oneself(pid) ? send_signal(number, SI_USER, none) : -1;
}
WASOCK_BSD_PLAIN(kill);

int sigqueue(pid_t pid, int number, union sigval value)
{
    return is_oneself(pid) ? send_signal(number, SI_QUEUE, value) : -1;
}
WASOCK_BSD_PLAIN(sigqueue);

void wasock_bsd__watch_signals(struct signal_watch *watch)
{
    watch->next = watches;
    watches = watch;
}

void wasock_bsd__unwatch_signals(struct signal_watch *watch)
{
    struct signal_watch **link = &watches;

    while (*link != watch) {
        link = &(*link)->next;
    }
    *link = watch->next;
}

bool wasock_bsd__is_pending(sigset_t set)
{
    return (pending & set) != 0;
}

/* The lowest of a set; 0: it is empty. */
static int lowest_of(sigset_t set)
{
    int number = 1;

    while (number < _NSIG && (set & bit_of(number)) == 0) {
        number++;
    }
    return number < _NSIG ? number : 0;
}

int wasock_bsd__take_signal(sigset_t set, siginfo_t *info)
{
    const int number = lowest_of(pending & set);

    if (number == 0) {
        return 0;
    }
    pending &= ~bit_of(number);
    if (info != NULL) {
        *info = info_of(number);
    }
    return number;
}

void wasock_bsd__broken_pipe(void)
{
    if (actions[SIGPIPE].sa_handler != SIG_DFL) {
        raise(SIGPIPE);
    }
}

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
    wasock_bsd__deliver();
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

bool wasock_bsd__is_to_come(const sigset_t *mask)
{
    return mask != NULL && (pending & ~*mask) != 0;
}

int wasock_bsd__let_come(int result, const sigset_t *mask)
{
    const sigset_t before = blocked;

    if (result != 0 || !wasock_bsd__is_to_come(mask)) {
        return result;
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return -EINTR;
}

sigset_t *wasock_bsd__blocked(void)
{
    return &blocked;
}

/* Errors: EINTR: one that was pending came, or another thread sent one;
 * EDEADLK. */
int sigsuspend(const sigset_t *mask)
{
    const sigset_t before = blocked;
    int result = wasock_bsd__let_come(0, mask);

    if (result == 0) {
        blocked = *mask;
        result = wasock_bsd__await_signal();
        blocked = before;
    }
    return (int)wasock_bsd__result(result == 0 ? -EINTR : result);
}
WASOCK_BSD_PLAIN(sigsuspend);

/* Errors: EINTR: another thread sent one; EDEADLK: what is not blocked has come
 * already. */
int pause(void)
{
    const int result = wasock_bsd__await_signal();

    return (int)wasock_bsd__result(result == 0 ? -EINTR : result);
}
WASOCK_BSD_PLAIN(pause);

/* Returns the error: EDEADLK. */
int sigwait(const sigset_t *restrict set, int *restrict number)
{
    int taken = wasock_bsd__take_signal(*set, NULL);

    while (taken == 0) {
        const int result = wasock_bsd__await_signal();
        if (result < 0) {
            return -result;
        }
        taken = wasock_bsd__take_signal(*set, NULL);
    }
    *number = taken;
    return 0;
}
WASOCK_BSD_PLAIN(sigwait);

/* sigtimedwait(2), sigwaitinfo(2). Returns the signal.
 * Errors: EINVAL: a bad timeout; EAGAIN: none came in time; EDEADLK: none is
 *   pending, and there is no timeout. */
int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
                 const struct timespec *restrict timeout)
{
    uint64_t deadline_ns = 0;
    int result = wasock_bsd__deadline_of(timeout, &deadline_ns);

    if (result < 0) {
        return (int)wasock_bsd__result(result);
    }
    result = wasock_bsd__take_signal(*set, info);
    if (result > 0) {
        return result;
    }
    if (timeout == NULL) {
        const int error = sigwait(set, &result);
        return error == 0 ? result : (int)wasock_bsd__result(-error);
    }
    result = wasock_bsd__poll(NULL, 0, deadline_ns);
    if (result < 0) {
        return (int)wasock_bsd__result(result);
    }
    result = wasock_bsd__take_signal(*set, info);
    return result > 0 ? result : (int)wasock_bsd__result(-EAGAIN);
}
WASOCK_BSD_PLAIN(sigtimedwait);

int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
    return sigtimedwait(set, info, NULL);
}
WASOCK_BSD_PLAIN(sigwaitinfo);

int siginterrupt(int number, int interrupts)
{
    (void)interrupts;
    return is_signal(number) ? 0 : -1;
}
WASOCK_BSD_PLAIN(siginterrupt);

/* There is one stack, and none is in use for signals. Errors: ENOMEM: another
 * would not be used. */
int sigaltstack(const stack_t *restrict stack, stack_t *restrict old)
{
    const stack_t none = {.ss_flags = SS_DISABLE};

    if (stack != NULL && (stack->ss_flags & SS_DISABLE) == 0) {
        errno = ENOMEM;
        return -1;
    }
    if (old != NULL) {
        *old = none;
    }
    return 0;
}
WASOCK_BSD_PLAIN(sigaltstack);

int killpg(pid_t group, int number)
{
    return kill(group, number);
}
WASOCK_BSD_PLAIN(killpg);
