/* SPDX-License-Identifier: MIT */
/*
 * option.c - getsockopt and setsockopt.
 *
 * True: SO_ERROR, SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ACCEPTCONN, SO_RCVTIMEO,
 * SO_SNDTIMEO. Other known options are stored, returned by getsockopt, and
 * otherwise ignored: the host sets its own. Unknown ones fail with ENOPROTOOPT.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include <wasock/clock.h>

#include "../files/pipe.h"
#include "../plain.h"
#include "../waiting/watch.h"
#include "answer.h"
#include "socket.h"

/* What is there is to be had within any time, as on Linux, which counts in
 * ticks: a shorter one could be over before the first try. */
#define TIMEOUT_MIN_US 1000

#define US_PER_S 1000000

/* From here on a timeout is none, as on Linux. */
#define TIMEOUT_MAX_S (INT64_MAX / US_PER_S - 1)

/* A wish that was set: of few sockets, and few of each. */
struct option_wish {
    struct option_wish *next;
    int level;
    int option;
    socklen_t length;
    unsigned char value[sizeof(struct linger)];
};

struct known_wish {
    int level;
    int option;
    int value; /* until it is set */
};

static const struct known_wish known_wishes[] = {
    {SOL_SOCKET, SO_REUSEADDR, 0},
    {SOL_SOCKET, SO_REUSEPORT, 0},
    {SOL_SOCKET, SO_KEEPALIVE, 0},
    {SOL_SOCKET, SO_BROADCAST, 0},
    {SOL_SOCKET, SO_LINGER, 0},
    {SOL_SOCKET, SO_OOBINLINE, 0},
    {SOL_SOCKET, SO_SNDBUF, 65536},
    {SOL_SOCKET, SO_RCVBUF, 65536},
    {SOL_SOCKET, SO_RCVLOWAT, 1},
    {SOL_SOCKET, SO_SNDLOWAT, 1},
    {SOL_SOCKET, SO_PRIORITY, 0},
    {SOL_SOCKET, SO_DONTROUTE, 0},
    {SOL_SOCKET, SO_DEBUG, 0},
    {IPPROTO_TCP, TCP_NODELAY, 0},
    {IPPROTO_TCP, TCP_CORK, 0},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT, 0},
    {IPPROTO_TCP, TCP_FASTOPEN, 0},
    {IPPROTO_TCP, TCP_QUICKACK, 0},
    {IPPROTO_TCP, TCP_KEEPIDLE, 7200},
    {IPPROTO_TCP, TCP_KEEPINTVL, 75},
    {IPPROTO_TCP, TCP_KEEPCNT, 9},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, 0},
    {IPPROTO_TCP, TCP_MAXSEG, 536},
    {IPPROTO_TCP, TCP_LINGER2, 60},
    {IPPROTO_TCP, TCP_SYNCNT, 6},
    {IPPROTO_TCP, TCP_WINDOW_CLAMP, 0},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT, 0},
    {IPPROTO_IP, IP_TOS, 0},
    {IPPROTO_IP, IP_TTL, 64},
    {IPPROTO_IP, IP_PKTINFO, 0},
    {IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_WANT},
    {IPPROTO_IPV6, IPV6_V6ONLY, 0},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, 0},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_WANT},
    {IPPROTO_IPV6, IPV6_TCLASS, 0},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, 64},
};

static const struct known_wish *known_wish(int level, int option)
{
    for (size_t i = 0; i < sizeof(known_wishes) / sizeof(known_wishes[0]);
         i++) {
        if (known_wishes[i].level == level &&
            known_wishes[i].option == option) {
            return &known_wishes[i];
        }
    }
    return NULL;
}

static struct option_wish *find_wish(const struct socket *socket, int level,
                                     int option)
{
    struct option_wish *wish = socket->wishes;

    while (wish != NULL && (wish->level != level || wish->option != option)) {
        wish = wish->next;
    }
    return wish;
}

