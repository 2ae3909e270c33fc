/* SPDX-License-Identifier: MIT */
/*
 * signals.c - signals that the program sends to itself.
 *
 * True: a signal that the program raises, or sends to itself by kill, runs its
 * handler at once, or when it is unblocked; sa_mask, SA_NODEFER, SA_RESETHAND,
 * and of another thread SA_RESTART. If the thread that kills blocks the signal,
 * another one takes it that does not. SIGPIPE comes where there is a handler
 * for it, and ends no program. A signal that is pending does not become so a
 * second time, not even a real-time one. No signal comes from outside: to wait
 * for one that is not pending, and that no other thread can send, is EDEADLK,
 * with a timeout EAGAIN when it is over. Ignored: SA_ONSTACK.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include <poll.h>
#include <time.h>

#include <wasock/clock.h>

#include "../plain.h"
#include "../threads/layer.h"
#include "../threads/thread.h"
#include "../waiting/wait.h"
#include "../waiting/watch.h"
#include "signals.h"
#include "timers.h"

/* The default action of a signal: wasi-libc ends the program, or goes on. */
int wasock_libc_raise(int number) __asm__("raise");

static struct sigaction actions[_NSIG];
static sigset_t pending; /* of the process: all threads block them */
static struct signal_watch *watches;

/* How each pending signal was sent. */
static struct {
    int code;
    union sigval value;
} sent[_NSIG];

static struct signals *own(void)
{
    return &wasock_bsd__current->signals;
}

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
    siginfo_t info = {.si_signo = number,
                      .si_code = sent[number].code,
                      .si_value = sent[number].value};

    if (info.si_code <= 0) { /* a process sent it, not the kernel */
        info.si_pid = getpid();
        info.si_uid = getuid();
    }

    return info;
}

static sigset_t blockable(sigset_t set)
{
    return set & ~(bit_of(SIGKILL) | bit_of(SIGSTOP));
}

/* Run the action of a signal. */
static enum delivered act(int number)
{
    const struct sigaction action = actions[number];
    siginfo_t info = info_of(number);
    const sigset_t before = own()->blocked;

    if (action.sa_handler == SIG_IGN) {
        return DELIVERED_NONE;
    }
    if (action.sa_handler == SIG_DFL) {
        wasock_libc_raise(number);
        return DELIVERED_NONE;
    }
    own()->blocked |= action.sa_mask;
    if (((unsigned)action.sa_flags & SA_NODEFER) == 0) {
        own()->blocked |= bit_of(number);
    }
    if (((unsigned)action.sa_flags & SA_RESETHAND) != 0) {
        actions[number].sa_handler = SIG_DFL;
    }
    if (((unsigned)action.sa_flags & SA_SIGINFO) != 0) {
        action.sa_sigaction(number, &info, NULL);
    } else {
        action.sa_handler(number);
    }
    own()->blocked = before;
    return ((unsigned)action.sa_flags & SA_RESTART) != 0 ? DELIVERED_RESTART
                                                         : DELIVERED_INTERRUPT;
}

/* Those of the current thread. */
static sigset_t all_pending(void)
{
    return own()->pending | pending;
}

