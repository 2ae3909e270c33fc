/* SPDX-License-Identifier: MIT */
/* transfer.c - receive, send, shut down, close. */
#include "doctor.h"

#include <stdio.h>
#include <string.h>

#include "wasip1.h"

#define RIFLAGS_PEEK 1
#define RIFLAGS_WAITALL 2
#define ARRIVAL_MS 20 /* for what the partner has sent on this machine */
#define LARGE_BYTES ((size_t)16 << 20)
#define N_SLICES 2000
#define N_ROUNDS 20
#define SLOW_MS 30

struct received {
    int32_t error;
    uint32_t n;
};

static struct received receive(int fd, void *data, size_t capacity,
                               uint16_t flags)
{
    const struct wasock_buffer buffer = {data, capacity};
    struct wasip1_roflags roflags = {0, 0};
    struct received received = {0, 0};

    received.error =
        wasip1_sock_recv(fd, &buffer, 1, flags, &received.n, &roflags);
    return received;
}

/* "3" or "EAGAIN". */
static const char *outcome(const struct received *received, char *text,
                           size_t capacity)
{
    if (received->error != 0) {
        return wasock_err_name(received->error);
    }
    snprintf(text, capacity, "%u", (unsigned)received->n);
    return text;
}

static void note_received(struct doctor *doctor, enum fact fact,
                          struct received received)
{
    char text[16];

    note(doctor, fact, "%s", outcome(&received, text, sizeof(text)));
}

/* What two receives in a row say. */
static void note_two(struct doctor *doctor, enum fact fact, int fd)
{
    char byte = 0;
    char texts[2][16];
    const struct received first = receive(fd, &byte, 1, 0);
    const struct received second = receive(fd, &byte, 1, 0);

    note(doctor, fact, "%s, %s", outcome(&first, texts[0], sizeof(texts[0])),
         outcome(&second, texts[1], sizeof(texts[1])));
}

static void probe_scatter(struct doctor *doctor, const struct subject *subject)
{
    char bytes[8];
    const struct wasock_buffer buffers[] = {{bytes, 4}, {bytes + 4, 4}};
    struct wasip1_roflags roflags = {0x5a5a, 0x5a5a};
    uint32_t n = 0;

    ask(doctor, "send %d 8", subject->number);
    pause_ms(doctor, ARRIVAL_MS);
    const int32_t error =
        wasip1_sock_recv(subject->fd, buffers, 2, 0, &n, &roflags);
    note(doctor, FACT_RECV_SCATTER, "%s",
         or_error(error, n == 8 ? "fills both" : "fills the first"));
    const char *written =
        roflags.overrun != 0x5a5a ? "4 bytes: overrun" : "2 bytes";
    note(doctor, FACT_ROFLAGS, "%s",
         roflags.flags != 0x5a5a ? written : "never written");
    if (error == 0 && n < 8) {
        receive(subject->fd, bytes, sizeof(bytes), 0);
    }
}

static void probe_receive_flags(struct doctor *doctor,
                                const struct subject *subject)
{
    char bytes[8];

    ask(doctor, "send %d 4", subject->number);
    pause_ms(doctor, ARRIVAL_MS);
    const struct received peeked = receive(subject->fd, bytes, 4, RIFLAGS_PEEK);
    struct received left = receive(subject->fd, bytes, 4, 0);
    note(doctor, FACT_RECV_PEEK, "%s",
         or_error(peeked.error,
                  left.error == 0 ? "leaves the bytes" : "takes the bytes"));

    ask(doctor, "send %d 4", subject->number);
    pause_ms(doctor, ARRIVAL_MS);
    const struct received all = receive(subject->fd, bytes, 8, RIFLAGS_WAITALL);
    left = receive(subject->fd, bytes, 8, 0);
    note(doctor, FACT_RECV_WAITALL, "%s%s",
         all.error != 0 ? wasock_err_name(all.error) : "gives that half",
         all.error != 0 && left.error != 0 ? ", bytes lost" : "");
}

void probe_receive(struct doctor *doctor)
{
    const struct subject subject =
        open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);
    char byte = 0;

    note_received(doctor, FACT_RECV_IDLE, receive(subject.fd, &byte, 1, 0));
    note_received(doctor, FACT_RECV_NOWHERE, receive(subject.fd, &byte, 0, 0));
    probe_scatter(doctor, &subject);
    probe_receive_flags(doctor, &subject);
    ask(doctor, "end %d", subject.number);
    pause_ms(doctor, ARRIVAL_MS);
    note_two(doctor, FACT_RECV_END, subject.fd);
    wasock_fd_close(subject.fd);

    const struct subject reset = open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);
    ask(doctor, "reset %d", reset.number);
    pause_ms(doctor, ARRIVAL_MS);
    note_two(doctor, FACT_RECV_RESET, reset.fd);
    wasock_fd_close(reset.fd);
}

static char large[LARGE_BYTES];

