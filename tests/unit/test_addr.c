/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <wasock/addr.h>
#include <wasock/err.h>

#include "random.h"

#define N_RANDOM 100000

static int parse(const char *text, struct wasock_addr *addr)
{
    /* Exactly the text, so that ASan sees a read past its end. */
    char exact[256];
    const size_t length = strlen(text);

    assert_true(length <= sizeof(exact));
    memcpy(exact + sizeof(exact) - length, text, length);
    return wasock_addr_parse(exact + sizeof(exact) - length, length, addr);
}

static struct wasock_addr parsed(const char *text)
{
    struct wasock_addr addr;

    memset(&addr, 0xa5, sizeof(addr));
    const int result = parse(text, &addr);
    if (result != 0) {
        fail_msg("\"%s\": %s", text, wasock_err_name(result));
    }
    return addr;
}

static void assert_formats(const struct wasock_addr *addr, const char *expected)
{
    char text[WASOCK_ADDR_TEXT_CAPACITY];

    assert_int_equal(wasock_addr_format(addr, text, sizeof(text)),
                     strlen(expected));
    assert_string_equal(text, expected);
}

/* A text, and the one form in which it is written again. */
static const struct {
    const char *text;
    const char *canonical;
} good[] = {
    {"127.0.0.1:8080", "127.0.0.1:8080"},
    {"0.0.0.0:0", "0.0.0.0:0"},
    {"255.255.255.255:65535", "255.255.255.255:65535"},
    {"1.20.30.199:9", "1.20.30.199:9"},
    {":8080", "0.0.0.0:8080"},
    {":0", "0.0.0.0:0"},
    {"[::]:0", "[::]:0"},
    {"[::1]:80", "[::1]:80"},
    {"[1::]:80", "[1::]:80"},
    {"[0:0:0:0:0:0:0:0]:1", "[::]:1"},
    {"[1:2:3:4:5:6:7:8]:65535", "[1:2:3:4:5:6:7:8]:65535"},
    {"[2001:DB8::A]:443", "[2001:db8::a]:443"},
    {"[0001:0020:0300:4000::]:1", "[1:20:300:4000::]:1"},
    {"[1:2:3:4:5:6:7::]:1", "[1:2:3:4:5:6:7:0]:1"},
    {"[::2:3:4:5:6:7:8]:1", "[0:2:3:4:5:6:7:8]:1"},
    /* RFC 5952, 4.2.2 and 4.2.3: one zero is written out; of two runs the
     * longer is left out, of two equal ones the first. */
    {"[2001:db8:0:1:1:1:1:1]:1", "[2001:db8:0:1:1:1:1:1]:1"},
    {"[2001:0:0:1:0:0:0:1]:1", "[2001:0:0:1::1]:1"},
    {"[2001:db8:0:0:1:0:0:1]:1", "[2001:db8::1:0:0:1]:1"},
    {"[::ffff:1.2.3.4]:5", "[::ffff:1.2.3.4]:5"},
    {"[::ffff:102:304]:5", "[::ffff:1.2.3.4]:5"},
    {"[::ffff:0:0]:5", "[::ffff:0.0.0.0]:5"},
    {"[::fffe:102:304]:5", "[::fffe:102:304]:5"},
    {"[1::ffff:102:304]:5", "[1::ffff:102:304]:5"},
    {"[::1.2.3.4]:5", "[::102:304]:5"},
    {"[64:ff9b::1.2.3.4]:5", "[64:ff9b::102:304]:5"},
    {"[1:2:3:4:5:6:7.8.9.10]:5", "[1:2:3:4:5:6:708:90a]:5"},
    {"unix:/run/x.sock", "unix:/run/x.sock"},
    {"unix::", "unix::"},
    {"unix:a b", "unix:a b"},
};

static void test_good_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const struct wasock_addr addr = parsed(good[i].text);
        assert_formats(&addr, good[i].canonical);
        const struct wasock_addr again = parsed(good[i].canonical);
        assert_memory_equal(&again, &addr, sizeof(addr));
    }
}

