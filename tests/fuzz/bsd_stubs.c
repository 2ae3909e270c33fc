/* SPDX-License-Identifier: MIT */
/* What the fuzzed part of the BSD layer needs of the rest: there are no files,
 * one thread, and no directories. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/bsd/files/fifo.h"
#include "../../src/bsd/files/file.h"
#include "../../src/bsd/system/timers.h"
#include "../../src/bsd/threads/layer.h"
#include "../../src/bsd/threads/thread.h"

size_t wasock_directories_register(void);
void __SIG_IGN(int number);
void __SIG_ERR(int number);

struct description *wasock_bsd__file_of_host(int host_fd)
{
    (void)host_fd;
    errno = EBADF;
    return NULL;
}

int wasock_bsd__host_fd(const struct description *description)
{
    (void)description;
    return -1;
}

bool wasock_bsd__fifo_unread(const struct description *description,
                             ptrdiff_t *n_unread)
{
    (void)description;
    (void)n_unread;
    return false;
}

void wasock_bsd__complete(struct stat *status)
{
    (void)status;
}

size_t wasock_directories_register(void)
{
    return 0;
}

off_t lseek(int fd, off_t offset, int whence)
{
    (void)fd;
    (void)offset;
    (void)whence;
    errno = ESPIPE;
    return -1;
}

uid_t getuid(void)
{
    return 1000;
}

gid_t getgid(void)
{
    return 1000;
}

/* One thread, and no timer: nobody ends a wait, its timeout does. */
static struct thread main_thread;
struct thread *wasock_bsd__current = &main_thread;
uint64_t wasock_bsd__timer_due_ns = WASOCK_NO_DEADLINE;

void wasock_bsd__expire_timers(void)
{
}

void wasock_bsd__begin_call(struct description *description)
{
    (void)description;
}

ptrdiff_t wasock_bsd__end_call(struct description *description,
                               unsigned direction, ptrdiff_t result)
{
    (void)description;
    (void)direction;
    return result;
}

bool wasock_bsd__is_interrupted(void)
{
    return false;
}

void pthread_testcancel(void)
{
}

int wasock_bsd__wait(struct wait *wait)
{
    (void)wait;
    return -ETIMEDOUT;
}

void wasock_bsd__wake(const void *key, size_t n)
{
    (void)key;
    (void)n;
}

int wasock_bsd__await(struct description *description, unsigned direction)
{
    (void)description;
    (void)direction;
    return -EAGAIN;
}

pthread_t pthread_self(void)
{
    return 0;
}

int pthread_equal(pthread_t a, pthread_t b)
{
    return a == b;
}

/* wasi-libc's, of which the addresses are the actions. */
void __SIG_IGN(int number)
{
    (void)number;
}

void __SIG_ERR(int number)
{
    (void)number;
}
