/* SPDX-License-Identifier: MIT */
/*
 * users.c - one user and one group, 1000, not root, so that servers do not try
 * to drop privileges.
 *
 * Changing to the same user succeeds; to another user, or of a file's owner, it
 * fails with EPERM.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../plain.h"

#define ID 1000
#define NAME "wasi"

static int only_to_oneself(unsigned id)
{
    if (id != ID && id != (unsigned)-1) { /* -1: as it is */
        errno = EPERM;
        return -1;
    }
    return 0;
}

uid_t getuid(void)
{
    return ID;
}
WASOCK_BSD_PLAIN(getuid);

uid_t geteuid(void)
{
    return ID;
}
WASOCK_BSD_PLAIN(geteuid);

gid_t getgid(void)
{
    return ID;
}
WASOCK_BSD_PLAIN(getgid);

gid_t getegid(void)
{
    return ID;
}
WASOCK_BSD_PLAIN(getegid);

/* Errors: EINVAL: a negative capacity. */
int getgroups(int capacity, gid_t *groups)
{
    if (capacity < 0) {
        errno = EINVAL;
        return -1;
    }
    if (capacity > 0) {
        groups[0] = ID;
    }
    return 1;
}
WASOCK_BSD_PLAIN(getgroups);

int getresuid(uid_t *real, uid_t *effective, uid_t *saved)
{
    *real = ID;
    *effective = ID;
    *saved = ID;
    return 0;
}
WASOCK_BSD_PLAIN(getresuid);

int getresgid(gid_t *real, gid_t *effective, gid_t *saved)
{
    return getresuid(real, effective, saved);
}
WASOCK_BSD_PLAIN(getresgid);

int setuid(uid_t uid)
{
    return only_to_oneself(uid);
}
WASOCK_BSD_PLAIN(setuid);

int seteuid(uid_t uid)
{
    return only_to_oneself(uid);
}
WASOCK_BSD_PLAIN(seteuid);

int setgid(gid_t gid)
{
    return only_to_oneself(gid);
}
WASOCK_BSD_PLAIN(setgid);

int setegid(gid_t gid)
{
    return only_to_oneself(gid);
}
WASOCK_BSD_PLAIN(setegid);

int setreuid(uid_t real, uid_t effective)
{
    return setuid(real) == 0 ? setuid(effective) : -1;
}
WASOCK_BSD_PLAIN(setreuid);

int setregid(gid_t real, gid_t effective)
{
    return setgid(real) == 0 ? setgid(effective) : -1;
}
WASOCK_BSD_PLAIN(setregid);

int setresuid(uid_t real, uid_t effective, uid_t saved)
{
    return setreuid(real, effective) == 0 ? setuid(saved) : -1;
}
WASOCK_BSD_PLAIN(setresuid);

int setresgid(gid_t real, gid_t effective, gid_t saved)
{
    return setregid(real, effective) == 0 ? setgid(saved) : -1;
}
WASOCK_BSD_PLAIN(setresgid);

int setgroups(size_t n_groups, const gid_t *groups)
{
    (void)n_groups;
    (void)groups;
    errno = EPERM;
    return -1;
}
WASOCK_BSD_PLAIN(setgroups);

int initgroups(const char *name, gid_t group)
{
    (void)name;
    return only_to_oneself(group);
}
WASOCK_BSD_PLAIN(initgroups);

/* Errors: of the path; EPERM. */
int fchownat(int directory_fd, const char *path, uid_t uid, gid_t gid,
             int flags)
{
    struct stat status;

    if (fstatat(directory_fd, path, &status, flags) < 0) {
        return -1;
    }
    return only_to_oneself(uid) == 0 ? only_to_oneself(gid) : -1;
}
WASOCK_BSD_PLAIN(fchownat);

int chown(const char *path, uid_t uid, gid_t gid)
{
    return fchownat(AT_FDCWD, path, uid, gid, 0);
}
WASOCK_BSD_PLAIN(chown);

int lchown(const char *path, uid_t uid, gid_t gid)
{
    return fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}
WASOCK_BSD_PLAIN(lchown);

int fchown(int fd, uid_t uid, gid_t gid)
{
    if (fcntl(fd, F_GETFD) < 0) {
        return -1;
    }
    return only_to_oneself(uid) == 0 ? only_to_oneself(gid) : -1;
}
WASOCK_BSD_PLAIN(fchown);

