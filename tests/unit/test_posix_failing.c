/* SPDX-License-Identifier: MIT */
/*
 * The native host when the system fails: each system call that it makes fails
 * once, and nothing is left open. The linker's --wrap puts the functions here
 * before those of the system.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <wasock/wasock.h>

#include "../../src/host.h"
#include "../../src/host/posix/internal.h"
#include "../../src/wasip1.h"

#define N_MANY 300 /* more than a poll has on the stack */

/* ---- The system ---- */

/* Which call fails: the at-th of this name (NULL: of any), from 1; 0: none. */
static struct {
    const char *name;
    unsigned at;
    int error;
    int result; /* -1, mostly */
    unsigned n; /* calls of that name until now */
} plan;

static bool fails(const char *name)
{
    if (plan.at == 0 || (plan.name != NULL && strcmp(name, plan.name) != 0)) {
        return false;
    }
    plan.n++;
    errno = plan.error;
    return plan.n == plan.at;
}

static void arm(const char *name, unsigned at, int error)
{
    plan.name = name;
    plan.at = at;
    plan.error = error;
    plan.result = -1;
    plan.n = 0;
}

static void disarm(void)
{
    plan.at = 0;
}

/* The names are the linker's. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
/* NOLINTBEGIN(readability-identifier-naming,misc-use-internal-linkage) */
/* NOLINTBEGIN(bugprone-macro-parentheses) */
#define WRAP(name, parameters, arguments)                                      \
    int __real_##name parameters;                                              \
    int __wrap_##name parameters;                                              \
    int __wrap_##name parameters                                               \
    {                                                                          \
        return fails(#name) ? plan.result : __real_##name arguments;           \
    }

#define WRAP_POINTER(type, name, parameters, arguments)                        \
    type *__real_##name parameters;                                            \
    type *__wrap_##name parameters;                                            \
    type *__wrap_##name parameters                                             \
    {                                                                          \
        return fails(#name) ? NULL : __real_##name arguments;                  \
    }

WRAP(socket, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(setsockopt,
     (int fd, int level, int option, const void *value, socklen_t length),
     (fd, level, option, value, length))
WRAP(getsockopt,
     (int fd, int level, int option, void *value, socklen_t *length),
     (fd, level, option, value, length))
WRAP(bind, (int fd, const struct sockaddr *address, socklen_t length),
     (fd, address, length))
WRAP(listen, (int fd, int backlog), (fd, backlog))
WRAP(connect, (int fd, const struct sockaddr *address, socklen_t length),
     (fd, address, length))
WRAP(getsockname, (int fd, struct sockaddr *address, socklen_t *length),
     (fd, address, length))
WRAP(getpeername, (int fd, struct sockaddr *address, socklen_t *length),
     (fd, address, length))
WRAP(poll, (struct pollfd * fds, nfds_t n, int timeout_ms),
     (fds, n, timeout_ms))
WRAP(epoll_create1, (int flags), (flags))
WRAP(epoll_ctl, (int set, int operation, int fd, struct epoll_event *event),
     (set, operation, fd, event))
WRAP(epoll_wait,
     (int set, struct epoll_event *events, int capacity, int timeout_ms),
     (set, events, capacity, timeout_ms))
WRAP(setenv, (const char *name, const char *value, int replaces),
     (name, value, replaces))
WRAP_POINTER(void, malloc, (size_t size), (size))
WRAP_POINTER(char, strdup, (const char *text), (text))
WRAP_POINTER(FILE, open_memstream, (char **text, size_t *length),
             (text, length))

/* The commands that the host uses take a number or nothing. */
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
    va_list arguments;

    va_start(arguments, command);
    const int number = va_arg(arguments, int);
    va_end(arguments);
    return fails("fcntl") ? plan.result : __real_fcntl(fd, command, number);
}

/* A close that fails has closed, as on Linux. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    const int result = __real_close(fd);

    return fails("close") ? plan.result : result;
}

int __real_fclose(FILE *file);
int __wrap_fclose(FILE *file);
int __wrap_fclose(FILE *file)
{
    const int result = __real_fclose(file);

    return fails("fclose") ? plan.result : result;
}

/* One that succeeds here is of a device, which not each system has. */
int __real_fstat(int fd, struct stat *stat);
int __wrap_fstat(int fd, struct stat *stat);
int __wrap_fstat(int fd, struct stat *stat)
{
    const int result = __real_fstat(fd, stat);

    if (!fails("fstat")) {
        return result;
    }
    stat->st_mode = S_IFBLK;
    return plan.result;
}

/* Its errors are results. */
int __real_getaddrinfo(const char *name, const char *service,
                       const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getaddrinfo(const char *name, const char *service,
                       const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getaddrinfo(const char *name, const char *service,
                       const struct addrinfo *hints, struct addrinfo **found)
{
    return fails("getaddrinfo")
               ? plan.result
               : __real_getaddrinfo(name, service, hints, found);
}

/* At an exit the coverage is written. */
_Noreturn void __wrap__exit(int code);
_Noreturn void __wrap__exit(int code)
{
    exit(code);
}
/* NOLINTEND(bugprone-macro-parentheses) */
/* NOLINTEND(readability-identifier-naming,misc-use-internal-linkage) */
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* ---- Helpers ---- */

static const struct wasock_addr loopback = {
    .family = WASOCK_ADDR_IPV4,
    .ip = {127, 0, 0, 1},
};

/* The number that the next descriptor gets. */
static int next_number(void)
{
    const int fd = open("/dev/null", O_RDONLY);

    assert_true(fd >= 0);
    close(fd);
    return fd;
}

static void close_fd(int32_t fd)
{
    assert_int_equal(wasip1_fd_close(fd), 0);
}

/* A listener with its address, for operations. */
static int32_t listener_fd;
static struct wasock_addr listener_addr;
/* A connection of two Unix sockets. */
static int ends[2];

static int set_up(void **unused)
{
    (void)unused;
    return wasock__host_listen(&loopback, 8, &listener_fd) != 0 ||
           wasock__host_local_addr(listener_fd, &listener_addr) != 0 ||
           socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    close(listener_fd);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* ---- Every call of every operation ---- */

static int32_t do_listen(void)
{
    int32_t fd = -1;
    const int32_t error = wasock__host_listen(&loopback, 8, &fd);

    disarm();
    if (error == 0) {
        close_fd(fd);
    }
    return error;
}

static int32_t do_connect(void)
{
    int32_t fd = -1;
    const int32_t error = wasock__host_connect(&listener_addr, &fd);

    disarm();
    if (error == 0) {
        close_fd(fd);
    }
    return error;
}

static int32_t do_connect_result(void)
{
    return wasock__host_connect_result(ends[0]);
}

static int32_t do_local_addr(void)
{
    struct wasock_addr addr;

    return wasock__host_local_addr(listener_fd, &addr);
}

static int32_t do_remote_addr(void)
{
    struct wasock_addr addr;

    return wasock__host_remote_addr(ends[0], &addr);
}

static int32_t do_set_flags(void)
{
    return wasip1_fd_fdstat_set_flags(ends[0], 0);
}

static int32_t do_set_other_flags(void)
{
    const int32_t error =
        wasip1_fd_fdstat_set_flags(ends[0], WASIP1_FDFLAGS_NONBLOCK);

    disarm();
    assert_int_equal(wasip1_fd_fdstat_set_flags(ends[0], 0), 0);
    return error;
}

static int32_t do_poll(void)
{
    struct wasock__subscription subscriptions[N_MANY];
    struct wasock__event events[N_MANY];
    uint32_t n_events = 0;

    memset(subscriptions, 0, sizeof(subscriptions));
    for (size_t i = 0; i < N_MANY; i++) {
        subscriptions[i].tag = WASIP1_EVENTTYPE_FD_WRITE;
        subscriptions[i].of.fd = (uint32_t)ends[0];
    }
    subscriptions[0].of.fd = N_MANY - 1; /* an array by number is as long */
    return wasip1_poll_oneoff(subscriptions, events, N_MANY, &n_events);
}

/* A set that watches a descriptor twice, the second time a copy. */
static int32_t do_set(void)
{
    struct wasock__host_set set = {0};
    struct wasock__host_watch watches[2] = {{0}};
    struct wasock__host_watch *ready[2];
    uint32_t n_ready = 0;
    size_t n = 0;
    int32_t error = wasock__host_set_open(&set);

    if (error != 0) {
        return error;
    }
    while (error == 0 && n < 2) {
        error =
            wasock__host_set_add(&set, &watches[n], ends[0], WASOCK_READABLE);
        n += error == 0;
    }
    if (error == 0) {
        error = wasock__host_set_modify(&watches[0], WASOCK_WRITABLE);
    }
    if (error == 0) {
        error = wasock__host_set_wait(&set, ready, 2, 0, &n_ready);
    }
    disarm();
    while (n > 0) {
        wasock__host_set_remove(&watches[--n]);
    }
    wasock__host_set_close(&set);
    return error;
}

static const struct {
    int32_t (*run)(void);
    unsigned n_calls;
} operations[] = {
    {do_listen, 7},          {do_connect, 5},     {do_connect_result, 2},
    {do_local_addr, 1},      {do_remote_addr, 1}, {do_set_flags, 1},
    {do_set_other_flags, 2}, {do_poll, 2},        {do_set, 7},
};

/* Each call fails, one after the other, and its error is returned. */
static void test_every_call(void **unused)
{
    const int number = next_number();

    (void)unused;
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        for (unsigned at = 1; at <= operations[i].n_calls; at++) {
            arm(NULL, at, ENOMEM);
            assert_int_equal(operations[i].run(), WASOCK_ENOMEM);
            disarm();
            assert_int_equal(next_number(), number);
        }
        arm(NULL, operations[i].n_calls + 1, ENOMEM);
        assert_int_equal(operations[i].run(), 0);
        disarm();
        assert_int_equal(plan.n, operations[i].n_calls);
    }
}

/* ---- Single calls ---- */

static void test_errors_of_sets(void **unused)
{
    static const struct {
        int error;
        int32_t expected;
    } errors[] = {
        {EINTR, WASOCK_EINTR},   {EBADF, WASOCK_EBADF},
        {EPERM, WASOCK_ENOTSUP}, {EMFILE, WASOCK_EMFILE},
        {ENFILE, WASOCK_ENFILE}, {ENOMEM, WASOCK_ENOMEM},
        {ENOSPC, WASOCK_ENOSPC}, {EINVAL, WASOCK_EIO},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        arm("epoll_ctl", 1, errors[i].error);
        assert_int_equal(do_set(), errors[i].expected);
    }
}

/* The longest timeout that the system takes. */
static void test_a_long_wait(void **unused)
{
    struct wasock__host_set set = {0};
    struct wasock__host_watch watch = {0};
    struct wasock__host_watch *ready = NULL;
    uint32_t n_ready = 0;

    (void)unused;
    assert_int_equal(wasock__host_set_open(&set), 0);
    assert_int_equal(
        wasock__host_set_add(&set, &watch, ends[0], WASOCK_WRITABLE), 0);
    assert_int_equal(
        wasock__host_set_wait(&set, &ready, 1, UINT64_MAX - 1, &n_ready), 0);
    assert_int_equal(n_ready, 1);
    assert_ptr_equal(ready, &watch);
    wasock__host_set_remove(&watch);
    wasock__host_set_close(&set);
}

static void test_errors_without_a_name(void **unused)
{
    static const int errors[] = {-1, 0, 100000, EDOTDOT};

    (void)unused;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        assert_int_equal(wasock__posix_errno(errors[i]), WASOCK_EIO);
    }
}

/* A connect may end at once, or goes on when it is interrupted; an interrupted
 * close has closed. */
static void test_results_of_calls(void **unused)
{
    const int number = next_number();
    struct wasock_addr addr;
    int32_t fd = -1;

    (void)unused;
    arm("getsockname", 1, 0); /* of a family that no address has */
    plan.result = 0;
    assert_int_equal(wasock__host_local_addr(listener_fd, &addr), 0);
    assert_int_equal(addr.family, WASOCK_ADDR_UNSPECIFIED);
    arm("connect", 1, 0);
    plan.result = 0;
    assert_int_equal(wasock__host_connect(&listener_addr, &fd), 0);
    assert_int_equal(wasip1_fd_close(fd), 0);
    arm("connect", 1, EINTR);
    assert_int_equal(wasock__host_connect(&listener_addr, &fd), 0);
    arm("close", 1, EINTR);
    assert_int_equal(wasip1_fd_close(fd), 0);
    arm("close", 1, EIO);
    assert_int_equal(wasip1_fd_close(open("/dev/null", O_RDONLY)), WASOCK_EIO);
    disarm();
    assert_int_equal(next_number(), number);
}

/* No direction is ready and there is no peer: the connect has not ended. With a
 * peer there is no room to write. */
static void test_connects_under_way(void **unused)
{
    (void)unused;
    arm("poll", 1, 0);
    plan.result = 0;
    assert_int_equal(wasock__host_connect_result(listener_fd), WASOCK_EAGAIN);
    arm("poll", 1, 0);
    plan.result = 0;
    assert_int_equal(wasock__host_connect_result(ends[0]), 0);
    disarm();
}

/* A poll that ends too early is repeated. */
static void test_a_wait_that_ends_early(void **unused)
{
    const struct wasock__subscription clock = {
        .tag = WASIP1_EVENTTYPE_CLOCK,
        .of.clock = {.id = WASIP1_CLOCKID_MONOTONIC,
                     .timeout_ns = WASOCK_NS_PER_MS},
    };
    struct wasock__event event;
    uint32_t n_events = 0;

    (void)unused;
    arm("poll", 1, 0);
    plan.result = 0;
    assert_int_equal(wasip1_poll_oneoff(&clock, &event, 1, &n_events), 0);
    assert_int_equal(n_events, 1);
    assert_true(plan.n >= 2);
    disarm();
}

static void assert_kind(int fd, const char *call, int result, uint8_t filetype)
{
    struct wasip1_fdstat fdstat;

    arm(call, 1, EIO);
    plan.result = result;
    assert_int_equal(wasip1_fd_fdstat_get(fd, &fdstat), 0);
    disarm();
    assert_int_equal(fdstat.filetype, filetype);
}

static void test_kinds(void **unused)
{
    struct wasip1_fdstat fdstat;

    (void)unused;
    assert_kind(ends[0], "none", 0, WASIP1_FILETYPE_SOCKET_STREAM);
    assert_kind(ends[0], "getsockopt", -1, WASIP1_FILETYPE_UNKNOWN);
    assert_kind(ends[0], "fstat", 0, WASIP1_FILETYPE_BLOCK_DEVICE);
    arm("fstat", 1, EIO);
    assert_int_equal(wasip1_fd_fdstat_get(ends[0], &fdstat), WASOCK_EIO);
    arm("fcntl", 1, EIO);
    assert_int_equal(wasip1_fd_fdstat_get(ends[0], &fdstat), WASOCK_EIO);
    disarm();
}

/* ---- Names ---- */

static void test_lookups(void **unused)
{
    static const struct {
        int result;
        int32_t expected;
    } results[] = {
        {EAI_NONAME, WASOCK_ENOENT}, {EAI_NODATA, WASOCK_ENOENT},
        {EAI_AGAIN, WASOCK_EAGAIN},  {EAI_MEMORY, WASOCK_ENOMEM},
        {EAI_SYSTEM, WASOCK_EIO},    {EAI_FAIL, WASOCK_EIO},
    };
    struct wasock_addr addr;
    size_t n = 9;

    (void)unused;
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        arm("getaddrinfo", 1, EIO);
        plan.result = results[i].result;
        assert_int_equal(wasock__host_lookup("a", &addr, 1, &n),
                         results[i].expected);
    }
    arm("getaddrinfo", 1, 0); /* no address at all */
    plan.result = 0;
    assert_int_equal(wasock_lookup("a", 80, &addr, 1), -WASOCK_ENOENT);
    disarm();
    assert_int_equal(n, 9);
    assert_int_equal(wasock__host_lookup("127.0.0.1", &addr, 0, &n), 0);
    assert_int_equal(n, 0);
}

/* The address of a Unix socket bound to a name of `length` bytes. */
static void get_name(const char *name, size_t length, struct wasock_addr *addr)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    memcpy(address.sun_path, name, length);
    assert_int_equal(
        bind(fd, (const struct sockaddr *)(const void *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
        0);
    struct wasock_conn conn = {0};
    assert_int_equal(wasock_conn_from_fd(&conn, fd), 0);
    assert_int_equal(wasock_socket_local_addr(&conn.socket, addr), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
}

static void test_names_of_unix_sockets(void **unused)
{
    char name[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    char folder[] = "/tmp/wasock-XXXXXX";
    struct wasock_addr addr;

    (void)unused;
    assert_int_equal(wasock__host_local_addr(ends[0], &addr), 0);
    assert_int_equal(addr.family, WASOCK_ADDR_UNSPECIFIED);
    memset(name, 'n', sizeof(name));
    name[0] = '\0'; /* Linux's abstract names are no paths */
    get_name(name, sizeof(name), &addr);
    assert_int_equal(addr.family, WASOCK_ADDR_UNSPECIFIED);

    assert_non_null(mkdtemp(folder));
    memcpy(name, folder, strlen(folder));
    name[strlen(folder)] = '/';
    get_name(name, strlen(folder) + 2, &addr);
    assert_int_equal(addr.family, WASOCK_ADDR_NAME);
    assert_memory_equal(addr.name, name, strlen(folder) + 2);
    assert_int_equal(strlen(addr.name), strlen(folder) + 2);
    assert_int_equal(unlink(addr.name), 0);
    /* The longest fills its array; what an address has no room for is cut. */
    get_name(name, sizeof(name), &addr);
    assert_int_equal(strlen(addr.name), sizeof(addr.name) - 1);
    assert_memory_equal(addr.name, name, sizeof(addr.name) - 1);
    char path[sizeof(name) + 1];
    memcpy(path, name, sizeof(name));
    path[sizeof(name)] = '\0';
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- The start of a program ---- */

static const char *program;

/* This program, started again: open the listeners of an environment, while a
 * call fails. */
static int child(char **arguments)
{
    char number[20];

    snprintf(number, sizeof(number), "%ld", (long)getpid());
    setenv("LISTEN_PID", number, 1);
    setenv(arguments[0], arguments[1], 1);
    arm(arguments[2], (unsigned)atoi(arguments[3]), EIO);
    wasock__posix_hand_over();
    return 0;
}

/* Start it with a variable. Returns its exit code.
 * said: what it printed. */
static int start(const char *variable, const char *value, const char *call,
                 const char *at, char *said, size_t capacity)
{
    int outputs[2];
    int status = 0;
    size_t length = 0;
    ssize_t n = 0;

    assert_int_equal(pipe(outputs), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* it stops halfway */
        dup2(outputs[1], STDERR_FILENO);
        execl(program, program, variable, value, call, at, (char *)NULL);
        abort();
    }
    close(outputs[1]);
    while ((n = read(outputs[0], said + length, capacity - 1 - length)) > 0) {
        length += (size_t)n;
    }
    said[length] = '\0';
    close(outputs[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void assert_refuses(const char *variable, const char *value,
                           const char *call, const char *at,
                           const char *expected)
{
    char said[500];

    assert_int_equal(start(variable, value, call, at, said, sizeof(said)), 1);
    if (strstr(said, expected) == NULL) {
        assert_string_equal(said, expected);
    }
}

static void test_starts_that_fail(void **unused)
{
    static const char *const calls[] = {"socket", "strdup", "open_memstream",
                                        "fclose", "setenv"};
    static const char *const bad[] = {"127.0.0.1", "x=unix:/run/x"};

    (void)unused;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        assert_refuses("WASOCK_LISTEN", "127.0.0.1:0", calls[i], "1",
                       "wasock: cannot listen on \"127.0.0.1:0\": ");
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refuses("WASOCK_LISTEN", bad[i], "none", "1",
                       "wasock: cannot listen on \"");
    }
    assert_refuses("LISTEN_FDS", "100000", "none", "1",
                   "wasock: LISTEN_FDS is 100000, but descriptor ");
}

/* A port that cannot be read is not printed. */
static void test_starts_that_go_on(void **unused)
{
    char said[500];

    (void)unused;
    assert_int_equal(start("WASOCK_LISTEN", "127.0.0.1:0", "getsockname", "1",
                           said, sizeof(said)),
                     0);
    assert_string_equal(said, "");
    assert_int_equal(
        start("WASOCK_LISTEN", "127.0.0.1:0", "none", "1", said, sizeof(said)),
        0);
    assert_memory_equal(said, "wasock: listening on 127.0.0.1:", 31);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call),
        cmocka_unit_test(test_errors_of_sets),
        cmocka_unit_test(test_a_long_wait),
        cmocka_unit_test(test_errors_without_a_name),
        cmocka_unit_test(test_results_of_calls),
        cmocka_unit_test(test_connects_under_way),
        cmocka_unit_test(test_a_wait_that_ends_early),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_lookups),
        cmocka_unit_test(test_names_of_unix_sockets),
        cmocka_unit_test(test_starts_that_fail),
        cmocka_unit_test(test_starts_that_go_on),
    };

    if (argc > 1) {
        return child(argv + 1);
    }
    program = argv[0];
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
