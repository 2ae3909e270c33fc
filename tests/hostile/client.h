/* SPDX-License-Identifier: MIT */
/* client.h - one client of a server, which never blocks. */
#ifndef HOSTILE_CLIENT_H
#define HOSTILE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

enum ending {
    END_CLOSE, /* once all answers are there */
    END_HALF,  /* shut the writing half after the last request, read to EOF */
    END_RESET, /* whatever is under way, or once all answers are there */
    END_HOLD   /* stay, silent, once all answers are there */
};

/* How a client behaves. */
struct behaviour {
    unsigned n_requests;
    unsigned n_in_flight;     /* requests without an answer, at most */
    size_t payload_max;       /* bytes; 0: the protocol's */
    size_t send_bytes_max;    /* in one call; 0: all */
    size_t receive_bytes_max; /* in one call; 0: all */
    uint64_t pause_ns;        /* between calls */
    int receive_buffer;       /* SO_RCVBUF, in bytes; 0: the system's */
    enum ending ending;
    size_t reset_after_bytes; /* received, for END_RESET; 0: as soon as all
                                 requests are sent */
};

enum outcome {
    OUTCOME_NONE, /* it goes on */
    OUTCOME_DONE,
    OUTCOME_CUT, /* closed by the server, with answers missing */
    OUTCOME_WRONG
};

struct client {
    const struct protocol *protocol; /* NULL: unused */
    struct behaviour how;
    struct answers answers;
    int fd;
    bool is_connected;
    bool is_shut;
    unsigned n_asked;
    char *request; /* that is being sent, or NULL */
    size_t request_at;
    size_t request_length;
    uint64_t n_received; /* bytes */
    uint64_t progress_ns;
    uint64_t resume_ns; /* end of its pause */
};

uint64_t clock_ns(void);

/* Begin to connect. Fails only where this program has no more descriptors. */
bool client_start(struct client *client, const struct protocol *protocol,
                  const struct behaviour *how, uint16_t port, uint64_t id);

/* The directions that it waits for: EPOLLIN, EPOLLOUT. */
uint32_t client_interest(const struct client *client, uint64_t now_ns);

/* Whether all its answers have come. */
bool client_is_answered(const struct client *client);

/* Do what can be done now. */
enum outcome client_step(struct client *client, uint32_t events,
                         uint64_t now_ns);

/* Let it ask again. */
void client_ask_more(struct client *client, unsigned n_requests);

/* Close, or reset. */
void client_end(struct client *client, bool is_reset);

#endif