void wasock_bsd__free_options(struct socket *socket)
{
    while (socket->wishes != NULL) {
        struct option_wish *wish = socket->wishes;
        socket->wishes = wish->next;
        free(wish);
    }
}

static int set_wish(struct socket *socket, int level, int option,
                    const void *value, socklen_t length)
{
    struct option_wish *wish = find_wish(socket, level, option);

    if (length < (level == SOL_SOCKET && option == SO_LINGER
                      ? sizeof(struct linger)
                      : sizeof(int))) {
        return -EINVAL;
    }
    if (value == NULL) {
        return -EFAULT;
    }
    if (wish == NULL) {
        wish = (struct option_wish *)calloc(1, sizeof(*wish));
        if (wish == NULL) {
            return -ENOMEM;
        }
        wish->level = level;
        wish->option = option;
        wish->next = socket->wishes;
        socket->wishes = wish;
    }
    wish->length = length < sizeof(wish->value) ? length : sizeof(wish->value);
    memcpy(wish->value, value, wish->length);
    return 0;
}

void wasock_bsd__inherit_options(struct socket *accepted,
                                 const struct socket *listening)
{
    accepted->description.receive_timeout_us =
        listening->description.receive_timeout_us;
    accepted->description.send_timeout_us =
        listening->description.send_timeout_us;
    for (const struct option_wish *wish = listening->wishes; wish != NULL;
         wish = wish->next) {
        const int ignored = set_wish(accepted, wish->level, wish->option,
                                     wish->value, wish->length);
        (void)ignored; /* without memory it is not remembered */
    }
}

bool wasock_bsd__is_on(const struct socket *socket, int level, int option)
{
    const struct option_wish *wish = find_wish(socket, level, option);
    int value = 0;

    if (wish != NULL) {
        memcpy(&value, wish->value, sizeof(value));
    }
    return value != 0;
}

static bool is_timeout(int option)
{
    return option == SO_RCVTIMEO || option == SO_SNDTIMEO;
}

static uint64_t *timeout_of(struct description *description, int option)
{
    return option == SO_RCVTIMEO ? &description->receive_timeout_us
                                 : &description->send_timeout_us;
}

static int set_timeout(struct description *description, int option,
                       const void *value, socklen_t length)
{
    uint64_t *timeout_us = timeout_of(description, option);
    struct timeval time;

    if (length < sizeof(time)) {
        return -EINVAL;
    }
    if (value == NULL) {
        return -EFAULT;
    }
    memcpy(&time, value, sizeof(time));
    if (time.tv_usec < 0 || time.tv_usec >= US_PER_S) {
        return -EDOM;
    }
    if (time.tv_sec >= TIMEOUT_MAX_S) {
        *timeout_us = 0; /* for ever */
        return 0;
    }
    *timeout_us = time.tv_sec < 0 ? 1 /* over at once, as Linux has it */
                                  : (uint64_t)time.tv_sec * US_PER_S +
                                        (uint64_t)time.tv_usec;
    if (*timeout_us > 0 && *timeout_us < TIMEOUT_MIN_US) {
        *timeout_us = TIMEOUT_MIN_US;
    }
    return 0;
}

/* Whether the options of a level are options of the socket. NULL: a pair. */
static bool has_level(const struct socket *socket, int level)
{
    if (level == SOL_SOCKET || socket == NULL || socket->domain == AF_UNIX) {
        return level == SOL_SOCKET;
    }
    switch (level) {
    case IPPROTO_IP:
        return true;
    case IPPROTO_IPV6:
        return socket->domain == AF_INET6;
    case IPPROTO_TCP:
        return socket->type == SOCK_STREAM;
    default:
        return false;
    }
}

/* Linux's errors for another level: of a path's socket, or of one of IPv4
 * that is read, EOPNOTSUPP. */
static int level_error(const struct socket *socket, bool is_read)
{
    return socket == NULL || socket->domain == AF_UNIX ||
                   (is_read && socket->domain == AF_INET)
               ? -EOPNOTSUPP
               : -ENOPROTOOPT;
}

