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
#ifndef SI_QUEUE
#define SI_KERNEL 128
#define SI_QUEUE (-1)
#define SI_TIMER (-2)
#define SI_MESGQ (-3)
#define SI_ASYNCIO (-4)
#define SI_SIGIO (-5)
#define SI_TKILL (-6)
#endif
#ifndef CLD_EXITED
#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_TRAPPED 4
#define CLD_STOPPED 5
#define CLD_CONTINUED 6
#endif
#ifndef SIGEV_SIGNAL
#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD 2
#define SIGEV_THREAD_ID 4
#endif
#ifndef SIGRTMIN
#define SIGRTMIN 34
#define SIGRTMAX 64
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

union sigval {
    int sival_int;
    void *sival_ptr;
};

typedef struct {
    int si_signo;
    int si_code;
    int si_errno;
    pid_t si_pid;
    uid_t si_uid;
    int si_status;
    void *si_addr;
    union sigval si_value;
    long si_band;
    int si_fd;
} siginfo_t;
#define si_int si_value.sival_int
#define si_ptr si_value.sival_ptr

struct sigevent {
    union sigval sigev_value;
    int sigev_signo;
    int sigev_notify;
    void (*sigev_notify_function)(union sigval);
    void *sigev_notify_attributes;
    pid_t sigev_notify_thread_id;
};

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

struct timespec;

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
int sigtimedwait(const sigset_t *__restrict set, siginfo_t *__restrict info,
                 const struct timespec *__restrict timeout)
    WASOCK_BSD(sigtimedwait);
int sigwaitinfo(const sigset_t *__restrict set, siginfo_t *__restrict info)
    WASOCK_BSD(sigwaitinfo);
int sigqueue(pid_t pid, int number, union sigval value) WASOCK_BSD(sigqueue);
int siginterrupt(int number, int interrupts) WASOCK_BSD(siginterrupt);
int sigaltstack(const stack_t *__restrict stack, stack_t *__restrict old)
    WASOCK_BSD(sigaltstack);
int killpg(pid_t group, int number) WASOCK_BSD(killpg);
int pthread_kill(pthread_t thread, int number) WASOCK_BSD(pthread_kill);

#ifdef __cplusplus
}
#endif

#endif
