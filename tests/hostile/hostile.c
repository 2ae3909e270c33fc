/* SPDX-License-Identifier: MIT */
/*
 * hostile - clients that mean harm, and a verdict on the server.
 *
 *   hostile PROTOCOL PORT PID [--OPTION VALUE]...
 *
 * PROTOCOL: echo, small-echo, kv, http or chat. PID: of the server's process,
 * of which CPU, memory and descriptors are read. attack.py starts both.
 *
 *   --seconds N      of attacks, about; default 2
 *   --clients N      that the server can have; default: by PROTOCOL
 *   --at-once N      clients that connect at the same time; default 1000
 *   --in-a-row N     at least N short connections in a row in each pass
 *   --stuck N        seconds after which a client is stuck; default 20
 *   --cpu PERCENT    of a processor, allowed in silence; default 1
 *   --growth KIB     of memory, allowed while short connections come and go
 *                    for a second, and 32 times that from the first pass to
 *                    the last, as buffers are used for the first time; default
 *                    1024
 *   --starve no      do not let the server run out of descriptors
 *   --spins yes      it may spin when it has none
 *   --keeps yes      its host closes descriptors of closed connections late
 *
 * The shapes of attack follow one another, in two passes or more. Exit code:
 *
 *   0   each byte was right, no client is stuck or cut off, all descriptors are
 *       closed, and in silence the server uses neither CPU nor more memory
 *   1   else
 *   2   usage
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "attack.h"
#include "process.h"

#define N_FRIENDS 10
#define N_CLIENTS_MAX 10016
#define SETTLE_NS NS_PER_S
#define SILENCE_NS (2 * NS_PER_S)
#define CLOSED_NS (10 * NS_PER_S) /* until descriptors are closed */

static struct attack attack;
static struct totals by_shape[N_SHAPES];
static uint64_t time_ns[N_SHAPES];

static int usage(void)
{
    fputs("usage: hostile echo|small-echo|kv|http|chat PORT PID "
          "[--OPTION VALUE]...; see the head of hostile.c\n",
          stderr);
    return 2;
}

/* Returns false: there is no such option. */
static bool set_option(struct options *options, const char *name,
                       const char *value)
{
    if (strcmp(name, "--seconds") == 0) {
        options->seconds = (unsigned)strtoul(value, NULL, 10);
    } else if (strcmp(name, "--at-once") == 0) {
        options->n_at_once = strtoul(value, NULL, 10);
    } else if (strcmp(name, "--clients") == 0) {
        options->n_clients_max = strtoul(value, NULL, 10);
    } else if (strcmp(name, "--in-a-row") == 0) {
        options->n_in_a_row = strtoull(value, NULL, 10);
    } else if (strcmp(name, "--stuck") == 0) {
        attack.crowd.stuck_ns = strtoull(value, NULL, 10) * NS_PER_S;
    } else if (strcmp(name, "--cpu") == 0) {
        options->cpu_percent = strtod(value, NULL);
    } else if (strcmp(name, "--growth") == 0) {
        options->growth_kib = strtoull(value, NULL, 10);
    } else if (strcmp(name, "--starve") == 0) {
        options->has_few_descriptors = strcmp(value, "no") != 0;
    } else if (strcmp(name, "--keeps") == 0) {
        options->keeps_descriptors = strcmp(value, "yes") == 0;
    } else if (strcmp(name, "--spins") == 0) {
        options->may_spin = strcmp(value, "yes") == 0;
    } else {
        return false;
    }
    return true;
}

static bool parse(int argc, char **argv, struct options *options)
{
    if (argc < 4 || argc % 2 != 0) {
        return false;
    }
    options->protocol = protocol_find(argv[1]);
    options->port = (uint16_t)strtoul(argv[2], NULL, 10);
    options->pid = (pid_t)strtol(argv[3], NULL, 10);
    for (int i = 4; i + 1 < argc; i += 2) {
        if (!set_option(options, argv[i], argv[i + 1])) {
            return false;
        }
    }
    if (options->protocol != NULL && options->n_clients_max == 0) {
        options->n_clients_max = options->protocol->n_clients_max;
    }
    return options->protocol != NULL && options->port != 0 &&
           options->n_at_once < N_CLIENTS_MAX;
}

static void add(struct totals *sum, const struct totals *after,
                const struct totals *before)
{
    sum->n_clients += after->n_clients - before->n_clients;
    sum->n_bytes += after->n_bytes - before->n_bytes;
    sum->n_wrong += after->n_wrong - before->n_wrong;
    sum->n_stuck += after->n_stuck - before->n_stuck;
    sum->n_cut += after->n_cut - before->n_cut;
}

/* All shapes once. */
static void run_pass(uint64_t each_ns)
{
    for (size_t i = 0; i < N_SHAPES; i++) {
        const struct totals before = attack.crowd.totals;
        const uint64_t begin_ns = clock_ns();
        if (!process_is_running(attack.options.pid)) {
            attack_fail(&attack, "the server has ended");
            return;
        }
        attack_run(&attack, &shapes[i], each_ns);
        add(&by_shape[i], &attack.crowd.totals, &before);
        time_ns[i] += clock_ns() - begin_ns;
    }
}

static void wait_ns(uint64_t duration_ns)
{
    const uint64_t end_ns = clock_ns() + duration_ns;

    while (clock_ns() < end_ns) {
        crowd_step(&attack.crowd, 5);
    }
}

