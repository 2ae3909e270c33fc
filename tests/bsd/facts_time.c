/* SPDX-License-Identifier: MIT */
/* facts_time - clocks, sleeps, timers that are polled, and signals that are
 * read. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"

#define MS 1000000LL
#define S 1000000000LL

static long long now_ns(clockid_t clock)
{
    struct timespec now = {0, 0};

    FACT(clock_gettime(clock, &now) == 0);
    return now.tv_sec * S + now.tv_nsec;
}

static struct timespec time_of(long long ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / S),
                             .tv_nsec = (long)(ns % S)};
}

/* A switch statement, which takes integers. */
static const char *name_of(clockid_t clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
        return "real";
    case CLOCK_MONOTONIC:
        return "monotonic";
    default:
        return "other";
    }
}

static void clocks(void)
{
    const clockid_t all[] = {CLOCK_REALTIME,
                             CLOCK_MONOTONIC,
                             CLOCK_MONOTONIC_RAW,
                             CLOCK_REALTIME_COARSE,
                             CLOCK_MONOTONIC_COARSE,
                             CLOCK_BOOTTIME,
                             CLOCK_TAI,
                             CLOCK_PROCESS_CPUTIME_ID,
                             CLOCK_THREAD_CPUTIME_ID};
    struct timespec time;
    clockid_t clock = -1;

    FACT(CLOCK_REALTIME == 0 && CLOCK_MONOTONIC == 1);
    FACT(strcmp(name_of(CLOCK_MONOTONIC), "monotonic") == 0);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const long long before = now_ns(all[i]);
        FACT(now_ns(all[i]) >= before && before >= 0);
        FACT(clock_getres(all[i], &time) == 0);
        FACT(time.tv_sec == 0 && time.tv_nsec > 0);
    }
    FACT(now_ns(CLOCK_REALTIME) > 1600000000 * S);
    FACT(clock_getres(CLOCK_MONOTONIC, NULL) == 0);
    FAILS(clock_gettime(9999, &time), EINVAL);
    FAILS(clock_getres(9999, &time), EINVAL);
    FACT(clock_getcpuclockid(0, &clock) == 0);
    FACT(now_ns(clock) >= 0);
}

/* times(3) counts what sysconf says. */
static void ticks(void)
{
    const long per_s = sysconf(_SC_CLK_TCK);
    struct tms used;
    const clock_t before = times(&used);

    FACT(per_s == 100);
    FACT(used.tms_utime >= 0 && used.tms_utime < 60 * per_s);
    FACT(used.tms_stime >= 0 && used.tms_stime < 60 * per_s);
    FACT(used.tms_cutime == 0 && used.tms_cstime == 0);
    usleep(50000);
    const clock_t after = times(&used);
    FACT(after - before >= 4 && after - before < 60 * per_s);
}

/* Whether a sleep until 20 ms from now by a clock lasts until then. */
static void sleep_until(clockid_t clock)
{
    const long long moment = now_ns(clock) + 20 * MS;
    const struct timespec time = time_of(moment);

    FACT(clock_nanosleep(clock, TIMER_ABSTIME, &time, NULL) == 0);
    FACT(now_ns(clock) >= moment);
}

static void sleeps(void)
{
    const struct timespec bad[] = {{-5, 9999}, {0, 1000000000}, {1, -100}};
    const struct timespec past = {1, 0};
    const struct timespec short_time = time_of(20 * MS);
    long long before = now_ns(CLOCK_MONOTONIC);

    sleep_until(CLOCK_REALTIME);
    sleep_until(CLOCK_MONOTONIC);
    sleep_until(CLOCK_BOOTTIME);
    FACT(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, NULL) == 0);
    before = now_ns(CLOCK_MONOTONIC);
    FACT(clock_nanosleep(CLOCK_REALTIME, 0, &short_time, NULL) == 0);
    FACT(now_ns(CLOCK_MONOTONIC) - before >= 20 * MS);
    before = now_ns(CLOCK_MONOTONIC);
    FACT(nanosleep(&short_time, NULL) == 0 && usleep(5000) == 0);
    FACT(now_ns(CLOCK_MONOTONIC) - before >= 25 * MS && sleep(0) == 0);
    for (int i = 0; i < 3; i++) {
        FAILS(nanosleep(&bad[i], NULL), EINVAL);
        FACT(clock_nanosleep(CLOCK_MONOTONIC, 0, &bad[i], NULL) == EINVAL);
        FACT(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &bad[i], NULL) ==
             EINVAL);
    }
    FACT(clock_nanosleep(9999, 0, &short_time, NULL) == EINVAL);
    FACT(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &short_time, NULL) ==
         EINVAL);
    FACT(clock_nanosleep(CLOCK_MONOTONIC_RAW, 0, &short_time, NULL) == ENOTSUP);
}

