/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <wasock/names.h>
#include <wasock/wasock.h>

#include "host_calls.h"
#include "random.h"

#define N_RANDOM 30000
#define RANDOM_LENGTH_MAX 24

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

/* A world of descriptors from 3 on. */
enum { FILE_FD = 3, FIRST_FD, DGRAM_FD, SECOND_FD, CONN_FD, END_FD };

static void open_world(void)
{
    assert_int_equal(simhost_preopen(SIMHOST_FILE), FILE_FD);
    assert_int_equal(simhost_preopen(SIMHOST_LISTENER), FIRST_FD);
    assert_int_equal(simhost_preopen(SIMHOST_DATAGRAM), DGRAM_FD);
    assert_int_equal(simhost_preopen(SIMHOST_LISTENER), SECOND_FD);
    assert_int_equal(simhost_preopen(SIMHOST_CONNECTION), CONN_FD);
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

static void listener_by_its_name_in_order_on(enum host host)
{
    char text[] = "http=127.0.0.1:80,:90,http=:91,more=:92,,plain";
    struct wasock_names names;

    (void)host;
    open_world();
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

static void listener_by_its_name_of_a_descriptor_on(enum host host)
{
    char text[] = "log:http:dns:metrics:peer:late";
    struct wasock_names names;

    open_world();
    wasock_names_parse_fdnames(&names, text);
    assert_listener(&names, "http", FIRST_FD, "http");
    assert_listener(&names, "metrics", SECOND_FD, "metrics");
    assert_no_listener(&names, "log", -WASOCK_ENOPREOPEN);
    assert_no_listener(&names, "dns", -WASOCK_ENOTSUP);
    if (host != WAMR) { /* which distinguishes it at first use only */
        assert_no_listener(&names, "peer", -WASOCK_ENOTLISTENER);
    }
    assert_no_listener(&names, "late", -WASOCK_ENOPREOPEN);
    assert_no_listener(&names, "none", -WASOCK_ENOENT);
}

/* The labels of all listeners after wasock_names_apply. */
static void assert_applied(const struct wasock_names *names, const char *first,
                           const char *second)
{
    struct wasock_listener listeners[3] = {0};
    struct wasock_addr addr;

    const ptrdiff_t n_found = wasock_preopen_listeners(listeners, 3);
    assert_true(n_found == 2 || n_found == 3); /* WAMR: and the connection */
    wasock_socket_set_label(&listeners[0].socket, "old");
    wasock_socket_set_label(&listeners[1].socket, "old");
    wasock_names_apply(names, listeners, 3);
    assert_int_equal(wasock_socket_local_addr(&listeners[0].socket, &addr), 0);
    assert_string_equal(addr.name, first);
    assert_int_equal(wasock_socket_local_addr(&listeners[1].socket, &addr), 0);
    assert_string_equal(addr.name, second);
    assert_int_equal(wasock_listener_into_fd(&listeners[0]), FIRST_FD);
    assert_int_equal(wasock_listener_into_fd(&listeners[1]), SECOND_FD);
    assert_int_equal(wasock_listener_into_fd(&listeners[2]),
                     n_found == 3 ? CONN_FD : -WASOCK_ECLOSED);
}

static void labels_for_all_listeners_on(enum host host)
{
    char in_order[] = "a=:1,b=:2,c=:3";
    char short_list[] = ",:2";
    char of_descriptors[] = "a:b:c:d";
    struct wasock_names names;

    (void)host;
    open_world();
    wasock_names_parse(&names, in_order);
    assert_applied(&names, "a=:1", "b=:2");
    wasock_names_parse(&names, short_list);
    assert_applied(&names, "old", ":2");
    wasock_names_parse_fdnames(&names, of_descriptors);
    assert_applied(&names, "b", "d");
    wasock_names_parse(&names, of_descriptors);
    assert_applied(&names, "a", "old");
}

RUN_ON_EVERY_HOST(listener_by_its_name_in_order)
RUN_ON_EVERY_HOST(listener_by_its_name_of_a_descriptor)
RUN_ON_EVERY_HOST(labels_for_all_listeners)

/* Names follow the listeners, wherever the host puts its directories. */
static void names_beside_directories_on(enum host host)
{
    static const char *const environment[] = {
        "WASOCK_LISTEN=web=127.0.0.1:80,metrics=127.0.0.1:90", NULL};
    char buffer[200];
    struct wasock_names names;
    int listener_fds[2];

    simhost_knobs.environment = environment;
    simhost_preopen_layout(2, 2, listener_fds);
    assert_int_equal(wasock_names_read(&names, buffer, sizeof(buffer), NULL),
                     0);
    if (host == WAMR) { /* whose sockets stand behind a gap */
        assert_no_listener(&names, "web", -WASOCK_ENOPREOPEN);
        return;
    }
    assert_listener(&names, "web", listener_fds[0], "web=127.0.0.1:80");
    assert_listener(&names, "metrics", listener_fds[1], "metrics=127.0.0.1:90");
}

RUN_ON_EVERY_HOST(names_beside_directories)

static void test_names_from_the_environment(void **state)
{
    static const char *const environment[] = {
        "LISTEN_FDNAMES=log:http", "WASOCK_LISTEN=web=127.0.0.1:80", NULL};
    static const char *const by_systemd[] = {"LISTEN_FDNAMES=log:http", NULL};
    char buffer[200];
    struct wasock_names names;
    size_t needed_capacity = 0;

    (void)state;
    simhost_reset(1, &simhost_ideal);
    open_world();
    simhost_knobs.environment = environment;
    assert_int_equal(wasock_names_read(&names, buffer, 0, &needed_capacity),
                     -WASOCK_ESTORAGE);
    assert_null(wasock_names_label(&names, 0));
    assert_true(needed_capacity <= sizeof(buffer));
    assert_int_equal(wasock_names_read(&names, buffer, needed_capacity, NULL),
                     0);
    assert_listener(&names, "web", FIRST_FD, "web=127.0.0.1:80");
    assert_no_listener(&names, "http", -WASOCK_ENOENT);

    simhost_knobs.environment = by_systemd;
    assert_int_equal(
        wasock_names_read(&names, buffer, sizeof(buffer), &needed_capacity), 0);
    assert_listener(&names, "http", FIRST_FD, "http");

    simhost_knobs.environment = NULL;
    assert_int_equal(wasock_names_read(&names, buffer, sizeof(buffer), NULL),
                     -WASOCK_ENOENT);
    assert_null(wasock_names_label(&names, 0));
    simhost_check();
}

/* The first of the two that is there and not empty counts. */
static void test_empty_and_missing_variables(void **state)
{
    static const struct {
        const char *environment[3];
        const char *label;
    } rows[] = {
        {{"WASOCK_LISTEN=", "LISTEN_FDNAMES=x", NULL}, "x"},
        {{"WASOCK_LISTEN=a", "LISTEN_FDNAMES=x", NULL}, "a"},
        {{"WASOCK_LISTEN=", "LISTEN_FDNAMES=", NULL}, NULL},
        {{"LISTEN_FDNAMES=", NULL, NULL}, NULL},
    };
    char buffer[200];
    struct wasock_names names;

    (void)state;
    simhost_reset(1, &simhost_ideal);
    open_world();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        simhost_knobs.environment = rows[i].environment;
        assert_int_equal(
            wasock_names_read(&names, buffer, sizeof(buffer), NULL), 0);
        const char *label = wasock_names_label(&names, 0);
        if (rows[i].label == NULL) {
            assert_null(label);
        } else {
            assert_string_equal(label, rows[i].label);
        }
        /* Descriptor 3 is no listener: "x" is its name, "a" another's. */
        struct wasock_listener listener = {0};
        if (label != NULL && *label == 'a') {
            assert_listener(&names, "a", FIRST_FD, "a");
        } else {
            assert_true(wasock_names_listener(&names, "x", &listener) < 0);
        }
    }
    /* A host that fails has not said that the first is missing. */
    simhost_knobs.environment = rows[1].environment;
    simhost_fail(SIMHOST_ENVIRON_GET, 1, WASOCK_EIO, 1);
    assert_int_equal(wasock_names_read(&names, buffer, sizeof(buffer), NULL),
                     -WASOCK_EIO);
    simhost_knobs.environment = NULL;
}

/* A listener that is open keeps its label, and so do those behind the array. */
static void test_labels_that_stay(void **state)
{
    char text[] = "a,b";
    struct wasock_names names;
    struct wasock_listener listeners[2] = {0};
    struct wasock_addr addr;

    (void)state;
    simhost_reset(1, &simhost_ideal);
    open_world();
    wasock_names_parse(&names, text);
    assert_int_equal(wasock_preopen_listeners(listeners, 2), 2);
    assert_int_equal(wasock_socket_set_label(&listeners[1].socket, "old"), 0);
    assert_int_equal(wasock_names_listener(&names, "a", &listeners[1]),
                     -WASOCK_EOPEN);
    wasock_names_apply(&names, listeners, 1);
    assert_int_equal(wasock_socket_local_addr(&listeners[0].socket, &addr), 0);
    assert_string_equal(addr.name, "a");
    assert_int_equal(wasock_socket_local_addr(&listeners[1].socket, &addr), 0);
    assert_string_equal(addr.name, "old");
    assert_int_equal(wasock_listener_close(&listeners[0]), 0);
    assert_int_equal(wasock_listener_close(&listeners[1]), 0);
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
    "Names come from WASOCK_LISTEN, one entry [NAME=]HOST:PORT a listener, "   \
    "in\n"                                                                     \
    "their order. wasock-run sets it:\n"                                       \
    "  wasock-run --listen " name "=127.0.0.1:8080 PROGRAM\n"                  \
    "systemd sets LISTEN_FDNAMES instead (wasmtime: -S listenfd=y).\n"

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
                     "\"metrics\" is the name of descriptor 4, which is not a "
                     "listener.\n");
}