static void forget(sigset_t set)
{
    own()->pending &= ~set;
    pending &= ~set;
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

bool wasock_bsd__is_deliverable(void)
{
    return (all_pending() & ~own()->blocked) != 0;
}

enum delivered wasock_bsd__deliver(void)
{
    enum delivered all = DELIVERED_NONE;

    while (wasock_bsd__is_deliverable()) {
        const int number = lowest_of(all_pending() & ~own()->blocked);
        forget(bit_of(number));
        const enum delivered one = act(number);
        if (one > all) {
            all = one;
        }
    }
    return all;
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
            forget(bit_of(number));
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

/* Whether a signal that is not blocked does nothing. */
static bool is_ignored(int number)
{
    return actions[number].sa_handler == SIG_IGN ||
           (actions[number].sa_handler == SIG_DFL &&
            (number == SIGCHLD || number == SIGCONT || number == SIGURG ||
             number == SIGWINCH));
}

uint64_t wasock_bsd__cut_deadline(uint64_t deadline_ns)
{
    const uint64_t until_ns = wasock_bsd__until_timer(deadline_ns);

    own()->is_cut = until_ns != deadline_ns && !is_ignored(SIGALRM) &&
                    (own()->blocked & bit_of(SIGALRM)) == 0;
    return own()->is_cut ? until_ns : deadline_ns;
}

ptrdiff_t wasock_bsd__end_interruptible(bool may_restart, ptrdiff_t result)
{
    if (own()->is_cut && (wasock_bsd__code(result) == -EAGAIN ||
                          result == -EINPROGRESS || result == -EALREADY)) {
        result = -EINTR;
    }
    wasock_bsd__look_at_timers(); /* still in the call: none is delivered */
    wasock_bsd__current->n_calls--;
    if (result == -EINTR) {
        pthread_testcancel();
    }
    if (wasock_bsd__current->n_calls > 0 || own()->is_masked) {
        return result; /* an outer call delivers */
    }
    const enum delivered delivered = wasock_bsd__deliver();
    const bool restarts = delivered == DELIVERED_NONE ||
                          (delivered == DELIVERED_RESTART && may_restart);
    return result == -EINTR && restarts ? -WASOCK_BSD_RESTART : result;
}

static void add(sigset_t *set, int number, int code, union sigval value)
{
    if ((*set & bit_of(number)) == 0) {
        sent[number].code = code;
        sent[number].value = value;
    }
    *set |= bit_of(number);
}

void wasock_bsd__send_to(struct thread *thread, int number, int code,
                         union sigval value)
{
    if (is_ignored(number) && (thread->signals.blocked & bit_of(number)) == 0) {
        return;
    }
    add(&thread->signals.pending, number, code, value);
    if (thread == wasock_bsd__current && thread->n_calls == 0) {
        wasock_bsd__deliver();
    }
    if ((thread->signals.pending & bit_of(number)) != 0) {
        notify_watches(number);
    }
    wasock_bsd__interrupt(thread);
    wasock_bsd__wake(&pending, SIZE_MAX);
}

void wasock_bsd__send_to_process(struct thread *taker, int number, int code,
                                 union sigval value)
{
    if (taker->has_ended || (taker->signals.blocked & bit_of(number)) != 0) {
        taker = wasock_bsd__taker_of(bit_of(number));
    }
    if (taker != NULL) {
        wasock_bsd__send_to(taker, number, code, value);
        return;
    }
    add(&pending, number, code, value);
    notify_watches(number);
}

/* 0: no signal. */
static int send_to_oneself(int number, int code, union sigval value)
{
    if (number != 0 && !is_signal(number)) {
        return -1;
    }
    if (number != 0) {
        wasock_bsd__send_to_process(wasock_bsd__current, number, code, value);
    }
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

    if (number == 0) {
        return 0;
    }
    if (!is_signal(number)) {
        return -1;
    }
    wasock_bsd__send_to(wasock_bsd__current, number, SI_TKILL, none);
    return 0;
}

/* kill(2), sigqueue(3): to oneself (by number, or 0 for the group); signal 0
 * asks whether one is there. Errors: ESRCH; EINVAL. */
int kill(pid_t pid, int number)
{
    const union sigval none = {0};

    return is_oneself(pid) ? send_to_oneself(number, SI_USER, none) : -1;
}
WASOCK_BSD_PLAIN(kill);

int sigqueue(pid_t pid, int number, union sigval value)
{
    return is_oneself(pid) ? send_to_oneself(number, SI_QUEUE, value) : -1;
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
    return (all_pending() & set) != 0;
}

int wasock_bsd__take_signal(sigset_t set, siginfo_t *info)
{
    const int number = lowest_of(all_pending() & set);

    if (number == 0) {
        return 0;
    }
    forget(bit_of(number));
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
    wasock_bsd__look_at_timers();
    *set = all_pending();
    return 0;
}
WASOCK_BSD_PLAIN(sigpending);

/* Errors: EINVAL. */
int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    if (old != NULL) {
        *old = own()->blocked;
    }
    if (set == NULL) {
        return 0;
    }
    switch (how) {
    case SIG_BLOCK:
        own()->blocked |= *set;
        break;
    case SIG_UNBLOCK:
        own()->blocked &= ~*set;
        break;
    case SIG_SETMASK:
        own()->blocked = *set;
        break;
    default:
        errno = EINVAL;
        return -1;
    }
    own()->blocked = blockable(own()->blocked);
    wasock_bsd__look_at_timers();
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

bool wasock_bsd__begin_mask(const sigset_t *mask, sigset_t *before)
{
    if (mask == NULL) {
        return false;
    }
    *before = own()->blocked;
    own()->blocked = blockable(*mask);
    own()->is_masked = true;
    return wasock_bsd__is_deliverable();
}

int wasock_bsd__end_mask(const sigset_t *mask, const sigset_t *before,
                         int result)
{
    if (mask == NULL) {
        return result;
    }
    own()->is_masked = false;
    if (result == 0 && wasock_bsd__is_deliverable()) {
        result = -EINTR;
    }
    if (result == -EINTR) {
        wasock_bsd__deliver();
    }
    own()->blocked = *before;
    wasock_bsd__deliver();
    return result;
}

/* Wait until a signal is sent. Returns 0, -ETIMEDOUT, -EDEADLK, -EINTR. */
static int await_signal(uint64_t deadline_ns)
{
    struct wait wait = {.key = &pending,
                        .deadline_ns = deadline_ns,
                        .what = "for a signal",
                        .is_point = true};

    return wasock_bsd__until_timer(deadline_ns) == WASOCK_NO_DEADLINE &&
                   wasock_bsd__is_alone()
               ? -EDEADLK
               : wasock_bsd__wait(&wait);
}

/* Wait until a handler is to run. Returns -EINTR or -EDEADLK. */
static int await_handler(void)
{
    int result = 0;

    do {
        wasock_bsd__begin_call(NULL);
        result = wasock_bsd__is_deliverable() ? -EINTR : 0;
        while (result == 0) {
            result = await_signal(WASOCK_NO_DEADLINE);
        }
        result = (int)wasock_bsd__end_call(NULL, 0, result);
    } while (result == -WASOCK_BSD_RESTART);
    return result;
}

/* Errors: EINTR: one that was pending came, or another thread sent one;
 * EDEADLK. */
int sigsuspend(const sigset_t *mask)
{
    sigset_t before = 0;

    wasock_bsd__begin_mask(mask, &before);
    return (int)wasock_bsd__result(
        wasock_bsd__end_mask(mask, &before, await_handler()));
}
WASOCK_BSD_PLAIN(sigsuspend);

/* Errors: EINTR: another thread sent one; EDEADLK: what is not blocked has come
 * already. */
int pause(void)
{
    return (int)wasock_bsd__result(await_handler());
}
WASOCK_BSD_PLAIN(pause);

/* Take a signal of a set, or wait for one. Returns it, or as await_signal. */
static int take_or_wait(sigset_t set, siginfo_t *info, uint64_t deadline_ns)
{
    int number = wasock_bsd__take_signal(set, info);
    int error = 0;

    own()->awaited = set;
    while (number == 0 && error == 0) {
        error = await_signal(deadline_ns);
        number = wasock_bsd__take_signal(set, info);
    }
    own()->awaited = 0;
    return number > 0 ? number : error;
}

static int wait_for_one(sigset_t set, siginfo_t *info, uint64_t deadline_ns)
{
    int result = 0;

    do {
        wasock_bsd__begin_call(NULL);
        result = take_or_wait(set, info, deadline_ns);
        result = (int)wasock_bsd__end_call(NULL, 0, result);
    } while (result == -WASOCK_BSD_RESTART);
    return result;
}

/* Returns the error: EDEADLK. Handlers of other signals do not end it. */
int sigwait(const sigset_t *restrict set, int *restrict number)
{
    int result = 0;

    do {
        result = wait_for_one(*set, NULL, WASOCK_NO_DEADLINE);
    } while (result == -EINTR);
    if (result < 0) {
        return -result;
    }
    *number = result;
    return 0;
}
WASOCK_BSD_PLAIN(sigwait);

/* sigtimedwait(2), sigwaitinfo(2). Returns the signal.
 * Errors: EINVAL: a bad timeout; EAGAIN: none came in time; EINTR: the handler
 *   of another one ran; EDEADLK: none is pending, and there is no timeout. */
int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
                 const struct timespec *restrict timeout)
{
    uint64_t deadline_ns = 0;
    int result = wasock_bsd__deadline_of(timeout, &deadline_ns);

    if (result == 0) {
        result = wait_for_one(*set, info, deadline_ns);
    }
    return (int)wasock_bsd__result(result == -ETIMEDOUT ? -EAGAIN : result);
}
WASOCK_BSD_PLAIN(sigtimedwait);

int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
    return sigtimedwait(set, info, NULL);
}
WASOCK_BSD_PLAIN(sigwaitinfo);

int siginterrupt(int number, int interrupts)
{
    if (!is_signal(number)) {
        return -1;
    }
    if (interrupts) {
        actions[number].sa_flags &= ~SA_RESTART;
    } else {
        actions[number].sa_flags |= SA_RESTART;
    }
    return 0;
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
