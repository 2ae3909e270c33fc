/* SPDX-License-Identifier: MIT */
/*
 * poll.c - poll and ppoll, of any number of descriptors.
 *
 * True: exactly what is ready is reported, of all that are ready, each time. An
 * idle one is never reported because another is ready. On a host with a fake
 * poll (wazero) readability is detected by a try, every 1 to 15 ms, and a
 * connection counts as writable until a write has found no room. In a component
 * readability is verified by reading ahead, as the host may report old
 * readiness. Known as far as hosts let one: POLLHUP and POLLERR
 * of a connection that was reset. They, where nothing is asked for, and
 * POLLRDHUP, where it is, are found behind up to 4 KiB that are unread. POLLPRI
 * never is. A signal that ppoll's mask lets in comes if nothing is ready.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <wasock/clock.h>
#include <wasock/err.h>
#include <wasock/fd.h>

#include "../plain.h"
#include "../sockets/socket.h"
#include "../system/signals.h"
#include "../system/timers.h"
#include "../table.h"
#include "../threads/layer.h"
#include "ask.h"
#include "wait.h"

#define READS (POLLIN | POLLRDNORM)
#define WRITES (POLLOUT | POLLWRNORM)
#define ALWAYS (POLLERR | POLLHUP | POLLNVAL)

/* One turn of a wait. */
struct turn {
    struct pollfd *fds;
    size_t n_fds;
    int n_ready;
    bool must_nap;     /* something is found only by trying */
    bool may_be_reset; /* a connection that reads EOF */
    uint64_t due_ns;   /* when time alone makes something ready: a deadline */
    struct ask questions; /* to the host; an owner is one of the fds */
};

bool wasock_bsd__is_mute(struct wasock_socket *socket)
{
    return socket->role_ == WASOCK__ROLE_NONE ||
           wasock__socket_host_poll(socket) == WASOCK__HOST_POLL_FAKE;
}

uint64_t wasock_bsd__nap_ns(unsigned *nap_ms, unsigned nap_max_ms)
{
    *nap_ms = *nap_ms < nap_max_ms ? 2 * *nap_ms + 1 : nap_max_ms;
    return *nap_ms * WASOCK_NS_PER_MS;
}

uint64_t wasock_bsd__deadline_of_ms(int timeout_ms)
{
    if (timeout_ms < 0) {
        return WASOCK_NO_DEADLINE;
    }
    return timeout_ms == 0 ? WASOCK_DEADLINE_PAST
                           : wasock_deadline_after_ms((uint64_t)timeout_ms);
}

int wasock_bsd__deadline_of(const struct timespec *timeout,
                            uint64_t *deadline_ns)
{
    if (timeout == NULL) {
        *deadline_ns = WASOCK_NO_DEADLINE;
        return 0;
    }
    if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 ||
        timeout->tv_nsec >= (long)WASOCK_NS_PER_S) {
        return -EINVAL;
    }
    const uint64_t seconds = (uint64_t)timeout->tv_sec;
    const uint64_t whole_ns = seconds > UINT64_MAX / WASOCK_NS_PER_S
                                  ? UINT64_MAX
                                  : seconds * WASOCK_NS_PER_S;
    const uint64_t timeout_ns =
        wasock_ns_add(whole_ns, (uint64_t)timeout->tv_nsec);
    *deadline_ns = timeout_ns == 0 ? WASOCK_DEADLINE_PAST
                                   : wasock_deadline_after_ns(timeout_ns);
    return 0;
}

static int put_question(struct turn *turn, size_t index, int host_fd,
                        unsigned direction)
{
    return wasock_bsd__ask_add(&turn->questions, host_fd, direction,
                               &turn->fds[index]);
}

/* Write what is ready of one. */
static void report(struct turn *turn, size_t index, unsigned ready)
{
    struct pollfd *fd = &turn->fds[index];

    if (ready & POLLIN) {
        ready |= POLLRDNORM;
    }
    if (ready & POLLOUT) {
        ready |= POLLWRNORM;
    }
    ready &= (unsigned short)fd->events | ALWAYS;
    turn->n_ready += fd->revents == 0 && ready != 0;
    fd->revents = (short)((unsigned short)fd->revents | ready);
}

/* Whether the end of a stream matters, whatever there is to be read. */
static bool wants_end(unsigned events)
{
    return (events & POLLRDHUP) != 0 || (events & (READS | WRITES)) == 0;
}

