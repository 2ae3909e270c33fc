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
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "plain.h"
#include "table.h"

long wasock_libc_sysconf(int name) __asm__("sysconf");

#define HOST_NAME "localhost"
#define TEMPORARY_TRIES 100

/* getentropy gives at most so much at once. */
#define ENTROPY_MAX 256

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

int getpagesize(void)
{
    return PAGESIZE;
}
WASOCK_BSD_PLAIN(getpagesize);

int getdtablesize(void)
{
    return WASOCK_BSD_OPEN_MAX;
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
static char utc[] = "UTC";
char *tzname[2] = {utc, utc};
long timezone;
int daylight;

void tzset(void)
{
}
WASOCK_BSD_PLAIN(tzset);

/* Only the host sets its clocks. Errors: EPERM. */
int settimeofday(const struct timeval *time, const struct timezone *zone)
{
    (void)time;
    (void)zone;
    errno = EPERM;
    return -1;
}
WASOCK_BSD_PLAIN(settimeofday);

int clock_settime(clockid_t clock, const struct timespec *time)
{
    (void)clock;
    (void)time;
    errno = EPERM;
    return -1;
}
WASOCK_BSD_PLAIN(clock_settime);

/* gettimeofday(2); a zone that is asked for is UTC. Errors: EINVAL. */
int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    const struct timezone none = {0, 0};
    struct timespec time;

    if (zone != NULL) {
        memcpy(zone, &none, sizeof(none));
    }
    if (now != NULL) {
        if (clock_gettime(CLOCK_REALTIME, &time) < 0) {
            return -1;
        }
        now->tv_sec = time.tv_sec;
        now->tv_usec = (suseconds_t)(time.tv_nsec / 1000);
    }
    return 0;
}

/* The environment is the host's word for everything. */
char *secure_getenv(const char *name)
{
    return getenv(name);
}
WASOCK_BSD_PLAIN(secure_getenv);

/* getrandom(2): up to 256 bytes whole, as Linux promises; more as well.
 * Errors: EINVAL: unknown flags; EIO. */
ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
    unsigned char *bytes = (unsigned char *)buffer;

    if ((flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) !=
        0) {
        errno = EINVAL;
        return -1;
    }
    for (size_t done = 0; done < length;) {
        const size_t n =
            length - done < ENTROPY_MAX ? length - done : ENTROPY_MAX;
        if (getentropy(bytes + done, n) < 0) {
            return -1;
        }
        done += n;
    }
    return (ssize_t)length;
}
WASOCK_BSD_PLAIN(getrandom);

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

/* Put letters by chance in the place of the six X. */
static int invent_name(char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    unsigned char random[6];
    char *end = name + strlen(name) - sizeof(random);

    if (getentropy(random, sizeof(random)) < 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof(random); i++) {
        end[i] = letters[random[i] % (sizeof(letters) - 1)];
    }
    return 0;
}

static int open_new(const char *name, int flags)
{
    return open(name, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
}

static int make_directory(const char *name, int flags)
{
    (void)flags;
    return mkdir(name, 0700);
}

/* Make something new under a name that ends in six X. */
static int make_temporary(char *name, int (*make)(const char *name, int flags),
                          int flags)
{
    const size_t length = strlen(name);

    if (length < 6 || strcmp(name + length - 6, "XXXXXX") != 0) {
        errno = EINVAL;
        return -1;
    }
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        if (invent_name(name) < 0) {
            return -1;
        }
        const int result = make(name, flags);
        if (result >= 0 || errno != EEXIST) {
            return result;
        }
    }
    errno = EEXIST;
    return -1;
}

/* mkostemp, mkstemp, mkdtemp. Errors: EINVAL; EEXIST; those of open and
 * mkdir. */
int mkostemp(char *name, int flags)
{
    return make_temporary(name, open_new, flags);
}
WASOCK_BSD_PLAIN(mkostemp);

int mkstemp(char *name)
{
    return mkostemp(name, 0);
}
WASOCK_BSD_PLAIN(mkstemp);

char *mkdtemp(char *name)
{
    return make_temporary(name, make_directory, 0) < 0 ? NULL : name;
}
WASOCK_BSD_PLAIN(mkdtemp);

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
