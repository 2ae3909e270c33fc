/* SPDX-License-Identifier: MIT */
/* stdlib.h - temporary files, and the load; there are no terminals. */
#ifndef WASOCK_BSD_STDLIB_H
#define WASOCK_BSD_STDLIB_H

#pragma GCC system_header

#include <wasock_bsd_rename.h>

#include_next <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

int mkstemp(char *name) WASOCK_BSD(mkstemp);
int mkostemp(char *name, int flags) WASOCK_BSD(mkostemp);
char *secure_getenv(const char *name) WASOCK_BSD(secure_getenv);
char *mkdtemp(char *name) WASOCK_BSD(mkdtemp);
char *realpath(const char *__restrict path, char *__restrict resolved)
    WASOCK_BSD(realpath);
int getloadavg(double *averages, int n_averages) WASOCK_BSD(getloadavg);
int system(const char *command) WASOCK_BSD(system);
int posix_openpt(int flags) WASOCK_BSD(posix_openpt);
int grantpt(int fd) WASOCK_BSD(grantpt);
int unlockpt(int fd) WASOCK_BSD(unlockpt);
char *ptsname(int fd) WASOCK_BSD(ptsname);
int ptsname_r(int fd, char *name, size_t capacity) WASOCK_BSD(ptsname_r);
void exit(int status) WASOCK_BSD(exit) __attribute__((__noreturn__));
void quick_exit(int status) WASOCK_BSD(quick_exit)
    __attribute__((__noreturn__));
void _Exit(int status) WASOCK_BSD(_Exit) __attribute__((__noreturn__));

#ifdef __cplusplus
}
#endif

#endif
