/* SPDX-License-Identifier: MIT */
/* facts_pipes - pipes of both kinds, with and without a name, say the same; and
 * what of a local pair can be shut down. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "facts.h"

#define PIPE_BYTES 65536
#define PART 4096

static short polled(int fd)
{
    struct pollfd one = {fd, POLLIN | POLLOUT, 0};

    return poll(&one, 1, 0) < 0 ? -1 : one.revents;
}

static void make_pipe(bool has_name, int ends[2])
{
    if (!has_name) {
        FACT(pipe2(ends, O_NONBLOCK) == 0);
        return;
    }
    FACT(mkfifo("named", 0600) == 0);
    ends[0] = open("named", O_RDONLY | O_NONBLOCK);
    ends[1] = open("named", O_WRONLY | O_NONBLOCK);
    FACT(ends[0] >= 0 && ends[1] == ends[0] + 1 && unlink("named") == 0);
}

/* It takes 16 parts and not a byte more, then whole parts again. */
static void room(const int ends[2])
{
    static char part[PART + 100];
    int n_unread = -1;

    FACT(polled(ends[0]) == 0 && polled(ends[1]) == POLLOUT);
    for (int i = 0; i < PIPE_BYTES / PART; i++) {
        FACT(polled(ends[1]) == POLLOUT);
        FACT(write(ends[1], part, PART) == PART);
    }
    FACT(polled(ends[0]) == POLLIN && polled(ends[1]) == 0);
    FACT(ioctl(ends[0], FIONREAD, &n_unread) == 0 && n_unread == PIPE_BYTES);
    FAILS(write(ends[1], part, 1), EAGAIN);
    FAILS(write(ends[1], part, PART + 1), EAGAIN);
    FACT(write(ends[1], part, 0) == 0 && read(ends[0], part, 0) == 0);
    FACT(read(ends[0], part, PART - 1) == PART - 1);
    FACT(polled(ends[1]) == 0); /* not for a whole part */
    FAILS(write(ends[1], part, PART), EAGAIN);
    FACT(read(ends[0], part, 1) == 1 && polled(ends[1]) == POLLOUT);
    FACT(write(ends[1], part, PART + 100) == PART); /* more is not atomic */
    FAILS(write(ends[1], part, 1), EAGAIN);
    FACT(read(ends[0], part, PART) == PART);
    FACT(write(ends[1], part, PART) == PART && polled(ends[1]) == 0);
    for (int i = 0; i < PIPE_BYTES / PART; i++) {
        FACT(read(ends[0], part, PART) == PART);
    }
    FAILS(read(ends[0], part, 1), EAGAIN);
    FACT(polled(ends[0]) == 0 && polled(ends[1]) == POLLOUT);
}

/* Bytes come as they were sent, round and round. */
static void contents(const int ends[2])
{
    static unsigned char out[30011];
    static unsigned char in[30011];
    unsigned next_out = 0;
    unsigned next_in = 0;
    bool is_same = true;

    for (int round = 0; round < 12; round++) {
        for (size_t i = 0; i < sizeof(out); i++) {
            out[i] = (unsigned char)(next_out++ % 251);
        }
        const struct iovec slices[] = {
            {out, 1}, {out, 0}, {out + 1, 20000}, {out + 20001, 10010}};
        FACT(writev(ends[1], slices, 4) == (ssize_t)sizeof(out));
        const struct iovec rooms[] = {
            {in, 10010}, {in, 0}, {in + 10010, 20000}, {in + 30010, 1}};
        ssize_t n = readv(ends[0], rooms, 4);
        while (n > 0 && n < (ssize_t)sizeof(in)) {
            n += read(ends[0], in + n, sizeof(in) - (size_t)n);
        }
        for (size_t i = 0; i < sizeof(in); i++) {
            is_same = is_same && in[i] == next_in++ % 251;
        }
    }
    FACT(is_same);
    memset(in, '#', 8);
    const struct iovec wide[] = {{in, 2}, {in + 4, 100}};
    FACT(write(ends[1], "abc", 3) == 3 && readv(ends[0], wide, 2) == 3);
    FACT(memcmp(in, "ab##c###", 8) == 0);
}

