/* SPDX-License-Identifier: MIT */
/* threads_interrupts.c - what a signal of another thread does to one that waits
 * in a call. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"
#include "threads.h"

#define LARGE 300000 /* more than a pipe holds */

static int pair[2];
static int pipe_ends[2];
static int timed_pair[2];
static int listener;
static int counter;
static int epoll;
static sem_t is_there;
static sem_t is_over;
static sem_t never;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char *large;
static volatile int n_handled;
static pthread_t handled_by;

static void handle(int number)
{
    (void)number;
    handled_by = pthread_self();
    n_handled++;
}

/* ---- Calls that wait. Each returns its own result. ---- */

static long call_read(void)
{
    char byte = 0;

    return read(pair[0], &byte, 1);
}

static long call_recv(void)
{
    char byte = 0;

    return recv(pair[0], &byte, 1, 0);
}

static long call_read_pipe(void)
{
    char byte = 0;

    return read(pipe_ends[0], &byte, 1);
}

static long call_accept(void)
{
    return accept(listener, NULL, NULL);
}

static long call_read_counter(void)
{
    eventfd_t value = 0;

    return read(counter, &value, sizeof(value));
}

static long call_sem_wait(void)
{
    return sem_wait(&never);
}

static long call_timed_recv(void)
{
    char byte = 0;

    return recv(timed_pair[0], &byte, 1, 0);
}

static long call_sem_timedwait(void)
{
    const struct timespec moment = in_ms(CLOCK_REALTIME, 20000);

    return sem_timedwait(&never, &moment);
}

static long call_nanosleep(void)
{
    const struct timespec time = {20, 0};
    struct timespec left = {0, 0};
    const int result = nanosleep(&time, &left);

    FACT(left.tv_sec >= 10 && left.tv_sec <= 20);
    return result;
}

static long call_clock_nanosleep(void)
{
    const struct timespec moment = in_ms(CLOCK_MONOTONIC, 20000);

    errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL);
    return errno == 0 ? 0 : -1;
}

static long call_usleep(void)
{
    return usleep(20000000);
}

static long call_sleep(void)
{
    const unsigned left = sleep(20);

    FACT(left >= 10 && left <= 20);
    return -1;
}

static long call_poll(void)
{
    struct pollfd fd = {.fd = pair[0], .events = POLLIN};

    return poll(&fd, 1, 20000);
}

static long call_poll_for_nothing(void)
{
    return poll(NULL, 0, -1);
}

static long call_ppoll(void)
{
    struct pollfd fd = {.fd = pair[0], .events = POLLIN};

    return ppoll(&fd, 1, NULL, NULL);
}

static long call_select(void)
{
    fd_set readable;

    FD_ZERO(&readable);
    FD_SET(pair[0], &readable);
    return select(pair[0] + 1, &readable, NULL, NULL, NULL);
}

static long call_epoll(void)
{
    struct epoll_event event;

    return epoll_wait(epoll, &event, 1, 20000);
}

static long call_pause(void)
{
    return pause();
}

static long call_sigsuspend(void)
{
    sigset_t none;

    sigemptyset(&none);
    return sigsuspend(&none);
}

static long call_sigtimedwait(void)
{
    const struct timespec timeout = {20, 0};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    return sigtimedwait(&set, NULL, &timeout);
}

/* Calls that SA_RESTART lets go on after a handler, and calls that it does
 * not. */
static long (*const restartable[])(void) = {call_read,         call_recv,
                                            call_read_pipe,    call_accept,
                                            call_read_counter, call_sem_wait};
static long (*const others[])(void) = {
    call_timed_recv, call_sem_timedwait, call_nanosleep, call_clock_nanosleep,
    call_usleep,     call_sleep,         call_poll,      call_poll_for_nothing,
    call_ppoll,      call_select,        call_epoll,     call_pause,
    call_sigsuspend, call_sigtimedwait};
#define N_RESTARTABLE (sizeof(restartable) / sizeof(restartable[0]))
#define N_OTHERS (sizeof(others) / sizeof(others[0]))

struct outcome {
    long (*call)(void);
    long result;
    int error;
};

static void *wait_in(void *argument)
{
    struct outcome *outcome = argument;

    sem_post(&is_there);
    errno = 0;
    outcome->result = outcome->call();
    outcome->error = errno;
    sem_post(&is_over);
    return NULL;
}

static void set_handler(int flags)
{
    struct sigaction action = {.sa_handler = handle};

    action.sa_flags = flags;
    FACT(sigaction(SIGUSR1, &action, NULL) == 0);
    n_handled = 0;
}

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) < 0) {
    }
}

/* Send signals to a thread until the call is over: the first one may come
 * before it waits. */
static void kill_until_over(pthread_t thread)
{
    while (sem_trywait(&is_over) < 0) {
        pthread_kill(thread, SIGUSR1);
        usleep(2000);
    }
}

