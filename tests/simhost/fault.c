/* SPDX-License-Identifier: MIT */
#include "world.h"

#define FAULTS_MAX 16

struct planned {
    enum simhost_call call;
    uint64_t n_calls_before;
    uint64_t n_times;
    struct sim_fault fault;
};

static struct {
    struct planned planned[FAULTS_MAX];
    size_t length;
    uint64_t n_fired;
} faults;

void sim_faults_reset(void)
{
    faults.length = 0;
    faults.n_fired = 0;
}

void simhost_clear_faults(void)
{
    faults.length = 0;
}

uint64_t simhost_n_faults(void)
{
    return faults.n_fired;
}

static void plan(enum simhost_call call, uint64_t nth, struct sim_fault fault,
                 uint64_t n_times)
{
    if (nth == 0 || faults.length == FAULTS_MAX) {
        sim_misuse("faults count from 1, and there are at most %d", FAULTS_MAX);
        return;
    }
    struct planned *const planned = &faults.planned[faults.length++];
    planned->call = call;
    planned->n_calls_before = nth - 1;
    planned->n_times = n_times;
    planned->fault = fault;
}

void simhost_fail(enum simhost_call call, uint64_t nth, int32_t error,
                  uint64_t n_times)
{
    const struct sim_fault fault = {error, 0};

    plan(call, nth, fault, n_times);
}

void simhost_lie(enum simhost_call call, uint64_t nth, enum simhost_lie lie,
                 uint64_t n_times)
{
    const struct sim_fault fault = {0, (int)lie};

    plan(call, nth, fault, n_times);
}

struct sim_fault sim_next_fault(enum simhost_call call)
{
    struct sim_fault result = {0, 0};

    for (size_t i = 0; i < faults.length; i++) {
        struct planned *const planned = &faults.planned[i];
        if (planned->call != call && planned->call != SIMHOST_ANY_CALL) {
            continue;
        }
        if (planned->n_calls_before > 0) {
            planned->n_calls_before--;
        } else if (planned->n_times > 0) {
            planned->n_times -= planned->n_times != SIMHOST_FOR_EVER;
            result = planned->fault;
            faults.n_fired++;
        }
    }
    return result;
}
