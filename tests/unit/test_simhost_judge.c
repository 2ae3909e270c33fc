/* SPDX-License-Identifier: MIT */
/* What simhost judges, what it lets pass, and how it says so. */
#include "host_calls.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char failure[512];
static int n_failures;

static void keep_failure(const char *message)
{
    (void)snprintf(failure, sizeof(failure), "%s", message);
    n_failures++;
}

static void failure_names_everything(void **unused)
{
    char byte = 0;
    uint32_t n = 0;

    (void)unused;
    simhost_reset(4711, &simhost_wasi_go);
    simhost_advance_ns(SIMHOST_MS(12));
    n_failures = 0;
    simhost_on_failure(keep_failure);
    assert_int_equal(receive(55, &byte, 1, &n), WASOCK_EBADF);
    simhost_on_failure(NULL);
    assert_int_equal(n_failures, 1);
    assert_non_null(strstr(failure, "BAD_FD"));
    assert_non_null(strstr(failure, "descriptor 55 was never opened"));
    assert_non_null(strstr(failure, "seed 4711"));
    assert_non_null(strstr(failure, "profile wasi-go"));
    assert_non_null(strstr(failure, "call #1 sock_recv(55, 1)"));
    assert_non_null(strstr(failure, "0.012000 s"));
}

static void break_a_rule(void **unused)
{
    uint64_t now_ns = 0;

    (void)unused;
    simhost_reset(815, &simhost_wazero);
    simhost_knobs.trace = getenv("SIMHOST_TRACE") != NULL;
    assert_int_equal(wasip1_clock_time_get(1, 0, &now_ns), 0);
    for (int i = 0; i < 70; i++) {
        (void)flags_of(2);
    }
    simhost_advance_ns(SIMHOST_MS(2500));
    assert_int_equal(wasip1_fd_close(99), WASOCK_EBADF);
}

/* Run the test above in a process of its own, where it fails. Returns what it
 * printed; the caller's to free. */
static char *output_of_failing_test(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(break_a_rule)};
    FILE *const output = tmpfile();
    char *const text = (char *)calloc(1, 65536);
    int status = 0;

    if (output == NULL || text == NULL) {
        fail_msg("no file or no memory");
        return NULL;
    }
    (void)fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        (void)dup2(fileno(output), STDOUT_FILENO);
        (void)dup2(fileno(output), STDERR_FILENO);
        const int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
        (void)fflush(NULL);
        _exit(n_failed);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_int_equal(fseek(output, 0, SEEK_SET), 0);
    assert_true(fread(text, 1, 65535, output) > 0);
    assert_int_equal(fclose(output), 0);
    return text;
}

static void failure_fails_the_test(void **unused)
{
    (void)unused;
    char *const text = output_of_failing_test();
    assert_non_null(strstr(text, "BAD_FD: descriptor 99 was never opened"));
    assert_non_null(strstr(text, "seed 815, profile wazero, call #72"));
    /* The trace is of the latest 64 calls. */
    assert_null(strstr(text, "#8 "));
    assert_non_null(
        strstr(text, "0.000000 s  #9      fd_fdstat_get(2, 0) = 0"));
    assert_non_null(strstr(text, "2.500000 s  #72     fd_close(99, 0) …"));
    free(text);
}

static void trace_as_it_happens(void **unused)
{
    (void)unused;
    assert_int_equal(setenv("SIMHOST_TRACE", "1", 1), 0);
    char *const text = output_of_failing_test();
    assert_int_equal(unsetenv("SIMHOST_TRACE"), 0);
    assert_non_null(strstr(text, "#1      clock_time_get(1) = 1000000000000"));
    free(text);
}

static void allowed_once_and_no_more(void **unused)
{
    char byte = 0;
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    n_failures = 0;
    simhost_on_failure(keep_failure);
    simhost_allow(SIMHOST_BAD_FD, true);
    (void)receive(55, &byte, 1, &n);
    assert_int_equal(n_failures, 0);
    simhost_allow(SIMHOST_BAD_FD, false);
    (void)receive(55, &byte, 1, &n);
    assert_int_equal(n_failures, 1);
    assert_int_equal(simhost_n_verdicts(SIMHOST_BAD_FD), 2);
    ideal_world();
    assert_int_equal(simhost_n_verdicts(SIMHOST_BAD_FD), 0);
    simhost_on_failure(NULL);
}

