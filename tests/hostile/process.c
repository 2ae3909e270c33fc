/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "client.h"

uint64_t process_cpu_ns(pid_t pid)
{
    struct timespec used = {0, 0};
    clockid_t clock = 0;

    if (clock_getcpuclockid(pid, &clock) == 0) {
        clock_gettime(clock, &used);
    }
    return (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
}

/* A number from /proc/PID/status, or 0. */
static uint64_t status_of(pid_t pid, const char *name)
{
    char path[64];
    char line[256];
    unsigned long long number = 0;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "r");
    while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            sscanf(line + strlen(name), ": %llu", &number);
        }
    }
    if (status != NULL) {
        fclose(status);
    }
    return number;
}

uint64_t process_memory_kib(pid_t pid)
{
    return status_of(pid, "VmRSS");
}

size_t process_n_descriptors(pid_t pid)
{
    char path[64];
    size_t n = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    while (folder != NULL && readdir(folder) != NULL) {
        n++;
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return n > 2 ? n - 2 : 0; /* without "." and ".." */
}

size_t process_limit_descriptors(pid_t pid, size_t n)
{
    struct rlimit limit;

    if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) != 0) {
        return 0;
    }
    const size_t before = (size_t)limit.rlim_cur;
    limit.rlim_cur = n;
    prlimit(pid, RLIMIT_NOFILE, &limit, NULL);
    return before;
}

bool process_is_running(pid_t pid)
{
    /* A zombie has no memory. */
    return process_memory_kib(pid) > 0;
}
