/* SPDX-License-Identifier: MIT */
/* The server layer: a transport between buffers and connection. */
#include "served.h"

static const struct wasock_handler handler = {
    .open = on_open, .data = on_lines, .close = on_close};

static void begin_transport(const struct wasock_transport *transport)
{
    const struct wasock_server_options options = {
        .handler = &handler,
        .transport = transport,
        SIZES,
        .write_ns = 1000 * MS,
    };

    begin_with(&options);
}

/* ---- Data in the transport ---- */

/* One client's: it reads all that there is and gives a byte at a time. */
static char inside[200];
static size_t n_inside;

static ptrdiff_t read_inside(struct wasock_client *client, void *buffer,
                             size_t capacity)
{
    assert_true(capacity > 0);
    if (n_inside == 0) {
        const ptrdiff_t n =
            wasock_conn_try_read(&client->conn, inside, sizeof(inside));
        if (n <= 0) {
            return n;
        }
        n_inside = (size_t)n;
    }
    *(char *)buffer = inside[0];
    memmove(inside, inside + 1, --n_inside);
    return 1;
}

/* No poll sees what is inside: it is read without one. */
static void test_data_inside(void **unused)
{
    static const struct wasock_transport transport = {.read = read_inside,
                                                      .write = write_plainly};
    struct wasock_conn conn;
    const char *text = "one line that is longer than sixteen reads in a row\n"
                       "and one more\n";

    (void)unused;
    n_inside = 0;
    begin_transport(&transport);
    connect_to(&conn);
    write_all(&conn, text);
    work();
    assert_reads(&conn, text);
    struct wasock_client *client = wasock_server_next(&server, NULL);
    wasock_client_pause(client);
    write_all(&conn, "not now\n");
    work();
    assert_reads(&conn, "");
    wasock_client_resume(client);
    work();
    assert_reads(&conn, "not now\n");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* ---- Waiting for the opposite ---- */

static bool is_asked;    /* a write waits for an answer of the peer */
static unsigned n_calls; /* of the transport */

/* The first write asks the peer with "?", and goes on once it has answered "!",
 * as in a renegotiation. */
static ptrdiff_t write_asking(struct wasock_client *client, const void *data,
                              size_t length)
{
    char answer = 0;

    n_calls++;
    if (!is_asked) {
        is_asked = wasock_conn_try_write(&client->conn, "?", 1) == 1;
    } else if (wasock_conn_try_read(&client->conn, &answer, 1) == 1) {
        assert_int_equal(answer, '!');
        is_asked = false;
        return wasock_conn_try_write(&client->conn, data, length);
    }
    wasock_client_want(client, WASOCK_READABLE);
    return -WASOCK_EAGAIN;
}

static ptrdiff_t read_unless_asked(struct wasock_client *client, void *buffer,
                                   size_t capacity)
{
    n_calls++;
    return is_asked ? -WASOCK_EAGAIN
                    : wasock_conn_try_read(&client->conn, buffer, capacity);
}

static void test_a_write_that_reads(void **unused)
{
    static const struct wasock_transport transport = {.read = read_unless_asked,
                                                      .write = write_asking};
    struct wasock_conn conn;

    (void)unused;
    is_asked = false;
    begin_transport(&transport);
    connect_to(&conn);
    write_all(&conn, "line\n");
    work();
    assert_reads(&conn, "?");
    n_calls = 0;
    work(); /* the connection is writable, which does not help */
    assert_in_range(n_calls, 0, 2);
    write_all(&conn, "!");
    work();
    assert_reads(&conn, "line\n");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

static size_t n_greeted;

/* The first read greets, for which there must be room. */
static ptrdiff_t read_greeting(struct wasock_client *client, void *buffer,
                               size_t capacity)
{
    static const char greeting[] = "hi";

    n_calls++;
    if (n_greeted < 2) {
        const ptrdiff_t n = wasock_conn_try_write(
            &client->conn, greeting + n_greeted, 2 - n_greeted);
        n_greeted += n > 0 ? (size_t)n : 0;
    }
    if (n_greeted < 2) {
        wasock_client_want(client, WASOCK_WRITABLE);
        return -WASOCK_EAGAIN;
    }
    return wasock_conn_try_read(&client->conn, buffer, capacity);
}

static void test_a_read_that_writes(void **unused)
{
    static const struct wasock_transport transport = {.read = read_greeting,
                                                      .write = write_plainly};
    struct wasock_conn conn;

    (void)unused;
    n_greeted = 0;
    begin_transport(&transport);
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 1), 0);
    write_all(&conn, "line\n");
    work();
    n_calls = 0;
    work(); /* the connection is readable, which does not help */
    assert_in_range(n_calls, 0, 2);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 100), 0);
    assert_reads(&conn, "h");
    work();
    assert_reads(&conn, "iline\n");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* ---- The end ---- */

