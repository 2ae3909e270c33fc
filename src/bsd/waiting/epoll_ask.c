/* SPDX-License-Identifier: MIT */
#include "epoll_internal.h"

#include <poll.h>

#include <wasock/clock.h>
#include <wasock/err.h>

#include "../../poller/tries.h"
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
    struct wasock_poller_event hint;

    wasock_bsd__begin_asking(epoll);
    const ptrdiff_t n =
        wasock_poller_wait_until_ns(&epoll->poller, deadline_ns);
    wasock_bsd__end_asking(epoll);
    while (wasock_poller_next(&epoll->poller, &hint)) {
        follow(epoll, &hint);
    }
    return n == -WASOCK_EINTR || n >= 0 ? 0 : (int)n;
}

/* Few are asked about all together, those of the instances below as well: the
 * host then wakes for each of them at once, which costs little. */

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

/* The directions of an item to ask about. What was ready already is nothing
 * new where only that is read, and would end every wait. */
static unsigned directions_of(const struct epoll *epoll,
                              const struct item *item)
{
    return epoll->read == EPOLL_LEVELS_READ
               ? item->armed
               : item->armed & ~wasock_bsd__epoll_directions(item->stale);
}

/* Collect what all items are armed for. */
static int collect(const struct epoll *epoll, struct ask *questions)
{
    int result = 0;

    for (const struct item *item = epoll->items; item != NULL && result == 0;
         item = item->next) {
        if (item->armed != 0 && item->watch.description != NULL &&
            !is_mute(item)) {
            result = put_questions(questions, item->watch.description,
                                   directions_of(epoll, item));
        }
    }
    return result;
}

/* Pass an answer to the instance and to those below. */
static void take_answers(struct epoll *epoll, struct description *description,
                         unsigned answer)
{
    for (struct epoll *at = epoll; at != NULL; at = at->next_below) {
        take_answer(at, description, answer);
    }
}

/* What is read of an instance by the item that watches it. */
static enum epoll_interest interest_of(const struct epoll *above,
                                       const struct item *item)
{
    if (item->is_over || (item->event.events & (EPOLLIN | EPOLLRDNORM)) == 0) {
        return EPOLL_UNREAD;
    }
    return (item->event.events & EPOLLET) != 0 && above->read != EPOLL_UNREAD
               ? EPOLL_EDGES_READ
               : above->read;
}

/* Mark the instances that one watches. Returns whether a mark has changed. */
static bool mark_read(const struct epoll *epoll)
{
    bool has_changed = false;

    for (const struct item *item = epoll->n_nested > 0 ? epoll->items : NULL;
         item != NULL; item = item->next) {
        const enum epoll_interest interest = interest_of(epoll, item);
        struct epoll *below =
            item->is_nested && item->watch.description != NULL
                ? wasock_bsd__epoll_of(item->watch.description)
                : NULL;
        if (below != NULL && below->read < interest) {
            below->read = interest;
            has_changed = true;
        }
    }
    return has_changed;
}

/* Mark the instances whose readiness makes the outermost one ready. What is
 * ready below another one is reported by nobody, and would end every wait. */
static void mark_all_read(struct epoll *epoll)
{
    bool has_changed = true;

    for (struct epoll *at = epoll; at != NULL; at = at->next_below) {
        at->read = at == epoll ? EPOLL_LEVELS_READ : EPOLL_UNREAD;
    }
    while (has_changed) {
        has_changed = false;
        for (struct epoll *at = epoll; at != NULL; at = at->next_below) {
            has_changed = mark_read(at) || has_changed;
        }
    }
}

