/* SPDX-License-Identifier: MIT */
/*
 * processes.c - a guest is one process, which can make no other.
 *
 * fork, exec and their like are ENOSYS; there are no children (ECHILD); nothing
 * can be loaded; its priority is 0 and stays so.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../plain.h"

static int not_here(void)
{
    errno = ENOSYS;
    return -1;
}

pid_t fork(void)
{
    return not_here();
}
WASOCK_BSD_PLAIN(fork);

/* There is never a fork for which the handlers would be called. */
int pthread_atfork(void (*prepare)(void), void (*parent)(void),
                   void (*child)(void))
{
    (void)prepare;
    (void)parent;
    (void)child;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_atfork);

/* NOLINTBEGIN(bugprone-unsafe-functions,cert-msc24-c,cert-msc33-c) */
pid_t vfork(void)
{
    return not_here();
}
WASOCK_BSD_PLAIN(vfork);
/* NOLINTEND(bugprone-unsafe-functions,cert-msc24-c,cert-msc33-c) */

int execv(const char *path, char *const arguments[])
{
    (void)path;
    (void)arguments;
    return not_here();
}
WASOCK_BSD_PLAIN(execv);

int execve(const char *path, char *const arguments[], char *const variables[])
{
    (void)variables;
    return execv(path, arguments);
}
WASOCK_BSD_PLAIN(execve);

int execvp(const char *path, char *const arguments[])
{
    return execv(path, arguments);
}
WASOCK_BSD_PLAIN(execvp);

int execl(const char *path, const char *argument, ...)
{
    (void)argument;
    return execv(path, NULL);
}
WASOCK_BSD_PLAIN(execl);

int execlp(const char *path, const char *argument, ...)
{
    (void)argument;
    return execv(path, NULL);
}
WASOCK_BSD_PLAIN(execlp);

int execle(const char *path, const char *argument, ...)
{
    (void)argument;
    return execv(path, NULL);
}
WASOCK_BSD_PLAIN(execle);

/* NULL asks whether there is a shell: no. */
int system(const char *command)
{
    return command == NULL ? 0 : not_here();
}
WASOCK_BSD_PLAIN(system);

int daemon(int keeps_directory, int keeps_stdio)
{
    (void)keeps_directory;
    (void)keeps_stdio;
    return not_here();
}
WASOCK_BSD_PLAIN(daemon);

/* The types are POSIX's. NOLINTNEXTLINE(readability-non-const-parameter) */
pid_t waitpid(pid_t pid, int *status, int options)
{
    (void)pid;
    (void)status;
    (void)options;
    errno = ECHILD;
    return -1;
}
WASOCK_BSD_PLAIN(waitpid);

pid_t wait(int *status)
{
    return waitpid(-1, status, 0);
}
WASOCK_BSD_PLAIN(wait);

pid_t wait3(int *status, int options, struct rusage *usage)
{
    (void)usage;
    return waitpid(-1, status, options);
}
WASOCK_BSD_PLAIN(wait3);

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    (void)usage;
    return waitpid(pid, status, options);
}
WASOCK_BSD_PLAIN(wait4);

pid_t getppid(void)
{
    return 1;
}
WASOCK_BSD_PLAIN(getppid);

/* The one thread has the number of its process. */
pid_t gettid(void)
{
    return getpid();
}
WASOCK_BSD_PLAIN(gettid);

pid_t getpgrp(void)
{
    return getpid();
}
WASOCK_BSD_PLAIN(getpgrp);

/* Of oneself (0). Errors: ESRCH: another process. */
pid_t getpgid(pid_t pid)
{
    if (pid != 0 && pid != getpid()) {
        errno = ESRCH;
        return -1;
    }
    return getpgrp();
}
WASOCK_BSD_PLAIN(getpgid);

pid_t getsid(pid_t pid)
{
    return getpgid(pid);
}
WASOCK_BSD_PLAIN(getsid);

/* Errors: ESRCH: somebody else's; EINVAL: nobody's kind. */
int getpriority(int which, id_t who)
{
    if (which < PRIO_PROCESS || which > PRIO_USER) {
        errno = EINVAL;
        return -1;
    }
    if (who != 0 && who != (which == PRIO_USER ? getuid() : (id_t)getpid())) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}
WASOCK_BSD_PLAIN(getpriority);

/* Errors: as getpriority; EACCES: another than 0. */
int setpriority(int which, id_t who, int priority)
{
    if (getpriority(which, who) < 0) {
        return -1;
    }
    if (priority != 0) {
        errno = EACCES;
        return -1;
    }
    return 0;
}
WASOCK_BSD_PLAIN(setpriority);

/* Errors: EPERM: by another than 0. */
int nice(int increment)
{
    if (increment != 0) {
        errno = EPERM;
        return -1;
    }
    return 0;
}
WASOCK_BSD_PLAIN(nice);

/* It leads its group already, and has no other to join. */
pid_t setsid(void)
{
    errno = EPERM;
    return -1;
}
WASOCK_BSD_PLAIN(setsid);

pid_t setpgrp(void)
{
    return getpgrp(); /* which it leads already */
}
WASOCK_BSD_PLAIN(setpgrp);

int setpgid(pid_t pid, pid_t group)
{
    (void)pid;
    (void)group;
    errno = EPERM;
    return -1;
}
WASOCK_BSD_PLAIN(setpgid);

int chroot(const char *path)
{
    (void)path;
    errno = EPERM;
    return -1;
}
WASOCK_BSD_PLAIN(chroot);

void *dlopen(const char *path, int flags)
{
    (void)path;
    (void)flags;
    return NULL;
}
WASOCK_BSD_PLAIN(dlopen);

void *dlsym(void *library, const char *name)
{
    (void)library;
    (void)name;
    return NULL;
}
WASOCK_BSD_PLAIN(dlsym);

int dlclose(void *library)
{
    (void)library;
    return -1;
}
WASOCK_BSD_PLAIN(dlclose);

char *dlerror(void)
{
    static char text[] = "nothing can be loaded into a guest";

    return text;
}
WASOCK_BSD_PLAIN(dlerror);

/* 0: of no address is the library known. The types are the system's.
 * NOLINTNEXTLINE(readability-non-const-parameter) */
int dladdr(const void *address, Dl_info *info)
{
    (void)address;
    (void)info;
    return 0;
}
WASOCK_BSD_PLAIN(dladdr);

/* Shared memory: ENOSYS, as there is one process. */
int shmget(key_t key, size_t size, int flags)
{
    (void)key;
    (void)size;
    (void)flags;
    return not_here();
}
WASOCK_BSD_PLAIN(shmget);

void *shmat(int segment, const void *address, int flags)
{
    (void)segment;
    (void)address;
    (void)flags;
    errno = ENOSYS;
    return (void *)-1; /* as POSIX has it; NOLINT(performance-no-int-to-ptr) */
}
WASOCK_BSD_PLAIN(shmat);

int shmdt(const void *address)
{
    (void)address;
    return not_here();
}
WASOCK_BSD_PLAIN(shmdt);

/* The types are POSIX's. NOLINTNEXTLINE(readability-non-const-parameter) */
int shmctl(int segment, int command, struct shmid_ds *status)
{
    (void)segment;
    (void)command;
    (void)status;
    return not_here();
}
WASOCK_BSD_PLAIN(shmctl);
