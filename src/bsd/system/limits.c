/* SPDX-License-Identifier: MIT */
/*
 * limits.c - limits, host name, load, environment, working directory.
 *
 * True: RLIMIT_NOFILE, the number of descriptors. Other limits are infinite;
 * setting them has no effect.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../plain.h"
#include "../table.h"

long wasock_libc_sysconf(int name) __asm__("sysconf");
long wasock_libc_fpathconf(int fd, int name) __asm__("fpathconf");
long wasock_libc_pathconf(const char *path, int name) __asm__("pathconf");

#define HOST_NAME "localhost"

static struct rlimit open_files = {WASOCK_BSD_OPEN_MAX, WASOCK_BSD_OPEN_MAX};

/* Errors: EINVAL. */
int getrlimit(int resource, struct rlimit *limit)
{
    if (resource < 0 || resource >= RLIM_NLIMITS) {
        errno = EINVAL;
        return -1;
    }
    if (resource == RLIMIT_NOFILE) {
        *limit = open_files;
        return 0;
    }
    limit->rlim_cur = resource == RLIMIT_CORE ? 0 : RLIM_INFINITY;
    limit->rlim_max = limit->rlim_cur;
    return 0;
}
WASOCK_BSD_PLAIN(getrlimit);

static rlim_t at_most_all(rlim_t limit)
{
    return limit == RLIM_INFINITY ? WASOCK_BSD_OPEN_MAX : limit;
}

/* Of RLIMIT_NOFILE none means as many as the table has.
 * Errors: EPERM: more descriptors than before at most; EINVAL. */
int setrlimit(int resource, const struct rlimit *limit)
{
    if (resource < 0 || resource >= RLIM_NLIMITS ||
        limit->rlim_cur > limit->rlim_max) {
        errno = EINVAL;
        return -1;
    }
    if (resource != RLIMIT_NOFILE) {
        return 0;
    }
    if (at_most_all(limit->rlim_max) > open_files.rlim_max) {
        errno = EPERM;
        return -1;
    }
    open_files.rlim_cur = at_most_all(limit->rlim_cur);
    open_files.rlim_max = at_most_all(limit->rlim_max);
    wasock_bsd__set_open_max((int)open_files.rlim_cur);
    return 0;
}
WASOCK_BSD_PLAIN(setrlimit);

/* Errors: as setrlimit; ESRCH: another process. */
int prlimit(pid_t pid, int resource, const struct rlimit *limit,
            struct rlimit *old)
{
    if (pid != 0 && pid != getpid()) {
        errno = ESRCH;
        return -1;
    }
    if (old != NULL && getrlimit(resource, old) < 0) {
        return -1;
    }
    return limit == NULL ? 0 : setrlimit(resource, limit);
}
WASOCK_BSD_PLAIN(prlimit);

long sysconf(int name)
{
    return name == _SC_OPEN_MAX ? wasock_bsd__open_max()
                                : wasock_libc_sysconf(name);
}

/* pathconf(3), fpathconf(3): as wasi-libc, and PIPE_BUF. Errors: EINVAL. */
long fpathconf(int fd, int name)
{
    return name == _PC_PIPE_BUF ? PIPE_BUF : wasock_libc_fpathconf(fd, name);
}

long pathconf(const char *path, int name)
{
    return name == _PC_PIPE_BUF ? PIPE_BUF : wasock_libc_pathconf(path, name);
}

int getpagesize(void)
{
    return (int)PAGESIZE;
}
WASOCK_BSD_PLAIN(getpagesize);

int getdtablesize(void)
{
    return wasock_bsd__open_max();
}
WASOCK_BSD_PLAIN(getdtablesize);

/* Errors: ENAMETOOLONG. */
int gethostname(char *name, size_t capacity)
{
    if (capacity < sizeof(HOST_NAME)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(name, HOST_NAME, sizeof(HOST_NAME));
    return 0;
}
WASOCK_BSD_PLAIN(gethostname);

/* There is no domain, as on most systems. Errors: EINVAL: no room. */
int getdomainname(char *name, size_t capacity)
{
    if (capacity == 0) {
        errno = EINVAL;
        return -1;
    }
    name[0] = '\0';
    return 0;
}
WASOCK_BSD_PLAIN(getdomainname);

/* Unknown. The types are POSIX's.
 * NOLINTNEXTLINE(readability-non-const-parameter) */
int getloadavg(double *averages, int n_averages)
{
    (void)averages;
    (void)n_averages;
    return -1;
}
WASOCK_BSD_PLAIN(getloadavg);

/* The host controls the whole environment. */
char *secure_getenv(const char *name)
{
    return getenv(name);
}
WASOCK_BSD_PLAIN(secure_getenv);

/* getrusage(2): the time that has passed, of oneself; memory and the rest are
 * not known, and 0. Errors: EINVAL. */
int getrusage(int who, struct rusage *usage)
{
    const clock_t now = clock();

    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN) {
        errno = EINVAL;
        return -1;
    }
    memset(usage, 0, sizeof(*usage));
    if (who == RUSAGE_SELF) {
        usage->ru_utime.tv_sec = now / CLOCKS_PER_SEC;
        usage->ru_utime.tv_usec =
            (suseconds_t)(now % CLOCKS_PER_SEC * 1000000 / CLOCKS_PER_SEC);
    }
    return 0;
}

char *get_current_dir_name(void)
{
    char path[4096];

    return getcwd(path, sizeof(path)) != NULL ? strdup(path) : NULL;
}
WASOCK_BSD_PLAIN(get_current_dir_name);
