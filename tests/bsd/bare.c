/* SPDX-License-Identifier: MIT */
/*
 * bare - what is said to a program that was given a pipe as standard input, and
 * no directory. Writes a line for each part of the input that it has dealt
 * with, and waits for the next: "abcdef", nothing for a while, and the end.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include "facts.h"

int n_facts;
int n_failed;

static int polled(int timeout_ms)
{
    struct pollfd one = {0, POLLIN, 0};

    return poll(&one, 1, timeout_ms) == 1 && (one.revents & (POLLIN | POLLHUP));
}

static int watched(int epoll)
{
    struct epoll_event event;

    return epoll_wait(epoll, &event, 1, 0);
}

static void part_is_done(void)
{
    FACT(write(1, ".\n", 2) == 2);
}

/* What cannot be seen is not there. */
static void paths(void)
{
    static const char nowhere[] = "/nonexistent/file";
    struct stat status;
    char bytes[16];

    FAILS(open(nowhere, O_RDONLY), ENOENT);
    FAILS(open(nowhere, O_WRONLY | O_CREAT, 0644), ENOENT);
    FACT(fopen(nowhere, "r") == NULL && errno == ENOENT);
    FACT(opendir(nowhere) == NULL && errno == ENOENT);
    FAILS(stat(nowhere, &status), ENOENT);
    FAILS(lstat(nowhere, &status), ENOENT);
    FAILS(access(nowhere, R_OK), ENOENT);
    FAILS(mkdir(nowhere, 0755), ENOENT);
    FAILS(rmdir(nowhere), ENOENT);
    FAILS(unlink(nowhere), ENOENT);
    FAILS(remove(nowhere), ENOENT);
    FAILS(rename(nowhere, nowhere), ENOENT);
    FAILS(link(nowhere, nowhere), ENOENT);
    FAILS(symlink("x", nowhere), ENOENT);
    FAILS(readlink(nowhere, bytes, sizeof(bytes)), ENOENT);
    FAILS(truncate(nowhere, 0), ENOENT);
    FAILS(utimensat(AT_FDCWD, nowhere, NULL, 0), ENOENT);
    FAILS(chmod(nowhere, 0644), ENOENT);
    FAILS(chdir(nowhere), ENOENT);
    FACT(chdir("/") == 0); /* as daemons do */
}

#ifdef __wasm__ /* natively somebody might read it */
static void write_log(void)
{
    static char text[2000];

    memset(text, 'x', sizeof(text) - 1);
    syslog(LOG_INFO, "%s", "without openlog");
    openlog("bare", 0, LOG_USER);
    errno = ENOENT;
    syslog(LOG_INFO, "part %d: %m", 3);
    syslog(LOG_DAEMON | LOG_DEBUG, "with a newline\n");
    syslog(LOG_INFO, "%s", "");
    FACT(setlogmask(LOG_UPTO(LOG_WARNING)) == LOG_UPTO(LOG_DEBUG));
    syslog(LOG_NOTICE, "is hidden");
    FACT(setlogmask(0) == LOG_UPTO(LOG_WARNING));
    syslog(LOG_WARNING, "is shown");
    openlog("pid", LOG_PID, LOG_USER);
    syslog(LOG_ERR, "is %d", (int)getpid());
    syslog(LOG_ERR, "%s", text); /* is cut */
    closelog();
    syslog(LOG_ERR, "closed");
}
#endif

/* What the pipe is by its number, which is the host's as well. */
static void kind(void)
{
    char byte = 0;
    struct stat status;

    FACT((errno = 0, isatty(0)) == 0 && errno == ENOTTY);
    FACT((fcntl(0, F_GETFL) & O_ACCMODE) == O_RDONLY);
    FACT((fcntl(1, F_GETFL) & O_ACCMODE) == O_WRONLY);
    FACT((fcntl(2, F_GETFL) & O_ACCMODE) == O_WRONLY);
    FACT(fstat(0, &status) == 0 && !S_ISREG(status.st_mode));
    FAILS(read(1, &byte, 1), EBADF);
    FAILS(write(0, &byte, 1), EBADF);
    FAILS(pread(0, &byte, 1, 0), ESPIPE);
    FAILS(lseek(0, 0, SEEK_CUR), ESPIPE);
    FAILS(pwrite(1, &byte, 1, 0), ESPIPE);
    FAILS(lseek(1, 0, SEEK_END), ESPIPE);
    FACT(dup2(0, 9) == 9 && close(9) == 0); /* the host's stays open */
}

int main(void)
{
    char bytes[16] = "";
    struct iovec buffers[2] = {{bytes, 2}, {bytes + 2, 8}};
    struct epoll_event event = {.events = EPOLLIN};
    const int epoll = epoll_create1(0);

    paths();
    kind();
    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event) == 0);
    part_is_done();
    FACT(polled(5000));
    FACT(read(0, bytes, 0) == 0);
    FACT(read(0, bytes, 2) == 2 && memcmp(bytes, "ab", 2) == 0);
    FACT(polled(0) && watched(epoll) == 1); /* of what is left */
    FACT(readv(0, buffers, 2) == 4 && memcmp(bytes, "cdef", 4) == 0);
    FACT(!polled(0) && watched(epoll) == 0);
    FACT(fcntl(0, F_SETFL, O_NONBLOCK) == 0);
    FAILS(read(0, bytes, 2), EAGAIN);
    part_is_done();
    FACT(polled(5000) && watched(epoll) == 1);
    FACT(read(0, bytes, 2) == 0 && read(0, bytes, 2) == 0);
    FACT(polled(0) && watched(epoll) == 1);
#ifdef __wasm__ /* natively somebody might read it */
    FACT(close(2) == 0 && open("/dev/null", O_WRONLY) == 2);
    write_log();
#endif
    printf("%d facts, %d do not hold\n", n_facts, n_failed);
    return n_failed == 0 ? 0 : 1;
}