static const char *const bad[] = {
    "",
    " ",
    ":",
    "::",
    "8080",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:x",
    "127.0.0.1: 80",
    " 127.0.0.1:80",
    "127.0.0.1:80 ",
    "127.0.0.1:+80",
    "127.0.0.1:-1",
    "127.0.0.1:0x50",
    "127.0.0.1:65536",
    "127.0.0.1:99999999999999999999",
    "127.0.0.1:080",
    "127.0.0.1:00",
    "127.0.0.01:80",
    "00.0.0.0:80",
    "127.0.0.256:80",
    "127.0.0.4294967297:80",
    "127.0.0:80",
    "127.0.0.:80",
    "127.0.0.1.:80",
    "127.0.0.1.2:80",
    ".127.0.0.1:80",
    "127..0.1:80",
    "127.1:80",
    "0x7f.0.0.1:80",
    "a.0.0.1:80",
    "localhost:80",
    "*:80",
    "::1:80",
    "[::1]",
    "[::1]:",
    "[::1]80",
    "[::1:80",
    "[]:80",
    "[:]:80",
    "[:::]:80",
    "[::1::]:80",
    "[::1%lo]:80",
    "[1]:80",
    "[1:]:80",
    "[:1]:80",
    "[1:2:3:4:5:6:7]:80",
    "[1:2:3:4:5:6:7:]:80",
    "[1:2:3:4:5:6:7:8:]:80",
    "[1:2:3:4:5:6:7:8:9]:80",
    "[1:2:3:4:5:6:7:8::]:80",
    "[::1:2:3:4:5:6:7:8]:80",
    "[1:2:3:4::5:6:7:8]:80",
    "[12345::]:80",
    "[00001::]:80",
    "[g::]:80",
    "[1.2.3.4]:80",
    "[::1.2.3]:80",
    "[::1.2.3.256]:80",
    "[::1.2.3.04]:80",
    "[::1.2.3.4:5]:80",
    "[1:2:3:4:5:6:7:1.2.3.4]:80",
    "[::1:2:3:4:5:6:7:1.2.3.4]:80",
    "[1.2.3.4::]:80",
    "[::1]]:80",
    "[[::1]]:80",
    "unix:",
    "unix",
    "UNIX:x",
};

static void assert_refused(const char *text, int error)
{
    struct wasock_addr addr;
    struct wasock_addr untouched;

    memset(&addr, 0xa5, sizeof(addr));
    memset(&untouched, 0xa5, sizeof(untouched));
    const int result = parse(text, &addr);
    if (result != error) {
        fail_msg("\"%s\": %d", text, result);
    }
    assert_memory_equal(&addr, &untouched, sizeof(addr));
}

static void test_bad_texts_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused(bad[i], -WASOCK_EINVAL);
    }
}

/* Up to the last colon, because a port cut short is still a port. */
static void test_every_cut_of_a_good_text_is_refused(void **state)
{
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const size_t end = (size_t)(strrchr(good[i].text, ':') - good[i].text);
        for (size_t length = 0; length <= end; length++) {
            memcpy(text, good[i].text, length);
            text[length] = '\0';
            assert_refused(text, -WASOCK_EINVAL);
        }
    }
}

static void test_zero_in_the_text_is_refused(void **state)
{
    static const char name[] = "unix:a\0b";
    static const char ipv4[] = "127.0.0.1:80\0";
    struct wasock_addr addr;

    (void)state;
    assert_int_equal(wasock_addr_parse(name, sizeof(name) - 1, &addr),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_addr_parse(ipv4, sizeof(ipv4) - 1, &addr),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_addr_parse(NULL, 0, &addr), -WASOCK_EINVAL);
}

static void test_fields(void **state)
{
    static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 1, 2, 3, 4};
    static const uint8_t loopback[16] = {127, 0, 0, 1};

    (void)state;
    const struct wasock_addr ipv4 = parsed("127.0.0.1:8080");
    assert_int_equal(ipv4.family, WASOCK_ADDR_IPV4);
    assert_int_equal(ipv4.port, 8080);
    assert_memory_equal(ipv4.ip, loopback, sizeof(loopback));
    assert_string_equal(ipv4.name, "");

    const struct wasock_addr ipv6 = parsed("[::ffff:1.2.3.4]:1");
    assert_int_equal(ipv6.family, WASOCK_ADDR_IPV6);
    assert_int_equal(ipv6.port, 1);
    assert_memory_equal(ipv6.ip, mapped, sizeof(mapped));

    const struct wasock_addr name = parsed("unix:/run/x.sock");
    assert_int_equal(name.family, WASOCK_ADDR_NAME);
    assert_int_equal(name.port, 0);
    assert_string_equal(name.name, "/run/x.sock");
}