static void probe_large_sends(struct doctor *doctor)
{
    const struct subject subject =
        open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);
    static struct wasock_slice slices[N_SLICES];
    uint32_t n = 0;
    ptrdiff_t last = 0;

    for (size_t i = 0; i < N_SLICES; i++) {
        slices[i].data = large;
        slices[i].length = 1;
    }
    const int32_t error = wasip1_sock_send(subject.fd, slices, N_SLICES, 0, &n);
    note(doctor, FACT_SEND_SLICES, error == 0 ? "%u" : "%.0u%s", (unsigned)n,
         wasock_err_name(error));

    const ptrdiff_t first = wasock_fd_send(subject.fd, large, LARGE_BYTES);
    for (int i = 0; i < 1000 && last >= 0; i++) {
        last = wasock_fd_send(subject.fd, large, LARGE_BYTES);
    }
    note(doctor, FACT_SEND_MUCH, "%s, then %s",
         or_error(first < 0 ? (int32_t)first : 0,
                  first < (ptrdiff_t)LARGE_BYTES ? "a part" : "all"),
         wasock_err_name(last));
    ask(doctor, "reset %d", subject.number);
    wasock_fd_close(subject.fd);
}

static const char *send_byte(int fd)
{
    const ptrdiff_t n = wasock_fd_send(fd, "x", 1);

    return wasock_err_name(n < 0 ? n : 0);
}

static void probe_sends_to_the_dead(struct doctor *doctor)
{
    struct subject subject = open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);

    ask(doctor, "reset %d", subject.number);
    pause_ms(doctor, ARRIVAL_MS);
    note(doctor, FACT_SEND_RESET, "%s", send_byte(subject.fd));
    wasock_fd_close(subject.fd);

    subject = open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);
    ask(doctor, "close %d", subject.number);
    pause_ms(doctor, ARRIVAL_MS);
    send_byte(subject.fd); /* which makes the dead reset it */
    pause_ms(doctor, ARRIVAL_MS);
    note(doctor, FACT_SEND_CLOSED, "%s", send_byte(subject.fd));
    wasock_fd_close(subject.fd);
}

/* With Nagle's algorithm on, the second of two small sends waits for the
 * peer's delayed acknowledgement, 40 ms. */
static void probe_nagle(struct doctor *doctor)
{
    struct subject subject = open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);
    struct wasock_conn conn = {0};
    unsigned n_slow = 0;
    char byte = 0;

    if (wasock_conn_from_fd(&conn, subject.fd) < 0) {
        wasock_fd_close(subject.fd);
        return;
    }
    ask(doctor, "rounds %d 16 %d", subject.number, N_ROUNDS);
    for (int i = 0; i < N_ROUNDS; i++) {
        const uint64_t start_ns = wasock_clock_now_ns();
        ptrdiff_t n = wasock_conn_write(&conn, "small---", 8);
        n += wasock_conn_write(&conn, "small---", 8);
        if (n != 16 || wasock_conn_read(&conn, &byte, 1) != 1) {
            break;
        }
        n_slow += wasock_clock_now_ns() - start_ns > SLOW_MS * WASOCK_NS_PER_MS;
    }
    note(doctor, FACT_NAGLE, "%s", n_slow > 3 ? "40 ms: Nagle on" : "fast");
    wasock_conn_close(&conn);
}

void probe_send(struct doctor *doctor)
{
    probe_large_sends(doctor);
    probe_nagle(doctor);
    probe_sends_to_the_dead(doctor);
}

static void probe_shutdown(struct doctor *doctor)
{
    struct subject subject = open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);
    char byte = 0;

    int error = wasock_fd_shutdown(subject.fd, WASOCK_SHUTDOWN_WRITE);
    ask(doctor, "see %d", subject.number);
    note(doctor, FACT_SHUT_WRITE, "%s", or_error(error, doctor->answer));
    ask(doctor, "send %d 1", subject.number);
    pause_ms(doctor, ARRIVAL_MS);
    const struct received received = receive(subject.fd, &byte, 1, 0);
    note(doctor, FACT_SHUT_THEN_RECV, "%s",
         or_error(received.error, received.n == 1 ? "works" : "end of stream"));
    error = wasock_fd_shutdown(subject.fd, WASOCK_SHUTDOWN_WRITE);
    note(doctor, FACT_SHUT_TWICE, "%s", wasock_err_name(error));
    wasock_fd_close(subject.fd);

    subject = open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);
    ask(doctor, "reset %d", subject.number);
    pause_ms(doctor, ARRIVAL_MS);
    error = wasock_fd_shutdown(subject.fd, WASOCK_SHUTDOWN_WRITE);
    note(doctor, FACT_SHUT_CLOSED, "%s", wasock_err_name(error));
    wasock_fd_close(subject.fd);
}

void probe_close(struct doctor *doctor)
{
    probe_shutdown(doctor);

    struct subject subject = open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);
    wasock_fd_close(subject.fd);
    ask(doctor, "see %d", subject.number);
    note(doctor, FACT_CLOSE_SEEN, "%s",
         strcmp(doctor->answer, "open") == 0 ? "nothing" : doctor->answer);

    subject = open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);
    const int error = wasock_fd_shutdown(subject.fd, WASOCK_SHUTDOWN_WRITE);
    wasock_fd_close(subject.fd);
    ask(doctor, "see %d", subject.number);
    note(doctor, FACT_SHUT_CLOSE_SEEN, "%s", or_error(error, doctor->answer));
}
