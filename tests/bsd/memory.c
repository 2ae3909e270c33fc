/* SPDX-License-Identifier: MIT */
/*
 * memory - calls that run out of memory. Each allocation of each call fails
 * once: the call returns an error, or does without; nothing is lost, and the
 * same call succeeds afterwards. In the sandbox alone: natively it is the
 * kernel that allocates.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#ifdef __wasip1__
#include <wasi/api.h>
#endif

#include "facts.h"
#include "memory.h"

int n_facts;
int n_failed;

/* ---- The allocator: the linker puts these before libc's ---- */

static int n_blocks; /* in use */
static int n_until_failure;
static bool has_failed;

/* NOLINTBEGIN(bugprone-reserved-identifier,misc-use-internal-linkage): the
 * linker calls them */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);

static bool is_to_fail(void)
{
    const bool is_now = n_until_failure == 1;

    n_until_failure -= n_until_failure > 0;
    has_failed = has_failed || is_now;
    errno = is_now ? ENOMEM : errno; /* as POSIX says it of malloc */
    return is_now;
}

static void *counted(void *memory)
{
    n_blocks += memory != NULL;
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return is_to_fail() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return is_to_fail() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
    if (is_to_fail()) {
        return NULL;
    }
    void *const moved = __real_realloc(memory, size);
    n_blocks += memory == NULL && moved != NULL;
    return moved;
}

void __wrap_free(void *memory)
{
    n_blocks -= memory != NULL;
    __real_free(memory);
}
/* NOLINTEND(bugprone-reserved-identifier,misc-use-internal-linkage) */

/* ---- The calls ---- */

static const struct sockaddr *listening(void);

static int pair[2] = {-1, -1};
static int listener = -1;
static int fd = -1; /* what a call is about */

static void keep_socket(void)
{
    fd = socket(AF_INET, SOCK_STREAM, 0);
}

static void keep_epoll(void)
{
    fd = epoll_create1(0);
}

static void keep_connection(void)
{
    keep_socket();
    FACT(connect(fd, listening(), sizeof(struct sockaddr_in)) == 0);
    pair[0] = accept(listener, NULL, NULL);
    FACT(write(pair[0], "abc", 3) == 3);
}

static void keep_stream(void)
{
    FACT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
}

static void keep_messages(void)
{
    FACT(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
}

static int pipe_ends(void)
{
    return pipe(pair);
}

static int streams(void)
{
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static int messages(void)
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
}

static int open_device(void)
{
    return fd = open("/dev/null", O_RDWR);
}

static int open_file(void)
{
    return fd = open("/tmp", O_RDONLY | O_DIRECTORY);
}

static int open_socket(void)
{
    return fd = socket(AF_INET, SOCK_STREAM, 0);
}

static int open_counter(void)
{
    return fd = eventfd(0, 0);
}

static int open_timer(void)
{
    return fd = timerfd_create(CLOCK_MONOTONIC, 0);
}

static int open_signals(void)
{
    sigset_t mask;

    sigemptyset(&mask);
    return fd = signalfd(-1, &mask, 0);
}

static int open_epoll(void)
{
    return fd = epoll_create1(0);
}

static int send_message(void)
{
    return (int)send(pair[0], "abc", 3, 0);
}

static int set_option(void)
{
    const int one = 1;

    return setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
}

/* Twice: what is set again takes the place of what was set before. */
static int set_options(void)
{
    const int one = 1;

    return set_option() < 0
               ? -1
               : set_option() + setsockopt(fd, IPPROTO_TCP, SO_REUSEADDR, &one,
                                           sizeof(one));
}

static int watch_stream(void)
{
    struct epoll_event event = {.events = EPOLLIN};

    return epoll_ctl(fd, EPOLL_CTL_ADD, listener, &event);
}

static int unwatch_stream(void)
{
    struct epoll_event event = {.events = EPOLLIN};

    if (epoll_ctl(fd, EPOLL_CTL_ADD, listener, &event) < 0 ||
        epoll_ctl(fd, EPOLL_CTL_MOD, listener, &event) < 0) {
        return -1;
    }
    return epoll_ctl(fd, EPOLL_CTL_DEL, listener, NULL);
}

static int connect_both(void)
{
    return connect(fd, listening(), sizeof(struct sockaddr_in));
}

static int accept_one(void)
{
    pair[0] = accept(listener, NULL, NULL);
    return pair[0];
}

static void keep_pending(void)
{
    keep_socket();
    FACT(connect_both() == 0);
}

static int peek(void)
{
    char bytes[8];

    return (int)recv(fd, bytes, sizeof(bytes), MSG_PEEK);
}

/* More than one buffer of the usual size. */
static int peek_far(void)
{
    static char bytes[8192];

    return (int)recv(fd, bytes, sizeof(bytes), MSG_PEEK);
}

static int wait_for_one(void)
{
    struct pollfd one = {fd, POLLIN, 0};

    return poll(&one, 1, 0);
}

static int select_one(void)
{
    struct timeval now = {0, 0};
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, &set, NULL, NULL, &now);
}

