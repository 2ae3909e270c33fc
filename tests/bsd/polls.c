/* SPDX-License-Identifier: MIT */
/* polls.c PROFILE - poll, select and epoll of the host's connections report
 * exactly what is ready, on a simulated host. */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wasock/err.h>

#include "../../src/wasip1.h"
#include "simulated.h"

#define N_MAX 70
#define ROOM_BYTES 4096
#define N_CALLS 40

/* A blind host's connections are tried after naps of at most 15 ms. */
#define LATE_NS SIMHOST_MS(16)
/* After those of a poller as well. */
#define LATE_NESTED_NS SIMHOST_MS(36)

/* The wait ends without a result after this time; a host may round it up. */
#define LASTS(wait, ms)                                                        \
    do {                                                                       \
        const uint64_t begin_ns = simhost_now_ns();                            \
        CHECK((wait) == 0);                                                    \
        CHECK(simhost_now_ns() - begin_ns >= SIMHOST_MS(ms));                  \
        CHECK(simhost_now_ns() - begin_ns <= SIMHOST_MS((ms) + 2));            \
    } while (0)

/* Connections, none of which has data or room, unless a test gives it. */
static struct {
    int n;
    int epoll;
    int fds[N_MAX];
    struct simhost_peer *peers[N_MAX];
} crowd;

/* A blind host does not report who has room again: a write detects it. */
static short asked(void)
{
    return is_blind() ? POLLIN : POLLIN | POLLOUT;
}

static void fill(int fd)
{
    static const char bytes[ROOM_BYTES];

    while (send(fd, bytes, sizeof(bytes), 0) > 0) {
    }
    CHECK(errno == EAGAIN);
}

static void join(void)
{
    const int number = crowd.n++;
    struct epoll_event event = {(unsigned short)asked(),
                                {.u32 = (unsigned)number}};

    crowd.peers[number] = simhost_connect(HOST_LISTENER, SIMHOST_NOW);
    crowd.fds[number] = accept4(listeners[0], NULL, NULL, SOCK_NONBLOCK);
    CHECK(crowd.fds[number] >= 0);
    simhost_peer_set_reading(crowd.peers[number], 0);
    fill(crowd.fds[number]);
    CHECK(epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, crowd.fds[number], &event) ==
          0);
}

static void open_crowd(int n)
{
    crowd.n = 0;
    crowd.epoll = epoll_create1(0);
    for (int i = 0; i < n; i++) {
        join();
    }
}

static void close_crowd(void)
{
    for (int i = 0; i < crowd.n; i++) {
        close(crowd.fds[i]);
    }
    close(crowd.epoll);
}

/* ---- What each way to wait reports: POLLIN and POLLOUT by number ---- */

typedef int ask(short *ready, int timeout_ms);

static int ask_poll(short *ready, int timeout_ms)
{
    struct pollfd fds[N_MAX];

    for (int i = 0; i < crowd.n; i++) {
        fds[i] = (struct pollfd){crowd.fds[i], asked(), 0};
    }
    const int n = poll(fds, (nfds_t)crowd.n, timeout_ms);
    for (int i = 0; i < crowd.n; i++) {
        ready[i] = fds[i].revents;
    }
    return n;
}

static int ask_select(short *ready, int timeout_ms)
{
    struct timeval time = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    fd_set readable;
    fd_set writable;
    int behind = 0;

    FD_ZERO(&readable);
    FD_ZERO(&writable);
    for (int i = 0; i < crowd.n; i++) {
        FD_SET(crowd.fds[i], &readable);
        FD_SET(crowd.fds[i], &writable);
        behind = crowd.fds[i] >= behind ? crowd.fds[i] + 1 : behind;
    }
    int n = select(behind, &readable, is_blind() ? NULL : &writable, NULL,
                   timeout_ms < 0 ? NULL : &time);
    for (int i = 0; i < crowd.n; i++) {
        const bool is_readable = FD_ISSET(crowd.fds[i], &readable);
        const bool is_writable =
            !is_blind() && FD_ISSET(crowd.fds[i], &writable);
        ready[i] =
            (short)((is_readable ? POLLIN : 0) | (is_writable ? POLLOUT : 0));
        n -= n > 0 && is_readable && is_writable; /* it counts bits */
    }
    return n;
}

