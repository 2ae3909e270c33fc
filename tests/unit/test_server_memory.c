/* SPDX-License-Identifier: MIT */
/* The server layer: its memory and its limits. */
#define NET_BYTES 200000

#include "served.h"

#define N_MANY 70

static _Alignas(WASOCK_FAKENET_ALIGNMENT) char many_net_memory
    [WASOCK_FAKENET_SIZE(3 * N_MANY, NET_BYTES)];
static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char many_memory
    [WASOCK_SERVER_SIZE(N_MANY, 50, 50)];

static size_t take_all(struct wasock_client *client, const void *data,
                       size_t length)
{
    (void)client;
    (void)data;
    return length;
}

static const struct wasock_handler taker = {.data = take_all};

/* Every part of the memory is aligned, has room for all clients, and ends
 * before the next one begins; the last one before the memory ends. */
static void assert_parts(uint32_t n, uint32_t input, uint32_t output)
{
    const struct wasock_server_options options = {.handler = &taker,
                                                  .n_clients = n,
                                                  .input_bytes = input,
                                                  .output_bytes = output};
    const size_t size = WASOCK_SERVER_SIZE(n, input, output);

    assert_true(size <= sizeof(many_memory));
    assert_int_equal(wasock_server_init(&server, many_memory, size, &options),
                     0);
    const uintptr_t begin = (uintptr_t)many_memory;
    const uintptr_t clients = (uintptr_t)server.clients_;
    const uintptr_t inputs = (uintptr_t)server.inputs_;
    const uintptr_t outputs = (uintptr_t)server.outputs_;
    assert_int_equal(clients % WASOCK_SERVER_ALIGNMENT, 0);
    assert_true(clients - begin >=
                WASOCK_POLLER_SIZE(n + WASOCK_SERVER_LISTENERS_MAX + 1));
    assert_true(inputs - clients >= n * sizeof(struct wasock_client));
    assert_true(outputs - inputs >= (n + 1) * input);
    assert_in_range(outputs - inputs, (n + 1) * input,
                    (n + 1) * input + WASOCK_SERVER_ALIGNMENT - 1);
    assert_true(outputs + n * output <= begin + size);
    wasock_server_close(&server);
}

static void test_parts_of_the_memory(void **unused)
{
    (void)unused;
    for (uint32_t n = 1; n <= 10; n++) {
        for (uint32_t bytes = 1; bytes <= 20; bytes++) {
            assert_parts(n, bytes, 1);
            assert_parts(n, 1, bytes);
        }
    }
}

static void test_wrong_sizes(void **unused)
{
    static const struct wasock_server_options good = {
        .handler = &taker, .n_clients = 1, .input_bytes = 1, .output_bytes = 1};

    (void)unused;
    for (int which = 0; which < 3; which++) {
        struct wasock_server_options options = good;
        options.n_clients = which != 0;
        options.input_bytes = which != 1;
        options.output_bytes = which != 2;
        assert_int_equal(wasock_server_init(&server, many_memory,
                                            sizeof(many_memory), &options),
                         -WASOCK_EINVAL);
    }
    assert_int_equal(wasock_server_init(&server, many_memory,
                                        WASOCK_SERVER_SIZE(1, 1, 1), &good),
                     0);
    wasock_server_close(&server);
}

/* As many listeners as the server has room for, each served, beside as many
 * clients; one more is refused, and so is one that is closed. */
static void test_all_listeners(void **unused)
{
    static const struct wasock_server_options options = {
        .handler = &taker, .n_clients = 9, .input_bytes = 9, .output_bytes = 9};
    static struct wasock_listener listeners[WASOCK_SERVER_LISTENERS_MAX + 1];
    static struct wasock_conn conns[WASOCK_SERVER_LISTENERS_MAX + 1];
    struct wasock_listener closed = {0};

    (void)unused;
    assert_int_equal(wasock_fakenet_init(&net, many_net_memory,
                                         sizeof(many_net_memory), 3 * N_MANY,
                                         NULL),
                     0);
    assert_int_equal(wasock_server_init(&server, many_memory,
                                        WASOCK_SERVER_SIZE(9, 9, 9), &options),
                     0);
    assert_int_equal(wasock_server_add_listener(&server, &closed),
                     -WASOCK_ECLOSED);
    for (size_t i = 0; i <= WASOCK_SERVER_LISTENERS_MAX; i++) {
        struct wasock_addr to = at;
        to.port = (uint16_t)(100 + i);
        assert_int_equal(
            wasock_listener_listen(&listeners[i], &net.network, &to, 0), 0);
        assert_int_equal(wasock_server_add_listener(&server, &listeners[i]),
                         i < WASOCK_SERVER_LISTENERS_MAX ? 0
                                                         : -WASOCK_ESTORAGE);
        to.port = i < WASOCK_SERVER_LISTENERS_MAX ? to.port : 100;
        assert_int_equal(
            wasock_conn_start_connect(&conns[i], &net.network, &to), 0);
        work();
        assert_int_equal(wasock_server_n_clients(&server), i + 1);
    }
    /* Full: whoever connects waits, and wakes nobody. */
    struct wasock_addr to = at;
    struct wasock_conn waiting = {0};
    to.port = 103;
    assert_int_equal(wasock_conn_start_connect(&waiting, &net.network, &to), 0);
    const uint64_t start_ns = wasock_fakenet_now_ns(&net);
    run_for_ns(10 * MS);
    assert_int_equal(wasock_fakenet_now_ns(&net) - start_ns, 10 * MS);
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    work();
    assert_int_equal(wasock_server_n_clients(&server), 9);
    wasock_server_close(&server);
    assert_int_equal(wasock_conn_close(&waiting), 0);
    for (size_t i = 0; i <= WASOCK_SERVER_LISTENERS_MAX; i++) {
        wasock_conn_close(&conns[i]);
        assert_int_equal(wasock_listener_close(&listeners[i]), 0);
    }
}

/* Many that connect at once do not keep the others waiting: one turn accepts
 * 64. */
static void test_accepts_a_turn(void **unused)
{
    static const struct wasock_server_options options = {.handler = &taker,
                                                         .n_clients = N_MANY,
                                                         .input_bytes = 50,
                                                         .output_bytes = 50};
    static struct wasock_conn conns[N_MANY];

    (void)unused;
    memset(&listener, 0, sizeof(listener));
    assert_int_equal(wasock_fakenet_init(&net, many_net_memory,
                                         sizeof(many_net_memory), 3 * N_MANY,
                                         NULL),
                     0);
    assert_int_equal(
        wasock_listener_listen(&listener, &net.network, &at, N_MANY), 0);
    assert_int_equal(
        wasock_server_init(&server, many_memory, sizeof(many_memory), &options),
        0);
    assert_int_equal(wasock_server_add_listener(&server, &listener), 0);
    for (size_t i = 0; i < N_MANY; i++) {
        assert_int_equal(
            wasock_conn_start_connect(&conns[i], &net.network, &at), 0);
    }
    run_for_ns(0);
    assert_int_equal(wasock_server_n_clients(&server), 64);
    run_for_ns(0);
    assert_int_equal(wasock_server_n_clients(&server), N_MANY);
    end();
    for (size_t i = 0; i < N_MANY; i++) {
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_of_the_memory),
        cmocka_unit_test(test_wrong_sizes),
        cmocka_unit_test(test_all_listeners),
        cmocka_unit_test(test_accepts_a_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
