/* SPDX-License-Identifier: MIT */
/* waits_wakes.c - what ends the wait of an event loop with many connections,
 * and of the threads beside it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "waits.h"

#define N_MANY 100 /* more than are asked about all together */
#define N_GROWN 300
#define N_BYTES 400

/* The latest that an event is reported: poller.h's bound, and a nap of the
 * layer's. */
#define LATE_NS SIMHOST_MS(36)

static struct crowd crowd;

/* What a thread's epoll_wait returned, and when. */
struct taken {
    pthread_t thread;
    int result;
    int error;
    unsigned number;
    uint64_t at_ns;
    bool has_begun;
};

static void *take(void *argument)
{
    struct taken *taken = argument;
    struct epoll_event event = {0};

    taken->has_begun = true;
    taken->result = epoll_wait(crowd.epoll, &event, 1, -1);
    taken->error = errno;
    taken->number = event.data.u32;
    taken->at_ns = simhost_now_ns();
    return argument;
}

/* Start to wait, until the host is asked about all. */
static void start_to_take(struct taken *taken)
{
    memset(taken, 0, sizeof(*taken));
    taken->thread = start(take, taken);
    usleep(50000);
    CHECK(taken->has_begun && taken->at_ns == 0);
}

static void read_all(int number)
{
    char bytes[1000];

    CHECK(read(crowd.fds[number], bytes, sizeof(bytes)) > 0);
}

static void send_to(int number, uint64_t after_ns)
{
    simhost_peer_send(crowd.peers[number], "ping", 4, after_ns);
}

/* The thread's wait reports a connection in time. */
static void expect(struct taken *taken, int number, uint64_t since_ns)
{
    result_of(taken->thread);
    CHECK(taken->result == 1 && taken->number == (unsigned)number);
    CHECK(taken->at_ns - since_ns <= LATE_NS);
    read_all(number);
}

/* Data comes, after an event loop has waited for it beside a thread that
 * sleeps, joins, and waits for a client of its own. */
static void time_facts(void)
{
    struct taken taken;

    start_to_take(&taken);
    const uint64_t before_ns = simhost_now_ns();
    usleep(20000);
    const uint64_t slept_ns = simhost_now_ns() - before_ns;
    CHECK(slept_ns >= SIMHOST_MS(20) && slept_ns < SIMHOST_MS(22));
    send_to(7, SIMHOST_MS(100));
    expect(&taken, 7, before_ns + slept_ns + SIMHOST_MS(100));

    start_to_take(&taken);
    const uint64_t now_ns = simhost_now_ns();
    simhost_connect(HOST_LISTENER + 1, SIMHOST_MS(30));
    const int fd = accept(listeners[1], NULL, NULL);
    CHECK(fd >= 0);
    CHECK(simhost_now_ns() - now_ns < SIMHOST_MS(30) + LATE_NS);
    CHECK(taken.at_ns == 0);
    close(fd);
    send_to(8, SIMHOST_NOW);
    expect(&taken, 8, simhost_now_ns());
}

/* What another thread makes ready. */
static void news_facts(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = N_BYTES};
    const int counter = eventfd(0, EFD_NONBLOCK);
    struct taken taken;

    CHECK(epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, counter, &event) == 0);
    start_to_take(&taken);
    const uint64_t before_ns = simhost_now_ns();
    CHECK(eventfd_write(counter, 1) == 0);
    result_of(taken.thread);
    CHECK(taken.result == 1 && taken.number == N_BYTES);
    CHECK(taken.at_ns - before_ns < SIMHOST_MS(1));
    close(counter);
}

/* ---- Signals and cancellation ---- */

static volatile int n_handled;

static void handle(int number)
{
    n_handled += number == SIGUSR1;
}

static void signal_facts(void)
{
    struct sigaction action = {.sa_handler = handle};
    struct taken taken;

    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    start_to_take(&taken);
    const uint64_t before_ns = simhost_now_ns();
    CHECK(pthread_kill(taken.thread, SIGUSR1) == 0);
    result_of(taken.thread);
    CHECK(n_handled == 1 && taken.result == -1 && taken.error == EINTR);
    CHECK(taken.at_ns - before_ns < SIMHOST_MS(1));
    signal(SIGUSR1, SIG_DFL);
}

