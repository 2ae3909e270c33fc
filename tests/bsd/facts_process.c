/* SPDX-License-Identifier: MIT */
/* facts_process - what a program asks of its process: users, limits, terminals,
 * processors and threads' attributes. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <err.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#ifdef __wasm__
#include <stropts.h>
#endif

#include "facts.h"

/* The number of no process, user or group. */
#define NOBODY 0x3ffffffe

static void own_ids(void)
{
    const uid_t user = getuid();
    const gid_t group = getgid();
    gid_t groups[256] = {0};
    uid_t ids[3] = {7, 7, 7};

    FACT(geteuid() == user && getegid() == group);
    FACT(getresuid(&ids[0], &ids[1], &ids[2]) == 0);
    FACT(ids[0] == user && ids[1] == user && ids[2] == user);
    FACT(getresgid(&ids[0], &ids[1], &ids[2]) == 0);
    FACT(ids[0] == group && ids[1] == group && ids[2] == group);
    const int n = getgroups(0, NULL);
    FACT(n >= 0 && n <= 256 && getgroups(256, groups) == n);
    FACT(setuid(user) == 0 && seteuid(user) == 0);
    FACT(setgid(group) == 0 && setegid(group) == 0);
    FACT(setreuid(user, (uid_t)-1) == 0 && setreuid((uid_t)-1, user) == 0);
    FACT(setregid(group, (gid_t)-1) == 0 && setregid((gid_t)-1, group) == 0);
    FACT(setresuid(user, user, user) == 0);
    FACT(setresgid(group, group, group) == 0);
    if (user == 0) {
        return; /* who may become anybody */
    }
    FAILS(setuid(NOBODY), EPERM);
    FAILS(seteuid(NOBODY), EPERM);
    FAILS(setgid(NOBODY), EPERM);
    FAILS(setegid(NOBODY), EPERM);
    FAILS(setreuid(NOBODY, user), EPERM);
    FAILS(setreuid(user, NOBODY), EPERM);
    FAILS(setregid(NOBODY, group), EPERM);
    FAILS(setregid(group, NOBODY), EPERM);
    FAILS(setresuid(user, user, NOBODY), EPERM);
    FAILS(setresuid(NOBODY, user, user), EPERM);
    FAILS(setresgid(group, group, NOBODY), EPERM);
    FAILS(setresgid(group, NOBODY, group), EPERM);
    FAILS(setgroups(1, &group), EPERM);
    FAILS(initgroups("nobody of this name", NOBODY), EPERM);
}

static void names_of_users(void)
{
    char text[4096];
    struct passwd user;
    struct passwd *found = NULL;
    const struct passwd *own = getpwuid(getuid());

    FACT(own != NULL);
    if (own == NULL) {
        return;
    }
    FACT(own->pw_uid == getuid() && own->pw_dir[0] == '/');
    FACT(own->pw_gecos != NULL && own->pw_shell != NULL);
    FACT(own->pw_passwd != NULL);
    const gid_t group = own->pw_gid;
    char *name = strdup(own->pw_name);
    FACT(getpwnam(name) != NULL && getpwnam(name)->pw_uid == getuid());
    FACT(getpwuid_r(getuid(), &user, text, sizeof(text), &found) == 0);
    FACT(found == &user && user.pw_gid == group);
    FACT(strcmp(user.pw_name, name) == 0);
    memset(&user, 0, sizeof(user));
    FACT(getpwnam_r(name, &user, text, sizeof(text), &found) == 0);
    FACT(found == &user && user.pw_uid == getuid());
    FACT(getpwuid(NOBODY) == NULL);
    FACT(getpwuid_r(NOBODY, &user, text, sizeof(text), &found) == 0);
    FACT(found == NULL);
    free(name);
    setpwent();
    while (getpwent() != NULL) {
    }
    endpwent();
}

