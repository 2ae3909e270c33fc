/* SPDX-License-Identifier: MIT */
#include "spread.h"

enum { MAX_REQUESTS = 1 << 18, DRAIN_LIMIT_MS = 5000 };

/* A request of the open loop, in the queue of its connection. */
struct request {
    uint64_t intended_ns; /* when it would be sent, were nothing in its way */
    size_t next;          /* of the same connection, 0: none */
};

static struct {
    struct request requests[1 + MAX_REQUESTS]; /* 0 is none */
    size_t n_requests;
    size_t n_waiting;
    size_t first[MAX_CLIENTS]; /* the one that is in flight */
    size_t last[MAX_CLIENTS];
    uint64_t next_ns; /* when the next one is due */
} open_loop;

static struct shape shape;
static size_t n_wanted; /* in flight in a closed loop */

static const char *send_request(struct load *load, size_t connection)
{
    return client_allow(&load->clients[connection], load->epoll,
                        load->options.size);
}

static const char *fill_flight(struct load *load)
{
    const char *failure = NULL;

    while (failure == NULL && shape.n_in_flight < n_wanted) {
        failure = send_request(load, shape_take(&shape));
    }
    return failure;
}

static const char *closed_event(struct load *load, struct client *client)
{
    const char *failure = client_exchange(client, load->epoll);

    if (failure != NULL || !client_is_answered(client) ||
        !shape_release(&shape, (size_t)(client - load->clients))) {
        return failure;
    }
    load->n_requests++;
    if (shape.order == SHAPE_BURST && shape.n_in_flight > 0) {
        return NULL;
    }
    return fill_flight(load);
}

static const char *run_closed(struct load *load, uint64_t duration_ms)
{
    uint64_t end_ns = load_now_ns() + duration_ms * NS_PER_MS;
    const char *failure = NULL;

    while (failure == NULL && load_now_ns() < end_ns) {
        failure = load_turn(load, end_ns, closed_event);
    }
    return failure;
}

/*
 * Wait until `*n_waiting` is zero. A server that lost a request would otherwise
 * only look a little slower.
 */
static const char *drain(struct load *load, const size_t *n_waiting,
                         load_handler *handle)
{
    uint64_t end_ns = load_now_ns() + (uint64_t)DRAIN_LIMIT_MS * NS_PER_MS;
    const char *failure = NULL;

    while (failure == NULL && *n_waiting > 0) {
        if (load_now_ns() > end_ns) {
            return "some requests were not answered";
        }
        failure = load_turn(load, end_ns, handle);
    }
    return failure;
}

static const char *measure_closed(struct load *load)
{
    n_wanted = load->options.in_flight;
    const char *failure = fill_flight(load);

    if (failure == NULL) {
        failure = run_closed(load, load->options.warm_up_ms);
    }
    load_begin(load);
    if (failure == NULL) {
        failure = run_closed(load, load->options.measure_ms);
    }
    load_end(load);
    n_wanted = 0;
    return failure != NULL ? failure
                           : drain(load, &shape.n_in_flight, closed_event);
}

/*
 * Queue the request that is due, and choose when the next one is. Connections
 * that each send once a second at random times are, together, one Poisson
 * process whose events fall on connections at random.
 */
static const char *add_due(struct load *load)
{
    size_t connection = shape_draw(&shape);
    size_t request = open_loop.n_requests + 1;

    if (request > MAX_REQUESTS) {
        return "too many requests for the open loop";
    }
    open_loop.n_requests = request;
    open_loop.n_waiting++;
    open_loop.requests[request].intended_ns = open_loop.next_ns;
    open_loop.next_ns += shape_gap_ns(&shape, NS_PER_S / load->n_clients);
    size_t last = open_loop.last[connection];
    open_loop.last[connection] = request;
    if (open_loop.first[connection] != 0) {
        open_loop.requests[last].next = request;
        return NULL;
    }
    open_loop.first[connection] = request;
    return send_request(load, connection);
}

static void record(struct load *load, size_t request)
{
    uint64_t intended_ns = open_loop.requests[request].intended_ns;

    if (intended_ns >= load->start_ns) {
        load_record_latency(load, intended_ns);
    }
}

static const char *open_event(struct load *load, struct client *client)
{
    size_t connection = (size_t)(client - load->clients);
    size_t request = open_loop.first[connection];
    const char *failure = client_exchange(client, load->epoll);

    if (failure != NULL || request == 0 || !client_is_answered(client)) {
        return failure;
    }
    load->n_requests++;
    open_loop.n_waiting--;
    record(load, request);
    open_loop.first[connection] = open_loop.requests[request].next;
    return open_loop.first[connection] != 0 ? send_request(load, connection)
                                            : NULL;
}

static const char *run_open(struct load *load, uint64_t duration_ms)
{
    uint64_t end_ns = load_now_ns() + duration_ms * NS_PER_MS;
    const char *failure = NULL;

    while (failure == NULL && load_now_ns() < end_ns) {
        uint64_t until_ns =
            open_loop.next_ns < end_ns ? open_loop.next_ns : end_ns;
        failure = load_turn(load, until_ns, open_event);
        while (failure == NULL && open_loop.next_ns <= load_now_ns()) {
            failure = add_due(load);
        }
    }
    return failure;
}

static const char *measure_open(struct load *load)
{
    open_loop.next_ns = load_now_ns();
    const char *failure = run_open(load, load->options.warm_up_ms);

    load_begin(load);
    if (failure == NULL) {
        failure = run_open(load, load->options.measure_ms);
    }
    load_end(load);
    if (failure == NULL) {
        failure = drain(load, &open_loop.n_waiting, open_event);
    }
    load_print_latencies(load, "latency");
    return failure;
}

const char *spread_measure(struct load *load)
{
    if (!shape_init(&shape, load->options.shape, load->n_clients)) {
        return "out of memory";
    }
    return shape.order == SHAPE_OPEN ? measure_open(load)
                                     : measure_closed(load);
}
