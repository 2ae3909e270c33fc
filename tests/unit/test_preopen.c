/* SPDX-License-Identifier: MIT */
/* The scanner: what the host preopened, and why there is no listener. */
#include "worlds.h"

#include <stdio.h>

/* B1-B4: whatever the layout, the listeners are found in their order. */
static void test_layouts(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        struct wasock_listener listeners[3] = {0};
        int fds[3];
        simhost_reset(host + 1, simhost_profiles[host]);
        if (is_host(&simhost_wamr)) {
            continue; /* quirk 2: holes; its sockets are adopted by number */
        }
        simhost_preopen_layout(3, 2, fds);
        const uint64_t n_sets = simhost_calls(SIMHOST_FD_FDSTAT_SET_FLAGS);
        struct wasock_preopen preopen = {0};
        size_t n = 0;
        while (wasock_preopen_next(&preopen) == 1) {
            n++;
            assert_int_equal(preopen.fd, 2 + n);
            assert_int_equal(preopen.role,
                             preopen.kind == WASOCK_FD_SOCKET_STREAM
                                 ? WASOCK_PREOPEN_LISTENER
                                 : WASOCK_PREOPEN_NO_SOCKET);
            struct wasock_fd_stat stat;
            assert_int_equal(wasock_fd_stat(preopen.fd, &stat), 0);
            assert_int_equal(preopen.is_nonblocking, stat.is_nonblocking);
        }
        assert_int_equal(n, 5);
        /* Nothing was disturbed. */
        assert_int_equal(simhost_calls(SIMHOST_FD_FDSTAT_SET_FLAGS), n_sets);
        assert_int_equal(simhost_calls(SIMHOST_SOCK_ACCEPT), 0);
        assert_int_equal(wasock_preopen_listener(3, &listeners[0]),
                         -WASOCK_ENOPREOPEN);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(wasock_preopen_listener(i, &listeners[i]), 0);
            assert_int_equal(wasock_socket_fd(&listeners[i].socket), fds[i]);
            assert_int_equal(wasock_listener_into_fd(&listeners[i]), fds[i]);
        }
        assert_int_equal(wasock_preopen_listeners(listeners, 2), 3);
        assert_int_equal(wasock_socket_fd(&listeners[1].socket), fds[1]);
        assert_false(wasock_socket_is_open(&listeners[2].socket));
        assert_int_equal(wasock_listener_close(&listeners[1]), 0);
        const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
        assert_int_equal(wasock_preopen_listeners(listeners, 2), -WASOCK_EOPEN);
        assert_int_equal(simhost_calls(SIMHOST_ANY_CALL), n_calls);
        assert_false(wasock_socket_is_open(&listeners[1].socket));
        assert_int_equal(wasock_listener_close(&listeners[0]), 0);
        simhost_check();
    }
}