static void test_mistakes_fail(void **unused)
{
    struct simhost_peer *peer = NULL;

    (void)unused;
    ideal_world();
    (void)open_connection(&peer);
    n_failures = 0;
    simhost_on_failure(keep_failure);
    simhost_peer_close(peer, SIMHOST_NOW);
    simhost_peer_send(peer, "x", 1, SIMHOST_NOW);
    assert_int_equal(n_failures, 1);
    simhost_set_nonblocking(99, true);
    assert_int_equal(n_failures, 2);
    simhost_set_event(99, 1, 0);
    assert_int_equal(n_failures, 3);
    simhost_fail(SIMHOST_ANY_CALL, 0, WASOCK_EIO, 1);
    assert_int_equal(n_failures, 4);
    (void)simhost_preopen_at(0, SIMHOST_FILE);
    assert_int_equal(n_failures, 5);
    simhost_on_failure(NULL);
}

/* Run `call` in an ideal world; it must be judged once, as `verdict` only. */
static void assert_judged(enum simhost_verdict verdict, void (*call)(void))
{
    ideal_world();
    for (int i = 0; i < SIMHOST_N_VERDICTS; i++) {
        simhost_allow((enum simhost_verdict)i, true);
    }
    call();
    for (int i = 0; i < SIMHOST_N_VERDICTS; i++) {
        assert_int_equal(simhost_n_verdicts((enum simhost_verdict)i),
                         i == (int)verdict);
    }
}

static void recv_flags(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char byte = 0;
    const struct wasock_buffer buffer = {&byte, 1};
    struct wasip1_roflags roflags = {0};
    uint32_t n = 0;

    (void)wasip1_sock_recv(fd, &buffer, 1, 2, &n, &roflags);
}

static void send_flags(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const struct wasock_slice slice = {"x", 1};
    uint32_t n = 0;

    (void)wasip1_sock_send(fd, &slice, 1, 1, &n);
}

static void set_blocking(void)
{
    (void)wasip1_fd_fdstat_set_flags(open_listener(), 0);
}

static void close_never_opened(void)
{
    (void)wasip1_fd_close(99);
}

static void negative_fd(void)
{
    (void)wasip1_fd_fdstat_set_flags(-1, NONBLOCK);
}

static void close_twice(void)
{
    const int fd = open_listener();

    (void)wasip1_fd_close(fd);
    (void)wasip1_fd_close(fd);
}

static void accept_on_directory(void)
{
    int32_t fd = -1;

    (void)wasip1_sock_accept(simhost_preopen(SIMHOST_DIRECTORY), 0, &fd);
}

static void recv_without_memory(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    uint32_t n = 0;

    assert_int_equal(receive(fd, NULL, 1, &n), WASOCK_EFAULT);
}

static void recv_into_no_buffers(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    struct wasip1_roflags roflags = {0};
    uint32_t n = 0;

    assert_int_equal(wasip1_sock_recv(fd, NULL, 1, 0, &n, &roflags),
                     WASOCK_EFAULT);
}

static void send_without_memory(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    const struct wasock_slice slices[] = {{"x", 1}, {NULL, 1}};
    uint32_t n = 0;

    assert_int_equal(wasip1_sock_send(fd, slices, 2, 0, &n), WASOCK_EFAULT);
}

static void send_of_no_slices(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    uint32_t n = 0;

    assert_int_equal(wasip1_sock_send(fd, NULL, 1, 0, &n), WASOCK_EFAULT);
}

static void time_without_memory(void)
{
    assert_int_equal(wasip1_clock_time_get(1, 0, NULL), WASOCK_EFAULT);
}

static void stat_without_memory(void)
{
    assert_int_equal(wasip1_fd_fdstat_get(0, NULL), WASOCK_EFAULT);
}

static void accept_without_memory(void)
{
    assert_int_equal(wasip1_sock_accept(open_listener(), NONBLOCK, NULL),
                     WASOCK_EFAULT);
}

static void environment_without_memory(void)
{
    char byte = 0;

    assert_int_equal(wasip1_environ_get(NULL, &byte), WASOCK_EFAULT);
}

static void sizes_without_memory(void)
{
    uint32_t n = 0;

    assert_int_equal(wasip1_environ_sizes_get(&n, NULL), WASOCK_EFAULT);
}

static void send_without_count(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);

    assert_int_equal(transmit(fd, "x", NULL), WASOCK_EFAULT);
}

static void recv_without_roflags(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char byte = 0;
    const struct wasock_buffer buffer = {&byte, 1};
    uint32_t n = 0;

    (void)wasip1_sock_recv(fd, &buffer, 1, 0, &n, NULL);
}