/* Of many it may report some by the next call. */
static int ask_epoll(short *ready, int timeout_ms)
{
    struct epoll_event events[N_MAX];
    int n = epoll_wait(crowd.epoll, events, N_MAX, timeout_ms);
    int n_ready = n < 0 ? n : 0;

    memset(ready, 0, sizeof(*ready) * (size_t)crowd.n);
    for (int i = 0; i < N_CALLS && n > 0; i++) {
        for (int j = 0; j < n; j++) {
            short *of = &ready[events[j].data.u32];
            n_ready += *of == 0;
            *of = (short)(*of | (short)events[j].events);
        }
        n = epoll_wait(crowd.epoll, events, N_MAX, 0);
    }
    return n_ready;
}

static ask *const ways[] = {ask_poll, ask_select, ask_epoll};
#define N_WAYS (sizeof(ways) / sizeof(ways[0]))

/* Every way reports exactly these. */
static void expect(const short *expected, int timeout_ms)
{
    for (size_t way = 0; way < N_WAYS; way++) {
        short ready[N_MAX];
        int n_expected = 0;
        const int n = ways[way](ready, timeout_ms);
        for (int i = 0; i < crowd.n; i++) {
            n_expected += expected[i] != 0;
            if (ready[i] != expected[i]) {
                printf("way %zu, number %d of %d: %x instead of %x\n", way, i,
                       crowd.n, (unsigned)ready[i], (unsigned)expected[i]);
            }
            CHECK(ready[i] == expected[i]);
        }
        CHECK(n == n_expected);
    }
}

/* ---- Facts ---- */

static void make_ready(int number, short ready)
{
    if (ready & POLLIN) {
        simhost_peer_send(crowd.peers[number], "ping", 4, SIMHOST_NOW);
    }
    if (ready & POLLOUT) {
        simhost_peer_set_reading(crowd.peers[number], SIZE_MAX);
    }
}

/* Of a crowd, each one of `step` beginning with `first` is ready. */
static void some_are_ready(int n, int first, int step, short what)
{
    short expected[N_MAX] = {0};

    open_crowd(n);
    expect(expected, 0);
    for (int i = first; i < n; i += step) {
        make_ready(i, what);
        expected[i] = what;
    }
    simhost_settle();
    expect(expected, 0);
    expect(expected, 100);
    expect(expected, -1);
    close_crowd();
}

/* Whether a host that reports N at a time leaves some for later. */
static bool is_round(int n)
{
    const size_t most = simhost_knobs.profile.round_events;

    return most > 0 && 2 * (size_t)n > most;
}

static void exactly_the_ready_are_reported(void)
{
    static const short kinds[] = {POLLIN, POLLOUT, POLLIN | POLLOUT};
    static const int sizes[] = {1, 2, 8, 9, 17, 33, 63, N_MAX};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const int n = sizes[i];
        for (size_t j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++) {
            const short what = kinds[j];
            if ((what & asked()) == what && !is_round(n)) {
                some_are_ready(n, 0, n, what);
                some_are_ready(n, n - 1, n, what);
                some_are_ready(n, n / 2, 3, what);
                some_are_ready(n, 0, 1, what);
            }
        }
    }
}

/* A wait ends when data comes, not before and hardly later. */
static void data_ends_a_wait(void)
{
    for (size_t way = 0; way < N_WAYS; way++) {
        short ready[N_MAX];
        open_crowd(20);
        const uint64_t due_ns = simhost_now_ns() + SIMHOST_MS(300);
        simhost_peer_send(crowd.peers[13], "ping", 4, SIMHOST_MS(300));
        CHECK(ways[way](ready, 100) == 0);
        CHECK(simhost_now_ns() >= due_ns - SIMHOST_MS(200));
        CHECK(simhost_now_ns() <= due_ns - SIMHOST_MS(200) + LATE_NS);
        CHECK(ways[way](ready, way == 1 ? 1000 : -1) == 1);
        CHECK(ready[13] == POLLIN);
        CHECK(simhost_now_ns() >= due_ns);
        CHECK(simhost_now_ns() <= due_ns + LATE_NS);
        close_crowd();
    }
}