static void status_of(const int ends[2])
{
    for (int i = 0; i < 2; i++) {
        struct stat status;
        memset(&status, 1, sizeof(status));
        FACT(fstat(ends[i], &status) == 0);
        FACT(status.st_mode == (S_IFIFO | 0600) && status.st_size == 0);
        FACT(status.st_uid == getuid() && status.st_gid == getgid());
    }
}

static void ends_of_both(bool has_name)
{
    char byte = 0;
    int ends[2];

    make_pipe(has_name, ends);
    status_of(ends);
    FACT((fcntl(ends[0], F_GETFL) & O_ACCMODE) == O_RDONLY);
    FACT((fcntl(ends[1], F_GETFL) & O_ACCMODE) == O_WRONLY);
    room(ends);
    contents(ends);
    FACT(write(ends[1], "xy", 2) == 2);
    const int copy = dup(ends[1]);
    FACT(close(ends[1]) == 0 && polled(ends[0]) == POLLIN);
    FACT(close(copy) == 0 && polled(ends[0]) == (POLLIN | POLLHUP));
    FACT(read(ends[0], &byte, 1) == 1 && byte == 'x');
    FACT(polled(ends[0]) == (POLLIN | POLLHUP));
    FACT(read(ends[0], &byte, 1) == 1 && byte == 'y');
    FACT(polled(ends[0]) == POLLHUP && read(ends[0], &byte, 1) == 0);
    FACT(close(ends[0]) == 0);

    make_pipe(has_name, ends);
    FACT(write(ends[1], "xy", 2) == 2);
    const int reader = dup(ends[0]);
    FACT(close(ends[0]) == 0 && polled(ends[1]) == POLLOUT);
    FACT(close(reader) == 0 && polled(ends[1]) == (POLLOUT | POLLERR));
    FAILS(write(ends[1], "x", 1), EPIPE);
    FACT(write(ends[1], "", 0) == 0 && close(ends[1]) == 0);
}

/* What a name leads to, and for how long. */
static void names(void)
{
    static char name[PATH_MAX + 2];
    char byte = 0;
    struct stat status;

    for (const char *one = "abc"; *one != '\0'; one++) {
        const char path[] = {*one, '\0'};
        FACT(mkfifo(path, 0600) == 0);
    }
    FACT(unlink("b") == 0 && access("a", F_OK) == 0 && access("c", F_OK) == 0);
    FAILS(access("b", F_OK), ENOENT);
    FACT(mkdir("d", 0700) == 0 && mkfifo("d/a", 0600) == 0);
    FACT(stat("d/../a", &status) == 0 && stat("./d/a", &status) == 0);
    FACT(status.st_mode == (S_IFIFO | 0600) && status.st_nlink == 1);
    FACT(status.st_uid == getuid() && status.st_size == 0);
    FAILS(stat("d/b", &status), ENOENT);
    const int first = open("a", O_RDWR | O_NONBLOCK);
    const int second = open("d/a", O_RDWR | O_NONBLOCK);
    FACT(polled(first) == POLLOUT && write(first, "1", 1) == 1);
    FACT(polled(first) == (POLLIN | POLLOUT));
    FAILS(read(second, &byte, 1), EAGAIN);
    const int again = open("a", O_RDONLY | O_NONBLOCK);
    FACT(read(again, &byte, 1) == 1 && byte == '1');
    FACT(write(first, "2", 1) == 1 && close(again) == 0 && close(first) == 0);
    const int later = open("a", O_RDWR | O_NONBLOCK);
    FAILS(read(later, &byte, 1), EAGAIN); /* nobody kept it */
    FACT(unlink("a") == 0 && mkfifo("a", 0600) == 0);
    const int other = open("a", O_RDWR | O_NONBLOCK);
    FACT(write(later, "3", 1) == 1);
    FAILS(read(other, &byte, 1), EAGAIN); /* another pipe of that name */
    FACT(read(later, &byte, 1) == 1 && byte == '3');
    FACT(close(later) == 0 && close(other) == 0 && close(second) == 0);
    FACT(unlink("a") == 0 && unlink("c") == 0 && unlink("d/a") == 0);
    FACT(rmdir("d") == 0);
    FAILS(mkfifo("", 0600), ENOENT);
    memset(name, 'x', NAME_MAX + 1);
    FAILS(mkfifo(name, 0600), ENAMETOOLONG);
    name[NAME_MAX] = '\0';
    FACT(mkfifo(name, 0600) == 0 && stat(name, &status) == 0);
    FACT(S_ISFIFO(status.st_mode) && unlink(name) == 0);
    memset(name, 'x', PATH_MAX);
    for (int i = 99; i < PATH_MAX; i += 100) {
        name[i] = '/';
    }
    FAILS(mkfifo(name, 0600), ENAMETOOLONG);
    FAILS(mkfifo("/", 0600), EEXIST);
}

