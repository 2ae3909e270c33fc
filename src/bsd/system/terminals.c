/* SPDX-License-Identifier: MIT */
/*
 * terminals.c - there are no terminals: what asks for one fails with ENOTTY.
 *
 * True: what only changes a struct termios in memory. getpass reads a line from
 * standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stropts.h>
#include <termios.h>
#include <unistd.h>

#include "../plain.h"
#include "../table.h"

static int no_terminal(int fd)
{
    if (wasock_bsd__find(fd) != NULL) {
        errno = ENOTTY;
    }
    return -1;
}

/* Errors: EBADF; ENOTTY. The types are POSIX's.
 * NOLINTNEXTLINE(readability-non-const-parameter) */
int tcgetattr(int fd, struct termios *settings)
{
    (void)settings;
    return no_terminal(fd);
}
WASOCK_BSD_PLAIN(tcgetattr);

int tcsetattr(int fd, int when, const struct termios *settings)
{
    (void)when;
    (void)settings;
    return no_terminal(fd);
}
WASOCK_BSD_PLAIN(tcsetattr);

int tcsendbreak(int fd, int duration)
{
    (void)duration;
    return no_terminal(fd);
}
WASOCK_BSD_PLAIN(tcsendbreak);

int tcdrain(int fd)
{
    return no_terminal(fd);
}
WASOCK_BSD_PLAIN(tcdrain);

int tcflush(int fd, int queue)
{
    (void)queue;
    return no_terminal(fd);
}
WASOCK_BSD_PLAIN(tcflush);

int tcflow(int fd, int action)
{
    (void)action;
    return no_terminal(fd);
}
WASOCK_BSD_PLAIN(tcflow);

pid_t tcgetpgrp(int fd)
{
    return no_terminal(fd);
}
WASOCK_BSD_PLAIN(tcgetpgrp);

pid_t tcgetsid(int fd)
{
    return no_terminal(fd);
}
WASOCK_BSD_PLAIN(tcgetsid);

int tcsetpgrp(int fd, pid_t group)
{
    (void)group;
    return no_terminal(fd);
}
WASOCK_BSD_PLAIN(tcsetpgrp);

/* Errors: EBADF; ENOTTY. */
char *ttyname(int fd)
{
    no_terminal(fd);
    return NULL;
}
WASOCK_BSD_PLAIN(ttyname);

/* Returns the error. NOLINTNEXTLINE(readability-non-const-parameter) */
int ttyname_r(int fd, char *name, size_t capacity)
{
    (void)name;
    (void)capacity;
    no_terminal(fd);
    return errno;
}
WASOCK_BSD_PLAIN(ttyname_r);

/* A pair of terminals. Errors: ENOENT, as where /dev/ptmx is missing. */
int posix_openpt(int flags)
{
    return open("/dev/ptmx", flags);
}
WASOCK_BSD_PLAIN(posix_openpt);

/* Errors: EBADF; ENOTTY. */
int grantpt(int fd)
{
    return no_terminal(fd);
}
WASOCK_BSD_PLAIN(grantpt);

int unlockpt(int fd)
{
    return no_terminal(fd);
}
WASOCK_BSD_PLAIN(unlockpt);

char *ptsname(int fd)
{
    no_terminal(fd);
    return NULL;
}
WASOCK_BSD_PLAIN(ptsname);

/* Returns the error. NOLINTNEXTLINE(readability-non-const-parameter) */
int ptsname_r(int fd, char *name, size_t capacity)
{
    return ttyname_r(fd, name, capacity);
}
WASOCK_BSD_PLAIN(ptsname_r);

/* isastream(3): 0. Errors: EBADF. */
int isastream(int fd)
{
    return wasock_bsd__find(fd) == NULL ? -1 : 0;
}
WASOCK_BSD_PLAIN(isastream);

speed_t cfgetospeed(const struct termios *settings)
{
    return settings->c_ospeed;
}
WASOCK_BSD_PLAIN(cfgetospeed);

speed_t cfgetispeed(const struct termios *settings)
{
    return settings->c_ispeed;
}
WASOCK_BSD_PLAIN(cfgetispeed);

static bool is_speed(speed_t speed)
{
    if (speed > B38400 && (speed < B57600 || speed > B4000000)) {
        errno = EINVAL;
        return false;
    }
    return true;
}

/* cfsetospeed(3), cfsetispeed(3), cfsetspeed(3). Errors: EINVAL. */
int cfsetospeed(struct termios *settings, speed_t speed)
{
    if (!is_speed(speed)) {
        return -1;
    }
    settings->c_ospeed = speed;
    return 0;
}
WASOCK_BSD_PLAIN(cfsetospeed);

int cfsetispeed(struct termios *settings, speed_t speed)
{
    if (!is_speed(speed)) {
        return -1;
    }
    settings->c_ispeed = speed;
    return 0;
}
WASOCK_BSD_PLAIN(cfsetispeed);

int cfsetspeed(struct termios *settings, speed_t speed)
{
    return cfsetispeed(settings, speed) < 0 ? -1 : cfsetospeed(settings, speed);
}
WASOCK_BSD_PLAIN(cfsetspeed);

void cfmakeraw(struct termios *settings)
{
    settings->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR |
                                     IGNCR | ICRNL | IXON);
    settings->c_oflag &= ~(tcflag_t)OPOST;
    settings->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    settings->c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    settings->c_cflag |= CS8;
    settings->c_cc[VMIN] = 1;
    settings->c_cc[VTIME] = 0;
}
WASOCK_BSD_PLAIN(cfmakeraw);

/* getpass(3). NULL: standard input has ended. */
char *getpass(const char *prompt)
{
    static char *line;
    static size_t capacity;

    fputs(prompt, stderr);
    const ssize_t length = getline(&line, &capacity, stdin);
    if (length < 0) {
        return NULL;
    }
    line[strcspn(line, "\n")] = '\0';
    return line;
}
WASOCK_BSD_PLAIN(getpass);