/* Whether a label has a name: all of it, or the part before its "=". */
static bool has_name(const char *label, const char *name)
{
    const size_t length = strlen(name);

    return length > 0 &&
           (strcmp(label, name) == 0 || (strcspn(label, "=") == length &&
                                         memcmp(label, name, length) == 0));
}

/* The address in a label is what the address's own parser makes of it. */
static void assert_address(const char *label)
{
    struct wasock_addr addr;
    struct wasock_addr expected;
    const char *text = strchr(label, '=') ? strchr(label, '=') + 1 : label;

    memset(&addr, 0xa5, sizeof(addr));
    expected = addr;
    const int result = wasock_addr_parse(text, strlen(text), &expected);
    assert_int_equal(wasock_names_address(label, &addr), result);
    assert_memory_equal(&addr, &expected, sizeof(addr));
}

/* Judge the names in a list by cutting a copy of it, and find one of them. */
static void assert_list(const char *list, const char *separator,
                        const struct wasock_names *names, const char *name)
{
    char copy[RANDOM_LENGTH_MAX + 1];
    char *left = copy;
    size_t index = 0;
    bool is_named = false;
    struct wasock_listener listener = {0};

    memcpy(copy, list, strlen(list) + 1);
    for (; *list != '\0' && left != NULL; index++) {
        const size_t length = strcspn(left, separator);
        char *const label = left;
        left = label[length] != '\0' ? label + length + 1 : NULL;
        label[length] = '\0';
        assert_string_equal(wasock_names_label(names, index), label);
        assert_address(label);
        is_named = is_named || has_name(label, name);
    }
    assert_null(wasock_names_label(names, index));
    const int result = wasock_names_listener(names, name, &listener);
    assert_int_equal(result != -WASOCK_ENOENT, is_named);
    if (result == 0) {
        assert_true(wasock_listener_into_fd(&listener) >= FIRST_FD);
    }
}