/* Options that Linux allows to root only. */
static bool is_for_root(int option)
{
    return option == SO_SNDBUFFORCE || option == SO_RCVBUFFORCE ||
           option == SO_MARK;
}

static int set_option(struct socket *socket, int level, int option,
                      const void *value, socklen_t length)
{
    if (!has_level(socket, level)) {
        return level_error(socket, false);
    }
    if (level == SOL_SOCKET && is_timeout(option)) {
        return set_timeout(&socket->description, option, value, length);
    }
    if (level == IPPROTO_IPV6 && option == IPV6_V6ONLY &&
        socket->state != SOCKET_NEW) {
        return -EINVAL; /* it is bound */
    }
    if (level == IPPROTO_TCP && option == TCP_CONGESTION) {
        return wasock_bsd__set_congestion((const char *)value, length);
    }
    if (level == SOL_SOCKET && is_for_root(option)) {
        return -EPERM;
    }
    return known_wish(level, option) == NULL
               ? -ENOPROTOOPT
               : set_wish(socket, level, option, value, length);
}

/* A pair has no options but its timeouts. */
static int set_pair_option(struct description *pair, int level, int option,
                           const void *value, socklen_t length)
{
    if (!has_level(NULL, level)) {
        return level_error(NULL, false);
    }
    if (is_timeout(option)) {
        return set_timeout(pair, option, value, length);
    }
    if (known_wish(level, option) == NULL) {
        return -ENOPROTOOPT;
    }
    return value == NULL ? -EFAULT : 0;
}

/*
 * setsockopt(2).
 * Errors: EBADF; ENOTSOCK; ENOPROTOOPT: an unknown option, one of another
 *   protocol, or one that can only be read; EOPNOTSUPP: the same, of AF_UNIX;
 *   EINVAL: too short a value, IPV6_V6ONLY once it is bound; EFAULT: no value;
 *   EDOM: no time; ENOENT: another TCP_CONGESTION; EPERM: an option of root's;
 *   ENOMEM.
 */
int setsockopt(int fd, int level, int option, const void *value,
               socklen_t length)
{
    struct description *description = wasock_bsd__find(fd);

    if (description == NULL) {
        return -1;
    }
    struct socket *socket = wasock_bsd__socket_of(description);
    if (socket != NULL) {
        return (int)wasock_bsd__result(
            set_option(socket, level, option, value, length));
    }
    if (!wasock_bsd__is_pair(description)) {
        return (int)wasock_bsd__result(-ENOTSOCK);
    }
    return (int)wasock_bsd__result(
        set_pair_option(description, level, option, value, length));
}

/* SO_ERROR: the error that ended the connection, returned once. */
static int error_of(struct socket *socket)
{
    if (socket != NULL && socket->state == SOCKET_CONNECTING) {
        const int ignored = wasock_bsd__follow_connect(socket);
        (void)ignored; /* it is pending now */
    }
    if (socket != NULL && socket->state != SOCKET_LISTENING &&
        socket->error < 0) {
        const int error = wasock_bsd__take_pending(socket);
        wasock_bsd__changed(&socket->description, 0);
        return -error;
    }
    if (socket == NULL || socket->state != SOCKET_CONNECTED ||
        socket->type == SOCK_DGRAM) {
        return 0;
    }
    while (wasock_bsd__read_ahead(socket, WASOCK_BSD_AHEAD_BYTES) > 0) {
    }
    return -wasock_bsd__take_error(socket);
}

static int protocol_of(const struct socket *socket)
{
    if (socket == NULL || socket->domain == AF_UNIX) {
        return 0;
    }
    return socket->type == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP;
}

/* Options that are facts. Returns whether it is one. */
static bool get_fact(const struct description *description,
                     struct socket *socket, int option, int *value)
{
    switch (option) {
    case SO_ERROR:
        *value = error_of(socket);
        return true;
    case SO_TYPE:
        *value =
            socket == NULL ? wasock_bsd__pair_type(description) : socket->type;
        return true;
    case SO_ACCEPTCONN:
        *value = socket != NULL && socket->state == SOCKET_LISTENING;
        return true;
    case SO_DOMAIN:
        *value = socket == NULL ? AF_UNIX : socket->domain;
        return true;
    case SO_PROTOCOL:
        *value = protocol_of(socket);
        return true;
    default:
        return false;
    }
}

