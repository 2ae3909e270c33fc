/* SPDX-License-Identifier: MIT */
/*
 * A poller-driven echo server whose host calls fail or lie: no client is lost
 * without an error, nothing spins, and everything can be closed.
 */
#include "worlds.h"

#define N_IDLE 40 /* enough for the poller to tell hot from cold */
#define SENDS_LATE(i) ((i) % 10 == 0) /* some of the idle ones */
#define SILENT (N_IDLE + 3)           /* sends nothing, has a deadline */
#define N (SILENT + 1)
#define CALLS_A_WAIT_MAX 400
#define WAITS_MAX 2000

/* What a client sends, in two parts. */
static const char text[] = "to be, or not to be";

struct client {
    struct wasock_conn conn;
    unsigned interest;
    char buffer[8];
    size_t n_buffered;
    bool is_at_end;
};

static _Alignas(WASOCK_POLLER_ALIGNMENT) char memory[WASOCK_POLLER_SIZE(2 * N)];
static struct wasock_poller poller;
static struct wasock_listener listener;
static struct client clients[N];
static struct simhost_peer *peers[N];
static size_t n_accepted;

/* What was reported to the server. */
static struct {
    size_t n_errors; /* of clients */
    size_t n_deadlines;
    size_t n_failed_waits;
} reported;

/* Every error that is returned has a name. */
static void assert_named(ptrdiff_t error)
{
    assert_true(error < 0);
    assert_string_not_equal(wasock_err_name(error), "E?");
}

static void take_error(ptrdiff_t error)
{
    assert_named(error);
    reported.n_errors++;
}

static void close_client(struct client *client)
{
    wasock_conn_close(&client->conn);
    assert_false(wasock_socket_is_open(&client->conn.socket));
}

static void watch(struct client *client, unsigned interest)
{
    if (client->interest != interest) {
        client->interest = interest;
        assert_int_equal(wasock_poller_modify(&poller, &client->conn.socket,
                                              interest, client),
                         0);
    }
}

static void add(struct client *client)
{
    client->interest = WASOCK_READABLE;
    assert_int_equal(wasock_poller_add(&poller, &client->conn.socket,
                                       WASOCK_READABLE, client),
                     0);
}

static void accept_all(void)
{
    while (n_accepted < N) {
        struct client *client = &clients[n_accepted];
        const int result = wasock_listener_try_accept(&listener, &client->conn);
        if (result < 0) {
            if (result != -WASOCK_EAGAIN) {
                take_error(result);
            }
            return;
        }
        n_accepted++;
        add(client);
        if (simhost_peer_of(wasock_socket_fd(&client->conn.socket)) ==
            peers[SILENT]) {
            set_read_deadline(&client->conn.socket,
                              simhost_now_ns() + 100 * MS);
        }
    }
}

/* Write what was read. Returns whether all is written. */
static bool flush(struct client *client)
{
    while (client->n_buffered > 0) {
        const ptrdiff_t n = wasock_conn_try_write(&client->conn, client->buffer,
                                                  client->n_buffered);
        if (n < 0 && n != -WASOCK_EAGAIN) {
            take_error(n);
            close_client(client);
        }
        if (n < 0) {
            return false;
        }
        assert_in_range(n, 1, client->n_buffered);
        client->n_buffered -= (size_t)n;
        memmove(client->buffer, client->buffer + n, client->n_buffered);
    }
    return true;
}

static void echo(struct client *client)
{
    while (flush(client) && !client->is_at_end) {
        const ptrdiff_t n = wasock_conn_try_read(&client->conn, client->buffer,
                                                 sizeof(client->buffer));
        if (n == -WASOCK_EAGAIN) {
            watch(client, WASOCK_READABLE);
            return;
        }
        if (n < 0) {
            take_error(n);
            close_client(client);
            return;
        }
        client->n_buffered = (size_t)n;
        client->is_at_end = n == 0;
    }
    if (client->n_buffered == 0 && client->is_at_end) {
        close_client(client);
    } else if (wasock_socket_is_open(&client->conn.socket)) {
        watch(client, WASOCK_WRITABLE);
    }
}

static void take_event(const struct wasock_poller_event *event)
{
    struct client *client = event->token;

    if (event->token == &listener) {
        assert_true(event->error == 0 || event->error == -WASOCK_EBADF);
        accept_all();
        return;
    }
    assert_true(wasock_socket_is_open(&client->conn.socket));
    if (event->error != 0) {
        take_error(event->error);
        close_client(client);
    } else if (event->deadline != 0) {
        reported.n_deadlines++;
        close_client(client);
    } else {
        echo(client);
    }
}

