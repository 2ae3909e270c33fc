/* SPDX-License-Identifier: MIT */
/* An echo on a connection, where chance decides all that it may. */
#include "worlds.h"

#include "seeds.h"

#define N_WORLDS 500

/* The host of a seed, and how it behaves. */
static struct pair begin(uint64_t seed)
{
    simhost_reset(seed, simhost_profiles[seed % SIMHOST_N_PROFILES]);
    simhost_knobs.chunk_bytes = SIMHOST_CHUNK_RANDOM;
    const struct pair pair = open_pair();
    simhost_knobs.spurious_eagain_per_mille = 200;
    simhost_knobs.spurious_ready_per_mille = 200;
    simhost_knobs.interrupted_per_mille = 100;
    simhost_knobs.shuffle = true;
    simhost_knobs.latency_max_ns = 3 * MS;
    simhost_peer_set_window(pair.peer, 50);
    simhost_peer_set_reading(pair.peer, 20);
    return pair;
}

static void run_world(uint64_t seed)
{
    char text[1000];
    char buffer[64];
    size_t n_echoed = 0;
    struct pair pair = begin(seed);

    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)(seed + i);
    }
    simhost_peer_send(pair.peer, text, sizeof(text), SIMHOST_MS(1));
    simhost_peer_shutdown(pair.peer, SIMHOST_MS(2));
    for (;;) {
        const ptrdiff_t n =
            wasock_conn_read(&pair.conn, buffer, sizeof(buffer));
        assert_true(n >= 0);
        if (n == 0) {
            break;
        }
        assert_int_equal(wasock_conn_write(&pair.conn, buffer, (size_t)n), n);
        n_echoed += (size_t)n;
    }
    assert_int_equal(n_echoed, sizeof(text));
    close_pair(&pair);
    simhost_settle();
    assert_received(pair.peer, text, sizeof(text));
    simhost_check();
}

static void test_echo_in_random_worlds(void **unused)
{
    (void)unused;
    (void)run_worlds(run_world, N_WORLDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo_in_random_worlds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
