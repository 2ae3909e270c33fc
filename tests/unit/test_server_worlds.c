/* SPDX-License-Identifier: MIT */
/* The server layer on every host of simhost, and what a request costs there. */
#include "worlds.h"

#define N_CLIENTS 3
#define N_PEERS 5
#define INPUT_BYTES 32
#define OUTPUT_BYTES 64

static _Alignas(WASOCK_SERVER_ALIGNMENT) unsigned char server_memory
    [WASOCK_SERVER_SIZE(N_CLIENTS, INPUT_BYTES, OUTPUT_BYTES)];
static struct wasock_server server;
static struct wasock_listener listener;
static int listener_fd;
static unsigned n_closed;
static int last_reason;

static size_t echo(struct wasock_client *client, const void *data,
                   size_t length)
{
    return wasock_client_send(client, data, length) == 0 ? length : 0;
}

static void on_close(struct wasock_client *client, int reason)
{
    (void)client;
    n_closed++;
    last_reason = reason;
}

static void begin(void)
{
    static const struct wasock_handler handler = {.data = echo,
                                                  .close = on_close};
    static const struct wasock_server_options options = {
        .handler = &handler,
        .n_clients = N_CLIENTS,
        .input_bytes = INPUT_BYTES,
        .output_bytes = OUTPUT_BYTES,
        .idle_ns = 60 * WASOCK_NS_PER_S,
    };

    n_closed = 0;
    memset(&listener, 0, sizeof(listener));
    listener_fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, listener_fd), 0);
    assert_int_equal(wasock_server_init(&server, server_memory,
                                        sizeof(server_memory), &options),
                     0);
    assert_int_equal(wasock_server_add_listener(&server, &listener), 0);
}

static void end(void)
{
    wasock_server_close(&server);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

static const struct wasock_handler echoing = {.data = echo};
static const struct wasock_server_options plain = {
    .handler = &echoing,
    .n_clients = N_CLIENTS,
    .input_bytes = INPUT_BYTES,
    .output_bytes = OUTPUT_BYTES,
};

static void run_until_closed(unsigned n)
{
    for (int i = 0; i < 1000 && n_closed < n; i++) {
        assert_int_equal(wasock_server_run_for_ns(&server, 20 * MS),
                         -WASOCK_EDEADLINE);
    }
    assert_int_equal(n_closed, n);
}

/* More peers than fit at a time; each sends more than the buffers hold, shuts
 * its half, and gets all of it back. */
static void test_echo_in(void)
{
    struct simhost_peer *peers[N_PEERS];
    uint8_t text[300];

    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (uint8_t)(i * 7);
    }
    begin();
    for (size_t i = 0; i < N_PEERS; i++) {
        peers[i] = simhost_connect(listener_fd, i * MS);
        simhost_peer_set_window(peers[i], 50);
        simhost_peer_set_reading(peers[i], 20);
        simhost_peer_send(peers[i], text, 150, 2 * MS);
        simhost_peer_send(peers[i], text + 150, 150, 5 * MS);
        simhost_peer_shutdown(peers[i], 5 * MS);
    }
    run_until_closed(N_PEERS);
    simhost_advance_ns(100 * MS);
    for (size_t i = 0; i < N_PEERS; i++) {
        assert_received(peers[i], (const char *)text, sizeof(text));
        assert_int_equal(simhost_peer_end(peers[i]), SIMHOST_END_STREAM);
    }
    end();
}
IN_EVERY_WORLD(test_echo)

static void test_resets_in(void)
{
    begin();
    for (size_t i = 0; i < N_PEERS; i++) {
        struct simhost_peer *peer = simhost_connect(listener_fd, i * MS);
        simhost_peer_send(peer, "x", 1, SIMHOST_NOW);
        simhost_peer_reset(peer, (10 + i) * MS);
    }
    run_until_closed(N_PEERS);
    assert_true(last_reason == 0 || wasock_err_is_disconnect(last_reason));
    end();
}
IN_EVERY_WORLD(test_resets)

/* Clients that stay silent are closed in time, on every host. */
static void test_idle_in(void)
{
    begin();
    simhost_connect(listener_fd, SIMHOST_NOW);
    assert_int_equal(wasock_server_run_for_ns(&server, 59 * WASOCK_NS_PER_S),
                     -WASOCK_EDEADLINE);
    assert_int_equal(n_closed, 0);
    assert_int_equal(wasock_server_run_for_ns(&server, 2 * WASOCK_NS_PER_S),
                     -WASOCK_EDEADLINE);
    assert_int_equal(n_closed, 1);
    assert_int_equal(last_reason, -WASOCK_EDEADLINE);
    end();
}
IN_EVERY_WORLD(test_idle)

/* ---- wasock_server_main ---- */

