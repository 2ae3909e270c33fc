/* SPDX-License-Identifier: MIT */
/* process.h - what the server's process uses. */
#ifndef HOSTILE_PROCESS_H
#define HOSTILE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* CPU time since its start. */
uint64_t process_cpu_ns(pid_t pid);

/* Memory that is resident, in KiB. */
uint64_t process_memory_kib(pid_t pid);

size_t process_n_descriptors(pid_t pid);

/* Set its limit of descriptors. Returns the one before. */
size_t process_limit_descriptors(pid_t pid, size_t n);

bool process_is_running(pid_t pid);

#endif
