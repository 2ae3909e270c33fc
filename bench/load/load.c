/* SPDX-License-Identifier: MIT */
/*
 * The load generator: one process, one epoll, thousands of clients of an echo
 * server on 127.0.0.1. It prints one line of JSON: figures, or "failure".
 *
 * First every client joins: connects and has one request answered (the storm).
 * Then the busy ones keep requests in flight while now and then a random idle
 * one asks once (a probe). With --shape, a shape chooses the client of each
 * request instead (spread.h). With --churn, clients connect, ask once and close
 * instead of all that. In the end all stay silent until standard input ends, so
 * that the server can be observed.
 *
 * It prints the lines "begin" and "end" when measuring begins and ends, so that
 * the runner can read the server's CPU time.
 */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "spread.h"
#include "xorshift.h"

enum {
    EVENTS_PER_WAIT = 256,
    CHURN_SOURCES =
        200, /* a port rests for a while: many addresses have more */
};

struct option_name {
    const char *name;
    uint64_t *value;
};

uint64_t load_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

const char *load_turn(struct load *load, uint64_t until_ns,
                      load_handler *handle)
{
    struct epoll_event events[EVENTS_PER_WAIT];
    uint64_t now = load_now_ns();
    uint64_t wait_ns = until_ns > now ? until_ns - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait_ns / NS_PER_S),
                               .tv_nsec = (long)(wait_ns % NS_PER_S)};
    int n_events =
        epoll_pwait2(load->epoll, events, EVENTS_PER_WAIT, &timeout, NULL);

    for (int i = 0; i < n_events; i++) {
        const char *failure = handle(load, (struct client *)events[i].data.ptr);
        if (failure != NULL) {
            return failure;
        }
    }
    return NULL;
}

/* Bypass stdio: its buffer holds the first part of the answer. */
static void print_marker(const char *marker)
{
    dprintf(STDOUT_FILENO, "%s\n", marker);
}

void load_begin(struct load *load)
{
    print_marker("begin");
    load->n_requests = 0;
    load->n_latencies = 0;
    load->start_ns = load_now_ns();
}

void load_end(struct load *load)
{
    double seconds =
        (double)(load_now_ns() - load->start_ns) / (double)NS_PER_S;
    double rate = (double)load->n_requests / seconds;

    print_marker("end");
    printf(", \"requests\": %llu, \"requests_per_s\": %.1f, "
           "\"mib_per_s\": %.2f",
           (unsigned long long)load->n_requests, rate,
           rate * (double)load->options.size / (1024 * 1024));
}

void load_record_latency(struct load *load, uint64_t since_ns)
{
    if (load->n_latencies < MAX_LATENCIES) {
        load->latencies_ns[load->n_latencies++] = load_now_ns() - since_ns;
    }
}

static int compare_u64(const void *left, const void *right)
{
    uint64_t l = *(const uint64_t *)left;
    uint64_t r = *(const uint64_t *)right;

    return (l > r) - (l < r);
}

void load_print_latencies(struct load *load, const char *name)
{
    static const size_t percents[] = {50, 99, 100};

    if (load->n_latencies == 0) {
        return;
    }
    qsort(load->latencies_ns, load->n_latencies, sizeof load->latencies_ns[0],
          compare_u64);
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        size_t index = (load->n_latencies - 1) * percents[i] / 100;
        printf(", \"%s_p%zu_us\": %.1f", name, percents[i],
               (double)load->latencies_ns[index] / 1000);
    }
}

static const char *join_event(struct load *load, struct client *client)
{
    const char *failure = client_exchange(client, load->epoll);

    if (failure == NULL && client->allowed > 0 && client_is_answered(client)) {
        client->allowed = 0;
        client->sent = 0;
        client->received = 0;
        load->n_joined++;
    }
    return failure;
}

static const char *open_more(struct load *load)
{
    while (load->n_opened < load->n_clients &&
           load->n_opened - load->n_joined < load->options.joining) {
        struct client *client = &load->clients[load->n_opened];
        load->n_opened++;
        const char *failure =
            client_open(client, load->epoll, (uint16_t)load->options.port, 0);
        if (failure == NULL) {
            failure = client_allow(client, load->epoll, load->options.size);
        }
        if (failure != NULL) {
            return failure;
        }
    }
    return NULL;
}

