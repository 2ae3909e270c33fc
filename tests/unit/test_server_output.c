/* SPDX-License-Identifier: MIT */
/* The server layer: large output is sent at once, small output is queued. */
#define NET_BYTES 100000

#include "served.h"

#define LARGE_BYTES 10000

static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char large_memory
    [WASOCK_SERVER_SIZE(2, 64, LARGE_BYTES)];
static unsigned char stream[2 * LARGE_BYTES];
static struct wasock_conn conn;
static unsigned n_drained;

static void count_drain(struct wasock_client *client)
{
    (void)client;
    n_drained++;
}

static size_t take_all(struct wasock_client *client, const void *data,
                       size_t length)
{
    (void)client;
    (void)data;
    return length;
}

static const struct wasock_handler sender = {
    .open = on_open, .data = take_all, .close = on_close, .drain = count_drain};

static const struct wasock_server_options large = {.handler = &sender,
                                                   .n_clients = 2,
                                                   .input_bytes = 64,
                                                   .output_bytes = LARGE_BYTES};

/* A server with one client, whose peer has room for `window` bytes. */
static struct wasock_client *
begin_large(const struct wasock_server_options *options, size_t window)
{
    for (size_t i = 0; i < sizeof(stream); i++) {
        stream[i] = (unsigned char)(i * 7 + i / 256);
    }
    n_drained = 0;
    begin(&sender);
    wasock_server_close(&server);
    assert_int_equal(wasock_server_init(&server, large_memory,
                                        sizeof(large_memory), options),
                     0);
    assert_int_equal(wasock_server_add_listener(&server, &listener), 0);
    connect_to(&conn);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, window), 0);
    work();
    assert_events("open ");
    return wasock_server_next(&server, NULL);
}

static void end_large(void)
{
    if (wasock_socket_is_open(&conn.socket)) {
        assert_int_equal(wasock_conn_close(&conn), 0);
    }
    end();
}

/* Assert that the peer can read this part of the stream now. */
static void assert_stream(size_t begin, size_t length)
{
    static unsigned char bytes[2 * LARGE_BYTES];
    size_t n = 0;
    ptrdiff_t result = 0;

    do {
        n += (size_t)result;
        result = wasock_conn_try_read(&conn, bytes + n, sizeof(bytes) - n);
    } while (result > 0);
    assert_int_equal(n, length);
    assert_memory_equal(bytes, stream + begin, length);
}

static void test_direct_sends(void **unused)
{
    (void)unused;
    struct wasock_client *client = begin_large(&large, 50000);
    assert_int_equal(wasock_client_send(client, stream, 4096), 0);
    assert_int_equal(wasock_client_n_queued(client), 0);
    assert_stream(0, 4096); /* it is there without a turn of the loop */
    assert_int_equal(wasock_client_send(client, stream, 4095), 0);
    assert_int_equal(wasock_client_n_queued(client), 4095);
    assert_stream(0, 0);
    work();
    assert_stream(0, 4095);
    /* Behind what is queued it is queued. */
    assert_int_equal(wasock_client_send(client, stream, 1), 0);
    assert_int_equal(wasock_client_send(client, stream + 1, 5000), 0);
    assert_int_equal(wasock_client_n_queued(client), 5001);
    work();
    assert_stream(0, 5001);
    end_large();
}

/* The peer has room for a part, then for nothing: the rest is queued. */
static void test_partial_sends(void **unused)
{
    (void)unused;
    struct wasock_client *client = begin_large(&large, 5000);
    assert_int_equal(wasock_client_send(client, stream, 5000), 0);
    assert_int_equal(wasock_client_n_queued(client), 0);
    assert_int_equal(wasock_client_send(client, stream + 5000, 5000), 0);
    assert_int_equal(wasock_client_n_queued(client), 5000);
    assert_stream(0, 5000);
    work();
    assert_stream(5000, 5000);
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 1000), 0);
    assert_int_equal(wasock_client_send(client, stream, 5000), 0);
    assert_int_equal(wasock_client_n_queued(client), 4000);
    assert_int_equal(wasock_client_send(client, stream + 5000, 6001),
                     -WASOCK_ENOBUFS);
    assert_int_equal(wasock_client_send(client, stream + 5000, 6000), 0);
    for (size_t n = 0; n < 11000; n += 1000) {
        assert_stream(n, 1000);
        work();
    }
    end_large();
}

