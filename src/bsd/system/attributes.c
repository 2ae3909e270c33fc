/* SPDX-License-Identifier: MIT */
/*
 * attributes.c - attributes of threads, mutexes and conditions.
 *
 * True: detach states, stack sizes, types of mutexes, clocks of conditions.
 * Ignored: guard sizes, sharing between processes.
 */
#include "attributes.h"

#include <errno.h>
#include <stddef.h>

#include "../plain.h"

/* In attributes of threads. */
#define STACK_SIZE(attributes) ((attributes)->__u.__s[0])

#define STACK_SIZE_DEFAULT 131072

int pthread_attr_init(pthread_attr_t *attributes)
{
    const pthread_attr_t none = {{{0}}};

    *attributes = none;
    STACK_SIZE(attributes) = STACK_SIZE_DEFAULT;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_attr_init);

int pthread_attr_destroy(pthread_attr_t *attributes)
{
    return pthread_attr_init(attributes);
}
WASOCK_BSD_PLAIN(pthread_attr_destroy);

int pthread_attr_setdetachstate(pthread_attr_t *attributes, int state)
{
    if (state != PTHREAD_CREATE_JOINABLE && state != PTHREAD_CREATE_DETACHED) {
        return EINVAL;
    }
    WASOCK_BSD_DETACH_STATE(attributes) = state;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_attr_setdetachstate);

int pthread_attr_getdetachstate(const pthread_attr_t *attributes, int *state)
{
    *state = WASOCK_BSD_DETACH_STATE(attributes);
    return 0;
}
WASOCK_BSD_PLAIN(pthread_attr_getdetachstate);

/* Errors: ENOTSUP: the scope of a process. The types are POSIX's.
 * NOLINTNEXTLINE(readability-non-const-parameter) */
int pthread_attr_setscope(pthread_attr_t *attributes, int scope)
{
    (void)attributes;
    return scope == PTHREAD_SCOPE_SYSTEM ? 0 : ENOTSUP;
}
WASOCK_BSD_PLAIN(pthread_attr_setscope);

/* The types are POSIX's. NOLINTNEXTLINE(readability-non-const-parameter) */
int pthread_attr_setguardsize(pthread_attr_t *attributes, size_t size)
{
    (void)attributes;
    (void)size;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_attr_setguardsize);

/* Errors: EINVAL: less than PTHREAD_STACK_MIN. */
int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
{
    if (size < PTHREAD_STACK_MIN) {
        return EINVAL;
    }
    STACK_SIZE(attributes) = size;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_attr_setstacksize);

int pthread_attr_getstacksize(const pthread_attr_t *attributes, size_t *size)
{
    *size = STACK_SIZE(attributes);
    return 0;
}
WASOCK_BSD_PLAIN(pthread_attr_getstacksize);

int pthread_mutexattr_init(pthread_mutexattr_t *attributes)
{
    attributes->__attr = PTHREAD_MUTEX_DEFAULT;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_mutexattr_init);

int pthread_mutexattr_settype(pthread_mutexattr_t *attributes, int type)
{
    if (type < PTHREAD_MUTEX_NORMAL || type > PTHREAD_MUTEX_ERRORCHECK) {
        return EINVAL;
    }
    attributes->__attr = (unsigned)type;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_mutexattr_settype);

int pthread_mutexattr_gettype(const pthread_mutexattr_t *restrict attributes,
                              int *restrict type)
{
    *type = (int)attributes->__attr;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_mutexattr_gettype);

/* It is never shared. The types are POSIX's.
 * NOLINTNEXTLINE(readability-non-const-parameter) */
int pthread_mutexattr_setpshared(pthread_mutexattr_t *attributes, int shared)
{
    (void)attributes;
    return shared == PTHREAD_PROCESS_PRIVATE || shared == PTHREAD_PROCESS_SHARED
               ? 0
               : EINVAL;
}
WASOCK_BSD_PLAIN(pthread_mutexattr_setpshared);

int pthread_mutexattr_destroy(pthread_mutexattr_t *attributes)
{
    return pthread_mutexattr_init(attributes);
}
WASOCK_BSD_PLAIN(pthread_mutexattr_destroy);

int pthread_condattr_init(pthread_condattr_t *attributes)
{
    attributes->__attr = 0;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_condattr_init);

/* The types are POSIX's. NOLINTNEXTLINE(readability-non-const-parameter) */
int pthread_condattr_setpshared(pthread_condattr_t *attributes, int is_shared)
{
    (void)attributes;
    (void)is_shared;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_condattr_setpshared);

int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t clock)
{
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) {
        return EINVAL;
    }
    attributes->__attr = clock == CLOCK_MONOTONIC;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_condattr_setclock);

int pthread_condattr_getclock(const pthread_condattr_t *restrict attributes,
                              clockid_t *restrict clock)
{
    *clock = attributes->__attr ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    return 0;
}
WASOCK_BSD_PLAIN(pthread_condattr_getclock);

int pthread_condattr_destroy(pthread_condattr_t *attributes)
{
    return pthread_condattr_init(attributes);
}
WASOCK_BSD_PLAIN(pthread_condattr_destroy);