static const char *join_all(struct load *load)
{
    uint64_t deadline_ns =
        load_now_ns() + load->options.join_limit_ms * NS_PER_MS;
    const char *failure = NULL;

    while (failure == NULL && load->n_joined < load->n_clients) {
        if (load_now_ns() > deadline_ns) {
            return "not all clients were answered in the time given";
        }
        failure = open_more(load);
        if (failure == NULL) {
            failure = load_turn(load, deadline_ns, join_event);
        }
    }
    return failure;
}

static const char *busy_event(struct load *load, struct client *client)
{
    uint64_t size = load->options.size;
    uint64_t answered_before = client->received / size;
    const char *failure = client_exchange(client, load->epoll);
    uint64_t n_answered = client->received / size - answered_before;

    if (failure == NULL && n_answered > 0) {
        load->n_requests += n_answered;
        failure = client_allow(client, load->epoll, n_answered * size);
    }
    return failure;
}

static const char *measure_event(struct load *load, struct client *client)
{
    if (client < load->clients + load->options.busy) {
        return busy_event(load, client);
    }
    const char *failure = client_exchange(client, load->epoll);
    if (failure == NULL && client_is_answered(client)) {
        load_record_latency(load, client->asked_at_ns);
    }
    return failure;
}

/* An idle client that still waits counts with the time it has waited. */
static void record_unanswered(struct load *load)
{
    for (size_t i = load->options.busy; i < load->n_clients; i++) {
        if (!client_is_answered(&load->clients[i])) {
            load_record_latency(load, load->clients[i].asked_at_ns);
        }
    }
}

static const char *probe(struct load *load)
{
    struct client *client =
        &load->clients[load->options.busy +
                       xorshift_next(&load->random_state) % load->options.idle];

    if (!client_is_answered(client)) {
        return NULL;
    }
    client->asked_at_ns = load_now_ns();
    return client_allow(client, load->epoll, load->options.size);
}

/* Between half and one and a half times the mean: no rhythm to fall into. */
static uint64_t next_probe_ns(struct load *load)
{
    uint64_t mean_ns = NS_PER_S / load->options.probes_per_s;

    return load_now_ns() + mean_ns / 2 +
           xorshift_next(&load->random_state) % mean_ns;
}

static const char *run_for(struct load *load, uint64_t duration_ms)
{
    uint64_t end_ns = load_now_ns() + duration_ms * NS_PER_MS;
    bool probing = load->options.probes_per_s > 0;
    uint64_t probe_ns = probing ? next_probe_ns(load) : UINT64_MAX;

    for (;;) {
        uint64_t now = load_now_ns();
        const char *failure = NULL;
        if (now >= end_ns) {
            return NULL;
        }
        if (now >= probe_ns) {
            failure = probe(load);
            probe_ns = next_probe_ns(load);
        }
        if (failure == NULL) {
            uint64_t until_ns = probe_ns < end_ns ? probe_ns : end_ns;
            failure = load_turn(load, until_ns, measure_event);
        }
        if (failure != NULL) {
            return failure;
        }
    }
}

/* The share of the slowest busy client: 1 when all are served alike. */
static double fairness(const struct load *load)
{
    uint64_t least = UINT64_MAX;
    uint64_t total = 0;

    for (size_t i = 0; i < load->options.busy; i++) {
        uint64_t received = load->clients[i].received;
        least = received < least ? received : least;
        total += received;
    }
    return total == 0
               ? 0
               : (double)least * (double)load->options.busy / (double)total;
}

static const char *measure_busy(struct load *load)
{
    const char *failure = NULL;

    for (size_t i = 0; failure == NULL && i < load->options.busy; i++) {
        failure = client_allow(&load->clients[i], load->epoll,
                               load->options.in_flight * load->options.size);
    }
    if (failure == NULL) {
        failure = run_for(load, load->options.warm_up_ms);
    }
    load_begin(load);
    if (failure == NULL) {
        failure = run_for(load, load->options.measure_ms);
    }
    load_end(load);
    record_unanswered(load);
    printf(", \"fairness\": %.3f", fairness(load));
    load_print_latencies(load, "wake");
    return failure;
}

static const char *join_and_measure(struct load *load)
{
    uint64_t start_ns = load_now_ns();
    const char *failure = join_all(load);
    double seconds = (double)(load_now_ns() - start_ns) / (double)NS_PER_S;

    printf("\"joined\": %zu, \"join_s\": %.3f, \"joins_per_s\": %.1f",
           load->n_joined, seconds, (double)load->n_joined / seconds);
    if (failure == NULL && load->options.measure_ms > 0) {
        failure = load->options.shape != SHAPE_NONE ? spread_measure(load)
                                                    : measure_busy(load);
    }
    return failure;
}