static void set_timer(int fd, int flags, long long value_ns,
                      long long interval_ns)
{
    const struct itimerspec value = {.it_value = time_of(value_ns),
                                     .it_interval = time_of(interval_ns)};

    FACT(timerfd_settime(fd, flags, &value, NULL) == 0);
}

static void timers_alone(void)
{
    struct itimerspec value;
    struct stat status;
    uint64_t n = 0;
    char few[4];
    const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct pollfd one = {fd, POLLIN | POLLOUT, 0};

    FACT(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    FACT(fcntl(fd, F_GETFL) & O_NONBLOCK);
    FACT(fstat(fd, &status) == 0 && !S_ISREG(status.st_mode));
    FAILS(read(fd, &n, sizeof(n)), EAGAIN);
    FAILS(read(fd, few, sizeof(few)), EINVAL);
    FAILS(write(fd, &n, sizeof(n)), EINVAL);
    FACT(poll(&one, 1, 0) == 0);
    set_timer(fd, 0, 60 * S, 0);
    FACT(timerfd_gettime(fd, &value) == 0 && value.it_interval.tv_nsec == 0);
    FACT(value.it_value.tv_sec >= 50 && value.it_value.tv_sec <= 60);
    FAILS(read(fd, &n, sizeof(n)), EAGAIN);
    set_timer(fd, 0, 20 * MS, 0);
    FACT(poll(&one, 1, 5000) == 1 && one.revents == POLLIN);
    FACT(poll(&one, 1, 0) == 1); /* until it is read */
    FACT(timerfd_gettime(fd, &value) == 0 && value.it_value.tv_nsec == 0);
    FACT(read(fd, &n, sizeof(n)) == 8 && n == 1);
    FACT(poll(&one, 1, 0) == 0);
    set_timer(fd, 0, 5 * MS, 0);
    FACT(usleep(10000) == 0);
    set_timer(fd, 0, 0, 0); /* also what it has counted is gone */
    FACT(poll(&one, 1, 0) == 0);
    FACT(close(fd) == 0);
}

static void bad_timers(void)
{
    struct itimerspec value = {.it_value = {.tv_nsec = 1000000000}};
    const int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    int ends[2];

    FACT(pipe(ends) == 0);
    FAILS(timerfd_create(9999, 0), EINVAL);
    FAILS(timerfd_create(CLOCK_MONOTONIC, 0x10), EINVAL);
    FAILS(timerfd_settime(fd, 0, &value, NULL), EINVAL);
    value.it_value.tv_nsec = -1;
    FAILS(timerfd_settime(fd, 0, &value, NULL), EINVAL);
    value.it_value.tv_nsec = 1;
    FAILS(timerfd_settime(fd, 0x40, &value, NULL), EINVAL);
    FAILS(timerfd_settime(ends[0], 0, &value, NULL), EINVAL);
    FAILS(timerfd_settime(-1, 0, &value, NULL), EBADF);
    FAILS(timerfd_gettime(ends[0], &value), EINVAL);
    FACT(close(fd) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

/* A read waits; an absolute time may be past; periods are counted. */
static void waited_timers(void)
{
    struct itimerspec value = {.it_interval = {.tv_nsec = 0}};
    struct itimerspec old;
    uint64_t n = 0;
    const int fd = timerfd_create(CLOCK_REALTIME, 0);
    long long before = now_ns(CLOCK_MONOTONIC);

    set_timer(fd, 0, 20 * MS, 0);
    FACT(read(fd, &n, sizeof(n)) == 8 && n == 1);
    FACT(now_ns(CLOCK_MONOTONIC) - before >= 20 * MS);
    const long long moment = now_ns(CLOCK_REALTIME) + 20 * MS;
    set_timer(fd, TFD_TIMER_ABSTIME, moment, 0);
    FACT(read(fd, &n, sizeof(n)) == 8 && n == 1);
    FACT(now_ns(CLOCK_REALTIME) >= moment);
    set_timer(fd, TFD_TIMER_ABSTIME, 1, 0);
    FACT(read(fd, &n, sizeof(n)) == 8 && n == 1);
    set_timer(fd, 0, 5 * MS, 5 * MS);
    FACT(usleep(22000) == 0);
    FACT(read(fd, &n, sizeof(n)) == 8 && n >= 4);
    before = now_ns(CLOCK_MONOTONIC);
    FACT(read(fd, &n, sizeof(n)) == 8 && n >= 1);
    value.it_value.tv_sec = 100;
    FACT(timerfd_settime(fd, 0, &value, &old) == 0);
    FACT(old.it_interval.tv_nsec == 5 * MS && old.it_value.tv_nsec > 0);
    value.it_value.tv_sec = INT64_MAX;
    FACT(timerfd_settime(fd, 0, &value, &old) == 0);
    FACT(old.it_value.tv_sec == 99 && old.it_interval.tv_nsec == 0);
    FACT(close(fd) == 0);
}

/* Timers beside descriptors that are idle: each wait ends with the first. */
static void timers_among_others(void)
{
    fd_set set;
    int s[2];
    struct timeval limit = {5, 0};
    const int first = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    const int second = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    struct pollfd all[3] = {
        {first, POLLIN, 0}, {-1, POLLIN, 0}, {second, POLLIN, 0}};

    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    all[1].fd = s[0];
    set_timer(first, 0, 60 * S, 0);
    set_timer(second, 0, 15 * MS, 0);
    const long long before = now_ns(CLOCK_MONOTONIC);
    FACT(poll(all, 3, 5000) == 1 && all[2].revents == POLLIN);
    FACT(now_ns(CLOCK_MONOTONIC) - before < 5 * S);
    set_timer(second, 0, 60 * S, 0);
    FACT(poll(all, 3, 1) == 0); /* the wait is over before */
    set_timer(second, 0, 15 * MS, 0);
    FD_ZERO(&set);
    FD_SET(first, &set);
    FD_SET(second, &set);
    FD_SET(s[0], &set);
    FACT(select(FD_SETSIZE, &set, NULL, NULL, &limit) == 1);
    FACT(FD_ISSET(second, &set) && !FD_ISSET(first, &set));
    FACT(write(s[1], "x", 1) == 1);
    FACT(poll(all, 3, -1) == 2 && all[1].revents == POLLIN);
    FACT(close(first) == 0 && close(second) == 0);
    FACT(close(s[0]) == 0 && close(s[1]) == 0);
}

static int waited(int epoll, int timeout_ms)
{
    struct epoll_event event = {.events = 0};
    const int n = epoll_wait(epoll, &event, 1, timeout_ms);

    return n == 1 ? (int)event.events : -n;
}

static void timers_in_epoll(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    struct epoll_event edge = {.events = EPOLLIN | EPOLLET};
    uint64_t n = 0;
    int ends[2];
    const int epoll = epoll_create1(0);
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    const int other = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);

    FACT(pipe(ends) == 0);
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) == 0);
    FACT(waited(epoll, 0) == 0);
    set_timer(timer, 0, 60 * S, 0);
    FACT(waited(epoll, 1) == 0);
    set_timer(timer, 0, 15 * MS, 0);
    FACT(waited(epoll, 5000) == EPOLLIN);
    FACT(waited(epoll, 0) == EPOLLIN);
    FACT(read(timer, &n, sizeof(n)) == 8 && n == 1 && waited(epoll, 0) == 0);
    FACT(epoll_ctl(epoll, EPOLL_CTL_MOD, timer, &edge) == 0);
    set_timer(timer, 0, 10 * MS, 10 * MS);
    FACT(waited(epoll, -1) == EPOLLIN && waited(epoll, 0) == 0);
    FACT(waited(epoll, 25) == 0); /* the next edge comes after a read */
    FACT(read(timer, &n, sizeof(n)) == 8 && n >= 2);
    FACT(waited(epoll, -1) == EPOLLIN);
    FACT(epoll_ctl(epoll, EPOLL_CTL_DEL, timer, NULL) == 0);
    FACT(waited(epoll, 25) == 0);
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) == 0);
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, other, &event) == 0);
    set_timer(timer, 0, 0, 0);
    set_timer(other, 0, 10 * MS, 0);
    FACT(close(timer) == 0 && waited(epoll, 5000) == EPOLLIN);
    FACT(poll(&(struct pollfd){epoll, POLLIN, 0}, 1, 0) == 1);
    FACT(read(other, &n, sizeof(n)) == 8);
    set_timer(other, 0, 10 * MS, 0);
    FACT(poll(&(struct pollfd){epoll, POLLIN, 0}, 1, 5000) == 1);
    FACT(close(other) == 0 && waited(epoll, 0) == 0);
    FACT(close(epoll) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

/* An instance that watches another, which watches a timer. */
static void timers_behind_epolls(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    uint64_t n = 0;
    const int outer = epoll_create1(0);
    const int inner = epoll_create1(0);
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);

    FACT(epoll_ctl(inner, EPOLL_CTL_ADD, timer, &event) == 0);
    FACT(epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event) == 0);
    FACT(waited(outer, 0) == 0);
    set_timer(timer, 0, 10 * MS, 0);
    FACT(waited(outer, 5000) == EPOLLIN && waited(inner, 0) == EPOLLIN);
    FACT(read(timer, &n, sizeof(n)) == 8 && waited(outer, 0) == 0);
    set_timer(timer, 0, 10 * MS, 0);
    FACT(waited(outer, -1) == EPOLLIN);
    FACT(close(timer) == 0 && waited(outer, 0) == 0);
    FACT(close(inner) == 0 && close(outer) == 0);
}