/* The end of a stream is readable; a reset is an error as well. */
static void ends_are_reported(void)
{
    struct pollfd fds[3];
    char byte;

    open_crowd(3);
    simhost_peer_shutdown(crowd.peers[1], SIMHOST_NOW);
    simhost_peer_reset(crowd.peers[2], SIMHOST_NOW);
    simhost_settle();
    for (int i = 0; i < 3; i++) {
        fds[i] = (struct pollfd){crowd.fds[i], POLLIN | POLLRDHUP, 0};
    }
    CHECK(poll(fds, 3, 100) == 2);
    CHECK(fds[0].revents == 0);
    CHECK(fds[1].revents == (POLLIN | POLLRDHUP));
    CHECK((fds[2].revents & (POLLIN | POLLERR | POLLHUP)) ==
          (POLLIN | POLLERR | POLLHUP));
    CHECK(recv(crowd.fds[1], &byte, 1, 0) == 0);
    CHECK(recv(crowd.fds[2], &byte, 1, 0) == -1);
    close_crowd();
}

/* Errors of the host's poll. */
static void errors_are_reported(void)
{
    short ready[N_MAX];

    open_crowd(5);
    for (size_t way = 0; way < N_WAYS && !is_blind(); way++) {
        simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EINTR, 1);
        CHECK(ways[way](ready, 10) == 0);
        simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_ENOMEM, 1);
        errno = 0;
        CHECK(ways[way](ready, 10) == -1 && errno == ENOMEM);
    }
    simhost_clear_faults();
    close_crowd();
}

/* What cannot be waited for is ready; any other error of one is its own. */
static void events_with_errors(void)
{
    struct pollfd fds[3];

    open_crowd(3);
    for (int i = 0; i < 3; i++) {
        fds[i] = (struct pollfd){crowd.fds[i], POLLIN, 0};
    }
    const int fd = simhost_peer_fd(crowd.peers[1]);
    simhost_set_event(fd, WASOCK_ENOTSUP, 0);
    CHECK(poll(fds, 3, 100) == 1 && fds[1].revents == POLLIN);
    simhost_set_event(fd, WASOCK_EIO, 0);
    CHECK(poll(fds, 3, 100) == 1 && fds[1].revents == POLLERR);
    simhost_set_event(fd, 0, 0);
    close_crowd();
}

/* The host fails a poll for a descriptor that is no more, and does not say
 * which it is. */
static void the_dead_are_found(void)
{
    struct pollfd fds[4];

    open_crowd(4);
    for (int i = 0; i < 4; i++) {
        fds[i] = (struct pollfd){crowd.fds[i], POLLIN, 0};
    }
    for (int dead = 0; dead < 4; dead++) {
        simhost_fail(SIMHOST_POLL_ONEOFF, 1, WASOCK_EBADF, 1);
        simhost_fail(SIMHOST_FD_FDSTAT_GET, (uint64_t)dead + 1, WASOCK_EBADF,
                     1);
        CHECK(poll(fds, 4, 100) == 1);
        for (int i = 0; i < 4; i++) {
            CHECK(fds[i].revents == (i == dead ? POLLERR : 0));
        }
        simhost_clear_faults();
    }
    close_crowd();
}

/* The polls of the host that one poll of the readability of 16 takes. */
static uint64_t n_polls(int n_expected)
{
    struct pollfd fds[16];
    const uint64_t n_before = simhost_calls(SIMHOST_POLL_ONEOFF);

    for (int i = 0; i < 16; i++) {
        fds[i] = (struct pollfd){crowd.fds[i], POLLIN, 0};
    }
    CHECK(poll(fds, 16, 0) == n_expected);
    return simhost_calls(SIMHOST_POLL_ONEOFF) - n_before;
}

