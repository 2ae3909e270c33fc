/* SPDX-License-Identifier: MIT */
/* library.c - deadlines, latency and close as wasock's calls show them. */
#include "doctor.h"

#include <stdlib.h>

#include "wasip1.h"

#define N_RUNS 9 /* of which the median counts */
#define N_ROUNDS 101
#define DEADLINE_MS 50

static int compare(const void *a, const void *b)
{
    const uint64_t first = *(const uint64_t *)a;
    const uint64_t second = *(const uint64_t *)b;

    return (first > second) - (first < second);
}

static uint64_t median(uint64_t *values, size_t n)
{
    qsort(values, n, sizeof(values[0]), compare);
    return values[n / 2];
}

static void probe_deadline(struct doctor *doctor, struct wasock_conn *conn)
{
    uint64_t late_ns[N_RUNS];
    char byte = 0;

    for (size_t i = 0; i < N_RUNS; i++) {
        const uint64_t deadline_ns = wasock_deadline_after_ms(DEADLINE_MS);
        wasock_socket_set_deadline_ns(&conn->socket, WASOCK_READABLE,
                                      deadline_ns);
        const ptrdiff_t n = wasock_conn_read(conn, &byte, 1);
        if (n != -WASOCK_EDEADLINE) {
            note(doctor, FACT_OWN_DEADLINE, "%s", wasock_err_name(n));
            return;
        }
        late_ns[i] = wasock_ns_subtract(wasock_clock_now_ns(), deadline_ns);
    }
    const uint64_t typical_ns = median(late_ns, N_RUNS);
    note(doctor, FACT_OWN_DEADLINE, "%s",
         typical_ns <= 20 * WASOCK_NS_PER_MS ? "kept within 20 ms" : "late");
    note(doctor, FACT_OWN_LATE, "%u us late", (unsigned)(typical_ns / 1000));
    wasock_socket_set_timeout_ns(&conn->socket, WASOCK_READABLE,
                                 WASOCK_FOREVER_NS);
}

static void probe_rounds(struct doctor *doctor, struct wasock_conn *conn,
                         int number)
{
    uint64_t took_ns[N_ROUNDS];
    char byte = 0;

    ask(doctor, "rounds %d 16 %d", number, N_ROUNDS);
    for (size_t i = 0; i < N_ROUNDS; i++) {
        const uint64_t start_ns = wasock_clock_now_ns();
        ptrdiff_t n = wasock_conn_write(conn, "sixteen bytes...", 16);
        n = n == 16 ? wasock_conn_read(conn, &byte, 1) : n;
        if (n != 1) {
            note(doctor, FACT_OWN_ROUND, "%s", wasock_err_name(n));
            return;
        }
        took_ns[i] = wasock_clock_now_ns() - start_ns;
    }
    const uint64_t typical_ns = median(took_ns, N_ROUNDS);
    note(doctor, FACT_OWN_ROUND, "%s",
         typical_ns <= 2 * WASOCK_NS_PER_MS ? "at most 2 ms" : "slow");
    note(doctor, FACT_OWN_ROUND_TIME, "%u us", (unsigned)(typical_ns / 1000));
}

void probe_library(struct doctor *doctor)
{
    const struct subject subject = open_subject(doctor, 0);
    struct wasock_conn conn = {0};

    if (wasock_conn_from_fd(&conn, subject.fd) < 0) {
        wasock_fd_close(subject.fd);
        return;
    }
    probe_deadline(doctor, &conn);
    probe_rounds(doctor, &conn, subject.number);
    wasock_conn_close(&conn);
    ask(doctor, "see %d", subject.number);
    note(doctor, FACT_OWN_CLOSE, "%s", doctor->answer);
}