static bool sends(size_t i)
{
    return i < N_IDLE ? SENDS_LATE(i) : i != SILENT;
}

/* A world of silent clients; a few send later, and a few connect later. */
static void begin(const struct simhost_profile *profile, uint64_t seed)
{
    simhost_reset(seed, profile);
    simhost_allow(SIMHOST_SIGPIPE, true);
    memset(clients, 0, sizeof(clients));
    memset(&listener, 0, sizeof(listener));
    memset(&reported, 0, sizeof(reported));
    const int fd = simhost_preopen(SIMHOST_LISTENER);
    assert_int_equal(wasock_listener_from_fd(&listener, fd), 0);
    assert_int_equal(wasock_poller_init(&poller, memory, sizeof(memory)), 0);
    assert_int_equal(wasock_poller_add(&poller, &listener.socket,
                                       WASOCK_READABLE, &listener),
                     0);
    for (n_accepted = 0; n_accepted < N_IDLE; n_accepted++) {
        struct client *client = &clients[n_accepted];
        peers[n_accepted] = simhost_connect(fd, SIMHOST_NOW);
        assert_int_equal(wasock_listener_accept(&listener, &client->conn), 0);
        add(client);
    }
    for (size_t i = N_IDLE; i < N; i++) {
        peers[i] = simhost_connect(fd, SIMHOST_MS(10 * (i - N_IDLE)));
    }
    for (size_t i = 0; i < N; i++) {
        const uint64_t at_ns = SIMHOST_MS(i < N_IDLE ? 60 : 1);
        simhost_peer_set_window(peers[i], 6);
        simhost_peer_set_reading(peers[i], 3);
        if (sends(i)) {
            simhost_peer_send(peers[i], text, 9, at_ns);
            simhost_peer_send(peers[i], text + 9, sizeof(text) - 9, at_ns);
            simhost_peer_shutdown(peers[i], at_ns + SIMHOST_MS(4));
        }
    }
}

/* Serve for a quarter of a second of virtual time. */
static void serve(void)
{
    const uint64_t end_ns = simhost_now_ns() + 250 * MS;
    unsigned n_waits = 0;

    while (simhost_now_ns() < end_ns && reported.n_failed_waits < 50) {
        const uint64_t n_calls = simhost_calls(SIMHOST_ANY_CALL);
        struct wasock_poller_event event;
        /* No timeout: its end would depend on the clock, which may lie. */
        const ptrdiff_t n =
            wasock_poller_wait_until_ns(&poller, simhost_now_ns() + 10 * MS);
        assert_in_range(simhost_calls(SIMHOST_ANY_CALL) - n_calls, 0,
                        CALLS_A_WAIT_MAX);
        if (n < 0) {
            assert_named(n);
            reported.n_failed_waits++;
        }
        /* The others stay pending. */
        for (int i = 0; i < 8 && wasock_poller_next(&poller, &event); i++) {
            take_event(&event);
        }
        if (++n_waits == WAITS_MAX) {
            return; /* the clock or the poll fails for ever: no time passes */
        }
    }
}

static void end(void)
{
    for (size_t i = 0; i < N; i++) {
        close_client(&clients[i]);
    }
    wasock_listener_close(&listener);
    wasock_poller_close(&poller);
    simhost_check();
}

static bool is_served(const struct simhost_peer *peer)
{
    size_t length = 0;
    const uint8_t *bytes = simhost_peer_received(peer, &length);

    return length == sizeof(text) && memcmp(bytes, text, length) == 0 &&
           simhost_peer_end(peer) == SIMHOST_END_STREAM;
}

/* Every client is served, or an error was reported. */
static void assert_none_is_lost(void)
{
    size_t n_lost = reported.n_deadlines == 0;

    assert_true(reported.n_deadlines <= 1);
    simhost_settle();
    for (size_t i = 0; i < N; i++) {
        if (sends(i)) {
            n_lost += !is_served(peers[i]);
        } else if (i < N_IDLE) {
            n_lost += !wasock_socket_is_open(&clients[i].conn.socket);
        }
    }
    assert_true(n_lost <= reported.n_errors);
}

static const int32_t errors[] = {
    WASOCK_EAGAIN, WASOCK_EBADF,  WASOCK_ECONNRESET, WASOCK_EINTR,
    WASOCK_EINVAL, WASOCK_EMFILE, WASOCK_ENOMEM,     WASOCK_ENOTSUP};

#define N_ERRORS (sizeof(errors) / sizeof(errors[0]))

/* No host fails a call about the mode with EAGAIN, nor refuses to watch a
 * socket as a dead descriptor or as a file. */
