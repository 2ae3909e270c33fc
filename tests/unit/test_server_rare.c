/* SPDX-License-Identifier: MIT */
/* The server layer: programs that use it in ways that few do, and hosts and
 * transports that fail. */
#include "served.h"

#include "simhost.h"

#define LARGE_BYTES 6000

static struct wasock_client *only_client(void)
{
    struct wasock_client *client = wasock_server_next(&server, NULL);

    assert_non_null(client);
    return client;
}

/* Begin with one client. */
static struct wasock_client *begin_one(const struct wasock_handler *handler,
                                       struct wasock_conn *conn)
{
    begin(handler);
    connect_to(conn);
    work();
    return only_client();
}

/* ---- Clients ---- */

static void test_pauses_that_change_nothing(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    struct wasock_client *client = begin_one(&lines, &conn);
    wasock_client_pause(client);
    wasock_client_pause(client);
    write_all(&conn, "a\n");
    work();
    assert_events("open ");
    wasock_client_resume(client);
    work();
    assert_events("line:a ");
    assert_reads(&conn, "a\n");
    wasock_client_commit(client, 0);
    assert_int_equal(wasock_client_n_queued(client), 0);
    wasock_client_close(client);
    wasock_client_pause(client);
    wasock_client_commit(client, 1); /* it takes no more */
    assert_int_equal(wasock_client_n_queued(client), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    work();
    assert_events("close:OK ");
    end();
}

static size_t on_first_byte(struct wasock_client *client, const void *data,
                            size_t length)
{
    note("data:%.*s ", (int)length, (const char *)data);
    wasock_client_close(client);
    return 1;
}

/* Who closes gets none of the input that is left. */
static void test_a_close_within_the_input(void **unused)
{
    static const struct wasock_handler handler = {.data = on_first_byte,
                                                  .close = on_close};
    struct wasock_conn conn;

    (void)unused;
    struct wasock_client *client = begin_one(&handler, &conn);
    client->user = client;
    write_all(&conn, "abc");
    work();
    assert_events("data:abc ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    work();
    assert_events("close:OK ");
    end();
}

/* A program that closes a client's connection itself: the client is closed with
 * the error of the poller, once it is asked about it. */
static void test_a_connection_closed_by_the_program(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    struct wasock_client *client = begin_one(&lines, &conn);
    assert_int_equal(wasock_conn_close(&client->conn), 0);
    wasock_client_pause(client);
    work();
    assert_events("open close:ENOENT ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

static void test_a_client_started_twice(void **unused)
{
    struct wasock_conn accepted = {0};
    struct wasock_listener other = {0};
    const struct wasock_addr there = {
        .family = WASOCK_ADDR_IPV4, .port = 82, .ip = {127, 0, 0, 1}};

    (void)unused;
    begin(&lines);
    assert_int_equal(wasock_listener_listen(&other, &net.network, &there, 1),
                     0);
    struct wasock_client *client = wasock_server_reserve(&server);
    assert_int_equal(
        wasock_conn_start_connect(&client->conn, &net.network, &there), 0);
    assert_int_equal(wasock_client_start(client), 0);
    const int error = wasock_client_start(client);
    assert_true(error < 0);
    events[0] = '\0';
    work();
    assert_int_equal(strncmp(events, "close:", 6), 0);
    assert_string_equal(strtok(events + 6, " "), wasock_err_name(error));
    events[0] = '\0';
    assert_int_equal(wasock_listener_try_accept(&other, &accepted), 0);
    assert_int_equal(wasock_conn_close(&accepted), 0);
    end();
    assert_int_equal(wasock_listener_close(&other), 0);
}

/* A deadline that the program sets wakes a client that still connects. */
static void test_a_deadline_while_connecting(void **unused)
{
    static const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};
    static const struct wasock_addr there = {
        .family = WASOCK_ADDR_IPV4, .port = 82, .ip = {127, 0, 0, 1}};
    struct wasock_listener other = {0};

    (void)unused;
    begin(&lines);
    assert_int_equal(wasock_listener_listen(&other, &net.network, &there, 1),
                     0);
    wasock_fakenet_set_faults(&net, &slow);
    struct wasock_client *client = wasock_server_reserve(&server);
    assert_int_equal(
        wasock_conn_start_connect(&client->conn, &net.network, &there), 0);
    assert_int_equal(wasock_client_start(client), 0);
    assert_int_equal(
        wasock_socket_set_deadline_ns(&client->conn.socket, WASOCK_WRITABLE,
                                      wasock_server_now_ns(&server) + MS),
        0);
    run_for_ns(5 * MS);
    assert_events("");
    run_for_ns(40 * MS);
    assert_events("open ");
    wasock_fakenet_set_faults(&net, NULL);
    end();
    assert_int_equal(wasock_listener_close(&other), 0);
}

/* ---- Output ---- */

static unsigned n_drains;

static void on_drain_counted(struct wasock_client *client)
{
    (void)client;
    n_drains++;
}

/* What is sent at once, without a copy, drains as well. */
static void test_large_output_drains(void **unused)
{
    static const struct wasock_handler handler = {.drain = on_drain_counted};
    static const struct wasock_server_options options = {
        .handler = &handler,
        .n_clients = 1,
        .input_bytes = INPUT_BYTES,
        .output_bytes = 2 * LARGE_BYTES};
    static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char
        memory[WASOCK_SERVER_SIZE(1, INPUT_BYTES, 2 * LARGE_BYTES)];
    static const char large[LARGE_BYTES];
    struct wasock_conn conn;

    (void)unused;
    begin(&lines);
    wasock_server_close(&server);
    assert_int_equal(
        wasock_server_init(&server, memory, sizeof(memory), &options), 0);
    assert_int_equal(wasock_server_add_listener(&server, &listener), 0);
    n_drains = 0;
    connect_to(&conn);
    work();
    assert_int_equal(wasock_client_send(only_client(), large, LARGE_BYTES), 0);
    assert_int_equal(wasock_client_n_queued(only_client()), 0);
    assert_int_equal(n_drains, 0);
    work();
    assert_int_equal(n_drains, 1);
    assert_int_equal(wasock_conn_close(&conn), 0);
    work();
    end();
}

static void abort_in_drain(struct wasock_client *client)
{
    note("drain ");
    wasock_client_abort(client, -WASOCK_EIO);
}

static void test_an_abort_within_drain(void **unused)
{
    static const struct wasock_handler handler = {
        .open = on_open, .drain = abort_in_drain, .close = on_close};
    struct wasock_conn conn;

    (void)unused;
    struct wasock_client *client = begin_one(&handler, &conn);
    assert_int_equal(wasock_client_send(client, "x", 1), 0);
    work();
    assert_events("open drain close:EIO ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

static int fail_to_shut(struct wasock_client *client)
{
    (void)client;
    note("shutdown ");
    return -WASOCK_EIO;
}

/* All was sent: that the session cannot be ended is no error of the client. */
static void test_a_failing_shutdown(void **unused)
{
    static const struct wasock_transport transport = {
        .read = read_plainly, .write = write_plainly, .shutdown = fail_to_shut};
    static const struct wasock_server_options options = {
        .handler = &lines, .transport = &transport, SIZES};
    struct wasock_conn conn;

    (void)unused;
    begin_with(&options);
    connect_to(&conn);
    work();
    wasock_client_close(only_client());
    work();
    assert_events("open shutdown close:OK ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* ---- Listeners and time ---- */

static void stop_when_open(struct wasock_client *client)
{
    note("open ");
    wasock_server_stop(client->server, 0);
}

/* Who stops the server in the middle of accepting gets no more clients. */
static void test_a_stop_while_accepting(void **unused)
{
    static const struct wasock_handler handler = {.open = stop_when_open};
    struct wasock_conn conns[2];

    (void)unused;
    begin(&handler);
    connect_to(&conns[0]);
    connect_to(&conns[1]);
    assert_int_equal(wasock_server_run(&server), 0);
    assert_events("open ");
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    assert_int_equal(wasock_conn_close(&conns[1]), 0);
    end();
}

/* A deadline of a listener is not a client. */
static void test_a_deadline_of_a_listener(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin(&lines);
    assert_int_equal(
        wasock_socket_set_deadline_ns(&listener.socket, WASOCK_READABLE,
                                      wasock_server_now_ns(&server) + MS),
        0);
    run_for_ns(5 * MS);
    assert_events("");
    connect_to(&conn);
    work();
    assert_events("open ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

static uint64_t times_ns[2];

static void ask_for_the_time(struct wasock_client *client)
{
    times_ns[0] = wasock_server_now_ns(client->server);
    times_ns[1] = wasock_server_now_ns(client->server);
}

/* The time stands still during a handler, and is known before all else. */
static void test_the_time(void **unused)
{
    static const struct wasock_handler handler = {.open = ask_for_the_time};
    static const struct wasock_server_options options = {.handler = &handler,
                                                         SIZES};
    struct wasock_conn conn;

    (void)unused;
    simhost_reset(1, &simhost_ideal);
    assert_int_equal(wasock_server_init(&server, server_memory,
                                        sizeof(server_memory), &options),
                     0);
    assert_true(wasock_server_now_ns(&server) > 0);
    wasock_server_close(&server);
    begin(&handler);
    connect_to(&conn);
    work();
    assert_true(times_ns[0] > 0);
    assert_true(times_ns[0] == times_ns[1]);
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* ---- wasock_server_main ---- */

static int add_nothing(struct wasock_server *started)
{
    (void)started;
    return 0;
}

static int run_main(size_t size)
{
    static const struct wasock_handler handler = {.start = add_nothing};
    static const struct wasock_server_options options = {.handler = &handler,
                                                         SIZES};

    return wasock_server_main(&server, server_memory, size, &options, "test");
}

static void begin_main(void)
{
    static const char *const environment[] = {"WASOCK_STOP=stdin", NULL};

    simhost_reset(1, &simhost_ideal);
    simhost_knobs.environment = environment;
    simhost_knobs.preopened_sockets_must_close = true;
    (void)simhost_preopen(SIMHOST_LISTENER);
}

static void test_main_that_fails(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_ideal);
    assert_int_equal(run_main(10), 1);
    begin_main();
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EIO, UINT64_MAX);
    assert_int_equal(run_main(sizeof(server_memory)), 2);
    simhost_clear_faults();
    simhost_check();
}

/* The request to stop is taken once, and before there are clients; the
 * listeners are no more than the server can have. */
static void test_wrong_starts(void **unused)
{
    static const struct wasock_server_options options = {.handler = &lines,
                                                         SIZES};
    static const struct wasock_fakenet_options on_host_clock = {
        .clock = WASOCK_FAKENET_HOST};
    struct wasock_listener own[WASOCK_SERVER_LISTENERS_MAX];

    (void)unused;
    begin_main();
    memset(own, 0, sizeof(own));
    assert_int_equal(wasock_server_init(&server, server_memory,
                                        sizeof(server_memory), &options),
                     0);
    assert_int_equal(wasock_server_stop_on_request(&server, 0), 0);
    assert_int_equal(wasock_server_stop_on_request(&server, 0), -WASOCK_EOPEN);
    assert_int_equal(wasock_fakenet_init(&net, net_memory, sizeof(net_memory),
                                         24, &on_host_clock),
                     0);
    for (size_t i = 0; i < WASOCK_SERVER_LISTENERS_MAX; i++) {
        struct wasock_addr own_at = at;
        own_at.port = (uint16_t)(100 + i);
        assert_int_equal(
            wasock_listener_listen(&own[i], &net.network, &own_at, 0), 0);
        assert_int_equal(wasock_server_add_listener(&server, &own[i]), 0);
    }
    assert_int_equal(wasock_server_listen_preopened(&server), -WASOCK_ESTORAGE);
    wasock_server_close(&server);
    for (size_t i = 0; i < WASOCK_SERVER_LISTENERS_MAX; i++) {
        assert_int_equal(wasock_listener_close(&own[i]), 0);
    }
    simhost_check();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses_that_change_nothing),
        cmocka_unit_test(test_a_close_within_the_input),
        cmocka_unit_test(test_a_connection_closed_by_the_program),
        cmocka_unit_test(test_a_client_started_twice),
        cmocka_unit_test(test_a_deadline_while_connecting),
        cmocka_unit_test(test_large_output_drains),
        cmocka_unit_test(test_an_abort_within_drain),
        cmocka_unit_test(test_a_failing_shutdown),
        cmocka_unit_test(test_a_stop_while_accepting),
        cmocka_unit_test(test_a_deadline_of_a_listener),
        cmocka_unit_test(test_the_time),
        cmocka_unit_test(test_main_that_fails),
        cmocka_unit_test(test_wrong_starts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
