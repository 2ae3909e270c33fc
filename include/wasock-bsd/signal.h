/* SPDX-License-Identifier: MIT */
/* signal.h - signals that the program raises itself. */
#ifndef WASOCK_BSD_SIGNAL_H
#define WASOCK_BSD_SIGNAL_H

#pragma GCC system_header

#include <__typedef_sigset_t.h>
#include <sys/types.h>
#include <wasock_bsd_rename.h>

#include_next <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef SIG_BLOCK
#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2
#endif
#ifndef SA_RESTART
#define SA_NOCLDSTOP 1
#define SA_NOCLDWAIT 2
#define SA_SIGINFO 4
#define SA_ONSTACK 0x08000000
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000
#define SA_RESETHAND 0x80000000
#endif
#ifndef SI_USER
#define SI_USER 0
#endif
#ifndef SS_ONSTACK
#define SS_ONSTACK 1
#define SS_DISABLE 2
#define MINSIGSTKSZ 2048
#define SIGSTKSZ 8192
#endif
#ifndef NSIG
#define NSIG _NSIG
#endif

typedef struct {
    int si_signo;
    int si_code;
    int si_errno;
    pid_t si_pid;
    uid_t si_uid;
    int si_status;
    void *si_addr;
} siginfo_t;

struct sigaction {
    union {
        void (*handler)(int);
        void (*action)(int, siginfo_t *, void *);
    } wasock_bsd_handler;
    sigset_t sa_mask;
    int sa_flags;
};
#define sa_handler wasock_bsd_handler.handler
#define sa_sigaction wasock_bsd_handler.action

typedef struct {
    void *ss_sp;
    int ss_flags;
    size_t ss_size;
} stack_t;

void (*signal(int number, void (*handler)(int)))(int) WASOCK_BSD(signal);
int raise(int number) WASOCK_BSD(raise);
int kill(pid_t pid, int number) WASOCK_BSD(kill);
int sigaction(int number, const struct sigaction *__restrict action,
              struct sigaction *__restrict old) WASOCK_BSD(sigaction);
int sigemptyset(sigset_t *set) WASOCK_BSD(sigemptyset);
int sigfillset(sigset_t *set) WASOCK_BSD(sigfillset);
int sigaddset(sigset_t *set, int number) WASOCK_BSD(sigaddset);
int sigdelset(sigset_t *set, int number) WASOCK_BSD(sigdelset);
int sigismember(const sigset_t *set, int number) WASOCK_BSD(sigismember);
int sigprocmask(int how, const sigset_t *__restrict set,
                sigset_t *__restrict old) WASOCK_BSD(sigprocmask);
int pthread_sigmask(int how, const sigset_t *__restrict set,
                    sigset_t *__restrict old) WASOCK_BSD(pthread_sigmask);
int sigpending(sigset_t *set) WASOCK_BSD(sigpending);
int sigsuspend(const sigset_t *mask) WASOCK_BSD(sigsuspend);
int sigwait(const sigset_t *__restrict set, int *__restrict number)
    WASOCK_BSD(sigwait);
int siginterrupt(int number, int interrupts) WASOCK_BSD(siginterrupt);
int sigaltstack(const stack_t *__restrict stack, stack_t *__restrict old)
    WASOCK_BSD(sigaltstack);
int killpg(pid_t group, int number) WASOCK_BSD(killpg);
int pthread_kill(pthread_t thread, int number) WASOCK_BSD(pthread_kill);

#ifdef __cplusplus
}
#endif

#endif