/* Explain into memory of exactly this size, so that ASan sees a byte more. */
static void assert_explains(const struct wasock_names *names, const char *name,
                            size_t capacity)
{
    char *text = (char *)malloc(capacity);

    assert_non_null(text);
    const size_t length = wasock_names_explain(names, name, text, capacity);
    assert_int_equal(strlen(text), length < capacity ? length : capacity - 1);
    free(text);
}

static void test_random_lists(void **state)
{
    static const char alphabet[] = "ab=,::1.[]";
    uint64_t seed = 1;

    (void)state;
    simhost_reset(1, &simhost_ideal);
    open_world();
    for (int i = 0; i < N_RANDOM; i++) {
        char list[RANDOM_LENGTH_MAX + 1] = "";
        char text[RANDOM_LENGTH_MAX + 1];
        char name[3] = "";
        struct wasock_names names;
        const bool is_in_order = i % 2 == 0;
        random_text(&seed, alphabet, sizeof(alphabet) - 1, list,
                    random_below(&seed, RANDOM_LENGTH_MAX + 1));
        random_text(&seed, "ab=1", 4, name, random_below(&seed, 3));
        memcpy(text, list, sizeof(text));
        (is_in_order ? wasock_names_parse : wasock_names_parse_fdnames)(&names,
                                                                        text);
        assert_list(list, is_in_order ? "," : ":", &names, name);
        assert_explains(&names, name, 1 + random_below(&seed, 400));
    }
    simhost_check();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_lists_of_descriptor_names),
        cmocka_unit_test(test_no_names),
        cmocka_unit_test(test_address_in_a_label),
        cmocka_unit_test(listener_by_its_name_in_order),
        cmocka_unit_test(listener_by_its_name_of_a_descriptor),
        cmocka_unit_test(labels_for_all_listeners),
        cmocka_unit_test(names_beside_directories),
        cmocka_unit_test(test_names_from_the_environment),
        cmocka_unit_test(test_empty_and_missing_variables),
        cmocka_unit_test(test_labels_that_stay),
        cmocka_unit_test(test_explanations),
        cmocka_unit_test(test_random_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
