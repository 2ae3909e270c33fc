/* SPDX-License-Identifier: MIT */
/* grp.h - one group. */
#ifndef WASOCK_BSD_GRP_H
#define WASOCK_BSD_GRP_H

#pragma GCC system_header

#include <stddef.h>
#include <sys/types.h>
#include <wasock_bsd_rename.h>

#ifdef __cplusplus
extern "C" {
#endif

struct group {
    char *gr_name;
    char *gr_passwd;
    gid_t gr_gid;
    char **gr_mem;
};

struct group *getgrnam(const char *name) WASOCK_BSD(getgrnam);
struct group *getgrgid(gid_t gid) WASOCK_BSD(getgrgid);
int getgrnam_r(const char *name, struct group *group, char *buffer,
               size_t capacity, struct group **result) WASOCK_BSD(getgrnam_r);
int getgrgid_r(gid_t gid, struct group *group, char *buffer, size_t capacity,
               struct group **result) WASOCK_BSD(getgrgid_r);
int getgrouplist(const char *name, gid_t group, gid_t *groups, int *n_groups)
    WASOCK_BSD(getgrouplist);
void setgrent(void) WASOCK_BSD(setgrent);
struct group *getgrent(void) WASOCK_BSD(getgrent);
void endgrent(void) WASOCK_BSD(endgrent);
int setgroups(size_t n_groups, const gid_t *groups) WASOCK_BSD(setgroups);
int initgroups(const char *name, gid_t group) WASOCK_BSD(initgroups);

#ifdef __cplusplus
}
#endif

#endif