static void interrupt(long (*call)(void), int flags)
{
    struct outcome outcome = {.call = call};

    set_handler(flags);
    const pthread_t thread = start(wait_in, &outcome);
    wait_for(&is_there);
    kill_until_over(thread);
    FACT(n_handled > 0 && pthread_equal(handled_by, thread));
    result_of(thread);
    errno = outcome.error;
    FACT(outcome.result == -1 &&
         (outcome.error == EINTR || call == call_sleep));
}

/* Make one of the calls return. */
static void give(long (*call)(void))
{
    if (call == call_read || call == call_recv) {
        FACT(write(pair[1], "x", 1) == 1);
    } else if (call == call_read_pipe) {
        FACT(write(pipe_ends[1], "x", 1) == 1);
    } else if (call == call_read_counter) {
        FACT(eventfd_write(counter, 1) == 0);
    } else if (call == call_sem_wait) {
        FACT(sem_post(&never) == 0);
    } else {
        struct sockaddr_in address = {0};
        socklen_t length = sizeof(address);
        const int client = socket(AF_INET, SOCK_STREAM, 0);
        getsockname(listener, (struct sockaddr *)&address, &length);
        FACT(connect(client, (struct sockaddr *)&address, length) == 0);
        close(client);
    }
}

/* The handler runs, and the call goes on. */
static void restart(long (*call)(void))
{
    struct outcome outcome = {.call = call};

    set_handler(SA_RESTART);
    const pthread_t thread = start(wait_in, &outcome);
    wait_for(&is_there);
    for (int i = 1; i <= 3; i++) {
        usleep(2000);
        FACT(pthread_kill(thread, SIGUSR1) == 0);
        while (n_handled < i) {
            usleep(1000);
        }
    }
    FACT(pthread_equal(handled_by, thread));
    FACT(sem_trywait(&is_over) == -1);
    give(call);
    wait_for(&is_over);
    result_of(thread);
    FACT(outcome.result >= 0);
    if (call == call_accept) {
        close((int)outcome.result);
    }
}

static void open_all(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    const struct timeval timeout = {20, 0};
    struct epoll_event event = {.events = EPOLLIN};

    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, timed_pair) == 0);
    FACT(setsockopt(timed_pair[0], SOL_SOCKET, SO_RCVTIMEO, &timeout,
                    sizeof(timeout)) == 0);
    FACT(pipe(pipe_ends) == 0);
    counter = eventfd(0, 0);
    epoll = epoll_create1(0);
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event) == 0);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FACT(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
    FACT(listen(listener, 5) == 0);
    FACT(sem_init(&is_there, 0, 0) == 0 && sem_init(&is_over, 0, 0) == 0 &&
         sem_init(&never, 0, 0) == 0);
}

static void close_all(void)
{
    for (int i = 0; i < 2; i++) {
        close(pair[i]);
        close(timed_pair[i]);
        close(pipe_ends[i]);
    }
    close(listener);
    close(counter);
    close(epoll);
}

/* ---- A write that was interrupted has written a part ---- */

static long call_write_large(void)
{
    return write(pipe_ends[1], large, LARGE);
}

static void partial_facts(void)
{
    struct outcome outcome = {.call = call_write_large};

    large = calloc(1, LARGE);
    set_handler(0);
    const pthread_t thread = start(wait_in, &outcome);
    wait_for(&is_there);
    kill_until_over(thread);
    result_of(thread);
    FACT(outcome.result > 0 && outcome.result < LARGE);
    free(large);
}

/* ---- A handler that jumps out of the call, and one that waits itself ---- */

static sigjmp_buf out_of_call;
static int own_pair[2];

static void jump(int number)
{
    siglongjmp(out_of_call, number);
}

static void *read_until_jump(void *argument)
{
    char byte = 0;
    sigset_t mask;

    if (sigsetjmp(out_of_call, 1) == 0) {
        sem_post(&is_there);
        for (;;) {
            const ssize_t ignored = read(own_pair[0], &byte, 1);
            (void)ignored;
        }
    }
    FACT(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0);
    FACT(sigismember(&mask, SIGUSR1) == 0);
    return argument;
}

static void wait_in_handler(int number)
{
    handle(number);
    poll(NULL, 0, 2);
}

