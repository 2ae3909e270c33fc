/* SPDX-License-Identifier: MIT */
/* The environment reader, on two host calls of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <wasock/env.h>
#include <wasock/err.h>

#include "random.h"
#include "wasip1.h"

#define N_RANDOM 100000
#define RANDOM_BYTES_MAX 24

/* What the host has, and what it answers. */
static struct {
    const char *variables[8];
    uint32_t n_variables;
    int32_t sizes_error;
    int32_t get_error;
    ptrdiff_t pointer_offset; /* added to the last pointer */
    uint32_t n_bytes_offset;  /* added to the size */
    bool is_unended;          /* the last byte is no zero */
    int n_calls;
} host;

/* Instead of all that: random bytes, and random pointers to them. */
static struct {
    bool is_on;
    uint64_t seed;
    uint32_t n_bytes;
    char bytes[RANDOM_BYTES_MAX + 1];
    ptrdiff_t offsets[8];
} garbage;

static uint32_t environment_bytes(void)
{
    uint32_t n_bytes = 0;

    for (uint32_t i = 0; i < host.n_variables; i++) {
        n_bytes += (uint32_t)strlen(host.variables[i]) + 1;
    }
    return n_bytes;
}

int32_t wasip1_environ_sizes_get(uint32_t *n_variables, uint32_t *n_bytes)
{
    host.n_calls++;
    if (host.sizes_error != 0) {
        return host.sizes_error;
    }
    *n_variables = host.n_variables;
    *n_bytes = garbage.is_on ? garbage.n_bytes
                             : environment_bytes() + host.n_bytes_offset;
    return 0;
}

static void get_garbage(char **variables, char *bytes)
{
    memcpy(bytes, garbage.bytes, garbage.n_bytes);
    for (uint32_t i = 0; i < host.n_variables; i++) {
        variables[i] = bytes + garbage.offsets[i];
    }
}

int32_t wasip1_environ_get(char **variables, char *bytes)
{
    host.n_calls++;
    if (host.get_error != 0) {
        return host.get_error;
    }
    assert_int_equal((uintptr_t)variables % sizeof(char *), 0);
    if (garbage.is_on) {
        get_garbage(variables, bytes);
        return 0;
    }
    for (uint32_t i = 0; i < host.n_variables; i++) {
        const size_t length = strlen(host.variables[i]);
        memcpy(bytes, host.variables[i], length + 1);
        variables[i] = bytes;
        if (i + 1 == host.n_variables) {
            variables[i] += host.pointer_offset;
            bytes[length] = host.is_unended ? 'x' : '\0';
        }
        bytes += length + 1;
    }
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    memset(&host, 0, sizeof(host));
    memset(&garbage, 0, sizeof(garbage));
    host.variables[0] = "PATH=/bin:/usr/bin";
    host.variables[1] = "HTTPS=no";
    host.variables[2] = "HTTP=first";
    host.variables[3] = "HTTP=second";
    host.variables[4] = "EMPTY=";
    host.variables[5] = "BARE";
    host.variables[6] = "LAST=x=y";
    host.n_variables = 7;
    return 0;
}

/* Read into memory of exactly this size, so that ASan sees a byte too many. */
static ptrdiff_t read_into(const char *name, size_t misalignment,
                           size_t capacity, const char *expected)
{
    char *memory = (char *)malloc(misalignment + capacity + 1);

    assert_non_null(memory);
    memory[misalignment + capacity] = '#';
    const ptrdiff_t result =
        wasock_env_read(name, memory + misalignment, capacity, NULL);
    if (result >= 0) {
        assert_string_equal(memory + misalignment, expected);
        assert_int_equal(result, strlen(expected));
    }
    assert_int_equal(memory[misalignment + capacity], '#');
    free(memory);
    return result;
}

static size_t needed(void)
{
    size_t needed_capacity = 0;

    assert_int_equal(wasock_env_read("PATH", NULL, 0, &needed_capacity),
                     -WASOCK_ESTORAGE);
    return needed_capacity;
}

