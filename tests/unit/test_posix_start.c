/* SPDX-License-Identifier: MIT */
/*
 * What the native host does before main: each test starts this program again,
 * with an environment and descriptors of its own, to see what it was handed.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <wasock/names.h>
#include <wasock/wasock.h>

#define PASSED_MAX 4

static const char *program;

/*
 * The program that is started.
 */

static const char *role_name(enum wasock_preopen_role role)
{
    static const char *const names[] = {"no-socket", "listener", "unknown",
                                        "connection", "datagram"};

    return names[role];
}

/* Print what was handed over, and what the environment calls it. */
static int child_report(void)
{
    char environment[65536];
    struct wasock_preopen preopen = {0};
    struct wasock_preopen_counts counts;
    struct wasock_names names;
    const char *label = NULL;

    while (wasock_preopen_next(&preopen) == 1) {
        printf("%d %s%s\n", preopen.fd, role_name(preopen.role),
               fcntl(preopen.fd, F_GETFD) & FD_CLOEXEC ? " cloexec" : "");
    }
    if (wasock_preopen_count(&counts) != 0 ||
        counts.host != WASOCK_PREOPEN_HOST_HAS_SOCKETS) {
        return 10;
    }
    if (wasock_names_read(&names, environment, sizeof(environment), NULL) < 0) {
        printf("no names\n");
    }
    for (size_t i = 0; (label = wasock_names_label(&names, i)) != NULL; i++) {
        printf("label %s\n", label);
    }
    return getenv("LISTEN_FDS") == NULL ? 0 : 20;
}

/* Whether the standard descriptors are open, and the listener is none of
 * them. What they are cannot be printed. */
static int child_check_standard(void)
{
    struct wasock_fd_stat stat;

    for (int fd = 0; fd < WASOCK_PREOPEN_FIRST_FD; fd++) {
        if (wasock_fd_stat(fd, &stat) != 0 ||
            stat.kind != WASOCK_FD_CHARACTER_DEVICE) {
            return 10 + fd;
        }
    }
    return wasock_fd_is_listener(WASOCK_PREOPEN_FIRST_FD) == 1 ? 0 : 20;
}

/* Echo for one client of the listener "http". */
static int child_serve(void)
{
    char environment[65536];
    char buffer[100];
    struct wasock_names names;
    struct wasock_listener listener = {0};
    struct wasock_conn conn = {0};
    int no_delay = 0;
    socklen_t length = sizeof(no_delay);
    ptrdiff_t n = 0;

    if (wasock_names_read(&names, environment, sizeof(environment), NULL) < 0 ||
        wasock_names_listener(&names, "http", &listener) < 0) {
        return 10;
    }
    wasock_socket_set_deadline_ns(&listener.socket,
                                  WASOCK_READABLE | WASOCK_WRITABLE,
                                  wasock_deadline_after_ms(20000));
    printf("ready\n");
    fflush(stdout);
    if (wasock_listener_accept(&listener, &conn) < 0) {
        return 11;
    }
    if (getsockopt(wasock_socket_fd(&conn.socket), IPPROTO_TCP, TCP_NODELAY,
                   &no_delay, &length) < 0 ||
        no_delay == 0) {
        return 12;
    }
    while ((n = wasock_conn_read(&conn, buffer, sizeof(buffer))) > 0) {
        if (wasock_conn_write(&conn, buffer, (size_t)n) != n) {
            return 13;
        }
    }
    wasock_conn_close(&conn);
    wasock_listener_close(&listener);
    return n == 0 ? 0 : 14;
}

static int child(const char *mode)
{
    if (strcmp(mode, "--report") == 0) {
        return child_report();
    }
    if (strcmp(mode, "--check-standard") == 0) {
        return child_check_standard();
    }
    return strcmp(mode, "--serve") == 0 ? child_serve() : 99;
}

/*
 * How it is started.
 */

struct launch {
    const char *mode;
    const char *wasock_listen;
    const char *listen_fds;
    const char *listen_fdnames;
    const char *listen_pid; /* "own": the program's */
    int passed_fds[PASSED_MAX];
    int n_passed;
    bool is_without_standard;
};