static void names_of_groups(void)
{
    char text[4096];
    struct group group;
    struct group *found = NULL;
    gid_t groups[2] = {1, 1};
    int n_groups = 0;
    const struct group *own = getgrgid(getgid());

    FACT(own != NULL);
    if (own == NULL) {
        return;
    }
    FACT(own->gr_gid == getgid() && own->gr_mem != NULL);
    char *name = strdup(own->gr_name);
    FACT(getgrnam(name) != NULL && getgrnam(name)->gr_gid == getgid());
    FACT(getgrgid_r(getgid(), &group, text, sizeof(text), &found) == 0);
    FACT(found == &group && strcmp(group.gr_name, name) == 0);
    memset(&group, 0, sizeof(group));
    FACT(getgrnam_r(name, &group, text, sizeof(text), &found) == 0);
    FACT(found == &group && group.gr_gid == getgid());
    FACT(getgrnam_r("nobody of this name", &group, text, sizeof(text),
                    &found) == 0);
    FACT(found == NULL && getgrnam("nobody of this name") == NULL);
    FACT(getgrgid(NOBODY) == NULL);
    FACT(getgrgid_r(NOBODY, &group, text, sizeof(text), &found) == 0);
    FACT(found == NULL);
    free(name);
    setgrent();
    while (getgrent() != NULL) {
    }
    endgrent();
    FACT(getgrouplist("nobody of this name", 7, groups, &n_groups) == -1);
    FACT(n_groups == 1 && groups[0] == 1);
    FACT(getgrouplist("nobody of this name", 7, groups, &n_groups) == 1);
    FACT(n_groups == 1 && groups[0] == 7 && groups[1] == 1);
}

/* tar gives each file it unpacks to its owner, by whatever call. */
static void owners(const char *folder)
{
    const uid_t user = getuid();
    const gid_t group = getgid();
    const uid_t same = (uid_t)-1;
    const int directory = open(folder, O_RDONLY | O_DIRECTORY);
    const int fd = openat(directory, "owned", O_RDWR | O_CREAT, 0600);

    FACT(fd >= 0 && chdir(folder) == 0);
    FACT(symlink("nowhere", "dangling") == 0);
    FACT(chown("owned", user, group) == 0 && chown("owned", same, same) == 0);
    FACT(lchown("owned", user, same) == 0 &&
         lchown("dangling", user, group) == 0);
    FACT(fchown(fd, user, group) == 0 && fchown(fd, same, group) == 0);
    FACT(chdir("/") == 0);
    FACT(fchownat(directory, "owned", user, group, 0) == 0);
    FACT(fchownat(directory, "dangling", user, group, AT_SYMLINK_NOFOLLOW) ==
         0);
    FAILS(fchownat(directory, "dangling", user, group, 0), ENOENT);
    FAILS(fchownat(directory, "nobody", user, group, 0), ENOENT);
    FAILS(chown("/nobody/of/this/name", user, group), ENOENT);
    FAILS(lchown("/nobody/of/this/name", user, group), ENOENT);
    FAILS(fchown(-1, user, group), EBADF);
    if (user != 0) {
        FACT(chdir(folder) == 0);
        FAILS(chown("owned", NOBODY, same), EPERM);
        FAILS(chown("owned", same, NOBODY), EPERM);
        FAILS(lchown("dangling", NOBODY, same), EPERM);
        FAILS(fchown(fd, NOBODY, same), EPERM);
        FAILS(fchown(fd, same, NOBODY), EPERM);
        FAILS(fchownat(directory, "owned", same, NOBODY, 0), EPERM);
        FACT(chdir("/") == 0);
    }
    FACT(unlinkat(directory, "owned", 0) == 0);
    FACT(unlinkat(directory, "dangling", 0) == 0);
    FACT(close(fd) == 0 && close(directory) == 0);
}