static void absurd_length(void)
{
    struct simhost_peer *peer = NULL;
    const int fd = open_connection(&peer);
    char byte = 0;
    uint32_t n = 0;

    (void)receive(fd, &byte, (size_t)1 << 31, &n);
}

static void send_of_empty_slices(void)
{
    struct simhost_peer *peer = NULL;
    uint32_t n = 0;

    (void)transmit(open_connection(&peer), "", &n);
}

static void recv_of_no_buffers(void)
{
    struct simhost_peer *peer = NULL;
    struct wasip1_roflags roflags = {0};
    uint32_t n = 0;

    (void)wasip1_sock_recv(open_connection(&peer), NULL, 0, 0, &n, &roflags);
}

static void send_of_no_datagram(void)
{
    uint32_t n = 0;

    (void)wasip1_sock_send(simhost_preopen(SIMHOST_DATAGRAM), NULL, 0, 0, &n);
}

static void shutdown_of_listener(void)
{
    (void)wasip1_sock_shutdown(open_listener(), WASIP1_SDFLAGS_WR);
}

static void shutdown_of_nothing(void)
{
    struct simhost_peer *peer = NULL;

    (void)wasip1_sock_shutdown(open_connection(&peer), 0);
}

static void poll_of_nothing(void)
{
    const struct wasock__subscription clock = on_clock(0, 1);

    (void)ask(&clock, 0);
}

static void clock_with_precision(void)
{
    struct wasock__subscription clock = on_clock(0, 1);

    clock.of.clock.precision_ns = 1;
    (void)ask(&clock, 1);
}

static void clock_of_the_wall(void)
{
    struct wasock__subscription clock = on_clock(0, 1);

    clock.of.clock.id = 0;
    (void)ask(&clock, 1);
}

static void time_of_the_wall(void)
{
    uint64_t now_ns = 0;

    (void)wasip1_clock_time_get(0, 0, &now_ns);
}

static void timeout_too_short(void)
{
    const struct wasock__subscription clock = on_clock(999999, 1);

    (void)ask(&clock, 1);
}

static void timeout_too_long(void)
{
    const struct wasock__subscription clock = on_clock(SIMHOST_MS(3600001), 1);

    (void)ask(&clock, 1);
}

static void poll_for_ever(void)
{
    const struct wasock__subscription subscription = on_read(0, 1);

    (void)ask(&subscription, 1);
}

static void poll_without_memory(void)
{
    struct wasock__event event;
    uint32_t n = 0;

    assert_int_equal(wasip1_poll_oneoff(NULL, &event, 1, &n), WASOCK_EFAULT);
}

static void unknown_subscription(void)
{
    struct wasock__subscription subscription = on_clock(0, 1);

    subscription.tag = 9;
    assert_int_equal(ask(&subscription, 1).error, WASOCK_EINVAL);
}

static void blocking_read_of_stdin(void)
{
    char byte = 0;
    const struct wasock_buffer buffer = {&byte, 1};
    uint32_t n = 0;

    (void)wasip1_fd_read(0, &buffer, 1, &n);
}

static void look_again_and_again(void)
{
    const struct wasock__subscription clock = on_clock(SIMHOST_MS(1), 1);

    simhost_knobs.n_idle_calls_max = 100;
    for (int i = 0; i < 101; i++) {
        (void)ask(&clock, 1);
    }
}

/* 100 times something that is progress, and must not be judged. */
static void work_is_no_spinning(void **unused)
{
    struct simhost_peer *peer = NULL;
    char byte = 0;
    uint32_t n = 0;

    (void)unused;
    ideal_world();
    const int listener = open_listener();
    const int fd = open_connection(&peer);
    simhost_knobs.n_idle_calls_max = 3;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(transmit(fd, "x", &n), 0);
    }
    for (int i = 0; i < 100; i++) {
        simhost_peer_send(peer, "x", 1, SIMHOST_NOW);
        assert_int_equal(receive(fd, &byte, 1, &n), 0);
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(wasip1_fd_close(accept_one(listener)), 0);
    }
    for (int i = 0; i < 100; i++) {
        simhost_peer_send(peer, "x", 1, SIMHOST_MS(1));
        simhost_advance_ns(SIMHOST_MS(1));
        assert_int_equal(flags_of(fd), NONBLOCK);
    }
    assert_int_equal(simhost_n_verdicts(SIMHOST_SPINS), 0);
}

