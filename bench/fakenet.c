/* SPDX-License-Identifier: MIT */
/* What a pair of the network in the process carries: echoes of 64 bytes, each
 * two writes and two reads, and bytes in pieces of 16 KiB. Prints JSON. */
#include <stdio.h>

#include <wasock/fakenet.h>
#include <wasock/wasock.h>

#define PIECE_BYTES 16384
#define MEASURE_NS (500 * WASOCK_NS_PER_MS)
#define BATCH 1000 /* between two looks at the clock */

static _Alignas(
    WASOCK_FAKENET_ALIGNMENT) char memory[WASOCK_FAKENET_SIZE(2, 70000)];
static struct wasock_fakenet net;
static struct wasock_conn client;
static struct wasock_conn server;
static char bytes[PIECE_BYTES];

/* Carry so many bytes. Returns whether all came. */
static bool carry(struct wasock_conn *from, struct wasock_conn *to, size_t n)
{
    return wasock_conn_try_write(from, bytes, n) == (ptrdiff_t)n &&
           wasock_conn_try_read(to, bytes, n) == (ptrdiff_t)n;
}

static bool echo(void)
{
    return carry(&client, &server, 64) && carry(&server, &client, 64);
}

static bool transfer(void)
{
    return carry(&client, &server, PIECE_BYTES);
}

/* How often a second; 0 if it fails. */
static double rate_of(bool (*act)(void))
{
    const uint64_t start_ns = wasock_clock_now_ns();
    uint64_t elapsed_ns = 0;
    uint64_t n_done = 0;

    while (elapsed_ns < MEASURE_NS) {
        for (int i = 0; i < BATCH; i++) {
            if (!act()) {
                return 0;
            }
        }
        n_done += BATCH;
        elapsed_ns = wasock_clock_now_ns() - start_ns;
    }
    return (double)n_done * WASOCK_NS_PER_S / (double)elapsed_ns;
}

int main(void)
{
    if (wasock_fakenet_init(&net, memory, sizeof(memory), 2, NULL) < 0 ||
        wasock_fakenet_pair(&net, &client, &server) < 0) {
        return 1;
    }
    const double echoes_per_s = rate_of(echo);
    const double pieces_per_s = rate_of(transfer);
    printf("{\"echoes_per_s\": %.0f, \"mib_per_s\": %.0f}\n", echoes_per_s,
           pieces_per_s * PIECE_BYTES / (1 << 20));
    return echoes_per_s > 0 && pieces_per_s > 0 ? 0 : 1;
}