static void process_numbers(void)
{
    FACT(getppid() > 0 && getpgid(getpid()) == getpgrp());
    FACT(getsid(0) == getsid(getpid()) && getsid(0) >= 0);
    FAILS(getpgid(NOBODY), ESRCH);
    FAILS(getsid(NOBODY), ESRCH);
    FAILS(wait(NULL), ECHILD);
    FAILS(wait3(NULL, 0, NULL), ECHILD);
    FAILS(wait4(-1, NULL, WNOHANG, NULL), ECHILD);
    FAILS(kill(NOBODY, 0), ESRCH);
}

/* Nothing is set but of this process: a group's or a user's priority would be
 * that of others' processes, too. */
static void priorities(void)
{
    const int kinds[] = {PRIO_PROCESS, PRIO_PGRP, PRIO_USER};

    errno = 0;
    const int own = getpriority(PRIO_PROCESS, 0);
    FACT(errno == 0 && getpriority(PRIO_PROCESS, (id_t)getpid()) == own);
    FACT(setpriority(PRIO_PROCESS, (id_t)getpid(), own) == 0);
    FACT((errno = 0, getpriority(PRIO_PGRP, (id_t)getpgrp()), errno) == 0);
    FACT((errno = 0, getpriority(PRIO_USER, getuid()), errno) == 0);
    for (int i = 0; i < 3; i++) {
        FAILS(getpriority(kinds[i], NOBODY), ESRCH);
    }
    FAILS(setpriority(PRIO_PROCESS, NOBODY, own), ESRCH);
    FAILS(getpriority(PRIO_PROCESS - 1, 0), EINVAL);
    FAILS(getpriority(PRIO_USER + 1, 0), EINVAL);
    FAILS(setpriority(PRIO_USER + 1, 0, own), EINVAL);
#ifdef __wasm__ /* there it is changed */
    FACT(own == 0);
    FAILS(setpriority(PRIO_PROCESS, 0, 1), EACCES);
    FAILS(nice(1), EPERM);
#endif
}

static bool is_stopped(int kind)
{
    struct itimerval timer = {{7, 7}, {7, 7}};

    return getitimer(kind, &timer) == 0 && timer.it_value.tv_sec == 0 &&
           timer.it_value.tv_usec == 0 && timer.it_interval.tv_sec == 0 &&
           timer.it_interval.tv_usec == 0;
}

static void interval_timers(void)
{
    const struct itimerval stop = {{0, 0}, {0, 0}};
    struct itimerval old = {{7, 7}, {7, 7}};

    FACT(alarm(0) == 0 && is_stopped(ITIMER_REAL) && is_stopped(ITIMER_PROF));
    FACT(setitimer(ITIMER_REAL, &stop, NULL) == 0);
    FACT(setitimer(ITIMER_REAL, &stop, &old) == 0);
    FACT(old.it_value.tv_sec == 0 && old.it_interval.tv_usec == 0);
#ifdef __wasm__ /* where nothing counts the time that a program computes */
    const struct itimerval set[2] = {{{0, 0}, {1, 0}}, {{0, 0}, {0, 1}}};
    FAILS(setitimer(ITIMER_VIRTUAL, &set[0], NULL), ENOSYS);
    FAILS(setitimer(ITIMER_PROF, &set[1], NULL), ENOSYS);
#endif
}

static void libraries(void)
{
    FACT(dlopen("/nobody/of/this/name.so", RTLD_NOW) == NULL);
    FACT(dlerror() != NULL);
    FACT(dlsym(RTLD_DEFAULT, "wasock_facts_no_such_function") == NULL);
}

