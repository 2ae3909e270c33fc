/* SPDX-License-Identifier: MIT */
/*
 * How often the object of WASI 0.2 asks the host for bytes. The linker replaces
 * the import by __wrap_wasip2_input_read, which counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <wasock/clock.h>
#include <wasock/conn.h>
#include <wasock/err.h>
#include <wasock/listener.h>
#include <wasock/socket.h>

#include "host/wasip2/internal.h"

#define LENGTH_MAX 65536
#define N_MESSAGES 20
#define N_FIRST 8 /* in which the size of reads is learned */

void __real_wasip2_input_read(uint32_t input, uint64_t n_bytes, void *result);
void __wrap_wasip2_input_read(uint32_t input, uint64_t n_bytes, void *result);

static struct {
    unsigned n_all;
    unsigned n_behind; /* others that returned bytes */
    bool has_bytes;
} reads;

void __wrap_wasip2_input_read(uint32_t input, uint64_t n_bytes, void *result)
{
    const struct wasip2_bytes *bytes = (const struct wasip2_bytes *)result;

    __real_wasip2_input_read(input, n_bytes, result);
    reads.n_all++;
    reads.n_behind += reads.has_bytes;
    reads.has_bytes = !bytes->is_error && bytes->of.list.length > 0;
}

/* The same size again and again takes one read each, once that is known. */
static void test_one_read_a_message(void **unused)
{
    static const size_t lengths[] = {1, 64, 1024, 4096, 16384, 20000};
    static const struct wasock_addr loopback = {.family = WASOCK_ADDR_IPV4,
                                                .ip = {127, 0, 0, 1}};
    static uint8_t bytes[LENGTH_MAX];
    struct wasock_listener listener = {0};
    struct wasock_conn client = {0};
    struct wasock_conn server = {0};
    struct wasock_addr addr;

    (void)unused;
    assert_int_equal(wasock_listener_listen(&listener, NULL, &loopback, 1), 0);
    assert_int_equal(wasock_socket_local_addr(&listener.socket, &addr), 0);
    assert_int_equal(
        wasock_conn_connect_for_ns(&client, NULL, &addr, 5 * WASOCK_NS_PER_S),
        0);
    assert_int_equal(wasock_listener_accept(&listener, &server), 0);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (int k = 0; k < N_MESSAGES; k++) {
            size_t n_read = 0;
            assert_int_equal(wasock_conn_write(&client, bytes, lengths[i]),
                             lengths[i]);
            if (k == N_FIRST) {
                reads.n_all = reads.n_behind = 0;
            }
            while (n_read < lengths[i]) {
                reads.has_bytes = false;
                const ptrdiff_t n =
                    wasock_conn_read(&server, bytes, sizeof(bytes));
                assert_true(n > 0);
                n_read += (size_t)n;
            }
        }
        assert_in_range(reads.n_all, N_MESSAGES - N_FIRST, UINT32_MAX);
        assert_int_equal(reads.n_behind, 0);
    }
    assert_int_equal(wasock_conn_close(&client), 0);
    assert_int_equal(wasock_conn_close(&server), 0);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_read_a_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
