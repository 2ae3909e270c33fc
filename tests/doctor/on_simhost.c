/* SPDX-License-Identifier: MIT */
/*
 * on_simhost - the doctor on a simulated host, with a simulated partner.
 *
 *   on_simhost PROFILE
 *
 * What it says of a profile must be what it says of the real host.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "simhost.h"
#include "wasip1.h"

#define PEERS_MAX 64
#define BYTES_MAX 64

static struct simhost_peer *peers[PEERS_MAX];
static int fd_of_listener;

void meet_partner(struct doctor *doctor)
{
    fd_of_listener = wasock_socket_fd(&doctor->listener.socket);
}

void leave_partner(struct doctor *doctor)
{
    (void)doctor;
}

void pause_ms(struct doctor *doctor, uint64_t wait_ms)
{
    (void)doctor;
    simhost_advance_ns(SIMHOST_MS(wait_ms));
}

/* The real partner reads only on command. */
struct subject open_subject(struct doctor *doctor, uint16_t accept_flags)
{
    struct subject subject = {-1, doctor->n_connections++};

    if (subject.number >= PEERS_MAX) {
        fputs("on_simhost: more connections than room\n", stderr);
        exit(2);
    }
    peers[subject.number] = simhost_connect(fd_of_listener, SIMHOST_NOW);
    simhost_peer_set_reading(peers[subject.number], 0);
    const int32_t error =
        wasip1_sock_accept(fd_of_listener, accept_flags, &subject.fd);
    if (error != 0) {
        fprintf(stderr, "on_simhost: accept: %s\n", wasock_err_name(error));
        exit(2);
    }
    return subject;
}

static void send_digits(struct simhost_peer *peer, int n, uint64_t after_ns)
{
    char bytes[BYTES_MAX];

    for (int i = 0; i < n && i < BYTES_MAX; i++) {
        bytes[i] = (char)('0' + i % 10);
    }
    simhost_peer_send(peer, bytes, (size_t)n, after_ns);
}

/* Answer each `round_bytes` with one. */
static struct {
    size_t round_bytes;
    size_t n_read;
} rounds;

static void answer(struct simhost_peer *peer, const uint8_t *data,
                   size_t length, void *context)
{
    (void)data;
    (void)context;
    rounds.n_read += length;
    for (; rounds.n_read >= rounds.round_bytes;
         rounds.n_read -= rounds.round_bytes) {
        simhost_peer_send(peer, "!", 1, SIMHOST_NOW);
    }
}

static const char *seen(struct simhost_peer *peer)
{
    simhost_peer_set_reading(peer, SIZE_MAX);
    simhost_advance_ns(SIMHOST_MS(500));
    switch (simhost_peer_end(peer)) {
    case SIMHOST_END_STREAM:
        return "end";
    case SIMHOST_END_RESET:
        return "reset";
    case SIMHOST_END_NONE:
    default:
        return "open";
    }
}

static void begin_rounds(struct simhost_peer *peer, int n_bytes)
{
    rounds.round_bytes = (size_t)n_bytes;
    rounds.n_read = 0;
    simhost_peer_set_reading(peer, SIZE_MAX);
    simhost_peer_on_read(peer, answer, NULL);
}

void ask(struct doctor *doctor, const char *format, ...)
{
    int numbers[3] = {0, 0, 0};
    char line[64];
    char verb[16] = "";
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    sscanf(line, "%15s %d %d %d", verb, &numbers[0], &numbers[1], &numbers[2]);
    struct simhost_peer *peer = peers[numbers[0] % PEERS_MAX];
    if (strcmp(verb, "send") == 0) {
        send_digits(peer, numbers[1], SIMHOST_NOW);
    } else if (strcmp(verb, "later") == 0) {
        send_digits(peers[numbers[1] % PEERS_MAX], numbers[2],
                    SIMHOST_MS(numbers[0]));
    } else if (strcmp(verb, "end") == 0) {
        simhost_peer_shutdown(peer, SIMHOST_NOW);
    } else if (strcmp(verb, "close") == 0) {
        simhost_peer_close(peer, SIMHOST_NOW);
    } else if (strcmp(verb, "reset") == 0) {
        simhost_peer_reset(peer, SIMHOST_NOW);
    } else if (strcmp(verb, "see") == 0) {
        snprintf(doctor->answer, sizeof(doctor->answer), "%s", seen(peer));
    } else if (strcmp(verb, "rounds") == 0) {
        begin_rounds(peer, numbers[1]);
    } else {
        fprintf(stderr, "on_simhost: asked for %s\n", verb);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < SIMHOST_N_PROFILES; i++) {
        if (strcmp(simhost_profiles[i]->name, argv[1]) != 0) {
            continue;
        }
        simhost_reset(1, simhost_profiles[i]);
        /* The doctor does what the library never does. */
        for (int verdict = 0; verdict < SIMHOST_N_VERDICTS; verdict++) {
            simhost_allow((enum simhost_verdict)verdict, true);
        }
        return probe(simhost_preopen(SIMHOST_LISTENER));
    }
    fputs("usage: on_simhost PROFILE\n", stderr);
    return 2;
}
