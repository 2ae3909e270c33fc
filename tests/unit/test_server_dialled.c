/* SPDX-License-Identifier: MIT */
/* The server layer: clients whose connections the program opens. */
#include "served.h"

static const struct wasock_addr there = {
    .family = WASOCK_ADDR_IPV4, .port = 82, .ip = {127, 0, 0, 1}};
static const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};
static struct wasock_listener other;
static struct wasock_conn accepted;

static size_t on_data(struct wasock_client *client, const void *data,
                      size_t length)
{
    (void)client;
    note("data:%.*s ", (int)length, (const char *)data);
    return length;
}

static const struct wasock_handler noting = {
    .open = on_open, .data = on_data, .close = on_close};

static void begin_dialling(const struct wasock_server_options *options)
{
    begin_with(options);
    memset(&other, 0, sizeof(other));
    memset(&accepted, 0, sizeof(accepted));
    assert_int_equal(wasock_listener_listen(&other, &net.network, &there, 1),
                     0);
}

static struct wasock_client *reserve(void)
{
    struct wasock_client *client = wasock_server_reserve(&server);

    assert_non_null(client);
    client->user = client;
    return client;
}

static struct wasock_client *dial(const struct wasock_addr *to)
{
    struct wasock_client *client = reserve();

    assert_int_equal(wasock_conn_start_connect(&client->conn, &net.network, to),
                     0);
    return client;
}

static void end_dialling(void)
{
    if (wasock_socket_is_open(&accepted.socket)) {
        assert_int_equal(wasock_conn_close(&accepted), 0);
    }
    end();
    assert_int_equal(wasock_listener_close(&other), 0);
}

static const struct wasock_server_options plain = {.handler = &noting, SIZES};

/* What a connect results in at once is the result of start. */
static void test_results_of_start(void **unused)
{
    static const struct wasock_addr nowhere = {
        .family = WASOCK_ADDR_IPV4, .port = 81, .ip = {127, 0, 0, 1}};

    (void)unused;
    begin_dialling(&plain);
    assert_int_equal(wasock_client_start(dial(&there)), 0);
    assert_events("open ");
    wasock_fakenet_set_faults(&net, &slow);
    struct wasock_client *client = dial(&nowhere);
    assert_int_equal(wasock_fakenet_sleep_for_ns(&net, 20 * MS), 0);
    assert_int_equal(wasock_client_start(client), -WASOCK_ECONNREFUSED);
    wasock_fakenet_set_faults(&net, NULL);
    work();
    assert_events("close:ECONNREFUSED ");
    end_dialling();
}

/* A full server has no room for one more client. */
static void test_reserving_all(void **unused)
{
    (void)unused;
    begin_dialling(&plain);
    for (size_t i = 0; i < N_CLIENTS; i++) {
        reserve();
    }
    assert_null(wasock_server_reserve(&server));
    end_dialling();
}

/* While it connects: what is done to a client holds once it is open, and the
 * server still learns that it is. */
static void use_while_connecting(bool pauses, bool sends)
{
    begin_dialling(&plain);
    wasock_fakenet_set_faults(&net, &slow);
    struct wasock_client *client = dial(&there);
    if (!sends) { /* it was used before it was started */
        wasock_client_pause(client);
        wasock_client_resume(client);
    }
    assert_int_equal(wasock_client_start(client), 0);
    if (sends) {
        assert_int_equal(wasock_client_send(client, "hello", 5), 0);
    }
    if (pauses) {
        wasock_client_pause(client);
    }
    work();
    assert_events("");
    run_for_ns(40 * MS);
    assert_events("open ");
    assert_int_equal(wasock_listener_try_accept(&other, &accepted), 0);
    assert_reads(&accepted, sends ? "hello" : "");
    write_all(&accepted, "x");
    run_for_ns(40 * MS);
    assert_events(pauses ? "" : "data:x ");
    wasock_client_resume(client);
    run_for_ns(40 * MS);
    assert_events(pauses ? "data:x " : "");
    wasock_fakenet_set_faults(&net, NULL);
    end_dialling();
}

static void test_use_while_connecting(void **unused)
{
    (void)unused;
    use_while_connecting(false, false);
    use_while_connecting(false, true);
    use_while_connecting(true, false);
    use_while_connecting(true, true);
}

/* What is done to a client before it is started is not forgotten. */
static void test_either_use_before_start(void **unused)
{
    char byte = 0;

    (void)unused;
    begin_dialling(&plain);
    struct wasock_client *client = dial(&there);
    assert_int_equal(wasock_client_send(client, "1", 1), 0);
    work();
    assert_int_equal(wasock_client_start(client), 0);
    work();
    assert_int_equal(wasock_listener_try_accept(&other, &accepted), 0);
    assert_reads(&accepted, "1");
    assert_int_equal(wasock_conn_close(&accepted), 0);
    work();
    assert_events("open close:OK ");
    client = dial(&there);
    wasock_client_pause(client);
    work();
    assert_int_equal(wasock_client_start(client), 0);
    assert_int_equal(wasock_listener_try_accept(&other, &accepted), 0);
    write_all(&accepted, "x");
    work();
    assert_events("open ");
    assert_int_equal(wasock_conn_close(&accepted), 0);
    wasock_client_abort(client, 0);
    client = dial(&there);
    wasock_client_shutdown(client);
    work();
    assert_int_equal(wasock_client_start(client), 0);
    work();
    assert_int_equal(wasock_listener_try_accept(&other, &accepted), 0);
    assert_int_equal(wasock_conn_try_read(&accepted, &byte, 1), 0);
    end_dialling();
}

