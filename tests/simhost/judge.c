/* SPDX-License-Identifier: MIT */
/* Counts, the trace, and what fails a test. */
#include "world.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TRACE_LENGTH 64

static const char *const call_names[SIMHOST_N_CALLS] = {
    "clock_time_get", "environ_get",   "environ_sizes_get",
    "fd_close",       "fd_fdstat_get", "fd_fdstat_set_flags",
    "fd_read",        "fd_write",      "sock_accept",
    "sock_recv",      "sock_send",     "sock_shutdown",
    "poll_oneoff",    "set_open",      "set_close",
    "set_add",        "set_modify",    "set_remove"};

static const char *const verdict_names[SIMHOST_N_VERDICTS] = {
    "BAD_FLAGS",
    "BAD_FD",
    "DOUBLE_CLOSE",
    "NO_SOCKET",
    "BAD_POINTER",
    "EMPTY",
    "MANY_SLICES",
    "EMPTY_DATAGRAM",
    "SHUT_LISTENER",
    "NO_SUBSCRIPTION",
    "BAD_CLOCK",
    "BAD_TIMEOUT",
    "FAKE_POLL_WITHOUT_CLOCK",
    "FAKE_POLL_WRITE",
    "WAITS_FOR_EVER",
    "FROZE",
    "NULL_POLLED",
    "SPINS",
    "SIGPIPE",
    "LEAK",
    "WATCHED"};

struct record {
    uint64_t time_ns;
    enum simhost_call call;
    int32_t fd;
    uint64_t argument;
    int32_t error; /* -1: under way */
    uint64_t value;
};

static struct {
    uint64_t seed;
    uint64_t start_ns;
    uint64_t n_calls[SIMHOST_N_CALLS];
    uint64_t n_all_calls;
    uint64_t n_idle_calls;
    uint64_t n_subscriptions;
    size_t last_n_subscriptions;
    bool is_allowed[SIMHOST_N_VERDICTS];
    uint64_t n_verdicts[SIMHOST_N_VERDICTS];
    struct record trace[TRACE_LENGTH];
} judge;

static simhost_failure_handler *failure_handler;

void sim_judge_reset(uint64_t seed)
{
    memset(&judge, 0, sizeof(judge));
    judge.seed = seed;
    judge.start_ns = simhost_now_ns();
}

static struct record *latest(void)
{
    return &judge.trace[judge.n_all_calls % TRACE_LENGTH];
}

static void print_record(const struct record *record, uint64_t number)
{
    const uint64_t elapsed_us = (record->time_ns - judge.start_ns) / 1000;

    (void)fprintf(stderr, "  %6" PRIu64 ".%06" PRIu64 " s  #%-6" PRIu64 " %s(",
                  elapsed_us / 1000000, elapsed_us % 1000000, number,
                  call_names[record->call]);
    if (record->call != SIMHOST_CLOCK_TIME_GET &&
        record->call != SIMHOST_POLL_ONEOFF) {
        (void)fprintf(stderr, "%" PRId32 ", ", record->fd);
    }
    (void)fprintf(stderr, "%" PRIu64 ")", record->argument);
    if (record->error < 0) {
        (void)fprintf(stderr, " …\n");
    } else if (record->error > 0) {
        (void)fprintf(stderr, " fails: errno %" PRId32 "\n", record->error);
    } else {
        (void)fprintf(stderr, " = %" PRIu64 "\n", record->value);
    }
}

void simhost_print_trace(void)
{
    const uint64_t end = judge.n_all_calls;
    uint64_t number = end > TRACE_LENGTH ? end - TRACE_LENGTH + 1 : 1;

    for (; number <= end; number++) {
        print_record(&judge.trace[number % TRACE_LENGTH], number);
    }
}

static void fail_test(const char *what, const char *format, va_list arguments)
{
    const uint64_t elapsed_us = (simhost_now_ns() - judge.start_ns) / 1000;
    const struct record *const call = latest();
    char detail[256];
    char message[512];

    (void)vsnprintf(detail, sizeof(detail), format, arguments);
    (void)snprintf(message, sizeof(message),
                   "simhost: %s: %s (seed %" PRIu64
                   ", profile %s, call #%" PRIu64 " %s(%" PRId32 ", %" PRIu64
                   "), at %" PRIu64 ".%06" PRIu64 " s)",
                   what, detail, judge.seed, simhost_knobs.profile.name,
                   judge.n_all_calls, call_names[call->call], call->fd,
                   call->argument, elapsed_us / 1000000, elapsed_us % 1000000);
    if (failure_handler != NULL) {
        failure_handler(message);
        return;
    }
    simhost_print_trace();
    fail_msg("%s", message);
}

void sim_judge(enum simhost_verdict verdict, const char *format, ...)
{
    va_list arguments;

    judge.n_verdicts[verdict]++;
    if (judge.is_allowed[verdict]) {
        return;
    }
    va_start(arguments, format);
    fail_test(verdict_names[verdict], format, arguments);
    va_end(arguments);
}

void sim_misuse(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fail_test("the test is wrong", format, arguments);
    va_end(arguments);
}

void simhost_on_failure(simhost_failure_handler *handler)
{
    failure_handler = handler;
}

void simhost_allow(enum simhost_verdict verdict, bool is_allowed)
{
    judge.is_allowed[verdict] = is_allowed;
}

uint64_t simhost_n_verdicts(enum simhost_verdict verdict)
{
    return judge.n_verdicts[verdict];
}

void sim_progress(void)
{
    judge.n_idle_calls = 0;
}

struct sim_fault sim_begin(enum simhost_call call, int32_t fd,
                           uint64_t argument)
{
    judge.n_calls[call]++;
    judge.n_all_calls++;
    struct record *const record = latest();
    record->time_ns = simhost_now_ns();
    record->call = call;
    record->fd = fd;
    record->argument = argument;
    record->error = -1;
    if (++judge.n_idle_calls > simhost_knobs.n_idle_calls_max) {
        judge.n_idle_calls = 0;
        sim_judge(SIMHOST_SPINS,
                  "%" PRIu64 " calls moved no data, and nothing happened",
                  simhost_knobs.n_idle_calls_max);
    }
    if (simhost_knobs.costs.call_ns[call] > 0) {
        simhost_advance_ns(simhost_knobs.costs.call_ns[call]);
    }
    return sim_next_fault(call);
}

int32_t sim_end(int32_t error, uint64_t value)
{
    struct record *const record = latest();

    record->error = error;
    record->value = value;
    if (simhost_knobs.trace) {
        print_record(record, judge.n_all_calls);
    }
    return error;
}

void sim_count_subscriptions(size_t n_subscriptions)
{
    judge.n_subscriptions += n_subscriptions;
    judge.last_n_subscriptions = n_subscriptions;
}

uint64_t simhost_calls(enum simhost_call call)
{
    return call == SIMHOST_ANY_CALL ? judge.n_all_calls : judge.n_calls[call];
}

uint64_t simhost_n_subscriptions(void)
{
    return judge.n_subscriptions;
}

size_t simhost_last_n_subscriptions(void)
{
    return judge.last_n_subscriptions;
}

void simhost_check(void)
{
    int fd = -1;
    const size_t n_leaked =
        sim_leaked(simhost_knobs.preopened_sockets_must_close, &fd);

    if (n_leaked > 0) {
        sim_judge(SIMHOST_LEAK, "%zu descriptors left open, the first is %d",
                  n_leaked, fd);
    }
}