static void handler_facts(void)
{
    struct sigaction action = {.sa_handler = jump};
    struct outcome outcome = {.call = call_read};

    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, own_pair) == 0);
    FACT(sigaction(SIGUSR1, &action, NULL) == 0);
    pthread_t thread = start(read_until_jump, NULL);
    wait_for(&is_there);
    FACT(pthread_kill(thread, SIGUSR1) == 0);
    result_of(thread);
    FACT(close(own_pair[0]) == 0); /* nothing reads any more */
    FAILS(send(own_pair[1], "x", 1, MSG_NOSIGNAL), EPIPE);
    close(own_pair[1]);

    set_handler(SA_RESTART);
    action.sa_handler = wait_in_handler;
    action.sa_flags = SA_RESTART;
    FACT(sigaction(SIGUSR1, &action, NULL) == 0);
    thread = start(wait_in, &outcome);
    wait_for(&is_there);
    usleep(2000);
    FACT(pthread_kill(thread, SIGUSR1) == 0);
    while (n_handled == 0) {
        usleep(1000);
    }
    give(call_read);
    wait_for(&is_over);
    result_of(thread);
    FACT(outcome.result == 1);
}

/* ---- A mutex is waited for through a handler ---- */

static void *lock(void *argument)
{
    sem_post(&is_there);
    FACT(pthread_mutex_lock(&mutex) == 0);
    FACT(pthread_mutex_unlock(&mutex) == 0);
    return argument;
}

static void mutex_facts(void)
{
    set_handler(0);
    FACT(pthread_mutex_lock(&mutex) == 0);
    const pthread_t thread = start(lock, NULL);
    wait_for(&is_there);
    usleep(2000);
    FACT(pthread_kill(thread, SIGUSR1) == 0);
    while (n_handled == 0) {
        usleep(1000);
    }
    FACT(pthread_equal(handled_by, thread));
    FACT(pthread_mutex_unlock(&mutex) == 0);
    result_of(thread);
}

/* ---- Which thread a signal of the process goes to ---- */

static void *poll_for_signal(void *argument)
{
    sem_post(&is_there);
    FAILS(poll(NULL, 0, -1), EINTR);
    sem_post(&is_over);
    return argument;
}

static void process_facts(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    set_handler(SA_RESTART);
    const pthread_t thread = start(poll_for_signal, NULL);
    wait_for(&is_there);
    FACT(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    while (sem_trywait(&is_over) < 0) { /* the first may come too early */
        FACT(kill(getpid(), SIGUSR1) == 0);
        usleep(2000);
    }
    FACT(n_handled > 0 && pthread_equal(handled_by, thread));
    result_of(thread);

    /* That of a thread is none of the process'. */
    n_handled = 0;
    FACT(pthread_kill(pthread_self(), SIGUSR1) == 0);
    FACT(n_handled == 0);
    FACT(sigpending(&set) == 0 && sigismember(&set, SIGUSR1) == 1);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    FACT(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
    FACT(n_handled == 1 && pthread_equal(handled_by, pthread_self()));
}

/* ---- A mask for the time of a wait ---- */

static void *ppoll_with_mask(void *argument)
{
    sigset_t set;
    sigset_t none;

    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    FACT(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    sem_post(&is_there);
    if (argument == NULL) {
        FAILS(ppoll(NULL, 0, NULL, &none), EINTR);
    } else if (argument == &epoll) {
        struct epoll_event event;
        FAILS(epoll_pwait(epoll, &event, 1, -1, &none), EINTR);
    } else {
        FAILS(pselect(0, NULL, NULL, NULL, NULL, &none), EINTR);
    }
    FACT(pthread_sigmask(SIG_BLOCK, NULL, &set) == 0);
    FACT(sigismember(&set, SIGUSR1) == 1);
    return NULL;
}

static void mask_facts(void)
{
    void *const hows[] = {NULL, &epoll, pair};

    for (int i = 0; i < 3; i++) {
        set_handler(SA_RESTART);
        const pthread_t thread = start(ppoll_with_mask, hows[i]);
        wait_for(&is_there);
        usleep(2000);
        FACT(pthread_kill(thread, SIGUSR1) == 0);
        result_of(thread);
        FACT(n_handled == 1 && pthread_equal(handled_by, thread));
    }
}

/* ---- What does nothing interrupts nothing ---- */

static void *sleep_through(void *argument)
{
    sem_post(&is_there);
    FACT(poll(NULL, 0, 30) == 0);
    return argument;
}

static void ignored_facts(void)
{
    const pthread_t thread = start(sleep_through, NULL);

    wait_for(&is_there);
    usleep(2000);
    FACT(pthread_kill(thread, SIGCHLD) == 0);
    FACT(pthread_kill(thread, SIGWINCH) == 0);
    result_of(thread);
}

void interrupt_facts(void)
{
    open_all();
    for (size_t i = 0; i < N_RESTARTABLE; i++) {
        interrupt(restartable[i], 0);
        restart(restartable[i]);
    }
    for (size_t i = 0; i < N_OTHERS; i++) {
        interrupt(others[i], 0);
        interrupt(others[i], SA_RESTART);
    }
    partial_facts();
    handler_facts();
    mutex_facts();
    process_facts();
    mask_facts();
    ignored_facts();
    signal(SIGUSR1, SIG_DFL);
    close_all();
}