/* Detect by a try whether it is readable, and by the next one whether EOF
 * follows. Returns the known POLL bits. */
static unsigned look_ahead(struct description *description, unsigned events)
{
    const struct operations *operations = description->operations;

    operations->look(description);
    unsigned known = operations->known(description);
    if (wants_end(events) && (known & (POLLIN | POLLRDHUP)) == POLLIN) {
        operations->look(description);
        known = operations->known(description);
    }
    return known;
}

/* Whether the host must be polled for reading. */
static bool is_read_asked(struct description *description, unsigned events,
                          unsigned known)
{
    const struct operations *operations = description->operations;

    if (wasock_bsd__is_connecting(description)) {
        return false;
    }
    if ((known & POLLIN) == 0 && (events & READS) != 0) {
        return true;
    }
    return wants_end(events) && operations->look != NULL &&
           (known & POLLRDHUP) == 0 &&
           (operations->askable(description) & WASOCK_READABLE) != 0;
}

/* Report the known bits of one; collect the subscriptions for the rest. */
static int look_at(struct turn *turn, size_t index,
                   struct description *description)
{
    const struct operations *operations = description->operations;
    const unsigned events = (unsigned short)turn->fds[index].events;
    struct wasock_socket *host =
        operations->host != NULL ? operations->host(description) : NULL;
    int result = 0;

    if (operations->due_ns != NULL) {
        turn->due_ns = wasock_deadline_earlier(turn->due_ns,
                                               operations->due_ns(description));
    }
    if (operations->look != NULL &&
        (host == NULL || wasock_bsd__is_mute(host))) {
        report(turn, index, look_ahead(description, events));
        turn->must_nap =
            turn->must_nap || host == NULL || host->role_ != WASOCK__ROLE_NONE;
        return 0;
    }
    if (operations->look != NULL && wasock_bsd__may_be_reset(description)) {
        operations->look(description);
        turn->may_be_reset = true;
    }
    const unsigned known = operations->known(description);
    report(turn, index, known);
    if (host == NULL) {
        return 0;
    }
    const int fd = wasock_socket_fd(host);
    if (is_read_asked(description, events, known)) {
        result = put_question(turn, index, fd, WASOCK_READABLE);
    }
    if (result == 0 && (known & POLLOUT) == 0 &&
        ((events & WRITES) != 0 || wasock_bsd__is_connecting(description))) {
        result = put_question(turn, index, fd, WASOCK_WRITABLE);
    }
    return result;
}

/* Look at all. Returns 0 or an error. */
static int look_at_all(struct turn *turn)
{
    wasock_bsd__ask_clear(&turn->questions);
    turn->n_ready = 0;
    turn->must_nap = false;
    turn->due_ns = wasock_bsd__timer_due_ns;
    turn->may_be_reset = false;
    for (size_t i = 0; i < turn->n_fds; i++) {
        turn->fds[i].revents = 0;
        if (turn->fds[i].fd < 0) {
            continue;
        }
        const int error = errno; /* no connection is not a failure here */
        struct description *description = wasock_bsd__find(turn->fds[i].fd);
        errno = error;
        if (description == NULL) {
            turn->fds[i].revents = POLLNVAL;
            turn->n_ready++;
            continue;
        }
        const int result = look_at(turn, i, description);
        if (result < 0) {
            return result;
        }
    }
    return 0;
}

/* The timeout of the next poll of the host. is_last: set if nothing can come
 * after it. */
static uint64_t timeout_of(const struct turn *turn, uint64_t deadline_ns,
                           unsigned *nap_ms, bool *is_last)
{
    *is_last = turn->n_ready > 0;
    if (*is_last) {
        return 0;
    }
    uint64_t timeout_ns = wasock__time_left_ns(deadline_ns);
    *is_last = timeout_ns == 0;
    if (turn->due_ns != WASOCK_NO_DEADLINE && timeout_ns > 0) {
        const uint64_t due_ns = wasock__time_left_ns(turn->due_ns);
        timeout_ns = timeout_ns < due_ns ? timeout_ns : due_ns;
    }
    if ((turn->must_nap || turn->may_be_reset) && timeout_ns > 0) {
        const uint64_t nap_ns = wasock_bsd__nap_ns(
            nap_ms, turn->must_nap ? WASOCK_BSD_NAP_MAX_MS
                                   : WASOCK_BSD_RESET_NAP_MAX_MS);
        timeout_ns = timeout_ns < nap_ns ? timeout_ns : nap_ns;
    }
    return timeout_ns;
}