/* A host that tells the truth is polled once. Of one that reports all, those
 * with more than a byte are certain; the others are searched for in groups of
 * 8, and one by one in a group with any. */
static void a_poll_costs_little(void)
{
    const bool reports_all =
        simhost_knobs.profile.poll_style == SIMHOST_POLL_REPORTS_ALL;
    char bytes[8];

    open_crowd(16);
    CHECK(n_polls(0) == 1);
    make_ready(3, POLLIN);
    make_ready(12, POLLIN);
    CHECK(n_polls(2) == (reports_all ? 2 : 1));
    CHECK(recv(crowd.fds[3], bytes, 8, 0) == 4);
    CHECK(recv(crowd.fds[12], bytes, 8, 0) == 4);
    simhost_peer_send(crowd.peers[10], "x", 1, SIMHOST_NOW);
    CHECK(n_polls(1) == (reports_all ? 1 + 2 + 8 : 1));
    make_ready(3, POLLIN);
    CHECK(n_polls(2) == (reports_all ? 2 + 2 + 7 : 1));
    close_crowd();
}

/* What poll reports of number 0 for these events. */
static short revents_of(short events)
{
    struct pollfd fd = {crowd.fds[0], events, 0};
    const int n = poll(&fd, 1, 0);

    CHECK(n == (fd.revents != 0));
    return fd.revents;
}

/* Only what is asked for is reported, and errors. */
static void only_what_is_asked_is_reported(void)
{
    char byte;

    open_crowd(1);
    CHECK(revents_of(0) == 0);
    CHECK(revents_of(POLLIN | POLLRDNORM | POLLRDHUP | POLLPRI) == 0);
    make_ready(0, POLLIN);
    CHECK(revents_of(0) == 0);
    CHECK(revents_of(POLLIN) == POLLIN);
    CHECK(revents_of(POLLRDNORM) == POLLRDNORM);
    CHECK(revents_of(POLLIN | POLLRDNORM) == (POLLIN | POLLRDNORM));
    CHECK(revents_of(POLLRDHUP) == 0 && revents_of(POLLPRI) == 0);
    if (!is_blind()) {
        CHECK(revents_of(POLLOUT | POLLWRNORM) == 0);
        make_ready(0, POLLOUT);
        CHECK(revents_of(POLLOUT) == POLLOUT);
        CHECK(revents_of(POLLWRNORM) == POLLWRNORM);
        CHECK(revents_of(POLLIN | POLLWRNORM) == (POLLIN | POLLWRNORM));
    }
    simhost_peer_shutdown(crowd.peers[0], SIMHOST_NOW);
    CHECK(revents_of(0) == 0);
    CHECK(revents_of(POLLRDHUP) == POLLRDHUP);
    CHECK(revents_of(POLLIN) == POLLIN);
    CHECK(revents_of(POLLIN | POLLRDHUP) == (POLLIN | POLLRDHUP));
    while (recv(crowd.fds[0], &byte, 1, 0) > 0) {
    }
    CHECK(revents_of(POLLIN | POLLRDHUP) == (POLLIN | POLLRDHUP));
    CHECK(revents_of(0) == 0);
    close_crowd();
}

/* A host that has to be asked again and again is, after 1, 3, 7 and then every
 * 15 ms; any other one a few times. */
static void an_idle_wait_costs_little(void)
{
    short ready[N_MAX];

    open_crowd(3);
    for (size_t way = 0; way < N_WAYS; way++) {
        const uint64_t n_before = simhost_calls(SIMHOST_POLL_ONEOFF);
        CHECK(ways[way](ready, 1001) == 0);
        const uint64_t n = simhost_calls(SIMHOST_POLL_ONEOFF) - n_before;
        CHECK(n <= (is_blind() ? 74 : 6) && n >= (is_blind() ? 60 : 1));
    }
    close_crowd();
}

