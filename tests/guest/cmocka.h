/* SPDX-License-Identifier: MIT */
/*
 * cmocka.h - as much of cmocka as the tests here call, for guests, where the
 * real one cannot be built. The first failure ends the program.
 */
#ifndef WASOCK_TESTS_GUEST_CMOCKA_H
#define WASOCK_TESTS_GUEST_CMOCKA_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*test)(void **state);
};

#define print_message printf

#define cmocka_unit_test(function) {#function, function}

static inline void guest_check(int is_true, const char *text, const char *file,
                               int line)
{
    if (!is_true) {
        printf("%s:%d: failed: %s\n", file, line, text);
        exit(1);
    }
}

static inline void guest_check_equal(uintmax_t a, uintmax_t b, const char *text,
                                     const char *file, int line)
{
    if (a != b) {
        printf("%" PRIdMAX " is not %" PRIdMAX "\n", (intmax_t)a, (intmax_t)b);
    }
    guest_check(a == b, text, file, line);
}

#define fail_msg(...)                                                          \
    (printf("%s:%d: ", __FILE__, __LINE__), printf(__VA_ARGS__), exit(1))
#define assert_true(c) guest_check((c) != 0, #c, __FILE__, __LINE__)
#define assert_null(p)                                                         \
    guest_check((p) == NULL, #p " is NULL", __FILE__, __LINE__)
#define assert_false(c) guest_check((c) == 0, "not " #c, __FILE__, __LINE__)
#define assert_int_equal(a, b)                                                 \
    guest_check_equal((uintmax_t)(intmax_t)(a), (uintmax_t)(intmax_t)(b),      \
                      #a " == " #b, __FILE__, __LINE__)
#define assert_int_not_equal(a, b)                                             \
    guest_check((uintmax_t)(intmax_t)(a) != (uintmax_t)(intmax_t)(b),          \
                #a " != " #b, __FILE__, __LINE__)
#define assert_in_range(value, least, most)                                    \
    guest_check((uintmax_t)(value) - (uintmax_t)(least) <=                     \
                    (uintmax_t)(most) - (uintmax_t)(least),                    \
                #value " in range", __FILE__, __LINE__)
#define assert_ptr_equal(a, b)                                                 \
    guest_check((const void *)(a) == (const void *)(b), #a " is " #b,          \
                __FILE__, __LINE__)
#define assert_memory_equal(a, b, n)                                           \
    guest_check(memcmp(a, b, n) == 0, #a " as " #b, __FILE__, __LINE__)
#define assert_string_equal(a, b)                                              \
    guest_check(strcmp(a, b) == 0, #a " as " #b, __FILE__, __LINE__)

static inline int guest_run(const struct CMUnitTest *tests, size_t n_tests)
{
    for (size_t i = 0; i < n_tests; i++) {
        printf("%s\n", tests[i].name);
        tests[i].test(NULL);
    }
    printf("%u tests passed\n", (unsigned)n_tests);
    return 0;
}

#define cmocka_run_group_tests(tests, setup, teardown)                         \
    guest_run(tests, sizeof(tests) / sizeof((tests)[0]))

#endif