static int shut_by_byte(struct wasock_client *client)
{
    const ptrdiff_t n = wasock_conn_try_write(&client->conn, "$", 1);

    return n < 0 ? (int)n : 0;
}

static void note_close(struct wasock_client *client)
{
    (void)client;
    note("transport ");
}

/* What is said at the end comes after the output, even if there is no room for
 * it at first. */
static void test_shutdown(void **unused)
{
    static const struct wasock_transport transport = {.read = read_unless_asked,
                                                      .write = write_plainly,
                                                      .shutdown = shut_by_byte,
                                                      .close = note_close};
    struct wasock_conn conn;
    char byte = 0;

    (void)unused;
    is_asked = false;
    begin_transport(&transport);
    connect_to(&conn);
    work();
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 3), 0);
    write_all(&conn, "ab\n");
    work();
    wasock_client_close(wasock_server_next(&server, NULL));
    work();
    assert_reads(&conn, "ab\n");
    work();
    assert_reads(&conn, "$");
    assert_int_equal(wasock_conn_try_read(&conn, &byte, 1), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    work();
    assert_events("open line:ab transport close:OK ");
    end();
}

/* A peer that never makes room for it is closed in the end. */
static void test_shutdown_that_waits(void **unused)
{
    static const struct wasock_transport transport = {.read = read_unless_asked,
                                                      .write = write_plainly,
                                                      .shutdown = shut_by_byte};
    struct wasock_conn conn;

    (void)unused;
    is_asked = false;
    begin_transport(&transport);
    connect_to(&conn);
    work();
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 3), 0);
    write_all(&conn, "ab\n");
    work();
    wasock_client_close(wasock_server_next(&server, NULL));
    run_for_ns(990 * MS);
    assert_int_equal(wasock_server_n_clients(&server), 1);
    run_for_ns(20 * MS);
    assert_int_equal(wasock_server_n_clients(&server), 0);
    assert_events("open line:ab close:EDEADLINE ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* ---- A session that breaks while the client is being closed ---- */

static bool is_broken;

static ptrdiff_t read_broken(struct wasock_client *client, void *buffer,
                             size_t capacity)
{
    return is_broken ? -WASOCK_EIO
                     : wasock_conn_try_read(&client->conn, buffer, capacity);
}

/* What is wrong with dropped input does not cost the peer its answer. */
static void test_broken_while_closing(void **unused)
{
    static const struct wasock_transport transport = {.read = read_broken,
                                                      .write = write_plainly};
    struct wasock_conn conn;

    (void)unused;
    is_broken = false;
    begin_transport(&transport);
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 1), 0);
    work();
    struct wasock_client *client = wasock_server_next(&server, NULL);
    assert_int_equal(wasock_client_send(client, "answer", 6), 0);
    wasock_client_close(client);
    work();
    write_all(&conn, "x");
    work();
    is_broken = true;
    write_all(&conn, "y");
    work();
    assert_int_equal(wasock_server_n_clients(&server), 1);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 100), 0);
    work();
    assert_int_equal(wasock_server_n_clients(&server), 0);
    assert_reads(&conn, "answer");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data_inside),
        cmocka_unit_test(test_a_write_that_reads),
        cmocka_unit_test(test_a_read_that_writes),
        cmocka_unit_test(test_shutdown),
        cmocka_unit_test(test_shutdown_that_waits),
        cmocka_unit_test(test_broken_while_closing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
