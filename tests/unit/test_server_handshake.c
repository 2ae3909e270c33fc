/* SPDX-License-Identifier: MIT */
/* The server layer: sessions of a transport, from handshake to close. */
#include "served.h"

/* A transport whose peer says "hi" first, which it answers with "ho". Its
 * records have at most RECORD_BYTES. */
#define RECORD_BYTES 8

static struct {
    int open_error;
    char input[20]; /* the greeting, and what was read behind it */
    size_t n_input;
    size_t n_answer; /* bytes sent */
    size_t record_bytes;
    size_t n_left; /* of a record that is being sent */
} session;

static int open_one(struct wasock_client *client)
{
    (void)client;
    session.n_input = 0;
    session.n_answer = 0;
    session.n_left = 0;
    note("begin ");
    return session.open_error;
}

static int greet(struct wasock_client *client)
{
    ptrdiff_t n = 1;

    while (session.n_input < 2 && n > 0) {
        n = wasock_conn_try_read(&client->conn, session.input + session.n_input,
                                 sizeof(session.input) - session.n_input);
        session.n_input += n > 0 ? (size_t)n : 0;
    }
    if (session.n_input < 2) {
        return n == 0 ? -WASOCK_ECONNRESET : (int)n;
    }
    if (memcmp(session.input, "hi", 2) != 0) {
        return -WASOCK_EPROTO;
    }
    while (session.n_answer < 2) {
        n = wasock_conn_try_write(&client->conn, &"ho"[session.n_answer], 1);
        if (n == -WASOCK_EAGAIN) {
            wasock_client_want(client, WASOCK_WRITABLE);
        }
        if (n < 0) {
            return (int)n;
        }
        session.n_answer++;
    }
    note("greeted ");
    return 0;
}

static ptrdiff_t read_session(struct wasock_client *client, void *buffer,
                              size_t capacity)
{
    const size_t n_ahead = session.n_input - 2;

    if (n_ahead == 0) {
        return wasock_conn_try_read(&client->conn, buffer, capacity);
    }
    assert_in_range(n_ahead, 1, capacity);
    memcpy(buffer, session.input + 2, n_ahead);
    session.n_input = 2;
    return (ptrdiff_t)n_ahead;
}

/* As mbedTLS: what is said to be written is the length of the last call. */
static ptrdiff_t write_session(struct wasock_client *client, const void *data,
                               size_t length)
{
    const char *bytes = (const char *)data;

    length = length < RECORD_BYTES ? length : RECORD_BYTES;
    if (session.n_left == 0) {
        session.record_bytes = length;
        session.n_left = length;
    }
    while (session.n_left > 0) {
        const ptrdiff_t n = wasock_conn_try_write(
            &client->conn, bytes + session.record_bytes - session.n_left,
            session.n_left);
        if (n < 0) {
            return n;
        }
        session.n_left -= (size_t)n;
    }
    return (ptrdiff_t)length;
}

static void close_one(struct wasock_client *client)
{
    (void)client;
    note("end ");
}

static const struct wasock_transport transport = {.open = open_one,
                                                  .handshake = greet,
                                                  .read = read_session,
                                                  .write = write_session,
                                                  .close = close_one};

static void note_close(struct wasock_client *client, int reason)
{
    (void)client;
    note("close:%s ", wasock_err_name(reason));
}

static const struct wasock_handler handler = {
    .open = on_open, .data = on_lines, .close = note_close};

static void begin_sessions(void)
{
    static const struct wasock_server_options options = {
        .handler = &handler,
        .transport = &transport,
        SIZES,
        .idle_ns = 2000 * MS,
        .message_ns = 500 * MS,
    };

    memset(&session, 0, sizeof(session));
    begin_with(&options);
}

/* ---- Beginning ---- */

/* `open` comes after the handshake, and data that came with it is read. */
static void test_handshake(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin_sessions();
    connect_to(&conn);
    work();
    write_all(&conn, "h");
    work();
    assert_events("begin ");
    assert_null(wasock_server_next(&server, NULL));
    assert_int_equal(wasock_server_n_clients(&server), 1);
    write_all(&conn, "ia\nb\n");
    work();
    assert_events("greeted open line:a line:b ");
    assert_reads(&conn, "hoa\nb\n");
    assert_int_equal(wasock_conn_close(&conn), 0);
    work();
    assert_events("end close:OK ");
    end();
}