/* Only a try distinguishes EOF from bytes. */
static void look_for_end(struct turn *turn, size_t index)
{
    struct description *description = wasock_bsd__find(turn->fds[index].fd);
    const unsigned events = (unsigned short)turn->fds[index].events;

    if (wants_end(events) && description->operations->look != NULL) {
        report(turn, index, look_ahead(description, events));
    }
}

/* Convert an event of the host. */
static unsigned meaning_of(const struct pollfd *fd, unsigned answer)
{
    struct description *description = wasock_bsd__find(fd->fd);

    return answer == 0 || description->operations->meaning == NULL
               ? answer
               : description->operations->meaning(description, answer);
}

/* Poll the host for the rest, and report its events. */
static int ask_host(struct turn *turn, uint64_t timeout_ns)
{
    struct ask *questions = &turn->questions;

    if (questions->n == 0 && timeout_ns == 0) {
        return 0;
    }
    const int result =
        wasock_bsd__ask_in_poll(questions, timeout_ns, turn->fds, turn->n_fds);
    for (size_t i = 0; result > 0 && i < questions->n; i++) {
        const struct pollfd *fd = (const struct pollfd *)questions->owners[i];
        const size_t index = (size_t)(fd - turn->fds);
        const unsigned answer = meaning_of(fd, questions->answers[i]);
        if (answer != 0) {
            report(turn, index, answer);
        }
        if ((answer & POLLIN) != 0) {
            look_for_end(turn, index);
        }
    }
    return result < 0 ? result : 0;
}

static int poll_until(struct turn *turn, uint64_t deadline_ns)
{
    unsigned nap_ms = 0;

    for (;;) {
        int result = look_at_all(turn);
        if (result < 0) {
            return result;
        }
        bool is_last = false;
        const uint64_t timeout_ns =
            timeout_of(turn, deadline_ns, &nap_ms, &is_last);
        result = ask_host(turn, timeout_ns);
        if (result < 0) {
            return result;
        }
        if (turn->n_ready > 0 || is_last) {
            return turn->n_ready;
        }
        if (wasock_bsd__is_interrupted()) {
            return -EINTR;
        }
    }
}

int wasock_bsd__poll(struct pollfd *fds, size_t n_fds, uint64_t deadline_ns)
{
    struct turn turn = {.fds = fds, .n_fds = n_fds};

    if (fds == NULL && n_fds > 0) {
        return -EFAULT;
    }
    int result = 0;
    do {
        wasock_bsd__begin_call(NULL);
        wasock_bsd__ask_take(&turn.questions);
        result = poll_until(&turn, deadline_ns);
        wasock_bsd__ask_give_back(&turn.questions);
        if (result == 0) {
            wasock_bsd__yield();
        } else {
            wasock_bsd__end_turn();
        }
        result = (int)wasock_bsd__end_call(NULL, 0, result);
    } while (result == -WASOCK_BSD_RESTART);
    return result;
}

/*
 * poll(2), ppoll(2). A timeout of -1 where nothing can happen sleeps for ever.
 * Errors: EINVAL: a bad timeout, more fds than there can be numbers; EINTR: a
 * signal came; ENOMEM; any other code of the host. A closed number is
 * reported as POLLNVAL.
 */
int poll(struct pollfd *fds, nfds_t n_fds, int timeout_ms)
{
    if (n_fds > (nfds_t)wasock_bsd__open_max()) {
        return (int)wasock_bsd__result(-EINVAL);
    }
    return (int)wasock_bsd__result(
        wasock_bsd__poll(fds, n_fds, wasock_bsd__deadline_of_ms(timeout_ms)));
}

int ppoll(struct pollfd *fds, nfds_t n_fds, const struct timespec *timeout,
          const sigset_t *mask)
{
    sigset_t before = 0;
    uint64_t deadline_ns = 0;
    int result = wasock_bsd__deadline_of(timeout, &deadline_ns);

    if (result < 0 || n_fds > (nfds_t)wasock_bsd__open_max()) {
        return (int)wasock_bsd__result(-EINVAL);
    }
    if (wasock_bsd__begin_mask(mask, &before)) {
        deadline_ns = WASOCK_DEADLINE_PAST;
    }
    result = wasock_bsd__poll(fds, n_fds, deadline_ns);
    return (int)wasock_bsd__result(wasock_bsd__end_mask(mask, &before, result));
}

WASOCK_BSD_PLAIN(ppoll);