struct outcome {
    int exit_code;
    char out[4096];
    char err[4096];
};

static void set_variable(const char *name, const char *value)
{
    if (value == NULL) {
        unsetenv(name);
    } else {
        setenv(name, value, 1);
    }
}

/* Give descriptors their numbers in the new program: out of the way first. */
static void place_descriptors(const struct launch *launch, int out, int err)
{
    int fds[PASSED_MAX];

    for (int i = 0; i < launch->n_passed; i++) {
        fds[i] = fcntl(launch->passed_fds[i], F_DUPFD, 100);
    }
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    for (int fd = 3; fd < 100; fd++) {
        close(fd);
    }
    for (int i = 0; i < launch->n_passed; i++) {
        dup2(fds[i], 3 + i);
    }
    for (int fd = 100; fd < 200; fd++) {
        close(fd);
    }
    for (int fd = 0; launch->is_without_standard && fd < 3; fd++) {
        close(fd);
    }
}

static pid_t start(const struct launch *launch, int out, int err)
{
    char pid[20];
    const pid_t child_pid = fork();

    if (child_pid != 0) {
        return child_pid;
    }
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    set_variable("WASOCK_LISTEN", launch->wasock_listen);
    set_variable("LISTEN_FDS", launch->listen_fds);
    set_variable("LISTEN_FDNAMES", launch->listen_fdnames);
    set_variable("LISTEN_PID",
                 launch->listen_pid && strcmp(launch->listen_pid, "own") == 0
                     ? pid
                     : launch->listen_pid);
    place_descriptors(launch, out, err);
    execl(program, program, launch->mode, (char *)NULL);
    _exit(127);
}

static void read_all(FILE *file, char *text, size_t capacity)
{
    rewind(file);
    text[fread(text, 1, capacity - 1, file)] = '\0';
    fclose(file);
}