/* More small sends in one turn than there is room for, to a peer that reads. */
static void test_many_small_sends(void **unused)
{
    (void)unused;
    struct wasock_client *client = begin_large(&large, 50000);
    assert_int_equal(wasock_client_send(client, stream, LARGE_BYTES + 1),
                     -WASOCK_ENOBUFS);
    for (size_t n = 0; n < 2 * LARGE_BYTES; n += 100) {
        assert_int_equal(wasock_client_send(client, stream + n, 100), 0);
    }
    work();
    assert_stream(0, 2 * LARGE_BYTES);
    for (size_t n = 0; n < LARGE_BYTES; n += 100) {
        assert_int_equal(wasock_client_send(client, stream + n, 100), 0);
    }
    assert_int_equal(wasock_fakenet_reset(&conn), 0);
    assert_int_equal(wasock_client_send(client, stream, 100), -WASOCK_ECLOSED);
    work();
    assert_events("close:ECONNRESET ");
    end_large();
}

/* Nobody is there any more: that ends the client, whatever is sent. */
static void test_a_failing_send(void **unused)
{
    (void)unused;
    struct wasock_client *client = begin_large(&large, 5000);
    assert_int_equal(wasock_fakenet_reset(&conn), 0);
    assert_int_equal(wasock_client_send(client, stream, 5000), 0);
    assert_int_equal(wasock_client_n_queued(client), 0);
    assert_true(wasock_client_is_closing(client));
    work();
    assert_events("close:ECONNRESET ");
    end_large();
}

static void test_when_nothing_is_sent_at_once(void **unused)
{
    static const struct wasock_transport transport = {.read = read_plainly,
                                                      .write = write_plainly};
    struct wasock_server_options options = large;

    (void)unused;
    options.transport = &transport;
    struct wasock_client *client = begin_large(&options, 50000);
    assert_int_equal(wasock_client_send(client, stream, 5000), 0);
    assert_int_equal(wasock_client_n_queued(client), 5000);
    work();
    assert_stream(0, 5000);
    end_large();
    /* Before its connection is open. */
    begin_large(&large, 50000);
    client = wasock_server_reserve(&server);
    client->user = client;
    assert_int_equal(wasock_client_send(client, stream, 5000), 0);
    assert_int_equal(wasock_client_n_queued(client), 5000);
    assert_int_equal(wasock_client_send(client, stream, 5001), -WASOCK_ENOBUFS);
    end_large();
}

/* What is sent at once counts as activity, and ends in a `drain`. */
static void test_direct_sends_are_activity(void **unused)
{
    struct wasock_server_options options = large;

    (void)unused;
    options.idle_ns = 100 * MS;
    struct wasock_client *client = begin_large(&options, 50000);
    run_for_ns(60 * MS);
    assert_int_equal(wasock_client_send(client, stream, 5000), 0);
    assert_int_equal(n_drained, 0);
    run_for_ns(90 * MS);
    assert_int_equal(n_drained, 1);
    assert_events("");
    run_for_ns(20 * MS);
    assert_events("close:EDEADLINE ");
    end_large();
}

/* Output that goes on being queued does not hide that none is read. */
static void test_more_output_for_a_deaf_client(void **unused)
{
    struct wasock_server_options options = large;

    (void)unused;
    options.write_ns = 100 * MS;
    struct wasock_client *client = begin_large(&options, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wasock_client_send(client, "abc", 3), 0);
        run_for_ns(30 * MS);
    }
    assert_events("");
    assert_int_equal(wasock_client_send(client, "abc", 3), 0);
    run_for_ns(20 * MS);
    assert_events("close:EDEADLINE ");
    end_large();
}

/* The room for output is what is not queued, in one piece. */
static void test_room_for_output(void **unused)
{
    size_t capacity = 0;

    (void)unused;
    struct wasock_client *client = begin_large(&large, 6000);
    unsigned char *output = wasock_client_output(client, &capacity);
    assert_int_equal(capacity, LARGE_BYTES);
    memcpy(output, stream, 8000);
    wasock_client_commit(client, 8000);
    assert_int_equal(wasock_client_n_queued(client), 8000);
    wasock_client_output(client, &capacity);
    assert_int_equal(capacity, LARGE_BYTES - 8000);
    work(); /* 6,000 are sent */
    assert_int_equal(wasock_client_n_queued(client), 2000);
    output = wasock_client_output(client, &capacity);
    assert_int_equal(capacity, LARGE_BYTES - 2000);
    memcpy(output, stream + 8000, 1000);
    wasock_client_commit(client, 1000);
    assert_stream(0, 6000);
    work();
    assert_stream(6000, 3000);
    wasock_client_output(client, &capacity);
    assert_int_equal(capacity, LARGE_BYTES);
    /* Closing: what is queued is sent, and no more is taken. */
    assert_int_equal(wasock_client_send(client, "abc", 3), 0);
    wasock_client_close(client);
    assert_true(wasock_client_is_closing(client));
    assert_int_equal(wasock_client_send(client, "def", 3), -WASOCK_ECLOSED);
    wasock_client_output(client, &capacity);
    assert_int_equal(capacity, 0);
    work();
    assert_reads(&conn, "abc");
    end_large();
}