static void leave_open(void)
{
    (void)accept_one(open_listener());
    simhost_check();
}

static void leave_preopened(void)
{
    (void)open_listener();
    (void)simhost_preopen(SIMHOST_DIRECTORY);
    simhost_check();
    assert_int_equal(simhost_n_verdicts(SIMHOST_LEAK), 0);
    simhost_knobs.preopened_sockets_must_close = true;
    simhost_check();
}

static void leaks_are_counted(void **unused)
{
    (void)unused;
    ideal_world();
    (void)simhost_preopen(SIMHOST_FILE);
    (void)simhost_preopen(SIMHOST_CONNECTION);
    (void)simhost_preopen(SIMHOST_DATAGRAM);
    (void)open_listener();
    simhost_knobs.preopened_sockets_must_close = true;
    n_failures = 0;
    simhost_on_failure(keep_failure);
    simhost_check();
    simhost_on_failure(NULL);
    assert_int_equal(n_failures, 1);
    assert_non_null(strstr(failure, "3 descriptors left open, the first is 4"));
}

static void numbers_begin_anew(void **unused)
{
    (void)unused;
    ideal_world();
    const int listener = open_listener();
    for (int i = 0; i < 5; i++) {
        assert_int_equal(accept_one(listener), listener + 1 + i);
    }
    ideal_world();
    assert_int_equal(accept_one(open_listener()), 4);
}

static void verdicts(void **unused)
{
    static const struct {
        enum simhost_verdict verdict;
        void (*call)(void);
    } cases[] = {
        {SIMHOST_BAD_FLAGS, recv_flags},
        {SIMHOST_BAD_FLAGS, send_flags},
        {SIMHOST_BAD_FLAGS, set_blocking},
        {SIMHOST_BAD_FLAGS, shutdown_of_nothing},
        {SIMHOST_BAD_FLAGS, unknown_subscription},
        {SIMHOST_BAD_FD, close_never_opened},
        {SIMHOST_BAD_FD, negative_fd},
        {SIMHOST_DOUBLE_CLOSE, close_twice},
        {SIMHOST_NO_SOCKET, accept_on_directory},
        {SIMHOST_BAD_POINTER, recv_without_memory},
        {SIMHOST_BAD_POINTER, recv_without_roflags},
        {SIMHOST_BAD_POINTER, send_without_count},
        {SIMHOST_BAD_POINTER, recv_into_no_buffers},
        {SIMHOST_BAD_POINTER, send_without_memory},
        {SIMHOST_BAD_POINTER, send_of_no_slices},
        {SIMHOST_BAD_POINTER, time_without_memory},
        {SIMHOST_BAD_POINTER, stat_without_memory},
        {SIMHOST_BAD_POINTER, accept_without_memory},
        {SIMHOST_BAD_POINTER, environment_without_memory},
        {SIMHOST_BAD_POINTER, sizes_without_memory},
        {SIMHOST_BAD_POINTER, absurd_length},
        {SIMHOST_BAD_POINTER, poll_without_memory},
        {SIMHOST_EMPTY, send_of_empty_slices},
        {SIMHOST_EMPTY, recv_of_no_buffers},
        {SIMHOST_EMPTY_DATAGRAM, send_of_no_datagram},
        {SIMHOST_SHUT_LISTENER, shutdown_of_listener},
        {SIMHOST_NO_SUBSCRIPTION, poll_of_nothing},
        {SIMHOST_BAD_CLOCK, clock_with_precision},
        {SIMHOST_BAD_CLOCK, clock_of_the_wall},
        {SIMHOST_BAD_CLOCK, time_of_the_wall},
        {SIMHOST_BAD_TIMEOUT, timeout_too_short},
        {SIMHOST_BAD_TIMEOUT, timeout_too_long},
        {SIMHOST_WAITS_FOR_EVER, poll_for_ever},
        {SIMHOST_FROZE, blocking_read_of_stdin},
        {SIMHOST_SPINS, look_again_and_again},
        {SIMHOST_LEAK, leave_open},
        {SIMHOST_LEAK, leave_preopened},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_judged(cases[i].verdict, cases[i].call);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failure_names_everything),
        cmocka_unit_test(failure_fails_the_test),
        cmocka_unit_test(trace_as_it_happens),
        cmocka_unit_test(allowed_once_and_no_more),
        cmocka_unit_test(test_mistakes_fail),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(work_is_no_spinning),
        cmocka_unit_test(leaks_are_counted),
        cmocka_unit_test(numbers_begin_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
