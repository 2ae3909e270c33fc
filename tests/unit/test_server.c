/* SPDX-License-Identifier: MIT */
/* The server layer: messages, limits, timeouts, streaming, stopping. */
#include "served.h"

static void test_lines(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin(&lines);
    connect_to(&conn);
    write_all(&conn, "one\ntwo\nthr");
    work();
    assert_events("open line:one line:two ");
    assert_reads(&conn, "one\ntwo\n");
    write_all(&conn, "ee");
    work();
    assert_events("");
    write_all(&conn, "\n");
    work();
    assert_events("line:three ");
    assert_reads(&conn, "three\n");
    assert_int_equal(wasock_conn_close(&conn), 0);
    work();
    assert_events("close:OK ");
    end();
}

/* A line may begin behind one that was taken from the same buffer, and be as
 * long as the buffer. */
static void test_lines_in_pieces(void **unused)
{
    struct wasock_conn conn;
    char rest[INPUT_BYTES + 1];

    (void)unused;
    begin(&lines);
    connect_to(&conn);
    write_all(&conn, "on");
    work();
    write_all(&conn, "e\ntw");
    work();
    assert_events("open line:one ");
    memset(rest, 'o', sizeof(rest));
    rest[INPUT_BYTES - 3] = '\n';
    rest[INPUT_BYTES - 2] = '\0';
    write_all(&conn, rest);
    work();
    rest[INPUT_BYTES - 3] = ' ';
    assert_memory_equal(events, "line:two", 8);
    assert_string_equal(events + 7, rest);
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* Take one byte of a full buffer. */
static size_t on_full(struct wasock_client *client, const void *data,
                      size_t length)
{
    (void)client;
    if (length < INPUT_BYTES) {
        return 0;
    }
    note("%c", *(const char *)data);
    return 1;
}

/* One byte that is taken makes room for another. */
static void test_a_full_buffer(void **unused)
{
    const struct wasock_handler handler = {.data = on_full};
    struct wasock_conn conn;
    char text[INPUT_BYTES + 1] = "";

    (void)unused;
    begin(&handler);
    connect_to(&conn);
    memset(text, '.', INPUT_BYTES);
    memcpy(text, "first", 5);
    for (size_t i = 0; i < INPUT_BYTES; i += INPUT_BYTES / 2) {
        assert_int_equal(wasock_conn_write(&conn, text + i, INPUT_BYTES / 2),
                         INPUT_BYTES / 2);
        work();
    }
    for (int i = 0; i < 4; i++) {
        write_all(&conn, "x");
        work();
    }
    assert_events("first");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* A client that shuts its writing half gets its whole answer. */
static void test_half_close(void **unused)
{
    static const struct wasock_handler handler = {.open = on_open,
                                                  .data = on_lines,
                                                  .eof = on_eof,
                                                  .drain = on_drain,
                                                  .close = on_close};
    struct wasock_conn conn;
    char byte = 0;

    (void)unused;
    begin(&handler);
    connect_to(&conn);
    write_all(&conn, "one\n");
    assert_int_equal(wasock_conn_shutdown(&conn, WASOCK_SHUTDOWN_WRITE), 0);
    work();
    assert_events("open line:one drain eof close:OK ");
    assert_reads(&conn, "one\nbye");
    assert_int_equal(wasock_conn_try_read(&conn, &byte, 1), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* A message that can never fit ends its client, and nobody else. */
static void send_a_large_message(size_t n_pieces)
{
    struct wasock_conn conn;
    struct wasock_conn other;
    char line[INPUT_BYTES + 1];

    begin(&lines);
    connect_to(&conn);
    connect_to(&other);
    memset(line, 'x', sizeof(line) - 1);
    line[INPUT_BYTES] = '\0';
    line[INPUT_BYTES - 1] = '\n';
    write_all(&other, line); /* fits exactly */
    line[INPUT_BYTES - 1] = 'x';
    for (size_t i = 0; i < n_pieces; i++) {
        const size_t n = INPUT_BYTES / n_pieces;
        assert_int_equal(wasock_conn_write(&conn, line + i * n, n), n);
        work();
    }
    assert_non_null(strstr(events, "close:EMSGSIZE "));
    assert_int_equal(wasock_server_n_clients(&server), 1);
    line[INPUT_BYTES - 1] = '\n';
    assert_reads(&other, line);
    assert_int_equal(wasock_conn_close(&conn), 0);
    assert_int_equal(wasock_conn_close(&other), 0);
    end();
}

static void test_a_large_message(void **unused)
{
    (void)unused;
    send_a_large_message(1);
    send_a_large_message(2);
}

/* A full server accepts the next one when somebody leaves. */
static void test_full(void **unused)
{
    struct wasock_conn conns[N_CLIENTS + 2];

    (void)unused;
    begin(&lines);
    for (size_t i = 0; i < N_CLIENTS + 2; i++) {
        connect_to(&conns[i]);
        write_all(&conns[i], "x\n");
    }
    work();
    assert_int_equal(wasock_server_n_clients(&server), N_CLIENTS);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
    }
    work();
    assert_int_equal(wasock_server_n_clients(&server), N_CLIENTS);
    for (size_t i = 2; i < N_CLIENTS + 2; i++) {
        assert_reads(&conns[i], "x\n");
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
    }
    work();
    assert_int_equal(wasock_server_n_clients(&server), 0);
    end();
}

/* A client that does not read its answers is not read from: what is kept of it
 * stays below a limit, and all of it is answered in the end. */
static void test_backpressure(void **unused)
{
    struct wasock_conn conn;
    char expected[2000] = "";
    char got[2000] = "";
    size_t n_written = 0;

    (void)unused;
    begin(&lines);
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 20), 0);
    work();
    for (int i = 100; i < 300; i++) {
        char line[16];
        snprintf(line, sizeof(line), "%d\n", i);
        append(expected, sizeof(expected), line);
    }
    for (int turns = 0; turns < 1000 && strlen(got) < strlen(expected);
         turns++) {
        char piece[17] = "";
        const ptrdiff_t n = wasock_conn_try_write(&conn, expected + n_written,
                                                  strlen(expected) - n_written);
        n_written += n > 0 ? (size_t)n : 0;
        for (uint32_t i = 0; i < server.n_used_; i++) {
            assert_true(wasock_client_n_queued(&server.clients_[i]) <=
                        OUTPUT_BYTES);
        }
        run_for_ns(0);
        if (turns > 100) {
            const ptrdiff_t n_read = wasock_conn_try_read(&conn, piece, 16);
            assert_true(n_read > 0 || n_read == -WASOCK_EAGAIN);
            append(got, sizeof(got), piece);
        }
    }
    assert_string_equal(got, expected);
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

static void test_timeouts(void **unused)
{
    static const struct wasock_server_options options = {
        .handler = &lines,
        SIZES,
        .idle_ns = 1000 * MS,
        .message_ns = 300 * MS,
        .write_ns = 500 * MS,
    };
    struct wasock_conn idle;
    struct wasock_conn slow;
    struct wasock_conn deaf;

    (void)unused;
    begin_with(&options);
    connect_to(&idle);
    connect_to(&slow);
    connect_to(&deaf);
    assert_int_equal(wasock_fakenet_set_unread_max(&deaf.socket, 1), 0);
    write_all(&deaf, "no answer\n");
    for (int i = 0; i < 3; i++) { /* slowloris: a byte now and then */
        write_all(&slow, "x");
        run_for_ns(90 * MS);
        assert_int_equal(wasock_server_n_clients(&server), 3);
    }
    run_for_ns(40 * MS); /* 310 ms */
    assert_int_equal(wasock_server_n_clients(&server), 2);
    run_for_ns(180 * MS); /* 490 ms */
    assert_int_equal(wasock_server_n_clients(&server), 2);
    run_for_ns(20 * MS); /* 510 ms */
    assert_int_equal(wasock_server_n_clients(&server), 1);
    write_all(&idle, "x\n");
    run_for_ns(990 * MS);
    assert_int_equal(wasock_server_n_clients(&server), 1);
    run_for_ns(20 * MS);
    assert_int_equal(wasock_server_n_clients(&server), 0);
    assert_events("open open open line:no answer close:EDEADLINE "
                  "close:EDEADLINE line:x close:EDEADLINE ");
    assert_int_equal(wasock_conn_close(&idle), 0);
    assert_int_equal(wasock_conn_close(&slow), 0);
    assert_int_equal(wasock_conn_close(&deaf), 0);
    end();
}

/* ---- Broadcast, closing others ---- */

static size_t on_broadcast(struct wasock_client *client, const void *data,
                           size_t length)
{
    struct wasock_client *other = NULL;

    while ((other = wasock_server_next(client->server, other)) != NULL) {
        if (*(const char *)data == '!') {
            wasock_client_abort(other, -WASOCK_EACCES);
        } else {
            assert_int_equal(wasock_client_send(other, data, length), 0);
        }
    }
    return length;
}

static void test_broadcast(void **unused)
{
    static const struct wasock_handler handler = {
        .open = on_open, .data = on_broadcast, .close = on_close};
    struct wasock_conn conns[3];

    (void)unused;
    begin(&handler);
    for (size_t i = 0; i < 3; i++) {
        connect_to(&conns[i]);
    }
    work();
    write_all(&conns[0], "hello");
    work();
    write_all(&conns[1], "world");
    work();
    for (size_t i = 0; i < 3; i++) {
        assert_reads(&conns[i], "helloworld");
        write_all(&conns[i], "!"); /* each would abort all */
    }
    assert_events("open open open ");
    work();
    assert_events("close:EACCES close:EACCES close:EACCES ");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(wasock_conn_close(&conns[i]), 0);
    }
    end();
}

/* ---- Streaming, pause ---- */

static size_t n_streamed;

static void stream(struct wasock_client *client)
{
    size_t capacity = 0;
    char *output = (char *)wasock_client_output(client, &capacity);

    assert_true(capacity > 0);
    const size_t left = 1000 - n_streamed;
    const size_t n = left < capacity ? left : capacity;
    for (size_t i = 0; i < n; i++) {
        output[i] = (char)('a' + (n_streamed + i) % 26);
    }
    n_streamed += n;
    wasock_client_commit(client, n);
    if (n_streamed == 1000) {
        wasock_client_close(client);
    }
}

static void test_streaming(void **unused)
{
    static const struct wasock_handler handler = {.open = stream,
                                                  .drain = stream};
    struct wasock_conn conn;
    char got[1001] = "";
    size_t n_got = 0;

    (void)unused;
    n_streamed = 0;
    begin(&handler);
    connect_to(&conn);
    for (int i = 0; i < 200 && n_got < 1000; i++) {
        const ptrdiff_t n =
            wasock_conn_try_read(&conn, got + n_got, 1000 - n_got);
        n_got += n > 0 ? (size_t)n : 0;
        run_for_ns(0);
    }
    assert_int_equal(n_got, 1000);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(got[i], (char)('a' + i % 26));
    }
    assert_int_equal(wasock_conn_try_read(&conn, got, 1), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    work();
    assert_int_equal(wasock_server_n_clients(&server), 0);
    end();
}

static size_t on_pausing(struct wasock_client *client, const void *data,
                         size_t length)
{
    (void)length;
    note("%c", *(const char *)data);
    wasock_client_pause(client);
    return 1;
}

static void test_pause(void **unused)
{
    static const struct wasock_handler handler = {.data = on_pausing};
    struct wasock_conn conn;

    (void)unused;
    begin(&handler);
    connect_to(&conn);
    write_all(&conn, "abc");
    assert_int_equal(wasock_conn_shutdown(&conn, WASOCK_SHUTDOWN_WRITE), 0);
    work();
    assert_events("a");
    wasock_client_resume(wasock_server_next(&server, NULL));
    work();
    assert_events("b");
    wasock_client_resume(wasock_server_next(&server, NULL));
    work();
    assert_events("c");
    assert_int_equal(wasock_server_n_clients(&server), 1);
    wasock_client_resume(wasock_server_next(&server, NULL));
    work(); /* EOF comes last */
    assert_int_equal(wasock_server_n_clients(&server), 0);
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* ---- Timers ---- */

static void on_expire(struct wasock_timer *timer)
{
    note("%s ", (const char *)timer->user);
    if (strcmp((const char *)timer->user, "again") == 0) {
        wasock_server_set_timer_ns(&server, timer, 0);
        memcpy(timer->user, "last", sizeof("last"));
    }
}

static void test_timers(void **unused)
{
    static char names[4][6] = {"a", "b", "c", "again"};
    struct wasock_timer timers[4];

    (void)unused;
    begin(&lines);
    memset(timers, 0, sizeof(timers));
    for (size_t i = 0; i < 4; i++) {
        timers[i].expire = on_expire;
        timers[i].user = names[i];
    }
    wasock_server_set_timer_ns(&server, &timers[1], 20 * MS);
    wasock_server_set_timer_ns(&server, &timers[0], 10 * MS);
    wasock_server_set_timer_ns(&server, &timers[2], 15 * MS);
    wasock_server_set_timer_ns(&server, &timers[3], 30 * MS);
    wasock_timer_cancel(&timers[2]);
    wasock_timer_cancel(&timers[2]);
    run_for_ns(19 * MS);
    assert_events("a ");
    run_for_ns(30 * MS);
    assert_events("b again last ");
    end();
}

/* ---- Stopping ---- */

static void test_stop(void **unused)
{
    struct wasock_conn idle;
    struct wasock_conn busy;
    struct wasock_conn late;

    (void)unused;
    begin(&lines);
    connect_to(&idle);
    connect_to(&busy);
    assert_int_equal(wasock_fakenet_set_unread_max(&busy.socket, 2), 0);
    write_all(&busy, "answer\n");
    work();
    wasock_server_stop(&server, 1000 * MS);
    connect_to(&late);
    work();
    assert_reads(&busy, "an");
    for (int i = 0; i < 10; i++) {
        char byte = 0;
        const ptrdiff_t n = wasock_conn_try_read(&busy, &byte, 1);
        assert_true(n >= 0 || n == -WASOCK_EAGAIN);
        const int result = wasock_server_run_for_ns(&server, 0);
        assert_true(result == 0 || result == -WASOCK_EDEADLINE);
    }
    assert_int_equal(wasock_conn_close(&idle), 0);
    assert_int_equal(wasock_conn_close(&busy), 0);
    assert_int_equal(wasock_server_run(&server), 0);
    assert_events("open open line:answer close:OK close:OK ");
    assert_int_equal(wasock_conn_close(&late), 0);
    end();
}

/* A client that does not finish is aborted when the drain time is over. */
static void test_drain_time(void **unused)
{
    struct wasock_conn conn;

    (void)unused;
    begin(&lines);
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 2), 0);
    write_all(&conn, "answer\n");
    work();
    const uint64_t start_ns = wasock_fakenet_now_ns(&net);
    wasock_server_stop(&server, 1000 * MS);
    assert_int_equal(wasock_server_run(&server), 0);
    assert_true(wasock_fakenet_now_ns(&net) == start_ns + 1000 * MS);
    assert_events("open line:answer close:ECANCELED ");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* ---- Connections that the program opens ---- */

static void test_connecting(void **unused)
{
    const struct wasock_fakenet_faults slow = {.latency_ns = 10 * MS};
    const struct wasock_addr nowhere = {
        .family = WASOCK_ADDR_IPV4, .port = 81, .ip = {127, 0, 0, 1}};
    const struct wasock_addr there = {
        .family = WASOCK_ADDR_IPV4, .port = 82, .ip = {127, 0, 0, 1}};
    struct wasock_listener other = {0};

    (void)unused;
    begin(&lines);
    assert_int_equal(wasock_listener_listen(&other, &net.network, &there, 0),
                     0);
    wasock_fakenet_set_faults(&net, &slow);
    struct wasock_client *a = wasock_server_reserve(&server);
    struct wasock_client *b = wasock_server_reserve(&server);
    struct wasock_client *c = wasock_server_reserve(&server);
    assert_int_equal(
        wasock_conn_start_connect(&a->conn, &net.network, &nowhere), 0);
    assert_int_equal(wasock_conn_start_connect(&b->conn, &net.network, &there),
                     0);
    a->user = a;
    c->user = c;
    assert_int_equal(wasock_client_start(a), 0);
    assert_int_equal(wasock_client_start(b), 0);
    assert_int_equal(wasock_client_start(c), -WASOCK_ECLOSED);
    run_for_ns(30 * MS);
    assert_events("close:ECLOSED open close:ECONNREFUSED ");
    assert_ptr_equal(wasock_server_next(&server, NULL), b);
    assert_int_equal(wasock_server_n_clients(&server), 1);
    wasock_fakenet_set_faults(&net, NULL);
    end();
    assert_int_equal(wasock_listener_close(&other), 0);
}

/* ---- A transport ---- */

/* It flips a bit of every byte, and reads one byte at a time. */
static ptrdiff_t flip_read(struct wasock_client *client, void *buffer,
                           size_t capacity)
{
    const ptrdiff_t n =
        wasock_conn_try_read(&client->conn, buffer, capacity > 0 ? 1 : 0);

    if (n == 1) {
        *(char *)buffer ^= 1;
    }
    return n;
}

static ptrdiff_t flip_write(struct wasock_client *client, const void *data,
                            size_t length)
{
    const char byte = (char)(*(const char *)data ^ 1);

    (void)length;
    return wasock_conn_try_write(&client->conn, &byte, 1);
}

static void test_transport(void **unused)
{
    static const struct wasock_transport transport = {.read = flip_read,
                                                      .write = flip_write};
    static const struct wasock_server_options options = {
        .handler = &lines,
        .transport = &transport,
        SIZES,
    };
    struct wasock_conn conn;

    (void)unused;
    begin_with(&options);
    connect_to(&conn);
    write_all(&conn, "`c\x0b"); /* "ab\n", flipped */
    work();
    assert_events("open line:ab ");
    assert_reads(&conn, "`c\x0b");
    assert_int_equal(wasock_conn_close(&conn), 0);
    end();
}

/* A timeout of messages does not end a client that is being answered. */
static size_t on_request(struct wasock_client *client, const void *data,
                         size_t length)
{
    if (memchr(data, '\n', length) == NULL) {
        return 0;
    }
    assert_int_equal(wasock_client_send(client, "a long answer", 13), 0);
    wasock_client_close(client);
    return length;
}

static void test_an_answer_outlives_its_message(void **unused)
{
    static const struct wasock_handler handler = {
        .open = on_open, .data = on_request, .close = on_close};
    static const struct wasock_server_options options = {
        .handler = &handler,
        SIZES,
        .message_ns = 100 * MS,
    };
    struct wasock_conn conn;
    char got[16] = "";

    (void)unused;
    begin_with(&options);
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 1), 0);
    write_all(&conn, "requ");
    run_for_ns(50 * MS);
    write_all(&conn, "est\n");
    for (size_t i = 0; i < 13; i++) { /* a byte in 30 ms */
        run_for_ns(30 * MS);
        assert_int_equal(wasock_conn_try_read(&conn, got + i, 1), 1);
    }
    assert_string_equal(got, "a long answer");
    assert_int_equal(wasock_conn_close(&conn), 0);
    work();
    assert_events("open close:OK ");
    end();
}

