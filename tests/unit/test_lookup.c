/* SPDX-License-Identifier: MIT */
/* Names of hosts, looked up on a host that this test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <wasock/err.h>
#include <wasock/lookup.h>

#include "host.h"

/* What the host answers, and what it was asked. */
static struct {
    int32_t error;
    size_t n_addrs;
    char name[32];
    size_t capacity;
} host;

int32_t wasock__host_lookup(const char *name, struct wasock_addr *addrs,
                            size_t capacity, size_t *n_addrs)
{
    const struct wasock_addr addr = {.family = WASOCK_ADDR_IPV4, .port = 9};

    assert_true(strlen(name) < sizeof(host.name));
    memcpy(host.name, name, strlen(name) + 1);
    host.capacity = capacity;
    if (host.error != 0) {
        return host.error;
    }
    for (size_t i = 0; i < host.n_addrs; i++) {
        addrs[i] = addr;
    }
    *n_addrs = host.n_addrs;
    return 0;
}

static void test_each_address_has_the_port(void **unused)
{
    struct wasock_addr addrs[4];

    (void)unused;
    for (size_t n = 1; n <= 3; n++) {
        memset(addrs, 0, sizeof(addrs));
        host.n_addrs = n;
        assert_int_equal(wasock_lookup("example.net", 80, addrs, 3), n);
        assert_string_equal(host.name, "example.net");
        assert_int_equal(host.capacity, 3);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(addrs[i].family, WASOCK_ADDR_IPV4);
            assert_int_equal(addrs[i].port, 80);
        }
        assert_int_equal(addrs[n].port, 0);
    }
}

static void test_errors(void **unused)
{
    static const int32_t errors[] = {WASOCK_ENOENT, WASOCK_EACCES,
                                     WASOCK_ENOSYS, 1};
    struct wasock_addr addrs[2];

    (void)unused;
    host.n_addrs = 0; /* a name without addresses */
    assert_int_equal(wasock_lookup("", 80, addrs, 2), -WASOCK_ENOENT);
    assert_string_equal(host.name, "");
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        host.error = errors[i];
        assert_int_equal(wasock_lookup("x", 80, addrs, 2), -errors[i]);
    }
    host.error = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_address_has_the_port),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
