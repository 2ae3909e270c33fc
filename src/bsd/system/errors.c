/* SPDX-License-Identifier: MIT */
/*
 * errors.c - err.h: the program's name, a message and a reason on standard
 * error.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../plain.h"
#include "name.h"

/* NULL for no reason. */
static void report(const char *format, va_list arguments, const char *reason)
{
    fprintf(stderr, "%s: ", wasock_bsd__program_name());
    if (format != NULL) {
        vfprintf(stderr, format, arguments);
        fputs(reason != NULL ? ": " : "", stderr);
    }
    fprintf(stderr, "%s\n", reason != NULL ? reason : "");
}

void vwarn(const char *format, va_list arguments)
{
    report(format, arguments, strerror(errno));
}
WASOCK_BSD_PLAIN(vwarn);

void vwarnx(const char *format, va_list arguments)
{
    report(format, arguments, NULL);
}
WASOCK_BSD_PLAIN(vwarnx);

void verr(int status, const char *format, va_list arguments)
{
    vwarn(format, arguments);
    exit(status);
}
WASOCK_BSD_PLAIN(verr);

void verrx(int status, const char *format, va_list arguments)
{
    vwarnx(format, arguments);
    exit(status);
}
WASOCK_BSD_PLAIN(verrx);

void warn(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vwarn(format, arguments);
    va_end(arguments);
}
WASOCK_BSD_PLAIN(warn);

void warnx(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vwarnx(format, arguments);
    va_end(arguments);
}
WASOCK_BSD_PLAIN(warnx);

void err(int status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    verr(status, format, arguments);
}
WASOCK_BSD_PLAIN(err);

void errx(int status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    verrx(status, format, arguments);
}
WASOCK_BSD_PLAIN(errx);