/* Each way to give a timeout ends a wait when it says. */
static void timeouts_are_kept(void)
{
    struct timeval time = {1, 1500000};
    const struct timespec moment = {2, 500000000};
    struct pollfd fd;
    struct epoll_event event;

    open_crowd(1);
    fd = (struct pollfd){crowd.fds[0], POLLIN, 0};
    LASTS(select(0, NULL, NULL, NULL, &time), 2500);
    LASTS(pselect(0, NULL, NULL, NULL, &moment, NULL), 2500);
    LASTS(ppoll(&fd, 1, &moment, NULL), 2500);
    LASTS(ppoll(NULL, 0, &moment, NULL), 2500);
    LASTS(poll(NULL, 0, 1), 1);
    LASTS(epoll_pwait2(crowd.epoll, &event, 1, &moment, NULL), 2500);
    LASTS(epoll_wait(crowd.epoll, &event, 1, 1), 1);
    /* What is ready ends it at once, whatever the timeout. */
    const uint64_t end_ns = simhost_now_ns();
    make_ready(0, POLLIN);
    CHECK(poll(&fd, 1, -1) == 1 && ppoll(&fd, 1, NULL, NULL) == 1);
    CHECK(ppoll(&fd, 1, &moment, NULL) == 1);
    CHECK(epoll_wait(crowd.epoll, &event, 1, 1000) == 1);
    CHECK(simhost_now_ns() <= end_ns + LATE_NS);
    /* So does a timeout that is too long for a clock. */
    const struct timespec far = {INT64_MAX, 999999999};
    struct timeval far_time = {INT64_MAX, 999999};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(crowd.fds[0], &set);
    CHECK(ppoll(&fd, 1, &far, NULL) == 1);
    CHECK(select(crowd.fds[0] + 1, &set, NULL, NULL, &far_time) == 1);
    CHECK(simhost_now_ns() <= end_ns + LATE_NS);
    close_crowd();
}

/* Timeouts that are none. */
static void bad_timeouts(void)
{
    static const struct timespec bad[] = {
        {-1, 0}, {0, -1}, {0, 1000000000}, {-1, 1000000000}};
    struct timeval negative[] = {{-1, 0}, {0, -1}};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        errno = 0;
        CHECK(ppoll(NULL, 0, &bad[i], NULL) == -1 && errno == EINVAL);
        errno = 0;
        CHECK(pselect(0, NULL, NULL, NULL, &bad[i], NULL) == -1);
        CHECK(errno == EINVAL);
    }
    for (int i = 0; i < 2; i++) {
        errno = 0;
        CHECK(select(0, NULL, NULL, NULL, &negative[i]) == -1);
        CHECK(errno == EINVAL);
    }
}

/* Numbers that are closed or negative, beside one of the host. */
static void other_numbers(void)
{
    open_crowd(1);
    make_ready(0, POLLIN);
    struct pollfd fds[3] = {
        {crowd.fds[0], POLLIN, 0}, {-1, POLLIN, 7}, {999, POLLIN, 0}};
    errno = 0;
    CHECK(poll(fds, 3, -1) == 2 && errno == 0);
    CHECK(fds[0].revents == POLLIN && fds[1].revents == 0);
    CHECK(fds[2].revents == POLLNVAL);
    close_crowd();
}

/* ---- epoll, of one connection beside idle ones ---- */

/* Wait for these events of connection 0. */
static void with(unsigned events)
{
    struct epoll_event event = {events, {.u32 = 0}};

    CHECK(epoll_ctl(crowd.epoll, EPOLL_CTL_MOD, crowd.fds[0], &event) == 0);
}

/* What the next wait reports of it. */
static unsigned told(void)
{
    struct epoll_event events[N_MAX];
    const int n = epoll_wait(crowd.epoll, events, N_MAX, 100);

    CHECK(n == 0 || (n == 1 && events[0].data.u32 == 0));
    return n == 0 ? 0 : events[0].events;
}

