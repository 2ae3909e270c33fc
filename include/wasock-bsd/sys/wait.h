/* SPDX-License-Identifier: MIT */
/* sys/wait.h - there are no child processes. */
#ifndef WASOCK_BSD_SYS_WAIT_H
#define WASOCK_BSD_SYS_WAIT_H

#pragma GCC system_header

#include <sys/resource.h>
#include <sys/types.h>
#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WNOHANG 1
#define WUNTRACED 2
#define WCONTINUED 8
#define WEXITSTATUS(status) (((status) >> 8) & 0xff)
#define WTERMSIG(status) ((status) & 0x7f)
#define WSTOPSIG(status) WEXITSTATUS(status)
#define WIFEXITED(status) (WTERMSIG(status) == 0)
#define WIFSIGNALED(status) (WTERMSIG(status) != 0 && WTERMSIG(status) != 0x7f)
#define WIFSTOPPED(status) (((status) & 0xff) == 0x7f)
#define WIFCONTINUED(status) ((status) == 0xffff)
#define WCOREDUMP(status) ((status) & 0x80)

pid_t wait(int *status) WASOCK_BSD(wait);
pid_t waitpid(pid_t pid, int *status, int options) WASOCK_BSD(waitpid);
pid_t wait3(int *status, int options, struct rusage *usage) WASOCK_BSD(wait3);
pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
    WASOCK_BSD(wait4);

#ifdef __cplusplus
}
#endif

#endif
