/* SPDX-License-Identifier: MIT */
/* pwd.h - one user, not root. */
#ifndef WASOCK_BSD_PWD_H
#define WASOCK_BSD_PWD_H

#pragma GCC system_header

#include <stddef.h>
#include <sys/types.h>
#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

struct passwd {
    char *pw_name;
    char *pw_passwd;
    uid_t pw_uid;
    gid_t pw_gid;
    char *pw_gecos;
    char *pw_dir;
    char *pw_shell;
};

struct passwd *getpwnam(const char *name) WASOCK_BSD(getpwnam);
struct passwd *getpwuid(uid_t uid) WASOCK_BSD(getpwuid);
int getpwnam_r(const char *name, struct passwd *user, char *buffer,
               size_t capacity, struct passwd **result) WASOCK_BSD(getpwnam_r);
int getpwuid_r(uid_t uid, struct passwd *user, char *buffer, size_t capacity,
               struct passwd **result) WASOCK_BSD(getpwuid_r);
void setpwent(void) WASOCK_BSD(setpwent);
struct passwd *getpwent(void) WASOCK_BSD(getpwent);
void endpwent(void) WASOCK_BSD(endpwent);

#ifdef __cplusplus
}
#endif

#endif