static short all_of(int fd)
{
    struct pollfd one = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};

    return poll(&one, 1, 0) < 0 ? -1 : one.revents;
}

static void shut_pairs(void)
{
    char bytes[8];
    int pair[2];

    FACT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    FACT((fcntl(pair[1], F_GETFL) & (O_ACCMODE | O_NONBLOCK)) ==
         (O_RDWR | O_NONBLOCK));
    FACT(write(pair[0], "abc", 3) == 3 && shutdown(pair[0], SHUT_WR) == 0);
    FAILS(write(pair[0], "x", 1), EPIPE);
    FACT(all_of(pair[1]) == (POLLIN | POLLOUT | POLLRDHUP));
    FACT(read(pair[1], bytes, 8) == 3 && read(pair[1], bytes, 8) == 0);
    FACT(write(pair[1], "de", 2) == 2 && read(pair[0], bytes, 8) == 2);
    FACT(shutdown(pair[0], SHUT_RD) == 0 && read(pair[0], bytes, 8) == 0);
    FAILS(write(pair[1], "x", 1), EPIPE);
    FACT((all_of(pair[0]) & (POLLIN | POLLHUP)) == (POLLIN | POLLHUP));
    FACT(close(pair[0]) == 0 && close(pair[1]) == 0);

    FACT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    FACT(shutdown(pair[0], SHUT_RD) == 0);
    FACT(write(pair[0], "x", 1) == 1 && read(pair[1], bytes, 8) == 1);
    FAILS(write(pair[1], "x", 1), EPIPE);
    FAILS(shutdown(pair[0], 99), EINVAL);
    FACT(shutdown(pair[1], SHUT_RDWR) == 0 && read(pair[1], bytes, 8) == 0);
    FACT(close(pair[1]) == 0 && read(pair[0], bytes, 8) == 0);
    FAILS(write(pair[0], "x", 1), EPIPE);
    FACT(close(pair[0]) == 0);
    FAILS(socketpair(99, SOCK_STREAM, 0, pair), EAFNOSUPPORT);

    FACT(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) == 0);
    FACT(write(pair[0], "abc", 3) == 3 && write(pair[0], "", 0) == 0);
    FACT(write(pair[0], "d", 1) == 1);
    FACT(recv(pair[1], bytes, 2, MSG_TRUNC) == 3 && bytes[1] == 'b');
    FACT(recv(pair[1], bytes, 8, MSG_PEEK) == 0);
    FACT(recv(pair[1], bytes, 8, 0) == 0 && recv(pair[1], bytes, 8, 0) == 1);
    FAILS(recv(pair[1], bytes, 8, 0), EAGAIN);
    FACT(shutdown(pair[1], SHUT_RD) == 0);
    FAILS(write(pair[0], "x", 1), EPIPE);
    FACT(close(pair[0]) == 0 && close(pair[1]) == 0);
}

void pipe_kind_facts(void)
{
    char folder[] = "/tmp/wasock-pipes-XXXXXX";
    char before[PATH_MAX];

    FACT(getcwd(before, sizeof(before)) == before);
    FACT(mkdtemp(folder) == folder && chdir(folder) == 0);
    ends_of_both(false);
    ends_of_both(true);
    names();
    shut_pairs();
    FACT(chdir(before) == 0 && rmdir(folder) == 0);
}
