/* SPDX-License-Identifier: MIT */
/*
 * Linked with the whole library and no libc: the link is the test. These three
 * are all that a compiler may ask for.
 */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
void _start(void);

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    return memmove(to, from, length);
}

void *memmove(void *to, const void *from, size_t length)
{
    char *bytes = to;
    const char *source = from;

    for (size_t i = 0; i < length; i++) {
        const size_t at = bytes < source ? i : length - 1 - i;
        bytes[at] = source[at];
    }
    return to;
}

void *memset(void *to, int byte, size_t length)
{
    char *bytes = to;

    for (size_t i = 0; i < length; i++) {
        bytes[i] = (char)byte;
    }
    return to;
}

void _start(void)
{
}
