/* SPDX-License-Identifier: MIT */
/*
 * scheduler.c - one processor, number 0, and one policy, SCHED_OTHER.
 *
 * Errors of all: ESRCH: another process.
 */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "../plain.h"

static bool is_oneself(pid_t pid)
{
    if (pid != 0 && pid != getpid()) {
        errno = ESRCH;
        return false;
    }
    return true;
}

int wasock_bsd_cpu_count(const cpu_set_t *set)
{
    int n = 0;

    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        n += CPU_ISSET(cpu, set);
    }
    return n;
}

/* Errors: EINVAL: too small a set. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
    const unsigned long first = 1;

    if (!is_oneself(pid)) {
        return -1;
    }
    if (size < sizeof(first)) {
        errno = EINVAL;
        return -1;
    }
    memset(set, 0, size);
    memcpy(set, &first, sizeof(first));
    return 0;
}
WASOCK_BSD_PLAIN(sched_getaffinity);

/* Errors: EINVAL: without the processor that there is. */
int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
    if (!is_oneself(pid)) {
        return -1;
    }
    if (size < sizeof(unsigned long) || !CPU_ISSET(0, set)) {
        errno = EINVAL;
        return -1;
    }
    return 0;
}
WASOCK_BSD_PLAIN(sched_setaffinity);

int sched_getcpu(void)
{
    return 0;
}
WASOCK_BSD_PLAIN(sched_getcpu);

static bool is_real_time(int policy)
{
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool is_policy(int policy)
{
    if (is_real_time(policy) || policy == SCHED_OTHER ||
        policy == SCHED_BATCH || policy == SCHED_IDLE) {
        return true;
    }
    errno = EINVAL;
    return false;
}

/* Errors: EINVAL: no policy. */
int sched_get_priority_max(int policy)
{
    if (!is_policy(policy)) {
        return -1;
    }
    return is_real_time(policy) ? 99 : 0;
}
WASOCK_BSD_PLAIN(sched_get_priority_max);

int sched_get_priority_min(int policy)
{
    if (!is_policy(policy)) {
        return -1;
    }
    return is_real_time(policy) ? 1 : 0;
}
WASOCK_BSD_PLAIN(sched_get_priority_min);

int sched_getscheduler(pid_t pid)
{
    return is_oneself(pid) ? SCHED_OTHER : -1;
}
WASOCK_BSD_PLAIN(sched_getscheduler);

int sched_getparam(pid_t pid, struct sched_param *given)
{
    if (!is_oneself(pid)) {
        return -1;
    }
    given->sched_priority = 0;
    return 0;
}
WASOCK_BSD_PLAIN(sched_getparam);

/* Errors: EINVAL: no policy, or not its priority; EPERM: another policy. */
int sched_setscheduler(pid_t pid, int policy, const struct sched_param *given)
{
    if (!is_oneself(pid) || !is_policy(policy)) {
        return -1;
    }
    if (given->sched_priority < sched_get_priority_min(policy) ||
        given->sched_priority > sched_get_priority_max(policy)) {
        errno = EINVAL;
        return -1;
    }
    if (policy != SCHED_OTHER) {
        errno = EPERM;
        return -1;
    }
    return 0;
}
WASOCK_BSD_PLAIN(sched_setscheduler);

int sched_setparam(pid_t pid, const struct sched_param *given)
{
    return sched_setscheduler(pid, SCHED_OTHER, given);
}
WASOCK_BSD_PLAIN(sched_setparam);
