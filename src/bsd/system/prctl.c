/* SPDX-License-Identifier: MIT */
/*
 * prctl.c - prctl: the name of the process, whether it may be dumped, and that
 * it gains no privileges, which is always so.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>

#include "../plain.h"

#define NAME_BYTES 16

/* Errors: EINVAL: any other request. */
int prctl(int option, ...)
{
    static char name[NAME_BYTES];
    static int is_dumpable = 1;
    va_list arguments;

    va_start(arguments, option);
    const unsigned long argument = va_arg(arguments, unsigned long);
    va_end(arguments);
    char *text = (char *)argument; /* NOLINT(performance-no-int-to-ptr) */
    switch (option) {
    case PR_SET_NAME:
        strncpy(name, text, NAME_BYTES - 1);
        return 0;
    case PR_GET_NAME:
        memcpy(text, name, NAME_BYTES);
        return 0;
    case PR_GET_DUMPABLE:
        return is_dumpable;
    case PR_SET_DUMPABLE:
        if (argument > 1) {
            break;
        }
        is_dumpable = (int)argument;
        return 0;
    case PR_SET_NO_NEW_PRIVS:
        return 0;
    case PR_GET_NO_NEW_PRIVS:
        return 1;
    default:
        break;
    }
    errno = EINVAL;
    return -1;
}
WASOCK_BSD_PLAIN(prctl);