static void limits(void)
{
    struct rlimit limit;
    struct rlimit old;

    for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
        FACT(getrlimit(resource, &limit) == 0);
        FACT(limit.rlim_cur <= limit.rlim_max);
        FACT(setrlimit(resource, &limit) == 0);
        FACT(prlimit(getpid(), resource, &limit, &old) == 0);
        FACT(old.rlim_cur == limit.rlim_cur && old.rlim_max == limit.rlim_max);
    }
    FAILS(getrlimit(-1, &limit), EINVAL);
    FAILS(setrlimit(-1, &limit), EINVAL);
    FAILS(setrlimit(RLIM_NLIMITS, &limit), EINVAL);
    FAILS(prlimit(NOBODY, RLIMIT_NOFILE, NULL, &old), ESRCH);
    limit.rlim_cur = 2;
    limit.rlim_max = 1;
    FAILS(setrlimit(RLIMIT_CPU, &limit), EINVAL);
    FAILS(prlimit(0, RLIMIT_CPU, &limit, NULL), EINVAL);
#ifdef __wasm__
    FACT(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0);
    FACT(getrlimit(RLIMIT_AS, &limit) == 0);
    FACT(limit.rlim_cur == RLIM_INFINITY && limit.rlim_max == RLIM_INFINITY);
    FACT(getrlimit(RLIMIT_NOFILE, &old) == 0);
    FACT(setrlimit(RLIMIT_NOFILE, &limit) == 0); /* as many as there are */
    FACT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    FACT(limit.rlim_max == old.rlim_max && limit.rlim_cur == old.rlim_max);
    limit.rlim_max++;
    FAILS(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
    FACT(setrlimit(RLIMIT_NOFILE, &old) == 0);
#endif
}

static long long microseconds(struct timeval time)
{
    return time.tv_sec * 1000000LL + time.tv_usec;
}

static void usage(void)
{
    struct rusage used;
    struct rusage of_children;
    const long long before = clock() * 1000000LL / CLOCKS_PER_SEC;

    FACT(getrusage(RUSAGE_SELF, &used) == 0);
    const long long after = clock() * 1000000LL / CLOCKS_PER_SEC;
    const long long total =
        microseconds(used.ru_utime) + microseconds(used.ru_stime);
    FACT(before - 20000 <= total && total <= after + 20000);
    FACT(used.ru_utime.tv_usec < 1000000);
    memset(&of_children, 1, sizeof(of_children));
    FACT(getrusage(RUSAGE_CHILDREN, &of_children) == 0);
    FACT(microseconds(of_children.ru_utime) == 0);
}

/* What a program asks of the machine, and of itself. */
static void answers(void)
{
    char name[256];
    char current[PATH_MAX];
    double averages[3];
    const int null = open("/dev/null", O_RDWR);

    FACT(gethostname(name, sizeof(name)) == 0);
    FACT(gethostname(name, strlen(name) + 1) == 0);
    FAILS(gethostname(name, strlen(name)), ENAMETOOLONG);
    FACT(getdomainname(name, sizeof(name)) == 0);
    FACT(getloadavg(averages, 3) <= 3);
    FACT(setenv("FACTS_NAME", "value", 1) == 0);
    FACT(strcmp(secure_getenv("FACTS_NAME"), "value") == 0);
    FACT(unsetenv("FACTS_NAME") == 0 && secure_getenv("FACTS_NAME") == NULL);
    char *own = get_current_dir_name();
    FACT(getcwd(current, sizeof(current)) == current);
    FACT(own != NULL && strcmp(own, current) == 0);
    free(own);
    FACT(sysconf(_SC_PAGESIZE) == getpagesize());
    FACT(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
    FACT(pathconf("/", _PC_PIPE_BUF) == PIPE_BUF);
    FACT(pathconf("/", _PC_NAME_MAX) == 255);
    FACT(fpathconf(null, _PC_NAME_MAX) == 255);
    FACT(close(null) == 0);
#ifdef __wasm__
    FACT(strcmp(name, "") == 0 && getloadavg(averages, 3) == -1);
    FAILS(getdomainname(name, 0), EINVAL);
#endif
}

static void process_control(void)
{
    char name[20] = "";

    FACT(prctl(PR_SET_NAME, "short") == 0);
    memset(name, '#', sizeof(name));
    FACT(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "short") == 0);
    FACT(name[16] == '#');
    FACT(prctl(PR_SET_DUMPABLE, 0L) == 0 && prctl(PR_GET_DUMPABLE) == 0);
    FACT(prctl(PR_SET_DUMPABLE, 1L) == 0 && prctl(PR_GET_DUMPABLE) == 1);
    FAILS(prctl(PR_SET_DUMPABLE, 2L), EINVAL);
    FACT(prctl(PR_GET_DUMPABLE) == 1);
    FACT(prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0);
    FACT(prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1);
}

