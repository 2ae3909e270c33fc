/* SPDX-License-Identifier: MIT */
#include "table.h"
#include "plain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wasock/directories.h>
#include <wasock/err.h>

#include "files/file.h"
#include "files/lock.h"
#include "threads/layer.h"

struct entry {
    struct description *description; /* NULL: the number is free … */
    int flags;
    bool is_offered; /* … unless it is kept for what the host opened */
};

#define FIRST_OFFERED 3

static struct entry *entries;
static int n_entries;
static int lowest_free; /* no number below is free */
static int open_max = WASOCK_BSD_OPEN_MAX;
static struct description *(*describe_offered)(int nth);

/* 0, 1 and 2 are the host's, as far as it opened them; and wasi-libc needs the
 * directories behind the listeners registered. */
__attribute__((constructor(101))) static void begin(void)
{
    for (int fd = 0; fd < 3; fd++) {
        struct description *description = wasock_bsd__file_of_host(fd);
        if (description != NULL) {
            const int result = wasock_bsd__put(fd, description, 0);
            (void)result; /* without memory there is no stdio */
        }
    }
    const int result = wasock_directories_register();
    (void)result; /* without memory fopen returns ENOENT */
}

ptrdiff_t wasock_bsd__code(ptrdiff_t result)
{
    switch (result) {
    case -WASOCK_ECLOSED:
        return -EBADF;
    case -WASOCK_EDEADLINE:
        return -EAGAIN;
    case -WASOCK_ESTORAGE:
        return -ENOBUFS;
    case -WASOCK_ENOPREOPEN:
        return -EADDRNOTAVAIL;
    case -WASOCK_ENOTLISTENER:
        return -EINVAL;
    case -WASOCK_ENOTCONNECTION:
        return -ENOTCONN;
    case -WASOCK_EDEADLOCK:
        return -EDEADLK;
    case -WASOCK_EHOST:
    case -WASOCK_ECLOCK:
        return -EIO;
    default:
        return result;
    }
}

