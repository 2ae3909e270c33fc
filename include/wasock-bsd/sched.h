/* SPDX-License-Identifier: MIT */
/* sched.h - one processor, one policy. */
#ifndef WASOCK_BSD_SCHED_H
#define WASOCK_BSD_SCHED_H

#pragma GCC system_header

#include <sys/types.h>

#include <wasock_bsd_rename.h>

/* Some versions of libc define the struct, but nothing that takes it. */
#define sched_param wasock_bsd_libc_sched_param
#include_next <sched.h>
#undef sched_param

#ifdef __cplusplus
extern "C" {
#endif

#ifndef SCHED_OTHER
#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_BATCH 3
#define SCHED_IDLE 5
#endif

struct sched_param {
    int sched_priority;
};

#define CPU_SETSIZE 1024

typedef struct {
    unsigned long wasock_bsd_bits[CPU_SETSIZE / (8 * sizeof(unsigned long))];
} cpu_set_t;

#define WASOCK_BSD_CPU_WORD(cpu, set)                                          \
    ((set)->wasock_bsd_bits[(cpu) / (8 * sizeof(unsigned long))])
#define WASOCK_BSD_CPU_BIT(cpu) (1UL << ((cpu) % (8 * sizeof(unsigned long))))
#define CPU_ZERO(set) ((void)__builtin_memset((set), 0, sizeof(cpu_set_t)))
#define CPU_SET(cpu, set)                                                      \
    ((void)(WASOCK_BSD_CPU_WORD(cpu, set) |= WASOCK_BSD_CPU_BIT(cpu)))
#define CPU_CLR(cpu, set)                                                      \
    ((void)(WASOCK_BSD_CPU_WORD(cpu, set) &= ~WASOCK_BSD_CPU_BIT(cpu)))
#define CPU_ISSET(cpu, set)                                                    \
    ((WASOCK_BSD_CPU_WORD(cpu, set) & WASOCK_BSD_CPU_BIT(cpu)) != 0)
#define CPU_COUNT(set) wasock_bsd_cpu_count(set)

int wasock_bsd_cpu_count(const cpu_set_t *set);
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
    WASOCK_BSD(sched_getaffinity);
int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
    WASOCK_BSD(sched_setaffinity);
int sched_getcpu(void) WASOCK_BSD(sched_getcpu);
int sched_get_priority_max(int policy) WASOCK_BSD(sched_get_priority_max);
int sched_get_priority_min(int policy) WASOCK_BSD(sched_get_priority_min);
int sched_getscheduler(pid_t pid) WASOCK_BSD(sched_getscheduler);
int sched_setscheduler(pid_t pid, int policy, const struct sched_param *given)
    WASOCK_BSD(sched_setscheduler);
int sched_getparam(pid_t pid, struct sched_param *given)
    WASOCK_BSD(sched_getparam);
int sched_setparam(pid_t pid, const struct sched_param *given)
    WASOCK_BSD(sched_setparam);

#ifdef __cplusplus
}
#endif

#endif
