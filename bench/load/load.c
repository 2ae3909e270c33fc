/* SPDX-License-Identifier: MIT */
/*
 * The load generator: one process, one epoll, thousands of clients of an echo
 * server on 127.0.0.1. It prints one line of JSON: figures, or "failure".
 *
 * First every client joins: connects and has one request answered (the storm).
 * Then the busy ones keep requests in flight while now and then a random idle
 * one asks once (a probe). Or, instead of all that, clients connect, ask once
 * and close (churn). In the end all stay silent until standard input ends, so
 * that the server can be observed.
 */
#define _GNU_SOURCE
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS_PER_WAIT = 256,
    CHURN_SOURCES =
        200, /* a port rests for a while: many addresses have more */
    MAX_CLIENTS = 65536,
    MAX_PROBES = 1 << 16,
};
static const uint64_t NS_PER_S = 1000000000;

struct options {
    uint64_t port;
    uint64_t busy;
    uint64_t idle;
    uint64_t in_flight;
    uint64_t size;
    uint64_t joining; /* how many may be on their way in at a time */
    uint64_t join_limit_ms;
    uint64_t warm_up_ms;
    uint64_t measure_ms;
    uint64_t probes_per_s;
    uint64_t churn;
};

struct load {
    struct options options;
    int epoll;
    struct client *clients; /* the busy ones first, then the idle ones */
    size_t n_clients;
    size_t n_opened;
    size_t n_joined;
    uint64_t n_requests; /* answered while measuring */
    uint64_t random_state;
    uint64_t wake_ns[MAX_PROBES];
    size_t n_probes;
};

struct option_name {
    const char *name;
    uint64_t *value;
};

/* What a client does with an event; NULL, or what failed. */
typedef const char *handler(struct load *load, struct client *client);

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint64_t next_random(struct load *load)
{
    load->random_state ^= load->random_state << 13;
    load->random_state ^= load->random_state >> 7;
    load->random_state ^= load->random_state << 17;
    return load->random_state;
}