static void test_length_of_names(void **state)
{
    char text[5 + WASOCK_ADDR_NAME_CAPACITY + 1] = "unix:";
    struct wasock_addr addr;

    (void)state;
    memset(text + 5, 'n', WASOCK_ADDR_NAME_CAPACITY - 1);
    addr = parsed(text);
    assert_int_equal(strlen(addr.name), WASOCK_ADDR_NAME_CAPACITY - 1);
    assert_formats(&addr, text);

    text[5 + WASOCK_ADDR_NAME_CAPACITY - 1] = 'n';
    assert_refused(text, -WASOCK_ENAMETOOLONG);
}

static void test_unspecified_gives_its_label(void **state)
{
    struct wasock_addr addr = {0};

    (void)state;
    assert_formats(&addr, ":0");
    strcpy(addr.name, "x");
    assert_formats(&addr, "x");
    strcpy(addr.name, "http=127.0.0.1:80");
    assert_formats(&addr, "http=127.0.0.1:80");
    addr.family =
        77; /* a later version's: no text is better than a wrong one */
    assert_formats(&addr, "http=127.0.0.1:80");
}

static void test_name_without_a_final_zero(void **state)
{
    char text[WASOCK_ADDR_TEXT_CAPACITY];
    struct wasock_addr addr = {.family = WASOCK_ADDR_NAME};

    (void)state;
    memset(addr.name, 'n', sizeof(addr.name));
    assert_int_equal(wasock_addr_format(&addr, text, sizeof(text)),
                     5 + WASOCK_ADDR_NAME_CAPACITY);
    assert_int_equal(strlen(text), 5 + WASOCK_ADDR_NAME_CAPACITY);
}

/* Every capacity gives the beginning of the whole text, ended. */
static void test_every_capacity(void **state)
{
    char whole[WASOCK_ADDR_TEXT_CAPACITY];
    char text[WASOCK_ADDR_TEXT_CAPACITY + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const struct wasock_addr addr = parsed(good[i].text);
        const size_t length = wasock_addr_format(&addr, whole, sizeof(whole));
        for (size_t capacity = 0; capacity <= length + 2; capacity++) {
            memset(text, '#', sizeof(text));
            assert_int_equal(wasock_addr_format(&addr, text, capacity), length);
            assert_int_equal(text[capacity], '#');
            if (capacity > 0) {
                const size_t kept = capacity > length ? length : capacity - 1;
                assert_memory_equal(text, whole, kept);
                assert_int_equal(text[kept], '\0');
            }
        }
        assert_int_equal(wasock_addr_format(&addr, NULL, 0), length);
    }
}

/* Zeros and 0xffff often, or no run of them would ever be seen. */
static struct wasock_addr random_addr(uint64_t *seed)
{
    struct wasock_addr addr = {0};
    uint64_t bits = next_random(seed);

    addr.family = (uint8_t)(WASOCK_ADDR_IPV4 + bits % 3);
    bits >>= 8;
    if (addr.family == WASOCK_ADDR_NAME) {
        const size_t length = 1 + bits % (WASOCK_ADDR_NAME_CAPACITY - 1);
        for (size_t i = 0; i < length; i++) {
            addr.name[i] = (char)(1 + next_random(seed) % 255);
        }
        return addr;
    }
    addr.port = (uint16_t)(bits >> 16);
    for (size_t i = 0; i < (addr.family == WASOCK_ADDR_IPV4 ? 4u : 16u); i++) {
        const uint64_t choice = next_random(seed);
        addr.ip[i] = (uint8_t)(choice % 4 == 0   ? choice >> 8
                               : choice % 8 == 1 ? 0xff
                                                 : 0);
    }
    return addr;
}