static int run_main(int (*start)(struct wasock_server *server))
{
    const struct wasock_handler handler = {
        .start = start, .data = echo, .close = on_close};
    const struct wasock_server_options options = {
        .handler = &handler,
        .n_clients = N_CLIENTS,
        .input_bytes = INPUT_BYTES,
        .output_bytes = OUTPUT_BYTES,
        .drain_ns = WASOCK_NS_PER_S,
    };

    n_closed = 0;
    return wasock_server_main(&server, server_memory, sizeof(server_memory),
                              &options, "test");
}

static int fail_to_start(struct wasock_server *started)
{
    assert_ptr_equal(started, &server);
    return -WASOCK_ENOSYS;
}

static void test_main_that_cannot_start(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    assert_int_equal(run_main(NULL), 1);
    assert_true(simhost_calls(SIMHOST_FD_WRITE) > 0);
    simhost_check();
    simhost_reset(1, &simhost_wasi_common);
    simhost_preopen(SIMHOST_LISTENER);
    simhost_knobs.preopened_sockets_must_close = true;
    assert_int_equal(run_main(fail_to_start), 1);
    simhost_check();
}

/* EOF of stdin stops it where the host says so; the client that does not leave
 * is aborted when the drain time is over. */
static void test_stop_by_stdin_in(void)
{
    static const char *const environment[] = {"A=1", "WASOCK_STOP=stdin", NULL};
    const int fd = simhost_preopen(SIMHOST_LISTENER);

    simhost_knobs.environment = environment;
    simhost_knobs.preopened_sockets_must_close = true;
    struct simhost_peer *peer = simhost_connect(fd, SIMHOST_NOW);
    simhost_peer_send(peer, "hello", 5, SIMHOST_NOW);
    simhost_peer_send(simhost_peer_of(0), "dropped", 7, 10 * MS);
    simhost_peer_shutdown(simhost_peer_of(0), 100 * MS);
    assert_int_equal(run_main(NULL), 0);
    assert_received(peer, "hello", 5);
    assert_int_equal(n_closed, 1);
    assert_true(last_reason == 0 || last_reason == -WASOCK_ECANCELED);
}

static void test_stop_by_stdin(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_PROFILES; host++) {
        simhost_reset(host + 1, simhost_profiles[host]);
        test_stop_by_stdin_in();
        simhost_check();
    }
}

/* All preopened listeners are served, up to the most of a server. */
static void serve_preopened(size_t n_listeners)
{
    static const char *const environment[] = {"WASOCK_STOP=stdin", NULL};
    struct simhost_peer *peers[WASOCK_SERVER_LISTENERS_MAX];

    simhost_reset(1, &simhost_wasi_common);
    simhost_knobs.environment = environment;
    for (size_t i = 0; i < n_listeners; i++) {
        const int fd = simhost_preopen(SIMHOST_LISTENER);
        peers[i] = simhost_connect(fd, i * 10 * MS);
        simhost_peer_send(peers[i], "x", 1, MS);
        simhost_peer_shutdown(peers[i], 2 * MS);
    }
    simhost_peer_shutdown(simhost_peer_of(0), 500 * MS);
    assert_int_equal(run_main(NULL), 0);
    for (size_t i = 0; i < n_listeners; i++) {
        size_t length = 0;
        simhost_peer_received(peers[i], &length);
        assert_int_equal(length, 1);
    }
}

static void test_preopened_listeners(void **unused)
{
    (void)unused;
    serve_preopened(1);
    serve_preopened(3);
    serve_preopened(WASOCK_SERVER_LISTENERS_MAX);
}

/* A server without timeouts asks for the time less. */
static uint64_t clock_calls(uint64_t idle_ns, uint64_t message_ns,
                            uint64_t write_ns)
{
    struct wasock_server_options options = plain;

    options.idle_ns = idle_ns;
    options.message_ns = message_ns;
    options.write_ns = write_ns;
    simhost_reset(1, &simhost_wasi_common);
    memset(&listener, 0, sizeof(listener));
    listener_fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, listener_fd), 0);
    assert_int_equal(wasock_server_init(&server, server_memory,
                                        sizeof(server_memory), &options),
                     0);
    assert_int_equal(wasock_server_add_listener(&server, &listener), 0);
    struct simhost_peer *peer = simhost_connect(listener_fd, SIMHOST_NOW);
    for (uint64_t i = 1; i <= 50; i++) {
        simhost_peer_send(peer, "x", 1, i * MS);
    }
    const uint64_t before = simhost_calls(SIMHOST_CLOCK_TIME_GET);
    assert_int_equal(wasock_server_run_for_ns(&server, 100 * MS),
                     -WASOCK_EDEADLINE);
    const uint64_t n = simhost_calls(SIMHOST_CLOCK_TIME_GET) - before;
    end();
    return n;
}

