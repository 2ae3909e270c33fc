/* SPDX-License-Identifier: MIT */
/* Names of listeners: the parsing, and listeners on the native host. */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <wasock/names.h>
#include <wasock/wasock.h>

/* The list and what wasock_names_label gives for each index. */
static void assert_labels(void (*parse)(struct wasock_names *, char *),
                          const char *list, size_t n_labels,
                          const char *const *labels)
{
    struct wasock_names names;
    const size_t size = strlen(list) + 1;
    char *text = (char *)malloc(size);

    assert_non_null(text);
    memcpy(text, list, size);
    memset(&names, 0xa5, sizeof(names));
    parse(&names, text);
    for (size_t i = 0; i < n_labels; i++) {
        assert_string_equal(wasock_names_label(&names, i), labels[i]);
    }
    assert_null(wasock_names_label(&names, n_labels));
    assert_null(wasock_names_label(&names, SIZE_MAX));
    free(text);
}

static void test_lists(void **state)
{
    static const char *const one[] = {"127.0.0.1:8080"};
    static const char *const three[] = {"http=127.0.0.1:8080", "",
                                        "metrics=[::1]:9090"};
    static const char *const empty[] = {"", ""};

    (void)state;
    assert_labels(wasock_names_parse, "", 0, NULL);
    assert_labels(wasock_names_parse, "127.0.0.1:8080", 1, one);
    assert_labels(wasock_names_parse, "http=127.0.0.1:8080,,metrics=[::1]:9090",
                  3, three);
    assert_labels(wasock_names_parse, ",", 2, empty);
}

static void test_lists_of_descriptor_names(void **state)
{
    static const char *const two[] = {"http", "a,b=c"};

    (void)state;
    assert_labels(wasock_names_parse_fdnames, "", 0, NULL);
    assert_labels(wasock_names_parse_fdnames, "http", 1, two);
    assert_labels(wasock_names_parse_fdnames, "http:a,b=c", 2, two);
}

static void test_no_names(void **state)
{
    const struct wasock_names none = {0};
    struct wasock_listener listener = {0};

    (void)state;
    assert_null(wasock_names_label(&none, 0));
    assert_int_equal(wasock_names_listener(&none, "http", &listener),
                     -WASOCK_ENOENT);
    wasock_names_apply(&none, &listener, 1);
    assert_false(wasock_socket_is_open(&listener.socket));
}

static void test_address_in_a_label(void **state)
{
    struct wasock_addr addr;

    (void)state;
    assert_int_equal(wasock_names_address("127.0.0.1:8080", &addr), 0);
    assert_int_equal(addr.family, WASOCK_ADDR_IPV4);
    assert_int_equal(addr.port, 8080);
    assert_int_equal(wasock_names_address("http=[::1]:80", &addr), 0);
    assert_int_equal(addr.family, WASOCK_ADDR_IPV6);
    assert_int_equal(addr.port, 80);
    assert_int_equal(wasock_names_address("=:80", &addr), 0);
    assert_int_equal(addr.port, 80);
    assert_int_equal(wasock_names_address("x=unix:a=b", &addr), 0);
    assert_string_equal(addr.name, "a=b");
    assert_int_equal(wasock_names_address("http", &addr), -WASOCK_EINVAL);
    assert_int_equal(wasock_names_address("http=", &addr), -WASOCK_EINVAL);
    assert_int_equal(wasock_names_address("", &addr), -WASOCK_EINVAL);
    assert_int_equal(wasock_names_address("a=b=:80", &addr), -WASOCK_EINVAL);
}

/*
 * A world of descriptors as a host hands them over, from 3 on:
 * 3 a file, 4 a listener, 5 a datagram socket, 6 a listener, 7 a connection.
 */
enum { FILE_FD = 3, FIRST_FD, DGRAM_FD, SECOND_FD, CONN_FD, END_FD };

static int listening_fd(void)
{
    const struct sockaddr_in loopback = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&loopback,
                          sizeof(loopback)),
                     0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static int open_world(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(open("/dev/null", O_RDONLY), FILE_FD);
    assert_int_equal(listening_fd(), FIRST_FD);
    assert_int_equal(socket(AF_INET, SOCK_DGRAM, 0), DGRAM_FD);
    assert_int_equal(listening_fd(), SECOND_FD);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(ends[0], CONN_FD);
    close(ends[1]);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    unsetenv("WASOCK_LISTEN");
    unsetenv("LISTEN_FDNAMES");
    for (int fd = FILE_FD; fd < END_FD; fd++) {
        close(fd);
    }
    return 0;
}

