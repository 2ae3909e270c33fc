/* SPDX-License-Identifier: MIT */
/*
 * lock.c - flock, lockf and the locks of fcntl, as for a process that is alone.
 *
 * True: flock excludes other descriptions of the same file, until it is
 * unlocked or the last number is closed. A record lock (fcntl, lockf) never
 * excludes the process that has it, so here it always succeeds. WASI has no
 * locks: other processes are not kept out.
 */
#include "lock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wasock/clock.h>

#include "../plain.h"
#include "../threads/layer.h"
#include "../waiting/wait.h"

/* How soon a thread that waits for a lock finds it free. */
#define RETRY_MS 5

struct file_lock {
    struct file_lock *next;
    const struct description *owner;
    dev_t device;
    ino_t inode; /* 0: of no file that others could open */
    bool is_exclusive;
};

static struct file_lock *locks;

/* The link to a description's lock, or to the end. */
static struct file_lock **find_lock(const struct description *owner)
{
    struct file_lock **link = &locks;

    while (*link != NULL && (*link)->owner != owner) {
        link = &(*link)->next;
    }
    return link;
}

void wasock_bsd__unlock(const struct description *description)
{
    struct file_lock **link = find_lock(description);
    struct file_lock *lock = *link;

    if (lock != NULL) {
        *link = lock->next;
        free(lock);
    }
}

static bool is_excluded(const struct file_lock *wanted)
{
    for (const struct file_lock *lock = locks; lock != NULL;
         lock = lock->next) {
        if (lock->inode != 0 && lock->inode == wanted->inode &&
            lock->device == wanted->device &&
            (lock->is_exclusive || wanted->is_exclusive)) {
            return true;
        }
    }
    return false;
}

/* Wait until a lock is free. Only another thread can free it. Returns 0,
 * -EWOULDBLOCK, -EDEADLK, -EINTR. */
static int wait_for(const struct file_lock *wanted, bool may_wait)
{
    int result = 0;

    while (result == 0 && is_excluded(wanted)) {
        if (!may_wait) {
            return -EWOULDBLOCK;
        }
        if (wasock_bsd__is_alone()) {
            return -EDEADLK;
        }
        result = wasock_bsd__poll(NULL, 0, wasock_deadline_after_ms(RETRY_MS));
    }
    return result;
}

/* As Linux, which gives up a lock before it takes one of the other kind. */
static int lock_description(struct description *description, bool is_exclusive,
                            bool may_wait)
{
    struct stat status = {0};
    const struct file_lock *held = *find_lock(description);

    if (held != NULL && held->is_exclusive == is_exclusive) {
        return 0;
    }
    int result = description->operations->stat == NULL
                     ? 0
                     : description->operations->stat(description, &status);
    if (result < 0) {
        return result;
    }
    wasock_bsd__unlock(description);
    const struct file_lock wanted = {NULL, description, status.st_dev,
                                     status.st_ino, is_exclusive};
    result = wait_for(&wanted, may_wait);
    if (result < 0) {
        return result;
    }
    struct file_lock *lock = (struct file_lock *)malloc(sizeof(*lock));
    if (lock == NULL) {
        return -ENOLCK;
    }
    *lock = wanted;
    lock->next = locks;
    locks = lock;
    return 0;
}

/*
 * flock(2).
 * Errors: EBADF; EINVAL: no such operation; EWOULDBLOCK: another description
 *   has the file, and LOCK_NB; EDEADLK: without, and no other thread
 *   could unlock it; ENOLCK: no memory.
 */
static int flock_once(int fd, int operation)
{
    struct description *description = wasock_bsd__find(fd);
    int result = 0;

    if (description == NULL) {
        return -EBADF;
    }
    wasock_bsd__begin_call(description);
    switch (operation & ~LOCK_NB) {
    case LOCK_SH:
    case LOCK_EX:
        result = lock_description(description, (operation & LOCK_EX) != 0,
                                  (operation & LOCK_NB) == 0);
        break;
    case LOCK_UN:
        wasock_bsd__unlock(description);
        break;
    default:
        result = -EINVAL;
        break;
    }
    return (int)wasock_bsd__end_call(description, WASOCK_READABLE, result);
}

int flock(int fd, int operation)
{
    int result = 0;

    do {
        result = flock_once(fd, operation);
    } while (result == -WASOCK_BSD_RESTART);
    return (int)wasock_bsd__result(result);
}
WASOCK_BSD_PLAIN(flock);

/* Whether it is open for what a record lock is about. */
static bool allows(const struct description *description, short type)
{
    const int mode = description->flags & O_ACCMODE;

    return type == F_UNLCK || mode != (type == F_WRLCK ? O_RDONLY : O_WRONLY);
}

int wasock_bsd__lock_record(const struct description *description, int command,
                            struct flock *lock)
{
    if (lock->l_type < F_RDLCK || lock->l_type > F_UNLCK ||
        (command == F_GETLK && lock->l_type == F_UNLCK) ||
        lock->l_whence < SEEK_SET || lock->l_whence > SEEK_END ||
        (lock->l_whence == SEEK_SET && lock->l_start < 0)) {
        return -EINVAL;
    }
    if (command == F_GETLK) {
        lock->l_type = F_UNLCK; /* nobody else's is in the way */
        return 0;
    }
    return allows(description, lock->l_type) ? 0 : -EBADF;
}

/*
 * lockf(3).
 * Errors: EBADF: also a number that is not open for writing; EINVAL.
 */
int lockf(int fd, int command, off_t length)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = length};

    switch (command) {
    case F_ULOCK:
        lock.l_type = F_UNLCK;
        return fcntl(fd, F_SETLK, &lock);
    case F_LOCK:
    case F_TLOCK:
        return fcntl(fd, F_SETLK, &lock);
    case F_TEST:
        lock.l_type = F_RDLCK;
        return fcntl(fd, F_GETLK, &lock);
    default:
        errno = EINVAL;
        return -1;
    }
}
WASOCK_BSD_PLAIN(lockf);