static void test_timeouts_cost_clock_calls(void **unused)
{
    (void)unused;
    const uint64_t n = clock_calls(0, 0, 0);
    assert_true(clock_calls(WASOCK_NS_PER_S, 0, 0) >= n + 50);
    assert_true(clock_calls(0, WASOCK_NS_PER_S, 0) >= n + 50);
    assert_true(clock_calls(0, 0, WASOCK_NS_PER_S) >= n + 50);
}

/* One turn accepts a client, reads its request, and answers. */
static void test_one_turn(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    begin();
    struct simhost_peer *peer = simhost_connect(listener_fd, SIMHOST_NOW);
    simhost_peer_send(peer, "request", 7, SIMHOST_NOW);
    simhost_advance_ns(MS);
    assert_int_equal(wasock_server_run_until_ns(&server, WASOCK_DEADLINE_PAST),
                     -WASOCK_EDEADLINE);
    assert_received(peer, "request", 7);
    assert_int_equal(simhost_calls(SIMHOST_SOCK_ACCEPT), 2);
    assert_int_equal(simhost_calls(SIMHOST_SOCK_RECV), 1);
    assert_int_equal(simhost_calls(SIMHOST_SOCK_SEND), 2); /* one is a probe */
    end();
}

/* A descriptor that is closed behind the server's back ends its client. */
static void test_a_dead_descriptor(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    simhost_allow(SIMHOST_BAD_FD, true);
    simhost_allow(SIMHOST_DOUBLE_CLOSE, true);
    begin();
    simhost_connect(listener_fd, SIMHOST_NOW);
    assert_int_equal(wasock_server_run_for_ns(&server, MS), -WASOCK_EDEADLINE);
    struct wasock_client *client = wasock_server_next(&server, NULL);
    assert_non_null(client);
    assert_int_equal(wasock_fd_close(wasock_socket_fd(&client->conn.socket)),
                     0);
    run_until_closed(1);
    assert_int_equal(last_reason, -WASOCK_EBADF);
    wasock_server_close(&server);
    assert_int_equal(wasock_listener_close(&listener), 0);
}

/* Only the whole word asks to stop by standard input. */
static void test_words_of_stop(void **unused)
{
    static const struct {
        const char *variable;
        bool is_asked;
    } cases[] = {
        {"WASOCK_STOP=stdin", true},  {"WASOCK_STOP=", false},
        {"WASOCK_STOP=xtdin", false}, {"WASOCK_STOP=sxdin", false},
        {"WASOCK_STOP=stxin", false}, {"WASOCK_STOP=stdxn", false},
        {"WASOCK_STOP=stdix", false}, {"WASOCK_STOP=stdinx", false},
        {"WASOCK_STOP=stdi", false},  {"OTHER=stdin", false},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const environment[] = {cases[i].variable, NULL};
        simhost_reset(1, &simhost_wasi_common);
        simhost_knobs.environment = environment;
        begin();
        assert_int_equal(
            wasock_server_stop_on_request(&server, WASOCK_NS_PER_S), 0);
        assert_int_equal(wasock_socket_is_open(&server.input_.socket),
                         cases[i].is_asked);
        if (cases[i].is_asked) { /* input that is not the end is dropped */
            simhost_peer_send(simhost_peer_of(0), "x", 1, SIMHOST_NOW);
            assert_int_equal(wasock_server_run_for_ns(&server, 10 * MS),
                             -WASOCK_EDEADLINE);
            simhost_peer_shutdown(simhost_peer_of(0), SIMHOST_NOW);
            assert_int_equal(wasock_server_run_for_ns(&server, 10 * MS), 0);
        }
        end();
    }
}

/* A server that is closed watches standard input no more; a poll that fails
 * ends a run. */
static void test_failing_polls(void **unused)
{
    static const char *const environment[] = {"WASOCK_STOP=stdin", NULL};

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    simhost_knobs.environment = environment;
    begin();
    assert_int_equal(wasock_server_stop_on_request(&server, 0), 0);
    simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EIO, SIMHOST_FOR_EVER);
    assert_int_equal(wasock_server_run_for_ns(&server, MS), -WASOCK_EIO);
    end();
    assert_false(wasock_socket_is_open(&server.input_.socket));
}

/* The end of standard input, or a failure to read it, stops accepting at once,
 * and gives clients the drain time. */