/* All clients have gone but the friends. */
static void expect_descriptors(size_t expected)
{
    const uint64_t end_ns = clock_ns() + CLOSED_NS;
    size_t n = process_n_descriptors(attack.options.pid);

    while (n > expected && !attack.options.keeps_descriptors &&
           clock_ns() < end_ns) {
        crowd_step(&attack.crowd, 20);
        n = process_n_descriptors(attack.options.pid);
    }
    printf("descriptors  %zu before, %zu after\n", expected, n);
    if (n > expected && !attack.options.keeps_descriptors) {
        attack_fail(&attack, "%zu descriptors are not closed", n - expected);
    }
}

/* The friends are connected and silent. */
static void expect_silence(void)
{
    const pid_t pid = attack.options.pid;

    wait_ns(SETTLE_NS);
    const uint64_t cpu_ns = process_cpu_ns(pid);
    const uint64_t begin_ns = clock_ns();
    wait_ns(SILENCE_NS);
    const double percent = 100.0 * (double)(process_cpu_ns(pid) - cpu_ns) /
                           (double)(clock_ns() - begin_ns);
    printf("silence      %.2f %% of a processor\n", percent);
    if (percent > attack.options.cpu_percent) {
        attack_fail(&attack, "it works in silence");
    }
}

static void expect_growth(const char *when, uint64_t before_kib,
                          uint64_t allowed_kib)
{
    const uint64_t kib = process_memory_kib(attack.options.pid);

    printf("memory       %" PRIu64 " KiB, %" PRIu64 " KiB %s\n", before_kib,
           kib, when);
    if (kib > before_kib + allowed_kib) {
        attack_fail(&attack, "its memory grows");
    }
}

/* A leak is one of each connection, however short. */
static void expect_memory(uint64_t after_first_kib)
{
    const uint64_t allowed_kib = attack.options.growth_kib;
    const uint64_t kib = process_memory_kib(attack.options.pid);

    expect_growth("after the last pass", after_first_kib, 32 * allowed_kib);
    attack_run(&attack, &shapes[SHAPE_IN_A_ROW], NS_PER_S);
    expect_growth("a second later", kib, allowed_kib);
}

static void print_totals(const char *name, const struct totals *totals,
                         uint64_t duration_ns)
{
    printf("%-28s %8" PRIu64 " %9.1f %6" PRIu64 " %6" PRIu64 " %6" PRIu64
           " %7.2f s\n",
           name, totals->n_clients, (double)totals->n_bytes / (1 << 20),
           totals->n_wrong, totals->n_stuck, totals->n_cut,
           (double)duration_ns / (double)NS_PER_S);
}

static bool is_good(const struct totals *totals)
{
    return totals->n_wrong == 0 && totals->n_stuck == 0 && totals->n_cut == 0;
}

static bool report(void)
{
    struct totals sum = {0};
    const struct totals none = {0};
    uint64_t duration_ns = 0;

    printf("%-28s %8s %9s %6s %6s %6s\n", "shape", "clients", "MiB", "wrong",
           "stuck", "cut");
    for (size_t i = 0; i < N_SHAPES; i++) {
        print_totals(shapes[i].name, &by_shape[i], time_ns[i]);
        add(&sum, &by_shape[i], &none);
        duration_ns += time_ns[i];
    }
    print_totals("all", &sum, duration_ns);
    if (!is_good(&attack.friends.totals)) {
        attack_fail(&attack, "the friends were not served");
    }
    return is_good(&sum) && !attack.is_failed;
}

/* As many descriptors as the system lets this program have. */
static void raise_limit(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void begin(void)
{
    const struct behaviour friend = {.n_requests = 1,
                                     .n_in_flight = 1,
                                     .payload_max = 100,
                                     .ending = END_HOLD};
    const struct options *options = &attack.options;
    const uint64_t stuck_ns = attack.crowd.stuck_ns;

    raise_limit();
    signal(SIGPIPE, SIG_IGN);
    crowd_init(&attack.crowd, options->protocol, options->port, N_CLIENTS_MAX);
    crowd_init(&attack.friends, options->protocol, options->port, N_FRIENDS);
    attack.crowd.others = &attack.friends;
    attack.crowd.stuck_ns = stuck_ns;
    attack.friends.stuck_ns = stuck_ns;
    attack.friends.next_id = UINT64_C(1) << 40;
    crowd_fill(&attack.friends, &friend, N_FRIENDS);
    crowd_finish(&attack.friends);
    attack.n_descriptors = process_n_descriptors(options->pid);
}

int main(int argc, char **argv)
{
    const uint64_t begin_ns = clock_ns();

    attack.options = (struct options){.seconds = 2,
                                      .n_at_once = 1000,
                                      .cpu_percent = 1,
                                      .growth_kib = 1024,
                                      .has_few_descriptors = true};
    attack.crowd.stuck_ns = 20 * NS_PER_S;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!parse(argc, argv, &attack.options)) {
        return usage();
    }
    const uint64_t all_ns = attack.options.seconds * NS_PER_S;
    const uint64_t each_ns =
        all_ns < 120 * NS_PER_S ? all_ns / 2 / N_SHAPES : 2 * NS_PER_S;
    begin();
    run_pass(each_ns);
    wait_ns(SETTLE_NS);
    const uint64_t kib = process_memory_kib(attack.options.pid);
    do {
        run_pass(each_ns);
    } while (!attack.is_failed && clock_ns() < begin_ns + all_ns - each_ns);
    expect_descriptors(attack.n_descriptors);
    expect_silence();
    expect_memory(kib);
    const bool is_passed = report();
    puts(is_passed ? "passed" : "failed");
    return is_passed ? 0 : 1;
}
