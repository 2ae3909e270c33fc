/* SPDX-License-Identifier: MIT */
/* The server layer: how it stops, on the in-process network. */
#include "served.h"

static void on_stop(struct wasock_client *client)
{
    note("stop:%u ", (unsigned)wasock_client_index(client));
    if (wasock_client_index(client) != 2) {
        assert_int_equal(wasock_client_send(client, "bye", 3), 0);
        wasock_client_close(client);
    }
}

static const struct wasock_handler stoppable = {
    .open = on_open, .data = on_lines, .close = on_close, .stop = on_stop};

/* The handler is called for each client that is open, and for no other. */
static void test_stop_handler(void **unused)
{
    struct wasock_conn conns[3];

    (void)unused;
    begin(&stoppable);
    for (size_t i = 0; i < 3; i++) {
        connect_to(&conns[i]);
    }
    work();
    struct wasock_client *reserved = wasock_server_reserve(&server);
    reserved->user = reserved;
    assert_events("open open open ");
    wasock_server_stop(&server, 1000 * MS);
    assert_events("stop:0 stop:1 stop:2 ");
    work();
    assert_reads(&conns[0], "bye");
    assert_reads(&conns[1], "bye");
    assert_reads(&conns[2], "");
    assert_events("close:OK "); /* of the reserved one */
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    assert_int_equal(wasock_conn_close(&conns[1]), 0);
    work();
    assert_events("close:OK close:OK ");
    assert_int_equal(wasock_server_run(&server), 0);
    assert_events("close:ECANCELED ");
    assert_int_equal(wasock_conn_close(&conns[2]), 0);
    end();
}

/* Without a handler all clients are closed. */
static void test_no_stop_handler(void **unused)
{
    struct wasock_conn conns[3];
    char byte = 0;

    (void)unused;
    begin(&lines);
    for (size_t i = 0; i < 3; i++) {
        connect_to(&conns[i]);
    }
    work();
    wasock_server_stop(&server, 1000 * MS);
    work();
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(wasock_conn_try_read(&conns[i], &byte, 1), 0);
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
    }
    assert_int_equal(wasock_server_run(&server), 0);
    end();
}

/* Who connects while the server stops wakes nobody: the drain time passes. */
static void test_connects_while_stopping(void **unused)
{
    struct wasock_conn conn;
    struct wasock_conn late;

    (void)unused;
    begin(&lines);
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 1), 0);
    write_all(&conn, "no reader\n");
    work();
    connect_to(&late);
    const uint64_t start_ns = wasock_fakenet_now_ns(&net);
    wasock_server_stop(&server, 50 * MS);
    assert_int_equal(wasock_server_run(&server), 0);
    assert_int_equal(wasock_fakenet_now_ns(&net) - start_ns, 50 * MS);
    assert_events("open line:no reader close:ECANCELED ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_conn_close(&late), 0);
    end();
}

/* A client that was sent all, and lingers only, is not canceled. */
static void test_lingering_at_the_end(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin(&lines);
    connect_to(&conn);
    write_all(&conn, "hello\n");
    work();
    wasock_server_stop(&server, 50 * MS);
    assert_int_equal(wasock_server_run(&server), 0);
    assert_reads(&conn, "hello\n");
    assert_events("open line:hello close:OK ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

static void on_stop_dial(struct wasock_client *client)
{
    struct wasock_client *dialled = wasock_server_reserve(&server);

    assert_non_null(dialled);
    dialled->handler = &lines; /* it has no `stop` */
    dialled->user = dialled;
    assert_int_equal(
        wasock_conn_start_connect(&dialled->conn, &net.network, &at), 0);
    assert_int_equal(wasock_client_start(dialled), 0);
    assert_int_equal(wasock_client_send(dialled, "farewell", 8), 0);
    wasock_client_abort(client, 0);
}

static void dial_in_stop(uint64_t latency_ns, const char *expected)
{
    static const struct wasock_handler handler = {
        .open = on_open, .close = on_close, .stop = on_stop_dial};
    const struct wasock_fakenet_faults slow = {.latency_ns = latency_ns};
    struct wasock_conn conn;
    struct wasock_conn accepted = {0};

    begin(&handler);
    connect_to(&conn);
    work();
    wasock_fakenet_set_faults(&net, &slow);
    wasock_server_stop(&server, WASOCK_NS_PER_S);
    run_for_ns(100 * MS);
    assert_events(expected);
    assert_int_equal(wasock_listener_try_accept(&listener, &accepted), 0);
    assert_reads(&accepted, "farewell");
    assert_int_equal(wasock_conn_close(&accepted), 0);
    assert_int_equal(wasock_server_run(&server), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    wasock_fakenet_set_faults(&net, NULL);
    end();
}

/* A client that a `stop` handler connects is new: it is not closed, be it open
 * at once or later. */
static void test_dialling_in_stop(void **unused)
{
    (void)unused;
    dial_in_stop(0, "open open close:OK ");
    dial_in_stop(10 * MS, "open close:OK open ");
}

/* A server that stops takes no listener: nobody would accept. */
static void test_listener_while_stopping(void **unused)
{
    static const struct wasock_addr there = {
        .family = WASOCK_ADDR_IPV4, .port = 81, .ip = {127, 0, 0, 1}};
    struct wasock_listener late = {0};

    (void)unused;
    begin(&lines);
    assert_int_equal(wasock_listener_listen(&late, &net.network, &there, 0), 0);
    wasock_server_stop(&server, 0);
    assert_int_equal(wasock_server_add_listener(&server, &late),
                     -WASOCK_ECLOSED);
    assert_int_equal(wasock_listener_close(&late), 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop_handler),
        cmocka_unit_test(test_no_stop_handler),
        cmocka_unit_test(test_connects_while_stopping),
        cmocka_unit_test(test_lingering_at_the_end),
        cmocka_unit_test(test_dialling_in_stop),
        cmocka_unit_test(test_listener_while_stopping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