/* A timer does not outlive its server. */
static void test_timers_end_with_the_server(void **unused)
{
    static char name[] = "a";
    struct wasock_timer timer = {.expire = on_expire, .user = name};

    (void)unused;
    begin(&lines);
    wasock_server_set_timer_ns(&server, &timer, 10 * MS);
    end();
    static struct wasock_server untouched;
    memset(&server, 0x55, sizeof(server));
    memset(&untouched, 0x55, sizeof(untouched));
    wasock_timer_cancel(&timer);
    assert_memory_equal(&server, &untouched, sizeof(server));
}

static void test_init(void **unused)
{
    struct wasock_server_options options = {
        .handler = &lines, .n_clients = 1, .input_bytes = 1, .output_bytes = 1};

    (void)unused;
    assert_int_equal(wasock_server_init(&server, NULL, 10000, &options),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_server_init(&server, server_memory + 1,
                                        sizeof(server_memory) - 1, &options),
                     -WASOCK_EINVAL);
    assert_int_equal(wasock_server_init(&server, server_memory,
                                        WASOCK_SERVER_SIZE(1, 1, 1) - 1,
                                        &options),
                     -WASOCK_ESTORAGE);
    options.n_clients = 65536; /* 2^32 bytes, and more, of buffers */
    options.input_bytes = 65536;
    assert_int_equal(wasock_server_init(&server, server_memory,
                                        sizeof(server_memory), &options),
                     -WASOCK_ESTORAGE);
    options.handler = NULL;
    assert_int_equal(wasock_server_init(&server, server_memory,
                                        sizeof(server_memory), &options),
                     -WASOCK_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_in_pieces),
        cmocka_unit_test(test_a_full_buffer),
        cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_a_large_message),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_backpressure),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_streaming),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_timers),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_drain_time),
        cmocka_unit_test(test_connecting),
        cmocka_unit_test(test_transport),
        cmocka_unit_test(test_an_answer_outlives_its_message),
        cmocka_unit_test(test_timers_end_with_the_server),
        cmocka_unit_test(test_init),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
