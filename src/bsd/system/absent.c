/* SPDX-License-Identifier: MIT */
/*
 * absent.c - calls for what WASI does not have. All fail with ENOSYS, so that a
 * program that can do without does. They have no plain names: a configure
 * script does not find them.
 *
 *   inotify, statfs, statvfs, ptrace, timer_create, mremap, memfd_create,
 *   syscall
 */
#include <errno.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

/* The types are the system's.
 * NOLINTBEGIN(readability-non-const-parameter) */

static int not_here(void)
{
    errno = ENOSYS;
    return -1;
}

int inotify_init(void)
{
    return not_here();
}

int inotify_init1(int flags)
{
    (void)flags;
    return not_here();
}

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
    (void)fd;
    (void)path;
    (void)mask;
    return not_here();
}

int inotify_rm_watch(int fd, int watch)
{
    (void)fd;
    (void)watch;
    return not_here();
}

int statfs(const char *path, struct statfs *status)
{
    (void)path;
    (void)status;
    return not_here();
}

int fstatfs(int fd, struct statfs *status)
{
    (void)fd;
    (void)status;
    return not_here();
}

int statvfs(const char *restrict path, struct statvfs *restrict status)
{
    (void)path;
    (void)status;
    return not_here();
}

int fstatvfs(int fd, struct statvfs *status)
{
    (void)fd;
    (void)status;
    return not_here();
}

long ptrace(int request, ...)
{
    (void)request;
    return not_here();
}

int timer_create(clockid_t clock, struct sigevent *restrict event,
                 timer_t *restrict timer)
{
    (void)clock;
    (void)event;
    (void)timer;
    return not_here();
}

int timer_delete(timer_t timer)
{
    (void)timer;
    return not_here();
}

int timer_settime(timer_t timer, int flags,
                  const struct itimerspec *restrict value,
                  struct itimerspec *restrict old)
{
    (void)timer;
    (void)flags;
    (void)value;
    (void)old;
    return not_here();
}

int timer_gettime(timer_t timer, struct itimerspec *value)
{
    (void)timer;
    (void)value;
    return not_here();
}

int timer_getoverrun(timer_t timer)
{
    (void)timer;
    return not_here();
}

void *mremap(void *address, size_t length, size_t new_length, int flags, ...)
{
    (void)address;
    (void)length;
    (void)new_length;
    (void)flags;
    not_here();
    return MAP_FAILED;
}

int memfd_create(const char *name, unsigned flags)
{
    (void)name;
    (void)flags;
    return not_here();
}

long syscall(long number, ...)
{
    (void)number;
    return not_here();
}
/* NOLINTEND(readability-non-const-parameter) */