static void take_all(void)
{
    char bytes[100];

    while (recv(crowd.fds[0], bytes, sizeof(bytes), 0) > 0) {
    }
}

static void epoll_reports_what_is_asked(void)
{
    make_ready(0, POLLIN);
    with(0);
    CHECK(told() == 0);
    with(EPOLLIN);
    CHECK(told() == EPOLLIN && told() == EPOLLIN);
    with(EPOLLRDNORM);
    CHECK(told() == EPOLLRDNORM);
    with(EPOLLIN | EPOLLRDNORM | EPOLLPRI);
    CHECK(told() == (EPOLLIN | EPOLLRDNORM));
    with(EPOLLRDHUP);
    CHECK(told() == 0);
    take_all();
    with(EPOLLIN | EPOLLRDHUP);
    CHECK(told() == 0);
    if (!is_blind()) {
        with(EPOLLOUT | EPOLLWRNORM);
        CHECK(told() == 0);
        make_ready(0, POLLOUT);
        CHECK(told() == (EPOLLOUT | EPOLLWRNORM));
        with(EPOLLOUT);
        CHECK(told() == EPOLLOUT && told() == EPOLLOUT);
        with(EPOLLWRNORM);
        CHECK(told() == EPOLLWRNORM);
        with(EPOLLIN);
        CHECK(told() == 0);
    }
}

static void epoll_reports_edges_and_once(void)
{
    with(EPOLLIN | EPOLLET);
    CHECK(told() == 0);
    make_ready(0, POLLIN);
    CHECK(told() == EPOLLIN && told() == 0);
    take_all();
    CHECK(told() == 0);
    make_ready(0, POLLIN);
    CHECK(told() == EPOLLIN && told() == 0);
    with(EPOLLIN | EPOLLET); /* begins anew */
    CHECK(told() == EPOLLIN && told() == 0);
    with(EPOLLIN | EPOLLONESHOT);
    CHECK(told() == EPOLLIN && told() == 0);
    with(EPOLLIN | EPOLLONESHOT);
    CHECK(told() == EPOLLIN && told() == 0);
    with(EPOLLIN);
    take_all();
    CHECK(told() == 0);
}

static void epoll_reports_ends(void)
{
    simhost_peer_shutdown(crowd.peers[0], SIMHOST_NOW);
    with(EPOLLIN | EPOLLRDHUP);
    CHECK(told() == (EPOLLIN | EPOLLRDHUP));
    take_all();
    CHECK(told() == (EPOLLIN | EPOLLRDHUP));
    with(EPOLLIN);
    CHECK(told() == EPOLLIN);
}

static void epoll_facts(void)
{
    for (int n = 1; n <= N_MAX; n += N_MAX - 1) {
        open_crowd(n);
        epoll_reports_what_is_asked();
        epoll_reports_edges_and_once();
        epoll_reports_ends();
        close_crowd();
    }
}

/* A reset is reported whatever is asked for. */
static void epoll_reports_resets(void)
{
    for (int n = 1; n <= N_MAX && !is_blind(); n += N_MAX - 1) {
        open_crowd(n);
        with(EPOLLIN);
        simhost_peer_reset(crowd.peers[0], SIMHOST_NOW);
        CHECK((told() & (EPOLLIN | EPOLLERR | EPOLLHUP)) ==
              (EPOLLIN | EPOLLERR | EPOLLHUP));
        close_crowd();
    }
}

/* The listeners that `poll` and epoll report, by bits. */
static int ready_listeners(int epoll)
{
    struct pollfd fds[2] = {{listeners[0], POLLIN, 0},
                            {listeners[1], POLLIN, 0}};
    struct epoll_event events[2];
    int ready = 0;
    const int n = epoll_wait(epoll, events, 2, 10);

    for (int i = 0; i < n; i++) {
        CHECK(events[i].events == EPOLLIN);
        ready |= 1 << events[i].data.u32;
    }
    CHECK(poll(fds, 2, 10) == n);
    for (int i = 0; i < 2; i++) {
        CHECK(fds[i].revents == ((ready >> i & 1) != 0 ? POLLIN : 0));
    }
    return ready;
}