static void test_parse_undoes_format(void **state)
{
    char text[WASOCK_ADDR_TEXT_CAPACITY];
    uint64_t seed = 1;

    (void)state;
    for (int i = 0; i < N_RANDOM; i++) {
        struct wasock_addr again;
        const struct wasock_addr addr = random_addr(&seed);
        const size_t length = wasock_addr_format(&addr, text, sizeof(text));
        assert_int_equal(length, strlen(text));
        assert_true(length < sizeof(text));
        assert_int_equal(wasock_addr_parse(text, length, &again), 0);
        assert_memory_equal(&again, &addr, sizeof(addr));
    }
}

/* The system's own inet_ntop as judge. It writes the deprecated
 * IPv4-compatible addresses with dots, which RFC 5952 does not ask for. */
static void test_ipv6_is_written_as_the_system_does(void **state)
{
    char text[WASOCK_ADDR_TEXT_CAPACITY];
    char expected[WASOCK_ADDR_TEXT_CAPACITY];
    char ip[INET6_ADDRSTRLEN];
    uint64_t seed = 2;
    int n_compared = 0;

    (void)state;
    for (int i = 0; i < N_RANDOM; i++) {
        const struct wasock_addr addr = random_addr(&seed);
        if (addr.family != WASOCK_ADDR_IPV6) {
            continue;
        }
        assert_non_null(inet_ntop(AF_INET6, addr.ip, ip, sizeof(ip)));
        if (strchr(ip, '.') != NULL && strncmp(ip, "::ffff:", 7) != 0) {
            continue;
        }
        snprintf(expected, sizeof(expected), "[%s]:%u", ip,
                 (unsigned)addr.port);
        wasock_addr_format(&addr, text, sizeof(text));
        assert_string_equal(text, expected);
        n_compared++;
    }
    assert_true(n_compared > N_RANDOM / 10);
}

/* An address text with some characters changed, left out or doubled. */
static size_t damaged_ipv6(uint64_t *seed, char *text)
{
    static const char alphabet[] = "0123:.fF:9";
    struct wasock_addr addr = random_addr(seed);

    addr.family = WASOCK_ADDR_IPV6;
    assert_true(wasock_addr_format(&addr, text, WASOCK_ADDR_TEXT_CAPACITY) > 0);
    size_t length = (size_t)(strrchr(text, ']') - text) - 1;
    memmove(text, text + 1, length);
    for (uint64_t n = next_random(seed) % 4; n > 0 && length > 2; n--) {
        const uint64_t bits = next_random(seed);
        const size_t at = (size_t)(bits >> 32) % length;
        switch (bits % 3) {
        case 0:
            text[at] = alphabet[(bits >> 8) % (sizeof(alphabet) - 1)];
            break;
        case 1:
            memmove(text + at, text + at + 1, length - at - 1);
            length--;
            break;
        default:
            memmove(text + at + 1, text + at, length - at);
            length++;
            break;
        }
    }
    text[length] = '\0';
    return length;
}

static void test_ipv6_is_read_as_the_system_does(void **state)
{
    char ip[WASOCK_ADDR_TEXT_CAPACITY + 8];
    char text[sizeof(ip) + 4];
    uint64_t seed = 3;
    int n_good = 0;
    int n_bad = 0;

    (void)state;
    for (int i = 0; i < N_RANDOM; i++) {
        uint8_t expected[16];
        struct wasock_addr addr;
        damaged_ipv6(&seed, ip);
        const bool is_good = inet_pton(AF_INET6, ip, expected) == 1;
        snprintf(text, sizeof(text), "[%s]:7", ip);
        const int result = parse(text, &addr);
        if (result != (is_good ? 0 : -WASOCK_EINVAL)) {
            fail_msg("\"%s\": %d", text, result);
        }
        if (is_good) {
            assert_memory_equal(addr.ip, expected, sizeof(expected));
        }
        n_good += is_good;
        n_bad += !is_good;
    }
    assert_true(n_good > N_RANDOM / 10);
    assert_true(n_bad > N_RANDOM / 10);
}

