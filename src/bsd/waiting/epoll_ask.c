/* SPDX-License-Identifier: MIT */
#include "epoll_internal.h"

#include <poll.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../sockets/socket.h"
#include "../threads/layer.h"
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
 * once, which costs little. With threads all are, as the host is asked for
 * those of all threads at once. */

static int put_questions(struct ask *questions, struct description *description,
                         unsigned armed)
{
    const int fd = wasock_socket_fd(wasock_bsd__epoll_host(description));
    int result = 0;

    for (unsigned direction = WASOCK_READABLE;
         direction <= WASOCK_WRITABLE && result == 0; direction <<= 1) {
        if ((armed & direction) != 0) {
            result = wasock_bsd__ask_add(questions, fd, direction, description);
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

/* Whether the host's poll does not cover what an item is armed for. */
static bool is_mute(const struct item *item)
{
    return item->armed != 0 && item->watch.description != NULL &&
           wasock_bsd__is_mute(wasock_bsd__epoll_host(item->watch.description));
}

/* Collect what all items are armed for. */
static int collect(const struct epoll *epoll, struct ask *questions)
{
    int result = 0;

    for (const struct item *item = epoll->items; item != NULL && result == 0;
         item = item->next) {
        if (item->armed != 0 && item->watch.description != NULL &&
            !is_mute(item)) {
            result =
                put_questions(questions, item->watch.description, item->armed);
        }
    }
    return result;
}

static int ask_with(struct ask *questions, struct epoll *epoll,
                    uint64_t timeout_ns)
{
    int result = collect(epoll, questions);

    if (result < 0 || (questions->n == 0 && timeout_ns == 0)) {
        return result;
    }
    result = wasock_bsd__ask_in_epoll(questions, timeout_ns, epoll);
    for (size_t i = 0; result > 0 && i < questions->n; i++) {
        if (questions->answers[i] != 0) {
            take_answer(epoll, (struct description *)questions->owners[i],
                        questions->answers[i]);
        }
    }
    return result < 0 ? result : 0;
}

static int ask_few(struct epoll *epoll, uint64_t timeout_ns)
{
    struct ask questions;

    wasock_bsd__ask_take(&questions);
    const int result = ask_with(&questions, epoll, timeout_ns);
    wasock_bsd__ask_give_back(&questions);
    return result;
}

/* Whether only the poller knows how to wait for what is watched. */
static bool needs_poller(const struct epoll *epoll)
{
    if (epoll->n_items > FEW) {
        return true;
    }
    for (const struct item *item = epoll->items; item != NULL;
         item = item->next) {
        if (is_mute(item)) {
            return true;
        }
    }
    return false;
}

/* The poller's waits are its thread's alone: it gives its hints, and then all
 * are asked about. What only a try detects is tried again after a nap. */
static int ask_with_threads(struct epoll *epoll, uint64_t deadline_ns)
{
    unsigned nap_ms = epoll->nap_ms;
    bool must_nap = false;
    const int result = ask_poller(epoll, WASOCK_DEADLINE_PAST);
    uint64_t timeout_ns = wasock__time_left_ns(deadline_ns);

    if ((result < 0 && result != -WASOCK_EDEADLOCK) || epoll->inbox != NULL ||
        epoll->ready != NULL || timeout_ns == 0) {
        epoll->nap_ms = 0;
        return result == -WASOCK_EDEADLOCK ? 0 : result;
    }
    for (const struct item *item = epoll->items; item != NULL;
         item = item->next) {
        must_nap = must_nap ||
                   (is_mute(item) &&
                    wasock_bsd__epoll_host(item->watch.description)->role_ !=
                        WASOCK__ROLE_NONE);
    }
    if (must_nap) {
        const uint64_t nap_ns = wasock_bsd__nap_ns(&nap_ms);
        timeout_ns = timeout_ns < nap_ns ? timeout_ns : nap_ns;
        epoll->nap_ms = nap_ms;
    }
    return ask_few(epoll, timeout_ns);
}

int wasock_bsd__epoll_ask(struct epoll *epoll, uint64_t deadline_ns)
{
    if (!needs_poller(epoll)) {
        return ask_few(epoll, wasock__time_left_ns(deadline_ns));
    }
    if (!wasock_bsd__is_alone()) {
        return ask_with_threads(epoll, deadline_ns);
    }
    const int result = ask_poller(epoll, deadline_ns);
    return result == -WASOCK_EDEADLOCK ? wasock_fd_sleep_for_ns(SLEEP_NS)
                                       : result;
}