static int look_up(void)
{
    const struct addrinfo hints = {.ai_flags = AI_CANONNAME,
                                   .ai_family = AF_INET};
    struct addrinfo *found = NULL;
    const int error = getaddrinfo("127.0.0.1", "80", &hints, &found);

    if (error == 0) {
        freeaddrinfo(found);
        return 0;
    }
    FACT(error == EAI_MEMORY);
    errno = ENOMEM;
    return -1;
}

static int nothing(void)
{
    return 0;
}

static const struct call calls[] = {
    {"nothing", NULL, nothing},
    {"open, a device", NULL, open_device},
    {"open, a directory", NULL, open_file},
    {"pipe", NULL, pipe_ends},
    {"socketpair, a stream", NULL, streams},
    {"socketpair, messages", NULL, messages},
    {"socket", NULL, open_socket},
    {"eventfd", NULL, open_counter},
    {"timerfd_create", NULL, open_timer},
    {"signalfd", NULL, open_signals},
    {"epoll_create1", NULL, open_epoll},
    {"send, a message", keep_messages, send_message},
    {"setsockopt", keep_socket, set_option},
    {"setsockopt again", keep_socket, set_options},
    {"epoll_ctl, ADD", keep_epoll, watch_stream},
    {"epoll_ctl, DEL", keep_epoll, unwatch_stream},
    {"connect", keep_socket, connect_both},
    {"accept", keep_pending, accept_one},
    {"recv, MSG_PEEK", keep_connection, peek},
    {"recv, MSG_PEEK far", keep_connection, peek_far},
    {"poll", keep_connection, wait_for_one},
    {"select", keep_connection, select_one},
    {"write", keep_stream, send_message},
    {"getaddrinfo", NULL, look_up},
};

static void close_one(int *open)
{
    if (*open >= 0) {
        FACT(close(*open) == 0);
    }
    *open = -1;
}

/* Close whatever is open. Connections that nobody accepted are taken first. */
static void close_all(void)
{
    const int pending = accept(listener, NULL, NULL);

    if (pending >= 0) {
        FACT(close(pending) == 0);
    }
    close_one(&fd);
    close_one(&pair[0]);
    close_one(&pair[1]);
}

/* How many descriptors of the host are open, as far as a guest can tell. */
static int n_of_host(void)
{
    int n = 0;

#ifdef __wasip1__
    for (__wasi_fd_t of_host = 0; of_host < 2000; of_host++) {
        __wasi_fdstat_t stat;
        n += __wasi_fd_fdstat_get(of_host, &stat) == 0;
    }
#endif
    return n;
}

/* Call, with the nth allocation failing; 0: none. Returns the result. */
static int attempt(const struct call *call, int n)
{
    if (call->prepare != NULL) {
        call->prepare();
    }
    has_failed = false;
    n_until_failure = n;
    errno = 0;
    const int result = call->call();
    const int error = errno;
    n_until_failure = 0;
    close_all();
    errno = error;
    return result;
}

static void check(const struct call *call)
{
    const int n_before = n_failed;

    FACT(attempt(call, 0) >= 0); /* what is kept for good is there now */
    const int n_usual = n_blocks;
    const int n_of_host_usual = n_of_host();
    FACT(attempt(call, 0) >= 0 && n_blocks == n_usual);
    for (int n = 1;; n++) {
        const int result = attempt(call, n);
        if (!has_failed) {
            break;
        }
        FACT(result >= 0 || errno == ENOMEM || errno == ENOBUFS ||
             errno == ENOLCK);
        FACT(n_blocks == n_usual && n_of_host() == n_of_host_usual);
        FACT(attempt(call, 0) >= 0 && n_blocks == n_usual);
    }
    if (n_failed > n_before) {
        printf("    of the call: %s\n", call->name);
    }
}

static const struct sockaddr *listening(void)
{
    static struct sockaddr_in address;
    socklen_t length = sizeof(address);

    FACT(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    return (const struct sockaddr *)&address;
}

int main(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET};

    signal(SIGPIPE, SIG_IGN);
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    FACT(bind(listener, (struct sockaddr *)&any, sizeof(any)) == 0);
    FACT(listen(listener, 8) == 0);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        check(&calls[i]);
    }
    for (size_t i = 0; i < n_file_calls; i++) {
        check(&file_calls[i]);
    }
    FACT(close(listener) == 0);
    printf("%d facts, %d do not hold\n", n_facts, n_failed);
    return n_failed != 0;
}