static void drain_for_ever(struct wasock_client *client)
{
    n_drained++;
    assert_int_equal(wasock_client_send(client, "x", 1), 0);
}

/* A client that always has more to send does not keep the others waiting. */
static void test_an_endless_drain(void **unused)
{
    static const struct wasock_handler endless = {
        .open = on_open, .data = take_all, .drain = drain_for_ever};
    struct wasock_server_options options = large;

    (void)unused;
    options.handler = &endless;
    struct wasock_client *client = begin_large(&options, 50000);
    assert_int_equal(wasock_client_send(client, "x", 1), 0);
    run_for_ns(0);
    assert_int_equal(n_drained, 4);
    run_for_ns(0);
    assert_int_equal(n_drained, 8);
    end_large();
}

static size_t count_bytes(struct wasock_client *client, const void *data,
                          size_t length)
{
    (void)data;
    *(size_t *)client->user += length;
    return length;
}

/* Fill the output of a client whose peer does not read, and let the peer send
 * `n_sent` bytes. Returns how many of them reach the handler. */
static size_t pass_beside_output(bool is_relay, size_t n_output, size_t n_sent)
{
    const struct wasock_handler counting = {.data = count_bytes,
                                            .is_relay = is_relay};
    size_t n_passed = 0;
    struct wasock_client *client = begin_large(&large, 1);
    client->handler = &counting;
    client->user = &n_passed;
    assert_int_equal(wasock_client_send(client, stream, n_output), 0);
    work();
    for (size_t n = 0; n < n_sent; n += 10) {
        assert_int_equal(wasock_conn_write(&conn, stream, 10), 10);
        work();
    }
    client->handler = &sender;
    client->user = client;
    end_large();
    return n_passed;
}

/* Who does not read its answers is not read from, but in a relay: what a client
 * sends there causes no output for it. */
static void test_input_beside_output(void **unused)
{
    (void)unused;
    assert_int_equal(pass_beside_output(false, LARGE_BYTES / 2 + 1, 100), 100);
    assert_int_equal(pass_beside_output(false, LARGE_BYTES / 2 + 2, 100), 0);
    assert_int_equal(pass_beside_output(true, LARGE_BYTES, 100), 100);
}

/* A client that is being closed, with output that its peer does not read. */
static struct wasock_client *
begin_closing(const struct wasock_server_options *options)
{
    struct wasock_client *client = begin_large(options, 1);

    assert_int_equal(wasock_client_send(client, "answer", 6), 0);
    wasock_client_close(client);
    work();
    return client;
}

/* What a peer sends then is dropped, so that one that sends all before it reads
 * can go on; its output is sent also after its EOF. */
static void test_input_while_closing(void **unused)
{
    (void)unused;
    struct wasock_client *client = begin_closing(&large);
    assert_int_equal(wasock_fakenet_set_unread_max(&client->conn.socket, 10),
                     0);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(wasock_conn_try_write(&conn, stream, 10), 10);
        work();
    }
    assert_int_equal(wasock_conn_shutdown(&conn, WASOCK_SHUTDOWN_WRITE), 0);
    work();
    assert_events("");
    assert_int_equal(wasock_fakenet_set_unread_max(&conn.socket, 100), 0);
    work();
    assert_events("close:OK ");
    assert_reads(&conn, "answer");
    end_large();
}

static void test_reset_while_closing(void **unused)
{
    (void)unused;
    begin_closing(&large);
    assert_int_equal(wasock_fakenet_reset(&conn), 0);
    work();
    assert_events("close:ECONNRESET ");
    end_large();
}

/* It is no activity: who sends, but does not read, is idle. */
static void test_activity_while_closing(void **unused)
{
    struct wasock_server_options options = large;

    (void)unused;
    options.idle_ns = 100 * MS;
    begin_closing(&options);
    run_for_ns(60 * MS);
    write_all(&conn, "x");
    run_for_ns(60 * MS);
    assert_events("close:EDEADLINE ");
    end_large();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_direct_sends),
        cmocka_unit_test(test_partial_sends),
        cmocka_unit_test(test_many_small_sends),
        cmocka_unit_test(test_a_failing_send),
        cmocka_unit_test(test_when_nothing_is_sent_at_once),
        cmocka_unit_test(test_direct_sends_are_activity),
        cmocka_unit_test(test_more_output_for_a_deaf_client),
        cmocka_unit_test(test_room_for_output),
        cmocka_unit_test(test_an_endless_drain),
        cmocka_unit_test(test_input_beside_output),
        cmocka_unit_test(test_input_while_closing),
        cmocka_unit_test(test_reset_while_closing),
        cmocka_unit_test(test_activity_while_closing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