void wasock_bsd__give_option(void *value, socklen_t *length, const void *bytes,
                             socklen_t n_bytes)
{
    *length = *length < n_bytes ? *length : n_bytes;
    if (*length > 0) {
        memcpy(value, bytes, *length);
    }
}

static void give_timeout(uint64_t timeout_us, void *value, socklen_t *length)
{
    const struct timeval time = {
        .tv_sec = (time_t)(timeout_us / US_PER_S),
        .tv_usec = (suseconds_t)(timeout_us % US_PER_S),
    };

    wasock_bsd__give_option(value, length, &time, sizeof(time));
}

static int get_wish(const struct socket *socket, int level, int option,
                    void *value, socklen_t *length)
{
    const struct known_wish *known = known_wish(level, option);
    const struct option_wish *wish =
        socket == NULL ? NULL : find_wish(socket, level, option);
    static const struct linger no_linger;

    if (known == NULL) {
        return -ENOPROTOOPT;
    }
    if (wish != NULL) {
        wasock_bsd__give_option(value, length, wish->value, wish->length);
    } else if (level == SOL_SOCKET && option == SO_LINGER) {
        wasock_bsd__give_option(value, length, &no_linger, sizeof(no_linger));
    } else {
        wasock_bsd__give_option(value, length, &known->value,
                                sizeof(known->value));
    }
    return 0;
}

/* SO_RCVTIMEO, SO_SNDTIMEO. Returns whether it is one of them. */
static bool get_timeout(struct description *description, int level, int option,
                        void *value, socklen_t *length)
{
    if (level != SOL_SOCKET || !is_timeout(option)) {
        return false;
    }
    give_timeout(*timeout_of(description, option), value, length);
    return true;
}

/* Why an option cannot be read, whatever it is; 0: it can. */
static int refusal_of(const struct socket *socket, int level, const void *value,
                      const socklen_t *length)
{
    if (length == NULL) {
        return -EFAULT;
    }
    if ((int)*length < 0) {
        return -EINVAL;
    }
    if (!has_level(socket, level)) {
        return level_error(socket, true);
    }
    return value == NULL && *length > 0 ? -EFAULT : 0;
}

/*
 * getsockopt(2). SO_ERROR returns the error that ended the connection, once,
 * unless more than 4 KiB are unread before it.
 * Errors: EBADF; ENOTSOCK; EINVAL: a negative length; EFAULT: no room;
 *   ENOPROTOOPT, EOPNOTSUPP: as Linux says it of unknown options and levels.
 */
int getsockopt(int fd, int level, int option, void *restrict value,
               socklen_t *restrict length)
{
    struct description *description = wasock_bsd__find(fd);
    int fact = 0;

    if (description == NULL) {
        return -1;
    }
    struct socket *socket = wasock_bsd__socket_of(description);
    if (socket == NULL && !wasock_bsd__is_pair(description)) {
        return (int)wasock_bsd__result(-ENOTSOCK);
    }
    const int refusal = refusal_of(socket, level, value, length);
    if (refusal < 0) {
        return (int)wasock_bsd__result(refusal);
    }
    if (level == SOL_SOCKET && get_fact(description, socket, option, &fact)) {
        wasock_bsd__give_option(value, length, &fact, sizeof(fact));
        return 0;
    }
    if (wasock_bsd__describe_peer(socket, level, option, value, length) ||
        wasock_bsd__describe_tcp(socket, level, option, value, length) ||
        get_timeout(description, level, option, value, length)) {
        return 0;
    }
    return (int)wasock_bsd__result(
        get_wish(socket, level, option, value, length));
}

WASOCK_BSD_PLAIN(setsockopt);