/* B2: a datagram socket or a connection hides no listener behind it. */
static void test_non_listeners_are_skipped(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_preopen_counts counts;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    simhost_preopen(SIMHOST_DATAGRAM);
    simhost_preopen(SIMHOST_CONNECTION);
    simhost_preopen(SIMHOST_FILE);
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    simhost_preopen_at(20, SIMHOST_LISTENER); /* behind a hole */
    assert_int_equal(wasock_preopen_count(&counts), 0);
    assert_int_equal(counts.n_descriptors, 4);
    assert_int_equal(counts.n_datagrams, 1);
    assert_int_equal(counts.n_connections, 1);
    assert_int_equal(counts.n_listeners, 1);
    assert_int_equal(counts.n_others, 1);
    assert_int_equal(counts.host, WASOCK_PREOPEN_HOST_HAS_SOCKETS);
    assert_int_equal(wasock_preopen_listener(0, &listener), 0);
    assert_int_equal(wasock_socket_fd(&listener.socket), fd);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

/* Where the host does not tell, what may be a listener is taken for one. */
static void test_unknown_role(void **unused)
{
    struct wasock_listener listener = {0};
    struct wasock_preopen_counts counts;

    (void)unused;
    simhost_reset(1, &simhost_wamr);
    simhost_preopen_at(3, SIMHOST_LISTENER);
    assert_int_equal(wasock_preopen_count(&counts), 0);
    assert_int_equal(counts.n_unknown, 1);
    assert_int_equal(wasock_preopen_listener(0, &listener), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

static void explain(char *text, size_t capacity)
{
    struct wasock_preopen_counts counts;

    assert_int_equal(wasock_preopen_count(&counts), 0);
    assert_true(wasock_preopen_explain(&counts, text, capacity) < capacity);
}

static void test_explanations(void **unused)
{
    char text[1024];

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    explain(text, sizeof(text));
    assert_non_null(strstr(text, "preopened no descriptors"));
    assert_null(strstr(text, "This host has"));
    assert_non_null(strstr(text, "-S preview2=n -S tcplisten=127.0.0.1:8080"));
    simhost_preopen(SIMHOST_DIRECTORY);
    simhost_preopen(SIMHOST_DIRECTORY);
    explain(text, sizeof(text));
    assert_non_null(strstr(text, "2 directories, 2 in all.\n"));
    /* wasmtime 47 and later. */
    simhost_knobs.profile.stdio_rights = 2;
    explain(text, sizeof(text));
    assert_non_null(strstr(text, "has no preview1 sockets"));
    assert_non_null(strstr(text, "-S inherit-network --env WASOCK_LISTEN="));
    simhost_fail(SIMHOST_FD_FDSTAT_GET, 4, WASOCK_EBADF, 1); /* 0 is closed */
    explain(text, sizeof(text));
    assert_null(strstr(text, "This host has"));
    /* A socket call on stdin traps in an adapted preview1. */
    assert_int_equal(simhost_calls(SIMHOST_SOCK_ACCEPT), 0);
    assert_int_equal(simhost_calls(SIMHOST_SOCK_SEND), 0);
    simhost_preopen(SIMHOST_LISTENER);
    explain(text, sizeof(text));
    assert_non_null(strstr(text, "1 listener, 2 directories, 3 in all.\n"));
    assert_null(strstr(text, "wasmtime"));
}

static void test_every_kind_is_explained(void **unused)
{
    static const struct wasock_preopen_counts many = {.n_descriptors = 27,
                                                      .n_listeners = 2,
                                                      .n_connections = 3,
                                                      .n_unknown = 4,
                                                      .n_datagrams = 5,
                                                      .n_directories = 6,
                                                      .n_others = 7};
    static const struct wasock_preopen_counts one_each = {.n_descriptors = 6,
                                                          .n_listeners = 1,
                                                          .n_connections = 1,
                                                          .n_unknown = 1,
                                                          .n_datagrams = 1,
                                                          .n_directories = 1,
                                                          .n_others = 1};
    static const struct wasock_preopen_counts no_listener = {
        .n_descriptors = 1,
        .n_connections = 1,
        .host = WASOCK_PREOPEN_HOST_HAS_SOCKETS};
    static const struct wasock_preopen_counts long_counts = {
        600, 100, 100, 100, 100, 100, 100, WASOCK_PREOPEN_HOST_HAS_SOCKETS};
    char text[1024];

    (void)unused;
    wasock_preopen_explain(&many, text, sizeof(text));
    assert_string_equal(
        text, "The host preopened, from descriptor 3 on: 2 listeners, "
              "3 connections, 4 stream sockets, 5 datagram sockets, "
              "6 directories, 7 others, 27 in all.\n");
    wasock_preopen_explain(&one_each, text, sizeof(text));
    assert_string_equal(text,
                        "The host preopened, from descriptor 3 on: 1 listener, "
                        "1 connection, 1 stream socket, 1 datagram socket, "
                        "1 directory, 1 other, 6 in all.\n");
    wasock_preopen_explain(&no_listener, text, sizeof(text));
    assert_non_null(strstr(text, "1 connection, 1 in all.\n"
                                 "This host has sockets, but its command line "
                                 "opens no listener.\n"));
    assert_in_range(wasock_preopen_explain(&long_counts, text, sizeof(text)),
                    50, 1023);
}

/* inetd and the like make stdin a socket: such a host has some. */
static void test_stdin_is_a_socket(void **unused)
{
    struct wasock_preopen_counts counts;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    assert_int_equal(wasock_fd_close(0), 0);
    assert_int_equal(simhost_preopen_at(0, SIMHOST_CONNECTION), 0);
    assert_int_equal(wasock_preopen_count(&counts), 0);
    assert_int_equal(counts.n_descriptors, 0);
    assert_int_equal(counts.host, WASOCK_PREOPEN_HOST_HAS_SOCKETS);
}

/* What may be a listener needs no advice. An error's sign does not matter. */
static void test_advice(void **unused)
{
    const struct wasock_preopen_counts unknown = {
        .n_descriptors = 1,
        .n_unknown = 1,
        .host = WASOCK_PREOPEN_HOST_HAS_SOCKETS};
    char text[1024];
    size_t length = 0;
    size_t other_length = 0;

    (void)unused;
    wasock_preopen_explain(&unknown, text, sizeof(text));
    assert_non_null(strstr(text, ": 1 stream socket, 1 in all.\n"));
    assert_null(strstr(text, "command line"));
    simhost_reset(1, &simhost_wasi_common);
    wasock_preopen_print_error("name", WASOCK_ENOPREOPEN);
    (void)simhost_peer_received(simhost_peer_of(2), &length);
    wasock_preopen_print_error("name", -WASOCK_ENOPREOPEN);
    (void)simhost_peer_received(simhost_peer_of(2), &other_length);
    assert_int_equal(other_length, 2 * length);
}

static void test_printed_errors(void **unused)
{
    char other[200];
    static char text[2048];
    size_t length = 0;

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    snprintf(other, sizeof(other), "name: %s.\n",
             wasock_err_text(-WASOCK_ECLOSED));
    wasock_preopen_print_error("name", -WASOCK_ECLOSED);
    assert_received(simhost_peer_of(2), other, strlen(other));
    simhost_reset(1, &simhost_wasi_common);
    wasock_preopen_print_error("name", -WASOCK_ENOPREOPEN);
    const uint8_t *printed = simhost_peer_received(simhost_peer_of(2), &length);
    assert_in_range(length, 100, sizeof(text) - 1);
    memcpy(text, printed, length);
    assert_memory_equal(text, "name: ", 6);
    assert_non_null(strstr(text, wasock_err_text(-WASOCK_ENOPREOPEN)));
    assert_non_null(strstr(text, "preopened no descriptors"));
    assert_non_null(strstr(text, "-S inherit-network --env WASOCK_LISTEN="));
    assert_int_equal(text[length - 1], '\n');
}

/* A text that is too long for the storage is cut there. */
static void test_a_printed_error_is_cut(void **unused)
{
    static char program[2001];
    size_t last = 0;

    (void)unused;
    for (size_t n = 400; n <= 2000; n++) {
        size_t length = 0;
        memset(program, 'p', n);
        simhost_reset(1, &simhost_wasi_common);
        wasock_preopen_print_error(program, -WASOCK_ENOPREOPEN);
        const uint8_t *printed =
            simhost_peer_received(simhost_peer_of(2), &length);
        assert_in_range(length, last, last == 0 ? 2000 : last + 1);
        assert_memory_equal(printed, program, n < length ? n : length);
        assert_null(memchr(printed, 0, length));
        last = length;
    }
    assert_in_range(last, 1000, 2000 - 1);
}

static void test_explanations_cut_to_fit(void **unused)
{
    struct wasock_preopen_counts counts = {0};
    char whole[1024];
    char text[1024];
    const size_t length = wasock_preopen_explain(&counts, whole, sizeof(whole));

    (void)unused;
    assert_int_equal(strlen(whole), length);
    for (size_t capacity = 0; capacity <= length + 1; capacity++) {
        memset(text, 'x', sizeof(text));
        assert_int_equal(wasock_preopen_explain(&counts, text, capacity),
                         length);
        if (capacity > 0) {
            assert_int_equal(strlen(text), capacity - 1);
            assert_memory_equal(text, whole, capacity - 1);
        }
        assert_int_equal(text[capacity], 'x');
    }
}

static void test_failures_are_returned(void **unused)
{
    struct wasock_listener listeners[2] = {0};
    struct wasock_preopen_counts counts;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    assert_int_equal(wasock_preopen_listeners(listeners, 2),
                     -WASOCK_ENOPREOPEN);
    simhost_preopen(SIMHOST_LISTENER);
    simhost_fail(SIMHOST_FD_FDSTAT_GET, 1, WASOCK_EIO, SIMHOST_FOR_EVER);
    assert_int_equal(wasock_preopen_listener(0, &listeners[0]), -WASOCK_EIO);
    assert_int_equal(wasock_preopen_listeners(listeners, 2), -WASOCK_EIO);
    assert_int_equal(wasock_preopen_count(&counts), -WASOCK_EIO);
    simhost_clear_faults();
    simhost_fail(SIMHOST_FD_FDSTAT_GET, 2, WASOCK_EIO, 1);
    assert_int_equal(wasock_preopen_listeners(listeners, 2), -WASOCK_EIO);
    assert_false(wasock_socket_is_open(&listeners[0].socket));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_non_listeners_are_skipped),
        cmocka_unit_test(test_unknown_role),
        cmocka_unit_test(test_explanations),
        cmocka_unit_test(test_every_kind_is_explained),
        cmocka_unit_test(test_stdin_is_a_socket),
        cmocka_unit_test(test_advice),
        cmocka_unit_test(test_printed_errors),
        cmocka_unit_test(test_a_printed_error_is_cut),
        cmocka_unit_test(test_explanations_cut_to_fit),
        cmocka_unit_test(test_failures_are_returned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
