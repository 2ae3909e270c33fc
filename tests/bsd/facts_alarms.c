/* SPDX-License-Identifier: MIT */
/* facts_alarms - timers that send SIGALRM, while the program waits. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"

#define SOON_US 10000

static volatile int n_alarms;
static volatile int last_code;
static volatile int wakes = -1; /* the end to write to, at the third alarm */

static void tick(int number)
{
    n_alarms += number == SIGALRM;
    if (wakes >= 0 && n_alarms == 3) {
        FACT(write(wakes, "x", 1) == 1);
    }
}

static void inform(int number, siginfo_t *info, void *context)
{
    (void)context;
    last_code = info->si_code;
    n_alarms += number == info->si_signo;
}

static void handle(int flags)
{
    struct sigaction action = {.sa_handler = tick, .sa_flags = flags};

    n_alarms = 0;
    FACT(sigaction(SIGALRM, &action, NULL) == 0);
}

static void set(int value_us, int interval_us)
{
    const struct itimerval value = {.it_value = {.tv_usec = value_us},
                                    .it_interval = {.tv_usec = interval_us}};

    FACT(setitimer(ITIMER_REAL, &value, NULL) == 0);
}

static void settings(void)
{
    const struct itimerval bad = {.it_value = {.tv_usec = 1000000}};
    struct itimerval value = {.it_value = {.tv_sec = 100},
                              .it_interval = {.tv_sec = 7}};
    struct itimerval old;

    handle(0);
    FACT(alarm(0) == 0);
    FACT(alarm(20) == 0 && alarm(30) == 20);
    FACT(getitimer(ITIMER_REAL, &old) == 0 && old.it_value.tv_sec == 29 &&
         old.it_interval.tv_sec == 0);
    FACT(setitimer(ITIMER_REAL, &value, &old) == 0);
    FACT(old.it_value.tv_sec == 29 && old.it_value.tv_usec > 0);
    FACT(getitimer(ITIMER_REAL, &old) == 0 && old.it_value.tv_sec == 99 &&
         old.it_interval.tv_sec == 7);
    FAILS(setitimer(ITIMER_REAL, &bad, NULL), EINVAL);
    FAILS(setitimer(9, &value, NULL), EINVAL);
    FAILS(getitimer(9, &old), EINVAL);
    FACT(alarm(0) == 100);
    FACT(alarm(0) == 0 && n_alarms == 0);
}

/* What waits for nothing else ends with EINTR, SA_RESTART or not. */
static void interrupted_waits(void)
{
    const int epoll = epoll_create1(0);
    struct timespec time = {60, 0};
    struct timespec left = {0, 0};
    struct epoll_event event;
    int ends[2];

    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    struct pollfd one = {ends[0], POLLIN, 0};
    event.events = EPOLLIN;
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
    handle(SA_RESTART);
    set(SOON_US, 0);
    FAILS(poll(&one, 1, -1), EINTR);
    set(SOON_US, 0);
    FAILS(poll(NULL, 0, 60000), EINTR);
    set(SOON_US, 0);
    FAILS(select(0, NULL, NULL, NULL, NULL), EINTR);
    set(SOON_US, 0);
    FAILS(epoll_wait(epoll, &event, 1, -1), EINTR);
    set(SOON_US, 0);
    FAILS(nanosleep(&time, &left), EINTR);
    FACT(left.tv_sec == 59 && n_alarms == 5);
    set(SOON_US, 0);
    FACT(sleep(60) >= 59);
    set(SOON_US, 0);
    FAILS(pause(), EINTR);
    FACT(n_alarms == 7);
    set(SOON_US, SOON_US); /* until it is stopped */
    while (n_alarms < 10) {
        FAILS(poll(&one, 1, -1), EINTR);
    }
    set(0, 0);
    FACT(poll(&one, 1, 30) == 0 && n_alarms == 10);
    FACT(write(ends[1], "x", 1) == 1);
    set(SOON_US, 0);
    FACT(poll(&one, 1, -1) == 1); /* what is ready comes first */
    FAILS(usleep(60000000), EINTR);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0 && close(epoll) == 0);
}