/* A good or a bad text, damaged in some places, of exactly its size. */
static char *damaged_text(uint64_t *seed, size_t *length)
{
    static const char alphabet[] = "0123456789.:[]fFx%unix:/ \xff";
    const size_t n_good = sizeof(good) / sizeof(good[0]);
    const size_t n_bad = sizeof(bad) / sizeof(bad[0]);
    const size_t which = random_below(seed, n_good + n_bad);
    const char *whole = which < n_good ? good[which].text : bad[which - n_good];
    char text[64];

    *length = strlen(whole);
    memcpy(text, whole, *length);
    for (size_t n = random_below(seed, 4); n > 0 && *length > 0; n--) {
        const size_t at = random_below(seed, *length);
        if (random_below(seed, 3) == 0) {
            *length = *length - 1;
            memmove(text + at, text + at + 1, *length - at);
        } else { /* the zero at the alphabet's end, too */
            random_text(seed, alphabet, sizeof(alphabet), text + at, 1);
        }
    }
    char *exact = (char *)malloc(*length > 0 ? *length : 1);
    assert_non_null(exact);
    memcpy(exact, text, *length);
    return exact;
}

static bool is_port(const char *text)
{
    const size_t length = strlen(text);

    return length > 0 && strspn(text, "0123456789") == length &&
           (length == 1 || text[0] != '0') && length <= 5 &&
           strtoul(text, NULL, 10) <= UINT16_MAX;
}

/* What parse ought to say, by the system's functions. */
static int judge(const char *text, size_t length)
{
    uint8_t ip[16];
    char copy[64] = "";

    memcpy(copy, text, length);
    char *const port = strrchr(copy, ':');
    if (strlen(copy) != length || port == NULL) {
        return -WASOCK_EINVAL;
    }
    if (strncmp(copy, "unix:", 5) == 0) {
        return length > 5 ? 0 : -WASOCK_EINVAL;
    }
    *port = '\0';
    bool is_good = is_port(port + 1);
    if (copy[0] == '[') {
        is_good = is_good && port[-1] == ']';
        port[-1] = '\0';
        is_good = is_good && inet_pton(AF_INET6, copy + 1, ip) == 1;
    } else {
        is_good =
            is_good && (port == copy || inet_pton(AF_INET, copy, ip) == 1);
    }
    return is_good ? 0 : -WASOCK_EINVAL;
}

static void test_random_texts_are_read_as_the_system_does(void **state)
{
    char text[WASOCK_ADDR_TEXT_CAPACITY];
    uint64_t seed = 4;
    int n_good = 0;

    (void)state;
    for (int i = 0; i < N_RANDOM; i++) {
        struct wasock_addr addr;
        struct wasock_addr again;
        size_t length = 0;
        char *exact = damaged_text(&seed, &length);
        memset(&addr, 0xa5, sizeof(addr));
        again = addr;
        const int result = wasock_addr_parse(exact, length, &addr);
        if (result != judge(exact, length)) {
            fail_msg("\"%.*s\": %d", (int)length, exact, result);
        }
        if (result == 0) {
            length = wasock_addr_format(&addr, text, sizeof(text));
            assert_int_equal(wasock_addr_parse(text, length, &again), 0);
            n_good++;
        }
        assert_memory_equal(&again, &addr, sizeof(addr));
        free(exact);
    }
    assert_in_range(n_good, N_RANDOM / 10, N_RANDOM * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_texts),
        cmocka_unit_test(test_bad_texts_are_refused),
        cmocka_unit_test(test_every_cut_of_a_good_text_is_refused),
        cmocka_unit_test(test_zero_in_the_text_is_refused),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_length_of_names),
        cmocka_unit_test(test_unspecified_gives_its_label),
        cmocka_unit_test(test_name_without_a_final_zero),
        cmocka_unit_test(test_every_capacity),
        cmocka_unit_test(test_parse_undoes_format),
        cmocka_unit_test(test_ipv6_is_written_as_the_system_does),
        cmocka_unit_test(test_ipv6_is_read_as_the_system_does),
        cmocka_unit_test(test_random_texts_are_read_as_the_system_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
