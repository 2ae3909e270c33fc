/* SPDX-License-Identifier: MIT */
/* sys/ptrace.h - ptrace, which fails with ENOSYS: there is no other process. */
#ifndef WASOCK_BSD_SYS_PTRACE_H
#define WASOCK_BSD_SYS_PTRACE_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PTRACE_TRACEME 0
#define PTRACE_PEEKTEXT 1
#define PTRACE_PEEKDATA 2
#define PTRACE_POKETEXT 4
#define PTRACE_POKEDATA 5
#define PTRACE_CONT 7
#define PTRACE_KILL 8
#define PTRACE_SINGLESTEP 9
#define PTRACE_ATTACH 16
#define PTRACE_DETACH 17

long ptrace(int request, ...) WASOCK_BSD(ptrace);

#ifdef __cplusplus
}
#endif

#endif