static int exit_code(pid_t pid)
{
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static struct outcome run(const struct launch *launch)
{
    struct outcome outcome;
    FILE *out = tmpfile();
    FILE *err = tmpfile();

    assert_non_null(out);
    assert_non_null(err);
    const pid_t pid = start(launch, fileno(out), fileno(err));
    assert_true(pid > 0);
    outcome.exit_code = exit_code(pid);
    read_all(out, outcome.out, sizeof(outcome.out));
    read_all(err, outcome.err, sizeof(outcome.err));
    return outcome;
}

/* What the program printed, when it found no fault and said nothing else. */
static void assert_reports(const struct launch *launch, const char *expected)
{
    const struct outcome outcome = run(launch);

    assert_string_equal(outcome.err, "");
    assert_string_equal(outcome.out, expected);
    assert_int_equal(
        outcome.exit_code,
        launch->listen_fds == NULL || strstr(expected, "no names") ? 0 : 20);
}

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address;

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/*
 * A socket bound to a port of the system's choice. Until it listens, another
 * that also sets SO_REUSEADDR may listen on this port, and the system gives it
 * to nobody else.
 */
static int reserved_port(uint16_t *port)
{
    const int yes = 1;
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), 0);
    assert_int_equal(
        bind(fd, (struct sockaddr *)(void *)&address, sizeof(address)), 0);
    assert_int_equal(
        getsockname(fd, (struct sockaddr *)(void *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static int listening_socket(uint16_t *port)
{
    const int fd = reserved_port(port);

    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void test_no_passed_listeners(void **state)
{
    const struct launch bare = {.mode = "--report"};
    const struct launch empty = {.mode = "--report", .wasock_listen = ""};

    (void)state;
    assert_reports(&bare, "no names\n");
    assert_reports(&empty, "no names\n");
}

/* Read "wasock: listening on HOST:PORT", return what follows the line. */
static const char *announced(const char *text, const char *host, unsigned *port)
{
    char line[200];

    snprintf(line, sizeof(line), "wasock: listening on %s:", host);
    assert_int_equal(strncmp(text, line, strlen(line)), 0);
    text += strlen(line);
    assert_int_equal(sscanf(text, "%u", port), 1);
    assert_true(*port > 0 && *port < 65536);
    text += strspn(text, "0123456789");
    assert_int_equal(*text, '\n');
    return text + 1;
}

static void test_listeners_are_bound_in_order(void **state)
{
    const struct launch launch = {
        .mode = "--report",
        .wasock_listen = "http=127.0.0.1:0,127.0.0.1:0",
    };
    char expected[200];
    unsigned ports[2];

    (void)state;
    const struct outcome outcome = run(&launch);
    assert_int_equal(outcome.exit_code, 0);
    const char *rest = announced(outcome.err, "http=127.0.0.1", &ports[0]);
    rest = announced(rest, "127.0.0.1", &ports[1]);
    assert_string_equal(rest, "");
    snprintf(expected, sizeof(expected),
             "3 listener cloexec\n4 listener cloexec\n"
             "label http=127.0.0.1:%u\nlabel 127.0.0.1:%u\n",
             ports[0], ports[1]);
    assert_string_equal(outcome.out, expected);
}

static bool has_ipv6(void)
{
    struct sockaddr_in6 address;
    const int fd = socket(AF_INET6, SOCK_STREAM, 0);

    memset(&address, 0, sizeof(address));
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    const bool result = fd >= 0 && bind(fd, (struct sockaddr *)(void *)&address,
                                        sizeof(address)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return result;
}

static void test_listener_on_ipv6(void **state)
{
    const char *ci = getenv("CI");
    const struct launch launch = {
        .mode = "--report",
        .wasock_listen = "[::1]:0",
    };
    char expected[100];
    unsigned port = 0;

    (void)state;
    if (!has_ipv6()) {
        print_message("skipped: this system has no IPv6\n");
        assert_false(ci != NULL && strcmp(ci, "true") == 0);
        skip();
    }
    const struct outcome outcome = run(&launch);
    assert_int_equal(outcome.exit_code, 0);
    assert_string_equal(announced(outcome.err, "[::1]", &port), "");
    snprintf(expected, sizeof(expected), "3 listener cloexec\nlabel [::1]:%u\n",
             port);
    assert_string_equal(outcome.out, expected);
}

static void test_a_given_port_prints_nothing(void **state)
{
    uint16_t port = 0;
    const int reserving_fd = reserved_port(&port);
    char list[64];
    char expected[128];
    const struct launch launch = {.mode = "--report", .wasock_listen = list};

    (void)state;
    snprintf(list, sizeof(list), "127.0.0.1:%u", (unsigned)port);
    snprintf(expected, sizeof(expected), "3 listener cloexec\nlabel %s\n",
             list);
    assert_reports(&launch, expected);
    close(reserving_fd);
}

/* The other end of the program: "ready", a round trip, its end. */
static void assert_echoes(pid_t pid, int out, uint16_t port)
{
    const struct sockaddr_in address = loopback(port);
    char text[16] = "";

    assert_int_equal(read(out, text, 6), 6);
    assert_string_equal(text, "ready\n");
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd,
                             (const struct sockaddr *)(const void *)&address,
                             sizeof(address)),
                     0);
    assert_int_equal(write(fd, "foobar", 6), 6);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    memset(text, 0, sizeof(text));
    assert_int_equal(recv(fd, text, 6, MSG_WAITALL), 6);
    assert_string_equal(text, "foobar");
    assert_int_equal(read(fd, text, 1), 0);
    close(fd);
    assert_int_equal(exit_code(pid), 0);
}

static void test_a_bound_listener_serves(void **state)
{
    uint16_t port = 0;
    const int reserving_fd = reserved_port(&port);
    int out[2];
    char list[64];
    const struct launch launch = {.mode = "--serve", .wasock_listen = list};

    (void)state;
    snprintf(list, sizeof(list), "127.0.0.1:0,http=127.0.0.1:%u",
             (unsigned)port);
    const int err = open("/dev/null", O_WRONLY);
    assert_int_equal(pipe(out), 0);
    const pid_t pid = start(&launch, out[1], err);
    assert_true(pid > 0);
    close(out[1]);
    close(err);
    assert_echoes(pid, out[0], port);
    close(out[0]);
    close(reserving_fd);
}

static void test_a_port_in_use_stops_the_program(void **state)
{
    uint16_t port = 0;
    const int using_fd = listening_socket(&port);
    char list[64];
    char expected[300];
    const struct launch launch = {.mode = "--report", .wasock_listen = list};

    (void)state;
    snprintf(list, sizeof(list), "http=127.0.0.1:%u", (unsigned)port);
    snprintf(expected, sizeof(expected),
             "wasock: cannot listen on \"%s\": %s\n", list,
             wasock_err_text(WASOCK_EADDRINUSE));
    const struct outcome outcome = run(&launch);
    assert_int_equal(outcome.exit_code, 1);
    assert_string_equal(outcome.err, expected);
    assert_string_equal(outcome.out, "");
    close(using_fd);
}

static void test_a_bad_list_stops_the_program(void **state)
{
    static const struct {
        const char *list;
        const char *entry;
    } bad[] = {
        {"http", "http"},
        {"localhost:80", "localhost:80"},
        {"http=127.0.0.1", "http=127.0.0.1"},
        {"127.0.0.1:65536", "127.0.0.1:65536"},
        {"x=unix:/run/x", "x=unix:/run/x"},
        {",127.0.0.1:0", ""},
    };
    char expected[200];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct launch launch = {
            .mode = "--report",
            .wasock_listen = bad[i].list,
        };
        snprintf(expected, sizeof(expected),
                 "wasock: cannot listen on \"%s\": WASOCK_LISTEN takes "
                 "[NAME=]HOST:PORT,... with numeric hosts, such as "
                 "http=127.0.0.1:8080\n",
                 bad[i].entry);
        const struct outcome outcome = run(&launch);
        assert_int_equal(outcome.exit_code, 1);
        assert_string_equal(outcome.err, expected);
    }
}

/* Two listeners, handed over as a service manager does. */
static struct launch passing_two(void)
{
    uint16_t port = 0;
    const struct launch launch = {
        .mode = "--report",
        .listen_fds = "2",
        .listen_fdnames = "http:metrics",
        .listen_pid = "own",
        .passed_fds = {listening_socket(&port), listening_socket(&port)},
        .n_passed = 2,
    };

    return launch;
}

static void close_passed(const struct launch *launch)
{
    for (int i = 0; i < launch->n_passed; i++) {
        close(launch->passed_fds[i]);
    }
}

static void test_passed_listeners_are_taken(void **state)
{
    struct launch launch = passing_two();

    (void)state;
    assert_reports(&launch, "3 listener cloexec\n4 listener cloexec\n"
                            "label http\nlabel metrics\n");
    launch.wasock_listen = "";
    assert_reports(&launch, "3 listener cloexec\n4 listener cloexec\n"
                            "label http\nlabel metrics\n");
    launch.listen_fds = "1";
    assert_reports(&launch, "3 listener cloexec\n4 listener\n"
                            "label http\nlabel metrics\n");
    close_passed(&launch);
}

/* A manager that promises more than is there is not passed over in silence: in
 * the place of its listeners would be none, or a file. */
static void test_a_promised_descriptor_that_is_closed(void **state)
{
    struct launch launch = passing_two();

    (void)state;
    launch.listen_fds = "1000000000000";
    launch.wasock_listen = "127.0.0.1:0";
    const struct outcome outcome = run(&launch);
    assert_int_equal(outcome.exit_code, 1);
    assert_string_equal(outcome.out, "");
    assert_string_equal(outcome.err, "wasock: LISTEN_FDS is 1000000000000, but "
                                     "descriptor 5 is closed\n");
    close_passed(&launch);
}

static void test_passed_listeners_are_labelled_and_none_is_bound(void **state)
{
    uint16_t port = 0;
    const int using_fd = listening_socket(&port);
    struct launch launch = passing_two();
    char list[64];
    char expected[200];

    (void)state;
    snprintf(list, sizeof(list), "a=127.0.0.1:%u", (unsigned)port);
    snprintf(expected, sizeof(expected),
             "3 listener cloexec\n4 listener cloexec\nlabel %s\n", list);
    launch.wasock_listen = list;
    assert_reports(&launch, expected);
    close_passed(&launch);
    close(using_fd);
}

static void test_descriptors_for_another_process_are_ignored(void **state)
{
    static const struct {
        const char *listen_pid;
        const char *listen_fds;
    } others[] = {
        {"1", "2"},    {NULL, "2"},   {"", "2"},
        {"x", "2"},    {"own", "0"},  {"own", "-1"},
        {"own", "+2"}, {"own", "x"},  {"own", "2x"},
        {"own", ""},   {"own", NULL}, {"own", "99999999999999999999"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct launch launch = passing_two();
        launch.listen_pid = others[i].listen_pid;
        launch.listen_fds = others[i].listen_fds;
        assert_reports(&launch, "3 listener\n4 listener\nno names\n");
        close_passed(&launch);
    }
}

static void test_ignored_descriptors_do_not_block_a_bind(void **state)
{
    uint16_t port = 0;
    const int reserving_fd = reserved_port(&port);
    char list[64];
    char expected[128];
    const struct launch launch = {
        .mode = "--report",
        .wasock_listen = list,
        .listen_fdnames = "http",
        .listen_pid = "1",
    };

    (void)state;
    snprintf(list, sizeof(list), "127.0.0.1:%u", (unsigned)port);
    snprintf(expected, sizeof(expected), "3 listener cloexec\nlabel %s\n",
             list);
    assert_reports(&launch, expected);
    close(reserving_fd);
}

static void test_listeners_go_where_there_is_room(void **state)
{
    uint16_t port = 0;
    const int reserving_fd = reserved_port(&port);
    char list[64];
    char expected[128];
    const struct launch launch = {
        .mode = "--report",
        .wasock_listen = list,
        .passed_fds = {open("/dev/null", O_RDONLY)},
        .n_passed = 1,
    };

    (void)state;
    snprintf(list, sizeof(list), "127.0.0.1:%u", (unsigned)port);
    snprintf(expected, sizeof(expected),
             "3 no-socket\n4 listener cloexec\nlabel %s\n", list);
    assert_reports(&launch, expected);
    close_passed(&launch);
    close(reserving_fd);
}

static void test_closed_standard_descriptors_are_filled(void **state)
{
    uint16_t port = 0;
    const int reserving_fd = reserved_port(&port);
    char list[64];
    const struct launch launch = {
        .mode = "--check-standard",
        .wasock_listen = list,
        .is_without_standard = true,
    };

    (void)state;
    snprintf(list, sizeof(list), "127.0.0.1:%u", (unsigned)port);
    assert_int_equal(run(&launch).exit_code, 0);
    close(reserving_fd);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_passed_listeners),
        cmocka_unit_test(test_listeners_are_bound_in_order),
        cmocka_unit_test(test_listener_on_ipv6),
        cmocka_unit_test(test_a_given_port_prints_nothing),
        cmocka_unit_test(test_a_bound_listener_serves),
        cmocka_unit_test(test_a_port_in_use_stops_the_program),
        cmocka_unit_test(test_a_bad_list_stops_the_program),
        cmocka_unit_test(test_passed_listeners_are_taken),
        cmocka_unit_test(test_a_promised_descriptor_that_is_closed),
        cmocka_unit_test(test_passed_listeners_are_labelled_and_none_is_bound),
        cmocka_unit_test(test_descriptors_for_another_process_are_ignored),
        cmocka_unit_test(test_ignored_descriptors_do_not_block_a_bind),
        cmocka_unit_test(test_listeners_go_where_there_is_room),
        cmocka_unit_test(test_closed_standard_descriptors_are_filled),
    };

    if (argc > 1) {
        return child(argv[1]);
    }
    program = argv[0];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
