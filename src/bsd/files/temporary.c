/* SPDX-License-Identifier: MIT */
/*
 * temporary.c - files and folders with unique names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../plain.h"

#define TRIES_MAX 100

/* Put letters by chance in the place of the six X. */
static int invent_name(char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    unsigned char random[6];
    char *end = name + strlen(name) - sizeof(random);

    if (getentropy(random, sizeof(random)) < 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof(random); i++) {
        end[i] = letters[random[i] % (sizeof(letters) - 1)];
    }
    return 0;
}

static int open_new(const char *name, int flags)
{
    return open(name, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
}

static int make_directory(const char *name, int flags)
{
    (void)flags;
    return mkdir(name, 0700);
}

/* Make something new under a name that ends in six X. */
static int make_temporary(char *name, int (*make)(const char *name, int flags),
                          int flags)
{
    const size_t length = strlen(name);

    if (length < 6 || strcmp(name + length - 6, "XXXXXX") != 0) {
        errno = EINVAL;
        return -1;
    }
    for (int i = 0; i < TRIES_MAX; i++) {
        if (invent_name(name) < 0) {
            return -1;
        }
        const int result = make(name, flags);
        if (result >= 0 || errno != EEXIST) {
            return result;
        }
    }
    errno = EEXIST;
    return -1;
}

/* mkostemp, mkstemp, mkdtemp. Errors: EINVAL; EEXIST; those of open and
 * mkdir. */
int mkostemp(char *name, int flags)
{
    return make_temporary(name, open_new, flags);
}
WASOCK_BSD_PLAIN(mkostemp);

int mkstemp(char *name)
{
    return mkostemp(name, 0);
}
WASOCK_BSD_PLAIN(mkstemp);

char *mkdtemp(char *name)
{
    return make_temporary(name, make_directory, 0) < 0 ? NULL : name;
}
WASOCK_BSD_PLAIN(mkdtemp);
