/* SPDX-License-Identifier: MIT */
/* facts_ends - the two ends of pipes and pairs: messages, edges, and where no
 * numbers are left. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "facts.h"

static void messages_of(int type)
{
    static char big[1 << 20];
    char bytes[16] = "";
    struct iovec parts[] = {{bytes, 1}, {bytes + 4, 0}, {bytes + 8, 3}};
    int s[2];

    FACT(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s) == 0);
    for (int i = 0; i < 20; i++) { /* what was read takes no room */
        FACT(send(s[0], big, 30000, 0) == 30000);
        FACT(recv(s[1], big, sizeof(big), 0) == 30000);
    }
    FACT(send(s[0], "one", 3, 0) == 3 && send(s[0], "two", 3, 0) == 3);
    FACT(recv(s[1], bytes, 16, 0) == 3 && memcmp(bytes, "one", 3) == 0);
    FACT(send(s[0], "three", 5, 0) == 5);
    FACT(recv(s[1], bytes, 16, 0) == 3 && memcmp(bytes, "two", 3) == 0);
    memset(bytes, '#', sizeof(bytes));
    FACT(readv(s[1], parts, 3) == 4 && memcmp(bytes, "t#######hre#", 12) == 0);
    FAILS(recv(s[1], bytes, 16, 0), EAGAIN);
    FAILS(send(s[0], big, sizeof(big), 0), EMSGSIZE);
    FACT(send(s[1], "left", 4, 0) == 4 && send(s[1], "left", 4, 0) == 4);
    FACT(shutdown(s[0], SHUT_WR) == 0 && shutdown(s[0], SHUT_RD) == 0);
    FAILS(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    FACT(close(s[0]) == 0 && close(s[1]) == 0);
}

static int edge(int epoll)
{
    struct epoll_event event = {.events = 0};

    return epoll_wait(epoll, &event, 1, 0) == 1 ? (int)event.events : 0;
}

static void watch_edges(int epoll, int fd, unsigned events)
{
    struct epoll_event event = {.events = events | EPOLLET};

    FACT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

/* Each arrival is an edge, and so is the end; a closed number has none. */
static void edges_of(int reader, int writer)
{
    char bytes[8];
    const int epoll = epoll_create1(0);
    const int closed = dup(reader);

    watch_edges(epoll, reader, EPOLLIN);
    FACT(close(closed) == 0 && edge(epoll) == 0);
    for (int i = 0; i < 3; i++) {
        FACT(write(writer, "x", 1) == 1);
        FACT(edge(epoll) == EPOLLIN);
        FACT(edge(epoll) == 0);
    }
    for (int i = 0; i < 3; i++) {
        FACT(read(reader, bytes, 1) == 1 && edge(epoll) == 0);
    }
    FACT(close(writer) == 0 && (edge(epoll) & (EPOLLIN | EPOLLHUP)) != 0);
    FACT(edge(epoll) == 0 && read(reader, bytes, 8) == 0);
    FACT(close(reader) == 0 && edge(epoll) == 0 && close(epoll) == 0);
}

/* Room that comes back is an edge. */
static void room_of(int reader, int writer)
{
    static char bytes[1 << 16];
    const int epoll = epoll_create1(0);

    FACT(fcntl(writer, F_SETFL, O_NONBLOCK) == 0);
    ssize_t n = 1;
    while (n > 0) {
        n = write(writer, bytes, sizeof(bytes));
    }
    FACT(n == -1 && errno == EAGAIN);
    watch_edges(epoll, writer, EPOLLOUT);
    FACT(edge(epoll) == 0 && read(reader, bytes, sizeof(bytes)) > 0);
    FACT(edge(epoll) == EPOLLOUT);
    FACT(edge(epoll) == 0);
    FACT(close(reader) == 0 && (edge(epoll) & EPOLLERR) != 0);
    FACT(close(writer) == 0 && close(epoll) == 0);
}

static void open_fifo(int ends[2])
{
    FACT(mkfifo("fifo", 0600) == 0);
    ends[0] = open("fifo", O_RDONLY | O_NONBLOCK);
    ends[1] = open("fifo", O_WRONLY);
    FACT(ends[0] >= 0 && ends[1] >= 0 && unlink("fifo") == 0);
}

static void edges(void)
{
    int ends[2];

    FACT(pipe(ends) == 0);
    edges_of(ends[0], ends[1]);
    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    edges_of(ends[0], ends[1]);
    FACT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    edges_of(ends[0], ends[1]);
    open_fifo(ends);
    edges_of(ends[0], ends[1]);
    FACT(pipe(ends) == 0);
    room_of(ends[0], ends[1]);
    open_fifo(ends);
    room_of(ends[0], ends[1]);
}

/* Allow N more numbers than are open without a gap. */
static void allow(int n_more, const struct rlimit *usual)
{
    struct rlimit limit = *usual;
    int fds[8];

    for (int i = 0; i <= n_more; i++) {
        fds[i] = dup(0);
    }
    limit.rlim_cur = (rlim_t)fds[n_more];
    for (int i = 0; i <= n_more; i++) {
        FACT(close(fds[i]) == 0);
    }
    FACT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* Where one number is left, none of a pair stays open. */
static void few_numbers(void)
{
    struct rlimit usual;
    struct stat status;
    int ends[2];

    FACT(getrlimit(RLIMIT_NOFILE, &usual) == 0);
    FACT(close(open("kept", O_WRONLY | O_CREAT | O_TRUNC, 0600)) == 0);
    FACT(truncate("kept", 3) == 0);
    for (int n = 0; n < 2; n++) {
        allow(n, &usual);
        FAILS(pipe(ends), EMFILE);
        FAILS(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), EMFILE);
        FAILS(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), EMFILE);
        FAILS(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), EMFILE);
        const int last = n > 0 ? dup(0) : -1; /* is left still */
        FACT(n == 0 || last >= 0);
        FAILS(dup(0), EMFILE);
        FAILS(open("kept", O_WRONLY | O_TRUNC), EMFILE);
        FAILS(open("/dev/null", O_RDONLY), EMFILE);
        FACT(fopen("kept", "w") == NULL && errno == EMFILE);
        FACT(n == 0 || close(last) == 0);
        FACT(setrlimit(RLIMIT_NOFILE, &usual) == 0);
    }
    FACT(stat("kept", &status) == 0 && status.st_size == 3);
    FACT(unlink("kept") == 0);
}

/* Only the numbers that were asked for are open. */
static void far_numbers(void)
{
    static const int far[] = {600, 1023};

    for (int i = 0; i < 2; i++) {
        char *dirty = malloc(1 << 18);
        memset(dirty, 0xff, 1 << 18);
        free(dirty);
        FACT(dup2(0, far[i]) == far[i]);
        for (int fd = far[i] - 300; fd < far[i]; fd++) {
            FAILS(fcntl(fd, F_GETFD), EBADF);
        }
        FACT(fcntl(far[i], F_GETFD) == 0);
        FAILS(fcntl(far[i] + 1, F_GETFD), EBADF);
        FACT(close(far[i]) == 0);
    }
}

void end_facts(void)
{
    char folder[] = "/tmp/wasock-ends-XXXXXX";

    FACT(mkdtemp(folder) == folder && chdir(folder) == 0);
    messages_of(SOCK_DGRAM);
    messages_of(SOCK_SEQPACKET);
    edges();
    few_numbers();
    far_numbers();
    FACT(chdir("/") == 0 && rmdir(folder) == 0);
}
