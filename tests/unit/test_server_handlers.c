/* SPDX-License-Identifier: MIT */
/* The server layer: what handlers may do, and half-close. */
#include "served.h"

/* ---- Calls in a close handler ---- */

static struct wasock_client *closed;

static void on_close_all_calls(struct wasock_client *client, int reason)
{
    size_t capacity = 1;

    note("close:%s ", wasock_err_name(reason));
    closed = client;
    wasock_client_pause(client);
    wasock_client_resume(client);
    wasock_client_abort(client, -WASOCK_EACCES);
    wasock_client_close(client);
    wasock_client_shutdown(client);
    assert_int_equal(wasock_client_send(client, "x", 1), -WASOCK_ECLOSED);
    assert_non_null(wasock_client_output(client, &capacity));
    assert_int_equal(capacity, 0);
    wasock_client_commit(client, 1);
}

static void test_calls_in_close(void **unused)
{
    static const struct wasock_handler handler = {.close = on_close_all_calls};
    struct wasock_conn conns[N_CLIENTS + 1];

    (void)unused;
    begin(&handler);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < N_CLIENTS; i++) {
            connect_to(&conns[i]);
        }
        work();
        assert_int_equal(wasock_server_n_clients(&server), N_CLIENTS);
        for (size_t i = 0; i < N_CLIENTS; i++) {
            assert_int_equal(wasock_conn_close(&conns[i]), 0);
        }
        work();
        assert_int_equal(wasock_server_n_clients(&server), 0);
        assert_events("close:OK close:OK close:OK close:OK ");
    }
    on_close_all_calls(closed, 0); /* a client that is no more */
    connect_to(&conns[0]);
    work();
    assert_int_equal(wasock_server_n_clients(&server), 1);
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    end();
}

/* ---- Closing and aborting others, in each handler ---- */

static void abort_others(struct wasock_client *client)
{
    struct wasock_client *other = NULL;

    while ((other = wasock_server_next(client->server, other)) != NULL) {
        if (other != client) {
            wasock_client_abort(other, -WASOCK_EACCES);
        }
    }
}

static size_t on_data_abort(struct wasock_client *client, const void *data,
                            size_t length)
{
    (void)data;
    abort_others(client);
    return length;
}

static void on_close_abort(struct wasock_client *client, int reason)
{
    note("close:%s ", wasock_err_name(reason));
    abort_others(client);
}

static void test_closing_others(void **unused)
{
    static const struct wasock_handler handler = {.open = abort_others,
                                                  .data = on_data_abort,
                                                  .eof = abort_others,
                                                  .drain = abort_others,
                                                  .close = on_close_abort};
    struct wasock_conn conns[N_CLIENTS];

    (void)unused;
    begin(&handler);
    for (size_t i = 0; i < N_CLIENTS; i++) { /* each ends all others */
        connect_to(&conns[i]);
        write_all(&conns[i], "x");
    }
    work();
    assert_int_equal(wasock_server_n_clients(&server), 0);
    assert_events("close:EACCES close:EACCES close:EACCES close:EACCES ");
    for (size_t i = 0; i < N_CLIENTS; i++) {
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
    }
    end();
}

/* ---- A refused answer ---- */

static size_t on_large_answer(struct wasock_client *client, const void *data,
                              size_t length)
{
    char answer[OUTPUT_BYTES];

    (void)length;
    memset(answer, *(const char *)data, sizeof(answer));
    return wasock_client_send(client, answer, sizeof(answer)) == 0 ? 1 : 0;
}

/* A handler that returns 0 because there was no room is called again, with no
 * more data from the client. */
static void test_a_refused_answer(void **unused)
{
    static const struct wasock_handler handler = {.data = on_large_answer};
    struct wasock_conn conn;
    char got[3 * OUTPUT_BYTES + 1];
    size_t n_got = 0;

    (void)unused;
    begin(&handler);
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 200), 0);
    write_all(&conn, "abc");
    for (int i = 0; i < 100 && n_got < 3 * (size_t)OUTPUT_BYTES; i++) {
        work();
        const ptrdiff_t n =
            wasock_conn_try_read(&conn, got + n_got, sizeof(got) - n_got);
        assert_true(n > 0);
        n_got += (size_t)n;
    }
    assert_int_equal(n_got, 3 * OUTPUT_BYTES);
    assert_int_equal(got[OUTPUT_BYTES - 1], 'a');
    assert_int_equal(got[OUTPUT_BYTES], 'b');
    assert_int_equal(got[n_got - 1], 'c');
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

