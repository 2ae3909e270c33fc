/* SPDX-License-Identifier: MIT */
#include "epoll_internal.h"

#include <poll.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../sockets/socket.h"
#include "ask.h"
#include "wait.h"

/* At most this number are polled all together. */
#define FEW 64

/* How long to sleep where nothing can happen. */
#define SLEEP_NS (UINT64_C(3600) * WASOCK_NS_PER_S)

/* Whether a poll of one direction alone confirms it. */
static bool confirms(struct wasock_socket *host, unsigned direction)
{
    return wasock__fd_wait_once(wasock_socket_fd(host), direction, 0) == 1;
}

/* Whether there is room to write, as a hint says. */
static bool can_be_written(struct description *description)
{
    struct wasock_socket *host = wasock_bsd__epoll_host(description);
    struct socket *socket = wasock_bsd__socket_of(description);

    if (!wasock_bsd__is_mute(host)) {
        return confirms(host, WASOCK_WRITABLE);
    }
    if (socket != NULL) {
        socket->n_passes_full = 0; /* a write will find out */
    }
    return true;
}

static void follow(struct epoll *epoll, const struct wasock_poller_event *hint)
{
    struct description *description = (struct description *)hint->token;

    if (hint->error != 0) {
        wasock_bsd__epoll_tell(epoll, description,
                               EPOLLIN | EPOLLERR | EPOLLHUP);
        return;
    }
    if (wasock_bsd__is_connecting(description)) {
        description->operations->look(description);
        return;
    }
    if ((hint->ready & WASOCK_READABLE) != 0) {
        if (description->operations->look != NULL) {
            description->operations->look(description);
        } else if (confirms(wasock_bsd__epoll_host(description),
                            WASOCK_READABLE)) {
            wasock_bsd__epoll_tell(epoll, description, EPOLLIN | EPOLLRDNORM);
        }
    }
    if ((hint->ready & WASOCK_WRITABLE) != 0 && can_be_written(description)) {
        wasock_bsd__epoll_tell(epoll, description, EPOLLOUT | EPOLLWRNORM);
    }
}

/* Ask the poller, at most until the deadline, and follow its hints. */
static int ask_poller(struct epoll *epoll, uint64_t deadline_ns)
{
    const ptrdiff_t n =
        wasock_poller_wait_until_ns(&epoll->poller, deadline_ns);
    struct wasock_poller_event hint;

    while (wasock_poller_next(&epoll->poller, &hint)) {
        follow(epoll, &hint);
    }
    return n == -WASOCK_EINTR || n >= 0 ? 0 : (int)n;
}

/* Few are asked about all together: the host then wakes for each of them at
 * once, which costs little. */

static struct ask questions;
static struct description *owners[2 * FEW];

static int put_questions(struct description *description, unsigned armed)
{
    const int fd = wasock_socket_fd(wasock_bsd__epoll_host(description));
    int result = 0;

    for (unsigned direction = WASOCK_READABLE;
         direction <= WASOCK_WRITABLE && result == 0; direction <<= 1) {
        if ((armed & direction) != 0) {
            owners[questions.n] = description;
            result = wasock_bsd__ask_add(&questions, fd, direction);
        }
    }
    return result;
}

/* What the host answered, which is true. */
static void take_answer(struct epoll *epoll, struct description *description,
                        unsigned answer)
{
    if (wasock_bsd__is_connecting(description)) {
        description->operations->look(description);
        return;
    }
    if (wasock_bsd__socket_of(description) != NULL && (answer & POLLERR) == 0) {
        answer &= ~(unsigned)POLLHUP; /* half of it: a read detects it */
    }
    if ((answer & POLLIN) != 0 && description->operations->look != NULL) {
        description->operations->look(description);
        answer &= ~(unsigned)POLLIN;
    }
    if (answer != 0) {
        wasock_bsd__epoll_tell(epoll, description, answer);
    }
}

static int ask_few(struct epoll *epoll, uint64_t deadline_ns)
{
    uint64_t timeout_ns = wasock__time_left_ns(deadline_ns);

    wasock_bsd__ask_clear(&questions);
    for (const struct item *item = epoll->items; item != NULL;
         item = item->next) {
        int result = 0;
        if (item->armed != 0 && item->watch.description != NULL) {
            result = put_questions(item->watch.description, item->armed);
        }
        if (result < 0) {
            return result;
        }
    }
    if (questions.n == 0 && timeout_ns > SLEEP_NS) {
        timeout_ns = SLEEP_NS; /* nothing can happen */
    }
    if (questions.n == 0 && timeout_ns == 0) {
        return 0;
    }
    const int result = wasock_bsd__ask_host(&questions, timeout_ns);
    for (size_t i = 0; result > 0 && i < questions.n; i++) {
        if (questions.answers[i] != 0) {
            take_answer(epoll, owners[i], questions.answers[i]);
        }
    }
    return result < 0 ? result : 0;
}

/* Whether only the poller knows how to wait for what is watched. */
static bool needs_poller(const struct epoll *epoll)
{
    if (epoll->n_items > FEW) {
        return true;
    }
    for (const struct item *item = epoll->items; item != NULL;
         item = item->next) {
        if (item->armed != 0 && item->watch.description != NULL &&
            wasock_bsd__is_mute(
                wasock_bsd__epoll_host(item->watch.description))) {
            return true;
        }
    }
    return false;
}

int wasock_bsd__epoll_ask(struct epoll *epoll, uint64_t deadline_ns)
{
    if (!needs_poller(epoll)) {
        return ask_few(epoll, deadline_ns);
    }
    const int result = ask_poller(epoll, deadline_ns);
    return result == -WASOCK_EDEADLOCK ? wasock_fd_sleep_for_ns(SLEEP_NS)
                                       : result;
}