static void stop_by_read(int32_t error)
{
    static const char *const environment[] = {"WASOCK_STOP=stdin", NULL};

    simhost_reset(1, &simhost_wasi_common);
    simhost_knobs.environment = environment;
    const int first = simhost_preopen(SIMHOST_LISTENER);
    simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_server_init(&server, server_memory,
                                        sizeof(server_memory), &plain),
                     0);
    assert_int_equal(wasock_server_listen_preopened(&server), 2);
    assert_int_equal(wasock_server_stop_on_request(&server, 100 * MS), 0);
    struct simhost_peer *peer = simhost_connect(first, SIMHOST_NOW);
    simhost_peer_set_window(peer, 1);
    simhost_peer_set_reading(peer, 0);
    simhost_peer_send(peer, "no reader", 9, SIMHOST_NOW);
    simhost_peer_send(simhost_peer_of(0), "x", 1, 10 * MS);
    if (error == 0) {
        simhost_peer_shutdown(simhost_peer_of(0), 20 * MS);
    } else {
        simhost_fail(SIMHOST_FD_READ, 1, error, 1);
    }
    assert_int_equal(wasock_server_run_for_ns(&server, 50 * MS),
                     -WASOCK_EDEADLINE);
    const bool has_stopped = error != WASOCK_EAGAIN;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(wasock_socket_is_open(&server.preopened_[i].socket),
                         !has_stopped);
    }
    assert_int_equal(wasock_server_n_clients(&server), 1);
    assert_int_equal(wasock_server_run_for_ns(&server, 100 * MS),
                     has_stopped ? 0 : -WASOCK_EDEADLINE);
    wasock_server_close(&server);
}

static void test_stop_by_read(void **unused)
{
    (void)unused;
    stop_by_read(0);
    stop_by_read(WASOCK_EIO);
    stop_by_read(WASOCK_EAGAIN);
}

/* The buffers of clients are used to read the environment: none may be there,
 * and a longer value does not fit. */
static void test_stop_with_clients(void **unused)
{
    char variable[sizeof(server_memory)] = "WASOCK_STOP=";
    const char *const environment[] = {variable, NULL};

    (void)unused;
    memset(variable + 12, 'x', sizeof(variable) - 13);
    variable[sizeof(variable) - 1] = '\0';
    simhost_reset(1, &simhost_wasi_common);
    simhost_knobs.environment = environment;
    begin();
    assert_int_equal(wasock_server_stop_on_request(&server, 0),
                     -WASOCK_ESTORAGE);
    simhost_connect(listener_fd, SIMHOST_NOW);
    assert_int_equal(wasock_server_run_for_ns(&server, MS), -WASOCK_EDEADLINE);
    assert_int_equal(wasock_server_stop_on_request(&server, 0), -WASOCK_EBUSY);
    end();
}

/* Small buffers are enough for a usual environment, also once the server had a
 * client. */
static void test_stop_with_small_buffers(void **unused)
{
    static const char *const environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "WASOCK_STOP=stdin", NULL};
    static const struct wasock_server_options small = {.handler = &echoing,
                                                       .n_clients = N_CLIENTS,
                                                       .input_bytes = 1,
                                                       .output_bytes = 2};

    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    simhost_knobs.environment = environment;
    assert_int_equal(wasock_server_init(&server, server_memory,
                                        sizeof(server_memory), &small),
                     0);
    wasock_client_abort(wasock_server_reserve(&server), 0);
    assert_int_equal(wasock_server_run_for_ns(&server, MS), -WASOCK_EDEADLINE);
    assert_int_equal(wasock_server_stop_on_request(&server, 0), 0);
    assert_true(wasock_socket_is_open(&server.input_.socket));
    for (size_t i = 0; i < N_CLIENTS; i++) {
        assert_ptr_equal(wasock_server_reserve(&server), server.clients_ + i);
    }
    assert_null(wasock_server_reserve(&server));
    wasock_server_close(&server);
}

/* More listeners than a server can have are an error, not silence. */
static void test_too_many_preopened_listeners(void **unused)
{
    (void)unused;
    simhost_reset(1, &simhost_wasi_common);
    for (int i = 0; i <= WASOCK_SERVER_LISTENERS_MAX; i++) {
        simhost_preopen(SIMHOST_LISTENER);
    }
    assert_int_equal(wasock_server_init(&server, server_memory,
                                        sizeof(server_memory), &plain),
                     0);
    assert_int_equal(wasock_server_listen_preopened(&server), -WASOCK_ESTORAGE);
    wasock_server_close(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_resets),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_main_that_cannot_start),
        cmocka_unit_test(test_stop_by_stdin),
        cmocka_unit_test(test_preopened_listeners),
        cmocka_unit_test(test_timeouts_cost_clock_calls),
        cmocka_unit_test(test_a_dead_descriptor),
        cmocka_unit_test(test_one_turn),
        cmocka_unit_test(test_words_of_stop),
        cmocka_unit_test(test_stop_with_clients),
        cmocka_unit_test(test_stop_with_small_buffers),
        cmocka_unit_test(test_too_many_preopened_listeners),
        cmocka_unit_test(test_failing_polls),
        cmocka_unit_test(test_stop_by_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
