/* SPDX-License-Identifier: MIT */
/*
 * fakenet_test - test a protocol handler on the in-process network: natively in
 * milliseconds, or as a guest on any host.
 *
 *   cc fakenet_test.c -lwasock && ./a.out
 *   wasmtime run fakenet_test.wasm
 *
 * The handler answers each line with its length. The tests send lines in
 * pieces, let a client be idle for 30 s (at once, on the virtual clock), and
 * reset a connection.
 *
 * Exit code: the number of failed checks.
 */
#include <stdio.h>
#include <string.h>

#include <wasock/fakenet.h>
#include <wasock/wasock.h>

#define LINE_MAX 128
#define IDLE_MAX_NS (30 * WASOCK_NS_PER_S)

/* ---- The handler: the code under test ---- */

/* Answer a line of `length` bytes. */
static ptrdiff_t answer(struct wasock_conn *conn, size_t length)
{
    char text[32];
    const int n = snprintf(text, sizeof(text), "%u\n", (unsigned)length);

    return wasock_conn_write(conn, text, (size_t)n);
}

/* Answer the lines that end in these bytes. length: of the incomplete line.
 * Returns a negative code when the client is gone. */
static ptrdiff_t take(struct wasock_conn *conn, const char *bytes, ptrdiff_t n,
                      size_t *length)
{
    ptrdiff_t result = 0;

    for (ptrdiff_t i = 0; i < n && result >= 0; i++) {
        if (bytes[i] == '\n') {
            result = answer(conn, *length);
            *length = 0;
        } else {
            (*length)++;
        }
    }
    return result;
}

/* Serve a client until EOF, an error or a timeout. The timeout is measured by
 * the socket's own clock, so this runs unchanged on real sockets. */
static ptrdiff_t serve(struct wasock_conn *conn)
{
    char bytes[LINE_MAX];
    size_t length = 0;
    ptrdiff_t n = 0;

    do {
        wasock_socket_set_timeout_ns(&conn->socket, WASOCK_READABLE,
                                     IDLE_MAX_NS);
        n = wasock_conn_read(conn, bytes, sizeof(bytes));
        if (n > 0 && take(conn, bytes, n, &length) < 0) {
            n = -WASOCK_ECONNRESET;
        }
    } while (n > 0);
    return n;
}

/* ---- The tests ---- */

static _Alignas(
    WASOCK_FAKENET_ALIGNMENT) char memory[WASOCK_FAKENET_SIZE(4, 100000)];
static struct wasock_fakenet net;
static struct wasock_conn client;
static struct wasock_conn server;
static int n_failed;

static void check(bool is_true, const char *what)
{
    if (!is_true) {
        n_failed++;
        printf("failed: %s\n", what);
    }
}

/* Make a network with one connection. */
static void begin(uint64_t seed, const struct wasock_fakenet_faults *faults)
{
    const struct wasock_fakenet_options options = {.seed = seed};
    int error = wasock_fakenet_init(&net, memory, sizeof(memory), 4, &options);

    wasock_fakenet_set_faults(&net, faults);
    if (error == 0) {
        error = wasock_fakenet_pair(&net, &client, &server);
    }
    check(error == 0, wasock_err_text(error));
}

static void end(void)
{
    wasock_conn_close(&server);
    wasock_conn_close(&client);
}

/* Send a request and EOF. Returns whether the answer is as expected. */
static bool is_answered(const char *sent, const char *expected)
{
    char text[256];
    size_t n_read = 0;
    ptrdiff_t n = wasock_conn_write(&client, sent, strlen(sent));

    check(n == (ptrdiff_t)strlen(sent), "the request was sent");
    wasock_conn_shutdown(&client, WASOCK_SHUTDOWN_WRITE);
    check(serve(&server) == 0, "the handler served until EOF");
    wasock_conn_shutdown(&server, WASOCK_SHUTDOWN_WRITE);
    while ((n = wasock_conn_read(&client, text + n_read,
                                 sizeof(text) - n_read)) > 0) {
        n_read += (size_t)n;
    }
    return n == 0 && n_read == strlen(expected) &&
           memcmp(text, expected, n_read) == 0;
}

static void test_lines(void)
{
    begin(0, NULL);
    check(is_answered("one\nthree\n\nrest", "3\n5\n0\n"), "lines");
    end();
}

/* The same with reads and writes of 1 to 3 bytes, and a latency of 1 ms. */
static void test_pieces(void)
{
    const struct wasock_fakenet_faults faults = {.chunk_bytes = 3,
                                                 .latency_ns = 1000000};

    for (uint64_t seed = 1; seed <= 100; seed++) {
        begin(seed, &faults);
        check(is_answered("one\nthree\n\nrest", "3\n5\n0\n"), "pieces");
        end();
    }
}

/* The virtual clock advances 30 s at once. */
static void test_idle_client(void)
{
    begin(0, NULL);
    const uint64_t start_ns = wasock_fakenet_now_ns(&net);
    check(serve(&server) == -WASOCK_EDEADLINE, "an idle client times out");
    check(wasock_fakenet_now_ns(&net) - start_ns == IDLE_MAX_NS,
          "after 30 s, not earlier");
    end();
}

static void test_reset(void)
{
    const struct wasock_fakenet_faults faults = {.reset_after_bytes = 3};

    begin(0, &faults);
    const ptrdiff_t n = wasock_conn_write(&client, "12345", 5);
    check(n == 3, "three bytes are sent before the reset");
    check(serve(&server) == -WASOCK_ECONNRESET, "the handler gets the error");
    end();
}

int main(void)
{
    test_lines();
    test_pieces();
    test_idle_client();
    test_reset();
    printf("%d checks failed\n", n_failed);
    return n_failed;
}