static void clients_are_reported(void)
{
    const int epoll = epoll_create1(0);

    for (unsigned i = 0; i < 2; i++) {
        struct epoll_event event = {EPOLLIN, {.u32 = i}};
        CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, listeners[i], &event) == 0);
    }
    CHECK(ready_listeners(epoll) == 0);
    simhost_connect(HOST_LISTENER + 1, SIMHOST_NOW);
    CHECK(ready_listeners(epoll) == 2);
    simhost_connect(HOST_LISTENER, SIMHOST_NOW);
    CHECK(ready_listeners(epoll) == 3);
    close(accept(listeners[1], NULL, NULL));
    CHECK(ready_listeners(epoll) == 1);
    close(accept(listeners[0], NULL, NULL));
    CHECK(ready_listeners(epoll) == 0);
    close(epoll);
}

/* ---- Instances in instances ---- */

static int instance_of(int fd)
{
    const int epoll = epoll_create1(0);
    struct epoll_event event = {EPOLLIN, {.fd = fd}};

    CHECK(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
    return epoll;
}

/* Data of a connection ends the wait of an instance above its own. */
static void data_ends_the_wait_of_an_instance_above(int n)
{
    enum { DEPTH = 4 };
    int above[DEPTH];
    struct epoll_event event;

    open_crowd(n);
    for (int i = 0; i < DEPTH; i++) {
        above[i] = instance_of(i == 0 ? crowd.epoll : above[i - 1]);
    }
    for (int i = DEPTH - 1; i >= 0; i--) {
        struct pollfd fd = {above[i], POLLIN, 0};
        const uint64_t due_ns = simhost_now_ns() + SIMHOST_MS(50);
        LASTS(epoll_wait(above[i], &event, 1, 10), 10);
        simhost_peer_send(crowd.peers[0], "ping", 4, SIMHOST_MS(40));
        CHECK(epoll_wait(above[i], &event, 1, -1) == 1);
        CHECK(event.events == EPOLLIN);
        CHECK(simhost_now_ns() >= due_ns &&
              simhost_now_ns() <= due_ns + LATE_NESTED_NS);
        CHECK(poll(&fd, 1, 0) == 1 && fd.revents == POLLIN);
        take_all();
        CHECK(poll(&fd, 1, 0) == 0);
    }
    for (int i = 0; i < DEPTH; i++) {
        close(above[i]);
    }
    close_crowd();
}

/* What is ready below an instance that is not watched for it ends no wait. */
static void what_nobody_asks_for_ends_no_wait(void)
{
    struct epoll_event event = {EPOLLOUT, {.u32 = 0}};

    open_crowd(1);
    const int above = epoll_create1(0);
    CHECK(epoll_ctl(above, EPOLL_CTL_ADD, crowd.epoll, &event) == 0);
    make_ready(0, POLLIN);
    LASTS(epoll_wait(above, &event, 1, 100), 100);
    close(above);
    close_crowd();
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    choose_host(argv[1]);
    simhost_knobs.send_buffer_bytes = ROOM_BYTES;
    /* A send of nothing is how a reset after EOF is detected there. */
    simhost_allow(SIMHOST_EMPTY, is_blind());
    exactly_the_ready_are_reported();
    data_ends_a_wait();
    ends_are_reported();
    errors_are_reported();
    only_what_is_asked_is_reported();
    an_idle_wait_costs_little();
    timeouts_are_kept();
    bad_timeouts();
    other_numbers();
    epoll_facts();
    epoll_reports_resets();
    clients_are_reported();
    data_ends_the_wait_of_an_instance_above(1);
    data_ends_the_wait_of_an_instance_above(N_MAX);
    what_nobody_asks_for_ends_no_wait();
    /* A component confirms by a try what is reported. */
    if (!is_blind() && strcmp(argv[1], "wasip2") != 0) {
        events_with_errors();
        the_dead_are_found();
        a_poll_costs_little();
    }
    return 0;
}