static sigset_t set_of(int first, int second)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, first);
    sigaddset(&set, second);
    return set;
}

static void read_signals(void)
{
    struct signalfd_siginfo infos[3];
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    const union sigval value = {.sival_int = 42};
    sigset_t set = set_of(SIGUSR1, SIGUSR2);
    const int epoll = epoll_create1(0);
    const int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    struct pollfd one = {fd, POLLIN, 0};

    FACT(sizeof(infos[0]) == 128);
    FACT(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    FACT(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
    FACT(poll(&one, 1, 0) == 0 && waited(epoll, 0) == 0);
    FAILS(read(fd, infos, sizeof(infos)), EAGAIN);
    FAILS(read(fd, infos, 127), EINVAL);
    FACT(sigqueue(getpid(), SIGUSR2, value) == 0);
    FACT(poll(&one, 1, -1) == 1 && one.revents == POLLIN);
    FACT(waited(epoll, -1) == EPOLLIN && waited(epoll, 0) == 0);
    FACT(kill(getpid(), SIGUSR1) == 0 && waited(epoll, -1) == EPOLLIN);
    FACT(read(fd, infos, sizeof(infos)) == 256);
    FACT(infos[0].ssi_signo == SIGUSR1 && infos[0].ssi_code == SI_USER);
    FACT(infos[1].ssi_signo == SIGUSR2 && infos[1].ssi_code == SI_QUEUE);
    FACT(infos[1].ssi_int == 42 && infos[1].ssi_pid == (uint32_t)getpid());
    FACT(infos[0].ssi_uid == getuid());
    FACT(poll(&one, 1, 0) == 0 && waited(epoll, 0) == 0);
    FACT(raise(SIGUSR1) == 0);
    set = set_of(SIGUSR2, SIGUSR2);
    FACT(signalfd(fd, &set, 0) == fd && poll(&one, 1, 0) == 0);
    set = set_of(SIGUSR1, SIGUSR2);
    FACT(signalfd(fd, &set, 0) == fd && poll(&one, 1, 0) == 1);
    FACT(read(fd, infos, sizeof(infos)) == 128);
    FAILS(signalfd(epoll, &set, 0), EINVAL);
    FAILS(signalfd(-1, &set, 1), EINVAL);
    FAILS(signalfd(9999, &set, 0), EBADF);
    FACT(close(fd) == 0 && raise(SIGUSR1) == 0 && close(epoll) == 0);
}

static void awaited_signals(void)
{
    const struct timespec none = {0, 0};
    const struct timespec bad = {0, 1000000000};
    const struct timespec short_time = {0, 20 * MS};
    const sigset_t set = set_of(SIGUSR1, SIGUSR2);
    siginfo_t info;
    int number = 0;

    FACT(sigtimedwait(&set, &info, &none) == SIGUSR1);   /* from before */
    FACT(info.si_signo == SIGUSR1 && info.si_code <= 0); /* not the kernel */
    FACT(info.si_pid == getpid());
    FAILS(sigtimedwait(&set, &info, &none), EAGAIN);
    FAILS(sigtimedwait(&set, &info, &bad), EINVAL);
    const long long before = now_ns(CLOCK_MONOTONIC);
    FAILS(sigtimedwait(&set, NULL, &short_time), EAGAIN);
    FACT(now_ns(CLOCK_MONOTONIC) - before >= 20 * MS);
    FACT(kill(getpid(), SIGUSR2) == 0 && sigwaitinfo(&set, &info) == SIGUSR2);
    FACT(info.si_code == SI_USER && kill(getpid(), SIGUSR1) == 0);
    FACT(sigwait(&set, &number) == 0 && number == SIGUSR1);
    FACT(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

void time_facts(void)
{
    clocks();
    ticks();
    sleeps();
    timers_alone();
    bad_timers();
    waited_timers();
    timers_among_others();
    timers_in_epoll();
    timers_behind_epolls();
    read_signals();
    awaited_signals();
}