/* A client that was ended before it is started is not opened. */
static void test_end_before_start(void **unused)
{
    (void)unused;
    begin_dialling(&plain);
    struct wasock_client *client = dial(&there);
    wasock_client_abort(client, -WASOCK_EACCES);
    assert_int_equal(wasock_client_start(client), -WASOCK_ECLOSED);
    work();
    assert_events("close:EACCES ");
    client = dial(&there);
    wasock_client_close(client);
    assert_int_equal(wasock_client_start(client), -WASOCK_ECLOSED);
    work();
    assert_events("close:OK ");
    client = dial(&there);
    wasock_server_stop(&server, WASOCK_NS_PER_S);
    assert_int_equal(wasock_client_start(client), -WASOCK_ECLOSED);
    assert_int_equal(wasock_server_run(&server), 0);
    assert_events("close:OK ");
    end_dialling();
}

static const struct wasock_server_options timed = {
    .handler = &noting, SIZES, .idle_ns = 100 * MS};

/* The time without a read or write counts from the start, and anew from when
 * the connection is open. */
static void test_idle_times(void **unused)
{
    static const struct wasock_fakenet_faults very_slow = {.latency_ns =
                                                               30 * MS};
    struct wasock_conn filler = {0};

    (void)unused;
    begin_dialling(&timed);
    /* The backlog of one is full: the client stays connecting. */
    assert_int_equal(wasock_conn_start_connect(&filler, &net.network, &there),
                     0);
    assert_int_equal(wasock_client_start(dial(&there)), 0);
    run_for_ns(95 * MS);
    assert_events("");
    run_for_ns(10 * MS);
    assert_events("close:EDEADLINE ");
    assert_int_equal(wasock_conn_close(&filler), 0);
    assert_int_equal(wasock_listener_try_accept(&other, &accepted), 0);
    /* Open after 60 ms: idle from then on. */
    wasock_fakenet_set_faults(&net, &very_slow);
    assert_int_equal(wasock_client_start(dial(&there)), 0);
    run_for_ns(150 * MS);
    assert_events("open ");
    run_for_ns(20 * MS);
    assert_events("close:EDEADLINE ");
    wasock_fakenet_set_faults(&net, NULL);
    end_dialling();
}

/* A server without a listener gets its time from the first client. */
static void test_no_listener(void **unused)
{
    (void)unused;
    begin_dialling(&timed);
    wasock_server_close(&server);
    assert_int_equal(wasock_server_init(&server, server_memory,
                                        sizeof(server_memory), &timed),
                     0);
    assert_int_equal(wasock_client_start(dial(&there)), 0);
    run_for_ns(95 * MS);
    assert_events("open ");
    assert_int_equal(wasock_server_add_listener(&server, &listener), 0);
    run_for_ns(10 * MS);
    assert_events("close:EDEADLINE ");
    end_dialling();
}

/* ---- With a transport ---- */

static unsigned n_closes;

/* It speaks first, in its first read. */
static ptrdiff_t read_after_hello(struct wasock_client *client, void *buffer,
                                  size_t capacity)
{
    if (client->user == client) {
        client->user = &n_closes;
        assert_int_equal(wasock_conn_try_write(&client->conn, "hello", 5), 5);
    }
    return wasock_conn_try_read(&client->conn, buffer, capacity);
}

static void count_close(struct wasock_client *client)
{
    (void)client;
    n_closes++;
}

static void test_a_transport_speaks_first(void **unused)
{
    static const struct wasock_handler handler = {.data = on_data};
    static const struct wasock_transport transport = {
        .read = read_after_hello, .write = write_plainly, .close = count_close};
    static const struct wasock_server_options options = {
        .handler = &handler, .transport = &transport, SIZES};

    (void)unused;
    n_closes = 0;
    begin_dialling(&options);
    assert_int_equal(wasock_client_start(dial(&there)), 0);
    work();
    assert_int_equal(wasock_listener_try_accept(&other, &accepted), 0);
    assert_reads(&accepted, "hello");
    /* A transport that was never open is not closed. */
    wasock_client_abort(reserve(), 0);
    work();
    assert_int_equal(n_closes, 0);
    end_dialling();
    assert_int_equal(n_closes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_of_start),
        cmocka_unit_test(test_reserving_all),
        cmocka_unit_test(test_use_while_connecting),
        cmocka_unit_test(test_either_use_before_start),
        cmocka_unit_test(test_end_before_start),
        cmocka_unit_test(test_idle_times),
        cmocka_unit_test(test_no_listener),
        cmocka_unit_test(test_a_transport_speaks_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
