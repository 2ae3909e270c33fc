/* SPDX-License-Identifier: MIT */
#include "crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define N_EVENTS 256
#define N_UNSERVED 64
#define LOOK_NS (2 * NS_PER_MS)

void crowd_init(struct crowd *crowd, const struct protocol *protocol,
                uint16_t port, size_t n_clients_max)
{
    memset(crowd, 0, sizeof(*crowd));
    crowd->protocol = protocol;
    crowd->port = port;
    crowd->clients = calloc(n_clients_max, sizeof(struct client));
    crowd->n_clients_max = n_clients_max;
    crowd->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (crowd->clients == NULL || crowd->epoll_fd < 0) {
        abort();
    }
}

static void watch(struct crowd *crowd, struct client *client, int operation,
                  uint64_t now_ns)
{
    struct epoll_event event = {.events = client_interest(client, now_ns),
                                .data.ptr = client};

    if (event.events == 0) { /* EPOLLHUP and EPOLLERR would come as well */
        event.events = EPOLLET;
    }
    epoll_ctl(crowd->epoll_fd, operation, client->fd, &event);
}

static void drop(struct crowd *crowd, struct client *client, bool is_reset)
{
    crowd->totals.n_bytes += client->n_received;
    crowd->n_clients--;
    crowd->n_used = crowd->n_clients == 0 ? 0 : crowd->n_used;
    client_end(client, is_reset);
}

static void finish(struct crowd *crowd, struct client *client,
                   enum outcome outcome)
{
    if (outcome == OUTCOME_WRONG) {
        fprintf(stderr, "wrong: client %llu, request %u, byte %zu; line: %s\n",
                (unsigned long long)client->answers.stream.client,
                client->answers.n, client->answers.at, client->answers.line);
    }
    crowd->totals.n_wrong += outcome == OUTCOME_WRONG;
    crowd->totals.n_cut += outcome == OUTCOME_CUT;
    drop(crowd, client, client->how.ending == END_RESET);
}

static void step(struct crowd *crowd, struct client *client, uint32_t events,
                 uint64_t now_ns)
{
    const uint32_t before = client_interest(client, now_ns);
    const enum outcome outcome = client_step(client, events, now_ns);

    if (outcome != OUTCOME_NONE) {
        finish(crowd, client, outcome);
    } else if (client_interest(client, now_ns) != before) {
        watch(crowd, client, EPOLL_CTL_MOD, now_ns);
    }
}

/* A client that waits for the server to answer. */
static bool is_waiting(const struct client *client)
{
    return client->protocol != NULL &&
           (client->how.ending != END_HOLD || !client_is_answered(client));
}

/* Resume those whose pause is over, end those that are stuck. */
static void look_at_all(struct crowd *crowd, uint64_t now_ns)
{
    crowd->looked_ns = now_ns;
    for (size_t i = 0; i < crowd->n_used; i++) {
        struct client *client = &crowd->clients[i];
        if (client->protocol == NULL) {
            continue;
        }
        if (client->resume_ns > 0 && client->resume_ns <= now_ns) {
            client->resume_ns = 0;
            watch(crowd, client, EPOLL_CTL_MOD, now_ns);
        }
        if (is_waiting(client) &&
            now_ns > client->progress_ns + crowd->stuck_ns) {
            crowd->totals.n_stuck++;
            drop(crowd, client, true);
        }
    }
}

static void step_all(struct crowd *crowd, int timeout_ms)
{
    struct epoll_event events[N_EVENTS];
    const int n = epoll_wait(crowd->epoll_fd, events, N_EVENTS, timeout_ms);
    const uint64_t now_ns = clock_ns();

    for (int i = 0; i < n; i++) {
        step(crowd, events[i].data.ptr, events[i].events, now_ns);
    }
    if (now_ns > crowd->looked_ns + LOOK_NS) {
        look_at_all(crowd, now_ns);
    }
}

/* After a number of its own clients. A server may close one that does not read
 * what it tells of them. */
static void serve_others(struct crowd *crowd, size_t n)
{
    if (crowd->others != NULL && n % N_UNSERVED == 0) {
        step_all(crowd->others, 0);
    }
}

void crowd_fill(struct crowd *crowd, const struct behaviour *how, size_t n)
{
    const uint64_t now_ns = clock_ns();

    for (size_t i = 0; i < crowd->n_clients_max && crowd->n_clients < n; i++) {
        struct client *client = &crowd->clients[i];
        if (client->protocol != NULL) {
            continue;
        }
        if (!client_start(client, crowd->protocol, how, crowd->port,
                          crowd->next_id++)) {
            return;
        }
        watch(crowd, client, EPOLL_CTL_ADD, now_ns);
        crowd->n_clients++;
        crowd->n_used = i + 1 > crowd->n_used ? i + 1 : crowd->n_used;
        crowd->totals.n_clients++;
        serve_others(crowd, i);
    }
}

void crowd_step(struct crowd *crowd, int timeout_ms)
{
    step_all(crowd, timeout_ms);
    if (crowd->others != NULL) {
        step_all(crowd->others, 0);
    }
}

void crowd_ask_more(struct crowd *crowd)
{
    const uint64_t now_ns = clock_ns();

    for (size_t i = 0; i < crowd->n_used; i++) {
        if (crowd->clients[i].protocol != NULL) {
            client_ask_more(&crowd->clients[i], 1);
            watch(crowd, &crowd->clients[i], EPOLL_CTL_MOD, now_ns);
        }
    }
}

size_t crowd_n_answered(const struct crowd *crowd)
{
    size_t n = 0;

    for (size_t i = 0; i < crowd->n_used; i++) {
        n += crowd->clients[i].protocol != NULL &&
             client_is_answered(&crowd->clients[i]);
    }
    return n;
}

static bool is_any_waiting(const struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->n_used; i++) {
        if (is_waiting(&crowd->clients[i])) {
            return true;
        }
    }
    return false;
}

void crowd_finish(struct crowd *crowd)
{
    while (crowd->n_clients > 0 && is_any_waiting(crowd)) {
        crowd_step(crowd, 5);
    }
}

void crowd_end(struct crowd *crowd, bool is_reset, bool are_all)
{
    for (size_t i = 0; i < crowd->n_used; i++) {
        struct client *client = &crowd->clients[i];
        if (client->protocol != NULL &&
            (are_all || client_is_answered(client))) {
            drop(crowd, client, is_reset);
        }
        serve_others(crowd, i);
    }
}