/* Two statements of each: of what is no terminal, and of no descriptor. */
#define NO_TERMINAL(call_of)                                                   \
    do {                                                                       \
        int fd = null;                                                         \
        FAILS(call_of, ENOTTY);                                                \
        fd = -1;                                                               \
        FAILS(call_of, EBADF);                                                 \
    } while (0)

static void no_terminals(void)
{
    struct termios settings;
    char name[64];
    const int null = open("/dev/null", O_RDWR);

    memset(&settings, 0, sizeof(settings));
    NO_TERMINAL(tcgetattr(fd, &settings));
    NO_TERMINAL(tcsetattr(fd, TCSANOW, &settings));
    NO_TERMINAL(tcsendbreak(fd, 0));
    NO_TERMINAL(tcdrain(fd));
    NO_TERMINAL(tcflush(fd, TCIFLUSH));
    NO_TERMINAL(tcflow(fd, TCOON));
    NO_TERMINAL(tcgetpgrp(fd));
    NO_TERMINAL(tcsetpgrp(fd, getpgrp()));
    NO_TERMINAL(tcgetsid(fd));
    NO_TERMINAL(ttyname(fd) == NULL ? -1 : 0);
    NO_TERMINAL(ptsname(fd) == NULL ? -1 : 0);
    FACT(ttyname_r(-1, name, sizeof(name)) == EBADF);
    FACT(ptsname_r(-1, name, sizeof(name)) == EBADF);
    FACT(grantpt(null) == -1 && unlockpt(null) == -1);
    FAILS(grantpt(-1), EBADF);
    FAILS(unlockpt(-1), EBADF);
#ifdef __wasm__
    FACT(isastream(null) == 0);
    FAILS(isastream(-1), EBADF);
#endif
    FACT(close(null) == 0);
}

static void terminal_settings(void)
{
    struct termios settings;

    memset(&settings, 0xff, sizeof(settings));
    cfmakeraw(&settings);
    FACT(settings.c_iflag == ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP |
                                         INLCR | IGNCR | ICRNL | IXON));
    FACT(settings.c_oflag == ~(tcflag_t)OPOST);
    FACT(settings.c_lflag ==
         ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN));
    FACT(settings.c_cflag == ((~(tcflag_t)(CSIZE | PARENB)) | CS8));
    FACT(settings.c_cc[VMIN] == 1 && settings.c_cc[VTIME] == 0);
    memset(&settings, 0, sizeof(settings));
    cfmakeraw(&settings);
    FACT(settings.c_cflag == CS8);
    FACT(cfsetospeed(&settings, B38400) == 0);
    FACT(cfsetispeed(&settings, B57600) == 0);
#ifdef __wasm__ /* older libcs have one speed of both directions */
    FACT(cfgetospeed(&settings) == B38400);
    FACT(cfgetispeed(&settings) == B57600);
    FAILS(cfsetospeed(&settings, B38400 + 1), EINVAL);
    FAILS(cfsetispeed(&settings, B57600 - 1), EINVAL);
    FAILS(cfsetspeed(&settings, B4000000 + 1), EINVAL);
    FACT(cfgetospeed(&settings) == B38400 && cfgetispeed(&settings) == B57600);
