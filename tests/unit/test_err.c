/* SPDX-License-Identifier: MIT */
/* Result codes: names, texts, and what a dead peer looks like. */
#include "worlds.h"

static void test_each_code_has_its_name_and_text(void **unused)
{
    (void)unused;
#define CHECK(name, number, text)                                              \
    assert_string_equal(wasock_err_name(-WASOCK_##name), #name);               \
    assert_string_equal(wasock_err_name(number), #name);                       \
    assert_string_equal(wasock_err_text(-WASOCK_##name), text);
    WASOCK_ERR_TABLE(CHECK)
#undef CHECK
}

static void test_unknown_codes_have_a_text(void **unused)
{
    (void)unused;
    assert_string_equal(wasock_err_name(0), "OK");
    assert_string_equal(wasock_err_text(0), "success");
    assert_string_equal(wasock_err_name(255), "E?");
    assert_string_equal(wasock_err_name(PTRDIFF_MIN), "E?");
    assert_string_equal(wasock_err_text(PTRDIFF_MAX), "unknown code");
}

static void test_a_dead_peer_by_any_name(void **unused)
{
    static const int dead[] = {WASOCK_EPIPE,        WASOCK_ECONNRESET,
                               WASOCK_ECONNABORTED, WASOCK_ENOTCONN,
                               WASOCK_ENETRESET,    WASOCK_ETIMEDOUT,
                               WASOCK_EIO};
    size_t n_dead = 0;

    (void)unused;
    for (int code = 0; code < 300; code++) {
        assert_int_equal(wasock_err_is_disconnect(code),
                         wasock_err_is_disconnect(-code));
        n_dead += wasock_err_is_disconnect(code);
    }
    for (size_t i = 0; i < sizeof(dead) / sizeof(dead[0]); i++) {
        assert_true(wasock_err_is_disconnect(-dead[i]));
    }
    assert_int_equal(n_dead, sizeof(dead) / sizeof(dead[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_code_has_its_name_and_text),
        cmocka_unit_test(test_unknown_codes_have_a_text),
        cmocka_unit_test(test_a_dead_peer_by_any_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