static void cancel_facts(void)
{
    struct taken taken;
    struct taken second;

    start_to_take(&taken);
    start_to_take(&second); /* the first one asks for both */
    CHECK(simhost_last_n_subscriptions() <= (size_t)crowd.n + 2);
    CHECK(pthread_cancel(taken.thread) == 0);
    CHECK(result_of(taken.thread) == PTHREAD_CANCELED);
    send_to(9, SIMHOST_MS(20));
    expect(&second, 9, simhost_now_ns() + SIMHOST_MS(20));
}

/* ---- Changes of the instance while a thread waits on it ---- */

static void close_facts(void)
{
    struct taken taken;

    start_to_take(&taken);
    CHECK(close(crowd.fds[20]) == 0);
    const int fd = accept(listeners[1], NULL, NULL); /* after 10 ms */
    CHECK(fd >= 0); /* perhaps by the same number of the host */
    usleep(50000);
    CHECK(taken.at_ns == 0);
    send_to(21, SIMHOST_NOW);
    expect(&taken, 21, simhost_now_ns());
    close(fd);
}

/* Both threads have an answer, and main, which runs first, closes what the
 * other's is about. */
static void close_answered_facts(void)
{
    struct taken taken;

    start_to_take(&taken);
    send_to(22, SIMHOST_MS(10));
    simhost_connect(HOST_LISTENER + 1, SIMHOST_MS(10));
    const int fd = accept(listeners[1], NULL, NULL);
    CHECK(fd >= 0);
    if (taken.at_ns != 0) { /* the other one ran first */
        CHECK(taken.number == 22);
        result_of(taken.thread);
        read_all(22);
        close(fd);
        return;
    }
    CHECK(close(crowd.fds[22]) == 0);
    usleep(50000);
    CHECK(taken.at_ns == 0);
    send_to(23, SIMHOST_NOW);
    expect(&taken, 23, simhost_now_ns());
    close(fd);
}

/* Connections join, so that the instance needs more memory, and one leaves. */
static void control_facts(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 30};
    struct taken taken;

    start_to_take(&taken);
    int number = join(&crowd, EPOLLIN);
    send_to(number, SIMHOST_MS(10));
    expect(&taken, number, simhost_now_ns() + SIMHOST_MS(10));

    start_to_take(&taken);
    while (crowd.n < N_GROWN) {
        number = join(&crowd, EPOLLIN);
    }
    send_to(number, SIMHOST_MS(10));
    expect(&taken, number, simhost_now_ns() + SIMHOST_MS(10));

    start_to_take(&taken);
    CHECK(epoll_ctl(crowd.epoll, EPOLL_CTL_DEL, crowd.fds[30], NULL) == 0);
    send_to(30, SIMHOST_NOW);
    usleep(50000);
    CHECK(taken.at_ns == 0);
    CHECK(epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, crowd.fds[30], &event) == 0);
    expect(&taken, 30, simhost_now_ns());

    start_to_take(&taken);
    event.events = 0;
    CHECK(epoll_ctl(crowd.epoll, EPOLL_CTL_MOD, crowd.fds[30], &event) == 0);
    send_to(30, SIMHOST_NOW);
    usleep(50000);
    CHECK(taken.at_ns == 0);
    event.events = EPOLLIN;
    CHECK(epoll_ctl(crowd.epoll, EPOLL_CTL_MOD, crowd.fds[30], &event) == 0);
    expect(&taken, 30, simhost_now_ns());
}

/* ---- Threads that share an instance ---- */

static int n_to_take;
static int n_events;
static int n_empty;

/* Take requests until all have come. */
static void *take_many(void *argument)
{
    const int timeout_ms = *(const int *)argument;

    while (n_to_take > 0) {
        struct epoll_event event = {0};
        char bytes[4];
        const int n = epoll_wait(crowd.epoll, &event, 1, timeout_ms);
        CHECK(n == 1 || (n == 0 && timeout_ms > 0));
        n_empty += n == 0;
        if (n == 1) {
            n_events++;
            while (read(crowd.fds[event.data.u32], bytes, 4) == 4) {
                n_to_take--;
            }
        }
    }
    return argument;
}