static size_t on_too_large_answer(struct wasock_client *client,
                                  const void *data, size_t length)
{
    char answer[OUTPUT_BYTES + 1] = "";

    (void)data;
    return wasock_client_send(client, answer, sizeof(answer)) == 0 ? length : 0;
}

static void on_close_note(struct wasock_client *client, int reason)
{
    (void)client;
    note("close:%s ", wasock_err_name(reason));
}

static void test_a_too_large_answer(void **unused)
{
    static const struct wasock_handler handler = {.data = on_too_large_answer,
                                                  .close = on_close_note};
    struct wasock_conn conn;

    (void)unused;
    begin(&handler);
    connect_to(&conn);
    write_all(&conn, "x");
    work();
    assert_events("close:ENOBUFS ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

static size_t on_large_output(struct wasock_client *client, const void *data,
                              size_t length)
{
    size_t capacity = 0;
    void *output = wasock_client_output(client, &capacity);

    (void)length;
    if (capacity < OUTPUT_BYTES - 10) {
        return 0;
    }
    memset(output, *(const char *)data, OUTPUT_BYTES - 10);
    wasock_client_commit(client, OUTPUT_BYTES - 10);
    return 1;
}

/* So is one that found too little room to write to. */
static void test_too_little_output(void **unused)
{
    static const struct wasock_handler handler = {.data = on_large_output};
    struct wasock_conn conn;
    char got[OUTPUT_BYTES];

    (void)unused;
    begin(&handler);
    connect_to(&conn);
    assert_int_equal(
        wasock_fakenet_set_unread_max(&conn.socket, OUTPUT_BYTES - 30), 0);
    write_all(&conn, "ab");
    work(); /* 20 bytes of the first answer stay queued */
    assert_int_equal(wasock_conn_read(&conn, got, sizeof(got)),
                     OUTPUT_BYTES - 30);
    work();
    assert_int_equal(wasock_conn_read(&conn, got, sizeof(got)),
                     OUTPUT_BYTES - 30);
    assert_int_equal(got[19], 'a');
    assert_int_equal(got[20], 'b');
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* ---- A pause that consumes nothing ---- */

static bool is_busy;

static size_t on_data_when_free(struct wasock_client *client, const void *data,
                                size_t length)
{
    note("%.*s%s ", (int)length, (const char *)data, is_busy ? "?" : "");
    if (is_busy) {
        wasock_client_pause(client);
        return 0;
    }
    return length;
}

static void test_pause_before_consuming(void **unused)
{
    static const struct wasock_handler handler = {.data = on_data_when_free};
    struct wasock_conn conn;

    (void)unused;
    is_busy = true;
    begin(&handler);
    connect_to(&conn);
    write_all(&conn, "one");
    work();
    assert_events("one? ");
    is_busy = false;
    wasock_client_resume(wasock_server_next(&server, NULL));
    work();
    assert_events("one ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* A client whose kept input fills its buffer lingers as any other: closed at
 * once, it would lose its answer to a reset. */
static void test_close_with_kept_input(void **unused)
{
    static const struct wasock_handler handler = {.data = on_data_when_free,
                                                  .close = on_close_note};
    struct wasock_conn conn;
    char input[2 * INPUT_BYTES];

    (void)unused;
    is_busy = true;
    memset(input, 'x', sizeof(input));
    begin(&handler);
    connect_to(&conn);
    assert_int_equal(wasock_conn_write(&conn, input, sizeof(input)),
                     sizeof(input));
    work();
    events[0] = '\0';
    struct wasock_client *client = wasock_server_next(&server, NULL);
    assert_int_equal(wasock_client_send(client, "answer", 6), 0);
    wasock_client_close(client);
    work();
    assert_events("");
    assert_reads(&conn, "answer");
    assert_int_equal(wasock_conn_close(&conn), 0);
    work();
    assert_events("close:OK ");
    end();
}

/* A client that is paused is not late with its message, and afterwards has the
 * whole time again. */
static void test_message_time_in_a_pause(void **unused)
{
    static const struct wasock_server_options options = {
        .handler = &lines,
        SIZES,
        .message_ns = 100 * MS,
    };
    struct wasock_conn conn;

    (void)unused;
    begin_with(&options);
    connect_to(&conn);
    write_all(&conn, "x");
    work();
    struct wasock_client *client = wasock_server_next(&server, NULL);
    wasock_client_pause(client);
    run_for_ns(500 * MS);
    assert_int_equal(wasock_server_n_clients(&server), 1);
    wasock_client_resume(client);
    run_for_ns(90 * MS);
    assert_int_equal(wasock_server_n_clients(&server), 1);
    run_for_ns(20 * MS);
    assert_int_equal(wasock_server_n_clients(&server), 0);
    assert_events("open close:EDEADLINE ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* ---- Drain after a direct send ---- */

static char large[5000];
static struct wasock_server_options large_options;
static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char large_memory
    [WASOCK_SERVER_SIZE(N_CLIENTS, INPUT_BYTES, 3 * sizeof(large))];

static void begin_large(const struct wasock_handler *handler)
{
    begin(handler);
    wasock_server_close(&server);
    const struct wasock_server_options options = {
        .handler = handler,
        .n_clients = N_CLIENTS,
        .input_bytes = INPUT_BYTES,
        .output_bytes = 3 * sizeof(large),
    };
    large_options = options;
    assert_int_equal(wasock_server_init(&server, large_memory,
                                        sizeof(large_memory), &large_options),
                     0);
    assert_int_equal(wasock_server_add_listener(&server, &listener), 0);
}

static int n_pieces;

static void send_piece(struct wasock_client *client)
{
    n_pieces++;
    assert_int_equal(wasock_client_send(client, large, sizeof(large)), 0);
    if (n_pieces == 7) {
        wasock_client_close(client);
    }
}

static void test_drain_after_a_direct_send(void **unused)
{
    static const struct wasock_handler handler = {.open = send_piece,
                                                  .drain = send_piece};
    struct wasock_conn conn;
    static char got[8 * sizeof(large)];
    size_t n_got = 0;
    ptrdiff_t n = 0;

    (void)unused;
    n_pieces = 0;
    begin_large(&handler);
    connect_to(&conn);
    work();
    while ((n = wasock_conn_try_read(&conn, got + n_got, sizeof(got) - n_got)) >
           0) {
        n_got += (size_t)n;
        work();
    }
    assert_int_equal(n, 0);
    assert_int_equal(n_got, 7 * sizeof(large));
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* ---- Half-close ---- */

static void on_open_shutdown(struct wasock_client *client)
{
    assert_int_equal(wasock_client_send(client, "hello", 5), 0);
    wasock_client_shutdown(client);
    assert_int_equal(wasock_client_send(client, "x", 1), -WASOCK_ECLOSED);
}

static size_t on_data_note(struct wasock_client *client, const void *data,
                           size_t length)
{
    (void)client;
    note("data:%.*s ", (int)length, (const char *)data);
    return length;
}

static void on_eof_note(struct wasock_client *client)
{
    (void)client;
    note("eof ");
}

/* The server's half is shut first: input still arrives. */
static void test_shutdown_first(void **unused)
{
    static const struct wasock_handler handler = {.open = on_open_shutdown,
                                                  .data = on_data_note,
                                                  .eof = on_eof_note,
                                                  .close = on_close_note};
    struct wasock_conn conn;
    char byte = 0;

    (void)unused;
    begin(&handler);
    connect_to(&conn);
    work();
    assert_reads(&conn, "hello");
    assert_int_equal(wasock_conn_try_read(&conn, &byte, 1), 0);
    write_all(&conn, "late");
    work();
    assert_events("data:late ");
    assert_int_equal(wasock_conn_shutdown(&conn, WASOCK_SHUTDOWN_WRITE), 0);
    work();
    assert_events("eof close:OK ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* The client's half is shut first: it is closed once the server's is, too. */
static void test_shutdown_last(void **unused)
{
    static const struct wasock_handler handler = {.eof = on_eof_note,
                                                  .close = on_close_note};
    struct wasock_conn conn;
    char byte = 0;

    (void)unused;
    begin(&handler);
    connect_to(&conn);
    assert_int_equal(wasock_conn_shutdown(&conn, WASOCK_SHUTDOWN_WRITE), 0);
    work();
    assert_events("eof ");
    struct wasock_client *client = wasock_server_next(&server, NULL);
    assert_non_null(client);
    assert_int_equal(wasock_client_send(client, "late", 4), 0);
    wasock_client_shutdown(client);
    work();
    assert_events("close:OK ");
    assert_reads(&conn, "late");
    assert_int_equal(wasock_conn_try_read(&conn, &byte, 1), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* ---- Clients that the program opens ---- */

/* What is done to a client before it is started holds once it is open. */
static void test_use_before_start(void **unused)
{
    static const struct wasock_handler handler = {.data = on_data_note,
                                                  .close = on_close_note};
    const struct wasock_addr there = {
        .family = WASOCK_ADDR_IPV4, .port = 82, .ip = {127, 0, 0, 1}};
    struct wasock_listener other = {0};
    struct wasock_conn accepted = {0};

    (void)unused;
    begin(&handler);
    assert_int_equal(wasock_listener_listen(&other, &net.network, &there, 0),
                     0);
    struct wasock_client *client = wasock_server_reserve(&server);
    assert_int_equal(wasock_client_send(client, "early", 5), 0);
    wasock_client_pause(client);
    work();
    assert_int_equal(
        wasock_conn_start_connect(&client->conn, &net.network, &there), 0);
    assert_int_equal(wasock_client_start(client), 0);
    work();
    assert_int_equal(wasock_listener_try_accept(&other, &accepted), 0);
    assert_reads(&accepted, "early");
    write_all(&accepted, "x");
    work();
    assert_events("");
    wasock_client_resume(client);
    work();
    assert_events("data:x ");
    assert_int_equal(wasock_conn_close(&accepted), 0);
    work();
    assert_events("close:OK ");
    end();
    assert_int_equal(wasock_listener_close(&other), 0);
}

/* Only some clients may be accepted: the others are for the program. */
static void test_accepted_only(void **unused)
{
    static const struct wasock_server_options options = {
        .handler = &lines,
        .n_clients = N_CLIENTS,
        .n_accepted = N_CLIENTS - 1,
        .input_bytes = INPUT_BYTES,
        .output_bytes = OUTPUT_BYTES,
    };
    struct wasock_conn conns[N_CLIENTS];
    bool is_used[N_CLIENTS] = {false};
    struct wasock_client *client = NULL;

    (void)unused;
    begin_with(&options);
    for (size_t i = 0; i < N_CLIENTS; i++) {
        connect_to(&conns[i]);
    }
    work();
    assert_int_equal(wasock_server_n_clients(&server), N_CLIENTS - 1);
    while ((client = wasock_server_next(&server, client)) != NULL) {
        is_used[wasock_client_index(client)] = true;
    }
    client = wasock_server_reserve(&server);
    assert_non_null(client);
    client->user = client;
    assert_false(is_used[wasock_client_index(client)]);
    wasock_client_abort(client, 0);
    assert_int_equal(wasock_conn_close(&conns[0]), 0);
    work();
    assert_int_equal(wasock_server_n_clients(&server), N_CLIENTS - 1);
    for (size_t i = 1; i < N_CLIENTS; i++) {
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
    }
    work();
    assert_int_equal(wasock_server_n_clients(&server), 0);
    end();
}

/* A close handler that dials anew does not keep a server from its end. */
static void on_close_again(struct wasock_client *client, int reason)
{
    struct wasock_client *again = wasock_server_reserve(client->server);

    note("close:%s ", wasock_err_name(reason));
    if (again != NULL &&
        wasock_conn_start_connect(&again->conn, &net.network, &at) == 0) {
        const int ignored = wasock_client_start(again);
        (void)ignored;
    }
}

static void test_dialling_while_closing(void **unused)
{
    static const struct wasock_handler handler = {.close = on_close_again};
    struct wasock_conn conn;

    (void)unused;
    begin(&handler);
    connect_to(&conn);
    work();
    assert_int_equal(wasock_server_n_clients(&server), 1);
    end(); /* has no clients, and the network no sockets */
    assert_events("close:ECANCELED ");
    assert_null(wasock_server_reserve(&server));
    assert_int_equal(wasock_conn_close(&conn), 0);
}

/* ---- Time ---- */

static void on_expire_again(struct wasock_timer *timer)
{
    unsigned *n = (unsigned *)timer->user;

    if (++*n < 1000) { /* a test that never ends is hard to read */
        wasock_server_set_timer_ns(&server, timer, 0);
    }
}

/* A timer that always sets itself to now does not stop the server. */
static void test_a_busy_timer(void **unused)
{
    unsigned n = 0;
    struct wasock_timer timer = {.expire = on_expire_again, .user = &n};

    (void)unused;
    begin(&lines);
    wasock_server_set_timer_ns(&server, &timer, 0);
    run_for_ns(5);
    assert_in_range(n, 1, 10);
    wasock_timer_cancel(&timer);
    end();
}

/* A client that was sent all has the whole linger time, though it was idle for
 * almost too long before. */
static void test_lingering(void **unused)
{
    static const struct wasock_server_options options = {
        .handler = &lines,
        SIZES,
        .idle_ns = 1000 * MS,
    };
    struct wasock_conn conn;

    (void)unused;
    begin_with(&options);
    connect_to(&conn);
    run_for_ns(990 * MS);
    wasock_client_close(wasock_server_next(&server, NULL));
    run_for_ns(1900 * MS);
    assert_int_equal(wasock_server_n_clients(&server), 1);
    write_all(&conn, "dropped");
    run_for_ns(200 * MS);
    assert_int_equal(wasock_server_n_clients(&server), 0);
    assert_events("open close:OK ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

static void test_now(void **unused)
{
    (void)unused;
    begin(&lines); /* without timeouts */
    work();
    assert_int_equal(wasock_server_now_ns(&server),
                     wasock_fakenet_now_ns(&net));
    run_for_ns(10 * MS);
    assert_int_equal(wasock_server_now_ns(&server),
                     wasock_fakenet_now_ns(&net));
    end();
}

/* A second stop shortens the time that is left. */
static void test_stop_twice(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin(&lines);
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 2), 0);
    write_all(&conn, "answer\n");
    work();
    wasock_server_stop(&server, 1000 * MS);
    wasock_server_stop(&server, 2000 * MS);
    const uint64_t start_ns = wasock_fakenet_now_ns(&net);
    run_for_ns(10 * MS);
    wasock_server_stop(&server, 0);
    assert_int_equal(wasock_server_run(&server), 0);
    assert_true(wasock_fakenet_now_ns(&net) == start_ns + 10 * MS);
    assert_events("open line:answer close:ECANCELED ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* Without a `data` handler what a client sends is dropped, however much. */
static void test_no_data_handler(void **unused)
{
    static const struct wasock_handler handler = {.open = on_open,
                                                  .close = on_close};
    struct wasock_conn conn;

    (void)unused;
    begin(&handler);
    connect_to(&conn);
    for (int i = 0; i < 10; i++) {
        write_all(&conn, "more than one buffer holds, in many pieces");
        work();
    }
    assert_int_equal(wasock_server_n_clients(&server), 1);
    assert_int_equal(wasock_conn_close(&conn), 0);
    work();
    assert_events("open close:OK ");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_in_close),
        cmocka_unit_test(test_closing_others),
        cmocka_unit_test(test_a_refused_answer),
        cmocka_unit_test(test_a_too_large_answer),
        cmocka_unit_test(test_too_little_output),
        cmocka_unit_test(test_pause_before_consuming),
        cmocka_unit_test(test_close_with_kept_input),
        cmocka_unit_test(test_message_time_in_a_pause),
        cmocka_unit_test(test_drain_after_a_direct_send),
        cmocka_unit_test(test_shutdown_first),
        cmocka_unit_test(test_shutdown_last),
        cmocka_unit_test(test_use_before_start),
        cmocka_unit_test(test_accepted_only),
        cmocka_unit_test(test_dialling_while_closing),
        cmocka_unit_test(test_a_busy_timer),
        cmocka_unit_test(test_lingering),
        cmocka_unit_test(test_now),
        cmocka_unit_test(test_stop_twice),
        cmocka_unit_test(test_no_data_handler),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