#endif
    FACT(cfsetspeed(&settings, B4000000) == 0);
    FACT(cfgetospeed(&settings) == B4000000);
    FACT(cfgetispeed(&settings) == B4000000);
    FACT(cfsetspeed(&settings, B0) == 0 && cfgetospeed(&settings) == B0);
}

static void schedulers(void)
{
    struct sched_param given = {.sched_priority = 7};
    cpu_set_t set;

    FACT(sched_getparam(0, &given) == 0 && given.sched_priority == 0);
    FACT(sched_getparam(getpid(), &given) == 0);
    FACT(sched_setparam(0, &given) == 0);
    FACT(sched_setscheduler(0, SCHED_OTHER, &given) == 0);
    FACT(sched_getscheduler(getpid()) == SCHED_OTHER);
    FACT(sched_get_priority_max(SCHED_RR) == 99);
    FACT(sched_get_priority_min(SCHED_RR) == 1);
    FACT(sched_get_priority_min(SCHED_FIFO) == 1);
    FACT(sched_get_priority_min(SCHED_OTHER) == 0);
    FACT(sched_get_priority_max(SCHED_BATCH) == 0);
    FACT(sched_get_priority_max(SCHED_IDLE) == 0);
    FAILS(sched_get_priority_max(99), EINVAL);
    FAILS(sched_get_priority_min(99), EINVAL);
    FAILS(sched_setscheduler(0, 99, &given), EINVAL);
    FAILS(sched_setscheduler(0, SCHED_FIFO, &given), EINVAL);
    given.sched_priority = 1;
    FAILS(sched_setscheduler(0, SCHED_OTHER, &given), EINVAL);
    given.sched_priority = 100;
    FAILS(sched_setscheduler(0, SCHED_RR, &given), EINVAL);
    FAILS(sched_getscheduler(NOBODY), ESRCH);
    FAILS(sched_getparam(NOBODY, &given), ESRCH);
    FAILS(sched_setscheduler(NOBODY, SCHED_OTHER, &given), ESRCH);
    FAILS(sched_getaffinity(NOBODY, sizeof(set), &set), ESRCH);
    memset(&set, 0xff, sizeof(set));
    FAILS(sched_setaffinity(NOBODY, sizeof(set), &set), ESRCH);
    FACT(sched_setaffinity(getpid(), sizeof(set), &set) == 0);
    FAILS(sched_getaffinity(0, 1, &set), EINVAL);
    FACT(sched_getaffinity(getpid(), sizeof(set), &set) == 0);
    FACT(!CPU_ISSET(CPU_SETSIZE - 1, &set));
    CPU_ZERO(&set);
    for (int cpu = 1; cpu < CPU_SETSIZE; cpu += 2) {
        CPU_SET(cpu, &set);
    }
    FACT(CPU_COUNT(&set) == CPU_SETSIZE / 2 &&
         CPU_ISSET(CPU_SETSIZE - 1, &set));
#ifdef __wasm__
    for (given.sched_priority = 1; given.sched_priority <= 99;
         given.sched_priority += 98) {
        FAILS(sched_setscheduler(0, SCHED_FIFO, &given), EPERM);
        FAILS(sched_setscheduler(0, SCHED_RR, &given), EPERM);
    }
    given.sched_priority = 0;
    FAILS(sched_setscheduler(0, SCHED_BATCH, &given), EPERM);
    FAILS(sched_setscheduler(0, SCHED_IDLE, &given), EPERM);
    FAILS(sched_setaffinity(0, sizeof(set), &set), EINVAL);
#endif
}

