/* SPDX-License-Identifier: MIT */
/* The server layer: timeouts, when several of them run at a time. */
#include "served.h"

static size_t n_consumed; /* of each call; 0: nothing */

static size_t consume(struct wasock_client *client, const void *data,
                      size_t length)
{
    (void)client;
    (void)data;
    return n_consumed < length ? n_consumed : length;
}

static const struct wasock_handler consumer = {
    .open = on_open, .data = consume, .close = on_close};

static void begin_timed(uint64_t idle_ns, uint64_t message_ns,
                        uint64_t write_ns)
{
    const struct wasock_server_options options = {
        .handler = &consumer,
        SIZES,
        .idle_ns = idle_ns,
        .message_ns = message_ns,
        .write_ns = write_ns,
    };

    n_consumed = SIZE_MAX;
    begin_with(&options);
}

static struct wasock_client *only_client(void)
{
    return wasock_server_next(&server, NULL);
}

/* To resume a client that is not paused, or has no message, times nothing. */
static void test_resuming_is_no_message(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin_timed(0, 100 * MS, 0);
    connect_to(&conn);
    work();
    wasock_client_pause(only_client());
    work();
    wasock_client_resume(only_client());
    run_for_ns(500 * MS);
    assert_events("open ");
    n_consumed = 0;
    write_all(&conn, "part");
    run_for_ns(60 * MS);
    wasock_client_resume(only_client());
    run_for_ns(30 * MS);
    assert_events("");
    run_for_ns(20 * MS);
    assert_events("close:EDEADLINE ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* The first of two timeouts counts, whichever began first. */
static void test_the_first_timeout_counts(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin_timed(100 * MS, 300 * MS, 0);
    connect_to(&conn);
    work();
    n_consumed = 0;
    write_all(&conn, "part");
    run_for_ns(110 * MS);
    assert_events("open close:EDEADLINE ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* A client that sends, but reads nothing, is not idle; its output is late. */
static void test_a_deaf_client_that_sends(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin_timed(100 * MS, 0, 150 * MS);
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 1), 0);
    work();
    assert_int_equal(wasock_client_send(only_client(), "output", 6), 0);
    for (int i = 0; i < 7; i++) {
        write_all(&conn, "x");
        run_for_ns(20 * MS);
    }
    assert_events("open ");
    write_all(&conn, "x");
    run_for_ns(20 * MS);
    assert_events("close:EDEADLINE ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* Output that was read in time leaves nothing to be late with: neither while
 * the client is open nor while it lingers. */
static void test_output_that_was_read(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    for (int is_closed = 0; is_closed < 2; is_closed++) {
        begin_timed(0, 0, 100 * MS);
        connect_to(&conn);
        assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 3), 0);
        work();
        assert_int_equal(wasock_client_send(only_client(), "output", 6), 0);
        run_for_ns(50 * MS);
        assert_reads(&conn, "out");
        work();
        assert_reads(&conn, "put");
        if (is_closed) {
            wasock_client_close(only_client());
        }
        run_for_ns(1000 * MS);
        assert_events("open ");
        assert_int_equal(wasock_server_n_clients(&server), 1);
        assert_int_equal(wasock_conn_close(&conn), 0);
        end();
    }
}

/* A message that is late is, though the output goes on. */
static void test_two_timeouts_at_a_time(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin_timed(0, 100 * MS, 100 * MS);
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 3), 0);
    work();
    n_consumed = 0;
    write_all(&conn, "part");
    assert_int_equal(wasock_client_send(only_client(), "long output", 11), 0);
    run_for_ns(50 * MS);
    assert_reads(&conn, "lon");
    run_for_ns(45 * MS);
    assert_events("open ");
    run_for_ns(10 * MS);
    assert_events("close:EDEADLINE ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* An answer that is refused while output waits holds the input: more of it
 * wakes nobody, and so time passes. */
static size_t refuse(struct wasock_client *client, const void *data,
                     size_t length)
{
    static const char large[OUTPUT_BYTES - 50];

    (void)data;
    note("asked ");
    return wasock_client_send(client, large, sizeof(large)) == 0 ? length : 0;
}

static void test_refused_input_wakes_nobody(void **unused)
{
    static const struct wasock_handler handler = {.data = refuse};
    struct wasock_conn conn;

    (void)unused;
    begin(&handler);
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 1), 0);
    work();
    static const char output[100];
    assert_int_equal(wasock_client_send(only_client(), output, sizeof(output)),
                     0);
    work();
    write_all(&conn, "x");
    work();
    assert_events("asked ");
    write_all(&conn, "y");
    const uint64_t start_ns = wasock_fakenet_now_ns(&net);
    run_for_ns(50 * MS);
    assert_int_equal(wasock_fakenet_now_ns(&net) - start_ns, 50 * MS);
    assert_events("");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* A refusal is forgotten once there was room: an incomplete message that comes
 * later is one, and fits. */
static size_t answer_whole_lines(struct wasock_client *client, const void *data,
                                 size_t length)
{
    return ((const char *)data)[length - 1] == '\n'
               ? refuse(client, data, length)
               : 0;
}

static void test_a_refusal_is_forgotten(void **unused)
{
    static const struct wasock_handler handler = {.data = answer_whole_lines};
    static const char output[100];
    struct wasock_conn conn;

    (void)unused;
    begin(&handler);
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 1), 0);
    work();
    assert_int_equal(wasock_client_send(only_client(), output, sizeof(output)),
                     0);
    work();
    write_all(&conn, "line\n");
    work();
    assert_events("asked ");
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 1000), 0);
    for (int i = 0; i < 3; i++) { /* the client reads all */
        char bytes[400];
        assert_true(wasock_conn_try_read(&conn, bytes, sizeof(bytes)) != 0);
        work();
    }
    assert_events("asked ");
    write_all(&conn, "part");
    work();
    assert_int_equal(wasock_server_n_clients(&server), 1);
    write_all(&conn, " of a line\n");
    work();
    assert_events("asked ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* Slots of accepted clients are free again, one by one. */
static void accept_at_most(uint32_t n_accepted)
{
    const struct wasock_server_options options = {
        .handler = &lines, SIZES, .n_accepted = n_accepted};
    struct wasock_conn conns[8];

    begin_with(&options);
    for (size_t i = 0; i < 8; i++) {
        connect_to(&conns[i]);
    }
    for (size_t i = 0; i < 8; i++) {
        work();
        assert_int_equal(wasock_server_n_clients(&server),
                         8 - i < n_accepted ? 8 - i : n_accepted);
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
    }
    work();
    assert_int_equal(wasock_server_n_clients(&server), 0);
    end();
}

static void test_accepted_slots_are_free_again(void **unused)
{
    (void)unused;
    accept_at_most(1);
    accept_at_most(2);
    accept_at_most(N_CLIENTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resuming_is_no_message),
        cmocka_unit_test(test_the_first_timeout_counts),
        cmocka_unit_test(test_a_deaf_client_that_sends),
        cmocka_unit_test(test_output_that_was_read),
        cmocka_unit_test(test_two_timeouts_at_a_time),
        cmocka_unit_test(test_refused_input_wakes_nobody),
        cmocka_unit_test(test_accepted_slots_are_free_again),
        cmocka_unit_test(test_a_refusal_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
