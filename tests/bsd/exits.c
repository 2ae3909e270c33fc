/* SPDX-License-Identifier: MIT */
/*
 * exits HOW STATUS - end with a status: by exit, quick_exit, _Exit, _exit, or
 * main's return, with output that is not flushed and functions that are to be
 * called; or by err.h, with a message.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(const char *text)
{
    const ssize_t n = write(1, text, strlen(text));

    (void)n;
}

static void at_exit(void)
{
    say("at_exit ");
}

static void at_quick_exit_too(void)
{
    say("at_quick_exit ");
}

static void complain(const char *how, int status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (strcmp(how, "verr") == 0) {
        verr(status, format, arguments);
    }
    if (strcmp(how, "verrx") == 0) {
        verrx(status, format, arguments);
    }
    va_end(arguments);
}

/* Each function once. */
static void warn_of_all(void)
{
    static const char *volatile nothing;

    warn("one %d", 1);
    warnx("two %s", "2");
    errno = ENOENT;
    warn("%s", "");
    warn(nothing);
    warnx(nothing);
}

/* A standard stream that cannot be flushed says so when it is closed. */
static int close_broken(void)
{
    int ends[2];

    signal(SIGPIPE, SIG_IGN);
    if (pipe(ends) < 0 || close(ends[0]) < 0 || dup2(ends[1], 1) != 1) {
        return 1;
    }
    printf("lost");
    return fclose(stdout) == EOF && errno == EPIPE ? 0 : 2;
}

int main(int argc, char **argv)
{
    const char *how = argc == 3 ? argv[1] : "";
    const int status = argc == 3 ? atoi(argv[2]) : 99;

    if (strcmp(how, "broken") == 0) {
        return close_broken();
    }
    if (atexit(at_exit) != 0 || at_quick_exit(at_quick_exit_too) != 0) {
        return 98;
    }
    printf("flushed ");
    errno = ENOENT;
    if (strcmp(how, "exit") == 0) {
        exit(status);
    }
    if (strcmp(how, "quick_exit") == 0) {
        quick_exit(status);
    }
    if (strcmp(how, "_Exit") == 0) {
        _Exit(status);
    }
    if (strcmp(how, "_exit") == 0) {
        _exit(status);
    }
    if (strcmp(how, "err") == 0) {
        err(status, "text %d", 7);
    }
    if (strcmp(how, "errx") == 0) {
        errx(status, "text %d", 7);
    }
    if (strcmp(how, "warn") == 0) {
        warn_of_all();
    }
    complain(how, status, "text %d", 7);
    return status;
}