/* Waits until `until_ns` at most, and lets `handle` serve what happened. */
static const char *turn(struct load *load, uint64_t until_ns, handler *handle)
{
    struct epoll_event events[EVENTS_PER_WAIT];
    uint64_t now = now_ns();
    uint64_t wait_ns = until_ns > now ? until_ns - now : 0;
    int n_events = epoll_wait(load->epoll, events, EVENTS_PER_WAIT,
                              (int)((wait_ns + 999999) / 1000000));

    for (int i = 0; i < n_events; i++) {
        const char *failure = handle(load, (struct client *)events[i].data.ptr);
        if (failure != NULL) {
            return failure;
        }
    }
    return NULL;
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
        now_ns() + load->options.join_limit_ms * (NS_PER_S / 1000);
    const char *failure = NULL;

    while (failure == NULL && load->n_joined < load->n_clients) {
        if (now_ns() > deadline_ns) {
            return "not all clients were answered in the time given";
        }
        failure = open_more(load);
        if (failure == NULL) {
            failure = turn(load, deadline_ns, join_event);
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

static void record_wake(struct load *load, const struct client *client)
{
    if (load->n_probes < MAX_PROBES) {
        load->wake_ns[load->n_probes++] = now_ns() - client->asked_at_ns;
    }
}

static const char *measure_event(struct load *load, struct client *client)
{
    if (client < load->clients + load->options.busy) {
        return busy_event(load, client);
    }
    const char *failure = client_exchange(client, load->epoll);
    if (failure == NULL && client_is_answered(client)) {
        record_wake(load, client);
    }
    return failure;
}

/* An idle client that still waits counts with the time it has waited. */
static void record_unanswered(struct load *load)
{
    for (size_t i = load->options.busy; i < load->n_clients; i++) {
        if (!client_is_answered(&load->clients[i])) {
            record_wake(load, &load->clients[i]);
        }
    }
}

static const char *probe(struct load *load)
{
    struct client *client =
        &load->clients[load->options.busy +
                       next_random(load) % load->options.idle];

    if (!client_is_answered(client)) {
        return NULL;
    }
    client->asked_at_ns = now_ns();
    return client_allow(client, load->epoll, load->options.size);
}

/* Between half and one and a half times the mean: no rhythm to fall into. */
static uint64_t next_probe_ns(struct load *load)
{
    uint64_t mean_ns = NS_PER_S / load->options.probes_per_s;

    return now_ns() + mean_ns / 2 + next_random(load) % mean_ns;
}

static const char *run_for(struct load *load, uint64_t duration_ms)
{
    uint64_t end_ns = now_ns() + duration_ms * (NS_PER_S / 1000);
    bool probing = load->options.probes_per_s > 0;
    uint64_t probe_ns = probing ? next_probe_ns(load) : UINT64_MAX;

    for (;;) {
        uint64_t now = now_ns();
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
            failure = turn(load, until_ns, measure_event);
        }
        if (failure != NULL) {
            return failure;
        }
    }
}

static int compare_u64(const void *left, const void *right)
{
    uint64_t l = *(const uint64_t *)left;
    uint64_t r = *(const uint64_t *)right;

    return (l > r) - (l < r);
}

static double wake_us(const struct load *load, size_t percent)
{
    return (double)load->wake_ns[(load->n_probes - 1) * percent / 100] / 1000;
}

static void print_wakes(struct load *load)
{
    if (load->n_probes == 0) {
        return;
    }
    qsort(load->wake_ns, load->n_probes, sizeof load->wake_ns[0], compare_u64);
    printf(", \"probes\": %zu, \"wake_p50_us\": %.1f, \"wake_p99_us\": %.1f, "
           "\"wake_max_us\": %.1f",
           load->n_probes, wake_us(load, 50), wake_us(load, 99),
           wake_us(load, 100));
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

static const char *measure(struct load *load)
{
    const char *failure = NULL;

    for (size_t i = 0; failure == NULL && i < load->options.busy; i++) {
        failure = client_allow(&load->clients[i], load->epoll,
                               load->options.in_flight * load->options.size);
    }
    if (failure == NULL) {
        failure = run_for(load, load->options.warm_up_ms);
    }
    load->n_requests = 0;
    load->n_probes = 0;
    uint64_t start_ns = now_ns();
    if (failure == NULL) {
        failure = run_for(load, load->options.measure_ms);
    }
    if (failure != NULL) {
        return failure;
    }
    double seconds = (double)(now_ns() - start_ns) / (double)NS_PER_S;
    record_unanswered(load);
    double rate = (double)load->n_requests / seconds;
    printf(", \"requests_per_s\": %.1f, \"mib_per_s\": %.2f, "
           "\"fairness\": %.3f",
           rate, rate * (double)load->options.size / (1024 * 1024),
           fairness(load));
    print_wakes(load);
    return NULL;
}

static const char *join_and_measure(struct load *load)
{
    uint64_t start_ns = now_ns();
    const char *failure = join_all(load);
    double seconds = (double)(now_ns() - start_ns) / (double)NS_PER_S;

    printf("\"joined\": %zu, \"join_s\": %.3f, \"joins_per_s\": %.1f",
           load->n_joined, seconds, (double)load->n_joined / seconds);
    if (failure == NULL && load->options.measure_ms > 0) {
        failure = measure(load);
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
    uint64_t start_ns = now_ns();
    uint64_t end_ns = start_ns + load->options.measure_ms * (NS_PER_S / 1000);
    while (failure == NULL && now_ns() < end_ns) {
        failure = turn(load, end_ns, churn_event);
    }
    double seconds = (double)(now_ns() - start_ns) / (double)NS_PER_S;
    printf("\"connections_per_s\": %.1f", (double)load->n_requests / seconds);
    return failure;
}

static bool parse(struct options *options, char **arguments)
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
    for (; arguments[0] != NULL; arguments += 2) {
        size_t i = 0;
        while (i < sizeof names / sizeof names[0] &&
               strcmp(arguments[0], names[i].name) != 0) {
            i++;
        }
        if (i == sizeof names / sizeof names[0] || arguments[1] == NULL) {
            return false;
        }
        *names[i].value = strtoull(arguments[1], NULL, 10);
    }
    return options->port > 0 && options->port <= UINT16_MAX &&
           options->size > 0 && options->busy + options->idle > 0 &&
           options->busy + options->idle <= MAX_CLIENTS &&
           (options->idle > 0 || options->probes_per_s == 0);
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
