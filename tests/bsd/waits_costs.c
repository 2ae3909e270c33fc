/* SPDX-License-Identifier: MIT */
/*
 * waits_costs.c - what a request costs beside 1,000 idle connections, by what
 * another thread does meanwhile: no more than without it.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "waits.h"

#define N_IDLE 1000
#define N_FIRST 100 /* until the poller knows who is active */
#define N_REQUESTS 500

/* Calls that another thread may cost: a poll and tries of its own. */
#define N_MORE_CALLS_MAX 40

static struct crowd served;
static struct crowd other_crowd;
static bool is_over;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

/* ---- What another thread does ---- */

static void *wait_for_condition(void *argument)
{
    pthread_mutex_lock(&mutex);
    while (!is_over) {
        pthread_cond_wait(&condition, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    return argument;
}

static void *wait_with_deadlines(void *argument)
{
    pthread_mutex_lock(&mutex);
    while (!is_over) {
        struct timespec moment;
        clock_gettime(CLOCK_REALTIME, &moment);
        moment.tv_nsec += 10000000;
        moment.tv_sec += moment.tv_nsec / 1000000000;
        moment.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&condition, &mutex, &moment);
    }
    pthread_mutex_unlock(&mutex);
    return argument;
}

static void *wait_for_a_client(void *argument)
{
    const int fd = accept(listeners[1], NULL, NULL);

    CHECK(fd >= 0);
    close(fd);
    return argument;
}

/* Another event loop, with as many idle connections. */
static void *wait_in_epoll(void *argument)
{
    struct epoll_event event;

    CHECK(epoll_wait(other_crowd.epoll, &event, 1, -1) == 1);
    return argument;
}

static void end(void *(*run)(void *))
{
    pthread_mutex_lock(&mutex);
    is_over = true;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    if (run == wait_for_a_client) {
        simhost_connect(HOST_LISTENER + 1, SIMHOST_NOW);
    }
    if (other_crowd.n > 0) {
        simhost_peer_send(other_crowd.peers[0], "ping", 4, SIMHOST_NOW);
    }
}

/* ---- Requests ---- */

/* How often clients ask: one again and again, or each in turn, seldom. */
struct load {
    const char *name;
    int n_clients;
    int n_at_once; /* that ask */
    uint64_t after_ns;
    double n_more_max;   /* subscriptions that another thread may cost */
    double blind_us_max; /* for a request on a blind host */
};

static const struct load loads[] = {
    {"one client", 1, 1, 30000, 12, 1500}, /* a nap, and a few tries */
    {"crowds in turn", 1000, 40, 1000000, N_IDLE, 300},
    {"clients in turn", 200, 1, 5000000, 4.0 * N_IDLE, /* all are waited for */
     26000},
};

static const struct load *load;
static int asking; /* the client that asks next */

static void ask(struct simhost_peer *peer, const uint8_t *data, size_t length,
                void *context)
{
    (void)peer;
    (void)data;
    (void)length;
    (void)context;
    asking = (asking + 1) % load->n_clients;
    simhost_peer_send(served.peers[asking], "ping", 4, load->after_ns);
}

static void serve(int n)
{
    while (n > 0) {
        struct epoll_event event;
        char bytes[8];
        CHECK(epoll_wait(served.epoll, &event, 1, -1) == 1);
        const int fd = served.fds[event.data.u32];
        CHECK(read(fd, bytes, sizeof(bytes)) == 4);
        CHECK(write(fd, "pong", 4) == 4);
        n--;
    }
}

/* Subscriptions, calls and time of a request. */
struct cost {
    double n_subscriptions;
    double n_calls;
    double us;
};

static uint64_t n_calls(void)
{
    return simhost_calls(SIMHOST_ANY_CALL) -
           simhost_calls(SIMHOST_CLOCK_TIME_GET);
}

static struct cost measure(const char *name)
{
    serve(N_FIRST);
    const uint64_t n_subscriptions_before = simhost_n_subscriptions();
    const uint64_t n_calls_before = n_calls();
    const uint64_t before_ns = simhost_now_ns();
    serve(N_REQUESTS);
    const struct cost cost = {
        (double)(simhost_n_subscriptions() - n_subscriptions_before) /
            N_REQUESTS,
        (double)(n_calls() - n_calls_before) / N_REQUESTS,
        (double)(simhost_now_ns() - before_ns) / N_REQUESTS / 1000};
    printf("%s, %s: %.1f subscriptions, %.1f calls, %.1f us a request\n",
           load->name, name, cost.n_subscriptions, cost.n_calls, cost.us);
    return cost;
}

static void compare(const char *name, void *(*run)(void *), struct cost alone)
{
    is_over = false;
    const pthread_t other = start(run, NULL);
    const struct cost cost = measure(name);
    CHECK(cost.n_subscriptions <= alone.n_subscriptions + load->n_more_max);
    CHECK(cost.n_calls <=
          alone.n_calls + (is_blind() ? N_IDLE : N_MORE_CALLS_MAX));
    CHECK(cost.us <= 1.5 * alone.us);
    end(run);
    result_of(other);
}

static void measure_load(void)
{
    open_crowd(&served, N_IDLE + 1);
    for (int i = 0; i < served.n; i++) {
        simhost_peer_on_read(served.peers[i], ask, NULL);
    }
    for (asking = 0; asking < load->n_at_once; asking++) {
        simhost_peer_send(served.peers[asking], "ping", 4, SIMHOST_NOW);
    }
    const struct cost alone = measure("alone");
    CHECK(!is_blind() || alone.us <= load->blind_us_max);
    compare("condition", wait_for_condition, alone);
    compare("deadlines", wait_with_deadlines, alone);
    compare("accept", wait_for_a_client, alone);
    open_crowd(&other_crowd, N_IDLE);
    compare("epoll", wait_in_epoll, alone);
    close_crowd(&other_crowd);
    other_crowd.n = 0;
    close_crowd(&served);
}

void cost_facts(void)
{
    for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
        load = &loads[i];
        measure_load();
    }
}