static void attributes_of_threads(void)
{
    pthread_attr_t attributes;
    size_t size = 0;
    int state = 7;

    FACT(pthread_attr_init(&attributes) == 0);
    FACT(pthread_attr_getdetachstate(&attributes, &state) == 0);
    FACT(state == PTHREAD_CREATE_JOINABLE);
    FACT(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_JOINABLE) ==
         0);
    FACT(pthread_attr_getstacksize(&attributes, &size) == 0);
    FACT(size >= PTHREAD_STACK_MIN && size >= 65536);
    FACT(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN) == 0);
    FACT(pthread_attr_getstacksize(&attributes, &size) == 0);
    FACT(size == PTHREAD_STACK_MIN);
    FACT(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN - 1) ==
         EINVAL);
    FACT(pthread_attr_setscope(&attributes, PTHREAD_SCOPE_SYSTEM) == 0);
    FACT(pthread_attr_setscope(&attributes, PTHREAD_SCOPE_PROCESS) == ENOTSUP);
    FACT(pthread_attr_setguardsize(&attributes, 0) == 0);
    FACT(pthread_attr_destroy(&attributes) == 0);
}

static void attributes_of_locks(void)
{
    const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE,
                         PTHREAD_MUTEX_ERRORCHECK};
    pthread_mutexattr_t of_mutex;
    pthread_condattr_t of_condition;
    clockid_t clock = CLOCK_MONOTONIC;
    int type = 99;

    FACT(pthread_mutexattr_init(&of_mutex) == 0);
    FACT(pthread_mutexattr_gettype(&of_mutex, &type) == 0);
    FACT(type == PTHREAD_MUTEX_DEFAULT);
    for (int i = 0; i < 3; i++) {
        FACT(pthread_mutexattr_settype(&of_mutex, types[i]) == 0);
        FACT(pthread_mutexattr_gettype(&of_mutex, &type) == 0);
        FACT(type == types[i]);
    }
    FACT(pthread_mutexattr_settype(&of_mutex, -1) == EINVAL);
    FACT(pthread_mutexattr_setpshared(&of_mutex, PTHREAD_PROCESS_PRIVATE) == 0);
    FACT(pthread_mutexattr_setpshared(&of_mutex, PTHREAD_PROCESS_SHARED) == 0);
    FACT(pthread_mutexattr_setpshared(&of_mutex, 99) == EINVAL);
    FACT(pthread_mutexattr_destroy(&of_mutex) == 0);
    FACT(pthread_condattr_init(&of_condition) == 0);
    FACT(pthread_condattr_getclock(&of_condition, &clock) == 0);
    FACT(clock == CLOCK_REALTIME);
    FACT(pthread_condattr_setclock(&of_condition, CLOCK_MONOTONIC) == 0);
    FACT(pthread_condattr_setclock(&of_condition, CLOCK_REALTIME) == 0);
    FACT(pthread_condattr_getclock(&of_condition, &clock) == 0);
    FACT(clock == CLOCK_REALTIME);
    FACT(pthread_condattr_setclock(&of_condition, CLOCK_PROCESS_CPUTIME_ID) ==
         EINVAL);
    FACT(pthread_condattr_setpshared(&of_condition, PTHREAD_PROCESS_PRIVATE) ==
         0);
    FACT(pthread_condattr_destroy(&of_condition) == 0);
}

static void warn_by(void (*print)(const char *, va_list), const char *format,
                    ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
}

/* err.h begins with the program's name, which is a file's without folders. */
static void warnings(const char *folder)
{
    char text[512] = "";
    char expected[512];
    const int directory = open(folder, O_RDONLY | O_DIRECTORY);
    const int fd = openat(directory, "log", O_RDWR | O_CREAT, 0600);
    const int kept = dup(2);

    FACT(dup2(fd, 2) == 2);
    errno = ENOENT;
    warn("%d", 1);
    warnx("%d", 2);
    errno = ENOENT;
    warn_by(vwarn, "%s", "three");
    warn_by(vwarnx, "%s", "four");
    errno = EACCES;
    warn(NULL);
    FACT(dup2(kept, 2) == 2);
    FACT(pread(fd, text, sizeof(text) - 1, 0) > 0);
    const int length = (int)strcspn(text, ":");
    FACT(length > 0 && strcspn(text, "/") > (size_t)length);
    snprintf(expected, sizeof(expected),
             "%.*s: 1: %s\n%.*s: 2\n%.*s: three: %s\n%.*s: four\n%.*s: %s\n",
             length, text, strerror(ENOENT), length, text, length, text,
             strerror(ENOENT), length, text, length, text, strerror(EACCES));
    FACT(strcmp(text, expected) == 0);
    FACT(unlinkat(directory, "log", 0) == 0);
    FACT(close(fd) == 0 && close(kept) == 0 && close(directory) == 0);
}

