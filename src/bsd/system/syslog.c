/* SPDX-License-Identifier: MIT */
/*
 * syslog.c - the log is the host's standard error, a line a message, whatever a
 * daemon has made of number 2.
 *
 * True: the name, LOG_PID, the mask of priorities. Ignored: the facility and
 * the other options. A text of more than 1 KiB is cut.
 */
#include <syslog.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libc.h"
#include "../plain.h"
#include "name.h"

#define TEXT_BYTES 1024

static const char *log_name; /* NULL: the program's */
static int log_options;
static int log_mask = LOG_UPTO(LOG_DEBUG);

/* name: stays the caller's, as everywhere. */
void openlog(const char *name, int options, int facility)
{
    (void)facility;
    log_name = name;
    log_options = options;
}
WASOCK_BSD_PLAIN(openlog);

void closelog(void)
{
    openlog(NULL, 0, 0);
}
WASOCK_BSD_PLAIN(closelog);

int setlogmask(int mask)
{
    const int old = log_mask;

    if (mask != 0) {
        log_mask = mask;
    }
    return old;
}
WASOCK_BSD_PLAIN(setlogmask);

void vsyslog(int priority, const char *format, va_list arguments)
{
    char text[TEXT_BYTES];
    char *line = NULL;

    if ((log_mask & LOG_MASK(LOG_PRI(priority))) == 0) {
        return;
    }
    vsnprintf(text, sizeof(text), format, arguments);
    const size_t length = strlen(text);
    const char *end = length > 0 && text[length - 1] == '\n' ? "" : "\n";
    const char *name = log_name != NULL ? log_name : wasock_bsd__program_name();
    const int n =
        (log_options & LOG_PID) != 0
            ? asprintf(&line, "%s[%d]: %s%s", name, (int)getpid(), text, end)
            : asprintf(&line, "%s: %s%s", name, text, end);
    if (n < 0) {
        return; /* without memory nothing is said */
    }
    const ssize_t ignored = wasock_libc_write(STDERR_FILENO, line, (size_t)n);
    (void)ignored; /* there is no other place to report it */
    free(line);
}
WASOCK_BSD_PLAIN(vsyslog);

void syslog(int priority, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsyslog(priority, format, arguments);
    va_end(arguments);
}
WASOCK_BSD_PLAIN(syslog);