/* Open by name; then its descriptor and its label. */
static void assert_listener(const struct wasock_names *names, const char *name,
                            int fd, const char *label)
{
    struct wasock_listener listener = {0};
    struct wasock_addr addr;

    assert_int_equal(wasock_names_listener(names, name, &listener), 0);
    assert_int_equal(wasock_socket_local_addr(&listener.socket, &addr), 0);
    assert_string_equal(addr.name, label);
    assert_int_equal(wasock_listener_into_fd(&listener), fd);
}

static void assert_no_listener(const struct wasock_names *names,
                               const char *name, int error)
{
    struct wasock_listener listener = {0};

    assert_int_equal(wasock_names_listener(names, name, &listener), error);
    assert_false(wasock_socket_is_open(&listener.socket));
}

static void test_listener_by_its_name_in_order(void **state)
{
    char text[] = "http=127.0.0.1:80,:90,http=:91,more=:92,,plain";
    struct wasock_names names;

    (void)state;
    wasock_names_parse(&names, text);
    assert_listener(&names, "http", FIRST_FD, "http=127.0.0.1:80");
    assert_listener(&names, "http=127.0.0.1:80", FIRST_FD, "http=127.0.0.1:80");
    assert_listener(&names, ":90", SECOND_FD, ":90");
    assert_no_listener(&names, "more", -WASOCK_ENOPREOPEN);
    assert_no_listener(&names, "plain", -WASOCK_ENOPREOPEN);
    assert_no_listener(&names, "htt", -WASOCK_ENOENT);
    assert_no_listener(&names, "https", -WASOCK_ENOENT);
    assert_no_listener(&names, "http=", -WASOCK_ENOENT);
    assert_no_listener(&names, "127.0.0.1:80", -WASOCK_ENOENT);
    assert_no_listener(&names, "", -WASOCK_ENOENT);
}

static void test_listener_by_its_name_of_a_descriptor(void **state)
{
    char text[] = "log:http:dns:metrics:peer:late";
    struct wasock_names names;

    (void)state;
    wasock_names_parse_fdnames(&names, text);
    assert_listener(&names, "http", FIRST_FD, "http");
    assert_listener(&names, "metrics", SECOND_FD, "metrics");
    assert_no_listener(&names, "log", -WASOCK_ENOPREOPEN);
    assert_no_listener(&names, "dns", -WASOCK_ENOTSUP);
    assert_no_listener(&names, "peer", -WASOCK_ENOTLISTENER);
    assert_no_listener(&names, "late", -WASOCK_ENOPREOPEN);
    assert_no_listener(&names, "none", -WASOCK_ENOENT);
}

/* The labels of all listeners after wasock_names_apply. */
static void assert_applied(const struct wasock_names *names, const char *first,
                           const char *second)
{
    struct wasock_listener listeners[3] = {0};
    struct wasock_addr addr;

    assert_int_equal(wasock_preopen_listeners(listeners, 3), 2);
    wasock_socket_set_label(&listeners[0].socket, "old");
    wasock_socket_set_label(&listeners[1].socket, "old");
    wasock_names_apply(names, listeners, 3);
    assert_int_equal(wasock_socket_local_addr(&listeners[0].socket, &addr), 0);
    assert_string_equal(addr.name, first);
    assert_int_equal(wasock_socket_local_addr(&listeners[1].socket, &addr), 0);
    assert_string_equal(addr.name, second);
    assert_int_equal(wasock_listener_into_fd(&listeners[0]), FIRST_FD);
    assert_int_equal(wasock_listener_into_fd(&listeners[1]), SECOND_FD);
}

static void test_labels_for_all_listeners(void **state)
{
    char in_order[] = "a=:1,b=:2,c=:3";
    char short_list[] = ",:2";
    char of_descriptors[] = "a:b:c:d";
    struct wasock_names names;

    (void)state;
    wasock_names_parse(&names, in_order);
    assert_applied(&names, "a=:1", "b=:2");
    wasock_names_parse(&names, short_list);
    assert_applied(&names, "old", ":2");
    wasock_names_parse_fdnames(&names, of_descriptors);
    assert_applied(&names, "b", "d");
    wasock_names_parse(&names, of_descriptors);
    assert_applied(&names, "a", "old");
}

