/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "attack.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

#define N_SPARE_DESCRIPTORS 16
#define N_STARVING 24
#define SPIN_PERCENT 50
#define N_KILLED 30 /* clients of a process that is killed */

void attack_fail(struct attack *attack, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("FAILED: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    attack->is_failed = true;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What the protocol allows of a behaviour. */
static struct behaviour limited(const struct attack *attack,
                                struct behaviour how)
{
    const unsigned most = attack->options.protocol->n_in_flight_max;

    how.n_in_flight = how.n_in_flight < most ? how.n_in_flight : most;
    return how;
}

/* Room for clients beside the friends. */
static size_t room(const struct attack *attack)
{
    return attack->options.n_clients_max - attack->friends.n_clients;
}

/* ---- Clients one after the other, N at a time ---- */

static void run_crowd(struct attack *attack, const struct shape *shape,
                      uint64_t duration_ns)
{
    const struct behaviour how = limited(attack, shape->how);
    const uint64_t end_ns = clock_ns() + duration_ns;
    const size_t n = smaller(shape->n_at_once, room(attack));

    while (clock_ns() < end_ns) {
        crowd_fill(&attack->crowd, &how, n);
        crowd_step(&attack->crowd, 5);
    }
    crowd_finish(&attack->crowd);
}

static void run_in_a_row(struct attack *attack, const struct shape *shape,
                         uint64_t duration_ns)
{
    const uint64_t end =
        attack->crowd.totals.n_clients + attack->options.n_in_a_row;

    do {
        run_crowd(attack, shape, duration_ns);
    } while (attack->crowd.totals.n_clients < end);
}

/* Each client behaves as one of another shape. */
static void run_mixed(struct attack *attack, const struct shape *shape,
                      uint64_t duration_ns)
{
    const uint64_t end_ns = clock_ns() + duration_ns;
    const size_t n = smaller(shape->n_at_once, room(attack));

    while (clock_ns() < end_ns) {
        while (attack->crowd.n_clients < n) {
            const struct shape *other = NULL;
            do {
                attack->random = mix(attack->random, 1);
                other = &shapes[attack->random % N_SHAPES];
            } while (other->run != NULL);
            struct behaviour how = limited(attack, other->how);
            if (how.ending == END_RESET && how.reset_after_bytes > 2) {
                how.reset_after_bytes = attack->random >> 32 & 0xffff;
            }
            crowd_fill(&attack->crowd, &how, attack->crowd.n_clients + 1);
        }
        crowd_step(&attack->crowd, 5);
    }
    crowd_finish(&attack->crowd);
}

/* ---- All at once ---- */

static void run_at_once(struct attack *attack, const struct shape *shape,
                        uint64_t duration_ns)
{
    const size_t n = smaller(attack->options.n_at_once, room(attack));
    struct behaviour how = limited(attack, shape->how);

    (void)duration_ns;
    crowd_fill(&attack->crowd, &how, n);
    crowd_finish(&attack->crowd);
    crowd_ask_more(&attack->crowd);
    crowd_finish(&attack->crowd);
    crowd_end(&attack->crowd, false, true);
    /* More than it may have at a time: those that wait come later. */
    how.ending = END_CLOSE;
    crowd_fill(&attack->crowd, &how, attack->options.n_at_once);
    crowd_finish(&attack->crowd);
}

/* ---- Clients that are killed ---- */

/* In a child: have answers that are not read, say so, and wait. */
static void hold_unread(struct attack *attack, const struct shape *shape,
                        int ready)
{
    struct crowd crowd;
    const struct behaviour how = limited(attack, shape->how);
    const size_t n = smaller(N_KILLED, room(attack));

    crowd_init(&crowd, attack->options.protocol, attack->options.port,
               N_KILLED);
    crowd.next_id = attack->crowd.next_id;
    crowd.stuck_ns = attack->crowd.stuck_ns;
    crowd_fill(&crowd, &how, n);
    while (crowd.n_clients > 0) {
        size_t n_reading = 0;
        for (size_t i = 0; i < n; i++) {
            n_reading += crowd.clients[i].n_received > 0;
        }
        if (n_reading == n) {
            (void)!write(ready, "", 1);
        }
        crowd_step(&crowd, 5);
    }
    _exit(1);
}

static void run_killed(struct attack *attack, const struct shape *shape,
                       uint64_t duration_ns)
{
    const uint64_t end_ns = clock_ns() + duration_ns;

    while (clock_ns() < end_ns) {
        int ready[2];
        if (pipe(ready) != 0) {
            return;
        }
        const pid_t child = fork();
        if (child == 0) {
            hold_unread(attack, shape, ready[1]);
        }
        close(ready[1]);
        struct pollfd wait = {ready[0], POLLIN, 0};
        const int timeout_ms = (int)(attack->crowd.stuck_ns / NS_PER_MS);
        poll(&wait, 1, timeout_ms);
        char byte = 1;
        if (read(ready[0], &byte, 1) != 1) {
            attack->crowd.totals.n_stuck++;
        }
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        close(ready[0]);
        attack->crowd.totals.n_clients += N_KILLED;
        attack->crowd.next_id += N_KILLED;
    }
}

/* ---- Too few descriptors ---- */

/* Go on until the server has closed all but its friends. */
static void wait_for_closes(struct attack *attack)
{
    const uint64_t end_ns = clock_ns() + attack->crowd.stuck_ns;

    while (process_n_descriptors(attack->options.pid) > attack->n_descriptors &&
           !attack->options.keeps_descriptors && clock_ns() < end_ns) {
        crowd_step(&attack->crowd, 5);
    }
}

/* Go on until for a while no more clients are answered. Returns how many
 * are. */
static size_t wait_for_silence(struct attack *attack)
{
    size_t n_answered = 0;
    uint64_t changed_ns = clock_ns();

    while (clock_ns() < changed_ns + 300 * NS_PER_MS) {
        const size_t before = n_answered;
        crowd_step(&attack->crowd, 5);
        n_answered = crowd_n_answered(&attack->crowd);
        if (n_answered != before) {
            changed_ns = clock_ns();
        }
    }
    return n_answered;
}

/* Some clients hold all descriptors, and the others wait. */
static void starve(struct attack *attack)
{
    const pid_t pid = attack->options.pid;
    const size_t n_answered = wait_for_silence(attack);
    const uint64_t cpu_ns = process_cpu_ns(pid);
    const uint64_t begin_ns = clock_ns();

    if (n_answered == 0 ||
        (n_answered >= N_STARVING && !attack->options.keeps_descriptors)) {
        attack_fail(attack, "%zu of %d clients served with %d descriptors",
                    n_answered, N_STARVING, N_SPARE_DESCRIPTORS);
    }
    wait_for_silence(attack);
    const uint64_t share =
        100 * (process_cpu_ns(pid) - cpu_ns) / (clock_ns() - begin_ns);
    if (share > SPIN_PERCENT && !attack->options.may_spin) {
        attack_fail(attack,
                    "without descriptors it uses %llu %% of a processor",
                    (unsigned long long)share);
    }
}

static void run_few_descriptors(struct attack *attack,
                                const struct shape *shape, uint64_t duration_ns)
{
    const pid_t pid = attack->options.pid;
    const struct behaviour how = limited(attack, shape->how);

    (void)duration_ns;
    if (!attack->options.has_few_descriptors) {
        return;
    }
    wait_for_closes(attack);
    const size_t n_before = process_limit_descriptors(
        pid, process_n_descriptors(pid) + N_SPARE_DESCRIPTORS);
    crowd_fill(&attack->crowd, &how, N_STARVING);
    starve(attack);
    crowd_end(&attack->crowd, false, false);
    if (attack->options.keeps_descriptors) {
        process_limit_descriptors(pid, n_before);
    }
    crowd_finish(&attack->crowd);
    process_limit_descriptors(pid, n_before);
    crowd_end(&attack->crowd, true, true);
}

/* ---- All shapes ---- */

const struct shape shapes[N_SHAPES] = {
    {"reset before accept", {.ending = END_RESET}, 64, false, NULL},
    {"reset, request unread",
     {.n_requests = 2, .n_in_flight = 2, .ending = END_RESET},
     32,
     false,
     NULL},
    {"reset amid the answer",
     {.n_requests = 8,
      .n_in_flight = 8,
      .ending = END_RESET,
      .reset_after_bytes = 1000},
     32,
     false,
     NULL},
    {"never read, then reset",
     {.n_requests = 100,
      .n_in_flight = 100,
      .receive_bytes_max = 1,
      .receive_buffer = 4096,
      .pause_ns = 50 * NS_PER_MS,
      .ending = END_RESET,
      .reset_after_bytes = 2},
     20,
     true,
     NULL},
    {"slow readers",
     {.n_requests = 2,
      .n_in_flight = 2,
      .receive_bytes_max = 16384,
      .receive_buffer = 4096,
      .pause_ns = 2 * NS_PER_MS},
     30,
     true,
     NULL},
    {"slow writers",
     {.n_requests = 2,
      .n_in_flight = 1,
      .payload_max = 30,
      .send_bytes_max = 1,
      .pause_ns = NS_PER_MS},
     50,
     false,
     NULL},
    {"half-close, answers pending",
     {.n_requests = 3, .n_in_flight = 3, .ending = END_HALF},
     20,
     false,
     NULL},
    {"pipelined",
     {.n_requests = 200, .n_in_flight = 50, .payload_max = 200},
     20,
     true,
     NULL},
    [SHAPE_IN_A_ROW] = {"in a row",
                        {.n_requests = 1, .n_in_flight = 1, .payload_max = 100},
                        8,
                        false,
                        run_in_a_row},
    {"killed, answers unread",
     {.n_requests = 2,
      .n_in_flight = 2,
      .receive_bytes_max = 1,
      .ending = END_HOLD},
     0,
     false,
     run_killed},
    {"at once",
     {.n_requests = 1,
      .n_in_flight = 1,
      .payload_max = 100,
      .ending = END_HOLD},
     0,
     false,
     run_at_once},
    {"few descriptors",
     {.n_requests = 1,
      .n_in_flight = 1,
      .payload_max = 100,
      .ending = END_HOLD},
     0,
     false,
     run_few_descriptors},
    {"all of these, mixed", {.n_requests = 0}, 60, true, run_mixed},
};

void attack_run(struct attack *attack, const struct shape *shape,
                uint64_t duration_ns)
{
    const uint64_t n_cut = attack->crowd.totals.n_cut;

    if (shape->run != NULL) {
        shape->run(attack, shape, duration_ns);
    } else {
        run_crowd(attack, shape, duration_ns);
    }
    if (shape->is_slow && attack->options.protocol->is_cut_when_slow) {
        attack->crowd.totals.n_cut = n_cut;
    }
    crowd_ask_more(&attack->friends);
    crowd_finish(&attack->friends);
}