static bool is_possible(enum simhost_call call, int32_t error)
{
    if (call == SIMHOST_SET_ADD || call == SIMHOST_SET_MODIFY) {
        return error != WASOCK_EBADF && error != WASOCK_ENOTSUP;
    }
    return error != WASOCK_EAGAIN || (call != SIMHOST_FD_FDSTAT_GET &&
                                      call != SIMHOST_FD_FDSTAT_SET_FLAGS);
}

static void test_nothing_fails(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_POLLED; host++) {
        begin(simhost_polled[host], 1);
        serve();
        assert_int_equal(reported.n_errors + reported.n_failed_waits, 0);
        assert_none_is_lost();
        end();
    }
}

/* Fail the first call of a kind, then the second, until there are no more.
 * Returns the number of calls. */
static unsigned fail_in_turn(const struct simhost_profile *profile,
                             enum simhost_call call, int32_t error)
{
    unsigned n_failed = 0;

    for (;;) {
        begin(profile, n_failed + 1);
        simhost_fail(call, n_failed + 1, error, 1);
        serve();
        assert_true(reported.n_errors + reported.n_failed_waits <= 1);
        if (call != SIMHOST_SOCK_SHUTDOWN) {
            assert_none_is_lost(); /* some hosts deliver no EOF without it */
        }
        const bool has_failed = simhost_n_faults() > 0;
        end();
        if (!has_failed) {
            return n_failed;
        }
        n_failed++;
    }
}

static void test_each_call_fails_once(void **unused)
{
    static const enum simhost_call calls[] = {
        SIMHOST_CLOCK_TIME_GET, SIMHOST_FD_CLOSE,
        SIMHOST_FD_FDSTAT_GET,  SIMHOST_FD_FDSTAT_SET_FLAGS,
        SIMHOST_SOCK_ACCEPT,    SIMHOST_SOCK_RECV,
        SIMHOST_SOCK_SEND,      SIMHOST_SOCK_SHUTDOWN,
        SIMHOST_POLL_ONEOFF,    SIMHOST_SET_OPEN,
        SIMHOST_SET_ADD,        SIMHOST_SET_MODIFY};
    unsigned n_worlds = 0;

    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_POLLED; host++) {
        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
            for (size_t e = 0; e < N_ERRORS; e++) {
                n_worlds += is_possible(calls[i], errors[e])
                                ? fail_in_turn(simhost_polled[host], calls[i],
                                               errors[e])
                                : 0;
            }
        }
    }
    assert_true(n_worlds > 10000);
}

/* All calls of a kind fail from the nth on. That is reported, except for
 * interruptions, and ends every wait. */
static void test_calls_fail_for_ever(void **unused)
{
    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_POLLED; host++) {
        for (size_t e = 0; e < N_ERRORS; e++) {
            for (int call = 0; call <= SIMHOST_ANY_CALL; call++) {
                bool has_failed = true;
                for (uint64_t nth = 1; has_failed; nth += 20) {
                    begin(simhost_polled[host], nth);
                    /* An interrupted wait goes on until its deadline. */
                    simhost_knobs.costs.call_ns[SIMHOST_POLL_ONEOFF] = MS / 4;
                    simhost_fail((enum simhost_call)call, nth, errors[e],
                                 SIMHOST_FOR_EVER);
                    serve();
                    has_failed = simhost_n_faults() > 0;
                    assert_true(call != SIMHOST_POLL_ONEOFF || !has_failed ||
                                errors[e] == WASOCK_EINTR ||
                                reported.n_failed_waits > 0);
                    end();
                }
            }
        }
    }
}

/* Answers that preview1 does not allow corrupt nothing. */
static void test_wrong_results_of_each_call(void **unused)
{
    static const enum simhost_lie lies[] = {
        SIMHOST_LIE_TOO_MUCH, SIMHOST_LIE_NOTHING, SIMHOST_LIE_NONSENSE};

    (void)unused;
    for (size_t host = 0; host < SIMHOST_N_POLLED; host++) {
        for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
            bool has_lied = true;
            for (uint64_t nth = 1; has_lied; nth += 3) {
                begin(simhost_polled[host], nth);
                simhost_allow(SIMHOST_LEAK, true); /* closed is not closed */
                simhost_allow(SIMHOST_FAKE_POLL_WRITE, true);
                simhost_allow(SIMHOST_FAKE_POLL_WITHOUT_CLOCK, true);
                simhost_lie(SIMHOST_ANY_CALL, nth, lies[i], 1);
                serve();
                has_lied = simhost_n_faults() > 0;
                end();
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_fails),
        cmocka_unit_test(test_each_call_fails_once),
        cmocka_unit_test(test_calls_fail_for_ever),
        cmocka_unit_test(test_wrong_results_of_each_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