static const char *reopen(struct load *load, struct client *client)
{
    unsigned source = 2 + (unsigned)(load->n_opened % CHURN_SOURCES);

    client_close(client);
    load->n_opened++;
    const char *failure =
        client_open(client, load->epoll, (uint16_t)load->options.port, source);
    if (failure == NULL) {
        failure = client_allow(client, load->epoll, load->options.size);
    }
    return failure;
}

static const char *churn_event(struct load *load, struct client *client)
{
    const char *failure = client_exchange(client, load->epoll);

    if (failure == NULL && client_is_answered(client)) {
        load->n_requests++;
        failure = reopen(load, client);
    }
    return failure;
}

static const char *churn(struct load *load)
{
    const char *failure = NULL;

    for (size_t i = 0; failure == NULL && i < load->n_clients; i++) {
        failure = reopen(load, &load->clients[i]);
    }
    uint64_t start_ns = load_now_ns();
    uint64_t end_ns = start_ns + load->options.measure_ms * NS_PER_MS;
    while (failure == NULL && load_now_ns() < end_ns) {
        failure = load_turn(load, end_ns, churn_event);
    }
    double seconds = (double)(load_now_ns() - start_ns) / (double)NS_PER_S;
    printf("\"connections_per_s\": %.1f", (double)load->n_requests / seconds);
    return failure;
}

static bool parse_option(struct options *options, const char *name,
                         const char *value)
{
    const struct option_name names[] = {
        {"--port", &options->port},
        {"--busy", &options->busy},
        {"--idle", &options->idle},
        {"--in-flight", &options->in_flight},
        {"--size", &options->size},
        {"--joining", &options->joining},
        {"--join-limit-ms", &options->join_limit_ms},
        {"--warm-up-ms", &options->warm_up_ms},
        {"--measure-ms", &options->measure_ms},
        {"--probes-per-s", &options->probes_per_s},
        {"--churn", &options->churn},
    };

    if (strcmp(name, "--shape") == 0) {
        options->shape = shape_order_from(value);
        return options->shape != SHAPE_NONE;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i].name) == 0) {
            *names[i].value = strtoull(value, NULL, 10);
            return true;
        }
    }
    return false;
}

/* A closed loop always finds a client without a request in flight. */
static bool is_shape_possible(const struct options *options)
{
    return options->shape == SHAPE_NONE ||
           (options->busy == 0 && options->probes_per_s == 0 &&
            options->in_flight > 0 && options->in_flight < options->idle);
}

static bool parse(struct options *options, char **arguments)
{
    for (; arguments[0] != NULL; arguments += 2) {
        if (arguments[1] == NULL ||
            !parse_option(options, arguments[0], arguments[1])) {
            return false;
        }
    }
    return options->port > 0 && options->port <= UINT16_MAX &&
           options->size > 0 && options->busy + options->idle > 0 &&
           options->busy + options->idle <= MAX_CLIENTS &&
           (options->idle > 0 || options->probes_per_s == 0) &&
           is_shape_possible(options);
}

static bool prepare(struct load *load)
{
    load->random_state = 88172645463325252;
    load->n_clients = load->options.busy + load->options.idle;
    load->clients =
        (struct client *)calloc(load->n_clients, sizeof *load->clients);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->clients == NULL || load->epoll < 0) {
        return false;
    }
    for (size_t i = 0; i < load->n_clients; i++) {
        load->clients[i].fd = -1;
        load->clients[i].stream_seed = i * 7919;
    }
    client_init_streams();
    prctl(PR_SET_TIMERSLACK, 1); /* the kernel's default is 50 us late */
    return true;
}

int main(int argc, char **argv)
{
    static struct load load;

    (void)argc;
    load.options = (struct options){
        .in_flight = 1, .size = 64, .joining = 512, .join_limit_ms = 10000};
    if (!parse(&load.options, argv + 1) || !prepare(&load)) {
        fprintf(stderr, "load: bad arguments\n");
        return 2;
    }
    printf("{");
    const char *failure =
        load.options.churn != 0 ? churn(&load) : join_and_measure(&load);
    if (failure != NULL) {
        printf(", \"failure\": \"%s\"", failure);
    }
    printf("}\n");
    fflush(stdout);
    while (getchar() != EOF) {
    }
    return failure == NULL ? 0 : 1;
}
