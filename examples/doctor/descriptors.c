/* SPDX-License-Identifier: MIT */
/* descriptors.c - what the host hands over, accepts, numbers and closes. */
#include "doctor.h"

#include "wasip1.h"

/* Components have no preview1 to ask. */
#if defined(__wasi__) && !defined(WASOCK_COMPONENT)
#define HAS_PREVIEW1
#include <wasi/api.h>
#endif

static const char *mode_name(int fd)
{
    struct wasock_fd_stat stat;
    const int error = wasock_fd_stat(fd, &stat);

    if (error < 0) {
        return wasock_err_name(error);
    }
    return stat.is_nonblocking ? "non-blocking" : "blocking";
}

/* Calls that the library has no use for, and so the waist has not. */
static void probe_other_calls(struct doctor *doctor, int fd)
{
#ifdef HAS_PREVIEW1
    __wasi_prestat_t prestat;

    note(doctor, FACT_PRESTAT, "%s",
         wasock_err_name(__wasi_fd_prestat_get(fd, &prestat)));
#else
    (void)doctor;
    (void)fd;
#endif
}

void probe_descriptors(struct doctor *doctor, int listener_fd)
{
    struct wasip1_roflags roflags = {0, 0};
    char byte = 0;
    const struct wasock_buffer buffer = {&byte, 1};
    uint32_t n = 0;

    note(doctor, FACT_START_MODE, "%s", mode_name(listener_fd));
    const int error = wasock_fd_set_nonblocking(listener_fd);
    note(doctor, FACT_SET_MODE, "%s", or_error(error, "done"));
    probe_other_calls(doctor, listener_fd);
    note(doctor, FACT_SEND_NOTHING, "%s",
         wasock_err_name(wasip1_sock_send(listener_fd, NULL, 0, 0, &n)));
    note(doctor, FACT_RECV_LISTENER, "%s",
         wasock_err_name(
             wasip1_sock_recv(listener_fd, &buffer, 1, 0, &n, &roflags)));
}

/* Which number does a descriptor get after one of two was closed? */
static void probe_numbering(struct doctor *doctor)
{
    const struct subject first = open_subject(doctor, 0);
    const struct subject second = open_subject(doctor, 0);

    wasock_fd_close(first.fd);
    const struct subject third = open_subject(doctor, 0);
    const char *free_one =
        third.fd == first.fd ? "lowest free" : "any free one";
    note(doctor, FACT_NUMBERING, "%s",
         third.fd > second.fd ? "never used before" : free_one);
    wasock_fd_close(second.fd);
    const int fd = third.fd;
    wasock_fd_close(fd);
    note(doctor, FACT_DOUBLE_CLOSE, "%s",
         wasock_err_name(-wasock_fd_close(fd)));
}

/* A closed number: one below those that are still open may be free. */
static void probe_renumber(struct doctor *doctor)
{
#ifdef HAS_PREVIEW1
    const struct subject from = open_subject(doctor, 0);
    const struct subject closed = open_subject(doctor, 0);

    wasock_fd_close(closed.fd);
    const int32_t error = __wasi_fd_renumber(from.fd, closed.fd);
    note(doctor, FACT_RENUMBER, "%s", wasock_err_name(error));
    wasock_fd_close(error == 0 ? closed.fd : from.fd);
#else
    (void)doctor;
#endif
}

void probe_accept(struct doctor *doctor)
{
    const int listener_fd = wasock_socket_fd(&doctor->listener.socket);
    int32_t fd = -1;

    note(doctor, FACT_ACCEPT_STDIN, "%s",
         wasock_err_name(wasip1_sock_accept(0, WASIP1_FDFLAGS_NONBLOCK, &fd)));
    note(doctor, FACT_ACCEPT_IDLE, "%s",
         wasock_err_name(
             wasip1_sock_accept(listener_fd, WASIP1_FDFLAGS_NONBLOCK, &fd)));
    const struct subject plain = open_subject(doctor, 0);
    note(doctor, FACT_ACCEPT_PLAIN, "%s", mode_name(plain.fd));
    const struct subject flagged =
        open_subject(doctor, WASIP1_FDFLAGS_NONBLOCK);
    note(doctor, FACT_ACCEPT_FLAG, "%s", mode_name(flagged.fd));
    note(doctor, FACT_ACCEPT_CONN, "%s",
         wasock_err_name(
             wasip1_sock_accept(flagged.fd, WASIP1_FDFLAGS_NONBLOCK, &fd)));
    wasock_fd_close(plain.fd);
    wasock_fd_close(flagged.fd);
    probe_numbering(doctor);
    probe_renumber(doctor);
}