static int ask_with(struct ask *questions, struct epoll *epoll,
                    uint64_t timeout_ns)
{
    int result = 0;

    mark_all_read(epoll);
    for (struct epoll *at = epoll; at != NULL && result == 0;
         at = at->next_below) {
        if (at->read != EPOLL_UNREAD) {
            result = collect(at, questions);
        }
    }
    if (result < 0 || (questions->n == 0 && timeout_ns == 0)) {
        return result;
    }
    result = wasock_bsd__ask_in_epoll(questions, timeout_ns, epoll);
    wasock_bsd__epoll_gather(epoll); /* another thread may have */
    for (size_t i = 0; result > 0 && i < questions->n; i++) {
        if (questions->answers[i] != 0) {
            take_answers(epoll, (struct description *)questions->owners[i],
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

/* Whether only the poller knows how to wait for what an instance watches. */
static bool has_mute(const struct epoll *epoll)
{
    for (const struct item *item = epoll->items; item != NULL;
         item = item->next) {
        if (is_mute(item)) {
            return true;
        }
    }
    return false;
}

/* Whether to ask the pollers of the instances. */
static bool needs_poller(const struct epoll *epoll)
{
    size_t n_items = 0;

    for (const struct epoll *at = epoll; at != NULL && n_items <= FEW;
         at = at->next_below) {
        n_items += at->n_items;
    }
    for (const struct epoll *at = epoll; at != NULL && n_items <= FEW;
         at = at->next_below) {
        n_items = has_mute(at) ? FEW + 1 : n_items;
    }
    return n_items > FEW;
}

/* Ask the pollers of the instances below, which a wait does not cover. Returns
 * whether something is ready. */
static bool ask_below(struct epoll *epoll)
{
    for (struct epoll *at = epoll->next_below; at != NULL;
         at = at->next_below) {
        const int ignored =
            at->is_asked ? 0 : ask_poller(at, WASOCK_DEADLINE_PAST);
        (void)ignored; /* the program sees it when it waits for that one */
    }
    wasock_bsd__epoll_settle(epoll);
    return wasock_bsd__epoll_is_ready(epoll);
}

/* The deadline of the next poll of the host: a nap ends it where something is
 * detected only by asking again. */
static uint64_t nap_until(struct epoll *epoll, uint64_t deadline_ns,
                          bool is_below_asked)
{
    bool has_ended = false;

    for (struct epoll *at = epoll; at != NULL; at = at->next_below) {
        has_ended = has_ended || at->ended != NULL;
        wasock_bsd__epoll_look_at_ended(at);
        deadline_ns = at->inbox != NULL ? WASOCK_DEADLINE_PAST : deadline_ns;
    }
    if ((!has_ended && !is_below_asked) ||
        deadline_ns == WASOCK_DEADLINE_PAST) {
        return deadline_ns;
    }
    const uint64_t nap_ns = wasock_bsd__nap_ns(
        &epoll->nap_ms,
        is_below_asked ? WASOCK_BSD_NAP_MAX_MS : WASOCK_BSD_RESET_NAP_MAX_MS);
    return wasock_deadline_earlier(deadline_ns,
                                   wasock_deadline_after_ns(nap_ns));
}

/* Where the host's poll does not cover all, or other threads make sockets
 * inside the program ready, the poller gives its hints, and then all that can
 * be is asked about. What only a try detects is tried again after a nap. */
static int ask_and_try(struct epoll *epoll, uint64_t deadline_ns)
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
        const uint64_t nap_ns =
            wasock_bsd__nap_ns(&nap_ms, WASOCK_BSD_NAP_MAX_MS);
        timeout_ns = timeout_ns < nap_ns ? timeout_ns : nap_ns;
        epoll->nap_ms = nap_ms;
    }
    return ask_few(epoll, timeout_ns);
}

/* Look, and let threads that are ready run before a wait. Returns 0, or an
 * error, or 1: begin anew. */
static int look_and_yield(struct epoll *epoll)
{
    const int result = ask_poller(epoll, WASOCK_DEADLINE_PAST);

    if (result < 0 && result != -WASOCK_EDEADLOCK) {
        return result;
    }
    if (epoll->ready == NULL && epoll->inbox == NULL) {
        wasock_bsd__yield();
    }
    return epoll->ready != NULL || epoll->inbox != NULL || epoll->is_asked;
}

/* Ask the poller, unless another thread does. */
static int ask_with_threads(struct epoll *epoll, uint64_t deadline_ns)
{
    int result = 0;

    if (epoll->is_asked && deadline_ns == WASOCK_DEADLINE_PAST) {
        return ask_few(epoll, 0);
    }
    if (epoll->is_asked) {
        wasock_bsd__await_news(epoll, deadline_ns);
        return 0;
    }
    if (wasock__poller_needs_tries(&epoll->poller)) {
        return ask_and_try(epoll, deadline_ns);
    }
    if (deadline_ns != WASOCK_DEADLINE_PAST && wasock_bsd__is_another_ready()) {
        result = look_and_yield(epoll);
    }
    if (result == 0) {
        result = ask_poller(epoll, deadline_ns);
    }
    if (result == -WASOCK_EDEADLOCK) {
        wasock_bsd__await_news(epoll, WASOCK_NO_DEADLINE);
    }
    return result < 0 && result != -WASOCK_EDEADLOCK ? result : 0;
}

int wasock_bsd__epoll_ask(struct epoll *epoll, uint64_t deadline_ns)
{
    const bool is_many = needs_poller(epoll);
    const bool is_below_asked =
        epoll->next_below != NULL && (is_many || !wasock_bsd__is_alone());

    if (is_below_asked && ask_below(epoll)) {
        deadline_ns = WASOCK_DEADLINE_PAST;
    }
    deadline_ns = nap_until(epoll, deadline_ns, is_below_asked);
    if (!is_many) {
        return ask_few(epoll, wasock__time_left_ns(deadline_ns));
    }
    if (!wasock_bsd__is_alone()) {
        return ask_with_threads(epoll, deadline_ns);
    }
    const int result = ask_poller(epoll, deadline_ns);
    if (result != -WASOCK_EDEADLOCK) {
        return result;
    }
    const uint64_t timeout_ns = wasock__time_left_ns(deadline_ns);
    return wasock_fd_sleep_for_ns(timeout_ns < SLEEP_NS ? timeout_ns
                                                        : SLEEP_NS);
}
