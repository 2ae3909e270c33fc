/* SPDX-License-Identifier: MIT */
/*
 * limits.c - what the system is like: limits, host name, load, temporary
 * files, where one is.
 *
 * True: the number of descriptors. Other limits are none and can be wished
 * for; wishes are ignored, for there is nobody to hold them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "plain.h"
#include "table.h"

long wasock_libc_sysconf(int name) __asm__("sysconf");

#define HOST_NAME "localhost"
#define TEMPORARY_TRIES 100

int getrlimit(int resource, struct rlimit *limit)
{
    limit->rlim_cur = RLIM_INFINITY;
    if (resource == RLIMIT_NOFILE) {
        limit->rlim_cur = WASOCK_BSD_OPEN_MAX;
    } else if (resource == RLIMIT_CORE) {
        limit->rlim_cur = 0;
    }
    limit->rlim_max = limit->rlim_cur;
    return 0;
}
WASOCK_BSD_PLAIN(getrlimit);

/* Errors: EPERM: more descriptors than the table has; EINVAL. */
int setrlimit(int resource, const struct rlimit *limit)
{
    if (limit->rlim_cur > limit->rlim_max) {
        errno = EINVAL;
        return -1;
    }
    if (resource == RLIMIT_NOFILE && limit->rlim_cur > WASOCK_BSD_OPEN_MAX &&
        limit->rlim_cur != RLIM_INFINITY) {
        errno = EPERM;
        return -1;
    }
    return 0;
}
WASOCK_BSD_PLAIN(setrlimit);

long sysconf(int name)
{
    return name == _SC_OPEN_MAX ? WASOCK_BSD_OPEN_MAX
                                : wasock_libc_sysconf(name);
}

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

/* Nobody knows. The types are POSIX's.
 * NOLINTNEXTLINE(readability-non-const-parameter) */
int getloadavg(double *averages, int n_averages)
{
    (void)averages;
    (void)n_averages;
    return -1;
}
WASOCK_BSD_PLAIN(getloadavg);

/* There is UTC, and nothing to be set. */
void tzset(void)
{
}
WASOCK_BSD_PLAIN(tzset);

/* Six letters by chance in the place of the X. Errors: EINVAL; EEXIST; those
 * of open. */
int mkostemp(char *name, int flags)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    const size_t length = strlen(name);
    unsigned char random[6];

    if (length < sizeof(random) ||
        strcmp(name + length - sizeof(random), "XXXXXX") != 0) {
        errno = EINVAL;
        return -1;
    }
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        if (getentropy(random, sizeof(random)) < 0) {
            return -1;
        }
        for (size_t j = 0; j < sizeof(random); j++) {
            name[length - sizeof(random) + j] =
                letters[random[j] % (sizeof(letters) - 1)];
        }
        const int fd = open(name, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    errno = EEXIST;
    return -1;
}
WASOCK_BSD_PLAIN(mkostemp);

int mkstemp(char *name)
{
    return mkostemp(name, 0);
}
WASOCK_BSD_PLAIN(mkstemp);

char *get_current_dir_name(void)
{
    char path[4096];

    return getcwd(path, sizeof(path)) != NULL ? strdup(path) : NULL;
}
WASOCK_BSD_PLAIN(get_current_dir_name);

/* Errors: ENOSYS: a directory's name is not known by its number. */
int fchdir(int fd)
{
    (void)fd;
    errno = ENOSYS;
    return -1;
}
WASOCK_BSD_PLAIN(fchdir);