static void share(unsigned triggers)
{
    static int timeouts_ms[3] = {5, 1000, 1000};
    pthread_t threads[3];
    struct epoll_event event = {.events = EPOLLIN | triggers};

    for (int i = 40; i < 60; i++) {
        event.data.u32 = (unsigned)i;
        CHECK(epoll_ctl(crowd.epoll, EPOLL_CTL_MOD, crowd.fds[i], &event) == 0);
    }
    n_to_take = 200;
    n_events = 0;
    n_empty = 0;
    for (int i = 0; i < 3; i++) {
        threads[i] = start(take_many, &timeouts_ms[i]);
    }
    for (int i = 0; i < 200; i++) {
        send_to(40 + i % 20, SIMHOST_MS(10 + 2 * (i / 3)));
    }
    for (int i = 0; i < 3; i++) {
        result_of(threads[i]);
    }
    CHECK(n_to_take == 0 && n_events <= 400);
    CHECK(triggers == 0 || n_events <= 200);
}

static void sharing_facts(void)
{
    struct epoll_event event = {0};
    struct taken taken;

    share(0);
    share(EPOLLET);
    for (int i = 40; i < 60; i++) {
        event.events = EPOLLIN;
        event.data.u32 = (unsigned)i;
        CHECK(epoll_ctl(crowd.epoll, EPOLL_CTL_MOD, crowd.fds[i], &event) == 0);
    }

    /* One waits, and another one only looks. */
    start_to_take(&taken);
    CHECK(epoll_wait(crowd.epoll, &event, 1, 0) == 0);
    CHECK(epoll_wait(crowd.epoll, &event, 1, 10) == 0);
    struct pollfd fd = {.fd = crowd.epoll, .events = POLLIN};
    CHECK(poll(&fd, 1, 0) == 0);
    CHECK(poll(&fd, 1, 10) == 0);
    send_to(61, SIMHOST_NOW);
    if (!is_blind()) {
        CHECK(epoll_wait(crowd.epoll, &event, 1, 0) == 1);
        CHECK(event.data.u32 == 61);
    }
    expect(&taken, 61, simhost_now_ns());
}

/* Data for a loop of many idle connections comes while another thread is
 * busy. */
static void busy_facts(void)
{
    struct simhost_peer *client =
        simhost_connect(HOST_LISTENER + 1, SIMHOST_NOW);
    const int fd = accept(listeners[1], NULL, NULL);
    struct taken taken;
    char bytes[4];

    CHECK(fd >= 0);
    for (int i = 0; i < 20; i++) {
        start_to_take(&taken);
        send_to(70 + i, SIMHOST_MS(20 + 3 * (unsigned)i));
        const uint64_t due_ns =
            simhost_now_ns() + SIMHOST_MS(20 + 3 * (unsigned)i);
        while (taken.at_ns == 0) {
            simhost_peer_send(client, "ping", 4, 100000);
            CHECK(read(fd, bytes, 4) == 4);
            CHECK(simhost_now_ns() < due_ns + LATE_NS);
        }
        expect(&taken, 70 + i, due_ns);
    }
    close(fd);
}

/* An instance is ready all the time, and its edge was reported: no wait for
 * the next one asks about it. */
static void nested_facts(void)
{
    struct crowd inner;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    const int outer = epoll_create1(0);

    open_crowd(&inner, 3);
    CHECK(epoll_ctl(outer, EPOLL_CTL_ADD, inner.epoll, &event) == 0);
    join(&inner, EPOLLIN | EPOLLOUT);
    CHECK(epoll_wait(outer, &event, 1, -1) == 1);
    const uint64_t n_polls = simhost_calls(SIMHOST_POLL_ONEOFF);
    const uint64_t before_ns = simhost_now_ns();
    CHECK(epoll_wait(outer, &event, 1, 100) == 0);
    CHECK(simhost_now_ns() - before_ns >= SIMHOST_MS(100));
    CHECK(simhost_calls(SIMHOST_POLL_ONEOFF) - n_polls < 20);
    simhost_peer_send(inner.peers[1], "ping", 4, SIMHOST_MS(10));
    CHECK(epoll_wait(outer, &event, 1, -1) == 1);
    CHECK(epoll_wait(outer, &event, 1, 100) == 0);
    CHECK(epoll_wait(inner.epoll, &event, 1, 0) == 1);
    close_crowd(&inner);
    close(outer);
}

void wake_facts(void)
{
    nested_facts();
    open_crowd(&crowd, N_MANY);
    time_facts();
    news_facts();
    signal_facts();
    cancel_facts();
    simhost_connect(HOST_LISTENER + 1, SIMHOST_MS(60));
    close_facts();
    close_answered_facts();
    control_facts();
    sharing_facts();
    busy_facts();
    close_crowd(&crowd);
}