ssize_t wasock_bsd__result(ptrdiff_t result)
{
    result = wasock_bsd__code(result);
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

/* Make sure that a number has an entry. */
static int reach(int fd)
{
    int n = n_entries > 0 ? n_entries : 64;

    if (fd >= open_max) {
        return -EMFILE;
    }
    if (fd < n_entries) {
        return 0;
    }
    while (n <= fd) {
        n *= 2;
    }
    struct entry *grown =
        (struct entry *)realloc(entries, (size_t)n * sizeof(*entries));
    if (grown == NULL) {
        return -ENOMEM;
    }
    memset(grown + n_entries, 0, (size_t)(n - n_entries) * sizeof(*entries));
    entries = grown;
    n_entries = n;
    return 0;
}

static void occupy(int fd, struct description *description,
                   int descriptor_flags)
{
    description->n_numbers++;
    entries[fd].description = description;
    entries[fd].flags = descriptor_flags;
}

struct description *wasock_bsd__find(int fd)
{
    if (fd >= 0 && fd < n_entries && entries[fd].is_offered) {
        entries[fd].is_offered = false;
        struct description *offered = describe_offered(fd - FIRST_OFFERED);
        if (offered != NULL) {
            occupy(fd, offered, 0);
        }
    }
    if (fd < 0 || fd >= n_entries || entries[fd].description == NULL) {
        errno = EBADF;
        return NULL;
    }
    return entries[fd].description;
}

void wasock_bsd__offer(long n, struct description *(*describe)(int nth))
{
    describe_offered = describe;
    for (int i = 0; i < n && reach(FIRST_OFFERED + i) == 0; i++) {
        entries[FIRST_OFFERED + i].is_offered =
            entries[FIRST_OFFERED + i].description == NULL;
    }
}

/* The lowest free number from `lowest` on, reached or not. */
static int free_from(int lowest)
{
    int fd = lowest <= lowest_free ? lowest_free : lowest;

    while (fd < n_entries &&
           (entries[fd].description != NULL || entries[fd].is_offered)) {
        fd++;
    }
    return fd;
}

int wasock_bsd__number(struct description *description, int lowest,
                       int descriptor_flags)
{
    const int fd = free_from(lowest);
    const int result = reach(fd);
    if (result < 0) {
        return result;
    }
    occupy(fd, description, descriptor_flags);
    if (lowest <= lowest_free) {
        lowest_free = fd + 1;
    }
    return fd;
}

bool wasock_bsd__has_number(void)
{
    return free_from(0) < open_max;
}

int wasock_bsd__open(struct description *description, int descriptor_flags)
{
    const int fd = wasock_bsd__number(description, 0, descriptor_flags);

    if (fd < 0) {
        description->operations->close(description);
    }
    return (int)wasock_bsd__result(fd);
}

void wasock_bsd__hold(struct description *description)
{
    description->n_numbers++;
}

int wasock_bsd__release(struct description *description)
{
    description->n_numbers--;
    if (description->n_numbers > 0) {
        return 0;
    }
    wasock_bsd__unlock(description);
    wasock_bsd__note_change();
    return description->operations->close(description);
}

int wasock_bsd__put(int fd, struct description *description,
                    int descriptor_flags)
{
    const int result = reach(fd);

    if (result < 0) {
        return result;
    }
    struct description *replaced = entries[fd].description;
    entries[fd].is_offered = false;
    occupy(fd, description, descriptor_flags);
    if (replaced != NULL) {
        wasock_bsd__note_change();
        /* dup2 does not report a failed close. */
        wasock_bsd__release(replaced);
    }
    return 0;
}

int wasock_bsd__open_max(void)
{
    return open_max;
}

void wasock_bsd__set_open_max(int new_open_max)
{
    open_max = new_open_max;
}

int wasock_bsd__descriptor_flags(int fd)
{
    return entries[fd].flags;
}

void wasock_bsd__set_descriptor_flags(int fd, int descriptor_flags)
{
    entries[fd].flags = descriptor_flags;
}

/*
 * close(2). The number is free whatever close returns; the description closes
 * with its last number.
 * Errors: EBADF; EIO; any other code of the host.
 */
int close(int fd)
{
    struct description *description = wasock_bsd__find(fd);

    if (description == NULL) {
        return -1;
    }
    entries[fd].description = NULL;
    wasock_bsd__note_change();
    if (fd < lowest_free) {
        lowest_free = fd;
    }
    return (int)wasock_bsd__result(wasock_bsd__release(description));
}

/*
 * dup(2): the lowest free number, for the same description.
 * Errors: EBADF; EMFILE; ENOMEM.
 */
int dup(int fd)
{
    struct description *description = wasock_bsd__find(fd);

    return description == NULL
               ? -1
               : (int)wasock_bsd__result(wasock_bsd__number(description, 0, 0));
}

/* dup2 and dup3 of two different numbers. */
static int duplicate(int fd, int number, int descriptor_flags)
{
    struct description *description = wasock_bsd__find(fd);

    if (description == NULL) {
        return -1;
    }
    if (number < 0 || number >= open_max) {
        errno = EBADF;
        return -1;
    }
    const int result = wasock_bsd__put(number, description, descriptor_flags);
    return (int)wasock_bsd__result(result < 0 ? result : number);
}

/*
 * dup2(2). What stdio has buffered of a stream over the number goes to its new
 * description.
 * Errors: EBADF: also for a number beyond RLIMIT_NOFILE; ENOMEM.
 */
int dup2(int fd, int number)
{
    if (fd == number) {
        return wasock_bsd__find(fd) == NULL ? -1 : number;
    }
    return duplicate(fd, number, 0);
}

/*
 * dup3(2) of Linux. O_CLOEXEC is remembered.
 * Errors: EINVAL: the numbers are equal, or another flag; EBADF; ENOMEM.
 */
int dup3(int fd, int number, int flags)
{
    if (fd == number || (flags & ~O_CLOEXEC) != 0) {
        errno = EINVAL;
        return -1;
    }
    return duplicate(fd, number, flags == O_CLOEXEC ? FD_CLOEXEC : 0);
}

WASOCK_BSD_PLAIN(dup);
WASOCK_BSD_PLAIN(dup2);
WASOCK_BSD_PLAIN(dup3);