static void test_values(void **state)
{
    static const struct {
        const char *name;
        const char *value;
    } known[] = {
        {"PATH", "/bin:/usr/bin"}, {"HTTPS", "no"},
        {"HTTP", "first"},         {"EMPTY", ""},
        {"LAST", "x=y"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        host.n_calls = 0;
        assert_true(read_into(known[i].name, 0, 1024, known[i].value) >= 0);
        assert_int_equal(host.n_calls, 2);
    }
}

static void test_names_that_are_not_there(void **state)
{
    static const char *const unknown[] = {
        "HTT", "HTTPSS", "BARE", "", "path", "x", "PATH=",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assert_int_equal(read_into(unknown[i], 0, 1024, NULL), -WASOCK_ENOENT);
    }
}

static void test_needed_capacity_is_enough_wherever_the_buffer_is(void **state)
{
    const size_t enough = needed();

    (void)state;
    for (size_t misalignment = 0; misalignment < 16; misalignment++) {
        assert_int_equal(read_into("LAST", misalignment, enough, "x=y"), 3);
        for (size_t capacity = 0; capacity < enough; capacity++) {
            assert_int_equal(read_into("LAST", misalignment, capacity, NULL),
                             -WASOCK_ESTORAGE);
        }
    }
}

/* In the worst place of the buffer its last byte is used, behind a last value
 * that the host has not ended. */
static void test_needed_capacity_is_no_byte_more(void **state)
{
    char *memory = (char *)malloc(needed() + 1);
    const size_t enough = needed();

    (void)state;
    assert_non_null(memory);
    memset(memory, '#', enough + 1);
    assert_int_equal(wasock_env_read("NONE", memory + 1, enough, NULL),
                     -WASOCK_ENOENT);
    assert_int_equal(memory[enough], '\0');
    free(memory);
}

static void test_needed_capacity_is_always_written(void **state)
{
    char buffer[1024];
    size_t needed_capacity = 0;
    const size_t enough = needed();

    (void)state;
    assert_int_equal(
        wasock_env_read("EMPTY", buffer, sizeof(buffer), &needed_capacity), 0);
    assert_int_equal(needed_capacity, enough);
    needed_capacity = 0;
    assert_int_equal(
        wasock_env_read("NONE", buffer, sizeof(buffer), &needed_capacity),
        -WASOCK_ENOENT);
    assert_int_equal(needed_capacity, enough);
}

static void test_empty_environment(void **state)
{
    (void)state;
    host.n_variables = 0;
    assert_int_equal(read_into("PATH", 0, needed(), NULL), -WASOCK_ENOENT);
}

static void test_errors_of_the_host(void **state)
{
    (void)state;
    host.sizes_error = WASOCK_ENOSYS;
    assert_int_equal(read_into("PATH", 0, 1024, NULL), -WASOCK_ENOSYS);
    assert_int_equal(host.n_calls, 1);
    host.sizes_error = 0;
    host.get_error = WASOCK_EIO;
    assert_int_equal(read_into("PATH", 0, 1024, NULL), -WASOCK_EIO);
}

/* What a host cannot mean must not lead out of the buffer. */
static void test_impossible_answers_of_the_host(void **state)
{
    (void)state;
    host.pointer_offset = 1 << 20;
    assert_int_equal(read_into("LAST", 0, 1024, NULL), -WASOCK_EHOST);
    host.pointer_offset = -(1 << 20);
    assert_int_equal(read_into("LAST", 0, 1024, NULL), -WASOCK_EHOST);
    assert_int_equal(read_into("PATH", 0, 1024, "/bin:/usr/bin"), 13);

    host.pointer_offset = 0;
    host.is_unended = true;
    assert_int_equal(read_into("LAST", 0, needed(), "x=yx"), 4);
}

static void test_environment_beyond_memory(void **state)
{
    size_t needed_capacity = 0;

    (void)state;
    host.n_bytes_offset = UINT32_MAX - 1000;
    assert_int_equal(wasock_env_read("PATH", NULL, 0, &needed_capacity),
                     -WASOCK_ESTORAGE);
    assert_true(needed_capacity > UINT32_MAX - 1000);
}

/* The value of "A", or the error, that garbage means. */
static int judge(const char **value)
{
    for (uint32_t i = 0; i < host.n_variables; i++) {
        if (garbage.offsets[i] < 0 ||
            garbage.offsets[i] > (ptrdiff_t)garbage.n_bytes) {
            return -WASOCK_EHOST;
        }
        *value = garbage.bytes + garbage.offsets[i] + 2;
        if (strncmp(*value - 2, "A=", 2) == 0) {
            return 0;
        }
    }
    return -WASOCK_ENOENT;
}

/* Whatever bytes and pointers a host gives, nothing else is read. */
static void test_random_answers_of_the_host(void **state)
{
    static const char alphabet[] = "A=b"; /* and the zero */
    int n_found = 0;

    (void)state;
    garbage.is_on = true;
    for (int i = 0; i < N_RANDOM; i++) {
        const char *value = NULL;
        garbage.n_bytes =
            (uint32_t)random_below(&garbage.seed, RANDOM_BYTES_MAX + 1);
        host.n_variables = (uint32_t)random_below(&garbage.seed, 9);
        memset(garbage.bytes, 0, sizeof(garbage.bytes));
        random_text(&garbage.seed, alphabet, sizeof(alphabet), garbage.bytes,
                    garbage.n_bytes);
        for (size_t j = 0; j < 8; j++) {
            garbage.offsets[j] =
                (ptrdiff_t)random_below(&garbage.seed, garbage.n_bytes + 1);
            if (random_below(&garbage.seed, 10) == 0) { /* or beside them */
                garbage.offsets[j] +=
                    (ptrdiff_t)random_below(&garbage.seed, 9) - 4;
            }
        }
        const int expected = judge(&value);
        const ptrdiff_t result =
            read_into("A", random_below(&garbage.seed, 8), needed(), value);
        assert_int_equal(result < 0 ? result : 0, expected);
        n_found += expected == 0;
    }
    assert_in_range(n_found, N_RANDOM / 10, N_RANDOM * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_values, set_up),
        cmocka_unit_test_setup(test_names_that_are_not_there, set_up),
        cmocka_unit_test_setup(
            test_needed_capacity_is_enough_wherever_the_buffer_is, set_up),
        cmocka_unit_test_setup(test_needed_capacity_is_no_byte_more, set_up),
        cmocka_unit_test_setup(test_needed_capacity_is_always_written, set_up),
        cmocka_unit_test_setup(test_empty_environment, set_up),
        cmocka_unit_test_setup(test_errors_of_the_host, set_up),
        cmocka_unit_test_setup(test_impossible_answers_of_the_host, set_up),
        cmocka_unit_test_setup(test_environment_beyond_memory, set_up),
        cmocka_unit_test_setup(test_random_answers_of_the_host, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