static void test_names_from_the_environment(void **state)
{
    char buffer[16384];
    struct wasock_names names;
    size_t needed_capacity = 0;

    (void)state;
    assert_int_equal(setenv("LISTEN_FDNAMES", "log:http", 1), 0);
    assert_int_equal(setenv("WASOCK_LISTEN", "web=127.0.0.1:80", 1), 0);
    assert_int_equal(wasock_names_read(&names, buffer, 0, &needed_capacity),
                     -WASOCK_ESTORAGE);
    assert_null(wasock_names_label(&names, 0));
    assert_true(needed_capacity <= sizeof(buffer));
    assert_int_equal(wasock_names_read(&names, buffer, needed_capacity, NULL),
                     0);
    assert_listener(&names, "web", FIRST_FD, "web=127.0.0.1:80");
    assert_no_listener(&names, "http", -WASOCK_ENOENT);

    assert_int_equal(unsetenv("WASOCK_LISTEN"), 0);
    assert_int_equal(
        wasock_names_read(&names, buffer, sizeof(buffer), &needed_capacity), 0);
    assert_listener(&names, "http", FIRST_FD, "http");

    assert_int_equal(unsetenv("LISTEN_FDNAMES"), 0);
    assert_int_equal(wasock_names_read(&names, buffer, sizeof(buffer), NULL),
                     -WASOCK_ENOENT);
    assert_null(wasock_names_label(&names, 0));
}

static void assert_explained(const struct wasock_names *names, const char *name,
                             const char *expected)
{
    char text[1024];
    char cut[1024];
    const size_t length = wasock_names_explain(names, name, text, sizeof(text));

    assert_true(length < sizeof(text));
    assert_int_equal(length, strlen(text));
    assert_string_equal(text, expected);
    for (size_t capacity = 0; capacity <= length + 1; capacity++) {
        memset(cut, '#', sizeof(cut));
        assert_int_equal(wasock_names_explain(names, name, cut, capacity),
                         length);
        assert_int_equal(cut[capacity], '#');
        if (capacity > 0) {
            assert_memory_equal(cut, text, capacity - 1);
            assert_int_equal(cut[capacity - 1], '\0');
        }
    }
}

#define ADVICE(name)                                                           \
    "Names come from WASOCK_LISTEN, which has an entry [NAME=]HOST:PORT\n"     \
    "for each listener in their order:\n"                                      \
    "  wasmtime run -S preview2=n -S tcplisten=127.0.0.1:8080 \\\n"            \
    "    --env WASOCK_LISTEN=" name "=127.0.0.1:8080 PROGRAM.wasm\n"           \
    "or from LISTEN_FDNAMES, as systemd and wasmtime's -S listenfd=y give "    \
    "it.\n"

static void test_explanations(void **state)
{
    const struct wasock_names none = {0};
    char in_order[] = "http=:80,,:90,metrics=:91";
    char of_descriptors[] = "http:metrics";
    struct wasock_names names;

    (void)state;
    assert_explained(&none, "http",
                     "No listener is named \"http\".\n"
                     "The environment names no listeners.\n" ADVICE("http"));
    wasock_names_parse(&names, in_order);
    assert_explained(
        &names, "htpp",
        "No listener is named \"htpp\".\n"
        "The environment names: \"http\" \":90\" \"metrics\".\n" ADVICE(
            "htpp"));
    assert_explained(&names, "metrics",
                     "\"metrics\" is the name of listener number 4, and the "
                     "host opened fewer.\n");
    wasock_names_parse_fdnames(&names, of_descriptors);
    assert_explained(&names, "metrics",
                     "\"metrics\" is the name of descriptor 4, which is no "
                     "listener.\n");
}

#define IN_WORLD(name)                                                         \
    cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_lists_of_descriptor_names),
        cmocka_unit_test(test_no_names),
        cmocka_unit_test(test_address_in_a_label),
        IN_WORLD(test_listener_by_its_name_in_order),
        IN_WORLD(test_listener_by_its_name_of_a_descriptor),
        IN_WORLD(test_labels_for_all_listeners),
        IN_WORLD(test_names_from_the_environment),
        cmocka_unit_test(test_explanations),
    };

    /* What the test was started with is no part of its world. */
    for (int fd = FILE_FD; fd < 1024; fd++) {
        close(fd);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