/* There are no logins. */
char *getlogin(void)
{
    errno = ENXIO;
    return NULL;
}
WASOCK_BSD_PLAIN(getlogin);

/* Returns the error: ENXIO. The types are POSIX's.
 * NOLINTNEXTLINE(readability-non-const-parameter) */
int getlogin_r(char *name, size_t capacity)
{
    (void)name;
    (void)capacity;
    return ENXIO;
}
WASOCK_BSD_PLAIN(getlogin_r);

struct passwd *getpwuid(uid_t uid)
{
    static char name[] = NAME;
    static char nothing[] = "";
    static char root[] = "/";
    static struct passwd user = {name, nothing, ID, ID, nothing, root, nothing};

    return uid == ID ? &user : NULL;
}
WASOCK_BSD_PLAIN(getpwuid);

struct passwd *getpwnam(const char *name)
{
    return strcmp(name, NAME) == 0 ? getpwuid(ID) : NULL;
}
WASOCK_BSD_PLAIN(getpwnam);

/* A list of none: nobody has to be gone through. */
void setpwent(void)
{
}
WASOCK_BSD_PLAIN(setpwent);

struct passwd *getpwent(void)
{
    return NULL;
}
WASOCK_BSD_PLAIN(getpwent);

void endpwent(void)
{
}
WASOCK_BSD_PLAIN(endpwent);

struct group *getgrgid(gid_t gid)
{
    static char name[] = NAME;
    static char nothing[] = "";
    static char *members[1];
    static struct group group = {name, nothing, ID, members};

    return gid == ID ? &group : NULL;
}
WASOCK_BSD_PLAIN(getgrgid);

struct group *getgrnam(const char *name)
{
    return strcmp(name, NAME) == 0 ? getgrgid(ID) : NULL;
}
WASOCK_BSD_PLAIN(getgrnam);

void endgrent(void)
{
}
WASOCK_BSD_PLAIN(endgrent);

/* The texts are constants; the buffer is not needed.
 * NOLINTBEGIN(readability-non-const-parameter) */
static int give_user(struct passwd *found, struct passwd *user,
                     struct passwd **result)
{
    if (found != NULL) {
        *user = *found;
    }
    *result = found != NULL ? user : NULL;
    return 0;
}

int getpwuid_r(uid_t uid, struct passwd *user, char *buffer, size_t capacity,
               struct passwd **result)
{
    (void)buffer;
    (void)capacity;
    return give_user(getpwuid(uid), user, result);
}
WASOCK_BSD_PLAIN(getpwuid_r);

int getpwnam_r(const char *name, struct passwd *user, char *buffer,
               size_t capacity, struct passwd **result)
{
    (void)buffer;
    (void)capacity;
    return give_user(getpwnam(name), user, result);
}
WASOCK_BSD_PLAIN(getpwnam_r);

static int give_group(struct group *found, struct group *group,
                      struct group **result)
{
    if (found != NULL) {
        *group = *found;
    }
    *result = found != NULL ? group : NULL;
    return 0;
}

int getgrgid_r(gid_t gid, struct group *group, char *buffer, size_t capacity,
               struct group **result)
{
    (void)buffer;
    (void)capacity;
    return give_group(getgrgid(gid), group, result);
}
WASOCK_BSD_PLAIN(getgrgid_r);

int getgrnam_r(const char *name, struct group *group, char *buffer,
               size_t capacity, struct group **result)
{
    (void)buffer;
    (void)capacity;
    return give_group(getgrnam(name), group, result);
}
WASOCK_BSD_PLAIN(getgrnam_r);
/* NOLINTEND(readability-non-const-parameter) */

/* The group that is given is the only one. Returns 1, or -1
 * where there is no room. */
int getgrouplist(const char *name, gid_t group, gid_t *groups, int *n_groups)
{
    const bool has_room = *n_groups >= 1;

    (void)name;
    *n_groups = 1;
    if (!has_room) {
        return -1;
    }
    groups[0] = group;
    return 1;
}
WASOCK_BSD_PLAIN(getgrouplist);

void setgrent(void)
{
}
WASOCK_BSD_PLAIN(setgrent);

struct group *getgrent(void)
{
    return NULL;
}
WASOCK_BSD_PLAIN(getgrent);