static void interrupted_reads(int reader, int writer)
{
    const struct timeval timeout = {.tv_sec = 60};
    char byte = 0;

    handle(0);
    set(SOON_US, 0);
    FAILS(read(reader, &byte, 1), EINTR);
    FACT(n_alarms == 1);
    handle(SA_RESTART);
    wakes = writer;
    set(SOON_US, SOON_US);
    FACT(recv(reader, &byte, 1, 0) == 1 && n_alarms >= 3);
    set(0, 0);
    wakes = -1;
    FACT(setsockopt(reader, SOL_SOCKET, SO_RCVTIMEO, &timeout,
                    sizeof(timeout)) == 0);
    handle(SA_RESTART);
    set(SOON_US, 0);
    FAILS(read(reader, &byte, 1), EINTR); /* with a timeout it does not */
    FACT(n_alarms == 1);
    signal(SIGALRM, SIG_IGN);
    const struct timeval soon = {.tv_usec = 3L * SOON_US};
    FACT(setsockopt(reader, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)) == 0);
    set(SOON_US, 0);
    FAILS(read(reader, &byte, 1), EAGAIN);
    FACT(n_alarms == 1);
}

static void interrupted_sockets(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    int ends[2];

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FACT(bind(listener, (struct sockaddr *)&address, length) == 0);
    FACT(listen(listener, 4) == 0);
    FACT(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    handle(0);
    set(SOON_US, 0);
    FAILS(accept(listener, NULL, NULL), EINTR);
    FACT(connect(client, (struct sockaddr *)&address, length) == 0);
    set(SOON_US, 0);
    const int server = accept(listener, NULL, NULL);
    FACT(server >= 0);
    FACT(pause() == -1 && n_alarms == 2);
    interrupted_reads(server, client);
    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    interrupted_reads(ends[0], ends[1]);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0);
    FACT(close(server) == 0 && close(client) == 0 && close(listener) == 0);
    FACT(pipe(ends) == 0);
    handle(0);
    set(SOON_US, 0);
    FAILS(read(ends[0], &length, 1), EINTR);
    FACT(close(ends[0]) == 0 && close(ends[1]) == 0 && n_alarms == 1);
}

/* One that is blocked is pending, and can be waited for. */
static void blocked_alarms(void)
{
    struct sigaction action = {.sa_sigaction = inform, .sa_flags = SA_SIGINFO};
    struct signalfd_siginfo read_info;
    siginfo_t info;
    sigset_t set_of_it;
    sigset_t before;
    int number = 0;

    n_alarms = 0;
    FACT(sigaction(SIGALRM, &action, NULL) == 0);
    sigemptyset(&set_of_it);
    sigaddset(&set_of_it, SIGALRM);
    FACT(sigprocmask(SIG_BLOCK, &set_of_it, &before) == 0);
    set(SOON_US, 0);
    FACT(poll(NULL, 0, 30) == 0 && n_alarms == 0);
    FACT(sigpending(&before) == 0 && sigismember(&before, SIGALRM) == 1);
    FACT(sigwait(&set_of_it, &number) == 0 && number == SIGALRM);
    set(SOON_US, 0);
    FACT(sigwaitinfo(&set_of_it, &info) == SIGALRM);
    FACT(info.si_code == SI_KERNEL && info.si_pid == 0 && info.si_uid == 0);
    sigemptyset(&before);
    set(SOON_US, 0);
    FAILS(sigsuspend(&before), EINTR);
    FACT(n_alarms == 1 && last_code == SI_KERNEL);
    const int fd = signalfd(-1, &set_of_it, 0);
    set(SOON_US, 0);
    FACT(read(fd, &read_info, sizeof(read_info)) == sizeof(read_info));
    FACT(read_info.ssi_signo == SIGALRM && n_alarms == 1);
    set(SOON_US, 0);
    struct pollfd one = {fd, POLLIN, 0};
    FACT(poll(&one, 1, -1) == 1 && close(fd) == 0);
    FACT(sigprocmask(SIG_UNBLOCK, &set_of_it, NULL) == 0 && n_alarms == 2);
    signal(SIGALRM, SIG_DFL);
}

void alarm_facts(void)
{
    settings();
    interrupted_waits();
    interrupted_sockets();
    blocked_alarms();
}