/* It waits for room, and does not ask again before there is some. */
static void test_handshake_that_writes(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin_sessions();
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 1), 0);
    write_all(&conn, "hia\n");
    work();
    assert_int_equal(session.n_answer, 1);
    run_for_ns(100 * MS);
    assert_events("begin ");
    assert_reads(&conn, "h");
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 100), 0);
    work();
    assert_events("greeted open line:a ");
    assert_reads(&conn, "oa\n");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* Connections that the program opens are greeted likewise. What was queued
 * before waits. */
static void test_handshake_of_a_connect(void **unused)
{
    const struct wasock_addr there = {
        .family = WASOCK_ADDR_IPV4, .port = 82, .ip = {127, 0, 0, 1}};
    struct wasock_listener other = {0};
    struct wasock_conn conn = {0};

    (void)unused;
    begin_sessions();
    assert_int_equal(wasock_listener_listen(&other, &net.network, &there, 0),
                     0);
    struct wasock_client *client = wasock_server_reserve(&server);
    assert_int_equal(wasock_client_send(client, "a\n", 2), 0);
    assert_int_equal(
        wasock_conn_start_connect(&client->conn, &net.network, &there), 0);
    assert_int_equal(wasock_client_start(client), 0);
    work();
    assert_int_equal(wasock_listener_try_accept(&other, &conn), 0);
    assert_reads(&conn, "");
    write_all(&conn, "hi");
    work();
    assert_events("begin greeted open ");
    assert_reads(&conn, "hoa\n");
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_listener_close(&other), 0);
    end();
}

/* ---- Failures ---- */

static void test_failures(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin_sessions();
    session.open_error = -WASOCK_ENOMEM;
    connect_to(&conn);
    work();
    assert_events("begin close:ENOMEM ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    session.open_error = 0;
    connect_to(&conn);
    write_all(&conn, "ha");
    work();
    assert_events("begin end close:EPROTO ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    connect_to(&conn);
    write_all(&conn, "h");
    work();
    assert_int_equal(wasock_conn_close(&conn), 0);
    work();
    assert_events("begin end close:ECONNRESET ");
    end();
}

/* The time of a handshake is that of a message, however often a byte comes. */
static void test_a_slow_handshake(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin_sessions();
    connect_to(&conn);
    run_for_ns(300 * MS);
    write_all(&conn, "h");
    run_for_ns(199 * MS);
    assert_events("begin ");
    run_for_ns(2 * MS);
    assert_events("end close:EDEADLINE ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    /* The time ends with the handshake: now it is idle. */
    connect_to(&conn);
    write_all(&conn, "hi");
    run_for_ns(1900 * MS);
    assert_events("begin greeted open ");
    run_for_ns(200 * MS);
    assert_events("end close:EDEADLINE ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* Stopping waits for clients that are open only. */
static void test_stop_in_a_handshake(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin_sessions();
    connect_to(&conn);
    work();
    wasock_server_stop(&server, WASOCK_NS_PER_S);
    assert_int_equal(wasock_server_run_for_ns(&server, 0), 0);
    assert_events("begin end close:OK ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* ---- Writing ---- */

/* A repeated write gets the length that it had, though more is queued by now:
 * TLS libraries lose data otherwise. */
static void test_a_repeated_write(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin_sessions();
    connect_to(&conn);
    write_all(&conn, "hi");
    work();
    assert_reads(&conn, "ho");
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 2), 0);
    write_all(&conn, "abcd\n");
    work();
    write_all(&conn, "efgh\n");
    work();
    assert_int_equal(session.record_bytes, 5);
    assert_int_equal(session.n_left, 3);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 100), 0);
    work();
    assert_reads(&conn, "abcd\nefgh\n");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* What is queued is sent at once, in as many records as it takes. */
static void test_several_records(void **unused)
{
    struct wasock_conn conn;
    const char *line = "a line that is longer than three records\n";

    (void)unused;
    begin_sessions();
    connect_to(&conn);
    write_all(&conn, "hi");
    work();
    assert_reads(&conn, "ho");
    write_all(&conn, line);
    run_for_ns(0);
    assert_reads(&conn, line);
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handshake),
        cmocka_unit_test(test_handshake_that_writes),
        cmocka_unit_test(test_handshake_of_a_connect),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_a_slow_handshake),
        cmocka_unit_test(test_stop_in_a_handshake),
        cmocka_unit_test(test_a_repeated_write),
        cmocka_unit_test(test_several_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