#ifdef __wasm__
/* There is one process, which loads, starts and leads nothing. */
static void one_process(void)
{
    char *none[] = {NULL};
    struct shmid_ds segment;
    gid_t group = 0;
    char name[8];

    FAILS(fork(), ENOSYS);
    FAILS(vfork(), ENOSYS);
    FAILS(execv("/bin/true", none), ENOSYS);
    FAILS(execve("/bin/true", none, none), ENOSYS);
    FAILS(execvp("true", none), ENOSYS);
    FAILS(execl("/bin/true", "true", NULL), ENOSYS);
    FAILS(execlp("true", "true", NULL), ENOSYS);
    FAILS(execle("/bin/true", "true", NULL, none), ENOSYS);
    FAILS(system("true"), ENOSYS);
    FACT(system(NULL) == 0);
    FAILS(daemon(0, 0), ENOSYS);
    FAILS(setsid(), EPERM);
    FAILS(setpgid(0, 0), EPERM);
    FACT(setpgrp() == getpid() && getsid(0) == getpid() && getppid() == 1);
    FAILS(chroot("/tmp"), EPERM);
    FACT(alarm(9) == 0 && alarm(0) == 9);
    FACT(dlclose(none) == -1);
    FAILS(shmget(IPC_PRIVATE, 1, IPC_CREAT), ENOSYS);
    FACT(shmat(1, NULL, 0) == (void *)-1 && errno == ENOSYS);
    FAILS(shmdt(none), ENOSYS);
    FAILS(shmctl(1, IPC_STAT, &segment), ENOSYS);
    FACT(getlogin() == NULL && errno == ENXIO);
    FACT(getlogin_r(name, sizeof(name)) == ENXIO);
    FACT(getgroups(1, &group) == 1 && group == getgid());
    FACT(getpwent() == NULL && getgrent() == NULL);
    FACT(initgroups("wasi", getgid()) == 0);
}

static void more_absences(void)
{
    const struct itimerspec soon = {.it_value = {.tv_sec = 1}};
    struct itimerspec left;
    struct statvfs status;
    struct statfs old_status;

    FAILS(inotify_init(), ENOSYS);
    FAILS(inotify_add_watch(0, "/tmp", IN_CREATE), ENOSYS);
    FAILS(inotify_rm_watch(0, 1), ENOSYS);
    FAILS(fstatfs(0, &old_status), ENOSYS);
    FAILS(fstatvfs(0, &status), ENOSYS);
    FAILS(timer_delete(NULL), ENOSYS);
    FAILS(timer_settime(NULL, 0, &soon, NULL), ENOSYS);
    FAILS(timer_gettime(NULL, &left), ENOSYS);
    FAILS(timer_getoverrun(NULL), ENOSYS);
}
#endif

void self_facts(void)
{
    char folder[] = "/tmp/wasock-process-XXXXXX";

    FACT(mkdtemp(folder) == folder);
    own_ids();
    names_of_users();
    names_of_groups();
    owners(folder);
    process_numbers();
    priorities();
    interval_timers();
    libraries();
    limits();
    usage();
    answers();
    process_control();
    no_terminals();
    terminal_settings();
    schedulers();
    attributes_of_threads();
    attributes_of_locks();
    warnings(folder);
#ifdef __wasm__
    one_process();
    more_absences();
#endif
    FACT(rmdir(folder) == 0);
}
